//! Idempotency ids of a batch: which stand twice. Sorted runs in an unnamed file, merged at the end, so that memory does
//! not grow with the batch.

use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Marks in a run: what is kept in memory, 2 MB.
const RUN: usize = 1 << 16;
/// Marks of each run read at a time when runs are merged.
const READ: usize = 256;
/// Bytes of a mark in the file.
const SIZE: usize = 32;

/// A row with an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// Half a SHA-256 of stream and id.
    pub(super) key: [u8; 16],
    /// Where its draft waits. Drafts wait in the order of their rows.
    pub(super) at: u64,
    /// Its line.
    pub(super) line: u64,
}

impl Mark {
    /// The key of an id in a stream.
    pub(super) fn key(stream: &Id, id: &str) -> [u8; 16] {
        let digest = Digest::of_parts(&[stream.as_str().as_bytes(), b"\0", id.as_bytes()]);
        digest.0.first_chunk().copied().unwrap_or_default()
    }

    fn to_bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..16].copy_from_slice(&self.key);
        bytes[16..24].copy_from_slice(&self.at.to_be_bytes());
        bytes[24..].copy_from_slice(&self.line.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; SIZE]) -> Self {
        let number = |from: usize| bytes[from..from + 8].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        Self { key: bytes.first_chunk().copied().unwrap_or_default(), at: number(16), line: number(24) }
    }
}

/// The ids of a batch.
pub(super) struct Ids {
    folder: PathBuf,
    run: Vec<Mark>,
    /// Sorted runs of [`RUN`] marks each.
    file: Option<File>,
    runs: u64,
}

impl Ids {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), run: Vec::new(), file: None, runs: 0 }
    }

    pub(super) fn push(&mut self, mark: Mark) -> io::Result<()> {
        self.run.push(mark);
        if self.run.len() < RUN { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let bytes: Vec<u8> = self.run.drain(..).flat_map(Mark::to_bytes).collect();
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile_in(&self.folder)?);
        }
        self.runs += 1;
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(&bytes))
    }

    /// Tells of every row whose id may stand in an earlier row: that first row, then the row itself. By id, then by
    /// row.
    pub(super) fn twice<E: From<io::Error>>(
        mut self,
        mut tell: impl FnMut(Mark, Mark) -> Result<(), E>,
    ) -> Result<(), E> {
        self.run.sort_unstable();
        let mut first: Option<Mark> = None;
        let mut each = |mark: Mark| match first {
            Some(first) if first.key == mark.key => tell(first, mark),
            _ => {
                first = Some(mark);
                Ok(())
            }
        };
        let Some(mut file) = self.file else { return self.run.into_iter().try_for_each(each) };
        let run = |number: u64| Run::at(number * (RUN * SIZE) as u64);
        let mut runs: Vec<Run> = (0..self.runs).map(run).collect();
        runs.push(Run { left: 0, from: 0, buffer: self.run.into_iter() });
        // The smallest mark of each run that is not told yet.
        let mut heads = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next(&mut file)?.map(|mark| Reverse((mark, number))));
        }
        while let Some(mut smallest) = heads.peek_mut() {
            let Reverse((mark, number)) = *smallest;
            match runs[number].next(&mut file)? {
                Some(following) => smallest.0.0 = following,
                None => drop(PeekMut::pop(smallest)),
            }
            each(mark)?;
        }
        Ok(())
    }
}

/// A sorted run being read.
struct Run {
    /// Marks not yet read from the file, and where they stand.
    left: usize,
    from: u64,
    buffer: std::vec::IntoIter<Mark>,
}

impl Run {
    fn at(from: u64) -> Self {
        Self { left: RUN, from, buffer: Vec::new().into_iter() }
    }

    fn next(&mut self, file: &mut File) -> io::Result<Option<Mark>> {
        if self.buffer.len() == 0 && self.left > 0 {
            let mut bytes = vec![[0; SIZE]; self.left.min(READ)];
            file.seek(SeekFrom::Start(self.from))?;
            file.read_exact(bytes.as_flattened_mut())?;
            self.left -= bytes.len();
            self.from += (bytes.len() * SIZE) as u64;
            self.buffer = bytes.iter().map(Mark::from_bytes).collect::<Vec<_>>().into_iter();
        }
        Ok(self.buffer.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The pairs told of, by the plain way: a map of all ids.
    fn expected(marks: &[Mark]) -> Vec<(Mark, Mark)> {
        let mut by_key: BTreeMap<[u8; 16], Vec<Mark>> = BTreeMap::new();
        marks.iter().for_each(|mark| by_key.entry(mark.key).or_default().push(*mark));
        let pairs = by_key.values().flat_map(|same| same[1..].iter().map(|again| (same[0], *again)));
        pairs.collect()
    }

    #[test]
    fn every_id_that_stands_twice_is_told_of_with_its_first_row() {
        let folder = tempfile::tempdir().unwrap();
        let stream = "credit-scoring".parse().unwrap();
        for (count, in_file) in [(0, false), (5_000, false), (RUN as u64, true), (3 * RUN as u64 + 77, true)]
        {
            let mut ids = Ids::new(folder.path());
            // Every third id stands again somewhere behind, some of them many times.
            let name = |number: u64| if number.is_multiple_of(3) { number % 1_009 } else { number };
            let mark = |number: u64| Mark {
                key: Mark::key(&stream, &name(number).to_string()),
                at: number * 900,
                line: number + 1,
            };
            let marks: Vec<Mark> = (0..count).map(mark).collect();
            marks.iter().for_each(|mark| ids.push(*mark).unwrap());
            assert_eq!(ids.file.is_some(), in_file);
            let mut told = Vec::new();
            let end: io::Result<()> = ids.twice(|first, again| {
                told.push((first, again));
                Ok(())
            });
            assert!(end.is_ok());
            assert!(told == expected(&marks), "{count} ids: {} told of", told.len());
            assert_eq!(told.is_empty(), count == 0);
        }
    }

    #[test]
    fn the_same_id_in_another_stream_is_another_id() {
        let key = |stream: &str, id: &str| Mark::key(&stream.parse().unwrap(), id);
        assert_ne!(key("a", "bc"), key("ab", "c"));
        assert_eq!(key("a", "bc"), key("a", "bc"));
    }
}
