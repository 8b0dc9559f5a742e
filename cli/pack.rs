//! `affiant pack`: audit packs.

mod assert;
mod countersign;
mod diff;
mod signers;

use crate::args::{BuildArguments, PackArguments, PackVerb, SealArguments};
use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use affiant_ledger::id::Id;
use affiant_reports::pack::{PACK_ENDING, Withholding};
use affiant_reports::render::{html, markdown, xlsx};
use affiant_reports::seal::{Sealer, SealerError};
use affiant_server::failure::Failure;
use affiant_server::pack_file::PackFile;
use affiant_server::packs::{Order, issued, period, rules};
use std::path::{Path, PathBuf};

/// Largest file of certificates, in bytes.
const CERTIFICATES_SIZE_MAX: u64 = 64 * 1024;

pub(crate) fn run(context: &Context, arguments: PackArguments) -> Result<u8, Failure> {
    match arguments.verb {
        PackVerb::Assert(arguments) => assert::run(context, arguments),
        PackVerb::Build(arguments) => build(context, arguments),
        PackVerb::Countersign(arguments) => countersign::run(context, &arguments),
        PackVerb::Diff { before, after, trust } => diff::run(context, &before, &after, trust.as_deref()),
    }
}

fn build(context: &Context, arguments: BuildArguments) -> Result<u8, Failure> {
    let BuildArguments { system, output, reports, as_of, over, frameworks, signers, withheld, seal } =
        arguments;
    let wanted: Vec<(PathBuf, Rendition)> =
        reports.into_iter().map(|path| rendition(&path).map(|it| (path, it))).collect::<Result<_, _>>()?;
    let system: Id = system.parse().map_err(Failure::refused)?;
    let withheld = rules(&withheld)?;
    let as_of = as_of.map(|text| text.parse().map_err(Failure::refused)).transpose()?;
    let period = over.as_deref().map(period).transpose()?;
    let path = output.unwrap_or_else(|| PathBuf::from(format!("{system}{PACK_ENDING}")));
    let mut ledger = context.open()?;
    let catalogs = catalogs::of_ledger(&mut ledger, &frameworks)?;
    let sealer = own_sealer(context, &seal)?;
    let signers = signers::read(context, &mut ledger, &signers)?;
    let tables = wanted.iter().any(|(_, rendition)| matches!(rendition, Rendition::Workbook));
    let order = Order { system: &system, as_of, period, sealer, signers, withheld, tables };
    let open_key = |path: &Path| context.passphrases.open(path);
    let file = match path.as_os_str() == "-" {
        true => PackFile::streaming(output::Stdout),
        false => PackFile::begin(&path)?,
    };
    let issued = issued(&mut ledger, &catalogs, order, &open_key, context.now(), file)?;
    let (bytes, digest) = issued.bytes.finish()?;
    for (path, rendition) in &wanted {
        match rendition {
            Rendition::Pdf => context::output(path, &issued.report)?,
            Rendition::Html => context::output(path, html::render(&issued.document).as_bytes())?,
            Rendition::Markdown => context::output(path, markdown::render(&issued.document).as_bytes())?,
            Rendition::Workbook => {
                let (title, as_of) = (&issued.document.title, issued.assessment.as_of);
                let book = xlsx::render(&issued.sheets, title, as_of).map_err(Failure::refused)?;
                context::output(path, &book)?;
            }
        }
    }
    ledger.close()?;
    let pack = &issued.assessment.pack;
    if context.json {
        let entries = issued.assessment.entries;
        output::json(&serde_json::json!({
            "pack": pack, "file": path, "bytes": bytes, "sha256": digest, "entries": entries,
            "certificate": issued.certificate, "signers": issued.assessment.keys.signers,
            "withholding": issued.assessment.withholding,
        }));
    } else if path.as_os_str() != "-" {
        output::line(format!("{pack} issued: {}, {bytes} bytes", path.display()));
        context.say("give your auditor the pack, and the output of `affiant key trust` by another way");
        for Withholding { rule, entries, files, bears } in &issued.assessment.withholding {
            let effect =
                if *bears { ": whoever verifies it is told that it is undetermined (exit 4)" } else { "" };
            context.say(format!("{rule} keeps {entries} payloads and {files} files out{effect}"));
        }
        for signer in &issued.assessment.keys.signers {
            context.say(format!("signed as {}, for the trust file: signer {}", signer.role, signer.vkey));
        }
    }
    Ok(0)
}

/// A form of the report.
#[derive(Debug, Clone, Copy)]
enum Rendition {
    Pdf,
    Html,
    Markdown,
    Workbook,
}

/// The form that a file's name asks for.
fn rendition(path: &Path) -> Result<Rendition, Failure> {
    match path.extension().and_then(|it| it.to_str()) {
        Some("pdf") => Ok(Rendition::Pdf),
        Some("html") => Ok(Rendition::Html),
        Some("md") => Ok(Rendition::Markdown),
        Some("xlsx") => Ok(Rendition::Workbook),
        _ => Err(Failure::refused(format!("{}: a report is .pdf, .html, .md or .xlsx", path.display()))),
    }
}

/// The organisation's key and certificate, if given.
fn own_sealer(context: &Context, seal: &SealArguments) -> Result<Option<Sealer>, Failure> {
    let (Some(key), Some(certificates)) = (&seal.seal_key, &seal.seal_certificate) else { return Ok(None) };
    let wrong =
        |path: &Path, error: &dyn std::fmt::Display| Failure::refused(format!("{}: {error}", path.display()));
    let der = context.passphrases.open_pkcs8(key)?;
    let text = String::from_utf8(context::input(certificates, CERTIFICATES_SIZE_MAX)?)
        .map_err(|_| wrong(certificates, &"not text"))?;
    let sealer = Sealer::new(&der, &text).map_err(|error| match error {
        SealerError::Key => wrong(key, &error),
        _ => wrong(certificates, &error),
    })?;
    Ok(Some(sealer))
}
