//! The founding of a ledger: all of it is there, or none.

use super::guard::head_path;
use super::mending::clear_unfinished;
use super::seal::{Batch, Edge, Prepared};
use super::{Ledger, LedgerError, Surroundings, sign};
use crate::checkpoint::CHECKPOINT_SIZE_MAX;
use crate::digest::Digest;
use crate::entry::ENTRY_VERSION;
use crate::files::FileError;
use crate::genesis::Genesis;
use crate::id::visible;
use crate::journal::Journal;
use crate::key::{Passphrase, SigningKey};
use crate::keyfile;
use crate::merkle::Frontier;
use crate::note::Verifier;
use crate::record::Draft;
use crate::rotation::LOG_KEY_FILE;
use crate::settings::{SETTINGS_FILE, Settings};
use crate::storage::Storage;
use std::path::{Path, PathBuf};

/// What a new ledger is made of.
#[derive(Debug)]
pub struct Founding<'a> {
    /// The private half of the settings' log key.
    pub log_key: &'a SigningKey,
    /// The issuer's public key, for the genesis entry to name.
    pub issuer: Option<Verifier>,
    /// Encrypts the log key's file.
    pub passphrase: Option<&'a Passphrase>,
    /// Recorded behind the genesis entry.
    pub drafts: Vec<Draft>,
    /// Other private keys, each with its path below the ledger's folder; encrypted like the log key.
    pub keys: Vec<(PathBuf, SigningKey)>,
}

impl Ledger {
    /// Makes a new ledger in `folder` with its genesis entry. The settings' log key must be `log_key`'s public half.
    pub fn create(
        folder: &Path,
        settings: &Settings,
        log_key: &SigningKey,
        surroundings: Surroundings,
    ) -> Result<Self, LedgerError> {
        let founding =
            Founding { log_key, issuer: None, passphrase: None, drafts: Vec::new(), keys: Vec::new() };
        Self::found(folder, settings, founding, surroundings)
    }

    /// As [`Ledger::create`], with an issuer, an encrypted key and drafts recorded behind the genesis entry: all of it is
    /// there, or no ledger. What a stop half-way left behind, of which nothing was ever released, is cleared away.
    pub fn found(
        folder: &Path,
        settings: &Settings,
        founding: Founding<'_>,
        surroundings: Surroundings,
    ) -> Result<Self, LedgerError> {
        let Founding { log_key, issuer, passphrase, drafts, keys } = founding;
        let storage = surroundings.storage.clone();
        refuse_existing(&*storage, folder)?;
        refuse_used(&*storage, head_path(folder, settings, &surroundings.heads), &settings.origin)?;
        storage.make_folders(folder)?;
        let lock = storage.lock(folder, surroundings.wait)?;
        // Another process may have made one while this one waited; and a path through the folder leads somewhere only now.
        refuse_existing(&*storage, folder)?;
        refuse_used(&*storage, head_path(folder, settings, &surroundings.heads), &settings.origin)?;
        let paths = keys.iter().map(|(path, _)| path.as_path()).chain([Path::new(LOG_KEY_FILE)]);
        clear_unfinished(&*storage, folder, paths)?;
        let genesis = Genesis {
            id: settings.id.clone(),
            origin: settings.origin.clone(),
            log_key: settings.log_keys.first().to_string(),
            issuer_key: issuer.map(|issuer| issuer.to_string()),
            entry_version: ENTRY_VERSION,
        };
        let draft = Draft {
            stream: "org".parse()?,
            kind: "genesis".parse()?,
            by: "local".into(),
            statement: genesis.to_bytes(),
            signature: None,
            id: None,
            facet: None,
        };
        let mut salt = [0; 16];
        (surroundings.random)(&mut salt);
        let now = surroundings.now()?;
        let mut batch = Batch::new(
            &Edge { frontier: Frontier::default(), prev: Digest::ZERO, time: now },
            now,
            1 + drafts.len(),
        );
        batch.seal(Prepared::new(draft, &salt)?, None);
        for prepared in Prepared::all(drafts, &surroundings)? {
            let head = batch.head(&prepared.draft.stream);
            batch.seal(prepared, head);
        }
        let note = sign(settings, &[log_key], &batch.edge.frontier).1;
        keyfile::write_with(&*storage, &folder.join(LOG_KEY_FILE), log_key, passphrase)?;
        for (path, key) in &keys {
            keyfile::write_with(&*storage, &folder.join(path), key, passphrase)?;
        }
        Journal::start(&*storage, folder, None, 0, &batch.sealed, &batch.edge.frontier, &note)?;
        storage.write_durably(&folder.join("checkpoint"), &note)?;
        // Last, since it is what makes the folder a ledger.
        storage.write_durably(&folder.join(SETTINGS_FILE), settings.to_toml().as_bytes())?;
        drop(lock);
        Self::open_with(folder, surroundings, &|path| keyfile::read_with(&*storage, path, passphrase))
    }
}

fn refuse_existing(storage: &dyn Storage, folder: &Path) -> Result<(), LedgerError> {
    match storage.kind(&folder.join(SETTINGS_FILE)).map_err(FileError::at(folder))? {
        Some(_) => Err(LedgerError::Exists(folder.to_owned())),
        None => Ok(()),
    }
}

/// Refuses to found a second log under an origin whose last checkpoint is remembered.
fn refuse_used(storage: &dyn Storage, path: PathBuf, origin: &str) -> Result<(), LedgerError> {
    let note = storage.read_if_any(&path, CHECKPOINT_SIZE_MAX as u64)?.unwrap_or_default();
    if note.is_empty() {
        return Ok(());
    }
    // The first line of a checkpoint is its origin.
    let first = note.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if first == origin.as_bytes() {
        return Err(LedgerError::OriginUsed { origin: origin.to_owned(), path });
    }
    let (path, found) = (path.display().to_string(), visible(&String::from_utf8_lossy(first)));
    Err(LedgerError::OtherOrigin { path, found, own: origin.to_owned() })
}
