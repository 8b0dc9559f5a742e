//! What management asserts, word for word; nothing is derived from it.

use super::parts::missing;
use super::{Material, fact, paragraph, section as chapter};
use crate::document::{Block, KeyValue, Level, Notice, Section, Span};
use affiant_controls::{Assertion, Filed};

const NONE: &str = "No management assertion is on file. A named person who answers for the system states here what is asserted.";

/// The section.
pub(super) fn section(material: Material<'_>) -> Section {
    let blocks = match material.register.assertion() {
        None => vec![missing(NONE)],
        Some(filed) => match filed.value.withdrawn {
            false => standing(filed, material),
            true => withdrawn(filed, material),
        },
    };
    chapter("s-assertion", "Management assertion", blocks)
}

fn standing(filed: &Filed<Assertion>, material: Material<'_>) -> Vec<Block> {
    let Assertion { at, from, by, role, text, system, .. } = &filed.value;
    let about = match from {
        None => format!("{system}, at {at}"),
        Some(from) => format!("{system}, from {from} to {at}"),
    };
    let mut blocks = vec![Block::KeyValues(vec![
        fact("Asserted by", by.clone()),
        fact("Role", role.clone()),
        fact("About", about),
        fact("Recorded", recorded(filed)),
        KeyValue { key: "Signature".into(), value: signature(filed, material) },
    ])];
    // Each line as it was written.
    blocks.extend(text.lines().filter(|line| !line.trim().is_empty()).map(paragraph));
    blocks.push(paragraph(
        "This is the word of the person named, of what they know. Nothing in this report was derived from it.",
    ));
    blocks
}

fn withdrawn(filed: &Filed<Assertion>, material: Material<'_>) -> Vec<Block> {
    let Assertion { by, role, text, .. } = &filed.value;
    let mut body = vec![Span::plain(format!(
        "The management assertion was withdrawn by {by}, {role} ({}, ",
        recorded(filed)
    ))];
    body.extend(signature(filed, material));
    body.push(Span::plain(format!("), with these words: {text}")));
    vec![Block::Notice(Notice { level: Level::Missing, title: String::new(), body })]
}

fn recorded(filed: &Filed<Assertion>) -> String {
    format!("{}, entry {}", filed.time, filed.citation.index)
}

/// Who vouches for the entry: the ledger admits what is said by a key only with its signature.
fn signature(filed: &Filed<Assertion>, material: Material<'_>) -> Vec<Span> {
    let index = filed.citation.index;
    let entry = material.records.iter().find(|record| record.entry.index == index);
    let by = entry.map(|record| record.entry.by.as_str()).unwrap_or_default();
    match by.strip_prefix("key:") {
        Some(key) => vec![
            Span::plain("signed by the key "),
            Span::mono(key),
            Span::plain(", which the organisation enrolled in its ledger"),
        ],
        None => vec![
            Span::plain("not signed: recorded by "),
            Span::mono(by),
            Span::plain(", for which whoever could write to the ledger answers"),
        ],
    }
}
