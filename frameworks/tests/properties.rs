//! What must hold of every assessment, whatever is on file.
//!
//! A ledger is a seed and the entries of it that are kept, so that a failure shrinks to few entries.
//!
//! **The order of outcomes.** not-satisfied < not-assessed < partial < satisfied: a failure on file is worse than
//! silence, silence is worse than part of the evidence. `not-applicable` and `unknown` stand outside: they follow from
//! the system and from decisions, so no result may lead into them or out of them, and nothing else is compared there.
//!
//! **What is comparable.** Two determinations are compared where the same pairs of control and asset are counted in
//! both. A result can change the pairs, for the population follows what was reported:
//!
//! - A pass may take a pair *out*: an asset of another kind, or of a control decided not to apply, belongs to it only
//!   as long as something unfavourable is on file. With the last such pair goes the last evidence, and `partial` becomes
//!   `not-assessed`. That is no loss: what was there was a doubt about something the control does not apply to.
//! - A failure may bring a pair *in*. If an exception in force covers it, the pair is excepted from the start: silence
//!   may become `partial`, and a control without any asset becomes one with its whole population excepted. In all
//!   other cases the failure counts, and the outcome is `not-satisfied`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod random;
mod support;

use affiant_controls::{
    Collector, ControlResult, ControlState, DigestSource, Exception, Horizon, Population, Register,
    Statement, Status, Subject,
};
use affiant_frameworks::{AssessError, Assessment, Outcome, assess};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use proptest::prelude::*;
use random::catalogs::{CONTROLS, act, controls, mappings};
use random::statements::{ASSETS, bytes_of};
use random::{DAY, ENTRIES_MAX, Ledger, Rng, after};
use std::collections::BTreeMap;
use support::STREAM;

/// A seed, and which of its entries are kept.
type Kept = (u64, Vec<bool>);

fn kept() -> impl Strategy<Value = Kept> {
    (any::<u64>(), proptest::collection::vec(proptest::bool::weighted(0.8), 0..ENTRIES_MAX as usize))
}

fn ledger((seed, kept): &Kept) -> Ledger {
    Ledger::with(*seed, |number| kept.get(number as usize).copied().unwrap_or(false))
}

/// A control, an asset or none, a collector: mostly one that has spoken before.
type About = (&'static str, Option<&'static str>, &'static str);

fn about() -> impl Strategy<Value = About> {
    let assets: Vec<Option<&str>> =
        ASSETS.iter().map(|(id, _)| Some(*id)).chain([Some(STREAM), Some("org"), None, None]).collect();
    (
        proptest::sample::select(CONTROLS.to_vec()),
        proptest::sample::select(assets),
        proptest::sample::select(vec!["scanner", "auditor", "alarmist", "newcomer"]),
    )
}

fn result((control, asset, collector): About, status: Status, observed: Timestamp) -> ControlResult {
    let (control, system) = (control.parse().unwrap(), STREAM.parse().unwrap());
    let collector = Collector::new(collector);
    let mut result = ControlResult::new(control, system, status, observed, collector, "looked at");
    result.asset = asset.and_then(|asset| asset.parse().ok());
    result
}

fn judged(records: &[Record], horizon: Horizon) -> Result<Assessment, AssessError> {
    assess(act(), mappings(), controls(), &Register::replay_at(records, horizon).unwrap())
}

/// Speaks of a time, knowing all there is.
fn with_all_known(ledger: &Ledger, as_of: Timestamp) -> Horizon {
    Horizon { as_of, known: ledger.last().max(as_of), size: None }
}

/// The place of an outcome in the order; none for those outside.
fn rank(outcome: Outcome) -> Option<u8> {
    match outcome {
        Outcome::NotSatisfied => Some(0),
        Outcome::NotAssessed => Some(1),
        Outcome::Partial => Some(2),
        Outcome::Satisfied => Some(3),
        Outcome::NotApplicable | Outcome::Unknown => None,
    }
}

/// The state of every pair that is counted.
fn pairs(assessment: &Assessment) -> BTreeMap<(String, String), ControlState> {
    let of = |control: &str, asset: &Id| (control.to_owned(), asset.to_string());
    let all = assessment.controls.iter().flat_map(|it| it.assets.iter().map(move |on| (it, on)));
    all.filter(|(_, on)| !on.decided).map(|(it, on)| (of(it.control.as_str(), &on.asset), on.state)).collect()
}

/// Outcomes by requirement before and after.
fn outcomes<'a>(
    before: &'a Assessment,
    after: &'a Assessment,
) -> impl Iterator<Item = (&'a str, Outcome, Outcome)> {
    let both = before.determinations.iter().zip(&after.determinations);
    both.map(|(before, after)| (before.requirement.as_str(), before.outcome, after.outcome))
}

/// A ledger with one more result, before and after, as of an instant of it and knowing all there is.
fn with_result(kept: &Kept, about: About, status: Status, shape: u8) -> Option<(Assessment, Assessment)> {
    let mut ledger = ledger(kept);
    let as_of = ledger.instant(&mut Rng::new(kept.0, 1 << 40));
    let horizon = with_all_known(&ledger, as_of);
    let before = judged(ledger.records(), horizon).ok()?;
    let mut result = result(about, status, as_of);
    let register = Register::replay_at(ledger.records(), horizon).unwrap();
    let digest = about.1.and_then(|asset| register.asset(asset)).and_then(|asset| asset.digest);
    if shape & 1 == 1 {
        result.subject = digest.map(|digest| Subject { digest, digest_source: DigestSource::Wrapper });
    }
    if result.asset.is_none() || shape & 2 == 2 {
        let failed = if status == Status::Failed { 2 } else { 0 };
        result.population = Some(Population { size: 5, failed, tested: 5, definition: "all".to_owned() });
    }
    ledger.push(Statement::Result(Box::new(result)), horizon.known);
    Some((before, judged(ledger.records(), horizon).unwrap()))
}

/// A statement with every result in it changed.
fn with_results(ledger: &Ledger, change: impl Fn(&mut ControlResult)) -> Ledger {
    ledger.with_each(|statement| {
        Some(match statement {
            Statement::Result(mut result) => {
                change(&mut result);
                Statement::Result(result)
            }
            other => other,
        })
    })
}

/// States, coverage, outcomes and gaps: all but words and places in the ledger.
fn without_places(assessment: &Assessment) -> String {
    let states = assessment.controls.iter().map(|it| {
        let on = it.assets.iter().map(|on| (&on.asset, on.state, on.lapsed, on.observed_to, on.fresh_until));
        (&it.control, it.held, it.excepted, it.population, on.collect::<Vec<_>>())
    });
    let determined = assessment.determinations.iter().map(|it| {
        let gaps = it.gaps.iter().map(|gap| (gap.kind, &gap.control, &gap.assets));
        (&it.requirement, it.outcome, gaps.collect::<Vec<_>>())
    });
    format!("{:?} {:?}", states.collect::<Vec<_>>(), determined.collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_passing_result_never_lowers_a_determination(kept in kept(), about in about(), shape in 0u8..4) {
        let Some((before, after)) = with_result(&kept, about, Status::Passed, shape) else { return Ok(()) };
        let (pairs_before, pairs_after) = (pairs(&before), pairs(&after));
        prop_assert!(pairs_after.keys().all(|pair| pairs_before.contains_key(pair)), "a pass brings nothing in");
        let same = pairs_before.len() == pairs_after.len();
        for (requirement, before, after) in outcomes(&before, &after) {
            prop_assert_eq!(rank(before).is_none(), rank(after).is_none(), "{}", requirement);
            prop_assert!(!same || rank(before) <= rank(after), "{}: {:?} to {:?}", requirement, before, after);
            let newly_failed = after == Outcome::NotSatisfied && before != Outcome::NotSatisfied;
            prop_assert!(!newly_failed, "{}: {:?} to {:?}", requirement, before, after);
        }
        for (pair, state) in &pairs_after {
            let held = pairs_before[pair] == ControlState::Held;
            prop_assert!(!held || *state == ControlState::Held, "{:?} was held, and is {}", pair, state);
        }
    }

    #[test]
    fn a_failing_result_never_raises_a_determination(kept in kept(), about in about(), shape in 0u8..4) {
        let Some((before, after)) = with_result(&kept, about, Status::Failed, shape) else { return Ok(()) };
        let (pairs_before, pairs_after) = (pairs(&before), pairs(&after));
        prop_assert!(pairs_before.keys().all(|pair| pairs_after.contains_key(pair)), "a failure takes nothing out");
        let brought: Vec<ControlState> =
            pairs_after.iter().filter(|(pair, _)| !pairs_before.contains_key(*pair)).map(|it| *it.1).collect();
        prop_assert!(brought.iter().all(|it| matches!(it, ControlState::Failed | ControlState::Excepted)));
        for (requirement, before, after) in outcomes(&before, &after) {
            prop_assert_eq!(rank(before).is_none(), rank(after).is_none(), "{}", requirement);
            let raised = rank(before) < rank(after);
            prop_assert!(!raised, "{}: {:?} to {:?}", requirement, before, after);
        }
        let control = about.0.to_owned();
        let named = about.1.and_then(|asset| pairs_after.get(&(control, asset.to_owned())));
        prop_assert!(named.is_none_or(|it| matches!(it, ControlState::Failed | ControlState::Excepted)));
    }

    #[test]
    fn collectors_that_looked_at_the_same_time_may_report_in_any_order(
        kept in kept(),
        about in about(),
        statuses in proptest::collection::vec(proptest::sample::select(Status::ALL.to_vec()), 2..5),
        order in any::<u64>(),
    ) {
        let base = ledger(&kept);
        let observed = base.instant(&mut Rng::new(kept.0, 1 << 40));
        let horizon = with_all_known(&base, after(observed, kept.0 % 9));
        let collectors = ["scanner", "auditor", "alarmist", "newcomer"];
        let reports = statuses.iter().zip(collectors).map(|(status, collector)| {
            Statement::Result(Box::new(result((about.0, about.1, collector), *status, observed)))
        });
        let in_order: Vec<Statement> = reports.collect();
        let mut shuffled = in_order.clone();
        Rng::new(order, 0).shuffle(&mut shuffled);
        let judge = |reports: &[Statement]| {
            let mut ledger = ledger(&kept);
            reports.iter().for_each(|report| ledger.push(report.clone(), horizon.known));
            judged(ledger.records(), horizon).map(|it| without_places(&it))
        };
        prop_assert_eq!(judge(&in_order), judge(&shuffled));
    }

    #[test]
    fn the_order_in_which_records_are_replayed_does_not_matter(kept in kept(), order in any::<u64>()) {
        let ledger = ledger(&kept);
        let mut rng = Rng::new(order, 0);
        let horizon = ledger.horizon(&mut rng);
        let mut records = ledger.records().to_vec();
        let in_order = judged(&records, horizon).map(|it| it.to_json());
        rng.shuffle(&mut records);
        prop_assert_eq!(judged(&records, horizon).map(|it| it.to_json()), in_order);
    }

    #[test]
    fn an_old_horizon_gives_the_bytes_it_gave_then(kept in kept(), more in kept(), pick in any::<u64>()) {
        let base = ledger(&kept);
        let mut rng = Rng::new(pick, 0);
        let mut grown = ledger(&kept);
        let as_of = base.instant(&mut rng);
        let known = if rng.chance(50) { as_of } else { base.last().max(as_of) };
        let size = rng.chance(50).then_some(base.records().len() as u64);
        // With a size, what came later may claim any time; without, it was recorded later.
        let recorded = match size {
            Some(_) => random::before(as_of, rng.below(30)),
            None => Timestamp::from_millis(known.max(base.last()).as_millis() + 1).unwrap(),
        };
        for statement in ledger(&more).statements {
            grown.push(statement, recorded);
        }
        let horizon = Horizon { as_of, known, size };
        let then = judged(base.records(), horizon).map(|it| it.to_json());
        prop_assert_eq!(judged(grown.records(), horizon).map(|it| it.to_json()), then);
    }

    #[test]
    fn an_exception_begins_when_it_is_recorded_and_never_outlives_its_expiry(
        kept in kept(),
        about in about(),
        days in 0u64..40,
        past in 0u64..200 * DAY,
    ) {
        let none = |statement| match statement {
            Statement::Exception(_) | Statement::Policy(_) => None,
            other => Some(other),
        };
        let mut ledger = ledger(&kept).with_each(none);
        let recorded = ledger.last();
        let expires = after(recorded, days);
        ledger.push(Statement::Exception(Exception {
            id: "exc-1".parse().unwrap(),
            assets: about.1.iter().map(|asset| asset.parse().unwrap()).collect(),
            reason: "a fix is due".to_owned(),
            system: STREAM.parse().unwrap(),
            control: about.0.parse().unwrap(),
            expires,
            revoked: false,
            approver: "Head of Risk".to_owned(),
            compensating: None,
            requested_by: None,
        }), recorded);
        let at = |millis: u64| Timestamp::from_millis(millis).unwrap();
        let excepted = |as_of: Timestamp, knowing: Timestamp| {
            let found = judged(ledger.records(), Horizon { as_of, known: knowing, size: None });
            found.map_or(0, |it| it.controls.iter().map(|control| control.excepted).sum::<u64>())
        };
        let far = at(expires.as_millis() + 400 * DAY);
        for past in [0, past] {
            let (over, early) = (at(expires.as_millis() + past), at(recorded.as_millis() - 1 - past));
            let (knowing_then, knowing_all) = (excepted(over, over), excepted(over, far));
            prop_assert_eq!((knowing_then, knowing_all), (0, 0), "at {}", over);
            prop_assert_eq!(excepted(early, far), 0, "at {}", early);
        }
        if days > 0 {
            // In between it covers whatever of the control is not held, and only that.
            let last = at(expires.as_millis() - 1);
            let found = judged(ledger.records(), Horizon { as_of: last, known: far, size: None });
            for control in found.iter().flat_map(|it| &it.controls) {
                for on in control.assets.iter().filter(|on| !on.decided && on.state != ControlState::Held) {
                    let covered = control.control == *about.0 && about.1.is_none_or(|asset| on.asset == *asset);
                    prop_assert_eq!(on.state == ControlState::Excepted, covered, "{} {}", control.control, on.asset);
                    prop_assert!(!on.lapsed);
                }
            }
        }
    }

    #[test]
    fn evidence_on_other_bytes_never_makes_a_control_held(kept in kept(), late in 0u64..9) {
        let other = Digest::of(b"other bytes");
        let declared = |digest| Subject { digest, digest_source: DigestSource::InFile };
        let base = ledger(&kept);
        let mut ledger = with_results(&base, |result| result.subject = Some(declared(other)));
        let recorded = ledger.last();
        for statement in base.statements.iter().filter_map(|it| if let Statement::Asset(it) = it { Some(it) } else { None }) {
            let mut asset = statement.clone();
            asset.digest = Some(bytes_of(asset.id.as_str(), 0));
            ledger.push(Statement::Asset(asset), recorded);
        }
        let found = judged(ledger.records(), Horizon::at(after(recorded, late))).unwrap();
        for on in found.controls.iter().flat_map(|it| &it.assets) {
            let has_bytes = on.asset != *STREAM && on.asset != *"org" && on.asset != *"ghost";
            prop_assert!(!has_bytes || on.state != ControlState::Held, "{} is held", on.asset);
        }
    }

    #[test]
    fn what_a_held_control_rests_on_was_found_on_the_bytes_the_asset_has(kept in kept()) {
        let ledger = ledger(&kept);
        let horizon = ledger.horizon(&mut Rng::new(kept.0, 1 << 40));
        let register = Register::replay_at(ledger.records(), horizon).unwrap();
        let Ok(found) = judged(ledger.records(), horizon) else { return Ok(()) };
        for on in found.controls.iter().flat_map(|it| &it.assets).filter(|on| on.state == ControlState::Held) {
            let Some(digest) = register.asset(on.asset.as_str()).and_then(|asset| asset.digest) else { continue };
            for citation in &on.citations {
                let Statement::Result(result) = &ledger.statements[citation.index as usize] else { continue };
                prop_assert!(result.subject.as_ref().is_none_or(|subject| subject.digest == digest));
            }
        }
    }

    #[test]
    fn where_nothing_was_evaluated_nothing_is_satisfied_but_by_a_document(kept in kept(), sort in 0u8..5) {
        let base = ledger(&kept);
        let empty = Population { size: 0, failed: 0, tested: 0, definition: "none".to_owned() };
        let untested = Population { size: 7, ..empty.clone() };
        let ledger = match sort {
            0 => base.with_each(|it| if let Statement::Result(_) = it { None } else { Some(it) }),
            1 => with_results(&base, |it| (it.status, it.population) = (Status::Passed, Some(empty.clone()))),
            2 => with_results(&base, |it| (it.status, it.population) = (Status::Passed, Some(untested.clone()))),
            3 => with_results(&base, |it| it.status = Status::NotRun),
            _ => with_results(&base, |it| it.status = Status::Unknown),
        };
        let horizon = ledger.horizon(&mut Rng::new(kept.0, 1 << 40));
        let Ok(found) = judged(ledger.records(), horizon) else { return Ok(()) };
        for it in found.determinations.iter().filter(|it| it.outcome == Outcome::Satisfied) {
            prop_assert!(it.controls.is_empty() && it.gaps.iter().all(|gap| gap.control.is_none()), "{}", it.requirement);
            prop_assert!(it.conclusion.starts_with("document on file for"), "{}", it.conclusion);
        }
        prop_assert!(found.controls.iter().all(|it| it.held == 0));
    }
}
