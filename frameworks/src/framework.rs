//! A framework: a law, standard or voluntary framework as one versioned catalog.
//!
//! ```text
//! id: eu-ai-act          version: "2026-07-27"        as_of: "2026-11-22"
//! requirements:          # every node in document order: articles, paragraphs, annexes, clauses, categories
//! date_rules:            # from when, original and current, each requirement names its rule
//! law | profile | documented_information:     # what only some frameworks have
//! ```
//!
//! YAML under `data/` is what people edit; the deterministic CBOR beside it is what is embedded, hashed and put into
//! packs (docs/frameworks.md). [`Framework::from_bytes`] decodes strictly and lints; embedded bytes were linted when
//! they were built.

use crate::law::{Amendment, DateRule, DocumentedInformation, Exclusion, Law, Moved, Profile};
use crate::lint::{Fault, lint};
use crate::requirement::{Level, Requirement};
use crate::vocabulary::Vocabulary;
use affiant_controls::{CatalogKind, CatalogPin};
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest framework read, in bytes of CBOR.
pub const FRAMEWORK_SIZE_MAX: usize = 8 << 20;

/// Ids of the embedded frameworks.
pub const EMBEDDED: [&str; 3] = ["eu-ai-act", "iso-42001", "nist-ai-rmf"];

/// Earlier versions of embedded frameworks, as `id@version`: for comparison, and for packs that name them.
pub const EARLIER: [&str; 1] = ["eu-ai-act@2024-07-12"];

const EU_AI_ACT_2024: &[u8] = include_bytes!("../data/eu-ai-act-2024.cbor");
const EU_AI_ACT: &[u8] = include_bytes!("../data/eu-ai-act.cbor");
const ISO_42001: &[u8] = include_bytes!("../data/iso-42001.cbor");
const NIST_AI_RMF: &[u8] = include_bytes!("../data/nist-ai-rmf.cbor");

/// A framework as loaded: its content, which can no longer change, and the digest of its deterministic CBOR. Read its
/// content as if it stood here ([`Catalog`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framework {
    content: Catalog,
    digest: Digest,
}

/// The content of a framework: what the catalog file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What sort of framework it is.
    pub kind: FrameworkKind,
    /// How it is cited: `Regulation (EU) 2024/1689`.
    pub identifier: String,
    /// Version of the text it holds.
    pub version: String,
    /// The day up to which it was checked.
    pub as_of: Date,
    /// Standing of the text.
    pub status: String,
    /// The version that took its place. Mappings are made for the latest: what they name that is not here is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<String>,
    /// Other facts about the text, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Whose words these are and what may be done with them.
    pub rights: String,
    /// Acts that amended it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amended_by: Vec<Amendment>,
    /// What the text itself counts.
    pub counts_official: BTreeMap<String, u64>,
    /// What this catalog holds, by name; compared with the rows by a test.
    pub counts: BTreeMap<String, u64>,
    /// What it was made from.
    pub sources: Vec<Source>,
    /// What could not be settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// The words its requirements use.
    #[serde(default)]
    pub vocabularies: Vocabulary,
    /// Headings, in order: chapters and sections, clauses and areas, functions.
    pub groups: Vec<Group>,
    /// From when requirements apply, by rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub date_rules: BTreeMap<String, DateRule>,
    /// What takes a system out of scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// Citations that today stand elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<Moved>,
    /// Parts only a law has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// A profile for one technology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Documented information it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documented_information: Vec<DocumentedInformation>,
    /// Every node, in document order.
    pub requirements: Vec<Requirement>,
}

/// What sort of framework it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameworkKind {
    /// It binds whom it addresses.
    Law,
    /// One may be certified against it.
    CertifiableStandard,
    /// One may follow it.
    VoluntaryFramework,
}

/// Where a fact came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// What was taken from it.
    pub what: String,
    /// Where it is.
    #[serde(rename = "where")]
    pub location: String,
}

/// A heading above requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// How it is cited.
    pub citation: String,
    /// Its title.
    pub title: String,
    /// The heading above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
}

/// Why a framework was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameworkError {
    /// Not the deterministic CBOR of a framework.
    #[error("not a framework: {0}")]
    Codec(#[from] CodecError),
    /// Not a framework in YAML.
    #[error("not a framework: {0}")]
    Yaml(String),
    /// It contradicts itself.
    #[error("framework `{id}` has {} faults, the first: {}", .faults.len(), .faults[0])]
    Faulty {
        /// The framework's id.
        id: Id,
        /// At least one fault, in document order.
        faults: Vec<Fault>,
    },
    /// No framework of that id is embedded.
    #[error(
        "`{0}` is not an embedded framework (those are: eu-ai-act, iso-42001, nist-ai-rmf and eu-ai-act@2024-07-12)"
    )]
    Unknown(String),
}

impl Framework {
    /// An embedded framework by id, or an earlier version of one by `id@version`.
    pub fn embedded(id: &str) -> Result<Self, FrameworkError> {
        let bytes = Self::embedded_bytes(id)?;
        Ok(Self { content: codec::decode_trusted(bytes)?, digest: Digest::of(bytes) })
    }

    /// The deterministic CBOR of an embedded framework.
    pub fn embedded_bytes(id: &str) -> Result<&'static [u8], FrameworkError> {
        match id {
            "eu-ai-act" => Ok(EU_AI_ACT),
            "iso-42001" => Ok(ISO_42001),
            "nist-ai-rmf" => Ok(NIST_AI_RMF),
            "eu-ai-act@2024-07-12" => Ok(EU_AI_ACT_2024),
            other => Err(FrameworkError::Unknown(affiant_ledger::id::visible(other))),
        }
    }

    /// Reads a framework from untrusted bytes: strict CBOR, then every rule of the linter.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrameworkError> {
        let content: Catalog = codec::decode(bytes, FRAMEWORK_SIZE_MAX)?;
        Self::linted(content, Digest::of(bytes))
    }

    /// Makes a framework of content read from elsewhere, if the linter finds no fault.
    pub fn new(content: Catalog) -> Result<Self, FrameworkError> {
        let digest = Digest::of(&codec::encode(&content));
        Self::linted(content, digest)
    }

    /// Reads a framework from YAML and lints it. Errors say the line.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, FrameworkError> {
        Self::new(serde_saphyr::from_str(text).map_err(|error| FrameworkError::Yaml(error.to_string()))?)
    }

    fn linted(content: Catalog, digest: Digest) -> Result<Self, FrameworkError> {
        let faults = lint(&content);
        if faults.is_empty() {
            return Ok(Self { content, digest });
        }
        Err(FrameworkError::Faulty { id: content.id, faults })
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
            kind: CatalogKind::Framework,
            digest: self.digest,
            version: self.version.clone(),
        }
    }
}

impl std::ops::Deref for Framework {
    type Target = Catalog;

    fn deref(&self) -> &Catalog {
        &self.content
    }
}

impl Catalog {
    /// The requirement with this id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// The requirements on which evidence is judged, in document order.
    pub fn assessable(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(|requirement| requirement.assessable)
    }

    /// The requirements of a level, in document order.
    pub fn at_level(&self, level: Level) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(move |requirement| requirement.level == level)
    }

    /// The nodes directly below one.
    pub fn children<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Requirement> {
        self.requirements.iter().filter(move |requirement| requirement.parent.as_deref() == Some(id))
    }

    /// The date rule of a requirement.
    pub fn date_rule(&self, requirement: &Requirement) -> Option<&DateRule> {
        self.date_rules.get(requirement.dates.as_ref()?)
    }

    /// The heading a requirement stands under: its own, or the nearest above it.
    pub fn group_of(&self, requirement: &Requirement) -> Option<&Group> {
        let mut at = Some(requirement);
        // A linted framework has no cycle; the bound keeps an unlinted one from hanging.
        for _ in 0..16 {
            let here = at?;
            if let Some(id) = &here.group {
                return self.groups.iter().find(|group| group.id == *id);
            }
            at = here.parent.as_deref().and_then(|parent| self.requirement(parent));
        }
        None
    }
}
