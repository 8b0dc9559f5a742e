//! Why a ledger was not opened, or an append not made.

use super::EraseError;
use crate::entry::EntryError;
use crate::files::FileError;
use crate::id::IdError;
use crate::index::IndexError;
use crate::key::KeyError;
use crate::keyring::KeyringError;
use crate::lock::LockError;
use crate::note::NoteError;
use crate::reader::ReadError;
use crate::settings::SETTINGS_FILE;
use crate::time::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a ledger was not opened, or an append not made.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process is writing.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is one already.
    #[error("`{}` holds a ledger already", .0.display())]
    Exists(PathBuf),
    /// A checkpoint of this origin was released from here before.
    #[error("a log `{origin}` was kept on this machine before, {} remembers its last checkpoint: a second one under the same origin would be taken for a fork of it", .path.display())]
    OriginUsed {
        /// The origin.
        origin: String,
        /// Where its last checkpoint is remembered.
        path: PathBuf,
    },
    /// There is one already, and its settings are gone.
    #[error("`{}` holds a ledger whose {SETTINGS_FILE} is gone", .0.display())]
    SettingsLost(PathBuf),
    /// A key is missing or wrong.
    #[error("{path}: {source}")]
    Key {
        /// The key file.
        path: String,
        /// What is wrong.
        source: KeyError,
    },
    /// The private key is not the one in force.
    #[error("{path}: not the private key of the one in force")]
    OtherKey {
        /// The key file.
        path: String,
    },
    /// The settings name other keys than the entries do.
    #[error("{SETTINGS_FILE} names other log keys than the entries of the ledger do")]
    OtherKeys,
    /// The genesis entry is that of another log.
    #[error("entry 0 is not the genesis of the log that {SETTINGS_FILE} names")]
    OtherGenesis,
    /// The issuer's last key was revoked.
    #[error("no issuer key is in force")]
    NoIssuer,
    /// A submitter may not push this, or a key statement is not one.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The origin cannot name a key.
    #[error(transparent)]
    Origin(#[from] NoteError),
    /// The log is shorter than a checkpoint that was released.
    #[error(
        "the ledger has {size} entries, but a checkpoint over {released} was released ({path}): it was cut, or an older copy was put back"
    )]
    Shortened {
        /// Entries there are.
        size: u64,
        /// Entries there were.
        released: u64,
        /// Where the released checkpoint is remembered.
        path: String,
    },
    /// The log is not the one a released checkpoint was made of.
    #[error(
        "the first {size} entries are not those of the checkpoint released before ({path}): the ledger was rewritten or forked"
    )]
    Forked {
        /// Size of the released checkpoint.
        size: u64,
        /// Where it is remembered.
        path: String,
    },
    /// A remembered checkpoint is that of another log.
    #[error("{path} remembers a checkpoint of the log `{found}`, this is the log `{own}`")]
    OtherOrigin {
        /// Where it is remembered.
        path: String,
        /// The log it is of.
        found: String,
        /// This log.
        own: String,
    },
    /// A remembered checkpoint is not one of this log.
    #[error("{path}: {what}")]
    Head {
        /// Where it is.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The clock stands where no ledger is kept.
    #[error("the clock says {0} or beyond, outside the years 2020 to 2199 in which a ledger records")]
    Clock(Timestamp),
    /// An earlier write failed.
    #[error("an earlier write failed, nothing more is written: close the ledger and open it again")]
    Stopped,
    /// A draft is not one.
    #[error("{0}")]
    Draft(String),
    /// An idempotency id was used for another statement.
    #[error("id `{id}` was recorded before with other content, as entry {index}")]
    OtherContent {
        /// The id.
        id: String,
        /// The entry that carries it; of the same batch when not yet recorded.
        index: u64,
    },
    /// A payload is not erased.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// What became of a group of appends made durable together.
    #[error(transparent)]
    Group(Arc<LedgerError>),
    /// The index could not be rebuilt.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl From<EntryError> for LedgerError {
    fn from(error: EntryError) -> Self {
        Self::Draft(error.to_string())
    }
}

impl From<IdError> for LedgerError {
    fn from(error: IdError) -> Self {
        Self::Draft(error.to_string())
    }
}
