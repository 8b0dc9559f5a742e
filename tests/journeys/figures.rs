//! Scores and figures through the binary: what speaks against a system, and what a board is told of it.

use crate::support::place::{DAY, NOON, Place};
use serde_json::{Value, json};

const CONTROL: &str = "AFF-EXP-11";

/// The answer about one system.
fn risk(place: &Place, more: &[&str]) -> Value {
    let words = ["status", "scoring", "--risk", "--json"];
    place.affiant(&[&words[..], more].concat()).json()[0].clone()
}

/// The points of a kind of term.
fn points(risk: &Value, kind: &str) -> u64 {
    let terms = risk["terms"].as_array().unwrap().iter().filter(|term| term["kind"] == kind);
    terms.map(|term| term["points"].as_u64().unwrap()).sum()
}

fn board(place: &Place, more: &[&str]) -> Value {
    place.affiant(&[&["status", "--board", "--json"], more].concat()).json()
}

/// A figure of the first system.
fn figure(board: &Value, word: &str) -> Value {
    let all = board["systems"][0]["figures"].as_array().unwrap();
    all.iter().find(|it| it["figure"] == word).unwrap_or_else(|| panic!("{word}")).clone()
}

#[test]
fn a_score_is_explained_by_its_terms_and_falls_with_what_is_mended() {
    let mut place = Place::with_system_at(NOON);
    place.affiant(&["status", "scoring", "--risk"]).expect(4).says("for exposure").says("missing");
    let silent = risk(&place, &[]);
    place.push("one", "failed");
    let failed = risk(&place, &[]);
    assert!(failed["score"].as_u64() > silent["score"].as_u64());
    let (weight, finding) = (points(&failed, "failed"), points(&failed, "finding"));
    assert!(weight == finding * 8 && finding > 0, "{failed}");
    let sum: u64 =
        failed["terms"].as_array().unwrap().iter().map(|term| term["points"].as_u64().unwrap()).sum();
    assert_eq!(failed["score"].as_u64().unwrap(), sum * failed["exposure"]["factor"].as_u64().unwrap());
    let shown = place.affiant(&["status", "scoring", "--risk"]).expect(0);
    shown.says("3 (high-risk)").says("AFF-EXP-11 on model").warns("no probability");
    let words = ["except", "grant", CONTROL, "--system", "scoring", "--until", "2026-12-01", "--id", "exc-1"];
    place
        .affiant(&[&words[..], &["--reason", "a fix is due", "--approver", "Head of Risk"]].concat())
        .expect(0);
    let accepted = risk(&place, &[]);
    assert_eq!((points(&accepted, "failed"), points(&accepted, "finding")), (weight / 2, 0));
    place.at(NOON + 300 * DAY);
    let late = risk(&place, &[]);
    assert_eq!((points(&late, "failed"), points(&late, "overdue-finding")), (weight, finding * 2));
    let then = risk(&place, &["--as-of", "2026-11-24T12:00:00Z"]);
    assert_eq!(then, accepted, "as it was then");
    place.push("two", "passed");
    assert_eq!((points(&risk(&place, &[]), "failed"), points(&risk(&place, &[]), "overdue-finding")), (0, 0));
}

#[test]
fn systems_are_ranked_and_every_term_is_a_row() {
    let place = Place::with_system_at(NOON);
    let words = ["register", "system", "chat", "--name", "Chat", "--role", "deployer"];
    place.affiant(&[&words[..], &["--risk-class", "none"]].concat()).expect(0);
    place.push("one", "failed");
    let ranked = place.affiant(&["status", "--risk", "--json"]).expect(0).json();
    let score = |at: usize| ranked[at]["score"].as_u64().unwrap();
    assert!(score(0) > score(1) && ranked[0]["system"] == "scoring" && ranked[1]["exposure"]["factor"] == 1);
    let text = place.affiant(&["status", "--risk"]).expect(0).says("1 (none)").stdout;
    assert!(text.find("scoring") < text.find("chat"), "{text}");
    let csv = place.affiant(&["status", "--risk", "--csv"]).expect(0).stdout;
    assert!(csv.starts_with("system,asset,term,accepted,severity,count,each,points,exposure,what\r\n"));
    let rows = csv.lines().filter(|row| row.contains(",failed,")).map(|row| row.split(',').nth(1).unwrap());
    assert_eq!(rows.collect::<Vec<_>>(), ["", "model"], "of the system, and of the asset");
    place.affiant(&["status", "--risk", "--board"]).expect(2);
    place.affiant(&["status", "scoring", "--risk", "--over", "2026-01-01/2026-02-01"]).expect(2);
    place.affiant(&["status", "nobody", "--risk"]).expect(2);
}

#[test]
fn a_board_is_told_of_how_many_each_figure_speaks() {
    let mut place = Place::with_system_at(NOON);
    let nothing = board(&place, &[]);
    let none = json!({"figure": "time-to-remediate", "title": "from finding to resolution", "n": 0,
        "median_ms": null, "mean_ms": null, "p95_ms": null});
    assert_eq!(figure(&nothing, "time-to-remediate"), none);
    assert_eq!(figure(&nothing, "drift-30")["count"], Value::Null);
    place.affiant(&["status", "scoring", "--board"]).expect(4).says("none").warns("not zero");
    place.push("one", "passed");
    place.at(NOON + 2 * DAY);
    place.push("two", "failed");
    place.at(NOON + 5 * DAY);
    let drifted = figure(&board(&place, &[]), "drift-30");
    assert_eq!((&drifted["count"], &drifted["of"]), (&json!(1), &json!(1)));
    place.push("three", "passed");
    let open = ["incident", "open", "inc-1", "--system", "scoring", "--summary", "a jailbreak"];
    place.affiant(&[&open[..], &["--aware-at", "2026-11-28T12:00:00Z"]].concat()).expect(0);
    let say = |verb: &str, more: &[&str]| {
        place.affiant(&[&["incident", verb, "inc-1", "--system", "scoring"], more].concat()).expect(0)
    };
    say("update", &["--contained-at", "2026-11-28T18:00:00Z"]);
    say("test", &["--control", "AFF-THR-01"]);
    let told = board(&place, &[]);
    let mended = figure(&told, "time-to-remediate");
    assert_eq!((&mended["n"], &mended["median_ms"]), (&json!(1), &json!(3 * DAY * 1000)));
    assert_eq!(figure(&told, "jailbreak-contain")["mean_ms"], json!(6 * 3600 * 1000));
    assert_eq!(figure(&told, "model-drift-contain")["n"], 0);
    assert_eq!(figure(&told, "incident-tests-held")["count"], 0);
    assert_eq!(figure(&told, "pairs-held")["count"], 1);
    assert_eq!(told["all"], told["systems"][0]["figures"], "there is one system");
    // As it was known then: nothing had failed, nothing was mended.
    let then = board(&place, &["--as-of", "2026-11-25"]);
    assert_eq!(
        (figure(&then, "drift-30")["count"].clone(), figure(&then, "time-to-remediate")["n"].clone()),
        (0.into(), 0.into())
    );
    place.affiant(&["status", "scoring", "--board"]).expect(0).says("median 3 d").says("median 6 h");
    let csv = place.affiant(&["status", "--board", "--csv"]).expect(0).stdout;
    assert!(csv.starts_with("system,figure,title,count,of,n,median_ms,mean_ms,p95_ms\r\n"));
    assert!(csv.contains("scoring,jailbreak-contain,") && csv.contains("all systems,jailbreak-contain,"));
    assert!(csv.contains("model-drift-contain,\"incidents about drift of models, from awareness to containment\",,,0,none,none,none"));
}

#[test]
fn an_exception_that_waits_for_approval_does_not_run_out() {
    let place = Place::with_system_at(NOON);
    place
        .affiant(&["policy", "set", "--exception-approvals", "2", "--from-severity", "low", "--by", "Board"])
        .expect(0);
    place.push("one", "failed");
    let words = ["except", "grant", CONTROL, "--system", "scoring", "--until", "2026-12-01", "--id", "exc-1"];
    place
        .affiant(&[&words[..], &["--reason", "a fix is due", "--approver", "Head of Risk"]].concat())
        .expect(0);
    let ends =
        || place.affiant(&["status", "scoring"]).expect(0).stdout.contains("exception exc-1 on AFF-EXP-11");
    assert!(!ends(), "it waives nothing yet");
    place
        .affiant(&["except", "approve", "exc-1", "--system", "scoring", "--by", "Chief Risk Officer"])
        .expect(0);
    assert!(ends());
}
