//! The journal put together: everything not yet trimmed from it, with the tree's right edge.

use crate::checkpoint::Checkpoint;
use crate::journal::{self, Sealed};
use crate::merkle::Frontier;
use crate::reader::ReadError;
use crate::settings::Settings;
use crate::storage::Storage;
use std::path::{Path, PathBuf};

/// The journal put together: everything not yet trimmed from it.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Index of the first entry held; a multiple of 256.
    pub(crate) start: u64,
    /// The entries from there on.
    pub(crate) sealed: Vec<Sealed>,
    /// The tree's right edge after them.
    pub(crate) frontier: Frontier,
    /// The signed checkpoint after them, as bytes.
    pub(crate) note: Vec<u8>,
    /// The segments, oldest first.
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "only the writer goes on from them"))]
    pub(crate) segments: Vec<PathBuf>,
    /// Where the sound records of the last segment end.
    pub(crate) end: usize,
    /// Whether something unsound follows there.
    pub(crate) torn: bool,
    /// Whether a whole record follows behind it: no torn tail. A reader beside a writer may see so too, in passing.
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "only the writer clears a tail"))]
    pub(crate) damaged: bool,
}

impl Tail {
    /// Reads the segments of a ledger and checks the last checkpoint against the right edge.
    pub(crate) fn load(
        storage: &dyn Storage,
        folder: &Path,
        settings: &Settings,
    ) -> Result<(Self, Checkpoint), ReadError> {
        let segments = journal::segments(storage, folder)?;
        let mut tail: Option<Self> = None;
        for (number, path) in segments.iter().enumerate() {
            let segment = journal::read_segment(storage, path)?;
            if segment.torn && number + 1 < segments.len() {
                return Err(ReadError::Journal(format!("{}: damaged before its end", path.display())));
            }
            if segment.records.is_empty() {
                return Err(ReadError::Journal(format!("{}: no sound record", path.display())));
            }
            let (end, torn, damaged) = (segment.end, segment.torn, segment.damaged);
            for record in segment.records {
                let held = tail.get_or_insert_with(|| Self {
                    start: record.first,
                    sealed: Vec::new(),
                    frontier: Frontier::default(),
                    note: Vec::new(),
                    segments: segments.clone(),
                    end: 0,
                    torn: false,
                    damaged: false,
                });
                held.take(record)?;
                (held.end, held.torn, held.damaged) = (end, torn, damaged);
            }
        }
        let tail = tail.ok_or_else(|| ReadError::Journal("no sound record".into()))?;
        let wrong = |source| ReadError::Checkpoint { what: "journal", source };
        let checkpoint = Checkpoint::open_with(&tail.note, &settings.log_keys).map_err(wrong)?;
        if checkpoint.size != tail.frontier.size() || checkpoint.root != tail.frontier.root() {
            return Err(ReadError::Journal(
                "the right edge of the tree does not give the signed root".into(),
            ));
        }
        Ok((tail, checkpoint))
    }

    fn take(&mut self, record: journal::JournalRecord) -> Result<(), ReadError> {
        let end = self.start + self.sealed.len() as u64;
        if record.first > end || record.first < self.start {
            return Err(ReadError::Journal(format!(
                "a record begins at {}, {end} was expected",
                record.first
            )));
        }
        let known = (end - record.first) as usize;
        let held = &self.sealed[(record.first - self.start) as usize..];
        if held.iter().zip(&record.sealed).any(|(a, b)| a.leaf != b.leaf) {
            return Err(ReadError::Journal(format!("two records differ at {}", record.first)));
        }
        self.sealed.extend(record.sealed.into_iter().skip(known));
        self.frontier = record.frontier;
        self.note = record.checkpoint;
        Ok(())
    }
}
