//! A running service, and a plain client of it: HTTP as bytes, so that what no client would send can be sent too.

use super::place::{Place, TIME_MAX};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A running `affiant serve` of a place's ledger; killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) port: u16,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// What is to be kept, each as it was said.
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Service {
    /// Starts it on a port of its own.
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same with more words.
    pub(crate) fn start_with(place: &Place, words: &[&str]) -> Self {
        Self::start_at(place, 0, words)
    }

    /// The same on a port that is known before.
    pub(crate) fn start_at(place: &Place, port: u16, words: &[&str]) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let words = [&["serve", "--listen", &listen], words].concat();
        let log = std::fs::File::create(place.path("serve.log")).unwrap();
        let mut command = place.command(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        let said = || std::fs::read_to_string(place.path("serve.log")).unwrap_or_default();
        let port = port.unwrap_or_else(|| panic!("not listening: `{line}` {}", said()));
        Self { child, port }
    }

    /// Tells it to stop, and waits until it has; its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let told = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.unwrap().success());
        let end = Instant::now() + TIME_MAX;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < end, "the service does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends bytes as they are, and reads the answer to its end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Option<Said> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(TIME_MAX)).unwrap();
        // It may have answered and closed before all was sent.
        let _ = stream.write_all(bytes);
        read(&stream)
    }

    /// Sends a request.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Said {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: affiant\r\nconnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let said = self.raw(&[head.as_bytes(), body].concat());
        said.unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Asks with a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Said {
        self.send("GET", path, &[("authorization", &format!("Bearer {token}"))], &[])
    }

    /// Sends JSON with a token.
    pub(crate) fn post(&self, path: &str, token: &str, body: &Value) -> Said {
        let token = format!("Bearer {token}");
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer; none where the other end said nothing.
pub(crate) fn read(stream: &TcpStream) -> Option<Said> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let (mut headers, mut cookies) = (BTreeMap::new(), Vec::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("set-cookie") {
            cookies.push(value.trim().to_owned());
        }
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    match headers.get("content-length").and_then(|length| length.parse().ok()) {
        Some(length) => reader.take(length).read_to_end(&mut body).ok()?,
        None => reader.read_to_end(&mut body).ok()?,
    };
    Some(Said { status, headers, cookies, body })
}

impl Said {
    /// Demands a status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A cookie, as it is sent along again.
    #[track_caller]
    pub(crate) fn cookie(&self, name: &str) -> String {
        let own = |cookie: &&String| cookie.split_once('=').is_some_and(|(own, _)| own == name);
        let cookie = self.cookies.iter().find(own).unwrap_or_else(|| panic!("no cookie {name} in {self:?}"));
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// Demands a text in the body.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.text().contains(text), "no `{text}` in {}", self.text());
        self
    }
}
