//! Private key files: PKCS#8 PEM, plain or encrypted with a passphrase, readable by their owner alone.
//!
//! Mode 0600 is given when a file is made, and demanded when it is read: a key that others could read is not used. What
//! passes through memory is wiped.

use crate::files::{self, FileError};
use crate::key::{KeyError, Passphrase, SigningKey, open_pkcs8};
use crate::ledger::LedgerError;
use crate::storage::Storage;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where a PEM text begins and ends (RFC 7468).
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END";
/// Largest private key file, in bytes.
const KEY_SIZE_MAX: u64 = 16 * 1024;

/// Why a private key file was not read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file, or that others can read it.
    #[error(transparent)]
    File(#[from] FileError),
    /// What it holds, or the passphrase.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
}

impl From<KeyFileError> for LedgerError {
    fn from(error: KeyFileError) -> Self {
        match error {
            KeyFileError::File(error) => error.into(),
            KeyFileError::Key { path, source } => Self::Key { path: path.display().to_string(), source },
        }
    }
}

/// Writes a private key durably, readable by its owner alone, refusing to replace one.
pub fn write(storage: &dyn Storage, path: &Path, key: &SigningKey) -> Result<(), FileError> {
    write_with(storage, path, key, None)
}

/// The same, encrypted if a passphrase is given.
pub fn write_with(
    storage: &dyn Storage,
    path: &Path,
    key: &SigningKey,
    passphrase: Option<&Passphrase>,
) -> Result<(), FileError> {
    let pem = match passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase),
        None => key.to_pem(),
    };
    storage.make_folders(files::parent(path))?;
    let made = storage.create_private(path, pem.as_bytes());
    made.and_then(|mut file| file.sync()).map_err(FileError::at(path))?;
    storage.sync_names(files::parent(path))
}

/// Reads an unencrypted private key, refusing a file that others can read.
pub fn read(storage: &dyn Storage, path: &Path) -> Result<SigningKey, LedgerError> {
    Ok(read_with(storage, path, None)?)
}

/// Reads a private key, refusing a file that others can read. A passphrase that is not needed is not used.
pub fn read_with(
    storage: &dyn Storage,
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<SigningKey, KeyFileError> {
    read_as(storage, path, |pem| SigningKey::open_pem(pem, passphrase))
}

/// Reads a private key of any kind, as PKCS#8 DER, refusing a file that others can read.
pub fn read_pkcs8(
    storage: &dyn Storage,
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    read_as(storage, path, |pem| Ok(open_pkcs8(pem, passphrase)?.to_bytes()))
}

fn read_as<K>(
    storage: &dyn Storage,
    path: &Path,
    open: impl FnOnce(&str) -> Result<K, KeyError>,
) -> Result<K, KeyFileError> {
    let pem = read_pem(storage, path)?;
    let key = std::str::from_utf8(&pem).map_err(|_| KeyError::Pem).and_then(open);
    key.map_err(|source| KeyFileError::Key { path: path.to_owned(), source })
}

/// Whether a private key file is encrypted.
pub fn is_encrypted(storage: &dyn Storage, path: &Path) -> Result<bool, FileError> {
    let pem = read_pem(storage, path)?;
    Ok(std::str::from_utf8(&pem).is_ok_and(crate::key::is_encrypted))
}

/// Whether a file is a piece of a private key that a run which was cut off left: nothing, zeros, or a beginning with no end.
/// It was never the key of anything.
pub fn is_unfinished(storage: &dyn Storage, path: &Path) -> Result<bool, FileError> {
    let pem = read_pem(storage, path)?;
    let written = pem.iter().position(|byte| *byte == 0).unwrap_or(pem.len());
    let (text, zeros) = pem.split_at(written);
    let begun = text.starts_with(BEGIN) || BEGIN.starts_with(text);
    let ended = text.windows(END.len()).any(|window| window == END);
    Ok(begun && !ended && zeros.iter().all(|byte| *byte == 0))
}

fn read_pem(storage: &dyn Storage, path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (file, size) = storage.open(path)?;
    storage.refuse_shared(path)?;
    if size > KEY_SIZE_MAX {
        return Err(FileError::Size { path: path.to_owned(), size, max: KEY_SIZE_MAX });
    }
    // Room for all of it at once: a buffer that grew would leave pieces of itself behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_SIZE_MAX as usize));
    file.take(KEY_SIZE_MAX).read_to_end(&mut bytes).map_err(FileError::at(path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;

    #[test]
    fn a_piece_of_a_key_is_told_from_a_key_and_from_what_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("log.pem"), SigningKey::from_seed(&[7; 32]));
        let passphrase = Passphrase::new("a passphrase of some length".to_owned()).unwrap();
        for pem in [key.to_pem(), key.to_encrypted_pem(&passphrase)] {
            let end = pem.find("-----END").unwrap();
            for cut in (0..end + END.len()).chain([pem.len() - 1, pem.len()]) {
                write_bytes(&path, &pem.as_bytes()[..cut]);
                assert_eq!(is_unfinished(&Disk, &path).unwrap(), cut < end + END.len(), "{cut}");
            }
        }
        for (bytes, unfinished) in [(&[0; 119][..], true), (b"-----BEGIN \0\0", true), (b"my notes", false)] {
            write_bytes(&path, bytes);
            assert_eq!(is_unfinished(&Disk, &path).unwrap(), unfinished);
        }
    }

    fn write_bytes(path: &Path, bytes: &[u8]) {
        let _ = std::fs::remove_file(path);
        Disk.create_private(path, bytes).unwrap();
    }

    #[test]
    fn a_key_file_is_its_owners_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("keys/log.pem"), SigningKey::from_seed(&[7; 32]));
        write(&Disk, &path, &key).unwrap();
        assert_eq!(read(&Disk, &path).unwrap().verifying_key(), key.verifying_key());
        assert!(write(&Disk, &path, &key).is_err(), "a key file was replaced");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            for shared in [0o640, 0o604, 0o610] {
                std::fs::set_permissions(&path, PermissionsExt::from_mode(shared)).unwrap();
                let refused = read(&Disk, &path).unwrap_err().to_string();
                assert!(refused.contains(&format!("others can read (mode {shared:04o})")), "{refused}");
            }
        }
    }

    #[test]
    fn a_link_to_a_key_and_a_file_too_large_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("key.pem"), folder.path().join("link.pem"));
        write(&Disk, &path, &SigningKey::from_seed(&[7; 32])).unwrap();
        let refused = |path: &Path| match read_with(&Disk, path, None) {
            Err(KeyFileError::File(error)) => error,
            other => panic!("{other:?}"),
        };
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(matches!(refused(&link), FileError::NotRegular(_)));
        }
        std::fs::write(&path, vec![b' '; KEY_SIZE_MAX as usize + 1]).unwrap();
        assert!(matches!(refused(&path), FileError::Size { .. }));
    }

    #[test]
    fn an_encrypted_file_opens_with_its_passphrase_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("key.pem"), SigningKey::from_seed(&[7; 32]));
        let [right, wrong] =
            ["correct horse", "correct horsf"].map(|text| Passphrase::new(text.to_owned()).unwrap());
        write_with(&Disk, &path, &key, Some(&right)).unwrap();
        assert_eq!(is_encrypted(&Disk, &path).ok(), Some(true));
        assert_eq!(read_with(&Disk, &path, Some(&right)).unwrap().verifying_key(), key.verifying_key());
        let refused = |passphrase| match read_with(&Disk, &path, passphrase) {
            Err(KeyFileError::Key { source, .. }) => source,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(None), KeyError::Encrypted);
        assert_eq!(refused(Some(&wrong)), KeyError::WrongPassphrase);
        assert!(read(&Disk, &path).unwrap_err().to_string().contains("no passphrase was given"));
    }
}
