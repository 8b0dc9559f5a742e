//! What is wrong with a row: where, in which field, with which value.

#[cfg(feature = "formats")]
use affiant_ledger::id::visible;
use std::fmt;

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not JSON, or JSON that readers disagree about.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// Bytes in another encoding than UTF-8.
    #[error("{0}")]
    Encoding(String),
    /// The same key twice in an object.
    #[error("key `{0}` stands twice in one object")]
    KeyTwice(String),
    /// Deeper than [`super::strict::DEPTH_MAX`].
    #[error("nested deeper than {}", super::strict::DEPTH_MAX)]
    Depth,
    /// A row over the limit.
    #[error("row of {size} bytes, the limit is {max}", max = super::ROW_SIZE_MAX)]
    Size {
        /// Its size.
        size: usize,
    },
    /// A field nobody knows.
    #[error("unknown field `{0}`")]
    UnknownField(String),
    /// A field that must be there.
    #[error("field `{0}` is missing")]
    Missing(String),
    /// A value of the wrong type or form.
    #[error("{0}")]
    Value(String),
    /// A row about another system than the one given.
    #[error("the row speaks about system `{found}`, the submitter about `{given}`")]
    System {
        /// The row's system.
        found: String,
        /// The system given beside it.
        given: String,
    },
    /// A document that is not what its format says.
    #[error("{0}")]
    Shape(String),
}

/// What is wrong with a row, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RowError {
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1; 0 when the row as a whole is meant.
    pub column: u64,
    /// Path of the field: `results[3].collector.name`.
    pub field: Option<Box<str>>,
    /// The offending value, made visible and cut.
    pub value: Option<Box<str>>,
    /// What is wrong.
    pub problem: Problem,
    /// Advice.
    pub hint: Option<Box<str>>,
}

impl RowError {
    /// A problem with the row on `line` as a whole.
    pub fn at(line: u64, column: u64, problem: Problem) -> Self {
        Self { line, column, field: None, value: None, problem, hint: None }
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.field = (!field.is_empty()).then(|| field.into());
        self
    }

    /// With the offending value, made visible and cut.
    #[cfg(feature = "formats")]
    pub(crate) fn value(mut self, value: &str) -> Self {
        self.value = Some(visible(value).into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into().into());
        self
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if self.column > 0 {
            write!(f, ", column {}", self.column)?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field `{field}`")?;
        }
        write!(f, ": {}", self.problem)?;
        self.value.as_ref().map_or(Ok(()), |value| write!(f, ", found `{value}`"))
    }
}

/// The first fault, and how many more there are.
pub(crate) fn list(faults: &[RowError]) -> String {
    match faults {
        [] => "no fault".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    }
}
