//! Nodes of the tree as a reader finds them: over the tail in memory, in full tiles on the disk, or put together from
//! smaller ones. What was read or computed is kept, as far as it is small.

use super::{ReadError, Reader, hashes_path};
use crate::digest::Digest;
use crate::journal::Sealed;
use crate::merkle::Nodes;
use crate::nodes::NodeLog;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// Tiles whose nodes are kept: enough for the right edge of a tree of 2^40 leaves and some others.
const TILES_KEPT: usize = 32;

/// Nodes read or computed before.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The nodes over the tail, as far as they were asked for.
    tail: NodeLog,
    /// Nodes of height 8 and more that stand in no full tile yet.
    high: BTreeMap<(u32, u64), Digest>,
    /// Full tiles by level and number, each with when it was last used.
    tiles: BTreeMap<(u32, u64), (NodeLog, u64)>,
    uses: u64,
}

impl Reader {
    /// A node whose leaves are all there.
    fn find(&self, known: &mut Known, level: u32, n: u64) -> Result<Digest, ReadError> {
        if n << level >= self.tail_start {
            known.reach(&self.tail);
            let lost = || ReadError::Outside { index: n << level, size: self.size() };
            return known.tail.node(level, n).ok_or_else(lost);
        }
        if let Some(node) = known.high.get(&(level, n)) {
            return Ok(*node);
        }
        if let Some(node) = self.in_tile(known, level, n)? {
            return Ok(node);
        }
        let node =
            Digest::node(&self.find(known, level - 1, 2 * n)?, &self.find(known, level - 1, 2 * n + 1)?);
        known.high.insert((level, n), node);
        Ok(node)
    }

    /// A node that stands in a full tile, or is the root of one.
    fn in_tile(&self, known: &mut Known, level: u32, n: u64) -> Result<Option<Digest>, ReadError> {
        let tile_level = level / TILE_HEIGHT;
        let first = n << (level % TILE_HEIGHT);
        if let Some(node) = self.in_tile_at(known, tile_level, first / TILE_WIDTH, level % TILE_HEIGHT, n)? {
            return Ok(Some(node));
        }
        if !level.is_multiple_of(TILE_HEIGHT) || level == 0 {
            return if level < TILE_HEIGHT { Err(missing(n << level)) } else { Ok(None) };
        }
        let root = self.in_tile_at(known, tile_level - 1, n, TILE_HEIGHT, n)?;
        if let Some(root) = root {
            known.high.insert((level, n), root);
        }
        Ok(root)
    }

    fn in_tile_at(
        &self,
        known: &mut Known,
        tile_level: u32,
        number: u64,
        within: u32,
        n: u64,
    ) -> Result<Option<Digest>, ReadError> {
        // A tile is there once all its leaves have left the tail.
        let end = (u128::from(number) + 1) << (TILE_HEIGHT * (tile_level + 1));
        if end > u128::from(self.tail_start) {
            return Ok(None);
        }
        if let Some(nodes) = known.tile(tile_level, number) {
            return Ok(nodes.node(within, n));
        }
        let Some(hashes) = self.read_tile(tile_level, number)? else { return Ok(None) };
        let nodes = NodeLog::of(number * TILE_WIDTH, hashes);
        let node = nodes.node(within, n);
        known.keep(tile_level, number, nodes);
        Ok(node)
    }
}

fn missing(index: u64) -> ReadError {
    ReadError::Tile { path: hashes_path(0, index / TILE_WIDTH), what: "missing".into() }
}

impl Known {
    /// Nothing known yet of a log whose tail begins at `tail_start`.
    pub(super) fn new(tail_start: u64) -> Self {
        Self { tail: NodeLog::new(tail_start), ..Self::default() }
    }

    /// Gives up the nodes over a tail whose first entries leave it, up to entry `next`. The files that will hold them may
    /// not be written for a while, so the high ones are kept.
    #[cfg(feature = "sled")]
    pub(super) fn drain(&mut self, tail: &[Sealed], next: u64) {
        self.reach(tail);
        self.high.extend(self.tail.at_least(8));
        self.tail = NodeLog::new(next);
    }

    /// Takes in the leaves of the tail that are not in the run yet.
    fn reach(&mut self, tail: &[Sealed]) {
        let from = self.tail.len();
        tail[from..].iter().for_each(|sealed| self.tail.push(sealed.leaf));
    }

    fn tile(&mut self, level: u32, number: u64) -> Option<&NodeLog> {
        self.uses += 1;
        let (nodes, used) = self.tiles.get_mut(&(level, number))?;
        *used = self.uses;
        Some(nodes)
    }

    fn keep(&mut self, level: u32, number: u64, nodes: NodeLog) {
        if self.tiles.len() >= TILES_KEPT {
            let oldest = self.tiles.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key);
            oldest.map(|key| self.tiles.remove(&key));
        }
        self.tiles.insert((level, number), (nodes, self.uses));
    }
}

impl Nodes for Reader {
    type Error = ReadError;

    fn node(&self, level: u32, n: u64) -> Result<Digest, ReadError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.find(&mut known, level, n)
    }
}
