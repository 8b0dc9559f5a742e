//! Reading a ledger from its files: no lock, no database, nothing written.
//!
//! A reader sees the log as far as the published `checkpoint` says, so it never shows an entry whose durability is not
//! yet certain. Every payload read is compared with the digest its entry names; the whole ledger is judged by `fsck`.

mod keys;

mod known;

use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint, CheckpointError};
use crate::digest::Digest;
use crate::disk::Disk;
use crate::entry::{ENTRY_SIZE_MAX, Entry, EntryError};
use crate::files::FileError;
use crate::id::Id;
use crate::journal::Sealed;
use crate::keyring::KeyringFault;
use crate::merkle::{self, Nodes};
use crate::payload::{PAYLOAD_SIZE_MAX, Payload};
use crate::receipt::Receipt;
use crate::record::Record;
use crate::settings::{SETTINGS_FILE, Settings, SettingsError};
use crate::storage::Storage;
use crate::tail::Tail;
use crate::tile::{self, TILE_WIDTH, TileError};
use known::Known;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Largest entry bundle, in bytes.
pub const ENTRIES_SIZE_MAX: u64 = TILE_WIDTH * (ENTRY_SIZE_MAX as u64 + 2);
/// Largest payload bundle, in bytes.
pub const PAYLOADS_SIZE_MAX: u64 = TILE_WIDTH * (PAYLOAD_SIZE_MAX as u64 + 4);

/// Why a ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No ledger here.
    #[error("`{}` is not a ledger: it has no {SETTINGS_FILE}", .0.display())]
    NotALedger(PathBuf),
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A checkpoint is not this log's.
    #[error("{what}: {source}")]
    Checkpoint {
        /// Which checkpoint.
        what: &'static str,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The journal holds less than the published checkpoint, or does not fit together.
    #[error("journal: {0}")]
    Journal(String),
    /// A tile or bundle is not what it should be.
    #[error("{path}: {what}")]
    Tile {
        /// Path below the ledger's folder.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// An entry is not an entry.
    #[error("entry {index}: {source}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong.
        source: EntryError,
    },
    /// A payload does not have the digest its entry names.
    #[error("entry {0}: the payload is not the one the entry names")]
    Payload(u64),
    /// Entry 0 is not the genesis of a log.
    #[error("entry 0: {0}")]
    Genesis(String),
    /// A `key` entry that cannot be one.
    #[error(transparent)]
    Key(#[from] KeyringFault),
    /// No such entry.
    #[error("entry {index} does not exist: the ledger has {size}")]
    Outside {
        /// Which was asked for.
        index: u64,
        /// Number of entries.
        size: u64,
    },
}

/// A bundle of 256 entries or payloads, as read from its file.
#[derive(Debug)]
struct Bundle {
    number: u64,
    bytes: Vec<u8>,
    parts: Vec<Range<usize>>,
}

impl Bundle {
    fn part(&self, index: u64) -> &[u8] {
        &self.bytes[self.parts[(index % TILE_WIDTH) as usize].clone()]
    }
}

/// The bundle read last.
type Last = Mutex<Option<Arc<Bundle>>>;

/// A ledger open for reading, as of one checkpoint.
#[derive(Debug)]
pub struct Reader {
    storage: Arc<dyn Storage>,
    folder: PathBuf,
    settings: Settings,
    tail_start: u64,
    tail: Vec<Sealed>,
    checkpoint: Checkpoint,
    note: Vec<u8>,
    entries: Last,
    payloads: Last,
    known: Mutex<Known>,
}

impl Reader {
    /// Opens the ledger in `folder` on the disk as of its published checkpoint.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        Self::open_in(Arc::new(Disk), folder)
    }

    /// Opens the ledger in `folder` of a storage as of its published checkpoint.
    pub fn open_in(storage: Arc<dyn Storage>, folder: &Path) -> Result<Self, ReadError> {
        // A writer may replace a segment between our look at the folder and our read, write the checkpoint while we read
        // it, or change the log key: look again.
        for _ in 0..5 {
            match Self::open_once(&storage, folder) {
                Err(ReadError::File(error)) if error.is_missing() => {}
                Err(ReadError::Checkpoint { .. } | ReadError::Journal(_)) => {}
                other => return other,
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        Self::open_once(&storage, folder)
    }

    fn open_once(storage: &Arc<dyn Storage>, folder: &Path) -> Result<Self, ReadError> {
        let settings = read_settings(&**storage, folder)?;
        let note = storage.read(&folder.join("checkpoint"), CHECKPOINT_SIZE_MAX as u64)?;
        let wrong = |source| ReadError::Checkpoint { what: "checkpoint", source };
        let published = Checkpoint::open_with(&note, &settings.log_keys).map_err(wrong)?;
        let (tail, last) = Tail::load(&**storage, folder, &settings)?;
        if last.size < published.size || last.size == published.size && last.root != published.root {
            let text = format!(
                "{} entries, the published checkpoint has {} (or another root)",
                last.size, published.size
            );
            return Err(ReadError::Journal(text));
        }
        let mut sealed = tail.sealed;
        sealed.truncate(published.size.saturating_sub(tail.start) as usize);
        let folder = folder.to_owned();
        Ok(Self::new(storage.clone(), folder, settings, tail.start, sealed, published, note))
    }

    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        folder: PathBuf,
        settings: Settings,
        tail_start: u64,
        tail: Vec<Sealed>,
        checkpoint: Checkpoint,
        note: Vec<u8>,
    ) -> Self {
        let (entries, payloads) = Default::default();
        let known = Known::new(tail_start);
        let known = Mutex::new(known);
        Self { storage, folder, settings, tail_start, tail, checkpoint, note, entries, payloads, known }
    }

    /// Where its files are.
    pub fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// The ledger's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ledger's settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, to name the log key that follows.
    #[cfg(feature = "sled")]
    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The checkpoint this reader stands at.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed checkpoint, a note.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.checkpoint.size
    }

    #[cfg(feature = "sled")]
    pub(crate) fn tail(&self) -> (u64, &[Sealed]) {
        (self.tail_start, &self.tail)
    }

    /// Moves to a later checkpoint with what was appended.
    #[cfg(feature = "sled")]
    pub(crate) fn advance(&mut self, sealed: Vec<Sealed>, checkpoint: Checkpoint, note: Vec<u8>) {
        self.tail.extend(sealed);
        self.checkpoint = checkpoint;
        self.note = note;
    }

    /// Takes the payload out of an entry of the tail; gives its size.
    #[cfg(feature = "sled")]
    pub(crate) fn erase_in_tail(&mut self, at: usize) -> usize {
        std::mem::take(&mut self.tail[at].payload).len()
    }

    /// Forgets the bundles read last: they have been written anew.
    #[cfg(feature = "sled")]
    pub(crate) fn forget(&mut self) {
        (self.entries, self.payloads) = Default::default();
    }

    /// Gives up the first `count` entries of the tail: they are in bundles now, or will be.
    #[cfg(feature = "sled")]
    pub(crate) fn drain(&mut self, count: usize) -> Vec<Sealed> {
        let known = self.known.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.tail_start += count as u64;
        known.drain(&self.tail, self.tail_start);
        self.tail.drain(..count).collect()
    }

    /// The bytes of an entry.
    pub fn entry_bytes(&self, index: u64) -> Result<Vec<u8>, ReadError> {
        if let Some(sealed) = self.in_tail(index)? {
            return Ok(sealed.entry.clone());
        }
        Ok(self.entries(index / TILE_WIDTH)?.part(index).to_vec())
    }

    /// The bytes of a payload, compared with the digest its entry names; `None` when erased.
    pub fn payload_bytes(&self, index: u64) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.read(index)?.1)
    }

    /// An entry with its statement.
    pub fn record(&self, index: u64) -> Result<Record, ReadError> {
        let (entry, payload) = self.read(index)?;
        record_of(index, &entry, payload.as_deref())
    }

    /// The entries of a range with their statements, one after another.
    pub fn records(&self, range: Range<u64>) -> impl Iterator<Item = Result<Record, ReadError>> + '_ {
        range.map(|index| self.record(index))
    }

    /// Every entry of one stream, found by reading the whole log.
    pub fn stream_by_scan(&self, stream: &Id) -> Result<Vec<u64>, ReadError> {
        let mut found = Vec::new();
        for index in 0..self.size() {
            let bytes = self.entry_bytes(index)?;
            let entry = Entry::from_bytes(&bytes).map_err(|source| ReadError::Entry { index, source })?;
            if entry.stream == *stream {
                found.push(index);
            }
        }
        Ok(found)
    }

    /// The leaf hash of an entry.
    pub fn leaf(&self, index: u64) -> Result<Digest, ReadError> {
        match self.in_tail(index)? {
            Some(sealed) => Ok(sealed.leaf),
            None => self.node(0, index),
        }
    }

    /// Proof that an entry is in the log at this checkpoint, leaf sibling first.
    pub fn inclusion(&self, index: u64) -> Result<Vec<Digest>, ReadError> {
        if index >= self.size() {
            return Err(ReadError::Outside { index, size: self.size() });
        }
        merkle::inclusion(self, index, self.size())
    }

    /// A receipt for an entry at this checkpoint, with the entry's bytes.
    pub fn receipt(&self, index: u64) -> Result<Receipt, ReadError> {
        let extra = Some(self.entry_bytes(index)?);
        let path = self.inclusion(index)?;
        Ok(Receipt { extra, index, path, checkpoint: self.note.clone() })
    }

    /// Proof that the first `old_size` entries are a prefix of the log at this checkpoint.
    pub fn consistency(&self, old_size: u64) -> Result<Vec<Digest>, ReadError> {
        if old_size == 0 || old_size > self.size() {
            return Err(ReadError::Outside { index: old_size, size: self.size() });
        }
        merkle::consistency(self, old_size, self.size())
    }

    /// Root of the first `size` entries.
    pub fn root_at(&self, size: u64) -> Result<Digest, ReadError> {
        if size > self.size() {
            return Err(ReadError::Outside { index: size, size: self.size() });
        }
        merkle::tree_root(self, size)
    }

    /// The leaf hashes of the first `size` entries.
    pub fn leaves(&self, size: u64) -> Result<Vec<Digest>, ReadError> {
        let mut leaves = Vec::with_capacity(size as usize);
        let mut start = 0;
        while start < size {
            let end = (start + TILE_WIDTH).min(size);
            leaves.extend(self.hashes(start, end - start)?);
            start = end;
        }
        Ok(leaves)
    }

    fn in_tail(&self, index: u64) -> Result<Option<&Sealed>, ReadError> {
        if index >= self.size() {
            return Err(ReadError::Outside { index, size: self.size() });
        }
        Ok(index.checked_sub(self.tail_start).and_then(|at| self.tail.get(at as usize)))
    }

    fn read(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), ReadError> {
        let (entry, payload) = match self.in_tail(index)? {
            Some(sealed) => {
                (sealed.entry.clone(), (!sealed.payload.is_empty()).then(|| sealed.payload.clone()))
            }
            None => {
                let payload = self.payloads(index / TILE_WIDTH)?.part(index).to_vec();
                (self.entry_bytes(index)?, (!payload.is_empty()).then_some(payload))
            }
        };
        Ok((entry, payload))
    }

    fn entries(&self, number: u64) -> Result<Arc<Bundle>, ReadError> {
        self.bundle(&self.entries, number, entries_path(number), ENTRIES_SIZE_MAX, |bytes| {
            Ok(tile::split_entries(bytes)?.into_iter().map(<[u8]>::len).collect())
        })
    }

    fn payloads(&self, number: u64) -> Result<Arc<Bundle>, ReadError> {
        self.bundle(&self.payloads, number, payloads_path(number), PAYLOADS_SIZE_MAX, |bytes| {
            Ok(tile::split_payloads(bytes)?
                .into_iter()
                .map(|payload| payload.map_or(0, <[u8]>::len))
                .collect())
        })
    }

    fn bundle(
        &self,
        last: &Last,
        number: u64,
        path: String,
        max: u64,
        lengths: impl FnOnce(&[u8]) -> Result<Vec<usize>, TileError>,
    ) -> Result<Arc<Bundle>, ReadError> {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bundle) = last.as_ref().filter(|bundle| bundle.number == number) {
            return Ok(bundle.clone());
        }
        let bytes = self.storage.read(&self.folder.join(&path), max)?;
        let wrong = |what: String| ReadError::Tile { path: path.clone(), what };
        let lengths = lengths(&bytes).map_err(|error| wrong(error.to_string()))?;
        if lengths.len() as u64 != TILE_WIDTH {
            return Err(wrong("not a full bundle".into()));
        }
        // What is not content are the lengths before each part, all of one width.
        let width = (bytes.len() - lengths.iter().sum::<usize>()) / lengths.len();
        let mut end = 0;
        let parts = lengths.into_iter().map(|length| {
            end += width + length;
            end - length..end
        });
        let parts = parts.collect();
        let bundle = Arc::new(Bundle { number, bytes, parts });
        *last = Some(bundle.clone());
        Ok(bundle)
    }

    /// The hashes `start..start + count` of height 0; all within one tile.
    fn hashes(&self, start: u64, count: u64) -> Result<Vec<Digest>, ReadError> {
        if start >= self.tail_start {
            let from = (start - self.tail_start) as usize;
            return Ok(self.tail[from..from + count as usize].iter().map(|sealed| sealed.leaf).collect());
        }
        let path = hashes_path(0, start / TILE_WIDTH);
        let hashes = self.read_tile(0, start / TILE_WIDTH)?;
        let hashes = hashes.ok_or_else(|| ReadError::Tile { path, what: "missing".into() })?;
        Ok(hashes[..count as usize].to_vec())
    }

    /// The hashes of a full tile; `None` when its file is not there.
    fn read_tile(&self, level: u32, number: u64) -> Result<Option<Vec<Digest>>, ReadError> {
        let path = hashes_path(level, number);
        let Some(bytes) = self.storage.read_if_any(&self.folder.join(&path), 32 * TILE_WIDTH)? else {
            return Ok(None);
        };
        match tile::split_hashes(&bytes) {
            Ok(hashes) if hashes.len() as u64 == TILE_WIDTH => Ok(Some(hashes)),
            Ok(_) => Err(ReadError::Tile { path, what: "not full".into() }),
            Err(error) => Err(ReadError::Tile { path, what: error.to_string() }),
        }
    }
}

/// Path of an entry bundle below the ledger's folder.
pub fn entries_path(number: u64) -> String {
    format!("tile/entries/{}", tile::path_of(number))
}

/// Path of a payload bundle below the ledger's folder.
pub fn payloads_path(number: u64) -> String {
    format!("payload/{}", tile::path_of(number))
}

/// Path of a hash tile below the ledger's folder.
pub fn hashes_path(level: u32, number: u64) -> String {
    format!("tile/{level}/{}", tile::path_of(number))
}

/// Reads a ledger's settings.
pub fn read_settings(storage: &dyn Storage, folder: &Path) -> Result<Settings, ReadError> {
    let bytes = storage.read_if_any(&folder.join(SETTINGS_FILE), 64 * 1024)?;
    let bytes = bytes.ok_or_else(|| ReadError::NotALedger(folder.to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| SettingsError::Syntax("not UTF-8".into()))?;
    Ok(Settings::from_toml(&text)?)
}

/// A record from its bytes: the entry checked, the payload compared with the digest the entry names.
pub fn record_of(index: u64, entry: &[u8], payload: Option<&[u8]>) -> Result<Record, ReadError> {
    let leaf = Digest::leaf(entry);
    let entry = Entry::from_bytes(entry).map_err(|source| ReadError::Entry { index, source })?;
    let statement = match payload {
        None => None,
        Some(payload) if Digest::of(payload) != entry.payload => return Err(ReadError::Payload(index)),
        Some(payload) => {
            let source = |error| ReadError::Entry { index, source: EntryError::Codec(error) };
            Some(Payload::from_bytes(payload).map_err(source)?.statement)
        }
    };
    Ok(Record { entry, leaf, statement })
}
