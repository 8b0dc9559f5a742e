use super::*;
use crate::asset::Asset;
use crate::result::{Check, Collector};
use crate::state::ControlState;
use crate::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::record::Record;

const CONTROL: &str = "AFF-THR-01";
const RULE: &str = "garak:dan.Dan_11_0";

fn day(day: u64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + day * 86_400_000).unwrap()
}

fn record(index: u64, at: Timestamp, statement: &Statement) -> Record {
    let draft = statement.draft("local");
    let entry = Entry {
        n: index,
        v: 1,
        by: draft.by,
        kind: draft.kind,
        prev: Digest::ZERO,
        time: at,
        index,
        stream: draft.stream,
        payload: Digest::ZERO,
        stream_prev: Digest::ZERO,
    };
    Record { entry, leaf: Digest::of(&index.to_be_bytes()), statement: Some(draft.statement) }
}

/// A run of the suite on a day: by a collector, on an asset, with the status of the rule, where it has a check of it.
type Said<'a> = (u64, &'a str, &'a str, Status, Option<Status>);

fn run((at, collector, asset, status, of_rule): Said<'_>) -> Statement {
    let (control, system) = (CONTROL.parse().unwrap(), "s".parse().unwrap());
    let mut result =
        ControlResult::new(control, system, status, day(at), Collector::new(collector), "probed");
    result.asset = asset.parse().ok();
    let check = |(rule, status): (&str, Status)| Check {
        rule: rule.to_owned(),
        status,
        message: "probed".to_owned(),
        pointer: "/0".to_owned(),
        location: None,
        severity: None,
        withheld: None,
        suppressed: false,
        fingerprint: None,
    };
    let other = [("garak:other", Status::Failed)];
    result.checks = of_rule.map(|status| (RULE, status)).into_iter().chain(other).map(check).collect();
    Statement::Result(Box::new(result))
}

/// The state on a day of a test of an incident known since day 10 and contained on day 12.
fn state(test: &IncidentTest, contained: bool, as_of: u64, runs: &[Said<'_>]) -> ControlState {
    let asset = |id: &str| Asset::new("s".parse().unwrap(), id.parse().unwrap(), "model", id);
    let gone = Asset { retired: true, ..asset("gone") };
    let defined = [asset("model"), gone].map(Statement::Asset);
    let said = defined.into_iter().chain(runs.iter().map(|said| run(*said)));
    let records: Vec<Record> =
        (0..).zip(said).map(|(index, statement)| record(index, day(0), &statement)).collect();
    let register = Register::replay(&records, day(as_of)).unwrap();
    let incident = Incident {
        tests: [test.clone()].into(),
        contained_at: contained.then(|| day(12)),
        ..Incident::new("i".parse().unwrap(), "s".parse().unwrap(), "a jailbreak", day(10))
    };
    register.incident_tests(&incident, &ControlSet::embedded())[0].1.state
}

#[test]
fn a_test_has_held_only_when_it_ran_after_the_incident_was_contained() {
    let test = IncidentTest::of(CONTROL.parse().unwrap());
    let passed = |at| (at, "garak", "model", Status::Passed, None);
    assert_eq!(state(&test, true, 20, &[]), ControlState::Missing);
    assert_eq!(state(&test, true, 20, &[passed(9)]), ControlState::Missing);
    assert_eq!(state(&test, true, 20, &[passed(11)]), ControlState::Missing, "before the containment");
    assert_eq!(state(&test, true, 20, &[passed(12)]), ControlState::Missing, "at that very instant");
    assert_eq!(state(&test, false, 12, &[passed(11)]), ControlState::Held, "while it is not contained");
    assert_eq!(state(&test, true, 20, &[passed(15)]), ControlState::Held);
    assert_eq!(state(&test, true, 40, &[passed(15)]), ControlState::Stale);
    let failed = (16, "garak", "model", Status::Failed, None);
    assert_eq!(state(&test, true, 20, &[passed(15), failed]), ControlState::Failed);
    assert_eq!(
        state(&test, true, 20, &[failed, passed(17)]),
        ControlState::Held,
        "of a collector the latest"
    );
    let by_other = (17, "promptfoo", "", Status::Passed, None);
    assert_eq!(state(&test, true, 20, &[failed, by_other]), ControlState::Failed, "a pass hides no failure");
    let on_gone = (16, "garak", "gone", Status::Failed, None);
    assert_eq!(state(&test, true, 20, &[on_gone, passed(15)]), ControlState::Held, "out of use, out of test");
}

#[test]
fn a_rule_is_judged_by_its_own_checks() {
    let test = IncidentTest { rule: Some(RULE.to_owned()), ..IncidentTest::of(CONTROL.parse().unwrap()) };
    let of = |run: Status, rule| state(&test, true, 20, &[(15, "garak", "model", run, rule)]);
    assert_eq!(of(Status::Passed, None), ControlState::Missing, "the run has no check of it");
    assert_eq!(of(Status::Failed, Some(Status::Passed)), ControlState::Held, "another rule failed");
    assert_eq!(of(Status::Passed, Some(Status::Failed)), ControlState::Failed);
    assert_eq!(of(Status::Passed, Some(Status::Unknown)), ControlState::Review);
    assert_eq!(of(Status::Passed, Some(Status::NotRun)), ControlState::Missing);
}

#[test]
fn a_test_is_judged_on_its_asset_by_its_collector() {
    let any = IncidentTest::of(CONTROL.parse().unwrap());
    let on = IncidentTest { asset: "model".parse().ok(), ..any.clone() };
    let by = IncidentTest { collector: Some("garak".to_owned()), ..any.clone() };
    let of_system = [(15, "promptfoo", "s", Status::Passed, None)];
    assert_eq!(state(&any, true, 20, &of_system), ControlState::Held);
    assert_eq!(state(&on, true, 20, &of_system), ControlState::Missing);
    assert_eq!(state(&by, true, 20, &of_system), ControlState::Missing);
    let unknown = IncidentTest::of("ACME-1".parse().unwrap());
    assert_eq!(state(&unknown, true, 20, &of_system), ControlState::Missing);
}

#[test]
fn a_rule_of_a_run_that_was_cut_off_is_no_better_than_the_run() {
    let Statement::Result(whole) = run((15, "garak", "model", Status::Unknown, Some(Status::Passed))) else {
        panic!("a run is a result");
    };
    let of = |flag: &str| {
        let mut result = whole.clone();
        result.flags = [flag.to_owned()].into();
        narrowed(&result, Some(RULE)).unwrap().status
    };
    assert_eq!(of("vacuous-result"), Status::Passed, "the check itself passed");
    assert_eq!(of("checks-cut"), Status::Unknown);
    assert_eq!(of("execution-failed"), Status::Unknown);
}
