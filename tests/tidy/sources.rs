//! The sources and pages: short files, documented crates, a page per format, nothing of one machine.

use super::tree::{read, root, sources, tracked};

/// A file is one idea; a longer one has a reason here.
const LINES_MAX: usize = 500;
/// File, lines allowed, why.
const LONGER: [(&str, usize, &str); 2] = [
    (
        "ledger/src/ledger.rs",
        680,
        "the writer: the order of an append reads in one piece, its errors stand above it",
    ),
    ("ledger/src/keyring/tests.rs", 560, "one telling example for every refusal of the keyring"),
];

/// Statement kinds and the formats around them, each with its page in docs/spec.
const FORMATS: [&str; 30] = [
    "key",
    "system",
    "asset",
    "result",
    "catalog",
    "pack",
    "exception",
    "applicability",
    "plan",
    "attestation",
    "incident",
    "event",
    "request",
    "policy",
    "approval",
    "finding",
    "sample",
    "delivery",
    "assertion",
    "access",
    "sign-off",
    "entry",
    "payload",
    "checkpoint",
    "receipt",
    "journal",
    "tiles",
    "archive",
    "assessment",
    "fsck",
];

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let mut long = Vec::new();
    for source in sources() {
        let lines = read(&source).lines().count();
        let excused = LONGER
            .iter()
            .find(|(name, ..)| source.to_str() == Some(name))
            .map_or(LINES_MAX, |(_, max, _)| *max);
        if lines > excused {
            long.push(format!("{}: {lines} lines", source.display()));
        }
    }
    assert!(long.is_empty(), "which second idea moved in? {long:#?}");
}

#[test]
fn every_module_says_what_it_is() {
    for source in sources().iter().filter(|source| !source.ends_with("tests.rs")) {
        assert!(read(source).starts_with("//! "), "{} has no module documentation", source.display());
    }
}

#[test]
fn every_format_has_its_page() {
    let missing: Vec<_> =
        FORMATS.iter().filter(|name| !root().join(format!("docs/spec/{name}.md")).is_file()).collect();
    assert!(missing.is_empty(), "no docs/spec page for {missing:?}");
}

#[test]
fn every_page_of_the_spec_is_a_page_of_its_format() {
    for page in tracked().iter().filter(|path| path.starts_with("docs/spec")) {
        assert!(read(page).starts_with("# "), "{} has no title", page.display());
    }
}

#[test]
fn no_tracked_file_knows_a_machine() {
    // Put together here, so that this file is not found.
    let places = ["/wo|rk/", "/ro|ot/", "/ho|me/", "/Us|ers/"].map(|place| place.replace('|', ""));
    let temporary = "/t|mp/".replace('|', "");
    let mut strays = Vec::new();
    for path in tracked() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        let is_test = path
            .components()
            .any(|part| ["tests", "examples", "benches"].contains(&&*part.as_os_str().to_string_lossy()));
        let product = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        for (number, line) in product.enumerate() {
            let named = places.iter().any(|place| names_place(line, place))
                || (!is_test && names_place(line, &temporary));
            if named {
                strays.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.chars().take(120).collect::<String>()
                ));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

/// Whether a line has the place at the start of a path.
fn names_place(line: &str, place: &str) -> bool {
    line.match_indices(place)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/*~}".contains(c)))
}

#[test]
fn every_font_and_fixture_has_its_licence_or_source_beside_it() {
    for path in tracked() {
        let folder = root().join(path.parent().unwrap());
        let beside = |starts: &str| {
            std::fs::read_dir(&folder)
                .unwrap()
                .flatten()
                .any(|item| item.file_name().to_string_lossy().to_uppercase().starts_with(starts))
        };
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if ["ttf", "otf", "woff", "woff2"].contains(&&*ending) {
            assert!(
                beside("LICENSE") || beside("LICENCE") || beside("OFL"),
                "{}: no licence",
                path.display()
            );
        }
        if path.starts_with("tests/fixtures") && path.components().count() > 3 {
            assert!(beside("SOURCES"), "{}: where is it from?", path.display());
        }
    }
}

#[test]
fn libraries_print_nothing_and_allow_no_unsafe_code() {
    for source in sources() {
        let (text, name) = (read(&source), source.to_str().unwrap());
        let (product, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let prints = ["println!(", "print!(", "dbg!("].iter().any(|word| product.contains(word));
        assert!(!prints || name == "cli/output.rs", "{name} prints");
        assert!(!product.contains("unsafe {"), "{name}");
    }
}
