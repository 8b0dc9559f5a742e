//! `affiant register reconcile`: the register held against an inventory of what is really there.

use crate::args::ReconcileArguments;
use crate::context::{self, Context};
use crate::output;
use crate::statements::follow;
use crate::statements::{Desk, admitted};
use crate::view;
use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::evidence::EvidenceRef;
use affiant_controls::inventory::{self, Comparison, SNAPSHOT_SIZE_MAX, compare};
use affiant_controls::register::Register;
use affiant_controls::result::{ControlResult, TimeSource};
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_ledger::blob;
use affiant_ledger::id::visible;
use affiant_server::failure::{Failure, NO, UNDETERMINED};
use affiant_server::follow::Touched;
use serde_json::json;
use std::path::Path;

/// The tests of controls that compare two lists.
const TESTS: [&str; 2] = ["inventory-diff", "reconciliation"];
/// Entries appended with one fdatasync.
const BATCH: usize = 1024;

pub(super) fn run(context: &Context, arguments: &ReconcileArguments) -> Result<u8, Failure> {
    let bytes = context::input(&arguments.snapshot, SNAPSHOT_SIZE_MAX as u64)?;
    let snapshot = inventory::read(&bytes)
        .map_err(|error| Failure::refused(format!("{}: {error}", arguments.snapshot.display())))?;
    let register = view::register_now(context, &arguments.system)?;
    let found = compare(&snapshot, register.assets());
    let entries = match arguments.record {
        true => Some(record(context, arguments, &found, &register, &bytes)?),
        false => None,
    };
    show(context, &found, entries);
    Ok(match (found.present, found.differences.is_empty()) {
        (0, _) => UNDETERMINED,
        (_, true) => 0,
        (_, false) => NO,
    })
}

/// The entry of the outcome, and how many results on single assets follow it.
#[derive(Clone, Copy)]
struct Entries {
    index: u64,
    of_assets: usize,
}

fn show(context: &Context, found: &Comparison, entries: Option<Entries>) {
    if context.json {
        let row = |it: &inventory::Difference| json!({"asset": it.id, "is": it.sort.as_str(), "detail": it.message, "place": it.place});
        output::json(&json!({
            "size": found.size, "present": found.present, "agree": found.agree,
            "index": entries.map(|it| it.index), "of_assets": entries.map(|it| it.of_assets),
            "differences": found.differences.iter().map(row).collect::<Vec<_>>(),
        }));
        return;
    }
    if !found.differences.is_empty() {
        let rows = found
            .differences
            .iter()
            .map(|it| vec![visible(&it.id), it.sort.to_string(), it.message.clone(), it.place.clone()]);
        output::table(&["asset", "is", "detail", "place"], rows);
    }
    output::line(found.summary());
    match entries {
        Some(Entries { index, of_assets: 0 }) => output::line(format!("recorded, entry {index}")),
        Some(Entries { index, of_assets }) => {
            output::line(format!("recorded, entry {index}, and behind it {of_assets} on single assets"));
        }
        None => {}
    }
}

/// Records the outcome as results of the control, with the snapshot as their evidence.
fn record(
    context: &Context,
    arguments: &ReconcileArguments,
    found: &Comparison,
    register: &Register,
    bytes: &[u8],
) -> Result<Entries, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let controls = &desk.catalogs.controls;
    let at = crate::statements::time_or(arguments.observed.as_ref(), desk.now)?;
    let source = if arguments.observed.is_some() { TimeSource::Declared } else { TimeSource::Ingest };
    let whole = found.result(arguments.control.parse().map_err(Failure::refused)?, desk.system.clone(), at);
    let of_assets = match controls.control(&arguments.control) {
        Some(control) => found.results_on(register.assets(), control, &desk.system, at),
        None => Vec::new(),
    };
    let inventory = EvidenceRef::of(bytes, &name(&arguments.snapshot), media_type(bytes));
    let gate = AdmitContext { controls, now: desk.now, assets: None };
    let mut drafts = Vec::new();
    for result in [whole].into_iter().chain(of_assets) {
        let result = ControlResult { evidence: vec![inventory.clone()], time_source: source, ..result };
        let result = admit(result, &gate).map_err(admitted)?;
        drafts.push(Statement::Result(Box::new(result)).draft("local"));
    }
    compares_lists(controls, &arguments.control)?;
    let reader = desk.ledger.reader()?;
    blob::store(reader.storage(), reader.folder(), bytes)?;
    let mut first = None;
    for batch in drafts.chunks(BATCH) {
        let appended = desk.ledger.append(batch)?;
        first = first.or_else(|| appended.first().map(|appended| appended.index));
    }
    follow(context, &mut desk.ledger, &Touched::of(&drafts), &desk.catalogs.controls)?;
    desk.ledger.close()?;
    Ok(Entries { index: first.unwrap_or_default(), of_assets: drafts.len() - 1 })
}

/// Refuses a control whose own test is not the comparison of two lists.
fn compares_lists(controls: &ControlSet, id: &str) -> Result<(), Failure> {
    let compares = |checks: &[String]| checks.iter().any(|check| TESTS.contains(&check.as_str()));
    match controls.control(id) {
        Some(control) if compares(&control.test.checks) => Ok(()),
        _ => {
            let fit: Vec<&str> = controls
                .controls()
                .filter(|it| compares(&it.test.checks))
                .map(|it| it.id.as_str())
                .take(8)
                .collect();
            Err(Failure::refused(format!("the test of `{}` does not compare two lists", visible(id)))
                .hint(format!("these do: {}, ...", fit.join(", "))))
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().map_or("inventory".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn media_type(bytes: &[u8]) -> &'static str {
    match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => "application/json",
        _ => "text/csv",
    }
}
