//! Over a period of time: for how much of it each control held on each asset, when it did not, and whether the runs
//! that were promised happened (docs/spec/period.md).
//!
//! Pure, like [`assess`](crate::assess()): the same records, catalogs and instants give the same bytes. Shares are
//! milliseconds of milliseconds; the person who reads them is shown days and hours.

use crate::applicability::{ApplicabilityState, applicability};
use crate::assessment::Share;
use crate::framework::Framework;
use crate::lint::Fault;
use crate::mappings::MappingSets;
use affiant_controls::history::Part;
use affiant_controls::{
    CatalogPin, Citation, Control, ControlId, ControlSet, ControlState, Filed, History, Horizon, Plan,
    Register, RegisterError, Span, Status,
};
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the format.
pub const PERIOD_VERSION: u64 = 1;
/// Longest period that is judged in a pack, in days.
pub const PERIOD_DAYS_MAX: u64 = 5 * 366;
/// Most windows of a plan that are listed.
pub const WINDOWS_MAX: usize = 10_000;

/// A framework over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodAssessment {
    /// Version of this format: 1.
    pub version: u64,
    /// The framework.
    pub framework: CatalogPin,
    /// The mapping sets used, by id.
    pub mappings: Vec<CatalogPin>,
    /// The control catalogs used, by id.
    pub control_catalogs: Vec<CatalogPin>,
    /// The AI system.
    pub system: Id,
    /// Begin of the period.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What was recorded later is left out.
    pub known: Timestamp,
    /// One per requirement that applies at the end of the period and has a control, in the framework's order.
    pub requirements: Vec<RequirementPeriod>,
    /// The controls mapped to those, by id.
    pub controls: Vec<ControlPeriod>,
    /// The plans recorded before they began, by id.
    pub plans: Vec<PlanPeriod>,
    /// Entries that could not be read because their payload is withheld or erased.
    pub withheld: u64,
}

/// How much of the period a requirement was covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequirementPeriod {
    /// The requirement's id.
    pub requirement: String,
    /// How it is cited.
    pub citation: String,
    /// Its title.
    pub title: String,
    /// Milliseconds in which every mapped control held on every asset, or was under an exception there while another
    /// held, of those of the period.
    pub covered: Share,
    /// Milliseconds in which a mapped control failed on an asset, of those of the period.
    pub failed: Share,
    /// When it was not covered, in order; none follows another at once but for a failure's begin or end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Stretch>,
}

/// A stretch of time in which a requirement was not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// A mapped control failed throughout, or an exception from it had expired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// A control through the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPeriod {
    /// The control.
    pub control: ControlId,
    /// Its title.
    pub title: String,
    /// Its assets, by id.
    pub assets: Vec<AssetPeriod>,
}

/// A control on an asset through the part of the period in which the asset was in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetPeriod {
    /// The asset; the system's own id or `org` where the control applies to those.
    pub asset: Id,
    /// Milliseconds in which it held, of those in which the asset was in use.
    pub held: Share,
    /// Milliseconds under an exception.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub excepted: u64,
    /// The control does not apply to it: something unfavourable was found there all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stray: bool,
    /// How it stood, stretch by stretch.
    pub spans: Vec<Span>,
}

/// A plan against what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPeriod {
    /// The plan as last recorded.
    pub plan: Plan,
    /// The entry that promised it first.
    pub promised: Citation,
    /// The windows that overlap the period, by what became of them.
    pub counts: BTreeMap<RunState, u64>,
    /// These windows, in order; the last [`WINDOWS_MAX`] of them.
    pub windows: Vec<Window>,
}

/// A window in which a run was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What became of it.
    pub state: RunState,
    /// The runs in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Citation>,
}

/// What became of a promised run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It ran and was recorded within its window, and nothing in it failed.
    Kept,
    /// It ran within its window and failed.
    Failed,
    /// It ran within its window and was recorded after it.
    Late,
    /// Nothing ran.
    Missed,
    /// The window is not over.
    Open,
}

impl RunState {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Missed => "missed",
            Self::Open => "open",
        }
    }
}

/// Why a period cannot be assessed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It ends before it begins.
    #[error("the period from {0} to {1} is empty")]
    Empty(Timestamp, Timestamp),
    /// No system statement by its end.
    #[error("no system statement by {0}: state the system first")]
    NoSystem(Timestamp),
    /// Mappings lead nowhere.
    #[error("mappings to framework `{framework}` lead nowhere: {fault}")]
    Mappings {
        /// The framework's id.
        framework: Id,
        /// The first fault.
        fault: Fault,
    },
    /// The entries cannot be replayed.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// A period, and up to when what was recorded is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What was recorded later is left out.
    pub known: Timestamp,
    /// Entries from this position of the ledger on are left out.
    pub size: Option<u64>,
}

impl PeriodAssessment {
    /// Milliseconds of a part of the period in which the controls given covered their requirement, and in which one of them
    /// failed, by the rules of [`RequirementPeriod`].
    pub fn within(&self, controls: &BTreeSet<&ControlId>, from: Timestamp, to: Timestamp) -> (u64, u64) {
        let of: Vec<&ControlPeriod> =
            self.controls.iter().filter(|control| controls.contains(&control.control)).collect();
        let Gaps { covered, failed, .. } = coverage(&of, from.max(self.from), to.min(self.to));
        (covered, failed)
    }
}

/// Judges frameworks over a period of a stream.
pub fn assess_period(
    frameworks: &[Framework],
    mappings: &MappingSets,
    controls: &ControlSet,
    records: &[Record],
    period: Period,
) -> Result<Vec<PeriodAssessment>, PeriodError> {
    let Period { from, to, known, size } = period;
    if from >= to {
        return Err(PeriodError::Empty(from, to));
    }
    // Its last instant, not the first after it, tells what applies.
    let last = Timestamp::from_millis(to.as_millis() - 1).unwrap_or(from);
    let horizon = Horizon { as_of: last, known, size };
    let register = Register::replay_at(records, horizon)?;
    let history = History::replay(records, horizon)?;
    let system = register.system().ok_or(PeriodError::NoSystem(to))?;
    let plans = plans(&history, period);
    let mut lines: BTreeMap<ControlId, ControlPeriod> = BTreeMap::new();
    let mut assessments = Vec::new();
    for framework in frameworks {
        if let Some(fault) = mappings.check(framework, controls).into_iter().next() {
            return Err(PeriodError::Mappings { framework: framework.id.clone(), fault });
        }
        let mut mapped: BTreeMap<&str, Vec<&ControlId>> = BTreeMap::new();
        for mapping in mappings.of(framework.id.as_str()) {
            mapped.entry(&mapping.requirement).or_default().push(&mapping.control);
        }
        let mut used = BTreeSet::new();
        let mut requirements = Vec::new();
        for requirement in framework.assessable() {
            let Some(of) = mapped.get(requirement.id.as_str()) else { continue };
            let (applies, _) = applicability(framework, requirement, system, last.date());
            let decided = register.decision(&framework.id, &requirement.id).map(|filed| filed.value.applies);
            if !decided.unwrap_or(applies.state == ApplicabilityState::Applies) {
                continue;
            }
            for id in of {
                if let (false, Some(control)) = (lines.contains_key(*id), controls.control(id.as_str())) {
                    lines.insert((*id).clone(), control_period(&history, control, period));
                }
                used.insert((*id).clone());
            }
            let of: Vec<&ControlPeriod> = of.iter().filter_map(|id| lines.get(*id)).collect();
            let Gaps { covered, failed, stretches } = coverage(&of, from, to);
            let of = to.as_millis() - from.as_millis();
            requirements.push(RequirementPeriod {
                requirement: requirement.id.clone(),
                citation: requirement.citation.clone(),
                title: requirement.title.clone(),
                covered: Share { count: covered, of },
                failed: Share { count: failed, of },
                gaps: stretches,
            });
        }
        assessments.push(PeriodAssessment {
            version: PERIOD_VERSION,
            framework: framework.pin(),
            mappings: mappings.pins(),
            control_catalogs: controls.pins(),
            system: system.id.clone(),
            from,
            to,
            known,
            requirements,
            controls: used.iter().filter_map(|id| lines.get(id).cloned()).collect(),
            plans: plans.clone(),
            withheld: history.withheld(),
        });
    }
    Ok(assessments)
}

fn control_period(history: &History, control: &Control, period: Period) -> ControlPeriod {
    let on = |Part { asset, from, to, stray }| {
        let spans = history.timeline(control, &asset, from, to);
        let of = |state| spans.iter().filter(|span| span.state == state).map(Span::millis).sum::<u64>();
        AssetPeriod {
            held: Share { count: of(ControlState::Held), of: to.as_millis() - from.as_millis() },
            excepted: of(ControlState::Excepted),
            stray,
            asset,
            spans,
        }
    };
    let population = history.population(control, period.from, period.to);
    ControlPeriod {
        control: control.id.clone(),
        title: control.title.clone(),
        assets: population.into_iter().map(on).collect(),
    }
}

/// How a requirement was covered by its controls.
struct Gaps {
    /// Milliseconds in which it was.
    covered: u64,
    /// Milliseconds in which a control failed.
    failed: u64,
    /// When it was not.
    stretches: Vec<Stretch>,
}

impl Gaps {
    /// Adds what was found from one instant to another; a gap that goes on is one.
    fn add(&mut self, from: Timestamp, to: Timestamp, covered: bool, failed: bool) {
        let length = to.as_millis().saturating_sub(from.as_millis());
        match (covered, failed) {
            _ if length == 0 => return,
            (true, _) => return self.covered += length,
            (false, true) => self.failed += length,
            (false, false) => {}
        }
        match self.stretches.last_mut() {
            Some(last) if last.to == from && last.failed == failed => last.to = to,
            _ => self.stretches.push(Stretch { from, to, failed }),
        }
    }
}

/// When a requirement was covered by its controls, and when one of them failed. By the rules of an assessment: every control
/// has an asset, each pair held or is excepted, and one held; an expired exception fails.
fn coverage(controls: &[&ControlPeriod], from: Timestamp, to: Timestamp) -> Gaps {
    let mut steps = BTreeMap::from([(from, Step::default())]);
    // For each instant at which something changes: how many pairs are in which sort of state from there on.
    for (number, control) in controls.iter().enumerate() {
        let spans =
            control.assets.iter().flat_map(|asset| asset.spans.iter().map(|span| (asset.stray, span)));
        for (stray, span) in spans {
            let (begin, end) = (span.from.max(from), span.to.min(to));
            if begin < end {
                let sort = Sort::of(span, stray);
                steps.entry(begin).or_default().begun.push((number, sort));
                steps.entry(end).or_default().ended.push((number, sort));
            }
        }
    }
    let mut standing = vec![[0u64; 6]; controls.len()];
    let mut gaps = Gaps { covered: 0, failed: 0, stretches: Vec::new() };
    let mut instants = steps.into_iter().peekable();
    while let Some((at, step)) = instants.next() {
        step.ended.iter().for_each(|(number, sort)| standing[*number][*sort as usize] -= 1);
        step.begun.iter().for_each(|(number, sort)| standing[*number][*sort as usize] += 1);
        let until = instants.peek().map_or(to, |(next, _)| *next);
        let of = |pairs: &[u64; 6], sort: Sort| pairs[sort as usize];
        let counted = |pairs: &[u64; 6]| pairs.iter().sum::<u64>() - of(pairs, Sort::Decided);
        let left: Vec<&[u64; 6]> =
            standing.iter().filter(|pairs| counted(pairs) > 0 || of(pairs, Sort::Decided) == 0).collect();
        let whole = |pairs: &[u64; 6]| {
            let (own, stray) = (of(pairs, Sort::Held) + of(pairs, Sort::Excepted), of(pairs, Sort::Stray));
            own > 0 && own + stray == counted(pairs)
        };
        let failed = left.iter().any(|pairs| of(pairs, Sort::Failed) > 0);
        let covered = !failed
            && !left.is_empty()
            && left.iter().all(|pairs| whole(pairs))
            && left.iter().any(|pairs| of(pairs, Sort::Held) > 0);
        gaps.add(at, until, covered, failed);
    }
    gaps
}

#[derive(Default)]
struct Step {
    begun: Vec<(usize, Sort)>,
    ended: Vec<(usize, Sort)>,
}

/// What a state is worth to a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Held,
    Excepted,
    Failed,
    Decided,
    /// Held or excepted where the control does not apply.
    Stray,
    Other,
}

impl Sort {
    fn of(span: &Span, stray: bool) -> Self {
        match span.state {
            _ if span.decided => Self::Decided,
            ControlState::Failed => Self::Failed,
            _ if span.lapsed => Self::Failed,
            ControlState::Held | ControlState::Excepted if stray => Self::Stray,
            ControlState::Held => Self::Held,
            ControlState::Excepted => Self::Excepted,
            _ => Self::Other,
        }
    }
}

/// The plans promised before they began, and what became of their windows.
fn plans(history: &History, period: Period) -> Vec<PlanPeriod> {
    history.plans().filter_map(|versions| plan_period(history, versions, period)).collect()
}

/// Each version of a plan promises the windows that begin after it was recorded and before the next was: restating a plan
/// changes no promise that ran already.
fn plan_period(history: &History, versions: &[Filed<Plan>], period: Period) -> Option<PlanPeriod> {
    let (first, last) = (versions.first()?, versions.last()?);
    let mut windows = Vec::new();
    for (number, version) in versions.iter().enumerate() {
        let plan = &version.value;
        let replaced = versions.get(number + 1).map_or(period.to, |next| next.time);
        let end = plan.until.unwrap_or(period.to).min(replaced).min(period.to);
        let mut from = plan.from;
        while from < end {
            let to = from.plus(plan.cadence);
            if to <= from {
                break;
            }
            if to > period.from && from >= version.time {
                windows.push(window(history, plan, from, to, period));
            }
            from = to;
        }
    }
    let mut counts = BTreeMap::new();
    windows.iter().for_each(|window| *counts.entry(window.state).or_insert(0) += 1);
    windows.drain(..windows.len().saturating_sub(WINDOWS_MAX));
    Some(PlanPeriod { plan: last.value.clone(), promised: first.citation.clone(), counts, windows })
}

fn window(history: &History, plan: &Plan, from: Timestamp, to: Timestamp, period: Period) -> Window {
    let is_meant = |recorded: &&affiant_controls::Recorded| {
        let result = &recorded.result;
        plan.asset.as_ref().is_none_or(|asset| result.asset.as_ref() == Some(asset))
            && plan.collector.as_ref().is_none_or(|collector| result.collector.name == *collector)
            && result.status != Status::NotRun
    };
    // In the order of observation: those of the window stand together.
    let all = history.results(&plan.control);
    let place = |at: Timestamp| all.partition_point(|recorded| recorded.result.observed_to < at);
    let runs: Vec<_> = all[place(from)..place(to)].iter().filter(is_meant).collect();
    let in_time = runs.iter().any(|recorded| recorded.time < to);
    let failed = runs.iter().any(|recorded| {
        let population = recorded.result.population.as_ref();
        recorded.result.status == Status::Failed || population.is_some_and(|population| population.failed > 0)
    });
    let state = match (runs.is_empty(), failed, in_time) {
        (true, ..) if to > period.to.min(period.known) => RunState::Open,
        (true, ..) => RunState::Missed,
        (_, true, _) => RunState::Failed,
        (_, _, true) => RunState::Kept,
        (_, _, false) => RunState::Late,
    };
    let cite =
        |recorded: &&affiant_controls::Recorded| Citation { leaf: recorded.leaf, index: recorded.index };
    let mut runs: Vec<Citation> = runs.iter().map(cite).collect();
    runs.sort_by_key(|citation| citation.index);
    Window { from, to, state, runs }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
