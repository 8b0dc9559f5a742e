//! A statement: what a submitter says, the payload of an entry.
//!
//! Twenty kinds live here: `system`, `asset`, `result`, `catalog`, `pack`, `exception`, `applicability`, `plan`,
//! `attestation`, `incident`, `event`, `request`, `policy`, `approval`, `finding`, `sample`, `delivery`, `assertion`,
//! `access`, `sign-off`. Each is a CBOR map without a tag; the kind stands in the entry. The same structs are the JSON form:
//! times are RFC 3339 text there and digests hexadecimal.

use crate::access::Access;
use crate::approval::Approval;
use crate::assertion::Assertion;
use crate::asset::Asset;
use crate::attestation::Attestation;
use crate::control::ControlId;
use crate::decision::Decision;
use crate::delivery::Delivery;
use crate::event::Event;
use crate::evidence::EvidenceRef;
use crate::exception::Exception;
use crate::finding::Finding;
use crate::incident::Incident;
use crate::issued::PackIssued;
use crate::pin::CatalogPin;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::request::Request;
use crate::result::ControlResult;
use crate::sample::Sample;
use crate::signoff::SignOff;
use crate::status::Status;
use crate::system::System;
use crate::variant::Variant;
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, IdRef};
use affiant_ledger::payload::STATEMENT_SIZE_MAX;
use affiant_ledger::record::{Draft, Facet};
use affiant_ledger::time::Timestamp;

/// The stream of the organisation: statements about no single AI system.
pub const ORGANISATION: &str = "org";
/// The stream of the service's doors: who did what there. No AI system either.
pub const ACCESS: &str = "access";

/// Whether a stream is an AI system's.
pub fn is_system(stream: &str) -> bool {
    ![ORGANISATION, ACCESS].contains(&stream)
}

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
    /// Someone asks for evidence by a day.
    Request(Request),
    /// What is asked of those who accept gaps.
    Policy(Policy),
    /// One more person accepts an exception.
    Approval(Approval),
    /// A failure is to be dealt with, or is gone.
    Finding(Box<Finding>),
    /// Results were selected for examination.
    Sample(Box<Sample>),
    /// Alerts were delivered.
    Delivery(Delivery),
    /// A person who answers for the system said what they assert.
    Assertion(Assertion),
    /// Something was done or denied at the doors of the service.
    Access(Access),
    /// An auditor or officer said something about what is on file.
    SignOff(SignOff),
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
            Self::Request(_) => "request",
            Self::Policy(_) => "policy",
            Self::Approval(_) => "approval",
            Self::Finding(_) => "finding",
            Self::Sample(_) => "sample",
            Self::Delivery(_) => "delivery",
            Self::Assertion(_) => "assertion",
            Self::Access(_) => "access",
            Self::SignOff(_) => "sign-off",
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
            Self::Request(request) => codec::encode(request),
            Self::Policy(policy) => codec::encode(policy),
            Self::Approval(approval) => codec::encode(approval),
            Self::Finding(finding) => codec::encode(finding),
            Self::Sample(sample) => codec::encode(sample),
            Self::Delivery(delivery) => codec::encode(delivery),
            Self::Assertion(assertion) => codec::encode(assertion),
            Self::Access(access) => codec::encode(access),
            Self::SignOff(sign_off) => codec::encode(sign_off),
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
            Self::Request(request) => serde_json::to_value(request),
            Self::Policy(policy) => serde_json::to_value(policy),
            Self::Approval(approval) => serde_json::to_value(approval),
            Self::Finding(finding) => serde_json::to_value(finding),
            Self::Sample(sample) => serde_json::to_value(sample),
            Self::Delivery(delivery) => serde_json::to_value(delivery),
            Self::Assertion(assertion) => serde_json::to_value(assertion),
            Self::Access(access) => serde_json::to_value(access),
            Self::SignOff(sign_off) => serde_json::to_value(sign_off),
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
            "request" => codec::decode(bytes, max).map(Self::Request),
            "policy" => codec::decode(bytes, max).map(Self::Policy),
            "approval" => codec::decode(bytes, max).map(Self::Approval),
            "finding" => codec::decode(bytes, max).map(|finding| Self::Finding(Box::new(finding))),
            "sample" => codec::decode(bytes, max).map(|sample| Self::Sample(Box::new(sample))),
            "delivery" => codec::decode(bytes, max).map(Self::Delivery),
            "assertion" => codec::decode(bytes, max).map(Self::Assertion),
            "access" => codec::decode(bytes, max).map(Self::Access),
            "sign-off" => codec::decode(bytes, max).map(Self::SignOff),
            _ => return Ok(None),
        };
        read.map(Some).map_err(|source| StatementError { kind: kind.to_owned(), source })
    }

    /// The stream it goes to: its system's; a delivery to `org`, an access to `access`, and a catalog pin unless the draft is given another.
    pub fn stream(&self) -> Id {
        match self {
            Self::System(system) => system.id.clone(),
            Self::Asset(asset) => asset.system.clone(),
            Self::Result(result) => result.system.clone(),
            Self::Catalog(_) | Self::Delivery(_) => identifier(ORGANISATION),
            Self::Pack(pack) => pack.system.clone(),
            Self::Exception(exception) => exception.system.clone(),
            Self::Decision(decision) => decision.system.clone(),
            Self::Plan(plan) => plan.system.clone(),
            Self::Attestation(attestation) => attestation.system.clone(),
            Self::Incident(incident) => incident.system.clone(),
            Self::Event(event) => event.system.clone(),
            Self::Request(request) => request.system.clone(),
            Self::Policy(policy) => policy.system.clone(),
            Self::Approval(approval) => approval.system.clone(),
            Self::Finding(finding) => finding.system.clone(),
            Self::Sample(sample) => sample.system.clone(),
            Self::Assertion(assertion) => assertion.system.clone(),
            Self::Access(_) => identifier(ACCESS),
            Self::SignOff(sign_off) => sign_off.system.clone(),
        }
    }

    /// The files it cites.
    pub fn evidence(&self) -> &[EvidenceRef] {
        match self {
            Self::Result(result) => &result.evidence,
            Self::Attestation(attestation) => &attestation.evidence,
            Self::Delivery(delivery) => &delivery.evidence,
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
            Self::Assertion(_) => facet(&["assertion"], 0),
            Self::Access(_) => facet(&["access"], 0),
            Self::Asset(asset) => facet(&["asset", asset.id.as_str()], 0),
            Self::Result(result) => {
                let asset = result.asset.as_ref().map_or("", Id::as_str);
                let variant = Variant::of(result).to_string();
                let key = ["result", result.control.as_str(), asset, &result.collector.name, &variant];
                facet(&key, result.observed_to.as_millis())
            }
            Self::Catalog(pin) => facet(&["catalog", pin.id.as_str()], 0),
            Self::Pack(pack) => facet(&["pack", pack.id.as_str()], 0),
            Self::Exception(exception) => facet(&["exception", exception.id.as_str()], 0),
            Self::Plan(plan) => facet(&["plan", plan.id.as_str()], 0),
            Self::Incident(incident) => facet(&["incident", incident.id.as_str()], 0),
            Self::Request(request) => facet(&["request", request.id.as_str()], 0),
            Self::Sample(sample) => facet(&["sample", sample.id.as_str()], 0),
            Self::SignOff(sign_off) => facet(&["sign-off", sign_off.id.as_str()], 0),
            Self::Policy(policy) => facet(&["policy", &policy.at.as_millis().to_string()], 0),
            Self::Approval(approval) => {
                let digest = approval.digest.to_string();
                facet(&["approval", approval.exception.as_str(), &digest, &approval.by], 0)
            }
            Self::Finding(finding) => {
                let Finding { control, asset, collector, id, .. } = &**finding;
                let asset = asset.as_ref().map_or("", Id::as_str);
                facet(&["finding", control.as_str(), asset, collector, id.as_str()], 0)
            }
            Self::Delivery(delivery) => facet(&["delivery", delivery.target.as_str()], 0),
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
                facet(&["event", asset, event.kind.as_str(), &event.at.as_millis().to_string()], 0)
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
/// and collector, ranked by the end of their observation; findings beside them; everything else by id, the latest entry winning. Reads only
/// what it needs, of bytes that a digest vouches for; `None` for other kinds and for bytes that are no statement.
pub fn facet_of(kind: &str, statement: &[u8]) -> Option<Facet> {
    match kind {
        "system" | "assertion" | "access" => Some(facet(&[kind], 0)),
        "asset" | "catalog" | "pack" | "exception" | "plan" | "incident" | "request" | "sample"
        | "sign-off" => {
            let [id] = codec::fields(statement, ["id"]).ok()?;
            Some(facet(&[kind, id_in(id?)?], 0))
        }
        "result" => {
            let wanted = ["asset", "status", "control", "subject", "collector", "observed_to"];
            let [asset, status, control, subject, collector, observed_to] =
                codec::fields(statement, wanted).ok()?;
            let asset = asset.map_or(Some(""), id_in)?;
            let control = codec::text(control?).ok().filter(|text| ControlId::is_one(text))?;
            let [name] = codec::fields(collector?, ["name"]).ok()?;
            let digest = match subject {
                Some(subject) => Some(digest_in(codec::fields(subject, ["digest"]).ok()?[0]?)?),
                None => None,
            };
            let not_run = codec::text(status?).ok()? == Status::NotRun.as_str();
            let variant = Variant { digest, not_run }.to_string();
            let key = ["result", control, asset, codec::text(name?).ok()?, &variant];
            let observed_to = Timestamp::from_millis(codec::uint(observed_to?).ok()?).ok()?;
            Some(facet(&key, observed_to.as_millis()))
        }
        "finding" => {
            let [id, asset, control, collector] =
                codec::fields(statement, ["id", "asset", "control", "collector"]).ok()?;
            let control = codec::text(control?).ok().filter(|text| ControlId::is_one(text))?;
            let asset = asset.map_or(Some(""), id_in)?;
            Some(facet(&[kind, control, asset, codec::text(collector?).ok()?, id_in(id?)?], 0))
        }
        "delivery" => {
            let [target] = codec::fields(statement, ["target"]).ok()?;
            Some(facet(&[kind, id_in(target?)?], 0))
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
        "policy" => {
            let [at] = codec::fields(statement, ["at"]).ok()?;
            let at = Timestamp::from_millis(codec::uint(at?).ok()?).ok()?;
            Some(facet(&[kind, &at.as_millis().to_string()], 0))
        }
        "approval" => {
            let [by, digest, exception] = codec::fields(statement, ["by", "digest", "exception"]).ok()?;
            let digest = digest_in(digest?)?.to_string();
            Some(facet(&[kind, id_in(exception?)?, &digest, codec::text(by?).ok()?], 0))
        }
        "event" => {
            let [at, event, asset] = codec::fields(statement, ["at", "kind", "asset"]).ok()?;
            let at = Timestamp::from_millis(codec::uint(at?).ok()?).ok()?;
            let at = at.as_millis().to_string();
            Some(facet(&[kind, asset.map_or(Some(""), id_in)?, id_in(event?)?, &at], 0))
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

fn digest_in(item: &[u8]) -> Option<Digest> {
    codec::bytes(item).ok().copied().map(Digest)
}

fn id_in(item: &[u8]) -> Option<&str> {
    IdRef::new(codec::text(item).ok()?).ok().map(IdRef::as_str)
}

/// The parts joined by NUL, which none of them holds.
fn facet(parts: &[&str], rank: u64) -> Facet {
    Facet { key: parts.join("\0").into_bytes(), rank }
}

fn identifier(text: &'static str) -> Id {
    text.parse().unwrap_or_else(|error| {
        panic!("names of kinds and of streams that are no system's are identifiers: {error}")
    })
}

#[cfg(test)]
mod tests;
