//! Appending, proving and judging, beside the floor: a one-file hash chain with the same syncs, in the same run.
//!
//! A claim is a ratio to the floor of one run; the last lines print them (`cargo bench -p affiant-ledger --bench append`).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::fsck::{Examination, fsck};
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use criterion::{BatchSize, Criterion, Throughput};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BODY: usize = 1000;
const BATCH: usize = 1024;
const MANY: u64 = 100_000;

/// The floor: `prev || body` hashed, written and synced, `count` records to a sync.
struct Chain {
    file: File,
    prev: Digest,
}

impl Chain {
    fn new(path: &Path, ahead: usize) -> Self {
        let mut file = File::create(path).unwrap();
        file.write_all(&vec![0; ahead]).unwrap();
        file.sync_all().unwrap();
        file.rewind().unwrap();
        Self { file, prev: Digest::ZERO }
    }

    fn append(&mut self, body: &[u8], count: usize) {
        let mut out = Vec::with_capacity(count * (body.len() + 32));
        for _ in 0..count {
            self.prev = Digest::of_parts(&[self.prev.as_bytes(), body]);
            out.extend_from_slice(self.prev.as_bytes());
            out.extend_from_slice(body);
        }
        self.file.write_all(&out).unwrap();
        self.file.sync_data().unwrap();
    }
}

fn surroundings(heads: PathBuf) -> Surroundings {
    Surroundings::new(&NoFiling, heads)
}

fn create(folder: &Path) -> Ledger {
    let key = SigningKey::generate();
    let origin = "affiant.example/bench";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "bench".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    Ledger::create(&folder.join("ledger"), &settings, &key, surroundings(folder.join("heads"))).unwrap()
}

fn draft() -> Draft {
    Draft {
        stream: "credit-scoring".parse().unwrap(),
        kind: "result".parse().unwrap(),
        by: "local".into(),
        statement: codec::encode(&BTreeMap::from([("summary", "x".repeat(BODY))])),
        signature: None,
        id: None,
        facet: None,
    }
}

/// Times one thing over and over and remembers the median of its rounds, per unit, in microseconds.
struct Bench {
    criterion: Criterion,
    medians: BTreeMap<&'static str, f64>,
}

impl Bench {
    fn run(&mut self, name: &'static str, units: u64, mut work: impl FnMut()) {
        let rounds = RefCell::new(Vec::new());
        let mut group = self.criterion.benchmark_group("ledger");
        group.throughput(Throughput::Elements(units));
        group.bench_function(name, |b| {
            b.iter_batched(
                || (),
                |()| {
                    let start = Instant::now();
                    work();
                    rounds.borrow_mut().push(start.elapsed());
                },
                BatchSize::PerIteration,
            );
        });
        group.finish();
        self.remember(name, units, rounds.into_inner());
    }

    /// Times several things in turn, round by round, so that a busy moment of the machine meets them all alike.
    fn side_by_side(&mut self, rounds: usize, units: u64, works: &mut [(&'static str, &mut dyn FnMut())]) {
        let mut times = vec![Vec::with_capacity(rounds); works.len()];
        for _ in 0..rounds {
            for ((_, work), times) in works.iter_mut().zip(&mut times) {
                let start = Instant::now();
                work();
                times.push(start.elapsed());
            }
        }
        for ((name, _), times) in works.iter().zip(times) {
            self.remember(name, units, times);
        }
    }

    fn remember(&mut self, name: &'static str, units: u64, mut times: Vec<Duration>) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        self.medians.insert(name, median.as_secs_f64() * 1e6 / units as f64);
    }

    fn ratio(&self, what: &str, floor: &str) {
        let (Some(what_us), Some(floor_us)) = (self.medians.get(what), self.medians.get(floor)) else {
            return;
        };
        let per_second = 1e6 / what_us;
        println!(
            "{what:<34} {what_us:>10.1} us {per_second:>10.0}/s   {:>5.2} of {floor}",
            floor_us / what_us
        );
    }
}

fn main() {
    let criterion = Criterion::default()
        .configure_from_args()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    let mut bench = Bench { criterion, medians: BTreeMap::new() };
    let folder = tempfile::tempdir().unwrap();
    let body = vec![b'x'; BODY];

    let mut growing = Chain::new(&folder.path().join("growing"), 0);
    let mut ahead = Chain::new(&folder.path().join("ahead"), 64 << 20);
    let mut ledger = create(&folder.path().join("one"));
    let drafts = [draft()];
    // Alone: every sync of a growing file holds up those of all others on a journalling file system.
    bench.side_by_side(2000, 1, &mut [("floor: one, growing file", &mut || growing.append(&body, 1))]);
    let mut works: [(_, &mut dyn FnMut()); 2] = [
        ("floor: one, written ahead", &mut || ahead.append(&body, 1)),
        ("append one", &mut || drop(black_box(ledger.append(&drafts).unwrap()))),
    ];
    bench.side_by_side(3000, 1, &mut works);

    let mut batches = Chain::new(&folder.path().join("batches"), 0);
    let mut ledger = create(&folder.path().join("batch"));
    let drafts: Vec<Draft> = (0..BATCH).map(|_| draft()).collect();
    let mut works: [(_, &mut dyn FnMut()); 2] = [
        ("floor: batch of 1,024", &mut || batches.append(&body, BATCH)),
        ("append batch of 1,024", &mut || drop(black_box(ledger.append(&drafts).unwrap()))),
    ];
    bench.side_by_side(200, BATCH as u64, &mut works);
    drop(ledger);

    // A ledger of 100,000.
    let many = folder.path().join("many");
    let mut ledger = create(&many);
    let start = Instant::now();
    while ledger.size() < MANY {
        let left = (MANY - ledger.size()).min(BATCH as u64) as usize;
        ledger.append(&drafts[..left]).unwrap();
    }
    ledger.close().unwrap();
    bench.medians.insert("import 100,000", start.elapsed().as_secs_f64() * 1e6 / MANY as f64);
    let path = many.join("ledger");
    let reader = Reader::open(&path).unwrap();
    let mut index = 1;
    bench.run("inclusion proof from disk", 1, || {
        index = (index * 6_364_136 + 1) % MANY;
        black_box(reader.receipt(index).unwrap());
    });
    // The floor of judging: every byte hashed once, in order, on one thread.
    let bytes = vec![0u8; 1300];
    bench.run("floor: hash 100,000 records", MANY, || {
        for _ in 0..MANY {
            black_box(Digest::of_parts(&[&[0; 32], &bytes]));
        }
    });
    bench.run("fsck of 100,000", MANY, || assert!(fsck(&Examination::of(&path), &|_, _| {}).is_sound()));
    bench.run("open for reading", 1, || drop(black_box(Reader::open(&path).unwrap())));
    bench.run("open, push one, close", 1, || {
        let mut ledger = Ledger::open(&path, surroundings(many.join("heads"))).unwrap();
        ledger.append(&drafts[..1]).unwrap();
        ledger.close().unwrap();
    });
    println!("\nMedians of one run on this machine, and the ratio to the floor of the same run");
    for (what, floor) in [
        ("floor: one, growing file", "floor: one, written ahead"),
        ("append one", "floor: one, written ahead"),
        ("append one", "floor: one, growing file"),
        ("append batch of 1,024", "floor: batch of 1,024"),
        ("import 100,000", "floor: batch of 1,024"),
        ("inclusion proof from disk", "append one"),
        ("fsck of 100,000", "floor: hash 100,000 records"),
        ("open for reading", "append one"),
        ("open, push one, close", "append one"),
    ] {
        bench.ratio(what, floor);
    }
}
