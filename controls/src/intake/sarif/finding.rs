//! One SARIF finding as a check.

use super::model::{Finding, Message, Rule, Run};
use super::{Weighed, redact, severity};
use crate::intake::tools::{ToolRule, ToolRules};
use crate::result::Check;
use crate::status::Status;
use crate::text;
use affiant_ledger::digest::Digest;

/// Longest rule id and location kept, in bytes.
const NAME_MAX: usize = 200;

/// The rule id a finding names, or that of the rule it points to.
pub(super) fn rule_id<'a>(run: &'a Run, finding: &'a Finding) -> &'a str {
    finding.id().or_else(|| run.rule_of(finding).map(|rule| rule.id.as_str())).unwrap_or("unknown")
}

/// A rule id with its tool: `bandit:B301`.
pub(super) fn rule_name(tool: &str, id: &str) -> String {
    format!("{tool}:{}", text::plain(id, NAME_MAX))
}

/// What a finding says.
pub(super) fn check(
    tool: &ToolRules,
    rule: &ToolRule,
    run: &Run,
    finding: &Finding,
    pointer: String,
) -> Weighed {
    let described = run.rule_of(finding);
    let kind = finding.kind.as_deref().unwrap_or("fail");
    let (status, counts) = status(kind);
    let level = match (&finding.level, kind) {
        (Some(level), _) => level.as_str(),
        (None, "fail") => default_level(described),
        (None, _) => "none",
    };
    let secret = rule.secret || redact::is_about_secrets(rule_id(run, finding));
    let (message, redacted) = if secret {
        (format!("{} (the tool's words are left out)", rule.rationale), true)
    } else {
        redact::message(&words(finding, described, rule), finding.snippets())
    };
    let message = if message.is_empty() { rule.rationale.clone() } else { message };
    let check = Check {
        rule: rule_name(tool.id.as_str(), rule_id(run, finding)),
        status,
        message,
        pointer,
        location: location(run, finding),
        severity: Some(severity(level)),
        suppressed: finding.is_suppressed(),
        fingerprint: Some(fingerprint(tool, rule, run, finding, secret)),
    };
    Weighed { check, counts, redacted }
}

/// What a SARIF kind says, and whether it counts (section 3.27.9).
fn status(kind: &str) -> (Status, bool) {
    match kind {
        "fail" => (Status::Failed, true),
        "pass" => (Status::Passed, true),
        "notApplicable" => (Status::NotApplicable, true),
        "review" => (Status::NeedsReview, true),
        "open" => (Status::NotRun, true),
        "informational" => (Status::NotRun, false),
        _ => (Status::Unknown, true),
    }
}

fn default_level(rule: Option<&Rule>) -> &str {
    rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref()).unwrap_or("warning")
}

/// The message, by itself or by its id in the rule; else the rule's short description; else why the rule is mapped.
fn words(finding: &Finding, described: Option<&Rule>, rule: &ToolRule) -> String {
    let said = |message: &Message| message.text.clone().filter(|text| !text.trim().is_empty());
    let by_id = || said(described?.message_strings.get(finding.message.id.as_ref()?)?);
    let short = || said(described?.short_description.as_ref()?);
    said(&finding.message).or_else(by_id).or_else(short).unwrap_or_else(|| rule.rationale.clone())
}

/// `app/agent.py:12`, or the name of a logical place; how many more there are.
fn location(run: &Run, finding: &Finding) -> Option<String> {
    let first = path(run, finding).map(|uri| {
        let line = finding.place().and_then(|place| place.region.as_ref()?.start_line);
        line.map_or_else(|| uri.to_owned(), |line| format!("{uri}:{line}"))
    });
    let logical = || finding.locations.first()?.logical_locations.first()?.fully_qualified_name.clone();
    let first = text::plain(&first.or_else(logical)?, NAME_MAX);
    let more = finding.locations.len() - 1;
    let first = if more > 0 { format!("{first} and {more} more") } else { first };
    (!first.is_empty()).then_some(first)
}

fn path<'a>(run: &'a Run, finding: &'a Finding) -> Option<&'a str> {
    run.uri(finding.place()?.artifact_location.as_ref()?)
}

/// Equal for the same finding in another run: tool, rule, path and code, white space aside. Where no code is quoted,
/// the tool's own partial fingerprints or the line stand in.
fn fingerprint(tool: &ToolRules, rule: &ToolRule, run: &Run, finding: &Finding, secret: bool) -> Digest {
    let code = finding.snippet().map(|code| redact::normalised(code, secret));
    let line = finding.place().and_then(|place| place.region.as_ref()?.start_line);
    let stand_in = || match finding.partial_fingerprints.is_empty() || secret {
        true => line.map(|line| line.to_string()).unwrap_or_default(),
        false => finding.partial_fingerprints.values().cloned().collect::<Vec<_>>().join(" "),
    };
    let code = code.filter(|code| !code.is_empty()).unwrap_or_else(stand_in);
    let path = path(run, finding).unwrap_or("");
    let parts = ["affiant finding v1", tool.id.as_str(), rule.rule.as_str(), path, code.as_str()];
    Digest::of(parts.join("\0").as_bytes())
}
