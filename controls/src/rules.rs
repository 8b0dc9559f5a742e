//! The core rules: what no importer may let through as a pass. Applied by admission, whatever the source.
//!
//! | rule | what it sees | what it says |
//! |---|---|---|
//! | `unknown-status` | a raw status word that is not a known word for the status claimed | unknown |
//! | `failed-items` | passed, yet items or rows of it failed | failed |
//! | `vacuous-result` | passed, yet nothing was examined or tested | not-run |
//! | `incomplete-run` | passed, yet the run broke off or had errors | unknown |
//! | `skipped-items` | passed, yet the run left items out | needs-review |
//! | `no-run-manifest` | passed by absence of findings, yet nothing shows that the tool looked | not-run |
//! | `silenced-in-source` | passed, yet marks in the source took findings out of the report | needs-review |
//! | `totals-disagree` | passed, yet the report's own totals are not those of its rows | needs-review |
//!
//! The first rule that applies decides; its name is set as a flag. None makes a status better.

use crate::result::{Basis, ControlResult};
use crate::status::Status;

/// Flags of importers with which a pass must be looked at.
const DOUBTS: [&str; 2] = ["silenced-in-source", "totals-disagree"];

/// Applies the core rules.
pub fn apply(mut result: ControlResult) -> ControlResult {
    if let Some((status, rule)) = judge(&result) {
        result.status = status;
        result.flags.insert(rule.to_owned());
    }
    result
}

fn judge(result: &ControlResult) -> Option<(Status, &'static str)> {
    let favourable = matches!(result.status, Status::Passed | Status::NotApplicable);
    let raw = result.raw_status.as_deref();
    if favourable && raw.is_some_and(|word| Status::from_word(word) != Some(result.status)) {
        return Some((Status::Unknown, "unknown-status"));
    }
    if result.status == Status::Unknown && raw.is_some_and(|word| Status::from_word(word).is_none()) {
        return Some((Status::Unknown, "unknown-status"));
    }
    if result.status == Status::Passed { judge_pass(result) } else { None }
}

fn judge_pass(result: &ControlResult) -> Option<(Status, &'static str)> {
    let population = result.population.as_ref();
    let run = result.run.as_ref();
    let row_failed = result.checks.iter().any(|check| check.status == Status::Failed);
    if row_failed || population.is_some_and(|p| p.failed > 0) {
        return Some((Status::Failed, "failed-items"));
    }
    if run.is_some_and(|run| run.examined == 0) || population.is_some_and(|p| p.tested == 0) {
        return Some((Status::NotRun, "vacuous-result"));
    }
    if run.is_some_and(|run| run.errors > 0 || !run.complete) {
        return Some((Status::Unknown, "incomplete-run"));
    }
    if run.is_some_and(|run| run.skipped > 0) {
        return Some((Status::NeedsReview, "skipped-items"));
    }
    if result.basis == Basis::Absence && run.is_none() {
        return Some((Status::NotRun, "no-run-manifest"));
    }
    let doubted = DOUBTS.into_iter().find(|flag| result.flags.contains(*flag))?;
    Some((Status::NeedsReview, doubted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{Check, Collector, Population, Run};

    fn passed() -> ControlResult {
        let (control, system) = ("AFF-EXP-13".parse().unwrap(), "s".parse().unwrap());
        let time = "2026-11-22T00:00:00Z".parse().unwrap();
        ControlResult::new(control, system, Status::Passed, time, Collector::new("ci"), "fine")
    }

    fn ruled(change: impl FnOnce(&mut ControlResult)) -> (Status, String) {
        let mut result = passed();
        change(&mut result);
        let result = apply(result);
        (result.status, result.flags.into_iter().collect::<Vec<_>>().join(","))
    }

    fn run(examined: u64, skipped: u64, errors: u64, complete: bool) -> Option<Run> {
        Some(Run { errors, skipped, complete, examined, exit_code: Some(0) })
    }

    fn population(size: u64, tested: u64, failed: u64) -> Option<Population> {
        Some(Population { size, failed, tested, definition: "all".into() })
    }

    #[test]
    fn nothing_examined_is_never_a_pass() {
        let vacuous = (Status::NotRun, "vacuous-result".to_owned());
        assert_eq!(ruled(|r| r.run = run(0, 0, 0, true)), vacuous);
        assert_eq!(ruled(|r| r.run = run(0, 3, 0, true)), vacuous);
        assert_eq!(ruled(|r| r.population = population(0, 0, 0)), vacuous);
        assert_eq!(ruled(|r| r.population = population(9, 0, 0)), vacuous);
    }

    #[test]
    fn a_run_that_broke_off_skipped_or_was_not_shown_is_never_a_pass() {
        assert_eq!(ruled(|r| r.run = run(5, 0, 1, true)), (Status::Unknown, "incomplete-run".into()));
        assert_eq!(ruled(|r| r.run = run(5, 0, 0, false)), (Status::Unknown, "incomplete-run".into()));
        assert_eq!(ruled(|r| r.run = run(5, 1, 0, true)), (Status::NeedsReview, "skipped-items".into()));
        assert_eq!(ruled(|r| r.basis = Basis::Absence), (Status::NotRun, "no-run-manifest".into()));
    }

    #[test]
    fn a_pass_under_doubt_is_to_be_reviewed() {
        for flag in DOUBTS {
            let doubted = ruled(|r| {
                r.flags.insert(flag.to_owned());
            });
            assert_eq!(doubted, (Status::NeedsReview, flag.to_owned()));
        }
    }

    #[test]
    fn a_pass_with_failed_items_is_a_failure() {
        let failed = (Status::Failed, "failed-items".to_owned());
        assert_eq!(ruled(|r| r.population = population(9, 9, 1)), failed);
        assert_eq!(
            ruled(|r| r.checks = vec![Check {
                rule: "bandit:B301".into(),
                status: Status::Failed,
                message: "pickle".into(),
                pointer: "/runs/0/results/0".into(),
                location: None,
                severity: None,
                withheld: None,
                suppressed: true,
                fingerprint: None,
            }]),
            failed
        );
    }

    #[test]
    fn a_status_in_words_nobody_knows_is_unknown() {
        let unknown = (Status::Unknown, "unknown-status".to_owned());
        assert_eq!(ruled(|r| r.raw_status = Some("green".into())), unknown);
        assert_eq!(ruled(|r| r.raw_status = Some("failed".into())), unknown);
        let not_applicable = |r: &mut ControlResult| {
            r.status = Status::NotApplicable;
            r.raw_status = Some("passed".into());
        };
        assert_eq!(ruled(not_applicable), unknown);
        assert_eq!(ruled(|r| r.raw_status = Some("PASS".into())), (Status::Passed, String::new()));
    }

    #[test]
    fn an_honest_pass_stays_a_pass_and_no_rule_makes_a_status_better() {
        assert_eq!(ruled(|r| r.run = run(5, 0, 0, true)), (Status::Passed, String::new()));
        assert_eq!(ruled(|r| r.population = population(9, 4, 0)), (Status::Passed, String::new()));
        for status in Status::ALL {
            let mut result = passed();
            result.status = status;
            result.run = run(0, 1, 1, false);
            let ruled = apply(result).status;
            assert_eq!(Status::worst([ruled, status]), Some(ruled), "{status}");
        }
    }
}
