//! Publishing: the log as a folder of files that any web server can give out (C2SP tlog-tiles).
//!
//! ```text
//! checkpoint               the signed head, written last
//! tile/0/003               256 hashes; also tile/1, tile/2, ...
//! tile/0/003.p/232         the last tile, not full yet: 232 hashes
//! tile/entries/003         256 times (u16 BE length || entry)
//! tile/entries/003.p/232   the last bundle, not full yet
//! ```
//!
//! Payloads and evidence files are not published: they may be personal data. An entry names its payload by a salted
//! digest, which says nothing without the payload.
//!
//! Invariants: nothing is written before every entry, tile and root was derived again from the ledger's files and led to
//! the signed root, and before all that stands in the folder was found to be of this log and not ahead of it. What the
//! checkpoint in the folder needs is durable before that checkpoint is, so a stop at any point leaves a log that
//! verifies; the next run writes what is missing. Work and files are in proportion to what is new, memory is flat.

use crate::checkpoint::{CHECKPOINT_SIZE_MAX, Checkpoint, CheckpointError};
use crate::digest::Digest;
use crate::files::{self, FileError};
use crate::lock::LockError;
use crate::merkle::{self, Frontier, Nodes};
use crate::reader::{ReadError, Reader, entries_path, hashes_path};
use crate::tile::{self, TILE_HEIGHT, TILE_WIDTH};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod site;

use site::Site;

/// How to publish.
#[derive(Debug, Clone, Copy, Default)]
pub struct Publishing {
    /// Look at every file again, not only from the published checkpoint on.
    pub whole: bool,
    /// Remove partial tiles whose full tile is published (C2SP tlog-tiles allows it).
    pub prune: bool,
    /// How long to wait for another process that publishes there.
    pub wait: Duration,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The checkpoint that stands there now.
    pub checkpoint: Checkpoint,
    /// Size of the one that stood there before.
    pub before: Option<u64>,
    /// Files written.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Partial tiles removed.
    pub pruned: u64,
}

/// Why nothing was published, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The ledger could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The folder could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A web server that gives out this folder would give out the ledger with its payloads and keys.
    #[error("`{}` and the ledger's folder `{}` lie within one another", folder.display(), ledger.display())]
    Overlap {
        /// Where to publish.
        folder: PathBuf,
        /// The ledger's folder.
        ledger: PathBuf,
    },
    /// What should be a folder is a link or a file: it is not followed, not replaced.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A file of another log, or of anybody: it is not replaced.
    #[error("`{}` is there and is not what this log has at that place", .0.display())]
    Foreign(PathBuf),
    /// The checkpoint there is not one of this log.
    #[error("the checkpoint published in `{}`: {source}", folder.display())]
    OtherLog {
        /// Where it stands.
        folder: PathBuf,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// More was published than the ledger has.
    #[error("`{}` has {published} entries, this ledger has {size}", folder.display())]
    Newer {
        /// Where it stands.
        folder: PathBuf,
        /// Entries published.
        published: u64,
        /// Entries of the ledger.
        size: u64,
    },
    /// Another history was published under the same name.
    #[error("the {size} entries published in `{}` are not the first {size} of this ledger", folder.display())]
    Forked {
        /// Where they stand.
        folder: PathBuf,
        /// How many.
        size: u64,
    },
    /// The ledger's own entries do not give its signed root.
    #[error("the ledger's {0} entries do not give its signed root")]
    Root(u64),
    /// Another process publishes there.
    #[error("another process is publishing to `{}` ({owner})", folder.display())]
    Busy {
        /// Where.
        folder: PathBuf,
        /// What it wrote of itself.
        owner: String,
    },
}

/// Publishes the log as `reader` sees it into `folder`, which is made if it is not there. `show` is told how many of how
/// many entries are done, in two rounds: derived, then written.
pub fn publish(
    reader: &Reader,
    folder: &Path,
    how: Publishing,
    show: &dyn Fn(u64, u64),
) -> Result<Publication, PublishError> {
    // A path that ends in a slash would follow a link.
    let folder: &Path = &folder.components().collect::<PathBuf>();
    apart(reader.folder(), folder)?;
    let start =
        |before: Option<u64>| if how.whole { 0 } else { before.unwrap_or(0) / TILE_WIDTH * TILE_WIDTH };
    // First without a trace: whatever is refused, is refused with nothing written.
    let before = published(reader, folder)?;
    each_file(reader, start(before), show, &mut |path, bytes| site::compare(folder, path, bytes).map(drop))?;
    let mut site = Site::enter(folder, how.wait)?;
    // While we waited another process may have published.
    let before = published(reader, folder)?;
    each_file(reader, start(before), show, &mut |path, bytes| site.put(path, bytes))?;
    site.settle()?;
    site.head(reader.note())?;
    let pruned = if how.prune { prune(&site, reader.size())? } else { 0 };
    let (files, bytes) = site.written();
    Ok(Publication { checkpoint: reader.checkpoint().clone(), before, files, bytes, pruned })
}

/// A file of the published log by its path, as `reader` sees it: the checkpoint, a tile or bundle, full or of any width
/// that there is; `None` where the log has no such file.
pub fn file(reader: &Reader, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
    if path == CHECKPOINT {
        return Ok(Some(reader.note().to_vec()));
    }
    let Some((level, rest)) = path.strip_prefix("tile/").and_then(|path| path.split_once('/')) else {
        return Ok(None);
    };
    let (number, width) = match rest.split_once(&format!("{PARTIAL}/")) {
        Some((number, width)) => {
            (number, width.parse().ok().filter(|w| format!("{w}") == *width && *w < TILE_WIDTH))
        }
        None => (rest, Some(TILE_WIDTH)),
    };
    let level = if level == "entries" {
        None
    } else {
        Some(level.parse::<u32>().ok().filter(|l| *l < 8 && format!("{l}") == *level))
    };
    let (Some(number), Some(width @ 1..), true) = (tile::number_of(number), width, level != Some(None))
    else {
        return Ok(None);
    };
    let height = TILE_HEIGHT * level.flatten().unwrap_or(0);
    let first = number.saturating_mul(TILE_WIDTH);
    if first.saturating_add(width) > reader.size() >> height {
        return Ok(None);
    }
    let range = first..first + width;
    let mut bytes = Vec::new();
    match level {
        None => {
            for index in range {
                tile::push_entry(&mut bytes, &reader.entry_bytes(index)?);
            }
        }
        Some(_) => {
            for n in range {
                bytes.extend_from_slice(reader.node(height, n)?.as_bytes());
            }
        }
    }
    Ok(Some(bytes))
}

/// Checks that neither folder lies in the other.
fn apart(ledger: &Path, folder: &Path) -> Result<(), PublishError> {
    let (inner, outer) = (site::real(ledger)?, site::real(folder)?);
    if inner.starts_with(&outer) || outer.starts_with(&inner) {
        return Err(PublishError::Overlap { folder: folder.to_owned(), ledger: ledger.to_owned() });
    }
    Ok(())
}

/// Size of the log published in `folder`, which is a prefix of the ledger's; `None` when nothing is.
fn published(reader: &Reader, folder: &Path) -> Result<Option<u64>, PublishError> {
    site::is_folder(folder)?;
    let path = folder.join(CHECKPOINT);
    let note = match files::read_if_any(&path, CHECKPOINT_SIZE_MAX as u64) {
        Err(FileError::NotRegular(path) | FileError::Size { path, .. }) => {
            return Err(PublishError::Foreign(path));
        }
        note => note?,
    };
    let Some(note) = note else { return Ok(None) };
    let (settings, folder) = (reader.settings(), folder.to_owned());
    let there = match Checkpoint::open_with(&note, &settings.log_keys) {
        Err(source) => return Err(PublishError::OtherLog { folder, source }),
        Ok(there) => there,
    };
    if there.size > reader.size() {
        return Err(PublishError::Newer { folder, published: there.size, size: reader.size() });
    }
    if reader.root_at(there.size)? != there.root {
        return Err(PublishError::Forked { folder, size: there.size });
    }
    Ok(Some(there.size))
}

/// What takes the files one by one: path below the folder, content.
type Put<'a> = &'a mut dyn FnMut(&str, &[u8]) -> Result<(), PublishError>;

/// Derives the files of the log that hold anything from entry `start` on (a multiple of 256), in the order in which they
/// are to be written: full ones as they fill, then partial ones. At the end the whole tree gives the signed root.
fn each_file(reader: &Reader, start: u64, show: &dyn Fn(u64, u64), put: Put<'_>) -> Result<(), PublishError> {
    let size = reader.size();
    let mut edge = Edge::at(reader, start)?;
    for first in (start..size).step_by(TILE_WIDTH as usize) {
        let end = (first + TILE_WIDTH).min(size);
        let mut bundle = Vec::new();
        for index in first..end {
            let entry = reader.entry_bytes(index)?;
            tile::push_entry(&mut bundle, &entry);
            edge.levels[0].push(Digest::leaf(&entry));
        }
        edge.size = end;
        let path = entries_path(first / TILE_WIDTH);
        if end - first == TILE_WIDTH {
            put(&path, &bundle)?;
            edge.close(put)?;
        } else {
            put(&partial(&path, end - first), &bundle)?;
        }
        show(end, size);
    }
    edge.put_partial(put)?;
    if edge.root() == reader.checkpoint().root { Ok(()) } else { Err(PublishError::Root(size)) }
}

/// The right edge of the tree, tile by tile: of every level, the hashes that no full tile holds yet.
struct Edge {
    size: u64,
    levels: Vec<Vec<Digest>>,
}

impl Edge {
    /// The edge of the first `size` entries, a multiple of 256.
    fn at(reader: &Reader, size: u64) -> Result<Self, ReadError> {
        let mut levels = vec![Vec::new()];
        let mut count = size / TILE_WIDTH;
        while count > 0 {
            let height = TILE_HEIGHT * levels.len() as u32;
            let pending = count / TILE_WIDTH * TILE_WIDTH..count;
            levels.push(pending.map(|n| reader.node(height, n)).collect::<Result<_, _>>()?);
            count /= TILE_WIDTH;
        }
        Ok(Self { size, levels })
    }

    /// Puts the full tile of level 0 and those above that it completes.
    fn close(&mut self, put: Put<'_>) -> Result<(), PublishError> {
        let (mut level, mut count) = (0, self.size / TILE_WIDTH);
        while self.levels[level].len() as u64 == TILE_WIDTH {
            put(&hashes_path(level as u32, count - 1), &joined(&self.levels[level]))?;
            let root = merkle::root_of(&self.levels[level]);
            self.levels[level].clear();
            level += 1;
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(root);
            count /= TILE_WIDTH;
        }
        Ok(())
    }

    /// Puts the partial tile of every level that has one.
    fn put_partial(&self, put: Put<'_>) -> Result<(), PublishError> {
        let mut number = self.size;
        for (level, hashes) in self.levels.iter().enumerate() {
            number /= TILE_WIDTH;
            if !hashes.is_empty() {
                let path = partial(&hashes_path(level as u32, number), hashes.len() as u64);
                put(&path, &joined(hashes))?;
            }
        }
        Ok(())
    }

    /// Root of the tree: each level's hashes are the leaves of perfect subtrees, the largest first.
    fn root(&self) -> Digest {
        let mut peaks = Vec::new();
        for mut hashes in self.levels.iter().rev().map(Vec::as_slice) {
            while !hashes.is_empty() {
                let (subtree, rest) = hashes.split_at(1 << hashes.len().ilog2());
                peaks.push(merkle::root_of(subtree));
                hashes = rest;
            }
        }
        let edge = Frontier::new(self.size, peaks);
        edge.unwrap_or_else(|| panic!("a level holds as many hashes as the size has in that digit")).root()
    }
}

/// Removes the partial tiles and bundles whose full one is published. A client that still follows an older checkpoint
/// takes the full one instead (C2SP tlog-tiles, "Partial Tiles").
fn prune(site: &Site, size: u64) -> Result<u64, PublishError> {
    let mut pruned = 0;
    for number in 0..size / TILE_WIDTH {
        pruned += site.prune(&entries_path(number))?;
    }
    let (mut level, mut full) = (0, size / TILE_WIDTH);
    while full > 0 {
        for number in 0..full {
            pruned += site.prune(&hashes_path(level, number))?;
        }
        (level, full) = (level + 1, full / TILE_WIDTH);
    }
    Ok(pruned)
}

/// Name of the published head.
const CHECKPOINT: &str = "checkpoint";

/// Path of a tile or bundle that holds `width` of 256.
fn partial(path: &str, width: u64) -> String {
    format!("{path}{PARTIAL}/{width}")
}

/// Ending of the folder of a number's partial tiles.
const PARTIAL: &str = ".p";

fn joined(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(Digest::as_bytes).copied().collect()
}

/// Who holds the folder, as an error.
fn busy(folder: &Path, error: LockError) -> PublishError {
    match error {
        LockError::Held { owner, .. } => PublishError::Busy { folder: folder.to_owned(), owner },
        LockError::File(error) => error.into(),
    }
}
