//! A statement: what a submitter says, the payload of an entry.
//!
//! Eleven kinds live here: `system`, `asset`, `result`, `catalog`, `pack`, `exception`, `applicability`, `plan`,
//! `attestation`, `incident`, `event`. Each is a CBOR map without a tag; the kind
//! stands in the entry. The same structs are the JSON form: times are RFC 3339 text there and digests hexadecimal.

use crate::asset::Asset;
use crate::attestation::Attestation;
use crate::control::ControlId;
use crate::decision::Decision;
use crate::event::Event;
use crate::evidence::EvidenceRef;
use crate::exception::Exception;
use crate::incident::Incident;
use crate::issued::PackIssued;
use crate::pin::CatalogPin;
use crate::plan::Plan;
use crate::result::ControlResult;
use crate::system::System;
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::id::{Id, IdRef};
use affiant_ledger::payload::STATEMENT_SIZE_MAX;
use affiant_ledger::record::{Draft, Facet};
use affiant_ledger::time::Timestamp;

/// The stream of the organisation: statements about no single AI system.
pub const ORGANISATION: &str = "org";

/// What a submitter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// An AI system and its classification.
    System(System),
    /// An asset.
    Asset(Asset),
    /// The outcome of a control.
    Result(Box<ControlResult>),
    /// A catalog version in use.
    Catalog(CatalogPin),
    /// A pack was issued.
    Pack(PackIssued),
    /// A gap was accepted for a time.
    Exception(Exception),
    /// It was decided what applies; its kind is `applicability`.
    Decision(Decision),
    /// Runs of a control were promised.
    Plan(Plan),
    /// A person stated how a requirement is met.
    Attestation(Attestation),
    /// Something went wrong.
    Incident(Incident),
    /// Something happened that earlier evidence does not know of.
    Event(Event),
}

/// Why bytes are not a statement of their kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement of kind `{kind}`: {source}")]
pub struct StatementError {
    /// The kind the entry names.
    pub kind: String,
    /// What is wrong with the bytes.
    pub source: CodecError,
}

impl Statement {
    /// The kind that goes into the entry.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::System(_) => "system",
            Self::Asset(_) => "asset",
            Self::Result(_) => "result",
            Self::Catalog(_) => "catalog",
            Self::Pack(_) => "pack",
            Self::Exception(_) => "exception",
            Self::Decision(_) => "applicability",
            Self::Plan(_) => "plan",
            Self::Attestation(_) => "attestation",
            Self::Incident(_) => "incident",
            Self::Event(_) => "event",
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::System(system) => codec::encode(system),
            Self::Asset(asset) => codec::encode(asset),
            Self::Result(result) => codec::encode(result),
            Self::Catalog(pin) => codec::encode(pin),
            Self::Pack(pack) => codec::encode(pack),
            Self::Exception(exception) => codec::encode(exception),
            Self::Decision(decision) => codec::encode(decision),
            Self::Plan(plan) => codec::encode(plan),
            Self::Attestation(attestation) => codec::encode(attestation),
            Self::Incident(incident) => codec::encode(incident),
            Self::Event(event) => codec::encode(event),
        }
    }

    /// Its JSON form: the same fields.
    pub fn to_json(&self) -> serde_json::Value {
        let json = match self {
            Self::System(system) => serde_json::to_value(system),
            Self::Asset(asset) => serde_json::to_value(asset),
            Self::Result(result) => serde_json::to_value(result),
            Self::Catalog(pin) => serde_json::to_value(pin),
            Self::Pack(pack) => serde_json::to_value(pack),
            Self::Exception(exception) => serde_json::to_value(exception),
            Self::Decision(decision) => serde_json::to_value(decision),
            Self::Plan(plan) => serde_json::to_value(plan),
            Self::Attestation(attestation) => serde_json::to_value(attestation),
            Self::Incident(incident) => serde_json::to_value(incident),
            Self::Event(event) => serde_json::to_value(event),
        };
        json.unwrap_or_default()
    }

    /// Reads a statement of a kind; `None` for kinds of other storeys (`genesis`, `key`, ...).
    pub fn from_bytes(kind: &str, bytes: &[u8]) -> Result<Option<Self>, StatementError> {
        let max = STATEMENT_SIZE_MAX;
        let read = match kind {
            "system" => codec::decode(bytes, max).map(Self::System),
            "asset" => codec::decode(bytes, max).map(Self::Asset),
            "result" => codec::decode(bytes, max).map(|result| Self::Result(Box::new(result))),
            "catalog" => codec::decode(bytes, max).map(Self::Catalog),
            "pack" => codec::decode(bytes, max).map(Self::Pack),
            "exception" => codec::decode(bytes, max).map(Self::Exception),
            "applicability" => codec::decode(bytes, max).map(Self::Decision),
            "plan" => codec::decode(bytes, max).map(Self::Plan),
            "attestation" => codec::decode(bytes, max).map(Self::Attestation),
            "incident" => codec::decode(bytes, max).map(Self::Incident),
            "event" => codec::decode(bytes, max).map(Self::Event),
            _ => return Ok(None),
        };
        read.map(Some).map_err(|source| StatementError { kind: kind.to_owned(), source })
    }

    /// The stream it goes to: its system's; a catalog pin goes to `org` unless the draft is given another.
    pub fn stream(&self) -> Id {
        match self {
            Self::System(system) => system.id.clone(),
            Self::Asset(asset) => asset.system.clone(),
            Self::Result(result) => result.system.clone(),
            Self::Catalog(_) => identifier(ORGANISATION),
            Self::Pack(pack) => pack.system.clone(),
            Self::Exception(exception) => exception.system.clone(),
            Self::Decision(decision) => decision.system.clone(),
            Self::Plan(plan) => plan.system.clone(),
            Self::Attestation(attestation) => attestation.system.clone(),
            Self::Incident(incident) => incident.system.clone(),
            Self::Event(event) => event.system.clone(),
        }
    }

    /// The files it cites.
    pub fn evidence(&self) -> &[EvidenceRef] {
        match self {
            Self::Result(result) => &result.evidence,
            Self::Attestation(attestation) => &attestation.evidence,
            _ => &[],
        }
    }

    /// The idempotency id it carries.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Result(result) => result.id.as_deref(),
            _ => None,
        }
    }

    /// Where the index files it; equal to [`facet_of`] over its bytes.
    pub fn facet(&self) -> Facet {
        match self {
            Self::System(_) => facet(&["system"], 0),
            Self::Asset(asset) => facet(&["asset", asset.id.as_str()], 0),
            Self::Result(result) => {
                let asset = result.asset.as_ref().map_or("", Id::as_str);
                let key = ["result", result.control.as_str(), asset, &result.collector.name];
                facet(&key, result.observed_to.as_millis())
            }
            Self::Catalog(pin) => facet(&["catalog", pin.id.as_str()], 0),
            Self::Pack(pack) => facet(&["pack", pack.id.as_str()], 0),
            Self::Exception(exception) => facet(&["exception", exception.id.as_str()], 0),
            Self::Plan(plan) => facet(&["plan", plan.id.as_str()], 0),
            Self::Incident(incident) => facet(&["incident", incident.id.as_str()], 0),
            Self::Decision(decision) => {
                let framework = decision.framework.as_ref().map_or("", Id::as_str);
                let control = decision.control.as_ref().map_or("", ControlId::as_str);
                let requirement = decision.requirement.as_deref().unwrap_or_default();
                facet(&["applicability", framework, requirement, control], 0)
            }
            Self::Attestation(attestation) => {
                facet(&["attestation", attestation.framework.as_str(), &attestation.requirement], 0)
            }
            Self::Event(event) => {
                let asset = event.asset.as_ref().map_or("", Id::as_str);
                facet(&["event", asset, event.kind.as_str()], event.at.as_millis())
            }
        }
    }

    /// What to append, said by `by` (`local`, `key:<id>`, `token:<id>`).
    pub fn draft(&self, by: &str) -> Draft {
        Draft {
            stream: self.stream(),
            kind: identifier(self.kind()),
            by: by.to_owned(),
            statement: self.to_bytes(),
            signature: None,
            id: self.id().map(str::to_owned),
            facet: Some(self.facet()),
        }
    }
}

/// Where the index files a statement (what a ledger asks of its storeys as `Filing::facet`): results by control, asset
/// and collector, ranked by the end of their observation; everything else by id, the latest entry winning. Reads only
/// what it needs, of bytes that a digest vouches for; `None` for other kinds and for bytes that are no statement.
pub fn facet_of(kind: &str, statement: &[u8]) -> Option<Facet> {
    match kind {
        "system" => Some(facet(&["system"], 0)),
        "asset" | "catalog" | "pack" | "exception" | "plan" | "incident" => {
            let [id] = codec::fields(statement, ["id"]).ok()?;
            Some(facet(&[kind, id_in(id?)?], 0))
        }
        "result" => {
            let wanted = ["asset", "control", "collector", "observed_to"];
            let [asset, control, collector, observed_to] = codec::fields(statement, wanted).ok()?;
            let asset = asset.map_or(Some(""), id_in)?;
            let control = codec::text(control?).ok().filter(|text| ControlId::is_one(text))?;
            let [name] = codec::fields(collector?, ["name"]).ok()?;
            let key = ["result", control, asset, codec::text(name?).ok()?];
            let observed_to = Timestamp::from_millis(codec::uint(observed_to?).ok()?).ok()?;
            Some(facet(&key, observed_to.as_millis()))
        }
        "applicability" => {
            let wanted = ["control", "framework", "requirement"];
            let [control, framework, requirement] = codec::fields(statement, wanted).ok()?;
            let control = match control {
                Some(item) => codec::text(item).ok().filter(|text| ControlId::is_one(text))?,
                None => "",
            };
            let requirement = requirement.map_or(Some(""), |item| codec::text(item).ok())?;
            Some(facet(&[kind, framework.map_or(Some(""), id_in)?, requirement, control], 0))
        }
        "attestation" => {
            let [framework, requirement] = codec::fields(statement, ["framework", "requirement"]).ok()?;
            Some(facet(&[kind, id_in(framework?)?, codec::text(requirement?).ok()?], 0))
        }
        "event" => {
            let [at, event, asset] = codec::fields(statement, ["at", "kind", "asset"]).ok()?;
            let at = Timestamp::from_millis(codec::uint(at?).ok()?).ok()?;
            Some(facet(&[kind, asset.map_or(Some(""), id_in)?, id_in(event?)?], at.as_millis()))
        }
        _ => None,
    }
}

/// The idempotency id that a statement carries, as [`facet_of`] reads.
pub fn id_of<'a>(kind: &str, statement: &'a [u8]) -> Option<&'a str> {
    if kind != "result" {
        return None;
    }
    let [id] = codec::fields(statement, ["id"]).ok()?;
    codec::text(id?).ok()
}

fn id_in(item: &[u8]) -> Option<&str> {
    IdRef::new(codec::text(item).ok()?).ok().map(IdRef::as_str)
}

/// The parts joined by NUL, which none of them holds.
fn facet(parts: &[&str], rank: u64) -> Facet {
    Facet { key: parts.join("\0").into_bytes(), rank }
}

fn identifier(text: &'static str) -> Id {
    text.parse()
        .unwrap_or_else(|error| panic!("names of kinds and of the organisation are identifiers: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::CatalogKind;
    use crate::result::{Check, Collector, DigestSource, Method, Population, Run, Source, Subject};
    use crate::{Decimal, Direction, Measure, Severity, Status};
    use affiant_ledger::digest::Digest;

    /// A result with every field filled in.
    fn full_result() -> ControlResult {
        let time: Timestamp = "2026-11-22T03:46:05Z".parse().unwrap();
        let control = "AFF-EXP-11".parse().unwrap();
        let system = "credit-scoring".parse().unwrap();
        let mut result =
            ControlResult::new(control, system, Status::Passed, time, Collector::new("ci"), "accuracy 0.91");
        result.id = Some("job-7/accuracy".into());
        result.run = Some(Run { errors: 0, skipped: 0, complete: true, examined: 3, exit_code: Some(-1) });
        result.asset = Some("scoring-model".parse().unwrap());
        result.flags = ["redacted".to_owned()].into();
        result.checks = vec![Check {
            rule: "bandit:B301".into(),
            status: Status::Failed,
            message: "pickle".into(),
            pointer: "/runs/0/results/7".into(),
            location: Some("app/agent.py:12".into()),
            severity: Some(Severity::Medium),
            suppressed: true,
            fingerprint: Some(Digest::of(b"x")),
        }];
        result.method = Method::Examine;
        result.source =
            Some(Source { query: Some("q".into()), system: Some("s".into()), account: Some("a".into()) });
        result.details = Some("two\nlines".into());
        result.subject = Some(Subject { digest: Digest::ZERO, digest_source: DigestSource::InFile });
        result.evidence = vec![EvidenceRef::of(b"{}", "report.sarif", "application/sarif+json")];
        result.importer = Some("sarif/1".into());
        result.measures = vec![Measure {
            n: Some(1200),
            name: "accuracy".into(),
            unit: Some("ratio".into()),
            value: "0.91".parse::<Decimal>().unwrap(),
            direction: Some(Direction::AtLeast),
            threshold: Some("0.9".parse().unwrap()),
        }];
        result.population =
            Some(Population { size: 3, failed: 0, tested: 3, definition: "nightly runs".into() });
        result.raw_status = Some("PASS".into());
        result.valid_until = Some("2027-01-01T00:00:00Z".parse().unwrap());
        result.collected_at = Some(time);
        result
    }

    fn all() -> Vec<Statement> {
        let system: Id = "credit-scoring".parse().unwrap();
        let mut definition = System::new(system.clone(), "Credit scoring");
        definition.facts = [("profiling".to_owned(), ["true".to_owned()].into())].into();
        definition.placed_on_market = Some("2025-03-01".parse().unwrap());
        let asset = Asset::new(system.clone(), "scoring-model".parse().unwrap(), "model", "Scoring model");
        let pin = CatalogPin {
            id: "affiant-ai-spm".parse().unwrap(),
            kind: CatalogKind::Controls,
            digest: Digest::ZERO,
            version: "0.1.0".into(),
        };
        let pack = PackIssued {
            id: "pack-1".parse().unwrap(),
            head: Digest::ZERO,
            last: 7,
            as_of: "2026-11-22T00:00:00Z".parse().unwrap(),
            first: 0,
            issuer: "bank".into(),
            system,
            frameworks: ["eu-ai-act".to_owned()].into(),
        };
        vec![
            Statement::System(definition),
            Statement::Asset(asset),
            Statement::Result(Box::new(full_result())),
            Statement::Catalog(pin),
            Statement::Pack(pack),
            Statement::Exception(Exception {
                id: "exc-7".parse().unwrap(),
                assets: ["scoring-model".parse().unwrap()].into(),
                reason: "vendor fix due".into(),
                system: "credit-scoring".parse().unwrap(),
                control: "AFF-EXP-11".parse().unwrap(),
                expires: "2027-01-01T00:00:00Z".parse().unwrap(),
                revoked: true,
                approver: "Head of Risk".into(),
                compensating: Some("manual review".into()),
                requested_by: Some("Data team".into()),
            }),
            Statement::Decision(Decision {
                owner: Some("Operations".into()),
                reason: "no customers are served".into(),
                system: "credit-scoring".parse().unwrap(),
                applies: false,
                control: None,
                drivers: ["law".to_owned()].into(),
                framework: Some("iso-42001".parse().unwrap()),
                decided_by: "Head of Risk".into(),
                requirement: Some("A.10.4".into()),
            }),
            Statement::Plan(Plan {
                id: "drift-weekly".parse().unwrap(),
                from: "2026-11-01T00:00:00Z".parse().unwrap(),
                asset: Some("scoring-model".parse().unwrap()),
                owner: Some("Data team".into()),
                until: Some("2027-11-01T00:00:00Z".parse().unwrap()),
                system: "credit-scoring".parse().unwrap(),
                cadence: "P7D".parse().unwrap(),
                control: "AFF-EXP-11".parse().unwrap(),
                collector: Some("ci".into()),
            }),
            Statement::Attestation(Attestation {
                at: "2026-11-01T00:00:00Z".parse().unwrap(),
                by: "General Counsel".into(),
                system: "credit-scoring".parse().unwrap(),
                summary: "no derogation is relied on".into(),
                evidence: vec![EvidenceRef::of(b"{}", "memo.pdf", "application/pdf")],
                framework: "eu-ai-act".parse().unwrap(),
                withdrawn: true,
                requirement: "art-6-3".into(),
                valid_until: "2027-11-01T00:00:00Z".parse().unwrap(),
            }),
            Statement::Incident(Incident {
                id: "inc-3".parse().unwrap(),
                kinds: ["serious".to_owned()].into(),
                assets: ["scoring-model".parse().unwrap()].into(),
                system: "credit-scoring".parse().unwrap(),
                summary: "refusals by a wrong threshold".into(),
                aware_at: "2026-11-02T00:00:00Z".parse().unwrap(),
                closed_at: Some("2026-11-09T00:00:00Z".parse().unwrap()),
                occurred_at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
                reported_at: Some("2026-11-03T00:00:00Z".parse().unwrap()),
                completed_at: Some("2026-11-08T00:00:00Z".parse().unwrap()),
            }),
            Statement::Event(Event {
                at: "2026-11-02T00:00:00Z".parse().unwrap(),
                kind: "release".parse().unwrap(),
                asset: Some("scoring-model".parse().unwrap()),
                system: "credit-scoring".parse().unwrap(),
                done_at: Some("2026-11-03T00:00:00Z".parse().unwrap()),
                summary: "version 4.2 in production".into(),
            }),
        ]
    }

    #[test]
    fn every_kind_reads_back_as_it_was_written_and_is_filed_as_its_bytes_say() {
        for statement in all() {
            let bytes = statement.to_bytes();
            assert_eq!(Statement::from_bytes(statement.kind(), &bytes), Ok(Some(statement.clone())));
            assert_eq!(facet_of(statement.kind(), &bytes), Some(statement.facet()), "{}", statement.kind());
            let draft = statement.draft("local");
            assert_eq!((draft.statement, draft.kind.as_str()), (bytes, statement.kind()));
        }
    }

    #[test]
    fn what_is_filed_is_what_the_statement_says_whatever_byte_is_changed() {
        for statement in all() {
            let (kind, bytes) = (statement.kind(), statement.to_bytes());
            let mut read = 0;
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[at] ^= 1 << bit;
                    let (facet, id) = (facet_of(kind, &changed), id_of(kind, &changed));
                    let Ok(Some(statement)) = Statement::from_bytes(kind, &changed) else { continue };
                    assert_eq!((facet, id), (Some(statement.facet()), statement.id()), "byte {at} bit {bit}");
                    read += 1;
                }
            }
            assert!(read > 50, "{kind}: {read} of the neighbours are statements");
        }
    }

    #[test]
    fn fields_are_declared_in_canonical_order_so_that_encoding_needs_no_sorting() {
        for statement in all() {
            // serde_json keeps the order of declaration; the codec's order is by length, then bytes.
            let json = match &statement {
                Statement::System(s) => serde_json::to_string(s),
                Statement::Asset(s) => serde_json::to_string(s),
                Statement::Result(s) => serde_json::to_string(s),
                Statement::Catalog(s) => serde_json::to_string(s),
                Statement::Pack(s) => serde_json::to_string(s),
                Statement::Exception(s) => serde_json::to_string(s),
                Statement::Decision(s) => serde_json::to_string(s),
                Statement::Plan(s) => serde_json::to_string(s),
                Statement::Attestation(s) => serde_json::to_string(s),
                Statement::Incident(s) => serde_json::to_string(s),
                Statement::Event(s) => serde_json::to_string(s),
            };
            let json = json.unwrap();
            let bytes = statement.to_bytes();
            let canonical: Vec<&str> =
                codec::map_ranges(&bytes).unwrap().into_iter().map(|(key, _)| key).collect();
            let mut at = 0;
            for key in canonical {
                let found = json[at..].find(&format!("\"{key}\":"));
                at += found.unwrap_or_else(|| panic!("`{key}` of `{}` is out of order", statement.kind()));
            }
        }
    }

    #[test]
    fn the_json_form_is_the_same_struct() {
        let result = full_result();
        let json = serde_json::to_string(&result).unwrap();
        assert!(json.contains(r#""observed_to":"2026-11-22T03:46:05Z""#), "{json}");
        assert_eq!(serde_json::from_str::<ControlResult>(&json).unwrap(), result);
    }

    #[test]
    fn kinds_of_other_storeys_are_passed_over() {
        assert_eq!(Statement::from_bytes("genesis", &[0xa0]), Ok(None));
        assert_eq!(facet_of("key", &[0xa0]), None);
    }

    #[test]
    fn a_statement_with_an_unknown_field_or_in_another_form_is_refused() {
        let bytes = all()[1].to_bytes();
        let mut more = bytes.clone();
        more[0] += 1;
        more.extend_from_slice(b"\x68zzzzzzzz\x01");
        for wrong in [&more[..], &bytes[..bytes.len() - 1], b"", b"\xa0"] {
            let refused = Statement::from_bytes("asset", wrong);
            assert!(matches!(&refused, Err(StatementError { kind, .. }) if kind == "asset"), "{refused:?}");
        }
    }

    #[test]
    fn a_result_is_filed_under_control_asset_and_collector() {
        let statement = &all()[2];
        let facet = statement.facet();
        assert_eq!(facet.key, b"result\0AFF-EXP-11\0scoring-model\0ci");
        assert_eq!(facet.rank, 1_795_319_165_000);
    }
}
