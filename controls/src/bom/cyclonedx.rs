//! CycloneDX in JSON (ECMA-424): components, what they contain, depend on and descend from.

use super::{Bom, BomError, Parts, Said, typed, version};
use crate::relation::RelationKind;
use serde::Deserialize;

const STATES: [RelationKind; 3] = [RelationKind::DerivedFrom, RelationKind::PartOf, RelationKind::Uses];

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    components: Vec<Item>,
    #[serde(default)]
    services: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    component: Option<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    sort: String,
    #[serde(default, rename = "bom-ref")]
    reference: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    data: Vec<Data>,
    #[serde(default)]
    components: Vec<Item>,
    #[serde(default)]
    pedigree: Pedigree,
    #[serde(default, rename = "modelCard")]
    model_card: ModelCard,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default, rename = "type")]
    sort: Option<String>,
    #[serde(default)]
    governance: Governance,
}

#[derive(Deserialize, Default)]
struct Governance {
    #[serde(default)]
    owners: Vec<Party>,
}

#[derive(Deserialize)]
struct Party {
    #[serde(default)]
    organization: Named,
    #[serde(default)]
    contact: Named,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize, Default)]
struct Pedigree {
    #[serde(default)]
    ancestors: Vec<Reference>,
}

#[derive(Deserialize, Default)]
struct ModelCard {
    #[serde(default, rename = "modelParameters")]
    parameters: ModelParameters,
}

#[derive(Deserialize, Default)]
struct ModelParameters {
    #[serde(default)]
    datasets: Vec<Reference>,
}

/// A component elsewhere, or one that stands right here.
#[derive(Deserialize)]
struct Reference {
    #[serde(default, rename = "ref")]
    to: Option<String>,
    #[serde(default, rename = "bom-ref")]
    own: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(rename = "ref")]
    from: String,
    #[serde(default, rename = "dependsOn")]
    on: Vec<String>,
}

pub(super) fn read(text: &[u8], found: Option<&str>) -> Result<Bom, BomError> {
    let format = version("CycloneDX", found.unwrap_or("without a version"), &["1.6", "1.7"], "1.6 and 1.7")?;
    let document: Document = typed(text)?;
    let mut parts = Parts::default();
    if let Some(main) = &document.metadata.component {
        take(main, None, "/metadata/component".to_owned(), &mut parts)?;
    }
    for (number, item) in document.components.iter().enumerate() {
        take(item, None, format!("/components/{number}"), &mut parts)?;
    }
    document.services.iter().for_each(|_| parts.skip("service"));
    for dependency in &document.dependencies {
        dependency.on.iter().for_each(|on| parts.relate(&dependency.from, RelationKind::Uses, on));
    }
    parts.finish(format, &STATES)
}

/// Takes a component and those inside it. `within` is the nearest asset around it.
fn take(item: &Item, within: Option<&str>, place: String, parts: &mut Parts) -> Result<(), BomError> {
    let mut around = within.map(str::to_owned);
    match kind(item) {
        None => parts.skip(&item.sort),
        Some(kind) => {
            let owner = item.data.iter().flat_map(|data| &data.governance.owners).find_map(name);
            let said = Said {
                reference: item.reference.as_deref(),
                kind,
                name: item.name.as_deref(),
                owner,
                version: item.version.as_deref(),
                digests: item
                    .hashes
                    .iter()
                    .filter(|it| it.alg == "SHA-256")
                    .map(|it| it.content.as_str())
                    .collect(),
                place: place.clone(),
            };
            let component = said.component()?;
            let reference = component.reference.clone();
            parts.components.push(component);
            if let Some(within) = within {
                parts.relate(&reference, RelationKind::PartOf, within);
            }
            for ancestor in &item.pedigree.ancestors {
                relate(&reference, RelationKind::DerivedFrom, ancestor, parts);
            }
            // A model card names the data it was trained and evaluated on in one list: which is which it does not say.
            for data in &item.model_card.parameters.datasets {
                relate(&reference, RelationKind::Uses, data, parts);
            }
            around = Some(reference);
        }
    }
    for (number, inner) in item.components.iter().enumerate() {
        take(inner, around.as_deref(), format!("{place}/components/{number}"), parts)?;
    }
    Ok(())
}

/// The kind of asset that a component is.
fn kind(item: &Item) -> Option<&'static str> {
    match item.sort.as_str() {
        "machine-learning-model" => Some("model"),
        "container" => Some("container-image"),
        // Configuration and source code are `data` too.
        "data" => {
            let is_set = |data: &Data| data.sort.as_deref().is_none_or(|sort| sort == "dataset");
            (item.data.is_empty() || item.data.iter().any(is_set)).then_some("dataset")
        }
        _ => None,
    }
}

fn name(party: &Party) -> Option<&str> {
    party.organization.name.as_deref().or(party.contact.name.as_deref())
}

fn relate(from: &str, kind: RelationKind, reference: &Reference, parts: &mut Parts) {
    match reference.to.as_deref().or(reference.own.as_deref()) {
        Some(to) => parts.relate(from, kind, to),
        None => parts.loose += 1,
    }
}
