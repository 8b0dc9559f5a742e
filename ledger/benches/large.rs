//! A large ledger: opening, proving and judging it, and what it takes on the disk.
//!
//! `cargo bench -p affiant-ledger --bench large` makes ledgers of 10,000, 100,000 and 1,000,000 entries; with
//! `AFFIANT_BENCH_SIZES=10000000` one of that size (about 14 GB). The floor of judging is a one-file hash chain read back and
//! checked on two threads; beside it, plain SHA-256 over every byte that fsck reads, on two threads.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

#[path = "support/floor.rs"]
mod floor;

use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::fsck::{Examination, Indexed, fsck};
use affiant_ledger::ledger::{Ledger, LedgerError};
use affiant_ledger::merkle::verify_inclusion;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::{Draft, NoFiling};
use affiant_ledger::table::Sled;
use floor::{BODY, Chain, Medians, create, draft, surroundings};
use rayon::prelude::*;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

const BATCH: u64 = 1024;
/// Bytes of one record of the floor's chain.
const RECORD: usize = BODY + 32;

fn main() {
    let sizes = std::env::var("AFFIANT_BENCH_SIZES").unwrap_or("10000,100000,1000000".into());
    for size in sizes.split(',').map(|size| size.parse().unwrap()) {
        measure(size);
    }
}

fn measure(size: u64) {
    println!("\n{size} entries of {BODY} bytes");
    let folder = floor::folder();
    let path = folder.path().join("ledger");
    let start = Instant::now();
    grow(folder.path(), size);
    println!("made in {:.2} s, peak {:.0} MiB", start.elapsed().as_secs_f64(), peak());
    let files = files(&path);
    let (data, index): (Vec<_>, Vec<_>) =
        files.iter().partition(|(file, _)| !file.starts_with(path.join("index")));
    let bytes = |files: &[&(PathBuf, u64)]| files.iter().map(|(_, size)| size).sum::<u64>() as f64;
    let payload = (size * BODY as u64) as f64;
    println!(
        "on disk: {:.2} bytes a payload byte, {:.2} with the index",
        bytes(&data) / payload,
        (bytes(&data) + bytes(&index)) / payload
    );
    let mut medians = Medians::default();
    let mut at = 1;
    let reader = Reader::open(&path).unwrap();
    let root = reader.checkpoint().root;
    let mut prove = || {
        at = (at * 6_364_136 + 1) % size;
        let leaf = reader.leaf(at).unwrap();
        let proof = reader.inclusion(at).unwrap();
        verify_inclusion(at, reader.size(), &leaf, &proof, &root).unwrap();
    };
    medians.side_by_side(2000, 1, &mut [("inclusion proof, made and verified", &mut prove)]);
    medians.side_by_side(
        20,
        1,
        &mut [
            ("open for reading", &mut || drop(black_box(Reader::open(&path).unwrap()))),
            ("open for writing", &mut || {
                drop(black_box(Ledger::open(&path, surroundings(folder.path().join("heads"))).unwrap()));
            }),
        ],
    );
    let chain = folder.path().join("chain");
    write_chain(&chain, size);
    let rounds = if size > 200_000 { 3 } else { 9 };
    let index = Some(Indexed { tables: &Sled, filing: &NoFiling });
    medians.side_by_side(
        rounds,
        size,
        &mut [
            ("floor: hash chain read back", &mut || check_chain(&chain, size)),
            ("plain SHA-256 over the same bytes", &mut || plain(&data)),
            ("fsck", &mut || {
                let report = fsck(&Examination { index, ..Examination::of(&path) }, &|_, _| {});
                assert!(report.is_sound(), "{:?}", report.faults);
            }),
        ],
    );
    println!("peak {:.0} MiB", peak());
    for what in ["inclusion proof, made and verified", "open for reading", "open for writing"] {
        medians.ratio(what, what);
    }
    for floor in ["floor: hash chain read back", "plain SHA-256 over the same bytes"] {
        medians.ratio("fsck", floor);
    }
}

fn grow(folder: &Path, size: u64) {
    let mut ledger = create(folder);
    let drafts: Vec<Draft> = (0..BATCH).map(|_| draft()).collect();
    let mut left = size - ledger.size();
    let batches = std::iter::from_fn(|| {
        let count = left.min(BATCH);
        left -= count;
        (count > 0).then(|| Ok::<_, LedgerError>((drafts[..count as usize].to_vec(), ())))
    });
    ledger.append_stream(batches, |_, (), _| Ok(())).unwrap();
    ledger.close().unwrap();
}

fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let meta = item.metadata().unwrap();
        if meta.is_dir() { found.extend(files(&item.path())) } else { found.push((item.path(), meta.len())) }
    }
    found
}

fn write_chain(path: &Path, size: u64) {
    let mut chain = Chain::new(path, 0);
    let body = vec![b'x'; BODY];
    (0..size / BATCH).for_each(|_| chain.append(&body, BATCH as usize));
    chain.append(&body, (size % BATCH) as usize);
}

/// Reads the chain piece by piece; the pieces are checked on all cores, and what links them in order.
fn check_chain(path: &Path, size: u64) {
    use std::os::unix::fs::FileExt;
    const PIECE: u64 = 1024;
    let file = fs::File::open(path).unwrap();
    let ends: Vec<(Digest, Digest)> = (0..size.div_ceil(PIECE))
        .into_par_iter()
        .map(|piece| {
            let count = PIECE.min(size - piece * PIECE) as usize;
            let mut bytes = vec![0; count * RECORD];
            file.read_exact_at(&mut bytes, piece * PIECE * RECORD as u64).unwrap();
            let hash = |record: &[u8]| Digest::try_from(&record[..32]).unwrap();
            let first = hash(&bytes);
            let mut prev = first;
            for record in bytes.chunks_exact(RECORD).skip(1) {
                assert_eq!(Digest::of_parts(&[prev.as_bytes(), &record[32..]]), hash(record));
                prev = hash(record);
            }
            black_box(Digest::of_parts(&[prev.as_bytes(), &bytes[32..RECORD]]));
            (first, prev)
        })
        .collect();
    black_box(ends);
}

/// Hashes every file, on all cores.
fn plain(files: &[&(PathBuf, u64)]) {
    let digests: Vec<Digest> = files
        .par_iter()
        .map(|(path, _)| {
            let mut hash = Hasher::default();
            hash.update(&fs::read(path).unwrap());
            hash.finish()
        })
        .collect();
    black_box(digests);
}

/// Peak memory of this process so far, in MiB (Linux).
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(0.0, |kib| kib / 1024.0)
}
