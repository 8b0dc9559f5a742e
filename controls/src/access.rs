//! Access: what was done and denied at the doors of the service (docs/spec/access.md).
//!
//! ```text
//! {"events": [{"at": 1795521600000, "who": "token:ci-main", "role": "collector", "what": "POST /v1/results", "count": 12,
//!  "status": 403, "system": "credit-scoring", "address": "192.0.2.7", "allowed": false}, …]}
//! ```
//!
//! It stands in the stream `access`, which is no AI system's, and so in no pack. It bears on no conclusion.

use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most events of a statement.
pub const EVENTS_MAX: usize = 256;
/// The roles in which one stands at a door.
pub const ROLES: [&str; 4] = ["admin", "auditor", "collector", "officer"];
/// Who is meant where nobody is known.
pub const NOBODY: &str = "-";

/// A batch of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The events, in the order in which they were first seen.
    pub events: Vec<AccessEvent>,
}

/// What someone did, or was denied, at a door. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessEvent {
    /// When, the first time.
    pub at: Timestamp,
    /// Who: `token:<id>`, `certificate:<id>`, `person:<name>`, or `-` for nobody known.
    pub who: String,
    /// In which role: `collector`, `officer`, `auditor`, `admin`; none for nobody known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What was asked for, a verb and a route: `GET /v1/packs/pack-0123`.
    pub what: String,
    /// How many times in this batch: what was repeated is counted.
    pub count: u64,
    /// The HTTP status that was answered.
    pub status: u16,
    /// The AI system that it was about, where it was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Id>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether it was let through.
    pub allowed: bool,
}
