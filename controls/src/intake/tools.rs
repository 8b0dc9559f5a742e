//! Tool rules: which rule of which tool speaks about which controls. Data, compiled like the catalog.
//!
//! ```text
//! id: bandit
//! version: 0.1.0
//! title: Bandit
//! drivers: [bandit]
//! matching: exact
//! lists: every
//! checks: [code-scan]
//! rules:
//! - rule: B301
//!   controls: [AFF-EXP-13]
//!   rationale: loads a pickle, which runs code
//! ```

use crate::control::{Control, ControlId};
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
#[cfg(any(feature = "formats", feature = "yaml"))]
use affiant_ledger::id::visible;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Largest set of tool rules, in bytes.
pub const TOOL_RULES_SIZE_MAX: usize = 1 << 20;

static EMBEDDED: &[&[u8]] = &[
    include_bytes!("../../data/tools/bandit.cbor"),
    include_bytes!("../../data/tools/checkov.cbor"),
    include_bytes!("../../data/tools/semgrep.cbor"),
    include_bytes!("../../data/tools/modelscan.cbor"),
    include_bytes!("../../data/tools/pip-audit.cbor"),
    include_bytes!("../../data/tools/trivy.cbor"),
    include_bytes!("../../data/tools/prowler.cbor"),
    include_bytes!("../../data/tools/osv-scanner.cbor"),
    include_bytes!("../../data/tools/in-toto.cbor"),
    include_bytes!("../../data/tools/grype.cbor"),
    include_bytes!("../../data/tools/cyclonedx.cbor"),
    include_bytes!("../../data/tools/promptfoo.cbor"),
    include_bytes!("../../data/tools/inspect.cbor"),
    include_bytes!("../../data/tools/great-expectations.cbor"),
    include_bytes!("../../data/tools/garak.cbor"),
    include_bytes!("../../data/tools/fairlearn.cbor"),
];

/// How a rule id in a report is compared with the one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// The whole id.
    Exact,
    /// Its last segments between dots: the tool puts the path of its configuration before it.
    LastSegments,
    /// A pattern in which `*` stands for any text.
    Glob,
}

/// Which rules a report of the tool lists, and so what absence of a finding can say where only findings are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lists {
    /// Only those with a finding, and which others ran is not known: absence of a finding says nothing.
    Found,
    /// All that ran: absence of a finding says nothing about a rule that is not listed.
    Ran,
    /// Only those with a finding, but every rule looks at everything that is examined.
    Every,
}

/// One rule of a tool and the controls it speaks about. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolRule {
    /// The tool's rule id.
    pub rule: String,
    /// Its messages quote secrets: they are replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// The controls.
    pub controls: Vec<ControlId>,
    /// Why.
    pub rationale: String,
}

/// The rules of one tool. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolRules {
    /// The tool's name here, and the collector's name of its results.
    pub id: Id,
    /// Which rules its reports list.
    pub lists: Lists,
    /// The rules.
    pub rules: Vec<ToolRule>,
    /// Name for people.
    pub title: String,
    /// Kinds of check it carries out, words of the control catalog. Absence of findings can speak only for controls
    /// whose own test is of such a kind.
    pub checks: Vec<String>,
    /// Its names in reports (SARIF `tool.driver.name`), in lower case.
    pub drivers: Vec<String>,
    /// Version of this mapping.
    pub version: String,
    /// How rule ids are compared.
    pub matching: Matching,
}

impl ToolRules {
    /// The tool rules that ship with this program.
    ///
    /// # Panics
    /// Never: a test decodes the same bytes.
    pub fn embedded() -> Vec<Self> {
        let decode = |bytes: &&[u8]| {
            codec::decode_trusted(bytes)
                .unwrap_or_else(|error| panic!("the embedded tool rules decode: {error}"))
        };
        EMBEDDED.iter().map(decode).collect()
    }

    /// Reads tool rules that a user wrote as YAML, and checks that their controls exist.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str, controls: &crate::set::ControlSet) -> Result<Self, String> {
        if text.len() > TOOL_RULES_SIZE_MAX {
            return Err(format!("more than {TOOL_RULES_SIZE_MAX} bytes"));
        }
        let tool: Self = crate::definition::yaml(text)?;
        tool.known(controls)?;
        Ok(tool)
    }

    /// Refuses rules about controls that are in no catalog in use.
    #[cfg(any(feature = "formats", feature = "yaml"))]
    pub(crate) fn known(&self, controls: &crate::set::ControlSet) -> Result<(), String> {
        for rule in &self.rules {
            if let Some(control) = rule.controls.iter().find(|id| controls.control(id.as_str()).is_none()) {
                let rule = visible(&rule.rule);
                return Err(format!("rule `{rule}`: control `{control}` is in no catalog in use"));
            }
        }
        Ok(())
    }

    /// Reads tool rules from their canonical bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, TOOL_RULES_SIZE_MAX)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// SHA-256 of the canonical bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// The rule a report's rule id stands for: the longest match.
    pub fn rule(&self, reported: &str) -> Option<&ToolRule> {
        let fits = |rule: &&ToolRule| match self.matching {
            Matching::Exact => rule.rule == reported,
            Matching::LastSegments => {
                let before = reported.strip_suffix(rule.rule.as_str());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            Matching::Glob => matches(&rule.rule, reported),
        };
        self.rules.iter().filter(fits).max_by_key(|rule| rule.rule.len())
    }

    /// The controls that some rule speaks about.
    pub fn controls(&self) -> BTreeSet<&ControlId> {
        self.rules.iter().flat_map(|rule| &rule.controls).collect()
    }

    /// Whether absence of findings can speak for a control: its test is of a kind this tool carries out.
    pub fn can_test(&self, control: &Control) -> bool {
        control.test.checks.iter().any(|kind| self.checks.contains(kind))
    }

    /// Whether a report's driver name is this tool.
    pub fn is_driver(&self, driver: &str) -> bool {
        let driver = driver.trim().to_lowercase();
        self.drivers.contains(&driver)
    }
}

/// Whether a text is what a pattern says, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_does() {
        for (pattern, text) in
            [("*", ""), ("*", "x"), ("a*", "abc"), ("*c", "abc"), ("a*b*c", "aXbYc"), ("a", "a")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a", "ab"), ("a*", "b"), ("*c", "cb"), ("ab*ba", "aba"), ("a?c", "abc"), ("", "x")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
