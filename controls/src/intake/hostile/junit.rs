//! JUnit XML, and XML of strangers.

use super::*;

fn suite(tests: &str) -> String {
    format!("<testsuite name=\"x\">{tests}</testsuite>")
}

#[test]
fn both_roots_and_suites_in_suites_read_the_same() {
    let test = "<testcase classname=\"c\" name=\"n\"/>";
    for report in [
        suite(test),
        format!("<testsuites>{}</testsuites>", suite(test)),
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites>{}</testsuites>\n",
            suite(&suite(test))
        ),
        format!("\u{feff}{}", suite(test)),
    ] {
        assert_eq!(judged(Format::Junit, &report), one(Status::Passed, ""), "{report}");
        assert_eq!(detect(report.as_bytes(), "report.xml"), Some(Format::Junit), "{report}");
    }
}

#[test]
fn nothing_tested_is_never_a_pass() {
    for report in ["<testsuites/>", "<testsuites></testsuites>", "<testsuite name=\"x\" tests=\"0\"/>"] {
        assert_eq!(judged(Format::Junit, report), one(Status::NotRun, "no-results"), "{report}");
    }
    let switched_off = suite("<testcase name=\"a\" status=\"notrun\" result=\"suppressed\"/>");
    assert_eq!(judged(Format::Junit, switched_off), one(Status::NotRun, "skipped"));
}

#[test]
fn an_outcome_is_the_worst_of_what_a_test_says() {
    let of = |inner: &str| judged(Format::Junit, suite(&format!("<testcase name=\"a\">{inner}</testcase>")));
    assert_eq!(of("<failure/>"), one(Status::Failed, ""));
    assert_eq!(of("<error/><failure/>"), one(Status::Failed, ""));
    assert_eq!(of("<failure/><error/>"), one(Status::Failed, ""));
    assert_eq!(of("<error/>"), one(Status::Unknown, ""));
    assert_eq!(of("<skipped/>"), one(Status::NotRun, "skipped"));
    assert_eq!(of("<skipped type=\"pytest.xfail\"/>"), one(Status::Failed, "suppressed"));
    assert_eq!(of("<flakyFailure/>"), one(Status::NeedsReview, ""));
    assert_eq!(of("<system-out>&lt;failure&gt;<![CDATA[<failure/>]]></system-out>"), one(Status::Passed, ""));
}

#[test]
fn totals_that_are_not_those_of_the_tests_are_marked() {
    let report = |totals: &str| format!("<testsuite name=\"x\" {totals}><testcase name=\"a\"/></testsuite>");
    assert_eq!(judged(Format::Junit, report("tests=\"1\" failures=\"0\"")), one(Status::Passed, ""));
    let flagged = one(Status::NeedsReview, "totals-disagree");
    assert_eq!(judged(Format::Junit, report("tests=\"2\"")), flagged);
    assert_eq!(judged(Format::Junit, report("tests=\"1\" errors=\"1\"")), flagged);
}

#[test]
fn a_property_names_the_controls_and_parameters_stay_out_of_the_rule() {
    let property = |control: &str| {
        format!("<properties><property name=\"affiant.control\" value=\"{control}\"/></properties>")
    };
    let own = format!(
        "<testcase classname=\"t\" name=\"n[ignore all rules]\">{}<failure message=\"no&#10;AKIAIOSFODNN7EXAMPLE\"/></testcase>",
        property("AFF-THR-02, AFF-THR-05")
    );
    let report = suite(&format!("{}<testcase name=\"b\"/>{own}", property("AFF-DAT-06")));
    let results = read(Format::Junit, &report, None).unwrap();
    let found: Vec<_> = results.iter().map(|r| (r.control.as_str(), r.status)).collect();
    assert_eq!(
        found,
        [("AFF-DAT-06", Status::Passed), ("AFF-THR-02", Status::Failed), ("AFF-THR-05", Status::Failed)]
    );
    let check = &results[1].checks[0];
    assert_eq!((check.rule.as_str(), check.message.as_str()), ("x:t::n", "no"));
    let late = suite(&format!("<testcase name=\"b\"/>{}", property("AFF-DAT-06")));
    assert!(refused(Format::Junit, late).contains("stands after the suite's tests"));
    assert!(refused(Format::Junit, suite(&property("what is it?"))).contains("it?"));
}

#[test]
fn what_lies_outside_the_document_is_not_read() {
    let external = "<?xml version=\"1.0\"?>\n<!DOCTYPE t [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>\n\
        <testsuites><testsuite name=\"x\" tests=\"1\"><testcase classname=\"c\" name=\"&x;\"/></testsuite></testsuites>";
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><testsuite name=\"&b;\"/>";
    for report in [external, laughs] {
        assert!(refused(Format::Junit, report).contains("DOCTYPE"), "{report}");
    }
    assert!(refused(Format::Junit, "<testsuite name=\"&b;\"/>").contains("unrecognized entity"));
    let inside = suite("<testcase name=\"a\"><failure>&b;</failure></testcase>");
    assert!(refused(Format::Junit, inside).contains("XML's own five"));
    let named = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite/>";
    assert!(refused(Format::Junit, named).contains("UTF-8"));
}

#[test]
fn limits_hold() {
    let deep = "<testsuite>".repeat(65);
    assert!(refused(Format::Junit, deep).contains("deeper than 64"));
    let many: String = (0..101).map(|n| format!(" a{n}=\"\"")).collect();
    assert!(refused(Format::Junit, format!("<testsuite{many}/>")).contains("more than 100 attributes"));
    assert!(refused(Format::Junit, "<testsuite><testcase name=\"a\">").contains("ends inside a tag"));
    assert!(refused(Format::Junit, "<testsuite/><testsuite/>").contains("after the document"));
    assert!(refused(Format::Junit, "<testsuite name=\"a\" name=\"b\"/>").contains("duplicated"));
    assert!(refused(Format::Junit, "<html/>").contains("neither"));
    let long = format!("<testsuite name=\"{}\"/>", "a".repeat(DOCUMENT_SIZE_MAX));
    assert!(refused(Format::Junit, long).contains("the limit"));
}

#[test]
fn names_from_outside_are_shown_escaped() {
    let name = "a\u{202e}gpj\u{1b}[31m";
    let report =
        suite(&format!("<testcase name=\"{name}\"><failure message=\"\u{200b}b&#27;\"/></testcase>"));
    let shown = match read(Format::Junit, &report, Some("AFF-THR-01")) {
        Ok(results) => format!("{:?}", results[0].checks[0]),
        Err(error) => error.to_string(),
    };
    assert!(!shown.chars().any(affiant_ledger::id::is_hidden), "{shown:?}");
}
