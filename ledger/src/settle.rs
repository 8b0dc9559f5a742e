//! Moving full bundles out of the journal into their immutable files, behind the writer's back.
//!
//! Every file is written whole under a temporary name, synced, renamed, and its folder synced; only then are the
//! journal segments that held the same entries removed. A stop at any point leaves both, and the next open does the
//! work again.
//!
//! Those segments are overwritten with zeros before they are removed, so that no payload stays behind in freed blocks, and the
//! last is kept for the next one: writing over a file that has its blocks costs about half as much as a file that grows.

use crate::background::Background;
use crate::digest::Digest;
use crate::files::{self, FileError};
use crate::journal::{self, Sealed};
use crate::merkle;
use crate::reader::{entries_path, hashes_path, payloads_path};
use crate::storage::{InPlace, Storage};
use crate::tile::{self, TILE_WIDTH};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Settles bundles, at most one run at a time.
#[derive(Debug)]
pub(crate) struct Settler {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
    segments: Vec<PathBuf>,
    running: Option<Background<Result<(), FileError>>>,
    /// Whether the last run leaves a spare segment.
    spares: bool,
}

impl Settler {
    /// A settler for the ledger in `folder` whose journal has these segments.
    pub(crate) fn new(storage: Arc<dyn Storage>, folder: &Path, segments: Vec<PathBuf>) -> Self {
        Self { storage, folder: folder.to_owned(), segments, running: None, spares: false }
    }

    /// Whether the journal has segments before the open one.
    pub(crate) fn has_older_segments(&self) -> bool {
        self.segments.len() > 1
    }

    /// The file for the next segment, if there is one: zeros, durably. It is the caller's from now on.
    pub(crate) fn take_spare(&mut self) -> Option<PathBuf> {
        assert!(self.running.is_none(), "a spare is ready when its run has ended");
        std::mem::take(&mut self.spares).then(|| journal::spare_path(&self.folder))
    }

    /// Begins to settle full bundles from entry `start` on. `next` is the segment that carries what follows; the older
    /// ones are removed when the bundles are durable, but for one `spare` if wanted.
    pub(crate) fn begin(&mut self, start: u64, sealed: Vec<Sealed>, next: PathBuf, spare: bool) {
        assert!(self.running.is_none(), "one run at a time");
        let (storage, folder) = (self.storage.clone(), self.folder.clone());
        // After a stop half-way the segment that carries on may have been there already, under the same name.
        let mut old = std::mem::replace(&mut self.segments, vec![next.clone()]);
        old.retain(|path| *path != next);
        self.spares = spare && !old.is_empty();
        self.running = Some(Background::begin(move || {
            write_bundles(&*storage, &folder, start / TILE_WIDTH, &sealed)?;
            // Durably: a payload that is erased from its bundle must not come back with a segment. Oldest first, one by one:
            // one that came back before a gap could not be read.
            old.iter().try_for_each(|path| journal::retire(&*storage, &folder, path, spare))
        }));
    }

    /// Waits for the run that was begun.
    pub(crate) fn wait(&mut self) -> Result<(), FileError> {
        match self.running.take() {
            None => Ok(()),
            Some(run) => {
                let done = run.wait().unwrap_or_else(|| panic!("settling does not panic"));
                // A spare that may not be wiped is left to whoever opens the ledger next.
                self.spares &= done.is_ok();
                done
            }
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        // What is not settled stays in the journal.
        if self.wait().is_ok() && self.spares {
            let _ = self.storage.remove_if_any(&journal::spare_path(&self.folder));
        }
    }
}

/// Files written under temporary names, not yet durable.
struct Staged<'a> {
    storage: &'a dyn Storage,
    ledger: &'a Path,
    files: Vec<(PathBuf, Box<dyn InPlace>)>,
    published: BTreeSet<PathBuf>,
}

/// Files open at a time.
const STAGED_MAX: usize = 120;

impl<'a> Staged<'a> {
    fn new(storage: &'a dyn Storage, ledger: &'a Path) -> Self {
        Self { storage, ledger, files: Vec::new(), published: BTreeSet::new() }
    }

    fn add(&mut self, path: PathBuf, bytes: &[u8]) -> Result<(), FileError> {
        let file = self.storage.stage(&path, bytes)?;
        self.files.push((path, file));
        if self.files.len() < STAGED_MAX { Ok(()) } else { self.publish() }
    }

    /// All are written, then synced together, then named.
    fn publish(&mut self) -> Result<(), FileError> {
        let (paths, mut files): (Vec<_>, Vec<_>) = self.files.drain(..).unzip();
        let Some(first) = paths.first() else { return Ok(()) };
        self.storage.sync_files(&mut files).map_err(FileError::at(first))?;
        drop(files);
        for path in paths {
            self.storage.publish(&path)?;
            self.published.insert(files::parent(&path).to_owned());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), FileError> {
        self.publish()?;
        // The segments that hold the same are removed next: no folder on the way may be lost either.
        let on_the_way = |folder: &'_ PathBuf| files::up_to(folder, self.ledger);
        let folders: BTreeSet<PathBuf> = self.published.iter().flat_map(on_the_way).collect();
        folders.iter().try_for_each(|folder| self.storage.sync_names(folder))
    }
}

/// Writes the bundles from number `first` on, and every tile that they complete.
pub(crate) fn write_bundles(
    storage: &dyn Storage,
    folder: &Path,
    first: u64,
    sealed: &[Sealed],
) -> Result<(), FileError> {
    let mut staged = Staged::new(storage, folder);
    for (number, bundle) in (first..).zip(sealed.chunks_exact(TILE_WIDTH as usize)) {
        let (mut entries, mut payloads, mut hashes) = (Vec::new(), Vec::new(), Vec::with_capacity(8192));
        for s in bundle {
            tile::push_entry(&mut entries, &s.entry);
            tile::push_payload(&mut payloads, (!s.payload.is_empty()).then_some(&s.payload[..]));
            hashes.extend_from_slice(s.leaf.as_bytes());
        }
        staged.add(folder.join(payloads_path(number)), &payloads)?;
        staged.add(folder.join(entries_path(number)), &entries)?;
        staged.add(folder.join(hashes_path(0, number)), &hashes)?;
    }
    staged.finish()?;
    complete_tiles(storage, folder, first, first + sealed.len() as u64 / TILE_WIDTH)
}

/// Writes the tiles of higher levels that the tiles `first..end` of level 0 complete.
pub(crate) fn complete_tiles(
    storage: &dyn Storage,
    folder: &Path,
    first: u64,
    end: u64,
) -> Result<(), FileError> {
    let (mut level, mut first, mut end) = (1, first / TILE_WIDTH, end / TILE_WIDTH);
    while first < end {
        let mut staged = Staged::new(storage, folder);
        for number in first..end {
            let mut hashes = Vec::with_capacity(8192);
            for below in number * TILE_WIDTH..(number + 1) * TILE_WIDTH {
                hashes.extend_from_slice(tile_root(storage, folder, level - 1, below)?.as_bytes());
            }
            staged.add(folder.join(hashes_path(level, number)), &hashes)?;
        }
        staged.finish()?;
        (level, first, end) = (level + 1, first / TILE_WIDTH, end / TILE_WIDTH);
    }
    Ok(())
}

/// Root of the 256 hashes of a full tile.
pub(crate) fn tile_root(
    storage: &dyn Storage,
    folder: &Path,
    level: u32,
    number: u64,
) -> Result<Digest, FileError> {
    let path = folder.join(hashes_path(level, number));
    let bytes = storage.read(&path, 32 * TILE_WIDTH)?;
    let hashes = tile::split_hashes(&bytes).ok().filter(|hashes| hashes.len() as u64 == TILE_WIDTH);
    let wrong = || FileError::at(&path)(std::io::Error::other("not a full tile"));
    Ok(merkle::root_of(&hashes.ok_or_else(wrong)?))
}
