//! What the service answers: believed as far as its receipts prove it.
//!
//! Every row must be answered by a receipt of its own, as far as rows can be told apart. Each must hold an entry at the
//! index, with the leaf and in the stream that the answer states, by this token where it is new (by whoever shows a client
//! certificate: all by the same), under a checkpoint that the log signed. What the entry says is committed to behind a salt
//! that the service keeps, and is not proven by a receipt.

use super::anchor::{self, Anchor};
use super::delivery::Head;
use super::service::{Service, Undone};
use crate::http::{Answered, NDJSON};
use crate::receipt::Stated;
use affiant_ledger::digest::Digest;
use affiant_ledger::receipt::RECEIPT_SIZE_MAX;
use affiant_server::failure::{Failure, INTEGRITY};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Seek};
use tempfile::SpooledTempFile;

/// Longest line of an answer, in bytes: a receipt as text in JSON, and what stands around it.
const LINE_SIZE_MAX: u64 = 2 * RECEIPT_SIZE_MAX as u64;

/// What a service says it recorded, in sum.
#[derive(Deserialize)]
pub(super) struct Recorded {
    pub(super) recorded: u64,
    pub(super) again: u64,
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    pub(super) size: u64,
    #[serde(default)]
    entries: Vec<Line>,
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
}

/// An answer of which all holds together.
pub(super) struct Checked {
    pub(super) said: Recorded,
    body: Body,
}

impl Checked {
    /// Tells of each entry, in order.
    pub(super) fn each(
        &mut self,
        mut tell: impl FnMut(&Recorded, Line) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let said = &self.said;
        self.body.each(|line| tell(said, line)).map(|_| ())
    }
}

/// An answer as it came: one object, or a line for each entry and the sum behind them, of which there may be more than memory
/// holds.
struct Body {
    is_lines: bool,
    file: SpooledTempFile,
}

impl Body {
    /// Tells of each entry, in order; gives the sum.
    fn each<E: From<Failure>>(&mut self, mut tell: impl FnMut(Line) -> Result<(), E>) -> Result<Recorded, E> {
        self.file.rewind().map_err(Failure::io)?;
        let mut reader = BufReader::new(&mut self.file);
        if !self.is_lines {
            let mut said: Recorded = serde_json::from_reader(reader).map_err(|error| foreign(&error))?;
            std::mem::take(&mut said.entries).into_iter().try_for_each(tell)?;
            return Ok(said);
        }
        let mut next = line(&mut reader)?;
        loop {
            let current = std::mem::replace(&mut next, line(&mut reader)?);
            if next.is_empty() {
                return Ok(parsed(&current)?);
            }
            tell(parsed(&current)?)?;
        }
    }
}

/// The next line; empty at the end.
fn line(reader: &mut impl BufRead) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    reader.take(LINE_SIZE_MAX).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(line).map_err(|error| foreign(&error))
}

fn foreign(error: &serde_json::Error) -> Failure {
    Failure::integrity(format!("the answer is not one of `affiant serve`: {error}"))
}

/// Why an answer does not count: it is doubted, or something else came in between.
enum Why {
    Doubt(Failure),
    Undone(Undone),
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        Self::Doubt(failure)
    }
}

/// The answer, if all in it holds together; with keys of the log, which are asked for when there are none.
pub(super) fn checked(
    service: &Service<'_>,
    head: &Head,
    answered: Answered,
    anchor: &mut Option<Anchor>,
) -> Result<Checked, Undone> {
    let mut body = Body { is_lines: answered.kind == NDJSON, file: answered.body };
    let mut seen = Seen::default();
    let read = body.each(|line| {
        let anchor = match &mut *anchor {
            Some(anchor) => anchor,
            none => none.insert(named(service).map_err(Why::Undone)?),
        };
        let stated = proven(service, line.receipt.as_bytes(), anchor, !line.again)
            .map_err(|undone| Why::Undone(undone.within(format!("entry {}", line.index))))?;
        held(head, &line, &stated)?;
        Ok(seen.take(head, &line, &stated.entry.by)?)
    });
    let checked = read.and_then(|said| {
        seen.agree(head, &said)?;
        Ok(Checked { said, body })
    });
    checked.map_err(|why| match why {
        Why::Doubt(failure) => doubt(service, failure),
        Why::Undone(undone) => undone,
    })
}

/// The entries of an answer.
#[derive(Default)]
struct Seen {
    lines: u64,
    fresh: BTreeSet<u64>,
    again: BTreeSet<u64>,
    /// Who recorded what is new.
    by: Option<String>,
}

impl Seen {
    fn take(&mut self, head: &Head, line: &Line, by: &str) -> Result<(), Failure> {
        let wrong = |why: &str| Err(Failure::integrity(format!("entry {}: {why}", line.index)));
        self.lines += 1;
        if head.rows.is_some_and(|rows| self.lines > rows) {
            return wrong("more results are said to be recorded than were pushed");
        }
        if line.again {
            self.again.insert(line.index);
            return Ok(());
        }
        if !self.fresh.insert(line.index) {
            return wrong("stands for two results");
        }
        if self.by.get_or_insert_with(|| by.to_owned()) != by {
            return wrong("recorded by another than the entries before it");
        }
        Ok(())
    }

    /// That what is said in sum agrees with the entries, and with what was sent.
    fn agree(&self, head: &Head, said: &Recorded) -> Result<(), Failure> {
        let wrong = |text: String| Err(Failure::integrity(text));
        let (total, lines) = (said.total(), self.lines);
        if lines != total || total == 0 {
            return wrong(format!("{total} results are said to be recorded, with {lines} receipts"));
        }
        let is_answered = |rows| total == rows || (head.partial && total < rows && !said.faults.is_empty());
        if let Some(rows) = head.rows.filter(|rows| !is_answered(*rows)) {
            return wrong(format!("{rows} results were pushed, {total} are said to be recorded"));
        }
        let repeated = lines - self.fresh.len() as u64;
        if repeated != said.again {
            let again = said.again;
            return wrong(format!(
                "{again} results are said to be recorded before, with {repeated} receipts"
            ));
        }
        let different = (self.fresh.len() + self.again.difference(&self.fresh).count()) as u64;
        let due = head.distinct.unwrap_or(0).min(lines);
        if different < due {
            return wrong(format!("{due} results must have entries of their own, {different} have"));
        }
        let ends = (self.fresh.first().copied(), self.fresh.last().copied());
        if ends != (said.first, said.last) || said.last.is_some_and(|last| last >= said.size) {
            let fresh = said.recorded;
            return wrong(format!("{fresh} new results do not fit into the entries that are named"));
        }
        Ok(())
    }
}

/// That a receipt is the one of its line.
fn held(head: &Head, line: &Line, stated: &Stated) -> Result<(), Failure> {
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
fn proven(service: &Service<'_>, bytes: &[u8], anchor: &mut Anchor, is_new: bool) -> Result<Stated, Undone> {
    let doubt = |failure| doubt(service, failure);
    let stated = Stated::parse(bytes).map_err(|failure| doubt(Failure { code: INTEGRITY, ..failure }))?;
    let checkpoint = anchor.open(&stated).map_err(|(failure, is_stranger)| match is_stranger {
        true => Undone::Failed(failure.within(service.host())),
        false => doubt(failure),
    })?;
    stated.included(checkpoint).map_err(doubt)?;
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
