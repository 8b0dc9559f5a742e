//! The auditor tests a single transaction: follows it by hand, as the page says, and finds whatever was changed.

use crate::support::folder;
use crate::support::place::Place;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// A place with a result that `ci` signed and that cites a kept report, one behind it, and a pack; gives the entry walked.
fn with_report() -> (Place, u64) {
    let place = Place::with_system();
    place.affiant(&["key", "new", "collector", "ci", "--stream", "scoring", "--kind", "result"]).expect(0);
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    let push = [
        "push",
        "bandit.sarif",
        "--system",
        "scoring",
        "--asset",
        "code",
        "--keep-raw",
        "--sign-key",
        "ci.pem",
    ];
    let answer = place.affiant(&[&push[..], &["--no-findings", "--json"]].concat()).expect(0);
    let first: Value = serde_json::from_str(answer.stdout.lines().next().unwrap()).unwrap();
    place.push("auc", "passed");
    place.issue();
    (place, first["index"].as_u64().unwrap())
}

/// Runs every command of the page, in the folder, beside the auditor's keys.
fn by_hand(folder: &Path) -> Output {
    let page = std::fs::read_to_string(folder.join("WALKTHROUGH.md")).unwrap();
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split_once("```").unwrap().0);
    let script: String = blocks.collect();
    Command::new("sh").args(["-uc", &script]).current_dir(folder).output().unwrap()
}

#[track_caller]
fn holds(folder: &Path) -> String {
    let run = by_hand(folder);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    said
}

#[test]
fn an_entry_of_a_pack_is_followed_by_hand_from_its_report_to_the_conclusions() {
    let (place, index) = with_report();
    std::fs::remove_dir_all(place.ledger()).unwrap();
    let index = index.to_string();
    let words =
        ["log", "walk", &index, "--pack", "pack.zip", "--trust", "trust.keys", "--output", "walk", "--json"];
    let walked = place.affiant(&words).expect(0).json();
    assert_eq!((&walked["by"], &walked["evidence"][0]["held"]), (&Value::from("key:ci"), &Value::from(true)));
    let cited = walked["cited_by"].as_array().unwrap();
    assert!(!cited.is_empty());
    let folder = place.path("walk");
    std::fs::copy(place.path("trust.keys"), folder.join("trust.keys")).unwrap();
    let said = holds(&folder);
    for step in [
        &format!("evidence/{}: OK", walked["evidence"][0]["sha256"].as_str().unwrap()),
        "statement.cbor names ",
        "the payload ends with the statement",
        "payload.cbor names ",
        "entry.cbor names ",
        &format!("the leaf hash of entry {index} is {}", walked["leaf"].as_str().unwrap()),
        "it follows previous.cbor",
        "next.cbor follows it",
        "the entry is in the tree of ",
        "the pack was made over this head",
        "the issuer signed this list",
        "data/assessment.json",
        &format!("data/payloads/{index}.cbor"),
    ] {
        assert!(said.contains(step), "{step}\n{said}");
    }
    assert_eq!(said.matches("Signature Verified Successfully").count(), 3, "{said}");
    assert_eq!(said.matches(&format!("cites entry {index}")).count(), cited.len(), "{said}");
}

#[test]
fn whatever_is_changed_in_the_folder_stops_the_steps() {
    let (place, index) = with_report();
    let index = index.to_string();
    let words = ["log", "walk", &index, "--pack", "pack.zip", "--trust", "trust.keys", "--output", "walk"];
    place.affiant(&words).expect(0).says("# Walkthrough of entry");
    let apart = ["WALKTHROUGH.md", "walkthrough.json"];
    let files: Vec<_> = folder::files(&place.path("walk"))
        .into_iter()
        .filter(|path| !apart.iter().any(|name| path.ends_with(name)))
        .collect();
    assert!(files.len() >= 12, "{files:?}");
    std::fs::copy(place.path("trust.keys"), place.path("walk/trust.keys")).unwrap();
    holds(&place.path("walk"));
    let copy = place.path("copy");
    for file in files {
        let name = file.strip_prefix(place.path("walk")).unwrap();
        let length = std::fs::metadata(&file).unwrap().len() as usize;
        // Of a note, text and signature; the name of the key beside it is for people. Of the next entry, what it names.
        let places = match name.to_str().unwrap() {
            "checkpoint" | "pack.note" => vec![3, length - 10],
            "next.cbor" => vec![length - 4],
            _ => vec![length / 2, length - 40],
        };
        for at in places {
            folder::copy(&place.path("walk"), &copy);
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[at] ^= 1;
            std::fs::write(copy.join(name), bytes).unwrap();
            assert!(!by_hand(&copy).status.success(), "{}, byte {at}", name.display());
        }
    }
    // With the keys of another organisation too.
    let stranger = Place::with_system();
    stranger.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    std::fs::copy(stranger.path("trust.keys"), place.path("walk/trust.keys")).unwrap();
    assert!(!by_hand(&place.path("walk")).status.success());
}

#[test]
fn every_entry_of_a_ledger_is_followed_by_hand() {
    let (place, index) = with_report();
    place
        .affiant(&["log", "erase", &(index + 1).to_string(), "--basis", "asked for", "--approver", "DPO"])
        .expect(0);
    let size = place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].as_u64().unwrap();
    // Genesis, an enrolment, a system, the report's result, an erased one, the last.
    for index in [0, 1, 2, index, index + 1, size - 1] {
        let output = format!("walk-{index}");
        place.affiant(&["log", "walk", &index.to_string(), "--output", &output]).expect(0);
        let folder = place.path(&output);
        std::fs::copy(place.path("trust.keys"), folder.join("trust.keys")).unwrap();
        let said = holds(&folder);
        assert!(said.contains(&format!("the entry is in the tree of {size}")), "{said}");
    }
}

#[test]
fn a_walk_to_nowhere_or_over_something_is_refused() {
    let (place, _) = with_report();
    place.affiant(&["log", "walk", "1000", "--output", "walk"]).expect(2).warns("entry 1000 does not exist");
    place.affiant(&["log", "walk", "1", "--output", "ledger"]).expect(2).warns("not empty");
    place.affiant(&["log", "walk", "1", "--output", "pack.zip"]).expect(2).warns("pack.zip");
    place.affiant(&["log", "walk", "1", "--pack", "pack.zip", "--output", "walk"]).expect(4);
    let of_org = ["log", "walk", "1", "--pack", "pack.zip", "--trust", "trust.keys", "--output", "walk"];
    place.affiant(&of_org).expect(2).warns("the pack does not hold entry 1");
    assert!(!place.path("walk").exists(), "a refusal leaves nothing");
}
