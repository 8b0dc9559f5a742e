//! How many rows of about 1 KB a core takes in: parse, admit, encode.
#![allow(missing_docs, reason = "the macros of criterion make undocumented functions")]

use affiant_controls::intake::{Context, Format, ToolRules, ndjson, parse_report};
use affiant_controls::{AdmitContext, ControlSet, Statement, admit};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::io::{Cursor, Read};
use std::sync::Arc;

/// A row with most of what rows have, filled up to 1 KB.
fn row() -> String {
    let row = r#"{"id":"sample-1","control":"AFF-EXP-11","status":"passed","system":"credit-scoring","asset":"scoring-model",
"summary":"accuracy 0.91 on the held-out set","observed_from":"2026-11-22T03:00:00Z","observed_to":"2026-11-22T03:46:05Z",
"collected_at":"2026-11-22T03:47:00Z","collector":{"name":"ci","version":"1.2","run":"job 7"},
"run":{"examined":3,"skipped":0,"errors":0,"complete":true,"exit_code":0},"measures":[{"name":"accuracy","value":"0.91","n":1200}],
"evidence":[{"name":"report.json","size":12,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
"media_type":"application/json"}],"population":{"definition":"nightly evaluation runs","size":3,"tested":3,"failed":0},"details":""#;
    let row = row.replace('\n', "");
    format!("{row}{}\"}}", "x".repeat(1022 - row.len()))
}

/// A SARIF report of Bandit with so many findings of about 1 KB.
fn report(findings: usize) -> Arc<[u8]> {
    let finding = |n: usize| {
        format!(
            r#"{{"ruleId":"B{}","ruleIndex":0,"level":"error","message":{{"text":"finding {n} in generated code, {}"}},
"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"app/module_{n}.py"}},"region":{{"startLine":{n},"snippet":
{{"text":"    value_{n} = load(data_{n})\n"}}}}}}}}],"partialFingerprints":{{"primary":"{n:032x}"}}}}"#,
            301 + n % 3,
            "with words that fill it up ".repeat(20)
        )
    };
    let findings: Vec<String> = (1..=findings).map(finding).collect();
    let text = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"Bandit","version":"1.9.4"}}}},"results":[{}]}}]}}"#,
        findings.join(",\n")
    );
    text.into_bytes().into()
}

fn intake(criterion: &mut Criterion) {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let now = "2026-11-23T00:00:00Z".parse().expect("a time");
    let context = Context::new(&controls, &tools, now);
    let gate = AdmitContext { controls: &controls, now, assets: None };
    let row = row();
    let mut group = criterion.benchmark_group("row");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse", |b| b.iter(|| ndjson::line(black_box(row.as_bytes()), 1, &context)));
    group.bench_function("parse, admit, encode", |b| {
        b.iter(|| {
            let result = ndjson::line(black_box(row.as_bytes()), 1, &context).expect("a sound row");
            Statement::Result(Box::new(admit(result, &gate).expect("admitted"))).to_bytes()
        });
    });
    group.finish();
    let report = report(8_000);
    let mut context = context;
    context.system = "credit-scoring".parse().ok();
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Bytes(report.len() as u64)).sample_size(10);
    group.bench_function("SARIF", |b| {
        b.iter(|| {
            let mut open = || Ok(Box::new(Cursor::new(report.clone())) as Box<dyn Read>);
            parse_report(&mut open, Format::Sarif, &context).expect("a sound report")
        });
    });
    group.finish();
    criterion.bench_function("embedded catalogs", |b| b.iter(ControlSet::embedded));
}

criterion_group!(benches, intake);
criterion_main!(benches);
