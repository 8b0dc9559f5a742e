//! modelscan's JSON: findings in model files, with the files that were looked at.
//!
//! - `total_scanned` 0 is a run that looked at nothing: safetensors are passed over, and the exit code is 3.
//! - `errors` are files that could not be read; `scanned_files` is not there when there are none.
//! - The report has no digest of what it looked at: the submitter has to say.
//! - The time has no zone; `absolute_path` is not kept.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::named::{relative, severity};
use super::report::{Head, Row, Rows, Sink};
use crate::result::Run;
use crate::status::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "modelscan/1";

#[derive(Deserialize)]
struct Report {
    summary: Summary,
    issues: Vec<Issue>,
    errors: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Summary {
    modelscan_version: String,
    #[serde(default)]
    timestamp: Option<String>,
    total_issues: u64,
    scanned: Scanned,
    #[serde(default)]
    skipped: Option<Skipped>,
}

#[derive(Deserialize)]
struct Scanned {
    total_scanned: u64,
    #[serde(default)]
    scanned_files: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Skipped {
    #[serde(default)]
    total_skipped: u64,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    description: String,
    #[serde(default)]
    operator: Option<String>,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    source: String,
    scanner: String,
    #[serde(default)]
    severity: String,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["summary", "issues", "errors"]) && look.mentions("\"modelscan_version\"")
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report =
        document.json("modelscan's JSON has `summary`, `issues` and `errors`: run it with -r json")?;
    let summary = report.summary;
    document.is_version("summary.modelscan_version", &summary.modelscan_version, &["0"])?;
    let scanned = summary.scanned;
    let agrees = summary.total_issues == report.issues.len() as u64
        && scanned.total_scanned == scanned.scanned_files.len() as u64;
    sink.begin(Head {
        tool: "modelscan".to_owned(),
        version: Some(summary.modelscan_version),
        rows: Rows::Findings,
        run: Some(Run {
            errors: report.errors.len() as u64,
            skipped: summary.skipped.map_or(0, |skipped| skipped.total_skipped),
            complete: true,
            examined: scanned.total_scanned,
            exit_code: None,
        }),
        times: summary.timestamp.into_iter().collect(),
        flags: (!agrees).then_some("totals-disagree").into_iter().collect(),
        ..Head::default()
    });
    for (index, issue) in report.issues.into_iter().enumerate() {
        let scanner = issue.scanner.rsplit('.').next().unwrap_or_default();
        let what = [issue.module, issue.operator].into_iter().flatten().collect::<Vec<_>>().join(".");
        let rule = if what.is_empty() { scanner.to_owned() } else { format!("{scanner}/{what}") };
        let place = relative(&issue.source).to_owned();
        sink.row(Row {
            status: Some(Status::Failed),
            severity: severity(&issue.severity),
            word: issue.severity,
            message: issue.description,
            pointer: format!("/issues/{index}"),
            location: place.clone(),
            place,
            mark: rule.clone(),
            rule,
            ..Row::default()
        });
    }
    Ok(())
}
