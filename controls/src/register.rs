//! The register: what a stream says as of a time.
//!
//! A pure replay of records. Two instants are kept apart ([`Horizon`]): the one it speaks of, and the one up to which
//! what was recorded is known. What was *observed* after the first or *recorded* after the second is left out, so the
//! register of any past time can be rebuilt, as it was known then or as it is known now. Definitions, exceptions and
//! decisions take effect when they are recorded, never earlier.

mod erased;

use crate::asset::Asset;
use crate::attestation::Attestation;
use crate::control::{Control, ControlId};
use crate::decision::{Decision, Target};
use crate::event::Event;
use crate::exception::Exception;
use crate::incident::Incident;
use crate::issued::PackIssued;
use crate::pin::CatalogPin;
use crate::plan::Plan;
use crate::result::ControlResult;
use crate::state::{self, Citation, StateOn};
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

    fn knows(&self, record: &Record) -> bool {
        record.entry.time <= self.known && self.size.is_none_or(|size| record.entry.index < size)
    }
}

/// One value per id, with the position of the entry that said so last.
type Latest<V> = BTreeMap<Id, (u64, V)>;

/// One statement per key, that of the latest entry.
type Files<K, V> = BTreeMap<K, Filed<V>>;

/// The latest results of a control.
#[derive(Debug, Clone, Default)]
struct OnControl {
    /// By asset, then collector.
    named: BTreeMap<Id, BTreeMap<String, Recorded>>,
    /// Those that name no asset, by collector.
    unnamed: BTreeMap<String, Recorded>,
}

impl OnControl {
    fn all(&self) -> impl Iterator<Item = &Recorded> {
        self.named.values().flat_map(BTreeMap::values).chain(self.unnamed.values())
    }

    fn on(&mut self, asset: Option<&Id>) -> &mut BTreeMap<String, Recorded> {
        match asset {
            Some(asset) => self.named.entry(asset.clone()).or_default(),
            None => &mut self.unnamed,
        }
    }
}

/// What a stream says as of a time.
#[derive(Debug, Clone)]
pub struct Register {
    horizon: Horizon,
    stream: Option<Id>,
    system: Option<(u64, System)>,
    assets: Latest<Asset>,
    pins: Latest<CatalogPin>,
    packs: Latest<PackIssued>,
    results: BTreeMap<ControlId, OnControl>,
    exceptions: Files<Id, Exception>,
    /// By framework, requirement and control.
    decisions: Files<[String; 3], Decision>,
    plans: Files<Id, Plan>,
    /// By framework and requirement.
    attestations: Files<(Id, String), Attestation>,
    incidents: Files<Id, Incident>,
    /// By asset and kind.
    events: Files<(Option<Id>, Id), Event>,
    /// Entries that could not be read.
    unread: BTreeSet<u64>,
    /// Erasures with the time they were recorded at.
    erasures: Vec<(Timestamp, Erasure)>,
}

impl Register {
    /// Replays the records of one stream, of a time as it was known then. The order of the records does not matter.
    pub fn replay<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        as_of: Timestamp,
    ) -> Result<Self, RegisterError> {
        Self::replay_at(records, Horizon::at(as_of))
    }

    /// Replays the records of one stream, of a time as it was known at another.
    pub fn replay_at<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        horizon: Horizon,
    ) -> Result<Self, RegisterError> {
        let mut register = Self {
            horizon,
            stream: None,
            system: None,
            assets: BTreeMap::new(),
            pins: BTreeMap::new(),
            packs: BTreeMap::new(),
            results: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            decisions: BTreeMap::new(),
            plans: BTreeMap::new(),
            attestations: BTreeMap::new(),
            incidents: BTreeMap::new(),
            events: BTreeMap::new(),
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
        if !self.horizon.knows(record) {
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
        let (index, leaf, time) = (record.entry.index, record.leaf, record.entry.time);
        let as_of = self.horizon.as_of;
        if let Statement::Result(result) = statement {
            return self.keep_result(Recorded { index, leaf, time, result: *result });
        }
        let citation = Citation { leaf, index };
        match statement {
            Statement::Attestation(value) if value.at <= as_of => {
                let key = (value.framework.clone(), value.requirement.clone());
                return keep_filed(&mut self.attestations, key, Filed { citation, time, value });
            }
            Statement::Incident(value) if value.aware_at <= as_of => {
                return keep_filed(&mut self.incidents, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Event(value) if value.at <= as_of => {
                return self.keep_event(Filed { citation, time, value });
            }
            _ => {}
        }
        // The rest defines what holds from its recording on.
        if time > as_of {
            return;
        }
        match statement {
            Statement::System(system) => {
                if self.system.as_ref().is_none_or(|(before, _)| *before <= index) {
                    self.system = Some((index, system));
                }
            }
            Statement::Asset(asset) => keep_latest(&mut self.assets, asset.id.clone(), index, asset),
            Statement::Catalog(pin) => keep_latest(&mut self.pins, pin.id.clone(), index, pin),
            Statement::Pack(pack) => keep_latest(&mut self.packs, pack.id.clone(), index, pack),
            Statement::Exception(value) => {
                keep_filed(&mut self.exceptions, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Decision(value) => {
                keep_filed(&mut self.decisions, decision_key(&value), Filed { citation, time, value });
            }
            Statement::Plan(value) => {
                keep_filed(&mut self.plans, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Result(_)
            | Statement::Attestation(_)
            | Statement::Incident(_)
            | Statement::Event(_) => {}
        }
    }

    fn keep_event(&mut self, event: Filed<Event>) {
        let key = (event.value.asset.clone(), event.value.kind.clone());
        let rank = |event: &Filed<Event>| (event.value.at, event.citation.index);
        match self.events.entry(key) {
            Entry::Vacant(slot) => drop(slot.insert(event)),
            Entry::Occupied(mut slot) => {
                if rank(slot.get()) <= rank(&event) {
                    slot.insert(event);
                }
            }
        }
    }

    fn keep_result(&mut self, recorded: Recorded) {
        if recorded.result.observed_to > self.horizon.as_of {
            return;
        }
        let of_control = self.results.entry(recorded.result.control.clone()).or_default();
        let collector = recorded.result.collector.name.clone();
        match of_control.on(recorded.result.asset.as_ref()).entry(collector) {
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
        self.horizon.as_of
    }

    /// The time it speaks of, and from what knowledge.
    pub fn horizon(&self) -> Horizon {
        self.horizon
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
        self.results.values().flat_map(OnControl::all)
    }

    /// The exceptions, in force or not, by id.
    pub fn exceptions(&self) -> impl Iterator<Item = &Filed<Exception>> {
        self.exceptions.values()
    }

    /// The decisions on applicability.
    pub fn decisions(&self) -> impl Iterator<Item = &Filed<Decision>> {
        self.decisions.values()
    }

    /// The decision on a requirement.
    pub fn decision(&self, framework: &Id, requirement: &str) -> Option<&Filed<Decision>> {
        self.decisions.get(&[framework.to_string(), requirement.to_owned(), String::new()])
    }

    /// The decision on a control.
    pub fn decision_on(&self, control: &ControlId) -> Option<&Filed<Decision>> {
        self.decisions.get(&[String::new(), String::new(), control.to_string()])
    }

    /// The plans, by id.
    pub fn plans(&self) -> impl Iterator<Item = &Filed<Plan>> {
        self.plans.values()
    }

    /// The attestation on a requirement, in force or not.
    pub fn attestation(&self, framework: &Id, requirement: &str) -> Option<&Filed<Attestation>> {
        self.attestations.get(&(framework.clone(), requirement.to_owned()))
    }

    /// The attestations, by framework and requirement.
    pub fn attestations(&self) -> impl Iterator<Item = &Filed<Attestation>> {
        self.attestations.values()
    }

    /// The incidents, by id.
    pub fn incidents(&self) -> impl Iterator<Item = &Filed<Incident>> {
        self.incidents.values()
    }

    /// The latest event of each kind on each asset.
    pub fn events(&self) -> impl Iterator<Item = &Filed<Event>> {
        self.events.values()
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
        let results = self.results.get(&control.id).into_iter().flat_map(OnControl::all);
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
    ///
    /// A pass on other bytes than those the asset has today speaks for none of it. A decision that the control does not
    /// apply counts only where nothing unfavourable is on file, and an exception only until it expires.
    pub fn state(&self, control: &Control, asset: &Id) -> StateOn {
        let (speaking, silent) = self.speaking(control, asset);
        let events = self.events_after(control, asset);
        let mut judged = state::judge(control, &speaking, &events, self.horizon.as_of);
        if speaking.is_empty() {
            judged.reason = silent.unwrap_or(judged.reason);
        }
        if let Some(decided) = self.decision_on(&control.id).filter(|decided| !decided.value.applies) {
            judged = judged.decided(decided);
        }
        let covering = self.exceptions.values().filter(|filed| filed.value.covers(&control.id, asset));
        judged.excepted(covering, self.horizon.as_of)
    }

    /// The results that speak for an asset, and why others do not where none does.
    fn speaking(&self, control: &Control, asset: &Id) -> (Vec<&Recorded>, Option<String>) {
        let Some(results) = self.results.get(&control.id) else { return (Vec::new(), None) };
        let whole = self.speaks_for_whole(control);
        let mut speaking: Vec<&Recorded> =
            results.named.get(asset).into_iter().flat_map(BTreeMap::values).collect();
        let mut silent = None;
        match whole {
            Some(whole) if whole == *asset => speaking.extend(results.unnamed.values()),
            Some(_) => {}
            None => {
                let (all, dumb): (Vec<&Recorded>, Vec<&Recorded>) =
                    results.unnamed.values().partition(|recorded| covers_all(&recorded.result));
                speaking.extend(all);
                if !dumb.is_empty() {
                    silent = Some(format!(
                        "no result on file for this asset; {} without an asset cover none, for lack of a population tested in full",
                        dumb.len()
                    ));
                }
            }
        }
        if let Some(digest) = self.asset(asset.as_str()).and_then(|asset| asset.digest) {
            let before = speaking.len();
            speaking.retain(|recorded| !is_pass_on_other_bytes(&recorded.result, digest));
            if speaking.len() < before {
                let others = before - speaking.len();
                silent = Some(format!(
                    "no result on file for these bytes (SHA-256 {}…); {others} on others do not count",
                    &digest.to_string()[..16]
                ));
            }
        }
        (speaking, silent)
    }

    /// The events after which earlier results of a control on an asset no longer count.
    fn events_after(&self, control: &Control, asset: &Id) -> Vec<&Filed<Event>> {
        if control.also_on.is_empty() || self.events.is_empty() {
            return Vec::new();
        }
        let on = |asset: Option<&Id>| {
            let kinds = control.also_on.iter().filter_map(|kind| kind.parse::<Id>().ok());
            kinds.filter_map(|kind| self.events.get(&(asset.cloned(), kind))).collect::<Vec<_>>()
        };
        let mut events = on(None);
        events.extend(on(Some(asset)));
        events
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

/// Whether a result that is no failure was found on other bytes than these.
fn is_pass_on_other_bytes(result: &ControlResult, digest: Digest) -> bool {
    let favourable = matches!(result.status, Status::Passed | Status::NotApplicable | Status::NotRun);
    favourable && result.subject.as_ref().is_some_and(|subject| subject.digest != digest)
}

/// Framework, requirement, control: the two that are not decided on are empty.
fn decision_key(decision: &Decision) -> [String; 3] {
    match decision.target() {
        Some(Target::Control(control)) => [String::new(), String::new(), control.to_string()],
        Some(Target::Requirement(framework, requirement)) => {
            [framework.to_string(), requirement.to_owned(), String::new()]
        }
        None => [String::new(), String::new(), String::new()],
    }
}

fn keep_filed<K: Ord, V>(all: &mut Files<K, V>, key: K, filed: Filed<V>) {
    match all.entry(key) {
        Entry::Vacant(slot) => drop(slot.insert(filed)),
        Entry::Occupied(mut slot) => {
            if slot.get().citation.index <= filed.citation.index {
                slot.insert(filed);
            }
        }
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
