//! The audit pack: one file, a deterministic ZIP of a BagIt 1.0 bag (RFC 8493), and what each member is.
//!
//! ```text
//! bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt
//! pack.note                      signed note: pack id, origin, checkpoint, SHA-256 of tagmanifest-sha256.txt
//! VERIFY.md                      how to check it, with affiant and by hand
//! data/report.pdf                the report, for people
//! data/report.html               the same, as one file for a browser
//! data/tables/<name>.csv         its tables, and what it cuts short whole
//! data/requests.csv              what an auditor asked for
//! data/oscal/*.json              assessment results and plan of action in OSCAL
//! data/assessment.json           scope, catalogs, determinations, citations, gaps
//! data/entries.cbor              the stream's entries, in order: a CBOR sequence (RFC 8742)
//! data/payloads/<index>.cbor     their payloads
//! data/keys.cbor                 the entries of stream `org`, to the head that the issuing entry names
//! data/keys/<index>.cbor         payloads of those that state keys
//! data/checkpoint                the signed head of the ledger
//! data/proofs.json               inclusion of all these entries at that head, shared nodes once
//! data/evidence/<sha256>         evidence files held
//! data/catalogs/<id>.cbor        the catalogs used, canonical CBOR
//! ```
//!
//! Every byte is covered: the note signs the tag manifest, that names the other tag files and the manifest, the
//! manifest names everything below `data/`, and the container has no byte that is not derived from its members.

use affiant_controls::issued::{PackPeriod, PackSigner};
use affiant_controls::pin::{CatalogKind, CatalogPin};
use affiant_controls::withhold::WithholdRule;
use affiant_frameworks::assessment::Assessment;
use affiant_frameworks::period::PeriodAssessment;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::genesis::GENESIS_KIND;
use affiant_ledger::id::Id;
use affiant_ledger::keyring::KEY_KIND;
use affiant_ledger::note::{from_base64, to_base64};
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the pack's layout and of assessment.json.
pub const PACK_VERSION: u8 = 1;
/// Ending of a pack's file name.
pub const PACK_ENDING: &str = ".affiant.zip";
/// Signed note over the pack.
pub const NOTE: &str = "pack.note";
/// The report for people.
pub const REPORT_PDF: &str = "data/report.pdf";
/// The report as one file for a browser.
pub const REPORT_HTML: &str = "data/report.html";
/// Folder of tables for spreadsheets.
pub const TABLES: &str = "data/tables/";
/// What was asked for, and what became of it.
pub const REQUESTS_CSV: &str = "data/requests.csv";
/// The conclusions as OSCAL assessment results.
pub const ASSESSMENT_RESULTS: &str = "data/oscal/assessment-results.json";
/// What is left to do, as an OSCAL plan of action and milestones.
pub const POAM: &str = "data/oscal/poam.json";
/// The assessment.
pub const ASSESSMENT: &str = "data/assessment.json";
/// The stream's entries.
pub const ENTRIES: &str = "data/entries.cbor";
/// Folder of payloads.
pub const PAYLOADS: &str = "data/payloads/";
/// The entries of stream `org`, among which keys are enrolled and revoked.
pub const KEYS: &str = "data/keys.cbor";
/// Folder of the payloads of those that state keys.
pub const KEY_PAYLOADS: &str = "data/keys/";
/// The signed checkpoint.
pub const CHECKPOINT: &str = "data/checkpoint";
/// Inclusion proofs.
pub const PROOFS: &str = "data/proofs.json";
/// Folder of evidence files.
pub const EVIDENCE: &str = "data/evidence/";
/// Folder of catalogs.
pub const CATALOGS: &str = "data/catalogs/";
/// How to verify, in words.
pub const VERIFY: &str = "VERIFY.md";

/// What `data/assessment.json` holds (docs/spec/assessment.md). Derived again by whoever verifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackAssessment {
    /// Layout version, [`PACK_VERSION`].
    pub version: u8,
    /// The pack's id.
    pub pack: Id,
    /// The AI system, whose stream this is.
    pub system: Id,
    /// Origin of the ledger.
    pub origin: String,
    /// The instant judged; of a period its last.
    pub as_of: Timestamp,
    /// The period judged, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PackPeriod>,
    /// What judged: crate and version.
    pub engine: String,
    /// The entries packed.
    pub entries: EntryRange,
    /// Keys the issuer says were used. A claim: trust comes from outside the pack.
    pub keys: ClaimedKeys,
    /// The catalogs used, by kind and id.
    pub catalogs: Vec<CatalogPin>,
    /// One assessment per framework.
    pub assessments: Vec<Assessment>,
    /// Where a period is judged, each framework over it (docs/spec/period.md).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub periods: Vec<PeriodAssessment>,
    /// Evidence files cited by the entries, by digest.
    pub evidence: Vec<EvidenceHeld>,
    /// Indexes of entries whose payload is not in the pack.
    pub withheld: Vec<u64>,
    /// What is kept out of the pack, rule by rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withholding: Vec<Withholding>,
    /// What no pack can show.
    pub does_not_establish: Vec<String>,
}

/// Which entries of the stream a pack holds; the last one is the entry that issued the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRange {
    /// First stream position.
    pub first: u64,
    /// Last stream position.
    pub last: u64,
    /// Leaf hash of the last.
    pub head: Digest,
}

/// The keys a pack claims, as vkeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedKeys {
    /// The key that signed the checkpoint.
    pub log: String,
    /// The key that signed the pack.
    pub issuer: String,
    /// Who signed it beside the issuer, as the issuing entry names them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub signers: BTreeSet<PackSigner>,
}

/// An evidence file cited by an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceHeld {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its name, as stated.
    pub name: String,
    /// Its size in bytes, as stated.
    pub size: u64,
    /// Whether the pack holds the file, or only its digest.
    pub held: bool,
    /// The rule that keeps it out of the pack; the first, where several do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<WithholdRule>,
}

/// A rule by which something is kept out of a pack, and what it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withholding {
    /// The rule, as the issuing entry names it.
    pub rule: WithholdRule,
    /// How many entries it covers: their payloads are not in the pack.
    pub entries: u64,
    /// How many evidence files it covers.
    pub files: u64,
    /// Whether the entries bear on what the pack concludes, counts or lists.
    pub bears: bool,
}

/// What `data/proofs.json` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// Size of the tree: the checkpoint's.
    pub size: u64,
    /// Root of the tree: the checkpoint's.
    pub root: Digest,
    /// Ledger indexes of the entries of `data/entries.cbor` and `data/keys.cbor`, increasing.
    pub indexes: Vec<u64>,
    /// The multiproof's nodes, layer by layer from the leaves up, by position within a layer.
    pub nodes: Vec<Digest>,
    /// Earlier heads that samples were drawn from, by size, each proved to be a part of this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierHead>,
}

/// The root of the ledger when it was smaller, and the proof that it leads to the checkpoint (RFC 6962 consistency).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierHead {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
    /// The consistency proof.
    pub path: Vec<Digest>,
}

/// The text that the issuer signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackNote {
    /// The pack's id.
    pub pack: Id,
    /// Origin of the ledger.
    pub origin: String,
    /// Size of the checkpoint.
    pub size: u64,
    /// Root of the checkpoint.
    pub root: Digest,
    /// SHA-256 of `tagmanifest-sha256.txt`.
    pub tagmanifest: Digest,
}

const NOTE_HEADER: &str = "affiant pack v1";

impl PackNote {
    /// The text: six lines.
    pub fn to_text(&self) -> String {
        let root = to_base64(self.root.as_bytes());
        format!(
            "{NOTE_HEADER}\n{}\n{}\n{}\n{root}\n{}\n",
            self.pack, self.origin, self.size, self.tagmanifest
        )
    }

    /// Reads the text strictly; `None` when it is another.
    pub fn from_text(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
        let [NOTE_HEADER, pack, origin, size, root, tagmanifest] = lines[..] else { return None };
        let note = Self {
            pack: pack.parse().ok()?,
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: Digest::try_from(&from_base64(root)?[..]).ok()?,
            tagmanifest: tagmanifest.parse().ok()?,
        };
        (note.to_text() == text).then_some(note)
    }
}

/// Member name of a catalog.
pub fn catalog_member(pin: &CatalogPin) -> String {
    format!("{CATALOGS}{}.cbor", pin.id)
}

/// Member name of a table.
pub fn table_member(name: &str) -> String {
    format!("{TABLES}{name}.csv")
}

/// Whether a member is made from what the pack concludes, the PDF aside: made again by whoever verifies (check 10).
pub fn is_rendition(name: &str) -> bool {
    [VERIFY, REPORT_HTML, REQUESTS_CSV, ASSESSMENT_RESULTS, POAM].contains(&name) || name.starts_with(TABLES)
}

/// Member name of a payload.
pub fn payload_member(index: u64) -> String {
    format!("{PAYLOADS}{index}.cbor")
}

/// Member name of the payload of an entry that states keys.
pub fn key_payload_member(index: u64) -> String {
    format!("{KEY_PAYLOADS}{index}.cbor")
}

/// Whether an entry of stream `org` states keys: only then its payload is in a pack.
pub fn states_keys(entry: &Entry) -> bool {
    entry.kind == *GENESIS_KIND || entry.kind == *KEY_KIND
}

/// Member name of an evidence file.
pub fn evidence_member(digest: &Digest) -> String {
    format!("{EVIDENCE}{digest}")
}

/// Most catalogs in a pack.
pub const CATALOGS_MAX: usize = 64;
/// Largest sum of their sizes, in bytes: checking one takes more than linear time.
pub const CATALOGS_SIZE_MAX: usize = 4 << 20;

/// Order of catalogs in assessment.json: frameworks, controls, mappings; then by id.
pub fn catalog_order(pin: &CatalogPin) -> (CatalogKind, Id) {
    (pin.kind, pin.id.clone())
}

/// What no pack can show, whatever its verdict.
pub const DOES_NOT_ESTABLISH: [&str; 7] = [
    "that what was submitted is true: entries show who stated what and when it was recorded",
    "that everything that happened was submitted: a test that was never pushed leaves no trace unless it was planned",
    "that the organisation complies with a law or standard: that is for auditors, notified bodies, authorities and courts",
    "that a mapping or a classification is right: both are claims with an author, named in the catalogs and entries",
    "the time of recording beyond the operator's clock and the order of the ledger",
    "entries of other streams than the one packed, or entries recorded after the checkpoint",
    "that the ledger holds no second history of this stream: receipts held by others, or a check of the whole ledger, show that",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_reads_back_and_no_other_spelling_does() {
        let note = PackNote {
            pack: "pack-1".parse().unwrap(),
            origin: "affiant.example/log1".into(),
            size: 300,
            root: Digest::empty_root(),
            tagmanifest: Digest::ZERO,
        };
        let text = note.to_text();
        assert_eq!(PackNote::from_text(&text), Some(note));
        for other in [
            text.replace("300", "0300"),
            text.replace("300", "+300"),
            format!("{text}x\n"),
            text.replace("v1", "v2"),
        ] {
            assert_eq!(PackNote::from_text(&other), None, "{other}");
        }
    }
}
