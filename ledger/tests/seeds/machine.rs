//! A machine with a ledger on it: its storage, its tables, its clock; and the ledgers that seeds begin with.

use super::chance::Chance;
use super::drafts::{ByWords, Drawer, STREAMS, Wanted};
use super::fault::{Plan, own_this_thread};
use super::flaw::Flaw;
use super::memory::{BASE, Memory};
use super::promises::Promises;
use super::shelf::Shelf;
use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::fsck::{Examination, FsckReport, Indexed, fsck};
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Founding, Ledger, LedgerError, Surroundings, head_path};
use affiant_ledger::note::Verifier;
use affiant_ledger::record::Draft;
use affiant_ledger::settings::Settings;
use affiant_ledger::time::{Clock, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const ORIGIN: &str = "affiant.example/seeds";
/// When clocks here begin: 2026-11-22, in milliseconds.
const BEGIN: u64 = 1_795_305_600_000;

/// A clock that goes on with every look, and now and then back.
#[derive(Debug, Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        let back = if ticks % 7 == 3 { 5 } else { 0 };
        Timestamp::from_millis(BEGIN + ticks - back.min(ticks)).unwrap()
    }
}

/// What outlives a process, as one of its lives sees it.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) memory: Memory,
    pub(crate) shelf: Shelf,
    clock: Arc<Ticking>,
    /// Bytes the ledger holds before it moves them into bundles.
    pub(crate) tail_size_max: usize,
}

/// The log key, or one that follows it.
pub(crate) fn log_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn settings() -> Settings {
    let log_keys = LogKeys::new(Verifier::new(ORIGIN.parse().unwrap(), log_key(1).verifying_key()));
    Settings { id: "seeds".parse().unwrap(), origin: ORIGIN.into(), log_keys, head: None }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(BASE).join("ledger")
}

pub(crate) fn heads() -> PathBuf {
    Path::new(BASE).join("heads")
}

impl Machine {
    pub(crate) fn new(chance: &mut Chance) -> Self {
        let (memory, shelf) = (Memory::new(chance.apart()), Shelf::new(chance.apart()));
        Self { memory, shelf, clock: Arc::default(), tail_size_max: 8 << 20 }
    }

    pub(crate) fn copy(&self, chance: &mut Chance, flaw: Flaw) -> Self {
        let clock = Arc::new(Ticking(self.clock.0.load(Ordering::Relaxed).into()));
        let (memory, shelf) = (self.memory.copy(chance.apart(), flaw), self.shelf.copy(chance.apart()));
        Self { memory, shelf, clock, ..*self }
    }

    /// The process ends, if it has not yet, and another begins.
    pub(crate) fn next_life(&mut self, plan: Option<Plan>, table_fails: Option<(u64, bool)>) {
        let cut = self.memory.world().was_cut();
        self.memory = self.memory.next_life(plan);
        self.shelf = self.shelf.next_life(cut, table_fails);
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings {
            storage: Arc::new(self.memory.clone()),
            tables: Arc::new(self.shelf.clone()),
            clock: self.clock.clone(),
            random: |bytes| bytes.fill(7),
            wait: Duration::ZERO,
            tail_size_max: self.tail_size_max,
            ..Surroundings::new(&ByWords, heads())
        }
    }

    pub(crate) fn found(&self, drafts: Vec<Draft>) -> Result<Ledger, LedgerError> {
        let key = log_key(1);
        let founding = Founding { log_key: &key, issuer: None, passphrase: None, drafts, keys: Vec::new() };
        Ledger::found(&folder(), &settings(), founding, self.surroundings())
    }

    pub(crate) fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&folder(), self.surroundings())
    }

    pub(crate) fn fsck(&self, with_index: bool) -> FsckReport {
        let head = head_path(&folder(), &settings(), &heads());
        let indexed = Indexed { tables: &self.shelf, filing: &ByWords };
        let index = with_index.then_some(indexed);
        let ledger = folder();
        let examination =
            Examination { storage: &self.memory, folder: &ledger, head: Some(&head), anchors: &[], index };
        fsck(&examination, &|_, _| {})
    }
}

/// A ledger that seeds begin with, and what it has promised.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) machine: Machine,
    pub(crate) promises: Promises,
    pub(crate) founded: bool,
    pub(crate) drawer: Drawer,
}

impl Beginning {
    /// An empty machine.
    pub(crate) fn nothing() -> Self {
        let machine = Machine::new(&mut Chance::new(0));
        Self { machine, promises: Promises::default(), founded: false, drawer: Drawer::new(0) }
    }

    /// A ledger with `entries`, made without a fault, its payloads about `fill` bytes; closed, or only left.
    pub(crate) fn with(entries: u64, fill: usize, closed: bool) -> Self {
        own_this_thread();
        let (mut begun, mut chance) = (Self::nothing(), Chance::new(entries));
        let mut ledger = begun.machine.found(Vec::new()).unwrap();
        begun.promises.demand(ledger.reader().unwrap(), &mut chance).unwrap();
        let numbers: Vec<u64> = (1..entries).collect();
        for batch in numbers.chunks(4096) {
            let one = |number: &u64| Wanted {
                stream: (*number % STREAMS.len() as u64) as usize,
                number: *number,
                id: number.is_multiple_of(3).then_some(*number),
                facet: number % 6,
                fill,
                blob: None,
            };
            let drafts: Vec<Draft> = batch.iter().map(|number| one(number).draft()).collect();
            let appended = ledger.append(&drafts).unwrap();
            begun.promises.acknowledge(&drafts, &appended).unwrap();
        }
        begun.promises.demand(ledger.reader().unwrap(), &mut chance).unwrap();
        begun.promises.show(begun.machine.memory.world().take_shown()).unwrap();
        if closed {
            ledger.close().unwrap();
        }
        (begun.founded, begun.drawer) = (true, Drawer::new(entries));
        begun
    }

    /// The same on a machine of its own.
    pub(crate) fn copy(&self, chance: &mut Chance, flaw: Flaw) -> Self {
        Self { machine: self.machine.copy(chance, flaw), ..self.clone() }
    }
}
