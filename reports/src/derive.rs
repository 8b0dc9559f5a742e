//! From entries and catalogs to `assessment.json`: the one function that issuing and verifying share.
//!
//! It is pure. A verifier runs it again on what is in the pack and compares bytes, instead of believing the report.

mod period;
mod withheld;

use crate::pack::{ClaimedKeys, DOES_NOT_ESTABLISH, EntryRange, PACK_VERSION, PackAssessment, catalog_order};
use affiant_controls::issued::{PackIssued, PackPeriod};
use affiant_controls::pin::CatalogPin;
use affiant_controls::register::{Register, RegisterError};
use affiant_controls::sample::Sample;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::{Statement, StatementError};
use affiant_controls::withhold::RULES_MAX;
use affiant_frameworks::assess::{AssessError, assess_all};
use affiant_frameworks::framework::Framework;
use affiant_frameworks::mappings::MappingSets;
use affiant_frameworks::period::{PERIOD_DAYS_MAX, PeriodError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use std::collections::BTreeSet;
use withheld::Evidence;

/// The catalogs an assessment uses.
#[derive(Debug, Clone)]
pub struct Catalogs {
    /// The frameworks assessed, by id.
    pub frameworks: Vec<Framework>,
    /// The control catalogs.
    pub controls: ControlSet,
    /// Which control supports which requirement.
    pub mappings: MappingSets,
}

impl Catalogs {
    /// The pins of all catalogs, in the order of assessment.json.
    pub fn pins(&self) -> Vec<CatalogPin> {
        let mut pins: Vec<CatalogPin> = self.frameworks.iter().map(Framework::pin).collect();
        pins.extend(self.controls.pins());
        pins.extend(self.mappings.pins());
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
    /// The keys used; who signs beside the issuer is said by the entry that issues the pack.
    pub keys: &'a ClaimedKeys,
    /// The evidence files at hand.
    pub held: &'a BTreeSet<Digest>,
}

/// Why nothing could be derived.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// The last entry does not issue a pack.
    #[error("the last entry is not one that issues a pack: the tail was cut off, or its payload is withheld")]
    NotIssued,
    /// The last entry issues another pack than one over the entries before it.
    #[error("the entry that issues the pack names another {0}")]
    Issued(&'static str),
    /// More to judge than a verifier would.
    #[error(
        "{pairs} pairs of a mapping, an exception or a result without an asset with an asset to judge exceed {PAIRS_MAX}"
    )]
    TooMany {
        /// Mappings and what else is looked at for each asset, times assets.
        pairs: u64,
    },
    /// More to judge over a period than a verifier would.
    #[error(
        "{steps} steps to judge over the period exceed {STEPS_MAX}: spans of controls on assets, and windows of plans"
    )]
    TooLong {
        /// What may change on each asset, for each control, and windows of plans.
        steps: u64,
    },
    /// A statement cannot be read.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The entries cannot be replayed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// They cannot be assessed.
    #[error(transparent)]
    Assess(#[from] AssessError),
    /// They cannot be assessed over the period.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// The pack was issued over other frameworks than the catalogs given.
    #[error("the pack is issued over {issued}, the catalogs are {given}")]
    Frameworks {
        /// As the entry says.
        issued: String,
        /// As given.
        given: String,
    },
}

/// Most pairs of a mapping and an asset, for each of which an assessment may grow by a line, and of an exception or a result
/// without an asset with an asset, each of which is looked at.
pub const PAIRS_MAX: u64 = 1 << 24;

/// Most steps of a period: each may become a span or a window of the assessment.
pub const STEPS_MAX: u64 = 1 << 22;

/// What judges, as written in assessment.json.
pub const ENGINE: &str = concat!("affiant-frameworks ", env!("CARGO_PKG_VERSION"));

/// Derives the assessment and the register it rests on.
pub fn derive(subject: Subject<'_>, catalogs: &Catalogs) -> Result<(PackAssessment, Register), DeriveError> {
    let issued = issued(subject.records)?;
    let mut frameworks: Vec<&Framework> = catalogs.frameworks.iter().collect();
    frameworks.sort_by(|a, b| a.id.cmp(&b.id));
    if !issued
        .frameworks
        .iter()
        .map(String::as_str)
        .eq(frameworks.iter().map(|framework| framework.id.as_str()))
    {
        let given: Vec<&str> = frameworks.iter().map(|framework| framework.id.as_str()).collect();
        let issued = issued.frameworks.into_iter().collect::<Vec<_>>().join(", ");
        return Err(DeriveError::Frameworks { issued, given: given.join(", ") });
    }
    let horizon = period::horizon(&issued, subject.records);
    let register = Register::replay_at(subject.records, horizon)?;
    let assets = limited(&register, &frameworks, catalogs)?;
    let assessments = assess_all(frameworks, &catalogs.mappings, &catalogs.controls, &register)?;
    let periods = period::over(&issued, subject.records, catalogs, (horizon, assets))?;
    let Evidence { files, withholding } = withheld::evidence(subject, &issued.withheld)?;
    let assessment = PackAssessment {
        version: PACK_VERSION,
        pack: issued.id,
        system: issued.system,
        origin: subject.origin.to_owned(),
        as_of: issued.as_of,
        period: issued.period,
        engine: ENGINE.to_owned(),
        entries: range(subject.records)?,
        keys: ClaimedKeys { signers: issued.signers, ..subject.keys.clone() },
        catalogs: catalogs.pins(),
        assessments,
        periods,
        evidence: files,
        withheld: subject.records.iter().filter(|r| r.statement.is_none()).map(|r| r.entry.index).collect(),
        withholding,
        does_not_establish: DOES_NOT_ESTABLISH.map(str::to_owned).to_vec(),
    };
    Ok((assessment, register))
}

fn range(records: &[Record]) -> Result<EntryRange, DeriveError> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Err(DeriveError::NotIssued);
    };
    Ok(EntryRange { first: first.entry.n, last: last.entry.n, head: last.leaf })
}

/// What the last record says, which issues the pack over all before it.
pub fn issued(records: &[Record]) -> Result<PackIssued, DeriveError> {
    let (issuing, assessed) = records.split_last().ok_or(DeriveError::NotIssued)?;
    let Some(Statement::Pack(issued)) = statement(issuing)? else { return Err(DeriveError::NotIssued) };
    let head = assessed.last().ok_or(DeriveError::Issued("head"))?;
    if issued.first != 0 || issued.last != head.entry.n || issued.head != head.leaf {
        return Err(DeriveError::Issued("head"));
    }
    if issued.system != issuing.entry.stream {
        return Err(DeriveError::Issued("system"));
    }
    if issued.withheld.len() > RULES_MAX {
        return Err(DeriveError::Issued("number of withholding rules, more than a verifier takes"));
    }
    if let Some(period @ PackPeriod { from, to }) = issued.period {
        let sound = from < to && to <= issuing.entry.time && to.days_since(from) <= PERIOD_DAYS_MAX;
        if !sound || issued.as_of != period.last() {
            return Err(DeriveError::Issued(
                "time than the last instant of its period, or a period that is none",
            ));
        }
    }
    if issued.as_of > issuing.entry.time {
        return Err(DeriveError::Issued("time, later than its own"));
    }
    Ok(issued)
}

/// Refuses what would take memory out of proportion to the pack; gives how many assets there are.
fn limited(
    register: &Register,
    frameworks: &[&Framework],
    Catalogs { mappings, controls, .. }: &Catalogs,
) -> Result<u64, DeriveError> {
    let named = register.results().filter_map(|recorded| recorded.result.asset.as_ref());
    let assets: BTreeSet<&Id> = register.assets().map(|asset| &asset.id).chain(named).collect();
    let mapped: usize = frameworks.iter().map(|framework| mappings.of(framework.id.as_str()).count()).sum();
    // The system itself and the organisation are assets too.
    let assets = assets.len() as u64 + 2;
    let unnamed = register.results().filter(|recorded| recorded.result.asset.is_none()).count() as u64;
    let exceptions = register.exceptions().count() as u64;
    // Each exception is compared with each control, and looked at for every asset of its own.
    let pairs = (mapped as u64 + unnamed).saturating_mul(assets);
    let pairs = pairs.saturating_add(exceptions.saturating_mul(assets + controls.controls().count() as u64));
    if pairs > PAIRS_MAX { Err(DeriveError::TooMany { pairs }) } else { Ok(assets) }
}

/// The statement of a record, where it is there and of a kind known here.
pub fn statement(record: &Record) -> Result<Option<Statement>, StatementError> {
    match &record.statement {
        Some(bytes) => Statement::from_bytes(record.entry.kind.as_str(), bytes),
        None => Ok(None),
    }
}

/// The samples recorded in a stream, each with the index of its entry.
pub fn samples(records: &[Record]) -> Result<Vec<(u64, Sample)>, StatementError> {
    let mut samples = Vec::new();
    for record in records.iter().filter(|record| record.entry.kind == *"sample") {
        if let Some(Statement::Sample(sample)) = statement(record)? {
            samples.push((record.entry.index, *sample));
        }
    }
    Ok(samples)
}

/// The bytes of assessment.json.
pub fn to_json(assessment: &PackAssessment) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(assessment)
        .unwrap_or_else(|error| panic!("an assessment is text, numbers and lists: {error}"));
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use affiant_controls::catalog::ControlCatalog;
    use affiant_controls::result::Collector;
    use affiant_controls::{Asset, ControlResult, Exception, Status};
    use affiant_ledger::entry::{ENTRY_VERSION, Entry};
    use affiant_ledger::time::Timestamp;

    const NOW: Timestamp = Timestamp::MIN;

    fn id(text: String) -> Id {
        text.parse().unwrap()
    }

    /// A register of so many assets, exceptions that cover each of them, and results that name none.
    fn register(assets: usize, exceptions: usize, unnamed: usize) -> Register {
        let system = id("scoring".to_owned());
        let asset =
            |at| Statement::Asset(Asset::new(system.clone(), id(format!("a-{at}")), "model", "A model"));
        let exception = |at| {
            Statement::Exception(Exception {
                id: id(format!("e-{at}")),
                assets: BTreeSet::new(),
                reason: "later".to_owned(),
                system: system.clone(),
                control: "AFF-EXP-11".parse().unwrap(),
                expires: Timestamp::MAX,
                revoked: false,
                approver: "Head of Risk".to_owned(),
                compensating: None,
                requested_by: None,
            })
        };
        let result = |at| {
            let (control, collector) = ("AFF-EXP-11".parse().unwrap(), Collector::new(format!("c-{at}")));
            let result =
                ControlResult::new(control, system.clone(), Status::Failed, NOW, collector, "looked at");
            Statement::Result(Box::new(result))
        };
        let all =
            (0..assets).map(asset).chain((0..exceptions).map(exception)).chain((0..unnamed).map(result));
        let record = |(index, statement): (u64, Statement)| {
            let bytes = statement.to_bytes();
            let entry = Entry {
                n: index,
                v: ENTRY_VERSION,
                by: "local".to_owned(),
                kind: id(statement.kind().to_owned()),
                prev: Digest::ZERO,
                time: NOW,
                index,
                stream: system.clone(),
                payload: Digest::of(&bytes),
                stream_prev: Digest::ZERO,
            };
            Record { leaf: Digest::leaf(&entry.to_bytes()), entry, statement: Some(bytes) }
        };
        let records: Vec<Record> = (0..).zip(all).map(record).collect();
        Register::replay(&records, NOW).unwrap()
    }

    #[test]
    fn exceptions_and_results_without_an_asset_count_toward_what_a_verifier_looks_at() {
        let catalogs = Catalogs {
            frameworks: Vec::new(),
            controls: ControlSet::new(ControlCatalog::all_embedded()).unwrap(),
            mappings: MappingSets::new(Vec::new()).unwrap(),
        };
        let controls = catalogs.controls.controls().count() as u64;
        let judged = |register: &Register| match limited(register, &[], &catalogs) {
            Err(DeriveError::TooMany { pairs }) => Some(pairs),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        };
        let many = 4_100;
        for few in [register(many, 50, 50), register(50, many, 50), register(50, 50, many)] {
            assert_eq!(judged(&few), None);
        }
        let size = many as u64;
        assert_eq!(judged(&register(many, many, 0)), Some(size * (size + 2 + controls)));
        assert_eq!(judged(&register(many, 0, many)), Some(size * (size + 2)));
    }
}
