//! The writer: the one process that appends.
//!
//! Order of an append: seal (both chain links, leaf hash) -> tree -> sign the checkpoint -> one journal record with
//! entries, payloads and checkpoint -> one fdatasync -> answer. The files `checkpoint`, tiles, bundles, index and
//! `head` follow behind and can be derived again. A failed write or sync stops the writer for good.
//!
//! On open the journal is replayed; a torn record at its end is dropped only if no checkpoint released before covers
//! it; a log shorter than, or other than, a released checkpoint is refused and never signed again.

use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint};
use crate::codec;
use crate::digest::Digest;
use crate::entry::{ENTRY_VERSION, Entry, EntryError, is_submitter};
use crate::files::{self, FileError};
use crate::id::{Id, IdError};
use crate::index::{Filed, Head, Index, IndexError};
use crate::journal::{self, Journal, RECORD_SIZE_MAX, Sealed};
use crate::key::{KeyError, SigningKey};
use crate::lock::{Lock, LockError};
use crate::merkle::Frontier;
use crate::note::{KeyName, NoteError, Verifier};
use crate::payload::{self, PAYLOAD_SIZE_MAX};
use crate::reader::{ReadError, Reader, read_settings};
use crate::record::{Draft, Filing};
use crate::settings::{SETTINGS_FILE, Settings};
use crate::settle::Settler;
use crate::tail::Tail;
use crate::tile::TILE_WIDTH;
use crate::time::{Clock, Timestamp};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Most drafts in one append.
pub const BATCH_MAX: usize = 4096;
/// Bytes of entries and payloads held before they are moved into bundles.
const TAIL_SIZE_MAX: usize = 8 << 20;
/// Drafts from which sealing payloads is worth a second core.
const PARALLEL_MIN: usize = 64;
/// Name of the key file that signs checkpoints.
pub const LOG_KEY_FILE: &str = "keys/log.pem";

/// What a ledger needs from its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the present.
    pub clock: Arc<dyn Clock>,
    /// Gives salts.
    pub random: fn(&mut [u8]),
    /// Tells ids and facets of statements.
    pub filing: &'static dyn Filing,
    /// How long to wait for another writer.
    pub wait: Duration,
    /// Folder in which the last released checkpoint is remembered, unless the settings name a file.
    pub heads: PathBuf,
}

/// What the genesis entry states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Id of the ledger.
    pub id: Id,
    /// Origin line of its checkpoints.
    pub origin: String,
    /// The log key, as a vkey.
    pub log_key: String,
    /// Version of entries.
    pub entry_version: u8,
}

/// One draft's place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Index of its entry.
    pub index: u64,
    /// Leaf hash of its entry.
    pub leaf: Digest,
    /// Whether it had been recorded before, under the same idempotency id.
    pub again: bool,
}

/// Why a ledger was not opened, or an append not made.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process is writing.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is one already.
    #[error("`{}` holds a ledger already", .0.display())]
    Exists(PathBuf),
    /// A key is missing or wrong.
    #[error("{path}: {source}")]
    Key {
        /// The key file.
        path: String,
        /// What is wrong.
        source: KeyError,
    },
    /// The private key is not the one the settings name.
    #[error("{LOG_KEY_FILE} is not the log key that {SETTINGS_FILE} names")]
    OtherKey,
    /// The origin cannot name a key.
    #[error(transparent)]
    Origin(#[from] NoteError),
    /// The log is shorter than a checkpoint that was released.
    #[error(
        "the ledger has {size} entries, but a checkpoint over {released} was released ({path}): it was cut, or an older copy was put back"
    )]
    Shortened {
        /// Entries there are.
        size: u64,
        /// Entries there were.
        released: u64,
        /// Where the released checkpoint is remembered.
        path: String,
    },
    /// The log is not the one a released checkpoint was made of.
    #[error(
        "the first {size} entries are not those of the checkpoint released before ({path}): the ledger was rewritten or forked"
    )]
    Forked {
        /// Size of the released checkpoint.
        size: u64,
        /// Where it is remembered.
        path: String,
    },
    /// A remembered checkpoint is not one of this log.
    #[error("{path}: {what}")]
    Head {
        /// Where it is.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// An earlier write failed.
    #[error("an earlier write failed, nothing more is written: close the ledger and open it again")]
    Stopped,
    /// A draft is not one.
    #[error("{0}")]
    Draft(String),
    /// An idempotency id was used for another statement.
    #[error("id `{id}` was recorded before with other content, as entry {index}")]
    OtherContent {
        /// The id.
        id: String,
        /// The entry that carries it; of the same batch when not yet recorded.
        index: u64,
    },
    /// The index could not be rebuilt.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl From<EntryError> for LedgerError {
    fn from(error: EntryError) -> Self {
        Self::Draft(error.to_string())
    }
}

impl From<IdError> for LedgerError {
    fn from(error: IdError) -> Self {
        Self::Draft(error.to_string())
    }
}

/// A ledger open for writing.
pub struct Ledger {
    reader: Reader,
    surroundings: Surroundings,
    journal: Journal,
    frontier: Frontier,
    index: Index,
    settler: Settler,
    log_key: SigningKey,
    log_name: KeyName,
    head: PathBuf,
    last: (Digest, Timestamp),
    tail_size: usize,
    stopped: bool,
    _lock: Lock,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("checkpoint", self.reader.checkpoint()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Makes a new ledger in `folder` with its genesis entry. `settings.log_key` must be `log_key`'s public half.
    pub fn create(
        folder: &Path,
        settings: &Settings,
        log_key: &SigningKey,
        surroundings: Surroundings,
    ) -> Result<Self, LedgerError> {
        if folder.join(SETTINGS_FILE).exists() {
            return Err(LedgerError::Exists(folder.to_owned()));
        }
        let lock = Lock::take(folder, surroundings.wait)?;
        let genesis = Genesis {
            id: settings.id.clone(),
            origin: settings.origin.clone(),
            log_key: settings.log_key.to_string(),
            entry_version: ENTRY_VERSION,
        };
        let draft = Draft {
            stream: "org".parse()?,
            kind: "genesis".parse()?,
            by: "local".into(),
            statement: codec::encode(&genesis),
            signature: None,
            id: None,
            facet: None,
        };
        let mut salt = [0; 16];
        (surroundings.random)(&mut salt);
        let now = surroundings.clock.now();
        let (sealed, _) = seal(&draft, salt, 0, Digest::ZERO, None, now)?;
        let mut frontier = Frontier::default();
        frontier.push(sealed.leaf);
        let note = sign(settings, log_key, &frontier).1;
        crate::keyfile::write(&folder.join(LOG_KEY_FILE), log_key)?;
        Journal::start(folder, 0, &[sealed], &frontier, &note)?;
        files::write_durably(&folder.join("checkpoint"), &note)?;
        // Last, since it is what makes the folder a ledger.
        files::write_durably(&folder.join(SETTINGS_FILE), settings.to_toml().as_bytes())?;
        drop(lock);
        Self::open(folder, surroundings)
    }

    /// Opens the ledger in `folder` for writing, recovering from whatever stopped the last writer.
    pub fn open(folder: &Path, surroundings: Surroundings) -> Result<Self, LedgerError> {
        let settings = read_settings(folder)?;
        let lock = Lock::take(folder, surroundings.wait)?;
        let log_key = crate::keyfile::read(&folder.join(LOG_KEY_FILE))?;
        if log_key.verifying_key() != *settings.log_key.key() {
            return Err(LedgerError::OtherKey);
        }
        let (tail, checkpoint) = Tail::load(folder, &settings)?;
        let head = head_path(folder, &settings, &surroundings.heads);
        let (segments, end, torn, damaged) = (tail.segments, tail.end, tail.torn, tail.damaged);
        let path = segments.last().cloned().unwrap_or_default();
        let size = tail.sealed.iter().map(|s| s.entry.len() + s.payload.len()).sum();
        let reader = Reader::new(folder.to_owned(), settings, tail.start, tail.sealed, checkpoint, tail.note);
        refuse_rollback(&reader, &folder.join("checkpoint"))?;
        refuse_rollback(&reader, &head)?;
        let mut journal = Journal::resume(path, end)?;
        if damaged {
            let path = journal.path().display();
            return Err(
                ReadError::Journal(format!("{path}: damaged before a record that was durable")).into()
            );
        }
        if torn {
            journal.clear_torn()?;
        }
        let last_entry = Entry::from_bytes(&reader.entry_bytes(reader.size() - 1)?)?;
        let last = (Digest::leaf(&last_entry.to_bytes()), last_entry.time);
        let index = open_index(&reader, surroundings.filing)?;
        let log_name = reader.settings().log_key.name().clone();
        let mut ledger = Self {
            reader,
            surroundings,
            journal,
            frontier: tail.frontier,
            index,
            settler: Settler::new(folder, segments),
            log_key,
            log_name,
            head,
            last,
            tail_size: size,
            stopped: false,
            _lock: lock,
        };
        ledger.release()?;
        Ok(ledger)
    }

    /// The ledger as a reader, at its latest checkpoint.
    pub fn reader(&mut self) -> Result<&Reader, LedgerError> {
        self.settler.wait()?;
        Ok(&self.reader)
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.reader.size()
    }

    /// The signed checkpoint, a note.
    pub fn note(&self) -> &[u8] {
        self.reader.note()
    }

    /// The head of a stream.
    pub fn head(&self, stream: &Id) -> Option<Head> {
        self.index.head(stream)
    }

    /// The indexes of a stream's entries from position `from` on; the index is rebuilt if it cannot say.
    pub fn positions(&mut self, stream: &Id, from: u64) -> Result<Vec<u64>, LedgerError> {
        self.settler.wait()?;
        match self.index.write().and_then(|()| self.index.positions(stream, from)) {
            Ok(found) => Ok(found),
            Err(_) => {
                self.rebuild_index()?;
                Ok(self.index.positions(stream, from)?)
            }
        }
    }

    /// The index of the entry that carries an idempotency id in a stream.
    pub fn by_id(&self, stream: &Id, id: &str) -> Result<Option<u64>, LedgerError> {
        Ok(self.index.by_id(stream, id)?)
    }

    /// Finds the drafts that were recorded before under their id, by position in `drafts`; refuses those whose content
    /// differs, in the ledger or within the batch.
    pub fn recorded_before(&mut self, drafts: &[Draft]) -> Result<BTreeMap<usize, Appended>, LedgerError> {
        let mut before = BTreeMap::new();
        for (at, draft) in drafts.iter().enumerate() {
            let Some(id) = &draft.id else { continue };
            let Some(index) = self.index.by_id(&draft.stream, id)? else { continue };
            self.settler.wait()?;
            let record = self.reader.record(index)?;
            let same = record.entry.kind == draft.kind
                && record.entry.stream == draft.stream
                && record.statement.as_deref().is_some_and(|first| {
                    self.surroundings.filing.same(draft.kind.as_str(), first, &draft.statement)
                });
            if !same {
                return Err(LedgerError::OtherContent { id: id.clone(), index });
            }
            before.insert(at, Appended { index, leaf: record.leaf, again: true });
        }
        Ok(before)
    }

    /// Appends drafts, at most [`BATCH_MAX`], all or none, with one fdatasync. When this returns, the entries are
    /// durable and under the signed checkpoint [`Ledger::note`].
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Vec<Appended>, LedgerError> {
        let before = self.recorded_before(drafts)?;
        self.append_all(drafts, &before)
    }

    /// As [`Ledger::append`], for drafts of which [`Ledger::recorded_before`] has just said that none is recorded: they
    /// are not looked up again.
    pub fn append_fresh(&mut self, drafts: &[Draft]) -> Result<Vec<Appended>, LedgerError> {
        self.append_all(drafts, &BTreeMap::new())
    }

    fn append_all(
        &mut self,
        drafts: &[Draft],
        before: &BTreeMap<usize, Appended>,
    ) -> Result<Vec<Appended>, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped);
        }
        if drafts.len() > BATCH_MAX {
            let text = format!("{} drafts in one batch, the limit is {BATCH_MAX}", drafts.len());
            return Err(LedgerError::Draft(text));
        }
        let mut appended = Vec::with_capacity(drafts.len());
        let mut batch = Batch::new(self);
        let payloads = salted(drafts, self.surroundings.random)?;
        let mut seen: BTreeMap<(&Id, &str), usize> = BTreeMap::new();
        for (at, (draft, payload)) in drafts.iter().zip(payloads).enumerate() {
            if let Some(first) = before.get(&at) {
                appended.push(*first);
                continue;
            }
            if let Some(id) = draft.id.as_deref()
                && let Some(first) = seen.insert((&draft.stream, id), at)
            {
                let same = self.surroundings.filing.same(
                    draft.kind.as_str(),
                    &drafts[first].statement,
                    &draft.statement,
                );
                let earlier: Appended = appended[first];
                if !same || drafts[first].kind != draft.kind {
                    return Err(LedgerError::OtherContent { id: id.to_owned(), index: earlier.index });
                }
                appended.push(Appended { again: true, ..earlier });
                continue;
            }
            let head = batch
                .heads
                .get(&draft.stream)
                .copied()
                .or_else(|| self.head(&draft.stream).map(|h| (h.n, h.leaf)));
            appended.push(batch.seal(draft, payload, head)?);
        }
        if !batch.sealed.is_empty() {
            self.commit(batch)?;
        }
        Ok(appended)
    }

    fn commit(&mut self, batch: Batch) -> Result<(), LedgerError> {
        let size: usize = batch.sealed.iter().map(|s| s.entry.len() + s.payload.len()).sum();
        if size > RECORD_SIZE_MAX {
            return Err(LedgerError::Draft(format!(
                "{size} bytes in one batch, the limit is {RECORD_SIZE_MAX}"
            )));
        }
        let (checkpoint, note) = sign(self.reader.settings(), &self.log_key, &batch.frontier);
        assert_eq!(
            checkpoint.size,
            self.size() + batch.sealed.len() as u64,
            "a checkpoint covers every entry"
        );
        let record = journal::encode_record(self.size(), &batch.sealed, &batch.frontier, &note);
        // From here on the file may hold the record: on any failure this writer says nothing more.
        self.stopped = true;
        self.journal.append(&record)?;
        self.stopped = false;
        self.last = (batch.prev, batch.time);
        self.frontier = batch.frontier;
        self.tail_size += size;
        self.reader.advance(batch.sealed, checkpoint, note);
        self.release()?;
        if self.index.file(batch.filed).is_err() {
            self.rebuild_index()?;
        }
        if self.tail_size > TAIL_SIZE_MAX {
            self.settle()?;
        }
        Ok(())
    }

    /// Publishes the checkpoint and remembers it as released.
    fn release(&mut self) -> Result<(), LedgerError> {
        files::write_derived(&self.reader.folder().join("checkpoint"), self.reader.note())?;
        Ok(files::write_derived(&self.head, self.reader.note())?)
    }

    /// Moves full bundles out of the journal into their files, in the background.
    fn settle(&mut self) -> Result<(), LedgerError> {
        let (start, tail) = self.reader.tail();
        let count = tail.len() / TILE_WIDTH as usize * TILE_WIDTH as usize;
        if count == 0 {
            return Ok(());
        }
        self.settler.wait()?;
        let next = start + count as u64;
        let journal =
            Journal::start(self.reader.folder(), next, &tail[count..], &self.frontier, self.reader.note());
        let journal = journal.inspect_err(|_| self.stopped = true)?;
        self.settler.begin(start, self.reader.drain(count), journal.path().to_owned());
        self.journal = journal;
        self.tail_size = self.reader.tail().1.iter().map(|s| s.entry.len() + s.payload.len()).sum();
        Ok(())
    }

    /// Finishes what follows behind: full bundles, index. Dropping a ledger without it loses nothing.
    pub fn close(mut self) -> Result<(), LedgerError> {
        if !self.stopped {
            self.settle()?;
        }
        self.settler.wait()?;
        // The index is derived: a fault here is found and mended on the next open.
        let _ = self.index.flush();
        Ok(())
    }

    /// Throws the index away and builds it anew from the log.
    pub fn rebuild_index(&mut self) -> Result<(), LedgerError> {
        self.settler.wait()?;
        let folder = self.reader.folder().to_owned();
        // sled holds its files until the last handle is gone.
        let scratch = folder.join("index.closing");
        self.index = Index::open(&scratch)?;
        Index::set_aside(&folder).map_err(FileError::at(&folder.join("index")))?;
        self.index = open_index(&self.reader, self.surroundings.filing)?;
        // Derived and empty: a leftover does no harm.
        let _ = std::fs::remove_dir_all(scratch);
        Ok(())
    }

    /// The entries that a replay of a stream needs as of now, in order: those the index files under its facets whose
    /// key begins with `prefix`.
    pub fn latest(&mut self, stream: &Id, prefix: &[u8]) -> Result<Vec<u64>, LedgerError> {
        self.settler.wait()?;
        let mut found = match self.index.write().and_then(|()| self.index.facets(stream, prefix)) {
            Ok(found) => found,
            Err(_) => {
                self.rebuild_index()?;
                self.index.facets(stream, prefix)?
            }
        };
        found.sort_unstable();
        Ok(found)
    }

    /// The streams with their number of entries, sorted.
    pub fn streams(&self) -> Vec<(Id, u64)> {
        self.index.streams().map(|(id, head)| (id.clone(), head.n)).collect()
    }

    /// Name under which the log key signs.
    pub fn log_name(&self) -> &KeyName {
        &self.log_name
    }

    /// The log's verifier.
    pub fn log_verifier(&self) -> &Verifier {
        &self.reader.settings().log_key
    }
}

/// Entries being sealed, not yet written.
struct Batch {
    sealed: Vec<Sealed>,
    filed: Vec<Filed>,
    frontier: Frontier,
    heads: BTreeMap<Id, (u64, Digest)>,
    prev: Digest,
    time: Timestamp,
}

impl Batch {
    fn new(ledger: &Ledger) -> Self {
        let time = ledger.surroundings.clock.now().max(ledger.last.1);
        let frontier = ledger.frontier.clone();
        Self {
            sealed: Vec::new(),
            filed: Vec::new(),
            frontier,
            heads: BTreeMap::new(),
            prev: ledger.last.0,
            time,
        }
    }

    fn seal(
        &mut self,
        draft: &Draft,
        payload: (Vec<u8>, Digest),
        head: Option<(u64, Digest)>,
    ) -> Result<Appended, LedgerError> {
        let index = self.frontier.size();
        let (sealed, n) = seal_payload(draft, payload, index, self.prev, head, self.time)?;
        let leaf = sealed.leaf;
        self.frontier.push(leaf);
        self.prev = leaf;
        self.heads.insert(draft.stream.clone(), (n + 1, leaf));
        let (stream, id, facet) = (draft.stream.clone(), draft.id.clone(), draft.facet.clone());
        self.filed.push(Filed { stream, n, index, leaf, id, facet });
        self.sealed.push(sealed);
        Ok(Appended { index, leaf, again: false })
    }
}

/// The payload bytes of drafts, each with a salt of its own, and their digests.
fn salted(drafts: &[Draft], random: fn(&mut [u8])) -> Result<Vec<(Vec<u8>, Digest)>, LedgerError> {
    let mut salts = vec![0; 16 * drafts.len()];
    random(&mut salts);
    let one = |(draft, salt): (&Draft, &[u8])| {
        let salt = salt.try_into().unwrap_or_default();
        salted_one(draft, salt)
    };
    if drafts.len() < PARALLEL_MIN {
        drafts.iter().zip(salts.chunks_exact(16)).map(one).collect()
    } else {
        drafts.par_iter().zip(salts.par_chunks_exact(16)).map(one).collect()
    }
}

fn salted_one(draft: &Draft, salt: [u8; 16]) -> Result<(Vec<u8>, Digest), LedgerError> {
    let map = draft.statement.first().is_some_and(|first| first >> 5 == 5);
    if !map || codec::check(&draft.statement).is_err() {
        return Err(LedgerError::Draft("the statement is not a map in deterministic CBOR".into()));
    }
    if !is_submitter(&draft.by) {
        return Err(EntryError::Submitter(crate::id::visible(&draft.by)).into());
    }
    let payload = payload::encode(&salt, &draft.statement, draft.signature.as_ref());
    if payload.len() > PAYLOAD_SIZE_MAX {
        return Err(LedgerError::Draft(format!(
            "a payload of {} bytes, the limit is {PAYLOAD_SIZE_MAX}",
            payload.len()
        )));
    }
    let digest = Digest::of(&payload);
    Ok((payload, digest))
}

fn seal(
    draft: &Draft,
    salt: [u8; 16],
    index: u64,
    prev: Digest,
    head: Option<(u64, Digest)>,
    time: Timestamp,
) -> Result<(Sealed, u64), LedgerError> {
    seal_payload(draft, salted_one(draft, salt)?, index, prev, head, time)
}

fn seal_payload(
    draft: &Draft,
    (payload, digest): (Vec<u8>, Digest),
    index: u64,
    prev: Digest,
    head: Option<(u64, Digest)>,
    time: Timestamp,
) -> Result<(Sealed, u64), LedgerError> {
    let (n, stream_prev) = head.unwrap_or((0, Digest::ZERO));
    let entry = Entry {
        n,
        v: ENTRY_VERSION,
        by: draft.by.clone(),
        kind: draft.kind.clone(),
        prev,
        time,
        index,
        stream: draft.stream.clone(),
        payload: digest,
        stream_prev,
    };
    let entry = entry.to_bytes();
    let leaf = Digest::leaf(&entry);
    Ok((Sealed { entry, payload, leaf }, n))
}

fn sign(settings: &Settings, key: &SigningKey, frontier: &Frontier) -> (Checkpoint, Vec<u8>) {
    let checkpoint =
        Checkpoint { origin: settings.origin.clone(), size: frontier.size(), root: frontier.root() };
    let note = checkpoint.sign(settings.log_key.name(), key);
    (checkpoint, note)
}

/// Where the last released checkpoint is remembered.
pub fn head_path(folder: &Path, settings: &Settings, heads: &Path) -> PathBuf {
    match &settings.head {
        Some(path) => folder.join(path),
        None => heads.join(&Digest::of(settings.origin.as_bytes()).to_string()[..32]),
    }
}

/// Refuses a log that is shorter than, or other than, the checkpoint remembered at `path`.
fn refuse_rollback(reader: &Reader, path: &Path) -> Result<(), LedgerError> {
    let note = files::read_if_any(path, CHECKPOINT_SIZE_MAX as u64)?;
    // Empty is what a power cut can leave of a file never synced, and says as much as none.
    let Some(note) = note.filter(|note| !note.is_empty()) else { return Ok(()) };
    let shown = path.display().to_string();
    let settings = reader.settings();
    let released = Checkpoint::open(&note, &settings.origin, &settings.log_key)
        .map_err(|error| LedgerError::Head { path: shown.clone(), what: error.to_string() })?;
    if released.size > reader.size() {
        return Err(LedgerError::Shortened { size: reader.size(), released: released.size, path: shown });
    }
    let same = if released.size == reader.size() {
        released.root == reader.checkpoint().root
    } else {
        released.root == reader.root_at(released.size)?
    };
    if same { Ok(()) } else { Err(LedgerError::Forked { size: released.size, path: shown }) }
}

/// Opens the index and brings it up to the log; rebuilds it when it is missing, damaged or of another log.
fn open_index(reader: &Reader, filing: &dyn Filing) -> Result<Index, LedgerError> {
    if let Ok(mut index) = Index::open(reader.folder())
        && covers(&index, reader)?
        && catch_up(&mut index, reader, filing).is_ok()
    {
        return Ok(index);
    }
    Index::set_aside(reader.folder()).map_err(FileError::at(&reader.folder().join("index")))?;
    let mut index = Index::open(reader.folder())?;
    catch_up(&mut index, reader, filing)?;
    Ok(index)
}

/// Whether what an index covers is a part of the log: its last leaf hash stands where it says.
fn covers(index: &Index, reader: &Reader) -> Result<bool, LedgerError> {
    let (size, leaf) = index.covered();
    if size == 0 || size > reader.size() {
        return Ok(size == 0);
    }
    Ok(Digest::leaf(&reader.entry_bytes(size - 1)?) == leaf)
}

fn catch_up(index: &mut Index, reader: &Reader, filing: &dyn Filing) -> Result<(), LedgerError> {
    let mut at = index.covered().0;
    while at < reader.size() {
        let end = (at + 1024).min(reader.size());
        let mut filed = Vec::with_capacity((end - at) as usize);
        for record in reader.records(at..end) {
            let record = record?;
            let (kind, statement) = (record.entry.kind.as_str(), record.statement.as_deref());
            filed.push(Filed {
                id: statement.and_then(|statement| filing.id(kind, statement)),
                facet: statement.and_then(|statement| filing.facet(kind, statement)),
                stream: record.entry.stream,
                n: record.entry.n,
                index: record.entry.index,
                leaf: record.leaf,
            });
        }
        index.file(filed)?;
        at = end;
    }
    Ok(index.write()?)
}
