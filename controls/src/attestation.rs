//! An attestation: a person states, with a document, how a requirement without a control is met
//! (docs/spec/attestation.md).
//!
//! ```text
//! {"at": 1795312000000, "by": "General Counsel", "system": "credit-scoring", "summary": "Risk management is part of the procedures of Art. 9(10)",
//!  "framework": "eu-ai-act", "requirement": "art-9-10", "valid_until": 1826848000000}
//! ```

use crate::evidence::EvidenceRef;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An attestation; the latest for its requirement in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The instant it speaks of: when it was signed or decided.
    pub at: Timestamp,
    /// Who attests.
    pub by: String,
    /// The AI system, which is the stream.
    pub system: Id,
    /// What is attested, in a sentence.
    pub summary: String,
    /// The document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRef>,
    /// The framework.
    pub framework: Id,
    /// Taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// The requirement.
    pub requirement: String,
    /// It says nothing about later times.
    pub valid_until: Timestamp,
}

impl Attestation {
    /// Whether it speaks of an instant.
    pub fn holds(&self, at: Timestamp) -> bool {
        !self.withdrawn && self.at <= at && at <= self.valid_until
    }
}
