//! Private key files: PKCS#8 PEM, readable by their owner alone.

use crate::files::{self, FileError};
use crate::key::SigningKey;
use crate::ledger::LedgerError;
use crate::storage::Storage;
use std::path::Path;

/// Writes a private key durably, readable by its owner alone, refusing to replace one.
pub fn write(storage: &dyn Storage, path: &Path, key: &SigningKey) -> Result<(), FileError> {
    storage.make_folders(files::parent(path))?;
    let made = storage.create_private(path, key.to_pem().as_bytes());
    made.and_then(|mut file| file.sync()).map_err(FileError::at(path))?;
    storage.sync_names(files::parent(path))
}

/// Reads a private key, refusing a file that others can read.
pub fn read(storage: &dyn Storage, path: &Path) -> Result<SigningKey, LedgerError> {
    let bytes = storage.read(path, 16 * 1024)?;
    storage.refuse_shared(path)?;
    let pem = String::from_utf8_lossy(&bytes);
    SigningKey::from_pem(&pem).map_err(|source| LedgerError::Key { path: path.display().to_string(), source })
}
