//! SPDX 2.3 in JSON: packages and relationships. It has no word for models and data sets: a package URL that names a
//! registry of models does.

use super::{Bom, BomError, Parts, Said, typed, version};
use crate::relation::RelationKind;
use serde::Deserialize;

const STATES: [RelationKind; 3] = [RelationKind::DerivedFrom, RelationKind::PartOf, RelationKind::Uses];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version_info: Option<String>,
    #[serde(default)]
    primary_package_purpose: Option<String>,
    #[serde(default)]
    checksums: Vec<Checksum>,
    #[serde(default)]
    external_refs: Vec<ExternalRef>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_type: String,
    reference_locator: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: String,
    related_spdx_element: String,
}

pub(super) fn read(text: &[u8], found: &str) -> Result<Bom, BomError> {
    let found = found.strip_prefix("SPDX-").unwrap_or(found);
    let format = version("SPDX", found, &["2.3"], "2.3, 3.0.0 and 3.0.1")?;
    let document: Document = typed(text)?;
    let mut parts = Parts::default();
    for (number, package) in document.packages.iter().enumerate() {
        let Some(kind) = kind(package) else {
            let purpose = package.primary_package_purpose.as_deref().unwrap_or("package");
            parts.skip(&purpose.to_lowercase());
            continue;
        };
        let said = Said {
            reference: Some(&package.id),
            kind,
            name: package.name.as_deref(),
            owner: None,
            version: package.version_info.as_deref(),
            digests: package
                .checksums
                .iter()
                .filter(|it| it.algorithm == "SHA256")
                .map(|it| it.checksum_value.as_str())
                .collect(),
            place: format!("/packages/{number}"),
        };
        parts.components.push(said.component()?);
    }
    for it in &document.relationships {
        let (one, other) = (&it.spdx_element_id, &it.related_spdx_element);
        match it.relationship_type.as_str() {
            "DEPENDS_ON" => parts.relate(one, RelationKind::Uses, other),
            "DEPENDENCY_OF" | "DATA_FILE_OF" => parts.relate(other, RelationKind::Uses, one),
            "CONTAINED_BY" => parts.relate(one, RelationKind::PartOf, other),
            "CONTAINS" => parts.relate(other, RelationKind::PartOf, one),
            "DESCENDANT_OF" | "GENERATED_FROM" => parts.relate(one, RelationKind::DerivedFrom, other),
            "ANCESTOR_OF" | "GENERATES" => parts.relate(other, RelationKind::DerivedFrom, one),
            _ => {}
        }
    }
    parts.finish(format, &STATES)
}

/// The kind of asset that a package is.
fn kind(package: &Package) -> Option<&'static str> {
    let purls = package.external_refs.iter().filter(|it| it.reference_type == "purl");
    for purl in purls.map(|it| it.reference_locator.as_str()) {
        match purl {
            _ if purl.starts_with("pkg:huggingface/datasets/") => return Some("dataset"),
            _ if purl.starts_with("pkg:huggingface/") || purl.starts_with("pkg:mlflow/") => {
                return Some("model");
            }
            _ => {}
        }
    }
    (package.primary_package_purpose.as_deref() == Some("CONTAINER")).then_some("container-image")
}
