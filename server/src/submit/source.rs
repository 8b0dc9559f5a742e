//! Where results come from: a file or stdin, as one document or as a stream of lines.

use crate::failure::{Failure, IO};
use affiant_controls::intake::{Format, Open, ROW_SIZE_MAX, detect, strict};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Lines read at a time.
const LINES: usize = 256;
/// Bytes from which no further line is read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes looked at to find out the format.
const LOOK: usize = 64 << 10;

/// How a ZIP archive begins.
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// An open source with its format.
pub struct Source {
    /// What it is called in answers.
    pub name: String,
    /// How it is written.
    pub format: Format,
    reader: Box<dyn BufRead + Send>,
    /// The file, where it is one and can be read again.
    file: Option<File>,
    line: u64,
}

/// Some lines that are not empty.
#[derive(Debug, Default)]
pub struct Lines {
    /// What they hold, one behind another.
    bytes: Vec<u8>,
    /// The number of each, and where it ends.
    ends: Vec<(u64, usize)>,
}

impl Lines {
    /// The lines with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(begins).map(|(&(number, end), begin)| (number, &self.bytes[begin..end]))
    }
}

impl Source {
    /// Opens a file, or stdin for `-`.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Self::reading("stdin".to_owned(), Box::new(io::stdin()), None, format);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self::file(name, open(path)?, format)
    }

    /// An open file under a name.
    pub fn file(name: String, file: File, format: Option<Format>) -> Result<Self, Failure> {
        let regular = file.metadata().map_err(Failure::io)?.is_file();
        let again = if regular { Some(file.try_clone().map_err(Failure::io)?) } else { None };
        Self::reading(name, Box::new(file), again, format)
    }

    /// Bytes that are there, of a known format.
    pub fn of(bytes: Vec<u8>, format: Format) -> Self {
        let reader = Box::new(io::Cursor::new(bytes));
        Self { name: "-".to_owned(), format, reader, file: None, line: 0 }
    }

    fn reading(
        name: String,
        reader: Box<dyn Read + Send>,
        file: Option<File>,
        format: Option<Format>,
    ) -> Result<Self, Failure> {
        let mut reader = BufReader::with_capacity(LOOK, reader);
        let head = fill(&mut reader)?;
        // An archive is no text; what is in it is read by its importer.
        if !head.starts_with(ARCHIVE) {
            refuse_encoding(&head, &name)?;
        }
        let format = match format {
            Some(format) => format,
            None => found_out(&head, &name)?,
        };
        let reader = io::Cursor::new(head).chain(reader);
        Ok(Self { name, format, reader: Box::new(BufReader::with_capacity(LOOK, reader)), file, line: 0 })
    }

    /// Opens the document again from its beginning, as often as asked; what is no file is put into an unnamed one in a
    /// folder first.
    pub fn reopening(&mut self, folder: &Path) -> Result<Box<Open<'static>>, Failure> {
        let file = match &self.file {
            Some(file) => file.try_clone().map_err(Failure::io)?,
            None => {
                let mut file = tempfile::tempfile_in(folder).map_err(Failure::io)?;
                // One byte more than may be read: whoever reads it sees that it is too much.
                let mut limited = self.reader.by_ref().take(self.format.size_max() + 1);
                io::copy(&mut limited, &mut file).map_err(Failure::io)?;
                self.file = Some(file.try_clone().map_err(Failure::io)?);
                file
            }
        };
        Ok(Box::new(move || {
            let mut again = file.try_clone()?;
            again.seek(SeekFrom::Start(0))?;
            Ok(Box::new(again))
        }))
    }

    /// The whole of a document that was opened again.
    pub fn whole(&self, max: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        if let Some(file) = &self.file {
            let mut file = file;
            file.seek(SeekFrom::Start(0)).map_err(Failure::io)?;
            file.take(max + 1).read_to_end(&mut bytes).map_err(Failure::io)?;
        }
        if bytes.len() as u64 > max {
            let text = format!("{}: more than {max} bytes, the limit of what is kept", self.name);
            return Err(Failure::refused(text).hint("push it without --keep-raw: its digest is recorded"));
        }
        Ok(bytes)
    }

    /// The next lines that are not empty; none at the end.
    pub fn lines(&mut self) -> Result<Option<Lines>, Failure> {
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
        io::ErrorKind::NotFound => Failure::refused(format!("{shown}: no such file")),
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
        Failure::refused(format!("{name}: of no format known here")).hint(format!(
            "name the format with --format ({}), or explain it with --map FILE",
            known.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source of these bytes, as NDJSON.
    fn source(bytes: Vec<u8>) -> Source {
        let reader = Box::new(io::Cursor::new(bytes));
        Source { name: "rows".into(), format: Format::Ndjson, reader, file: None, line: 0 }
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
