//! Random ledgers: the same seed gives the same ledger, and leaving entries out leaves the others as they are.
//!
//! Every statement is made from the seed and its own number alone, out of small pools of controls, assets and
//! collectors, so that statements meet: results replace one another, exceptions cover what failed, events fall between
//! two results. Entries are recorded about five days apart; what they speak about lies up to months before, sometimes
//! after.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub(crate) mod catalogs;
pub(crate) mod statements;

use crate::support::Stream;
use affiant_controls::{ControlSet, Horizon, Statement};
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use statements::Temper;

/// Most entries of a ledger.
pub(crate) const ENTRIES_MAX: u64 = 56;

/// A day in milliseconds.
pub(crate) const DAY: u64 = 86_400_000;

/// Sebastiano Vigna's splitmix64: small, and good enough to pick with.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator for a seed and a number: neighbours have nothing in common.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut rng = Self(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        rng.0 = rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Puts a list into any order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// A ledger of one stream with the instants at which something in it changes.
pub(crate) struct Ledger {
    pub(crate) stream: Stream,
    pub(crate) statements: Vec<Statement>,
    instants: Vec<Timestamp>,
}

impl Ledger {
    /// The ledger of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed, u64::MAX);
        let entries = 1 + rng.below(ENTRIES_MAX);
        Self::with(seed, |number| number < entries)
    }

    /// The entries of a seed whose number is wanted; the system is always stated first.
    pub(crate) fn with(seed: u64, wanted: impl Fn(u64) -> bool) -> Self {
        let mut ledger = Self { stream: Stream::default(), statements: Vec::new(), instants: Vec::new() };
        let temper = Temper::of(seed);
        for number in (0..ENTRIES_MAX).filter(|number| *number == 0 || wanted(*number)) {
            let recorded = recorded_at(seed, number);
            ledger.push(statements::statement(seed, number, &temper, recorded), recorded);
        }
        ledger
    }

    /// Appends a statement.
    pub(crate) fn push(&mut self, statement: Statement, recorded: Timestamp) {
        self.stream.push(statement.clone(), &recorded.to_string());
        self.instants.push(recorded);
        self.instants.extend(statements::instants(&statement, catalogs::controls()));
        self.statements.push(statement);
    }

    /// The same ledger with every statement changed, or left out.
    pub(crate) fn with_each(&self, change: impl Fn(Statement) -> Option<Statement>) -> Self {
        let mut ledger = Self { stream: Stream::default(), statements: Vec::new(), instants: Vec::new() };
        for (statement, record) in self.statements.iter().zip(self.records()) {
            if let Some(changed) = change(statement.clone()) {
                ledger.push(changed, record.entry.time);
            }
        }
        ledger
    }

    /// Its records, in order.
    pub(crate) fn records(&self) -> &[Record] {
        &self.stream.records
    }

    /// When the last entry was recorded.
    pub(crate) fn last(&self) -> Timestamp {
        self.records().last().unwrap().entry.time
    }

    /// An instant at which something begins or ends, or a millisecond beside it; often the end of the ledger.
    pub(crate) fn instant(&self, rng: &mut Rng) -> Timestamp {
        let at = if rng.chance(40) { self.last() } else { *rng.pick(&self.instants) };
        let millis = at.as_millis();
        let near = match rng.below(5) {
            0 => millis - 1,
            1 => millis + 1,
            2 => millis + DAY,
            _ => millis,
        };
        Timestamp::from_millis(near).unwrap_or(at)
    }

    /// A horizon: mostly a time as it was known then, sometimes as known earlier or later, sometimes at a checkpoint.
    pub(crate) fn horizon(&self, rng: &mut Rng) -> Horizon {
        let as_of = self.instant(rng);
        let known = match rng.below(10) {
            0..6 => as_of,
            6 => self.instant(rng),
            7 => self.last(),
            _ => after(as_of, rng.below(40)),
        };
        let size = rng.chance(15).then(|| 1 + rng.below(self.records().len() as u64));
        Horizon { as_of, known, size }
    }
}

/// So many days later.
pub(crate) fn after(time: Timestamp, days: u64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + days * DAY).unwrap()
}

/// So many days before.
pub(crate) fn before(time: Timestamp, days: u64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() - days * DAY).unwrap()
}

/// When an entry is recorded: never before the entry in front of it, at times in the same millisecond.
fn recorded_at(seed: u64, number: u64) -> Timestamp {
    let mut rng = Rng::new(!seed, number);
    let start: Timestamp = "2026-06-01".parse().unwrap();
    let step = 5 * DAY;
    let within = if rng.chance(25) { step } else { rng.below(120) * (DAY / 24) };
    let within = if rng.chance(25) { 0 } else { within };
    Timestamp::from_millis(start.as_millis() + number * step + within).unwrap()
}

/// The control there is under an id.
pub(crate) fn control<'a>(controls: &'a ControlSet, id: &str) -> &'a affiant_controls::Control {
    controls.control(id).unwrap()
}
