//! The spool: pushes that are under way, or wait for a service. A file each, in the order they were made:
//!
//! ```text
//! 00000007-3b1c0e9a77d24f0c.push      a line of JSON (`Head`), then the body
//! 00000005-9a8b7c6d5e4f3a2b.refused   what the service refused for what it says, or took in part
//! 00000005-9a8b7c6d5e4f3a2b.reason    why
//! ```
//!
//! A file is there whole or not at all, for its owner alone, and is taken away when receipts hold. Two pushes at a time
//! may deliver the same file: its key makes the second time count for nothing.

use super::delivery::{Delivery, Head};
use affiant_ledger::digest::{Digest, Hasher};
use affiant_ledger::files::{self, FileError};
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Longest first line, in bytes.
const HEAD_SIZE_MAX: u64 = 1 << 20;
/// Ending of what waits.
const WAITING: &str = "push";
/// Ending of what was refused.
const REFUSED: &str = "refused";
/// Ending of why it was.
const REASON: &str = "reason";
/// Beginning of files that are being written.
const UNFINISHED: &str = ".tmp";
/// Age from which nobody writes such a file any more.
const UNFINISHED_MAX: Duration = Duration::from_secs(86_400);

/// A folder in which pushes wait.
pub(super) struct Spool(PathBuf);

impl Spool {
    /// Opens the folder; makes it if it is not there.
    pub(super) fn open(folder: &Path, now: Timestamp) -> Result<Self, Failure> {
        files::make_folders(folder)?;
        let spool = Self(folder.to_owned());
        spool.clean(now);
        Ok(spool)
    }

    /// Takes away what pushes left that were killed while they wrote. Where that fails it only takes room.
    fn clean(&self, now: Timestamp) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_millis());
        for item in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let is_unfinished = item.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED));
            let changed = item.metadata().and_then(|data| data.modified()).ok();
            let age = changed.and_then(|changed| now.duration_since(changed).ok());
            if is_unfinished && age.is_some_and(|age| age > UNFINISHED_MAX) {
                let _ = fs::remove_file(item.path());
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// What waits, in order.
    pub(super) fn waiting(&self) -> Result<Vec<PathBuf>, Failure> {
        self.ending(WAITING)
    }

    /// What was put aside.
    pub(super) fn refused(&self) -> Result<Vec<PathBuf>, Failure> {
        self.ending(REFUSED)
    }

    fn ending(&self, ending: &str) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = self.paths()?;
        paths.retain(|path| path.extension().is_some_and(|own| own == ending));
        Ok(paths)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let within = |error: io::Error| self.failure(&error);
        let items = fs::read_dir(&self.0).map_err(within)?.collect::<Result<Vec<_>, _>>().map_err(within)?;
        let mut paths: Vec<_> = items.into_iter().map(|item| item.path()).collect();
        paths.sort();
        Ok(paths)
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::io(format!("{}: {error}", self.0.display()))
    }

    /// Keeps a delivery, durably, behind all that waits; gives its place. What waits already is not kept twice.
    pub(super) fn keep(&self, delivery: &Delivery) -> Result<PathBuf, Failure> {
        let within = |error: io::Error| self.failure(&error);
        let Head { to, key, sha256, .. } = &delivery.head;
        let mark = Digest::of(format!("{to}\n{key}\n{sha256}\n").as_bytes()).to_string();
        let ending = format!("-{}.{WAITING}", &mark[..16]);
        let paths = self.paths()?;
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        if let Some(path) = paths.iter().find(|path| name(path).is_some_and(|name| name.ends_with(&ending))) {
            return Ok(path.clone());
        }
        let number = |path| name(path)?.split_once('-')?.0.parse::<u64>().ok();
        let next = paths.iter().filter_map(number).max().map_or(1, |last| last.saturating_add(1));
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.0).map_err(within)?;
        let mut head = serde_json::to_vec(&delivery.head).map_err(Failure::io)?;
        head.push(b'\n');
        file.write_all(&head).map_err(within)?;
        io::copy(&mut delivery.reader()?, &mut file).map_err(within)?;
        file.as_file().sync_all().map_err(within)?;
        let path = self.0.join(format!("{next:08}{ending}"));
        file.persist(&path).map_err(|error| within(error.error))?;
        files::sync_folder(&self.0)?;
        Ok(path)
    }

    /// Has what was put aside wait again.
    pub(super) fn bring_back(&self) -> Result<(), Failure> {
        for path in self.refused()? {
            moved(&path, &path.with_extension(WAITING))?;
            files::remove_if_any(&path.with_extension(REASON))?;
        }
        Ok(files::sync_folder(&self.0)?)
    }
}

/// A push that waits; none if another has just delivered it. What is no push is a failure of integrity; all else that fails
/// says nothing about it.
pub(super) fn opened(path: &Path) -> Result<Option<Delivery>, Failure> {
    let within = |error: io::Error| Failure::io(format!("{}: {error}", path.display()));
    let wrong = |why: String| Failure::integrity(format!("{}: {why}", path.display()));
    let (file, size) = match files::open_regular(path) {
        Ok(opened) => opened,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error @ FileError::NotRegular(_)) => return Err(Failure::integrity(error)),
        Err(error) => return Err(error.into()),
    };
    let line = first_line(&file).map_err(within)?;
    let no_push = |error: serde_json::Error| wrong(format!("no push that waits: {error}"));
    let Version { affiant_push: version } = serde_json::from_slice(&line).map_err(no_push)?;
    if version != 1 {
        let failure = Failure::io(format!("{}: version {version} is not known here", path.display()));
        return Err(failure.hint("a newer affiant kept it, and delivers it"));
    }
    let head: Head = serde_json::from_slice(&line).map_err(no_push)?;
    let begin = line.len() as u64;
    if begin.checked_add(head.size) != Some(size) {
        return Err(wrong(format!("its body has {} bytes, not {}", size.saturating_sub(begin), head.size)));
    }
    let delivery = Delivery::within(head, file, begin);
    let mut reader = delivery.reader().map_err(within)?;
    let (mut hasher, mut chunk) = (Hasher::default(), vec![0; 64 << 10]);
    loop {
        match reader.read(&mut chunk).map_err(within)? {
            0 => break,
            count => hasher.update(&chunk[..count]),
        }
    }
    if hasher.finish() != delivery.head.sha256 {
        return Err(wrong("its body is not what was kept".to_owned()));
    }
    Ok(Some(delivery))
}

/// The form of a head, whatever else stands in it.
#[derive(Deserialize)]
struct Version {
    affiant_push: u64,
}

fn first_line(file: &File) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(file.try_clone()?.take(HEAD_SIZE_MAX)).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Takes away what was delivered.
pub(super) fn done(path: &Path) -> Result<(), Failure> {
    files::remove_if_any(path)?;
    Ok(files::sync_folder(files::parent(path))?)
}

/// Puts aside what was refused, with why; none if another has just taken it.
pub(super) fn put_aside(path: &Path, why: &str) -> Result<Option<PathBuf>, Failure> {
    let (aside, reason) = (path.with_extension(REFUSED), path.with_extension(REASON));
    files::write_privately(&reason, format!("{why}\n").as_bytes())?;
    if !moved(path, &aside)? {
        if !aside.exists() {
            files::remove_if_any(&reason)?;
        }
        return Ok(None);
    }
    files::sync_folder(files::parent(path))?;
    Ok(Some(aside))
}

/// Gives a file another name; false if it is not there any more.
fn moved(from: &Path, to: &Path) -> Result<bool, Failure> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io(format!("{}: {error}", from.display()))),
    }
}
