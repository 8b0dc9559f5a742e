//! Timing: from when a requirement applies to a system.
//!
//! Three sets of dates are carried side by side: those of the text in force (which decide), those of the original text
//! of 2024 (which most tools still print), and where it differs the day the duty can first bite as we read it (marked
//! as inference). Dates differ by route (Annex III, Annex I). Where no route is stated each that is possible is tried,
//! and the timing is unknown if it turns on the route.
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
    let by_route = possible_routes(rule, &known).into_iter();
    let mut timing =
        settled(by_route.map(|(by, routes)| (by, on_routes(framework, rule, &known, &routes, day))));
    timing.reason = format!("{}{}", timing.reason, footnote(rule, known.routes()));
    timing.original = rule.original.clone();
    timing.current = rule.current.clone();
    timing.practical = rule.practical.clone();
    timing.inference = rule.status == Basis::Inference;
    timing
}

/// The sets of routes the system may be on, as far as the rule tells routes apart, each with the route it adds.
fn possible_routes<'a>(rule: &'a DateRule, known: &KnownFacts<'a>) -> Vec<(&'a str, BTreeSet<&'a str>)> {
    let legacy = rule.legacy.iter().flat_map(|legacy| legacy.before.keys());
    let keys = rule.current.keys().chain(legacy).map(String::as_str);
    let told_apart: BTreeSet<&str> =
        keys.filter(|key| *key != "all" && !key.starts_with("placed-before-")).collect();
    let ours: BTreeSet<&str> = known.routes().intersection(&told_apart).copied().collect();
    if told_apart.is_empty() || (known.routes_are_stated() && !ours.is_empty()) {
        return vec![("all", ours)];
    }
    told_apart.into_iter().map(|route| (route, ours.iter().copied().chain([route]).collect())).collect()
}

/// One timing of those by route: the earliest where they agree, else unknown.
fn settled<'a>(by_route: impl Iterator<Item = (&'a str, Timing)>) -> Timing {
    let timings = Vec::from_iter(by_route);
    let missing: BTreeSet<String> = timings.iter().flat_map(|(_, timing)| timing.missing.clone()).collect();
    let first = timings.iter().map(|(_, timing)| timing).min_by_key(|timing| timing.date);
    match first {
        Some(first) if timings.iter().all(|(_, timing)| timing.state == first.state) => {
            Timing { missing, ..first.clone() }
        }
        _ => unknown_route(&timings, missing),
    }
}

fn on_routes(
    framework: &Framework,
    rule: &DateRule,
    known: &KnownFacts<'_>,
    routes: &BTreeSet<&str>,
    day: Date,
) -> Timing {
    // The linter refuses a rule without dates.
    let start = start(&rule.current, routes).unwrap_or(day);
    match placed_before(rule, known.placed_on_market()) {
        Some(until) => with_grace(start, until, day),
        None => legacy(framework, rule, known, (routes, start), day).unwrap_or_else(|| since(start, day)),
    }
}

/// The day a rule starts for a set of routes: the earliest of theirs.
fn start(dates: &BTreeMap<String, Date>, routes: &BTreeSet<&str>) -> Option<Date> {
    let ours = dates.iter().filter(|(route, _)| routes.contains(route.as_str())).map(|(_, date)| *date);
    let any = dates.iter().filter(|(route, _)| !route.starts_with("placed-before-")).map(|(_, date)| *date);
    dates.get("all").copied().or_else(|| ours.min()).or_else(|| any.min())
}

fn since(date: Date, day: Date) -> Timing {
    if date <= day {
        bare(TimingState::InForce, Some(date), format!("in force since {date}"))
    } else {
        bare(TimingState::Upcoming, Some(date), format!("applies from {date}"))
    }
}

fn unknown_route(timings: &[(&str, Timing)], mut missing: BTreeSet<String>) -> Timing {
    let each = timings.iter().map(|(route, timing)| format!("by {route} {}", timing.reason));
    let reason = format!("the route is not stated: {}", Vec::from_iter(each).join("; "));
    missing.insert("routes".to_owned());
    Timing { missing, ..bare(TimingState::Unknown, None, reason) }
}

/// The later date granted to what was on the market before, where the system says it was.
fn placed_before(rule: &DateRule, placed: Option<Date>) -> Option<Date> {
    let placed = placed?;
    let granted = |(key, until): (&String, &Date)| {
        let cutoff: Date = key.strip_prefix("placed-before-")?.parse().ok()?;
        (placed < cutoff).then_some(*until)
    };
    rule.current.iter().filter_map(granted).max()
}

/// The later date decides; there is no grace before there is a rule.
fn with_grace(start: Date, until: Date, day: Date) -> Timing {
    let (state, when) = if day >= until {
        (TimingState::InForce, format!("in force since {until}"))
    } else if day >= start {
        (TimingState::Grace, format!("to be met by {until}"))
    } else {
        (TimingState::Upcoming, format!("applies from {start} to others, to be met by {until}"))
    };
    bare(state, Some(until), format!("placed on the market earlier: {when}"))
}

/// Art. 111(2), once the rule applies: systems placed on the market before it are covered after significant changes of
/// design, and those intended for public authorities by a date of their own.
fn legacy(
    framework: &Framework,
    rule: &DateRule,
    known: &KnownFacts<'_>,
    (routes, start): (&BTreeSet<&str>, Date),
    day: Date,
) -> Option<Timing> {
    let legacy = rule.legacy.as_ref()?;
    let placed = known.placed_on_market()?;
    let cutoff = self::start(&legacy.before, routes)?;
    if placed >= cutoff || day < cutoff.max(start) {
        return None;
    }
    let intro = format!("placed on the market on {placed}, before {cutoff}");
    let public = || Some(with_grace(start, comply_by(framework, legacy)?, day));
    match (
        known.has("significant_design_change", "true"),
        known.has("intended_for_public_authorities", "true"),
    ) {
        (Some(true), _) => None,
        // Whether the design changed or not: both dates have passed.
        (None, Some(true)) if comply_by(framework, legacy).is_some_and(|until| day >= until) => public(),
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
        (Some(false), Some(true)) => public(),
    }
}

/// By when systems for public authorities comply.
fn comply_by(framework: &Framework, legacy: &Legacy) -> Option<Date> {
    let rules = &framework.law.as_ref()?.transitional_rules;
    rules.iter().find(|rule| rule.id == legacy.public_rule)?.comply_by
}

fn missing(reason: String, fact: &str) -> Timing {
    Timing { missing: BTreeSet::from([fact.to_owned()]), ..bare(TimingState::Unknown, None, reason) }
}

/// The dates that did not decide, in words.
fn footnote(rule: &DateRule, routes: &BTreeSet<&str>) -> String {
    let mut notes = vec![rule.basis.clone()];
    let pick = |dates: &BTreeMap<String, Date>| {
        let chosen = dates
            .iter()
            .filter(|(key, _)| *key == "all" || routes.is_empty() || routes.contains(key.as_str()));
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
