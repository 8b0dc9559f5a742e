//! What an importer makes of a foreign report: what it says of itself, and its rows. The core makes results of them
//! ([`super::group`]), so that what counts as a pass is decided in one place for all formats.

use crate::control::{ControlId, Severity};
use crate::measure::Measure;
use crate::result::{Run, Source, Subject};
use crate::status::Status;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use std::collections::BTreeSet;

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rows {
    /// Findings: what was looked at and found in order does not stand there.
    #[default]
    Findings,
    /// Everything that was judged, with its outcome.
    Everything,
}

/// What a report says of itself, before its rows.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The tool as the report names it.
    pub(super) tool: String,
    pub(super) version: Option<String>,
    /// Which part of the tool's work it is, where the report says: a task, a suite. Others say nothing of it.
    pub(super) part: Option<String>,
    pub(super) rows: Rows,
    /// The rules that ran, where the report lists them.
    pub(super) ran: Option<BTreeSet<String>>,
    /// What the tool examined, where the report says.
    pub(super) run: Option<Run>,
    /// The run broke: what was not found says nothing.
    pub(super) broken: bool,
    /// The run did not try to find anything.
    pub(super) idle: bool,
    /// Times the report gives for the whole, as text.
    pub(super) times: Vec<String>,
    pub(super) source: Option<Source>,
    /// The bytes that were judged.
    pub(super) subject: Option<Subject>,
    /// Marks for every result of the report.
    pub(super) flags: BTreeSet<&'static str>,
}

/// Code and other text of the thing judged that a row quotes. None of it is kept.
#[derive(Debug, Default, Clone)]
pub(super) struct Quotes {
    /// The code at the place of the finding, which tells the finding from others in another run.
    pub(super) place: Option<String>,
    /// Everything quoted, that of the place as well.
    pub(super) all: Vec<String>,
}

/// What one rule of a tool says about one thing.
#[derive(Debug, Default, Clone)]
pub(super) struct Row {
    /// The tool's own rule id.
    pub(super) rule: String,
    /// The controls, where the row names them in words meant for this program.
    pub(super) controls: Vec<ControlId>,
    /// What it says; `None` is for information only and does not count.
    pub(super) status: Option<Status>,
    /// The tool's word for it, for explanations and where nobody knows it.
    pub(super) word: String,
    pub(super) severity: Option<Severity>,
    /// What the tool says; empty where it says nothing.
    pub(super) message: String,
    /// The message quotes a secret, or the rule is about secrets.
    pub(super) secret: bool,
    pub(super) quotes: Quotes,
    /// Where in the report.
    pub(super) pointer: String,
    /// Where in the subject, for people; empty where that is not said.
    pub(super) location: String,
    /// Where in the subject, without what moves when something else changes.
    pub(super) place: String,
    /// The line there: tells it from others where no code is quoted.
    pub(super) line: Option<u64>,
    /// The tool's own fingerprint: goes before the line, unless it may give a secret away.
    pub(super) mark: String,
    /// The tool was told to keep quiet about it.
    pub(super) suppressed: bool,
    pub(super) asset: Option<Id>,
    /// The bytes that were judged.
    pub(super) subject: Option<Subject>,
    pub(super) measures: Vec<Measure>,
    /// When it was seen, as text.
    pub(super) times: Vec<String>,
    /// From when on it says nothing.
    pub(super) valid_until: Option<Timestamp>,
}

/// Takes what an importer reads: a head, then its rows; then perhaps another head.
pub(super) trait Sink {
    /// Begins a report, or a run in one.
    fn begin(&mut self, head: Head);
    /// A row of the report begun last.
    fn row(&mut self, row: Row);
    /// A row that the report itself marks as gone.
    fn gone(&mut self);
}
