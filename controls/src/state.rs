//! The state of a control on an asset: what the latest results amount to as of a time.
//!
//! The latest result of **each** collector counts, so a pass of one tool never hides the failure of another:
//! any failed gives [`ControlState::Failed`], whatever its age; else any needs-review, unknown or partial population
//! gives [`ControlState::Review`]; else a pass that is fresh gives [`ControlState::Held`], an older one
//! [`ControlState::Stale`]; not-applicable alone gives [`ControlState::NotApplicable`]; everything else is
//! [`ControlState::Missing`], for a test that did not run is no evidence.

use crate::control::Control;
use crate::decision::Decision;
use crate::event::Event;
use crate::exception::Exception;
use crate::register::{Filed, Recorded};
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
    /// Not held, and accepted for a time by an exception.
    Excepted,
    /// Does not apply: by a decision, or by a collector's word alone, which leaves a gap.
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
    /// Until when a pass or an exception holds; nothing for a pass that an event ended.
    pub fresh_until: Option<Timestamp>,
    /// It does not apply by a decision, and leaves the population.
    pub decided: bool,
    /// What it would be without the exception in force.
    pub underlying: Option<ControlState>,
    /// An exception accepted this and has expired, and the control has not held since it was recorded.
    pub lapsed: bool,
    /// Results are on file that name no asset and, not having tested the whole population, cover none.
    pub uncovered: bool,
}

impl StateOn {
    /// The same under a decision that the control does not apply, unless something unfavourable is on file.
    pub(crate) fn decided(self, decision: &Filed<Decision>) -> Self {
        if matches!(self.state, ControlState::Failed | ControlState::Review) {
            return self;
        }
        let Decision { decided_by, reason, .. } = &decision.value;
        Self {
            state: ControlState::NotApplicable,
            reason: format!("decided not to apply by {decided_by}: {reason}"),
            citations: vec![decision.citation.clone()],
            observed_to: None,
            fresh_until: None,
            decided: true,
            underlying: None,
            lapsed: false,
            uncovered: false,
        }
    }

    /// The same under the exceptions that cover it, at an instant. An expired one after whose recording the control has held
    /// is over: the gap that it accepted was closed, and what is wrong now is another.
    pub(crate) fn excepted<'a>(
        mut self,
        covering: impl Iterator<Item = &'a Filed<Exception>>,
        last_held: Option<Timestamp>,
        at: Timestamp,
    ) -> Self {
        if self.decided || self.state == ControlState::Held {
            return self;
        }
        let (in_force, over): (Vec<_>, Vec<_>) =
            covering.filter(|filed| !filed.value.revoked).partition(|filed| filed.value.in_force(at));
        if let Some(longest) = in_force.iter().max_by_key(|filed| (filed.value.expires, filed.citation.index))
        {
            let Exception { id, approver, reason, expires, .. } = &longest.value;
            self.reason = format!(
                "exception {id} until {expires}, accepted by {approver}: {reason}; else {}: {}",
                self.state, self.reason
            );
            self.underlying = Some(self.state);
            self.state = ControlState::Excepted;
            self.fresh_until = Some(*expires);
            self.cite(&longest.citation);
        } else if let Some(last) = over
            .iter()
            .filter(|filed| last_held.is_none_or(|held| held <= filed.time))
            .max_by_key(|filed| (filed.value.expires, filed.citation.index))
        {
            let Exception { id, expires, .. } = &last.value;
            self.reason = format!("{}; exception {id} expired on {expires}", self.reason);
            self.lapsed = true;
            self.cite(&last.citation);
        }
        self
    }

    fn cite(&mut self, citation: &Citation) {
        self.citations.push(citation.clone());
        self.citations.sort_by_key(|citation| citation.index);
    }
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
        // Failed items are a failure, whatever else is said.
        _ if population.is_some_and(|p| p.failed > 0) => Weight::Failed,
        Status::Passed if population.is_some_and(|p| !p.is_complete()) => Weight::Review,
        Status::Passed => Weight::Passed,
        Status::NeedsReview | Status::Unknown => Weight::Review,
        Status::NotApplicable => Weight::NotApplicable,
        Status::NotRun => Weight::NotRun,
    }
}

/// The last instant at which the results that speak show that the control held: one passed, and nothing that still stands
/// against it had been found.
pub(crate) fn last_held(speaking: &[&Recorded]) -> Option<Timestamp> {
    let of = |wanted: &'static [Weight]| {
        let weighed = speaking.iter().filter(|recorded| wanted.contains(&weight(&recorded.result)));
        weighed.map(|recorded| recorded.result.observed_to)
    };
    let found = of(&[Weight::Failed, Weight::Review]).min().unwrap_or(Timestamp::MAX);
    of(&[Weight::Passed]).filter(|passed| *passed < found).max()
}

/// Until when a pass holds: the control's freshness from the end of the observation, never past `valid_until`.
pub fn fresh_until(control: &Control, result: &ControlResult) -> Timestamp {
    let by_age = result.observed_to.plus(control.max_age);
    result.valid_until.map_or(by_age, |until| until.min(by_age))
}

/// Judges the results that speak for one asset, one per collector and form. `events` are those after which earlier
/// passes no longer count.
pub(crate) fn judge(
    control: &Control,
    speaking: &[&Recorded],
    events: &[&Filed<Event>],
    as_of: Timestamp,
) -> StateOn {
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
        return judge_passed(control, &passed, events, as_of);
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
    none("no result on file")
}

/// Nothing is on file.
pub(crate) fn none(why: &str) -> StateOn {
    state(ControlState::Missing, why.to_owned(), &[])
}

fn judge_passed(
    control: &Control,
    passed: &[&Recorded],
    events: &[&Filed<Event>],
    as_of: Timestamp,
) -> StateOn {
    let after = |recorded: &Recorded| {
        events
            .iter()
            .copied()
            .filter(|event| event.value.at > recorded.result.observed_to)
            .min_by_key(|event| event.value.at)
    };
    let standing: Vec<&Recorded> =
        passed.iter().copied().filter(|recorded| after(recorded).is_none()).collect();
    if let (true, Some(last)) = (standing.is_empty(), latest(passed)) {
        let event = after(last);
        let (what, when) =
            event.map_or(("", String::new()), |e| (e.value.kind.as_str(), e.value.at.to_string()));
        let reason = format!("passed by {}, before the {what} of {when}", collectors(passed));
        let mut stale = state(ControlState::Stale, reason, passed);
        if let Some(event) = event {
            stale.cite(&event.citation);
        }
        return stale;
    }
    let until = standing.iter().map(|recorded| fresh_until(control, &recorded.result)).max();
    let fresh = until.is_some_and(|until| as_of <= until);
    let (kind, verb) = if fresh { (ControlState::Held, "fresh") } else { (ControlState::Stale, "was fresh") };
    let until_text = until.map(|until| until.to_string()).unwrap_or_default();
    let reason = format!("passed by {}, {verb} until {until_text}", collectors(&standing));
    StateOn { fresh_until: until, ..state(kind, reason, &standing) }
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
    StateOn {
        state,
        reason,
        citations,
        observed_to,
        fresh_until: None,
        decided: false,
        underlying: None,
        lapsed: false,
        uncovered: false,
    }
}
