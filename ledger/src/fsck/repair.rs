//! Mending what can be derived, and nothing else: hash tiles from entries, and, by opening the ledger for writing, the
//! published checkpoint, the index and a torn tail.
//!
//! Where anything else is wrong, nothing is touched: a tile that differs from damaged entries is evidence of what they
//! were.

use super::{Fault, FaultKind, FsckReport};
use crate::digest::Digest;
use crate::files::FileError;
use crate::ledger::{Ledger, LedgerError, Surroundings};
use crate::reader::{ENTRIES_SIZE_MAX, entries_path, hashes_path};
use crate::rotation::OpenKey;
use crate::settle::tile_root;
use crate::storage::Storage;
use crate::tile::{self, TILE_WIDTH};
use std::collections::BTreeSet;
use std::path::Path;

/// Why nothing was mended.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// Something is wrong that cannot be derived from anything.
    #[error("{count} faults cannot be mended from what is there, the first: {first}")]
    Beyond {
        /// How many.
        count: u64,
        /// The first of them, in words.
        first: String,
    },
    /// The ledger could not be opened or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A tile could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Mends what `report` found in the ledger in `folder`; tells what was made anew. The log key signs the checkpoint again.
pub fn repair(
    folder: &Path,
    report: &FsckReport,
    surroundings: Surroundings,
    open_key: OpenKey<'_>,
) -> Result<Vec<String>, RepairError> {
    let beyond: Vec<&Fault> = report.faults.iter().filter(|fault| !is_derivable(fault)).collect();
    let listed = report.faults.len() as u64;
    if let Some(first) = beyond.first() {
        let count = report.faults_count - listed + beyond.len() as u64;
        let place = first.path.as_deref().unwrap_or("the ledger");
        return Err(RepairError::Beyond { count, first: format!("{place}: {}", first.detail) });
    }
    let mut mended = Vec::new();
    {
        let storage = surroundings.storage.clone();
        let _lock = storage.lock(folder, surroundings.wait).map_err(LedgerError::from)?;
        for (level, number) in tiles(report) {
            mended.push(mend_tile(&*storage, folder, level, number)?);
        }
    }
    let mut ledger = Ledger::open_with(folder, surroundings, open_key)?;
    let said = |kind, text: &str| report.faults.iter().any(|f| f.kind == kind).then(|| text.to_owned());
    if let Some(text) = said(FaultKind::Index, "the index") {
        ledger.rebuild_index()?;
        mended.push(text);
    }
    ledger.close()?;
    let published = |fault: &&Fault| fault.path.as_deref() == Some("checkpoint");
    mended.extend(report.faults.iter().find(published).map(|_| "the published checkpoint".to_owned()));
    mended.extend(said(FaultKind::TornTail, "the torn tail of the journal, which nobody was told of"));
    Ok(mended)
}

/// Whether what is wrong can be derived from what is right.
fn is_derivable(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Tile | FaultKind::Index | FaultKind::TornTail => true,
        FaultKind::Missing | FaultKind::Malformed | FaultKind::Checkpoint => {
            fault.path.as_deref().is_some_and(|path| path == "checkpoint" || tile_of(path).is_some())
        }
        _ => false,
    }
}

/// Level and number of the hash tile at a path.
fn tile_of(path: &str) -> Option<(u32, u64)> {
    let (level, number) = path.strip_prefix("tile/")?.split_once('/')?;
    let level: u32 = level.parse().ok()?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let number = digits.parse().ok()?;
    (hashes_path(level, number) == path).then_some((level, number))
}

/// The tiles at fault, lowest level first.
fn tiles(report: &FsckReport) -> BTreeSet<(u32, u64)> {
    report.faults.iter().filter_map(|fault| tile_of(fault.path.as_deref()?)).collect()
}

fn mend_tile(storage: &dyn Storage, folder: &Path, level: u32, number: u64) -> Result<String, FileError> {
    let mut hashes = Vec::with_capacity(32 * TILE_WIDTH as usize);
    if level == 0 {
        let path = folder.join(entries_path(number));
        let bytes = storage.read(&path, ENTRIES_SIZE_MAX)?;
        let wrong = || FileError::at(&path)(std::io::Error::other("not a bundle of entries"));
        for entry in tile::split_entries(&bytes).map_err(|_| wrong())? {
            hashes.extend_from_slice(Digest::leaf(entry).as_bytes());
        }
    } else {
        for below in number * TILE_WIDTH..(number + 1) * TILE_WIDTH {
            hashes.extend_from_slice(tile_root(storage, folder, level - 1, below)?.as_bytes());
        }
    }
    let path = hashes_path(level, number);
    storage.write_durably(&folder.join(&path), &hashes)?;
    Ok(path)
}
