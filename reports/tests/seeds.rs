//! The seeds of the fuzz targets (`fuzz/seeds`): real outputs of the product, each accepted by the reader it is for.
//!
//! `AFFIANT_BLESS=1 cargo test -p affiant-reports --test seeds` writes them again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "seeds/reports.rs"]
mod reports;
#[path = "seeds/statements.rs"]
mod statements;
#[path = "forgeries/workshop.rs"]
mod workshop;

use affiant_controls::catalog::ControlCatalog;
use affiant_controls::definition;
use affiant_controls::intake::{Context, Format, ToolRules, parse};
use affiant_controls::set::ControlSet;
use affiant_controls::{PackPeriod, SignerRole};
use affiant_frameworks::framework::Framework;
use affiant_frameworks::gate::GateProfile;
use affiant_frameworks::licensed::LicensedText;
use affiant_frameworks::mapping::MappingSet;
use affiant_ledger::checkpoint::{Checkpoint, LogKeys};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::erasure::{Erasure, Hold};
use affiant_ledger::journal::{decode_segment, segments};
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{Grant, Holder, KeyStatement, Keyring, Names, Role};
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::note::{Note, Verifier, signature_line};
use affiant_ledger::payload::{Payload, StatementSignature};
use affiant_ledger::publish::{Publishing, publish};
use affiant_ledger::reader::Reader;
use affiant_ledger::receipt::Receipt;
use affiant_ledger::record::NoFiling;
use affiant_ledger::settings::Settings;
use affiant_ledger::time::{FixedClock, Timestamp};
use affiant_ledger::{codec, tile};
use affiant_reports::archive::{self, Limits};
use affiant_reports::issue::{Issuer, Signer, issue};
use affiant_reports::pack::NOTE;
use affiant_reports::seal::{self, SealWords};
use affiant_reports::trust::Trust;
use affiant_reports::verify::verify_with;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use workshop::*;

/// Targets, by the name of their folder in `fuzz/seeds`.
const TARGETS: [&str; 21] = [
    "archive",
    "catalog",
    "checkpoint",
    "codec",
    "definition",
    "entry",
    "gate",
    "journal",
    "key",
    "licensed",
    "note",
    "pack",
    "payload",
    "receipt",
    "report",
    "result",
    "sarif",
    "seal",
    "settings",
    "tiles",
    "trust",
];
/// The time of the sealed seed.
const SEALED_AT: &str = "2026-11-24T12:00:00Z";
/// Larger seeds slow the fuzzer down.
const SEED_SIZE_MAX: usize = 160 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Seeds by target and name.
type Seeds = BTreeMap<(&'static str, &'static str), Vec<u8>>;

#[test]
fn every_seed_is_accepted_by_the_reader_it_is_for() {
    let folder = root().join("fuzz/seeds");
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        for ((target, name), bytes) in made() {
            fs::create_dir_all(folder.join(target)).unwrap();
            fs::write(folder.join(target).join(name), bytes).unwrap();
        }
    }
    for target in TARGETS {
        let seeds: Vec<_> =
            fs::read_dir(folder.join(target)).unwrap().map(|item| item.unwrap().path()).collect();
        assert!(!seeds.is_empty(), "{target} has no seed");
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            assert!(bytes.len() <= SEED_SIZE_MAX, "{}: {} bytes", seed.display(), bytes.len());
            let name = seed.file_name().unwrap().to_string_lossy().into_owned();
            accepted(target, &name, &bytes).unwrap_or_else(|error| panic!("{}: {error}", seed.display()));
        }
    }
}

/// Reads a seed as its target does.
fn accepted(target: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
    fn said<T, E: std::fmt::Display>(read: Result<T, E>) -> Result<(), String> {
        read.map(drop).map_err(|error| error.to_string())
    }
    let text = || std::str::from_utf8(bytes).unwrap_or_default();
    match target {
        "archive" => said(archive::read(bytes, &Limits::default())),
        "catalog" => match name {
            "controls.cbor" => said(ControlCatalog::from_bytes(bytes)),
            "controls.yaml" => said(ControlCatalog::from_yaml(text())),
            "framework.cbor" => said(Framework::from_bytes(bytes)),
            "framework.yaml" => said(Framework::from_yaml(text())),
            "mappings.cbor" => said(MappingSet::from_bytes(bytes)),
            "mappings.yaml" => said(MappingSet::from_yaml(text())),
            _ => said(ToolRules::from_bytes(bytes)),
        },
        "checkpoint" if name == "text" => said(Checkpoint::from_text(text())),
        "checkpoint" => said(Checkpoint::open(bytes, ORIGIN, &verifier(ORIGIN, &log_key()))),
        "codec" => said(codec::check(bytes)),
        "definition" if name.ends_with(".json") => said(definition::from_json(bytes, None)),
        "definition" => said(definition::from_yaml(bytes, None)),
        "entry" => said(Entry::from_bytes(bytes)),
        "journal" => {
            let segment = decode_segment(bytes);
            let whole = segment.end == bytes.len() && !segment.records.is_empty();
            if whole { Ok(()) } else { Err("no whole segment".into()) }
        }
        "key" if name == "erasure" => said(Erasure::from_bytes(bytes)),
        "key" if name == "hold" => said(Hold::from_bytes(bytes)),
        "key" => said(KeyStatement::from_bytes(bytes)),
        "note" if name == "vkey" => said(text().parse::<Verifier>()),
        "note" => said(Note::parse(bytes)),
        // Changes to the honest pack: any bytes are some.
        "pack" if name.starts_with("changes") => Ok(()),
        "pack" if judge(bytes).exit_code() == 0 => Ok(()),
        // Issued before packs held keys, or named signers, and kept as they were; reports are drawn otherwise by now.
        "pack" if name.starts_with("honest-without") => {
            let verdict = verify_with(bytes, Some(&trust()), &Limits::default(), None);
            verdict.first_failure().map_or(Ok(()), |failure| Err(format!("{failure:?}")))
        }
        "pack" => Err(format!("{:?}", judge(bytes).first_failure())),
        "payload" => {
            let payload = Payload::from_bytes(bytes).map_err(|error| error.to_string())?;
            statements::accepted(name, &payload)
        }
        "receipt" => said(Receipt::parse(bytes)),
        "report" => {
            let (first, report) = bytes.split_first().unwrap();
            said(results(report, Format::ALL[usize::from(first - b'a')]))
        }
        "result" if name.ends_with(".ndjson") => said(results(bytes, Format::Ndjson)),
        "result" => said(results(bytes, Format::Json)),
        "sarif" => said(results(bytes, Format::Sarif)),
        "seal" => {
            let words = SealWords {
                time: SEALED_AT.parse().unwrap(),
                issuer: ISSUER,
                pack: &"pack-1".parse().unwrap(),
            };
            let target = fs::read_to_string(root().join("fuzz/targets/seal.rs")).unwrap();
            let certificate = sealer().certificate();
            assert!(
                target.contains(&format!("\"{certificate}\"")),
                "the target knows another certificate than {certificate}"
            );
            said(seal::check(bytes, &certificate, &words))
        }
        "settings" => said(Settings::from_toml(text())),
        "tiles" if name == "hashes" => said(tile::split_hashes(bytes)),
        "tiles" if name == "payloads" => said(tile::split_payloads(bytes)),
        "tiles" => said(tile::split_entries(bytes)),
        "gate" => said(GateProfile::from_yaml(text())),
        "licensed" => said(LicensedText::from_yaml(text())),
        "trust" => said(Trust::parse(text())),
        other => Err(format!("no reader for {other}")),
    }
}

fn results(bytes: &[u8], format: Format) -> Result<(), String> {
    let (catalog, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let mut context = Context::new(&catalog, &tools, Timestamp::from_millis(1_795_521_600_000).unwrap());
    context.system = "scoring".parse().ok();
    parse(bytes, format, &context).map(drop).map_err(|error| error.to_string())
}

/// All seeds, from a small ledger, its pack and the fixtures.
fn made() -> Seeds {
    let mut seeds = Seeds::new();
    from_ledger(&mut seeds);
    from_keys_and_erasure(&mut seeds);
    from_pack(&mut seeds);
    from_catalogs(&mut seeds);
    from_submitters(&mut seeds);
    reports::seeds(&mut seeds);
    seeds
}

/// The honest ledger's pack about a period, with a signer beside the issuer, and without its evidence.
fn over_a_period() -> Vec<u8> {
    let mut all = honest().all.clone();
    let name = format!("{ORIGIN}/management").parse().unwrap();
    let signer = Signer { role: SignerRole::Management, name, key: SigningKey::from_seed(&[21; 32]) };
    let (from, to) = (all[0].0.time, all.last().unwrap().0.time);
    let period = PackPeriod { to, from };
    restate_issued(&mut all, |issued| {
        issued.signers = [signer.named()].into();
        issued.withheld = ["evidence:*.txt".parse().unwrap()].into();
        (issued.period, issued.as_of) = (Some(period), period.last());
    });
    let issuer = Issuer { signers: vec![signer], ..issuer() };
    issue(&source(&all), &honest().catalogs, &issuer, &stub).unwrap().bytes
}

fn from_ledger(seeds: &mut Seeds) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let surroundings = Surroundings {
        clock: Arc::new(FixedClock("2026-11-22T00:00:00Z".parse().unwrap())),
        random: |bytes| bytes.fill(7),
        wait: Duration::ZERO,
        ..Surroundings::new(&NoFiling, folder.path().join("heads"))
    };
    let log_keys = LogKeys::new(verifier(ORIGIN, &log_key()));
    let settings = Settings { id: "ledger-1".parse().unwrap(), origin: ORIGIN.into(), log_keys, head: None };
    let mut ledger = Ledger::create(&path, &settings, &log_key(), surroundings).unwrap();
    for (control, summary) in [("LOG-1", "logs are there"), ("LOG-2", "no logs at night"), ("LOG-1", "")] {
        let status = affiant_controls::Status::Passed;
        ledger.append(&[result(STREAM, control, status, summary).draft("local")]).unwrap();
    }
    ledger.close().unwrap();
    let reader = Reader::open(&path).unwrap();
    publish(&reader, &folder.path().join("www"), Publishing::default(), &|_, _| {}).unwrap();
    let www = |name: &str| fs::read(folder.path().join("www").join(name)).unwrap();
    let payload = |index| reader.payload_bytes(index).unwrap().unwrap();
    seeds.insert(("entry", "genesis"), reader.entry_bytes(0).unwrap());
    seeds.insert(("entry", "result"), reader.entry_bytes(2).unwrap());
    seeds.insert(("payload", "genesis"), payload(0));
    seeds.insert(("payload", "result"), payload(2));
    let signature = StatementSignature { key: "ci-main".parse().unwrap(), sig: [9; 64] };
    let signed = Payload { signature: Some(signature), ..Payload::from_bytes(&payload(1)).unwrap() };
    seeds.insert(("payload", "signed"), signed.to_bytes());
    statements::payloads().into_iter().for_each(|(name, bytes)| drop(seeds.insert(("payload", name), bytes)));
    seeds.insert(("codec", "entry"), reader.entry_bytes(1).unwrap());
    seeds.insert(("codec", "payload"), payload(1));
    let every_kind =
        b"\x89\x00\x20\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x41\x00\x61a\x80\xa2\x01\x02\x61a\xf4\xf5\xf6";
    seeds.insert(("codec", "every-kind"), every_kind.to_vec());
    seeds.insert(("checkpoint", "signed"), reader.note().to_vec());
    seeds.insert(("checkpoint", "text"), reader.checkpoint().to_text().into_bytes());
    let text = reader.checkpoint().to_text();
    let second = signature_line(&text, &"affiant.example/witness".parse().unwrap(), &fresh_key());
    seeds.insert(("note", "two-signatures"), [reader.note(), second.as_bytes()].concat());
    seeds.insert(("note", "vkey"), reader.settings().log_keys.first().to_string().into_bytes());
    for (name, index) in [("first", 0), ("last", reader.size() - 1)] {
        seeds.insert(("receipt", name), reader.receipt(index).unwrap().to_bytes());
    }
    let bare = Receipt { extra: None, ..reader.receipt(1).unwrap() };
    seeds.insert(("receipt", "without-entry"), bare.to_bytes());
    let mut journal = fs::read(segments(&affiant_ledger::disk::Disk, &path).unwrap().pop().unwrap()).unwrap();
    let end = decode_segment(&journal).end;
    journal.truncate(end);
    seeds.insert(("journal", "segment"), journal);
    seeds.insert(("tiles", "hashes"), www("tile/0/000.p/4"));
    seeds.insert(("tiles", "entries"), www("tile/entries/000.p/4"));
    let mut bundle = Vec::new();
    (0..reader.size()).for_each(|index| tile::push_payload(&mut bundle, Some(&payload(index))));
    tile::push_payload(&mut bundle, None);
    seeds.insert(("tiles", "payloads"), bundle);
    seeds.insert(("settings", "affiant.toml"), fs::read(path.join("affiant.toml")).unwrap());
    let elsewhere = Settings { head: Some("heads/log1".into()), ..settings };
    seeds.insert(("settings", "with-head.toml"), elsewhere.to_toml().into_bytes());
    let held = Trust { signers: vec![trusted("auditor.example/2026", &fresh_key())], ..trust() };
    seeds.insert(("trust", "trust.keys"), held.to_text("Keys of the example").into_bytes());
}

fn from_keys_and_erasure(seeds: &mut Seeds) {
    let keyring = Keyring::new("ledger-1".parse().unwrap(), verifier(ORIGIN, &log_key()));
    let grant =
        Grant { kinds: Names::of(["result"]).unwrap(), expires: None, streams: Names::of([STREAM]).unwrap() };
    let holder = Holder::Collector("ci-main".parse().unwrap());
    let enrolment = keyring.enrolment(&holder, &fresh_key().verifying_key(), Some(grant));
    let proven = enrolment.proven(Role::Log, &log_key()).proven(Role::New, &fresh_key());
    seeds.insert(("key", "enrol"), proven.to_bytes());
    let rotation = keyring.rotation(&Holder::Log, &fresh_key().verifying_key()).unwrap();
    let proven = rotation.proven(Role::Old, &log_key()).proven(Role::New, &fresh_key());
    seeds.insert(("key", "rotate"), proven.to_bytes());
    let digest = Digest::of(EVIDENCE);
    let erasure = Erasure {
        basis: "GDPR Art. 17(1)(b): consent withdrawn".into(),
        blobs: vec![digest],
        facet: None,
        index: 3,
        payload: digest,
        approver: "Data protection officer".into(),
    };
    seeds.insert(("key", "erasure"), codec::encode(&erasure));
    let hold = Hold {
        by: "Legal".into(),
        id: "case-7".parse().unwrap(),
        reason: "claim pending".into(),
        released: false,
    };
    seeds.insert(("key", "hold"), codec::encode(&hold));
}

fn from_pack(seeds: &mut Seeds) {
    let pack = &honest().pack;
    let opened = Opened::of(pack);
    seeds.insert(("note", "pack"), opened.members[NOTE].clone());
    seeds.insert(("archive", "pack"), pack.clone());
    let members = BTreeMap::from([("a".to_owned(), b"x".to_vec()), ("b/c.txt".to_owned(), Vec::new())]);
    seeds.insert(("archive", "two-members"), archive::write(&members).unwrap());
    seeds.insert(("pack", "honest"), pack.clone());
    seeds.insert(("pack", "period"), over_a_period());
    let words =
        SealWords { time: SEALED_AT.parse().unwrap(), issuer: ISSUER, pack: &"pack-1".parse().unwrap() };
    seeds.insert(("seal", "sealed.pdf"), seal::seal(&stub_of("stub"), &sealer(), &words).unwrap());
    // Member, place, out, in: one change in each member.
    let one_each: Vec<u8> = (0..16).flat_map(|member| [member, 0, 9 * member, 1, 1, b'0']).collect();
    seeds.insert(("pack", "changes-one-each"), one_each);
    seeds.insert(("pack", "changes-cut"), vec![0, 0, 40, 200, 0, 3, 1, 0, 3, 2, b'[', b'"']);
}

fn from_catalogs(seeds: &mut Seeds) {
    let tiny = tiny_catalogs();
    let (controls, mappings) = (&tiny.controls.catalogs()[0], &tiny.mappings.sets()[0]);
    let cbor = [
        ("controls.cbor", controls.to_bytes()),
        ("framework.cbor", tiny.frameworks[0].to_bytes()),
        ("mappings.cbor", mappings.to_bytes()),
        ("tool-rules.cbor", ToolRules::embedded().remove(0).to_bytes()),
    ];
    cbor.into_iter().for_each(|(name, bytes)| drop(seeds.insert(("catalog", name), bytes)));
    // JSON is YAML.
    let yaml = [
        ("controls.yaml", serde_json::to_vec_pretty(controls).unwrap()),
        ("framework.yaml", serde_json::to_vec_pretty(&*tiny.frameworks[0]).unwrap()),
        ("mappings.yaml", serde_json::to_vec_pretty(&**mappings).unwrap()),
    ];
    yaml.into_iter().for_each(|(name, bytes)| drop(seeds.insert(("catalog", name), bytes)));
}

fn from_submitters(seeds: &mut Seeds) {
    let fixture = |name: &str| fs::read(root().join("tests/fixtures").join(name)).unwrap();
    seeds.insert(("sarif", "semgrep.sarif"), fixture("semgrep/semgrep.sarif"));
    seeds.insert(("sarif", "bandit-clean.sarif"), fixture("bandit/bandit-clean.sarif"));
    let rows = String::from_utf8(fixture("demo/results.ndjson")).unwrap();
    let rows: Vec<&str> = rows.lines().take(6).collect();
    seeds.insert(("result", "rows.ndjson"), rows.join("\n").into_bytes());
    seeds.insert(("result", "row.json"), rows[0].as_bytes().to_vec());
    seeds.insert(("result", "results.json"), format!("{{\"results\":[{}]}}", rows.join(",")).into_bytes());
    seeds.insert(("result", "every-field.json"), EVERY_FIELD.as_bytes().to_vec());
    seeds.insert(("definition", "system.yaml"), SYSTEM.as_bytes().to_vec());
    let json = r#"{"system": {"id": "s", "name": "S", "facts": {"profiling": true, "area": ["5-b", 7]}},
        "assets": [{"id": "m", "kind": "model", "name": "M", "retired": true}]}"#;
    seeds.insert(("definition", "system.json"), json.as_bytes().to_vec());
}

const SYSTEM: &str = "\
system:
  id: credit-scoring
  name: Credit scoring
  roles: [provider, deployer]
  risk_classes: [high-risk]
  routes: &routes [annex-iii]
  facts: {profiling: true, annex_iii: [5.b]}
  placed_on_market: 2025-03-01
assets:
- {id: scoring-model, kind: model, name: Scoring model, version: 3.2.0}
- id: training-data
  kind: dataset
  name: |
    Training data
";

const EVERY_FIELD: &str = r#"{"id":"r-1","control":"AFF-EXP-11","asset":"model","status":"non-compliant","summary":"AUC below 0.8",
"run":{"examined":1200,"skipped":1,"errors":0,"complete":true,"exit_code":-1},"details":"two\nlines","method":"TEST",
"source":{"query":"q","system":"s","account":"a"},"collector":{"name":"ci","version":"1.2","run":"job 7"},
"checks":[{"rule":"bandit:B301","status":"failed","message":"m","pointer":"/runs/0","location":"a.py:1","severity":"high"}],
"evidence":[{"name":"log.txt","size":27,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","media_type":"text/plain"}],
"measures":[{"name":"auc","value":"0.79","direction":"at-least","threshold":"0.8","n":1200,"unit":"1"}],
"population":{"size":10,"failed":1,"tested":10,"definition":"all"},"valid_until":"2027-01-01T00:00:00Z",
"observed_from":"2026-11-01T00:00:00Z","observed_to":"2026-11-20T10:00:00+01:00","collected_at":"2026-11-20T10:00:01Z"}"#;
