//! fsck: the whole ledger derived again from its files, every fault listed.
//!
//! It reads every byte that counts: entries (canonical form, both chain links, times), payloads (the digests their
//! entries name), hash tiles of every level, journal records, every signed checkpoint found, evidence files (their
//! names), and what does not belong. It trusts nothing but the log key, and changes nothing.

use crate::blob;
use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint};
use crate::codec;
use crate::digest::Digest;
use crate::disk::Disk;
use crate::entry::Entry;
use crate::files::{FileError, TEMPORARY};
use crate::id::Id;
use crate::journal::{self, Sealed};
use crate::merkle::{self, Frontier};
use crate::note::Verifier;
use crate::payload::Payload;
use crate::reader::{
    ENTRIES_SIZE_MAX, PAYLOADS_SIZE_MAX, entries_path, hashes_path, payloads_path, read_settings,
};
use crate::settings::Settings;
use crate::storage::{Kind, Storage};
use crate::tile::{self, TILE_WIDTH};
use crate::time::Timestamp;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Bundles judged in parallel at a time: bounds memory.
const WINDOW: u64 = 32;
/// Faults listed; more are counted only.
const FAULTS_MAX: usize = 1000;

/// Kind of fault. A word each, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The settings cannot be read.
    Settings,
    /// A checkpoint is not signed by the log key, or is malformed.
    Checkpoint,
    /// A signed root is not the root of the entries.
    Root,
    /// The log is shorter than, or other than, a checkpoint released before.
    Rollback,
    /// The journal is damaged.
    Journal,
    /// Bytes behind the last whole record of the journal.
    TornTail,
    /// A file that should be there is not, or cannot be read.
    Missing,
    /// A bundle or tile is malformed.
    Malformed,
    /// An entry is not canonical or does not stand where it says.
    Entry,
    /// A link to the entry before, in the ledger or in the stream, is wrong.
    Chain,
    /// The time of an entry lies before that of the entry before.
    Time,
    /// A payload is not the one its entry names.
    PayloadAltered,
    /// A payload is gone without an entry that says so.
    PayloadMissing,
    /// A hash tile differs from the entries.
    Tile,
    /// An evidence file is not what its name says.
    Blob,
    /// A file that does not belong.
    Stray,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// The entry concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The file concerned, below the ledger's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// In words.
    pub detail: String,
}

/// What fsck found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FsckReport {
    /// Origin of the log, as its settings say.
    pub origin: String,
    /// Entries read.
    pub entries: u64,
    /// Payloads that are those their entries name.
    pub payloads_intact: u64,
    /// Evidence files that are what their names say.
    pub blobs: u64,
    /// Signed checkpoints checked against the entries.
    pub checkpoints: u64,
    /// Root over the entries read.
    pub root: Digest,
    /// All faults, at most 1,000 listed.
    pub faults: Vec<Fault>,
    /// Number of faults.
    pub faults_count: u64,
    /// Harmless observations.
    pub notices: Vec<String>,
}

impl FsckReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults_count == 0
    }
}

/// What fsck is to judge, and what beside it.
#[derive(Debug, Clone)]
pub struct Examination<'a> {
    /// Where the ledger's files are.
    pub storage: &'a dyn Storage,
    /// Its folder.
    pub folder: &'a Path,
    /// The file that remembers the last released checkpoint.
    pub head: Option<&'a Path>,
}

impl<'a> Examination<'a> {
    /// The ledger in `folder` on the disk, by itself.
    pub fn of(folder: &'a Path) -> Self {
        Self { storage: &Disk, folder, head: None }
    }
}

/// Judges a ledger; `progress` is told entries done and in all.
pub fn fsck(examination: &Examination, progress: &(dyn Fn(u64, u64) + Sync)) -> FsckReport {
    let Examination { storage, folder, head } = *examination;
    let mut fsck = Fsck::new(storage, folder);
    match read_settings(storage, folder) {
        Ok(settings) => fsck.run(&settings, head, progress),
        Err(error) => fsck.fault(FaultKind::Settings, None, Some("affiant.toml"), error.to_string()),
    }
    fsck.report
}

struct Fsck<'a> {
    storage: &'a dyn Storage,
    folder: &'a Path,
    report: FsckReport,
    frontier: Frontier,
    prev: Digest,
    time: Option<Timestamp>,
    streams: BTreeMap<Id, (u64, Digest)>,
    /// Signed checkpoints found, by size, with where they stand.
    signed: BTreeMap<u64, Vec<(Digest, String)>>,
    tile_roots: Vec<Digest>,
    expected: BTreeSet<String>,
    genesis: Option<Genesis>,
}

/// What the genesis entry says of the log, as far as the settings say it too.
#[derive(PartialEq, Eq, Deserialize)]
struct Genesis {
    id: Id,
    origin: String,
    log_key: String,
}

/// A bundle read from its files, judged by itself.
struct Judged {
    number: u64,
    entries: Vec<(Digest, Result<Entry, String>)>,
    intact: u64,
    genesis: Option<Genesis>,
    faults: Vec<(FaultKind, Option<u64>, String, String)>,
}

impl<'a> Fsck<'a> {
    fn new(storage: &'a dyn Storage, folder: &'a Path) -> Self {
        let report = FsckReport {
            origin: String::new(),
            entries: 0,
            payloads_intact: 0,
            blobs: 0,
            checkpoints: 0,
            root: Digest::empty_root(),
            faults: Vec::new(),
            faults_count: 0,
            notices: Vec::new(),
        };
        Self {
            storage,
            folder,
            report,
            frontier: Frontier::default(),
            prev: Digest::ZERO,
            time: None,
            streams: BTreeMap::new(),
            signed: BTreeMap::new(),
            tile_roots: Vec::new(),
            expected: BTreeSet::new(),
            genesis: None,
        }
    }

    fn fault(&mut self, kind: FaultKind, index: Option<u64>, path: Option<&str>, detail: String) {
        self.report.faults_count += 1;
        if self.report.faults.len() < FAULTS_MAX {
            self.report.faults.push(Fault { kind, index, path: path.map(str::to_owned), detail });
        }
    }

    fn run(&mut self, settings: &Settings, head: Option<&Path>, progress: &(dyn Fn(u64, u64) + Sync)) {
        self.report.origin.clone_from(&settings.origin);
        let published = self.checkpoint_file("checkpoint", &self.folder.join("checkpoint"), settings);
        match head.map(|head| (head, matches!(self.storage.kind(head), Ok(Some(_))))) {
            Some((head, true)) => drop(self.checkpoint_file("head", head, settings)),
            Some((_, false)) => {
                self.report.notices.push("no `head`: no checkpoint is remembered here".into())
            }
            None => {}
        }
        let (start, tail) = self.journal(settings);
        let total = start + tail.len() as u64;
        let mut number = 0;
        while number < start / TILE_WIDTH {
            let end = (number + WINDOW).min(start / TILE_WIDTH);
            let judged: Vec<Judged> =
                (number..end).into_par_iter().map(|n| judge_bundle(self.storage, self.folder, n)).collect();
            judged.into_iter().for_each(|bundle| self.bundle(bundle));
            number = end;
            progress(number * TILE_WIDTH, total);
        }
        self.tail(start, &tail);
        progress(total, total);
        self.upper_tiles();
        self.report.root = self.frontier.root();
        self.report.entries = self.frontier.size();
        match published {
            Some(checkpoint) if checkpoint.size < total => {
                self.report
                    .notices
                    .push(format!("`checkpoint` is behind the journal ({} of {total})", checkpoint.size));
            }
            _ => {}
        }
        self.unmet_checkpoints();
        self.genesis(settings);
        self.blobs();
        self.strays();
    }

    /// Reads a signed checkpoint; its root is compared when the entries reach its size.
    fn checkpoint_file(&mut self, name: &str, path: &Path, settings: &Settings) -> Option<Checkpoint> {
        match self.storage.read(path, CHECKPOINT_SIZE_MAX as u64) {
            Err(error) => {
                self.fault(FaultKind::Missing, None, Some(name), error.to_string());
                None
            }
            Ok(note) => self.signed(name, &note, &settings.origin, &settings.log_key),
        }
    }

    fn signed(&mut self, name: &str, note: &[u8], origin: &str, log: &Verifier) -> Option<Checkpoint> {
        match Checkpoint::open(note, origin, log) {
            Err(error) => {
                self.fault(FaultKind::Checkpoint, None, Some(name), error.to_string());
                None
            }
            Ok(checkpoint) => {
                self.report.checkpoints += 1;
                // Only the three lines and one signature are derived: another line would be a free byte.
                let lines = note.iter().filter(|byte| **byte == b'\n').count();
                if lines != 5 {
                    self.report.notices.push(format!("{name} carries {} signatures", lines - 4));
                }
                self.signed.entry(checkpoint.size).or_default().push((checkpoint.root, name.to_owned()));
                if checkpoint.size == self.frontier.size() {
                    self.compare_roots();
                }
                Some(checkpoint)
            }
        }
    }

    /// The tail: where it begins, and its entries.
    fn journal(&mut self, settings: &Settings) -> (u64, Vec<Sealed>) {
        let segments = match journal::segments(self.storage, self.folder) {
            Ok(segments) => segments,
            Err(error) => {
                self.fault(FaultKind::Missing, None, Some("journal"), error.to_string());
                return (0, Vec::new());
            }
        };
        let (mut start, mut tail): (Option<u64>, Vec<Sealed>) = (None, Vec::new());
        for path in &segments {
            let name = format!("journal/{}", path.file_name().unwrap_or_default().to_string_lossy());
            self.expected.insert(name.clone());
            let segment = match journal::read_segment(self.storage, path) {
                Ok(segment) if segment.records.is_empty() => {
                    self.fault(FaultKind::Journal, None, Some(&name), "holds no sound record".into());
                    continue;
                }
                Ok(segment) => segment,
                Err(error) => {
                    self.fault(FaultKind::Missing, None, Some(&name), error.to_string());
                    continue;
                }
            };
            if segment.torn {
                let text = format!("bytes that are no whole record behind byte {}", segment.end);
                self.fault(FaultKind::TornTail, None, Some(&name), text);
            }
            let first = segment.records.first().map(|record| format!("journal/{:016}.seg", record.first));
            if first.is_some_and(|first| first != name) {
                self.fault(
                    FaultKind::Journal,
                    None,
                    Some(&name),
                    "begins with another entry than its name says".into(),
                );
            }
            for record in segment.records {
                // Before its number is believed: the log key vouches for where the record stands.
                let checkpoint = self.signed(&name, &record.checkpoint, &settings.origin, &settings.log_key);
                let edge = (record.frontier.size(), record.frontier.root());
                if checkpoint.is_none_or(|checkpoint| (checkpoint.size, checkpoint.root) != edge) {
                    let text = "a record's right edge does not give its signed root".to_owned();
                    self.fault(FaultKind::Journal, Some(record.first), Some(&name), text);
                    continue;
                }
                let begin = *start.get_or_insert(record.first);
                let end = begin + tail.len() as u64;
                if record.first > end || record.first < begin {
                    let text = format!("a record begins at {}, {end} was expected", record.first);
                    self.fault(FaultKind::Journal, Some(record.first), Some(&name), text);
                    continue;
                }
                let known = &tail[(record.first - begin) as usize..];
                let differ = known.iter().zip(&record.sealed).position(|(a, b)| a != b);
                if let Some(at) = differ {
                    let text = "two segments hold different entries".to_owned();
                    self.fault(FaultKind::Journal, Some(record.first + at as u64), Some(&name), text);
                }
                let skip = (end - record.first) as usize;
                tail.extend(record.sealed.into_iter().skip(skip));
            }
        }
        let Some(start) = start else {
            self.fault(FaultKind::Journal, None, Some("journal"), "no sound record".into());
            // Go on with the bundles there are.
            let there = |number: &u64| self.storage.is_file(&self.folder.join(entries_path(*number)));
            return ((0..).take_while(there).count() as u64 * TILE_WIDTH, Vec::new());
        };
        if !start.is_multiple_of(TILE_WIDTH) {
            self.fault(
                FaultKind::Journal,
                Some(start),
                Some("journal"),
                "does not begin at a full bundle".into(),
            );
        }
        (start, tail)
    }

    fn bundle(&mut self, bundle: Judged) {
        for (kind, index, path, detail) in bundle.faults {
            self.fault(kind, index, Some(&path), detail);
        }
        for path in [entries_path(bundle.number), payloads_path(bundle.number), hashes_path(0, bundle.number)]
        {
            self.expected.insert(path);
        }
        self.report.payloads_intact += bundle.intact;
        self.genesis = self.genesis.take().or(bundle.genesis);
        let path = entries_path(bundle.number);
        let leaves: Vec<Digest> = bundle.entries.iter().map(|(leaf, _)| *leaf).collect();
        for (leaf, entry) in bundle.entries {
            self.entry(leaf, entry, &path);
        }
        self.tile_roots.push(merkle::root_of(&leaves));
    }

    fn tail(&mut self, start: u64, tail: &[Sealed]) {
        let folder = self.folder;
        for (index, sealed) in (start..).zip(tail) {
            let entry = Entry::from_bytes(&sealed.entry).map_err(|error| error.to_string());
            let named = entry.as_ref().ok().map(|entry| entry.payload);
            match judge_payload(named, (!sealed.payload.is_empty()).then_some(&sealed.payload)) {
                Ok(()) => self.report.payloads_intact += 1,
                Err((kind, detail)) => self.fault(kind, Some(index), Some("journal"), detail),
            }
            if index == 0 {
                self.genesis = entry.as_ref().ok().and_then(|entry| genesis_of(entry, &sealed.payload));
            }
            self.entry(sealed.leaf, entry, "journal");
        }
        // Bundles written already whose journal is still there: a stop between the two. They must agree.
        for (number, bundle) in (start / TILE_WIDTH..).zip(tail.chunks_exact(TILE_WIDTH as usize)) {
            self.tile_roots.push(merkle::root_of(&bundle.iter().map(|s| s.leaf).collect::<Vec<_>>()));
            let (mut entries, mut payloads, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
            for s in bundle {
                tile::push_entry(&mut entries, &s.entry);
                tile::push_payload(&mut payloads, (!s.payload.is_empty()).then_some(&s.payload));
                hashes.extend_from_slice(s.leaf.as_bytes());
            }
            for (path, expected, max) in [
                (entries_path(number), entries, ENTRIES_SIZE_MAX),
                (payloads_path(number), payloads, PAYLOADS_SIZE_MAX),
                (hashes_path(0, number), hashes, 32 * TILE_WIDTH),
            ] {
                match self.storage.read_if_any(&folder.join(&path), max) {
                    Ok(Some(found)) if found != expected => {
                        self.fault(
                            FaultKind::Malformed,
                            None,
                            Some(&path),
                            "differs from the journal".into(),
                        );
                    }
                    Ok(_) => {}
                    Err(error) => self.fault(FaultKind::Missing, None, Some(&path), error.to_string()),
                }
                self.expected.insert(path);
            }
        }
    }

    /// One entry in its turn: form, place, links, time.
    fn entry(&mut self, leaf: Digest, entry: Result<Entry, String>, path: &str) {
        let index = self.frontier.size();
        match entry {
            Err(detail) => self.fault(FaultKind::Entry, Some(index), Some(path), detail),
            Ok(entry) => {
                if entry.index != index {
                    let text = format!("says it is entry {}", entry.index);
                    self.fault(FaultKind::Entry, Some(index), Some(path), text);
                }
                if entry.prev != self.prev {
                    let text = "`prev` is not the leaf hash of the entry before".to_owned();
                    self.fault(FaultKind::Chain, Some(index), Some(path), text);
                }
                let head = self.streams.get(&entry.stream).copied().unwrap_or((0, Digest::ZERO));
                if (entry.n, entry.stream_prev) != head {
                    let text = format!("does not follow entry {} of stream `{}`", head.0, entry.stream);
                    self.fault(FaultKind::Chain, Some(index), Some(path), text);
                }
                if self.time.is_some_and(|time| time > entry.time) {
                    let text = format!("recorded at {}, before the entry before it", entry.time);
                    self.fault(FaultKind::Time, Some(index), Some(path), text);
                }
                self.time = Some(entry.time);
                self.streams.insert(entry.stream, (entry.n + 1, leaf));
            }
        }
        self.prev = leaf;
        self.frontier.push(leaf);
        self.compare_roots();
    }

    fn compare_roots(&mut self) {
        let Some(signed) = self.signed.remove(&self.frontier.size()) else { return };
        let root = self.frontier.root();
        for (signed_root, name) in signed {
            if signed_root != root {
                let text = format!("the signed root over {} entries is not theirs", self.frontier.size());
                self.fault(FaultKind::Root, None, Some(&name), text);
            }
        }
    }

    fn unmet_checkpoints(&mut self) {
        for (size, signed) in std::mem::take(&mut self.signed) {
            for (_, name) in signed {
                let have = self.frontier.size();
                let text = format!("a checkpoint over {size} entries was released, the ledger has {have}");
                self.fault(FaultKind::Rollback, None, Some(&name), text);
            }
        }
    }

    fn upper_tiles(&mut self) {
        let mut level = 1;
        let mut below = std::mem::take(&mut self.tile_roots);
        while below.len() as u64 >= TILE_WIDTH {
            let mut roots = Vec::new();
            for (number, hashes) in (0..).zip(below.chunks_exact(TILE_WIDTH as usize)) {
                let path = hashes_path(level, number);
                self.compare_tile(&path, hashes);
                roots.push(merkle::root_of(hashes));
            }
            below = roots;
            level += 1;
        }
    }

    fn compare_tile(&mut self, path: &str, hashes: &[Digest]) {
        self.expected.insert(path.to_owned());
        match self.storage.read(&self.folder.join(path), 32 * TILE_WIDTH) {
            Err(error) => self.fault(FaultKind::Missing, None, Some(path), error.to_string()),
            Ok(bytes) if tile::split_hashes(&bytes).is_ok_and(|found| found == hashes) => {}
            Ok(_) => self.fault(FaultKind::Tile, None, Some(path), "is not the tile of the entries".into()),
        }
    }

    /// The genesis entry names this log and its key.
    fn genesis(&mut self, settings: &Settings) {
        let (id, origin) = (settings.id.clone(), settings.origin.clone());
        let named = Genesis { id, origin, log_key: settings.log_key.to_string() };
        if self.genesis.as_ref() != Some(&named) {
            let text = "entry 0 is not the genesis of the log that affiant.toml names".to_owned();
            self.fault(FaultKind::Settings, Some(0), Some("affiant.toml"), text);
        }
    }

    fn blobs(&mut self) {
        for path in self.list("blob") {
            let named = path.strip_prefix("blob/").map(|name| name.replace('/', ""));
            let digest = named.and_then(|name| name.parse::<Digest>().ok());
            let Some(digest) =
                digest.filter(|digest| self.folder.join(&path) == blob::path_of(self.folder, digest))
            else {
                self.stray(&path);
                continue;
            };
            match blob::digest_of(self.storage, &self.folder.join(&path)) {
                Ok((found, _)) if found == digest => self.report.blobs += 1,
                Ok(_) => self.fault(FaultKind::Blob, None, Some(&path), "is not what its name says".into()),
                Err(error) => self.fault(FaultKind::Missing, None, Some(&path), error.to_string()),
            }
        }
    }

    fn strays(&mut self) {
        for folder in ["tile", "payload", "journal"] {
            for path in self.list(folder) {
                if !self.expected.contains(&path) {
                    self.stray(&path);
                }
            }
        }
    }

    /// The files below a folder of the ledger, with `/` between names, sorted. A folder that is a link, a pipe or cannot
    /// be listed is a fault.
    fn list(&mut self, below: &str) -> Vec<String> {
        let mut found = Vec::new();
        match self.storage.kind(&self.folder.join(below)) {
            Ok(None) => {}
            Ok(Some(Kind::Folder)) => {
                if let Err(error) = list(self.storage, self.folder, below, &mut found) {
                    self.fault(FaultKind::Missing, None, Some(below), error.to_string());
                }
            }
            Ok(_) => self.fault(FaultKind::Missing, None, Some(below), "not a folder".into()),
            Err(error) => self.fault(FaultKind::Missing, None, Some(below), error.to_string()),
        }
        found
    }

    fn stray(&mut self, path: &str) {
        if path.ends_with(&format!(".{TEMPORARY}")) {
            self.report.notices.push(format!("{path} was left by an unfinished write"));
        } else {
            self.fault(FaultKind::Stray, None, Some(path), "does not belong here".into());
        }
    }
}

fn judge_bundle(storage: &dyn Storage, folder: &Path, number: u64) -> Judged {
    let mut judged = Judged { number, entries: Vec::new(), intact: 0, genesis: None, faults: Vec::new() };
    let first = number * TILE_WIDTH;
    let (path, hashes) = (hashes_path(0, number), read_hashes(storage, folder, number));
    if let Err(error) = &hashes {
        judged.faults.push((FaultKind::Missing, None, path.clone(), error.to_string()));
    }
    let hashes = hashes.unwrap_or_default();
    let entries = storage.read(&folder.join(entries_path(number)), ENTRIES_SIZE_MAX);
    let payloads = storage.read(&folder.join(payloads_path(number)), PAYLOADS_SIZE_MAX);
    let split = entries.as_ref().ok().and_then(|bytes| tile::split_entries(bytes).ok());
    let entries = split.filter(|entries| entries.len() as u64 == TILE_WIDTH);
    let split = payloads.as_ref().ok().and_then(|bytes| tile::split_payloads(bytes).ok());
    let payloads = split.filter(|payloads| payloads.len() as u64 == TILE_WIDTH);
    if payloads.is_none() {
        let text = "missing or not 256 payloads".to_owned();
        judged.faults.push((FaultKind::Malformed, Some(first), payloads_path(number), text));
    }
    let Some(entries) = entries else {
        let text = "missing or not 256 entries".to_owned();
        judged.faults.push((FaultKind::Malformed, Some(first), entries_path(number), text));
        // Go on with the hashes of the tile, if any, and keep count, so that later faults are found too.
        let leaf = |at: usize| hashes.get(at).copied().unwrap_or(Digest::ZERO);
        judged.entries =
            (0..TILE_WIDTH as usize).map(|at| (leaf(at), Err("its bundle is lost".to_owned()))).collect();
        return judged;
    };
    for (at, bytes) in entries.iter().enumerate() {
        let (index, leaf) = (first + at as u64, Digest::leaf(bytes));
        if hashes.get(at).is_some_and(|hash| *hash != leaf) {
            let text = "the tile's hash is not the entry's".to_owned();
            judged.faults.push((FaultKind::Tile, Some(index), path.clone(), text));
        }
        let entry = Entry::from_bytes(bytes).map_err(|error| error.to_string());
        if let Some(payloads) = &payloads {
            if index == 0 {
                judged.genesis = entry.as_ref().ok().and_then(|entry| genesis_of(entry, payloads[at]?));
            }
            match judge_payload(entry.as_ref().ok().map(|entry| entry.payload), payloads[at]) {
                Ok(()) => judged.intact += 1,
                Err((kind, detail)) => judged.faults.push((kind, Some(index), payloads_path(number), detail)),
            }
        }
        judged.entries.push((leaf, entry));
    }
    judged
}

fn read_hashes(storage: &dyn Storage, folder: &Path, number: u64) -> Result<Vec<Digest>, FileError> {
    let path = folder.join(hashes_path(0, number));
    let bytes = storage.read(&path, 32 * TILE_WIDTH)?;
    let hashes = tile::split_hashes(&bytes).ok().filter(|hashes| hashes.len() as u64 == TILE_WIDTH);
    hashes.ok_or_else(|| FileError::at(&path)(std::io::Error::other("not a full tile")))
}

fn judge_payload(
    named: Option<Digest>,
    payload: Option<&(impl AsRef<[u8]> + ?Sized)>,
) -> Result<(), (FaultKind, String)> {
    let Some(payload) = payload.map(AsRef::as_ref) else {
        return Err((
            FaultKind::PayloadMissing,
            "the payload is gone and no entry says that it was erased".into(),
        ));
    };
    if named.is_some_and(|named| named != Digest::of(payload)) {
        return Err((FaultKind::PayloadAltered, "the payload is not the one its entry names".into()));
    }
    match Payload::from_bytes(payload) {
        Ok(_) => Ok(()),
        Err(error) => Err((FaultKind::PayloadAltered, error.to_string())),
    }
}

/// What entry 0 says of the log.
fn genesis_of(entry: &Entry, payload: &[u8]) -> Option<Genesis> {
    let payload = Payload::from_bytes(payload).ok().filter(|_| entry.kind == *"genesis")?;
    codec::decode_trusted(&payload.statement).ok()
}

fn list(storage: &dyn Storage, ledger: &Path, below: &str, found: &mut Vec<String>) -> Result<(), FileError> {
    let folder = ledger.join(below);
    let mut names = storage.names(&folder).map_err(FileError::at(&folder))?;
    names.sort();
    for name in names {
        let path = format!("{below}/{name}");
        match storage.kind(&ledger.join(&path)) {
            Ok(Some(Kind::Folder)) => list(storage, ledger, &path, found)?,
            _ => found.push(path),
        }
    }
    Ok(())
}
