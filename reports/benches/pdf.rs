//! How fast a long report is rendered: 200 pages of tables, 40 rows a page, 5 columns.

#[path = "../tests/support/sample.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod sample;

use affiant_reports::render::pdf::render;
use criterion::{Criterion, Throughput};
use std::time::Duration;

const PAGES: u32 = 200;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("pdf");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    let long = sample::tables(PAGES);
    // Elements are pages, so criterion's throughput is pages per second.
    group.throughput(Throughput::Elements(u64::from(PAGES)));
    group.bench_function("200 pages of tables", |b| b.iter(|| render(&long)));
    let short = sample::report();
    group.throughput(Throughput::Elements(10));
    group.bench_function("a report of 10 pages", |b| b.iter(|| render(&short)));
    group.finish();
    criterion.final_summary();
}
