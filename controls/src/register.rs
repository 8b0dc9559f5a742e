//! The register: what a stream says as of a time.
//!
//! A pure replay of records. Two instants are kept apart ([`Horizon`]): the one it speaks of, and the one up to which
//! what was recorded is known. What was *observed* after the first or *recorded* after the second is left out, so the
//! register of any past time can be rebuilt, as it was known then or as it is known now. Definitions, exceptions and
//! decisions take effect when they are recorded, never earlier.

mod erased;
mod error;
mod files;
mod population;
mod read;

use crate::approval::{Approvals, Standing};
use crate::assertion::Assertion;
use crate::asset::Asset;
use crate::attestation::Attestation;
use crate::control::{Control, ControlId, Severity};
use crate::decision::Decision;
use crate::event::Event;
use crate::exception::Exception;
use crate::finding::Finding;
use crate::incident::Incident;
use crate::issued::PackIssued;
use crate::pair::Pair;
use crate::pin::CatalogPin;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::request::Request;
use crate::signoff::SignOff;
use crate::state::{Citation, StateOn};
use crate::statement::Statement;
use crate::system::System;
use crate::variant::Variant;
use affiant_ledger::erasure::{ERASURE, Erasure};
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use files::{Files, Latest, OnControl, keep_filed, keep_latest};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use files::decision_key;
pub(crate) use read::{Read, implicit, read};

pub use error::RegisterError;
pub use files::{Filed, Horizon, Recorded};

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
    approvals: Approvals,
    /// By framework, requirement and control.
    decisions: Files<[String; 3], Decision>,
    plans: Files<Id, Plan>,
    /// By framework and requirement.
    attestations: Files<(Id, String), Attestation>,
    incidents: Files<Id, Incident>,
    /// Of the one system.
    assertions: Files<Id, Assertion>,
    requests: Files<Id, Request>,
    findings: Files<Id, Finding>,
    sign_offs: Files<Id, SignOff>,
    /// By asset, kind and time.
    events: Files<(Option<Id>, Id, Timestamp), Event>,
    /// Entries that could not be read.
    unread: BTreeSet<u64>,
    /// Erasures with the time they were recorded at.
    erasures: Vec<(Timestamp, Erasure)>,
    /// Something lies ahead of the horizon.
    left_out: bool,
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
        let mut register = Self::begin(horizon);
        for record in records {
            register.take(record)?;
        }
        Ok(register.finish())
    }

    /// Replays the records of one stream piece by piece, so that not all of them are held at once.
    pub fn replay_pieces<E: From<RegisterError>>(
        pieces: impl IntoIterator<Item = Result<Vec<Record>, E>>,
        horizon: Horizon,
    ) -> Result<Self, E> {
        let mut register = Self::begin(horizon);
        for piece in pieces {
            piece?.iter().try_for_each(|record| register.take(record))?;
        }
        Ok(register.finish())
    }

    fn begin(horizon: Horizon) -> Self {
        Self {
            horizon,
            stream: None,
            system: None,
            assets: BTreeMap::new(),
            pins: BTreeMap::new(),
            packs: BTreeMap::new(),
            results: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            approvals: Approvals::default(),
            decisions: BTreeMap::new(),
            plans: BTreeMap::new(),
            attestations: BTreeMap::new(),
            incidents: BTreeMap::new(),
            assertions: BTreeMap::new(),
            requests: BTreeMap::new(),
            findings: BTreeMap::new(),
            sign_offs: BTreeMap::new(),
            events: BTreeMap::new(),
            unread: BTreeSet::new(),
            erasures: Vec::new(),
            left_out: false,
        }
    }

    fn finish(mut self) -> Self {
        self.apply_erasures();
        self
    }

    /// Takes in what was recorded since, and goes on to a later horizon: what a replay of everything would give.
    /// `false` where only such a replay can tell, because something lay ahead of the former horizon or was erased; the
    /// register is of no use then.
    pub fn go_on<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record>,
        horizon: Horizon,
    ) -> Result<bool, RegisterError> {
        let back = horizon.as_of < self.horizon.as_of || horizon.known < self.horizon.known;
        if self.left_out || back || self.horizon.size.is_some() || horizon.size.is_some() {
            return Ok(false);
        }
        self.horizon = horizon;
        for record in records {
            if record.entry.kind == *ERASURE {
                return Ok(false);
            }
            self.take(record)?;
        }
        Ok(true)
    }

    fn take(&mut self, record: &Record) -> Result<(), RegisterError> {
        match read(record, self.horizon, &mut self.stream)? {
            Read::Said(statement) => self.keep(record, statement),
            Read::Erased(erasure) => self.erasures.push((record.entry.time, erasure)),
            Read::Ahead => self.left_out = true,
            Read::Unread => {
                self.unread.insert(record.entry.index);
                self.approvals.keep_unread(record);
            }
            Read::Nothing => {}
        }
        Ok(())
    }

    fn keep(&mut self, record: &Record, statement: Statement) {
        let (index, leaf, time) = (record.entry.index, record.leaf, record.entry.time);
        let as_of = self.horizon.as_of;
        if let Statement::Result(result) = statement {
            return self.keep_result(Recorded { index, leaf, time, result });
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
                let key = (value.asset.clone(), value.kind.clone(), value.at);
                return keep_filed(&mut self.events, key, Filed { citation, time, value });
            }
            Statement::Assertion(value) if value.at <= as_of => {
                return keep_filed(
                    &mut self.assertions,
                    value.system.clone(),
                    Filed { citation, time, value },
                );
            }
            Statement::SignOff(value) if value.at <= as_of => {
                return keep_filed(&mut self.sign_offs, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Attestation(_)
            | Statement::Incident(_)
            | Statement::Event(_)
            | Statement::Assertion(_)
            | Statement::SignOff(_) => {
                self.left_out = true;
                return;
            }
            _ => {}
        }
        // The rest defines what holds from its recording on.
        if time > as_of {
            self.left_out = true;
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
            Statement::Policy(value) => self.approvals.keep_policy(Filed { citation, time, value }),
            Statement::Approval(value) => {
                self.approvals.keep_approval(record, Filed { citation, time, value });
            }
            Statement::Exception(value) => {
                self.approvals.keep_key(record);
                keep_filed(&mut self.exceptions, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Decision(value) => {
                keep_filed(&mut self.decisions, decision_key(&value), Filed { citation, time, value });
            }
            Statement::Plan(value) => {
                keep_filed(&mut self.plans, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Request(value) => {
                keep_filed(&mut self.requests, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Finding(value) => {
                keep_filed(&mut self.findings, value.id.clone(), Filed { citation, time, value: *value });
            }
            Statement::Result(_)
            | Statement::Attestation(_)
            | Statement::Incident(_)
            | Statement::Event(_)
            | Statement::Sample(_)
            | Statement::Delivery(_)
            | Statement::Assertion(_)
            | Statement::SignOff(_)
            | Statement::Access(_) => {}
        }
    }

    fn keep_result(&mut self, recorded: Recorded) {
        if recorded.result.observed_to > self.horizon.as_of {
            self.left_out = true;
            return;
        }
        let of_control = self.results.entry(recorded.result.control.clone()).or_default();
        let slot = (recorded.result.collector.name.clone(), Variant::of(&recorded.result));
        match of_control.on(recorded.result.asset.as_ref()).entry(slot) {
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

    /// The latest result of each control, asset, collector, bytes judged, and of tests that did not run.
    pub fn results(&self) -> impl Iterator<Item = &Recorded> {
        self.results.values().flat_map(OnControl::all)
    }

    /// The exceptions, in force or not, by id.
    pub fn exceptions(&self) -> impl Iterator<Item = &Filed<Exception>> {
        self.exceptions.values()
    }

    /// The policies, in the order of recording; the last is in force.
    pub fn policies(&self) -> Vec<&Filed<Policy>> {
        self.approvals.policies()
    }

    /// How far an exception from a control of this severity is approved; a pending one waives nothing.
    pub fn approved(&self, exception: &Filed<Exception>, severity: Severity) -> Standing {
        self.approvals.standing(exception, severity, self.horizon.as_of)
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

    /// The last management assertion that speaks of a time before the register's, withdrawn or not.
    pub fn assertion(&self) -> Option<&Filed<Assertion>> {
        self.assertions.values().next()
    }

    /// The requests, by id.
    pub fn requests(&self) -> impl Iterator<Item = &Filed<Request>> {
        self.requests.values()
    }

    /// The sign-offs, each as last stated, in the order of the log.
    pub fn sign_offs(&self) -> Vec<&Filed<SignOff>> {
        let mut all: Vec<_> = self.sign_offs.values().collect();
        all.sort_by_key(|filed| filed.citation.index);
        all
    }

    /// The findings, by id.
    pub fn findings(&self) -> impl Iterator<Item = &Filed<Finding>> {
        self.findings.values()
    }

    /// The incidents, by id.
    pub fn incidents(&self) -> impl Iterator<Item = &Filed<Incident>> {
        self.incidents.values()
    }

    /// The events, each as last stated, by asset, kind and time.
    pub fn events(&self) -> impl Iterator<Item = &Filed<Event>> {
        self.events.values()
    }

    /// How many entries could not be read because their payload is withheld or erased.
    pub fn withheld(&self) -> u64 {
        self.unread.len() as u64
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
        self.state_under(control, asset, &self.exceptions_on(control))
    }

    /// The states of a control on its whole population, by asset.
    pub fn states(&self, control: &Control) -> Vec<(Id, StateOn)> {
        let exceptions = self.exceptions_on(control);
        let on = |asset: Id| {
            let state = self.state_under(control, &asset, &exceptions);
            (asset, state)
        };
        self.population(control).into_iter().map(on).collect()
    }

    /// The exceptions from a control that are not pending.
    fn exceptions_on(&self, control: &Control) -> Vec<&Filed<Exception>> {
        let of_control = self.exceptions.values().filter(|filed| filed.value.control == control.id);
        of_control.filter(|filed| !self.approved(filed, control.severity).is_pending()).collect()
    }

    fn state_under(&self, control: &Control, asset: &Id, exceptions: &[&Filed<Exception>]) -> StateOn {
        let results = self.results.get(&control.id);
        let named = results.and_then(|results| results.named.get(asset));
        let pair = Pair {
            control,
            asset,
            whole: self.speaks_for_whole(control),
            digest: self.asset(asset.as_str()).and_then(|asset| asset.digest),
            events: self.events_after(control, asset),
            decision: self.decision_on(&control.id),
            exceptions: exceptions.to_vec(),
        };
        let unnamed = results.into_iter().flat_map(|results| results.unnamed.values());
        pair.state(named.into_iter().flat_map(BTreeMap::values), unnamed, self.horizon.as_of)
    }

    /// Of the events after which earlier results of a control on an asset no longer count, the latest of each kind.
    fn events_after(&self, control: &Control, asset: &Id) -> Vec<&Filed<Event>> {
        if control.also_on.is_empty() || self.events.is_empty() {
            return Vec::new();
        }
        let latest = |asset: Option<&Id>, kind: Id| {
            let (asset, first) = (asset.cloned(), (asset.cloned(), kind.clone(), Timestamp::MIN));
            self.events.range(first..=(asset, kind, Timestamp::MAX)).next_back().map(|(_, event)| event)
        };
        let kinds = || control.also_on.iter().filter_map(|kind| kind.parse::<Id>().ok());
        let mut events: Vec<_> = kinds().filter_map(|kind| latest(None, kind)).collect();
        events.extend(kinds().filter_map(|kind| latest(Some(asset), kind)));
        events
    }

    /// Whether something on file lies ahead of the horizon, so that what it stands before was not looked at.
    pub fn leaves_out(&self) -> bool {
        self.left_out
    }

    /// The asset for which a result without one speaks.
    fn speaks_for_whole(&self, control: &Control) -> Option<Id> {
        implicit(self.stream.as_ref(), control).into_iter().next()
    }
}

#[cfg(test)]
mod tests;
