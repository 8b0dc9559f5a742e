//! What a push answers: a line per entry, once it is durable and under the signed checkpoint; receipts; the sum.

use crate::args::Submission;
use crate::context::Context;
use crate::output;
use affiant_controls::intake::Explained;
use affiant_controls::result::ControlResult;
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::{Appended, Ledger};
use affiant_ledger::record::Draft;
use affiant_server::failure::Failure;
use affiant_server::submit::repeat::Repeats;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Entries shown one by one.
pub(super) const SHOWN_MAX: u64 = 20;
/// Entries whose receipts stand in the answer.
const RECEIPTS_MAX: u64 = 64;
/// Entries from which progress is shown.
const PROGRESS_MIN: u64 = 1025;

/// What is told of a draft once it is recorded.
pub(super) struct Told {
    system: Id,
    id: Option<String>,
    result: Option<Box<ControlResult>>,
    /// The entry that it repeats.
    same_as: Option<u64>,
}

/// A line of the answer in JSON.
#[derive(Serialize)]
struct Line<'a> {
    again: bool,
    id: Option<&'a str>,
    index: u64,
    leaf: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The entry in whose place the same report, or the same findings of the same time, were recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_as: Option<u64>,
    size: u64,
    system: &'a Id,
}

/// Tells of entries as they become durable.
pub(super) struct Telling<'a> {
    context: &'a Context,
    arguments: &'a Submission,
    total: u64,
    done: u64,
    again: u64,
    range: Option<(u64, u64)>,
    recorded: Arc<Repeats>,
}

impl<'a> Telling<'a> {
    /// Nothing told yet, of `total` results.
    pub(super) fn new(
        context: &'a Context,
        arguments: &'a Submission,
        total: u64,
        recorded: Repeats,
    ) -> Self {
        Self { context, arguments, total, done: 0, again: 0, range: None, recorded: Arc::new(recorded) }
    }

    /// What notes, before drafts go into the ledger, what will be told of them: as much as will, and nothing of many.
    pub(super) fn notes(&self) -> impl Fn(&[Draft]) -> Vec<Told> + use<> {
        let (json, shown, recorded) = (self.context.json, self.total <= SHOWN_MAX, self.recorded.clone());
        move |batch| {
            let of = |draft: &Draft| Told {
                system: draft.stream.clone(),
                id: draft.id.clone(),
                same_as: draft
                    .facet
                    .as_ref()
                    .and_then(|facet| recorded.get(&(draft.stream.clone(), facet.key.clone())).copied()),
                result: match Statement::from_bytes("result", &draft.statement) {
                    Ok(Some(Statement::Result(result))) if shown && !json => Some(result),
                    _ => None,
                },
            };
            if json || shown { batch.iter().map(of).collect() } else { Vec::new() }
        }
    }

    /// One line per entry, only now that it is durable and under the signed checkpoint.
    pub(super) fn batch(
        &mut self,
        ledger: &mut Ledger,
        told: Vec<Told>,
        appended: &[Appended],
    ) -> Result<(), Failure> {
        self.done += appended.len() as u64;
        self.again += appended.iter().filter(|a| a.again).count() as u64;
        for fresh in appended.iter().filter(|a| !a.again) {
            self.range = Some((self.range.map_or(fresh.index, |(first, _)| first), fresh.index));
        }
        let mut lines = Vec::new();
        for (told, a) in told.iter().zip(appended) {
            self.line(ledger, told, a, &mut lines)?;
        }
        output::bytes(&lines);
        if self.total >= PROGRESS_MIN && !self.context.quiet {
            output::progress("recorded", self.done, self.total);
        }
        match &self.arguments.receipts {
            Some(folder) => receipts(ledger, appended, folder),
            None => Ok(()),
        }
    }

    fn line(&self, ledger: &mut Ledger, told: &Told, a: &Appended, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.context.json {
            let receipt = (self.total <= RECEIPTS_MAX).then(|| ledger.receipt(a.index)).transpose()?;
            let line = Line {
                again: a.again,
                id: told.id.as_deref(),
                index: a.index,
                leaf: a.leaf,
                receipt: receipt.map(|receipt| String::from_utf8_lossy(&receipt.to_bytes()).into_owned()),
                same_as: told.same_as,
                size: ledger.size(),
                system: &told.system,
            };
            serde_json::to_writer(&mut *out, &line).map_err(Failure::io)?;
        } else if let Some(result) = &told.result {
            out.extend_from_slice(shown(result, a).as_bytes());
        } else {
            return Ok(());
        }
        out.push(b'\n');
        Ok(())
    }

    /// What was recorded in all.
    pub(super) fn sum(&self, ledger: &Ledger) {
        if self.context.json {
            return;
        }
        let entries = self
            .range
            .map_or("no new entry".to_owned(), |(first, last)| format!("entries {first} to {last}"));
        let repeats =
            if self.again > 0 { format!(", {} recorded before", self.again) } else { String::new() };
        let (fresh, size) = (self.done - self.again, ledger.size());
        output::line(format!("recorded {fresh} results: {entries}{repeats}; the ledger has {size} entries"));
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

/// Says that a report was recorded before.
pub(super) fn repeated(context: &Context, name: &str, recorded: &Repeats, total: u64) {
    if let Some(first) = recorded.values().min() {
        let count = recorded.len();
        context.say(format!(
            "note: {name}: {count} of {total} results say what was recorded before, first in entry {first}; \
             they are recorded again"
        ));
    }
}

/// Shows what becomes of each row of a foreign report, and why.
pub(super) fn explained(context: &Context, rows: &[Explained]) {
    if context.json {
        rows.iter().for_each(output::json);
        return;
    }
    let row = |row: &Explained| {
        let controls: Vec<&str> = row.controls.iter().map(|control| control.as_str()).collect();
        let status = row.status.map_or("-", |status| status.as_str());
        let said = format!("{} -> {status}", row.word);
        vec![row.pointer.clone(), row.rule.clone(), said, controls.join(", "), row.why.clone()]
    };
    output::table(&["where", "rule", "said", "controls", "why"], rows.iter().map(row));
    output::line("");
}

/// Shows what would be recorded.
pub(super) fn preview(context: &Context, results: &[ControlResult], total: u64) {
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
}

fn receipts(ledger: &mut Ledger, appended: &[Appended], folder: &Path) -> Result<(), Failure> {
    for a in appended {
        let receipt = ledger.receipt(a.index)?;
        let path = folder.join(format!("receipt-{}.tlog-proof", a.index));
        crate::context::output(&path, &receipt.to_bytes())?;
    }
    Ok(())
}
