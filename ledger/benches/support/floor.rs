//! What every bench here is measured against: a one-file hash chain with the same syncs.

use affiant_ledger::checkpoint::LogKeys;
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::Verifier;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::settings::Settings;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where a bench makes its files. With `AFFIANT_BENCH_KEEP` they stay: for minutes after many files were deleted, ext4 makes
/// new ones slowly (it passes over inodes freed just now), and the next run would measure that.
pub(crate) fn folder() -> TempDir {
    let keep = std::env::var_os("AFFIANT_BENCH_KEEP").is_some();
    tempfile::Builder::new().prefix("affiant-bench-").disable_cleanup(keep).tempdir().unwrap()
}

/// Bytes of a statement's text.
pub(crate) const BODY: usize = 1000;

/// The floor: `prev || body` hashed, written and synced, some records to a sync.
pub(crate) struct Chain {
    file: File,
    prev: Digest,
}

impl Chain {
    /// A chain in a file that has `ahead` zero bytes to be written over.
    pub(crate) fn new(path: &Path, ahead: usize) -> Self {
        let mut file = File::create(path).unwrap();
        file.write_all(&vec![0; ahead]).unwrap();
        file.sync_all().unwrap();
        file.rewind().unwrap();
        Self { file, prev: Digest::ZERO }
    }

    pub(crate) fn append(&mut self, body: &[u8], count: usize) {
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

pub(crate) fn surroundings(heads: PathBuf) -> Surroundings {
    Surroundings::new(&NoFiling, heads)
}

pub(crate) fn create(folder: &Path) -> Ledger {
    let key = SigningKey::generate();
    let origin = "affiant.example/bench";
    let log_keys = LogKeys::new(Verifier::new(origin.parse().unwrap(), key.verifying_key()));
    let settings = Settings { id: "bench".parse().unwrap(), origin: origin.into(), log_keys, head: None };
    Ledger::create(&folder.join("ledger"), &settings, &key, surroundings(folder.join("heads"))).unwrap()
}

pub(crate) fn draft() -> Draft {
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

/// The medians of things timed in turn, per unit, in microseconds.
#[derive(Default)]
pub(crate) struct Medians(BTreeMap<&'static str, f64>);

impl Medians {
    /// Times several things in turn, round by round, so that a busy moment of the machine meets them all alike.
    pub(crate) fn side_by_side(
        &mut self,
        rounds: usize,
        units: u64,
        works: &mut [(&'static str, &mut dyn FnMut())],
    ) {
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

    pub(crate) fn remember(&mut self, name: &'static str, units: u64, mut times: Vec<Duration>) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        self.0.insert(name, median.as_secs_f64() * 1e6 / units as f64);
    }

    /// One row: microseconds, units a second, and the share of the floor's speed.
    pub(crate) fn ratio(&self, what: &str, floor: &str) {
        if let (Some(what_us), Some(floor_us)) = (self.0.get(what), self.0.get(floor)) {
            let (a_second, ratio) = (1e6 / what_us, floor_us / what_us);
            println!("{what:<42} {what_us:>10.2} us {a_second:>10.0}/s   {ratio:>5.2} of {floor}");
        }
    }
}
