//! Assess: one pure function from catalogs and a register to an [`Assessment`].
//!
//! For each requirement on which evidence is judged, in this order:
//!
//! 1. It does not bind the system: `not-applicable`.
//! 2. Whether it binds is unknown: `unknown`, whatever the evidence, which is shown beside it all the same.
//! 3. No control is mapped: `not-assessed`.
//! 4. A mapped control failed on an asset: `not-satisfied`.
//! 5. No mapped control has any evidence on any asset: `not-assessed`.
//! 6. Every mapped control has a population and held on all of it: `satisfied`.
//! 7. Otherwise: `partial`.
//!
//! Nothing evaluated is never a pass: a control without assets, a test that did not run and a collector's
//! "not applicable" all leave a gap. How many results there are never matters. A requirement that does not apply yet
//! is judged like any other, since evidence may be on file early; its timing says that it is upcoming.

use crate::applicability::{Applicability, ApplicabilityState, about, applicability};
use crate::assessment::{
    ASSESSMENT_VERSION, Assessment, ControlStanding, Determination, Gap, GapKind, MappedControl, Outcome,
    Share, Standing, Totals,
};
use crate::framework::{Framework, FrameworkKind};
use crate::lint::Fault;
use crate::mapping::Mapping;
use crate::mappings::MappingSets;
use crate::requirement::Requirement;
use crate::timing::{Timing, TimingState};
use affiant_controls::{Control, ControlId, ControlSet, ControlState, Register, System};
use affiant_ledger::id::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Why nothing could be assessed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssessError {
    /// The stream has no system statement by that time.
    #[error("no system statement by {0}: state the system first")]
    NoSystem(affiant_ledger::time::Timestamp),
    /// Mappings lead nowhere.
    #[error("{} mappings to framework `{framework}` lead nowhere, the first: {}", .faults.len(), .faults[0])]
    Mappings {
        /// The framework's id.
        framework: Id,
        /// At least one fault.
        faults: Vec<Fault>,
    },
}

/// Judges every requirement of a framework over what a stream says, as of the register's time.
pub fn assess(
    framework: &Framework,
    mappings: &MappingSets,
    controls: &ControlSet,
    register: &Register,
) -> Result<Assessment, AssessError> {
    let system = register.system().ok_or(AssessError::NoSystem(register.as_of()))?;
    let faults = mappings.check(framework, controls);
    if !faults.is_empty() {
        return Err(AssessError::Mappings { framework: framework.id.clone(), faults });
    }
    let bench = Bench::new(framework, mappings, controls, register);
    let determinations: Vec<Determination> =
        framework.assessable().map(|requirement| bench.determine(requirement, system)).collect();
    let totals = totals(framework, &determinations, &bench.standings);
    Ok(Assessment {
        version: ASSESSMENT_VERSION,
        framework: framework.pin(),
        criteria: format!("{}, {}, version {}", framework.name, framework.identifier, framework.version),
        mappings: mappings.pins(),
        control_catalogs: controls.pins(),
        system: system.clone(),
        as_of: register.as_of(),
        totals,
        determinations,
        controls: bench.standings.into_values().collect(),
        withheld: register.withheld(),
        does_not_establish: does_not_establish(framework, register.withheld()),
    })
}

/// What every requirement is judged with: each control judged once.
struct Bench<'a> {
    framework: &'a Framework,
    register: &'a Register,
    by_requirement: BTreeMap<&'a str, Vec<&'a Mapping>>,
    groups: BTreeMap<&'a str, &'a str>,
    standings: BTreeMap<ControlId, ControlStanding>,
    /// Controls with a result that names no asset.
    assetless: BTreeSet<&'a ControlId>,
}

impl<'a> Bench<'a> {
    fn new(
        framework: &'a Framework,
        mappings: &'a MappingSets,
        controls: &ControlSet,
        register: &'a Register,
    ) -> Self {
        let mut by_requirement: BTreeMap<&str, Vec<&Mapping>> = BTreeMap::new();
        let mut standings = BTreeMap::new();
        for mapping in mappings.of(framework.id.as_str()) {
            by_requirement.entry(&mapping.requirement).or_default().push(mapping);
            if let Some(control) = controls.control(mapping.control.as_str()) {
                let standing = || standing(control, register);
                standings.entry(control.id.clone()).or_insert_with(standing);
            }
        }
        by_requirement.values_mut().for_each(|mapped| mapped.sort_by(|a, b| a.control.cmp(&b.control)));
        let assetless = register.results().filter(|recorded| recorded.result.asset.is_none());
        let assetless = assetless.map(|recorded| &recorded.result.control).collect();
        Self { framework, register, by_requirement, groups: groups(framework), standings, assetless }
    }

    fn determine(&self, requirement: &Requirement, system: &System) -> Determination {
        let day = self.register.as_of().date();
        let (applicability, timing) = applicability(self.framework, requirement, system, day);
        let bound = applicability.state != ApplicabilityState::DoesNotApply;
        let mapped = self.by_requirement.get(requirement.id.as_str()).filter(|_| bound);
        let standings: Vec<(&Mapping, &ControlStanding)> = mapped
            .into_iter()
            .flatten()
            .filter_map(|mapping| Some((*mapping, self.standings.get(&mapping.control)?)))
            .collect();
        let outcome = outcome(applicability.state, &standings);
        Determination {
            requirement: requirement.id.clone(),
            citation: requirement.citation.clone(),
            title: requirement.title.clone(),
            group: self.groups.get(requirement.id.as_str()).map(|group| (*group).to_owned()),
            conclusion: conclusion(requirement, outcome, &standings, &timing),
            controls: standings.iter().map(|(mapping, standing)| mapped_control(mapping, standing)).collect(),
            citations: citations(&standings),
            gaps: if bound { self.gaps(&applicability, &timing, &standings) } else { Vec::new() },
            applicability,
            timing,
            outcome,
        }
    }

    fn gaps(
        &self,
        applicability: &Applicability,
        timing: &Timing,
        standings: &[(&Mapping, &ControlStanding)],
    ) -> Vec<Gap> {
        let missing: BTreeSet<&String> = applicability.missing.iter().chain(&timing.missing).collect();
        let asked = missing.into_iter().map(|fact| Gap {
            kind: GapKind::FactMissing,
            control: None,
            assets: Vec::new(),
            detail: format!("state {}", about(self.framework, fact)),
        });
        let mut gaps: Vec<Gap> = asked.collect();
        if standings.is_empty() {
            let detail = "no control is mapped to this requirement".to_owned();
            gaps.push(Gap { kind: GapKind::NoControl, control: None, assets: Vec::new(), detail });
        }
        for (_, standing) in standings {
            gaps.extend(self.control_gaps(standing));
        }
        gaps
    }

    fn control_gaps(&self, standing: &ControlStanding) -> Vec<Gap> {
        let control = Some(standing.control.clone());
        if standing.assets.is_empty() {
            let detail = "no asset on file of the kinds this control applies to".to_owned();
            return vec![Gap { kind: GapKind::NoAsset, control, assets: Vec::new(), detail }];
        }
        let mut by_kind: BTreeMap<GapKind, Vec<&Standing>> = BTreeMap::new();
        for on in &standing.assets {
            if let Some(kind) = self.gap_kind(&standing.control, on) {
                by_kind.entry(kind).or_default().push(on);
            }
        }
        let gap = |(kind, on): (GapKind, Vec<&Standing>)| Gap {
            kind,
            control: control.clone(),
            assets: on.iter().map(|standing| standing.asset.clone()).collect(),
            detail: detail(&on, standing.population),
        };
        by_kind.into_iter().map(gap).collect()
    }

    fn gap_kind(&self, control: &ControlId, on: &Standing) -> Option<GapKind> {
        match on.state {
            ControlState::Held => None,
            ControlState::Failed => Some(GapKind::Failed),
            ControlState::Review | ControlState::Excepted => Some(GapKind::NeedsReview),
            ControlState::Stale => Some(GapKind::Stale),
            ControlState::NotApplicable => Some(GapKind::ClaimedNotApplicable),
            ControlState::Missing if on.citations.is_empty() && self.assetless.contains(control) => {
                Some(GapKind::PopulationNotCovered)
            }
            ControlState::Missing => Some(GapKind::NoResult),
        }
    }
}

/// The state of a control on every asset it applies to.
fn standing(control: &Control, register: &Register) -> ControlStanding {
    let on = |asset: Id| {
        let found = register.state(control, &asset);
        Standing {
            asset,
            state: found.state,
            reason: found.reason,
            observed_to: found.observed_to,
            fresh_until: found.fresh_until,
            citations: found.citations,
        }
    };
    let assets: Vec<Standing> = register.population(control).into_iter().map(on).collect();
    ControlStanding {
        control: control.id.clone(),
        title: control.title.clone(),
        held: count(assets.iter().filter(|standing| standing.state == ControlState::Held)),
        population: count(assets.iter()),
        assets,
    }
}

/// The rules 1 to 7 above.
fn outcome(applicability: ApplicabilityState, standings: &[(&Mapping, &ControlStanding)]) -> Outcome {
    match applicability {
        ApplicabilityState::DoesNotApply => return Outcome::NotApplicable,
        ApplicabilityState::Unknown => return Outcome::Unknown,
        ApplicabilityState::Applies => {}
    }
    let states = || standings.iter().flat_map(|(_, standing)| &standing.assets).map(|on| on.state);
    let evidence = |state| {
        matches!(
            state,
            ControlState::Held | ControlState::Stale | ControlState::Review | ControlState::Excepted
        )
    };
    let whole = |standing: &ControlStanding| standing.population > 0 && standing.held == standing.population;
    if standings.is_empty() {
        Outcome::NotAssessed
    } else if states().any(|state| state == ControlState::Failed) {
        Outcome::NotSatisfied
    } else if !states().any(evidence) {
        Outcome::NotAssessed
    } else if standings.iter().all(|(_, standing)| whole(standing)) {
        Outcome::Satisfied
    } else {
        Outcome::Partial
    }
}

fn conclusion(
    requirement: &Requirement,
    outcome: Outcome,
    standings: &[(&Mapping, &ControlStanding)],
    timing: &Timing,
) -> String {
    let citation = &requirement.citation;
    let held = standings.iter().map(|(_, standing)| standing.held).sum::<u64>();
    let of = standings.iter().map(|(_, standing)| standing.population).sum::<u64>();
    let coverage = format!(
        "{} mapped, {held} of {of} pairs of control and asset held",
        counted(standings.len(), "control")
    );
    let text = match outcome {
        Outcome::Satisfied => format!("evidence on file for {citation}: {coverage}"),
        Outcome::Partial => format!("evidence on file for part of {citation}: {coverage}"),
        Outcome::NotSatisfied => format!("evidence on file of a failure under {citation}: {coverage}"),
        Outcome::NotAssessed if standings.is_empty() => {
            format!("{citation} not assessed: no control is mapped")
        }
        Outcome::NotAssessed => format!("no evidence for {citation}, not assessed: {coverage}"),
        Outcome::NotApplicable => return format!("{citation} does not apply"),
        Outcome::Unknown => format!("{citation} not concluded: whether it applies is unknown; {coverage}"),
    };
    match (timing.state, timing.date) {
        (TimingState::Upcoming, Some(date)) => format!("{text}; applies from {date}"),
        (TimingState::Grace, Some(date)) => format!("{text}; to be met by {date}"),
        (TimingState::Unknown, _) => format!("{text}; from when it applies is unknown"),
        _ => text,
    }
}

fn mapped_control(mapping: &Mapping, standing: &ControlStanding) -> MappedControl {
    MappedControl {
        control: mapping.control.clone(),
        relation: mapping.relation,
        held: standing.held,
        population: standing.population,
    }
}

fn citations(standings: &[(&Mapping, &ControlStanding)]) -> Vec<u64> {
    let on = standings.iter().flat_map(|(_, standing)| &standing.assets);
    let indices: BTreeSet<u64> = on.flat_map(|on| &on.citations).map(|citation| citation.index).collect();
    indices.into_iter().collect()
}

/// One reason, or the first of several; the others stand with the control.
fn detail(on: &[&Standing], population: u64) -> String {
    let reasons: BTreeSet<&str> = on.iter().map(|standing| standing.reason.as_str()).collect();
    let first = on.first().map_or("", |standing| &standing.reason);
    let more =
        if reasons.len() > 1 { format!("; and {} other reasons", reasons.len() - 1) } else { String::new() };
    format!("on {} of {population} assets: {first}{more}", on.len())
}

/// The heading of every requirement, found once.
fn groups(framework: &Framework) -> BTreeMap<&str, &str> {
    let mut groups: BTreeMap<&str, &str> = BTreeMap::new();
    for requirement in &framework.requirements {
        let above = requirement.parent.as_deref().and_then(|parent| groups.get(parent).copied());
        if let Some(group) = requirement.group.as_deref().or(above) {
            groups.insert(&requirement.id, group);
        }
    }
    groups
}

fn totals(
    framework: &Framework,
    determinations: &[Determination],
    standings: &BTreeMap<ControlId, ControlStanding>,
) -> Totals {
    let judged = count(determinations.iter());
    let applying = || determinations.iter().filter(|d| d.applicability.state == ApplicabilityState::Applies);
    let of_applying = |wanted: &dyn Fn(&Determination) -> bool| Share {
        count: count(applying().filter(|determination| wanted(determination))),
        of: count(applying()),
    };
    let whole = |standing: &&ControlStanding| standing.population > 0 && standing.held == standing.population;
    let mut totals = Totals {
        judged: Share { count: judged, of: count(framework.requirements.iter()) },
        applying: Share { count: count(applying()), of: judged },
        satisfied: of_applying(&|determination| determination.outcome == Outcome::Satisfied),
        mapped: of_applying(&|determination| !determination.controls.is_empty()),
        controls_held: Share {
            count: count(standings.values().filter(whole)),
            of: count(standings.values()),
        },
        pairs_held: Share {
            count: standings.values().map(|standing| standing.held).sum(),
            of: standings.values().map(|standing| standing.population).sum(),
        },
        by_outcome: Outcome::ALL.into_iter().map(|outcome| (outcome, 0)).collect(),
        ..Totals::default()
    };
    for determination in determinations {
        *totals.by_outcome.entry(determination.outcome).or_default() += 1;
        *totals.by_applicability.entry(determination.applicability.state).or_default() += 1;
    }
    for determination in applying() {
        let outcomes = totals.by_timing.entry(determination.timing.state).or_default();
        *outcomes.entry(determination.outcome).or_default() += 1;
    }
    totals
}

fn does_not_establish(framework: &Framework, withheld: u64) -> Vec<String> {
    let mut limits = vec![
        "that what was submitted is true: it establishes who submitted what, when it was recorded, and that it is unchanged".to_owned(),
        "that the law or standard is fulfilled: it lists evidence on file against each requirement and is no legal advice, conformity assessment, audit opinion or certificate".to_owned(),
        "that the system is classified rightly: roles, risk classes, routes and facts are claims of those who stated them".to_owned(),
        "that a mapped control covers the whole of a requirement: a mapping says that the control supports it, in the judgement of whoever made the mapping".to_owned(),
        "anything about evidence that was never submitted".to_owned(),
    ];
    let unjudged = framework.requirements.len().saturating_sub(framework.assessable().count());
    limits.push(format!(
        "anything on the {unjudged} provisions of {} that are headings or ask nothing of an operator and are not judged",
        framework.identifier
    ));
    match framework.kind {
        FrameworkKind::Law => limits.push(
            "an authoritative reading of the law: titles are official, summaries are in our own words, and dates marked as inference are our reading".to_owned(),
        ),
        FrameworkKind::CertifiableStandard => limits.push(
            "anything about the wording of the standard: its text was not read and is not reproduced".to_owned(),
        ),
        FrameworkKind::VoluntaryFramework => {
            limits.push("that anyone is bound: the framework is voluntary".to_owned());
        }
    }
    if withheld > 0 {
        limits.push(format!(
            "anything said in {}, withheld or erased",
            counted(usize::try_from(withheld).unwrap_or(usize::MAX), "entry")
        ));
    }
    limits
}

fn counted(count: usize, what: &str) -> String {
    match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "entry") => format!("{count} entries"),
        _ => format!("{count} {what}s"),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}
