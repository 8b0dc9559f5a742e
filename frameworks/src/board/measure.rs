//! What is counted of a system, in the order of the page.

use super::Measured;
use crate::assessment::{Assessment, is_evaluated};
use crate::clock::{Clock, ClockState};
use affiant_controls::finding::Found;
use affiant_controls::history::{History, Part, Span};
use affiant_controls::incident::{Incident, Stage};
use affiant_controls::{Control, ControlId, ControlSet, ControlState, Register, Severity, StateOn};
use affiant_ledger::time::Timestamp;

/// The controls whose findings and incidents are about jailbreaks and prompt injection.
pub const JAILBREAK: [&str; 2] = ["AFF-THR-01", "AFF-THR-02"];
/// The control whose findings and incidents are about drift of a model.
pub const MODEL_DRIFT: [&str; 1] = ["AFF-EXP-06"];
/// The periods over which drift is counted, in days; the longest first.
const PERIODS: [u64; 2] = [90, 30];
/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// A system to be measured: what its stream says as of a time, what it said before, and what was made of it.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// What its stream says.
    pub register: &'a Register,
    /// The same with everything before, as known at the same time.
    pub history: &'a History,
    /// The controls.
    pub controls: &'a ControlSet,
    /// The frameworks judged as of the same time.
    pub assessments: &'a [Assessment],
    /// The clocks that run as of the same time.
    pub clocks: &'a [Clock],
}

/// Counts what a board is told of a system.
pub fn measure(basis: Basis<'_>) -> Measured {
    let mut measured = Measured::default();
    coverage(basis, &mut measured);
    drift(basis, &mut measured);
    findings(basis, &mut measured);
    incidents(basis, &mut measured);
    let found = basis.register.found(basis.controls);
    responses(basis, &found, ("jailbreak", "jailbreaks and injections"), &JAILBREAK, &mut measured);
    responses(basis, &found, ("model-drift", "drift of models"), &MODEL_DRIFT, &mut measured);
    measured
}

/// How a control on an asset stands, exceptions aside.
fn bare(state: ControlState, underlying: Option<ControlState>) -> ControlState {
    underlying.unwrap_or(state)
}

fn coverage(Basis { register, controls, assessments, .. }: Basis<'_>, measured: &mut Measured) {
    let pairs: Vec<StateOn> = controls
        .controls()
        .flat_map(|control| register.states(control))
        .map(|(_, state)| state)
        .filter(|state| !state.decided)
        .collect();
    let count = |is_meant: &dyn Fn(&StateOn) -> bool| pairs.iter().filter(|state| is_meant(state)).count();
    let held = count(&|state| state.state == ControlState::Held);
    let evidenced = count(&|state| is_evaluated(bare(state.state, state.underlying)));
    measured.share("pairs-held", "controls on assets that hold", held, pairs.len());
    measured.share("pairs-evidenced", "controls on assets with evidence on file", evidenced, pairs.len());
    for judged in assessments {
        let satisfied = judged.totals.satisfied;
        let (figure, title) = (
            format!("requirements-satisfied:{}", judged.framework.id),
            format!("requirements of {} with evidence on file over all of it", judged.framework.id),
        );
        measured.share(&figure, &title, satisfied.count as usize, satisfied.of as usize);
    }
    let age = |state: &StateOn| Some(since(state.observed_to?, register.as_of()));
    measured.times("evidence-age", "age of the evidence that decides", pairs.iter().filter_map(age));
}

fn since(earlier: Timestamp, later: Timestamp) -> u64 {
    later.as_millis().saturating_sub(earlier.as_millis())
}

fn drift(Basis { register, history, controls, .. }: Basis<'_>, measured: &mut Measured) {
    let [longest, _] = PERIODS;
    let (from, to) = (before(register.as_of(), longest), just_after(register.as_of()));
    let lines: Vec<Vec<Span>> =
        controls.controls().flat_map(|control| timelines(history, control, from, to)).collect();
    for days in PERIODS.into_iter().rev() {
        let from = before(register.as_of(), days);
        let held = lines.iter().filter(|spans| spans.iter().any(|span| holds(span) && span.to > from));
        let lost = held.clone().filter(|spans| stopped(spans, from));
        let (figure, title) = (
            format!("drift-{days}"),
            format!("controls on assets that stopped holding, of those that held within {days} days"),
        );
        measured.share(&figure, &title, lost.count(), held.count());
    }
}

fn before(at: Timestamp, days: u64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_sub(days * DAY)).unwrap_or(Timestamp::MIN)
}

/// A timeline ends before its last instant: this one is still in it.
fn just_after(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(1)).unwrap_or(Timestamp::MAX)
}

/// How a control stood on each of its assets. One without a result has never held.
fn timelines<'a>(
    history: &'a History,
    control: &'a Control,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = Vec<Span>> + 'a {
    let parts = if history.results(&control.id).is_empty() {
        Vec::new()
    } else {
        history.population(control, from, to)
    };
    parts.into_iter().map(|Part { asset, from, to, .. }| history.timeline(control, &asset, from, to))
}

fn holds(span: &Span) -> bool {
    bare(span.state, span.underlying) == ControlState::Held
}

/// Whether it held and then, after an instant, did not: failed, in review, stale or missing. What was decided not to apply
/// has not stopped holding.
fn stopped(spans: &[Span], after: Timestamp) -> bool {
    let lost = |span: &Span| {
        let state = bare(span.state, span.underlying);
        !span.decided && !matches!(state, ControlState::Held | ControlState::NotApplicable)
    };
    spans.windows(2).any(|pair| holds(&pair[0]) && lost(&pair[1]) && pair[1].from > after)
}

fn findings(Basis { register, controls, clocks, .. }: Basis<'_>, measured: &mut Measured) {
    let found = register.found(controls);
    let waiting = found.iter().filter(|it| it.standing.waits());
    let overdue = found.iter().filter(|it| it.overdue).count();
    measured.share(
        "findings-overdue",
        "findings past their day, of those that wait",
        overdue,
        waiting.count(),
    );
    measured.times("time-to-remediate", "from finding to resolution", found.iter().filter_map(to_mend));
    for severity in Severity::ALL.into_iter().rev() {
        let of = found.iter().filter(|it| it.filed.value.severity == severity).filter_map(to_mend);
        let (figure, title) =
            (format!("time-to-remediate:{severity}"), format!("from finding to resolution, {severity}"));
        measured.times(&figure, &title, of);
    }
    // Of duties that bind: what the gate asks about too.
    let binding = || clocks.iter().filter(|it| it.binds_from.is_none());
    let running = binding().filter(|it| matches!(it.state, ClockState::Running | ClockState::Overdue));
    let late = binding().filter(|it| it.state == ClockState::Overdue).count();
    measured.share(
        "clocks-overdue",
        "clocks of the law that ran out, of those not answered",
        late,
        running.count(),
    );
}

/// How long a finding took to be gone, if it is.
fn to_mend(found: &Found<'_>) -> Option<u64> {
    let finding = &found.filed.value;
    (!finding.is_unresolved()).then_some(finding.resolved_at).flatten().map(|at| since(finding.opened_at, at))
}

fn incidents(Basis { register, controls, .. }: Basis<'_>, measured: &mut Measured) {
    let all: Vec<&Incident> = register.incidents().map(|filed| &filed.value).collect();
    let open = all.iter().filter(|it| reached(it, Stage::Close, register.as_of()).is_none()).count();
    measured.share("incidents-open", "incidents that are open, of all", open, all.len());
    stages("incident", "incidents", &all, register.as_of(), measured);
    let tests: Vec<ControlState> = all
        .iter()
        .flat_map(|incident| register.incident_tests(incident, controls))
        .map(|(_, state)| state.state)
        .collect();
    let held = tests.iter().filter(|state| **state == ControlState::Held).count();
    measured.share(
        "incident-tests-held",
        "tests added because of incidents that ran since and held",
        held,
        tests.len(),
    );
}

/// When a stage was reached, if by an instant.
fn reached(incident: &Incident, stage: Stage, at: Timestamp) -> Option<Timestamp> {
    incident.reached(stage).filter(|reached| *reached <= at)
}

/// How long incidents took to each stage.
fn stages(word: &str, of: &str, incidents: &[&Incident], at: Timestamp, measured: &mut Measured) {
    for stage in Stage::ALL {
        let words = match stage {
            Stage::Detect => "from occurring to awareness",
            Stage::Acknowledge => "from awareness to someone on it",
            Stage::Contain => "from awareness to containment",
            Stage::Close => "from awareness to closure",
        };
        let took = |incident: &&Incident| {
            reached(incident, stage, at)?;
            incident.took(stage)
        };
        let figure = format!("{word}-{}", stage.as_str());
        measured.times(&figure, &format!("{of}, {words}"), incidents.iter().filter_map(took));
    }
}

/// How fast what is about some controls was dealt with: findings of these controls, and incidents with a linked test of
/// one of them.
fn responses(
    Basis { register, .. }: Basis<'_>,
    found: &[Found<'_>],
    (word, of): (&str, &str),
    controls: &[&str],
    measured: &mut Measured,
) {
    let meant = |id: &ControlId| controls.contains(&id.as_str());
    let own: Vec<&Found<'_>> = found.iter().filter(|it| meant(&it.filed.value.control)).collect();
    let waiting = own.iter().filter(|it| it.standing.waits()).count();
    measured.share(
        &format!("{word}-waiting"),
        &format!("findings about {of} that wait, of all"),
        waiting,
        own.len(),
    );
    let mended = own.iter().filter_map(|it| to_mend(it));
    measured.times(&format!("{word}-remediate"), &format!("findings about {of}, to resolution"), mended);
    let incidents = register.incidents().map(|filed| &filed.value);
    let about: Vec<&Incident> =
        incidents.filter(|incident| incident.tests.iter().any(|test| meant(&test.control))).collect();
    stages(word, &format!("incidents about {of}"), &about, register.as_of(), measured);
}
