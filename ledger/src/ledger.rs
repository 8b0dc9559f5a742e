//! The writer: the one process that appends.
//!
//! Order of an append: seal (both chain links, leaf hash) -> tree -> sign the checkpoint -> one journal record with
//! entries, payloads and checkpoint -> one fdatasync -> answer. The files `checkpoint`, tiles, bundles, index and
//! `head` follow behind and can be derived again. A failed write or sync stops the writer for good.
//!
//! On open the journal is replayed; a torn record at its end is dropped only if no checkpoint released before covers
//! it; a log shorter than, or other than, a released checkpoint is refused and never signed again.
//!
//! One caller appends with [`Ledger::append`]; a long run of batches with [`Ledger::append_stream`], which seals the
//! next while the last is being made durable; many threads share one through a [`Sequencer`].

mod erase;
mod error;
mod found;
mod guard;
mod keys;
mod mending;
mod seal;
mod sequencer;
mod stream;

pub use crate::genesis::Genesis;
pub use crate::rotation::LOG_KEY_FILE;
pub use erase::EraseError;
pub use error::LedgerError;
pub use found::Founding;
pub use guard::head_path;
pub use seal::{BATCH_MAX, Prepared};
pub use sequencer::Sequencer;

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::disk::Disk;
use crate::entry::Entry;
use crate::files::{self};
use crate::id::Id;
use crate::index::{Head, Index};
use crate::journal::{self, AHEAD_MAX, Journal, RECORD_SIZE_MAX, encode_record};
use crate::key::SigningKey;
use crate::keyfile;
use crate::keyring::Keyring;
use crate::merkle::Frontier;
use crate::note::{KeyName, Verifier};
use crate::payload::Payload;
use crate::reader::{ReadError, Reader, read_settings};
use crate::receipt::Receipt;
use crate::record::{Draft, Facet, Filing};
use crate::rotation::{self, OpenKey};
use crate::settings::Settings;
use crate::settle::Settler;
use crate::storage::{Follower, Storage};
use crate::table::{Sled, Tables};
use crate::tail::Tail;
use crate::tile::TILE_WIDTH;
use crate::time::{Clock, SystemClock, Timestamp};
use erase::replace_and_wipe;
use guard::{refuse_published, refuse_rollback};
use mending::open_index;
use seal::{Batch, Edge};
use std::collections::HashMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes held before they are moved into bundles, unless the surroundings say otherwise.
const TAIL_SIZE_MAX: usize = 8 << 20;
/// Milliseconds of a day.
const DAY: u64 = 86_400_000;
/// Milliseconds by which a clock may be ahead of the last entry without a word.
const FAR_AHEAD: u64 = 400 * DAY;
/// Milliseconds by which it may be behind.
const SLIGHTLY: u64 = 300_000;

/// What a ledger needs from its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// Where its files are.
    pub storage: Arc<dyn Storage>,
    /// Where its index is.
    pub tables: Arc<dyn Tables>,
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
    /// Bytes of entries and payloads held before they are moved into bundles.
    pub tail_size_max: usize,
}

impl Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl Surroundings {
    /// The present, unless the clock is beyond all reason: an entry's time can never be taken back.
    fn now(&self) -> Result<Timestamp, LedgerError> {
        let now = self.clock.now();
        let sound = now > Timestamp::MIN && now < Timestamp::MAX;
        if sound { Ok(now) } else { Err(LedgerError::Clock(now)) }
    }

    /// Those of this machine: its disk, its clock, its randomness; no waiting for another writer.
    pub fn new(filing: &'static dyn Filing, heads: PathBuf) -> Self {
        Self {
            storage: Arc::new(Disk),
            tables: Arc::new(Sled),
            clock: Arc::new(SystemClock),
            random: crate::random::fill,
            filing,
            wait: Duration::ZERO,
            heads,
            tail_size_max: TAIL_SIZE_MAX,
        }
    }
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

/// A ledger open for writing.
pub struct Ledger {
    reader: Reader,
    surroundings: Surroundings,
    journal: Journal,
    edge: Edge,
    index: Index,
    settler: Settler,
    keyring: Keyring,
    log_key: SigningKey,
    log_name: KeyName,
    checkpoint: Follower,
    head: Follower,
    /// Bytes of entries and payloads in the tail.
    tail_size: usize,
    stopped: bool,
    /// The bytes of a record, kept for the next.
    record: Vec<u8>,
    _lock: Box<dyn Debug + Send>,
}

impl Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("checkpoint", self.reader.checkpoint()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the ledger in `folder` for writing, recovering from whatever stopped the last writer. Its log key is not
    /// encrypted.
    pub fn open(folder: &Path, surroundings: Surroundings) -> Result<Self, LedgerError> {
        let storage = surroundings.storage.clone();
        Self::open_with(folder, surroundings, &|path| keyfile::read_with(&*storage, path, None))
    }

    /// As [`Ledger::open`], with someone who opens private key files.
    pub fn open_with(
        folder: &Path,
        surroundings: Surroundings,
        open_key: OpenKey<'_>,
    ) -> Result<Self, LedgerError> {
        let storage = surroundings.storage.clone();
        // Read under the lock: another writer may be changing the log key.
        read_settings(&*storage, folder)?;
        let lock = storage.lock(folder, surroundings.wait)?;
        let settings = read_settings(&*storage, folder)?;
        let (tail, checkpoint) = Tail::load(&*storage, folder, &settings)?;
        let head = head_path(folder, &settings, &surroundings.heads);
        let (segments, end, torn, damaged) = (tail.segments, tail.end, tail.torn, tail.damaged);
        let path = segments.last().cloned().unwrap_or_default();
        let size = tail.sealed.iter().map(|s| s.entry.len() + s.payload.len()).sum();
        let log_name = settings.log_keys.first().name().clone();
        let mut reader = Reader::new(
            storage.clone(),
            folder.to_owned(),
            settings,
            tail.start,
            tail.sealed,
            checkpoint,
            tail.note,
        );
        let published = refuse_published(&reader, &folder.join("checkpoint"))?;
        refuse_rollback(&reader, &head)?;
        let mut journal = Journal::resume(&*storage, path, end)?;
        if damaged {
            let path = journal.path().display();
            return Err(
                ReadError::Journal(format!("{path}: damaged before a record that was durable")).into()
            );
        }
        if torn {
            journal.clear_torn()?;
        }
        // A writer that was stopped may have left what only memory holds: durable before anyone is told of it.
        if published < reader.size() {
            journal.write_again(&*storage)?;
        }
        journal::remove_spare(&*storage, folder)?;
        storage.sync_names(files::parent(journal.path()))?;
        storage.sync_names(folder)?;
        let last = Entry::from_bytes(&reader.entry_bytes(reader.size() - 1)?)?;
        let edge = Edge { frontier: tail.frontier, prev: Digest::leaf(&last.to_bytes()), time: last.time };
        let mut index = open_index(&*surroundings.tables, &reader, surroundings.filing)?;
        let keyring = match keys::replay(&reader, &index)? {
            Some(keyring) => keyring,
            None => {
                index.remove(&*surroundings.tables, folder)?;
                index = open_index(&*surroundings.tables, &reader, surroundings.filing)?;
                reader.keyring()?
            }
        };
        keys::complete_settings(&*storage, &mut reader, &keyring)?;
        let in_force = keyring.log_keys().latest().key();
        let log_key = rotation::settle(&*storage, &folder.join(LOG_KEY_FILE), in_force, open_key)?;
        let mut ledger = Self {
            reader,
            surroundings,
            journal,
            edge,
            index,
            settler: Settler::new(storage, folder, segments),
            keyring,
            log_key,
            log_name,
            checkpoint: Follower::new(folder.join("checkpoint")),
            head: Follower::new(head),
            tail_size: size,
            stopped: false,
            record: Vec::new(),
            _lock: lock,
        };
        ledger.release()?;
        // A stop between rotation and removal left segments behind: what is to be erased would stand in them too.
        if ledger.settler.has_older_segments() {
            ledger.settle(true)?;
        }
        ledger.finish_erasure()?;
        Ok(ledger)
    }

    /// The ledger as a reader, at its latest checkpoint.
    pub fn reader(&mut self) -> Result<&Reader, LedgerError> {
        self.settled()?;
        Ok(&self.reader)
    }

    /// A receipt for an entry at the latest checkpoint, with the entry's bytes.
    pub fn receipt(&mut self, index: u64) -> Result<Receipt, LedgerError> {
        // What is still in the tail needs no file that may be on its way.
        if index < self.reader.tail().0 {
            self.settled()?;
        }
        Ok(self.reader.receipt(index)?)
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.reader.size()
    }

    /// The signed checkpoint, a note.
    pub fn note(&self) -> &[u8] {
        self.reader.note()
    }

    /// What is odd about the clock, beside the time of the last entry: it never goes back, so a step stays on record.
    pub fn clock_notice(&self) -> Option<String> {
        let (now, last) = (self.surroundings.clock.now(), self.edge.time);
        let (ahead, behind) = (
            now.as_millis().checked_sub(last.as_millis()),
            last.as_millis() - now.as_millis().min(last.as_millis()),
        );
        match ahead {
            Some(ahead) if ahead > FAR_AHEAD => Some(format!(
                "the clock says {now}, the last entry was recorded at {last}, {} days before: is the clock right?",
                ahead / DAY
            )),
            None if behind > SLIGHTLY => Some(format!(
                "the clock says {now}, before the last entry, recorded at {last}: entries keep that time until the clock has caught up"
            )),
            _ => None,
        }
    }

    /// The head of a stream.
    pub fn head(&self, stream: &Id) -> Option<Head> {
        self.index.head(stream)
    }

    /// The indexes of a stream's entries from position `from` on; the index is rebuilt if it cannot say.
    pub fn positions(&mut self, stream: &Id, from: u64) -> Result<Vec<u64>, LedgerError> {
        self.settled()?;
        match self.index.write().and_then(|()| self.index.positions(stream, from)) {
            Ok(found) => Ok(found),
            Err(_) => {
                self.rebuild_index()?;
                Ok(self.index.positions(stream, from)?)
            }
        }
    }

    /// The index of the entry that carries an idempotency id in a stream.
    pub fn by_id(&mut self, stream: &Id, id: &str) -> Result<Option<u64>, LedgerError> {
        if let Ok(found) = self.index.by_id(stream, id) {
            return Ok(found);
        }
        self.rebuild_index()?;
        Ok(self.index.by_id(stream, id)?)
    }

    /// Finds the drafts that were recorded before under their id; gives `None` for the others. Refuses a draft whose id
    /// was recorded with other content.
    pub fn recorded_before<'a>(
        &mut self,
        drafts: impl IntoIterator<Item = &'a Draft>,
    ) -> Result<Vec<Option<Appended>>, LedgerError> {
        drafts.into_iter().map(|draft| self.recorded(draft, &draft.statement)).collect()
    }

    fn recorded(&mut self, draft: &Draft, statement: &[u8]) -> Result<Option<Appended>, LedgerError> {
        let Some(id) = &draft.id else { return Ok(None) };
        let Some(index) = self.by_id(&draft.stream, id)? else { return Ok(None) };
        self.settled()?;
        let record = self.reader.record(index)?;
        let same = record.entry.stream == draft.stream
            && record.entry.kind == draft.kind
            && record.statement.as_deref().is_some_and(|first| self.says_the_same(draft, first, statement));
        if same {
            Ok(Some(Appended { index, leaf: record.leaf, again: true }))
        } else {
            Err(LedgerError::OtherContent { id: id.clone(), index })
        }
    }

    fn says_the_same(&self, draft: &Draft, first: &[u8], statement: &[u8]) -> bool {
        self.surroundings.filing.same(draft.kind.as_str(), first, statement)
    }

    /// Appends drafts, at most [`BATCH_MAX`], all or none, with one fdatasync. When this returns, the entries are
    /// durable and under the signed checkpoint [`Ledger::note`].
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Vec<Appended>, LedgerError> {
        let prepared = Prepared::all_of(drafts, &self.surroundings)?;
        let mut done = self.append_group(vec![prepared]);
        done.pop().unwrap_or(Ok(Vec::new()))
    }

    /// Appends the drafts of several callers with one fdatasync: for each caller all or none, whatever becomes of the
    /// others.
    pub fn append_group(&mut self, requests: Vec<Vec<Prepared>>) -> Vec<Result<Vec<Appended>, LedgerError>> {
        let now = match self.surroundings.now() {
            Ok(now) => now,
            Err(_) => return requests.iter().map(|_| self.surroundings.now().map(|_| Vec::new())).collect(),
        };
        let count = requests.iter().map(Vec::len).sum();
        let mut batch = Batch::new(&self.edge, now, count);
        let mut ids = Ids::new();
        let mut done: Vec<_> =
            requests.into_iter().map(|request| self.place(&mut batch, &mut ids, request)).collect();
        if batch.sealed.is_empty() {
            return done;
        }
        if let Err(error) = self.commit(batch) {
            let error = Arc::new(error);
            for placed in done.iter_mut().filter(|placed| placed.is_ok()) {
                *placed = Err(LedgerError::Group(error.clone()));
            }
        }
        done
    }

    /// Seals a caller's drafts behind those of the others, or refuses all of them.
    fn place(
        &mut self,
        batch: &mut Batch,
        ids: &mut Ids,
        request: Vec<Prepared>,
    ) -> Result<Vec<Appended>, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped);
        }
        if request.len() > BATCH_MAX || !batch.has_room(&request) {
            let text = format!("{} drafts in one batch, the limit is {BATCH_MAX}", request.len());
            return Err(LedgerError::Draft(text));
        }
        // First all judgements, then all seals: a refusal leaves nothing behind.
        let own = batch.sealed.len();
        let mut known = Vec::with_capacity(request.len());
        let mut new: HashMap<(&Id, &str), usize> = HashMap::new();
        for (at, prepared) in request.iter().enumerate() {
            let draft = &prepared.draft;
            let twin = draft.id.as_deref().and_then(|id| {
                let before = ids.get(&draft.stream).and_then(|ids| ids.get(id)).copied();
                let before = before.map(Twin::Before);
                before.or_else(|| Some(Twin::Own(*new.get(&(&draft.stream, id))?)))
            });
            let earlier = match twin {
                Some(twin) => Some(self.twin(batch, &request, prepared, twin)?),
                None => self.recorded(draft, prepared.statement())?.map(Placed::Recorded),
            };
            if let (None, Some(id)) = (&earlier, &draft.id) {
                new.insert((&draft.stream, id), at);
            }
            known.push(earlier.unwrap_or(Placed::New));
        }
        drop(new);
        let fresh: Vec<&Prepared> = request
            .iter()
            .zip(&known)
            .filter(|(_, known)| matches!(known, Placed::New))
            .map(|(p, _)| p)
            .collect();
        let keyring = keys::admit(batch.keyring.as_ref().unwrap_or(&self.keyring), &batch.edge, &fresh)?;
        if keyring.as_ref().is_some_and(|keyring| keyring.log_keys() != self.keyring.log_keys()) {
            return Err(LedgerError::Draft("the log key is rotated by itself, not in a batch".into()));
        }
        batch.keyring = keyring.or(batch.keyring.take());
        let mut placed: Vec<Appended> = Vec::with_capacity(request.len());
        for (prepared, known) in request.into_iter().zip(known) {
            placed.push(match known {
                Placed::Recorded(appended) => appended,
                Placed::Own(at) => Appended { again: true, ..placed[at] },
                Placed::New => {
                    let (stream, id) = (prepared.draft.stream.clone(), prepared.draft.id.clone());
                    let head = batch.head(&stream).or_else(|| self.head(&stream).map(|h| (h.n, h.leaf)));
                    let (index, leaf) = batch.seal(prepared, head);
                    id.map(|id| ids.entry(stream).or_default().insert(id, batch.sealed.len() - 1));
                    Appended { index, leaf, again: false }
                }
            });
        }
        debug_assert!(batch.sealed.len() >= own);
        Ok(placed)
    }

    /// An id that this group holds already: the same content, or refused.
    fn twin(
        &self,
        batch: &Batch,
        request: &[Prepared],
        prepared: &Prepared,
        twin: Twin,
    ) -> Result<Placed, LedgerError> {
        let draft = &prepared.draft;
        let (kind, same, index, placed) = match twin {
            Twin::Own(at) => {
                let first = &request[at];
                let same = self.says_the_same(draft, first.statement(), prepared.statement());
                (first.draft.kind.clone(), same, batch.edge.frontier.size(), Placed::Own(at))
            }
            Twin::Before(at) => {
                let (sealed, filed) = (&batch.sealed[at], &batch.filed[at]);
                let entry = Entry::from_bytes(&sealed.entry)?;
                let first =
                    Payload::from_bytes(&sealed.payload).map_err(|e| LedgerError::Draft(e.to_string()))?;
                let appended = Appended { index: filed.index, leaf: filed.leaf, again: true };
                let same = self.says_the_same(draft, &first.statement, prepared.statement());
                (entry.kind, same, filed.index, Placed::Recorded(appended))
            }
        };
        let id = draft.id.clone().unwrap_or_default();
        if same && kind == draft.kind { Ok(placed) } else { Err(LedgerError::OtherContent { id, index }) }
    }

    fn commit(&mut self, batch: Batch) -> Result<(), LedgerError> {
        let mut record = std::mem::take(&mut self.record);
        let settings = self.reader.settings();
        let (checkpoint, note) = sign_batch(settings, &[&self.log_key], &batch, &mut record)?;
        // From here on the file may hold the record: on any failure this writer says nothing more. So too when what follows
        // fails: the next entry would be sealed behind stream heads that do not know this one.
        self.stopped = true;
        self.journal.append(&record)?;
        self.record = record;
        self.finish(batch, checkpoint, note)?;
        self.stopped = false;
        Ok(())
    }

    /// What follows once a batch is durable: released, filed, and moved into bundles when there is enough.
    fn finish(&mut self, batch: Batch, checkpoint: Checkpoint, note: Vec<u8>) -> Result<(), LedgerError> {
        assert_eq!(
            checkpoint.size,
            self.size() + batch.sealed.len() as u64,
            "a checkpoint follows the one before"
        );
        self.edge = batch.edge;
        if let Some(keyring) = batch.keyring {
            self.keyring = keyring;
        }
        self.tail_size += batch.size;
        self.reader.advance(batch.sealed, checkpoint, note);
        self.release()?;
        if self.index.file(batch.filed).is_err() {
            self.rebuild_index()?;
        }
        if self.tail_size > self.surroundings.tail_size_max {
            self.settle(true)?;
        }
        Ok(())
    }

    /// Publishes the checkpoint and remembers it as released.
    fn release(&mut self) -> Result<(), LedgerError> {
        let storage = &*self.surroundings.storage;
        self.checkpoint.write(storage, self.reader.note())?;
        Ok(self.head.write(storage, self.reader.note())?)
    }

    /// Waits for bundles on their way. Where they did not arrive, the journal still holds them, and must not move on.
    fn settled(&mut self) -> Result<(), LedgerError> {
        self.settler.wait().map_err(|error| {
            self.stopped = true;
            error.into()
        })
    }

    /// Moves full bundles out of the journal into their files, in the background, and keeps the old segment as a `spare` if
    /// more is to come.
    fn settle(&mut self, spare: bool) -> Result<(), LedgerError> {
        let count = self.reader.tail().1.len() / TILE_WIDTH as usize * TILE_WIDTH as usize;
        if count == 0 {
            return Ok(());
        }
        self.settled()?;
        let (start, tail) = self.reader.tail();
        let (next, rest) = (start + count as u64, &tail[count..]);
        let (storage, folder) = (&*self.surroundings.storage, self.reader.folder());
        let (frontier, note) = (&self.edge.frontier, self.reader.note());
        let mut used = self.settler.take_spare();
        if let Some(unused) = used.take_if(|_| !spare) {
            storage.remove_if_any(&unused)?;
        }
        let journal = Journal::start(storage, folder, used.as_deref(), next, rest, frontier, note);
        let journal = journal.inspect_err(|_| self.stopped = true)?;
        self.settler.begin(start, self.reader.drain(count), journal.path().to_owned(), spare);
        self.journal = journal;
        self.tail_size = self.reader.tail().1.iter().map(|s| s.entry.len() + s.payload.len()).sum();
        Ok(())
    }

    /// Writes the open segment anew when it has more room than a ledger at rest needs.
    fn shrink(&mut self) -> Result<(), LedgerError> {
        if self.journal.room() > AHEAD_MAX as u64 {
            let storage = &*self.surroundings.storage;
            let ((start, tail), note) = (self.reader.tail(), self.reader.note());
            let bytes = encode_record(start, tail, &self.edge.frontier, note);
            let path = self.journal.path().to_owned();
            let replaced = replace_and_wipe(storage, &path, &bytes);
            let journal = replaced.and_then(|()| Journal::resume(storage, path, bytes.len()));
            self.journal = journal.inspect_err(|_| self.stopped = true)?;
        }
        Ok(())
    }

    /// Finishes what follows behind: full bundles, index. Dropping a ledger without it loses nothing.
    pub fn close(mut self) -> Result<(), LedgerError> {
        if !self.stopped {
            self.settle(false)?;
            self.shrink()?;
        }
        self.settled()?;
        // The index is derived: a fault here is found and mended on the next open.
        let _ = self.index.flush();
        Ok(())
    }

    /// Throws the index away and builds it anew from the log.
    pub fn rebuild_index(&mut self) -> Result<(), LedgerError> {
        self.settled()?;
        self.index.remove(&*self.surroundings.tables, self.reader.folder())?;
        self.index = open_index(&*self.surroundings.tables, &self.reader, self.surroundings.filing)?;
        Ok(())
    }

    /// The entries that a replay of a stream needs as of now, in order: those the index files under its facets whose
    /// key begins with `prefix`.
    pub fn latest(&mut self, stream: &Id, prefix: &[u8]) -> Result<Vec<u64>, LedgerError> {
        let found = self.latest_where(stream, &|key| key.starts_with(prefix))?;
        let mut found: Vec<u64> = found.into_iter().map(|(_, index)| index).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// The facets of a stream under wanted keys, each with the entry that the index files there, by key: one pass,
    /// whatever their number.
    pub fn latest_where(
        &mut self,
        stream: &Id,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<(Facet, u64)>, LedgerError> {
        self.settled()?;
        match self.index.write().and_then(|()| self.index.facets_where(stream, wanted)) {
            Ok(found) => Ok(found),
            Err(_) => {
                self.rebuild_index()?;
                Ok(self.index.facets_where(stream, wanted)?)
            }
        }
    }

    /// The streams with their number of entries, sorted.
    pub fn streams(&self) -> Vec<(Id, u64)> {
        self.index.streams().map(|(id, head)| (id.clone(), head.n)).collect()
    }

    /// Name under which the log key signs.
    pub fn log_name(&self) -> &KeyName {
        &self.log_name
    }

    /// The verifier of the log key in force.
    pub fn log_verifier(&self) -> &Verifier {
        self.keyring.log_keys().latest()
    }
}

/// Places in a group by stream and idempotency id.
type Ids = HashMap<Id, HashMap<String, usize>>;

/// A draft whose id was seen before in the same group.
enum Twin {
    /// Sealed already, at this place of the batch.
    Before(usize),
    /// Of the same caller, at this place of its drafts.
    Own(usize),
}

/// What becomes of a draft.
enum Placed {
    /// It gets an entry.
    New,
    /// It has one.
    Recorded(Appended),
    /// It shares that of an earlier draft of the same caller.
    Own(usize),
}

/// Signs the checkpoint behind a batch and encodes the record that makes both durable.
fn sign_batch(
    settings: &Settings,
    keys: &[&SigningKey],
    batch: &Batch,
    record: &mut Vec<u8>,
) -> Result<(Checkpoint, Vec<u8>), LedgerError> {
    if batch.size > RECORD_SIZE_MAX {
        let text = format!("{} bytes in one batch, the limit is {RECORD_SIZE_MAX}", batch.size);
        return Err(LedgerError::Draft(text));
    }
    let (checkpoint, note) = sign(settings, keys, &batch.edge.frontier);
    let first = checkpoint.size - batch.sealed.len() as u64;
    journal::encode_into(record, first, &batch.sealed, &batch.edge.frontier, &note);
    Ok((checkpoint, note))
}

fn sign(settings: &Settings, keys: &[&SigningKey], frontier: &Frontier) -> (Checkpoint, Vec<u8>) {
    let checkpoint =
        Checkpoint { origin: settings.origin.clone(), size: frontier.size(), root: frontier.root() };
    let note = checkpoint.sign_by_all(settings.log_keys.first().name(), keys);
    (checkpoint, note)
}
