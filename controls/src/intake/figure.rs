//! Numbers of foreign reports, as the text they stand in: never through a float.

use crate::measure::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::cmp::Ordering;

/// A number, a number in a text, or something else that is no number: what stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure(String);

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self::of(&raw))
    }
}

impl Figure {
    /// What stands in some JSON.
    pub(super) fn of(raw: &RawValue) -> Self {
        let text = raw.get().trim();
        Self(serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()))
    }

    /// The number; `None` where there is none (`null`, `"NaN"`, a list) or it is too long.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        self.0.trim().parse().ok()
    }
}

/// Which of two decimals is greater, by their digits.
pub(super) fn compare(one: &Decimal, other: &Decimal) -> Ordering {
    let (a, b) = (Parts::of(one.as_str()), Parts::of(other.as_str()));
    match (a.sign(), b.sign()) {
        (1, 1) => a.magnitude(&b),
        (-1, -1) => b.magnitude(&a),
        (a, b) => a.cmp(&b),
    }
}

/// Sign, digits without zeros before and behind, and the power of ten that the first digit counts.
struct Parts {
    negative: bool,
    digits: Vec<u8>,
    power: i64,
}

impl Parts {
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat().into_bytes();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let trailing = digits[leading..].iter().rev().take_while(|digit| **digit == b'0').count();
        let power = whole.len() as i64 - leading as i64 + exponent.parse::<i64>().unwrap_or(0);
        Self { negative, digits: digits[leading..digits.len() - trailing].to_vec(), power }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        // Without zeros at their ends, texts of digits stand in the order of their numbers.
        self.power.cmp(&other.power).then_with(|| self.digits.cmp(&other.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_by_their_digits() {
        let cases = [
            ("0.1", "0.10", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("1e-3", "0.001", Ordering::Equal),
            ("1E+2", "100", Ordering::Equal),
            ("9", "10", Ordering::Less),
            ("0.95", "0.949999999999999999999999", Ordering::Greater),
            ("-2", "-1", Ordering::Less),
            ("-1", "0", Ordering::Less),
            ("4.4e-89", "0", Ordering::Greater),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("123", "12", Ordering::Greater),
        ];
        for (one, other, order) in cases {
            let (one, other): (Decimal, Decimal) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(compare(&one, &other), order, "{one} {other}");
            assert_eq!(compare(&other, &one), order.reverse(), "{other} {one}");
        }
    }

    #[test]
    fn a_number_keeps_its_text() {
        let figures: Vec<Figure> =
            serde_json::from_str(r#"[9007199254740993, 1e-05, "0.25", null, "NaN", [1]]"#).unwrap();
        let read: Vec<_> = figures.iter().map(|figure| figure.decimal().map(|d| d.to_string())).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read, [some("9007199254740993"), some("1e-05"), some("0.25"), None, None, None]);
    }
}
