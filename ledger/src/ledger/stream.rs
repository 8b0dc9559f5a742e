//! Appending a long run of batches: one is prepared and the one before it sealed and signed while the one before that is
//! being made durable.
//!
//! At most one batch is on its way to the disk. Nothing of a batch is shown before its sync has returned, and when that
//! fails the one sealed behind it is dropped with it.

use super::seal::{Batch, Edge};
use super::{Appended, Ledger, LedgerError, Prepared, Surroundings, keys, sign_batch};
use crate::checkpoint::Checkpoint;
use crate::index::Index;
use crate::key::SigningKey;
use crate::keyring::Keyring;
use crate::record::Draft;
use crate::settings::Settings;
use std::collections::BTreeSet;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

/// A batch with its signed checkpoint, ready to be written, and what the caller keeps beside it.
struct Ready<T> {
    beside: T,
    batch: Batch,
    checkpoint: Checkpoint,
    note: Vec<u8>,
    record: Vec<u8>,
}

/// What sealing needs of a ledger whose journal is busy.
struct Sealer<'a> {
    index: &'a Index,
    surroundings: &'a Surroundings,
    settings: &'a Settings,
    keyring: &'a Keyring,
    log_key: &'a SigningKey,
    edge: &'a Edge,
}

impl Ledger {
    /// Appends batches one after another, each all or none with one fdatasync; `done` is told of each once it is durable
    /// and under the signed checkpoint. Memory does not grow with their number.
    ///
    /// For drafts of which [`Ledger::recorded_before`] has just said that none is recorded: they are not looked up
    /// again. An id that stands twice in a batch is refused. Each batch comes with something that is handed to `done`.
    /// Batches are asked for ahead of need, on a thread of its own: after an error this returns when the one asked for is there.
    pub fn append_stream<T: Send, E: From<LedgerError> + Send, B>(
        &mut self,
        batches: B,
        done: impl FnMut(&mut Self, T, Vec<Appended>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        B: IntoIterator<Item = Result<(Vec<Draft>, T), E>, IntoIter: Send>,
    {
        let surroundings = self.surroundings.clone();
        let empty =
            |batch: &Result<(Vec<Draft>, T), E>| batch.as_ref().is_ok_and(|(drafts, _)| drafts.is_empty());
        let batches = batches.into_iter().filter(|batch| !empty(batch));
        let batches = batches.map(|batch| {
            let (drafts, beside) = batch?;
            refuse_twins(&drafts)?;
            Ok((Prepared::all(drafts, &surroundings)?, beside))
        });
        let batches = Mutex::new(Some(batches));
        let take = || batches.lock().unwrap_or_else(PoisonError::into_inner).take().into_iter().flatten();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(1);
            let ahead = Builder::new().spawn_scoped(scope, move || {
                // Nobody receives any more when an append has failed.
                take().try_for_each(|batch| sender.send(batch)).unwrap_or_default();
            });
            match ahead {
                Ok(_) => self.append_prepared(receiver, done),
                // Where the system gives no thread, each is prepared in its turn.
                Err(_) => self.append_prepared(take(), done),
            }
        })
    }

    fn append_prepared<T, E: From<LedgerError>>(
        &mut self,
        batches: impl IntoIterator<Item = Result<(Vec<Prepared>, T), E>>,
        mut done: impl FnMut(&mut Self, T, Vec<Appended>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut batches = batches.into_iter();
        let mut spare = std::mem::take(&mut self.record);
        let sealer = Sealer {
            index: &self.index,
            surroundings: &self.surroundings,
            settings: self.reader.settings(),
            keyring: &self.keyring,
            log_key: &self.log_key,
            edge: &self.edge,
        };
        let mut next = batches.next().map(|batch| sealer.ready::<T, E>(batch?, None, Vec::new()));
        while let Some(current) = next.transpose()? {
            if self.stopped {
                return Err(LedgerError::Stopped.into());
            }
            // From here on the file may hold the record: on any failure this writer says nothing more.
            self.stopped = true;
            let Self { journal, index, surroundings, reader, keyring, log_key, edge, .. } = &mut *self;
            let settings = reader.settings();
            let sealer = Sealer { index, surroundings, settings, keyring, log_key, edge };
            let (journal, record) = (Mutex::new(journal), &current.record);
            let write = || journal.lock().unwrap_or_else(PoisonError::into_inner).append(record);
            let (written, following) = std::thread::scope(|scope| {
                let writing = Builder::new().spawn_scoped(scope, write);
                let buffer = std::mem::take(&mut spare);
                let following =
                    batches.next().map(|batch| sealer.ready::<T, E>(batch?, Some(&current.batch), buffer));
                // Where the system gives no thread, it is written now.
                let written = match writing {
                    Ok(writing) => writing.join().unwrap_or_else(|_| panic!("writing does not panic")),
                    Err(_) => write(),
                };
                (written, following)
            });
            written.map_err(LedgerError::from)?;
            let Ready { beside, batch, checkpoint, note, record } = current;
            spare = record;
            let placed = (self.size()..).zip(&batch.sealed);
            let appended = placed.map(|(index, s)| Appended { index, leaf: s.leaf, again: false }).collect();
            self.finish(batch, checkpoint, note)?;
            self.stopped = false;
            done(self, beside, appended)?;
            next = following;
        }
        self.record = spare;
        Ok(())
    }
}

impl Sealer<'_> {
    /// Seals a batch behind the one on its way, if any.
    fn ready<T, E: From<LedgerError>>(
        &self,
        (drafts, beside): (Vec<Prepared>, T),
        before: Option<&Batch>,
        mut record: Vec<u8>,
    ) -> Result<Ready<T>, E> {
        let edge = before.map_or(self.edge, |batch| &batch.edge);
        let mut batch = Batch::new(edge, self.surroundings.now()?, drafts.len());
        let keyring = before.and_then(|batch| batch.keyring.as_ref()).unwrap_or(self.keyring);
        if keys::admit(keyring, &batch.edge, &drafts.iter().collect::<Vec<_>>())?.is_some() {
            return Err(LedgerError::Draft("statements about keys are recorded by themselves".into()).into());
        }
        for prepared in drafts {
            let stream = &prepared.draft.stream;
            let head = batch.head(stream).or_else(|| before?.head(stream));
            let head = head.or_else(|| self.index.head(stream).map(|head| (head.n, head.leaf)));
            batch.seal(prepared, head);
        }
        let (checkpoint, note) = sign_batch(self.settings, &[self.log_key], &batch, &mut record)?;
        Ok(Ready { beside, batch, checkpoint, note, record })
    }
}

/// Refuses an id that stands twice in a batch.
fn refuse_twins(drafts: &[Draft]) -> Result<(), LedgerError> {
    let mut ids = BTreeSet::new();
    for draft in drafts {
        if let Some(id) = &draft.id
            && !ids.insert((&draft.stream, id))
        {
            return Err(LedgerError::Draft(format!("id `{id}` stands twice in a batch")));
        }
    }
    Ok(())
}
