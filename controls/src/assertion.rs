//! A management assertion: a named person who answers for a system says what they assert about it (docs/spec/assertion.md).
//!
//! ```text
//! {"at": 1795392000000, "by": "A. Example", "role": "Chief Risk Officer", "text": "Controls over credit scoring operated as described.",
//!  "system": "credit-scoring"}
//! ```

use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An assertion; the latest in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// The instant it speaks of, or the last one of its span.
    pub at: Timestamp,
    /// Who asserts.
    pub by: String,
    /// The first instant of the span it speaks of; none where it speaks of an instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// In what role they answer for the system.
    pub role: String,
    /// What is asserted; it may have several lines.
    pub text: String,
    /// The AI system, which is the stream.
    pub system: Id,
    /// Taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}
