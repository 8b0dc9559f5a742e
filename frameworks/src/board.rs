//! Figures for a board: how much is covered, how old the evidence is, how fast what went wrong was dealt with
//! (docs/spec/board.md).
//!
//! ```text
//! {"figure": "pairs-held", "title": "controls on assets that hold", "count": 41, "of": 320}
//! {"figure": "time-to-remediate", "title": "...", "n": 12, "median_ms": 86400000, "mean_ms": ..., "p95_ms": ...}
//! ```
//!
//! Each figure says of how many it speaks, and none is made of none: where nothing was counted there is no value.
//! Integers only, milliseconds, cut and not rounded.

mod measure;

use crate::assessment::Share;
use serde::{Deserialize, Serialize};

pub use measure::{Basis, JAILBREAK, MODEL_DRIFT, measure};

/// A figure with what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Its word, such as `pairs-held`; of a framework or severity followed by `:` and which.
    pub figure: String,
    /// What it says.
    pub title: String,
    /// The value.
    #[serde(flatten)]
    pub value: Value,
}

/// The value of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A part of a whole.
    Share {
        /// How many; nothing where there are none of which.
        count: Option<u64>,
        /// Of how many.
        of: u64,
    },
    /// Lengths of time, in milliseconds; nothing where there are none.
    Times {
        /// How many.
        n: u64,
        /// The middle one; of two in the middle what lies halfway.
        median_ms: Option<u64>,
        /// Their sum over their number.
        mean_ms: Option<u64>,
        /// The shortest that at least 95 of 100 do not exceed.
        p95_ms: Option<u64>,
    },
}

/// What was counted, before it is made a figure of: what several systems counted can be put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured(Vec<Counted>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Counted {
    figure: String,
    title: String,
    sample: Sample,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sample {
    Share(Share),
    Times(Vec<u64>),
}

impl Measured {
    fn share(&mut self, figure: &str, title: &str, count: usize, of: usize) {
        let share = Share { count: count as u64, of: of as u64 };
        self.put(figure, title, Sample::Share(share));
    }

    fn times(&mut self, figure: &str, title: &str, times: impl IntoIterator<Item = u64>) {
        self.put(figure, title, Sample::Times(times.into_iter().collect()));
    }

    fn put(&mut self, figure: &str, title: &str, sample: Sample) {
        self.0.push(Counted { figure: figure.to_owned(), title: title.to_owned(), sample });
    }

    /// Adds what was counted of another system.
    pub fn add(&mut self, other: &Self) {
        for counted in &other.0 {
            match self.0.iter_mut().find(|own| own.figure == counted.figure) {
                Some(own) => own.sample.add(&counted.sample),
                None => self.0.push(counted.clone()),
            }
        }
    }

    /// The figures, in the order of the page.
    pub fn figures(&self) -> Vec<Figure> {
        let figure = |counted: &Counted| Figure {
            figure: counted.figure.clone(),
            title: counted.title.clone(),
            value: counted.sample.value(),
        };
        self.0.iter().map(figure).collect()
    }
}

impl Sample {
    fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Share(own), Self::Share(other)) => {
                own.count = own.count.saturating_add(other.count);
                own.of = own.of.saturating_add(other.of);
            }
            (Self::Times(own), Self::Times(other)) => own.extend(other),
            // One word is one sort of figure.
            (Self::Share(_), Self::Times(_)) | (Self::Times(_), Self::Share(_)) => {}
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Share(Share { count, of }) => Value::Share { count: (*of > 0).then_some(*count), of: *of },
            Self::Times(times) => {
                let mut sorted = times.clone();
                sorted.sort_unstable();
                Value::Times {
                    n: sorted.len() as u64,
                    median_ms: median(&sorted),
                    mean_ms: mean(&sorted),
                    p95_ms: percentile(&sorted, 95),
                }
            }
        }
    }
}

fn median(sorted: &[u64]) -> Option<u64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(lower + (upper - lower) / 2)
}

fn mean(times: &[u64]) -> Option<u64> {
    let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
    // The mean of numbers is not greater than the greatest of them.
    sum.checked_div(times.len() as u128).and_then(|mean| u64::try_from(mean).ok())
}

/// The nearest rank: the value at `ceil(n * hundredths / 100)`, counted from 1.
fn percentile(sorted: &[u64], hundredths: usize) -> Option<u64> {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
