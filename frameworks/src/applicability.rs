//! Applicability: whether a requirement binds a system, by role, risk class, route, condition and exclusion.
//!
//! Each is judged true, false or unknown. What is false decides: a requirement for importers does not bind a deployer
//! whatever else is unknown. Otherwise what is unknown decides, and the missing facts are named. An exclusion must be
//! known to hold: silence never takes a system out of the law.
//!
//! The facts come from the system statement, which is a claim with an author; nothing here classifies a system.

use crate::condition::{Finding, Truth};
use crate::facts::KnownFacts;
use crate::framework::Framework;
use crate::law::Exclusion;
use crate::requirement::Requirement;
use crate::timing::{self, Timing, timing};
use affiant_controls::System;
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whether a requirement binds a system, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applicability {
    /// Whether it does.
    pub state: ApplicabilityState,
    /// The facts that decided, in words.
    pub reason: String,
    /// Facts that would settle it, where unknown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub missing: BTreeSet<String>,
    /// A decision on file says so, whatever follows from the facts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decided: bool,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicabilityState {
    /// It binds the system.
    Applies,
    /// It does not.
    DoesNotApply,
    /// A fact is missing.
    Unknown,
}

impl ApplicabilityState {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::DoesNotApply => "does-not-apply",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether and when a requirement binds a system on a day. A system known to be excluded, or older and not covered,
/// is not bound; its timing says so.
pub fn applicability(
    framework: &Framework,
    requirement: &Requirement,
    system: &System,
    day: Date,
) -> (Applicability, Timing) {
    let known = KnownFacts::new(framework, system);
    if let Some(exclusion) = framework.exclusions.iter().find(|e| excludes(e, requirement, system, &known)) {
        let citation =
            framework.requirement(&exclusion.requirement).map_or("its scope", |scope| &scope.citation);
        let reason = format!("excluded by {citation}: {}", exclusion.why);
        return (does_not_apply(reason.clone()), timing::excluded(reason));
    }
    let binding = binding(framework, requirement, system, &known);
    let timing = timing(framework, requirement, system, day);
    if binding.state == ApplicabilityState::Applies && timing.state == timing::TimingState::Legacy {
        return (does_not_apply(timing.reason.clone()), timing);
    }
    (binding, timing)
}

/// One sentence in words: whether and when a requirement binds a system, and which facts decided.
pub fn explain(framework: &Framework, requirement: &Requirement, system: &System, day: Date) -> String {
    let (applicability, timing) = applicability(framework, requirement, system, day);
    let word = match applicability.state {
        ApplicabilityState::Applies => "applies to",
        ApplicabilityState::DoesNotApply => "does not apply to",
        ApplicabilityState::Unknown => "may apply to",
    };
    let mut text = format!("{} {word} `{}`: {}", requirement.citation, system.id, applicability.reason);
    if applicability.state != ApplicabilityState::DoesNotApply {
        text.push_str(&format!("; on {day} it is {}: {}", timing.state.as_str(), timing.reason));
    }
    let missing: BTreeSet<&String> = applicability.missing.iter().chain(&timing.missing).collect();
    if !missing.is_empty() && applicability.state != ApplicabilityState::DoesNotApply {
        let asked = missing.into_iter().map(|fact| about(framework, fact));
        text.push_str(&format!("; to settle it, state {}", Vec::from_iter(asked).join("; ")));
    }
    text
}

/// A fact with what it is about, to ask for it.
pub fn about(framework: &Framework, fact: &str) -> String {
    let about = match fact {
        "roles" => "the roles of the organisation towards the system",
        "risk_classes" => "the risk classes of the system",
        "routes" => "the routes to high risk (annex-iii, annex-i)",
        _ => framework.vocabularies.facts.get(fact).map_or("", |definition| &definition.about),
    };
    if about.is_empty() { format!("`{fact}`") } else { format!("`{fact}` ({about})") }
}

fn binding(
    framework: &Framework,
    requirement: &Requirement,
    system: &System,
    known: &KnownFacts<'_>,
) -> Applicability {
    let mut findings = vec![
        role(framework, requirement, system, known),
        risk_class(requirement, system, known),
        route(framework, requirement, known),
    ];
    if let Some(condition) = &requirement.condition {
        findings.push(condition.evaluate(&|fact| known.values(fact)));
    }
    concluded(findings)
}

/// What is false decides; then what is unknown; then everything that had a say.
fn concluded(findings: Vec<Finding>) -> Applicability {
    let truth = findings.iter().map(|finding| finding.truth).min().unwrap_or(Truth::True);
    let deciding = findings.into_iter().filter(|finding| finding.truth == truth);
    let (mut because, mut missing) = (Vec::new(), BTreeSet::new());
    for finding in deciding {
        because.extend(finding.because);
        missing.extend(finding.missing);
    }
    if because.is_empty() {
        because.push("it addresses every system".to_owned());
    }
    let state = match truth {
        Truth::True => ApplicabilityState::Applies,
        Truth::False => ApplicabilityState::DoesNotApply,
        Truth::Unknown => ApplicabilityState::Unknown,
    };
    Applicability { state, reason: because.join("; "), missing, decided: false }
}

fn role(
    framework: &Framework,
    requirement: &Requirement,
    system: &System,
    known: &KnownFacts<'_>,
) -> Finding {
    if requirement.roles.is_empty() || requirement.roles.contains("any-person") {
        return held(Vec::new());
    }
    if system.roles.is_empty() {
        return unknown("no role is stated".to_owned(), "roles");
    }
    let answers = requirement.roles.iter().map(|wanted| has_role(framework, wanted, system, known));
    let best = answers.max_by_key(|finding| finding.truth);
    match best {
        Some(finding) if finding.truth != Truth::False => finding,
        _ => {
            let wanted = Vec::from_iter(requirement.roles.iter().cloned()).join(", ");
            let stated = Vec::from_iter(system.roles.iter().cloned()).join(", ");
            failed(format!("it addresses {wanted}; the roles stated are {stated}"))
        }
    }
}

/// Whether the system has a role: stated, implied by a narrower one, or narrower itself and told apart by a fact.
fn has_role(framework: &Framework, wanted: &str, system: &System, known: &KnownFacts<'_>) -> Finding {
    let words = &framework.vocabularies;
    let is = |role: &str| known.roles().contains(role);
    if is(wanted) {
        let narrower = words.role_rules.iter().find(|rule| rule.is_a == wanted && is(&rule.role));
        let implied = narrower.filter(|_| !system.roles.contains(wanted));
        let by = implied.map_or_else(String::new, |rule| format!(" (as {})", rule.role));
        return held(vec![format!("role {wanted}{by}")]);
    }
    if wanted == "operator" && words.operator_roles.iter().any(|role| is(role)) {
        return held(vec![format!("role {wanted}")]);
    }
    let told_apart = words.role_rules.iter().filter(|rule| rule.role == wanted && is(&rule.is_a));
    let answers = told_apart.map(|rule| match known.has(&rule.fact, &rule.value) {
        Some(true) => {
            held(vec![format!("role {wanted} (a {} with {} {})", rule.is_a, rule.fact, rule.value)])
        }
        Some(false) => failed(format!("not a {wanted}")),
        None => unknown(format!("whether the {} is a {wanted} is not stated", rule.is_a), &rule.fact),
    });
    answers.max_by_key(|finding| finding.truth).unwrap_or_else(|| failed(format!("not a {wanted}")))
}

/// A risk class that is not stated is known not to be that of the system only where others are.
fn risk_class(requirement: &Requirement, system: &System, known: &KnownFacts<'_>) -> Finding {
    if requirement.risk_classes.is_empty() || requirement.risk_classes.contains("all") {
        return held(Vec::new());
    }
    let wanted = requirement.risk_classes.iter().map(String::as_str);
    let shared = Vec::from_iter(wanted.filter(|class| known.risk_classes().contains(class)));
    if !shared.is_empty() {
        return held(vec![format!("risk class {}", shared.join(", "))]);
    }
    if system.risk_classes.is_empty() {
        return unknown("no risk class is stated".to_owned(), "risk_classes");
    }
    let wanted = Vec::from_iter(requirement.risk_classes.iter().cloned()).join(", ");
    let stated = Vec::from_iter(system.risk_classes.iter().cloned()).join(", ");
    failed(format!("it concerns risk class {wanted}; the classes stated are {stated}"))
}

fn route(framework: &Framework, requirement: &Requirement, known: &KnownFacts<'_>) -> Finding {
    let Some(rule) = framework.date_rule(requirement).filter(|rule| !rule.routes.is_empty()) else {
        return held(Vec::new());
    };
    let wanted = Vec::from_iter(rule.routes.iter().cloned()).join(", ");
    if rule.routes.iter().any(|route| known.routes().contains(route.as_str())) {
        held(vec![format!("route {wanted}")])
    } else if known.routes_are_stated() {
        failed(format!("it can only concern route {wanted}"))
    } else {
        unknown(format!("it can only concern route {wanted}; no route is stated"), "routes")
    }
}

/// Whether an exclusion is known to hold. Where it turns on the roles, routes or risk classes of the system, these
/// must be stated.
fn excludes(
    exclusion: &Exclusion,
    requirement: &Requirement,
    system: &System,
    known: &KnownFacts<'_>,
) -> bool {
    let only_roles =
        exclusion.roles.is_empty() || (!system.roles.is_empty() && system.roles.is_subset(&exclusion.roles));
    let only_routes = exclusion.only_routes.is_empty()
        || (known.routes_are_stated() && known.routes().iter().all(|at| exclusion.only_routes.contains(*at)));
    let kept = |class: &&str| exclusion.keeps_risk_classes.contains(*class);
    let no_class_kept = exclusion.keeps_risk_classes.is_empty()
        || (!system.risk_classes.is_empty() && !known.risk_classes().iter().any(kept));
    !exclusion.keeps.iter().any(|id| crate::condition::is_under(&requirement.id, id))
        && only_roles
        && only_routes
        && no_class_kept
        && exclusion.when.evaluate(&|fact| known.values(fact)).truth == Truth::True
}

fn held(because: Vec<String>) -> Finding {
    Finding { truth: Truth::True, because, missing: BTreeSet::new() }
}

fn failed(because: String) -> Finding {
    Finding { truth: Truth::False, because: vec![because], missing: BTreeSet::new() }
}

fn unknown(because: String, fact: &str) -> Finding {
    Finding { truth: Truth::Unknown, because: vec![because], missing: BTreeSet::from([fact.to_owned()]) }
}

fn does_not_apply(reason: String) -> Applicability {
    Applicability {
        state: ApplicabilityState::DoesNotApply,
        reason,
        missing: BTreeSet::new(),
        decided: false,
    }
}
