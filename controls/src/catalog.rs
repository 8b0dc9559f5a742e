//! The control catalog: versioned data with a digest (docs/spec/catalog.md).
//!
//! The source for people is `controls/data/ai-spm-controls.yaml`; the deterministic CBOR compiled from it is what is
//! embedded, hashed and put into packs. A test compiles the YAML again and compares every byte.

use crate::control::{Control, ControlId, Severity};
use crate::lint::{self, Fault};
use crate::pin::{CatalogKind, CatalogPin};
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest catalog, in bytes.
pub const CATALOG_SIZE_MAX: usize = 8 << 20;

/// The baseline, compiled.
static EMBEDDED: &[u8] = include_bytes!("../data/ai-spm-controls.cbor");

/// Controls on the management system and on the duties of operators, compiled.
static MANAGEMENT: &[u8] = include_bytes!("../data/ai-ms-controls.cbor");

/// A group of controls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pillar {
    /// Three letters, the middle of its controls' ids.
    pub code: String,
    /// Name for people.
    pub title: String,
    /// Its number.
    pub number: u8,
}

/// A set of controls and the vocabulary they use. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlCatalog {
    /// Its id.
    pub id: Id,
    /// Name for people.
    pub title: String,
    /// Who has checked it and who has not.
    pub review: String,
    /// Groups of controls.
    pub pillars: Vec<Pillar>,
    /// Where the ids in `maps` come from, by framework.
    pub sources: BTreeMap<String, String>,
    /// Its version.
    pub version: String,
    /// The controls by id; a list in the file.
    #[serde(with = "by_id")]
    pub controls: BTreeMap<ControlId, Control>,
    /// Severities used, the worst first.
    pub severity: Vec<Severity>,
    /// Kinds of asset, with what they mean.
    pub asset_kinds: BTreeMap<String, String>,
    /// Kinds of check, with what they mean.
    pub check_kinds: BTreeMap<String, String>,
    /// Whose words these are.
    pub licence_note: String,
    /// Kinds of evidence, with what they mean.
    pub evidence_kinds: BTreeMap<String, String>,
    /// What it means that a control maps to a requirement.
    pub mapping_semantics: String,
}

/// Why bytes are not a control catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Not the deterministic CBOR of a catalog.
    #[error("control catalog: {0}")]
    Codec(#[from] CodecError),
    /// Not a catalog in YAML.
    #[error("control catalog: {0}")]
    Yaml(String),
    /// Well-formed, but it contradicts itself.
    #[error("control catalog: {}", lint::list(.0))]
    Lint(Vec<Fault>),
}

impl ControlCatalog {
    /// The AI security posture baseline that ships with this program.
    ///
    /// # Panics
    /// Never: a test decodes and lints the same bytes.
    pub fn embedded() -> Self {
        Self::of_embedded(EMBEDDED)
    }

    fn of_embedded(bytes: &'static [u8]) -> Self {
        codec::decode_trusted(bytes).unwrap_or_else(|error| panic!("the embedded catalog decodes: {error}"))
    }

    /// Every control catalog that ships with this program.
    pub fn all_embedded() -> Vec<Self> {
        Self::all_embedded_bytes().map(Self::of_embedded).to_vec()
    }

    /// The canonical bytes of [`ControlCatalog::all_embedded`], in its order.
    pub fn all_embedded_bytes() -> [&'static [u8]; 2] {
        [EMBEDDED, MANAGEMENT]
    }

    /// The canonical bytes of [`ControlCatalog::embedded`].
    pub fn embedded_bytes() -> &'static [u8] {
        EMBEDDED
    }

    /// Reads a catalog from its canonical bytes and lints it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        codec::decode::<Self>(bytes, CATALOG_SIZE_MAX)?.linted()
    }

    /// Reads a catalog from YAML and lints it. Errors say the line.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, CatalogError> {
        crate::definition::yaml::<Self>(text).map_err(CatalogError::Yaml)?.linted()
    }

    fn linted(self) -> Result<Self, CatalogError> {
        let faults = lint::lint(&self);
        if faults.is_empty() { Ok(self) } else { Err(CatalogError::Lint(faults)) }
    }

    /// The canonical bytes: what is hashed, pinned and put into packs.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// SHA-256 of the canonical bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// The pin: id, version and digest.
    pub fn pin(&self) -> CatalogPin {
        CatalogPin {
            id: self.id.clone(),
            kind: CatalogKind::Controls,
            digest: self.digest(),
            version: self.version.clone(),
        }
    }

    /// The control with this id.
    pub fn control(&self, id: &str) -> Option<&Control> {
        self.controls.get(id)
    }

    /// The pillar of a control.
    pub fn pillar(&self, control: &Control) -> Option<&Pillar> {
        self.pillars.iter().find(|pillar| pillar.number == control.pillar)
    }

    /// The known control id nearest to a mistaken one, for hints.
    pub fn nearest(&self, mistaken: &str) -> Option<&ControlId> {
        lint::nearest(mistaken, self.controls.keys().map(ControlId::as_str))
            .and_then(|id| self.controls.get_key_value(id))
            .map(|(id, _)| id)
    }
}

/// Controls as a list in the file and by id in memory. An id twice is refused.
mod by_id {
    use super::{Control, ControlId};
    use serde::{Deserialize, Deserializer, Serializer, de};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        controls: &BTreeMap<ControlId, Control>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(controls.values())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<ControlId, Control>, D::Error> {
        let mut controls = BTreeMap::new();
        for control in Vec::<Control>::deserialize(deserializer)? {
            let id = control.id.clone();
            if controls.insert(id.clone(), control).is_some() {
                return Err(de::Error::custom(format_args!("control `{id}` stands twice")));
            }
        }
        Ok(controls)
    }
}
