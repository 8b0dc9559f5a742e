//! The gate: a profile of what must hold before something goes on, judged over assessments. It fails closed.
//!
//! ```yaml
//! gate: 1
//! requirements:
//!   eu-ai-act: [art-10-2-b, art-15]      # each, or everything under it, must be at least `partial`
//! at_least: partial
//! controls:                              # must hold on every asset they apply to
//!   - AFF-EXP-11
//! failed_max: 0                          # controls that failed on an asset
//! exceptions_max: 2
//! overdue_max: 0                         # clocks that ran out
//! timing: [in-force, grace]              # which requirements a list by prefix reaches
//! ```
//!
//! Three answers: met, not met (the evidence speaks against it), undetermined (evidence is missing, stale or waits for a
//! person, or nothing was evaluated). Only the first opens the gate.

use crate::assessment::{Assessment, ControlStanding, Determination, GapKind, Outcome};
use crate::clock::{Clock, ClockState};
use crate::condition::is_under;
use crate::timing::TimingState;
use affiant_controls::{ControlId, ControlState};
use affiant_ledger::id::visible;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Largest profile, in bytes.
pub const GATE_SIZE_MAX: usize = 1 << 20;
/// Version of the format.
pub const GATE_VERSION: u64 = 1;
/// Most things named in what a rule found; the rest are counted.
const NAMED_MAX: usize = 3;

/// What must hold. At least one rule must be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateProfile {
    /// Version of this format: 1.
    pub gate: u64,
    /// Requirements by framework: ids, or ids of nodes above them; `all` is every requirement.
    #[serde(default)]
    pub requirements: BTreeMap<String, Vec<String>>,
    /// The least outcome of each of them: `satisfied` (if not said) or `partial`.
    #[serde(default = "satisfied")]
    pub at_least: Outcome,
    /// Which timings of requirements are heeded when they are named by a node above them.
    #[serde(default = "binding")]
    pub timing: BTreeSet<TimingState>,
    /// Controls that must hold on every asset.
    #[serde(default)]
    pub controls: Vec<ControlId>,
    /// Most pairs of control and asset that may have failed, over everything assessed.
    #[serde(default)]
    pub failed_max: Option<u64>,
    /// Most pairs under an exception.
    #[serde(default)]
    pub exceptions_max: Option<u64>,
    /// Most clocks that may have run out.
    #[serde(default)]
    pub overdue_max: Option<u64>,
}

fn satisfied() -> Outcome {
    Outcome::Satisfied
}

fn binding() -> BTreeSet<TimingState> {
    [TimingState::InForce, TimingState::Grace].into()
}

/// Why a profile is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// Not a profile.
    #[error("not a gate profile: {0}")]
    Yaml(String),
    /// Of a version not known here.
    #[error("gate profile of version {0}, this program knows 1")]
    Version(u64),
    /// It asks for nothing, so anything would pass.
    #[error("the gate profile asks for nothing")]
    Empty,
    /// `at_least` is neither satisfied nor partial.
    #[error("`at_least: {0}` is no bar: use satisfied or partial")]
    Bar(&'static str),
    /// It names something that is not there.
    #[error("the gate profile names {what} `{name}`, which is not there")]
    Unknown {
        /// What sort of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// The answer of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateVerdict {
    /// The worst answer of a rule.
    pub answer: Answer,
    /// Rule by rule.
    pub rules: Vec<RuleVerdict>,
}

/// The answer of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleVerdict {
    /// The rule, in words.
    pub rule: String,
    /// Its answer.
    pub answer: Answer,
    /// What was found.
    pub found: String,
}

/// Whether a gate is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What was asked for holds.
    Met,
    /// Evidence is missing, stale, or waits for a person.
    Undetermined,
    /// The evidence speaks against it.
    NotMet,
}

impl Answer {
    /// The word used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Undetermined => "undetermined",
            Self::NotMet => "not-met",
        }
    }
}

impl GateProfile {
    /// Reads a profile from YAML. Errors say the line.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, GateError> {
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        let profile: Self =
            serde_saphyr::from_str(text).map_err(|error| GateError::Yaml(first(error.to_string())))?;
        profile.checked()
    }

    #[cfg(feature = "yaml")]
    fn checked(self) -> Result<Self, GateError> {
        if self.gate != GATE_VERSION {
            return Err(GateError::Version(self.gate));
        }
        if !matches!(self.at_least, Outcome::Satisfied | Outcome::Partial) {
            return Err(GateError::Bar(self.at_least.as_str()));
        }
        let limits = [self.failed_max, self.exceptions_max, self.overdue_max];
        let nothing = self.requirements.values().all(Vec::is_empty)
            && self.controls.is_empty()
            && limits.iter().all(Option::is_none);
        if nothing { Err(GateError::Empty) } else { Ok(self) }
    }

    /// Judges assessments of one system, one per framework.
    pub fn judge(&self, assessments: &[Assessment], clocks: &[Clock]) -> Result<GateVerdict, GateError> {
        let mut rules = Vec::new();
        for (framework, wanted) in &self.requirements {
            let judged = assessments.iter().find(|judged| judged.framework.id == **framework);
            let judged = judged.ok_or_else(|| unknown("framework", framework))?;
            for id in wanted {
                rules.extend(self.requirement_rules(judged, id)?);
            }
        }
        for control in &self.controls {
            let standing = assessments.iter().find_map(|judged| judged.control(control.as_str()));
            rules.push(control_rule(standing.ok_or_else(|| unknown("control", control.as_str()))?));
        }
        rules.extend(self.limits(assessments, clocks));
        if !assessments.iter().any(Assessment::rests_on_evidence) {
            rules.push(RuleVerdict {
                rule: "something is evaluated".to_owned(),
                answer: Answer::Undetermined,
                found: "no evidence on file".to_owned(),
            });
        }
        let answer = rules.iter().map(|rule| rule.answer).max().unwrap_or(Answer::Undetermined);
        Ok(GateVerdict { answer, rules })
    }

    /// The rule of one requirement, or those of all that a node above stands for.
    fn requirement_rules(&self, judged: &Assessment, id: &str) -> Result<Vec<RuleVerdict>, GateError> {
        // `MEASURE 2.7` stands under `MEASURE`.
        let under =
            |it: &str| is_under(it, id) || it.strip_prefix(id).is_some_and(|rest| rest.starts_with(' '));
        let below = judged.determinations.iter().filter(|it| id == "all" || under(&it.requirement));
        let below: Vec<&Determination> = below.collect();
        if below.is_empty() {
            return Err(unknown("requirement", id));
        }
        // Where it is unknown whether or from when a requirement binds, it is heeded: silence opens nothing. So is one that
        // was decided on, or is named itself.
        let heeded = |it: &&&Determination| {
            let binds = self.timing.contains(&it.timing.state) || it.timing.state == TimingState::Unknown;
            it.requirement == id || it.applicability.decided || it.outcome != Outcome::NotApplicable && binds
        };
        let named = |it: &Determination| it.requirement == id;
        let mut rules: Vec<RuleVerdict> =
            below.iter().filter(heeded).map(|it| self.requirement_rule(it, named(it))).collect();
        if !below.iter().filter(heeded).any(|it| it.outcome != Outcome::NotApplicable) {
            let found = format!("none of {} requirements binds yet or applies", below.len());
            let rule = format!("{} {id}", judged.framework.id);
            rules.push(RuleVerdict { rule, answer: Answer::Undetermined, found });
        }
        Ok(rules)
    }

    fn requirement_rule(&self, determination: &Determination, named: bool) -> RuleVerdict {
        let answer = match determination.outcome {
            Outcome::Satisfied => Answer::Met,
            Outcome::Partial if self.at_least == Outcome::Partial => Answer::Met,
            Outcome::NotSatisfied => Answer::NotMet,
            // Who names it expects that it matters: a wrong role must not open the gate. What was decided not to apply is
            // shown, and passes where it is not named itself.
            Outcome::NotApplicable if !named => Answer::Met,
            Outcome::NotApplicable => Answer::Undetermined,
            Outcome::Partial | Outcome::NotAssessed | Outcome::Unknown => Answer::Undetermined,
        };
        let expired = determination.gaps.iter().any(|gap| gap.kind == GapKind::ExceptionExpired);
        let note = if expired { " (an exception expired)" } else { "" };
        RuleVerdict {
            rule: format!("{} at least {}", determination.citation, self.at_least.as_str()),
            answer,
            found: match determination.applicability.decided {
                true => format!("{}{note}; {}", determination.conclusion, determination.applicability.reason),
                false => format!("{}{note}", determination.conclusion),
            },
        }
    }

    fn limits(&self, assessments: &[Assessment], clocks: &[Clock]) -> Vec<RuleVerdict> {
        let mut pairs = BTreeMap::new();
        for standing in assessments.iter().flat_map(|judged| &judged.controls) {
            for on in &standing.assets {
                pairs.insert((&standing.control, &on.asset), on);
            }
        }
        let in_state = |state| {
            let found = pairs.iter().filter(|(_, on)| on.state == state);
            found.map(|((control, asset), _)| format!("{control} on {asset}")).collect::<Vec<_>>()
        };
        let overdue = clocks.iter().filter(|it| it.state == ClockState::Overdue && it.binds_from.is_none());
        let overdue = overdue.map(|clock| format!("{} about {}", clock.citation, clock.subject)).collect();
        let limits = [
            (self.failed_max, "failed pairs of control and asset", in_state(ControlState::Failed)),
            (self.exceptions_max, "pairs under an exception", in_state(ControlState::Excepted)),
            (self.overdue_max, "clocks that ran out", overdue),
        ];
        let rule = |(max, what, found): (Option<u64>, &str, Vec<String>)| {
            let max = max?;
            let count = found.len() as u64;
            let answer = if count <= max { Answer::Met } else { Answer::NotMet };
            let found = if count == 0 { "0".to_owned() } else { format!("{count}: {}", first_of(&found)) };
            Some(RuleVerdict { rule: format!("at most {max} {what}"), answer, found })
        };
        limits.into_iter().filter_map(rule).collect()
    }
}

fn control_rule(standing: &ControlStanding) -> RuleVerdict {
    let failed = standing.assets.iter().any(|on| on.state == ControlState::Failed || on.lapsed);
    let whole = standing.population > 0 && standing.held == standing.population;
    let answer = match (failed, whole) {
        (true, _) => Answer::NotMet,
        (false, true) => Answer::Met,
        (false, false) => Answer::Undetermined,
    };
    let excepted = if standing.excepted > 0 {
        format!(", {} under an exception", standing.excepted)
    } else {
        String::new()
    };
    let wanting = standing.assets.iter().filter(|on| on.state != ControlState::Held && !on.decided);
    let wanting: Vec<String> =
        wanting.map(|on| format!("{} on {}: {}", on.state, on.asset, on.reason)).collect();
    let why = if wanting.is_empty() { String::new() } else { format!("; {}", first_of(&wanting)) };
    RuleVerdict {
        rule: format!("{} held on every asset", standing.control),
        answer,
        found: format!("{} of {} held{excepted}{why}", standing.held, standing.population),
    }
}

/// The first of what was found, and how many more there are.
fn first_of(found: &[String]) -> String {
    let shown = found[..found.len().min(NAMED_MAX)].join(", ");
    match found.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn unknown(what: &'static str, name: &str) -> GateError {
    GateError::Unknown { what, name: visible(name) }
}
