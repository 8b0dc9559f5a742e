//! The figures of a board, over streams made by hand and at random.

#![allow(clippy::unwrap_used, reason = "tests")]

mod random;
mod support;

use affiant_controls::finding::{Finding, FindingState, finding_id};
use affiant_controls::{History, Horizon, Incident, IncidentTest, Register, Severity, Statement, Status};
use affiant_frameworks::{Basis, Measured, Value, assess_all, clocks, measure};
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use proptest::prelude::*;
use random::catalogs::{act, controls, mappings};
use random::{Ledger, Rng};
use std::slice::from_ref;
use support::{STREAM, Stream, at, credit_scoring};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn measured(records: &[Record], as_of: Timestamp) -> Measured {
    let known = records.iter().map(|record| record.entry.time).max().unwrap().max(as_of);
    let horizon = Horizon { as_of, known, size: None };
    let register = Register::replay_at(records, horizon).unwrap();
    let history = History::replay(records, horizon).unwrap();
    let assessments = assess_all(from_ref(act()), mappings(), controls(), &register).unwrap();
    let clocks = clocks(act(), &register);
    measure(Basis {
        register: &register,
        history: &history,
        controls: controls(),
        assessments: &assessments,
        clocks: &clocks,
    })
}

fn value(measured: &Measured, word: &str) -> Value {
    let figures = measured.figures();
    let found = figures.iter().find(|it| it.figure == word);
    found.unwrap_or_else(|| panic!("{word} among {figures:?}")).value
}

fn share(stream: &Stream, as_of: &str, word: &str) -> (Option<u64>, u64) {
    match value(&measured(&stream.records, at(as_of)), word) {
        Value::Share { count, of } => (count, of),
        Value::Times { .. } => panic!("{word} is no share"),
    }
}

/// Number, median, mean.
fn times(stream: &Stream, as_of: &str, word: &str) -> (u64, Option<u64>, Option<u64>) {
    match value(&measured(&stream.records, at(as_of)), word) {
        Value::Times { n, median_ms, mean_ms, .. } => (n, median_ms, mean_ms),
        Value::Share { .. } => panic!("{word} is no length of time"),
    }
}

fn finding(
    control: &str,
    asset: &str,
    severity: Severity,
    opened: &str,
    resolved: Option<&str>,
) -> Statement {
    let (system, control) = (STREAM.parse().unwrap(), control.parse().unwrap());
    let asset = asset.parse().ok();
    Statement::Finding(Box::new(Finding {
        id: finding_id(&system, &control, asset.as_ref(), opened, None),
        due: at("2026-03-10"),
        note: None,
        rule: None,
        asset,
        owner: None,
        state: if resolved.is_some() { FindingState::Resolved } else { FindingState::Open },
        system,
        ticket: None,
        control,
        summary: "a failure".to_owned(),
        location: None,
        reopened: 0,
        severity,
        collector: "scanner".to_owned(),
        opened_at: at(opened),
        opened_by: 0,
        fingerprint: None,
        resolved_at: resolved.map(at),
        resolved_by: None,
    }))
}

#[test]
fn where_nothing_happened_nothing_is_said_to_be_zero() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model-a", "model");
    let none =
        ["time-to-remediate", "evidence-age", "incident-contain", "jailbreak-remediate", "model-drift-close"];
    assert!(none.iter().all(|word| times(&stream, "2026-03-01", word) == (0, None, None)));
    let none = [
        "findings-overdue",
        "incidents-open",
        "incident-tests-held",
        "drift-30",
        "drift-90",
        "jailbreak-waiting",
    ];
    assert!(none.iter().all(|word| share(&stream, "2026-03-01", word) == (None, 0)));
    let (held, of) = share(&stream, "2026-03-01", "pairs-held");
    assert!(held == Some(0) && of > 10, "{of}");
}

#[test]
fn what_held_and_stopped_is_drift_of_the_days_in_which_it_did() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model-a", "model").asset("model-b", "model").asset("model-c", "model");
    // AFF-EXP-01 stays fresh for a month.
    stream.result("AFF-EXP-01", "model-a", Status::Passed, "2026-02-01");
    stream.result("AFF-EXP-01", "model-b", Status::Passed, "2026-02-01");
    stream.result("AFF-EXP-01", "model-c", Status::Failed, "2026-02-01");
    assert_eq!(share(&stream, "2026-02-10", "drift-90"), (Some(0), 2), "one never held");
    stream.result("AFF-EXP-01", "model-b", Status::Failed, "2026-02-11");
    assert_eq!(share(&stream, "2026-02-12", "drift-30"), (Some(1), 2));
    assert_eq!(share(&stream, "2026-02-11", "drift-30"), (Some(1), 2), "at that very instant");
    // By now the other is stale, too.
    assert_eq!(share(&stream, "2026-03-10", "drift-30"), (Some(2), 2));
    assert_eq!(share(&stream, "2026-03-20", "drift-30"), (Some(1), 1));
    assert_eq!(share(&stream, "2026-03-20", "drift-90"), (Some(2), 2));
    assert_eq!(share(&stream, "2026-09-20", "drift-90"), (None, 0));
}

#[test]
fn findings_are_timed_from_found_to_gone() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model-a", "model");
    for (control, opened, resolved) in [
        ("AFF-EXP-01", "2026-02-01", Some("2026-02-03")),
        ("AFF-THR-01", "2026-02-02", Some("2026-02-12")),
        ("AFF-THR-01", "2026-02-04", None),
    ] {
        stream.push(finding(control, "model-a", Severity::High, opened, resolved), "2026-02-20");
    }
    assert_eq!(times(&stream, "2026-02-20", "time-to-remediate"), (2, Some(6 * DAY), Some(6 * DAY)));
    assert_eq!(times(&stream, "2026-02-20", "time-to-remediate:high").0, 2);
    assert_eq!(times(&stream, "2026-02-20", "time-to-remediate:low"), (0, None, None));
    assert_eq!(times(&stream, "2026-02-20", "jailbreak-remediate"), (1, Some(10 * DAY), Some(10 * DAY)));
    assert_eq!(share(&stream, "2026-02-20", "jailbreak-waiting"), (Some(1), 2));
    assert_eq!(share(&stream, "2026-02-20", "findings-overdue"), (Some(0), 1));
    assert_eq!(share(&stream, "2026-03-20", "findings-overdue"), (Some(1), 1));
    assert_eq!(times(&stream, "2026-02-19", "time-to-remediate").0, 0, "nothing was recorded by then");
}

#[test]
fn incidents_are_timed_stage_by_stage_and_grouped_by_their_tests() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model-a", "model");
    let hours = |hours| Timestamp::from_millis(at("2026-02-01").as_millis() + hours * HOUR).ok();
    let incident = |id: &str, contained, closed| Incident {
        occurred_at: hours(0),
        acknowledged_at: hours(3),
        contained_at: contained,
        closed_at: closed,
        ..Incident::new(id.parse().unwrap(), STREAM.parse().unwrap(), "it went wrong", hours(2).unwrap())
    };
    let drift = Incident {
        tests: [IncidentTest::of("AFF-EXP-06".parse().unwrap())].into(),
        ..incident("inc-1", hours(12), hours(50))
    };
    stream.push(Statement::Incident(drift), "2026-02-10");
    stream.push(Statement::Incident(incident("inc-2", hours(4), None)), "2026-02-10");
    let contained = (2, Some(6 * HOUR), Some(6 * HOUR));
    assert_eq!(times(&stream, "2026-02-10", "incident-contain"), contained);
    assert_eq!(times(&stream, "2026-02-10", "incident-detect"), (2, Some(2 * HOUR), Some(2 * HOUR)));
    assert_eq!(times(&stream, "2026-02-10", "incident-close"), (1, Some(48 * HOUR), Some(48 * HOUR)));
    assert_eq!(times(&stream, "2026-02-10", "model-drift-contain"), (1, Some(10 * HOUR), Some(10 * HOUR)));
    assert_eq!(times(&stream, "2026-02-10", "jailbreak-contain"), (0, None, None));
    assert_eq!(share(&stream, "2026-02-10", "incidents-open"), (Some(1), 2));
    assert_eq!(share(&stream, "2026-02-10", "incident-tests-held"), (Some(0), 1));
    stream.result("AFF-EXP-06", "model-a", Status::Passed, "2026-02-09");
    assert_eq!(share(&stream, "2026-02-10", "incident-tests-held"), (Some(1), 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_part_is_greater_than_its_whole_and_the_order_of_entries_does_not_matter(seed: u64) {
        let ledger = Ledger::of(seed);
        let as_of = ledger.instant(&mut Rng::new(seed, 5)).max(ledger.records()[0].entry.time);
        let whole = measured(ledger.records(), as_of);
        for figure in whole.figures() {
            if let Value::Share { count, of } = figure.value {
                prop_assert!(count.is_none() == (of == 0) && count.unwrap_or(0) <= of, "{:?}", figure);
            }
        }
        let of = |word: &str| match value(&whole, word) { Value::Share { of, .. } => of, Value::Times { n, .. } => n };
        prop_assert!(of("drift-30") <= of("drift-90"));
        let mut records = ledger.records().to_vec();
        Rng::new(seed, 3).shuffle(&mut records);
        prop_assert_eq!(measured(&records, as_of), whole);
    }

    #[test]
    fn what_holds_now_and_did_not_before_has_not_drifted_away(seed: u64) {
        let ledger = Ledger::of(seed);
        let whole = measured(ledger.records(), ledger.last());
        let Value::Share { count: held, .. } = value(&whole, "pairs-held") else { panic!("a share") };
        let Value::Share { of: ever, .. } = value(&whole, "drift-30") else { panic!("a share") };
        prop_assert!(held.unwrap_or(0) <= ever, "what holds today held within thirty days");
    }
}
