//! Statements that people make: what must be on file before one of them is recorded.

use crate::failure::Failure;
use affiant_controls::admit::{
    AdmitContext, AdmitError, admit, admit_attestation, admit_exception, admit_finding, admit_incident,
};
use affiant_controls::attestation::Attestation;
use affiant_controls::evidence::EvidenceRef;
use affiant_controls::exception::Exception;
use affiant_controls::finding::{Finding, FindingState};
use affiant_controls::incident::Incident;
use affiant_controls::result::{Collector, ControlResult, Method, Source, TimeSource};
use affiant_controls::sample::Sample;
use affiant_controls::signoff::About;
use affiant_controls::statement::{ORGANISATION, Statement, is_system};
use affiant_controls::status::Status;
use affiant_frameworks::clock::recipients;
use affiant_frameworks::framework::Framework;
use affiant_frameworks::requirement::Requirement;
use affiant_ledger::blob;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::{Period, Timestamp};
use affiant_reports::derive::Catalogs;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A refusal of admission.
pub fn admitted(error: AdmitError) -> Failure {
    let failure = Failure::refused(&error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The latest statement filed under a key.
pub fn latest(ledger: &mut Ledger, system: &Id, kind: &str, id: &str) -> Result<Option<Statement>, Failure> {
    let key = format!("{kind}\0{id}");
    for index in ledger.latest(system, key.as_bytes())? {
        let record = ledger.reader()?.record(index)?;
        let bytes = record.statement.unwrap_or_default();
        let read = Statement::from_bytes(record.entry.kind.as_str(), &bytes).map_err(Failure::integrity)?;
        // The key is a prefix: an id may begin with another.
        if let Some(statement) = read.filter(|it| it.facet().key == key.as_bytes()) {
            return Ok(Some(statement));
        }
    }
    Ok(None)
}

/// Refuses assets that are not registered; the system and the organisation stand for themselves.
pub fn known_assets<'i>(
    ledger: &mut Ledger,
    system: &Id,
    assets: impl IntoIterator<Item = &'i Id>,
) -> Result<(), Failure> {
    for asset in assets {
        let implicit = asset == system || *asset == *ORGANISATION;
        if !implicit && latest(ledger, system, "asset", asset.as_str())?.is_none() {
            let text = format!("asset `{asset}` is not registered for `{system}`");
            return Err(Failure::refused(text).hint("register it first: `affiant register asset ...`"));
        }
    }
    Ok(())
}

/// An exception that may be recorded: its assets are registered; one that is revoked is on file and in force.
pub fn exception(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    exception: Exception,
    now: Timestamp,
) -> Result<Exception, Failure> {
    let exception = admit_exception(exception, &catalogs.controls, now).map_err(admitted)?;
    known_assets(ledger, &exception.system, &exception.assets)?;
    if exception.revoked {
        match latest(ledger, &exception.system, "exception", exception.id.as_str())? {
            Some(Statement::Exception(before)) if !before.revoked => {}
            Some(Statement::Exception(_)) => {
                let text = format!("exception `{}` was revoked before", exception.id);
                return Err(Failure::refused(text));
            }
            _ => {
                let text = format!("`{}` is no exception of {}", exception.id, exception.system);
                return Err(Failure::refused(text));
            }
        }
    }
    Ok(exception)
}

/// An attestation that may be recorded: its requirement is one that only a person can speak for, and its evidence is kept.
pub fn attestation(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    attestation: Attestation,
    now: Timestamp,
) -> Result<Attestation, Failure> {
    let attestation = admit_attestation(attestation, now).map_err(admitted)?;
    let framework = catalogs.frameworks.iter().find(|framework| framework.id == attestation.framework);
    let row = framework.and_then(|it| it.assessable().find(|row| row.id == attestation.requirement));
    let Some(row) = row else {
        let (framework, requirement) = (&attestation.framework, visible(&attestation.requirement));
        return Err(Failure::refused(format!(
            "`{requirement}` is no requirement of {framework} that is judged"
        )));
    };
    only_a_document(catalogs, attestation.framework.as_str(), row)?;
    let reader = ledger.reader()?;
    for file in &attestation.evidence {
        if blob::read(reader.storage(), reader.folder(), &file.sha256)?.is_none() {
            let text =
                format!("evidence `{}` is not kept here (SHA-256 {})", visible(&file.name), file.sha256);
            return Err(Failure::refused(text).hint("send the file first"));
        }
    }
    Ok(attestation)
}

/// An incident that may be recorded: its assets are registered, and some clock waits for a report to whom it was reported.
pub fn incident(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    incident: Incident,
    now: Timestamp,
) -> Result<Incident, Failure> {
    let incident = admit_incident(incident, &catalogs.controls, now).map_err(admitted)?;
    let tested = incident.tests.iter().filter_map(|test| test.asset.as_ref());
    known_assets(ledger, &incident.system, incident.assets.iter().chain(tested))?;
    let before = match latest(ledger, &incident.system, "incident", incident.id.as_str())? {
        Some(Statement::Incident(before)) => before.reported_to,
        _ => Default::default(),
    };
    known_recipients(catalogs, incident.reported_to.keys().filter(|who| !before.contains_key(*who)))?;
    Ok(incident)
}

/// Refuses a recipient whom no clock waits for: the report would answer none, and nobody would notice.
fn known_recipients<'i>(catalogs: &Catalogs, given: impl IntoIterator<Item = &'i Id>) -> Result<(), Failure> {
    let laws = catalogs.frameworks.iter().filter_map(|framework| framework.law.as_ref());
    let by_incident = laws
        .flat_map(|law| &law.deadlines)
        .filter(|deadline| deadline.starts.as_ref().is_some_and(|word| word.starts_with("incident")));
    let known: BTreeSet<&str> = by_incident.flat_map(recipients).collect();
    match given.into_iter().find(|word| !known.contains(word.as_str())) {
        None => Ok(()),
        Some(word) => {
            let known: Vec<&str> = known.iter().copied().collect();
            let failure =
                Failure::refused(format!("no clock waits for a report to `{}`", visible(word.as_str())));
            Err(failure.hint(format!("known: {}", known.join(", "))))
        }
    }
}

/// What a person says of a finding.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Who mends it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Where that is followed.
    #[serde(default)]
    pub ticket: Option<String>,
    /// What is said.
    #[serde(default)]
    pub note: Option<String>,
    /// By when it is to be mended.
    #[serde(default)]
    pub due: Option<Timestamp>,
}

/// A finding with what a person says of it; never that it is gone.
pub fn worked(before: Finding, work: Work, state: FindingState, now: Timestamp) -> Result<Finding, Failure> {
    if let (FindingState::Resolved, Some(index)) = (before.state, before.resolved_by) {
        return Err(Failure::refused(format!("finding `{}` was resolved by entry {index}", before.id))
            .hint("it is opened again by rule when it comes back"));
    }
    let mut finding = before.clone();
    let new_due = work.due.is_some();
    finding.owner = work.owner.or(finding.owner);
    finding.ticket = work.ticket.or(finding.ticket);
    finding.note = work.note.or(finding.note);
    finding.due = work.due.unwrap_or(finding.due);
    // The work does not go back.
    finding.state = finding.state.max(state);
    if state == FindingState::Remediating && finding.owner.is_none() {
        return Err(
            Failure::refused("nobody answers for the finding").hint("say who mends it with --owner WHO")
        );
    }
    if finding == before {
        return Err(Failure::refused("nothing new is said of the finding"));
    }
    admit_finding(finding, new_due, now).map_err(admitted)
}

/// The latest statement of a finding, of whatever system unless one is named.
pub fn finding(ledger: &mut Ledger, id: &str, system: Option<&Id>) -> Result<Option<Finding>, Failure> {
    let streams: Vec<Id> = match system {
        Some(system) => vec![system.clone()],
        None => {
            let streams = ledger.streams().into_iter().map(|(stream, _)| stream);
            streams.filter(|stream| is_system(stream.as_str())).collect()
        }
    };
    let end = [b"\0", id.as_bytes()].concat();
    for stream in streams {
        let wanted = |key: &[u8]| crate::follow::is_finding(key) && key.ends_with(&end);
        for (_, index) in ledger.latest_where(&stream, &wanted)? {
            let record = ledger.reader()?.record(index)?;
            let bytes = record.statement.unwrap_or_default();
            let read =
                Statement::from_bytes(record.entry.kind.as_str(), &bytes).map_err(Failure::integrity)?;
            if let Some(Statement::Finding(finding)) = read {
                return Ok(Some(*finding));
            }
        }
    }
    Ok(None)
}

/// A period as given: its first instant, and the first after it.
pub fn span(text: &str) -> Result<(Timestamp, Timestamp), Failure> {
    let (from, to) = text.split_once("..").or_else(|| text.split_once('/')).ok_or_else(|| {
        let failure = Failure::refused(format!("`{}` is no period", visible(text)));
        failure.hint("write FROM/TO or FROM..TO, such as 2026-07-01..2026-10-01")
    })?;
    let time = |text: &str| text.parse::<Timestamp>().map_err(Failure::refused);
    Ok((time(from)?, time(to)?))
}

/// Refuses what a sign-off is about and is not on file of the system: nobody can have looked at it.
pub fn is_on_file(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    system: &Id,
    about: &About,
) -> Result<(), Failure> {
    let (kind, id) = match about {
        About::Entry(index) => return entry_of(ledger, system, *index),
        About::Request(id) => ("request", id),
        About::Sample(id) => ("sample", id),
        About::Pack(id) => ("pack", id),
        About::Finding(id) => {
            let found = finding(ledger, id.as_str(), Some(system))?;
            let failure = || {
                Failure::refused(format!("`{id}` is no finding"))
                    .hint("`affiant finding list SYSTEM` lists them")
            };
            return found.map(drop).ok_or_else(failure);
        }
        About::Requirement { framework, requirement } => {
            let mut frameworks = catalogs.frameworks.iter().filter(|it| it.id == *framework);
            if frameworks.any(|framework| framework.requirement(requirement).is_some()) {
                return Ok(());
            }
            let text = format!("`{}` is no requirement of `{framework}`", visible(requirement));
            return Err(Failure::refused(text).hint("`affiant catalog search` finds them by their words"));
        }
    };
    if latest(ledger, system, kind, id.as_str())?.is_some() {
        return Ok(());
    }
    Err(Failure::refused(format!("`{id}` is no {kind} of {system}")))
}

fn entry_of(ledger: &mut Ledger, system: &Id, index: u64) -> Result<(), Failure> {
    let size = ledger.size();
    if index >= size {
        let text = format!("entry {index} does not exist: the ledger has {size} entries");
        return Err(Failure::refused(text));
    }
    let bytes = ledger.reader()?.entry_bytes(index)?;
    let stream = Entry::from_bytes(&bytes).map_err(Failure::integrity)?.stream;
    if stream == *system {
        return Ok(());
    }
    Err(Failure::refused(format!("entry {index} is of `{stream}`, not of `{system}`")))
}

/// The samples on file of a system, by id.
pub fn samples(ledger: &mut Ledger, system: &Id) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    for index in ledger.latest(system, b"sample\0")? {
        let record = ledger.reader()?.record(index)?;
        let bytes = record.statement.unwrap_or_default();
        let read = Statement::from_bytes(record.entry.kind.as_str(), &bytes).map_err(Failure::integrity)?;
        if let Some(Statement::Sample(sample)) = read {
            samples.push(*sample);
        }
    }
    Ok(samples)
}

/// What a person states with a document.
#[derive(Debug, Clone)]
pub struct Stated {
    /// The control that holds, or the requirement that is met.
    pub target: String,
    /// The framework of the requirement, where the id alone does not tell.
    pub framework: Option<String>,
    /// The asset on which the control holds.
    pub asset: Option<Id>,
    /// What was seen, in a sentence.
    pub summary: String,
    /// Who states it.
    pub by: String,
    /// Until when it speaks; a year for a requirement where it is not said.
    pub valid_until: Option<Timestamp>,
    /// The documents.
    pub evidence: Vec<EvidenceRef>,
    /// When it was seen.
    pub at: Timestamp,
}

/// The collector's name of an attestation on a control.
const COLLECTOR: &str = "attestation";

/// The statement that says so: a result for a control, an attestation for a requirement that only a document can show.
pub fn stated(
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    system: &Id,
    said: Stated,
    now: Timestamp,
) -> Result<Statement, Failure> {
    let Stated { target, framework, asset, summary, by, valid_until, evidence, at } = said;
    known_assets(ledger, system, &asset)?;
    if catalogs.controls.control(&target).is_some() {
        let control = target.parse().map_err(Failure::refused)?;
        let result = ControlResult {
            asset,
            method: Method::Examine,
            source: Some(Source { query: None, system: None, account: Some(by) }.into()),
            evidence,
            time_source: TimeSource::Declared,
            valid_until,
            ..ControlResult::new(
                control,
                system.clone(),
                Status::Passed,
                at,
                Collector::new(COLLECTOR),
                summary,
            )
        };
        let gate = AdmitContext { controls: &catalogs.controls, now, assets: None };
        return Ok(Statement::Result(Box::new(admit(result, &gate).map_err(admitted)?)));
    }
    let (framework, row) = requirement(catalogs, &target, framework.as_deref())?;
    only_a_document(catalogs, framework.id.as_str(), row)?;
    if asset.is_some() {
        return Err(Failure::refused("--asset goes with a control"));
    }
    let attestation = Attestation {
        at,
        by,
        system: system.clone(),
        summary,
        evidence,
        framework: framework.id.clone(),
        withdrawn: false,
        requirement: row.id.clone(),
        valid_until: valid_until.unwrap_or_else(|| at.plus(Period::days(365))),
    };
    Ok(Statement::Attestation(admit_attestation(attestation, now).map_err(admitted)?))
}

/// The requirement of that id or citation.
pub fn requirement<'c>(
    catalogs: &'c Catalogs,
    name: &str,
    of: Option<&str>,
) -> Result<(&'c Framework, &'c Requirement), Failure> {
    let same = |text: &str| text.replace(' ', "").eq_ignore_ascii_case(&name.replace(' ', ""));
    let is_meant = |row: &&Requirement| same(&row.id) || same(&row.citation);
    let frameworks = catalogs.frameworks.iter().filter(|it| of.is_none_or(|of| it.id.as_str() == of));
    let rows = frameworks
        .flat_map(|framework| framework.assessable().filter(is_meant).map(move |row| (framework, row)));
    match rows.collect::<Vec<_>>()[..] {
        [one] => Ok(one),
        [] => Err(Failure::refused(format!(
            "`{}` is no control and no requirement that is judged",
            visible(name)
        ))
        .hint("`affiant catalog search` finds them by their words")),
        [(one, _), (other, _), ..] => Err(Failure::refused(format!(
            "`{}` is a requirement of {} and of {}",
            visible(name),
            one.id,
            other.id
        ))),
    }
}

/// Refuses an attestation on a requirement that controls can show.
fn only_a_document(catalogs: &Catalogs, framework: &str, row: &Requirement) -> Result<(), Failure> {
    let mapped: Vec<String> = catalogs
        .mappings
        .controls_for(framework, &row.id)
        .map(|mapping| mapping.control.to_string())
        .collect();
    if mapped.is_empty() {
        return Ok(());
    }
    let text = format!("{} is shown by its controls, not by an attestation", row.citation);
    Err(Failure::refused(text).hint(format!("attest one of them: {}", mapped.join(", "))))
}
