//! What the service answers: believed as far as its receipts prove it.
//!
//! Each receipt must hold an entry at the index, with the leaf and in the stream that the answer states, by this token where
//! it is new, under a checkpoint that the log signed. Every row must be answered, by a receipt of its own as far as that can
//! be told. What the entry says is committed to behind a salt that the service keeps, and is not proven by a receipt.

use super::anchor::{self, Anchor};
use super::delivery::{Head, RECEIPTS_MAX};
use super::service::{Service, Undone};
use crate::receipt::Stated;
use affiant_ledger::digest::Digest;
use affiant_server::failure::{Failure, INTEGRITY};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What a service says it recorded.
#[derive(Deserialize)]
pub(super) struct Recorded {
    pub(super) recorded: u64,
    pub(super) again: u64,
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    pub(super) size: u64,
    pub(super) entries: Vec<Line>,
    #[serde(default)]
    pub(super) faults: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) index: u64,
    pub(super) leaf: Digest,
    pub(super) again: bool,
    pub(super) id: Option<String>,
    pub(super) system: String,
    pub(super) receipt: String,
}

impl Recorded {
    /// Results that are recorded.
    pub(super) fn total(&self) -> u64 {
        self.recorded.saturating_add(self.again)
    }

    /// The indices of all that is new, where nothing of others stands between.
    pub(super) fn fresh(&self) -> Option<impl Iterator<Item = u64> + use<>> {
        let (first, last) = self.first.zip(self.last)?;
        (last.checked_sub(first)?.checked_add(1)? == self.recorded).then_some(first..=last)
    }
}

/// The answer, if all in it holds together; with keys of the log, which are asked for when there are none.
pub(super) fn checked(
    service: &Service<'_>,
    head: &Head,
    answer: &[u8],
    anchor: &mut Option<Anchor>,
) -> Result<Recorded, Undone> {
    let said = read(head, answer).map_err(|failure| doubt(service, failure))?;
    let anchor = match anchor {
        Some(anchor) => anchor,
        none => none.insert(named(service)?),
    };
    let mut own = BTreeSet::new();
    for line in &said.entries {
        let stated = proven(service, line.receipt.as_bytes(), anchor, !line.again)
            .map_err(|undone| undone.within(format!("entry {}", line.index)))?;
        held(head, &said, line, &stated).map_err(|failure| doubt(service, failure))?;
        if !line.again && !own.insert(line.index) {
            let failure = Failure::integrity(format!("entry {}: stands for two results", line.index));
            return Err(doubt(service, failure));
        }
    }
    Ok(said)
}

/// The answer, if its numbers agree with one another and with what was sent.
fn read(head: &Head, answer: &[u8]) -> Result<Recorded, Failure> {
    let said: Recorded = serde_json::from_slice(answer)
        .map_err(|error| Failure::integrity(format!("the answer is not one of `affiant serve`: {error}")))?;
    let Recorded { recorded, again, size, entries, .. } = &said;
    let (total, stated) = (said.total(), entries.len() as u64);
    if stated != total.min(RECEIPTS_MAX) || total == 0 {
        return Err(Failure::integrity(format!(
            "{total} results are said to be recorded, with {stated} receipts"
        )));
    }
    let is_answered = |rows| total == rows || (head.partial && total < rows && !said.faults.is_empty());
    if let Some(rows) = head.rows.filter(|rows| !is_answered(*rows)) {
        return Err(Failure::integrity(format!(
            "{rows} results were pushed, {total} are said to be recorded"
        )));
    }
    let repeated = entries.iter().filter(|line| line.again).count() as u64;
    let agree = if total == stated {
        repeated == *again
    } else {
        repeated <= *again && stated - repeated <= *recorded
    };
    if !agree {
        return Err(Failure::integrity(format!(
            "{again} results are said to be recorded before, with {repeated} receipts"
        )));
    }
    let different: BTreeSet<u64> = entries.iter().map(|line| line.index).collect();
    let due = head.distinct.unwrap_or(0).min(stated);
    if (different.len() as u64) < due {
        let text = format!("{due} results must have entries of their own, {} have", different.len());
        return Err(Failure::integrity(text));
    }
    let spans = match (said.first, said.last) {
        (None, None) => *recorded == 0,
        (Some(first), Some(last)) => {
            *recorded > 0 && last < *size && last.checked_sub(first).is_some_and(|more| more >= recorded - 1)
        }
        _ => false,
    };
    if !spans {
        return Err(Failure::integrity(format!(
            "{recorded} new results do not fit into the entries that are named"
        )));
    }
    Ok(said)
}

/// That a receipt is the one of its line.
fn held(head: &Head, said: &Recorded, line: &Line, stated: &Stated) -> Result<(), Failure> {
    let wrong = |why: &str| Failure::integrity(format!("entry {}: {why}", line.index));
    if stated.entry.index != line.index || stated.leaf != line.leaf {
        return Err(wrong("the receipt is for another entry"));
    }
    if stated.entry.stream.as_str() != line.system {
        return Err(wrong("the receipt is for an entry of another system"));
    }
    if head.system.as_ref().is_some_and(|system| *system != line.system) {
        return Err(wrong("it is about another system than was pushed"));
    }
    let within = said.first.is_some_and(|first| first <= line.index)
        && said.last.is_some_and(|last| line.index <= last);
    if !line.again && !within {
        return Err(wrong("outside of what was recorded"));
    }
    Ok(())
}

/// The keys that a service names, asked for once.
fn named(service: &Service<'_>) -> Result<Anchor, Undone> {
    let text = service.keys().map_err(|undone| match undone {
        undone @ (Undone::Away(_) | Undone::Silent(_) | Undone::Busy(_)) => undone,
        undone => Undone::Failed(anchor::none(&undone.failure().message)),
    })?;
    Anchor::named(service.base(), &text).map_err(Undone::Failed)
}

/// What a receipt states, if it is proven, and of this token where it is of something new.
pub(super) fn proven(
    service: &Service<'_>,
    bytes: &[u8],
    anchor: &Anchor,
    is_new: bool,
) -> Result<Stated, Undone> {
    let doubt = |failure| doubt(service, failure);
    let stated = Stated::parse(bytes).map_err(|failure| doubt(Failure { code: INTEGRITY, ..failure }))?;
    if let Some(failure) = anchor.stranger(&stated) {
        return Err(Undone::Failed(failure.within(service.host())));
    }
    anchor.verify(&stated).map_err(doubt)?;
    let entry = &stated.entry;
    if entry.kind.as_str() != "result" {
        return Err(doubt(Failure::integrity(format!("an entry of kind `{}`, not a result", entry.kind))));
    }
    if is_new && service.by().is_some_and(|by| by != entry.by) {
        return Err(doubt(Failure::integrity(format!("an entry by `{}`, not by this token", entry.by))));
    }
    Ok(stated)
}

fn doubt(service: &Service<'_>, failure: Failure) -> Undone {
    Undone::Doubtful(
        failure.within(service.host()).hint(
            "what was pushed may be recorded or not; ask whoever runs the service before pushing it again",
        ),
    )
}
