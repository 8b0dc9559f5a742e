//! `affiant demo`: the story that the README promises.

use crate::support::folder;
use crate::support::place::Place;

#[test]
fn the_demo_leaves_a_ledger_a_pack_a_report_and_the_auditors_keys() {
    let place = Place::new();
    let answer = place.affiant(&["demo", "play"]).expect(0);
    for text in [
        "VERIFIED: pack pack-",
        "REJECTED: this file fails at container",
        "UNDETERMINED: pack pack-",
        "Left to look at:",
    ] {
        assert!(answer.stdout.contains(text), "no `{text}` in\n{}", answer.shown());
    }
    for name in ["ledger/affiant.toml", "pack.affiant.zip", "report.pdf", "trust.keys"] {
        assert!(place.path("play").join(name).is_file(), "{name}");
    }
    let (pack, trust) = ("play/pack.affiant.zip", "play/trust.keys");
    place.affiant(&["verify", pack, "--trust", trust]).expect(0).says("level L1");
    place.affiant(&["verify", pack]).expect(4);
    place.affiant(&["verify", "play/pack-flipped.affiant.zip", "--trust", trust]).expect(3);
    place.affiant(&["log", "fsck", "--ledger", "play/ledger"]).expect(0).says("sound: ");
    place.affiant(&["status", "credit-scoring", "--ledger", "play/ledger"]).expect(0);
    let report = std::fs::read(place.path("play/report.pdf")).unwrap();
    assert!(report.starts_with(b"%PDF-1."), "the report is a PDF");
}

#[test]
fn the_demo_plays_again_in_its_own_folder_and_in_no_other() {
    let place = Place::new();
    place.affiant(&["demo", "play"]).expect(0);
    place.affiant(&["demo", "play", "--quiet"]).expect(0);
    std::fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/thesis.txt", "years of work");
    let before = folder::content(&place.path("mine"));
    place.affiant(&["demo", "mine"]).expect(2).warns("error: mine is not empty, and no demo made it");
    assert_eq!(before, folder::content(&place.path("mine")));
}

#[test]
fn the_demo_works_in_an_empty_folder_and_touches_no_ledger_of_the_user() {
    let place = Place::with_system();
    let before = folder::content(&place.ledger());
    std::fs::create_dir(place.path("empty")).unwrap();
    let answer = place.affiant(&["demo", "empty", "--json", "--quiet"]).expect(0);
    let last = answer.json_lines().pop().unwrap();
    assert_eq!(last["pack"], "empty/pack.affiant.zip");
    assert_eq!(
        before,
        folder::content(&place.ledger()),
        "the ledger that AFFIANT_LEDGER names is left alone"
    );
}
