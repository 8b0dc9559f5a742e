//! What is told of all that was delivered: a line per entry, receipts as files, the sum.

use super::anchor::Anchor;
use super::answer::{self, Line, Recorded};
use super::delivery::{Delivery, RECEIPTS_MAX};
use super::service::{Service, Undone};
use crate::context::{self, Context};
use crate::output;
use affiant_server::failure::Failure;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Entries shown one by one.
const SHOWN_MAX: u64 = 20;

/// What was told of all that was delivered.
pub(super) struct Told<'a> {
    context: &'a Context,
    receipts: Option<&'a Path>,
    pieces: u64,
    recorded: u64,
    again: u64,
    /// How many of these came out of the spool.
    flushed: u64,
    verified: u64,
    range: Option<(u64, u64)>,
    size: u64,
}

/// What is wrong with something that was delivered, and is recorded all the same.
pub(super) struct Taken {
    /// Rows that were left out.
    pub(super) faults: Vec<String>,
    /// Why receipts are missing.
    pub(super) missing: Option<Failure>,
}

impl<'a> Told<'a> {
    pub(super) fn new(context: &'a Context, receipts: Option<&'a Path>) -> Self {
        Self {
            context,
            receipts,
            pieces: 0,
            recorded: 0,
            again: 0,
            flushed: 0,
            verified: 0,
            range: None,
            size: 0,
        }
    }

    /// Takes an answer: nothing of it is told before its receipts hold.
    pub(super) fn take(
        &mut self,
        service: &Service<'_>,
        delivery: &Delivery,
        answer: &[u8],
        anchor: &mut Option<Anchor>,
        is_flushed: bool,
    ) -> Result<Taken, Undone> {
        let mut said = answer::checked(service, &delivery.head, answer, anchor)?;
        self.pieces += 1;
        self.recorded = self.recorded.saturating_add(said.recorded);
        self.again = self.again.saturating_add(said.again);
        if is_flushed {
            self.flushed = self.flushed.saturating_add(said.total());
        }
        self.verified += said.entries.len() as u64;
        self.size = self.size.max(said.size);
        if let (Some(first), Some(last)) = (said.first, said.last) {
            self.range =
                Some(self.range.map_or((first, last), |(begin, end)| (begin.min(first), end.max(last))));
        }
        let mut missing = None;
        if let Some(anchor) = anchor {
            anchor.remember(self.context, service.base());
            missing = self.receipts.and_then(|folder| self.write(service, folder, &said, anchor).err());
        }
        said.faults.iter().for_each(|fault| output::fault(fault, self.context.json));
        self.show(&said, is_flushed);
        Ok(Taken { faults: std::mem::take(&mut said.faults), missing })
    }

    /// Writes all receipts; those that do not stand in the answer are fetched.
    fn write(
        &mut self,
        service: &Service<'_>,
        folder: &Path,
        said: &Recorded,
        anchor: &Anchor,
    ) -> Result<(), Failure> {
        for line in &said.entries {
            write_receipt(folder, line.index, line.receipt.as_bytes())?;
        }
        let known: BTreeSet<u64> = said.entries.iter().map(|line| line.index).collect();
        let mut had = said.entries.len() as u64;
        let fetched = said.fresh().filter(|_| said.total() > had);
        for index in fetched.into_iter().flatten().filter(|index| !known.contains(index)) {
            let lost =
                |failure: Failure| failure.within(format!("recorded, but not the receipt of entry {index}"));
            let bytes = service.receipt(index).map_err(|undone| lost(undone.failure()))?;
            let stated =
                answer::proven(service, &bytes, anchor, true).map_err(|undone| lost(undone.failure()))?;
            if stated.entry.index != index {
                return Err(lost(Failure::integrity("it is for another entry")));
            }
            write_receipt(folder, index, &bytes)?;
            self.verified += 1;
            had += 1;
        }
        let missing = said.total() - had;
        if missing > 0 {
            let text = format!("recorded, but {missing} of {} receipts could not be had", said.total());
            return Err(Failure::io(text).hint(format!(
                "an answer carries {RECEIPTS_MAX}, and does not say where more stand that were recorded before: push these in smaller parts"
            )));
        }
        Ok(())
    }

    fn show(&self, said: &Recorded, is_flushed: bool) {
        if self.context.json {
            for Line { index, leaf, again, id, system, receipt } in &said.entries {
                output::json(&json!({
                    "again": again, "flushed": is_flushed, "id": id, "index": index, "leaf": leaf,
                    "receipt": receipt, "size": said.size, "system": system,
                }));
            }
            return;
        }
        if self.pieces == 1 && said.total() <= SHOWN_MAX {
            for line in &said.entries {
                let again = if line.again { " (recorded before)" } else { "" };
                output::line(format!("entry {} of {}{again}", line.index, line.system));
            }
        }
        if said.total() > RECEIPTS_MAX || self.pieces > 1 {
            self.context.say(format!("{} results delivered", self.total()));
        }
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
        let Self { context, pieces, recorded, again, flushed, verified, range, size, .. } = self;
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
            context
                .say(format!("{verified} of {} receipts verified with the log's keys, {how}", self.total()));
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
