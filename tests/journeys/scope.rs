//! What a pack holds: over what period, and without what.

use crate::support::folder;
use crate::support::place::{DAY, NOON, Place};
use affiant_reports::archive::{self, Limits};
use serde_json::Value;
use std::fs;

/// `assessment.json` of a pack.
fn assessment(place: &Place, name: &str) -> Value {
    let members = archive::read(&fs::read(place.path(name)).unwrap(), &Limits::default()).unwrap();
    serde_json::from_slice(&members["data/assessment.json"]).unwrap()
}

fn build<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["pack", "build", "scoring", "--output", "p.zip"], more].concat()
}

fn with_evidence() -> Place {
    let place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    place
        .affiant(&["push", "bandit.sarif", "--system", "scoring", "--asset", "code", "--keep-raw"])
        .expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place
}

fn verdict(place: &Place, code: i32) -> Value {
    place.affiant(&["verify", "p.zip", "--trust", "trust.keys", "--json"]).expect(code).json()
}

#[test]
fn withheld_evidence_is_not_in_the_pack_and_its_digest_is() {
    let place = with_evidence();
    let raw = fs::read(place.path("bandit.sarif")).unwrap();
    let holds = |place: &Place| {
        let pack = fs::read(place.path("p.zip")).unwrap();
        pack.windows(64).any(|window| window == &raw[raw.len() / 2..][..64])
    };
    place.affiant(&build(&[])).expect(0);
    assert!(holds(&place) && verdict(&place, 0)["counts"]["evidence_held"] == 1);
    let built = place.affiant(&build(&["--withhold", "evidence:*.sarif", "--json"])).expect(0).json();
    assert_eq!(built["withholding"][0]["files"], 1);
    assert!(!holds(&place));
    let counts = verdict(&place, 0)["counts"].clone();
    assert_eq!((&counts["evidence_held"], &counts["evidence_withheld"]), (&0.into(), &1.into()));
    let file = assessment(&place, "p.zip")["evidence"][0].clone();
    assert_eq!((&file["withheld"], &file["held"]), (&"evidence:*.sarif".into(), &false.into()));
}

#[test]
fn a_pack_without_the_payloads_it_concludes_from_is_undetermined_and_not_countersigned() {
    let place = with_evidence();
    place
        .affiant(&build(&["--withhold", "payload:result", "--report", "p.md"]))
        .expect(0)
        .warns("whoever verifies it is told that it is undetermined (exit 4)");
    let found = verdict(&place, 4);
    assert_eq!(found["conclusion"], "withheld");
    assert!(found["checks"].as_array().unwrap().iter().all(|check| check["outcome"] != "failed"), "{found}");
    assert_eq!(found["counts"]["payloads_bearing"], found["counts"]["payloads_withheld"]);
    place
        .affiant(&["verify", "p.zip", "--trust", "trust.keys"])
        .expect(4)
        .says("payloads that bear on its conclusions are withheld");
    assert!(fs::read_to_string(place.path("p.md")).unwrap().contains("**Withheld."));
    let words = ["pack", "countersign", "p.zip", "--key", "ledger/keys/log.pem", "-o", "c.zip"];
    place.affiant(&[&words[..], &["--trust", "trust.keys"]].concat()).expect(4).warns("not countersigned");
    let sample = ["sample", "--pack", "p.zip", "--trust", "trust.keys", "--text", "rain", "--count", "1"];
    place.affiant(&sample).expect(4);

    let before = folder::content(&place.ledger());
    for rule in ["payload:catalog", "payload:pack", "payload:key", "everything", "evidence:"] {
        place.affiant(&build(&["--withhold", rule])).expect(2).warns("error: ");
    }
    assert!(folder::changed(&before, &folder::content(&place.ledger())).is_empty());
}

#[test]
fn a_pack_about_a_period_says_what_status_says_over_it() {
    let mut place = Place::with_system_at(NOON);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.push("one", "passed");
    place
        .affiant(&["plan", "add", "AFF-EXP-11", "--system", "scoring", "--asset", "model", "--every", "P2D"])
        .expect(0);
    place.at(NOON + 3 * DAY);
    place.push("two", "failed");
    place.at(NOON + 5 * DAY);
    place.push("three", "passed");
    place.at(NOON + 9 * DAY);
    place.push("four", "failed");
    let period = "2026-11-24..2026-12-01";
    let status =
        place.affiant(&["status", "scoring", "--over", "2026-11-24/2026-12-01", "--json"]).expect(0).json();
    let same = place.affiant(&["status", "scoring", "--over", period, "--json"]).expect(0).json();
    assert_eq!(status, same);
    place.affiant(&build(&["--over", period, "--report", "p.md"])).expect(0);
    let found = assessment(&place, "p.zip");
    assert_eq!(found["as_of"], "2026-11-30T23:59:59.999Z");
    let of = |judged: &Value, id: &str| {
        let all = judged.as_array().unwrap();
        all.iter().find(|it| it["framework"]["id"] == id).unwrap().clone()
    };
    for id in ["eu-ai-act", "iso-42001", "nist-ai-rmf"] {
        let (pack, status) = (of(&found["periods"], id), of(&status, id));
        for part in ["requirements", "controls", "plans", "from", "to", "withheld"] {
            assert_eq!(pack[part], status[part], "{id} {part}");
        }
    }
    let rows = of(&found["periods"], "eu-ai-act")["requirements"].clone();
    let failing = rows.as_array().unwrap().iter().find(|row| row["failed"]["count"] != 0).unwrap().clone();
    let gap = |from: &str| failing["gaps"].as_array().unwrap().iter().any(|gap| gap["from"] == from);
    assert!(gap("2026-11-27T12:00:00Z"), "{failing}");
    let said = verdict(&place, 0)["checks"][8]["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("over the period from 2026-11-24T00:00:00Z until 2026-12-01T00:00:00Z"), "{said}");
    // The plan begins a minute after the first run: nothing ran in its first window.
    assert!(said.contains("of 4 promised runs 1 kept, 1 failed, 0 late, 1 missed, 1 open"), "{said}");
    let report = fs::read_to_string(place.path("p.md")).unwrap();
    assert!(report.contains("Period from 2026-11-24 to 2026-11-30") && report.contains("Over the period\n"));

    let refused = |more: &[&str], why: &str| drop(place.affiant(&build(more)).expect(2).warns(why));
    refused(&["--over", "2026-11-24..2027-12-01"], "lies in the future");
    refused(&["--over", "2026-11-24..2026-11-24"], "is empty");
    refused(&["--over", "2026-11-24"], "FROM..TO");
    refused(&["--over", "2026-11-01..2026-11-02"], "was registered");
    refused(&["--over", period, "--as-of", "2026-11-30"], "cannot be used with");
    place.sound();
}
