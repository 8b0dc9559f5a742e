//! An AI system: what is judged, in which roles, at which risk (docs/spec/system.md).
//!
//! ```text
//! {"id": "credit-scoring", "name": "Credit scoring", "facts": {"profiling": ["true"]}, "roles": ["provider"],
//!  "routes": ["annex-iii"], "risk_classes": ["high-risk"], "placed_on_market": "2025-03-01"}
//! ```
//!
//! A classification is a claim with an author and a reason, never this program's verdict.

use affiant_ledger::id::Id;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A definition of an AI system; the latest in its stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Its id, which is the id of its stream.
    pub id: Id,
    /// Name for people.
    pub name: String,
    /// Why it is classified so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Every other fact that conditions of applicability ask for, by name; booleans are `true` and `false`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, BTreeSet<String>>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Roles of the organisation towards it: `provider`, `deployer`, ...
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
    /// Routes to high risk: `annex-iii`, `annex-i`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Risk classes: `high-risk`, `transparency`, ...
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub risk_classes: BTreeSet<String>,
    /// Who classified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classified_by: Option<String>,
    /// When it was placed on the market or put into service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_on_market: Option<Date>,
}

impl System {
    /// A system with an id and a name, and nothing else known.
    pub fn new(id: Id, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            basis: None,
            facts: BTreeMap::new(),
            owner: None,
            roles: BTreeSet::new(),
            routes: BTreeSet::new(),
            purpose: None,
            risk_classes: BTreeSet::new(),
            classified_by: None,
            placed_on_market: None,
        }
    }
}
