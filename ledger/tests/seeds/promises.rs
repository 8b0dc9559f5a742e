//! Promises: what the ledger answered. An acknowledged entry stands where the answer said, for ever; a batch answered with
//! an error is there whole, or not at all.

use super::drafts::{ByWords, KIND};
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::erasure::{ERASURE, Erasure, HOLD, Hold};
use affiant_ledger::id::Id;
use affiant_ledger::keyring::{KEY_KIND, KEY_STREAM};
use affiant_ledger::ledger::Appended;
use affiant_ledger::record::{Draft, Filing, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses with words.
pub(crate) fn broken<T>(text: impl Into<String>) -> Result<T, Broken> {
    Err(Broken(text.into()))
}

/// What an entry must say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// This statement.
    Exactly(Vec<u8>),
    /// That another entry's payload was erased.
    Erases(u64),
    /// Which key follows which.
    Key,
}

/// An entry as it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) stream: Id,
    pub(crate) kind: String,
    pub(crate) says: Says,
    pub(crate) id: Option<String>,
}

impl Expected {
    pub(crate) fn of(draft: &Draft) -> Arc<Self> {
        Arc::new(Self {
            stream: draft.stream.clone(),
            kind: draft.kind.to_string(),
            says: Says::Exactly(draft.statement.clone()),
            id: draft.id.clone(),
        })
    }

    pub(crate) fn erasure(stream: &Id, index: u64) -> Arc<Self> {
        let says = Says::Erases(index);
        Arc::new(Self { stream: stream.clone(), kind: ERASURE.into(), says, id: None })
    }

    pub(crate) fn hold(stream: &Id, hold: &Hold) -> Arc<Self> {
        let says = Says::Exactly(codec::encode(hold));
        Arc::new(Self { stream: stream.clone(), kind: HOLD.into(), says, id: None })
    }

    pub(crate) fn rotation() -> Arc<Self> {
        let stream = KEY_STREAM.parse().unwrap();
        Arc::new(Self { stream, kind: KEY_KIND.into(), says: Says::Key, id: None })
    }

    /// Whether an entry is the one asked for; its payload may be gone.
    pub(crate) fn is(&self, record: &Record) -> bool {
        let stands = record.entry.stream == self.stream
            && record.entry.kind.as_str() == self.kind
            && record.entry.by == "local";
        stands
            && match (&self.says, &record.statement) {
                (Says::Exactly(said), Some(statement)) => said == statement,
                (Says::Erases(index), Some(statement)) => {
                    Erasure::from_bytes(statement).is_ok_and(|erasure| erasure.index == *index)
                }
                (Says::Key, Some(_)) | (Says::Exactly(_), None) => true,
                (_, None) => false,
            }
    }

    /// The statement, when it is one of ours.
    pub(crate) fn statement(&self) -> Option<&[u8]> {
        match &self.says {
            Says::Exactly(statement) if self.kind == KIND => Some(statement),
            _ => None,
        }
    }
}

/// An entry that was acknowledged or seen.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) leaf: Digest,
    /// None for the genesis entry.
    pub(crate) expected: Option<Arc<Expected>>,
}

/// Everything promised so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises {
    /// By index; `None` where a batch must stand that was answered with an error.
    pub(crate) known: Vec<Option<Known>>,
    /// Batches answered with an error.
    pub(crate) doubted: Vec<Vec<Arc<Expected>>>,
    /// The first entry under an idempotency id.
    pub(crate) ids: BTreeMap<(Id, String), u64>,
    /// Entries whose payload was asked to be erased, and whether that was acknowledged.
    pub(crate) erased: BTreeMap<u64, bool>,
    /// The evidence that entries cite.
    pub(crate) cited: BTreeMap<Digest, BTreeSet<u64>>,
    /// Roots over the first 1, 2, 3 ... entries, as far as they are known without a gap.
    pub(crate) roots: Vec<Digest>,
    /// The perfect subtrees of the last of these: height and root.
    pub(crate) peaks: Vec<(u32, Digest)>,
    /// Sizes and roots of checkpoints that were shown.
    pub(crate) shown: BTreeMap<u64, Digest>,
}

impl Promises {
    /// Drafts were appended.
    pub(crate) fn acknowledge(&mut self, drafts: &[Draft], appended: &[Appended]) -> Result<(), Broken> {
        if drafts.len() != appended.len() {
            return broken(format!("{} answers for {} drafts", appended.len(), drafts.len()));
        }
        drafts
            .iter()
            .zip(appended)
            .try_for_each(|(draft, one)| self.acknowledge_one(Expected::of(draft), one))
    }

    pub(crate) fn acknowledge_one(&mut self, expected: Arc<Expected>, one: &Appended) -> Result<(), Broken> {
        let id = expected.id.as_ref().map(|id| (expected.stream.clone(), id.clone()));
        let first = id.as_ref().and_then(|id| self.ids.get(id)).copied();
        if one.again {
            let known = first.and_then(|index| self.known[index as usize].as_ref());
            let same = first == Some(one.index) && known.is_some_and(|known| known.leaf == one.leaf);
            return if same { Ok(()) } else { broken(format!("{one:?} is not the first entry, {first:?}")) };
        }
        if let Some(first) = first {
            return broken(format!("entry {first} was recorded again as {}", one.index));
        }
        self.know(one.index, one.leaf, expected)
    }

    /// An entry stands at an index from now on.
    pub(crate) fn know(&mut self, index: u64, leaf: Digest, expected: Arc<Expected>) -> Result<(), Broken> {
        let at = index as usize;
        self.known.resize(self.known.len().max(at + 1), None);
        if self.known[at].is_some() {
            return broken(format!("index {index} was given twice"));
        }
        if let Some(id) = &expected.id {
            self.ids.entry((expected.stream.clone(), id.clone())).or_insert(index);
        }
        let cited = expected.statement().map(|statement| ByWords.blobs(KIND, statement));
        for blob in cited.into_iter().flatten() {
            self.cited.entry(blob).or_default().insert(index);
        }
        if let Says::Erases(erased) = expected.says {
            self.erased.insert(erased, true);
            self.forget_id(erased);
        }
        self.known[at] = Some(Known { leaf, expected: Some(expected) });
        Ok(())
    }

    /// An append was answered with an error.
    pub(crate) fn doubt(&mut self, drafts: &[Draft]) {
        let mut ids = BTreeSet::new();
        let fresh = drafts.iter().filter(|draft| {
            let id = draft.id.clone().map(|id| (draft.stream.clone(), id));
            id.is_none_or(|id| !self.ids.contains_key(&id) && ids.insert(id))
        });
        let batch: Vec<_> = fresh.map(Expected::of).collect();
        self.doubt_these(batch);
    }

    pub(crate) fn doubt_these(&mut self, batch: Vec<Arc<Expected>>) {
        for one in &batch {
            if let Says::Erases(index) = one.says {
                self.erased.entry(index).or_insert(false);
                self.forget_id(index);
            }
        }
        if !batch.is_empty() {
            self.doubted.push(batch);
        }
    }

    /// The index is built anew when something with an id is erased: who says it again is recorded again.
    fn forget_id(&mut self, erased: u64) {
        self.ids.retain(|_, index| *index != erased);
    }

    /// Number of entries that must be there.
    pub(crate) fn size(&self) -> u64 {
        self.known.len() as u64
    }

    pub(crate) fn expected(&self, index: u64) -> Option<&Arc<Expected>> {
        self.known.get(index as usize)?.as_ref()?.expected.as_ref()
    }

    /// Entries of our own kind that could be erased.
    pub(crate) fn erasable(&self) -> Vec<u64> {
        let ours = |index: &u64| self.expected(*index).is_some_and(|expected| expected.kind == KIND);
        (0..self.size()).filter(|index| ours(index) && !self.erased.contains_key(index)).collect()
    }

    /// The indexes of a stream's entries, and the latest of each facet, in order.
    pub(crate) fn stream(&self, stream: &Id, org: bool) -> (Vec<u64>, Vec<u64>) {
        let mut positions: Vec<u64> = if org { vec![0] } else { Vec::new() };
        let mut latest: BTreeMap<Vec<u8>, (u64, u64)> = BTreeMap::new();
        for index in 1..self.size() {
            let Some(expected) = self.expected(index).filter(|expected| expected.stream == *stream) else {
                continue;
            };
            positions.push(index);
            if let Some((key, rank)) = self.facet(expected) {
                let held = latest.entry(key).or_default();
                *held = (*held).max((rank, index));
            }
        }
        let mut latest: Vec<u64> = latest.into_values().map(|(_, index)| index).collect();
        latest.sort_unstable();
        (positions, latest)
    }

    fn facet(&self, expected: &Expected) -> Option<(Vec<u8>, u64)> {
        match &expected.says {
            Says::Erases(index) => self.facet(self.expected(*index)?),
            Says::Key => None,
            Says::Exactly(statement) if expected.kind == HOLD => {
                let hold = Hold::from_bytes(statement).ok()?;
                Some((format!("{HOLD}\0{}", hold.id).into_bytes(), 0))
            }
            Says::Exactly(statement) => ByWords.facet(KIND, statement).map(|facet| (facet.key, facet.rank)),
        }
    }
}
