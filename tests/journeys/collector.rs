//! The collector: scripts and pipelines that push what their tools found, and keep receipts.

use crate::support::place::Place;
use serde_json::Value;

/// A row as a script writes it, with more members.
fn row(more: &str) -> String {
    format!(r#"{{"control":"AFF-EXP-11","asset":"model","collector":{{"name":"ci"}},{more}}}"#)
}

/// The statement of an entry.
fn statement(place: &Place, index: u64) -> Value {
    place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).json()["statement"].clone()
}

/// Pushes one NDJSON row; gives the status it was recorded with, and its flags.
fn recorded(place: &Place, row: &str) -> (String, String) {
    let arguments = ["push", "-", "--format", "ndjson", "--system", "scoring", "--json"];
    let answer = place.affiant_with(&arguments, row.as_bytes()).expect(0);
    let result = statement(place, answer.json()["index"].as_u64().unwrap());
    let flags = result["flags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    (result["status"].as_str().unwrap().to_owned(), flags.collect::<Vec<_>>().join(","))
}

#[test]
fn a_result_from_flags_is_recorded_with_a_receipt() {
    let place = Place::with_system();
    let index = place.push("auc-1", "passed");
    let result = statement(&place, index);
    assert_eq!((&result["status"], &result["asset"]), (&"passed".into(), &"model".into()));
    assert_eq!(result["collector"]["name"], "manual");
    assert_eq!(result["time_source"], "ingest", "no time was given, and that is marked");
}

#[test]
fn one_json_object_a_list_and_results_are_all_read() {
    let place = Place::with_system();
    let (one, two) = (row(r#""status":"passed","id":"a""#), row(r#""status":"failed","id":"b""#));
    place.write("one.json", &one);
    place.write("list.json", format!("[{one},\n{two}]"));
    place.write("results.json", format!("{{\"results\":[{one},{two}]}}"));
    place
        .affiant(&["push", "one.json", "--system", "scoring"])
        .expect(0)
        .says("AFF-EXP-11 passed on model, by ci");
    place
        .affiant(&["push", "list.json", "--system", "scoring"])
        .expect(0)
        .says("recorded 1 results")
        .says("1 recorded before");
    place
        .affiant(&["push", "results.json", "--system", "scoring"])
        .expect(0)
        .says("recorded 0 results: no new entry");
    place.sound();
}

#[test]
fn ndjson_answers_one_line_per_entry_with_a_receipt() {
    let place = Place::with_system();
    let rows: Vec<_> = (0..5).map(|n| row(&format!(r#""status":"passed","id":"n{n}""#))).collect();
    place.write("rows.ndjson", rows.join("\n"));
    let lines =
        place.affiant(&["push", "rows.ndjson", "--system", "scoring", "--json"]).expect(0).json_lines();
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["n0", "n1", "n2", "n3", "n4"]);
    assert!(
        lines.iter().all(|line| line["receipt"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1\n"))
    );
    let indexes: Vec<_> = lines.iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert!(indexes.windows(2).all(|pair| pair[1] == pair[0] + 1), "{indexes:?}");
}

#[test]
fn a_clean_report_that_does_not_say_what_was_looked_at_is_no_pass() {
    let place = Place::with_system();
    place.fixture("bandit/bandit-clean.sarif", "clean.sarif");
    let push = ["push", "clean.sarif", "--system", "scoring", "--asset", "code"];
    let answer =
        place.affiant(&push).expect(0).says("AFF-EXP-13 not-run on code, by bandit [no-run-manifest]");
    assert!(!answer.stdout.contains(" passed on"), "{}", answer.shown());
    place
        .affiant(&[&push[..], &["--examined", "0"]].concat())
        .expect(0)
        .says("not-run on code, by bandit [vacuous-result]");
    place
        .affiant(&[&push[..], &["--examined", "14"]].concat())
        .expect(0)
        .says("AFF-EXP-13 passed on code, by bandit");
    let broken = ["--examined", "14", "--errors", "1"];
    place
        .affiant(&[&push[..], &broken].concat())
        .expect(0)
        .says("unknown on code, by bandit [incomplete-run]");
    let skipped = ["--examined", "14", "--skipped", "2"];
    place
        .affiant(&[&push[..], &skipped].concat())
        .expect(0)
        .says("needs-review on code, by bandit [skipped-items]");
}

#[test]
fn findings_of_bandit_semgrep_and_checkov_fail_the_controls_they_are_mapped_to() {
    let place = Place::with_system();
    for (file, control) in [
        ("bandit/bandit.sarif", "AFF-THR-13"),
        ("semgrep/semgrep.sarif", "AFF-EXP-13"),
        ("checkov/checkov-quiet.sarif", "AFF-INF-08"),
    ] {
        let tool = file.split('/').next().unwrap();
        place.fixture(file, "report.sarif");
        let answer = place.affiant(&[
            "push",
            "report.sarif",
            "--system",
            "scoring",
            "--asset",
            "code",
            "--examined",
            "14",
        ]);
        answer.expect(0).says(&format!("{control} failed on code, by {tool}"));
    }
    place.sound();
}

#[test]
fn the_same_id_pushed_again_gives_the_first_entry_and_writes_nothing() {
    let place = Place::with_system();
    let first = place.push("auc-1", "passed");
    let size = || place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].clone();
    let before = size();
    assert_eq!(place.push("auc-1", "passed"), first);
    assert_eq!(size(), before);
}

#[test]
fn the_same_id_with_other_content_is_refused_and_names_the_first_entry() {
    let place = Place::with_system();
    let first = place.push("auc-1", "passed");
    let words =
        ["push", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11", "--status", "failed"];
    let answer = place.affiant(&[&words[..], &["--summary", "accuracy", "--id", "auc-1"]].concat()).expect(2);
    assert_eq!(
        answer.errors()[0],
        format!("line 1: id `auc-1` was recorded before with other content, as entry {first}")
    );
    // Within one batch as well, whichever row comes first.
    let rows =
        [row(r#""status":"passed","id":"twice""#), row(r#""status":"failed","id":"twice""#)].join("\n");
    let push = ["push", "-", "--format", "ndjson", "--system", "scoring"];
    place
        .affiant_with(&push, rows.as_bytes())
        .expect(2)
        .warns("line 2: id `twice` stands twice in this batch");
    // In another stream the id is free.
    place.affiant(&["register", "system", "other", "--name", "Other"]).expect(0);
    let words =
        ["push", "--system", "other", "--control", "AFF-EXP-11", "--status", "failed", "--id", "auc-1"];
    place.affiant(&words).expect(0);
}

#[test]
fn a_batch_with_a_bad_row_is_refused_whole_and_taken_in_part_only_when_told_to() {
    let place = Place::with_system();
    let (good, bad) =
        (row(r#""status":"passed","id":"good""#), row(r#""status":"passed","id":"bad","verdict":1"#));
    place.write("rows.ndjson", format!("{good}\n{bad}\n"));
    let push = ["push", "rows.ndjson", "--system", "scoring"];
    let answer =
        place.affiant(&push).expect(2).warns("hint: mend them, or take the good rows with --partial");
    assert!(answer.errors()[0].starts_with("line 2, column "), "{}", answer.shown());
    assert!(answer.errors()[0].contains("field `verdict`: unknown field `verdict`"), "{}", answer.shown());
    assert_eq!(answer.errors()[1], "1 bad row, nothing was recorded");
    place.affiant(&["log", "show", "--ids"]).expect(0).says("");
    assert_eq!(place.affiant(&["log", "show", "--ids"]).stdout, "");
    place.affiant(&[&push[..], &["--partial"]].concat()).expect(2).says("recorded 1 results").warns("line 2");
    assert_eq!(place.affiant(&["log", "show", "--ids"]).stdout, "good\n");
}

#[test]
fn the_bad_row_is_named_to_quiet_callers_and_in_json_too() {
    let place = Place::with_system();
    let push = ["push", "-", "--format", "ndjson", "--system", "scoring", "--quiet", "--json"];
    let rows = format!("{}\n{}", row(r#""status":"passed""#), row(r#""status":7"#));
    let answer = place.affiant_with(&push, rows.as_bytes()).expect(2).warns("error: line 2, column ");
    let lines = answer.json_lines();
    assert!(lines[0]["error"].as_str().unwrap().starts_with("line 2, column "), "{}", answer.shown());
    assert_eq!(lines[1]["exit"], 2);
}

#[test]
fn a_dry_run_shows_and_records_nothing() {
    let place = Place::with_system();
    place.fixture("semgrep/semgrep.sarif", "report.sarif");
    let push =
        ["push", "report.sarif", "--system", "scoring", "--asset", "code", "--examined", "3", "--dry-run"];
    place.affiant(&push).expect(0).says("AFF-EXP-13").warns("would be recorded; nothing was");
    assert!(!place.affiant(&["log", "show", "--stream", "scoring"]).expect(0).stdout.contains("result"));
}

#[test]
fn a_word_nobody_knows_is_unknown_and_unknown_is_no_pass() {
    let place = Place::with_system();
    assert_eq!(recorded(&place, &row(r#""status":"green""#)), ("unknown".into(), "unknown-status".into()));
    let why = place.affiant(&["status", "scoring", "--why", "art-15-3"]);
    assert!(!why.stdout.contains(" held "), "{}", why.shown());
    assert_eq!(recorded(&place, &row(r#""status":"PASS""#)), ("passed".into(), String::new()));
}

#[test]
fn a_pass_over_nothing_is_recorded_as_not_run() {
    let place = Place::with_system();
    let vacuous = ("not-run".to_owned(), "vacuous-result".to_owned());
    let run = r#""status":"passed","run":{"examined":0,"skipped":0,"errors":0,"complete":true}"#;
    assert_eq!(recorded(&place, &row(run)), vacuous);
    let population =
        r#""status":"passed","population":{"definition":"all models","size":0,"tested":0,"failed":0}"#;
    assert_eq!(recorded(&place, &row(population)), vacuous);
    let failed =
        r#""status":"passed","population":{"definition":"all models","size":9,"tested":9,"failed":1}"#;
    assert_eq!(recorded(&place, &row(failed)), ("failed".into(), "failed-items".into()));
}

#[test]
fn a_receipt_proves_its_entry_with_keys_from_outside_and_nothing_without() {
    let place = Place::with_system();
    let words = [
        "push",
        "--system",
        "scoring",
        "--control",
        "AFF-EXP-11",
        "--status",
        "passed",
        "--receipts",
        "kept",
    ];
    std::fs::create_dir(place.path("kept")).unwrap();
    place.affiant(&words).expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    let receipt = std::fs::read_dir(place.path("kept")).unwrap().next().unwrap().unwrap().path();
    let receipt = receipt.to_str().unwrap();
    place.affiant(&["verify", receipt, "--trust", "trust.keys"]).expect(0).says("VERIFIED: entry ");
    place.affiant(&["verify", receipt]).expect(4).warns("error: no trust anchor");
    // The receipt outlives the ledger.
    std::fs::remove_dir_all(place.ledger()).unwrap();
    place.affiant(&["verify", receipt, "--trust", "trust.keys"]).expect(0);
}

#[test]
fn the_source_is_who_pushed_and_the_time_is_the_ledgers_whatever_the_row_says() {
    let place = Place::with_system_at(crate::support::place::NOON);
    let row = row(
        r#""status":"passed","observed_to":"2026-11-01T00:00:00Z","collected_at":"2026-11-02T00:00:00Z""#,
    );
    let push = ["push", "-", "--format", "ndjson", "--system", "scoring", "--json"];
    let index =
        place.affiant_with(&push, row.as_bytes()).expect(0).json()["index"].as_u64().unwrap().to_string();
    let entry = place.affiant(&["log", "show", &index, "--json"]).expect(0).json();
    assert_eq!((&entry["time"], &entry["by"]), (&"2026-11-24T12:00:00Z".into(), &"local".into()));
    assert_eq!(entry["statement"]["observed_to"], "2026-11-01T00:00:00Z");
}

#[test]
fn what_is_kept_out_is_committed_to_and_can_be_shown_line_by_line() {
    let place = Place::with_system();
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    let push =
        ["push", "bandit.sarif", "--system", "scoring", "--asset", "code", "--withheld", "withheld.jsonl"];
    let answer = place.affiant(&[&push[..], &["--json"]].concat()).expect(0).json_lines();
    let text = std::fs::read_to_string(place.path("withheld.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let entry = |control: &str| {
        let is = |line: &&Value| {
            let index = line["index"].as_u64().unwrap().to_string();
            place.affiant(&["log", "show", &index, "--json"]).json()["statement"]["control"] == control
        };
        answer.iter().find(is).unwrap()["index"].as_u64().unwrap().to_string()
    };
    let secrets = entry("AFF-INF-04");
    let shown = place.affiant(&["log", "show", &secrets, "--json"]).expect(0).json();
    let checks = shown["statement"]["checks"].as_array().unwrap();
    assert!(!shown.to_string().contains("correct-horse"));
    // By hand, with what everybody has.
    let line = lines.iter().find(|line| line["commitment"] == checks[0]["withheld"]).unwrap();
    let text_of = |name: &str| line[name].as_str().unwrap();
    let script = "printf 'affiant withheld v1\\n%s\\n%s' \"$SALT\" \"$VALUE\" | sha256sum";
    let mut by_hand = std::process::Command::new("sh");
    by_hand.args(["-c", script]).env("SALT", text_of("salt")).env("VALUE", text_of("value"));
    let sum = String::from_utf8(by_hand.output().unwrap().stdout).unwrap();
    assert_eq!(sum.split(' ').next(), checks[0]["withheld"].as_str());
    let revealed =
        place.affiant(&["log", "reveal", &secrets, "withheld.jsonl", "--json"]).expect(0).json_lines();
    assert_eq!(revealed.len(), checks.len());
    assert!(revealed.iter().any(|line| line["withheld"].to_string().contains("correct-horse")));
    // One line shows one check, and a line that was altered shows nothing.
    place.write("one.jsonl", line.to_string());
    place.affiant(&["log", "reveal", &secrets, "one.jsonl"]).expect(1).warns("1 of ");
    place.write("false.jsonl", line.to_string().replace("\\\"message\\\":\\\"", "\\\"message\\\":\\\"not "));
    place
        .affiant(&["log", "reveal", &secrets, "false.jsonl"])
        .expect(3)
        .warns("line 1: salt and text are not");
    place.affiant(&["log", "reveal", "0", "one.jsonl"]).expect(2);
    place.affiant(&["log", "reveal", "99999", "one.jsonl"]).expect(2);
    // The same report says the same again, dry or not; another ledger salts it otherwise.
    std::fs::remove_file(place.path("withheld.jsonl")).unwrap();
    place.affiant(&[&push[..], &["--dry-run"]].concat()).expect(0);
    assert_eq!(std::fs::read_to_string(place.path("withheld.jsonl")).unwrap(), text);
    let elsewhere = Place::with_system();
    elsewhere.fixture("bandit/bandit.sarif", "bandit.sarif");
    elsewhere.affiant(&push).expect(0);
    let other = std::fs::read_to_string(elsewhere.path("withheld.jsonl")).unwrap();
    assert!(text.lines().all(|line| !other.contains(line)) && other.lines().count() == lines.len());
    place.sound();
}

#[test]
fn a_report_that_was_recorded_before_is_recorded_and_named() {
    let place = Place::with_system();
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    let push = ["push", "bandit.sarif", "--system", "scoring", "--asset", "code", "--json"];
    let first = place.affiant(&push).expect(0);
    assert!(!first.stderr.contains("recorded before"), "{}", first.shown());
    let first = first.json_lines();
    assert!(first.iter().all(|line| line["same_as"].is_null()));
    let again =
        place.affiant(&push).expect(0).warns("say what was recorded before, first in entry").json_lines();
    for (first, again) in first.iter().zip(&again) {
        assert_eq!((&again["same_as"], &again["again"]), (&first["index"], &serde_json::json!(false)));
    }
    // Other bytes that say the same of the same time are named; of another time they are news.
    let text = std::fs::read_to_string(place.path("bandit.sarif")).unwrap();
    place.write("bandit.sarif", text.replacen('{', "{ ", 1));
    let spaced = place.affiant(&push).expect(0).json_lines();
    assert!(spaced.iter().zip(&again).any(|(line, again)| line["same_as"] == again["index"]));
    place.write("bandit.sarif", text.replace("2026-11-22T", "2026-11-23T"));
    let later = place.affiant(&push).expect(0);
    assert!(!later.stderr.contains("recorded before"), "{}", later.shown());
    place.sound();
}

#[test]
fn parts_of_a_tools_work_stand_side_by_side_and_each_replaces_itself() {
    let place = Place::with_system();
    let report = |file: &str, task: &str, value: &str| {
        let log = serde_json::json!({"version": 2, "status": "success",
            "eval": {"task": task, "model": "m", "metadata": {"affiant.control": "AFF-THR-01", "affiant.at-least": {"accuracy": "0.9"}}},
            "results": {"total_samples": 9, "completed_samples": 9,
                "scores": [{"name": "match", "metrics": {"accuracy": {"name": "accuracy", "value": value.parse::<f64>().unwrap()}}}]}});
        place.write(file, log.to_string());
    };
    report("refusal.json", "refusal", "0.5");
    report("jailbreak.json", "jailbreak", "0.95");
    let push = |file: &str, more: &[&str]| {
        place.affiant(&[&["push", file, "--system", "scoring", "--asset", "model"], more].concat()).expect(0)
    };
    let state = || {
        let gaps = place.affiant(&["status", "scoring", "--json", "--framework", "nist-ai-rmf"]).json();
        let controls = gaps[0]["assessments"][0]["controls"].as_array().unwrap().clone();
        let control = controls.iter().find(|it| it["control"] == "AFF-THR-01").unwrap();
        let model =
            control["assets"].as_array().unwrap().iter().find(|it| it["asset"] == "model").unwrap().clone();
        model["state"].as_str().unwrap().to_owned()
    };
    push("refusal.json", &[]).says("by inspect/refusal");
    push("jailbreak.json", &[]).says("by inspect/jailbreak");
    assert_eq!(state(), "failed", "a task that passed hides none that failed");
    report("refusal.json", "refusal", "0.97");
    push("refusal.json", &[]);
    assert_eq!(state(), "held");
    // A collector that is named is the one named; a part that is named goes before the report's.
    push("refusal.json", &["--collector", "nightly"]).says("by nightly\n");
    push("refusal.json", &["--part", "nightly"]).says("by inspect/nightly");
    push("refusal.json", &["--collector", "ci", "--part", "nightly"]).says("by ci/nightly");
    place.write("rows.ndjson", "{\"control\":\"AFF-EXP-11\",\"status\":\"passed\",\"collector\":\"ci\"}\n");
    place
        .affiant(&["push", "rows.ndjson", "--system", "scoring", "--part", "x"])
        .expect(2)
        .warns("--part names none");
    place.sound();
}
