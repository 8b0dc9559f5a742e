//! Timing: from when a requirement applies to a system.
//!
//! Three sets of dates are carried side by side: those of the text in force (which decide), those of the original text
//! of 2024 (which most tools still print), and where it differs the day the duty can first bite as we read it (marked
//! as inference). Dates differ by route (Annex III, Annex I), so a route that is not stated leaves some timings
//! unknown.
//!
//! A system placed on the market before a date can have longer (`grace`), or be covered only after a significant
//! change of its design (`legacy`, Art. 111(2)); both need the date it was placed on the market, and without one no
//! longer time is granted. Art. 111(1) (Annex X systems) is not evaluated.

use crate::facts::KnownFacts;
use crate::framework::Framework;
use crate::law::{Basis, DateRule, Legacy};
use crate::requirement::Requirement;
use affiant_controls::System;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a requirement applies yet, and its dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// The state on the day asked for.
    pub state: TimingState,
    /// In force since, upcoming from, or grace until; absent where there is no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Why, in words, with the dates.
    pub reason: String,
    /// Facts that would settle it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missing: BTreeSet<String>,
    /// Dates of the original text, by route.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub original: BTreeMap<String, Date>,
    /// Dates of the text in force, by route.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub current: BTreeMap<String, Date>,
    /// The day it can first bite, by route: an inference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub practical: BTreeMap<String, Date>,
    /// The dates rest on our reading, not on words of the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inference: bool,
}

/// The state of a requirement on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimingState {
    /// It applies.
    InForce,
    /// It will apply from a date.
    Upcoming,
    /// It applies, but this system has until a date.
    Grace,
    /// This system is older and covered only after a significant change of its design.
    Legacy,
    /// The system is outside the framework.
    Excluded,
    /// A fact is missing.
    Unknown,
}

impl TimingState {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Upcoming => "upcoming",
            Self::Grace => "grace",
            Self::Legacy => "legacy",
            Self::Excluded => "excluded",
            Self::Unknown => "unknown",
        }
    }
}

/// The timing of a requirement for a system on a day, exclusions aside (see [`crate::applicability()`]).
pub fn timing(framework: &Framework, requirement: &Requirement, system: &System, day: Date) -> Timing {
    let Some(rule) = framework.date_rule(requirement) else {
        let reason =
            format!("no date of application: {}, version {}", framework.identifier, framework.version);
        return bare(TimingState::InForce, None, reason);
    };
    let known = KnownFacts::new(framework, system);
    let routes = known.routes();
    let mut timing = match (start(&rule.current, &routes, day), placed_before(rule, system)) {
        (_, Some(until)) => with_grace(until, day),
        (Start::On(date), None) => {
            legacy(framework, rule, &known, date, day).unwrap_or_else(|| since(date, day))
        }
        (Start::Between(first, last), None) => unknown_route(first, last),
    };
    timing.reason = format!("{}{}", timing.reason, footnote(rule, &routes));
    timing.original = rule.original.clone();
    timing.current = rule.current.clone();
    timing.practical = rule.practical.clone();
    timing.inference = rule.status == Basis::Inference;
    timing
}

/// The day a rule starts for a set of routes.
enum Start {
    /// On this day, or if it lies ahead, not before it.
    On(Date),
    /// On one of several days around the day asked for; the route decides.
    Between(Date, Date),
}

fn start(dates: &BTreeMap<String, Date>, routes: &BTreeSet<String>, day: Date) -> Start {
    if let Some(date) = dates.get("all") {
        return Start::On(*date);
    }
    let by_route = || dates.iter().filter(|(route, _)| !route.starts_with("placed-before-"));
    let stated = by_route().filter(|(route, _)| routes.contains(*route)).map(|(_, date)| *date).min();
    let first = by_route().map(|(_, date)| *date).min();
    let last = by_route().map(|(_, date)| *date).max();
    match (stated, first, last) {
        (Some(date), _, _) => Start::On(date),
        (None, Some(first), Some(last)) if first <= day && day < last => Start::Between(first, last),
        (None, Some(first), Some(_)) => Start::On(first),
        // The linter refuses a rule without dates.
        _ => Start::On(day),
    }
}

fn since(date: Date, day: Date) -> Timing {
    if date <= day {
        bare(TimingState::InForce, Some(date), format!("in force since {date}"))
    } else {
        bare(TimingState::Upcoming, Some(date), format!("applies from {date}"))
    }
}

fn unknown_route(first: Date, last: Date) -> Timing {
    let reason = format!("applies from {first} or {last}: the route is not stated");
    Timing { missing: BTreeSet::from(["routes".to_owned()]), ..bare(TimingState::Unknown, None, reason) }
}

/// The later date granted to what was on the market before, where the system says it was.
fn placed_before(rule: &DateRule, system: &System) -> Option<Date> {
    let placed = system.placed_on_market?;
    let granted = |(key, until): (&String, &Date)| {
        let cutoff: Date = key.strip_prefix("placed-before-")?.parse().ok()?;
        (placed < cutoff).then_some(*until)
    };
    rule.current.iter().filter_map(granted).max()
}

fn with_grace(until: Date, day: Date) -> Timing {
    if day < until {
        let reason = format!("placed on the market earlier: to be met by {until}");
        bare(TimingState::Grace, Some(until), reason)
    } else {
        bare(
            TimingState::InForce,
            Some(until),
            format!("placed on the market earlier: in force since {until}"),
        )
    }
}

/// Art. 111(2), once the rule applies: systems placed on the market before it are covered after significant changes of
/// design, and those intended for public authorities by a date of their own.
fn legacy(
    framework: &Framework,
    rule: &DateRule,
    known: &KnownFacts<'_>,
    start: Date,
    day: Date,
) -> Option<Timing> {
    let legacy = rule.legacy.as_ref()?;
    let placed = known.placed_on_market()?;
    let Start::On(cutoff) = self::start(&legacy.before, &known.routes(), day) else { return None };
    if placed >= cutoff || day < cutoff.max(start) {
        return None;
    }
    let intro = format!("placed on the market on {placed}, before {cutoff}");
    match (
        known.has("significant_design_change", "true"),
        known.has("intended_for_public_authorities", "true"),
    ) {
        (Some(true), _) => None,
        (None, _) => Some(missing(
            format!("{intro}: covered only after a significant change of design"),
            "significant_design_change",
        )),
        (Some(false), None) => Some(missing(
            format!("{intro}, design not significantly changed"),
            "intended_for_public_authorities",
        )),
        (Some(false), Some(false)) => {
            let reason = format!("{intro}, design not significantly changed: not covered (Art. 111(2))");
            Some(bare(TimingState::Legacy, Some(cutoff), reason))
        }
        (Some(false), Some(true)) => public_authority(framework, legacy, day),
    }
}

fn public_authority(framework: &Framework, legacy: &Legacy, day: Date) -> Option<Timing> {
    let rules = &framework.law.as_ref()?.transitional_rules;
    let until = rules.iter().find(|rule| rule.id == legacy.public_rule)?.comply_by?;
    Some(with_grace(until, day))
}

fn missing(reason: String, fact: &str) -> Timing {
    Timing { missing: BTreeSet::from([fact.to_owned()]), ..bare(TimingState::Unknown, None, reason) }
}

/// The dates that did not decide, in words.
fn footnote(rule: &DateRule, routes: &BTreeSet<String>) -> String {
    let mut notes = vec![rule.basis.clone()];
    let pick = |dates: &BTreeMap<String, Date>| {
        let chosen =
            dates.iter().filter(|(key, _)| *key == "all" || routes.is_empty() || routes.contains(*key));
        let shown =
            chosen.map(|(key, date)| if key == "all" { date.to_string() } else { format!("{date} ({key})") });
        Vec::from_iter(shown).join(", ")
    };
    if rule.original.is_empty() {
        notes.push("not in the 2024 text".to_owned());
    } else if rule.original != rule.current {
        notes.push(format!("the 2024 text said {}", pick(&rule.original)));
    }
    if !rule.practical.is_empty() {
        notes.push(format!("can first bite on {}, our reading", pick(&rule.practical)));
    }
    if rule.status == Basis::Inference {
        notes.push("inference".to_owned());
    }
    format!(" ({})", notes.join("; "))
}

fn bare(state: TimingState, date: Option<Date>, reason: String) -> Timing {
    Timing {
        state,
        date,
        reason,
        missing: BTreeSet::new(),
        original: BTreeMap::new(),
        current: BTreeMap::new(),
        practical: BTreeMap::new(),
        inference: false,
    }
}

/// The timing of a requirement the system is outside of.
pub(crate) fn excluded(reason: String) -> Timing {
    bare(TimingState::Excluded, None, reason)
}
