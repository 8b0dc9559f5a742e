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
//!
//! Read key by key, as entries are: [`PayloadRef::from_bytes`] checks the statement where it stands and copies nothing.

use crate::codec::{CodecError, Cursor, write_head, write_key};
use crate::digest::Digest;
use crate::id::{Id, IdRef};
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

/// A payload in bytes that are someone else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadRef<'a> {
    /// 16 random bytes.
    pub salt: &'a [u8; 16],
    /// Canonical CBOR of the statement, a map.
    pub statement: &'a [u8],
    /// The submitter's signature over the statement.
    pub signature: Option<SignatureRef<'a>>,
}

/// A statement's signature in bytes that are someone else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureRef<'a> {
    /// Id of the collector key.
    pub key: IdRef<'a>,
    /// The signature.
    pub sig: &'a [u8; 64],
}

/// What a submitter signs: a domain line and the SHA-256 of the canonical statement.
pub fn signed_message(statement: &[u8]) -> Vec<u8> {
    signed_message_of(&Digest::of(statement))
}

/// The same, of a statement whose SHA-256 is known.
pub fn signed_message_of(statement: &Digest) -> Vec<u8> {
    let mut message = b"affiant statement v1\n".to_vec();
    message.extend_from_slice(statement.as_bytes());
    message
}

impl Payload {
    /// The payload's canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.salt, &self.statement, self.signature.as_ref())
    }

    /// Reads a payload, refusing any other form of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        PayloadRef::from_bytes(bytes).map(Self::from)
    }
}

impl<'a> PayloadRef<'a> {
    /// Reads a payload, refusing any other form of it.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, CodecError> {
        if bytes.len() > PAYLOAD_SIZE_MAX {
            return Err(CodecError::Size { size: bytes.len(), max: PAYLOAD_SIZE_MAX });
        }
        let mut cursor = Cursor::new(bytes);
        let signature = match cursor.map()? {
            2 => None,
            3 => Some(signature(cursor.key("sig")?)?),
            found => return Err(CodecError::Shape(format!("a payload of {found} keys"))),
        };
        let salt = cursor.key("salt")?.bytes()?;
        let statement = cursor.key("statement")?.any_map(1)?;
        cursor.end()?;
        Ok(Self { salt, statement, signature })
    }
}

fn signature<'a>(cursor: &mut Cursor<'a>) -> Result<SignatureRef<'a>, CodecError> {
    cursor.map_of(2)?;
    Ok(SignatureRef { key: cursor.key("key")?.id()?, sig: cursor.key("sig")?.bytes()? })
}

impl From<PayloadRef<'_>> for Payload {
    fn from(payload: PayloadRef<'_>) -> Self {
        let (salt, statement) = (*payload.salt, payload.statement.to_vec());
        Self { salt, statement, signature: payload.signature.map(StatementSignature::from) }
    }
}

impl From<SignatureRef<'_>> for StatementSignature {
    fn from(signature: SignatureRef<'_>) -> Self {
        Self { key: signature.key.into(), sig: *signature.sig }
    }
}

/// Whether `bytes` can be the statement of a payload: a map in deterministic CBOR, one level less deep than a payload.
pub fn is_statement(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    cursor.any_map(1).is_ok() && cursor.end().is_ok()
}

/// The canonical bytes of a payload with this salt, statement and signature.
pub(crate) fn encode(salt: &[u8; 16], statement: &[u8], signature: Option<&StatementSignature>) -> Vec<u8> {
    let mut out = Vec::with_capacity(statement.len() + 160);
    write_head(&mut out, 5, if signature.is_some() { 3 } else { 2 });
    if let Some(signature) = signature {
        write_key(&mut out, "sig");
        write_head(&mut out, 5, 2);
        write_key(&mut out, "key");
        write_head(&mut out, 3, signature.key.as_str().len() as u64);
        out.extend_from_slice(signature.key.as_str().as_bytes());
        write_key(&mut out, "sig");
        write_head(&mut out, 2, 64);
        out.extend_from_slice(&signature.sig);
    }
    write_key(&mut out, "salt");
    write_head(&mut out, 2, 16);
    out.extend_from_slice(salt);
    write_key(&mut out, "statement");
    out.extend_from_slice(statement);
    out
}

#[cfg(test)]
mod tests;
