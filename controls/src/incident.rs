//! An incident: what happened, when the organisation became aware, when it was reported (docs/spec/incident.md).
//!
//! ```text
//! {"id": "inc-3", "kinds": ["serious"], "system": "credit-scoring", "summary": "Refusals by a wrong threshold",
//!  "aware_at": 1795312000000}
//! ```

use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An incident; the latest statement with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its id, unique in the system.
    pub id: Id,
    /// What makes it serious, words of [`INCIDENT_KINDS`]; none for an incident that is not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
    /// The assets concerned.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub assets: BTreeSet<Id>,
    /// The AI system, which is the stream.
    pub system: Id,
    /// What happened, in a sentence.
    pub summary: String,
    /// When the organisation became aware: clocks count from here.
    pub aware_at: Timestamp,
    /// When it was dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// When the initial report went out, to all who are to receive one: no recipient is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    /// When the initial report went to each recipient named, such as `market-surveillance-authority`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reported_to: BTreeMap<Id, Timestamp>,
    /// When the complete report went to the authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

impl Incident {
    /// When the first report went out, to whomever.
    pub fn first_report(&self) -> Option<Timestamp> {
        self.reported_at.into_iter().chain(self.reported_to.values().copied()).min()
    }

    /// When the last of these recipients was told; nothing while one of them was not. A report that names no recipient went
    /// to all of them.
    pub fn told<'r>(&self, recipients: impl IntoIterator<Item = &'r str>) -> Option<Timestamp> {
        let named: Option<Vec<Timestamp>> =
            recipients.into_iter().map(|who| self.reported_to.get(who).copied()).collect();
        let named = named.and_then(|times| times.into_iter().max());
        named.into_iter().chain(self.reported_at).min()
    }
}

/// What makes an incident serious, as far as clocks differ (Art. 3(49), 3(61) and 73(2) to (4) of the AI Act).
pub const INCIDENT_KINDS: [&str; 4] = ["serious", "death", "widespread", "critical-infrastructure"];
