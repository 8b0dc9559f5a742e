//! What auditors and officers say about what is on file: it stands beside it, and changes nothing.

use crate::support::answer::Answer;
use crate::support::place::{DAY, NOON, Place};
use std::fs;

fn sign_off(place: &Place, about: &str, more: &[&str]) -> Answer {
    let words = ["request", "sign-off", "--system", "scoring", "--about", about, "--by", "Example Audit LLP"];
    place.affiant(&[&words[..], more].concat())
}

/// The report of a pack built now, as Markdown; its pack is verified.
fn report(place: &Place) -> String {
    place.affiant(&["pack", "build", "scoring", "--output", "p.zip", "--report", "p.md"]).expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "p.zip", "--trust", "trust.keys"]).expect(0);
    fs::read_to_string(place.path("p.md")).unwrap()
}

#[test]
fn what_is_said_stands_in_the_report_and_a_later_word_of_the_same_id_takes_its_place() {
    let mut place = Place::with_system_at(NOON);
    let index = place.push("auc", "passed");
    assert!(!report(&place).contains("Sign-offs"), "nobody said anything");
    let status = |place: &Place| place.affiant(&["status", "scoring"]).stdout;
    let before = status(&place);
    let (entry, note) = (format!("entry:{index}"), "Who reviewed the threshold?\nAnd when?");
    let questioned = ["--outcome", "questioned", "--id", "q-1", "--note", note];
    let said = sign_off(&place, &entry, &[&questioned[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(said["id"], "q-1");
    let statement = &said["statement"];
    assert_eq!((&statement["about"], &statement["role"]), (&entry.as_str().into(), &"auditor".into()));
    sign_off(&place, "requirement:eu-ai-act/art-9-1", &["--role", "officer", "--note", "Ours."])
        .expect(0)
        .says("sign-off sign-")
        .says(" recorded, entry ");
    let shown = report(&place);
    for words in [
        "Sign-offs",
        "Who reviewed the threshold?",
        "And when?",
        "questioned",
        "Ours.",
        "Example Audit LLP, officer",
    ] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    assert!(shown.find("And when?") < shown.find("Ours."), "in the order of the log");
    place.at(NOON + DAY);
    let answered = ["--outcome", "accepted", "--id", "q-1", "--note", "The minutes of March show it."];
    sign_off(&place, &entry, &answered).expect(0);
    let shown = report(&place);
    assert!(shown.contains("The minutes of March show it.") && !shown.contains("And when?"), "{shown}");
    let words = ["pack", "build", "scoring", "--output", "p.zip", "--report", "p.md", "--as-of"];
    place.affiant(&[&words[..], &["2026-11-24T12:00:00Z"]].concat()).expect(0);
    assert!(fs::read_to_string(place.path("p.md")).unwrap().contains("And when?"), "as it was that day");
    place.at(NOON);
    assert_eq!(status(&place), before, "no conclusion changes");
    place.sound();
}

#[test]
fn only_what_is_on_file_of_the_system_is_signed_off() {
    let place = Place::with_system_at(NOON);
    place.affiant(&["register", "system", "other", "--name", "Other"]).expect(0);
    let index = place.push("auc", "failed");
    let ask = ["request", "add", "AFF-EXP-11", "--system", "scoring", "--id", "req-1", "--due", "2026-12-15"];
    place
        .affiant(&[&ask[..], &["--owner", "Data team", "--by", "Audit", "--text", "the report"]].concat())
        .expect(0);
    let finding = place.affiant(&["finding", "list", "scoring", "--json"]).expect(0).json();
    let finding = finding[0]["finding"]["id"].as_str().unwrap();
    let draw = ["sample", "scoring", "--text", "rain", "--count", "1", "--record", "--by", "Audit", "--json"];
    let sample = place.affiant(&draw).expect(0).json();
    let sample = sample["id"].as_str().unwrap();
    let built = place.affiant(&["pack", "build", "scoring", "--output", "p.zip", "--json"]).expect(0).json();
    let pack = built["pack"].as_str().unwrap();
    for about in [
        format!("entry:{index}"),
        "request:req-1".into(),
        format!("finding:{finding}"),
        format!("sample:{sample}"),
        format!("pack:{pack}"),
        "requirement:iso-42001/A.10.4".into(),
    ] {
        sign_off(&place, &about, &["--note", "Seen."]).expect(0);
    }
    for (about, why) in [
        ("entry:0", "entry 0 is of `org`, not of `scoring`"),
        ("entry:4000", "entry 4000 does not exist: the ledger has "),
        ("entry:01", "`entry:01` names nothing on file"),
        ("request:req-2", "`req-2` is no request of scoring"),
        ("request:req", "`req` is no request of scoring"),
        ("sample:sample-0", "`sample-0` is no sample of scoring"),
        ("finding:f-0", "`f-0` is no finding"),
        ("pack:pack-0", "`pack-0` is no pack of scoring"),
        ("requirement:eu-ai-act/art-9999", "`art-9999` is no requirement of `eu-ai-act`"),
        ("requirement:gdpr/art-5", "`art-5` is no requirement of `gdpr`"),
        ("control:AFF-EXP-11", "`control:AFF-EXP-11` names nothing on file"),
    ] {
        sign_off(&place, about, &["--note", "Seen."]).expect(2).warns(why);
    }
    let entry = format!("entry:{index}");
    sign_off(&place, &entry, &["--note", " "]).expect(2).warns("`note`");
    sign_off(&place, &entry, &["--note", "Seen.", "--role", "collector"])
        .expect(2)
        .warns("`collector` is none of the roles");
    sign_off(&place, &entry, &["--note", "Seen.", "--outcome", "fine"])
        .expect(2)
        .warns("`fine` is not an outcome");
    let other = [
        "request",
        "sign-off",
        "--system",
        "other",
        "--about",
        "request:req-1",
        "--by",
        "A",
        "--note",
        "Seen.",
    ];
    place.affiant(&other).expect(2).warns("`req-1` is no request of other");
    // It answers nothing and closes nothing.
    let list = place.affiant(&["request", "list", "scoring", "--json"]).expect(0).json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["state"]), (1, &"open".into()));
    let found = place.affiant(&["finding", "list", "scoring", "--json"]).expect(0).json();
    assert_eq!(found[0]["state"], "open");
    place.sound();
}

#[test]
fn a_collector_granted_every_kind_pushes_results_and_nothing_else() {
    let place = Place::with_system_at(NOON);
    place.affiant(&["key", "new", "collector", "ci", "--stream", "*", "--kind", "*"]).expect(0);
    let size = || place.affiant(&["log", "checkpoint"]).expect(0).stdout.lines().nth(1).unwrap().to_owned();
    let before = size();
    let said = r#""at": "2026-11-24T12:00:00Z", "by": "Example Audit LLP", "id": "s-1", "note": "Seen.", "role": "auditor",
        "about": "entry:1", "system": "scoring", "outcome": "accepted""#
        .replace('\n', "");
    let done = r#""events": [{"at": "2026-11-24T12:00:00Z", "who": "-", "what": "GET /", "count": 1, "status": 200, "allowed": true}]"#;
    for (kind, fields) in [("sign-off", said.as_str()), ("access", done)] {
        for row in [format!("{{{fields}}}\n"), format!("{{\"kind\": \"{kind}\", {fields}}}\n")] {
            for name in ["rows.ndjson", "rows.json"] {
                place.write(name, &row);
                let answer = place.affiant(&["push", name, "--system", "scoring", "--sign-key", "ci.pem"]);
                assert!(answer.code == 2, "{}", answer.shown());
            }
        }
    }
    assert_eq!(size(), before, "nothing was recorded");
    let words =
        ["push", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11", "--status", "passed"];
    place.affiant(&[&words[..], &["--summary", "x", "--sign-key", "ci.pem"]].concat()).expect(0);
    place.sound();
}
