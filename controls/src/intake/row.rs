//! One result in JSON, as a script writes it (docs/spec/result.md): what it leaves out comes from the context.

use super::Context;
use super::fault::{Problem, RowError};
use super::strict;
use crate::control::ControlId;
use crate::evidence::EvidenceRef;
use crate::lint::nearest;
use crate::measure::Measure;
use crate::result::{
    Basis, Check, Collector, ControlResult, Method, Population, Run, Source, Subject, TimeSource,
};
use crate::status::Status;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

/// Where a row stands in what was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Line, from 1.
    pub(super) line: u64,
    /// Bytes before it on that line.
    pub(super) column: u64,
    /// Path of the row: `results[3]`.
    pub(super) path: &'a str,
}

/// The fields of a [`ControlResult`] that a row may have. The same names; fewer are required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    #[serde(borrow)]
    control: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default)]
    system: Option<Id>,
    #[serde(default)]
    asset: Option<Id>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default, deserialize_with = "collector")]
    collector: Option<Collector>,
    #[serde(default)]
    observed_from: Option<Timestamp>,
    #[serde(default)]
    observed_to: Option<Timestamp>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    run: Option<Object<Run>>,
    #[serde(default)]
    basis: Option<Basis>,
    #[serde(default)]
    flags: BTreeSet<String>,
    #[serde(default)]
    checks: Vec<Object<Check>>,
    #[serde(default)]
    method: Option<Method>,
    #[serde(default)]
    source: Option<Object<Source>>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    subject: Option<Object<Subject>>,
    #[serde(default)]
    evidence: Vec<Object<EvidenceRef>>,
    #[serde(default)]
    importer: Option<String>,
    #[serde(default)]
    measures: Vec<Object<Measure>>,
    #[serde(default)]
    population: Option<Object<Population>>,
    #[serde(default)]
    raw_status: Option<String>,
    #[serde(default)]
    time_source: Option<TimeSource>,
    #[serde(default)]
    valid_until: Option<Timestamp>,
    #[serde(default)]
    collected_at: Option<Timestamp>,
}

const FIELDS: [&str; 25] = [
    "control",
    "status",
    "system",
    "asset",
    "summary",
    "collector",
    "observed_from",
    "observed_to",
    "id",
    "run",
    "basis",
    "flags",
    "checks",
    "method",
    "source",
    "details",
    "subject",
    "evidence",
    "importer",
    "measures",
    "population",
    "raw_status",
    "time_source",
    "valid_until",
    "collected_at",
];

/// A value that stands as an object: the derived readers would take a list of its fields as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData))
    }
}

fn unwrapped<T>(objects: Vec<Object<T>>) -> Vec<T> {
    objects.into_iter().map(|object| object.0).collect()
}

/// A collector is an object, or its name alone.
fn collector<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Collector>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Option<Collector>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a collector: its name, or an object with `name`")
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
            Ok(Some(Collector::new(name)))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Collector::deserialize(de::value::MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// Reads one result.
pub(super) fn read(bytes: &[u8], place: Place<'_>, context: &Context<'_>) -> Result<ControlResult, RowError> {
    if bytes.len() > super::ROW_SIZE_MAX {
        return Err(RowError::at(place.line, 0, Problem::Size { size: bytes.len() }).field(place.path));
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let problem = Problem::Shape("a result is an object".into());
        return Err(RowError::at(place.line, place.column + 1, problem).field(place.path));
    }
    match typed(bytes) {
        Ok(row) => complete(row, context).map_err(|problem| {
            let hint = advice(&problem).map(Into::into);
            // Of the fields filled in, only the control's text has a form of its own.
            let field = if matches!(problem, Problem::Value(_)) { "control" } else { "" };
            let dot = if place.path.is_empty() || field.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{field}", place.path);
            RowError { hint, ..RowError::at(place.line, 0, problem).field(path) }
        }),
        Err(error) => Err(explain(bytes, place, &error)),
    }
}

/// Reads the fields. UTF-8 is judged once for the whole row, not for every text in it.
fn typed(bytes: &[u8]) -> Result<Row<'_>, serde_json::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// Fills in what the row leaves out.
fn complete(row: Row<'_>, context: &Context<'_>) -> Result<ControlResult, Problem> {
    let (control, title) = match context.controls.control(&row.control) {
        Some(control) => (control.id.clone(), control.title.as_str()),
        None => {
            let unknown: Result<ControlId, _> = row.control.parse();
            (unknown.map_err(|error| Problem::Value(error.to_string()))?, "no summary")
        }
    };
    let system = match (row.system, &context.system) {
        (Some(found), Some(given)) if found != *given => {
            return Err(Problem::System { found: found.to_string(), given: given.to_string() });
        }
        (Some(system), _) => system,
        (None, Some(system)) => system.clone(),
        (None, None) => return Err(Problem::Missing("system".into())),
    };
    let collector = row.collector.or_else(|| context.collector.clone());
    let collector = collector.ok_or_else(|| Problem::Missing("collector".into()))?;
    let (observed_from, observed_to, source) = observed(row.observed_from, row.observed_to, context);
    let status = Status::from_word(&row.status).unwrap_or(Status::Unknown);
    let raw_status = match row.raw_status {
        None if row.status != status.as_str() => Some(row.status.into_owned()),
        raw => raw,
    };
    Ok(ControlResult {
        id: row.id,
        run: row.run.map(|run| run.0).or_else(|| context.run.clone()),
        asset: row.asset.or_else(|| context.asset.clone()),
        basis: row.basis.unwrap_or(Basis::Explicit),
        flags: row.flags,
        checks: unwrapped(row.checks),
        method: row.method.unwrap_or(context.method),
        source: row.source.map(|source| Box::new(source.0)),
        status,
        system,
        control,
        details: row.details,
        subject: row.subject.map(|subject| subject.0).or_else(|| context.subject.clone()),
        summary: row.summary.unwrap_or_else(|| title.to_owned()),
        evidence: unwrapped(row.evidence),
        importer: row.importer,
        measures: unwrapped(row.measures),
        collector,
        population: row.population.map(|population| population.0),
        raw_status,
        observed_to,
        time_source: row.time_source.unwrap_or(source),
        valid_until: row.valid_until,
        collected_at: row.collected_at,
        observed_from,
    })
}

/// Begin and end of the observation: the row's, else the submitter's, else now.
fn observed(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    context: &Context<'_>,
) -> (Timestamp, Timestamp, TimeSource) {
    match (from.or(to), to.or(from), context.observed) {
        (Some(from), Some(to), _) => (from, to, TimeSource::Report),
        (_, _, Some(observed)) => (observed.from, observed.to, observed.source),
        _ => (context.now, context.now, TimeSource::Ingest),
    }
}

/// Says where a typed reader stopped, in which field and at which value.
fn explain(bytes: &[u8], place: Place<'_>, error: &serde_json::Error) -> RowError {
    let message = strict::message(error);
    let mut offset = offset_of(bytes, error.line(), error.column()).min(bytes.len());
    // A value refused by its own type is reported only after the braces that follow it: go back to its end.
    let behind = error.is_data() && !message.starts_with("missing field") && !message.contains("type: map");
    while behind && offset > 0 && matches!(bytes[offset - 1], b'}' | b' ' | b'\n' | b'\r' | b'\t') {
        offset -= 1;
    }
    let (mut path, mut value) = strict::locate(bytes, offset);
    let opened = message.contains("type: sequence") || message.contains("type: map");
    if opened && !value.as_deref().is_some_and(|value| value.starts_with(['[', '{'])) {
        // The reader stopped at the bracket: what was found is the first thing behind it.
        path.truncate(path.rfind(['.', '[']).unwrap_or(0));
        value = None;
    }
    let (row_line, row_column) = strict::position(bytes, offset.saturating_sub(1));
    let line = place.line + row_line - 1;
    let column = row_column + if row_line == 1 { place.column } else { 0 };
    let path = match (place.path, path.as_str()) {
        ("", path) => path.to_owned(),
        (base, "") => base.to_owned(),
        (base, path) => format!("{base}.{path}"),
    };
    if let Some(name) = quoted(&message, "unknown field `") {
        let known = message.split('`').skip(3).step_by(2);
        let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let hint = near.or_else(|| Some(format!("the fields of a result are {}", FIELDS.join(", "))));
        let problem = Problem::UnknownField(affiant_ledger::id::visible(name));
        let hint = hint.map(Into::into);
        return RowError { hint, ..RowError::at(line, column, problem).field(path) };
    }
    if let Some(name) = quoted(&message, "missing field `") {
        return RowError::at(line, column, Problem::Missing(name.to_owned())).field(path);
    }
    if let Some(name) = quoted(&message, "duplicate field `") {
        return RowError::at(line, column, Problem::KeyTwice(name.to_owned())).field(path);
    }
    if !error.is_data() {
        return RowError::at(line, column, Problem::Syntax(message)).field(path);
    }
    let number = message.contains("floating point") || message.contains("invalid type: integer");
    let hint = number.then(|| "counts are whole numbers; write measures as text, such as \"0.25\"".into());
    let value = value.map(Into::into);
    RowError { value, hint, ..RowError::at(line, column, Problem::Value(message)).field(path) }
}

fn quoted<'m>(message: &'m str, prefix: &str) -> Option<&'m str> {
    message.strip_prefix(prefix)?.split('`').next()
}

fn offset_of(bytes: &[u8], line: usize, column: usize) -> usize {
    let begin = match line.checked_sub(2) {
        None => 0,
        Some(skip) => {
            let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.nth(skip).map_or(0, |(at, _)| at + 1)
        }
    };
    begin + column
}

fn advice(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Missing(_) => Some("name it in the row, or give it once beside the rows".to_owned()),
        Problem::System { .. } => Some("push rows of another system on their own".to_owned()),
        _ => None,
    }
}
