//! What is told of all that was delivered: a line per entry, receipts as files, the sum.

use super::anchor::Anchor;
use super::answer::{self, Checked, Line};
use super::delivery::Delivery;
use super::service::{Service, Undone};
use crate::context::{self, Context};
use crate::http::Answered;
use crate::output;
use affiant_server::failure::Failure;
use serde_json::json;
use std::path::Path;

/// Entries shown one by one.
const SHOWN_MAX: u64 = 20;
/// Entries of an answer that are shown with their receipts.
const RECEIPTS_MAX: u64 = 64;
/// Bytes of lines that are written together.
const LINES_ROOM: usize = 64 << 10;

/// What was told of all that was delivered.
pub(super) struct Told<'a> {
    context: &'a Context,
    receipts: Option<&'a Path>,
    pieces: u64,
    recorded: u64,
    again: u64,
    /// How many of these came out of the spool.
    flushed: u64,
    range: Option<(u64, u64)>,
    size: u64,
}

/// What is wrong with something that was delivered, and is recorded all the same.
pub(super) struct Taken {
    /// Rows that were left out.
    pub(super) faults: Vec<String>,
    /// Why receipts were not written, or entries not told.
    pub(super) missing: Option<Failure>,
}

impl<'a> Told<'a> {
    pub(super) fn new(context: &'a Context, receipts: Option<&'a Path>) -> Self {
        Self { context, receipts, pieces: 0, recorded: 0, again: 0, flushed: 0, range: None, size: 0 }
    }

    /// Takes an answer: nothing of it is told before its receipts hold.
    pub(super) fn take(
        &mut self,
        service: &Service<'_>,
        delivery: &Delivery,
        answered: Answered,
        anchor: &mut Option<Anchor>,
        is_flushed: bool,
    ) -> Result<Taken, Undone> {
        let mut checked = answer::checked(service, &delivery.head, answered, anchor)?;
        let said = &checked.said;
        let total = said.total();
        self.pieces += 1;
        self.recorded = self.recorded.saturating_add(said.recorded);
        self.again = self.again.saturating_add(said.again);
        if is_flushed {
            self.flushed = self.flushed.saturating_add(total);
        }
        self.size = self.size.max(said.size);
        if let (Some(first), Some(last)) = (said.first, said.last) {
            self.range =
                Some(self.range.map_or((first, last), |(begin, end)| (begin.min(first), end.max(last))));
        }
        if let Some(anchor) = anchor {
            anchor.remember(self.context, service.base());
        }
        said.faults.iter().for_each(|fault| output::fault(fault, self.context.json));
        let written = self.receipts.map_or(Ok(()), |folder| {
            checked.each(|_, line| write_receipt(folder, line.index, line.receipt.as_bytes()))
        });
        let missing = written.and(self.show(&mut checked, is_flushed)).err();
        Ok(Taken { faults: checked.said.faults, missing })
    }

    fn show(&self, checked: &mut Checked, is_flushed: bool) -> Result<(), Failure> {
        let total = checked.said.total();
        if self.context.json {
            let mut lines = Vec::new();
            checked.each(|said, line| {
                let Line { index, leaf, again, id, system, receipt } = line;
                let mut shown = json!({
                    "again": again, "flushed": is_flushed, "id": id, "index": index, "leaf": leaf,
                    "size": said.size, "system": system,
                });
                if total <= RECEIPTS_MAX {
                    shown["receipt"] = receipt.into();
                }
                serde_json::to_writer(&mut lines, &shown).map_err(Failure::io)?;
                lines.push(b'\n');
                if lines.len() > LINES_ROOM {
                    output::bytes(&lines);
                    lines.clear();
                }
                Ok(())
            })?;
            output::bytes(&lines);
            return Ok(());
        }
        if self.pieces == 1 && total <= SHOWN_MAX {
            checked.each(|_, line| {
                let again = if line.again { " (recorded before)" } else { "" };
                output::line(format!("entry {} of {}{again}", line.index, line.system));
                Ok(())
            })?;
        }
        if total > RECEIPTS_MAX || self.pieces > 1 {
            self.context.say(format!("{} results delivered", self.total()));
        }
        Ok(())
    }

    fn total(&self) -> u64 {
        self.recorded.saturating_add(self.again)
    }

    /// Whether anything was delivered.
    pub(super) fn is_any(&self) -> bool {
        self.pieces > 0
    }

    /// Results of this push, without those that waited.
    pub(super) fn own(&self) -> u64 {
        self.total().saturating_sub(self.flushed)
    }

    /// What was recorded and kept in all.
    pub(super) fn sum(&self, anchor: Option<&Anchor>, kept: u64, waiting: usize) {
        let Self { context, pieces, recorded, again, flushed, range, size, .. } = self;
        let verified = self.total();
        if context.json {
            output::json(&json!({
                "recorded": recorded, "again": again, "flushed": flushed,
                "first": range.map(|(first, _)| first), "last": range.map(|(_, last)| last),
                "size": (*pieces > 0).then_some(size),
                "receipts": {"verified": verified, "keys": anchor.map(Anchor::word)},
                "spooled": kept > 0, "waiting": waiting,
            }));
            return;
        }
        if *pieces > 0 {
            let entries =
                range.map_or("no new entry".to_owned(), |(first, last)| format!("entries {first} to {last}"));
            let repeats = if *again > 0 { format!(", {again} recorded before") } else { String::new() };
            let spool = if *flushed > 0 { format!(", {flushed} out of the spool") } else { String::new() };
            output::line(format!(
                "recorded {recorded} results: {entries}{repeats}{spool}; the ledger has {size} entries"
            ));
            let how = anchor.map_or("", |anchor| anchor.word());
            context.say(format!("{verified} of {verified} receipts verified with the log's keys, {how}"));
        } else if kept == 0 && waiting == 0 {
            output::line("nothing waits");
        }
        if kept > 0 {
            output::line(format!("kept {kept}; {waiting} in the spool wait"));
        }
    }
}

/// Where an entry's receipt is written.
fn write_receipt(folder: &Path, index: u64, receipt: &[u8]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    context::output(&folder.join(format!("receipt-{index}.tlog-proof")), receipt)
}
