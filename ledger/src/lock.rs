//! One writer at a time: an operating-system lock on `<ledger>/lock`, which dies with its process.

use crate::files::FileError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The lock, held until dropped.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code, reason = "holding the file is holding the lock")] File);

/// The lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another process is writing to this ledger ({owner}); waited {waited:?}")]
    Held {
        /// What the holder wrote of itself.
        owner: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Lock {
    /// Takes the lock of the ledger in `folder`, waiting at most `wait`.
    pub fn take(folder: &Path, wait: Duration) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let open = || OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        let opened = open().or_else(|_| {
            std::fs::create_dir_all(folder)?;
            open()
        });
        let mut file = opened.map_err(FileError::at(&path))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if start.elapsed() < wait => sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { owner: owner(&mut file), waited: wait });
                }
                Err(TryLockError::Error(error)) => return Err(FileError::at(&path)(error).into()),
            }
        }
        // Only for people to read; the lock is the operating system's.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "process {}", std::process::id()));
        Ok(Self(file))
    }
}

fn owner(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.take(200).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or("owner unknown");
    crate::id::visible(line)
}
