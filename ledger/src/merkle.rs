//! The Merkle tree of RFC 6962: appending, roots, inclusion and consistency proofs, and their verification.
//!
//! A proof is a list of hashes, leaf sibling first. Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2: every
//! hash is consumed or the proof is refused.

use crate::digest::Digest;
use std::convert::Infallible;
use std::ops::Range;

/// Most hashes a proof can hold: a tree of 2^64 leaves needs no more.
pub const PROOF_LENGTH_MAX: usize = 64;

/// Why a proof was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The position is not in the tree.
    #[error("the position lies outside the tree")]
    Outside,
    /// Fewer or more hashes than the position and size ask for.
    #[error("the proof has too few or too many hashes")]
    Length,
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root")]
    Root,
}

/// Checks that `leaf` is at `index` of the tree with `size` leaves and root `root` (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Digest,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    verify_subtree_inclusion(index, 0..size, leaf, path, root)
}

/// Checks that `leaf` is at `index` under the node that covers the leaves of `range`
/// (draft-ietf-plants-merkle-tree-certs section 4.3).
pub fn verify_subtree_inclusion(
    index: u64,
    range: Range<u64>,
    leaf: &Digest,
    path: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if !range.contains(&index) || !is_subtree(&range) {
        return Err(ProofError::Outside);
    }
    let (mut node, mut last, mut hash) = (index - range.start, range.end - range.start - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Digest::node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Digest::node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `old_size` leaves and root `old_root` is a prefix of the tree of `size` leaves and `root`
/// (RFC 9162 section 2.1.4.2). `old_size` 0 is refused: it says nothing.
pub fn verify_consistency(
    old_size: u64,
    size: u64,
    old_root: &Digest,
    root: &Digest,
    path: &[Digest],
) -> Result<(), ProofError> {
    if old_size == 0 {
        return Err(ProofError::Outside);
    }
    verify_subtree_consistency(0..old_size, size, old_root, root, path)
}

/// Checks that the node over the leaves of `range`, with hash `node_hash`, is part of the tree of `size` leaves and
/// `root` (draft-ietf-plants-merkle-tree-certs section 4.4).
pub fn verify_subtree_consistency(
    range: Range<u64>,
    size: u64,
    node_hash: &Digest,
    root: &Digest,
    path: &[Digest],
) -> Result<(), ProofError> {
    if range.end > size || !is_subtree(&range) {
        return Err(ProofError::Outside);
    }
    if range.is_empty() {
        let empty = *node_hash == Digest::empty_root() && path.is_empty();
        return if empty { Ok(()) } else { Err(ProofError::Root) };
    }
    // First, left edge and last leaf of the subtree, last leaf of the tree; as node numbers while climbing.
    let (mut first, mut edge, mut last) = (range.start, range.end - 1, size - 1);
    while first != edge && (edge == last || edge & 1 == 1) {
        (first, edge, last) = (first >> 1, edge >> 1, last >> 1);
    }
    let (seed, rest) =
        if first == edge { (node_hash, path) } else { path.split_first().ok_or(ProofError::Length)? };
    let (mut below, mut whole) = (*seed, *seed);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if edge & 1 == 1 || edge == last {
            if first < edge {
                below = Digest::node(sibling, &below);
            }
            whole = Digest::node(sibling, &whole);
            while edge & 1 == 0 && edge != 0 {
                (first, edge, last) = (first >> 1, edge >> 1, last >> 1);
            }
        } else {
            whole = Digest::node(&whole, sibling);
        }
        (first, edge, last) = (first >> 1, edge >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if below == *node_hash && whole == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Whether one node of an RFC 6962 tree covers exactly these leaves: the start is a multiple of the width rounded up to
/// a power of two.
fn is_subtree(range: &Range<u64>) -> bool {
    let width = range.end.checked_sub(range.start).and_then(u64::checked_next_power_of_two);
    width.is_some_and(|width| range.start.is_multiple_of(width))
}

/// The right edge of a growing tree: the roots of its perfect subtrees, largest first. Enough to append and to tell
/// the root; appending costs one node hash on average.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of `size` leaves with the given peaks, or `None` when their number does not fit the size.
    pub fn new(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .unwrap_or_else(|| panic!("a frontier has as many peaks as its size has ones"));
            hash = Digest::node(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Digest::empty_root(),
            Some(last) => peaks.fold(*last, |right, left| Digest::node(left, &right)),
        }
    }
}

/// Root of a list of leaf hashes.
pub fn root_of(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// Gives the root of a perfect subtree: `node(level, n)` covers leaves `n << level .. (n + 1) << level`.
pub trait Nodes {
    /// Why a node cannot be given.
    type Error;
    /// The root of the perfect subtree `n` of height `level`.
    fn node(&self, level: u32, n: u64) -> Result<Digest, Self::Error>;
}

/// Root of the leaves `start..end`; `start` is a multiple of the smallest power of two not below the width.
pub fn subtree_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Digest, N::Error> {
    let width = end - start;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return nodes.node(level, start >> level);
    }
    let middle = start + split(width);
    Ok(Digest::node(&subtree_root(nodes, start, middle)?, &subtree_root(nodes, middle, end)?))
}

/// Root of the tree of the first `size` leaves.
pub fn tree_root<N: Nodes>(nodes: &N, size: u64) -> Result<Digest, N::Error> {
    if size == 0 { Ok(Digest::empty_root()) } else { subtree_root(nodes, 0, size) }
}

/// The frontier of the first `size` leaves.
pub fn frontier<N: Nodes>(nodes: &N, size: u64) -> Result<Frontier, N::Error> {
    let mut peaks = Vec::new();
    let mut start = 0;
    for level in (0..64).rev().filter(|level| size >> level & 1 == 1) {
        peaks.push(nodes.node(level, start >> level)?);
        start += 1 << level;
    }
    Ok(Frontier { size, peaks })
}

/// Inclusion proof of leaf `index` in the tree of the first `size` leaves (`index < size`).
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Digest>, N::Error> {
    assert!(index < size, "the leaf is in the tree");
    let height = u64::BITS - (size - 1).leading_zeros();
    let (mut path, mut start, mut end) = (Vec::with_capacity(height as usize), 0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(subtree_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree_root(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The leaves themselves as nodes: each asked for is computed.
struct Leaves<'a>(&'a [Digest]);

impl Nodes for Leaves<'_> {
    type Error = Infallible;

    fn node(&self, level: u32, n: u64) -> Result<Digest, Infallible> {
        let start = (n << level) as usize;
        Ok(root_of(&self.0[start..start + (1 << level)]))
    }
}

/// Consistency proof from the first `old_size` of `leaves` to all of them (`0 < old_size <= leaves.len()`).
pub fn consistency_of(leaves: &[Digest], old_size: u64) -> Vec<Digest> {
    let Ok(path) = consistency(&Leaves(leaves), old_size, leaves.len() as u64);
    path
}

/// Consistency proof from the first `old_size` to the first `size` leaves (`0 < old_size <= size`).
pub fn consistency<N: Nodes>(nodes: &N, old_size: u64, size: u64) -> Result<Vec<Digest>, N::Error> {
    assert!(0 < old_size && old_size <= size, "the old tree is a part of the new");
    let (mut path, mut start, mut end) = (Vec::new(), 0, size);
    // Whether the old tree's edge has been left: then its own subtree root must be given.
    let mut inside = false;
    while old_size != end {
        let middle = start + split(end - start);
        if old_size <= middle {
            path.push(subtree_root(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(subtree_root(nodes, start, middle)?);
            start = middle;
            inside = true;
        }
    }
    if inside {
        path.push(subtree_root(nodes, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two strictly below `width` (at least 2).
fn split(width: u64) -> u64 {
    1 << (63 - (width - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Leaves(Vec<Digest>);

    impl Nodes for Leaves {
        type Error = Infallible;
        fn node(&self, level: u32, n: u64) -> Result<Digest, Self::Error> {
            let (start, width) = ((n << level) as usize, 1usize << level);
            Ok(root_of(&self.0[start..start + width]))
        }
    }

    fn leaves(count: u64) -> Leaves {
        Leaves((0..count).map(|i| Digest::leaf(&i.to_be_bytes())).collect())
    }

    #[test]
    fn every_inclusion_proof_of_small_trees_holds_and_no_other_leaf_passes() {
        for size in 1..40 {
            let tree = leaves(size);
            let root = tree_root(&tree, size).unwrap();
            assert_eq!(root, root_of(&tree.0));
            for index in 0..size {
                let path = inclusion(&tree, index, size).unwrap();
                let leaf = tree.0[index as usize];
                assert_eq!(verify_inclusion(index, size, &leaf, &path, &root), Ok(()));
                let other = Digest::leaf(b"other");
                assert_eq!(verify_inclusion(index, size, &other, &path, &root), Err(ProofError::Root));
            }
        }
    }

    #[test]
    fn every_consistency_proof_of_small_trees_holds_and_no_fork_passes() {
        for size in 1..40 {
            let tree = leaves(size);
            let root = tree_root(&tree, size).unwrap();
            for old in 1..=size {
                let path = consistency(&tree, old, size).unwrap();
                let old_root = tree_root(&tree, old).unwrap();
                assert_eq!(verify_consistency(old, size, &old_root, &root, &path), Ok(()), "{old} {size}");
                let fork = Digest::leaf(b"fork");
                assert_eq!(verify_consistency(old, size, &fork, &root, &path), Err(ProofError::Root));
            }
        }
    }

    #[test]
    fn a_frontier_taken_from_the_nodes_is_the_one_grown_leaf_by_leaf() {
        let mut grown = Frontier::default();
        let tree = leaves(70);
        for size in 0..70 {
            assert_eq!(frontier(&tree, size).unwrap(), grown);
            grown.push(tree.0[size as usize]);
        }
    }
}
