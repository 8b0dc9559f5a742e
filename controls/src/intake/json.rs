//! JSON: one result, a list of results, or `{"results": [..]}`.
//!
//! The whole document passes [`strict`] first; then each row is read as an NDJSON line would be.

use super::fault::{Problem, RowError};
use super::row::{self, Place};
use super::strict::{self, Outline};
use super::{Context, FAULTS_MAX, IntakeError, Parsed};
use std::ops::Range;

pub(super) fn document(text: &[u8], context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let outline = outline(text)?;
    let mut rows = Rows { text, context, parsed: Parsed::default(), seen: 0, line: 1, line_begin: 0 };
    match outline {
        Outline::Array(parts) => rows.all("", &parts)?,
        Outline::Object(members) => match members.iter().find(|(key, _)| key == "results") {
            Some((_, range)) => {
                if let Some((other, range)) = members.iter().find(|(key, _)| key != "results") {
                    let problem = Problem::UnknownField(affiant_ledger::id::visible(other));
                    return Err(rows.refuse(range.start, problem, "beside `results` nothing else may stand"));
                }
                let Outline::Array(parts) = self::outline(&text[range.clone()])? else {
                    let problem = Problem::Shape("`results` is not a list".into());
                    return Err(rows.refuse(range.start, problem, "write {\"results\": [{..}, ..]}"));
                };
                let moved: Vec<_> =
                    parts.iter().map(|p| p.start + range.start..p.end + range.start).collect();
                rows.all("results", &moved)?;
            }
            None => rows.one("", text_range(text)),
        },
        Outline::Scalar => {
            let problem = Problem::Shape("an object or a list of objects was expected".into());
            return Err(rows.refuse(0, problem, "write one result as {\"control\": .., \"status\": ..}"));
        }
    }
    Ok(rows.parsed)
}

fn outline(text: &[u8]) -> Result<Outline, IntakeError> {
    strict::outline(text).map_err(|fault| IntakeError::Faults(vec![fault]))
}

/// The document without the white space around it.
fn text_range(text: &[u8]) -> Range<usize> {
    let start = text.len() - text.trim_ascii_start().len();
    start..start + text.trim_ascii().len()
}

struct Rows<'a> {
    text: &'a [u8],
    context: &'a Context<'a>,
    parsed: Parsed,
    /// How far lines are counted, the line there and where it begins.
    seen: usize,
    line: u64,
    line_begin: usize,
}

impl Rows<'_> {
    fn all(&mut self, name: &str, parts: &[Range<usize>]) -> Result<(), IntakeError> {
        if parts.is_empty() {
            return Err(IntakeError::Empty);
        }
        for (index, part) in parts.iter().enumerate() {
            self.one(&format!("{name}[{index}]"), part.clone());
            if self.parsed.faults.len() >= FAULTS_MAX {
                return Err(IntakeError::Faults(std::mem::take(&mut self.parsed.faults)));
            }
        }
        Ok(())
    }

    fn one(&mut self, path: &str, range: Range<usize>) {
        self.count_lines(range.start);
        let place = Place { line: self.line, column: (range.start - self.line_begin) as u64, path };
        let row = row::read(&self.text[range], place, self.context);
        self.parsed.push(place.line, row);
    }

    fn count_lines(&mut self, to: usize) {
        for at in self.seen..to {
            if self.text[at] == b'\n' {
                self.line += 1;
                self.line_begin = at + 1;
            }
        }
        self.seen = to;
    }

    fn refuse(&self, offset: usize, problem: Problem, hint: &str) -> IntakeError {
        let (line, column) = strict::position(self.text, offset);
        IntakeError::Faults(vec![RowError::at(line, column, problem).hint(hint)])
    }
}
