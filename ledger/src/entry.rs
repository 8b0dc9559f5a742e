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

use crate::codec::{self, CodecError};
use crate::digest::Digest;
use crate::id::Id;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The one version of entries there is.
pub const ENTRY_VERSION: u8 = 1;
/// Longest entry, in bytes: the tile bundle's length field (C2SP tlog-tiles).
pub const ENTRY_SIZE_MAX: usize = 65_535;

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

impl Entry {
    /// The entry's canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads an entry, refusing any other form of it, unknown versions and submitters.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry: Self = codec::decode(bytes, ENTRY_SIZE_MAX)?;
        if entry.v != ENTRY_VERSION {
            return Err(EntryError::Version(entry.v));
        }
        if !is_submitter(&entry.by) {
            return Err(EntryError::Submitter(crate::id::visible(&entry.by)));
        }
        Ok(entry)
    }
}

/// Whether `text` names a submitter: `local`, `key:<id>` or `token:<id>`.
pub fn is_submitter(text: &str) -> bool {
    let id = text.strip_prefix("key:").or_else(|| text.strip_prefix("token:"));
    text == "local" || id.is_some_and(|id| id.parse::<Id>().is_ok())
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
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            n: 7,
            v: 1,
            by: "local".into(),
            kind: "result".parse().unwrap(),
            prev: Digest::ZERO,
            time: "2026-11-22T00:00:00Z".parse().unwrap(),
            index: 12,
            stream: "credit-scoring".parse().unwrap(),
            payload: Digest::ZERO,
            stream_prev: Digest::ZERO,
        }
    }

    #[test]
    fn an_entry_reads_back_as_it_was_written() {
        let bytes = entry().to_bytes();
        assert_eq!(Entry::from_bytes(&bytes), Ok(entry()));
        assert!(bytes.len() < 300, "{}", bytes.len());
    }

    #[test]
    fn no_changed_byte_reads_as_the_same_entry() {
        let bytes = entry().to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_ne!(Entry::from_bytes(&changed), Ok(entry()), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn other_versions_and_submitters_are_refused() {
        let other = Entry { v: 2, ..entry() };
        assert_eq!(Entry::from_bytes(&other.to_bytes()), Err(EntryError::Version(2)));
        let other = Entry { by: "root".into(), ..entry() };
        assert_eq!(Entry::from_bytes(&other.to_bytes()), Err(EntryError::Submitter("root".into())));
    }
}
