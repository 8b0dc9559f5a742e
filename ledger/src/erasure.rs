//! Erasing a payload and keeping the proof: statements of kind `erasure` and `hold` (docs/spec/erasure.md).
//!
//! ```text
//! erasure  {"basis": "GDPR Art. 17(1)(b)", "blobs": [h'…32'], "facet": {"key": h'…', "rank": 1795312000000},
//!           "index": 12, "payload": h'…32', "approver": "Data protection officer"}
//! hold     {"id": "case-7", "by": "Legal", "reason": "…", "released": false}
//! ```
//!
//! An erasure stands in the stream of the entry it erases, behind it, and names what the entry named: so a payload that
//! is gone with authority is told from one that is missing. It takes over the entry's place in the index: nothing older
//! becomes the latest again because something newer was erased. A hold stops erasures in its stream until it is
//! released; a hold in `org` stops all.

use crate::codec::{self, CodecError};
use crate::digest::Digest;
use crate::id::Id;
use crate::payload::STATEMENT_SIZE_MAX;
use crate::record::{Facet, Filing};
use serde::{Deserialize, Serialize};

/// Kind of the entry that says that another's payload was erased.
pub const ERASURE: &str = "erasure";
/// Kind of the entry that stops erasures, or no longer does.
pub const HOLD: &str = "hold";
/// Longest text in these statements, in bytes.
pub const TEXT_SIZE_MAX: usize = 4096;

/// That a payload, and the evidence files only it cited, were erased, and by what right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The legal basis.
    pub basis: String,
    /// Evidence files erased with it, by SHA-256.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<Digest>,
    /// Where the index had filed the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facet: Option<Filed>,
    /// The entry whose payload was erased.
    pub index: u64,
    /// The digest which that entry names.
    pub payload: Digest,
    /// Who approved it.
    pub approver: String,
}

/// A facet, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filed {
    /// Its key.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
    /// Its rank.
    pub rank: u64,
}

/// A legal hold on the payloads of a stream, or its release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Who placed or released it.
    pub by: String,
    /// Its id: a later statement with the same id replaces this one.
    pub id: Id,
    /// Why.
    pub reason: String,
    /// Whether it no longer holds.
    pub released: bool,
}

impl Erasure {
    /// Reads the statement strictly.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, STATEMENT_SIZE_MAX)
    }

    /// Whether it speaks of the entry at `index`, which names the payload `payload`, from behind it.
    pub fn covers(&self, own_index: u64, index: u64, payload: &Digest) -> bool {
        own_index > index && self.index == index && self.payload == *payload
    }
}

impl Hold {
    /// Reads the statement strictly.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, STATEMENT_SIZE_MAX)
    }
}

/// Where the index files a statement: the ledger's own kinds by themselves, all others as the storeys above say.
pub fn facet_of(filing: &dyn Filing, kind: &str, statement: &[u8]) -> Option<Facet> {
    match kind {
        ERASURE => {
            let erasure: Erasure = codec::decode_trusted(statement).ok()?;
            let own = || Facet { key: format!("{ERASURE}\0{}", erasure.index).into_bytes(), rank: 0 };
            Some(erasure.facet.map_or_else(own, |filed| Facet { key: filed.key, rank: filed.rank }))
        }
        HOLD => {
            let hold: Hold = codec::decode_trusted(statement).ok()?;
            Some(Facet { key: hold_key(&hold.id), rank: 0 })
        }
        _ => filing.facet(kind, statement),
    }
}

/// Facet key of a hold.
pub(crate) fn hold_key(id: &Id) -> Vec<u8> {
    format!("{HOLD}\0{id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_canonical_order_and_statements_read_back() {
        let erasure = Erasure {
            basis: "b".into(),
            blobs: vec![Digest::ZERO],
            facet: Some(Filed { key: b"k".to_vec(), rank: 7 }),
            index: 3,
            payload: Digest::ZERO,
            approver: "a".into(),
        };
        let hold = Hold { by: "b".into(), id: "case-7".parse().unwrap(), reason: "r".into(), released: true };
        assert_eq!(Erasure::from_bytes(&codec::encode(&erasure)), Ok(erasure.clone()));
        assert_eq!(Hold::from_bytes(&codec::encode(&hold)), Ok(hold));
        assert!(erasure.covers(4, 3, &Digest::ZERO));
        assert!(!erasure.covers(2, 3, &Digest::ZERO) && !erasure.covers(4, 2, &Digest::ZERO));
        assert!(!erasure.covers(4, 3, &Digest::empty_root()));
    }
}
