//! The rollback guard: the last checkpoint released is remembered, and a log that does not contain it is refused.

use super::LedgerError;
use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint, CheckpointError};
use crate::digest::Digest;
use crate::reader::Reader;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// Where the last released checkpoint is remembered.
pub fn head_path(folder: &Path, settings: &Settings, heads: &Path) -> PathBuf {
    match &settings.head {
        Some(path) => folder.join(path),
        None => heads.join(&Digest::of(settings.origin.as_bytes()).to_string()[..32]),
    }
}

/// As [`refuse_rollback`], for the published checkpoint, which is derived: one that nobody signed is as good as none and
/// is written again.
pub(super) fn refuse_published(reader: &Reader, path: &Path) -> Result<u64, LedgerError> {
    match refuse_rollback(reader, path) {
        Err(LedgerError::Head { .. }) => Ok(0),
        judged => judged,
    }
}

/// Refuses a log that is shorter than, or other than, the checkpoint remembered at `path`; gives that checkpoint's size, 0
/// when there is none.
pub(super) fn refuse_rollback(reader: &Reader, path: &Path) -> Result<u64, LedgerError> {
    let note = reader.storage().read_if_any(path, CHECKPOINT_SIZE_MAX as u64)?;
    // Empty is what a power cut can leave of a file never synced, and says as much as none.
    let Some(note) = note.filter(|note| !note.is_empty()) else { return Ok(0) };
    let path = path.display().to_string();
    let settings = reader.settings();
    let released = match Checkpoint::open_with(&note, &settings.log_keys) {
        Ok(released) => released,
        Err(CheckpointError::Origin { found, .. }) => {
            return Err(LedgerError::OtherOrigin { path, found, own: settings.origin.clone() });
        }
        Err(error) => return Err(LedgerError::Head { path, what: error.to_string() }),
    };
    if released.size > reader.size() {
        return Err(LedgerError::Shortened { size: reader.size(), released: released.size, path });
    }
    let same = if released.size == reader.size() {
        released.root == reader.checkpoint().root
    } else {
        released.root == reader.root_at(released.size)?
    };
    if same { Ok(released.size) } else { Err(LedgerError::Forked { size: released.size, path }) }
}
