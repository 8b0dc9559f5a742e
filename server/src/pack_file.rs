//! Where a pack goes while it is made: a file that has its name once it is whole, or whatever takes bytes.

use crate::failure::Failure;
use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::files::Unfinished;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Bytes that are written at once.
const PIECE: usize = 1 << 18;

enum Target {
    File(Unfinished),
    Other(Box<dyn Write + Send>),
}

/// A pack being written.
pub struct PackFile(BufWriter<Sink>);

struct Sink {
    target: Target,
    hasher: Hasher,
    size: u64,
}

impl PackFile {
    /// Begins a file.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        Ok(Self::to(Target::File(Unfinished::begin(path)?)))
    }

    /// Begins where it is not a file.
    pub fn streaming(other: impl Write + Send + 'static) -> Self {
        Self::to(Target::Other(Box::new(other)))
    }

    fn to(target: Target) -> Self {
        Self(BufWriter::with_capacity(PIECE, Sink { target, hasher: Hasher::default(), size: 0 }))
    }

    /// Ends it; gives its size in bytes and its SHA-256.
    pub fn finish(self) -> Result<(u64, Digest), Failure> {
        let Sink { target, hasher, size } =
            self.0.into_inner().map_err(|error| Failure::io(error.error()))?;
        match target {
            Target::File(file) => file.finish()?,
            Target::Other(mut other) => other.flush()?,
        }
        Ok((size, hasher.finish()))
    }
}

impl Write for PackFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::File(file) => file.write_all(bytes)?,
            Target::Other(other) => other.write_all(bytes)?,
        }
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
