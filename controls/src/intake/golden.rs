//! What real reports of tools come to: each fixture in tests/fixtures/intake beside a text of what was read from it, which a
//! reader can check against the report. With `AFFIANT_BLESS=1` the texts are written instead of compared.

use super::{Context, Explained, Format, Parsed, ToolRules, detect, parse};
use crate::control::ControlId;
use crate::result::{ControlResult, Run};
use crate::status::Status;
use crate::{AdmitContext, ControlSet, admit};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What the submitter says beside a fixture.
#[derive(Default)]
struct Beside {
    /// The control that it is about, where its rules are the user's own.
    about: Option<&'static str>,
    examined: Option<u64>,
}

const NOTHING: Beside = Beside { about: None, examined: None };

/// Only the control that a fixture is about.
const fn about(control: &'static str) -> Beside {
    Beside { about: Some(control), examined: None }
}

/// Fixture, format, and what is said beside it. A fixture may stand here more than once.
const FIXTURES: &[(&str, Format, Beside)] = &[
    ("bandit/bandit.json", Format::Bandit, NOTHING),
    ("bandit/bandit-ignore-nosec.json", Format::Bandit, NOTHING),
    ("junit/pytest.xml", Format::Junit, NOTHING),
    ("junit/pytest.xml", Format::Junit, about("AFF-THR-01")),
    ("junit/checkov.xml", Format::Junit, about("AFF-INF-01")),
    ("checkov/checkov-quiet.json", Format::Checkov, NOTHING),
    ("checkov/checkov-empty-dir.json", Format::Checkov, NOTHING),
    ("checkov/checkov-parse-error.json", Format::Checkov, NOTHING),
    ("semgrep/semgrep.json", Format::Semgrep, NOTHING),
    ("pip-audit/pip-audit.json", Format::PipAudit, NOTHING),
    ("pip-audit/pip-audit-all-skipped.json", Format::PipAudit, NOTHING),
    ("modelscan/benign.pkl.json", Format::Modelscan, NOTHING),
    ("modelscan/benign.safetensors.json", Format::Modelscan, NOTHING),
    ("modelscan/dir.json", Format::Modelscan, NOTHING),
    ("modelscan/truncated.pkl.json", Format::Modelscan, NOTHING),
    ("garak/test-blank-pass.report.jsonl", Format::Garak, about("AFF-THR-01")),
    ("garak/test-fail.report.jsonl", Format::Garak, about("AFF-THR-01")),
    ("garak/probes-failed-to-load.report.jsonl", Format::Garak, NOTHING),
    ("promptfoo/results.json", Format::Promptfoo, about("AFF-THR-01")),
    ("inspect/refusal.json", Format::Inspect, about("AFF-THR-01")),
    ("inspect/refusal.eval", Format::InspectEval, about("AFF-THR-01")),
    ("great-expectations/validation.json", Format::GreatExpectations, NOTHING),
    ("great-expectations/checkpoint-boolean-only.json", Format::GreatExpectations, NOTHING),
    ("fairlearn/summary.json", Format::Metrics, NOTHING),
    ("pip-audit/pip-audit.cdx.json", Format::CycloneDx, NOTHING),
    ("pip-audit/pip-audit-all-skipped.cdx.json", Format::CycloneDx, NOTHING),
    ("in-toto/test-result.dsse.json", Format::InToto, about("AFF-THR-01")),
    ("in-toto/multiple.intoto.jsonl", Format::InToto, NOTHING),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/intake")
}

fn read(name: &str, beside: &Beside) -> (Option<Format>, Parsed) {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let now = "2026-11-26T00:00:00Z".parse().unwrap();
    let bytes = std::fs::read(folder().join(name)).unwrap();
    let format = detect(&bytes, name);
    let run = beside.examined.map(|examined| Run {
        errors: 0,
        skipped: 0,
        complete: true,
        examined,
        exit_code: Some(0),
    });
    let context = Context {
        system: Some("support-bot".parse().unwrap()),
        about: beside.about.iter().map(|control| control.parse().unwrap()).collect(),
        explain: true,
        run,
        name,
        ..Context::new(&controls, &tools, now)
    };
    let mut parsed = parse(&bytes, format.unwrap(), &context).unwrap();
    let gate = AdmitContext { controls: &controls, now, assets: None };
    parsed.results = parsed.results.into_iter().map(|result| admit(result, &gate).unwrap()).collect();
    (format, parsed)
}

fn row(row: &Explained) -> String {
    let status = row.status.map_or("-", |status| status.as_str());
    let controls: Vec<&str> = row.controls.iter().map(|control| control.as_str()).collect();
    let controls = if controls.is_empty() { "no control".to_owned() } else { controls.join(", ") };
    format!("{}  {}  {} -> {status}  {controls}: {}", row.pointer, row.rule, row.word, row.why)
}

fn result(result: &ControlResult) -> String {
    let mut text = format!("{} {:?} on {}\n", result.control, result.status, result.observed_to);
    let run = result.run.as_ref().map(|run| {
        let complete = if run.complete { "" } else { ", broke off" };
        format!("examined {}, skipped {}, errors {}{complete}", run.examined, run.skipped, run.errors)
    });
    let flags: Vec<&str> = result.flags.iter().map(String::as_str).collect();
    let subject = result.subject.as_ref().map(|subject| subject.digest.to_string());
    let lines = [
        ("summary", Some(result.summary.clone())),
        (
            "by",
            Some(format!("{} {}", result.collector.name, result.collector.version.as_deref().unwrap_or("?"))),
        ),
        ("basis", Some(format!("{:?}, time from {:?}", result.basis, result.time_source))),
        ("run", run),
        ("flags", (!flags.is_empty()).then(|| flags.join(", "))),
        ("asset", result.asset.as_ref().map(ToString::to_string)),
        ("subject", subject),
        ("word", result.raw_status.clone()),
        ("until", result.valid_until.map(|until| until.to_string())),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name}: {value}");
        }
    }
    for measure in &result.measures {
        let n = measure.n.map(|n| format!(" of {n}")).unwrap_or_default();
        let held = measure
            .threshold
            .as_ref()
            .map(|to| format!(", {:?} {to}", measure.direction))
            .unwrap_or_default();
        let _ = writeln!(text, "  measure: {} {}{n}{held}", measure.name, measure.value);
    }
    for check in &result.checks {
        let at = check.location.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
        let suppressed = if check.suppressed { ", suppressed" } else { "" };
        let severity = check.severity.map(|severity| format!(", {}", severity.as_str())).unwrap_or_default();
        let _ = writeln!(
            text,
            "  check: {} {}{severity}{suppressed}{at}: {}",
            check.rule, check.status, check.message
        );
    }
    text
}

fn in_words(format: Format, beside: &Beside, parsed: &Parsed) -> String {
    let mut text = format!("Taken for {}, read by {}.\n", format.title(), format.importer().unwrap_or("-"));
    if let Some(control) = beside.about {
        let _ = writeln!(text, "The submitter says that it is about {control}.");
    }
    if let Some(examined) = beside.examined {
        let _ = writeln!(text, "The submitter says that {examined} were examined.");
    }
    text.push_str("\nRows\n");
    parsed.explained.iter().for_each(|explained| text.push_str(&format!("{}\n", row(explained))));
    text.push_str("\nResults\n");
    parsed.results.iter().for_each(|found| text.push_str(&result(found)));
    text
}

#[test]
fn reports_of_real_tools_come_to_what_stands_beside_them() {
    let bless = std::env::var_os("AFFIANT_BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, format, beside) in FIXTURES {
        let (found, parsed) = read(name, beside);
        assert_eq!(found, Some(*format), "{name} is taken for another format");
        let again = if beside.about.is_some() { ".about" } else { "" };
        let again = if beside.examined.is_some() { ".examined" } else { again };
        let path = folder().join(format!("{name}{again}.expected.txt"));
        let text = in_words(*format, beside, &parsed);
        if bless {
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "read the difference, then run with AFFIANT_BLESS=1: {wrong:#?}");
}

/// The controls that pass, once admitted; of bytes that are refused none.
fn passing(bytes: &[u8], format: Format, context: &Context<'_>) -> BTreeSet<ControlId> {
    let gate = AdmitContext { controls: context.controls, now: context.now, assets: None };
    let results = parse(bytes, format, context).map(|parsed| parsed.results).unwrap_or_default();
    let admitted = results.into_iter().filter_map(|result| admit(result, &gate).ok());
    admitted.filter(|result| result.status == Status::Passed).map(|result| result.control).collect()
}

/// Many a cut and changed byte of every fixture: an error or results, never a panic; and of a report that was cut nothing
/// passes that does not pass of the whole.
#[test]
fn a_report_that_was_cut_passes_nothing_that_the_whole_one_does_not() {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let now = "2026-11-26T00:00:00Z".parse().unwrap();
    for (name, format, beside) in FIXTURES {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let context = Context {
            system: Some("support-bot".parse().unwrap()),
            about: beside.about.iter().map(|control| control.parse().unwrap()).collect(),
            ..Context::new(&controls, &tools, now)
        };
        let whole = passing(&bytes, *format, &context);
        let step = (bytes.len() / 64).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let passes = passing(&bytes[..cut], *format, &context);
            assert!(passes.is_subset(&whole), "{name} cut at {cut}: {passes:?}");
            let mut changed = bytes.clone();
            changed[cut] ^= 0x01;
            let _ = passing(&changed, *format, &context);
        }
    }
}
