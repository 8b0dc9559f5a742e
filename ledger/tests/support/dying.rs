//! A disk that dies: from a chosen change on, every change of the file system fails, as if the process had been stopped
//! there. The change it dies at may be half done.

use affiant_ledger::disk::Disk;
use affiant_ledger::files::FileError;
use affiant_ledger::lock::LockError;
use affiant_ledger::storage::{InPlace, Kind, Storage};
use std::fmt::Debug;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// The operating system's disk, until it dies.
#[derive(Debug, Clone)]
pub(crate) struct Dying(Arc<Life>);

#[derive(Debug)]
struct Life {
    /// Changes left.
    left: AtomicI64,
    /// Whether the last write is half done.
    torn: bool,
    /// Ending of a path at whose first change it dies.
    path: Mutex<Option<String>>,
    dead: AtomicBool,
}

impl Dying {
    pub(crate) fn new(torn: bool) -> Self {
        let (left, dead) = (AtomicI64::new(i64::MAX), AtomicBool::new(false));
        Self(Arc::new(Life { left, torn, path: Mutex::new(None), dead }))
    }

    /// Dies after so many changes.
    pub(crate) fn die_after(&self, changes: i64) {
        self.0.left.store(changes, Ordering::SeqCst);
    }

    /// Dies at the first change of a path that ends so.
    pub(crate) fn die_at(&self, path: &str) {
        *self.0.path.lock().unwrap() = Some(path.to_owned());
    }

    pub(crate) fn revive(&self) {
        self.die_after(i64::MAX);
        *self.0.path.lock().unwrap() = None;
        self.0.dead.store(false, Ordering::SeqCst);
    }

    fn change(&self, path: Option<&Path>) -> io::Result<()> {
        let named = self.0.path.lock().unwrap();
        let dies =
            path.zip(named.as_ref()).is_some_and(|(path, end)| path.to_string_lossy().ends_with(&**end));
        let over = self.0.left.fetch_sub(1, Ordering::SeqCst) <= 0;
        if dies || over || self.0.dead.load(Ordering::SeqCst) {
            self.0.dead.store(true, Ordering::SeqCst);
            return Err(io::Error::other("the disk is dead"));
        }
        Ok(())
    }

    /// What is written of `bytes` at the moment of death.
    fn half<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let first = self.0.left.load(Ordering::SeqCst) == 0;
        (self.0.torn && first && !self.0.dead.load(Ordering::SeqCst)).then(|| &bytes[..bytes.len() / 2])
    }
}

#[derive(Debug)]
struct Open(Box<dyn InPlace>, Dying);

impl InPlace for Open {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // In place, what lies within one sector is written whole or not at all.
        if let Some(half) = self.1.half(bytes) {
            self.0.write_at(offset, &half[..half.len() / SECTOR * SECTOR])?;
        }
        self.1.change(None)?;
        self.0.write_at(offset, bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.1.change(None)?;
        self.0.sync()
    }
    fn is_named(&self) -> bool {
        self.0.is_named()
    }
}

impl Storage for Dying {
    fn open(&self, path: &Path) -> Result<(Box<dyn Read + Send>, u64), FileError> {
        Disk.open(path)
    }
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        Disk.kind(path)
    }
    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        Disk.names(folder)
    }
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        if let Some(half) = self.half(bytes) {
            Disk.create(path, half)?;
        }
        self.change(Some(path))?;
        Ok(Box::new(Open(Disk.create(path, bytes)?, self.clone())))
    }
    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        Ok(Box::new(Open(Disk.open_in_place(path)?, self.clone())))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Some(from))?;
        Disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(Some(path))?;
        Disk.remove(path)
    }
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(Some(folder))?;
        Disk.make_folder(folder)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change(Some(folder))?;
        Disk.sync_folder(folder)
    }
    fn create_private(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        if let Some(half) = self.half(bytes) {
            Disk.create_private(path, half)?;
        }
        self.change(Some(path))?;
        Ok(Box::new(Open(Disk.create_private(path, bytes)?, self.clone())))
    }
    fn refuse_shared(&self, path: &Path) -> Result<(), FileError> {
        Disk.refuse_shared(path)
    }
    fn lock(&self, folder: &Path, wait: Duration) -> Result<Box<dyn Debug + Send>, LockError> {
        Disk.lock(folder, wait)
    }
}
