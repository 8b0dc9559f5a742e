//! A stream made by hand: records in order, without a ledger.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "tests")]

use affiant_controls::result::Collector;
use affiant_controls::{Asset, ControlResult, Population, Register, Statement, Status, System};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::{ENTRY_VERSION, Entry};
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;

/// The system's id, which is the stream.
pub(crate) const STREAM: &str = "credit-scoring";

/// Records of one stream.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) records: Vec<Record>,
}

impl Stream {
    /// A stream that begins with this system.
    pub(crate) fn of(system: &System) -> Self {
        let mut stream = Self::default();
        stream.push(Statement::System(system.clone()), "2026-01-01");
        stream
    }

    /// Records a statement at a time; its leaf hash is that of its bytes.
    pub(crate) fn push(&mut self, statement: Statement, time: &str) -> &mut Self {
        let bytes = statement.to_bytes();
        let index = self.records.len() as u64;
        let entry = Entry {
            n: index,
            v: ENTRY_VERSION,
            by: "local".to_owned(),
            kind: statement.kind().parse().unwrap(),
            prev: Digest::ZERO,
            time: at(time),
            index,
            stream: STREAM.parse().unwrap(),
            payload: Digest::of(&bytes),
            stream_prev: Digest::ZERO,
        };
        let leaf = Digest::leaf(&entry.to_bytes());
        self.records.push(Record { entry, leaf, statement: Some(bytes) });
        self
    }

    /// An asset of a kind.
    pub(crate) fn asset(&mut self, id: &str, kind: &str) -> &mut Self {
        let asset = Asset::new(STREAM.parse().unwrap(), id.parse().unwrap(), kind, id);
        self.push(Statement::Asset(asset), "2026-01-02")
    }

    /// A result of a control on an asset (empty: on none), observed and recorded at a time.
    pub(crate) fn result(&mut self, control: &str, asset: &str, status: Status, time: &str) -> &mut Self {
        let mut result = result(control, status, time);
        result.asset = asset.parse().ok();
        self.push(Statement::Result(Box::new(result)), time)
    }

    /// A result that names no asset but a population.
    pub(crate) fn population(&mut self, control: &str, tested: u64, size: u64, time: &str) -> &mut Self {
        let mut result = result(control, Status::Passed, time);
        result.population =
            Some(Population { size, failed: 0, tested, definition: "all of them".to_owned() });
        self.push(Statement::Result(Box::new(result)), time)
    }

    /// What it says as of a time.
    pub(crate) fn register(&self, as_of: &str) -> Register {
        Register::replay(&self.records, at(as_of)).unwrap()
    }
}

/// A result of a control.
pub(crate) fn result(control: &str, status: Status, time: &str) -> ControlResult {
    let system = STREAM.parse().unwrap();
    ControlResult::new(
        control.parse().unwrap(),
        system,
        status,
        at(time),
        Collector::new("scanner"),
        "looked at",
    )
}

/// A time by its text.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The provider of a high-risk Annex III system.
pub(crate) fn credit_scoring() -> System {
    let mut system = System::new(STREAM.parse().unwrap(), "Credit scoring");
    system.roles.insert("provider".into());
    system.risk_classes.insert("high-risk".into());
    system.routes.insert("annex-iii".into());
    system.facts.insert("annex_iii".into(), ["5.b".to_owned()].into());
    system
}
