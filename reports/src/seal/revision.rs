//! The revision that seals: an incremental update of a PDF (ISO 32000-1, 7.5.6) in one form, which signing and verifying
//! both build.

use super::{SealError, SealWords};
use affiant_ledger::checkpoint::decimal;
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use std::io::Write as _;
use std::ops::Range;

/// How every PDF of this renderer begins. The object behind it is the field that a seal fills.
pub const HEADER: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
/// How every revision ends.
const END: &[u8] = b"\n%%EOF\n";
/// How its first object ends.
const OBJECT_END: &[u8] = b"\nendobj\n";
/// Bytes kept for the CMS.
pub(super) const ROOM: usize = 16 * 1024;
/// Characters kept for the numbers of ByteRange.
const RANGE: usize = 36;

/// The first revision: up to the first end mark; `None` when there is none.
pub(super) fn first(pdf: &[u8]) -> Option<&[u8]> {
    find(pdf, END).map(|at| &pdf[..at + END.len()])
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// What the first revision says that the second one takes up.
struct First<'a> {
    /// Number of the field, and its dictionary without the closing brackets.
    field: u64,
    dictionary: &'a str,
    /// Where its cross-reference stream begins, the number of objects, and `/Root`, `/Info` and `/ID` as written there.
    start: u64,
    size: u64,
    trailer: &'a str,
}

impl<'a> First<'a> {
    fn read(pdf: &'a [u8]) -> Option<Self> {
        let object = pdf.strip_prefix(HEADER)?;
        let object = std::str::from_utf8(&object[..find(object, OBJECT_END)?]).ok()?;
        let (field, dictionary) = object.split_once(" 0 obj")?;
        let tail = pdf.strip_suffix(END)?;
        let line = tail.iter().rposition(|byte| *byte == b'\n')? + 1;
        let start = std::str::from_utf8(&tail[line..]).ok().and_then(decimal)?;
        let cross = pdf.get(usize::try_from(start).ok()?..)?;
        let cross = std::str::from_utf8(&cross[..find(cross, b">>stream\n")?]).ok()?;
        let (_, words) = cross.split_once(" 0 obj<</Type/XRef/Size ")?;
        let (size, _) = words.split_once('/')?;
        Some(Self {
            field: decimal(field)?,
            dictionary: dictionary.strip_suffix(">>")?,
            start,
            size: decimal(size).filter(|size| *size < u64::from(u32::MAX))?,
            trailer: words.get(words.find("/Root")?..words.rfind("/Length")?)?,
        })
    }
}

/// A PDF with everything of a seal but the CMS, for which zeros stand.
pub(super) struct Blank {
    pub(super) bytes: Vec<u8>,
    /// Where the numbers of ByteRange stand.
    range: Range<usize>,
    /// Where the hexadecimal digits of the CMS stand, between angle brackets.
    contents: Range<usize>,
}

impl Blank {
    /// `None` when the PDF is none of this renderer's.
    pub(super) fn new(first: &[u8], words: &SealWords<'_>) -> Option<Self> {
        let First { field, dictionary, start, size, trailer } = First::read(first)?;
        let (seal, cross) = (size, size + 1);
        let mut bytes = Vec::with_capacity(first.len() + 2 * ROOM + 4096);
        bytes.extend_from_slice(first);
        // Writing to memory does not fail.
        let put = |bytes: &mut Vec<u8>, text: std::fmt::Arguments<'_>| drop(bytes.write_fmt(text));
        let field_at = bytes.len();
        put(&mut bytes, format_args!("{field} 0 obj{dictionary}/V {seal} 0 R>>\nendobj\n"));
        let seal_at = bytes.len();
        let (time, issuer) = (pdf_time(words.time), text_string(words.issuer));
        let reason = text_string(&format!("audit pack {}", words.pack));
        put(
            &mut bytes,
            format_args!(
                "{seal} 0 obj<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
                 /M({time})/Name{issuer}/Reason{reason}/ByteRange["
            ),
        );
        let range = bytes.len()..bytes.len() + RANGE;
        bytes.resize(range.end, b' ');
        bytes.extend_from_slice(b"]/Contents<");
        let contents = bytes.len()..bytes.len() + 2 * ROOM;
        bytes.resize(contents.end, b'0');
        bytes.extend_from_slice(b">>>\nendobj\n");
        let cross_at = bytes.len();
        // Seven bytes a row, as in the first revision: kind, offset, generation.
        let rows: Vec<String> =
            [field_at, seal_at, cross_at].iter().map(|at| format!("01{at:08x}0000")).collect();
        let rows = format!("{}>", rows.join("\n"));
        put(
            &mut bytes,
            format_args!(
                "{cross} 0 obj<</Type/XRef/Size {}/W[1 4 2]/Index[{field} 1 {seal} 2]/Prev {start}{}\
                 /Filter/ASCIIHexDecode/Length {}>>stream\n{rows}\nendstream endobj\nstartxref\n{cross_at}\n%%EOF\n",
                cross + 1,
                identified(trailer, words),
                rows.len(),
            ),
        );
        let (before, after) = (contents.start - 1, contents.end + 1);
        let numbers = format!("0 {before} {after} {}", bytes.len() - after);
        bytes.get_mut(range.start..range.start + numbers.len())?.copy_from_slice(numbers.as_bytes());
        (bytes.len() <= u32::MAX as usize).then_some(Self { bytes, range, contents })
    }

    /// SHA-256 of everything in `pdf` but what stands in /Contents.
    pub(super) fn digest(&self, pdf: &[u8]) -> Digest {
        Digest::of_parts(&[&pdf[..self.contents.start - 1], &pdf[self.contents.end + 1..]])
    }

    /// Puts the CMS in.
    pub(super) fn fill(&mut self, cms: &[u8]) -> Result<(), SealError> {
        if cms.len() > ROOM {
            return Err(SealError::Room { size: cms.len(), max: ROOM });
        }
        let digits: String = cms.iter().map(|byte| format!("{byte:02x}")).collect();
        self.bytes[self.contents.clone()][..digits.len()].copy_from_slice(digits.as_bytes());
        Ok(())
    }

    /// The content of /Contents in a PDF that is this one in every other byte.
    pub(super) fn contents(&self, pdf: &[u8]) -> Result<Vec<u8>, SealError> {
        let is_free = |at: usize| self.contents.contains(&at);
        let other = self.bytes.iter().zip(pdf).enumerate().position(|(at, (a, b))| a != b && !is_free(at));
        match other {
            Some(at) if self.range.contains(&at) => return Err(SealError::Coverage),
            Some(at) => return Err(SealError::Form(at)),
            None if pdf.len() < self.bytes.len() => return Err(SealError::Form(pdf.len())),
            None if pdf.len() > self.bytes.len() => {
                return Err(SealError::Behind(pdf.len() - self.bytes.len()));
            }
            None => {}
        }
        let digits = &pdf[self.contents.clone()];
        let byte = |pair: &[u8]| {
            let plain = pair.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
            std::str::from_utf8(pair)
                .ok()
                .filter(|_| plain)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        bytes.ok_or(SealError::Cms("it is not in hexadecimal digits"))
    }
}

/// `/Root`, `/Info` and `/ID`, the second half of which is another in each revision (ISO 32000-1, 14.4).
fn identified(trailer: &str, words: &SealWords<'_>) -> String {
    let Some((before, _)) = trailer.rsplit_once("><") else { return trailer.to_owned() };
    let (time, pack) = (words.time.to_string(), words.pack.as_str());
    let digest = Digest::of_parts(&[trailer.as_bytes(), time.as_bytes(), pack.as_bytes()]).to_string();
    format!("{before}><{}>]", &digest[..32])
}

/// `D:20261122034605Z`, of `2026-11-22T03:46:05.120Z`.
pub(crate) fn pdf_time(time: Timestamp) -> String {
    let digits: String = time.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    format!("D:{digits}Z")
}

/// A text string in hexadecimal digits of UTF-16 (ISO 32000-1, 7.9.2.2), so that nothing needs escaping.
fn text_string(text: &str) -> String {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    format!("<{}>", units.map(|unit: u16| format!("{unit:04x}")).collect::<String>())
}
