//! What one collector's reports say, and the results they make.

use super::tally::{Tally, Times, Weighed};
use super::{About, Context};
use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::intake::report::{Head, Rows};
use crate::intake::tools::{Lists, ToolRule, ToolRules};
use crate::result::{Basis, Collector, ControlResult, Run, Source, TimeSource};
use crate::status::Status;
use crate::text;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The reports of one collector. Taken apart, a clean run would hide the findings of another.
pub(super) struct Collected<'a> {
    collector: Collector,
    /// Controls that its tools or the submitter speak about.
    mapped: BTreeSet<&'a ControlId>,
    /// Those for which absence of findings can speak.
    testable: BTreeSet<&'a ControlId>,
    /// Those for which it could, if it were known which rules ran.
    unlisted: BTreeSet<&'a ControlId>,
    tallies: BTreeMap<About, BTreeMap<ControlId, Tally>>,
    /// Whether any row counted, about any control.
    any: bool,
    rows: Rows,
    run: Option<Run>,
    broken: bool,
    idle: bool,
    subject: Option<crate::result::Subject>,
    times: Times,
    source: Option<Source>,
    flags: BTreeSet<&'static str>,
}

/// Status, basis, manifest and mark of a control.
struct Judged {
    status: Status,
    basis: Basis,
    run: Option<Run>,
    flag: Option<&'static str>,
}

impl<'a> Collected<'a> {
    pub(super) fn new(collector: Collector) -> Self {
        Self {
            collector,
            mapped: BTreeSet::new(),
            testable: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            tallies: BTreeMap::new(),
            any: false,
            rows: Rows::Findings,
            run: None,
            broken: false,
            idle: false,
            subject: None,
            times: Times::default(),
            source: None,
            flags: BTreeSet::new(),
        }
    }

    /// Begins a report of a tool.
    pub(super) fn begin(&mut self, tool: Option<&'a ToolRules>, head: Head, context: &'a Context<'a>) {
        if !context.about.is_empty() {
            self.mapped.extend(&context.about);
            self.testable.extend(&context.about);
        } else if let Some(tool) = tool {
            let testable = |control: &&ControlId| {
                context.controls.control(control.as_str()).is_some_and(|control| tool.can_test(control))
            };
            let listed = |rule: &&ToolRule| match (tool.lists, &head.ran) {
                _ if head.rows == Rows::Everything => true,
                (Lists::Ran, Some(ran)) => ran.iter().any(|ran| tool.rule(ran).is_some_and(|r| r == *rule)),
                (lists, _) => lists == Lists::Every,
            };
            self.mapped.extend(tool.controls());
            let ran = tool.rules.iter().filter(listed);
            self.testable.extend(ran.flat_map(|rule| &rule.controls).filter(testable));
            if tool.lists == Lists::Found {
                self.unlisted.extend(tool.controls().into_iter().filter(testable));
            }
        }
        self.rows = head.rows;
        self.broken |= head.broken;
        self.idle |= head.idle;
        self.run = both(self.run.take(), head.run);
        self.subject = self.subject.take().or(head.subject);
        self.flags.extend(head.flags);
        head.times.iter().for_each(|time| self.times.add(time));
        self.source = head.source.or(self.source.take());
    }

    /// The tool's end says that it broke.
    pub(super) fn break_off(&mut self) {
        self.broken = true;
        self.flags.insert("exit-code");
    }

    pub(super) fn add(&mut self, about: About, controls: &[ControlId], weighed: &Weighed) {
        self.any |= weighed.counts;
        let tallies = self.tallies.entry(about).or_default();
        for control in controls {
            tallies.entry(control.clone()).or_default().add(weighed);
        }
    }

    /// One result per control and thing it can say something about.
    pub(super) fn results(
        &self,
        system: &Id,
        importer: &'static str,
        evidence: &EvidenceRef,
        context: &Context<'_>,
    ) -> Vec<ControlResult> {
        let mut results = Vec::new();
        let mut result = |about: &About, control: &ControlId, tally: &Tally| {
            if let Some(judged) = self.judge(control, tally, context) {
                let mut result = self.result(control, tally, judged, system, context);
                result.importer = Some(importer.to_owned());
                result.evidence = vec![evidence.clone()];
                result.evidence.extend(context.cited.iter().cloned());
                (result.asset, result.subject) = about.clone();
                result.subject = result.subject.or_else(|| context.subject.clone());
                results.push(result);
            }
        };
        let none = Tally::default();
        let rest = (context.asset.clone(), self.subject.clone());
        for control in self.mapped.iter().filter(|control| !self.has_rows(control)) {
            result(&rest, control, &none);
        }
        for (about, tallies) in &self.tallies {
            tallies.iter().for_each(|(control, tally)| result(about, control, tally));
        }
        results.sort_by(|a, b| a.control.cmp(&b.control));
        results
    }

    fn has_rows(&self, control: &ControlId) -> bool {
        self.tallies.values().any(|tallies| tallies.contains_key(control))
    }

    /// What is said about a control; `None` where nothing can be.
    fn judge(&self, control: &ControlId, tally: &Tally, context: &Context<'_>) -> Option<Judged> {
        let given = context.run.clone().or_else(|| self.run.clone());
        let given = given.map(|run| Run {
            exit_code: run.exit_code.or(context.exit.and_then(|exit| exit.code)),
            complete: run.complete && context.exit.is_none_or(|exit| exit.code.is_some()),
            ..run
        });
        let broken = self.broken.then_some(Status::Unknown);
        let flag = self.broken.then_some("execution-failed");
        let ran = |status: &Status| self.rows == Rows::Findings || *status != Status::NotRun;
        if let Some(status) = Status::worst(tally.statuses().filter(ran).chain(broken)) {
            let run = match self.rows {
                Rows::Findings => given,
                Rows::Everything => Some(self.manifest(tally, given)),
            };
            return Some(Judged { status, basis: Basis::Explicit, run, flag });
        }
        if tally.counted() > 0 {
            let run = Some(self.manifest(tally, given));
            return Some(Judged {
                status: Status::NotRun,
                basis: Basis::Explicit,
                run,
                flag: Some("skipped"),
            });
        }
        let absent = |status, run, flag| Some(Judged { status, basis: Basis::Absence, run, flag });
        if !self.testable.contains(control) {
            let unlisted = self.unlisted.contains(control);
            return if unlisted { absent(Status::NotRun, given, Some("no-rule-list")) } else { None };
        }
        match (self.rows, given) {
            (Rows::Everything, _) if self.any => None,
            (Rows::Everything, given) => {
                let run = self.manifest(tally, given);
                absent(Status::NotRun, Some(Run { examined: 0, ..run }), Some("no-results"))
            }
            (_, given) if self.idle => absent(Status::NotRun, given, Some("no-results")),
            (_, Some(run)) => absent(Status::Passed, Some(run), None),
            (_, None) => absent(Status::NotRun, None, Some("no-run-manifest")),
        }
    }

    /// The run manifest that rows make of themselves, with what the report or the submitter says beside.
    fn manifest(&self, tally: &Tally, given: Option<Run>) -> Run {
        let (skipped, errors) = (tally.count(Status::NotRun), tally.count(Status::Unknown));
        let rows = Run {
            errors,
            skipped,
            complete: true,
            examined: tally.counted() - skipped - errors,
            exit_code: None,
        };
        match given {
            None => rows,
            Some(given) => Run {
                errors: given.errors.max(errors),
                skipped: given.skipped.max(skipped),
                complete: given.complete,
                examined: if tally.counted() == 0 {
                    given.examined
                } else {
                    given.examined.min(rows.examined)
                },
                exit_code: given.exit_code,
            },
        }
    }

    fn result(
        &self,
        control: &ControlId,
        tally: &Tally,
        judged: Judged,
        system: &Id,
        context: &Context<'_>,
    ) -> ControlResult {
        let (from, to, time_source) = self.observed(tally, context);
        let summary = self.summary(tally, &judged);
        let (status, collector) = (judged.status, self.collector.clone());
        let mut result = ControlResult::new(control.clone(), system.clone(), status, to, collector, summary);
        result.observed_from = from;
        result.time_source = time_source;
        result.basis = judged.basis;
        result.run = judged.run;
        result.method = context.method;
        result.source = self.source.clone().map(Box::new);
        result.valid_until = tally.valid_until;
        result.measures = tally.measures.clone();
        result.raw_status = tally.unknown_word.clone().filter(|_| status == Status::Unknown);
        let mut flags = self.flags.clone();
        flags.extend(judged.flag);
        let times = [&self.times, &tally.times];
        flags.extend(times.iter().any(|times| times.zone_assumed).then_some("time-zone-assumed"));
        flags.extend(times.iter().any(|times| times.unreadable).then_some("time-unreadable"));
        flags.extend(tally.redacted.then_some("redacted"));
        flags.extend(tally.suppressed.then_some("suppressed"));
        flags.extend(tally.is_cut().then_some("checks-cut"));
        result.flags = flags.into_iter().map(str::to_owned).collect();
        result.checks = tally.checks();
        result
    }

    /// When it was seen: the rows' own times, else the report's, so that no row borrows the freshness of another control's.
    fn observed(&self, tally: &Tally, context: &Context<'_>) -> (Timestamp, Timestamp, TimeSource) {
        match (tally.times.range.or(self.times.range), context.observed) {
            (Some((from, to)), _) => (from, to, TimeSource::Report),
            (_, Some(observed)) => (observed.from, observed.to, observed.source),
            _ => (context.now, context.now, TimeSource::Ingest),
        }
    }

    fn summary(&self, tally: &Tally, judged: &Judged) -> String {
        let name = &self.collector.name;
        if judged.basis == Basis::Absence {
            return match (&judged.run, judged.status) {
                (Some(run), Status::Passed) => {
                    format!("{name} examined {} items and found nothing", run.examined)
                }
                (Some(_), _) if self.rows == Rows::Everything => format!("{name} judged nothing"),
                _ if judged.flag == Some("no-rule-list") => {
                    format!("{name} reported nothing, and nothing shows which of its rules ran")
                }
                _ => format!("{name} reported nothing, and nothing shows what it examined"),
            };
        }
        let (failed, counted) = (tally.count(Status::Failed), tally.counted());
        if self.rows == Rows::Findings {
            return match failed {
                0 if self.broken => format!("{name} broke off"),
                0 => format!("{name} says {}", judged.status),
                1 => format!("1 finding: {}", named(&tally.failed_rules)),
                count => format!("{count} findings: {}", named(&tally.failed_rules)),
            };
        }
        if counted == 1 && tally.rows == 1 {
            let checks = tally.checks();
            return text::plain(&checks[0].message, text::LINE_LENGTH_MAX);
        }
        let mut parts = vec![format!("{} of {counted} passed", tally.count(Status::Passed))];
        for (status, word) in [
            (Status::Unknown, "unknown"),
            (Status::NeedsReview, "to be reviewed"),
            (Status::NotRun, "not run"),
            (Status::NotApplicable, "not applicable"),
        ] {
            let count = tally.count(status);
            parts.extend((count > 0).then(|| format!("{count} {word}")));
        }
        if failed > 0 {
            parts.insert(1, format!("{failed} failed: {}", named(&tally.failed_rules)));
        }
        if self.broken {
            parts.push(format!("{name} broke off"));
        }
        parts.join(", ")
    }
}

/// The first rules with their counts, and how many more there are.
fn named(rules: &BTreeMap<String, u64>) -> String {
    let mut named: Vec<String> =
        rules.iter().take(5).map(|(rule, count)| format!("{rule} ({count})")).collect();
    if rules.len() > named.len() {
        named.push(format!("{} more rules", rules.len() - named.len()));
    }
    named.join(", ")
}

/// Two runs of one tool taken together.
fn both(one: Option<Run>, other: Option<Run>) -> Option<Run> {
    match (one, other) {
        (Some(a), Some(b)) => Some(Run {
            errors: a.errors.saturating_add(b.errors),
            skipped: a.skipped.saturating_add(b.skipped),
            complete: a.complete && b.complete,
            examined: a.examined.saturating_add(b.examined),
            exit_code: a.exit_code.or(b.exit_code),
        }),
        (one, other) => one.or(other),
    }
}
