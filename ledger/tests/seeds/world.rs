//! A file system in memory that keeps apart what is read now and what is durable, and forgets the rest when the power goes.
//!
//! Content is durable once its file is synced, a name once its folder is. Changes of names that were not synced survive a
//! power cut each by itself, in order, or not at all.

use super::chance::Chance;
use super::content::{Change, Content};
use super::fault::{End, Faults, Op, What, stopped};
use super::flaw::Flaw;
use affiant_ledger::settings::SETTINGS_FILE;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    File(usize),
    Folder,
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Arc<Content>,
    durable: Arc<Content>,
    /// Changes not yet durable.
    unsynced: Vec<Change>,
}

impl File {
    fn change(&mut self, change: Change) {
        Arc::make_mut(&mut self.now).apply(&change);
        self.unsynced.push(change);
    }

    fn harden(&mut self) {
        if !self.unsynced.is_empty() {
            let durable = Arc::make_mut(&mut self.durable);
            self.unsynced.drain(..).for_each(|change| durable.apply(&change));
        }
    }

    /// What was not synced is lost, kept or mixed; whoever looks may see it, or what was written.
    fn lose(&mut self, seen: bool, chance: &mut Chance) {
        if !self.unsynced.is_empty() {
            self.durable = Arc::new(self.durable.after_cut(&self.unsynced, chance));
            self.unsynced.clear();
        }
        if seen {
            self.now = self.durable.clone();
        }
    }
}

type Names = BTreeMap<String, Node>;

#[derive(Debug, Clone)]
enum NameChange {
    Set(String, Node),
    Gone(String),
    Renamed(String, String, Node),
}

impl NameChange {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Set(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Gone(name) => drop(names.remove(name)),
            Self::Renamed(from, to, node) => {
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Folder {
    now: Names,
    durable: Names,
    unsynced: Vec<NameChange>,
}

impl Folder {
    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.now);
        self.unsynced.push(change);
    }

    /// What a power cut leaves.
    fn after_cut(&self, chance: &mut Chance) -> Names {
        let mut names = self.durable.clone();
        let all = self.unsynced.len();
        let kept: Vec<bool> = match chance.below(4) {
            0 => vec![false; all],
            1 => vec![true; all],
            2 => {
                let first = chance.below(all as u64 + 1) as usize;
                (0..all).map(|at| at < first).collect()
            }
            _ => (0..all).map(|_| chance.one_in(2)).collect(),
        };
        let kept = self.unsynced.iter().zip(kept).filter(|(_, kept)| *kept);
        kept.for_each(|(change, _)| change.apply(&mut names));
        names
    }
}

/// What became of the process at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    Runs,
    Killed,
    Cut,
}

/// The file system with its one process.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) flaw: Flaw,
    files: Vec<File>,
    folders: BTreeMap<PathBuf, Folder>,
    locks: BTreeSet<PathBuf>,
    process: Process,
    /// Counts the lives of processes: what an earlier one left open does nothing more.
    life: u64,
    /// Every checkpoint anyone could have seen.
    shown: Vec<Vec<u8>>,
}

fn missing() -> io::Error {
    ErrorKind::NotFound.into()
}

fn split(path: &Path) -> (PathBuf, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (path.parent().unwrap_or(Path::new("")).to_owned(), name)
}

impl World {
    /// With one folder, `base`, which is durable.
    pub(crate) fn new(chance: Chance, base: &Path) -> Self {
        Self {
            chance,
            faults: Faults::default(),
            flaw: Flaw::None,
            files: Vec::new(),
            folders: BTreeMap::from([(base.to_owned(), Folder::default())]),
            locks: BTreeSet::new(),
            process: Process::Runs,
            life: 0,
            shown: Vec::new(),
        }
    }

    pub(crate) fn life(&self) -> u64 {
        self.life
    }

    pub(crate) fn runs(&self) -> bool {
        self.process == Process::Runs
    }

    pub(crate) fn was_cut(&self) -> bool {
        self.process == Process::Cut
    }

    /// The process stops here.
    pub(crate) fn stop(&mut self, cut: bool) {
        if self.runs() {
            self.process = if cut { Process::Cut } else { Process::Killed };
        }
    }

    /// Everything is durable: long ago.
    pub(crate) fn harden(&mut self) {
        self.files.iter_mut().for_each(File::harden);
        for folder in self.folders.values_mut() {
            folder.durable = folder.now.clone();
            folder.unsynced.clear();
        }
    }

    /// A new process, on what the one before left.
    pub(crate) fn restart(&mut self) {
        if self.was_cut() {
            self.lose();
        }
        self.life += 1;
        self.process = Process::Runs;
        self.locks.clear();
    }

    /// What was not synced is lost, kept, torn or out of order.
    fn lose(&mut self) {
        let chance = &mut self.chance;
        self.files.iter_mut().for_each(|file| file.lose(true, chance));
        for folder in self.folders.values_mut() {
            folder.now = folder.after_cut(chance);
            folder.durable = folder.now.clone();
            folder.unsynced.clear();
        }
        // Folders whose own name is lost, those above before those below.
        let mut there: BTreeMap<PathBuf, Folder> = BTreeMap::new();
        for (path, folder) in std::mem::take(&mut self.folders) {
            let (above, name) = split(&path);
            let is_base = there.is_empty();
            if is_base || there.get(&above).is_some_and(|above| above.now.contains_key(&name)) {
                there.insert(path, folder);
            }
        }
        self.folders = there;
    }

    /// Every checkpoint shown since the last look.
    pub(crate) fn take_shown(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.shown)
    }

    fn judge(&mut self, life: u64, op: Op) -> io::Result<End> {
        if life != self.life || !self.runs() {
            return Err(stopped());
        }
        let Some(what) = self.faults.judge(op) else { return Ok(End::Well) };
        match what {
            What::Kill => self.process = Process::Killed,
            What::Cut => self.process = Process::Cut,
            _ => {}
        }
        Ok(what.strike(op, &mut self.chance))
    }

    fn node(&self, path: &Path) -> Option<Node> {
        let (folder, name) = split(path);
        match self.folders.get(&folder) {
            Some(folder) => folder.now.get(&name).copied(),
            None => None,
        }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path) {
            Some(Node::File(number)) => Ok(number),
            Some(Node::Folder) => Err(io::Error::other("not a regular file")),
            None => Err(missing()),
        }
    }

    fn folder(&mut self, path: &Path) -> io::Result<&mut Folder> {
        self.folders.get_mut(path).ok_or_else(missing)
    }

    /// Remembers what stands under a name that a checkpoint is published under, once there is a ledger.
    fn show(&mut self, path: &Path) {
        let Ok(number) = self.file(path) else { return };
        let (folder, name) = split(path);
        let published = name == "checkpoint" && self.node(&folder.join(SETTINGS_FILE)).is_some();
        if published || folder.ends_with("heads") && !name.ends_with(".tmp") {
            self.shown.push(self.files[number].now.to_vec());
        }
    }

    pub(crate) fn read(&mut self, life: u64, path: &Path) -> io::Result<Arc<Content>> {
        self.judge(life, Op::Read)?.result()?;
        let number = self.file(path)?;
        Ok(self.files[number].now.clone())
    }

    pub(crate) fn kind(&mut self, life: u64, path: &Path) -> io::Result<Option<Node>> {
        self.judge(life, Op::Kind)?.result()?;
        let is_base = self.folders.contains_key(path);
        Ok(self.node(path).or(is_base.then_some(Node::Folder)))
    }

    /// In no order.
    pub(crate) fn names(&mut self, life: u64, folder: &Path) -> io::Result<Vec<String>> {
        self.judge(life, Op::Names)?.result()?;
        let mut names: Vec<String> = self.folder(folder)?.now.keys().cloned().collect();
        (1..names.len()).for_each(|at| names.swap(at, self.chance.below(at as u64 + 1) as usize));
        Ok(names)
    }

    /// A file under a name where there was none, or emptied.
    pub(crate) fn create(&mut self, life: u64, path: &Path, bytes: &[u8], anew: bool) -> io::Result<usize> {
        let end = self.judge(life, Op::Create)?;
        let (folder, name) = split(path);
        let there = match self.node(path) {
            Some(_) if anew => return Err(ErrorKind::AlreadyExists.into()),
            Some(_) => Some(self.file(path)?),
            None => None,
        };
        self.folder(&folder)?;
        if let End::Not(error) = end {
            return Err(error);
        }
        let number = there.unwrap_or(self.files.len());
        match there {
            Some(number) => self.files[number].change(Change::Emptied),
            None => {
                self.files.push(File::default());
                self.folder(&folder)?.change(NameChange::Set(name, Node::File(number)));
            }
        }
        let part = end.reach(0, bytes.len() as u64, 0, &mut self.chance);
        if part > 0 {
            self.files[number].change(Change::written(0, &bytes[..part as usize]));
        }
        end.result().map(|()| number)
    }

    pub(crate) fn open_in_place(&mut self, life: u64, path: &Path) -> io::Result<usize> {
        self.judge(life, Op::OpenInPlace)?.result()?;
        self.file(path)
    }

    pub(crate) fn size(&mut self, life: u64, number: usize) -> io::Result<u64> {
        self.judge(life, Op::Size)?.result()?;
        Ok(self.files[number].now.size())
    }

    pub(crate) fn write_at(
        &mut self,
        life: u64,
        path: &Path,
        number: usize,
        offset: u64,
        bytes: &[u8],
    ) -> io::Result<()> {
        let (until, size) = (offset + bytes.len() as u64, self.files[number].now.size());
        let end = self.judge(life, if until > size { Op::WriteGrowing } else { Op::WriteInPlace })?;
        let reach = end.reach(offset, until, size, &mut self.chance);
        if reach > offset {
            self.files[number].change(Change::written(offset, &bytes[..(reach - offset) as usize]));
            if self.file(path).is_ok_and(|named| named == number) {
                self.show(path);
            }
        }
        end.result()
    }

    /// After a failed sync the disk holds anything, and nothing will be written again; what is read may be either.
    pub(crate) fn sync(&mut self, life: u64, path: &Path, number: usize) -> io::Result<()> {
        let end = self.judge(life, Op::Sync)?;
        let (runs, lies) = (self.runs(), self.flaw.skips_sync(path));
        let file = &mut self.files[number];
        if end.is_done() && !lies {
            file.harden();
        } else if !end.is_done() && runs {
            let seen = self.chance.one_in(2);
            file.lose(seen, &mut self.chance);
        }
        end.result()
    }

    pub(crate) fn is_named(&self, life: u64, path: &Path, number: usize) -> bool {
        life == self.life && self.file(path).is_ok_and(|named| named == number)
    }

    pub(crate) fn rename(&mut self, life: u64, from: &Path, to: &Path) -> io::Result<()> {
        let end = self.judge(life, Op::Rename)?;
        let node = self.node(from).ok_or_else(missing)?;
        let ((folder, old), (other, new)) = (split(from), split(to));
        assert_eq!(folder, other, "files are renamed within their folder");
        if end.is_done() {
            self.folder(&folder)?.change(NameChange::Renamed(old, new, node));
            self.show(to);
        }
        end.result()
    }

    pub(crate) fn remove(&mut self, life: u64, path: &Path) -> io::Result<()> {
        let end = self.judge(life, Op::Remove)?;
        self.file(path)?;
        let (folder, name) = split(path);
        if end.is_done() {
            self.folder(&folder)?.change(NameChange::Gone(name));
        }
        end.result()
    }

    pub(crate) fn make_folder(&mut self, life: u64, path: &Path) -> io::Result<()> {
        let end = self.judge(life, Op::MakeFolder)?;
        let (above, name) = split(path);
        if self.folders.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let above = self.folder(&above)?;
        if end.is_done() {
            above.change(NameChange::Set(name, Node::Folder));
            self.folders.insert(path.to_owned(), Folder::default());
        }
        end.result()
    }

    /// A failed sync of names leaves any of them durable, and the others to be synced.
    pub(crate) fn sync_folder(&mut self, life: u64, path: &Path) -> io::Result<()> {
        let end = self.judge(life, Op::SyncFolder)?;
        let lies = self.flaw.skips_sync_of_folder(path);
        let (chance, folder) = (&mut self.chance, self.folders.get_mut(path).ok_or_else(missing)?);
        if end.is_done() && !lies {
            folder.durable = folder.now.clone();
            folder.unsynced.clear();
        } else if !end.is_done() {
            let synced = chance.below(folder.unsynced.len() as u64 + 1) as usize;
            let durable = &mut folder.durable;
            folder.unsynced.drain(..synced).for_each(|change| change.apply(durable));
        }
        end.result()
    }

    /// Whether the lock could be had.
    pub(crate) fn lock(&mut self, life: u64, folder: &Path) -> io::Result<bool> {
        self.judge(life, Op::Lock)?.result()?;
        Ok(self.locks.insert(folder.to_owned()))
    }

    pub(crate) fn unlock(&mut self, life: u64, folder: &Path) {
        if life == self.life {
            self.locks.remove(folder);
        }
    }

    /// The files with a name, with what they hold.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (PathBuf, &Content)> {
        self.folders.iter().flat_map(move |(path, folder)| {
            folder.now.iter().filter_map(move |(name, node)| match node {
                Node::File(number) => Some((path.join(name), &*self.files[*number].now)),
                Node::Folder => None,
            })
        })
    }
}
