//! Files of the operating system, with care, and the error that names them.
//!
//! What the ledger does with files goes through [`Storage`]; here stand the
//! names of files being written, the opening of files of strangers, and reading and writing whole files on the disk.

use crate::disk::Disk;
use crate::storage::{InPlace, Storage};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A file that could not be read or written, and why.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system's word.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link, folder, pipe or device.
    #[error("{}: not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// Larger than allowed.
    #[error("{}: {size} bytes, the limit is {max}", path.display())]
    Size {
        /// Which file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        max: u64,
    },
}

impl FileError {
    /// An error at `path`.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a regular file of at most `max` bytes from the disk. Never follows a link in the last component, never blocks
/// on a pipe.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    DISK.read(path, max)
}

/// Reads input of at most `max` bytes: a regular file, or what stands on stdin for `-`.
pub fn input(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    if path != Path::new("-") {
        return read(path, max);
    }
    let mut bytes = Vec::new();
    let stdin = || PathBuf::from("stdin");
    io::stdin().take(max + 1).read_to_end(&mut bytes).map_err(FileError::at(&stdin()))?;
    let size = bytes.len() as u64;
    if size > max { Err(FileError::Size { path: stdin(), size, max }) } else { Ok(bytes) }
}

/// Reads a regular file from the disk if it is there.
pub fn read_if_any(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    DISK.read_if_any(path, max)
}

/// Writes a whole file to the disk so that after a power cut either the old or the new content stands, durably.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    DISK.write_durably(path, bytes)
}

/// A file written part by part, which has its name once it is whole, durably; left unfinished there is none.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    file: Box<dyn InPlace>,
    size: u64,
}

impl Unfinished {
    /// Begins a file on the disk.
    pub fn begin(path: &Path) -> Result<Self, FileError> {
        Ok(Self { path: path.to_owned(), file: DISK.stage(path, &[])?, size: 0 })
    }

    /// Gives it its name, in the place of what stood there.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.file.sync().map_err(FileError::at(&self.path))?;
        DISK.publish(&self.path)?;
        DISK.sync_names(parent(&self.path))
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.size, bytes)?;
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = DISK.remove_if_any(&temporary(&self.path));
    }
}

/// The same, of a file that its owner alone can read.
pub fn write_privately(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    DISK.write_privately(path, bytes)
}

/// Makes a folder of the disk and those above it; every new name is durable.
pub fn make_folders(folder: &Path) -> Result<(), FileError> {
    DISK.make_folders(folder)
}

/// Removes a file from the disk that may not be there.
pub fn remove_if_any(path: &Path) -> Result<(), FileError> {
    DISK.remove_if_any(path)
}

/// Makes the names in a folder of the disk durable.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    DISK.sync_names(folder)
}

const DISK: &dyn Storage = &Disk;

/// Opens a regular file for reading and gives its size. Never follows a link in the last component, never blocks on a
/// pipe.
pub fn open_regular(path: &Path) -> Result<(File, u64), FileError> {
    let found = fs::symlink_metadata(path).map_err(FileError::at(path))?;
    if !found.is_file() {
        return Err(FileError::NotRegular(path.to_owned()));
    }
    let file = open_no_follow(OpenOptions::new().read(true), path).map_err(FileError::at(path))?;
    let opened = file.metadata().map_err(FileError::at(path))?;
    if opened.is_file() { Ok((file, opened.len())) } else { Err(FileError::NotRegular(path.to_owned())) }
}

/// Opens a path whose last component must not be a link; does not wait for a pipe.
#[cfg(unix)]
pub(crate) fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
pub(crate) fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// The folder a file is in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder and those above it up to `top`: as new, perhaps, as what was just put there, and to be synced with it.
pub(crate) fn up_to(folder: &Path, top: &Path) -> Vec<PathBuf> {
    folder.ancestors().take_while(|above| above.starts_with(top)).map(Path::to_owned).collect()
}

/// Ending of files being written; whoever finds one may remove it.
pub const TEMPORARY: &str = "tmp";

/// The name a file is written under before it is published.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(TEMPORARY);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_stands_under_its_name_once_it_is_whole_and_leaves_nothing_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack.zip");
        fs::write(&path, b"old").unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let mut file = Unfinished::begin(&path).unwrap();
        file.write_all(b"new, ").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 2));
        drop(file);
        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 1));
        let mut file = Unfinished::begin(&path).unwrap();
        file.write_all(b"new, ").unwrap();
        file.write_all(b"and whole").unwrap();
        file.finish().unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"new, and whole".to_vec(), 1));
    }
}
