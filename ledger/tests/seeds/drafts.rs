//! What is appended: statements `{"blob"?, "fill", "id"?, "k", "number"}`, each with a number of its own, and how the
//! index files them.

use super::chance::Chance;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::record::{Draft, Facet, Filing};
use std::collections::BTreeMap;

/// Kind of the statements here.
pub(crate) const KIND: &str = "result";
/// Streams they go to.
pub(crate) const STREAMS: [&str; 3] = ["credit-scoring", "fraud", "org"];

/// Files a statement by its own words.
pub(crate) struct ByWords;

fn words(kind: &str, statement: &[u8]) -> BTreeMap<String, String> {
    if kind == KIND { codec::decode_trusted(statement).unwrap_or_default() } else { BTreeMap::new() }
}

impl Filing for ByWords {
    fn facet(&self, kind: &str, statement: &[u8]) -> Option<Facet> {
        let key = words(kind, statement).remove("k")?.into_bytes();
        let rank = u64::from(key.len() as u32 % 2);
        Some(Facet { key, rank })
    }

    fn id(&self, kind: &str, statement: &[u8]) -> Option<String> {
        words(kind, statement).remove("id")
    }

    fn blobs(&self, kind: &str, statement: &[u8]) -> Vec<Digest> {
        words(kind, statement).get("blob").and_then(|digest| digest.parse().ok()).into_iter().collect()
    }
}

/// One statement to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) stream: usize,
    pub(crate) number: u64,
    pub(crate) id: Option<u64>,
    pub(crate) facet: u64,
    pub(crate) fill: usize,
    pub(crate) blob: Option<Digest>,
}

impl Wanted {
    pub(crate) fn draft(&self) -> Draft {
        let mut words = BTreeMap::from([
            ("number", self.number.to_string()),
            ("k", format!("control-{}", self.facet)),
            ("fill", secret(self.number, self.fill)),
        ]);
        words.extend(self.id.map(|id| ("id", format!("run-{id}"))));
        words.extend(self.blob.map(|blob| ("blob", blob.to_string())));
        let statement = codec::encode(&words);
        Draft {
            stream: STREAMS[self.stream].parse().unwrap(),
            kind: KIND.parse().unwrap(),
            by: "local".into(),
            signature: None,
            id: self.id.map(|id| format!("run-{id}")),
            facet: ByWords.facet(KIND, &statement),
            statement,
        }
    }
}

/// Words that only the statement of this number says: where they stand on a disk, the payload does.
pub(crate) fn secret(number: u64, length: usize) -> String {
    let mut text = format!("<secret {number}>");
    text.extend(std::iter::repeat_n('x', length));
    text
}

/// Draws statements and numbers them.
#[derive(Debug, Clone)]
pub(crate) struct Drawer {
    number: u64,
}

impl Drawer {
    pub(crate) fn new(first: u64) -> Self {
        Self { number: first }
    }

    pub(crate) fn one(&mut self, chance: &mut Chance) -> Wanted {
        self.number += 1;
        let fill = match chance.below(16) {
            0 => 20_000,
            1..4 => 900,
            _ => 10,
        };
        Wanted {
            stream: chance.below(STREAMS.len() as u64) as usize,
            number: self.number,
            id: chance.one_in(3).then_some(self.number),
            facet: chance.below(6),
            fill: chance.below(fill) as usize,
            blob: None,
        }
    }

    pub(crate) fn many(&mut self, count: u64, chance: &mut Chance) -> Vec<Draft> {
        (0..count).map(|_| self.one(chance).draft()).collect()
    }
}
