//! A catalog pin: which version of which catalog was in use, by digest (docs/spec/catalog.md).
//!
//! ```text
//! {"id": "eu-ai-act", "kind": "framework", "digest": h'…32', "version": "1.0.0"}
//! ```

use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a catalog holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogKind {
    /// Requirements of a law or standard.
    Framework,
    /// Controls.
    Controls,
    /// Mappings of controls to requirements.
    Mappings,
}

impl CatalogKind {
    /// The word written in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Framework => "framework",
            Self::Controls => "controls",
            Self::Mappings => "mappings",
        }
    }
}

impl fmt::Display for CatalogKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One version of one catalog. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogPin {
    /// The catalog's id.
    pub id: Id,
    /// What it holds.
    pub kind: CatalogKind,
    /// SHA-256 of its canonical bytes.
    pub digest: Digest,
    /// Its version.
    pub version: String,
}
