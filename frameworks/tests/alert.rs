//! Alerts: what is told of two looks at a stream, and what is not.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use affiant_controls::delivery::Standpoint;
use affiant_controls::{Asset, ControlSet, Register, Severity, Statement, Status};
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::{
    Alert, AlertKind, Assessment, Clock, Framework, MappingSet, MappingSets, Posture, Start, alerts, clocks,
};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use support::{STREAM, Stream, at, credit_scoring};

/// What everything is judged by.
struct Catalogs {
    act: Vec<Framework>,
    controls: ControlSet,
    mappings: MappingSets,
}

static CATALOGS: LazyLock<Catalogs> = LazyLock::new(|| Catalogs {
    act: vec![Framework::embedded("eu-ai-act").unwrap()],
    controls: ControlSet::embedded(),
    mappings: MappingSets::new(MappingSet::all_embedded()).unwrap(),
});

/// A look at a stream as of a time.
struct Look {
    register: Register,
    assessments: Vec<Assessment>,
    clocks: Vec<Clock>,
}

impl Look {
    fn at(stream: &Stream, time: &str) -> Self {
        let Catalogs { act, controls, mappings } = &*CATALOGS;
        let register = stream.register(time);
        let assessments = assess_all(act, mappings, controls, &register).unwrap();
        let clocks = act.iter().flat_map(|act| clocks(act, &register)).collect();
        Self { register, assessments, clocks }
    }

    fn posture(&self) -> Posture<'_> {
        let Self { register, assessments, clocks } = self;
        Posture { register, assessments, clocks, controls: &CATALOGS.controls }
    }
}

/// What is told, starting from a size of the log; from nothing where that is zero.
fn told(size: u64, before: Option<&Look>, now: &Look) -> Vec<Alert> {
    let from = (size > 0).then(|| Standpoint { size, as_of: at("2026-11-01") });
    let start = Start { origin: "test.example/log", from };
    alerts(start, &STREAM.parse().unwrap(), before.map(Look::posture), now.posture())
}

/// Of controls on assets: asset, from, to.
fn of_controls(alerts: &[Alert]) -> Vec<(&str, Option<&str>, &str)> {
    let controls = alerts.iter().filter(|alert| alert.kind == AlertKind::Control);
    controls.map(|alert| (alert.about["asset"].as_str(), alert.from.as_deref(), alert.to.as_str())).collect()
}

fn model() -> Stream {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("model", "model");
    stream
}

#[test]
fn the_same_looks_tell_the_same_and_other_starts_give_other_ids() {
    let mut stream = model();
    stream.result("AFF-EXP-11", "model", Status::Passed, "2026-11-01");
    let before = Look::at(&stream, "2026-11-02");
    stream.result("AFF-EXP-11", "model", Status::Failed, "2026-11-03");
    let now = Look::at(&stream, "2026-11-04");
    let first = told(5, Some(&before), &now);
    assert_eq!(first, told(5, Some(&before), &now));
    let ids = |alerts: &[Alert]| alerts.iter().map(|alert| alert.id).collect::<BTreeSet<_>>();
    assert_eq!(ids(&first).len(), first.len(), "no two alerts share an id");
    assert!(ids(&first).is_disjoint(&ids(&told(6, Some(&before), &now))));
    assert_eq!(of_controls(&first), [("model", Some("held"), "failed")]);
    let control = first.iter().find(|alert| alert.kind == AlertKind::Control).unwrap();
    let severity = CATALOGS.controls.control("AFF-EXP-11").unwrap().severity;
    assert_eq!((control.severity, &control.entries[..]), (severity, &[3][..]));
    assert!(first.iter().any(|alert| alert.kind == AlertKind::Requirement && alert.to == "not-satisfied"));
    // What is later in time and the same otherwise is the same alert.
    let later = Look::at(&stream, "2026-11-05");
    assert_eq!(ids(&first), ids(&told(5, Some(&before), &later)));
}

#[test]
fn nothing_is_told_of_what_stayed_and_of_what_is_new_only_what_is_wrong() {
    let mut stream = model();
    assert_eq!(told(0, None, &Look::at(&stream, "2026-11-01")), []);
    stream.result("AFF-EXP-11", "model", Status::Passed, "2026-11-01");
    let held = Look::at(&stream, "2026-11-02");
    assert_eq!(told(0, None, &held), []);
    assert_eq!(told(5, Some(&held), &Look::at(&stream, "2026-11-03")), []);
    stream.result("AFF-EXP-11", "model", Status::NeedsReview, "2026-11-04");
    let review = Look::at(&stream, "2026-11-05");
    assert_eq!(of_controls(&told(0, None, &review)), [("model", None, "review")]);
    assert_eq!(of_controls(&told(5, Some(&held), &review)), [("model", Some("held"), "review")]);
}

#[test]
fn what_gets_better_is_told_as_information_and_what_is_gone_is_said_to_be() {
    let mut stream = model();
    stream.result("AFF-EXP-11", "model", Status::Failed, "2026-11-01");
    let failed = Look::at(&stream, "2026-11-02");
    stream.result("AFF-EXP-11", "model", Status::Passed, "2026-11-03");
    let held = Look::at(&stream, "2026-11-04");
    let better = told(5, Some(&failed), &held);
    assert_eq!(of_controls(&better), [("model", Some("failed"), "held")]);
    assert!(
        better.iter().all(|alert| alert.severity == Severity::Info && alert.kind != AlertKind::Requirement)
    );
    let mut retired = Asset::new(STREAM.parse().unwrap(), "model".parse().unwrap(), "model", "model");
    retired.retired = true;
    let mut stream = model();
    stream.result("AFF-EXP-11", "model", Status::Failed, "2026-11-01");
    stream.push(Statement::Asset(retired), "2026-11-03");
    let gone = told(5, Some(&failed), &Look::at(&stream, "2026-11-04"));
    assert_eq!(of_controls(&gone), [("model", Some("failed"), "gone")]);
}

#[test]
fn time_alone_makes_evidence_stale() {
    let mut stream = model();
    stream.result("AFF-EXP-11", "model", Status::Passed, "2026-11-01");
    let (held, stale) = (Look::at(&stream, "2026-11-02"), Look::at(&stream, "2028-11-02"));
    assert_eq!(of_controls(&told(5, Some(&held), &stale)), [("model", Some("held"), "stale")]);
    assert_eq!(of_controls(&told(0, None, &stale)), [("model", None, "stale")]);
}
