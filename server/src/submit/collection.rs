//! A batch being collected: read, admitted, compared with the ledger and with itself, and put aside until all of it is
//! known to be good.
//!
//! Lines are read by this thread and admitted by all cores, some hundred at a time; what comes back is taken in the
//! order it was read in. Memory holds a few such pieces, whatever the size of the batch.

use super::admission::{Admission, Admitted, Read, Row};
use super::faults::Faults;
use super::ids::{Ids, Mark};
use super::known::{self, Systems};
use super::repeat::{self, Repeats};
use super::source::{Lines, Source};
use super::spool::Spool;
use super::submitter::Submitter;
use crate::failure::{Failure, REFUSED};
use crate::follow::Touched;
use affiant_controls::intake::withheld::WITHHELD_SIZE_MAX;
use affiant_controls::intake::{self, Explained, IntakeError, Withheld};
use affiant_controls::result::ControlResult;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::{Appended, Ledger};
use affiant_ledger::record::Draft;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

/// Entries appended with one fdatasync.
const BATCH: usize = 1024;
/// Batches appended in a run before others are let in.
const RUN: usize = 4;
/// Pieces of a stream of lines that are read and not yet taken.
const AHEAD: usize = 6;
/// Results of a document admitted at a time, and by one core.
const RESULTS: usize = 4096;
const RESULTS_A_CORE: usize = 256;

/// Lets others use the ledger who wait for it, but not those who would record what is held: when it returns, entries may stand
/// behind those that were there before.
pub type LetIn<'a> = &'a mut dyn FnMut(&mut Ledger, &Held);

/// Ids of results that were compared with the ledger and are not recorded yet.
#[derive(Debug, Default)]
pub struct Held(HashSet<[u8; 16]>);

impl Held {
    /// Whether an id of a stream is among them.
    pub fn has(&self, stream: &Id, id: &str) -> bool {
        self.0.contains(&Mark::key(stream, id))
    }

    /// Adds one.
    #[cfg(test)]
    pub(crate) fn add(&mut self, stream: &Id, id: &str) {
        self.0.insert(Mark::key(stream, id));
    }
}

/// Results being read and admitted.
pub struct Collection<'a> {
    /// Where it goes.
    pub ledger: &'a mut Ledger,
    /// What is said beside it.
    pub intake: &'a intake::Context<'a>,
    systems: Arc<Systems>,
    spool: Spool,
    ids: Ids,
    /// What is wrong with rows.
    pub faults: Faults,
    /// Findings that no control is mapped to, by rule.
    pub unmapped: BTreeMap<String, u64>,
    /// What becomes of each row of a foreign report, where it was asked for.
    pub explained: Vec<Explained>,
    /// What was kept out of checks, where it was asked for.
    pub withheld: Vec<Withheld>,
    /// The first results, to be shown; as many as are wanted.
    pub preview: Vec<ControlResult>,
    shown: usize,
    submitter: Submitter,
    /// Whether any row repeats one of the ledger or of this batch.
    repeats: bool,
    /// Lets others in who wait, where there are any, and the ids that they must not record.
    let_in: Option<LetIn<'a>>,
    held: Held,
    /// Where the drafts of a foreign report wait, while it is being read.
    places: Option<Vec<u64>>,
    /// Entries that results of a foreign report repeat.
    pub recorded: Repeats,
    /// Whether findings are opened and closed, and by what.
    findings: bool,
    touched: Touched,
}

impl<'a> Collection<'a> {
    /// An empty one, which keeps the first `shown` results to be shown.
    pub fn new(
        ledger: &'a mut Ledger,
        intake: &'a intake::Context<'a>,
        shown: usize,
        submitter: Submitter,
        findings: bool,
    ) -> Result<Self, Failure> {
        let folder = ledger.reader()?.folder().to_owned();
        Ok(Self {
            ledger,
            intake,
            systems: Arc::default(),
            spool: Spool::new(&folder),
            ids: Ids::new(&folder),
            faults: Faults::default(),
            unmapped: BTreeMap::new(),
            explained: Vec::new(),
            withheld: Vec::new(),
            preview: Vec::new(),
            shown,
            submitter,
            repeats: false,
            let_in: None,
            held: Held::default(),
            places: None,
            recorded: Repeats::new(),
            findings,
            touched: Touched::default(),
        })
    }

    /// Lets others in between its parts.
    pub fn letting_in(self, let_in: LetIn<'a>) -> Self {
        Self { let_in: Some(let_in), ..self }
    }

    /// Lets those in who wait.
    fn pause(&mut self) {
        if let Some(let_in) = &mut self.let_in {
            let_in(self.ledger, &self.held);
        }
    }

    /// How many results were taken.
    pub fn count(&self) -> u64 {
        self.spool.count()
    }

    /// Takes a document whole.
    pub fn document(&mut self, source: &mut Source) -> Result<(), Failure> {
        let (name, format) = (source.name.clone(), source.format);
        let mut open = source.reopening(self.spool.folder())?;
        let parsed = intake::parse_report(&mut *open, format, self.intake);
        let parsed = parsed.map_err(|error| {
            let failure = refused(error);
            Failure { message: format!("{name}: {}", failure.message), ..failure }
        })?;
        parsed.faults.iter().for_each(|fault| self.faults.push_row(fault));
        self.unmapped = parsed.unmapped;
        self.explained = parsed.explained;
        self.withheld = parsed.withheld;
        if parsed.withheld_cut {
            let text = format!("{name}: more than {WITHHELD_SIZE_MAX} bytes were kept out of the checks");
            return Err(
                Failure::refused(text).hint("push it without --withheld, and keep the report: --keep-raw")
            );
        }
        self.places = format.importer().map(|_| Vec::new());
        let alone = parsed.results.len() == 1;
        let named = parsed.results.into_iter().enumerate().map(|(at, mut result)| {
            // Rows of a tool's report may stand on one line: their order tells them apart.
            self.submitter.name(&mut result, (!alone).then_some(at as u64 + 1));
            result
        });
        let results: Vec<ControlResult> = named.collect();
        let mut results = parsed.lines.into_iter().zip(results);
        loop {
            let some: Vec<_> = results.by_ref().take(RESULTS).collect();
            if some.is_empty() {
                break;
            }
            self.know_systems(&some)?;
            let admission = self.admission();
            let parts = some.into_par_iter().chunks(RESULTS_A_CORE);
            let admitted = parts.map(|results| admission.admit(Read { results, ..Read::default() }));
            admitted.collect::<Vec<_>>().into_iter().try_for_each(|admitted| self.take(admitted))?;
            self.pause();
        }
        let places = self.places.take().unwrap_or_default();
        let drafts = places.into_iter().map(|at| self.spool.read(at)).collect::<Result<Vec<_>, _>>()?;
        self.recorded = repeat::of(self.ledger, &drafts)?;
        Ok(())
    }

    /// Takes lines as they come.
    pub fn lines(&mut self, source: &mut Source) -> Result<(), Failure> {
        let mut any = false;
        rayon::in_place_scope(|scope| {
            let mut ahead: VecDeque<Receiver<Result<Admitted, Read>>> = VecDeque::new();
            while let Some(lines) = source.lines()? {
                any = true;
                ahead.push_back(self.admitted_elsewhere(lines, scope));
                if ahead.len() > AHEAD {
                    ahead.pop_front().map_or(Ok(()), |first| self.take_from(&first))?;
                    self.pause();
                }
            }
            ahead.iter().try_for_each(|next| self.take_from(next))
        })?;
        if any {
            Ok(())
        } else {
            Err(Failure::refused(format!("{}: empty, there is nothing to record", source.name)))
        }
    }

    /// Has lines admitted on another core.
    fn admitted_elsewhere<'s>(
        &self,
        lines: Lines,
        scope: &rayon::Scope<'s>,
    ) -> Receiver<Result<Admitted, Read>>
    where
        'a: 's,
    {
        let (sender, receiver) = sync_channel(1);
        let admission = self.admission();
        scope.spawn(move |_| {
            // When nobody takes it, the batch has failed already.
            let _ = sender.send(admission.lines(&lines));
        });
        receiver
    }

    fn take_from(&mut self, next: &Receiver<Result<Admitted, Read>>) -> Result<(), Failure> {
        match next.recv().map_err(|_| Failure::io("a thread that admits rows has stopped"))? {
            Ok(admitted) => self.take(admitted),
            Err(read) => {
                self.know_systems(&read.results)?;
                let admitted = self.admission().admit(read);
                self.take(admitted)
            }
        }
    }

    fn admission(&self) -> Admission<'a> {
        let shown = self.shown - self.preview.len().min(self.shown);
        Admission {
            intake: self.intake,
            systems: self.systems.clone(),
            shown,
            submitter: self.submitter.clone(),
            findings: self.findings,
        }
    }

    /// Takes admitted rows in their order: they are compared with the ledger and put aside.
    fn take(&mut self, admitted: Admitted) -> Result<(), Failure> {
        let Admitted { packed, rows, faults, shown, touched } = admitted;
        self.touched.extend(touched);
        self.faults.extend(faults);
        self.preview.extend(shown.into_iter().take(self.shown - self.preview.len().min(self.shown)));
        let begin = self.spool.end();
        self.spool.push(&packed, rows.len() as u64)?;
        for Row { line, begin: within, id } in rows {
            let at = begin + within as u64;
            self.places.iter_mut().for_each(|places| places.push(at));
            let Some((stream, id, key)) = id else { continue };
            let before = self.ledger.by_id(&stream, &id)?.is_some();
            if before && self.clashes_with_ledger(line, at)? {
                continue;
            }
            if self.let_in.is_some() {
                self.held.0.insert(key);
            }
            self.ids.push(Mark { key, at, line })?;
        }
        Ok(())
    }

    /// Compares a row with the entry of its id; strikes it when that says something else.
    fn clashes_with_ledger(&mut self, line: u64, at: u64) -> Result<bool, Failure> {
        self.repeats = true;
        let draft = self.spool.read(at)?;
        match self.ledger.recorded_before([&draft]).map_err(Failure::from) {
            Ok(_) => Ok(false),
            Err(failure) if failure.code == REFUSED => {
                self.faults.push(line, format!("line {line}: {}", failure.message));
                self.spool.strike(at)?;
                Ok(true)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Compares the rows whose ids stand twice in this batch; strikes those that say something else than the first.
    pub fn compare_within(&mut self) -> Result<(), Failure> {
        let none = Ids::new(self.spool.folder());
        std::mem::replace(&mut self.ids, none).twice(|first, again| self.compare(first, again))
    }

    fn compare(&mut self, first: Mark, again: Mark) -> Result<(), Failure> {
        self.repeats = true;
        let mut read = |mark: Mark| self.spool.read(mark.at).map_err(Failure::io);
        let (first, draft) = (read(first)?, read(again)?);
        if first == draft {
            return Ok(());
        }
        let (line, id) = (again.line, visible(draft.id.as_deref().unwrap_or_default()));
        let text = format!("line {line}: id `{id}` stands twice in this batch, with different content");
        self.faults.push(line, text);
        self.spool.strike(again.at).map_err(Failure::io)
    }

    /// Appends what was collected, 1,024 at a time, fewer large ones, one fdatasync each. Of each batch something is noted
    /// before it goes into the ledger, and told once it is durable and under the signed checkpoint.
    pub fn append<T: Send>(
        self,
        note: impl Fn(&[Draft]) -> T + Send + Sync,
        mut tell: impl FnMut(&mut Ledger, T, Vec<Appended>) -> Result<(), Failure>,
    ) -> Result<(&'a mut Ledger, Touched), Failure> {
        let Self { ledger, spool, submitter, repeats, mut let_in, held, touched, .. } = self;
        let batches = spool.drain(BATCH)?.into_iter().map(|batch| {
            let mut batch = batch?;
            submitter.sign(&mut batch);
            let noted = note(&batch);
            Ok::<_, Failure>((batch, noted))
        });
        if repeats {
            for batch in batches {
                let (batch, noted) = batch?;
                let appended = ledger.append(&batch)?;
                tell(ledger, noted, appended)?;
                let_in.iter_mut().for_each(|let_in| let_in(ledger, &held));
            }
            return Ok((ledger, touched));
        }
        let Some(let_in) = let_in else {
            ledger.append_stream(batches, tell)?;
            return Ok((ledger, touched));
        };
        let mut batches = batches.peekable();
        while batches.peek().is_some() {
            ledger.append_stream(batches.by_ref().take(RUN), &mut tell)?;
            let_in(ledger, &held);
        }
        Ok((ledger, touched))
    }

    /// Learns what is on file of the systems that results are about.
    fn know_systems(&mut self, results: &[(u64, ControlResult)]) -> Result<(), Failure> {
        for (_, result) in results {
            if self.systems.contains_key(&result.system) {
                continue;
            }
            let known = known::of(self.ledger, &result.system)?;
            Arc::make_mut(&mut self.systems).insert(result.system.clone(), known);
        }
        Ok(())
    }
}

fn refused(error: IntakeError) -> Failure {
    match &error {
        IntakeError::Unread(_) => Failure::io(error),
        IntakeError::Faults(faults) => {
            let failure = Failure::refused(&error);
            match faults.first().and_then(|fault| fault.hint.clone()) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
        _ => Failure::refused(error),
    }
}
