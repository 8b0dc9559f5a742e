//! The assessment beside a second one that shares no step with it (`model`), on random ledgers (`random`).
//!
//! A failure names the seed: `AFFIANT_SEED=<seed> cargo test -p affiant-frameworks --test reference` judges that
//! ledger alone.

#![allow(clippy::unwrap_used, reason = "tests")]

mod model;
mod random;
mod support;

use affiant_controls::{ControlId, ControlState, Horizon, Register};
use affiant_frameworks::{AssessError, Assessment, GapKind, Outcome, assess};
use affiant_ledger::id::Id;
use model::View;
use model::compare::{STATES, differ};
use model::requirement::model;
use random::catalogs::{act, controls, mappings};
use random::{Ledger, Rng};
use std::collections::BTreeMap;

/// Ledgers compared, each at several horizons.
const LEDGERS: u64 = 1_200;
const HORIZONS: u64 = 2;

const GAPS: [GapKind; 13] = [
    GapKind::NoControl,
    GapKind::NoAsset,
    GapKind::NoResult,
    GapKind::PopulationNotCovered,
    GapKind::Stale,
    GapKind::Failed,
    GapKind::NeedsReview,
    GapKind::ClaimedNotApplicable,
    GapKind::Excepted,
    GapKind::ExceptionExpired,
    GapKind::DocumentNeeded,
    GapKind::AttestationExpired,
    GapKind::FactMissing,
];

/// How often each thing was met.
#[derive(Default)]
struct Met(BTreeMap<String, u64>);

impl Met {
    fn note(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn all(&mut self, assessment: &Assessment) {
        for standing in &assessment.controls {
            for on in &standing.assets {
                self.note(format!("state {}", on.state));
                let also = [
                    ("decided", on.decided),
                    ("lapsed", on.lapsed),
                    (
                        "stale by an event",
                        on.state == ControlState::Stale && on.reason.contains("before the"),
                    ),
                    ("other bytes", on.reason.contains("for these bytes")),
                    ("excepted though failed", on.underlying == Some(ControlState::Failed)),
                ];
                also.into_iter().filter(|(_, is)| *is).for_each(|(what, _)| self.note(what));
            }
        }
        for it in &assessment.determinations {
            self.note(format!("outcome {}", it.outcome.as_str()));
            it.gaps.iter().for_each(|gap| self.note(format!("gap {}", gap.kind.as_str())));
            if it.outcome == Outcome::Satisfied {
                let excepted = it.controls.iter().any(|it| it.excepted > 0);
                let several = it.controls.len() > 1;
                let wide = it.controls.iter().any(|it| it.population > 2);
                let also = [
                    ("satisfied with exceptions", excepted),
                    ("satisfied by several controls", several),
                    ("satisfied over several assets", wide),
                    ("satisfied by a document", it.controls.is_empty()),
                ];
                also.into_iter().filter(|(_, is)| *is).for_each(|(what, _)| self.note(what));
            }
        }
    }

    /// Where an exception is over, and a pass since has closed what it accepted.
    fn put_right(&mut self, assessment: &Assessment, register: &Register) {
        let over = |control: &ControlId, asset: &Id| {
            let mut covering = register.exceptions().filter(|it| it.value.covers(control, asset));
            covering.any(|it| !it.value.revoked && !it.value.in_force(register.as_of()))
        };
        for standing in &assessment.controls {
            let open = standing.assets.iter().filter(|on| !on.lapsed && !on.decided);
            let other = open.filter(|on| !matches!(on.state, ControlState::Held | ControlState::Excepted));
            let count = other.filter(|on| over(&standing.control, &on.asset)).count();
            (0..count).for_each(|_| self.note("over and put right"));
        }
    }

    fn approvals(&mut self, register: &Register) {
        for filed in register.exceptions() {
            let severity = controls().control(filed.value.control.as_str()).unwrap().severity;
            let approved = register.approved(filed, severity);
            let also = [
                ("exception pending", approved.is_pending()),
                ("exception approved by others", approved.needed > 1 && !approved.is_pending()),
            ];
            also.into_iter().filter(|(_, is)| *is).for_each(|(what, _)| self.note(what));
        }
    }

    fn count(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }
}

/// Compares one ledger at a few horizons, its records in any order.
fn compare(seed: u64, met: &mut Met) {
    let ledger = Ledger::of(seed);
    let mut rng = Rng::new(seed, u64::MAX - 2);
    for _ in 0..HORIZONS {
        let horizon = ledger.horizon(&mut rng);
        let mut records = ledger.records().to_vec();
        rng.shuffle(&mut records);
        let register = Register::replay_at(&records, horizon).unwrap();
        let assessment = assess(act(), mappings(), controls(), &register);
        rng.shuffle(&mut records);
        let modelled = model(&View::of(&records, horizon), act(), mappings(), controls());
        let place = || format!("seed {seed}, {horizon:?}");
        match (assessment, modelled) {
            (Ok(assessment), Some(modelled)) => {
                let difference = differ(&assessment, &modelled);
                assert!(difference.is_none(), "{}: {}", place(), difference.unwrap_or_default());
                met.all(&assessment);
                met.put_right(&assessment, &register);
                met.approvals(&register);
            }
            (Err(AssessError::NoSystem(at)), None) => {
                assert_eq!(at, horizon.as_of, "{}", place());
                met.note("no system");
            }
            (assessment, modelled) => {
                panic!("{}: {assessment:?}, but a model: {}", place(), modelled.is_some());
            }
        }
    }
}

#[test]
fn on_random_ledgers_the_assessment_is_what_a_plain_reading_of_the_design_gives() {
    let mut met = Met::default();
    if let Some(seed) = std::env::var("AFFIANT_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return compare(seed, &mut met);
    }
    (0..LEDGERS).for_each(|seed| compare(seed, &mut met));
    println!("{:#?}", met.0);
    let states = STATES.map(|state| format!("state {state}"));
    let outcomes = Outcome::ALL.map(|outcome| format!("outcome {}", outcome.as_str()));
    let gaps = GAPS.map(|gap| format!("gap {}", gap.as_str()));
    let others = [
        "decided",
        "lapsed",
        "over and put right",
        "stale by an event",
        "other bytes",
        "excepted though failed",
        "satisfied with exceptions",
        "satisfied by several controls",
        "satisfied over several assets",
        "satisfied by a document",
        "no system",
        "exception pending",
        "exception approved by others",
    ];
    let wanted = states.into_iter().chain(outcomes).chain(gaps).chain(others.map(str::to_owned));
    let never: Vec<String> = wanted.filter(|what| met.count(what) == 0).collect();
    assert!(never.is_empty(), "never met: {never:?}");
}

/// The ledgers of the other test would be worth little if most of them were alike.
#[test]
fn the_same_seed_gives_the_same_ledger_and_another_seed_another() {
    let bytes = |seed| Ledger::of(seed).records().to_vec();
    assert_eq!(bytes(7), bytes(7));
    let firsts: std::collections::BTreeSet<_> = (0..200).map(|seed| bytes(seed)[0].leaf).collect();
    assert!(firsts.len() > 20, "{}", firsts.len());
    let at = Ledger::of(7).last();
    assert!(Register::replay_at(&bytes(7), Horizon::at(at)).is_ok());
}
