//! A control: a safeguard with an objective, the test that shows it holds, and how long a result stays fresh.

use affiant_ledger::id::visible;
use affiant_ledger::time::Period;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest control id, in bytes.
pub const CONTROL_ID_LENGTH_MAX: usize = 63;

/// A control's id, such as `AFF-DAT-01`: `[A-Za-z0-9][A-Za-z0-9._-]{0,62}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(Arc<str>);

/// The text is not a control id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a control id (A-Z, a-z, 0-9, `.`, `_`, `-`; at most 63; first a letter or digit)")]
pub struct ControlIdError(pub String);

impl ControlId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether text is a control id.
    pub(crate) fn is_one(text: &str) -> bool {
        text.len() <= CONTROL_ID_LENGTH_MAX
            && text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric())
            && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-'))
    }
}

impl FromStr for ControlId {
    type Err = ControlIdError;

    fn from_str(text: &str) -> Result<Self, ControlIdError> {
        if Self::is_one(text) { Ok(Self(text.into())) } else { Err(ControlIdError(visible(text))) }
    }
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::borrow::Borrow<str> for ControlId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ControlId {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl Serialize for ControlId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ControlId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// How much a failing control or check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// For information only.
    Info,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All five, from the lightest.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word written in statements and catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who carries out a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestMode {
    /// A tool, unattended.
    Automated,
    /// A tool and a person.
    Hybrid,
    /// A person.
    Manual,
}

impl TestMode {
    /// The word written in catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Hybrid => "hybrid",
            Self::Manual => "manual",
        }
    }
}

/// How a control is tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestPlan {
    /// Who carries it out.
    pub mode: TestMode,
    /// Kinds of check, words of the catalog's vocabulary.
    pub checks: Vec<String>,
    /// What must be seen for the result to be `passed`.
    pub pass_when: String,
}

/// A control of a catalog. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Its id.
    pub id: ControlId,
    /// Requirements it supports: framework id to citations as the framework writes them. What "supports" means is
    /// said once in the catalog's `mapping_semantics`.
    pub maps: BTreeMap<String, Vec<String>>,
    /// A remark, for instance on what a mapping does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How it is tested.
    pub test: TestPlan,
    /// A short name.
    pub title: String,
    /// Number of its pillar.
    pub pillar: u8,
    /// Events after which earlier results no longer count, such as `release`: words of
    /// [`Event`](crate::Event)s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_on: Vec<String>,
    /// How long after the observation a result stays fresh.
    pub max_age: Period,
    /// Kinds of evidence, words of the catalog's vocabulary.
    pub evidence: Vec<String>,
    /// How much a failure weighs.
    pub severity: Severity,
    /// What it wants to be true.
    pub objective: String,
    /// Kinds of asset it applies to, words of the catalog's vocabulary.
    pub asset_kinds: BTreeSet<String>,
}

impl Control {
    /// Whether it applies to assets of this kind.
    pub fn applies_to(&self, kind: &str) -> bool {
        self.asset_kinds.contains(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_ids_follow_the_grammar() {
        for right in ["AFF-DAT-01", "a", "CKV_AWS_1", "x.y", &"x".repeat(63)] {
            assert_eq!(right.parse::<ControlId>().map(|id| id.to_string()), Ok(right.to_owned()));
        }
        for wrong in ["", "-a", ".a", "a b", "a/b", "ä", "a\0", "a\u{202e}", &"x".repeat(64)] {
            assert_eq!(wrong.parse::<ControlId>(), Err(ControlIdError(visible(wrong))), "{wrong}");
        }
    }
}
