//! fsck: the whole ledger derived again from its files, every fault listed.
//!
//! It reads every byte that counts: entries (canonical form, both chain links, times), payloads (the digests their
//! entries name), hash tiles of every level, journal records, every signed checkpoint found or given, evidence files
//! (their names), the statements' signatures and what is said of keys, the index where it is free, and what does not
//! belong. It trusts nothing but the first log key, and changes nothing.
//!
//! Bundles of 256 entries are judged by themselves, on all cores; what links them is then compared in order.

mod blobs;
mod bundle;
mod chain;
mod index;
mod journal;
mod keys;
mod repair;
mod report;

pub use index::Indexed;
pub(crate) use index::Sums;
pub use repair::{RepairError, repair};
pub use report::{Fault, FaultKind, FsckReport, IndexState};

use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint, LogKeys};
use crate::digest::Digest;
use crate::disk::Disk;
use crate::erasure::Erasure;
use crate::files::{FileError, TEMPORARY};
use crate::genesis::Genesis;
use crate::id::Id;
use crate::journal::{Sealed, spare_path};
use crate::keyring::Keyring;
use crate::merkle;
use crate::reader::{entries_path, hashes_path, read_settings};
use crate::record::Filing;
use crate::settings::Settings;
use crate::storage::{Kind, Storage};
use crate::tile::{self, TILE_WIDTH};
use bundle::{Facts, Gone, Judged, Tail, judge_bundle, judge_tail};
use chain::{Chain, Links};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// Bundles judged in parallel at a time: bounds memory.
const WINDOW: u64 = 128;
/// Times a ledger that changed meanwhile is judged again.
const AGAIN_MAX: usize = 5;
/// Faults listed; more are counted only.
const FAULTS_MAX: usize = 1000;

/// What fsck is to judge, and what beside it.
#[derive(Clone)]
pub struct Examination<'a> {
    /// Where the ledger's files are.
    pub storage: &'a dyn Storage,
    /// Its folder.
    pub folder: &'a Path,
    /// The file that remembers the last released checkpoint.
    pub head: Option<&'a Path>,
    /// Signed checkpoints kept elsewhere, each with a name to call it by: the log must contain them.
    pub anchors: &'a [(String, Vec<u8>)],
    /// Where the index is and how statements are filed, to compare it as well.
    pub index: Option<Indexed<'a>>,
}

impl<'a> Examination<'a> {
    /// The ledger in `folder` on the disk, by itself.
    pub fn of(folder: &'a Path) -> Self {
        Self { storage: &Disk, folder, head: None, anchors: &[], index: None }
    }
}

/// Judges a ledger; `progress` is told entries done and in all.
///
/// Beside a writer, what it moves meanwhile can look like a fault: then the ledger is judged again.
pub fn fsck(examination: &Examination, progress: &(dyn Fn(u64, u64) + Sync)) -> FsckReport {
    for _ in 0..AGAIN_MAX {
        let before = moment(examination);
        let report = judge(examination, progress);
        if report.is_sound() || moment(examination) == before {
            return report;
        }
    }
    judge(examination, progress)
}

/// What a writer changes as it goes: the published checkpoint and the segments of the journal.
fn moment(examination: &Examination) -> (Option<Vec<u8>>, Vec<String>) {
    let Examination { storage, folder, .. } = *examination;
    let published = storage.read(&folder.join("checkpoint"), CHECKPOINT_SIZE_MAX as u64).ok();
    (published, storage.names(&folder.join("journal")).unwrap_or_default())
}

fn judge(examination: &Examination, progress: &(dyn Fn(u64, u64) + Sync)) -> FsckReport {
    let mut fsck = Fsck::new(examination);
    match read_settings(examination.storage, examination.folder) {
        Ok(settings) => fsck.run(&settings, examination, progress),
        Err(error) => fsck.fault(FaultKind::Settings, None, Some("affiant.toml"), error.to_string()),
    }
    fsck.report
}

struct Fsck<'a> {
    storage: &'a dyn Storage,
    folder: &'a Path,
    report: FsckReport,
    chain: Chain,
    /// Signed checkpoints found, by size, with where they stand.
    signed: BTreeMap<u64, Vec<(Digest, String)>>,
    tile_roots: Vec<Digest>,
    expected: BTreeSet<String>,
    genesis: Option<Genesis>,
    /// As of the entries read, once the genesis entry was.
    keyring: Option<Keyring>,
    gone: Vec<Gone>,
    /// By the entry erased: the erasure, its own index and stream.
    erasures: BTreeMap<u64, (u64, Id, Erasure)>,
    /// Entries of stream `org`, and what others say to be the last of them before.
    org: Vec<(u64, Digest)>,
    pins: Vec<(u64, Digest)>,
    /// Files that must be there, with the first entry that needs each and its kind.
    needed: BTreeMap<Digest, (u64, Id)>,
}

impl<'a> Fsck<'a> {
    fn new(examination: &Examination<'a>) -> Self {
        Self {
            storage: examination.storage,
            folder: examination.folder,
            report: FsckReport::default(),
            chain: Chain::default(),
            signed: BTreeMap::new(),
            tile_roots: Vec::new(),
            expected: BTreeSet::new(),
            genesis: None,
            keyring: None,
            gone: Vec::new(),
            erasures: BTreeMap::new(),
            org: Vec::new(),
            pins: Vec::new(),
            needed: BTreeMap::new(),
        }
    }

    fn fault(&mut self, kind: FaultKind, index: Option<u64>, path: Option<&str>, detail: String) {
        self.report.faults_count += 1;
        if self.report.faults.len() < FAULTS_MAX {
            self.report.faults.push(Fault { kind, index, path: path.map(str::to_owned), detail });
        }
    }

    fn run(&mut self, settings: &Settings, examination: &Examination, progress: &(dyn Fn(u64, u64) + Sync)) {
        self.report.origin.clone_from(&settings.origin);
        let published = self.checkpoint_file("checkpoint", &self.folder.join("checkpoint"), settings);
        self.anchors(settings, examination);
        let (start, tail) = self.journal(settings);
        let total = start + tail.len() as u64;
        let mut audit = examination.index.as_ref().map(index::Audit::new);
        let filing = examination.index.as_ref().map(|index| index.filing);
        let bundles = start / TILE_WIDTH;
        let mut judged = self.judge(0..bundles.min(WINDOW), filing);
        let mut number = 0;
        while number < bundles {
            let end = (number + WINDOW).min(bundles);
            let current = std::mem::take(&mut judged);
            let next = end..(end + WINDOW).min(bundles);
            // The next window is judged while this one is put in order.
            let (storage, folder, signed) = (self.storage, self.folder, self.sizes());
            let ((), following) = rayon::join(
                || current.into_iter().for_each(|bundle| self.bundle(bundle, audit.as_mut())),
                || judge_window(storage, folder, next, &signed, filing),
            );
            judged = following;
            number = end;
            progress(number * TILE_WIDTH, total);
        }
        self.tail(start, &tail, filing, audit.as_mut());
        progress(total, total);
        self.upper_tiles(bundles);
        self.report.root = self.chain.root();
        self.report.entries = self.chain.size();
        match published {
            Some(checkpoint) if checkpoint.size < total => {
                let text = format!("`checkpoint` is behind the journal ({} of {total})", checkpoint.size);
                self.report.notices.push(text);
            }
            _ => {}
        }
        self.unmet_checkpoints();
        self.gone();
        self.genesis(settings);
        self.log_keys(settings);
        self.pinned_keys();
        self.blobs();
        self.strays();
        if let (Some(audit), Some(index)) = (audit, &examination.index) {
            self.index(audit, index);
        }
    }

    fn judge(&self, bundles: Range<u64>, filing: Option<&dyn Filing>) -> Vec<Judged> {
        judge_window(self.storage, self.folder, bundles, &self.sizes(), filing)
    }

    /// Sizes of the signed checkpoints not yet compared.
    fn sizes(&self) -> BTreeSet<u64> {
        self.signed.keys().copied().collect()
    }

    /// Checkpoints remembered or kept elsewhere.
    fn anchors(&mut self, settings: &Settings, examination: &Examination) {
        if let Some(head) = examination.head {
            match self.storage.kind(head) {
                Ok(None) => {
                    let text = "no `head`: no checkpoint is remembered here";
                    self.report.notices.push(text.into());
                }
                _ => drop(self.checkpoint_file("head", head, settings)),
            }
        }
        for (name, note) in examination.anchors {
            self.signed(name, note, &settings.log_keys);
        }
    }

    /// Reads a signed checkpoint; its root is compared when the entries reach its size.
    fn checkpoint_file(&mut self, name: &str, path: &Path, settings: &Settings) -> Option<Checkpoint> {
        match self.storage.read(path, CHECKPOINT_SIZE_MAX as u64) {
            Err(error) => {
                self.fault(FaultKind::Missing, None, Some(name), error.to_string());
                None
            }
            Ok(note) => self.signed(name, &note, &settings.log_keys),
        }
    }

    fn signed(&mut self, name: &str, note: &[u8], keys: &LogKeys) -> Option<Checkpoint> {
        match Checkpoint::open_with(note, keys) {
            Err(error) => {
                self.fault(FaultKind::Checkpoint, None, Some(name), error.to_string());
                None
            }
            Ok(checkpoint) => {
                self.report.checkpoints += 1;
                // Only the three lines and the signatures of log keys are derived: another line would be a free byte.
                let lines = note.iter().filter(|byte| **byte == b'\n').count();
                if lines != 4 + keys.required(checkpoint.size).len() {
                    self.report.notices.push(format!("{name} carries {} signatures", lines - 4));
                }
                self.signed.entry(checkpoint.size).or_default().push((checkpoint.root, name.to_owned()));
                Some(checkpoint)
            }
        }
    }

    /// A bundle in its turn.
    fn bundle(&mut self, bundle: Judged, audit: Option<&mut index::Audit>) {
        for (kind, index, path, detail) in bundle.faults {
            self.fault(kind, index, Some(&path), detail);
        }
        self.expected.extend(bundle.paths);
        self.report.payloads_intact += bundle.intact;
        self.begin(bundle.genesis);
        self.facts(bundle.facts, audit);
        self.tile_roots.push(bundle.root);
        self.follow(bundle.links, &entries_path(bundle.number));
        for (size, root) in self.chain.take_bundle(bundle.root, bundle.signed_leaves) {
            self.compare_roots(size, root);
        }
    }

    fn follow(&mut self, links: Links, place: &str) {
        for fault in self.chain.follow(links, place) {
            self.fault(fault.kind, fault.index, fault.path.as_deref(), fault.detail);
        }
    }

    /// The genesis entry, when it comes by: from here on keys are known.
    fn begin(&mut self, genesis: Option<Genesis>) {
        let Some(genesis) = genesis else { return };
        match genesis.keyring() {
            Ok(keyring) => self.keyring = Some(keyring),
            Err(error) => self.fault(FaultKind::Key, Some(0), None, error.to_string()),
        }
        self.genesis = Some(genesis);
    }

    fn facts(&mut self, facts: Facts, audit: Option<&mut index::Audit>) {
        self.gone.extend(facts.gone);
        self.said(facts.said);
        self.org.extend(facts.org);
        self.pins.extend(facts.pins);
        for (index, kind, digest) in facts.needed {
            self.needed.entry(digest).or_insert((index, kind));
        }
        for (own, stream, erasure) in facts.erasures {
            self.erasures.insert(erasure.index, (own, stream, erasure));
        }
        if let Some(audit) = audit {
            audit.take(facts.filed);
        }
    }

    fn tail(
        &mut self,
        start: u64,
        tail: &[Sealed],
        filing: Option<&dyn Filing>,
        audit: Option<&mut index::Audit>,
    ) {
        let Tail { judged, expected } = judge_tail(self.storage, self.folder, start, tail, filing);
        self.expected.extend(expected);
        for (kind, index, path, detail) in judged.faults {
            self.fault(kind, index, Some(&path), detail);
        }
        self.report.payloads_intact += judged.intact;
        self.begin(judged.genesis);
        self.facts(judged.facts, audit);
        self.follow(judged.links, "journal");
        for bundle in tail.chunks_exact(TILE_WIDTH as usize) {
            self.tile_roots.push(merkle::root_of(&bundle.iter().map(|s| s.leaf).collect::<Vec<_>>()));
        }
        if let Some(signed) = self.signed.remove(&self.chain.size()) {
            self.compare(self.chain.size(), self.chain.root(), signed);
        }
        for sealed in tail {
            self.chain.push(sealed.leaf);
            if self.signed.contains_key(&self.chain.size()) {
                self.compare_roots(self.chain.size(), self.chain.root());
            }
        }
    }

    fn compare_roots(&mut self, size: u64, root: Digest) {
        if let Some(signed) = self.signed.remove(&size) {
            self.compare(size, root, signed);
        }
    }

    fn compare(&mut self, size: u64, root: Digest, signed: Vec<(Digest, String)>) {
        for (signed_root, name) in signed {
            if signed_root != root {
                let text = format!("the signed root over {size} entries is not theirs");
                self.fault(FaultKind::Root, None, Some(&name), text);
            }
        }
    }

    fn unmet_checkpoints(&mut self) {
        for (size, signed) in std::mem::take(&mut self.signed) {
            for (_, name) in signed {
                let have = self.chain.size();
                let text = format!("a checkpoint over {size} entries was released, the ledger has {have}");
                self.fault(FaultKind::Rollback, None, Some(&name), text);
            }
        }
    }

    /// Payloads that are gone: without an entry that says so, that is a fault.
    fn gone(&mut self) {
        let mut erasures = std::mem::take(&mut self.erasures);
        for Gone { index, named, path } in std::mem::take(&mut self.gone) {
            let covered = erasures.remove(&index).is_some_and(|(own, stream, erasure)| {
                named.is_some_and(|(its, payload)| its == stream && erasure.covers(own, index, &payload))
            });
            if covered {
                self.report.payloads_erased += 1;
            } else {
                let text = "the payload is gone and no entry says that it was erased".to_owned();
                self.fault(FaultKind::PayloadMissing, Some(index), Some(&path), text);
            }
        }
        for (own, _, erasure) in erasures.into_values() {
            if own + 1 == self.chain.size() {
                let text = "recorded, to be carried out by the next write";
                self.report.notices.push(format!("the erasure of entry {} is {text}", erasure.index));
            } else {
                let text = format!("erases entry {}, whose payload is there", erasure.index);
                self.fault(FaultKind::Erasure, Some(own), None, text);
            }
        }
    }

    /// The tiles above those of level 0. What the journal still holds a part of need not be there yet; what is there is of
    /// the entries.
    fn upper_tiles(&mut self, mut settled: u64) {
        let mut level = 1;
        let mut below = std::mem::take(&mut self.tile_roots);
        while below.len() as u64 >= TILE_WIDTH {
            let mut roots = Vec::new();
            settled /= TILE_WIDTH;
            for (number, hashes) in (0..).zip(below.chunks_exact(TILE_WIDTH as usize)) {
                let path = hashes_path(level, number);
                let is_there = self.storage.kind(&self.folder.join(&path)).is_ok_and(|kind| kind.is_some());
                if number < settled || is_there {
                    self.compare_tile(&path, hashes);
                }
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

    /// The genesis entry names this log and its first key.
    fn genesis(&mut self, settings: &Settings) {
        if !self.genesis.as_ref().is_some_and(|genesis| genesis.is_of(settings)) {
            let text = "entry 0 is not the genesis of the log that affiant.toml names".to_owned();
            self.fault(FaultKind::Settings, Some(0), Some("affiant.toml"), text);
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
        if self.folder.join(path) == spare_path(self.folder) {
            self.report.notices.push(format!(
                "{path} is the spare segment of a writer, or was left by one that was stopped"
            ));
        } else if path.ends_with(&format!(".{TEMPORARY}")) {
            self.report.notices.push(format!("{path} was left by an unfinished write"));
        } else {
            self.fault(FaultKind::Stray, None, Some(path), "does not belong here".into());
        }
    }
}

fn judge_window(
    storage: &dyn Storage,
    folder: &Path,
    bundles: Range<u64>,
    signed: &BTreeSet<u64>,
    filing: Option<&dyn Filing>,
) -> Vec<Judged> {
    bundles.into_par_iter().map(|number| judge_bundle(storage, folder, number, signed, filing)).collect()
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
