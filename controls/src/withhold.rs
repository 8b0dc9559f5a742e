//! What is kept out of a pack: rules that the entry which issues it names (docs/spec/pack.md).
//!
//! ```text
//! evidence                   every evidence file
//! evidence:minutes-*.pdf     the files cited under such a name; * stands for any characters, ? for one
//! evidence:9f3c…             the file with this SHA-256, 64 digits
//! payload:incident           what the entries of a kind say
//! ```
//!
//! A rule takes all that it covers: nobody withholds the bad and shows the good by the same rule. Digests stay in the pack.

use crate::text::{NAME_LENGTH_MAX, check_line};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most rules of a pack.
pub const RULES_MAX: usize = 32;

/// Kinds without whose payloads no pack can be verified.
const NEEDED: [&str; 5] = ["catalog", "erasure", "genesis", "key", "pack"];
/// Kinds whose payloads bear on no conclusion, figure or list of a report. What is not known here bears on them.
const FREE: [&str; 3] = ["access", "delivery", "hold"];

/// A rule, in its text form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WithholdRule(String);

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithholdRuleError {
    /// Not the form of one.
    #[error("`{0}` is no rule (evidence, evidence:NAME, evidence:SHA-256, payload:KIND)")]
    Form(String),
    /// A kind without which nothing is verified.
    #[error("payloads of kind `{0}` are needed to verify a pack, and never withheld")]
    Needed(String),
}

/// What a rule covers.
enum Covered<'a> {
    Files,
    Named(&'a str),
    File(Digest),
    Payloads(&'a str),
}

impl WithholdRule {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it covers the payloads of a kind.
    pub fn covers_kind(&self, kind: &Id) -> bool {
        matches!(covered(&self.0), Some(Covered::Payloads(meant)) if *kind == *meant)
    }

    /// Whether it covers an evidence file under a name by which it is cited.
    pub fn covers_file(&self, name: &str, digest: &Digest) -> bool {
        match covered(&self.0) {
            Some(Covered::Files) => true,
            Some(Covered::Named(pattern)) => matches(pattern, name),
            Some(Covered::File(meant)) => meant == *digest,
            _ => false,
        }
    }
}

/// Whether what a pack concludes, counts or lists may be another with the payloads of a kind.
pub fn bears_on_conclusions(kind: &Id) -> bool {
    !FREE.iter().any(|free| *kind == **free)
}

fn covered(text: &str) -> Option<Covered<'_>> {
    match text.split_once(':') {
        None => (text == "evidence").then_some(Covered::Files),
        Some(("payload", kind)) => Some(Covered::Payloads(kind)),
        Some(("evidence", name)) => match name.parse() {
            Ok(digest) => Some(Covered::File(digest)),
            Err(_) => Some(Covered::Named(name)),
        },
        _ => None,
    }
}

impl FromStr for WithholdRule {
    type Err = WithholdRuleError;

    fn from_str(text: &str) -> Result<Self, WithholdRuleError> {
        let sound = match covered(text) {
            Some(Covered::Payloads(kind)) if NEEDED.contains(&kind) => {
                return Err(WithholdRuleError::Needed(kind.to_owned()));
            }
            Some(Covered::Payloads(kind)) => kind.parse::<Id>().is_ok(),
            Some(Covered::Named(name)) => check_line(name, NAME_LENGTH_MAX).is_ok(),
            Some(Covered::Files | Covered::File(_)) => true,
            None => false,
        };
        if sound { Ok(Self(text.to_owned())) } else { Err(WithholdRuleError::Form(visible(text))) }
    }
}

impl TryFrom<String> for WithholdRule {
    type Error = WithholdRuleError;

    fn try_from(text: String) -> Result<Self, WithholdRuleError> {
        text.parse()
    }
}

impl From<WithholdRule> for String {
    fn from(rule: WithholdRule) -> Self {
        rule.0
    }
}

impl fmt::Display for WithholdRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether a name has the form of a pattern. Takes the product of their lengths at most.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // The last star, and where what it stands for ends.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some('?') => (p, n) = (p + 1, n + 1),
            Some(c) if *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, end)) => {
                    star = Some((at, end + 1));
                    (p, n) = (at + 1, end + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_the_names_it_describes_and_no_other() {
        for (pattern, yes, no) in [
            ("*", vec!["", "a", "a.pdf"], vec![]),
            (
                "minutes-*.pdf",
                vec!["minutes-.pdf", "minutes-2026.pdf.pdf"],
                vec!["minutes.pdf", "minutes-1.pdf.sig"],
            ),
            ("a*b*c", vec!["abc", "aXbbYbc"], vec!["acb", "abcd", "ab"]),
            ("?.txt", vec!["a.txt", "ü.txt"], vec![".txt", "ab.txt"]),
            ("[a]", vec!["[a]"], vec!["a"]),
            ("**x", vec!["x", "xx"], vec!["xy", ""]),
        ] {
            yes.iter().for_each(|name| assert!(matches(pattern, name), "{pattern} {name}"));
            no.iter().for_each(|name| assert!(!matches(pattern, name), "{pattern} {name}"));
        }
        let hard = format!("{}b", "*a".repeat(140));
        assert!(!matches(&hard, &"a".repeat(300)), "in time");
    }

    #[test]
    fn a_rule_covers_what_it_says_and_needed_kinds_are_refused() {
        let rule = |text: &str| text.parse::<WithholdRule>();
        let digest = Digest::of(b"file");
        let kind = |text: &str| text.parse::<Id>().unwrap();
        assert!(rule("evidence").unwrap().covers_file("any", &digest));
        assert!(rule(&format!("evidence:{digest}")).unwrap().covers_file("any", &digest));
        assert!(!rule(&format!("evidence:{digest}")).unwrap().covers_file("any", &Digest::ZERO));
        assert!(rule("evidence:*.pdf").unwrap().covers_file("a.pdf", &digest));
        assert!(!rule("evidence").unwrap().covers_kind(&kind("result")));
        assert!(rule("payload:incident").unwrap().covers_kind(&kind("incident")));
        assert!(!rule("payload:incident").unwrap().covers_file("incident", &digest));
        for needed in ["catalog", "pack", "genesis", "key", "erasure"] {
            assert_eq!(rule(&format!("payload:{needed}")), Err(WithholdRuleError::Needed(needed.into())));
        }
        for other in
            ["", "payload", "payload:", "payload:No Id", "evidence:", "evidence:a\u{202e}b", "files", "all:x"]
        {
            assert!(matches!(rule(other), Err(WithholdRuleError::Form(_))), "{other}");
        }
        assert!(bears_on_conclusions(&kind("result")) && bears_on_conclusions(&kind("tomorrow")));
        assert!(!bears_on_conclusions(&kind("hold")) && !bears_on_conclusions(&kind("access")));
        assert!(bears_on_conclusions(&kind("sign-off")), "a report lists them");
    }
}
