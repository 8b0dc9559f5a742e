//! Assess: one pure function from catalogs and a register to an [`Assessment`].
//!
//! For each requirement on which evidence is judged, in this order:
//!
//! 1. It does not bind the system: `not-applicable`.
//! 2. Whether it binds is unknown: `unknown`, whatever the evidence, which is shown beside it all the same.
//! 3. No control is mapped: `satisfied` while a document attested for it is valid, else `not-assessed`.
//! 4. A mapped control failed on an asset, or an exception from it has expired: `not-satisfied`.
//! 5. No mapped control has any evidence on any asset: `not-assessed`.
//! 6. Every mapped control has a population, and on each asset of it held or is under an exception in force; and at
//!    least one held: `satisfied`, with the number of exceptions.
//! 7. Otherwise: `partial`.
//!
//! Before all: a decision on file that the requirement does or does not apply is the answer to 1 and 2, and says beside
//! it what follows from the facts. A control decided not to apply is left out, unless it failed or needs review.
//!
//! Nothing evaluated is never a pass: a control without assets, a test that did not run and a collector's
//! "not applicable" all leave a gap. How many results there are never matters. A requirement that does not apply yet
//! is judged like any other, since evidence may be on file early; its timing says that it is upcoming.

mod words;

use crate::applicability::{Applicability, ApplicabilityState, about, applicability};
use crate::assessment::{
    ASSESSMENT_VERSION, Assessment, ControlStanding, Determination, Gap, GapKind, MappedControl, Outcome,
    Share, Standing, Totals,
};
use crate::framework::Framework;
use crate::lint::Fault;
use crate::mapping::Mapping;
use crate::mappings::MappingSets;
use crate::requirement::Requirement;
use crate::standings::Standings;
use crate::timing::Timing;
use affiant_controls::{Attestation, ControlId, ControlSet, ControlState, Decision, Filed, Register, System};
use affiant_ledger::id::Id;
use std::collections::{BTreeMap, BTreeSet};
use words::{conclusion, detail, does_not_establish};

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
    let standings = Standings::of([framework.id.as_str()], mappings, controls, register);
    judge(framework, mappings, controls, register, &standings)
}

/// Judges several frameworks; each control is judged once for all of them.
pub fn assess_all<'a>(
    frameworks: impl IntoIterator<Item = &'a Framework>,
    mappings: &MappingSets,
    controls: &ControlSet,
    register: &Register,
) -> Result<Vec<Assessment>, AssessError> {
    let frameworks: Vec<&Framework> = frameworks.into_iter().collect();
    let ids = frameworks.iter().map(|framework| framework.id.as_str());
    let standings = Standings::of(ids, mappings, controls, register);
    let one = |framework: &Framework| judge(framework, mappings, controls, register, &standings);
    frameworks.into_iter().map(one).collect()
}

fn judge(
    framework: &Framework,
    mappings: &MappingSets,
    controls: &ControlSet,
    register: &Register,
    standings: &Standings,
) -> Result<Assessment, AssessError> {
    let system = register.system().ok_or(AssessError::NoSystem(register.as_of()))?;
    let faults = mappings.check(framework, controls);
    if !faults.is_empty() {
        return Err(AssessError::Mappings { framework: framework.id.clone(), faults });
    }
    let bench = Bench::new(framework, mappings, register, standings);
    let determinations: Vec<Determination> =
        framework.assessable().map(|requirement| bench.determine(requirement, system)).collect();
    let mapped: BTreeSet<&ControlId> =
        mappings.of(framework.id.as_str()).map(|mapping| &mapping.control).collect();
    let controls_of: Vec<ControlStanding> =
        mapped.into_iter().filter_map(|control| standings.get(control).cloned()).collect();
    Ok(Assessment {
        version: ASSESSMENT_VERSION,
        framework: framework.pin(),
        criteria: format!("{}, {}, version {}", framework.name, framework.identifier, framework.version),
        mappings: mappings.pins(),
        control_catalogs: controls.pins(),
        system: system.clone(),
        as_of: register.as_of(),
        totals: totals(framework, &determinations, &controls_of),
        determinations,
        controls: controls_of,
        withheld: register.withheld(),
        does_not_establish: does_not_establish(framework, register.withheld()),
    })
}

/// What every requirement is judged with.
struct Bench<'a> {
    framework: &'a Framework,
    register: &'a Register,
    standings: &'a Standings,
    by_requirement: BTreeMap<&'a str, Vec<&'a Mapping>>,
    groups: BTreeMap<&'a str, &'a str>,
    /// Why a requirement needs a document.
    documents: BTreeMap<&'a str, &'a str>,
}

/// A control mapped to the requirement at hand.
type Mapped<'a> = (&'a Mapping, &'a ControlStanding);

impl<'a> Bench<'a> {
    fn new(
        framework: &'a Framework,
        mappings: &'a MappingSets,
        register: &'a Register,
        standings: &'a Standings,
    ) -> Self {
        let mut by_requirement: BTreeMap<&str, Vec<&Mapping>> = BTreeMap::new();
        for mapping in mappings.of(framework.id.as_str()) {
            by_requirement.entry(&mapping.requirement).or_default().push(mapping);
        }
        by_requirement.values_mut().for_each(|mapped| mapped.sort_by(|a, b| a.control.cmp(&b.control)));
        let documents = mappings.documents_for(framework.id.as_str());
        let documents = documents.map(|it| (it.requirement.as_str(), it.reason.as_str())).collect();
        Self { framework, register, standings, by_requirement, groups: groups(framework), documents }
    }

    fn determine(&self, requirement: &Requirement, system: &System) -> Determination {
        let day = self.register.as_of().date();
        let id = requirement.id.as_str();
        let (by_facts, timing) = applicability(self.framework, requirement, system, day);
        let decision = self.register.decision(&self.framework.id, id);
        let applicability = decision.map_or(by_facts.clone(), |decision| decided(&by_facts, decision));
        let bound = applicability.state != ApplicabilityState::DoesNotApply;
        let listed = self.by_requirement.get(id).filter(|_| bound).into_iter().flatten();
        let all: Vec<Mapped<'_>> =
            listed.filter_map(|mapping| Some((*mapping, self.standings.get(&mapping.control)?))).collect();
        let (left_out, mapped): (Vec<Mapped<'_>>, Vec<Mapped<'_>>) =
            all.iter().copied().partition(|(_, standing)| self.is_left_out(standing));
        let attestation =
            self.register.attestation(&self.framework.id, id).filter(|_| bound && all.is_empty());
        let attested = attestation.filter(|filed| filed.value.holds(self.register.as_of()));
        let outcome = outcome(applicability.state, &mapped, attested.is_some());
        let decided = decision.into_iter().map(|filed| &filed.citation);
        let documents = attestation.into_iter().map(|filed| &filed.citation);
        let citations = citations(&all).into_iter().chain(decided.chain(documents).map(|it| it.index));
        Determination {
            requirement: requirement.id.clone(),
            citation: requirement.citation.clone(),
            title: requirement.title.clone(),
            group: self.groups.get(id).map(|group| (*group).to_owned()),
            conclusion: conclusion(
                requirement,
                outcome,
                &applicability,
                &mapped,
                attested.map(|filed| &filed.value),
                !left_out.is_empty(),
                &timing,
            ),
            controls: mapped.iter().map(|(mapping, standing)| mapped_control(mapping, standing)).collect(),
            citations: citations.collect::<BTreeSet<u64>>().into_iter().collect(),
            gaps: if bound {
                let unmapped = Unmapped { left_out: &left_out, attestation: attestation.map(|it| &it.value) };
                self.gaps(requirement, &applicability, &timing, &mapped, unmapped)
            } else {
                Vec::new()
            },
            applicability,
            timing,
            outcome,
        }
    }

    fn gaps(
        &self,
        requirement: &Requirement,
        applicability: &Applicability,
        timing: &Timing,
        mapped: &[Mapped<'_>],
        unmapped: Unmapped<'_>,
    ) -> Vec<Gap> {
        let missing: BTreeSet<&String> = applicability.missing.iter().chain(&timing.missing).collect();
        let asked = missing.into_iter().map(|fact| {
            let detail = format!("state {}", about(self.framework, fact));
            Gap { kind: GapKind::FactMissing, control: None, assets: Vec::new(), detail }
        });
        let mut gaps: Vec<Gap> = asked.collect();
        if mapped.is_empty() {
            gaps.extend(self.unmapped_gap(requirement, unmapped));
        }
        for (_, standing) in mapped {
            gaps.extend(self.control_gaps(standing));
        }
        gaps
    }

    /// What is missing where no control is left to judge.
    fn unmapped_gap(&self, requirement: &Requirement, unmapped: Unmapped<'_>) -> Option<Gap> {
        let (kind, detail) = match (unmapped.attestation, self.documents.get(requirement.id.as_str())) {
            (Some(attested), _) if attested.holds(self.register.as_of()) => return None,
            (Some(it), _) if it.withdrawn => {
                (GapKind::AttestationExpired, format!("attested by {}, and withdrawn", it.by))
            }
            (Some(it), _) => (
                GapKind::AttestationExpired,
                format!("attested by {}, valid until {}", it.by, it.valid_until),
            ),
            (None, Some(reason)) => (GapKind::DocumentNeeded, (*reason).to_owned()),
            (None, None) if !unmapped.left_out.is_empty() => {
                (GapKind::NoControl, "every control mapped to it was decided not to apply".to_owned())
            }
            (None, None) => (GapKind::NoControl, "no control is mapped to this requirement".to_owned()),
        };
        Some(Gap { kind, control: None, assets: Vec::new(), detail })
    }

    /// Whether it was decided that a control does not apply, and nothing of it is left to judge.
    fn is_left_out(&self, standing: &ControlStanding) -> bool {
        let decided = self.register.decision_on(&standing.control);
        standing.population == 0 && decided.is_some_and(|decided| !decided.value.applies)
    }

    fn control_gaps(&self, standing: &ControlStanding) -> Vec<Gap> {
        let control = Some(standing.control.clone());
        if standing.assets.is_empty() {
            let detail = "no asset on file of the kinds this control applies to".to_owned();
            return vec![Gap { kind: GapKind::NoAsset, control, assets: Vec::new(), detail }];
        }
        let mut by_kind: BTreeMap<GapKind, Vec<&Standing>> = BTreeMap::new();
        for on in &standing.assets {
            if let Some(kind) = gap_kind(on) {
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
}

fn gap_kind(on: &Standing) -> Option<GapKind> {
    if on.lapsed {
        return Some(GapKind::ExceptionExpired);
    }
    match on.state {
        ControlState::Held => None,
        ControlState::Failed => Some(GapKind::Failed),
        ControlState::Review => Some(GapKind::NeedsReview),
        ControlState::Excepted => Some(GapKind::Excepted),
        ControlState::Stale => Some(GapKind::Stale),
        ControlState::NotApplicable if on.decided => None,
        ControlState::NotApplicable => Some(GapKind::ClaimedNotApplicable),
        ControlState::Missing if on.uncovered => Some(GapKind::PopulationNotCovered),
        ControlState::Missing => Some(GapKind::NoResult),
    }
}

/// What there is on a requirement besides controls.
#[derive(Clone, Copy)]
struct Unmapped<'a> {
    left_out: &'a [Mapped<'a>],
    attestation: Option<&'a Attestation>,
}

/// What a decision makes of what follows from the facts, which is said beside it.
fn decided(by_facts: &Applicability, decision: &Filed<Decision>) -> Applicability {
    let Decision { decided_by, reason, applies, .. } = &decision.value;
    let (state, verb) = match applies {
        true => (ApplicabilityState::Applies, "to apply"),
        false => (ApplicabilityState::DoesNotApply, "not to apply"),
    };
    let follows = match by_facts.state {
        ApplicabilityState::Applies => "by the facts stated it applies",
        ApplicabilityState::DoesNotApply => "by the facts stated it does not apply",
        ApplicabilityState::Unknown => "by the facts stated it is unknown whether it applies",
    };
    let reason = format!("decided {verb} by {decided_by}: {reason} ({follows}: {})", by_facts.reason);
    Applicability { state, reason, missing: BTreeSet::new(), decided: true }
}

/// The rules 1 to 7 above.
fn outcome(applicability: ApplicabilityState, mapped: &[Mapped<'_>], attested: bool) -> Outcome {
    match applicability {
        ApplicabilityState::DoesNotApply => return Outcome::NotApplicable,
        ApplicabilityState::Unknown => return Outcome::Unknown,
        ApplicabilityState::Applies => {}
    }
    let pairs = || mapped.iter().flat_map(|(_, standing)| &standing.assets).filter(|on| !on.decided);
    // An exception is no evidence, whatever it covers.
    let evidence = |state| matches!(state, ControlState::Held | ControlState::Stale | ControlState::Review);
    // What was found where a control does not apply gives it no population.
    let whole = |standing: &ControlStanding| {
        standing.held + standing.excepted == standing.population
            && standing.assets.iter().any(|on| !on.decided && !on.stray)
    };
    if mapped.is_empty() {
        if attested { Outcome::Satisfied } else { Outcome::NotAssessed }
    } else if pairs().any(|on| on.state == ControlState::Failed || on.lapsed) {
        Outcome::NotSatisfied
    } else if !pairs().any(|on| evidence(on.state)) {
        Outcome::NotAssessed
    } else if mapped.iter().all(|(_, standing)| whole(standing))
        && mapped.iter().any(|(_, standing)| standing.held > 0)
    {
        Outcome::Satisfied
    } else {
        Outcome::Partial
    }
}

fn mapped_control(mapping: &Mapping, standing: &ControlStanding) -> MappedControl {
    MappedControl {
        control: mapping.control.clone(),
        relation: mapping.relation,
        held: standing.held,
        excepted: standing.excepted,
        population: standing.population,
    }
}

fn citations(standings: &[Mapped<'_>]) -> Vec<u64> {
    let on = standings.iter().flat_map(|(_, standing)| &standing.assets);
    let indices: BTreeSet<u64> = on.flat_map(|on| &on.citations).map(|citation| citation.index).collect();
    indices.into_iter().collect()
}

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

fn totals(framework: &Framework, determinations: &[Determination], standings: &[ControlStanding]) -> Totals {
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
        controls_held: Share { count: count(standings.iter().filter(whole)), of: count(standings.iter()) },
        pairs_held: Share {
            count: standings.iter().map(|standing| standing.held).sum(),
            of: standings.iter().map(|standing| standing.population).sum(),
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

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}
