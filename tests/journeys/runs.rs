//! The collector once more: tools run under a wrapper that sees what a report does not say.

use crate::support::folder::content;
use crate::support::place::Place;
use serde_json::{Value, json};

/// A place with a tool that writes the report given, says so, and ends with an exit code.
fn tool(report: &str, code: u8) -> Place {
    let place = Place::with_system();
    place.write("report.json", report);
    place.write(
        "tool.sh",
        format!("if [ \"$1\" = --version ]; then echo tool 1.2; exit; fi\ncat report.json\nexit {code}\n"),
    );
    place
}

fn bandit(files: &[&str], findings: &[&str]) -> String {
    let mut metrics = serde_json::Map::from_iter([("_totals".to_owned(), json!({"nosec": 0}))]);
    metrics.extend(files.iter().map(|file| ((*file).to_owned(), json!({"loc": 3}))));
    let finding = |rule: &&str| {
        json!({"test_id": rule, "filename": "app/a.py", "line_number": 3, "code": "3 x = y\n",
        "issue_text": "a finding", "issue_severity": "HIGH"})
    };
    json!({"generated_at": "2026-11-20T00:00:00Z", "errors": [], "metrics": metrics,
        "results": findings.iter().map(finding).collect::<Vec<_>>()})
    .to_string()
}

/// The result recorded last; findings may stand behind it.
fn last(place: &Place) -> Value {
    let checkpoint = place.affiant(&["log", "checkpoint"]).expect(0).stdout;
    let size = checkpoint.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let entry = |index: u64| place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).json();
    let statements = (0..size).rev().map(|index| entry(index)["statement"].clone());
    let mut results = statements.filter(|statement| statement["observed_to"].is_string());
    results.next().unwrap()
}

const RUN: [&str; 8] = ["run", "--system", "scoring", "--asset", "code", "--", "sh", "tool.sh"];

#[test]
fn a_run_records_what_was_run_and_ends_as_the_tool_did() {
    let place = tool(&bandit(&["app/a.py"], &["B602"]), 1);
    place.write("app.py", "x = y\n");
    let words =
        ["run", "--system", "scoring", "--asset", "code", "--target", "app.py", "--config", "tool.sh", "--"];
    let command = ["sh", "tool.sh", "--api-key=hunter2"];
    place.affiant(&[&words[..], &command].concat()).expect(1).says("AFF-THR-13 failed on code, by bandit");
    let result = last(&place);
    assert_eq!(result["run"]["exit_code"], 1);
    assert_eq!(result["subject"]["digest_source"], "wrapper");
    assert_eq!(result["time_source"], "report", "the report's own time goes first");
    assert!(result["collector"]["config"].is_string());
    let manifest = result["evidence"].as_array().unwrap().iter().find(|e| e["name"] == "run.json").unwrap();
    let digest = manifest["sha256"].as_str().unwrap();
    let kept = place.ledger().join("blob").join(&digest[..2]).join(&digest[2..]);
    let kept: Value =
        serde_json::from_slice(&std::fs::read(&kept).unwrap_or_else(|e| panic!("{kept:?}: {e}"))).unwrap();
    assert_eq!(kept["command"], json!(["sh", "tool.sh", "--api-key=[redacted]"]));
    assert_eq!((&kept["exit_code"], &kept["targets"][0]["path"]), (&json!(1), &json!("app.py")));
    place.sound();
}

#[test]
fn a_clean_run_passes_only_when_the_report_says_what_was_examined() {
    let clean = tool(&bandit(&["app/a.py", "app/b.py"], &[]), 0);
    clean.affiant(&RUN).expect(0).says("AFF-EXP-13 passed on code, by bandit");
    let vacuous = tool(&bandit(&[], &[]), 0);
    vacuous.affiant(&RUN).expect(0).says("AFF-EXP-13 not-run on code, by bandit [vacuous-result]");
}

#[test]
fn a_tool_that_ends_badly_with_a_clean_report_is_not_believed() {
    let place = tool(&bandit(&["app/a.py"], &[]), 2);
    place.affiant(&RUN).expect(2).says("AFF-EXP-13 unknown on code, by bandit [execution-failed, exit-code]");
    place.write("tool.sh", "cat report.json; kill -9 $$\n");
    place
        .affiant(&RUN)
        .expect(137)
        .says("AFF-EXP-13 unknown on code, by bandit [execution-failed, exit-code]");
}

#[test]
fn a_report_from_before_and_a_target_that_moves_are_refused() {
    let place = tool(&bandit(&["app/a.py"], &[]), 0);
    let words = ["run", "--system", "scoring", "--report", "report.json", "--", "true"];
    let before = content(&place.ledger());
    place.affiant(&words).expect(2).warns("the tool did not write it, it stood there before");
    let words = ["run", "--system", "scoring", "--report", "none.json", "--", "true"];
    place.affiant(&words).expect(2).warns("the tool wrote no report");
    place.write("model.bin", "weights");
    place.write("moves.sh", "echo more >> model.bin; cat report.json\n");
    let words = ["run", "--system", "scoring", "--target", "model.bin", "--", "sh", "moves.sh"];
    place.affiant(&words).expect(2).warns("model.bin: changed while the tool ran, nothing was recorded");
    place
        .affiant(&["run", "--system", "scoring", "--", "no-such-tool-here"])
        .expect(2)
        .warns("not installed");
    place.affiant(&["run", "--system", "nobody", "--", "touch", "ran"]).expect(2);
    assert!(!place.path("ran").exists(), "a tool runs only when what is said beside it can be taken");
    assert_eq!(content(&place.ledger()), before);
}

#[test]
fn rows_are_explained_one_by_one_and_nothing_is_recorded() {
    let place = tool(&bandit(&["app/a.py"], &["B602", "B999"]), 0);
    let before = content(&place.ledger());
    let explain = ["push", "report.json", "--system", "scoring", "--explain"];
    place.affiant(&explain).expect(0).says("bandit:B602").says("no control is mapped to this rule");
    let rows = place.affiant(&[&explain[..], &["--json"]].concat()).expect(0).json_lines();
    assert_eq!((&rows[0]["pointer"], &rows[0]["status"]), (&json!("/results/0"), &json!("failed")));
    assert_eq!(content(&place.ledger()), before);
}

#[test]
fn a_report_is_tied_to_controls_by_the_submitter_and_by_rules_of_his_own() {
    let place = tool(&bandit(&["app/a.py"], &["X1"]), 0);
    let push = ["push", "report.json", "--system", "scoring"];
    place.affiant(&push).expect(0).says("AFF-EXP-13 passed").warns("no control is mapped to this rule");
    place.affiant(&[&push[..], &["--control", "AFF-EXP-05"]].concat()).expect(0).says("AFF-EXP-05 failed");
    place
        .affiant(&[&push[..], &["--control", "AFF-EXP-99"]].concat())
        .expect(2)
        .warns("in no catalog in use");
    let rules = "id: house\ntitle: House rules\nversion: 0.1.0\ndrivers: [bandit]\nmatching: glob\nlists: found\n\
        checks: [code-scan]\nrules:\n- {rule: 'X*', controls: [AFF-THR-13], rationale: our own plug-in}\n";
    place.write("rules.yaml", rules);
    place
        .affiant(&[&push[..], &["--rules", "rules.yaml"]].concat())
        .expect(0)
        .says("AFF-THR-13 failed, by house");
    let cited = last(&place)["evidence"].as_array().unwrap().iter().any(|e| e["name"] == "rules.yaml");
    assert!(cited, "the rules decide what the report comes to: they are evidence");
    place.write("rules.yaml", rules.replace("AFF-THR-13", "AFF-THR-99"));
    place.affiant(&[&push[..], &["--rules", "rules.yaml"]].concat()).expect(2).warns("AFF-THR-99");
}

#[test]
fn a_rule_that_was_expected_and_is_missing_is_unknown() {
    let place = tool(&bandit(&["app/a.py"], &[]), 0);
    let push = ["push", "report.json", "--system", "scoring", "--expect", "B301"];
    place.affiant(&push).expect(0).says("AFF-EXP-01 unknown").says("AFF-THR-13 passed");
}

#[test]
fn the_output_of_any_tool_is_read_as_a_mapping_says() {
    let place = Place::with_system();
    let map = "map: 1\ntool: acme-scan\nformat: csv\nlists: everything\nfields: {rule: Check, status: Result}\n\
        rules:\n- {rule: '*', controls: [AFF-EXP-13], rationale: loads models}\n";
    place.write("acme.yaml", map);
    place.write("acme.csv", "Check;Result\nA1;PASS\nA2;FAIL\n");
    let push = ["push", "acme.csv", "--system", "scoring", "--asset", "code", "--map", "acme.yaml"];
    place
        .affiant(&push)
        .expect(0)
        .warns("read as the mapping of acme-scan says")
        .says("AFF-EXP-13 failed on code, by acme-scan");
    assert!(last(&place)["evidence"].as_array().unwrap().iter().any(|e| e["name"] == "acme.yaml"));
    place.write("acme.csv", "Check;Result\n");
    place.affiant(&push).expect(0).says("AFF-EXP-13 not-run on code, by acme-scan");
    place.write("acme.yaml", map.replace("fields", "feilds"));
    place.affiant(&push).expect(2).warns("feilds");
}

#[test]
fn results_come_as_csv_and_logs_as_archives() {
    let place = Place::with_system();
    place.write("results.csv", "control,status,asset,collector,examined\nAFF-EXP-11,passed,model,ci,12\n");
    place
        .affiant(&["push", "results.csv", "--system", "scoring"])
        .expect(0)
        .says("AFF-EXP-11 passed on model, by ci");
    place.write("bad.csv", "control,status,aset\nAFF-EXP-11,passed,model\n");
    place
        .affiant(&["push", "bad.csv", "--system", "scoring"])
        .expect(2)
        .warns("unknown field `aset`")
        .warns("did you mean `asset`?");
    place.fixture("intake/inspect/refusal.eval", "refusal.eval");
    let eval = ["push", "refusal.eval", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11"];
    place.affiant(&eval).expect(0).says("AFF-EXP-11 needs-review on model");
}

#[test]
fn a_signed_statement_counts_under_a_key_that_was_given_and_no_other() {
    let place = Place::with_system();
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA6ebaVjSA4aA32uUMICtHjQAM281JsdxhPsMm3oIKgqY=\n-----END PUBLIC KEY-----\n";
    place.write("signer.pem", public);
    place.fixture("intake/in-toto/test-result.dsse.json", "signed.json");
    place.fixture("intake/in-toto/test-result.TAMPERED.dsse.json", "tampered.json");
    let push = |file| ["push", file, "--system", "scoring", "--control", "AFF-EXP-11"];
    place.affiant(&push("signed.json")).expect(0).says("AFF-EXP-11 unknown");
    let signed = ["--signed-by", "signer.pem"];
    place.affiant(&[&push("signed.json")[..], &signed].concat()).expect(0).says("AFF-EXP-11 failed");
    place.affiant(&[&push("tampered.json")[..], &signed].concat()).expect(2);
    place.write("signer.pem", "no key");
    place.affiant(&[&push("signed.json")[..], &signed].concat()).expect(2).warns("signer.pem");
}
