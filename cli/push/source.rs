//! Where results come from: a file or stdin, as one document or as a stream of lines.

use crate::error::{Failure, IO};
use affiant_controls::intake::{DOCUMENT_SIZE_MAX, Format, ROW_SIZE_MAX, detect, strict};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Lines read at a time.
const LINES: usize = 256;
/// Bytes from which no further line is read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes looked at to find out the format.
const LOOK: usize = 64 << 10;

/// An open source with its format.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) format: Format,
    reader: Box<dyn BufRead + Send>,
    line: u64,
}

/// Some lines that are not empty.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// What they hold, one behind another.
    bytes: Vec<u8>,
    /// The number of each, and where it ends.
    ends: Vec<(u64, usize)>,
}

impl Lines {
    /// The lines with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(begins).map(|(&(number, end), begin)| (number, &self.bytes[begin..end]))
    }
}

impl Source {
    pub(super) fn open(path: &Path, format: Option<Format>) -> Result<Self, Failure> {
        let (name, reader): (String, Box<dyn Read + Send>) = if path == Path::new("-") {
            ("stdin".to_owned(), Box::new(std::io::stdin()))
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, Box::new(open(path)?))
        };
        let mut reader = BufReader::with_capacity(LOOK, reader);
        let head = fill(&mut reader)?;
        refuse_encoding(&head, &name)?;
        let format = match format {
            Some(format) => format,
            None => found_out(&head, &name)?,
        };
        let reader = std::io::Cursor::new(head).chain(reader);
        Ok(Self { name, format, reader: Box::new(BufReader::with_capacity(LOOK, reader)), line: 0 })
    }

    /// The whole document.
    pub(super) fn document(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let max = DOCUMENT_SIZE_MAX as u64;
        self.reader.by_ref().take(max + 1).read_to_end(&mut bytes).map_err(Failure::io)?;
        if bytes.len() as u64 > max {
            let text = format!("{}: more than {max} bytes, the limit for {}", self.name, self.format);
            return Err(Failure::refused(text).hint("split it, or push NDJSON, which is read line by line"));
        }
        Ok(bytes)
    }

    /// The next lines that are not empty; none at the end.
    pub(super) fn lines(&mut self) -> Result<Option<Lines>, Failure> {
        let mut lines = Lines::default();
        while lines.ends.len() < LINES && lines.bytes.len() < CHUNK {
            if !self.line(&mut lines)? {
                break;
            }
        }
        Ok((!lines.ends.is_empty()).then_some(lines))
    }

    /// Reads a line; false at the end.
    fn line(&mut self, lines: &mut Lines) -> Result<bool, Failure> {
        let begin = lines.bytes.len();
        let mut limited = self.reader.by_ref().take(ROW_SIZE_MAX as u64 + 2);
        if limited.read_until(b'\n', &mut lines.bytes).map_err(Failure::io)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        if lines.bytes.last() == Some(&b'\n') {
            lines.bytes.pop();
        } else if lines.bytes.len() - begin > ROW_SIZE_MAX {
            let text = format!("line {}: longer than {ROW_SIZE_MAX} bytes", self.line);
            return Err(Failure::refused(text));
        }
        if self.line == 1 && lines.bytes.starts_with(strict::BOM) {
            lines.bytes.drain(..strict::BOM.len());
        }
        if lines.bytes[begin..].trim_ascii().is_empty() {
            lines.bytes.truncate(begin);
        } else {
            lines.ends.push((self.line, lines.bytes.len()));
        }
        Ok(true)
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::refused(format!("{shown}: no such file")),
        _ => Failure { code: IO, message: format!("{shown}: {error}"), hint: None },
    })?;
    let kind = file.metadata().map_err(Failure::io)?.file_type();
    if kind.is_dir() {
        return Err(Failure::refused(format!("{shown}: a folder, not a file of results")));
    }
    Ok(file)
}

/// The first bytes, as many as there are up to the buffer's size.
fn fill(reader: &mut impl Read) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    reader.take(LOOK as u64).read_to_end(&mut head).map_err(Failure::io)?;
    Ok(head)
}

/// Refuses another encoding than UTF-8. The last character looked at may be cut in two.
fn refuse_encoding(head: &[u8], name: &str) -> Result<(), Failure> {
    let whole = match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    };
    strict::decoded(whole).map(|_| ()).map_err(|fault| Failure::refused(format!("{name}: {fault}")))
}

fn found_out(head: &[u8], name: &str) -> Result<Format, Failure> {
    if head.trim_ascii().is_empty() {
        return Err(Failure::refused(format!("{name}: empty, there is nothing to record"))
            .hint("a tool that wrote nothing has shown nothing; push what it examined"));
    }
    detect(head, name).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        Failure::refused(format!("{name}: of no format known here"))
            .hint(format!("name the format with --format: {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source of these bytes, as NDJSON.
    fn source(bytes: Vec<u8>) -> Source {
        let reader = Box::new(std::io::Cursor::new(bytes));
        Source { name: "rows".into(), format: Format::Ndjson, reader, line: 0 }
    }

    #[test]
    fn lines_come_with_their_numbers_and_empty_ones_end_nothing() {
        let blank = format!("{}\n", " ".repeat(1000)).repeat(5000);
        let text = format!("\u{feff}{{1}}\n\n  \n{{2}}\r\n{blank}{{3}}");
        let (mut source, mut found) = (source(text.into_bytes()), Vec::new());
        while let Some(lines) = source.lines().unwrap() {
            found.extend(
                lines.iter().map(|(number, line)| (number, String::from_utf8_lossy(line).into_owned())),
            );
        }
        assert_eq!(found, [(1, "{1}".into()), (4, "{2}\r".into()), (5005, "{3}".to_owned())]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_before_it_is_read() {
        let refused = |length: usize| source(vec![b'x'; length]).lines().map(|lines| lines.is_some());
        assert!(refused(ROW_SIZE_MAX).is_ok_and(|any| any));
        assert!(
            refused(ROW_SIZE_MAX + 1).is_err_and(|failure| failure.message.starts_with("line 1: longer"))
        );
        let mut line = vec![b'x'; ROW_SIZE_MAX];
        line.push(b'\n');
        assert!(source(line).lines().is_ok_and(|lines| lines.is_some()));
    }

    #[test]
    fn a_character_cut_in_two_where_the_look_ends_is_no_fault() {
        let whole = format!("{{\"summary\":\"{}é\"}}", "a".repeat(LOOK - 13));
        assert!(!whole.is_char_boundary(LOOK));
        assert!(refuse_encoding(&whole.as_bytes()[..LOOK], "rows").is_ok());
        let wide: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(refuse_encoding(&wide, "rows").is_err_and(|failure| failure.message.contains("UTF-16")));
        assert!(refuse_encoding(b"{\xff}", "rows").is_err());
    }
}
