//! `affiant push --to`: results to a service; nothing is lost when it is away, nothing is done before its receipts hold.
//!
//! Each delivery has an idempotency key of its own, so that whatever breaks off is sent again as it was and is recorded
//! once. What cannot be delivered waits in the spool, in order; what is refused for what it says is put aside there.

mod answer;
mod delivery;
mod service;
mod spool;

use crate::args::PushArguments;
use crate::context::Context;
use crate::output;
use affiant_reports::trust::Trust;
use affiant_server::failure::{Failure, REFUSED};
use affiant_server::submit::source::Source;
use answer::Told;
use delivery::{Deliveries, Delivery, Said};
use service::{Service, Undone};
use spool::Spool;
use std::path::Path;

pub(super) fn run(context: &Context, arguments: &PushArguments, address: &str) -> Result<u8, Failure> {
    let remote = &arguments.remote;
    if let Some(folder) = context.named_ledger() {
        let text = format!("--to pushes to a service, --ledger {} names a ledger here", folder.display());
        return Err(Failure::refused(text).hint("leave one of the two out"));
    }
    let trust = remote.trust.as_deref().map(crate::verify::trust).transpose()?;
    let service = Service::new(context, remote, address)?;
    let said = Said::of(arguments, service.base(), context.now())?;
    // What cannot be read is refused before anything is sent.
    let deliveries = if remote.flush { None } else { Some(deliveries(arguments, said)?) };
    let spool = remote.spool.as_deref().map(Spool::open).transpose()?;
    let receipts = arguments.submission.receipts.as_deref();
    let mut pushing = Pushing {
        context,
        service,
        spool,
        trust,
        told: Told::new(context, receipts),
        stopped: None,
        kept: 0,
        put_aside: 0,
    };
    pushing.flush()?;
    for delivery in deliveries.into_iter().flatten() {
        pushing.push(&delivery?)?;
    }
    pushing.end(remote.flush)
}

/// What is pushed, piece by piece.
fn deliveries(arguments: &PushArguments, said: Said) -> Result<Deliveries, Failure> {
    match &arguments.file {
        None => Deliveries::single(&super::row_of(arguments)?, said),
        Some(path) => {
            let source = Source::open(path, super::format(&arguments.submission))?;
            if arguments.submission.part.is_some() && source.format.importer().is_none() {
                let text = format!("{}: its rows name their collectors, --part names none", source.name);
                return Err(Failure::refused(text)
                    .hint("write the part into the collector's name, such as `inspect/refusal`"));
            }
            Deliveries::of(source, said)
        }
    }
}

/// Why nothing more is sent.
enum Stopped {
    /// The service is away.
    Away(String),
    /// It lets nobody in with this token, or what it answered does not hold.
    Failed(Failure),
}

/// A push under way.
struct Pushing<'a> {
    context: &'a Context,
    service: Service<'a>,
    spool: Option<Spool>,
    trust: Option<Trust>,
    told: Told<'a>,
    stopped: Option<Stopped>,
    kept: u64,
    put_aside: u64,
}

impl Pushing<'_> {
    /// Delivers what waits, in order, until the service is away.
    fn flush(&mut self) -> Result<(), Failure> {
        let waiting = self.spool.as_ref().map(Spool::waiting).transpose()?.unwrap_or_default();
        let mut others = 0_u64;
        for path in waiting {
            let delivery = match spool::opened(&path) {
                Ok(Some(delivery)) => delivery,
                // Another push has just delivered it.
                Ok(None) => continue,
                Err(failure) => {
                    self.put_aside(&path, &failure)?;
                    continue;
                }
            };
            if delivery.head.to != self.service.base() {
                others += 1;
                continue;
            }
            self.context.say(format!("{}: was kept, is delivered now", delivery.head.name));
            match self.deliver(&delivery) {
                Ok(()) => spool::done(&path)?,
                Err(Undone::Refused(failure)) => {
                    self.put_aside(&path, &failure.within(&delivery.head.name))?;
                }
                Err(undone) => {
                    self.stopped = Some(stopped(undone));
                    break;
                }
            }
        }
        if others > 0 {
            self.context.say(format!("note: {others} in the spool wait for another service"));
        }
        Ok(())
    }

    /// Puts aside what nobody will take, for people to look at.
    fn put_aside(&mut self, path: &Path, failure: &Failure) -> Result<(), Failure> {
        output::fail(failure, self.context.json);
        let aside = spool::put_aside(path)?;
        self.context.say(format!("put aside as {}", aside.display()));
        self.put_aside += 1;
        Ok(())
    }

    /// Delivers something new, or keeps it.
    fn push(&mut self, delivery: &Delivery) -> Result<(), Failure> {
        if self.stopped.is_none() {
            match self.deliver(delivery) {
                Ok(()) => return Ok(()),
                Err(Undone::Refused(failure)) => return Err(self.told.partly(delivery, failure)),
                Err(undone) => self.stopped = Some(stopped(undone)),
            }
        }
        if let Some(spool) = &self.spool {
            spool.keep(delivery)?;
            self.kept += 1;
            return Ok(());
        }
        match self.stopped.take() {
            Some(Stopped::Failed(failure)) => Err(self.told.partly(delivery, failure)),
            stopped => {
                let failure = Failure::io(format!("not delivered: {}", why(stopped.as_ref())));
                let hint = "push the same again: what was recorded is not recorded twice; --spool DIR keeps what waits";
                Err(self.told.partly(delivery, failure.hint(hint)))
            }
        }
    }

    fn deliver(&mut self, delivery: &Delivery) -> Result<(), Undone> {
        let answer = self.service.push(delivery)?;
        self.told.take(&self.service, delivery, &answer, self.trust.as_ref())
    }

    /// Says what was done and what waits; gives the exit code.
    fn end(mut self, flush: bool) -> Result<u8, Failure> {
        let waiting = self.spool.as_ref().map(Spool::waiting).transpose()?.map_or(0, |waiting| waiting.len());
        self.told.sum(self.trust.is_some(), self.kept, waiting);
        let folder =
            self.spool.as_ref().map(|spool| spool.folder().display().to_string()).unwrap_or_default();
        if self.kept > 0 {
            let why = why(self.stopped.as_ref());
            self.context.say(format!("{why}: kept in {folder}, delivered with the next push"));
        }
        match self.stopped.take() {
            Some(Stopped::Failed(failure)) => Err(failure),
            Some(Stopped::Away(why)) if flush => Err(Failure::io(format!("not delivered: {why}"))
                .hint(format!("all that waits is in {folder} still"))),
            _ if self.put_aside > 0 => Ok(REFUSED),
            _ => Ok(0),
        }
    }
}

fn stopped(undone: Undone) -> Stopped {
    match undone {
        Undone::Away(why) => Stopped::Away(why),
        Undone::Refused(failure) | Undone::Failed(failure) => Stopped::Failed(failure),
    }
}

fn why(stopped: Option<&Stopped>) -> &str {
    match stopped {
        Some(Stopped::Away(why)) => why,
        Some(Stopped::Failed(failure)) => &failure.message,
        None => "not delivered",
    }
}

/// Where an entry's receipt is written.
fn write_receipt(folder: &Path, index: u64, receipt: &[u8]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    crate::context::output(&folder.join(format!("receipt-{index}.tlog-proof")), receipt)
}
