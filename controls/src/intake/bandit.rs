//! Bandit's JSON: findings of static analysis of Python, with what was looked at and what could not be read.
//!
//! - `metrics` has an entry for each file examined; `errors` one for each file that could not be.
//! - `# nosec` takes findings away without a trace but a count (`metrics._totals.nosec`): the report is flagged.
//! - `test_name` is `blacklist` for many rules: the rule is `test_id`.
//! - `code` quotes the source, passwords included: it goes into the fingerprint only.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::report::{Head, Quotes, Row, Rows, Sink};
use crate::control::Severity;
use crate::result::Run;
use crate::status::Status;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "bandit/1";

#[derive(Deserialize)]
struct Report {
    generated_at: String,
    #[serde(default)]
    errors: Vec<serde::de::IgnoredAny>,
    metrics: BTreeMap<String, BTreeMap<String, serde_json::Number>>,
    results: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    test_id: String,
    filename: String,
    #[serde(default)]
    line_number: Option<u64>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    issue_text: String,
    #[serde(default)]
    issue_severity: String,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["generated_at", "metrics", "results"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report = document
        .json("Bandit's JSON has `generated_at`, `errors`, `metrics` and `results`: run it with -f json")?;
    let Some(totals) = report.metrics.get("_totals") else {
        return Err(document.refuse("metrics", "the totals are missing"));
    };
    let count = |name: &str| totals.get(name).and_then(serde_json::Number::as_u64).unwrap_or(0);
    let examined = report.metrics.keys().filter(|file| *file != "_totals").count() as u64;
    let errors = report.errors.len() as u64;
    let silenced = count("nosec") + count("skipped_tests") > 0;
    sink.begin(Head {
        tool: "bandit".to_owned(),
        rows: Rows::Findings,
        run: Some(Run { errors, skipped: 0, complete: true, examined, exit_code: None }),
        times: vec![report.generated_at],
        flags: silenced.then_some("silenced-in-source").into_iter().collect(),
        ..Head::default()
    });
    for (index, finding) in report.results.into_iter().enumerate() {
        let location = match finding.line_number {
            Some(line) => format!("{}:{line}", finding.filename),
            None => finding.filename.clone(),
        };
        sink.row(Row {
            rule: finding.test_id,
            status: Some(Status::Failed),
            word: finding.issue_severity.clone(),
            severity: severity(&finding.issue_severity),
            message: finding.issue_text,
            quotes: quoted(&finding.code, finding.line_number),
            pointer: format!("/results/{index}"),
            location,
            place: finding.filename,
            line: finding.line_number,
            ..Row::default()
        });
    }
    Ok(())
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "HIGH" => Some(Severity::High),
        "MEDIUM" => Some(Severity::Medium),
        "LOW" => Some(Severity::Low),
        _ => None,
    }
}

/// The quoted code without the line number before each line; the line of the finding first.
fn quoted(code: &str, line: Option<u64>) -> Quotes {
    let (mut place, mut all) = (None, Vec::new());
    for text in code.lines() {
        let code = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: Option<u64> = text[..text.len() - code.len()].parse().ok();
        if number.is_some() && number == line {
            place = Some(code.to_owned());
        }
        all.push(code.to_owned());
    }
    Quotes { place, all }
}
