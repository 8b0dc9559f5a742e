//! The assessment beside the model.

use super::requirement::{Determined, Model};
use super::state::On;
use affiant_controls::ControlState;
use affiant_frameworks::{Assessment, ControlStanding, Determination, Outcome, Share, Standing};

/// The first point in which they differ.
pub(crate) fn differ(assessment: &Assessment, model: &Model) -> Option<String> {
    let controls: Vec<&str> = assessment.controls.iter().map(|it| it.control.as_str()).collect();
    let modelled: Vec<&str> = model.controls.iter().map(|it| it.control.as_str()).collect();
    if controls != modelled {
        return Some(format!("controls {controls:?}, but {modelled:?}"));
    }
    for (standing, judged) in assessment.controls.iter().zip(&model.controls) {
        let on: Vec<On> = standing.assets.iter().map(on).collect();
        if on != judged.on {
            return Some(format!("{}: {:#?}, but {:#?}", standing.control, standing.assets, judged.on));
        }
        let counts = [judged.held, judged.excepted, judged.population];
        if counts_of(standing) != counts {
            return Some(format!("{}: {:?}, but {counts:?}", standing.control, counts_of(standing)));
        }
    }
    if assessment.determinations.len() != model.determinations.len() {
        return Some("the requirements judged".to_owned());
    }
    for (determination, determined) in assessment.determinations.iter().zip(&model.determinations) {
        if without_words(determination) != *determined {
            return Some(format!("{determination:#?}, but {determined:#?}"));
        }
    }
    totals_differ(assessment, model)
}

fn totals_differ(assessment: &Assessment, model: &Model) -> Option<String> {
    let totals = &assessment.totals;
    let count = |outcome| model.determinations.iter().filter(|it| it.outcome == outcome).count() as u64;
    let outcomes =
        Outcome::ALL.iter().all(|outcome| totals.by_outcome.get(outcome) == Some(&count(*outcome)));
    let whole = model.controls.iter().filter(|it| it.population > 0 && it.held == it.population);
    let sum = |of: fn(&super::requirement::Judged) -> u64| model.controls.iter().map(of).sum();
    let applying =
        model.determinations.len() as u64 - count(Outcome::NotApplicable) - count(Outcome::Unknown);
    let right = outcomes
        && totals.controls_held == Share { count: whole.count() as u64, of: model.controls.len() as u64 }
        && totals.pairs_held == Share { count: sum(|it| it.held), of: sum(|it| it.population) }
        && totals.satisfied == Share { count: count(Outcome::Satisfied), of: applying };
    (!right).then(|| format!("{totals:#?}"))
}

fn counts_of(standing: &ControlStanding) -> [u64; 3] {
    [standing.held, standing.excepted, standing.population]
}

fn on(standing: &Standing) -> On {
    On {
        asset: standing.asset.clone(),
        state: standing.state,
        decided: standing.decided,
        underlying: standing.underlying,
        lapsed: standing.lapsed,
        citations: standing.citations.iter().map(|it| (it.index, it.leaf)).collect(),
        observed_to: standing.observed_to,
        fresh_until: standing.fresh_until,
        stray: standing.stray,
        uncovered: standing.uncovered,
    }
}

fn without_words(determination: &Determination) -> Determined {
    let mapped =
        |it: &affiant_frameworks::MappedControl| (it.control.clone(), it.held, it.excepted, it.population);
    Determined {
        requirement: determination.requirement.clone(),
        applicability: determination.applicability.state,
        outcome: determination.outcome,
        controls: determination.controls.iter().map(mapped).collect(),
        citations: determination.citations.clone(),
        gaps: determination.gaps.iter().map(|it| (it.kind, it.control.clone(), it.assets.clone())).collect(),
    }
}

/// All seven states.
pub(crate) const STATES: [ControlState; 7] = [
    ControlState::Held,
    ControlState::Failed,
    ControlState::Review,
    ControlState::Stale,
    ControlState::Missing,
    ControlState::Excepted,
    ControlState::NotApplicable,
];
