//! The assessment: what a framework, a stream and a day amount to, requirement by requirement (docs/spec/assessment.md).
//!
//! ```text
//! {"version": 1, "framework": {"id": "eu-ai-act", ...}, "system": {...}, "as_of": "2026-11-24T00:00:00Z",
//!  "totals": {...}, "determinations": [{"requirement": "art-9-1", "outcome": "partial", ...}, ...],
//!  "controls": [{"control": "AFF-GOV-01", "held": 1, "population": 2, ...}, ...], "does_not_establish": [...]}
//! ```
//!
//! Integers only, everything sorted, every share with its numerator and denominator: the same inputs print the same
//! bytes, and a verifier compares them.

use crate::applicability::{Applicability, ApplicabilityState};
use crate::mapping::Relation;
use crate::timing::{Timing, TimingState};
use affiant_controls::{CatalogPin, Citation, ControlId, ControlState, System};
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the format.
pub const ASSESSMENT_VERSION: u64 = 1;

/// A framework judged over a system as of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Version of this format: 1.
    pub version: u64,
    /// The framework judged.
    pub framework: CatalogPin,
    /// Its name and citation, for people.
    pub criteria: String,
    /// The mapping sets used, by id.
    pub mappings: Vec<CatalogPin>,
    /// The control catalogs used, by id.
    pub control_catalogs: Vec<CatalogPin>,
    /// The system as stated: roles, risk classes and facts are claims of who stated them.
    pub system: System,
    /// The time judged for.
    pub as_of: Timestamp,
    /// Counts.
    pub totals: Totals,
    /// One per requirement on which evidence is judged, in the framework's order.
    pub determinations: Vec<Determination>,
    /// Every control mapped to the framework, by id, with its state on every asset.
    pub controls: Vec<ControlStanding>,
    /// Entries that could not be read because their payload is withheld or erased.
    pub withheld: u64,
    /// What a reader must not conclude.
    pub does_not_establish: Vec<String>,
}

/// The conclusion on one requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Determination {
    /// The requirement's id.
    pub requirement: String,
    /// How it is cited.
    pub citation: String,
    /// Its title.
    pub title: String,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it binds the system.
    pub applicability: Applicability,
    /// From when.
    pub timing: Timing,
    /// What the evidence amounts to.
    pub outcome: Outcome,
    /// The same in a sentence.
    pub conclusion: String,
    /// The controls mapped to it, by id; none where it does not apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<MappedControl>,
    /// Ledger positions of the entries it rests on, in order; their leaf hashes stand with the controls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<u64>,
    /// What is missing or wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// What the evidence on a requirement amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every mapped control held on every asset it applies to, or is under an exception in force there, and at least
    /// one held; or, where no control is meant, a document is attested.
    Satisfied,
    /// Some evidence, not all.
    Partial,
    /// A mapped control failed on an asset, or an exception from it has expired.
    NotSatisfied,
    /// No control is mapped, or there is no evidence at all.
    NotAssessed,
    /// It does not bind the system.
    NotApplicable,
    /// Whether it binds the system is unknown; what evidence there is stands beside it without a conclusion.
    Unknown,
}

impl Outcome {
    /// All outcomes, in order.
    pub const ALL: [Self; 6] = [
        Self::Satisfied,
        Self::Partial,
        Self::NotSatisfied,
        Self::NotAssessed,
        Self::NotApplicable,
        Self::Unknown,
    ];

    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::Partial => "partial",
            Self::NotSatisfied => "not-satisfied",
            Self::NotAssessed => "not-assessed",
            Self::NotApplicable => "not-applicable",
            Self::Unknown => "unknown",
        }
    }
}

/// A control mapped to a requirement, with its coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedControl {
    /// The control.
    pub control: ControlId,
    /// How it relates to the requirement.
    pub relation: Relation,
    /// Assets on which it held.
    pub held: u64,
    /// Assets on which it did not hold, under an exception in force.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excepted: u64,
    /// Assets it applies to.
    pub population: u64,
}

/// A control over its whole population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlStanding {
    /// The control.
    pub control: ControlId,
    /// Its title.
    pub title: String,
    /// Assets on which it held.
    pub held: u64,
    /// Assets on which it did not hold, under an exception in force.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excepted: u64,
    /// Assets it applies to; those it was decided not to apply to are not counted.
    pub population: u64,
    /// Its state on each asset, by asset id.
    pub assets: Vec<Standing>,
}

/// The state of a control on an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The asset; the system's own id or `org` where the control applies to those.
    pub asset: Id,
    /// The state.
    pub state: ControlState,
    /// Why, in words.
    pub reason: String,
    /// End of the observation that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_to: Option<Timestamp>,
    /// Until when it stays fresh, or the exception holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<Timestamp>,
    /// It does not apply by a decision on file, and is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decided: bool,
    /// The state without the exception in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub underlying: Option<ControlState>,
    /// An exception accepted this and has expired, and the control has not held since it was recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lapsed: bool,
    /// The control does not apply to it: something unfavourable was found there all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stray: bool,
    /// Results are on file that name no asset and, not having tested the whole population, cover none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncovered: bool,
    /// The entries it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
}

/// Something missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What sort of gap.
    pub kind: GapKind,
    /// The control it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    /// The assets it is about, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Id>,
    /// In words.
    pub detail: String,
}

/// What sort of gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// No control is mapped to the requirement.
    NoControl,
    /// A mapped control has no asset to apply to.
    NoAsset,
    /// No result that counts.
    NoResult,
    /// Results were pushed without naming an asset and without testing the whole population: they cover none.
    PopulationNotCovered,
    /// Passed, but no longer fresh.
    Stale,
    /// Failed.
    Failed,
    /// A person must decide, or only part of the population was tested.
    NeedsReview,
    /// A collector said not-applicable; no person has excluded it, so it is no evidence.
    ClaimedNotApplicable,
    /// Not held, and accepted for a time by an exception in force.
    Excepted,
    /// An exception accepted it, and has expired.
    ExceptionExpired,
    /// No control is meant for the requirement: a document or a decision must be attested.
    DocumentNeeded,
    /// A document was attested, and is no longer valid or was withdrawn.
    AttestationExpired,
    /// Whether or when the requirement binds the system depends on a fact that is not stated.
    FactMissing,
}

impl GapKind {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoControl => "no-control",
            Self::NoAsset => "no-asset",
            Self::NoResult => "no-result",
            Self::PopulationNotCovered => "population-not-covered",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::NeedsReview => "needs-review",
            Self::ClaimedNotApplicable => "claimed-not-applicable",
            Self::Excepted => "excepted",
            Self::ExceptionExpired => "exception-expired",
            Self::DocumentNeeded => "document-needed",
            Self::AttestationExpired => "attestation-expired",
            Self::FactMissing => "fact-missing",
        }
    }
}

/// Whether a state comes from looking at something.
pub fn is_evaluated(state: ControlState) -> bool {
    matches!(state, ControlState::Held | ControlState::Failed | ControlState::Review | ControlState::Stale)
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A numerator with its denominator; never a percentage alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.count, self.of)
    }
}

/// Counts over an assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Requirements judged, of all nodes of the framework; the others ask nothing of an operator or stand above others.
    pub judged: Share,
    /// Requirements that apply, of those judged.
    pub applying: Share,
    /// Requirements that apply with evidence on file over every mapped control and asset, of those that apply.
    pub satisfied: Share,
    /// Requirements that apply with at least one control mapped, of those that apply.
    pub mapped: Share,
    /// Controls held over their whole, non-empty population, of those mapped to the framework.
    pub controls_held: Share,
    /// Pairs of control and asset that held, of all pairs.
    pub pairs_held: Share,
    /// Requirements judged, by outcome.
    pub by_outcome: BTreeMap<Outcome, u64>,
    /// Requirements judged, by applicability.
    pub by_applicability: BTreeMap<ApplicabilityState, u64>,
    /// Requirements that apply, by timing, then outcome.
    pub by_timing: BTreeMap<TimingState, BTreeMap<Outcome, u64>>,
}

impl Assessment {
    /// The determination of a requirement.
    pub fn determination(&self, requirement: &str) -> Option<&Determination> {
        self.determinations.iter().find(|determination| determination.requirement == requirement)
    }

    /// Whether any control was evaluated on any asset: exceptions, decisions and tests that did not run are none.
    pub fn rests_on_evidence(&self) -> bool {
        let of = |on: &Standing| is_evaluated(on.state) || on.underlying.is_some_and(is_evaluated);
        self.controls.iter().flat_map(|standing| &standing.assets).any(of)
    }

    /// The standing of a control.
    pub fn control(&self, id: &str) -> Option<&ControlStanding> {
        self.controls.iter().find(|standing| standing.control == *id)
    }

    /// The one JSON form of this assessment, as it stands in packs: pretty-printed, with a line feed at the end.
    ///
    /// # Panics
    /// Never: the types hold only text, integers, lists and maps with text keys.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.map(|json| json + "\n").unwrap_or_else(|error| panic!("an assessment prints as JSON: {error}"))
    }
}
