//! Known answers: other people's Merkle cases, notes, checkpoints and tile logs (tests/vectors, see SOURCES.txt there).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use affiant_ledger::checkpoint::{Checkpoint, CheckpointError};
use affiant_ledger::digest::Digest;
use affiant_ledger::merkle::{self, Frontier};
use affiant_ledger::note::{Note, NoteError, Verifier, from_base64};
use affiant_ledger::receipt::{Receipt, ReceiptError};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

fn read(path: &str) -> Vec<u8> {
    fs::read(vectors().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

/// A digest in base64, or `None` where the case gives something that cannot be one.
fn digest(value: &Value) -> Option<Digest> {
    Digest::try_from(&from_base64(value.as_str()?)?[..]).ok()
}

fn path(value: &Value) -> Option<Vec<Digest>> {
    value.as_array().map_or(Some(Vec::new()), |hashes| hashes.iter().map(digest).collect())
}

/// Runs every case of a folder; a case whose hashes are not hashes counts as refused.
fn run(folder: &str, check: fn(&Value) -> Option<bool>) -> usize {
    let mut files = Vec::new();
    files_below(&vectors().join("merkle-testdata").join(folder), &mut files);
    for file in &files {
        let case = json(file);
        let refused = !check(&case).unwrap_or(false);
        assert_eq!(refused, case["wantErr"].as_bool().unwrap(), "{}: {}", file.display(), case["desc"]);
    }
    files.len()
}

#[test]
fn all_518_merkle_cases_are_judged_as_they_say() {
    let inclusion = run("inclusion", |case| {
        let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
        let (leaf, root) = (digest(&case["leafHash"])?, digest(&case["root"])?);
        Some(merkle::verify_inclusion(index, size, &leaf, &path(&case["proof"])?, &root).is_ok())
    });
    let consistency = run("consistency", |case| {
        let (old, new) = (case["size1"].as_u64()?, case["size2"].as_u64()?);
        let proof = path(&case["proof"])?;
        if case["root1"] == case["root2"] && old == new && old > 0 && proof.is_empty() {
            return Some(true); // these roots are words, not hashes; only their equality is asked
        }
        let (old_root, root) = (digest(&case["root1"])?, digest(&case["root2"])?);
        Some(merkle::verify_consistency(old, new, &old_root, &root, &proof).is_ok())
    });
    let subtree_inclusion = run("subtreeinclusion", |case| {
        let (index, range) = (case["leafIdx"].as_u64()?, case["start"].as_u64()?..case["end"].as_u64()?);
        let (leaf, root) = (digest(&case["leafHash"])?, digest(&case["root"])?);
        Some(merkle::verify_subtree_inclusion(index, range, &leaf, &path(&case["proof"])?, &root).is_ok())
    });
    let subtree_consistency = run("subtreeconsistency", |case| {
        let (range, size) = (case["start"].as_u64()?..case["end"].as_u64()?, case["size"].as_u64()?);
        let proof = path(&case["proof"])?;
        if case["root1"] == case["root2"] && range == (0..size) && size > 0 && proof.is_empty() {
            return Some(true);
        }
        // An empty subtree says nothing of the tree: its root may be any word.
        let root = digest(&case["root2"]).unwrap_or(Digest::ZERO);
        Some(merkle::verify_subtree_consistency(range, size, &digest(&case["root1"])?, &root, &proof).is_ok())
    });
    assert_eq!([inclusion, consistency, subtree_inclusion, subtree_consistency], [98, 98, 204, 118]);
}

#[test]
fn verifier_keys_and_notes_good_and_bad_are_judged_as_they_say() {
    let cases = json(&vectors().join("sumdb-note/vectors.json"));
    for key in cases["vkeys_valid"].as_array().unwrap() {
        let text = key.as_str().unwrap();
        assert_eq!(text.parse::<Verifier>().unwrap().to_string(), text);
    }
    for key in cases["vkeys_invalid"].as_array().unwrap() {
        assert!(key.as_str().unwrap().parse::<Verifier>().is_err(), "{key}");
    }
    for case in cases["notes_valid"].as_array().unwrap() {
        let verifier: Verifier = case["vkey"].as_str().unwrap().parse().unwrap();
        let bytes = case["note"].as_str().unwrap();
        let note = Note::parse(bytes.as_bytes()).unwrap();
        assert_eq!(note.verify(std::slice::from_ref(&verifier)).unwrap(), [&verifier]);
        let forged = Note { text: note.text.replace('.', ","), ..note.clone() };
        let changed =
            if forged.text == note.text { Note { text: format!("x{}", note.text), ..note } } else { forged };
        assert!(matches!(changed.verify(&[verifier]), Err(NoteError::Wrong(_))));
    }
    for note in cases["notes_malformed"].as_array().unwrap() {
        assert!(
            matches!(Note::parse(note.as_str().unwrap().as_bytes()), Err(NoteError::Syntax(_))),
            "{note}"
        );
    }
}

#[test]
fn a_note_with_no_known_key_and_one_with_a_second_known_wrong_key_are_rejected() {
    let cosigned = String::from_utf8(read("own/checkpoint.300.cosigned")).unwrap();
    let own = json(&vectors().join("own/vectors.json"));
    let log: Verifier = own["log_vkey"].as_str().unwrap().parse().unwrap();
    let witness: Verifier = own["witnesses"][0]["vkey_cosigv1"].as_str().unwrap().parse().unwrap();
    let note = Note::parse(cosigned.as_bytes()).unwrap();
    assert_eq!(note.signatures.len(), 3);
    assert_eq!(note.verify(&[log.clone(), witness.clone()]).unwrap(), [&log, &witness]);
    let stranger: Verifier =
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8".parse().unwrap();
    assert_eq!(note.verify(&[stranger]), Err(NoteError::Unsigned));
    let mut spoiled = note;
    spoiled.signatures[1].bytes[20] ^= 1;
    assert_eq!(spoiled.verify(&[log, witness]), Err(NoteError::Wrong("witness.example/w1".into())));
}

#[test]
fn checkpoints_good_and_bad_are_judged_as_they_say() {
    let own = json(&vectors().join("own/vectors.json"));
    let (origin, log) = (own["origin"].as_str().unwrap(), own["log_vkey"].as_str().unwrap().parse().unwrap());
    for size in [0, 1, 2, 7, 255, 256, 257, 300u64] {
        let checkpoint = Checkpoint::open(&read(&format!("own/checkpoint.{size}")), origin, &log).unwrap();
        let root = own["roots"][size.to_string()].as_str().unwrap();
        assert_eq!((checkpoint.size, checkpoint.root.to_string().as_str()), (size, root));
    }
    let open = |name: &str| Checkpoint::open(&read(&format!("own/bad/checkpoint.{name}")), origin, &log);
    assert!(matches!(open("sigflip"), Err(CheckpointError::Note(_))));
    assert_eq!(open("leadingzero"), Err(CheckpointError::Syntax("size is not a decimal number")));
    assert_eq!(open("nohash"), Err(CheckpointError::Syntax("other than three lines")));
    assert!(matches!(open("wrongorigin"), Err(CheckpointError::Origin { .. })));
    let fork = open("fork300").unwrap();
    assert_ne!(fork.root.to_string(), own["roots"]["300"].as_str().unwrap());
}

#[test]
fn receipts_good_and_bad_are_judged_as_they_say() {
    let own = json(&vectors().join("own/vectors.json"));
    let (origin, log) = (own["origin"].as_str().unwrap(), own["log_vkey"].as_str().unwrap().parse().unwrap());
    let leaf = |i: u64| Digest::leaf(format!("affiant test entry {i}\n").as_bytes());
    for (name, index) in [("proof.7of300", 7), ("proof.0of1", 0), ("proof.299of300.extra", 299)] {
        let bytes = read(&format!("own/{name}.tlog-proof"));
        let receipt = Receipt::parse(&bytes).unwrap();
        assert_eq!(receipt.extra.as_deref(), name.ends_with("extra").then_some(&b"extra bytes"[..]));
        assert_eq!(receipt.to_bytes(), bytes);
        assert!(receipt.verify(&leaf(index), origin, &log).is_ok());
        assert!(matches!(receipt.verify(&leaf(index + 1), origin, &log), Err(ReceiptError::Proof(_))));
        assert!(matches!(receipt.verify(&leaf(index), "other", &log), Err(ReceiptError::Checkpoint(_))));
    }
}

#[test]
fn roots_and_proofs_of_the_300_entry_log_equal_the_independent_ones() {
    struct Leaves(Vec<Digest>);
    impl merkle::Nodes for Leaves {
        type Error = std::convert::Infallible;
        fn node(&self, level: u32, n: u64) -> Result<Digest, Self::Error> {
            Ok(merkle::root_of(&self.0[(n << level) as usize..((n + 1) << level) as usize]))
        }
    }
    let own = json(&vectors().join("own/vectors.json"));
    let leaves: Vec<Digest> =
        (0..300).map(|i| Digest::leaf(format!("affiant test entry {i}\n").as_bytes())).collect();
    let mut grown = Frontier::default();
    for size in 0..=300u64 {
        if let Some(root) = own["roots"][size.to_string()].as_str() {
            assert_eq!(grown.root().to_string(), root);
        }
        leaves.get(size as usize).into_iter().for_each(|leaf| grown.push(*leaf));
    }
    let nodes = Leaves(leaves);
    let hexes = |hashes: &[Digest]| hashes.iter().map(ToString::to_string).collect::<Vec<_>>();
    for case in own["inclusion"].as_array().unwrap() {
        let (index, size) = (case["index"].as_u64().unwrap(), case["size"].as_u64().unwrap());
        assert_eq!(Value::from(hexes(&merkle::inclusion(&nodes, index, size).unwrap())), case["proof"]);
    }
    for case in own["consistency"].as_array().unwrap() {
        let sizes: Vec<u64> =
            ["size1", "size2", "old", "new", "m", "n"].iter().filter_map(|k| case[*k].as_u64()).collect();
        assert_eq!(
            Value::from(hexes(&merkle::consistency(&nodes, sizes[0], sizes[1]).unwrap())),
            case["proof"]
        );
    }
}

#[test]
fn a_log_written_by_tessera_is_read_back_to_its_checkpoints() {
    let log =
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx".parse().unwrap();
    for size in 0..=15u64 {
        let note = read(&format!("tessera-testlog/checkpoint.{size}"));
        let checkpoint = Checkpoint::open(&note, "example.com/log/testdata", &log).unwrap();
        assert_eq!(checkpoint.size, size);
        if size == 0 {
            continue;
        }
        let bundle = read(&format!("tessera-testlog/tile/entries/000.p/{size}"));
        let leaves = affiant_ledger::tile::split_entries(&bundle)
            .unwrap()
            .iter()
            .map(|e| Digest::leaf(e))
            .collect::<Vec<_>>();
        assert_eq!(leaves.len() as u64, size);
        assert_eq!(merkle::root_of(&leaves), checkpoint.root);
        let tile = read(&format!("tessera-testlog/tile/0/000.p/{size}"));
        assert_eq!(affiant_ledger::tile::split_hashes(&tile).unwrap(), leaves);
    }
}
