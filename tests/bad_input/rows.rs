//! Rows that no ledger takes: each refused with its line, and its field where there is one.

use super::refusal::push_refused;
use crate::support::place::{NOON, Place};

/// A good row, then a row of these members.
fn two(members: &str) -> String {
    format!("{{\"control\":\"AFF-EXP-11\",\"status\":\"passed\",\"id\":\"good\"}}\n{{{members}}}\n")
}

/// As [`two`], with the members that every row needs.
fn and(members: &str) -> String {
    two(&format!(r#""control":"AFF-EXP-11","status":"passed",{members}"#))
}

#[test]
fn a_bad_row_names_its_line_and_field() {
    let place = Place::with_system_at(NOON);
    let cases = [
        // what is there, what is named
        (two(r#""status":"passed""#), "field `control` is missing"),
        (two(r#""control":"AFF-EXP-11""#), "field `status` is missing"),
        (
            two(r#""control":"AFF-EXP-99","status":"passed""#),
            "control `AFF-EXP-99` is in none of the catalogs",
        ),
        (two(r#""control":"","status":"passed""#), "`` is not a control id"),
        (two(r#""control":"../../etc","status":"passed""#), "`../../etc` is not a control id"),
        (two(r#""control":7,"status":"passed""#), "field `control`"),
        (two(r#""control":"AFF-EXP-11","status":true"#), "field `status`"),
        (two(r#""control":"AFF-EXP-11","status":null"#), "field `status`"),
        (two(r#""control":"AFF-EXP-11","status":NaN"#), "field `status`"),
        (two(r#""control":"AFF-EXP-11","status":"passed","status":"failed""#), "key `status` stands twice"),
        (and(r#""asset":"nobody""#), "asset `nobody` is not registered"),
        (and(r#""asset":"No Body""#), "field `asset`"),
        (and(r#""system":"other""#), "the row speaks about system `other`"),
        (and(r#""verdict":"fine""#), "unknown field `verdict`"),
        (and(r#""STATUS":"failed""#), "unknown field `STATUS`"),
        (and(r#""collector":7"#), "field `collector`"),
        (and(r#""collector":{"name":""}"#), "`collector.name`"),
        (and(r#""collector":{"name":"ci","nick":"x"}"#), "unknown field `nick`"),
        (and(r#""run":{"examined":1.5,"skipped":0,"errors":0,"complete":true}"#), "field `run.examined`"),
        (and(r#""run":{"examined":-1,"skipped":0,"errors":0,"complete":true}"#), "field `run.examined`"),
        (and(r#""run":{"examined":1e3,"skipped":0,"errors":0,"complete":true}"#), "field `run.examined`"),
        (
            and(r#""run":{"examined":99999999999999999999,"skipped":0,"errors":0,"complete":true}"#),
            "field `run.examined`",
        ),
        (and(r#""run":[1,0,0,true]"#), "field `run`"),
        (
            and(r#""population":{"definition":"all","size":1,"tested":2,"failed":0}"#),
            "`population` counts do not add up",
        ),
        (and(r#""measures":[{"name":"auc","value":0.84}]"#), "field `measures[0]"),
        (and(r#""observed_to":"2030-01-01T00:00:00Z""#), "lies in the future"),
        (and(r#""observed_to":"10000-01-01T00:00:00Z""#), "field `observed_to`"),
        (and(r#""observed_to":"1969-12-31T23:59:59Z""#), "field `observed_to`"),
        (and(r#""observed_to":"2026-02-30T00:00:00Z""#), "field `observed_to`"),
        (and(r#""observed_to":"2026-01-01T00:00:00""#), "field `observed_to`"),
        (and(r#""observed_to":1795521600"#), "field `observed_to`"),
        (
            and(r#""observed_from":"2026-11-02T00:00:00Z","observed_to":"2026-11-01T00:00:00Z""#),
            "`observed_from` lies after `observed_to`",
        ),
        (and(r#""summary":"a\u0000b""#), r"`summary` holds the hidden character U+0000"),
        (and(r#""summary":"a\u202eb""#), r"`summary` holds the hidden character U+202E"),
        (and(r#""summary":"\u001b[2Jx""#), r"`summary` holds the hidden character U+001B"),
        (and(r#""id":"pa\u200bss""#), "`id`"),
        (and(r#""summary":"\ud800""#), "line 2"),
        (and(r#""flags":{"a":1}"#), "field `flags`"),
        (
            and(r#""evidence":[{"name":"x","size":1,"media_type":"text/plain","sha256":"zz"}]"#),
            "field `evidence[0].sha256`",
        ),
        (
            and(r#""evidence":[{"name":"../../x\u0000","size":1,"media_type":"text/plain"}]"#),
            "field `evidence[0]",
        ),
    ];
    for (rows, named) in &cases {
        let answer = push_refused(
            &place,
            "ndjson",
            rows.as_bytes(),
            &["line 2", named, "1 bad row, nothing was recorded"],
        );
        assert_eq!(answer.errors().len(), 2, "one line for the row, one for the batch\n{}", answer.shown());
    }
    assert_eq!(place.affiant(&["log", "show", "--ids"]).expect(0).stdout, "", "no good row slipped in");
    place.sound();
}

#[test]
fn the_same_rows_are_refused_as_json_with_their_path() {
    let place = Place::with_system_at(NOON);
    let bad = r#"{"control":"AFF-EXP-11","status":"passed","run":{"examined":0.5,"skipped":0,"errors":0,"complete":true}}"#;
    let list = format!("[\n{{\"control\":\"AFF-EXP-11\",\"status\":\"passed\"}},\n{bad}\n]");
    push_refused(&place, "json", list.as_bytes(), &["line 3, column ", "field `[1].run.examined`"]);
    let results = format!("{{\"results\":[{bad}]}}");
    push_refused(&place, "json", results.as_bytes(), &["field `results[0].run.examined`"]);
    push_refused(&place, "json", br#"{"results":[],"more":1}"#, &["line 1"]);
    push_refused(&place, "json", br#"{"results":{}}"#, &["`results` is not a list"]);
    push_refused(&place, "json", b"7", &["line 1, column 1", "an object or a list of objects was expected"]);
}

#[test]
fn lines_that_are_no_json_name_line_and_column() {
    let place = Place::with_system();
    for bad in [
        "{",
        "}",
        "[]",
        "null",
        "nonsense",
        r#"{"control":"AFF-EXP-11","status":"pas"#,
        r#"{"control":'x'}"#,
        "\u{1b}[31m",
        "{} {}",
    ] {
        let rows = format!("{{\"control\":\"AFF-EXP-11\",\"status\":\"passed\"}}\n{bad}\n");
        push_refused(&place, "ndjson", rows.as_bytes(), &["line 2"]);
    }
}

#[test]
fn a_row_or_text_over_its_limit_is_refused() {
    let place = Place::with_system();
    let long = "a".repeat(20_000);
    push_refused(
        &place,
        "ndjson",
        and(&format!(r#""summary":"{long}""#)).as_bytes(),
        &["line 2", "`summary`"],
    );
    push_refused(&place, "ndjson", and(&format!(r#""id":"{long}""#)).as_bytes(), &["line 2", "`id`"]);
    push_refused(&place, "ndjson", and(&format!(r#""asset":"{long}""#)).as_bytes(), &["line 2", "`asset`"]);
    let huge = "a".repeat(2 << 20);
    push_refused(&place, "ndjson", and(&format!(r#""details":"{huge}""#)).as_bytes(), &["line 2"]);
    push_refused(&place, "ndjson", and(&format!(r#""{huge}":1"#)).as_bytes(), &["line 2"]);
    let digits = "9".repeat(100_000);
    push_refused(&place, "ndjson", and(&format!(r#""run":{{"examined":{digits}}}"#)).as_bytes(), &["line 2"]);
}

#[test]
fn many_bad_rows_are_counted_and_the_first_twenty_named() {
    let place = Place::with_system();
    let rows = "{\"status\":\"passed\"}\n".repeat(5_000);
    let answer = push_refused(
        &place,
        "ndjson",
        rows.as_bytes(),
        &["line 1, ", "line 20, ", "and 4980 more", "5000 bad rows"],
    );
    assert!(!answer.stderr.contains("line 21"), "{}", answer.shown());
}
