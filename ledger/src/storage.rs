//! The storage seam: what the ledger asks of a file system, and nothing more.
//!
//! Three things stand behind it: immutable files by path, the durable tail (files changed in place), and the lock of the
//! one writer. [`Disk`](crate::disk::Disk) is the operating system's file system. Tests put a backend in its place that loses, reorders
//! and tears what was not synced, so the order of every step below is judged, not believed.
//!
//! A whole file is replaced by stage (write under a temporary name, sync), publish (rename), sync of the folder. A read
//! refuses links, pipes, devices and anything larger than the caller expects, before it takes memory for it.

use crate::files::{self, FileError};
#[cfg(feature = "sled")]
use crate::lock::LockError;
use std::fmt::Debug;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
#[cfg(feature = "sled")]
use std::time::Duration;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, pipe, socket or device.
    Other,
}

/// A file changed in place: the open journal segment, a published checkpoint.
pub trait InPlace: Debug + Send {
    /// Size of the file, in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Writes at an offset; the file grows as needed. Not yet durable.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Waits until the content is durable. After an error nothing is known of what was written.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether the file still stands under a name: another may have been put in its place.
    fn is_named(&self) -> bool;
    /// The device it is on, where one sync can serve many files.
    fn device(&self) -> Option<u64> {
        None
    }
    /// Waits until everything on its device is durable.
    fn sync_device(&mut self) -> io::Result<()> {
        self.sync()
    }
}

/// A file system, as far as the ledger needs one.
pub trait Storage: Debug + Send + Sync {
    /// Opens a regular file for reading, with its size in bytes. Never follows a link in the last component, never
    /// blocks on a pipe.
    fn open(&self, path: &Path) -> Result<(Box<dyn Read + Send>, u64), FileError>;
    /// What stands under a name; links are not followed. `None` when nothing does.
    fn kind(&self, path: &Path) -> io::Result<Option<Kind>>;
    /// The names in a folder, in no order.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Makes a file, or empties the one there, and writes to it; gives it open, not yet durable.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>>;
    /// Opens a regular file to be changed in place.
    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>>;
    /// Makes the content of files of this storage durable, all of them. After an error nothing is known of any.
    fn sync_files(&self, files: &mut [Box<dyn InPlace>]) -> io::Result<()> {
        files.iter_mut().try_for_each(|file| file.sync())
    }
    /// Gives a file another name, replacing what stood there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes one folder, whose parent exists.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Makes a secret file that must not exist yet, readable by its owner alone; not yet durable.
    fn create_private(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>>;
    /// Refuses a file that others than its owner can read.
    fn refuse_shared(&self, path: &Path) -> Result<(), FileError>;
    /// Takes the lock of the one writer of the ledger in `folder`, waiting at most `wait`; held until dropped.
    #[cfg(feature = "sled")]
    fn lock(&self, folder: &Path, wait: Duration) -> Result<Box<dyn Debug + Send>, LockError>;
}

/// What is made of these steps, the same on every backend.
impl dyn Storage + '_ {
    /// Reads a regular file of at most `max` bytes.
    pub fn read(&self, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
        let (file, size) = self.open(path)?;
        if size > max {
            return Err(FileError::Size { path: path.to_owned(), size, max });
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.take(max + 1).read_to_end(&mut bytes).map_err(FileError::at(path))?;
        if bytes.len() as u64 > max {
            return Err(FileError::Size { path: path.to_owned(), size: bytes.len() as u64, max });
        }
        Ok(bytes)
    }

    /// Reads a regular file if it is there.
    pub fn read_if_any(&self, path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
        match self.read(path, max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a regular file stands under this name.
    pub fn is_file(&self, path: &Path) -> bool {
        matches!(self.kind(path), Ok(Some(Kind::File)))
    }

    /// Writes a whole file so that after a power cut either the old or the new content stands, durably.
    pub fn write_durably(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        self.stage(path, bytes)?.sync().map_err(FileError::at(path))?;
        self.publish(path)?;
        self.sync_names(files::parent(path))
    }

    /// The same, of a file that its owner alone can read.
    pub fn write_privately(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let temporary = files::temporary(path);
        self.make_folders(files::parent(path))?;
        self.remove_if_any(&temporary)?;
        let made = self.create_private(&temporary, bytes).and_then(|mut file| file.sync());
        made.map_err(FileError::at(&temporary))?;
        self.publish(path)?;
        self.sync_names(files::parent(path))
    }

    /// Writes `bytes` beside `path` under a temporary name, making the folders on the way durably. Not yet durable.
    pub fn stage(&self, path: &Path, bytes: &[u8]) -> Result<Box<dyn InPlace>, FileError> {
        let temporary = files::temporary(path);
        let staged = match self.create(&temporary, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_folders(files::parent(path))?;
                self.create(&temporary, bytes)
            }
            staged => staged,
        };
        staged.map_err(FileError::at(&temporary))
    }

    /// Gives a staged file its name.
    pub fn publish(&self, path: &Path) -> Result<(), FileError> {
        self.rename(&files::temporary(path), path).map_err(FileError::at(path))
    }

    /// Makes the names in a folder durable.
    pub fn sync_names(&self, folder: &Path) -> Result<(), FileError> {
        self.sync_folder(folder).map_err(FileError::at(folder))
    }

    /// Makes a folder and those above it; every new name is durable.
    pub fn make_folders(&self, folder: &Path) -> Result<(), FileError> {
        if matches!(self.kind(folder), Ok(Some(Kind::Folder))) {
            return Ok(());
        }
        let above = files::parent(folder);
        if above != folder {
            self.make_folders(above)?;
        }
        match self.make_folder(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(FileError::at(folder)(error));
            }
            _ => {}
        }
        self.sync_names(above)
    }

    /// Overwrites a file with zeros, durably; gives its size in bytes.
    pub fn wipe(&self, path: &Path) -> Result<u64, FileError> {
        let mut file = self.open_in_place(path).map_err(FileError::at(path))?;
        let size = file.size().map_err(FileError::at(path))?;
        let zeros = vec![0; 1 << 20];
        let mut at = 0;
        while at < size {
            let count = (size - at).min(zeros.len() as u64);
            file.write_at(at, &zeros[..count as usize]).map_err(FileError::at(path))?;
            at += count;
        }
        file.sync().map_err(FileError::at(path))?;
        Ok(size)
    }

    /// Removes a file that may not be there.
    pub fn remove_if_any(&self, path: &Path) -> Result<(), FileError> {
        match self.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::at(path)(error)),
            _ => Ok(()),
        }
    }
}

/// A small file that follows the log and says itself whether it is whole, such as a signed checkpoint: replaced with no
/// sync, since it can be derived again.
///
/// One write in place, no new file: a rename over a file makes some file systems write out the new one at once, at the
/// cost of a sync. Within one sector and never of another length, so that after a power cut the old or the new content
/// stands; a reader that sees a mixture looks again. What is new, of another length or longer than a sector is replaced
/// by rename.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    open: Option<(Box<dyn InPlace>, usize)>,
}

impl Follower {
    /// A follower at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the content.
    pub fn write(&mut self, storage: &dyn Storage, bytes: &[u8]) -> Result<(), FileError> {
        if self.open.as_ref().is_none_or(|(file, _)| !file.is_named()) {
            self.open = self.find(storage);
        }
        match &mut self.open {
            Some((file, size)) if bytes.len() <= SECTOR && bytes.len() == *size => {
                file.write_at(0, bytes).map_err(FileError::at(&self.path))
            }
            _ => {
                self.open = None;
                storage.write_durably(&self.path, bytes)
            }
        }
    }

    fn find(&self, storage: &dyn Storage) -> Option<(Box<dyn InPlace>, usize)> {
        let file = storage.open_in_place(&self.path).ok()?;
        let size = file.size().ok()?;
        Some((file, usize::try_from(size).ok()?))
    }
}
