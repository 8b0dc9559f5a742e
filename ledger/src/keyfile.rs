//! Private key files: PKCS#8 PEM, readable by their owner alone.

use crate::files::{self, FileError};
use crate::key::SigningKey;
use crate::ledger::LedgerError;
use std::path::Path;

/// Writes a private key with mode 0600, refusing to replace one.
pub fn write(path: &Path, key: &SigningKey) -> Result<(), FileError> {
    use std::io::Write;
    let make = || -> std::io::Result<()> {
        std::fs::create_dir_all(files::parent(path))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(key.to_pem().as_bytes())?;
        file.sync_all()
    };
    make().map_err(FileError::at(path))?;
    files::sync_folder(files::parent(path))
}

/// Reads a private key, refusing a file that others can read.
pub fn read(path: &Path) -> Result<SigningKey, LedgerError> {
    let bytes = files::read(path, 16 * 1024)?;
    refuse_shared(path)?;
    let pem = String::from_utf8_lossy(&bytes);
    SigningKey::from_pem(&pem).map_err(|source| LedgerError::Key { path: path.display().to_string(), source })
}

#[cfg(unix)]
fn refuse_shared(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(path).map_err(FileError::at(path))?.mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let text = format!("a private key that others can read (mode {mode:04o}); run `chmod 600` on it");
    Err(FileError::at(path)(std::io::Error::other(text)))
}

#[cfg(not(unix))]
fn refuse_shared(_: &Path) -> Result<(), FileError> {
    Ok(())
}
