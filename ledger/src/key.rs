//! Ed25519 keys (RFC 8032): signing, strict verification, PEM files.
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----
//! MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH
//! -----END PRIVATE KEY-----
//! ```
//!
//! The only file that imports `ed25519-dalek`. Verification is `verify_strict`: the plain one accepts any message under
//! a weak key. Weak (low-order) public keys are refused when they are read. Private keys are written as PKCS#8 version 1
//! (RFC 5208), which openssl reads, plain or encrypted with a passphrase; public keys as SubjectPublicKeyInfo (RFC 8410).

#[cfg(feature = "sled")]
mod encrypted;

#[cfg(feature = "sled")]
pub use encrypted::{PASSPHRASE_SIZE_MAX, Passphrase, open_pkcs8};

use crate::digest::Digest;
use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes, SecretDocument,
};
use std::fmt;
use zeroize::Zeroizing;

/// A private key. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A public key that is not weak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

/// Why a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a point on the curve, or not 32 bytes.
    #[error("not an Ed25519 public key")]
    NotAKey,
    /// A key of low order: it would accept any message.
    #[error("a weak Ed25519 key (low order): any signature would pass")]
    Weak,
    /// Not a PKCS#8 PEM with an Ed25519 key.
    #[error("not an Ed25519 private key in PKCS#8 PEM form")]
    Pem,
    /// Not a PKCS#8 PEM of any private key.
    #[error("not a private key in PKCS#8 PEM form: `openssl pkcs8 -topk8` gives it that form")]
    Pkcs8,
    /// Not a SubjectPublicKeyInfo PEM with an Ed25519 key.
    #[error("not an Ed25519 public key in PEM form")]
    PublicPem,
    /// Encrypted, and no passphrase was given.
    #[error("the private key is encrypted, and no passphrase was given")]
    Encrypted,
    /// Encrypted with another passphrase, or damaged.
    #[error("the passphrase does not open the private key (or the file is damaged)")]
    WrongPassphrase,
    /// Encrypted in a way that is not read here.
    #[error("encrypted in another way than is read here: PBES2 with PBKDF2-HMAC-SHA-2 or scrypt, and AES")]
    Scheme,
    /// Opening it would take too much time or memory.
    #[error("opening the private key would take {asked} {unit}, the limit is {max}")]
    Cost {
        /// What the file asks for.
        asked: u64,
        /// Of what.
        unit: &'static str,
        /// What is done.
        max: u64,
    },
    /// No passphrase to encrypt with, or one that cannot be typed again.
    #[error("a passphrase has 1 to 1,024 bytes and no line feed")]
    Passphrase,
}

impl SigningKey {
    /// A new key from the operating system's randomness.
    #[cfg(feature = "sled")]
    pub fn generate() -> Self {
        let mut seed = [0; 32];
        crate::random::fill(&mut seed);
        Self::from_seed(&seed)
    }

    /// The key of a 32-byte seed (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads an unencrypted PKCS#8 PEM, version 1 or 2.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if is_encrypted(pem) {
            return Err(KeyError::Encrypted);
        }
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::Pem)
    }

    /// The key as PKCS#8 version 1 PEM.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.pair()
            .to_pkcs8_pem(LineEnding::LF)
            .unwrap_or_else(|error| panic!("32 bytes fit PKCS#8: {error}"))
    }

    /// Reads PKCS#8 DER.
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "only encrypted files hold it"))]
    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_der(der).map(Self).map_err(|_| KeyError::Pem)
    }

    /// The key as PKCS#8 version 1 DER.
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "only encrypted files hold it"))]
    fn to_der(&self) -> SecretDocument {
        self.pair().to_pkcs8_der().unwrap_or_else(|error| panic!("32 bytes fit PKCS#8: {error}"))
    }

    /// Without the public key, which would make it version 2.
    fn pair(&self) -> KeypairBytes {
        KeypairBytes { secret_key: self.0.to_bytes(), public_key: None }
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// A secret of 32 bytes for another purpose, which gives nothing away of this key: SHA-256 of the words
    /// `affiant derived secret v1`, the purpose, `n` and the seed.
    pub fn derived(&self, purpose: &str, n: u8) -> Zeroizing<[u8; 32]> {
        let seed = Zeroizing::new(self.0.to_bytes());
        let digest =
            Digest::of_parts(&[b"affiant derived secret v1\n", purpose.as_bytes(), b"\n", &[n], &*seed]);
        Zeroizing::new(digest.0)
    }

    /// Signs `message`; 64 bytes.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifying_key().fingerprint())
    }
}

impl VerifyingKey {
    /// Reads 32 bytes, refusing weak keys.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::NotAKey)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAKey)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// Reads a SubjectPublicKeyInfo PEM, as `openssl pkey -pubout` writes it, refusing weak keys.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::PublicPem)?;
        Self::from_bytes(key.as_bytes())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `message`, by the strict rule.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
    }

    /// SHA-256 of the 32 bytes, for people to compare.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(self.as_bytes())
    }

    /// The key as SubjectPublicKeyInfo PEM, for openssl.
    pub fn to_pem(&self) -> String {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.unwrap_or_else(|error| panic!("32 bytes fit SubjectPublicKeyInfo: {error}"))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint())
    }
}

/// Whether a PEM text says that its private key is encrypted.
pub(crate) fn is_encrypted(pem: &str) -> bool {
    pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_alone() {
        let key = SigningKey::from_seed(&[7; 32]);
        let mut signature = key.sign(b"message");
        assert!(key.verifying_key().verifies(b"message", &signature));
        assert!(!key.verifying_key().verifies(b"messagf", &signature));
        signature[0] ^= 1;
        assert!(!key.verifying_key().verifies(b"message", &signature));
    }

    #[test]
    fn a_private_key_survives_its_pem_and_is_version_1() {
        let key = SigningKey::from_seed(&[7; 32]);
        let pem = key.to_pem();
        assert_eq!(SigningKey::from_pem(&pem).unwrap().verifying_key(), key.verifying_key());
        // 48 bytes of DER: version 2 would carry the public key too and be longer.
        assert_eq!(pem.lines().nth(1).map(str::len), Some(64));
        assert_eq!(pem.lines().count(), 3);
        assert!(
            SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err()
        );
    }

    #[test]
    fn a_public_key_survives_its_pem_and_a_weak_one_does_not() {
        let key = SigningKey::from_seed(&[7; 32]).verifying_key();
        assert_eq!(VerifyingKey::from_pem(&key.to_pem()), Ok(key));
        assert_eq!(
            VerifyingKey::from_pem(&SigningKey::from_seed(&[7; 32]).to_pem()),
            Err(KeyError::PublicPem)
        );
        // The identity element, as openssl would print it.
        let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
        assert_eq!(VerifyingKey::from_pem(weak), Err(KeyError::Weak));
    }

    #[test]
    fn a_derived_secret_is_of_its_key_purpose_and_number_alone() {
        let key = SigningKey::from_seed(&[7; 32]);
        let secret = key.derived("one", 0);
        assert_eq!(*secret, *key.clone().derived("one", 0));
        let others = [key.derived("two", 0), key.derived("one", 1)];
        let other = SigningKey::from_seed(&[8; 32]).derived("one", 0);
        assert!(others.iter().chain([&other]).all(|other| **other != *secret));
        // By sha256sum over the words.
        let expected = "1bf035f5b8780b1d5525a0dd127cd02fec1f09ee49854ff3765fb8037a333636";
        assert_eq!(Digest(*secret).to_string(), expected);
    }

    #[test]
    fn weak_keys_are_refused() {
        let mut identity = [0u8; 32];
        identity[0] = 1;
        assert_eq!(VerifyingKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
        assert_eq!(VerifyingKey::from_bytes(&[0; 31]), Err(KeyError::NotAKey));
    }
}
