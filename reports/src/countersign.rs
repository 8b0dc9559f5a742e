//! Countersigning: who verified a pack adds a line to its note, and nothing else of it changes.
//!
//! The lines of countersigners stand behind those of the issuer and of the signers that the pack names, by the name of their key
//! and its id: the same signatures give the same file, whoever came first.

use crate::archive::{self, ArchiveError, Limits};
use crate::issue::RenderPdf;
use crate::pack::{ASSESSMENT, NOTE, PackAssessment};
use crate::trust::Trust;
use crate::verdict::{Conclusion, Verdict};
use crate::verify::{verify, verify_with};
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::{
    KeyName, Note, NoteError, NoteSignature, SIGNATURES_MAX, Verifier, signature_line,
};

/// Why a pack was not countersigned.
#[derive(Debug, thiserror::Error)]
pub enum CountersignError {
    /// It is not verified.
    #[error("the pack is not verified, and not countersigned")]
    Verdict(Box<Verdict>),
    /// It cannot be read once more.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Its note cannot be read once more.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its assessment cannot be read once more.
    #[error("{ASSESSMENT}: {0}")]
    Assessment(#[from] serde_json::Error),
    /// The key has signed it.
    #[error("the key of `{0}` has signed this pack before")]
    Again(String),
    /// No line more fits.
    #[error("the pack has {SIGNATURES_MAX} signatures, and takes no more")]
    Full,
}

/// Whose line is added: name of the key, and the key.
pub type Countersigner<'a> = (&'a KeyName, &'a SigningKey);

/// The pack with a signature more, once it is verified with the keys trusted.
pub fn countersign(
    pack: &[u8],
    trust: &Trust,
    limits: &Limits,
    signer: Countersigner<'_>,
) -> Result<Vec<u8>, CountersignError> {
    signed(pack, verify(pack, Some(trust), limits), trust, limits, signer)
}

/// The same, verified with another renderer of the report, or with none.
pub fn countersign_with(
    pack: &[u8],
    trust: &Trust,
    limits: &Limits,
    render: Option<RenderPdf<'_>>,
    signer: Countersigner<'_>,
) -> Result<Vec<u8>, CountersignError> {
    signed(pack, verify_with(pack, Some(trust), limits, render), trust, limits, signer)
}

fn signed(
    pack: &[u8],
    verdict: Verdict,
    trust: &Trust,
    limits: &Limits,
    (name, key): Countersigner<'_>,
) -> Result<Vec<u8>, CountersignError> {
    if verdict.conclusion != Conclusion::Verified {
        return Err(CountersignError::Verdict(Box::new(verdict)));
    }
    let mut members = archive::read(pack, limits)?;
    let bytes = |name: &str| members.get(name).map(Vec::as_slice).unwrap_or_default();
    let assessment: PackAssessment = serde_json::from_slice(bytes(ASSESSMENT))?;
    let note = Note::parse(bytes(NOTE))?;
    let held = [&trust.issuers, &trust.signers].into_iter().flatten().map(|trusted| trusted.key.clone());
    let named = assessment.keys.signers.iter().filter_map(|signer| signer.vkey.parse().ok());
    let known: Vec<Verifier> = held.chain(named).collect();
    if let Some(again) = note.verify(&known)?.into_iter().find(|known| *known.key() == key.verifying_key()) {
        return Err(CountersignError::Again(again.name().to_string()));
    }
    if note.signatures.len() == SIGNATURES_MAX {
        return Err(CountersignError::Full);
    }
    let own = Verifier::new(name.clone(), key.verifying_key());
    let is_before = |line: &NoteSignature| (line.name.as_str(), line.key_id) < (name.as_str(), own.key_id());
    let first = 1 + assessment.keys.signers.len();
    let at = first + note.signatures.iter().skip(first).filter(|line| is_before(line)).count();
    let text = String::from_utf8_lossy(bytes(NOTE)).into_owned();
    let mut lines: Vec<&str> =
        text.get(note.text.len() + 1..).unwrap_or_default().split_inclusive('\n').collect();
    let line = signature_line(&note.text, name, key);
    lines.insert(at, &line);
    let countersigned = format!("{}\n{}", note.text, lines.concat());
    members.insert(NOTE.into(), countersigned.into_bytes());
    Ok(archive::write(&members)?)
}
