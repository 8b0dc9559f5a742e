//! Licensed text: the words of requirements from a copy that the user holds, to be read beside them (docs/spec/licensed.md).
//!
//! ```yaml
//! "4.1": |
//!   The organization shall ...
//! A.6.2.8: ...
//! ```
//!
//! A standard such as ISO/IEC 42001 ships here as ids and short titles; whoever holds a licence may look at the text in the
//! same place. It stays with that person: nothing here is serialised, and no assessment, entry or pack has a place for it.

use crate::framework::Catalog;
use affiant_controls::lint::nearest;
use affiant_ledger::id::visible;
use std::collections::BTreeMap;

#[cfg(feature = "yaml")]
use affiant_controls::text::DETAILS_LENGTH_MAX;
#[cfg(feature = "yaml")]
use serde::{Deserialize, Deserializer, de};

/// Largest file of licensed text, in bytes.
pub const LICENSED_SIZE_MAX: usize = 8 << 20;

/// Text of requirements by their ids, each with where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LicensedText {
    passages: BTreeMap<String, Passage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    text: String,
    line: u64,
    column: u64,
}

/// One thing wrong with a file of licensed text. It never quotes the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct LicensedFault {
    /// Line of the file, from 1; 0 where it cannot be told.
    pub line: u64,
    /// Column of the line, from 1; 0 where it cannot be told.
    pub column: u64,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl LicensedText {
    /// Reads a map of ids to text from YAML; one fault is named.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str) -> Result<Self, LicensedFault> {
        let fault = |what: String| LicensedFault { line: 0, column: 0, what, hint: None };
        if text.len() > LICENSED_SIZE_MAX {
            return Err(fault(format!("{} bytes, the limit is {LICENSED_SIZE_MAX}", text.len())));
        }
        let Rows(rows) = serde_saphyr::from_str(text).map_err(|error| {
            let place = error.location();
            let (line, column) = place.map_or((0, 0), |place| (place.line(), place.column()));
            let hint =
                Some("write `requirement id: text`, longer text after `|` and indented below".to_owned());
            LicensedFault { line, column, what: reason(&error), hint }
        })?;
        if rows.is_empty() {
            return Err(fault("no text is in it".to_owned()));
        }
        let mut passages = BTreeMap::new();
        for (id, passage) in rows {
            let (line, column) = (passage.line, passage.column);
            let wrong = |what: String| LicensedFault { line, column, what, hint: None };
            if passage.text.trim().is_empty() {
                return Err(wrong(format!("`{}` has no text", visible(&id))));
            }
            if passage.text.len() > DETAILS_LENGTH_MAX {
                let (id, length) = (visible(&id), passage.text.len());
                return Err(wrong(format!("`{id}` has {length} bytes, the limit is {DETAILS_LENGTH_MAX}")));
            }
            let shown = visible(&id);
            if passages.insert(id, passage).is_some() {
                return Err(wrong(format!("`{shown}` stands twice")));
            }
        }
        Ok(Self { passages })
    }

    /// What names no requirement of a framework, in the order of the file.
    pub fn check(&self, framework: &Catalog) -> Vec<LicensedFault> {
        let strange = self.passages.iter().filter(|(id, _)| framework.requirement(id).is_none());
        let mut faults: Vec<LicensedFault> = strange
            .map(|(id, passage)| LicensedFault {
                line: passage.line,
                column: passage.column,
                what: format!("no requirement `{}` in {}", visible(id), framework.id),
                hint: Some(hint(framework, id)),
            })
            .collect();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults
    }

    /// The text of a requirement.
    pub fn of(&self, requirement: &str) -> Option<&str> {
        self.passages.get(requirement).map(|passage| passage.text.as_str())
    }

    /// The ids that have text.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.passages.keys().map(String::as_str)
    }
}

/// The id that may have been meant: the one with that citation, else the nearest.
fn hint(framework: &Catalog, mistaken: &str) -> String {
    let cited = framework.requirements.iter().find(|row| row.citation == mistaken).map(|row| row.id.as_str());
    let ids = || framework.requirements.iter().map(|row| row.id.as_str());
    match cited.or_else(|| nearest(mistaken, ids())) {
        Some(id) => format!("did you mean `{id}`?"),
        None => format!("`affiant catalog show {}` and `affiant catalog search` show ids", framework.id),
    }
}

/// Why a file cannot be read. A value of the wrong type and what is beside a key are not quoted: they may be the text.
#[cfg(feature = "yaml")]
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let said = |words: &[&str]| words.iter().any(|word| first.contains(word));
    if said(&["duplicate mapping key"]) {
        return "this id stands twice".to_owned();
    }
    if said(&["invalid type", "expected", "deserialize"]) {
        return "not a map of requirement ids to text".to_owned();
    }
    // Line and column stand before the first colon, and in fields of their own.
    visible(first.split_once(": ").filter(|_| first.contains("column")).map_or(first, |(_, what)| what))
}

/// The rows of a file in their order.
#[cfg(feature = "yaml")]
struct Rows(Vec<(String, Passage)>);

#[cfg(feature = "yaml")]
impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Rows;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of requirement ids to text")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
                type Placed = serde_saphyr::Spanned<String>;
                let mut rows = Vec::new();
                while let Some((id, text)) = map.next_entry::<Placed, Placed>()? {
                    let (line, column) = (id.referenced.line(), id.referenced.column());
                    rows.push((id.value, Passage { text: text.value, line, column }));
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use crate::framework::Framework;

    fn refused(text: &str) -> LicensedFault {
        LicensedText::from_yaml(text).expect_err("refused")
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_text_over_several_lines() {
        let text = LicensedText::from_yaml("# mine\n4.1: one\n\"7.5.1\": |\n  two\n  three\nA.6.2.8: four\n")
            .unwrap();
        assert_eq!(text.ids().collect::<Vec<_>>(), ["4.1", "7.5.1", "A.6.2.8"]);
        assert_eq!(
            (text.of("4.1"), text.of("7.5.1"), text.of("9.9")),
            (Some("one"), Some("two\nthree\n"), None)
        );
        assert_eq!(text.check(&Framework::embedded("iso-42001").unwrap()), []);
    }

    #[test]
    fn an_unknown_id_is_named_with_its_place_and_the_nearest() {
        let text =
            LicensedText::from_yaml("\"4.1\": one\n\n  # two\nA.6.2.88: x\nClause 4.2: y\nzzzzzzzzzz: z\n")
                .unwrap();
        let faults = text.check(&Framework::embedded("iso-42001").unwrap());
        let told: Vec<_> = faults.iter().map(|f| (f.line, f.column, f.hint.as_deref().unwrap())).collect();
        assert_eq!(told[..2], [(4, 1, "did you mean `A.6.2.8`?"), (5, 1, "did you mean `4.2`?")]);
        assert_eq!((told[2].0, told.len()), (6, 3));
        assert!(told[2].2.contains("catalog search"), "{told:?}");
    }

    #[test]
    fn twice_empty_and_too_long_are_refused_and_the_text_is_never_quoted() {
        let twice = refused("4.1: secret one\n4.2: x\n4.1: secret two\n");
        assert_eq!((twice.line, twice.column, twice.what.as_str()), (3, 1, "this id stands twice"));
        assert_eq!(refused("4.1: secret one\n\"4.1\": secret two\n").line, 2);
        assert_eq!(refused("4.1: x\n4.2: \"  \"\n").what, "`4.2` has no text");
        let long = format!("4.1: {}\n", "x".repeat(DETAILS_LENGTH_MAX + 1));
        assert!(refused(&long).what.contains("65537 bytes, the limit is 65536"));
        assert_eq!(refused("{}\n").what, "no text is in it");
        assert_eq!(refused("# nothing\n").what, "no text is in it");
        for text in [
            "secret words\n",
            "- secret\n",
            "4.1: [secret]\n",
            "4.1: {a: secret}\n",
            "4.1: \"secret\n",
            "4.1: 'a' secret\n",
        ] {
            let fault = refused(text);
            assert!(!fault.what.contains("secret"), "{fault:?}");
        }
    }
}
