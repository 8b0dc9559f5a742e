//! Who seals: a key on P-256 with its certificate. The issuer's own, made from his Ed25519 key, or the organisation's.

#[cfg(feature = "pdf")]
mod own;

use super::envelope::is_valid;
use super::key::SealKey;
use super::revision::ROOM;
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use der::{Decode, Encode};
use std::fmt;
use x509_cert::Certificate;

/// A key and its certificates.
#[derive(Clone)]
pub struct Sealer {
    key: SealKey,
    /// Its own first.
    certificates: Vec<Certificate>,
    fingerprint: Digest,
}

/// Why a key or certificate does not seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealerError {
    /// A private key of another kind.
    #[error(
        "not a private key on P-256: `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one"
    )]
    Key,
    /// No certificates, or a file that holds something else.
    #[error("not one to {CERTIFICATES_MAX} certificates in PEM form, the one of the key first: {0}")]
    Certificates(String),
    /// A certificate that reads as another than it is written.
    #[error("certificate {0} is not in the one form of DER")]
    Form(usize),
    /// The certificate of another key.
    #[error("the first certificate is of another key")]
    OtherKey,
    /// Certificates that do not fit.
    #[error("certificates of {size} bytes, of which a seal takes {max}: give fewer")]
    Room {
        /// Their bytes.
        size: usize,
        /// What a seal takes of them.
        max: usize,
    },
}

/// Most certificates of a chain.
const CERTIFICATES_MAX: usize = 8;
/// Most bytes of a chain: what a seal has room for beside its own attributes and signature, which take less than 2 KiB.
const CHAIN_SIZE_MAX: usize = ROOM - 2 * 1024;

impl Sealer {
    /// An organisation's key, PKCS#8 in DER, and its certificates in PEM, that of the key first.
    pub fn new(key: &[u8], certificates: &str) -> Result<Self, SealerError> {
        let key = SealKey::from_pkcs8(key).ok_or(SealerError::Key)?;
        let ders = pem_blocks(certificates).map_err(SealerError::Certificates)?;
        // Before anything is recorded: a pack whose report cannot be sealed would have been issued for ever.
        let size = ders.iter().map(Vec::len).sum();
        if size > CHAIN_SIZE_MAX {
            return Err(SealerError::Room { size, max: CHAIN_SIZE_MAX });
        }
        let mut chain = Vec::new();
        for (at, der) in ders.iter().enumerate() {
            let read = Certificate::from_der(der);
            let certificate = read.map_err(|error| SealerError::Certificates(error.to_string()))?;
            // Whoever verifies writes it again to see that no byte is free.
            if certificate.to_der().ok().as_ref() != Some(der) {
                return Err(SealerError::Form(at + 1));
            }
            chain.push(certificate);
        }
        let own = chain.first().ok_or_else(|| SealerError::Certificates("there is none".into()))?;
        if !key.is_of(own.tbs_certificate().subject_public_key_info()) {
            return Err(SealerError::OtherKey);
        }
        Ok(Self { key, fingerprint: Digest::of(&ders[0]), certificates: chain })
    }

    /// SHA-256 of the certificate.
    pub fn certificate(&self) -> Digest {
        self.fingerprint
    }

    /// Whether its certificate counts at an instant.
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        is_valid(self.own(), time)
    }

    pub(super) fn key(&self) -> &SealKey {
        &self.key
    }

    pub(super) fn own(&self) -> &Certificate {
        &self.certificates[0]
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

#[cfg(test)]
impl Sealer {
    /// The same with the certificate of another carried along.
    pub(super) fn beside(mut self, other: &Self) -> Self {
        self.certificates.push(other.own().clone());
        self
    }

    /// The same certificate with another's key.
    pub(super) fn with_key_of(mut self, other: &Self) -> Self {
        self.key = other.key.clone();
        self
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.fingerprint)
    }
}

/// The contents of every block of a PEM file (RFC 7468); text between them is passed over.
fn pem_blocks(text: &str) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once(BEGIN) {
        let (body, behind) = behind.split_once(END).ok_or("a certificate has no end")?;
        let body: String = body.split_ascii_whitespace().collect();
        blocks.push(affiant_ledger::note::from_base64(&body).ok_or("a certificate is not in base64")?);
        rest = behind;
    }
    let count = blocks.len();
    if count > CERTIFICATES_MAX { Err(format!("there are {count}")) } else { Ok(blocks) }
}
