//! What no honest client sends to the service: none of it stops it, and nothing of it is recorded.

use crate::support::place::Place;
use crate::support::service::{Service, read};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn started() -> (Place, String, Service) {
    let place = Place::with_system();
    let token = place
        .affiant(&["token", "new", "o", "--role", "officer", "--quiet"])
        .expect(0)
        .stdout
        .trim()
        .to_owned();
    let service = Service::start(&place);
    (place, token, service)
}

fn size(service: &Service, token: &str) -> u64 {
    service.get("/v1/entries?system=scoring&limit=1", token).expect(200).json()["size"].as_u64().unwrap()
}

#[test]
fn garbage_floods_and_tricks_are_answered_or_dropped_and_nothing_is_recorded() {
    let (_place, token, service) = started();
    let before = size(&service, &token);
    let auth = format!("authorization: Bearer {token}\r\n");
    let head =
        |rest: &str| format!("POST /v1/results HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{auth}{rest}\r\n");
    let status = |bytes: &[u8]| service.raw(bytes).map(|said| said.status);
    // Not HTTP at all.
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        &[0; 4096],
        b"\xff\xfe\xfd\r\n\r\n",
    ] {
        assert!(matches!(status(garbage), None | Some(400..=499)), "{garbage:?}");
    }
    // Heads that never end, and too many of them.
    let flood: String = (0..5000).map(|n| format!("x-{n}: y\r\n")).collect();
    assert!(matches!(status(head(&flood).as_bytes()), None | Some(400..=499)));
    let long = format!("x: {}\r\n", "y".repeat(200_000));
    assert!(matches!(status(head(&long).as_bytes()), None | Some(400..=499)));
    // Chunks that are none; two lengths; a length that lies.
    let chunked = head("transfer-encoding: chunked\r\n") + "zz\r\n{}\r\n0\r\n\r\n";
    assert!(matches!(status(chunked.as_bytes()), None | Some(400..=499)));
    let two = head("content-length: 2\r\ncontent-length: 3\r\n") + "{}";
    assert!(matches!(status(two.as_bytes()), None | Some(400..=499)));
    let smuggled = head("content-length: 2\r\ntransfer-encoding: chunked\r\n") + "0\r\n\r\n";
    assert!(matches!(status(smuggled.as_bytes()), None | Some(400..=499)));
    // Bytes that are no text, and text that is no JSON.
    for body in [
        &b"\xff\xfe{}"[..],
        b"{\"control\": \xc3\x28}",
        b"",
        b"[",
        b"null",
        b"{\"control\":1e999}",
        b"{\"control\":\"\\ud800\"}",
    ] {
        let json = [("authorization", &*format!("Bearer {token}")), ("content-type", "application/json")];
        let said = service.send("POST", "/v1/results", &json, body);
        assert!((400..500).contains(&said.status), "{} {}", said.status, said.text());
        assert_eq!(said.headers["content-type"], "application/problem+json");
    }
    let deep = "[".repeat(200_000);
    let said = service.send(
        "POST",
        "/v1/results",
        &[("authorization", &format!("Bearer {token}"))],
        deep.as_bytes(),
    );
    assert!((400..500).contains(&said.status));
    // Places that are none.
    for path in [
        "/v1/../affiant.toml",
        "/..%2f..%2fetc/passwd",
        "/log/tile/%2e%2e/affiant.toml",
        "/assets/../../keys/log.pem",
        "/v1/packs/..%2F..%2Fkeys/file",
        "/v1/entries/-1",
        "/v1/entries/18446744073709551616",
        "/systems/%00",
    ] {
        let said = service.get(path, &token);
        assert!((300..500).contains(&said.status), "{path}: {}", said.status);
        assert!(!said.text().contains("PRIVATE"), "{path}");
    }
    service.send("DELETE", "/v1/results", &[("authorization", &format!("Bearer {token}"))], &[]).expect(405);
    assert_eq!(size(&service, &token), before);
    service.send("GET", "/healthz", &[], &[]).expect(200);
    assert_eq!(service.stop(), 0);
}

#[test]
fn compressed_bodies_are_measured_by_what_is_in_them() {
    let place = Place::with_system();
    let token = place
        .affiant(&["token", "new", "o", "--role", "officer", "--quiet"])
        .expect(0)
        .stdout
        .trim()
        .to_owned();
    let service = Service::start_with(&place, &["--body-max", "1"]);
    let gzip = |bytes: &[u8]| {
        let mut child = std::process::Command::new("gzip")
            .arg("-c")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut into = child.stdin.take().unwrap();
        let bytes = bytes.to_vec();
        let writer = std::thread::spawn(move || into.write_all(&bytes));
        let out = child.wait_with_output().unwrap().stdout;
        writer.join().unwrap().unwrap();
        out
    };
    let auth = format!("Bearer {token}");
    let headers = [
        ("authorization", auth.as_str()),
        ("content-encoding", "gzip"),
        ("content-type", "application/json"),
    ];
    let row = json!({"control": "AFF-EXP-11", "status": "passed", "system": "scoring", "asset": "model", "summary": "s", "collector": {"name": "c"}});
    service.send("POST", "/v1/results", &headers, &gzip(row.to_string().as_bytes())).expect(201);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    service.send("POST", "/v1/results", &headers, &bomb).expect(413);
    let cut = gzip(row.to_string().as_bytes());
    let said = service.send("POST", "/v1/results", &headers, &cut[..cut.len() / 2]);
    assert!((400..500).contains(&said.status), "{}", said.text());
    let unknown = [("authorization", auth.as_str()), ("content-encoding", "br")];
    service.send("POST", "/v1/results", &unknown, b"{}").expect(415);
    let large = vec![b' '; 2 << 20];
    service.send("POST", "/v1/results", &[("authorization", auth.as_str())], &large).expect(413);
}

#[test]
fn who_sends_slowly_is_dropped_and_others_are_served_meanwhile() {
    let (_place, token, service) = started();
    let begin = Instant::now();
    let mut slow: Vec<TcpStream> =
        (0..50).map(|_| TcpStream::connect(("127.0.0.1", service.port)).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /v1/results HTTP/1.1\r\nhost: x\r\nx-slow: ").unwrap();
    }
    // And forms that never come to their end.
    let mut forms: Vec<TcpStream> =
        (0..10).map(|_| TcpStream::connect(("127.0.0.1", service.port)).unwrap()).collect();
    for stream in &mut forms {
        let head = "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 90\r\n\r\ntoken=";
        stream.write_all(head.as_bytes()).unwrap();
    }
    let asked = Instant::now();
    service.get("/v1/systems", &token).expect(200);
    assert!(asked.elapsed() < Duration::from_secs(5));
    // A head may take ten seconds.
    for stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        assert!(read(&stream).is_none_or(|said| said.status == 408));
    }
    for stream in forms {
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        let said = read(&stream).expect("an answer");
        assert!((400..500).contains(&said.status) && said.text().contains("too slowly"), "{said:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(35), "{:?}", begin.elapsed());
}

#[test]
fn scripts_in_every_text_are_shown_and_never_run() {
    let (_place, token, service) = started();
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'";
    let row = json!({
        "control": "AFF-EXP-11", "status": "failed", "system": "scoring", "asset": "model", "summary": evil,
        "collector": {"name": "c"}, "checks": [{"rule": "r", "status": "failed", "message": evil, "pointer": "/0"}],
    });
    let done = service.post("/v1/results", &token, &row).expect(201).json();
    let said = service
        .send(
            "POST",
            "/login",
            &[("content-type", "application/x-www-form-urlencoded")],
            format!("token={token}").as_bytes(),
        )
        .expect(303);
    let cookie = said.headers["set-cookie"].split(';').next().unwrap().to_owned();
    for flag in ["HttpOnly", "SameSite=Strict"] {
        assert!(said.headers["set-cookie"].contains(flag));
    }
    let entry = format!("/entries/{}", done["first"]);
    for path in [
        "/",
        "/systems/scoring",
        "/systems/scoring/gaps",
        "/findings",
        "/packs",
        "/systems/scoring/room",
        "/systems/scoring/evidence",
        "/systems/scoring/requirements/eu-ai-act/art-15-1",
        &entry,
    ] {
        let page = service.send("GET", path, &[("cookie", &cookie)], &[]).expect(200);
        assert!(!page.text().contains("<script") && !page.text().contains("<img"), "{path}");
        assert!(page.headers["content-security-policy"].starts_with("default-src 'none'"), "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
    }
    let shown = service.send("GET", &entry, &[("cookie", &cookie)], &[]).expect(200).text();
    assert!(shown.contains("&lt;script&gt;"), "it is shown");
    // Forms of other sites, and without the word of the session.
    let form = |path: &str, body: &str, more: &[(&str, &str)]| {
        let headers =
            [&[("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")], more]
                .concat();
        service.send("POST", path, &headers, body.as_bytes()).status
    };
    assert_eq!(form("/packs", "word=x&system=scoring", &[]), 403);
    assert_eq!(form("/systems/scoring/room", "word=&about=entry:1&outcome=noted&note=n&by=b", &[]), 403);
    assert_eq!(form("/logout", "word=x", &[]), 403);
    let foreign = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    service.send("POST", "/login", &foreign, format!("token={token}").as_bytes()).expect(403);
    // A session ends with its token.
    service.send("GET", "/", &[("cookie", &cookie)], &[]).expect(200);
    service.send("GET", "/", &[], &[]).expect(303);
    service.send("GET", "/", &[("cookie", "affiant=0000")], &[]).expect(303);
}

#[test]
fn without_tls_it_listens_on_this_machine_alone() {
    let place = Place::with_system();
    place.affiant(&["serve", "--listen", "0.0.0.0:0"]).expect(2).warns("for all to read");
    place.affiant(&["serve", "--tls-cert", "no.pem", "--tls-key", "no.key"]).expect(2);
    place.affiant(&["token", "new", "a", "--role", "auditor"]).expect(2).warns("names the systems");
    place.affiant(&["token", "new", "a", "--role", "collector"]).expect(0);
    place.affiant(&["token", "new", "a", "--role", "officer"]).expect(2).warns("given out before");
    place.affiant(&["token", "revoke", "nobody"]).expect(2);
}
