//! The statement of kind `key`: a key is enrolled, followed by another, or revoked (docs/spec/key.md).
//!
//! ```text
//! {"id": "ci-main", "new": "ci-main+566c975c+AW56…", "grant": {"kinds": ["result"], "streams": ["credit-scoring"]},
//!  "action": "enrol", "ledger": "log1", "origin": "affiant.example/log1",
//!  "proofs": {"log": h'…64', "new": h'…64'}, "purpose": "collector"}
//! ```
//!
//! Each proof is an Ed25519 signature over [`KeyStatement::message`], which covers every field but the proofs: so it
//! speaks of this ledger, this purpose and these keys, and of nothing else. Private keys prove that they are held; the
//! log key proves that the ledger's owner agrees.

use super::KeyringError;
use crate::codec;
use crate::digest::Digest;
use crate::id::Id;
use crate::key::SigningKey;
use crate::note::{Verifier, from_base64, to_base64};
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeSet;
use std::fmt;

/// Largest statement of kind `key`, in bytes.
pub const KEY_STATEMENT_SIZE_MAX: usize = 64 * 1024;
/// The stream of key statements: they are about the ledger, not about one system.
pub const KEY_STREAM: &str = "org";
/// The kind of key statements.
pub const KEY_KIND: &str = "key";
/// The first line of what a proof signs.
const DOMAIN: &[u8] = b"affiant key v1\n";

/// What happens to a key. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStatement {
    /// Whose key: the id in `by: key:<id>`. Collector keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// The key that begins to count, as a vkey: enrolments and rotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The key that ends to count, as a vkey: rotations and revocations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What a collector may push: enrolments of collectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Revocations: the index from which the key's signatures count no longer, although they are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// What happens.
    pub action: KeyAction,
    /// Id of the ledger.
    pub ledger: Id,
    /// Origin of the ledger's checkpoints.
    pub origin: String,
    /// Signatures over [`KeyStatement::message`].
    #[serde(default, skip_serializing_if = "Proofs::is_empty")]
    pub proofs: Proofs,
    /// Revocations: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<KeyReason>,
    /// What the key is for.
    pub purpose: KeyPurpose,
}

/// What happens to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAction {
    /// A key begins to count.
    Enrol,
    /// A key follows another.
    Rotate,
    /// A key ends to count, and none follows.
    Revoke,
}

/// What a key is for. One key has one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// Signs checkpoints.
    Log,
    /// Signs packs.
    Issuer,
    /// Signs statements.
    Collector,
}

/// Why a key is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyReason {
    /// Another may hold it.
    Compromised,
    /// Nobody holds it.
    Lost,
    /// It is no longer needed.
    Retired,
}

/// What a collector may push, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Kinds of statement. Never those about keys, erasures and holds, not even by `*`.
    pub kinds: Names,
    /// The last instant, as the ledger records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Streams.
    pub streams: Names,
}

/// Names granted: all, written `["*"]`, or some, sorted and without repetition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum Names {
    /// Every name.
    All,
    /// These; at least one.
    Some(BTreeSet<Id>),
}

impl Names {
    /// Reads names as people give them: identifiers in any order, or one `*`.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, KeyringError> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        if names.contains("*") && names.len() == 1 {
            return Ok(Self::All);
        }
        let some = names.into_iter().map(str::parse).collect::<Result<BTreeSet<Id>, _>>();
        let some = some.map_err(|error| KeyringError::Grant(error.to_string()))?;
        if some.is_empty() {
            return Err(KeyringError::Grant("names nothing: name something, or `*` for everything".into()));
        }
        Ok(Self::Some(some))
    }

    /// Whether a name is granted.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(name),
        }
    }
}

impl TryFrom<Vec<String>> for Names {
    type Error = KeyringError;

    fn try_from(names: Vec<String>) -> Result<Self, KeyringError> {
        Self::of(names.iter().map(String::as_str))
    }
}

impl From<Names> for Vec<String> {
    fn from(names: Names) -> Self {
        match names {
            Names::All => vec!["*".into()],
            Names::Some(names) => names.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&Vec::from(self.clone()).join(", "))
    }
}

/// Who proves a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The log key in force: the ledger's owner agrees.
    Log,
    /// The key that begins to count: its holder has it.
    New,
    /// The key that ends to count: its holder agrees.
    Old,
}

impl Role {
    /// The field of the proof, and of the key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::New => "new",
            Self::Old => "old",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The proofs of a statement, by who made them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// By the log key in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Proof>,
    /// By the key in `new`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Proof>,
    /// By the key in `old`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Proof>,
}

impl Proofs {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The proof of a role.
    pub fn of(&self, role: Role) -> Option<&Proof> {
        match role {
            Role::Log => self.log.as_ref(),
            Role::New => self.new.as_ref(),
            Role::Old => self.old.as_ref(),
        }
    }
}

/// An Ed25519 signature: 64 bytes in CBOR, base64 where people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof(pub [u8; 64]);

impl Serialize for Proof {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&to_base64(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Proof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = if deserializer.is_human_readable() {
            from_base64(&String::deserialize(deserializer)?).unwrap_or_default()
        } else {
            serde_bytes::ByteBuf::deserialize(deserializer)?.into_vec()
        };
        bytes.try_into().map(Self).map_err(|_| de::Error::custom("a proof has 64 bytes"))
    }
}

impl KeyStatement {
    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the canonical bytes, and no other form of them. What they say is judged by the keyring.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyringError> {
        Ok(codec::decode(bytes, KEY_STATEMENT_SIZE_MAX)?)
    }

    /// What proofs sign: a domain line and SHA-256 of the canonical bytes without the field `proofs`.
    pub fn message(&self) -> Vec<u8> {
        let bare = Self { proofs: Proofs::default(), ..self.clone() };
        let mut message = DOMAIN.to_vec();
        message.extend_from_slice(Digest::of(&bare.to_bytes()).as_bytes());
        message
    }

    /// The statement with a proof by `key`.
    pub fn proven(self, role: Role, key: &SigningKey) -> Self {
        let proof = key.sign(&self.message());
        self.with_proof(role, proof)
    }

    /// The statement with a proof made elsewhere.
    pub fn with_proof(mut self, role: Role, proof: [u8; 64]) -> Self {
        let place = match role {
            Role::Log => &mut self.proofs.log,
            Role::New => &mut self.proofs.new,
            Role::Old => &mut self.proofs.old,
        };
        *place = Some(Proof(proof));
        self
    }

    /// What the statement means, once it holds the fields of its action and no others.
    pub(super) fn change(&self) -> Result<(Holder, Change), KeyringError> {
        let collector = self.purpose == KeyPurpose::Collector;
        let (enrols, revokes) = (self.action == KeyAction::Enrol, self.action == KeyAction::Revoke);
        self.field("id", self.id.is_some(), collector)?;
        self.field("new", self.new.is_some(), !revokes)?;
        self.field("old", self.old.is_some(), !enrols)?;
        self.field("grant", self.grant.is_some(), enrols && collector)?;
        self.field("reason", self.reason.is_some(), revokes)?;
        self.field("since", self.since.is_some(), revokes && self.since.is_some())?;
        let holder = match (self.purpose, &self.id) {
            (KeyPurpose::Log, _) => Holder::Log,
            (KeyPurpose::Issuer, _) => Holder::Issuer,
            (KeyPurpose::Collector, id) => Holder::Collector(id.clone().ok_or(self.lacks("id"))?),
        };
        let key = |role, text: &Option<String>| vkey(role, text.as_deref().ok_or(self.lacks("key"))?);
        let change = match self.action {
            KeyAction::Enrol => Change::Enrol { new: key(Role::New, &self.new)?, grant: self.grant.clone() },
            KeyAction::Rotate => {
                Change::Rotate { old: key(Role::Old, &self.old)?, new: key(Role::New, &self.new)? }
            }
            KeyAction::Revoke => Change::Revoke {
                old: key(Role::Old, &self.old)?,
                reason: self.reason.ok_or(self.lacks("reason"))?,
                since: self.since,
            },
        };
        Ok((holder, change))
    }

    /// Refuses a field that is missing, or that has no meaning here.
    fn field(&self, name: &'static str, present: bool, wanted: bool) -> Result<(), KeyringError> {
        if present == wanted {
            return Ok(());
        }
        if wanted {
            Err(self.lacks(name))
        } else {
            Err(KeyringError::Surplus { what: self.what(), field: name })
        }
    }

    fn lacks(&self, field: &'static str) -> KeyringError {
        KeyringError::Lacks { what: self.what(), field }
    }

    fn what(&self) -> String {
        format!("{} of {} key", self.action, self.purpose.with_article())
    }
}

/// Whose key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The log's.
    Log,
    /// The issuer's.
    Issuer,
    /// A collector's.
    Collector(Id),
}

impl Holder {
    /// What its keys are for.
    pub fn purpose(&self) -> KeyPurpose {
        match self {
            Self::Log => KeyPurpose::Log,
            Self::Issuer => KeyPurpose::Issuer,
            Self::Collector(_) => KeyPurpose::Collector,
        }
    }

    /// The collector's id.
    pub fn id(&self) -> Option<&Id> {
        match self {
            Self::Collector(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.pad("the log"),
            Self::Issuer => f.pad("the issuer"),
            Self::Collector(id) => write!(f, "collector `{id}`"),
        }
    }
}

/// A statement, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Enrol { new: Verifier, grant: Option<Grant> },
    Rotate { old: Verifier, new: Verifier },
    Revoke { old: Verifier, reason: KeyReason, since: Option<u64> },
}

impl Change {
    /// The key in a role, for its proof.
    pub(super) fn key(&self, role: Role) -> Option<&Verifier> {
        match (self, role) {
            (Self::Enrol { new, .. } | Self::Rotate { new, .. }, Role::New) => Some(new),
            (Self::Rotate { old, .. } | Self::Revoke { old, .. }, Role::Old) => Some(old),
            _ => None,
        }
    }
}

/// Reads a vkey of a plain Ed25519 key that is not weak.
fn vkey(role: Role, text: &str) -> Result<Verifier, KeyringError> {
    let key: Verifier = text.parse().map_err(|source| KeyringError::Key { role, source })?;
    if key.is_plain() { Ok(key) } else { Err(KeyringError::Algorithm(role)) }
}

impl KeyPurpose {
    fn with_article(self) -> &'static str {
        match self {
            Self::Log => "a log",
            Self::Issuer => "an issuer",
            Self::Collector => "a collector",
        }
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Log => "log",
            Self::Issuer => "issuer",
            Self::Collector => "collector",
        })
    }
}

impl fmt::Display for KeyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Enrol => "enrolment",
            Self::Rotate => "rotation",
            Self::Revoke => "revocation",
        })
    }
}

impl fmt::Display for KeyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compromised => "compromised",
            Self::Lost => "lost",
            Self::Retired => "retired",
        })
    }
}
