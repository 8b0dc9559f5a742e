//! The CMS of a seal (RFC 5652), in one form: SignedData without content, one signer, his certificates, and the three
//! signed attributes of PAdES baseline B-B.
//!
//! ```text
//! SignedData 1  digests {SHA-256}  content: data, detached  certificates {own, others of its chain}
//!   SignerInfo 1  issuer and serial number  SHA-256
//!     contentType = data   messageDigest = SHA-256 of the PDF but for /Contents
//!     signingCertificateV2 = SHA-256 of the certificate (RFC 5035)
//!   ecdsa-with-SHA256 over the attributes
//! ```
//!
//! `cms` and `x509_cert` give the types; what was read is built again and compared, so their laxness accepts nothing.

use super::SealError;
use super::key;
use super::sealer::Sealer;
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
    SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode, Tag};
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::spki::AlgorithmIdentifierOwned;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ECDSA_WITH_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// Signs a digest; gives DER.
pub(super) fn make(sealer: &Sealer, digest: &Digest) -> der::Result<Vec<u8>> {
    let own = sealer.own();
    let signature = sealer.key().sign(&attributes(digest, own)?.to_der()?);
    encode(sealer.certificates(), own, digest, &signature)
}

/// Checks what /Contents holds: DER, then zeros. Gives the certificate's subject.
pub(super) fn check(
    contents: &[u8],
    digest: &Digest,
    named: &Digest,
    time: Timestamp,
) -> Result<String, SealError> {
    let unreadable = |_| SealError::Cms("it cannot be read");
    let (info, zeros) = ContentInfo::from_der_partial(contents).map_err(unreadable)?;
    let cms = &contents[..contents.len() - zeros.len()];
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(SealError::Cms("something stands behind it"));
    }
    let signed: SignedData = info.content.decode_as().map_err(unreadable)?;
    let certificates = certificates(&signed)?;
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(SealError::Cms("it has not one signer"));
    };
    let own = own(&certificates, &signer.sid, named)?;
    if message_digest(signer).is_some_and(|found| found != digest.as_bytes()) {
        return Err(SealError::Content);
    }
    let signature = signer.signature.as_bytes();
    if encode(&certificates, own, digest, signature).map_err(unreadable)? != cms {
        return Err(SealError::Cms("something in it is missing, added or spelt in another way"));
    }
    let message = attributes(digest, own).and_then(|attributes| attributes.to_der()).map_err(unreadable)?;
    let tbs = own.tbs_certificate();
    if !key::verifies(tbs.subject_public_key_info(), &message, signature) {
        return Err(SealError::Signature);
    }
    if !is_valid(own, time) {
        return Err(SealError::Time(time));
    }
    Ok(tbs.subject().to_string())
}

/// Whether an instant lies within the time of a certificate.
pub(super) fn is_valid(certificate: &Certificate, time: Timestamp) -> bool {
    let validity = certificate.tbs_certificate().validity();
    let (from, to) = (validity.not_before.to_unix_duration(), validity.not_after.to_unix_duration());
    (from.as_secs()..=to.as_secs()).contains(&(time.as_millis() / 1000))
}

/// SHA-256 of a certificate.
pub(super) fn fingerprint(certificate: &Certificate) -> der::Result<Digest> {
    Ok(Digest::of(&certificate.to_der()?))
}

fn certificates(signed: &SignedData) -> Result<Vec<Certificate>, SealError> {
    let set = signed.certificates.as_ref().ok_or(SealError::Cms("it has no certificates"))?;
    let certificate = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(certificate) => Ok(certificate.clone()),
        CertificateChoices::Other(_) => Err(SealError::Cms("it has a certificate of another format")),
    };
    set.0.iter().map(certificate).collect()
}

/// The certificate named; where it is not there, the refusal says which one the signer claims.
fn own<'a>(
    certificates: &'a [Certificate],
    claimed: &SignerIdentifier,
    named: &Digest,
) -> Result<&'a Certificate, SealError> {
    let is = |certificate: &&Certificate| fingerprint(certificate).is_ok_and(|found| found == *named);
    let claims = |certificate: &&Certificate| *claimed == identifier(certificate);
    let own =
        certificates.iter().find(claims).ok_or(SealError::Cms("the signer's certificate is missing"))?;
    if is(&own) {
        return Ok(own);
    }
    let found = fingerprint(own).map_err(|_| SealError::Cms("it cannot be read"))?;
    Err(SealError::Certificate { found, named: *named })
}

fn identifier(certificate: &Certificate) -> SignerIdentifier {
    let tbs = certificate.tbs_certificate();
    SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
        issuer: tbs.issuer().clone(),
        serial_number: tbs.serial_number().clone(),
    })
}

fn message_digest(signer: &SignerInfo) -> Option<Vec<u8>> {
    let attribute = signer.signed_attrs.as_ref()?.iter().find(|attribute| attribute.oid == MESSAGE_DIGEST)?;
    let value: OctetString = attribute.values.get(0)?.decode_as().ok()?;
    Some(value.as_bytes().to_vec())
}

/// What is signed.
fn attributes(digest: &Digest, certificate: &Certificate) -> der::Result<SignedAttributes> {
    let attribute =
        |oid, value| Ok::<_, der::Error>(Attribute { oid, values: SetOfVec::try_from(vec![value])? });
    let sequence = |content: &[u8]| Any::new(Tag::Sequence, content)?.to_der();
    // SigningCertificateV2 { certs { ESSCertIDv2 { certHash } } }: SHA-256 is its default.
    let hash = OctetString::new(fingerprint(certificate)?.as_bytes().as_slice())?.to_der()?;
    let signing_certificate = Any::new(Tag::Sequence, sequence(&sequence(&hash)?)?)?;
    SignedAttributes::try_from(vec![
        attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest.as_bytes().as_slice())?)?)?,
        attribute(SIGNING_CERTIFICATE_V2, signing_certificate)?,
    ])
}

fn encode(
    certificates: &[Certificate],
    own: &Certificate,
    digest: &Digest,
    signature: &[u8],
) -> der::Result<Vec<u8>> {
    let algorithm = |oid| AlgorithmIdentifierOwned { oid, parameters: None };
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: identifier(own),
        digest_alg: algorithm(SHA_256),
        signed_attrs: Some(attributes(digest, own)?),
        signature_algorithm: algorithm(ECDSA_WITH_SHA_256),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let choices: Vec<CertificateChoices> =
        certificates.iter().cloned().map(CertificateChoices::Certificate).collect();
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA_256)])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(choices)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![signer])?,
    };
    ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()
}
