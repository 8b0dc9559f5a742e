//! Words on the command line that nobody means.

use super::refusal::refused;
use crate::support::place::{NOON, Place};

#[test]
fn a_wrong_word_is_refused_and_named() {
    let place = Place::with_system_at(NOON);
    let single = |more: &[&'static str]| -> Vec<&'static str> {
        [&["push", "--system", "scoring", "--control", "AFF-EXP-11", "--status", "passed"], more].concat()
    };
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (
            vec!["push", "--system", "scoring", "--control", "AFF-EXP-99", "--status", "passed"],
            "control `AFF-EXP-99`",
        ),
        (vec!["push", "--system", "No Body", "--control", "AFF-EXP-11", "--status", "passed"], "`No Body`"),
        (
            vec!["push", "--system", "nobody", "--control", "AFF-EXP-11", "--status", "passed"],
            "system `nobody`",
        ),
        (single(&["--asset", "nobody"]), "asset `nobody`"),
        (single(&["--observed", "10000-01-01"]), "`10000-01-01`"),
        (single(&["--observed", "2030-01-01"]), "2030-01-01"),
        (single(&["--observed", "yesterday"]), "`yesterday`"),
        (single(&["--summary", "a\u{202e}b"]), "`summary` holds the hidden character U+202E"),
        (single(&["--summary", ""]), "`summary`"),
        (single(&["--id", ""]), "`id`"),
        (single(&["--collector", "a\u{7}b"]), "collector"),
        (vec!["status", "nobody"], "system `nobody`"),
        (vec!["status", "scoring", "--as-of", "then"], "`then`"),
        (vec!["status", "scoring", "--as-of", "10000-01-01T00:00:00Z"], "`10000-01-01T00:00:00Z`"),
        (vec!["status", "scoring", "--framework", "gdpr"], "framework `gdpr`"),
        (vec!["status", "scoring", "--why", "art\u{1b}[31m"], "is no requirement"),
        (vec!["log", "show", "99"], "entry 99 does not exist: the ledger has "),
        (vec!["log", "prove", "18446744073709551615"], "entry 18446744073709551615 does not exist"),
        (vec!["log", "prove", "-1"], "-1"),
        (vec!["log", "checkpoint", "--since", "missing"], "missing"),
        (vec!["pack", "build", "nobody"], "system `nobody`"),
        (vec!["pack", "build", "scoring", "--as-of", "2199-01-01"], "2199-01-01"),
        (
            vec!["register", "asset", "x", "--system", "nobody", "--kind", "model", "--name", "X"],
            "system `nobody`",
        ),
        (
            vec!["register", "asset", "scoring", "--system", "scoring", "--kind", "model", "--name", "X"],
            "asset id `scoring` is reserved",
        ),
        (
            vec![
                "register", "asset", "y", "--system", "scoring", "--kind", "model", "--name", "Y",
                "--digest", "ABC",
            ],
            "`ABC`",
        ),
        (vec!["register", "system", "org", "--name", "Org"], "`org`"),
        (vec!["register", "system", "access", "--name", "Access"], "`access`"),
        (vec!["register", "system", "x", "--name", "a\u{0085}b"], "`name`"),
        (vec!["register", "system", "x", "--name", "X", "--placed-on-market", "2026-13-01"], "`2026-13-01`"),
        (vec!["push", "--examined", "1.5", "-"], "1.5"),
        (vec!["push"], "required"),
        (vec!["nonsense"], "nonsense"),
        (vec!["init", "ledger"], "holds a ledger already"),
        (vec!["init", "new", "--origin", "two words"], "`two words` cannot be an origin"),
        (vec!["init", "new", "--id", "Two Words"], "`Two Words`"),
    ];
    for (words, named) in &cases {
        refused(&place, words, b"", 2, &[named]);
    }
    assert!(!place.path("new").exists(), "a refused init leaves nothing");
    place.sound();
}

#[test]
fn no_ledger_is_said_with_the_way_to_make_one() {
    let place = Place::new();
    for words in [
        &["status"][..],
        &["push", "-", "--system", "s"],
        &["log", "fsck"],
        &["log", "show"],
        &["key", "list"],
    ] {
        let answer = place.affiant(words);
        assert!([2, 3].contains(&answer.code), "{}", answer.shown());
        assert!(!place.ledger().exists(), "made by asking: {}", answer.shown());
    }
    place
        .affiant(&["status"])
        .expect(2)
        .warns("error: `")
        .warns("is not a ledger")
        .warns("hint: make one with `affiant init DIR`");
}

#[test]
fn a_clock_that_is_none_is_refused() {
    let place = Place::with_system();
    for text in ["yesterday", "-1", "99999999999999999999", "0", "1.5", ""] {
        let mut command = place.command(&["status"]);
        command.env("SOURCE_DATE_EPOCH", text);
        let answer =
            crate::support::place::run(&mut command, &[], format!("SOURCE_DATE_EPOCH={text}")).expect(2);
        assert!(answer.errors()[0].contains("SOURCE_DATE_EPOCH"), "{}", answer.shown());
    }
}

#[test]
fn words_that_are_no_text_are_refused_or_read_as_paths() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::with_system();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for words in [&["push"][..], &["status"], &["verify"], &["register", "file"]] {
        let mut command = place.command(words);
        command.arg(odd);
        let answer = crate::support::place::run(&mut command, &[], words.join(" ")).expect(2);
        assert!(answer.stderr.starts_with("error: "), "{}", answer.shown());
    }
}
