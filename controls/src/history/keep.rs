//! From records to a history.

use super::{ErasedResult, History};
use crate::approval::Approvals;
use crate::register::{Filed, Horizon, Read, Recorded, RegisterError, decision_key, read};
use crate::state::Citation;
use crate::statement::Statement;
use affiant_ledger::erasure::Erasure;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl History {
    /// Replays the records of one stream as they were known. The order of the records does not matter; the instant of
    /// the horizon is the end of what a timeline can ask for.
    pub fn replay<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        horizon: Horizon,
    ) -> Result<Self, RegisterError> {
        let mut history = Self {
            stream: None,
            results: BTreeMap::new(),
            assets: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            approvals: Approvals::default(),
            decisions: BTreeMap::new(),
            plans: BTreeMap::new(),
            events: Vec::new(),
            erased: Vec::new(),
            unread: BTreeSet::new(),
        };
        let mut erasures = Vec::new();
        for record in records {
            match read(record, horizon, &mut history.stream)? {
                Read::Said(statement) => history.keep(record, statement),
                Read::Erased(erasure) => erasures.push((record.entry.time, erasure)),
                Read::Unread => {
                    history.unread.insert(record.entry.index);
                    history.approvals.keep_unread(record);
                }
                Read::Ahead | Read::Nothing => {}
            }
        }
        history.sort();
        for (time, erasure) in erasures {
            if time <= horizon.known || history.unread.contains(&erasure.index) {
                history.erase(&erasure);
            }
        }
        Ok(history)
    }

    fn keep(&mut self, record: &Record, statement: Statement) {
        let (index, leaf, time) = (record.entry.index, record.leaf, record.entry.time);
        let citation = Citation { leaf, index };
        match statement {
            Statement::Result(mut result) => {
                // Words for people, the most of a result: no timeline asks for them.
                result.details = None;
                let recorded = Recorded { index, leaf, time, result };
                self.results.entry(recorded.result.control.clone()).or_default().push(recorded);
            }
            Statement::Asset(value) => {
                file(&mut self.assets, value.id.clone(), Filed { citation, time, value })
            }
            Statement::Policy(value) => self.approvals.keep_policy(Filed { citation, time, value }),
            Statement::Approval(value) => {
                self.approvals.keep_approval(record, Filed { citation, time, value });
            }
            Statement::Exception(value) => {
                self.approvals.keep_key(record);
                file(&mut self.exceptions, value.id.clone(), Filed { citation, time, value });
            }
            Statement::Decision(value) => {
                file(&mut self.decisions, decision_key(&value), Filed { citation, time, value });
            }
            Statement::Plan(value) => {
                file(&mut self.plans, value.id.clone(), Filed { citation, time, value })
            }
            Statement::Event(value) => self.events.push(Filed { citation, time, value }),
            Statement::System(_)
            | Statement::Catalog(_)
            | Statement::Pack(_)
            | Statement::Attestation(_)
            | Statement::Incident(_)
            | Statement::Request(_)
            | Statement::Finding(_)
            | Statement::Sample(_)
            | Statement::Delivery(_)
            | Statement::Assertion(_)
            | Statement::SignOff(_)
            | Statement::Access(_) => {}
        }
    }

    fn sort(&mut self) {
        self.results.values_mut().for_each(|all| all.sort_by_key(Recorded::rank));
        sort(&mut self.assets);
        sort(&mut self.exceptions);
        sort(&mut self.decisions);
        sort(&mut self.plans);
        self.events.sort_by_key(|event| (event.value.at, event.citation.index));
    }

    fn erase(&mut self, erasure: &Erasure) {
        self.unread.insert(erasure.index);
        let Some(filed) = &erasure.facet else { return };
        let Ok(key) = std::str::from_utf8(&filed.key) else { return };
        let parts: Vec<&str> = key.split('\0').collect();
        let index = erasure.index;
        self.approvals.erase(&parts, index);
        match parts[..] {
            ["asset", id] => forget(&mut self.assets, |held| *held == *id, index),
            ["exception", id] => forget(&mut self.exceptions, |held| *held == *id, index),
            ["plan", id] => forget(&mut self.plans, |held| *held == *id, index),
            ["applicability", framework, requirement, control] => {
                forget(&mut self.decisions, |held| *held == [framework, requirement, control], index);
            }
            ["result", control, asset, collector, _] => {
                let Ok(at) = Timestamp::from_millis(filed.rank) else { return };
                let asset: Option<Id> = asset.parse().ok();
                let (control, collector) = (control.to_owned(), collector.to_owned());
                self.erased.push(ErasedResult { control, asset, collector, rank: (at, index) });
            }
            ["event", asset, kind, at] => self.events.retain(|held| {
                let on = held.value.asset.as_ref().map_or("", Id::as_str) == asset
                    && held.value.kind == *kind
                    && held.value.at.as_millis().to_string() == *at;
                !on || held.citation.index > index
            }),
            _ => {}
        }
    }
}

fn file<K: Ord, V>(all: &mut BTreeMap<K, Vec<Filed<V>>>, key: K, filed: Filed<V>) {
    all.entry(key).or_default().push(filed);
}

fn sort<K, V>(all: &mut BTreeMap<K, Vec<Filed<V>>>) {
    all.values_mut().for_each(|versions| versions.sort_by_key(|filed| filed.citation.index));
}

fn forget<K: Ord, V>(all: &mut BTreeMap<K, Vec<Filed<V>>>, is_meant: impl Fn(&K) -> bool, index: u64) {
    for (_, versions) in all.iter_mut().filter(|(key, _)| is_meant(key)) {
        versions.retain(|filed| filed.citation.index > index);
    }
}
