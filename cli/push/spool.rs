//! Drafts that have been admitted and wait to be appended: in memory while few, else in an unnamed file, so that memory
//! does not grow with the batch.

use crate::error::Failure;
use affiant_ledger::record::{Draft, Facet};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes kept in memory.
const MEMORY_MAX: usize = 8 << 20;

/// A queue of drafts.
pub(super) struct Spool {
    folder: PathBuf,
    memory: VecDeque<Draft>,
    size: usize,
    file: Option<BufWriter<File>>,
    count: u64,
}

impl Spool {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), memory: VecDeque::new(), size: 0, file: None, count: 0 }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn push(&mut self, draft: Draft) -> Result<(), Failure> {
        self.count += 1;
        if let Some(file) = &mut self.file {
            return write(file, &draft).map_err(Failure::io);
        }
        self.size += draft.statement.len();
        self.memory.push_back(draft);
        if self.size > MEMORY_MAX {
            let file = tempfile::tempfile_in(&self.folder).map_err(Failure::io)?;
            let mut file = BufWriter::with_capacity(1 << 18, file);
            for draft in std::mem::take(&mut self.memory) {
                write(&mut file, &draft).map_err(Failure::io)?;
            }
            self.file = Some(file);
        }
        Ok(())
    }

    /// Gives the drafts back in order, at most `most` at a time.
    pub(super) fn drain(self, most: usize) -> Result<Drained, Failure> {
        let file = match self.file {
            None => None,
            Some(file) => {
                let mut file = file.into_inner().map_err(|error| Failure::io(error.error()))?;
                file.rewind().map_err(Failure::io)?;
                Some(BufReader::with_capacity(1 << 18, file))
            }
        };
        Ok(Drained { memory: self.memory, file, left: self.count, most })
    }
}

/// Drafts coming back.
pub(super) struct Drained {
    memory: VecDeque<Draft>,
    file: Option<BufReader<File>>,
    left: u64,
    most: usize,
}

impl Drained {
    /// Reads batches on another thread while earlier ones are being made durable.
    pub(super) fn ahead(mut self) -> Receiver<Result<Vec<Draft>, Failure>> {
        let (sender, receiver) = sync_channel(1);
        std::thread::spawn(move || {
            loop {
                let batch = self.next();
                let end = batch.as_ref().map_or(true, Vec::is_empty);
                // An error is handed on; a receiver that has gone away wants no more.
                if batch.as_ref().is_ok_and(Vec::is_empty) || sender.send(batch).is_err() || end {
                    return;
                }
            }
        });
        receiver
    }

    fn next(&mut self) -> Result<Vec<Draft>, Failure> {
        let count = self.left.min(self.most as u64);
        self.left -= count;
        match &mut self.file {
            None => Ok(self.memory.drain(..count as usize).collect()),
            Some(file) => (0..count).map(|_| read(file).map_err(Failure::io)).collect(),
        }
    }
}

fn write(out: &mut impl Write, draft: &Draft) -> std::io::Result<()> {
    let (key, rank) = draft.facet.as_ref().map_or((&[][..], 0), |facet| (&facet.key[..], facet.rank));
    let id = draft.id.as_deref().unwrap_or_default();
    out.write_all(&rank.to_be_bytes())?;
    out.write_all(&[u8::from(draft.facet.is_some()), u8::from(draft.id.is_some())])?;
    for part in [
        draft.stream.as_str().as_bytes(),
        draft.kind.as_str().as_bytes(),
        draft.by.as_bytes(),
        key,
        id.as_bytes(),
        &draft.statement,
    ] {
        out.write_all(&(part.len() as u32).to_be_bytes())?;
        out.write_all(part)?;
    }
    Ok(())
}

fn read(from: &mut impl Read) -> std::io::Result<Draft> {
    let mut rank = [0; 8];
    from.read_exact(&mut rank)?;
    let mut set = [0; 2];
    from.read_exact(&mut set)?;
    let mut part = || -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
        from.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(std::io::Error::other);
    let (stream, kind, by) = (text(part()?)?, text(part()?)?, text(part()?)?);
    let (key, id, statement) = (part()?, text(part()?)?, part()?);
    Ok(Draft {
        stream: stream.parse().map_err(std::io::Error::other)?,
        kind: kind.parse().map_err(std::io::Error::other)?,
        by,
        statement,
        signature: None,
        id: (set[1] == 1).then_some(id),
        facet: (set[0] == 1).then_some(Facet { key, rank: u64::from_be_bytes(rank) }),
    })
}
