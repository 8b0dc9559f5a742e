//! A period of one instant says what the assessment of that instant says, and longer ones add up.

#![allow(clippy::unwrap_used, reason = "tests")]

mod random;
mod support;

use affiant_controls::{Horizon, Register};
use affiant_frameworks::period::{Period, PeriodAssessment, Stretch, assess_period};
use affiant_frameworks::{ApplicabilityState, Outcome, assess};
use affiant_ledger::time::Timestamp;
use random::catalogs::{act, controls, mappings};
use random::{Ledger, Rng};
use std::collections::BTreeSet;

const LEDGERS: u64 = 300;
const INSTANTS: u64 = 4;

fn millis(time: Timestamp, more: u64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + more).unwrap()
}

fn judged(ledger: &Ledger, period: Period) -> Option<PeriodAssessment> {
    let frameworks = std::slice::from_ref(act());
    let judged = assess_period(frameworks, mappings(), controls(), ledger.records(), period);
    judged.ok().and_then(|mut judged| judged.pop())
}

#[test]
fn a_period_of_one_instant_is_the_assessment_of_that_instant() {
    let mut met = BTreeSet::new();
    for seed in 0..LEDGERS {
        let ledger = Ledger::of(seed);
        let mut rng = Rng::new(seed, 77);
        for _ in 0..INSTANTS {
            let Horizon { as_of, known, size } = ledger.horizon(&mut rng);
            let register = Register::replay_at(ledger.records(), Horizon { as_of, known, size }).unwrap();
            let Ok(assessment) = assess(act(), mappings(), controls(), &register) else { continue };
            let period = judged(&ledger, Period { from: as_of, to: millis(as_of, 1), known, size }).unwrap();
            for row in &period.requirements {
                let determination = assessment.determination(&row.requirement).unwrap();
                if determination.applicability.state != ApplicabilityState::Applies {
                    continue;
                }
                let place = format!("seed {seed}, {} at {as_of}: {determination:#?}", row.requirement);
                let expected = (
                    determination.outcome == Outcome::Satisfied,
                    determination.outcome == Outcome::NotSatisfied,
                );
                assert_eq!((row.covered.count == 1, row.failed.count == 1), expected, "{place}");
                assert_eq!((row.covered.of, row.failed.of), (1, 1), "{place}");
                met.insert(determination.outcome);
            }
        }
    }
    let wanted = [Outcome::Satisfied, Outcome::Partial, Outcome::NotSatisfied, Outcome::NotAssessed];
    assert!(wanted.iter().all(|outcome| met.contains(outcome)), "{met:?}");
}

#[test]
fn two_halves_of_a_period_add_up_to_the_whole() {
    let mut compared = 0;
    for seed in 0..LEDGERS / 4 {
        let ledger = Ledger::of(seed);
        let mut rng = Rng::new(seed, 78);
        let mut at = [ledger.instant(&mut rng), ledger.instant(&mut rng), ledger.instant(&mut rng)];
        at.sort_unstable();
        let [from, middle, to] = at;
        let known = ledger.last();
        let of = |from, to| judged(&ledger, Period { from, to, known, size: None });
        let (Some(whole), Some(first), Some(second)) = (of(from, to), of(from, middle), of(middle, to))
        else {
            continue;
        };
        for row in &whole.requirements {
            let part = |period: &PeriodAssessment| {
                let found = period.requirements.iter().find(|it| it.requirement == row.requirement);
                found.map(|it| [it.covered.count, it.failed.count])
            };
            // Where a definition of the system changed between, a part may not have the requirement.
            let (Some(first), Some(second)) = (part(&first), part(&second)) else { continue };
            let sum = [first[0] + second[0], first[1] + second[1]];
            let place = format!("seed {seed}, {}", row.requirement);
            let length = |failed| {
                let gaps = row.gaps.iter().filter(|gap| gap.failed == failed);
                gaps.map(|gap| gap.to.as_millis() - gap.from.as_millis()).sum::<u64>()
            };
            assert_eq!(length(true), row.failed.count, "{place}");
            assert_eq!(length(true) + length(false) + row.covered.count, row.covered.of, "{place}");
            let apart = |pair: &[Stretch]| {
                pair[0].to < pair[1].from || (pair[0].to == pair[1].from && pair[0].failed != pair[1].failed)
            };
            assert!(row.gaps.windows(2).all(apart), "{place}: {:?}", row.gaps);
            assert!(
                row.gaps.iter().all(|gap| from <= gap.from && gap.from < gap.to && gap.to <= to),
                "{place}"
            );
            assert_eq!([row.covered.count, row.failed.count], sum, "seed {seed}, {}", row.requirement);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}
