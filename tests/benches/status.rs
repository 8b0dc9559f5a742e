//! `affiant status` on a ledger of 1,000,000 control results: 164 controls, 200 assets, three frameworks, from a cold process with
//! a warm index; the same after one more push; and how the time grows with the results
//! (`cargo bench -p affiant --bench status`; AFFIANT_BENCH_SIZES=10000,100000 for other sizes).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

use affiant_controls::ControlSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ASSETS: usize = 200;
const ROUNDS: usize = 5;
const SYSTEM: &str = "credit-scoring";

fn main() {
    let sizes = std::env::var("AFFIANT_BENCH_SIZES").unwrap_or_else(|_| "10000,100000,1000000".to_owned());
    let keep = std::env::var_os("AFFIANT_BENCH_KEEP").is_some();
    let folder = tempfile::Builder::new().prefix("affiant-bench-").disable_cleanup(keep).tempdir().unwrap();
    println!(
        "{:>10} {:>12} {:>14} {:>12} {:>10}",
        "results", "push, s", "status, ms", "again, ms", "peak, MiB"
    );
    for size in sizes.split(',').map(|size| size.parse::<usize>().unwrap()) {
        let folder = folder.path();
        let ledger = found(folder, size);
        let rows = folder.join(format!("{size}.ndjson"));
        write_rows(&rows, size);
        let pushed = timed(folder, &ledger, &["push", rows.to_str().unwrap(), "--quiet"]).0;
        let mut cold = Vec::new();
        let mut again = Vec::new();
        let mut peak = 0;
        for round in 0..ROUNDS {
            let (time, memory) = timed(folder, &ledger, &["status", SYSTEM, "--json"]);
            cold.push(time);
            peak = peak.max(memory);
            let id = format!("more-{round}");
            let one =
                ["push", "--system", SYSTEM, "--asset", "asset-1", "--control", "AFF-EXP-11", "--status"];
            timed(folder, &ledger, &[&one[..], &["passed", "--summary", "one more", "--id", &id]].concat());
            again.push(timed(folder, &ledger, &["status", SYSTEM, "--json"]).0);
        }
        println!(
            "{size:>10} {:>12.2} {:>14.0} {:>12.0} {peak:>10}",
            pushed.as_secs_f64(),
            median(cold),
            median(again)
        );
        std::fs::remove_file(rows).unwrap();
    }
}

/// Results of every control on every asset in turn, some failed, all of this year.
fn write_rows(path: &Path, size: usize) {
    let controls = ControlSet::embedded();
    let controls: Vec<&str> = controls.controls().map(|control| control.id.as_str()).collect();
    let mut file = BufWriter::new(File::create(path).unwrap());
    for number in 0..size {
        let control = controls[number % controls.len()];
        let asset = number / controls.len() % ASSETS;
        let status = if number % 97 == 0 { "failed" } else { "passed" };
        let (day, second) = (1 + number / 40_000 % 25, number % 60);
        writeln!(
            file,
            r#"{{"control":"{control}","status":"{status}","system":"{SYSTEM}","asset":"asset-{asset}","summary":"looked at {number}","observed_to":"2026-11-{day:02}T03:46:{second:02}Z","observed_from":"2026-11-{day:02}T03:00:00Z","collector":{{"name":"ci","version":"1.2"}}}}"#
        )
        .unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
}

fn found(folder: &Path, size: usize) -> String {
    let ledger = format!("ledger-{size}");
    timed(folder, &ledger, &["init", &ledger, "--origin", &format!("bench.example/status-{size}")]);
    let kinds =
        ["model", "dataset", "pipeline", "code-repo", "infrastructure", "model-endpoint", "agent", "prompt"];
    let mut file = format!(
        "system: {{id: {SYSTEM}, name: Credit scoring, roles: [provider, deployer], risk_classes: [high-risk], routes: [annex-iii], facts: {{annex_iii: [5.b]}}}}\nassets:\n"
    );
    for asset in 0..ASSETS {
        file.push_str(&format!(
            "- {{id: asset-{asset}, kind: {}, name: Asset {asset}}}\n",
            kinds[asset % kinds.len()]
        ));
    }
    let path = folder.join("system.yaml");
    std::fs::write(&path, file).unwrap();
    timed(folder, &ledger, &["register", "file", path.to_str().unwrap()]);
    ledger
}

/// How long a command takes, start of the process included, and the most memory it had, in MiB.
fn timed(folder: &Path, ledger: &str, arguments: &[&str]) -> (Duration, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_affiant"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command.env("AFFIANT_LEDGER", folder.join(ledger)).env("AFFIANT_STATE", folder.join("state"));
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        peak = peak.max(high_water(child.id()));
        std::thread::sleep(Duration::from_micros(500));
    };
    let time = start.elapsed();
    assert!(matches!(status.code(), Some(0 | 4)), "{arguments:?}");
    (time, peak)
}

/// Peak resident memory of a process, in MiB; 0 where the system does not tell.
fn high_water(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}
