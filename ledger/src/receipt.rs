//! A receipt (C2SP tlog-proof): what a pusher keeps.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <the entry, base64>
//! index 7
//! YzbGYl3SAhpWA5EkM+EyhLCven2WobcahQJG8wewIXU=
//!
//! affiant.example/log1
//! 300
//! Ro6SPfARwnjmek+QxJo6NTX6IcgXWJYYgyKXOspAk3U=
//!
//! — affiant.example/log1 g4tO3EUiw5ZoJXmuWUgHvTbcNbKvr9ekVHp6BMhWqapPE7i7PY36T18dMDLvzQMWe4txsgzuv0hOt75KimvcwFKbEAI=
//! ```
//!
//! The optional `extra` line holds the entry's bytes, so that a receipt is one file. Verification: leaf from the entry,
//! origin and log key, then inclusion.

use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint, CheckpointError, decimal};
use crate::digest::Digest;
use crate::entry::ENTRY_SIZE_MAX;
use crate::merkle::{self, PROOF_LENGTH_MAX, ProofError};
use crate::note::{Verifier, from_base64, push_base64};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
/// Longest line that names an index, in bytes: 20 digits.
const INDEX_LINE_MAX: usize = INDEX.len() + 20 + 1;
/// Largest receipt, in bytes: a checkpoint, 64 hashes and the longest entry in base64.
pub const RECEIPT_SIZE_MAX: usize = CHECKPOINT_SIZE_MAX + 4096 + ENTRY_SIZE_MAX * 4 / 3;

/// Proof that an entry stands at `index` of the log whose signed head is `checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's bytes, when carried along.
    pub extra: Option<Vec<u8>>,
    /// Position of the entry.
    pub index: u64,
    /// Inclusion proof, leaf sibling first.
    pub path: Vec<Digest>,
    /// The signed checkpoint, a note.
    pub checkpoint: Vec<u8>,
}

/// Why a receipt was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not the syntax of a tlog-proof.
    #[error("not a receipt: {0}")]
    Syntax(&'static str),
    /// The checkpoint is not one of this log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// The receipt's text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let extra = self.extra.as_ref().map_or(0, |extra| EXTRA.len() + base64_length(extra.len()) + 1);
        let path = self.path.len() * (base64_length(size_of::<Digest>()) + 1);
        let room = HEADER.len() + 1 + extra + INDEX_LINE_MAX + path + 1 + self.checkpoint.len();
        let mut text = String::with_capacity(room);
        text.push_str(HEADER);
        text.push('\n');
        if let Some(extra) = &self.extra {
            text.push_str(EXTRA);
            push_base64(extra, &mut text);
            text.push('\n');
        }
        text.push_str(INDEX);
        text.push_str(&self.index.to_string());
        text.push('\n');
        for hash in &self.path {
            push_base64(hash.as_bytes(), &mut text);
            text.push('\n');
        }
        text.push('\n');
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.checkpoint);
        bytes
    }

    /// Reads a receipt strictly.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let syntax = ReceiptError::Syntax;
        if bytes.len() > RECEIPT_SIZE_MAX {
            return Err(syntax("too large"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| syntax("not UTF-8"))?;
        let (proof, checkpoint) =
            text.split_once("\n\n").ok_or(syntax("no empty line before the checkpoint"))?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(syntax("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let mut line = lines.next();
        let extra = match line.and_then(|line| line.strip_prefix(EXTRA)) {
            None => None,
            Some(extra) => {
                line = lines.next();
                Some(from_base64(extra).ok_or(syntax("`extra` is not base64"))?)
            }
        };
        let index = line.and_then(|line| line.strip_prefix(INDEX)).and_then(decimal);
        let index = index.ok_or(syntax("no index"))?;
        let path = lines.map(hash).collect::<Option<Vec<_>>>().ok_or(syntax("a proof line is not a hash"))?;
        if path.len() > PROOF_LENGTH_MAX {
            return Err(syntax("the proof has more than 64 hashes"));
        }
        Ok(Self { extra, index, path, checkpoint: checkpoint.as_bytes().to_vec() })
    }

    /// Checks that the entry with hash `leaf` is in the log `origin` signed by `log`; gives the checkpoint.
    pub fn verify(&self, leaf: &Digest, origin: &str, log: &Verifier) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, origin, log)?;
        self.verify_inclusion(leaf, &checkpoint)?;
        Ok(checkpoint)
    }

    /// Checks that the entry with hash `leaf` is under `checkpoint`, which the caller has opened.
    pub fn verify_inclusion(&self, leaf: &Digest, checkpoint: &Checkpoint) -> Result<(), ReceiptError> {
        merkle::verify_inclusion(self.index, checkpoint.size, leaf, &self.path, &checkpoint.root)?;
        Ok(())
    }
}

/// Bytes of so many bytes in base64.
fn base64_length(length: usize) -> usize {
    length.div_ceil(3) * 4
}

fn hash(line: &str) -> Option<Digest> {
    Digest::try_from(&from_base64(line)?[..]).ok()
}
