//! The examples of docs/spec, read from the pages and compared with what a ledger really writes, so that no page
//! drifts. The same ledger is judged by the independent check in tests/interop.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use affiant_ledger::checkpoint::{Checkpoint, LogKeys};
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::disk::Disk;
use affiant_ledger::entry::Entry;
use affiant_ledger::fsck::{Examination, fsck};
use affiant_ledger::journal;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{Grant, Holder, Keyring, Names, Role};
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::payload::Payload;
use affiant_ledger::reader::Reader;
use affiant_ledger::receipt::Receipt;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::tile;
use affiant_ledger::time::FixedClock;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// The ledger of the examples: genesis, then two results of `credit-scoring`. Its key, clock and salts are fixed.
fn example_ledger(folder: &Path, more: u64) -> PathBuf {
    let surroundings = Surroundings {
        clock: Arc::new(FixedClock("2026-11-22T00:00:00Z".parse().unwrap())),
        random: |bytes| bytes.fill(7),
        ..Surroundings::new(&NoFiling, folder.join("heads"))
    };
    let key = SigningKey::from_seed(&[1; 32]);
    let origin = "affiant.example/log1";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "log1".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    let path = folder.join("ledger");
    let mut ledger = Ledger::create(&path, &settings, &key, surroundings).unwrap();
    for number in 0..2 + more {
        let statement = BTreeMap::from([("number", number)]);
        let draft = Draft {
            stream: "credit-scoring".parse().unwrap(),
            kind: "result".parse().unwrap(),
            by: "local".into(),
            statement: codec::encode(&statement),
            signature: None,
            id: None,
            facet: None,
        };
        ledger.append(&[draft]).unwrap();
    }
    ledger.close().unwrap();
    path
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The first block of a page between a line with three backticks and `kind`, and the next three backticks.
fn block(page: &str, kind: &str) -> String {
    let path = root().join("docs/spec").join(page);
    let text = fs::read_to_string(&path).unwrap();
    let start = text.find(&format!("```{kind}\n")).unwrap_or_else(|| panic!("{page} has no {kind} block"));
    let rest = &text[start + kind.len() + 4..];
    rest[..rest.find("```").unwrap()].to_owned()
}

/// Bytes of a hex block: what stands behind `#` on a line is for people.
fn hex(page: &str) -> Vec<u8> {
    let digits: String =
        block(page, "hex").lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// Compares with what is true, and prints it when a page says otherwise.
fn same(page: &str, shown: &[u8], real: &[u8]) {
    let digits: String = real.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(shown == real, "{page} should show\n{digits}\n{}", String::from_utf8_lossy(real));
}

#[test]
fn the_entry_and_its_leaf_hash_are_those_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&example_ledger(folder.path(), 0)).unwrap();
    let real = reader.entry_bytes(1).unwrap();
    same("entry.md", &hex("entry.md"), &real);
    let entry = Entry::from_bytes(&real).unwrap();
    assert_eq!((entry.index, entry.n, entry.stream.as_str()), (1, 0, "credit-scoring"));
    let leaf = format!("leaf hash: {}\n", Digest::leaf(&real));
    same("entry.md", block("entry.md", "text").as_bytes(), leaf.as_bytes());
}

#[test]
fn the_payload_is_that_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&example_ledger(folder.path(), 0)).unwrap();
    let real = reader.payload_bytes(1).unwrap().unwrap();
    same("payload.md", &hex("payload.md"), &real);
    assert_eq!(Payload::from_bytes(&real).unwrap().salt, [7; 16]);
    assert_eq!(Entry::from_bytes(&reader.entry_bytes(1).unwrap()).unwrap().payload, Digest::of(&real));
}

#[test]
fn the_key_statement_is_that_of_the_page_and_is_taken_in() {
    let key = |seed: u8| SigningKey::from_seed(&[seed; 32]);
    let log_key = Verifier::new("affiant.example/log1".parse().unwrap(), key(1).verifying_key());
    let mut keyring = Keyring::new("log1".parse().unwrap(), log_key);
    let names = |name| Names::of([name]).unwrap();
    let grant = Grant { kinds: names("result"), expires: None, streams: names("credit-scoring") };
    let holder = Holder::Collector("ci-main".parse().unwrap());
    let statement = keyring.enrolment(&holder, &key(5).verifying_key(), Some(grant));
    let message: String = statement.message().iter().skip(15).map(|byte| format!("{byte:02x}")).collect();
    let text = format!("the proofs sign \"affiant key v1\" LF and {message}\n");
    same("key.md", block("key.md", "text").as_bytes(), text.as_bytes());
    let real = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(5)).to_bytes();
    same("key.md", &hex("key.md"), &real);
    keyring.apply(3, &hex("key.md")).unwrap();
    assert_eq!(keyring.tenures(&holder)[0].from, 3);
}

#[test]
fn the_checkpoint_opens_with_the_key_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&example_ledger(folder.path(), 0)).unwrap();
    let shown = block("checkpoint.md", "note");
    same("checkpoint.md", shown.as_bytes(), reader.note());
    let vkey = format!("{}\n", reader.settings().log_keys.first());
    same("checkpoint.md", block("checkpoint.md", "vkey").as_bytes(), vkey.as_bytes());
    let opened =
        Checkpoint::open(shown.as_bytes(), "affiant.example/log1", &vkey.trim().parse().unwrap()).unwrap();
    assert_eq!((opened.size, opened.root), (3, reader.root_at(3).unwrap()));
}

#[test]
fn the_receipt_verifies_with_the_key_of_the_checkpoint_page() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&example_ledger(folder.path(), 0)).unwrap();
    let shown = block("receipt.md", "proof");
    same("receipt.md", shown.as_bytes(), &reader.receipt(1).unwrap().to_bytes());
    let receipt = Receipt::parse(shown.as_bytes()).unwrap();
    let leaf = Digest::leaf(receipt.extra.as_deref().unwrap());
    let vkey = block("checkpoint.md", "vkey").trim().parse().unwrap();
    assert_eq!(receipt.verify(&leaf, "affiant.example/log1", &vkey).unwrap().size, 3);
}

#[test]
fn the_journal_record_is_that_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = example_ledger(folder.path(), 0);
    let segment = journal::segments(&Disk, &ledger).unwrap().remove(0);
    let bytes = fs::read(&segment).unwrap();
    let read = journal::decode_segment(&bytes);
    assert_eq!(read.records.len(), 3);
    let second = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"AJR1").nth(1).unwrap().0;
    let third = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"AJR1").nth(2).unwrap().0;
    let shown = hex("journal.md");
    same("journal.md", &shown, &bytes[second..third]);
    let alone = journal::decode_segment(&shown);
    assert_eq!((alone.records, alone.end, alone.torn), (vec![read.records[1].clone()], shown.len(), false));
}

#[test]
fn tile_paths_and_the_first_bytes_of_a_bundle_are_those_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&example_ledger(folder.path(), 300)).unwrap();
    for line in block("tiles.md", "paths").lines() {
        let (number, path) = line.split_once(' ').unwrap();
        assert_eq!(tile::path_of(number.parse().unwrap()), path.trim());
    }
    let bundle = fs::read(reader.folder().join("tile/entries/000")).unwrap();
    let first = reader.entry_bytes(0).unwrap().len() + 2;
    let shown = hex("tiles.md");
    same("tiles.md", &shown, &bundle[..first + 2]);
}

#[test]
fn the_report_of_a_fault_is_that_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = example_ledger(folder.path(), 300);
    let path = ledger.join("payload/000");
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len();
    bytes[end - 1] ^= 1;
    fs::write(&path, bytes).unwrap();
    let report = serde_json::to_string_pretty(&fsck(&Examination::of(&ledger), &|_, _| {})).unwrap() + "\n";
    same("fsck.md", block("fsck.md", "json").as_bytes(), report.as_bytes());
}

/// Runs the independent check; `None` where there is no Python or openssl to run it with.
fn check(arguments: &[&Path]) -> Option<(bool, String)> {
    let script = root().join("tests/interop/check_ledger.py");
    Command::new("openssl").arg("version").output().ok()?;
    let output = Command::new("python3").arg(script).args(arguments).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).trim().to_owned()))
}

#[test]
fn the_independent_check_agrees_on_a_sound_ledger_its_receipts_and_damage() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = example_ledger(folder.path(), 600);
    let reader = Reader::open(&ledger).unwrap();
    let mut arguments = vec![ledger.clone()];
    for index in [0, 1, 255, 256, 511, 512, 602] {
        let path = folder.path().join(format!("{index}.receipt"));
        fs::write(&path, reader.receipt(index).unwrap().to_bytes()).unwrap();
        arguments.push(path);
    }
    let Some(answer) = check(&arguments.iter().map(PathBuf::as_path).collect::<Vec<_>>()) else { return };
    assert_eq!(answer, (true, "ok 603 entries".into()));
    let segment = journal::segments(&Disk, &ledger).unwrap().remove(0);
    let last = journal::read_segment(&Disk, &segment).unwrap().end as u64;
    let mut changes = vec![(segment, last / 2)];
    for file in ["checkpoint", "tile/0/001", "tile/entries/000", "payload/001"] {
        changes.push((ledger.join(file), fs::metadata(ledger.join(file)).unwrap().len() / 3));
    }
    for (path, at) in changes {
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[at as usize] ^= 4;
        fs::write(&path, &changed).unwrap();
        let (sound, text) = check(&[&ledger]).unwrap();
        assert!(!sound && text.starts_with("fault:"), "{}: {text}", path.display());
        fs::write(&path, bytes).unwrap();
    }
}
