//! JSON that every reader reads the same: a pass over the bytes before anything is made of them.
//!
//! Refused, with line and column: encodings other than UTF-8, a key twice in one object (at any depth, and however
//! it is escaped), `NaN` and `Infinity`, lone surrogates, raw control characters, nesting deeper than [`DEPTH_MAX`],
//! objects of more than [`MEMBERS_MAX`] members, anything after the value. A UTF-8 byte order mark is taken off.

use super::fault::{Problem, RowError};
use affiant_ledger::id::visible;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// The UTF-8 byte order mark.
pub const BOM: &[u8] = b"\xef\xbb\xbf";
/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;
/// Most members of one object.
pub const MEMBERS_MAX: usize = 100_000;

/// Takes off a byte order mark and refuses what is not UTF-8. The second value tells whether there was a mark.
pub fn decoded(bytes: &[u8]) -> Result<(&[u8], bool), RowError> {
    refuse_wide(bytes)?;
    let (text, bom) = match bytes.strip_prefix(BOM) {
        Some(text) => (text, true),
        None => (bytes, false),
    };
    match std::str::from_utf8(text) {
        Ok(_) => Ok((text, bom)),
        Err(error) => {
            let (line, column) = position(text, error.valid_up_to());
            Err(RowError::at(line, column, Problem::Encoding("the bytes are not UTF-8".into())))
        }
    }
}

/// Refuses what is UTF-16 or UTF-32, by its first bytes.
pub(crate) fn refuse_wide(bytes: &[u8]) -> Result<(), RowError> {
    let wide = |name: &str| {
        let problem = Problem::Encoding(format!("the bytes are {name}, not UTF-8"));
        Err(RowError::at(1, 1, problem).hint("convert the file to UTF-8 first"))
    };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [_, 0, 0, 0, ..] | [0, 0, 0, _, ..] => {
            wide("UTF-32")
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{' | b'[' | b'"', 0, ..] | [0, b'{' | b'[' | b'"', ..] => {
            wide("UTF-16")
        }
        _ => Ok(()),
    }
}

/// Line and column (from 1, in bytes) of an offset.
pub fn position(bytes: &[u8], offset: usize) -> (u64, u64) {
    let before = &bytes[..offset.min(bytes.len())];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
    let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, (before.len() - begin) as u64 + 1)
}

/// The top of a checked document: where its parts stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outline {
    /// An array and its elements.
    Array(Vec<Range<usize>>),
    /// An object and its members.
    Object(Vec<(String, Range<usize>)>),
    /// A number, a text, true, false or null.
    Scalar,
}

/// Checks a whole document.
pub fn check(bytes: &[u8]) -> Result<(), RowError> {
    outline(bytes).map(drop)
}

/// Checks a whole document and tells where the parts of its top stand.
pub fn outline(bytes: &[u8]) -> Result<Outline, RowError> {
    let mut scanner = Scanner::new(bytes);
    let outline = scanner.top().and_then(|outline| {
        scanner.space();
        if scanner.at == bytes.len() {
            Ok(outline)
        } else {
            Err(scanner.syntax("something stands after the value"))
        }
    });
    outline.map_err(|(offset, problem)| {
        let (line, column) = position(bytes, offset);
        RowError::at(line, column, problem).field(scanner.path())
    })
}

/// The path of the value that ends at or after `offset`, and its text: for errors of a typed reader.
pub(crate) fn locate(bytes: &[u8], offset: usize) -> (String, Option<String>) {
    let mut scanner = Scanner::new(bytes);
    scanner.target = offset.min(bytes.len());
    let ended = scanner.value();
    match scanner.found.take() {
        Some((path, range)) => (path, Some(visible(&String::from_utf8_lossy(&bytes[range])))),
        None if ended.is_err() => (scanner.path(), None),
        None => (String::new(), None),
    }
}

type Fault = (usize, Problem);

enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    path: Vec<Step<'a>>,
    /// The offset [`locate`] looks for; the end of everything otherwise.
    target: usize,
    found: Option<(String, Range<usize>)>,
}

impl<'a> Scanner<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, path: Vec::new(), target: usize::MAX, found: None }
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(&visible(key)),
                Step::Key(key) => path.push_str(&format!(".{}", visible(key))),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }

    fn syntax(&self, what: &str) -> Fault {
        (self.at, Problem::Syntax(what.to_owned()))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Notes a value or key that ended, when it is the one looked for.
    fn ended(&mut self, start: usize) {
        if self.found.is_none() && self.target <= self.at {
            self.found = Some((self.path(), start..self.at));
        }
    }

    fn top(&mut self) -> Result<Outline, Fault> {
        self.space();
        match self.peek() {
            Some(b'[') => {
                let mut parts = Vec::new();
                self.array(|_, range| parts.push(range))?;
                Ok(Outline::Array(parts))
            }
            Some(b'{') => {
                let mut parts = Vec::new();
                self.object(|key, range| parts.push((key.to_owned(), range)))?;
                Ok(Outline::Object(parts))
            }
            _ => self.value().map(|()| Outline::Scalar),
        }
    }

    fn value(&mut self) -> Result<(), Fault> {
        self.space();
        let start = self.at;
        match self.peek() {
            None => return Err(self.syntax("it ends too early")),
            Some(b'{') => self.object(|_, _| ())?,
            Some(b'[') => self.array(|_, _| ())?,
            Some(b'"') => drop(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
        }
        self.ended(start);
        Ok(())
    }

    fn enter(&mut self, step: Step<'a>) -> Result<(), Fault> {
        if self.path.len() >= DEPTH_MAX {
            return Err((self.at, Problem::Depth));
        }
        self.path.push(step);
        Ok(())
    }

    fn array(&mut self, mut part: impl FnMut(usize, Range<usize>)) -> Result<(), Fault> {
        self.at += 1;
        self.enter(Step::Index(0))?;
        let mut count = 0;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            self.path.pop();
            return Ok(());
        }
        loop {
            if let Some(step) = self.path.last_mut() {
                *step = Step::Index(count);
            }
            self.space();
            let start = self.at;
            self.value()?;
            part(count, start..self.at);
            count += 1;
            if count > super::ROWS_MAX {
                return Err((
                    self.at,
                    Problem::Shape(format!("an array of more than {} items", super::ROWS_MAX)),
                ));
            }
            if !self.more(b']')? {
                self.path.pop();
                return Ok(());
            }
        }
    }

    fn object(&mut self, mut part: impl FnMut(&str, Range<usize>)) -> Result<(), Fault> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut keys: BTreeSet<Cow<'a, str>> = BTreeSet::new();
        loop {
            let key = self.key(&mut keys)?;
            self.space();
            let start = self.at;
            self.value()?;
            part(&key, start..self.at);
            self.path.pop();
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads a key and its colon, and goes down into its value.
    fn key(&mut self, keys: &mut BTreeSet<Cow<'a, str>>) -> Result<Cow<'a, str>, Fault> {
        self.space();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.syntax("a key in double quotes was expected"));
        }
        let key = self.string()?;
        if !keys.insert(key.clone()) {
            return Err((start, Problem::KeyTwice(visible(&key))));
        }
        if keys.len() > MEMBERS_MAX {
            return Err((start, Problem::Shape(format!("an object of more than {MEMBERS_MAX} members"))));
        }
        self.enter(Step::Key(key.clone()))?;
        self.ended(start);
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.syntax("`:` was expected"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a comma (true) or the end of the container (false).
    fn more(&mut self, end: u8) -> Result<bool, Fault> {
        self.space();
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(byte) if byte == end => {
                self.at += 1;
                return Ok(false);
            }
            None => return Err(self.syntax("it ends too early")),
            Some(_) => return Err(self.syntax(&format!("`,` or `{}` was expected", char::from(end)))),
        }
        Ok(true)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let bytes = self.bytes;
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.peek() {
                None => return Err((start, Problem::Syntax("a text without end".into()))),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0..=0x1f) => return Err(self.syntax("a raw control character in a text")),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let raw = bytes.get(start..self.at).unwrap_or_default();
        if escaped {
            // Escapes, surrogates and all: exactly what the typed reader will read.
            let text: Result<String, _> = serde_json::from_slice(raw);
            return text.map(Cow::Owned).map_err(|error| (start, Problem::Syntax(message(&error))));
        }
        let inner = &raw[1..raw.len() - 1];
        let text = std::str::from_utf8(inner)
            .map_err(|_| (start, Problem::Encoding("a text is not UTF-8".into())))?;
        Ok(Cow::Borrowed(text))
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.bytes[self.at..].starts_with(b"Infinity") {
            return Err((start, Problem::Syntax("`-Infinity` is not JSON".into())));
        }
        let whole = self.digits();
        let leading_zero = whole > 1 && self.bytes[self.at - whole] == b'0';
        let mut sound = whole > 0 && !leading_zero;
        if self.peek() == Some(b'.') {
            self.at += 1;
            sound &= self.digits() > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            sound &= self.digits() > 0;
        }
        if sound {
            Ok(())
        } else {
            Err((start, Problem::Syntax("a number in a form JSON does not know".into())))
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        for word in ["true", "false", "null"] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(());
            }
        }
        for word in ["NaN", "Infinity"] {
            if rest.starts_with(word.as_bytes()) {
                return Err(self.syntax(&format!("`{word}` is not JSON")));
            }
        }
        Err(self.syntax("a value was expected"))
    }
}

/// The message of a `serde_json` error without its position. Values it quotes are made visible and cut.
pub(crate) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    crate::text::plain(message, 600)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &[u8]) -> RowError {
        check(text).expect_err(&String::from_utf8_lossy(text))
    }

    #[test]
    fn a_key_twice_is_refused_at_any_depth_and_however_it_is_escaped() {
        let fault = refused(b"{\"a\": [1, {\"b\": 1,\n \"\\u0062\": 2}]}");
        assert_eq!((fault.line, fault.column), (2, 2));
        assert_eq!(fault.problem, Problem::KeyTwice("b".into()));
        assert_eq!(fault.field.as_deref(), Some("a[1]"));
        assert!(check(b"{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}}").is_ok());
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        let cases: [&[u8]; 22] = [
            b"NaN",
            b"-Infinity",
            b"[Infinity]",
            b"{\"a\":nan}",
            b"01",
            b"+1",
            b"1.",
            b".5",
            b"1e",
            b"0x10",
            b"[1,]",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{'a':1}",
            b"\"\\ud800\"",
            b"{\"a\":\"\\udc00\"}",
            b"\"a\x01\"",
            b"\"a\nb\"",
            b"\"\\x41\"",
            b"1 2",
            b"/*c*/1",
            b"\"a",
        ];
        for case in cases {
            assert!(matches!(refused(case).problem, Problem::Syntax(_)), "{}", String::from_utf8_lossy(case));
        }
        for right in ["1e5", "-0", "0.5E-3", " [] ", "{}", "\"\\ud83d\\ude00\"", "[null,true,false]"] {
            assert_eq!(check(right.as_bytes()), Ok(()), "{right}");
        }
    }

    #[test]
    fn ten_thousand_levels_are_refused_and_sixty_four_are_not() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = |n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
            assert_eq!(check(deep(DEPTH_MAX).as_bytes()), Ok(()));
            assert_eq!(refused(deep(DEPTH_MAX + 1).as_bytes()).problem, Problem::Depth);
            assert_eq!(refused(deep(10_000).as_bytes()).problem, Problem::Depth);
            assert_eq!(refused(open.repeat(1_000_000).as_bytes()).problem, Problem::Depth);
        }
    }

    #[test]
    fn other_encodings_are_named_and_a_byte_order_mark_is_taken_off() {
        assert_eq!(
            decoded(b"\xef\xbb\xbf{}").map(|(text, bom)| (text.to_vec(), bom)),
            Ok((b"{}".to_vec(), true))
        );
        let utf16: [&[u8]; 4] = [b"\xff\xfe{\0}\0", b"\xfe\xff\0{\0}", b"{\0}\0", b"\0{\0}"];
        for bytes in utf16 {
            let fault = decoded(bytes).expect_err("UTF-16");
            assert_eq!(fault.to_string(), "line 1, column 1: the bytes are UTF-16, not UTF-8");
        }
        let fault = decoded(b"{\n\"a\":\"\xff\"}").expect_err("not UTF-8");
        assert_eq!((fault.line, fault.column), (2, 6));
    }

    #[test]
    fn a_value_is_found_by_where_it_ends() {
        let text = br#"{"a": {"b": [1, 2.5]}}"#;
        let at = |needle: &str| {
            let text = std::str::from_utf8(text).unwrap();
            text.find(needle).unwrap() + needle.len()
        };
        assert_eq!(locate(text, at("2.5")), ("a.b[1]".into(), Some("2.5".into())));
        assert_eq!(locate(text, at("\"b\"")), ("a.b".into(), Some("\"b\"".into())));
    }
}
