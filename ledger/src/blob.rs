//! Evidence files, named by their SHA-256 and stored once: `blob/<2 hex>/<62 hex>`.

use crate::digest::{Digest, Hasher};
use crate::files::{self, FileError};
use crate::storage::Storage;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest evidence file, in bytes.
pub const BLOB_SIZE_MAX: u64 = 1 << 30;

/// Where the blob of a digest lives below the ledger's folder.
pub fn path_of(ledger: &Path, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    ledger.join("blob").join(&name[..2]).join(&name[2..])
}

/// Stores bytes durably; gives their digest. Storing the same bytes again changes nothing.
pub fn store(storage: &dyn Storage, ledger: &Path, bytes: &[u8]) -> Result<Digest, FileError> {
    let digest = Digest::of(bytes);
    let path = path_of(ledger, &digest);
    let whole = storage.is_file(&path) && digest_of(storage, &path)?.0 == digest;
    if !whole {
        storage.write_durably(&path, bytes)?;
    }
    // Who stored it before may have been stopped between giving a name and making it durable.
    files::up_to(files::parent(&path), ledger).iter().try_for_each(|folder| storage.sync_names(folder))?;
    Ok(digest)
}

/// Reads a blob back if it is there and whole.
pub fn read(storage: &dyn Storage, ledger: &Path, digest: &Digest) -> Result<Option<Vec<u8>>, FileError> {
    let bytes = storage.read_if_any(&path_of(ledger, digest), BLOB_SIZE_MAX)?;
    Ok(bytes.filter(|bytes| Digest::of(bytes) == *digest))
}

/// Digest and size of a regular file, read piece by piece. Links, pipes and devices are refused.
pub fn digest_of(storage: &dyn Storage, path: &Path) -> Result<(Digest, u64), FileError> {
    let (mut file, _) = storage.open(path)?;
    let (mut hash, mut size) = (Hasher::default(), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece).map_err(FileError::at(path))?;
        if read == 0 {
            return Ok((hash.finish(), size));
        }
        hash.update(&piece[..read]);
        size += read as u64;
    }
}
