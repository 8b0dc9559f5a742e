//! Whether a ledger keeps its promises: every acknowledged entry is there, nothing but what was asked for, never half a batch,
//! under one tree that extends every checkpoint anyone could have seen.

use super::chance::Chance;
use super::promises::{Broken, Known, Promises, Says, broken};
use affiant_ledger::blob;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::merkle;
use affiant_ledger::reader::{ReadError, Reader};
use std::collections::BTreeSet;

/// Up to so many entries all are read, of more the last and some others.
const READ_MAX: u64 = 48;

impl From<ReadError> for Broken {
    fn from(error: ReadError) -> Self {
        Self(format!("cannot be read: {error}"))
    }
}

impl Promises {
    /// Demands of a ledger that it keeps what was promised. Takes over what was in doubt and is there.
    pub(crate) fn demand(&mut self, reader: &Reader, chance: &mut Chance) -> Result<(), Broken> {
        let size = reader.size();
        if size < self.size() {
            return broken(format!("{} entries were acknowledged, there are {size}", self.size()));
        }
        let leaves = reader.leaves(size)?;
        for (index, known) in self.known.iter().enumerate() {
            if known.as_ref().is_some_and(|known| known.leaf != leaves[index]) {
                return broken(format!("entry {index} is not the acknowledged one"));
            }
        }
        self.resolve(reader, &leaves)?;
        self.grow();
        if self.roots.last() != Some(&reader.checkpoint().root) {
            return broken("the root is not that of the entries");
        }
        self.demand_statements(reader, chance)?;
        self.demand_evidence(reader)?;
        self.demand_proofs(reader, chance)
    }

    /// What was not acknowledged and is there must be a whole batch that was asked for.
    fn resolve(&mut self, reader: &Reader, leaves: &[Digest]) -> Result<(), Broken> {
        let mut index = 0;
        while index < reader.size() {
            if self.known.get(index as usize).is_some_and(Option::is_some) {
                index += 1;
                continue;
            }
            if index == 0 && self.known.is_empty() {
                self.known.push(Some(Known { leaf: leaves[0], expected: None }));
                continue;
            }
            let found = self.doubted.iter().position(|batch| stands(batch, reader, index));
            let Some(found) = found else {
                return broken(format!(
                    "nobody asked for what stands at {index}, or only a part of it is there"
                ));
            };
            let batch = self.doubted.remove(found);
            for (at, expected) in (index..).zip(batch) {
                self.know(at, leaves[at as usize], expected)?;
            }
        }
        Ok(())
    }

    /// The roots over all that is known.
    fn grow(&mut self) {
        for known in &self.known[self.roots.len()..] {
            let Some(known) = known else { return };
            let (mut height, mut node) = (0, known.leaf);
            while let Some((_, left)) = self.peaks.pop_if(|(other, _)| *other == height) {
                (height, node) = (height + 1, Digest::node(&left, &node));
            }
            self.peaks.push((height, node));
            let over = self.peaks.iter().rev().map(|(_, node)| *node);
            self.roots.extend(over.reduce(|right, left| Digest::node(&left, &right)));
        }
    }

    /// Checkpoints that were shown, in whatever file, to whomever.
    pub(crate) fn show(&mut self, notes: Vec<Vec<u8>>) -> Result<(), Broken> {
        for note in notes {
            // A write cut short leaves no note; nobody takes it for one.
            let Some(text) = std::str::from_utf8(&note).ok().and_then(|note| note.split_once("\n\n")) else {
                continue;
            };
            let Ok(checkpoint) = Checkpoint::from_text(&format!("{}\n", text.0)) else { continue };
            let before = self.shown.insert(checkpoint.size, checkpoint.root);
            if before.is_some_and(|root| root != checkpoint.root) {
                return broken(format!("two checkpoints over {} entries were shown", checkpoint.size));
            }
        }
        Ok(())
    }

    /// Every checkpoint ever shown is a prefix of the log, and the log can prove it.
    pub(crate) fn demand_shown(&self, reader: &Reader, chance: &mut Chance) -> Result<(), Broken> {
        for (size, root) in &self.shown {
            match self.roots.get(*size as usize - 1) {
                None => {
                    return broken(format!(
                        "a checkpoint over {size} entries was shown, there are {}",
                        reader.size()
                    ));
                }
                Some(found) if found != root => {
                    return broken(format!("the checkpoint shown over {size} is of another log"));
                }
                Some(_) => {}
            }
        }
        let sizes: Vec<_> = self.shown.iter().collect();
        if sizes.is_empty() {
            return Ok(());
        }
        let (old, root) = *chance.pick(&sizes);
        let proof = reader.consistency(*old)?;
        let now = reader.checkpoint();
        merkle::verify_consistency(*old, now.size, root, &now.root, &proof)
            .map_err(|error| Broken(format!("no proof that {} extends {old}: {error}", now.size)))
    }

    fn demand_statements(&self, reader: &Reader, chance: &mut Chance) -> Result<(), Broken> {
        let size = self.size();
        let last = size.saturating_sub(READ_MAX / 2);
        let indexes: BTreeSet<u64> = if size <= READ_MAX {
            (0..size).collect()
        } else {
            let some = (0..READ_MAX / 4).map(|_| chance.below(last));
            some.chain(last..size).chain(self.erased.keys().copied()).collect()
        };
        indexes.into_iter().try_for_each(|index| self.demand_statement(reader, index))
    }

    fn demand_statement(&self, reader: &Reader, index: u64) -> Result<(), Broken> {
        let record = reader.record(index)?;
        let known = self.known[index as usize].as_ref();
        let same = known.is_some_and(|known| {
            record.leaf == known.leaf && known.expected.as_ref().is_none_or(|expected| expected.is(&record))
        });
        if !same || record.entry.index != index {
            return broken(format!("entry {index} is not the one asked for"));
        }
        match (self.erased.get(&index), record.statement.is_some()) {
            (Some(true), true) => broken(format!("the payload of entry {index} was erased and is back")),
            (None, false) => broken(format!("the payload of entry {index} is gone")),
            _ => Ok(()),
        }
    }

    /// Evidence is there as long as an entry cites it whose payload was not erased.
    fn demand_evidence(&self, reader: &Reader) -> Result<(), Broken> {
        for (digest, entries) in &self.cited {
            let there =
                blob::read(reader.storage(), reader.folder(), digest).map_err(ReadError::from)?.is_some();
            let states: Vec<_> = entries.iter().map(|index| self.erased.get(index)).collect();
            if states.contains(&None) && !there {
                return broken(format!("the evidence {digest} is gone"));
            }
            if states.iter().all(|state| *state == Some(&true)) && there {
                return broken(format!("the evidence {digest} was erased and is there"));
            }
        }
        Ok(())
    }

    /// Receipts of some entries.
    fn demand_proofs(&self, reader: &Reader, chance: &mut Chance) -> Result<(), Broken> {
        for _ in 0..3 {
            let index = chance.below(self.size());
            let Some(known) = &self.known[index as usize] else { continue };
            let receipt = reader.receipt(index)?;
            let entry = receipt.extra.as_deref().map(Digest::leaf);
            let proven = receipt.verify_inclusion(&known.leaf, reader.checkpoint());
            if entry != Some(known.leaf) || proven.is_err() || receipt.checkpoint != reader.note() {
                return broken(format!("the receipt of entry {index} does not hold: {proven:?}"));
            }
        }
        Ok(())
    }

    /// What is still in doubt when a ledger was opened is not there and never will be; an erasure that was recorded has been
    /// carried out.
    pub(crate) fn close_doubts(&mut self) {
        self.doubted.clear();
        self.erased.retain(|_, acknowledged| *acknowledged);
    }
}

/// Whether a batch stands in the ledger from `index` on.
fn stands(batch: &[std::sync::Arc<super::promises::Expected>], reader: &Reader, index: u64) -> bool {
    (index..).zip(batch).all(|(at, expected)| {
        at < reader.size()
            && reader.record(at).is_ok_and(|record| {
                // What was just asked for has its payload, unless the erasing of it was asked for at once.
                expected.is(&record)
                    && (record.statement.is_some() || !matches!(expected.says, Says::Erases(_)))
            })
    })
}
