//! An asset of an AI system: a model, a data set, a gateway, an agent... (docs/spec/asset.md).
//!
//! ```text
//! {"id": "scoring-model", "kind": "model", "name": "Scoring model", "system": "credit-scoring", "version": "4.2"}
//! ```

use crate::relation::Relation;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A definition of an asset; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Its id, unique in the system; not the system's own and not `org`, which stand for themselves.
    pub id: Id,
    /// Its kind, a word of the control catalog's vocabulary.
    pub kind: String,
    /// Name for people.
    pub name: String,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// SHA-256 of its bytes, where it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The system it belongs to.
    pub system: Id,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// No longer in use: controls no longer apply to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How it stands to other assets, by their ids.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub relations: BTreeSet<Relation>,
}

impl Asset {
    /// An asset of a system with an id, a kind and a name, and nothing else known.
    pub fn new(system: Id, id: Id, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id,
            kind: kind.into(),
            name: name.into(),
            owner: None,
            digest: None,
            system,
            purpose: None,
            retired: false,
            version: None,
            location: None,
            relations: BTreeSet::new(),
        }
    }
}
