//! The index's tables in memory, as bad as the database they stand for: what was not flushed is lost with the process, and a
//! power cut loses or alters any row, or leaves a table that cannot be opened.

use super::chance::Chance;
use affiant_ledger::table::{Each, Row, Rows, Table, TableError, Tables};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

type Held = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Clone, Default)]
struct Kept {
    rows: Held,
    flushed: Held,
    unflushed: Vec<Rows>,
    broken: bool,
    open: Weak<()>,
}

#[derive(Debug, Clone)]
struct State {
    chance: Chance,
    tables: BTreeMap<PathBuf, Kept>,
    life: u64,
    /// Operations that go well before one fails.
    left: u64,
    /// Whether all that follow fail too.
    lasts: bool,
    paused: bool,
    struck: bool,
    damaged: bool,
}

/// Tables in memory, in one life of a process.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    state: Arc<Mutex<State>>,
    life: u64,
}

impl Shelf {
    pub(crate) fn new(chance: Chance) -> Self {
        let tables = BTreeMap::new();
        let state = State {
            chance,
            tables,
            life: 0,
            left: u64::MAX,
            lasts: false,
            paused: false,
            struck: false,
            damaged: false,
        };
        Self { state: Arc::new(Mutex::new(state)), life: 0 }
    }

    /// The same rows, kept elsewhere.
    pub(crate) fn copy(&self, chance: Chance) -> Self {
        let mut state = self.state().clone();
        state.chance = chance;
        state.tables.values_mut().for_each(|kept| kept.open = Weak::new());
        Self { life: state.life, state: Arc::new(Mutex::new(state)) }
    }

    /// The next process; `cut` is whether the power went before it.
    pub(crate) fn next_life(&self, cut: bool, fails_after: Option<(u64, bool)>) -> Self {
        let mut state = self.state();
        state.life += 1;
        (state.left, state.lasts) = fails_after.unwrap_or((u64::MAX, false));
        state.struck = false;
        let State { chance, tables, damaged, .. } = &mut *state;
        for kept in tables.values_mut() {
            kept.open = Weak::new();
            kept.lose_unflushed(chance);
            if cut {
                *damaged |= kept.lose(chance);
            }
        }
        if cut && chance.one_in(8) {
            tables.clear();
        }
        let life = state.life;
        Self { state: self.state.clone(), life }
    }

    /// While paused nothing goes wrong and nothing is counted.
    pub(crate) fn pause(&self, paused: bool) {
        self.state().paused = paused;
    }

    /// Whether something failed in this life.
    pub(crate) fn struck(&self) -> bool {
        self.state().struck
    }

    /// Whether single rows were lost or altered since they were last built anew.
    pub(crate) fn damaged(&self) -> bool {
        self.state().damaged
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The state, unless this process was stopped or the operation fails.
    fn enter(&self) -> Result<MutexGuard<'_, State>, TableError> {
        let mut state = self.state();
        if state.life != self.life {
            return Err(TableError("the process was stopped".into()));
        }
        if state.paused {
            return Ok(state);
        }
        if state.left == 0 {
            state.left = if state.lasts { 0 } else { u64::MAX };
            state.struck = true;
            return Err(TableError("input/output error".into()));
        }
        state.left = state.left.saturating_sub(1);
        Ok(state)
    }
}

impl Kept {
    /// Of what was not flushed, the first few writes are left.
    fn lose_unflushed(&mut self, chance: &mut Chance) {
        let left = chance.below(self.unflushed.len() as u64 + 1) as usize;
        let mut rows = std::mem::take(&mut self.flushed);
        self.unflushed.drain(..).take(left).for_each(|written| rows.extend(written));
        self.flushed = rows.clone();
        self.rows = rows;
    }

    /// What a power cut does beyond that; whether single rows are gone or altered.
    fn lose(&mut self, chance: &mut Chance) -> bool {
        match chance.below(8) {
            0 => {
                self.rows.retain(|_, _| !chance.one_in(4));
            }
            1 => {
                for value in self.rows.values_mut().filter(|value| !value.is_empty()) {
                    let at = chance.below(value.len() as u64) as usize;
                    value[at] ^= if chance.one_in(4) { 1 << chance.below(8) } else { 0 };
                }
            }
            2 => {
                self.broken = true;
                return false;
            }
            _ => return false,
        }
        self.flushed = self.rows.clone();
        true
    }
}

impl Tables for Shelf {
    fn open(&self, folder: &Path) -> Result<Arc<dyn Table>, TableError> {
        let mut state = self.enter()?;
        let kept = state.tables.entry(folder.to_owned()).or_default();
        if kept.broken {
            return Err(TableError("not a database".into()));
        }
        if kept.open.strong_count() > 0 {
            return Err(TableError(TableError::BUSY.into()));
        }
        let open = Arc::new(());
        kept.open = Arc::downgrade(&open);
        Ok(Arc::new(Handle { shelf: self.clone(), folder: folder.to_owned(), _open: open }))
    }

    fn exists(&self, folder: &Path) -> bool {
        self.state().tables.contains_key(folder)
    }

    fn remove(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.enter().map_err(io::Error::other)?;
        let open = state.tables.remove(folder).map_or(0, |kept| kept.open.strong_count());
        assert_eq!(open, 0, "a table is removed when every handle is gone");
        state.damaged = false;
        Ok(())
    }
}

#[derive(Debug)]
struct Handle {
    shelf: Shelf,
    folder: PathBuf,
    _open: Arc<()>,
}

impl Table for Handle {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableError> {
        let mut state = self.shelf.enter()?;
        Ok(state.kept(&self.folder)?.rows.get(key).cloned())
    }

    fn at_or_before(&self, key: &[u8]) -> Result<Option<Row>, TableError> {
        let mut state = self.shelf.enter()?;
        let row = state.kept(&self.folder)?.rows.range(..=key.to_vec()).next_back();
        Ok(row.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn scan(&self, prefix: &[u8], each: Each<'_>) -> Result<(), TableError> {
        let mut state = self.shelf.enter()?;
        let rows = state.kept(&self.folder)?.rows.range(prefix.to_vec()..);
        rows.take_while(|(key, _)| key.starts_with(prefix)).try_for_each(|(key, value)| each(key, value))
    }

    fn write(&self, rows: Rows) -> Result<(), TableError> {
        let mut state = self.shelf.enter()?;
        let kept = state.kept(&self.folder)?;
        kept.rows.extend(rows.iter().cloned());
        kept.unflushed.push(rows);
        Ok(())
    }

    fn flush(&self) -> Result<(), TableError> {
        let mut state = self.shelf.enter()?;
        let kept = state.kept(&self.folder)?;
        kept.flushed = kept.rows.clone();
        kept.unflushed.clear();
        Ok(())
    }
}

impl State {
    fn kept(&mut self, folder: &Path) -> Result<&mut Kept, TableError> {
        self.tables.get_mut(folder).ok_or_else(|| TableError("the table is gone".into()))
    }
}
