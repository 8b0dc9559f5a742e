//! Findings, lists of parts, signed statements and assessments of others.

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/intake");
    std::fs::read(folder.join(name)).unwrap()
}

/// Control, status and word of each row.
fn rows(format: Format, report: impl AsRef<[u8]>) -> Vec<(String, Option<Status>)> {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let context = Context {
        system: Some("support-bot".parse().unwrap()),
        explain: true,
        ..Context::new(&controls, &tools, "2026-11-26T00:00:00Z".parse().unwrap())
    };
    let parsed = parse(report.as_ref(), format, &context).unwrap();
    parsed.explained.into_iter().map(|row| (row.rule, row.status)).collect()
}

fn ocsf(fields: &str) -> String {
    format!(
        r#"{{"class_uid":2004,"metadata":{{"version":"1.4.0","event_code":"s3_bucket_public_access","product":{{"name":"Prowler","version":"5.4.0"}}}},"time":1795312000,"time_dt":"2020-02-14T14:27:03.913874","resources":[{{"uid":"arn:x"}}],{fields}}}"#
    )
}

#[test]
fn the_outcome_of_a_finding_is_not_where_somebody_is_with_it() {
    let of = |fields: &str| read(Format::Ocsf, ocsf(fields), None).unwrap()[0].clone();
    assert_eq!(of(r#""status":"New","status_code":"PASS""#).status, Status::Passed);
    assert_eq!(of(r#""status":"New","status_code":"FAIL""#).status, Status::Failed);
    assert_eq!(of(r#""status":"New","status_code":"MANUAL""#).status, Status::NeedsReview);
    assert_eq!(of(r#""status":"New","status_code":"GREEN""#).status, Status::Unknown);
    assert_eq!(of(r#""status":"New""#).status, Status::Failed);
    let muted = of(r#""status":"Suppressed","status_code":"FAIL""#);
    assert_eq!((muted.status, muted.checks[0].suppressed), (Status::Failed, true));
    assert_eq!(muted.observed_to.to_string(), "2026-11-22T01:46:40Z");
    let millis = read(Format::Ocsf, ocsf("\"a\":1").replace("1795312000", "1795312000000"), None).unwrap();
    assert_eq!(millis[0].observed_to, muted.observed_to);
}

#[test]
fn findings_in_a_list_and_one_a_line_read_the_same() {
    let (one, other) = (ocsf(r#""status_code":"PASS""#), ocsf(r#""status_code":"FAIL""#));
    let lines = rows(Format::Ocsf, format!("{one}\n{other}\n"));
    assert_eq!(lines, rows(Format::Ocsf, format!("[{one},{other}]")));
    assert_eq!(detect(format!("[{one}]").as_bytes(), "x.json"), Some(Format::Ocsf));
    assert_eq!(detect(format!("{one}\n{other}").as_bytes(), "x.ndjson"), Some(Format::Ocsf));
    assert!(refused(Format::Ocsf, "[]").contains("no finding"));
    assert!(refused(Format::Ocsf, one.replace("2004", "1001")).contains("class 1001"));
    assert!(refused(Format::Ocsf, one.replace("1.4.0", "2.0.0")).contains("version `2.0.0`"));
    let compliance = one
        .replace("2004", "2003")
        .replace("\"status_code\":\"PASS\"", "\"compliance\":{\"status\":\"Pass\"}");
    assert_eq!(rows(Format::Ocsf, compliance)[0].1, Some(Status::Passed));
}

fn bom(analysis: &str) -> String {
    let hash = "3e252d0e1ffe6a6e2395ef69be7b75992ba5b772e71a453505534068e3fe46ef";
    format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{{"component":{{"name":"bot","hashes":[{{"alg":"SHA-256","content":"{hash}"}}]}}}},
        "components":[{{"bom-ref":"7","name":"a","version":"1","purl":"pkg:pypi/a@1"}}],
        "vulnerabilities":[{{"id":"CVE-2026-1","ratings":[{{"severity":"low"}},{{"severity":"critical"}}],"affects":[{{"ref":"7"}}]{analysis}}}]}}"#
    )
}

#[test]
fn a_vulnerability_is_settled_by_an_analysis_with_its_reason_only() {
    let of = |analysis: &str| read(Format::CycloneDx, bom(analysis), None).unwrap()[0].clone();
    let state = |state: &str| of(&format!(r#","analysis":{{"state":"{state}"}}"#)).status;
    assert_eq!(of("").status, Status::Failed);
    assert_eq!(state("exploitable"), Status::Failed);
    assert_eq!(state("in_triage"), Status::Failed);
    assert_eq!(state("resolved"), Status::Passed);
    assert_eq!(state("false_positive"), Status::Passed);
    assert_eq!(state("not_affected"), Status::NeedsReview);
    assert_eq!(state("fine"), Status::Unknown);
    let reasoned = of(r#","analysis":{"state":"not_affected","justification":"code_not_reachable"}"#);
    assert_eq!(reasoned.status, Status::Passed);
    let check = &reasoned.checks[0];
    assert_eq!(
        (check.location.as_deref(), check.severity),
        (Some("pkg:pypi/a@1"), Some(crate::Severity::Critical))
    );
    assert_eq!(reasoned.subject.unwrap().digest.to_string()[..8], *"3e252d0e");
    let newer = bom("").replace("\"1.6\"", "\"2.0\"");
    assert!(refused(Format::CycloneDx, newer).contains("version `2.0`, read are 1.4 to 1.7"));
}

fn signer() -> VerifyingKey {
    let hex: Digest = "e9e6da563480e1a037dae50c202b478d000cdbcd49b1dc613ec326de820a82a6".parse().unwrap();
    VerifyingKey::from_bytes(hex.as_bytes()).unwrap()
}

fn signed(report: &[u8], about: Option<&str>) -> Result<Vec<ControlResult>, IntakeError> {
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let context = Context {
        system: Some("support-bot".parse().unwrap()),
        about: about.into_iter().map(|control| control.parse().unwrap()).collect(),
        trusted: vec![signer()],
        ..Context::new(&controls, &tools, "2026-11-26T00:00:00Z".parse().unwrap())
    };
    parse(report, Format::InToto, &context).map(|parsed| parsed.results)
}

#[test]
fn a_signed_statement_speaks_about_its_subjects() {
    let results = signed(&fixture("in-toto/multiple.intoto.jsonl"), None).unwrap();
    let found: Vec<_> = results
        .iter()
        .map(|r| {
            (r.control.as_str(), r.status, r.subject.as_ref().unwrap().digest.to_string()[..4].to_owned())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("AFF-EXP-04", Status::NeedsReview, "3e25".to_owned()),
            ("AFF-EXP-04", Status::NeedsReview, "affd".to_owned()),
            ("AFF-INF-06", Status::Failed, "faea".to_owned()),
        ]
    );
    let tests = signed(&fixture("in-toto/test-result.dsse.json"), Some("AFF-THR-01")).unwrap();
    assert_eq!(tests[0].status, Status::Failed);
    assert!(tests[0].source.as_ref().unwrap().account.as_ref().unwrap().starts_with("key "));
    assert!(!format!("{tests:?}").contains("DAN mode"));
}

#[test]
fn a_statement_that_was_changed_or_signed_by_another_is_refused() {
    let wrong = "no trusted key made its signature";
    let tampered = fixture("in-toto/test-result.TAMPERED.dsse.json");
    assert!(signed(&tampered, None).unwrap_err().to_string().contains(wrong));
    let sound = String::from_utf8(fixture("in-toto/test-result.dsse.json")).unwrap();
    for (from, to) in [("appkrq", "bppkrq"), ("eyJfdHlw", "eyJfdHlx"), ("\"sig\": \"", "\"sig\": \"AA")] {
        assert!(signed(sound.replace(from, to).as_bytes(), None).is_err(), "{from}");
    }
    let bare = sound.replace("\"signatures\": [", "\"signatures\": [], \"x\": [");
    assert!(signed(bare.as_bytes(), None).unwrap_err().to_string().contains(wrong));
    let other = sound.replace("vnd.in-toto+json", "vnd.other+json");
    assert!(signed(other.as_bytes(), None).unwrap_err().to_string().contains("a payload of type"));
}

#[test]
fn what_nobody_signed_or_nobody_checked_is_unknown() {
    let unsigned = r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{}}],"predicateType":"https://slsa.dev/verification_summary/v1","predicate":{"verificationResult":"PASSED","verifiedLevels":["SLSA_BUILD_LEVEL_2"],"verifier":{"id":"v"}}}"#;
    assert_eq!(signed(unsigned.as_bytes(), None).unwrap()[0].status, Status::Unknown);
    let results = read(Format::InToto, fixture("in-toto/multiple.intoto.jsonl"), None).unwrap();
    assert!(results.iter().all(|result| result.status == Status::Unknown));
    assert_eq!(results[0].raw_status.as_deref(), Some("signature-not-checked"));
}

#[test]
fn an_objective_of_an_assessment_is_satisfied_or_not_or_was_not_looked_at() {
    let report = |state: &str, risk: &str| {
        format!(
            r#"{{"assessment-results":{{"metadata":{{"oscal-version":"1.1.2"}},"results":[{{"start":"2026-11-20T08:31:20-04:00",
            "reviewed-controls":{{"control-selections":[{{"include-controls":[{{"control-id":"AFF-DAT-04"}},{{"control-id":"AFF-DAT-05"}}]}}]}},
            "observations":[{{"uuid":"o","collected":"2026-11-20T08:31:20-04:00","expires":"2026-12-20T00:00:00-04:00"}}],
            "risks":[{{"uuid":"r","status":"{risk}"}}],
            "findings":[{{"uuid":"f","title":"t","target":{{"target-id":"AFF-DAT-04","status":{{"state":"{state}"}}}},
            "related-observations":[{{"observation-uuid":"o"}}],"related-risks":[{{"risk-uuid":"r"}}]}}]}}]}}}}"#
        )
    };
    let of = |state: &str, risk: &str| read(Format::OscalAr, report(state, risk), None).unwrap();
    let results = of("satisfied", "open");
    assert_eq!((results[0].status, results[1].status), (Status::Passed, Status::NotRun));
    assert_eq!(results[0].observed_to.to_string(), "2026-11-20T12:31:20Z");
    assert_eq!(results[0].valid_until.unwrap().to_string(), "2026-12-20T04:00:00Z");
    let failed = of("not-satisfied", "deviation-approved");
    assert_eq!((failed[0].status, failed[0].checks[0].suppressed), (Status::Failed, true));
    assert_eq!(of("partly", "open")[0].status, Status::Unknown);
    assert!(
        refused(Format::OscalAr, report("satisfied", "").replace("1.1.2", "2.0.0"))
            .contains("version `2.0.0`")
    );
}

#[test]
fn a_control_of_a_profile_is_as_bad_as_its_worst_result() {
    let of = |impact: &str, results: &str| {
        let report = format!(
            r#"{{"platform":{{"name":"x","target_id":"t"}},"profiles":[{{"name":"baseline","controls":[{{"id":"AFF-INF-02","impact":{impact},"results":[{results}]}}]}}]}}"#
        );
        read(Format::Hdf, report, None).unwrap()[0].status
    };
    let (passed, failed) = (r#"{"status":"passed"}"#, r#"{"status":"failed"}"#);
    let (skipped, error) = (r#"{"status":"skipped"}"#, r#"{"status":"error"}"#);
    assert_eq!(of("0.7", passed), Status::Passed);
    assert_eq!(of("0.7", &format!("{passed},{failed},{error}")), Status::Failed);
    assert_eq!(of("0.7", &format!("{passed},{error}")), Status::Unknown);
    assert_eq!(of("0.7", &format!("{passed},{skipped}")), Status::NeedsReview);
    assert_eq!(of("0.7", skipped), Status::NotRun);
    assert_eq!(of("0.7", ""), Status::Unknown);
    assert_eq!(of("0.0", skipped), Status::NotApplicable);
    assert_eq!(of("0.0", failed), Status::Failed);
    assert_eq!(of("null", passed), Status::Unknown);
    let newer = r#"{"baselines":[]}"#;
    assert!(refused(Format::Hdf, newer).contains("profiles"));
}

#[cfg(feature = "yaml")]
#[test]
fn an_evaluation_log_is_read_by_its_assessments() {
    let log = |result: &str, extra: &str| {
        format!(
            "metadata:\n  id: x\n  type: EvaluationLog\n  gemara-version: \"1.1.0\"\n  author: {{id: a, name: pvtr}}\n\
             target: {{name: repo}}\nresult: Passed\nevaluations:\n- name: n\n  result: Passed\n  message: m\n  \
             control: {{reference-id: AFF, entry-id: AFF-EXP-13}}\n  assessment-logs:\n  - requirement: {{reference-id: AFF, entry-id: AFF-EXP-13}}\n    \
             result: {result}\n    message: fine\n    start: \"2026-11-22T16:01:00Z\"\n{extra}"
        )
    };
    let of = |result: &str, extra: &str| read(Format::Gemara, log(result, extra), None).unwrap()[0].clone();
    assert_eq!(of("Passed", "").status, Status::Passed);
    assert_eq!(of("Passed", "    steps-executed: 0\n").status, Status::NotRun);
    assert_eq!(of("Failed", "").status, Status::Failed);
    assert!(of("Failed", "").flags.contains("totals-disagree"));
    assert_eq!(of("Needs Review", "").status, Status::NeedsReview);
    assert_eq!(of("Marvellous", "").status, Status::Unknown);
    assert_eq!(detect(log("Passed", "").as_bytes(), "log.yaml"), Some(Format::Gemara));
    let digest = |digest: &str| {
        format!(
            "    evidence:\n    - id: e\n      collected-at: x\n      source: {{reference-id: r, digest: \"{digest}\"}}\n"
        )
    };
    assert_eq!(of("Passed", &digest(&format!("sha256:{}", "a".repeat(64)))).status, Status::Passed);
    for wrong in [format!("sha256:{}", "a".repeat(65)), "SHA256:aa".to_owned(), "none".to_owned()] {
        assert!(refused(Format::Gemara, log("Passed", &digest(&wrong))).contains("digest of `e`"), "{wrong}");
    }
    assert!(refused(Format::Gemara, log("Passed", "").replace("1.1.0", "2.0.0")).contains("version `2.0.0`"));
    let other = log("Passed", "").replace("type: EvaluationLog", "type: AuditLog");
    assert!(refused(Format::Gemara, other).contains("type `AuditLog`"));
}
