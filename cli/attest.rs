//! `affiant attest`: what a person states with a document.

use crate::args::AttestArguments;
use crate::context::{self, Context};
use crate::statements::{Desk, admitted, time, time_or};
use affiant_controls::admit::{AdmitContext, admit, admit_attestation};
use affiant_controls::attestation::Attestation;
use affiant_controls::evidence::EvidenceRef;
use affiant_controls::result::{Collector, ControlResult, Method, Source, TimeSource};
use affiant_controls::statement::Statement;
use affiant_controls::status::Status;
use affiant_ledger::blob::{self, BLOB_SIZE_MAX};
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Period;
use affiant_server::failure::Failure;
use std::path::Path;

/// The collector's name of an attestation on a control.
const COLLECTOR: &str = "attestation";

pub(crate) fn run(context: &Context, arguments: AttestArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let mut files = Vec::new();
    for path in &arguments.files {
        let bytes = context::input(path, BLOB_SIZE_MAX)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push((EvidenceRef::of(&bytes, &name, media_type(path)), bytes));
    }
    let evidence: Vec<EvidenceRef> = files.iter().map(|(file, _)| file.clone()).collect();
    let asset: Option<Id> =
        arguments.asset.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?;
    desk.known_assets(&asset)?;
    let statement = match desk.catalogs.controls.control(&arguments.target) {
        Some(_) if arguments.withdraw => {
            return Err(Failure::refused("a result is not withdrawn: push a newer one"));
        }
        Some(_) => on_control(&desk, &arguments, evidence)?,
        None => on_requirement(&desk, &arguments, evidence)?,
    };
    {
        let reader = desk.ledger.reader()?;
        for (_, bytes) in &files {
            blob::store(reader.storage(), reader.folder(), bytes)?;
        }
    }
    desk.record("attestation on", &visible(&arguments.target), &[statement])
}

fn on_control(
    desk: &Desk<'_>,
    arguments: &AttestArguments,
    evidence: Vec<EvidenceRef>,
) -> Result<Statement, Failure> {
    let at = time_or(arguments.at.as_ref(), desk.now)?;
    let control = arguments.target.parse().map_err(Failure::refused)?;
    let result = ControlResult {
        asset: arguments.asset.as_ref().map(|id| id.parse::<Id>().map_err(Failure::refused)).transpose()?,
        method: Method::Examine,
        source: Some(Source { query: None, system: None, account: Some(arguments.by.clone()) }),
        evidence,
        time_source: TimeSource::Declared,
        valid_until: time(arguments.valid_until.as_ref())?,
        ..ControlResult::new(
            control,
            desk.system.clone(),
            Status::Passed,
            at,
            Collector::new(COLLECTOR),
            arguments.summary.clone(),
        )
    };
    let gate = AdmitContext { controls: &desk.catalogs.controls, now: desk.now, assets: None };
    Ok(Statement::Result(Box::new(admit(result, &gate).map_err(admitted)?)))
}

fn on_requirement(
    desk: &Desk<'_>,
    arguments: &AttestArguments,
    evidence: Vec<EvidenceRef>,
) -> Result<Statement, Failure> {
    let (framework, row) = desk.requirement(&arguments.target)?;
    let mapped = desk.controls_for(framework, row);
    if !mapped.is_empty() {
        let text = format!("{} is shown by its controls, not by an attestation", row.citation);
        return Err(Failure::refused(text).hint(format!("attest one of them: {}", mapped.join(", "))));
    }
    if arguments.asset.is_some() {
        return Err(Failure::refused("--asset goes with a control"));
    }
    let at = time_or(arguments.at.as_ref(), desk.now)?;
    let attestation = Attestation {
        at,
        by: arguments.by.clone(),
        system: desk.system.clone(),
        summary: arguments.summary.clone(),
        evidence,
        framework: framework.id.clone(),
        withdrawn: arguments.withdraw,
        requirement: row.id.clone(),
        valid_until: time_or(arguments.valid_until.as_ref(), at.plus(Period::days(365)))?,
    };
    Ok(Statement::Attestation(admit_attestation(attestation, desk.now).map_err(admitted)?))
}

/// The media type that the ending of a file name stands for.
fn media_type(path: &Path) -> &'static str {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("html") => "text/html",
        Some("png") => "image/png",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => "application/octet-stream",
    }
}
