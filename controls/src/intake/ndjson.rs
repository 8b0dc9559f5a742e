//! NDJSON: one result a line.
//!
//! ```text
//! {"control":"AFF-EXP-11","status":"passed","asset":"scoring-model","observed_to":"2026-11-22T03:46:05Z"}
//! {"control":"AFF-EXP-10","status":"failed","asset":"scoring-model","summary":"gap 0.14 between groups"}
//! ```
//!
//! [`line()`] reads one line and keeps no state, so lines can be parsed on all cores while a file streams past.

use super::fault::RowError;
use super::row::{self, Place};
use super::{Context, FAULTS_MAX, IntakeError, Parsed, ROWS_MAX};
use crate::result::ControlResult;

/// Reads one line. Strict in one pass: the types refuse unknown and repeated fields, floats and wrong types.
pub fn line(bytes: &[u8], line_number: u64, context: &Context<'_>) -> Result<ControlResult, RowError> {
    row::read(bytes, Place { line: line_number, column: 0, path: "" }, context)
}

/// Reads every line; empty lines are passed over.
pub(super) fn lines(text: &[u8], context: &Context<'_>) -> Result<Parsed, IntakeError> {
    let mut parsed = Parsed::default();
    for (number, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        if parsed.results.len() >= ROWS_MAX {
            return Err(IntakeError::Rows);
        }
        parsed.push(number, line(bytes, number, context));
        if parsed.faults.len() >= FAULTS_MAX {
            return Err(IntakeError::Faults(parsed.faults));
        }
    }
    Ok(parsed)
}
