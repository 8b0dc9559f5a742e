//! The risk score over random ledgers: what speaks against a system never lowers it, what takes that away never raises it.

#![allow(clippy::unwrap_used, reason = "tests")]

mod random;
mod support;

use affiant_controls::finding::{Finding, FindingState, finding_id};
use affiant_controls::{
    Asset, Collector, ControlResult, Exception, Horizon, Incident, Register, Severity, Statement, Status,
    System,
};
use affiant_frameworks::{Risk, Term, TermKind, risk};
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use proptest::prelude::*;
use random::catalogs::{CONTROLS, controls};
use random::statements::ASSETS;
use random::{Ledger, Rng, after};
use support::{STREAM, Stream, at, credit_scoring};

fn judged(records: &[Record], as_of: Timestamp) -> Risk {
    let known = records.iter().map(|record| record.entry.time).max().unwrap().max(as_of);
    let register = Register::replay_at(records, Horizon { as_of, known, size: None }).unwrap();
    risk(&register, controls()).unwrap()
}

/// Scores of the system and of each asset, before and after something more is said at the end of the ledger.
fn with(ledger: &Ledger, more: Statement) -> (Risk, Risk) {
    let as_of = ledger.last();
    let before = judged(ledger.records(), as_of);
    let mut records = ledger.records().to_vec();
    let mut stream = Stream { records };
    stream.push(more, &as_of.to_string());
    records = stream.records;
    (before, judged(&records, as_of))
}

fn score_of(risk: &Risk, asset: &str) -> u64 {
    risk.assets.iter().find(|it| it.asset == *asset).map_or(0, |it| it.score)
}

/// Whether the score of the system and of every asset is as great as before, or greater.
fn rises((before, after): &(Risk, Risk)) -> bool {
    before.score <= after.score
        && before.assets.iter().all(|it| it.score <= score_of(after, it.asset.as_str()))
}

fn falls((before, after): &(Risk, Risk)) -> bool {
    rises(&(after.clone(), before.clone()))
}

fn finding(
    number: usize,
    severity: Severity,
    asset: Option<&str>,
    opened: Timestamp,
    state: FindingState,
) -> Finding {
    let system = STREAM.parse().unwrap();
    let (control, asset) =
        (CONTROLS[number % CONTROLS.len()].parse().unwrap(), asset.and_then(|it| it.parse().ok()));
    Finding {
        id: finding_id(&system, &control, asset.as_ref(), "scanner", None),
        due: after(opened, 30),
        note: None,
        rule: None,
        asset,
        owner: None,
        state,
        system,
        ticket: None,
        control,
        summary: "a failure".to_owned(),
        location: None,
        reopened: 0,
        severity,
        collector: "scanner".to_owned(),
        opened_at: opened,
        opened_by: 0,
        fingerprint: None,
        resolved_at: (state == FindingState::Resolved).then_some(opened),
        resolved_by: None,
    }
}

fn incident(kinds: &[&str], at: Timestamp) -> Incident {
    Incident {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        assets: ["model-a".parse().unwrap(), "data-a".parse().unwrap()].into(),
        ..Incident::new("inc-7".parse().unwrap(), STREAM.parse().unwrap(), "it went wrong", at)
    }
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn asset() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(
        ASSETS.iter().map(|(id, _)| Some(*id)).chain([None, Some("org")]).collect::<Vec<_>>(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_the_entries_does_not_matter(seed: u64) {
        let ledger = Ledger::of(seed);
        let risk = judged(ledger.records(), ledger.last());
        let mut records = ledger.records().to_vec();
        Rng::new(seed, 3).shuffle(&mut records);
        prop_assert_eq!(judged(&records, ledger.last()), risk);
    }

    #[test]
    fn a_finding_never_lowers_the_score_and_its_resolution_never_raises_it(
        seed: u64, number in 0..CONTROLS.len(), severity in severity(), asset in asset(), days in 0..60u64,
    ) {
        let mut ledger = Ledger::of(seed);
        let opened = random::before(ledger.last(), days);
        let of = |state| Statement::Finding(Box::new(finding(number, severity, asset, opened, state)));
        prop_assert!(rises(&with(&ledger, of(FindingState::Open))));
        ledger.push(of(FindingState::Open), ledger.last());
        prop_assert!(falls(&with(&ledger, of(FindingState::Resolved))));
        let (open, worked) = with(&ledger, of(FindingState::Remediating));
        prop_assert_eq!(open.score, worked.score, "work that is under way has mended nothing");
    }

    #[test]
    fn a_failure_never_lowers_the_score(
        seed: u64, number in 0..CONTROLS.len(), asset in asset(), review: bool,
    ) {
        let ledger = Ledger::of(seed);
        let (control, system) = (CONTROLS[number].parse().unwrap(), STREAM.parse().unwrap());
        // A collector of its own: of the same one, the latest word counts, and a review may follow a failure.
        let status = if review { Status::NeedsReview } else { Status::Failed };
        let mut result = ControlResult::new(control, system, status, ledger.last(), Collector::new("red-team"), "bad");
        result.asset = asset.and_then(|asset| asset.parse().ok());
        prop_assert!(rises(&with(&ledger, Statement::Result(Box::new(result)))));
    }

    #[test]
    fn an_exception_never_raises_the_score(seed: u64, number in 0..CONTROLS.len()) {
        let ledger = Ledger::of(seed);
        let exception = Exception {
            id: "exc-new".parse().unwrap(),
            assets: Default::default(),
            reason: "a fix is due".to_owned(),
            system: STREAM.parse().unwrap(),
            control: CONTROLS[number].parse().unwrap(),
            expires: after(ledger.last(), 30),
            revoked: false,
            approver: "Head of Risk".to_owned(),
            compensating: None,
            requested_by: None,
        };
        prop_assert!(falls(&with(&ledger, Statement::Exception(exception))));
    }

    #[test]
    fn an_incident_weighs_until_it_is_contained_and_closed(seed: u64, serious: bool) {
        let mut ledger = Ledger::of(seed);
        let at = ledger.last();
        let open = incident(if serious { &["serious"] } else { &[] }, at);
        let say = |incident: &Incident| Statement::Incident(incident.clone());
        prop_assert!(rises(&with(&ledger, say(&open))));
        ledger.push(say(&open), at);
        let contained = Incident { contained_at: Some(at), ..open.clone() };
        prop_assert!(falls(&with(&ledger, say(&contained))));
        ledger.push(say(&contained), at);
        let closed = Incident { closed_at: Some(at), ..contained };
        prop_assert!(falls(&with(&ledger, say(&closed))));
        prop_assert!(rises(&with(&ledger, say(&incident(&["serious"], at)))), "it is open again");
    }

    #[test]
    fn every_score_is_what_its_terms_come_to(seed: u64) {
        let ledger = Ledger::of(seed);
        let risk = judged(ledger.records(), ledger.instant(&mut Rng::new(seed, 9)).max(ledger.records()[0].entry.time));
        let sum = |terms: &[Term]| terms.iter().map(|term| term.points).sum::<u64>() * risk.exposure.factor;
        prop_assert_eq!(sum(&risk.terms), risk.score);
        for term in risk.terms.iter().chain(risk.assets.iter().flat_map(|it| &it.terms)) {
            prop_assert_eq!(term.points, term.each * term.count);
            prop_assert_eq!(term.count, term.what.len() as u64);
        }
        prop_assert!(risk.assets.iter().all(|it| sum(&it.terms) == it.score));
        prop_assert!(risk.assets.is_sorted_by_key(|it| (std::cmp::Reverse(it.score), it.asset.clone())));
    }
}

fn of_kind(risk: &Risk, kind: TermKind) -> u64 {
    risk.terms.iter().filter(|term| term.kind == kind).map(|term| term.points).sum()
}

#[test]
fn a_score_is_explained_term_by_term() {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model-a", "model").asset("model-b", "model");
    stream.result("AFF-EXP-01", "model-a", Status::Failed, "2026-02-01");
    stream.result("AFF-EXP-01", "model-b", Status::Passed, "2026-02-01");
    let opened = at("2026-02-01");
    let late = finding(2, Severity::High, Some("model-a"), opened, FindingState::Open);
    stream.push(Statement::Finding(Box::new(late)), "2026-02-01");
    stream.push(Statement::Incident(incident(&[], opened)), "2026-02-01");
    let critical = controls().control("AFF-EXP-01").unwrap().severity == Severity::Critical;
    let failed = if critical { 800 } else { 240 };
    let then = judged(&stream.records, at("2026-02-02"));
    assert_eq!(then.exposure.factor, 3);
    assert_eq!((of_kind(&then, TermKind::Failed), of_kind(&then, TermKind::Finding)), (failed, 30));
    // It names two assets, and counts once for the system.
    assert_eq!(of_kind(&then, TermKind::Incident), 240);
    assert!(score_of(&then, "model-a") > score_of(&then, "model-b"));
    let named = |risk: &Risk, asset: &str| {
        let of = risk.assets.iter().find(|it| it.asset == *asset).unwrap();
        of.terms.iter().any(|term| term.kind == TermKind::Incident)
    };
    assert!(named(&then, "model-a") && named(&then, "data-a") && !named(&then, "model-b"));
    let later = judged(&stream.records, at("2026-04-01"));
    assert_eq!((of_kind(&later, TermKind::Finding), of_kind(&later, TermKind::OverdueFinding)), (0, 60));
    let stale =
        |risk: &Risk| risk.terms.iter().any(|term| term.what.contains(&"AFF-EXP-01 on model-b".to_owned()));
    assert!(!stale(&then) && stale(&later), "what was shown grows stale");
    assert!(risk(&Register::replay(&[], at("2026-02-01")).unwrap(), controls()).is_none());
}

#[test]
fn an_asset_that_is_retired_weighs_nothing() {
    let mut stream = Stream::of(&System::new(STREAM.parse().unwrap(), "S"));
    stream.asset("model-a", "model");
    stream.result("AFF-EXP-01", "model-a", Status::Failed, "2026-02-01");
    assert!(score_of(&judged(&stream.records, at("2026-02-02")), "model-a") > 0);
    let asset = Asset::new(STREAM.parse().unwrap(), "model-a".parse().unwrap(), "model", "A");
    stream.push(Statement::Asset(Asset { retired: true, ..asset }), "2026-02-02");
    let after = judged(&stream.records, at("2026-02-03"));
    assert!(after.assets.iter().all(|it| it.asset != *"model-a"));
    assert_eq!(of_kind(&after, TermKind::Failed), 0);
}
