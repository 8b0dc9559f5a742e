//! Intake: foreign bytes into control results, each format in one file.
//!
//! | format | what it is | file |
//! |---|---|---|
//! | JSON | one result, a list of results, or `{"results": [..]}` | [`json`] |
//! | NDJSON | one result a line; parse lines in parallel with [`ndjson::line()`] | [`ndjson`] |
//! | SARIF | static analysis results, 2.1.0 | [`sarif`] |
//!
//! An importer reads and never judges: [`crate::admit()`] does, for all of them. Every limit is checked before memory
//! is taken. Errors name line, column, field and the offending value.

pub mod fault;
pub mod json;
pub mod ndjson;
mod row;
pub mod sarif;
pub mod strict;
pub mod tools;

use crate::result::{Collector, ControlResult, Method, Run, Subject};
use crate::set::ControlSet;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use std::collections::BTreeMap;

pub use fault::{Problem, RowError};
pub use tools::ToolRules;

/// Largest JSON or SARIF document, in bytes.
pub const DOCUMENT_SIZE_MAX: usize = 64 << 20;
/// Largest NDJSON file read as a whole, in bytes; a stream of lines has no limit.
pub const LINES_SIZE_MAX: usize = 1 << 30;
/// Largest row: an NDJSON line or one result of a JSON document, in bytes.
pub const ROW_SIZE_MAX: usize = 1 << 20;
/// Most rows in a document or file.
pub const ROWS_MAX: usize = 1_000_000;
/// Most faults reported at once.
pub const FAULTS_MAX: usize = 100;

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// SARIF 2.1.0.
    Sarif,
}

impl Format {
    /// The word used on command lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the submitter says beside the bytes. A row's own value goes before the default given here, but a row about
/// another system than the one given is refused.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The controls there are.
    pub controls: &'a ControlSet,
    /// Tool rules to controls; [`ToolRules::embedded`] unless the submitter has others.
    pub tools: &'a [ToolRules],
    /// The AI system.
    pub system: Option<Id>,
    /// The asset, for results that name none.
    pub asset: Option<Id>,
    /// The present: the observation time of results that have none.
    pub now: Timestamp,
    /// Begin and end of the observation, for results that do not say.
    pub observed: Option<(Timestamp, Timestamp)>,
    /// The collector, for results that name none; it goes before the tool a SARIF report names.
    pub collector: Option<Collector>,
    /// The run manifest: what the tool examined, as its wrapper saw it.
    pub run: Option<Run>,
    /// The bytes that were judged, for results that do not say.
    pub subject: Option<Subject>,
    /// How it was found out, for results that do not say.
    pub method: Method,
    /// Name of the file the bytes came from.
    pub name: &'a str,
}

impl<'a> Context<'a> {
    /// A context with nothing said but the controls, the tool rules and the present.
    pub fn new(controls: &'a ControlSet, tools: &'a [ToolRules], now: Timestamp) -> Self {
        Self {
            controls,
            tools,
            system: None,
            asset: None,
            now,
            observed: None,
            collector: None,
            run: None,
            subject: None,
            method: Method::Test,
            name: "-",
        }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The results, not yet admitted.
    pub results: Vec<ControlResult>,
    /// The line on which each result begins; 1 for results of a SARIF report.
    pub lines: Vec<u64>,
    /// Rows refused; empty from [`parse`], which refuses all when one is bad.
    pub faults: Vec<RowError>,
    /// Findings under rules that no control is mapped to, by `tool:rule`, with their number.
    pub unmapped: BTreeMap<String, u64>,
    /// Rows the report itself marks as gone (SARIF `baselineState: absent`).
    pub absent: u64,
    /// Whether a byte order mark was taken off.
    pub bom: bool,
}

impl Parsed {
    pub(crate) fn push(&mut self, line: u64, row: Result<ControlResult, RowError>) {
        match row {
            Ok(result) => {
                self.results.push(result);
                self.lines.push(line);
            }
            Err(fault) => self.faults.push(fault),
        }
    }
}

/// Why bytes were refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// More bytes than the limit.
    #[error("{size} bytes, the limit for {format} is {max}")]
    Size {
        /// The format.
        format: Format,
        /// Bytes received.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// More rows than the limit.
    #[error("more than {ROWS_MAX} rows")]
    Rows,
    /// Nothing there.
    #[error("there is nothing to read")]
    Empty,
    /// Rows that are not results; the first of them, and how many.
    #[error("{}", fault::list(.0))]
    Faults(Vec<RowError>),
}

/// Reads control results, refusing everything when one row is bad.
pub fn parse(bytes: &[u8], format: Format, context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let parsed = parse_partial(bytes, format, context)?;
    if parsed.faults.is_empty() { Ok(parsed) } else { Err(IntakeError::Faults(parsed.faults)) }
}

/// Reads the good rows and reports the bad ones in [`Parsed::faults`], at most [`FAULTS_MAX`] of them.
pub fn parse_partial(bytes: &[u8], format: Format, context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let max = if format == Format::Ndjson { LINES_SIZE_MAX } else { DOCUMENT_SIZE_MAX };
    if bytes.len() > max {
        return Err(IntakeError::Size { format, size: bytes.len(), max });
    }
    let (text, bom) = strict::decoded(bytes).map_err(|fault| IntakeError::Faults(vec![fault]))?;
    if text.trim_ascii().is_empty() {
        return Err(IntakeError::Empty);
    }
    let mut parsed = match format {
        Format::Json => json::document(text, context)?,
        Format::Ndjson => ndjson::lines(text, context)?,
        Format::Sarif => sarif::report(text, bytes, context)?,
    };
    parsed.bom = bom;
    Ok(parsed)
}

/// Tells the format from the file's name and first bytes; `None` when neither says.
pub fn detect(bytes: &[u8], name: &str) -> Option<Format> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("sarif") => return Some(Format::Sarif),
        Some("ndjson" | "jsonl") => return Some(Format::Ndjson),
        _ => {}
    }
    let text = bytes.strip_prefix(strict::BOM).unwrap_or(bytes).trim_ascii_start();
    match text.first()? {
        b'[' => Some(Format::Json),
        b'{' if is_sarif(text) => Some(Format::Sarif),
        b'{' => Some(object_or_lines(text)),
        _ => None,
    }
}

/// Whether the first bytes look like SARIF: `runs` and `version` stand near the top or it names its schema.
fn is_sarif(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4096)];
    let has = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    has(b"\"runs\"") && (has(b"sarif") || has(b"\"2.1.0\"") || has(b"\"driver\""))
}

/// An object that ends on its first line and is followed by another is NDJSON.
fn object_or_lines(text: &[u8]) -> Format {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let next = lines.find(|line| !line.is_empty());
    let ends = first.ends_with(b"}");
    if ends && next.is_some_and(|next| next.starts_with(b"{")) { Format::Ndjson } else { Format::Json }
}

#[cfg(test)]
mod tests;
