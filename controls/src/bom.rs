//! Bills of materials as lists of assets (docs/spec/bom.md): CycloneDX 1.6 and 1.7, SPDX 2.3 and 3.0, in JSON.
//!
//! ```text
//! {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
//!  {"type": "machine-learning-model", "bom-ref": "model:support-bot-7b", "name": "support-bot-7b", "version": "1.4.0"}]}
//! ```
//!
//! A bill names far more than the assets that controls are judged on: what is no asset is counted, never guessed at.

mod cyclonedx;
mod slug;
mod spdx2;
mod spdx3;

use crate::asset::Asset;
use crate::definition::ASSETS_MAX;
use crate::intake::fault::{Problem, RowError};
use crate::intake::strict;
use crate::relation::{Relation, RelationKind};
use crate::text::{NAME_LENGTH_MAX, plain};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Largest bill, in bytes.
pub const BOM_SIZE_MAX: usize = 64 << 20;

/// What a bill of materials says of assets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bom {
    /// Format and version: `CycloneDX 1.6`.
    pub format: String,
    /// The components that are assets, in the order of the file.
    pub components: Vec<Component>,
    /// What is no asset, by its type in the file.
    pub skipped: BTreeMap<String, u64>,
    /// Relations with an end that is no asset of the file.
    pub loose: u64,
    /// The kinds of relation that a file of this format can state.
    pub states: BTreeSet<RelationKind>,
}

/// A component that is an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The asset's id, made of the reference.
    pub id: Id,
    /// Kind of asset.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// SHA-256 of its bytes.
    pub digest: Option<Digest>,
    /// How it stands to other components that are assets.
    pub relations: BTreeSet<Relation>,
    /// How the file refers to it.
    pub reference: String,
    /// Where it stands: a JSON Pointer.
    pub place: String,
}

/// Why bytes are no bill of materials that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BomError {
    /// Too many bytes.
    #[error("{size} bytes, the limit is {BOM_SIZE_MAX}")]
    Size {
        /// Bytes received.
        size: usize,
    },
    /// Not JSON, or not of the shape.
    #[error(transparent)]
    Json(#[from] RowError),
    /// Neither of the formats.
    #[error("neither CycloneDX nor SPDX in JSON: no `bomFormat`, `spdxVersion` or SPDX `@context`")]
    Format,
    /// A version that is not read.
    #[error("{format} `{version}` is not read here; {known} are")]
    Version {
        /// The format.
        format: &'static str,
        /// The version named.
        version: String,
        /// Those read.
        known: &'static str,
    },
    /// A component without what every component has, or with something else in its place.
    #[error("component at {place}: {problem}")]
    Component {
        /// A JSON Pointer.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// Two components with one reference.
    #[error("two components have the reference `{0}`")]
    ReferenceTwice(String),
    /// Two components whose references give one id.
    #[error("`{first}` and `{second}` both become asset `{id}`")]
    IdTwice {
        /// One reference.
        first: String,
        /// The other.
        second: String,
        /// The id of both.
        id: Id,
    },
    /// Too many assets.
    #[error("more than {ASSETS_MAX} assets")]
    Assets,
}

impl BomError {
    /// Advice, where there is some.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Version { .. } => Some("convert the file to a version that is read"),
            Self::IdTwice { .. } => Some("give one of them another reference in the file"),
            _ => None,
        }
    }
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Head {
    #[serde(default, rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(default, rename = "specVersion")]
    spec_version: Option<String>,
    #[serde(default, rename = "spdxVersion")]
    spdx_version: Option<String>,
    #[serde(default, rename = "@context")]
    context: Option<serde_json::Value>,
}

/// Reads a bill of materials.
pub fn read(bytes: &[u8]) -> Result<Bom, BomError> {
    if bytes.len() > BOM_SIZE_MAX {
        return Err(BomError::Size { size: bytes.len() });
    }
    let (text, _) = strict::decoded(bytes)?;
    strict::check(text)?;
    let head: Head = typed(text)?;
    match (&head.bom_format, &head.spdx_version, &head.context) {
        (Some(format), ..) if format == "CycloneDX" => cyclonedx::read(text, head.spec_version.as_deref()),
        (None, Some(version), _) => spdx2::read(text, version),
        (None, None, Some(context)) => spdx3::read(text, context),
        _ => Err(BomError::Format),
    }
}

/// Whether bytes look like a bill of materials, so that they are read as one.
pub fn is_one(bytes: &[u8]) -> bool {
    let object = strict::decoded(bytes).is_ok_and(|(text, _)| text.trim_ascii_start().starts_with(b"{"));
    let head = |bytes| serde_json::from_slice::<Head>(bytes).ok();
    object
        && head(bytes.strip_prefix(strict::BOM).unwrap_or(bytes))
            .is_some_and(|it| it.bom_format.is_some() || it.spdx_version.is_some() || it.context.is_some())
}

fn typed<T: DeserializeOwned>(text: &[u8]) -> Result<T, BomError> {
    serde_json::from_slice(text).map_err(|error| {
        let problem = Problem::Value(strict::message(&error));
        RowError::at(error.line() as u64, error.column() as u64, problem).into()
    })
}

fn version(
    format: &'static str,
    found: &str,
    read: &[&str],
    known: &'static str,
) -> Result<String, BomError> {
    if read.contains(&found) {
        return Ok(format!("{format} {found}"));
    }
    Err(BomError::Version { format, version: visible(found), known })
}

/// A bill under construction.
#[derive(Default)]
struct Parts {
    components: Vec<Component>,
    skipped: BTreeMap<String, u64>,
    /// From, kind, to: by references.
    edges: Vec<(String, RelationKind, String)>,
    loose: u64,
}

impl Parts {
    fn skip(&mut self, what: &str) {
        *self.skipped.entry(plain(what, 60)).or_default() += 1;
    }

    fn relate(&mut self, from: &str, kind: RelationKind, to: &str) {
        self.edges.push((from.to_owned(), kind, to.to_owned()));
    }

    /// Resolves references; what leads to no asset is counted.
    fn finish(self, format: String, states: &[RelationKind]) -> Result<Bom, BomError> {
        let Self { mut components, skipped, edges, mut loose } = self;
        if components.len() > ASSETS_MAX {
            return Err(BomError::Assets);
        }
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        let mut ids: BTreeMap<Id, usize> = BTreeMap::new();
        for (number, component) in components.iter().enumerate() {
            if at.insert(component.reference.clone(), number).is_some() {
                return Err(BomError::ReferenceTwice(visible(&component.reference)));
            }
            match ids.entry(component.id.clone()) {
                Entry::Vacant(slot) => drop(slot.insert(number)),
                Entry::Occupied(slot) => {
                    return Err(BomError::IdTwice {
                        first: visible(&components[*slot.get()].reference),
                        second: visible(&component.reference),
                        id: component.id.clone(),
                    });
                }
            }
        }
        for (from, kind, to) in edges {
            match (at.get(&from), at.get(&to)) {
                (Some(from), Some(to)) if from == to => {}
                (Some(from), Some(to)) => {
                    let to = components[*to].id.clone();
                    components[*from].relations.insert(Relation { to, kind });
                }
                _ => loose += 1,
            }
        }
        Ok(Bom { format, components, skipped, loose, states: states.iter().copied().collect() })
    }
}

/// What every format says of a component, in its own words.
struct Said<'a> {
    reference: Option<&'a str>,
    kind: &'static str,
    name: Option<&'a str>,
    owner: Option<&'a str>,
    version: Option<&'a str>,
    /// SHA-256 in hexadecimal digits, as often as it is stated.
    digests: Vec<&'a str>,
    place: String,
}

impl Said<'_> {
    fn component(self) -> Result<Component, BomError> {
        let wrong = |problem: String| BomError::Component { place: visible(&self.place), problem };
        let fit =
            |text: Option<&str>| text.map(|text| plain(text, NAME_LENGTH_MAX)).filter(|it| !it.is_empty());
        let name = fit(self.name).ok_or_else(|| wrong("`name` is missing".to_owned()))?;
        let mut digest = None;
        for text in &self.digests {
            let read: Digest = text
                .to_ascii_lowercase()
                .parse()
                .map_err(|error| wrong(format!("SHA-256 `{}`: {error}", visible(text))))?;
            if digest.is_some_and(|before| before != read) {
                return Err(wrong("two SHA-256 hashes that differ".to_owned()));
            }
            digest = Some(read);
        }
        Ok(Component {
            id: slug::id(self.reference, &name),
            kind: self.kind,
            name,
            owner: fit(self.owner),
            version: fit(self.version),
            digest,
            relations: BTreeSet::new(),
            reference: self.reference.map_or_else(|| self.place.clone(), str::to_owned),
            place: self.place,
        })
    }
}

impl Bom {
    /// The asset that a component is, in a system where it may be registered already. What a bill does not say stays as
    /// it was: owner, purpose, location, whether it is retired, and relations of kinds that the format has no word for. A
    /// digest stays only with the version it was stated for.
    pub fn asset(&self, component: &Component, system: &Id, before: Option<&Asset>) -> Asset {
        let known = before.cloned().unwrap_or_else(|| {
            Asset::new(system.clone(), component.id.clone(), component.kind, &component.name)
        });
        let same_version = component.version.is_none() || component.version == known.version;
        let others = known.relations.iter().filter(|relation| !self.states.contains(&relation.kind));
        Asset {
            kind: component.kind.to_owned(),
            name: component.name.clone(),
            owner: component.owner.clone().or(known.owner),
            digest: component.digest.or(known.digest.filter(|_| same_version)),
            version: component.version.clone().or(known.version),
            relations: others.chain(&component.relations).cloned().collect(),
            ..known
        }
    }
}

/// The fields in which two definitions of an asset differ, in words.
pub fn differences(before: &Asset, after: &Asset) -> Vec<&'static str> {
    let fields = [
        ("kind", before.kind != after.kind),
        ("name", before.name != after.name),
        ("version", before.version != after.version),
        ("digest", before.digest != after.digest),
        ("owner", before.owner != after.owner),
        ("relations", before.relations != after.relations),
    ];
    fields.into_iter().filter(|(_, differ)| *differ).map(|(field, _)| field).collect()
}

#[cfg(test)]
mod tests;
