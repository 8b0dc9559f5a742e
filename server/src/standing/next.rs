//! What to do next: gaps that one act closes, those that hold up most first.

use super::Standing;
use affiant_frameworks::assessment::{Assessment, Determination, Gap, GapKind, Outcome};
use affiant_frameworks::clock::ClockState;
use affiant_frameworks::timing::TimingState;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An act, and what waits for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step {
    /// How much it presses: 0 is first.
    urgency: u8,
    /// What to do.
    pub act: String,
    /// Requirements that wait for it, over all frameworks.
    pub requirements: u64,
    /// Why.
    pub because: String,
}

/// The acts, the most pressing first, then those for which most requirements wait.
pub fn steps(standing: &Standing<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = clocks(standing).collect();
    let mut waiting: BTreeMap<(GapKind, String), (BTreeSet<&str>, bool, &Gap)> = BTreeMap::new();
    for judged in &standing.assessments {
        for determination in open(judged) {
            for gap in &determination.gaps {
                let about = match &gap.control {
                    Some(control) => control.to_string(),
                    None if gap.kind == GapKind::FactMissing => gap.detail.clone(),
                    None => determination.citation.clone(),
                };
                let entry = waiting.entry((gap.kind, about)).or_insert_with(|| (BTreeSet::new(), false, gap));
                entry.0.insert(&determination.requirement);
                entry.1 |= is_binding(determination);
            }
        }
    }
    let gaps = waiting.into_iter().filter_map(|((kind, about), (requirements, binding, gap))| {
        let (urgency, act) = act(kind, &about, gap)?;
        Some(Step {
            urgency: urgency + if binding { 0 } else { 10 },
            act,
            requirements: requirements.len() as u64,
            because: gap.detail.clone(),
        })
    });
    steps.extend(gaps);
    steps.sort_by(|a, b| (a.urgency, b.requirements, &a.act).cmp(&(b.urgency, a.requirements, &b.act)));
    steps
}

/// Determinations that are neither settled nor none of the system's business.
fn open(judged: &Assessment) -> impl Iterator<Item = &Determination> {
    judged.determinations.iter().filter(|it| it.outcome != Outcome::NotApplicable)
}

fn is_binding(determination: &Determination) -> bool {
    matches!(determination.timing.state, TimingState::InForce | TimingState::Grace)
}

fn clocks<'a>(standing: &'a Standing<'_>) -> impl Iterator<Item = Step> + 'a {
    let waits = |state| matches!(state, ClockState::Overdue | ClockState::Running);
    standing.clocks.iter().filter(move |clock| waits(clock.state)).map(|clock| Step {
        urgency: if clock.binds_from.is_some() { 10 } else { 0 },
        act: format!("{} for {}", clock.kind, clock.subject),
        requirements: 1,
        because: super::clock_text(clock),
    })
}

fn act(kind: GapKind, about: &str, gap: &Gap) -> Option<(u8, String)> {
    let assets: Vec<&str> = gap.assets.iter().take(3).map(|asset| asset.as_str()).collect();
    let more = gap.assets.len().saturating_sub(assets.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let on = if assets.is_empty() { String::new() } else { format!(" on {}{more}", assets.join(", ")) };
    Some(match kind {
        GapKind::Failed => (1, format!("mend what fails {about}{on}")),
        GapKind::ExceptionExpired => (1, format!("renew or close the exception from {about}{on}")),
        GapKind::FactMissing => (2, about.to_owned()),
        GapKind::NeedsReview => (3, format!("review {about}{on}")),
        GapKind::Stale => (4, format!("run {about} again{on}")),
        GapKind::AttestationExpired => (4, format!("attest {about} again")),
        GapKind::NoResult | GapKind::PopulationNotCovered => (5, format!("show {about}{on}")),
        GapKind::ClaimedNotApplicable => (5, format!("decide whether {about} applies{on}")),
        GapKind::DocumentNeeded => (6, format!("attest {about}")),
        GapKind::NoAsset => (7, format!("register the assets that {about} is about")),
        GapKind::Excepted | GapKind::NoControl => return None,
    })
}
