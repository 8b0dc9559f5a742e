//! in-toto statements in DSSE envelopes, one or one a line: what somebody signed about bytes.
//!
//! ```text
//! {"payload": "base64", "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": "..", "sig": "base64"}]}
//! ```
//!
//! - The signature is checked over DSSE's pre-authentication encoding, with the keys the submitter trusts (Ed25519). Where
//!   none of them made it, the report is refused: it was changed, or signed by somebody else. Where no key is given, every
//!   row is unknown: what nobody checked is never a pass.
//! - Each subject is a row of its own, bound to its SHA-256.
//! - Read are test results (v0.1), vulnerability scans (v0.1, v0.2), SLSA verification summaries (v1) and SLSA provenance
//!   (v1). Provenance states facts and judges nothing: a person reviews it. Other predicates are for information only.

use super::IntakeError;
use super::document::{Document, one};
use super::fault::{Problem, RowError};
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use super::strict;
use crate::result::{DigestSource, Source, Subject};
use crate::status::Status;
use crate::text;
use affiant_ledger::id::visible;
use affiant_ledger::note::from_base64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

mod predicate;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "in-toto/1";
/// The media type of evidence.
pub(super) const MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The only type of payload that is read.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Most signatures of an envelope, and subjects of a statement.
const SIGNATURES_MAX: usize = 100;
const SUBJECTS_MAX: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Named>,
    predicate_type: String,
    predicate: Box<RawValue>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// What a predicate says, about each subject alike.
struct Said {
    rows: Vec<Row>,
    times: Vec<String>,
    /// Who made or checked the subject.
    by: Option<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["payload", "payloadType", "signatures"]) || look.has(&["_type", "predicateType"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    // One document may stand on many lines; several documents stand on one each.
    let whole = strict::check(document.text);
    if whole.is_ok() {
        return statement(document, document.text, "", sink);
    }
    let lines = (1..).zip(document.text.split(|byte| *byte == b'\n'));
    let lines: Vec<_> = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
    let each = lines.len() > 1 && lines.iter().all(|(_, line)| line.trim_ascii_start().starts_with(b"{"));
    if !each {
        return whole.map_err(one);
    }
    for (number, line) in lines {
        strict::check(line).map_err(|fault| one(RowError { line: number, ..fault }))?;
        statement(document, line, &format!("line {number}"), sink)?;
    }
    Ok(())
}

fn statement(
    document: &Document<'_>,
    text: &[u8],
    pointer: &str,
    sink: &mut dyn Sink,
) -> Result<(), IntakeError> {
    let wrong = |what: String| {
        let line = pointer.strip_prefix("line ").and_then(|line| line.parse().ok()).unwrap_or(1);
        one(RowError::at(line, 0, Problem::Shape(format!("not {}: {what}", document.title))))
    };
    let keys: BTreeMap<String, serde::de::IgnoredAny> = typed(text).map_err(wrong)?;
    let (payload, signer) = if keys.contains_key("payload") {
        let envelope: Envelope = typed(text).map_err(wrong)?;
        opened(document, &envelope).map_err(wrong)?
    } else {
        (text.to_vec(), None)
    };
    strict::check(&payload).map_err(|fault| wrong(format!("its payload: {fault}")))?;
    let statement: Statement = typed(&payload).map_err(|what| wrong(format!("its payload: {what}")))?;
    if !["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"]
        .contains(&statement.kind.as_str())
    {
        return Err(wrong(format!("a statement of type `{}`", visible(&statement.kind))));
    }
    if statement.subject.is_empty() || statement.subject.len() > SUBJECTS_MAX {
        return Err(wrong(format!("{} subjects, read are 1 to {SUBJECTS_MAX}", statement.subject.len())));
    }
    let said = predicate::read(&statement.predicate_type, statement.predicate.get());
    let said = said.map_err(|what| wrong(format!("predicate: {what}")))?;
    let system = said.by.map(|by| text::plain(&by, text::NAME_LENGTH_MAX)).filter(|by| !by.is_empty());
    let source = Source { query: None, system, account: signer.clone().map(|key| format!("key {key}")) };
    // Of several statements nobody could tell whose source it is.
    sink.begin(Head {
        tool: "in-toto".to_owned(),
        rows: Rows::Everything,
        times: said.times,
        source: (pointer.is_empty() && (source.system.is_some() || source.account.is_some()))
            .then_some(source),
        ..Head::default()
    });
    for named in &statement.subject {
        let digest = named.digest.get("sha256").and_then(|digest| digest.parse().ok());
        let subject = digest.map(|digest| Subject { digest, digest_source: DigestSource::InFile });
        for row in &said.rows {
            let checked = signer.is_some() || row.status.is_none();
            sink.row(Row {
                status: if checked { row.status } else { Some(Status::Unknown) },
                word: if checked { row.word.clone() } else { "signature-not-checked".to_owned() },
                message: match checked {
                    true => row.message.clone(),
                    false => {
                        format!("no key was given to check the signature with; it says: {}", row.message)
                    }
                },
                pointer: format!("{pointer}{}{}", if pointer.is_empty() { "" } else { " " }, row.pointer),
                location: named.name.clone(),
                place: format!("{}\n{}", named.name, row.place),
                subject: subject.clone(),
                ..row.clone()
            });
        }
    }
    Ok(())
}

/// The payload of an envelope, and the trusted key that signed it; no key where none is trusted.
fn opened(document: &Document<'_>, envelope: &Envelope) -> Result<(Vec<u8>, Option<String>), String> {
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(format!("a payload of type `{}`", visible(&envelope.payload_type)));
    }
    if envelope.signatures.len() > SIGNATURES_MAX {
        return Err(format!("more than {SIGNATURES_MAX} signatures"));
    }
    let payload = decoded(&envelope.payload).ok_or("the payload is not base64")?;
    if document.trusted.is_empty() {
        return Ok((payload, None));
    }
    let message = encoded(PAYLOAD_TYPE, &payload);
    let signatures =
        envelope.signatures.iter().filter_map(|signature| decoded(&signature.sig)?.try_into().ok());
    let signatures: Vec<[u8; 64]> = signatures.collect();
    let signed =
        |key: &&affiant_ledger::key::VerifyingKey| signatures.iter().any(|sig| key.verifies(&message, sig));
    match document.trusted.iter().find(signed) {
        Some(key) => Ok((payload, Some(key.fingerprint().to_string()))),
        None => Err("no trusted key made its signature: it was changed, or signed by another".to_owned()),
    }
}

/// Base64 in either alphabet.
fn decoded(text: &str) -> Option<Vec<u8>> {
    from_base64(&text.replace('-', "+").replace('_', "/"))
}

/// DSSE's pre-authentication encoding: the bytes that are signed.
fn encoded(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn typed<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| strict::message(&error))
}
