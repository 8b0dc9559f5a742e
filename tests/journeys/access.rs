//! The stream of who did what at the service's doors: chained and checked like any other, and no AI system's.

use crate::support::place::{NOON, Place};
use affiant_controls::access::{Access, AccessEvent};
use affiant_controls::admit::admit_access;
use affiant_controls::statement::Statement;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::time;
use affiant_server::filing::Statements;

/// Records what a service would: one event let through, one denied.
fn record(place: &Place) -> u64 {
    let clock = time::clock(Some(NOON.to_string().as_ref())).unwrap();
    let surroundings = Surroundings { clock, ..Surroundings::new(&Statements, place.path("state/heads")) };
    let event = |who: &str, what: &str, status, allowed| AccessEvent {
        at: "2026-11-24T12:00:00Z".parse().unwrap(),
        who: who.into(),
        role: None,
        what: what.into(),
        count: 1,
        status,
        system: "scoring".parse().ok(),
        address: Some("192.0.2.7".into()),
        allowed,
    };
    let events = vec![
        event("person:A. Example", "GET /v1/systems/scoring", 200, true),
        event("-", "POST /v1/results", 401, false),
    ];
    let access = Statement::Access(admit_access(Access { events }).unwrap());
    let mut ledger = Ledger::open(&place.ledger(), surroundings).unwrap();
    let appended = ledger.append(&[access.draft("local")]).unwrap();
    ledger.close().unwrap();
    appended[0].index
}

#[test]
fn what_is_told_of_the_systems_is_the_same_with_and_without_the_stream_access() {
    let place = Place::with_system_at(NOON);
    place.write("gate.yaml", "gate: 1\nfailed_max: 0\n");
    place.push("auc", "failed");
    place.affiant(&["notify", "--jsonl", "alerts.jsonl"]).expect(0);
    let questions: [&[&str]; 7] = [
        &["status"],
        &["status", "--risk"],
        &["status", "--board"],
        &["gate", "scoring", "--profile", "gate.yaml"],
        &["finding", "list"],
        &["export", "csv", "scoring"],
        &["register", "list", "scoring"],
    ];
    let ask = || questions.map(|words| place.affiant(words)).map(|answer| (answer.code, answer.stdout));
    let before = ask();
    assert_eq!(before[3].0, 1, "the gate says no");
    let index = record(&place);
    for (words, (was, is)) in questions.iter().zip(before.iter().zip(&ask())) {
        assert_eq!(was, is, "{words:?}");
    }
    place.affiant(&["notify", "--jsonl", "alerts.jsonl"]).expect(0).says("nothing new");
    // Without the index the entries are read instead, and say the same.
    std::fs::remove_dir_all(place.ledger().join("index")).unwrap();
    place.affiant(&["status", "access"]).expect(2).warns("registered: scoring");
    place.affiant(&["status"]).expect(before[0].0).says(&before[0].1);
    // It is there all the same.
    let shown = place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).json();
    assert_eq!((&shown["stream"], &shown["kind"]), (&"access".into(), &"access".into()));
    assert_eq!(shown["statement"]["events"][1]["who"], "-");
    place.affiant(&["log", "prove", &index.to_string()]).expect(0);
    place.affiant(&["log", "walk", &index.to_string(), "--output", "walk"]).expect(0);
    place.sound();
}

#[test]
fn nobody_takes_the_stream_access_for_a_system() {
    let place = Place::with_system_at(NOON);
    let refuse = |words: &[&str], why: &str| {
        place.affiant(words).expect(2).warns(why);
    };
    let reserved = "`access` names the stream of who did what at the service's doors, not an AI system";
    refuse(&["register", "system", "access", "--name", "Access"], reserved);
    place.write("access.yaml", "system:\n  id: access\n  name: Access\n");
    refuse(&["register", "file", "access.yaml"], reserved);
    place.push("auc", "passed");
    record(&place);
    refuse(&["register", "system", "access", "--name", "Access"], reserved);
    let unknown = "system `access` is not registered";
    refuse(&["register", "asset", "a", "--system", "access", "--kind", "model", "--name", "A"], unknown);
    refuse(&["status", "access"], unknown);
    place.write("gate.yaml", "gate: 1\nfailed_max: 0\n");
    refuse(&["gate", "access", "--profile", "gate.yaml"], unknown);
    refuse(&["export", "csv", "access"], unknown);
    refuse(&["pack", "build", "access"], unknown);
    refuse(&["sample", "access", "--text", "rain", "--count", "1"], unknown);
    refuse(&["plan", "add", "AFF-EXP-11", "--system", "access", "--every", "P7D"], unknown);
    refuse(&["policy", "set", "--exception-approvals", "2", "--by", "Board", "--system", "access"], unknown);
    let words = ["push", "--system", "access", "--control", "AFF-EXP-11", "--status", "passed"];
    refuse(&[&words[..], &["--summary", "x"]].concat(), unknown);
    // A policy for all is one for every system and the organisation.
    let set = place.affiant(&["policy", "set", "--exception-approvals", "2", "--by", "Board"]).expect(0);
    let said: Vec<&str> = set.stdout.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(said, ["org", "scoring"]);
    place.sound();
}

#[test]
fn nothing_of_the_stream_access_comes_into_a_pack() {
    let place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    record(&place);
    place.issue();
    let verdict = place.affiant(&["verify", "pack.zip", "--trust", "trust.keys", "--json"]).expect(0);
    assert!(!verdict.stdout.contains("192.0.2.7"));
    let pack = std::fs::read(place.path("pack.zip")).unwrap();
    // The members are stored, not compressed: `entries.cbor` would show it.
    let holds = |text: &[u8]| pack.windows(text.len()).any(|window| window == text);
    assert!(holds(b"AFF-EXP-11") && !holds(b"192.0.2.7") && !holds(b"/v1/systems/scoring"));
    place.sound();
}
