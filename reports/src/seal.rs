//! The seal: a signature inside the report's PDF, which readers of PDF show and check. It is an organisation's, so a seal
//! and no person's signature (Regulation (EU) No 910/2014, Article 3(25)).
//!
//! ```text
//! %PDF-1.7 ... %%EOF                       the report as it was rendered: the first revision, untouched
//! 4 0 obj<<.../FT/Sig/V 90 0 R>>           the field it was rendered with, which now has a value
//! 90 0 obj<</Type/Sig.../ByteRange[0 81230 114000 451]/Contents<3082...00>>>
//! 91 0 obj<</Type/XRef...>>stream ... startxref 114104 %%EOF
//! ```
//!
//! `/Contents` is CMS (RFC 5652) as PAdES baseline B-B asks for it (ETSI EN 319 142-1): ECDSA on P-256 over SHA-256, with
//! the certificate. The revision and the CMS have one form each, which whoever verifies builds again and compares: no byte
//! of them is free. What the certificate is worth does not follow from the PDF: the entry that issues the pack names its
//! SHA-256, and the issuer's Ed25519 key signs that. Steps in order: docs/spec/seal.md.

mod envelope;
mod key;
mod revision;
mod sealer;

pub use revision::HEADER;
#[cfg(feature = "pdf")]
pub(crate) use revision::pdf_time;
pub use sealer::{Sealer, SealerError};

use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use revision::Blank;

/// What a seal says beside the certificate: when, by whom, of which pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealWords<'a> {
    /// The time of the entry that issues the pack.
    pub time: Timestamp,
    /// Name of the issuer's key.
    pub issuer: &'a str,
    /// The pack's id.
    pub pack: &'a Id,
}

/// A seal that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The PDF before it was sealed.
    pub first: &'a [u8],
    /// The certificate's subject.
    pub subject: String,
}

/// Why there is no seal, or one that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// One revision only.
    #[error("carries no seal")]
    Missing,
    /// Not a PDF that this renderer made.
    #[error("is not a PDF that can be sealed")]
    Unknown,
    /// Another revision, or anything else, after it.
    #[error("has {0} bytes behind its seal, which nobody sealed")]
    Behind(usize),
    /// Its ByteRange is not the whole file but for /Contents.
    #[error("has a seal that leaves bytes out: its ByteRange is not the whole file but for the seal itself")]
    Coverage,
    /// The revision that seals says something else than it should.
    #[error("has a seal of another form, or of another pack, at byte {0}")]
    Form(usize),
    /// What stands in /Contents is not CMS in the one form.
    #[error("has a seal whose CMS is not in its one form: {0}")]
    Cms(&'static str),
    /// Sealed with another certificate.
    #[error("is sealed with the certificate {found}, and {named} is the one named")]
    Certificate {
        /// SHA-256 of the one found.
        found: Digest,
        /// SHA-256 of the one that should have been.
        named: Digest,
    },
    /// The certificate is of another time.
    #[error("is sealed at {0}, when its certificate is not valid")]
    Time(Timestamp),
    /// The seal of other bytes.
    #[error("has the seal of other bytes: the digest in it is not that of the file")]
    Content,
    /// Not signed by the certificate's key.
    #[error("has a seal that the key of its certificate did not make")]
    Signature,
    /// Certificates that do not fit.
    #[error("a seal of {size} bytes exceeds the {max} kept for it: give fewer certificates")]
    Room {
        /// Its bytes.
        size: usize,
        /// The room in the PDF.
        max: usize,
    },
}

/// Seals a PDF that [`crate::render`] made. The same PDF, sealer and words give the same bytes (RFC 6979).
pub fn seal(pdf: &[u8], sealer: &Sealer, words: &SealWords<'_>) -> Result<Vec<u8>, SealError> {
    let mut blank = Blank::new(pdf, words).ok_or(SealError::Unknown)?;
    let digest = blank.digest(&blank.bytes);
    let cms = envelope::make(sealer, &digest).map_err(|_| SealError::Cms("it cannot be encoded"))?;
    blank.fill(&cms)?;
    // What the auditor will do, so that nothing is issued that would be refused.
    check(&blank.bytes, &sealer.certificate(), words)?;
    Ok(blank.bytes)
}

/// Checks the seal of a PDF: by `certificate`, a SHA-256 from outside the PDF, over all of it, with nothing behind it.
pub fn check<'a>(
    pdf: &'a [u8],
    certificate: &Digest,
    words: &SealWords<'_>,
) -> Result<Sealed<'a>, SealError> {
    let first = revision::first(pdf).ok_or(SealError::Unknown)?;
    if first.len() == pdf.len() {
        return Err(SealError::Missing);
    }
    let blank = Blank::new(first, words).ok_or(SealError::Unknown)?;
    let cms = blank.contents(pdf)?;
    let subject = envelope::check(&cms, &blank.digest(pdf), certificate, words.time)?;
    Ok(Sealed { first, subject })
}

#[cfg(test)]
mod tests;
