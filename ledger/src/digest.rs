//! SHA-256 digests and the RFC 6962 leaf and node hashes.
//!
//! The only file that imports `sha2`. A digest is written as 64 lower-case hexadecimal digits in text and as a
//! 32-byte string in CBOR.
//!
//! ```text
//! EMPTY     = SHA256("")
//! LEAF(d)   = SHA256(0x00 || d)
//! NODE(l,r) = SHA256(0x01 || l || r)
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// What SHA-256 begins with (FIPS 180-4 section 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A SHA-256 digest, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// 32 zero bytes: the link before the first entry of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// SHA-256 of the parts, one after another.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// HMAC-SHA-256 of `message` (RFC 2104).
    pub fn keyed(key: &[u8; 32], message: &[u8]) -> Self {
        let pad = |with: u8| {
            let mut block = [with; 64];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            block
        };
        let inner = Self::of_parts(&[&pad(0x36), message]);
        Self::of_parts(&[&pad(0x5c), &inner.0])
    }

    /// Root of the empty tree: `SHA256("")` (RFC 6962 section 2.1).
    pub fn empty_root() -> Self {
        Self::of(b"")
    }

    /// Leaf hash of `data` (RFC 6962 section 2.1).
    pub fn leaf(data: &[u8]) -> Self {
        Self::of_parts(&[&[0x00], data])
    }

    /// Hash of an interior node (RFC 6962 section 2.1).
    pub fn node(left: &Self, right: &Self) -> Self {
        // Always 65 bytes, so two blocks with the same padding: a proof hashes hundreds of nodes.
        let mut blocks = [[0; 64]; 2];
        blocks[0][0] = 0x01;
        blocks[0][1..33].copy_from_slice(&left.0);
        blocks[0][33..].copy_from_slice(&right.0[..31]);
        blocks[1][0] = right.0[31];
        blocks[1][1] = 0x80;
        blocks[1][56..].copy_from_slice(&(8 * 65u64).to_be_bytes());
        let mut state = START;
        compress256(&mut state, &blocks);
        let mut hash = [0; 32];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        Self(hash)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A digest computed piece by piece, for files too large to hold in memory.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all pieces taken.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestError;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestError> {
        bytes.try_into().map(Self).map_err(|_| DigestError)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0u8; 64];
        for (i, byte) in self.0.iter().enumerate() {
            text[2 * i] = DIGITS[usize::from(byte >> 4)];
            text[2 * i + 1] = DIGITS[usize::from(byte & 15)];
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text was not 64 lower-case hexadecimal digits, or the bytes were not 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest (64 lower-case hexadecimal digits)")]
pub struct DigestError;

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(DigestError);
        }
        let mut bytes = [0u8; 32];
        for (i, pair) in digits.chunks_exact(2).enumerate() {
            bytes[i] = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn digit(c: u8) -> Result<u8, DigestError> {
    match c {
        b'0'..=b'9' => Ok(c - b'0'),
        b'a'..=b'f' => Ok(c - b'a' + 10),
        _ => Err(DigestError),
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
            text.parse().map_err(de::Error::custom)
        } else {
            let bytes = serde_bytes::ByteArray::<32>::deserialize(deserializer)?;
            Ok(Self(bytes.into_array()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::empty_root().to_string(), text);
        assert_eq!(text.parse(), Ok(Digest::empty_root()));
    }

    #[test]
    fn a_keyed_digest_is_the_one_of_rfc_4231() {
        let key = |bytes: &[u8]| {
            let mut key = [0; 32];
            key[..bytes.len()].copy_from_slice(bytes);
            key
        };
        for (bytes, message, digest) in [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            assert_eq!(Digest::keyed(&key(bytes), message.as_bytes()).to_string(), digest);
        }
    }

    #[test]
    fn a_node_is_the_hash_of_its_prefix_and_both_children() {
        let mut right = Digest::ZERO;
        for byte in 0..=255 {
            let left = Digest([byte; 32]);
            let node = Digest::node(&left, &right);
            assert_eq!(node, Digest::of_parts(&[&[0x01], &left.0, &right.0]));
            right = node;
        }
    }

    #[test]
    fn upper_case_short_and_long_digests_are_refused() {
        let text = Digest::empty_root().to_string();
        assert_eq!(text.to_uppercase().parse::<Digest>(), Err(DigestError));
        assert_eq!(text[1..].parse::<Digest>(), Err(DigestError));
        assert_eq!(format!("{text}0").parse::<Digest>(), Err(DigestError));
    }
}
