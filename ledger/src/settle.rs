//! Moving full bundles out of the journal into their immutable files, behind the writer's back.
//!
//! Every file is written whole under a temporary name, synced, renamed, and its folder synced; only then are the
//! journal segments that held the same entries removed. A stop at any point leaves both, and the next open does the
//! work again.

use crate::digest::Digest;
use crate::files::{self, FileError};
use crate::journal::Sealed;
use crate::merkle;
use crate::reader::{entries_path, hashes_path, payloads_path};
use crate::tile::{self, TILE_WIDTH};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// Settles bundles, at most one run at a time.
#[derive(Debug)]
pub(crate) struct Settler {
    folder: PathBuf,
    segments: Vec<PathBuf>,
    running: Option<JoinHandle<Result<(), FileError>>>,
}

impl Settler {
    /// A settler for the ledger in `folder` whose journal has these segments.
    pub(crate) fn new(folder: &Path, segments: Vec<PathBuf>) -> Self {
        Self { folder: folder.to_owned(), segments, running: None }
    }

    /// Begins to settle full bundles from entry `start` on. `next` is the segment that carries what follows; the older
    /// ones are removed when the bundles are durable.
    pub(crate) fn begin(&mut self, start: u64, sealed: Vec<Sealed>, next: PathBuf) {
        assert!(self.running.is_none(), "one run at a time");
        let folder = self.folder.clone();
        // After a stop half-way the segment that carries on may have been there already, under the same name.
        let mut old = std::mem::replace(&mut self.segments, vec![next.clone()]);
        old.retain(|path| *path != next);
        self.running = Some(std::thread::spawn(move || {
            write_bundles(&folder, start / TILE_WIDTH, &sealed)?;
            old.iter().try_for_each(|path| files::remove_if_any(path))
        }));
    }

    /// Waits for the run that was begun.
    pub(crate) fn wait(&mut self) -> Result<(), FileError> {
        match self.running.take() {
            None => Ok(()),
            Some(run) => run.join().unwrap_or_else(|_| panic!("settling does not panic")),
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        // What is not settled stays in the journal.
        let _ = self.wait();
    }
}

/// Writes the bundles from number `first` on, and every tile that they complete.
pub(crate) fn write_bundles(folder: &Path, first: u64, sealed: &[Sealed]) -> Result<(), FileError> {
    let mut written = Vec::new();
    for (number, bundle) in (first..).zip(sealed.chunks_exact(TILE_WIDTH as usize)) {
        let (mut entries, mut payloads, mut hashes) = (Vec::new(), Vec::new(), Vec::with_capacity(8192));
        for s in bundle {
            tile::push_entry(&mut entries, &s.entry);
            tile::push_payload(&mut payloads, (!s.payload.is_empty()).then_some(&s.payload[..]));
            hashes.extend_from_slice(s.leaf.as_bytes());
        }
        for (path, bytes) in [
            (payloads_path(number), &payloads),
            (entries_path(number), &entries),
            (hashes_path(0, number), &hashes),
        ] {
            let path = folder.join(path);
            files::stage(&path, bytes, true)?;
            written.push(path);
        }
    }
    publish(&written)?;
    complete_tiles(folder, first, first + sealed.len() as u64 / TILE_WIDTH)
}

/// Writes the tiles of higher levels that the tiles `first..end` of level 0 complete.
pub(crate) fn complete_tiles(folder: &Path, first: u64, end: u64) -> Result<(), FileError> {
    let (mut level, mut first, mut end) = (1, first / TILE_WIDTH, end / TILE_WIDTH);
    while first < end {
        let mut written = Vec::new();
        for number in first..end {
            let mut hashes = Vec::with_capacity(8192);
            for below in number * TILE_WIDTH..(number + 1) * TILE_WIDTH {
                hashes.extend_from_slice(tile_root(folder, level - 1, below)?.as_bytes());
            }
            let path = folder.join(hashes_path(level, number));
            files::stage(&path, &hashes, true)?;
            written.push(path);
        }
        publish(&written)?;
        (level, first, end) = (level + 1, first / TILE_WIDTH, end / TILE_WIDTH);
    }
    Ok(())
}

/// Root of the 256 hashes of a full tile.
fn tile_root(folder: &Path, level: u32, number: u64) -> Result<Digest, FileError> {
    let path = folder.join(hashes_path(level, number));
    let bytes = files::read(&path, 32 * TILE_WIDTH)?;
    let hashes = tile::split_hashes(&bytes).ok().filter(|hashes| hashes.len() as u64 == TILE_WIDTH);
    let wrong = || FileError::at(&path)(std::io::Error::other("not a full tile"));
    Ok(merkle::root_of(&hashes.ok_or_else(wrong)?))
}

fn publish(paths: &[PathBuf]) -> Result<(), FileError> {
    paths.iter().try_for_each(|path| files::publish(path))?;
    let folders: BTreeSet<&Path> = paths.iter().map(|path| files::parent(path)).collect();
    folders.into_iter().try_for_each(files::sync_folder)
}
