//! What the binary answered.

use serde_json::Value;
use std::time::Duration;

/// Exit code, both streams, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) command: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Answer {
    /// Demands an exit code; shows everything when it is another. No answer may be a panic.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert!(!self.is_fault(), "{}", self.shown());
        assert_eq!(self.code, code, "{}", self.shown());
        self
    }

    /// Demands a text on stdout.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in\n{}", self.shown());
        self
    }

    /// Demands a text on stderr.
    #[track_caller]
    pub(crate) fn warns(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in\n{}", self.shown());
        self
    }

    /// The one JSON value on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.shown()))
    }

    /// The JSON lines on stdout.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let line =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}\n{}", self.shown()));
        self.stdout.lines().map(line).collect()
    }

    /// The `error:` lines on stderr, without that word.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect()
    }

    /// Whether the binary broke a promise of its own: a panic, in its own words or the runtime's.
    pub(crate) fn is_fault(&self) -> bool {
        ["panicked", "internal fault"].iter().any(|word| self.stderr.contains(word))
    }

    pub(crate) fn shown(&self) -> String {
        format!("$ {}\n? {}\n{}{}", self.command, self.code, self.stdout, self.stderr)
    }
}
