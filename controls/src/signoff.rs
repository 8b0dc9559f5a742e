//! A sign-off: what an auditor or officer says about something on file (docs/spec/sign-off.md).
//!
//! ```text
//! {"at": 1795521600000, "by": "Example Audit LLP", "id": "sign-0c1d2e3f", "note": "Seen, with the run behind it.",
//!  "role": "auditor", "about": "entry:12", "system": "credit-scoring", "outcome": "accepted"}
//! ```
//!
//! It bears on no conclusion: the report lists it.

use crate::text::{NAME_LENGTH_MAX, check_line};
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The roles in which one signs off.
pub const ROLES: [&str; 2] = ["auditor", "officer"];

/// A sign-off; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// When it was said.
    pub at: Timestamp,
    /// Who says it.
    pub by: String,
    /// Its id, unique in the system.
    pub id: Id,
    /// What is said; it may have several lines.
    pub note: String,
    /// In which role: `auditor`, `officer`.
    pub role: String,
    /// What it is about.
    pub about: About,
    /// The AI system, which is the stream.
    pub system: Id,
    /// What it comes to.
    pub outcome: Outcome,
}

/// What a sign-off comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was seen, and nothing is said for or against it.
    Noted,
    /// It is good as it stands.
    Accepted,
    /// It is not good as it stands, or not enough.
    Questioned,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Noted, Self::Accepted, Self::Questioned];

    /// The word in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Noted => "noted",
            Self::Accepted => "accepted",
            Self::Questioned => "questioned",
        }
    }
}

/// What a sign-off is about. Its text form is the one in statements: `entry:12`, `request:req-7`,
/// `requirement:eu-ai-act/art-9-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum About {
    /// An entry, by its index in the ledger.
    Entry(u64),
    /// A request.
    Request(Id),
    /// A sample.
    Sample(Id),
    /// A finding.
    Finding(Id),
    /// A pack.
    Pack(Id),
    /// A requirement.
    Requirement {
        /// Its framework.
        framework: Id,
        /// Its id in that framework.
        requirement: String,
    },
}

/// The text does not say what a sign-off is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names nothing on file (entry:INDEX, request:ID, sample:ID, finding:ID, pack:ID, requirement:FRAMEWORK/ID)"
)]
pub struct AboutError(pub String);

impl FromStr for About {
    type Err = AboutError;

    fn from_str(text: &str) -> Result<Self, AboutError> {
        parse(text).ok_or_else(|| AboutError(visible(text)))
    }
}

/// One thing has one text: an index has no sign and no leading zero.
fn parse(text: &str) -> Option<About> {
    let (kind, name) = text.split_once(':')?;
    let id = |name: &str| name.parse::<Id>().ok();
    match kind {
        "entry" => name.parse().ok().filter(|index: &u64| index.to_string() == name).map(About::Entry),
        "request" => id(name).map(About::Request),
        "sample" => id(name).map(About::Sample),
        "finding" => id(name).map(About::Finding),
        "pack" => id(name).map(About::Pack),
        "requirement" => {
            let (framework, requirement) = name.split_once('/')?;
            check_line(requirement, NAME_LENGTH_MAX).ok()?;
            Some(About::Requirement { framework: id(framework)?, requirement: requirement.to_owned() })
        }
        _ => None,
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(index) => write!(f, "entry:{index}"),
            Self::Request(id) => write!(f, "request:{id}"),
            Self::Sample(id) => write!(f, "sample:{id}"),
            Self::Finding(id) => write!(f, "finding:{id}"),
            Self::Pack(id) => write!(f, "pack:{id}"),
            Self::Requirement { framework, requirement } => {
                write!(f, "requirement:{framework}/{requirement}")
            }
        }
    }
}

impl TryFrom<String> for About {
    type Error = AboutError;

    fn try_from(text: String) -> Result<Self, AboutError> {
        text.parse()
    }
}

impl From<About> for String {
    fn from(about: About) -> Self {
        about.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_has_one_text_and_reads_back() {
        for text in [
            "entry:0",
            "entry:18446744073709551615",
            "request:req-7",
            "sample:sample-1f0c5a7be2d94412",
            "finding:f-43443f53bddf",
            "pack:pack-0123",
            "requirement:eu-ai-act/art-9-1",
            "requirement:iso-42001/A.10.4",
            "requirement:own/part/4",
        ] {
            assert_eq!(text.parse::<About>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "entry",
            "entry:",
            "entry:-1",
            "entry:+1",
            "entry:007",
            "entry:18446744073709551616",
            "request:Two Words",
            "pack:",
            "requirement:eu-ai-act",
            "requirement:eu-ai-act/",
            "requirement:/art-9-1",
            "requirement:eu-ai-act/a\u{202e}b",
            "control:AFF-EXP-11",
            "Entry:1",
        ] {
            assert_eq!(text.parse::<About>(), Err(AboutError(visible(text))), "{text}");
        }
    }

    #[test]
    fn each_outcome_is_written_as_its_word() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
