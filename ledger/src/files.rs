//! The file system, with care: bounded reads of regular files only, whole-file writes that survive a power cut.
//!
//! A write is temp, fsync, rename, fsync of the folder. A read refuses links, pipes, devices and anything larger than
//! the caller expects, before it takes memory for it.

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

/// Reads a regular file of at most `max` bytes. Never follows a link in the last component, never blocks on a pipe.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let (file, size) = open_regular(path)?;
    if size > max {
        return Err(FileError::Size { path: path.to_owned(), size, max });
    }
    let mut bytes = Vec::with_capacity(size as usize);
    file.take(max + 1).read_to_end(&mut bytes).map_err(FileError::at(path))?;
    if bytes.len() as u64 > max {
        return Err(FileError::Size { path: path.to_owned(), size: bytes.len() as u64, max });
    }
    Ok(bytes)
}

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

/// Reads a regular file if it is there.
pub fn read_if_any(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    match read(path, max) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// Writes a whole file so that after a power cut either the old or the new content stands, durably.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    stage(path, bytes, true)?;
    publish(path)?;
    sync_folder(parent(path))
}

/// Replaces the content of a small file, with no sync: for what can be derived again and says itself whether it is
/// whole, such as a signed checkpoint.
///
/// One write in place, no new file: a rename over a file makes some file systems write out the new one at once, at the
/// cost of a sync. Within one sector, so that after a power cut the old or the new content stands; a reader that sees a
/// mixture looks again. What is new, shrinks or is longer than a sector is replaced by rename.
pub fn write_derived(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let found =
        open_no_follow(OpenOptions::new().write(true), path).and_then(|file| Ok((file.metadata()?, file)));
    match found {
        Ok((meta, mut file))
            if meta.is_file() && bytes.len() <= SECTOR && (1..=bytes.len() as u64).contains(&meta.len()) =>
        {
            file.write_all(bytes).map_err(FileError::at(path))
        }
        _ => write_durably(path, bytes),
    }
}

/// What a disk writes whole.
const SECTOR: usize = 512;

/// Writes `bytes` beside `path` under a temporary name, making the folders on the way.
pub fn stage(path: &Path, bytes: &[u8], sync: bool) -> Result<(), FileError> {
    let temporary = temporary(path);
    let write = || -> io::Result<()> {
        let mut file = match File::create(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(parent(path), sync)?;
                File::create(&temporary)?
            }
            file => file?,
        };
        file.write_all(bytes)?;
        if sync { file.sync_all() } else { Ok(()) }
    };
    write().map_err(FileError::at(&temporary))
}

/// Makes a folder and those above it; with `sync`, every new name is durable.
fn make_folder(folder: &Path, sync: bool) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    make_folder(parent(folder), sync)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if sync { File::open(parent(folder))?.sync_all() } else { Ok(()) }
}

/// Gives a staged file its name.
pub fn publish(path: &Path) -> Result<(), FileError> {
    fs::rename(temporary(path), path).map_err(FileError::at(path))
}

/// Makes the names in a folder durable.
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(FileError::at(folder))
}

/// Removes a file that may not be there.
pub fn remove_if_any(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::at(path)(error)),
        _ => Ok(()),
    }
}

/// The folder a file is in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Ending of files being written; whoever finds one may remove it.
pub const TEMPORARY: &str = "tmp";

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(TEMPORARY);
    path.with_file_name(name)
}
