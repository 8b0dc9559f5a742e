//! The service: collectors push over HTTP and keep receipts, officers and auditors look, anyone follows the log.

use crate::support::place::Place;
use crate::support::service::Service;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A place whose service knows one of each role: `ci`, `officer`, `auditor` of `scoring`, `admin`.
struct Tokens {
    ci: String,
    officer: String,
    auditor: String,
    admin: String,
}

fn tokens(place: &Place) -> Tokens {
    let new = |words: &[&str]| tokens_of(place, words);
    Tokens {
        ci: new(&["ci", "--role", "collector", "--system", "scoring", "--kind", "result"]),
        officer: new(&["officer", "--role", "officer"]),
        auditor: new(&["auditor", "--role", "auditor", "--system", "scoring"]),
        admin: new(&["admin", "--role", "admin"]),
    }
}

fn result(id: &str, status: &str) -> Value {
    json!({
        "control": "AFF-EXP-11", "status": status, "system": "scoring", "asset": "model", "summary": "as measured",
        "collector": {"name": "bench"}, "id": id,
    })
}

#[test]
fn a_pushed_result_has_a_receipt_that_verifies_and_the_same_again_the_same() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let first = service.post("/v1/results", &tokens.ci, &result("r-1", "passed")).expect(201).json();
    assert_eq!((&first["recorded"], &first["again"]), (&json!(1), &json!(0)));
    let receipt = first["entries"][0]["receipt"].as_str().unwrap();
    place.write("one.tlog-proof", receipt);
    let again = service.post("/v1/results", &tokens.ci, &result("r-1", "passed")).expect(200).json();
    assert_eq!(again["entries"][0]["index"], first["entries"][0]["index"]);
    let other = service.post("/v1/results", &tokens.ci, &result("r-1", "failed")).expect(409);
    assert_eq!(other.headers["content-type"], "application/problem+json");
    // The receipt of an entry pushed before can be had again by who pushed it.
    let path = format!("/v1/entries/{}/receipt", first["entries"][0]["index"]);
    place.write("later.tlog-proof", service.get(&path, &tokens.ci).expect(200).body);
    assert_eq!(service.stop(), 0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    for file in ["one.tlog-proof", "later.tlog-proof"] {
        place.affiant(&["verify", file, "--trust", "trust.keys"]).expect(0);
    }
    let log = place.affiant(&["log", "fsck", "--quiet"]).expect(0);
    assert!(log.stdout.starts_with("sound"), "{}", log.stdout);
}

#[test]
fn lines_and_reports_of_tools_are_taken_whole_or_not_at_all() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let token = format!("Bearer {}", tokens.ci);
    let lines = |count: usize, bad: bool| {
        let mut text: Vec<String> =
            (0..count).map(|n| result(&format!("l-{n}"), "passed").to_string()).collect();
        if bad {
            text.push(result("l-x", "wonderful").to_string().replace("AFF-EXP-11", "AFF-NONE-99"));
        }
        text.join("\n")
    };
    let headers = [("authorization", token.as_str()), ("content-type", "application/x-ndjson")];
    let size = || {
        service.get("/v1/entries?system=scoring&limit=1", &tokens.officer).expect(200).json()["size"].clone()
    };
    let before = size();
    let refused = service.send("POST", "/v1/results", &headers, lines(300, true).as_bytes()).expect(422);
    assert!(refused.json()["faults"][0].as_str().unwrap().contains("line 301"), "{}", refused.text());
    assert_eq!(size(), before, "something was recorded all the same");
    let done =
        service.send("POST", "/v1/results?partial=true", &headers, lines(300, true).as_bytes()).expect(201);
    assert_eq!((&done.json()["recorded"], done.json()["faults"].as_array().unwrap().len()), (&json!(300), 1));
    assert_eq!(done.json()["entries"].as_array().unwrap().len(), 64);
    // Whoever accepts lines gets the receipt of every entry.
    let more = lines(300, false).replace("\"l-", "\"m-");
    let every = [headers[0], headers[1], ("accept", "application/x-ndjson")];
    let said = service.send("POST", "/v1/results", &every, more.as_bytes()).expect(201);
    assert_eq!(said.headers["content-type"], "application/x-ndjson");
    let said: Vec<Value> = said.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((said.len(), &said[300]["recorded"]), (301, &json!(300)));
    assert!(
        said[..300]
            .iter()
            .all(|line| line["receipt"].as_str().unwrap().starts_with("c2sp.org/tlog-proof@v1"))
    );
    place.write("last.tlog-proof", said[299]["receipt"].as_str().unwrap());
    let again = service.send("POST", "/v1/results", &every, more.as_bytes()).expect(200);
    assert_eq!(again.text().lines().count(), 301);
    // A report of a tool, with a key that makes it safe to send again.
    let report = include_bytes!("../fixtures/bandit/bandit.sarif");
    let keyed = [("authorization", token.as_str()), ("idempotency-key", "run-7")];
    let path = "/v1/results?system=scoring&asset=code&examined=14";
    let first = service.send("POST", path, &keyed, report).expect(201).json();
    assert!(first["recorded"].as_u64().unwrap() >= 3, "{first}");
    let again = service.send("POST", path, &keyed, report).expect(200).json();
    assert_eq!((&again["recorded"], &again["again"]), (&json!(0), &first["recorded"]));
    // What fails opened findings, without anyone asking for it.
    let status = service.get("/v1/systems/scoring/status", &tokens.officer).expect(200).json();
    assert!(status["findings"]["open"].as_u64().unwrap() > 0, "{status}");
    // What the command says of the same ledger is the same.
    assert_eq!(service.stop(), 0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "last.tlog-proof", "--trust", "trust.keys"]).expect(0);
    let told = place.affiant(&["status", "scoring", "--json"]).code;
    assert_eq!(told, 0);
}

#[test]
fn nobody_does_what_they_were_not_granted_and_every_refusal_is_on_record() {
    let place = Place::with_system();
    place.affiant(&["register", "system", "other", "--name", "Other", "--role", "deployer"]).expect(0);
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let other = json!({"control": "AFF-EXP-11", "status": "passed", "system": "other", "summary": "s", "collector": {"name": "c"}});
    service.post("/v1/results", &tokens.ci, &other).expect(403);
    service.post("/v1/exceptions", &tokens.ci, &json!({})).expect(422);
    service.post("/v1/packs", &tokens.auditor, &json!({"system": "scoring"})).expect(403);
    service.get("/v1/systems/other/status", &tokens.auditor).expect(403);
    service.get("/v1/systems/scoring/status", &tokens.ci).expect(403);
    service.post("/v1/tokens", &tokens.officer, &json!({"id": "x", "role": "admin"})).expect(403);
    service.get("/v1/systems", "affiant_ci_0000").expect(401);
    service.get("/v1/systems", &tokens.ci.replace("affiant_ci", "affiant_officer")).expect(401);
    service.send("GET", "/v1/systems", &[], &[]).expect(401);
    // An auditor's look is on record before the answer is there.
    let seen = service.get("/v1/systems/scoring/gaps", &tokens.auditor).expect(200);
    assert!(!seen.json()["gaps"].as_array().unwrap().is_empty());
    // A token that was taken back counts no more, at once where the service took it back.
    let given = service
        .post("/v1/tokens", &tokens.admin, &json!({"id": "guest", "role": "officer"}))
        .expect(201)
        .json();
    let guest = given["token"].as_str().unwrap().to_owned();
    service.get("/v1/systems", &guest).expect(200);
    let bearer = format!("Bearer {}", tokens.admin);
    service.send("DELETE", "/v1/tokens/guest", &[("authorization", bearer.as_str())], &[]).expect(200);
    service.get("/v1/systems", &guest).expect(401).says("revoked");
    assert_eq!(service.stop(), 0);
    let shown = place.affiant(&["log", "show", "--stream", "access", "--json"]).expect(0).json_lines();
    let mut events: Vec<Value> = Vec::new();
    for entry in &shown {
        let entry = place.affiant(&["log", "show", &entry["index"].to_string(), "--json"]).expect(0).json();
        events.extend(entry["statement"]["events"].as_array().unwrap().iter().cloned());
    }
    let has = |who: &str, what: &str, status: u64| {
        events.iter().any(|it| {
            it["who"] == who && it["what"].as_str().unwrap().starts_with(what) && it["status"] == status
        })
    };
    assert!(has("token:ci", "POST /v1/results", 403), "{events:#?}");
    assert!(has("token:auditor", "POST /v1/packs", 403), "{events:#?}");
    assert!(has("token:auditor", "GET /v1/systems/{system}/status", 403), "{events:#?}");
    assert!(has("token:auditor", "GET /v1/systems/scoring/gaps", 200), "{events:#?}");
    assert!(has("-", "GET /v1/systems", 401), "{events:#?}");
    assert!(has("token:admin", "token `guest` given out", 200), "{events:#?}");
    assert!(has("token:admin", "token `guest` revoked", 200), "{events:#?}");
    // No word that lets anybody in is anywhere in the ledger's log or in what the service wrote.
    let log = std::fs::read_to_string(place.path("serve.log")).unwrap();
    assert!(!log.contains(&guest) && !log.contains(&tokens.ci));
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains(&guest[20..]) && !text.contains(&tokens.auditor[20..]));
}

#[test]
fn guessing_tokens_ends_in_waiting_and_shuts_out_nobody_else() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let wrong = |n: u32| format!("affiant_officer_{n:064x}");
    let answers: Vec<u16> = (0..40).map(|n| service.get("/v1/systems", &wrong(n)).status).collect();
    assert_eq!((answers[0], answers[19], answers[39]), (401, 401, 429));
    let told = service.get("/v1/systems", &wrong(99)).expect(429);
    assert!(told.headers["retry-after"].parse::<u64>().unwrap() > 0);
    service.get("/v1/systems", &tokens.officer).expect(200);
}

#[test]
fn what_people_state_is_admitted_as_the_command_admits_it() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let exception = json!({
        "id": "exc-1", "assets": ["model"], "reason": "the bench is being moved", "system": "scoring",
        "control": "AFF-EXP-11", "expires": "2099-01-01T00:00:00Z", "approver": "R. Head",
    });
    service.post("/v1/exceptions", &tokens.officer, &exception).expect(422).says("expires");
    let soon = place.affiant(&["log", "show", "--json"]).expect(0).json_lines();
    let year: u64 = soon[0]["time"].as_str().unwrap()[..4].parse().unwrap();
    let mut exception = exception;
    exception["expires"] = json!(format!("{}-01-01T00:00:00Z", year + 1));
    let mut unknown = exception.clone();
    unknown["assets"] = json!(["nothing"]);
    service.post("/v1/exceptions", &tokens.officer, &unknown).expect(422).says("not registered");
    let done = service.post("/v1/exceptions", &tokens.officer, &exception).expect(201).json();
    assert_eq!(done["statement"]["id"], "exc-1");
    // A document is kept first, then cited.
    let bearer = format!("Bearer {}", tokens.officer);
    let file = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    let kept =
        service.send("POST", "/v1/evidence?name=register.txt", &file, b"an extract").expect(201).json();
    let gaps =
        service.get("/v1/systems/scoring/gaps?framework=eu-ai-act", &tokens.officer).expect(200).json();
    let only_a_document =
        |row: &&Value| row["gaps"].as_array().unwrap().iter().any(|gap| gap["kind"] == "document-needed");
    let row = gaps["gaps"].as_array().unwrap().iter().find(only_a_document).unwrap().clone();
    let attestation = json!({
        "at": soon[0]["time"], "by": "R. Head", "system": "scoring", "summary": "entered", "framework": "eu-ai-act",
        "requirement": row["requirement"], "valid_until": format!("{}-06-01T00:00:00Z", year + 1),
        "evidence": [kept["evidence"]], "withdrawn": false,
    });
    let mut lost = attestation.clone();
    lost["evidence"][0]["sha256"] = json!("0".repeat(64));
    service.post("/v1/attestations", &tokens.officer, &lost).expect(422).says("not kept here");
    service.post("/v1/attestations", &tokens.officer, &attestation).expect(201);
    let mut shown_by_controls = attestation;
    shown_by_controls["requirement"] = json!("art-15-1");
    service.post("/v1/attestations", &tokens.officer, &shown_by_controls).expect(422).says("by its controls");
    // Incidents and the work on findings.
    let incident =
        json!({"id": "inc-1", "system": "scoring", "summary": "wrong scores", "aware_at": soon[0]["time"]});
    service.post("/v1/incidents", &tokens.officer, &incident).expect(201);
    let mut failed = result("f-1", "failed");
    failed["asset"] = json!("code");
    failed["control"] = json!("AFF-EXP-13");
    service.post("/v1/results", &tokens.ci, &failed).expect(201);
    let mut findings = Value::Null;
    for _ in 0..100 {
        findings =
            service.get("/v1/systems/scoring/status", &tokens.officer).expect(200).json()["findings"].clone();
        if findings["open"] == 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(findings["open"], 1);
    let found = place.affiant(&["finding", "list", "scoring", "--json"]).expect(0).json();
    let id = found[0]["finding"]["id"].clone();
    let work = json!({"id": id, "system": "scoring", "state": "remediating"});
    service.post("/v1/findings", &tokens.officer, &work).expect(422).says("nobody answers");
    let work = json!({"id": id, "system": "scoring", "state": "remediating", "owner": "M. Maker"});
    assert_eq!(
        service.post("/v1/findings", &tokens.officer, &work).expect(201).json()["statement"]["owner"],
        "M. Maker"
    );
    service
        .post("/v1/findings", &tokens.officer, &json!({"id": id, "system": "scoring", "state": "resolved"}))
        .expect(422);
    assert_eq!(service.stop(), 0);
    place.affiant(&["log", "fsck", "--quiet"]).expect(0);
}

#[test]
fn a_pack_is_ordered_built_and_verified_by_the_auditor_who_may_have_it() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    service.post("/v1/results", &tokens.ci, &result("p-1", "passed")).expect(201);
    let ordered = service.post("/v1/packs", &tokens.officer, &json!({"system": "scoring"})).expect(202);
    let place_of = ordered.headers["location"].clone();
    let mut told = ordered.json();
    for _ in 0..600 {
        told = service.get(&place_of, &tokens.auditor).expect(200).json();
        if told["state"] == "done" || told["state"] == "failed" {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(told["state"], "done", "{told}");
    let pack = service.get(&format!("{place_of}/file"), &tokens.auditor).expect(200);
    assert_eq!(told["bytes"], pack.body.len());
    place.write("pack.zip", &pack.body);
    service.get(&format!("{place_of}/file"), &tokens.ci).expect(403);
    service.get("/v1/packs/pack-0000000000000000/file", &tokens.auditor).expect(404);
    assert_eq!(service.stop(), 0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys", "--quiet"]).expect(0);
    // It is there after a restart.
    let service = Service::start(&place);
    service.get(&format!("{place_of}/file"), &tokens.auditor).expect(200);
}

#[test]
fn the_public_log_is_the_one_that_is_published() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let token = format!("Bearer {}", tokens.ci);
    let lines: Vec<String> = (0..600).map(|n| result(&format!("t-{n}"), "passed").to_string()).collect();
    let headers = [("authorization", token.as_str()), ("content-type", "application/x-ndjson")];
    service.send("POST", "/v1/results", &headers, lines.join("\n").as_bytes()).expect(201);
    let checkpoint = service.send("GET", "/log/checkpoint", &[], &[]).expect(200);
    assert_eq!(checkpoint.headers["cache-control"], "no-cache");
    place.affiant(&["log", "publish", "site"]).expect(0);
    assert_eq!(std::fs::read(place.path("site/checkpoint")).unwrap(), checkpoint.body);
    let mut compared = 0;
    let mut folders = vec![place.path("site/tile")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(place.path("site")).unwrap().display().to_string();
            let served = service.send("GET", &format!("/log/{name}"), &[], &[]).expect(200);
            assert_eq!(std::fs::read(&path).unwrap(), served.body, "{name}");
            assert!(served.headers["cache-control"].contains("immutable"));
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared} files");
    for wrong in [
        "tile/0/999",
        "tile/entries/000.p/256",
        "tile/0/0",
        "tile/9/000",
        "tile/x/000",
        "tile/0/000.p/0",
        "tile/../affiant.toml",
    ] {
        service.send("GET", &format!("/log/{wrong}"), &[], &[]).expect(404);
    }
}

#[test]
fn entries_are_listed_page_by_page_and_none_is_missing() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    for n in 0..7 {
        service.post("/v1/results", &tokens.ci, &result(&format!("k-{n}"), "passed")).expect(201);
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let path = format!("/v1/entries?system=scoring&limit=3{after}");
        let page = service.get(&path, &tokens.auditor).expect(200).json();
        seen.extend(page["entries"].as_array().unwrap().iter().map(|entry| entry["n"].as_u64().unwrap()));
        match page["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<u64>>());
    assert!(seen.len() > 10);
    service.get("/v1/entries?system=scoring&limit=0", &tokens.auditor).expect(400);
    service.get("/v1/entries?system=scoring&page=2", &tokens.auditor).expect(400);
}

#[test]
fn the_description_of_the_api_is_the_one_that_is_checked_in() {
    let place = Place::with_system();
    let service = Service::start(&place);
    let served = service.send("GET", "/openapi.json", &[], &[]).expect(200).text();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("server/openapi.json");
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        std::fs::write(&path, &served).unwrap();
    }
    assert_eq!(served, std::fs::read_to_string(path).unwrap(), "AFFIANT_BLESS=1 writes it anew");
}

#[test]
fn an_officer_sees_a_gap_adds_evidence_and_an_auditor_samples_and_signs_off_in_the_browser() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let enter = |token: &str| {
        let said = service.send("POST", "/login", &form, format!("token={token}").as_bytes()).expect(303);
        said.headers["set-cookie"].split(';').next().unwrap().to_owned()
    };
    let look = |cookie: &str, path: &str| service.send("GET", path, &[("cookie", cookie)], &[]);
    let word = |page: &str| page.split("name=\"word\" value=\"").nth(1).unwrap()[..64].to_owned();
    let officer = enter(&tokens.officer);
    let gaps = look(&officer, "/systems/scoring/gaps").expect(200).text();
    assert!(gaps.contains("AFF-EXP-11"), "the gap is shown");
    let page = look(&officer, "/systems/scoring/evidence?target=AFF-EXP-11").expect(200).text();
    let fields = [
        ("word", word(&page)),
        ("target", "AFF-EXP-11".into()),
        ("asset", "model".into()),
        ("summary", "the bench was repeated".into()),
        ("by", "R. Head".into()),
        ("valid_until", String::new()),
    ];
    let mut body = String::new();
    for (name, value) in &fields {
        body.push_str(&format!(
            "--bound\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--bound\r\ncontent-disposition: form-data; name=\"file\"; filename=\"bench.txt\"\r\ncontent-type: text/plain\r\n\r\nAUC 0.84\r\n--bound--\r\n");
    let sent = [("cookie", officer.as_str()), ("content-type", "multipart/form-data; boundary=bound")];
    let done = service.send("POST", "/systems/scoring/evidence", &sent, body.as_bytes()).expect(303);
    let shown = look(&officer, &done.headers["location"]).expect(200).text();
    assert!(shown.contains("Recorded, durable"), "{}", &shown[..2000.min(shown.len())]);
    // The auditor draws and says what it comes to; only of what may be seen.
    let auditor = enter(&tokens.auditor);
    let room = look(&auditor, "/systems/scoring/room").expect(200).text();
    let post = |path: &str, body: String| {
        let headers = [("cookie", auditor.as_str()), form[0]];
        service.send("POST", path, &headers, body.as_bytes())
    };
    let word = word(&room);
    post("/systems/scoring/sample", format!("word={word}&count=5&text=winter+rain&by=Example+Audit"))
        .expect(303);
    let room = look(&auditor, "/systems/scoring/room").expect(200).text();
    let index = room.split("href=\"/entries/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let entry = look(&auditor, &format!("/entries/{index}")).expect(200).text();
    assert!(entry.contains("This entry is in the log"), "{entry}");
    let said = format!("word={word}&about=entry%3A{index}&outcome=accepted&note=Seen.&by=Example+Audit");
    post("/systems/scoring/room", said.clone()).expect(303);
    post("/systems/scoring/room", said.replace(&format!("entry%3A{index}"), "entry%3A99999")).expect(422);
    post("/packs", format!("word={word}&system=scoring")).expect(403);
    assert!(look(&auditor, "/systems/scoring/room").expect(200).text().contains("Seen."));
    look(&auditor, "/systems/scoring/evidence").expect(403);
    service.send("POST", "/login", &form, format!("token={}", tokens.ci).as_bytes()).expect(403);
    // Out is out.
    service
        .send("POST", "/logout", &[("cookie", &auditor), form[0]], format!("word={word}").as_bytes())
        .expect(303);
    look(&auditor, "/").expect(303);
    assert_eq!(service.stop(), 0);
    place.affiant(&["log", "fsck", "--quiet"]).expect(0);
}

#[test]
fn a_look_while_others_push_is_what_a_look_afterwards_is() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let look = |service: &Service| {
        let said = service.get("/v1/systems/scoring/status", &tokens.officer).expect(200).json();
        timeless(said)
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                let status = if n % 3 == 0 { "failed" } else { "passed" };
                service.post("/v1/results", &tokens.ci, &result(&format!("w-{n}"), status)).expect(201);
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            look(&service);
        }
    });
    // What the last of them opened and closed is recorded a little later.
    let mut kept = look(&service);
    for _ in 0..60 {
        std::thread::sleep(Duration::from_millis(500));
        let later = look(&service);
        if later == kept {
            break;
        }
        kept = later;
    }
    assert_eq!(service.stop(), 0);
    let service = Service::start(&place);
    let (kept, anew) = (lines_of(&kept), lines_of(&look(&service)));
    let differs = kept.iter().zip(&anew).find(|(one, other)| one != other);
    assert_eq!((differs, kept.len()), (None, anew.len()), "kept from look to look, and read anew");
}

#[test]
fn what_is_pushed_while_many_are_is_recorded_once() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    let row = |name: &str, n: usize| result(&format!("{name}-{n}"), "passed");
    let rows: String = (0..40_000).map(|n| format!("{}\n", row("many", n))).collect();
    let size = |name: &str| {
        let said = service.post("/v1/results", &tokens.ci, &row(name, 0)).expect(201).json();
        said["size"].as_u64().unwrap()
    };
    let push = || {
        let bearer = format!("Bearer {}", tokens.ci);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-ndjson")];
        service.send("POST", "/v1/results", &headers, rows.as_bytes()).expect(201).json()
    };
    // One of the many is recorded before.
    let mut twins = 1;
    service.post("/v1/results", &tokens.ci, &row("many", 39_999)).expect(201);
    let before = size("before");
    let done = AtomicBool::new(false);
    let (many, ones) = std::thread::scope(|scope| {
        let (done, many) = (&done, scope.spawn(push));
        scope.spawn(|| {
            let begin = Instant::now();
            while !done.load(Ordering::Acquire) && begin.elapsed() < Duration::from_secs(60) {
                service.get("/v1/systems/scoring/gaps", &tokens.officer).expect(200);
            }
        });
        let mut n = 0;
        while !many.is_finished() {
            // The one is only pushed here, the other stands in the lines as well, near their end.
            service.post("/v1/results", &tokens.ci, &row("one", n)).expect(201);
            let twin = service.post("/v1/results", &tokens.ci, &row("many", 39_998 - n)).json();
            twins += twin["recorded"].as_u64().unwrap();
            n += 1;
        }
        done.store(true, Ordering::Release);
        (many.join().unwrap(), n as u64)
    });
    let recorded = many["recorded"].as_u64().unwrap();
    assert_eq!(recorded + many["again"].as_u64().unwrap(), 40_000);
    assert_eq!(recorded + twins, 40_000, "each id once");
    assert_eq!(size("after") - before, 39_999 + ones + 1);
    assert_eq!(service.stop(), 0);
    place.affiant(&["log", "fsck"]).expect(0);
}

/// A value as lines, one for each field.
fn lines_of(value: &Value) -> Vec<String> {
    serde_json::to_string_pretty(value).unwrap().lines().map(str::to_owned).collect()
}

/// What is told of a system, without the time of the look.
fn timeless(mut said: Value) -> Value {
    match &mut said {
        Value::Object(fields) => {
            fields.retain(|name, _| !["as_of", "known", "size"].contains(&name.as_str()));
            fields.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| *value = timeless(value.take())),
        _ => {}
    }
    said
}

#[test]
fn an_auditor_samples_and_signs_off_over_the_api_and_whoever_has_the_pack_draws_the_same() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    let service = Service::start(&place);
    for n in 0..40 {
        service.post("/v1/results", &tokens.ci, &result(&format!("s-{n}"), "passed")).expect(201);
    }
    let wanted = json!({"system": "scoring", "count": 5, "text": "winter rain", "by": "Example Audit"});
    service.post("/v1/samples", &tokens.ci, &wanted).expect(403);
    service
        .post(
            "/v1/samples",
            &tokens.auditor,
            &json!({"system": "scoring", "count": 0, "text": "a", "by": "b"}),
        )
        .expect(422);
    service
        .post(
            "/v1/samples",
            &tokens.auditor,
            &json!({"system": "scoring", "count": 501, "text": "a", "by": "b"}),
        )
        .expect(422);
    let drawn = service.post("/v1/samples", &tokens.auditor, &wanted).expect(201).json();
    assert_eq!(drawn["statement"]["items"].as_array().unwrap().len(), 5, "{drawn}");
    let item = &drawn["statement"]["items"][0];
    let about = format!("entry:{}", item["index"].as_u64().or(item[0].as_u64()).or(item.as_u64()).unwrap());
    let said = json!({"system": "scoring", "about": about, "outcome": "accepted", "note": "Seen.", "by": "Example Audit"});
    service.post("/v1/sign-offs", &tokens.ci, &said).expect(403);
    let mut missing = said.clone();
    missing["about"] = json!("entry:99999");
    service.post("/v1/sign-offs", &tokens.auditor, &missing).expect(422);
    missing["about"] = json!("entry:x");
    service.post("/v1/sign-offs", &tokens.auditor, &missing).expect(422);
    let signed = service.post("/v1/sign-offs", &tokens.auditor, &said).expect(201).json();
    assert_eq!(signed["statement"]["role"], "auditor", "{signed}");
    let other = json!({"system": "other", "count": 5, "text": "winter rain", "by": "Example Audit"});
    service.post("/v1/samples", &tokens.auditor, &other).expect(403);
    assert_eq!(service.stop(), 0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["pack", "build", "scoring", "--output", "out.zip"]).expect(0);
    let verdict = place.affiant(&["verify", "out.zip", "--trust", "trust.keys", "--json"]).expect(0).json();
    assert!(verdict.to_string().contains("sample"), "{verdict}");
    let again = place.affiant(&[
        "sample",
        "scoring",
        "--text",
        "winter rain",
        "--count",
        "5",
        "--by",
        "Example Audit",
    ]);
    assert_eq!(again.code, 0, "{}", again.shown());
}

#[test]
fn what_was_answered_is_there_after_a_kill() {
    let place = Place::with_system();
    let tokens = tokens(&place);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    for round in 0..3 {
        let service = Service::start(&place);
        for n in 0..5 {
            let id = format!("round-{round}-{n}");
            let done = service.post("/v1/results", &tokens.ci, &result(&id, "passed")).expect(201).json();
            place.write(&format!("{id}.tlog-proof"), done["entries"][0]["receipt"].as_str().unwrap());
        }
        service.kill();
    }
    place.affiant(&["log", "fsck", "--quiet"]).expect(0);
    let ids = place.affiant(&["log", "show", "--ids"]).expect(0).stdout;
    for round in 0..3 {
        for n in 0..5 {
            let id = format!("round-{round}-{n}");
            assert_eq!(ids.lines().filter(|line| **line == *id).count(), 1, "{id}");
            place.affiant(&["verify", &format!("{id}.tlog-proof"), "--trust", "trust.keys"]).expect(0);
        }
    }
}

/// Runs a program that must succeed; its standard output.
pub(super) fn run(place: &Place, program: &str, words: &[&str]) -> String {
    let mut command = std::process::Command::new(program);
    place.settle(&mut command);
    let done = command.args(words).output().unwrap();
    assert!(done.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Whether programs of others are here; where they are not the test is skipped, loudly, but never in CI.
pub(super) fn have(programs: &[&str]) -> bool {
    let is_missing = |program: &&&str| std::process::Command::new(program).arg("--version").output().is_err();
    let missing: Vec<_> = programs.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "{missing:?} must be here");
    eprintln!("SKIPPED: {missing:?} is not installed");
    false
}

/// Makes a certificate and its key: of an authority, or by the one called `authority` with what it is for.
pub(super) fn certificate(place: &Place, name: &str, meant_for: Option<&str>) {
    let new =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let (subject, key, file) = (format!("/CN={name}"), format!("{name}.key"), format!("{name}.pem"));
    let named = ["-subj", &subject, "-keyout", &key, "-out", &file];
    let by = ["-CA", "authority.pem", "-CAkey", "authority.key", "-addext", "basicConstraints=CA:FALSE"];
    let of = match meant_for {
        None => vec!["-addext", "basicConstraints=critical,CA:TRUE"],
        Some(meant_for) => [&by[..], &["-addext", meant_for]].concat(),
    };
    run(place, "openssl", &[&new[..], &named, &of].concat());
}

#[test]
fn a_collector_is_known_by_its_client_certificate_over_tls() {
    if !have(&["curl", "openssl"]) {
        return;
    }
    let place = Place::with_system();
    certificate(&place, "authority", None);
    certificate(&place, "localhost", Some("subjectAltName=DNS:localhost"));
    for host in ["host", "stranger"] {
        certificate(&place, host, Some("extendedKeyUsage=clientAuth"));
    }
    let words = ["token", "new", "build-host", "--role", "collector", "--certificate", "host.pem"];
    place.affiant(&words).expect(0).says("collector granted to `build-host`");
    let tls = ["--tls-cert", "localhost.pem", "--tls-key", "localhost.key", "--client-ca", "authority.pem"];
    let service = Service::start_with(&place, &tls);
    place.write("row.json", result("tls-1", "passed").to_string());
    let url = format!("https://localhost:{}/v1/results", service.port);
    let push = |who: &[&str]| {
        let how = [
            "-s",
            "-o",
            "answer.json",
            "-w",
            "%{http_code}",
            "--cacert",
            "authority.pem",
            "--data-binary",
            "@row.json",
        ];
        run(&place, "curl", &[&how[..], &["-H", "content-type: application/json"], who, &[&url]].concat())
    };
    assert_eq!(push(&[]), "401");
    assert_eq!(push(&["--cert", "stranger.pem", "--key", "stranger.key"]), "401");
    assert_eq!(push(&["--cert", "host.pem", "--key", "host.key"]), "201");
    place.affiant(&["token", "revoke", "build-host"]).expect(0);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(push(&["--cert", "host.pem", "--key", "host.key"]), "401");
    // Plain HTTP at a door for TLS is nothing.
    assert!(service.raw(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").is_none());
    assert_eq!(service.stop(), 0);
    let last = place.affiant(&["log", "show", "--stream", "scoring", "--json"]).expect(0).json_lines();
    assert_eq!(last.last().unwrap()["by"], "token:build-host");
}

#[test]
fn the_lines_for_curl_in_the_guide_do_what_it_says() {
    if !have(&["curl", "python3"]) {
        return;
    }
    let place = Place::new();
    place.affiant(&["init", "ledger", "--origin", "curl.example/log"]).expect(0);
    place
        .affiant(&["register", "system", "credit-scoring", "--name", "Credit scoring", "--role", "provider"])
        .expect(0);
    for (id, kind) in [("scoring-model", "model"), ("scoring-code", "code-repo")] {
        let words = ["register", "asset", id, "--system", "credit-scoring", "--kind", kind, "--name", id];
        place.affiant(&words).expect(0);
    }
    let token = tokens_of(&place, &["ci", "--role", "collector"]);
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    let service = Service::start(&place);
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/collector.md");
    let page = std::fs::read_to_string(guide).unwrap();
    let lines = page.split("```curl\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    let mut command = std::process::Command::new("sh");
    place.settle(&mut command);
    let url = format!("http://127.0.0.1:{}", service.port);
    let done = command.args(["-euc", &lines]).env("URL", url).env("TOKEN", token).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(answer["recorded"].as_u64().unwrap() >= 3, "{answer}");
    assert_eq!(service.stop(), 0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "auc-2026-11.tlog-proof", "--trust", "trust.keys"]).expect(0);
}

/// A token of these words.
fn tokens_of(place: &Place, words: &[&str]) -> String {
    let words = [&["token", "new"], words, &["--quiet"]].concat();
    place.affiant(&words).expect(0).stdout.trim().to_owned()
}
