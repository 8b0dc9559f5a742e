//! Admission: who may push what to which stream. The writer asks before it seals, fsck of what it finds.
//!
//! ```text
//! local          unsigned    admitted: whoever can write with the log key
//! token:<id>     unsigned    admitted: whoever admitted the token answers for it
//! key:<id>       signed      admitted if the key counts at that entry and was granted kind and stream
//! anything else              refused
//! ```

use super::statement::{Grant, Holder, KEY_KIND, KEY_STREAM, Names};
use super::{Keyring, KeyringError, Revocation};
use crate::digest::Digest;
use crate::erasure::{ERASURE, HOLD};
use crate::genesis::GENESIS_KIND;
use crate::id::{Id, visible};
use crate::note::Verifier;
use crate::payload::{StatementSignature, signed_message_of};
use crate::time::Timestamp;

/// A statement that wants to stand in the ledger, or stands there.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Who submits it: `local`, `key:<id>`, `token:<id>`.
    pub by: &'a str,
    /// Its kind.
    pub kind: &'a Id,
    /// Its stream.
    pub stream: &'a Id,
    /// When it is recorded.
    pub time: Timestamp,
    /// SHA-256 of its canonical bytes.
    pub statement: Digest,
    /// The submitter's signature.
    pub signature: Option<&'a StatementSignature>,
}

impl Keyring {
    /// Whether a statement may stand at `index`: what the writer asks before it seals, and fsck of what it finds. For a
    /// statement of kind `key`, [`Keyring::apply`] judges what it says.
    ///
    /// A revocation does not reach back here: what was admitted when it was recorded stays admitted.
    pub fn admit(&self, index: u64, submission: &Submission<'_>) -> Result<(), KeyringError> {
        let Submission { by, kind, stream, signature, .. } = *submission;
        let elsewhere = *kind == *KEY_KIND && *stream != *KEY_STREAM;
        if is_reserved(kind.as_str()) && (by != "local" || elsewhere) {
            let (kind, by, stream) = (kind.clone(), visible(by), stream.clone());
            return Err(KeyringError::Reserved { kind, by, stream });
        }
        let id = by.strip_prefix("key:").and_then(|id| id.parse::<Id>().ok());
        match (id, signature) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(KeyringError::Unsigned(visible(by))),
            (Some(id), Some(signature)) if id == signature.key => {
                self.admit_signed(index, submission, &id, signature)
            }
            (_, Some(signature)) => {
                Err(KeyringError::OtherSigner { by: visible(by), key: signature.key.clone() })
            }
        }
    }

    fn admit_signed(
        &self,
        index: u64,
        submission: &Submission<'_>,
        id: &Id,
        signature: &StatementSignature,
    ) -> Result<(), KeyringError> {
        let Submission { kind, stream, time, statement, .. } = submission;
        let key = self.key_of(id, index)?;
        if !key.key().verifies(&signed_message_of(statement), &signature.sig) {
            return Err(KeyringError::Signature(id.clone()));
        }
        self.may_push(id, index, kind, stream, *time)
    }

    /// Whether a collector may push a kind to a stream at an entry, whoever signs: to know before anything is signed.
    pub fn may_push(
        &self,
        id: &Id,
        index: u64,
        kind: &Id,
        stream: &Id,
        time: Timestamp,
    ) -> Result<(), KeyringError> {
        let grant = self.grants.get(id).ok_or_else(|| KeyringError::UnknownCollector(id.clone()))?;
        self.key_of(id, index)?;
        let id = || id.clone();
        if !grant.kinds.contains(kind.as_str()) {
            return Err(KeyringError::Kind { id: id(), kind: kind.clone(), granted: grant.kinds.clone() });
        }
        if !grant.streams.contains(stream.as_str()) {
            return Err(KeyringError::Stream {
                id: id(),
                stream: stream.clone(),
                granted: grant.streams.clone(),
            });
        }
        match grant.expires.filter(|expires| time > *expires) {
            Some(expires) => Err(KeyringError::Expired { id: id(), expires }),
            None => Ok(()),
        }
    }

    fn key_of(&self, id: &Id, index: u64) -> Result<&Verifier, KeyringError> {
        if !self.grants.contains_key(id) {
            return Err(KeyringError::UnknownCollector(id.clone()));
        }
        let why = || KeyringError::Outside { id: id.clone(), index, why: self.why_outside(id, index) };
        self.collector(id, index).ok_or_else(why)
    }

    fn why_outside(&self, id: &Id, index: u64) -> String {
        let tenures = self.tenures(&Holder::Collector(id.clone()));
        let ended = tenures.iter().rev().find(|tenure| tenure.until.is_some_and(|until| until <= index));
        match ended.and_then(|tenure| tenure.revoked.as_ref()) {
            Some(revoked) => format!(": revoked by entry {} as {}", revoked.index, revoked.reason),
            None => tenures
                .first()
                .map_or_else(String::new, |first| format!(": enrolled by entry {}", first.from)),
        }
    }

    /// The revocation by which what `by` said in entry `index` counts no longer, although it was admitted.
    pub fn disowned(&self, by: &str, index: u64) -> Option<&Revocation> {
        let id: Id = by.strip_prefix("key:")?.parse().ok()?;
        let tenures = self.tenures(&Holder::Collector(id));
        let tenure = tenures.iter().rev().find(|tenure| tenure.from <= index)?;
        tenure.revoked.as_ref().filter(|revoked| revoked.since.is_some_and(|since| since <= index))
    }
}

/// Kinds that no collector pushes, whatever it was granted: they change what the ledger itself holds or believes.
fn is_reserved(kind: &str) -> bool {
    [KEY_KIND, GENESIS_KIND, ERASURE, HOLD].contains(&kind)
}

/// Refuses a grant of them.
pub(super) fn refuse_reserved(grant: &Grant) -> Result<(), KeyringError> {
    match &grant.kinds {
        Names::Some(kinds) if kinds.iter().any(|kind| is_reserved(kind.as_str())) => {
            Err(KeyringError::Grant("statements about keys, erasures and holds are never granted".into()))
        }
        _ => Ok(()),
    }
}
