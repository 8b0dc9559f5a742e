//! The verdict on a pack: check by check, and what follows from them.

use affiant_ledger::id::Id;
use serde::{Deserialize, Serialize};

/// The checks of a verification, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// 1: strict names, sizes, order; rebuilt byte for byte.
    Container,
    /// 2: signed by an issuer key from outside the pack.
    Signature,
    /// 3: every member has the digest signed for, none is extra, none missing.
    Digests,
    /// 4: signed by the log key, right origin.
    Checkpoint,
    /// 5: every entry is in the tree.
    Inclusion,
    /// 6: the stream's chain is contiguous from its first entry to the pack's own.
    Chain,
    /// 7: every payload is intact, or said to be withheld.
    Payloads,
    /// 8: submitters' signatures and the validity of their keys.
    Submitters,
    /// 9: the assessment derived again equals the one in the pack.
    Assessment,
    /// 10: the report rendered again equals the one in the pack.
    Report,
    /// 11: everything cited exists.
    References,
    /// 12: every receipt given is of an entry in the pack.
    Receipts,
}

impl CheckName {
    /// All, in order.
    pub const ALL: [Self; 12] = [
        Self::Container,
        Self::Signature,
        Self::Digests,
        Self::Checkpoint,
        Self::Inclusion,
        Self::Chain,
        Self::Payloads,
        Self::Submitters,
        Self::Assessment,
        Self::Report,
        Self::References,
        Self::Receipts,
    ];

    /// Its number, from 1.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Signature => "signature",
            Self::Digests => "digests",
            Self::Checkpoint => "checkpoint",
            Self::Inclusion => "inclusion",
            Self::Chain => "chain",
            Self::Payloads => "payloads",
            Self::Submitters => "submitters",
            Self::Assessment => "assessment",
            Self::Report => "report",
            Self::References => "references",
            Self::Receipts => "receipts",
        }
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Holds, but only by the pack's own word.
    SelfAsserted,
    /// Could not be made because an earlier check failed, or is not made by this version.
    NotChecked,
}

/// One check with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckOutcome {
    /// Its number, 1 to 12.
    pub number: u8,
    /// Which check.
    pub name: CheckName,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in words.
    pub detail: String,
}

/// The overall word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Every check made passed, with keys from outside.
    Verified,
    /// Every check made passed, but the keys are the pack's own.
    SelfAsserted,
    /// Intact, but its conclusions do not follow from its evidence.
    ConclusionsRejected,
    /// Altered, incomplete or not signed as required.
    Rejected,
}

/// The verdict on a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The overall word.
    pub conclusion: Conclusion,
    /// Level of promise: L0 self-consistent, L1 signed by a pinned key.
    pub level: String,
    /// The pack's id, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<Id>,
    /// The AI system, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<Id>,
    /// Every check.
    pub checks: Vec<CheckOutcome>,
    /// Entries and payloads counted.
    pub counts: Counts,
    /// What this verdict does not establish.
    pub does_not_establish: Vec<String>,
}

/// What was counted on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Members of the container.
    pub members: u64,
    /// Entries of the stream.
    pub entries: u64,
    /// Payloads present and right.
    pub payloads_intact: u64,
    /// Payloads withheld, and said to be.
    pub payloads_withheld: u64,
    /// Determinations derived again.
    pub determinations: u64,
    /// Evidence files held.
    pub evidence_held: u64,
    /// Evidence files of which the pack has only the digest.
    pub evidence_by_digest: u64,
}

impl Verdict {
    /// The exit code of a verification: 0 verified, 1 conclusions rejected, 3 rejected, 4 no trust anchor.
    pub fn exit_code(&self) -> u8 {
        match self.conclusion {
            Conclusion::Verified => 0,
            Conclusion::ConclusionsRejected => 1,
            Conclusion::Rejected => 3,
            Conclusion::SelfAsserted => 4,
        }
    }

    /// The first check that failed.
    pub fn first_failure(&self) -> Option<&CheckOutcome> {
        self.checks.iter().find(|check| check.outcome == Outcome::Failed)
    }

    /// How one check came out.
    pub fn outcome(&self, name: CheckName) -> Outcome {
        self.checks.iter().find(|check| check.name == name).map_or(Outcome::NotChecked, |check| check.outcome)
    }
}
