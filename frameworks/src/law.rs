//! What a law holds beside its requirements: dates, exclusions, fines, deadlines, transitional rules, standards; and
//! the profile and documentation lists of voluntary frameworks.

use crate::condition::Condition;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// From when requirements apply. Keys of the dates are routes, `all`, or `placed-before-<date>` for what was already on
/// the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRule {
    /// Which provisions it is about.
    pub scope: String,
    /// The provision it rests on.
    pub basis: String,
    /// Dates in the original text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub original: BTreeMap<String, Date>,
    /// Dates in the text in force.
    pub current: BTreeMap<String, Date>,
    /// When the duty can first bite, as we read it (an inference).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub practical: BTreeMap<String, Date>,
    /// Since when the present text holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_since: Option<Date>,
    /// Routes it can only concern; empty concerns every system.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<String>,
    /// What holds for systems placed on the market before the rule applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy: Option<Legacy>,
    /// Verified in the text, or inferred.
    pub status: Basis,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Whether a statement was read in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Read in the text.
    Verified,
    /// Our reading.
    Inference,
}

/// Systems placed on the market before a date are covered only after significant design changes (Art. 111(2)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legacy {
    /// The transitional rule.
    pub rule: String,
    /// The dates, by route.
    pub before: BTreeMap<String, Date>,
    /// The transitional rule for systems intended for public authorities.
    pub public_rule: String,
}

/// What takes a system out of the law, wholly or but for a few provisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The scope provision it rests on.
    pub requirement: String,
    /// What must be true of the system; unknown does not exclude.
    pub when: Condition,
    /// It holds only while all the system's roles are among these; empty: any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
    /// It holds only while all the system's routes are among these; empty: any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_routes: BTreeSet<String>,
    /// Requirements that stay, with everything below them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keeps: BTreeSet<String>,
    /// A system of one of these risk classes, or of none stated, is not excluded.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keeps_risk_classes: BTreeSet<String>,
    /// Why, in words.
    pub why: String,
}

/// A citation that today stands elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// The old citation.
    pub citation: String,
    /// Where its content stands now.
    pub to: Vec<String>,
    /// How it moved.
    pub note: String,
}

/// An act that amended a law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// CELEX number.
    pub celex: String,
    /// Title.
    pub title: String,
    /// Place in the Official Journal.
    pub oj: String,
    /// European Legislation Identifier.
    pub eli: String,
    /// When proposed.
    pub proposed: Date,
    /// When adopted.
    pub adopted: Date,
    /// When published.
    pub published: Date,
    /// When it entered into force.
    pub entered_into_force: Date,
    /// How well we know.
    pub status: String,
}

/// The parts only a law has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Fines, by tier.
    pub penalty_tiers: BTreeMap<String, PenaltyTier>,
    /// Clocks.
    pub deadlines: Vec<Deadline>,
    /// What a serious incident is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serious_incident: Option<IncidentDefinition>,
    /// What holds for what came before.
    pub transitional_rules: Vec<TransitionalRule>,
    /// The dates of the law, in order.
    pub calendar: Vec<CalendarEvent>,
    /// Standards in support of it.
    pub standards: Vec<Standard>,
    /// The request for those standards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardisation_request: Option<StandardisationRequest>,
    /// Guidelines, codes of practice, implementing acts.
    pub instruments: Vec<Instrument>,
    /// Every paragraph and point of the text, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisions: Option<Provisions>,
}

/// One tier of fines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenaltyTier {
    /// The provision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// Cap in euro.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_eur: Option<u64>,
    /// Cap in per cent of worldwide annual turnover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_turnover_pct: Option<u64>,
    /// How the caps combine.
    pub rule: String,
    /// Who imposes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imposed_by: Option<String>,
}

/// A clock: who must do what within which time of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// Its id.
    pub id: String,
    /// The provision.
    pub citation: String,
    /// The requirement it belongs to.
    pub requirement: String,
    /// `report`, `retention`, `notify`, ...
    pub kind: String,
    /// Roles it runs for.
    pub actors: Vec<String>,
    /// What starts it.
    pub trigger: String,
    /// What starts it on file: `incident`, `incident-death`, `incident-widespread`, `placed-on-market` or
    /// `event:KIND`; nothing where it is not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// How long.
    pub limit: Limit,
    /// What else it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// Who receives: words, with commas between where each is to be told; a report answers for those it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// A length of time; without a value the unit says it (`immediately`, `before-event`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// Of what.
    pub unit: String,
}

/// What a serious incident is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentDefinition {
    /// The provision.
    pub citation: String,
    /// In our own words.
    pub meaning: String,
    /// The outcomes that make an incident serious.
    pub outcomes: Vec<IncidentOutcome>,
}

/// One outcome that makes an incident serious.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentOutcome {
    /// Point of the definition.
    pub point: String,
    /// In our own words.
    pub label: String,
}

/// What holds for systems and models already on the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitionalRule {
    /// Its id.
    pub id: String,
    /// The provision.
    pub citation: String,
    /// Whom or what it concerns.
    pub who: String,
    /// By when to comply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comply_by: Option<Date>,
    /// What holds otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The cut-off of the original text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_cutoff: Option<Date>,
    /// What the amendment of 2026 did to it.
    pub change_2026: String,
}

/// One date of the law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarEvent {
    /// When.
    pub date: Date,
    /// What.
    pub event: String,
}

/// A standard in support of the law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// Its number.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Articles it is meant for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<String>,
    /// How far it is.
    pub status: String,
    /// When published, as precisely as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it reached its status, as precisely as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Cited in the Official Journal: only then does it give a presumption of conformity.
    pub oj_cited: bool,
    /// When that was last checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oj_checked: Option<Date>,
    /// `verified`, `secondary` or `unverified`.
    pub confidence: String,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The Commission's request for standards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardisationRequest {
    /// Its number.
    pub id: String,
    /// The deciding act.
    pub implementing_decision: String,
    /// When.
    pub date: Date,
    /// What it replaced.
    pub repeals: String,
    /// How many areas it names.
    pub areas: u64,
    /// When it ends.
    pub expires: Date,
    /// How well we know when it ends.
    pub expires_confidence: String,
}

/// A guideline, code of practice or implementing act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Articles it is about.
    pub articles: Vec<String>,
    /// When, as precisely as known.
    pub date: String,
    /// How far it is.
    pub status: String,
    /// Whether it binds.
    pub binding: bool,
    /// How well we know.
    pub confidence: String,
}

/// Every paragraph and point of a law, by id; no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisions {
    /// Where the list comes from.
    pub note: String,
    /// A remark on ids that collide.
    pub note_collision: String,
    /// How many the original text had.
    pub original_count: u64,
    /// Deleted by the amendment.
    pub deleted_2026: Vec<String>,
    /// Inserted by the amendment.
    pub inserted_2026: Vec<String>,
    /// All of the text in force.
    pub ids: Vec<String>,
}

/// A profile of a framework for one technology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it is cited.
    pub identifier: String,
    /// When published.
    pub published: Date,
    /// How far it is.
    pub status: String,
    /// Risks it names.
    pub risks: Vec<Risk>,
    /// Actions it suggests; none is required.
    pub actions: Vec<Action>,
}

/// A risk of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// Its id.
    pub id: String,
    /// Its number in the profile.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// In our own words.
    pub summary: String,
    /// Characteristics of trustworthiness it touches.
    pub trustworthy_characteristics: Vec<String>,
}

/// An action a profile suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Its id.
    pub id: String,
    /// The requirement it helps with.
    pub requirement: String,
    /// What it is, in our own words.
    pub title: String,
    /// Risks it answers.
    pub risks: Vec<String>,
    /// A label printed in the original which is not among its risks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_printed_label: Option<String>,
    /// The id as misprinted in the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_id: Option<String>,
    /// How well we know its risks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risks_status: Option<String>,
}

/// Documented information a standard asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentedInformation {
    /// The clause that asks.
    pub clause: String,
    /// What it is.
    pub what: String,
    /// `document` or `record`.
    pub kind: String,
    /// How well we know.
    pub status: String,
}
