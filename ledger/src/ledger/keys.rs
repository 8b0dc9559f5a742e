//! The keys of an open ledger: replayed from its `key` entries, asked before every append, recorded and rotated.

use super::seal::{Batch, Edge};
use super::{Appended, Ledger, LedgerError, Prepared, sign_batch};
use crate::digest::Digest;
use crate::entry::Entry;
use crate::index::Index;
use crate::key::{Passphrase, SigningKey};
use crate::keyfile;
use crate::keyring::{Holder, KEY_KIND, KEY_STREAM, KeyStatement, Keyring, Role, Submission};
use crate::reader::{ReadError, Reader};
use crate::record::Draft;
use crate::rotation::{self, ISSUER_KEY_FILE, LOG_KEY_FILE, OpenKey};
use crate::settings::SETTINGS_FILE;
use crate::storage::Storage;
use rayon::prelude::*;

/// Signed drafts from which checking them is worth a second core.
const PARALLEL_MIN: usize = 8;

/// The keyring as of the last entry, by way of the index; `None` when the index cannot show stream `org` without a gap.
pub(super) fn replay(reader: &Reader, index: &Index) -> Result<Option<Keyring>, LedgerError> {
    let stream = KEY_STREAM.parse()?;
    let genesis = reader.genesis()?;
    if !genesis.is_of(reader.settings()) {
        return Err(LedgerError::OtherGenesis);
    }
    let mut keyring = genesis.keyring().map_err(|error| ReadError::Genesis(error.to_string()))?;
    let Ok(positions) = index.positions(&stream, 0) else { return Ok(None) };
    if index.head(&stream).is_none_or(|head| head.n != positions.len() as u64) {
        return Ok(None);
    }
    for (n, index) in (0..).zip(positions) {
        // The index is not believed: it may name what is not there.
        if index >= reader.size() {
            return Ok(None);
        }
        let entry = Entry::from_bytes(&reader.entry_bytes(index)?)?;
        // The index is not believed: what it leaves out would be missed here.
        if (entry.n, &entry.stream) != (n, &stream) {
            return Ok(None);
        }
        if entry.kind == *KEY_KIND {
            reader.take_key(&mut keyring, index)?;
        }
    }
    Ok(Some(keyring))
}

/// Completes a rotation of the log key that was recorded, but which the settings do not name yet; refuses settings that
/// name other keys than the entries.
pub(super) fn complete_settings(
    storage: &dyn Storage,
    reader: &mut Reader,
    keyring: &Keyring,
) -> Result<(), LedgerError> {
    let named = &reader.settings().log_keys;
    if named == keyring.log_keys() {
        return Ok(());
    }
    let mut followed = named.clone();
    let follows = followed.follow(reader.size(), keyring.log_keys().latest().clone());
    if follows.is_err() || followed != *keyring.log_keys() {
        return Err(LedgerError::OtherKeys);
    }
    adopt(storage, reader, keyring)
}

/// Lets the settings name the log keys of the keyring, durably.
fn adopt(storage: &dyn Storage, reader: &mut Reader, keyring: &Keyring) -> Result<(), LedgerError> {
    reader.settings_mut().log_keys = keyring.log_keys().clone();
    let path = reader.folder().join(SETTINGS_FILE);
    Ok(storage.write_durably(&path, reader.settings().to_toml().as_bytes())?)
}

/// Refuses drafts whose submitter may not push them, as the next entries behind `edge`; gives the keyring behind them
/// when some of them are about keys.
pub(super) fn admit(
    keyring: &Keyring,
    edge: &Edge,
    drafts: &[&Prepared],
) -> Result<Option<Keyring>, LedgerError> {
    let first = edge.frontier.size();
    if drafts.iter().any(|prepared| prepared.draft.kind == *KEY_KIND) {
        let mut keyring = keyring.clone();
        for (index, prepared) in (first..).zip(drafts) {
            admit_one(&keyring, edge, index, prepared)?;
            if prepared.draft.kind == *KEY_KIND {
                keyring.apply(index, prepared.statement())?;
            }
        }
        return Ok(Some(keyring));
    }
    let one = |(at, prepared): (usize, &&Prepared)| admit_one(keyring, edge, first + at as u64, prepared);
    if drafts.iter().filter(|prepared| prepared.draft.signature.is_some()).count() < PARALLEL_MIN {
        drafts.iter().enumerate().try_for_each(one)?;
    } else {
        drafts.par_iter().enumerate().try_for_each(one)?;
    }
    Ok(None)
}

fn admit_one(keyring: &Keyring, edge: &Edge, index: u64, prepared: &Prepared) -> Result<(), LedgerError> {
    let draft = &prepared.draft;
    // Hashed only where a signature is looked at.
    let statement = draft.signature.as_ref().map_or(Digest::ZERO, |_| Digest::of(prepared.statement()));
    let submission = Submission {
        by: &draft.by,
        kind: &draft.kind,
        stream: &draft.stream,
        time: edge.time,
        statement,
        signature: draft.signature.as_ref(),
    };
    Ok(keyring.admit(index, &submission)?)
}

/// The draft that records a key statement.
fn draft(statement: &KeyStatement) -> Result<Draft, LedgerError> {
    Ok(Draft {
        stream: KEY_STREAM.parse()?,
        kind: KEY_KIND.parse()?,
        by: "local".into(),
        statement: statement.to_bytes(),
        signature: None,
        id: None,
        facet: None,
    })
}

impl Ledger {
    /// Who may sign what, as of the last entry.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The statement with the proof of the log key: the ledger's owner agrees.
    pub fn prove(&self, statement: KeyStatement) -> KeyStatement {
        statement.proven(Role::Log, &self.log_key)
    }

    /// Whether a key statement could be recorded now.
    pub fn admit_key(&self, statement: &KeyStatement) -> Result<(), LedgerError> {
        Ok(self.keyring.clone().apply(self.size(), &statement.to_bytes())?)
    }

    /// Records a key statement with all its proofs. The log key is rotated with [`Ledger::rotate_log_key`] alone.
    pub fn record_key(&mut self, statement: &KeyStatement) -> Result<Appended, LedgerError> {
        let mut appended = self.append(&[draft(statement)?])?;
        appended.pop().ok_or(LedgerError::Stopped)
    }

    /// Lets `next` follow the log key, safe against a stop at every step (see [`rotation`]). The checkpoint behind the
    /// entry that says so is signed by both; the former private key is then in no file of the ledger.
    pub fn rotate_log_key(
        &mut self,
        next: SigningKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<Appended, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped);
        }
        let statement = self.keyring.rotation(&Holder::Log, &next.verifying_key())?;
        let statement = statement.proven(Role::Old, &self.log_key).proven(Role::New, &next);
        self.admit_key(&statement)?;
        let storage = self.surroundings.storage.clone();
        let file = self.reader.folder().join(LOG_KEY_FILE);
        rotation::stage(&*storage, &file, &next, passphrase)?;
        let appended = self.hand_over(draft(&statement)?, &next)?;
        // Until all is in place this writer signs nothing: whoever opens the ledger next completes it.
        self.stopped = true;
        adopt(&*storage, &mut self.reader, &self.keyring)?;
        rotation::complete(&*storage, &file)?;
        self.log_key = next;
        self.stopped = false;
        Ok(appended)
    }

    /// Records a rotation of the log key under a checkpoint that both keys sign.
    fn hand_over(&mut self, draft: Draft, next: &SigningKey) -> Result<Appended, LedgerError> {
        let mut batch = Batch::new(&self.edge, self.surroundings.clock.now(), 1);
        let prepared = Prepared::all(vec![draft], &self.surroundings)?;
        batch.keyring = admit(&self.keyring, &self.edge, &prepared.iter().collect::<Vec<_>>())?;
        let stream = KEY_STREAM.parse()?;
        let head = self.head(&stream).map(|head| (head.n, head.leaf));
        let placed: Vec<_> = prepared.into_iter().map(|prepared| batch.seal(prepared, head)).collect();
        let mut record = Vec::new();
        let signed = sign_batch(self.reader.settings(), &[&self.log_key, next], &batch, &mut record)?;
        // From here on the file may hold the record: on any failure this writer says nothing more.
        self.stopped = true;
        self.journal.append(&record)?;
        self.finish(batch, signed.0, signed.1)?;
        let (index, leaf) = placed.into_iter().next().ok_or(LedgerError::Stopped)?;
        Ok(Appended { index, leaf, again: false })
    }

    /// The issuer's private key; a rotation that a stop left half-way is completed or undone first.
    pub fn issuer_key(&self, open: OpenKey<'_>) -> Result<SigningKey, LedgerError> {
        let file = self.reader.folder().join(ISSUER_KEY_FILE);
        match self.keyring.issuer() {
            Some(issuer) => rotation::settle(&*self.surroundings.storage, &file, issuer.key(), open),
            // A ledger made before issuers were recorded: the file is all there is.
            None if self.keyring.tenures(&Holder::Issuer).is_empty() => Ok(open(&file)?),
            None => Err(LedgerError::NoIssuer),
        }
    }

    /// Lets `next` follow the issuer key, as safe as [`Ledger::rotate_log_key`]. An issuer that was never recorded is
    /// enrolled first.
    pub fn rotate_issuer_key(
        &mut self,
        next: SigningKey,
        passphrase: Option<&Passphrase>,
        open: OpenKey<'_>,
    ) -> Result<Appended, LedgerError> {
        let former = self.issuer_key(open)?;
        if self.keyring.issuer().is_none() {
            let statement = self.keyring.enrolment(&Holder::Issuer, &former.verifying_key(), None);
            self.record_key(&self.prove(statement.proven(Role::New, &former)))?;
        }
        let statement = self.keyring.rotation(&Holder::Issuer, &next.verifying_key())?;
        let statement = statement.proven(Role::Old, &former).proven(Role::New, &next);
        self.admit_key(&statement)?;
        let storage = self.surroundings.storage.clone();
        let file = self.reader.folder().join(ISSUER_KEY_FILE);
        rotation::stage(&*storage, &file, &next, passphrase)?;
        let appended = self.record_key(&statement)?;
        rotation::complete(&*storage, &file)?;
        Ok(appended)
    }

    /// Enrols a new issuer key after the last one was revoked.
    pub fn enrol_issuer_key(
        &mut self,
        next: SigningKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<Appended, LedgerError> {
        let statement = self.keyring.enrolment(&Holder::Issuer, &next.verifying_key(), None);
        let statement = self.prove(statement.proven(Role::New, &next));
        self.admit_key(&statement)?;
        let storage = self.surroundings.storage.clone();
        let file = self.reader.folder().join(ISSUER_KEY_FILE);
        rotation::stage(&*storage, &file, &next, passphrase)?;
        let appended = self.record_key(&statement)?;
        rotation::complete(&*storage, &file)?;
        Ok(appended)
    }

    /// Whether the private key in a file of the ledger's folder is encrypted.
    pub fn is_encrypted(&self, file: &str) -> Result<bool, LedgerError> {
        Ok(keyfile::is_encrypted(&*self.surroundings.storage, &self.reader.folder().join(file))?)
    }
}
