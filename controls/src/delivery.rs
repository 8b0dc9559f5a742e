//! A delivery: alerts that a receiver took, the receipt for them and the place from which the next are derived
//! (docs/spec/delivery.md).
//!
//! ```text
//! {"to": {"size": 42, "as_of": 1795521600000}, "from": {"size": 31, "as_of": 1795435200000}, "count": 2,
//!  "answer": "204", "target": "on-call", "channel": "webhook", "evidence": [{..}], "delivered_at": 1795521601000}
//! ```
//!
//! It bears on no conclusion. What was delivered is kept as evidence, byte for byte.

use crate::evidence::EvidenceRef;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How much of a ledger was judged, and as of when. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standpoint {
    /// Entries of the ledger that were known.
    pub size: u64,
    /// The time judged for, which is also the one up to which what was recorded is known.
    pub as_of: Timestamp,
}

/// Alerts that a target took; the latest of a target counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Where the alerts lead to; the next are derived from here.
    pub to: Standpoint,
    /// Where they start from; none for the first of a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Standpoint>,
    /// How many alerts.
    pub count: u64,
    /// What the receiver answered: an HTTP status, or what is known where nobody answers.
    pub answer: String,
    /// The target's name.
    pub target: Id,
    /// `webhook`, `syslog` or `jsonl`.
    pub channel: String,
    /// The batch that was delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRef>,
    /// When the receiver had taken the last of them.
    pub delivered_at: Timestamp,
}
