//! The risk score: what speaks against a system and its assets, counted and weighed, term by term (docs/spec/risk.md).
//!
//! ```text
//! {"version": 1, "system": "credit-scoring", "as_of": "2026-11-24T00:00:00Z", "exposure": {"factor": 3, ...},
//!  "score": 2400, "terms": [{"kind": "failed", "severity": "critical", "count": 1, "each": 800, ...}], "assets": [...]}
//! ```
//!
//! A sum that ranks, so that what weighs most is dealt with first: no probability, no share of anything, no verdict.
//! Integers that saturate. What speaks against something never lowers a score, and what takes it away never raises one.

use affiant_controls::finding::Found;
use affiant_controls::{ControlSet, ControlState, Incident, Register, Severity, StateOn, System};
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Version of the method: other weights or terms are another version.
pub const RISK_VERSION: u64 = 1;

/// The score of a system, of each of its assets, and what they are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// Version of the method: 1.
    pub version: u64,
    /// The system.
    pub system: Id,
    /// The time judged for.
    pub as_of: Timestamp,
    /// What every point is multiplied with.
    pub exposure: Exposure,
    /// The sum of the points of its terms, times the exposure.
    pub score: u64,
    /// What it is made of; each failure, finding and incident once.
    pub terms: Vec<Term>,
    /// Everything that something can be on, those with the highest score first, then by id.
    pub assets: Vec<AssetRisk>,
    /// Entries that could not be read: what they say is not counted.
    pub withheld: u64,
}

/// How much is at stake, by the risk classes stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// 1 to 4.
    pub factor: u64,
    /// The classes that give it; none where no class is stated.
    pub risk_classes: BTreeSet<String>,
}

/// The score of an asset; of the system itself and of the organisation what is on them alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRisk {
    /// The asset; the system's own id or `org` where something is on those.
    pub asset: Id,
    /// The sum of the points of its terms, times the exposure of the system.
    pub score: u64,
    /// What it is made of. An incident stands on each asset it names.
    pub terms: Vec<Term>,
}

/// Things of one sort and severity: how many, and what each weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What sort of thing.
    pub kind: TermKind,
    /// An exception in force accepts it: it weighs half.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// How grave.
    pub severity: Severity,
    /// How many.
    pub count: u64,
    /// Points of each.
    pub each: u64,
    /// Points of all.
    pub points: u64,
    /// Which: controls on assets, findings, incidents; sorted.
    pub what: Vec<String>,
}

/// What speaks against a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermKind {
    /// A control failed on an asset.
    Failed,
    /// An exception from a control has expired on an asset, and it has not held since.
    Lapsed,
    /// A person must look at a control on an asset.
    Review,
    /// Nothing shows that a control holds on an asset.
    Missing,
    /// A control passed on an asset, too long ago.
    Stale,
    /// A collector said that a control does not apply, and nobody decided so.
    Claimed,
    /// A finding waits.
    Finding,
    /// A finding waits, and its day has passed.
    OverdueFinding,
    /// An incident is open and not contained.
    Incident,
    /// An incident is open and contained.
    ContainedIncident,
}

impl TermKind {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Lapsed => "lapsed",
            Self::Review => "review",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Claimed => "claimed",
            Self::Finding => "finding",
            Self::OverdueFinding => "overdue-finding",
            Self::Incident => "incident",
            Self::ContainedIncident => "contained-incident",
        }
    }

    /// How many times the weight of its severity one weighs.
    fn times(self) -> u64 {
        match self {
            Self::Failed | Self::Lapsed | Self::Incident => 8,
            Self::Review | Self::ContainedIncident => 4,
            Self::Missing | Self::Stale | Self::Claimed | Self::OverdueFinding => 2,
            Self::Finding => 1,
        }
    }
}

/// The weight of a severity: about three steps for ten times as much.
fn weight(severity: Severity) -> u64 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 3,
        Severity::Medium => 10,
        Severity::High => 30,
        Severity::Critical => 100,
    }
}

/// The factor of a risk class. A class that is not known here weighs like `high-risk`: nobody has said that it is less.
fn factor(class: &str) -> u64 {
    match class {
        "none" | "minimal" => 1,
        "annex-iii-exempt" | "transparency" | "gpai" => 2,
        "prohibited" => 4,
        _ => UNSTATED,
    }
}

/// The factor of a system of which no risk class is stated.
const UNSTATED: u64 = 3;

/// Points of one thing.
type Sort = (TermKind, bool, Severity);

/// What stands against something, by sort.
#[derive(Default)]
struct Sum(BTreeMap<Sort, BTreeSet<String>>);

impl Sum {
    fn add(&mut self, sort: Sort, what: String) {
        self.0.entry(sort).or_default().insert(what);
    }

    fn terms(self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.0.into_iter().map(term).collect();
        // What weighs most first; of the same weight in the order of sorts.
        terms.sort_by_key(|term| Reverse(term.points));
        terms
    }
}

fn term(((kind, accepted, severity), what): (Sort, BTreeSet<String>)) -> Term {
    let full = weight(severity).saturating_mul(kind.times());
    let each = if accepted { full / 2 } else { full };
    let count = what.len() as u64;
    Term {
        kind,
        accepted,
        severity,
        count,
        each,
        points: each.saturating_mul(count),
        what: what.into_iter().collect(),
    }
}

fn score(terms: &[Term], factor: u64) -> u64 {
    terms.iter().fold(0, |sum: u64, term| sum.saturating_add(term.points)).saturating_mul(factor)
}

/// The risk of a system as of the time of its register; `None` where no system is stated by then.
pub fn risk(register: &Register, controls: &ControlSet) -> Option<Risk> {
    let system = register.system()?;
    let exposure = exposure(system);
    let mut whole = Sum::default();
    let in_use = register.assets().filter(|asset| !asset.retired).map(|asset| asset.id.clone());
    let mut on: BTreeMap<Id, Sum> =
        in_use.chain([system.id.clone()]).map(|asset| (asset, Sum::default())).collect();
    let mut add = |assets: &[&Id], sort: Sort, what: String| {
        assets.iter().for_each(|asset| on.entry((*asset).clone()).or_default().add(sort, what.clone()));
        whole.add(sort, what);
    };
    for control in controls.controls() {
        for (asset, state) in register.states(control) {
            if let Some((kind, accepted)) = stands(&state) {
                add(&[&asset], (kind, accepted, control.severity), format!("{} on {asset}", control.id));
            }
        }
    }
    for found in register.found(controls).iter().filter(|found| found.standing.waits()) {
        let Found { filed, overdue, .. } = found;
        let finding = &filed.value;
        let kind = if *overdue { TermKind::OverdueFinding } else { TermKind::Finding };
        let asset = finding.asset.as_ref().unwrap_or(&system.id);
        add(&[asset], (kind, false, finding.severity), finding.id.to_string());
    }
    for incident in register.incidents().map(|filed| &filed.value).filter(|it| !over(it, register.as_of())) {
        let named: Vec<&Id> = incident.assets.iter().collect();
        let assets = if named.is_empty() { vec![&system.id] } else { named };
        add(&assets, sort_of(incident, register.as_of()), incident.id.to_string());
    }
    let terms = whole.terms();
    let mut assets: Vec<AssetRisk> = on
        .into_iter()
        .map(|(asset, sum)| {
            let terms = sum.terms();
            AssetRisk { asset, score: score(&terms, exposure.factor), terms }
        })
        .collect();
    assets.sort_by(|a, b| (Reverse(a.score), &a.asset).cmp(&(Reverse(b.score), &b.asset)));
    Some(Risk {
        version: RISK_VERSION,
        system: system.id.clone(),
        as_of: register.as_of(),
        score: score(&terms, exposure.factor),
        exposure,
        terms,
        assets,
        withheld: register.withheld(),
    })
}

fn exposure(system: &System) -> Exposure {
    let factor_of_all = system.risk_classes.iter().map(|class| factor(class)).max().unwrap_or(UNSTATED);
    let giving = system.risk_classes.iter().filter(|class| factor(class) == factor_of_all);
    Exposure { factor: factor_of_all, risk_classes: giving.cloned().collect() }
}

/// What a control on an asset counts as, and whether an exception in force accepts it; nothing where it holds or was
/// decided not to apply.
fn stands(on: &StateOn) -> Option<(TermKind, bool)> {
    let accepted = on.state == ControlState::Excepted;
    let kind = match on.underlying.unwrap_or(on.state) {
        _ if on.decided => return None,
        ControlState::Held | ControlState::Excepted => return None,
        ControlState::Failed => TermKind::Failed,
        _ if on.lapsed => TermKind::Lapsed,
        ControlState::Review => TermKind::Review,
        ControlState::Missing => TermKind::Missing,
        ControlState::Stale => TermKind::Stale,
        ControlState::NotApplicable => TermKind::Claimed,
    };
    Some((kind, accepted))
}

/// Whether an incident was dealt with by an instant.
fn over(incident: &Incident, at: Timestamp) -> bool {
    incident.closed_at.is_some_and(|closed| closed <= at)
}

/// An open incident counts as critical where some kind makes it serious, else as high.
fn sort_of(incident: &Incident, at: Timestamp) -> Sort {
    let severity = if incident.kinds.is_empty() { Severity::High } else { Severity::Critical };
    let contained = incident.contained_at.is_some_and(|contained| contained <= at);
    (if contained { TermKind::ContainedIncident } else { TermKind::Incident }, false, severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_failure_weighs_half_and_what_is_graver_more() {
        let one = |kind, accepted, severity| {
            term(((kind, accepted, severity), BTreeSet::from(["AFF-EXP-11 on model".to_owned()]))).points
        };
        for severity in Severity::ALL {
            let failed = one(TermKind::Failed, false, severity);
            assert_eq!(one(TermKind::Failed, true, severity) * 2, failed);
            assert!(failed > one(TermKind::Review, false, severity));
            assert!(one(TermKind::Review, false, severity) > one(TermKind::Missing, false, severity));
            assert!(one(TermKind::Missing, true, severity) > 0, "what is accepted is not gone");
            assert!(one(TermKind::OverdueFinding, false, severity) > one(TermKind::Finding, false, severity));
        }
        let weights = Severity::ALL.map(weight);
        assert!(weights.is_sorted() && weights[0] > 0, "{weights:?}");
    }

    #[test]
    fn a_score_saturates_and_counts_each_thing_once() {
        let term = |points| Term {
            kind: TermKind::Failed,
            accepted: false,
            severity: Severity::Low,
            count: 1,
            each: points,
            points,
            what: Vec::new(),
        };
        assert_eq!(score(&[term(u64::MAX), term(7)], 3), u64::MAX);
        assert_eq!(score(&[term(2), term(3)], 4), 20);
        assert_eq!(score(&[], 4), 0);
        let mut sum = Sum::default();
        let sort = (TermKind::Incident, false, Severity::High);
        ["inc-1", "inc-1", "inc-2"].into_iter().for_each(|id| sum.add(sort, id.to_owned()));
        assert_eq!(sum.terms()[0].count, 2);
    }

    #[test]
    fn the_gravest_class_gives_the_exposure_and_silence_weighs_like_high_risk() {
        let of = |classes: &[&str]| {
            let mut system = System::new("s".parse().unwrap(), "S");
            system.risk_classes = classes.iter().map(|class| (*class).to_owned()).collect();
            let exposure = exposure(&system);
            (exposure.factor, exposure.risk_classes.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), (3, vec![]));
        assert_eq!(of(&["none"]), (1, vec!["none".to_owned()]));
        assert_eq!(of(&["transparency", "high-risk", "gpai"]), (3, vec!["high-risk".to_owned()]));
        assert_eq!(of(&["our-own-class"]).0, of(&["high-risk"]).0);
        assert_eq!(of(&["prohibited", "high-risk"]).0, 4);
    }
}
