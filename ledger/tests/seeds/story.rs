//! The story of one seed: a ledger is used, something goes wrong, a new process takes over, and the ledger has to keep what
//! it promised. In the end all is well with the machine, and the ledger must be too.

use super::chance::Chance;
use super::fault::{Op, Plan, What, own_this_thread};
use super::machine::Beginning;
use super::promises::{Broken, broken};
use affiant_ledger::fsck::FaultKind;
use affiant_ledger::ledger::{Ledger, LedgerError};
use affiant_ledger::reader::{ReadError, Reader};
use affiant_ledger::record::Draft;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What happened in some stories, to see that something did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) struck: BTreeMap<(Op, What), u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn with(mut self, other: Self) -> Self {
        other.counts.into_iter().for_each(|(what, count)| *self.counts.entry(what).or_default() += count);
        other.struck.into_iter().for_each(|(what, count)| *self.struck.entry(what).or_default() += count);
        self
    }
}

/// One story as it goes.
pub(crate) struct Story {
    pub(crate) begun: Beginning,
    pub(crate) chance: Chance,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) tally: Tally,
    /// The last batch answered with an error, for a client that asks again.
    pub(crate) refused: Vec<Draft>,
    /// Follow-up keys of the log.
    pub(crate) keys: u8,
    founding: Vec<Draft>,
    /// What happened, in words, when someone wants to read it.
    pub(crate) told: Option<Vec<String>>,
}

/// Tells the story of a seed on a machine of its own.
pub(crate) fn tell(begun: Beginning, seed: u64, aloud: bool) -> (Tally, Vec<String>, Result<(), Broken>) {
    own_this_thread();
    let mut chance = Chance::new(seed);
    let told = aloud.then(Vec::new);
    let (tally, refused, founding) = (Tally::default(), Vec::new(), Vec::new());
    let lives = chance.between(1, 3);
    let mut story = Story { begun, chance, ledger: None, tally, refused, keys: 1, founding, told };
    let ended = catch_unwind(AssertUnwindSafe(|| story.all(lives)));
    let ended = ended.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        broken(format!("a panic: {}", text.unwrap_or_default()))
    });
    // What is left of the process ends here, whatever state it is in.
    let rest = AssertUnwindSafe((story.ledger.take(), &story.begun.machine.memory));
    let _ = catch_unwind(move || {
        rest.1.world().stop(true);
        drop(rest);
    });
    (story.tally, story.told.unwrap_or_default(), ended)
}

impl Story {
    pub(crate) fn say(&mut self, what: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told.push(what());
        }
    }

    fn all(&mut self, lives: u64) -> Result<(), Broken> {
        self.begun.machine.tail_size_max = *self.chance.pick(&[0, 100_000, 8 << 20]);
        for _ in 0..lives {
            self.life()?;
        }
        self.end()
    }

    /// A process with a fault before it, perhaps.
    fn life(&mut self) -> Result<(), Broken> {
        let plan = (!self.chance.one_in(6)).then(|| Plan::draw(70, &mut self.chance));
        let table = self.chance.one_in(6).then(|| (self.chance.below(20), self.chance.one_in(2)));
        self.say(|| format!("a process begins; {plan:?}, table {table:?}"));
        self.begin(plan, table)?;
        for _ in 0..self.chance.between(2, 7) {
            if !self.runs() || self.ledger.is_none() && !self.reopen()? {
                break;
            }
            self.act()?;
        }
        self.stop()
    }

    fn begin(&mut self, plan: Option<Plan>, table: Option<(u64, bool)>) -> Result<(), Broken> {
        self.begun.machine.next_life(plan, table);
        self.tally.count("lives");
        self.reopen().map(drop)
    }

    /// Opens the ledger; more than once when a fault is in the way, as someone at work would.
    pub(crate) fn reopen(&mut self) -> Result<bool, Broken> {
        for _ in 0..3 {
            let opened = if self.is_there() { self.begun.machine.open() } else { self.found() };
            match opened {
                Ok(ledger) => {
                    self.ledger = Some(ledger);
                    self.opened()?;
                    if self.ledger.is_some() {
                        return Ok(true);
                    }
                }
                Err(error) if self.is_excused() => self.say(|| format!("not opened: {error}")),
                Err(error) => return broken(format!("cannot be opened: {error}")),
            }
            if !self.runs() {
                break;
            }
        }
        Ok(false)
    }

    /// Whether there is a ledger, or was: then it must not be founded anew.
    fn is_there(&self) -> bool {
        let read = self.calmly(|story| {
            affiant_ledger::reader::read_settings(&story.begun.machine.memory, &super::machine::folder())
        });
        self.begun.founded || !matches!(read, Err(ReadError::NotALedger(_)))
    }

    fn found(&mut self) -> Result<Ledger, LedgerError> {
        if self.founding.is_empty() {
            let count = self.chance.below(4);
            self.founding = self.begun.drawer.many(count, &mut self.chance);
        }
        self.say(|| "founds the ledger".into());
        self.tally.count("founded");
        // What an attempt before showed was nobody's: it was no ledger yet.
        self.begun.machine.memory.world().take_shown();
        self.begun.promises.doubt(&self.founding);
        let ledger = self.begun.machine.found(self.founding.clone());
        if ledger.is_err() {
            self.begun.promises.close_doubts();
        }
        ledger
    }

    /// A ledger was opened: it keeps what was promised, and what is in doubt is decided.
    fn opened(&mut self) -> Result<(), Broken> {
        if !self.begun.founded {
            // Half an attempt may have become a whole one.
            self.begun.promises.close_doubts();
            self.begun.promises.doubt(&self.founding.clone());
        }
        let doubts = self.begun.promises.doubted.len();
        self.demand()?;
        if self.ledger.is_none() {
            return Ok(());
        }
        if !self.begun.founded && self.begun.promises.size() != 1 + self.founding.len() as u64 {
            return broken("a ledger was founded without what was to stand in it");
        }
        self.begun.founded = true;
        let found = doubts - self.begun.promises.doubted.len();
        self.say(|| format!("opened; of {doubts} batches in doubt {found} are there"));
        if doubts > 0 {
            self.tally.count(if found > 0 { "doubts there" } else { "doubts gone" });
        }
        self.begun.promises.close_doubts();
        self.tally.count("opened");
        Ok(())
    }

    /// Demands of the open ledger that it keeps its promises; while looking nothing goes wrong. One that cannot be read after
    /// a fault is let go.
    pub(crate) fn demand(&mut self) -> Result<(), Broken> {
        let Some(mut ledger) = self.ledger.take() else { return Ok(()) };
        self.pause(true);
        let done = match ledger.reader() {
            Ok(reader) => Some(self.demand_of(reader)),
            // Bundles on their way met a fault.
            Err(error) if self.is_excused() => {
                self.say(|| format!("not read: {error}"));
                None
            }
            Err(error) => Some(broken(format!("cannot be read: {error}"))),
        };
        self.pause(false);
        self.ledger = done.is_some().then_some(ledger);
        done.unwrap_or(Ok(()))
    }

    fn demand_of(&mut self, reader: &Reader) -> Result<(), Broken> {
        let shown = self.begun.machine.memory.world().take_shown();
        self.begun.promises.show(shown)?;
        self.begun.promises.demand(reader, &mut self.chance)?;
        self.begun.promises.demand_shown(reader, &mut self.chance)
    }

    fn pause(&self, paused: bool) {
        self.begun.machine.memory.world().faults.pause(paused);
        self.begun.machine.shelf.pause(paused);
    }

    /// Looks while nothing goes wrong.
    pub(crate) fn calmly<T>(&self, look: impl FnOnce(&Self) -> T) -> T {
        self.pause(true);
        let seen = look(self);
        self.pause(false);
        seen
    }

    pub(crate) fn runs(&self) -> bool {
        self.begun.machine.memory.world().runs()
    }

    /// Whether something went wrong in this life, so that an error is no surprise.
    pub(crate) fn is_excused(&self) -> bool {
        !self.begun.machine.memory.world().faults.struck().is_empty() || self.begun.machine.shelf.struck()
    }

    /// The process ends: orderly, or just so, or the power goes.
    fn stop(&mut self) -> Result<(), Broken> {
        match self.chance.below(4) {
            0 => self.close()?,
            1 => self.ledger = None,
            number => {
                self.begun.machine.memory.world().stop(number == 3);
                self.ledger = None;
            }
        }
        let world = self.begun.machine.memory.world();
        self.tally.count(if world.was_cut() {
            "cuts"
        } else if world.runs() {
            "ends"
        } else {
            "kills"
        });
        for met in world.faults.struck() {
            *self.tally.struck.entry(*met).or_default() += 1;
        }
        Ok(())
    }

    pub(crate) fn close(&mut self) -> Result<(), Broken> {
        let Some(ledger) = self.ledger.take() else { return Ok(()) };
        match ledger.close() {
            Err(error) if !self.is_excused() => broken(format!("not closed: {error}")),
            closed => {
                self.say(|| format!("closed: {closed:?}"));
                Ok(())
            }
        }
    }

    /// In the end nothing goes wrong any more.
    fn end(&mut self) -> Result<(), Broken> {
        self.say(|| "the end".into());
        self.begin(None, None)?;
        self.append(2)?;
        self.demand()?;
        self.close()?;
        let machine = self.begun.machine.clone();
        let reader = Reader::open_in(Arc::new(machine.memory.clone()), &super::machine::folder())?;
        self.demand_of(&reader)?;
        self.demand_sound()?;
        self.demand_secrets_gone()
    }

    /// fsck finds nothing; in an index whose rows were lost or altered it may, until it is built anew.
    fn demand_sound(&mut self) -> Result<(), Broken> {
        let machine = self.begun.machine.clone();
        let mut report = machine.fsck(true);
        let index_only = report.faults.iter().all(|fault| fault.kind == FaultKind::Index);
        if !report.is_sound() && index_only && machine.shelf.damaged() {
            self.tally.count("indexes built anew after damage");
            let rebuilt =
                machine.open().and_then(|mut ledger| ledger.rebuild_index().and_then(|()| ledger.close()));
            rebuilt.map_err(|error| Broken(format!("the index is not built anew: {error}")))?;
            report = machine.fsck(true);
        }
        if !report.is_sound() {
            return broken(format!("fsck: {:?}", report.faults));
        }
        let size = self.begun.promises.size();
        if report.entries != size {
            return broken(format!("fsck read {} entries of {size}", report.entries));
        }
        self.tally.count("sound");
        Ok(())
    }

    /// What was erased stands in no file.
    fn demand_secrets_gone(&self) -> Result<(), Broken> {
        let world = self.begun.machine.memory.world();
        for index in self.begun.promises.erased.keys() {
            let Some(secret) =
                self.begun.promises.expected(*index).and_then(|expected| super::acts::secret_of(expected))
            else {
                continue;
            };
            let holds =
                |content: &[u8]| content.windows(secret.len()).any(|window| window == secret.as_bytes());
            if let Some((path, _)) = world.contents().find(|(_, content)| holds(content.bytes())) {
                return broken(format!(
                    "the payload of entry {index} was erased and stands in {}",
                    path.display()
                ));
            }
        }
        Ok(())
    }
}
