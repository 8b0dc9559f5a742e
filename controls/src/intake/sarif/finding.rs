//! One SARIF finding as a row.

use super::model::{Described, Finding, Message, Rule, Run};
use crate::control::Severity;
use crate::intake::report::{Quotes, Row};
use crate::status::Status;

/// What a finding says.
pub(super) fn row(of: &Described<'_>, finding: &Finding, pointer: String) -> Row {
    let (run, described) = (of.run, of.rule_of(finding));
    let kind = finding.kind.as_deref().unwrap_or("fail");
    let level = match (&finding.level, kind) {
        (Some(level), _) => level.as_str(),
        (None, "fail") => default_level(described),
        (None, _) => "none",
    };
    let id = finding.id().or_else(|| described.map(|rule| rule.id.as_str()));
    Row {
        rule: id.unwrap_or("unknown").to_owned(),
        status: status(kind),
        word: kind.to_owned(),
        severity: Some(severity(level)),
        message: words(finding, described),
        quotes: Quotes {
            place: finding.snippet().map(str::to_owned),
            all: finding.snippets().map(str::to_owned).collect(),
        },
        pointer,
        location: location(run, finding).unwrap_or_default(),
        place: path(run, finding).unwrap_or_default().to_owned(),
        line: line(finding),
        mark: finding.partial_fingerprints.values().cloned().collect::<Vec<_>>().join(" "),
        suppressed: finding.is_suppressed(),
        ..Row::default()
    }
}

/// What a SARIF level weighs.
fn severity(level: &str) -> Severity {
    match level {
        "error" => Severity::High,
        "note" => Severity::Low,
        "none" => Severity::Info,
        _ => Severity::Medium,
    }
}

/// What a SARIF kind says; `None` for information, which does not count (section 3.27.9).
fn status(kind: &str) -> Option<Status> {
    match kind {
        "fail" => Some(Status::Failed),
        "pass" => Some(Status::Passed),
        "notApplicable" => Some(Status::NotApplicable),
        "review" => Some(Status::NeedsReview),
        "open" => Some(Status::NotRun),
        "informational" => None,
        _ => Some(Status::Unknown),
    }
}

fn default_level(rule: Option<&Rule>) -> &str {
    rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref()).unwrap_or("warning")
}

/// The message, by itself or by its id in the rule; else the rule's short description; else nothing.
fn words(finding: &Finding, described: Option<&Rule>) -> String {
    let said = |message: &Message| message.text.clone().filter(|text| !text.trim().is_empty());
    let by_id = || said(described?.message_strings.get(finding.message.id.as_ref()?)?);
    let short = || said(described?.short_description.as_ref()?);
    said(&finding.message).or_else(by_id).or_else(short).unwrap_or_default()
}

/// `app/agent.py:12`, or the name of a logical place; how many more there are.
fn location(run: &Run, finding: &Finding) -> Option<String> {
    let first = path(run, finding)
        .map(|uri| line(finding).map_or_else(|| uri.to_owned(), |line| format!("{uri}:{line}")));
    let logical = || finding.locations.first()?.logical_locations.first()?.fully_qualified_name.clone();
    let first = first.or_else(logical)?;
    let more = finding.locations.len() - 1;
    Some(if more > 0 { format!("{first} and {more} more") } else { first })
}

fn line(finding: &Finding) -> Option<u64> {
    finding.place().and_then(|place| place.region.as_ref()?.start_line)
}

fn path<'a>(run: &'a Run, finding: &'a Finding) -> Option<&'a str> {
    run.uri(finding.place()?.artifact_location.as_ref()?)
}
