//! The folder that a web server gives out, written with care: no link followed, nothing of others replaced.
//!
//! ```text
//! .publishing/lock      one publisher at a time
//! .publishing/<n>       files being written, moved to their place when durable
//! ```
//!
//! Files are written a batch at a time: staged and synced, then named. At the end every folder is synced that holds a file
//! counted on, also one that was there: a stopped run may have named it and not lived to sync. Only regular files named by
//! a number in `.publishing` are taken for what such a run left. Whoever can write to the folder while we do can race us;
//! what then stands there fails the reader's verification.

use super::{CHECKPOINT, PARTIAL, PublishError, busy};
use crate::checkpoint::CHECKPOINT_SIZE_MAX;
use crate::files::{self, FileError};
use crate::lock::Lock;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Where files are staged, below the folder.
const STAGE: &str = ".publishing";
/// Bytes staged at a time, but for the last file of a batch: bounds memory.
const BATCH_SIZE_MAX: usize = 4 << 20;
/// Files staged at a time.
const BATCH_COUNT_MAX: usize = 128;

/// A folder being published to, locked.
pub(super) struct Site {
    folder: PathBuf,
    _lock: Lock,
    /// Folders counted on, below ours: known to be folders, to be synced at the end.
    folders: BTreeSet<PathBuf>,
    batch: Vec<(PathBuf, Vec<u8>)>,
    files: u64,
    bytes: u64,
}

impl Site {
    /// Locks the folder, making it if it is not there, and clears what a stopped run left staged.
    pub(super) fn enter(folder: &Path, wait: Duration) -> Result<Self, PublishError> {
        make_way(folder)?;
        let stage = folder.join(STAGE);
        make_folder(&stage)?;
        let lock = stage.join("lock");
        if kind(&lock)?.is_some_and(|kind| !kind.is_file()) {
            return Err(PublishError::Foreign(lock));
        }
        let lock = Lock::take(&stage, wait).map_err(|error| busy(folder, error))?;
        let (folders, batch) = Default::default();
        let site = Self { folder: folder.to_owned(), _lock: lock, folders, batch, files: 0, bytes: 0 };
        site.clear_stage()?;
        Ok(site)
    }

    /// Writes a file that never changes, unless it is there. Durable after `settle`.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let there = compare(&self.folder, path, bytes)?;
        let path = PathBuf::from(path);
        self.make_folders(files::parent(&path))?;
        if there {
            return Ok(());
        }
        self.batch.push((path, bytes.to_vec()));
        let held: usize = self.batch.iter().map(|(_, bytes)| bytes.len()).sum();
        if held >= BATCH_SIZE_MAX || self.batch.len() >= BATCH_COUNT_MAX { self.name_batch() } else { Ok(()) }
    }

    /// Makes durable what was put.
    pub(super) fn settle(&mut self) -> Result<(), PublishError> {
        self.name_batch()?;
        self.folders.par_iter().try_for_each(|folder| files::sync_folder(&self.folder.join(folder)))?;
        Ok(files::sync_folder(&self.folder)?)
    }

    /// Stages the files of the batch, durably, then gives them their names.
    fn name_batch(&mut self) -> Result<(), PublishError> {
        let batch = std::mem::take(&mut self.batch);
        let folder = self.folder.join(STAGE);
        let staged = |number: usize| folder.join(number.to_string());
        batch.par_iter().enumerate().try_for_each(|(number, (_, bytes))| stage(&staged(number), bytes))?;
        // A name moved to another folder is only as durable as it was in the first.
        files::sync_folder(&folder)?;
        for (number, (path, bytes)) in batch.iter().enumerate() {
            let path = self.folder.join(path);
            if kind(&path)?.is_some() {
                return Err(PublishError::Foreign(path));
            }
            fs::rename(staged(number), &path).map_err(FileError::at(&path))?;
            self.files += 1;
            self.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    /// Replaces the checkpoint, which was found to be one of this log.
    pub(super) fn head(&mut self, note: &[u8]) -> Result<(), PublishError> {
        let path = self.folder.join(CHECKPOINT);
        if kind(&path)?.is_some_and(|kind| !kind.is_file()) {
            return Err(PublishError::Foreign(path));
        }
        if files::read_if_any(&path, CHECKPOINT_SIZE_MAX as u64)?.is_some_and(|there| there == note) {
            return Ok(());
        }
        let staged = self.folder.join(STAGE).join("0");
        stage(&staged, note)?;
        files::sync_folder(files::parent(&staged))?;
        fs::rename(&staged, &path).map_err(FileError::at(&path))?;
        files::sync_folder(&self.folder)?;
        self.files += 1;
        self.bytes += note.len() as u64;
        Ok(())
    }

    /// Removes the partial tiles of the tile at `path`, if that is there; counts them.
    pub(super) fn prune(&self, path: &str) -> Result<u64, PublishError> {
        let full = self.folder.join(path);
        let folder = self.folder.join(format!("{path}{PARTIAL}"));
        let is_full = kind(&full)?.is_some_and(|kind| kind.is_file());
        if !is_full || !kind(&folder)?.is_some_and(|kind| kind.is_dir()) {
            return Ok(0);
        }
        let mut pruned = 0;
        for width in 1..256 {
            let path = folder.join(width.to_string());
            if kind(&path)?.is_some_and(|kind| kind.is_file()) {
                files::remove_if_any(&path)?;
                pruned += 1;
            }
        }
        match fs::remove_dir(&folder) {
            // Something of others is in it.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(pruned),
            done => done.map(|()| pruned).map_err(|error| FileError::at(&folder)(error).into()),
        }
    }

    /// Files written and the bytes in them.
    pub(super) fn written(&self) -> (u64, u64) {
        (self.files, self.bytes)
    }

    /// Makes the folders on the way to a file, durably, and checks that those that are there are folders.
    fn make_folders(&mut self, folder: &Path) -> Result<(), PublishError> {
        let mut path = PathBuf::new();
        for name in folder.components() {
            path.push(name);
            if !self.folders.contains(&path) {
                make_folder(&self.folder.join(&path))?;
                self.folders.insert(path.clone());
            }
        }
        Ok(())
    }

    fn clear_stage(&self) -> Result<(), PublishError> {
        let stage = self.folder.join(STAGE);
        for item in fs::read_dir(&stage).map_err(FileError::at(&stage))? {
            let item = item.map_err(FileError::at(&stage))?;
            let is_number =
                item.file_name().to_str().is_some_and(|name| name.bytes().all(|c| c.is_ascii_digit()));
            let is_file = item.file_type().map_err(FileError::at(&stage))?.is_file();
            if is_number && is_file {
                files::remove_if_any(&item.path())?;
            }
        }
        Ok(())
    }
}

/// Whether the file is there with these bytes; `false` when it is not there. Another file there is an error, and so is a
/// link anywhere on the way.
pub(super) fn compare(folder: &Path, path: &str, bytes: &[u8]) -> Result<bool, PublishError> {
    let mut walked = folder.to_owned();
    for name in
        files::parent(Path::new(path)).components().filter(|name| matches!(name, Component::Normal(_)))
    {
        walked.push(name);
        if !is_folder(&walked)? {
            return Ok(false);
        }
    }
    let path = folder.join(path);
    match files::read_if_any(&path, bytes.len() as u64) {
        Ok(None) => Ok(false),
        Ok(Some(there)) if there == bytes => Ok(true),
        Ok(Some(_)) | Err(FileError::NotRegular(_) | FileError::Size { .. }) => {
            Err(PublishError::Foreign(path))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a folder is there; a link or file in its place is an error.
pub(super) fn is_folder(path: &Path) -> Result<bool, PublishError> {
    match kind(path)? {
        None => Ok(false),
        Some(kind) if kind.is_dir() => Ok(true),
        Some(_) => Err(PublishError::NotAFolder(path.to_owned())),
    }
}

/// The path with every link on the way resolved, as far as it is there.
pub(super) fn real(path: &Path) -> Result<PathBuf, FileError> {
    let whole = std::path::absolute(path).map_err(FileError::at(path))?;
    match fs::canonicalize(&whole) {
        Err(error) if error.kind() == ErrorKind::NotFound => match (whole.parent(), whole.file_name()) {
            (Some(parent), Some(name)) => Ok(real(parent)?.join(name)),
            _ => Err(FileError::at(path)(error)),
        },
        done => done.map_err(FileError::at(path)),
    }
}

/// Makes a folder and those above it, durably. Those above may be links: they are what the caller named.
fn make_way(folder: &Path) -> Result<(), PublishError> {
    if folder.is_dir() {
        return Ok(());
    }
    make_way(files::parent(folder))?;
    make_folder(folder)
}

/// Makes a folder whose parent is there, durably.
fn make_folder(path: &Path) -> Result<(), PublishError> {
    if is_folder(path)? {
        return Ok(());
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => is_folder(path).map(drop),
        done => {
            done.map_err(FileError::at(path))?;
            Ok(files::sync_folder(files::parent(path))?)
        }
    }
}

/// What stands at a path, a link not followed.
fn kind(path: &Path) -> Result<Option<fs::FileType>, FileError> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::at(path)(error)),
    }
}

/// Writes a new file and waits until its content is durable.
fn stage(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(FileError::at(path))
}
