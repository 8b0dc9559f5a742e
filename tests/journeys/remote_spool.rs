//! The spool of pushes to a service: nothing is lost, nothing is recorded twice, and one that fails holds up no other.

use super::remote::{Pair, answer, leaked, nobody, rows, single};
use crate::support::folder::files;
use crate::support::place::{DAY, NOON};
use crate::support::receiver::{self, Then};
use crate::support::service::Service;
use serde_json::json;
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime};

/// Pushes nobody takes now.
const AWAY: [&str; 4] = ["--spool", "spool", "--tries", "1"];

#[track_caller]
fn keep(pair: &Pair, to: &str, summary: &str, more: &[&str]) {
    pair.push(to, &[&single(summary)[..], &AWAY, more].concat())
        .expect(5)
        .warns("kept in spool, sent by the next push or --flush");
}

#[test]
fn a_number_of_rows_that_no_push_has_is_no_answered_push() {
    let pair = Pair::new();
    let (port, address) = nobody();
    keep(&pair, &address, "accuracy", &[]);
    let path = pair.here.path("spool").join(&pair.waiting()[0]);
    let kept = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    let altered = kept.replacen("\"rows\":1,", &format!("\"rows\":{},", u64::MAX), 1);
    assert_ne!(altered, kept);
    fs::write(&path, altered).unwrap();
    let _service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--spool", "spool"])
        .expect(3)
        .warns("results were pushed, 1 are said to be recorded");
    assert_eq!(pair.waiting().len(), 1, "what is doubted stays");
}

#[test]
fn what_could_not_be_delivered_is_delivered_in_order_and_recorded_once() {
    let pair = Pair::new();
    let (port, address) = nobody();
    pair.push(&address, &[&single("lost")[..], &["--tries", "1"]].concat()).expect(5).warns("not delivered");
    let told =
        pair.push(&address, &[&single("first")[..], &AWAY, &["--json"]].concat()).expect(5).json_lines();
    assert_eq!((&told[0]["spooled"], &told[0]["waiting"]), (&json!(true), &json!(1)));
    assert_eq!(told[1]["exit"], 5);
    let second = [&single("second")[..], &AWAY, &["--key", "run-7"]].concat();
    pair.push(&address, &second)
        .expect(5)
        .says("kept 1; 2 in the spool wait")
        .warns("kept in spool, sent by the next push or --flush");
    // The same push once more waits already.
    pair.push(&address, &second).expect(5);
    let waiting = pair.waiting();
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    pair.push(&address, &["--flush", "--spool", "spool", "--tries", "1"]).expect(5).warns("not delivered");
    assert_eq!(pair.waiting(), waiting);
    let copies: Vec<_> =
        waiting.iter().map(|name| fs::read(pair.here.path("spool").join(name)).unwrap()).collect();

    let _service = Service::start_on(&pair.house, port, &[]);
    let told = pair.single(&address, "third", &AWAY);
    assert_eq!([&told[0]["flushed"], &told[2]["flushed"]], [&json!(true), &json!(false)]);
    assert_eq!(told[3]["flushed"], 2);
    let indices: Vec<u64> = told[..3].iter().map(|line| line["index"].as_u64().unwrap()).collect();
    assert!(indices.is_sorted() && told[3]["recorded"] == 3, "{told:?}");
    assert_eq!(pair.waiting(), Vec::<String>::new());
    let summary = |index: u64| {
        let shown = pair.house.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).stdout;
        ["first", "second", "third"].into_iter().find(|word| shown.contains(word)).map(str::to_owned)
    };
    assert_eq!([summary(indices[0]), summary(indices[1])], [Some("first".into()), Some("second".into())]);

    // A push that was delivered, and whose file was not taken away before the power went.
    for (name, bytes) in waiting.iter().zip(copies) {
        fs::write(pair.here.path("spool").join(name), bytes).unwrap();
    }
    let again = pair.push(&address, &["--flush", "--spool", "spool", "--json"]).expect(0).json_lines();
    assert_eq!([&again[0]["index"], &again[1]["index"]], [&json!(indices[0]), &json!(indices[1])]);
    assert_eq!((&again[2]["recorded"], &again[2]["again"]), (&json!(0), &json!(2)));
}

#[test]
fn what_is_refused_is_put_aside_and_holds_up_nothing() {
    let pair = Pair::new();
    let (port, address) = nobody();
    pair.here.write("bad.ndjson", rows(1, 1).replace("AFF-EXP-11", "NO-SUCH-1"));
    pair.push(&address, &[&["bad.ndjson"], &AWAY[..]].concat()).expect(5);
    keep(&pair, &address, "good", &[]);
    fs::write(pair.here.path("spool/00000000-torn.push"), "{").unwrap();
    let service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--spool", "spool"])
        .expect(3)
        .says("recorded 1 results")
        .warns("NO-SUCH-1")
        .warns("no push that waits")
        .warns("put aside as spool/");
    let left = pair.waiting();
    let ends = |ending: &str| left.iter().filter(|name| name.ends_with(ending)).count();
    assert_eq!((left.len(), ends(".refused"), ends(".reason")), (4, 2, 2), "{left:?}");
    // Nothing new of it is kept either: whoever pushed it can mend it.
    pair.push(&service.address(), &["bad.ndjson", "--spool", "spool"])
        .expect(2)
        .warns("NO-SUCH-1")
        .warns("1 bad rows, nothing was recorded");
    assert_eq!(pair.waiting(), left);
}

#[test]
fn a_wrong_token_is_refused_and_what_was_pushed_with_it_is_kept() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let right = fs::read(pair.here.path("ci.token")).unwrap();
    pair.here.write("ci.token", "affiant_ci_0000");
    pair.push(&service.address(), &single("accuracy")).expect(2).warns("no token that was given out");
    // More than fits into the buffers on the way is refused before it is sent.
    pair.here.write("rows.ndjson", rows(3000, 400));
    pair.push(&service.address(), &["rows.ndjson", "--spool", "spool"])
        .expect(2)
        .warns("no token that was given out");
    assert_eq!(pair.waiting().len(), 1);
    pair.here.write("ci.token", right);
    pair.push(&service.address(), &["--flush", "--spool", "spool"]).expect(0).says("recorded 3000 results");
}

#[test]
fn a_push_that_is_killed_while_it_is_sent_is_delivered_by_the_next() {
    let pair = Pair::new();
    // Takes connections, and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let address = format!("http://127.0.0.1:{port}");
    let fixed = ["push", "--to", &address, "--token-file", "ci.token", "--trust", "trust.keys"];
    let mut command = pair.here.command(&[&fixed[..], &single("accuracy"), &AWAY].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !pair.waiting().iter().any(|name| name.ends_with(".push")) {
        assert!(child.try_wait().unwrap().is_none(), "it is kept before it is sent");
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drop(silent);
    let _service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--spool", "spool"]).expect(0).says("recorded 1 results");
    assert_eq!(pair.waiting(), Vec::<String>::new());
}

#[test]
fn one_that_is_not_granted_is_put_aside_and_comes_back_when_asked() {
    let pair = Pair::new();
    let (port, address) = nobody();
    let late = single("late").map(|word| if word == "model" { "late" } else { word });
    let other = single("other").map(|word| if word == "scoring" { "other" } else { word });
    for words in [&other, &late, &single("good")] {
        pair.push(&address, &[&words[..], &AWAY].concat()).expect(5);
    }
    pair.house.affiant(&["register", "system", "other", "--name", "Other", "--role", "deployer"]).expect(0);
    let service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--spool", "spool"])
        .expect(2)
        .says("recorded 1 results")
        .warns("other")
        .warns("note: 2 put aside in spool");
    let ends = |ending: &str| pair.waiting().iter().filter(|name| name.ends_with(ending)).count();
    assert_eq!((ends(".push"), ends(".refused"), ends(".reason")), (0, 2, 2), "{:?}", pair.waiting());
    // The next push says that they are there.
    pair.push(&address, &[&single("more")[..], &AWAY].concat()).expect(0).warns("note: 2 put aside in spool");
    drop(service);
    let asset = ["register", "asset", "late", "--system", "scoring", "--kind", "model", "--name", "Late"];
    pair.house.affiant(&asset).expect(0);
    let _service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--refused", "--spool", "spool"]).expect(2).says("recorded 1 results");
    assert_eq!((ends(".push"), ends(".refused"), ends(".reason")), (0, 1, 1), "{:?}", pair.waiting());
    let reason =
        files(&pair.here.path("spool")).into_iter().find(|path| path.to_string_lossy().ends_with(".reason"));
    let reason = fs::read_to_string(reason.unwrap()).unwrap();
    assert!(reason.contains("`other`"), "{reason}");
}

#[test]
fn a_failure_at_one_holds_up_no_other() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    let good = answer(&pair.single(&service.address(), "good", &[])[0]);
    for first in [Then::Answer(500), Then::Break] {
        let server = receiver::webhook(&[first, Then::Give(201, leaked(&good))]);
        let address = format!("http://127.0.0.1:{}", server.port);
        fs::create_dir_all(pair.here.path("spool")).unwrap();
        // Kept while another service was meant, so that nothing is sent yet.
        let (_, gone) = nobody();
        keep(&pair, &gone, "bad", &[]);
        keep(&pair, &gone, "good", &[]);
        readdressed(&pair, &gone, &address);
        let told = pair.push(&address, &["--flush", "--spool", "spool", "--tries", "1"]).expect(5);
        assert!(told.stdout.contains("recorded 1 results"), "{}", told.shown());
        assert_eq!((server.taken().len(), pair.waiting().len()), (2, 1));
        fs::remove_dir_all(pair.here.path("spool")).unwrap();
    }
}

/// Has all that waits wait for another service.
fn readdressed(pair: &Pair, from: &str, to: &str) {
    for path in files(&pair.here.path("spool")) {
        let bytes = fs::read(&path).unwrap();
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().replace(from, to);
        fs::write(&path, [head.as_bytes(), &bytes[end..]].concat()).unwrap();
    }
}

#[test]
fn what_a_stranger_answers_says_nothing_about_what_was_pushed() {
    let pair = Pair::new();
    let html = Then::Tell(403, "content-type: text/html", "<p>blocked</p>");
    let claims = Then::Tell(404, "content-type: application/problem+json", "{\"detail\":\"no such thing\"}");
    for (stranger, code) in [(html, 5), (claims, 5), (Then::Say(302, "location: /login"), 2)] {
        let server = receiver::webhook(&[stranger]);
        let address = format!("http://127.0.0.1:{}", server.port);
        pair.push(&address, &[&single("accuracy")[..], &AWAY].concat()).expect(code).warns("kept in spool");
        server.taken();
    }
    assert_eq!(pair.waiting().len(), 3);
    assert!(pair.waiting().iter().all(|name| name.ends_with(".push")));
}

#[test]
fn two_services_have_one_spool_and_each_gets_its_own() {
    let pair = Pair::new();
    let ((one, at_one), (two, at_two)) = (nobody(), nobody());
    for address in [&at_one, &at_two] {
        keep(&pair, address, "accuracy", &["--key", "run-7"]);
        keep(&pair, address, "accuracy", &["--key", "run-7"]);
    }
    assert_eq!(pair.waiting().len(), 2, "the same twice waits once, for each of them");
    let flush = ["--flush", "--spool", "spool"];
    let service = Service::start_on(&pair.house, one, &[]);
    pair.push(&at_one, &flush)
        .expect(0)
        .says("recorded 1 results")
        .warns("1 in the spool wait for another service");
    drop(service);
    let _service = Service::start_on(&pair.house, two, &[]);
    pair.push(&at_two, &flush).expect(0).says("1 recorded before");
    assert_eq!(pair.waiting(), Vec::<String>::new());
}

#[test]
fn two_clients_have_one_spool_and_nothing_is_recorded_twice() {
    let pair = Pair::new();
    let (port, address) = nobody();
    for number in 0..12 {
        keep(&pair, &address, &format!("number {number}"), &[]);
    }
    fs::write(pair.here.path("spool/00000000-torn.push"), "{").unwrap();
    let _service = Service::start_on(&pair.house, port, &[]);
    let before =
        pair.house.affiant(&["log", "show", "--stream", "scoring", "--json"]).expect(0).json_lines().len();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let told = pair.push(&address, &["--flush", "--spool", "spool"]);
                assert!([0, 3].contains(&told.code), "{}", told.shown());
            });
        }
    });
    assert!(pair.waiting().iter().all(|name| name.contains("torn")), "{:?}", pair.waiting());
    let after =
        pair.house.affiant(&["log", "show", "--stream", "scoring", "--json"]).expect(0).json_lines().len();
    assert_eq!(after - before, 12);
}

#[test]
fn good_rows_are_taken_and_bad_ones_are_no_success() {
    let pair = Pair::new();
    let (port, address) = nobody();
    let bad = rows(2, 1).replacen("AFF-EXP-11", "NO-SUCH-1", 1);
    pair.here.write("rows.ndjson", bad);
    let words = ["rows.ndjson", "--partial"];
    pair.push(&address, &[&words[..], &AWAY].concat()).expect(5);
    let _service = Service::start_on(&pair.house, port, &[]);
    pair.push(&address, &["--flush", "--spool", "spool"])
        .expect(2)
        .says("recorded 1 results")
        .warns("NO-SUCH-1")
        .warns("put aside as spool/");
    assert_eq!(pair.waiting().iter().filter(|name| name.ends_with(".refused")).count(), 1);
    pair.push(&address, &words)
        .expect(2)
        .says("recorded 0 results")
        .says("1 recorded before")
        .warns("NO-SUCH-1");
    pair.push(&address, &[&words[..], &AWAY].concat()).expect(2).warns("put aside as spool/");
    assert_eq!(pair.waiting().iter().filter(|name| name.ends_with(".refused")).count(), 2);
}

#[test]
fn what_waited_is_of_the_day_on_which_it_was_pushed() {
    let mut pair = Pair::new();
    let (port, address) = nobody();
    pair.here.at(NOON - DAY);
    keep(&pair, &address, "accuracy", &[]);
    pair.here.at(NOON);
    let _service = Service::start_on(&pair.house, port, &[]);
    let told = pair.push(&address, &["--flush", "--spool", "spool", "--json"]).expect(0).json_lines();
    let index = told[0]["index"].to_string();
    let shown = pair.house.affiant(&["log", "show", &index, "--json"]).expect(0).json();
    let statement = &shown["statement"];
    assert_eq!(statement["observed_to"], "2026-11-23T12:00:00Z", "{shown}");
    assert_eq!(statement["time_source"], "ingest");
}

#[test]
fn what_cannot_be_read_now_stays_where_it_is_and_stops_no_push() {
    let pair = Pair::new();
    let service = Service::start(&pair.house);
    fs::create_dir(pair.here.path("spool")).unwrap();
    fs::write(pair.here.path("spool/00000001-0000000000000000.push"), "{\"affiant_push\":2,\"new\":1}\n")
        .unwrap();
    let old = fs::File::create(pair.here.path("spool/.tmpOld")).unwrap();
    old.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(NOON - 2 * DAY)).unwrap();
    fs::write(pair.here.path("spool/.tmpNew"), "").unwrap();
    let words = [&single("accuracy")[..], &AWAY].concat();
    pair.push(&service.address(), &words)
        .expect(5)
        .says("recorded 1 results")
        .warns("version 2 is not known here");
    assert_eq!(pair.waiting(), [".tmpNew", "00000001-0000000000000000.push"]);
    // Nor does a spool that takes nothing.
    pair.here.write("file", "");
    pair.push(&service.address(), &[&single("precision")[..], &["--spool", "file"]].concat())
        .expect(5)
        .says("recorded 1 results")
        .warns("not kept in the spool");
}
