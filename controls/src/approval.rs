//! An approval: one more person accepts an exception, and exactly the one they saw (docs/spec/approval.md).
//!
//! ```text
//! {"at": 1795521600000, "by": "Chief Risk Officer", "digest": h'9f3c...', "system": "credit-scoring",
//!  "exception": "exc-7"}
//! ```

use crate::control::Severity;
use crate::exception::Exception;
use crate::policy::{ExceptionPolicy, Policy};
use crate::register::{Filed, Register};
use crate::set::ControlSet;
use crate::state::Citation;
use crate::statement::Statement;
use crate::text::same_person;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An approval; the latest of its person for its exception counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// When it was given.
    pub at: Timestamp,
    /// Who approves; someone else than who asked for the exception and who approved it before.
    pub by: String,
    /// SHA-256 of the statement of the exception.
    pub digest: Digest,
    /// The AI system, which is the stream.
    pub system: Id,
    /// The exception.
    pub exception: Id,
}

impl Exception {
    /// SHA-256 of its statement: what an approval names.
    pub fn digest(&self) -> Digest {
        Digest::of(&Statement::Exception(self.clone()).to_bytes())
    }
}

/// How far an exception is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// People who approved it, its own approver first.
    pub people: Vec<String>,
    /// People needed.
    pub needed: u64,
    /// The approvals counted.
    pub citations: Vec<Citation>,
    /// The policy it stands under cannot be read, so nothing shows that these people are enough.
    pub unreadable: bool,
}

impl Standing {
    /// Whether it still waits for people, and so waives nothing.
    pub fn is_pending(&self) -> bool {
        self.unreadable || (self.people.len() as u64) < self.needed
    }
}

impl Register {
    /// How far an exception is approved by the severity of its control; one from a control that no catalog has any more is
    /// judged as the gravest.
    pub fn approval(&self, exception: &Filed<Exception>, controls: &ControlSet) -> Standing {
        let control = controls.control(exception.value.control.as_str());
        self.approved(exception, control.map_or(Severity::Critical, |control| control.severity))
    }
}

/// The policies and approvals of a stream, all versions as known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Approvals {
    /// By the instant decided.
    policies: BTreeMap<Timestamp, Vec<Filed<Policy>>>,
    /// By exception, its digest and the person.
    given: BTreeMap<(Id, Digest, String), Vec<Filed<Approval>>>,
    /// The collector's key of exceptions and approvals that came under one.
    keys: BTreeMap<u64, String>,
    /// Policies that are withheld or erased.
    unread: BTreeSet<u64>,
}

impl Approvals {
    pub(crate) fn keep_policy(&mut self, filed: Filed<Policy>) {
        insert(self.policies.entry(filed.value.at).or_default(), filed);
    }

    pub(crate) fn keep_approval(&mut self, record: &Record, filed: Filed<Approval>) {
        self.keep_key(record);
        let Approval { exception, digest, by, .. } = &filed.value;
        let key = (exception.clone(), *digest, by.clone());
        insert(self.given.entry(key).or_default(), filed);
    }

    /// Remembers under which key an exception or approval came.
    pub(crate) fn keep_key(&mut self, record: &Record) {
        if record.entry.by.starts_with("key:") {
            self.keys.insert(record.entry.index, record.entry.by.clone());
        }
    }

    /// Remembers that a policy cannot be read.
    pub(crate) fn keep_unread(&mut self, record: &Record) {
        if record.entry.kind == *"policy" {
            self.unread.insert(record.entry.index);
        }
    }

    /// Drops what was erased, and what is older under the same key. An exception goes on standing under a policy that
    /// was erased, which nobody can read any more.
    pub(crate) fn erase(&mut self, parts: &[&str], index: u64) {
        match parts {
            ["policy", at] => {
                let meant = self.policies.iter_mut().filter(|(held, _)| held.as_millis().to_string() == **at);
                meant.for_each(|(_, versions)| versions.retain(|filed| filed.citation.index > index));
                self.unread.insert(index);
            }
            ["approval", exception, digest, by] => {
                let is_meant = |held: &(Id, Digest, String)| {
                    held.0 == **exception && held.1.to_string() == **digest && held.2 == **by
                };
                let meant = self.given.iter_mut().filter(|(held, _)| is_meant(held));
                meant.for_each(|(_, versions)| versions.retain(|filed| filed.citation.index > index));
            }
            _ => {}
        }
    }

    /// Every policy in force or replaced, by the order of recording.
    pub(crate) fn policies(&self) -> Vec<&Filed<Policy>> {
        let mut all: Vec<_> = self.policies.values().filter_map(|versions| versions.last()).collect();
        all.sort_by_key(|filed| filed.citation.index);
        all
    }

    /// The instants at which approvals were recorded.
    pub(crate) fn times(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let policies = self.policies.values().flatten().map(|filed| filed.time);
        policies.chain(self.given.values().flatten().map(|filed| filed.time))
    }

    /// How far an exception from a control of this severity is approved at an instant. Approvals count in the order of
    /// the ledger: of this very statement, each by another person than who asked and those before, and where they
    /// came under collectors' keys under another key.
    pub(crate) fn standing(&self, filed: &Filed<Exception>, severity: Severity, at: Timestamp) -> Standing {
        let exception = &filed.value;
        let mut standing = Standing {
            people: vec![exception.approver.clone()],
            needed: 1,
            citations: Vec::new(),
            unreadable: false,
        };
        match self.policy_of(filed, at) {
            Under::None => return standing,
            Under::Policy(policy) => standing.needed = policy.needed(severity),
            Under::Unread => standing.unreadable = true,
        }
        if standing.needed == 1 && !standing.unreadable {
            return standing;
        }
        let mut keys: BTreeSet<&String> = self.keys.get(&filed.citation.index).into_iter().collect();
        let asked = exception.requested_by.as_deref();
        for approval in self.given_to(exception, at) {
            let by = &approval.value.by;
            let key = self.keys.get(&approval.citation.index);
            let again = standing.people.iter().any(|person| same_person(person, by))
                || asked.is_some_and(|asked| same_person(asked, by))
                || key.is_some_and(|key| keys.contains(key));
            if !again {
                standing.people.push(by.clone());
                standing.citations.push(approval.citation.clone());
                keys.extend(key);
            }
        }
        standing
    }

    fn given_to(&self, exception: &Exception, at: Timestamp) -> Vec<&Filed<Approval>> {
        let digest = exception.digest();
        let first = (exception.id.clone(), digest, String::new());
        let of_it = self.given.range(first..).take_while(|(key, _)| key.0 == exception.id && key.1 == digest);
        let mut given: Vec<&Filed<Approval>> =
            of_it.filter_map(|(_, versions)| latest(versions, at)).collect();
        given.sort_by_key(|filed| filed.citation.index);
        given
    }

    /// The policy recorded last before an exception.
    fn policy_of(&self, exception: &Filed<Exception>, at: Timestamp) -> Under<'_> {
        let index = exception.citation.index;
        let known = self.policies.values().filter_map(|versions| latest(versions, at));
        let last =
            known.filter(|filed| filed.citation.index < index).max_by_key(|filed| filed.citation.index);
        let unread = self.unread.range(..index).next_back();
        match (last, unread) {
            (Some(filed), unread) if unread.is_none_or(|unread| *unread < filed.citation.index) => {
                Under::Policy(&filed.value.exceptions)
            }
            (_, Some(_)) => Under::Unread,
            (_, None) => Under::None,
        }
    }
}

/// What an exception stands under.
enum Under<'a> {
    None,
    Policy(&'a ExceptionPolicy),
    Unread,
}

/// Keeps versions in the order of the ledger.
fn insert<V>(versions: &mut Vec<Filed<V>>, filed: Filed<V>) {
    let at = versions.partition_point(|it| it.citation.index < filed.citation.index);
    versions.insert(at, filed);
}

/// The version that counts at an instant.
fn latest<V>(versions: &[Filed<V>], at: Timestamp) -> Option<&Filed<V>> {
    versions.iter().rev().find(|filed| filed.time <= at)
}

#[cfg(test)]
mod tests;
