//! Passphrases of private keys: from a file, from the environment, or asked for on a terminal.
//!
//! The only file that imports `rpassword`. `--passphrase-file` comes before `AFFIANT_PASSPHRASE`, and both before the
//! question. A plain key needs none, so none is looked for until a key turns out to be encrypted.

use crate::output;
use affiant_ledger::disk::Disk;
use affiant_ledger::files;
use affiant_ledger::key::{KeyError, Passphrase, SigningKey};
use affiant_ledger::keyfile::{self, KeyFileError};
use affiant_server::failure::{Failure, PASSPHRASE_HINT};
use std::env::VarError;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The environment variable that holds the passphrase.
const VARIABLE: &str = "AFFIANT_PASSPHRASE";
/// Largest passphrase file, in bytes.
const FILE_SIZE_MAX: u64 = 4096;

/// Reads a private key file, with a passphrase or without.
type Read<'a, K> = &'a dyn Fn(&Path, Option<&Passphrase>) -> Result<K, KeyFileError>;

/// Where passphrases come from in this run.
#[derive(Debug, Clone)]
pub(crate) struct Passphrases {
    file: Option<PathBuf>,
}

impl Passphrases {
    /// From `file`, if given.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// Opens a private key file; looks for a passphrase only when it is encrypted.
    pub(crate) fn open(&self, path: &Path) -> Result<SigningKey, KeyFileError> {
        self.open_with(path, &|path, passphrase| keyfile::read_with(&Disk, path, passphrase))
    }

    /// Opens the file of a private key of any kind; gives PKCS#8 DER.
    pub(crate) fn open_pkcs8(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        self.open_with(path, &|path, passphrase| keyfile::read_pkcs8(&Disk, path, passphrase))
    }

    fn open_with<K>(&self, path: &Path, read: Read<'_, K>) -> Result<K, KeyFileError> {
        match read(path, None) {
            Err(KeyFileError::Key { source: KeyError::Encrypted, path }) => {
                let found = self.given(&format!("passphrase of {}: ", path.display()))?;
                read(&path, found.as_ref())
            }
            other => other,
        }
    }

    /// The passphrase to encrypt a new key with; on a terminal it is typed twice.
    pub(crate) fn choose(&self) -> Result<Passphrase, Failure> {
        let chosen = self.given("new passphrase: ")?;
        let none = || Failure::refused("no passphrase to encrypt the private key with").hint(PASSPHRASE_HINT);
        let chosen = chosen.ok_or_else(none)?;
        let asked = self.file.is_none() && std::env::var_os(VARIABLE).is_none();
        if asked && ask("the same again: ")? != Some(chosen.clone()) {
            return Err(Failure::refused("the two passphrases differ"));
        }
        Ok(chosen)
    }

    fn given(&self, question: &str) -> Result<Option<Passphrase>, KeyFileError> {
        if let Some(file) = &self.file {
            let bytes = Zeroizing::new(files::read(file, FILE_SIZE_MAX)?);
            let text = std::str::from_utf8(&bytes).map_err(|_| KeyError::Passphrase);
            let found = text.and_then(|text| Passphrase::new(text.to_owned()));
            return found.map(Some).map_err(|source| KeyFileError::Key { path: file.clone(), source });
        }
        let wrong = |source| KeyFileError::Key { path: VARIABLE.into(), source };
        match std::env::var(VARIABLE) {
            Ok(text) => Passphrase::new(text).map(Some).map_err(wrong),
            Err(VarError::NotUnicode(_)) => Err(wrong(KeyError::Passphrase)),
            Err(VarError::NotPresent) => ask(question),
        }
    }
}

/// Asks a person at the terminal, if there is one.
fn ask(question: &str) -> Result<Option<Passphrase>, KeyFileError> {
    if !output::watched() {
        return Ok(None);
    }
    let typed = rpassword::prompt_password(question).ok().map(Passphrase::new).transpose();
    typed.map_err(|source| KeyFileError::Key { path: "terminal".into(), source })
}
