//! An incident: what happened, when the organisation became aware, acted and reported (docs/spec/incident.md).
//!
//! ```text
//! {"id": "inc-3", "kinds": ["serious"], "system": "credit-scoring", "summary": "Refusals by a wrong threshold",
//!  "aware_at": 1795312000000}
//! ```

mod suite;

use crate::control::ControlId;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An incident; the latest statement with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Its id, unique in the system.
    pub id: Id,
    /// What makes it serious, words of [`INCIDENT_KINDS`]; none for an incident that is not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
    /// Tests added because of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tests: BTreeSet<IncidentTest>,
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
    /// When it could do no further harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contained_at: Option<Timestamp>,
    /// When someone took it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
}

/// A test added because of an incident: the runs of a control, or the checks of one rule in them. Fields stand in
/// canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentTest {
    /// Native rule id with its tool, such as `garak:dan.Dan_11_0`; any check where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The asset tested; any where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// The control that the test is about.
    pub control: ControlId,
    /// The collector that runs it; any where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
}

impl IncidentTest {
    /// Every run of a control.
    pub fn of(control: ControlId) -> Self {
        Self { rule: None, asset: None, control, collector: None }
    }
}

/// Control, then what narrows it down: `AFF-THR-01 on model, by garak, garak:dan.Dan_11_0`.
impl fmt::Display for IncidentTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, asset, control, collector } = self;
        let asset = asset.as_ref().map(|asset| format!(" on {asset}")).unwrap_or_default();
        let collector = collector.as_ref().map(|name| format!(", by {name}")).unwrap_or_default();
        let rule = rule.as_ref().map(|rule| format!(", {rule}")).unwrap_or_default();
        write!(f, "{control}{asset}{collector}{rule}")
    }
}

/// What an organisation does about an incident, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It becomes aware: `aware_at`, counted from `occurred_at`.
    Detect,
    /// Someone takes it on: `acknowledged_at`, counted from `aware_at` like what follows.
    Acknowledge,
    /// It can do no further harm: `contained_at`.
    Contain,
    /// It is dealt with: `closed_at`.
    Close,
}

impl Stage {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Detect, Self::Acknowledge, Self::Contain, Self::Close];

    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Acknowledge => "acknowledge",
            Self::Contain => "contain",
            Self::Close => "close",
        }
    }
}

impl Incident {
    /// An incident of a system with an id, what happened and since when it is known, and nothing else said.
    pub fn new(id: Id, system: Id, summary: impl Into<String>, aware_at: Timestamp) -> Self {
        Self {
            id,
            kinds: BTreeSet::new(),
            tests: BTreeSet::new(),
            assets: BTreeSet::new(),
            system,
            summary: summary.into(),
            aware_at,
            closed_at: None,
            occurred_at: None,
            reported_at: None,
            reported_to: BTreeMap::new(),
            completed_at: None,
            contained_at: None,
            acknowledged_at: None,
        }
    }

    /// When a stage was reached.
    pub fn reached(&self, stage: Stage) -> Option<Timestamp> {
        match stage {
            Stage::Detect => Some(self.aware_at),
            Stage::Acknowledge => self.acknowledged_at,
            Stage::Contain => self.contained_at,
            Stage::Close => self.closed_at,
        }
    }

    /// How long a stage took, in milliseconds; nothing where one of its two times is not on file.
    pub fn took(&self, stage: Stage) -> Option<u64> {
        let from = if stage == Stage::Detect { self.occurred_at? } else { self.aware_at };
        Some(self.reached(stage)?.as_millis().saturating_sub(from.as_millis()))
    }

    /// The instant after which a run of a linked test counts: it was contained, or, while it is not, became known.
    pub fn tested_from(&self) -> Timestamp {
        self.contained_at.unwrap_or(self.aware_at)
    }

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
