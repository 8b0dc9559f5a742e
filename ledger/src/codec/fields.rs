//! Single fields out of a map, without reading the rest of it: how statements are filed.

use super::check::{content, head};
use super::cursor::Cursor;
use super::{CodecError, order_of_keys};
use std::cmp::Ordering;

/// The values of some text keys of a map, each as the bytes of its item; `None` where the map lacks the key.
///
/// It goes from length to length and stops behind the last key wanted. What it passes over is not checked: it is for
/// bytes that were checked, or that a digest vouches for. `wanted` stands in canonical order.
pub fn fields<'a, const N: usize>(
    bytes: &'a [u8],
    wanted: [&str; N],
) -> Result<[Option<&'a [u8]>; N], CodecError> {
    let map = head(bytes, 0)?;
    if map.major != 5 {
        return Err(CodecError::Shape("a map was expected".into()));
    }
    let (mut found, mut next, mut at) = ([None; N], 0, map.end);
    for _ in 0..map.argument {
        let (key, value) = text_key(bytes, at)?;
        while next < N && order_of_keys(wanted[next].as_bytes(), key) == Ordering::Less {
            next += 1;
        }
        if next == N {
            break;
        }
        at = skip(bytes, value)?;
        if wanted[next].as_bytes() == key {
            found[next] = Some(&bytes[value..at]);
            next += 1;
        }
    }
    Ok(found)
}

/// Reads an item that is text.
pub fn text(item: &[u8]) -> Result<&str, CodecError> {
    let mut cursor = Cursor::new(item);
    let text = cursor.text()?;
    cursor.end().map(|()| text)
}

/// Reads an item that is a byte string of `N` bytes.
pub fn bytes<const N: usize>(item: &[u8]) -> Result<&[u8; N], CodecError> {
    let mut cursor = Cursor::new(item);
    let bytes = cursor.bytes()?;
    cursor.end().map(|()| bytes)
}

/// Reads an item that is an unsigned number.
pub fn uint(item: &[u8]) -> Result<u64, CodecError> {
    let mut cursor = Cursor::new(item);
    let number = cursor.uint()?;
    cursor.end().map(|()| number)
}

/// The text key at `start`, and where its value begins.
fn text_key(bytes: &[u8], start: usize) -> Result<(&[u8], usize), CodecError> {
    let key = head(bytes, start)?;
    if key.major != 3 {
        return Err(CodecError::Shape(format!("a text key was expected at byte {start}")));
    }
    content(bytes, start, &key)
}

/// Where the item at `start` ends, whatever it holds.
fn skip(bytes: &[u8], start: usize) -> Result<usize, CodecError> {
    let (mut at, mut left) = (start, 1u64);
    // Every turn takes at least one byte, so hostile counts end with the bytes.
    while left > 0 {
        let head = head(bytes, at)?;
        left = match head.major {
            4 => (left - 1).saturating_add(head.argument),
            5 => (left - 1).saturating_add(head.argument.saturating_mul(2)),
            _ => left - 1,
        };
        at = if matches!(head.major, 2 | 3) { content(bytes, at, &head)?.1 } else { head.end };
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::encode;
    use std::collections::BTreeMap;

    #[test]
    fn fields_are_found_among_others_and_missing_ones_are_missing() {
        let nested = BTreeMap::from([("id", vec![[1, 2], [3, 4]]), ("zz", vec![])]);
        let map = encode(&BTreeMap::from([("a", nested.clone()), ("nested", nested)]));
        let [id, nested] = fields(&map, ["id", "nested"]).unwrap();
        assert_eq!((id, nested.map(<[u8]>::len)), (None, Some(15)), "an inner `id` is not the map's");
        let texts = encode(&BTreeMap::from([("id", "x"), ("name", "y"), ("other", "z")]));
        let [id, kind, name] = fields(&texts, ["id", "kind", "name"]).unwrap();
        assert_eq!((id.map(text), kind, name.map(text)), (Some(Ok("x")), None, Some(Ok("y"))));
        let numbers = encode(&BTreeMap::from([("n", 7u64), ("time", 1_795_312_000_000)]));
        assert_eq!(
            fields(&numbers, ["time"]).unwrap().map(|item| uint(item.unwrap())),
            [Ok(1_795_312_000_000)]
        );
    }

    #[test]
    fn hostile_lengths_and_counts_end_with_the_bytes() {
        for hostile in [
            &b"\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..],
            b"\xa1\x61a\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61a\x01",
            b"\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa1\x01\x02",
            b"\x81\x01",
            b"",
        ] {
            assert!(fields(hostile, ["z"]).is_err(), "{hostile:02x?}");
        }
        assert!(text(b"\x01").is_err() && text(b"\x61a\x00").is_err() && uint(b"\x18\x01").is_err());
    }
}
