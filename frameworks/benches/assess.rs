//! How long catalogs take to load and a system with 20 assets takes to assess.

#![allow(missing_docs, reason = "criterion makes the functions")]
#![allow(clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/mod.rs"]
mod support;

use affiant_controls::{ControlSet, Horizon, Status};
use affiant_frameworks::framework::EMBEDDED;
use affiant_frameworks::{Framework, MappingSets, assess, assess_all};
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

/// One more result on a system of 200 assets, every control on each it applies to, and the three frameworks judged again.
fn one_more(c: &mut Criterion) {
    let controls = ControlSet::embedded();
    let kinds: Vec<&String> = controls.asset_kinds().iter().collect();
    let mut stream = Stream::of(&credit_scoring());
    for n in 0..200 {
        stream.asset(&format!("asset-{n}"), kinds[n % kinds.len()]);
    }
    let register = stream.register("2026-11-24");
    for control in controls.controls() {
        for asset in register.population(control) {
            stream.result(control.id.as_str(), asset.as_str(), Status::Passed, "2026-11-20");
        }
    }
    let pairs = stream.records.len() - 201;
    let (frameworks, mappings) =
        (EMBEDDED.map(|id| Framework::embedded(id).unwrap()), MappingSets::embedded());
    let mut register = stream.register("2026-11-24");
    stream.result("AFF-EXP-11", "asset-1", Status::Failed, "2026-11-24");
    let more = stream.records.last().unwrap();
    let horizon = Horizon::at("2026-11-25".parse().unwrap());
    c.bench_function(&format!("one more result, {pairs} pairs on 200 assets, three frameworks"), |b| {
        b.iter(|| {
            assert!(register.go_on([more], horizon).unwrap());
            assess_all(&frameworks, &mappings, &controls, &register).unwrap()
        });
    });
}

criterion_group!(benches, load, judge, one_more);
criterion_main!(benches);
