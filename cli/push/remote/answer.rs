//! What the service answers: believed as far as its receipts prove it.
//!
//! Each receipt must hold an entry of this token, at the index, with the leaf and in the stream that the answer states, under
//! the checkpoint that the receipt carries; with the log's keys, that checkpoint must be signed by them. What the entry says
//! is committed to behind a salt that the service keeps, and is not proven by a receipt.

use super::delivery::{Delivery, Head};
use super::service::{Service, Undone};
use super::write_receipt;
use crate::context::Context;
use crate::output;
use crate::receipt::Stated;
use affiant_ledger::digest::Digest;
use affiant_reports::trust::Trust;
use affiant_server::failure::{Failure, INTEGRITY};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Entries whose receipts stand in an answer.
const RECEIPTS_MAX: u64 = 64;
/// Entries shown one by one.
const SHOWN_MAX: usize = 20;

/// What a service says it recorded.
#[derive(Deserialize)]
struct Recorded {
    recorded: u64,
    again: u64,
    first: Option<u64>,
    last: Option<u64>,
    size: u64,
    entries: Vec<Line>,
    #[serde(default)]
    faults: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    index: u64,
    leaf: Digest,
    again: bool,
    id: Option<String>,
    system: String,
    receipt: String,
}

/// What was told of all that was delivered.
pub(super) struct Told<'a> {
    context: &'a Context,
    receipts: Option<&'a Path>,
    pieces: u64,
    recorded: u64,
    again: u64,
    verified: u64,
    range: Option<(u64, u64)>,
    size: u64,
}

impl<'a> Told<'a> {
    pub(super) fn new(context: &'a Context, receipts: Option<&'a Path>) -> Self {
        Self { context, receipts, pieces: 0, recorded: 0, again: 0, verified: 0, range: None, size: 0 }
    }

    /// Takes an answer: nothing of it is told before its receipts hold.
    pub(super) fn take(
        &mut self,
        service: &Service<'_>,
        delivery: &Delivery,
        answer: &[u8],
        trust: Option<&Trust>,
    ) -> Result<(), Undone> {
        let said = checked(service, &delivery.head, answer, trust).map_err(|failure| {
            Undone::Failed(failure.within(service.host()).hint(
                "what was pushed may be recorded or not; ask whoever runs the service before pushing it again",
            ))
        })?;
        self.pieces += 1;
        self.recorded += said.recorded;
        self.again += said.again;
        self.verified += said.entries.len() as u64;
        self.size = self.size.max(said.size);
        if let (Some(first), Some(last)) = (said.first, said.last) {
            self.range = Some((self.range.map_or(first, |(begin, _)| begin), last));
        }
        said.faults.iter().for_each(|fault| output::fault(fault, self.context.json));
        if let Some(folder) = self.receipts {
            for line in &said.entries {
                write_receipt(folder, line.index, line.receipt.as_bytes()).map_err(Undone::Failed)?;
            }
            self.fetch(service, folder, &said, trust)?;
        }
        self.show(&said);
        Ok(())
    }

    /// Fetches the receipts that stand in no answer.
    fn fetch(
        &mut self,
        service: &Service<'_>,
        folder: &Path,
        said: &Recorded,
        trust: Option<&Trust>,
    ) -> Result<(), Undone> {
        let known: BTreeSet<u64> = said.entries.iter().map(|line| line.index).collect();
        let (Some(first), Some(last)) = (said.first, said.last) else { return Ok(()) };
        if said.recorded <= RECEIPTS_MAX || last - first + 1 != said.recorded {
            return Ok(());
        }
        for index in (first..=last).filter(|index| !known.contains(index)) {
            let bytes = service.receipt(index).map_err(|undone| match undone {
                // What is recorded is not refused any more.
                Undone::Refused(failure) => Undone::Failed(failure),
                undone => undone,
            })?;
            let proven =
                proven(service, &bytes, trust).and_then(|stated| match stated.entry.index == index {
                    true => Ok(()),
                    false => Err(Failure::integrity(format!("a receipt for another entry than {index}"))),
                });
            proven.map_err(|failure| Undone::Failed(failure.within(service.host())))?;
            write_receipt(folder, index, &bytes).map_err(Undone::Failed)?;
            self.verified += 1;
        }
        Ok(())
    }

    fn show(&self, said: &Recorded) {
        if self.context.json {
            for Line { index, leaf, again, id, system, receipt } in &said.entries {
                output::json(&json!({
                    "again": again, "id": id, "index": index, "leaf": leaf, "receipt": receipt, "size": said.size,
                    "system": system,
                }));
            }
            return;
        }
        if self.pieces == 1 && said.recorded + said.again <= SHOWN_MAX as u64 {
            for line in &said.entries {
                let again = if line.again { " (recorded before)" } else { "" };
                output::line(format!("entry {} of {}{again}", line.index, line.system));
            }
        }
        if said.recorded + said.again > RECEIPTS_MAX || self.pieces > 1 {
            self.context.say(format!("{} results delivered", self.recorded + self.again));
        }
    }

    /// The failure of a piece, with what was recorded before it.
    pub(super) fn partly(&self, delivery: &Delivery, failure: Failure) -> Failure {
        let Head { name, line, .. } = &delivery.head;
        if *line > 1 {
            let before = self.recorded + self.again;
            return failure
                .within(format!("{name}, from line {line} on ({before} results before it are recorded)"));
        }
        failure
    }

    /// What was recorded and kept in all.
    pub(super) fn sum(&self, is_signed: bool, kept: u64, waiting: usize) {
        let Self { context, pieces, recorded, again, verified, range, size, .. } = self;
        let total = recorded + again;
        if context.json {
            output::json(&json!({
                "recorded": recorded, "again": again, "first": range.map(|(first, _)| first),
                "last": range.map(|(_, last)| last), "size": (*pieces > 0).then_some(size),
                "receipts": {"verified": verified, "signed": is_signed && *verified > 0},
                "spooled": kept > 0, "waiting": waiting,
            }));
        } else if *pieces > 0 {
            let entries =
                range.map_or("no new entry".to_owned(), |(first, last)| format!("entries {first} to {last}"));
            let repeats = if *again > 0 { format!(", {again} recorded before") } else { String::new() };
            output::line(format!(
                "recorded {recorded} results: {entries}{repeats}; the ledger has {size} entries"
            ));
        } else if kept == 0 && waiting == 0 {
            output::line("nothing waits");
        }
        if kept > 0 && !context.json {
            output::line(format!("kept {kept}; {waiting} in the spool wait"));
        }
        if *pieces == 0 {
            return;
        }
        let how = if is_signed { "with the log's key" } else { "against the checkpoint they carry" };
        context.say(format!("{verified} of {total} receipts verified {how}"));
        if !is_signed {
            context.say("note: the log's signature was not checked: give its keys with --trust FILE");
        }
    }
}

/// The answer, if all in it holds together.
fn checked(
    service: &Service<'_>,
    head: &Head,
    answer: &[u8],
    trust: Option<&Trust>,
) -> Result<Recorded, Failure> {
    let said: Recorded = serde_json::from_slice(answer)
        .map_err(|error| Failure::integrity(format!("the answer is not one of `affiant serve`: {error}")))?;
    let total = said.recorded.saturating_add(said.again);
    let (stated, due) = (said.entries.len() as u64, total.min(RECEIPTS_MAX));
    if stated != due || total == 0 {
        return Err(Failure::integrity(format!(
            "{total} results are said to be recorded, with {stated} receipts"
        )));
    }
    if let Some(rows) = head.rows.filter(|rows| *rows != total) {
        return Err(Failure::integrity(format!(
            "{rows} results were pushed, {total} are said to be recorded"
        )));
    }
    let mut fresh = BTreeSet::new();
    for line in &said.entries {
        let wrong = |why: &str| Failure::integrity(format!("entry {}: {why}", line.index));
        let stated = proven(service, line.receipt.as_bytes(), trust)
            .map_err(|failure| failure.within(format!("entry {}", line.index)))?;
        if stated.entry.index != line.index || stated.leaf != line.leaf {
            return Err(wrong("the receipt is for another entry"));
        }
        if stated.entry.stream.as_str() != line.system {
            return Err(wrong("the receipt is for an entry of another system"));
        }
        if head.system.as_ref().is_some_and(|system| *system != line.system) {
            return Err(wrong("it is about another system than was pushed"));
        }
        let in_range = said.first.is_some_and(|first| first <= line.index)
            && said.last.is_some_and(|last| line.index <= last);
        if !(line.again || in_range && fresh.insert(line.index)) {
            return Err(wrong("stands for two results, or outside of what was recorded"));
        }
    }
    Ok(said)
}

/// What a receipt states, if it is proven and of this token.
fn proven(service: &Service<'_>, bytes: &[u8], trust: Option<&Trust>) -> Result<Stated, Failure> {
    let stated = Stated::parse(bytes).map_err(|failure| Failure { code: INTEGRITY, ..failure })?;
    match trust {
        Some(trust) => stated.verify(trust)?,
        None => stated.verify_unsigned()?,
    };
    let entry = &stated.entry;
    if entry.kind.as_str() != "result" {
        return Err(Failure::integrity(format!("an entry of kind `{}`, not a result", entry.kind)));
    }
    if service.by().is_some_and(|by| by != entry.by) {
        return Err(Failure::integrity(format!("an entry by `{}`, not by this token", entry.by)));
    }
    Ok(stated)
}
