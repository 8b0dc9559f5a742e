//! An event: something that happened to an asset or the system and bears on earlier evidence or starts a clock
//! (docs/spec/event.md).
//!
//! ```text
//! {"at": 1795312000000, "kind": "release", "asset": "scoring-model", "system": "credit-scoring",
//!  "summary": "version 4.2 in production"}
//! ```
//!
//! A control whose `also_on` names the kind needs a result observed after it.

use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An event; of those of one kind on one asset the latest counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// What, a word such as `release` or `model-change`.
    pub kind: Id,
    /// The asset; the whole system when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// The AI system, which is the stream.
    pub system: Id,
    /// When what it calls for was done, where it starts a clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// In a sentence.
    pub summary: String,
}
