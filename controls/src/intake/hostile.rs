//! Reports as strangers write them: odd shapes, traps and attacks, each with a clear refusal or the right result.

mod evaluations;
mod junit;
mod scanners;
mod statements;

use super::*;
use crate::{AdmitContext, ControlSet, admit};

/// What a report comes to, admitted: control, status and flags, without the rest.
fn judged(format: Format, report: impl AsRef<[u8]>) -> Vec<(String, Status, String)> {
    let results = read(format, report, Some("AFF-THR-01")).unwrap();
    let flags = |result: &ControlResult| result.flags.iter().cloned().collect::<Vec<_>>().join(",");
    results.iter().map(|result| (result.control.to_string(), result.status, flags(result))).collect()
}

fn read(
    format: Format,
    report: impl AsRef<[u8]>,
    about: Option<&str>,
) -> Result<Vec<ControlResult>, IntakeError> {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let now = "2026-11-26T00:00:00Z".parse().unwrap();
    let context = Context {
        system: Some("support-bot".parse().unwrap()),
        about: about.into_iter().map(|control| control.parse().unwrap()).collect(),
        ..Context::new(&controls, &tools, now)
    };
    let parsed = parse(report.as_ref(), format, &context)?;
    let gate = AdmitContext { controls: &controls, now, assets: None };
    Ok(parsed.results.into_iter().map(|result| admit(result, &gate).unwrap()).collect())
}

/// The message of a refusal.
fn refused(format: Format, report: impl AsRef<[u8]>) -> String {
    let report = report.as_ref();
    let shown = String::from_utf8_lossy(&report[..report.len().min(80)]).into_owned();
    read(format, report, Some("AFF-THR-01")).expect_err(&shown).to_string()
}

fn one(status: Status, flags: &str) -> Vec<(String, Status, String)> {
    vec![("AFF-THR-01".to_owned(), status, flags.to_owned())]
}
