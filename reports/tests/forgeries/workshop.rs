//! A workshop for forgeries: an honest ledger and its pack to begin with, and tools to take the pack apart, change it,
//! redo its manifests, sign it with any key and close it again.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by tests and a bench, none of which uses all of it"
)]

use affiant_controls::catalog::ControlCatalog;
use affiant_controls::{Asset, Collector, ControlResult, EvidenceRef, PackIssued, Statement, Status, System};
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use affiant_ledger::checkpoint::{Checkpoint, LogKeys};
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{KEY_STREAM, TrustedKey};
use affiant_ledger::ledger::{Founding, Ledger, Surroundings};
use affiant_ledger::merkle::root_of;
use affiant_ledger::multiproof;
use affiant_ledger::note::{Note, Verifier};
use affiant_ledger::payload::Payload;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::time::{Clock, Timestamp};
use affiant_reports::archive::{self, Limits};
use affiant_reports::bag::{self, BagInfo, Members};
use affiant_reports::derive::Catalogs;
use affiant_reports::document::Document;
use affiant_reports::issue::{Issuer, PackSource, PackedEntry, RenderPdf, issue, records};
use affiant_reports::pack::{
    ASSESSMENT, CHECKPOINT, ENTRIES, KEY_PAYLOADS, KEYS, NOTE, PAYLOADS, PROOFS, PackAssessment, PackNote,
    Proofs, REPORT_PDF, key_payload_member, payload_member, states_keys,
};
use affiant_reports::seal::{HEADER, SealWords, Sealer, seal};
use affiant_reports::trust::Trust;
use affiant_reports::verdict::{CheckName, Outcome, Verdict};
use affiant_reports::verify::verify_with;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "affiant.example/log1";
pub(crate) const ISSUER: &str = "affiant.example/issuer1";
pub(crate) const STREAM: &str = "credit-scoring";
pub(crate) const OTHER_STREAM: &str = "chat-bot";

/// When the first entry is recorded; each is recorded a second after the one before.
const BEGIN: u64 = 1_795_312_000_000;

pub(crate) fn log_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub(crate) fn issuer_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

/// A key nobody trusts.
pub(crate) fn fresh_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

pub(crate) fn verifier(name: &str, key: &SigningKey) -> Verifier {
    Verifier::new(name.parse().unwrap(), key.verifying_key())
}

/// A key trusted for every size.
pub(crate) fn trusted(name: &str, key: &SigningKey) -> TrustedKey {
    TrustedKey::always(verifier(name, key))
}

/// What the auditor holds.
pub(crate) fn trust() -> Trust {
    let (logs, issuers) = (vec![trusted(ORIGIN, &log_key())], vec![trusted(ISSUER, &issuer_key())]);
    Trust { logs, issuers, signers: Vec::new() }
}

/// Two requirements, two controls, two mappings.
pub(crate) fn tiny_catalogs() -> Catalogs {
    let requirement = |id: &str| json!({"id": id, "citation": id, "level": "clause", "kind": "clause", "title": "Logs", "summary": "Keep logs.", "assessable": true});
    let framework = json!({
        "id": "tiny", "name": "Tiny", "kind": "voluntary-framework", "identifier": "Tiny 1", "version": "1",
        "as_of": "2026-11-01", "status": "current", "rights": "none", "counts_official": {}, "counts": {},
        "sources": [], "groups": [], "requirements": [requirement("r-1"), requirement("r-2")],
    });
    let control = |id: &str| {
        json!({"id": id, "maps": {"tiny": ["r-1"]}, "title": "Logging", "pillar": 1, "max_age": "P1Y", "evidence": ["log"],
            "severity": "high", "objective": "Logs are kept.", "asset_kinds": ["model"],
            "test": {"mode": "automated", "checks": ["scan"], "pass_when": "logs are there"}})
    };
    let controls = json!({
        "id": "tiny-controls", "title": "Tiny controls", "review": "none", "version": "1", "severity": ["high"],
        "pillars": [{"code": "LOG", "title": "Logs", "number": 1}], "sources": {"tiny": "Tiny 1"},
        "controls": [control("LOG-1"), control("LOG-2")], "asset_kinds": {"model": "a model"},
        "check_kinds": {"scan": "a scan"}, "evidence_kinds": {"log": "a log"}, "licence_note": "none",
        "mapping_semantics": "supports",
    });
    let mapping = |control: &str, requirement: &str| json!({"control": control, "requirement": requirement, "relation": "intersects-with", "rationale": "both ask for logs"});
    let mappings = json!({
        "id": "tiny-mappings", "title": "Tiny mappings", "version": "1", "as_of": "2026-11-01", "meaning": "supports",
        "basis": "read", "controls": "tiny-controls",
        "frameworks": {"tiny": [mapping("LOG-1", "r-1"), mapping("LOG-2", "r-2")]},
    });
    let controls: ControlCatalog = serde_json::from_value(controls).unwrap();
    Catalogs {
        frameworks: vec![Framework::new(serde_json::from_value(framework).unwrap()).unwrap()],
        controls: ControlCatalog::from_bytes(&codec::encode(&controls)).unwrap().into(),
        mappings: MappingSet::new(serde_json::from_value(mappings).unwrap()).unwrap().into(),
    }
}

/// The same, but with a control catalog in which a pass stays fresh for ever.
pub(crate) fn friendlier_controls() -> ControlCatalog {
    let mut controls = tiny_catalogs().controls.catalogs()[0].clone();
    controls.controls.values_mut().for_each(|control| control.max_age = "P99Y".parse().unwrap());
    controls
}

pub(crate) fn result(system: &str, control: &str, status: Status, summary: &str) -> Statement {
    let observed = Timestamp::from_millis(BEGIN).unwrap();
    let control = control.parse().unwrap();
    let mut result =
        ControlResult::new(control, system.parse().unwrap(), status, observed, Collector::new("ci"), summary);
    result.asset = Some("model".parse().unwrap());
    if control_with_evidence(&result) {
        result.evidence = vec![EvidenceRef::of(EVIDENCE, "log.txt", "text/plain")];
    }
    Statement::Result(Box::new(result))
}

/// The evidence file that the results of LOG-1 cite.
pub(crate) const EVIDENCE: &[u8] = b"2026-11-22 a line of a log\n";

fn control_with_evidence(result: &ControlResult) -> bool {
    result.control.as_str() == "LOG-1"
}

/// Two systems whose entries alternate; the one packed fails a control.
pub(crate) fn story(catalogs: &Catalogs) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for stream in [STREAM, OTHER_STREAM] {
        let id = || stream.parse().unwrap();
        drafts.push(Statement::System(System::new(id(), "A system")).draft("local"));
        drafts.push(
            Statement::Asset(Asset::new(id(), "model".parse().unwrap(), "model", "The model")).draft("local"),
        );
    }
    drafts.swap(1, 2);
    for pin in catalogs.pins() {
        let mut draft = Statement::Catalog(pin).draft("local");
        draft.stream = STREAM.parse().unwrap();
        drafts.push(draft);
    }
    for (stream, control, status, summary) in [
        (STREAM, "LOG-1", Status::Passed, "logs are there"),
        (OTHER_STREAM, "LOG-1", Status::Passed, "logs are there"),
        (STREAM, "LOG-2", Status::Failed, "no logs at night"),
        (OTHER_STREAM, "LOG-2", Status::Passed, "logs are there"),
        (STREAM, "LOG-1", Status::Passed, "logs are still there"),
    ] {
        drafts.push(result(stream, control, status, summary).draft("local"));
    }
    drafts
}

#[derive(Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let tick = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_millis(BEGIN + tick * 1000).unwrap()
    }
}

/// An entry with its payload's bytes.
pub(crate) type Whole = (Entry, Vec<u8>);

/// A ledger as its files hold it, made by the ledger's own writer.
pub(crate) fn recorded(drafts: &[Draft], catalogs: &Catalogs) -> Vec<Whole> {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = founded(&folder, None);
    // One by one, so that each has its own time; a long story goes in the largest batches the writer takes.
    let batch = if drafts.len() > 100 { 4096 } else { 1 };
    drafts.chunks(batch).for_each(|drafts| drop(ledger.append(drafts).unwrap()));
    issued(ledger, catalogs, ISSUER)
}

/// An empty ledger, with or without an issuer's key that its genesis entry names.
pub(crate) fn founded(folder: &TempDir, issuer: Option<Verifier>) -> Ledger {
    let settings = Settings {
        id: "ledger-1".parse().unwrap(),
        origin: ORIGIN.into(),
        log_keys: LogKeys::new(verifier(ORIGIN, &log_key())),
        head: None,
    };
    let surroundings = Surroundings {
        clock: Arc::new(Ticking::default()),
        random: |bytes| bytes.fill(7),
        // A process that another test starts holds the lock for a moment after it was let go.
        wait: std::time::Duration::from_secs(60),
        ..Surroundings::new(&NoFiling, folder.path().join("heads"))
    };
    let log_key = log_key();
    let founding =
        Founding { log_key: &log_key, issuer, passphrase: None, drafts: Vec::new(), keys: Vec::new() };
    Ledger::found(&folder.path().join("ledger"), &settings, founding, surroundings).unwrap()
}

/// Issues the pack of a ledger, as the issuer of a name; gives all that its files hold.
pub(crate) fn issued(mut ledger: Ledger, catalogs: &Catalogs, issuer: &str) -> Vec<Whole> {
    let head = ledger.head(&STREAM.parse().unwrap()).unwrap();
    let newest = ledger.size() - 1;
    let as_of = ledger.reader().unwrap().record(newest).unwrap().entry.time;
    let issued = PackIssued {
        id: "pack-1".parse().unwrap(),
        head: head.leaf,
        keys: ledger.head(&KEY_STREAM.parse().unwrap()).map(|head| head.leaf),
        last: head.n - 1,
        as_of,
        first: 0,
        issuer: issuer.into(),
        system: STREAM.parse().unwrap(),
        period: None,
        signers: BTreeSet::new(),
        withheld: BTreeSet::new(),
        frameworks: catalogs.frameworks.iter().map(|framework| framework.id.to_string()).collect(),
        certificate: Some(sealer().certificate()),
    };
    ledger.append(&[Statement::Pack(issued).draft("local")]).unwrap();
    let size = ledger.size();
    let reader = ledger.reader().unwrap();
    let whole = |index| {
        let entry = Entry::from_bytes(&reader.entry_bytes(index).unwrap()).unwrap();
        (entry, reader.payload_bytes(index).unwrap().unwrap())
    };
    let all: Vec<Whole> = (0..size).map(whole).collect();
    assert_eq!(reader.checkpoint().root, root_of(&leaves(&all)), "the workshop's tree is the ledger's");
    ledger.close().unwrap();
    all
}

pub(crate) fn leaves(all: &[Whole]) -> Vec<Digest> {
    all.iter().map(|(entry, _)| Digest::leaf(&entry.to_bytes())).collect()
}

/// The checkpoint of a whole ledger, as the log's key signs it for an origin.
pub(crate) fn checkpoint(all: &[Whole], origin: &str) -> Vec<u8> {
    let head = Checkpoint { origin: origin.into(), size: all.len() as u64, root: root_of(&leaves(all)) };
    head.sign(&origin.parse().unwrap(), &log_key())
}

/// What a pack of the stream is made of.
pub(crate) fn source(all: &[Whole]) -> PackSource {
    let packed = |(entry, payload): &Whole| PackedEntry {
        index: entry.index,
        entry: entry.to_bytes(),
        payload: Some(payload.clone()),
    };
    let of = |stream: &str| all.iter().filter(|(entry, _)| entry.stream == *stream).map(packed).collect();
    let (entries, keys) = (of(STREAM), of(KEY_STREAM));
    let evidence = BTreeMap::from([(Digest::of(EVIDENCE), EVIDENCE.to_vec())]);
    PackSource {
        entries,
        keys,
        checkpoint: checkpoint(all, ORIGIN),
        leaves: leaves(all),
        evidence,
        log_key: verifier(ORIGIN, &log_key()),
        tables: false,
    }
}

/// Links every entry to those before it anew: what an operator with the log's key can do to a whole history.
pub(crate) fn relink(all: &mut [Whole]) {
    let mut prev = Digest::ZERO;
    let mut heads: BTreeMap<String, (u64, Digest)> = BTreeMap::new();
    for (index, (entry, _)) in all.iter_mut().enumerate() {
        let (n, stream_prev) = heads.get(entry.stream.as_str()).copied().unwrap_or((0, Digest::ZERO));
        (entry.index, entry.prev, entry.n, entry.stream_prev) = (index as u64, prev, n, stream_prev);
        prev = Digest::leaf(&entry.to_bytes());
        heads.insert(entry.stream.to_string(), (n + 1, prev));
    }
}

/// Another payload for an entry.
pub(crate) fn restate(whole: &mut Whole, statement: &Statement) {
    let payload = Payload { salt: [9; 16], statement: statement.to_bytes(), signature: None };
    whole.1 = payload.to_bytes();
    whole.0.payload = Digest::of(&whole.1);
}

/// Lets the issuing entry, the last, say something else.
pub(crate) fn restate_issued(all: &mut [Whole], edit: impl FnOnce(&mut PackIssued)) {
    let last = all.last_mut().unwrap();
    let statement = Payload::from_bytes(&last.1).unwrap().statement;
    let Ok(Some(Statement::Pack(mut issued))) = Statement::from_bytes("pack", &statement) else { panic!() };
    edit(&mut issued);
    restate(last, &Statement::Pack(issued));
}

pub(crate) fn issuer() -> Issuer {
    let name = ISSUER.parse().unwrap();
    Issuer { name, key: issuer_key(), sealer: Some(sealer()), signers: Vec::new() }
}

/// What seals the reports of the issuer.
pub(crate) fn sealer() -> Sealer {
    Sealer::of_issuer(&issuer_key(), ISSUER, Timestamp::from_millis(BEGIN).unwrap())
}

/// A report of a few bytes that depend on every byte of the document, with what a seal needs.
pub(crate) fn stub(document: &Document) -> Result<Vec<u8>, String> {
    let digest = Digest::of(format!("{document:?}").as_bytes());
    Ok(stub_of(&format!("stub {digest}")))
}

/// The same about any words.
pub(crate) fn stub_of(words: &str) -> Vec<u8> {
    let mut pdf = [HEADER, b"1 0 obj<</FT/Sig>>\nendobj\n%", words.as_bytes(), b"\n"].concat();
    let start = pdf.len();
    let cross = "2 0 obj<</Type/XRef/Size 3/W[1 4 2]/Root 1 0 R/ID[<00><00>]/Length 0>>stream\n";
    pdf.extend_from_slice(format!("{cross}\nendstream endobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    pdf
}

/// The honest ledger, and its pack with the stub for a report.
pub(crate) struct Honest {
    pub(crate) all: Vec<Whole>,
    pub(crate) catalogs: Catalogs,
    pub(crate) pack: Vec<u8>,
}

pub(crate) fn honest() -> &'static Honest {
    static HONEST: OnceLock<Honest> = OnceLock::new();
    HONEST.get_or_init(|| {
        let catalogs = tiny_catalogs();
        let all = recorded(&story(&catalogs), &catalogs);
        let pack = issue(&source(&all), &catalogs, &issuer(), &stub).unwrap().bytes;
        Honest { all, catalogs, pack }
    })
}

/// Verifies as the auditor does, with the stub for a renderer.
pub(crate) fn judge(pack: &[u8]) -> Verdict {
    judge_with(pack, Some(&trust()))
}

pub(crate) fn judge_with(pack: &[u8], trust: Option<&Trust>) -> Verdict {
    verify_with(pack, trust, &Limits::default(), Some(&stub as RenderPdf<'_>))
}

/// The honest pack after `edit`, judged.
pub(crate) fn forged(edit: impl FnOnce(&mut Opened)) -> Verdict {
    let mut opened = Opened::of(&honest().pack);
    edit(&mut opened);
    judge(&opened.close())
}

/// A pack taken apart.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) members: Members,
}

impl Opened {
    pub(crate) fn of(pack: &[u8]) -> Self {
        Self { members: archive::read(pack, &Limits::default()).unwrap() }
    }

    pub(crate) fn close(&self) -> Vec<u8> {
        archive::write(&self.members).unwrap()
    }

    pub(crate) fn bytes(&mut self, name: &str) -> &mut Vec<u8> {
        self.members.get_mut(name).unwrap_or_else(|| panic!("{name}"))
    }

    /// Replaces text in a member; it must be there.
    pub(crate) fn replace(&mut self, name: &str, from: &str, to: &str) {
        let bytes = self.bytes(name);
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
        let at = at.unwrap_or_else(|| panic!("{name} does not say {from}"));
        bytes.splice(at..at + from.len(), to.bytes());
    }

    /// Puts another report in, sealed as the issuer would, at the time of the issuing entry.
    pub(crate) fn set_report(&mut self, pdf: &[u8], sealer: &Sealer) {
        let time = honest().all.last().unwrap().0.time;
        let pack = self.assessment().pack;
        let words = SealWords { time, issuer: ISSUER, pack: &pack };
        *self.bytes(REPORT_PDF) = seal(pdf, sealer, &words).unwrap();
    }

    pub(crate) fn assessment(&self) -> PackAssessment {
        serde_json::from_slice(&self.members[ASSESSMENT]).unwrap()
    }

    /// Writes the assessment as an issuer would.
    pub(crate) fn set_assessment(&mut self, edit: impl FnOnce(&mut PackAssessment)) {
        let mut assessment = self.assessment();
        edit(&mut assessment);
        *self.bytes(ASSESSMENT) = affiant_reports::derive::to_json(&assessment);
    }

    pub(crate) fn set_proofs(&mut self, edit: impl FnOnce(&mut Proofs)) {
        let mut proofs: Proofs = serde_json::from_slice(&self.members[PROOFS]).unwrap();
        edit(&mut proofs);
        *self.bytes(PROOFS) = [serde_json::to_vec_pretty(&proofs).unwrap(), b"\n".to_vec()].concat();
    }

    pub(crate) fn note(&self) -> PackNote {
        PackNote::from_text(&Note::parse(&self.members[NOTE]).unwrap().text).unwrap()
    }

    /// Makes the manifests and the information file right again; gives the digest to sign.
    pub(crate) fn redo(&mut self) -> Digest {
        let assessment = self.assessment();
        let agent = concat!("affiant ", env!("CARGO_PKG_VERSION")).to_owned();
        let (pack, date) = (assessment.pack.to_string(), assessment.as_of.date().to_string());
        bag::close(&mut self.members, &BagInfo { pack, date, agent })
    }

    /// Redoes the manifests and signs: the note says what the assessment and the checkpoint say.
    pub(crate) fn sign_as(&mut self, name: &str, key: &SigningKey) {
        let tagmanifest = self.redo();
        let assessment = self.assessment();
        let head = Checkpoint::from_text(&Note::parse(&self.members[CHECKPOINT]).unwrap().text).unwrap();
        let note = PackNote {
            pack: assessment.pack,
            origin: assessment.origin,
            size: head.size,
            root: head.root,
            tagmanifest,
        };
        self.members.insert(NOTE.into(), Note::sign(&note.to_text(), &name.parse().unwrap(), key));
    }

    /// Redoes the manifests and signs as the issuer, saying what the honest pack says, whatever this one does.
    pub(crate) fn seal_and_sign(&mut self, honest: &Self) {
        let assessment = honest.assessment();
        let agent = concat!("affiant ", env!("CARGO_PKG_VERSION")).to_owned();
        let (pack, date) = (assessment.pack.to_string(), assessment.as_of.date().to_string());
        let tagmanifest = bag::close(&mut self.members, &BagInfo { pack, date, agent });
        let note = PackNote { tagmanifest, ..honest.note() };
        self.members
            .insert(NOTE.into(), Note::sign(&note.to_text(), &ISSUER.parse().unwrap(), &issuer_key()));
    }

    /// Signs with the key that the auditor trusts.
    pub(crate) fn sign(&mut self) {
        self.sign_as(ISSUER, &issuer_key());
    }

    /// Puts other entries in, with payloads, checkpoint and proofs that fit them as well as they can.
    pub(crate) fn set_entries(&mut self, source: &PackSource) {
        let apart = [PAYLOADS, KEY_PAYLOADS, KEYS];
        self.members.retain(|name, _| !apart.iter().any(|apart| name.starts_with(apart)));
        for packed in &source.entries {
            self.members
                .extend(packed.payload.iter().map(|payload| (payload_member(packed.index), payload.clone())));
        }
        *self.bytes(ENTRIES) = source.entries.iter().flat_map(|packed| packed.entry.clone()).collect();
        if !source.keys.is_empty() {
            let bytes = source.keys.iter().flat_map(|packed| packed.entry.clone()).collect();
            self.members.insert(KEYS.into(), bytes);
        }
        for (packed, record) in source.keys.iter().zip(records(&source.keys).unwrap()) {
            let payload = packed.payload.iter().filter(|_| states_keys(&record.entry));
            self.members.extend(payload.map(|payload| (key_payload_member(packed.index), payload.clone())));
        }
        *self.bytes(CHECKPOINT) = source.checkpoint.clone();
        let both = source.entries.iter().chain(&source.keys);
        let mut indexes: Vec<u64> = both.map(|packed| packed.index).collect();
        indexes.sort_unstable();
        let mut single = indexes.clone();
        single.dedup();
        let nodes = multiproof::prove(&source.leaves, &single);
        let (size, root) = (source.leaves.len() as u64, root_of(&source.leaves));
        self.set_proofs(|proofs| {
            let earlier = std::mem::take(&mut proofs.earlier);
            *proofs = Proofs { size, root, indexes, nodes, earlier };
        });
    }
}

/// Asserts that a pack is refused, and by which check first.
#[track_caller]
pub(crate) fn refused_by(verdict: &Verdict, name: CheckName, detail: &str) {
    let first = verdict.first_failure().unwrap_or_else(|| panic!("accepted: {:?}", verdict.conclusion));
    assert_eq!(first.name, name, "{}", first.detail);
    assert!(first.detail.contains(detail), "{}", first.detail);
    let about_conclusions = matches!(name, CheckName::Assessment | CheckName::Report);
    let also = |check: CheckName| verdict.outcome(check) == Outcome::Failed;
    let code = if about_conclusions && !also(CheckName::References) { 1 } else { 3 };
    assert_eq!(verdict.exit_code(), code);
}
