//! What a report says, as Markdown: chapters that rest on more than a conclusion.

#![allow(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "forgeries/workshop.rs"]
mod workshop;

use affiant_controls::signoff::{Outcome, SignOff};
use affiant_controls::{Assertion, PackIssued, PackPeriod, Statement};
use affiant_ledger::time::Timestamp;
use affiant_reports::issue::issue;
use affiant_reports::render::markdown;
use affiant_reports::verdict::Verdict;
use workshop::*;

/// The honest story, with what is said after it; the report of its pack.
fn report(said: &[Statement]) -> String {
    issued_as(said, |_| ()).0
}

/// The same, of a pack that is issued otherwise; with the verdict on it.
fn issued_as(said: &[Statement], edit: impl FnOnce(&mut PackIssued)) -> (String, Verdict) {
    let catalogs = tiny_catalogs();
    let mut drafts = story(&catalogs);
    drafts.extend(said.iter().map(|statement| statement.draft("local")));
    let mut all = recorded(&drafts, &catalogs);
    restate_issued(&mut all, edit);
    let issued = issue(&source(&all), &catalogs, &issuer(), &stub).unwrap();
    let verdict = judge(&issued.bytes);
    assert!(verdict.first_failure().is_none(), "{verdict:#?}");
    (markdown::render(&issued.document), verdict)
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

#[test]
fn what_is_withheld_is_said_before_any_conclusion_where_it_bears_on_one() {
    let withheld = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        issued_as(&[], |issued| issued.withheld = rules)
    };
    let (nothing, _) = withheld(&[]);
    assert!(chapter(&nothing, "What is withheld").contains("Nothing is withheld by a rule."));
    let (files, verdict) = withheld(&["evidence:log.*"]);
    assert_eq!(verdict.exit_code(), 0);
    let said = chapter(&files, "What is withheld");
    assert!(said.contains("evidence:log.") && !files.contains("Every conclusion, figure and list"), "{said}");
    assert!(chapter(&files, "Evidence files").contains("withheld"));
    let (results, verdict) = withheld(&["payload:result", "evidence:log.*"]);
    assert_eq!(verdict.exit_code(), 4);
    let notice = "What 3 entries say that bear on conclusions is not in this pack";
    // On the cover, before the summary and in the section.
    assert_eq!(results.matches(notice).count(), 3, "{results}");
    assert!(results.find(notice).unwrap() < results.find("Integrity and how to verify").unwrap());
}

#[test]
fn a_pack_about_a_period_says_so_everywhere_and_what_precedes_and_follows() {
    let to: Timestamp = "2026-11-22T01:46:52Z".parse().unwrap();
    let period = PackPeriod { to, from: "2026-11-21T00:00:00Z".parse().unwrap() };
    let (report, verdict) =
        issued_as(&[], |issued| (issued.period, issued.as_of) = (Some(period), period.last()));
    assert_eq!(verdict.exit_code(), 0);
    for words in
        ["Period from 2026-11-21 to 2026-11-22", "from 2026-11-21T00:00:00Z until 2026-11-22T01:46:52Z"]
    {
        assert!(report.contains(words), "no {words} in {report}");
    }
    assert!(!report.contains("Point in time"), "{report}");
    let over = chapter(&report, "Over the period");
    assert!(over.contains("2026-11-22T01:46:43Z to 2026-11-22T01:46:52Z, failed"), "{over}");
    assert!(chapter(&report, "Summary").contains("Covered throughout"));
    let complete = chapter(&report, "Completeness");
    for words in [
        "Nothing precedes it in this stream",
        "What was recorded later is not in it",
        "The stream begins at ",
        "no run was promised, so none can be missing",
    ] {
        assert!(complete.contains(words), "no {words} in {complete}");
    }
    let (instant, _) = issued_as(&[], |_| ());
    assert!(instant.contains("Point in time") && !instant.contains("Over the period"));
    assert!(chapter(&instant, "Completeness").contains("Nothing precedes it"));
}

#[test]
fn sign_offs_are_listed_where_there_are_any_and_the_report_is_as_before_where_there_are_none() {
    let none = report(&[]);
    assert!(!none.contains("Sign-offs") && !none.contains("signed off"), "{none}");
    let said = |id: &str, note: &str, outcome| {
        Statement::SignOff(SignOff {
            at: "2026-11-22T00:00:00Z".parse().unwrap(),
            by: "Example Audit LLP".into(),
            id: id.parse().unwrap(),
            note: note.into(),
            role: "auditor".into(),
            about: "entry:1".parse().unwrap(),
            system: STREAM.parse().unwrap(),
            outcome,
        })
    };
    let shown = report(&[
        said("b", "Who reviewed it?\n\nAnd when?", Outcome::Questioned),
        said("a", "Seen.", Outcome::Noted),
        said("c", "Too early.", Outcome::Questioned),
        said("c", "It is as it should be.", Outcome::Accepted),
    ]);
    let places =
        ["Who reviewed it?", "And when?", "Seen.", "It is as it should be."].map(|it| shown.find(it));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "in the order of the log: {shown}");
    assert!(!shown.contains("Too early."), "{shown}");
    assert!(shown.contains("signed off (3)"), "{shown}");
}
