//! A walkthrough: one entry followed through every hash, from the files it cites to the conclusions that cite it, as an
//! auditor tests a single transaction.
//!
//! ```text
//! evidence file -> statement -> payload -> entry -> stream -> tree -> checkpoint -> signature -> pack -> determinations
//! ```
//!
//! What comes out is a folder: the bytes of each hop, a page that says how to get from each to the next with `sha256sum` and
//! `openssl`, and the same as JSON (docs/spec/walkthrough.md). Nothing in it asks to be believed.

mod page;

use crate::derive::statement;
use crate::opened::OpenedPack;
use crate::pack::{ASSESSMENT, CHECKPOINT, NOTE, payload_member};
use affiant_frameworks::assessment::Assessment;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::{Entry, EntryError};
use affiant_ledger::id::Id;
use affiant_ledger::note::{Note, Verifier};
use affiant_ledger::payload::{Payload, StatementSignature};
use affiant_ledger::reader::{ReadError, record_of};
use affiant_ledger::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of `walkthrough.json`.
pub const WALKTHROUGH_VERSION: u8 = 1;
/// The page.
pub const PAGE: &str = "WALKTHROUGH.md";
/// The same as JSON.
pub const JSON: &str = "walkthrough.json";

/// What a walkthrough is made of, from a ledger or a pack.
#[derive(Debug, Clone)]
pub struct WalkSource {
    /// The entry.
    pub entry: Vec<u8>,
    /// Its payload; `None` when it is gone.
    pub payload: Option<Vec<u8>>,
    /// The entry before it in its stream.
    pub previous: Option<Vec<u8>>,
    /// The entry behind it in its stream.
    pub next: Option<Vec<u8>>,
    /// Its path to the root, leaf sibling first.
    pub path: Vec<Digest>,
    /// The signed checkpoint.
    pub checkpoint: Vec<u8>,
    /// The log key that signed it.
    pub log: Verifier,
    /// The key of the collector that signed the statement.
    pub collector: Option<Verifier>,
    /// Evidence files at hand.
    pub evidence: BTreeMap<Digest, Vec<u8>>,
    /// The conclusions to look for citations in.
    pub assessments: Vec<Assessment>,
    /// The pack that they stand in.
    pub pack: Option<PackedHop>,
}

/// The pack of a walkthrough.
#[derive(Debug, Clone)]
pub struct PackedHop {
    /// Its id.
    pub id: Id,
    /// The issuer's key that signed it.
    pub issuer: Verifier,
    /// Members that lead from its note to the assessment, by the name they have in the folder.
    pub members: BTreeMap<String, Vec<u8>>,
}

/// Why an entry cannot be walked.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// It is no entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Entry and payload are not of each other.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The pack does not hold it.
    #[error("the pack does not hold entry {0}")]
    Outside(u64),
    /// The checkpoint cannot be read.
    #[error("the checkpoint cannot be read")]
    Checkpoint,
    /// The path does not lead from the entry to the root.
    #[error("the path does not lead from the entry to the root of the checkpoint")]
    Path,
}

/// What `walkthrough.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Walkthrough {
    /// [`WALKTHROUGH_VERSION`].
    pub walkthrough: u8,
    /// The entry's place in the ledger.
    pub index: u64,
    /// Its stream.
    pub stream: Id,
    /// Its position in that.
    pub n: u64,
    /// Its kind of statement.
    pub kind: Id,
    /// Who submitted it.
    pub by: String,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The files that the statement cites.
    pub evidence: Vec<EvidenceHop>,
    /// SHA-256 of the statement; absent when the payload is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Digest>,
    /// SHA-256 of the payload, which the entry names.
    pub payload: Digest,
    /// The key that signed the statement, a vkey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The entry's leaf hash.
    pub leaf: Digest,
    /// The leaf hash of the entry before it in its stream.
    pub stream_prev: Digest,
    /// Index of the entry behind it in its stream, which names `leaf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// From the leaf to the root.
    pub path: Vec<PathHop>,
    /// The head that the path leads to.
    pub checkpoint: CheckpointHop,
    /// The pack that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<PackHop>,
    /// The determinations that cite it.
    pub cited_by: Vec<CitedBy>,
}

/// An evidence file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceHop {
    /// SHA-256 of the file, which the statement names.
    pub sha256: Digest,
    /// Its name, as stated.
    pub name: String,
    /// Its size, as stated.
    pub size: u64,
    /// Whether it is in the folder.
    pub held: bool,
}

/// One step towards the root: `node = SHA-256(0x01 || left || right)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathHop {
    /// Where the other stands.
    pub side: Side,
    /// The other.
    pub hash: Digest,
    /// What both give.
    pub node: Digest,
}

/// Left or right of the node one comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Before it.
    Left,
    /// Behind it.
    Right,
}

/// A head of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointHop {
    /// Name of the log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree.
    pub root: Digest,
    /// The log key that signed it, a vkey.
    pub signed_by: String,
}

/// A pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackHop {
    /// Its id.
    pub id: Id,
    /// The issuer's key that signed it, a vkey.
    pub signed_by: String,
}

/// A determination that rests on the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CitedBy {
    /// The framework.
    pub framework: Id,
    /// The requirement.
    pub requirement: String,
    /// How it is cited.
    pub citation: String,
    /// What the evidence on it amounts to.
    pub outcome: String,
}

/// The files of a walkthrough, by name: bytes of the hops, the page and the JSON.
pub fn walk(source: &WalkSource) -> Result<(Walkthrough, BTreeMap<String, Vec<u8>>), WalkError> {
    let entry = Entry::from_bytes(&source.entry)?;
    let record = record_of(entry.index, &source.entry, source.payload.as_deref())?;
    let text = Note::parse(&source.checkpoint).map_err(|_| WalkError::Checkpoint)?.text;
    let head = Checkpoint::from_text(&text).map_err(|_| WalkError::Checkpoint)?;
    let path = steps(entry.index, head.size, record.leaf, &source.path);
    if path.last().map_or(record.leaf, |last| last.node) != head.root {
        return Err(WalkError::Path);
    }
    let payload = source.payload.as_deref().and_then(|bytes| Payload::from_bytes(bytes).ok());
    let signature = payload.as_ref().and_then(|payload| payload.signature.as_ref());
    let cited = statement(&record).ok().flatten().map(|said| said.evidence().to_vec()).unwrap_or_default();
    let evidence = cited.into_iter().map(|file| EvidenceHop {
        held: source.evidence.contains_key(&file.sha256),
        sha256: file.sha256,
        name: file.name,
        size: file.size,
    });
    let next = source.next.as_deref().map(Entry::from_bytes).transpose()?;
    let walkthrough = Walkthrough {
        walkthrough: WALKTHROUGH_VERSION,
        index: entry.index,
        n: entry.n,
        evidence: evidence.collect(),
        statement: record.statement.as_deref().map(Digest::of),
        payload: entry.payload,
        signed_by: source.collector.as_ref().filter(|_| signature.is_some()).map(ToString::to_string),
        leaf: record.leaf,
        stream_prev: entry.stream_prev,
        next: next.map(|next| next.index),
        path,
        checkpoint: CheckpointHop {
            origin: head.origin,
            size: head.size,
            root: head.root,
            signed_by: source.log.to_string(),
        },
        pack: source
            .pack
            .as_ref()
            .map(|pack| PackHop { id: pack.id.clone(), signed_by: pack.issuer.to_string() }),
        cited_by: cited_by(entry.index, &source.assessments),
        stream: entry.stream,
        kind: entry.kind,
        by: entry.by,
        recorded: entry.time,
    };
    let files = files(source, &walkthrough, record.statement.as_deref(), signature);
    Ok((walkthrough, files))
}

/// Each step from a leaf to the root (RFC 9162 section 2.1.3.2).
fn steps(index: u64, size: u64, leaf: Digest, path: &[Digest]) -> Vec<PathHop> {
    let (mut position, mut last, mut node) = (index, size.saturating_sub(1), leaf);
    let mut steps = Vec::with_capacity(path.len());
    for hash in path {
        let side = if position & 1 == 1 || position == last { Side::Left } else { Side::Right };
        node = match side {
            Side::Left => Digest::node(hash, &node),
            Side::Right => Digest::node(&node, hash),
        };
        // On the right edge, layers in which the node has no sibling are passed over.
        while side == Side::Left && position & 1 == 0 && position != 0 {
            (position, last) = (position >> 1, last >> 1);
        }
        (position, last) = (position >> 1, last >> 1);
        steps.push(PathHop { side, hash: *hash, node });
    }
    steps
}

fn cited_by(index: u64, assessments: &[Assessment]) -> Vec<CitedBy> {
    let judged = assessments.iter().flat_map(|assessment| {
        let framework = &assessment.framework.id;
        assessment.determinations.iter().map(move |determination| (framework, determination))
    });
    let citing = judged.filter(|(_, determination)| determination.citations.contains(&index));
    let cited = citing.map(|(framework, determination)| CitedBy {
        framework: framework.clone(),
        requirement: determination.requirement.clone(),
        citation: determination.citation.clone(),
        outcome: determination.outcome.as_str().to_owned(),
    });
    cited.collect()
}

fn files(
    source: &WalkSource,
    walkthrough: &Walkthrough,
    statement: Option<&[u8]>,
    signature: Option<&StatementSignature>,
) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([
        ("entry.cbor".to_owned(), source.entry.clone()),
        ("checkpoint".to_owned(), source.checkpoint.clone()),
    ]);
    let mut add = |name: &str, bytes: Option<&[u8]>| {
        files.extend(bytes.map(|bytes| (name.to_owned(), bytes.to_vec())));
    };
    add("payload.cbor", source.payload.as_deref());
    add("statement.cbor", statement);
    add("previous.cbor", source.previous.as_deref());
    add("next.cbor", source.next.as_deref());
    if walkthrough.signed_by.is_some() {
        add("signature", signature.map(|signature| &signature.sig[..]));
        let pem = source.collector.as_ref().map(|key| key.key().to_pem());
        add("collector.pem", pem.as_deref().map(str::as_bytes));
    }
    for file in &walkthrough.evidence {
        let bytes = source.evidence.get(&file.sha256).map(Vec::as_slice);
        add(&format!("evidence/{}", file.sha256), bytes);
    }
    files.extend(source.pack.iter().flat_map(|pack| pack.members.clone()));
    let mut json = serde_json::to_vec_pretty(walkthrough)
        .unwrap_or_else(|error| panic!("a walkthrough is text, numbers and lists: {error}"));
    json.push(b'\n');
    files.insert(PAGE.to_owned(), page::text(walkthrough, statement.map_or(0, <[u8]>::len)).into_bytes());
    files.insert(JSON.to_owned(), json);
    files
}

/// The walkthrough of an entry that a verified pack holds.
pub fn of_pack(pack: &OpenedPack, index: u64) -> Result<WalkSource, WalkError> {
    let outside = || WalkError::Outside(index);
    let position = pack.records().iter().position(|record| record.entry.index == index);
    let position = position.ok_or_else(outside)?;
    let bytes = |at: usize| pack.records().get(at).map(|record| record.entry.to_bytes());
    let entry = bytes(position).ok_or_else(outside)?;
    let member = |name: &str| pack.member(name).map(<[u8]>::to_vec);
    let key = |text: &str| text.parse::<Verifier>().map_err(|_| outside());
    let names = [
        ("pack.note", NOTE),
        ("tagmanifest-sha256.txt", crate::bag::TAGMANIFEST),
        ("manifest-sha256.txt", crate::bag::MANIFEST),
        ("assessment.json", ASSESSMENT),
    ];
    let members = names.into_iter().filter_map(|(name, from)| Some((name.to_owned(), member(from)?)));
    let claimed = pack.assessment();
    let held = claimed.evidence.iter().filter(|file| file.held);
    let evidence = held.filter_map(|file| {
        let bytes = member(&crate::pack::evidence_member(&file.sha256))?;
        Some((file.sha256, bytes))
    });
    let submitter =
        pack.records()[position].entry.by.strip_prefix("key:").and_then(|id| id.parse::<Id>().ok());
    let collector = submitter.and_then(|id| pack.keyring()?.collector(&id, index).cloned());
    Ok(WalkSource {
        payload: member(&payload_member(index)),
        previous: position.checked_sub(1).and_then(bytes),
        next: bytes(position + 1),
        path: pack.path(index).ok_or_else(outside)?,
        checkpoint: member(CHECKPOINT).ok_or_else(outside)?,
        log: key(&claimed.keys.log)?,
        collector,
        evidence: evidence.collect(),
        assessments: claimed.assessments.clone(),
        pack: Some(PackedHop {
            id: claimed.pack.clone(),
            issuer: key(&claimed.keys.issuer)?,
            members: members.collect(),
        }),
        entry,
    })
}
