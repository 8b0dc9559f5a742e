//! What changed between two packs of one system: conclusions, states of controls, catalogs, and whether the later history
//! continues the earlier one. Pure: it reads what both packs hold and believes neither; verify them first.

use crate::archive::{self, Limits};
use crate::pack::PackAssessment;
use crate::verify;
use affiant_controls::ControlId;
use affiant_controls::pin::{CatalogKind, CatalogPin};
use affiant_controls::state::ControlState;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome, Standing};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A pack, read for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What it concludes.
    pub assessment: PackAssessment,
    /// Leaf hashes of its entries, by stream position.
    pub leaves: Vec<Digest>,
}

impl Contents {
    /// Reads a pack's bytes; errors say which member cannot be read.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let members = archive::read_borrowed(bytes, limits).map_err(|error| error.to_string())?;
        let (assessment, leaves) = verify::contents(&members)?;
        Ok(Self { assessment, leaves })
    }
}

/// What changed from one pack to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackDiff {
    /// The earlier pack.
    pub before: Side,
    /// The later pack.
    pub after: Side,
    /// Whether the later history continues the earlier one.
    pub history: History,
    /// Requirements whose outcome is another, by framework and in the framework's order.
    pub outcomes: Vec<OutcomeChange>,
    /// Controls whose state on an asset is another, by control and asset.
    pub states: Vec<StateChange>,
    /// Catalogs that came, went or are another version.
    pub catalogs: Vec<CatalogChange>,
}

/// One of the packs compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its id.
    pub pack: Id,
    /// The instant it judges.
    pub as_of: Timestamp,
    /// How many entries it holds.
    pub entries: u64,
}

/// How the histories of two packs relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "relation")]
pub enum History {
    /// Every entry of the earlier stands in the later at its position.
    Continues {
        /// Entries that came since.
        added: u64,
    },
    /// The later pack holds fewer entries, all of which the earlier has: they were given in the wrong order.
    Precedes {
        /// Entries that the earlier has beyond.
        missing: u64,
    },
    /// Two histories of one stream, which one ledger cannot have.
    Forks {
        /// First stream position with different entries.
        position: u64,
    },
}

/// A requirement with another outcome; `None` where the pack does not judge it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeChange {
    /// The framework's id.
    pub framework: Id,
    /// The requirement's id.
    pub requirement: String,
    /// How it is cited.
    pub citation: String,
    /// Then.
    pub before: Option<Outcome>,
    /// Now.
    pub after: Option<Outcome>,
    /// The later conclusion in a sentence, else the earlier.
    pub conclusion: String,
}

/// A control in another state on an asset; `None` where the pack knows of none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// The control.
    pub control: ControlId,
    /// The asset.
    pub asset: Id,
    /// Then.
    pub before: Option<ControlState>,
    /// Now.
    pub after: Option<ControlState>,
    /// Why it is so now, else why it was.
    pub reason: String,
}

/// A catalog that came, went, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogChange {
    /// Its kind.
    pub kind: CatalogKind,
    /// Its id.
    pub id: Id,
    /// Digest then.
    pub before: Option<Digest>,
    /// Digest now.
    pub after: Option<Digest>,
}

/// Packs that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// They are about different systems.
    #[error("the packs are about different systems, `{0}` and `{1}`")]
    Systems(Id, Id),
    /// They are of different ledgers.
    #[error("the packs are of different ledgers, {0} and {1}")]
    Origins(String, String),
}

/// Compares an earlier pack with a later one.
pub fn diff(before: &Contents, after: &Contents) -> Result<PackDiff, DiffError> {
    let (then, now) = (&before.assessment, &after.assessment);
    if then.system != now.system {
        return Err(DiffError::Systems(then.system.clone(), now.system.clone()));
    }
    if then.origin != now.origin {
        return Err(DiffError::Origins(then.origin.clone(), now.origin.clone()));
    }
    Ok(PackDiff {
        before: side(before),
        after: side(after),
        history: history(&before.leaves, &after.leaves),
        outcomes: outcomes(&then.assessments, &now.assessments),
        states: states(&then.assessments, &now.assessments),
        catalogs: catalogs(&then.catalogs, &now.catalogs),
    })
}

fn side(contents: &Contents) -> Side {
    let PackAssessment { pack, as_of, .. } = &contents.assessment;
    Side { pack: pack.clone(), as_of: *as_of, entries: contents.leaves.len() as u64 }
}

/// The entry that issues a pack is the last of its stream then, and stands in every later pack.
fn history(before: &[Digest], after: &[Digest]) -> History {
    let count = |more: usize, less: usize| (more - less) as u64;
    match before.iter().zip(after).position(|(before, after)| before != after) {
        Some(position) => History::Forks { position: position as u64 },
        None if after.len() >= before.len() => History::Continues { added: count(after.len(), before.len()) },
        None => History::Precedes { missing: count(before.len(), after.len()) },
    }
}

pub(crate) fn outcomes(before: &[Assessment], after: &[Assessment]) -> Vec<OutcomeChange> {
    let frameworks: BTreeSet<&Id> = before.iter().chain(after).map(|judged| &judged.framework.id).collect();
    let mut changes = Vec::new();
    for framework in frameworks {
        let then: BTreeMap<_, _> = rows(before, framework).map(|it| (&it.requirement, it)).collect();
        let still: BTreeSet<_> = rows(after, framework).map(|it| &it.requirement).collect();
        let here = rows(after, framework).map(|it| (then.get(&it.requirement).copied(), Some(it)));
        let gone = rows(before, framework).filter(|it| !still.contains(&it.requirement));
        for (then, now) in here.chain(gone.map(|it| (Some(it), None))) {
            let (before, after) = (then.map(|it| it.outcome), now.map(|it| it.outcome));
            if let (Some(shown), true) = (now.or(then), before != after) {
                changes.push(OutcomeChange {
                    framework: framework.clone(),
                    requirement: shown.requirement.clone(),
                    citation: shown.citation.clone(),
                    before,
                    after,
                    conclusion: shown.conclusion.clone(),
                });
            }
        }
    }
    changes
}

/// The determinations of a framework, in its order.
fn rows<'a>(all: &'a [Assessment], framework: &'a Id) -> impl Iterator<Item = &'a Determination> {
    all.iter().filter(|judged| judged.framework.id == *framework).flat_map(|judged| &judged.determinations)
}

pub(crate) fn states(before: &[Assessment], after: &[Assessment]) -> Vec<StateChange> {
    let (then, now) = (pairs(before), pairs(after));
    let keys: BTreeSet<_> = then.keys().chain(now.keys()).copied().collect();
    let change = |key: (&ControlId, &Id)| {
        let (before, after) = (then.get(&key), now.get(&key));
        let state = |on: Option<&&Standing>| on.map(|on| on.state);
        let shown = after.or(before)?;
        (state(before) != state(after)).then(|| StateChange {
            control: key.0.clone(),
            asset: key.1.clone(),
            before: state(before),
            after: state(after),
            reason: shown.reason.clone(),
        })
    };
    keys.into_iter().filter_map(change).collect()
}

/// A control stands the same in every framework that maps it.
fn pairs(assessments: &[Assessment]) -> BTreeMap<(&ControlId, &Id), &Standing> {
    let controls = assessments.iter().flat_map(|judged| &judged.controls);
    controls.flat_map(|it| it.assets.iter().map(move |on| ((&it.control, &on.asset), on))).collect()
}

fn catalogs(before: &[CatalogPin], after: &[CatalogPin]) -> Vec<CatalogChange> {
    fn by_key(pins: &[CatalogPin]) -> BTreeMap<(CatalogKind, &Id), Digest> {
        pins.iter().map(|pin| ((pin.kind, &pin.id), pin.digest)).collect()
    }
    let (then, now) = (by_key(before), by_key(after));
    let keys: BTreeSet<_> = then.keys().chain(now.keys()).copied().collect();
    let changed = keys.into_iter().filter(|key| then.get(key) != now.get(key));
    changed
        .map(|key| CatalogChange {
            kind: key.0,
            id: key.1.clone(),
            before: then.get(&key).copied(),
            after: now.get(&key).copied(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_continues_precedes_or_forks() {
        let leaves: Vec<Digest> = (0..5_u8).map(|n| Digest::of(&[n])).collect();
        assert_eq!(history(&leaves[..3], &leaves), History::Continues { added: 2 });
        assert_eq!(history(&leaves, &leaves), History::Continues { added: 0 });
        assert_eq!(history(&leaves, &leaves[..3]), History::Precedes { missing: 2 });
        let mut other = leaves.clone();
        other[1] = Digest::of(b"other");
        assert_eq!(history(&leaves, &other), History::Forks { position: 1 });
        assert_eq!(history(&leaves, &other[..2]), History::Forks { position: 1 });
    }
}
