//! What fsck found: faults as words for scripts and as text for people.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};

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
    /// A `key` entry that cannot be one: unproven, of a key used before, against the rules.
    Key,
    /// A statement that its submitter may not push, or whose signature is wrong.
    Signature,
    /// An erasure that is malformed, or was not carried out.
    Erasure,
    /// A hash tile differs from the entries.
    Tile,
    /// An evidence file is not what its name says.
    Blob,
    /// The index says other than the log.
    Index,
    /// A file that does not belong.
    Stray,
}

/// How the index stands to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexState {
    /// It says what the log says.
    Sound,
    /// It covers a part of the log; the next write brings it up.
    Behind,
    /// There is none, it is of another log or cannot be read; the next write builds it anew.
    Absent,
    /// Another process holds it.
    Busy,
    /// It covers the log and says otherwise.
    Wrong,
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
    /// Payloads that are gone, with an entry that says by what right.
    pub payloads_erased: u64,
    /// Evidence files that are what their names say.
    pub blobs: u64,
    /// Signed checkpoints checked against the entries.
    pub checkpoints: u64,
    /// Root over the entries read.
    pub root: Digest,
    /// How the index stands; absent when it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexState>,
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

impl Default for FsckReport {
    fn default() -> Self {
        Self {
            origin: String::new(),
            entries: 0,
            payloads_intact: 0,
            payloads_erased: 0,
            blobs: 0,
            checkpoints: 0,
            root: Digest::empty_root(),
            index: None,
            faults: Vec::new(),
            faults_count: 0,
            notices: Vec::new(),
        }
    }
}
