//! Intake: foreign bytes into control results, each format in one file.
//!
//! | format | what it is | file |
//! |---|---|---|
//! | JSON | one result, a list of results, or `{"results": [..]}` | [`json`] |
//! | NDJSON | one result a line; parse lines in parallel with [`ndjson::line()`] | [`ndjson`] |
//! | SARIF | static analysis results, 2.1.0 | [`sarif`] |
//! | Bandit JSON | static analysis of Python | `bandit` |
//! | JUnit XML | tests in the XML of JUnit, which pytest and many others write | `junit` |
//! | Checkov JSON | the JSON of Checkov | `checkov` |
//! | Semgrep JSON | the JSON of Semgrep | `semgrep` |
//! | pip-audit JSON | the JSON of pip-audit | `pip_audit` |
//! | modelscan JSON | the JSON of modelscan | `modelscan` |
//! | garak report | the report of garak, one JSON object a line | `garak` |
//! | promptfoo JSON | the JSON of promptfoo | `promptfoo` |
//! | a log of Inspect in JSON | a log of Inspect, as JSON | `inspect` |
//! | a result of Great Expectations | the JSON of Great Expectations | `great_expectations` |
//! | metrics with their limits | metrics with their limits, in JSON; Fairlearn's group metrics | `metrics` |
//! | OCSF findings | findings of OCSF (2003 and 2004), as Prowler writes them | `ocsf` |
//! | vulnerabilities in CycloneDX | vulnerabilities in CycloneDX 1.4 to 1.7, with VEX | `cyclonedx` |
//! | in-toto statements | statements of in-toto, signed in DSSE envelopes | `in_toto` |
//! | assessment results of OSCAL | assessment results of OSCAL, in JSON | `oscal_ar` |
//! | HDF | the Heimdall Data Format, as InSpec writes it | `hdf` |
//! | an evaluation log of Gemara | evaluation logs of Gemara, in YAML | `gemara` |
//!
//! An importer reads and never judges. What a foreign format's rows come to is decided in one place for all of them
//! (`group`), and [`crate::admit()`] has the last word on every result. Every limit is checked before memory is taken.
//! Errors name line, column, field and the offending value.

mod archive;
mod bandit;
mod checkov;
#[cfg(feature = "formats")]
mod csv;
mod cyclonedx;
mod document;
pub mod fault;
mod figure;
mod format;
mod garak;
mod gemara;
mod great_expectations;
mod group;
mod hdf;
mod in_toto;
mod inspect;
pub mod json;
mod junit;
mod look;
#[cfg(feature = "formats")]
pub mod mapped;
mod metrics;
mod modelscan;
mod named;
pub mod ndjson;
mod ocsf;
mod oscal_ar;
mod pip_audit;
mod promptfoo;
mod redact;
mod report;
mod row;
pub mod sarif;
mod semgrep;
mod split;
mod stream;

pub mod strict;
pub mod tools;
pub mod withheld;
mod xml;

use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::result::{Collector, ControlResult, Method, Run, Subject, TimeSource};
use crate::set::ControlSet;
use crate::status::Status;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::key::VerifyingKey;
use affiant_ledger::salting::Salting;
use affiant_ledger::time::Timestamp;
use document::Document;
use group::Groups;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;
use stream::Stream;

pub use fault::{Problem, RowError};
pub use format::Format;
pub use look::detect;
pub use redact::masked;
pub use stream::Open;
pub use tools::ToolRules;
pub use withheld::Withheld;

/// Largest JSON or SARIF document, in bytes.
pub const DOCUMENT_SIZE_MAX: usize = 64 << 20;
/// Largest NDJSON file read as a whole, in bytes; a stream of lines has no limit.
pub const LINES_SIZE_MAX: usize = 1 << 30;
/// Largest report that is read as a stream, in bytes.
pub const STREAM_SIZE_MAX: u64 = 64 << 30;
/// Largest row: an NDJSON line or one result of a JSON document, in bytes.
pub const ROW_SIZE_MAX: usize = 1 << 20;
/// Most rows in a document or file.
pub const ROWS_MAX: usize = 1_000_000;
/// Most faults reported at once.
pub const FAULTS_MAX: usize = 100;

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
    /// When it was observed, for results that do not say.
    pub observed: Option<Observed>,
    /// The controls that a foreign report is about, whatever its rules are called; by its rules when empty.
    pub about: Vec<ControlId>,
    /// How a report is read whose format is the submitter's own to explain.
    #[cfg(feature = "formats")]
    pub map: Option<&'a mapped::Mapping>,
    /// Rules that must appear in a foreign report: one that does not is a row that says unknown.
    pub expected: Vec<String>,
    /// What is cited beside a foreign report: tool rules of the submitter's own, the manifest of a run.
    pub cited: Vec<EvidenceRef>,
    /// How the tool ended, as its wrapper saw it.
    pub exit: Option<Exit>,
    /// The tool's version, where a foreign report does not say.
    pub tool_version: Option<String>,
    /// SHA-256 of the tool's configuration or rule set.
    pub config: Option<Digest>,
    /// Keys whose signatures on foreign statements count; without any, nothing signed passes.
    pub trusted: Vec<VerifyingKey>,
    /// Whether every row of a foreign report is to be explained.
    pub explain: bool,
    /// Makes the salts for what is kept out of checks; without it nothing is committed to.
    pub salting: Option<&'a Salting>,
    /// Whether what is kept out of checks is to be given out.
    pub reveal: bool,
    /// The collector, for results that name none; it goes before the tool a foreign report names.
    pub collector: Option<Collector>,
    /// The part of the tool's work that a foreign report is of: it stands behind the collector's name, after a slash. Where
    /// none is given, the one a report names, unless the collector is given.
    pub part: Option<String>,
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
            about: Vec::new(),
            #[cfg(feature = "formats")]
            map: None,
            expected: Vec::new(),
            cited: Vec::new(),
            exit: None,
            tool_version: None,
            config: None,
            trusted: Vec::new(),
            explain: false,
            salting: None,
            reveal: false,
            collector: None,
            part: None,
            run: None,
            subject: None,
            method: Method::Test,
            name: "-",
        }
    }
}

/// Begin and end of an observation, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// Begin.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Who says so.
    pub source: TimeSource,
}

impl Observed {
    /// One instant, as the submitter says.
    pub fn declared(at: Timestamp) -> Self {
        Self { from: at, to: at, source: TimeSource::Declared }
    }

    /// The instant of the push, where nobody says when it was observed.
    pub fn pushed(at: Timestamp) -> Self {
        Self { from: at, to: at, source: TimeSource::Ingest }
    }
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i64>,
}

/// What becomes of a row of a foreign report, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// Where in the report.
    pub pointer: String,
    /// The rule with its tool.
    pub rule: String,
    /// The tool's word for the outcome.
    pub word: String,
    /// What it is here; none where the row does not count.
    pub status: Option<Status>,
    /// The controls it speaks about; none where no control is mapped to its rule.
    pub controls: Vec<ControlId>,
    /// Why.
    pub why: String,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The results, not yet admitted.
    pub results: Vec<ControlResult>,
    /// The line on which each result begins; 1 for results of a foreign report.
    pub lines: Vec<u64>,
    /// Rows refused; empty from [`parse`], which refuses all when one is bad.
    pub faults: Vec<RowError>,
    /// Findings under rules that no control is mapped to, by `tool:rule`, with their number.
    pub unmapped: BTreeMap<String, u64>,
    /// Rows the report itself marks as gone (SARIF `baselineState: absent`).
    pub absent: u64,
    /// What becomes of each row, where it was asked for.
    pub explained: Vec<Explained>,
    /// What was kept out of checks, where it was asked for: at most [`withheld::WITHHELD_SIZE_MAX`] bytes of text.
    pub withheld: Vec<Withheld>,
    /// Whether there was more of it.
    pub withheld_cut: bool,
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
        size: u64,
        /// Bytes allowed.
        max: u64,
    },
    /// More rows than the limit.
    #[error("more than {ROWS_MAX} rows")]
    Rows,
    /// Nothing there.
    #[error("there is nothing to read")]
    Empty,
    /// The bytes cannot be read.
    #[error("{0}")]
    Unread(String),
    /// Two passes over the report saw different bytes.
    #[error("the report was changed while it was read")]
    Changed,
    /// Rows that are not results; the first of them, and how many.
    #[error("{}", fault::list(.0))]
    Faults(Vec<RowError>),
}

impl From<RowError> for IntakeError {
    fn from(fault: RowError) -> Self {
        Self::Faults(vec![fault])
    }
}

/// Reads control results, refusing everything when one row is bad.
pub fn parse(bytes: &[u8], format: Format, context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let parsed = parse_partial(bytes, format, context)?;
    if parsed.faults.is_empty() { Ok(parsed) } else { Err(IntakeError::Faults(parsed.faults)) }
}

/// Reads the good rows and reports the bad ones in [`Parsed::faults`], at most [`FAULTS_MAX`] of them.
pub fn parse_partial(bytes: &[u8], format: Format, context: &Context<'_>) -> Result<Parsed, IntakeError> {
    within(format, bytes.len() as u64)?;
    let text = if format.is_binary() { Ok((bytes, false)) } else { strict::decoded(bytes) };
    let (text, bom) = text.map_err(|fault| IntakeError::Faults(vec![fault]))?;
    if text.trim_ascii().is_empty() {
        return Err(IntakeError::Empty);
    }
    let mut parsed = match format {
        Format::Json => json::document(text, context)?,
        Format::Ndjson => ndjson::lines(text, context)?,
        #[cfg(feature = "formats")]
        Format::Csv => csv::results(text, context)?,
        _ if format.is_streamed() => {
            let received: Arc<[u8]> = bytes.into();
            let mut open = || Ok(Box::new(Cursor::new(received.clone())) as Box<dyn Read>);
            return parse_report(&mut open, format, context);
        }
        _ => foreign(text, bytes, format, context)?,
    };
    parsed.bom = bom;
    Ok(parsed)
}

fn within(format: Format, size: u64) -> Result<(), IntakeError> {
    let max = format.size_max();
    if size > max { Err(IntakeError::Size { format, size, max }) } else { Ok(()) }
}

/// Reads a foreign report that can be opened more than once: as a stream where its format allows, else whole.
pub fn parse_report(
    open: &mut Open<'_>,
    format: Format,
    context: &Context<'_>,
) -> Result<Parsed, IntakeError> {
    if !format.is_streamed() {
        let mut bytes = Vec::new();
        let reader = open().map_err(|error| IntakeError::Unread(error.to_string()))?;
        let read = reader.take(format.size_max() + 1).read_to_end(&mut bytes);
        read.map_err(|error| IntakeError::Unread(error.to_string()))?;
        return parse_partial(&bytes, format, context);
    }
    let (mut groups, mut stream) = (Groups::new(context), Stream::new(open, format));
    let media_type = streamed(format, context, &mut stream, &mut groups)?;
    let (digest, size) = stream.seen();
    let evidence = EvidenceRef {
        name: crate::text::file_name(context.name),
        size,
        sha256: digest,
        pointer: None,
        media_type: media_type.to_owned(),
    };
    let bom = stream.bom;
    Ok(Parsed { bom, ..finish(groups, format, context, &evidence)? })
}

/// Reads a report as a stream; gives the media type of its bytes.
fn streamed(
    format: Format,
    context: &Context<'_>,
    stream: &mut Stream<'_, '_>,
    groups: &mut Groups<'_>,
) -> Result<&'static str, IntakeError> {
    #[cfg(feature = "formats")]
    if let (Format::Mapped, Some(mapping)) = (format, context.map) {
        mapped::read(mapping, stream, groups)?;
        return Ok(mapping.media_type());
    }
    #[cfg(not(feature = "formats"))]
    let _ = context;
    sarif::read(stream, groups)?;
    Ok(format.media_type())
}

/// Reads a report of a foreign format that is there as a whole.
fn foreign(
    text: &[u8],
    received: &[u8],
    format: Format,
    context: &Context<'_>,
) -> Result<Parsed, IntakeError> {
    let document = Document { text, title: format.title(), trusted: &context.trusted };
    let mut groups = Groups::new(context);
    format.read(&document, &mut groups)?;
    let evidence = EvidenceRef::of(received, context.name, format.media_type());
    finish(groups, format, context, &evidence)
}

fn finish(
    groups: Groups<'_>,
    format: Format,
    context: &Context<'_>,
    evidence: &EvidenceRef,
) -> Result<Parsed, IntakeError> {
    let Some(system) = &context.system else {
        let missing = RowError::at(1, 0, Problem::Missing("system".into()));
        return Err(document::one(missing.hint("the format does not say: give it beside the report")));
    };
    Ok(groups.finish(system, format.importer().unwrap_or_default(), evidence))
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
