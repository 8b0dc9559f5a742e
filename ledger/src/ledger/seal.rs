//! Sealing: a draft becomes an entry with both chain links, its payload salted and named by digest.
//!
//! What needs no place in the log (encoding, salting and hashing the payload) is done first, on any core; giving the
//! entry its place is done by the one writer, in order.

use super::{LedgerError, Surroundings};
use crate::codec;
use crate::digest::Digest;
use crate::entry::{ENTRY_VERSION, Entry, EntryError, is_submitter};
use crate::id::Id;
use crate::index::Filed;
use crate::journal::{RECORD_SIZE_MAX, Sealed};
use crate::keyring::Keyring;
use crate::merkle::Frontier;
use crate::payload::{self, PAYLOAD_SIZE_MAX};
use crate::record::Draft;
use crate::time::Timestamp;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Most drafts made durable with one sync.
pub const BATCH_MAX: usize = 4096;
/// Drafts from which preparing them is worth a second core.
const PARALLEL_MIN: usize = 64;

/// A draft with its payload ready; what is left is its place in the log.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// All of the draft but its statement.
    pub(super) draft: Draft,
    payload: Vec<u8>,
    /// Where the statement begins in the payload, of which it is the end.
    statement: usize,
    digest: Digest,
}

impl Prepared {
    /// Checks a draft and encodes, salts and hashes its payload.
    pub fn new(mut draft: Draft, salt: &[u8; 16]) -> Result<Self, LedgerError> {
        let statement = std::mem::take(&mut draft.statement);
        Self::with(draft, &statement, salt)
    }

    /// The same for a draft that the caller keeps.
    fn of(draft: &Draft, salt: &[u8; 16]) -> Result<Self, LedgerError> {
        let Draft { stream, kind, by, statement, signature, id, facet } = draft;
        let (stream, kind, by) = (stream.clone(), kind.clone(), by.clone());
        let (signature, id, facet) = (signature.clone(), id.clone(), facet.clone());
        let draft = Draft { stream, kind, by, statement: Vec::new(), signature, id, facet };
        Self::with(draft, statement, salt)
    }

    fn with(draft: Draft, statement: &[u8], salt: &[u8; 16]) -> Result<Self, LedgerError> {
        let map = statement.first().is_some_and(|first| first >> 5 == 5);
        if !map || codec::check(statement).is_err() {
            return Err(LedgerError::Draft("the statement is not a map in deterministic CBOR".into()));
        }
        if !is_submitter(&draft.by) {
            return Err(EntryError::Submitter(crate::id::visible(&draft.by)).into());
        }
        let payload = payload::encode(salt, statement, draft.signature.as_ref());
        if payload.len() > PAYLOAD_SIZE_MAX {
            let text = format!("a payload of {} bytes, the limit is {PAYLOAD_SIZE_MAX}", payload.len());
            return Err(LedgerError::Draft(text));
        }
        let (statement, digest) = (payload.len() - statement.len(), Digest::of(&payload));
        Ok(Self { draft, payload, statement, digest })
    }

    /// The stream and the idempotency id, where it has one.
    pub fn id(&self) -> Option<(&Id, &str)> {
        Some((&self.draft.stream, self.draft.id.as_deref()?))
    }

    /// Canonical CBOR of the statement.
    pub(super) fn statement(&self) -> &[u8] {
        &self.payload[self.statement..]
    }

    /// Bytes of the payload.
    pub(super) fn size(&self) -> usize {
        self.payload.len()
    }

    /// Prepares drafts, each with a salt of its own.
    pub fn all(drafts: Vec<Draft>, surroundings: &Surroundings) -> Result<Vec<Self>, LedgerError> {
        let salts = salts(drafts.len(), surroundings);
        if drafts.len() < PARALLEL_MIN {
            drafts.into_iter().zip(&salts).map(|(draft, salt)| Self::new(draft, salt)).collect()
        } else {
            drafts.into_par_iter().zip(&salts).map(|(draft, salt)| Self::new(draft, salt)).collect()
        }
    }

    /// The same for drafts that the caller keeps.
    pub(super) fn all_of(drafts: &[Draft], surroundings: &Surroundings) -> Result<Vec<Self>, LedgerError> {
        let salts = salts(drafts.len(), surroundings);
        let one = |(draft, salt): (&Draft, &[u8; 16])| Self::of(draft, salt);
        if drafts.len() < PARALLEL_MIN {
            drafts.iter().zip(&salts).map(one).collect()
        } else {
            drafts.par_iter().zip(&salts).map(one).collect()
        }
    }
}

fn salts(count: usize, surroundings: &Surroundings) -> Vec<[u8; 16]> {
    let mut salts = vec![[0; 16]; count];
    (surroundings.random)(salts.as_flattened_mut());
    salts
}

/// Where the next entry goes.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) frontier: Frontier,
    pub(super) prev: Digest,
    pub(super) time: Timestamp,
}

/// Entries sealed one after another, not yet written.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) sealed: Vec<Sealed>,
    pub(super) filed: Vec<Filed>,
    pub(super) edge: Edge,
    /// Bytes of entries and payloads.
    pub(super) size: usize,
    /// The keyring behind these entries, when some are about keys.
    pub(super) keyring: Option<Keyring>,
    /// Length and last leaf of the streams that grew.
    heads: BTreeMap<Id, (u64, Digest)>,
}

impl Batch {
    /// A batch for so many drafts behind `edge`, recorded at `now` or at the time of the entry before, whichever is later.
    pub(super) fn new(edge: &Edge, now: Timestamp, count: usize) -> Self {
        let mut edge = edge.clone();
        edge.time = edge.time.max(now);
        let count = count.min(BATCH_MAX);
        Self {
            sealed: Vec::with_capacity(count),
            filed: Vec::with_capacity(count),
            edge,
            size: 0,
            keyring: None,
            heads: BTreeMap::new(),
        }
    }

    /// The stream's length and last leaf, if it grew in this batch.
    pub(super) fn head(&self, stream: &Id) -> Option<(u64, Digest)> {
        self.heads.get(stream).copied()
    }

    /// Whether these fit too.
    pub(super) fn has_room(&self, drafts: &[Prepared]) -> bool {
        let size: usize = drafts.iter().map(|draft| draft.payload.len() + 1024).sum();
        self.sealed.is_empty()
            || self.sealed.len() + drafts.len() <= BATCH_MAX && self.size + size <= RECORD_SIZE_MAX / 4
    }

    /// Gives a draft its place: behind the last entry, and behind `head` of its stream.
    pub(super) fn seal(&mut self, prepared: Prepared, head: Option<(u64, Digest)>) -> (u64, Digest) {
        let index = self.edge.frontier.size();
        let (n, stream_prev) = head.unwrap_or((0, Digest::ZERO));
        let Prepared { draft, payload, digest, .. } = prepared;
        let Draft { stream, kind, by, id, facet, .. } = draft;
        let entry = Entry {
            n,
            v: ENTRY_VERSION,
            by,
            kind,
            prev: self.edge.prev,
            time: self.edge.time,
            index,
            stream,
            payload: digest,
            stream_prev,
        };
        let bytes = entry.to_bytes();
        let leaf = Digest::leaf(&bytes);
        self.edge.frontier.push(leaf);
        self.edge.prev = leaf;
        match self.heads.get_mut(&entry.stream) {
            Some(head) => *head = (n + 1, leaf),
            None => drop(self.heads.insert(entry.stream.clone(), (n + 1, leaf))),
        }
        self.filed.push(Filed { stream: entry.stream, n, index, leaf, id, facet });
        self.size += bytes.len() + payload.len();
        self.sealed.push(Sealed { entry: bytes, payload, leaf });
        (index, leaf)
    }
}
