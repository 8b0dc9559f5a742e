//! Faults: what goes wrong, at which operation of which thread, and whether it goes on going wrong.
//!
//! Operations are counted apart for the thread that runs a seed and for those the ledger starts behind its back, so that
//! a fault meets the same operation each time, however the two are scheduled.

use super::chance::Chance;
use super::content::SECTOR;
use std::cell::Cell;
use std::io::{self, ErrorKind};

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Says that the seed itself runs on this thread.
pub(crate) fn own_this_thread() {
    OWN.set(true);
}

/// Which threads an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Those of the seed.
    Own,
    /// Those that the ledger started.
    Behind,
}

impl Lane {
    fn here() -> Self {
        if OWN.get() { Self::Own } else { Self::Behind }
    }
}

/// What is asked of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Op {
    Read,
    Kind,
    Names,
    OpenInPlace,
    Size,
    Create,
    WriteInPlace,
    WriteGrowing,
    Rename,
    Remove,
    MakeFolder,
    Lock,
    Sync,
    SyncFolder,
}

impl Op {
    /// Whether it only looks.
    fn looks(self) -> bool {
        self <= Self::Size
    }

    /// Whether it may need room on the disk.
    fn takes_room(self) -> bool {
        matches!(self, Self::Create | Self::WriteGrowing | Self::MakeFolder | Self::Lock)
    }

    /// Whether a part of it may be done.
    fn has_parts(self) -> bool {
        matches!(self, Self::Create | Self::WriteInPlace | Self::WriteGrowing)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The system says EIO.
    Io,
    /// The system says EIO to whatever is no look.
    ReadOnly,
    /// The system says ENOSPC to whatever takes room.
    Full,
    /// The process is killed; what it wrote stays in memory.
    Kill,
    /// The power goes.
    Cut,
}

impl What {
    pub(crate) fn concerns(self, op: Op) -> bool {
        match self {
            Self::Io | Self::Kill | Self::Cut => true,
            Self::ReadOnly => !op.looks(),
            Self::Full => op.takes_room(),
        }
    }

    fn error(self) -> io::Error {
        match self {
            Self::Io | Self::ReadOnly => io::Error::from_raw_os_error(5),
            Self::Full => ErrorKind::StorageFull.into(),
            Self::Kill | Self::Cut => stopped(),
        }
    }
}

/// What a process that was stopped sees, if it could see.
pub(crate) fn stopped() -> io::Error {
    io::Error::other("the process was stopped")
}

/// A fault to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) lane: Lane,
    /// How many operations go well before.
    pub(crate) after: u64,
    pub(crate) what: What,
    /// Whether all that follow fail too.
    pub(crate) lasts: bool,
}

impl Plan {
    /// Some fault within about `span` operations.
    pub(crate) fn draw(span: u64, chance: &mut Chance) -> Self {
        let what = *chance.pick(&[
            What::Io,
            What::ReadOnly,
            What::Full,
            What::Kill,
            What::Kill,
            What::Cut,
            What::Cut,
            What::Cut,
            What::Cut,
        ]);
        let lane = if chance.one_in(4) { Lane::Behind } else { Lane::Own };
        let span = if lane == Lane::Own { span } else { 20 };
        Self { lane, after: chance.below(span), what, lasts: chance.one_in(2) }
    }
}

/// How an operation ends.
#[derive(Debug)]
pub(crate) enum End {
    /// Well.
    Well,
    /// Done, and yet an error.
    Done(io::Error),
    /// Half done, and an error.
    Half(io::Error),
    /// Not done.
    Not(io::Error),
}

impl End {
    /// Whether it was done.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Well | Self::Done(_))
    }

    /// Where a write of `offset..end` to a file of `size` stops: a sector in place is written whole or not at all, what grows
    /// stops anywhere.
    pub(crate) fn reach(&self, offset: u64, end: u64, size: u64, chance: &mut Chance) -> u64 {
        match self {
            Self::Well | Self::Done(_) => end,
            Self::Half(_) => {
                let point = chance.between(offset, end);
                if point < size { (point / SECTOR * SECTOR).max(offset) } else { point }
            }
            Self::Not(_) => offset,
        }
    }

    pub(crate) fn result(self) -> io::Result<()> {
        match self {
            Self::Well => Ok(()),
            Self::Done(error) | Self::Half(error) | Self::Not(error) => Err(error),
        }
    }
}

/// The fault of one life of a process, and what came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    plan: Option<Plan>,
    counts: [u64; 2],
    paused: bool,
    /// What met a fault in this life, in order.
    struck: Vec<(Op, What)>,
}

impl Faults {
    pub(crate) fn begin(&mut self, plan: Option<Plan>) {
        *self = Self { plan, ..Self::default() };
    }

    /// While paused nothing goes wrong and nothing is counted.
    pub(crate) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// What went wrong since the life began.
    pub(crate) fn struck(&self) -> &[(Op, What)] {
        &self.struck
    }

    /// Whether the next operation meets a fault.
    pub(crate) fn judge(&mut self, op: Op) -> Option<What> {
        if self.paused {
            return None;
        }
        let lane = Lane::here();
        let count = &mut self.counts[lane as usize];
        *count += 1;
        let plan = self.plan.as_mut()?;
        if plan.lane != lane || *count <= plan.after || !plan.what.concerns(op) {
            return None;
        }
        let what = plan.what;
        if !plan.lasts {
            self.plan = None;
        }
        self.struck.push((op, what));
        Some(what)
    }
}

impl What {
    /// How an operation that meets this ends. A stop may come at any point of it; a write may be short.
    pub(crate) fn strike(self, op: Op, chance: &mut Chance) -> End {
        let error = self.error();
        match self {
            Self::Kill | Self::Cut if chance.one_in(3) => End::Done(error),
            _ if op.has_parts() && chance.one_in(2) => End::Half(error),
            _ => End::Not(error),
        }
    }
}
