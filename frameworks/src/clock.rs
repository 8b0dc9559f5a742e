//! Clocks: what a law gives a limited time for, started by what is on file, and what runs out soon.
//!
//! A clock is a deadline of a framework started by an incident, an event or the placing on the market. Of the reports
//! due on one incident the shortest counts (Art. 73(2) to (4) of the AI Act). What the law asks for "immediately" is
//! due when it starts. A report answers the clocks of those it went to; one that names no recipient answers all.
//! Working days are Monday to Friday; public holidays are not known here.

use crate::applicability::{ApplicabilityState, applicability};
use crate::assessment::Assessment;
use crate::assessment::{ControlStanding, Outcome};
use crate::framework::Framework;
use crate::law::{Deadline, Limit};
use crate::timing::{Timing, TimingState};
use affiant_controls::{Citation, ControlSet, ControlState, Event, Filed, Incident, Register, System};
use affiant_ledger::id::Id;
use affiant_ledger::time::{Date, Period, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A clock that runs, ran out or was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Id of the deadline in the framework.
    pub deadline: String,
    /// The provision.
    pub citation: String,
    /// The requirement it belongs to.
    pub requirement: String,
    /// `report`, `retention`, `validity`, ...
    pub kind: String,
    /// What started it: an incident, an event, the system.
    pub subject: String,
    /// The state.
    pub state: ClockState,
    /// When it started.
    pub started: Timestamp,
    /// When it runs out.
    pub due: Timestamp,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
    /// The law asks for it without delay: the due time is the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub immediate: bool,
    /// What is still open after the answer, or after a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// The duty does not bind yet: from this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binds_from: Option<Date>,
    /// Whether the duty binds the system is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsure: bool,
    /// Who receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// What else the provision says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// The entry that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Citation>,
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    /// Not answered, and too late.
    Overdue,
    /// Not answered, in time.
    Running,
    /// What is kept must still be kept.
    Keep,
    /// Answered after it ran out.
    AnsweredLate,
    /// Answered in time.
    Answered,
    /// What had to be kept need not be kept any longer on this ground.
    Over,
}

impl ClockState {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Running => "running",
            Self::Keep => "keep",
            Self::AnsweredLate => "answered-late",
            Self::Answered => "answered",
            Self::Over => "over",
        }
    }
}

/// The words by which a deadline says what starts it, beside `event:KIND`.
pub const STARTS: [&str; 4] = ["incident", "incident-death", "incident-widespread", "placed-on-market"];

/// Whether a deadline may be started by this word.
pub fn is_start(word: &str) -> bool {
    STARTS.contains(&word) || word.strip_prefix("event:").is_some_and(|kind| kind.parse::<Id>().is_ok())
}

/// The clocks of a framework that what is on file has started, the most urgent first.
pub fn clocks(framework: &Framework, register: &Register) -> Vec<Clock> {
    let (Some(law), Some(system)) = (&framework.law, register.system()) else { return Vec::new() };
    let mut clocks = Vec::new();
    for deadline in law.deadlines.iter().filter(|deadline| concerns(framework, deadline, system)) {
        let Some(row) = framework.requirement(&deadline.requirement) else { continue };
        let (applies, timing) = applicability(framework, row, system, register.as_of().date());
        let decided = register.decision(&framework.id, &row.id).map(|filed| filed.value.applies);
        if !decided.unwrap_or(applies.state != ApplicabilityState::DoesNotApply) {
            continue;
        }
        let unsure = decided.is_none() && applies.state == ApplicabilityState::Unknown;
        let found = started(deadline, register, system);
        clocks.extend(
            found.into_iter().filter_map(|start| clock(deadline, start, unsure, &timing, register.as_of())),
        );
    }
    shortest_reports(&mut clocks);
    clocks.sort_by(|a, b| {
        (a.state, a.due, &a.subject, &a.deadline).cmp(&(b.state, b.due, &b.subject, &b.deadline))
    });
    clocks
}

/// What started a clock.
struct Started<'a> {
    subject: String,
    at: Timestamp,
    done: Option<Timestamp>,
    open: Option<String>,
    entry: Option<&'a Citation>,
}

fn started<'a>(deadline: &Deadline, register: &'a Register, system: &System) -> Vec<Started<'a>> {
    let Some(word) = &deadline.starts else { return Vec::new() };
    let by_incident = |is_meant: &dyn Fn(&BTreeSet<String>) -> bool| {
        let meant = register.incidents().filter(|filed| is_meant(&filed.value.kinds));
        meant.map(|filed| of_incident(filed, deadline)).collect()
    };
    let has = |kinds: &BTreeSet<String>, any: &[&str]| any.iter().any(|kind| kinds.contains(*kind));
    match (word.as_str(), word.strip_prefix("event:")) {
        ("incident", _) => by_incident(&|kinds| !kinds.is_empty()),
        ("incident-death", _) => by_incident(&|kinds| has(kinds, &["death"])),
        ("incident-widespread", _) => {
            by_incident(&|kinds| has(kinds, &["widespread", "critical-infrastructure"]))
        }
        ("placed-on-market", _) => {
            let at = system.placed_on_market.and_then(|date| date.midnight().ok());
            let of = |at| Started { subject: system.id.to_string(), at, done: None, open: None, entry: None };
            at.filter(|at| *at <= register.as_of()).map(of).into_iter().collect()
        }
        (_, Some(kind)) => {
            register.events().filter(|filed| filed.value.kind == *kind).map(of_event).collect()
        }
        _ => Vec::new(),
    }
}

/// Who is to be told within a deadline, each of them: words with commas between. Text that is no word names nobody.
pub fn recipients(deadline: &Deadline) -> impl Iterator<Item = &str> + Clone {
    let named = deadline.recipient.as_deref().unwrap_or_default().split(',').map(str::trim);
    named.filter(|word| word.parse::<Id>().is_ok())
}

fn of_incident<'a>(filed: &'a Filed<Incident>, deadline: &Deadline) -> Started<'a> {
    let incident = &filed.value;
    let done = incident.told(recipients(deadline));
    let missing: Vec<&str> =
        recipients(deadline).filter(|who| !incident.reported_to.contains_key(*who)).collect();
    let open = match done {
        Some(_) if incident.completed_at.is_none() => Some("complete report".to_owned()),
        // Told in part: the rest is named.
        None if missing.len() < recipients(deadline).count() => {
            Some(format!("report to {}", missing.join(", ")))
        }
        _ => None,
    };
    Started {
        subject: incident.id.to_string(),
        at: incident.aware_at,
        done,
        open,
        entry: Some(&filed.citation),
    }
}

fn of_event(filed: &Filed<Event>) -> Started<'_> {
    let event = &filed.value;
    let asset = event.asset.as_ref().map(|asset| format!(" of {asset}")).unwrap_or_default();
    Started {
        subject: format!("{}{asset}", event.kind),
        at: event.at,
        done: event.done_at,
        open: None,
        entry: Some(&filed.citation),
    }
}

fn clock(
    deadline: &Deadline,
    start: Started<'_>,
    unsure: bool,
    timing: &Timing,
    now: Timestamp,
) -> Option<Clock> {
    let due = due(start.at, &deadline.limit)?;
    let keeps =
        matches!(deadline.kind.as_str(), "retention" | "retention-minimum" | "validity" | "maximum-duration");
    let state = match start.done {
        // What is asked for without delay has no length that could be overrun.
        Some(done) if done > due && deadline.limit.value.is_some() => ClockState::AnsweredLate,
        Some(_) => ClockState::Answered,
        None if keeps && now <= due => ClockState::Keep,
        None if keeps => ClockState::Over,
        None if now > due => ClockState::Overdue,
        None => ClockState::Running,
    };
    Some(Clock {
        deadline: deadline.id.clone(),
        citation: deadline.citation.clone(),
        requirement: deadline.requirement.clone(),
        kind: deadline.kind.clone(),
        subject: start.subject,
        state,
        started: start.at,
        due,
        done: start.done,
        immediate: deadline.limit.value.is_none(),
        open: start.open,
        binds_from: timing.date.filter(|_| timing.state == TimingState::Upcoming),
        unsure,
        recipient: deadline.recipient.clone(),
        also: deadline.also.clone(),
        entry: start.entry.cloned(),
    })
}

/// Of the reports due on one incident to the same recipient within a number of days, the shortest counts.
fn shortest_reports(clocks: &mut Vec<Clock>) {
    let counts = |clock: &Clock| clock.kind == "report" && !clock.immediate;
    let about = |clock: &Clock| (clock.subject.clone(), clock.recipient.clone());
    let mut shortest: BTreeMap<(String, Option<String>), Timestamp> = BTreeMap::new();
    for clock in clocks.iter().filter(|clock| counts(clock)) {
        let due = shortest.entry(about(clock)).or_insert(clock.due);
        *due = clock.due.min(*due);
    }
    clocks.retain(|clock| !counts(clock) || shortest.get(&about(clock)).is_none_or(|due| clock.due <= *due));
}

fn concerns(framework: &Framework, deadline: &Deadline, system: &System) -> bool {
    let words = &framework.vocabularies;
    let has = |actor: &String| {
        let narrower =
            words.role_rules.iter().any(|rule| rule.is_a == *actor && system.roles.contains(&rule.role));
        system.roles.contains(actor) || narrower
    };
    let operator = |actor: &String| actor == "operator" && words.operator_roles.iter().any(has);
    // Where no role is stated it is unknown whom it concerns: no silence stops a clock.
    system.roles.is_empty() || deadline.actors.iter().any(|actor| has(actor) || operator(actor))
}

/// When a limit from an instant runs out; `None` where it names no length of time that can be counted.
pub fn due(start: Timestamp, limit: &Limit) -> Option<Timestamp> {
    let Some(value) = limit.value else {
        let at_once = ["immediately", "without-delay", "without-undue-delay", "before-event"];
        return at_once.contains(&limit.unit.as_str()).then_some(start);
    };
    let period =
        |unit: &str| format!("P{value}{unit}").parse::<Period>().ok().map(|period| start.plus(period));
    match limit.unit.as_str() {
        "days" | "calendar-days" => period("D"),
        "weeks" => period("W"),
        "months" => period("M"),
        "years" => period("Y"),
        "hours" => Timestamp::from_millis(start.as_millis().checked_add(value.checked_mul(3_600_000)?)?).ok(),
        "working-days" => working_days(start, value),
        _ => None,
    }
}

fn working_days(start: Timestamp, count: u64) -> Option<Timestamp> {
    const DAY: u64 = 86_400_000;
    let mut at = start.as_millis();
    let mut left = count.min(1_000);
    while left > 0 {
        at += DAY;
        // The epoch was a Thursday.
        let weekday = (at / DAY + 3) % 7;
        if weekday < 5 {
            left -= 1;
        }
    }
    Timestamp::from_millis(at).ok()
}

/// Something on file that runs out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// When.
    pub at: Timestamp,
    /// `evidence`, `exception`, `attestation` or `clock`.
    pub what: String,
    /// What it is about: control and asset, requirement, deadline and incident.
    pub about: String,
    /// What follows.
    pub detail: String,
}

/// What runs out from the register's time to `until`: evidence of controls that bear on requirements that apply,
/// exceptions, attestations and clocks. In order of time. An exception that is pending waives nothing, and so nothing ends with
/// it.
pub fn expiring(
    register: &Register,
    controls: &ControlSet,
    assessments: &[Assessment],
    clocks: &[Clock],
    until: Timestamp,
) -> Vec<Expiry> {
    let now = register.as_of();
    let soon = |at: Timestamp| now <= at && at <= until;
    let mut found = BTreeSet::new();
    for standing in needed(assessments) {
        for on in standing.assets.iter().filter(|on| on.state == ControlState::Held) {
            if let Some(at) = on.fresh_until.filter(|at| soon(*at)) {
                found.insert(Expiry {
                    at,
                    what: "evidence".to_owned(),
                    about: format!("{} on {}", standing.control, on.asset),
                    detail: format!("{}: grows stale", standing.title),
                });
            }
        }
    }
    let in_force =
        register.exceptions().filter(|filed| filed.value.in_force(now) && soon(filed.value.expires));
    for filed in in_force.filter(|filed| !register.approval(filed, controls).is_pending()) {
        let exception = &filed.value;
        found.insert(Expiry {
            at: exception.expires,
            what: "exception".to_owned(),
            about: format!("{} on {}", exception.id, exception.control),
            detail: format!("accepted by {}: {}", exception.approver, exception.reason),
        });
    }
    for filed in
        register.attestations().filter(|filed| filed.value.holds(now) && soon(filed.value.valid_until))
    {
        let attestation = &filed.value;
        found.insert(Expiry {
            at: attestation.valid_until,
            what: "attestation".to_owned(),
            about: format!("{} {}", attestation.framework, attestation.requirement),
            detail: format!("attested by {}: {}", attestation.by, attestation.summary),
        });
    }
    let running =
        clocks.iter().filter(|clock| clock.state == ClockState::Running || clock.state == ClockState::Keep);
    for clock in running.filter(|clock| soon(clock.due)) {
        found.insert(Expiry {
            at: clock.due,
            what: "clock".to_owned(),
            about: format!("{} for {}", clock.citation, clock.subject),
            detail: clock.kind.clone(),
        });
    }
    found.into_iter().collect()
}

/// The controls that bear on a requirement that applies, each once.
fn needed(assessments: &[Assessment]) -> Vec<&ControlStanding> {
    let mut seen = BTreeSet::new();
    let mut needed = Vec::new();
    for judged in assessments {
        let applying = judged.determinations.iter().filter(|it| it.outcome != Outcome::NotApplicable);
        let wanted: BTreeSet<_> =
            applying.flat_map(|it| it.controls.iter().map(|mapped| &mapped.control)).collect();
        for standing in judged.controls.iter().filter(|standing| wanted.contains(&standing.control)) {
            if seen.insert(&standing.control) {
                needed.push(standing);
            }
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn limit(value: Option<u64>, unit: &str) -> Limit {
        Limit { value, unit: unit.to_owned() }
    }

    #[test]
    fn limits_run_out_by_the_calendar() {
        let friday = at("2026-11-27T10:00:00Z");
        for (value, unit, expected) in [
            (Some(15), "days", "2026-12-12T10:00:00Z"),
            (Some(2), "weeks", "2026-12-11T10:00:00Z"),
            (Some(6), "months", "2027-05-27T10:00:00Z"),
            (Some(10), "years", "2036-11-27T10:00:00Z"),
            (Some(48), "hours", "2026-11-29T10:00:00Z"),
            // Saturday and Sunday do not count.
            (Some(1), "working-days", "2026-11-30T10:00:00Z"),
            (Some(15), "working-days", "2026-12-18T10:00:00Z"),
            (None, "immediately", "2026-11-27T10:00:00Z"),
        ] {
            assert_eq!(due(friday, &limit(value, unit)), Some(at(expected)), "{value:?} {unit}");
        }
        assert_eq!(due(friday, &limit(None, "continuous")), None);
        assert_eq!(due(friday, &limit(Some(3), "moons")), None);
    }
}
