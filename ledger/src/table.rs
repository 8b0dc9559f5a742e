//! The seam under the index: a sorted map of bytes that may be lost, and rebuilt from the log.
//!
//! What stands behind it is believed in nothing: see [`crate::index`]. [`Sled`] keeps it in a database on the disk.

mod database;

pub use database::{Sled, is_guarded};

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// Why a table cannot be used; the answer is always to rebuild the index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("index: {0}")]
pub struct TableError(pub String);

impl TableError {
    /// Said by a table that another process holds.
    pub const BUSY: &str = "in use by another process";

    /// Whether another process holds the table.
    pub fn is_busy(&self) -> bool {
        self.0 == Self::BUSY
    }
}

/// A key with its value.
pub type Row = (Vec<u8>, Vec<u8>);
/// Keys with their values, to be written together.
pub type Rows = Vec<Row>;

/// Is told a key and its value; a refusal stops the scan.
pub type Each<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<(), TableError>;

/// A sorted map of bytes.
pub trait Table: Debug + Send + Sync {
    /// The value under a key.
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableError>;
    /// The row of the highest key that is `key` or sorts before it.
    fn at_or_before(&self, key: &[u8]) -> Result<Option<Row>, TableError>;
    /// Tells every key that begins with `prefix`, and its value, in order; stops at the first refusal.
    fn scan(&self, prefix: &[u8], each: Each<'_>) -> Result<(), TableError>;
    /// Writes rows together.
    fn write(&self, rows: Rows) -> Result<(), TableError>;
    /// Pushes what was written towards the disk. Not a promise.
    fn flush(&self) -> Result<(), TableError>;
}

/// Opens tables by the folder they are kept in.
pub trait Tables: Debug + Send + Sync {
    /// Opens the table in `folder`; an empty one when there is none.
    fn open(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError>;
    /// Opens a copy of the table in `folder`, which goes away with it: nothing in the folder is written.
    fn open_copy(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError> {
        self.open(folder)
    }
    /// Whether there is a table in `folder`.
    fn exists(&self, folder: &Path) -> bool;
    /// Removes the table in `folder`, whose every handle is gone.
    fn remove(&self, folder: &Path) -> std::io::Result<()>;
}
