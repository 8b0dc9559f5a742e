//! Scanners of code, settings, packages and model files.

use super::*;

fn checkov(passed: &str, failed: &str, counts: (u64, u64)) -> String {
    format!(
        r#"{{"check_type":"terraform","results":{{{passed}"failed_checks":[{failed}]}},"summary":{{"passed":{},"failed":{},"skipped":0,"parsing_errors":0,"checkov_version":"3.3.30"}}}}"#,
        counts.0, counts.1
    )
}

fn checkov_check(result: &str) -> String {
    format!(
        r#"{{"check_id":"CKV_AWS_7","check_result":{{"result":"{result}"}},"file_path":"/main.tf","file_abs_path":"/build/me/main.tf","resource":"a.b"}}"#
    )
}

#[test]
fn what_passed_is_listed_and_what_is_only_counted_is_not_taken_as_passed() {
    let all = checkov(&format!("\"passed_checks\":[{}],", checkov_check("PASSED")), "", (1, 0));
    assert_eq!(judged(Format::Checkov, &all), one(Status::Passed, ""));
    assert_eq!(judged(Format::Checkov, format!("[{all},{all}]")), one(Status::Passed, ""));
    let quiet = checkov("", "", (1, 0));
    assert_eq!(judged(Format::Checkov, quiet), one(Status::NotRun, "no-run-manifest"));
    let fewer = checkov(&format!("\"passed_checks\":[{}],", checkov_check("PASSED")), "", (2, 0));
    assert_eq!(judged(Format::Checkov, fewer), one(Status::NeedsReview, "totals-disagree"));
}

#[test]
fn absolute_paths_are_not_kept_and_unknown_versions_refused() {
    let report = checkov("", &checkov_check("FAILED"), (0, 1));
    let results = read(Format::Checkov, &report, Some("AFF-THR-01")).unwrap();
    assert_eq!(results[0].checks[0].location.as_deref(), Some("main.tf a.b"));
    assert!(!format!("{results:?}").contains("/build"));
    let newer = report.replace("3.3.30", "4.0.0");
    assert!(refused(Format::Checkov, newer).contains("version `4.0.0`, read are 2, 3"));
    assert_eq!(judged(Format::Checkov, report.replace("FAILED", "GREEN"))[0].1, Status::Unknown);
}

fn semgrep(extra: &str, scanned: &str) -> String {
    format!(r#"{{"version":"1.182.0","results":[],"errors":[],"paths":{{"scanned":[{scanned}]}}{extra}}}"#)
}

#[test]
fn no_finding_speaks_only_with_files_examined_and_nothing_left_out() {
    let about = |text: String| judged(Format::Semgrep, text);
    assert_eq!(about(semgrep("", "\"a.py\"")), one(Status::Passed, ""));
    assert_eq!(about(semgrep("", "")), one(Status::NotRun, "vacuous-result"));
    let skipped = semgrep(",\"skipped_rules\":[{}]", "\"a.py\"");
    assert_eq!(about(skipped), one(Status::NeedsReview, "skipped-items"));
    let broken = semgrep("", "\"a.py\"").replace("\"errors\":[]", "\"errors\":[{}]");
    assert_eq!(about(broken), one(Status::Unknown, "incomplete-run"));
    assert!(refused(Format::Semgrep, semgrep("", "").replace("1.182", "2.0")).contains("version `2.0.0`"));
}

#[test]
fn without_the_list_of_rules_that_ran_nothing_passes_by_itself() {
    let results = read(Format::Semgrep, semgrep("", "\"a.py\""), None).unwrap();
    assert_eq!(results, []);
    let timed =
        semgrep(",\"time\":{\"rules\":[\"x.y.tls-verify-off\",{\"id\":\"z.avoid-pickle\"}]}", "\"a.py\"");
    let results = read(Format::Semgrep, timed, None).unwrap();
    let found: Vec<_> = results.iter().map(|r| (r.control.as_str(), r.status)).collect();
    assert_eq!(found, [("AFF-EXP-13", Status::Passed)]);
}

#[test]
fn another_name_of_a_vulnerability_is_not_another_vulnerability() {
    let report = r#"{"dependencies":[{"name":"a","version":"1","vulns":[
        {"id":"PYSEC-1","aliases":["CVE-1"]},{"id":"GHSA-1","aliases":["CVE-1"]}]}],"fixes":[]}"#;
    let results = read(Format::PipAudit, report, None).unwrap();
    assert_eq!((results.len(), results[0].status), (1, Status::Failed));
    assert_eq!(results[0].summary, "0 of 1 passed, 1 failed: pip-audit:PYSEC-1 (1)");
    let turned = report.replace("PYSEC-1", "X").replace("GHSA-1", "PYSEC-1").replace("\"X\"", "\"GHSA-1\"");
    let again = read(Format::PipAudit, turned, None).unwrap();
    assert_eq!(results[0].checks[0].fingerprint, again[0].checks[0].fingerprint);
}

#[test]
fn one_dependency_that_was_not_looked_up_leaves_the_pass_to_a_person() {
    let some = r#"{"dependencies":[{"name":"a","version":"1","vulns":[]},{"name":"b","skip_reason":"no"}],"fixes":[]}"#;
    assert_eq!(judged(Format::PipAudit, some), one(Status::NeedsReview, "skipped-items"));
    let none = r#"{"dependencies":[],"fixes":[]}"#;
    assert_eq!(judged(Format::PipAudit, none), one(Status::NotRun, "no-results"));
    let odd = r#"{"dependencies":[{"name":"a","version":"1"}],"fixes":[]}"#;
    assert_eq!(judged(Format::PipAudit, odd)[0].1, Status::Unknown);
    let twice = r#"{"dependencies":[],"dependencies":[],"fixes":[]}"#;
    assert!(refused(Format::PipAudit, twice).contains("stands twice"));
}
