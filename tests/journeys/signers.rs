//! Who signs: what management asserts, and who signs a pack beside its issuer.

use crate::support::place::{DAY, NOON, Place};
use std::fs;

const ASSERTION: &str =
    "The controls operated as described.\r\nEvery serious incident known to us is on file.\n";

fn assert_words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let words = ["pack", "assert", "scoring", "--by", "A. Example", "--role", "Chief Risk Officer"];
    [&words[..], more].concat()
}

/// The report of a pack built now, as Markdown.
fn report(place: &Place) -> String {
    place.affiant(&["pack", "build", "scoring", "--output", "p.zip", "--report", "p.md"]).expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "p.zip", "--trust", "trust.keys"]).expect(0);
    fs::read_to_string(place.path("p.md")).unwrap()
}

#[test]
fn what_management_asserts_stands_in_the_report_signed_by_a_key_of_its_own() {
    let mut place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    assert!(report(&place).contains("No management assertion is on file"));
    place.write("text", ASSERTION);
    let enrol = ["key", "new", "collector", "cro", "--stream", "scoring", "--kind", "assertion"];
    place.affiant(&enrol).expect(0);
    place
        .affiant(&assert_words(&["--text", "text", "--from", "2026-01-01", "--sign-key", "cro.pem"]))
        .expect(0)
        .says("assertion of A. Example recorded, entry ");
    let shown = report(&place);
    for words in [
        "signed by the key `cro`",
        "from 2026-01-01T00:00:00Z to 2026-11-24T12:00:00Z",
        "The controls operated as described.\n\nEvery serious incident known to us is on file.\n",
    ] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    // The next one takes its place; a pack as of a day before it shows the one before.
    place.at(NOON + DAY);
    place.affiant_with(&assert_words(&["--text", "-"]), b"Still so.").expect(0);
    let shown = report(&place);
    assert!(shown.contains("Still so.") && shown.contains("not signed: recorded by `local`"), "{shown}");
    assert!(!shown.contains("operated as described"), "{shown}");
    let words = ["pack", "build", "scoring", "--output", "p.zip", "--report", "p.md", "--as-of"];
    place.affiant(&[&words[..], &["2026-11-24T12:00:00Z"]].concat()).expect(0);
    assert!(fs::read_to_string(place.path("p.md")).unwrap().contains("operated as described"));
    // Taken back, with a reason, once.
    let withdraw = assert_words(&["--text", "-", "--withdraw"]);
    place.affiant_with(&withdraw, b"A night is missing.").expect(0).says("withdrawal of the assertion");
    let shown = report(&place);
    assert!(shown.contains("was withdrawn by A. Example") && !shown.contains("Still so."), "{shown}");
    place.affiant_with(&withdraw, b"Again.").expect(2).warns("no assertion about `scoring` stands");
    place.sound();
}

#[test]
fn an_assertion_of_nothing_or_of_a_time_to_come_is_refused_and_so_is_a_key_without_a_grant() {
    let place = Place::with_system_at(NOON);
    let refused = |more: &[&str], text: &str, why: &str| {
        let words = assert_words(&[&["--text", "-"], more].concat());
        place.affiant_with(&words, text.as_bytes()).expect(2).warns(why);
    };
    refused(&[], " \n", "`text`");
    refused(&["--at", "2026-11-25"], "So it will be.", "`at` `2026-11-25T00:00:00Z` lies in the future");
    refused(&["--from", "2026-11-24", "--at", "2026-11-23"], "Backwards.", "`from`");
    refused(&[], "Hidden \u{202e}text.", "hidden character");
    let enrol = ["key", "new", "collector", "ci", "--stream", "scoring", "--kind", "result"];
    place.affiant(&enrol).expect(0);
    refused(&["--sign-key", "ci.pem"], "I am a pipeline.", "assertion");
    place.affiant(&["pack", "assert", "nobody", "--by", "A", "--role", "B", "--text", "-"]).expect(2);
    place.sound();
}

/// Where a pack names who signed it, on stdout of `verify --json`.
fn signature_of(verdict: &serde_json::Value) -> String {
    verdict["checks"][1]["detail"].as_str().unwrap().to_owned()
}

fn key(place: &Place, id: &str) -> String {
    let words = ["key", "new", "collector", id, "--stream", "scoring", "--kind", "assertion"];
    place.affiant(&words).expect(0);
    format!("{id}.pem")
}

#[test]
fn management_and_a_reviewer_sign_beside_the_issuer_and_the_auditor_countersigns() {
    let place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    for id in ["cro", "audit", "auditor"] {
        key(&place, id);
    }
    let build = ["pack", "build", "scoring", "--output", "pack.zip", "--json"];
    let signers = ["--sign", "management=cro.pem", "--sign", "reviewer=audit.pem"];
    let built = place.affiant(&[&build[..], &signers].concat()).expect(0).json();
    assert_eq!(built["signers"][0]["role"], "management");
    let vkey = built["signers"][0]["vkey"].as_str().unwrap();
    assert!(vkey.starts_with("test.example/log/management+"), "{vkey}");

    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    let verify = |pack: &str, trust: &str, code| {
        place.affiant(&["verify", pack, "--trust", trust, "--json"]).expect(code).json()
    };
    let said = signature_of(&verify("pack.zip", "trust.keys", 0));
    assert!(
        said.contains("by management test.example/log/management+") && !said.contains("you trust"),
        "{said}"
    );
    let words = place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]);
    words
        .expect(0)
        .says("management signed the pack: test.example/log/management")
        .says("a reviewer signed the pack");
    let held = fs::read_to_string(place.path("trust.keys")).unwrap();
    place.write("more.keys", format!("{held}signer {vkey}\n"));
    let said = signature_of(&verify("pack.zip", "more.keys", 0));
    assert!(said.contains(", whose key you trust; by reviewer"), "{said}");

    let words =
        ["pack", "countersign", "pack.zip", "--key", "auditor.pem", "--output", "signed.zip", "--json"];
    place.affiant(&words).expect(4).warns("no trust anchor");
    let trusted = [&words[..], &["--trust", "trust.keys", "--name", "auditor.example"]].concat();
    let signed = place.affiant(&trusted).expect(0).json();
    let refused = signature_of(&verify("signed.zip", "trust.keys", 3));
    assert!(refused.contains("add `signer <vkey>` with their key to your trust file"), "{refused}");
    let line = format!("signer {}", signed["signer"].as_str().unwrap());
    place.write("more.keys", format!("{held}{line}\n"));
    let said = signature_of(&verify("signed.zip", "more.keys", 0));
    assert!(said.contains("countersigned by auditor.example+"), "{said}");
    let first = fs::read(place.path("signed.zip")).unwrap();
    place.affiant(&trusted).expect(0);
    assert_eq!(fs::read(place.path("signed.zip")).unwrap(), first, "signed again, the same bytes");

    // Nothing is signed that is not verified, and the exit code is that of verify.
    let mut altered = first;
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    place.write("altered.zip", altered);
    place
        .affiant(&[
            "pack",
            "countersign",
            "altered.zip",
            "--key",
            "auditor.pem",
            "-o",
            "x.zip",
            "--trust",
            "trust.keys",
        ])
        .expect(3)
        .says("REJECTED")
        .warns("not countersigned");
    assert!(!place.path("x.zip").exists());
    place.sound();
}

#[test]
fn a_role_or_key_that_cannot_sign_is_refused_before_anything_is_recorded() {
    let place = Place::with_system_at(NOON);
    let cro = key(&place, "cro");
    let before = crate::support::folder::content(&place.ledger());
    let refused = |signers: &[&str], why: &str| {
        let words: Vec<&str> = signers.iter().flat_map(|signer| ["--sign", *signer]).collect();
        place.affiant(&[&["pack", "build", "scoring"], &words[..]].concat()).expect(2).warns(why);
    };
    refused(&["boss=cro.pem"], "`boss` is no role of a signer (management, reviewer)");
    refused(&[&cro], "write ROLE=FILE");
    refused(&["management=none.pem"], "none.pem");
    refused(&["management=ledger/keys/issuer.pem"], "a key of");
    refused(&["reviewer=ledger/keys/log.pem"], "a key of");
    refused(&["management=cro.pem", "reviewer=cro.pem"], "one key signs in two places");
    let after = crate::support::folder::content(&place.ledger());
    assert!(crate::support::folder::changed(&before, &after).is_empty());
}
