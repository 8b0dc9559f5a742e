//! The words a framework uses, and how facts of a system follow from one another.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Words that requirements of a framework may use; the linter refuses any other. An empty list stands for a framework
/// that does not use the word at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Who can be addressed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<String>,
    /// Risk classes; `all` stands for any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub risk_classes: BTreeSet<String>,
    /// Routes by which dates differ; `all` stands for any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<String>,
    /// Kinds of evidence that requirements expect.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub evidence_kinds: BTreeSet<String>,
    /// Roles covered by `operator` (Art. 3(8) of the AI Act).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub operator_roles: BTreeSet<String>,
    /// Roles that are another role with one more fact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_rules: Vec<RoleRule>,
    /// Risk classes that are another one too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_rules: Vec<ClassRule>,
    /// Values of facts that are another one too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_rules: Vec<ValueRule>,
    /// Risk classes that a boolean fact states, and that state it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_facts: Vec<RiskFact>,
    /// Facts that state a route, and are `none` when the routes are stated and lack it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_facts: Vec<RouteFact>,
    /// Risk classes that state a route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk_routes: Vec<RiskRoute>,
    /// Facts that conditions ask for, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, FactDefinition>,
    /// Characteristics of trustworthiness (NIST AI RMF section 3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trustworthy_characteristics: Vec<String>,
}

/// What a fact is about and which values it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactDefinition {
    /// What it says of a system, in words that ask for it.
    pub about: String,
    /// Its values, where they are a closed list; `none` is always understood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// `role` is `is_a` for which `fact` has `value`: a law-enforcement deployer is a deployer of kind law-enforcement. The
/// role says that the fact has this value, not that it has no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// The narrower role.
    pub role: String,
    /// The wider role.
    pub is_a: String,
    /// The fact that tells them apart.
    pub fact: String,
    /// Its value for the narrower role.
    pub value: String,
}

/// A system of `risk_class` is also one of `is_a`: a model with systemic risk is a general-purpose model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The narrower risk class.
    pub risk_class: String,
    /// The wider one.
    pub is_a: String,
}

/// Where `fact` is `value` it is also `is_a`: the police are a public authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// The fact.
    pub fact: String,
    /// The narrower value.
    pub value: String,
    /// The wider one.
    pub is_a: String,
}

/// Stating risk classes states `fact`: `true` when `risk_class` is among them, else `false`. Where `fact` is `true` the
/// system is of `risk_class`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskFact {
    /// The risk class.
    pub risk_class: String,
    /// The fact.
    pub fact: String,
}

/// A value of `fact` other than `none` states `route`; stating routes without `route` states that `fact` is `none`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteFact {
    /// The route.
    pub route: String,
    /// The fact.
    pub fact: String,
}

/// A system of `risk_class` is on `route`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRoute {
    /// The risk class.
    pub risk_class: String,
    /// The route.
    pub route: String,
}
