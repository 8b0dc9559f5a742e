//! Any tool's JSON, NDJSON or CSV, read as a mapping of the submitter's says (docs/spec/mapping.md): where the rows are,
//! which fields they have, what the words mean. The mapping is cited and kept as evidence, since it decides what the
//! report comes to.

mod cells;
mod definition;

use super::fault::{Problem, RowError};
use super::report::{Head, Row, Rows, Sink};
use super::stream::{Stream, explain};
use super::{IntakeError, ROW_SIZE_MAX, ROWS_MAX, csv, strict};
use crate::result::{DigestSource, Run, Subject};
use crate::status::Status;
use affiant_ledger::id::visible;
use cells::{Cells, Json, Record};
pub use definition::{MAPPING_SIZE_MAX, Mapping};
use definition::{Shape, Words};
use serde_json::value::RawValue;
use std::io::{BufRead, BufReader, Read};

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "map/1";

/// Reads a report as a mapping says.
pub(super) fn read(
    mapping: &Mapping,
    stream: &mut Stream<'_, '_>,
    sink: &mut dyn Sink,
) -> Result<(), IntakeError> {
    match mapping.format {
        Shape::Json => json(mapping, stream, sink),
        Shape::Ndjson => ndjson(mapping, stream, sink),
        Shape::Csv => records(mapping, stream, sink),
    }
}

/// Twice: what the report says of itself may stand behind its rows.
fn json(mapping: &Mapping, stream: &mut Stream<'_, '_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let steps = mapping.steps();
    let pattern: Vec<&str> = steps.iter().map(String::as_str).collect();
    let mut rows = 0;
    let rest = stream.pass(&pattern, &mut |_| counted(&mut rows))?;
    let whole: &RawValue =
        serde_json::from_slice(&rest.bytes).map_err(|error| stream.explain_rest(&rest, &error))?;
    let whole = Json(whole);
    if rows == 0 && !whole.has_list(&mapping.rows) {
        let problem = Problem::Shape(format!("there is no list at `{}`", visible(&mapping.rows)));
        return Err(RowError::at(1, 0, problem).hint("`rows` is a JSON Pointer, such as /findings").into());
    }
    sink.begin(head(mapping, &whole)?);
    let mut wrong: Option<IntakeError> = None;
    stream.pass(&pattern, &mut |element| {
        let index = element.place.last().copied().unwrap_or(0);
        let pointer = format!("{}/{index}", mapping.rows);
        let read = match serde_json::from_slice::<&RawValue>(element.bytes) {
            Ok(value) => row(mapping, &Json(value), pointer.clone(), element.line).map_err(IntakeError::from),
            Err(error) => Err(explain("JSON", &element, pointer.clone(), &error)),
        };
        match read {
            Ok(row) => sink.row(row),
            Err(error) => wrong = wrong.take().or(Some(error)),
        }
        Ok(())
    })?;
    wrong.map_or(Ok(()), Err)
}

fn ndjson(mapping: &Mapping, stream: &mut Stream<'_, '_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    sink.begin(head(mapping, &Nothing)?);
    stream.whole(&mut |reader| {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let (mut line, mut number, mut rows) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let mut limited = reader.by_ref().take(ROW_SIZE_MAX as u64 + 1);
            if limited.read_until(b'\n', &mut line).map_err(|error| IntakeError::Unread(error.to_string()))?
                == 0
            {
                return Ok(());
            }
            number += 1;
            if line.len() > ROW_SIZE_MAX {
                return Err(RowError::at(number, 0, Problem::Size { size: line.len() }).into());
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            counted(&mut rows)?;
            strict::check(&line).map_err(|fault| RowError { line: number, ..fault })?;
            let value = serde_json::from_slice::<&RawValue>(line.trim_ascii()).map_err(|error| {
                RowError::at(number, error.column() as u64, Problem::Syntax(strict::message(&error)))
            })?;
            sink.row(row(mapping, &Json(value), format!("line {number}"), number)?);
        }
    })
}

fn records(mapping: &Mapping, stream: &mut Stream<'_, '_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    sink.begin(head(mapping, &Nothing)?);
    stream.whole(&mut |reader| {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let begin = reader.fill_buf().map_err(|error| IntakeError::Unread(error.to_string()))?;
        let delimiter = mapping.delimiter.unwrap_or_else(|| csv::delimiter(begin));
        if begin.starts_with(strict::BOM) {
            reader.consume(strict::BOM.len());
        }
        let mut reader = csv::reader(reader, delimiter);
        let columns = csv::header(&mut reader)?;
        mapping.columns_there(&columns)?;
        let (mut record, mut rows) = (::csv::StringRecord::new(), 0);
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                Err(error) => return Err(csv::refused(&error).into()),
            }
            if record.as_slice().len() > ROW_SIZE_MAX {
                let size = record.as_slice().len();
                return Err(RowError::at(rows as u64 + 2, 0, Problem::Size { size }).into());
            }
            counted(&mut rows)?;
            let cells = Record { columns: &columns, record: &record };
            // The header is the first line; rows of several lines are counted as one.
            let line = rows as u64 + 1;
            sink.row(row(mapping, &cells, format!("row {rows}"), line)?);
        }
    })
}

fn counted(rows: &mut usize) -> Result<(), IntakeError> {
    *rows += 1;
    if *rows > ROWS_MAX { Err(IntakeError::Rows) } else { Ok(()) }
}

/// A report without anything beside its rows.
struct Nothing;

impl Cells for Nothing {
    fn at(&self, _: &str) -> Option<String> {
        None
    }
}

/// What the report says of itself.
fn head(mapping: &Mapping, whole: &dyn Cells) -> Result<Head, RowError> {
    let document = &mapping.document;
    let count = |field: &Option<Words>| field.as_ref().and_then(|field| field.of(whole));
    let number = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => match text.parse::<u64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let problem = Problem::Value("a whole number was expected".into());
                Err(RowError::at(1, 0, problem).value(&text).field(format!("document.{name}")))
            }
        },
    };
    let examined = number("examined", count(&document.examined))?;
    let skipped = number("skipped", count(&document.skipped))?.unwrap_or(0);
    let errors = number("errors", count(&document.errors))?.unwrap_or(0);
    let run =
        examined.map(|examined| Run { errors, skipped, complete: errors == 0, examined, exit_code: None });
    Ok(Head {
        tool: mapping.tool.to_string(),
        version: count(&document.version),
        rows: mapping.lists,
        run,
        broken: errors > 0 && examined.is_none(),
        times: count(&document.time).into_iter().collect(),
        ..Head::default()
    })
}

/// One row.
fn row(mapping: &Mapping, cells: &dyn Cells, pointer: String, line: u64) -> Result<Row, RowError> {
    let fields = &mapping.fields;
    let of =
        |field: &Option<Words>| field.as_ref().and_then(|field| field.of(cells)).filter(|t| !t.is_empty());
    let wrong = |name: &str, value: &str, what: String| {
        RowError::at(line, 0, Problem::Value(what)).value(value).field(name)
    };
    let word = of(&fields.status).unwrap_or_default();
    let status = match (&fields.status, mapping.lists) {
        (None, Rows::Findings) => Status::Failed,
        _ => mapping.status_of(&word),
    };
    let parsed = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error: affiant_ledger::id::IdError| wrong(name, &text, error.to_string())),
    };
    let digest = of(&fields.digest).map(|text| {
        let hex = text.strip_prefix("sha256:").unwrap_or(&text);
        hex.parse().map_err(|_| wrong("digest", &text, "a SHA-256 in hexadecimal was expected".to_owned()))
    });
    let rule = of(&fields.rule).unwrap_or_else(|| "unknown".to_owned());
    let place = of(&fields.location).unwrap_or_default();
    let at = of(&fields.line).and_then(|line| line.parse::<u64>().ok());
    // Rules of a mapping are patterns: the rule itself tells rows apart.
    let mark = of(&fields.fingerprint)
        .unwrap_or_else(|| format!("{rule} {}", at.map(|at| at.to_string()).unwrap_or_default()));
    Ok(Row {
        rule,
        status: Some(status),
        word,
        severity: of(&fields.severity).and_then(|word| mapping.severity_of(&word)),
        message: of(&fields.message).unwrap_or_default(),
        secret: mapping.secret,
        pointer,
        location: at.map_or_else(|| place.clone(), |line| format!("{place}:{line}")),
        place,
        line: at,
        mark,
        suppressed: of(&fields.suppressed)
            .is_some_and(|word| !matches!(word.as_str(), "false" | "0" | "no" | "[]" | "null")),
        asset: parsed("asset", of(&fields.asset))?,
        subject: digest.transpose()?.map(|digest| Subject { digest, digest_source: DigestSource::InFile }),
        times: of(&fields.time).into_iter().collect(),
        ..Row::default()
    })
}

#[cfg(test)]
mod tests;
