//! Checks 2 and 4: who signed the pack and the head of the ledger, by keys from outside.

use super::{Members, member};
use crate::pack::{ASSESSMENT, CHECKPOINT, ClaimedKeys, NOTE, PackAssessment, PackNote};
use crate::trust::Trust;
use crate::verdict::{KeyPurpose, KeyUsed};
use affiant_controls::issued::{PackSigner, SIGNERS_MAX, SignerRole};
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::id::visible;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::{Note, NoteSignature, Verifier};
use std::collections::BTreeSet;

/// Lines of a checkpoint with its one signature: three of text, an empty one, the signature.
const CHECKPOINT_LINES: usize = 5;

/// The keys a pack is checked with.
pub(super) struct Keys {
    trust: Trust,
    outside: bool,
}

impl Keys {
    /// The auditor's; without them, the ones that the pack claims.
    pub(super) fn of(trust: Option<&Trust>, claimed: Result<&ClaimedKeys, &String>) -> Result<Self, String> {
        if let Some(trust) = trust {
            return Ok(Self { trust: trust.clone(), outside: true });
        }
        let claimed = claimed.map_err(Clone::clone)?;
        let always = |text| plain(text).map(TrustedKey::always);
        let (logs, issuers) = (vec![always(&claimed.log)?], vec![always(&claimed.issuer)?]);
        let trust = Trust { logs, issuers, signers: Vec::new() };
        Ok(Self { trust, outside: false })
    }

    /// What is known of a key that signed over a checkpoint of `size`, of the keys for this purpose.
    pub(super) fn used(&self, purpose: KeyPurpose, key: &Verifier, size: u64) -> Option<KeyUsed> {
        let keys = if purpose == KeyPurpose::Log { &self.trust.logs } else { &self.trust.issuers };
        let trusted = keys.iter().find(|trusted| trusted.key == *key && trusted.counts_for(size))?;
        Some(KeyUsed::new(purpose, trusted, self.outside))
    }

    /// A checkpoint that one of the log keys signed.
    pub(super) fn open(&self, note: &[u8]) -> Option<Checkpoint> {
        Some(self.trust.open(note)?.ok()?.0)
    }
}

fn plain(text: &str) -> Result<Verifier, String> {
    let key: Verifier = text.parse().map_err(|error| format!("a claimed key: {error}"))?;
    if key.is_plain() { Ok(key) } else { Err("a claimed key is not a plain Ed25519 key".into()) }
}

/// The pack's note, and who signed it.
pub(super) struct Signed {
    /// What it says.
    pub(super) note: PackNote,
    /// The issuer's key.
    pub(super) issuer: Verifier,
    /// Who signed beside it, as the assessment names them.
    pub(super) signers: BTreeSet<PackSigner>,
    /// The keys of everyone who signed beside the issuer.
    pub(super) beside: Vec<KeyUsed>,
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

/// Check 2: signed by an issuer, by everyone whom the assessment names beside it, and by no key that nobody vouches for. That the
/// issuing entry names the same is part of check 6.
pub(super) fn signature(
    members: &Members<'_>,
    keys: &Keys,
    claimed: Option<&PackAssessment>,
) -> Result<Signed, String> {
    let signed = Note::parse(member(members, NOTE)?).map_err(|error| format!("{NOTE}: {error}"))?;
    let claims = claimed.map(|assessment| assessment.keys.signers.clone()).unwrap_or_default();
    let (Trust { issuers, signers: trusted, .. }, named) = (&keys.trust, named(&claims)?);
    let held = issuers.iter().chain(trusted).map(|trusted| &trusted.key);
    let known: Vec<Verifier> = held.chain(named.iter().map(|(_, key)| key)).cloned().collect();
    let keys = signed.verify(&known).map_err(|error| format!("{NOTE}: {error}"))?;
    if keys.len() != signed.signatures.len() {
        return Err(left_over(&signed, &known, keys.len()));
    }
    let note = PackNote::from_text(&signed.text).ok_or(format!("{NOTE} is not the note of a pack"))?;
    let (issuer, others) = keys.split_first().ok_or(format!("{NOTE} has no signature"))?;
    if !trusts(issuers, issuer, "the issuer", note.size)? {
        return Err(format!("{NOTE}: its first signature is not that of an issuer whom you trust"));
    }
    let mut detail = format!("signed by {} (key {})", issuer.name(), short(issuer));
    detail.push_str(&beside(others, &named, trusted, note.size)?);
    let counter = signed.signatures.get(1 + named.len()..).unwrap_or_default();
    if !counter.is_sorted_by_key(|line| (&line.name, line.key_id)) {
        return Err(format!("{NOTE}: the countersignatures are not in their order"));
    }
    detail.push_str(&countersigned(others.get(named.len()..).unwrap_or_default(), trusted, note.size)?);
    let distinct: BTreeSet<&[u8; 32]> = keys.iter().map(|key| key.key().as_bytes()).collect();
    if distinct.len() != keys.len() {
        return Err(format!("{NOTE}: one key has signed in two places"));
    }
    let used = others.iter().enumerate().map(|(at, key)| {
        let purpose = named.get(at).map_or(KeyPurpose::Countersigner, |(role, _)| (*role).into());
        match trusted.iter().find(|trusted| trusted.key == **key && trusted.counts_for(note.size)) {
            Some(held) => KeyUsed::new(purpose, held, true),
            None => KeyUsed::new(purpose, &TrustedKey::always(Verifier::clone(key)), false),
        }
    });
    let beside = used.collect();
    Ok(Signed { note, issuer: Verifier::clone(issuer), signers: claims, beside, detail })
}

/// The signers named beside the issuer: each has signed, in their order.
fn beside(
    signers: &[&Verifier],
    named: &[(SignerRole, Verifier)],
    trusted: &[TrustedKey],
    size: u64,
) -> Result<String, String> {
    if let Some((role, key)) = named.iter().find(|(_, key)| !signers.contains(&key)) {
        return Err(format!("{NOTE}: `{}` is named as {role} and has not signed", key.name()));
    }
    let mut said = String::new();
    for (key, (role, expected)) in signers.iter().zip(named) {
        if *key != expected {
            return Err(format!("{NOTE}: the signatures are not in their order"));
        }
        let known = if trusts(trusted, key, role.as_str(), size)? {
            TRUSTED
        } else {
            "whose key only this pack names"
        };
        said.push_str(&format!("; by {role} {}, {known}", shown(key)));
    }
    Ok(said)
}

/// Those who signed without being named: each is trusted to.
fn countersigned(signers: &[&Verifier], trusted: &[TrustedKey], size: u64) -> Result<String, String> {
    let mut said = String::new();
    for key in signers {
        if !trusts(trusted, key, "a countersigner", size)? {
            return Err(format!("{NOTE}: {} signed as a second issuer; a pack has one", shown(key)));
        }
        said.push_str(&format!("; countersigned by {}, {TRUSTED}", shown(key)));
    }
    Ok(said)
}

const TRUSTED: &str = "whose key you trust";

/// Whether the auditor's file holds a key; one that it holds for other sizes is refused.
fn trusts(trusted: &[TrustedKey], key: &Verifier, who: &str, size: u64) -> Result<bool, String> {
    let of_key = || trusted.iter().filter(|trusted| trusted.key == *key);
    if of_key().next().is_some() && !of_key().any(|trusted| trusted.counts_for(size)) {
        let key = short(key);
        return Err(format!("{NOTE}: signed by a key of {who} ({key}) that is not trusted for size {size}"));
    }
    Ok(of_key().next().is_some())
}

/// The keys of the signers named.
fn named(claims: &BTreeSet<PackSigner>) -> Result<Vec<(SignerRole, Verifier)>, String> {
    if claims.len() > SIGNERS_MAX {
        return Err(format!("{ASSESSMENT} names more than {SIGNERS_MAX} signers"));
    }
    let distinct: BTreeSet<&String> = claims.iter().map(|signer| &signer.vkey).collect();
    if distinct.len() != claims.len() {
        return Err(format!("{ASSESSMENT} names one key in two roles"));
    }
    claims.iter().map(|signer| Ok((signer.role, plain(&signer.vkey)?))).collect()
}

/// What to do about signature lines that no key checks, or that stand twice.
fn left_over(note: &Note, known: &[Verifier], good: usize) -> String {
    let count = note.signatures.len() - good;
    let is_known = |line: &NoteSignature| {
        known.iter().any(|key| key.name().as_str() == line.name && key.key_id() == line.key_id)
    };
    let what = match note.signatures.iter().find(|line| !is_known(line)) {
        None => "one stands twice".to_owned(),
        Some(line) => format!(
            "the first is of `{}` (key id {:08x}). If somebody countersigned, add `signer <vkey>` with their key to your \
             trust file, as they gave it to you",
            visible(&line.name),
            u32::from_be_bytes(line.key_id)
        ),
    };
    format!("{NOTE}: {count} signature lines beside those of the trusted keys; {what}")
}

/// Check 4: signed by a log key, of its origin, and the one that the note and the assessment name.
pub(super) fn checkpoint(
    members: &Members<'_>,
    keys: &Keys,
    note: Option<&PackNote>,
    claimed: Option<&PackAssessment>,
) -> Result<Head, String> {
    let bytes = member(members, CHECKPOINT)?;
    let opened = keys.trust.open(bytes).ok_or("no log key")?;
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

/// A key as its vkey begins: name and hash.
fn shown(key: &Verifier) -> String {
    format!("{}+{:08x}", key.name(), u32::from_be_bytes(key.key_id()))
}

fn short(key: &Verifier) -> String {
    format!("SHA-256 {}…", &key.key().fingerprint().to_string()[..16])
}
