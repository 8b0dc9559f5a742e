//! Logs of Inspect, version 2: an evaluation, its scores and whether it came to its end. As JSON, or as an archive
//! (`.eval`) of which only the header and the summaries are read.
//!
//! - `status: success` is how the run ended, not what it found. What it found are metrics; whether one is good enough only
//!   its limit says, and Inspect has none. Limits stand in the task's `metadata`, beside the controls it speaks about:
//!   `{"affiant.control": "AFF-THR-01", "affiant.at-least": {"accuracy": "0.95"}}`. A metric without a limit is for a
//!   person to review; beside one that has a limit, it is for information only. Spreads (`stderr`) are never judged.
//! - An error, a cancelled run and an invalidated log are unknown; a run that only started, or has fewer samples than it
//!   should, has not been run.
//! - The rule is `task/score/metric`. Messages, samples and answers are never kept.

use super::IntakeError;
use super::archive;
use super::document::Document;
use super::figure::Figure;
use super::look::Look;
use super::named;
use super::report::{Head, Row, Rows, Sink};
use crate::control::ControlId;
use crate::measure::{Decimal, Direction, Measure};
use crate::result::Run;
use crate::status::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "inspect/1";
/// Metrics that say how far others spread.
const SPREADS: [&str; 4] = ["stderr", "std", "var", "bootstrap_stderr"];

const ADVICE: &str =
    "a log of Inspect has `version`, `status`, `eval` and `results`: run it with --log-format json";

#[derive(Deserialize)]
struct Log {
    version: u64,
    #[serde(default = "started")]
    status: String,
    eval: Eval,
    #[serde(default)]
    results: Option<Results>,
    #[serde(default)]
    stats: Option<Stats>,
    #[serde(default)]
    invalidated: bool,
    #[serde(default)]
    samples: Option<Vec<Sample>>,
}

#[derive(Deserialize)]
struct Eval {
    task: String,
    #[serde(default)]
    model: String,
    #[serde(default)]
    packages: BTreeMap<String, String>,
    #[serde(default)]
    metadata: Option<Told>,
}

/// What the task says to this program.
#[derive(Deserialize, Default)]
struct Told {
    #[serde(default, rename = "affiant.control")]
    controls: Option<named::Named>,
    #[serde(default, rename = "affiant.at-least")]
    at_least: BTreeMap<String, Figure>,
    #[serde(default, rename = "affiant.at-most")]
    at_most: BTreeMap<String, Figure>,
}

#[derive(Deserialize)]
struct Results {
    total_samples: u64,
    completed_samples: u64,
    #[serde(default)]
    scores: Vec<Score>,
}

#[derive(Deserialize)]
struct Score {
    name: String,
    #[serde(default)]
    scored_samples: Option<u64>,
    #[serde(default)]
    unscored_samples: Option<u64>,
    #[serde(default)]
    metrics: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Metric {
    value: Figure,
}

#[derive(Deserialize)]
struct Stats {
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    completed_at: String,
}

/// A sample, or its summary, as far as it broke.
#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    error: Option<IgnoredAny>,
}

fn started() -> String {
    "started".to_owned()
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["version", "status", "eval"])
}

/// Reads a log in JSON.
pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    log(document, document.json(ADVICE)?, sink)
}

/// Reads a log in an archive.
pub(super) fn read_archive(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let [header, summaries, start] =
        archive::members(document, ["header.json", "summaries.json", "_journal/start.json"])?;
    let inner = |text| Document { text, ..*document };
    // Without a header the run did not come to its end.
    let Some(header) = header.as_deref().or(start.as_deref()) else {
        return Err(document.refuse("", "neither `header.json` nor `_journal/start.json` is in the archive"));
    };
    let mut read: Log = inner(header).json(ADVICE)?;
    if let Some(summaries) = &summaries {
        read.samples = Some(inner(summaries).json("the summaries are a list of samples")?);
    }
    log(document, read, sink)
}

fn log(document: &Document<'_>, log: Log, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    document.is_version("version", &log.version.to_string(), &["2"])?;
    let told = log.eval.metadata.unwrap_or_default();
    let limits = limits(document, &told)?;
    let results = log.results.as_ref();
    let (total, completed) =
        results.map_or((0, 0), |results| (results.total_samples, results.completed_samples));
    let unscored =
        results.iter().flat_map(|results| &results.scores).filter_map(|score| score.unscored_samples);
    let errors = log.samples.iter().flatten().filter(|sample| sample.error.is_some()).count() as u64;
    let ran = log.status == "success" && !log.invalidated;
    let waits = log.status == "started";
    let times = log.stats.map(|stats| vec![stats.started_at, stats.completed_at]).unwrap_or_default();
    sink.begin(Head {
        tool: "inspect".to_owned(),
        version: log.eval.packages.get("inspect_ai").cloned(),
        part: Some(log.eval.task.clone()),
        rows: Rows::Everything,
        broken: !ran && !waits,
        run: results.map(|_| Run {
            errors,
            skipped: total.saturating_sub(completed).max(unscored.max().unwrap_or(0)),
            complete: true,
            examined: completed,
            exit_code: None,
        }),
        times: times.into_iter().filter(|time| !time.is_empty()).collect(),
        ..Head::default()
    });
    let about = About {
        task: &log.eval.task,
        model: &log.eval.model,
        controls: told.controls.map(|named| named.0).unwrap_or_default(),
        limits,
        complete: completed >= total && completed > 0,
    };
    let scores = log.results.map(|results| results.scores).unwrap_or_default();
    if !ran || scores.is_empty() {
        let word = if log.invalidated { "invalidated" } else { log.status.as_str() };
        let status = match word {
            "started" => Status::NotRun,
            "success" => Status::NotRun,
            _ => Status::Unknown,
        };
        sink.row(about.row("", status, word, format!("the run says `{word}` and has no scores that count")));
        return Ok(());
    }
    for (index, score) in scores.iter().enumerate() {
        for (name, metric) in &score.metrics {
            let row = about.metric(score, name, metric, completed);
            sink.row(Row { pointer: format!("/results/scores/{index}/metrics/{name}"), ..row });
        }
    }
    Ok(())
}

/// Limits by the name of a metric, alone or behind its score.
type Limits = BTreeMap<String, (Direction, Decimal)>;

fn limits(document: &Document<'_>, told: &Told) -> Result<Limits, IntakeError> {
    let mut limits = Limits::new();
    let least = told.at_least.iter().map(|(name, limit)| (Direction::AtLeast, name, limit));
    let most = told.at_most.iter().map(|(name, limit)| (Direction::AtMost, name, limit));
    for (direction, name, limit) in least.chain(most) {
        let Some(limit) = limit.decimal() else {
            return Err(document.refuse(
                "eval.metadata",
                format!("the limit of `{}` is no number", affiant_ledger::id::visible(name)),
            ));
        };
        if limits.insert(name.clone(), (direction, limit)).is_some() {
            return Err(document
                .refuse("eval.metadata", format!("two limits of `{}`", affiant_ledger::id::visible(name))));
        }
    }
    Ok(limits)
}

/// What all rows of a log have in common.
struct About<'a> {
    task: &'a str,
    model: &'a str,
    controls: Vec<ControlId>,
    limits: Limits,
    complete: bool,
}

impl About<'_> {
    fn row(&self, metric: &str, status: Status, word: &str, message: String) -> Row {
        let rule = if metric.is_empty() { self.task.to_owned() } else { format!("{}/{metric}", self.task) };
        Row {
            controls: self.controls.clone(),
            status: Some(status),
            word: word.to_owned(),
            message,
            pointer: "/status".to_owned(),
            location: self.model.to_owned(),
            place: format!("{rule}\n{}", self.model),
            rule,
            ..Row::default()
        }
    }

    fn metric(&self, score: &Score, name: &str, metric: &Metric, completed: u64) -> Row {
        let path = format!("{}/{name}", score.name);
        let limit = self.limits.get(&path).or_else(|| self.limits.get(name));
        let value = metric.value.decimal();
        let n = score.scored_samples.unwrap_or(completed);
        let spread = SPREADS.contains(&name.rsplit('/').next().unwrap_or_default());
        let (status, word) = match (&value, limit) {
            (None, _) => (Some(Status::Unknown), "no number"),
            (Some(value), Some((direction, limit))) if !named::holds(value, *direction, limit) => {
                (Some(Status::Failed), "outside the limit")
            }
            (Some(_), Some(_)) if n == 0 || !self.complete => (Some(Status::NotRun), "incomplete"),
            (Some(_), Some(_)) => (Some(Status::Passed), "within the limit"),
            (Some(_), None) if spread || !self.limits.is_empty() => (None, "no limit"),
            (Some(_), None) => (Some(Status::NeedsReview), "no limit"),
        };
        let shown = value.as_ref().map_or("no number", Decimal::as_str);
        let row = self.row(&path, Status::Unknown, word, format!("{path} is {shown} over {n} samples"));
        let measure = value.map(|value| Measure {
            n: Some(n),
            name: path,
            unit: None,
            value,
            direction: limit.map(|(direction, _)| *direction),
            threshold: limit.map(|(_, limit)| limit.clone()),
        });
        Row { status, measures: measure.into_iter().collect(), ..row }
    }
}
