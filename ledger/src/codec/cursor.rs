//! Reading a map whose keys are known, one after another: how entries and payloads are read.
//!
//! Every byte taken is forced: each length and number has one form, each key one place. So a reader built of these
//! steps, which ends at the end, accepts exactly what its writer writes, and nothing has to be encoded again and
//! compared.

use super::check::{self, Head};
use super::{CodecError, DEPTH_MAX};
use crate::digest::Digest;
use crate::id::IdRef;
use crate::time::Timestamp;

/// A place in bytes that are being read.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first byte.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Goes into a map; gives its number of pairs.
    #[inline]
    pub(crate) fn map(&mut self) -> Result<u64, CodecError> {
        Ok(self.head(5, "a map")?.argument)
    }

    /// Goes into a map of exactly `pairs` pairs.
    #[inline]
    pub(crate) fn map_of(&mut self, pairs: u64) -> Result<(), CodecError> {
        let found = self.map()?;
        if found == pairs {
            return Ok(());
        }
        Err(CodecError::Shape(format!("a map of {found} keys, {pairs} were expected")))
    }

    /// Takes the key `name`, shorter than 24 bytes.
    #[inline(always)]
    pub(crate) fn key(&mut self, name: &str) -> Result<&mut Self, CodecError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.split_first().and_then(|(head, rest)| Some((head, rest.get(..name.len())?))) {
            Some((head, key)) if usize::from(*head) == 0x60 | name.len() && key == name.as_bytes() => {
                self.at += 1 + name.len();
                Ok(self)
            }
            _ => Err(self.unexpected(&format!("key `{name}`"))),
        }
    }

    /// Takes an unsigned number.
    #[inline]
    pub(crate) fn uint(&mut self) -> Result<u64, CodecError> {
        Ok(self.head(0, "an unsigned number")?.argument)
    }

    /// Takes text.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'a str, CodecError> {
        let start = self.at;
        let head = self.head(3, "text")?;
        let (content, end) = check::content(self.bytes, start, &head)?;
        let text = std::str::from_utf8(content).map_err(|_| CodecError::Utf8(start))?;
        self.at = end;
        Ok(text)
    }

    /// Takes an identifier.
    #[inline]
    pub(crate) fn id(&mut self) -> Result<IdRef<'a>, CodecError> {
        IdRef::new(self.text()?).map_err(|error| CodecError::Shape(error.to_string()))
    }

    /// Takes an instant.
    #[inline]
    pub(crate) fn time(&mut self) -> Result<Timestamp, CodecError> {
        Timestamp::from_millis(self.uint()?).map_err(|error| CodecError::Shape(error.to_string()))
    }

    /// Takes a byte string of `N` bytes.
    #[inline]
    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<&'a [u8; N], CodecError> {
        let start = self.at;
        let head = self.head(2, "a byte string")?;
        let (content, end) = check::content(self.bytes, start, &head)?;
        self.at = end;
        let length = content.len();
        content
            .try_into()
            .map_err(|_| CodecError::Shape(format!("{length} bytes at byte {start}, {N} were expected")))
    }

    /// Takes a digest.
    #[inline]
    pub(crate) fn digest(&mut self) -> Result<Digest, CodecError> {
        Ok(Digest(*self.bytes()?))
    }

    /// Takes a map with whatever it holds, checked; it stands `depth` levels deep.
    pub(crate) fn any_map(&mut self, depth: u8) -> Result<&'a [u8], CodecError> {
        let start = self.at;
        self.head(5, "a map")?;
        self.at = check::item(self.bytes, start, DEPTH_MAX - depth)?;
        Ok(&self.bytes[start..self.at])
    }

    /// Nothing may follow.
    #[inline]
    pub(crate) fn end(self) -> Result<(), CodecError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(CodecError::Trailing(self.at)) }
    }

    #[inline(always)]
    fn head(&mut self, major: u8, what: &str) -> Result<Head, CodecError> {
        let head = check::head(self.bytes, self.at)?;
        if head.major != major {
            return Err(self.unexpected(what));
        }
        self.at = head.end;
        Ok(head)
    }

    /// Something else stands here. If it is not even CBOR, that is said.
    #[cold]
    fn unexpected(&self, what: &str) -> CodecError {
        match check::item(self.bytes, self.at, DEPTH_MAX) {
            Err(error) => error,
            Ok(_) => CodecError::Shape(format!("{what} was expected at byte {}", self.at)),
        }
    }
}
