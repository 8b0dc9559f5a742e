//! The spool: pushes that wait for a service. A file each, in the order they were made:
//!
//! ```text
//! 00000007-3b1c0e9a77d24f0c.push      a line of JSON (`Head`), then the body
//! 00000005-9a8b7c6d5e4f3a2b.refused   what the service refused for what it says
//! ```
//!
//! A file is there whole or not at all, for its owner alone, and is taken away when receipts hold. Two pushes at a time
//! may deliver the same file: its key makes the second time count for nothing.

use super::delivery::{Delivery, Head};
use affiant_ledger::digest::Hasher;
use affiant_ledger::files;
use affiant_server::failure::Failure;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Longest first line, in bytes.
const HEAD_SIZE_MAX: u64 = 64 << 10;
/// Ending of what waits.
const WAITING: &str = "push";
/// Ending of what was refused.
const REFUSED: &str = "refused";

/// A folder in which pushes wait.
pub(super) struct Spool(PathBuf);

impl Spool {
    /// Opens the folder; makes it if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let within = |error: io::Error| Failure::io(format!("{}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(within)?;
        files::sync_folder(files::parent(folder))?;
        Ok(Self(folder.to_owned()))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// What waits, in order.
    pub(super) fn waiting(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = self.paths()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == WAITING));
        Ok(paths)
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let items = fs::read_dir(&self.0)?.collect::<Result<Vec<_>, _>>()?;
        let mut paths: Vec<_> = items.into_iter().map(|item| item.path()).collect();
        paths.sort();
        Ok(paths)
    }

    /// Keeps a delivery, durably, behind all that waits. What waits already is not kept twice.
    pub(super) fn keep(&self, delivery: &Delivery) -> Result<(), Failure> {
        let within = |error: io::Error| Failure::io(format!("{}: {error}", self.0.display()));
        let short: String = delivery.head.key.chars().take(16).collect();
        let paths = self.paths()?;
        let names: Vec<_> = paths.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        if names.iter().any(|name| name.ends_with(&format!("-{short}.{WAITING}"))) {
            return Ok(());
        }
        let number = |name: &&str| name.split_once('-')?.0.parse::<u64>().ok();
        let next = names.iter().filter_map(number).max().map_or(1, |last| last + 1);
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(within)?;
        let mut head = serde_json::to_vec(&delivery.head).map_err(Failure::io)?;
        head.push(b'\n');
        file.write_all(&head).map_err(within)?;
        io::copy(&mut delivery.reader()?, &mut file).map_err(within)?;
        file.as_file().sync_all().map_err(within)?;
        let path = self.0.join(format!("{next:08}-{short}.{WAITING}"));
        file.persist(&path).map_err(|error| within(error.error))?;
        Ok(files::sync_folder(&self.0)?)
    }
}

/// A push that waits; none if another has just delivered it.
pub(super) fn opened(path: &Path) -> Result<Option<Delivery>, Failure> {
    let wrong = |why: String| {
        Failure::integrity(format!("{}: {why}", path.display()))
            .hint("move it out of the spool to look at it")
    };
    let (file, size) = match files::open_regular(path) {
        Ok(opened) => opened,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (head, begin) = head(&file).map_err(|error| wrong(format!("no push that waits: {error}")))?;
    if head.affiant_push != 1 {
        return Err(wrong(format!("version {} is not known here", head.affiant_push)));
    }
    if begin + head.size != size {
        return Err(wrong(format!("its body has {} bytes, not {}", size.saturating_sub(begin), head.size)));
    }
    let delivery = Delivery::within(head, file, begin);
    let mut reader = delivery.reader()?;
    let (mut hasher, mut chunk) = (Hasher::default(), vec![0; 64 << 10]);
    loop {
        match reader.read(&mut chunk)? {
            0 => break,
            count => hasher.update(&chunk[..count]),
        }
    }
    if hasher.finish() != delivery.head.sha256 {
        return Err(wrong("its body is not what was kept".to_owned()));
    }
    Ok(Some(delivery))
}

fn head(file: &File) -> io::Result<(Head, u64)> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(file.try_clone()?.take(HEAD_SIZE_MAX));
    let size = reader.read_until(b'\n', &mut line)?;
    Ok((serde_json::from_slice(&line)?, size as u64))
}

/// Takes away what was delivered.
pub(super) fn done(path: &Path) -> Result<(), Failure> {
    files::remove_if_any(path)?;
    Ok(files::sync_folder(files::parent(path))?)
}

/// Puts aside what was refused; nobody sends it again.
pub(super) fn put_aside(path: &Path) -> Result<PathBuf, Failure> {
    let aside = path.with_extension(REFUSED);
    fs::rename(path, &aside)?;
    files::sync_folder(files::parent(path))?;
    Ok(aside)
}
