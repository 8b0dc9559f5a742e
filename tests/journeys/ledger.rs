//! The keeper of the ledger over the years: what it once said is held against it, what must go goes, what must stay stays.

use crate::support::folder;
use crate::support::place::Place;
use std::fs;
use std::path::PathBuf;

/// A ledger with some results, `trust.keys`, and its checkpoint of then as `old.checkpoint`.
fn with_checkpoint() -> Place {
    let place = Place::with_system();
    for id in ["one", "two", "three"] {
        place.push(id, "passed");
    }
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    keep(&place, "old.checkpoint", &["log", "checkpoint"]);
    place
}

/// Keeps what a command prints.
fn keep(place: &Place, name: &str, words: &[&str]) {
    place.write(name, place.affiant(words).expect(0).stdout);
}

fn compare(place: &Place, old: &str, new: &str) -> crate::support::answer::Answer {
    // Away from the ledger, as an auditor is.
    place.affiant(&["--ledger", "nowhere", "verify", old, "--against", new, "--trust", "trust.keys"])
}

/// The ledger of now, and another that was a copy of it before both went on.
fn forked() -> Place {
    let place = with_checkpoint();
    folder::copy(&place.ledger(), &place.path("other"));
    folder::copy(&place.path("state"), &place.path("other-state"));
    place.push("four", "passed");
    keep(&place, "new.checkpoint", &["log", "checkpoint"]);
    fs::rename(place.ledger(), place.path("first")).unwrap();
    fs::rename(place.path("state"), place.path("first-state")).unwrap();
    fs::rename(place.path("other"), place.ledger()).unwrap();
    fs::rename(place.path("other-state"), place.path("state")).unwrap();
    place.push("another four", "needs-review");
    keep(&place, "fork.checkpoint", &["log", "checkpoint"]);
    place.push("another five", "needs-review");
    keep(&place, "longer-fork.checkpoint", &["log", "checkpoint"]);
    place
}

#[test]
fn two_checkpoints_of_one_history_are_consistent_by_a_proof_or_by_the_ledger() {
    let place = with_checkpoint();
    place.push("four", "passed");
    keep(&place, "new.checkpoint", &["log", "checkpoint"]);
    keep(&place, "new.proof", &["log", "checkpoint", "--since", "old.checkpoint"]);
    keep(&place, "old.receipt", &["log", "prove", "2"]);
    compare(&place, "old.checkpoint", "old.checkpoint").expect(0).says("CONSISTENT");
    compare(&place, "old.checkpoint", "new.proof").expect(0).says("CONSISTENT");
    compare(&place, "new.proof", "old.checkpoint").expect(0).says("CONSISTENT");
    compare(&place, "old.receipt", "new.checkpoint").expect(0).says("CONSISTENT");
    compare(&place, "old.checkpoint", "new.checkpoint").expect(4).says("UNDETERMINED").warns("--since OLD");
    let words = ["verify", "old.checkpoint", "--against", "new.checkpoint"];
    place.affiant(&[&words[..], &["--trust", "trust.keys"]].concat()).expect(0).says("CONSISTENT");
    place.affiant(&words).expect(4).warns("--trust FILE");

    let proof = fs::read_to_string(place.path("new.proof")).unwrap();
    let mut altered = proof.clone().into_bytes();
    altered[3] = if altered[3] == b'A' { b'B' } else { b'A' };
    place.write("altered.proof", altered);
    compare(&place, "old.checkpoint", "altered.proof").expect(3).says("REJECTED: the proof does not lead");
    let at = proof.len() - 10;
    let resigned = [&proof[..at], "AAAAAA", &proof[at + 6..]].concat();
    place.write("resigned.proof", resigned);
    compare(&place, "old.checkpoint", "resigned.proof").expect(3);
}

#[test]
fn a_fork_is_shown_with_both_checkpoints_as_evidence() {
    let place = forked();
    let texts =
        ["new.checkpoint", "fork.checkpoint"].map(|name| fs::read_to_string(place.path(name)).unwrap());
    let answer = compare(&place, "new.checkpoint", "fork.checkpoint").expect(3).says("FORK: the log key of");
    let answer = texts.iter().fold(answer, |answer, text| answer.says(text));
    assert!(answer.errors().is_empty(), "{}", answer.shown());
    let words =
        ["--json", "verify", "new.checkpoint", "--against", "fork.checkpoint", "--trust", "trust.keys"];
    let told = place.affiant(&words).expect(3).json();
    assert_eq!((&told["conclusion"], &told["evidence"]), (&"fork".into(), &serde_json::json!(texts)));
    // Of different sizes, the ledger of one side tells.
    compare(&place, "new.checkpoint", "longer-fork.checkpoint").expect(4);
    let words = ["verify", "new.checkpoint", "--against", "longer-fork.checkpoint", "--trust", "trust.keys"];
    place.affiant(&words).expect(3).says("FORK");
    place.affiant(&["log", "checkpoint", "--since", "new.checkpoint"]).expect(3);
    place.affiant(&["log", "checkpoint", "--since", "old.checkpoint"]).expect(0);
}

#[test]
fn fsck_holds_the_ledger_to_checkpoints_and_receipts_kept_elsewhere() {
    let place = forked();
    place.affiant(&["log", "fsck", "--anchor", "old.checkpoint", "--anchor", "fork.checkpoint"]).expect(0);
    place.affiant(&["log", "fsck", "--anchor", "new.checkpoint"]).expect(3).says("new.checkpoint");
    // The head remembered is of the other history: this is the copy that was put back.
    fs::remove_dir_all(place.path("state")).unwrap();
    fs::rename(place.path("first-state"), place.path("state")).unwrap();
    let before = folder::content(&place.ledger());
    for words in [&["log", "fsck"][..], &["log", "fsck", "--repair"]] {
        place.affiant(words).expect(3);
    }
    place.affiant(&["log", "hold", "a", "--stream", "org", "--by", "b", "--reason", "c"]).expect(3);
    let changed = folder::changed(&before, &folder::content(&place.ledger()));
    let only_lock = changed.iter().all(|path| path.to_string_lossy().contains("lock"));
    assert!(only_lock, "a fork is never written to: {changed:?}");
}

#[test]
fn what_is_derived_is_made_anew_and_what_is_evidence_never() {
    let place = with_checkpoint();
    let checkpoint = place.ledger().join("checkpoint");
    let whole = fs::read(&checkpoint).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    fs::remove_dir_all(place.ledger().join("index")).unwrap();
    place.affiant(&["log", "fsck", "--repair"]).expect(0).says("made anew: ").says("sound");
    assert_eq!(fs::read(&checkpoint).unwrap(), whole);
    place.affiant(&["log", "fsck", "--repair"]).expect(0).says("sound");

    let journal: PathBuf = folder::files(&place.ledger().join("journal")).pop().unwrap();
    let mut bytes = fs::read(&journal).unwrap();
    let at = bytes.windows(8).position(|window| window == b"accuracy").unwrap();
    bytes[at] ^= 1;
    fs::write(&journal, &bytes).unwrap();
    let answer = place.affiant(&["log", "fsck", "--repair"]).expect(3).warns("nothing was made anew");
    assert!(!answer.stdout.contains("made anew: "), "{}", answer.shown());
    assert_eq!(fs::read(&journal).unwrap(), bytes, "the damaged copy is left as it is");
}

#[test]
fn an_erasure_is_told_from_loss_and_a_hold_stops_it() {
    let place = with_checkpoint();
    let index = place.push("person", "failed").to_string();
    place.issue();
    fs::rename(place.path("pack.zip"), place.path("before.zip")).unwrap();
    keep(&place, "person.receipt", &["log", "prove", &index]);
    let erase = ["log", "erase", &index, "--basis", "GDPR Art. 17(1)(b)", "--approver", "Privacy officer"];
    let hold = |more: &[&str]| {
        let words =
            ["log", "hold", "case-7", "--stream", "scoring", "--by", "Legal", "--reason", "claim 114"];
        place.affiant(&[&words[..], more].concat())
    };
    hold(&["--release"]).expect(2).warns("no hold `case-7` stands");
    hold(&[]).expect(0).says("hold case-7 on stream scoring placed");
    place.affiant(&erase).expect(2).warns("case-7").warns("claim 114");
    place.sound();
    hold(&["--release"]).expect(0).says("released");
    place.affiant(&erase).expect(0).says("erased").says("Privacy officer");
    place.affiant(&erase).expect(2).warns("was erased before");
    place.affiant(&["log", "erase", "0", "--basis", "b", "--approver", "a"]).expect(2).warns("never erased");

    place.sound();
    place.affiant(&["log", "show", &index]).expect(0).says("\"basis\": \"GDPR Art. 17(1)(b)\"");
    place.affiant(&["verify", "person.receipt", "--trust", "trust.keys"]).expect(0);
    place.affiant(&["verify", "before.zip", "--trust", "trust.keys"]).expect(0);
    place.issue();
    let verdict = place.affiant(&["verify", "pack.zip", "--trust", "trust.keys", "--json"]).expect(0).json();
    let payloads = verdict["checks"].as_array().unwrap().iter().find(|check| check["name"] == "payloads");
    let said = payloads.unwrap().to_string();
    assert!(said.contains("erased"), "{said}");

    // Its bytes are nowhere; gone without an erasure they would be a fault.
    for (path, bytes) in folder::content(&place.ledger()) {
        assert!(!bytes.windows(6).any(|window| window == b"person"), "{}", path.display());
    }
}

#[test]
fn whatever_is_erased_the_stream_goes_on() {
    let place = Place::with_system();
    place.push("one", "passed");
    let size = place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].as_u64().unwrap();
    for index in 1..size {
        let words = ["log", "erase", &index.to_string(), "--basis", "b", "--approver", "a"];
        let answer = place.affiant(&words);
        assert!([0, 2].contains(&answer.code) && !answer.is_fault(), "{}", answer.shown());
        place.sound();
        for words in [&["status", "scoring"][..], &["log", "show", "--ids"]] {
            let answer = place.affiant(words);
            assert!([0, 1, 4].contains(&answer.code), "{}", answer.shown());
        }
    }
    // The system and its assets are erased too: they are registered again, and all goes on.
    place.affiant(&["pack", "build", "scoring", "--output", "none.zip"]).expect(2);
    place.affiant(&["register", "system", "scoring", "--name", "Scoring", "--role", "provider"]).expect(0);
    for (id, kind) in [("model", "model"), ("code", "code-repo")] {
        let words = ["register", "asset", id, "--system", "scoring", "--kind", kind, "--name", id];
        place.affiant(&words).expect(0);
    }
    place.push("two", "passed");
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.sound();
}

#[test]
fn a_second_ledger_under_the_same_origin_is_refused_before_anything_is_made() {
    let place = with_checkpoint();
    let init = ["init", "another", "--origin", "test.example/log"];
    let refused = place.affiant(&init).expect(2);
    refused.warns("remembers its last checkpoint").warns("choose another --origin");
    assert!(!place.path("another").exists());
    // So too when the first one is gone: receipts of it may be out in the world.
    fs::rename(place.ledger(), place.path("gone")).unwrap();
    place.affiant(&["init", "ledger", "--origin", "test.example/log"]).expect(2).warns("taken for a fork");
    place.affiant(&["init", "ledger", "--origin", "test.example/log-2"]).expect(0);
}
