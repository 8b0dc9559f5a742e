//! A row of a report as something one can ask for a field: a JSON value by pointer (RFC 6901), a record of CSV by column.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A row, or the report around it.
pub(super) trait Cells {
    /// The text at a place: of a number its digits as they were written, of a list or object its JSON. None for null.
    fn at(&self, place: &str) -> Option<String>;
}

/// A value whose numbers keep their text.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(pub(super) &'a RawValue);

impl<'a> Json<'a> {
    fn find(self, pointer: &str) -> Option<Self> {
        let Some(steps) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(self) };
        let mut value = self.0;
        for step in steps.split('/') {
            let text = value.get();
            value = if text.starts_with('{') {
                let key = step.replace("~1", "/").replace("~0", "~");
                let members: BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue> =
                    serde_json::from_str(text).ok()?;
                members.get(key.as_str()).copied()?
            } else if text.starts_with('[') {
                let items: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
                items.get(step.parse::<usize>().ok()?).copied()?
            } else {
                return None;
            };
        }
        Some(Self(value))
    }

    /// Whether a list stands there.
    pub(super) fn has_list(self, pointer: &str) -> bool {
        self.find(pointer).is_some_and(|value| value.0.get().starts_with('['))
    }
}

impl Cells for Json<'_> {
    fn at(&self, place: &str) -> Option<String> {
        let text = self.find(place)?.0.get();
        match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok(),
            b'n' => None,
            _ => Some(text.to_owned()),
        }
    }
}

/// A record under its header.
pub(super) struct Record<'a> {
    pub(super) columns: &'a [String],
    pub(super) record: &'a csv::StringRecord,
}

impl Cells for Record<'_> {
    fn at(&self, place: &str) -> Option<String> {
        let column = self.columns.iter().position(|column| column == place)?;
        self.record.get(column).map(|cell| cell.trim().to_owned())
    }
}
