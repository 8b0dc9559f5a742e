//! SARIF 2.1.0: findings of static analysis.
//!
//! SARIF lists what a tool found, hardly ever what it looked at: no finding says nothing by itself. A level is inherited
//! from the rule, else it is `warning` (section 3.27.10); kinds are those of section 3.27.9.

mod finding;
mod model;

use super::document::one;
use super::fault::{Problem, RowError};
use super::look::Look;
use super::report::{Head, Rows, Sink};
use super::split::Rest;
use super::stream::{self, Stream};
use super::{IntakeError, ROWS_MAX};
use crate::result::Source;
use crate::text;
use affiant_ledger::id::visible;
use model::Described;

/// The importer's name and version, as written into results.
pub const IMPORTER: &str = "sarif/1";
/// Its name in messages.
const TITLE: &str = "SARIF 2.1.0";
/// The media type of evidence.
pub const MEDIA_TYPE: &str = "application/sarif+json";

/// Whether the first bytes look like SARIF: `runs` stand at the top, beside its version or schema.
pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["runs"])
        && (look.mentions("sarif") || look.mentions("\"2.1.0\"") || look.mentions("\"driver\""))
}

/// What leads to the findings.
const FINDINGS: [&str; 4] = ["runs", "*", "results", "*"];

/// Reads it twice: what runs say of themselves may stand behind their findings.
pub(super) fn read(stream: &mut Stream<'_, '_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let mut rows = 0;
    let rest = stream.pass(&FINDINGS, &mut |_| {
        rows += 1;
        if rows > ROWS_MAX { Err(IntakeError::Rows) } else { Ok(()) }
    })?;
    let report = report(stream, &rest).map_err(|error| stream.located(error))?;
    let runs: Vec<Described<'_>> = report.runs.iter().map(Described::new).collect();
    let mut begun = 0;
    let mut begin = |to: usize, sink: &mut dyn Sink| {
        for run in &report.runs[begun.min(to)..to] {
            sink.begin(head(run));
        }
        begun = begun.max(to);
    };
    // Said of the first finding that is none; the stream is lent out until then.
    let mut wrong = None;
    stream.pass(&FINDINGS, &mut |element| {
        let [number, index] = *element.place else { return Ok(()) };
        let Some(run) = runs.get(number as usize) else { return Ok(()) };
        begin(number as usize + 1, sink);
        let path = || format!("runs[{number}].results[{index}]");
        match serde_json::from_slice::<model::Finding>(element.bytes) {
            Ok(found) if found.baseline_state.as_deref() == Some("absent") => sink.gone(),
            Ok(found) => sink.row(finding::row(run, &found, format!("/runs/{number}/results/{index}"))),
            Err(error) => {
                wrong.get_or_insert_with(|| stream::explain(TITLE, &element, path(), &error));
            }
        }
        Ok(())
    })?;
    begin(report.runs.len(), sink);
    wrong.map_or(Ok(()), |error| Err(stream.located(error)))
}

/// What the report says beside its findings.
fn report(stream: &Stream<'_, '_>, rest: &Rest) -> Result<model::Report, IntakeError> {
    let refuse = |field: &str, what: String| {
        let problem = Problem::Shape(format!("not {TITLE}: {what}"));
        Err(one(RowError::at(1, 0, problem).field(field)))
    };
    if !rest.bytes.trim_ascii_start().starts_with(b"{") {
        return refuse("", "an object was expected".to_owned());
    }
    let report: model::Report = serde_json::from_slice(&rest.bytes).map_err(|error| {
        let fault = stream.explain_rest(rest, &error);
        one(fault.hint("a SARIF report has `version` and `runs`, each run `tool.driver`"))
    })?;
    if report.version != "2.1.0" {
        return refuse("version", format!("version `{}`", visible(&report.version)));
    }
    if report.runs.is_empty() { Err(IntakeError::Empty) } else { Ok(report) }
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
