//! Importing 100,000 control results of 1 KB from NDJSON through the binary, start of the process included, beside the floor: the
//! same lines read, hashed in a chain and written to one file, with the same syncs (`cargo bench -p affiant --bench import`).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

use affiant_ledger::digest::Digest;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: usize = 100_000;
const BATCH: usize = 1024;
const ROUNDS: usize = 7;

fn main() {
    let keep = std::env::var_os("AFFIANT_BENCH_KEEP").is_some();
    let folder = tempfile::Builder::new().prefix("affiant-bench-").disable_cleanup(keep).tempdir().unwrap();
    let with_ids = folder.path().join("with-ids.ndjson");
    let without = folder.path().join("without-ids.ndjson");
    write_rows(&with_ids, true);
    write_rows(&without, false);
    let mut floors = Vec::new();
    let mut times = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        floors.push(floor(&with_ids, &folder.path().join(format!("chain-{round}"))));
        for (times, rows) in times.iter_mut().zip([&with_ids, &without]) {
            let ledger = found(folder.path(), &format!("{round}-{}", rows.file_stem().unwrap().display()));
            times.push(push(folder.path(), &ledger, rows));
            if *rows == with_ids {
                floors.push(floor(rows, &folder.path().join(format!("chain-{round}-again"))));
            }
        }
        let ledger = format!("ledger-{round}-with-ids");
        times[2].push(push(folder.path(), &ledger, &with_ids));
    }
    let floor = median(floors);
    println!("\nMedians of {ROUNDS} rounds in turn, a row, and the share of the floor's speed");
    println!("{:<58} {floor:>6.2} us", "floor: the lines in a hash chain");
    let names =
        ["import with idempotency ids", "import without ids", "the same again, all of it recorded before"];
    for (name, times) in names.iter().zip(times) {
        let time = median(times);
        println!("{name:<58} {time:>6.2} us   {:.2}", floor / time);
    }
}

/// Rows with most of what rows have, 1,023 bytes and a line feed each.
fn write_rows(path: &Path, ids: bool) {
    let rest = r#""control":"AFF-EXP-11","status":"passed","system":"credit-scoring","asset":"scoring-model","summary":"accuracy 0.91 on the held-out set","observed_from":"2026-11-22T03:00:00Z","observed_to":"2026-11-22T03:46:05Z","collected_at":"2026-11-22T03:47:00Z","collector":{"name":"ci","version":"1.2","run":"job 7"},"run":{"examined":3,"skipped":0,"errors":0,"complete":true,"exit_code":0},"measures":[{"name":"accuracy","value":"0.91","n":1200}],"evidence":[{"name":"report.json","size":12,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","media_type":"application/json"}],"population":{"definition":"nightly evaluation runs","size":3,"tested":3,"failed":0},"details":""#;
    let mut file = BufWriter::new(File::create(path).unwrap());
    for number in 0..ROWS {
        let id = if ids { format!("\"id\":\"sample-{number}\",") } else { String::new() };
        let fill = "x".repeat(1020 - id.len() - rest.len());
        writeln!(file, "{{{id}{rest}{fill}\"}}").unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
}

fn floor(rows: &Path, chain: &Path) -> Duration {
    let start = Instant::now();
    let mut lines = BufReader::new(File::open(rows).unwrap());
    let mut file = File::create(chain).unwrap();
    let (mut prev, mut line, mut out, mut held) = (Digest::ZERO, Vec::new(), Vec::new(), 0);
    while lines.read_until(b'\n', &mut line).unwrap() > 0 {
        prev = Digest::of_parts(&[prev.as_bytes(), &line]);
        out.extend_from_slice(prev.as_bytes());
        out.append(&mut line);
        held += 1;
        if held == BATCH {
            file.write_all(&out).unwrap();
            file.sync_data().unwrap();
            out.clear();
            held = 0;
        }
    }
    file.write_all(&out).unwrap();
    file.sync_data().unwrap();
    start.elapsed()
}

/// A new ledger with the system and the asset that the rows are about.
fn found(folder: &Path, name: &str) -> String {
    let ledger = format!("ledger-{name}");
    let origin = format!("bench.example/{name}");
    affiant(folder, &ledger, &["init", &ledger, "--origin", &origin]);
    let system = ["register", "system", "credit-scoring", "--name", "Credit scoring", "--role", "provider"];
    affiant(folder, &ledger, &[&system[..], &["--risk-class", "transparency"]].concat());
    let asset = ["register", "asset", "scoring-model", "--system", "credit-scoring", "--kind", "model"];
    affiant(folder, &ledger, &[&asset[..], &["--name", "Scoring model"]].concat());
    ledger
}

fn push(folder: &Path, ledger: &str, rows: &Path) -> Duration {
    let start = Instant::now();
    affiant(folder, ledger, &["push", rows.to_str().unwrap(), "--quiet"]);
    start.elapsed()
}

fn affiant(folder: &Path, ledger: &str, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_affiant"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command.env("AFFIANT_LEDGER", folder.join(ledger)).env("AFFIANT_STATE", folder.join("state"));
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

/// Microseconds a row.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6 / ROWS as f64
}
