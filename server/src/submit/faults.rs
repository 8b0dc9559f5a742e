//! Bad rows: the first ones in words, all of them counted, so that a million bad rows fill no memory.

use affiant_controls::intake::RowError;

/// Faults shown.
const SHOWN_MAX: usize = 20;

/// What is wrong with some rows.
#[derive(Debug, Default)]
pub struct Faults {
    /// The first rows by line, and what is said of each.
    first: Vec<(u64, String)>,
    count: u64,
}

impl Faults {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a fault of a row that stands behind those added before, or before them.
    pub(super) fn push(&mut self, line: u64, text: String) {
        self.count += 1;
        let at = self.first.partition_point(|(earlier, _)| *earlier <= line);
        if at < SHOWN_MAX {
            self.first.insert(at, (line, text));
            self.first.truncate(SHOWN_MAX);
        }
    }

    /// Adds what the reader of a row says.
    pub(super) fn push_row(&mut self, fault: &RowError) {
        self.push(fault.line, in_words(fault));
    }

    /// Adds the faults of other rows.
    pub(super) fn extend(&mut self, other: Self) {
        let unnamed = other.count - other.first.len() as u64;
        other.first.into_iter().for_each(|(line, text)| self.push(line, text));
        self.count += unnamed;
    }

    /// The first of them in words, and how many more there are.
    pub fn told(&self) -> (impl Iterator<Item = &str>, u64) {
        (self.first.iter().map(|(_, text)| text.as_str()), self.count - self.first.len() as u64)
    }
}

fn in_words(fault: &RowError) -> String {
    match &fault.hint {
        Some(hint) => format!("{fault}\n  hint: {hint}"),
        None => fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_by_line_are_kept_whatever_order_they_come_in() {
        let mut faults = Faults::default();
        (1..=50u64).rev().for_each(|line| faults.push(line, format!("line {line}")));
        let mut late = Faults::default();
        (1..=30u64).for_each(|line| late.push(100 + line, String::new()));
        faults.extend(late);
        assert_eq!(faults.count(), 80);
        let lines: Vec<u64> = faults.first.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, (1..=20).collect::<Vec<u64>>());
    }
}
