//! The assessment a second time, plain and slow: every question goes through the whole list of entries again.
//!
//! Written from the words of the design and of docs/spec (result.md, assessment.md), not from the program: no register,
//! no standings, nothing kept by key, no "latest so far". What makes an entry count is always said as "there is no
//! other entry that takes its place". Only the statement types, the catalogs and `applicability()` are shared.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "tests")]

pub(crate) mod compare;
pub(crate) mod requirement;
pub(crate) mod state;

use affiant_controls::{
    Approval, Asset, Attestation, ControlResult, Decision, Event, Exception, Horizon, Policy, Statement,
    System,
};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;

/// An entry with what it says.
pub(crate) struct Said {
    pub(crate) index: u64,
    pub(crate) leaf: Digest,
    pub(crate) time: Timestamp,
    /// Who said it: `local`, or a collector's key.
    pub(crate) by: String,
    pub(crate) statement: Statement,
}

/// What is known at a horizon, as one flat list.
pub(crate) struct View {
    pub(crate) as_of: Timestamp,
    pub(crate) stream: Option<Id>,
    pub(crate) all: Vec<Said>,
}

/// A statement of one kind with its entry.
pub(crate) type One<'a, T> = (&'a Said, &'a T);

impl View {
    /// Reads the records that are known at a horizon.
    pub(crate) fn of(records: &[Record], horizon: Horizon) -> Self {
        let mut all = Vec::new();
        for record in records {
            let entry = &record.entry;
            let too_late = entry.time > horizon.known;
            let beyond = horizon.size.is_some_and(|size| entry.index >= size);
            if too_late || beyond {
                continue;
            }
            let bytes = record.statement.as_ref().unwrap();
            if let Some(statement) = Statement::from_bytes(entry.kind.as_str(), bytes).unwrap() {
                let by = entry.by.clone();
                all.push(Said { index: entry.index, leaf: record.leaf, time: entry.time, by, statement });
            }
        }
        Self { as_of: horizon.as_of, stream: records.first().map(|r| r.entry.stream.clone()), all }
    }

    fn each<T>(&self, of: impl Fn(&Statement) -> Option<&T>) -> Vec<One<'_, T>> {
        self.all.iter().filter_map(|said| Some((said, of(&said.statement)?))).collect()
    }

    /// Of one kind, those that take effect by being recorded, and were by then.
    fn defined<T>(&self, of: impl Fn(&Statement) -> Option<&T>) -> Vec<One<'_, T>> {
        self.each(of).into_iter().filter(|(said, _)| said.time <= self.as_of).collect()
    }

    /// The system as stated last.
    pub(crate) fn system(&self) -> Option<&System> {
        let all = self.defined(|it| if let Statement::System(it) = it { Some(it) } else { None });
        not_restated(&all, |_, _| true).first().map(|(_, system)| *system)
    }

    /// Every asset as stated last, retired ones too.
    pub(crate) fn assets(&self) -> Vec<One<'_, Asset>> {
        let all = self.defined(|it| if let Statement::Asset(it) = it { Some(it) } else { None });
        not_restated(&all, |a, b| a.id == b.id)
    }

    /// An asset as stated last.
    pub(crate) fn asset(&self, id: &Id) -> Option<&Asset> {
        self.assets().into_iter().find(|(_, asset)| asset.id == *id).map(|(_, asset)| asset)
    }

    /// Every exception as stated last.
    pub(crate) fn exceptions(&self) -> Vec<One<'_, Exception>> {
        let all = self.defined(|it| if let Statement::Exception(it) = it { Some(it) } else { None });
        not_restated(&all, |a, b| a.id == b.id)
    }

    /// Every policy as stated last of its instant.
    pub(crate) fn policies(&self) -> Vec<One<'_, Policy>> {
        let all = self.defined(|it| if let Statement::Policy(it) = it { Some(it) } else { None });
        not_restated(&all, |a, b| a.at == b.at)
    }

    /// Every approval as its person stated it last.
    pub(crate) fn approvals(&self) -> Vec<One<'_, Approval>> {
        let all = self.defined(|it| if let Statement::Approval(it) = it { Some(it) } else { None });
        not_restated(&all, |a, b| (&a.exception, a.digest, &a.by) == (&b.exception, b.digest, &b.by))
    }

    /// The last decision on each target.
    pub(crate) fn decisions(&self) -> Vec<One<'_, Decision>> {
        let all = self.defined(|it| if let Statement::Decision(it) = it { Some(it) } else { None });
        let same = |a: &Decision, b: &Decision| {
            a.control == b.control && a.framework == b.framework && a.requirement == b.requirement
        };
        not_restated(&all, same)
    }

    /// The last attestation for each requirement, of those that speak of an instant by then.
    pub(crate) fn attestations(&self) -> Vec<One<'_, Attestation>> {
        let mut all = self.each(|it| if let Statement::Attestation(it) = it { Some(it) } else { None });
        all.retain(|(_, attestation)| attestation.at <= self.as_of);
        not_restated(&all, |a, b| a.framework == b.framework && a.requirement == b.requirement)
    }

    /// Every event that had happened by then.
    pub(crate) fn events(&self) -> Vec<One<'_, Event>> {
        let mut all = self.each(|it| if let Statement::Event(it) = it { Some(it) } else { None });
        all.retain(|(_, event)| event.at <= self.as_of);
        all
    }

    /// The results observed by then.
    pub(crate) fn results(&self) -> Vec<One<'_, ControlResult>> {
        let mut all = self.each(|it| if let Statement::Result(it) = it { Some(it.as_ref()) } else { None });
        all.retain(|(_, result)| result.observed_to <= self.as_of);
        all
    }
}

/// Those that no later entry about the same states anew.
fn not_restated<'a, T>(all: &[One<'a, T>], same: impl Fn(&T, &T) -> bool) -> Vec<One<'a, T>> {
    let restated = |(said, value): &One<'a, T>| {
        all.iter().any(|(other, by)| other.index > said.index && same(by, value))
    };
    let mut kept = Vec::new();
    for one in all {
        if !restated(one) {
            kept.push((one.0, one.1));
        }
    }
    kept
}
