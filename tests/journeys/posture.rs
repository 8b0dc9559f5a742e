//! The posture of a system through the binary: exceptions, decisions, attestations, events, incidents, plans, and what
//! they do to conclusions, gates, periods and working papers.

use crate::support::answer::Answer;
use crate::support::place::{DAY, NOON, Place};
use serde_json::Value;

const CONTROL: &str = "AFF-EXP-11";

/// Where a control stands on an asset, in the answer of `status --json`.
fn standing(place: &Place, control: &str, asset: &str, more: &[&str]) -> Value {
    let words = ["status", "scoring", "--json"];
    let answers = place.affiant(&[&words[..], more].concat()).json();
    let assessments = answers[0]["assessments"].as_array().unwrap().clone();
    let all = assessments.iter().flat_map(|judged| judged["controls"].as_array().unwrap());
    let of_control = all.filter(|it| it["control"] == control);
    let found = of_control.flat_map(|it| it["assets"].as_array().unwrap()).find(|it| it["asset"] == asset);
    found.unwrap_or_else(|| panic!("{control} on {asset}")).clone()
}

fn outcome(place: &Place, requirement: &str) -> (String, String) {
    let determination = place.affiant(&["status", "scoring", "--why", requirement, "--json"]).json();
    let text = |key: &str| determination[key].as_str().unwrap().to_owned();
    (text("outcome"), text("conclusion"))
}

fn grant(place: &Place, until: &str) -> Answer {
    let words = [
        "except", "grant", CONTROL, "--system", "scoring", "--asset", "model", "--until", until, "--id",
        "exc-1",
    ];
    place.affiant(&[&words[..], &["--reason", "revalidation", "--approver", "Head of Risk"]].concat())
}

#[test]
fn an_exception_is_seen_everywhere_and_ends_by_itself() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "failed");
    grant(&place, "2026-12-01").expect(0);
    let excepted = standing(&place, CONTROL, "model", &[]);
    assert_eq!((&excepted["state"], &excepted["underlying"]), (&"excepted".into(), &"failed".into()));
    assert!(excepted["reason"].as_str().unwrap().contains("Head of Risk"));
    place.affiant(&["except", "list", "scoring"]).expect(0).says("in force").says("revalidation");
    place.affiant(&["status", "scoring"]).expect(0).says("exception exc-1 on AFF-EXP-11");
    // Before it was granted the control had failed, and it does so again once the exception has ended.
    place.at(NOON + 30 * DAY);
    let after = standing(&place, CONTROL, "model", &[]);
    assert_eq!((&after["state"], &after["lapsed"]), (&"failed".into(), &true.into()));
    place.affiant(&["except", "list", "scoring"]).expect(0).says("expired");
    place.affiant(&["status", "scoring", "--gaps"]).expect(0).says("exception-expired");
    let then = standing(&place, CONTROL, "model", &["--as-of", "2026-11-25"]);
    assert_eq!(then["state"], "excepted");
}

#[test]
fn an_exception_is_refused_without_an_end_with_a_far_one_and_from_who_asked() {
    let place = Place::with_system_at(NOON);
    let size = place.affiant(&["log", "fsck"]).stdout;
    grant(&place, "2026-11-01").expect(2).warns("lies after");
    grant(&place, "2029-01-01").expect(2).warns("more than 366 days");
    let words =
        ["except", "grant", CONTROL, "--system", "scoring", "--until", "2027-01-01", "--reason", "late"];
    let own = ["--approver", "Data team", "--requested-by", "data  team"];
    place.affiant(&[&words[..], &own].concat()).expect(2).warns("asks for the exception and approves it");
    place.affiant(&[&words[..], &["--approver", "Head of Risk", "--asset", "no-asset"]].concat()).expect(2);
    place
        .affiant(&["except", "revoke", "exc-9", "--system", "scoring", "--reason", "x", "--by", "y"])
        .expect(2);
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "nothing was recorded");
    grant(&place, "2027-01-01").expect(0);
    let revoke =
        ["except", "revoke", "exc-1", "--system", "scoring", "--reason", "mended", "--by", "Head of Risk"];
    place.affiant(&revoke).expect(0);
    place.affiant(&revoke).expect(2).warns("revoked before");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "missing");
}

#[test]
fn a_decision_takes_a_requirement_out_and_in_and_hides_no_failure() {
    let place = Place::with_system_at(NOON);
    let decide = |target: &str, word: &str| {
        let words = ["register", "decision", target, "--system", "scoring", word, "--reason", "no customers"];
        place.affiant(&[&words[..], &["--by", "Head of Risk", "--driver", "risk-assessment"]].concat())
    };
    decide("A.10.4", "--does-not-apply").expect(0);
    assert_eq!(outcome(&place, "A.10.4").0, "not-applicable");
    let why = place.affiant(&["status", "scoring", "--why", "A.10.4"]);
    why.says("decided not to apply by Head of Risk").says("by the facts stated it applies");
    decide("A.10.4", "--applies").expect(0);
    assert_ne!(outcome(&place, "A.10.4").0, "not-applicable");
    place.push("one", "failed");
    decide(CONTROL, "--does-not-apply").expect(0);
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "failed");
    place.push("two", "passed");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "not-applicable");
    decide("A.99", "--applies").expect(2).warns("no control and no requirement");
    let both = ["register", "decision", "A.10.4", "--system", "scoring", "--applies", "--does-not-apply"];
    place.affiant(&[&both[..], &["--reason", "x", "--by", "y"]].concat()).expect(2);
    // The statement of applicability says who, why and what is missing.
    let soa = place.affiant(&["status", "scoring", "--sheet", "soa", "--json"]).json();
    let rows = soa["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 38);
    let row = rows.iter().find(|row| row["requirement"] == "A.10.4").unwrap();
    assert_eq!((&row["applicable"], &row["drivers"][0]), (&"yes".into(), &"risk-assessment".into()));
    assert!(row["justification"].as_str().unwrap().contains("Head of Risk"));
    let undecided = rows.iter().find(|row| row["requirement"] == "A.2.2").unwrap();
    assert_eq!(undecided["justification"], "MISSING");
}

#[test]
fn a_new_version_of_an_asset_ends_what_was_shown_of_the_old_one() {
    let mut place = Place::with_system_at(NOON);
    let words = ["register", "asset", "model", "--system", "scoring", "--kind", "model", "--name", "Model"];
    place.affiant(&[&words[..], &["--asset-version", "4.1"]].concat()).expect(0);
    place.at(NOON + 3600);
    place.push("one", "passed");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "held");
    place.at(NOON + 7200);
    place.affiant(&[&words[..], &["--asset-version", "4.2"]].concat()).expect(0).warns("release of model");
    let stale = standing(&place, CONTROL, "model", &[]);
    assert_eq!(stale["state"], "stale");
    assert!(stale["reason"].as_str().unwrap().contains("before the"), "{stale}");
    place.at(NOON + 9000);
    place.push("two", "passed");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "held");
    let told =
        place.affiant(&["register", "event", "solstice", "--system", "scoring", "--summary", "it is dark"]);
    told.expect(0).warns("no control heeds `solstice`");
}

#[test]
fn evidence_on_other_bytes_satisfies_nothing() {
    let place = Place::with_system_at(NOON);
    let (one, two) = ("11".repeat(32), "22".repeat(32));
    let words = ["register", "asset", "model", "--system", "scoring", "--kind", "model", "--name", "Model"];
    place.affiant(&[&words[..], &["--digest", &two]].concat()).expect(0);
    let row = |digest: &str, id: &str| {
        format!(
            r#"{{"control":"{CONTROL}","status":"passed","asset":"model","summary":"fine","id":"{id}","subject":{{"digest":"{digest}","digest_source":"declared"}}}}"#
        )
    };
    let push = ["push", "-", "--format", "ndjson", "--system", "scoring", "--collector", "ci"];
    place.affiant_with(&push, row(&one, "a").as_bytes()).expect(0);
    let other = standing(&place, CONTROL, "model", &[]);
    assert_eq!(other["state"], "missing");
    assert!(other["reason"].as_str().unwrap().contains("no result on file for these bytes"), "{other}");
    place.affiant_with(&push, row(&two, "b").as_bytes()).expect(0);
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "held");
}

#[test]
fn a_document_settles_a_requirement_without_a_control_until_it_ends() {
    let mut place = Place::with_system_at(NOON);
    let listed = place.affiant(&["status", "scoring", "--json", "--framework", "eu-ai-act"]).json();
    let determinations = listed[0]["assessments"][0]["determinations"].as_array().unwrap().clone();
    let needs = |it: &&Value| {
        it["applicability"]["state"] == "applies"
            && it["gaps"]
                .as_array()
                .is_some_and(|gaps| gaps.iter().any(|gap| gap["kind"] == "document-needed"))
    };
    let needy = determinations.iter().find(needs).expect("a requirement of this system needs a document");
    let id = needy["requirement"].as_str().unwrap();
    place.write("memo.txt", "nothing is relied on");
    let words =
        ["attest", id, "--system", "scoring", "--by", "General Counsel", "--summary", "not relied on"];
    place.affiant(&[&words[..], &["--file", "memo.txt", "--valid-until", "2027-06-01"]].concat()).expect(0);
    let (settled, conclusion) = outcome(&place, id);
    assert_eq!(settled, "satisfied");
    assert!(conclusion.contains("attested by General Counsel"), "{conclusion}");
    // The memo travels in the pack, and the pack verifies.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.at(NOON + 300 * DAY);
    assert_eq!(outcome(&place, id).0, "not-assessed");
    place.affiant(&["status", "scoring", "--why", id]).says("attestation-expired");
    place
        .affiant(&[
            "attest",
            "art-9-1",
            "--system",
            "scoring",
            "--by",
            "x",
            "--summary",
            "y",
            "--file",
            "memo.txt",
        ])
        .expect(2)
        .warns("hint:");
}

#[test]
fn an_attested_control_is_a_result_found_by_examining_the_document() {
    let place = Place::with_system_at(NOON);
    place.write("policy.pdf", "%PDF-1.7 the policy");
    let words = [
        "attest",
        "AFF-MGT-01",
        "--system",
        "scoring",
        "--by",
        "Head of Risk",
        "--summary",
        "context determined",
    ];
    place.affiant(&[&words[..], &["--file", "policy.pdf"]].concat()).expect(0);
    assert_eq!(standing(&place, "AFF-MGT-01", "org", &[])["state"], "held");
    place.affiant(&[&words[..], &["--file", "no-such-file.pdf"]].concat()).expect(2);
    let recorded =
        place.affiant(&[&words[..], &["--file", "policy.pdf", "--json"]].concat()).expect(0).json();
    assert_eq!(recorded["statement"]["method"], "EXAMINE");
    assert_eq!(recorded["statement"]["source"]["account"], "Head of Risk");
    place.sound();
}

#[test]
fn the_shortest_clock_of_an_incident_runs_and_is_answered() {
    let mut place = Place::with_system_at(NOON);
    let open = |id: &str, aware: &str, kind: &str| {
        let words =
            ["incident", "open", id, "--system", "scoring", "--summary", "refusals", "--aware-at", aware];
        place.affiant(&[&words[..], &["--kind", kind]].concat())
    };
    open("inc-1", "2026-11-20T09:30:00Z", "serious").expect(0);
    open("inc-2", "2026-11-20T09:30:00Z", "death").expect(0);
    open("inc-3", "2026-11-20T09:30:00Z", "widespread").expect(0);
    open("inc-4", "2027-11-20", "serious").expect(2).warns("lies in the future");
    open("inc-5", "2026-11-20", "sad").expect(2).warns("none of the kinds");
    open("inc-1", "2026-11-20", "serious").expect(2).warns("is on file");
    let listed = place.affiant(&["incident", "list", "scoring", "--json"]).expect(0).json();
    let due = |at: usize| listed[at]["clocks"][0]["due"].as_str().unwrap().to_owned();
    let state = |at: usize| listed[at]["clocks"][0]["state"].as_str().unwrap().to_owned();
    assert_eq!((due(0).as_str(), due(1).as_str()), ("2026-12-05T09:30:00Z", "2026-11-30T09:30:00Z"));
    assert_eq!((due(2).as_str(), state(2).as_str()), ("2026-11-22T09:30:00Z", "overdue"));
    assert_eq!(state(0), "running");
    place.affiant(&["status", "scoring"]).says("clocks:").says("inc-3: Art. 73(3) overdue");
    place.at(NOON + DAY);
    let update = ["incident", "update", "inc-1", "--system", "scoring"];
    place.affiant(&update).expect(2).warns("nothing new");
    place.affiant(&[&update[..], &["--completed-at", "2026-11-25"]].concat()).expect(2).warns("reported_at");
    place.affiant(&[&update[..], &["--reported-at", "2026-11-25"]].concat()).expect(0);
    place.affiant(&["incident", "list", "scoring"]).says("complete report open");
}

#[test]
fn a_report_to_one_stops_no_clock_of_another() {
    let mut place = Place::with_system_at(NOON);
    let words =
        ["register", "system", "scoring", "--name", "Scoring", "--role", "provider", "--role", "deployer"];
    let more = ["--risk-class", "high-risk", "--route", "annex-iii", "--fact", "annex_iii=5.b"];
    place.affiant(&[&words[..], &more].concat()).expect(0);
    let open =
        ["incident", "open", "inc-1", "--system", "scoring", "--summary", "refusals", "--kind", "serious"];
    place.affiant(&[&open[..], &["--aware-at", "2026-11-20T09:30:00Z"]].concat()).expect(0);
    let stand = |place: &Place, deadline: &str| {
        let listed = place.affiant(&["incident", "list", "scoring", "--json"]).expect(0).json();
        let clocks = listed[0]["clocks"].as_array().unwrap().clone();
        let clock = clocks.iter().find(|clock| clock["deadline"] == deadline).unwrap();
        clock["state"].as_str().unwrap().to_owned()
    };
    let update = ["incident", "update", "inc-1", "--system", "scoring"];
    let to = |who: &'static str| [&update[..], &["--reported-at", "2026-11-24", "--to", who]].concat();
    place.at(NOON + 60);
    place
        .affiant(&to("the-authority"))
        .expect(2)
        .warns("no clock waits")
        .warns("market-surveillance-authority");
    place.affiant(&[&update[..], &["--to", "provider"]].concat()).expect(2);
    place.affiant(&to("provider")).expect(0);
    assert_eq!(stand(&place, "dl-73-2"), "running");
    place.affiant(&["incident", "list", "scoring"]).says("market-surveillance-authority open");
    place.affiant(&to("market-surveillance-authority")).expect(0);
    assert_eq!(
        (stand(&place, "dl-73-2"), stand(&place, "dl-26-5-incident")),
        ("answered".into(), "answered".into())
    );
    let listed = place.affiant(&["incident", "list", "scoring", "--json"]).expect(0).json();
    let incident = &listed[0]["incident"];
    assert!(
        incident["reported_at"].is_null() && incident["reported_to"].as_object().unwrap().len() == 2,
        "{listed}"
    );
    place.sound();
}

#[test]
fn an_incident_has_a_timeline_and_tests_that_hold_only_when_they_ran_since() {
    let mut place = Place::with_system_at(NOON);
    let open = ["incident", "open", "inc-1", "--system", "scoring", "--summary", "a jailbreak"];
    let times = ["--aware-at", "2026-11-24T08:00:00Z", "--occurred-at", "2026-11-23T06:30:00Z"];
    place.affiant(&[&open[..], &times].concat()).expect(0);
    let say = |place: &Place, verb: &str, more: &[&str]| {
        place.affiant(&[&["incident", verb, "inc-1", "--system", "scoring"], more].concat())
    };
    let shown = |place: &Place| place.affiant(&["incident", "show", "inc-1", "--json"]).expect(0).json();
    place
        .affiant(&["incident", "show", "inc-1"])
        .expect(0)
        .says("aware: 2026-11-24T08:00:00Z, 1 d 1 h after it occurred")
        .says("contained: not yet")
        .says("tests: none linked");
    say(&place, "update", &["--contained-at", "2026-11-24T07:00:00Z"])
        .expect(2)
        .warns("`aware_at` lies after");
    say(&place, "update", &["--acknowledged-at", "2026-11-24T08:20:00Z"]).expect(0);
    say(&place, "update", &["--contained-at", "2026-11-24T08:10:00Z"])
        .expect(2)
        .warns("`acknowledged_at` lies after `contained_at`");
    say(&place, "update", &["--contained-at", "2026-11-24T11:00:00Z"]).expect(0);
    let test = ["--control", CONTROL, "--asset", "model"];
    say(&place, "test", &["--control", "AFF-NO-99"]).expect(2).warns("in none of the catalogs");
    say(&place, "test", &["--control", CONTROL, "--asset", "ghost"]).expect(2).warns("is not registered");
    say(&place, "test", &test).expect(0);
    say(&place, "test", &test).expect(2).warns("is linked");
    let before = shown(&place);
    assert_eq!(before["timeline"]["acknowledge"]["took_ms"], 20 * 60 * 1000);
    assert_eq!(before["timeline"]["contain"]["took_ms"], 3 * 3600 * 1000);
    assert_eq!(
        (&before["timeline"]["close"]["took_ms"], &before["tests"][0]["state"]),
        (&Value::Null, &"missing".into())
    );
    let index = place.push("one", "passed");
    let after = shown(&place);
    assert_eq!(
        (&after["tests"][0]["state"], &after["tests"][0]["entries"][0]),
        (&"held".into(), &index.into())
    );
    place
        .affiant(&["incident", "list", "scoring"])
        .expect(0)
        .says("contained after 3 h")
        .says("1 of 1 tests held");
    place.at(NOON + 60);
    place.push("two", "failed");
    place.affiant(&["incident", "show", "inc-1"]).expect(0).says("test: AFF-EXP-11 on model: failed");
    say(&place, "test", &[&test[..], &["--unlink"]].concat()).expect(0);
    say(&place, "test", &[&test[..], &["--unlink"]].concat()).expect(2).warns("is not linked");
    place.affiant(&["incident", "show", "inc-9"]).expect(2).warns("is no incident");
    place.affiant(&["incident", "show", "inc-1", "--system", "nobody"]).expect(2);
    place.sound();
}

#[test]
fn promised_runs_are_held_against_what_happened() {
    let mut place = Place::with_system_at(NOON);
    let add = [
        "plan", "add", CONTROL, "--system", "scoring", "--asset", "model", "--every", "P1D", "--id", "daily",
    ];
    place.affiant(&[&add[..], &["--from", "2026-11-20"]].concat()).expect(2).warns("lies in the past");
    place.affiant(&[&add[..], &["--from", "2026-11-25"]].concat()).expect(0);
    for (days, status) in [(1, "passed"), (3, "failed")] {
        place.at(NOON + days * DAY);
        place.push(&format!("run-{days}"), status);
    }
    place.at(NOON + 5 * DAY + 13 * 3600);
    let plans = place.affiant(&["plan", "list", "scoring", "--json"]).expect(0).json();
    let counts = &plans[0]["counts"];
    // Windows of the 25th, 26th, ... 30th: kept, missed, failed, missed, missed, open.
    assert_eq!(
        (&counts["kept"], &counts["missed"], &counts["failed"], &counts["open"]),
        (&1.into(), &3.into(), &1.into(), &1.into()),
        "{plans}"
    );
    place.affiant(&["plan", "end", "daily", "--system", "scoring"]).expect(0);
    place.at(NOON + 9 * DAY);
    let after = place.affiant(&["plan", "list", "scoring", "--json"]).expect(0).json();
    assert_eq!(after[0]["counts"]["missed"], 4, "what was promised before the end stays: {after}");
}

#[test]
fn a_period_says_when_a_control_held_and_when_not() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "passed");
    place.at(NOON + 4 * DAY);
    place.push("two", "failed");
    place.at(NOON + 6 * DAY);
    place.push("three", "passed");
    place.at(NOON + 20 * DAY);
    let over = ["status", "scoring", "--over", "2026-11-24T12:00:00Z/2026-12-04T12:00:00Z", "--json"];
    let judged = place.affiant(&over).expect(0).json();
    let controls = judged[0]["controls"].as_array().unwrap();
    let control = controls.iter().find(|it| it["control"] == CONTROL).unwrap();
    let asset = control["assets"].as_array().unwrap().iter().find(|it| it["asset"] == "model").unwrap();
    let states: Vec<&str> =
        asset["spans"].as_array().unwrap().iter().map(|span| span["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["held", "failed", "held"]);
    assert_eq!(asset["held"]["count"].as_u64(), Some(8 * DAY * 1000));
    assert_eq!(asset["held"]["of"].as_u64(), Some(10 * DAY * 1000));
    assert_eq!(place.affiant(&over).stdout, place.affiant(&over).stdout);
    // As it was known before the third run was recorded, the failure lasts.
    let known = [&over[..], &["--known-on", "2026-11-29T12:00:00Z"]].concat();
    place.affiant(&known).expect(0).says("\"known\":\"2026-11-29T12:00:00Z\"");
    for wrong in ["2026-11-24", "2026-11-24/2026-11-23", "2026-11-24/2099-01-01", "a/b"] {
        place.affiant(&["status", "scoring", "--over", wrong]).expect(2);
    }
}

#[test]
fn the_gate_opens_only_when_everything_asked_for_holds() {
    let mut place = Place::with_system_at(NOON);
    let gate = |place: &Place, profile: &str| {
        place.write("gate.yaml", profile);
        place.affiant(&["gate", "scoring", "--profile", "gate.yaml"])
    };
    let held = format!("gate: 1\ncontrols: [{CONTROL}]\nfailed_max: 0\n");
    gate(&place, &held).expect(4).says("undetermined");
    gate(&place, "gate: 1\nfailed_max: 0\n").expect(4).says("no evidence on file");
    place.push("one", "passed");
    place
        .affiant(&[
            "push",
            "--system",
            "scoring",
            "--asset",
            "scoring",
            "--control",
            CONTROL,
            "--status",
            "passed",
            "--summary",
            "fine",
        ])
        .expect(0);
    gate(&place, &held).expect(0).says("gate met");
    place.push("two", "failed");
    gate(&place, &held).expect(1).says("not-met");
    place.push("three", "passed");
    gate(&place, &held).expect(0);
    // Time alone shuts it.
    place.at(NOON + 3000 * DAY);
    gate(&place, &held).expect(4);
    place.at(NOON);
    for wrong in [
        "",
        "gate: 1\n",
        "gate: 2\nfailed_max: 0\n",
        "gate: 1\nfailed_mx: 0\n",
        "gate: 1\nfailed_max: -1\n",
        "gate: 1\ncontrols: [AFF-NO-01]\n",
        "gate: 1\nrequirements: {eu-ai-act: [art-999]}\n",
        "gate: 1\nrequirements: {eu-ai-bill: [art-9]}\n",
        "gate: 1\nat_least: not-assessed\nfailed_max: 0\n",
        "- gate\n",
    ] {
        gate(&place, wrong).expect(2);
    }
    place.affiant(&["gate", "scorin", "--profile", "gate.yaml"]).expect(2);
    place.affiant(&["gate", "scoring", "--profile", "no.yaml"]).expect(2);
    place.affiant(&["gate", "scoring", "--profil", "gate.yaml"]).expect(2);
    place.affiant(&["gate", "scoring"]).expect(2);
    // Nothing that binds on this day is no leave to go on, nor is a requirement that does not apply.
    gate(&place, "gate: 1\nrequirements: {eu-ai-act: [art-15]}\n").expect(4).says("binds");
    gate(&place, "gate: 1\nrequirements: {eu-ai-act: [art-23-1]}\n").expect(4);
}

#[test]
fn status_speaks_of_any_time_as_known_at_any_other_and_at_any_size() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "passed");
    let size = place.affiant(&["status", "scoring", "--json"]).json()[0]["checkpoint"].as_u64().unwrap();
    let then = place.affiant(&["status", "scoring", "--json"]).json()[0]["assessments"].clone();
    place.at(NOON + 2 * DAY);
    let late =
        ["push", "--system", "scoring", "--asset", "model", "--control", CONTROL, "--status", "failed"];
    place
        .affiant(
            &[&late[..], &["--summary", "found later", "--observed", "2026-11-24T12:00:00Z", "--id", "late"]]
                .concat(),
        )
        .expect(0);
    let at = |words: &[&str]| {
        place.affiant(&[&["status", "scoring", "--json"], words].concat()).json()[0]["assessments"].clone()
    };
    let noon = "2026-11-24T12:00:00Z";
    assert_eq!(at(&["--as-of", noon]), then, "as known then");
    assert_eq!(at(&["--at-size", &size.to_string()]), then, "at the checkpoint of then");
    let known = at(&["--as-of", noon, "--known-on", "2026-11-26T12:00:00Z"]);
    assert_ne!(known, then, "what was found out later about then");
    assert_eq!(
        standing(&place, CONTROL, "model", &["--as-of", noon, "--known-on", "2026-11-26T12:00:00Z"])["state"],
        "failed"
    );
    place.affiant(&["status", "scoring", "--at-size", "0"]).expect(2);
    place.affiant(&["status", "scoring", "--at-size", "999999"]).expect(2);
    // What will be stale is shown of a time ahead.
    assert_eq!(
        standing(&place, CONTROL, "model", &["--as-of", "2030-01-01", "--at-size", &size.to_string()])["state"],
        "stale"
    );
}

#[test]
fn catalogs_of_ones_own_are_pinned_used_and_carried_in_packs() {
    let place = Place::with_system_at(NOON);
    place.write("controls.yaml", "id: own-controls\ntitle: Our controls\nreview: ours\nversion: '1'\nlicence_note: ours\nmapping_semantics: supports\nsources: {iso-42001: ISO}\nseverity: [high]\npillars: [{code: OWN, number: 1, title: Ours}]\nasset_kinds: {model: a model}\ncheck_kinds: {look: someone looks}\nevidence_kinds: {memo: a memo}\ncontrols:\n- id: OWN-1\n  title: Ours\n  pillar: 1\n  objective: It is looked at.\n  severity: high\n  asset_kinds: [model]\n  test: {mode: manual, checks: [look], pass_when: it was looked at}\n  evidence: [memo]\n  maps: {iso-42001: ['7.1']}\n  max_age: P1Y\n");
    let mappings = |control: &str| {
        format!(
            "id: own-mappings\ntitle: Ours\nversion: '1'\nas_of: '2026-11-01'\nmeaning: supports\nbasis: ours\ncontrols: own-controls\nframeworks:\n  iso-42001:\n  - {{control: {control}, requirement: '7.1', relation: intersects-with, rationale: it bears on it}}\n"
        )
    };
    place.write("wrong.yaml", mappings("OWN-2"));
    place.affiant(&["catalog", "add", "controls.yaml", "wrong.yaml"]).expect(1).says("wrong.yaml");
    place.affiant(&["catalog", "show", "OWN-1"]).expect(2);
    place.write("mappings.yaml", mappings("OWN-1"));
    place.affiant(&["catalog", "add", "controls.yaml", "mappings.yaml"]).expect(0).says("own-controls");
    place.affiant(&["catalog", "list"]).expect(0).says("own-mappings");
    let push =
        ["push", "--system", "scoring", "--asset", "model", "--control", "OWN-1", "--status", "passed"];
    place.affiant(&[&push[..], &["--summary", "looked at"]].concat()).expect(0);
    assert_eq!(standing(&place, "OWN-1", "model", &[])["state"], "held");
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0).says("own-controls");
    place.sound();
    // The same id with other content is another version, and status says so until it is pinned for the system.
    place.write("mappings.yaml", mappings("OWN-1").replace("bears on it", "really bears on it"));
    place.affiant(&["catalog", "add", "mappings.yaml"]).expect(0);
    place.affiant(&["status", "scoring"]).expect(0).warns("own-mappings");
}

#[test]
fn nothing_but_the_evidence_of_today_opens_a_gate() {
    let mut place = Place::with_system_at(NOON);
    let gate = |place: &Place, profile: &str| {
        place.write("gate.yaml", profile);
        place.affiant(&["gate", "scoring", "--profile", "gate.yaml"])
    };
    let lax = "gate: 1\nfailed_max: 0\noverdue_max: 0\n";
    // An exception is no evidence.
    grant(&place, "2027-01-01").expect(0);
    gate(&place, lax).expect(4);
    let revoke =
        ["except", "revoke", "exc-1", "--system", "scoring", "--reason", "x", "--by", "Head of Risk"];
    place.affiant(&revoke).expect(0);
    place.push("one", "passed");
    gate(&place, lax).expect(0);
    place.at(NOON + 60);
    place.push("two", "failed");
    gate(&place, lax).expect(1);
    // A result a little ahead of the clock does not take the failure away.
    let ahead =
        ["push", "--system", "scoring", "--asset", "model", "--control", CONTROL, "--status", "passed"];
    let ahead =
        [&ahead[..], &["--summary", "soon", "--observed", "2026-11-24T12:04:00Z", "--id", "ahead"]].concat();
    place.affiant(&ahead).expect(0);
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "failed");
    gate(&place, lax).expect(1);
    // Nor does a clock that is set back to before it was found.
    place.at(NOON + 30);
    gate(&place, lax).expect(2).warns("the last entry was recorded");
}

#[test]
fn a_gate_on_a_node_judges_it_and_everything_under_it() {
    let place = Place::with_system_at(NOON);
    place.push("one", "passed");
    place.write(
        "gate.yaml",
        "gate: 1\nrequirements: {eu-ai-act: [art-10-2]}\ntiming: [in-force, grace, upcoming]\n",
    );
    let judged = place.affiant(&["gate", "scoring", "--profile", "gate.yaml", "--json"]).json();
    assert!(judged["rules"].as_array().unwrap().len() > 5, "{judged}");
}

#[test]
fn no_silence_stops_a_clock_and_no_newer_event_hides_an_older() {
    let place = Place::with_system_at(NOON);
    place.affiant(&["register", "system", "silent", "--name", "Silent"]).expect(0);
    let open = ["incident", "open", "inc-1", "--system", "silent", "--summary", "x", "--kind", "serious"];
    place.affiant(&[&open[..], &["--aware-at", "2026-01-01"]].concat()).expect(0);
    place.affiant(&["incident", "list", "silent"]).says("Art. 73(2) overdue");
    let event =
        ["register", "event", "authority-order", "--system", "scoring", "--summary", "corrective action"];
    place.affiant(&[&event[..], &["--at", "2026-09-01"]].concat()).expect(0);
    place.affiant(&[&event[..], &["--at", "2026-11-20", "--done-at", "2026-11-21"]].concat()).expect(0);
    let clocks = place.affiant(&["status", "scoring", "--json"]).json()[0]["clocks"].clone();
    let states: Vec<&str> =
        clocks.as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["overdue", "answered"], "{clocks}");
}

#[test]
fn assets_that_are_not_there_are_refused_and_a_retired_one_comes_back_changed() {
    let mut place = Place::with_system_at(NOON);
    let size = place.affiant(&["log", "fsck"]).stdout;
    let of = |words: &[&str]| place.affiant(&[words, &["--system", "scoring", "--asset", "modle"]].concat());
    of(&["register", "event", "release", "--summary", "x"]).expect(2).warns("`modle` is not registered");
    of(&["except", "grant", CONTROL, "--until", "2027-01-01", "--reason", "x", "--approver", "y"]).expect(2);
    of(&["plan", "add", CONTROL, "--every", "P7D"]).expect(2);
    of(&["incident", "open", "inc-1", "--summary", "x", "--aware-at", "2026-11-20"]).expect(2);
    place.write("memo.txt", "memo");
    of(&["attest", CONTROL, "--by", "x", "--summary", "y", "--file", "memo.txt"]).expect(2);
    place.affiant(&["attest", CONTROL, "--system", "scoring", "--by", "x", "--summary", "y"]).expect(2);
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "nothing was recorded");
    let words = ["register", "asset", "model", "--system", "scoring", "--kind", "model", "--name", "Model"];
    place.affiant(&[&words[..], &["--asset-version", "1"]].concat()).expect(0);
    place.at(NOON + 60);
    place.push("one", "passed");
    place.at(NOON + 120);
    place.affiant(&[&words[..], &["--asset-version", "1", "--retired"]].concat()).expect(0);
    place.affiant(&[&words[..], &["--asset-version", "9"]].concat()).expect(0).warns("release of model");
    assert_eq!(standing(&place, CONTROL, "model", &[])["state"], "stale");
}

#[test]
fn catalogs_that_do_not_go_together_are_refused_before_anything_is_recorded() {
    let place = Place::with_system_at(NOON);
    place.push("one", "failed");
    let size = place.affiant(&["log", "fsck"]).stdout;
    let own =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/controls/data/ai-ms-controls.yaml"))
            .unwrap();
    place.write("twice.yaml", own.replace("id: affiant-ai-ms\n", "id: acme-controls\n"));
    place
        .affiant(&["catalog", "add", "twice.yaml"])
        .expect(2)
        .warns("stands in `acme-controls` and in `affiant-ai-ms`");
    place.affiant(&["catalog", "lint", "twice.yaml"]).expect(1);
    let mappings = "id: affiant-ai-ms\ntitle: Ours\nversion: '1'\nas_of: '2026-11-01'\nmeaning: supports\nbasis: ours\ncontrols: affiant-ai-spm\nframeworks:\n  iso-42001:\n  - {control: AFF-EXP-11, requirement: '7.1', relation: intersects-with, rationale: it bears on it}\n";
    place.write("kinds.yaml", mappings);
    place.affiant(&["catalog", "add", "kinds.yaml"]).expect(2).warns("the id of two catalogs");
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "nothing was recorded");
    place.write("own.yaml", mappings.replace("id: affiant-ai-ms", "id: own-mappings"));
    place.affiant(&["catalog", "add", "own.yaml"]).expect(0);
    place.affiant(&["status", "scoring"]).expect(0);
    // Bytes that are gone are missed, not passed over.
    std::fs::remove_dir_all(place.ledger().join("blob")).unwrap();
    place.affiant(&["status", "scoring"]).expect(3).warns("its bytes are gone");
}
