//! What results open and close, told example by example, and that asking again changes nothing.

use super::*;
use crate::asset::Asset;
use crate::control::ControlId;
use crate::exception::Exception;
use crate::result::{Check, Collector, ControlResult, Population, Run};
use crate::statement::Statement;
use crate::status::Status;
use affiant_ledger::entry::Entry;
use affiant_ledger::record::Record;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const SYSTEM: &str = "scoring";
const CONTROL: &str = "AFF-THR-13";

fn controls() -> ControlSet {
    ControlSet::embedded()
}

fn day(day: u32) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + u64::from(day) * DAY).unwrap()
}

/// A stream under construction, one statement a day.
#[derive(Default)]
struct Stream(Vec<Record>);

impl Stream {
    fn now(&self) -> Timestamp {
        day(self.0.len() as u32)
    }

    fn say(&mut self, statement: &Statement) -> u64 {
        let index = self.0.len() as u64;
        let draft = statement.draft("local");
        let entry = Entry {
            n: index,
            v: 1,
            by: draft.by,
            kind: draft.kind,
            prev: Digest::ZERO,
            time: self.now(),
            index,
            stream: SYSTEM.parse().unwrap(),
            payload: Digest::ZERO,
            stream_prev: Digest::ZERO,
        };
        self.0.push(Record {
            entry,
            leaf: Digest::of(&index.to_be_bytes()),
            statement: Some(draft.statement),
        });
        index
    }

    /// A result observed now, with what it opens and closes recorded behind it.
    fn push(&mut self, status: Status, change: impl FnOnce(&mut ControlResult)) -> Vec<Finding> {
        let (control, system) = (CONTROL.parse().unwrap(), SYSTEM.parse().unwrap());
        let mut result = ControlResult::new(
            control,
            system,
            status,
            self.now(),
            Collector::new("bandit"),
            "3 of 9 rules failed",
        );
        result.asset = "code".parse().ok();
        change(&mut result);
        self.say(&Statement::Result(Box::new(result)));
        self.follow()
    }

    /// Records what is open to be recorded.
    fn follow(&mut self) -> Vec<Finding> {
        let changes = self.register().finding_changes(|_| Severity::Medium);
        for finding in &changes {
            self.say(&Statement::Finding(Box::new(finding.clone())));
        }
        changes
    }

    fn register(&self) -> Register {
        Register::replay(&self.0, self.now()).unwrap()
    }

    /// Each finding by rule, or `*` for the one of the result, with its word.
    fn standing(&self) -> BTreeMap<String, &'static str> {
        let (register, controls) = (self.register(), controls());
        let of = |it: Found<'_>| (it.filed.value.rule.clone().unwrap_or("*".into()), it.standing.as_str());
        register.found(&controls).into_iter().map(of).collect()
    }
}

fn check(rule: &str, status: Status) -> Check {
    Check {
        rule: rule.into(),
        status,
        message: format!("found by {rule}"),
        pointer: "/results/0".into(),
        location: Some("app/a.py:3".into()),
        severity: Some(Severity::High),
        withheld: None,
        suppressed: false,
        fingerprint: Some(Digest::of(rule.as_bytes())),
    }
}

fn failed(rules: &[&str]) -> impl FnOnce(&mut ControlResult) {
    let checks: Vec<Check> = rules.iter().map(|rule| check(rule, Status::Failed)).collect();
    move |result| result.checks = checks
}

fn of(pairs: &[(&str, &'static str)]) -> BTreeMap<String, &'static str> {
    pairs.iter().map(|(rule, word)| ((*rule).to_owned(), *word)).collect()
}

#[test]
fn a_failure_is_one_finding_however_often_it_is_reported_and_a_pass_closes_it() {
    let mut stream = Stream::default();
    let opened = stream.push(Status::Failed, failed(&["B1", "B2"]));
    assert_eq!(opened.len(), 2);
    assert_eq!((opened[0].opened_by, opened[0].opened_at, opened[0].severity), (0, day(0), Severity::High));
    assert_eq!(opened[0].due, day(30));
    assert!(stream.push(Status::Failed, failed(&["B1", "B2"])).is_empty());
    let closed = stream.push(Status::Passed, |_| ());
    assert_eq!(closed.iter().map(|it| it.resolved_by).collect::<Vec<_>>(), [Some(4), Some(4)]);
    assert_eq!(stream.standing(), of(&[("B1", "resolved"), ("B2", "resolved")]));
    let again = stream.push(Status::Failed, failed(&["B1"]));
    assert_eq!((again.len(), again[0].reopened, again[0].state), (1, 1, FindingState::Open));
    assert_eq!((again[0].resolved_by, again[0].due), (None, again[0].opened_at.plus(Period::days(30))));
    assert_eq!(stream.standing(), of(&[("B1", "open"), ("B2", "resolved")]));
}

#[test]
fn a_failing_result_closes_what_it_no_longer_has_only_when_it_has_all_its_checks() {
    let mut stream = Stream::default();
    stream.push(Status::Failed, failed(&["B1", "B2"]));
    let cut = |result: &mut ControlResult| {
        failed(&["B1"])(result);
        result.flags.insert("checks-cut".into());
    };
    // What is beyond the checks kept is a finding too.
    assert_eq!(stream.push(Status::Failed, cut).len(), 1);
    assert_eq!(stream.standing(), of(&[("B1", "open"), ("B2", "open"), ("*", "open")]));
    stream.push(Status::Failed, |result| {
        failed(&["B1"])(result);
        result.run = Some(Run { errors: 1, skipped: 0, complete: true, examined: 9, exit_code: None });
    });
    assert_eq!(stream.standing()["B2"], "open", "a run with errors has not looked everywhere");
    stream.push(Status::Failed, |result| {
        failed(&["B1"])(result);
        result.checks.push(check("B2", Status::NeedsReview));
    });
    assert_eq!(stream.standing()["B2"], "open", "it is still spoken of");
    stream.push(Status::Failed, |_| ());
    assert_eq!(stream.standing()["B2"], "open", "a result without checks says nothing of single ones");
    stream.push(Status::Failed, failed(&["B1"]));
    assert_eq!(stream.standing(), of(&[("B1", "open"), ("B2", "resolved"), ("*", "resolved")]));
}

#[test]
fn only_a_pass_of_the_same_collector_asset_and_bytes_over_all_of_it_closes() {
    let mut stream = Stream::default();
    let mut asset = Asset::new(SYSTEM.parse().unwrap(), "code".parse().unwrap(), "code-repo", "code");
    asset.digest = Some(Digest::of(b"today"));
    stream.say(&Statement::Asset(asset));
    stream.push(Status::Failed, failed(&["B1"]));
    for status in [Status::NotRun, Status::Unknown, Status::NeedsReview, Status::NotApplicable] {
        stream.push(status, |_| ());
    }
    stream.push(Status::Passed, |result| result.collector.name = "semgrep".into());
    stream.push(Status::Passed, |result| result.asset = None);
    stream.push(Status::Passed, |result| {
        result.population = Some(Population { size: 9, failed: 0, tested: 3, definition: "files".into() });
    });
    stream.push(Status::Passed, |result| {
        let digest_source = crate::result::DigestSource::Wrapper;
        result.subject = Some(crate::result::Subject { digest: Digest::of(b"yesterday"), digest_source });
    });
    assert_eq!(stream.standing(), of(&[("B1", "open")]));
    stream.push(Status::Passed, |_| ());
    assert_eq!(stream.standing(), of(&[("B1", "resolved")]));
}

#[test]
fn an_older_failure_that_comes_in_late_opens_nothing() {
    let mut stream = Stream::default();
    stream.push(Status::Passed, |_| ());
    stream.say(&Statement::Asset(Asset::new(SYSTEM.parse().unwrap(), "b".parse().unwrap(), "model", "b")));
    let late = stream.push(Status::Failed, |result| {
        (result.observed_from, result.observed_to) = (Timestamp::MIN, Timestamp::MIN);
    });
    assert!(late.is_empty() && stream.standing().is_empty());
}

#[test]
fn without_checks_the_result_is_the_finding_and_beyond_the_limit_one_stands_for_the_rest() {
    let mut stream = Stream::default();
    let whole = stream.push(Status::Failed, |_| ());
    assert_eq!((whole.len(), whole[0].severity, whole[0].fingerprint), (1, Severity::Medium, None));
    assert_eq!(whole[0].summary, "3 of 9 rules failed");
    let rules: Vec<String> = (0..FINDINGS_MAX + 40).map(|number| format!("R{number}")).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let mut stream = Stream::default();
    let opened = stream.push(Status::Failed, failed(&rules));
    assert_eq!(opened.len(), FINDINGS_MAX + 1);
    assert!(opened.iter().any(|it| it.rule.is_none() && it.summary.starts_with("40 more failing checks: ")));
    // The same again, and a worse one: those that are known stay, the new one is among the rest.
    let more = |result: &mut ControlResult| {
        failed(&rules)(result);
        result
            .checks
            .insert(0, Check { severity: Some(Severity::Critical), ..check("worse", Status::Failed) });
    };
    assert!(stream.push(Status::Failed, more).is_empty());
}

#[test]
fn an_exception_in_force_accepts_a_finding_and_a_retired_asset_takes_it_out() {
    let mut stream = Stream::default();
    stream.push(Status::Failed, |_| ());
    let exception = |asset: &str, expires| Exception {
        id: format!("exc-{asset}").parse().unwrap(),
        assets: [asset.parse().unwrap()].into(),
        reason: "vendor fix due".into(),
        system: SYSTEM.parse().unwrap(),
        control: CONTROL.parse().unwrap(),
        expires,
        revoked: false,
        approver: "Head of Risk".into(),
        compensating: None,
        requested_by: None,
    };
    stream.say(&Statement::Exception(exception("other", day(900))));
    assert_eq!(stream.standing()["*"], "open");
    stream.say(&Statement::Exception(exception("code", day(100))));
    let accepted = stream.register();
    let found = accepted.found(&controls());
    assert_eq!((found[0].standing, found[0].exception.unwrap().as_str()), (Standing::Accepted, "exc-code"));
    let at = |at| Register::replay(&stream.0, at).unwrap();
    let word = |register: &Register| {
        (register.found(&controls())[0].standing, register.found(&controls())[0].overdue)
    };
    assert_eq!(word(&at(day(99))), (Standing::Accepted, false), "past its day, and accepted");
    assert_eq!(word(&at(day(100))), (Standing::Open, true), "as it was, once the exception is over");
    let mut gone = Asset::new(SYSTEM.parse().unwrap(), "code".parse().unwrap(), "code-repo", "code");
    gone.retired = true;
    stream.say(&Statement::Asset(gone));
    assert_eq!(word(&Register::replay(&stream.0, day(200)).unwrap()), (Standing::Retired, false));
}

#[test]
fn the_id_of_a_failure_changes_with_everything_that_tells_it_apart() {
    let (system, control): (Id, ControlId) = (SYSTEM.parse().unwrap(), CONTROL.parse().unwrap());
    let (asset, fingerprint) = ("code".parse::<Id>().unwrap(), Digest::of(b"x"));
    let id = |asset: Option<&Id>, collector: &str, fingerprint: Option<&Digest>| {
        finding_id(&system, &control, asset, collector, fingerprint).to_string()
    };
    let all = [
        id(Some(&asset), "bandit", Some(&fingerprint)),
        id(None, "bandit", Some(&fingerprint)),
        id(Some(&asset), "semgrep", Some(&fingerprint)),
        id(Some(&asset), "bandit", None),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(all[0], id(Some(&asset), "bandit", Some(&fingerprint)));
    assert!(all.iter().all(|id| id.len() == 14 && id.starts_with("f-")), "{all:?}");
}

#[test]
fn the_fixed_bytes_are_a_finding_whose_id_is_made_of_its_parts() {
    let bytes = include_bytes!("../../../fuzz/seeds/payload/finding");
    let payload = affiant_ledger::payload::Payload::from_bytes(bytes).unwrap();
    let Ok(Some(Statement::Finding(finding))) = Statement::from_bytes("finding", &payload.statement) else {
        panic!("a finding")
    };
    let Finding { system, control, asset, collector, fingerprint, .. } = &*finding;
    assert_eq!(finding.id, finding_id(system, control, asset.as_ref(), collector, fingerprint.as_ref()));
    assert_eq!((finding.state, finding.reopened, finding.opened_by), (FindingState::Resolved, 1, 41));
    assert_eq!(Statement::Finding(finding).to_bytes(), payload.statement);
}

proptest! {
    #[test]
    fn what_was_recorded_is_not_recorded_again_and_nothing_waits_behind_a_pass(
        pushes in prop::collection::vec((0..6usize, 0..2usize, prop::collection::vec(0..4u8, 0..4)), 1..20),
    ) {
        let mut stream = Stream::default();
        for (status, collector, rules) in pushes {
            let rules: Vec<String> = rules.iter().map(|rule| format!("R{rule}")).collect();
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            let status = [Status::Failed, Status::Failed, Status::Passed, Status::NotRun, Status::Unknown,
                Status::NeedsReview][status];
            let name = ["bandit", "semgrep"][collector];
            stream.push(status, |result| {
                result.collector.name = name.into();
                if status == Status::Failed {
                    failed(&rules)(result);
                }
            });
            prop_assert!(stream.follow().is_empty(), "asked again, there is nothing more to record");
            let register = stream.register();
            let waiting: Vec<_> =
                register.found(&controls()).into_iter().filter(|it| it.filed.value.collector == name && it.standing.waits()).collect();
            match status {
                Status::Passed => prop_assert!(waiting.is_empty()),
                Status::Failed => prop_assert!(!waiting.is_empty()),
                _ => {}
            }
        }
    }
}
