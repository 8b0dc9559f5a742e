//! One proof for many leaves of one tree, each shared node given once: what a pack carries.
//!
//! The only file that imports `rs_merkle`, with a hasher of RFC 6962 (its stock hasher can be forged). It builds the
//! proof and checks it; but its `verify` accepts duplicate and out-of-range positions and ignores surplus hashes, so
//! positions are checked first and [`root_from`], our own computation, decides.
//!
//! Order of the nodes: layer by layer from the leaves up, by position within a layer.

use crate::digest::Digest;
use crate::merkle::ProofError;
use rs_merkle::{Hasher, MerkleProof, MerkleTree};

#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        Digest::leaf(data).0
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            Some(right) => Digest::node(&Digest(*left), &Digest(*right)).0,
            None => *left,
        }
    }
}

/// The nodes that, with the leaves at `indices` (strictly increasing), give the root of the tree over `leaves`.
pub fn prove(leaves: &[Digest], indices: &[u64]) -> Vec<Digest> {
    let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.0).collect();
    let indices: Vec<usize> = indices.iter().map(|index| *index as usize).collect();
    let tree = MerkleTree::<Rfc6962>::from_leaves(&leaves);
    tree.proof(&indices).proof_hashes().iter().map(|hash| Digest(*hash)).collect()
}

/// Checks that the leaves given with their positions (strictly increasing) are those of the tree with `size` leaves and
/// root `root`.
pub fn verify(
    size: u64,
    leaves: &[(u64, Digest)],
    nodes: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if root_from(size, leaves, nodes)? != *root {
        return Err(ProofError::Root);
    }
    // A second, independent opinion; it can only refuse.
    let (indices, hashes): (Vec<usize>, Vec<[u8; 32]>) =
        leaves.iter().map(|(i, leaf)| (*i as usize, leaf.0)).unzip();
    let proof = MerkleProof::<Rfc6962>::new(nodes.iter().map(|node| node.0).collect());
    let total = usize::try_from(size).map_err(|_| ProofError::Outside)?;
    if proof.verify(root.0, &indices, &hashes, total) { Ok(()) } else { Err(ProofError::Root) }
}

/// The root that the leaves and nodes lead to; every node is consumed or the proof is refused.
pub fn root_from(size: u64, leaves: &[(u64, Digest)], nodes: &[Digest]) -> Result<Digest, ProofError> {
    climb(size, leaves, nodes, |_, _, _| ())
}

/// The path of one of the leaves to the root, leaf sibling first (RFC 6962), out of a proof for several.
pub fn path_from(
    size: u64,
    leaves: &[(u64, Digest)],
    nodes: &[Digest],
    index: u64,
) -> Result<Vec<Digest>, ProofError> {
    if !leaves.iter().any(|(at, _)| *at == index) {
        return Err(ProofError::Outside);
    }
    let (mut path, mut position) = (Vec::new(), index);
    let mut layer = 0;
    climb(size, leaves, nodes, |height, left, pair| {
        while layer < height {
            (layer, position) = (layer + 1, position >> 1);
        }
        if position & !1 == left {
            path.push(pair[usize::from(position & 1 == 0)]);
        }
    })?;
    Ok(path)
}

/// From the leaves to the root; `seen` is told of every two nodes that are put together: their height, the position of the
/// left one, both.
fn climb(
    size: u64,
    leaves: &[(u64, Digest)],
    nodes: &[Digest],
    mut seen: impl FnMut(u32, u64, [Digest; 2]),
) -> Result<Digest, ProofError> {
    let increasing = leaves.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if leaves.is_empty() || !increasing || leaves.last().is_some_and(|(index, _)| *index >= size) {
        return Err(ProofError::Outside);
    }
    let mut given = nodes.iter();
    let mut layer: Vec<(u64, Digest)> = leaves.to_vec();
    let (mut width, mut height) = (size, 0);
    while width > 1 {
        layer = parents(&layer, width, &mut given, |left, pair| seen(height, left, pair))?;
        (width, height) = (width.div_ceil(2), height + 1);
    }
    if given.next().is_some() {
        return Err(ProofError::Length);
    }
    Ok(layer[0].1)
}

fn parents<'a>(
    layer: &[(u64, Digest)],
    width: u64,
    given: &mut impl Iterator<Item = &'a Digest>,
    mut seen: impl FnMut(u64, [Digest; 2]),
) -> Result<Vec<(u64, Digest)>, ProofError> {
    let mut up = Vec::with_capacity(layer.len());
    let mut known = layer.iter().peekable();
    while let Some((position, hash)) = known.next() {
        let sibling = position ^ 1;
        let pair = if sibling >= width {
            up.push((position >> 1, *hash));
            continue;
        } else if position & 1 == 0 {
            let right = match known.next_if(|(next, _)| *next == sibling) {
                Some((_, right)) => right,
                None => given.next().ok_or(ProofError::Length)?,
            };
            [*hash, *right]
        } else {
            [*given.next().ok_or(ProofError::Length)?, *hash]
        };
        seen(position & !1, pair);
        let parent = Digest::node(&pair[0], &pair[1]);
        up.push((position >> 1, parent));
    }
    Ok(up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::root_of;
    use proptest::prelude::*;

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|i| Digest::leaf(&i.to_be_bytes())).collect()
    }

    #[test]
    fn roots_equal_rfc_6962_for_every_small_tree() {
        for size in 1..200u64 {
            let all = leaves(size);
            let nodes = prove(&all, &[size / 2]);
            assert_eq!(root_from(size, &[(size / 2, all[(size / 2) as usize])], &nodes), Ok(root_of(&all)));
        }
    }

    proptest! {
        #[test]
        fn any_choice_of_leaves_is_proved_and_any_other_leaf_refused(size in 1u64..300, picks in proptest::collection::btree_set(0u64..300, 1..20)) {
            let all = leaves(size);
            let root = root_of(&all);
            let indices: Vec<u64> = picks.into_iter().map(|i| i % size).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            let nodes = prove(&all, &indices);
            let mut chosen: Vec<(u64, Digest)> = indices.iter().map(|i| (*i, all[*i as usize])).collect();
            prop_assert_eq!(verify(size, &chosen, &nodes, &root), Ok(()));
            for (index, leaf) in &chosen {
                let path = path_from(size, &chosen, &nodes, *index).unwrap();
                prop_assert_eq!(crate::merkle::verify_inclusion(*index, size, leaf, &path, &root), Ok(()));
            }
            prop_assert_eq!(path_from(size, &chosen, &nodes, size), Err(ProofError::Outside));
            let mut surplus = nodes.clone();
            surplus.push(Digest::ZERO);
            prop_assert_eq!(verify(size, &chosen, &surplus, &root), Err(ProofError::Length));
            if !nodes.is_empty() {
                prop_assert_eq!(verify(size, &chosen, &nodes[1..], &root).is_err(), true);
            }
            chosen[0].1 = Digest::leaf(b"other");
            prop_assert_eq!(verify(size, &chosen, &nodes, &root), Err(ProofError::Root));
        }
    }

    #[test]
    fn repeated_and_outside_positions_are_refused() {
        let all = leaves(8);
        let nodes = prove(&all, &[3]);
        let root = root_of(&all);
        assert_eq!(verify(8, &[(3, all[3]), (3, all[3])], &nodes, &root), Err(ProofError::Outside));
        assert_eq!(verify(8, &[(8, all[3])], &nodes, &root), Err(ProofError::Outside));
        assert_eq!(verify(8, &[], &nodes, &root), Err(ProofError::Outside));
    }
}
