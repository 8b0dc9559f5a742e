//! Signing what is recorded with a collector's key.
//!
//! The id stands in the ledger, not beside the key: `by` becomes `key:<id>` of the collector whose public key it is.

use crate::failure::Failure;
use affiant_ledger::id::Id;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{Holder, Keyring};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::payload::{StatementSignature, signed_message};
use affiant_ledger::record::Draft;
use affiant_ledger::time::Timestamp;
use rayon::prelude::*;
use std::path::Path;

/// A collector with its key.
pub struct Signer {
    id: Id,
    key: SigningKey,
    keyring: Keyring,
    kind: Id,
    /// Index of the next entry, and when it is recorded.
    next: (u64, Timestamp),
}

impl Signer {
    /// The collector whose private key lay at `path`, for statements of a kind.
    pub fn of(
        key: SigningKey,
        path: &Path,
        ledger: &Ledger,
        kind: &str,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let (keyring, shown, size) = (ledger.keyring().clone(), path.display(), ledger.size());
        let hint = "`affiant key list` shows the collectors and their keys";
        let id = match keyring.holder_of(&key.verifying_key()) {
            Some(Holder::Collector(id)) => id.clone(),
            Some(other) => {
                return Err(Failure::refused(format!("{shown}: a key of {other}, not of a collector")));
            }
            None => {
                return Err(
                    Failure::refused(format!("{shown}: no collector is enrolled with this key")).hint(hint)
                );
            }
        };
        let in_force = keyring.collector(&id, size).map(|found| *found.key());
        if in_force != Some(key.verifying_key()) {
            let text = format!("{shown}: this key of collector `{id}` counts no more");
            return Err(Failure::refused(text).hint(hint));
        }
        let kind = kind.parse().map_err(Failure::refused)?;
        Ok(Self { id, key, keyring, kind, next: (size, now) })
    }

    /// Refuses a stream that the collector was not granted, before anything is recorded.
    pub fn may_push(&self, stream: &Id) -> Result<(), String> {
        let (index, now) = self.next;
        let may = self.keyring.may_push(&self.id, index, &self.kind, stream, now);
        may.map_err(|error| error.to_string())
    }

    /// Signs drafts, on all cores.
    pub fn sign(&self, drafts: &mut [Draft]) {
        drafts.par_iter_mut().for_each(|draft| {
            let sig = self.key.sign(&signed_message(&draft.statement));
            draft.by = format!("key:{}", self.id);
            draft.signature = Some(StatementSignature { key: self.id.clone(), sig });
        });
    }
}
