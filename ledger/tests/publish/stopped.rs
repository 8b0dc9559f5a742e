//! A run that was stopped: every file is named whole, so what a stop leaves is some of the new files, the old checkpoint,
//! and what was staged. All such states are served as the old log and become the new one.

use super::log::{Item, Log, content};
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::merkle::root_of;
use affiant_ledger::publish::{Publishing, publish};
use affiant_ledger::tile;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Reads the published entries as the checkpoint there says, full bundles first; gives its size. Demands that they give its root.
fn served(folder: &Path, log: &Log) -> Option<u64> {
    let note = fs::read(folder.join("checkpoint")).ok()?;
    let reader = log.reader();
    let opened =
        Checkpoint::open(&note, &reader.settings().origin, reader.settings().log_keys.first()).unwrap();
    let mut leaves = Vec::new();
    for number in 0..opened.size.div_ceil(256) {
        let width = (opened.size - number * 256).min(256);
        let ending = if width < 256 { format!(".p/{width}") } else { String::new() };
        let path = format!("{}{ending}", tile::path_of(number));
        let bundle = fs::read(folder.join("tile/entries").join(&path)).unwrap();
        let hashes: Vec<Digest> =
            tile::split_entries(&bundle).unwrap().iter().map(|entry| Digest::leaf(entry)).collect();
        let level0 = fs::read(folder.join("tile/0").join(&path)).unwrap();
        assert_eq!(tile::split_hashes(&level0).unwrap(), hashes, "{path}");
        leaves.extend(hashes);
    }
    assert_eq!(root_of(&leaves), opened.root);
    Some(opened.size)
}

fn lay(folder: &Path, files: &BTreeMap<String, Item>) {
    for (name, item) in files {
        let Item::File(bytes) = item else { panic!("{name}") };
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The states of a folder before and after a run, and the log of the run.
struct Run {
    log: Log,
    old: BTreeMap<String, Item>,
    new: BTreeMap<String, Item>,
}

impl Run {
    fn new(from: u64, to: u64) -> Self {
        let log = Log::new();
        log.grow(from);
        if from > 1 {
            log.publish().unwrap();
        }
        let old = content(&log.www());
        log.grow(to);
        log.publish().unwrap();
        let new = content(&log.www());
        fs::remove_dir_all(log.www()).unwrap();
        Self { log, old, new }
    }

    /// Lays out the state in which only the new files that `keep` says were named; then runs again.
    fn stopped(&self, keep: impl Fn(usize) -> bool) {
        let folder = self.log.www();
        lay(&folder, &self.old);
        let added =
            self.new.iter().filter(|(name, _)| !self.old.contains_key(*name) && *name != "checkpoint");
        let kept = added
            .enumerate()
            .filter(|(number, _)| keep(*number))
            .map(|(_, (name, item))| (name.clone(), item.clone()));
        lay(&folder, &kept.collect());
        let staged = BTreeMap::from([(".publishing/0".to_owned(), Item::File(b"half a ti".to_vec()))]);
        lay(&folder, &staged);
        let before = self.old.contains_key("checkpoint").then(|| served(&folder, &self.log).unwrap());
        let done = self.log.publish().unwrap();
        assert_eq!(done.before, before);
        assert_eq!(served(&folder, &self.log), Some(done.checkpoint.size));
        assert_eq!(content(&folder), self.new);
        fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn after_a_stop_between_any_two_files_the_old_log_is_served_and_the_next_run_completes_the_new() {
    for (from, to) in [(1, 300), (200, 600), (256, 512), (600, 601), (700, 1500)] {
        let run = Run::new(from, to);
        for count in 0..=run.new.len() {
            run.stopped(|number| number < count);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..Default::default() })]
    #[test]
    fn any_of_the_new_files_may_be_there(kept in prop::collection::vec(any::<bool>(), 40)) {
        thread_local!(static RUN: Run = Run::new(300, 1100));
        RUN.with(|run| run.stopped(|number| kept[number % kept.len()]));
    }
}

#[test]
fn a_run_stopped_at_any_bundle_leaves_the_old_log_and_its_lock_free() {
    let log = Log::new();
    log.grow(600);
    log.publish().unwrap();
    log.grow(40_000);
    let reader = log.reader();
    let bundles = 2 * (40_000u64.div_ceil(256) - 600 / 256);
    for stop in (0..bundles).step_by(13) {
        let told = Cell::new(0);
        let show = |_, _| {
            told.set(told.get() + 1);
            // The run unwinds here; what a stop leaves on disk, this does.
            assert!(told.get() <= stop, "stopped");
        };
        let stopped =
            catch_unwind(AssertUnwindSafe(|| publish(&reader, &log.www(), Publishing::default(), &show)));
        assert!(stopped.is_err(), "{stop}");
        assert_eq!(served(&log.www(), &log), Some(600), "{stop}");
    }
    log.publish().unwrap();
    assert_eq!(served(&log.www(), &log), Some(40_000));
    assert!(
        fs::read_dir(log.www().join(".publishing")).unwrap().count() == 1,
        "nothing stays staged but the lock"
    );
}
