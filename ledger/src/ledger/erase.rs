//! Erasing: the payload and the evidence files only it cited go from the disk; the entry, the chain and the proofs stay.
//!
//! The erasure entry is recorded first, then carried out. A stop between the two leaves it as the last entry, and the
//! next open carries it out before anything else is recorded.

use super::{Appended, Ledger, LedgerError};
use crate::blob;
use crate::codec;
use crate::digest::Digest;
use crate::erasure::{ERASURE, Erasure, Filed, HOLD, Hold, TEXT_SIZE_MAX};
use crate::files::{self, FileError};
use crate::id::Id;
use crate::journal::{Journal, encode_record};
use crate::reader::{PAYLOADS_SIZE_MAX, payloads_path};
use crate::record::Draft;
use crate::storage::{Kind, Storage};
use crate::tile::{self, TILE_WIDTH};
use std::path::Path;

/// Kinds on which the verification of others rests.
const KEPT: [&str; 4] = ["genesis", "key", ERASURE, HOLD];

/// Why a payload is not erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    /// It is gone already.
    #[error("the payload of entry {0} was erased before")]
    Again(u64),
    /// The chain of keys, erasures and holds must stay readable.
    #[error("entry {index} is a statement of kind `{kind}`, which is never erased: others are judged by it")]
    Kept {
        /// The entry.
        index: u64,
        /// Its kind.
        kind: String,
    },
    /// A legal hold stands.
    #[error("the legal hold `{id}` in stream `{stream}` stops erasures: {reason}")]
    Held {
        /// Its id.
        id: Id,
        /// The stream it is recorded in.
        stream: Id,
        /// Why it was placed.
        reason: String,
    },
    /// A basis, approver, reason or name is missing or too long.
    #[error("{0} must be said, in at most {TEXT_SIZE_MAX} bytes")]
    Text(&'static str),
}

impl Ledger {
    /// Erases the payload of an entry, and evidence files that no other entry cites; gives the erasure entry and the
    /// files erased.
    pub fn erase(
        &mut self,
        index: u64,
        basis: &str,
        approver: &str,
    ) -> Result<(Appended, Vec<Digest>), LedgerError> {
        said("the legal basis", basis)?;
        said("the approver", approver)?;
        let record = self.reader()?.record(index)?;
        let kind = record.entry.kind.as_str();
        if KEPT.contains(&kind) {
            return Err(EraseError::Kept { index, kind: kind.to_owned() }.into());
        }
        let statement = record.statement.ok_or(EraseError::Again(index))?;
        let stream = record.entry.stream.clone();
        self.refuse_held(&stream)?;
        let filing = self.surroundings.filing;
        let blobs = self.cited_only_by(index, filing.blobs(kind, &statement))?;
        let facet = filing.facet(kind, &statement).map(|facet| Filed { key: facet.key, rank: facet.rank });
        let erasure = Erasure {
            basis: basis.to_owned(),
            blobs: blobs.clone(),
            facet,
            index,
            payload: record.entry.payload,
            approver: approver.to_owned(),
        };
        let appended = self.append(&[self.own_draft(&stream, ERASURE, codec::encode(&erasure))?])?;
        self.carry_out(&erasure)?;
        let first = appended.first().copied();
        Ok((first.unwrap_or_else(|| panic!("one draft is one entry")), blobs))
    }

    /// Places or releases a legal hold on a stream; on `org`, on the whole ledger.
    pub fn hold(&mut self, stream: &Id, hold: &Hold) -> Result<Appended, LedgerError> {
        said("who places or releases the hold", &hold.by)?;
        said("the reason", &hold.reason)?;
        let appended = self.append(&[self.own_draft(stream, HOLD, codec::encode(hold))?])?;
        Ok(appended.first().copied().unwrap_or_else(|| panic!("one draft is one entry")))
    }

    /// The holds of a stream that are not released.
    pub fn holds(&mut self, stream: &Id) -> Result<Vec<Hold>, LedgerError> {
        let mut holds = Vec::new();
        for index in self.latest(stream, format!("{HOLD}\0").as_bytes())? {
            let statement = self.reader()?.record(index)?.statement.unwrap_or_default();
            let hold = Hold::from_bytes(&statement).map_err(|e| LedgerError::Draft(e.to_string()))?;
            holds.extend((!hold.released).then_some(hold));
        }
        Ok(holds)
    }

    fn refuse_held(&mut self, stream: &Id) -> Result<(), LedgerError> {
        let organisation: Id = "org".parse()?;
        for stream in [stream, &organisation] {
            if let Some(hold) = self.holds(stream)?.into_iter().next() {
                let (id, stream) = (hold.id, stream.clone());
                return Err(EraseError::Held { id, stream, reason: hold.reason }.into());
            }
        }
        Ok(())
    }

    fn own_draft(&self, stream: &Id, kind: &str, statement: Vec<u8>) -> Result<Draft, LedgerError> {
        let facet = crate::erasure::facet_of(self.surroundings.filing, kind, &statement);
        let (stream, kind, by) = (stream.clone(), kind.parse()?, "local".to_owned());
        Ok(Draft { stream, kind, by, statement, signature: None, id: None, facet })
    }

    /// Those among `blobs` that no other statement of the ledger cites.
    fn cited_only_by(&mut self, index: u64, mut blobs: Vec<Digest>) -> Result<Vec<Digest>, LedgerError> {
        let filing = self.surroundings.filing;
        let reader = self.reader()?;
        for other in (0..reader.size()).filter(|other| *other != index) {
            if blobs.is_empty() {
                break;
            }
            let record = reader.record(other)?;
            let cited = record.statement.map(|s| filing.blobs(record.entry.kind.as_str(), &s));
            blobs.retain(|blob| !cited.as_ref().is_some_and(|cited| cited.contains(blob)));
        }
        blobs.sort_unstable();
        blobs.dedup();
        Ok(blobs)
    }

    /// Carries out an erasure that is recorded as the last entry, if it was not yet.
    pub(super) fn finish_erasure(&mut self) -> Result<(), LedgerError> {
        let last = self.size() - 1;
        let last = self.reader()?.record(last)?;
        if last.entry.kind != *ERASURE {
            return Ok(());
        }
        let statement = last.statement.unwrap_or_default();
        match Erasure::from_bytes(&statement) {
            Ok(erasure) if erasure.index < last.entry.index => self.carry_out(&erasure),
            _ => Ok(()),
        }
    }

    /// Takes the payload, its id and the evidence files from the disk; what is gone already stays so. On any failure this
    /// writer says nothing more: whoever opens the ledger next carries it out, as long as the erasure is the last entry.
    fn carry_out(&mut self, erasure: &Erasure) -> Result<(), LedgerError> {
        self.settled()?;
        self.stopped = true;
        let storage = self.surroundings.storage.clone();
        let folder = self.reader.folder().to_owned();
        let record = self.reader.record(erasure.index)?;
        let id = |statement: &Vec<u8>| self.surroundings.filing.id(record.entry.kind.as_str(), statement);
        // Ids may say what was to be erased, and a database forgets nothing. Thrown away before the payload is, or nobody
        // would know any more that there was one.
        let named = record.statement.as_ref().and_then(id).is_some();
        if named {
            self.index.remove(&*self.surroundings.tables, &folder)?;
            storage.sync_names(&folder)?;
        }
        match erasure.index.checked_sub(self.reader.tail().0) {
            Some(at) => self.erase_in_tail(&*storage, at as usize)?,
            None => erase_in_bundle(&*storage, &folder, erasure.index)?,
        }
        self.reader.forget();
        for digest in &erasure.blobs {
            erase_file(&*storage, &blob::path_of(&folder, digest))?;
        }
        if named {
            self.rebuild_index()?;
        }
        self.stopped = false;
        Ok(())
    }

    /// The tail lives in the open journal segment: it is written anew without the payload, under the same name.
    fn erase_in_tail(&mut self, storage: &dyn Storage, at: usize) -> Result<(), LedgerError> {
        if self.reader.tail().1.get(at).is_none_or(|sealed| sealed.payload.is_empty()) {
            return Ok(());
        }
        self.tail_size -= self.reader.erase_in_tail(at);
        let (start, tail) = self.reader.tail();
        let path = self.journal.path().to_owned();
        let bytes = encode_record(start, tail, &self.edge.frontier, self.reader.note());
        replace_and_wipe(storage, &path, &bytes)?;
        self.journal = Journal::resume(storage, path, bytes.len())?;
        Ok(())
    }
}

fn said(what: &'static str, text: &str) -> Result<(), EraseError> {
    let sound = !text.trim().is_empty() && text.len() <= TEXT_SIZE_MAX;
    if sound { Ok(()) } else { Err(EraseError::Text(what)) }
}

/// A bundle of payloads is written anew with an empty slot.
fn erase_in_bundle(storage: &dyn Storage, folder: &Path, index: u64) -> Result<(), LedgerError> {
    let path = folder.join(payloads_path(index / TILE_WIDTH));
    let bytes = storage.read(&path, PAYLOADS_SIZE_MAX)?;
    let wrong = || FileError::at(&path)(std::io::Error::other("not a bundle of payloads"));
    let payloads = tile::split_payloads(&bytes).map_err(|_| wrong())?;
    let slot = (index % TILE_WIDTH) as usize;
    if payloads.get(slot).ok_or_else(wrong)?.is_none() {
        // It may be gone in memory alone: the writer before this one may have stopped short of this.
        return Ok(storage.sync_names(files::parent(&path))?);
    }
    let mut anew = Vec::with_capacity(bytes.len());
    for (at, payload) in payloads.into_iter().enumerate() {
        tile::push_payload(&mut anew, payload.filter(|_| at != slot));
    }
    Ok(replace_and_wipe(storage, &path, &anew)?)
}

/// Overwrites and removes a file; one that is gone already is gone for good, not in memory alone.
fn erase_file(storage: &dyn Storage, path: &Path) -> Result<(), FileError> {
    if storage.kind(path).map_err(FileError::at(path))? == Some(Kind::File) {
        storage.wipe(path)?;
        storage.remove_if_any(path)?;
    }
    match storage.sync_names(files::parent(path)) {
        Err(error) if error.is_missing() => Ok(()),
        synced => synced,
    }
}

/// Replaces a file durably, then overwrites what the old one held: the file system may keep its blocks for long.
pub(super) fn replace_and_wipe(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut old = storage.open_in_place(path).map_err(FileError::at(path))?;
    storage.write_durably(path, bytes)?;
    let size = old.size().map_err(FileError::at(path))?;
    old.write_at(0, &vec![0; size as usize]).and_then(|()| old.sync()).map_err(FileError::at(path))
}
