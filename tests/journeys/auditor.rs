//! The auditor: trusts keys from outside, and nobody's word.

use crate::support::folder;
use crate::support::place::Place;
use serde_json::Value;

fn outcome(verdict: &Value, name: &str) -> String {
    let checks = verdict["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()["outcome"].as_str().unwrap().to_owned()
}

fn with_pack() -> Place {
    let place = Place::with_system();
    place.push("auc", "passed");
    place.issue();
    place
}

#[test]
fn a_pack_is_verified_with_keys_from_outside_and_undetermined_without() {
    let place = with_pack();
    let verdict = place.affiant(&["verify", "pack.zip", "--trust", "trust.keys", "--json"]).expect(0).json();
    assert_eq!(verdict["conclusion"], "verified");
    for name in [
        "container",
        "signature",
        "digests",
        "checkpoint",
        "inclusion",
        "chain",
        "payloads",
        "assessment",
        "references",
    ] {
        assert_eq!(outcome(&verdict, name), "passed", "{name}");
    }
    let verdict = place.affiant(&["verify", "pack.zip", "--json"]).expect(4).json();
    assert_eq!(verdict["conclusion"], "self-asserted");
    assert_eq!(outcome(&verdict, "signature"), "self-asserted");
    assert!(!verdict["does_not_establish"].as_array().unwrap().is_empty());
}

#[test]
fn a_transcript_for_the_working_papers_says_what_was_printed_and_more() {
    let place = with_pack();
    let verify = ["verify", "pack.zip", "--trust", "trust.keys"];
    let answer = place.affiant(&verify).expect(0).says("what was submitted is true");
    place.affiant(&[&verify[..], &["--transcript", "paper.txt", "--json"]].concat()).expect(0).json();
    let paper = std::fs::read_to_string(place.path("paper.txt")).unwrap();
    let words = paper.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in
        answer.stdout.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == ' '))
    {
        assert!(paper.contains(line.trim_start()), "{line}\n{paper}");
    }
    for part in ["Exit code 0", "10 report passed", "reports rendered by affiant-reports", "VERIFIED: "] {
        assert!(words.contains(part), "{part}\n{paper}");
    }
    place.affiant(&[&verify[..], &["--transcript", "trust.keys"]].concat()).expect(2).warns("would replace");
    place.affiant(&verify).expect(0);
    let receipt = place.affiant(&["log", "prove", "12"]).expect(0).stdout;
    place.write("receipt", &receipt);
    let words = ["verify", "receipt", "--trust", "trust.keys", "--transcript", "paper.txt"];
    place.affiant(&words).expect(2).warns("go with a pack");
}

#[test]
fn a_pack_signed_by_another_organisation_is_rejected() {
    let (place, stranger) = (with_pack(), with_pack());
    let trust = stranger.path("trust.keys");
    let answer = place.affiant(&["verify", "pack.zip", "--trust", trust.to_str().unwrap()]).expect(3);
    answer.says("REJECTED").says("signature");
}

#[test]
fn verification_needs_no_ledger_and_writes_nothing() {
    let place = with_pack();
    std::fs::remove_dir_all(place.ledger()).unwrap();
    std::fs::remove_dir_all(place.path("state")).unwrap();
    let before = folder::content(&place.path("."));
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    assert_eq!(before, folder::content(&place.path(".")));
}

#[test]
fn a_trust_file_that_is_none_is_refused_before_the_pack_is_judged() {
    let place = with_pack();
    for (name, text) in
        [("empty.keys", ""), ("odd.keys", "log nonsense\n"), ("pem.keys", "-----BEGIN PUBLIC KEY-----\n")]
    {
        place.write(name, text);
        let answer = place.affiant(&["verify", "pack.zip", "--trust", name]).expect(2);
        assert!(answer.errors()[0].starts_with(name), "{}", answer.shown());
    }
    place.affiant(&["verify", "pack.zip", "--trust", "missing.keys"]).expect(2).warns("missing.keys");
}

#[test]
fn an_altered_receipt_or_one_of_another_log_is_rejected() {
    let (place, stranger) = (with_pack(), with_pack());
    let receipt = place.affiant(&["log", "prove", "12"]).expect(0).stdout;
    place.write("receipt", &receipt);
    place.affiant(&["verify", "receipt", "--trust", "trust.keys"]).expect(0).says("VERIFIED: entry 12");
    let trust = stranger.path("trust.keys");
    place
        .affiant(&["verify", "receipt", "--trust", trust.to_str().unwrap()])
        .expect(3)
        .warns("error: receipt rejected");
    for (at, byte) in receipt.bytes().enumerate().step_by(7) {
        let mut altered = receipt.clone().into_bytes();
        altered[at] = if byte == b'A' { b'B' } else { b'A' };
        place.write("altered", altered);
        let answer = place.affiant(&["verify", "altered", "--trust", "trust.keys"]);
        assert_eq!(answer.code, 3, "byte {at}\n{}", answer.shown());
    }
}

#[test]
fn an_earlier_checkpoint_is_proved_to_be_a_part_of_the_log() {
    let place = Place::with_system();
    let old = place.affiant(&["log", "checkpoint"]).expect(0).stdout;
    place.write("old", &old);
    for n in 0..5 {
        place.push(&format!("n{n}"), "passed");
    }
    let answer = place.affiant(&["log", "checkpoint", "--since", "old", "--json"]).expect(0).json();
    assert_eq!(answer["consistent"], true);
    assert!(!answer["proof"].as_array().unwrap().is_empty());
    // A checkpoint of another log is none of this one.
    let stranger = Place::with_system();
    stranger.write("old", &old);
    stranger.affiant(&["log", "checkpoint", "--since", "old"]).expect(3);
    place.write("odd", old.replace("test.example/log", "test.example/lag"));
    place.affiant(&["log", "checkpoint", "--since", "odd"]).expect(3);
}

#[test]
fn an_older_copy_put_back_is_seen_by_an_earlier_checkpoint_and_by_the_head() {
    let place = Place::with_system();
    folder::copy(&place.ledger(), &place.path("backup"));
    place.push("auc", "failed");
    place.write("mine", place.affiant(&["log", "checkpoint"]).expect(0).stdout);
    std::fs::remove_dir_all(place.ledger()).unwrap();
    std::fs::rename(place.path("backup"), place.ledger()).unwrap();
    place.affiant(&["log", "checkpoint", "--since", "mine"]).expect(3).warns("hint: this is an older copy");
    place.affiant(&["log", "fsck"]).expect(3).says("rollback");
    let words = ["push", "--system", "scoring", "--control", "AFF-EXP-11", "--status", "passed"];
    place.affiant(&words).expect(3).warns("it was cut, or an older copy was put back");
}

#[test]
fn a_fork_made_from_a_copy_is_seen_by_an_earlier_checkpoint() {
    let place = Place::with_system();
    folder::copy(&place.ledger(), &place.path("fork"));
    place.push("auc", "failed");
    place.write("mine", place.affiant(&["log", "checkpoint"]).expect(0).stdout);
    let fork = Place::new();
    folder::copy(&place.path("fork"), &fork.ledger());
    fork.push("auc", "passed");
    fork.push("auc-2", "passed");
    fork.write("mine", std::fs::read(place.path("mine")).unwrap());
    fork.affiant(&["log", "checkpoint", "--since", "mine"]).expect(3).warns("the log was forked");
}

#[test]
fn fsck_names_the_fault_and_its_file() {
    let place = with_pack();
    let answer = place.affiant(&["log", "fsck", "--json"]).expect(0).json();
    assert_eq!(answer["faults"], Value::Array(Vec::new()));
    let segment = folder::files(&place.ledger().join("journal")).pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let answer = place.affiant(&["log", "fsck", "--json"]).expect(3).json();
    let fault = &answer["faults"][0];
    assert!(fault["path"].as_str().unwrap().starts_with("journal/"), "{fault}");
    assert!(!fault["detail"].as_str().unwrap().is_empty());
}

#[test]
fn private_keys_are_readable_by_their_owner_alone_and_in_no_pack() {
    use std::os::unix::fs::PermissionsExt;
    let place = with_pack();
    let pack = std::fs::read(place.path("pack.zip")).unwrap();
    for name in ["keys/log.pem", "keys/issuer.pem"] {
        let path = place.ledger().join(name);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{name}");
        let pem = std::fs::read_to_string(&path).unwrap();
        let secret = pem.lines().nth(1).unwrap().as_bytes();
        assert!(!pack.windows(secret.len()).any(|window| window == secret), "{name} is in the pack");
    }
}

#[test]
fn receipts_that_a_pipeline_kept_are_held_against_the_pack() {
    let place = Place::with_system();
    std::fs::create_dir(place.path("kept")).unwrap();
    folder::copy(&place.ledger(), &place.path("fork"));
    let push = ["push", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11", "--status"];
    for (id, status) in [("one", "passed"), ("two", "failed")] {
        let more = [status, "--summary", "accuracy", "--id", id, "--receipts", "kept"];
        place.affiant(&[&push[..], &more].concat()).expect(0);
    }
    place.write("kept/notes.txt", "not a receipt");
    place.issue();
    let verify = ["verify", "pack.zip", "--trust", "trust.keys", "--receipts", "kept"];
    place.affiant(&verify).expect(0).says("2 receipts are of entries in the pack, at their place");
    let verdict = place.affiant(&[&verify[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(outcome(&verdict, "receipts"), "passed");
    assert_eq!(verdict["counts"]["receipts_here"], 2);
    // A second history under the same keys, in which the failure was never recorded.
    let fork = Place::new();
    folder::copy(&place.path("fork"), &fork.ledger());
    fork.push("one", "passed");
    fork.push("two", "passed");
    fork.issue();
    std::fs::copy(fork.path("pack.zip"), place.path("pack.zip")).unwrap();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.affiant(&verify).expect(3).says("the log has signed two histories");
}

#[test]
fn a_folder_of_receipts_that_holds_none_or_something_else_is_refused() {
    let place = with_pack();
    let verify = ["verify", "pack.zip", "--trust", "trust.keys", "--receipts", "kept"];
    place.affiant(&verify).expect(2).warns("kept");
    std::fs::create_dir(place.path("kept")).unwrap();
    place.affiant(&verify).expect(2).warns("no *.tlog-proof files");
    let receipt = place.affiant(&["log", "prove", "12"]).expect(0).stdout;
    place.write("kept/a.tlog-proof", &receipt);
    place.affiant(&verify).expect(0);
    place.affiant(&["verify", "kept/a.tlog-proof", "--trust", "trust.keys", "--receipts", "kept"]).expect(2);
    place.write("kept/b.tlog-proof", "hello");
    place.affiant(&verify).expect(2).warns("b.tlog-proof: not a receipt");
    let bare: String =
        receipt.lines().filter(|l| !l.starts_with("extra ")).map(|l| format!("{l}\n")).collect();
    place.write("kept/b.tlog-proof", bare);
    place.affiant(&verify).expect(2).warns("b.tlog-proof: it carries no entry");
}
