//! What the results on file open and close: the same whether it is asked after a push or of the whole register.

use super::{Finding, FindingState, due, finding_id};
use crate::control::{ControlId, Severity};
use crate::pair::is_unfavourable;
use crate::register::{Recorded, Register};
use crate::result::{Check, ControlResult};
use crate::status::Status;
use crate::text;
use crate::variant::{self, is_favourable_on_other_bytes};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most findings of single checks that one result opens; one more stands for the rest.
pub const FINDINGS_MAX: usize = 200;

/// Longest summary, in bytes.
const SUMMARY_MAX: usize = 300;
/// Flags of a result whose checks are not all there.
const INCOMPLETE: [&str; 2] = ["checks-cut", "execution-failed"];

/// Control, asset and collector: the results that answer one another.
type Slot<'a> = (&'a ControlId, Option<&'a Id>, &'a str);

impl Register {
    /// The findings that what is on file opens, opens again and closes, as they are to be recorded; none when all of it is
    /// recorded. `severity` is that of a control.
    pub fn finding_changes(&self, severity: impl Fn(&ControlId) -> Severity) -> Vec<Finding> {
        let mut known: BTreeMap<Slot<'_>, Vec<&Finding>> = BTreeMap::new();
        for filed in self.findings() {
            let Finding { control, asset, collector, .. } = &filed.value;
            known.entry((control, asset.as_ref(), collector)).or_default().push(&filed.value);
        }
        let mut on: BTreeMap<(&ControlId, Option<&Id>), Vec<&Recorded>> = BTreeMap::new();
        for recorded in self.results() {
            on.entry((&recorded.result.control, recorded.result.asset.as_ref())).or_default().push(recorded);
        }
        let mut changes = Vec::new();
        for ((control, asset), results) in on {
            let digest = asset.and_then(|id| self.asset(id.as_str())).and_then(|asset| asset.digest);
            for recorded in variant::standing(results.into_iter(), digest).0 {
                let slot = (control, asset, recorded.result.collector.name.as_str());
                let known = known.get(&slot).map_or(&[][..], Vec::as_slice);
                changes.extend(changes_by(recorded, known, || severity(control)));
            }
        }
        changes
    }
}

/// Whether a result reports a failure.
pub fn is_failing(result: &ControlResult) -> bool {
    result.status == Status::Failed || result.population.as_ref().is_some_and(|it| it.failed > 0)
}

/// Whether no earlier result of the same control, asset and collector has a say beside it, on an asset of these bytes.
pub fn settles(result: &ControlResult, digest: Option<Digest>) -> bool {
    let ran = result.status != Status::NotRun || is_unfavourable(result);
    ran && !is_favourable_on_other_bytes(result, digest)
}

/// What the result that stands makes of the findings of its control, asset and collector.
fn changes_by(standing: &Recorded, known: &[&Finding], severity: impl Fn() -> Severity) -> Vec<Finding> {
    let result = &standing.result;
    if !is_failing(result) {
        let passed = result.status == Status::Passed
            && result.population.as_ref().is_none_or(|population| population.is_complete());
        let unresolved = known.iter().filter(|finding| passed && finding.is_unresolved());
        return unresolved.map(|finding| resolved(finding, standing)).collect();
    }
    let failures = failures(result, known);
    let wanted: BTreeSet<Id> = failures.iter().map(|failure| failure.id(result)).collect();
    let opened = failures.iter().filter_map(|failure| {
        let id = failure.id(result);
        match known.iter().find(|finding| finding.id == id) {
            None => Some(failure.opened(id, standing, severity())),
            Some(before) if before.is_unresolved() => None,
            Some(before) => Some(reopened(before, failure.opened(id, standing, severity()))),
        }
    });
    let gone = known.iter().filter(|finding| {
        finding.is_unresolved()
            && !wanted.contains(&finding.id)
            && shows_gone(result, finding.fingerprint.as_ref())
    });
    opened.chain(gone.map(|finding| resolved(finding, standing))).collect()
}

/// A failure of a result that is a finding of its own.
enum Failure<'a> {
    Check(&'a Check, Digest),
    /// The result as a whole, or the checks that have no finding of their own: how many.
    Rest(usize),
}

impl Failure<'_> {
    fn fingerprint(&self) -> Option<&Digest> {
        match self {
            Self::Check(_, fingerprint) => Some(fingerprint),
            Self::Rest(_) => None,
        }
    }

    fn id(&self, result: &ControlResult) -> Id {
        let ControlResult { system, control, asset, collector, .. } = result;
        finding_id(system, control, asset.as_ref(), &collector.name, self.fingerprint())
    }

    fn opened(&self, id: Id, standing: &Recorded, severity: Severity) -> Finding {
        let result = &standing.result;
        let (check, summary) = match self {
            Self::Check(check, _) => (Some(*check), check.message.clone()),
            Self::Rest(0) => (None, result.summary.clone()),
            Self::Rest(more) => (None, format!("{more} more failing checks: {}", result.summary)),
        };
        let severity = check.and_then(|check| check.severity).unwrap_or(severity);
        Finding {
            id,
            due: due(result.observed_to, severity),
            note: None,
            rule: check.map(|check| check.rule.clone()),
            asset: result.asset.clone(),
            owner: None,
            state: FindingState::Open,
            system: result.system.clone(),
            ticket: None,
            control: result.control.clone(),
            summary: text::plain(&summary, SUMMARY_MAX),
            location: check.and_then(|check| check.location.clone()),
            reopened: 0,
            severity,
            collector: result.collector.name.clone(),
            opened_at: result.observed_to,
            opened_by: standing.index,
            fingerprint: self.fingerprint().copied(),
            resolved_at: None,
            resolved_by: None,
        }
    }
}

/// The failures of a failing result: its checks, those with a finding first, then the gravest, and one for what is beyond.
fn failures<'a>(result: &'a ControlResult, known: &[&Finding]) -> Vec<Failure<'a>> {
    let failed = || result.checks.iter().filter(|check| check.status == Status::Failed);
    let mut first: BTreeMap<Digest, &Check> = BTreeMap::new();
    for check in failed() {
        if let Some(fingerprint) = check.fingerprint {
            first.entry(fingerprint).or_insert(check);
        }
    }
    let marked: BTreeSet<Digest> = known.iter().filter_map(|finding| finding.fingerprint).collect();
    let mut distinct: Vec<(Digest, &Check)> = first.into_iter().collect();
    distinct.sort_by_key(|(fingerprint, check)| {
        (!marked.contains(fingerprint), Reverse(check.severity), *fingerprint)
    });
    let beyond = distinct.len().saturating_sub(FINDINGS_MAX);
    distinct.truncate(FINDINGS_MAX);
    let unmarked = failed().filter(|check| check.fingerprint.is_none()).count();
    let rest = beyond + unmarked;
    let mut failures: Vec<Failure<'a>> =
        distinct.into_iter().map(|(fingerprint, check)| Failure::Check(check, fingerprint)).collect();
    let cut = result.flags.contains("checks-cut");
    if rest > 0 || cut || failures.is_empty() {
        // Where nothing has a finding of its own it stands for the result.
        failures.push(Failure::Rest(if failures.is_empty() { 0 } else { rest }));
    }
    failures
}

/// Whether a failing result shows that a failure is gone: it has all its checks, and none of them speaks of it.
fn shows_gone(result: &ControlResult, fingerprint: Option<&Digest>) -> bool {
    let broken = result.run.as_ref().is_some_and(|run| run.errors > 0 || !run.complete);
    let whole =
        !result.checks.is_empty() && !broken && !INCOMPLETE.iter().any(|flag| result.flags.contains(*flag));
    let speaks = |check: &Check| {
        let favourable = matches!(check.status, Status::Passed | Status::NotApplicable);
        !favourable && fingerprint.is_some() && check.fingerprint.as_ref() == fingerprint
    };
    whole && !result.checks.iter().any(speaks)
}

fn resolved(finding: &Finding, by: &Recorded) -> Finding {
    Finding {
        state: FindingState::Resolved,
        resolved_at: Some(by.result.observed_to),
        resolved_by: Some(by.index),
        ..finding.clone()
    }
}

/// The same failure again: who answers for it and where it is tracked stay.
fn reopened(before: &Finding, now: Finding) -> Finding {
    Finding {
        note: before.note.clone(),
        owner: before.owner.clone(),
        ticket: before.ticket.clone(),
        reopened: before.reopened + 1,
        ..now
    }
}
