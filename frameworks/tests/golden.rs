//! Golden cases of applicability and timing, made by hand from the text of the law (golden/applicability.yaml): who is
//! bound, from when, and which fact is missing. Each says why, so that a failure can be argued with. How silence, sets
//! and conditions work in general stands in applicability.rs.

#![allow(clippy::unwrap_used, reason = "tests")]

use affiant_controls::System;
use affiant_frameworks::framework::EMBEDDED;
use affiant_frameworks::{
    Applicability, ApplicabilityState, Framework, Requirement, Timing, TimingState, applicability,
};
use affiant_ledger::time::{Date, Timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    cases: Vec<Case>,
}

/// One requirement, one system, one day, and what is expected.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The legal reason.
    why: String,
    #[serde(default = "the_act")]
    framework: String,
    #[serde(default)]
    system: Stated,
    day: Date,
    requirement: String,
    applies: ApplicabilityState,
    timing: TimingState,
    /// In force since, upcoming from, grace until.
    date: Option<Date>,
    /// Facts that would settle whether it applies.
    #[serde(default)]
    missing: BTreeSet<String>,
    /// Facts that would settle since when.
    #[serde(default)]
    timing_missing: BTreeSet<String>,
    /// The first day it can bite on the routes stated, where that is not the formal one.
    bites: Option<Date>,
    /// The date of the 2024 text, where the case is about it.
    original: Option<Date>,
    /// The dates are our reading.
    #[serde(default)]
    inference: bool,
}

/// What is stated of the system.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stated {
    roles: BTreeSet<String>,
    risk_classes: BTreeSet<String>,
    routes: BTreeSet<String>,
    facts: BTreeMap<String, BTreeSet<String>>,
    placed_on_market: Option<Date>,
}

fn the_act() -> String {
    "eu-ai-act".to_owned()
}

fn cases() -> Vec<Case> {
    serde_saphyr::from_str::<Golden>(include_str!("golden/applicability.yaml")).unwrap().cases
}

fn frameworks() -> BTreeMap<String, Framework> {
    EMBEDDED.into_iter().map(|id| (id.to_owned(), Framework::embedded(id).unwrap())).collect()
}

fn requirement<'a>(frameworks: &'a BTreeMap<String, Framework>, case: &Case) -> &'a Requirement {
    let found = frameworks[&case.framework].requirement(&case.requirement);
    found.unwrap_or_else(|| panic!("{}: no requirement {}", case.name, case.requirement))
}

impl Stated {
    fn system(&self) -> System {
        let mut system = System::new("golden".parse().unwrap(), "Golden");
        system.roles = self.roles.clone();
        system.risk_classes = self.risk_classes.clone();
        system.routes = self.routes.clone();
        system.facts = self.facts.clone();
        system.placed_on_market = self.placed_on_market;
        system
    }

    /// The earliest date for one of the routes stated, or for all.
    fn earliest(&self, dates: &BTreeMap<String, Date>) -> Option<Date> {
        let ours = dates.iter().filter(|(route, _)| *route == "all" || self.routes.contains(*route));
        ours.map(|(_, date)| *date).min()
    }
}

impl Case {
    /// Every difference between what is expected and what was found, in words.
    fn differences(&self, found: &Applicability, timing: &Timing) -> Vec<String> {
        let mut differences = Vec::new();
        let mut differ = |what: &str, expected: String, got: String| {
            if expected != got {
                differences.push(format!("{what}: expected {expected}, got {got}"));
            }
        };
        let date = |date: Option<Date>| date.map_or_else(|| "none".to_owned(), |date| date.to_string());
        differ("applies", self.applies.as_str().to_owned(), found.state.as_str().to_owned());
        differ("missing", format!("{:?}", self.missing), format!("{:?}", found.missing));
        differ("timing", self.timing.as_str().to_owned(), timing.state.as_str().to_owned());
        differ("date", date(self.date), date(timing.date));
        differ("timing_missing", format!("{:?}", self.timing_missing), format!("{:?}", timing.missing));
        differ("bites", date(self.bites), date(self.system.earliest(&timing.practical)));
        differ("inference", self.inference.to_string(), timing.inference.to_string());
        if self.original.is_some() {
            differ("original", date(self.original), date(self.system.earliest(&timing.original)));
        }
        if !differences.is_empty() {
            differences.push(format!("because {}; {}", found.reason, timing.reason));
        }
        differences
    }
}

#[test]
fn every_golden_case_comes_out_as_the_law_has_it() {
    let frameworks = frameworks();
    let mut failed = Vec::new();
    for case in cases() {
        let requirement = requirement(&frameworks, &case);
        let system = case.system.system();
        let (found, timing) = applicability(&frameworks[&case.framework], requirement, &system, case.day);
        let differences = case.differences(&found, &timing);
        if !differences.is_empty() {
            let (name, why) = (&case.name, &case.why);
            failed.push(format!("{name} ({}): {}\n    why: {why}", case.requirement, differences.join("; ")));
        }
    }
    assert!(failed.is_empty(), "{} golden cases failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn there_are_enough_cases_each_with_a_name_of_its_own_and_a_reason() {
    let cases = cases();
    assert!(cases.len() >= 70, "{} cases", cases.len());
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name stands twice");
    let inputs: BTreeSet<String> = cases
        .iter()
        .map(|case| format!("{} {} {:?}", case.requirement, case.day, case.system.system()))
        .collect();
    assert_eq!(inputs.len(), cases.len(), "a case stands twice");
    for case in &cases {
        assert!(case.why.trim().len() >= 8, "{}: no reason", case.name);
    }
}

#[test]
fn cases_speak_the_words_of_the_act_so_that_a_slip_does_not_pass_for_a_fact() {
    let frameworks = frameworks();
    let act = &frameworks["eu-ai-act"];
    let words = &act.vocabularies;
    for case in cases() {
        let (name, stated) = (&case.name, &case.system);
        assert!(stated.roles.is_subset(&words.roles), "{name}: {:?}", stated.roles);
        assert!(stated.risk_classes.is_subset(&words.risk_classes), "{name}: {:?}", stated.risk_classes);
        assert!(stated.routes.is_subset(&words.routes), "{name}: {:?}", stated.routes);
        for (fact, values) in &stated.facts {
            let known = words.facts.get(fact).unwrap_or_else(|| panic!("{name}: no fact {fact}"));
            let sound = |value: &String| {
                let relied = fact == "relies_on" && act.requirement(value).is_some();
                relied || value == "none" || known.values.contains(value)
            };
            assert!(!values.is_empty() && values.iter().all(sound), "{name}: {fact} {values:?}");
        }
        for fact in case.missing.iter().chain(&case.timing_missing) {
            let asked = ["roles", "risk_classes", "routes"].contains(&fact.as_str());
            assert!(asked || words.facts.contains_key(fact), "{name}: {fact}");
            assert!(!stated.facts.contains_key(fact) || fact == "annex_iii", "{name}: {fact} is stated");
        }
        assert_eq!(case.applies == ApplicabilityState::Unknown, !case.missing.is_empty(), "{name}");
        assert_eq!(case.timing == TimingState::Unknown, !case.timing_missing.is_empty(), "{name}");
    }
}

fn eve(date: Date) -> Date {
    let midnight = date.midnight().unwrap().as_millis();
    Timestamp::from_millis(midnight - 86_400_000).unwrap().date()
}

#[test]
fn every_date_of_every_rule_now_in_force_has_a_case_the_day_before_and_one_on_the_day() {
    let frameworks = frameworks();
    let cases = cases();
    let mut lacking = Vec::new();
    for (id, rule) in &frameworks["eu-ai-act"].date_rules {
        for date in rule.current.values() {
            let of_rule =
                |case: &&Case| requirement(&frameworks, case).dates.as_ref().is_some_and(|dates| dates == id);
            let about = |day: Date, waiting: bool| {
                cases.iter().filter(of_rule).any(|case| {
                    let waits = matches!(case.timing, TimingState::Upcoming | TimingState::Grace);
                    let in_force = case.timing == TimingState::InForce;
                    case.day == day && case.date == Some(*date) && if waiting { waits } else { in_force }
                })
            };
            if !about(eve(*date), true) {
                lacking.push(format!("{id}: {date}, the day before"));
            }
            if !about(*date, false) {
                lacking.push(format!("{id}: {date}, the day"));
            }
        }
    }
    assert_eq!(lacking, Vec::<String>::new());
}

#[test]
fn every_other_date_the_rules_carry_has_a_case_the_day_before_and_one_on_the_day() {
    let frameworks = frameworks();
    let act = &frameworks["eu-ai-act"];
    let days: BTreeSet<Date> = cases().iter().map(|case| case.day).collect();
    let rules = act.date_rules.values();
    let carried = rules.flat_map(|rule| {
        let legacy = rule.legacy.iter().flat_map(|legacy| legacy.before.values());
        rule.original.values().chain(rule.practical.values()).chain(legacy)
    });
    let public =
        act.law.as_ref().unwrap().transitional_rules.iter().find(|rule| rule.id == "tr-111-2-public");
    for date in carried.chain(&public.unwrap().comply_by) {
        assert!(days.contains(&eve(*date)) && days.contains(date), "{date}");
    }
}

#[test]
fn every_answer_every_exclusion_and_every_operator_has_a_case() {
    use ApplicabilityState::{Applies, DoesNotApply, Unknown};
    use TimingState::{Excluded, Grace, InForce, Legacy, Upcoming};
    let frameworks = frameworks();
    let act = &frameworks["eu-ai-act"];
    let cases = cases();
    let any = |hold: &dyn Fn(&Case) -> bool| cases.iter().any(hold);
    for state in [Applies, DoesNotApply, Unknown] {
        assert!(any(&|case| case.applies == state), "{state:?}");
    }
    for state in [InForce, Upcoming, Grace, Legacy, Excluded, TimingState::Unknown] {
        assert!(any(&|case| case.timing == state), "{state:?}");
    }
    for exclusion in &act.exclusions {
        let claimed = |case: &Case| {
            let facts = case.system.facts.clone();
            let found = exclusion.when.evaluate(&|fact| facts.get(fact).cloned().map(Into::into));
            found.truth == affiant_frameworks::Truth::True
        };
        let of = &exclusion.requirement;
        assert!(any(&|case| case.timing == Excluded && claimed(case)), "{of}: none is excluded");
    }
    for role in &act.vocabularies.operator_roles {
        assert!(any(&|case| case.applies == Applies && case.system.roles.contains(role)), "{role}");
    }
    for id in EMBEDDED {
        assert!(any(&|case| case.framework == id), "{id}");
    }
}
