//! `affiant push`: control results into the ledger.
//!
//! Everything is read, admitted and compared with the ledger before the first entry is written, so that a bad row
//! refuses the whole batch; then it is appended 1,024 at a time, one fdatasync each.

mod source;
mod spool;

use crate::args::PushArguments;
use crate::context::Context;
use crate::error::{Failure, REFUSED};
use crate::output;
use crate::register::known_system;
use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::catalog::ControlCatalog;
use affiant_controls::intake::{self, Format, IntakeError, RowError, ToolRules, ndjson};
use affiant_controls::result::{Collector, ControlResult, Run};
use affiant_controls::statement::{ORGANISATION, Statement};
use affiant_controls::status::Status;
use affiant_ledger::blob;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::{Appended, Ledger};
use affiant_ledger::record::Draft;
use affiant_ledger::time::Timestamp;
use rayon::prelude::*;
use serde_json::json;
use source::{Lines, Source};
use spool::Spool;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// Entries appended with one fdatasync.
const BATCH: usize = 1024;
/// Faults shown.
const FAULTS_SHOWN: usize = 20;
/// Entries shown one by one.
const SHOWN_MAX: u64 = 20;
/// Entries whose receipts stand in the answer.
const RECEIPTS_MAX: u64 = 64;

pub(crate) fn run(context: &Context, arguments: Box<PushArguments>) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    let code = push(context, &mut ledger, &arguments)?;
    ledger.close()?;
    Ok(code)
}

/// Pushes into an open ledger.
pub(crate) fn push(context: &Context, ledger: &mut Ledger, arguments: &PushArguments) -> Result<u8, Failure> {
    let (catalog, tools) = (ControlCatalog::embedded(), ToolRules::embedded());
    let intake = intake_context(context, ledger, arguments, &catalog, &tools)?;
    let mut collection = Collection::new(ledger, &intake)?;
    match &arguments.file {
        None => collection.document(&single(arguments)?, Format::Json)?,
        Some(path) => {
            let mut source = Source::open(path, arguments.format)?;
            let intake = intake::Context { name: &source.name.clone(), ..intake.clone() };
            collection.intake = intake.clone();
            if source.format == Format::Ndjson {
                collection.lines(&mut source)?;
            } else {
                let bytes = source.document()?;
                let found = collection.document(&bytes, source.format);
                found.map_err(|failure| Failure {
                    message: format!("{}: {}", source.name, failure.message),
                    ..failure
                })?;
                if arguments.keep_raw && !arguments.dry_run {
                    let reader = collection.ledger.reader()?;
                    blob::store(reader.storage(), reader.folder(), &bytes)?;
                }
            }
            return collection.record(context, arguments);
        }
    }
    collection.record(context, arguments)
}

fn intake_context<'a>(
    context: &Context,
    ledger: &Ledger,
    arguments: &PushArguments,
    catalog: &'a ControlCatalog,
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
    let by_hand = arguments.control.is_some().then_some("manual");
    let collector = arguments.collector.as_deref().or(by_hand).map(Collector::new);
    Ok(intake::Context {
        system,
        asset: id(&arguments.asset)?,
        observed: observed.map(|time| (time, time)),
        collector,
        run,
        ..intake::Context::new(catalog, tools, context.now())
    })
}

/// A single result from flags, as the JSON a script would write.
fn single(arguments: &PushArguments) -> Result<Vec<u8>, Failure> {
    // A tool's unknown word is recorded as unknown; a person can be asked again.
    let status = arguments.status.as_deref().unwrap_or_default();
    if Status::from_word(status).is_none() {
        return Err(Failure::refused(format!("`{}` is not a status", visible(status)))
            .hint("passed, failed, needs-review, not-applicable or not-run"));
    }
    let fields = [
        ("control", &arguments.control),
        ("status", &arguments.status),
        ("summary", &arguments.summary),
        ("id", &arguments.id),
    ];
    let row: BTreeMap<&str, &String> =
        fields.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))).collect();
    serde_json::to_vec(&row).map_err(Failure::io)
}

/// A row on its way.
enum Row {
    /// Refused, and why.
    Bad(String),
    /// Of a system whose assets are not known yet.
    Foreign(Box<ControlResult>),
    /// Admitted; with the result where it may be shown.
    Good(Option<Box<ControlResult>>, Draft),
}

/// Admits rows, on any core.
struct Admission<'a> {
    catalog: &'a ControlCatalog,
    now: Timestamp,
    systems: &'a BTreeMap<Id, BTreeSet<Id>>,
    show: bool,
}

impl Admission<'_> {
    fn row(&self, line: u64, result: Box<ControlResult>) -> Row {
        let Some(assets) = self.systems.get(&result.system) else { return Row::Foreign(result) };
        let context = AdmitContext { catalog: self.catalog, now: self.now, assets: Some(assets) };
        match admit(*result, &context) {
            Err(error) => {
                let hint = error.hint().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
                Row::Bad(format!("line {line}: {error}{hint}"))
            }
            Ok(result) => {
                let statement = Statement::Result(Box::new(result));
                let draft = statement.draft("local");
                match statement {
                    Statement::Result(result) if self.show => Row::Good(Some(result), draft),
                    _ => Row::Good(None, draft),
                }
            }
        }
    }
}

/// Results being read and admitted.
struct Collection<'a, 'b> {
    ledger: &'a mut Ledger,
    intake: intake::Context<'b>,
    spool: Spool,
    faults: Vec<String>,
    unmapped: BTreeMap<String, u64>,
    systems: BTreeMap<Id, BTreeSet<Id>>,
    /// Digest of the statement under each idempotency id of this batch.
    ids: HashMap<[u8; 16], [u8; 16]>,
    preview: Vec<ControlResult>,
    /// Whether any row repeats one of the ledger or of this batch.
    repeats: bool,
}

impl<'a, 'b> Collection<'a, 'b> {
    fn new(ledger: &'a mut Ledger, intake: &intake::Context<'b>) -> Result<Self, Failure> {
        let spool = Spool::new(ledger.reader()?.folder());
        Ok(Self {
            ledger,
            intake: intake.clone(),
            spool,
            faults: Vec::new(),
            unmapped: BTreeMap::new(),
            systems: BTreeMap::new(),
            ids: HashMap::new(),
            preview: Vec::new(),
            repeats: false,
        })
    }

    fn document(&mut self, bytes: &[u8], format: Format) -> Result<(), Failure> {
        let parsed = intake::parse_partial(bytes, format, &self.intake).map_err(refused)?;
        self.faults.extend(parsed.faults.iter().map(fault_text));
        self.unmapped = parsed.unmapped;
        let admission = self.admission();
        let rows = parsed.lines.into_par_iter().zip(parsed.results);
        let rows = rows.map(|(line, result)| (line, admission.row(line, Box::new(result)))).collect();
        self.take(rows)
    }

    fn lines(&mut self, source: &mut Source) -> Result<(), Failure> {
        let mut any = false;
        loop {
            let lines: Lines = source.lines()?;
            if lines.is_empty() {
                break;
            }
            any = true;
            let (intake, admission) = (&self.intake, self.admission());
            let row = |line: u64, bytes: &[u8]| match ndjson::line(bytes, line, intake) {
                Ok(result) => admission.row(line, Box::new(result)),
                Err(fault) => Row::Bad(fault_text(&fault)),
            };
            let rows = lines.into_par_iter().map(|(line, bytes)| (line, row(line, &bytes))).collect();
            self.take(rows)?;
        }
        if any {
            Ok(())
        } else {
            Err(Failure::refused(format!("{}: empty, there is nothing to record", source.name)))
        }
    }

    fn admission(&self) -> Admission<'_> {
        let (catalog, now, systems) = (self.intake.catalog, self.intake.now, &self.systems);
        Admission { catalog, now, systems, show: self.preview.len() < SHOWN_MAX as usize }
    }

    /// Takes rows in their order: admitted ones are compared with the ledger and queued.
    fn take(&mut self, mut rows: Vec<(u64, Row)>) -> Result<(), Failure> {
        if rows.iter().any(|(_, row)| matches!(row, Row::Foreign(_))) {
            self.know_systems(&rows)?;
            let admission = self.admission();
            let again = |(line, row)| match row {
                Row::Foreign(result) => (line, admission.row(line, result)),
                row => (line, row),
            };
            rows = rows.into_par_iter().map(again).collect();
        }
        let mut drafts = Vec::with_capacity(rows.len());
        for (line, row) in rows {
            match row {
                Row::Bad(fault) => self.faults.push(fault),
                Row::Foreign(result) => {
                    self.faults.push(format!("line {line}: system `{}` is not registered", result.system))
                }
                Row::Good(result, draft) => {
                    if let Some(fault) = self.clash_within(line, &draft) {
                        self.faults.push(fault);
                        continue;
                    }
                    if self.preview.len() < SHOWN_MAX as usize {
                        self.preview.extend(result.map(|result| *result));
                    }
                    drafts.push((line, draft));
                }
            }
        }
        self.queue(drafts)
    }

    /// An id used twice in this batch with different content.
    fn clash_within(&mut self, line: u64, draft: &Draft) -> Option<String> {
        let id = draft.id.as_deref()?;
        let half = |digest: Digest| <[u8; 16]>::try_from(&digest.0[..16]).unwrap_or_default();
        let key = half(Digest::of_parts(&[draft.stream.as_str().as_bytes(), b"\0", id.as_bytes()]));
        let content = half(Digest::of(&draft.statement));
        let first = match self.ids.entry(key) {
            Entry::Vacant(new) => *new.insert(content),
            Entry::Occupied(first) => {
                self.repeats = true;
                *first.get()
            }
        };
        (first != content).then(|| {
            format!("line {line}: id `{}` stands twice in this batch, with different content", visible(id))
        })
    }

    /// Compares drafts with the ledger and queues them.
    fn queue(&mut self, drafts: Vec<(u64, Draft)>) -> Result<(), Failure> {
        let (lines, drafts): (Vec<u64>, Vec<Draft>) = drafts.into_iter().unzip();
        if let Ok(before) = self.ledger.recorded_before(&drafts) {
            self.repeats |= before.iter().any(Option::is_some);
            return drafts.into_iter().try_for_each(|draft| self.spool.push(draft));
        }
        // Something clashes: go one by one, so that the row can be named.
        self.repeats = true;
        for (line, draft) in lines.into_iter().zip(drafts) {
            match self.ledger.recorded_before(std::slice::from_ref(&draft)).map_err(Failure::from) {
                Ok(_) => self.spool.push(draft)?,
                Err(failure) if failure.code == REFUSED => {
                    self.faults.push(format!("line {line}: {}", failure.message));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Learns the registered assets of the systems that rows are about.
    fn know_systems(&mut self, rows: &[(u64, Row)]) -> Result<(), Failure> {
        for (_, row) in rows {
            let Row::Foreign(result) = row else { continue };
            if self.systems.contains_key(&result.system) {
                continue;
            }
            known_system(self.ledger, &result.system)?;
            let mut assets: BTreeSet<Id> = BTreeSet::from([result.system.clone()]);
            assets.extend(ORGANISATION.parse::<Id>());
            for index in self.ledger.latest(&result.system, b"asset\0")? {
                let record = self.ledger.reader()?.record(index)?;
                let statement = record.statement.unwrap_or_default();
                if let Ok(Some(Statement::Asset(asset))) = Statement::from_bytes("asset", &statement) {
                    assets.insert(asset.id);
                }
            }
            self.systems.insert(result.system.clone(), assets);
        }
        Ok(())
    }

    fn record(self, context: &Context, arguments: &PushArguments) -> Result<u8, Failure> {
        for fault in self.faults.iter().take(FAULTS_SHOWN) {
            output::fault(fault, context.json);
        }
        let faults = self.faults.len();
        if faults > FAULTS_SHOWN {
            output::fault(&format!("and {} more", faults - FAULTS_SHOWN), context.json);
        }
        if faults > 0 && !arguments.partial {
            let rows = if faults == 1 { "row" } else { "rows" };
            let text = format!("{faults} bad {rows}, nothing was recorded");
            return Err(Failure::refused(text).hint("mend them, or take the good rows with --partial"));
        }
        for (rule, count) in &self.unmapped {
            context.say(format!("note: {count} findings under `{rule}`: no control is mapped to this rule"));
        }
        if self.spool.count() == 0 {
            let name = self.intake.name;
            return Err(Failure::refused(format!("{name}: nothing to record, no row could be taken")));
        }
        if arguments.dry_run {
            return preview(context, &self.preview, self.spool.count());
        }
        let total = self.spool.count();
        let mut told = Telling { context, arguments, total, done: 0, again: 0, range: None };
        let of = Told::maker(context, total);
        let batches = self.spool.drain(BATCH)?.ahead();
        if self.repeats {
            for batch in batches {
                let batch = batch?;
                let appended = self.ledger.append(&batch)?;
                told.batch(self.ledger, Told::maker(context, total)(&batch), &appended)?;
            }
        } else {
            let batches = batches.into_iter().map(|batch| {
                let batch = batch?;
                let told = of(&batch);
                Ok::<_, Failure>((batch, told))
            });
            self.ledger.append_stream(batches, |ledger, of, appended| told.batch(ledger, of, &appended))?;
        }
        let Telling { done, again, range, .. } = told;
        if !context.json {
            let entries =
                range.map_or("no new entry".to_owned(), |(first, last)| format!("entries {first} to {last}"));
            let repeats = if again > 0 { format!(", {again} recorded before") } else { String::new() };
            output::line(format!(
                "recorded {} results: {entries}{repeats}; the ledger has {} entries",
                done - again,
                self.ledger.size()
            ));
        }
        Ok(if faults > 0 { REFUSED } else { 0 })
    }
}

/// What is told of a draft once it is recorded.
struct Told {
    system: Id,
    id: Option<String>,
    result: Option<Box<ControlResult>>,
}

impl Told {
    /// Notes what will be told of a batch, as far as anything will.
    fn maker(context: &Context, total: u64) -> impl Fn(&[Draft]) -> Vec<Self> + use<> {
        let (json, shown) = (context.json, total <= SHOWN_MAX);
        move |batch| {
            let of = |draft: &Draft| Self {
                system: draft.stream.clone(),
                id: draft.id.clone(),
                result: match Statement::from_bytes("result", &draft.statement) {
                    Ok(Some(Statement::Result(result))) if shown && !json => Some(result),
                    _ => None,
                },
            };
            if json || shown { batch.iter().map(of).collect() } else { Vec::new() }
        }
    }
}

/// Tells of entries as they become durable.
struct Telling<'a> {
    context: &'a Context,
    arguments: &'a PushArguments,
    total: u64,
    done: u64,
    again: u64,
    range: Option<(u64, u64)>,
}

impl Telling<'_> {
    /// One line per entry, only now that it is durable and under the signed checkpoint.
    fn batch(&mut self, ledger: &mut Ledger, told: Vec<Told>, appended: &[Appended]) -> Result<(), Failure> {
        self.done += appended.len() as u64;
        self.again += appended.iter().filter(|a| a.again).count() as u64;
        for fresh in appended.iter().filter(|a| !a.again) {
            self.range = Some((self.range.map_or(fresh.index, |(first, _)| first), fresh.index));
        }
        let size = ledger.size();
        for (told, a) in told.into_iter().zip(appended) {
            if self.context.json {
                let mut line = json!({
                    "index": a.index, "leaf": a.leaf, "system": told.system, "id": told.id, "again": a.again, "size": size,
                });
                if self.total <= RECEIPTS_MAX {
                    let receipt = ledger.receipt(a.index)?.to_bytes();
                    line["receipt"] = json!(String::from_utf8_lossy(&receipt));
                }
                output::json(&line);
            } else if let Some(result) = told.result {
                output::line(shown(&result, a));
            }
        }
        if self.total > BATCH as u64 && !self.context.quiet {
            output::progress("recorded", self.done, self.total);
        }
        match &self.arguments.receipts {
            Some(folder) => receipts(ledger, appended, folder),
            None => Ok(()),
        }
    }
}

fn shown(result: &ControlResult, appended: &Appended) -> String {
    let asset = result.asset.as_ref().map(|asset| format!(" on {asset}")).unwrap_or_default();
    let again = if appended.again { " (recorded before)" } else { "" };
    let flags: Vec<&str> = result.flags.iter().map(String::as_str).collect();
    let flags = if flags.is_empty() { String::new() } else { format!(" [{}]", flags.join(", ")) };
    let index = appended.index;
    format!(
        "entry {index}: {} {}{asset}, by {}{flags}{again}",
        result.control, result.status, result.collector.name
    )
}

fn preview(context: &Context, results: &[ControlResult], total: u64) -> Result<u8, Failure> {
    if context.json {
        results.iter().for_each(output::json);
    } else {
        let row = |r: &ControlResult| {
            let asset = r.asset.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![r.control.to_string(), r.status.to_string(), asset, r.summary.clone()]
        };
        output::table(&["control", "status", "asset", "summary"], results.iter().map(row));
    }
    context.say(format!("{total} results would be recorded; nothing was"));
    Ok(0)
}

fn receipts(ledger: &mut Ledger, appended: &[Appended], folder: &Path) -> Result<(), Failure> {
    for a in appended {
        let receipt = ledger.receipt(a.index)?;
        let path = folder.join(format!("receipt-{}.tlog-proof", a.index));
        crate::context::output(&path, &receipt.to_bytes())?;
    }
    Ok(())
}

fn fault_text(fault: &RowError) -> String {
    match &fault.hint {
        Some(hint) => format!("{fault}\n  hint: {hint}"),
        None => fault.to_string(),
    }
}

fn refused(error: IntakeError) -> Failure {
    match &error {
        IntakeError::Faults(faults) => {
            let failure = Failure::refused(&error);
            match faults.first().and_then(|fault| fault.hint.clone()) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
        _ => Failure::refused(error),
    }
}
