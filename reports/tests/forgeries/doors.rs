//! Both doors to the verifier: whatever the suite judges in this process, `affiant-verify` judges as a process of its own.
//! And every verdict is one of the checked-in schema.

use super::*;
use crate::schema;
use affiant_reports::verdict::CheckOutcome;
use affiant_reports::verify::verify_with;
use serde_json::Value;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Runs the auditor's program over files in a folder.
pub(super) fn run(folder: &TempDir, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_affiant-verify"))
        .current_dir(folder.path())
        .env_remove("AFFIANT_TRUST")
        .env_remove("SOURCE_DATE_EPOCH")
        .args(words)
        .output()
        .unwrap()
}

/// The verdict of this process, once the other door and the schema have nothing to say against it.
#[track_caller]
pub(super) fn at_both(pack: &[u8], trust: Option<&Trust>, verdict: Verdict) -> Verdict {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("pack.zip"), pack).unwrap();
    let mut words = vec!["pack.zip", "--json"];
    if let Some(trust) = trust {
        std::fs::write(folder.path().join("trust.keys"), trust.to_text("")).unwrap();
        words.extend(["--trust", "trust.keys"]);
    }
    let output = run(&folder, &words);
    let code = output.status.code().unwrap();
    // A trust file names a log and an issuer: one that does not is refused before the pack is read.
    if trust.is_some_and(|trust| Trust::parse(&trust.to_text("")).is_err()) {
        assert_eq!(code, 2, "{}", String::from_utf8_lossy(&output.stderr));
        return verdict;
    }
    let unrendered = verify_with(pack, trust, &archive::Limits::default(), None);
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, serde_json::to_value(&unrendered).unwrap());
    assert_eq!(code, i32::from(unrendered.exit_code()), "{printed:#}");
    for of in [&verdict, &unrendered] {
        let json = serde_json::to_value(of).unwrap();
        schema::validate(&json).unwrap_or_else(|wrong| panic!("{wrong}: {json:#}"));
    }
    // They differ in the report at most, which the small program does not make again.
    let apart = |check: &&CheckOutcome| check.name != Report;
    assert!(verdict.checks.iter().filter(apart).eq(unrendered.checks.iter().filter(apart)));
    assert_ne!(unrendered.outcome(Report), Outcome::Passed);
    verdict
}

#[test]
fn the_auditors_program_says_how_a_pack_it_verified_was_examined() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("pack.zip", &honest().pack);
    write("trust.keys", trust().to_text("").as_bytes());
    let verify = |more: &[&str]| run(&folder, &[&["pack.zip", "--trust", "trust.keys"], more].concat());
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();

    let output = verify(&["--transcript", "paper.txt"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let unwrapped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let paper = text("paper.txt");
    let words = unwrapped(&paper);
    let fingerprint = |key: &SigningKey| key.verifying_key().fingerprint().to_string();
    for both in [&unwrapped(&String::from_utf8(output.stdout).unwrap()), &words] {
        for name in CheckName::ALL {
            assert!(both.contains(name.as_str()) && both.contains(name.claim()), "{both}");
        }
        for digest in [
            Digest::of(&honest().pack).to_string(),
            Digest::of(trust().to_text("").as_bytes()).to_string(),
            fingerprint(&log_key()),
            fingerprint(&issuer_key()),
        ] {
            assert!(both.contains(&digest), "{digest}\n{both}");
        }
        assert!(both.contains("VERIFIED: pack pack-1") && both.contains("- that what was submitted is true"));
        assert!(both.contains("not made: this program renders no PDF"), "{both}");
    }
    let size = format!("{} bytes", honest().pack.len());
    for part in [&size, "Exit code 0", "level L1", "affiant-verify ", "determinations derived again"] {
        assert!(words.contains(part), "{part}\n{paper}");
    }

    // The same again, but for the one line.
    assert_eq!(verify(&["--transcript", "again.txt"]).status.code(), Some(0));
    let but_one = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("Made at "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(but_one(&paper), but_one(&text("again.txt")));
    assert_eq!(but_one(&paper).len() + 1, paper.lines().count());
}

#[test]
fn a_transcript_tells_of_a_refusal_and_quotes_no_hostile_text_as_it_is() {
    let folder = TempDir::new().unwrap();
    let hostile = "ev\u{202e}il\n13  seal        passed\u{1b}[2J.zip";
    std::fs::write(folder.path().join(hostile), &honest().pack[..1000]).unwrap();
    let output = run(&folder, &[hostile, "--transcript=paper.txt"]);
    assert_eq!(output.status.code(), Some(3));
    let paper = std::fs::read_to_string(folder.path().join("paper.txt")).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for text in [&paper, &said] {
        assert!(text.chars().all(|c| c == '\n' || !affiant_ledger::id::is_hidden(c)), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("13  seal        passed")), "{text}");
        assert!(text.contains(r"ev\u{202e}il\u{a}13"), "{text}");
        assert!(text.contains("REJECTED") && text.contains(" 1  container   FAILED"), "{text}");
    }
    assert!(paper.contains("Exit code     3") && paper.contains("none given"), "{paper}");
}

#[test]
fn a_transcript_replaces_nothing_that_it_speaks_of() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("pack.zip"), &honest().pack).unwrap();
    std::fs::write(folder.path().join("trust.keys"), trust().to_text("")).unwrap();
    std::fs::create_dir(folder.path().join("kept")).unwrap();
    let receipt = receipts::first_receipt();
    std::fs::write(folder.path().join("kept/a.tlog-proof"), receipt).unwrap();
    let with_all = ["pack.zip", "--trust", "trust.keys", "--receipts", "kept", "--json"];
    let held = run(&folder, &with_all);
    let verdict: Verdict = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!((verdict.outcome(Receipts), verdict.counts.receipts_here), (Outcome::Passed, 1));
    for place in ["pack.zip", "./trust.keys", "kept/a.tlog-proof", "kept/paper.txt"] {
        let output = run(&folder, &[&with_all[..], &["--transcript", place]].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    assert_eq!(std::fs::read(folder.path().join("pack.zip")).unwrap(), honest().pack);
    assert_eq!(std::fs::read_to_string(folder.path().join("trust.keys")).unwrap(), trust().to_text(""));
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let nowhere = run(&folder, &["pack.zip", "--transcript", "file/paper.txt"]);
    assert_eq!(nowhere.status.code(), Some(5), "{nowhere:?}");
}

#[test]
fn a_command_that_is_not_understood_is_refused() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("pack.zip"), &honest().pack).unwrap();
    for words in [
        &[][..],
        &["pack.zip", "pack.zip"],
        &["pack.zip", "--trsut", "x"],
        &["pack.zip", "--trust"],
        &["pack.zip", "--trust="],
        &["pack.zip", "--json=yes"],
        &["pack.zip", "-x"],
        &["nothing.zip"],
        &["."],
        &["pack.zip", "--trust", "nothing.keys"],
        &["pack.zip", "--trust", "pack.zip"],
        &["pack.zip", "--receipts", "."],
        &["--", "--json"],
    ] {
        let output = run(&folder, words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"error: "), "{words:?}: {output:?}");
    }
    assert_eq!(run(&folder, &["--", "pack.zip"]).status.code(), Some(4));
    assert_eq!(run(&folder, &["--help"]).status.code(), Some(0));
}

#[test]
fn the_schema_refuses_what_is_no_verdict() {
    let verdict = serde_json::to_value(workshop::judge(&honest().pack)).unwrap();
    assert_eq!(schema::validate(&verdict), Ok(()));
    let edits: [fn(&mut Value); 12] = [
        |verdict| verdict["more"] = 1.into(),
        |verdict| verdict["counts"]["more"] = 1.into(),
        |verdict| verdict["checks"][3]["more"] = 1.into(),
        |verdict| verdict["keys"][0]["more"] = 1.into(),
        |verdict| drop(verdict.as_object_mut().unwrap().remove("level")),
        |verdict| drop(verdict["counts"].as_object_mut().unwrap().remove("entries")),
        |verdict| drop(verdict["checks"].as_array_mut().unwrap().pop()),
        |verdict| verdict["checks"].as_array_mut().unwrap().swap(0, 1),
        |verdict| verdict["checks"][0]["outcome"] = "fine".into(),
        |verdict| verdict["counts"]["entries"] = (-1).into(),
        |verdict| verdict["as_of"] = "yesterday".into(),
        |verdict| verdict["does_not_establish"] = Value::Array(Vec::new()),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let mut other = verdict.clone();
        edit(&mut other);
        assert!(schema::validate(&other).is_err(), "edit {number}");
    }
}
