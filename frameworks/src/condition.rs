//! Conditions: what must be true of a system for a requirement to bind it.
//!
//! ```text
//! condition:
//!   all: {annex_iii: ["*", "!2"]}                                   # every fact listed must hold
//!   any_of:                                                         # and, where given, at least one of these
//!     - {deployer_kind: [public-body, private-public-service]}
//!     - {annex_iii: ["5.b", "5.c"]}
//! ```
//!
//! A fact holds when one of its stated values matches one of the patterns and no exclusion. `*` matches any value,
//! `5` matches `5` and everything under it (`5.b`, `5-x`), `!2` excludes `2` and everything under it. The value `none`
//! states that a fact has no value: it matches nothing. A fact that is not stated is *unknown*, and so is a stated
//! value that is less precise than the pattern (`5` where `5.b` is asked for), and a fact of which only some values are
//! known, where none of these matches.
//!
//! There is no negation, so stating more facts never takes a condition from true to unknown.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The value which states that a fact has none.
pub const NONE: &str = "none";

/// Three-valued truth, ordered: false below unknown below true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Known not to hold.
    False,
    /// A fact is missing.
    Unknown,
    /// Known to hold.
    True,
}

impl Truth {
    /// True only if both are; false if either is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// True if either is.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }
}

/// One pattern over the values of a fact. Text form: `*`, `5.b`, `!2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// `*`: any value but `none`.
    Any,
    /// `5`: this value and everything under it.
    Under(String),
    /// `!2`: not this value nor anything under it.
    Not(String),
}

/// The text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a pattern (`*`, `value` or `!value`; values are a-z, 0-9, `.`, `_`, `-`)")]
pub struct PatternError(pub String);

/// What must hold of a system's facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Every one of these facts must match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub all: Facts,
    /// At least one of these must match as a whole; no demand when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Facts>,
}

/// Patterns by fact: within a fact, one value must match; over facts, all must.
pub type Facts = BTreeMap<String, Vec<Pattern>>;

/// What is known of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// The values it has.
    pub known: BTreeSet<String>,
    /// It may have others: what these do not match is unknown.
    pub open: bool,
}

impl From<BTreeSet<String>> for Values {
    /// These values and no others.
    fn from(known: BTreeSet<String>) -> Self {
        Self { known, open: false }
    }
}

/// What evaluating found: the truth, the facts that decided it and those that were missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The truth of the condition.
    pub truth: Truth,
    /// Facts that had a say, in words (`annex_iii is 5.b`), in order.
    pub because: Vec<String>,
    /// Facts that are not stated, or not precisely enough.
    pub missing: BTreeSet<String>,
}

impl Condition {
    /// Evaluates over `lookup`, which gives the values of a fact, `None` where nothing is known of it.
    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Option<Values>) -> Finding {
        let mut finding = evaluate_all(&self.all, lookup);
        if !self.any_of.is_empty() {
            let branches: Vec<Finding> =
                self.any_of.iter().map(|facts| evaluate_all(facts, lookup)).collect();
            finding = conjunction(finding, disjunction(branches));
        }
        if finding.truth != Truth::Unknown {
            finding.missing.clear();
        }
        finding
    }

    /// Every fact the condition asks for, with its patterns.
    pub fn facts(&self) -> impl Iterator<Item = (&String, &Vec<Pattern>)> {
        self.all.iter().chain(self.any_of.iter().flatten())
    }
}

/// How the values of a fact answer its patterns.
pub fn matches(values: &Values, patterns: &[Pattern]) -> Truth {
    let others = if values.open { Truth::Unknown } else { Truth::False };
    values.known.iter().map(|value| match_value(value, patterns)).fold(others, Truth::or)
}

/// Whether `value` is `root` or stands under it (`5.b` under `5`, `annex-i-a` under `annex-i`).
pub fn is_under(value: &str, root: &str) -> bool {
    value.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

fn match_value(value: &str, patterns: &[Pattern]) -> Truth {
    if value == NONE {
        return Truth::False;
    }
    let mut wanted = Truth::False;
    let mut allowed = Truth::True;
    for pattern in patterns {
        match pattern {
            Pattern::Any => wanted = Truth::True,
            Pattern::Under(root) => wanted = wanted.or(place(value, root)),
            Pattern::Not(root) => {
                allowed = allowed.and(match place(value, root) {
                    Truth::True => Truth::False,
                    Truth::Unknown => Truth::Unknown,
                    Truth::False => Truth::True,
                });
            }
        }
    }
    wanted.and(allowed)
}

/// Whether `value` stands under `root`; unknown where `value` is the less precise of the two.
fn place(value: &str, root: &str) -> Truth {
    if is_under(value, root) {
        Truth::True
    } else if is_under(root, value) {
        Truth::Unknown
    } else {
        Truth::False
    }
}

fn evaluate_all(facts: &Facts, lookup: &dyn Fn(&str) -> Option<Values>) -> Finding {
    let mut finding = Finding { truth: Truth::True, because: Vec::new(), missing: BTreeSet::new() };
    for (fact, patterns) in facts {
        finding = conjunction(finding, evaluate_fact(fact, patterns, lookup(fact)));
    }
    finding
}

fn evaluate_fact(fact: &str, patterns: &[Pattern], values: Option<Values>) -> Finding {
    let truth = values.as_ref().map_or(Truth::Unknown, |values| matches(values, patterns));
    let wanted: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
    let stated = values.map_or_else(
        || "not stated".to_owned(),
        |values| {
            let others = if values.open && truth == Truth::Unknown { ", others not stated" } else { "" };
            format!("{}{others}", Vec::from_iter(values.known).join(", "))
        },
    );
    let missing = if truth == Truth::Unknown { BTreeSet::from([fact.to_owned()]) } else { BTreeSet::new() };
    Finding {
        truth,
        because: vec![format!("{fact} is {stated} (asked for: {})", wanted.join(", "))],
        missing,
    }
}

/// Both: what is false decides alone; otherwise both had a say.
fn conjunction(left: Finding, right: Finding) -> Finding {
    match (left.truth, right.truth) {
        (Truth::False, Truth::True | Truth::Unknown) => left,
        (Truth::True | Truth::Unknown, Truth::False) => right,
        _ => joined(left, right, Truth::and),
    }
}

/// Either: the first true branch decides alone; otherwise all had a say.
fn disjunction(branches: Vec<Finding>) -> Finding {
    if let Some(held) = branches.iter().find(|branch| branch.truth == Truth::True) {
        return held.clone();
    }
    let none = Finding { truth: Truth::False, because: Vec::new(), missing: BTreeSet::new() };
    branches.into_iter().fold(none, |left, right| joined(left, right, Truth::or))
}

fn joined(mut left: Finding, right: Finding, join: fn(Truth, Truth) -> Truth) -> Finding {
    left.truth = join(left.truth, right.truth);
    left.because.extend(right.because);
    left.missing.extend(right.missing);
    left
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let value = |text: &str| -> Result<String, PatternError> {
            let letter =
                |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'_' | b'-');
            let sound = !text.is_empty() && text.len() <= 63 && text.bytes().all(letter);
            if sound { Ok(text.to_owned()) } else { Err(PatternError(affiant_ledger::id::visible(text))) }
        };
        match text.strip_prefix('!') {
            Some(rest) => value(rest).map(Self::Not),
            None if text == "*" => Ok(Self::Any),
            None => value(text).map(Self::Under),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.pad("*"),
            Self::Under(root) => f.pad(root),
            Self::Not(root) => f.pad(&format!("!{root}")),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> Condition {
        serde_json::from_str(json).unwrap()
    }

    fn truth(condition: &Condition, facts: &[(&str, &[&str])]) -> Truth {
        let lookup = |name: &str| {
            facts
                .iter()
                .find(|(fact, _)| *fact == name)
                .map(|(_, v)| v.iter().map(|s| (*s).to_owned()).collect::<BTreeSet<_>>().into())
        };
        condition.evaluate(&lookup).truth
    }

    #[test]
    fn a_point_covers_what_stands_under_it_and_nothing_beside_it() {
        let five = condition(r#"{"all": {"annex_iii": ["5"]}}"#);
        assert_eq!(truth(&five, &[("annex_iii", &["5.b"])]), Truth::True);
        assert_eq!(truth(&five, &[("annex_iii", &["50"])]), Truth::False);
        assert_eq!(truth(&five, &[]), Truth::Unknown);
    }

    #[test]
    fn a_value_less_precise_than_asked_for_is_unknown() {
        let point = condition(r#"{"all": {"annex_iii": ["5.b"]}}"#);
        assert_eq!(truth(&point, &[("annex_iii", &["5"])]), Truth::Unknown);
        assert_eq!(truth(&point, &[("annex_iii", &["5.a"])]), Truth::False);
    }

    #[test]
    fn a_fact_that_may_have_other_values_holds_or_is_unknown_but_never_fails() {
        let public = condition(r#"{"all": {"kind": ["public"]}}"#);
        let open = |value: &str| Values { known: BTreeSet::from([value.to_owned()]), open: true };
        assert_eq!(public.evaluate(&|_| Some(open("public"))).truth, Truth::True);
        let other = public.evaluate(&|_| Some(open("employer")));
        assert_eq!((other.truth, other.missing), (Truth::Unknown, BTreeSet::from(["kind".to_owned()])));
        assert_eq!(other.because, ["kind is employer, others not stated (asked for: public)"]);
    }

    #[test]
    fn an_excluded_point_does_not_hold_but_another_beside_it_does() {
        let most = condition(r#"{"all": {"annex_iii": ["*", "!2"]}}"#);
        assert_eq!(truth(&most, &[("annex_iii", &["2"])]), Truth::False);
        assert_eq!(truth(&most, &[("annex_iii", &["2", "5.b"])]), Truth::True);
        assert_eq!(truth(&most, &[("annex_iii", &["none"])]), Truth::False);
    }

    #[test]
    fn one_branch_suffices_and_a_missing_fact_of_another_does_not_matter() {
        let either = condition(r#"{"any_of": [{"a": ["x"]}, {"b": ["y"]}]}"#);
        assert_eq!(truth(&either, &[("b", &["y"])]), Truth::True);
        assert_eq!(truth(&either, &[("b", &["z"])]), Truth::Unknown);
        assert_eq!(truth(&either, &[("a", &["z"]), ("b", &["z"])]), Truth::False);
    }

    #[test]
    fn a_false_fact_decides_although_another_is_missing() {
        let both = condition(r#"{"all": {"a": ["x"], "b": ["y"]}}"#);
        assert_eq!(truth(&both, &[("b", &["z"])]), Truth::False);
        let missing = both.evaluate(&|_| None).missing;
        assert_eq!(missing, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    }

    #[test]
    fn patterns_outside_the_grammar_are_refused() {
        for wrong in ["", "!", "A", "5 b", "**", "!!2"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
