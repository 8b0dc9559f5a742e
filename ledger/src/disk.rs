//! The operating system's file system as [`Storage`].
//!
//! Paths are opened with O_NOFOLLOW and O_NONBLOCK, and only regular files are read or changed: a link, a pipe or a
//! device in the place of one of our files is refused, not followed.

use crate::files::{FileError, open_no_follow, open_regular};
#[cfg(feature = "sled")]
use crate::lock::{Lock, LockError};
use crate::storage::{InPlace, Kind, Storage};
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::sync::LazyLock;
#[cfg(feature = "sled")]
use std::time::Duration;

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl InPlace for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(self, offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    #[cfg(unix)]
    fn is_named(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        self.metadata().is_ok_and(|meta| meta.nlink() > 0)
    }

    #[cfg(not(unix))]
    fn is_named(&self) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn device(&self) -> Option<u64> {
        use std::os::unix::fs::MetadataExt;
        SYNCFS_TELLS.then(|| Some(self.metadata().ok()?.dev())).flatten()
    }

    #[cfg(target_os = "linux")]
    fn sync_device(&mut self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(self)?)
    }
}

/// Whether syncfs tells of write errors: since Linux 5.8.
#[cfg(target_os = "linux")]
static SYNCFS_TELLS: LazyLock<bool> = LazyLock::new(|| {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5, 8)
});

#[cfg(unix)]
fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(not(unix))]
fn write_all_at(mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

impl Storage for Disk {
    fn open(&self, path: &Path) -> Result<(Box<dyn Read + Send>, u64), FileError> {
        let (file, size) = open_regular(path)?;
        Ok((Box::new(file), size))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        match fs::symlink_metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Some(Kind::File)),
            Ok(meta) if meta.is_dir() => Ok(Some(Kind::Folder)),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(folder)?.map(|item| Ok(item?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        let mut options = OpenOptions::new();
        let mut file = open_no_follow(options.write(true).create(true).truncate(true), path)?;
        file.write_all(bytes)?;
        Ok(Box::new(file))
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        let file = open_no_follow(OpenOptions::new().write(true), path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Box::new(file))
    }

    /// Many files are made durable by one sync of their file system: syncing them one by one takes three times as long,
    /// and holds up every other sync meanwhile. Linux reports write errors of any of them since version 5.8; older
    /// kernels, and files on several file systems, are synced one by one.
    fn sync_files(&self, files: &mut [Box<dyn InPlace>]) -> io::Result<()> {
        let device = files.first().and_then(|file| file.device());
        let together = device.is_some() && files.iter().all(|file| file.device() == device);
        match files {
            [first, _, ..] if together => first.sync_device(),
            files => files.iter_mut().try_for_each(|file| file.sync()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn create_private(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        Ok(Box::new(file))
    }

    #[cfg(unix)]
    fn refuse_shared(&self, path: &Path) -> Result<(), FileError> {
        use std::os::unix::fs::MetadataExt;
        let mode = fs::metadata(path).map_err(FileError::at(path))?.mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let text = format!("a private key that others can read (mode {mode:04o}); run `chmod 600` on it");
        Err(FileError::at(path)(io::Error::other(text)))
    }

    #[cfg(not(unix))]
    fn refuse_shared(&self, _: &Path) -> Result<(), FileError> {
        Ok(())
    }

    #[cfg(feature = "sled")]
    fn lock(&self, folder: &Path, wait: Duration) -> Result<Box<dyn Debug + Send>, LockError> {
        Ok(Box::new(Lock::take(folder, wait)?))
    }
}
