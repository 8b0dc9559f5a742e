//! Mappings: which control supports which requirement.
//!
//! ```text
//! eu-ai-act:
//!   - {control: AFF-DAT-01, requirement: art-10-2-b, relation: intersects-with, rationale: ...}
//! ```
//!
//! A mapping says that evidence of the control bears on the requirement. It never says that the control satisfies the
//! requirement: the two sets intersect (NIST IR 8477). Mappings are one reader's judgement, made to be replaced by
//! one's own.

use crate::framework::Framework;
use crate::lint::Fault;
use affiant_controls::{CatalogKind, CatalogPin, ControlCatalog, ControlId};
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Largest mapping set read, in bytes of CBOR.
pub const MAPPINGS_SIZE_MAX: usize = 8 << 20;

const MAPPINGS: &[u8] = include_bytes!("../data/mappings.cbor");
const MS_MAPPINGS: &[u8] = include_bytes!("../data/ms-mappings.cbor");

/// Mappings of controls to the requirements of several frameworks, as loaded: the content can no longer change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSet {
    content: Mappings,
    digest: Digest,
}

/// The content of a mapping set: what the catalog file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mappings {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The day up to which it was checked.
    pub as_of: Date,
    /// What a mapping says, and what it does not.
    pub meaning: String,
    /// Whose judgement it is.
    pub basis: String,
    /// The control catalog it maps from.
    pub controls: Id,
    /// Mappings by framework, sorted by requirement as listed there, then control.
    pub frameworks: BTreeMap<String, Vec<Mapping>>,
    /// Requirements without a control, by framework, with the document or decision that settles each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub documents: BTreeMap<String, Vec<NeedsDocument>>,
}

/// A requirement for which no control is meant: a document or a person's decision settles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedsDocument {
    /// The requirement's id.
    pub requirement: String,
    /// Why no control is mapped, and which document settles it.
    pub reason: String,
}

/// One control and one requirement it bears on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The control.
    pub control: ControlId,
    /// The requirement's id.
    pub requirement: String,
    /// How the two relate.
    pub relation: Relation,
    /// Why, in words.
    pub rationale: String,
}

/// Set relations between a control and a requirement (NIST IR 8477).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// They ask for the same.
    Equal,
    /// The control asks for part of it.
    SubsetOf,
    /// The control asks for it and more.
    SupersetOf,
    /// They overlap.
    IntersectsWith,
}

/// Why a mapping set was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not the deterministic CBOR of a mapping set.
    #[error("not a mapping set: {0}")]
    Codec(#[from] CodecError),
    /// Not a mapping set in YAML.
    #[error("not a mapping set: {0}")]
    Yaml(String),
    /// A mapping stands twice.
    #[error("control `{control}` is mapped to `{requirement}` of `{framework}` twice")]
    Twice {
        /// The framework.
        framework: String,
        /// The control.
        control: ControlId,
        /// The requirement.
        requirement: String,
    },
}

impl MappingSet {
    /// Every mapping set that ships with this program.
    pub fn all_embedded() -> Vec<Self> {
        Self::all_embedded_bytes().map(Self::of_embedded).to_vec()
    }

    /// The deterministic CBOR of [`MappingSet::all_embedded`], in its order.
    pub fn all_embedded_bytes() -> [&'static [u8]; 2] {
        [MAPPINGS, MS_MAPPINGS]
    }

    /// The mappings of the posture controls.
    ///
    /// # Panics
    /// Never: a test decodes and checks the same bytes.
    pub fn embedded() -> Self {
        Self::of_embedded(MAPPINGS)
    }

    fn of_embedded(bytes: &'static [u8]) -> Self {
        let content = codec::decode_trusted(bytes);
        let content = content.unwrap_or_else(|error| panic!("the embedded mappings decode: {error}"));
        Self { content, digest: Digest::of(bytes) }
    }

    /// The deterministic CBOR of the embedded mapping set.
    pub fn embedded_bytes() -> &'static [u8] {
        MAPPINGS
    }

    /// Reads a mapping set from untrusted bytes. Whether its controls and requirements exist is for
    /// [`MappingSet::check`] to say, beside the catalogs it is used with.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MappingError> {
        Self::distinct(codec::decode(bytes, MAPPINGS_SIZE_MAX)?, Digest::of(bytes))
    }

    /// Makes a mapping set of content read from elsewhere.
    pub fn new(content: Mappings) -> Result<Self, MappingError> {
        let digest = Digest::of(&codec::encode(&content));
        Self::distinct(content, digest)
    }

    /// Reads a mapping set from YAML. Errors say the line.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, MappingError> {
        Self::new(serde_saphyr::from_str(text).map_err(|error| MappingError::Yaml(error.to_string()))?)
    }

    fn distinct(content: Mappings, digest: Digest) -> Result<Self, MappingError> {
        for (framework, mappings) in &content.frameworks {
            let mut seen = BTreeSet::new();
            if let Some(twice) = mappings.iter().find(|m| !seen.insert((&m.control, &m.requirement))) {
                return Err(MappingError::Twice {
                    framework: visible(framework),
                    control: twice.control.clone(),
                    requirement: visible(&twice.requirement),
                });
            }
        }
        Ok(Self { content, digest })
    }

    /// Its deterministic CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&self.content)
    }

    /// SHA-256 of its deterministic CBOR.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Which version it is, by digest.
    pub fn pin(&self) -> CatalogPin {
        CatalogPin {
            id: self.id.clone(),
            kind: CatalogKind::Mappings,
            digest: self.digest,
            version: self.version.clone(),
        }
    }

    /// The mappings to one framework; none where it is not mapped.
    pub fn of(&self, framework: &str) -> &[Mapping] {
        self.frameworks.get(framework).map_or(&[], Vec::as_slice)
    }

    /// The controls mapped to a requirement.
    pub fn controls_for<'a>(
        &'a self,
        framework: &str,
        requirement: &'a str,
    ) -> impl Iterator<Item = &'a Mapping> + use<'a> {
        self.of(framework).iter().filter(move |mapping| mapping.requirement == requirement)
    }

    /// Mappings to `framework` that lead nowhere: no such control, no such requirement, or one on which evidence is
    /// not judged; and requirements listed as in need of a document that are mapped all the same.
    pub fn check(&self, framework: &Framework, controls: &ControlCatalog) -> Vec<Fault> {
        let judged: BTreeMap<&str, bool> =
            framework.requirements.iter().map(|r| (r.id.as_str(), r.assessable)).collect();
        let mut faults = self.check_documents(framework, &judged);
        for mapping in self.of(framework.id.as_str()) {
            let place = format!("{} -> {}", mapping.control, visible(&mapping.requirement));
            let mut fault = |what: &str, hint: &str| {
                faults.push(Fault { place: place.clone(), what: what.to_owned(), hint: hint.to_owned() });
            };
            if !controls.controls.contains_key(&mapping.control) {
                fault("no such control", "name a control of the catalog");
            }
            match judged.get(mapping.requirement.as_str()) {
                None if framework.superseded_by.is_some() => {}
                None => fault("no such requirement", "name a requirement of the framework"),
                Some(false) => fault("no evidence is judged there", "map to the requirements below it"),
                Some(true) => {}
            }
        }
        faults
    }

    fn check_documents(&self, framework: &Framework, judged: &BTreeMap<&str, bool>) -> Vec<Fault> {
        let id = framework.id.as_str();
        let mapped: BTreeSet<&str> = self.of(id).iter().map(|mapping| mapping.requirement.as_str()).collect();
        let mut seen = BTreeSet::new();
        let fault = |listed: &NeedsDocument, what: &str, hint: &str| Fault {
            place: visible(&listed.requirement),
            what: what.to_owned(),
            hint: hint.to_owned(),
        };
        let wrong = |listed: &NeedsDocument| {
            let requirement = listed.requirement.as_str();
            let unknown = judged.get(requirement) != Some(&true);
            if unknown && framework.superseded_by.is_some() {
                None
            } else if unknown {
                Some(fault(listed, "no evidence is judged there", "list a requirement that is judged"))
            } else if mapped.contains(requirement) {
                Some(fault(listed, "it is mapped to a control too", "list it or map it, not both"))
            } else if !seen.insert(requirement.to_owned()) {
                Some(fault(listed, "it is listed twice", "list it once"))
            } else if listed.reason.trim().is_empty() {
                Some(fault(listed, "no reason is given", "say which document settles it"))
            } else {
                None
            }
        };
        self.documents_for(id).iter().filter_map(wrong).collect()
    }

    /// Requirements of a framework listed as in need of a document.
    pub fn documents_for(&self, framework: &str) -> &[NeedsDocument] {
        self.documents.get(framework).map_or(&[], Vec::as_slice)
    }
}

impl std::ops::Deref for MappingSet {
    type Target = Mappings;

    fn deref(&self) -> &Mappings {
        &self.content
    }
}
