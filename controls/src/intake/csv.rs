//! CSV (RFC 4180) of our own results, one a row, under a header whose columns are the fields of a result
//! (docs/spec/result.md): `control`, `status`, `asset`, `summary`, `observed_to`, ... Columns `examined`, `skipped` and
//! `errors` make a run manifest. A CSV with other columns is read with a mapping ([`super::mapped`]).

use super::fault::{Problem, RowError};
use super::row::{self, Place};
use super::{Context, FAULTS_MAX, IntakeError, Parsed, ROW_SIZE_MAX, ROWS_MAX};
use crate::lint::nearest;
use affiant_ledger::id::visible;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::Read;

/// Columns that become fields of the same name.
const FIELDS: [&str; 14] = [
    "control",
    "status",
    "system",
    "asset",
    "summary",
    "collector",
    "observed_from",
    "observed_to",
    "id",
    "method",
    "details",
    "raw_status",
    "valid_until",
    "collected_at",
];
/// Columns that become the run manifest.
const RUN: [&str; 3] = ["examined", "skipped", "errors"];
/// Most columns.
pub(super) const COLUMNS_MAX: usize = 1000;

/// Whether the first line is a header of ours.
pub(super) fn fits(text: &[u8]) -> bool {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let columns: BTreeSet<&str> =
        line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
    ["control", "status"].iter().all(|column| columns.contains(column))
}

/// A reader of CSV: the delimiter given, else the one that stands most often in the first line.
pub(super) fn reader<R: Read>(input: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(false).from_reader(input)
}

/// The delimiter of a first line.
pub(super) fn delimiter(text: &[u8]) -> u8 {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let count = |byte: u8| line.iter().filter(|own| **own == byte).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|byte| (count(*byte), *byte == b',')).unwrap_or(b',')
}

/// What a reader of CSV refused.
pub(super) fn refused(error: &csv::Error) -> RowError {
    let line = error.position().map_or(1, csv::Position::line);
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "the bytes are not UTF-8".to_owned(),
        kind => visible(&format!("{kind:?}")),
    };
    RowError::at(line, 0, Problem::Shape(format!("not CSV: {what}")))
}

/// The columns of a header; each once.
pub(super) fn header<R: Read>(reader: &mut csv::Reader<R>) -> Result<Vec<String>, RowError> {
    let header = reader.headers().map_err(|error| refused(&error))?;
    let columns: Vec<String> = header.iter().map(|column| column.trim().to_owned()).collect();
    let mut seen = BTreeSet::new();
    if let Some(twice) = columns.iter().find(|column| !seen.insert(column.as_str())) {
        return Err(RowError::at(1, 0, Problem::KeyTwice(visible(twice))));
    }
    if columns.len() > COLUMNS_MAX {
        return Err(RowError::at(1, 0, Problem::Shape(format!("more than {COLUMNS_MAX} columns"))));
    }
    Ok(columns)
}

/// Reads every row.
pub(super) fn results(text: &[u8], context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let mut reader = reader(text, delimiter(text));
    let columns = header(&mut reader)?;
    for column in &columns {
        if !FIELDS.contains(&column.as_str()) && !RUN.contains(&column.as_str()) {
            return Err(unknown(column).into());
        }
    }
    let (mut parsed, mut record) = (Parsed::default(), csv::StringRecord::new());
    let (mut seen, mut line) = (0, 1);
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return Err(refused(&error).into()),
        }
        if parsed.results.len() >= ROWS_MAX {
            return Err(IntakeError::Rows);
        }
        // Where the reader began, and the empty lines that it passed over there.
        let at = record.position().map_or(seen, |at| at.byte() as usize).min(text.len());
        let at = at + text[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += text[seen..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        seen = at;
        parsed.push(line, one(&columns, &record, line, context));
        if parsed.faults.len() >= FAULTS_MAX {
            return Err(IntakeError::Faults(parsed.faults));
        }
    }
    if parsed.results.is_empty() && parsed.faults.is_empty() { Err(IntakeError::Empty) } else { Ok(parsed) }
}

fn unknown(column: &str) -> RowError {
    let known = FIELDS.into_iter().chain(RUN);
    let near = nearest(column, known).map(|near| format!("did you mean `{near}`?"));
    let hint = near.unwrap_or_else(|| "a CSV with columns of its own is read with --map FILE".to_owned());
    RowError::at(1, 0, Problem::UnknownField(visible(column))).hint(hint)
}

/// One row, by way of the JSON a script would write.
fn one(
    columns: &[String],
    record: &csv::StringRecord,
    line: u64,
    context: &Context<'_>,
) -> Result<crate::ControlResult, RowError> {
    if record.as_slice().len() > ROW_SIZE_MAX {
        return Err(RowError::at(line, 0, Problem::Size { size: record.as_slice().len() }));
    }
    let (mut row, mut run) = (Map::new(), Map::new());
    for (column, cell) in columns.iter().zip(record) {
        if cell.trim().is_empty() {
            continue;
        }
        if RUN.contains(&column.as_str()) {
            let count: u64 = cell.trim().parse().map_err(|_| {
                let problem = Problem::Value("a whole number was expected".into());
                RowError::at(line, 0, problem).value(cell).field(column.as_str())
            })?;
            run.insert(column.clone(), count.into());
        } else {
            row.insert(column.clone(), Value::String(cell.to_owned()));
        }
    }
    if run.contains_key("examined") {
        let errors = run.get("errors").and_then(Value::as_u64).unwrap_or(0);
        let whole =
            [("skipped", Value::from(0)), ("errors", errors.into()), ("complete", (errors == 0).into())];
        for (name, value) in whole {
            run.entry(name).or_insert(value);
        }
        row.insert("run".to_owned(), Value::Object(run));
    }
    let bytes = serde_json::to_vec(&row).unwrap_or_default();
    // Columns of that JSON are nobody's columns.
    row::read(&bytes, Place { line, column: 0, path: "" }, context).map_err(|fault| RowError {
        line,
        column: 0,
        ..fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Format, ToolRules, detect, parse};
    use crate::{ControlSet, Status};

    fn read(text: &str) -> Result<Parsed, IntakeError> {
        let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
        let now = "2026-11-26T00:00:00Z".parse().unwrap();
        let mut context = Context::new(&controls, &tools, now);
        context.system = Some("support-bot".parse().unwrap());
        assert_eq!(detect(text.as_bytes(), "results.csv"), Some(Format::Csv), "{text}");
        parse(text.as_bytes(), Format::Csv, &context)
    }

    #[test]
    fn rows_are_results_whatever_the_delimiter_and_the_quotes() {
        for delimiter in [",", ";", "\t"] {
            let text = "control|status|collector|summary|examined\r\nAFF-EXP-11|passed|ci|\"fine, \"\"quite\"\"\"|12\r\n\
                \r\nAFF-EXP-10|FAILED|ci||\r\n";
            let parsed = read(&text.replace('|', delimiter)).unwrap();
            let [first, second] = parsed.results.as_slice() else { panic!("two rows") };
            assert_eq!((first.status, first.summary.as_str()), (Status::Passed, "fine, \"quite\""));
            assert_eq!(first.run.as_ref().map(|run| (run.examined, run.complete)), Some((12, true)));
            assert_eq!((second.status, second.run.as_ref()), (Status::Failed, None));
            assert_eq!(parsed.lines, [2, 4]);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        let cases = [
            ("control,status,sumary\n", "line 1: unknown field `sumary`"),
            ("control,status,control\n", "line 1: key `control` stands twice in one object"),
            ("control,status\nAFF-EXP-11\n", "line 2: not CSV: 1 cells, the header has 2"),
            (
                "control,status,examined,collector\nAFF-EXP-11,passed,many,ci\n",
                "line 2, field `examined`: a whole number was expected, found `many`",
            ),
            ("control,status,collector\nAFF-EXP-11,,ci\n", "line 2: field `status` is missing"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).expect_err(text).to_string(), expected);
        }
        assert_eq!(read("control,status\n"), Err(IntakeError::Empty));
    }
}
