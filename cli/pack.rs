//! `affiant pack`: audit packs.

mod assert;
mod countersign;
mod diff;
mod signers;

use crate::args::{BuildArguments, PackArguments, PackVerb, SealArguments};
use crate::catalogs;
use crate::context::{self, Context};
use crate::error::Failure;
use crate::key::named;
use crate::output;
use crate::register::known_system;
use crate::statements::span;
use affiant_controls::issued::{PackIssued, PackPeriod};
use affiant_controls::statement::Statement;
use affiant_controls::withhold::{RULES_MAX, WithholdRule};
use affiant_frameworks::period::PERIOD_DAYS_MAX;
use affiant_ledger::blob;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::keyring::{Holder, KEY_STREAM};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::{Catalogs, statement};
use affiant_reports::issue::{IssuedPack, Issuer, PackSource, PackedEntry, Signer, issue, records};
use affiant_reports::pack::{PACK_ENDING, Withholding};
use affiant_reports::render::{html, markdown, pdf, xlsx};
use affiant_reports::seal::{Sealer, SealerError};
use std::collections::{BTreeMap, BTreeSet};
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
    let issued = issued(context, &mut ledger, &catalogs, order)?;
    context::output(&path, &issued.bytes)?;
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
    let (pack, bytes) = (&issued.assessment.pack, issued.bytes.len());
    if context.json {
        let digest = Digest::of(&issued.bytes);
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

/// What pack is asked for.
struct Order<'a> {
    system: &'a Id,
    as_of: Option<Timestamp>,
    period: Option<PackPeriod>,
    sealer: Option<Sealer>,
    signers: Vec<Signer>,
    withheld: BTreeSet<WithholdRule>,
    /// Whether the report's tables are wanted as rows too.
    tables: bool,
}

/// Issues a pack: records that it is issued, then builds it from the stream up to that entry.
fn issued(
    context: &Context,
    ledger: &mut Ledger,
    catalogs: &Catalogs,
    order: Order<'_>,
) -> Result<IssuedPack, Failure> {
    let Order { system, as_of, period, sealer, signers, withheld, tables } = order;
    known_system(ledger, system)?;
    let settings = ledger.reader()?.settings().clone();
    let open_key = |path: &Path| context.passphrases.open(path);
    let key = ledger.issuer_key(&open_key)?;
    let name = named(ledger.keyring(), &Holder::Issuer, &key)?.name().clone();
    let now = context.now();
    let sealer = match sealer {
        Some(sealer) if sealer.is_valid_at(now) => sealer,
        Some(_) => {
            return Err(Failure::refused(format!("the certificate of the seal is not valid at {now}")));
        }
        None => Sealer::of_issuer(&key, name.as_str(), issuing_since(ledger)?),
    };
    let issuer = Issuer { name, key, sealer: Some(sealer), signers };
    let named = issuer.named_signers().map_err(Failure::refused)?;
    let as_of = period.map(|period| period.last()).or(as_of).unwrap_or(now);
    let end = period.map_or(as_of, |period| period.to);
    if end > now {
        return Err(Failure::refused(format!("{end} lies in the future")));
    }
    refuse_before_registration(ledger, system, as_of)?;
    catalogs::pin(ledger, system, catalogs)?;
    let head = ledger.head(system).ok_or_else(|| Failure::io("a registered system has entries"))?;
    let told =
        Digest::of_parts(&[settings.origin.as_bytes(), head.leaf.as_bytes(), as_of.to_string().as_bytes()]);
    let keys = ledger.head(&org()).map(|head| head.leaf);
    let statement = PackIssued {
        id: format!("pack-{}", &told.to_string()[..16]).parse().map_err(Failure::io)?,
        head: head.leaf,
        keys,
        last: head.n - 1,
        as_of,
        first: 0,
        issuer: issuer.name.to_string(),
        period,
        system: system.clone(),
        signers: named,
        withheld,
        frameworks: catalogs.frameworks.iter().map(|framework| framework.id.to_string()).collect(),
        certificate: issuer.sealer.as_ref().map(Sealer::certificate),
    };
    ledger.append(&[Statement::Pack(statement).draft("local")])?;
    let source = PackSource { tables, ..source(ledger, system)? };
    let render = |document: &_| pdf::render(document).map_err(|error| error.to_string());
    issue(&source, catalogs, &issuer, &render).map_err(Failure::io)
}

/// The period to judge.
fn period(text: &str) -> Result<PackPeriod, Failure> {
    let (from, to) = span(text)?;
    if from >= to {
        return Err(Failure::refused(format!("the period from {from} to {to} is empty")));
    }
    if to.days_since(from) > PERIOD_DAYS_MAX {
        return Err(Failure::refused(format!("a pack is about {PERIOD_DAYS_MAX} days at most")));
    }
    Ok(PackPeriod { to, from })
}

/// The rules by which something is kept out.
fn rules(words: &[String]) -> Result<BTreeSet<WithholdRule>, Failure> {
    if words.len() > RULES_MAX {
        return Err(Failure::refused(format!(
            "{} rules to withhold by, the limit is {RULES_MAX}",
            words.len()
        )));
    }
    words.iter().map(|word| word.parse().map_err(Failure::refused)).collect()
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

/// When the issuer's key in force began to count.
fn issuing_since(ledger: &mut Ledger) -> Result<Timestamp, Failure> {
    let from = ledger.keyring().tenures(&Holder::Issuer).last().map_or(0, |tenure| tenure.from);
    Ok(ledger.reader()?.record(from)?.entry.time)
}

/// A stream begins with the system's registration, unless that was erased: nothing can be said of an earlier time, and nothing
/// is recorded.
fn refuse_before_registration(ledger: &mut Ledger, system: &Id, as_of: Timestamp) -> Result<(), Failure> {
    for index in ledger.positions(system, 0)? {
        let record = ledger.reader()?.record(index)?;
        if record.entry.kind != *"system" || record.statement.is_none() {
            continue;
        }
        let registered = record.entry.time;
        if registered > as_of {
            let text = format!("`{system}` was registered at {registered}, after {as_of}");
            return Err(Failure::refused(text));
        }
        return Ok(());
    }
    let hint = "register it again with affiant register system";
    Err(Failure::refused(format!("the registration of `{system}` was erased")).hint(hint))
}

/// The stream in which keys are enrolled and revoked.
fn org() -> Id {
    KEY_STREAM.parse().unwrap_or_else(|error| panic!("the organisation's name is an identifier: {error}"))
}

fn source(ledger: &mut Ledger, system: &Id) -> Result<PackSource, Failure> {
    let positions = ledger.positions(system, 0)?;
    let of_keys = ledger.positions(&org(), 0)?;
    let log_key = ledger.log_verifier().clone();
    let reader = ledger.reader()?;
    let packed = |index| -> Result<PackedEntry, Failure> {
        Ok(PackedEntry { index, entry: reader.entry_bytes(index)?, payload: reader.payload_bytes(index)? })
    };
    let entries = positions.into_iter().map(packed).collect::<Result<Vec<_>, _>>()?;
    let keys = of_keys.into_iter().map(packed).collect::<Result<Vec<_>, _>>()?;
    let mut evidence = BTreeMap::new();
    for record in records(&entries)? {
        let Some(said) = statement(&record).map_err(Failure::integrity)? else { continue };
        for file in said.evidence() {
            if let Some(bytes) = blob::read(reader.storage(), reader.folder(), &file.sha256)? {
                evidence.insert(file.sha256, bytes);
            }
        }
    }
    let leaves = reader.leaves(reader.size())?;
    Ok(PackSource {
        entries,
        keys,
        checkpoint: reader.note().to_vec(),
        leaves,
        evidence,
        log_key,
        tables: false,
    })
}
