//! The issuer's own sealer: key and certificate, made from his Ed25519 key.

use super::super::envelope::fingerprint;
use super::{SealKey, Sealer};
use affiant_ledger::digest::Digest;
use affiant_ledger::key::SigningKey;
use affiant_ledger::time::Timestamp;
use der::DateTime;
use der::asn1::ObjectIdentifier;
use std::time::Duration;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoRef;
use x509_cert::time::{Time, Validity};

/// What the secret of a seal is derived for.
const PURPOSE: &str = "affiant seal v1";
/// Longest common name, in characters (RFC 5280, ub-common-name).
const NAME_LENGTH_MAX: usize = 64;
/// Purpose of a key: signing documents (RFC 9336).
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

impl Sealer {
    /// The issuer's own: key and certificate are made from his Ed25519 key, so they need no file of their own, are
    /// followed by others when it is, and are the same each time. The certificate is signed by its own key, names
    /// `name`, counts from `since` on, when the issuer's key began to count, and has no end.
    pub fn of_issuer(issuer: &SigningKey, name: &str, since: Timestamp) -> Self {
        let keys = (0u8..).filter_map(|n| SealKey::from_secret(&issuer.derived(PURPOSE, n)));
        let key = keys.into_iter().next().unwrap_or_else(|| panic!("one of 256 digests is a key"));
        let certificate = self_signed(&key, name, since)
            .unwrap_or_else(|error| panic!("a name and two times fit a certificate: {error}"));
        let fingerprint = fingerprint(&certificate)
            .unwrap_or_else(|error| panic!("a certificate that was signed is encoded: {error}"));
        Self { key, certificates: vec![certificate], fingerprint }
    }
}

fn self_signed(
    key: &SealKey,
    name: &str,
    since: Timestamp,
) -> x509_cert::builder::Result<x509_cert::Certificate> {
    // Every byte escaped: a key's name may hold what means something in a distinguished name (RFC 4514, section 3).
    let shown: String = name.chars().take(NAME_LENGTH_MAX).collect();
    let escaped: String = shown.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let subject: Name = format!("CN={escaped}").parse()?;
    let since = DateTime::from_unix_duration(Duration::from_secs(since.as_millis() / 1000))?;
    let validity = Validity::new(Time::from(since), Time::INFINITY);
    // Positive, and another for every key.
    let mut serial = Digest::of(&key.point()).as_bytes()[..16].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    key.certify(OwnProfile(subject), SerialNumber::new(&serial)?, validity)
}

struct OwnProfile(Name);

impl BuilderProfile for OwnProfile {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer: SubjectPublicKeyInfoRef<'_>,
        _certificate: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let mut all = Vec::new();
        let constraints = BasicConstraints { ca: false, path_len_constraint: None };
        all.push(constraints.to_extension(&self.0, &all)?);
        let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation);
        all.push(usage.to_extension(&self.0, &all)?);
        all.push(ExtendedKeyUsage(vec![DOCUMENT_SIGNING]).to_extension(&self.0, &all)?);
        Ok(all)
    }
}
