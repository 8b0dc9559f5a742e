//! Drafts that have been admitted and wait to be appended, packed one behind another: in memory while few, else in an
//! unnamed file, so that memory does not grow with the batch.
//!
//! ```text
//! u32 length of what follows, u8 marks, u64 rank of the facet
//! six times u32 length, bytes: stream, kind, submitter, facet key, idempotency id, statement
//! signed: u32 length, id of the key, 64 bytes signature
//! ```
//!
//! Big-endian. Nobody else reads it: the file is gone with the process.

use crate::failure::Failure;
use affiant_ledger::id::Id;
use affiant_ledger::payload::StatementSignature;
use affiant_ledger::record::{Draft, Facet};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes kept in memory.
const MEMORY_MAX: usize = 4 << 20;
/// Bytes of packed drafts from which a batch is full, however few they are.
const BATCH_SIZE: usize = 4 << 20;
/// Bytes read ahead of need.
const READ_SIZE: usize = 1 << 18;

/// The draft has a facet.
const FACET: u8 = 1;
/// The draft has an idempotency id.
const ID: u8 = 2;
/// The draft is signed.
const SIGNED: u8 = 4;
/// The draft was refused after all and is passed over.
const STRUCK: u8 = 8;

/// A queue of packed drafts.
pub(super) struct Spool {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<File>,
    size: u64,
    count: u64,
}

impl Spool {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), memory: Vec::new(), file: None, size: 0, count: 0 }
    }

    /// The folder whose disk it may use.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of drafts that wait.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Where the next draft will stand.
    pub(super) fn end(&self) -> u64 {
        self.size
    }

    /// Takes `count` packed drafts.
    pub(super) fn push(&mut self, packed: &[u8], count: u64) -> io::Result<()> {
        let end = self.size;
        self.count += count;
        self.size += packed.len() as u64;
        if let Some(file) = &mut self.file {
            // A draft may have been read or struck in between.
            file.seek(SeekFrom::Start(end))?;
            return file.write_all(packed);
        }
        self.memory.extend_from_slice(packed);
        if self.memory.len() > MEMORY_MAX {
            let mut file = tempfile::tempfile_in(&self.folder)?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        Ok(())
    }

    /// Reads the draft that stands at `at`.
    pub(super) fn read(&mut self, at: u64) -> io::Result<Draft> {
        let read = match &mut self.file {
            Some(file) => {
                file.seek(SeekFrom::Start(at))?;
                next(file, &mut Vec::new())?
            }
            None => next(&mut self.memory.get(at as usize..).unwrap_or_default(), &mut Vec::new())?,
        };
        read.ok_or_else(damaged)
    }

    /// Strikes the draft that stands at `at`: it is passed over.
    pub(super) fn strike(&mut self, at: u64) -> io::Result<()> {
        let marks = at + 4;
        match &mut self.file {
            Some(file) => {
                file.seek(SeekFrom::Start(marks))?;
                file.write_all(&[STRUCK])?;
            }
            None => *self.memory.get_mut(marks as usize).ok_or_else(damaged)? = STRUCK,
        }
        self.count -= 1;
        Ok(())
    }

    /// Gives the drafts back in order, at most `most` at a time and fewer large ones, read on another thread while earlier
    /// ones are being made durable.
    pub(super) fn drain(self, most: usize) -> io::Result<Receiver<Result<Vec<Draft>, Failure>>> {
        let mut from: Box<dyn Read + Send> = match self.file {
            None => Box::new(Cursor::new(self.memory)),
            Some(mut file) => {
                file.rewind()?;
                Box::new(BufReader::with_capacity(READ_SIZE, file))
            }
        };
        let (sender, receiver) = sync_channel(1);
        let mut left = self.count;
        std::thread::Builder::new().spawn(move || {
            let mut buffer = Vec::new();
            while left > 0 {
                let mut size = 0;
                let one = std::iter::from_fn(|| {
                    let room = size < BATCH_SIZE && left > 0;
                    room.then(|| {
                        let draft = kept(&mut from, &mut buffer);
                        (size, left) = (size + buffer.len(), left - 1);
                        draft
                    })
                });
                let batch = one.take(most).collect::<io::Result<Vec<_>>>();
                let failed = batch.is_err();
                // A receiver that has gone away wants no more.
                if sender.send(batch.map_err(Failure::io)).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(receiver)
    }
}

/// Packs a draft behind others.
pub(super) fn pack(draft: &Draft, out: &mut Vec<u8>) {
    let start = out.len();
    let (key, rank) = draft.facet.as_ref().map_or((&[][..], 0), |facet| (&facet.key[..], facet.rank));
    let mark = |set: bool, mark: u8| if set { mark } else { 0 };
    let marks = mark(draft.facet.is_some(), FACET)
        | mark(draft.id.is_some(), ID)
        | mark(draft.signature.is_some(), SIGNED);
    out.extend_from_slice(&[0; 4]);
    out.push(marks);
    out.extend_from_slice(&rank.to_be_bytes());
    let id = draft.id.as_deref().unwrap_or_default();
    let (stream, kind) = (draft.stream.as_str(), draft.kind.as_str());
    for part in
        [stream.as_bytes(), kind.as_bytes(), draft.by.as_bytes(), key, id.as_bytes(), &draft.statement]
    {
        pack_part(part, out);
    }
    if let Some(signature) = &draft.signature {
        pack_part(signature.key.as_str().as_bytes(), out);
        out.extend_from_slice(&signature.sig);
    }
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn pack_part(part: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(part.len() as u32).to_be_bytes());
    out.extend_from_slice(part);
}

/// The next draft that was not struck.
fn kept(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Draft> {
    loop {
        if let Some(draft) = next(from, buffer)? {
            return Ok(draft);
        }
    }
}

/// The next draft; `None` when it was struck.
fn next(from: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Option<Draft>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    buffer.resize(u32::from_be_bytes(length) as usize, 0);
    from.read_exact(buffer)?;
    if buffer.first() == Some(&STRUCK) {
        return Ok(None);
    }
    unpack(buffer).ok_or_else(damaged).map(Some)
}

fn damaged() -> io::Error {
    io::Error::other("the drafts put aside do not read back as they were written")
}

fn unpack(packed: &[u8]) -> Option<Draft> {
    let mut rest = Rest(packed);
    let [marks] = rest.array()?;
    let rank = u64::from_be_bytes(rest.array()?);
    let (stream, kind, by) = (rest.text()?.parse().ok()?, rest.text()?.parse().ok()?, rest.text()?);
    let (key, id, statement) = (rest.part()?, rest.text()?, rest.part()?);
    let signature = match marks & SIGNED {
        0 => None,
        _ => Some(StatementSignature { key: rest.text()?.parse::<Id>().ok()?, sig: rest.array()? }),
    };
    let draft = Draft {
        stream,
        kind,
        by: by.to_owned(),
        statement: statement.to_vec(),
        signature,
        id: (marks & ID != 0).then(|| id.to_owned()),
        facet: (marks & FACET != 0).then(|| Facet { key: key.to_vec(), rank }),
    };
    rest.0.is_empty().then_some(draft)
}

/// What is not yet read of a packed draft.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.part()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(number: u32) -> Draft {
        let signature = StatementSignature { key: "ci".parse().unwrap(), sig: [7; 64] };
        Draft {
            stream: "credit-scoring".parse().unwrap(),
            kind: "result".parse().unwrap(),
            by: "local".into(),
            statement: vec![number as u8; number as usize],
            signature: number.is_multiple_of(3).then_some(signature),
            id: number.is_multiple_of(2).then(|| format!("id-{number}")),
            facet: number.is_multiple_of(5).then(|| Facet { key: vec![1, 0, 2], rank: u64::MAX - 7 }),
        }
    }

    /// A spool of drafts, and where each stands.
    fn filled(folder: &Path, count: u32) -> (Spool, Vec<u64>) {
        let mut spool = Spool::new(folder);
        let mut places = Vec::new();
        for number in 0..count {
            let mut packed = Vec::new();
            pack(&draft(number), &mut packed);
            places.push(spool.end());
            spool.push(&packed, 1).unwrap();
        }
        (spool, places)
    }

    #[test]
    fn drafts_come_back_as_they_were_from_memory_and_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for (count, in_file) in [(50, false), (4000, true)] {
            let (mut spool, places) = filled(folder.path(), count);
            assert_eq!(spool.file.is_some(), in_file);
            assert_eq!(spool.read(places[17]).unwrap(), draft(17));
            let drained: Vec<Draft> = spool.drain(7).unwrap().into_iter().flat_map(Result::unwrap).collect();
            assert_eq!(drained, (0..count).map(draft).collect::<Vec<_>>());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_struck_draft_is_passed_over_and_others_can_follow() {
        let folder = tempfile::tempdir().unwrap();
        for count in [50, 4000] {
            let (mut spool, places) = filled(folder.path(), count);
            for number in [0, 17, 49] {
                spool.strike(places[number]).unwrap();
            }
            assert_eq!(spool.count(), u64::from(count) - 3);
            let mut packed = Vec::new();
            (count..count + 10).for_each(|number| pack(&draft(number), &mut packed));
            spool.push(&packed, 10).unwrap();
            let drained: Vec<Draft> = spool.drain(7).unwrap().into_iter().flat_map(Result::unwrap).collect();
            let kept = (0..count + 10).filter(|number| ![0, 17, 49].contains(number));
            assert_eq!(drained, kept.map(draft).collect::<Vec<_>>());
        }
    }

    #[test]
    fn large_drafts_come_back_a_few_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path());
        let large = Draft { statement: vec![7; 1 << 20], ..draft(1) };
        for _ in 0..9 {
            let mut packed = Vec::new();
            pack(&large, &mut packed);
            spool.push(&packed, 1).unwrap();
        }
        let sizes: Vec<usize> =
            spool.drain(1024).unwrap().into_iter().map(|batch| batch.unwrap().len()).collect();
        assert_eq!(sizes, [4, 4, 1]);
    }

    #[test]
    fn damage_is_noticed_and_ends_the_drain() {
        let (mut spool, places) = filled(Path::new("."), 9);
        spool.memory[places[4] as usize + 13 + 3] = 0xff; // the length of the stream's name
        let drained: Vec<_> = spool.drain(3).unwrap().into_iter().map(|batch| batch.is_ok()).collect();
        assert_eq!(drained, [true, false]);
    }
}
