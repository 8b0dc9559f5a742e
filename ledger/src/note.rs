//! Signed notes (C2SP signed-note): text, an empty line, signature lines. The only signature envelope for text.
//!
//! ```text
//! affiant.example/log1
//! 300
//! Ro6SPfARwnjmek+QxJo6NTX6IcgXWJYYgyKXOspAk3U=
//!
//! — affiant.example/log1 g4tO3EUiw5ZoJXmuWUgHvTbcNbKvr9ekVHp6BMhWqapPE7i7PY36T18dMDLvzQMWe4txsgzuv0hOt75KimvcwFKbEAI=
//! ```
//!
//! A key is named by a name and four bytes, `SHA-256(name || LF || algorithm || public key)[..4]`. Algorithms: 0x01
//! Ed25519, 0x04 Ed25519 cosignature with a timestamp (C2SP tlog-cosignature). Unknown keys are ignored; a known key
//! whose signature fails rejects the note; a note without a signature of a known key is rejected.

use crate::digest::Digest;
use crate::id::{is_hidden, visible};
use crate::key::{KeyError, SigningKey, VerifyingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::str::FromStr;

/// Largest note, in bytes.
pub const NOTE_SIZE_MAX: usize = 1 << 20;
/// Most signature lines.
pub const SIGNATURES_MAX: usize = 64;

const DASH: &str = "\u{2014} ";
const ED25519: u8 = 0x01;
const COSIGNATURE: u8 = 0x04;

/// Why bytes are not a note, or not one to trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the syntax of a signed note.
    #[error("not a signed note: {0}")]
    Syntax(&'static str),
    /// Not a verifier key.
    #[error("`{0}` is not a verifier key (name+hash+key)")]
    Key(String),
    /// A weak or impossible public key.
    #[error(transparent)]
    PublicKey(#[from] KeyError),
    /// A known key's signature is wrong.
    #[error("the signature of `{0}` is wrong")]
    Wrong(String),
    /// No known key signed.
    #[error("no signature by a known key")]
    Unsigned,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// First four bytes of the key's hash.
    pub key_id: [u8; 4],
    /// What follows the key id: 64 bytes for Ed25519, 8 + 64 for a cosignature.
    pub bytes: Vec<u8>,
}

/// A parsed note: syntax checked, signatures not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text, with its last line feed.
    pub text: String,
    /// Its signatures, in order.
    pub signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note strictly.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let syntax = NoteError::Syntax;
        if bytes.len() > NOTE_SIZE_MAX {
            return Err(syntax("larger than 1 MiB"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| syntax("not UTF-8"))?;
        if whole.chars().any(|c| c < ' ' && c != '\n') {
            return Err(syntax("control character"));
        }
        let split = whole.rfind("\n\n").ok_or(syntax("no empty line before the signatures"))?;
        let (text, lines) = (&whole[..split + 1], &whole[split + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(syntax("no line feed at the end"))?;
        let signatures = lines.split('\n').map(signature).collect::<Result<Vec<_>, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(syntax("too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs `text`, which must end with a line feed and hold no other control character.
    pub fn sign(text: &str, name: &KeyName, key: &SigningKey) -> Vec<u8> {
        Self::sign_by_all(text, name, &[key])
    }

    /// Signs `text` with several keys of one name, a line each in the order given: a handover names both keys.
    pub fn sign_by_all(text: &str, name: &KeyName, keys: &[&SigningKey]) -> Vec<u8> {
        assert!(
            text.ends_with('\n') && !text.chars().any(|c| c < ' ' && c != '\n'),
            "a note's text is lines"
        );
        let lines: String = keys.iter().map(|key| signature_line(text, name, key)).collect();
        format!("{text}\n{lines}").into_bytes()
    }

    /// The verifiers among `known` that signed, in the order of the lines. At least one.
    pub fn verify<'a>(&self, known: &'a [Verifier]) -> Result<Vec<&'a Verifier>, NoteError> {
        let mut signed: Vec<&Verifier> = Vec::new();
        for line in &self.signatures {
            let Some(verifier) = known.iter().find(|v| v.name.0 == line.name && v.key_id() == line.key_id)
            else {
                continue;
            };
            if !verifier.accepts(&self.text, &line.bytes) {
                return Err(NoteError::Wrong(line.name.clone()));
            }
            if !signed.contains(&verifier) {
                signed.push(verifier);
            }
        }
        if signed.is_empty() { Err(NoteError::Unsigned) } else { Ok(signed) }
    }
}

/// The signature line of `key` over `text`, with its line feed: to be appended to a note.
pub fn signature_line(text: &str, name: &KeyName, key: &SigningKey) -> String {
    let mut bytes = key_id(name, ED25519, &key.verifying_key()).to_vec();
    bytes.extend_from_slice(&key.sign(text.as_bytes()));
    format!("{DASH}{name} {}\n", STANDARD.encode(bytes))
}

fn signature(line: &str) -> Result<NoteSignature, NoteError> {
    let wrong = NoteError::Syntax("not a signature line");
    let (name, text) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(wrong.clone())?;
    let name: KeyName = name.parse().map_err(|_| wrong.clone())?;
    let bytes = STANDARD.decode(text).map_err(|_| wrong.clone())?;
    let (key_id, bytes) = bytes.split_first_chunk::<4>().ok_or(wrong.clone())?;
    if bytes.is_empty() {
        return Err(wrong);
    }
    Ok(NoteSignature { name: name.0, key_id: *key_id, bytes: bytes.to_vec() })
}

fn key_id(name: &KeyName, algorithm: u8, key: &VerifyingKey) -> [u8; 4] {
    let hash = Digest::of_parts(&[name.0.as_bytes(), b"\n", &[algorithm], key.as_bytes()]);
    let [a, b, c, d, ..] = hash.0;
    [a, b, c, d]
}

/// Name of a key: no spaces, no `+`, nothing invisible; at most 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let sound = !text.is_empty()
            && text.len() <= 255
            && !text.chars().any(|c| c.is_whitespace() || c == '+' || is_hidden(c));
        if sound { Ok(Self(text.to_owned())) } else { Err(NoteError::Key(visible(text))) }
    }
}

/// A public key with its name: what a vkey line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: KeyName,
    key: VerifyingKey,
    algorithm: u8,
}

impl Verifier {
    /// The verifier of plain Ed25519 signatures by `key`.
    pub fn new(name: KeyName, key: VerifyingKey) -> Self {
        Self { name, key, algorithm: ED25519 }
    }

    /// Name of the key.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Whether it makes plain Ed25519 signatures, as logs, issuers and collectors do: no cosigner's key.
    pub fn is_plain(&self) -> bool {
        self.algorithm == ED25519
    }

    /// First four bytes of `SHA-256(name || LF || algorithm || key)`.
    pub fn key_id(&self) -> [u8; 4] {
        key_id(&self.name, self.algorithm, &self.key)
    }

    fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        if self.algorithm == ED25519 {
            return signature.try_into().is_ok_and(|signature| self.key.verifies(text.as_bytes(), signature));
        }
        let Some((time, signature)) = signature.split_first_chunk::<8>() else { return false };
        let message = format!("cosignature/v1\ntime {}\n{text}", u64::from_be_bytes(*time));
        signature.try_into().is_ok_and(|signature| self.key.verifies(message.as_bytes(), signature))
    }
}

impl fmt::Display for Verifier {
    /// The vkey form: `name+hash+base64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.key_id());
        let key = [&[self.algorithm], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let wrong = || NoteError::Key(visible(text));
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let name: KeyName = name.parse().map_err(|_| wrong())?;
        let key = STANDARD.decode(key).map_err(|_| wrong())?;
        let (algorithm, key) = key.split_first().ok_or_else(wrong)?;
        if !matches!(*algorithm, ED25519 | COSIGNATURE) || key.len() != 32 {
            return Err(wrong());
        }
        let verifier = Self { name, key: VerifyingKey::from_bytes(key)?, algorithm: *algorithm };
        let expected = format!("{:08x}", u32::from_be_bytes(verifier.key_id()));
        if id == expected { Ok(verifier) } else { Err(wrong()) }
    }
}

/// Base64 with padding (RFC 4648 section 4).
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Encodes bytes in base64 at the end of a text.
pub fn push_base64(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// Decodes base64, refusing any other spelling of the same bytes.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_by_two_keys_of_one_name_is_good_for_each_and_for_both() {
        let name: KeyName = "affiant.example/log1".parse().unwrap();
        let keys = [SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32])];
        let [old, new] = keys.each_ref().map(|key| Verifier::new(name.clone(), key.verifying_key()));
        let bytes = Note::sign_by_all("text\n", &name, &[&keys[0], &keys[1]]);
        let note = Note::parse(&bytes).unwrap();
        assert_eq!(note.signatures.len(), 2);
        assert_eq!(note.verify(std::slice::from_ref(&old)), Ok(vec![&old]));
        assert_eq!(note.verify(std::slice::from_ref(&new)), Ok(vec![&new]));
        assert_eq!(note.verify(&[old.clone(), new.clone()]), Ok(vec![&old, &new]));
        // One wrong line of a known key spoils the note, whatever the other says.
        let mut spoilt = note.clone();
        spoilt.signatures[1].bytes[0] ^= 1;
        assert_eq!(spoilt.verify(&[old, new]), Err(NoteError::Wrong(name.to_string())));
    }
}
