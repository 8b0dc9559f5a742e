//! Tiles and bundles (C2SP tlog-tiles): the log as immutable files.
//!
//! ```text
//! tile/0/x001/x234/067          256 hashes: nodes 256 N .. 256 N + 255 of height 8 L, here L = 0
//! tile/entries/x001/x234/067    256 times (u16 BE length || entry)
//! payload/x001/x234/067         256 times (u32 BE length || payload); length 0 is an erased payload
//! ```

use crate::digest::Digest;
use crate::payload::PAYLOAD_SIZE_MAX;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u32 = 8;

/// Bytes are not a tile or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number of well-formed {0}")]
pub struct TileError(&'static str);

/// Path of the tile or bundle number `n` below its folder: groups of three digits, all but the last prefixed `x`.
pub fn path_of(n: u64) -> String {
    let mut groups = vec![format!("{:03}", n % 1000)];
    let mut rest = n / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    groups.join("/")
}

/// The number whose path this is; `None` for any other text.
pub fn number_of(path: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for group in path.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let sound = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        number = number.checked_mul(1000)?.checked_add(digits.parse().ok().filter(|_| sound)?)?;
    }
    (path_of(number) == *path).then_some(number)
}

/// The hashes of a tile.
pub fn split_hashes(tile: &[u8]) -> Result<Vec<Digest>, TileError> {
    let wrong = TileError("hashes");
    if tile.is_empty() || tile.len() > 32 * TILE_WIDTH as usize || !tile.len().is_multiple_of(32) {
        return Err(wrong);
    }
    tile.chunks_exact(32).map(|hash| Digest::try_from(hash).map_err(|_| wrong)).collect()
}

/// The entries of a bundle, at most 256.
pub fn split_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, tail) = tail.split_at_checked(length).ok_or(TileError("entries"))?;
        entries.push(entry);
        rest = tail;
    }
    let sound = rest.is_empty() && entries.len() <= TILE_WIDTH as usize;
    if sound { Ok(entries) } else { Err(TileError("entries")) }
}

/// The payloads of a bundle, at most 256; `None` is an erased one.
pub fn split_payloads(bundle: &[u8]) -> Result<Vec<Option<&[u8]>>, TileError> {
    let wrong = TileError("payloads");
    let mut payloads = Vec::new();
    let mut rest = bundle;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| wrong)?;
        if length > PAYLOAD_SIZE_MAX {
            return Err(wrong);
        }
        let (payload, tail) = tail.split_at_checked(length).ok_or(wrong)?;
        payloads.push((length > 0).then_some(payload));
        rest = tail;
    }
    let sound = rest.is_empty() && payloads.len() <= TILE_WIDTH as usize;
    if sound { Ok(payloads) } else { Err(wrong) }
}

/// Appends an entry to a bundle.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).unwrap_or_else(|_| panic!("an entry is at most 65,535 bytes"));
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// Appends a payload to a bundle.
pub fn push_payload(bundle: &mut Vec<u8>, payload: Option<&[u8]>) {
    let payload = payload.unwrap_or_default();
    let length = u32::try_from(payload.len()).unwrap_or_else(|_| panic!("a payload is at most 1 MiB"));
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_c2sp() {
        assert_eq!(path_of(0), "000");
        assert_eq!(path_of(999), "999");
        assert_eq!(path_of(1_000), "x001/000");
        assert_eq!(path_of(1_234_067), "x001/x234/067");
        for n in [0, 7, 999, 1_000, 1_234_067, u64::MAX] {
            assert_eq!(number_of(&path_of(n)), Some(n));
        }
        for wrong in [
            "",
            "0",
            "0000",
            "x000/001",
            "001/002",
            "x001",
            "x001/x002",
            "+01",
            "1 2",
            "x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(number_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cut_bundles_are_refused() {
        let mut entries = Vec::new();
        push_entry(&mut entries, b"one");
        push_entry(&mut entries, b"");
        assert_eq!(split_entries(&entries).unwrap(), [&b"one"[..], b""]);
        assert!(split_entries(&entries[..entries.len() - 1]).is_err());
        let mut payloads = Vec::new();
        push_payload(&mut payloads, Some(b"one"));
        push_payload(&mut payloads, None);
        assert_eq!(split_payloads(&payloads).unwrap(), [Some(&b"one"[..]), None]);
        assert!(split_payloads(&payloads[..payloads.len() - 1]).is_err());
        assert!(split_payloads(&[0xff; 8]).is_err());
        assert!(split_hashes(&[0; 33]).is_err());
    }
}
