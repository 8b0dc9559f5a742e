//! Checks 2 and 4: who signed the pack and the head of the ledger, by keys from outside.

use super::{Members, member};
use crate::pack::{ASSESSMENT, CHECKPOINT, ClaimedKeys, NOTE, PackAssessment, PackNote};
use crate::trust::Trust;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::{Note, Verifier};

/// Lines of a checkpoint with its one signature: three of text, an empty one, the signature.
const CHECKPOINT_LINES: usize = 5;

/// The keys a pack is checked with.
pub(super) struct Keys(Trust);

impl Keys {
    /// The auditor's; without them, the ones that the pack claims.
    pub(super) fn of(trust: Option<&Trust>, claimed: Result<&ClaimedKeys, &String>) -> Result<Self, String> {
        if let Some(trust) = trust {
            return Ok(Self(trust.clone()));
        }
        let claimed = claimed.map_err(Clone::clone)?;
        Ok(Self(Trust { logs: vec![key(&claimed.log)?], issuers: vec![key(&claimed.issuer)?] }))
    }

    /// A checkpoint that one of the log keys signed.
    pub(super) fn open(&self, note: &[u8]) -> Option<Checkpoint> {
        Some(self.0.open(note)?.ok()?.0)
    }
}

fn key(text: &str) -> Result<TrustedKey, String> {
    let key: Verifier = text.parse().map_err(|error| format!("a claimed key: {error}"))?;
    if key.is_plain() {
        Ok(TrustedKey::always(key))
    } else {
        Err("a claimed key is not a plain Ed25519 key".into())
    }
}

/// The pack's note, and who signed it.
pub(super) struct Signed {
    /// What it says.
    pub(super) note: PackNote,
    /// The issuer's key.
    pub(super) issuer: Verifier,
    /// What was found, in words.
    pub(super) detail: String,
}

/// The head of the ledger, and who signed it.
pub(super) struct Head {
    /// The checkpoint.
    pub(super) checkpoint: Checkpoint,
    /// The log's key.
    pub(super) log: Verifier,
    /// What was found, in words.
    pub(super) detail: String,
}

/// Check 2: signed by an issuer, and by no key that is not trusted.
pub(super) fn signature(
    members: &Members<'_>,
    keys: &Keys,
    claimed: Option<&PackAssessment>,
) -> Result<Signed, String> {
    let signed = Note::parse(member(members, NOTE)?).map_err(|error| format!("{NOTE}: {error}"))?;
    let known: Vec<Verifier> = keys.0.issuers.iter().map(|trusted| trusted.key.clone()).collect();
    let signers = signed.verify(&known).map_err(|error| format!("{NOTE}: {error}"))?;
    if signers.len() != signed.signatures.len() {
        let unknown = signed.signatures.len() - signers.len();
        return Err(format!("{NOTE}: {unknown} signature lines beside those of the trusted keys"));
    }
    let note = PackNote::from_text(&signed.text).ok_or(format!("{NOTE} is not the note of a pack"))?;
    // Of several signers the one that the assessment names; that it names one of them is part of check 3.
    let named =
        |key: &&&Verifier| claimed.is_some_and(|assessment| assessment.keys.issuer == key.to_string());
    let issuer = signers.iter().find(named).unwrap_or(&signers[0]);
    let counts = |trusted: &TrustedKey| trusted.key == **issuer && trusted.counts_for(note.size);
    if !keys.0.issuers.iter().any(counts) {
        let (key, size) = (short(issuer), note.size);
        return Err(format!(
            "{NOTE}: signed by a key of the issuer ({key}) that is not trusted for size {size}"
        ));
    }
    let detail = format!("signed by {} (key {})", issuer.name(), short(issuer));
    Ok(Signed { note, issuer: Verifier::clone(issuer), detail })
}

/// Check 4: signed by a log key, of its origin, and the one that the note and the assessment name.
pub(super) fn checkpoint(
    members: &Members<'_>,
    keys: &Keys,
    note: Option<&PackNote>,
    claimed: Option<&PackAssessment>,
) -> Result<Head, String> {
    let bytes = member(members, CHECKPOINT)?;
    let opened = keys.0.open(bytes).ok_or("no log key")?;
    let (checkpoint, log) = opened.map_err(|error| format!("{CHECKPOINT}: {error}"))?;
    if bytes.iter().filter(|byte| **byte == b'\n').count() != CHECKPOINT_LINES {
        return Err(format!("{CHECKPOINT} has more than its one signature line"));
    }
    let same = |note: &PackNote| {
        (note.size, note.root, &note.origin) == (checkpoint.size, checkpoint.root, &checkpoint.origin)
    };
    if !note.is_none_or(same) {
        return Err(format!("{NOTE} was signed over another checkpoint"));
    }
    if claimed.is_some_and(|assessment| assessment.keys.log != log.to_string()) {
        return Err(format!("{ASSESSMENT} names another log key than the one that signed"));
    }
    let detail = format!(
        "{} entries of {}, signed by the log key ({})",
        checkpoint.size,
        checkpoint.origin,
        short(log)
    );
    Ok(Head { log: log.clone(), checkpoint, detail })
}

fn short(key: &Verifier) -> String {
    format!("SHA-256 {}…", &key.key().fingerprint().to_string()[..16])
}
