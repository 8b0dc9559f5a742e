//! A run of entries judged by itself, on any core: form, digests, inner links, hash tile. What links it to the entries
//! before is left in [`Links`].

use super::FaultKind;
use super::chain::Links;
use super::index::{Sums, sum_up};
use super::keys::Said;
use crate::digest::Digest;
use crate::entry::EntryRef;
use crate::erasure::{ERASURE, Erasure};
use crate::files::FileError;
use crate::genesis::{GENESIS_KIND, Genesis};
use crate::id::Id;
use crate::journal::Sealed;
use crate::keyring::KEY_STREAM;
use crate::merkle;
use crate::payload::PayloadRef;
use crate::reader::{ENTRIES_SIZE_MAX, PAYLOADS_SIZE_MAX, entries_path, hashes_path, payloads_path};
use crate::record::Filing;
use crate::storage::Storage;
use crate::tile::{self, TILE_WIDTH};
use std::collections::BTreeSet;
use std::path::Path;

/// A run of entries as it was found.
pub(super) struct Judged {
    /// Number of the bundle.
    pub(super) number: u64,
    /// Root of its leaves.
    pub(super) root: Digest,
    pub(super) links: Links,
    pub(super) facts: Facts,
    pub(super) intact: u64,
    pub(super) genesis: Option<Genesis>,
    pub(super) faults: Vec<(FaultKind, Option<u64>, String, String)>,
    /// The files it should stand in.
    pub(super) paths: Vec<String>,
    /// The leaves, if a signed checkpoint ends among them, with the sizes it ends at.
    pub(super) signed_leaves: Option<(Vec<u64>, Vec<Digest>)>,
}

/// What entries say that is compared elsewhere.
#[derive(Default)]
pub(super) struct Facts {
    /// Entries whose payload is gone.
    pub(super) gone: Vec<Gone>,
    /// Erasures, each with its own index and stream.
    pub(super) erasures: Vec<(u64, Id, Erasure)>,
    /// What is signed by keys, and what is said of keys.
    pub(super) said: Vec<Said>,
    /// What the index should hold of them.
    pub(super) filed: Vec<(Id, Sums)>,
    /// Entries of stream `org`, with their leaf hashes.
    pub(super) org: Vec<(u64, Digest)>,
    /// What entries say to be the last of stream `org` before them.
    pub(super) pins: Vec<(u64, Digest)>,
    /// Files that must be there, each with the entry and the kind of statement that needs it.
    pub(super) needed: Vec<(u64, Id, Digest)>,
}

/// An entry whose payload is gone.
pub(super) struct Gone {
    pub(super) index: u64,
    /// Its stream and the digest it names, if it could be read.
    pub(super) named: Option<(Id, Digest)>,
    /// Where the payload should be.
    pub(super) path: String,
}

/// The tail as it was found.
pub(super) struct Tail {
    pub(super) judged: Judged,
    /// Files of bundles that may be there already.
    pub(super) expected: Vec<String>,
}

impl Judged {
    fn new(number: u64) -> Self {
        Self {
            number,
            root: Digest::empty_root(),
            links: Links::default(),
            facts: Facts::default(),
            intact: 0,
            genesis: None,
            faults: Vec::new(),
            paths: Vec::new(),
            signed_leaves: None,
        }
    }

    fn fault(&mut self, kind: FaultKind, index: Option<u64>, path: &str, detail: impl Into<String>) {
        self.faults.push((kind, index, path.to_owned(), detail.into()));
    }

    /// One entry in its turn.
    fn entry(
        &mut self,
        index: u64,
        leaf: Digest,
        bytes: &[u8],
        payload: Option<&[u8]>,
        places: (&str, &str),
        filing: Option<&dyn Filing>,
    ) {
        let (place, payload_place) = places;
        let entry = match EntryRef::from_bytes(bytes) {
            Ok(entry) => Some(entry),
            Err(error) => {
                self.fault(FaultKind::Entry, Some(index), place, error.to_string());
                None
            }
        };
        let statement = match (payload, &entry) {
            (None, entry) => {
                let named = entry.as_ref().map(|entry| (entry.stream.into(), entry.payload));
                self.facts.gone.push(Gone { index, named, path: payload_place.to_owned() });
                None
            }
            (Some(payload), entry) => match judge_payload(entry.as_ref().map(|entry| entry.payload), payload)
            {
                Ok(payload) => {
                    self.intact += 1;
                    let said = entry.as_ref().and_then(|entry| Said::of(entry, &payload, payload_place));
                    self.facts.said.extend(said);
                    Some(payload.statement)
                }
                Err(detail) => {
                    self.fault(FaultKind::PayloadAltered, Some(index), payload_place, detail);
                    None
                }
            },
        };
        if let (0, Some(entry)) = (index, &entry) {
            let is_genesis = entry.kind.as_str() == GENESIS_KIND;
            self.genesis = statement.filter(|_| is_genesis).and_then(|s| Genesis::from_bytes(s).ok());
        }
        if let (Some(statement), Some(entry)) = (statement, &entry)
            && entry.kind.as_str() == ERASURE
        {
            match Erasure::from_bytes(statement) {
                Ok(erasure) => self.facts.erasures.push((index, entry.stream.into(), erasure)),
                Err(error) => self.fault(FaultKind::Erasure, Some(index), payload_place, error.to_string()),
            }
        }
        if let (Some(filing), Some(entry)) = (filing, &entry) {
            sum_up(&mut self.facts.filed, entry, statement, filing);
            let needed = statement.map(|it| filing.needs(entry.kind.as_str(), it)).unwrap_or_default();
            self.facts.needed.extend(needed.into_iter().map(|digest| (index, entry.kind.into(), digest)));
            let pin = statement.and_then(|it| filing.keys(entry.kind.as_str(), it));
            self.facts.pins.extend(pin.map(|head| (index, head)));
        }
        if entry.is_some_and(|entry| entry.stream.as_str() == KEY_STREAM) {
            self.facts.org.push((index, leaf));
        }
        for (kind, detail) in self.links.take(index, leaf, entry) {
            self.fault(kind, Some(index), place, detail);
        }
    }
}

/// Judges a bundle from its files.
pub(super) fn judge_bundle(
    storage: &dyn Storage,
    folder: &Path,
    number: u64,
    signed: &BTreeSet<u64>,
    filing: Option<&dyn Filing>,
) -> Judged {
    let mut judged = Judged::new(number);
    let first = number * TILE_WIDTH;
    let (entries_place, payloads_place) = (entries_path(number), payloads_path(number));
    let hashes_place = hashes_path(0, number);
    let hashes = read_hashes(storage, folder, number).unwrap_or_else(|error| {
        judged.fault(FaultKind::Missing, None, &hashes_place, error.to_string());
        Vec::new()
    });
    let bytes = storage.read(&folder.join(&entries_place), ENTRIES_SIZE_MAX);
    let split = bytes.as_ref().ok().and_then(|bytes| tile::split_entries(bytes).ok());
    let entries = split.filter(|entries| entries.len() as u64 == TILE_WIDTH);
    let payload_bytes = storage.read(&folder.join(&payloads_place), PAYLOADS_SIZE_MAX);
    let split = payload_bytes.as_ref().ok().and_then(|bytes| tile::split_payloads(bytes).ok());
    let payloads = split.filter(|payloads| payloads.len() as u64 == TILE_WIDTH);
    if payloads.is_none() {
        judged.fault(FaultKind::Malformed, Some(first), &payloads_place, "missing or not 256 payloads");
    }
    let mut leaves = Vec::with_capacity(TILE_WIDTH as usize);
    match entries {
        None => {
            judged.fault(FaultKind::Malformed, Some(first), &entries_place, "missing or not 256 entries");
            // Go on with the hashes of the tile, if any, and keep count, so that later faults are found too.
            leaves.extend((0..TILE_WIDTH as usize).map(|at| hashes.get(at).copied().unwrap_or(Digest::ZERO)));
            for (index, leaf) in (first..).zip(&leaves) {
                judged.fault(FaultKind::Entry, Some(index), &entries_place, "its bundle is lost");
                judged.links.pass(*leaf);
            }
        }
        Some(entries) => {
            for (at, bytes) in entries.into_iter().enumerate() {
                let (index, leaf) = (first + at as u64, Digest::leaf(bytes));
                if hashes.get(at).is_some_and(|hash| *hash != leaf) {
                    let text = "the tile's hash is not the entry's";
                    judged.fault(FaultKind::Tile, Some(index), &hashes_place, text);
                }
                match &payloads {
                    Some(payloads) => {
                        let places = (&*entries_place, &*payloads_place);
                        judged.entry(index, leaf, bytes, payloads[at], places, filing);
                    }
                    None => judged.entry_alone(index, leaf, bytes, &entries_place),
                }
                leaves.push(leaf);
            }
        }
    }
    judged.root = merkle::root_of(&leaves);
    let sizes: Vec<u64> = signed.range(first + 1..first + TILE_WIDTH).copied().collect();
    judged.signed_leaves = (!sizes.is_empty()).then_some((sizes, leaves));
    judged.paths = vec![entries_place, payloads_place, hashes_place];
    judged
}

impl Judged {
    /// An entry whose bundle of payloads is lost: that has been said.
    fn entry_alone(&mut self, index: u64, leaf: Digest, bytes: &[u8], place: &str) {
        let entry = EntryRef::from_bytes(bytes)
            .map_err(|error| self.fault(FaultKind::Entry, Some(index), place, error.to_string()));
        for (kind, detail) in self.links.take(index, leaf, entry.ok()) {
            self.fault(kind, Some(index), place, detail);
        }
    }
}

/// Judges what the journal holds, and bundles of the same entries whose journal is still there after a stop between the
/// two: they must agree.
pub(super) fn judge_tail(
    storage: &dyn Storage,
    folder: &Path,
    start: u64,
    tail: &[Sealed],
    filing: Option<&dyn Filing>,
) -> Tail {
    let (mut judged, mut expected) = (Judged::new(start / TILE_WIDTH), Vec::new());
    for (index, sealed) in (start..).zip(tail) {
        let payload = (!sealed.payload.is_empty()).then_some(&sealed.payload[..]);
        judged.entry(index, sealed.leaf, &sealed.entry, payload, ("journal", "journal"), filing);
    }
    for (number, bundle) in (start / TILE_WIDTH..).zip(tail.chunks_exact(TILE_WIDTH as usize)) {
        let (mut entries, mut payloads, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for s in bundle {
            tile::push_entry(&mut entries, &s.entry);
            tile::push_payload(&mut payloads, (!s.payload.is_empty()).then_some(&s.payload));
            hashes.extend_from_slice(s.leaf.as_bytes());
        }
        for (path, wanted, max) in [
            (entries_path(number), entries, ENTRIES_SIZE_MAX),
            (payloads_path(number), payloads, PAYLOADS_SIZE_MAX),
            (hashes_path(0, number), hashes, 32 * TILE_WIDTH),
        ] {
            match storage.read_if_any(&folder.join(&path), max) {
                Ok(Some(found)) if found != wanted => {
                    judged.fault(FaultKind::Malformed, None, &path, "differs from the journal");
                }
                Ok(_) => {}
                Err(error) => judged.fault(FaultKind::Missing, None, &path, error.to_string()),
            }
            expected.push(path);
        }
    }
    Tail { judged, expected }
}

fn read_hashes(storage: &dyn Storage, folder: &Path, number: u64) -> Result<Vec<Digest>, FileError> {
    let path = folder.join(hashes_path(0, number));
    let bytes = storage.read(&path, 32 * TILE_WIDTH)?;
    let hashes = tile::split_hashes(&bytes).ok().filter(|hashes| hashes.len() as u64 == TILE_WIDTH);
    hashes.ok_or_else(|| FileError::at(&path)(std::io::Error::other("not a full tile")))
}

fn judge_payload(named: Option<Digest>, payload: &[u8]) -> Result<PayloadRef<'_>, String> {
    if named.is_some_and(|named| named != Digest::of(payload)) {
        return Err("the payload is not the one its entry names".into());
    }
    PayloadRef::from_bytes(payload).map_err(|error| error.to_string())
}
