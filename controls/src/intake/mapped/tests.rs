use super::*;
use crate::intake::{Context, Format, Parsed, ToolRules, parse};
use crate::{ControlSet, Severity, TimeSource};

const MAP: &str = "map: 1
tool: acme-scan
format: json
rows: /run/findings
lists: everything
fields: {rule: /check/id, status: [/outcome, /state], severity: /level, message: /title, location: /file, line: /at,
  asset: /model, digest: /sha, time: /seen, suppressed: /muted}
status: {fine: passed, bad: failed}
severity: {blocker: critical}
document: {version: /meta/version}
rules:
- {rule: 'A*', controls: [AFF-EXP-13], rationale: loads models}
- {rule: 'S1', controls: [AFF-INF-04], rationale: finds keys, secret: true}
";

const REPORT: &str = r#"{"meta": {"version": "7.1", "n": 12345678901234567890},
 "run": {"findings": [
  {"check": {"id": "A1"}, "outcome": "fine", "title": "ok", "seen": "2026-11-20T00:00:00Z", "model": "bot"},
  {"check": {"id": "A2"}, "state": "bad", "level": "blocker", "title": "bad \u001b[31m", "file": "m.py", "at": 7, "model": "bot"},
  {"check": {"id": "S1"}, "outcome": "green", "title": "key AKIA1234"},
  {"check": {"id": "Z9"}, "outcome": "bad"}
 ]}}"#;

fn read_with(map: &str, text: &str) -> Result<Parsed, IntakeError> {
    let controls = ControlSet::embedded();
    let mapping = Mapping::from_yaml(map, &controls).unwrap();
    let mut tools = ToolRules::embedded();
    tools.extend(mapping.rules().cloned());
    let mut context = Context::new(&controls, &tools, "2026-11-26T00:00:00Z".parse().unwrap());
    context.system = Some("support-bot".parse().unwrap());
    context.map = Some(&mapping);
    parse(text.as_bytes(), Format::Mapped, &context)
}

fn wrong(map: &str) -> String {
    Mapping::from_yaml(map, &ControlSet::embedded()).expect_err(map)
}

#[test]
fn fields_and_words_are_read_as_the_mapping_says() {
    let parsed = read_with(MAP, REPORT).unwrap();
    let [code, keys] = parsed.results.as_slice() else { panic!("{:#?}", parsed.results) };
    assert_eq!(
        (code.control.as_str(), code.status, code.asset.as_ref().map(|a| a.as_str())),
        ("AFF-EXP-13", Status::Failed, Some("bot"))
    );
    assert_eq!((code.collector.name.as_str(), code.collector.version.as_deref()), ("acme-scan", Some("7.1")));
    assert_eq!(code.time_source, TimeSource::Report);
    assert_eq!(code.summary, "1 of 2 passed, 1 failed: acme-scan:A2 (1)");
    let check = &code.checks[1];
    assert_eq!((check.severity, check.location.as_deref()), (Some(Severity::Critical), Some("m.py:7")));
    assert_eq!(check.message, "bad \\u{1b}[31m");
    assert_eq!(check.pointer, "/run/findings/1");
    assert_eq!(
        (keys.status, keys.raw_status.as_deref()),
        (Status::Unknown, Some("green")),
        "a word nobody knows"
    );
    assert!(keys.flags.contains("redacted") && !keys.checks[0].message.contains("AKIA"));
    assert_eq!(parsed.unmapped, [("acme-scan:Z9".to_owned(), 1)].into());
    assert_eq!(code.evidence[0].media_type, "application/json");
    assert_eq!(code.importer.as_deref(), Some("map/1"));
}

#[test]
fn an_empty_list_shows_nothing_and_a_missing_one_is_refused() {
    let parsed = read_with(MAP, r#"{"run": {"findings": []}}"#).unwrap();
    assert!(!parsed.results.is_empty());
    assert!(parsed.results.iter().all(|result| result.status == Status::NotRun));
    let missing = read_with(MAP, r#"{"run": {"finding": [1]}}"#).expect_err("no list");
    assert_eq!(missing.to_string(), "line 1: there is no list at `/run/findings`");
}

#[test]
fn findings_pass_by_absence_only_when_the_report_says_what_was_examined() {
    let findings = MAP.replace("everything", "findings").replace("status: [/outcome, /state], ", "");
    let with =
        findings.replace("{version: /meta/version}", "{version: /meta/version, examined: /meta/files}");
    let clean = r#"{"meta": {"files": 3}, "run": {"findings": []}}"#;
    let statuses = |map: &str| -> Vec<Status> {
        read_with(map, clean).unwrap().results.into_iter().map(|result| result.status).collect()
    };
    assert_eq!(statuses(&with), [Status::Passed, Status::Passed]);
    assert_eq!(statuses(&findings), [Status::NotRun, Status::NotRun]);
    let none =
        read_with(&with, r#"{"meta": {"files": "many"}, "run": {"findings": []}}"#).expect_err("no number");
    assert_eq!(
        none.to_string(),
        "line 1, field `document.examined`: a whole number was expected, found `many`"
    );
}

#[test]
fn lines_and_columns_are_rows_too() {
    let ndjson = MAP
        .replace("format: json\nrows: /run/findings", "format: ndjson")
        .replace("document: {version: /meta/version}\n", "");
    let text = "\n{\"check\": {\"id\": \"A1\"}, \"outcome\": \"fine\"}\n{\"check\": {\"id\": \"A2\"}, \"outcome\": \"bad\"}\n";
    let parsed = read_with(&ndjson, text).unwrap();
    assert_eq!(parsed.results[0].summary, "1 of 2 passed, 1 failed: acme-scan:A2 (1)");
    assert_eq!(parsed.results[0].checks[1].pointer, "line 3");
    assert!(read_with(&ndjson, "{\"a\":1,\"a\":2}").expect_err("twice").to_string().starts_with("line 1"));
    let csv = "map: 1\ntool: acme-scan\nformat: csv\nlists: everything\nfields: {rule: Check, status: Result, message: Text}\n\
        rules:\n- {rule: '*', controls: [AFF-EXP-13], rationale: loads models}\n";
    let parsed = read_with(csv, "\u{feff}Check;Result;Text\nA1;PASS;\"a;b\"\nA2;FAIL;c\n").unwrap();
    assert_eq!(parsed.results[0].checks[0].message, "a;b");
    assert_eq!(parsed.results[0].status, Status::Failed);
    let missing = read_with(csv, "Check;Outcome\nA1;PASS\n").expect_err("no column").to_string();
    assert_eq!(missing, "line 1: field `Result` is missing");
}

#[test]
fn what_is_wrong_with_a_row_is_said_with_its_line() {
    let bad = REPORT.replace("\"model\": \"bot\"", "\"model\": \"Not an id\"");
    let fault = read_with(MAP, &bad).expect_err("no id").to_string();
    assert!(fault.starts_with("line 3, field `asset`:"), "{fault}");
    let bad = REPORT.replace("\"level\"", "\"sha\": \"12\", \"level\"");
    let fault = read_with(MAP, &bad).expect_err("no digest").to_string();
    assert_eq!(fault, "line 4, field `digest`: a SHA-256 in hexadecimal was expected, found `12`");
}

#[test]
fn a_mapping_that_cannot_be_right_is_refused() {
    assert!(wrong(&MAP.replace("map: 1", "map: 2")).contains("version 2"));
    assert!(wrong(&MAP.replace("rows: /run", "rows: run")).contains("no JSON Pointer"));
    assert!(wrong(&MAP.replace("rule: /check/id", "rule: check")).contains("no JSON Pointer"));
    assert!(wrong(&MAP.replace("AFF-EXP-13", "AFF-EXP-99")).contains("AFF-EXP-99"));
    assert!(wrong(&MAP.replace("status: [/outcome, /state], ", "")).contains("need a `status`"));
    assert!(wrong(&MAP.replace("fields:", "feilds:")).contains("feilds"));
    assert!(wrong(&MAP.replace("bad: failed", "bad: waived")).contains("waived"));
    assert!(wrong(&MAP.replace("format: json", "format: csv")).contains("rows"));
}

#[test]
fn no_row_borrows_the_freshness_of_another_controls() {
    let two = MAP.replace("controls: [AFF-INF-04]", "controls: [AFF-EXP-01]");
    let report = r#"{"run": {"findings": [
        {"check": {"id": "A1"}, "outcome": "fine", "seen": "2026-11-20T00:00:00Z"},
        {"check": {"id": "S1"}, "outcome": "fine", "seen": "2026-01-02T00:00:00Z"},
        {"check": {"id": "S1"}, "outcome": "fine", "seen": "last week"}]}}"#;
    let parsed = read_with(&two, report).unwrap();
    let seen = |control: &str| {
        let result = parsed.results.iter().find(|result| result.control == *control).unwrap();
        (result.observed_to.to_string(), result.flags.contains("time-unreadable"))
    };
    assert_eq!(seen("AFF-EXP-13"), ("2026-11-20T00:00:00Z".to_owned(), false));
    assert_eq!(seen("AFF-EXP-01"), ("2026-01-02T00:00:00Z".to_owned(), true));
}
