//! `affiant attest`: what a person states with a document.

use crate::args::AttestArguments;
use crate::context::{self, Context};
use crate::statements::{Desk, time, time_or};
use affiant_controls::attestation::Attestation;
use affiant_controls::evidence::EvidenceRef;
use affiant_controls::statement::Statement;
use affiant_ledger::blob::{self, BLOB_SIZE_MAX};
use affiant_ledger::id::{Id, visible};
use affiant_server::failure::Failure;
use affiant_server::statements::{Stated, stated};
use std::path::Path;

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
    let target = arguments.target.clone();
    if arguments.withdraw && desk.catalogs.controls.control(&target).is_some() {
        return Err(Failure::refused("a result is not withdrawn: push a newer one"));
    }
    let said = Stated {
        target,
        framework: None,
        asset,
        summary: arguments.summary.clone(),
        by: arguments.by.clone(),
        valid_until: time(arguments.valid_until.as_ref())?,
        evidence,
        at: time_or(arguments.at.as_ref(), desk.now)?,
    };
    let statement = match stated(&mut desk.ledger, &desk.catalogs, &desk.system, said, desk.now)? {
        Statement::Attestation(it) => {
            Statement::Attestation(Attestation { withdrawn: arguments.withdraw, ..it })
        }
        statement => statement,
    };
    {
        let reader = desk.ledger.reader()?;
        for (_, bytes) in &files {
            blob::store(reader.storage(), reader.folder(), bytes)?;
        }
    }
    desk.record("attestation on", &visible(&arguments.target), &[statement])
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
