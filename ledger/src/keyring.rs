//! The keyring: whose signatures count at which place of the ledger, replayed from its `key` entries.
//!
//! ```text
//! entry      0          7          31             57           90
//!            genesis    enrol ci   revoke ci      rotate log   rotate issuer
//! log        key 1 --------------------------------> key 2 ------------------>
//! issuer     key 3 ----------------------------------------------> key 4 ---->
//! ci                    key 5 ---->
//! ```
//!
//! A key counts from the entry that enrols it to the entry that ends it: for entries with an index in `[from, until)`.
//! What was signed in that range stays verifiable for ever. Only a revocation that says `since` takes back: then the
//! statements are still admitted, as they were when they were recorded, but count no longer ([`Keyring::disowned`]).
//!
//! The genesis entry names the first log key. Every statement is proven by the keys it is about ([`KeyStatement`]), so
//! that neither the holder of a key nor the owner of the ledger can move it alone. The writer and fsck ask the same
//! [`Keyring::admit`].

mod admission;
mod error;
mod statement;

pub use admission::Submission;
pub use error::{KeyringError, KeyringFault};
pub use statement::{
    Grant, Holder, KEY_KIND, KEY_STATEMENT_SIZE_MAX, KEY_STREAM, KeyAction, KeyPurpose, KeyReason,
    KeyStatement, Names, Proof, Proofs, Role,
};

use crate::checkpoint::LogKeys;
use crate::id::{Id, visible};
use crate::key::VerifyingKey;
use crate::note::Verifier;
use statement::Change;
use std::collections::{BTreeMap, BTreeSet};

/// Who may sign what, by place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring {
    ledger: Id,
    log_keys: LogKeys,
    tenures: BTreeMap<Holder, Vec<Tenure>>,
    grants: BTreeMap<Id, Grant>,
    /// Every key there ever was: none is used twice.
    used: BTreeSet<[u8; 32]>,
    /// The least index of the next statement.
    next: u64,
}

/// The time of one key, in indexes of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// The key.
    pub key: Verifier,
    /// Index of the entry from which it counts.
    pub from: u64,
    /// Index of the entry that ended it, by rotation or revocation.
    pub until: Option<u64>,
    /// The revocation that goes back furthest.
    pub revoked: Option<Revocation>,
}

/// That a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Index of the entry that says so.
    pub index: u64,
    /// Why.
    pub reason: KeyReason,
    /// Index from which its signatures count no longer.
    pub since: Option<u64>,
}

/// A key with the sizes of the checkpoints for which it is to be trusted, both ends included: what an auditor pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: Verifier,
    /// First size.
    pub from: u64,
    /// Last size; open when the key is in force.
    pub to: Option<u64>,
}

impl TrustedKey {
    /// A key trusted for every size: one that has had no other before or after it.
    pub fn always(key: Verifier) -> Self {
        Self { key, from: 1, to: None }
    }

    /// Whether the key is trusted for a checkpoint of `size`.
    pub fn counts_for(&self, size: u64) -> bool {
        self.from <= size && self.to.is_none_or(|to| size <= to)
    }
}

impl Keyring {
    /// The keyring of a ledger with nothing but its genesis entry.
    pub fn new(ledger: Id, log_key: Verifier) -> Self {
        let first = Tenure { key: log_key.clone(), from: 0, until: None, revoked: None };
        Self {
            ledger,
            used: BTreeSet::from([*log_key.key().as_bytes()]),
            log_keys: LogKeys::new(log_key),
            tenures: BTreeMap::from([(Holder::Log, vec![first])]),
            grants: BTreeMap::new(),
            next: 1,
        }
    }

    /// The same, with the issuer key that the genesis entry names.
    pub fn with_issuer(mut self, issuer: Verifier) -> Result<Self, KeyringError> {
        self.refuse_used(&Holder::Issuer, &issuer)?;
        self.begin(Holder::Issuer, issuer, 0);
        Ok(self)
    }

    /// Takes in statements of kind `key` one after another, with the index of each.
    pub fn replay(
        mut self,
        statements: impl IntoIterator<Item = (u64, Vec<u8>)>,
    ) -> Result<Self, KeyringFault> {
        for (index, statement) in statements {
            self.apply(index, &statement).map_err(|source| KeyringFault { index, source })?;
        }
        Ok(self)
    }

    /// Takes in the key statement of entry `index`, or refuses it and stays as it was.
    pub fn apply(&mut self, index: u64, statement: &[u8]) -> Result<(), KeyringError> {
        if index < self.next {
            return Err(KeyringError::Order { found: index, next: self.next });
        }
        let statement = KeyStatement::from_bytes(statement)?;
        self.refuse_other_ledger(&statement)?;
        let (holder, change) = statement.change()?;
        self.refuse_unproven(&statement, &holder, &change)?;
        match change {
            Change::Enrol { new, grant } => self.enrol(index, holder, new, grant)?,
            Change::Rotate { old, new } => self.rotate(index, holder, &old, new)?,
            Change::Revoke { old, reason, since } => {
                self.revoke(&holder, &old, Revocation { index, reason, since })?
            }
        }
        self.next = index + 1;
        Ok(())
    }

    fn refuse_other_ledger(&self, statement: &KeyStatement) -> Result<(), KeyringError> {
        let own = (&self.ledger, self.log_keys.origin());
        if (&statement.ledger, statement.origin.as_str()) == own {
            return Ok(());
        }
        Err(KeyringError::OtherLedger {
            found: format!("{} ({})", statement.ledger, visible(&statement.origin)),
            expected: format!("{} ({})", own.0, own.1),
        })
    }

    /// Every proof that is asked for is there and right, and there is no other.
    fn refuse_unproven(
        &self,
        statement: &KeyStatement,
        holder: &Holder,
        change: &Change,
    ) -> Result<(), KeyringError> {
        let needed: &[Role] = match change {
            Change::Enrol { .. } if *holder == Holder::Log => return Err(KeyringError::LogEnrolled),
            Change::Enrol { .. } => &[Role::Log, Role::New],
            Change::Rotate { .. } => &[Role::New, Role::Old],
            // The holder gives it up, or the ledger's owner takes it away.
            Change::Revoke { .. } if statement.proofs.old.is_some() => &[Role::Old],
            Change::Revoke { .. } => &[Role::Log],
        };
        let message = statement.message();
        for role in [Role::Log, Role::New, Role::Old] {
            match (statement.proofs.of(role), needed.contains(&role)) {
                (None, true) => return Err(KeyringError::Unproven(role)),
                (Some(_), false) => return Err(KeyringError::SurplusProof(role)),
                (None, false) => {}
                (Some(proof), true) => {
                    let key = change.key(role).unwrap_or_else(|| self.log_keys.latest());
                    if !key.key().verifies(&message, &proof.0) {
                        return Err(KeyringError::Proof(role));
                    }
                }
            }
        }
        Ok(())
    }

    fn enrol(
        &mut self,
        index: u64,
        holder: Holder,
        new: Verifier,
        grant: Option<Grant>,
    ) -> Result<(), KeyringError> {
        let from = match &holder {
            Holder::Collector(id) if self.grants.contains_key(id) => {
                return Err(KeyringError::IdTaken(id.clone()));
            }
            Holder::Issuer if self.issuer().is_some() => return Err(KeyringError::IssuerInForce),
            // Before the first issuer there was no other: its packs count, however late it is enrolled.
            Holder::Issuer if !self.tenures.contains_key(&holder) => 0,
            _ => index,
        };
        self.refuse_used(&holder, &new)?;
        if let (Holder::Collector(id), Some(grant)) = (&holder, grant) {
            admission::refuse_reserved(&grant)?;
            self.grants.insert(id.clone(), grant);
        }
        self.begin(holder, new, from);
        Ok(())
    }

    fn rotate(
        &mut self,
        index: u64,
        holder: Holder,
        old: &Verifier,
        new: Verifier,
    ) -> Result<(), KeyringError> {
        self.refuse_used(&holder, &new)?;
        if self.in_force(&holder)?.key != *old {
            return Err(KeyringError::NotInForce { holder, key: short(old) });
        }
        if holder == Holder::Log {
            self.log_keys.follow(index + 1, new.clone())?;
        }
        let last = self.tenures.get_mut(&holder).and_then(|tenures| tenures.last_mut());
        last.into_iter().for_each(|tenure| tenure.until = Some(index));
        self.begin(holder, new, index);
        Ok(())
    }

    fn revoke(&mut self, holder: &Holder, old: &Verifier, by: Revocation) -> Result<(), KeyringError> {
        let tenures = self.tenures.get_mut(holder).ok_or_else(|| KeyringError::Unknown(holder.clone()))?;
        let found = tenures.iter_mut().find(|tenure| tenure.key == *old);
        let tenure =
            found.ok_or_else(|| KeyringError::NotTheirs { holder: holder.clone(), key: short(old) })?;
        if *holder == Holder::Log && tenure.until.is_none() {
            return Err(KeyringError::LogInForce);
        }
        let (from, until) = (tenure.from, tenure.until.unwrap_or(by.index));
        if let Some(since) = by.since {
            if by.reason == KeyReason::Retired {
                return Err(KeyringError::SinceReason(by.reason));
            }
            if !(from..=until).contains(&since) {
                return Err(KeyringError::Since { since, from, until });
            }
        }
        if let Some(before) = &tenure.revoked
            && before.since.unwrap_or(until) <= by.since.unwrap_or(until)
        {
            return Err(KeyringError::RevokedBefore(before.index));
        }
        tenure.until = Some(until);
        tenure.revoked = Some(by);
        Ok(())
    }

    fn begin(&mut self, holder: Holder, key: Verifier, from: u64) {
        self.used.insert(*key.key().as_bytes());
        let tenure = Tenure { key, from, until: None, revoked: None };
        self.tenures.entry(holder).or_default().push(tenure);
    }

    /// Refuses a key that was seen before, and one under another name than its holder's.
    fn refuse_used(&self, holder: &Holder, key: &Verifier) -> Result<(), KeyringError> {
        let expected = self.name_of(holder);
        if key.name().as_str() != expected {
            let found = visible(key.name().as_str());
            return Err(KeyringError::Name { holder: holder.clone(), found, expected });
        }
        if self.used.contains(key.key().as_bytes()) {
            return Err(KeyringError::KeyUsed(short(key)));
        }
        Ok(())
    }

    fn in_force(&self, holder: &Holder) -> Result<&Tenure, KeyringError> {
        let last = self.tenures(holder).last().filter(|tenure| tenure.until.is_none());
        last.ok_or_else(|| KeyringError::Unknown(holder.clone()))
    }
}

/// What is asked of a keyring.
impl Keyring {
    /// Id of the ledger.
    pub fn ledger(&self) -> &Id {
        &self.ledger
    }

    /// The log keys with their sizes, as checkpoints are opened with.
    pub fn log_keys(&self) -> &LogKeys {
        &self.log_keys
    }

    /// The log key that signs from the checkpoint of `size` on.
    pub fn log_key_for(&self, size: u64) -> &Verifier {
        self.log_keys.at(size)
    }

    /// The issuer key in force, once one is enrolled.
    pub fn issuer(&self) -> Option<&Verifier> {
        self.in_force(&Holder::Issuer).ok().map(|tenure| &tenure.key)
    }

    /// The issuer key that counted at an entry.
    pub fn issuer_at(&self, index: u64) -> Option<&Verifier> {
        self.key_at(&Holder::Issuer, index)
    }

    /// The key of a collector that counted at an entry, when it was recorded.
    pub fn collector(&self, id: &Id, index: u64) -> Option<&Verifier> {
        self.key_at(&Holder::Collector(id.clone()), index)
    }

    fn key_at(&self, holder: &Holder, index: u64) -> Option<&Verifier> {
        let counts =
            |tenure: &&Tenure| tenure.from <= index && tenure.until.is_none_or(|until| index < until);
        self.tenures(holder).iter().find(counts).map(|tenure| &tenure.key)
    }

    /// The collectors with their grants, sorted.
    pub fn collectors(&self) -> impl Iterator<Item = (&Id, &Grant)> {
        self.grants.iter()
    }

    /// The keys of a holder with their times, in order.
    pub fn tenures(&self, holder: &Holder) -> &[Tenure] {
        self.tenures.get(holder).map_or(&[], Vec::as_slice)
    }

    /// Whose key this is or was.
    pub fn holder_of(&self, key: &VerifyingKey) -> Option<&Holder> {
        let has = |tenures: &[Tenure]| tenures.iter().any(|tenure| tenure.key.key() == key);
        self.tenures.iter().find(|(_, tenures)| has(tenures)).map(|(holder, _)| holder)
    }

    /// The keys of the log or the issuer with the sizes of the checkpoints for which they are to be trusted. A key that
    /// counts for none is left out.
    pub fn trusted(&self, holder: &Holder) -> Vec<TrustedKey> {
        let tenures = self.tenures(holder).iter();
        let keys = tenures.filter_map(|tenure| {
            // A checkpoint of size n ends with entry n - 1. The log key that is followed still signs the handover.
            let last = tenure.until.map(|until| until + u64::from(*holder == Holder::Log));
            let since = tenure.revoked.and_then(|revoked| revoked.since);
            let to = last.into_iter().chain(since).min();
            let from = tenure.from + 1;
            to.is_none_or(|to| from <= to).then(|| TrustedKey { key: tenure.key.clone(), from, to })
        });
        keys.collect()
    }

    /// The name that keys of a holder carry: the origin, the origin with `/issuer`, the collector's id.
    pub fn name_of(&self, holder: &Holder) -> String {
        match holder {
            Holder::Log => self.log_keys.origin().to_owned(),
            Holder::Issuer => format!("{}/issuer", self.log_keys.origin()),
            Holder::Collector(id) => id.to_string(),
        }
    }

    /// That `key` of `holder` begins to count, to be proven by `new` and `log`.
    pub fn enrolment(&self, holder: &Holder, key: &VerifyingKey, grant: Option<Grant>) -> KeyStatement {
        let new = Some(self.vkey(holder, key));
        KeyStatement { new, grant, ..self.blank(KeyAction::Enrol, holder) }
    }

    /// That `next` follows the key of `holder` in force, to be proven by `old` and `new`.
    pub fn rotation(&self, holder: &Holder, next: &VerifyingKey) -> Result<KeyStatement, KeyringError> {
        let old = Some(self.in_force(holder)?.key.to_string());
        let new = Some(self.vkey(holder, next));
        Ok(KeyStatement { old, new, ..self.blank(KeyAction::Rotate, holder) })
    }

    /// That a key of `holder` ends to count, to be proven by `old` or `log`.
    pub fn revocation(
        &self,
        holder: &Holder,
        key: &Verifier,
        reason: KeyReason,
        since: Option<u64>,
    ) -> KeyStatement {
        let (old, reason) = (Some(key.to_string()), Some(reason));
        KeyStatement { old, reason, since, ..self.blank(KeyAction::Revoke, holder) }
    }

    fn vkey(&self, holder: &Holder, key: &VerifyingKey) -> String {
        let name = self.name_of(holder);
        let name = name.parse().unwrap_or_else(|_| panic!("origins and ids name keys, `{name}` does not"));
        Verifier::new(name, *key).to_string()
    }

    fn blank(&self, action: KeyAction, holder: &Holder) -> KeyStatement {
        KeyStatement {
            id: holder.id().cloned(),
            new: None,
            old: None,
            grant: None,
            since: None,
            action,
            ledger: self.ledger.clone(),
            origin: self.log_keys.origin().to_owned(),
            proofs: Proofs::default(),
            reason: None,
            purpose: holder.purpose(),
        }
    }
}

/// The beginning of a key's fingerprint.
fn short(key: &Verifier) -> String {
    format!("SHA-256 {}…", &key.key().fingerprint().to_string()[..16])
}

#[cfg(test)]
mod tests;
