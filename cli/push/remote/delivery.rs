//! What is delivered: one body with what is said beside it, under a key that stays the same however often it is sent.
//!
//! Lines are cut into pieces that a service takes at once; a piece lies in an unnamed file, whatever its size, so that it
//! can be sent again and memory stays flat. The line feeds before a row are kept: row numbers in answers are those of the
//! piece.

use crate::args::PushArguments;
use affiant_controls::intake::Format;
use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use affiant_server::submit::source::{Lines, Source};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

/// Rows of a piece; lines come some at a time, so that it may be fewer.
const ROWS_MAX: u64 = 50_000 - 256;
/// Bytes of a piece before the last lines come into it.
const SIZE_MAX: u64 = 60 << 20;
/// Bytes copied at a time.
const CHUNK: usize = 64 << 10;

/// What stands before a body in the spool, as one line of JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// Version of this form.
    pub(super) affiant_push: u8,
    /// The service that it is for.
    pub(super) to: String,
    /// What people call it.
    pub(super) name: String,
    /// What is said beside the body.
    pub(super) query: String,
    /// Media type of the body.
    pub(super) kind: String,
    /// The idempotency key.
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) sha256: Digest,
    /// Rows in it that are each a result, where all must be taken.
    pub(super) rows: Option<u64>,
    /// Number of its first line in what was pushed.
    pub(super) line: u64,
    /// The only system that its results can be about.
    pub(super) system: Option<String>,
}

/// A body with what is said beside it.
pub(super) struct Delivery {
    pub(super) head: Head,
    file: File,
    begin: u64,
}

impl Delivery {
    /// A body that begins somewhere in a file.
    pub(super) fn within(head: Head, file: File, begin: u64) -> Self {
        Self { head, file, begin }
    }

    /// The body from its beginning.
    pub(super) fn reader(&self) -> io::Result<impl Read + use<>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(self.begin))?;
        Ok(file.take(self.head.size))
    }
}

/// What is said beside all bodies of a push.
pub(super) struct Said {
    to: String,
    query: String,
    system: Option<String>,
    partial: bool,
    day: String,
}

impl Said {
    /// What the words of the command say.
    pub(super) fn of(arguments: &PushArguments, to: &str, now: Timestamp) -> Result<Self, Failure> {
        let said = &arguments.submission;
        let count = |name, value: u64| said.examined.map(|_| (name, value.to_string()));
        // The control of a single result stands in its row.
        let controls = if arguments.status.is_some() { None } else { joined("--control", &said.controls)? };
        let collector = said.collector.clone();
        let collector = collector.or_else(|| arguments.status.as_ref().map(|_| "manual".to_owned()));
        let words = [
            said.system.clone().map(|id| ("system", id)),
            said.asset.clone().map(|id| ("asset", id)),
            controls.map(|ids| ("control", ids)),
            collector.map(|name| ("collector", name)),
            said.part.clone().map(|name| ("part", name)),
            joined("--expect", &said.expected)?.map(|rules| ("expect", rules)),
            said.observed.clone().map(|time| ("observed", time)),
            said.examined.map(|count| ("examined", count.to_string())),
            count("skipped", said.skipped),
            count("errors", said.errors),
            said.partial.then(|| ("partial", "true".to_owned())),
            said.no_findings.then(|| ("no_findings", "true".to_owned())),
        ];
        let words: Vec<String> =
            words.into_iter().flatten().map(|(name, value)| format!("{name}={}", escaped(&value))).collect();
        let day = now.to_string().chars().take(10).collect();
        let system = said.system.clone();
        Ok(Self { to: to.to_owned(), query: words.join("&"), system, partial: said.partial, day })
    }

    fn query(&self, format: Option<Format>) -> String {
        let format = format.map(|format| format!("format={}", format.as_str()));
        let parts = format.into_iter().chain((!self.query.is_empty()).then(|| self.query.clone()));
        parts.collect::<Vec<_>>().join("&")
    }
}

fn joined(word: &str, values: &[String]) -> Result<Option<String>, Failure> {
    if let Some(value) = values.iter().find(|value| value.contains(',')) {
        return Err(Failure::refused(format!("{word} `{value}`: a comma cannot be said over the network")));
    }
    Ok((!values.is_empty()).then(|| values.join(",")))
}

/// A value as it may stand in a query (RFC 3986).
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The deliveries of one push, made as they are asked for.
pub(super) struct Deliveries {
    said: Said,
    name: String,
    rest: Rest,
}

/// What is still to be delivered.
enum Rest {
    Whole { body: Body, query: String, kind: &'static str, rows: Option<u64> },
    Lines { source: Source, next: Option<Lines>, line: u64 },
    Nothing,
}

impl Deliveries {
    /// A single result.
    pub(super) fn single(row: &[u8], said: Said) -> Result<Self, Failure> {
        let mut body = Body::new()?;
        body.write(row)?;
        let query = said.query(None);
        let rest = Rest::Whole { body, query, kind: "application/json", rows: Some(1) };
        Ok(Self { said, name: "the result".to_owned(), rest })
    }

    /// What stands in a file or on stdin.
    pub(super) fn of(mut source: Source, said: Said) -> Result<Self, Failure> {
        let name = source.name.clone();
        if source.format == Format::Ndjson {
            let next = source.lines()?;
            if next.is_none() {
                return Err(Failure::refused(format!("{name}: empty, there is nothing to record")));
            }
            return Ok(Self { said, name, rest: Rest::Lines { source, next, line: 1 } });
        }
        let query = said.query(Some(source.format));
        let kind = match source.format {
            Format::Json => "application/json",
            _ => "application/octet-stream",
        };
        let mut body = Body::new()?;
        let mut open = source.reopening(&std::env::temp_dir())?;
        let mut reader = open()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                count => body.write(&chunk[..count])?,
            }
        }
        Ok(Self { said, name, rest: Rest::Whole { body, query, kind, rows: None } })
    }

    fn next_one(&mut self) -> Result<Option<Delivery>, Failure> {
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => Ok(None),
            Rest::Whole { body, query, kind, rows } => self.delivery(body, query, kind, (rows, 1)).map(Some),
            Rest::Lines { mut source, mut next, mut line } => {
                let (mut body, mut rows, first) = (Body::new()?, 0_u64, line);
                while let Some(lines) = next.take() {
                    for (number, row) in lines.iter() {
                        while line < number {
                            body.write(b"\n")?;
                            line += 1;
                        }
                        body.write(row)?;
                        body.write(b"\n")?;
                        line += 1;
                        rows += 1;
                    }
                    next = source.lines()?;
                    if rows > ROWS_MAX || body.size > SIZE_MAX {
                        break;
                    }
                }
                if next.is_some() {
                    self.rest = Rest::Lines { source, next, line };
                }
                let query = self.said.query(Some(Format::Ndjson));
                let rows = (!self.said.partial).then_some(rows);
                self.delivery(body, query, "application/x-ndjson", (rows, first)).map(Some)
            }
        }
    }

    fn delivery(
        &self,
        body: Body,
        query: String,
        kind: &str,
        (rows, line): (Option<u64>, u64),
    ) -> Result<Delivery, Failure> {
        let (file, size, sha256) = body.finish()?;
        let said = &self.said;
        // The same report of another day is new evidence, though nothing in it may say when it was made.
        let beside = format!("affiant push 1\n{query}\n{kind}\n{}\n{line}\n{sha256}\n", said.day);
        let head = Head {
            affiant_push: 1,
            to: said.to.clone(),
            name: self.name.clone(),
            key: Digest::of(beside.as_bytes()).to_string(),
            kind: kind.to_owned(),
            query,
            size,
            sha256,
            rows,
            line,
            system: said.system.clone(),
        };
        Ok(Delivery { head, file, begin: 0 })
    }
}

impl Iterator for Deliveries {
    type Item = Result<Delivery, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_one();
        if next.is_err() {
            self.rest = Rest::Nothing;
        }
        next.transpose()
    }
}

/// A body being put into an unnamed file.
struct Body {
    file: BufWriter<File>,
    size: u64,
    hasher: Hasher,
}

impl Body {
    fn new() -> Result<Self, Failure> {
        let file = BufWriter::with_capacity(CHUNK, tempfile::tempfile()?);
        Ok(Self { file, size: 0, hasher: Hasher::default() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        self.hasher.update(bytes);
        Ok(())
    }

    fn finish(self) -> Result<(File, u64, Digest), Failure> {
        let file = self.file.into_inner().map_err(|error| Failure::io(error.error()))?;
        Ok((file, self.size, self.hasher.finish()))
    }
}
