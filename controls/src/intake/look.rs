//! Telling formats apart by a file's name and first bytes.

use super::format::Format;
use super::{
    bandit, checkov, cyclonedx, garak, gemara, great_expectations, hdf, in_toto, inspect, junit, metrics,
    modelscan, ocsf, oscal_ar, pip_audit,
};
use super::{promptfoo, sarif, semgrep, strict};

/// Bytes looked at for the keys of a document.
const LOOK_MAX: usize = 64 << 10;
/// Keys looked at.
const KEYS_MAX: usize = 1000;

/// Whether a document is of a format, by its first bytes.
type Fits = fn(&Look<'_>) -> bool;

/// Foreign formats in JSON, and how their first bytes look; the first that fits.
const BY_KEYS: &[(Format, Fits)] = &[
    (Format::Sarif, sarif::fits),
    (Format::Bandit, bandit::fits),
    (Format::Checkov, checkov::fits),
    (Format::Semgrep, semgrep::fits),
    (Format::PipAudit, pip_audit::fits),
    (Format::Modelscan, modelscan::fits),
    (Format::Garak, garak::fits),
    (Format::Promptfoo, promptfoo::fits),
    (Format::Inspect, inspect::fits),
    (Format::GreatExpectations, great_expectations::fits),
    (Format::Metrics, metrics::fits),
    (Format::CycloneDx, cyclonedx::fits),
    (Format::InToto, in_toto::fits),
    (Format::OscalAr, oscal_ar::fits),
    (Format::Hdf, hdf::fits),
    (Format::Ocsf, ocsf::fits),
];

/// The first bytes of a JSON document: which keys stand at its top, as far as they are there.
pub(super) struct Look<'a> {
    text: &'a [u8],
    keys: Vec<&'a [u8]>,
}

impl<'a> Look<'a> {
    fn new(text: &'a [u8]) -> Self {
        let text = &text[..text.len().min(LOOK_MAX)];
        // Of an array, its first element is looked at.
        Self { text, keys: keys(text, if text.starts_with(b"[") { 2 } else { 1 }) }
    }

    /// Whether all these keys stand at the top, or in the first element of an array.
    pub(super) fn has(&self, wanted: &[&str]) -> bool {
        wanted.iter().all(|key| self.keys.contains(&key.as_bytes()))
    }

    /// Whether these words stand anywhere in the first bytes.
    pub(super) fn mentions(&self, words: &str) -> bool {
        self.text.windows(words.len()).any(|window| window == words.as_bytes())
    }
}

/// The keys at a depth of the first value there, without taking the text for sound.
fn keys(text: &[u8], wanted: usize) -> Vec<&[u8]> {
    let (mut found, mut depth, mut at, mut begun) = (Vec::new(), 0usize, 0, false);
    while at < text.len() && found.len() < KEYS_MAX {
        match text[at] {
            b'{' | b'[' => {
                depth += 1;
                begun |= depth == wanted && text[at] == b'{';
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if begun && depth < wanted {
                    break;
                }
            }
            b'"' => {
                let begin = at + 1;
                at = begin;
                while at < text.len() && text[at] != b'"' {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
                let rest = text.get(at + 1..).unwrap_or_default().trim_ascii_start();
                if begun && depth == wanted && rest.starts_with(b":") {
                    found.push(&text[begin..at.min(text.len())]);
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Tells the format from the file's name and first bytes; `None` when neither says.
pub fn detect(bytes: &[u8], name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    let ends = |extensions: &[&str]| extensions.iter().any(|extension| name.ends_with(extension));
    let text = bytes.strip_prefix(strict::BOM).unwrap_or(bytes).trim_ascii_start();
    // What the bytes say goes before the name; the name tells what they leave open.
    let look = Look::new(text);
    let by_keys = matches!(text.first(), Some(b'[' | b'{')).then(|| by_keys(&look)).flatten();
    match (by_keys, text.first()) {
        (Some(format), _) => Some(format),
        _ if bytes.starts_with(b"PK\x03\x04") => Some(Format::InspectEval),
        (None, Some(b'<')) if junit::fits(text) => Some(Format::Junit),
        #[cfg(feature = "formats")]
        _ if super::csv::fits(text) => Some(Format::Csv),
        (None, Some(b'a'..=b'z' | b'#' | b'-')) if gemara::fits(text) => Some(Format::Gemara),
        _ if ends(&[".sarif"]) => Some(Format::Sarif),
        _ if ends(&[".ndjson", ".jsonl"]) => Some(Format::Ndjson),
        (None, Some(b'[')) => Some(Format::Json),
        (None, Some(b'{')) => Some(object_or_lines(text)),
        _ => None,
    }
}

/// The foreign format whose own keys stand at the top.
fn by_keys(look: &Look<'_>) -> Option<Format> {
    BY_KEYS.iter().find(|(_, fits)| fits(look)).map(|(format, _)| *format)
}

/// An object that ends on its first line and is followed by another is NDJSON.
fn object_or_lines(text: &[u8]) -> Format {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default();
    let next = lines.find(|line| !line.is_empty());
    let ends = first.ends_with(b"}");
    if ends && next.is_some_and(|next| next.starts_with(b"{")) { Format::Ndjson } else { Format::Json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_top_are_seen_however_much_of_it_is_there() {
        let whole = br#"{"a": {"deep": 1}, "b\"x": [{"c": 2}], "d": "e: \"f\": ", "g" : 3}"#;
        let seen = |text: &[u8], depth| {
            keys(text, depth).into_iter().map(|k| String::from_utf8_lossy(k).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(seen(whole, 1), ["a", "b\\\"x", "d", "g"]);
        assert_eq!(seen(&whole[..20], 1), ["a"]);
        assert_eq!(seen(br#"[{"a": 1, "b": 2}, {"c": 3}]"#, 2), ["a", "b"]);
        for cut in 0..whole.len() {
            let _ = seen(&whole[..cut], 1);
        }
    }
}
