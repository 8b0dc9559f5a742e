//! What fails and who deals with it: findings, opened and closed by what is pushed.

use crate::support::place::{DAY, NOON, Place};
use serde_json::{Value, json};

/// The findings listed.
fn findings(place: &Place, more: &[&str]) -> Vec<Value> {
    let words = ["finding", "list", "scoring", "--json"];
    place.affiant(&[&words[..], more].concat()).expect(0).json().as_array().unwrap().clone()
}

/// Rule, or `*`, and state of each.
fn standing(place: &Place) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("*").to_owned();
    let mut all: Vec<_> =
        findings(place, &[]).iter().map(|it| (text(&it["finding"]["rule"]), text(&it["state"]))).collect();
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(rule, state)| ((*rule).to_owned(), (*state).to_owned())).collect()
}

/// A report of bandit with these rules, all about one control.
fn report(place: &Place, rules: &[&str]) {
    let finding = |rule: &&str| {
        json!({"test_id": rule, "filename": "app/a.py", "line_number": 3, "code": format!("3 {rule}\n"),
        "issue_text": "a finding", "issue_severity": "HIGH"})
    };
    let report = json!({"generated_at": "2026-11-24T11:00:00Z", "errors": [], "metrics": {
        "_totals": {"nosec": 0}, "app/a.py": {"loc": 3}},
        "results": rules.iter().map(finding).collect::<Vec<_>>()});
    place.write("report.json", report.to_string());
}

const PUSH: [&str; 8] =
    ["push", "report.json", "--system", "scoring", "--asset", "code", "--control", "AFF-EXP-13"];

fn size(place: &Place) -> u64 {
    place.affiant(&["log", "checkpoint"]).expect(0).stdout.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_report_opens_findings_once_and_what_it_no_longer_has_is_closed() {
    let place = Place::with_system_at(NOON);
    report(&place, &["B301", "B602"]);
    place.affiant(&PUSH).expect(0).warns("findings: 2 opened");
    assert_eq!(standing(&place), pairs(&[("bandit:B301", "open"), ("bandit:B602", "open")]));
    let before = size(&place);
    place.affiant(&PUSH).expect(0);
    assert_eq!(size(&place), before + 1, "the result alone: nothing opens twice");
    report(&place, &["B602"]);
    place.affiant(&PUSH).expect(0).warns("findings: 1 resolved");
    report(&place, &[]);
    place.affiant(&PUSH).expect(0).says("passed").warns("findings: 1 resolved");
    assert_eq!(standing(&place), pairs(&[("bandit:B301", "resolved"), ("bandit:B602", "resolved")]));
    report(&place, &["B301"]);
    place.affiant(&PUSH).expect(0).warns("findings: 1 opened again");
    let open = findings(&place, &["--state", "open"]);
    assert_eq!((open.len(), &open[0]["finding"]["reopened"]), (1, &json!(1)));
    place.affiant(&["finding", "sync", "scoring"]).expect(0).says("nothing to record");
    place.sound();
}

#[test]
fn a_finding_is_worked_on_by_people_and_closed_by_none() {
    let mut place = Place::with_system_at(NOON);
    let index = place.push("one", "failed");
    let found = findings(&place, &[]);
    assert_eq!((found.len(), &found[0]["finding"]["opened_by"]), (1, &json!(index)));
    let id = found[0]["finding"]["id"].as_str().unwrap().to_owned();
    place.affiant(&["status", "scoring"]).says("findings: 1 open (1 ").says(", 0 overdue");
    let say =
        |place: &Place, verb: &str, more: &[&str]| place.affiant(&[&["finding", verb, &id], more].concat());
    say(&place, "triage", &["--note", "on the held-out set alone"]).expect(0).says("finding, triaged: f-");
    say(&place, "triage", &[]).expect(2).warns("nothing new is said");
    say(&place, "assign", &[]).expect(2).warns("nobody answers for the finding");
    say(&place, "assign", &["--owner", "Data team", "--due", "2026-11-01"])
        .expect(2)
        .warns("`now` lies after `due`");
    let work = ["--owner", "Data team", "--due", "2026-12-01", "--ticket", "RISK-114"];
    say(&place, "assign", &work).expect(0).says("remediating");
    say(&place, "triage", &["--note", "a remark"]).expect(0).says("remediating");
    let shown = say(&place, "show", &[]).expect(0);
    shown.says("state: remediating").says("owner: Data team").says("ticket: RISK-114").says("note: a remark");
    say(&place, "show", &["--system", "nobody"]).expect(2);
    place.affiant(&["finding", "show", "f-000000000000"]).expect(2).warns("is no finding");
    place.at(NOON + 30 * DAY);
    assert_eq!(findings(&place, &["--overdue"]).len(), 1);
    place.affiant(&["finding", "list", "scoring"]).expect(0).says("overdue");
    place.push("two", "passed");
    assert!(findings(&place, &["--overdue"]).is_empty());
    say(&place, "assign", &["--note", "late"]).expect(2).warns("was resolved by entry");
    let closed = findings(&place, &["--state", "resolved"]);
    assert_eq!(closed[0]["finding"]["ticket"], "RISK-114");
}

#[test]
fn an_exception_accepts_a_finding_until_it_expires() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    let words =
        ["except", "grant", "AFF-EXP-11", "--system", "scoring", "--asset", "model", "--until", "2026-12-01"];
    place
        .affiant(
            &[&words[..], &["--id", "exc-1", "--reason", "revalidation", "--approver", "Head of Risk"]]
                .concat(),
        )
        .expect(0);
    let accepted = findings(&place, &["--state", "accepted"]);
    assert_eq!(accepted[0]["exception"], "exc-1");
    place.affiant(&["finding", "list", "scoring"]).expect(0).says("accepted by");
    place.at(NOON + 30 * DAY);
    assert_eq!(standing(&place), pairs(&[("*", "open")]));
}

#[test]
fn findings_change_no_conclusion_and_can_be_left_out_and_made_up_for() {
    let (with, without) = (Place::with_system_at(NOON), Place::with_system_at(NOON));
    let conclusions = |place: &Place| {
        let status = place.affiant(&["status", "scoring", "--json"]).json();
        let all = status[0]["assessments"].as_array().unwrap().clone();
        let of = |it: &Value| {
            let determinations = it["determinations"].as_array().unwrap().iter();
            determinations.map(|it| (it["requirement"].clone(), it["outcome"].clone())).collect::<Vec<_>>()
        };
        all.iter().map(of).collect::<Vec<_>>()
    };
    for (place, more) in [(&with, &[][..]), (&without, &["--no-findings"][..])] {
        report(place, &["B301", "B602"]);
        place.affiant(&[&PUSH[..], more].concat()).expect(0);
    }
    assert!(findings(&without, &[]).is_empty());
    assert_eq!(size(&with), size(&without) + 2);
    assert_eq!(conclusions(&with), conclusions(&without));
    // As after a stop between the results and their findings.
    let made_up = without.affiant(&["finding", "sync", "scoring", "--json"]).expect(0).json();
    assert_eq!(made_up, json!({"system": "scoring", "opened": 2, "reopened": 0, "resolved": 0}));
    let ids =
        |place: &Place| findings(place, &[]).iter().map(|it| it["finding"]["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&with), ids(&without), "the same failure has the same id everywhere");
    with.issue();
    with.affiant(&["verify", "pack.zip", "--trust", "trust.keys", "--quiet"]).expect(0);
}

#[test]
fn a_batch_of_many_rows_opens_one_finding_for_each_asset_that_fails_at_its_end() {
    let place = Place::with_system_at(NOON);
    let row = |number: u32| {
        let (asset, status) = match number % 4 {
            0 => ("model", "failed"),
            1 => ("model", "passed"),
            2 => ("code", "passed"),
            _ => ("code", "failed"),
        };
        let observed = format!("2026-11-23T{:02}:{:02}:00Z", number / 60, number % 60);
        json!({"system": "scoring", "asset": asset, "control": "AFF-EXP-11", "status": status, "summary": "accuracy",
            "observed_from": observed, "observed_to": observed, "collector": {"name": "ci"}})
        .to_string()
    };
    // Two pieces of the spool: what counts is what stands when all of it is recorded.
    let rows: Vec<String> = (0..1200).map(row).collect();
    place.write("rows.ndjson", rows.join("\n"));
    place.affiant(&["push", "rows.ndjson", "--system", "scoring"]).expect(0).warns("findings: 1 opened");
    let found = findings(&place, &[]);
    assert_eq!((found.len(), &found[0]["finding"]["asset"]), (1, &json!("code")));
}
