//! How long catalogs take to load and a system with 20 assets takes to assess.

#![allow(missing_docs, reason = "criterion makes the functions")]
#![allow(clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/mod.rs"]
mod support;

use affiant_controls::{ControlSet, Status};
use affiant_frameworks::framework::EMBEDDED;
use affiant_frameworks::{Framework, MappingSets, assess};
use criterion::{Criterion, criterion_group, criterion_main};
use support::{Stream, credit_scoring};

fn load(c: &mut Criterion) {
    let all = || (EMBEDDED.map(|id| Framework::embedded(id).unwrap()), MappingSets::embedded());
    c.bench_function("load three frameworks and the mappings", |b| b.iter(all));
    let bytes = EMBEDDED.map(|id| Framework::embedded_bytes(id).unwrap());
    c.bench_function("read three frameworks strictly", |b| b.iter(|| bytes.map(Framework::from_bytes)));
}

fn judge(c: &mut Criterion) {
    let controls = ControlSet::embedded();
    let kinds: Vec<&String> = controls.asset_kinds().iter().collect();
    let mut stream = Stream::of(&credit_scoring());
    for n in 0..20 {
        stream.asset(&format!("asset-{n}"), kinds[n % kinds.len()]);
    }
    let register = stream.register("2026-11-24");
    for control in controls.controls() {
        for asset in register.population(control) {
            let asset = asset.as_str();
            stream.result(control.id.as_str(), asset, Status::Passed, "2026-11-20");
        }
    }
    let register = stream.register("2026-11-24");
    let (frameworks, mappings) =
        (EMBEDDED.map(|id| Framework::embedded(id).unwrap()), MappingSets::embedded());
    let three = || frameworks.each_ref().map(|f| assess(f, &mappings, &controls, &register).unwrap());
    c.bench_function("assess three frameworks, every control, 20 assets", |b| b.iter(three));
    let assessments = three();
    let json = || assessments.each_ref().map(|assessment| assessment.to_json().len());
    c.bench_function("print the three as JSON", |b| b.iter(json));
}

criterion_group!(benches, load, judge);
criterion_main!(benches);
