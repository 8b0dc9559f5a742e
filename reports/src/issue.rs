//! Issuing a pack: from a system's stream to one signed file. Deterministic: the same entries, catalogs and keys give
//! the same bytes.

use crate::archive::{self, ArchiveError};
use crate::bag::{self, BagInfo};
use crate::derive::{Catalogs, DeriveError, Subject, derive, issued, samples, to_json};
use crate::document::Document;
use crate::export::Sheet;
use crate::pack::{
    ASSESSMENT, CATALOGS_MAX, CATALOGS_SIZE_MAX, CHECKPOINT, ClaimedKeys, ENTRIES, EarlierHead, KEYS, NOTE,
    PROOFS, PackAssessment, PackNote, Proofs, REPORT_PDF, catalog_member, evidence_member,
    key_payload_member, payload_member, states_keys,
};
use crate::renditions::Conclusions;
use crate::seal::{self, SealError, SealWords, Sealer};
use affiant_controls::issued::{PackIssued, PackSigner, SIGNERS_MAX, SignerRole};
use affiant_controls::sample::Sample;
use affiant_ledger::checkpoint::{Checkpoint, CheckpointError};
use affiant_ledger::digest::Digest;
use affiant_ledger::key::SigningKey;
use affiant_ledger::merkle;
use affiant_ledger::multiproof;
use affiant_ledger::note::{KeyName, Note, Verifier, signature_line};
use affiant_ledger::reader::{ReadError, record_of};
use affiant_ledger::record::Record;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Members by name; what the source holds is borrowed from it.
type Members<'a> = BTreeMap<String, Cow<'a, [u8]>>;

/// An entry as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedEntry {
    /// Its index in the ledger.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its payload's bytes; `None` when erased.
    pub payload: Option<Vec<u8>>,
}

/// What a pack is made of.
#[derive(Debug, Clone)]
pub struct PackSource {
    /// The stream's entries from its first to the one that issues the pack.
    pub entries: Vec<PackedEntry>,
    /// The entries of stream `org` up to the one that the issuing entry names; none where it names none.
    pub keys: Vec<PackedEntry>,
    /// The signed checkpoint that covers them, a note.
    pub checkpoint: Vec<u8>,
    /// The leaf hashes of the whole ledger at that checkpoint.
    pub leaves: Vec<Digest>,
    /// Evidence files at hand, by digest.
    pub evidence: BTreeMap<Digest, Vec<u8>>,
    /// The log's key.
    pub log_key: Verifier,
    /// Whether the report's tables are wanted as rows too, for a workbook.
    pub tables: bool,
}

/// Who signs a pack.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Name of the key.
    pub name: KeyName,
    /// The key.
    pub key: SigningKey,
    /// What seals the report; the entry that issues the pack names its certificate, or none.
    pub sealer: Option<Sealer>,
    /// Who signs beside the issuer, as the entry that issues the pack names them.
    pub signers: Vec<Signer>,
}

/// Who signs a pack beside its issuer.
#[derive(Debug, Clone)]
pub struct Signer {
    /// In what role.
    pub role: SignerRole,
    /// Name of the key.
    pub name: KeyName,
    /// The key.
    pub key: SigningKey,
}

impl Signer {
    /// What the entry that issues the pack says of it.
    pub fn named(&self) -> PackSigner {
        let vkey = Verifier::new(self.name.clone(), self.key.verifying_key()).to_string();
        PackSigner { role: self.role, vkey }
    }
}

impl Issuer {
    /// What the entry that issues the pack says of those who sign beside the issuer. Refuses more than a verifier takes, and one
    /// key in two places.
    pub fn named_signers(&self) -> Result<BTreeSet<PackSigner>, IssueError> {
        let mut keys: Vec<_> = self.signers.iter().map(|signer| signer.key.verifying_key()).collect();
        keys.push(self.key.verifying_key());
        let distinct: BTreeSet<_> = keys.iter().map(|key| key.as_bytes()).collect();
        if distinct.len() != keys.len() {
            return Err(IssueError::OneKey);
        }
        if self.signers.len() > SIGNERS_MAX {
            return Err(IssueError::TooManySigners(self.signers.len()));
        }
        Ok(self.signers.iter().map(Signer::named).collect())
    }
}

/// A pack, issued.
#[derive(Debug, Clone)]
pub struct IssuedPack<W = Vec<u8>> {
    /// The file's bytes, or what they were written to.
    pub bytes: W,
    /// The report alone, as PDF.
    pub report: Vec<u8>,
    /// The report as data, for its other forms.
    pub document: Document,
    /// Its tables, as rows, where they are wanted.
    pub sheets: Vec<Sheet>,
    /// What it concludes.
    pub assessment: PackAssessment,
    /// SHA-256 of the certificate that sealed the report.
    pub certificate: Option<Digest>,
}

/// Why a pack was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The entries cannot be assessed.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// An entry or payload is not what it should be.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The issuing entry names another issuer than the one who signs.
    #[error("the entry that issues the pack names issuer `{named}`, and `{signing}` signs")]
    Issuer {
        /// As the entry says.
        named: String,
        /// Name of the key at hand.
        signing: String,
    },
    /// The issuing entry names another certificate than the one that seals.
    #[error("the entry that issues the pack names another certificate than the one that seals the report")]
    Certificate,
    /// The issuing entry names other signers than those at hand.
    #[error("the entry that issues the pack names other signers than those who sign")]
    Signers,
    /// A key that would sign twice.
    #[error("one key signs in two places: who signs beside the issuer does so with a key of their own")]
    OneKey,
    /// More signers than a verifier takes.
    #[error("{0} signers beside the issuer, the limit is {SIGNERS_MAX}")]
    TooManySigners(usize),
    /// The report cannot be sealed.
    #[error("the report {0}")]
    Seal(#[from] SealError),
    /// The entries of stream `org` do not end with the one that the issuing entry names.
    #[error("the entries of stream `org` at hand do not end where the entry that issues the pack says")]
    Keys,
    /// More or larger catalogs than a verifier takes.
    #[error(
        "{count} catalogs of {size} bytes together exceed what a pack takes, {CATALOGS_MAX} of {CATALOGS_SIZE_MAX} bytes"
    )]
    Catalogs {
        /// How many.
        count: usize,
        /// Their bytes.
        size: usize,
    },
    /// The report cannot be rendered.
    #[error("report: {0}")]
    Render(String),
    /// There is no such file.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file cannot be written.
    #[error("the pack cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Refuses catalogs that a verifier would refuse.
pub fn fits(catalogs: &Catalogs) -> Result<(), IssueError> {
    let mut members = Members::new();
    insert_catalogs(&mut members, catalogs);
    let (count, size) = (members.len(), members.values().map(|bytes| bytes.len()).sum());
    if count > CATALOGS_MAX || size > CATALOGS_SIZE_MAX {
        Err(IssueError::Catalogs { count, size })
    } else {
        Ok(())
    }
}

/// Renders a document to PDF bytes.
pub type RenderPdf<'a> = &'a dyn Fn(&Document) -> Result<Vec<u8>, String>;

/// Issues a pack whose issuing entry is already the last of the source's entries.
pub fn issue(
    source: &PackSource,
    catalogs: &Catalogs,
    issuer: &Issuer,
    render: RenderPdf<'_>,
) -> Result<IssuedPack, IssueError> {
    issue_to(source, catalogs, issuer, render, Vec::new())
}

/// The same, written as it is made: its bytes are not held.
pub fn issue_to<W: Write>(
    source: &PackSource,
    catalogs: &Catalogs,
    issuer: &Issuer,
    render: RenderPdf<'_>,
    mut bytes: W,
) -> Result<IssuedPack<W>, IssueError> {
    fits(catalogs)?;
    let mut catalogs = catalogs.clone();
    catalogs.frameworks.sort_by(|a, b| a.id.cmp(&b.id));
    let origin = source.log_key.name().as_str();
    let checkpoint = Checkpoint::open(&source.checkpoint, origin, &source.log_key)?;
    let mut records = records(&source.entries)?;
    let issuer_key = Verifier::new(issuer.name.clone(), issuer.key.verifying_key());
    let issuing = issued(&records)?;
    if issuing.keys != source.keys.last().map(|last| Digest::leaf(&last.entry)) {
        return Err(IssueError::Keys);
    }
    if issuing.issuer != issuer.name.as_str() {
        return Err(IssueError::Issuer { named: issuing.issuer, signing: issuer.name.to_string() });
    }
    if issuing.certificate != issuer.sealer.as_ref().map(Sealer::certificate) {
        return Err(IssueError::Certificate);
    }
    if issuing.signers != issuer.named_signers()? {
        return Err(IssueError::Signers);
    }
    let is_withheld =
        |record: &Record| issuing.withheld.iter().any(|rule| rule.covers_kind(&record.entry.kind));
    records.iter_mut().filter(|record| is_withheld(record)).for_each(|record| record.statement = None);
    let keys = ClaimedKeys {
        log: source.log_key.to_string(),
        issuer: issuer_key.to_string(),
        signers: BTreeSet::new(),
    };
    let held = source.evidence.keys().copied().collect();
    let subject = Subject { records: &records, origin, keys: &keys, held: &held };
    let (assessment, register) = derive(subject, &catalogs)?;
    let conclusions = Conclusions {
        assessment: &assessment,
        records: &records,
        register: &register,
        catalogs: &catalogs,
        checkpoint: &checkpoint,
        certificate: issuing.certificate.as_ref(),
    };
    let document = conclusions.document();
    let mut report = render(&document).map_err(IssueError::Render)?;
    if let (Some(sealer), Some(last)) = (&issuer.sealer, records.last()) {
        report = seal::seal(&report, sealer, &seal_words(&issuing, last))?;
    }

    let mut sheets = Vec::new();
    let wanted = source.tables.then_some(&mut sheets);
    let mut members = Members::new();
    let keep = |name, bytes: Vec<u8>| drop(members.insert(name, bytes.into()));
    conclusions.renditions(&document, wanted, keep).map_err(DeriveError::from)?;
    drop(register);
    members.insert(REPORT_PDF.into(), (&report).into());
    members.insert(ASSESSMENT.into(), to_json(&assessment).into());
    members.insert(ENTRIES.into(), sequence(&source.entries).into());
    for (packed, record) in source.entries.iter().zip(&records) {
        let payload = packed.payload.as_ref().filter(|_| record.statement.is_some());
        members.extend(payload.map(|payload| (payload_member(packed.index), payload.into())));
    }
    insert_keys(&mut members, &source.keys)?;
    members.insert(CHECKPOINT.into(), (&source.checkpoint).into());
    let samples = samples(&records).map_err(DeriveError::from)?;
    drop(records);
    members.insert(PROOFS.into(), proofs(source, &checkpoint, &samples).into());
    for file in assessment.evidence.iter().filter(|file| file.held) {
        // Evidence at hand that no entry cites has no place in the pack.
        let bytes = source.evidence.get(&file.sha256);
        members.extend(bytes.map(|bytes| (evidence_member(&file.sha256), bytes.into())));
    }
    insert_catalogs(&mut members, &catalogs);

    let info = bag_info(&assessment);
    let note = PackNote {
        pack: assessment.pack.clone(),
        origin: origin.to_owned(),
        size: checkpoint.size,
        root: checkpoint.root,
        tagmanifest: bag::close(&mut members, &info),
    };
    members.insert(NOTE.into(), signed(&note.to_text(), issuer).into());
    archive::write_to(&members, |part| bytes.write_all(part).map_err(IssueError::from))?;
    drop(members);
    Ok(IssuedPack { bytes, report, document, sheets, assessment, certificate: issuing.certificate })
}

/// The note: the line of the issuer, then those of the signers in the order in which the issuing entry names them.
fn signed(text: &str, issuer: &Issuer) -> Vec<u8> {
    let mut note = Note::sign(text, &issuer.name, &issuer.key);
    let mut signers: Vec<&Signer> = issuer.signers.iter().collect();
    signers.sort_by_cached_key(|signer| signer.named());
    for Signer { name, key, .. } in signers {
        note.extend_from_slice(signature_line(text, name, key).as_bytes());
    }
    note
}

/// What a seal says of a pack, by its issuing entry.
pub(crate) fn seal_words<'a>(issued: &'a PackIssued, issuing: &Record) -> SealWords<'a> {
    SealWords { time: issuing.entry.time, issuer: &issued.issuer, pack: &issued.id }
}

/// The records of packed entries.
pub fn records(entries: &[PackedEntry]) -> Result<Vec<Record>, ReadError> {
    entries.iter().map(|packed| record_of(packed.index, &packed.entry, packed.payload.as_deref())).collect()
}

/// What the bag says of itself.
pub(crate) fn bag_info(assessment: &PackAssessment) -> BagInfo {
    BagInfo {
        pack: assessment.pack.to_string(),
        date: assessment.as_of.date().to_string(),
        agent: concat!("affiant ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

fn proofs(source: &PackSource, checkpoint: &Checkpoint, samples: &[(u64, Sample)]) -> Vec<u8> {
    let both = source.entries.iter().chain(&source.keys);
    let mut indexes: Vec<u64> = both.map(|packed| packed.index).collect();
    indexes.sort_unstable();
    let nodes = multiproof::prove(&source.leaves, &indexes);
    let sizes: BTreeSet<u64> = samples.iter().map(|(_, sample)| sample.size).collect();
    // One that never was has no proof; who verifies says so.
    let possible = sizes.into_iter().filter(|size| (1..=checkpoint.size).contains(size));
    let earlier = possible.map(|size| EarlierHead {
        size,
        root: merkle::root_of(&source.leaves[..size as usize]),
        path: merkle::consistency_of(&source.leaves, size),
    });
    let earlier = earlier.collect();
    let proofs = Proofs { size: checkpoint.size, root: checkpoint.root, indexes, nodes, earlier };
    proofs_json(&proofs)
}

/// The bytes of proofs.json: its one form.
pub(crate) fn proofs_json(proofs: &Proofs) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(proofs)
        .unwrap_or_else(|error| panic!("proofs are numbers and text: {error}"));
    bytes.push(b'\n');
    bytes
}

/// Entries as a CBOR sequence.
fn sequence(entries: &[PackedEntry]) -> Vec<u8> {
    entries.iter().map(|packed| packed.entry.as_slice()).collect::<Vec<_>>().concat()
}

/// The entries of stream `org`, and what they say where it is about keys.
fn insert_keys<'a>(members: &mut Members<'a>, keys: &'a [PackedEntry]) -> Result<(), IssueError> {
    if keys.is_empty() {
        return Ok(());
    }
    members.insert(KEYS.into(), sequence(keys).into());
    for (packed, record) in keys.iter().zip(records(keys)?) {
        let payload = packed.payload.as_ref().filter(|_| states_keys(&record.entry));
        members.extend(payload.map(|payload| (key_payload_member(packed.index), payload.into())));
    }
    Ok(())
}

fn insert_catalogs(members: &mut Members<'_>, catalogs: &Catalogs) {
    for framework in &catalogs.frameworks {
        members.insert(catalog_member(&framework.pin()), framework.to_bytes().into());
    }
    for catalog in catalogs.controls.catalogs() {
        members.insert(catalog_member(&catalog.pin()), catalog.to_bytes().into());
    }
    for set in catalogs.mappings.sets() {
        members.insert(catalog_member(&set.pin()), set.to_bytes().into());
    }
}
