//! Where a system stands: judged, with what runs and what runs out, what waits and what to do next.

pub mod next;

use crate::failure::Failure;
use affiant_controls::control::Severity;
use affiant_controls::register::Register;
use affiant_controls::request::{Followed, RequestState};
use affiant_controls::set::ControlSet;
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::assessment::Assessment;
use affiant_frameworks::clock::{Clock, Expiry, clocks, expiring};
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use affiant_reports::derive::Catalogs;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How far ahead is looked for what runs out, in days.
pub const AHEAD: u32 = 90;

/// Where one system stands.
#[derive(Debug)]
pub struct Standing<'a> {
    /// The system.
    pub system: &'a Id,
    /// What its stream says.
    pub register: &'a Register,
    /// Each framework judged.
    pub assessments: Vec<Assessment>,
    /// The clocks that the law starts.
    pub clocks: Vec<Clock>,
    /// What runs out soon.
    pub expiring: Vec<Expiry>,
}

impl<'a> Standing<'a> {
    /// Judges a system by the catalogs in use.
    pub fn of(catalogs: &Catalogs, system: &'a Id, register: &'a Register) -> Result<Self, Failure> {
        let Catalogs { frameworks, controls, mappings } = catalogs;
        let assessments = assess_all(frameworks, mappings, controls, register).map_err(Failure::refused)?;
        let clocks: Vec<Clock> =
            frameworks.iter().flat_map(|framework| clocks(framework, register)).collect();
        let until = register.as_of().plus(Period::days(AHEAD));
        let expiring = expiring(register, controls, &assessments, &clocks, until);
        Ok(Self { system, register, assessments, clocks, expiring })
    }

    /// Whether anything was judged by evidence.
    pub fn rests_on_evidence(&self) -> bool {
        self.assessments.iter().any(Assessment::rests_on_evidence)
    }

    /// Its JSON form, which docs/spec/assessment.md describes; `entries` of its stream, at the size `checkpoint` of the
    /// ledger, known on a day.
    pub fn to_json(&self, controls: &ControlSet, entries: u64, checkpoint: u64, known: Timestamp) -> Value {
        json!({
            "system": self.system, "entries": entries, "checkpoint": checkpoint, "known": known,
            "clocks": self.clocks, "expiring": self.expiring, "requests": requests(self.register),
            "findings": findings(self.register, controls), "next": next::steps(self),
            "assessments": self.assessments,
        })
    }
}

/// A clock in a few words.
pub fn clock_text(clock: &Clock) -> String {
    let when = if clock.immediate { "without delay from" } else { "due" };
    let binds = clock.binds_from.map(|day| format!(" (binds from {day})")).unwrap_or_default();
    let open = clock.open.as_ref().map(|open| format!(", {open} open")).unwrap_or_default();
    format!("{} {} {when} {}{open}{binds}", clock.citation, clock.state.as_str(), clock.due)
}

/// How many findings wait.
pub fn findings(register: &Register, controls: &ControlSet) -> Value {
    let (waiting, overdue) = findings_waiting(register, controls);
    json!({"open": waiting.values().sum::<u64>(), "overdue": overdue, "by_severity": waiting})
}

/// How many findings wait, by severity, and how many of them are overdue.
pub fn findings_waiting(register: &Register, controls: &ControlSet) -> (BTreeMap<Severity, u64>, u64) {
    let mut by_severity = BTreeMap::new();
    let found = register.found(controls);
    for it in found.iter().filter(|it| it.standing.waits()) {
        *by_severity.entry(it.filed.value.severity).or_default() += 1;
    }
    (by_severity, found.iter().filter(|it| it.overdue).count() as u64)
}

/// The requests for evidence that wait.
pub fn requests(register: &Register) -> Value {
    let followed = register.followed();
    let count = |state| followed.iter().filter(|it| it.state == state).count();
    json!({
        "open": count(RequestState::Open), "overdue": count(RequestState::Overdue),
        "next_due": next_due(&followed), "waiting": requests_waiting(&followed).map(request).collect::<Vec<_>>(),
    })
}

/// A request for evidence, followed.
pub fn request(it: &Followed<'_>) -> Value {
    json!({
        "request": it.filed.value, "state": it.state, "answer": it.answer, "days_left": it.days_left,
        "index": it.filed.citation.index,
    })
}

/// Those that wait.
pub fn requests_waiting<'a>(followed: &'a [Followed<'a>]) -> impl Iterator<Item = &'a Followed<'a>> {
    followed.iter().filter(|it| matches!(it.state, RequestState::Open | RequestState::Overdue))
}

/// When the next of those that are not overdue is due.
pub fn next_due(followed: &[Followed<'_>]) -> Option<Timestamp> {
    let open = followed.iter().filter(|it| it.state == RequestState::Open);
    open.map(|it| it.filed.value.due).min()
}
