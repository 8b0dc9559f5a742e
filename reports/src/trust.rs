//! Trust anchors: the keys an auditor holds, from outside any pack.
//!
//! ```text
//! # Keys of Example Bank's evidence ledger, received by hand on 2026-11-24
//! log affiant.example/log1+838b4edc+Ad8Bk3cNcb070E9ns6x+bFcOpbgDYtNuG3r0NIB+9Xa9
//! issuer affiant.example/issuer+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
//! ```
//!
//! One key a line: what it is trusted for, and the vkey. `#` begins a comment line. The name of a log key is the origin
//! of its checkpoints.

use affiant_ledger::id::visible;
use affiant_ledger::note::{NoteError, Verifier};

/// Largest trust file, in bytes.
pub const TRUST_SIZE_MAX: u64 = 64 * 1024;

/// The keys trusted, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Keys that may sign checkpoints.
    pub logs: Vec<Verifier>,
    /// Keys that may sign packs.
    pub issuers: Vec<Verifier>,
}

/// Why a trust file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A line is not one.
    #[error("line {line}: `{text}` is not `log <vkey>` or `issuer <vkey>`")]
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
    /// Nothing to trust.
    #[error("no {0} key in the trust file")]
    Missing(&'static str),
}

impl Trust {
    /// Reads a trust file.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let mut trust = Self::default();
        for (number, line) in text.lines().enumerate() {
            let (line, number) = (line.trim(), number + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || TrustError::Line { line: number, text: visible(line) };
            let (purpose, key) = line.split_once(' ').ok_or_else(wrong)?;
            let keys = match purpose {
                "log" => &mut trust.logs,
                "issuer" => &mut trust.issuers,
                _ => return Err(wrong()),
            };
            let key: Verifier =
                key.trim().parse().map_err(|source| TrustError::Key { line: number, source })?;
            if !is_plain(&key) {
                return Err(TrustError::Algorithm(number));
            }
            keys.push(key);
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
        self.logs.iter().for_each(|key| text.push_str(&format!("log {key}\n")));
        self.issuers.iter().for_each(|key| text.push_str(&format!("issuer {key}\n")));
        text
    }
}

/// Whether a key makes plain Ed25519 signatures: what logs and issuers sign with.
pub(crate) fn is_plain(key: &Verifier) -> bool {
    *key == Verifier::new(key.name().clone(), *key.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn a_trust_file_reads_back() {
        let text = format!("# mine\nlog {KEY}\nissuer {KEY}\n");
        let trust = Trust::parse(&text).unwrap();
        assert_eq!(trust.to_text("mine"), text);
    }

    #[test]
    fn a_cosigners_key_is_refused() {
        let cosigner = "example.com/witness";
        let key = KEY.parse::<Verifier>().unwrap();
        let mut bytes = vec![4];
        bytes.extend_from_slice(key.key().as_bytes());
        let id = affiant_ledger::digest::Digest::of_parts(&[cosigner.as_bytes(), b"\n", &bytes]).to_string();
        let vkey = format!("{cosigner}+{}+{}", &id[..8], affiant_ledger::note::to_base64(&bytes));
        assert_eq!(Trust::parse(&format!("log {KEY}\nissuer {vkey}\n")), Err(TrustError::Algorithm(2)));
    }

    #[test]
    fn a_file_without_a_key_or_with_another_line_is_refused() {
        assert_eq!(Trust::parse(""), Err(TrustError::Missing("log")));
        assert_eq!(Trust::parse(&format!("log {KEY}")), Err(TrustError::Missing("issuer")));
        assert!(matches!(Trust::parse(&format!("root {KEY}")), Err(TrustError::Line { line: 1, .. })));
        assert!(matches!(Trust::parse("\nlog a+b+c"), Err(TrustError::Key { line: 2, .. })));
    }
}
