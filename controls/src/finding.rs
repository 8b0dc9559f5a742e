//! A finding: a failure to be dealt with, opened and closed by rule (docs/spec/finding.md).
//!
//! ```text
//! {"id": "f-3b1c0e9a77d2", "due": 1797904000000, "rule": "bandit:B602", "asset": "scoring-code", "state": "open",
//!  "system": "credit-scoring", "control": "AFF-THR-13", "summary": "shell=True", "severity": "high",
//!  "collector": "bandit", "opened_at": 1795312000000, "opened_by": 41, "fingerprint": h'..'}
//! ```
//!
//! A view for people: it never bears on a determination.

mod follow;

use crate::control::{ControlId, Severity};
use crate::register::{Filed, Register};
use crate::set::ControlSet;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use serde::{Deserialize, Serialize};

pub use follow::{FINDINGS_MAX, is_failing, settles};

/// Hexadecimal digits of an id.
const ID_DIGITS: usize = 12;
/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// How far the work on a finding is, as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingState {
    /// Nobody has looked at it.
    Open,
    /// Someone has looked at it.
    Triaged,
    /// Someone is mending it.
    Remediating,
    /// A later result shows that it is gone.
    Resolved,
}

impl FindingState {
    /// The word written in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Triaged => "triaged",
            Self::Remediating => "remediating",
            Self::Resolved => "resolved",
        }
    }
}

/// A finding; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Its id, made of system, control, asset, collector and fingerprint: the same failure has the same.
    pub id: Id,
    /// When it is to be gone.
    pub due: Timestamp,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Native rule id with its tool, where it stands for one check: `bandit:B602`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The asset; none where the result names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How far the work is.
    pub state: FindingState,
    /// The AI system, which is the stream.
    pub system: Id,
    /// Where the work is tracked: a link or an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The control that failed.
    pub control: ControlId,
    /// What was found, in a sentence.
    pub summary: String,
    /// Where in the subject: `app/agent.py:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How often it came back after it was gone.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reopened: u64,
    /// How much it weighs.
    pub severity: Severity,
    /// The collector that found it: only a later result of the same one closes it.
    pub collector: String,
    /// End of the observation that found it.
    pub opened_at: Timestamp,
    /// Entry of the result that found it.
    pub opened_by: u64,
    /// The check it stands for; none where it stands for the result, or for the checks beyond [`FINDINGS_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Digest>,
    /// End of the observation that showed it gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Entry of the result that showed it gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Finding {
    /// Whether it was not shown to be gone.
    pub fn is_unresolved(&self) -> bool {
        self.state != FindingState::Resolved
    }
}

/// The id of a failure.
pub fn finding_id(
    system: &Id,
    control: &ControlId,
    asset: Option<&Id>,
    collector: &str,
    fingerprint: Option<&Digest>,
) -> Id {
    let fingerprint = fingerprint.map(ToString::to_string).unwrap_or_default();
    let asset = asset.map_or("", Id::as_str);
    let parts =
        ["affiant finding id v1", system.as_str(), control.as_str(), asset, collector, fingerprint.as_str()];
    let digest = Digest::of(parts.join("\0").as_bytes()).to_string();
    let id = format!("f-{}", &digest[..ID_DIGITS]).parse();
    id.unwrap_or_else(|error| panic!("hexadecimal digits make an identifier: {error}"))
}

/// Days given to mend a failure.
pub fn days_to_mend(severity: Severity) -> u32 {
    match severity {
        Severity::Critical => 7,
        Severity::High => 30,
        Severity::Medium => 90,
        Severity::Low | Severity::Info => 180,
    }
}

/// When a failure found at an instant is to be gone.
pub(crate) fn due(opened_at: Timestamp, severity: Severity) -> Timestamp {
    opened_at.plus(Period::days(days_to_mend(severity)))
}

/// How a finding stands as of a time: as recorded, unless something on file takes it out of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nobody has looked at it.
    Open,
    /// Someone has looked at it.
    Triaged,
    /// Someone is mending it.
    Remediating,
    /// An exception in force covers it.
    Accepted,
    /// Its asset is no longer in use.
    Retired,
    /// A later result shows that it is gone.
    Resolved,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Triaged, Self::Remediating, Self::Accepted, Self::Retired, Self::Resolved];

    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Triaged => "triaged",
            Self::Remediating => "remediating",
            Self::Accepted => "accepted",
            Self::Retired => "retired",
            Self::Resolved => "resolved",
        }
    }

    /// Whether someone has to do something.
    pub fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Triaged | Self::Remediating)
    }
}

/// A finding as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// The finding.
    pub filed: &'a Filed<Finding>,
    /// How it stands.
    pub standing: Standing,
    /// It waits, and its day has passed.
    pub overdue: bool,
    /// The exception that covers it, the longest of several.
    pub exception: Option<&'a Id>,
}

impl Found<'_> {
    /// Whole days since it was opened.
    pub fn age(&self, at: Timestamp) -> u64 {
        at.as_millis().saturating_sub(self.filed.value.opened_at.as_millis()) / DAY
    }
}

impl Register {
    /// The findings as they stand: those that wait first, the graver before the lighter, the sooner due before the later.
    pub fn found(&self, controls: &ControlSet) -> Vec<Found<'_>> {
        let mut all: Vec<Found<'_>> = self.findings().map(|filed| self.stands(filed, controls)).collect();
        all.sort_by(|a, b| {
            let key = |it: &Found<'_>| {
                let finding = &it.filed.value;
                let rank = if it.standing.waits() { None } else { Some(it.standing) };
                (rank, std::cmp::Reverse(finding.severity), finding.due)
            };
            (key(a), &a.filed.value.id).cmp(&(key(b), &b.filed.value.id))
        });
        all
    }

    fn stands<'a>(&'a self, filed: &'a Filed<Finding>, controls: &ControlSet) -> Found<'a> {
        let finding = &filed.value;
        let accepted = if finding.is_unresolved() { self.accepting(finding, controls) } else { None };
        let retired =
            finding.asset.as_ref().and_then(|id| self.asset(id.as_str())).is_some_and(|it| it.retired);
        let standing = match finding.state {
            FindingState::Resolved => Standing::Resolved,
            _ if retired => Standing::Retired,
            _ if accepted.is_some() => Standing::Accepted,
            FindingState::Open => Standing::Open,
            FindingState::Triaged => Standing::Triaged,
            FindingState::Remediating => Standing::Remediating,
        };
        let overdue = standing.waits() && self.as_of() > finding.due;
        Found { filed, standing, overdue, exception: accepted }
    }

    /// The exception in force that covers a finding, if it is not pending. One that names no asset stands with the system.
    fn accepting(&self, finding: &Finding, controls: &ControlSet) -> Option<&Id> {
        let asset = finding.asset.as_ref().unwrap_or(&finding.system);
        let covering = self
            .exceptions()
            .filter(|it| it.value.covers(&finding.control, asset) && it.value.in_force(self.as_of()));
        covering
            .filter(|it| !self.approval(it, controls).is_pending())
            .max_by_key(|it| (it.value.expires, it.citation.index))
            .map(|it| &it.value.id)
    }
}

#[cfg(test)]
mod tests;
