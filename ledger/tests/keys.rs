//! Keys of a ledger at work: rotated, revoked, asked before every append, and stopped at every step of a rotation.

#![cfg(feature = "sled")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/dying.rs"]
mod dying;

use affiant_ledger::checkpoint::{Checkpoint, CheckpointError, LogKeys};
use affiant_ledger::digest::Digest;
use affiant_ledger::disk::Disk;
use affiant_ledger::entry::Entry;
use affiant_ledger::fsck::{Examination, FaultKind, Indexed, fsck};
use affiant_ledger::journal::{Sealed, encode_record};
use affiant_ledger::key::{KeyError, Passphrase, SigningKey};
use affiant_ledger::keyfile;
use affiant_ledger::keyring::{Grant, Holder, KeyReason, KeyStatement, KeyringError, Names, Role};
use affiant_ledger::ledger::{Appended, Founding, Ledger, LedgerError, Surroundings};
use affiant_ledger::merkle::Frontier;
use affiant_ledger::note::Verifier;
use affiant_ledger::payload::{Payload, StatementSignature, signed_message};
use affiant_ledger::reader::Reader;
use affiant_ledger::receipt::Receipt;
use affiant_ledger::record::{Draft, Facet, Filing, NoFiling};
use affiant_ledger::rotation::{ISSUER_KEY_FILE, LOG_KEY_FILE};
use affiant_ledger::settings::{SETTINGS_FILE, Settings};
use affiant_ledger::storage::Storage;
use affiant_ledger::table::Sled;
use affiant_ledger::time::FixedClock;
use dying::Dying;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ORIGIN: &str = "affiant.example/log1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn vkey(name: &str, seed: u8) -> Verifier {
    Verifier::new(name.parse().unwrap(), key(seed).verifying_key())
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            clock: Arc::new(FixedClock("2026-11-22T00:00:00Z".parse().unwrap())),
            ..Surroundings::new(&NoFiling, self.folder.path().join("heads"))
        }
    }

    /// A ledger with log key 1 and issuer key 2.
    fn founded(&self, passphrase: Option<&Passphrase>) -> Ledger {
        let log_keys = LogKeys::new(vkey(ORIGIN, 1));
        let settings = Settings { id: "log1".parse().unwrap(), origin: ORIGIN.into(), log_keys, head: None };
        let issuer = Some(vkey(&format!("{ORIGIN}/issuer"), 2));
        keyfile::write(&Disk, &self.ledger().join(ISSUER_KEY_FILE), &key(2)).unwrap();
        let founding =
            Founding { log_key: &key(1), issuer, passphrase, drafts: Vec::new(), keys: Vec::new() };
        Ledger::found(&self.ledger(), &settings, founding, self.surroundings()).unwrap()
    }

    fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.ledger(), self.surroundings())
    }

    /// Demands that fsck finds nothing, and that the keys on disk are those of this log and issuer seed alone.
    fn sound(&self) {
        let report = fsck(&Examination::of(&self.ledger()), &|_, _| {});
        assert!(report.is_sound(), "{:#?}", report.faults);
    }

    fn key_files(&self) -> Vec<String> {
        let mut names = Disk.names(&self.ledger().join("keys")).unwrap();
        names.sort();
        names
    }

    fn seed_of(&self, file: &str) -> Option<u8> {
        let found = keyfile::read_with(&Disk, &self.ledger().join(file), None).ok()?.verifying_key();
        (1..20).find(|seed| key(*seed).verifying_key() == found)
    }
}

fn draft(number: u64) -> Draft {
    let statement = affiant_ledger::codec::encode(&BTreeMap::from([("number", number)]));
    Draft {
        stream: "credit-scoring".parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        statement,
        signature: None,
        id: None,
        facet: None,
    }
}

/// The same, by collector `ci`, signed with the key of a seed.
fn signed(number: u64, seed: u8) -> Draft {
    let draft = draft(number);
    let sig = key(seed).sign(&signed_message(&draft.statement));
    let signature = Some(StatementSignature { key: "ci".parse().unwrap(), sig });
    Draft { by: "key:ci".into(), signature, ..draft }
}

/// Enrols collector `ci` with key 5, for results of `credit-scoring`.
fn enrol(ledger: &mut Ledger) -> Appended {
    let names = |name| Names::of([name]).unwrap();
    let grant = Grant { kinds: names("result"), expires: None, streams: names("credit-scoring") };
    let ci = Holder::Collector("ci".parse().unwrap());
    let statement = ledger.keyring().enrolment(&ci, &key(5).verifying_key(), Some(grant));
    let statement = ledger.prove(statement.proven(Role::New, &key(5)));
    ledger.record_key(&statement).unwrap()
}

fn refusal(error: LedgerError) -> KeyringError {
    match error {
        LedgerError::Keyring(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn after_a_rotation_everything_signed_before_stays_verifiable() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    ledger.append(&[draft(0), draft(1)]).unwrap();
    let (early, receipt) = (ledger.note().to_vec(), ledger.receipt(1).unwrap());
    let rotation = ledger.rotate_log_key(key(3), None).unwrap();
    assert_eq!(rotation.index, 3);
    let handover = ledger.note().to_vec();
    ledger.append(&[draft(2)]).unwrap();
    let late = ledger.note().to_vec();
    ledger.close().unwrap();
    place.sound();

    let (one, three) = (vkey(ORIGIN, 1), vkey(ORIGIN, 3));
    let keys = Reader::open(&place.ledger()).unwrap().settings().log_keys.clone();
    assert_eq!(
        keys.ranges().map(|(key, from, until)| (key.clone(), from, until)).collect::<Vec<_>>(),
        [(one.clone(), 1, Some(4)), (three.clone(), 4, None)]
    );
    for note in [&early, &handover, &late] {
        assert!(Checkpoint::open_with(note, &keys).is_ok());
    }
    // The former key opens all up to the handover, the next one all from there on.
    let opens = |note: &[u8], key| Checkpoint::open(note, ORIGIN, key).is_ok();
    assert_eq!([&early, &handover, &late].map(|note| opens(note, &one)), [true, true, false]);
    assert_eq!([&early, &handover, &late].map(|note| opens(note, &three)), [false, true, true]);
    let entry = receipt.extra.as_deref().unwrap();
    let leaf = Digest::leaf(entry);
    assert!(Receipt::parse(&receipt.to_bytes()).unwrap().verify(&leaf, ORIGIN, &one).is_ok());

    // The former private key is gone, and the next one goes on.
    assert_eq!(
        (place.key_files(), place.seed_of(LOG_KEY_FILE)),
        (vec!["issuer.pem".into(), "log.pem".into()], Some(3))
    );
    let mut ledger = place.open().unwrap();
    ledger.append(&[draft(3)]).unwrap();
    ledger.rotate_log_key(key(4), None).unwrap();
    ledger.append(&[draft(4)]).unwrap();
    ledger.close().unwrap();
    place.sound();
    assert_eq!(Reader::open(&place.ledger()).unwrap().keyring().unwrap().log_keys().ranges().count(), 3);
}

#[test]
fn a_checkpoint_by_a_former_key_beyond_its_range_is_refused() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    ledger.rotate_log_key(key(3), None).unwrap();
    ledger.append(&[draft(0)]).unwrap();
    let checkpoint = ledger.reader().unwrap().checkpoint().clone();
    ledger.close().unwrap();
    // Whoever kept the former key signs a head of their own.
    let forged = checkpoint.sign(&ORIGIN.parse().unwrap(), &key(1));
    fs::write(place.ledger().join("checkpoint"), forged).unwrap();
    let refused = Reader::open(&place.ledger()).unwrap_err().to_string();
    assert!(refused.contains("counts for sizes 1 to 2"), "{refused}");
    assert!(!fsck(&Examination::of(&place.ledger()), &|_, _| {}).is_sound());
}

#[test]
fn the_settings_name_the_keys_that_the_entries_do() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    ledger.rotate_log_key(key(3), None).unwrap();
    ledger.append(&[draft(0)]).unwrap();
    ledger.close().unwrap();
    let path = place.ledger().join(SETTINGS_FILE);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[[rotated]]\nfrom = 2\n"), "{text}");
    let refused = |text: &str| {
        fs::write(&path, text).unwrap();
        place.open().unwrap_err()
    };
    // Without the second key the last checkpoint is signed by a stranger; with a third one the settings say too much.
    let first = text.split("\n[[rotated]]").next().unwrap();
    assert!(matches!(refused(first), LedgerError::Read(_)));
    let more = format!("{text}\n[[rotated]]\nfrom = 1000\nlog_key = \"{}\"\n", vkey(ORIGIN, 9));
    assert!(matches!(refused(&more), LedgerError::OtherKeys));
    let other = text.replacen("id = \"log1\"", "id = \"log2\"", 1);
    assert!(matches!(refused(&other), LedgerError::OtherGenesis));
    fs::write(&path, &text).unwrap();
    place.open().unwrap().close().unwrap();
}

#[test]
fn collectors_push_what_they_were_granted_by_every_way_of_appending() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    assert_eq!(
        refusal(ledger.append(&[signed(0, 5)]).unwrap_err()),
        KeyringError::UnknownCollector("ci".parse().unwrap())
    );
    enrol(&mut ledger);
    ledger.append(&[signed(0, 5), draft(1)]).unwrap();
    // Enough to be checked on several cores.
    ledger.append(&(2..40).map(|number| signed(number, 5)).collect::<Vec<_>>()).unwrap();
    let size = ledger.size();

    let mut batch: Vec<Draft> = (40..80).map(|number| signed(number, 5)).collect();
    batch[17].stream = "fraud".parse().unwrap();
    let refused = refusal(ledger.append(&batch).unwrap_err()).to_string();
    assert_eq!(refused, "collector `ci` may push to credit-scoring, not to `fraud`");
    let mut wrong = signed(40, 5);
    wrong.statement = draft(41).statement;
    assert_eq!(refusal(ledger.append(&[wrong]).unwrap_err()), KeyringError::Signature("ci".parse().unwrap()));
    let streamed = |ledger: &mut Ledger, batches: Vec<Vec<Draft>>| {
        let batches = batches.into_iter().map(|drafts| Ok::<_, LedgerError>((drafts, ())));
        ledger.append_stream(batches, |_, (), _| Ok(()))
    };
    let refused = streamed(&mut ledger, vec![batch]).unwrap_err();
    assert!(matches!(refusal(refused), KeyringError::Stream { .. }));
    assert_eq!(ledger.size(), size, "a refused batch left something behind");
    streamed(&mut ledger, vec![vec![signed(40, 5)], vec![signed(41, 5), draft(42)]]).unwrap();
    assert_eq!(ledger.size(), size + 3);

    // What one caller of a group may not push is no hindrance to another.
    let prepare = |draft: Draft| vec![affiant_ledger::ledger::Prepared::new(draft, &[7; 16]).unwrap()];
    let done = ledger.append_group(vec![prepare(signed(50, 6)), prepare(signed(51, 5))]);
    assert!(done[0].is_err() && done[1].is_ok(), "{done:?}");
    ledger.close().unwrap();
    place.sound();
}

#[test]
fn a_revoked_collector_pushes_no_more_even_after_reopening_without_an_index() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    enrol(&mut ledger);
    ledger.append(&[signed(0, 5)]).unwrap();
    let ci = Holder::Collector("ci".parse().unwrap());
    let (statement, last) = (ledger.keyring().clone(), vkey("ci", 5));
    let statement = ledger.prove(statement.revocation(&ci, &last, KeyReason::Compromised, Some(2)));
    let revoked = ledger.record_key(&statement).unwrap();
    let outside = |ledger: &mut Ledger| refusal(ledger.append(&[signed(1, 5)]).unwrap_err()).to_string();
    assert!(outside(&mut ledger).ends_with(&format!("revoked by entry {} as compromised", revoked.index)));
    ledger.close().unwrap();
    fs::remove_dir_all(place.ledger().join("index")).unwrap();
    let mut ledger = place.open().unwrap();
    assert!(outside(&mut ledger).contains("revoked by entry"));
    assert_eq!(ledger.keyring().disowned("key:ci", 2).map(|revoked| revoked.since), Some(Some(2)));
    ledger.close().unwrap();
    place.sound();
}

#[test]
fn a_key_statement_is_said_by_the_ledgers_owner_and_a_log_rotation_by_its_own_way() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    let statement = ledger.keyring().rotation(&Holder::Log, &key(3).verifying_key()).unwrap();
    let statement = statement.proven(Role::Old, &key(1)).proven(Role::New, &key(3));
    assert!(ledger.record_key(&statement).unwrap_err().to_string().contains("rotated by itself"));
    let other = Draft { kind: "key".parse().unwrap(), ..draft(0) };
    assert!(matches!(refusal(ledger.append(&[other]).unwrap_err()), KeyringError::Reserved { .. }));
    let bare = Draft { kind: "key".parse().unwrap(), stream: "org".parse().unwrap(), ..draft(0) };
    assert!(matches!(refusal(ledger.append(&[bare]).unwrap_err()), KeyringError::Codec(_)));
    assert_eq!(ledger.size(), 1);
    assert!(
        refusal(ledger.rotate_log_key(key(1), None).unwrap_err()).to_string().contains("used in this ledger")
    );
    assert_eq!(place.key_files(), ["issuer.pem", "log.pem"], "a refused rotation left a key behind");
}

#[test]
fn an_issuer_key_follows_another_and_a_damaged_file_is_seen() {
    let place = Place::new();
    let mut ledger = place.founded(None);
    let open = |path: &Path| keyfile::read_with(&Disk, path, None);
    ledger.rotate_issuer_key(key(4), None, &open).unwrap();
    assert_eq!(ledger.issuer_key(&open).unwrap().verifying_key(), key(4).verifying_key());
    assert_eq!(
        (place.key_files(), place.seed_of(ISSUER_KEY_FILE)),
        (vec!["issuer.pem".into(), "log.pem".into()], Some(4))
    );
    let sizes: Vec<_> =
        ledger.keyring().trusted(&Holder::Issuer).iter().map(|key| (key.from, key.to)).collect();
    assert_eq!(sizes, [(1, Some(1)), (2, None)]);
    // A flipped bit is another key: nothing is signed with it.
    fs::remove_file(place.ledger().join(ISSUER_KEY_FILE)).unwrap();
    keyfile::write(&Disk, &place.ledger().join(ISSUER_KEY_FILE), &key(9)).unwrap();
    assert!(matches!(ledger.issuer_key(&open), Err(LedgerError::OtherKey { .. })));
    ledger.close().unwrap();
    place.sound();
}

#[test]
fn an_encrypted_log_key_opens_with_its_passphrase_and_is_followed_by_an_encrypted_one() {
    let place = Place::new();
    let passphrase = Passphrase::new("correct horse".to_owned()).unwrap();
    place.founded(Some(&passphrase)).close().unwrap();
    let refused = place.open().unwrap_err();
    assert!(matches!(refused, LedgerError::Key { source: KeyError::Encrypted, .. }), "{refused:?}");
    let open = |path: &Path| keyfile::read_with(&Disk, path, Some(&passphrase));
    let mut ledger = Ledger::open_with(&place.ledger(), place.surroundings(), &open).unwrap();
    assert!(ledger.is_encrypted(LOG_KEY_FILE).unwrap() && !ledger.is_encrypted(ISSUER_KEY_FILE).unwrap());
    ledger.rotate_log_key(key(3), Some(&passphrase)).unwrap();
    ledger.append(&[draft(0)]).unwrap();
    ledger.close().unwrap();
    assert!(place.open().is_err());
    Ledger::open_with(&place.ledger(), place.surroundings(), &open).unwrap().close().unwrap();
    place.sound();
}

/// Stops a rotation before its n-th change of the file system, for every n, half of the time with half of a write done;
/// gives how many stops there were, and how many of them were completed on the next open.
fn stopped_everywhere(
    rotate: fn(&mut Ledger) -> Result<Appended, LedgerError>,
    file: &str,
    seeds: [u8; 2],
) -> (u64, u64) {
    let (mut stops, mut completed) = (0, 0);
    for torn in [false, true] {
        for at in 0.. {
            let place = Place::new();
            let mut ledger = place.founded(None);
            ledger.append(&[draft(0)]).unwrap();
            ledger.close().unwrap();
            let dying = Arc::new(Dying::new(torn));
            let surroundings = Surroundings { storage: dying.clone(), ..place.surroundings() };
            let mut ledger = Ledger::open(&place.ledger(), surroundings).unwrap();
            dying.die_after(at);
            let done = rotate(&mut ledger);
            drop(ledger);
            if done.is_ok() {
                break;
            }
            stops += 1;
            // Whoever reads meanwhile sees a sound ledger.
            let size = Reader::open(&place.ledger()).unwrap().size();
            let mut ledger =
                place.open().unwrap_or_else(|error| panic!("stopped at {at}, torn {torn}: {error}"));
            assert!(ledger.size() >= size, "stopped at {at}: an entry that was shown is gone");
            let rotated = ledger.size() == 3;
            completed += u64::from(rotated);
            ledger.append(&[draft(1)]).unwrap();
            let keyring = ledger.keyring().clone();
            let open = |path: &Path| keyfile::read_with(&Disk, path, None);
            ledger.issuer_key(&open).unwrap();
            ledger.close().unwrap();
            assert_eq!(
                place.seed_of(file),
                Some(seeds[usize::from(rotated)]),
                "stopped at {at}, torn {torn}"
            );
            assert_eq!(place.key_files(), ["issuer.pem", "log.pem"], "stopped at {at}, torn {torn}");
            assert_eq!(Reader::open(&place.ledger()).unwrap().keyring().unwrap(), keyring);
            place.sound();
        }
    }
    (stops, completed)
}

#[test]
fn a_log_rotation_stopped_at_any_step_is_completed_or_undone() {
    let (stops, completed) =
        stopped_everywhere(|ledger| ledger.rotate_log_key(key(3), None), LOG_KEY_FILE, [1, 3]);
    // Written: the next key, the record, two heads, the settings, the names. Recorded from the journal's write on.
    assert!(stops >= 20 && completed >= 8 && completed < stops, "{completed} of {stops}");
}

#[test]
fn an_issuer_rotation_stopped_at_any_step_is_completed_or_undone() {
    let rotate: fn(&mut Ledger) -> _ = |ledger| {
        let open = |path: &Path| keyfile::read_with(&Disk, path, None);
        ledger.rotate_issuer_key(key(4), None, &open)
    };
    let (stops, completed) = stopped_everywhere(rotate, ISSUER_KEY_FILE, [2, 4]);
    assert!(stops >= 12 && completed >= 4 && completed < stops, "{completed} of {stops}");
}

#[test]
fn a_writer_whose_rotation_failed_signs_nothing_more() {
    let place = Place::new();
    place.founded(None).close().unwrap();
    let dying = Arc::new(Dying::new(false));
    let surroundings = Surroundings { storage: dying.clone(), ..place.surroundings() };
    let mut ledger = Ledger::open(&place.ledger(), surroundings).unwrap();
    // The entry is recorded, the settings are not written: the next writer completes it, not this one.
    dying.die_at("affiant.toml.tmp");
    assert!(ledger.rotate_log_key(key(3), None).is_err());
    dying.revive();
    assert!(matches!(ledger.append(&[draft(0)]), Err(LedgerError::Stopped)));
    drop(ledger);
    let mut ledger = place.open().unwrap();
    ledger.append(&[draft(0)]).unwrap();
    ledger.close().unwrap();
    let keys = Reader::open(&place.ledger()).unwrap().settings().log_keys.clone();
    assert_eq!(keys.latest(), &vkey(ORIGIN, 3));
    assert_eq!(
        Checkpoint::open_with(
            &fs::read(place.ledger().join("checkpoint")).unwrap(),
            &LogKeys::new(vkey(ORIGIN, 1))
        ),
        Err(CheckpointError::Note(affiant_ledger::note::NoteError::Unsigned))
    );
    place.sound();
}

/// Rewrites the history of a small ledger as the holder of its log key can: every link, hash and signature of the log is
/// right again.
fn forge(place: &Place, edit: impl FnOnce(&mut Vec<(Entry, Payload)>)) {
    let reader = Reader::open(&place.ledger()).unwrap();
    let whole = |index| {
        let entry = Entry::from_bytes(&reader.entry_bytes(index).unwrap()).unwrap();
        (entry, Payload::from_bytes(&reader.payload_bytes(index).unwrap().unwrap()).unwrap())
    };
    let mut entries: Vec<(Entry, Payload)> = (0..reader.size()).map(whole).collect();
    edit(&mut entries);
    let (mut frontier, mut sealed, mut prev) = (Frontier::default(), Vec::new(), Digest::ZERO);
    let mut heads: BTreeMap<String, (u64, Digest)> = BTreeMap::new();
    for (index, (mut entry, payload)) in (0..).zip(entries) {
        let (n, stream_prev) = heads.get(entry.stream.as_str()).copied().unwrap_or((0, Digest::ZERO));
        let payload = payload.to_bytes();
        (entry.index, entry.n, entry.prev, entry.stream_prev) = (index, n, prev, stream_prev);
        entry.payload = Digest::of(&payload);
        let bytes = entry.to_bytes();
        let leaf = Digest::leaf(&bytes);
        frontier.push(leaf);
        heads.insert(entry.stream.to_string(), (n + 1, leaf));
        prev = leaf;
        sealed.push(Sealed { entry: bytes, payload, leaf });
    }
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size: frontier.size(), root: frontier.root() };
    let note = checkpoint.sign(&ORIGIN.parse().unwrap(), &key(1));
    let record = encode_record(0, &sealed, &frontier, &note);
    let segment = fs::read_dir(place.ledger().join("journal")).unwrap().next().unwrap().unwrap().path();
    fs::write(segment, record).unwrap();
    fs::write(place.ledger().join("checkpoint"), note).unwrap();
}

/// What fsck finds, by kind and entry.
fn faults(place: &Place) -> Vec<(FaultKind, Option<u64>)> {
    let report = fsck(&Examination::of(&place.ledger()), &|_, _| {});
    report.faults.iter().map(|fault| (fault.kind, fault.index)).collect()
}

/// A ledger of which entry 1 enrols `ci`, and entries 2 and 3 are signed by it.
fn with_signed() -> Place {
    let place = Place::new();
    let mut ledger = place.founded(None);
    enrol(&mut ledger);
    ledger.append(&[signed(0, 5), signed(1, 5), draft(2)]).unwrap();
    ledger.close().unwrap();
    place
}

#[test]
fn fsck_sees_what_the_holder_of_the_log_key_does_to_statements_of_collectors() {
    use FaultKind::{Key, Signature};
    let forged = |edit: fn(&mut Vec<(Entry, Payload)>)| {
        let place = with_signed();
        forge(&place, edit);
        faults(&place)
    };
    assert_eq!(forged(|_| ()), []);
    let said_otherwise = forged(|entries| entries[2].1.statement = entries[4].1.statement.clone());
    assert_eq!(said_otherwise, [(Signature, Some(2))]);
    let taken_over = forged(|entries| entries[2].0.by = "local".into());
    assert_eq!(taken_over, [(Signature, Some(2))]);
    assert_eq!(forged(|entries| entries[2].1.signature = None), [(Signature, Some(2))]);
    let elsewhere = forged(|entries| entries[3].0.stream = "fraud".parse().unwrap());
    assert_eq!(elsewhere, [(Signature, Some(3))]);
    // Without its enrolment, or with one that was not proven, a collector has no key.
    let unknown = forged(|entries| drop(entries.remove(1)));
    assert_eq!(unknown, [(Signature, Some(1)), (Signature, Some(2))]);
    let unproven = forged(|entries| {
        let mut statement = KeyStatement::from_bytes(&entries[1].1.statement).unwrap();
        statement.proofs.new = None;
        entries[1].1.statement = statement.proven(Role::Log, &key(1)).to_bytes();
    });
    assert_eq!(unproven, [(Key, Some(1)), (Signature, Some(2)), (Signature, Some(3))]);
    let by_another = forged(|entries| entries[1].0.by = "token:admin".into());
    assert_eq!(by_another, [(Key, Some(1)), (Signature, Some(2)), (Signature, Some(3))]);
}

#[test]
fn fsck_compares_the_settings_with_the_keys_of_the_entries() {
    let place = with_signed();
    let path = place.ledger().join(SETTINGS_FILE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[[rotated]]\nfrom = 1000\nlog_key = \"{}\"\n", vkey(ORIGIN, 9)))
        .unwrap();
    assert_eq!(faults(&place), [(FaultKind::Settings, None)]);
}

#[test]
fn fsck_says_what_counts_no_more() {
    let place = with_signed();
    let mut ledger = place.open().unwrap();
    let ci = Holder::Collector("ci".parse().unwrap());
    let statement = ledger.keyring().revocation(&ci, &vkey("ci", 5), KeyReason::Compromised, Some(3));
    ledger.record_key(&ledger.prove(statement)).unwrap();
    ledger.close().unwrap();
    let report = fsck(&Examination::of(&place.ledger()), &|_, _| {});
    assert!(report.is_sound(), "{:#?}", report.faults);
    let text = "what collector `ci` signed from entry 3 on counts no more: its key was revoked by entry 5 as compromised";
    assert_eq!(report.notices, [text]);
}

/// Every statement of kind `pin` names what it says under `number` of four leaf hashes as the last of stream `org`.
struct Pins(Vec<Digest>);

impl Filing for Pins {
    fn facet(&self, _: &str, _: &[u8]) -> Option<Facet> {
        None
    }

    fn id(&self, _: &str, _: &[u8]) -> Option<String> {
        None
    }

    fn keys(&self, kind: &str, statement: &[u8]) -> Option<Digest> {
        let number = affiant_ledger::codec::fields(statement, ["number"]).ok()?[0]?;
        (kind == "pin").then(|| self.0[affiant_ledger::codec::uint(number).unwrap() as usize])
    }
}

#[test]
fn fsck_compares_what_a_statement_names_as_the_last_key_entry_with_the_ledger() {
    let place = with_signed();
    let mut ledger = place.open().unwrap();
    let leaves = ledger.reader().unwrap().leaves(2).unwrap();
    // Entries 5 and 6 name entries 0 and 1, of which 1 enrolled `ci` and is the last.
    let pin = |number| Draft { kind: "pin".parse().unwrap(), ..draft(number) };
    ledger.append(&[pin(0), pin(1)]).unwrap();
    ledger.close().unwrap();
    let filing = Pins(leaves);
    let index = Some(Indexed { tables: &Sled, filing: &filing });
    let ledger = place.ledger();
    let report = fsck(&Examination { index, ..Examination::of(&ledger) }, &|_, _| {});
    let found: Vec<_> = report.faults.iter().map(|fault| (fault.kind, fault.index)).collect();
    assert_eq!(found, [(FaultKind::Key, Some(5))], "{:#?}", report.faults);
    assert_eq!(
        report.faults[0].detail,
        "names another entry as the last of stream `org` before it than entry 1"
    );
}
