//! A signed statement over a JSON document: in-toto Statement v1 in a DSSE v1 envelope, with the predicate of
//! compliance-trestle, whose `trestle verify` accepts it.
//!
//! The digest is that of the document in canonical form (RFC 8785), so it holds however the file is laid out.

use affiant_ledger::digest::Digest;
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::to_base64;
use serde_json::{Value, json};

/// The type of the payload (in-toto).
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What the statement says of its subject.
const PREDICATE_TYPE: &str = "https://oscal-compass.github.io/compliance-trestle/predicates/oscal-signing/v1";

/// The envelope over a document that lies in a file of that name, signed by an Ed25519 key.
pub fn envelope(document: &Value, file: &str, key: &SigningKey) -> Result<Value, serde_json::Error> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file, "digest": {"sha256": Digest::of(&canonical(document)?).to_string()}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "canonicalization": "RFC8785",
            "digestAlgorithm": "sha256",
            "digestSource": "canonical-json",
            "tool": concat!("affiant ", env!("CARGO_PKG_VERSION")),
        },
    });
    let payload = canonical(&statement)?;
    let signature = key.sign(&authenticated(&payload));
    Ok(json!({
        "payload": to_base64(&payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.verifying_key().fingerprint().to_string(), "sig": to_base64(&signature)}],
    }))
}

/// The canonical form (RFC 8785).
fn canonical(value: &Value) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

/// What is signed: DSSE's pre-authentication encoding.
fn authenticated(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use affiant_ledger::note::from_base64;

    #[test]
    fn the_signature_is_over_type_and_payload_and_the_digest_over_the_canonical_form() {
        let key = SigningKey::from_seed(&[7; 32]);
        let document = json!({"b": "é\u{7f}\n", "a": [1, true, null]});
        let made = envelope(&document, "x.json", &key).unwrap();
        let payload = from_base64(made["payload"].as_str().unwrap()).unwrap();
        let signature = from_base64(made["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        let signed = [
            b"DSSEv1 28 application/vnd.in-toto+json ",
            payload.len().to_string().as_bytes(),
            b" ",
            &payload,
        ]
        .concat();
        assert!(key.verifying_key().verifies(&signed, &signature.try_into().unwrap()));
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        let digest = Digest::of("{\"a\":[1,true,null],\"b\":\"é\u{7f}\\n\"}".as_bytes());
        assert_eq!(
            statement["subject"],
            json!([{"name": "x.json", "digest": {"sha256": digest.to_string()}}])
        );
    }
}
