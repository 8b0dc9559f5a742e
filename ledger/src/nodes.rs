//! Interior nodes of a run of the tree, each computed once: what makes proofs cheap.
//!
//! The run begins at a leaf whose number is a multiple of 256, so that every node of height 8 or less lies within a run
//! or without. A node is kept from the moment its last leaf is there; it never changes.

use crate::digest::Digest;

/// The nodes over the leaves from `start` on.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeLog {
    start: u64,
    /// By height: the nodes from the first that lies within the run.
    levels: Vec<Vec<Digest>>,
}

impl NodeLog {
    /// An empty run beginning at leaf `start`.
    pub(crate) fn new(start: u64) -> Self {
        Self { start, levels: vec![Vec::new()] }
    }

    /// The run over `leaves`, beginning at leaf `start`.
    pub(crate) fn of(start: u64, leaves: impl IntoIterator<Item = Digest>) -> Self {
        let mut nodes = Self::new(start);
        leaves.into_iter().for_each(|leaf| nodes.push(leaf));
        nodes
    }

    /// Number of leaves.
    pub(crate) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Appends a leaf, and every node it completes.
    pub(crate) fn push(&mut self, leaf: Digest) {
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.levels[0].push(leaf);
        let end = self.start + self.len() as u64;
        for level in 1..=end.trailing_zeros() as usize {
            if end - self.start < 1 << level {
                return;
            }
            let [.., left, right] = self.levels[level - 1][..] else { return };
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(Digest::node(&left, &right));
        }
    }

    /// The node `n` of a height, if all its leaves are in the run.
    pub(crate) fn node(&self, level: u32, n: u64) -> Option<Digest> {
        let first = self.start.div_ceil(1u64.checked_shl(level)?);
        self.levels.get(level as usize)?.get(usize::try_from(n.checked_sub(first)?).ok()?).copied()
    }

    /// Every node of height `level` or more, with its height and number.
    #[cfg(feature = "sled")]
    pub(crate) fn at_least(&self, level: usize) -> impl Iterator<Item = ((u32, u64), Digest)> + '_ {
        self.levels.iter().enumerate().skip(level).flat_map(move |(level, nodes)| {
            let first = self.start.div_ceil(1 << level);
            (first..).zip(nodes).map(move |(n, node)| ((level as u32, n), *node))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::root_of;

    #[test]
    fn every_node_is_the_root_of_its_leaves_and_no_other_is_given() {
        let leaf = |i: u64| Digest::leaf(&i.to_be_bytes());
        for start in [0u64, 256, 768] {
            for count in [0u64, 1, 2, 255, 256, 700] {
                let nodes = NodeLog::of(start, (start..start + count).map(leaf));
                for level in 0..11 {
                    for n in 0..2000 >> level {
                        let (first, end) = (n << level, (n + 1) << level);
                        let within = first >= start && end <= start + count;
                        let expected = within.then(|| root_of(&(first..end).map(leaf).collect::<Vec<_>>()));
                        assert_eq!(nodes.node(level, n), expected, "{start}+{count}: {level} {n}");
                    }
                }
            }
        }
    }
}
