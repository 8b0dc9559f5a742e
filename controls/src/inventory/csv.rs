//! A table of comma-separated values (RFC 4180) with the columns of an inventory.

use super::{InventoryError, Text};
use affiant_ledger::id::visible;

/// The columns; `id` must be there, the others may.
const COLUMNS: [&str; 4] = ["id", "kind", "version", "digest"];
/// Most bytes of a cell: far more than any value may have.
const CELL_SIZE_MAX: usize = 4_096;

/// The rows below the header, each with its place.
pub(super) fn rows(text: &[u8]) -> Result<Vec<(String, Text)>, InventoryError> {
    let mut lines = records(text)?.into_iter();
    let Some((line, header)) = lines.next() else {
        return Err(InventoryError::Csv {
            line: 1,
            problem: "there is nothing, not even a header".to_owned(),
        });
    };
    let columns = columns(line, &header)?;
    let row = |(line, cells): (u64, Vec<String>)| {
        if cells.len() != columns.len() {
            let problem = format!("{} cells under a header of {}", cells.len(), columns.len());
            return Err(InventoryError::Csv { line, problem });
        }
        let mut text = Text::default();
        for (column, cell) in columns.iter().zip(cells) {
            match *column {
                "id" => text.id = cell,
                "kind" => text.kind = Some(cell),
                "version" => text.version = Some(cell),
                _ => text.digest = Some(cell),
            }
        }
        Ok((format!("line {line}"), text))
    };
    lines.map(row).collect()
}

fn columns(line: u64, header: &[String]) -> Result<Vec<&'static str>, InventoryError> {
    let wrong = |problem: String| InventoryError::Csv { line, problem };
    let mut columns = Vec::new();
    for name in header {
        let known = COLUMNS.into_iter().find(|column| name.trim() == *column);
        let column = known.ok_or_else(|| {
            wrong(format!("`{}` is none of the columns {}", visible(name), COLUMNS.join(", ")))
        })?;
        if columns.contains(&column) {
            return Err(wrong(format!("column `{column}` stands twice")));
        }
        columns.push(column);
    }
    if columns.contains(&"id") { Ok(columns) } else { Err(wrong("no column `id`".to_owned())) }
}

/// The records with the line on which each begins; empty lines are passed over.
fn records(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, InventoryError> {
    let mut records = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let begin = line;
        let mut cells = Vec::new();
        loop {
            let (cell, after) = cell(rest, &mut line)?;
            cells.push(cell);
            rest = after;
            match rest.first() {
                Some(b',') => rest = &rest[1..],
                _ => break,
            }
        }
        rest = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")).unwrap_or(rest);
        line += 1;
        if cells != [String::new()] {
            records.push((begin, cells));
        }
    }
    Ok(records)
}

/// One cell and what stands after it: a comma, the end of a line, or nothing.
fn cell<'a>(text: &'a [u8], line: &mut u64) -> Result<(String, &'a [u8]), InventoryError> {
    let begin = *line;
    let wrong = |problem: &str| InventoryError::Csv { line: begin, problem: problem.to_owned() };
    let is_end = |rest: &[u8]| matches!(rest, [] | [b',' | b'\n', ..] | [b'\r', b'\n', ..]) || rest == b"\r";
    let (bytes, rest) = match text.strip_prefix(b"\"") {
        None => {
            let length = (0..text.len()).find(|at| is_end(&text[*at..])).unwrap_or(text.len());
            let (bytes, rest) = text.split_at(length);
            if bytes.contains(&b'"') {
                return Err(wrong("a quotation mark in a cell without quotation marks"));
            }
            (bytes.to_vec(), rest)
        }
        Some(mut rest) => {
            let mut bytes = Vec::new();
            loop {
                match rest {
                    [b'"', b'"', after @ ..] => {
                        bytes.push(b'"');
                        rest = after;
                    }
                    [b'"', after @ ..] => break (bytes, after),
                    [byte, after @ ..] => {
                        *line += u64::from(*byte == b'\n');
                        bytes.push(*byte);
                        rest = after;
                    }
                    [] => return Err(wrong("a quotation mark without its second")),
                }
            }
        }
    };
    if !is_end(rest) {
        return Err(wrong("something stands after a closing quotation mark"));
    }
    if bytes.len() > CELL_SIZE_MAX {
        return Err(wrong("a cell of more than 4096 bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("the bytes are not UTF-8"))?;
    Ok((text, if rest == b"\r" { &[] } else { rest }))
}
