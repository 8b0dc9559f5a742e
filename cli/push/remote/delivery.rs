//! What is delivered: one body with what is said beside it, under a key that stays the same however often it is sent, and
//! that no other push has.
//!
//! Lines are cut into pieces that a service takes at once; a piece lies in an unnamed file, whatever its size, so that it
//! can be sent again and memory stays flat. The line feeds before a row are kept: row numbers in answers are those of the
//! piece.

use crate::args::PushArguments;
use affiant_controls::intake::Format;
use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::random;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use affiant_server::submit::source::{Lines, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
    /// Rows in it that are each a result, where they can be counted.
    pub(super) rows: Option<u64>,
    /// How many of the results must at least have entries of their own, where that can be told.
    #[serde(default)]
    pub(super) distinct: Option<u64>,
    /// Whether bad rows may be left out.
    #[serde(default)]
    pub(super) partial: bool,
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
    /// What tells this push from others.
    key: String,
    query: String,
    /// When it was pushed, in words of the query; nothing where it is said when it was observed.
    pushed: Option<String>,
    system: Option<String>,
    partial: bool,
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
        let pushed = said.observed.is_none().then(|| format!("pushed={}", escaped(&now.to_string())));
        Ok(Self {
            to: to.to_owned(),
            key: arguments.remote.key.clone().unwrap_or_else(lot),
            query: words.join("&"),
            pushed,
            system: said.system.clone(),
            partial: said.partial,
        })
    }

    fn query(&self, format: Option<Format>) -> String {
        let format = format.map(|format| format!("format={}", format.as_str()));
        let parts = format.into_iter().chain((!self.query.is_empty()).then(|| self.query.clone()));
        parts.collect::<Vec<_>>().join("&")
    }
}

/// A key that nobody had before.
fn lot() -> String {
    let mut lot = [0; 12];
    random::fill(&mut lot);
    lot.map(|byte| format!("{byte:02x}")).concat()
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

/// What can be told of the results in a body before anybody reads it.
#[derive(Default)]
struct Counted {
    rows: Option<u64>,
    distinct: Option<u64>,
}

/// What is still to be delivered.
enum Rest {
    Whole { body: Body, query: String, kind: &'static str, counted: Counted },
    Lines { source: Source, next: Option<Lines>, line: u64 },
    Nothing,
}

impl Deliveries {
    /// A single result.
    pub(super) fn single(row: &[u8], said: Said) -> Result<Self, Failure> {
        let mut body = Body::new()?;
        body.write(row)?;
        let query = said.query(None);
        let counted = Counted { rows: Some(1), distinct: Some(1) };
        let rest = Rest::Whole { body, query, kind: "application/json", counted };
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
        // Results of a report have no ids of their own, by which two could be the same.
        let distinct = source.format.importer().map(|_| u64::MAX);
        let counted = Counted { rows: None, distinct };
        Ok(Self { said, name, rest: Rest::Whole { body, query, kind, counted } })
    }

    /// What tells this push from others.
    pub(super) fn key(&self) -> &str {
        &self.said.key
    }

    fn next_one(&mut self) -> Result<Option<Delivery>, Failure> {
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Nothing => Ok(None),
            Rest::Whole { body, query, kind, counted } => {
                self.delivery(body, query, kind, counted, 1).map(Some)
            }
            Rest::Lines { mut source, mut next, mut line } => {
                let (mut body, mut rows, first) = (Body::new()?, 0_u64, line);
                let mut ids = Ids::default();
                while let Some(lines) = next.take() {
                    for (number, row) in lines.iter() {
                        while line < number {
                            body.write(b"\n")?;
                            line += 1;
                        }
                        body.write(row)?;
                        body.write(b"\n")?;
                        line += 1;
                        ids.take(row, self.said.system.as_deref());
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
                // Which rows are left out of a part is not known before.
                let distinct = (!self.said.partial).then(|| ids.count());
                let counted = Counted { rows: Some(rows), distinct };
                self.delivery(body, query, "application/x-ndjson", counted, first).map(Some)
            }
        }
    }

    fn delivery(
        &self,
        body: Body,
        query: String,
        kind: &str,
        Counted { rows, distinct }: Counted,
        line: u64,
    ) -> Result<Delivery, Failure> {
        let (file, size, sha256) = body.finish()?;
        let said = &self.said;
        // Not what is in it: the same report once more is new evidence, unless it is said to be the same push.
        let beside = format!("affiant push 2\n{}\n{query}\n{}\n{kind}\n{line}\n", said.key, self.name);
        let words = [Some(query), said.pushed.clone()].into_iter().flatten().filter(|word| !word.is_empty());
        let query = words.collect::<Vec<_>>().join("&");
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
            distinct,
            partial: said.partial,
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

/// The results that rows of a piece come to: rows of one id are one.
#[derive(Default)]
struct Ids {
    named: BTreeSet<(Option<String>, String)>,
    unnamed: u64,
}

/// As much of a row as tells it from others.
#[derive(Deserialize)]
struct Named {
    id: Option<String>,
    system: Option<String>,
}

impl Ids {
    fn take(&mut self, row: &[u8], system: Option<&str>) {
        match serde_json::from_slice(row) {
            Ok(Named { id: Some(id), system: own }) => {
                self.named.insert((own.or_else(|| system.map(str::to_owned)), id));
            }
            _ => self.unnamed += 1,
        }
    }

    fn count(&self) -> u64 {
        self.unnamed + self.named.len() as u64
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
