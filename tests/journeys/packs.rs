//! Packs as files: every byte counts, and the same evidence gives the same bytes.

use crate::support::place::{DAY, NOON, Place};
use affiant_controls::set::ControlSet;
use affiant_frameworks::framework::{EMBEDDED, Framework};
use affiant_frameworks::mappings::MappingSets;
use affiant_ledger::keyfile;
use affiant_ledger::reader::Reader;
use affiant_reports::archive::Limits;
use affiant_reports::derive::Catalogs;
use affiant_reports::issue::{IssuedPack, Issuer, PackSource, PackedEntry, issue};
use affiant_reports::render::pdf;
use affiant_reports::seal::Sealer;
use affiant_reports::trust::Trust;
use affiant_reports::verify::verify;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Bytes of a pack that are changed one at a time, spread over the file.
const SAMPLE: usize = 150;
/// Bytes at both ends that are all changed.
const EDGE: usize = 40;

fn issued() -> Place {
    let place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    place
        .affiant(&["push", "bandit.sarif", "--system", "scoring", "--asset", "code", "--keep-raw"])
        .expect(0);
    place.issue();
    place
}

/// Builds the pack whose issuing entry is the last of the ledger's stream, from the ledger's files alone.
fn build(ledger: &Path) -> IssuedPack {
    let reader = Reader::open(ledger).unwrap();
    let settings = reader.settings().clone();
    let positions = reader.stream_by_scan(&"scoring".parse().unwrap()).unwrap();
    let packed = |index: &u64| PackedEntry {
        index: *index,
        entry: reader.entry_bytes(*index).unwrap(),
        payload: reader.payload_bytes(*index).unwrap(),
    };
    let mut evidence = BTreeMap::new();
    for path in crate::support::folder::files(&ledger.join("blob")) {
        let bytes = fs::read(path).unwrap();
        evidence.insert(affiant_ledger::digest::Digest::of(&bytes), bytes);
    }
    let source = PackSource {
        entries: positions.iter().map(packed).collect(),
        keys: reader.stream_by_scan(&"org".parse().unwrap()).unwrap().iter().map(packed).collect(),
        checkpoint: reader.note().to_vec(),
        leaves: reader.leaves(reader.size()).unwrap(),
        evidence,
        log_key: settings.log_keys.first().clone(),
        tables: false,
    };
    let catalogs = Catalogs {
        frameworks: EMBEDDED.iter().map(|id| Framework::embedded(id).unwrap()).collect(),
        controls: ControlSet::embedded(),
        mappings: MappingSets::embedded(),
    };
    let name = format!("{}/issuer", settings.origin).parse().unwrap();
    let name: affiant_ledger::note::KeyName = name;
    let key = keyfile::read(&affiant_ledger::disk::Disk, &ledger.join("keys/issuer.pem")).unwrap();
    let since = reader.record(0).unwrap().entry.time;
    let sealer = Some(Sealer::of_issuer(&key, name.as_str(), since));
    let issuer = Issuer { name, key, sealer, signers: Vec::new() };
    issue(&source, &catalogs, &issuer, &|document| pdf::render(document).map_err(|error| error.to_string()))
        .unwrap()
}

#[test]
fn the_same_entries_catalogs_and_keys_give_the_same_bytes() {
    let place = issued();
    crate::support::folder::copy(&place.ledger(), &place.path("copy"));
    let by_the_binary = fs::read(place.path("pack.zip")).unwrap();
    for ledger in [place.ledger(), place.path("copy")] {
        let pack = build(&ledger);
        assert!(pack.bytes == by_the_binary, "another pack from {}", ledger.display());
    }
}

#[test]
fn every_changed_byte_of_a_pack_is_seen() {
    let place = issued();
    let pack = fs::read(place.path("pack.zip")).unwrap();
    let trust = Trust::parse(&fs::read_to_string(place.path("trust.keys")).unwrap()).unwrap();
    assert_eq!(verify(&pack, Some(&trust), &Limits::default()).exit_code(), 0);
    let (edge, end) = (EDGE.min(pack.len()), pack.len());
    let spread = (0..end).step_by((end / SAMPLE).max(1));
    for at in (0..edge).chain(spread).chain(end - edge..end) {
        let mut altered = pack.clone();
        altered[at] ^= 1 << (at % 8);
        let code = verify(&altered, Some(&trust), &Limits::default()).exit_code();
        assert_eq!(code, 3, "byte {at} of {end}");
    }
}

#[test]
fn a_pack_that_is_cut_grown_empty_or_something_else_is_rejected() {
    let place = issued();
    let pack = fs::read(place.path("pack.zip")).unwrap();
    let changed: [(&str, Vec<u8>); 6] = [
        ("cut", pack[..pack.len() - 1].to_vec()),
        ("half", pack[..pack.len() / 2].to_vec()),
        ("grown", [&pack[..], b"x"].concat()),
        ("prefixed", [b"%PDF-1.7\n", &pack[..]].concat()),
        ("empty", Vec::new()),
        ("text", b"hello".to_vec()),
    ];
    for (name, bytes) in changed {
        place.write(name, bytes);
        place.affiant(&["verify", name, "--trust", "trust.keys"]).expect(3).says("REJECTED");
    }
    place.affiant(&["verify", "ledger", "--trust", "trust.keys"]).expect(2).warns("ledger");
    place.affiant(&["verify", "nothing.zip", "--trust", "trust.keys"]).expect(2).warns("nothing.zip");
}

#[test]
fn the_report_beside_a_pack_is_the_one_in_it() {
    let place = issued();
    let words = ["pack", "build", "scoring", "--output", "second.zip", "--report", "report.pdf"];
    place.affiant(&words).expect(0);
    let (pack, report) =
        (fs::read(place.path("second.zip")).unwrap(), fs::read(place.path("report.pdf")).unwrap());
    assert!(
        pack.windows(report.len()).any(|window| window == report),
        "members are stored, so the report stands in it"
    );
}

#[test]
fn a_pack_of_one_framework_speaks_of_that_one_alone() {
    let place = issued();
    let words = ["pack", "build", "scoring", "--output", "one.zip", "--framework", "nist-ai-rmf", "--json"];
    place.affiant(&words).expect(0);
    place.affiant(&["verify", "one.zip", "--trust", "trust.keys"]).expect(0).says("72 determinations as of");
    place
        .affiant(&["pack", "build", "scoring", "--framework", "nist"])
        .expect(2)
        .warns("error: framework `nist`");
    place.affiant(&["pack", "build", "nobody"]).expect(2).warns("error: system `nobody` is not registered");
}

#[test]
fn two_packs_show_what_changed_and_whether_the_history_goes_on() {
    let place = issued();
    fs::rename(place.path("pack.zip"), place.path("early.zip")).unwrap();
    // The same ledger goes on in two ways, each under a memory of its own.
    crate::support::folder::copy(&place.ledger(), &place.path("twin"));
    crate::support::folder::copy(&place.path("state"), &place.path("twin-state"));
    place.push("auc-2", "failed");
    place.issue();
    let diff = |words: &[&str]| place.affiant(&[&["pack", "diff"], words].concat());
    let trusted = ["early.zip", "pack.zip", "--trust", "trust.keys"];
    diff(&trusted)
        .expect(0)
        .says("the later history continues the earlier one: ")
        .says("AFF-EXP-11")
        .says("failed");
    let answer = diff(&[&trusted[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(answer["history"]["relation"], "continues");
    let changed = answer["states"].as_array().unwrap();
    assert!(
        changed
            .iter()
            .any(|it| it["control"] == "AFF-EXP-11" && it["before"] == "held" && it["after"] == "failed")
    );
    assert!(!answer["outcomes"].as_array().unwrap().is_empty());
    diff(&["early.zip", "early.zip", "--trust", "trust.keys"]).expect(0).says("0 entries more");
    diff(&["pack.zip", "early.zip", "--trust", "trust.keys"])
        .expect(2)
        .warns("the second pack is the earlier one");
    diff(&["early.zip", "pack.zip"]).expect(4).warns("vouch for themselves");

    let mut fork = place.command(&[
        "push",
        "--system",
        "scoring",
        "--asset",
        "code",
        "--control",
        "AFF-EXP-13",
        "--status",
        "passed",
        "--summary",
        "another history",
    ]);
    let twin = |command: &mut std::process::Command| {
        command.env("AFFIANT_LEDGER", place.path("twin")).env("AFFIANT_STATE", place.path("twin-state"));
        assert!(command.status().unwrap().success());
    };
    twin(&mut fork);
    twin(&mut place.command(&["pack", "build", "scoring", "--output", "fork.zip"]));
    diff(&["pack.zip", "fork.zip", "--trust", "trust.keys"]).expect(3).warns("different entries at position");

    let mut broken = fs::read(place.path("pack.zip")).unwrap();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    place.write("broken.zip", broken);
    diff(&["early.zip", "broken.zip", "--trust", "trust.keys"]).expect(3).warns("broken.zip is rejected: ");
    diff(&["early.zip", "none.zip"]).expect(2);
}

#[test]
fn the_report_is_written_in_the_form_that_its_name_asks_for() {
    let place = issued();
    let words = ["pack", "build", "scoring", "--report", "r.pdf", "--report", "r.html", "--report", "r.md"];
    place.affiant(&words).expect(0);
    for (name, begin) in
        [("r.pdf", "%PDF-"), ("r.html", "<!DOCTYPE html>"), ("r.md", "# Evidence on file: Scoring")]
    {
        assert!(fs::read(place.path(name)).unwrap().starts_with(begin.as_bytes()), "{name}");
    }
    let before = crate::support::folder::content(&place.ledger());
    place.affiant(&["pack", "build", "scoring", "--report", "r.docx"]).expect(2).warns("r.docx: a report is");
    assert!(
        crate::support::folder::changed(&before, &crate::support::folder::content(&place.ledger()))
            .is_empty()
    );
}

#[test]
fn a_report_of_a_past_time_knows_nothing_of_what_came_later() {
    let mut place = issued();
    place.at(NOON + 2 * DAY);
    place.push("later", "failed");
    place.issue();
    let build = |as_of: &str, name: &str| {
        place
            .affiant(&["pack", "build", "scoring", "--output", "p.zip", "--as-of", as_of, "--report", name])
            .expect(0);
        fs::read_to_string(place.path(name)).unwrap()
    };
    let now = build("2026-11-26T12:00:00Z", "now.md");
    let past = build("2026-11-24T12:00:00Z", "past.md");
    assert!(past.contains("judged 2026-11-24T12:00:00Z") && !past.contains("judged 2026-11-26"));
    assert!(now.contains("judged 2026-11-26T12:00:00Z"));
    let collectors = |report: &str| {
        let start = report.find("Collectors and chain of custody").unwrap();
        let rows = report[start..].lines().skip(1).take_while(|line| !line.starts_with('#'));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(collectors(&past), collectors(&now), "one result more");
}
