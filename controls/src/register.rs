//! The register: what a stream says as of a time.
//!
//! A pure replay of records. Two instants are kept apart: entries *recorded* after `as_of` and results *observed*
//! after `as_of` are both left out, so the register of any past time can be rebuilt.

mod erased;

use crate::asset::Asset;
use crate::control::{Control, ControlId};
use crate::issued::PackIssued;
use crate::pin::CatalogPin;
use crate::result::ControlResult;
use crate::state::{self, StateOn};
use crate::statement::{ORGANISATION, Statement, StatementError};
use crate::status::Status;
use crate::system::System;
use affiant_ledger::digest::Digest;
use affiant_ledger::erasure::{ERASURE, Erasure};
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A result with the entry that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Position in the ledger.
    pub index: u64,
    /// Leaf hash of the entry.
    pub leaf: Digest,
    /// When recorded.
    pub time: Timestamp,
    /// The result.
    pub result: ControlResult,
}

impl Recorded {
    /// What decides which of two is the latest: the end of the observation, then the position in the ledger.
    pub(crate) fn rank(&self) -> (Timestamp, u64) {
        (self.result.observed_to, self.index)
    }
}

/// Why records are not the replayable history of one stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// A statement that does not read as its kind.
    #[error("entry `{index}`: {source}")]
    Statement {
        /// Position in the ledger.
        index: u64,
        /// What is wrong with it.
        source: StatementError,
    },
    /// Entries of two streams.
    #[error("entry `{index}` belongs to stream `{found}`, the others to `{stream}`")]
    Stream {
        /// Position in the ledger.
        index: u64,
        /// Its stream.
        found: Id,
        /// The stream of the entries before it.
        stream: Id,
    },
    /// A statement about another system than the stream's.
    #[error("entry `{index}` of stream `{stream}` speaks about system `{found}`")]
    System {
        /// Position in the ledger.
        index: u64,
        /// The system it speaks about.
        found: Id,
        /// Its stream.
        stream: Id,
    },
}

/// One value per id, with the position of the entry that said so last.
type Latest<V> = BTreeMap<Id, (u64, V)>;

/// What a stream says as of a time.
#[derive(Debug, Clone)]
pub struct Register {
    as_of: Timestamp,
    stream: Option<Id>,
    system: Option<(u64, System)>,
    assets: Latest<Asset>,
    pins: Latest<CatalogPin>,
    packs: Latest<PackIssued>,
    /// By control, then asset and collector name.
    results: BTreeMap<ControlId, BTreeMap<(Option<Id>, String), Recorded>>,
    /// Entries that could not be read.
    unread: BTreeSet<u64>,
    /// Erasures with the time they were recorded at.
    erasures: Vec<(Timestamp, Erasure)>,
}

impl Register {
    /// Replays the records of one stream. The order of the records does not matter.
    pub fn replay<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        as_of: Timestamp,
    ) -> Result<Self, RegisterError> {
        let mut register = Self {
            as_of,
            stream: None,
            system: None,
            assets: BTreeMap::new(),
            pins: BTreeMap::new(),
            packs: BTreeMap::new(),
            results: BTreeMap::new(),
            unread: BTreeSet::new(),
            erasures: Vec::new(),
        };
        for record in records {
            register.take(record)?;
        }
        register.apply_erasures();
        Ok(register)
    }

    fn take(&mut self, record: &Record) -> Result<(), RegisterError> {
        let index = record.entry.index;
        let stream = self.stream.get_or_insert_with(|| record.entry.stream.clone());
        if *stream != record.entry.stream {
            let found = record.entry.stream.clone();
            return Err(RegisterError::Stream { index, found, stream: stream.clone() });
        }
        if let (true, Some(bytes)) = (record.entry.kind == *ERASURE, &record.statement) {
            let source = |source| StatementError { kind: ERASURE.into(), source };
            let erasure = Erasure::from_bytes(bytes).map_err(source);
            let erasure = erasure.map_err(|source| RegisterError::Statement { index, source })?;
            if erasure.index < index {
                self.erasures.push((record.entry.time, erasure));
            }
            return Ok(());
        }
        if record.entry.time > self.as_of {
            return Ok(());
        }
        let Some(bytes) = &record.statement else {
            self.unread.insert(index);
            return Ok(());
        };
        let read = Statement::from_bytes(record.entry.kind.as_str(), bytes);
        let read = read.map_err(|source| RegisterError::Statement { index, source })?;
        let Some(statement) = read else { return Ok(()) };
        let about = statement.stream();
        if !matches!(statement, Statement::Catalog(_)) && about != record.entry.stream {
            return Err(RegisterError::System { index, found: about, stream: record.entry.stream.clone() });
        }
        self.keep(record, statement);
        Ok(())
    }

    fn keep(&mut self, record: &Record, statement: Statement) {
        let index = record.entry.index;
        match statement {
            Statement::System(system) => {
                if self.system.as_ref().is_none_or(|(before, _)| *before <= index) {
                    self.system = Some((index, system));
                }
            }
            Statement::Asset(asset) => keep_latest(&mut self.assets, asset.id.clone(), index, asset),
            Statement::Catalog(pin) => keep_latest(&mut self.pins, pin.id.clone(), index, pin),
            Statement::Pack(pack) => keep_latest(&mut self.packs, pack.id.clone(), index, pack),
            Statement::Result(result) => {
                let (leaf, time) = (record.leaf, record.entry.time);
                self.keep_result(Recorded { index, leaf, time, result: *result });
            }
        }
    }

    fn keep_result(&mut self, recorded: Recorded) {
        if recorded.result.observed_to > self.as_of {
            return;
        }
        let key = (recorded.result.asset.clone(), recorded.result.collector.name.clone());
        match self.results.entry(recorded.result.control.clone()).or_default().entry(key) {
            Entry::Vacant(slot) => drop(slot.insert(recorded)),
            Entry::Occupied(mut slot) => {
                if slot.get().rank() <= recorded.rank() {
                    slot.insert(recorded);
                }
            }
        }
    }

    /// The time it speaks of.
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// The stream replayed; `None` when there was no record.
    pub fn stream(&self) -> Option<&Id> {
        self.stream.as_ref()
    }

    /// The latest definition of the system.
    pub fn system(&self) -> Option<&System> {
        self.system.as_ref().map(|(_, system)| system)
    }

    /// The latest definition of each asset, retired ones included, by id.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.assets.values().map(|(_, asset)| asset)
    }

    /// The asset with this id.
    pub fn asset(&self, id: &str) -> Option<&Asset> {
        self.assets.get(id).map(|(_, asset)| asset)
    }

    /// The latest pin of each catalog, by id.
    pub fn pins(&self) -> impl Iterator<Item = &CatalogPin> {
        self.pins.values().map(|(_, pin)| pin)
    }

    /// The packs issued, by id.
    pub fn packs(&self) -> impl Iterator<Item = &PackIssued> {
        self.packs.values().map(|(_, pack)| pack)
    }

    /// The latest result of each control, asset and collector.
    pub fn results(&self) -> impl Iterator<Item = &Recorded> {
        self.results.values().flat_map(BTreeMap::values)
    }

    /// How many entries could not be read because their payload is withheld or erased.
    pub fn withheld(&self) -> u64 {
        self.unread.len() as u64
    }

    /// The assets a control is judged on: those of its kinds that are not retired; for `ai-system` the system itself,
    /// for `organisation` the asset `org`; and any other asset in use that a collector has reported failed or in need
    /// of review, for a failure must not vanish because of the kind of thing it was found on. By id.
    pub fn population(&self, control: &Control) -> Vec<Id> {
        let listed = self.assets().filter(|asset| !asset.retired && control.applies_to(&asset.kind));
        let mut population: Vec<Id> = listed.map(|asset| asset.id.clone()).collect();
        population.extend(self.implicit(control));
        population.extend(self.reported_unfavourably(control));
        population.sort();
        population.dedup();
        population
    }

    /// The assets named by an unfavourable result, unless retired.
    fn reported_unfavourably(&self, control: &Control) -> impl Iterator<Item = Id> + '_ {
        let results = self.results.get(&control.id).into_iter().flat_map(BTreeMap::values);
        let unfavourable = |result: &ControlResult| {
            let failures = result.population.as_ref().is_some_and(|population| population.failed > 0);
            failures || matches!(result.status, Status::Failed | Status::NeedsReview | Status::Unknown)
        };
        results
            .filter(move |recorded| unfavourable(&recorded.result))
            .filter_map(|recorded| recorded.result.asset.clone())
            .filter(|id| self.asset(id.as_str()).is_none_or(|asset| !asset.retired))
    }

    /// The system itself and the organisation, where the control applies to them.
    fn implicit(&self, control: &Control) -> Vec<Id> {
        let organisation: Option<Id> = ORGANISATION.parse().ok();
        let system = self.stream.clone().filter(|stream| stream != ORGANISATION);
        let system = system.filter(|_| control.applies_to("ai-system"));
        let organisation = organisation.filter(|_| control.applies_to("organisation"));
        system.into_iter().chain(organisation).collect()
    }

    /// The state of a control on an asset. Pure; as of the register's time.
    ///
    /// A result without an asset speaks for the system itself if the control applies to `ai-system`, else for `org`
    /// if it applies to `organisation`, else for every asset: but then a pass must give its population and have
    /// tested all of it, or it covers none.
    pub fn state(&self, control: &Control, asset: &Id) -> StateOn {
        let Some(results) = self.results.get(&control.id) else {
            return state::judge(control, &[], self.as_of);
        };
        let whole = self.speaks_for_whole(control);
        let (mut speaking, mut dumb) = (Vec::new(), 0u64);
        for recorded in results.values() {
            match (&recorded.result.asset, &whole) {
                (Some(named), _) if named == asset => speaking.push(recorded),
                (None, Some(whole)) if whole == asset => speaking.push(recorded),
                (None, None) if covers_all(&recorded.result) => speaking.push(recorded),
                (None, None) => dumb += 1,
                _ => {}
            }
        }
        let mut judged = state::judge(control, &speaking, self.as_of);
        if speaking.is_empty() && dumb > 0 {
            judged.reason = format!(
                "no result on file for this asset; {dumb} without an asset cover none, for lack of a population tested in full"
            );
        }
        judged
    }

    /// The asset for which a result without one speaks.
    fn speaks_for_whole(&self, control: &Control) -> Option<Id> {
        self.implicit(control).into_iter().next()
    }
}

/// Whether a result without an asset speaks for every asset: what is unfavourable does, a pass must have tested all.
fn covers_all(result: &ControlResult) -> bool {
    let complete = result.population.as_ref().is_some_and(|population| population.is_complete());
    match result.status {
        Status::Failed | Status::NeedsReview | Status::Unknown => true,
        Status::Passed => complete || result.population.as_ref().is_some_and(|p| p.failed > 0),
        Status::NotApplicable | Status::NotRun => complete,
    }
}

fn keep_latest<V>(all: &mut Latest<V>, id: Id, index: u64, value: V) {
    match all.entry(id) {
        Entry::Vacant(slot) => drop(slot.insert((index, value))),
        Entry::Occupied(mut slot) => {
            if slot.get().0 <= index {
                slot.insert((index, value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
