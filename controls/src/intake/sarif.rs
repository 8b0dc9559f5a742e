//! SARIF 2.1.0: findings of static analysis, by way of tool rules ([`super::tools`]).
//!
//! SARIF lists what a tool found, hardly ever what it looked at. So:
//!
//! - one result per control and collector, with every finding under a rule mapped to it as a check; the worst wins;
//! - a finding the tool was told to suppress still counts, marked: only an exception in the ledger waives;
//! - **no finding says nothing** unless the submitter gives a run manifest. With one, controls whose own test is of a
//!   kind the tool carries out are `passed` by absence; without, they are `not-run`, flagged `no-run-manifest`;
//! - a run that broke (`executionSuccessful: false` or an error notification) makes every mapped control `unknown`
//!   at best;
//! - findings under rules that no control is mapped to are counted in [`Parsed::unmapped`], never dropped silently;
//! - quoted code and secrets are never copied; the report is cited by the digest of its bytes as received.
//!
//! Runs of one collector in one report are taken together: apart, a clean run would hide the findings of the other.

mod finding;
mod group;
mod model;
mod redact;

use super::fault::{Problem, RowError};
use super::strict;
use super::tools::{Matching, ToolRules};
use super::{Context, IntakeError, Parsed};
use crate::control::Severity;
use crate::result::{Check, Collector};
use crate::status::Status;
use affiant_ledger::id::visible;
use group::Group;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub const IMPORTER: &str = "sarif/1";
/// The media type of evidence.
pub const MEDIA_TYPE: &str = "application/sarif+json";
/// Most checks kept in one result; the worst are kept and all are counted.
pub const CHECKS_KEPT: usize = 500;

pub(super) fn report(text: &[u8], received: &[u8], context: &Context<'_>) -> Result<Parsed, IntakeError> {
    strict::check(text).map_err(one)?;
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(one(RowError::at(1, 0, Problem::Shape("not SARIF: an object was expected".into()))));
    }
    let report: model::Report = serde_json::from_slice(text).map_err(|error| one(explain(text, &error)))?;
    if report.version != "2.1.0" {
        let problem = Problem::Shape(format!("SARIF version `{}` is not 2.1.0", visible(&report.version)));
        return Err(one(RowError::at(1, 0, problem).field("version")));
    }
    if report.runs.is_empty() {
        return Err(IntakeError::Empty);
    }
    let Some(system) = &context.system else {
        let missing = RowError::at(1, 0, Problem::Missing("system".into()));
        return Err(one(missing.hint("SARIF does not say: give it beside the report")));
    };
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    let mut parsed = Parsed::default();
    for (number, run) in report.runs.iter().enumerate() {
        take(run, number, context, &mut groups, &mut parsed);
    }
    let pointer = (report.runs.len() == 1).then(|| "/runs/0".to_owned());
    let mut evidence = crate::EvidenceRef::of(received, context.name, MEDIA_TYPE);
    evidence.pointer = pointer;
    for group in groups.values() {
        for result in group.results(system, &evidence, context) {
            parsed.push(1, Ok(result));
        }
    }
    Ok(parsed)
}

fn one(fault: RowError) -> IntakeError {
    IntakeError::Faults(vec![fault])
}

fn explain(text: &[u8], error: &serde_json::Error) -> RowError {
    let (line, column) = (error.line() as u64, error.column() as u64);
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let begin = std::iter::once(0).chain(ends).nth(error.line().saturating_sub(1)).unwrap_or(0);
    let (path, value) = strict::locate(text, begin + error.column());
    let message = strict::message(error);
    let value = value.filter(|_| !message.starts_with("missing field")).map(Into::into);
    let problem = Problem::Shape(format!("not SARIF: {message}"));
    let fault = RowError { value, ..RowError::at(line, column, problem) }.field(path);
    fault.hint("a SARIF report has `version` and `runs`, each run `tool.driver`")
}

/// Takes the findings of one run into the group of its collector.
fn take<'a>(
    run: &'a model::Run,
    number: usize,
    context: &Context<'a>,
    groups: &mut BTreeMap<String, Group<'a>>,
    parsed: &mut Parsed,
) {
    let driver = &run.tool.driver;
    let tool = context.tools.iter().find(|tool| tool.is_driver(&driver.name));
    let findings = run.results.as_deref().unwrap_or_default();
    let Some(tool) = tool else {
        let driver = crate::text::plain(&driver.name, 60);
        for found in findings {
            let rule = finding::rule_name(&driver, finding::rule_id(run, found));
            *parsed.unmapped.entry(rule).or_default() += 1;
        }
        return;
    };
    let collector = collector(tool, driver, context);
    let group = groups.entry(collector.name.clone()).or_insert_with(|| Group::new(collector));
    group.begin(tool, run, context);
    for (index, found) in findings.iter().enumerate() {
        if found.baseline_state.as_deref() == Some("absent") {
            parsed.absent += 1;
            continue;
        }
        let id = finding::rule_id(run, found);
        let Some(rule) = rule_of(tool, id) else {
            *parsed.unmapped.entry(finding::rule_name(tool.id.as_str(), id)).or_default() += 1;
            continue;
        };
        let pointer = format!("/runs/{number}/results/{index}");
        group.add(rule, finding::check(tool, rule, run, found, pointer));
    }
}

/// The rule for a reported id; of a hierarchical id (`CA1000/1`) the part before the last slash will do.
fn rule_of<'a>(tool: &'a ToolRules, id: &str) -> Option<&'a super::tools::ToolRule> {
    let parent =
        || id.rsplit_once('/').filter(|_| tool.matching == Matching::Exact).and_then(|(id, _)| tool.rule(id));
    tool.rule(id).or_else(parent)
}

/// The collector: the submitter's, else the tool; the report's version where none is given.
fn collector(tool: &ToolRules, driver: &model::Component, context: &Context<'_>) -> Collector {
    let mut collector = context.collector.clone().unwrap_or_else(|| Collector::new(tool.id.as_str()));
    let version = driver.version.as_ref().or(driver.semantic_version.as_ref());
    collector.version = collector.version.or_else(|| version.map(|version| crate::text::plain(version, 100)));
    collector.version = collector.version.filter(|version| !version.is_empty());
    collector
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

/// A check and whether it counts towards the status: an informational one does not.
struct Weighed {
    check: Check,
    counts: bool,
    redacted: bool,
}

impl Weighed {
    fn status(&self) -> Option<Status> {
        self.counts.then_some(self.check.status)
    }
}

#[cfg(test)]
mod tests;
