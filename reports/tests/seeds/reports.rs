//! Seeds of the target `report`: a letter for the format, then a report of it, produced by its tool or small and made up.

use super::{Seeds, root};
use affiant_controls::intake::Format;
use std::fs;

/// Name, format, and the fixture or the report itself.
const SEEDS: [(&str, Format, &str); 23] = [
    ("bandit", Format::Bandit, "bandit/bandit.json"),
    ("junit", Format::Junit, "junit/pytest.xml"),
    ("checkov", Format::Checkov, "checkov/checkov-parse-error.json"),
    ("semgrep", Format::Semgrep, "semgrep/semgrep.json"),
    ("pip-audit", Format::PipAudit, "pip-audit/pip-audit.json"),
    ("modelscan", Format::Modelscan, "modelscan/dir.json"),
    ("modelscan-nothing", Format::Modelscan, "modelscan/benign.safetensors.json"),
    ("garak", Format::Garak, "garak/test-fail.report.jsonl"),
    ("garak-nothing", Format::Garak, "garak/probes-failed-to-load.report.jsonl"),
    ("promptfoo", Format::Promptfoo, "promptfoo/results.json"),
    ("inspect", Format::Inspect, "inspect/refusal.json"),
    ("inspect-eval", Format::InspectEval, "inspect/refusal.eval"),
    ("great-expectations", Format::GreatExpectations, "great-expectations/validation.json"),
    ("checkpoint", Format::GreatExpectations, "great-expectations/checkpoint-boolean-only.json"),
    ("fairlearn", Format::Metrics, "fairlearn/summary.json"),
    ("cyclonedx", Format::CycloneDx, "pip-audit/pip-audit.cdx.json"),
    ("in-toto", Format::InToto, "in-toto/multiple.intoto.jsonl"),
    (
        "metrics",
        Format::Metrics,
        r#"{"tool":"t","metrics":[{"name":"m","value":0.91,"n":9,"direction":"at-least","threshold":"0.9","control":"AFF-EXP-11"}]}"#,
    ),
    (
        "ocsf",
        Format::Ocsf,
        r#"[{"class_uid":2004,"metadata":{"version":"1.4.0","event_code":"kms_cmk_rotation_enabled","product":{"name":"Prowler","version":"5.4.0"}},"status":"New","status_code":"FAIL","severity_id":3,"time":1795312000,"resources":[{"uid":"arn:x"}]}]"#,
    ),
    (
        "vex",
        Format::CycloneDx,
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{"id":"CVE-2026-1","affects":[{"ref":"a"}],"analysis":{"state":"not_affected","justification":"code_not_reachable"}}]}"#,
    ),
    (
        "oscal-ar",
        Format::OscalAr,
        r#"{"assessment-results":{"metadata":{"oscal-version":"1.1.2"},"results":[{"start":"2026-11-20T08:31:20-04:00","findings":[{"uuid":"f","target":{"target-id":"AFF-DAT-04","status":{"state":"satisfied"}}}]}]}}"#,
    ),
    (
        "hdf",
        Format::Hdf,
        r#"{"platform":{"target_id":"t"},"profiles":[{"name":"b","controls":[{"id":"AFF-INF-02","impact":0.7,"results":[{"status":"passed"}]}]}]}"#,
    ),
    (
        "gemara",
        Format::Gemara,
        "metadata:\n  type: EvaluationLog\n  gemara-version: \"1.1.0\"\nevaluations:\n- result: Passed\n  assessment-logs:\n  - requirement: {entry-id: AFF-EXP-13}\n    result: Passed\n",
    ),
];

/// Adds them.
pub(super) fn seeds(seeds: &mut Seeds) {
    for (name, format, report) in SEEDS {
        let path = root().join("tests/fixtures/intake").join(report);
        let made_up = report.starts_with(['{', '[']) || report.contains('\n');
        let report = if made_up { report.as_bytes().to_vec() } else { fs::read(path).unwrap() };
        let place = Format::ALL.iter().position(|each| *each == format).unwrap();
        seeds.insert(("report", name), [&[b'a' + u8::try_from(place).unwrap()], report.as_slice()].concat());
    }
}
