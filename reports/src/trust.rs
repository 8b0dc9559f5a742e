//! Trust anchors: the keys an auditor holds, from outside any pack.
//!
//! ```text
//! # Keys of Example Bank's evidence ledger, received by hand on 2026-11-24
//! log affiant.example/log1+838b4edc+Ad8Bk3cNcb070E9ns6x+bFcOpbgDYtNuG3r0NIB+9Xa9 to 58
//! log affiant.example/log1+71fc70ca+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c from 58
//! issuer affiant.example/issuer+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
//! signer auditor.example/2026+39b4425a+AUMEa/5AkrPpSZTq2hXcwg2Kqge2WP05VOuODvuL3KXe
//! ```
//!
//! One key a line: what it is trusted for, the vkey, and the sizes of the checkpoints it is trusted for (`from` 1 and
//! without end when nothing is said; both ends included). `#` begins a comment line. The name of a log key is the origin
//! of its checkpoints. The key of an issuer, or of a signer beside it, is trusted for packs made over checkpoints of these sizes.

use affiant_ledger::checkpoint::{Checkpoint, CheckpointError, decimal};
use affiant_ledger::id::visible;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::{NoteError, Verifier};

/// Largest trust file, in bytes.
pub const TRUST_SIZE_MAX: u64 = 64 * 1024;

/// The keys trusted, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Keys that may sign checkpoints.
    pub logs: Vec<TrustedKey>,
    /// Keys that may issue packs.
    pub issuers: Vec<TrustedKey>,
    /// Keys that may sign packs beside their issuer.
    pub signers: Vec<TrustedKey>,
}

/// Why a trust file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A line is not one.
    #[error(
        "line {line}: `{text}` is not `log <vkey>`, `issuer <vkey>` or `signer <vkey>`, with or without `from <size>` and `to <size>`"
    )]
    Line {
        /// Its number, from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A key is wrong.
    #[error("line {line}: {source}")]
    Key {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        source: NoteError,
    },
    /// A key of another kind.
    #[error(
        "line {0}: not a plain Ed25519 key (a cosigner's key signs neither checkpoints of its own nor packs)"
    )]
    Algorithm(usize),
    /// Sizes that no checkpoint has.
    #[error("line {0}: sizes begin at 1, and the last is not less than the first")]
    Sizes(usize),
    /// Nothing to trust.
    #[error("no {0} key in the trust file")]
    Missing(&'static str),
}

/// What a line trusts a key for.
enum Purpose {
    Log,
    Issuer,
    Signer,
}

impl Trust {
    /// Reads a trust file.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let mut trust = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match key_line(number + 1, line)? {
                (Purpose::Log, key) => trust.logs.push(key),
                (Purpose::Issuer, key) => trust.issuers.push(key),
                (Purpose::Signer, key) => trust.signers.push(key),
            }
        }
        match (trust.logs.is_empty(), trust.issuers.is_empty()) {
            (true, _) => Err(TrustError::Missing("log")),
            (_, true) => Err(TrustError::Missing("issuer")),
            _ => Ok(trust),
        }
    }

    /// The file's text, under a comment.
    pub fn to_text(&self, comment: &str) -> String {
        let mut text: String = comment.lines().map(|line| format!("# {line}\n")).collect();
        for (purpose, keys) in [("log", &self.logs), ("issuer", &self.issuers), ("signer", &self.signers)] {
            for TrustedKey { key, from, to } in keys {
                let from = if *from > 1 { format!(" from {from}") } else { String::new() };
                let to = to.map_or_else(String::new, |to| format!(" to {to}"));
                text.push_str(&format!("{purpose} {key}{from}{to}\n"));
            }
        }
        text
    }

    /// Opens a checkpoint signed by a log key that is trusted for its size, of the origin that is the key's name; `None`
    /// when no log key is held.
    pub fn open(&self, note: &[u8]) -> Option<Result<(Checkpoint, &Verifier), CheckpointError>> {
        let mut refusal = None;
        for trusted in &self.logs {
            match open_with(note, trusted) {
                Ok(checkpoint) => return Some(Ok((checkpoint, &trusted.key))),
                // What one key says of a note it signed tells more than that another did not sign it.
                Err(CheckpointError::Note(NoteError::Unsigned)) if refusal.is_some() => {}
                Err(error) => refusal = Some(error),
            }
        }
        refusal.map(Err)
    }
}

fn open_with(note: &[u8], trusted: &TrustedKey) -> Result<Checkpoint, CheckpointError> {
    let TrustedKey { key, from, to } = trusted;
    let checkpoint = Checkpoint::open(note, key.name().as_str(), key)?;
    if trusted.counts_for(checkpoint.size) {
        return Ok(checkpoint);
    }
    Err(CheckpointError::Range { size: checkpoint.size, from: *from, until: *to })
}

/// Reads a line that is not a comment.
fn key_line(number: usize, line: &str) -> Result<(Purpose, TrustedKey), TrustError> {
    let wrong = || TrustError::Line { line: number, text: visible(line) };
    let words: Vec<&str> = line.split_whitespace().collect();
    let [purpose, key, sizes @ ..] = &words[..] else { return Err(wrong()) };
    let purpose = match *purpose {
        "log" => Purpose::Log,
        "issuer" => Purpose::Issuer,
        "signer" => Purpose::Signer,
        _ => return Err(wrong()),
    };
    let size = |text: &str| decimal(text).ok_or_else(wrong);
    let (from, to) = match sizes {
        [] => (1, None),
        ["from", from] => (size(from)?, None),
        ["to", to] => (1, Some(size(to)?)),
        ["from", from, "to", to] => (size(from)?, Some(size(to)?)),
        _ => return Err(wrong()),
    };
    let key: Verifier = key.parse().map_err(|source| TrustError::Key { line: number, source })?;
    if !key.is_plain() {
        return Err(TrustError::Algorithm(number));
    }
    if from == 0 || to.is_some_and(|to| to < from) {
        return Err(TrustError::Sizes(number));
    }
    Ok((purpose, TrustedKey { key, from, to }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use affiant_ledger::digest::Digest;
    use affiant_ledger::key::SigningKey;

    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn a_trust_file_reads_back() {
        let text = format!("# mine\nlog {KEY}\nissuer {KEY}\nsigner {KEY} to 58\n");
        let trust = Trust::parse(&text).unwrap();
        assert_eq!(trust.to_text("mine"), text);
        assert_eq!(trust.logs, [TrustedKey::always(KEY.parse().unwrap())]);
        assert_eq!((trust.signers.len(), trust.signers[0].counts_for(59)), (1, false));
    }

    #[test]
    fn sizes_read_back_and_say_what_a_key_counts_for() {
        let text = format!("log {KEY} to 58\nlog {KEY} from 58 to 141\nissuer {KEY} from 90\n");
        let trust = Trust::parse(&text).unwrap();
        assert_eq!(trust.to_text(""), text);
        let counts = |key: &TrustedKey, sizes: [u64; 4]| sizes.map(|size| key.counts_for(size));
        assert_eq!(counts(&trust.logs[0], [0, 1, 58, 59]), [false, true, true, false]);
        assert_eq!(counts(&trust.logs[1], [57, 58, 141, 142]), [false, true, true, false]);
        assert_eq!(counts(&trust.issuers[0], [0, 89, 90, u64::MAX]), [false, false, true, true]);
    }

    #[test]
    fn a_checkpoint_counts_for_the_sizes_of_its_key() {
        let name: affiant_ledger::note::KeyName = "affiant.example/log1".parse().unwrap();
        let keys = [SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32])];
        let vkeys = keys.each_ref().map(|key| Verifier::new(name.clone(), key.verifying_key()));
        let text = format!("log {} to 58\nlog {} from 58\nissuer {KEY}\n", vkeys[0], vkeys[1]);
        let trust = Trust::parse(&text).unwrap();
        let open = |size, at: usize| {
            let checkpoint = Checkpoint { origin: name.to_string(), size, root: Digest::ZERO };
            let note = checkpoint.sign(&name, &keys[at]);
            trust.open(&note).unwrap().map(|(checkpoint, key)| (checkpoint.size, key.clone()))
        };
        assert_eq!(open(58, 0), Ok((58, vkeys[0].clone())));
        assert_eq!(open(58, 1), Ok((58, vkeys[1].clone())));
        assert_eq!(open(59, 0), Err(CheckpointError::Range { size: 59, from: 1, until: Some(58) }));
        assert_eq!(open(57, 1), Err(CheckpointError::Range { size: 57, from: 58, until: None }));
        assert_eq!(Trust::default().open(b""), None);
    }

    #[test]
    fn a_cosigners_key_is_refused() {
        let cosigner = "example.com/witness";
        let key = KEY.parse::<Verifier>().unwrap();
        let mut bytes = vec![4];
        bytes.extend_from_slice(key.key().as_bytes());
        let id = Digest::of_parts(&[cosigner.as_bytes(), b"\n", &bytes]).to_string();
        let vkey = format!("{cosigner}+{}+{}", &id[..8], affiant_ledger::note::to_base64(&bytes));
        assert_eq!(Trust::parse(&format!("log {KEY}\nissuer {vkey}\n")), Err(TrustError::Algorithm(2)));
    }

    #[test]
    fn a_file_without_a_key_or_with_another_line_is_refused() {
        assert_eq!(Trust::parse(""), Err(TrustError::Missing("log")));
        assert_eq!(Trust::parse(&format!("log {KEY}")), Err(TrustError::Missing("issuer")));
        assert!(matches!(Trust::parse("\nlog a+b+c"), Err(TrustError::Key { line: 2, .. })));
        for line in ["root KEY", "log", "log KEY 58", "log KEY from", "log KEY to 058", "log KEY to 1 from 2"]
        {
            let refused = Trust::parse(&line.replace("KEY", KEY));
            assert!(matches!(refused, Err(TrustError::Line { line: 1, .. })), "{line}: {refused:?}");
        }
        for sizes in ["from 0", "to 0", "from 59 to 58"] {
            assert_eq!(Trust::parse(&format!("log {KEY} {sizes}")), Err(TrustError::Sizes(1)), "{sizes}");
        }
    }
}
