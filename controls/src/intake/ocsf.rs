//! OCSF findings as Prowler and others write them: detection findings (class 2004) and compliance findings (class 2003), in
//! a JSON array or one a line.
//!
//! - `status` is where somebody is with the finding (`New` on every row); the outcome is `status_code`, in class 2003 else
//!   `compliance.status`. A detection finding without an outcome is a finding.
//! - `MANUAL` is for a person to review. A muted row (`Suppressed`) counts, marked.
//! - The time is `time`, seconds or milliseconds since 1970; `time_dt` has no zone and is not read.
//! - Never kept: `unmapped`, `resources[].data` and `raw_data`, which hold settings and addresses.

use super::IntakeError;
use super::document::{Document, one};
use super::fault::{Problem, RowError};
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use super::strict;
use crate::control::Severity;
use crate::status::Status;
use affiant_ledger::time::Timestamp;
use serde::Deserialize;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "ocsf/1";

#[derive(Deserialize)]
struct Finding {
    class_uid: u64,
    metadata: Metadata,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    status_id: Option<u64>,
    #[serde(default)]
    status_code: Option<String>,
    #[serde(default)]
    status_detail: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    severity_id: Option<u64>,
    #[serde(default)]
    time: Option<u64>,
    #[serde(default)]
    finding_info: Option<Info>,
    #[serde(default)]
    compliance: Option<Compliance>,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Metadata {
    version: String,
    #[serde(default)]
    event_code: Option<String>,
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    title: Option<String>,
}

#[derive(Deserialize)]
struct Compliance {
    #[serde(default)]
    control: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["class_uid", "metadata"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let mut reading = Reading { document, sink, tool: None };
    if document.text.trim_ascii_start().starts_with(b"[") {
        let findings: Vec<Finding> =
            document.json("an OCSF finding has `class_uid`, `metadata` and `time`")?;
        for (index, finding) in findings.into_iter().enumerate() {
            reading.finding(finding, format!("/{index}"))?;
        }
    } else {
        for (number, line) in (1..).zip(document.text.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            strict::check(line).map_err(|fault| one(RowError { line: number, ..fault }))?;
            let finding = serde_json::from_slice(line).map_err(|error| {
                let problem = Problem::Shape(format!("not a finding of OCSF: {}", strict::message(&error)));
                one(RowError::at(number, error.column() as u64, problem))
            })?;
            reading.finding(finding, format!("line {number}"))?;
        }
    }
    match reading.tool {
        Some(_) => Ok(()),
        None => Err(document.refuse("", "there is no finding: nothing shows what was looked at")),
    }
}

struct Reading<'a, 'd> {
    document: &'a Document<'d>,
    sink: &'a mut dyn Sink,
    /// Product and version of the rows being read.
    tool: Option<(String, Option<String>)>,
}

impl Reading<'_, '_> {
    fn finding(&mut self, finding: Finding, pointer: String) -> Result<(), IntakeError> {
        let class = finding.class_uid;
        if ![2003, 2004].contains(&class) {
            return Err(self.document.refuse(&pointer, format!("class {class}, read are 2003 and 2004")));
        }
        self.document.is_version("metadata.version", &finding.metadata.version, &["1"])?;
        let tool = (finding.metadata.product.name.clone(), finding.metadata.product.version.clone());
        if self.tool.as_ref() != Some(&tool) {
            let (tool, version) = tool.clone();
            self.sink.begin(Head { tool, version, rows: Rows::Everything, ..Head::default() });
            self.tool = Some(tool_of(&finding));
        }
        self.sink.row(Row { pointer, ..row(finding) });
        Ok(())
    }
}

fn tool_of(finding: &Finding) -> (String, Option<String>) {
    (finding.metadata.product.name.clone(), finding.metadata.product.version.clone())
}

fn row(finding: Finding) -> Row {
    let compliance = finding.compliance;
    let said = finding.status_code.or_else(|| compliance.as_ref()?.status.clone()).unwrap_or_default();
    let status = match said.to_ascii_uppercase().as_str() {
        "" if finding.class_uid == 2004 => Status::Failed,
        "PASS" | "PASSED" => Status::Passed,
        "FAIL" | "FAILED" | "WARNING" => Status::Failed,
        "MANUAL" => Status::NeedsReview,
        _ => Status::Unknown,
    };
    let muted = finding.status_id == Some(3) || finding.status.as_deref() == Some("Suppressed");
    let title = finding.finding_info.as_ref().and_then(|info| info.title.clone());
    let rule = finding.metadata.event_code.or_else(|| compliance?.control);
    let resources: Vec<String> =
        finding.resources.into_iter().filter_map(|resource| resource.uid.or(resource.name)).collect();
    let location = match resources.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    };
    Row {
        rule: rule.or_else(|| title.clone()).unwrap_or_default(),
        status: Some(status),
        word: if said.is_empty() { "finding".to_owned() } else { said },
        severity: finding.severity_id.and_then(severity),
        message: finding.status_detail.or(finding.message).or(title).unwrap_or_default(),
        location,
        place: resources.join("\n"),
        mark: finding.finding_info.and_then(|info| info.uid).unwrap_or_default(),
        suppressed: muted && status == Status::Failed,
        times: finding.time.and_then(time).into_iter().collect(),
        ..Row::default()
    }
}

/// An instant in seconds or milliseconds since 1970, as text.
fn time(number: u64) -> Option<String> {
    let millis = if number < 100_000_000_000 { number.checked_mul(1000)? } else { number };
    Timestamp::from_millis(millis).ok().map(|time| time.to_string())
}

fn severity(id: u64) -> Option<Severity> {
    match id {
        1 => Some(Severity::Info),
        2 => Some(Severity::Low),
        3 => Some(Severity::Medium),
        4 => Some(Severity::High),
        5 | 6 => Some(Severity::Critical),
        _ => None,
    }
}
