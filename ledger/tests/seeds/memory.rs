//! The file system in memory as the ledger's [`Storage`]: each handle belongs to one life of a process, and does nothing
//! once that is over.

use super::chance::Chance;
use super::fault::Plan;
use super::flaw::Flaw;
use super::world::{Node, World};
use affiant_ledger::files::FileError;
use affiant_ledger::lock::LockError;
use affiant_ledger::storage::{InPlace, Kind, Storage};
use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The folder that is there from the beginning.
pub(crate) const BASE: &str = "/machine";

/// A storage in memory, in one life.
#[derive(Clone)]
pub(crate) struct Memory {
    world: Arc<Mutex<World>>,
    life: u64,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("life", &self.life).finish_non_exhaustive()
    }
}

impl Memory {
    pub(crate) fn new(chance: Chance) -> Self {
        let world = World::new(chance, Path::new(BASE));
        Self { life: world.life(), world: Arc::new(Mutex::new(world)) }
    }

    /// Another file system with the same content, everything durable, with chance and a flaw of its own.
    pub(crate) fn copy(&self, chance: Chance, flaw: Flaw) -> Self {
        let mut world = self.world().clone();
        world.harden();
        (world.chance, world.flaw) = (chance, flaw);
        Self { life: world.life(), world: Arc::new(Mutex::new(world)) }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The next process, after this one ended in whatever way; meets the faults of `plan`.
    pub(crate) fn next_life(&self, plan: Option<Plan>) -> Self {
        let mut world = self.world();
        world.restart();
        world.faults.begin(plan);
        Self { world: self.world.clone(), life: world.life() }
    }
}

/// A file open to be changed.
struct Open {
    memory: Memory,
    path: PathBuf,
    number: usize,
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("path", &self.path).finish_non_exhaustive()
    }
}

impl InPlace for Open {
    fn size(&self) -> io::Result<u64> {
        self.memory.world().size(self.memory.life, self.number)
    }
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.memory.world().write_at(self.memory.life, &self.path, self.number, offset, bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.memory.world().sync(self.memory.life, &self.path, self.number)
    }
    fn is_named(&self) -> bool {
        self.memory.world().is_named(self.memory.life, &self.path, self.number)
    }
}

impl Memory {
    fn opened(&self, path: &Path, number: usize) -> Box<dyn InPlace> {
        Box::new(Open { memory: self.clone(), path: path.to_owned(), number })
    }
}

impl Storage for Memory {
    fn open(&self, path: &Path) -> Result<(Box<dyn Read + Send>, u64), FileError> {
        let content = self.world().read(self.life, path).map_err(FileError::at(path))?;
        let size = content.size();
        Ok((Box::new(Cursor::new(content.to_vec())), size))
    }

    fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let node = self.world().kind(self.life, path)?;
        Ok(node.map(|node| if node == Node::Folder { Kind::Folder } else { Kind::File }))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.world().names(self.life, folder)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        let number = self.world().create(self.life, path, bytes, false)?;
        Ok(self.opened(path, number))
    }

    fn open_in_place(&self, path: &Path) -> io::Result<Box<dyn InPlace>> {
        let number = self.world().open_in_place(self.life, path)?;
        Ok(self.opened(path, number))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.world().rename(self.life, from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.world().remove(self.life, path)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.world().make_folder(self.life, folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.world().sync_folder(self.life, folder)
    }

    fn create_private(&self, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn InPlace>> {
        let number = self.world().create(self.life, path, bytes, true)?;
        Ok(self.opened(path, number))
    }

    fn refuse_shared(&self, path: &Path) -> Result<(), FileError> {
        // Every file is its owner's alone here; that the disk says so is tested there.
        self.world().read(self.life, path).map(drop).map_err(FileError::at(path))
    }

    fn lock(&self, folder: &Path, wait: Duration) -> Result<Box<dyn fmt::Debug + Send>, LockError> {
        if self.world().lock(self.life, folder).map_err(FileError::at(folder))? {
            Ok(Box::new(Held { memory: self.clone(), folder: folder.to_owned() }))
        } else {
            Err(LockError::Held { owner: "process 1".into(), waited: wait })
        }
    }
}

/// The lock, while it is held.
#[derive(Debug)]
struct Held {
    memory: Memory,
    folder: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.world().unlock(self.memory.life, &self.folder);
    }
}
