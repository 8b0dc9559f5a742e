//! Publishing a log of 100,000 and of 1,000,000 entries: time an entry, memory, and what a run costs that adds little
//! (`cargo bench -p affiant-ledger --bench publish`, some minutes).
//!
//! The floor is the same files with a sync each, written from memory one by one. Memory is the peak of the whole process so far
//! (Linux), so what a larger log adds to it is what publishing it takes.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::disk::Disk;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::publish::{Publication, Publishing, publish};
use affiant_ledger::reader::Reader;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use affiant_ledger::storage::Storage;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const BATCH: u64 = 4096;

fn open(folder: &Path) -> Ledger {
    let surroundings = Surroundings::new(&NoFiling, folder.join("heads"));
    let path = folder.join("ledger");
    if path.exists() {
        return Ledger::open(&path, surroundings).unwrap();
    }
    let (key, origin) = (SigningKey::generate(), "affiant.example/bench");
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "bench".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    Ledger::create(&path, &settings, &key, surroundings).unwrap()
}

fn grow(folder: &Path, size: u64) {
    let mut ledger = open(folder);
    let draft = |number: u64| Draft {
        stream: "credit-scoring".parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        statement: codec::encode(&BTreeMap::from([("number", number)])),
        signature: None,
        id: None,
        facet: None,
    };
    while ledger.size() < size {
        let end = size.min(ledger.size() + BATCH);
        let drafts: Vec<Draft> = (ledger.size()..end).map(draft).collect();
        ledger.append(&drafts).unwrap();
    }
    ledger.close().unwrap();
}

/// Peak memory of this process so far, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

/// Publishes and says what it took.
fn published(what: &str, folder: &Path, www: &str, how: Publishing) -> Publication {
    let reader = Reader::open(&folder.join("ledger")).unwrap();
    let start = Instant::now();
    let done = publish(&reader, &folder.join(www), how, &|_, _| {}).unwrap();
    let took = start.elapsed().as_secs_f64();
    let (size, each) = (done.checkpoint.size, took * 1e6 / done.checkpoint.size as f64);
    println!(
        "{what:<34} {size:>9} entries {took:>8.2} s {each:>7.2} us an entry {:>6} files, peak {:>5.0} MiB",
        done.files,
        peak()
    );
    done
}

/// The same files from memory, one by one: staged, synced, named.
fn floor(from: &Path, to: &Path) {
    let mut found = Vec::new();
    let mut folders = vec![from.join("tile")];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            if item.file_type().unwrap().is_dir() {
                folders.push(item.path())
            } else {
                found.push(item.path())
            }
        }
    }
    let disk: &dyn Storage = &Disk;
    let mut took = Duration::ZERO;
    for path in &found {
        let (bytes, path) = (fs::read(path).unwrap(), to.join(path.strip_prefix(from).unwrap()));
        let start = Instant::now();
        disk.stage(&path, &bytes).unwrap().sync().unwrap();
        disk.publish(&path).unwrap();
        took += start.elapsed();
    }
    println!("{:<34} {:>9} files   {:>8.2} s", "floor: the same files", found.len(), took.as_secs_f64());
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for size in [100_000, 1_000_000] {
        grow(place, size);
        let www = format!("www-{size}");
        println!("peak before {:.0} MiB", peak());
        published("publish all", place, &www, Publishing::default());
        floor(&place.join(&www), &place.join(format!("floor-{size}")));
        published("again, nothing new", place, &www, Publishing::default());
        published(
            "again, every file looked at",
            place,
            &www,
            Publishing { whole: true, ..Publishing::default() },
        );
        grow(place, size + 1);
        published("one entry more", place, &www, Publishing::default());
        published("prune", place, &www, Publishing { prune: true, ..Publishing::default() });
    }
}
