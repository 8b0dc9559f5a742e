//! Which provision bears on which, as a mapping collection of OSCAL: the crosswalk between frameworks, and the mappings of
//! controls to requirements.

use super::{NAMESPACE, line, metadata, property, text, token, uuid};
use affiant_frameworks::crosswalk::{Confidence, Crosswalk, RowRelation};
use affiant_frameworks::mapping::{MappingSet, Relation};
use affiant_ledger::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What nothing was found in, in the place of a requirement.
const NOTHING: &str = "*";

/// The collection: for each two resources a mapping. `None` where there is no row at all, as OSCAL has no empty one.
pub fn mapping_collection(crosswalk: &Crosswalk, sets: &[MappingSet]) -> Option<Value> {
    let mut mappings: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for row in &crosswalk.rows {
        let ends = row.from.split_once(':').zip(row.to.split_once(':'));
        // OSCAL says that two provisions have no relation, not that a whole framework has none for one.
        let Some((from, to)) = ends.filter(|(_, to)| to.1 != NOTHING) else { continue };
        let relation = match row.relation {
            RowRelation::Equal => "equal-to",
            other => other.as_str(),
        };
        let confidence = match row.confidence {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        };
        let mut map = map(&row.source, from, to, relation);
        map["confidence-score"] = json!({"category": confidence});
        map["props"] = json!([
            property("basis", row.basis.as_str()),
            property("source", &row.source),
            property("relation-stated-by-source", if row.stated { "yes" } else { "no" }),
        ]);
        let remarks: Vec<&str> = [&row.place, &row.note].into_iter().flatten().map(String::as_str).collect();
        if !remarks.is_empty() {
            map["remarks"] = json!(remarks.join(". "));
        }
        mappings.entry((from.0.to_owned(), to.0.to_owned())).or_default().push(map);
    }
    for set in sets {
        for (framework, rows) in &set.frameworks {
            let maps = mappings.entry((set.controls.to_string(), framework.clone())).or_default();
            maps.extend(rows.iter().map(|row| {
                let relation = match row.relation {
                    Relation::Equal => "equal-to",
                    Relation::SubsetOf => "subset-of",
                    Relation::SupersetOf => "superset-of",
                    Relation::IntersectsWith => "intersects-with",
                };
                let from = (set.controls.as_str(), row.control.as_str());
                let mut map = map(set.id.as_str(), from, (framework, &row.requirement), relation);
                map["remarks"] = json!(text(&row.rationale));
                map
            }));
        }
    }
    if mappings.is_empty() {
        return None;
    }
    let mappings: Vec<Value> = mappings
        .into_iter()
        .map(|((from, to), maps)| {
            json!({
                "uuid": uuid(&["mapping", &from, &to]),
                "source-resource": resource(&from),
                "target-resource": resource(&to),
                "maps": maps,
            })
        })
        .collect();
    let versions: Vec<String> = sets.iter().map(|set| format!("{} {}", set.id, set.version)).collect();
    let version = format!("{} {}; {}", crosswalk.id, crosswalk.version, versions.join("; "));
    let as_of = sets.iter().map(|set| set.as_of).fold(crosswalk.as_of, Ord::max);
    let meaning: Vec<&str> = std::iter::once(crosswalk.meaning.as_str())
        .chain(sets.iter().map(|set| set.meaning.as_str()))
        .collect();
    Some(json!({"mapping-collection": {
        "uuid": uuid(&["mapping-collection", &version]),
        "metadata": metadata(
            "Crosswalk of AI frameworks, and mappings of controls to them",
            as_of.midnight().unwrap_or(Timestamp::MIN),
            &version,
            "A row says where to look. It gives no credit, and rows are not chained.",
        ),
        "provenance": {
            "method": "human",
            "matching-rationale": "semantic",
            "status": "draft",
            "mapping-description": meaning.join("\n\n"),
        },
        "mappings": mappings,
    }}))
}

/// One row, without what only some have.
fn map(set: &str, from: (&str, &str), to: (&str, &str), relation: &str) -> Value {
    let item = |(framework, id): (&str, &str)| json!({"type": "control", "id-ref": line(id), "props": [property("resource", framework)]});
    json!({
        "uuid": uuid(&["map", set, from.0, from.1, to.0, to.1]),
        "relationship": relation,
        "sources": [item(from)],
        "targets": [item(to)],
    })
}

fn resource(id: &str) -> Value {
    json!({"ns": NAMESPACE, "type": "catalog", "href": format!("urn:affiant:catalog:{}", token(id))})
}
