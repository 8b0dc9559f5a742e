//! What a register keeps: statements with the entries that hold them, the latest of each.

use crate::decision::{Decision, Target};
use crate::result::ControlResult;
use crate::state::Citation;
use crate::variant::Variant;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A result with the entry that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position in the ledger.
    pub index: u64,
    /// Leaf hash of the entry.
    pub leaf: Digest,
    /// When recorded.
    pub time: Timestamp,
    /// The result, apart: a table of them has slots that stay empty.
    pub result: Box<ControlResult>,
}

impl Recorded {
    /// What decides which of two is the latest: the end of the observation, then the position in the ledger.
    pub(crate) fn rank(&self) -> (Timestamp, u64) {
        (self.result.observed_to, self.index)
    }
}

/// A statement with the entry that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed<V> {
    /// The entry.
    pub citation: Citation,
    /// When recorded.
    pub time: Timestamp,
    /// The statement.
    pub value: V,
}

/// Of what time a register speaks, and from what knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// What was observed later is left out.
    pub as_of: Timestamp,
    /// What was recorded later is left out.
    pub known: Timestamp,
    /// Entries from this position of the ledger on are left out: the size of a checkpoint.
    pub size: Option<u64>,
}

impl Horizon {
    /// A time as it was known then.
    pub fn at(as_of: Timestamp) -> Self {
        Self { as_of, known: as_of, size: None }
    }

    pub(crate) fn knows(&self, record: &Record) -> bool {
        record.entry.time <= self.known && self.size.is_none_or(|size| record.entry.index < size)
    }
}

/// One value per id, with the position of the entry that said so last.
pub(super) type Latest<V> = BTreeMap<Id, (u64, V)>;

/// One statement per key, that of the latest entry.
pub(super) type Files<K, V> = BTreeMap<K, Filed<V>>;

/// The latest results of a control.
#[derive(Debug, Clone, Default)]
pub(super) struct OnControl {
    /// By asset, then collector and variant.
    pub(super) named: BTreeMap<Id, BTreeMap<(String, Variant), Recorded>>,
    /// Those that name no asset, by collector and variant.
    pub(super) unnamed: BTreeMap<(String, Variant), Recorded>,
}

impl OnControl {
    pub(super) fn all(&self) -> impl Iterator<Item = &Recorded> {
        self.named.values().flat_map(BTreeMap::values).chain(self.unnamed.values())
    }

    pub(super) fn on(&mut self, asset: Option<&Id>) -> &mut BTreeMap<(String, Variant), Recorded> {
        match asset {
            Some(asset) => self.named.entry(asset.clone()).or_default(),
            None => &mut self.unnamed,
        }
    }
}

/// Framework, requirement, control: the two that are not decided on are empty.
pub(crate) fn decision_key(decision: &Decision) -> [String; 3] {
    match decision.target() {
        Some(Target::Control(control)) => [String::new(), String::new(), control.to_string()],
        Some(Target::Requirement(framework, requirement)) => {
            [framework.to_string(), requirement.to_owned(), String::new()]
        }
        None => [String::new(), String::new(), String::new()],
    }
}

pub(super) fn keep_filed<K: Ord, V>(all: &mut Files<K, V>, key: K, filed: Filed<V>) {
    match all.entry(key) {
        Entry::Vacant(slot) => drop(slot.insert(filed)),
        Entry::Occupied(mut slot) => {
            if slot.get().citation.index <= filed.citation.index {
                slot.insert(filed);
            }
        }
    }
}

pub(super) fn keep_latest<V>(all: &mut Latest<V>, id: Id, index: u64, value: V) {
    match all.entry(id) {
        Entry::Vacant(slot) => drop(slot.insert((index, value))),
        Entry::Occupied(mut slot) => {
            if slot.get().0 <= index {
                slot.insert((index, value));
            }
        }
    }
}
