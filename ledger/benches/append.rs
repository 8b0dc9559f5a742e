//! Appending beside the floor, a one-file hash chain with the same syncs, in the same run: one at a time with its receipt
//! in hand, batches, a long stream of batches, and many writers at once.
//!
//! A claim is a ratio to the floor of one run; the last lines print them (`cargo bench -p affiant-ledger --bench append`).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

#[path = "support/floor.rs"]
mod floor;

use affiant_ledger::ledger::{LedgerError, Sequencer};
use affiant_ledger::record::Draft;
use floor::{BODY, Chain, Medians, create, draft};
use std::collections::VecDeque;
use std::hint::black_box;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

const BATCH: usize = 1024;
const MANY: usize = 100_000;
/// Appends of all writers together, in a round.
const SHARED: usize = 3200;

/// The floor for many writers: who finds nobody at work writes all that wait, with one sync.
struct SharedChain {
    chain: Mutex<Chain>,
    queue: Mutex<(VecDeque<u64>, u64, bool)>,
    done: Condvar,
}

impl SharedChain {
    fn new(path: &Path) -> Self {
        let chain = Mutex::new(Chain::new(path, 64 << 20));
        Self { chain, queue: Mutex::new((VecDeque::new(), 0, false)), done: Condvar::new() }
    }

    /// Appends one record and waits until it is durable.
    fn append(&self, body: &[u8], ticket: u64) {
        let mut queue = self.queue.lock().unwrap();
        queue.0.push_back(ticket);
        let last = queue.1 + queue.0.len() as u64;
        loop {
            if queue.1 >= last {
                return;
            }
            if queue.2 {
                queue = self.done.wait(queue).unwrap();
                continue;
            }
            queue.2 = true;
            let count = queue.0.drain(..).count();
            drop(queue);
            self.chain.lock().unwrap().append(body, count);
            queue = self.queue.lock().unwrap();
            (queue.1, queue.2) = (queue.1 + count as u64, false);
            self.done.notify_all();
        }
    }
}

/// So many writers, each appending its share one by one.
fn crowd(writers: usize, append: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for writer in 0..writers as u64 {
            let append = &append;
            scope.spawn(move || (0..(SHARED / writers) as u64).for_each(|n| append(writer << 32 | n)));
        }
    });
}

type Part = fn(&mut Medians, &Path);

/// What is measured, by the word that asks for it alone: `cargo bench -p affiant-ledger --bench append -- writers`.
const PARTS: [(&str, Part); 4] =
    [("one", one), ("batches", batches), ("stream", streams), ("writers", writers)];

fn main() {
    let mut medians = Medians::default();
    let folder = floor::folder();
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (name, part) in PARTS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            part(&mut medians, folder.path());
        }
    }
    println!("\nMedians of one run on this machine, and the share of the speed of the floor in the same run");
    for (what, floor) in [
        ("floor: one, growing file", "floor: one, written ahead"),
        ("append one, receipt in hand", "floor: one, written ahead"),
        ("append batches of 1,024", "floor: batches of 1,024"),
        ("stream of 100,000, bundles written", "floor: 100,000 in batches of 1,024"),
        ("8 writers of one, receipts in hand", "floor: 8 writers of one"),
        ("64 writers of one, receipts in hand", "floor: 64 writers of one"),
    ] {
        medians.ratio(what, floor);
    }
}

fn one(medians: &mut Medians, folder: &Path) {
    let body = vec![b'x'; BODY];
    let mut growing = Chain::new(&folder.join("growing"), 0);
    let mut ahead = Chain::new(&folder.join("ahead"), 64 << 20);
    let mut ledger = create(&folder.join("one"));
    let drafts = [draft()];
    // Alone: every sync of a growing file holds up those of all others on a journalling file system.
    medians.side_by_side(1000, 1, &mut [("floor: one, growing file", &mut || growing.append(&body, 1))]);
    medians.side_by_side(
        4000,
        1,
        &mut [
            ("floor: one, written ahead", &mut || ahead.append(&body, 1)),
            ("append one, receipt in hand", &mut || {
                let appended = ledger.append(&drafts).unwrap();
                black_box(ledger.receipt(appended[0].index).unwrap().to_bytes());
            }),
        ],
    );
}

fn batches(medians: &mut Medians, folder: &Path) {
    let body = vec![b'x'; BODY];
    let mut batches = Chain::new(&folder.join("batches"), 0);
    let mut ledger = create(&folder.join("batch"));
    let drafts: Vec<Draft> = (0..BATCH).map(|_| draft()).collect();
    medians.side_by_side(
        200,
        BATCH as u64,
        &mut [
            ("floor: batches of 1,024", &mut || batches.append(&body, BATCH)),
            ("append batches of 1,024", &mut || drop(black_box(ledger.append(&drafts).unwrap()))),
        ],
    );
}

fn streams(medians: &mut Medians, folder: &Path) {
    let body = vec![b'x'; BODY];
    let (mut floors, mut streams) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let mut chain = Chain::new(&folder.join(format!("long-{round}")), 0);
        let start = Instant::now();
        (0..MANY.div_ceil(BATCH)).for_each(|n| chain.append(&body, BATCH.min(MANY - n * BATCH)));
        floors.push(start.elapsed());
        streams.push(stream(&folder.join(format!("stream-{round}"))));
    }
    medians.remember("floor: 100,000 in batches of 1,024", MANY as u64, floors);
    medians.remember("stream of 100,000, bundles written", MANY as u64, streams);
}

fn writers(medians: &mut Medians, folder: &Path) {
    let body = vec![b'x'; BODY];
    for (writers, floor_name, name) in [
        (8, "floor: 8 writers of one", "8 writers of one, receipts in hand"),
        (64, "floor: 64 writers of one", "64 writers of one, receipts in hand"),
    ] {
        let chain = SharedChain::new(&folder.join(format!("crowd-{writers}")));
        let shared = Sequencer::new(create(&folder.join(format!("sequencer-{writers}"))));
        let one = draft();
        medians.side_by_side(
            15,
            SHARED as u64,
            &mut [
                (floor_name, &mut || crowd(writers, |ticket| chain.append(&body, ticket))),
                (name, &mut || {
                    crowd(writers, |_| {
                        let (_, receipts) = shared.append_with_receipts(vec![one.clone()]).unwrap();
                        black_box(receipts[0].to_bytes());
                    });
                }),
            ],
        );
        shared.close().unwrap();
    }
}

/// Appends 100,000 in one stream, closes the ledger, and tells how long that took.
fn stream(folder: &Path) -> Duration {
    let mut ledger = create(folder);
    let drafts: Vec<Draft> = (0..BATCH).map(|_| draft()).collect();
    let start = Instant::now();
    let batches = (0..MANY.div_ceil(BATCH))
        .map(|n| Ok::<_, LedgerError>((drafts[..BATCH.min(MANY - n * BATCH)].to_vec(), ())));
    ledger.append_stream(batches, |_, (), _| Ok(())).unwrap();
    ledger.close().unwrap();
    start.elapsed()
}
