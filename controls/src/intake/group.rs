//! From the rows of foreign reports to control results: what counts as a pass, decided in one place for all formats.
//!
//! - One result per control, asset and subject for each collector and part of its work; the worst row wins.
//! - A row speaks about the controls the submitter names, else those it names itself, else those its tool's rules
//!   ([`super::tools`]) are mapped to, else the control whose id its rule bears; a row that speaks about none is counted
//!   as unmapped, never dropped silently.
//! - Where a report has only findings, **no finding says nothing** unless a run manifest shows what was examined. With
//!   one, controls whose own test is of a kind the tool carries out are `passed` by absence.
//! - Where it lists everything judged, the rows are the run manifest: none judged is `not-run`, and what was skipped or
//!   broke is counted for the core rules ([`crate::rules`]).
//! - A tool that a signal ended, or that says by its exit code that something is wrong while no row does, broke.
//! - A run that broke makes every mapped control `unknown` at best; a rule that was expected and is missing as well.
//! - A finding the tool was told to suppress still counts, marked: only an exception in the ledger waives.
//! - Quoted code and secrets are never copied; the report is cited by the digest of its bytes as received.

mod collected;
mod tally;

use super::report::{Head, Row, Sink};
use super::tools::{Matching, ToolRule, ToolRules};
use super::withheld::{self, WITHHELD_SIZE_MAX};
use super::{Context, Exit, Explained, Parsed, redact};
use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::result::{Check, Collector, Subject};
use crate::status::Status;
use crate::text;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use collected::Collected;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tally::Weighed;

#[cfg(test)]
pub(super) use tally::CHECKS_KEPT;

/// Longest rule id, location and pointer kept, in bytes.
const NAME_MAX: usize = 200;
/// Longest name of a part kept, in bytes.
const PART_MAX: usize = 120;
/// Rows explained.
const EXPLAINED_MAX: usize = 100_000;

/// What a result is about, beside its control: the asset, and the bytes judged.
type About = (Option<Id>, Option<Subject>);

/// What a rule speaks about, and why.
#[derive(Clone)]
struct Mapped {
    controls: Arc<[ControlId]>,
    rationale: Arc<str>,
    /// The rule as it goes into fingerprints: without what moves with the tool's configuration. Of a pattern it is the
    /// pattern: an importer whose rules are matched so tells its rows apart by place and mark.
    rule: Arc<str>,
    secret: bool,
}

/// The tool whose rows are being read.
struct Current<'a> {
    /// Its rules, where some are known.
    tool: Option<&'a ToolRules>,
    /// Its name before a rule.
    name: String,
    collector: String,
    subject: Option<Subject>,
    known: HashMap<String, Option<Mapped>>,
}

/// The rows of one or more reports on their way to results.
pub(super) struct Groups<'a> {
    context: &'a Context<'a>,
    collected: BTreeMap<String, Collected<'a>>,
    current: Option<Current<'a>>,
    expected: Vec<&'a str>,
    /// Whether any row says that something is wrong, mapped or not.
    any_wrong: bool,
    /// Bytes of what was kept out of checks.
    withheld_size: usize,
    parsed: Parsed,
}

impl<'a> Groups<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        let expected = context.expected.iter().map(String::as_str).collect();
        Self {
            context,
            collected: BTreeMap::new(),
            current: None,
            expected,
            any_wrong: false,
            withheld_size: 0,
            parsed: Parsed::default(),
        }
    }

    /// The results of all rows, about a system.
    pub(super) fn finish(mut self, system: &Id, importer: &'static str, evidence: &EvidenceRef) -> Parsed {
        self.miss_expected();
        if self.is_doubted() {
            self.collected.values_mut().for_each(Collected::break_off);
        }
        for collected in self.collected.values() {
            for result in collected.results(system, importer, evidence, self.context) {
                self.parsed.push(1, Ok(result));
            }
        }
        self.parsed
    }

    /// Whether the tool's end gives its report the lie.
    fn is_doubted(&self) -> bool {
        match self.context.exit {
            None | Some(Exit { code: Some(0) }) => false,
            Some(Exit { code: Some(_) }) => !self.any_wrong,
            Some(Exit { code: None }) => true,
        }
    }

    /// A rule that was expected and is in no row is a row that says unknown.
    fn miss_expected(&mut self) {
        for rule in std::mem::take(&mut self.expected) {
            self.row(Row {
                rule: rule.to_owned(),
                status: Some(Status::Unknown),
                word: "missing".to_owned(),
                message: "this rule was expected, and the report has no row of it".to_owned(),
                pointer: "not in the report".to_owned(),
                ..Row::default()
            });
        }
    }

    /// What a row speaks about.
    fn mapped(&self, current: &Current<'a>, row: &Row) -> Option<Mapped> {
        let rule = current.tool.and_then(|tool| rule_of(tool, &row.rule));
        let by_submitter = || {
            let given = &self.context.about;
            (!given.is_empty()).then(|| (given.clone(), "the submitter says that the report tests it"))
        };
        let by_row =
            || (!row.controls.is_empty()).then(|| (row.controls.clone(), "the row names the control"));
        let by_name = || {
            let control = self.context.controls.control(&row.rule)?;
            Some((vec![control.id.clone()], "the rule bears the control's id"))
        };
        let by_rule = || rule.map(|rule| (rule.controls.clone(), rule.rationale.as_str()));
        let (controls, rationale) = by_submitter().or_else(by_row).or_else(by_rule).or_else(by_name)?;
        Some(Mapped {
            controls: controls.into(),
            rationale: rule.map_or(rationale, |rule| rule.rationale.as_str()).into(),
            rule: rule.map_or(row.rule.as_str(), |rule| rule.rule.as_str()).into(),
            secret: rule.is_some_and(|rule| rule.secret),
        })
    }

    /// A row as a check, which commits to what is kept out of it.
    fn weighed(&mut self, tool: &str, name: String, mapped: &Mapped, row: Row) -> Weighed {
        let (mut weighed, row) = weighed(tool, name, mapped, row);
        let of_row = |salting| withheld::of_row(&row, weighed.redacted, &weighed.check, salting);
        if let Some(withheld) = self.context.salting.and_then(of_row) {
            weighed.check.withheld = Some(withheld.commitment);
            if self.context.reveal {
                self.withheld_size += withheld.value.len();
                self.parsed.withheld_cut |= self.withheld_size > WITHHELD_SIZE_MAX;
                if !self.parsed.withheld_cut {
                    self.parsed.withheld.push(withheld);
                }
            }
        }
        weighed
    }

    fn explain(&mut self, name: &str, row: &Row, status: Option<Status>, controls: &[ControlId], why: &str) {
        if self.context.explain && self.parsed.explained.len() < EXPLAINED_MAX {
            self.parsed.explained.push(Explained {
                pointer: text::plain(&row.pointer, NAME_MAX),
                rule: name.to_owned(),
                word: text::plain(&row.word, 60),
                status,
                controls: controls.to_vec(),
                why: why.to_owned(),
            });
        }
    }
}

impl<'a> Sink for Groups<'a> {
    fn begin(&mut self, head: Head) {
        let tool = self.context.tools.iter().find(|tool| tool.is_driver(&head.tool));
        let named = text::plain(&head.tool, 60);
        let name = tool.map_or_else(|| named.clone(), |tool| tool.id.to_string());
        let name = if name.is_empty() { "unknown".to_owned() } else { name };
        let mut collector = self.context.collector.clone().unwrap_or_else(|| Collector::new(name.as_str()));
        let named = head.part.as_deref().filter(|_| self.context.collector.is_none());
        let part = self.context.part.as_deref().or(named).map(|part| text::plain(part, PART_MAX));
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            collector.name = format!("{}/{part}", collector.name);
        }
        let version = head.version.as_deref().map(|version| text::plain(version, 100));
        let version = collector.version.or(version).or_else(|| self.context.tool_version.clone());
        collector.version = version.filter(|version| !version.is_empty());
        collector.config = collector.config.or(self.context.config);
        let key = collector.name.clone();
        let subject = head.subject.clone();
        let collected = self.collected.entry(key.clone()).or_insert_with(|| Collected::new(collector));
        collected.begin(tool, head, self.context);
        self.current = Some(Current { tool, name, collector: key, subject, known: HashMap::new() });
    }

    fn row(&mut self, row: Row) {
        let Some(mut current) = self.current.take() else { return };
        let name = rule_name(&current.name, &row.rule);
        let wrong = !matches!(row.status, None | Some(Status::Passed | Status::NotApplicable));
        self.any_wrong |= wrong;
        self.expected.retain(|rule| !is_rule(&row.rule, rule));
        let mapped = if row.controls.is_empty() {
            match current.known.get(&row.rule) {
                Some(mapped) => mapped.clone(),
                None => {
                    let mapped = self.mapped(&current, &row);
                    current.known.insert(row.rule.clone(), mapped.clone());
                    mapped
                }
            }
        } else {
            self.mapped(&current, &row)
        };
        match mapped {
            None => {
                self.explain(&name, &row, row.status, &[], "no control is mapped to this rule");
                *self.parsed.unmapped.entry(name).or_default() += 1;
            }
            Some(mapped) => {
                let why = match row.status {
                    None => "for information only: it does not count",
                    Some(_) if row.suppressed => {
                        "suppressed in the tool: counts until an exception is recorded"
                    }
                    Some(_) => &mapped.rationale,
                };
                self.explain(&name, &row, row.status, &mapped.controls, why);
                let about = (
                    row.asset.clone().or_else(|| self.context.asset.clone()),
                    row.subject.clone().or_else(|| current.subject.clone()),
                );
                let weighed = self.weighed(&current.name, name, &mapped, row);
                if let Some(collected) = self.collected.get_mut(&current.collector) {
                    collected.add(about, &mapped.controls, &weighed);
                }
            }
        }
        self.current = Some(current);
    }

    fn gone(&mut self) {
        self.parsed.absent += 1;
    }
}

/// The rule for a reported id; of a hierarchical id (`CA1000/1`) the part before the last slash will do.
fn rule_of<'a>(tool: &'a ToolRules, id: &str) -> Option<&'a ToolRule> {
    let parent =
        || id.rsplit_once('/').filter(|_| tool.matching == Matching::Exact).and_then(|(id, _)| tool.rule(id));
    tool.rule(id).or_else(parent)
}

/// Whether a reported rule is the one expected, alone or behind the path of a configuration.
fn is_rule(reported: &str, expected: &str) -> bool {
    reported.strip_suffix(expected).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A rule id with its tool: `bandit:B301`.
fn rule_name(tool: &str, id: &str) -> String {
    let id = if id.is_empty() { "unknown" } else { id };
    format!("{tool}:{}", text::plain(id, NAME_MAX))
}

/// A row as a check, without what may not be kept.
fn weighed(tool: &str, name: String, mapped: &Mapped, mut row: Row) -> (Weighed, Row) {
    let secret = row.secret || mapped.secret || redact::is_about_secrets(&row.rule);
    let said = if row.message.trim().is_empty() { &*mapped.rationale } else { row.message.as_str() };
    let (message, redacted) = if secret {
        (format!("{} (the tool's words are left out)", mapped.rationale), true)
    } else {
        redact::message(said, row.quotes.all.iter().map(String::as_str))
    };
    let message = if message.is_empty() { mapped.rationale.to_string() } else { message };
    let location = text::plain(&row.location, NAME_MAX);
    let check = Check {
        rule: name,
        status: row.status.unwrap_or(Status::NotRun),
        message,
        pointer: text::plain(&row.pointer, NAME_MAX),
        location: (!location.is_empty()).then_some(location),
        severity: row.severity,
        withheld: None,
        suppressed: row.suppressed,
        fingerprint: Some(fingerprint(tool, mapped, &row, secret)),
    };
    let unknown = row.status == Some(Status::Unknown) && Status::from_word(&row.word).is_none();
    let weighed = Weighed {
        check,
        counts: row.status.is_some(),
        redacted,
        unknown_word: (unknown && !row.word.is_empty()).then(|| text::plain(&row.word, 100)),
        measures: std::mem::take(&mut row.measures),
        times: std::mem::take(&mut row.times),
        valid_until: row.valid_until,
    };
    (weighed, row)
}

/// Equal for the same finding in another run: tool, rule, path and code, white space aside. Where no code is quoted,
/// the tool's own mark or the line stands in, unless it may give a secret away.
fn fingerprint(tool: &str, mapped: &Mapped, row: &Row, secret: bool) -> Digest {
    let code = row.quotes.place.as_deref().map(|code| redact::normalised(code, secret));
    let stand_in = || match row.mark.is_empty() || secret {
        true => row.line.map(|line| line.to_string()).unwrap_or_default(),
        false => row.mark.clone(),
    };
    let code = code.filter(|code| !code.is_empty()).unwrap_or_else(stand_in);
    let parts = ["affiant finding v1", tool, &mapped.rule, row.place.as_str(), code.as_str()];
    Digest::of(parts.join("\0").as_bytes())
}
