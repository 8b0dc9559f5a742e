//! An exception: a gap in a control that someone accepted, for a reason and until a day (docs/spec/exception.md).
//!
//! ```text
//! {"id": "exc-7", "assets": ["scoring-model"], "reason": "vendor fix due in January", "system": "credit-scoring",
//!  "control": "AFF-EXP-11", "expires": 1798761600000, "approver": "Head of Risk"}
//! ```
//!
//! It never makes a control held, and never outlives its expiry.

use crate::control::ControlId;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An exception; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Its id, unique in the system.
    pub id: Id,
    /// The assets it covers; every asset of the control when empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub assets: BTreeSet<Id>,
    /// Why the gap is accepted.
    pub reason: String,
    /// The AI system, which is the stream.
    pub system: Id,
    /// The control.
    pub control: ControlId,
    /// From this instant on it no longer holds.
    pub expires: Timestamp,
    /// Taken back before its expiry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// Who accepted it.
    pub approver: String,
    /// What is done meanwhile in place of the control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensating: Option<String>,
    /// Who asked for it; someone else than the approver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
}

impl Exception {
    /// Whether it speaks of this control on this asset, in force or not.
    pub fn covers(&self, control: &ControlId, asset: &Id) -> bool {
        self.control == *control && (self.assets.is_empty() || self.assets.contains(asset))
    }

    /// Whether it is in force at an instant.
    pub fn in_force(&self, at: Timestamp) -> bool {
        !self.revoked && at < self.expires
    }
}
