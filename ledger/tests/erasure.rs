//! Erasing a payload: gone from the disk, with authority on the log; the entry, the chain and every proof stay.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use affiant_ledger::blob;
use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::disk::Disk;
use affiant_ledger::erasure::{ERASURE, Erasure, Hold};
use affiant_ledger::fsck::{Examination, FaultKind, FsckReport, Indexed, fsck};
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{EraseError, Ledger, LedgerError, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::{Draft, Facet, Filing};
use affiant_ledger::settings::Settings;
use affiant_ledger::table::Sled;
use affiant_ledger::tile;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Statements here are `{"id": …, "k": …, "blob": …}`.
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
    fn blobs(&self, _: &str, statement: &[u8]) -> Vec<Digest> {
        fields(statement).remove("blob").and_then(|digest| digest.parse().ok()).into_iter().collect()
    }
}

struct Place {
    folder: tempfile::TempDir,
}

/// What must be found nowhere after it was erased.
const SECRET: &str = "Ada Lovelace, born 1815-12-10";

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let key = SigningKey::from_seed(&[1; 32]);
        let origin = "affiant.example/test";
        let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
        let settings = Settings { id: "test".parse().unwrap(), origin: origin.into(), log_keys, head: None };
        Ledger::create(&place.ledger(), &settings, &key, place.surroundings()).unwrap().close().unwrap();
        place
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings::new(&ById, self.folder.path().join("heads"))
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.ledger(), self.surroundings()).unwrap()
    }

    fn fsck(&self) -> FsckReport {
        let head = fs::read_dir(self.folder.path().join("heads")).unwrap().next().unwrap().unwrap().path();
        let index = Some(Indexed { tables: &Sled, filing: &ById });
        let ledger = self.ledger();
        fsck(&Examination { head: Some(&head), index, ..Examination::of(&ledger) }, &|_, _| {})
    }

    /// Files below the ledger's folder in which the secret stands.
    fn secrets(&self) -> Vec<PathBuf> {
        files(&self.ledger()).into_iter().filter(|path| holds(path, SECRET.as_bytes())).collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(folder).unwrap().map(|item| item.unwrap().path());
    items.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(path: &Path, text: &[u8]) -> bool {
    fs::read(path).unwrap().windows(text.len()).any(|window| window == text)
}

fn draft(stream: &str, id: &str, facet: &str, blob: Option<Digest>) -> Draft {
    let mut statement =
        BTreeMap::from([("id".to_owned(), id.to_owned()), ("k".to_owned(), facet.to_owned())]);
    statement.extend(blob.map(|digest| ("blob".to_owned(), digest.to_string())));
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

fn sound(report: &FsckReport) {
    assert!(report.is_sound(), "{:#?}", report.faults);
}

/// Erases one entry whose payload and index row hold the secret, in the tail or in a bundle.
fn erased_in(bundle: bool) {
    let place = Place::new();
    let mut ledger = place.open();
    ledger.append(&[draft("a", "before", "control-1", None), draft("a", SECRET, "control-1", None)]).unwrap();
    if bundle {
        let more: Vec<Draft> =
            (0..300).map(|i| draft("a", &format!("run-{i}"), &format!("other-{i}"), None)).collect();
        ledger.append(&more).unwrap();
        ledger.close().unwrap();
        ledger = place.open();
    }
    let before = ledger.receipt(2).unwrap();
    let size = ledger.size();
    assert!(!place.secrets().is_empty());
    let (appended, _) = ledger.erase(2, "GDPR Art. 17(1)(b)", "Data protection officer").unwrap();
    assert_eq!(appended.index, size);
    sound_without_index(&place);
    assert_eq!(ledger.reader().unwrap().record(2).unwrap().statement, None);
    // Nothing older becomes the latest again: the erasure stands in the place of what it erased.
    assert_eq!(ledger.latest(&"a".parse().unwrap(), b"control-1").unwrap(), [appended.index]);
    ledger.close().unwrap();
    assert_eq!(place.secrets(), Vec::<PathBuf>::new());
    let report = place.fsck();
    sound(&report);
    assert_eq!(report.payloads_erased, 1);
    // The entry and the old receipt still verify, against the log as it is now.
    let reader = Reader::open(&place.ledger()).unwrap();
    let leaf = Digest::leaf(before.extra.as_deref().unwrap());
    assert_eq!(reader.leaf(2).unwrap(), leaf);
    let settings = reader.settings();
    before.verify(&leaf, &settings.origin, settings.log_keys.first()).unwrap();
    let mut ledger = place.open();
    assert!(matches!(ledger.erase(2, "again", "x"), Err(LedgerError::Erase(EraseError::Again(2)))));
    ledger.rebuild_index().unwrap();
    assert_eq!(ledger.latest(&"a".parse().unwrap(), b"control-1").unwrap(), [appended.index]);
    ledger.append(&[draft("a", "later", "control-1", None)]).unwrap();
    ledger.close().unwrap();
    sound(&place.fsck());
}

/// The index is in use by the open ledger: all else is judged.
fn sound_without_index(place: &Place) {
    let ledger = place.ledger();
    sound(&fsck(&Examination::of(&ledger), &|_, _| {}));
}

#[test]
fn a_payload_in_the_journal_is_erased_and_every_proof_stays() {
    erased_in(false);
}

#[test]
fn a_payload_in_a_bundle_is_erased_and_every_proof_stays() {
    erased_in(true);
}

#[test]
fn an_evidence_file_goes_with_the_only_statement_that_cites_it() {
    let place = Place::new();
    let shared = blob::store(&Disk, &place.ledger(), b"cited twice").unwrap();
    let own = blob::store(&Disk, &place.ledger(), SECRET.as_bytes()).unwrap();
    let mut ledger = place.open();
    let drafts = [
        draft("a", "1", "k1", Some(shared)),
        draft("a", "2", "k2", Some(shared)),
        draft("a", "3", "k3", Some(own)),
    ];
    ledger.append(&drafts).unwrap();
    assert_eq!(ledger.erase(1, "b", "a").unwrap().1, []);
    assert_eq!(ledger.erase(3, "b", "a").unwrap().1, [own]);
    assert_eq!(ledger.erase(2, "b", "a").unwrap().1, [shared]);
    ledger.close().unwrap();
    assert!(place.secrets().is_empty() && !blob::path_of(&place.ledger(), &shared).exists());
    sound(&place.fsck());
}

#[test]
fn a_hold_stops_erasures_until_it_is_released() {
    let place = Place::new();
    let mut ledger = place.open();
    ledger.append(&[draft("a", "1", "k", None), draft("b", "1", "k", None)]).unwrap();
    let hold = |released| Hold {
        by: "Legal".into(),
        id: "case-7".parse().unwrap(),
        reason: "claim pending".into(),
        released,
    };
    let (stream, org) = ("a".parse().unwrap(), "org".parse().unwrap());
    ledger.hold(&stream, &hold(false)).unwrap();
    let refused = ledger.erase(1, "b", "a");
    assert!(
        matches!(&refused, Err(LedgerError::Erase(EraseError::Held { id, .. })) if *id == *"case-7"),
        "{refused:?}"
    );
    ledger.erase(2, "b", "a").unwrap();
    ledger.hold(&org, &hold(false)).unwrap();
    ledger.hold(&stream, &hold(true)).unwrap();
    assert!(matches!(ledger.erase(1, "b", "a"), Err(LedgerError::Erase(EraseError::Held { .. }))));
    ledger.hold(&org, &hold(true)).unwrap();
    ledger.erase(1, "b", "a").unwrap();
    ledger.close().unwrap();
    sound(&place.fsck());
}

#[test]
fn what_others_are_judged_by_and_what_has_no_reason_is_not_erased() {
    let place = Place::new();
    let mut ledger = place.open();
    ledger.append(&[draft("a", "1", "k", None)]).unwrap();
    ledger.erase(1, "b", "a").unwrap();
    for index in [0, 2] {
        let refused = ledger.erase(index, "b", "a");
        assert!(matches!(refused, Err(LedgerError::Erase(EraseError::Kept { .. }))), "{refused:?}");
    }
    assert!(matches!(ledger.erase(1, " ", "a"), Err(LedgerError::Erase(EraseError::Text(_)))));
    assert!(matches!(ledger.erase(9, "b", "a"), Err(LedgerError::Read(_))));
    assert_eq!(ledger.size(), 3);
}

#[test]
fn a_payload_that_is_gone_without_authority_is_a_fault_and_so_is_an_erasure_not_carried_out() {
    let place = Place::new();
    let mut ledger = place.open();
    let drafts: Vec<Draft> = (0..300).map(|i| draft("a", &format!("run-{i}"), "k", None)).collect();
    ledger.append(&drafts).unwrap();
    ledger.close().unwrap();
    let path = place.ledger().join("payload/000");
    let whole = fs::read(&path).unwrap();
    let cut = |slot: usize| {
        let mut anew = Vec::new();
        for (at, payload) in tile::split_payloads(&whole).unwrap().into_iter().enumerate() {
            tile::push_payload(&mut anew, payload.filter(|_| at != slot));
        }
        anew
    };
    fs::write(&path, cut(7)).unwrap();
    let report = place.fsck();
    assert_eq!((report.faults[0].kind, report.faults[0].index), (FaultKind::PayloadMissing, Some(7)));
    fs::write(&path, &whole).unwrap();
    let mut ledger = place.open();
    ledger.erase(7, "b", "a").unwrap();
    ledger.append(&[draft("a", "later", "k", None)]).unwrap();
    ledger.close().unwrap();
    sound(&place.fsck());
    // The payload put back, and another one taken in its stead.
    fs::write(&path, &whole).unwrap();
    assert_eq!(place.fsck().faults[0].kind, FaultKind::Erasure);
    fs::write(&path, cut(8)).unwrap();
    let kinds: Vec<FaultKind> = place.fsck().faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::PayloadMissing, FaultKind::Erasure, FaultKind::Index]);
}

#[test]
fn an_erasure_that_was_cut_off_is_carried_out_by_the_next_open() {
    let place = Place::new();
    let mut ledger = place.open();
    let drafts: Vec<Draft> = (0..300).map(|i| draft("a", &format!("run-{i}"), "k", None)).collect();
    ledger.append(&drafts).unwrap();
    ledger.append(&[draft("a", SECRET, "k", None)]).unwrap();
    ledger.close().unwrap();
    let mut ledger = place.open();
    for index in [7, 301] {
        let record = ledger.reader().unwrap().record(index).unwrap();
        let erasure = Erasure {
            basis: "b".into(),
            blobs: Vec::new(),
            facet: None,
            index,
            payload: record.entry.payload,
            approver: "a".into(),
        };
        // As it stands when the writer is stopped between recording and carrying out.
        let draft = Draft {
            kind: ERASURE.parse().unwrap(),
            statement: codec::encode(&erasure),
            id: None,
            facet: None,
            ..draft("a", "x", "k", None)
        };
        ledger.append(&[draft]).unwrap();
        drop(ledger);
        let report = fsck(&Examination::of(&place.ledger()), &|_, _| {});
        sound(&report);
        assert!(report.notices.iter().any(|notice| notice.contains("to be carried out")), "{report:?}");
        ledger = place.open();
        assert_eq!(ledger.reader().unwrap().record(index).unwrap().statement, None);
    }
    ledger.rebuild_index().unwrap();
    ledger.close().unwrap();
    assert!(place.secrets().is_empty());
    sound(&place.fsck());
}
