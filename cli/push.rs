//! `affiant push`: control results into the ledger.
//!
//! Everything is read, admitted and compared with the ledger before the first entry is written, so that a bad row
//! refuses the whole batch; then it is appended 1,024 at a time, fewer large ones, one fdatasync each.

mod answer;
mod own_rules;
#[cfg(feature = "client")]
mod remote;

use crate::args::{PushArguments, Submission};
use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use crate::statements::follow;
use affiant_controls::control::ControlId;
use affiant_controls::intake::{self, Format, ToolRules, Withheld};
use affiant_controls::result::{Collector, Run, Subject};
use affiant_controls::set::ControlSet;
use affiant_controls::status::Status;
use affiant_ledger::blob::{self, BLOB_SIZE_MAX};
use affiant_ledger::digest::Digest;
use affiant_ledger::files;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::key::VerifyingKey;
use affiant_ledger::ledger::Ledger;
use affiant_ledger::salting::Salting;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::{Failure, REFUSED};
use affiant_server::submit::collection::Collection;
use affiant_server::submit::faults::Faults;
pub(crate) use affiant_server::submit::source::Source;
use affiant_server::submit::submitter::Submitter;
use affiant_server::systems::known_system;
use answer::{SHOWN_MAX, Telling};
use own_rules::{CitedFile, Explaining};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest file of a public key, in bytes.
const PUBLIC_KEY_SIZE_MAX: u64 = 64 << 10;

pub(crate) fn run(context: &Context, arguments: Box<PushArguments>) -> Result<u8, Failure> {
    #[cfg(feature = "client")]
    if let Some(address) = &arguments.remote.to {
        return remote::run(context, &arguments, address);
    }
    let mut ledger = context.open()?;
    let code = push(context, &mut ledger, &arguments)?;
    ledger.close()?;
    Ok(code)
}

fn push(context: &Context, ledger: &mut Ledger, arguments: &PushArguments) -> Result<u8, Failure> {
    match &arguments.file {
        None => single(context, ledger, arguments),
        Some(path) => {
            let source = Source::open(path, format(&arguments.submission))?;
            submit(context, ledger, &arguments.submission, source, Witnessed::default())
        }
    }
}

/// What a wrapper saw of the run behind a report.
#[derive(Default)]
pub(crate) struct Witnessed {
    pub(crate) observed: Option<intake::Observed>,
    pub(crate) exit: Option<intake::Exit>,
    pub(crate) subject: Option<Subject>,
    pub(crate) tool_version: Option<String>,
    pub(crate) config: Option<Digest>,
    /// Files of the run, to be cited and kept.
    pub(crate) files: Vec<CitedFile>,
}

/// Pushes a report or a file of results into an open ledger.
pub(crate) fn submit(
    context: &Context,
    ledger: &mut Ledger,
    submission: &Submission,
    mut source: Source,
    witnessed: Witnessed,
) -> Result<u8, Failure> {
    let catalog = catalogs::controls_of(ledger)?;
    let Explaining { tools, map, mut files } = own_rules::read(submission, &catalog)?;
    files.extend(witnessed.files);
    let name = source.name.clone();
    let said = intake_context(context, ledger, submission, &catalog, &tools)?;
    let salting = Salting::of(ledger.reader()?.folder())?;
    let intake = intake::Context {
        salting: source.format.importer().map(|_| &salting),
        reveal: submission.withheld.is_some(),
        about: about(submission, &catalog)?,
        map: map.as_ref(),
        observed: said.observed.or(witnessed.observed),
        exit: witnessed.exit,
        subject: witnessed.subject,
        tool_version: witnessed.tool_version,
        config: witnessed.config,
        cited: files.iter().map(|(cited, _)| cited.clone()).collect(),
        name: &name,
        ..said
    };
    match &intake.map {
        Some(map) => context.say(format!("{name}: read as the mapping of {} says", map.tool())),
        None if source.format.importer().is_some() => {
            context.say(format!("{name}: taken for {}", source.format.title()));
        }
        None => {}
    }
    if submission.part.is_some() && source.format.importer().is_none() {
        let failure = Failure::refused(format!("{name}: its rows name their collectors, --part names none"));
        return Err(failure.hint("write the part into the collector's name, such as `inspect/refusal`"));
    }
    let mut kept: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
    let mut collection = collection(context, ledger, submission, &intake)?;
    if source.format == Format::Ndjson {
        collection.lines(&mut source)?;
    } else {
        collection.document(&mut source)?;
        if submission.keep_raw && !submission.is_dry() {
            kept.push(source.whole(BLOB_SIZE_MAX)?);
        }
    }
    if !submission.is_dry() {
        let reader = collection.ledger.reader()?;
        for bytes in &kept {
            blob::store(reader.storage(), reader.folder(), bytes)?;
        }
    }
    let withheld = std::mem::take(&mut collection.withheld);
    let code = record(context, submission, collection, &catalog, &name)?;
    if let Some(path) = &submission.withheld {
        give_out(path, &withheld)?;
    }
    Ok(code)
}

/// Writes what was kept out of checks, for whoever pushed it alone to read.
fn give_out(path: &Path, withheld: &[Withheld]) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for withheld in withheld {
        serde_json::to_writer(&mut lines, withheld).map_err(Failure::io)?;
        lines.push(b'\n');
    }
    if path == Path::new("-") {
        return context::output(path, &lines);
    }
    files::write_privately(path, &lines).map_err(|error| {
        Failure::io(error)
            .hint("the results are recorded; push the same with --dry-run to have it written again")
    })
}

/// Whether what is said beside a report can be taken; asked before a tool is run for hours.
pub(crate) fn admissible(context: &Context, submission: &Submission) -> Result<(), Failure> {
    let mut ledger = context.open()?;
    let catalog = catalogs::controls_of(&mut ledger)?;
    let explaining = own_rules::read(submission, &catalog)?;
    intake_context(context, &ledger, submission, &catalog, &explaining.tools)?;
    about(submission, &catalog)?;
    ledger.close().map_err(Failure::from)
}

fn collection<'a>(
    context: &Context,
    ledger: &'a mut Ledger,
    submission: &Submission,
    intake: &'a intake::Context<'a>,
) -> Result<Collection<'a>, Failure> {
    let shown = if submission.is_dry() { SHOWN_MAX as usize } else { 0 };
    let signer =
        submission.sign_key.as_ref().map(|path| context.signer(ledger, path, "result")).transpose()?;
    let findings = !submission.no_findings && !submission.is_dry();
    Collection::new(ledger, intake, shown, Submitter::local(signer), findings)
}

/// The format that was named.
pub(crate) fn format(submission: &Submission) -> Option<Format> {
    if submission.map.is_some() {
        return Some(Format::Mapped);
    }
    submission.format.as_deref().and_then(Format::from_word)
}

/// Pushes a single result, said in flags.
fn single(context: &Context, ledger: &mut Ledger, arguments: &PushArguments) -> Result<u8, Failure> {
    let (catalog, submission) = (catalogs::controls_of(ledger)?, &arguments.submission);
    let said = intake_context(context, ledger, submission, &catalog, &[])?;
    let collector = said.collector.clone().or_else(|| Some(Collector::new("manual")));
    let intake = intake::Context { collector, ..said };
    let mut collection = collection(context, ledger, submission, &intake)?;
    collection.document(&mut Source::of(row_of(arguments)?, Format::Json))?;
    record(context, submission, collection, &catalog, intake.name)
}

/// Records what was collected, all or nothing unless told otherwise.
fn record(
    context: &Context,
    arguments: &Submission,
    mut collection: Collection<'_>,
    controls: &ControlSet,
    name: &str,
) -> Result<u8, Failure> {
    collection.compare_within()?;
    say_faults(&collection.faults, context.json);
    let count = collection.faults.count();
    if count > 0 && !arguments.partial {
        let rows = if count == 1 { "row" } else { "rows" };
        return Err(Failure::refused(format!("{count} bad {rows}, nothing was recorded"))
            .hint("mend them, or take the good rows with --partial"));
    }
    for (rule, count) in &collection.unmapped {
        context.say(format!("note: {count} findings under `{rule}`: no control is mapped to this rule"));
    }
    if arguments.explain {
        answer::explained(context, &collection.explained);
    }
    let total = collection.count();
    if total == 0 {
        return Err(nothing(name, collection.unmapped.is_empty()));
    }
    let intake = collection.intake;
    if let Some(salting) = intake.salting.filter(|_| intake.reveal || !arguments.is_dry()) {
        salting.keep(collection.ledger.reader()?.folder())?;
    }
    if arguments.is_dry() {
        answer::preview(context, &collection.preview, total);
        return Ok(0);
    }
    let recorded = std::mem::take(&mut collection.recorded);
    answer::repeated(context, name, &recorded, total);
    let mut telling = Telling::new(context, arguments, total, recorded);
    let (ledger, touched) = collection
        .append(telling.notes(), |ledger, told, appended| telling.batch(ledger, told, &appended))?;
    telling.sum(ledger);
    // Only now: what is told is recorded, whatever becomes of the findings.
    follow(context, ledger, &touched, controls)?;
    Ok(if count > 0 { REFUSED } else { 0 })
}

/// Says what is wrong with rows.
fn say_faults(faults: &Faults, as_json: bool) {
    let (first, more) = faults.told();
    first.for_each(|text| output::fault(text, as_json));
    if more > 0 {
        output::fault(&format!("and {more} more"), as_json);
    }
}

fn nothing(name: &str, all_mapped: bool) -> Failure {
    let failure = Failure::refused(format!("{name}: nothing to record, no row could be taken"));
    if all_mapped {
        failure
    } else {
        failure.hint("say what the report is about with --control ID, or map its rules with --rules FILE")
    }
}

fn intake_context<'a>(
    context: &Context,
    ledger: &Ledger,
    arguments: &Submission,
    catalog: &'a ControlSet,
    tools: &'a [ToolRules],
) -> Result<intake::Context<'a>, Failure> {
    let id = |text: &Option<String>| {
        text.as_ref().map(|text| text.parse::<Id>().map_err(Failure::refused)).transpose()
    };
    let system = id(&arguments.system)?;
    if let Some(system) = &system {
        known_system(ledger, system)?;
    }
    let observed: Option<Timestamp> =
        arguments.observed.as_ref().map(|text| text.parse().map_err(Failure::refused)).transpose()?;
    let run = arguments.examined.map(|examined| Run {
        examined,
        skipped: arguments.skipped,
        errors: arguments.errors,
        complete: arguments.errors == 0,
        exit_code: None,
    });
    Ok(intake::Context {
        system,
        asset: id(&arguments.asset)?,
        observed: observed.map(intake::Observed::declared),
        expected: arguments.expected.clone(),
        trusted: arguments.signers.iter().map(|path| signer_in(path)).collect::<Result<_, _>>()?,
        explain: arguments.explain,
        collector: arguments.collector.as_deref().map(Collector::new),
        part: arguments.part.clone(),
        run,
        ..intake::Context::new(catalog, tools, context.now())
    })
}

/// The public key in a file.
fn signer_in(path: &Path) -> Result<VerifyingKey, Failure> {
    let refused = |why: String| Failure::refused(format!("{}: {why}", path.display()));
    let bytes = context::input(path, PUBLIC_KEY_SIZE_MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| refused("the bytes are not UTF-8".to_owned()))?;
    VerifyingKey::from_pem(text).map_err(|error| {
        refused(error.to_string()).hint("a public key of Ed25519 in PEM, as `openssl pkey -pubout` writes it")
    })
}

/// The controls that a foreign report is about.
fn about(arguments: &Submission, catalog: &ControlSet) -> Result<Vec<ControlId>, Failure> {
    let named = |id: &String| match catalog.control(id) {
        Some(control) => Ok(control.id.clone()),
        None => {
            let failure = Failure::refused(format!("control `{}` is in no catalog in use", visible(id)));
            Err(failure.hint("affiant catalog search finds it by words"))
        }
    };
    arguments.controls.iter().map(named).collect()
}

/// A single result from flags, as the JSON a script would write.
fn row_of(arguments: &PushArguments) -> Result<Vec<u8>, Failure> {
    // A tool's unknown word is recorded as unknown; a person can be asked again.
    let status = arguments.status.as_deref().unwrap_or_default();
    if Status::from_word(status).is_none() {
        return Err(Failure::refused(format!("`{}` is not a status", visible(status)))
            .hint("passed, failed, needs-review, not-applicable or not-run"));
    }
    let [control] = arguments.submission.controls.as_slice() else {
        return Err(Failure::refused("a single result is about one control").hint("push one after the other"));
    };
    let control = Some(control.clone());
    let fields = [
        ("control", &control),
        ("status", &arguments.status),
        ("summary", &arguments.summary),
        ("id", &arguments.id),
    ];
    let row: BTreeMap<&str, &String> =
        fields.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))).collect();
    serde_json::to_vec(&row).map_err(Failure::io)
}
