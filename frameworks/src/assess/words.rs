//! The words of an assessment: conclusions, details of gaps, and what must not be concluded.

use crate::applicability::Applicability;
use crate::assessment::{ControlStanding, Outcome, Standing};
use crate::framework::{Framework, FrameworkKind};
use crate::mapping::Mapping;
use crate::requirement::Requirement;
use crate::timing::{Timing, TimingState};
use affiant_controls::Attestation;
use std::collections::BTreeSet;

/// The outcome in a sentence.
pub(super) fn conclusion(
    requirement: &Requirement,
    outcome: Outcome,
    applicability: &Applicability,
    standings: &[(&Mapping, &ControlStanding)],
    attested: Option<&Attestation>,
    left_out: bool,
    timing: &Timing,
) -> String {
    let citation = &requirement.citation;
    let sum =
        |of: fn(&ControlStanding) -> u64| standings.iter().map(|(_, standing)| of(standing)).sum::<u64>();
    let (held, excepted, of) = (sum(|s| s.held), sum(|s| s.excepted), sum(|s| s.population));
    let exceptions = match excepted {
        0 => String::new(),
        1 => ", 1 under an exception".to_owned(),
        count => format!(", {count} under exceptions"),
    };
    let coverage = format!(
        "{} mapped, {held} of {of} pairs of control and asset held{exceptions}",
        counted(standings.len(), "control")
    );
    let text = match (outcome, attested) {
        (Outcome::Satisfied, Some(it)) if standings.is_empty() => {
            format!(
                "document on file for {citation}, attested by {} until {}: {}",
                it.by, it.valid_until, it.summary
            )
        }
        (Outcome::Satisfied, _) => format!("evidence on file for {citation}: {coverage}"),
        (Outcome::Partial, _) => format!("evidence on file for part of {citation}: {coverage}"),
        (Outcome::NotSatisfied, _) => {
            format!("evidence on file of a failure or of an expired exception under {citation}: {coverage}")
        }
        (Outcome::NotAssessed, _) if standings.is_empty() => {
            let why = if left_out {
                "every mapped control was decided not to apply"
            } else {
                "no control is mapped"
            };
            format!("{citation} not assessed: {why}")
        }
        (Outcome::NotAssessed, _) if excepted > 0 => {
            format!("{citation} not assessed, nothing but exceptions: {coverage}")
        }
        (Outcome::NotAssessed, _) => format!("no evidence for {citation}, not assessed: {coverage}"),
        (Outcome::NotApplicable, _) if applicability.decided => {
            return format!("{citation} was decided not to apply");
        }
        (Outcome::NotApplicable, _) => return format!("{citation} does not apply"),
        (Outcome::Unknown, _) => {
            format!("{citation} not concluded: whether it applies is unknown; {coverage}")
        }
    };
    match (timing.state, timing.date) {
        (TimingState::Upcoming, Some(date)) => format!("{text}; applies from {date}"),
        (TimingState::Grace, Some(date)) => format!("{text}; to be met by {date}"),
        (TimingState::Unknown, _) => format!("{text}; from when it applies is unknown"),
        _ => text,
    }
}

/// One reason, or the first of several; the others stand with the control.
pub(super) fn detail(on: &[&Standing], population: u64) -> String {
    let reasons: BTreeSet<&str> = on.iter().map(|standing| standing.reason.as_str()).collect();
    let first = on.first().map_or("", |standing| &standing.reason);
    let more =
        if reasons.len() > 1 { format!("; and {} other reasons", reasons.len() - 1) } else { String::new() };
    format!("on {} of {population} assets: {first}{more}", on.len())
}

/// What a reader must not conclude.
pub(super) fn does_not_establish(framework: &Framework, withheld: u64) -> Vec<String> {
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
