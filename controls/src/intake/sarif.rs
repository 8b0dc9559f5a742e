//! SARIF 2.1.0: findings of static analysis.
//!
//! SARIF lists what a tool found, hardly ever what it looked at: no finding says nothing by itself. A level is inherited
//! from the rule, else it is `warning` (section 3.27.10); kinds are those of section 3.27.9.

mod finding;
mod model;

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::report::{Head, Rows, Sink};
use crate::result::Source;
use crate::text;
use affiant_ledger::id::visible;

/// The importer's name and version, as written into results.
pub const IMPORTER: &str = "sarif/1";
/// The media type of evidence.
pub const MEDIA_TYPE: &str = "application/sarif+json";

/// Whether the first bytes look like SARIF: `runs` stand at the top, beside its version or schema.
pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["runs"])
        && (look.mentions("sarif") || look.mentions("\"2.1.0\"") || look.mentions("\"driver\""))
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    if !document.text.trim_ascii_start().starts_with(b"{") {
        super::strict::check(document.text).map_err(super::document::one)?;
        return Err(document.refuse("", "an object was expected"));
    }
    let report: model::Report =
        document.json("a SARIF report has `version` and `runs`, each run `tool.driver`")?;
    if report.version != "2.1.0" {
        return Err(document.refuse("version", format!("version `{}`", visible(&report.version))));
    }
    if report.runs.is_empty() {
        return Err(IntakeError::Empty);
    }
    for (number, run) in report.runs.iter().enumerate() {
        sink.begin(head(run));
        for (index, found) in run.results.iter().flatten().enumerate() {
            if found.baseline_state.as_deref() == Some("absent") {
                sink.gone();
            } else {
                sink.row(finding::row(run, found, format!("/runs/{number}/results/{index}")));
            }
        }
    }
    Ok(())
}

fn head(run: &model::Run) -> Head {
    let driver = &run.tool.driver;
    let times = run.invocations.iter();
    let times = times.flat_map(|invocation| [&invocation.start_time_utc, &invocation.end_time_utc]);
    let repository = run.version_control_provenance.first().map(|p| without_user(&p.repository_uri));
    let system = repository.map(|uri| text::plain(uri, text::NAME_LENGTH_MAX)).filter(|uri| !uri.is_empty());
    Head {
        tool: driver.name.clone(),
        version: driver.version.clone().or_else(|| driver.semantic_version.clone()),
        rows: Rows::Findings,
        ran: Some(run.rules().map(|rule| rule.id.clone()).collect()),
        broken: run.is_broken(),
        idle: run.results.is_none(),
        times: times.flatten().cloned().collect(),
        source: system.map(|system| Source { query: None, system: Some(system), account: None }),
        ..Head::default()
    }
}

/// A URI without user and password.
fn without_user(uri: &str) -> &str {
    let begin = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[begin..].find('/').map_or(uri.len(), |at| begin + at);
    uri[begin..end].rfind('@').map_or(uri, |at| &uri[begin + at + 1..])
}

#[cfg(test)]
mod tests;
