//! The journal: the durable tail of the log, entries and payloads not yet in a full bundle (docs/spec/journal.md).
//!
//! A segment `journal/<first index, 16 digits>.seg` is a run of records, then zero bytes written ahead of need, so that
//! an append changes no file size and one fdatasync is all it costs. A record is one append:
//!
//! ```text
//! "AJR1"  u32 body length
//! body:   u64 first index, u32 count, u8 number of peaks, peaks (32 bytes each)
//!         count times: u16 entry length, u32 payload length, entry, payload
//!         u32 checkpoint length, signed checkpoint
//! 32 bytes SHA-256("affiant journal v1" LF, first, count, peaks, leaf hashes, checkpoint)
//! ```
//!
//! All numbers big-endian. The digest names the leaf hashes, an entry names its payload's digest: so every byte is
//! checked and none is hashed twice. A payload of length 0 has been erased. The peaks are the tree's right edge after
//! the record; the signed root vouches for them.

use crate::digest::{Digest, Hasher};
use crate::entry::{ENTRY_SIZE_MAX, Entry};
use crate::files::{self, FileError};
use crate::merkle::Frontier;
use crate::payload::PAYLOAD_SIZE_MAX;
use crate::storage::{InPlace, Storage};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 4] = b"AJR1";
const DOMAIN: &[u8] = b"affiant journal v1\n";
const DIGEST_SIZE: usize = 32;
/// A larger segment is not used again: it would be overwritten whole each time.
#[cfg(feature = "sled")]
const SPARE_MAX: u64 = 64 << 20;
/// What is written ahead, piece by piece, to compare with.
const ZEROS: [u8; 4096] = [0; 4096];
/// Zero bytes written ahead of the records: room for this many like the last, within these bounds.
const AHEAD_RECORDS: usize = 64;
const AHEAD: usize = 256 << 10;
pub(crate) const AHEAD_MAX: usize = 2 << 20;
/// A larger record is worth its own change of size; zeros ahead of it would only be written twice.
const AHEAD_RECORD_MAX: usize = 128 << 10;
/// Largest segment read: what one rotation lets grow, with room for payloads of the largest size.
const SEGMENT_SIZE_MAX: u64 = 1 << 30;
/// Places behind damage at which a record is looked for: bounds the work on hostile bytes.
const SEARCHED_MAX: usize = 64;
/// Most bytes of entries and payloads in one record.
pub const RECORD_SIZE_MAX: usize = 256 << 20;

/// An entry ready to be written: its bytes, its payload's bytes and its leaf hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Canonical entry bytes.
    pub entry: Vec<u8>,
    /// Payload bytes; empty when erased.
    pub payload: Vec<u8>,
    /// Leaf hash of the entry.
    pub leaf: Digest,
}

/// One record: what one append wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRecord {
    /// Index of the first entry.
    pub first: u64,
    /// The entries, in order.
    pub sealed: Vec<Sealed>,
    /// The tree's right edge after them.
    pub frontier: Frontier,
    /// The signed checkpoint over it.
    pub checkpoint: Vec<u8>,
}

/// What a segment held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The whole records, in order.
    pub records: Vec<JournalRecord>,
    /// Where the last whole record ends, in bytes.
    pub end: usize,
    /// Whether anything but zeros follows.
    pub torn: bool,
    /// Whether a whole record follows behind the damage: then what is damaged was durable once, no torn tail.
    pub damaged: bool,
}

/// The bytes of a record.
pub fn encode_record(first: u64, sealed: &[Sealed], frontier: &Frontier, checkpoint: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(&mut out, first, sealed, frontier, checkpoint);
    out
}

/// Puts the bytes of a record in the place of what `out` holds.
pub(crate) fn encode_into(
    out: &mut Vec<u8>,
    first: u64,
    sealed: &[Sealed],
    frontier: &Frontier,
    checkpoint: &[u8],
) {
    let content: usize = sealed.iter().map(|s| s.entry.len() + s.payload.len() + 6).sum();
    out.clear();
    out.reserve(content + checkpoint.len() + 2200);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&first.to_be_bytes());
    out.extend_from_slice(&(sealed.len() as u32).to_be_bytes());
    out.push(frontier.peaks().len() as u8);
    for peak in frontier.peaks() {
        out.extend_from_slice(peak.as_bytes());
    }
    for s in sealed {
        out.extend_from_slice(&(s.entry.len() as u16).to_be_bytes());
        out.extend_from_slice(&(s.payload.len() as u32).to_be_bytes());
        out.extend_from_slice(&s.entry);
        out.extend_from_slice(&s.payload);
    }
    out.extend_from_slice(&(checkpoint.len() as u32).to_be_bytes());
    out.extend_from_slice(checkpoint);
    let length = (out.len() - 8) as u32;
    out[4..8].copy_from_slice(&length.to_be_bytes());
    out.extend_from_slice(record_digest(first, sealed, frontier, checkpoint).as_bytes());
}

fn record_digest(first: u64, sealed: &[Sealed], frontier: &Frontier, checkpoint: &[u8]) -> Digest {
    let mut hash = Hasher::default();
    hash.update(DOMAIN);
    hash.update(&first.to_be_bytes());
    hash.update(&(sealed.len() as u32).to_be_bytes());
    frontier.peaks().iter().for_each(|peak| hash.update(peak.as_bytes()));
    sealed.iter().for_each(|s| hash.update(s.leaf.as_bytes()));
    hash.update(checkpoint);
    hash.finish()
}

/// Reads the record at the start of `bytes`; `None` when no whole, sound record stands there. Gives its length too.
fn decode_record(bytes: &[u8]) -> Option<(JournalRecord, usize)> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let (magic, length) = head.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    if magic != MAGIC || length > RECORD_SIZE_MAX + (64 << 10) {
        return None;
    }
    let body = rest.get(..length)?;
    let digest = rest.get(length..length.checked_add(DIGEST_SIZE)?)?;
    let mut take = Take(body);
    let first = u64::from_be_bytes(take.array()?);
    let count = u32::from_be_bytes(take.array()?);
    let [peaks] = take.array::<1>()?;
    let peaks = (0..peaks).map(|_| take.array().map(Digest)).collect::<Option<Vec<_>>>()?;
    let frontier = Frontier::new(first.checked_add(u64::from(count))?, peaks)?;
    let mut sealed = Vec::new();
    for _ in 0..count {
        sealed.push(take.sealed()?);
    }
    let length_of_checkpoint = u32::from_be_bytes(take.array()?) as usize;
    let checkpoint = take.bytes(length_of_checkpoint)?.to_vec();
    let sound =
        take.0.is_empty() && record_digest(first, &sealed, &frontier, &checkpoint).as_bytes() == digest;
    sound.then(|| (JournalRecord { first, sealed, frontier, checkpoint }, 8 + length + DIGEST_SIZE))
}

struct Take<'a>(&'a [u8]);

impl<'a> Take<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn sealed(&mut self) -> Option<Sealed> {
        let entry = usize::from(u16::from_be_bytes(self.array()?));
        let payload = u32::from_be_bytes(self.array()?) as usize;
        if entry > ENTRY_SIZE_MAX || payload > PAYLOAD_SIZE_MAX {
            return None;
        }
        let (entry, payload) = (self.bytes(entry)?.to_vec(), self.bytes(payload)?.to_vec());
        let named = Entry::from_bytes(&entry).ok()?.payload;
        let whole = payload.is_empty() || Digest::of(&payload) == named;
        whole.then(|| Sealed { leaf: Digest::leaf(&entry), entry, payload })
    }
}

/// Reads a segment as far as it is sound.
pub fn decode_segment(bytes: &[u8]) -> Segment {
    let mut segment = Segment { records: Vec::new(), end: 0, torn: false, damaged: false };
    while let Some((record, length)) = decode_record(&bytes[segment.end..]) {
        segment.end += length;
        segment.records.push(record);
    }
    let rest = &bytes[segment.end..];
    segment.torn = rest.chunks(ZEROS.len()).any(|chunk| *chunk != ZEROS[..chunk.len()]);
    segment.damaged = segment.torn && holds_record(rest);
    segment
}

/// Whether a whole, sound record stands anywhere in `bytes`.
fn holds_record(bytes: &[u8]) -> bool {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    starts.take(SEARCHED_MAX).any(|(at, _)| decode_record(&bytes[at..]).is_some())
}

/// The segments of a ledger's folder, oldest first.
pub fn segments(storage: &dyn Storage, ledger: &Path) -> Result<Vec<PathBuf>, FileError> {
    let folder = ledger.join("journal");
    let mut names = storage.names(&folder).map_err(FileError::at(&folder))?;
    names.retain(|name| name.ends_with(".seg"));
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Reads a segment file.
pub fn read_segment(storage: &dyn Storage, path: &Path) -> Result<Segment, FileError> {
    Ok(decode_segment(&storage.read(path, SEGMENT_SIZE_MAX)?))
}

/// Where a segment of this process waits that holds nothing any more.
#[cfg(feature = "sled")]
pub(crate) fn spare_path(ledger: &Path) -> PathBuf {
    files::temporary(&ledger.join("journal").join("spare.seg"))
}

/// Takes a segment whose entries are in bundles out of the journal, durably, then overwrites it with zeros: no payload
/// stays behind in freed blocks. What is left is a spare segment, if it is `kept` and not too large.
#[cfg(feature = "sled")]
pub(crate) fn retire(
    storage: &dyn Storage,
    ledger: &Path,
    segment: &Path,
    kept: bool,
) -> Result<(), FileError> {
    let spare = spare_path(ledger);
    storage.rename(segment, &spare).map_err(FileError::at(segment))?;
    storage.sync_names(files::parent(&spare))?;
    let size = storage.wipe(&spare)?;
    if kept && size <= SPARE_MAX { Ok(()) } else { storage.remove_if_any(&spare) }
}

/// Removes the spare segment, if a writer before this one left it, wiped or not.
#[cfg(feature = "sled")]
pub(crate) fn remove_spare(storage: &dyn Storage, ledger: &Path) -> Result<(), FileError> {
    let spare = spare_path(ledger);
    if storage.is_file(&spare) {
        storage.wipe(&spare)?;
    }
    storage.remove_if_any(&spare)
}

/// The open segment that appends go to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Box<dyn InPlace>,
    end: u64,
    /// Size of the file: what lies behind `end` is zeros.
    size: u64,
}

impl Journal {
    /// Makes a new segment whose first record carries what is not yet in full bundles; durable when it returns. It is made
    /// of `spare`, a file of zeros, if there is one.
    pub fn start(
        storage: &dyn Storage,
        ledger: &Path,
        spare: Option<&Path>,
        first: u64,
        carried: &[Sealed],
        frontier: &Frontier,
        checkpoint: &[u8],
    ) -> Result<Self, FileError> {
        let path = ledger.join("journal").join(format!("{first:016}.seg"));
        let mut bytes = encode_record(first, carried, frontier, checkpoint);
        let end = bytes.len();
        // A spare is nobody's but this writer's, and yet its name says that whoever finds it may remove it.
        let found = spare.filter(|spare| storage.is_file(spare));
        let Some(spare) = found else {
            bytes.resize(end + AHEAD, 0);
            storage.write_durably(&path, &bytes)?;
            return Self::resume(storage, path, end);
        };
        let mut file = storage.open_in_place(spare).map_err(FileError::at(spare))?;
        file.write_at(0, &bytes).and_then(|()| file.sync()).map_err(FileError::at(spare))?;
        storage.rename(spare, &path).map_err(FileError::at(&path))?;
        storage.sync_names(files::parent(&path))?;
        Self::resume(storage, path, end)
    }

    /// Opens a segment whose sound records end at `end`.
    pub fn resume(storage: &dyn Storage, path: PathBuf, end: usize) -> Result<Self, FileError> {
        let file = storage.open_in_place(&path).map_err(FileError::at(&path))?;
        let size = file.size().map_err(FileError::at(&path))?;
        Ok(Self { path, file, end: end as u64, size })
    }

    /// Path of the segment.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of zeros behind the records.
    pub fn room(&self) -> u64 {
        self.size.saturating_sub(self.end)
    }

    /// Writes a record and waits until it is durable. After an error nothing more may be written: what the file holds
    /// is not known.
    pub fn append(&mut self, record: &[u8]) -> Result<(), FileError> {
        let end = self.end + record.len() as u64;
        let grows = end > self.size && record.len() < AHEAD_RECORD_MAX;
        let ahead = if grows { (record.len() * AHEAD_RECORDS).clamp(AHEAD, AHEAD_MAX) } else { 0 };
        self.write(record, ahead).map_err(FileError::at(&self.path))?;
        (self.end, self.size) = (end, self.size.max(end + ahead as u64));
        Ok(())
    }

    fn write(&mut self, record: &[u8], ahead: usize) -> std::io::Result<()> {
        self.file.write_at(self.end, record)?;
        if ahead > 0 {
            self.file.write_at(self.end + record.len() as u64, &vec![0; ahead])?;
        }
        self.file.sync()
    }

    /// Writes the sound records over themselves and waits until they are durable. A sync alone would not do: after one that
    /// failed the system may take for written what is not.
    pub fn write_again(&mut self, storage: &dyn Storage) -> Result<(), FileError> {
        let mut records = storage.read(&self.path, SEGMENT_SIZE_MAX)?;
        records.truncate(self.end as usize);
        let written = self.file.write_at(0, &records).and_then(|()| self.file.sync());
        written.map_err(FileError::at(&self.path))
    }

    /// Overwrites everything behind the sound records with zeros, durably.
    pub fn clear_torn(&mut self) -> Result<(), FileError> {
        let zeros = vec![0; self.room() as usize];
        let cleared = self.file.write_at(self.end, &zeros).and_then(|()| self.file.sync());
        cleared.map_err(FileError::at(&self.path))
    }
}
