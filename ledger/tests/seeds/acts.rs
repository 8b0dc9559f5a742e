//! What is done with an open ledger: appended in every way there is, asked, erased, closed, shared by threads.

use super::drafts::{STREAMS, Wanted};
use super::fault::own_this_thread;
use super::machine::{folder, log_key};
use super::promises::{Broken, Expected, broken};
use super::story::Story;
use affiant_ledger::blob;
use affiant_ledger::codec;
use affiant_ledger::erasure::Hold;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::{Appended, EraseError, Ledger, LedgerError, Prepared, Sequencer};
use affiant_ledger::record::Draft;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The words that only this entry's statement says.
pub(crate) fn secret_of(expected: &Expected) -> Option<String> {
    let words: BTreeMap<String, String> = codec::decode_trusted(expected.statement()?).ok()?;
    Some(words.get("fill")?.trim_end_matches('x').to_owned())
}

impl Story {
    /// Does something.
    pub(crate) fn act(&mut self) -> Result<(), Broken> {
        match self.chance.below(64) {
            0..24 => {
                let count = self.chance.between(1, 3);
                self.append(count)
            }
            24..31 => {
                let count = self.chance.between(4, 24);
                self.append(count)
            }
            31..35 => self.append_group(),
            35..39 => self.append_stream(),
            39..43 => self.repeat(),
            43..47 => self.push_evidence(),
            47..52 => self.erase(),
            52..54 => self.hold(),
            54..57 => self.look(),
            57 => self.rebuild(),
            58..60 => {
                self.close()?;
                self.reopen().map(drop)
            }
            60..62 => {
                self.ledger = None;
                self.reopen().map(drop)
            }
            62 => self.rotate(),
            _ => self.share(),
        }
    }

    fn ledger(&mut self) -> &mut Ledger {
        self.ledger.as_mut().unwrap_or_else(|| panic!("acts are for an open ledger"))
    }

    /// What became of an append.
    fn answered(
        &mut self,
        drafts: &[Draft],
        answer: Result<Vec<Appended>, LedgerError>,
    ) -> Result<(), Broken> {
        match answer {
            Ok(appended) => {
                self.say(|| {
                    format!("appended {:?}", appended.iter().map(|one| one.index).collect::<Vec<_>>())
                });
                self.tally.count("appends");
                self.begun.promises.acknowledge(drafts, &appended)
            }
            Err(error) => {
                // Nothing was tried.
                if !matches!(error, LedgerError::Stopped) {
                    self.begun.promises.doubt(drafts);
                    self.refused = drafts.to_vec();
                }
                self.failed("append", &error)
            }
        }
    }

    /// An error needs a fault; after it one goes on with the same ledger, or opens it again.
    fn failed(&mut self, what: &str, error: &(impl Display + ?Sized)) -> Result<(), Broken> {
        if !self.is_excused() {
            return broken(format!("{what} failed without a fault: {error}"));
        }
        self.say(|| format!("{what} failed: {error}"));
        self.tally.count("errors answered");
        if self.chance.one_in(2) {
            self.ledger = None;
        }
        Ok(())
    }

    pub(crate) fn append(&mut self, count: u64) -> Result<(), Broken> {
        let drafts = self.begun.drawer.many(count, &mut self.chance);
        let answer = self.ledger().append(&drafts);
        self.answered(&drafts, answer)
    }

    fn append_group(&mut self) -> Result<(), Broken> {
        let mut groups = Vec::new();
        for _ in 0..self.chance.between(2, 4) {
            let count = self.chance.between(1, 3);
            groups.push(self.begun.drawer.many(count, &mut self.chance));
        }
        let prepared = |drafts: &Vec<Draft>| {
            drafts.iter().map(|draft| Prepared::new(draft.clone(), &[7; 16]).unwrap()).collect()
        };
        let requests = groups.iter().map(prepared).collect();
        let answers = self.ledger().append_group(requests);
        // One record carries all that were not refused by themselves: they are there together, or none of them.
        let (mut together, mut failed) = (Vec::new(), Vec::new());
        for (drafts, answer) in groups.into_iter().zip(answers) {
            match answer {
                Err(LedgerError::Group(error)) => {
                    together.extend(drafts);
                    failed.push(error.to_string());
                }
                Err(error) => failed.push(error.to_string()),
                Ok(appended) => self.answered(&drafts, Ok(appended))?,
            }
        }
        self.begun.promises.doubt(&together);
        failed.first().map_or(Ok(()), |error| self.failed("a group", error))
    }

    fn append_stream(&mut self) -> Result<(), Broken> {
        let mut batches = Vec::new();
        for _ in 0..self.chance.between(2, 4) {
            let count = self.chance.between(1, 9);
            batches.push(self.begun.drawer.many(count, &mut self.chance));
        }
        let mut answers = Vec::new();
        let given = batches.iter().map(|drafts| Ok((drafts.clone(), ())));
        let done = self.ledger().append_stream(given, |_, (), appended| {
            answers.push(appended);
            Ok::<(), LedgerError>(())
        });
        let next = answers.len();
        batches.iter().zip(answers).try_for_each(|(drafts, appended)| self.answered(drafts, Ok(appended)))?;
        match done {
            Ok(()) if next < batches.len() => broken("a batch of a stream was not answered"),
            Ok(()) => Ok(()),
            Err(error) => {
                if !matches!(error, LedgerError::Stopped) {
                    self.begun.promises.doubt(&batches[next]);
                }
                self.failed("a stream", &error)
            }
        }
    }

    /// The same again, or under the same id something else.
    fn repeat(&mut self) -> Result<(), Broken> {
        if !self.refused.is_empty() && self.chance.one_in(2) {
            let drafts = std::mem::take(&mut self.refused);
            // Under no id the same would be recorded twice.
            let drafts: Vec<Draft> = drafts.into_iter().filter(|draft| draft.id.is_some()).collect();
            if !drafts.is_empty() && self.begun.promises.doubted.is_empty() {
                self.say(|| "asks again for what was refused".into());
                let answer = self.ledger().append(&drafts);
                return self.answered(&drafts, answer);
            }
        }
        let known: Vec<_> = self
            .begun
            .promises
            .ids
            .iter()
            .map(|((stream, id), index)| (stream.clone(), id.clone(), *index))
            .collect();
        if known.is_empty() {
            return Ok(());
        }
        let (stream, id, index) = self.chance.pick(&known).clone();
        let Some(statement) =
            self.begun.promises.expected(index).and_then(|expected| expected.statement()).map(<[u8]>::to_vec)
        else {
            return Ok(());
        };
        let mut draft = self.begun.drawer.one(&mut self.chance).draft();
        (draft.stream, draft.id, draft.facet) = (stream, Some(id.clone()), None);
        if self.chance.one_in(2) {
            draft.statement = statement;
            let answer = self.ledger().append(std::slice::from_ref(&draft));
            self.tally.count("repeats");
            return self.answered(&[draft], answer);
        }
        match self.ledger().append(&[draft]) {
            Err(LedgerError::OtherContent { id: said, index: at }) if (&said, at) == (&id, index) => Ok(()),
            Err(error) => self.failed("other content", &error),
            Ok(appended) => {
                broken(format!("other content under id {id} of entry {index} was recorded: {appended:?}"))
            }
        }
    }

    fn push_evidence(&mut self) -> Result<(), Broken> {
        let wanted = self.begun.drawer.one(&mut self.chance);
        let evidence = format!("evidence {}", wanted.number / 2 * 2);
        let (memory, mut stored) = (self.begun.machine.memory.clone(), None);
        for _ in 0..2 {
            stored = blob::store(&memory, &folder(), evidence.as_bytes()).ok();
            if stored.is_some() || !self.is_excused() {
                break;
            }
        }
        let Some(digest) = stored else {
            return if self.is_excused() {
                Ok(())
            } else {
                broken("evidence was not stored, without a fault")
            };
        };
        self.say(|| format!("stored {digest}"));
        let draft = Wanted { blob: Some(digest), ..wanted }.draft();
        let answer = self.ledger().append(std::slice::from_ref(&draft));
        self.answered(&[draft], answer)
    }

    fn erase(&mut self) -> Result<(), Broken> {
        let erasable = self.begun.promises.erasable();
        if erasable.is_empty() {
            return Ok(());
        }
        let index = *self.chance.pick(&erasable);
        let Some(stream) = self.begun.promises.expected(index).map(|expected| expected.stream.clone()) else {
            return Ok(());
        };
        let erasure = Expected::erasure(&stream, index);
        // Whoever asked again would bring back what was erased.
        self.refused.clear();
        match self.ledger().erase(index, "GDPR Art. 17", "Data protection officer") {
            Ok((appended, _)) => {
                self.say(|| format!("erased {index} as {}", appended.index));
                self.tally.count("erasures");
                self.begun.promises.acknowledge_one(erasure, &appended)
            }
            Err(LedgerError::Erase(EraseError::Held { .. })) => {
                self.tally.count("erasures held");
                Ok(())
            }
            Err(error) => {
                if !matches!(error, LedgerError::Stopped) {
                    self.begun.promises.doubt_these(vec![erasure]);
                }
                self.failed("erasing", &error)
            }
        }
    }

    /// A hold, seldom left standing: it stops all erasures.
    fn hold(&mut self) -> Result<(), Broken> {
        let stream: Id = STREAMS[self.chance.below(3) as usize].parse().unwrap();
        for released in [false, true] {
            if self.ledger.is_none() || released && self.chance.one_in(8) {
                return Ok(());
            }
            let (by, reason) = ("Legal".to_owned(), "a case".to_owned());
            let hold = Hold { by, id: "case-7".parse().unwrap(), reason, released };
            match self.ledger().hold(&stream, &hold) {
                Ok(appended) => {
                    self.begun.promises.acknowledge_one(Expected::hold(&stream, &hold), &appended)?
                }
                Err(error) => {
                    if !matches!(error, LedgerError::Stopped) {
                        self.begun.promises.doubt_these(vec![Expected::hold(&stream, &hold)]);
                    }
                    self.failed("a hold", &error)?;
                }
            }
        }
        Ok(())
    }

    /// Asks the ledger what it knows of its streams, and whether it keeps its promises.
    fn look(&mut self) -> Result<(), Broken> {
        let unsure = !self.begun.promises.doubted.is_empty();
        if self.is_excused() || unsure {
            return Ok(());
        }
        self.demand()?;
        // A fault of what goes on behind may have come just now.
        if self.ledger.is_none() {
            return Ok(());
        }
        for stream in STREAMS {
            let (positions, latest) = self.begun.promises.stream(&stream.parse().unwrap(), stream == "org");
            let stream: Id = stream.parse().unwrap();
            let ledger = self.ledger();
            let found =
                ledger.positions(&stream, 0).and_then(|found| Ok((found, ledger.latest(&stream, b"")?)));
            match found {
                Ok((found, _)) if found != positions => {
                    return broken(format!("positions of {stream}: {found:?}, not {positions:?}"));
                }
                Ok((_, found)) if found != latest => {
                    return broken(format!("latest of {stream}: {found:?}, not {latest:?}"));
                }
                Ok(_) => {}
                Err(error) => return self.failed("asking", &error),
            }
        }
        self.tally.count("looks");
        Ok(())
    }

    fn rebuild(&mut self) -> Result<(), Broken> {
        match self.ledger().rebuild_index() {
            Ok(()) => {
                self.say(|| "built the index anew".into());
                self.tally.count("indexes built anew");
                Ok(())
            }
            Err(error) => self.failed("building the index anew", &error),
        }
    }

    fn rotate(&mut self) -> Result<(), Broken> {
        let next = self.keys + 1;
        match self.ledger().rotate_log_key(log_key(next), None) {
            Ok(appended) => {
                self.keys = next;
                self.tally.count("rotations");
                self.begun.promises.acknowledge_one(Expected::rotation(), &appended)
            }
            Err(error) => {
                // Perhaps it follows already: that number is spent.
                self.keys = next;
                if !matches!(error, LedgerError::Stopped) {
                    self.begun.promises.doubt_these(vec![Expected::rotation()]);
                }
                self.failed("a rotation", &error)
            }
        }
    }

    /// Threads share the ledger; then it is closed.
    fn share(&mut self) -> Result<(), Broken> {
        let Some(ledger) = self.ledger.take() else { return Ok(()) };
        let callers: Vec<Vec<Vec<Draft>>> =
            (0..3).map(|_| (0..2).map(|_| self.begun.drawer.many(1, &mut self.chance)).collect()).collect();
        let sequencer = Sequencer::new(ledger);
        let push = |batches: Vec<Vec<Draft>>| {
            own_this_thread();
            let push = |drafts: Vec<Draft>| {
                let answer = sequencer.append(drafts.clone());
                (drafts, answer)
            };
            batches.into_iter().map(push).collect::<Vec<_>>()
        };
        let answers: Vec<_> = std::thread::scope(|scope| {
            let push = &push;
            let run: Vec<_> = callers.into_iter().map(|batches| scope.spawn(move || push(batches))).collect();
            run.into_iter().map(|run| run.join().unwrap()).collect()
        });
        self.tally.count("shared");
        for (drafts, answer) in answers.into_iter().flatten() {
            self.answered(&drafts, answer)?;
        }
        match sequencer.close() {
            Err(error) => self.failed("closing", &error)?,
            Ok(()) => self.say(|| "shared and closed".into()),
        }
        if self.runs() { self.reopen().map(drop) } else { Ok(()) }
    }
}
