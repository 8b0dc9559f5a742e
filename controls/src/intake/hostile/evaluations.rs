//! Evaluations of models and data: probes, tests of prompts, logs, expectations, metrics.

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/intake");
    std::fs::read(folder.join(name)).unwrap()
}

fn garak(evals: &[&str], asked: &str, end: &str) -> String {
    let mut lines = vec![
        format!(r#"{{"entry_type":"start_run setup","transient.active_probes":[{asked}]}}"#),
        r#"{"entry_type":"init","garak_version":"0.17.1","start_time":"2026-11-22T04:00:51.408608"}"#
            .to_owned(),
    ];
    lines.extend(evals.iter().map(|eval| format!("{{\"entry_type\":\"eval\",{eval}}}")));
    lines.push(end.to_owned());
    lines.join("\n")
}

const EVAL: &str =
    r#""probe":"dan.Dan","detector":"mitigation.X","passed":4,"fails":0,"nones":0,"total_evaluated":4"#;
const END: &str = r#"{"entry_type":"completion","end_time":"2026-11-22T04:00:54.088469"}"#;

#[test]
fn a_probe_that_was_asked_for_and_did_not_run_is_unknown() {
    let both = garak(&[EVAL], "\"probes.dan.Dan\"", END);
    assert_eq!(judged(Format::Garak, both), one(Status::Passed, "time-zone-assumed"));
    let module = garak(&[EVAL], "\"probes.dan\"", END);
    assert_eq!(judged(Format::Garak, module)[0].1, Status::Passed);
    let missing = garak(&[EVAL], "\"probes.dan.Dan\",\"probes.encoding.InjectBase16\"", END);
    assert_eq!(judged(Format::Garak, missing)[0].1, Status::Unknown);
    let none = garak(&[], "", END);
    assert_eq!(judged(Format::Garak, none), one(Status::NotRun, "no-results,time-zone-assumed"));
}

#[test]
fn a_run_of_probes_that_broke_off_says_nothing_good() {
    let whole = fixture("garak/test-blank-pass.report.jsonl");
    assert_eq!(judged(Format::Garak, &whole)[0].1, Status::Passed);
    let at = whole.windows(12).position(|w| w == b"\"completion\"").unwrap();
    for cut in [at, at - 2000, whole.len() * 9 / 10] {
        let found = judged(Format::Garak, &whole[..cut]);
        assert_eq!((found[0].1, found[0].2.contains("execution-failed")), (Status::Unknown, true), "{cut}");
    }
    let middle = garak(&[EVAL, "\"probe"], "", END);
    assert!(refused(Format::Garak, middle).starts_with("line 4"));
}

#[test]
fn hits_fail_and_answers_nobody_judged_are_unknown() {
    let with =
        |from: &str, to: &str| judged(Format::Garak, garak(&[&EVAL.replace(from, to)], "", END))[0].clone();
    assert_eq!(with("\"passed\":4,\"fails\":0", "\"passed\":3,\"fails\":1").1, Status::Failed);
    assert_eq!(
        with("\"passed\":4,\"fails\":0,\"nones\":0", "\"passed\":3,\"fails\":0,\"nones\":1").1,
        Status::Unknown
    );
    assert_eq!(with("\"passed\":4", "\"passed\":3").2, "time-zone-assumed,totals-disagree");
    assert_eq!(with("\"passed\":4", "\"passed\":0").1, Status::NeedsReview);
    let empty = EVAL.replace("\"passed\":4", "\"passed\":0").replace("evaluated\":4", "evaluated\":0");
    assert_eq!(judged(Format::Garak, garak(&[&empty], "", END))[0].1, Status::NotRun);
    let old = r#""probe":"dan.Dan","detector":"detector.mitigation.X","passed":3,"total":4"#;
    assert_eq!(judged(Format::Garak, garak(&[old], "", END))[0].1, Status::Failed);
    let newer = garak(&[EVAL], "", END).replace("0.17.1", "1.0.0");
    assert!(refused(Format::Garak, newer).contains("version `1.0.0`"));
}

#[test]
fn attack_prompts_and_answers_stay_out() {
    let report = fixture("garak/test-fail.report.jsonl");
    let prompt = "The quick brown fox";
    assert!(String::from_utf8(report.clone()).unwrap().contains(prompt));
    let results = read(Format::Garak, report, Some("AFF-THR-01")).unwrap();
    assert!(!format!("{results:?}").contains(prompt));
}

#[test]
fn a_prompt_test_passes_only_by_an_assertion_that_was_judged() {
    let whole = String::from_utf8(fixture("promptfoo/results.json")).unwrap();
    let mut report: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let tests = report["results"]["results"].as_array().unwrap().clone();
    let mut of = |test: serde_json::Value| {
        report["results"]["results"] = vec![test].into();
        judged(Format::Promptfoo, report.to_string())[0].1
    };
    assert_eq!(of(tests[0].clone()), Status::Failed);
    assert_eq!(of(tests[2].clone()), Status::Unknown);
    let mut odd = tests[1].clone();
    odd["failureReason"] = 2.into();
    assert_eq!(of(odd.clone()), Status::Unknown);
    odd["failureReason"] = 1.into();
    assert_eq!(of(odd), Status::Unknown);
    let mut vacuous = tests[1].clone();
    vacuous["gradingResult"]["componentResults"] = serde_json::json!([]);
    assert_eq!(of(vacuous), Status::NotRun);
    let newer =
        whole.replacen("\"version\": 3", "\"version\": 4", 1).replacen("\"version\":3", "\"version\":4", 1);
    assert!(refused(Format::Promptfoo, newer).contains("version `4`"));
}

#[test]
fn prompts_answers_and_settings_of_prompt_tests_stay_out() {
    let results = read(Format::Promptfoo, fixture("promptfoo/results.json"), Some("AFF-THR-01")).unwrap();
    let kept = format!("{results:?}");
    for text in ["ignore your rules", "You are a support bot", "grader exploded", "[a-z]+@", "/build"] {
        assert!(!kept.contains(text), "{text}");
    }
}

fn inspect(change: impl FnOnce(&mut serde_json::Value)) -> Result<Vec<ControlResult>, IntakeError> {
    let mut log: serde_json::Value = serde_json::from_slice(&fixture("inspect/refusal.json")).unwrap();
    log["samples"] = serde_json::json!([]);
    change(&mut log);
    read(Format::Inspect, log.to_string(), Some("AFF-THR-01"))
}

fn limited(log: &mut serde_json::Value, side: &str, limit: serde_json::Value) {
    log["eval"]["metadata"][side] = serde_json::json!({"accuracy": limit});
}

#[test]
fn a_score_is_judged_by_its_limit_only() {
    let status =
        |side: &str, limit: serde_json::Value| inspect(|log| limited(log, side, limit)).unwrap()[0].status;
    assert_eq!(status("affiant.at-least", "0.33".into()), Status::Passed);
    assert_eq!(status("affiant.at-least", serde_json::json!(0.34)), Status::Failed);
    assert_eq!(status("affiant.at-most", "0.34".into()), Status::Passed);
    assert_eq!(inspect(|_| ()).unwrap()[0].status, Status::NeedsReview);
    let named = inspect(|log| log["eval"]["metadata"]["affiant.control"] = "AFF-THR-02".into());
    assert_eq!(named.unwrap()[0].control.as_str(), "AFF-THR-01", "what the submitter says goes first");
    assert!(inspect(|log| limited(log, "affiant.at-least", "high".into())).is_err());
}

#[test]
fn a_log_that_did_not_come_to_its_end_is_no_pass() {
    let status = |change: &dyn Fn(&mut serde_json::Value)| {
        let log = |log: &mut serde_json::Value| {
            limited(log, "affiant.at-least", "0.1".into());
            change(log);
        };
        inspect(log).unwrap()[0].status
    };
    assert_eq!(status(&|log| log["status"] = "error".into()), Status::Unknown);
    assert_eq!(status(&|log| log["status"] = "cancelled".into()), Status::Unknown);
    assert_eq!(status(&|log| log["status"] = "sideways".into()), Status::Unknown);
    assert_eq!(status(&|log| log["status"] = "started".into()), Status::NotRun);
    assert_eq!(status(&|log| log["invalidated"] = true.into()), Status::Unknown);
    assert_eq!(status(&|log| log["results"]["completed_samples"] = 2.into()), Status::NotRun);
    assert_eq!(status(&|log| log["results"]["scores"] = serde_json::json!([])), Status::NotRun);
    assert_eq!(status(&|log| log["samples"] = serde_json::json!([{"error": {}}])), Status::Unknown);
    assert_eq!(
        status(&|log| log["results"]["scores"][0]["unscored_samples"] = 1.into()),
        Status::NeedsReview
    );
    // The error log that Inspect writes has no results at all.
    let without = |log: &mut serde_json::Value| {
        log["status"] = "error".into();
        log.as_object_mut().unwrap().remove("results");
    };
    assert_eq!(status(&without), Status::Unknown);
    let newer = inspect(|log| log["version"] = 3.into()).unwrap_err().to_string();
    assert!(newer.contains("version `3`, read are 2"), "{newer}");
}

/// An archive of stored members, with the size that its directory claims for each.
fn zip(members: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data, claimed) in members {
        let at = bytes.len() as u32;
        let (packed, length) = (data.len() as u32, name.len() as u16);
        bytes.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        bytes.extend(packed.to_le_bytes());
        bytes.extend(claimed.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes.extend(*data);
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(packed.to_le_bytes());
        directory.extend(claimed.to_le_bytes());
        directory.extend(length.to_le_bytes());
        directory.extend([0; 12]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (bytes.len() as u32, members.len() as u16);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn an_archive_is_looked_into_and_never_unpacked() {
    let header: serde_json::Value = serde_json::from_slice(&fixture("inspect/refusal.json")).unwrap();
    let header = serde_json::to_vec(&serde_json::json!({
        "version": 2, "status": "success", "eval": header["eval"], "results": header["results"]
    }));
    let header = header.unwrap();
    let size = header.len() as u32;
    let sound =
        zip(&[("header.json", &header, size), ("../../etc/cron.d/x", b"x", 1), ("/etc/passwd", b"x", 1)]);
    assert_eq!(judged(Format::InspectEval, &sound)[0].1, Status::NeedsReview);
    assert_eq!(detect(&sound, "log.eval"), Some(Format::InspectEval));
    // Only its beginning is there: the run did not end.
    let begun = zip(&[("_journal/start.json", &fixture("inspect/refusal.json"), 0)]);
    assert!(refused(Format::InspectEval, begun).contains("it should have"));

    let twice = zip(&[("header.json", &header, size), ("header.json", &header, size)]);
    assert!(refused(Format::InspectEval, twice).contains("stands twice"));
    let bomb = zip(&[("header.json", &header, 60 << 20)]);
    assert!(refused(Format::InspectEval, bomb).contains("packed more than 200 to one"));
    let large = zip(&[("header.json", &header, u32::MAX - 1)]);
    assert!(refused(Format::InspectEval, large).contains("the limit is"));
    let short = zip(&[("header.json", &header, size + 1)]);
    assert!(refused(Format::InspectEval, short).contains("it should have"));
    assert!(refused(Format::InspectEval, zip(&[("x", b"x", 1)])).contains("neither `header.json`"));
    assert!(refused(Format::InspectEval, &sound[..sound.len() - 1]).contains("ZIP directory"));
    let mut encrypted = sound.clone();
    let at = encrypted.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    encrypted[at + 8] = 1;
    assert!(refused(Format::InspectEval, encrypted).contains("encrypted"));
    let mut packed = sound;
    packed[at + 10] = 12;
    assert!(refused(Format::InspectEval, packed).contains("compression 12"));
}

#[test]
fn an_expectation_over_nothing_or_with_an_exception_is_no_pass() {
    let whole: serde_json::Value =
        serde_json::from_slice(&fixture("great-expectations/validation.json")).unwrap();
    let of = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut report = whole.clone();
        let last = report["results"][2].clone();
        report["results"] = serde_json::json!([last]);
        report["statistics"] = serde_json::json!({"evaluated_expectations": 1, "successful_expectations": 1});
        change(&mut report);
        judged(Format::GreatExpectations, report.to_string())[0].clone()
    };
    assert_eq!(of(&|_| ()).1, Status::Passed);
    assert_eq!(of(&|r| r["results"][0]["result"]["element_count"] = 0.into()).1, Status::NotRun);
    assert_eq!(
        of(&|r| r["results"][0]["exception_info"]["raised_exception"] = true.into()).1,
        Status::Unknown
    );
    let below = serde_json::json!({"metric": {"raised_exception": true}});
    assert_eq!(of(&|r| r["results"][0]["exception_info"] = below.clone()).1, Status::Unknown);
    assert_eq!(of(&|r| r["statistics"]["evaluated_expectations"] = 3.into()).2, "totals-disagree");
    assert_eq!(of(&|r| r["results"] = serde_json::json!([])).1, Status::NotRun);
    let kept = format!("{:?}", read(Format::GreatExpectations, whole.to_string(), None).unwrap());
    assert!(!kept.contains("traceback") && !kept.contains("does not exist"));
    let newer = whole.to_string().replace("1.24.1", "2.0.0");
    assert!(refused(Format::GreatExpectations, newer).contains("version `2.0.0`"));
}

fn metric(fields: &str) -> (Status, String) {
    let report = format!(r#"{{"tool":"t","metrics":[{{"name":"m",{fields}}}]}}"#);
    let results = read(Format::Metrics, report, Some("AFF-EXP-11")).unwrap();
    (results[0].status, results[0].measures.first().map(|m| m.value.to_string()).unwrap_or_default())
}

#[test]
fn a_metric_passes_within_its_limit_and_with_the_number_behind_it() {
    let limit = r#""direction":"at-least","threshold":"0.9""#;
    assert_eq!(metric(&format!(r#""value":0.90000000000000000000001,"n":5,{limit}"#)).0, Status::Passed);
    assert_eq!(metric(&format!(r#""value":0.89999999999999999999999,"n":5,{limit}"#)).0, Status::Failed);
    assert_eq!(metric(&format!(r#""value":0.95,{limit}"#)).0, Status::NeedsReview);
    assert_eq!(metric(&format!(r#""value":0.95,"n":0,{limit}"#)).0, Status::NotRun);
    assert_eq!(metric(&format!(r#""value":null,"n":5,{limit}"#)).0, Status::Unknown);
    assert_eq!(metric(r#""value":0.95,"n":5"#).0, Status::NeedsReview);
    let large = r#""value":9007199254740993,"n":5,"direction":"at-most","threshold":9007199254740992"#;
    assert_eq!(metric(large), (Status::Failed, "9007199254740993".to_owned()));
    let half = r#"{"tool":"t","metrics":[{"name":"m","value":1,"threshold":1}]}"#;
    assert!(refused(Format::Metrics, half).contains("stand together"));
    assert!(refused(Format::Metrics, r#"{"by_group": {"A": 1.0, "B": NaN}}"#).contains("NaN"));
}

#[test]
fn a_gap_between_groups_needs_every_group() {
    let report = |groups: &str, counts: &str| {
        let report = format!(
            r#"{{"versions":{{"fairlearn":"0.15.0"}},"n":9,"by_group":{{{groups}}},"n_by_group":{{{counts}}},
            "difference":{{"recall":0.05}},"limits":{{"difference/recall":{{"direction":"at-most","threshold":0.1}}}}}}"#
        );
        judged(Format::Metrics, report)[0].1
    };
    let both = r#""A":{"recall":0.8},"B":{"recall":0.85}"#;
    assert_eq!(report(both, r#""A":5,"B":4"#), Status::Passed);
    assert_eq!(report(both, r#""A":9"#), Status::NeedsReview);
    assert_eq!(report(both, ""), Status::NeedsReview);
    assert_eq!(report(r#""A":{"recall":0.8},"B":{"recall":null}"#, r#""A":5,"B":4"#), Status::Unknown);
    assert_eq!(report(r#""A":{"recall":0.8},"B":{}"#, r#""A":5,"B":4"#), Status::Unknown);
}

#[test]
fn odd_times_are_read_or_left_out_and_none_lies_in_the_future() {
    let of = |time: &str| {
        let report = format!(
            r#"{{"tool":"t","observed_to":"{time}","metrics":[{{"name":"m","value":1,"n":1,"direction":"at-least","threshold":1}}]}}"#
        );
        let results = read(Format::Metrics, report, Some("AFF-EXP-11")).unwrap();
        let assumed = results[0].flags.contains("time-zone-assumed");
        (results[0].observed_to.to_string(), results[0].time_source, assumed)
    };
    let report = TimeSource::Report;
    let said = |time: &str, assumed| (time.to_owned(), report, assumed);
    assert_eq!(of("2026-11-22T03:46:15.782483"), said("2026-11-22T03:46:15.782Z", true));
    assert_eq!(of("2026-11-22 04:04:19"), said("2026-11-22T04:04:19Z", true));
    assert_eq!(of("2026-11-21T22:46:15-05:00"), said("2026-11-22T03:46:15Z", false));
    assert_eq!(of("2021-08-25T12:20:30.000000005Z"), said("2021-08-25T12:20:30Z", false));
    assert_eq!(of("2026-11-22"), said("2026-11-22T00:00:00Z", false));
    for unreadable in ["20261122T041556.731394Z", "10-19-2003", "1795320389820", "2016-12-31T23:59:60Z"] {
        assert_eq!(of(unreadable).1, TimeSource::Ingest, "{unreadable}");
    }
    // Admission refuses what lies in the future.
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let now = "2026-11-26T00:00:00Z".parse().unwrap();
    let context =
        Context { system: Some("support-bot".parse().unwrap()), ..Context::new(&controls, &tools, now) };
    let future = r#"{"tool":"t","observed_to":"2099-01-01T00:00:00Z","metrics":[{"name":"m","value":1,"control":"AFF-EXP-11"}]}"#;
    let parsed = parse(future.as_bytes(), Format::Metrics, &context).unwrap();
    let gate = AdmitContext { controls: &controls, now, assets: None };
    assert!(admit(parsed.results.into_iter().next().unwrap(), &gate).is_err());
}
