//! Alerts to those who have to act: what is told, to whom, and that nothing is lost on the way.

use crate::support::place::{DAY, NOON, Place};
use crate::support::receiver::{self, Request, Then};
use affiant_ledger::key::VerifyingKey;
use affiant_ledger::note::from_base64;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// Kind, what it is about, and the change of each alert in a file of lines; requirements aside, of which one change
/// moves many.
fn told(place: &Place, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(place.path(name)).unwrap_or_default();
    let alerts = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wanted = alerts.filter(|alert| alert["kind"] != "requirement");
    wanted.map(|alert| shown(&alert)).collect()
}

fn shown(alert: &Value) -> String {
    let about: Vec<&str> =
        alert["about"].as_object().unwrap().values().map(|it| it.as_str().unwrap()).collect();
    let from = alert["from"].as_str().unwrap_or("-");
    format!(
        "{} {}: {from} -> {}",
        alert["kind"].as_str().unwrap(),
        about.join(" "),
        alert["to"].as_str().unwrap()
    )
}

/// Delivers to a file and gives what is new in it.
fn lines(place: &Place) -> Vec<String> {
    let _ = std::fs::remove_file(place.path("alerts.jsonl"));
    place.affiant(&["notify", "--jsonl", "alerts.jsonl"]).expect(0);
    told(place, "alerts.jsonl")
}

fn size(place: &Place) -> u64 {
    place.affiant(&["log", "checkpoint"]).expect(0).stdout.lines().nth(1).unwrap().parse().unwrap()
}

fn hook(place: &Place, port: u16, more: &[&str]) -> crate::support::answer::Answer {
    let address = format!("http://127.0.0.1:{port}/hook/s3cret");
    place.affiant(&[&["notify", "--webhook", &address], more].concat())
}

/// The alerts of the messages, by id.
fn ids(requests: &[Request]) -> Vec<String> {
    let of = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        body["data"]["alerts"].as_array().unwrap().clone()
    };
    requests.iter().flat_map(of).map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_change_is_told_once_and_what_time_does_without_an_entry_too() {
    let mut place = Place::with_system_at(NOON);
    assert_eq!(lines(&place), Vec::<String>::new(), "nothing is wrong where nothing was looked at");
    let before = size(&place);
    place.affiant(&["notify", "--jsonl", "alerts.jsonl"]).expect(0).says("jsonl: nothing new");
    assert_eq!(size(&place), before, "nothing new leaves no entry");
    place.push("one", "passed");
    place.affiant(&["notify", "--jsonl", "alerts.jsonl", "--target", "other"]).expect(0).says("nothing new");
    place.at(NOON + 10);
    let finding = |place: &Place| {
        let list = place.affiant(&["finding", "list", "scoring", "--json"]).expect(0).json();
        list[0]["finding"]["id"].as_str().unwrap().to_owned()
    };
    place.push("two", "failed");
    let id = finding(&place);
    let failed = [
        "control model AFF-EXP-11: missing -> failed".to_owned(),
        format!("finding model AFF-EXP-11 {id}: - -> open"),
    ];
    assert_eq!(lines(&place), failed);
    assert_eq!(lines(&place), Vec::<String>::new());
    place.at(NOON + 20);
    place.push("three", "passed");
    let back = [
        "control model AFF-EXP-11: failed -> held".to_owned(),
        format!("finding model AFF-EXP-11 {id}: open -> resolved"),
    ];
    assert_eq!(lines(&place), back);
    place.at(NOON + 400 * DAY);
    assert_eq!(lines(&place), ["control model AFF-EXP-11: held -> stale"]);
    assert_eq!(lines(&place), Vec::<String>::new());
    place.sound();
}

#[test]
fn incidents_clocks_exceptions_and_findings_that_are_late_are_told_each_at_its_time() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    let grant =
        ["except", "grant", "AFF-EXP-11", "--system", "scoring", "--asset", "model", "--until", "2027-01-20"];
    place
        .affiant(
            &[&grant[..], &["--id", "exc-1", "--reason", "revalidation", "--approver", "Head of Risk"]]
                .concat(),
        )
        .expect(0);
    assert_eq!(lines(&place), Vec::<String>::new(), "accepted before anyone was told");
    place.at(NOON + DAY);
    place
        .affiant(&[
            "incident",
            "open",
            "inc-1",
            "--system",
            "scoring",
            "--summary",
            "refusals",
            "--kind",
            "serious",
            "--aware-at",
            "2026-11-25",
        ])
        .expect(0);
    assert_eq!(lines(&place), ["incident inc-1: - -> open"]);
    place.at(NOON + 14 * DAY);
    let near = lines(&place);
    assert!(
        near.iter().any(|it| it.starts_with("clock") && it.ends_with("inc-1: running -> near")),
        "{near:?}"
    );
    place.at(NOON + 20 * DAY);
    let over = lines(&place);
    assert!(
        over.iter().any(|it| it.starts_with("clock") && it.ends_with("inc-1: near -> overdue")),
        "{over:?}"
    );
    place.at(NOON + 50 * DAY);
    let soon = lines(&place);
    assert!(soon.contains(&"exception AFF-EXP-11 exc-1: in-force -> expiring".to_owned()), "{soon:?}");
    place.at(NOON + 200 * DAY);
    let after = lines(&place);
    for wanted in
        ["exception AFF-EXP-11 exc-1: expiring -> expired", "control model AFF-EXP-11: excepted -> failed"]
    {
        assert!(after.contains(&wanted.to_owned()), "{after:?}");
    }
    assert!(
        after.iter().any(|it| it.starts_with("finding model") && it.ends_with(": accepted -> overdue")),
        "{after:?}"
    );
}

#[test]
fn requirements_are_told_when_they_get_worse_and_not_when_they_get_better() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "passed");
    lines(&place);
    let worse = |place: &Place| {
        let text = std::fs::read_to_string(place.path("alerts.jsonl")).unwrap_or_default();
        let alerts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        alerts.into_iter().filter(|alert| alert["kind"] == "requirement").collect::<Vec<_>>()
    };
    place.at(NOON + 10).push("two", "failed");
    lines(&place);
    let told = worse(&place);
    assert!(!told.is_empty() && told.iter().all(|alert| alert["to"] == "not-satisfied"), "{told:?}");
    assert!(told.iter().any(|alert| alert["about"]["framework"] == "eu-ai-act"));
    place.at(NOON + 20).push("three", "passed");
    lines(&place);
    assert_eq!(worse(&place), Vec::<Value>::new());
}

#[test]
fn a_webhook_is_signed_and_the_delivery_is_an_entry_with_what_was_delivered() {
    let place = Place::with_system();
    place.push("one", "failed");
    let receiver = receiver::webhook(&[Then::Answer(204)]);
    let answer = hook(&place, receiver.port, &["--json", "--target", "on-call"]).expect(0).json();
    let [request] = &receiver.taken()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /hook/s3cret HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["parts"]), (&json!("affiant.alerts"), &json!(1)));
    // The signature, by ourselves and by openssl: over id, timestamp and body as they came.
    let signed = [
        format!("{}.{}.", request.headers["webhook-id"], request.headers["webhook-timestamp"]).as_bytes(),
        &request.body,
    ]
    .concat();
    let signature = from_base64(request.headers["webhook-signature"].strip_prefix("v1a,").unwrap()).unwrap();
    let pem = std::fs::read_to_string(place.ledger().join("keys/webhook.pub")).unwrap();
    let key = VerifyingKey::from_pem(&pem).unwrap();
    assert!(key.verifies(&signed, signature[..].try_into().unwrap()));
    place.write("signed", &signed);
    place.write("signature", &signature);
    let mut openssl = Command::new("openssl");
    openssl.args([
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "ledger/keys/webhook.pub",
        "-rawin",
        "-in",
        "signed",
        "-sigfile",
        "signature",
    ]);
    place.settle(&mut openssl);
    if let Ok(output) = openssl.output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // The receipt.
    let entry = answer["entries"][0].as_u64().unwrap().to_string();
    let shown = place.affiant(&["log", "show", &entry, "--json"]).expect(0).json();
    let delivery = &shown["statement"];
    assert_eq!((&shown["stream"], &shown["kind"]), (&json!("org"), &json!("delivery")));
    assert_eq!((&delivery["target"], &delivery["answer"]), (&json!("on-call"), &json!("204")));
    assert_eq!(delivery["count"], body["data"]["alerts"].as_array().unwrap().len());
    let digest = delivery["evidence"][0]["sha256"].as_str().unwrap();
    let kept = std::fs::read(place.ledger().join("blob").join(&digest[..2]).join(&digest[2..])).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["alerts"], body["data"]["alerts"]);
    assert!(!shown.to_string().contains("s3cret") && !kept.to_string().contains("s3cret"));
    place.sound();
}

#[test]
fn what_is_not_taken_is_sent_again_as_it_was_until_it_is() {
    let place = Place::with_system();
    place.push("one", "failed");
    // A server in trouble, then a connection cut when the body was read, then all is well.
    let receiver = receiver::webhook(&[Then::Answer(500), Then::Break, Then::Answer(200)]);
    hook(&place, receiver.port, &[]).expect(0).warns("answered 500").says("delivered, entry");
    let taken = receiver.taken();
    let all_same = |of: fn(&Request) -> String| taken.iter().all(|request| of(request) == of(&taken[0]));
    assert!(all_same(|it| it.headers["webhook-id"].clone()) && all_same(|it| format!("{:?}", it.body)));
    let receiver = receiver::nobody();
    hook(&place, receiver, &["--tries", "1"]).expect(0).says("nothing new");
}

#[test]
fn what_was_given_up_waits_and_is_told_before_what_came_later() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    let receiver = receiver::webhook(&[Then::Break]);
    hook(&place, receiver.port, &["--tries", "1"]).expect(5).warns("not delivered: 127.0.0.1").warns("wait");
    let first = receiver.taken();
    let before = size(&place);
    // What was wrong is right again before anyone could be told: the receiver may have it all the same.
    place.at(NOON + 60).push("two", "passed");
    let receiver = receiver::webhook(&[Then::Answer(200), Then::Answer(200)]);
    hook(&place, receiver.port, &[]).expect(0).warns("alerts wait since");
    let then = receiver.taken();
    assert_eq!(first[0].headers["webhook-id"], then[0].headers["webhook-id"]);
    assert_eq!(first[0].body, then[0].body);
    let second: Value = serde_json::from_slice(&then[1].body).unwrap();
    let told: Vec<String> = second["data"]["alerts"].as_array().unwrap().iter().map(shown).collect();
    assert!(told.contains(&"control model AFF-EXP-11: failed -> held".to_owned()), "{told:?}");
    let all = ids(&then);
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(all.len(), different.len());
    assert!(size(&place) >= before + 2);
    hook(&place, receiver::nobody(), &["--tries", "1"]).expect(0).says("nothing new");
    place.sound();
}

#[test]
fn a_stop_between_delivery_and_receipt_delivers_again_and_one_behind_the_receipt_does_not() {
    let place = Place::with_system();
    place.push("one", "failed");
    let waits = place.ledger().join("notify/webhook.json");
    let receiver = receiver::webhook(&[Then::Break]);
    hook(&place, receiver.port, &["--tries", "1"]).expect(5);
    let first = receiver.taken();
    let batch = std::fs::read(&waits).unwrap();
    // Delivered, and stopped before the receipt: all that is left is the batch.
    let receiver = receiver::webhook(&[Then::Answer(200)]);
    hook(&place, receiver.port, &[]).expect(0);
    assert_eq!(receiver.taken()[0].headers["webhook-id"], first[0].headers["webhook-id"]);
    assert!(!waits.exists());
    // Recorded, and stopped before the batch was taken away.
    std::fs::write(&waits, &batch).unwrap();
    hook(&place, receiver::nobody(), &["--tries", "1"]).expect(0).says("nothing new");
    assert!(!waits.exists());
    // A batch that is not as it was written is not sent.
    std::fs::write(&waits, [&batch[..batch.len() - 2], b"]}"].concat()).unwrap();
    hook(&place, receiver::nobody(), &["--tries", "1"]).expect(3).warns("not as it was written");
    std::fs::remove_file(&waits).unwrap();
    // The place is an entry: an index that is made anew has it.
    place.affiant(&["log", "reindex"]).expect(0);
    hook(&place, receiver::nobody(), &["--tries", "1"]).expect(0).says("nothing new");
}

#[test]
fn a_refusal_is_not_tried_again_and_no_redirect_is_followed() {
    let place = Place::with_system();
    place.push("one", "failed");
    let refused = |then, text: &str| {
        let receiver = receiver::webhook(&[then]);
        let answer = hook(&place, receiver.port, &[]).expect(5).warns(text);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.shown());
        receiver.taken();
    };
    refused(Then::Answer(404), "answered 404");
    let elsewhere: &'static str = format!("location: http://127.0.0.1:{}/", receiver::nobody()).leak();
    refused(Then::Say(302, elsewhere), "redirects are not followed");
    let receiver = receiver::webhook(&[Then::Wait(Duration::from_secs(3))]);
    hook(&place, receiver.port, &["--tries", "1", "--timeout", "1"]).expect(5).warns("timeout");
    receiver.taken();
    for address in ["ftp://example.org/", "http://user:word@example.org/", "not an address", "@missing"] {
        place.affiant(&["notify", "--webhook", address]).expect(2);
    }
    for server in ["siem", ":601", "siem:x", "siem:99999"] {
        place.affiant(&["notify", "--syslog", server]).expect(2).warns("is no syslog server");
    }
    place.affiant(&["notify"]).expect(2);
    place.affiant(&["notify", "--jsonl", "-", "--syslog", "localhost:1"]).expect(2);
}

#[test]
fn syslog_messages_are_framed_by_their_length() {
    let place = Place::with_system();
    place.push("one", "failed");
    let receiver = receiver::stream();
    let to = format!("127.0.0.1:{}", receiver.port);
    place.affiant(&["notify", "--syslog", &to, "--target", "siem"]).expect(0).says("siem: ");
    let bytes = receiver.taken();
    let (mut rest, mut messages) = (&bytes[..], Vec::new());
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
        let (message, after) = rest[space + 1..].split_at(length);
        messages.push(String::from_utf8(message.to_vec()).unwrap());
        rest = after;
    }
    let control = messages.iter().find(|message| message.contains(" - affiant - control [")).unwrap();
    assert!(
        control.starts_with("<107>1 2") && control.contains(" asset=\"model\" control=\"AFF-EXP-11\"]"),
        "{control}"
    );
    assert!(messages.iter().all(|message| message.starts_with('<') && !message.contains('\n')));
    place.affiant(&["notify", "--syslog", &to, "--target", "siem"]).expect(0).says("nothing new");
    place.push("two", "passed");
    let nobody = format!("127.0.0.1:{}", receiver::nobody());
    place.affiant(&["notify", "--syslog", &nobody, "--target", "siem", "--tries", "1"]).expect(5);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = socket.local_addr().unwrap().to_string();
    place.affiant(&["notify", "--syslog", &to, "--udp", "--target", "siem"]).expect(0);
    let mut datagram = [0; 4096];
    let length = socket.recv(&mut datagram).unwrap();
    assert!(datagram[..length].starts_with(b"<1"));
}

#[test]
fn lines_go_behind_what_a_file_has_and_to_stdout() {
    let place = Place::with_system();
    place.push("one", "failed");
    place.write("alerts.jsonl", "{\"cut\":");
    place.affiant(&["notify", "--jsonl", "alerts.jsonl"]).expect(0);
    let text = std::fs::read_to_string(place.path("alerts.jsonl")).unwrap();
    let mut whole = text.lines();
    assert_eq!(whole.next(), Some("{\"cut\":"));
    assert!(whole.clone().count() > 1 && whole.all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let preview = place.affiant(&["notify", "--jsonl", "-", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(preview["alerts"], json!([]));
    let shown = place.affiant(&["notify", "--jsonl", "-", "--target", "more", "--dry-run"]).expect(0);
    let shown = shown.says("AFF-EXP-11").warns("would be delivered; nothing was");
    let lines = place.affiant(&["notify", "--jsonl", "-", "--target", "more"]).expect(0).json_lines();
    assert!(!lines.is_empty() && shown.stdout.lines().count() > lines.len());
}

#[test]
fn a_clock_that_lies_behind_and_a_target_in_use_are_refused() {
    let mut place = Place::with_system_at(NOON);
    place.push("one", "failed");
    place.at(NOON - DAY);
    place.affiant(&["notify", "--jsonl", "-"]).expect(2).warns("the clock says");
    place.at(NOON);
    std::fs::create_dir_all(place.ledger().join("notify")).unwrap();
    let held = std::fs::File::create(place.ledger().join("notify/jsonl.lock")).unwrap();
    held.lock().unwrap();
    place.affiant(&["notify", "--jsonl", "-"]).expect(5).warns("another process is delivering");
    place.affiant(&["notify", "--jsonl", "-", "--target", "../x"]).expect(2);
}
