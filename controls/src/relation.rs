//! A relation of an asset to another of its system: trained on, part of, supplied by (docs/spec/asset.md).
//!
//! ```text
//! {"to": "training-data", "kind": "trained-on"}
//! ```

use crate::asset::Asset;
use affiant_ledger::id::{Id, visible};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Most relations of one asset.
pub const RELATIONS_MAX: usize = 1_000;

/// How an asset stands to another. Declared in the order of their words, which is the order on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationKind {
    /// An agent or service asks it at run time: a tool, an endpoint, a service of someone else.
    Calls,
    /// It was made from it: a tuned model from its base, an index from its data, an image from its sources.
    DerivedFrom,
    /// A model was tested on the data.
    EvaluatedOn,
    /// It belongs to the greater thing.
    PartOf,
    /// A guardrail, gateway or identity stands before it.
    Protects,
    /// It is run by the infrastructure, function or pipeline.
    RunsOn,
    /// An endpoint or gateway offers it to others.
    Serves,
    /// A third party delivers it.
    SuppliedBy,
    /// A model was trained or tuned on the data.
    TrainedOn,
    /// It needs it, and no other word says how.
    Uses,
}

impl RelationKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Calls,
        Self::DerivedFrom,
        Self::EvaluatedOn,
        Self::PartOf,
        Self::Protects,
        Self::RunsOn,
        Self::Serves,
        Self::SuppliedBy,
        Self::TrainedOn,
        Self::Uses,
    ];

    /// The word on the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::DerivedFrom => "derived-from",
            Self::EvaluatedOn => "evaluated-on",
            Self::PartOf => "part-of",
            Self::Protects => "protects",
            Self::RunsOn => "runs-on",
            Self::Serves => "serves",
            Self::SuppliedBy => "supplied-by",
            Self::TrainedOn => "trained-on",
            Self::Uses => "uses",
        }
    }

    fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A relation of the asset that states it. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The other asset, of the same system.
    pub to: Id,
    /// How it stands to it.
    pub kind: RelationKind,
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.to)
    }
}

/// Why a text is no relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// No kind and asset.
    #[error("`{0}` is not a relation: write it as KIND=ASSET, such as trained-on=training-data")]
    Form(String),
    /// A kind nobody knows.
    #[error("`{0}` is not a kind of relation ({known})", known = RelationKind::words())]
    Kind(String),
    /// The other asset is no identifier.
    #[error(transparent)]
    To(#[from] affiant_ledger::id::IdError),
}

impl FromStr for Relation {
    type Err = RelationError;

    fn from_str(text: &str) -> Result<Self, RelationError> {
        let (kind, to) = text.split_once('=').ok_or_else(|| RelationError::Form(visible(text)))?;
        let known = RelationKind::ALL.into_iter().find(|it| it.as_str() == kind);
        let kind = known.ok_or_else(|| RelationError::Kind(visible(kind)))?;
        Ok(Self { to: to.parse()?, kind })
    }
}

/// The first relation to an asset that neither is registered nor stands among the assets themselves.
pub fn dangling<'a>(assets: &'a [Asset], registered: &BTreeSet<Id>) -> Option<(&'a Asset, &'a Relation)> {
    let here: BTreeSet<&Id> = assets.iter().map(|asset| &asset.id).collect();
    let all = assets.iter().flat_map(|asset| asset.relations.iter().map(move |relation| (asset, relation)));
    let mut all = all.filter(|(_, relation)| !here.contains(&relation.to));
    all.find(|(_, relation)| !registered.contains(&relation.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_declaration_is_the_order_of_the_words() {
        let mut sorted = RelationKind::ALL;
        sorted.sort_by_key(|kind| kind.as_str());
        assert_eq!(sorted, RelationKind::ALL);
        assert!(RelationKind::ALL.is_sorted());
        for kind in RelationKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn a_relation_is_written_as_kind_and_asset() {
        let relation: Relation = "trained-on=training-data".parse().unwrap();
        assert_eq!(relation.to_string(), "trained-on training-data");
        let wrong = |text: &str| text.parse::<Relation>().expect_err(text);
        assert_eq!(wrong("training-data"), RelationError::Form("training-data".into()));
        assert_eq!(wrong("likes=training-data"), RelationError::Kind("likes".into()));
        assert!(matches!(wrong("uses=Training Data"), RelationError::To(_)));
    }

    #[test]
    fn a_relation_leads_to_what_is_registered_or_stands_beside_it() {
        let system: Id = "s".parse().unwrap();
        let asset = |id: &str| Asset::new(system.clone(), id.parse().unwrap(), "model", id);
        let mut tuned = asset("tuned");
        tuned.relations.insert("derived-from=base".parse().unwrap());
        let alone = std::slice::from_ref(&tuned);
        let found =
            dangling(alone, &BTreeSet::new()).map(|(asset, relation)| (&asset.id, relation.to_string()));
        assert_eq!(found, Some((&tuned.id, "derived-from base".to_owned())));
        assert_eq!(dangling(alone, &BTreeSet::from(["base".parse().unwrap()])), None);
        assert_eq!(dangling(&[tuned, asset("base")], &BTreeSet::new()), None);
    }
}
