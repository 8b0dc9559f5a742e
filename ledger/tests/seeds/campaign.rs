//! Many seeds.

use super::chance::Chance;
use super::flaw::Flaw;
use super::machine::Beginning;
use super::promises::Broken;
use super::story::{Tally, tell};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stories told.
const SEEDS: u64 = 100_000;

/// The ledgers that seeds begin with: none, a small one, one about to fill its first bundle and the room made ahead in its
/// journal, one with bundles.
fn beginnings() -> &'static [Beginning; 4] {
    static MADE: OnceLock<[Beginning; 4]> = OnceLock::new();
    MADE.get_or_init(|| {
        [
            Beginning::nothing(),
            Beginning::with(4, 30, true),
            Beginning::with(249, 550, false),
            Beginning::with(520, 30, true),
        ]
    })
}

fn begin(seed: u64, flaw: Flaw) -> Beginning {
    let mut chance = Chance::new(!seed);
    let which = match chance.below(16) {
        0..3 => 0,
        3..11 => 1,
        11..14 => 2,
        _ => 3,
    };
    beginnings()[which].copy(&mut chance, flaw)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn a_ledger_keeps_its_promises_whatever_its_storage_does() {
    if let Some(seed) = number("AFFIANT_SEED") {
        let (_, told, ended) = tell(begin(seed, Flaw::None), seed, true);
        println!("{}\n{ended:?}", told.join("\n"));
        ended.unwrap();
        return;
    }
    let seeds = number("AFFIANT_SEEDS").unwrap_or(SEEDS);
    let (tally, mut broken) = many(seeds, Flaw::None);
    println!("{:#?}", tally.counts);
    broken.sort_by_key(|(seed, _)| *seed);
    let told: Vec<String> =
        broken.iter().take(10).map(|(seed, Broken(text))| format!("{seed}: {text}")).collect();
    assert!(broken.is_empty(), "{} of {seeds} stories, such as {told:#?}", broken.len());
}

/// Stories within which a broken storage is found out.
const FOUND_WITHIN: u64 = 3_000;

#[test]
fn the_same_checks_find_out_every_broken_storage() {
    for flaw in [
        Flaw::NoSync,
        Flaw::NoSyncInPlace,
        Flaw::NoSyncBeforeName,
        Flaw::NoSyncOfNames,
        Flaw::NoSyncOfNamesIn("journal"),
    ] {
        let (_, broken) = many(FOUND_WITHIN, flaw);
        assert!(!broken.is_empty(), "{flaw:?} was not noticed in {FOUND_WITHIN} stories");
    }
}

/// Tells the stories of seeds on all cores: what happened in them, and what was not kept.
fn many(seeds: u64, flaw: Flaw) -> (Tally, Vec<(u64, Broken)>) {
    let next = AtomicU64::new(0);
    let work = || {
        // What fsck does in parallel stays on this core: waiting for it, a thread would begin another story within this one.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            let (mut tally, mut broken) = (Tally::default(), Vec::new());
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds {
                    return (tally, broken);
                }
                let (told, _, ended) = tell(begin(seed, flaw), seed, false);
                tally = tally.with(told);
                broken.extend(ended.err().map(|error| (seed, error)));
            }
        })
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let run: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = run.into_iter().map(|run| run.join().unwrap());
        done.fold(Default::default(), |(tally, mut broken): (Tally, Vec<_>), (other, more)| {
            broken.extend(more);
            (tally.with(other), broken)
        })
    })
}
