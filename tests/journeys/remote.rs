//! Pushes to a service: receipts that hold, keys that are known again, a service that is away, one that lies.

use super::service::{certificate, have};
use crate::support::answer::Answer;
use crate::support::folder::files;
use crate::support::place::{NOON, Place};
use crate::support::receiver::{self, Then};
use crate::support::service::Service;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// A ledger that is served, and a machine without one that pushes to it.
pub(super) struct Pair {
    pub(super) house: Place,
    pub(super) here: Place,
}

impl Pair {
    pub(super) fn new() -> Self {
        let house = Place::with_system_at(NOON);
        let mut here = Place::new();
        here.at(NOON);
        let token = here.path("ci.token").display().to_string();
        let words = ["token", "new", "ci", "--role", "collector", "--system", "scoring", "--output", &token];
        house.affiant(&words).expect(0);
        let trust = here.path("trust.keys").display().to_string();
        house.affiant(&["key", "trust", "--output", &trust]).expect(0);
        Self { house, here }
    }

    #[track_caller]
    pub(super) fn push(&self, to: &str, words: &[&str]) -> Answer {
        let fixed = ["push", "--to", to, "--token-file", "ci.token", "--trust", "trust.keys"];
        self.here.affiant(&[&fixed[..], words].concat())
    }

    /// Pushes a single result without an id; gives what is said in JSON.
    #[track_caller]
    pub(super) fn single(&self, to: &str, summary: &str, more: &[&str]) -> Vec<Value> {
        self.push(to, &[&single(summary)[..], &["--json"], more].concat()).expect(0).json_lines()
    }

    pub(super) fn waiting(&self) -> Vec<String> {
        let name = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files(&self.here.path("spool")).into_iter().map(name).collect()
    }
}

pub(super) fn single(summary: &str) -> [&str; 10] {
    let [system, asset, control] = ["scoring", "model", "AFF-EXP-11"];
    ["--system", system, "--asset", asset, "--control", control, "--status", "passed", "--summary", summary]
}

/// A port at which nobody listens, as an address.
pub(super) fn nobody() -> (u16, String) {
    let port = receiver::nobody();
    (port, format!("http://127.0.0.1:{port}"))
}

pub(super) fn rows(count: usize, padding: usize) -> String {
    let row = |at: usize| {
        json!({
            "id": format!("r-{at}"), "collector": "ci", "control": "AFF-EXP-11", "system": "scoring", "asset": "model", "status": "passed",
            "summary": "x".repeat(padding), "observed_to": "2026-11-24T11:00:00Z",
        })
    };
    (0..count).map(|at| format!("{}\n", row(at))).collect()
}

#[test]
fn a_push_is_done_when_its_receipts_are_verified() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    pair.here.write("rows.ndjson", rows(70, 1));
    pair.push(&service.address(), &["rows.ndjson", "--receipts", "kept"])
        .expect(0)
        .says("recorded 70 results: entries ")
        .warns("70 of 70 receipts verified with the log's keys, given");
    let kept = files(&pair.here.path("kept"));
    assert_eq!(kept.len(), 70);
    for receipt in [&kept[0], &kept[69]] {
        let receipt = receipt.display().to_string();
        pair.here.affiant(&["verify", &receipt, "--trust", "trust.keys"]).expect(0).says("VERIFIED: entry ");
    }
    let told = pair.single(&service.address(), "accuracy", &[]);
    let [line, sum] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&line["again"], &line["system"]), (&json!(false), &json!("scoring")));
    assert_eq!((&sum["recorded"], &sum["spooled"]), (&json!(1), &json!(false)));
    assert_eq!(sum["receipts"], json!({"verified": 1, "keys": "given"}));
    drop(service);
    pair.house.sound();
}

#[test]
fn the_key_of_the_first_push_is_the_one_of_all_later_ones() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let (port, address) = (service.port, service.address());
    let words = ["push", "--to", &address, "--token-file", "ci.token"];
    let push = |summary: &str| pair.here.affiant(&[&words[..], &single(summary)].concat());
    push("first").expect(0).warns("note: first push to ").warns("remembered in ").says("recorded 1 results");
    let later = push("second").expect(0).warns("1 of 1 receipts verified with the log's keys, remembered");
    assert!(!later.stderr.contains("first push"), "{}", later.stderr);
    drop(service);
    // Another log at the same address.
    let other = Pair::new();
    fs::copy(other.here.path("ci.token"), pair.here.path("ci.token")).unwrap();
    let _service = Service::start_on(&other.house, port, &[]);
    let refused = push("third")
        .expect(3)
        .warns("the log's key is another than at the first push to this service")
        .warns("--trust FILE");
    assert_eq!(refused.stdout, "");
    // Keys that are given count, and leave what is remembered as it is.
    let mut given = [&words[..], &["--trust", "other.keys"], &single("third")].concat();
    fs::copy(other.here.path("trust.keys"), pair.here.path("other.keys")).unwrap();
    pair.here.affiant(&given).expect(0).warns("the log's keys, given");
    given[6] = "trust.keys";
    pair.here.affiant(&given).expect(3).warns("receipt rejected");
    push("third").expect(3);
    fs::remove_dir_all(pair.here.path("state/services")).unwrap();
    push("third").expect(0).warns("note: first push to ");
}

#[test]
fn without_any_key_nothing_is_verified() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let answer = answer(&pair.single(&service.address(), "accuracy", &[])[0]);
    for (status, keys) in [(404, "no such thing"), (200, "log of/nobody")] {
        let server = receiver::webhook(&[Then::Give(201, leaked(&answer)), Then::Give(status, keys)]);
        let address = format!("http://127.0.0.1:{}", server.port);
        let words = ["push", "--to", &address, "--token-file", "ci.token"];
        let told = pair.here.affiant(&[&words[..], &single("accuracy")].concat());
        assert_eq!(told.expect(4).warns("no key of the log to verify receipts with").stdout, "");
        assert_eq!(server.taken()[1].line, "GET /log/keys HTTP/1.1");
    }
}

#[test]
fn a_push_waits_for_a_service_that_comes_later() {
    let pair = Pair::new();
    let (port, address) = nobody();
    thread::scope(|scope| {
        let pushing =
            scope.spawn(|| pair.push(&address, &[&single("accuracy")[..], &["--tries", "12"]].concat()));
        thread::sleep(Duration::from_millis(300));
        let _service = Service::start_on(&pair.house, port, &[]);
        pushing.join().unwrap().expect(0).says("recorded 1 results").warns("again in ");
    });
}

#[test]
fn the_same_key_goes_with_every_try_and_the_pause_that_is_asked_for_is_kept() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let answer = answer(&pair.single(&service.address(), "accuracy", &[])[0]);
    let plan = [Then::Say(503, "retry-after: 3"), Then::Break, Then::Give(201, leaked(&answer))];
    let server = receiver::webhook(&plan);
    let address = format!("http://127.0.0.1:{}/evidence", server.port);
    let done = pair.push(&address, &single("accuracy")).expect(0).warns("answered 503");
    assert!(done.took >= Duration::from_secs(3), "{:?}", done.took);
    let taken = server.taken();
    let keys: Vec<&String> = taken.iter().map(|request| &request.headers["idempotency-key"]).collect();
    assert!(keys[0].len() == 64 && keys[0] == keys[1] && keys[0] == keys[2], "{keys:?}");
    let line = &taken[0].line;
    assert!(
        line.starts_with("POST /evidence/v1/results?system=scoring&asset=model&collector=manual"),
        "{line}"
    );
}

/// What a service answers that recorded one result.
pub(super) fn answer(line: &Value) -> Value {
    let index = &line["index"];
    json!({"recorded": 1, "again": 0, "first": index, "last": index, "size": line["size"], "entries": [line]})
}

pub(super) fn leaked(answer: &Value) -> &'static str {
    Box::leak(answer.to_string().into_boxed_str())
}

#[test]
fn a_service_that_lies_is_found_out() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let line = pair.single(&service.address(), "accuracy", &[])[0].clone();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut answer = answer(&line);
        change(&mut answer);
        leaked(&answer)
    };
    let receipt = line["receipt"].as_str().unwrap().to_owned();
    let proof = receipt.lines().nth(3).unwrap().to_owned();
    let wrong = receipt.replacen(&proof, &format!("{}=", "A".repeat(43)), 1);
    assert_ne!(wrong, receipt);
    let lies = [
        (with(&|answer| answer["entries"][0]["receipt"] = json!(wrong)), "receipt rejected"),
        (with(&|answer| answer["entries"][0]["index"] = json!(1)), "the receipt is for another entry"),
        (
            with(&|answer| answer["entries"][0]["leaf"] = json!("00".repeat(32))),
            "the receipt is for another entry",
        ),
        (with(&|answer| answer["entries"][0]["system"] = json!("other")), "an entry of another system"),
        (with(&|answer| answer["entries"] = json!([])), "with 0 receipts"),
        (with(&|answer| answer["recorded"] = json!(2)), "with 1 receipts"),
        (with(&|answer| answer["recorded"] = json!(u64::MAX)), "with 1 receipts"),
        (with(&|answer| answer["again"] = json!(u64::MAX)), "with 1 receipts"),
        (with(&|answer| answer["last"] = json!(u64::MAX)), "do not fit into the entries"),
        (with(&|answer| answer["first"] = json!(u64::MAX)), "do not fit into the entries"),
        (with(&|answer| answer["first"] = Value::Null), "do not fit into the entries"),
        (with(&|answer| answer["entries"][0]["again"] = json!(true)), "recorded before, with 1 receipts"),
        ("\u{1}garbage", "the answer is not one of `affiant serve`"),
    ];
    for (lie, found) in lies {
        let server = receiver::webhook(&[Then::Give(201, lie)]);
        let address = format!("http://127.0.0.1:{}", server.port);
        let refused = pair.push(&address, &single("accuracy")).expect(3).warns(found);
        assert_eq!(refused.stdout, "", "{found}");
        server.taken();
    }
}

#[test]
fn of_many_every_receipt_is_looked_at() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    pair.here.write("rows.ndjson", rows(100, 1));
    let token = fs::read_to_string(pair.here.path("ci.token")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let kind = "application/x-ndjson";
    let headers = [("authorization", bearer.as_str()), ("content-type", kind), ("accept", kind)];
    let said = service.send("POST", "/v1/results", &headers, rows(100, 1).as_bytes()).expect(201).text();
    let lines: Vec<String> = said.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 101);
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        &*Box::leak(text.into_boxed_str())
    };
    let sum: Value = serde_json::from_str(&lines[100]).unwrap();
    let say = |name: &str, value: Value| {
        let mut sum = sum.clone();
        sum[name] = value;
        sum.to_string()
    };
    let part = |line: &str, name: &str| serde_json::from_str::<Value>(line).unwrap()[name].clone();
    let exchanged = |line: &str, name: &str, by: &Value| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line[name] = by.clone();
        line.to_string()
    };
    let last = part(&lines[99], "index");
    let lies = [
        (with(&|lines| drop(lines.remove(90))), "100 results are said to be recorded, with 99 receipts"),
        (with(&|lines| lines[90] = lines[89].clone()), "stands for two results"),
        (
            with(&|lines| lines[90] = exchanged(&lines[90], "receipt", &part(&lines[89], "receipt"))),
            "the receipt is for another entry",
        ),
        (with(&|lines| lines[90] = exchanged(&lines[90], "again", &json!(true))), "with 1 receipts"),
        (with(&|lines| drop(lines.pop())), "the answer is not one of `affiant serve`"),
        (with(&|lines| lines.swap(50, 100)), "the answer is not one of `affiant serve`"),
        (with(&|lines| lines.clear()), "the answer is not one of `affiant serve`"),
        (with(&|lines| lines[100] = say("recorded", json!(101))), "with 100 receipts"),
        (with(&|lines| lines[100] = say("size", last.clone())), "do not fit into the entries"),
        (with(&|lines| lines[3] += &" ".repeat(3 << 20)), "the answer is not one of `affiant serve`"),
        (
            with(&|lines| lines.insert(0, lines[0].replace("\"again\":false", "\"again\":true"))),
            "more results are said to be recorded than were pushed",
        ),
        (with(&|lines| lines[7] = lines[7].replace("scoring", "other")), "an entry of another system"),
        (
            with(&|lines| {
                lines.truncate(99);
                lines.push(exchanged(
                    &say("recorded", json!(99)),
                    "last",
                    &json!(last.as_u64().unwrap() - 1),
                ));
            }),
            "100 results were pushed, 99 are said to be recorded",
        ),
    ];
    for (lie, found) in lies {
        let server = receiver::webhook(&[Then::Tell(201, "content-type: application/x-ndjson", lie)]);
        let address = format!("http://127.0.0.1:{}", server.port);
        let refused = pair.push(&address, &["rows.ndjson", "--receipts", "kept"]).expect(3).warns(found);
        assert_eq!(refused.stdout, "", "{found}");
        assert!(!pair.here.path("kept").exists(), "{found}");
        assert!(server.taken()[0].headers["accept"].starts_with("application/x-ndjson"));
    }
    let whole = with(&|_| ());
    let server = receiver::webhook(&[Then::Tell(201, "content-type: application/x-ndjson", whole)]);
    let address = format!("http://127.0.0.1:{}", server.port);
    pair.push(&address, &["rows.ndjson"]).expect(0).warns("100 of 100 receipts verified");
}

#[test]
fn what_others_could_read_or_what_leads_elsewhere_is_refused() {
    let pair = Pair::new();
    for address in ["http://evidence.example.org", "http://10.1.2.3:8470"] {
        pair.push(address, &single("accuracy")).expect(2).warns("all on the way could read the token");
    }
    let server = receiver::webhook(&[Then::Say(307, "location: http://evidence.example.org/v1/results")]);
    let address = format!("http://127.0.0.1:{}", server.port);
    pair.push(&address, &single("accuracy")).expect(2).warns("redirects are not followed");
    server.taken();
    for words in [&["--dry-run"][..], &["--explain"], &["--keep-raw"], &["--sign-key", "k"], &["--map", "m"]]
    {
        pair.here.write("rows.ndjson", rows(1, 1));
        pair.push(&address, &[&["rows.ndjson"], words].concat()).expect(2).warns("cannot be used with");
    }
    pair.push(&address, &[&single("accuracy")[..], &["--ledger", "here"]].concat())
        .expect(2)
        .warns("--ledger here");
    let words = ["push", "--to", &address];
    pair.here.affiant(&[&words[..], &single("accuracy")].concat()).expect(2).warns("no token is given");
}

#[test]
fn many_rows_go_in_pieces_each_of_which_is_recorded_once() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    pair.here.write("rows.ndjson", rows(50_100, 1));
    let told = pair.push(&service.address(), &["rows.ndjson", "--json"]).expect(0).json_lines();
    let sum = told.last().unwrap();
    assert_eq!((&sum["recorded"], &sum["again"]), (&json!(50_100), &json!(0)));
    assert_eq!(sum["receipts"]["verified"], 50_100, "every one");
    let indices: BTreeSet<u64> = told.iter().filter_map(|line| line["index"].as_u64()).collect();
    assert_eq!((told.len(), indices.len()), (50_101, 50_100));
    pair.push(&service.address(), &["rows.ndjson"])
        .expect(0)
        .says("recorded 0 results: no new entry, 50100 recorded before")
        .warns("50100 of 50100 receipts verified");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_what_is_pushed() {
    let pair = Pair::new();
    let (_, address) = nobody();
    pair.here.write("rows.ndjson", rows(100_000, 1500));
    let words = [
        "push",
        "rows.ndjson",
        "--to",
        &address,
        "--token-file",
        "ci.token",
        "--spool",
        "spool",
        "--tries",
        "1",
    ];
    let mut command = pair.here.command(&words);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kilobytes = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
        peak = peak.max(kilobytes);
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(child.wait().unwrap().code(), Some(5), "nobody is there");
    assert_eq!(pair.waiting().len(), 3);
    assert!((1..64 << 10).contains(&peak), "{peak} kB for 150 MB of rows");
}

/// What a push comes to that a service answers with a lie.
#[track_caller]
fn lied_to(pair: &Pair, answer: &Value, words: &[&str]) -> Answer {
    let server = receiver::webhook(&[Then::Give(201, leaked(answer))]);
    let told = pair.push(&format!("http://127.0.0.1:{}", server.port), words);
    server.taken();
    told
}

#[test]
fn what_another_token_recorded_first_is_recorded() {
    let pair = Pair::new();
    let path = pair.here.path("other.token").display().to_string();
    pair.house.affiant(&["token", "new", "other", "--role", "collector", "--output", &path]).expect(0);
    let service = Service::start(&pair.house);
    let own = [&single("accuracy")[..], &["--id", "r-1"]].concat();
    let told = pair.push(&service.address(), &[&own[..], &["--json"]].concat()).expect(0).json_lines();
    fs::copy(pair.here.path("other.token"), pair.here.path("ci.token")).unwrap();
    pair.push(&service.address(), &own).expect(0).says("(recorded before)");
    // It is not new by this token.
    lied_to(&pair, &answer(&told[0]), &own).expect(3).warns("an entry by `token:ci`, not by this token");
}

#[test]
fn every_row_is_answered_by_a_receipt_of_its_own() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let mut line = pair.single(&service.address(), "accuracy", &[])[0].clone();
    pair.here.write("rows.ndjson", rows(3, 1));
    lied_to(&pair, &answer(&line), &["rows.ndjson"]).expect(3).warns("3 results were pushed, 1 are said");
    line["again"] = json!(true);
    let repeated = json!({"recorded": 0, "again": 3, "first": null, "last": null, "size": line["size"], "entries": [line, line, line]});
    lied_to(&pair, &repeated, &["rows.ndjson"])
        .expect(3)
        .warns("3 results must have entries of their own, 1 have");
    // Rows of one id are one result.
    pair.here.write("twice.ndjson", rows(1, 1).repeat(2));
    pair.push(&service.address(), &["twice.ndjson"])
        .expect(0)
        .says("recorded 1 results")
        .says(", 1 recorded before");
    // With --partial fewer may be answered, but not without a word.
    lied_to(&pair, &answer(&line), &["rows.ndjson", "--partial"]).expect(3);
}

#[test]
fn the_same_again_is_new_unless_it_is_said_to_be_the_same_push() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let push = |status: &str, more: &[&str]| {
        pair.here.write("rows.ndjson", rows(1, 1).replace("passed", status).replace("\"id\":\"r-0\",", ""));
        pair.push(&service.address(), &[&["rows.ndjson", "--json"], more].concat())
    };
    let index = |told: Answer| told.expect(0).json_lines()[0]["index"].as_u64().unwrap();
    let (failed, passed) = (index(push("failed", &[])), index(push("passed", &[])));
    let again = index(push("failed", &[]));
    assert!(failed < passed && passed < again, "{failed} {passed} {again}");
    let status = pair.house.affiant(&["log", "show", &again.to_string(), "--json"]);
    assert!(status.stdout.contains("\"failed\""), "{}", status.stdout);
    // A run of a pipeline that is tried again.
    let first = index(push("passed", &["--key", "run-7"]));
    let told = push("passed", &["--key", "run-7"]).expect(0).json_lines();
    assert_eq!((&told[0]["index"], &told[1]["again"]), (&json!(first), &json!(1)));
    push("failed", &["--key", "run-7"]).expect(2).warns("recorded before with other content");
    assert!(index(push("passed", &["--key", "run-8"])) > first);
}

#[test]
fn what_may_have_been_recorded_is_pushed_again_with_the_key_that_is_named() {
    let pair = Pair::new();
    let (port, address) = nobody();
    let words = [&single("accuracy")[..], &["--tries", "1"]].concat();
    let lost = pair.push(&address, &words).expect(5).warns("not delivered").stderr;
    let key = lost.split("--key ").nth(1).unwrap().split(':').next().unwrap().to_owned();
    let _service = Service::start_on(&pair.house, port, &[]);
    for again in [0, 1] {
        let told = pair.push(&address, &[&words[..], &["--json", "--key", &key]].concat()).expect(0);
        assert_eq!(told.json_lines()[1]["again"], again);
    }
}

#[test]
fn receipts_can_be_had_again_and_those_not_written_are_a_failure() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    pair.here.write("rows.ndjson", rows(70, 1));
    pair.push(&service.address(), &["rows.ndjson"]).expect(0);
    pair.push(&service.address(), &["rows.ndjson", "--receipts", "kept"])
        .expect(0)
        .says("70 recorded before")
        .warns("70 of 70 receipts verified");
    let kept = files(&pair.here.path("kept"));
    assert_eq!(kept.len(), 70);
    for receipt in &kept {
        let receipt = receipt.display().to_string();
        pair.here.affiant(&["verify", &receipt, "--trust", "trust.keys"]).expect(0);
    }
    pair.here.write("kept/file", "");
    pair.push(&service.address(), &[&single("accuracy")[..], &["--receipts", "kept/file"]].concat())
        .expect(5)
        .says("recorded 1 results");
}

#[test]
fn a_machine_with_a_certificate_needs_no_token() {
    if !have(&["openssl"]) {
        return;
    }
    let pair = Pair::new();
    certificate(&pair.house, "authority", None);
    certificate(&pair.house, "localhost", Some("subjectAltName=DNS:localhost"));
    for host in ["host", "stranger"] {
        certificate(&pair.house, host, Some("extendedKeyUsage=clientAuth"));
    }
    let words = ["token", "new", "host", "--role", "collector", "--certificate", "host.pem"];
    pair.house.affiant(&words).expect(0);
    let tls = ["--tls-cert", "localhost.pem", "--tls-key", "localhost.key", "--client-ca", "authority.pem"];
    let service = Service::start_with(&pair.house, &tls);
    let file = |name: &str| pair.house.path(name).display().to_string();
    let push = |address: &str, certificate: &str, key: &str| {
        let (ca, certificate, key) = (file("authority.pem"), file(certificate), file(key));
        let words = ["push", "--to", address, "--ca", &ca, "--trust", "trust.keys", "--tries", "1"];
        let shown = ["--client-cert", &certificate, "--client-key", &key];
        pair.here.affiant(&[&words[..], &shown, &single("accuracy")].concat())
    };
    let address = format!("https://localhost:{}", service.port);
    push(&address, "host.pem", "host.key").expect(0).warns("1 of 1 receipts verified");
    push(&address, "stranger.pem", "stranger.key").expect(2).warns("nobody was granted anything");
    push(&address, "host.pem", "host.pem").expect(2).warns("no private key in PEM");
    push(&address, "host.pem", "stranger.key").expect(2).warns("no certificate and its key");
    push("http://localhost:1", "host.pem", "host.key").expect(2).warns("to an https address alone");
    let (certificate, key) = (file("host.pem"), file("host.key"));
    pair.push(
        &address,
        &[&single("both")[..], &["--client-cert", &certificate, "--client-key", &key]].concat(),
    )
    .expect(2)
    .warns("leave one out");
}

#[test]
fn the_authorities_of_a_service_are_those_that_are_given() {
    if !have(&["openssl"]) {
        return;
    }
    let pair = Pair::new();
    certificate(&pair.house, "authority", None);
    certificate(&pair.house, "stranger", None);
    certificate(&pair.house, "localhost", Some("subjectAltName=DNS:localhost"));
    let tls = ["--tls-cert", "localhost.pem", "--tls-key", "localhost.key"];
    let service = Service::start_with(&pair.house, &tls);
    let address = format!("https://localhost:{}", service.port);
    let ca = |name: &str| pair.house.path(name).display().to_string();
    let push = |more: &[&str]| pair.push(&address, &[&single("accuracy")[..], more].concat());
    push(&["--ca", &ca("authority.pem")]).expect(0).says("recorded 1 results");
    // Who is there has not shown to be the service: that is no service that is away.
    for more in [vec![], vec!["--ca".to_owned(), ca("stranger.pem")]] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let refused = push(&more).expect(3).warns("certificate");
        assert!(!refused.stderr.contains("again in"), "{}", refused.stderr);
    }
    let plain = Service::start(&Place::with_system_at(NOON));
    let address = format!("https://localhost:{}", plain.port);
    pair.push(&address, &single("accuracy")).expect(3);
    // Nor is what does not speak HTTP, or does not come to an end.
    let server = receiver::webhook(&[Then::Drip(201, leaked(&json!("x".repeat(400))))]);
    let address = format!("http://127.0.0.1:{}", server.port);
    let slow = pair.push(&address, &[&single("accuracy")[..], &["--tries", "1", "--timeout", "1"]].concat());
    assert!(slow.expect(5).took < Duration::from_secs(10));
}

#[test]
fn what_breaks_off_says_what_was_done() {
    let pair = Pair::new();
    let (_, address) = nobody();
    let long = format!("{{\"summary\":\"{}\"}}\n", "x".repeat(2 << 20));
    pair.here.write("rows.ndjson", rows(50_600, 1) + &long);
    let told = pair
        .push(&address, &["rows.ndjson", "--spool", "spool", "--tries", "1"])
        .expect(5)
        .warns("line 50601: longer than")
        .warns("1 pieces kept")
        .warns("push the same again with --key ");
    assert!(told.stdout.contains("kept 1; 1 in the spool wait"), "{}", told.stdout);
}
