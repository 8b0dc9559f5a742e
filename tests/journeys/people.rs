//! What people ask of one another: requests and their answers, attestations that lapse, exceptions that need a second person.

use crate::support::answer::Answer;
use crate::support::place::{DAY, NOON, Place};
use serde_json::Value;

const CONTROL: &str = "AFF-EXP-11";

fn ask(place: &Place, target: &str, id: &str, due: &str, more: &[&str]) -> Answer {
    let words = ["request", "add", target, "--system", "scoring", "--id", id, "--due", due];
    let who = ["--owner", "Data team", "--by", "Internal audit", "--text", "the report of 4.2"];
    place.affiant(&[&words[..], &who, more].concat())
}

/// The state of a request, and the entry that answers it.
fn request(place: &Place, id: &str) -> (String, Option<u64>) {
    let listed = place.affiant(&["request", "list", "scoring", "--json"]).expect(0).json();
    let found = listed.as_array().unwrap().iter().find(|it| it["request"]["id"] == id).cloned().unwrap();
    (found["state"].as_str().unwrap().to_owned(), found["answer"].as_u64())
}

/// Where a control stands on an asset, in the answer of `status --json`.
fn standing(place: &Place, control: &str, asset: &str) -> Value {
    let answers = place.affiant(&["status", "scoring", "--json"]).json();
    let all = answers[0]["assessments"].as_array().unwrap().clone();
    let controls = all.iter().flat_map(|judged| judged["controls"].as_array().unwrap());
    let mut assets =
        controls.filter(|it| it["control"] == control).flat_map(|it| it["assets"].as_array().unwrap());
    assets.find(|it| it["asset"] == asset).unwrap().clone()
}

#[test]
fn a_request_is_answered_by_what_comes_in_after_it() {
    let mut place = Place::with_system_at(NOON);
    place.push("before", "passed");
    ask(&place, CONTROL, "req-1", "2026-12-01", &["--asset", "model"]).expect(0);
    ask(&place, CONTROL, "req-2", "2026-11-30", &["--asset", "code"]).expect(0);
    assert_eq!(request(&place, "req-1"), ("open".into(), None), "what was there before is no answer");
    let status = place.affiant(&["status", "scoring"]);
    status
        .says("requests: 2 open, 0 overdue, the next due on 2026-11-30")
        .says("req-2: AFF-EXP-11 on code from Data team, open, 5 days left");
    place.at(NOON + DAY);
    let words = ["push", "--system", "scoring", "--asset", "model", "--control", CONTROL, "--summary", "x"];
    place.affiant(&[&words[..], &["--status", "not-run", "--id", "idle"]].concat()).expect(0);
    assert_eq!(request(&place, "req-1").0, "open", "a test that did not run shows nothing");
    let index = place.push("after", "failed");
    assert_eq!(request(&place, "req-1"), ("answered".into(), Some(index)), "a failure is an answer");
    assert_eq!(request(&place, "req-2").0, "open", "on another asset");
    place.at(NOON + 10 * DAY);
    assert_eq!(request(&place, "req-2").0, "overdue");
    let listed = place.affiant(&["request", "list", "scoring"]).expect(0);
    listed.says("overdue since 4").says("answered by entry").says(&format!(" {index} "));
    let status = place.affiant(&["status", "scoring", "--json"]).json();
    let counted = &status[0]["requests"];
    assert_eq!((&counted["open"], &counted["overdue"]), (&0.into(), &1.into()));
    assert_eq!(counted["waiting"][0]["request"]["id"], "req-2");
    place.affiant(&["request", "withdraw", "req-2", "--system", "scoring"]).expect(0);
    place
        .affiant(&["request", "withdraw", "req-2", "--system", "scoring"])
        .expect(2)
        .warns("withdrawn before");
    assert_eq!(request(&place, "req-2").0, "withdrawn");
    assert!(!place.affiant(&["status", "scoring"]).stdout.contains("requests:"));
    // Requests travel in packs and change no conclusion.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.sound();
}

#[test]
fn a_request_that_asks_for_nothing_that_can_come_is_refused() {
    let place = Place::with_system_at(NOON);
    let size = place.affiant(&["log", "fsck"]).stdout;
    ask(&place, CONTROL, "req-1", "2026-11-01", &[]).expect(2).warns("lies after");
    ask(&place, CONTROL, "req-1", "2029-01-01", &[]).expect(2).warns("more than 366 days");
    ask(&place, CONTROL, "req-1", "2026-12-01", &["--asset", "no-asset"])
        .expect(2)
        .warns("is not registered");
    ask(&place, "no-such-thing", "req-1", "2026-12-01", &[]).expect(2).warns("no control and no requirement");
    ask(&place, "art-9-1", "req-1", "2026-12-01", &[]).expect(2).warns("ask for one of them: ");
    place
        .affiant(&["request", "withdraw", "req-9", "--system", "scoring"])
        .expect(2)
        .warns("no request of scoring");
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "nothing was recorded");
}

#[test]
fn an_attestation_answers_a_request_for_a_requirement_without_a_control() {
    let place = Place::with_system_at(NOON);
    let listed = place.affiant(&["status", "scoring", "--json", "--framework", "eu-ai-act"]).json();
    let determinations = listed[0]["assessments"][0]["determinations"].as_array().unwrap().clone();
    let needs = |it: &&Value| {
        it["gaps"].as_array().is_some_and(|gaps| gaps.iter().any(|gap| gap["kind"] == "document-needed"))
    };
    let id = determinations.iter().find(needs).unwrap()["requirement"].as_str().unwrap().to_owned();
    ask(&place, &id, "req-1", "2026-12-01", &[]).expect(0);
    ask(&place, &id, "req-2", "2026-12-01", &["--asset", "model"])
        .expect(2)
        .warns("a request names a control");
    assert_eq!(request(&place, "req-1").0, "open");
    place.write("memo.txt", "not relied on");
    let words =
        ["attest", &id, "--system", "scoring", "--by", "Counsel", "--summary", "s", "--file", "memo.txt"];
    place.affiant(&words).expect(0);
    assert_eq!(request(&place, "req-1").0, "answered");
}

#[test]
fn an_attested_control_holds_until_the_day_given_and_then_lapses() {
    let mut place = Place::with_system_at(NOON);
    place.write("policy.pdf", "%PDF-1.7 the policy");
    let words =
        ["attest", "AFF-MGT-01", "--system", "scoring", "--by", "Head of Risk", "--summary", "approved"];
    let until = ["--file", "policy.pdf", "--valid-until", "2026-12-04T12:00:00Z"];
    place.affiant(&[&words[..], &until].concat()).expect(0);
    let held = standing(&place, "AFF-MGT-01", "org");
    assert_eq!((&held["state"], &held["fresh_until"]), (&"held".into(), &"2026-12-04T12:00:00Z".into()));
    place.at(NOON + 10 * DAY);
    assert_eq!(standing(&place, "AFF-MGT-01", "org")["state"], "held", "its last day is one of it");
    place.at(NOON + 11 * DAY);
    let lapsed = standing(&place, "AFF-MGT-01", "org");
    assert_eq!(lapsed["state"], "stale");
    assert!(lapsed["reason"].as_str().unwrap().contains("was fresh until 2026-12-04"), "{lapsed}");
    place.affiant(&["status", "scoring", "--gaps"]).says("AFF-MGT-01");
    let backwards = ["--file", "policy.pdf", "--valid-until", "2026-11-01"];
    place.affiant(&[&words[..], &backwards].concat()).expect(2).warns("lies after");
    // The document travels in the pack.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
}

fn grant(place: &Place, id: &str, until: &str) -> Answer {
    let words = ["except", "grant", "AFF-EXP-11", "--system", "scoring", "--asset", "model", "--id", id];
    let why = ["--until", until, "--reason", "revalidation", "--approver", "Head of Risk"];
    place.affiant(&[&words[..], &why, &["--requested-by", "Data team"]].concat())
}

fn approve(place: &Place, id: &str, by: &str) -> Answer {
    place.affiant(&["except", "approve", id, "--system", "scoring", "--by", by])
}

#[test]
fn an_exception_from_a_grave_control_waits_for_a_second_person_everywhere() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    grant(&place, "exc-0", "2026-11-26").expect(0);
    assert_eq!(
        standing(&place, CONTROL, "model")["state"],
        "excepted",
        "without a policy one person is enough"
    );
    place.affiant(&["policy", "show", "scoring"]).expect(0).says("no policy");
    let set = |people: &str| {
        let words =
            ["policy", "set", "--exception-approvals", people, "--from-severity", "low", "--by", "Board"];
        place.affiant(&words)
    };
    set("0").expect(2).warns("a policy asks for 1 to 5 people, not 0");
    set("2").expect(0).says("policy for scoring recorded").says("policy for org recorded");
    place.affiant(&["policy", "show", "scoring"]).expect(0).says("2 from low on").says("in force");
    assert_eq!(standing(&place, CONTROL, "model")["state"], "excepted", "what was granted before stays");
    place.at(NOON + 3 * DAY);
    assert_eq!(standing(&place, CONTROL, "model")["state"], "failed");
    grant(&place, "exc-1", "2027-01-31").expect(0).warns("by policy it needs 2 people");
    let pending = standing(&place, CONTROL, "model");
    assert_eq!(pending["state"], "failed", "a pending exception waives nothing");
    place.affiant(&["except", "list", "scoring"]).expect(0).says("pending 1").says("of 2");
    approve(&place, "exc-1", "head of  risk").expect(2).warns("has approved the exception already");
    approve(&place, "exc-1", "Data Team").expect(2).warns("asks for the exception and approves it");
    approve(&place, "exc-9", "Counsel").expect(2).warns("is no exception of scoring");
    // A pack of the stream says the same, and the verifier derives it again.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    approve(&place, "exc-1", "Chief Risk Officer").expect(0);
    assert_eq!(standing(&place, CONTROL, "model")["state"], "excepted");
    approve(&place, "exc-1", "Counsel").expect(2).warns("needs no other approval");
    let listed = place.affiant(&["except", "list", "scoring", "--json"]).expect(0).json();
    let found = listed.as_array().unwrap().iter().find(|it| it["exception"]["id"] == "exc-1").unwrap();
    assert_eq!(found["approved_by"], serde_json::json!(["Head of Risk", "Chief Risk Officer"]));
    assert_eq!(found["state"], "in force");
    // Changed, it is another exception.
    grant(&place, "exc-1", "2027-02-28").expect(0);
    assert_eq!(standing(&place, CONTROL, "model")["state"], "failed");
    approve(&place, "exc-1", "Chief Risk Officer").expect(0);
    assert_eq!(standing(&place, CONTROL, "model")["state"], "excepted");
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.sound();
}

#[test]
fn a_new_system_begins_with_the_policy_of_the_organisation() {
    let place = Place::with_system_at(NOON);
    place.affiant(&["policy", "set", "--exception-approvals", "2", "--by", "Board"]).expect(0);
    let register = ["register", "system", "lending", "--name", "Lending", "--role", "deployer"];
    place.affiant(&register).expect(0);
    place.affiant(&["policy", "show", "lending"]).expect(0).says("2 from high on");
    place.affiant(&register).expect(0);
    let shown = place.affiant(&["policy", "show", "lending", "--json"]).expect(0).json();
    assert_eq!(shown.as_array().unwrap().len(), 1, "registering again repeats nothing: {shown}");
    let own = ["policy", "set", "--exception-approvals", "1", "--by", "Board", "--system", "lending"];
    place.affiant(&own).expect(0);
    place.affiant(&["policy", "show", "scoring"]).expect(0).says("in force").says("2 from high on");
    place.affiant(&["policy", "set", "--exception-approvals", "2", "--by", "B", "--system", "no"]).expect(2);
}

#[test]
fn an_auditors_list_comes_in_whole_or_not_at_all_and_goes_out_in_the_same_form() {
    let place = Place::with_system_at(NOON);
    let import = |list: &str| {
        place.write("list.csv", list);
        place.affiant(&["request", "import", "list.csv", "--system", "scoring"])
    };
    let head = "request,asked_by,owner,due,control,asset,text\r\n";
    let row = |id: &str, control: &str| {
        format!("{id},Internal audit,Data team,2026-12-01,{control},model,\"the report, of 4.2\"\r\n")
    };
    let listed = || place.affiant(&["request", "list", "scoring", "--csv"]).expect(0).stdout;
    import(&format!("{head}{}{}", row("a-1", CONTROL), row("a-2", "AFF-NO-99")))
        .expect(2)
        .warns("list.csv, line 3");
    import(&format!("{head}{}{}", row("a-1", CONTROL), row("a-1", "AFF-EXP-13")))
        .expect(2)
        .warns("stands twice");
    import(&format!("colour,{head}")).expect(2).warns("`colour` is none of");
    import("asked_by,owner,due,text\r\n").expect(2).warns("no column `control`");
    import(&format!("{head}a,b\r\n")).expect(2).warns("list.csv");
    assert_eq!(listed().lines().count(), 1, "nothing of a bad list is recorded");
    import(&format!("{head}{}{}", row("a-1", CONTROL), row("a-2", "AFF-EXP-13"))).expect(0);
    let out = listed();
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(out.contains("\"the report, of 4.2\""), "{out}");
    // What went out comes back in, and is on file.
    import(&out).expect(0).says("nothing new: 2 requests");
    // The pack's list is the same.
    place.issue();
    assert_eq!(request(&place, "a-2").0, "open");
}
