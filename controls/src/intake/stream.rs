//! A foreign report read as a stream, as often as its importer needs: what it has in long lists never stands in memory
//! together, and every pass sees the same bytes.

use super::document::one;
use super::fault::{Problem, RowError};
use super::split::{Element, Rest, Splitter};
use super::{DOCUMENT_SIZE_MAX, Format, IntakeError, strict, within};
use affiant_ledger::digest::{Digest, Hasher};
use std::io::Read;

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// Opens the bytes of a report once more, from their beginning.
pub type Open<'o> = dyn FnMut() -> std::io::Result<Box<dyn Read>> + 'o;

/// A report that can be read again.
pub(super) struct Stream<'s, 'o> {
    open: &'s mut Open<'o>,
    format: Format,
    /// Digest and size of what the first pass saw.
    seen: Option<(Digest, u64)>,
    /// Whether it begins with a byte order mark.
    pub(super) bom: bool,
}

impl<'s, 'o> Stream<'s, 'o> {
    pub(super) fn new(open: &'s mut Open<'o>, format: Format) -> Self {
        Self { open, format, seen: None, bom: false }
    }

    /// Digest and size of the bytes; of nothing before the first pass.
    pub(super) fn seen(&self) -> (Digest, u64) {
        self.seen.unwrap_or_else(|| (Digest::of(b""), 0))
    }

    /// Reads it once: hands over the elements that a pattern names, and gives back the rest.
    pub(super) fn pass(
        &mut self,
        pattern: &[&str],
        take: &mut dyn FnMut(Element<'_>) -> Result<(), IntakeError>,
    ) -> Result<Rest, IntakeError> {
        self.read(pattern, take).map_err(|error| self.located(error))
    }

    /// Hands over the bytes of one pass as a reader.
    #[cfg(feature = "formats")]
    pub(super) fn whole(
        &mut self,
        read: &mut dyn FnMut(&mut dyn Read) -> Result<(), IntakeError>,
    ) -> Result<(), IntakeError> {
        let inner = (self.open)().map_err(unread)?;
        let limited = Box::new(inner.take(self.format.size_max() + 1));
        let mut reader = Hashing { inner: limited, hasher: Hasher::default(), size: 0 };
        read(&mut reader)?;
        // What the reader of the format left unread belongs to the bytes received.
        std::io::copy(&mut reader, &mut std::io::sink()).map_err(unread)?;
        within(self.format, reader.size)?;
        if reader.size == 0 {
            return Err(IntakeError::Empty);
        }
        self.seen = Some((reader.hasher.finish(), reader.size));
        Ok(())
    }

    fn read(
        &mut self,
        pattern: &[&str],
        take: &mut dyn FnMut(Element<'_>) -> Result<(), IntakeError>,
    ) -> Result<Rest, IntakeError> {
        let mut reader = (self.open)().map_err(unread)?;
        let mut splitter = Splitter::new(pattern);
        let (mut hasher, mut size, mut any) = (Hasher::default(), 0u64, false);
        let mut buffer = vec![0; PIECE];
        let mut kept = 0;
        loop {
            let count = reader.read(&mut buffer[kept..]).map_err(unread)?;
            hasher.update(&buffer[kept..kept + count]);
            let piece = &buffer[..kept + count];
            if size == 0 {
                strict::refuse_wide(piece).map_err(one)?;
                self.bom = piece.starts_with(strict::BOM);
            }
            size += count as u64;
            within(self.format, size)?;
            let whole = match std::str::from_utf8(piece) {
                Ok(_) => piece.len(),
                // A character may be cut in two where the piece ends; not where the report ends.
                Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
                Err(_) => return Err(one(splitter.not_utf8())),
            };
            any |= !piece[..whole].trim_ascii().is_empty();
            splitter.feed(&piece[..whole], take)?;
            let length = piece.len();
            buffer.copy_within(whole..length, 0);
            kept = length - whole;
            if count == 0 {
                break;
            }
        }
        if !any {
            return Err(IntakeError::Empty);
        }
        let seen = (hasher.finish(), size);
        if self.seen.is_some_and(|before| before != seen) {
            return Err(IntakeError::Changed);
        }
        self.seen = Some(seen);
        splitter.finish().map_err(one)
    }

    /// The same error; or, where the document is small enough to be read whole, what is wrong with its JSON, with the field.
    pub(super) fn located(&mut self, error: IntakeError) -> IntakeError {
        if !matches!(error, IntakeError::Faults(_)) {
            return error;
        }
        let mut bytes = Vec::new();
        let limit = DOCUMENT_SIZE_MAX as u64 + 1;
        let read = (self.open)().and_then(|reader| reader.take(limit).read_to_end(&mut bytes));
        if read.is_err() || bytes.len() > DOCUMENT_SIZE_MAX {
            return error;
        }
        strict::decoded(&bytes).and_then(|(text, _)| strict::check(text)).map_or_else(one, |()| error)
    }

    /// What a typed reader refused in the rest.
    pub(super) fn explain_rest(&self, rest: &Rest, error: &serde_json::Error) -> RowError {
        let mut fault = refused(self.format.title(), &rest.bytes, error);
        (fault.line, fault.column) = rest.position(offset(&rest.bytes, error).saturating_sub(1));
        fault
    }
}

/// A reader that counts what it reads, and hashes it.
#[cfg(feature = "formats")]
struct Hashing {
    inner: Box<dyn Read>,
    hasher: Hasher,
    size: u64,
}

#[cfg(feature = "formats")]
impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.size += count as u64;
        Ok(count)
    }
}

/// What a typed reader refused in an element, with its place in the document.
pub(super) fn explain(
    title: &str,
    element: &Element<'_>,
    path: String,
    error: &serde_json::Error,
) -> IntakeError {
    let mut fault = refused(title, element.bytes, error);
    fault.field = Some(match fault.field {
        Some(field) => format!("{path}.{field}").into(),
        None => path.into(),
    });
    fault.column += if fault.line == 1 { element.column } else { 0 };
    fault.line += element.line - 1;
    one(fault)
}

/// What a typed reader refused in a text, with its field and value.
pub(super) fn refused(title: &str, text: &[u8], error: &serde_json::Error) -> RowError {
    let (path, value) = strict::locate(text, offset(text, error));
    let message = strict::message(error);
    let value = value.filter(|_| !message.starts_with("missing field")).map(Into::into);
    let problem = Problem::Shape(format!("not {title}: {message}"));
    RowError { value, ..RowError::at(error.line() as u64, error.column() as u64, problem) }.field(path)
}

/// Where in the text a typed reader stopped.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let begin = std::iter::once(0).chain(ends).nth(error.line().saturating_sub(1)).unwrap_or(0);
    (begin + error.column()).min(text.len())
}

fn unread(error: std::io::Error) -> IntakeError {
    IntakeError::Unread(error.to_string())
}
