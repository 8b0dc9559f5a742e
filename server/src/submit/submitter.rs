//! Who submits results: what goes into the entries as the submitter, and what it may push.

use crate::signer::Signer;
use affiant_controls::result::ControlResult;
use affiant_ledger::id::Id;
use affiant_ledger::record::Draft;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who submits results.
#[derive(Clone)]
pub struct Submitter {
    by: String,
    /// The collector that signs, and may not push everything everywhere.
    signer: Option<Arc<Signer>>,
    /// The only streams that may be pushed to, if not all.
    streams: Option<Arc<BTreeSet<Id>>>,
    /// What the id of a result without one is made of, together with its row.
    key: Option<Arc<str>>,
}

impl Submitter {
    /// Whoever has the ledger's folder, signing with a collector's key or not.
    pub fn local(signer: Option<Signer>) -> Self {
        Self { by: "local".to_owned(), signer: signer.map(Arc::new), streams: None, key: None }
    }

    /// Whoever holds a token, limited to some streams if any are given. A result without an id gets one of the idempotency
    /// key, if one is given.
    pub fn token(id: &Id, streams: Option<BTreeSet<Id>>, key: Option<&str>) -> Self {
        let (by, streams, key) = (format!("token:{id}"), streams.map(Arc::new), key.map(Arc::from));
        Self { by, signer: None, streams, key }
    }

    /// What stands in the entries.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Refuses a stream that it may not push to, before anything is recorded.
    pub fn may_push(&self, stream: &Id) -> Result<(), String> {
        if let Some(streams) = self.streams.as_ref().filter(|streams| !streams.contains(stream)) {
            let granted: Vec<&str> = streams.iter().map(|stream| stream.as_str()).collect();
            return Err(format!("{} may not push to `{stream}`, only to {}", self.by, granted.join(", ")));
        }
        self.signer.as_ref().map_or(Ok(()), |signer| signer.may_push(stream))
    }

    /// Gives a result without an id the one that follows from the idempotency key and its row, if there is a key; the
    /// key alone where a row stands alone.
    pub fn name(&self, result: &mut ControlResult, row: Option<u64>) {
        let Some(key) = self.key.as_deref().filter(|_| result.id.is_none()) else { return };
        result.id = Some(row.map_or_else(|| key.to_owned(), |row| format!("{key}/{row}")));
    }

    /// Signs drafts, if it signs.
    pub(super) fn sign(&self, drafts: &mut [Draft]) {
        self.signer.iter().for_each(|signer| signer.sign(drafts));
    }
}
