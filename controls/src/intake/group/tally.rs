//! What the rows say about one control on one asset: counted, and the worst of them kept.

use crate::measure::Measure;
use crate::result::Check;
use crate::status::Status;
use affiant_ledger::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most checks kept in one result; the worst are kept and all are counted.
pub(in crate::intake) const CHECKS_KEPT: usize = 500;
/// Most measures kept in one result.
const MEASURES_KEPT: usize = 200;
/// Rules counted one by one; the rest are counted together.
const RULES_MAX: usize = 1000;

/// The earliest and the latest of some times.
#[derive(Default, Clone)]
pub(super) struct Times {
    pub(super) range: Option<(Timestamp, Timestamp)>,
    /// One had no zone and was taken as UTC.
    pub(super) zone_assumed: bool,
    /// One could not be read.
    pub(super) unreadable: bool,
}

impl Times {
    pub(super) fn add(&mut self, text: &str) {
        let (time, assumed) = match text.parse::<Timestamp>() {
            Ok(time) => (time, false),
            Err(_) => match format!("{text}Z").parse() {
                Ok(time) => (time, true),
                Err(_) => {
                    self.unreadable = true;
                    return;
                }
            },
        };
        self.zone_assumed |= assumed;
        let (from, to) = self.range.unwrap_or((time, time));
        self.range = Some((from.min(time), to.max(time)));
    }
}

/// A check and whether it counts towards the status: an informational one does not.
pub(super) struct Weighed {
    pub(super) check: Check,
    pub(super) counts: bool,
    pub(super) redacted: bool,
    /// A status word of the tool that nobody knows.
    pub(super) unknown_word: Option<String>,
    pub(super) measures: Vec<Measure>,
    pub(super) times: Vec<String>,
    pub(super) valid_until: Option<Timestamp>,
}

/// Rows about one control, in bounded memory.
#[derive(Default)]
pub(super) struct Tally {
    /// Rows in all, counting or not.
    pub(super) rows: u64,
    by_status: BTreeMap<Status, u64>,
    /// Rules with a failed row, and how many.
    pub(super) failed_rules: BTreeMap<String, u64>,
    /// The worst checks so far, with their place in the report.
    kept: Vec<(u64, Check)>,
    pub(super) redacted: bool,
    pub(super) suppressed: bool,
    pub(super) unknown_word: Option<String>,
    pub(super) measures: Vec<Measure>,
    pub(super) valid_until: Option<Timestamp>,
    /// The rows' own times.
    pub(super) times: Times,
}

impl Tally {
    pub(super) fn add(&mut self, weighed: &Weighed) {
        let check = &weighed.check;
        if weighed.counts {
            *self.by_status.entry(check.status).or_default() += 1;
            if check.status == Status::Failed {
                self.fail(&check.rule);
            }
        }
        weighed.times.iter().for_each(|time| self.times.add(time));
        self.redacted |= weighed.redacted;
        self.suppressed |= check.suppressed;
        self.unknown_word = self.unknown_word.take().or_else(|| weighed.unknown_word.clone());
        let room = MEASURES_KEPT.saturating_sub(self.measures.len());
        self.measures.extend(weighed.measures.iter().take(room).cloned());
        let until = [self.valid_until, weighed.valid_until].into_iter().flatten().min();
        self.valid_until = until;
        self.kept.push((self.rows, check.clone()));
        self.rows += 1;
        if self.kept.len() >= 2 * CHECKS_KEPT {
            self.cut();
        }
    }

    fn fail(&mut self, rule: &str) {
        let room = self.failed_rules.len() < RULES_MAX;
        if let Some(count) = self.failed_rules.get_mut(rule) {
            *count += 1;
        } else {
            let rule = if room { rule } else { "other rules" };
            *self.failed_rules.entry(rule.to_owned()).or_default() += 1;
        }
    }

    /// Keeps the worst.
    fn cut(&mut self) {
        self.kept.sort_by_key(|(at, check)| (Reverse((check.status.badness(), check.severity)), *at));
        self.kept.truncate(CHECKS_KEPT);
    }

    /// The worst checks, at most [`CHECKS_KEPT`], in the order of the report.
    pub(super) fn checks(&self) -> Vec<Check> {
        let mut kept = Self { kept: self.kept.clone(), ..Self::default() };
        if kept.kept.len() > CHECKS_KEPT {
            kept.cut();
        }
        kept.kept.sort_by_key(|(at, _)| *at);
        kept.kept.into_iter().map(|(_, check)| check).collect()
    }

    pub(super) fn count(&self, status: Status) -> u64 {
        self.by_status.get(&status).copied().unwrap_or(0)
    }

    /// Rows that count.
    pub(super) fn counted(&self) -> u64 {
        self.by_status.values().sum()
    }

    /// The statuses that occur.
    pub(super) fn statuses(&self) -> impl Iterator<Item = Status> {
        self.by_status.keys().copied()
    }

    /// Whether some checks were not kept.
    pub(super) fn is_cut(&self) -> bool {
        self.rows > CHECKS_KEPT as u64
    }
}
