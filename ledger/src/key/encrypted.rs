//! Private keys under a passphrase: encrypted PKCS#8 PEM (RFC 5958 section 3, PBES2 of RFC 8018), as openssl reads and
//! writes it.
//!
//! ```text
//! -----BEGIN ENCRYPTED PRIVATE KEY-----
//! PBKDF2-HMAC-SHA-256 with 600,000 rounds and a salt of 16 bytes, then AES-256-CBC
//! -----END ENCRYPTED PRIVATE KEY-----
//! ```
//!
//! Written so; read also with other rounds, the other SHA-2 functions, scrypt, and other lengths of AES. The only file
//! that imports `pkcs8`. What a file asks for in time and memory is bounded before it is done. The padding is all that
//! shows a wrong passphrase: a damaged file may open as another key, so whoever opens one compares the public half with
//! what they know.

use super::{KeyError, SigningKey, is_encrypted};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::PemLabel;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use std::fmt;
use zeroize::Zeroizing;

/// Longest passphrase, in bytes.
pub const PASSPHRASE_SIZE_MAX: usize = 1024;
/// Rounds of PBKDF2 when a key is written (OWASP, 2023).
const ROUNDS: u32 = 600_000;
/// Most rounds of PBKDF2 when a key is read.
const ROUNDS_MAX: u64 = 4_000_000;
/// Most blocks of 128 bytes that scrypt fills (cost x block size x parallelisation) when a key is read: 128 MiB.
const BLOCKS_MAX: u64 = 1 << 20;

/// What opens an encrypted private key. Wiped from memory when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase as typed, or as a file holds it: one line feed at its end is not part of it.
    pub fn new(text: impl Into<Zeroizing<String>>) -> Result<Self, KeyError> {
        let text: Zeroizing<String> = text.into();
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let sound = (1..=PASSPHRASE_SIZE_MAX).contains(&line.len()) && !line.contains(['\n', '\r', '\0']);
        if sound { Ok(Self(Zeroizing::new(line.to_owned()))) } else { Err(KeyError::Passphrase) }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

impl SigningKey {
    /// The key as encrypted PKCS#8 PEM, with fresh randomness.
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Zeroizing<String> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        crate::random::fill(&mut salt);
        crate::random::fill(&mut iv);
        let sealed = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
            .and_then(|scheme| {
                let bytes = scheme.encrypt(passphrase.0.as_bytes(), self.to_der().as_bytes())?;
                Ok((EncryptionScheme::from(scheme), bytes))
            })
            .unwrap_or_else(|error| panic!("48 bytes are encrypted: {error}"));
        let pem = OctetStringRef::new(&sealed.1).and_then(|encrypted_data| {
            let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: sealed.0, encrypted_data };
            SecretDocument::encode_msg(&info)?.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
        });
        pem.unwrap_or_else(|error| panic!("64 bytes fit PKCS#8: {error}"))
    }

    /// Reads a PKCS#8 PEM, encrypted or not. A passphrase that is not needed is not used.
    pub fn open_pem(pem: &str, passphrase: Option<&Passphrase>) -> Result<Self, KeyError> {
        if !is_encrypted(pem) {
            return Self::from_pem(pem);
        }
        let der = open_pkcs8(pem, passphrase).map_err(|error| match error {
            KeyError::Pkcs8 => KeyError::Pem,
            other => other,
        })?;
        Self::from_der(der.as_bytes()).map_err(|_| KeyError::WrongPassphrase)
    }
}

/// The PKCS#8 DER of a private key of any kind, from PEM, encrypted or not. A passphrase that is not needed is not used.
pub fn open_pkcs8(pem: &str, passphrase: Option<&Passphrase>) -> Result<SecretDocument, KeyError> {
    let (label, der) = SecretDocument::from_pem(pem).map_err(|_| KeyError::Pkcs8)?;
    if PrivateKeyInfoRef::validate_pem_label(label).is_ok() {
        return Ok(der);
    }
    EncryptedPrivateKeyInfoRef::validate_pem_label(label).map_err(|_| KeyError::Pkcs8)?;
    let info = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes()).map_err(|_| KeyError::Scheme)?;
    refuse_costly(&info.encryption_algorithm)?;
    let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
    info.decrypt(passphrase.0.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) => KeyError::WrongPassphrase,
        pkcs8::Error::EncryptedPrivateKey(_) => KeyError::Scheme,
        _ => KeyError::WrongPassphrase,
    })
}

/// Refuses what would take long or much memory, and what is not read here, before anything is done.
fn refuse_costly(scheme: &EncryptionScheme) -> Result<(), KeyError> {
    let EncryptionScheme::Pbes2(Parameters { kdf, .. }) = scheme else { return Err(KeyError::Scheme) };
    let (asked, unit, max) = match kdf {
        Kdf::Pbkdf2(pbkdf2) => (u64::from(pbkdf2.iteration_count), "rounds of PBKDF2", ROUNDS_MAX),
        Kdf::Scrypt(scrypt) => {
            if !scrypt.cost_parameter.is_power_of_two() {
                return Err(KeyError::Scheme);
            }
            let lanes = u64::from(scrypt.block_size).saturating_mul(scrypt.parallelization.into());
            (scrypt.cost_parameter.saturating_mul(lanes), "blocks of scrypt", BLOCKS_MAX)
        }
        _ => return Err(KeyError::Scheme),
    };
    if asked > max { Err(KeyError::Cost { asked, unit, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{from_base64, to_base64};

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned()).unwrap()
    }

    fn sealed() -> Zeroizing<String> {
        SigningKey::from_seed(&[7; 32]).to_encrypted_pem(&passphrase("correct horse"))
    }

    /// The PEM with bytes of its DER replaced.
    fn edited(pem: &str, edit: impl Fn(&mut Vec<u8>)) -> String {
        let mut lines: Vec<&str> = pem.lines().collect();
        let (first, last) = (lines.remove(0), lines.pop().unwrap());
        let mut der = from_base64(&lines.concat()).unwrap();
        edit(&mut der);
        let text = to_base64(&der);
        let body: Vec<&str> =
            (0..text.len()).step_by(64).map(|at| &text[at..(at + 64).min(text.len())]).collect();
        format!("{first}\n{}\n{last}\n", body.join("\n"))
    }

    /// Position behind `needle` in `bytes`.
    fn behind(bytes: &[u8], needle: &[u8]) -> usize {
        bytes.windows(needle.len()).position(|window| window == needle).unwrap() + needle.len()
    }

    #[test]
    fn two_files_of_one_key_share_no_salt() {
        let (one, two) = (sealed(), sealed());
        assert_ne!(one.lines().nth(2), two.lines().nth(2));
        let open = |pem: &str| SigningKey::open_pem(pem, Some(&passphrase("correct horse")));
        assert_eq!(open(&one).unwrap().verifying_key(), open(&two).unwrap().verifying_key());
        assert!(!one.contains(SigningKey::from_seed(&[7; 32]).to_pem().lines().nth(1).unwrap()));
    }

    #[test]
    fn work_beyond_bounds_is_refused_before_it_is_done() {
        // 600,000 is 0x0927c0, an integer of three bytes.
        let rounds = |value: [u8; 3]| {
            edited(&sealed(), |der| {
                let at = behind(der, &[0x02, 0x03]);
                der[at..at + 3].copy_from_slice(&value);
            })
        };
        let open = |pem: &str| SigningKey::open_pem(pem, Some(&passphrase("correct horse")));
        let (asked, unit, max) = (0x7f_ffff, "rounds of PBKDF2", ROUNDS_MAX);
        let started = std::time::Instant::now();
        assert_eq!(open(&rounds([0x7f, 0xff, 0xff])).err(), Some(KeyError::Cost { asked, unit, max }));
        assert!(started.elapsed().as_secs() < 1);
        // The same without a passphrase: nobody is asked to type one in vain.
        let refused = SigningKey::open_pem(&rounds([0x7f, 0xff, 0xff]), None);
        assert_eq!(refused.err(), Some(KeyError::Cost { asked, unit, max }));
        // Another number of rounds gives another key to decrypt with.
        assert_eq!(open(&rounds([0x09, 0x27, 0xc1])).err(), Some(KeyError::WrongPassphrase));
    }

    #[test]
    fn a_damaged_or_foreign_file_is_refused() {
        let open = |pem: &str| SigningKey::open_pem(pem, Some(&passphrase("correct horse"))).err();
        let cut = edited(&sealed(), |der| der.truncate(der.len() - 1));
        assert_eq!(open(&cut), Some(KeyError::Pem));
        // PBES2 has another number than PBKDF2: 1.2.840.113549.1.5.13.
        let other = edited(&sealed(), |der| {
            let at = behind(der, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]);
            der[at - 1] = 0x0e;
        });
        assert_eq!(open(&other), Some(KeyError::Scheme));
        assert_eq!(open("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), Some(KeyError::Pem));
        // One bit of the last block spoils the padding.
        let flipped = edited(&sealed(), |der| *der.last_mut().unwrap() ^= 1);
        assert_eq!(open(&flipped), Some(KeyError::WrongPassphrase));
    }

    #[test]
    fn a_passphrase_is_one_line_with_something_on_it() {
        for wrong in ["", "\n", "a\nb", "a\0", &"x".repeat(PASSPHRASE_SIZE_MAX + 1)] {
            assert_eq!(Passphrase::new(wrong.to_owned()).err(), Some(KeyError::Passphrase), "{wrong:?}");
        }
        let pem = SigningKey::from_seed(&[7; 32]).to_encrypted_pem(&passphrase("line\r\n"));
        assert!(SigningKey::open_pem(&pem, Some(&passphrase("line"))).is_ok());
        assert_eq!(format!("{:?}", passphrase("secret")), "Passphrase");
    }
}
