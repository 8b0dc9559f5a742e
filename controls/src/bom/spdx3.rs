//! SPDX 3.0 in JSON-LD: elements of the AI and Dataset profiles, and relationships between them.

use super::{Bom, BomError, Parts, Said, typed, version};
use crate::relation::RelationKind;
use serde::Deserialize;
use serde_json::Value;

const STATES: [RelationKind; 5] = [
    RelationKind::DerivedFrom,
    RelationKind::EvaluatedOn,
    RelationKind::PartOf,
    RelationKind::TrainedOn,
    RelationKind::Uses,
];

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@graph")]
    graph: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(rename = "type")]
    class: String,
    #[serde(default)]
    spdx_id: Option<String>,
    #[serde(default, rename = "@id")]
    node: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "software_packageVersion")]
    version: Option<String>,
    #[serde(default, rename = "software_primaryPurpose")]
    purpose: Option<String>,
    #[serde(default)]
    verified_using: Vec<Method>,
    #[serde(default)]
    spec_version: Option<String>,
    #[serde(default)]
    relationship_type: Option<String>,
    #[serde(default)]
    from: Option<Link>,
    #[serde(default)]
    to: Vec<Link>,
}

/// A hash, or another way to verify an element, or the name of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Method {
    #[serde(rename_all = "camelCase")]
    Hash {
        algorithm: String,
        hash_value: String,
    },
    Other(serde::de::IgnoredAny),
}

/// An element by its id, or written out.
#[derive(Deserialize)]
#[serde(untagged)]
enum Link {
    Id(String),
    #[serde(rename_all = "camelCase")]
    Element {
        spdx_id: String,
    },
}

impl Link {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Element { spdx_id: id } => id,
        }
    }
}

pub(super) fn read(text: &[u8], context: &Value) -> Result<Bom, BomError> {
    let known = |found: &str| version("SPDX", found, &["3.0.0", "3.0.1"], "2.3, 3.0.0 and 3.0.1");
    let format = known(named(context).ok_or(BomError::Format)?)?;
    let document: Document = typed(text)?;
    let mut parts = Parts::default();
    for (number, element) in document.graph.iter().enumerate() {
        match element.class.as_str() {
            "CreationInfo" => {
                element.spec_version.as_deref().map_or(Ok(String::new()), known)?;
            }
            "Relationship" | "LifecycleScopedRelationship" => relate(element, &mut parts),
            _ => take(element, format!("/@graph/{number}"), &mut parts)?,
        }
    }
    parts.finish(format, &STATES)
}

/// The version that a context names: `https://spdx.org/rdf/3.0.1/spdx-context.jsonld`.
fn named(context: &Value) -> Option<&str> {
    match context {
        Value::String(text) => text.strip_prefix("https://spdx.org/rdf/")?.split('/').next(),
        Value::Array(all) => all.iter().find_map(named),
        _ => None,
    }
}

fn take(element: &Element, place: String, parts: &mut Parts) -> Result<(), BomError> {
    let kind = match (element.class.as_str(), element.purpose.as_deref()) {
        ("ai_AIPackage", _) | ("software_Package", Some("model")) => "model",
        ("dataset_DatasetPackage", _) | ("software_Package", Some("data")) => "dataset",
        ("software_Package", Some("container")) => "container-image",
        ("software_Package" | "software_File", purpose) => {
            parts.skip(purpose.unwrap_or(if element.class == "software_File" { "file" } else { "package" }));
            return Ok(());
        }
        // People, documents, licences, annotations.
        _ => return Ok(()),
    };
    let sha256 = element.verified_using.iter().filter_map(|method| match method {
        Method::Hash { algorithm, hash_value } if algorithm == "sha256" => Some(hash_value.as_str()),
        _ => None,
    });
    let said = Said {
        reference: element.spdx_id.as_deref().or(element.node.as_deref()),
        kind,
        name: element.name.as_deref(),
        owner: None,
        version: element.version.as_deref(),
        digests: sha256.collect(),
        place,
    };
    parts.components.push(said.component()?);
    Ok(())
}

fn relate(element: &Element, parts: &mut Parts) {
    use RelationKind::{DerivedFrom, EvaluatedOn, PartOf, TrainedOn, Uses};
    let (Some(from), Some(word)) = (&element.from, &element.relationship_type) else { return };
    let (kind, forward) = match word.as_str() {
        "trainedOn" => (TrainedOn, true),
        "testedOn" => (EvaluatedOn, true),
        "dependsOn" | "hasDataFile" | "usesTool" => (Uses, true),
        "descendantOf" => (DerivedFrom, true),
        "ancestorOf" | "generates" => (DerivedFrom, false),
        "contains" => (PartOf, false),
        _ => return,
    };
    for to in &element.to {
        match forward {
            true => parts.relate(from.id(), kind, to.id()),
            false => parts.relate(to.id(), kind, from.id()),
        }
    }
}
