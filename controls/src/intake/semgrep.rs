//! Semgrep's JSON: findings of static analysis, with the files that were looked at.
//!
//! - `paths.scanned` are the files examined, `paths.skipped` those left out, `errors` what broke, `skipped_rules` the rules
//!   that could not run.
//! - Which rules ran is told only with `--time`; without that list absence of a finding says nothing.
//! - A rule's id begins with the path of its configuration: rules are compared by their last segments.
//! - `extra.lines` quotes the source, where it is not `requires login`; it goes into the fingerprint only.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::named::relative;
use super::report::{Head, Quotes, Row, Rows, Sink};
use crate::control::Severity;
use crate::result::Run;
use crate::status::Status;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "semgrep/1";

#[derive(Deserialize)]
struct Report {
    version: String,
    results: Vec<Finding>,
    errors: Vec<IgnoredAny>,
    paths: Paths,
    #[serde(default)]
    skipped_rules: Vec<IgnoredAny>,
    #[serde(default)]
    time: Option<Time>,
}

#[derive(Deserialize)]
struct Paths {
    scanned: Vec<IgnoredAny>,
    #[serde(default)]
    skipped: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Time {
    #[serde(default)]
    rules: Vec<Ran>,
}

/// A rule that ran: its id, in older versions in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ran {
    Id(String),
    Object { id: String },
}

#[derive(Deserialize)]
struct Finding {
    check_id: String,
    path: String,
    start: Start,
    extra: Extra,
}

#[derive(Deserialize)]
struct Start {
    line: u64,
}

#[derive(Deserialize)]
struct Extra {
    #[serde(default)]
    message: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    lines: String,
    #[serde(default)]
    is_ignored: bool,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["version", "results", "errors", "paths"])
        || look.mentions("\"check_id\"") && look.has(&["results", "version"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report =
        document.json("Semgrep's JSON has `version`, `results`, `errors` and `paths`: run it with --json")?;
    document.is_version("version", &report.version, &["1"])?;
    let ran = report.time.map(|time| time.rules).unwrap_or_default().into_iter();
    let ran = ran.map(|rule| match rule {
        Ran::Id(id) | Ran::Object { id } => id,
    });
    sink.begin(Head {
        tool: "semgrep".to_owned(),
        version: Some(report.version),
        rows: Rows::Findings,
        ran: Some(ran.collect()),
        run: Some(Run {
            errors: report.errors.len() as u64,
            skipped: (report.paths.skipped.len() + report.skipped_rules.len()) as u64,
            complete: true,
            examined: report.paths.scanned.len() as u64,
            exit_code: None,
        }),
        ..Head::default()
    });
    for (index, finding) in report.results.into_iter().enumerate() {
        let path = relative(&finding.path).to_owned();
        let lines = Some(finding.extra.lines).filter(|lines| !lines.is_empty() && lines != "requires login");
        sink.row(Row {
            rule: finding.check_id,
            status: Some(Status::Failed),
            severity: severity(&finding.extra.severity),
            word: finding.extra.severity,
            message: finding.extra.message,
            quotes: Quotes { place: lines.clone(), all: lines.into_iter().collect() },
            pointer: format!("/results/{index}"),
            location: format!("{path}:{}", finding.start.line),
            place: path,
            line: Some(finding.start.line),
            suppressed: finding.extra.is_ignored,
            ..Row::default()
        });
    }
    Ok(())
}

/// The old three levels, and those of supply chain and newer rules.
fn severity(word: &str) -> Option<Severity> {
    match word {
        "CRITICAL" => Some(Severity::Critical),
        "ERROR" | "HIGH" => Some(Severity::High),
        "WARNING" | "MEDIUM" => Some(Severity::Medium),
        "LOW" => Some(Severity::Low),
        "INFO" => Some(Severity::Info),
        _ => None,
    }
}
