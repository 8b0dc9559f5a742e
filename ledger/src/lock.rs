//! One writer at a time: an operating-system lock on `<ledger>/lock`, which dies with its process.
//!
//! Who waits stands in a line: `<ledger>/lock.queue/<number, 16 digits>`, each file locked by the process that waits under
//! it, so that a place whose process has died is seen and cleared. The lowest number is next. Where no line can be made (a
//! full disk), whoever comes first is served.

use crate::files::FileError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(2);
/// Places tried before doing without.
const PLACES_TRIED: u32 = 100;

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
    /// Takes the lock of the ledger in `folder`, which exists, waiting in line for at most `wait`.
    pub fn take(folder: &Path, wait: Duration) -> Result<Self, LockError> {
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = crate::files::open_no_follow(&mut options, &path).map_err(FileError::at(&path))?;
        let start = Instant::now();
        let line = folder.join("lock.queue");
        let mut place: Option<Place> = None;
        loop {
            if is_next(&line, place.as_ref()) && try_lock(&file).map_err(FileError::at(&path))? {
                break;
            }
            if start.elapsed() >= wait {
                return Err(LockError::Held { owner: owner(&mut file), waited: wait });
            }
            if place.is_none() {
                place = Place::take(&line);
            }
            sleep(PAUSE);
        }
        // Only for people to read; the lock is the operating system's.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "process {}", std::process::id()));
        Ok(Self(file))
    }
}

/// A place in the line; left when dropped.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    _locked: File,
}

impl Place {
    /// A place behind all others. The file is locked before it has its name.
    fn take(line: &Path) -> Option<Self> {
        let _ = fs::create_dir(line);
        let unnamed = line.join(format!("{}.tmp", std::process::id()));
        let file = File::create(&unnamed).ok()?;
        let named = file.try_lock().ok().and_then(|()| {
            (0..PLACES_TRIED).find_map(|_| {
                let last = numbers(line).into_iter().max().unwrap_or_default();
                let path = line.join(format!("{:016}", last + 1));
                fs::hard_link(&unnamed, &path).ok().map(|()| path)
            })
        });
        let _ = fs::remove_file(&unnamed);
        Some(Self { path: named?, _locked: file })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether nobody who lives stands before `place`, or at all when there is none.
fn is_next(line: &Path, place: Option<&Place>) -> bool {
    let own = place.and_then(|place| number_of(place.path.file_name()?.to_str()?));
    let before = numbers(line).into_iter().filter(|number| own.is_none_or(|own| *number < own));
    before.into_iter().all(|number| clear_dead(&line.join(format!("{number:016}"))))
}

fn numbers(line: &Path) -> Vec<u64> {
    let Ok(items) = fs::read_dir(line) else { return Vec::new() };
    items.flatten().filter_map(|item| number_of(item.file_name().to_str()?)).collect()
}

fn number_of(name: &str) -> Option<u64> {
    (name.len() == 16).then(|| name.parse().ok()).flatten()
}

/// Removes a place whose process has died. Whether it is gone.
fn clear_dead(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return !path.exists() };
    if !try_lock(&file).unwrap_or(true) {
        return false;
    }
    // Only who holds the lock of a dead place removes it, so its name still stands for this file.
    fs::remove_file(path).is_ok() || !path.exists()
}

fn try_lock(file: &File) -> std::io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn owner(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.take(200).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or("owner unknown");
    crate::id::visible(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn living(line: &Path) -> usize {
        let held = |number: &u64| {
            let place = File::open(line.join(format!("{number:016}")));
            place.is_ok_and(|place| !try_lock(&place).unwrap())
        };
        numbers(line).iter().filter(|number| held(number)).count()
    }

    #[test]
    fn writers_are_served_in_the_order_in_which_they_came_and_a_dead_one_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let held = Lock::take(folder.path(), Duration::ZERO).unwrap();
        // Left by a process that died while it waited: nobody holds it.
        fs::create_dir(folder.path().join("lock.queue")).unwrap();
        fs::write(folder.path().join("lock.queue/0000000000000001"), b"").unwrap();
        let served = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = (0..5)
            .map(|number| {
                let (path, served) = (folder.path().to_owned(), served.clone());
                let writer = std::thread::spawn(move || {
                    let lock = Lock::take(&path, Duration::from_secs(60)).unwrap();
                    served.lock().unwrap().push(number);
                    sleep(Duration::from_millis(5));
                    drop(lock);
                });
                // It stands in line before the next one comes.
                while living(&folder.path().join("lock.queue")) < number + 1 {
                    sleep(Duration::from_millis(1));
                }
                writer
            })
            .collect();
        drop(held);
        waiting.into_iter().for_each(|writer| writer.join().unwrap());
        assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4]);
        assert!(numbers(&folder.path().join("lock.queue")).is_empty());
    }

    #[test]
    fn a_held_lock_tells_its_holder_after_the_wait() {
        let folder = tempfile::tempdir().unwrap();
        let _held = Lock::take(folder.path(), Duration::ZERO).unwrap();
        let refused = Lock::take(folder.path(), Duration::from_millis(20));
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(numbers(&folder.path().join("lock.queue")).is_empty());
    }
}
