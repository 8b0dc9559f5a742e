//! The six statuses, and the words of other tools that mean one of them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Outcome of one control on one asset or population at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The test ran and what it wants was seen.
    Passed,
    /// The test ran and what it wants was not seen.
    Failed,
    /// A person must judge.
    NeedsReview,
    /// The control does not apply here.
    NotApplicable,
    /// The test did not run.
    NotRun,
    /// The test broke, or its outcome is in words nobody here knows.
    Unknown,
}

impl Status {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Passed, Self::Failed, Self::NeedsReview, Self::NotApplicable, Self::NotRun, Self::Unknown];

    /// The word written in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NeedsReview => "needs-review",
            Self::NotApplicable => "not-applicable",
            Self::NotRun => "not-run",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a status word in any case, ours or a documented alias. `None` for any other text.
    ///
    /// | status | aliases |
    /// |---|---|
    /// | passed | pass, success, succeeded, ok, compliant, satisfied, fixed |
    /// | failed | fail, failure, non-compliant, not-satisfied, violation |
    /// | needs-review | review, manual, warn, warning |
    /// | not-applicable | notapplicable, n/a, na |
    /// | not-run | skipped, skip, not-checked, notchecked, notselected, not-tested, informational, open |
    /// | unknown | error, errored, inconclusive |
    ///
    /// Spaces and underscores read as hyphens. `waived` and `suppressed` are absent on purpose: only an exception
    /// in the ledger waives.
    pub fn from_word(word: &str) -> Option<Self> {
        if let Some(exact) = Self::ALL.into_iter().find(|status| status.as_str() == word) {
            return Some(exact);
        }
        if word.len() > 32 {
            return None;
        }
        let word: String =
            word.chars().map(|c| if matches!(c, ' ' | '_') { '-' } else { c.to_ascii_lowercase() }).collect();
        let found = match word.as_str() {
            "pass" | "success" | "succeeded" | "ok" | "compliant" | "satisfied" | "fixed" => Self::Passed,
            "fail" | "failure" | "non-compliant" | "not-satisfied" | "violation" => Self::Failed,
            "review" | "manual" | "warn" | "warning" => Self::NeedsReview,
            "notapplicable" | "n/a" | "na" => Self::NotApplicable,
            "skipped" | "skip" | "not-checked" | "notchecked" | "notselected" | "not-tested"
            | "informational" | "open" => Self::NotRun,
            "error" | "errored" | "inconclusive" => Self::Unknown,
            other => return Self::ALL.into_iter().find(|status| status.as_str() == other),
        };
        Some(found)
    }

    /// The worst of several, `None` of none: failed, unknown, needs-review, not-run, passed, not-applicable.
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().max_by_key(|status| status.badness())
    }

    pub(crate) fn badness(self) -> u8 {
        match self {
            Self::NotApplicable => 0,
            Self::Passed => 1,
            Self::NotRun => 2,
            Self::NeedsReview => 3,
            Self::Unknown => 4,
            Self::Failed => 5,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Not one of the six words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status (passed, failed, needs-review, not-applicable, not-run, unknown)")]
pub struct StatusError(pub String);

impl FromStr for Status {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| StatusError(affiant_ledger::id::visible(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_words_are_read_in_any_case_and_aliases_are_known() {
        let cases = [
            ("PASSED", Status::Passed),
            ("Pass", Status::Passed),
            ("FAIL", Status::Failed),
            ("needs_review", Status::NeedsReview),
            ("Not Applicable", Status::NotApplicable),
            ("skipped", Status::NotRun),
            ("ERROR", Status::Unknown),
        ];
        for (word, status) in cases {
            assert_eq!(Status::from_word(word), Some(status), "{word}");
        }
    }

    #[test]
    fn no_other_text_is_a_status() {
        for word in ["", "waived", "suppressed", "green", "true", "p\u{430}ssed", "pass\u{200b}", " pass"] {
            assert_eq!(Status::from_word(word), None, "{word}");
        }
    }

    #[test]
    fn the_worst_status_wins() {
        assert_eq!(Status::worst([Status::Passed, Status::Failed, Status::Unknown]), Some(Status::Failed));
        assert_eq!(Status::worst([Status::NotApplicable, Status::Passed]), Some(Status::Passed));
        assert_eq!(Status::worst([]), None);
    }
}
