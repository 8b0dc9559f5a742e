//! The formats that can be read, and how they are told apart.

use super::document::Document;
use super::report::Sink;
use super::{IntakeError, bandit, sarif};
use std::fmt;

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One JSON document of our own results.
    Json,
    /// Our own results, one JSON object a line.
    Ndjson,
    /// SARIF 2.1.0.
    Sarif,
    /// The JSON of Bandit.
    Bandit,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Ndjson, Self::Sarif, Self::Bandit];

    /// The word used on command lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
            Self::Bandit => "bandit",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Json => "control results in JSON",
            Self::Ndjson => "control results, one a line",
            Self::Sarif => "SARIF 2.1.0",
            Self::Bandit => "Bandit JSON",
        }
    }

    /// The format of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// The importer's name and version as written into results; `None` for our own formats, which need none.
    pub fn importer(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Ndjson => None,
            Self::Sarif => Some(sarif::IMPORTER),
            Self::Bandit => Some(bandit::IMPORTER),
        }
    }

    /// The media type of a report as evidence.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json | Self::Bandit => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Sarif => sarif::MEDIA_TYPE,
        }
    }
}

impl Format {
    /// Whether it is read as a stream, whatever its size.
    pub fn is_streamed(self) -> bool {
        self == Self::Sarif
    }

    /// Reads a foreign report that is there as a whole.
    pub(super) fn read(self, document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self {
            Self::Json | Self::Ndjson | Self::Sarif => Ok(()),
            Self::Bandit => bandit::read(document, sink),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
