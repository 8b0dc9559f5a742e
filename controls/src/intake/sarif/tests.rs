use super::*;
use crate::control::Severity;
use crate::intake::group::CHECKS_KEPT;
use crate::intake::{Context, Format, Parsed, ToolRules, parse};
use crate::result::{Basis, ControlResult, Run};
use crate::{AdmitContext, ControlSet, Status, TimeSource, admit};
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use serde_json::{Value, json};

/// What every test needs, and a way to say more.
struct Bench {
    controls: ControlSet,
    tools: Vec<ToolRules>,
}

fn bench() -> Bench {
    Bench { controls: ControlSet::embedded(), tools: ToolRules::embedded() }
}

impl Bench {
    fn context(&self) -> Context<'_> {
        let now: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let mut context = Context::new(&self.controls, &self.tools, now);
        context.system = Some("credit-scoring".parse().unwrap());
        context.name = "out/report.sarif";
        context
    }

    /// Reads and admits, as a push would.
    fn read(&self, bytes: &[u8], context: &Context<'_>) -> Parsed {
        let mut parsed = parse(bytes, Format::Sarif, context).unwrap();
        let gate = AdmitContext { controls: &self.controls, now: context.now, assets: None };
        parsed.results = parsed.results.into_iter().map(|result| admit(result, &gate).unwrap()).collect();
        parsed
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    std::fs::read(root.join(name)).unwrap()
}

fn of<'a>(parsed: &'a Parsed, control: &str) -> &'a ControlResult {
    let found = parsed.results.iter().find(|result| result.control == *control);
    found.unwrap_or_else(|| panic!("no result for {control}"))
}

fn statuses(parsed: &Parsed) -> Vec<(&str, Status)> {
    parsed.results.iter().map(|result| (result.control.as_str(), result.status)).collect()
}

fn manifest(examined: u64) -> Run {
    Run { errors: 0, skipped: 0, complete: true, examined, exit_code: Some(0) }
}

/// A report of one Bandit run.
fn report(run: Value) -> Vec<u8> {
    let mut whole = json!({"tool": {"driver": {"name": "Bandit", "version": "1.9.4"}}, "results": []});
    for (key, value) in run.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::to_vec(&json!({"version": "2.1.0", "runs": [whole]})).unwrap()
}

fn finding(rule: &str) -> Value {
    json!({"ruleId": rule, "message": {"text": "a finding"}, "locations": [{"physicalLocation": {
        "artifactLocation": {"uri": "app/a.py"}, "region": {"startLine": 3, "snippet": {"text": "x = load( y )"}}}}]})
}

#[test]
fn bandit_findings_become_one_failed_result_per_control() {
    let bench = bench();
    let bytes = fixture("bandit/bandit.sarif");
    let parsed = bench.read(&bytes, &bench.context());
    let expected = [
        ("AFF-DAT-08", Status::Failed),
        ("AFF-EXP-01", Status::Failed),
        ("AFF-EXP-13", Status::Failed),
        ("AFF-INF-02", Status::NotRun),
        ("AFF-INF-04", Status::Failed),
        ("AFF-THR-13", Status::Failed),
    ];
    let found = statuses(&parsed);
    for pair in expected.iter().filter(|(control, _)| *control != "AFF-INF-02") {
        assert!(found.contains(pair), "{pair:?} in {found:?}");
    }
    assert_eq!(parsed.unmapped, [("bandit:B101".to_owned(), 1)].into());

    let code = of(&parsed, "AFF-EXP-13");
    assert_eq!(code.collector.name, "bandit");
    assert_eq!(code.collector.version.as_deref(), Some("1.9.4"));
    assert_eq!(code.observed_to.to_string(), "2026-11-22T03:46:05Z");
    assert_eq!(code.time_source, TimeSource::Report);
    let pickle = code.checks.iter().find(|check| check.rule == "bandit:B301").unwrap();
    assert_eq!(pickle.pointer, "/runs/0/results/2");
    assert_eq!(pickle.severity, Some(Severity::Medium), "no level: the default is warning");
    assert!(pickle.location.as_deref().unwrap().starts_with("app/agent.py:"));
    let evidence = &code.evidence[0];
    assert_eq!((evidence.sha256, evidence.size), (Digest::of(&bytes), bytes.len() as u64));
    assert_eq!((evidence.name.as_str(), evidence.media_type.as_str()), ("report.sarif", MEDIA_TYPE));
}

#[test]
fn secrets_and_quoted_code_never_reach_the_record() {
    let bench = bench();
    let parsed = bench.read(&fixture("bandit/bandit.sarif"), &bench.context());
    let secrets = of(&parsed, "AFF-INF-04");
    assert_eq!(secrets.checks.len(), 2);
    assert!(secrets.flags.contains("redacted"));
    for result in &parsed.results {
        let json = serde_json::to_string(result).unwrap();
        for secret in ["wJalrXUtnFEMI", "correct-horse", "pickle.load(", "import pickle", "shell=True)"] {
            assert!(!json.contains(secret), "{secret} in {json}");
        }
    }
}

#[test]
fn a_clean_report_gives_no_pass_without_a_run_manifest() {
    let bench = bench();
    let parsed = bench.read(&fixture("bandit/bandit-clean.sarif"), &bench.context());
    assert!(!parsed.results.is_empty());
    for result in &parsed.results {
        assert_eq!(result.status, Status::NotRun, "{}", result.control);
        assert_eq!(result.basis, Basis::Absence);
        assert!(result.flags.contains("no-run-manifest"), "{}", result.control);
    }
}

#[test]
fn with_a_run_manifest_absence_passes_only_controls_tested_in_the_tools_way() {
    let bench = bench();
    let mut context = bench.context();
    context.run = Some(manifest(12));
    let parsed = bench.read(&fixture("bandit/bandit-clean.sarif"), &context);
    let expected =
        [("AFF-EXP-13", Status::Passed), ("AFF-INF-04", Status::Passed), ("AFF-THR-13", Status::Passed)];
    assert_eq!(statuses(&parsed), expected);
    assert_eq!(of(&parsed, "AFF-EXP-13").summary, "bandit examined 12 items and found nothing");
}

#[test]
fn a_run_manifest_that_examined_nothing_or_broke_off_passes_nothing() {
    let bench = bench();
    let clean = fixture("bandit/bandit-clean.sarif");
    let cases = [
        (manifest(0), Status::NotRun),
        (Run { complete: false, ..manifest(9) }, Status::Unknown),
        (Run { errors: 1, ..manifest(9) }, Status::Unknown),
        (Run { skipped: 1, ..manifest(9) }, Status::NeedsReview),
    ];
    for (run, status) in cases {
        let mut context = bench.context();
        context.run = Some(run.clone());
        let parsed = bench.read(&clean, &context);
        assert!(parsed.results.iter().all(|result| result.status == status), "{run:?}");
    }
}

#[test]
fn a_run_that_broke_makes_every_mapped_control_unknown_at_best() {
    let bench = bench();
    let mut context = bench.context();
    context.run = Some(manifest(9));
    let broken = [
        json!({"invocations": [{"executionSuccessful": false}]}),
        json!({"invocations": [{"executionSuccessful": true,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": "x"}}]}]}),
    ];
    for run in broken {
        let mut run = run;
        let parsed = bench.read(&report(run.clone()), &context);
        assert_eq!(parsed.results.len(), bench.tools[0].controls().len());
        assert!(parsed.results.iter().all(|result| result.status == Status::Unknown));
        run["results"] = json!([finding("B105")]);
        let parsed = bench.read(&report(run), &context);
        assert_eq!(of(&parsed, "AFF-INF-04").status, Status::Failed);
        assert!(of(&parsed, "AFF-INF-04").flags.contains("execution-failed"));
    }
}

#[test]
fn a_report_without_a_results_list_shows_no_absence() {
    let bench = bench();
    let mut context = bench.context();
    context.run = Some(manifest(9));
    let parsed = bench.read(&report(json!({"results": null})), &context);
    assert!(!parsed.results.is_empty());
    assert!(parsed.results.iter().all(|r| r.status == Status::NotRun && r.flags.contains("no-results")));
}

#[test]
fn a_suppressed_finding_still_fails_and_is_marked() {
    let bench = bench();
    let mut suppressed = finding("B301");
    suppressed["suppressions"] = json!([{"kind": "inSource", "justification": "fine"}]);
    let parsed = bench.read(&report(json!({"results": [suppressed]})), &bench.context());
    let result = of(&parsed, "AFF-EXP-13");
    assert_eq!((result.status, result.checks[0].suppressed), (Status::Failed, true));
    assert!(result.flags.contains("suppressed"));
    let checkov = bench.read(&fixture("checkov/checkov-quiet.sarif"), &bench.context());
    let marked = checkov.results.iter().flat_map(|r| &r.checks).filter(|check| check.suppressed).count();
    assert!(marked > 0);
}

#[test]
fn kinds_say_what_the_specification_says() {
    let bench = bench();
    let cases = [
        ("pass", Some(Status::Passed)),
        ("notApplicable", Some(Status::NotApplicable)),
        ("review", Some(Status::NeedsReview)),
        ("open", Some(Status::NotRun)),
        ("fail", Some(Status::Failed)),
        ("brandNew", Some(Status::Unknown)),
        ("informational", None),
    ];
    for (kind, status) in cases {
        let mut found = finding("B301");
        found["kind"] = json!(kind);
        let parsed = bench.read(&report(json!({"results": [found]})), &bench.context());
        let result = parsed.results.iter().find(|result| result.control == *"AFF-EXP-01");
        assert_eq!(result.map(|result| result.status), status, "{kind}");
    }
}

#[test]
fn the_worst_of_several_kinds_wins() {
    let bench = bench();
    let kinds = ["pass", "review", "informational"];
    let found: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            let mut found = finding("B301");
            found["kind"] = json!(kind);
            found
        })
        .collect();
    let parsed = bench.read(&report(json!({"results": found})), &bench.context());
    assert_eq!(of(&parsed, "AFF-EXP-01").status, Status::NeedsReview);
}

#[test]
fn levels_are_inherited_from_the_rule_then_warning() {
    let bench = bench();
    let bytes = fixture("semgrep/semgrep.sarif");
    let parsed = bench.read(&bytes, &bench.context());
    let severities: Vec<_> = parsed
        .results
        .iter()
        .flat_map(|result| &result.checks)
        .map(|check| (check.rule.as_str(), check.severity))
        .collect();
    assert!(severities.contains(&("semgrep:policy.ai.unsafe-model-load", Some(Severity::High))));
    assert!(severities.contains(&("semgrep:policy.ai.tls-verify-off", Some(Severity::Low))));
    assert!(severities.contains(&("semgrep:policy.ai.agent-shell-tool", Some(Severity::Medium))));
    assert!(parsed.unmapped.is_empty(), "rule ids match by their last segments");
    assert!(parsed.results.iter().all(|result| result.time_source == TimeSource::Ingest));
}

#[test]
fn a_rule_that_semgrep_did_not_list_is_not_passed_by_absence() {
    let bench = bench();
    let mut context = bench.context();
    context.run = Some(manifest(3));
    let parsed = bench.read(&fixture("semgrep/semgrep.sarif"), &context);
    assert!(parsed.results.iter().all(|result| result.status == Status::Failed), "{:?}", statuses(&parsed));
    assert!(parsed.results.iter().all(|result| result.control != *"AFF-INF-04"), "no secret rule ran");
}

#[test]
fn where_nobody_says_which_rules_ran_absence_passes_nothing() {
    // Checkov lists the rules that found something. Those for other kinds of files looked at nothing.
    let mut bench = bench();
    let clean = report(json!({"tool": {"driver": {"name": "checkov"}}, "results": []}));
    let read = |bench: &Bench| {
        let mut context = bench.context();
        context.run = Some(manifest(12));
        bench.read(&clean, &context)
    };
    let parsed = read(&bench);
    assert!(parsed.results.len() > 3, "{:?}", statuses(&parsed));
    for result in &parsed.results {
        assert_eq!((result.status, result.basis), (Status::NotRun, Basis::Absence), "{}", result.control);
        assert!(result.flags.contains("no-rule-list"), "{:?}", result.flags);
    }
    // The submitter says that these rules ran, and answers for it with a file that is cited.
    let own = "{id: checkov, version: '1', title: Checkov, drivers: [checkov], matching: exact, lists: every,
        checks: [config-scan], rules: [{rule: CKV_AWS_5, controls: [AFF-DAT-08], rationale: encryption at rest}]}";
    bench.tools.insert(0, ToolRules::from_yaml(own, &bench.controls).unwrap());
    assert_eq!(statuses(&read(&bench)), [("AFF-DAT-08", Status::Passed)]);
}

#[test]
fn a_finding_keeps_its_fingerprint_when_it_moves_and_loses_it_when_it_changes() {
    let bench = bench();
    let print = |found: Value| {
        let parsed = bench.read(&report(json!({"results": [found]})), &bench.context());
        of(&parsed, "AFF-EXP-01").checks[0].fingerprint
    };
    let first = print(finding("B301"));
    let mut moved = finding("B301");
    let place = &mut moved["locations"][0]["physicalLocation"];
    place["region"] = json!({"startLine": 99, "snippet": {"text": "x  =\tload( y )\n"}});
    assert_eq!(print(moved.clone()), first);
    moved["locations"][0]["physicalLocation"]["region"]["snippet"]["text"] = json!("x = load( z )");
    assert_ne!(print(moved), first);
}

#[test]
fn runs_of_one_tool_are_judged_together_so_that_a_clean_one_hides_nothing() {
    let bench = bench();
    let run = |results: Value| json!({"tool": {"driver": {"name": "Bandit"}}, "results": results});
    let bytes = serde_json::to_vec(&json!({"version": "2.1.0",
        "runs": [run(json!([finding("B105")])), run(json!([])), run(json!([finding("B105")]))]}));
    let parsed = bench.read(&bytes.unwrap(), &bench.context());
    let result = of(&parsed, "AFF-INF-04");
    assert_eq!(result.status, Status::Failed);
    let pointers: Vec<_> = result.checks.iter().map(|check| check.pointer.as_str()).collect();
    assert_eq!(pointers, ["/runs/0/results/0", "/runs/2/results/0"]);
}

#[test]
fn findings_of_an_unknown_tool_are_counted_as_unmapped() {
    let bench = bench();
    let run =
        json!({"tool": {"driver": {"name": "Home\u{202e}made"}}, "results": [finding("X1"), finding("X1")]});
    let parsed = bench.read(&report(run), &bench.context());
    assert!(parsed.results.is_empty());
    assert_eq!(parsed.unmapped, [("Home\\u{202e}made:X1".to_owned(), 2)].into());
}

#[test]
fn findings_marked_absent_are_gone() {
    let bench = bench();
    let mut gone = finding("B301");
    gone["baselineState"] = json!("absent");
    let parsed = bench.read(&report(json!({"results": [gone]})), &bench.context());
    assert_eq!(parsed.absent, 1);
    assert_eq!(of(&parsed, "AFF-EXP-13").status, Status::NotRun);
}

#[test]
fn ten_thousand_findings_fit_one_statement_and_are_all_counted() {
    let bench = bench();
    let found: Vec<Value> = (0..10_000).map(|_| finding("B105")).collect();
    let parsed = bench.read(&report(json!({"results": found})), &bench.context());
    let result = of(&parsed, "AFF-INF-04");
    assert_eq!(result.checks.len(), CHECKS_KEPT);
    assert_eq!(result.summary, "10000 findings: bandit:B105 (10000)");
    assert!(result.flags.contains("checks-cut"));
    let bytes = crate::Statement::Result(Box::new(result.clone())).to_bytes();
    assert!(bytes.len() < affiant_ledger::payload::STATEMENT_SIZE_MAX, "{}", bytes.len());
}

#[test]
fn hostile_text_is_made_visible_and_cut() {
    let bench = bench();
    let mut found = finding("B301");
    found["message"]["text"] = json!(format!("pass\u{202e}\u{0}{}", "A".repeat(100_000)));
    found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = json!("a\u{200b}.py");
    let parsed = bench.read(&report(json!({"results": [found]})), &bench.context());
    let check = &of(&parsed, "AFF-EXP-01").checks[0];
    assert!(check.message.starts_with("pass\\u{202e}\\u{0}AAA") && check.message.len() < 400);
    assert_eq!(check.location.as_deref(), Some("a\\u{200b}.py:3"));
}

#[test]
fn a_time_without_zone_is_read_as_utc_and_flagged() {
    let bench = bench();
    let run = json!({"invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-11-22T03:46:05"}],
        "results": [finding("B301")]});
    let parsed = bench.read(&report(run), &bench.context());
    let result = of(&parsed, "AFF-EXP-01");
    assert_eq!(result.observed_to.to_string(), "2026-11-22T03:46:05Z");
    assert!(result.flags.contains("time-zone-assumed"));
}

#[test]
fn what_is_no_sarif_2_1_0_is_refused() {
    let bench = bench();
    let refused =
        |bytes: &[u8]| parse(bytes, Format::Sarif, &bench.context()).expect_err("refused").to_string();
    let cases: [(&[u8], &str); 7] = [
        (b"{}", "line 1, column 2: not SARIF 2.1.0: missing field `version`"),
        (b"[]", "line 1: not SARIF 2.1.0: an object was expected"),
        (br#"{"version":"3.0","runs":[]}"#, "line 1, field `version`: not SARIF 2.1.0: version `3.0`"),
        (br#"{"version":"2.1.0","runs":[]}"#, "there is nothing to read"),
        (
            br#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":7}}}]}"#,
            "line 1, column 54, field `runs[0].tool.driver.name`: not SARIF 2.1.0: invalid type: integer `7`, expected a string, found `7`",
        ),
        (
            br#"{"version":"2.1.0","version":"2.1.0","runs":[]}"#,
            "line 1, column 20: key `version` stands twice in one object",
        ),
        (
            br#"{"version":"2.1.0","runs":[],"x":NaN}"#,
            "line 1, column 34, field `x`: not JSON: `NaN` is not JSON",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(refused(bytes), message);
    }
}

#[test]
fn a_byte_order_mark_is_taken_off_and_the_evidence_is_what_was_received() {
    let bench = bench();
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    bytes.extend(report(json!({"results": [finding("B301")]})));
    let parsed = bench.read(&bytes, &bench.context());
    assert!(parsed.bom);
    assert_eq!(of(&parsed, "AFF-EXP-01").evidence[0].sha256, Digest::of(&bytes));
}
