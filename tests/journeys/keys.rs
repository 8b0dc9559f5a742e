//! The keeper of a ledger's keys: followed by others, revoked, given to collectors, and locked with a passphrase.

use crate::support::answer::Answer;
use crate::support::folder;
use crate::support::place::{Place, run};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Runs the binary with a passphrase in its environment.
#[track_caller]
fn with_passphrase(place: &Place, passphrase: &str, arguments: &[&str]) -> Answer {
    let mut command = place.command(arguments);
    run(command.env("AFFIANT_PASSPHRASE", passphrase), &[], arguments.join(" "))
}

fn openssl(place: &Place, words: &str) -> bool {
    let openssl = Command::new("openssl").args(words.split(' ')).current_dir(place.path(".")).output();
    openssl.is_ok_and(|output| output.status.success())
}

fn openssl_is_here(place: &Place) -> bool {
    let here = openssl(place, "version");
    if !here {
        eprintln!("SKIPPED: no openssl on this machine");
    }
    here
}

/// One result for the model, by a collector's key.
fn signed<'a>(key: &'a str, id: &'a str) -> Vec<&'a str> {
    let result = ["push", "--json", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11"];
    let more = ["--status", "passed", "--summary", "accuracy", "--id", id, "--sign-key", key];
    [&result[..], &more].concat()
}

/// Enrols collector `ci` for results of `scoring`, with its key in `ci.pem`.
fn with_collector() -> Place {
    let place = Place::with_system();
    let words = ["key", "new", "collector", "ci", "--stream", "scoring", "--kind", "result"];
    place.affiant(&words).expect(0).says("collector ci enrolled by entry ").says("ci.pem");
    place
}

fn listed(place: &Place) -> Vec<Value> {
    place.affiant(&["key", "list", "--json"]).expect(0).json().as_array().unwrap().clone()
}

#[test]
fn what_former_keys_signed_verifies_with_the_new_trust_file() {
    let place = Place::with_system();
    let index = place.push("one", "passed").to_string();
    place.issue();
    fs::rename(place.path("trust.keys"), place.path("old.keys")).unwrap();
    fs::rename(place.path("pack.zip"), place.path("old.zip")).unwrap();
    let receipt = place.affiant(&["log", "prove", &index]).expect(0).stdout;
    place.write("old.receipt", receipt);
    let checkpoint = place.affiant(&["log", "checkpoint"]).expect(0).stdout;
    place.write("old.checkpoint", checkpoint);

    place.affiant(&["key", "rotate", "log"]).expect(0).says("the log: a new key is in force from entry ");
    place
        .affiant(&["key", "rotate", "issuer"])
        .expect(0)
        .says("the issuer: a new key is in force from entry ");
    place.push("two", "passed");
    place.issue();
    place.sound();
    let receipt = place.affiant(&["log", "prove", &index]).expect(0).stdout;
    place.write("new.receipt", receipt);

    for (file, trust, code) in [
        ("old.zip", "trust.keys", 0),
        ("pack.zip", "trust.keys", 0),
        ("old.receipt", "trust.keys", 0),
        ("new.receipt", "trust.keys", 0),
        ("old.zip", "old.keys", 0),
        ("old.receipt", "old.keys", 0),
        // Who has not heard of the new keys does not believe them.
        ("pack.zip", "old.keys", 3),
        ("new.receipt", "old.keys", 3),
    ] {
        let answer = place.affiant(&["verify", file, "--trust", trust]);
        assert_eq!(answer.code, code, "{}", answer.shown());
    }
    place.affiant(&["log", "checkpoint", "--since", "old.checkpoint"]).expect(0);

    // Swapped ranges: a former key beyond its time is refused, by name of its sizes.
    let trust = fs::read_to_string(place.path("trust.keys")).unwrap();
    let first = trust.lines().find(|line| line.starts_with("log ")).unwrap();
    let (_, to) = first.rsplit_once(" to ").unwrap();
    assert_eq!(trust.lines().filter(|line| line.ends_with(&format!(" from {to}"))).count(), 1, "{trust}");
    let only = trust.replace(&format!("{first}\n"), "");
    place.write("only-new.keys", only);
    place.affiant(&["verify", "old.receipt", "--trust", "only-new.keys"]).expect(3);
    place.affiant(&["verify", "new.receipt", "--trust", "only-new.keys"]).expect(0);
}

#[test]
fn the_list_shows_ranges_and_the_former_private_keys_are_gone() {
    let place = with_collector();
    let before = fs::read(place.ledger().join("keys/log.pem")).unwrap();
    let rotated = place.affiant(&["key", "rotate", "log", "--json"]).expect(0).json();
    let at = rotated["entry"].as_u64().unwrap();
    place.affiant(&["key", "revoke", "ci", "--reason", "retired"]).expect(0).says("collector `ci`: key ");
    let keys = listed(&place);
    let shown: Vec<(&str, &Value, &Value)> =
        keys.iter().map(|key| (key["purpose"].as_str().unwrap(), &key["from"], &key["until"])).collect();
    assert_eq!(shown[0], ("log", &0.into(), &at.into()));
    assert_eq!(shown[1], ("log", &at.into(), &Value::Null));
    assert_eq!((shown[2].0, shown[3].0), ("issuer", "collector"));
    assert_eq!(keys[3]["revoked"]["reason"], "retired");
    assert_eq!(keys[3]["grant"]["streams"], serde_json::json!(["scoring"]));
    place
        .affiant(&["key", "list"])
        .expect(0)
        .says("pushes result to scoring")
        .says(&format!("followed by another at {at}"))
        .says("revoked by ");
    let names: Vec<_> = fs::read_dir(place.ledger().join("keys")).unwrap().flatten().collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        assert_ne!(fs::read(name.path()).unwrap(), before);
    }
    let vkey = place.affiant(&["key", "show", "log"]).expect(0).stdout;
    assert_eq!(vkey.trim(), keys[1]["vkey"].as_str().unwrap());
    place.affiant(&["key", "show", "ci"]).expect(2).warns("collector `ci` has no key in force");
    place
        .affiant(&["log", "show", &at.to_string()])
        .expect(0)
        .says("\"action\": \"rotate\"")
        .says("\"proofs\"");
    place.sound();
}

#[test]
fn a_collector_signs_what_it_pushes_and_is_refused_what_it_was_not_granted() {
    let place = with_collector();
    let index = place.affiant(&signed("ci.pem", "one")).expect(0).json()["index"].as_u64().unwrap();
    let entry = place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).json();
    assert_eq!(entry["by"], "key:ci");
    // The same again is the same receipt, and a batch goes through the stream of appends.
    place.affiant(&signed("ci.pem", "one")).expect(0);
    let rows: String = (0..300)
        .map(|n| {
            format!(
                "{{\"control\":\"AFF-EXP-11\",\"asset\":\"model\",\"status\":\"passed\",\"id\":\"n{n}\"}}\n"
            )
        })
        .collect();
    place.write("rows.ndjson", rows);
    let batch = ["push", "rows.ndjson", "--system", "scoring", "--sign-key", "ci.pem", "--collector", "ci"];
    place.affiant(&batch).expect(0).says("recorded 300 results");
    place.sound();

    // Another system: the grant that is missing is named, nothing is recorded.
    place.affiant(&["register", "system", "fraud", "--name", "Fraud", "--role", "provider"]).expect(0);
    let size = place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].clone();
    let other: Vec<&str> =
        signed("ci.pem", "x").into_iter().map(|w| if w == "scoring" { "fraud" } else { w }).collect();
    let other: Vec<&str> = other.into_iter().filter(|word| !["--asset", "model"].contains(word)).collect();
    let refused = place.affiant(&other).expect(2);
    assert!(
        refused.stderr.contains("collector `ci` may push to scoring, not to `fraud`"),
        "{}",
        refused.shown()
    );
    assert_eq!(place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"], size);
    // A key nobody enrolled, and the log's own.
    place
        .affiant(&signed("ledger/keys/log.pem", "y"))
        .expect(2)
        .warns("a key of the log, not of a collector");
    place.affiant(&signed("missing.pem", "y")).expect(2).warns("missing.pem");
}

#[test]
fn a_revoked_collector_is_refused_and_what_it_pushed_stays_sound() {
    let place = with_collector();
    let index = place.affiant(&signed("ci.pem", "one")).expect(0).json()["index"].as_u64().unwrap();
    let since = index.to_string();
    place
        .affiant(&["key", "revoke", "ci", "--reason", "retired", "--since", &since])
        .expect(2)
        .warns("`since` goes with");
    place.affiant(&["key", "revoke", "ci", "--reason", "compromised", "--since", &since]).expect(0);
    place.affiant(&signed("ci.pem", "two")).expect(2).warns("this key of collector `ci` counts no more");
    place.affiant(&["log", "fsck"]).expect(0).says(&format!("signed from entry {since} on counts no more"));
    place.affiant(&["key", "list"]).expect(0).says(&format!("revoked by {} as compromised", index + 1));
    // The id is not given again, and the key serves nobody else.
    let again = ["key", "new", "collector", "ci", "--stream", "*", "--kind", "*", "--output", "new.pem"];
    place.affiant(&again).expect(2).warns("was enrolled before");
    assert!(!place.path("new.pem").exists(), "a key was written that nobody enrolled");
}

#[test]
fn a_collectors_key_is_followed_by_another() {
    let place = with_collector();
    place.affiant(&signed("ci.pem", "one")).expect(0);
    place.affiant(&["key", "rotate", "ci"]).expect(2).warns("are not in the ledger's folder");
    let rotate = ["key", "rotate", "ci", "--sign-key", "ci.pem", "--output", "ci-2.pem"];
    place.affiant(&rotate).expect(0).says("collector `ci`: a new key is in force");
    place.affiant(&signed("ci-2.pem", "two")).expect(0);
    place.affiant(&signed("ci.pem", "three")).expect(2).warns("counts no more");
    // Only the holder of the key in force lets another follow.
    let stolen = ["key", "rotate", "ci", "--sign-key", "ci.pem", "--output", "ci-3.pem"];
    place.affiant(&stolen).expect(2).warns("the proof by the old key is wrong");
    assert!(!place.path("ci-3.pem").exists());
    place.sound();
}

#[test]
fn a_collector_enrols_a_key_that_only_it_has_seen() {
    let place = Place::with_system();
    if !openssl_is_here(&place) {
        return;
    }
    assert!(openssl(&place, "genpkey -algorithm ed25519 -out own.pem"));
    assert!(openssl(&place, "pkey -in own.pem -pubout -out own.pub"));
    fs::set_permissions(place.path("own.pem"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let enrol = ["key", "enrol", "nightly", "--public", "own.pub", "--stream", "scoring", "--kind", "result"];
    let with = |more: &[&str]| place.affiant(&[&enrol[..], more].concat());
    with(&["--request", "message"]).expect(0);
    assert!(openssl(&place, "pkeyutl -sign -rawin -inkey own.pem -in message -out proof"));
    // A proof for one grant is none for another.
    let wider: Vec<&str> = enrol.iter().map(|word| if *word == "scoring" { "*" } else { word }).collect();
    place
        .affiant(&[&wider[..], &["--proof", "proof"]].concat())
        .expect(2)
        .warns("the proof by the new key is wrong");
    with(&["--proof", "proof"]).expect(0).says("collector nightly enrolled by entry ");
    place.affiant(&signed("own.pem", "one")).expect(0);
    with(&["--proof", "proof"]).expect(2).warns("was enrolled before");
    place.affiant(&enrol).expect(2);
    place.sound();
}

#[test]
fn a_weak_key_or_none_is_not_enrolled() {
    let place = Place::with_system();
    let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    for (text, what) in [(weak, "a weak Ed25519 key"), ("no key", "not an Ed25519 public key in PEM form")] {
        place.write("public.pem", text);
        let enrol = [
            "key",
            "enrol",
            "ci",
            "--public",
            "public.pem",
            "--stream",
            "*",
            "--kind",
            "*",
            "--request",
            "m",
        ];
        place.affiant(&enrol).expect(2).warns(what);
    }
    for (id, what) in [("log", "no name for a collector"), ("Ci", "not an identifier")] {
        let new = ["key", "new", "collector", id, "--stream", "*", "--kind", "*", "--output", "ci.pem"];
        place.affiant(&new).expect(2).warns(what);
    }
    let new = ["key", "new", "collector", "ci", "--stream", "*", "--kind", "key", "--output", "ci.pem"];
    place.affiant(&new).expect(2).warns("never granted");
}

#[test]
fn a_compromised_log_key_is_followed_then_revoked_and_the_trust_file_says_so() {
    let place = Place::with_system();
    let early = place.affiant(&["log", "prove", "3"]).expect(0).stdout;
    place.write("early", early);
    let size = place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].as_u64().unwrap();
    place.push("one", "passed");
    let late = place.affiant(&["log", "prove", "3"]).expect(0).stdout;
    place.write("late", late);
    place.affiant(&["key", "revoke", "log", "--reason", "lost"]).expect(2).warns("rotated first");
    place.affiant(&["key", "rotate", "log"]).expect(0);
    let since = size.to_string();
    place.affiant(&["key", "revoke", "log", "--reason", "compromised", "--since", &since]).expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    assert!(fs::read_to_string(place.path("trust.keys")).unwrap().contains(&format!(" to {size}\n")));
    place.affiant(&["verify", "early", "--trust", "trust.keys"]).expect(0);
    place
        .affiant(&["verify", "late", "--trust", "trust.keys"])
        .expect(3)
        .warns(&format!("counts for sizes 1 to {size}"));
    place.sound();
}

#[test]
fn a_lost_issuer_key_is_revoked_and_another_enrolled() {
    let place = Place::with_system();
    place.push("one", "passed");
    place.issue();
    fs::rename(place.path("pack.zip"), place.path("old.zip")).unwrap();
    place.affiant(&["key", "revoke", "issuer", "--reason", "lost"]).expect(0);
    place.affiant(&["pack", "build", "scoring"]).expect(2).warns("no issuer key is in force");
    place.affiant(&["key", "rotate", "issuer"]).expect(0);
    place.issue();
    for pack in ["old.zip", "pack.zip"] {
        place.affiant(&["verify", pack, "--trust", "trust.keys"]).expect(0);
    }
    place.sound();
}

#[test]
fn a_damaged_issuer_key_signs_nothing() {
    let place = Place::with_system();
    place.push("one", "passed");
    let path = place.ledger().join("keys/issuer.pem");
    let text = fs::read_to_string(&path).unwrap();
    // Another letter in the middle of the key's base64 is another key.
    let at = text.find('\n').unwrap() + 40;
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    fs::write(&path, format!("{}{other}{}", &text[..at], &text[at + 1..])).unwrap();
    place.affiant(&["pack", "build", "scoring"]).expect(2).warns("not the private key of the one in force");
    place.affiant(&["key", "trust"]).expect(0);
}

#[test]
fn encrypted_keys_need_their_passphrase_and_openssl_reads_them() {
    let place = Place::new();
    let init = ["init", "ledger", "--origin", "test.example/log", "--encrypt"];
    place.affiant(&init).expect(2).warns("no passphrase to encrypt").warns("AFFIANT_PASSPHRASE");
    assert!(!place.ledger().join("affiant.toml").exists());
    with_passphrase(&place, "", &init).expect(2).warns("a passphrase has 1 to 1,024 bytes");
    with_passphrase(&place, "correct horse", &init).expect(0);
    let register = ["register", "system", "scoring", "--name", "Scoring", "--role", "provider"];
    place.affiant(&register).expect(2).warns("no passphrase was given").warns("--passphrase-file");
    with_passphrase(&place, "wrong horse", &register).expect(2).warns("does not open the private key");
    with_passphrase(&place, "correct horse", &register).expect(0);
    // From a file; what reads only needs none.
    place.write("pass", "correct horse\n");
    let push =
        ["push", "--system", "scoring", "--control", "AFF-GOV-04", "--status", "passed", "--summary", "s"];
    place.affiant(&[&push[..], &["--passphrase-file", "pass"]].concat()).expect(0);
    place.affiant(&[&push[..], &["--passphrase-file", "none"]].concat()).expect(2).warns("none");
    for reads in
        [&["key", "list"][..], &["key", "trust"], &["log", "show"], &["log", "fsck"], &["log", "prove", "0"]]
    {
        place.affiant(reads).expect(0);
    }
    // The keys that follow are encrypted as well.
    for whose in ["log", "issuer"] {
        with_passphrase(&place, "correct horse", &["key", "rotate", whose]).expect(0);
    }
    with_passphrase(&place, "correct horse", &["pack", "build", "scoring"]).expect(0);
    for name in ["log", "issuer"] {
        let pem = fs::read_to_string(place.ledger().join(format!("keys/{name}.pem"))).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{pem}");
    }
    if openssl_is_here(&place) {
        assert!(openssl(&place, "pkey -in ledger/keys/log.pem -passin file:pass -noout"));
    }
    place.sound();
}

#[test]
fn a_key_file_that_others_can_read_is_not_used() {
    let place = with_collector();
    for (file, words) in
        [("ledger/keys/log.pem", &["key", "rotate", "issuer"][..]), ("ci.pem", &signed("ci.pem", "x"))]
    {
        let path = place.path(file);
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let answer = place.affiant(words);
        assert!(
            answer.code != 0 && answer.stderr.contains("others can read (mode 0644)"),
            "{}",
            answer.shown()
        );
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_key_file_that_a_run_which_was_cut_off_left_is_taken_up_and_another_is_left_alone() {
    let place = Place::with_system();
    let words = ["key", "new", "collector", "ci", "--stream", "scoring", "--kind", "result"];
    let own = |bytes: &[u8]| {
        let path = place.write("ci.pem", bytes);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    own(b"notes of somebody");
    place.affiant(&words).expect(2).warns("ci.pem: is there already").warns("--output");
    assert_eq!(fs::read(place.path("ci.pem")).unwrap(), b"notes of somebody");
    own(b"-----BEGIN PRIVATE KEY-----\nMC4CAQ");
    place.affiant(&words).expect(0);
    place.affiant(&signed("ci.pem", "one")).expect(0);

    // Whole, and the run stopped before the key was enrolled.
    let other = ["key", "new", "collector", "ci-2", "--stream", "scoring", "--kind", "result"];
    folder::copy(&place.ledger(), &place.path("before"));
    folder::copy(&place.path("state"), &place.path("state-before"));
    place.affiant(&other).expect(0);
    let key = fs::read(place.path("ci-2.pem")).unwrap();
    for (old, new) in [("before", "ledger"), ("state-before", "state")] {
        fs::remove_dir_all(place.path(new)).unwrap();
        fs::rename(place.path(old), place.path(new)).unwrap();
    }
    place.affiant(&other).expect(0).warns("it is used");
    assert_eq!(fs::read(place.path("ci-2.pem")).unwrap(), key);
    place.affiant(&signed("ci-2.pem", "two")).expect(0);
    place.affiant(&other).expect(2);
    place.sound();
}

#[test]
fn a_pack_shows_who_signed_what() {
    let place = with_collector();
    place.affiant(&signed("ci.pem", "one")).expect(0);
    place.affiant(&["key", "rotate", "ci", "--sign-key", "ci.pem", "--output", "ci-2.pem"]).expect(0);
    let index = place.affiant(&signed("ci-2.pem", "two")).expect(0).json()["index"].as_u64().unwrap();
    place.push("three", "passed");
    place.issue();
    let verify = ["verify", "pack.zip", "--trust", "trust.keys", "--json"];
    let verdict = place.affiant(&verify).expect(0).json();
    assert_eq!(verdict["checks"][7]["outcome"], "passed");
    let detail = verdict["checks"][7]["detail"].as_str().unwrap();
    assert!(detail.starts_with("2 statements signed by 1 collector whose"), "{detail}");
    assert_eq!(verdict["counts"]["statements_signed"], 2);
    // A key that is revoked back to its last statement takes that one back, and nothing else.
    let words = ["key", "revoke", "ci", "--reason", "compromised", "--since", &index.to_string()];
    place.affiant(&words).expect(0);
    place.issue();
    let verdict = place.affiant(&verify).expect(0).json();
    let counts = [&verdict["counts"]["statements_signed"], &verdict["counts"]["statements_disowned"]];
    assert_eq!(counts, [1, 1]);
    place.sound();
}
