//! The id of a component: the same from one bill to the next, whatever else stands in it.

use affiant_ledger::digest::Digest;
use affiant_ledger::id::{ID_LENGTH_MAX, Id};

/// Hexadecimal digits that keep cut references apart.
const MARK: usize = 8;

/// The id of a component by its reference, or by its name where there is none or a number made up for one file.
pub(super) fn id(reference: Option<&str>, name: &str) -> Id {
    let telling = reference.map(telling_part).filter(|part| !part.is_empty() && !is_uuid(part));
    slug(telling.unwrap_or(name))
}

/// The part of a reference that means the thing and not its version or the file: a package URL without version and
/// qualifiers, the last segment of an address.
fn telling_part(reference: &str) -> &str {
    if let Some(package) = reference.strip_prefix("pkg:") {
        let package = package.split(['?', '#']).next().unwrap_or(package);
        let name = package.rfind('/').map_or(0, |at| at + 1);
        return package[name..].find('@').map_or(package, |at| &package[..name + at]);
    }
    let last = match reference.starts_with("urn:cdx:") || reference.contains("://") {
        true => reference.trim_end_matches(['/', '#']).rsplit(['#', '/']).next().unwrap_or(reference),
        false => reference,
    };
    let last = last.strip_prefix("urn:uuid:").unwrap_or(last);
    last.strip_prefix("SPDXRef-").unwrap_or(last)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Text as an identifier: in small letters, what an identifier has no room for as `-`, and what is cut marked.
fn slug(text: &str) -> Id {
    let mut out = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        let fits = c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        match (fits, out.ends_with('-')) {
            (true, _) => out.push(c),
            (false, false) => out.push('-'),
            (false, true) => {}
        }
        if out.len() > ID_LENGTH_MAX + 1 {
            break;
        }
    }
    let plain = out.trim_start_matches(['-', '.', '_']).trim_end_matches('-');
    if let Ok(id) = plain.parse() {
        return id;
    }
    let mark = &Digest::of(text.as_bytes()).to_string()[..MARK];
    let kept: String = plain.chars().take(ID_LENGTH_MAX - MARK - 1).collect();
    let marked = if kept.is_empty() { format!("asset-{mark}") } else { format!("{kept}-{mark}") };
    marked.parse().unwrap_or_else(|error| panic!("a slug is an identifier: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_has_the_same_id_in_its_next_version() {
        let of = |reference: &str| id(Some(reference), "Name 7B").to_string();
        assert_eq!(of("model:support-bot-7b"), "model-support-bot-7b");
        assert_eq!(of("pkg:huggingface/acme/base-7b@abc123"), "huggingface-acme-base-7b");
        assert_eq!(of("pkg:huggingface/acme/base-7b@def456?x=1#y"), "huggingface-acme-base-7b");
        assert_eq!(of("pkg:npm/%40scope/name@1"), "npm-40scope-name");
        assert_eq!(of("SPDXRef-Package-Model"), "package-model");
        assert_eq!(of("https://example.org/docs/1#SPDXRef-Model"), "model");
        assert_eq!(of("https://example.org/models/line-model/"), "line-model");
        assert_eq!(of("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#model"), "model");
        // A number made up for one file says nothing: the name does.
        assert_eq!(of("3e671687-395b-41f5-a30f-a58921a69b79"), "name-7b");
        assert_eq!(of("urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"), "name-7b");
        assert_eq!(id(None, "Name 7B").as_str(), "name-7b");
    }

    #[test]
    fn what_is_too_long_or_has_no_letter_is_marked_by_its_digest() {
        let long = |end: &str| id(Some(&format!("{}{end}", "a".repeat(70))), "n").to_string();
        assert_eq!(long("b").len(), ID_LENGTH_MAX);
        assert_ne!(long("b"), long("c"));
        let strange = |text: &str| id(Some(text), "n").to_string();
        assert!(strange("測試").starts_with("asset-"), "{}", strange("測試"));
        assert_ne!(strange("測試"), strange("試測"));
        assert_eq!(strange("..a"), "a");
    }
}
