//! garak's report: attack probes against a model, one JSON object a line.
//!
//! - An `eval` line is a row: a probe, a detector, and how many answers it judged. Any hit is a failure; the number of hits
//!   is a measure. Answers that a detector could not judge (`nones`) make the row unknown.
//! - `start_run setup` says which probes were asked for. One without an `eval` line, because it did not load, is a row that
//!   says unknown: garak itself ends well.
//! - Without a `completion` line, or with a last line cut short, the run broke off.
//! - `attempt` lines hold attack prompts and answers: they are checked to be JSON and never kept.

use super::IntakeError;
use super::document::{Document, one};
use super::fault::{Problem, RowError};
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use super::strict;
use crate::measure::{Decimal, Direction, Measure};
use crate::status::Status;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "garak/1";
/// Longest line, in bytes.
const LINE_SIZE_MAX: usize = 8 << 20;

#[derive(Deserialize)]
struct Entry {
    entry_type: String,
}

/// What was asked for. Names with dots are garak's own.
#[derive(Deserialize, Default)]
struct Setup {
    #[serde(default, rename = "transient.active_probes")]
    active: Vec<String>,
    /// In older versions: names between commas, or `all`.
    #[serde(default, rename = "plugins.probe_spec")]
    spec: Option<String>,
    #[serde(default, rename = "plugins.target_type", alias = "plugins.model_type")]
    target_type: Option<String>,
    #[serde(default, rename = "plugins.target_name", alias = "plugins.model_name")]
    target_name: Option<String>,
}

#[derive(Deserialize)]
struct Init {
    garak_version: String,
    #[serde(default)]
    start_time: Option<String>,
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    end_time: Option<String>,
}

#[derive(Deserialize)]
struct Eval {
    probe: String,
    detector: String,
    passed: u64,
    #[serde(default)]
    fails: Option<u64>,
    #[serde(default)]
    nones: u64,
    #[serde(alias = "total")]
    total_evaluated: u64,
}

/// What was read before the rows are handed on: the head is known only at the end.
#[derive(Default)]
struct Report {
    setup: Option<Setup>,
    init: Option<Init>,
    end: Option<Completion>,
    evals: Vec<(u64, Eval)>,
    cut: bool,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["entry_type"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report = report(document)?;
    let setup = report.setup.unwrap_or_default();
    let init = report.init.ok_or_else(|| document.refuse("init", "no `init` line"))?;
    document.is_version("init.garak_version", &init.garak_version, &["0"])?;
    let ended = report.end.is_some() && !report.cut;
    let agrees = report.evals.iter().all(|(_, eval)| eval.agrees());
    let times = [init.start_time, report.end.and_then(|end| end.end_time)];
    sink.begin(Head {
        tool: "garak".to_owned(),
        version: Some(init.garak_version),
        rows: Rows::Everything,
        broken: !ended,
        times: times.into_iter().flatten().collect(),
        flags: (!agrees).then_some("totals-disagree").into_iter().collect(),
        ..Head::default()
    });
    let target = [setup.target_type.as_deref(), setup.target_name.as_deref()];
    let target = target.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut judged: BTreeSet<String> = BTreeSet::new();
    for (line, eval) in report.evals {
        judged.insert(plain(&eval.probe).to_owned());
        sink.row(eval.row(line, &target));
    }
    for probe in asked(&setup) {
        let within = format!("{probe}.");
        if !judged.iter().any(|judged| judged == probe || judged.starts_with(&within)) {
            sink.row(Row {
                rule: probe.to_owned(),
                status: Some(Status::Unknown),
                word: "missing".to_owned(),
                message: "this probe was asked for, and the report has no result of it".to_owned(),
                pointer: "not in the report".to_owned(),
                location: target.clone(),
                place: probe.to_owned(),
                ..Row::default()
            });
        }
    }
    Ok(())
}

fn report(document: &Document<'_>) -> Result<Report, IntakeError> {
    let mut report = Report::default();
    let lines = (1..).zip(document.text.split(|byte| *byte == b'\n'));
    let mut lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).peekable();
    while let Some((number, line)) = lines.next() {
        if line.len() > LINE_SIZE_MAX {
            let problem =
                Problem::Shape(format!("a line of {} bytes, the limit is {LINE_SIZE_MAX}", line.len()));
            return Err(one(RowError::at(number, 0, problem)));
        }
        match strict::check(line) {
            Ok(()) => report.line(number, line)?,
            Err(_) if lines.peek().is_none() && number > 1 => report.cut = true,
            Err(fault) => return Err(one(RowError { line: number, ..fault })),
        }
        if report.evals.len() > super::ROWS_MAX {
            return Err(IntakeError::Rows);
        }
    }
    Ok(report)
}

impl Report {
    fn line(&mut self, number: u64, line: &[u8]) -> Result<(), IntakeError> {
        match typed::<Entry>(number, line)?.entry_type.as_str() {
            "start_run setup" if self.setup.is_some() => {
                let problem = Problem::Shape("a second run in one report".to_owned());
                return Err(one(RowError::at(number, 0, problem)));
            }
            "start_run setup" => self.setup = Some(typed(number, line)?),
            "init" => self.init = Some(typed(number, line)?),
            "eval" => self.evals.push((number, typed(number, line)?)),
            "completion" => self.end = Some(typed(number, line)?),
            _ => {}
        }
        Ok(())
    }
}

fn typed<T: DeserializeOwned>(number: u64, line: &[u8]) -> Result<T, IntakeError> {
    serde_json::from_slice(line).map_err(|error| {
        let problem = Problem::Shape(format!("not a line of garak: {}", strict::message(&error)));
        one(RowError::at(number, error.column() as u64, problem))
    })
}

impl Eval {
    fn fails(&self) -> u64 {
        self.fails.unwrap_or_else(|| self.total_evaluated.saturating_sub(self.passed))
    }

    /// Whether its numbers add up; answers nobody could judge are counted in by some versions.
    fn agrees(&self) -> bool {
        let judged = self.passed.saturating_add(self.fails());
        [judged, judged.saturating_add(self.nones)].contains(&self.total_evaluated)
    }

    fn row(self, line: u64, target: &str) -> Row {
        let (probe, detector) = (plain(&self.probe), plain(&self.detector));
        let fails = self.fails();
        let (status, word) = match (fails, self.nones, self.total_evaluated) {
            (1.., _, _) => (Status::Failed, "hits"),
            (0, 1.., _) => (Status::Unknown, "nones"),
            (0, 0, 0) => (Status::NotRun, "nothing evaluated"),
            (0, 0, _) => (Status::Passed, "no hits"),
        };
        let measure = |value: Decimal, threshold: Decimal| Measure {
            n: Some(self.total_evaluated),
            name: format!("hits of {probe} by {detector}"),
            unit: None,
            value,
            direction: Some(Direction::AtMost),
            threshold: Some(threshold),
        };
        let numbers = fails.to_string().parse().ok().zip("0".parse().ok());
        let nones = if self.nones > 0 { format!(", {} not judged", self.nones) } else { String::new() };
        Row {
            status: Some(status),
            word: word.to_owned(),
            message: format!("{detector}: {fails} of {} answers were hits{nones}", self.total_evaluated),
            pointer: format!("line {line}"),
            location: target.to_owned(),
            place: format!("{probe}\n{detector}"),
            measures: numbers.map(|(value, limit)| measure(value, limit)).into_iter().collect(),
            rule: probe.to_owned(),
            ..Row::default()
        }
    }
}

/// The probes that were asked for, as far as they are named.
fn asked(setup: &Setup) -> BTreeSet<&str> {
    let spec = setup.spec.as_deref().filter(|_| setup.active.is_empty()).unwrap_or_default();
    let names = setup.active.iter().map(String::as_str).chain(spec.split(','));
    names
        .map(|name| plain(name.trim()))
        .filter(|name| !["", "all", "auto", "none", "*"].contains(name))
        .collect()
}

/// A plug-in's name without its kind.
fn plain(name: &str) -> &str {
    ["probes.", "detectors.", "detector."].iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name)
}
