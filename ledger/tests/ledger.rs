//! The ledger as its storeys use it: appended, closed, opened again, damaged, and judged by fsck after every step.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::disk::Disk;
use affiant_ledger::fsck::{Examination, FaultKind, FsckReport, fsck};
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, LedgerError, Surroundings};
use affiant_ledger::merkle;
use affiant_ledger::note::Verifier;
use affiant_ledger::reader::{ReadError, Reader};
use affiant_ledger::record::{Draft, Facet, Filing};
use affiant_ledger::settings::Settings;
use affiant_ledger::time::FixedClock;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Statements here are `{"id": …, "k": …}`.
struct ById;

fn fields(statement: &[u8]) -> BTreeMap<String, String> {
    codec::decode_trusted(statement).unwrap_or_default()
}

impl Filing for ById {
    fn facet(&self, _: &str, statement: &[u8]) -> Option<Facet> {
        fields(statement).remove("k").map(|k| Facet { key: k.into_bytes(), rank: 0 })
    }
    fn id(&self, _: &str, statement: &[u8]) -> Option<String> {
        fields(statement).remove("id")
    }
}

struct Place {
    _folder: tempfile::TempDir,
    ledger: PathBuf,
    surroundings: Surroundings,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        clock: Arc::new(FixedClock("2026-11-22T00:00:00Z".parse().unwrap())),
        random: |bytes| bytes.fill(7),
        ..Surroundings::new(&ById, folder.path().join("heads"))
    };
    Place { ledger: folder.path().join("ledger"), surroundings, _folder: folder }
}

impl Place {
    fn create(&self) -> Ledger {
        let key = SigningKey::from_seed(&[1; 32]);
        let origin = "affiant.example/test";
        let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
        let settings = Settings { id: "test".parse().unwrap(), origin: origin.into(), log_keys, head: None };
        Ledger::create(&self.ledger, &settings, &key, self.surroundings.clone()).unwrap()
    }
    fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.ledger, self.surroundings.clone())
    }
    fn fsck(&self) -> FsckReport {
        let heads = fs::read_dir(&self.surroundings.heads).unwrap();
        let head = heads.flatten().next().unwrap().path();
        fsck(&Examination { head: Some(&head), ..Examination::of(&self.ledger) }, &|_, _| {})
    }
}

fn draft(stream: &str, i: u64) -> Draft {
    let statement = BTreeMap::from([("id", format!("run-{i}")), ("k", format!("control-{}", i % 7))]);
    let statement = codec::encode(&statement);
    Draft {
        stream: stream.parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        id: ById.id("result", &statement),
        facet: ById.facet("result", &statement),
        statement,
        signature: None,
    }
}

fn drafts(stream: &str, range: std::ops::Range<u64>) -> Vec<Draft> {
    range.map(|i| draft(stream, i)).collect()
}

fn sound(report: &FsckReport) {
    assert!(report.is_sound(), "{:#?}", report.faults);
}

#[test]
fn what_was_appended_is_there_after_reopening_with_proofs() {
    let place = place();
    let mut ledger = place.create();
    let mut expected = 1;
    for (stream, count) in [("a", 1), ("b", 255), ("a", 1), ("b", 700), ("c", 3)] {
        let from = expected;
        let appended = ledger.append(&drafts(stream, from..from + count)).unwrap();
        assert_eq!(
            appended.iter().map(|a| a.index).collect::<Vec<_>>(),
            (from..from + count).collect::<Vec<_>>()
        );
        expected += count;
        sound(&place.fsck());
    }
    ledger.close().unwrap();
    sound(&place.fsck());
    let reader = Reader::open(&place.ledger).unwrap();
    assert_eq!(reader.size(), expected);
    let leaves = reader.leaves(expected).unwrap();
    assert_eq!(merkle::root_of(&leaves), reader.checkpoint().root);
    for index in [0, 1, 255, 256, 511, 512, 900, expected - 1] {
        let receipt = reader.receipt(index).unwrap();
        let leaf = Digest::leaf(receipt.extra.as_deref().unwrap());
        let settings = reader.settings();
        assert_eq!(
            &receipt.verify(&leaf, &settings.origin, settings.log_keys.first()).unwrap(),
            reader.checkpoint()
        );
    }
    for old in [1, 255, 256, 257, 800, expected] {
        let proof = reader.consistency(old).unwrap();
        let old_root = reader.root_at(old).unwrap();
        assert_eq!(old_root, merkle::root_of(&leaves[..old as usize]));
        merkle::verify_consistency(old, expected, &old_root, &reader.checkpoint().root, &proof).unwrap();
    }
    let mut ledger = place.open().unwrap();
    assert_eq!(ledger.positions(&"b".parse().unwrap(), 0).unwrap().len(), 955);
    assert_eq!(ledger.positions(&"a".parse().unwrap(), 0).unwrap(), [1, 257]);
    assert_eq!(ledger.positions(&"b".parse().unwrap(), 950).unwrap(), (953..958).collect::<Vec<u64>>());
    assert_eq!(ledger.latest(&"b".parse().unwrap(), b"").unwrap(), (951..958).collect::<Vec<u64>>());
}

#[test]
fn the_same_id_gives_the_first_entry_again_and_other_content_is_refused() {
    let place = place();
    let mut ledger = place.create();
    let first = ledger.append(&drafts("a", 0..5)).unwrap();
    let again = ledger.append(&drafts("a", 3..6)).unwrap();
    assert_eq!(
        again.iter().map(|a| (a.index, a.again)).collect::<Vec<_>>(),
        [(4, true), (5, true), (6, false)]
    );
    assert_eq!(again[0].leaf, first[3].leaf);
    let mut other = draft("a", 2);
    other.statement = codec::encode(&BTreeMap::from([("id", "run-2"), ("k", "other")]));
    let size = ledger.size();
    let refused = ledger.append(&[draft("a", 9), other.clone()]);
    assert!(matches!(refused, Err(LedgerError::OtherContent { id, index: 3 }) if id == "run-2"));
    assert!(matches!(
        ledger.append(&[draft("b", 2), Draft { stream: "b".parse().unwrap(), ..other }]),
        Err(LedgerError::OtherContent { .. })
    ));
    assert_eq!(ledger.size(), size, "a refused batch leaves nothing");
    let twice = ledger.append(&[draft("c", 1), draft("c", 1)]).unwrap();
    assert_eq!((twice[0].index, twice[1].again), (twice[1].index, true));
    sound(&place.fsck());
}

#[test]
fn an_index_that_is_gone_damaged_or_of_another_time_is_built_again() {
    let place = place();
    let mut ledger = place.create();
    ledger.append(&drafts("a", 0..300)).unwrap();
    ledger.close().unwrap();
    fs::create_dir_all(place.ledger.join("old")).unwrap();
    copy_folder(&place.ledger.join("index"), &place.ledger.join("old"));
    let mut ledger = place.open().unwrap();
    ledger.append(&drafts("a", 300..310)).unwrap();
    ledger.close().unwrap();
    let check = || {
        let mut ledger = place.open().unwrap();
        assert_eq!(ledger.positions(&"a".parse().unwrap(), 0).unwrap(), (1..311).collect::<Vec<u64>>());
        assert_eq!(ledger.latest(&"a".parse().unwrap(), b"").unwrap(), (304..311).collect::<Vec<u64>>());
        assert_eq!(ledger.append(&drafts("a", 0..1)).unwrap()[0].index, 1);
    };
    fs::remove_dir_all(place.ledger.join("index")).unwrap();
    check();
    fs::remove_dir_all(place.ledger.join("index")).unwrap();
    fs::rename(place.ledger.join("old"), place.ledger.join("index")).unwrap();
    check();
    fs::write(place.ledger.join("index/db"), b"not a database at all").unwrap();
    check();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy_folder(&item.path(), &target)
        } else {
            drop(fs::copy(item.path(), target))
        }
    }
}

fn segment(place: &Place) -> PathBuf {
    affiant_ledger::journal::segments(&Disk, &place.ledger).unwrap().pop().unwrap()
}

#[test]
fn a_torn_record_is_dropped_and_an_acknowledged_one_never() {
    let place = place();
    let mut ledger = place.create();
    ledger.append(&drafts("a", 0..3)).unwrap();
    ledger.close().unwrap();
    let before = fs::read(segment(&place)).unwrap();
    let end = before.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut torn = before.clone();
    torn[end + 10..end + 20].copy_from_slice(b"AJR1 torn!");
    fs::write(segment(&place), &torn).unwrap();
    assert_eq!(place.fsck().faults[0].kind, FaultKind::TornTail);
    let mut ledger = place.open().unwrap();
    assert_eq!(ledger.size(), 4);
    ledger.append(&drafts("a", 3..4)).unwrap();
    ledger.close().unwrap();
    sound(&place.fsck());
    let mut damaged = fs::read(segment(&place)).unwrap();
    damaged[end + 60] ^= 1;
    fs::write(segment(&place), &damaged).unwrap();
    let refused = place.open();
    assert!(matches!(refused, Err(LedgerError::Shortened { size: 4, released: 5, .. })), "{refused:?}");
    assert!(matches!(Reader::open(&place.ledger), Err(ReadError::Journal(_))));
}

#[test]
fn an_older_copy_put_back_is_refused_and_so_is_a_fork() {
    let place = place();
    let mut ledger = place.create();
    ledger.append(&drafts("a", 0..3)).unwrap();
    ledger.close().unwrap();
    let old = place.ledger.with_file_name("old");
    copy_folder(&place.ledger, &old);
    let mut ledger = place.open().unwrap();
    ledger.append(&drafts("a", 3..4)).unwrap();
    ledger.close().unwrap();
    fs::remove_dir_all(&place.ledger).unwrap();
    copy_folder(&old, &place.ledger);
    assert!(matches!(place.open(), Err(LedgerError::Shortened { size: 4, released: 5, .. })));
    assert!(place.fsck().faults.iter().any(|fault| fault.kind == FaultKind::Rollback));
    // The same history gone another way: the remembered checkpoint is set aside, another entry is written.
    let heads = place.surroundings.heads.clone();
    fs::rename(&heads, heads.with_extension("aside")).unwrap();
    let mut ledger = place.open().unwrap();
    ledger.append(&drafts("a", 100..102)).unwrap();
    ledger.close().unwrap();
    fs::remove_dir_all(&heads).unwrap();
    fs::rename(heads.with_extension("aside"), &heads).unwrap();
    assert!(matches!(place.open(), Err(LedgerError::Forked { size: 5, .. })));
}

#[test]
fn a_second_writer_is_told_who_writes() {
    let place = place();
    let ledger = place.create();
    let second = place.open();
    assert!(
        matches!(&second, Err(LedgerError::Lock(error)) if error.to_string().contains("process")),
        "{second:?}"
    );
    drop(ledger);
    assert!(place.open().is_ok());
}

#[test]
fn a_stop_between_rotation_and_removal_leaves_a_ledger_that_goes_on() {
    let place = place();
    let mut ledger = place.create();
    ledger.append(&drafts("a", 0..600)).unwrap();
    let old = segment(&place);
    let bytes = fs::read(&old).unwrap();
    ledger.close().unwrap();
    assert!(!old.exists());
    fs::write(&old, &bytes).unwrap();
    for path in ["tile/entries/001", "payload/001", "tile/0/001"] {
        fs::remove_file(place.ledger.join(path)).unwrap();
    }
    sound(&place.fsck());
    let mut ledger = place.open().unwrap();
    ledger.append(&drafts("a", 600..601)).unwrap();
    ledger.close().unwrap();
    sound(&place.fsck());
    assert!(!old.exists());
    assert_eq!(Reader::open(&place.ledger).unwrap().record(300).unwrap().entry.index, 300);
}

#[test]
fn upper_tiles_appear_at_65536_entries_and_proofs_use_them() {
    let place = place();
    let mut ledger = place.create();
    let small = |i: u64| Draft { id: None, ..draft("a", i) };
    for batch in 0..17u64 {
        ledger.append(&(batch * 4000..(batch + 1) * 4000).map(small).collect::<Vec<_>>()).unwrap();
    }
    ledger.close().unwrap();
    assert!(place.ledger.join("tile/1/000").exists());
    sound(&place.fsck());
    let reader = Reader::open(&place.ledger).unwrap();
    for index in [0, 65_535, 65_536, 68_000] {
        let receipt = reader.receipt(index).unwrap();
        let leaf = Digest::leaf(receipt.extra.as_deref().unwrap());
        receipt.verify(&leaf, &reader.settings().origin, reader.settings().log_keys.first()).unwrap();
    }
    assert_eq!(reader.root_at(68_001).unwrap(), reader.checkpoint().root);
}

/// Names and sizes of the journal's files.
fn journal_of(place: &Place) -> Vec<(String, u64)> {
    let items = fs::read_dir(place.ledger.join("journal")).unwrap().map(Result::unwrap);
    let mut found: Vec<_> =
        items.map(|item| (item.file_name().into_string().unwrap(), item.metadata().unwrap().len())).collect();
    found.sort();
    found
}

#[test]
fn a_segment_is_used_again_empty_and_none_is_left_when_the_ledger_rests() {
    let mut place = place();
    place.surroundings.tail_size_max = 5 << 20;
    let mut ledger = place.create();
    let statement =
        |i: u64| codec::encode(&BTreeMap::from([("text", format!("{i:05}{}", "x".repeat(20_000)))]));
    let mut seen_spare = false;
    for batch in 0..30 {
        let one = |i| Draft { statement: statement(batch * 100 + i), id: None, facet: None, ..draft("a", i) };
        ledger.append(&(0..100).map(one).collect::<Vec<_>>()).unwrap();
        // The spare of the run before is whole or not there once the next is begun.
        seen_spare |= journal_of(&place).iter().any(|(name, _)| name == "spare.seg.tmp");
        if batch % 7 == 0 {
            ledger.reader().unwrap();
            for (name, _) in journal_of(&place) {
                let bytes = fs::read(place.ledger.join("journal").join(&name)).unwrap();
                assert!(
                    name != "spare.seg.tmp" || bytes.iter().all(|byte| *byte == 0),
                    "{name} holds something"
                );
            }
            sound(&place.fsck());
        }
    }
    assert!(seen_spare, "no segment was ever used again");
    ledger.close().unwrap();
    let left = journal_of(&place);
    assert!(matches!(&left[..], [(name, size)] if name.ends_with(".seg") && *size < 8 << 20), "{left:?}");
    sound(&place.fsck());
    // A writer that was stopped leaves its spare: the next one removes it.
    fs::write(place.ledger.join("journal/spare.seg.tmp"), b"half overwritten").unwrap();
    assert!(place.fsck().notices.iter().any(|notice| notice.contains("spare.seg.tmp")));
    let mut ledger = place.open().unwrap();
    assert_eq!(journal_of(&place), left);
    assert_eq!(ledger.reader().unwrap().record(3000).unwrap().statement, Some(statement(2999)));
    sound(&place.fsck());
}

#[test]
fn a_second_log_is_not_founded_under_an_origin_that_was_used() {
    let place = place();
    place.create().close().unwrap();
    fs::remove_dir_all(&place.ledger).unwrap();
    let key = SigningKey::from_seed(&[2; 32]);
    let origin = "affiant.example/test";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "other".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    let refused = Ledger::create(&place.ledger, &settings, &key, place.surroundings.clone());
    let Err(LedgerError::OriginUsed { path, .. }) = refused else { panic!("{refused:?}") };
    assert!(!place.ledger.exists(), "nothing was made");
    fs::remove_file(path).unwrap();
    // The file is found through a folder that is not there yet, and whose checkpoint it is decides what is said.
    let head = place.surroundings.heads.with_file_name("kept-elsewhere");
    let settings = Settings { head: Some("../kept-elsewhere".into()), ..settings };
    let create = || Ledger::create(&place.ledger, &settings, &key, place.surroundings.clone());
    fs::write(&head, "affiant.example/test\n3\nAAAA\n").unwrap();
    assert!(matches!(create(), Err(LedgerError::OriginUsed { .. })));
    fs::write(&head, "affiant.example/another\n3\nAAAA\n").unwrap();
    assert!(
        matches!(create(), Err(LedgerError::OtherOrigin { found, .. }) if found == "affiant.example/another")
    );
    assert!(!place.ledger.join("affiant.toml").exists() && !place.ledger.join("keys").exists());
    fs::remove_file(head).unwrap();
    Ledger::create(&place.ledger, &settings, &key, place.surroundings.clone()).unwrap().close().unwrap();
}

#[test]
fn a_tile_above_others_is_missed_only_when_all_of_it_is_settled() {
    let mut place = place();
    place.surroundings.tail_size_max = 2 << 20;
    let mut ledger = place.create();
    // 65,536 entries make the first tile of level 1; the last of them are still in the journal.
    for first in (1..65_800).step_by(2_048) {
        ledger.append(&drafts("a", first..(first + 2_048).min(65_800))).unwrap();
    }
    let tile = place.ledger.join("tile/1/000");
    ledger.reader().unwrap();
    assert!(!tile.exists(), "this is about a ledger whose tile waits for the journal");
    sound(&place.fsck());
    // A stop leaves it so, and the next open does what is left.
    drop(ledger);
    sound(&place.fsck());
    place.open().unwrap().close().unwrap();
    assert!(tile.exists());
    sound(&place.fsck());
    // Then it may not be missing, and no other may stand in its place.
    let bytes = fs::read(&tile).unwrap();
    fs::write(&tile, [&bytes[32..], &bytes[..32]].concat()).unwrap();
    assert!(place.fsck().faults.iter().any(|fault| fault.kind == FaultKind::Tile));
    fs::remove_file(&tile).unwrap();
    assert!(place.fsck().faults.iter().any(|fault| fault.kind == FaultKind::Missing));
}
