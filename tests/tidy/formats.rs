//! The fourfold rule: a format that is read from bytes of strangers exists four times under one name, as a page, a source
//! file, fixed bytes that a test reads, and a fuzz target with seeds.

use super::tree::{read, root, tracked};
use std::collections::BTreeSet;

/// Page in docs/spec, source, fixed bytes, fuzz targets.
const FORMATS: [(&str, &str, &str, &[&str]); 41] = [
    ("access", "controls/src/access.rs", "fuzz/seeds/payload/access", &["payload"]),
    ("applicability", "controls/src/decision.rs", "fuzz/seeds/payload/applicability", &["payload"]),
    ("approval", "controls/src/approval.rs", "fuzz/seeds/payload/approval", &["payload"]),
    ("archive", "reports/src/archive.rs", "fuzz/seeds/archive/two-members", &["archive"]),
    ("assertion", "controls/src/assertion.rs", "fuzz/seeds/payload/assertion", &["payload"]),
    ("assessment", "frameworks/src/assessment.rs", "fuzz/seeds/pack/honest", &["pack"]),
    ("asset", "controls/src/asset.rs", "fuzz/seeds/definition/system.json", &["definition", "payload"]),
    ("attestation", "controls/src/attestation.rs", "fuzz/seeds/payload/attestation", &["payload"]),
    ("bom", "controls/src/bom.rs", "tests/fixtures/bom/support-bot.ml-bom-1.6.json", &["bom"]),
    ("catalog", "controls/src/catalog.rs", "controls/data/ai-spm-controls.cbor", &["catalog", "payload"]),
    ("checkpoint", "ledger/src/checkpoint.rs", "docs/spec/checkpoint.md", &["checkpoint", "note"]),
    ("delivery", "controls/src/delivery.rs", "fuzz/seeds/payload/delivery", &["payload"]),
    ("entry", "ledger/src/entry.rs", "docs/spec/entry.md", &["entry", "codec"]),
    ("erasure", "ledger/src/erasure.rs", "fuzz/seeds/key/erasure", &["key", "payload"]),
    ("event", "controls/src/event.rs", "fuzz/seeds/payload/event", &["payload"]),
    ("exception", "controls/src/exception.rs", "fuzz/seeds/payload/exception", &["payload"]),
    ("finding", "controls/src/finding.rs", "fuzz/seeds/payload/finding", &["payload"]),
    ("gate", "frameworks/src/gate.rs", "fuzz/seeds/gate/release.yaml", &["gate"]),
    ("incident", "controls/src/incident.rs", "fuzz/seeds/payload/incident", &["payload"]),
    ("inventory", "controls/src/inventory.rs", "fuzz/seeds/inventory/there.csv", &["inventory"]),
    ("intake", "controls/src/intake/format.rs", "tests/fixtures/intake/junit/pytest.xml", &["report"]),
    ("journal", "ledger/src/journal.rs", "docs/spec/journal.md", &["journal"]),
    ("key", "ledger/src/keyring/statement.rs", "docs/spec/key.md", &["key"]),
    ("licensed", "frameworks/src/licensed.rs", "fuzz/seeds/licensed/text.yaml", &["licensed"]),
    ("mapping", "controls/src/intake/mapped.rs", "fuzz/seeds/mapping/acme", &["mapping"]),
    ("pack", "reports/src/pack.rs", "fuzz/seeds/pack/honest", &["pack"]),
    ("payload", "ledger/src/payload.rs", "docs/spec/payload.md", &["payload", "codec"]),
    ("period", "frameworks/src/period.rs", "fuzz/seeds/pack/period", &["pack"]),
    ("plan", "controls/src/plan.rs", "fuzz/seeds/payload/plan", &["payload"]),
    ("policy", "controls/src/policy.rs", "fuzz/seeds/payload/policy", &["payload"]),
    ("receipt", "ledger/src/receipt.rs", "docs/spec/receipt.md", &["receipt"]),
    ("request", "controls/src/request.rs", "fuzz/seeds/payload/request", &["payload"]),
    ("result", "controls/src/result.rs", "tests/fixtures/demo/results.ndjson", &["result", "payload"]),
    ("sample", "controls/src/sample.rs", "fuzz/seeds/payload/sample", &["payload"]),
    ("sarif", "controls/src/intake/sarif.rs", "tests/fixtures/bandit/bandit.sarif", &["sarif"]),
    ("seal", "reports/src/seal.rs", "fuzz/seeds/seal/sealed.pdf", &["seal"]),
    ("settings", "ledger/src/settings.rs", "fuzz/seeds/settings/affiant.toml", &["settings"]),
    ("sign-off", "controls/src/signoff.rs", "fuzz/seeds/payload/sign-off", &["payload"]),
    ("system", "controls/src/system.rs", "fuzz/seeds/definition/system.yaml", &["definition", "payload"]),
    ("tiles", "ledger/src/tile.rs", "docs/spec/tiles.md", &["tiles"]),
    ("trust", "reports/src/trust.rs", "fuzz/seeds/trust/trust.keys", &["trust"]),
];

/// Formats with the page of another: their own standard says what they are.
const DESCRIBED_ELSEWHERE: [(&str, &str); 1] = [("sarif", "docs/spec/result.md")];

/// Pages of what is only written, or read back under a digest of our own, and why no stranger's bytes are parsed.
const NOT_READ: [(&str, &str); 10] = [
    ("board", "an answer for people and scripts"),
    ("fsck", "an answer for people and scripts"),
    (
        "index",
        "our own database: a value counts only under a digest that is checked first, and can be built again",
    ),
    ("notify", "alerts for others; a batch that waits is read back under a digest of our own"),
    ("risk", "an answer for people and scripts"),
    ("run", "evidence for people, kept by its digest"),
    (
        "tables",
        "rows for spreadsheets; a list of requests comes in through the csv crate and is admitted like any request",
    ),
    (
        "tokens",
        "the operator's own file, mode 0600; read into closed types, and a file that cannot be read lets nobody in",
    ),
    ("verdict", "an answer for people and scripts"),
    ("walkthrough", "an answer for people and scripts"),
];

#[test]
fn every_format_read_from_bytes_exists_four_times() {
    let tracked: BTreeSet<String> = tracked().iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    let manifest = read("fuzz/Cargo.toml");
    let mut missing = Vec::new();
    for (name, source, golden, targets) in FORMATS {
        let elsewhere = DESCRIBED_ELSEWHERE.iter().find(|(format, _)| *format == name);
        let page = elsewhere.map_or(format!("docs/spec/{name}.md"), |(_, page)| (*page).to_owned());
        for path in [&page, source, golden] {
            if !tracked.contains(path) || read_size(path) == 0 {
                missing.push(format!("{name}: {path}"));
            }
        }
        for target in targets {
            let file = format!("fuzz/targets/{target}.rs");
            let has_seeds = tracked.iter().any(|path| path.starts_with(&format!("fuzz/seeds/{target}/")));
            if !tracked.contains(&file)
                || !has_seeds
                || !manifest.contains(&format!("path = \"targets/{target}.rs\""))
            {
                missing.push(format!("{name}: {file}, its seeds, its place in fuzz/Cargo.toml"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_page_of_the_spec_is_a_format_that_is_read_or_says_why_not() {
    let pages = tracked().into_iter().filter(|path| path.starts_with("docs/spec"));
    let known = |name: &str| {
        FORMATS.iter().any(|(format, ..)| *format == name)
            || NOT_READ.iter().any(|(format, _)| *format == name)
    };
    let strays: Vec<_> = pages.filter(|page| !known(&page.file_stem().unwrap().to_string_lossy())).collect();
    assert!(strays.is_empty(), "source, fixed bytes and fuzz target of {strays:?}?");
    for (name, _) in NOT_READ {
        assert!(root().join(format!("docs/spec/{name}.md")).is_file(), "{name}");
    }
}

#[test]
fn every_fuzz_target_is_of_a_format() {
    let used: BTreeSet<&str> = FORMATS.iter().flat_map(|(.., targets)| targets.iter().copied()).collect();
    for target in tracked().iter().filter(|path| path.starts_with("fuzz/targets")) {
        let name = target.file_stem().unwrap().to_string_lossy();
        assert!(used.contains(&*name), "{name} is the target of no format");
        assert!(read(target).starts_with("//! "), "{name} does not say what it shows");
    }
}

fn read_size(path: &str) -> u64 {
    std::fs::metadata(root().join(path)).map_or(0, |file| file.len())
}
