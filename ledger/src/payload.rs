//! A payload: what was stated, salted, and perhaps signed by who stated it.
//!
//! Deterministic CBOR of at most 1 MiB (docs/spec/payload.md):
//!
//! ```text
//! {"sig": {"key": "ci-main", "sig": h'…64'}, "salt": h'…16', "statement": {…}}
//! ```
//!
//! `sig` is optional. The entry carries SHA-256 of these bytes; the salt keeps the statement from being guessed from
//! that hash once the payload has been erased. Unlike everything else the statement is kept as the bytes received.

use crate::codec::{self, CodecError, write_head};
use crate::digest::Digest;
use crate::id::Id;
use serde::{Deserialize, Serialize};

/// Largest payload, in bytes.
pub const PAYLOAD_SIZE_MAX: usize = 1 << 20;
/// Largest statement, in bytes: what fits a payload beside salt and signature.
pub const STATEMENT_SIZE_MAX: usize = PAYLOAD_SIZE_MAX - 256;

/// A payload, with its statement still in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// 16 random bytes.
    pub salt: [u8; 16],
    /// Canonical CBOR of the statement, a map.
    pub statement: Vec<u8>,
    /// The submitter's signature over the statement.
    pub signature: Option<StatementSignature>,
}

/// An Ed25519 signature over [`signed_message`], and the id of the key that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementSignature {
    /// Id of the collector key, as enrolled by a `key` entry.
    pub key: Id,
    /// The signature, 64 bytes.
    #[serde(with = "serde_bytes")]
    pub sig: [u8; 64],
}

/// What a submitter signs: a domain line and the SHA-256 of the canonical statement.
pub fn signed_message(statement: &[u8]) -> Vec<u8> {
    let mut message = b"affiant statement v1\n".to_vec();
    message.extend_from_slice(Digest::of(statement).as_bytes());
    message
}

impl Payload {
    /// The payload's canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.salt, &self.statement, self.signature.as_ref())
    }

    /// Reads a payload, refusing any other form of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > PAYLOAD_SIZE_MAX {
            return Err(CodecError::Size { size: bytes.len(), max: PAYLOAD_SIZE_MAX });
        }
        let shape = |what: &str| CodecError::Shape(what.to_owned());
        let (mut signature, mut salt, mut statement) = (None, None, None);
        for (name, range) in codec::map_ranges(bytes)? {
            let value = &bytes[range];
            match name {
                "sig" => signature = Some(codec::decode(value, 256)?),
                "salt" => {
                    salt = Some(codec::decode_trusted::<serde_bytes::ByteArray<16>>(value)?.into_array())
                }
                "statement" if value[0] >> 5 == 5 => statement = Some(value.to_vec()),
                "statement" => return Err(shape("`statement` is not a map")),
                _ => return Err(shape("unknown key in a payload")),
            }
        }
        let salt = salt.ok_or_else(|| shape("payload without `salt`"))?;
        let statement = statement.ok_or_else(|| shape("payload without `statement`"))?;
        let payload = Self { salt, statement, signature };
        if payload.to_bytes() == bytes { Ok(payload) } else { Err(CodecError::NotCanonical) }
    }
}

/// The canonical bytes of a payload with this salt, statement and signature.
pub(crate) fn encode(salt: &[u8; 16], statement: &[u8], signature: Option<&StatementSignature>) -> Vec<u8> {
    let mut out = Vec::with_capacity(statement.len() + 160);
    write_head(&mut out, 5, if signature.is_some() { 3 } else { 2 });
    if let Some(signature) = signature {
        key(&mut out, "sig");
        out.extend_from_slice(&codec::encode(signature));
    }
    key(&mut out, "salt");
    write_head(&mut out, 2, 16);
    out.extend_from_slice(salt);
    key(&mut out, "statement");
    out.extend_from_slice(statement);
    out
}

fn key(out: &mut Vec<u8>, name: &str) {
    write_head(out, 3, name.len() as u64);
    out.extend_from_slice(name.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_reads_back_as_it_was_written() {
        let plain = Payload { salt: [7; 16], statement: vec![0xa1, 0x61, b'a', 1], signature: None };
        let signature = StatementSignature { key: "ci".parse().unwrap(), sig: [9; 64] };
        let signed = Payload { signature: Some(signature), ..plain.clone() };
        for payload in [plain, signed] {
            assert_eq!(codec::check(&payload.to_bytes()), Ok(()));
            assert_eq!(Payload::from_bytes(&payload.to_bytes()), Ok(payload));
        }
    }

    #[test]
    fn a_statement_that_is_no_map_is_refused() {
        let payload = Payload { salt: [7; 16], statement: vec![0x01], signature: None };
        assert!(matches!(Payload::from_bytes(&payload.to_bytes()), Err(CodecError::Shape(_))));
    }

    #[test]
    fn a_salt_of_another_form_is_refused() {
        let mut bytes = Payload { salt: [1; 16], statement: vec![0xa0], signature: None }.to_bytes();
        bytes[6] = 0x70; // the salt as text of 16 bytes instead of a byte string
        assert!(Payload::from_bytes(&bytes).is_err());
    }
}
