//! The determination of a requirement, a second time.

use super::View;
use super::state::{self, On};
use affiant_controls::{Control, ControlId, ControlSet, ControlState};
use affiant_frameworks::{
    ApplicabilityState, Framework, GapKind, MappingSets, Outcome, Requirement, applicability,
};
use affiant_ledger::id::Id;

/// A control on all its assets.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) control: ControlId,
    pub(crate) held: u64,
    pub(crate) excepted: u64,
    pub(crate) population: u64,
    pub(crate) on: Vec<On>,
    /// It was decided that it does not apply.
    refused: bool,
}

/// A requirement, without the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Determined {
    pub(crate) requirement: String,
    pub(crate) applicability: ApplicabilityState,
    pub(crate) outcome: Outcome,
    /// Control, held, excepted, population.
    pub(crate) controls: Vec<(ControlId, u64, u64, u64)>,
    pub(crate) citations: Vec<u64>,
    /// Kind, control, assets.
    pub(crate) gaps: Vec<(GapKind, Option<ControlId>, Vec<Id>)>,
}

/// What an assessment amounts to.
pub(crate) struct Model {
    pub(crate) controls: Vec<Judged>,
    pub(crate) determinations: Vec<Determined>,
}

/// Judges every requirement; `None` where no system is stated.
pub(crate) fn model(
    view: &View,
    framework: &Framework,
    mappings: &MappingSets,
    controls: &ControlSet,
) -> Option<Model> {
    view.system()?;
    let mapped = |id: &ControlId| mappings.of(framework.id.as_str()).any(|mapping| mapping.control == *id);
    let judged: Vec<Judged> =
        controls.controls().filter(|control| mapped(&control.id)).map(|it| judge(view, it)).collect();
    let determined = framework.assessable().map(|it| determine(view, framework, mappings, it, &judged));
    Some(Model { determinations: determined.collect(), controls: judged })
}

fn judge(view: &View, control: &Control) -> Judged {
    let on = state::states(view, control);
    let count = |wanted: &dyn Fn(&On) -> bool| on.iter().filter(|it| wanted(it)).count() as u64;
    let decision = view.decisions().into_iter().find(|(_, it)| it.control.as_ref() == Some(&control.id));
    Judged {
        control: control.id.clone(),
        held: count(&|it| it.state == ControlState::Held),
        excepted: count(&|it| it.state == ControlState::Excepted),
        population: count(&|it| !it.decided),
        refused: decision.is_some_and(|(_, decision)| !decision.applies),
        on,
    }
}

impl Judged {
    /// Decided not to apply, with nothing unfavourable on file.
    fn left_out(&self) -> bool {
        self.refused && self.on.iter().all(|on| on.decided)
    }

    fn covered(&self) -> bool {
        self.held + self.excepted == self.population && self.on.iter().any(|on| !on.decided && !on.stray)
    }
}

fn determine(
    view: &View,
    framework: &Framework,
    mappings: &MappingSets,
    requirement: &Requirement,
    judged: &[Judged],
) -> Determined {
    let id = requirement.id.as_str();
    let (facts, timing) = applicability(framework, requirement, view.system().unwrap(), view.as_of.date());
    let decision = view.decisions().into_iter().find(|(_, it)| {
        it.framework.as_ref() == Some(&framework.id) && it.requirement.as_deref() == Some(id)
    });
    let applies = match &decision {
        Some((_, decision)) if decision.applies => ApplicabilityState::Applies,
        Some(_) => ApplicabilityState::DoesNotApply,
        None => facts.state,
    };
    let mut citations: Vec<u64> = decision.iter().map(|(said, _)| said.index).collect();
    let mut found = Determined {
        requirement: id.to_owned(),
        applicability: applies,
        outcome: Outcome::NotApplicable,
        controls: Vec::new(),
        citations: citations.clone(),
        gaps: Vec::new(),
    };
    if applies == ApplicabilityState::DoesNotApply {
        return found;
    }
    let bears = |it: &&Judged| {
        mappings.controls_for(framework.id.as_str(), id).any(|mapping| mapping.control == it.control)
    };
    let all: Vec<&Judged> = judged.iter().filter(bears).collect();
    let left: Vec<&Judged> = all.iter().copied().filter(|it| !it.left_out()).collect();
    let attestation = view
        .attestations()
        .into_iter()
        .find(|(_, it)| all.is_empty() && it.framework == framework.id && it.requirement == id);
    let attested = attestation
        .as_ref()
        .is_some_and(|(_, it)| !it.withdrawn && it.at <= view.as_of && view.as_of <= it.valid_until);
    found.outcome = match applies {
        ApplicabilityState::Unknown => Outcome::Unknown,
        _ if left.is_empty() && attested => Outcome::Satisfied,
        _ => concluded(&left),
    };
    citations.extend(all.iter().flat_map(|it| &it.on).flat_map(|on| &on.citations).map(|(index, _)| *index));
    citations.extend(attestation.iter().map(|(said, _)| said.index));
    citations.sort();
    citations.dedup();
    found.citations = citations;
    found.controls =
        left.iter().map(|it| (it.control.clone(), it.held, it.excepted, it.population)).collect();
    let mut asked: Vec<&String> = timing.missing.iter().collect();
    if decision.is_none() {
        asked.extend(&facts.missing);
    }
    asked.sort();
    asked.dedup();
    found.gaps = asked.iter().map(|_| (GapKind::FactMissing, None, Vec::new())).collect();
    if left.is_empty() && !attested {
        let listed = mappings.sets().iter().flat_map(|set| set.documents_for(framework.id.as_str()));
        let kind = if attestation.is_some() {
            GapKind::AttestationExpired
        } else if all.is_empty() && listed.into_iter().any(|listed| listed.requirement == id) {
            GapKind::DocumentNeeded
        } else {
            GapKind::NoControl
        };
        found.gaps.push((kind, None, Vec::new()));
    }
    found.gaps.extend(left.iter().flat_map(|it| gaps(it)));
    found
}

/// What the controls that are left amount to, where the requirement applies.
fn concluded(left: &[&Judged]) -> Outcome {
    let on: Vec<&On> = left.iter().flat_map(|it| &it.on).filter(|on| !on.decided).collect();
    let evidence = [ControlState::Held, ControlState::Stale, ControlState::Review];
    if on.iter().any(|on| on.state == ControlState::Failed || on.lapsed) {
        Outcome::NotSatisfied
    } else if !on.iter().any(|on| evidence.contains(&on.state)) {
        Outcome::NotAssessed
    } else if left.iter().all(|it| it.covered()) && left.iter().any(|it| it.held > 0) {
        Outcome::Satisfied
    } else {
        Outcome::Partial
    }
}

/// The gaps of a control by kind, each with all its assets.
fn gaps(judged: &Judged) -> Vec<(GapKind, Option<ControlId>, Vec<Id>)> {
    let control = Some(judged.control.clone());
    if judged.on.is_empty() {
        return vec![(GapKind::NoAsset, control, Vec::new())];
    }
    let mut kinds: Vec<GapKind> = judged.on.iter().filter_map(gap).collect();
    kinds.sort();
    kinds.dedup();
    let assets = |kind: GapKind| {
        let of_kind = judged.on.iter().filter(|on| gap(on) == Some(kind));
        of_kind.map(|on| on.asset.clone()).collect()
    };
    kinds.into_iter().map(|kind| (kind, control.clone(), assets(kind))).collect()
}

fn gap(on: &On) -> Option<GapKind> {
    match on.state {
        _ if on.decided => None,
        _ if on.lapsed => Some(GapKind::ExceptionExpired),
        ControlState::Held => None,
        ControlState::Failed => Some(GapKind::Failed),
        ControlState::Review => Some(GapKind::NeedsReview),
        ControlState::Stale => Some(GapKind::Stale),
        ControlState::Excepted => Some(GapKind::Excepted),
        ControlState::NotApplicable => Some(GapKind::ClaimedNotApplicable),
        ControlState::Missing if on.uncovered => Some(GapKind::PopulationNotCovered),
        ControlState::Missing => Some(GapKind::NoResult),
    }
}
