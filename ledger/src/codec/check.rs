//! The strict checker: the definition of the CBOR this project reads.
//!
//! One pass over the bytes, nothing copied, nothing kept. It runs over every payload of a ledger, so what is usual, a
//! short head, text in ASCII, a key longer than the one before, is looked at first; what is not, is judged the same.

use super::CodecError;
use std::cmp::Ordering;

/// The head of an item: what stands before its content.
pub(super) struct Head {
    /// Major type, 0 to 7.
    pub(super) major: u8,
    /// Additional information, 0 to 31.
    pub(super) info: u8,
    /// The number, the length or the count.
    pub(super) argument: u64,
    /// Where the content begins.
    pub(super) end: usize,
}

/// Reads the head at `start`.
#[inline]
pub(super) fn head(bytes: &[u8], start: usize) -> Result<Head, CodecError> {
    let first = *bytes.get(start).ok_or(CodecError::End(start))?;
    let (major, info) = (first >> 5, first & 31);
    if info < 24 {
        return Ok(Head { major, info, argument: u64::from(info), end: start + 1 });
    }
    long_head(bytes, start, major, info)
}

/// The head of a number or length of 24 and more.
fn long_head(bytes: &[u8], start: usize, major: u8, info: u8) -> Result<Head, CodecError> {
    let rest = &bytes[start + 1..];
    let (argument, width, least) = match info {
        24 => (number::<1>(rest), 1, 24),
        25 => (number::<2>(rest), 2, 1 << 8),
        26 => (number::<4>(rest), 4, 1 << 16),
        27 => (number::<8>(rest), 8, 1 << 32),
        31 => return Err(CodecError::Indefinite(start)),
        _ => return Err(CodecError::Kind(start)),
    };
    let argument = argument.ok_or(CodecError::End(start))?;
    // Behind major type 7 stand floats and simple values, which are refused as such.
    if major != 7 && argument < least {
        return Err(CodecError::NotShortest(start));
    }
    Ok(Head { major, info, argument, end: start + 1 + width })
}

/// The big-endian number in the first `N` bytes, `N` at most 8.
fn number<const N: usize>(bytes: &[u8]) -> Option<u64> {
    let bytes = bytes.first_chunk::<N>()?;
    let mut whole = [0; 8];
    whole[8 - N..].copy_from_slice(bytes);
    Some(u64::from_be_bytes(whole))
}

/// Checks the item at `start`, which may be nested `depth` levels; gives where it ends.
pub(super) fn item(bytes: &[u8], start: usize, depth: u8) -> Result<usize, CodecError> {
    if depth == 0 {
        return Err(CodecError::Depth(start));
    }
    let head = head(bytes, start)?;
    match head.major {
        0 | 1 => Ok(head.end),
        2 => Ok(content(bytes, start, &head)?.1),
        3 => text(bytes, start, &head),
        4 => (0..head.argument).try_fold(head.end, |at, _| item(bytes, at, depth - 1)),
        5 => pairs(bytes, &head, depth - 1),
        7 if (20..=22).contains(&head.info) => Ok(head.end),
        _ => Err(CodecError::Kind(start)),
    }
}

/// The content of a string, and where it ends.
#[inline]
pub(super) fn content<'a>(
    bytes: &'a [u8],
    start: usize,
    head: &Head,
) -> Result<(&'a [u8], usize), CodecError> {
    let end = usize::try_from(head.argument).ok().and_then(|length| head.end.checked_add(length));
    let end = end.ok_or(CodecError::End(start))?;
    let content = bytes.get(head.end..end).ok_or(CodecError::End(start))?;
    Ok((content, end))
}

#[inline]
fn text(bytes: &[u8], start: usize, head: &Head) -> Result<usize, CodecError> {
    let (content, end) = content(bytes, start, head)?;
    let sound = content.is_ascii() || std::str::from_utf8(content).is_ok();
    if sound { Ok(end) } else { Err(CodecError::Utf8(start)) }
}

/// Keys rise bytewise, so none stands twice.
fn pairs(bytes: &[u8], map: &Head, depth: u8) -> Result<usize, CodecError> {
    let mut at = map.end;
    let mut last: &[u8] = &[];
    for _ in 0..map.argument {
        let end = item(bytes, at, depth)?;
        let key = &bytes[at..end];
        match order(last, key) {
            Ordering::Less => {}
            Ordering::Equal => return Err(CodecError::KeyTwice(at)),
            Ordering::Greater => return Err(CodecError::KeyOrder(at)),
        }
        last = key;
        at = item(bytes, end, depth)?;
    }
    Ok(at)
}

/// The bytewise order of two keys. The first byte holds the length of a short text and mostly decides.
#[inline]
fn order(last: &[u8], key: &[u8]) -> Ordering {
    last.first().cmp(&key.first()).then_with(|| last.cmp(key))
}
