//! A requirement: one demand of a framework, or a node above demands.

use crate::condition::Condition;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// One node of a framework: an article, paragraph, annex point, clause, control, category. Evidence is judged on the
/// nodes marked [`assessable`](Requirement::assessable); the others give them their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id within the framework: `art-10-2-b`, `A.6.2.8`, `MEASURE 2.7`.
    pub id: String,
    /// How it is cited: `Art. 10(2)(b)`, `Control A.6.2.8`.
    pub citation: String,
    /// Where it stands in the hierarchy.
    pub level: Level,
    /// Heading it stands under, a group of the framework; rows below an article stand under the article's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The node above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What sort of provision it is.
    pub kind: Kind,
    /// Title: official for articles and annexes of the AI Act, short for the rest.
    pub title: String,
    /// The article's title before the amendment of 2026, where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_2024: Option<String>,
    /// A remark on the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_note: Option<String>,
    /// What it asks for, in our own words.
    pub summary: String,
    /// Whom it addresses; empty addresses everyone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
    /// Risk classes it concerns; empty or `all` concerns every system.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub risk_classes: BTreeSet<String>,
    /// The date rule that says from when it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// What else must be true of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// A remark on when it matters, for people; not evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_note: Option<String>,
    /// The fine attached to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
    /// Kinds of evidence it is usually shown by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// How the amendment of 2026 touched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_2026: Option<Change>,
    /// That it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deletion>,
    /// Its list, where it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// Its list of codes, where it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Code>,
    /// The id is ours: the text carries no number of its own there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub virtual_id: bool,
    /// Evidence is judged on this node.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assessable: bool,
}

/// Where a requirement stands in its framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// An article of a law.
    Article,
    /// A paragraph or point of an article.
    Row,
    /// An annex of a law.
    Annex,
    /// A point of an annex.
    AnnexRow,
    /// A clause of a standard, at any depth.
    Clause,
    /// An area of controls.
    Area,
    /// An objective of controls.
    Objective,
    /// A control of a standard.
    Control,
    /// A function of a framework.
    Function,
    /// A category of a function.
    Category,
    /// A subcategory of a category.
    Subcategory,
}

/// What sort of provision a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What an authority must do.
    AuthorityDuty,
    /// What an authority may do.
    AuthorityPower,
    /// How systems are classified, and that it is recorded.
    ClassificationRule,
    /// What a document or registration must contain.
    ContentRequirement,
    /// What a word means.
    Definition,
    /// An exception one may rely on.
    Derogation,
    /// Entry into force, amendments.
    FinalProvision,
    /// Bodies and their work.
    Institutional,
    /// What an operator must do.
    Obligation,
    /// A presumption of conformity one may rely on.
    Presumption,
    /// Steps to follow.
    Procedure,
    /// What is forbidden.
    Prohibition,
    /// What a person may ask for.
    Right,
    /// A fine.
    Sanction,
    /// What and whom the law reaches.
    Scope,
    /// What a system must be like.
    SystemRequirement,
    /// What holds for what came before.
    Transitional,
    /// A clause of a management system standard.
    Clause,
    /// An area or objective of reference controls.
    ControlObjective,
    /// A reference control of a standard.
    ReferenceControl,
    /// An outcome of a voluntary framework.
    Outcome,
}

impl Kind {
    /// Whether provisions of this kind can ask an operator for evidence. Definitions, institutions, duties and powers of
    /// authorities, sanctions, scope, transitional and final provisions never do.
    pub fn can_bind(self) -> bool {
        !matches!(
            self,
            Self::AuthorityDuty
                | Self::AuthorityPower
                | Self::Definition
                | Self::FinalProvision
                | Self::Institutional
                | Self::Sanction
                | Self::Scope
                | Self::Transitional
                | Self::ControlObjective
        )
    }
}

/// The fine attached to a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Penalty {
    /// A penalty tier of the framework.
    pub tier: String,
    /// The provision through which the tier is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// How an amendment touched a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Amended or inserted.
    pub kind: ChangeKind,
    /// The amending provision.
    pub by: String,
    /// Since when the text reads so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_since: Option<Date>,
}

/// The two ways of an amendment; deletions are [`Deletion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The text was changed.
    Amended,
    /// The provision is new.
    Inserted,
}

/// That a provision was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// When.
    pub on: Date,
    /// By which act.
    pub by: String,
}

/// A code of a list, such as those of Annex XIV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Heading it stands under.
    pub group: String,
    /// What it stands for.
    pub label: String,
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.citation, self.title)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
