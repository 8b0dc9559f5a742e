//! A policy: what the organisation asks of those who accept gaps in a system (docs/spec/policy.md).
//!
//! ```text
//! {"at": 1795521600000, "by": "Board", "system": "credit-scoring",
//!  "exceptions": {"approvals": 2, "from_severity": "high"}}
//! ```
//!
//! It stands in the stream of the system, so that whoever has the stream knows under which policy an exception was
//! recorded.

use crate::control::Severity;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most people that a policy can ask for.
pub const APPROVALS_MAX: u64 = 5;

/// A policy; of one instant the latest in the stream counts, and an exception stands under the one recorded last before
/// it. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided.
    pub by: String,
    /// The AI system, which is the stream; `org` for the one that new systems begin with.
    pub system: Id,
    /// What it asks of exceptions.
    pub exceptions: ExceptionPolicy,
}

/// What a policy asks of exceptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionPolicy {
    /// How many different people approve one, the approver in it included.
    pub approvals: u64,
    /// For controls of this severity and above.
    pub from_severity: Severity,
}

impl ExceptionPolicy {
    /// How many people an exception from a control of this severity needs: at least the one that it names.
    pub fn needed(&self, severity: Severity) -> u64 {
        if severity >= self.from_severity { self.approvals.max(1) } else { 1 }
    }
}
