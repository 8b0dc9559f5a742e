//! What a report says, as Markdown: chapters that rest on more than a conclusion.

#![allow(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "forgeries/workshop.rs"]
mod workshop;

use affiant_controls::{Assertion, Statement};
use affiant_reports::issue::issue;
use affiant_reports::render::markdown;
use workshop::*;

/// The honest story, with what is said after it; the report of its pack.
fn report(said: &[Statement]) -> String {
    let catalogs = tiny_catalogs();
    let mut drafts = story(&catalogs);
    drafts.extend(said.iter().map(|statement| statement.draft("local")));
    let all = recorded(&drafts, &catalogs);
    let issued = issue(&source(&all), &catalogs, &issuer(), &stub).unwrap();
    assert_eq!(judge(&issued.bytes).exit_code(), 0);
    markdown::render(&issued.document)
}

/// A chapter of a report.
fn chapter<'a>(report: &'a str, heading: &str) -> &'a str {
    let begin = report.find(&format!("{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let rest = &report[begin..];
    rest.find("\n## ").map_or(rest, |end| &rest[..end])
}

fn assertion(text: &str) -> Assertion {
    Assertion {
        at: "2026-11-22T00:00:00Z".parse().unwrap(),
        by: "A. Example".into(),
        from: None,
        role: "Chief Risk Officer".into(),
        text: text.into(),
        system: STREAM.parse().unwrap(),
        withdrawn: false,
    }
}

#[test]
fn the_last_management_assertion_is_shown_word_for_word_and_nothing_in_its_place() {
    let said = |assertions: &[Assertion]| {
        let said: Vec<Statement> = assertions.iter().cloned().map(Statement::Assertion).collect();
        chapter(&report(&said), "Management assertion").to_owned()
    };
    let none = said(&[]);
    assert!(none.contains("MISSING") && none.contains("No management assertion is on file"), "{none}");

    let first = assertion("Logs were kept.");
    let from = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let second = Assertion { from, ..assertion("Logs were kept all year.\n\nTwo nights are missing.") };
    let shown = said(&[first.clone(), second.clone()]);
    for words in [
        "A. Example",
        "Chief Risk Officer",
        "from 2026-01-01T00:00:00Z to 2026-11-22T00:00:00Z",
        ", entry 14",
        "not signed: recorded by `local`",
        "Logs were kept all year.\n\nTwo nights are missing.\n",
    ] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    assert!(!shown.contains("MISSING") && !shown.contains("Logs were kept.\n"), "{shown}");

    let withdrawn = said(&[first.clone(), Assertion { withdrawn: true, ..assertion("It was too early.") }]);
    assert!(withdrawn.contains("MISSING") && withdrawn.contains("It was too early."), "{withdrawn}");
    assert!(!withdrawn.contains("Logs were kept"), "{withdrawn}");

    // One that speaks of a time after the one judged does not count yet.
    let ahead = Assertion { at: "2027-01-01T00:00:00Z".parse().unwrap(), ..second };
    let early = said(&[first, ahead]);
    assert!(early.contains("Logs were kept.\n") && !early.contains("all year"), "{early}");
}
