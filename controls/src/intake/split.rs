//! A JSON document read as a stream: the elements of its long lists one by one, and the rest, with those lists emptied, as
//! one small document. As strict as [`super::strict`], in memory that depends on the largest element alone.

use super::DOCUMENT_SIZE_MAX;
use super::fault::{Problem, RowError};
use super::strict::{BOM, DEPTH_MAX, MEMBERS_MAX, message, position};
use affiant_ledger::id::visible;
use std::collections::HashSet;
use std::ops::Range;

/// Largest element, in bytes.
const ELEMENT_SIZE_MAX: usize = 16 << 20;
/// Keys of an object that are compared one by one.
const FEW: usize = 16;
/// Most bytes of keys of the objects open at a time.
const KEYS_SIZE_MAX: usize = 8 << 20;

/// An element of a long list.
#[derive(Debug)]
pub(super) struct Element<'a> {
    /// Its bytes.
    pub(super) bytes: &'a [u8],
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Bytes before it on that line.
    pub(super) column: u64,
    /// Its place: the index at each `*` of the pattern.
    pub(super) place: &'a [u64],
}

/// What is left of a document when its long lists are emptied.
#[derive(Debug)]
pub(super) struct Rest {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Where an emptied list ends in them, and on which line of the document.
    gaps: Vec<(usize, u64)>,
}

impl Rest {
    /// Line and column in the document of an offset in the rest; column 0 behind an emptied list.
    pub(super) fn position(&self, offset: usize) -> (u64, u64) {
        let offset = offset.min(self.bytes.len());
        let gap = self.gaps.iter().rev().find(|(at, _)| *at <= offset);
        let (from, line) = gap.copied().unwrap_or((0, 1));
        let (lines, column) = position(&self.bytes[from..], offset - from);
        (line + lines - 1, if gap.is_some() && lines == 1 { 0 } else { column })
    }
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

/// What the bytes are in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Space,
    Scalar,
    /// A text; whether the byte before was a backslash.
    Text {
        after_backslash: bool,
    },
}

enum Open {
    Array { index: u64 },
    Object { keys: Keys, size: usize },
}

/// The keys of an open object: few are compared one by one, many are hashed.
#[derive(Default)]
struct Keys {
    few: Vec<Box<str>>,
    many: HashSet<Box<str>>,
}

impl Keys {
    /// Takes a key; false where it is there already.
    fn insert(&mut self, key: Box<str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(key);
            return true;
        }
        self.many.insert(key)
    }

    fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }
}

struct Frame {
    open: Open,
    /// How many steps of the pattern lead here; `None` off its path.
    matched: Option<usize>,
}

/// Splits a document. The pattern names what leads to the elements: keys, and `*` for any element of a list; its last step
/// is `*`.
pub(super) struct Splitter<'p> {
    pattern: &'p [&'p str],
    frames: Vec<Frame>,
    next: Next,
    within: Within,
    /// The text being read is a key.
    is_key: bool,
    /// It has an escape in it.
    escaped: bool,
    /// Where it begins in the buffer being filled.
    begin: usize,
    /// The step of the pattern that the value to come takes.
    step: Option<usize>,
    /// The document with the long lists emptied.
    rest: Vec<u8>,
    gaps: Vec<(usize, u64)>,
    element: Vec<u8>,
    /// Frames around the element being read; `None` outside one.
    element_depth: Option<usize>,
    element_line: u64,
    element_column: u64,
    /// Bytes of keys of open objects.
    keys_size: usize,
    place: Vec<u64>,
    line: u64,
    column: u64,
    seen: u64,
}

impl<'p> Splitter<'p> {
    pub(super) fn new(pattern: &'p [&'p str]) -> Self {
        Self {
            pattern,
            frames: Vec::new(),
            next: Next::Value,
            within: Within::Space,
            is_key: false,
            escaped: false,
            begin: 0,
            step: Some(0),
            rest: Vec::new(),
            gaps: Vec::new(),
            element: Vec::new(),
            element_depth: None,
            element_line: 1,
            element_column: 0,
            keys_size: 0,
            place: Vec::new(),
            line: 1,
            column: 0,
            seen: 0,
        }
    }

    /// Takes a piece of valid UTF-8, and hands over the elements that end in it.
    pub(super) fn feed<E: From<RowError>>(
        &mut self,
        piece: &[u8],
        take: &mut dyn FnMut(Element<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = if self.seen == 0 && piece.starts_with(BOM) { BOM.len() } else { 0 };
        self.seen += piece.len() as u64;
        while at < piece.len() {
            let from = at;
            match self.within {
                Within::Text { after_backslash } => {
                    at = self.text(piece, at, after_backslash);
                    self.keep(piece, from..at)?;
                    if self.within == Within::Space {
                        self.text_ends()?;
                        self.value_may_end(take)?;
                    }
                }
                Within::Scalar if is_scalar(piece[at]) => {
                    at += piece[at..].iter().take_while(|byte| is_scalar(**byte)).count();
                    self.advance(at - from);
                    self.keep(piece, from..at)?;
                }
                Within::Scalar => {
                    self.within = Within::Space;
                    self.next = self.after_value();
                    self.value_may_end(take)?;
                }
                Within::Space => {
                    at += 1;
                    self.structure(piece[from], take)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the document; what is left of it when the long lists are emptied.
    pub(super) fn finish(mut self) -> Result<Rest, RowError> {
        if self.within == Within::Scalar && self.frames.is_empty() {
            self.next = Next::Nothing;
            self.within = Within::Space;
        }
        if self.within != Within::Space || self.next != Next::Nothing {
            return Err(self.syntax("it ends too early"));
        }
        Ok(Rest { bytes: self.rest, gaps: self.gaps })
    }

    /// Reads on in a text, to its end or the end of the piece.
    fn text(&mut self, piece: &[u8], mut at: usize, mut after_backslash: bool) -> usize {
        let from = at;
        while at < piece.len() {
            let byte = piece[at];
            if after_backslash {
                after_backslash = false;
            } else if byte == b'"' {
                self.within = Within::Space;
                self.advance(at + 1 - from);
                return at + 1;
            } else if byte == b'\\' {
                self.escaped = true;
                after_backslash = true;
            } else if byte < 0x20 {
                // Refused where the text ends: its bytes are kept until then.
                self.escaped = true;
            }
            at += 1;
        }
        self.within = Within::Text { after_backslash };
        self.advance(at - from);
        at
    }

    /// Takes a byte outside of texts and scalars.
    fn structure<E: From<RowError>>(
        &mut self,
        byte: u8,
        take: &mut dyn FnMut(Element<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.column += 1;
        match (byte, self.next) {
            (b'\n', _) => {
                self.line += 1;
                self.column = 0;
                // Kept, so that lines within an element count as they stand.
                return self.keep(b"\n", 0..1).map_err(E::from);
            }
            (b' ' | b'\r' | b'\t', _) => {
                if self.element_depth.is_some() {
                    self.keep(&[byte], 0..1)?;
                }
                return Ok(());
            }
            (b']', Next::ValueOrEnd) | (b']' | b'}', Next::CommaOrEnd) | (b'}', Next::KeyOrEnd) => {
                self.close(byte)?;
                self.keep(&[byte], 0..1)?;
                self.next = self.after_value();
                return self.value_may_end(take);
            }
            (b',', Next::CommaOrEnd) => {
                self.next = self.comma();
                // A comma between elements is left out with them.
                if self.element_depth.is_some() || !self.is_long_list() {
                    self.keep(b",", 0..1)?;
                }
                return Ok(());
            }
            (b':', Next::Colon) => {
                self.next = Next::Value;
                return self.keep(b":", 0..1).map_err(E::from);
            }
            (b'"', Next::Key | Next::KeyOrEnd) => self.is_key = true,
            (_, Next::Value | Next::ValueOrEnd) => {
                self.is_key = false;
                self.value_begins();
            }
            _ => return Err(self.syntax(&self.wanted(byte)).into()),
        }
        match byte {
            b'"' => {
                self.within = Within::Text { after_backslash: false };
                self.escaped = false;
                self.begin = self.buffer().len();
            }
            b'{' | b'[' => self.open(byte)?,
            _ if is_scalar(byte) => self.within = Within::Scalar,
            _ => return Err(self.syntax("a value was expected").into()),
        }
        self.keep(&[byte], 0..1).map_err(E::from)
    }

    fn wanted(&self, byte: u8) -> String {
        let found = visible(&char::from(byte).to_string());
        match self.next {
            Next::Key | Next::KeyOrEnd => "a key in double quotes was expected".to_owned(),
            Next::Colon => "`:` was expected".to_owned(),
            Next::Nothing => "something stands after the value".to_owned(),
            _ => format!("`,` or the end of the list or object was expected, not `{found}`"),
        }
    }

    /// The step of the pattern that the value to come stands at; an element begins where all are taken.
    fn value_begins(&mut self) {
        if let Some(Frame { open: Open::Array { index }, matched }) = self.frames.last() {
            self.step = matched.filter(|step| self.pattern.get(*step) == Some(&"*")).map(|step| step + 1);
            if self.step.is_some() {
                let (depth, index) = (self.stars(self.step.unwrap_or(0) - 1), *index);
                self.place.truncate(depth);
                self.place.push(index);
            }
        }
        if self.step == Some(self.pattern.len()) && self.element_depth.is_none() {
            self.element_depth = Some(self.frames.len());
            self.element.clear();
            self.element_line = self.line;
            self.element_column = self.column - 1;
        }
    }

    /// How many `*` stand before a step of the pattern.
    fn stars(&self, step: usize) -> usize {
        self.pattern[..step].iter().filter(|step| **step == "*").count()
    }

    fn open(&mut self, byte: u8) -> Result<(), RowError> {
        if self.frames.len() >= DEPTH_MAX {
            return Err(self.fault(Problem::Depth));
        }
        let matched = self.step.filter(|step| *step < self.pattern.len());
        let (open, next) = if byte == b'[' {
            (Open::Array { index: 0 }, Next::ValueOrEnd)
        } else {
            (Open::Object { keys: Keys::default(), size: 0 }, Next::KeyOrEnd)
        };
        self.frames.push(Frame { open, matched });
        self.next = next;
        self.step = None;
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), RowError> {
        match (self.frames.pop().map(|frame| frame.open), byte) {
            (Some(Open::Array { .. }), b']') => Ok(()),
            (Some(Open::Object { size, .. }), b'}') => {
                self.keys_size -= size;
                Ok(())
            }
            _ => Err(self.syntax("a list or object ends with the wrong bracket")),
        }
    }

    fn comma(&mut self) -> Next {
        match self.frames.last_mut().map(|frame| &mut frame.open) {
            Some(Open::Array { index }) => {
                *index += 1;
                Next::Value
            }
            _ => Next::Key,
        }
    }

    /// Whether the innermost list is one whose elements are handed over.
    fn is_long_list(&self) -> bool {
        let last = self.pattern.len() - 1;
        self.frames
            .last()
            .is_some_and(|frame| frame.matched == Some(last) && matches!(frame.open, Open::Array { .. }))
    }

    fn after_value(&self) -> Next {
        if self.frames.is_empty() { Next::Nothing } else { Next::CommaOrEnd }
    }

    /// Hands over the element that ended just now, if one did.
    fn value_may_end<E: From<RowError>>(
        &mut self,
        take: &mut dyn FnMut(Element<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ends = self.element_depth == Some(self.frames.len()) && self.next == Next::CommaOrEnd;
        if !ends {
            return Ok(());
        }
        self.element_depth = None;
        // One gap a list: an element behind another moves it on.
        self.gaps.pop_if(|(at, _)| *at == self.rest.len());
        self.gaps.push((self.rest.len(), self.line));
        let (line, column) = (self.element_line, self.element_column);
        take(Element { bytes: &self.element, line, column, place: &self.place })
    }

    /// Judges the text that ended just now.
    fn text_ends(&mut self) -> Result<(), RowError> {
        let raw = &self.buffer()[self.begin..];
        let decoded: Result<String, _> = if self.escaped {
            // Escapes, surrogates and all: exactly what a typed reader will read.
            serde_json::from_slice(raw)
        } else if self.is_key {
            Ok(String::from_utf8_lossy(&raw[1..raw.len() - 1]).into_owned())
        } else {
            Ok(String::new())
        };
        let text = decoded.map_err(|error| self.fault(Problem::Syntax(message(&error))))?;
        if !self.is_key {
            self.next = self.after_value();
            return Ok(());
        }
        self.next = Next::Colon;
        self.key(text)
    }

    fn key(&mut self, key: String) -> Result<(), RowError> {
        let Some(Frame { open: Open::Object { keys, size }, matched }) = self.frames.last_mut() else {
            return Err(self.syntax("a key outside of an object"));
        };
        self.step =
            matched.filter(|step| self.pattern.get(*step) == Some(&key.as_str())).map(|step| step + 1);
        *size += key.len();
        self.keys_size += key.len();
        let key = key.into_boxed_str();
        if !keys.insert(key.clone()) {
            return Err(self.fault(Problem::KeyTwice(visible(&key))));
        }
        if keys.len() > MEMBERS_MAX || self.keys_size > KEYS_SIZE_MAX {
            let problem = Problem::Shape(format!("objects of more than {MEMBERS_MAX} members"));
            return Err(self.fault(problem));
        }
        Ok(())
    }

    fn buffer(&self) -> &Vec<u8> {
        if self.element_depth.is_some() { &self.element } else { &self.rest }
    }

    fn keep(&mut self, piece: &[u8], range: Range<usize>) -> Result<(), RowError> {
        let (buffer, max) = match self.element_depth {
            Some(_) => (&mut self.element, ELEMENT_SIZE_MAX),
            None => (&mut self.rest, DOCUMENT_SIZE_MAX),
        };
        buffer.extend_from_slice(&piece[range]);
        if buffer.len() > max {
            let what =
                if self.element_depth.is_some() { "one item" } else { "everything but the long lists" };
            return Err(self.fault(Problem::Shape(format!("{what} has more than {max} bytes"))));
        }
        Ok(())
    }

    /// The bytes that come next are not UTF-8.
    pub(super) fn not_utf8(&self) -> RowError {
        self.fault(Problem::Encoding("the bytes are not UTF-8".into()))
    }

    fn advance(&mut self, bytes: usize) {
        self.column += bytes as u64;
    }

    fn syntax(&self, what: &str) -> RowError {
        self.fault(Problem::Syntax(what.to_owned()))
    }

    fn fault(&self, problem: Problem) -> RowError {
        RowError::at(self.line, self.column, problem)
    }
}

/// A byte of a number, `true`, `false` or `null`; which of them it is, a typed reader says.
fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

#[cfg(test)]
mod tests;
