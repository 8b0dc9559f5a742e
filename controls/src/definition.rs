//! Definitions of systems and assets as people write them, in JSON or YAML.
//!
//! ```yaml
//! system:
//!   id: credit-scoring
//!   name: Credit scoring
//!   roles: [provider, deployer]
//!   risk_classes: [high-risk]
//!   routes: [annex-iii]
//!   facts:
//!     profiling: true
//!     annex-iii-area: [5-b]
//! assets:
//! - id: scoring-model
//!   kind: model
//!   name: Scoring model
//! ```
//!
//! The field names are those of [`System`] and [`Asset`]; an asset may leave out `system` where the file defines one,
//! or the caller names one. A fact may be one value or a list; numbers and booleans become text, floats are refused.

use crate::asset::Asset;
use crate::intake::fault::{Problem, RowError};
use crate::intake::strict;
use crate::relation::Relation;
use crate::system::System;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Date;
use serde::{Deserialize, Deserializer, de};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Largest file of definitions, in bytes.
pub const DEFINITIONS_SIZE_MAX: usize = 8 << 20;
/// Most assets in a file.
pub const ASSETS_MAX: usize = 100_000;

/// What a file defines, not yet admitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definitions {
    /// The system.
    pub system: Option<System>,
    /// Assets, in the order of the file.
    pub assets: Vec<Asset>,
}

/// Why bytes are no definitions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Too many bytes.
    #[error("{size} bytes, the limit is {DEFINITIONS_SIZE_MAX}")]
    Size {
        /// Bytes received.
        size: usize,
    },
    /// Not JSON, or not of the shape.
    #[error(transparent)]
    Json(#[from] RowError),
    /// Not YAML, or not of the shape.
    #[error("{0}")]
    Yaml(String),
    /// Neither a system nor an asset.
    #[error("the file defines neither a `system` nor `assets`")]
    Empty,
    /// Too many assets.
    #[error("`{0}` assets, the limit is {ASSETS_MAX}")]
    Assets(usize),
    /// An asset of no known system.
    #[error("asset `{0}` names no system, and neither the file nor the caller does")]
    NoSystem(Id),
    /// An asset of another system.
    #[error("asset `{asset}` belongs to system `{found}`, the file is about `{given}`")]
    OtherSystem {
        /// The asset.
        asset: Id,
        /// The system it names.
        found: Id,
        /// The file's or the caller's system.
        given: Id,
    },
    /// The same asset twice.
    #[error("asset `{0}` stands twice")]
    AssetTwice(Id),
}

/// Reads definitions from JSON. `system` is the system meant when the file defines none.
pub fn from_json(bytes: &[u8], system: Option<&Id>) -> Result<Definitions, DefinitionError> {
    sized(bytes)?;
    let (text, _) = strict::decoded(bytes)?;
    strict::check(text)?;
    let file: File = serde_json::from_slice(text).map_err(|error| {
        let problem = Problem::Value(strict::message(&error));
        RowError::at(error.line() as u64, error.column() as u64, problem)
    })?;
    file.complete(system)
}

/// Reads definitions from YAML. `system` is the system meant when the file defines none.
#[cfg(feature = "yaml")]
pub fn from_yaml(bytes: &[u8], system: Option<&Id>) -> Result<Definitions, DefinitionError> {
    sized(bytes)?;
    let (text, _) = strict::decoded(bytes)?;
    let text = std::str::from_utf8(text).map_err(|error| DefinitionError::Yaml(error.to_string()))?;
    yaml::<File>(text).map_err(DefinitionError::Yaml)?.complete(system)
}

/// Reads a value from YAML: no key twice, aliases within a budget; the error says line and column.
#[cfg(feature = "yaml")]
pub(crate) fn yaml<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
    // The library adds a picture of the place and advice about its own options; its first line names the place.
    let first_line =
        |text: String| text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    serde_saphyr::from_str(text).map_err(|error| first_line(error.to_string()))
}

fn sized(bytes: &[u8]) -> Result<(), DefinitionError> {
    let size = bytes.len();
    if size > DEFINITIONS_SIZE_MAX { Err(DefinitionError::Size { size }) } else { Ok(()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    system: Option<SystemText>,
    #[serde(default)]
    assets: Vec<AssetText>,
}

/// A [`System`] whose facts may be written as single values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SystemText {
    id: Id,
    name: String,
    #[serde(default)]
    basis: Option<String>,
    #[serde(default)]
    facts: BTreeMap<String, Fact>,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    roles: BTreeSet<String>,
    #[serde(default)]
    routes: BTreeSet<String>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    risk_classes: BTreeSet<String>,
    #[serde(default)]
    classified_by: Option<String>,
    #[serde(default)]
    placed_on_market: Option<Date>,
}

/// An [`Asset`] that may leave out its system.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetText {
    id: Id,
    kind: String,
    name: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    digest: Option<Digest>,
    #[serde(default)]
    system: Option<Id>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    retired: bool,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    relations: BTreeSet<Relation>,
}

impl File {
    fn complete(self, given: Option<&Id>) -> Result<Definitions, DefinitionError> {
        if self.system.is_none() && self.assets.is_empty() {
            return Err(DefinitionError::Empty);
        }
        if self.assets.len() > ASSETS_MAX {
            return Err(DefinitionError::Assets(self.assets.len()));
        }
        let system = self.system.map(SystemText::complete);
        let given = system.as_ref().map(|system| &system.id).or(given);
        let mut seen = BTreeSet::new();
        let mut assets = Vec::new();
        for asset in self.assets {
            let asset = asset.complete(given)?;
            if !seen.insert(asset.id.clone()) {
                return Err(DefinitionError::AssetTwice(asset.id));
            }
            assets.push(asset);
        }
        Ok(Definitions { system, assets })
    }
}

impl SystemText {
    fn complete(self) -> System {
        System {
            id: self.id,
            name: self.name,
            basis: self.basis,
            facts: self.facts.into_iter().map(|(name, fact)| (name, fact.0)).collect(),
            owner: self.owner,
            roles: self.roles,
            routes: self.routes,
            purpose: self.purpose,
            risk_classes: self.risk_classes,
            classified_by: self.classified_by,
            placed_on_market: self.placed_on_market,
        }
    }
}

impl AssetText {
    fn complete(self, given: Option<&Id>) -> Result<Asset, DefinitionError> {
        let system = match (self.system, given) {
            (Some(found), Some(given)) if found != *given => {
                return Err(DefinitionError::OtherSystem { asset: self.id, found, given: given.clone() });
            }
            (Some(system), _) => system,
            (None, Some(given)) => given.clone(),
            (None, None) => return Err(DefinitionError::NoSystem(self.id)),
        };
        Ok(Asset {
            id: self.id,
            kind: self.kind,
            name: self.name,
            owner: self.owner,
            digest: self.digest,
            system,
            purpose: self.purpose,
            retired: self.retired,
            version: self.version,
            location: self.location,
            relations: self.relations,
        })
    }
}

/// The values of a fact: text, a whole number, a boolean, or a list of those.
struct Fact(BTreeSet<String>);

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Fact;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true, false, or a list of those")
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Fact, E> {
                Ok(Fact([value.to_string()].into()))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Fact, E> {
                Ok(Fact([value.to_string()].into()))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Fact, E> {
                Ok(Fact([value.to_string()].into()))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Fact, E> {
                Ok(Fact([value.to_owned()].into()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Fact, A::Error> {
                let mut values = BTreeSet::new();
                while let Some(fact) = list.next_element::<Fact>()? {
                    values.extend(fact.0);
                }
                Ok(Fact(values))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"system": {"id": "credit-scoring", "name": "Credit scoring", "roles": ["provider"],
        "facts": {"profiling": true, "area": ["5-b", 7]}, "placed_on_market": "2025-03-01"},
        "assets": [{"id": "scoring-model", "kind": "model", "name": "Scoring model"}]}"#;

    #[test]
    fn a_file_defines_a_system_and_its_assets() {
        let read = from_json(JSON.as_bytes(), None).unwrap();
        let system = read.system.unwrap();
        assert_eq!(system.facts["profiling"], ["true".to_owned()].into());
        assert_eq!(system.facts["area"], ["5-b".to_owned(), "7".to_owned()].into());
        assert_eq!(read.assets[0].system, system.id);
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn yaml_and_json_read_the_same() {
        let yaml = "system:\n  id: credit-scoring\n  name: Credit scoring\n  roles: [provider]\n  facts:\n    \
                    profiling: true\n    area: [5-b, 7]\n  placed_on_market: 2025-03-01\nassets:\n- id: scoring-model\n  \
                    kind: model\n  name: Scoring model\n";
        assert_eq!(from_yaml(yaml.as_bytes(), None).unwrap(), from_json(JSON.as_bytes(), None).unwrap());
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn hostile_yaml_is_refused() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nassets: [*d]\n";
        let deep = "[".repeat(10_000);
        let twice = "assets: []\nassets: []\n";
        let two = "assets: [{id: a, kind: model, name: A, system: s}]\n---\nassets: []\n";
        for text in [
            "",
            "# x\n",
            "hello\n",
            "[]",
            "assets:\n\t- a\n",
            "system: *nope\n",
            bomb,
            &deep,
            twice,
            two,
            "zzz: 1\n",
        ] {
            let refused = from_yaml(text.as_bytes(), None);
            assert!(
                matches!(refused, Err(DefinitionError::Yaml(_) | DefinitionError::Empty)),
                "{text:.40} {refused:?}"
            );
        }
        let message = from_yaml(b"assets: []\nsytem: {}\n", None).expect_err("unknown field").to_string();
        assert!(message.contains("sytem") && message.contains("line 2"), "{message}");
        assert!(matches!(from_yaml(b"\xff\xfea\0", None), Err(DefinitionError::Json(_))));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let system = "s".parse::<Id>().ok();
        let read = |json: &str| from_json(json.as_bytes(), system.as_ref()).expect_err(json).to_string();
        let asset = r#"{"id":"a","kind":"model","name":"A"}"#;
        assert_eq!(read(&format!(r#"{{"assets":[{asset},{asset}]}}"#)), "asset `a` stands twice");
        let other = r#"{"assets":[{"id":"a","kind":"model","name":"A","system":"t"}]}"#;
        assert_eq!(read(other), "asset `a` belongs to system `t`, the file is about `s`");
        assert_eq!(read("{}"), "the file defines neither a `system` nor `assets`");
        let float = r#"{"system":{"id":"s","name":"S","facts":{"share":0.5}}}"#;
        assert!(read(float).contains("floating point `0.5`"), "{}", read(float));
        let twice = r#"{"system":{"id":"s","name":"S","facts":{"a":1,"a":2}}}"#;
        assert_eq!(
            read(twice),
            "line 1, column 47, field `system.facts`: key `a` stands twice in one object"
        );
        let alone = from_json(format!(r#"{{"assets":[{asset}]}}"#).as_bytes(), None);
        assert_eq!(alone, Err(DefinitionError::NoSystem("a".parse().unwrap())));
    }
}
