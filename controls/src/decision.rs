//! A decision on applicability: who says that a requirement or a control does, or does not, apply, and why
//! (docs/spec/applicability.md). Together they are the Statement of Applicability of ISO/IEC 42001.
//!
//! ```text
//! {"reason": "no customers are served", "system": "credit-scoring", "applies": false, "drivers": [],
//!  "framework": "iso-42001", "decided_by": "Head of Risk", "requirement": "A.10.4"}
//! ```

use crate::control::ControlId;
use affiant_ledger::id::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A decision; the latest on its target in the stream counts. Names a control, or a framework and its requirement.
/// Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Who answers for carrying it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why.
    pub reason: String,
    /// The AI system, which is the stream.
    pub system: Id,
    /// Whether it applies.
    pub applies: bool,
    /// The control decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    /// What asks for it: words of [`DRIVERS`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub drivers: BTreeSet<String>,
    /// The framework of the requirement decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<Id>,
    /// Who decided.
    pub decided_by: String,
    /// The requirement decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
}

/// Why a control or requirement is taken in.
pub const DRIVERS: [&str; 5] = ["risk-assessment", "law", "contract", "policy", "good-practice"];

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A control.
    Control(&'a ControlId),
    /// A requirement of a framework.
    Requirement(&'a Id, &'a str),
}

impl Decision {
    /// What it is about; `None` where it names neither or both.
    pub fn target(&self) -> Option<Target<'_>> {
        match (&self.control, &self.framework, &self.requirement) {
            (Some(control), None, None) => Some(Target::Control(control)),
            (None, Some(framework), Some(requirement)) => Some(Target::Requirement(framework, requirement)),
            _ => None,
        }
    }
}
