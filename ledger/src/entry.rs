//! An entry: one recorded leaf, immutable.
//!
//! Deterministic CBOR, a map of ten text keys (docs/spec/entry.md):
//!
//! ```text
//! {"n": 7, "v": 1, "by": "local", "kind": "result", "prev": h'…32', "time": 1795312000000,
//!  "index": 12, "stream": "credit-scoring", "payload": h'…32', "stream_prev": h'…32'}
//! ```
//!
//! Its leaf hash is RFC 6962's over these bytes, and is also the chain hash that the next entry carries in `prev`.
//!
//! Written and read key by key, by hand: there is one way to write an entry, and [`EntryRef::from_bytes`] takes that
//! way step by step, so what it accepts is what [`EntryRef::write`] writes. It allocates nothing. The general codec
//! says the same, as a test compares.

use crate::codec::{CodecError, Cursor, write_head, write_key};
use crate::digest::Digest;
use crate::id::{Id, IdRef};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The one version of entries there is.
pub const ENTRY_VERSION: u8 = 1;
/// Longest entry, in bytes: the tile bundle's length field (C2SP tlog-tiles).
pub const ENTRY_SIZE_MAX: usize = 65_535;
/// Number of its keys.
const KEYS: u64 = 10;
/// Room made for an entry: with ids of usual length none needs more.
const USUAL_SIZE: usize = 320;

/// One entry of the ledger. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Position in the stream, from 0.
    pub n: u64,
    /// Format version, [`ENTRY_VERSION`].
    pub v: u8,
    /// Authenticated submitter: `key:<id>`, `token:<id>` or `local`.
    pub by: String,
    /// Kind of statement.
    pub kind: Id,
    /// Leaf hash of the entry before it in the ledger; zeros at index 0.
    pub prev: Digest,
    /// When recorded; never less than the entry before.
    pub time: Timestamp,
    /// Position in the ledger, from 0.
    pub index: u64,
    /// The AI system's id, or `org`.
    pub stream: Id,
    /// SHA-256 of the payload bytes.
    pub payload: Digest,
    /// Leaf hash of the entry before it in its stream; zeros at `n` = 0.
    pub stream_prev: Digest,
}

/// An entry in bytes that are someone else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Position in the stream, from 0.
    pub n: u64,
    /// Format version, [`ENTRY_VERSION`].
    pub v: u8,
    /// Authenticated submitter: `key:<id>`, `token:<id>` or `local`.
    pub by: &'a str,
    /// Kind of statement.
    pub kind: IdRef<'a>,
    /// Leaf hash of the entry before it in the ledger; zeros at index 0.
    pub prev: Digest,
    /// When recorded; never less than the entry before.
    pub time: Timestamp,
    /// Position in the ledger, from 0.
    pub index: u64,
    /// The AI system's id, or `org`.
    pub stream: IdRef<'a>,
    /// SHA-256 of the payload bytes.
    pub payload: Digest,
    /// Leaf hash of the entry before it in its stream; zeros at `n` = 0.
    pub stream_prev: Digest,
}

impl Entry {
    /// The entry's canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(USUAL_SIZE);
        self.borrowed().write(&mut bytes);
        bytes
    }

    /// Reads an entry, refusing any other form of it, unknown versions and submitters.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        EntryRef::from_bytes(bytes).map(Self::from)
    }

    /// The same entry, borrowed.
    pub fn borrowed(&self) -> EntryRef<'_> {
        EntryRef {
            n: self.n,
            v: self.v,
            by: &self.by,
            kind: self.kind.borrowed(),
            prev: self.prev,
            time: self.time,
            index: self.index,
            stream: self.stream.borrowed(),
            payload: self.payload,
            stream_prev: self.stream_prev,
        }
    }
}

impl From<EntryRef<'_>> for Entry {
    fn from(entry: EntryRef<'_>) -> Self {
        Self {
            n: entry.n,
            v: entry.v,
            by: entry.by.to_owned(),
            kind: entry.kind.into(),
            prev: entry.prev,
            time: entry.time,
            index: entry.index,
            stream: entry.stream.into(),
            payload: entry.payload,
            stream_prev: entry.stream_prev,
        }
    }
}

impl<'a> EntryRef<'a> {
    /// Reads an entry, refusing any other form of it, unknown versions and submitters.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_SIZE_MAX {
            return Err(CodecError::Size { size: bytes.len(), max: ENTRY_SIZE_MAX }.into());
        }
        let mut cursor = Cursor::new(bytes);
        cursor.map_of(KEYS)?;
        let entry = Self {
            n: cursor.key("n")?.uint()?,
            v: version(cursor.key("v")?.uint()?)?,
            by: submitter(cursor.key("by")?.text()?)?,
            kind: cursor.key("kind")?.id()?,
            prev: cursor.key("prev")?.digest()?,
            time: cursor.key("time")?.time()?,
            index: cursor.key("index")?.uint()?,
            stream: cursor.key("stream")?.id()?,
            payload: cursor.key("payload")?.digest()?,
            stream_prev: cursor.key("stream_prev")?.digest()?,
        };
        cursor.end()?;
        Ok(entry)
    }

    /// Writes the entry's canonical bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, 5, KEYS);
        write_uint(out, "n", self.n);
        write_uint(out, "v", self.v.into());
        write_text(out, "by", self.by);
        write_text(out, "kind", self.kind.as_str());
        write_digest(out, "prev", &self.prev);
        write_uint(out, "time", self.time.as_millis());
        write_uint(out, "index", self.index);
        write_text(out, "stream", self.stream.as_str());
        write_digest(out, "payload", &self.payload);
        write_digest(out, "stream_prev", &self.stream_prev);
    }
}

#[inline]
fn write_uint(out: &mut Vec<u8>, key: &str, value: u64) {
    write_key(out, key);
    write_head(out, 0, value);
}

#[inline]
fn write_text(out: &mut Vec<u8>, key: &str, value: &str) {
    write_key(out, key);
    write_head(out, 3, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

#[inline]
fn write_digest(out: &mut Vec<u8>, key: &str, value: &Digest) {
    write_key(out, key);
    write_head(out, 2, value.as_bytes().len() as u64);
    out.extend_from_slice(value.as_bytes());
}

fn version(v: u64) -> Result<u8, EntryError> {
    match u8::try_from(v) {
        Ok(ENTRY_VERSION) => Ok(ENTRY_VERSION),
        Ok(other) => Err(EntryError::Version(other)),
        Err(_) => Err(CodecError::Shape(format!("version `{v}` has more than one byte")).into()),
    }
}

fn submitter(by: &str) -> Result<&str, EntryError> {
    if is_submitter(by) { Ok(by) } else { Err(EntryError::Submitter(crate::id::visible(by))) }
}

/// Whether `text` names a submitter: `local`, `key:<id>` or `token:<id>`.
pub fn is_submitter(text: &str) -> bool {
    let id = text.strip_prefix("key:").or_else(|| text.strip_prefix("token:"));
    text == "local" || id.is_some_and(|id| IdRef::new(id).is_ok())
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the deterministic CBOR of an entry.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// A version this program does not know.
    #[error("entry version `{0}` is unknown, this program reads version {ENTRY_VERSION}")]
    Version(u8),
    /// Not a submitter.
    #[error("`{0}` is not a submitter (local, key:<id> or token:<id>)")]
    Submitter(String),
}

#[cfg(test)]
mod tests;
