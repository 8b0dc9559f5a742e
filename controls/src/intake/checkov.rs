//! Checkov's JSON: every check on every resource of infrastructure as code.
//!
//! - Three shapes: a list of frameworks, one framework, or a bare summary where there was nothing to check.
//! - With `--quiet` only failed checks are listed: what passed is a number in the summary and cannot be told apart, so
//!   that a control without a finding is not taken as passed.
//! - A skipped check failed and was kept quiet about by a comment: it counts.
//! - `file_abs_path`, `evaluations` and code blocks are never read.

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
pub(super) const IMPORTER: &str = "checkov/1";

const ADVICE: &str = "Checkov's JSON has `check_type`, `results` and `summary`: run it with -o json";

#[derive(Deserialize)]
struct Framework {
    results: Results,
    summary: Summary,
}

#[derive(Deserialize)]
struct Results {
    passed_checks: Option<Vec<Check>>,
    #[serde(default)]
    failed_checks: Vec<Check>,
    #[serde(default)]
    skipped_checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Summary {
    passed: u64,
    failed: u64,
    skipped: u64,
    parsing_errors: u64,
    checkov_version: String,
}

#[derive(Deserialize)]
struct Check {
    check_id: String,
    #[serde(default)]
    check_name: Option<String>,
    check_result: Outcome,
    #[serde(default)]
    repo_file_path: Option<String>,
    #[serde(default)]
    file_path: Option<String>,
    #[serde(default)]
    file_line_range: Option<Vec<i64>>,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    result: String,
    #[serde(default)]
    suppress_comment: Option<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["check_type", "results", "summary"]) || look.has(&["checkov_version", "parsing_errors"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let text = document.text.trim_ascii_start();
    if text.starts_with(b"[") {
        let frameworks: Vec<Framework> = document.json(ADVICE)?;
        if frameworks.is_empty() {
            return Err(IntakeError::Empty);
        }
        for (number, framework) in frameworks.into_iter().enumerate() {
            one(document, framework, &format!("/{number}"), sink)?;
        }
        return Ok(());
    }
    let keys: std::collections::BTreeMap<String, IgnoredAny> = document.json(ADVICE)?;
    if keys.contains_key("results") {
        return one(document, document.json(ADVICE)?, "", sink);
    }
    let summary: Summary = document.json(ADVICE)?;
    let results =
        Results { passed_checks: Some(Vec::new()), failed_checks: Vec::new(), skipped_checks: Vec::new() };
    one(document, Framework { results, summary }, "", sink)
}

fn one(
    document: &Document<'_>,
    framework: Framework,
    pointer: &str,
    sink: &mut dyn Sink,
) -> Result<(), IntakeError> {
    let Framework { results, summary } = framework;
    document.is_version("summary.checkov_version", &summary.checkov_version, &["2", "3"])?;
    let quiet = results.passed_checks.is_none();
    let passed = results.passed_checks.unwrap_or_default();
    let agrees = summary.failed == results.failed_checks.len() as u64
        && (quiet || summary.passed == passed.len() as u64)
        && (quiet || summary.skipped == results.skipped_checks.len() as u64);
    let broken = summary.parsing_errors > 0;
    sink.begin(Head {
        tool: "checkov".to_owned(),
        version: Some(summary.checkov_version),
        rows: if quiet { Rows::Findings } else { Rows::Everything },
        run: broken.then_some(Run {
            errors: summary.parsing_errors,
            skipped: 0,
            complete: true,
            examined: summary.passed + summary.failed,
            exit_code: None,
        }),
        flags: (!agrees).then_some("totals-disagree").into_iter().collect(),
        ..Head::default()
    });
    let lists = [
        ("passed_checks", passed),
        ("failed_checks", results.failed_checks),
        ("skipped_checks", results.skipped_checks),
    ];
    for (list, checks) in lists {
        for (index, check) in checks.into_iter().enumerate() {
            sink.row(row(check, format!("{pointer}/results/{list}/{index}")));
        }
    }
    Ok(())
}

fn row(check: Check, pointer: String) -> Row {
    let word = check.check_result.result;
    let skipped = word == "SKIPPED";
    let status = match word.as_str() {
        "PASSED" => Status::Passed,
        "FAILED" | "SKIPPED" => Status::Failed,
        _ => Status::Unknown,
    };
    // Paths begin with a slash and are relative to the repository all the same.
    let path = check.repo_file_path.or(check.file_path).unwrap_or_default();
    let path = relative(path.trim_start_matches('/')).to_owned();
    let resource = check.resource.filter(|resource| !resource.starts_with(['/', '\\'])).unwrap_or_default();
    let line = check.file_line_range.as_deref().and_then(|range| range.first()).filter(|line| **line > 0);
    let place = line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"));
    let message = check.check_name.unwrap_or_default();
    let comment = check.check_result.suppress_comment.filter(|comment| skipped && !comment.is_empty());
    Row {
        severity: check.severity.as_deref().and_then(severity),
        message: comment.map_or_else(|| message.clone(), |comment| format!("{message} (skipped: {comment})")),
        location: if resource.is_empty() { place } else { format!("{place} {resource}") },
        place: format!("{path}\n{resource}"),
        rule: check.check_id,
        status: Some(status),
        suppressed: skipped,
        word,
        pointer,
        ..Row::default()
    }
}
