//! The crosswalk: where another framework speaks of something similar (set relations of NIST IR 8477).
//!
//! ```text
//! - {from: "eu-ai-act:art-12-1", to: "iso-42001:A.6.2.8", relation: intersects-with, basis: proposed, source: affiant, ...}
//! ```
//!
//! A row suggests where to look. It never gives credit, and rows are not chained: evidence counts only through a
//! control that is mapped to a requirement ([`crate::mapping`]). The assessment does not read it.

use crate::framework::Framework;
use crate::lint::Fault;
use affiant_ledger::codec::{self, CodecError};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Largest crosswalk read, in bytes of CBOR.
pub const CROSSWALK_SIZE_MAX: usize = 8 << 20;

const CROSSWALK: &[u8] = include_bytes!("../data/crosswalk.cbor");

/// Stands for a framework as a whole.
pub const WHOLE: &str = "framework";

/// Rows between frameworks, with where they come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The day up to which it was checked.
    pub as_of: Date,
    /// What a row says, and what it does not.
    pub meaning: String,
    /// Where rows come from.
    pub sources: Vec<RowSource>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSource {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// Who published it.
    pub publisher: String,
    /// How much of it was read.
    pub read: String,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What may be done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One provision and one of another framework: `framework:requirement`; `framework:framework` is all of it, `framework:*`
/// says that nothing was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The provision looked from.
    pub from: String,
    /// The provision looked at.
    pub to: String,
    /// How the first relates to the second.
    pub relation: RowRelation,
    /// The source gives the relation; otherwise it was assigned here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stated: bool,
    /// Whether the row stands in its source or is a proposal.
    pub basis: RowBasis,
    /// A source.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Set relations of NIST IR 8477.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowRelation {
    /// They ask for the same.
    Equal,
    /// The first asks for part of the second.
    SubsetOf,
    /// The first asks for the second and more.
    SupersetOf,
    /// They overlap.
    IntersectsWith,
    /// They have nothing in common.
    NoRelationship,
}

impl RowRelation {
    /// The word written in catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::SubsetOf => "subset-of",
            Self::SupersetOf => "superset-of",
            Self::IntersectsWith => "intersects-with",
            Self::NoRelationship => "no-relationship",
        }
    }

    /// The relation seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Self::SubsetOf => Self::SupersetOf,
            Self::SupersetOf => Self::SubsetOf,
            same => same,
        }
    }
}

/// Whether a row stands in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowBasis {
    /// It does.
    Published,
    /// It is a proposal of this catalog.
    Proposed,
}

impl RowBasis {
    /// The word written in catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Proposed => "proposed",
        }
    }
}

/// How sure a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// A row as seen from one of its two provisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour<'a> {
    /// The framework of the other provision.
    pub framework: &'a str,
    /// The other provision; `None` where none was found there.
    pub requirement: Option<&'a str>,
    /// How the provision looked from relates to the other.
    pub relation: RowRelation,
    /// The row.
    pub row: &'a Row,
}

impl Crosswalk {
    /// The embedded crosswalk.
    ///
    /// # Panics
    /// Never: a test decodes and checks the same bytes.
    pub fn embedded() -> Self {
        codec::decode_trusted(CROSSWALK)
            .unwrap_or_else(|error| panic!("the embedded crosswalk decodes: {error}"))
    }

    /// The deterministic CBOR of the embedded crosswalk.
    pub fn embedded_bytes() -> &'static [u8] {
        CROSSWALK
    }

    /// Reads a crosswalk from untrusted bytes. Whether its provisions exist is for [`Crosswalk::check`] to say.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, CROSSWALK_SIZE_MAX)
    }

    /// Reads a crosswalk from YAML. Errors say the line.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    /// Its deterministic CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// SHA-256 of its deterministic CBOR.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// The source with this id.
    pub fn source(&self, id: &str) -> Option<&RowSource> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// What stands beside a provision in other frameworks, in the order of the rows. Rows are not chained.
    pub fn neighbours<'a>(
        &'a self,
        framework: &'a str,
        requirement: &'a str,
    ) -> impl Iterator<Item = Neighbour<'a>> {
        let is_here = move |end: &str| end.split_once(':') == Some((framework, requirement));
        self.rows.iter().filter_map(move |row| {
            let (end, relation) = match (is_here(&row.from), is_here(&row.to)) {
                (true, _) => (&row.to, row.relation),
                (_, true) => (&row.from, row.relation.reversed()),
                _ => return None,
            };
            let (framework, requirement) = end.split_once(':')?;
            let requirement = (requirement != "*").then_some(requirement);
            Some(Neighbour { framework, requirement, relation, row })
        })
    }

    /// Rows that lead nowhere, stand twice or name no source. Frameworks not given are not looked up.
    pub fn check(&self, frameworks: &[Framework]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for row in &self.rows {
            let place = visible(&format!("{} -> {}", row.from, row.to));
            let mut fault = |what: &str, hint: &str| {
                faults.push(Fault { place: place.clone(), what: what.to_owned(), hint: hint.to_owned() });
            };
            if !seen.insert((&row.from, &row.to, &row.source)) {
                fault("stands twice", "remove one of them");
            }
            if self.source(&row.source).is_none() {
                fault("no such source", "name one of `sources`");
            }
            let nothing = row.to.ends_with(":*");
            if nothing != (row.relation == RowRelation::NoRelationship) || row.from.ends_with(":*") {
                fault(
                    "`*` and `no-relationship` go together",
                    "`*` is what nothing was found in, and stands in `to`",
                );
            }
            for end in [&row.from, &row.to] {
                match end.split_once(':') {
                    None => fault("no framework is named", "write framework:requirement"),
                    Some((_, "*" | WHOLE)) => {}
                    Some((id, requirement)) => {
                        let framework = frameworks.iter().find(|framework| framework.id == *id);
                        if framework.is_some_and(|framework| framework.requirement(requirement).is_none()) {
                            fault("no such requirement", "name a requirement of the framework");
                        }
                    }
                }
            }
        }
        faults
    }
}
