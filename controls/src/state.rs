//! The state of a control on an asset: what the latest results amount to as of a time.
//!
//! The latest result of **each** collector counts, so a pass of one tool never hides the failure of another:
//! any failed gives [`ControlState::Failed`], whatever its age; else any needs-review, unknown or partial population
//! gives [`ControlState::Review`]; else a pass that is fresh gives [`ControlState::Held`], an older one
//! [`ControlState::Stale`]; not-applicable alone gives [`ControlState::NotApplicable`]; everything else is
//! [`ControlState::Missing`], for a test that did not run is no evidence.

use crate::control::Control;
use crate::register::Recorded;
use crate::result::ControlResult;
use crate::status::Status;
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of a control on an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlState {
    /// Passed and fresh.
    Held,
    /// Failed, by any collector.
    Failed,
    /// A person must look.
    Review,
    /// Passed, but too long ago.
    Stale,
    /// No evidence.
    Missing,
    /// Failed or missing, and accepted for a time. Not produced yet: there is no exception statement.
    Excepted,
    /// Does not apply, by a result that says so.
    NotApplicable,
}

impl ControlState {
    /// The word written in assessments.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Review => "review",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Excepted => "excepted",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl std::fmt::Display for ControlState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// An entry that a state rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// Leaf hash of the entry.
    pub leaf: Digest,
    /// Position in the ledger.
    pub index: u64,
}

/// The state of a control on an asset, why, and by which entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOn {
    /// The state.
    pub state: ControlState,
    /// Why, in a sentence.
    pub reason: String,
    /// The entries it rests on, in order; none where nothing was stated.
    pub citations: Vec<Citation>,
    /// End of the observation that decided, the latest of several.
    pub observed_to: Option<Timestamp>,
    /// Until when a pass holds.
    pub fresh_until: Option<Timestamp>,
}

/// What a single result amounts to, its age aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Failed,
    Review,
    Passed,
    NotApplicable,
    NotRun,
}

fn weight(result: &ControlResult) -> Weight {
    let population = result.population.as_ref();
    match result.status {
        Status::Failed => Weight::Failed,
        Status::Passed if population.is_some_and(|p| p.failed > 0) => Weight::Failed,
        Status::Passed if population.is_some_and(|p| !p.is_complete()) => Weight::Review,
        Status::Passed => Weight::Passed,
        Status::NeedsReview | Status::Unknown => Weight::Review,
        Status::NotApplicable => Weight::NotApplicable,
        Status::NotRun => Weight::NotRun,
    }
}

/// Until when a pass holds: the control's freshness from the end of the observation, never past `valid_until`.
pub fn fresh_until(control: &Control, result: &ControlResult) -> Timestamp {
    let by_age = result.observed_to.plus(control.max_age);
    result.valid_until.map_or(by_age, |until| until.min(by_age))
}

/// Judges the results that speak for one asset, one per collector and form.
pub(crate) fn judge(control: &Control, speaking: &[&Recorded], as_of: Timestamp) -> StateOn {
    let of = |weight_wanted: Weight| -> Vec<&Recorded> {
        speaking.iter().copied().filter(|recorded| weight(&recorded.result) == weight_wanted).collect()
    };
    let failed = of(Weight::Failed);
    if !failed.is_empty() {
        return state(ControlState::Failed, failed_reason(&failed), &failed);
    }
    let review = of(Weight::Review);
    if !review.is_empty() {
        return state(ControlState::Review, review_reason(&review), &review);
    }
    let passed = of(Weight::Passed);
    if !passed.is_empty() {
        return judge_passed(control, &passed, as_of);
    }
    let not_applicable = of(Weight::NotApplicable);
    if !not_applicable.is_empty() {
        let reason = format!("said not to apply by {}", collectors(&not_applicable));
        return state(ControlState::NotApplicable, reason, &not_applicable);
    }
    let not_run = of(Weight::NotRun);
    if !not_run.is_empty() {
        let reason = format!("the test did not run, as {} says", collectors(&not_run));
        return state(ControlState::Missing, reason, &not_run);
    }
    state(ControlState::Missing, "no result on file".to_owned(), &[])
}

fn judge_passed(control: &Control, passed: &[&Recorded], as_of: Timestamp) -> StateOn {
    let until = passed.iter().map(|recorded| fresh_until(control, &recorded.result)).max();
    let fresh = until.is_some_and(|until| as_of <= until);
    let (kind, verb) = if fresh { (ControlState::Held, "fresh") } else { (ControlState::Stale, "was fresh") };
    let until_text = until.map(|until| until.to_string()).unwrap_or_default();
    let reason = format!("passed by {}, {verb} until {until_text}", collectors(passed));
    StateOn { fresh_until: until, ..state(kind, reason, passed) }
}

fn failed_reason(failed: &[&Recorded]) -> String {
    format!("failed by {}: {}", collectors(failed), latest(failed).map_or("", |r| &r.result.summary))
}

fn review_reason(review: &[&Recorded]) -> String {
    let Some(recorded) = latest(review) else { return String::new() };
    let result = &recorded.result;
    match (&result.population, result.status) {
        (Some(p), Status::Passed) => {
            format!("partial: {} tested {} of {} ({})", result.collector.name, p.tested, p.size, p.definition)
        }
        (_, status) => format!("{status} by {}: {}", collectors(review), result.summary),
    }
}

fn collectors(all: &[&Recorded]) -> String {
    let names: std::collections::BTreeSet<&str> =
        all.iter().map(|recorded| recorded.result.collector.name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn latest<'a>(all: &[&'a Recorded]) -> Option<&'a Recorded> {
    all.iter().copied().max_by_key(|recorded| recorded.rank())
}

fn state(state: ControlState, reason: String, decided_by: &[&Recorded]) -> StateOn {
    let mut citations: Vec<Citation> =
        decided_by.iter().map(|r| Citation { leaf: r.leaf, index: r.index }).collect();
    citations.sort_by_key(|citation| citation.index);
    let observed_to = decided_by.iter().map(|r| r.result.observed_to).max();
    StateOn { state, reason, citations, observed_to, fresh_until: None }
}
