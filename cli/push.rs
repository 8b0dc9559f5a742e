//! `affiant push`: control results into the ledger.
//!
//! Everything is read, admitted and compared with the ledger before the first entry is written, so that a bad row
//! refuses the whole batch; then it is appended 1,024 at a time, fewer large ones, one fdatasync each.

mod admission;
mod answer;
mod collection;
mod faults;
mod ids;
mod own_rules;
mod signer;
mod source;
mod spool;

use crate::args::PushArguments;
use crate::catalogs;
use crate::context::Context;
use crate::error::{Failure, REFUSED};
use crate::register::known_system;
use affiant_controls::control::ControlId;
use affiant_controls::intake::{self, Format, ToolRules};
use affiant_controls::result::{Collector, Run};
use affiant_controls::set::ControlSet;
use affiant_controls::status::Status;
use affiant_ledger::blob;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::Timestamp;
use answer::{SHOWN_MAX, Telling};
use collection::Collection;
use own_rules::OwnRules;
use signer::Signer;
use source::Source;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Entries appended with one fdatasync.
const BATCH: usize = 1024;

pub(crate) fn run(context: &Context, arguments: Box<PushArguments>) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    let code = push(context, &mut ledger, &arguments)?;
    ledger.close()?;
    Ok(code)
}

/// Pushes into an open ledger.
pub(crate) fn push(context: &Context, ledger: &mut Ledger, arguments: &PushArguments) -> Result<u8, Failure> {
    let catalog = catalogs::controls_of(ledger)?;
    let own = OwnRules::read(arguments, &catalog)?;
    let tools = own.before(ToolRules::embedded());
    let mut intake = intake_context(context, ledger, arguments, &catalog, &tools)?;
    intake.rules_cited = own.cited();
    let shown = if arguments.is_dry() { SHOWN_MAX as usize } else { 0 };
    let signer = arguments.sign_key.as_ref().map(|path| Signer::of(context, ledger, path)).transpose()?;
    let signer = signer.map(Arc::new);
    let Some(path) = &arguments.file else {
        let mut collection = Collection::new(ledger, &intake, shown, signer)?;
        collection.document(&single(arguments)?, Format::Json)?;
        return record(context, arguments, collection, intake.name);
    };
    let mut source = Source::open(path, arguments.format.as_deref().and_then(Format::from_word))?;
    let name = source.name.clone();
    if source.format.importer().is_some() {
        context.say(format!("{name}: taken for {}", source.format.title()));
    }
    let intake = intake::Context { name: &name, ..intake };
    let mut collection = Collection::new(ledger, &intake, shown, signer)?;
    if source.format == Format::Ndjson {
        collection.lines(&mut source)?;
    } else {
        let bytes = source.document()?;
        let found = collection.document(&bytes, source.format);
        found.map_err(|failure| Failure { message: format!("{name}: {}", failure.message), ..failure })?;
        if arguments.keep_raw && !arguments.is_dry() {
            let reader = collection.ledger.reader()?;
            blob::store(reader.storage(), reader.folder(), &bytes)?;
        }
        if !arguments.is_dry() {
            own.keep(collection.ledger)?;
        }
    }
    record(context, arguments, collection, &name)
}

/// Records what was collected, all or nothing unless told otherwise.
fn record(
    context: &Context,
    arguments: &PushArguments,
    mut collection: Collection<'_>,
    name: &str,
) -> Result<u8, Failure> {
    collection.compare_within()?;
    let Collection { ledger, spool, faults, unmapped, explained, preview, repeats, signer, .. } = collection;
    faults.say(context.json);
    if faults.count() > 0 && !arguments.partial {
        let count = faults.count();
        let rows = if count == 1 { "row" } else { "rows" };
        return Err(Failure::refused(format!("{count} bad {rows}, nothing was recorded"))
            .hint("mend them, or take the good rows with --partial"));
    }
    for (rule, count) in &unmapped {
        context.say(format!("note: {count} findings under `{rule}`: no control is mapped to this rule"));
    }
    if arguments.explain {
        answer::explained(context, &explained);
    }
    let total = spool.count();
    if total == 0 {
        return Err(nothing(name, unmapped.is_empty()));
    }
    if arguments.is_dry() {
        answer::preview(context, &preview, total);
        return Ok(0);
    }
    let mut telling = Telling::new(context, arguments, total);
    let notes = telling.notes();
    let batches = spool.drain(BATCH)?.into_iter().map(|batch| {
        let mut batch = batch?;
        signer.iter().for_each(|signer| signer.sign(&mut batch));
        let told = notes(&batch);
        Ok::<_, Failure>((batch, told))
    });
    if repeats {
        for batch in batches {
            let (batch, told) = batch?;
            let appended = ledger.append(&batch)?;
            telling.batch(ledger, told, &appended)?;
        }
    } else {
        ledger.append_stream(batches, |ledger, told, appended| telling.batch(ledger, told, &appended))?;
    }
    telling.sum(ledger);
    Ok(if faults.count() > 0 { REFUSED } else { 0 })
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
    arguments: &PushArguments,
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
    let by_hand = arguments.status.is_some().then_some("manual");
    let collector = arguments.collector.as_deref().or(by_hand).map(Collector::new);
    Ok(intake::Context {
        system,
        asset: id(&arguments.asset)?,
        observed: observed.map(intake::Observed::declared),
        about: about(arguments, catalog)?,
        expected: arguments.expected.clone(),
        explain: arguments.explain,
        collector,
        run,
        ..intake::Context::new(catalog, tools, context.now())
    })
}

/// The controls that a foreign report is about.
fn about(arguments: &PushArguments, catalog: &ControlSet) -> Result<Vec<ControlId>, Failure> {
    let named = |id: &String| match catalog.control(id) {
        Some(control) => Ok(control.id.clone()),
        None => {
            let failure = Failure::refused(format!("control `{}` is in no catalog in use", visible(id)));
            Err(failure.hint("affiant catalog search finds it by words"))
        }
    };
    if arguments.file.is_none() { Ok(Vec::new()) } else { arguments.controls.iter().map(named).collect() }
}

/// A single result from flags, as the JSON a script would write.
fn single(arguments: &PushArguments) -> Result<Vec<u8>, Failure> {
    // A tool's unknown word is recorded as unknown; a person can be asked again.
    let status = arguments.status.as_deref().unwrap_or_default();
    if Status::from_word(status).is_none() {
        return Err(Failure::refused(format!("`{}` is not a status", visible(status)))
            .hint("passed, failed, needs-review, not-applicable or not-run"));
    }
    let [control] = arguments.controls.as_slice() else {
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
