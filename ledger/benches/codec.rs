//! Reading and writing entries and payloads, beside SHA-256 over the same bytes: what fsck does to every entry.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench; the macros of criterion make undocumented functions"
)]

use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::{Entry, EntryRef};
use affiant_ledger::payload::{Payload, PayloadRef};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// A statement of many short fields and one long text, 900 bytes as statements are.
fn statement() -> Vec<u8> {
    let text = r#"{"id":"sample-1","run":{"errors":0,"skipped":0,"complete":true,"examined":3,"exit_code":0},"asset":"scoring-model",
"basis":"explicit","method":"TEST","status":"passed","system":"credit-scoring","control":"AFF-EXP-11","summary":"accuracy 0.91 on the held-out set",
"evidence":[{"name":"report.json","size":12,"sha256":"e3b0c44298fc1c149afbf4c8996fb924","media_type":"application/json"}],
"measures":[{"n":1200,"name":"accuracy","value":"0.91"}],"collector":{"run":"job 7","name":"ci","version":"1.2"},
"population":{"size":3,"failed":0,"tested":3,"definition":"nightly evaluation runs"},"observed_to":1795319165000,"time_source":"report",
"collected_at":1795319220000,"observed_from":1795316400000}"#;
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let short = codec::encode(&value).len() + 11;
    value["details"] = "x".repeat(900 - short).into();
    codec::encode(&value)
}

fn entry() -> Entry {
    Entry {
        n: 41_022,
        v: 1,
        by: "local".into(),
        kind: "result".parse().unwrap(),
        prev: Digest::of(b"prev"),
        time: "2026-11-22T03:46:05Z".parse().unwrap(),
        index: 100_014,
        stream: "credit-scoring".parse().unwrap(),
        payload: Digest::of(b"payload"),
        stream_prev: Digest::of(b"stream_prev"),
    }
}

fn codecs(criterion: &mut Criterion) {
    let statement = statement();
    let payload = Payload { salt: [7; 16], statement: statement.clone(), signature: None }.to_bytes();
    let (entry, entry_bytes) = (entry(), entry().to_bytes());
    let mut group = criterion.benchmark_group("payload of 0.9 KB");
    group.throughput(Throughput::Bytes(payload.len() as u64));
    group.bench_function("floor: SHA-256", |b| b.iter(|| Digest::of(black_box(&payload))));
    group.bench_function("check", |b| b.iter(|| codec::check(black_box(&payload))));
    group
        .bench_function("read, borrowed", |b| b.iter(|| PayloadRef::from_bytes(black_box(&payload)).is_ok()));
    group.bench_function("read, owned", |b| b.iter(|| Payload::from_bytes(black_box(&payload))));
    group.bench_function("four fields", |b| {
        b.iter(|| codec::fields(black_box(&statement), ["asset", "control", "collector", "observed_to"]));
    });
    group.finish();
    let mut group = criterion.benchmark_group("entry");
    group.throughput(Throughput::Bytes(entry_bytes.len() as u64));
    group.bench_function("floor: SHA-256", |b| b.iter(|| Digest::leaf(black_box(&entry_bytes))));
    group.bench_function("read, borrowed", |b| {
        b.iter(|| EntryRef::from_bytes(black_box(&entry_bytes)).is_ok())
    });
    group.bench_function("read, owned", |b| b.iter(|| Entry::from_bytes(black_box(&entry_bytes))));
    group.bench_function("write", |b| b.iter(|| black_box(&entry).to_bytes()));
    group.finish();
}

criterion_group!(benches, codecs);
criterion_main!(benches);
