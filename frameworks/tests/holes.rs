//! Smallest cases in which an assessment once departed from the design's words, or in which the words had a hole through
//! which evidence fell. Each was found by the model beside `reference.rs`, or in writing it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod random;
mod support;

use affiant_controls::{
    ControlState, Decision, DigestSource, Event, Exception, Population, Statement, Status, Subject,
};
use affiant_frameworks::{Assessment, Determination, GapKind, Outcome, Standing, assess};
use affiant_ledger::digest::Digest;
use random::catalogs::{act, controls, pairs};
use support::{STREAM, Stream, at, credit_scoring, result};

/// Applies to data sets; fresh for 30 days; a release calls for a new result.
const DATA: &str = "AFF-DAT-01";
/// Applies to secrets, code and the like.
const SECRETS: &str = "AFF-INF-04";
/// Applies to the system, models and guardrails.
const INJECTION: &str = "AFF-THR-01";
const TODAY: &str = "2026-11-24";

fn one_data_set() -> Stream {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("training", "dataset");
    stream
}

fn judged(stream: &Stream, mapped: &[&str]) -> Assessment {
    let mapped: Vec<(&str, &str)> = mapped.iter().map(|control| (*control, "art-9-1")).collect();
    assess(act(), &pairs(&mapped), controls(), &stream.register(TODAY)).unwrap()
}

fn determination(stream: &Stream, mapped: &[&str]) -> Determination {
    judged(stream, mapped).determination("art-9-1").unwrap().clone()
}

fn on(stream: &Stream, control: &str, asset: &str) -> Standing {
    let found = judged(stream, &[control]);
    found.control(control).unwrap().assets.iter().find(|on| on.asset == *asset).unwrap().clone()
}

fn kinds(found: &Determination) -> Vec<GapKind> {
    found.gaps.iter().map(|gap| gap.kind).collect()
}

/// A result of the control on data sets, on these bytes.
fn on_bytes(stream: &mut Stream, status: Status, bytes: &str, asset: &str, time: &str) {
    let mut result = result(DATA, status, time);
    result.asset = asset.parse().ok();
    let digest = Digest::of(bytes.as_bytes());
    result.subject = Some(Subject { digest, digest_source: DigestSource::InFile });
    if asset.is_empty() {
        result.population =
            Some(Population { size: 2, failed: 0, tested: 2, definition: "all of them".to_owned() });
    }
    stream.push(Statement::Result(Box::new(result)), time);
}

/// One data set with these bytes.
fn with_bytes(bytes: &str) -> Stream {
    let mut stream = Stream::of(&credit_scoring());
    let (system, id) = (STREAM.parse().unwrap(), "training".parse().unwrap());
    let mut asset = affiant_controls::Asset::new(system, id, "dataset", "Training data");
    asset.digest = Some(Digest::of(bytes.as_bytes()));
    stream.push(Statement::Asset(asset), "2026-01-02");
    stream
}

fn decide_against(stream: &mut Stream, control: &str) {
    let decision = Decision {
        owner: None,
        reason: "there is none".to_owned(),
        system: STREAM.parse().unwrap(),
        applies: false,
        control: control.parse().ok(),
        drivers: Default::default(),
        framework: None,
        decided_by: "Head of Risk".to_owned(),
        requirement: None,
    };
    stream.push(Statement::Decision(decision), "2026-11-01");
}

fn except(stream: &mut Stream, control: &str) {
    except_until(stream, control, "2027-02-01");
}

fn except_until(stream: &mut Stream, control: &str, end: &str) {
    let exception = Exception {
        id: "exc-1".parse().unwrap(),
        assets: Default::default(),
        reason: "a fix is due".to_owned(),
        system: STREAM.parse().unwrap(),
        control: control.parse().unwrap(),
        expires: at(end),
        revoked: false,
        approver: "Head of Risk".to_owned(),
        compensating: None,
        requested_by: None,
    };
    stream.push(Statement::Exception(exception), "2026-11-01");
}

fn release(stream: &mut Stream, day: &str) {
    let event = Event {
        at: at(day),
        kind: "release".parse().unwrap(),
        asset: None,
        system: STREAM.parse().unwrap(),
        done_at: None,
        summary: "A release".to_owned(),
    };
    stream.push(Statement::Event(event), day);
}

/// "A control decided not to apply is left out, unless it failed or needs review" (assess.rs). Having no such asset
/// is the commonest reason for the decision, and the one case in which it has no effect.
#[test]
fn a_control_decided_not_to_apply_is_left_out_where_it_has_no_asset() {
    let mut stream = one_data_set();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    decide_against(&mut stream, SECRETS);
    let found = determination(&stream, &[DATA, SECRETS]);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::Satisfied, vec![]));
}

/// "Results name no asset and did not test the whole population: they cover none" (assessment.md). This one covers the
/// system.
#[test]
fn a_model_without_a_result_is_no_uncovered_population_because_the_system_was_tested() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("scoring", "model").result(INJECTION, "", Status::Passed, "2026-11-23");
    let found = determination(&stream, &[INJECTION]);
    assert_eq!(on(&stream, INJECTION, STREAM).state, ControlState::Held);
    assert_eq!(kinds(&found), [GapKind::NoResult]);
}

/// The same words: the whole population was tested, but on other bytes.
#[test]
fn a_whole_population_tested_on_other_bytes_is_no_uncovered_population() {
    let mut stream = with_bytes("new");
    on_bytes(&mut stream, Status::Passed, "old", "", "2026-11-23");
    assert_eq!(kinds(&determination(&stream, &[DATA])), [GapKind::NoResult]);
}

/// "Until when it stays fresh" (assessment.rs): nothing is said where an event came after it, for age or an event before
/// that may have ended it sooner.
#[test]
fn an_event_does_not_make_a_pass_fresh_for_longer_than_its_age_allows() {
    let mut stream = one_data_set();
    stream.result(DATA, "training", Status::Passed, "2026-06-01");
    release(&mut stream, "2026-10-01");
    let found = on(&stream, DATA, "training");
    assert_eq!((found.state, found.fresh_until), (ControlState::Stale, None));
}

/// A failure counts "until the same collector reports otherwise" (assessment.md), and a pass on other bytes "speaks
/// for none of it" (register.rs). Yet it takes the failure's place before it is found not to speak.
#[test]
fn a_pass_on_other_bytes_does_not_clear_a_failure_on_these() {
    let mut stream = with_bytes("in use");
    on_bytes(&mut stream, Status::Failed, "in use", "training", "2026-11-20");
    assert_eq!(determination(&stream, &[DATA]).outcome, Outcome::NotSatisfied);
    on_bytes(&mut stream, Status::Passed, "candidate", "training", "2026-11-21");
    assert_eq!(determination(&stream, &[DATA]).outcome, Outcome::NotSatisfied);
}

/// The other way round: testing the next version takes away the evidence for the one in use.
#[test]
fn a_pass_on_other_bytes_does_not_take_away_a_pass_on_these() {
    let mut stream = with_bytes("in use");
    on_bytes(&mut stream, Status::Passed, "in use", "training", "2026-11-20");
    on_bytes(&mut stream, Status::Passed, "candidate", "training", "2026-11-21");
    assert_eq!(on(&stream, DATA, "training").state, ControlState::Held);
}

/// "A test that did not run is no evidence" (assessment.md): so it does not report otherwise either.
#[test]
fn a_test_that_did_not_run_does_not_clear_a_failure() {
    let mut stream = one_data_set();
    stream.result(DATA, "training", Status::Failed, "2026-11-20");
    stream.result(DATA, "training", Status::NotRun, "2026-11-21");
    assert_eq!(determination(&stream, &[DATA]).outcome, Outcome::NotSatisfied);
}

/// "No mapped control has any evidence on any asset: not-assessed" (assess.rs). An exception is no evidence, yet the
/// sentence says "evidence on file for part".
#[test]
fn an_exception_without_any_result_is_not_evidence_on_file() {
    let mut stream = one_data_set();
    except(&mut stream, DATA);
    let found = determination(&stream, &[DATA]);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotAssessed, vec![GapKind::Excepted]));
    assert!(!found.conclusion.contains("evidence on file"), "{}", found.conclusion);
}

/// The accepted failure of a stray asset fills a population that was empty: `partial` becomes `satisfied`.
#[test]
fn a_failure_that_was_accepted_does_not_raise_a_determination() {
    let mut stream = one_data_set();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    except(&mut stream, SECRETS);
    let before = determination(&stream, &[DATA, SECRETS]);
    stream.result(SECRETS, "training", Status::Failed, "2026-11-21");
    let after = determination(&stream, &[DATA, SECRETS]);
    assert_eq!((before.outcome, after.outcome), (Outcome::Partial, Outcome::Partial));
}

/// "A failure must not vanish because of the kind of thing it was found on" (register.rs): found on nothing that is
/// registered, it leaves neither a gap nor a citation.
#[test]
fn a_failure_that_names_no_asset_does_not_vanish_where_none_is_registered() {
    let mut stream = Stream::of(&credit_scoring());
    stream.result(DATA, "", Status::Failed, "2026-11-20");
    let found = determination(&stream, &[DATA]);
    assert_eq!((found.outcome, found.citations), (Outcome::NotSatisfied, vec![1]));
}

/// "A result that is no failure" (register.rs) is told by its status alone: a pass with failed items on other bytes is
/// dropped, where `failed` counts. Admission turns the one into the other, so only foreign ledgers hold it.
#[test]
fn a_pass_with_failed_items_counts_like_a_failure_on_other_bytes_too() {
    let state = |status: Status| {
        let mut stream = with_bytes("new");
        let mut result = result(DATA, status, "2026-11-20");
        result.asset = "training".parse().ok();
        let digest = Digest::of(b"old");
        result.subject = Some(Subject { digest, digest_source: DigestSource::InFile });
        result.population =
            Some(Population { size: 2, failed: 1, tested: 2, definition: "all of them".to_owned() });
        stream.push(Statement::Result(Box::new(result)), "2026-11-20");
        on(&stream, DATA, "training").state
    };
    assert_eq!(state(Status::Failed), ControlState::Failed);
    assert_eq!(state(Status::Passed), ControlState::Failed);
}

/// Decision 0005: nobody enlarges a population with passes. Failed items are a failure whatever the status says, and what
/// was found where a control does not apply gives it none.
#[test]
fn a_pass_on_an_asset_of_another_kind_satisfies_nothing_though_a_run_there_had_failed_items() {
    let mut stream = one_data_set();
    let mut ran = result(SECRETS, Status::NotRun, "2026-11-20");
    ran.asset = "training".parse().ok();
    ran.population = Some(Population { size: 2, failed: 1, tested: 2, definition: "all of them".to_owned() });
    stream.push(Statement::Result(Box::new(ran)), "2026-11-20");
    assert_eq!(on(&stream, SECRETS, "training").state, ControlState::Failed);
    let mut passed = result(SECRETS, Status::Passed, "2026-11-21");
    passed.asset = "training".parse().ok();
    passed.collector.name = "auditor".to_owned();
    stream.push(Statement::Result(Box::new(passed)), "2026-11-21");
    assert_eq!(determination(&stream, &[SECRETS]).outcome, Outcome::NotSatisfied);
}

/// "Until the control holds on the asset" (exception.md) was heeded only while it held: a pass that grew stale a year later
/// was an expired exception again, for good.
#[test]
fn an_expired_exception_has_nothing_more_to_say_once_the_control_has_held_since_it_was_recorded() {
    let accepted = |results: &[(&str, Status, &str)]| {
        let mut stream = one_data_set();
        except_until(&mut stream, DATA, "2026-11-03");
        for (collector, status, day) in results {
            let mut said = result(DATA, *status, day);
            said.collector.name = (*collector).to_owned();
            said.asset = "training".parse().ok();
            stream.push(Statement::Result(Box::new(said)), day);
        }
        let found = on(&stream, DATA, "training");
        let judged = determination(&stream, &[DATA]);
        assert_eq!(kinds(&judged).contains(&GapKind::ExceptionExpired), found.lapsed, "{results:?}");
        (found.state, found.lapsed, judged.outcome)
    };
    use {ControlState as State, Outcome::*, Status::*};
    // Nothing but the exception, or what was there before it: the gap that was accepted is open.
    assert_eq!(accepted(&[]), (State::Missing, true, NotSatisfied));
    assert_eq!(accepted(&[("a", Passed, "2026-10-01")]), (State::Stale, true, NotSatisfied));
    assert_eq!(accepted(&[("a", NeedsReview, "2026-10-30")]), (State::Review, true, NotSatisfied));
    assert_eq!(accepted(&[("a", Failed, "2026-11-02")]), (State::Failed, true, NotSatisfied));
    // It held, and holds, or did so while the exception was in force.
    assert_eq!(accepted(&[("a", Passed, "2026-11-20")]), (State::Held, false, Satisfied));
    let mut stream = one_data_set();
    except_until(&mut stream, DATA, "2026-11-20");
    stream.result(DATA, "training", Passed, "2026-11-02");
    let later = stream.register("2027-11-02");
    let mapped = pairs(&[(DATA, "art-9-1")]);
    let found = assess(act(), &mapped, controls(), &later).unwrap();
    let standing = &found.control(DATA).unwrap().assets[0];
    assert_eq!((standing.state, standing.lapsed), (State::Stale, false));
    assert_eq!(standing.citations.len(), 1, "the exception is no longer cited");
    // What came later is what it is.
    let later = [("a", Passed, "2026-11-10"), ("b", NeedsReview, "2026-11-20")];
    assert_eq!(accepted(&later), (State::Review, false, Partial));
    let later = [("a", Passed, "2026-11-10"), ("b", Failed, "2026-11-20")];
    assert_eq!(accepted(&later), (State::Failed, false, NotSatisfied));
    // A pass of one tool puts nothing right that another found before.
    let still = [("b", NeedsReview, "2026-10-30"), ("a", Passed, "2026-11-10")];
    assert_eq!(accepted(&still), (State::Review, true, NotSatisfied));
}

/// On the same bytes the latest result of a collector counts: it may take back there what it found. That says nothing about
/// the bytes in use, and the control is not held by it.
#[test]
fn a_pass_on_former_bytes_takes_back_the_failure_on_them_and_holds_nothing() {
    let mut stream = with_bytes("new");
    on_bytes(&mut stream, Status::Failed, "old", "training", "2026-11-20");
    assert_eq!(on(&stream, DATA, "training").state, ControlState::Failed);
    on_bytes(&mut stream, Status::Passed, "old", "training", "2026-11-21");
    assert_eq!(on(&stream, DATA, "training").state, ControlState::Missing);
    on_bytes(&mut stream, Status::Failed, "older", "training", "2026-11-19");
    assert_eq!(
        on(&stream, DATA, "training").state,
        ControlState::Failed,
        "on other bytes it takes nothing back"
    );
}
