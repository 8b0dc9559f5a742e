//! Every byte of a small ledger changed, its files removed, cut, exchanged and replaced: fsck never calls it sound,
//! never panics, and names the file or the entry.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::disk::Disk;
use affiant_ledger::fsck::{Examination, FaultKind, FsckReport, fsck};
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, LedgerError, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::reader::ReadError;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::time::FixedClock;
use affiant_ledger::{blob, tile};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Entries of the ledger: one full bundle, and a journal of three records.
const ENTRIES: u64 = 262;
const SEGMENT: &str = "journal/0000000000000256.seg";

/// A ledger with a full entry bundle, payload bundle and hash tile, a journal, a blob and a remembered head.
struct Small {
    _folder: tempfile::TempDir,
    ledger: PathBuf,
    head: PathBuf,
}

fn draft(number: u64) -> Draft {
    Draft {
        stream: if number.is_multiple_of(3) { "b" } else { "a" }.parse().unwrap(),
        kind: "k".parse().unwrap(),
        by: "local".into(),
        statement: codec::encode(&BTreeMap::from([("a", number)])),
        signature: None,
        id: None,
        facet: None,
    }
}

fn surroundings(heads: &Path) -> Surroundings {
    Surroundings {
        clock: Arc::new(FixedClock("2026-11-22T00:00:00Z".parse().unwrap())),
        random: |bytes| (0..).zip(bytes).for_each(|(at, byte): (usize, &mut u8)| *byte = at as u8),
        ..Surroundings::new(&NoFiling, heads.to_owned())
    }
}

/// A ledger as its writer leaves it. `seed` makes one of another history.
fn small(seed: u64) -> Small {
    let folder = tempfile::tempdir().unwrap();
    let heads = folder.path().join("heads");
    let surroundings = surroundings(&heads);
    let key = SigningKey::from_seed(&[1; 32]);
    let origin = "affiant.example/test";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "test".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    let path = folder.path().join("ledger");
    let mut ledger = Ledger::create(&path, &settings, &key, surroundings.clone()).unwrap();
    ledger.append(&(1..ENTRIES - 3).map(|i| draft(i + seed)).collect::<Vec<_>>()).unwrap();
    ledger.close().unwrap();
    let mut ledger = Ledger::open(&path, surroundings).unwrap();
    ledger.append(&[draft(900 + seed)]).unwrap();
    ledger.append(&[draft(901), draft(902)]).unwrap();
    drop(ledger);
    blob::store(&Disk, &path, b"evidence").unwrap();
    let head = fs::read_dir(&heads).unwrap().next().unwrap().unwrap().path();
    let small = Small { ledger: path, head, _folder: folder };
    let report = small.fsck();
    assert!(report.is_sound() && report.notices.is_empty(), "{report:#?}");
    assert_eq!((report.entries, report.payloads_intact, report.blobs), (ENTRIES, ENTRIES, 1));
    small
}

impl Small {
    fn fsck(&self) -> FsckReport {
        fsck(&Examination { head: Some(&self.head), ..Examination::of(&self.ledger) }, &|_, _| {})
    }

    /// The same files once more, without what fsck does not read.
    fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, head) = (folder.path().join("ledger"), folder.path().join("head"));
        copy_folder(&self.ledger, &ledger);
        fs::copy(&self.head, &head).unwrap();
        Self { ledger, head, _folder: folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        if name == "head" { self.head.clone() } else { self.ledger.join(name) }
    }

    /// Where the records of the journal end.
    fn journal_end(&self) -> u64 {
        affiant_ledger::journal::read_segment(&Disk, &self.path(SEGMENT)).unwrap().end as u64
    }

    fn blob(&self) -> String {
        let path = blob::path_of(Path::new(""), &affiant_ledger::digest::Digest::of(b"evidence"));
        path.to_str().unwrap().to_owned()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(item.file_name());
        if item.file_name() == "index" || item.file_name() == "keys" {
            continue;
        }
        if item.path().is_dir() {
            copy_folder(&item.path(), &target)
        } else {
            drop(fs::copy(item.path(), target))
        }
    }
}

/// What one change was and where fsck has to point: at the file or, where it lies within an entry, at the entry.
struct Flip {
    file: String,
    at: u64,
    bit: u8,
    entry: Option<u64>,
}

/// Flips each bit named, one at a time, on two threads with a copy each; gives how many.
fn all_are_found(small: &Small, flips: &[Flip]) -> usize {
    std::thread::scope(|scope| {
        for part in flips.chunks(flips.len().div_ceil(2)) {
            let copy = small.copy();
            scope.spawn(move || part.iter().for_each(|flip| is_found(&copy, flip)));
        }
    });
    flips.len()
}

fn is_found(copy: &Small, flip: &Flip) {
    let mut file = OpenOptions::new().read(true).write(true).open(copy.path(&flip.file)).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(flip.at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    let mut put = |value: u8| {
        file.seek(SeekFrom::Start(flip.at)).unwrap();
        file.write_all(&[value]).unwrap();
    };
    put(byte[0] ^ 1 << flip.bit);
    let report = copy.fsck();
    put(byte[0]);
    let named = report.faults.iter().any(|fault| match flip.entry {
        Some(index) => fault.index == Some(index),
        None => fault.path.as_ref() == Some(&flip.file),
    });
    let Flip { file, at, bit, .. } = flip;
    assert!(!report.is_sound(), "{file}: byte {at} bit {bit} passed as sound");
    assert!(named, "{file}: byte {at} bit {bit} is not named: {:#?}", report.faults);
}

/// One bit of each byte, always the same one, spread over all eight.
fn one_bit_each(file: &str, range: std::ops::Range<u64>, entry: impl Fn(u64) -> Option<u64>) -> Vec<Flip> {
    let bit = |at: u64| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as u8;
    range.map(|at| Flip { file: file.into(), at, bit: bit(at), entry: entry(at) }).collect()
}

fn eight_bits_each(file: &str, size: u64) -> Vec<Flip> {
    let all = (0..size).flat_map(|at| (0..8).map(move |bit| (at, bit)));
    all.map(|(at, bit)| Flip { file: file.into(), at, bit, entry: None }).collect()
}

/// For every byte of a bundle the entry it belongs to; none where it is part of a length.
fn owners(lengths: impl Iterator<Item = usize>, head: usize) -> Vec<Option<u64>> {
    let one = |(index, length)| [vec![None; head], vec![Some(index); length]].concat();
    (0..).zip(lengths).flat_map(one).collect()
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

#[test]
fn no_bit_of_a_checkpoint_or_head_is_free() {
    let small = small(0);
    let length = size(&small.path("checkpoint"));
    assert_eq!(all_are_found(&small, &eight_bits_each("checkpoint", length)), 8 * length as usize);
    assert_eq!(all_are_found(&small, &eight_bits_each("head", length)), 8 * length as usize);
}

#[test]
fn no_byte_of_the_journal_is_free() {
    let small = small(0);
    let (used, whole) = (small.journal_end(), size(&small.path(SEGMENT)));
    let mut flips = one_bit_each(SEGMENT, 0..used, |_| None);
    flips.extend(one_bit_each(SEGMENT, used..used + 64, |_| None));
    flips.extend((0..100).flat_map(|i| {
        let at = used + i * (whole - used) / 100;
        one_bit_each(SEGMENT, at..at + 1, |_| None)
    }));
    flips.extend(one_bit_each(SEGMENT, whole - 1..whole, |_| None));
    all_are_found(&small, &flips);
}

#[test]
fn no_byte_of_a_hash_tile_is_free() {
    let small = small(0);
    assert_eq!(all_are_found(&small, &one_bit_each("tile/0/000", 0..8192, |at| Some(at / 32))), 8192);
}

#[test]
fn no_byte_of_an_entry_bundle_is_free() {
    let small = small(0);
    let bytes = fs::read(small.path("tile/entries/000")).unwrap();
    let owner = owners(tile::split_entries(&bytes).unwrap().into_iter().map(<[u8]>::len), 2);
    let flips = one_bit_each("tile/entries/000", 0..bytes.len() as u64, |at| owner[at as usize]);
    assert_eq!(all_are_found(&small, &flips), bytes.len());
}

#[test]
fn no_byte_of_a_payload_bundle_or_blob_is_free() {
    let small = small(0);
    let bytes = fs::read(small.path("payload/000")).unwrap();
    let owner = owners(tile::split_payloads(&bytes).unwrap().into_iter().map(|p| p.unwrap().len()), 4);
    let mut flips = one_bit_each("payload/000", 0..bytes.len() as u64, |at| owner[at as usize]);
    flips.extend(eight_bits_each(&small.blob(), 8));
    assert_eq!(all_are_found(&small, &flips), bytes.len() + 64);
}

/// Makes one change to a copy of the ledger and gives what fsck says, which must not be "sound".
fn after(small: &Small, what: &str, change: impl FnOnce(&Small)) -> FsckReport {
    let copy = small.copy();
    change(&copy);
    let report = copy.fsck();
    assert!(!report.is_sound(), "{what} passed as sound");
    report
}

fn names(report: &FsckReport, path: &str) -> bool {
    report.faults.iter().any(|fault| fault.path.as_deref() == Some(path))
}

/// Every file that fsck can miss: not the blob, which only statements cite.
const FILES: [&str; 6] =
    ["affiant.toml", "checkpoint", "tile/0/000", "tile/entries/000", "payload/000", SEGMENT];

#[test]
fn a_missing_file_is_named() {
    let small = small(0);
    for file in FILES {
        let report =
            after(&small, &format!("{file} removed"), |copy| fs::remove_file(copy.path(file)).unwrap());
        let folder = file.split('/').next().unwrap();
        assert!(names(&report, file) || names(&report, folder), "{file}: {:#?}", report.faults);
    }
    let lost = after(&small, "bundle and tile removed", |copy| {
        fs::remove_file(copy.path("tile/0/000")).unwrap();
        fs::remove_file(copy.path("tile/entries/000")).unwrap();
    });
    assert!(
        lost.faults.iter().all(|fault| fault.index.is_none_or(|index| index < 259)),
        "the tail keeps its numbers"
    );
    let copy = small.copy();
    fs::remove_file(&copy.head).unwrap();
    assert_eq!(copy.fsck().notices, ["no `head`: no checkpoint is remembered here"]);
}

#[test]
fn a_file_cut_anywhere_is_named() {
    let small = small(0);
    for file in FILES.into_iter().chain(["head"]).filter(|file| *file != "affiant.toml") {
        let length = if file == SEGMENT { small.journal_end() } else { size(&small.path(file)) };
        for at in (0..24).map(|i| i * length / 24).chain([length - 1]) {
            let report = after(&small, &format!("{file} cut at {at}"), |copy| {
                OpenOptions::new().write(true).open(copy.path(file)).unwrap().set_len(at).unwrap();
            });
            assert!(names(&report, file), "{file} cut at {at}: {:#?}", report.faults);
        }
    }
}

#[test]
fn a_journal_cut_between_two_records_contradicts_the_released_checkpoint() {
    let small = small(0);
    let bytes = fs::read(small.path(SEGMENT)).unwrap();
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, w)| *w == b"AJR1").map(|(at, _)| at).collect();
    assert_eq!(starts.len(), 3);
    for at in &starts[1..] {
        let report = after(&small, "records taken away", |copy| {
            let mut cut = bytes.clone();
            cut[*at..].fill(0);
            fs::write(copy.path(SEGMENT), cut).unwrap();
        });
        let faults: Vec<_> = report.faults.iter().map(|f| (f.kind, f.path.as_deref().unwrap())).collect();
        assert_eq!(faults, [(FaultKind::Rollback, "checkpoint"), (FaultKind::Rollback, "head")]);
    }
}

#[test]
fn bytes_appended_to_a_file_are_named() {
    let small = small(0);
    let blob = small.blob();
    for file in FILES.into_iter().chain(["head", &blob]).filter(|file| *file != "affiant.toml") {
        for more in [&b"\x01"[..], b"\n", &[7; 300]] {
            let report = after(&small, &format!("bytes behind {file}"), |copy| {
                OpenOptions::new().append(true).open(copy.path(file)).unwrap().write_all(more).unwrap();
            });
            assert!(names(&report, file), "{file}: {:#?}", report.faults);
        }
    }
}

#[test]
fn files_exchanged_or_of_another_ledger_are_named() {
    let (small, other) = (small(0), small(1000));
    for (a, b) in
        [("tile/0/000", "tile/entries/000"), ("tile/entries/000", "payload/000"), ("checkpoint", SEGMENT)]
    {
        let report = after(&small, &format!("{a} and {b} exchanged"), |copy| {
            let (left, right) = (fs::read(copy.path(a)).unwrap(), fs::read(copy.path(b)).unwrap());
            fs::write(copy.path(a), right).unwrap();
            fs::write(copy.path(b), left).unwrap();
        });
        assert!(names(&report, a) && names(&report, b), "{a}, {b}: {:#?}", report.faults);
    }
    for file in ["checkpoint", "head", "tile/0/000", "tile/entries/000", "payload/000", SEGMENT] {
        let report = after(&small, &format!("{file} of another ledger"), |copy| {
            fs::copy(other.path(file), copy.path(file)).unwrap();
        });
        let index = report.faults.iter().any(|fault| fault.index == Some(1));
        assert!(names(&report, file) || index, "{file}: {:#?}", report.faults);
    }
    let whole = after(&small, "another ledger under the same key", |copy| {
        fs::remove_dir_all(&copy.ledger).unwrap();
        copy_folder(&other.ledger, &copy.ledger);
    });
    let faults: Vec<_> = whole.faults.iter().map(|f| (f.kind, f.path.as_deref().unwrap())).collect();
    assert_eq!(faults, [(FaultKind::Root, "head")], "only what was remembered elsewhere tells");
}

fn with_bundle(copy: &Small, change: impl FnOnce(&mut Vec<Vec<u8>>, &mut Vec<Vec<u8>>)) {
    let (entries, payloads) = (copy.path("tile/entries/000"), copy.path("payload/000"));
    let (bytes, more) = (fs::read(&entries).unwrap(), fs::read(&payloads).unwrap());
    let mut e: Vec<_> = tile::split_entries(&bytes).unwrap().into_iter().map(<[u8]>::to_vec).collect();
    let mut p: Vec<_> =
        tile::split_payloads(&more).unwrap().into_iter().map(|p| p.unwrap().to_vec()).collect();
    change(&mut e, &mut p);
    let (mut bytes, mut more, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &e {
        tile::push_entry(&mut bytes, entry);
        hashes.extend_from_slice(affiant_ledger::digest::Digest::leaf(entry).as_bytes());
    }
    p.iter().for_each(|payload| tile::push_payload(&mut more, (!payload.is_empty()).then_some(payload)));
    fs::write(entries, bytes).unwrap();
    fs::write(payloads, more).unwrap();
    // Whoever can change entries can change the tile with them.
    fs::write(copy.path("tile/0/000"), hashes).unwrap();
}

#[test]
fn entries_and_payloads_moved_with_their_hashes_are_found_at_the_first_wrong_one() {
    let small = small(0);
    let first = |report: &FsckReport| report.faults.iter().find_map(|fault| fault.index).unwrap();
    let swapped = after(&small, "two entries swapped", |copy| {
        with_bundle(copy, |entries, payloads| {
            entries.swap(40, 41);
            payloads.swap(40, 41);
        });
    });
    assert_eq!(first(&swapped), 40);
    assert!(swapped.faults.iter().any(|fault| fault.kind == FaultKind::Root));
    let payload =
        after(&small, "two payloads swapped", |copy| with_bundle(copy, |_, payloads| payloads.swap(7, 90)));
    let faults: Vec<_> = payload.faults.iter().map(|f| (f.kind, f.index.unwrap())).collect();
    assert_eq!(faults, [(FaultKind::PayloadAltered, 7), (FaultKind::PayloadAltered, 90)]);
    let twice = after(&small, "an entry twice", |copy| {
        with_bundle(copy, |entries, payloads| {
            (entries[100], payloads[100]) = (entries[99].clone(), payloads[99].clone());
        });
    });
    assert_eq!(first(&twice), 100);
    let gone =
        after(&small, "a payload taken away", |copy| with_bundle(copy, |_, payloads| payloads[3].clear()));
    assert_eq!(
        gone.faults.iter().map(|f| (f.kind, f.index)).collect::<Vec<_>>(),
        [(FaultKind::PayloadMissing, Some(3))]
    );
    let dropped = after(&small, "an entry dropped", |copy| {
        with_bundle(copy, |entries, payloads| drop((entries.remove(5), payloads.remove(5))));
    });
    assert!(names(&dropped, "tile/entries/000"));
}

#[test]
fn settings_that_name_another_log_are_found() {
    let small = small(0);
    for (from, to) in [
        ("id = \"test\"", "id = \"rest\""),
        ("example/test\"", "example/rest\""),
        ("version = 1", "version = 2"),
    ] {
        let report = after(&small, to, |copy| {
            let text = fs::read_to_string(copy.path("affiant.toml")).unwrap();
            assert!(text.contains(from));
            fs::write(copy.path("affiant.toml"), text.replacen(from, to, 1)).unwrap();
        });
        assert!(names(&report, "affiant.toml"), "{to}: {:#?}", report.faults);
    }
}

#[test]
fn a_file_that_does_not_belong_is_named() {
    let small = small(0);
    let blob = small.blob();
    let copies = [blob.replace("blob/", "blob/0"), format!("{blob}0"), "blob/README".into()];
    let others =
        ["tile/0/001", "tile/1/000", "tile/entries/x000/001", "payload/001", "tile/0/000.p/4", "journal/x"];
    let segments = ["journal/0000000000000300.seg", "journal/zzz.seg"];
    for name in others.into_iter().chain(segments).chain(copies.iter().map(String::as_str)) {
        for bytes in [&b""[..], &[0; 40], b"AJR1 is not enough"] {
            let report = after(&small, name, |copy| {
                fs::create_dir_all(copy.path(name).parent().unwrap()).unwrap();
                fs::write(copy.path(name), bytes).unwrap();
            });
            assert!(names(&report, name), "{name}: {:#?}", report.faults);
        }
    }
    let copy = small.copy();
    fs::write(copy.path("tile/0/001.tmp"), b"half").unwrap();
    assert!(copy.fsck().is_sound(), "what an unfinished write left behind does no harm");
}

#[cfg(unix)]
#[test]
fn a_link_or_pipe_in_place_of_a_file_or_folder_is_refused_and_not_waited_for() {
    let small = small(0);
    let blob = small.blob();
    let folders = ["tile", "tile/0", "tile/entries", "payload", "journal", "blob"];
    for file in FILES.into_iter().chain(["head", &blob]).chain(folders) {
        let pipe = after(&small, &format!("{file} a pipe"), |copy| {
            fs::rename(copy.path(file), copy.path(file).with_extension("aside")).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(copy.path(file)).status().unwrap().success());
        });
        assert!(names(&pipe, file), "{file}: {:#?}", pipe.faults);
        let link = after(&small, &format!("{file} a link"), |copy| {
            let aside = copy.ledger.with_file_name("aside");
            fs::rename(copy.path(file), &aside).unwrap();
            std::os::unix::fs::symlink(&aside, copy.path(file)).unwrap();
        });
        assert!(names(&link, file), "{file}: {:#?}", link.faults);
    }
}

#[test]
fn damage_before_a_sound_record_is_no_torn_tail() {
    let small = small(0);
    let bytes = fs::read(small.path(SEGMENT)).unwrap();
    let second = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"AJR1").nth(1).unwrap().0;
    let mut damaged = bytes.clone();
    damaged[second + 40] ^= 1;
    fs::write(small.path(SEGMENT), damaged).unwrap();
    // Even with nothing remembered that the third record was acknowledged.
    fs::remove_file(small.path("checkpoint")).unwrap();
    fs::remove_file(&small.head).unwrap();
    let refused = Ledger::open(&small.ledger, surroundings(small.head.parent().unwrap()));
    assert!(
        matches!(&refused, Err(LedgerError::Read(ReadError::Journal(text))) if text.contains("durable")),
        "{refused:?}"
    );
    let segment = affiant_ledger::journal::read_segment(&Disk, &small.path(SEGMENT)).unwrap();
    assert_eq!((segment.end, segment.torn, segment.damaged), (second, true, true));
}
