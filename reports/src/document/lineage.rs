//! A drawing of things and of what each came from: data to the left, what was made of it to the right.

use serde::{Deserialize, Serialize};

/// Most layers that are told apart; what lies deeper stands in the last.
const LAYERS_MAX: usize = 6;

/// Things, and how each came from others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Line above; may be empty.
    pub caption: String,
    /// The things.
    pub nodes: Vec<LineageNode>,
    /// How they came from one another.
    pub edges: Vec<LineageEdge>,
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageNode {
    /// Its name.
    pub label: String,
    /// What sort of thing it is; may be empty.
    pub note: String,
}

/// One thing came from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageEdge {
    /// Which thing, by its place among the nodes.
    pub of: usize,
    /// What it came from.
    pub from: usize,
    /// How: `trained-on`.
    pub label: String,
}

/// Where a thing is drawn: its layer from the left and its row from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The layer, from 0.
    pub layer: usize,
    /// The row in it, from 0.
    pub row: usize,
}

impl Lineage {
    /// A place for each node: behind everything it came from, near the middle of these. An edge that closes a circle does not
    /// count, nor does one whose end is no node.
    pub fn places(&self) -> Vec<Place> {
        let mut from = vec![Vec::new(); self.nodes.len()];
        for edge in self.edges.iter().filter(|edge| edge.from < self.nodes.len() && edge.from != edge.of) {
            if let Some(of) = from.get_mut(edge.of) {
                of.push(edge.from);
            }
        }
        let layers = layers(&from);
        let mut places = vec![Place { layer: 0, row: 0 }; self.nodes.len()];
        for layer in 0..=layers.iter().copied().max().unwrap_or_default() {
            let mut members: Vec<usize> = (0..layers.len()).filter(|node| layers[*node] == layer).collect();
            // Twice the mean row of what it came from, so that halves are kept.
            let middle = |node: &usize| {
                let rows: Vec<usize> =
                    from[*node].iter().filter(|it| layers[**it] < layer).map(|it| places[*it].row).collect();
                2 * rows.iter().sum::<usize>() / rows.len().max(1)
            };
            members.sort_by_key(|node| (middle(node), *node));
            for (row, node) in members.into_iter().enumerate() {
                places[node] = Place { layer, row };
            }
        }
        places
    }
}

/// The layer of each node: one more than the deepest it came from.
fn layers(from: &[Vec<usize>]) -> Vec<usize> {
    let mut layers: Vec<Option<usize>> = vec![None; from.len()];
    let mut open = vec![false; from.len()];
    for start in 0..from.len() {
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.pop() {
            if layers[node].is_some() {
                continue;
            }
            open[node] = true;
            match from[node].get(next) {
                Some(other) => {
                    path.push((node, next + 1));
                    if layers[*other].is_none() && !open[*other] {
                        path.push((*other, 0));
                    }
                }
                None => {
                    let deepest = from[node].iter().filter_map(|it| layers[*it]).max();
                    layers[node] = Some(deepest.map_or(0, |deepest| (deepest + 1).min(LAYERS_MAX - 1)));
                    open[node] = false;
                }
            }
        }
    }
    layers.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(count: usize, edges: &[(usize, usize)]) -> Lineage {
        let node = |at| LineageNode { label: format!("n{at}"), note: String::new() };
        let edge =
            |(of, from): &(usize, usize)| LineageEdge { of: *of, from: *from, label: "derived-from".into() };
        Lineage {
            caption: String::new(),
            nodes: (0..count).map(node).collect(),
            edges: edges.iter().map(edge).collect(),
        }
    }

    fn drawn(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
        lineage(count, edges).places().iter().map(|place| (place.layer, place.row)).collect()
    }

    #[test]
    fn each_thing_stands_behind_everything_it_came_from() {
        assert_eq!(drawn(4, &[(0, 1), (1, 2), (0, 3)]), [(2, 0), (1, 0), (0, 0), (0, 1)]);
        assert_eq!(drawn(4, &[(2, 1), (3, 0)]), [(0, 0), (0, 1), (1, 1), (1, 0)]);
    }

    #[test]
    fn circles_long_chains_and_edges_to_nowhere_are_drawn_too() {
        let chain: Vec<(usize, usize)> = (1..100_000).map(|at| (at, at - 1)).collect();
        assert_eq!(drawn(100_000, &chain)[99_999].0, LAYERS_MAX - 1);
        assert_eq!(drawn(2, &[(0, 1), (1, 0), (0, 0), (7, 0), (0, 9)]).len(), 2);
        assert_eq!(drawn(0, &[]), []);
    }
}
