//! Private keys that lie in the ledger's folder, and how one follows another there, safe against a stop at every step.
//!
//! ```text
//! keys/log.pem          the log key in force            keys/issuer.pem       the issuer's
//! keys/log.next.pem     the one that is to follow       keys/issuer.next.pem  the one that is to follow
//! ```
//!
//! Steps: the next key is written, durably; the `key` entry that says it follows is recorded (for the log, under a
//! checkpoint that both sign); the settings name it; it takes the place of the former file. Whoever opens the ledger asks
//! the entries which key is in force, and goes on or back from there: recorded means that the next key is put in place,
//! not recorded that it is thrown away. After that the former private key is in no file of the ledger.

use crate::files::FileError;
use crate::key::{Passphrase, SigningKey, VerifyingKey};
use crate::keyfile::{self, KeyFileError};
use crate::ledger::LedgerError;
use crate::storage::Storage;
use std::path::{Path, PathBuf};

/// Name of the key file that signs checkpoints.
pub const LOG_KEY_FILE: &str = "keys/log.pem";
/// Name of the key file that signs packs.
pub const ISSUER_KEY_FILE: &str = "keys/issuer.pem";

/// Opens a private key file: knows its passphrase, or asks for it.
pub type OpenKey<'a> = &'a dyn Fn(&Path) -> Result<SigningKey, KeyFileError>;

/// Where the key that follows the one in `file` is kept until it does.
fn next_of(file: &Path) -> PathBuf {
    file.with_extension("next.pem")
}

/// Writes the key that is to follow the one in `file`, durably.
pub(crate) fn stage(
    storage: &dyn Storage,
    file: &Path,
    next: &SigningKey,
    passphrase: Option<&Passphrase>,
) -> Result<(), FileError> {
    storage.remove_if_any(&next_of(file))?;
    keyfile::write_with(storage, &next_of(file), next, passphrase)
}

/// Puts the staged key in the place of the former one, whose content is overwritten.
pub(crate) fn complete(storage: &dyn Storage, file: &Path) -> Result<(), FileError> {
    let former = storage.open_in_place(file);
    storage.rename(&next_of(file), file).map_err(FileError::at(file))?;
    storage.sync_names(crate::files::parent(file))?;
    // The file has no name any more. What cannot be overwritten now never will be, and the rotation stands.
    if let Ok(mut former) = former
        && let Ok(size) = former.size()
    {
        let _ = former.write_at(0, &vec![0; size as usize]).and_then(|()| former.sync());
    }
    Ok(())
}

/// The private key in `file`, of which the ledger's entries say that its public half is `in_force`. A rotation that a
/// stop left half-way is completed if it was recorded, and undone if not.
pub(crate) fn settle(
    storage: &dyn Storage,
    file: &Path,
    in_force: &VerifyingKey,
    open: OpenKey<'_>,
) -> Result<SigningKey, LedgerError> {
    let next = next_of(file);
    let staged = storage.kind(&next).map_err(FileError::at(&next))?.is_some();
    let key = open(file)?;
    if key.verifying_key() == *in_force {
        if staged {
            storage.remove_if_any(&next)?;
            storage.sync_names(crate::files::parent(file))?;
        }
        return Ok(key);
    }
    if staged {
        let key = open(&next)?;
        if key.verifying_key() == *in_force {
            complete(storage, file)?;
            return Ok(key);
        }
    }
    Err(LedgerError::OtherKey { path: file.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;

    fn open(path: &Path) -> Result<SigningKey, KeyFileError> {
        keyfile::read_with(&Disk, path, None)
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    /// A folder with the former key, and the next one staged.
    fn half_way() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(LOG_KEY_FILE);
        keyfile::write(&Disk, &file, &key(1)).unwrap();
        stage(&Disk, &file, &key(2), None).unwrap();
        (folder, file)
    }

    fn names(folder: &tempfile::TempDir) -> Vec<String> {
        let mut names = Disk.names(&folder.path().join("keys")).unwrap();
        names.sort();
        names
    }

    #[test]
    fn a_staged_key_that_was_recorded_takes_its_place() {
        let (folder, file) = half_way();
        let settled = settle(&Disk, &file, &key(2).verifying_key(), &open).unwrap();
        assert_eq!(settled.verifying_key(), key(2).verifying_key());
        assert_eq!(
            (names(&folder), open(&file).unwrap().verifying_key()),
            (vec!["log.pem".into()], key(2).verifying_key())
        );
    }

    #[test]
    fn a_staged_key_that_was_not_recorded_is_thrown_away() {
        let (folder, file) = half_way();
        // Perhaps it was not even written whole.
        std::fs::write(folder.path().join("keys/log.next.pem"), "-----BEGIN").unwrap();
        let settled = settle(&Disk, &file, &key(1).verifying_key(), &open).unwrap();
        assert_eq!(settled.verifying_key(), key(1).verifying_key());
        assert_eq!(names(&folder), ["log.pem"]);
    }

    #[test]
    fn a_key_that_is_not_in_force_is_refused_and_nothing_is_removed() {
        let (folder, file) = half_way();
        let refused = settle(&Disk, &file, &key(3).verifying_key(), &open);
        assert!(matches!(refused, Err(LedgerError::OtherKey { .. })), "{refused:?}");
        assert_eq!(names(&folder), ["log.next.pem", "log.pem"]);
    }

    #[test]
    fn a_leftover_makes_room_for_the_next() {
        let (_folder, file) = half_way();
        stage(&Disk, &file, &key(3), None).unwrap();
        complete(&Disk, &file).unwrap();
        assert_eq!(open(&file).unwrap().verifying_key(), key(3).verifying_key());
    }
}
