//! A sample: results selected for examination so that neither side could choose them (docs/spec/sample.md).
//!
//! ```text
//! {"by": "Example Audit LLP", "id": "sample-1f0c5a7be2d94412", "root": h'…32', "size": 72,
//!  "text": "the auditor's own words", "count": 25, "items": [31, 12, …], "filter": {"control": "AFF-EXP-11"},
//!  "system": "credit-scoring", "population": {"size": 240, "digest": h'…32'}}
//! ```
//!
//! Everything but `by` follows from `text`, `count`, `filter` and the ledger at `size`, so whoever holds the entries draws
//! the same items. The selection is made of nothing but SHA-256 and whole numbers: it can be done with `sha256sum`.

use crate::control::ControlId;
use crate::result::ControlResult;
use crate::statement::{Statement, StatementError};
use crate::status::Status;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;

/// Most items of a sample.
pub const ITEMS_MAX: u64 = 10_000;
/// The first line of what the seed is made of.
const DOMAIN: &str = "affiant sample v1";
/// Hexadecimal digits that a draw takes from its hash: 60 bits, which a shell can reckon with.
const DIGITS: usize = 15;

/// Results selected from a population. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Who drew it.
    pub by: String,
    /// Its id.
    pub id: Id,
    /// Root of the ledger at `size`.
    pub root: Digest,
    /// Size of the ledger from which it was drawn.
    pub size: u64,
    /// The auditor's own text.
    pub text: String,
    /// How many items were asked for.
    pub count: u64,
    /// Indexes of the entries selected, in the order drawn.
    pub items: Vec<u64>,
    /// Which results it was drawn from.
    pub filter: SampleFilter,
    /// The AI system, which is the stream.
    pub system: Id,
    /// What that came to.
    pub population: SampledPopulation,
}

/// Which results of a stream a sample is drawn from: those that everything said here is true of. Fields stand in
/// canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleFilter {
    /// Observed then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// On this asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Observed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// With this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Of this control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    /// By this collector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<String>,
}

impl fmt::Display for SampleFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = [
            self.control.as_ref().map(|it| format!("of {it}")),
            self.asset.as_ref().map(|it| format!("on {it}")),
            self.status.map(|it| format!("that say {it}")),
            self.collector.as_ref().map(|it| format!("by {it}")),
            self.from.map(|it| format!("from {it}")),
            self.until.map(|it| format!("before {it}")),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() { f.write_str("all") } else { f.write_str(&said.join(", ")) }
    }
}

/// The population of a sample, stated so that another can tell that it has the same. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampledPopulation {
    /// How many results.
    pub size: u64,
    /// SHA-256 of its list ([`list`]).
    pub digest: Digest,
}

impl SampleFilter {
    /// Whether a result is of the population. What was observed over a time counts by its end.
    pub fn takes(&self, result: &ControlResult) -> bool {
        let Self { from, asset, until, status, control, collector } = self;
        from.is_none_or(|from| from <= result.observed_to)
            && until.is_none_or(|until| result.observed_to < until)
            && asset.as_ref().is_none_or(|asset| result.asset.as_ref() == Some(asset))
            && status.is_none_or(|status| status == result.status)
            && control.as_ref().is_none_or(|control| *control == result.control)
            && collector.as_ref().is_none_or(|collector| *collector == result.collector.name)
    }
}

impl Sample {
    /// Draws a sample from a population: index and leaf hash of each of its entries, by index.
    pub fn draw(drawing: Drawing<'_>, population: &[(u64, Digest)]) -> Self {
        let Drawing { by, system, filter, text, count, size, root } = drawing;
        let digest = Digest::of(list(population).as_bytes());
        let seed = seed(text, &root);
        let drawn = select(&seed, population.len() as u64, count);
        let items =
            drawn.into_iter().filter_map(|at| population.get(usize::try_from(at).ok()?)).map(|item| item.0);
        let name = Digest::of(format!("{seed} {digest} {count} {size}\n").as_bytes()).to_string();
        let id = format!("sample-{}", &name[..16]);
        Self {
            by: by.to_owned(),
            id: id.parse().unwrap_or_else(|_| panic!("hexadecimal digits are an identifier")),
            root,
            size,
            text: text.to_owned(),
            count,
            items: items.collect(),
            filter: filter.clone(),
            system: system.clone(),
            population: SampledPopulation { size: population.len() as u64, digest },
        }
    }

    /// Whether this is what is drawn from a population by what it says.
    pub fn is_drawn_from(&self, population: &[(u64, Digest)]) -> bool {
        let Self { by, root, size, text, count, filter, system, .. } = self;
        let drawing = Drawing { by, system, filter, text, count: *count, size: *size, root: *root };
        Self::draw(drawing, population) == *self
    }
}

/// The results that a sample is drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PopulationList {
    /// Index and leaf hash of each entry, by index.
    pub entries: Vec<(u64, Digest)>,
    /// Results that cannot be asked, because their payload is gone.
    pub unread: u64,
}

impl PopulationList {
    /// Takes in further records of a stream, in their order, so that not all results are held at once.
    pub fn take_in(&mut self, records: &[Record], filter: &SampleFilter) -> Result<(), StatementError> {
        for record in records.iter().filter(|record| record.entry.kind == *"result") {
            match &record.statement {
                None => self.unread += 1,
                Some(statement) => {
                    if let Some(Statement::Result(result)) = Statement::from_bytes("result", statement)?
                        && filter.takes(&result)
                    {
                        self.entries.push((record.entry.index, record.leaf));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The results of a stream, read once, to make populations of.
#[derive(Debug, Clone)]
pub struct StreamResults {
    results: Vec<(u64, Digest, ControlResult)>,
    unread: Vec<u64>,
}

impl StreamResults {
    /// Reads them from all records of a stream.
    pub fn of(records: &[Record]) -> Result<Self, StatementError> {
        let (mut results, mut unread) = (Vec::new(), Vec::new());
        for record in records.iter().filter(|record| record.entry.kind == *"result") {
            let index = record.entry.index;
            match &record.statement {
                None => unread.push(index),
                Some(statement) => {
                    if let Some(Statement::Result(result)) = Statement::from_bytes("result", statement)? {
                        results.push((index, record.leaf, *result));
                    }
                }
            }
        }
        results.sort_unstable_by_key(|(index, ..)| *index);
        Ok(Self { results, unread })
    }

    /// The result of an entry, with its leaf hash.
    pub fn get(&self, index: u64) -> Option<(&Digest, &ControlResult)> {
        let at = self.results.binary_search_by_key(&index, |(index, ..)| *index).ok()?;
        self.results.get(at).map(|(_, leaf, result)| (leaf, result))
    }

    /// How many can be read.
    pub fn count(&self) -> u64 {
        self.results.len() as u64
    }

    /// Those among the first `size` entries of the ledger that a filter takes.
    pub fn population(&self, filter: &SampleFilter, size: u64) -> PopulationList {
        let within = self.results.iter().take_while(|(index, ..)| *index < size);
        let taken = within.filter(|(.., result)| filter.takes(result));
        PopulationList {
            entries: taken.map(|(index, leaf, _)| (*index, *leaf)).collect(),
            unread: self.unread.iter().filter(|index| **index < size).count() as u64,
        }
    }
}

/// What a sample is drawn by.
#[derive(Debug, Clone, Copy)]
pub struct Drawing<'a> {
    /// Who draws.
    pub by: &'a str,
    /// The AI system.
    pub system: &'a Id,
    /// Which of its results.
    pub filter: &'a SampleFilter,
    /// The auditor's own text.
    pub text: &'a str,
    /// How many items; a smaller population is taken whole.
    pub count: u64,
    /// Size of the ledger.
    pub size: u64,
    /// Its root at that size.
    pub root: Digest,
}

/// The list of a population, whose SHA-256 is its digest: a line for each entry, `<index> <leaf hash>`, by index.
pub fn list(population: &[(u64, Digest)]) -> String {
    population.iter().map(|(index, leaf)| format!("{index} {leaf}\n")).collect()
}

/// The seed: SHA-256 of three lines, the domain, the auditor's text and the root in hexadecimal.
pub fn seed(text: &str, root: &Digest) -> Digest {
    Digest::of(format!("{DOMAIN}\n{text}\n{root}\n").as_bytes())
}

/// Positions drawn from `0..size`, each at most once and every set of them equally likely, in the order drawn. All of
/// them when there are no more than `count`.
///
/// A draw is the first 60 bits of SHA-256 over the line `<seed> <number of the draw>`. One above the largest multiple of
/// `size` is passed over, so that no position is likelier than another; so is one that was drawn before.
pub fn select(seed: &Digest, size: u64, count: u64) -> Vec<u64> {
    let wanted = count.min(size);
    let mut drawn = Vec::new();
    let mut seen = HashSet::new();
    let range = 1u64 << (4 * DIGITS);
    let fair = range - range.checked_rem(size).unwrap_or(0);
    let mut number = 0u64;
    while (drawn.len() as u64) < wanted {
        let hash = Digest::of(format!("{seed} {number}\n").as_bytes()).to_string();
        let value =
            u64::from_str_radix(&hash[..DIGITS], 16).unwrap_or_else(|_| panic!("a digest is hexadecimal"));
        if value < fair && seen.insert(value % size) {
            drawn.push(value % size);
        }
        number += 1;
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_sample_begins_with_the_shorter_and_the_whole_holds_each_once() {
        let seed = seed("my own words", &Digest::empty_root());
        let ten = select(&seed, 50, 10);
        assert_eq!(select(&seed, 50, 25)[..10], ten);
        let mut all = select(&seed, 50, 1000);
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<u64>>());
        assert!(select(&seed, 0, 5).is_empty());
        assert_eq!(select(&seed, 1, 5), [0]);
    }

    #[test]
    fn the_draws_on_the_page_are_the_ones_made() {
        let page = include_str!("../../docs/spec/sample.md");
        let root = "0c9ecf308af7191eb2ff8b333d0bb9c83001af3c5132a509225181bb93757c5b".parse().unwrap();
        let seed = seed("winter rain", &root);
        assert!(page.contains(&format!("seed  {seed}\n")));
        let drawn: Vec<String> = select(&seed, 40, 6).iter().map(u64::to_string).collect();
        assert!(page.contains(&format!("N=40  positions {}\n", drawn.join(", "))), "{drawn:?}");
    }

    #[test]
    fn text_and_root_each_change_what_is_drawn() {
        let draw = |text, root| select(&seed(text, &root), 1000, 10);
        let first = draw("a", Digest::ZERO);
        assert_ne!(first, draw("b", Digest::ZERO));
        assert_ne!(first, draw("a", Digest::empty_root()));
        assert_eq!(first, draw("a", Digest::ZERO));
    }

    #[test]
    fn every_position_is_drawn_about_as_often() {
        // 20 of 100, 500 times: each position 100 times on average, with a deviation of 9.
        let mut counts = [0u32; 100];
        for run in 0..500u32 {
            let seed = seed(&run.to_string(), &Digest::ZERO);
            select(&seed, 100, 20).into_iter().for_each(|at| counts[usize::try_from(at).unwrap()] += 1);
        }
        assert!(counts.iter().all(|count| (55..=145).contains(count)), "{counts:?}");
    }
}
