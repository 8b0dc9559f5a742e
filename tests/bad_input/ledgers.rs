//! Ledgers that are held, half-written, cut, altered or read-only.

use super::refusal::refused;
use crate::support::folder;
use crate::support::place::Place;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

const PUSH: [&str; 7] = ["push", "--system", "scoring", "--control", "AFF-EXP-11", "--status", "passed"];

fn segment(place: &Place) -> PathBuf {
    folder::files(&place.ledger().join("journal")).pop().unwrap()
}

/// Where the last record of a segment ends: behind it the file is kept ahead, all zero.
fn end(segment: &[u8]) -> usize {
    segment.iter().rposition(|byte| *byte != 0).unwrap() + 1
}

/// A ledger with enough entries for bundles and tiles.
fn with_tiles() -> Place {
    let place = Place::with_system();
    let row = |n| {
        format!(
            "{{\"control\":\"AFF-EXP-11\",\"status\":\"passed\",\"id\":\"t{n}\",\"collector\":{{\"name\":\"ci\"}}}}\n"
        )
    };
    let rows: String = (0..700).map(row).collect();
    for part in rows.as_bytes().chunks(rows.len()) {
        place
            .affiant_with(&["push", "-", "--format", "ndjson", "--system", "scoring", "--quiet"], part)
            .expect(0);
    }
    place
}

#[test]
fn a_ledger_held_by_another_process_is_named_and_left_alone_and_can_be_read() {
    let place = Place::with_system();
    let mut holder = place.command(&["push", "-", "--format", "ndjson", "--system", "scoring"]);
    let mut holder =
        holder.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = format!("process {}", holder.id());
    while fs::read_to_string(place.ledger().join("lock")).unwrap().trim() != process {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let before = folder::content(&place.ledger());
    let answer = place.affiant(&[&PUSH[..], &["--wait", "0"]].concat()).expect(5);
    assert!(answer.errors()[0].contains("another process is writing to this ledger"), "{}", answer.shown());
    assert!(answer.errors()[0].contains(&process), "it says who: {}", answer.shown());
    answer.warns("hint: try again when it is done, or wait longer with --wait SECONDS");
    assert!(folder::changed(&before, &folder::content(&place.ledger())).is_empty());
    place.affiant(&["status", "scoring"]).expect(4).says("scoring: Scoring");
    place.affiant(&["log", "show"]).expect(0);
    place.sound();
    holder.kill().unwrap();
    holder.wait().unwrap();
    place.affiant(&[&PUSH[..], &["--wait", "0"]].concat()).expect(0);
    place.sound();
}

#[test]
fn a_torn_record_behind_the_last_checkpoint_is_dropped_by_the_next_push() {
    let place = Place::with_system();
    let path = segment(&place);
    let mut bytes = fs::read(&path).unwrap();
    let end = end(&bytes);
    bytes.resize(bytes.len().max(end + 100), 0);
    bytes[end..end + 100].fill(7);
    fs::write(&path, &bytes).unwrap();
    place.affiant(&["status", "scoring"]).expect(4);
    let answer = place.affiant(&["log", "fsck"]);
    assert!([0, 3].contains(&answer.code) && !answer.is_fault(), "{}", answer.shown());
    place.affiant(&PUSH).expect(0);
    place.sound();
}

#[test]
fn a_journal_that_lost_acknowledged_entries_is_an_integrity_failure_and_is_never_signed_again() {
    let place = Place::with_system();
    place.push("auc", "passed");
    let path = segment(&place);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..end(&whole) - 200]).unwrap();
    refused(&place, &PUSH, b"", 3, &[]);
    for words in
        [&["status", "scoring"][..], &["log", "show"], &["log", "fsck"], &["pack", "build", "scoring"]]
    {
        let answer = place.affiant(words).expect(3);
        assert!(words == ["log", "fsck"] || !answer.errors().is_empty(), "{}", answer.shown());
    }
    // Not by taking away the published checkpoint either: the head outside the ledger remembers.
    fs::remove_file(place.ledger().join("checkpoint")).unwrap();
    refused(&place, &PUSH, b"", 3, &["was released"]);
}

#[test]
fn an_altered_byte_in_the_journal_is_an_integrity_failure_everywhere() {
    let place = Place::with_system();
    place.push("auc", "passed");
    let path = segment(&place);
    let whole = fs::read(&path).unwrap();
    for at in (0..end(&whole)).step_by(end(&whole) / 12) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        let answer = place.affiant(&["log", "fsck"]);
        assert_eq!(answer.code, 3, "byte {at}\n{}", answer.shown());
        let before = folder::content(&place.ledger().join("journal"));
        let answer = place.affiant(&PUSH);
        assert_eq!(answer.code, 3, "byte {at}\n{}", answer.shown());
        assert!(!answer.errors().is_empty() && !answer.is_fault(), "{}", answer.shown());
        assert!(
            folder::changed(&before, &folder::content(&place.ledger().join("journal"))).is_empty(),
            "byte {at}"
        );
    }
    fs::write(&path, &whole).unwrap();
    place.sound();
    place.affiant(&PUSH).expect(0);
}

#[test]
fn a_missing_checkpoint_is_written_anew_by_the_next_push_and_named_until_then() {
    let place = Place::with_system();
    place.push("auc", "passed");
    fs::remove_file(place.ledger().join("checkpoint")).unwrap();
    for words in [&["status", "scoring"][..], &["log", "checkpoint"], &["log", "fsck"]] {
        let answer = place.affiant(words);
        assert!([0, 3].contains(&answer.code) && !answer.is_fault(), "{}", answer.shown());
    }
    place.affiant(&PUSH).expect(0);
    place.sound();
    place.affiant(&["log", "checkpoint"]).expect(0);
}

#[test]
fn a_checkpoint_that_is_not_this_logs_is_an_integrity_failure() {
    let (place, stranger) = (Place::with_system(), Place::with_system());
    let path = place.ledger().join("checkpoint");
    let foreign = fs::read(stranger.ledger().join("checkpoint")).unwrap();
    let own = fs::read_to_string(&path).unwrap();
    let size: u64 = own.lines().nth(1).unwrap().parse().unwrap();
    let grown = own.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1).into_bytes();
    for bytes in [foreign, grown, b"nonsense".to_vec(), Vec::new(), vec![b'a'; 1 << 20]] {
        fs::write(&path, &bytes).unwrap();
        for words in [&["status", "scoring"][..], &["log", "show"], &["log", "fsck"]] {
            let answer = place.affiant(words);
            assert_eq!(
                answer.code,
                3,
                "{:?}\n{}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(60)]),
                answer.shown()
            );
        }
    }
}

#[test]
fn a_missing_or_altered_bundle_is_named_by_its_file() {
    let place = with_tiles();
    let tiles: Vec<_> = folder::files(&place.ledger())
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("tile"))
        .collect();
    assert!(tiles.len() >= 3, "entries, payloads and hashes of at least one full bundle: {tiles:?}");
    for tile in &tiles {
        let name = tile.strip_prefix(place.ledger()).unwrap().to_str().unwrap().to_owned();
        let whole = fs::read(tile).unwrap();
        fs::remove_file(tile).unwrap();
        place.affiant(&["log", "fsck"]).expect(3).says(&name);
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        fs::write(tile, &altered).unwrap();
        place.affiant(&["log", "fsck"]).expect(3).says(&name);
        let answer = place.affiant(&["log", "show", "--ids"]);
        assert!([0, 3].contains(&answer.code) && !answer.is_fault(), "{}", answer.shown());
        fs::write(tile, &whole).unwrap();
    }
    place.sound();
}

#[test]
fn settings_or_keys_that_are_missing_or_wrong_are_named() {
    let (place, stranger) = (Place::with_system(), Place::with_system());
    let key = place.ledger().join("keys/log.pem");
    let own = fs::read(&key).unwrap();
    fs::copy(stranger.ledger().join("keys/log.pem"), &key).unwrap();
    refused(&place, &PUSH, b"", 2, &["keys/log.pem: not the private key of the one in force"]);
    fs::write(&key, "nonsense").unwrap();
    let answer = place.affiant(&PUSH);
    assert!([2, 5].contains(&answer.code) && answer.errors()[0].contains("log.pem"), "{}", answer.shown());
    fs::remove_file(&key).unwrap();
    let answer = place.affiant(&PUSH);
    assert!([2, 5].contains(&answer.code) && answer.errors()[0].contains("log.pem"), "{}", answer.shown());
    // Reading needs no key.
    place.affiant(&["log", "show"]).expect(0);
    fs::write(&key, own).unwrap();
    let settings = place.ledger().join("affiant.toml");
    let whole = fs::read_to_string(&settings).unwrap();
    for text in ["", "nonsense", "a = [", &format!("{whole}\nzzz = 1\n"), &whole.replace("origin", "orijin")]
    {
        fs::write(&settings, text).unwrap();
        let answer = refused(&place, &PUSH, b"", 2, &[]);
        assert!(answer.errors()[0].contains("affiant.toml"), "{}", answer.shown());
    }
}

#[test]
fn a_ledger_that_may_not_be_written_is_an_io_failure_and_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_system();
    let set = |mode| {
        for name in ["", "journal", "index", "lock", "checkpoint"] {
            let mode =
                if name.is_empty() || place.ledger().join(name).is_dir() { mode } else { mode & 0o666 };
            fs::set_permissions(place.ledger().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        for path in folder::files(&place.ledger().join("journal")) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o666)).unwrap();
        }
    };
    set(0o555);
    if fs::write(place.ledger().join("probe"), "").is_ok() {
        fs::remove_file(place.ledger().join("probe")).unwrap();
        set(0o755);
        eprintln!("SKIPPED: this user may write everywhere, so a read-only ledger cannot be tried");
        return;
    }
    refused(&place, &PUSH, b"", 5, &[]);
    place.affiant(&["status", "scoring"]).expect(4);
    place.affiant(&["log", "show"]).expect(0);
    set(0o755);
    place.sound();
}

#[test]
fn a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_no_ledger() {
    let place = Place::new();
    place.write("ledger", "not a folder");
    for words in [&["status"][..], &["log", "show"], &["init", "ledger"]] {
        let answer = place.affiant(words);
        assert!([2, 5].contains(&answer.code), "{}", answer.shown());
        assert!(!answer.errors().is_empty() && !answer.is_fault(), "{}", answer.shown());
    }
    fs::remove_file(place.ledger()).unwrap();
    fs::create_dir_all(place.ledger().join("affiant.toml")).unwrap();
    let answer = place.affiant(&["status"]);
    assert!([2, 3, 5].contains(&answer.code) && !answer.errors().is_empty(), "{}", answer.shown());
}
