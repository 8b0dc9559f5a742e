//! Identifiers: `[a-z0-9][a-z0-9._-]{0,62}`.
//!
//! One grammar for streams, systems, assets, controls pushed by scripts and kinds of statement. It is ASCII, has no
//! path separator and cannot begin with a dot, so an identifier is safe in a file name, a terminal and a report.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Longest identifier, in bytes.
pub const ID_LENGTH_MAX: usize = 63;

/// An identifier.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

/// The text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an identifier (a-z, 0-9, `.`, `_`, `-`; at most 63; first a letter or digit)")]
pub struct IdError(pub String);

impl Id {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same identifier, borrowed.
    pub fn borrowed(&self) -> IdRef<'_> {
        IdRef(&self.0)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        IdRef::new(text).map(Self::from)
    }
}

/// An identifier in bytes that are someone else's: what a reader gives that allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdRef<'a>(&'a str);

impl<'a> IdRef<'a> {
    /// Takes text that is an identifier.
    pub fn new(text: &'a str) -> Result<Self, IdError> {
        let letter = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let sound = text.len() <= ID_LENGTH_MAX
            && text.bytes().next().is_some_and(letter)
            && text.bytes().all(|c| letter(c) || matches!(c, b'.' | b'_' | b'-'));
        if sound { Ok(Self(text)) } else { Err(IdError(visible(text))) }
    }

    /// The identifier as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl From<IdRef<'_>> for Id {
    fn from(id: IdRef<'_>) -> Self {
        Self(id.0.into())
    }
}

/// At most 80 characters of hostile text, with control and direction characters escaped.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == 80 {
            shown.push('…');
            break;
        }
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Whether a character would be invisible or would reorder what surrounds it: control characters, bidirectional
/// controls (UAX 9), zero-width characters and line separators.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}' | '\u{fff9}'..='\u{fffb}')
}

/// Text with whatever a terminal would obey or hide written as an escape; line breaks stay.
pub fn escape_hidden(text: &str, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    let hidden = |c: char| c != '\n' && is_hidden(c);
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if hidden(c) { escape(c) } else { c.to_string() }).collect()
}

/// The same of JSON, where hidden characters stand within strings alone, and an escape says the same.
pub fn escape_hidden_json(text: &str) -> Cow<'_, str> {
    escape_hidden(text, |c| format!("\\u{:04x}", c as u32))
}

/// The same of text for people.
pub fn escape_hidden_text(text: &str) -> Cow<'_, str> {
    escape_hidden(text, |c| c.escape_unicode().to_string())
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::borrow::Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_the_grammar() {
        for right in ["a", "0", "credit-scoring", "a.b_c-9", &"x".repeat(63)] {
            assert_eq!(right.parse::<Id>().map(|id| id.to_string()), Ok(right.to_owned()));
        }
        for wrong in ["", ".a", "-a", "A", "a b", "a/b", "ä", "a\0", &"x".repeat(64)] {
            assert!(wrong.parse::<Id>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hidden_characters_are_shown_as_escapes() {
        assert_eq!(visible("a\u{202e}b\0\n"), "a\\u{202e}b\\u{0}\\u{a}");
    }
}
