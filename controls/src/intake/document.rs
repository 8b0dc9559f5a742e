//! A foreign document that fits in memory: checked before anything is made of it, and read into the parts a format
//! knows. What a typed reader refuses is said with line, column, field and value.

use super::IntakeError;
use super::fault::{Problem, RowError};
use super::stream::refused;
use super::strict;
use affiant_ledger::id::visible;
use affiant_ledger::key::VerifyingKey;
use serde::de::DeserializeOwned;

/// The whole of a foreign report.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    /// The bytes without a byte order mark; UTF-8.
    pub(super) text: &'a [u8],
    /// The format's name in messages.
    pub(super) title: &'static str,
    /// Keys whose signatures count.
    pub(super) trusted: &'a [VerifyingKey],
}

impl Document<'_> {
    /// Reads JSON. `advice` says what the top of such a document looks like.
    pub(super) fn json<T: DeserializeOwned>(&self, advice: &'static str) -> Result<T, IntakeError> {
        strict::check(self.text).map_err(one)?;
        serde_json::from_slice(self.text)
            .map_err(|error| one(refused(self.title, self.text, &error).hint(advice)))
    }

    /// Refuses a version whose first number is none of those read.
    pub(super) fn is_version(&self, field: &str, version: &str, read: &[&str]) -> Result<(), IntakeError> {
        let major = version.trim_start_matches('v').split(['.', '-', '+']).next().unwrap_or_default();
        if read.contains(&major) {
            return Ok(());
        }
        Err(self.refuse(field, format!("version `{}`, read are {}", visible(version), read.join(", "))))
    }

    /// Refuses the document for what stands at an offset.
    #[cfg(feature = "formats")]
    pub(super) fn refuse_at(&self, offset: usize, what: &str) -> IntakeError {
        let (line, column) = strict::position(self.text, offset);
        let problem = Problem::Shape(format!("not {}: {}", self.title, visible(what)));
        one(RowError::at(line, column, problem))
    }

    /// Refuses the document as a whole.
    pub(super) fn refuse(&self, field: &str, what: impl Into<String>) -> IntakeError {
        one(RowError::at(1, 0, Problem::Shape(format!("not {}: {}", self.title, what.into()))).field(field))
    }
}

/// A single fault that refuses everything.
pub(super) fn one(fault: RowError) -> IntakeError {
    IntakeError::Faults(vec![fault])
}
