//! A measure: a named number with what it is held against, as decimal text, never as a float.

use affiant_ledger::id::visible;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Longest decimal, in bytes.
pub const DECIMAL_LENGTH_MAX: usize = 64;

/// A decimal number kept as the text it came in: `-0.25`, `1200`, `4.4e-89`. Not NaN, not infinite. Equal where the text
/// is; it has no order, for that of texts is not that of numbers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

/// The text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number in text, such as \"0.25\"")]
pub struct DecimalError(pub String);

impl Decimal {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let exponent_sound = exponent.is_none_or(|e| {
            let e = e.strip_prefix(['-', '+']).unwrap_or(e);
            digits(e) && e.len() <= 4
        });
        let sound = text.len() <= DECIMAL_LENGTH_MAX
            && digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent_sound;
        if sound { Ok(Self(text.to_owned())) } else { Err(DecimalError(visible(text))) }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// On which side of the threshold a measure should lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The value should be the threshold or more.
    AtLeast,
    /// The value should be the threshold or less.
    AtMost,
}

/// A named number. Whether it meets its threshold is the tool's word; it is shown beside, not judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Number of items it was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
    /// What it measures.
    pub name: String,
    /// Unit, such as `ratio` or `ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The value.
    pub value: Decimal,
    /// On which side of the threshold it should lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// What it is held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Decimal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_its_text() {
        for right in ["0", "-0.25", "1200", "4.444317561110093e-89", "1E+10"] {
            assert_eq!(right.parse::<Decimal>().map(|d| d.to_string()), Ok(right.to_owned()));
        }
        for wrong in
            ["", "NaN", "inf", ".5", "5.", "01", "+1", "1e", "1e99999", "0x10", "1,5", &"9".repeat(65)]
        {
            assert_eq!(wrong.parse::<Decimal>(), Err(DecimalError(visible(wrong))), "{wrong}");
        }
    }
}
