//! The verdict's schema, and as much of JSON Schema 2020-12 as it uses; a keyword that is not known here is an error.

use regex_lite::Regex;
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// What does not bear on a value.
const ANNOTATIONS: [&str; 4] = ["$schema", "title", "description", "$defs"];

pub(crate) fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| serde_json::from_str(include_str!("../../verdict.schema.json")).unwrap())
}

/// Says where a value is not what the verdict's schema asks for.
pub(crate) fn validate(value: &Value) -> Result<(), String> {
    holds(schema(), value, "$")
}

fn holds(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let keywords = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(keywords) => keywords,
        _ => return Err(format!("{at}: has no place")),
    };
    keywords.iter().try_for_each(|(keyword, asked)| keyword_holds(keywords, (keyword, asked), value, at))
}

fn keyword_holds(
    beside: &Map<String, Value>,
    (keyword, asked): (&str, &Value),
    value: &Value,
    at: &str,
) -> Result<(), String> {
    let number = asked.as_u64();
    let length = |value: &str| value.chars().count() as u64;
    let right = match (keyword, value) {
        ("$ref", _) => {
            let name = asked.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            return holds(&schema()["$defs"][name], value, at);
        }
        ("type", _) => asked == kind(value),
        ("const", _) => asked == value,
        ("enum", _) => asked.as_array().unwrap().contains(value),
        ("required", Value::Object(fields)) => {
            asked.as_array().unwrap().iter().all(|name| fields.contains_key(name.as_str().unwrap()))
        }
        ("properties", Value::Object(fields)) => {
            return fields.iter().try_for_each(|(name, value)| {
                let schema = asked.get(name).unwrap_or(&Value::Bool(true));
                holds(schema, value, &format!("{at}.{name}"))
            });
        }
        ("additionalProperties", Value::Object(fields)) => {
            assert_eq!(asked, false);
            fields.keys().all(|name| beside["properties"].get(name).is_some())
        }
        ("prefixItems", Value::Array(items)) => {
            let pairs = items.iter().zip(asked.as_array().unwrap());
            return pairs
                .enumerate()
                .try_for_each(|(place, (item, schema))| holds(schema, item, &format!("{at}[{place}]")));
        }
        ("items", Value::Array(items)) => {
            let before = beside.get("prefixItems").map_or(0, |prefix| prefix.as_array().unwrap().len());
            let rest = items.iter().enumerate().skip(before);
            return rest
                .into_iter()
                .try_for_each(|(place, item)| holds(asked, item, &format!("{at}[{place}]")));
        }
        ("minItems", Value::Array(items)) => items.len() as u64 >= number.unwrap(),
        ("maxItems", Value::Array(items)) => items.len() as u64 <= number.unwrap(),
        ("minLength", Value::String(text)) => length(text) >= number.unwrap(),
        ("maxLength", Value::String(text)) => length(text) <= number.unwrap(),
        ("pattern", Value::String(text)) => Regex::new(asked.as_str().unwrap()).unwrap().is_match(text),
        ("minimum", Value::Number(found)) => found.as_i128().unwrap() >= i128::from(number.unwrap()),
        ("maximum", Value::Number(found)) => found.as_i128().unwrap() <= i128::from(number.unwrap()),
        // Of a value of another kind a keyword says nothing; its `type` does.
        (
            "required"
            | "properties"
            | "additionalProperties"
            | "prefixItems"
            | "items"
            | "minItems"
            | "maxItems"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "minimum"
            | "maximum",
            _,
        ) => true,
        (other, _) if ANNOTATIONS.contains(&other) => true,
        (other, _) => panic!("`{other}` is not known here"),
    };
    if right { Ok(()) } else { Err(format!("{at}: {keyword} {asked}, found {value}")) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
