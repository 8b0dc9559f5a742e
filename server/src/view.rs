//! Reading systems out of a ledger.

use crate::failure::Failure;
use affiant_controls::register::{Horizon, Register};
use affiant_controls::statement::is_system;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::index::Lookup;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Record;
use affiant_ledger::table::Sled;
use affiant_ledger::time::Timestamp;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Entries read at a time on each core.
const SHARE: usize = 256;
/// Entries held at a time while they are replayed.
const PIECE: usize = 8 * SHARE;

/// The ledger with its index, where that is at hand; without it everything is read, slower and the same.
pub struct View<'a> {
    /// Its files at a checkpoint.
    pub reader: &'a Reader,
    lookup: Option<Box<dyn Indexed + 'a>>,
}

/// Who knows where entries stand: an index. `None` where it cannot say.
pub trait Indexed: Send + Sync {
    /// The streams with their number of entries.
    fn streams(&self) -> Option<Vec<(Id, u64)>>;
    /// The entries of a stream that a replay needs as of now, in order.
    fn latest(&self, stream: &Id) -> Option<Vec<u64>>;
    /// All entries of a stream, in order.
    fn positions(&self, stream: &Id) -> Option<Vec<u64>>;
}

impl Indexed for Lookup {
    fn streams(&self) -> Option<Vec<(Id, u64)>> {
        Some(self.streams())
    }
    fn latest(&self, stream: &Id) -> Option<Vec<u64>> {
        self.latest(stream)
    }
    fn positions(&self, stream: &Id) -> Option<Vec<u64>> {
        self.positions(stream)
    }
}

impl<'a> View<'a> {
    /// A look at what a reader sees.
    pub fn new(reader: &'a Reader) -> Result<Self, Failure> {
        let size = reader.size();
        let leaf = match size.checked_sub(1) {
            Some(last) => Digest::leaf(&reader.entry_bytes(last)?),
            None => Digest::ZERO,
        };
        let lookup = Lookup::open(&Sled, reader.folder(), size, leaf);
        Ok(Self { reader, lookup: lookup.map(|lookup| Box::new(lookup) as Box<dyn Indexed>) })
    }

    /// A look at what a reader sees, with an index that somebody else holds.
    pub fn with(reader: &'a Reader, index: impl Indexed + 'a) -> Self {
        Self { reader, lookup: Some(Box::new(index)) }
    }

    /// The streams with their number of entries, if the index can say.
    fn counted(&self) -> Option<Vec<(Id, u64)>> {
        self.lookup.as_ref().and_then(|lookup| lookup.streams())
    }

    /// All streams.
    pub fn streams(&self) -> Result<BTreeSet<Id>, Failure> {
        if let Some(streams) = self.counted() {
            return Ok(streams.into_iter().map(|(id, _)| id).collect());
        }
        let mut streams = BTreeSet::new();
        for index in 0..self.reader.size() {
            let entry = Entry::from_bytes(&self.reader.entry_bytes(index)?).map_err(Failure::integrity)?;
            streams.insert(entry.stream);
        }
        Ok(streams)
    }

    /// The AI systems.
    pub fn systems(&self) -> Result<Vec<Id>, Failure> {
        Ok(self.streams()?.into_iter().filter(|id| is_system(id.as_str())).collect())
    }

    /// A registered system by its id.
    pub fn known(&self, system: &str) -> Result<Id, Failure> {
        let streams = self.systems()?;
        streams.iter().find(|id| **id == *system).cloned().ok_or_else(|| {
            let known: Vec<&str> = streams.iter().map(Id::as_str).collect();
            let failure = Failure::refused(format!("system `{}` is not registered", visible(system)));
            if known.is_empty() { failure } else { failure.hint(format!("registered: {}", known.join(", "))) }
        })
    }

    /// For who asks about now. Where `SOURCE_DATE_EPOCH` says that now is before the last entry, what was found since
    /// would not count.
    pub fn refuse_a_past_present(&self, now: Timestamp) -> Result<(), Failure> {
        let Some(last) = self.reader.size().checked_sub(1) else { return Ok(()) };
        let last = Entry::from_bytes(&self.reader.entry_bytes(last)?).map_err(Failure::integrity)?;
        if now < last.time {
            let text = format!("the clock says {now}, the last entry was recorded at {}", last.time);
            return Err(Failure::refused(text)
                .hint("this asks about now: unset SOURCE_DATE_EPOCH, or mend the clock"));
        }
        Ok(())
    }

    /// Number of entries of a system.
    pub fn count(&self, system: &Id) -> Result<u64, Failure> {
        match self.counted() {
            Some(streams) => Ok(streams.into_iter().find(|(id, _)| id == system).map_or(0, |(_, n)| n)),
            None => Ok(self.reader.stream_by_scan(system)?.len() as u64),
        }
    }

    /// The entries that a replay needs: for the present only what the index files as latest, for the past all.
    fn indexes(&self, system: &Id, past: bool) -> Result<Vec<u64>, Failure> {
        let found = self
            .lookup
            .as_ref()
            .and_then(|lookup| if past { lookup.positions(system) } else { lookup.latest(system) });
        Ok(match found {
            Some(indexes) => indexes,
            None => self.reader.stream_by_scan(system)?,
        })
    }

    fn read(&self, indexes: &[u64]) -> Result<Vec<Record>, Failure> {
        let read = |share: &[u64]| {
            share.iter().map(|index| self.reader.record(*index)).collect::<Result<Vec<_>, _>>()
        };
        let shares = indexes.par_chunks(SHARE).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(shares.into_iter().flatten().collect())
    }

    /// The ledger's indexes of all entries of a stream, in order.
    pub fn positions(&self, stream: &Id) -> Result<Vec<u64>, Failure> {
        self.indexes(stream, true)
    }

    /// The records of a system: for the present only what the index files as latest.
    pub fn records(&self, system: &Id, past: bool) -> Result<Vec<Record>, Failure> {
        self.read(&self.indexes(system, past)?)
    }
}

/// Of what time one asks, and from what knowledge.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// What time, and what is known of it.
    pub horizon: Horizon,
    /// Something else than the present: every entry is needed, not only the latest.
    pub past: bool,
}

impl Asked {
    /// The present.
    pub fn now(now: Timestamp) -> Self {
        Self { horizon: Horizon::at(now), past: false }
    }

    /// As of a time, known on a day, at a size of the ledger. What is not said follows from the rest: a time is known as
    /// it was then, a size speaks of the time of its last entry.
    pub fn of(
        now: Timestamp,
        reader: &Reader,
        as_of: Option<Timestamp>,
        known: Option<Timestamp>,
        size: Option<u64>,
    ) -> Result<Self, Failure> {
        if let Some(size) = size.filter(|size| *size == 0 || *size > reader.size()) {
            let text = format!("the ledger has {} entries, not {size}", reader.size());
            return Err(Failure::refused(text));
        }
        let last = size.map(|size| reader.entry_bytes(size - 1)).transpose()?;
        let last = last.map(|bytes| Entry::from_bytes(&bytes).map_err(Failure::integrity)).transpose()?;
        let recorded = last.map(|entry| entry.time);
        let as_of_or = as_of.or(known).or(recorded).unwrap_or(now);
        let horizon = Horizon { as_of: as_of_or, known: known.or(recorded).unwrap_or(as_of_or), size };
        Ok(Self { horizon, past: as_of.is_some() || known.is_some() || size.is_some() })
    }
}

/// Registers kept from one look to the next, with the size of the ledger they know.
pub type Kept = BTreeMap<Id, (Register, u64)>;

/// What a system's stream says now: what was kept, and what was recorded since.
pub fn register_kept<'k>(
    view: &View<'_>,
    system: &Id,
    asked: Asked,
    kept: &'k mut Kept,
) -> Result<&'k Register, Failure> {
    let size = view.reader.size();
    let before = kept.remove(system).filter(|(_, known)| !asked.past && *known <= size);
    let gone_on = match before {
        Some((mut register, known)) => {
            let mut still = register.go_on([], asked.horizon)?;
            let mut from = known;
            while still && from < size {
                let to = size.min(from + PIECE as u64);
                let records = view.reader.records(from..to).collect::<Result<Vec<_>, _>>()?;
                let of_system = records.iter().filter(|record| record.entry.stream == *system);
                still = register.go_on(of_system, asked.horizon)?;
                from = to;
            }
            still.then_some(register)
        }
        None => None,
    };
    let register = match gone_on {
        Some(register) => register,
        None => register(view, system, asked)?,
    };
    Ok(&kept.entry(system.clone()).or_insert((register, size)).0)
}

/// What a system's stream says.
pub fn register(view: &View<'_>, system: &Id, asked: Asked) -> Result<Register, Failure> {
    let replay = |past| {
        let indexes = view.indexes(system, past)?;
        Register::replay_pieces(indexes.chunks(PIECE).map(|piece| view.read(piece)), asked.horizon)
    };
    let register = replay(asked.past)?;
    // What lies ahead stands in the index in the place of what counts today: then everything is read.
    if register.leaves_out() && !asked.past { replay(true) } else { Ok(register) }
}
