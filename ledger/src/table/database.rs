//! sled as [`Table`]. The only file that imports `sled`.
//!
//! sled 0.34 is not power-loss safe, may lose or alter single keys, cannot be opened after a stop while it writes a
//! snapshot, follows links, waits for pipes, reads its files before it has locked them, and panics on some damaged
//! ones. So its folder is locked by a file beside it (`index.lock`), holds nothing but regular files, has unfinished snapshots
//! removed before it is opened; every call runs under `catch_unwind`; and no answer counts before the index has
//! compared it with the log.

use super::{Each, Row, Rows, Table, TableError, Tables};
use crate::files::open_no_follow;
use std::cell::Cell;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Bytes of pages held in memory.
const CACHE_SIZE: u64 = 16 << 20;

/// Tables kept in sled databases.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sled;

/// How long another process may hold a database that is to be removed, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);
/// Bytes of a database that is copied to be judged.
const COPY_SIZE_MAX: u64 = 8 << 30;

impl Tables for Sled {
    fn open(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError> {
        let lock = lock(folder)?;
        refuse_strange(folder)?;
        remove_unfinished_snapshots(folder);
        Ok(Arc::new(open(folder, Some(lock), None)?))
    }

    fn open_copy(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError> {
        let copy = tempfile::tempdir().map_err(no_copy)?;
        {
            let _lock = lock(folder)?;
            let size: u64 = refuse_strange(folder)?.iter().map(|(_, size)| size).sum();
            if size > COPY_SIZE_MAX {
                return Err(TableError(format!("{size} bytes, more than is copied to be judged")));
            }
            copy_files(folder, copy.path()).map_err(no_copy)?;
        }
        remove_unfinished_snapshots(copy.path());
        let at = copy.path().to_owned();
        Ok(Arc::new(open(&at, None, Some(copy))?))
    }

    fn exists(&self, folder: &Path) -> bool {
        folder.is_dir()
    }

    fn remove(&self, folder: &Path) -> std::io::Result<()> {
        let start = Instant::now();
        let _lock = loop {
            match lock(folder) {
                Err(error) if error.is_busy() && start.elapsed() < PATIENCE => sleep(PAUSE),
                locked => break locked.map_err(|error| std::io::Error::other(error.to_string()))?,
            }
        };
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => std::fs::remove_file(folder),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn open(folder: &Path, lock: Option<File>, copy: Option<TempDir>) -> Result<Database, TableError> {
    guarded(|| {
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_SIZE).flush_every_ms(None);
        Ok(Database { tree: Some(config.open().map_err(wrong)?), _lock: lock, _copy: copy })
    })
}

/// Locks the database in `folder` for this process, or says that another one has it.
fn lock(folder: &Path) -> Result<File, TableError> {
    let path = folder.with_extension("lock");
    let mut options = OpenOptions::new();
    let file = open_no_follow(options.create(true).truncate(false).write(true), &path);
    let file = file.map_err(|error| TableError(format!("{}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TableError(TableError::BUSY.into())),
        Err(TryLockError::Error(error)) => Err(TableError(format!("{}: {error}", path.display()))),
    }
}

/// The files of a database with their sizes; anything but regular files and folders is refused.
fn refuse_strange(folder: &Path) -> Result<Vec<(PathBuf, u64)>, TableError> {
    let strange = |what: String| TableError(format!("{}: {what}", folder.display()));
    let mut files = Vec::new();
    let items = match std::fs::symlink_metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Ok(meta) if !meta.is_dir() => return Err(strange("not a folder".into())),
        _ => std::fs::read_dir(folder).map_err(|error| strange(error.to_string()))?,
    };
    for item in items {
        let path = item.map_err(|error| strange(error.to_string()))?.path();
        let meta = std::fs::symlink_metadata(&path).map_err(|error| strange(error.to_string()))?;
        if meta.is_dir() {
            files.extend(refuse_strange(&path)?);
        } else if meta.is_file() {
            files.push((path, meta.len()));
        } else {
            return Err(strange("holds something that is no regular file".into()));
        }
    }
    Ok(files)
}

/// Copies regular files and folders, following nothing.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let (path, target) = (item.path(), to.join(item.file_name()));
        if item.file_type()?.is_dir() {
            std::fs::create_dir(&target)?;
            copy_files(&path, &target)?;
        } else {
            let source = open_no_follow(OpenOptions::new().read(true), &path)?;
            let size = source.metadata()?.len();
            std::io::copy(&mut source.take(size), &mut File::create(target)?)?;
        }
    }
    Ok(())
}

fn no_copy(error: std::io::Error) -> TableError {
    TableError(format!("no copy to judge: {error}"))
}

/// The database. Closing it writes, and panics when that fails: caught here.
struct Database {
    tree: Option<sled::Db>,
    /// Dropped after the database is closed, and so is the copy.
    _lock: Option<File>,
    _copy: Option<TempDir>,
}

impl Database {
    fn tree(&self) -> &sled::Db {
        self.tree.as_ref().unwrap_or_else(|| panic!("the database is there until it is dropped"))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

impl Table for Database {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableError> {
        guarded(|| Ok(self.tree().get(key).map_err(wrong)?.map(|value| value.to_vec())))
    }

    fn at_or_before(&self, key: &[u8]) -> Result<Option<Row>, TableError> {
        guarded(|| {
            let row = self.tree().range(..=key).next_back().transpose().map_err(wrong)?;
            Ok(row.map(|(key, value)| (key.to_vec(), value.to_vec())))
        })
    }

    fn scan(&self, prefix: &[u8], each: Each<'_>) -> Result<(), TableError> {
        guarded(|| {
            self.tree().scan_prefix(prefix).try_for_each(|item| {
                let (key, value) = item.map_err(wrong)?;
                each(&key, &value)
            })
        })
    }

    fn write(&self, rows: Rows) -> Result<(), TableError> {
        guarded(|| {
            let mut batch = sled::Batch::default();
            rows.into_iter().for_each(|(key, value)| batch.insert(key, value));
            self.tree().apply_batch(batch).map_err(wrong)
        })
    }

    fn flush(&self) -> Result<(), TableError> {
        guarded(|| self.tree().flush().map(|_| ()).map_err(wrong))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let tree = self.tree.take();
        // The index is derived: what is lost here is found missing on the next open.
        let _ = guarded(move || {
            drop(tree);
            Ok(())
        });
    }
}

/// sled cannot be opened after a stop while it writes a snapshot; the unfinished file is of no use.
fn remove_unfinished_snapshots(folder: &Path) {
    let Ok(items) = std::fs::read_dir(folder) else { return };
    for path in items.flatten().map(|item| item.path()) {
        if path.to_string_lossy().ends_with(".generating") {
            // A failure shows when sled opens, and then the index is rebuilt.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn wrong(error: sled::Error) -> TableError {
    TableError(error.to_string())
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside the database, where a panic is caught and means no more than "rebuild": for whoever
/// sets a panic hook.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs `work` on sled; its panics on damaged files become errors.
fn guarded<T>(work: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.unwrap_or_else(|_| Err(TableError("the database panicked".into())))
}
