//! The two chains and the tree, put together from runs of entries judged by themselves.

use super::{Fault, FaultKind};
use crate::digest::Digest;
use crate::entry::EntryRef;
use crate::id::Id;
use crate::merkle::Frontier;
use crate::tile::TILE_WIDTH;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What links a run of entries to those before it and behind it.
#[derive(Default)]
pub(super) struct Links {
    /// The first entry's index and link, if it could be read.
    first: Option<(u64, Digest)>,
    /// Leaf hash of the entry before, within the run.
    prev: Option<Digest>,
    /// Index and time of the first entry that could be read, and the time of the last.
    times: Option<(u64, Timestamp, Timestamp)>,
    streams: Vec<StreamRun>,
}

/// The part of one stream that lies in a run.
struct StreamRun {
    stream: Id,
    /// Index, position and link of its first entry.
    first: (u64, u64, Digest),
    /// Length of the stream behind its last entry, and that entry's leaf hash.
    last: (u64, Digest),
}

impl Links {
    /// Takes the next entry of the run; tells what is wrong with its place.
    pub(super) fn take(
        &mut self,
        index: u64,
        leaf: Digest,
        entry: Option<EntryRef>,
    ) -> Vec<(FaultKind, String)> {
        let mut faults = Vec::new();
        if let Some(entry) = entry {
            if entry.index != index {
                faults.push((FaultKind::Entry, format!("says it is entry {}", entry.index)));
            }
            match self.prev {
                None => self.first = Some((index, entry.prev)),
                Some(prev) if prev != entry.prev => faults.push((FaultKind::Chain, wrong_prev())),
                Some(_) => {}
            }
            let (first, from, time) = self.times.unwrap_or((index, entry.time, entry.time));
            if time > entry.time {
                faults.push((FaultKind::Time, too_early(entry.time)));
            }
            self.times = Some((first, from, entry.time));
            let last = (entry.n + 1, leaf);
            match self.streams.iter_mut().rev().find(|run| run.stream == *entry.stream.as_str()) {
                Some(run) => {
                    if run.last != (entry.n, entry.stream_prev) {
                        faults.push((FaultKind::Chain, wrong_stream(run.last.0, &run.stream)));
                    }
                    run.last = last;
                }
                None => {
                    let first = (index, entry.n, entry.stream_prev);
                    self.streams.push(StreamRun { stream: entry.stream.into(), first, last });
                }
            }
        }
        self.prev = Some(leaf);
        faults
    }

    /// Passes over an entry that is lost but for its hash.
    pub(super) fn pass(&mut self, leaf: Digest) {
        self.prev = Some(leaf);
    }
}

fn wrong_prev() -> String {
    "`prev` is not the leaf hash of the entry before".into()
}

fn wrong_stream(length: u64, stream: &Id) -> String {
    format!("does not follow entry {length} of stream `{stream}`")
}

fn too_early(time: Timestamp) -> String {
    format!("recorded at {time}, before the entry before it")
}

/// The ledger as far as it has been put together.
pub(super) struct Chain {
    /// Over whole bundles: their roots are its leaves.
    bundles: Frontier,
    frontier: Frontier,
    prev: Digest,
    time: Option<Timestamp>,
    streams: BTreeMap<Id, (u64, Digest)>,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            bundles: Frontier::default(),
            frontier: Frontier::default(),
            prev: Digest::ZERO,
            time: None,
            streams: BTreeMap::new(),
        }
    }
}

impl Chain {
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Leaf hash of the last entry.
    pub(super) fn last(&self) -> Digest {
        self.prev
    }

    pub(super) fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// Compares a run with what came before; tells what is wrong between the two.
    pub(super) fn follow(&mut self, links: Links, place: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |kind, index, detail| {
            faults.push(Fault { kind, index: Some(index), path: Some(place.to_owned()), detail });
        };
        if let Some((index, prev)) = links.first
            && prev != self.prev
        {
            fault(FaultKind::Chain, index, wrong_prev());
        }
        if let Some((index, first, last)) = links.times {
            if self.time.is_some_and(|time| time > first) {
                fault(FaultKind::Time, index, too_early(first));
            }
            self.time = Some(last);
        }
        for run in links.streams {
            let (index, n, prev) = run.first;
            let head = self.streams.get(&run.stream).copied().unwrap_or((0, Digest::ZERO));
            if head != (n, prev) {
                fault(FaultKind::Chain, index, wrong_stream(head.0, &run.stream));
            }
            self.streams.insert(run.stream, run.last);
        }
        self.prev = links.prev.unwrap_or(self.prev);
        faults
    }

    /// Takes a bundle's root into the tree; gives the roots at the sizes asked for within it, and at its end.
    pub(super) fn take_bundle(
        &mut self,
        root: Digest,
        within: Option<(Vec<u64>, Vec<Digest>)>,
    ) -> Vec<(u64, Digest)> {
        let mut roots = Vec::new();
        if let Some((sizes, leaves)) = within {
            let mut frontier = self.frontier.clone();
            for leaf in leaves {
                frontier.push(leaf);
                if sizes.contains(&frontier.size()) {
                    roots.push((frontier.size(), frontier.root()));
                }
            }
        }
        self.bundles.push(root);
        let peaks = self.bundles.peaks().to_vec();
        let whole = Frontier::new(self.bundles.size() * TILE_WIDTH, peaks);
        self.frontier = whole.unwrap_or_else(|| panic!("a multiple of 256 has as many ones as its quotient"));
        roots.push((self.size(), self.root()));
        roots
    }

    /// Takes a leaf behind the bundles into the tree.
    pub(super) fn push(&mut self, leaf: Digest) {
        self.frontier.push(leaf);
    }
}
