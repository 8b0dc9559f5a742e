//! The findings of one collector in one report, and the results they make.

use super::model::Run;
use super::{CHECKS_KEPT, IMPORTER, Weighed};
use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::intake::Context;
use crate::intake::tools::{Lists, ToolRule, ToolRules};
use crate::result::{Basis, Check, Collector, ControlResult, Source, TimeSource};
use crate::status::Status;
use crate::text;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The findings of one collector.
pub(super) struct Group<'a> {
    collector: Collector,
    /// Controls some rule of its tools speaks about.
    mapped: BTreeSet<&'a ControlId>,
    /// Those for which absence of findings can speak.
    testable: BTreeSet<&'a ControlId>,
    checks: BTreeMap<&'a ControlId, Vec<Weighed>>,
    broken: bool,
    /// A run did not try to find anything.
    idle: bool,
    times: Vec<Timestamp>,
    zone_assumed: bool,
    source: Option<Source>,
}

impl<'a> Group<'a> {
    pub(super) fn new(collector: Collector) -> Self {
        Self {
            collector,
            mapped: BTreeSet::new(),
            testable: BTreeSet::new(),
            checks: BTreeMap::new(),
            broken: false,
            idle: false,
            times: Vec::new(),
            zone_assumed: false,
            source: None,
        }
    }

    /// Begins a run of a tool.
    pub(super) fn begin(&mut self, tool: &'a ToolRules, run: &Run, context: &Context<'_>) {
        let testable = |control: &&ControlId| {
            context.controls.control(control.as_str()).is_some_and(|control| tool.can_test(control))
        };
        let listed = |rule: &&ToolRule| match tool.lists {
            Lists::Found => true,
            Lists::Ran => {
                run.rules().any(|ran| tool.rule(&ran.id).is_some_and(|known| known.rule == rule.rule))
            }
        };
        self.mapped.extend(tool.controls());
        let ran = tool.rules.iter().filter(listed);
        self.testable.extend(ran.flat_map(|rule| &rule.controls).filter(testable));
        self.broken |= run.is_broken();
        self.idle |= run.results.is_none();
        for invocation in &run.invocations {
            for time in [&invocation.start_time_utc, &invocation.end_time_utc].into_iter().flatten() {
                self.time(time);
            }
        }
        if let Some(provenance) = run.version_control_provenance.first() {
            let system = text::plain(without_user(&provenance.repository_uri), text::NAME_LENGTH_MAX);
            self.source =
                (!system.is_empty()).then_some(Source { query: None, system: Some(system), account: None });
        }
    }

    /// A time without a zone is taken as UTC, and the result says so.
    fn time(&mut self, text: &str) {
        if let Ok(time) = text.parse() {
            self.times.push(time);
        } else if let Ok(time) = format!("{text}Z").parse() {
            self.times.push(time);
            self.zone_assumed = true;
        }
    }

    pub(super) fn add(&mut self, rule: &'a ToolRule, weighed: Weighed) {
        for control in &rule.controls {
            let Weighed { check, counts, redacted } = &weighed;
            let copy = Weighed { check: check.clone(), counts: *counts, redacted: *redacted };
            self.checks.entry(control).or_default().push(copy);
        }
    }

    /// One result per control it can say something about.
    pub(super) fn results(
        &self,
        system: &Id,
        evidence: &EvidenceRef,
        context: &Context<'_>,
    ) -> Vec<ControlResult> {
        let judged = self.mapped.iter().filter_map(|control| Some((*control, self.judge(control, context)?)));
        judged.map(|(control, judged)| self.result(control, judged, system, evidence, context)).collect()
    }

    /// Status, basis and flags for a control; `None` where nothing can be said.
    fn judge(
        &self,
        control: &ControlId,
        context: &Context<'_>,
    ) -> Option<(Status, Basis, Option<&'static str>)> {
        let counted = self.checks.get(control).into_iter().flatten().filter_map(Weighed::status);
        let broken = self.broken.then_some(Status::Unknown);
        let flag = self.broken.then_some("execution-failed");
        if let Some(status) = Status::worst(counted.chain(broken)) {
            return Some((status, Basis::Explicit, flag));
        }
        if !self.testable.contains(control) {
            return None;
        }
        match &context.run {
            _ if self.idle => Some((Status::NotRun, Basis::Absence, Some("no-results"))),
            Some(_) => Some((Status::Passed, Basis::Absence, None)),
            None => Some((Status::NotRun, Basis::Absence, Some("no-run-manifest"))),
        }
    }

    fn result(
        &self,
        control: &ControlId,
        (status, basis, flag): (Status, Basis, Option<&'static str>),
        system: &Id,
        evidence: &EvidenceRef,
        context: &Context<'_>,
    ) -> ControlResult {
        let weighed = self.checks.get(control).map_or(&[][..], Vec::as_slice);
        let (from, to, time_source) = self.observed(context);
        let summary = self.summary(weighed, status, basis, context);
        let mut result =
            ControlResult::new(control.clone(), system.clone(), status, to, self.collector.clone(), summary);
        result.observed_from = from;
        result.time_source = time_source;
        result.basis = basis;
        result.asset = context.asset.clone();
        result.run = context.run.clone();
        result.subject = context.subject.clone();
        result.method = context.method;
        result.source = self.source.clone();
        result.importer = Some(IMPORTER.to_owned());
        result.evidence = vec![evidence.clone()];
        let mut flags = BTreeSet::from_iter(flag);
        flags.extend(self.zone_assumed.then_some("time-zone-assumed"));
        flags.extend(weighed.iter().any(|w| w.redacted).then_some("redacted"));
        flags.extend(weighed.iter().any(|w| w.check.suppressed).then_some("suppressed"));
        flags.extend((weighed.len() > CHECKS_KEPT).then_some("checks-cut"));
        result.flags = flags.into_iter().map(str::to_owned).collect();
        result.checks = kept(weighed);
        result
    }

    fn observed(&self, context: &Context<'_>) -> (Timestamp, Timestamp, TimeSource) {
        match (self.times.iter().min(), self.times.iter().max(), context.observed) {
            (Some(from), Some(to), _) => (*from, *to, TimeSource::Report),
            (_, _, Some((from, to))) => (from, to, TimeSource::Declared),
            _ => (context.now, context.now, TimeSource::Ingest),
        }
    }

    fn summary(&self, weighed: &[Weighed], status: Status, basis: Basis, context: &Context<'_>) -> String {
        let name = &self.collector.name;
        if basis == Basis::Absence {
            let examined = context.run.as_ref().map(|run| run.examined);
            return match (examined, status) {
                (Some(examined), Status::Passed) => {
                    format!("{name} examined {examined} items and found nothing")
                }
                _ => format!("{name} reported nothing, and nothing shows what it examined"),
            };
        }
        let failed = weighed.iter().filter(|w| w.check.status == Status::Failed).count();
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for weighed in weighed.iter().filter(|w| w.check.status == Status::Failed) {
            *rules.entry(&weighed.check.rule).or_default() += 1;
        }
        let mut named: Vec<String> =
            rules.iter().take(5).map(|(rule, count)| format!("{rule} ({count})")).collect();
        if rules.len() > named.len() {
            named.push(format!("{} more rules", rules.len() - named.len()));
        }
        match failed {
            0 if self.broken => format!("{name} broke off"),
            0 => format!("{name} says {status}"),
            1 => format!("1 finding: {}", named.join(", ")),
            count => format!("{count} findings: {}", named.join(", ")),
        }
    }
}

/// The worst checks, at most [`CHECKS_KEPT`], in the order of the report.
fn kept(weighed: &[Weighed]) -> Vec<Check> {
    let mut order: Vec<usize> = (0..weighed.len()).collect();
    if order.len() > CHECKS_KEPT {
        let failed = |at: &usize| weighed[*at].check.status == Status::Failed;
        order.sort_by_key(|at| std::cmp::Reverse((failed(at), weighed[*at].check.severity)));
        order.truncate(CHECKS_KEPT);
        order.sort_unstable();
    }
    order.into_iter().map(|at| weighed[at].check.clone()).collect()
}

/// A URI without user and password.
fn without_user(uri: &str) -> &str {
    let begin = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[begin..].find('/').map_or(uri.len(), |at| begin + at);
    uri[begin..end].rfind('@').map_or(uri, |at| &uri[begin + at + 1..])
}
