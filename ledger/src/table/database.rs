//! sled as [`Table`]. The only file that imports `sled`.
//!
//! sled 0.34 is not power-loss safe, may lose or alter single keys, cannot be opened after a stop while it writes a
//! snapshot, and panics on some damaged files. So unfinished snapshots are removed before opening, every call runs
//! under `catch_unwind`, and no answer counts before the index has compared it with the log.

use super::{Each, Rows, Table, TableError, Tables};
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// Bytes of pages held in memory.
const CACHE_SIZE: u64 = 16 << 20;

/// Tables kept in sled databases.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sled;

impl Tables for Sled {
    fn open(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError> {
        remove_unfinished_snapshots(folder);
        guarded(|| {
            let config = sled::Config::new().path(folder).cache_capacity(CACHE_SIZE).flush_every_ms(None);
            let table: Arc<dyn Table> = Arc::new(Database(Some(config.open().map_err(wrong)?)));
            Ok(table)
        })
    }

    fn exists(&self, folder: &Path) -> bool {
        folder.is_dir()
    }

    fn remove(&self, folder: &Path) -> std::io::Result<()> {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The database. Closing it writes, and panics when that fails: caught here.
struct Database(Option<sled::Db>);

impl Database {
    fn tree(&self) -> &sled::Db {
        self.0.as_ref().unwrap_or_else(|| panic!("the database is there until it is dropped"))
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
        let tree = self.0.take();
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
    let text = error.to_string();
    // sled reports a lock that is held as an error of its own wording.
    let busy = matches!(&error, sled::Error::Io(_)) && text.contains("could not acquire lock");
    TableError(if busy { TableError::BUSY.into() } else { text })
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
