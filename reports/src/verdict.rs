//! The verdict on a pack: check by check, and what follows from them.

use crate::pack::{DOES_NOT_ESTABLISH, PackAssessment};
use affiant_controls::issued::SignerRole;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::time::Timestamp;
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
    /// 10: the report rendered again, and VERIFY.md, equal those in the pack.
    Report,
    /// 11: everything cited exists.
    References,
    /// 12: every receipt given is of an entry in the pack.
    Receipts,
    /// 13: the report is sealed with the certificate that the issuing entry names, over all its bytes.
    Seal,
}

impl CheckName {
    /// All, in order.
    pub const ALL: [Self; 13] = [
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
        Self::Seal,
    ];

    /// The checks without which no pack is verified.
    const REQUIRED: [Self; 9] = [
        Self::Container,
        Self::Signature,
        Self::Digests,
        Self::Checkpoint,
        Self::Inclusion,
        Self::Chain,
        Self::Payloads,
        Self::Assessment,
        Self::References,
    ];

    /// Whether its failure speaks against the conclusions drawn, and not against what they were drawn from.
    fn is_about_conclusions(self) -> bool {
        matches!(self, Self::Assessment | Self::Report)
    }

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
            Self::Seal => "seal",
        }
    }

    /// What must hold, in plain words.
    pub fn claim(self) -> &'static str {
        match self {
            Self::Container => "The file is a pack's members and nothing else: no byte of it is free.",
            Self::Signature => {
                "An issuer whose key is trusted signed this pack, everyone whom it names beside it did, and no key that nobody names."
            }
            Self::Digests => "Every member is the one signed for; none is missing and none extra.",
            Self::Checkpoint => {
                "The log whose key is trusted signed the head that the entries are proved against."
            }
            Self::Inclusion => "Every entry is a leaf of the tree below that head.",
            Self::Chain => {
                "The stream is there from its first entry to the one that issued the pack, without a gap."
            }
            Self::Payloads => {
                "What was recorded is there as it was recorded, or withheld by a rule, or erased."
            }
            Self::Submitters => {
                "Statements said to be signed are, with keys that counted then and were granted it."
            }
            Self::Assessment => "Judging the entries again gives the conclusions in the pack.",
            Self::Report => "Making the report again gives the one in the pack.",
            Self::References => "All that is cited exists, and the catalogs are those that the stream names.",
            Self::Receipts => "Receipts kept by others are of entries that the pack holds in their place.",
            Self::Seal => {
                "The report is sealed over all its bytes with the certificate that its entry names."
            }
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
    /// Could not be made: an earlier check failed, or there is nothing to make it with.
    NotChecked,
}

/// One check with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckOutcome {
    /// Its number, 1 to 13.
    pub number: u8,
    /// Which check.
    pub name: CheckName,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in words.
    pub detail: String,
}

/// As what a key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// The head of the ledger, as the log.
    Log,
    /// The pack, as who issued it.
    Issuer,
    /// The pack, as who answers for the system.
    Management,
    /// The pack, as who looked it over before it was issued.
    Reviewer,
    /// The pack, as who verified it.
    Countersigner,
}

impl From<SignerRole> for KeyPurpose {
    fn from(role: SignerRole) -> Self {
        match role {
            SignerRole::Management => Self::Management,
            SignerRole::Reviewer => Self::Reviewer,
        }
    }
}

/// A key that a signature was checked with, and passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUsed {
    /// What it signed.
    pub purpose: KeyPurpose,
    /// Its name.
    pub name: String,
    /// SHA-256 of the public key's 32 bytes.
    pub fingerprint: Digest,
    /// First size of a checkpoint that it is trusted for.
    pub from: u64,
    /// Last such size, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Whether it came from outside the pack.
    pub outside: bool,
}

impl KeyUsed {
    pub(crate) fn new(purpose: KeyPurpose, trusted: &TrustedKey, outside: bool) -> Self {
        let TrustedKey { key, from, to } = trusted;
        let (name, fingerprint) = (key.name().to_string(), key.key().fingerprint());
        Self { purpose, name, fingerprint, from: *from, to: *to, outside }
    }
}

/// The overall word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Every check made passed, with keys from outside.
    Verified,
    /// Every check made passed, with keys from outside, but payloads that bear on the conclusions are withheld.
    Withheld,
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
    /// The instant judged, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The keys that signed.
    pub keys: Vec<KeyUsed>,
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
    /// Payloads erased, with an entry that says by what right.
    pub payloads_erased: u64,
    /// Payloads withheld, by a rule that the issuing entry names.
    pub payloads_withheld: u64,
    /// Those of them that bear on what the pack concludes, counts or lists.
    pub payloads_bearing: u64,
    /// Statements signed by a collector's key that counted and was granted it.
    pub statements_signed: u64,
    /// Statements signed by nobody: who could write to the ledger, or admitted a token, answers for them.
    pub statements_unsigned: u64,
    /// Signed statements that count no longer as such: a revocation of their key goes back behind them.
    pub statements_disowned: u64,
    /// Receipts of entries that the pack holds at their place.
    pub receipts_here: u64,
    /// Receipts of entries recorded after the pack.
    pub receipts_later: u64,
    /// Receipts of other streams and logs.
    pub receipts_elsewhere: u64,
    /// Receipts that no known key signed, or that do not prove their entry.
    pub receipts_unproven: u64,
    /// Determinations derived again.
    pub determinations: u64,
    /// Evidence files held.
    pub evidence_held: u64,
    /// Evidence files of which the pack has only the digest.
    pub evidence_by_digest: u64,
    /// Those of them that a rule of the issuing entry keeps out.
    pub evidence_withheld: u64,
}

impl Counts {
    /// Each count with what it is of, in plain words.
    pub fn named(&self) -> [(u64, &'static str); 17] {
        [
            (self.members, "members of the container"),
            (self.entries, "entries of the stream"),
            (self.payloads_intact, "payloads intact"),
            (self.payloads_erased, "payloads erased, with an entry that says by what right"),
            (self.payloads_withheld, "payloads withheld, by a rule that the issuing entry names"),
            (
                self.payloads_bearing,
                "payloads withheld that bear on what the pack concludes, counts or lists",
            ),
            (
                self.statements_signed,
                "statements signed by a collector's key that counted and was granted it",
            ),
            (self.statements_unsigned, "statements signed by nobody"),
            (
                self.statements_disowned,
                "statements signed by a key that was revoked since as compromised or lost",
            ),
            (self.receipts_here, "receipts of entries that the pack holds in their place"),
            (self.receipts_later, "receipts of entries recorded after the pack"),
            (self.receipts_elsewhere, "receipts of other streams and logs"),
            (self.receipts_unproven, "receipts that no known key signed, or that do not prove their entry"),
            (self.determinations, "determinations derived again"),
            (self.evidence_held, "evidence files held"),
            (self.evidence_by_digest, "evidence files of which the pack has only the digest"),
            (self.evidence_withheld, "evidence files that a rule of the issuing entry keeps out"),
        ]
    }
}

impl Conclusion {
    /// What follows from checks: verified only if every required one passed, and none by the pack's own word.
    pub fn from_checks(checks: &[CheckOutcome]) -> Self {
        let failed = || checks.iter().filter(|check| check.outcome == Outcome::Failed);
        let made = |name: &CheckName| {
            let made =
                |check: &&CheckOutcome| matches!(check.outcome, Outcome::Passed | Outcome::SelfAsserted);
            checks.iter().filter(made).any(|check| check.name == *name)
        };
        if failed().any(|check| !check.name.is_about_conclusions()) {
            Self::Rejected
        } else if failed().count() > 0 {
            Self::ConclusionsRejected
        } else if !CheckName::REQUIRED.iter().all(made) {
            Self::Rejected
        } else if checks.iter().any(|check| check.outcome == Outcome::SelfAsserted) {
            Self::SelfAsserted
        } else {
            Self::Verified
        }
    }
}

impl Verdict {
    /// Concludes from the checks made. `limitations` are this pack's own, beside those that every pack has.
    pub(crate) fn new(
        checks: Vec<CheckOutcome>,
        counts: Counts,
        assessment: Option<&PackAssessment>,
        (keys, limitations): (Vec<KeyUsed>, Vec<String>),
    ) -> Self {
        let conclusion = match Conclusion::from_checks(&checks) {
            Conclusion::Verified if counts.payloads_bearing > 0 => Conclusion::Withheld,
            other => other,
        };
        let own_word = checks.iter().any(|check| check.outcome == Outcome::SelfAsserted);
        let level = match conclusion {
            Conclusion::Rejected => "none",
            _ if own_word => "L0",
            _ => "L1",
        };
        let does_not_establish =
            DOES_NOT_ESTABLISH.map(str::to_owned).into_iter().chain(limitations).collect();
        let pack = assessment.map(|assessment| assessment.pack.clone());
        let system = assessment.map(|assessment| assessment.system.clone());
        let as_of = assessment.map(|assessment| assessment.as_of);
        let level = level.to_owned();
        Self { conclusion, level, pack, system, as_of, keys, checks, counts, does_not_establish }
    }

    /// The exit code of a verification: 0 verified, 1 conclusions rejected, 3 rejected, 4 no trust anchor, or
    /// payloads withheld that bear on the conclusions.
    pub fn exit_code(&self) -> u8 {
        match self.conclusion {
            Conclusion::Verified => 0,
            Conclusion::ConclusionsRejected => 1,
            Conclusion::Rejected => 3,
            Conclusion::SelfAsserted | Conclusion::Withheld => 4,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(outcome_of: impl Fn(CheckName) -> Outcome) -> Vec<CheckOutcome> {
        let check = |name: CheckName| CheckOutcome {
            number: name.number(),
            name,
            outcome: outcome_of(name),
            detail: String::new(),
        };
        CheckName::ALL.map(check).into()
    }

    #[test]
    fn a_required_check_that_was_not_made_is_no_pass() {
        for name in CheckName::ALL {
            let all_but_one = |other| if other == name { Outcome::NotChecked } else { Outcome::Passed };
            let required = CheckName::REQUIRED.contains(&name);
            let expected = if required { Conclusion::Rejected } else { Conclusion::Verified };
            assert_eq!(Conclusion::from_checks(&checks(all_but_one)), expected, "{}", name.as_str());
        }
        assert_eq!(Conclusion::from_checks(&[]), Conclusion::Rejected);
    }

    #[test]
    fn one_failure_or_own_word_is_enough() {
        for name in CheckName::ALL {
            let with = |outcome| {
                let one = move |other| if other == name { outcome } else { Outcome::Passed };
                Conclusion::from_checks(&checks(one))
            };
            let about_conclusions = matches!(name, CheckName::Assessment | CheckName::Report);
            let rejected =
                if about_conclusions { Conclusion::ConclusionsRejected } else { Conclusion::Rejected };
            assert_eq!(with(Outcome::Failed), rejected, "{}", name.as_str());
            assert_eq!(with(Outcome::SelfAsserted), Conclusion::SelfAsserted, "{}", name.as_str());
        }
    }
}
