//! Heimdall Data Format, as InSpec writes it: controls of a profile, each with several results.
//!
//! - A control is as bad as its worst result. All skipped is not run, some skipped is for a person to review, no result at
//!   all is unknown; impact 0 is not applicable, unless something failed.
//! - A waived control counts, marked: only an exception in the ledger waives.
//! - A profile that was not loaded judged nothing: the run broke.
//! - Never kept: `code`, messages and descriptions of results, which quote settings and addresses.

use super::IntakeError;
use super::document::Document;
use super::figure::{self, Figure};
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use crate::control::Severity;
use crate::measure::Decimal;
use crate::status::Status;
use serde::Deserialize;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "hdf/1";

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    platform: Option<Platform>,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    target_id: Option<String>,
}

#[derive(Deserialize)]
struct Profile {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    controls: Vec<Control>,
}

#[derive(Deserialize)]
struct Control {
    id: String,
    #[serde(default)]
    title: Option<String>,
    impact: Figure,
    #[serde(default)]
    waiver_data: Option<Waiver>,
    #[serde(default)]
    results: Vec<Tested>,
}

#[derive(Deserialize)]
struct Waiver {
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    skipped_due_to_waiver: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Tested {
    #[serde(default)]
    status: String,
    #[serde(default)]
    start_time: Option<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["platform", "profiles"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let advice =
        "HDF has `platform` and `profiles`; the form with `baselines` is another version, which is not read";
    let report: Report = document.json(advice)?;
    if report.profiles.is_empty() {
        return Err(IntakeError::Empty);
    }
    let target = report.platform.and_then(|platform| platform.target_id).unwrap_or_default();
    for (number, profile) in report.profiles.into_iter().enumerate() {
        sink.begin(Head {
            tool: profile.name,
            version: profile.version,
            rows: Rows::Everything,
            broken: profile.status.is_some_and(|status| status != "loaded"),
            ..Head::default()
        });
        for (index, control) in profile.controls.into_iter().enumerate() {
            let row = control.row(&target);
            sink.row(Row { pointer: format!("/profiles/{number}/controls/{index}"), ..row });
        }
    }
    Ok(())
}

impl Control {
    fn row(self, target: &str) -> Row {
        let (status, word) = self.judged();
        let waived = self.waiver_data.as_ref().is_some_and(Waiver::is_one);
        // Converters put the thing judged on further lines of the id.
        let (rule, thing) = self.id.split_once('\n').unwrap_or((&self.id, ""));
        let count = |status: &str| self.results.iter().filter(|result| result.status == status).count();
        let message = match self.title.as_deref() {
            Some(title) if !title.trim().is_empty() => title.to_owned(),
            _ => format!("{} of {} results passed", count("passed"), self.results.len()),
        };
        let mut times: Vec<String> = self
            .results
            .iter()
            .filter_map(|result| result.start_time.clone())
            .filter(|t| !t.is_empty())
            .collect();
        times.sort();
        times.dedup();
        Row {
            rule: rule.to_owned(),
            status: Some(status),
            word: word.to_owned(),
            severity: self.impact.decimal().as_ref().map(severity),
            message,
            location: if thing.is_empty() { target.to_owned() } else { thing.to_owned() },
            place: format!("{target}\n{}", self.id),
            suppressed: waived,
            times,
            ..Row::default()
        }
    }

    fn judged(&self) -> (Status, &'static str) {
        let has = |status: &str| self.results.iter().any(|result| result.status == status);
        let known =
            |result: &Tested| ["passed", "failed", "skipped", "error"].contains(&result.status.as_str());
        let none: Decimal = match "0".parse() {
            Ok(zero) => zero,
            Err(_) => return (Status::Unknown, "no impact"),
        };
        if has("failed") {
            return (Status::Failed, "failed");
        }
        match self.impact.decimal() {
            Some(impact) if figure::compare(&impact, &none).is_eq() => (Status::NotApplicable, "impact 0"),
            None => (Status::Unknown, "no impact"),
            _ if self.results.is_empty() => (Status::Unknown, "no results"),
            _ if has("error") || !self.results.iter().all(known) => (Status::Unknown, "error"),
            _ if has("skipped") && has("passed") => (Status::NeedsReview, "some skipped"),
            _ if has("skipped") => (Status::NotRun, "skipped"),
            _ => (Status::Passed, "passed"),
        }
    }
}

impl Waiver {
    /// An empty object is no waiver.
    fn is_one(&self) -> bool {
        let skipped = self
            .skipped_due_to_waiver
            .as_ref()
            .is_some_and(|skipped| *skipped != serde_json::Value::Bool(false));
        self.justification.is_some() || skipped
    }
}

/// How much an impact between 0 and 1 weighs.
fn severity(impact: &Decimal) -> Severity {
    let steps = [
        ("0.9", Severity::Critical),
        ("0.7", Severity::High),
        ("0.4", Severity::Medium),
        ("0.1", Severity::Low),
    ];
    let reached = |step: &&(&str, Severity)| {
        step.0.parse().is_ok_and(|least: Decimal| figure::compare(impact, &least).is_ge())
    };
    steps.iter().find(reached).map_or(Severity::Info, |(_, severity)| *severity)
}
