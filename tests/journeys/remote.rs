//! Pushes to a service: receipts that hold, a service that is away, one that lies, and nothing lost.

use crate::support::answer::Answer;
use crate::support::folder::files;
use crate::support::place::{NOON, Place};
use crate::support::receiver::{self, Then};
use crate::support::serving::Serving;
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

/// A ledger that is served, and a machine without one that pushes to it.
struct Pair {
    house: Place,
    here: Place,
}

impl Pair {
    fn new() -> Self {
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
    fn push(&self, to: &str, words: &[&str]) -> Answer {
        let fixed = ["push", "--to", to, "--token-file", "ci.token", "--trust", "trust.keys"];
        self.here.affiant(&[&fixed[..], words].concat())
    }

    /// Pushes a single result without an id; gives what is said in JSON.
    #[track_caller]
    fn single(&self, to: &str, summary: &str, more: &[&str]) -> Vec<Value> {
        self.push(to, &[&single(summary)[..], &["--json"], more].concat()).expect(0).json_lines()
    }

    fn waiting(&self) -> Vec<String> {
        let name = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files(&self.here.path("spool")).into_iter().map(name).collect()
    }
}

fn single(summary: &str) -> [&str; 10] {
    let [system, asset, control] = ["scoring", "model", "AFF-EXP-11"];
    ["--system", system, "--asset", asset, "--control", control, "--status", "passed", "--summary", summary]
}

/// A port at which nobody listens, as an address.
fn nobody() -> (u16, String) {
    let port = receiver::nobody();
    (port, format!("http://127.0.0.1:{port}"))
}

fn rows(count: usize, padding: usize) -> String {
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
    let service = Serving::start(&pair.house, 0);
    pair.here.write("rows.ndjson", rows(70, 1));
    pair.push(&service.address, &["rows.ndjson", "--receipts", "kept"])
        .expect(0)
        .says("recorded 70 results: entries ")
        .warns("70 of 70 receipts verified with the log's key");
    let kept = files(&pair.here.path("kept"));
    assert_eq!(kept.len(), 70);
    for receipt in [&kept[0], &kept[69]] {
        let receipt = receipt.display().to_string();
        pair.here.affiant(&["verify", &receipt, "--trust", "trust.keys"]).expect(0).says("VERIFIED: entry ");
    }
    let told = pair.single(&service.address, "accuracy", &[]);
    let [line, sum] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&line["again"], &line["system"]), (&json!(false), &json!("scoring")));
    assert_eq!((&sum["recorded"], &sum["spooled"]), (&json!(1), &json!(false)));
    assert_eq!(sum["receipts"], json!({"verified": 1, "signed": true}));
    drop(service);
    pair.house.sound();
}

#[test]
fn without_keys_the_proofs_are_checked_and_the_rest_is_said() {
    let pair = Pair::new();
    let service = Serving::start(&pair.house, 0);
    let words = ["push", "--to", &service.address, "--token-file", "ci.token"];
    pair.here
        .affiant(&[&words[..], &single("accuracy")].concat())
        .expect(0)
        .says("recorded 1 results")
        .warns("1 of 1 receipts verified against the checkpoint they carry")
        .warns("the log's signature was not checked");
    // The keys of another log prove nothing.
    let other = Place::with_system_at(NOON);
    let trust = pair.here.path("other.keys").display().to_string();
    other.affiant(&["key", "trust", "--output", &trust]).expect(0);
    let words = [&words[..], &["--trust", "other.keys"], &single("precision")].concat();
    let refused = pair.here.affiant(&words).expect(3).warns("receipt rejected");
    assert_eq!(refused.stdout, "");
}

#[test]
fn a_push_waits_for_a_service_that_comes_later() {
    let pair = Pair::new();
    let (port, address) = nobody();
    thread::scope(|scope| {
        let pushing =
            scope.spawn(|| pair.push(&address, &[&single("accuracy")[..], &["--tries", "12"]].concat()));
        thread::sleep(Duration::from_millis(300));
        let _service = Serving::start(&pair.house, port);
        pushing.join().unwrap().expect(0).says("recorded 1 results").warns("again in ");
    });
}

#[test]
fn what_could_not_be_delivered_is_delivered_in_order_and_recorded_once() {
    let pair = Pair::new();
    let (port, address) = nobody();
    let away = ["--spool", "spool", "--tries", "1"];
    pair.push(&address, &[&single("lost")[..], &["--tries", "1"]].concat()).expect(5).warns("not delivered");
    let told = pair.single(&address, "first", &away);
    assert_eq!((&told[0]["spooled"], &told[0]["waiting"]), (&json!(true), &json!(1)));
    pair.push(&address, &[&single("second")[..], &away].concat())
        .expect(0)
        .says("kept 1; 2 in the spool wait")
        .warns("kept in spool, delivered with the next push");
    // The same once more waits already.
    pair.single(&address, "second", &away);
    let waiting = pair.waiting();
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    pair.push(&address, &["--flush", "--spool", "spool", "--tries", "1"]).expect(5).warns("not delivered");
    assert_eq!(pair.waiting(), waiting);
    let copies: Vec<_> =
        waiting.iter().map(|name| fs::read(pair.here.path("spool").join(name)).unwrap()).collect();

    let _service = Serving::start(&pair.house, port);
    let told = pair.single(&address, "third", &away);
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
    let away = ["--spool", "spool", "--tries", "1"];
    pair.here.write("bad.ndjson", rows(1, 1).replace("AFF-EXP-11", "NO-SUCH-1"));
    pair.push(&address, &[&["bad.ndjson"], &away[..]].concat()).expect(0);
    pair.single(&address, "good", &away);
    fs::write(pair.here.path("spool/00000000-torn.push"), "{").unwrap();
    let service = Serving::start(&pair.house, port);
    pair.push(&address, &["--flush", "--spool", "spool"])
        .expect(2)
        .says("recorded 1 results")
        .warns("NO-SUCH-1")
        .warns("put aside as spool/");
    let left = pair.waiting();
    assert!(left.len() == 2 && left.iter().all(|name| name.ends_with(".refused")), "{left:?}");
    // Nothing new of it is kept either: whoever pushed it can mend it.
    pair.push(&service.address, &["bad.ndjson", "--spool", "spool"])
        .expect(2)
        .warns("NO-SUCH-1")
        .warns("1 bad rows, nothing was recorded");
    assert_eq!(pair.waiting(), left);
}

#[test]
fn a_wrong_token_is_refused_and_what_was_pushed_with_it_is_kept() {
    let pair = Pair::new();
    let service = Serving::start(&pair.house, 0);
    let right = fs::read(pair.here.path("ci.token")).unwrap();
    pair.here.write("ci.token", "affiant_ci_0000");
    pair.push(&service.address, &single("accuracy")).expect(2).warns("no token that was given out");
    // More than fits into the buffers on the way is refused before it is sent.
    pair.here.write("rows.ndjson", rows(3000, 400));
    pair.push(&service.address, &["rows.ndjson", "--spool", "spool"])
        .expect(2)
        .warns("no token that was given out");
    assert_eq!(pair.waiting().len(), 1);
    pair.here.write("ci.token", right);
    pair.push(&service.address, &["--flush", "--spool", "spool"]).expect(0).says("recorded 3000 results");
}

#[test]
fn the_same_key_goes_with_every_try_and_the_pause_that_is_asked_for_is_kept() {
    let pair = Pair::new();
    let service = Serving::start(&pair.house, 0);
    let answer = answer(&pair.single(&service.address, "accuracy", &[])[0]);
    let plan = [Then::Say(503, "retry-after: 1"), Then::Break, Then::Give(201, leaked(&answer))];
    let server = receiver::webhook(&plan);
    let address = format!("http://127.0.0.1:{}/evidence", server.port);
    let done = pair.push(&address, &single("accuracy")).expect(0).warns("answered 503");
    assert!(done.took >= Duration::from_secs(1), "{:?}", done.took);
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
fn answer(line: &Value) -> Value {
    let index = &line["index"];
    json!({"recorded": 1, "again": 0, "first": index, "last": index, "size": line["size"], "entries": [line]})
}

fn leaked(answer: &Value) -> &'static str {
    Box::leak(answer.to_string().into_boxed_str())
}

#[test]
fn a_service_that_lies_is_found_out() {
    let pair = Pair::new();
    let service = Serving::start(&pair.house, 0);
    let line = pair.single(&service.address, "accuracy", &[])[0].clone();
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
    let service = Serving::start(&pair.house, 0);
    pair.here.write("rows.ndjson", rows(50_100, 1));
    let told = pair.push(&service.address, &["rows.ndjson", "--json"]).expect(0).json_lines();
    let sum = told.last().unwrap();
    assert_eq!((&sum["recorded"], &sum["again"]), (&json!(50_100), &json!(0)));
    assert_eq!(sum["receipts"]["verified"], 128, "64 of each piece");
    pair.push(&service.address, &["rows.ndjson"])
        .expect(0)
        .says("recorded 0 results: no new entry, 50100 recorded before");
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
    assert!(child.wait().unwrap().success());
    assert_eq!(pair.waiting().len(), 3);
    assert!((1..64 << 10).contains(&peak), "{peak} kB for 150 MB of rows");
}
