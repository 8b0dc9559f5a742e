//! Issuing and verifying a pack of 10,000 entries with payloads of about 1 kB, on the three embedded frameworks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its results")]

#[path = "../tests/forgeries/workshop.rs"]
mod workshop;

use affiant_controls::{Asset, ControlSet, Statement, Status, System};
use affiant_frameworks::framework::{EMBEDDED, Framework};
use affiant_frameworks::mappings::MappingSets;
use affiant_ledger::record::Draft;
use affiant_reports::archive::Limits;
use affiant_reports::derive::Catalogs;
use affiant_reports::issue::{RenderPdf, issue};
use affiant_reports::render::pdf;
use affiant_reports::verify::{verify, verify_with};
use criterion::{Criterion, Throughput};
use std::hint::black_box;
use std::time::{Duration, Instant};
use workshop::{STREAM, issuer, recorded, result, source, stub, trust};

const ENTRIES: u64 = 10_000;

fn catalogs() -> Catalogs {
    let frameworks = EMBEDDED.into_iter().map(|id| Framework::embedded(id).unwrap()).collect();
    Catalogs { frameworks, controls: ControlSet::embedded(), mappings: MappingSets::embedded() }
}

/// Results of every control of the catalog in turn, each with details that fill a kilobyte.
fn story(catalogs: &Catalogs) -> Vec<Draft> {
    let id = || STREAM.parse().unwrap();
    let mut system = System::new(id(), "Credit scoring");
    system.roles = ["provider".to_owned()].into();
    system.risk_classes = ["high-risk".to_owned()].into();
    let asset = Asset::new(id(), "model".parse().unwrap(), "model", "The model");
    let mut drafts = vec![Statement::System(system).draft("local"), Statement::Asset(asset).draft("local")];
    for pin in catalogs.pins() {
        drafts.push(Statement::Catalog(pin).draft("local"));
    }
    let controls = catalogs.controls.controls().map(|control| &control.id).cycle();
    for (number, control) in (drafts.len() as u64..ENTRIES - 1).zip(controls) {
        let mut statement = result(STREAM, control.as_str(), Status::Passed, &format!("run {number} passed"));
        if let Statement::Result(result) = &mut statement {
            result.details = Some("All of the rows that were looked at. ".repeat(18));
            result.collector.name = format!("collector-{}", number % 7);
        }
        drafts.push(statement.draft("local"));
    }
    drafts.iter_mut().for_each(|draft| draft.stream = id());
    drafts
}

fn main() {
    let catalogs = catalogs();
    let all = recorded(&story(&catalogs), &catalogs);
    let source = source(&all);
    let render = |document: &_| pdf::render(document).map_err(|error| error.to_string());
    let pack = issue(&source, &catalogs, &issuer(), &render).unwrap().bytes;
    let payloads: usize = all.iter().map(|(_, payload)| payload.len()).sum();
    println!(
        "{} entries, {} bytes of payload each, pack of {} bytes",
        source.entries.len(),
        payloads / all.len(),
        pack.len()
    );
    let verdict = verify(&pack, Some(&trust()), &Limits::default());
    assert_eq!(verdict.exit_code(), 0, "{verdict:#?}");

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("pack of 10,000 entries");
    group.sample_size(10).measurement_time(Duration::from_secs(10)).throughput(Throughput::Elements(ENTRIES));
    group.bench_function("issue", |b| {
        b.iter(|| issue(black_box(&source), &catalogs, &issuer(), &render).unwrap())
    });
    group.bench_function("issue but for drawing the report", |b| {
        b.iter(|| issue(black_box(&source), &catalogs, &issuer(), &stub).unwrap())
    });
    group.bench_function("verify", |b| {
        b.iter(|| verify(black_box(&pack), Some(&trust()), &Limits::default()))
    });
    group.bench_function("verify but for drawing the report", |b| {
        let none: Option<RenderPdf<'_>> = None;
        b.iter(|| verify_with(black_box(&pack), Some(&trust()), &Limits::default(), none))
    });
    group.finish();
    criterion.final_summary();

    let begin = Instant::now();
    let verdict = verify(&pack, Some(&trust()), &Limits::default());
    println!("verified in {} ms: {}", begin.elapsed().as_millis(), verdict.level);
}
