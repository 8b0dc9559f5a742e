//! A receiver of webhooks and of syslog, on this machine: takes connections one by one and answers as told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a receiver does with a request it has read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    /// Answers with this status.
    Answer(u16),
    /// Answers with this status and a header.
    Say(u16, &'static str),
    /// Answers with this status and a body.
    Give(u16, &'static str),
    /// Answers with this status, a header and a body.
    Tell(u16, &'static str, &'static str),
    /// Answers with this status and a body, of which a byte comes at a time.
    Drip(u16, &'static str),
    /// Closes the connection without a word.
    Break,
    /// Says nothing for so long.
    Wait(Duration),
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// A receiver that is listening.
pub(crate) struct Receiver<T> {
    pub(crate) port: u16,
    taken: JoinHandle<T>,
}

impl<T: Send + 'static> Receiver<T> {
    fn listening(work: impl FnOnce(TcpListener) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, taken: thread::spawn(move || work(listener)) }
    }

    /// What was taken, once the last connection is over.
    pub(crate) fn taken(self) -> T {
        self.taken.join().unwrap()
    }
}

/// Takes one request for each thing to do.
pub(crate) fn webhook(plan: &[Then]) -> Receiver<Vec<Request>> {
    let plan = plan.to_vec();
    Receiver::listening(move |listener| {
        plan.into_iter().map(|then| answered(listener.accept().unwrap().0, then)).collect()
    })
}

fn answered(mut stream: TcpStream, then: Then) -> Request {
    let request = request(&stream);
    let mut answer = |status: u16, header: &str, body: &str| {
        let size = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\n{header}content-length: {size}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = stream.write_all(text.as_bytes());
    };
    match then {
        Then::Answer(status) => answer(status, "", ""),
        Then::Say(status, header) => answer(status, &format!("{header}\r\n"), ""),
        Then::Give(status, body) => answer(status, "", body),
        Then::Tell(status, header, body) => answer(status, &format!("{header}\r\n"), body),
        Then::Drip(status, body) => {
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes());
            for byte in body.bytes() {
                thread::sleep(Duration::from_millis(50));
                if stream.write_all(&[byte]).is_err() {
                    break;
                }
            }
        }
        Then::Break => {}
        Then::Wait(time) => thread::sleep(time),
    }
    let _ = stream.shutdown(Shutdown::Both);
    request
}

fn request(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let size = headers.get("content-length").map_or(0, |size| size.parse().unwrap());
    let mut body = vec![0; size];
    reader.read_exact(&mut body).unwrap();
    Request { line: lines[0].clone(), headers, body }
}

/// Takes one connection and reads it to its end.
pub(crate) fn stream() -> Receiver<Vec<u8>> {
    Receiver::listening(|listener| {
        let mut bytes = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// A port at which nobody listens.
pub(crate) fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
