//! One random statement at a time.

use super::catalogs::{CONTROLS, REQUIREMENTS};
use super::{DAY, Rng, after, before};
use crate::support::{STREAM, credit_scoring};
use affiant_controls::result::Collector;
use affiant_controls::state::fresh_until;
use affiant_controls::{
    Approval, Asset, Attestation, ControlResult, ControlSet, Decision, DigestSource, Event, Exception,
    ExceptionPolicy, Incident, Plan, Policy, Population, Severity, Statement, Status, Subject, System,
};
use affiant_ledger::digest::Digest;
use affiant_ledger::time::{Period, Timestamp};

/// Assets by id with their usual kind; `ghost` is never registered.
pub(crate) const ASSETS: [(&str, &str); 8] = [
    ("data-a", "dataset"),
    ("data-b", "dataset"),
    ("index", "vector-store"),
    ("model-a", "model"),
    ("model-b", "model"),
    ("guard", "guardrail"),
    ("repo", "code-repo"),
    ("ghost", ""),
];

/// Tools; the last finds more faults than the others.
pub(crate) const COLLECTORS: [&str; 3] = ["scanner", "auditor", "alarmist"];

const KINDS_OF_EVENT: [&str; 7] =
    ["release", "dataset-added", "policy-change", "model-change", "leaver", "connector-change", "party"];

/// How things stand in a ledger as a whole.
pub(crate) struct Temper {
    /// Results that pass, of a hundred.
    pass: u64,
    /// Results that name a subject, of a hundred.
    subject: u64,
    /// Assets that are registered from the start.
    assets: u64,
    /// Statements besides results, of a hundred.
    other: u64,
    /// The controls that results are about.
    controls: Vec<&'static str>,
}

impl Temper {
    /// The temper of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed, u64::MAX - 1);
        let mut controls = CONTROLS.to_vec();
        rng.shuffle(&mut controls);
        controls.truncate(2 + rng.below(CONTROLS.len() as u64 - 1) as usize);
        Self {
            pass: *rng.pick(&[35, 70, 90, 98]),
            subject: *rng.pick(&[0, 20, 60]),
            assets: rng.below(ASSETS.len() as u64),
            other: *rng.pick(&[10, 35, 60]),
            controls,
        }
    }
}

/// The bytes an asset may have: two sorts.
pub(crate) fn bytes_of(asset: &str, which: u64) -> Digest {
    Digest::of(format!("{asset} {which}").as_bytes())
}

/// The statement of a number: the system, then assets, then anything.
pub(super) fn statement(seed: u64, number: u64, temper: &Temper, recorded: Timestamp) -> Statement {
    let rng = &mut Rng::new(seed, number);
    match number {
        0 => Statement::System(system(rng)),
        n if n <= temper.assets => Statement::Asset(asset(rng, ASSETS[n as usize - 1])),
        _ if !rng.chance(temper.other) => Statement::Result(Box::new(result(rng, temper, recorded))),
        _ => match rng.below(100) {
            0..4 => Statement::Policy(policy(rng, recorded)),
            4..16 => approval(rng, (seed, number), temper, recorded),
            _ => other(rng, recorded),
        },
    }
}

fn policy(rng: &mut Rng, recorded: Timestamp) -> Policy {
    Policy {
        at: at_times_midnight(rng, recorded),
        by: "Board".to_owned(),
        system: STREAM.parse().unwrap(),
        exceptions: ExceptionPolicy {
            approvals: *rng.pick(&[1, 2, 2, 2, 3]),
            from_severity: *rng.pick(&[Severity::Low, Severity::High, Severity::Critical]),
        },
    }
}

/// An approval of the exception stated last before it, mostly as it was stated; a policy where there is none.
fn approval(rng: &mut Rng, (seed, number): (u64, u64), temper: &Temper, recorded: Timestamp) -> Statement {
    let earlier = (temper.assets + 1..number).rev().filter_map(|number| {
        let rng = &mut Rng::new(seed, number);
        // As `statement` draws, but for approvals, of which there are none of approvals.
        let is_exception = rng.chance(temper.other) && rng.below(100) >= 16;
        match is_exception.then(|| other(rng, super::recorded_at(seed, number))) {
            Some(Statement::Exception(exception)) => Some(exception),
            _ => None,
        }
    });
    let back = rng.below(3) as usize;
    let Some(mut exception) = earlier.take(3).nth(back) else {
        return Statement::Policy(policy(rng, recorded));
    };
    if rng.chance(15) {
        exception.reason = "another fix is due".to_owned();
    }
    Statement::Approval(Approval {
        at: recorded,
        by: (*rng.pick(&[
            "Chief Risk Officer",
            "chief  risk officer",
            "Head of Risk",
            "Counsel",
            "Data team",
        ]))
        .to_owned(),
        digest: exception.digest(),
        system: STREAM.parse().unwrap(),
        exception: exception.id,
    })
}

fn other(rng: &mut Rng, recorded: Timestamp) -> Statement {
    let system = STREAM.parse().unwrap();
    let summary = "said so".to_owned();
    match rng.below(100) {
        0..20 => Statement::Asset(asset_again(rng)),
        20..48 => Statement::Exception(exception(rng, recorded)),
        48..60 => Statement::Decision(decision(rng)),
        60..72 => Statement::Attestation(attestation(rng, recorded)),
        72..92 => Statement::Event(event(rng, recorded)),
        92..96 => Statement::System(self::system(rng)),
        96..98 => Statement::Plan(Plan {
            id: "weekly".parse().unwrap(),
            from: recorded,
            asset: None,
            owner: None,
            until: None,
            system,
            cadence: Period::days(7),
            control: rng.pick(&CONTROLS).parse().unwrap(),
            collector: None,
        }),
        _ => Statement::Incident(Incident::new("inc-1".parse().unwrap(), system, summary, recorded)),
    }
}

fn system(rng: &mut Rng) -> System {
    let mut system = credit_scoring();
    if rng.chance(50) {
        return system;
    }
    system.roles.clear();
    for role in ["provider", "deployer", "importer"] {
        if rng.chance(45) {
            system.roles.insert(role.to_owned());
        }
    }
    if rng.chance(20) {
        system.risk_classes.clear();
    }
    if rng.chance(30) {
        system.risk_classes.insert((*rng.pick(&["transparency", "minimal"])).to_owned());
    }
    if rng.chance(30) {
        system.routes.clear();
    }
    if rng.chance(40) {
        let word = (*rng.pick(&["true", "false"])).to_owned();
        system.facts.insert("interacts_with_persons".to_owned(), [word].into());
    }
    if rng.chance(20) {
        system.facts.remove("annex_iii");
    }
    if rng.chance(30) {
        system.placed_on_market = rng.pick(&["2024-05-01", "2026-09-01", "2028-01-01"]).parse().ok();
    }
    system
}

fn asset(rng: &mut Rng, (id, kind): (&str, &str)) -> Asset {
    let kind = if kind.is_empty() { "model" } else { kind };
    let id = if id == "ghost" { "model-b" } else { id };
    let mut asset = Asset::new(STREAM.parse().unwrap(), id.parse().unwrap(), kind, id);
    if rng.chance(50) {
        asset.digest = Some(bytes_of(id, rng.below(2)));
    }
    asset
}

/// An asset stated again: with other bytes, of another kind, or retired.
fn asset_again(rng: &mut Rng) -> Asset {
    let known = *rng.pick(&ASSETS[..7]);
    let mut asset = asset(rng, known);
    if rng.chance(10) {
        asset.kind = rng.pick(&ASSETS[..7]).1.to_owned();
    }
    asset.retired = rng.chance(25);
    asset
}

fn result(rng: &mut Rng, temper: &Temper, recorded: Timestamp) -> ControlResult {
    let control = *rng.pick(&temper.controls);
    let name = *rng.pick(&COLLECTORS);
    let passes = if name == "alarmist" { temper.pass * 3 / 4 } else { temper.pass };
    let status = if rng.chance(passes) { Status::Passed } else { *rng.pick(&Status::ALL) };
    let observed = observed(rng, recorded);
    let mut result = ControlResult::new(
        control.parse().unwrap(),
        STREAM.parse().unwrap(),
        status,
        observed,
        Collector::new(name),
        "looked at",
    );
    result.asset = asset_of(rng, control, temper).and_then(|asset| asset.parse().ok());
    if rng.chance(if result.asset.is_none() { 70 } else { 20 }) {
        result.population = Some(population(rng));
    }
    if rng.chance(temper.subject) {
        let of = result.asset.as_ref().map_or("data-a", |asset| asset.as_str());
        let digest = bytes_of(of, rng.below(2));
        result.subject = Some(Subject { digest, digest_source: DigestSource::Declared });
    }
    if rng.chance(15) {
        result.valid_until = Some(after(observed, *rng.pick(&[0, 3, 20, 400])));
    }
    result
}

/// What a result is about: mostly an asset of the control, at times none, at times any.
fn asset_of(rng: &mut Rng, control: &str, temper: &Temper) -> Option<&'static str> {
    let kinds = &super::control(super::catalogs::controls(), control).asset_kinds;
    let mut fit: Vec<&'static str> = ASSETS
        .iter()
        .take(temper.assets as usize)
        .filter(|(_, kind)| kinds.contains(*kind))
        .map(|(id, _)| *id)
        .collect();
    for (kind, id) in [("ai-system", STREAM), ("organisation", "org")] {
        if kinds.contains(kind) {
            fit.push(id);
        }
    }
    match rng.below(100) {
        0..18 => None,
        18..24 => Some(rng.pick(&ASSETS).0),
        24..26 => Some(STREAM),
        _ if fit.is_empty() => Some(rng.pick(&ASSETS).0),
        _ => Some(*rng.pick(&fit)),
    }
}

/// Mostly a while before it is recorded; at times to the instant, or later.
fn observed(rng: &mut Rng, recorded: Timestamp) -> Timestamp {
    let recorded = at_times_midnight(rng, recorded);
    match rng.below(20) {
        0..6 => recorded,
        6 => after(recorded, 1),
        7 => after(recorded, 9),
        8..14 => before(recorded, rng.below(10)),
        14..18 => before(recorded, 5 + rng.below(40)),
        _ => before(recorded, 40 + rng.below(100)),
    }
}

/// At times the midnight before, so that results and events fall on the same instant.
fn at_times_midnight(rng: &mut Rng, time: Timestamp) -> Timestamp {
    if rng.chance(40) { time.date().midnight().unwrap() } else { time }
}

fn population(rng: &mut Rng) -> Population {
    let (size, tested, failed) =
        *rng.pick(&[(9, 9, 0), (9, 9, 0), (9, 9, 0), (9, 4, 0), (9, 9, 2), (0, 0, 0)]);
    Population { size, failed, tested, definition: "all of them".to_owned() }
}

fn exception(rng: &mut Rng, recorded: Timestamp) -> Exception {
    let any = |rng: &mut Rng| *rng.pick(&["data-a", "model-a", "index", "org", "ghost", STREAM]);
    let count = if rng.chance(60) { 0 } else { 1 + rng.below(2) };
    let expires =
        if rng.chance(10) { before(recorded, 1) } else { after(recorded, *rng.pick(&[0, 1, 10, 60, 200])) };
    Exception {
        id: format!("exc-{}", rng.below(6)).parse().unwrap(),
        assets: (0..count).map(|_| any(rng).parse().unwrap()).collect(),
        reason: "a fix is due".to_owned(),
        system: STREAM.parse().unwrap(),
        control: rng.pick(&CONTROLS).parse().unwrap(),
        expires,
        revoked: rng.chance(15),
        approver: "Head of Risk".to_owned(),
        compensating: None,
        requested_by: rng.chance(30).then(|| "Data team".to_owned()),
    }
}

fn decision(rng: &mut Rng) -> Decision {
    let on_control = rng.chance(60);
    Decision {
        owner: None,
        reason: "not in use".to_owned(),
        system: STREAM.parse().unwrap(),
        applies: rng.chance(40),
        control: on_control.then(|| rng.pick(&CONTROLS).parse().unwrap()),
        drivers: Default::default(),
        framework: (!on_control).then(|| {
            let id = if rng.chance(90) { "eu-ai-act" } else { "iso-42001" };
            id.parse().unwrap()
        }),
        decided_by: "Head of Risk".to_owned(),
        requirement: (!on_control).then(|| (*rng.pick(&REQUIREMENTS)).to_owned()),
    }
}

fn attestation(rng: &mut Rng, recorded: Timestamp) -> Attestation {
    let at = if rng.chance(15) { after(recorded, 6) } else { before(recorded, rng.below(20)) };
    let framework = if rng.chance(92) { "eu-ai-act" } else { "iso-42001" };
    Attestation {
        at,
        by: "General Counsel".to_owned(),
        system: STREAM.parse().unwrap(),
        summary: "It is on file".to_owned(),
        evidence: Vec::new(),
        framework: framework.parse().unwrap(),
        withdrawn: rng.chance(12),
        requirement: (*rng.pick(&REQUIREMENTS)).to_owned(),
        valid_until: after(at, *rng.pick(&[0, 7, 30, 365])),
    }
}

fn event(rng: &mut Rng, recorded: Timestamp) -> Event {
    let recorded = at_times_midnight(rng, recorded);
    let at = if rng.chance(15) { after(recorded, 3) } else { before(recorded, rng.below(12)) };
    let any = *rng.pick(&["data-a", "model-a", "index", "org", STREAM]);
    Event {
        at,
        kind: rng.pick(&KINDS_OF_EVENT).parse().unwrap(),
        asset: rng.chance(60).then(|| any.parse().unwrap()),
        system: STREAM.parse().unwrap(),
        done_at: None,
        summary: "It happened".to_owned(),
    }
}

/// The instants at which what a statement says begins or ends.
pub(super) fn instants(statement: &Statement, controls: &ControlSet) -> Vec<Timestamp> {
    match statement {
        Statement::Result(result) => {
            let control = super::control(controls, result.control.as_str());
            let until = fresh_until(control, result);
            vec![result.observed_to, until, Timestamp::from_millis(until.as_millis() + DAY).unwrap()]
        }
        Statement::Exception(exception) => vec![exception.expires],
        Statement::Attestation(attestation) => vec![attestation.at, attestation.valid_until],
        Statement::Event(event) => vec![event.at; 4],
        _ => Vec::new(),
    }
}
