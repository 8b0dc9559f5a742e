//! Two catalogs of one kind, compared row by row.

use super::file::Loaded;
use crate::context::Context;
use crate::output;
use affiant_server::failure::{Failure, NO};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The rows of a catalog by id, and what it says of itself under an empty id.
type Rows = BTreeMap<String, Value>;

/// Compares two catalogs, each by id or file.
pub(super) fn run(context: &Context, before: &str, after: &str) -> Result<u8, Failure> {
    let (before, after) = (Loaded::named(before)?, Loaded::named(after)?);
    if before.kind() != after.kind() {
        return Err(Failure::refused(format!(
            "a {} and a {} have no rows in common",
            before.kind(),
            after.kind()
        )));
    }
    let one = before.digest() == after.digest();
    let (before, after) = (rows(&before), rows(&after));
    let added: Vec<&String> = after.keys().filter(|id| !before.contains_key(*id)).collect();
    let removed: Vec<&String> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    let both = before.iter().filter_map(|(id, old)| Some((id, old, after.get(id)?)));
    let changed: Vec<(&String, Vec<String>)> =
        both.filter(|(_, old, new)| old != new).map(|(id, old, new)| (id, fields(old, new))).collect();
    let rows_same = added.is_empty() && removed.is_empty() && changed.is_empty();
    if context.json {
        let changed: Vec<_> = changed
            .iter()
            .map(|(id, fields)| {
                let values = fields
                    .iter()
                    .map(|field| (field.clone(), json!([before[*id][field], after[*id][field]])));
                json!({"id": id, "fields": values.collect::<Map<_, _>>()})
            })
            .collect();
        output::json(&json!({"added": added, "removed": removed, "changed": changed, "same": one}));
    } else {
        let name = |id: &str| if id.is_empty() { "(the catalog itself)".to_owned() } else { id.to_owned() };
        let of = |what: &str, id: &str, fields: String| vec![what.to_owned(), flat(&name(id)), flat(&fields)];
        let rows = removed.iter().map(|id| of("removed", id, title(&before[*id])));
        let rows = rows.chain(added.iter().map(|id| of("added", id, title(&after[*id]))));
        let rows: Vec<_> =
            rows.chain(changed.iter().map(|(id, fields)| of("changed", id, fields.join(", ")))).collect();
        if !rows.is_empty() {
            output::table(&["", "row", "title or fields"], rows);
        }
        if !one && rows_same {
            output::line("the same rows in another order");
        }
        context.say(format!("{} added, {} removed, {} changed", added.len(), removed.len(), changed.len()));
    }
    Ok(if one { 0 } else { NO })
}

/// Text of a file must not pass for a row of ours.
fn flat(text: &str) -> String {
    text.replace('\n', " ")
}

fn title(row: &Value) -> String {
    row.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The fields in which two rows differ.
fn fields(old: &Value, new: &Value) -> Vec<String> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return Vec::new() };
    let mut names: Vec<&String> =
        old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    names.retain(|name| old.get(*name) != new.get(*name));
    names.into_iter().cloned().collect()
}

fn rows(loaded: &Loaded) -> Rows {
    match loaded {
        Loaded::Framework(framework) => {
            split(&***framework, "requirements", |row| row["id"].as_str().map(str::to_owned))
        }
        Loaded::Controls(controls) => {
            split(&**controls, "controls", |row| row["id"].as_str().map(str::to_owned))
        }
        Loaded::Mappings(mappings) => {
            let mut rows = split(&***mappings, "frameworks", |_| None);
            for (framework, mapped) in &mappings.frameworks {
                for mapping in mapped {
                    rows.insert(
                        format!("{} -> {framework} {}", mapping.control, mapping.requirement),
                        value(mapping),
                    );
                }
            }
            rows
        }
    }
}

/// The rows of a section by their id, and the rest of the catalog under an empty id.
fn split(catalog: &impl Serialize, section: &str, id: impl Fn(&Value) -> Option<String>) -> Rows {
    let mut head = value(catalog);
    let taken = head.as_object_mut().and_then(|head| head.remove(section)).unwrap_or_default();
    let listed = taken.as_array().cloned().unwrap_or_default();
    let mut rows: Rows = listed.into_iter().filter_map(|row| Some((id(&row)?, row))).collect();
    rows.insert(String::new(), head);
    rows
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_else(|error| panic!("catalogs serialise: {error}"))
}
