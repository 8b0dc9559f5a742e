//! The statement that a pack was issued: it fixes the pack's own head in the stream (docs/spec/pack.md).

use crate::withhold::WithholdRule;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Most signers that a pack names beside its issuer.
pub const SIGNERS_MAX: usize = 16;

/// In what role somebody signs a pack beside its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignerRole {
    /// Answers for the system.
    Management,
    /// Looked the pack over before it was issued.
    Reviewer,
}

impl SignerRole {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Management, Self::Reviewer];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Reviewer => "reviewer",
        }
    }
}

impl fmt::Display for SignerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no role of a signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role of a signer (management, reviewer)")]
pub struct SignerRoleError(String);

impl FromStr for SignerRole {
    type Err = SignerRoleError;

    fn from_str(word: &str) -> Result<Self, SignerRoleError> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == word);
        found.ok_or_else(|| SignerRoleError(visible(word)))
    }
}

/// Who signs a pack beside its issuer: without this signature the pack is not whole. Ordered by role, then key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackSigner {
    /// In what role.
    pub role: SignerRole,
    /// With what key: name, hash and public key, as a C2SP vkey.
    pub vkey: String,
}

/// The period that a pack speaks of. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPeriod {
    /// The first instant after it.
    pub to: Timestamp,
    /// Its first instant.
    pub from: Timestamp,
}

impl PackPeriod {
    /// Its last instant; its first where it has none.
    pub fn last(&self) -> Timestamp {
        Timestamp::from_millis(self.to.as_millis().saturating_sub(1)).unwrap_or(self.from).max(self.from)
    }
}

/// A pack was issued over entries `first` to `last` of a stream. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackIssued {
    /// The pack's id.
    pub id: Id,
    /// Leaf hash of the entry at stream position `last`.
    pub head: Digest,
    /// Leaf hash of the last entry of stream `org` before this one: the pack holds that stream up to it, and so every key
    /// that was ever enrolled or revoked. Packs of before it was recorded have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Digest>,
    /// Last stream position assessed.
    pub last: u64,
    /// The time for which it was assessed.
    pub as_of: Timestamp,
    /// First stream position assessed.
    pub first: u64,
    /// Name of the issuer's key (the name part of its vkey).
    pub issuer: String,
    /// The period judged, where it is one; `as_of` is its last instant then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PackPeriod>,
    /// The AI system.
    pub system: Id,
    /// Who signs it beside the issuer, at most [`SIGNERS_MAX`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub signers: BTreeSet<PackSigner>,
    /// What is kept out of it, at most [`RULES_MAX`](crate::withhold::RULES_MAX) rules.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub withheld: BTreeSet<WithholdRule>,
    /// Ids of the frameworks assessed.
    pub frameworks: BTreeSet<String>,
    /// SHA-256 of the certificate that the report is sealed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
}
