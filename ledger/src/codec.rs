//! Deterministic CBOR (RFC 8949 section 4.2.1), and nothing but.
//!
//! The only file that imports `serde_cbor`, which writes. [`check`] is the definition of what this project reads: definite
//! lengths, shortest integers, map keys unique and sorted bytewise, valid UTF-8, no floats, no tags, no simple values but
//! `false`, `true` and `null`, nesting at most 32, no trailing bytes. [`decode`] checks first, reads into a closed
//! type, then encodes again and compares: what we would not write we do not read. The reader is our own (`codec/read.rs`):
//! what a stranger sends meets no code that reads more than this.
//!
//! Types that are hashed must not use serde's `flatten`, `untagged` or internal tags: those buffer values and lose the
//! difference between byte strings and text.

mod check;
mod cursor;
mod fields;
mod read;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cmp::Ordering;
use std::ops::Range;

pub(crate) use cursor::Cursor;
pub use fields::{bytes, fields, text, uint};

/// Deepest nesting read or written.
pub const DEPTH_MAX: u8 = 32;
/// Room made for an encoding: most entries and statements fit.
const USUAL_SIZE: usize = 1024;

/// Why bytes are not the deterministic CBOR of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than the limit given.
    #[error("{size} bytes of CBOR, the limit is {max}")]
    Size {
        /// Bytes received.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The item ends before its length says.
    #[error("CBOR ends too early at byte {0}")]
    End(usize),
    /// An integer or length in a longer form than needed.
    #[error("CBOR integer not in its shortest form at byte {0}")]
    NotShortest(usize),
    /// An indefinite length.
    #[error("CBOR item of indefinite length at byte {0}")]
    Indefinite(usize),
    /// Text that is not UTF-8.
    #[error("CBOR text is not UTF-8 at byte {0}")]
    Utf8(usize),
    /// Map keys out of order.
    #[error("CBOR map keys out of order at byte {0}")]
    KeyOrder(usize),
    /// A map key twice.
    #[error("CBOR map key twice at byte {0}")]
    KeyTwice(usize),
    /// Nested too deeply.
    #[error("CBOR nested deeper than {DEPTH_MAX} at byte {0}")]
    Depth(usize),
    /// Bytes after the item.
    #[error("bytes after the end of the CBOR item at byte {0}")]
    Trailing(usize),
    /// A float, a tag or another simple value.
    #[error("CBOR float, tag or simple value at byte {0}")]
    Kind(usize),
    /// Right CBOR, wrong type.
    #[error("CBOR does not have the expected shape: {0}")]
    Shape(String),
    /// Decodes, but is not what we would write.
    #[error("CBOR is not in canonical form")]
    NotCanonical,
}

/// Encodes a value as deterministic CBOR.
///
/// # Panics
/// When the value holds a float or fails to serialise: a broken promise of the type, never of input.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let bytes = print(value);
    if check(&bytes).is_ok() {
        return bytes;
    }
    let mut sorted = Vec::with_capacity(bytes.len());
    let mut at = 0;
    canonical(&bytes, &mut at, &mut sorted);
    match check(&sorted) {
        Ok(()) => sorted,
        Err(error) => panic!("hashed types hold nothing but integers, text, bytes, lists and maps: {error}"),
    }
}

fn print<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_SIZE);
    serde_cbor::to_writer(&mut bytes, value)
        .unwrap_or_else(|error| panic!("hashed types serialise: {error}"));
    bytes
}

/// Decodes deterministic CBOR of at most `max` bytes into `T`, refusing every other form of the same value.
pub fn decode<T: DeserializeOwned + Serialize>(bytes: &[u8], max: usize) -> Result<T, CodecError> {
    if bytes.len() > max {
        return Err(CodecError::Size { size: bytes.len(), max });
    }
    check(bytes)?;
    let value: T = decode_trusted(bytes)?;
    // `bytes` are checked: a type whose fields stand in canonical order prints them as they are.
    if print(&value) == bytes || encode(&value) == bytes { Ok(value) } else { Err(CodecError::NotCanonical) }
}

/// Decodes bytes that a digest, already checked, vouches for: no canonical check, no second encoding.
pub fn decode_trusted<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    read::read(bytes)
}

/// Any item at all.
#[cfg(test)]
type Anything = serde_cbor::Value;

/// Reads as `serde_cbor` does, for our reader to be held beside.
#[cfg(test)]
fn read_by_serde_cbor<T: DeserializeOwned>(bytes: &[u8]) -> serde_cbor::Result<T> {
    let mut reader =
        serde_cbor::Deserializer::from_slice(bytes).disable_packed_format().disable_legacy_enums();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Checks that `bytes` are exactly one item of deterministic CBOR.
pub fn check(bytes: &[u8]) -> Result<(), CodecError> {
    let end = check::item(bytes, 0, DEPTH_MAX)?;
    if end == bytes.len() { Ok(()) } else { Err(CodecError::Trailing(end)) }
}

/// The text keys of a checked map with the byte range of each value, in order.
pub fn map_ranges(bytes: &[u8]) -> Result<Vec<(&str, Range<usize>)>, CodecError> {
    check(bytes)?;
    let map = check::head(bytes, 0)?;
    if map.major != 5 {
        return Err(CodecError::Shape("a map was expected".into()));
    }
    let (mut ranges, mut at) = (Vec::new(), map.end);
    for _ in 0..map.argument {
        let start = check::item(bytes, at, DEPTH_MAX)?;
        let key = text(&bytes[at..start])?;
        at = check::item(bytes, start, DEPTH_MAX)?;
        ranges.push((key, start..at));
    }
    Ok(ranges)
}

/// The order of two text keys in a map, by their content: shorter first, then bytewise.
fn order_of_keys(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Rewrites what the encoder printed into canonical form: definite lengths, sorted keys.
fn canonical(bytes: &[u8], at: &mut usize, out: &mut Vec<u8>) {
    const BREAK: u8 = 0xff;
    let start = *at;
    let (major, indefinite, count) = match check::head(bytes, start) {
        Ok(head) => {
            *at = head.end;
            (head.major, false, head.argument)
        }
        Err(CodecError::Indefinite(_)) => {
            *at += 1;
            (bytes[start] >> 5, true, u64::MAX)
        }
        Err(error) => panic!("the encoder prints CBOR: {error}"),
    };
    let more = |at: &mut usize, done: u64| {
        if !indefinite {
            return done < count;
        }
        let more = bytes[*at] != BREAK;
        *at += usize::from(!more);
        more
    };
    match major {
        2 | 3 => {
            let end = *at + count as usize;
            out.extend_from_slice(&bytes[start..end]);
            *at = end;
        }
        4 => {
            let mut items = Vec::new();
            let mut done = 0;
            while more(at, done) {
                canonical(bytes, at, &mut items);
                done += 1;
            }
            write_head(out, 4, done);
            out.extend_from_slice(&items);
        }
        5 => {
            let mut pairs = Vec::new();
            while more(at, pairs.len() as u64) {
                let (mut key, mut value) = (Vec::new(), Vec::new());
                canonical(bytes, at, &mut key);
                canonical(bytes, at, &mut value);
                pairs.push((key, value));
            }
            pairs.sort();
            write_head(out, 5, pairs.len() as u64);
            for (key, value) in pairs {
                out.extend_from_slice(&key);
                out.extend_from_slice(&value);
            }
        }
        _ => out.extend_from_slice(&bytes[start..*at]),
    }
}

/// Writes a text key.
#[inline]
pub(crate) fn write_key(out: &mut Vec<u8>, name: &str) {
    write_head(out, 3, name.len() as u64);
    out.extend_from_slice(name.as_bytes());
}

/// Writes the head of an item in its shortest form.
#[inline]
pub(crate) fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..=23 => out.push(major | argument as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, argument as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn maps_are_written_in_bytewise_order_of_their_encoded_keys() {
        let map = BTreeMap::from([("aa", 1u8), ("b", 2)]);
        assert_eq!(encode(&map), [0xa2, 0x61, b'b', 2, 0x62, b'a', b'a', 1]);
    }

    #[test]
    fn every_other_form_of_a_value_is_refused() {
        let cases: [(&[u8], CodecError); 12] = [
            (&[0x18, 0x0a], CodecError::NotShortest(0)),
            (&[0x9f, 0x01, 0xff], CodecError::Indefinite(0)),
            (&[0xa2, 0x61, b'a', 1, 0x61, b'a', 2], CodecError::KeyTwice(4)),
            (&[0xa2, 0x61, b'b', 1, 0x61, b'a', 2], CodecError::KeyOrder(4)),
            (&[0x01, 0x00], CodecError::Trailing(1)),
            (&[], CodecError::End(0)),
            (&[0xf9, 0x3c, 0x00], CodecError::Kind(0)),
            (&[0xc1, 0x00], CodecError::Kind(0)),
            (&[0xf7], CodecError::Kind(0)),
            (&[0x61, 0xff], CodecError::Utf8(0)),
            (&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CodecError::End(9)),
            (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CodecError::End(0)),
        ];
        for (bytes, error) in cases {
            assert_eq!(check(bytes), Err(error), "{bytes:02x?}");
        }
    }

    #[test]
    fn ten_thousand_levels_of_nesting_are_refused() {
        let mut bytes = vec![0x81; 10_000];
        bytes.push(0);
        assert_eq!(check(&bytes), Err(CodecError::Depth(32)));
    }

    #[test]
    fn the_array_form_of_a_struct_is_refused() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct One {
            a: u8,
        }
        assert_eq!(decode::<One>(&[0xa1, 0x61, b'a', 7], 16), Ok(One { a: 7 }));
        assert!(decode::<One>(&[0x81, 7], 16).is_err());
        assert!(decode::<One>(&[0xa1, 0x00, 7], 16).is_err());
        assert_eq!(decode::<One>(&[0xa1, 0x61, b'a', 7], 3), Err(CodecError::Size { size: 4, max: 3 }));
    }
}
