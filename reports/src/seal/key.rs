//! ECDSA on P-256 over SHA-256 (FIPS 186-5), deterministic when signing (RFC 6979). The only file that imports `p256`.

use der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::DecodePrivateKey;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// A private key that seals. Wiped from memory when dropped, never printed.
#[derive(Clone)]
pub(super) struct SealKey(SigningKey);

impl SealKey {
    /// Of 32 bytes; `None` for the one in four billion that are no key.
    #[cfg(feature = "pdf")]
    pub(super) fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        SigningKey::from_slice(secret).ok().map(Self)
    }

    /// Of PKCS#8 DER; `None` for a key of another kind.
    pub(super) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        p256::SecretKey::from_pkcs8_der(der).ok().map(|key| Self(key.into()))
    }

    /// Signs; gives DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(message);
        signature.as_bytes().to_vec()
    }

    /// Whether a certificate's key is the public half.
    pub(super) fn is_of(&self, certified: &SubjectPublicKeyInfoOwned) -> bool {
        public(certified).is_some_and(|public| public == *self.0.verifying_key())
    }

    /// A certificate that this key signs for itself.
    #[cfg(feature = "pdf")]
    pub(super) fn certify<P: x509_cert::builder::profile::BuilderProfile>(
        &self,
        profile: P,
        serial: x509_cert::serial_number::SerialNumber,
        validity: x509_cert::time::Validity,
    ) -> x509_cert::builder::Result<x509_cert::Certificate> {
        use x509_cert::builder::{Builder, CertificateBuilder};
        let public = SubjectPublicKeyInfoOwned::from_key(self.0.verifying_key())?;
        CertificateBuilder::new(profile, serial, validity, public)?.build::<_, DerSignature>(&self.0)
    }

    /// The public half as a point, uncompressed.
    #[cfg(feature = "pdf")]
    pub(super) fn point(&self) -> Vec<u8> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }
}

/// Whether `signature`, in DER, is a certified key's over `message`.
pub(super) fn verifies(certified: &SubjectPublicKeyInfoOwned, message: &[u8], signature: &[u8]) -> bool {
    let (Some(key), Ok(signature)) = (public(certified), DerSignature::from_bytes(signature)) else {
        return false;
    };
    // ECDSA on P-256 has no weak keys to refuse, and a seal is compared with its one form beside this.
    #[allow(clippy::disallowed_methods, reason = "the strict rule is Ed25519's")]
    let right = key.verify(message, &signature).is_ok();
    right
}

fn public(certified: &SubjectPublicKeyInfoOwned) -> Option<VerifyingKey> {
    let curve = certified.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()?;
    let known = certified.algorithm.oid == EC_PUBLIC_KEY && curve == P_256;
    let point = certified.subject_public_key.as_bytes().filter(|_| known)?;
    VerifyingKey::from_sec1_bytes(point).ok()
}
