//! ZIP archives of strangers: the few members that are asked for by name, and nothing written anywhere.
//!
//! The directory at the end is followed; a name in it is only ever compared. Refused: more than [`ENTRIES_MAX`] entries,
//! members over the document limit or packed more than [`RATIO_MAX`] to one, ZIP64, encryption, a name twice, compression
//! other than none, deflate and zstd.

use super::document::Document;
use super::{DOCUMENT_SIZE_MAX, IntakeError};

/// Most entries of an archive.
pub(super) const ENTRIES_MAX: usize = 60_000;
/// Most bytes a packed byte may stand for, once a member is larger than [`RATIO_FROM`].
pub(super) const RATIO_MAX: usize = 200;
/// Members up to this size may be packed at any ratio.
const RATIO_FROM: usize = 1 << 20;

/// Sizes of the fixed parts of the end record, a directory entry and a local header.
const END: usize = 22;
const ENTRY: usize = 46;
const LOCAL: usize = 30;

/// The members with these names, in their order; `None` for one that is not there.
pub(super) fn members<const N: usize>(
    document: &Document<'_>,
    wanted: [&str; N],
) -> Result<[Option<Vec<u8>>; N], IntakeError> {
    let mut found = [const { None }; N];
    let refuse = |what: String| document.refuse("", what);
    for entry in entries(document.text).map_err(refuse)? {
        let Some(place) = wanted.iter().position(|name| name.as_bytes() == entry.name) else { continue };
        if found[place].is_some() {
            return Err(refuse(format!("`{}` stands twice in the archive", wanted[place])));
        }
        let data =
            entry.data(document.text).map_err(|what| refuse(format!("`{}`: {what}", wanted[place])))?;
        found[place] = Some(data);
    }
    Ok(found)
}

/// What the directory says of a member.
struct Entry<'a> {
    name: &'a [u8],
    flags: usize,
    method: usize,
    packed: usize,
    size: usize,
    at: usize,
}

/// Little-endian numbers of a header, of two and of four bytes.
fn two(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn four(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}

/// The entries of the directory.
fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    // The end record has a comment of up to 65,535 bytes behind it.
    let from = bytes.len().saturating_sub(END + 65_535);
    let last = bytes[from..].windows(4).rposition(|window| window == b"PK\x05\x06");
    let end = last.and_then(|at| bytes.get(from + at..)).ok_or("no ZIP directory: is the file cut off?")?;
    let read = || Some((two(end, 4)?, two(end, 10)?, four(end, 12)?, four(end, 16)?, two(end, 20)?));
    let (disk, count, size, start, comment) = read().ok_or("the ZIP directory ends too early")?;
    if END + comment != end.len() {
        return Err("the ZIP directory does not end where the file does".to_owned());
    }
    if count == 0xffff || start == 0xffff_ffff || size == 0xffff_ffff {
        return Err("ZIP64 is not read".to_owned());
    }
    if disk != 0 || count > ENTRIES_MAX {
        return Err(format!("{count} entries, the limit is {ENTRIES_MAX}"));
    }
    let mut found = Vec::new();
    let mut rest = bytes.get(start..).unwrap_or_default();
    for _ in 0..count {
        let (entry, length) = entry(rest).ok_or("the ZIP directory is damaged")?;
        found.push(entry);
        rest = &rest[length..];
    }
    Ok(found)
}

/// The first entry there, and its length.
fn entry(bytes: &[u8]) -> Option<(Entry<'_>, usize)> {
    bytes.starts_with(b"PK\x01\x02").then_some(())?;
    let (name, extra, comment) = (two(bytes, 28)?, two(bytes, 30)?, two(bytes, 32)?);
    let length = ENTRY + name + extra + comment;
    let entry = Entry {
        name: bytes.get(ENTRY..ENTRY + name)?,
        flags: two(bytes, 8)?,
        method: two(bytes, 10)?,
        packed: four(bytes, 20)?,
        size: four(bytes, 24)?,
        at: four(bytes, 42)?,
    };
    (length <= bytes.len()).then_some((entry, length))
}

impl Entry<'_> {
    fn data(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        if self.flags & 1 != 0 {
            return Err("it is encrypted".to_owned());
        }
        if self.size > DOCUMENT_SIZE_MAX {
            return Err(format!("{} bytes, the limit is {DOCUMENT_SIZE_MAX}", self.size));
        }
        if self.size > RATIO_FROM && self.size / RATIO_MAX > self.packed {
            return Err(format!("packed more than {RATIO_MAX} to one"));
        }
        let packed = self.packed(bytes).ok_or("it lies outside the archive")?;
        let data = unpacked(self.method, packed, self.size)?;
        if data.len() == self.size {
            Ok(data)
        } else {
            Err(format!("not the {} bytes it should have", self.size))
        }
    }

    fn packed<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let local = bytes.get(self.at..)?;
        local.starts_with(b"PK\x03\x04").then_some(())?;
        let begin = LOCAL + two(local, 26)? + two(local, 28)?;
        local.get(begin..begin.checked_add(self.packed)?)
    }
}

/// Unpacks, one byte more than `size` at most.
#[cfg(feature = "formats")]
fn unpacked(method: usize, packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
    use std::io::Read;
    match method {
        0 => Ok(packed.to_vec()),
        8 => miniz_oxide::inflate::decompress_to_vec_with_limit(packed, size)
            .map_err(|error| error.to_string()),
        93 => {
            let mut source = packed;
            let decoder =
                ruzstd::decoding::StreamingDecoder::new(&mut source).map_err(|error| error.to_string())?;
            let mut data = Vec::new();
            decoder.take(size as u64 + 1).read_to_end(&mut data).map_err(|error| error.to_string())?;
            Ok(data)
        }
        method => Err(format!("compression {method} is not read")),
    }
}

/// This build unpacks nothing.
#[cfg(not(feature = "formats"))]
fn unpacked(_: usize, _: &[u8], _: usize) -> Result<Vec<u8>, String> {
    Err("this build unpacks nothing".to_owned())
}
