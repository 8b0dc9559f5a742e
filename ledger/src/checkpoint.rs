//! Checkpoints (C2SP tlog-checkpoint): the signed head of the log.
//!
//! The note's text is three lines and no more: origin, size, root in base64. The origin is compared, not only the
//! signature: a key may have signed for another log.

use crate::digest::Digest;
use crate::key::SigningKey;
use crate::note::{KeyName, Note, NoteError, Verifier, from_base64, to_base64};

/// Largest signed checkpoint, in bytes: three lines and a number of cosignatures.
pub const CHECKPOINT_SIZE_MAX: usize = 16 * 1024;

/// The head of a log: `size` entries with Merkle root `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, e.g. `affiant.example/log1`.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a note, or not signed as required.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("not a checkpoint: {0}")]
    Syntax(&'static str),
    /// Signed for another log.
    #[error("a checkpoint of `{found}`, not of `{expected}`")]
    Origin {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// Too large.
    #[error("a checkpoint of {0} bytes, the limit is {CHECKPOINT_SIZE_MAX}")]
    Size(usize),
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(self.root.as_bytes()))
    }

    /// Reads the text strictly: three lines, no leading zero, 32 bytes of root.
    pub fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let syntax = CheckpointError::Syntax;
        let lines: Vec<&str> =
            text.strip_suffix('\n').ok_or(syntax("no line feed at the end"))?.split('\n').collect();
        let [origin, size, root] = lines[..] else {
            return Err(syntax("other than three lines"));
        };
        if origin.is_empty() {
            return Err(syntax("no origin"));
        }
        let size = decimal(size).ok_or(syntax("size is not a decimal number"))?;
        let root = from_base64(root).ok_or(syntax("root is not base64"))?;
        let root = Digest::try_from(&root[..]).map_err(|_| syntax("root is not 32 bytes"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Signs the checkpoint; gives the note's bytes.
    pub fn sign(&self, name: &KeyName, key: &SigningKey) -> Vec<u8> {
        Note::sign(&self.to_text(), name, key)
    }

    /// Opens a signed checkpoint: right log, signed by `log` (other signatures are looked at only if known).
    pub fn open(note: &[u8], origin: &str, log: &Verifier) -> Result<Self, CheckpointError> {
        if note.len() > CHECKPOINT_SIZE_MAX {
            return Err(CheckpointError::Size(note.len()));
        }
        let note = Note::parse(note)?;
        note.verify(std::slice::from_ref(log))?;
        let checkpoint = Self::from_text(&note.text)?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin { found: checkpoint.origin, expected: origin.to_owned() });
        }
        Ok(checkpoint)
    }
}

/// An unsigned decimal number with no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}
