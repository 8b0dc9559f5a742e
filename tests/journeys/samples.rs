//! The auditor draws a sample: from the ledger, from a pack, by hand, and finds it again.

use crate::support::place::Place;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const TEXT: &str = "Example Audit LLP, winter rain";

/// A place with twelve results, of which three failed.
fn with_results() -> Place {
    let place = Place::with_system();
    for n in 0..12 {
        place.push(&format!("n{n}"), if n % 4 == 3 { "failed" } else { "passed" });
    }
    place
}

fn items(answer: &Value) -> Vec<u64> {
    answer["items"].as_array().unwrap().iter().map(|item| item["index"].as_u64().unwrap()).collect()
}

/// What the page of the format does in a shell, in a folder with the file `population`.
fn by_hand(place: &Place, text: &str, root: &str, count: &str) -> Vec<u64> {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/sample.md")).unwrap();
    let (_, behind) = page.split_once("whose numbers have 64 bits:\n\n```text\n").unwrap();
    let (script, _) = behind.split_once("```").unwrap();
    let run = Command::new("sh")
        .args(["-euc", script])
        .current_dir(place.path("."))
        .envs([("text", text), ("root", root), ("count", count)])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let drawn = std::fs::read_to_string(place.path("drawn")).unwrap();
    drawn.lines().map(|line| line.split_once(' ').unwrap().0.parse().unwrap()).collect()
}

#[test]
fn ledger_pack_and_shell_draw_the_same() {
    let place = with_results();
    place.issue();
    let words = ["--text", TEXT, "--count", "4", "--status", "passed", "--json"];
    let sample = |more: &[&str]| place.affiant(&[&["sample"], more, &words].concat()).expect(0).json();
    let of_ledger = sample(&["scoring"]);
    let of_pack = sample(&["--pack", "pack.zip", "--trust", "trust.keys"]);
    assert_eq!(of_ledger, of_pack);
    assert_eq!((items(&of_ledger).len(), &of_ledger["population"]["size"]), (4, &Value::from(9)));
    assert!(of_ledger["items"].as_array().unwrap().iter().all(|item| item["status"] == "passed"));
    // Later entries change nothing of what is drawn at the size of then.
    place.push("later", "passed");
    let size = of_ledger["size"].to_string();
    assert_eq!(sample(&["scoring", "--at-size", &size]), of_ledger);
    assert_ne!(items(&sample(&["scoring"])), items(&of_ledger));
    let list = ["sample", "scoring", "--at-size", &size, "--status", "passed", "--population"];
    place.write("population", place.affiant(&list).expect(0).stdout);
    let digest = Command::new("sha256sum").arg("population").current_dir(place.path(".")).output().unwrap();
    let digest = String::from_utf8(digest.stdout).unwrap();
    assert_eq!(digest.split(' ').next(), of_ledger["population"]["digest"].as_str());
    let root = of_ledger["root"].as_str().unwrap();
    assert_eq!(by_hand(&place, TEXT, root, "4"), items(&of_ledger));
    // More than there are: all of them, each once.
    let mut all = by_hand(&place, TEXT, root, "40");
    let whole = place
        .affiant(&[
            "sample",
            "scoring",
            "--at-size",
            &size,
            "--status",
            "passed",
            "--text",
            TEXT,
            "--count",
            "40",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!((all.len(), &all), (9, &items(&whole)));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 9);
}

#[test]
fn filters_say_what_is_drawn_from() {
    let mut place = Place::with_system_at(crate::support::place::NOON);
    for n in 0..3 {
        place.at(crate::support::place::NOON + n * crate::support::place::DAY);
        place.push(&format!("n{n}"), "passed");
    }
    let size = |more: &[&str]| {
        let words = [&["sample", "scoring", "--text", TEXT, "--json"], more].concat();
        place.affiant(&words).expect(0).json()["population"]["size"].as_u64().unwrap()
    };
    assert_eq!(size(&[]), 3);
    assert_eq!(size(&["--control", "AFF-EXP-11", "--asset", "model"]), 3);
    assert_eq!(size(&["--from", "2026-11-25T12:00:00Z"]), 2);
    assert_eq!(size(&["--from", "2026-11-25T12:00:00Z", "--until", "2026-11-26T12:00:00Z"]), 1);
    for nothing in
        [["--control", "AFF-EXP-12"], ["--asset", "code"], ["--status", "failed"], ["--collector", "x"]]
    {
        let words = [&["sample", "scoring", "--text", TEXT][..], &nothing].concat();
        place.affiant(&words).expect(4).warns("no result to draw from");
    }
}

#[test]
fn a_recorded_sample_is_drawn_again_by_whoever_verifies_a_later_pack() {
    let place = with_results();
    let words = ["sample", "scoring", "--text", TEXT, "--count", "3", "--json"];
    let seen = place.affiant(&words).expect(0).json();
    let record = [&words[..], &["--record", "--by", "Example Audit LLP"]].concat();
    let recorded = place.affiant(&record).expect(0).json();
    assert_eq!(items(&recorded), items(&seen));
    let index = recorded["recorded"].as_u64().unwrap();
    place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).says("winter rain");
    place.issue();
    place
        .affiant(&["verify", "pack.zip", "--trust", "trust.keys"])
        .expect(0)
        .says("1 recorded samples drawn again");
    place.sound();
}

#[test]
fn a_sample_of_nothing_known_or_from_a_pack_that_is_not_verified_is_refused() {
    let place = with_results();
    place.issue();
    let refused = |words: &[&str], code: i32| place.affiant(&[&["sample"], words].concat()).expect(code);
    refused(&["scoring"], 2);
    refused(&["nobody", "--text", TEXT], 2).warns("system `nobody` is not registered");
    refused(&["scoring", "--text", " "], 2).warns("`text` is empty");
    refused(&["scoring", "--text", "two\nlines"], 2).warns("`text` holds the hidden character U+000A");
    refused(&["scoring", "--text", TEXT, "--count", "0"], 2);
    refused(&["scoring", "--text", TEXT, "--count", "10001"], 2);
    refused(&["scoring", "--text", TEXT, "--at-size", "1000"], 2).warns("not 1000");
    refused(&["scoring", "--text", TEXT, "--status", "good"], 2);
    refused(&["scoring", "--text", TEXT, "--record"], 2);
    refused(&["--pack", "pack.zip", "--text", TEXT], 4).warns("no trust anchor");
    refused(&["other", "--pack", "pack.zip", "--trust", "trust.keys", "--text", TEXT], 2)
        .warns("of `scoring`");
    let mut pack = std::fs::read(place.path("pack.zip")).unwrap();
    let middle = pack.len() / 2;
    pack[middle] ^= 1;
    place.write("altered.zip", pack);
    refused(&["--pack", "altered.zip", "--trust", "trust.keys", "--text", TEXT], 3).says("REJECTED");
}
