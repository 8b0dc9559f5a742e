//! A foreign document that fits in memory: checked before anything is made of it, and read into the parts a format
//! knows. What a typed reader refuses is said with line, column, field and value.

use super::IntakeError;
use super::fault::{Problem, RowError};
use super::strict;
use serde::de::DeserializeOwned;

/// The whole of a foreign report.
pub(super) struct Document<'a> {
    /// The bytes without a byte order mark; UTF-8.
    pub(super) text: &'a [u8],
    /// The format's name in messages.
    pub(super) title: &'static str,
}

impl Document<'_> {
    /// Reads JSON. `advice` says what the top of such a document looks like.
    pub(super) fn json<T: DeserializeOwned>(&self, advice: &'static str) -> Result<T, IntakeError> {
        strict::check(self.text).map_err(one)?;
        serde_json::from_slice(self.text).map_err(|error| one(self.explain(&error).hint(advice)))
    }

    /// Refuses the document as a whole.
    pub(super) fn refuse(&self, field: &str, what: impl Into<String>) -> IntakeError {
        one(RowError::at(1, 0, Problem::Shape(format!("not {}: {}", self.title, what.into()))).field(field))
    }

    fn explain(&self, error: &serde_json::Error) -> RowError {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let ends = self.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let begin = std::iter::once(0).chain(ends).nth(error.line().saturating_sub(1)).unwrap_or(0);
        let (path, value) = strict::locate(self.text, begin + error.column());
        let message = strict::message(error);
        let value = value.filter(|_| !message.starts_with("missing field")).map(Into::into);
        let problem = Problem::Shape(format!("not {}: {message}", self.title));
        RowError { value, ..RowError::at(line, column, problem) }.field(path)
    }
}

/// A single fault that refuses everything.
pub(super) fn one(fault: RowError) -> IntakeError {
    IntakeError::Faults(vec![fault])
}
