//! From entries and catalogs to `assessment.json`: the one function that issuing and verifying share.
//!
//! It is pure. A verifier runs it again on what is in the pack and compares bytes, instead of believing the report.

use crate::pack::{
    ClaimedKeys, DOES_NOT_ESTABLISH, EntryRange, EvidenceHeld, PACK_VERSION, PackAssessment, catalog_order,
};
use affiant_controls::catalog::ControlCatalog;
use affiant_controls::issued::PackIssued;
use affiant_controls::pin::CatalogPin;
use affiant_controls::register::{Register, RegisterError};
use affiant_controls::statement::{Statement, StatementError};
use affiant_frameworks::assess::{AssessError, assess};
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mapping::MappingSet;
use affiant_ledger::digest::Digest;
use affiant_ledger::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// The catalogs an assessment uses.
#[derive(Debug, Clone)]
pub struct Catalogs {
    /// The frameworks assessed, by id.
    pub frameworks: Vec<Framework>,
    /// The control catalog.
    pub controls: ControlCatalog,
    /// Which control supports which requirement.
    pub mappings: MappingSet,
}

impl Catalogs {
    /// The pins of all catalogs, in the order of assessment.json.
    pub fn pins(&self) -> Vec<CatalogPin> {
        let mut pins: Vec<CatalogPin> = self.frameworks.iter().map(Framework::pin).collect();
        pins.push(self.controls.pin());
        pins.push(self.mappings.pin());
        pins.sort_by_key(catalog_order);
        pins
    }
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The stream's records, in order; the last is the entry that issued the pack.
    pub records: &'a [Record],
    /// Origin of the ledger.
    pub origin: &'a str,
    /// The keys used.
    pub keys: &'a ClaimedKeys,
    /// The evidence files at hand.
    pub held: &'a BTreeSet<Digest>,
}

/// Why nothing could be derived.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The last entry does not issue a pack.
    #[error("the last entry is not the one that issues the pack")]
    NotIssued,
    /// A statement cannot be read.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The entries cannot be replayed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// They cannot be assessed.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// The pack was issued over other frameworks than the catalogs given.
    #[error("the pack is issued over {issued}, the catalogs are {given}")]
    Frameworks {
        /// As the entry says.
        issued: String,
        /// As given.
        given: String,
    },
}

/// What judges, as written in assessment.json.
pub const ENGINE: &str = concat!("affiant-frameworks ", env!("CARGO_PKG_VERSION"));

/// Derives the assessment and the register it rests on.
pub fn derive(subject: Subject<'_>, catalogs: &Catalogs) -> Result<(PackAssessment, Register), DeriveError> {
    let (issuing, _) = subject.records.split_last().ok_or(DeriveError::NotIssued)?;
    let issued = issued(issuing)?.ok_or(DeriveError::NotIssued)?;
    let given: BTreeSet<String> = catalogs.frameworks.iter().map(|framework| framework.id.to_string()).collect();
    if issued.frameworks != given {
        let list = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join(", ");
        return Err(DeriveError::Frameworks { issued: list(&issued.frameworks), given: list(&given) });
    }
    let register = Register::replay(subject.records, issued.as_of)?;
    let mut assessments = Vec::new();
    for framework in &catalogs.frameworks {
        assessments.push(assess(framework, &catalogs.mappings, &catalogs.controls, &register)?);
    }
    let assessment = PackAssessment {
        version: PACK_VERSION,
        pack: issued.id,
        system: issued.system,
        origin: subject.origin.to_owned(),
        as_of: issued.as_of,
        engine: ENGINE.to_owned(),
        entries: EntryRange { first: subject.records[0].entry.n, last: issuing.entry.n, head: issuing.leaf },
        keys: subject.keys.clone(),
        catalogs: catalogs.pins(),
        assessments,
        evidence: evidence(subject)?,
        withheld: subject.records.iter().filter(|r| r.statement.is_none()).map(|r| r.entry.index).collect(),
        does_not_establish: DOES_NOT_ESTABLISH.map(str::to_owned).to_vec(),
    };
    Ok((assessment, register))
}

/// The statement that issues a pack, if the record is one.
pub fn issued(record: &Record) -> Result<Option<PackIssued>, StatementError> {
    Ok(match statement(record)? {
        Some(Statement::Pack(issued)) => Some(issued),
        _ => None,
    })
}

/// The statement of a record, where it is there and of a kind known here.
pub fn statement(record: &Record) -> Result<Option<Statement>, StatementError> {
    match &record.statement {
        Some(bytes) => Statement::from_bytes(record.entry.kind.as_str(), bytes),
        None => Ok(None),
    }
}

/// Every evidence file cited, once, by digest.
fn evidence(subject: Subject<'_>) -> Result<Vec<EvidenceHeld>, DeriveError> {
    let mut cited: BTreeMap<Digest, EvidenceHeld> = BTreeMap::new();
    for record in subject.records {
        let Some(Statement::Result(result)) = statement(record)? else { continue };
        for file in result.evidence {
            let held = subject.held.contains(&file.sha256);
            let item = EvidenceHeld { sha256: file.sha256, name: file.name, size: file.size, held };
            cited.entry(item.sha256).or_insert(item);
        }
    }
    Ok(cited.into_values().collect())
}

/// The bytes of assessment.json.
pub fn to_json(assessment: &PackAssessment) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(assessment)
        .unwrap_or_else(|error| panic!("an assessment is text, numbers and lists: {error}"));
    bytes.push(b'\n');
    bytes
}
