//! pip-audit's JSON: every dependency, with its known vulnerabilities or why it was not looked up.
//!
//! - A dependency without vulnerabilities passed; one with a `skip_reason` was not checked, whatever the exit code.
//! - One vulnerability has several ids. A second row for one of them (PYSEC, then GHSA) is for information only, and the
//!   fingerprint takes the smallest id.
//! - The report names neither tool version nor time.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use crate::status::Status;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "pip-audit/1";
/// The rule of a dependency in which nothing was found, or that was not looked up.
const RULE: &str = "known-vulnerabilities";

#[derive(Deserialize)]
struct Report {
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    skip_reason: Option<String>,
    #[serde(default)]
    vulns: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    fix_versions: Vec<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["dependencies", "fixes"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report =
        document.json("pip-audit's JSON has `dependencies` and `fixes`: run it with -f json")?;
    sink.begin(Head { tool: "pip-audit".to_owned(), rows: Rows::Everything, ..Head::default() });
    for (index, dependency) in report.dependencies.into_iter().enumerate() {
        let package = match &dependency.version {
            Some(version) => format!("pkg:pypi/{}@{version}", dependency.name.to_lowercase()),
            None => format!("pkg:pypi/{}", dependency.name.to_lowercase()),
        };
        let row = |status, word: &str, message: String| Row {
            rule: RULE.to_owned(),
            status: Some(status),
            word: word.to_owned(),
            message,
            pointer: format!("/dependencies/{index}"),
            location: package.clone(),
            place: package.clone(),
            ..Row::default()
        };
        match (dependency.skip_reason, dependency.vulns) {
            (Some(reason), _) => sink.row(row(Status::NotRun, "skipped", reason)),
            (None, None) => sink.row(row(Status::Unknown, "no `vulns`", String::new())),
            (None, Some(vulns)) if vulns.is_empty() => {
                sink.row(row(Status::Passed, "passed", "no known vulnerability".to_owned()));
            }
            (None, Some(vulns)) => found(vulns, &row, sink),
        }
    }
    Ok(())
}

/// A row for each vulnerability of a dependency.
fn found(vulns: Vec<Vulnerability>, row: &dyn Fn(Status, &str, String) -> Row, sink: &mut dyn Sink) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (index, vulnerability) in vulns.into_iter().enumerate() {
        let ids: BTreeSet<String> =
            vulnerability.aliases.into_iter().chain([vulnerability.id.clone()]).collect();
        let again = ids.iter().any(|id| seen.contains(id));
        let fixed = match vulnerability.fix_versions.as_slice() {
            [] => "no version without it is known".to_owned(),
            versions => format!("fixed in {}", versions.join(", ")),
        };
        // GitHub's ids look like secrets; every advisory that has one has another name as well.
        let names = ids.iter().filter(|id| !id.starts_with("GHSA-") || ids.len() == 1).cloned();
        let names = names.collect::<Vec<_>>().join(", ");
        let (word, message) = if again {
            ("alias", format!("{names}: another name of one above"))
        } else {
            ("vulnerable", format!("{names}: {fixed}"))
        };
        let row = row(Status::Failed, word, message);
        sink.row(Row {
            rule: vulnerability.id,
            status: (!again).then_some(Status::Failed),
            mark: ids.first().cloned().unwrap_or_default(),
            pointer: format!("{}/vulns/{index}", row.pointer),
            ..row
        });
        seen.extend(ids);
    }
}
