//! Sheets: the working papers that a standard or law asks for, filled in from an assessment and the decisions on file.
//!
//! A sheet never invents: where nothing is on file it says so, row by row, in the word [`MISSING`].

use crate::applicability::ApplicabilityState;
use crate::assessment::{Assessment, Determination, Outcome};
use crate::condition::is_under;
use crate::framework::Framework;
use crate::requirement::Level;
use affiant_controls::Register;
use affiant_ledger::id::Id;
use affiant_ledger::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a sheet says where nothing is on file.
pub const MISSING: &str = "MISSING";

/// The sheets there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetKind {
    /// Statement of Applicability over the reference controls of ISO/IEC 42001 (clause 6.1.3).
    Soa,
    /// Current and target profile of the NIST AI RMF, subcategory by subcategory.
    NistProfile,
    /// Technical documentation, Annex IV of the AI Act.
    AnnexIv,
    /// Quality management system, Art. 17 of the AI Act.
    Art17,
    /// Duties of deployers, Art. 26 of the AI Act.
    Art26,
    /// Registration in the EU database, Annex VIII of the AI Act.
    AnnexViii,
}

impl SheetKind {
    /// All sheets, in order.
    pub const ALL: [Self; 6] =
        [Self::Soa, Self::NistProfile, Self::AnnexIv, Self::Art17, Self::Art26, Self::AnnexViii];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soa => "soa",
            Self::NistProfile => "nist-profile",
            Self::AnnexIv => "annex-iv",
            Self::Art17 => "art-17",
            Self::Art26 => "art-26",
            Self::AnnexViii => "annex-viii",
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Soa => "Statement of Applicability, reference controls of ISO/IEC 42001",
            Self::NistProfile => "Current and target profile, NIST AI RMF",
            Self::AnnexIv => "Technical documentation, Annex IV of the AI Act",
            Self::Art17 => "Quality management system, Art. 17 of the AI Act",
            Self::Art26 => "Duties of deployers, Art. 26 of the AI Act",
            Self::AnnexViii => "Registration in the EU database, Annex VIII of the AI Act",
        }
    }

    /// The framework it is made from.
    pub fn framework(self) -> &'static str {
        match self {
            Self::Soa => "iso-42001",
            Self::NistProfile => "nist-ai-rmf",
            _ => "eu-ai-act",
        }
    }

    fn takes(self, framework: &Framework, determination: &Determination) -> bool {
        let id = determination.requirement.as_str();
        let level = |wanted| framework.requirement(id).is_some_and(|row| row.level == wanted);
        match self {
            Self::Soa => level(Level::Control),
            Self::NistProfile => level(Level::Subcategory),
            Self::AnnexIv => is_under(id, "annex-iv"),
            Self::Art17 => is_under(id, "art-17"),
            Self::Art26 => is_under(id, "art-26"),
            Self::AnnexViii => is_under(id, "annex-viii"),
        }
    }
}

/// A working paper over one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Which sheet.
    pub sheet: SheetKind,
    /// The AI system.
    pub system: Id,
    /// The time it speaks of.
    pub as_of: Timestamp,
    /// The text it is made from, by name and version.
    pub criteria: String,
    /// Its rows, in the framework's order.
    pub rows: Vec<SheetRow>,
    /// Rows that apply and for which nothing is on file.
    pub missing: u64,
}

/// A row of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetRow {
    /// The requirement's id.
    pub requirement: String,
    /// How it is cited.
    pub citation: String,
    /// Its title.
    pub title: String,
    /// `yes`, `no` or `unknown`.
    pub applicable: String,
    /// Why it is taken in: words of a decision on file.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub drivers: BTreeSet<String>,
    /// Why it is taken in or left out, and who says so; [`MISSING`] where nobody decided.
    pub justification: String,
    /// What the evidence amounts to today; [`MISSING`] where it applies and nothing is on file.
    pub current: String,
    /// What is aimed at: `satisfied`, or `none` where it was decided not to apply.
    pub target: String,
    /// Pairs of control and asset held, of all.
    pub held: u64,
    /// All pairs of control and asset.
    pub of: u64,
    /// Who answers for it; [`MISSING`] where nobody is named.
    pub owner: String,
    /// Ledger positions of the entries it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<u64>,
    /// Day of the latest evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// What lies between today and the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

/// Fills in a sheet.
pub fn sheet(kind: SheetKind, framework: &Framework, judged: &Assessment, register: &Register) -> Sheet {
    let taken = judged.determinations.iter().filter(|determination| kind.takes(framework, determination));
    let rows: Vec<SheetRow> =
        taken.map(|determination| row(framework, judged, determination, register)).collect();
    Sheet {
        sheet: kind,
        system: judged.system.id.clone(),
        as_of: judged.as_of,
        criteria: judged.criteria.clone(),
        missing: rows.iter().filter(|row| row.current == MISSING).count() as u64,
        rows,
    }
}

fn row(
    framework: &Framework,
    judged: &Assessment,
    determination: &Determination,
    register: &Register,
) -> SheetRow {
    let decision = register.decision(&framework.id, &determination.requirement).map(|filed| &filed.value);
    let applicable = match determination.applicability.state {
        ApplicabilityState::Applies => "yes",
        ApplicabilityState::DoesNotApply => "no",
        ApplicabilityState::Unknown => "unknown",
    };
    let out = determination.outcome == Outcome::NotApplicable;
    let justification = match decision {
        Some(decision) => format!("{} ({})", decision.reason, decision.decided_by),
        None if out => determination.applicability.reason.clone(),
        None => MISSING.to_owned(),
    };
    let owner = decision.and_then(|decision| decision.owner.clone()).or_else(|| judged.system.owner.clone());
    let nothing = !out && determination.citations.is_empty();
    let gap = |gap: &crate::assessment::Gap| match &gap.control {
        Some(control) => format!("{} {control}: {}", gap.kind.as_str(), gap.detail),
        None => format!("{}: {}", gap.kind.as_str(), gap.detail),
    };
    SheetRow {
        requirement: determination.requirement.clone(),
        citation: determination.citation.clone(),
        title: determination.title.clone(),
        applicable: applicable.to_owned(),
        drivers: decision.map(|decision| decision.drivers.clone()).unwrap_or_default(),
        justification,
        current: if nothing { MISSING.to_owned() } else { determination.outcome.as_str().to_owned() },
        target: if out { "none" } else { Outcome::Satisfied.as_str() }.to_owned(),
        held: determination.controls.iter().map(|mapped| mapped.held).sum(),
        of: determination.controls.iter().map(|mapped| mapped.population).sum(),
        owner: owner.unwrap_or_else(|| MISSING.to_owned()),
        evidence: determination.citations.clone(),
        date: latest(judged, determination),
        gaps: determination.gaps.iter().map(gap).collect(),
    }
}

/// The day of the latest observation that a determination rests on.
fn latest(judged: &Assessment, determination: &Determination) -> Option<Date> {
    let mapped = determination.controls.iter().filter_map(|mapped| judged.control(mapped.control.as_str()));
    let observed = mapped.flat_map(|standing| &standing.assets).filter_map(|on| on.observed_to);
    observed.max().map(Timestamp::date)
}
