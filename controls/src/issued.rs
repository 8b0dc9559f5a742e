//! The statement that a pack was issued: it fixes the pack's own head in the stream (docs/spec/pack.md).

use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A pack was issued over entries `first` to `last` of a stream. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackIssued {
    /// The pack's id.
    pub id: Id,
    /// Leaf hash of the entry at stream position `last`.
    pub head: Digest,
    /// Leaf hash of the last entry of stream `org` before this one: the pack holds that stream up to it, and so every key
    /// that was ever enrolled or revoked. Packs of before it was recorded have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Digest>,
    /// Last stream position assessed.
    pub last: u64,
    /// The time for which it was assessed.
    pub as_of: Timestamp,
    /// First stream position assessed.
    pub first: u64,
    /// Name of the issuer's key (the name part of its vkey).
    pub issuer: String,
    /// The AI system.
    pub system: Id,
    /// Ids of the frameworks assessed.
    pub frameworks: BTreeSet<String>,
    /// SHA-256 of the certificate that the report is sealed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
}
