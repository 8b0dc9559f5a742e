//! The index: stream heads, idempotency ids, stream position -> index, facets. Rebuildable; never the only copy.
//!
//! It is kept in a [`Table`], which may lose or alter single keys, so nothing in it is believed on its own word:
//! - one batch carries all changes of some appends and the covered size with the last leaf hash; any mismatch with the
//!   log means rebuild, and what was not written before a stop is filed again from the log;
//! - the stream heads are one value under a digest, and their lengths must add up to the covered size;
//! - positions carry a sum, facets a count and a sum per stream, compared when a stream is read;
//! - ids stand in leaves that name one another and carry a sum; that none is missing among them is seen by fsck.

mod ids;
mod rows;

use crate::background::Background;
use crate::codec;
use crate::digest::Digest;
use crate::files::FileError;
use crate::fsck::Sums;
use crate::id::Id;
use crate::record::Facet;
use crate::table::{Each, Row, Rows, Table, TableError, Tables};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Layout version; another one means rebuild.
const VERSION: u8 = 5;
const HEADS: &[u8] = b"h";
/// Entries kept in memory before they are written: every batch costs sled a write to the disk.
const PENDING_MAX: usize = 1024;

/// The last entry of a stream, and what guards its positions, facets and ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Number of entries in the stream.
    pub n: u64,
    /// Leaf hash of the last.
    pub leaf: Digest,
    /// Index of the last.
    pub index: u64,
    position_sum: u64,
    facets: u64,
    facet_sum: u64,
    ids: u64,
}

/// What an index covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Covered {
    version: u8,
    size: u64,
    leaf: Digest,
    streams: BTreeMap<Id, Head>,
}

/// Why the index cannot be used.
pub type IndexError = TableError;

/// What the index is told of one appended entry.
#[derive(Debug, Clone)]
pub struct Filed {
    /// Its stream.
    pub stream: Id,
    /// Its position in the stream.
    pub n: u64,
    /// Its index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// Its idempotency id.
    pub id: Option<String>,
    /// Its facet.
    pub facet: Option<Facet>,
}

/// The index of a ledger.
pub struct Index {
    table: Arc<dyn Table>,
    /// Including what is pending, but for the facets.
    covered: Covered,
    pending: Vec<Filed>,
    pending_ids: Ids,
    /// A batch being written behind the writer's back, and the ids in it.
    writing: Option<(Writing, Arc<Ids>)>,
    /// Thrown away: it knows nothing any more.
    closed: bool,
}

/// A table that is not there: stands in while an index is thrown away.
#[derive(Debug)]
struct Closed;

impl Table for Closed {
    fn value(&self, _: &[u8]) -> Result<Option<Vec<u8>>, TableError> {
        Err(TableError("closed".into()))
    }
    fn at_or_before(&self, _: &[u8]) -> Result<Option<Row>, TableError> {
        Err(TableError("closed".into()))
    }
    fn scan(&self, _: &[u8], _: Each<'_>) -> Result<(), TableError> {
        Err(TableError("closed".into()))
    }
    fn write(&self, _: Rows) -> Result<(), TableError> {
        Err(TableError("closed".into()))
    }
    fn flush(&self) -> Result<(), TableError> {
        Err(TableError("closed".into()))
    }
}

/// Entries by stream and id, as one key.
type Ids = BTreeMap<Vec<u8>, u64>;
/// A batch on its way to the disk; gives what the index covers then.
type Writing = Background<Result<Covered, IndexError>>;

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("size", &self.covered.size).finish_non_exhaustive()
    }
}

/// What a reader may learn from the index without a lock on the ledger.
#[derive(Debug)]
pub struct Lookup(Index);

impl Lookup {
    /// The index of the ledger in `folder`, if it is there, free, and covers exactly the log up to `size` and `leaf`.
    pub fn open(tables: &dyn Tables, folder: &Path, size: u64, leaf: Digest) -> Option<Self> {
        if !tables.exists(&folder_of(folder)) {
            return None;
        }
        let index = Index::open(tables, folder).ok()?;
        (index.covered() == (size, leaf)).then_some(Self(index))
    }

    /// As [`Index::facets`], in order of the log.
    pub fn latest(&self, stream: &Id) -> Option<Vec<u64>> {
        let mut found = self.0.facets(stream, b"").ok()?;
        found.sort_unstable();
        Some(found)
    }

    /// As [`Index::positions`].
    pub fn positions(&self, stream: &Id) -> Option<Vec<u64>> {
        self.0.positions(stream, 0).ok()
    }

    /// The streams with their number of entries, sorted.
    pub fn streams(&self) -> Vec<(Id, u64)> {
        self.0.streams().map(|(id, head)| (id.clone(), head.n)).collect()
    }
}

impl Index {
    /// Opens the index of a ledger's folder; an empty one when there is none.
    pub fn open(tables: &dyn Tables, ledger: &Path) -> Result<Self, IndexError> {
        Self::over(tables.open(&folder_of(ledger))?)
    }

    /// Opens a copy of the index of a ledger's folder, in which nothing is written.
    pub fn open_copy(tables: &dyn Tables, ledger: &Path) -> Result<Self, IndexError> {
        Self::over(tables.open_copy(&folder_of(ledger))?)
    }

    fn over(table: Arc<dyn Table>) -> Result<Self, IndexError> {
        let covered = match table.value(HEADS)? {
            None if table.at_or_before(&[u8::MAX])?.is_some() => {
                return Err(TableError("the stream heads are lost".into()));
            }
            None => Covered { version: VERSION, size: 0, leaf: Digest::ZERO, streams: BTreeMap::new() },
            Some(value) => read_covered(&value)?,
        };
        Ok(Self {
            table,
            covered,
            pending: Vec::new(),
            pending_ids: Ids::new(),
            writing: None,
            closed: false,
        })
    }

    /// Closes this index and throws it away, so that the next open begins anew.
    pub fn remove(&mut self, tables: &dyn Tables, ledger: &Path) -> Result<(), FileError> {
        // A batch on its way to a table that goes away is of no use; its failure neither.
        let _ = self.end_write();
        self.table = Arc::new(Closed);
        self.closed = true;
        Self::remove_any(tables, ledger)
    }

    /// Throws the index of a ledger away, whose every handle is gone.
    pub fn remove_any(tables: &dyn Tables, ledger: &Path) -> Result<(), FileError> {
        let folder = folder_of(ledger);
        tables.remove(&folder).map_err(FileError::at(&folder))
    }

    /// Whether a ledger's folder has an index.
    pub fn exists(tables: &dyn Tables, ledger: &Path) -> bool {
        tables.exists(&folder_of(ledger))
    }

    /// Everything it holds, summed up by stream; rows that are no rows of an index are an error.
    pub(crate) fn sums(&self) -> Result<BTreeMap<Id, Sums>, IndexError> {
        let mut sums: BTreeMap<Id, Sums> = BTreeMap::new();
        let mut last: Option<(Id, Sums)> = None;
        self.table.scan(&[], &mut |key, value| {
            if key == HEADS {
                return Ok(());
            }
            let strange = || TableError("a row that does not belong".into());
            let (kind, rest) = key.split_first().ok_or_else(strange)?;
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(strange)?;
            if last.as_ref().is_none_or(|(stream, _)| *stream.as_str().as_bytes() != rest[..end]) {
                let name = std::str::from_utf8(&rest[..end]).map_err(|_| strange())?;
                let stream: Id = name.parse().map_err(|_| strange())?;
                if let Some((before, held)) = last.take() {
                    sums.insert(before, held);
                }
                let held = sums.remove(&stream).unwrap_or_default();
                last = Some((stream, held));
            }
            let Some((_, sums)) = &mut last else { return Err(strange()) };
            let rest = &rest[end + 1..];
            match kind {
                b'p' if rest.len() == 8 => {
                    let run: [u8; 16] = read_array(Some(value))?.unwrap_or_default();
                    let count = read_u64(&run[8..]);
                    if count > self.covered.size.min(1 << 32) {
                        return Err(strange());
                    }
                    sums.add_run(read_u64(rest), read_u64(&run[..8]), count);
                }
                b'i' => ids::Leaf::read(key, value)?.iter().for_each(|(id, index)| sums.add_id(id, index)),
                b'f' => sums.add_facet(rest.to_vec(), read_array(Some(value))?.unwrap_or_default()),
                _ => return Err(strange()),
            }
            Ok(())
        })?;
        sums.extend(last);
        Ok(sums)
    }

    /// Number of entries covered, and the leaf hash of the last.
    pub fn covered(&self) -> (u64, Digest) {
        (self.covered.size, self.covered.leaf)
    }

    /// The head of a stream.
    pub fn head(&self, stream: &Id) -> Option<Head> {
        self.covered.streams.get(stream).copied()
    }

    /// The streams, sorted.
    pub fn streams(&self) -> impl Iterator<Item = (&Id, &Head)> {
        self.covered.streams.iter()
    }

    /// Files appended entries, in order. They are written together with later ones, and seen at once.
    pub fn file(&mut self, entries: Vec<Filed>) -> Result<(), IndexError> {
        for entry in &entries {
            let empty =
                Head { n: 0, leaf: Digest::ZERO, index: 0, position_sum: 0, facets: 0, facet_sum: 0, ids: 0 };
            let head = self.covered.streams.entry(entry.stream.clone()).or_insert(empty);
            if entry.index != self.covered.size || entry.n != head.n {
                return Err(TableError(format!("entry {} does not follow", entry.index)));
            }
            (head.n, head.leaf, head.index) = (entry.n + 1, entry.leaf, entry.index);
            (self.covered.size, self.covered.leaf) = (entry.index + 1, entry.leaf);
            if let Some(id) = &entry.id {
                self.pending_ids.insert(id_key(&entry.stream, id), entry.index);
            }
        }
        self.pending.extend(entries);
        if self.pending.len() < PENDING_MAX { Ok(()) } else { self.begin_write() }
    }

    /// Writes what is pending. [`Index::positions`] and [`Index::facets`] need it.
    pub fn write(&mut self) -> Result<(), IndexError> {
        self.begin_write()?;
        self.end_write()
    }

    /// Begins to write what is pending, in one batch, when the one before is written.
    fn begin_write(&mut self) -> Result<(), IndexError> {
        self.end_write()?;
        if self.pending.is_empty() {
            return Ok(());
        }
        let entries = std::mem::take(&mut self.pending);
        let ids = Arc::new(std::mem::take(&mut self.pending_ids));
        let (table, covered, written) = (self.table.clone(), self.covered.clone(), ids.clone());
        let run = Background::begin(move || rows::write(&*table, covered, &entries, &written));
        self.writing = Some((run, ids));
        Ok(())
    }

    /// Waits for the batch being written; takes over its sums.
    fn end_write(&mut self) -> Result<(), IndexError> {
        let Some((run, _)) = self.writing.take() else { return Ok(()) };
        let written = run.wait().unwrap_or_else(|| Err(TableError("writing panicked".into())))?;
        for (stream, written) in written.streams {
            if let Some(head) = self.covered.streams.get_mut(&stream) {
                (head.position_sum, head.facets, head.facet_sum, head.ids) =
                    (written.position_sum, written.facets, written.facet_sum, written.ids);
            }
        }
        Ok(())
    }

    /// The index of the entry that first carried an idempotency id in a stream.
    pub fn by_id(&self, stream: &Id, id: &str) -> Result<Option<u64>, IndexError> {
        let key = id_key(stream, id);
        let writing = self.writing.as_ref().and_then(|(_, ids)| ids.get(&key));
        if let Some(index) = self.pending_ids.get(&key).or(writing) {
            return Ok(Some(*index));
        }
        match self.head(stream).map_or(0, |head| head.ids) {
            0 if !self.closed => Ok(None),
            _ => ids::find(&*self.table, &stream_key(b'i', stream, &[]), &key),
        }
    }

    /// The indexes of a stream's entries from position `from` on, in order. All of them, or an error.
    pub fn positions(&self, stream: &Id, from: u64) -> Result<Vec<u64>, IndexError> {
        self.refuse_pending()?;
        let Some(head) = self.head(stream) else { return Ok(Vec::new()) };
        let prefix = stream_key(b'p', stream, &[]);
        let mut found = Vec::with_capacity((head.n - from.min(head.n)) as usize);
        let (mut expected, mut sum) = (0, 0u64);
        self.table.scan(&prefix, &mut |key, value| {
            let start = read_array(key.get(prefix.len()..))?.map(u64::from_be_bytes);
            let run: [u8; 16] = read_array(Some(value))?.unwrap_or_default();
            let (index, count) = (read_u64(&run[..8]), read_u64(&run[8..]));
            if start != Some(expected) || count == 0 || count > head.n - expected {
                return Err(TableError("a run of positions is missing or wrong".into()));
            }
            found.extend((0..count).filter(|i| expected + i >= from).map(|i| index.wrapping_add(i)));
            (expected, sum) = (expected + count, sum.wrapping_add(mark(key, value)));
            Ok(())
        })?;
        let whole = expected == head.n && sum == head.position_sum;
        if whole { Ok(found) } else { Err(TableError("positions are missing or altered".into())) }
    }

    /// The entry of the highest rank under each facet key of a stream that begins with `prefix`, by key. All of them, or
    /// an error.
    pub fn facets(&self, stream: &Id, prefix: &[u8]) -> Result<Vec<u64>, IndexError> {
        let found = self.facets_where(stream, &|key| key.starts_with(prefix))?;
        Ok(found.into_iter().map(|(_, index)| index).collect())
    }

    /// The facets of a stream under wanted keys, each with the entry of the highest rank, by key. All of them, or an error.
    pub fn facets_where(
        &self,
        stream: &Id,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<(Facet, u64)>, IndexError> {
        self.refuse_pending()?;
        let Some(head) = self.head(stream) else { return Ok(Vec::new()) };
        let (mut found, mut count, mut sum) = (Vec::new(), 0u64, 0u64);
        let begin = stream_key(b'f', stream, &[]);
        self.table.scan(&begin, &mut |key, value| {
            let value: [u8; 16] = read_array(Some(value))?.unwrap_or_default();
            (count, sum) = (count + 1, sum.wrapping_add(mark(key, &value)));
            let key = key.get(begin.len()..).unwrap_or_default();
            if wanted(key) {
                let facet = Facet { key: key.to_vec(), rank: read_u64(&value[..8]) };
                found.push((facet, read_u64(&value[8..])));
            }
            Ok(())
        })?;
        let whole = count == head.facets && sum == head.facet_sum;
        if whole { Ok(found) } else { Err(TableError("facets are missing or altered".into())) }
    }

    /// Runs over the table see only what was written.
    fn refuse_pending(&self) -> Result<(), IndexError> {
        let written = self.pending.is_empty() && self.writing.is_none();
        if written { Ok(()) } else { Err(TableError("entries are pending".into())) }
    }

    /// Pushes what has been filed towards the disk. Not a promise: the index is derived.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        self.write()?;
        self.table.flush()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // The index is derived: what is lost here is found missing on the next open.
        let _ = self.end_write();
    }
}

/// Where the table of a ledger is kept.
fn folder_of(ledger: &Path) -> PathBuf {
    ledger.join("index")
}

fn read_u64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn read_array<const N: usize>(value: Option<&[u8]>) -> Result<Option<[u8; N]>, IndexError> {
    value
        .map(|value| value.try_into().map_err(|_| TableError("a value has the wrong length".into())))
        .transpose()
}

fn mark(key: &[u8], value: &[u8]) -> u64 {
    read_u64(&Digest::of_parts(&[key, value]).as_bytes()[..8])
}

/// Ids that follow one another stand beside one another: a batch touches few leaves.
fn id_key(stream: &Id, id: &str) -> Vec<u8> {
    stream_key(b'i', stream, id.as_bytes())
}

fn stream_key(kind: u8, stream: &Id, rest: &[u8]) -> Vec<u8> {
    [&[kind], stream.as_str().as_bytes(), b"\0", rest].concat()
}

fn write_covered(covered: &Covered) -> Vec<u8> {
    let bytes = codec::encode(covered);
    [Digest::of(&bytes).as_bytes().as_slice(), &bytes].concat()
}

fn read_covered(value: &[u8]) -> Result<Covered, IndexError> {
    let damaged = || TableError("the stream heads are damaged".into());
    let (digest, bytes) = value.split_first_chunk::<32>().ok_or_else(damaged)?;
    if Digest::of(bytes).as_bytes() != digest {
        return Err(damaged());
    }
    let covered: Covered = codec::decode_trusted(bytes).map_err(|_| damaged())?;
    let total: u64 = covered.streams.values().map(|head| head.n).sum();
    let sound = covered.version == VERSION && total == covered.size;
    if sound { Ok(covered) } else { Err(damaged()) }
}
