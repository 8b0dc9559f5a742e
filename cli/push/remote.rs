//! `affiant push --to`: results to a service; nothing is lost when it is away, nothing is done before its receipts hold.
//!
//! Each delivery has an idempotency key of its own, so that whatever breaks off is sent again as it was and is recorded
//! once. With a spool it is kept there before it is first sent, and taken away when receipts hold; what is refused for what
//! it says is put aside. One that fails holds up no other: nothing more is sent only when nobody is there, or a stranger.

mod anchor;
mod answer;
mod delivery;
mod service;
mod spool;
mod told;

use crate::args::PushArguments;
use crate::context::Context;
use crate::output;
use affiant_server::failure::{Failure, INTEGRITY, IO, REFUSED, UNDETERMINED};
use affiant_server::submit::source::Source;
use anchor::Anchor;
use delivery::{Deliveries, Delivery, Head, Said};
use service::{Service, Undone};
use spool::Spool;
use std::path::{Path, PathBuf};
use told::{Taken, Told};

/// Deliveries in a row to which nothing is said, after which nobody is there.
const SILENT_MAX: u32 = 2;

pub(super) fn run(context: &Context, arguments: &PushArguments, address: &str) -> Result<u8, Failure> {
    let remote = &arguments.remote;
    if let Some(folder) = context.named_ledger() {
        let text = format!("--to pushes to a service, --ledger {} names a ledger here", folder.display());
        return Err(Failure::refused(text).hint("leave one of the two out"));
    }
    let service = Service::new(context, remote, address)?;
    let anchor = Anchor::known(remote.trust.as_deref(), service.base())?;
    let said = Said::of(arguments, service.base(), context.now())?;
    // What cannot be read is refused before anything is sent.
    let deliveries = if remote.flush { None } else { Some(deliveries(arguments, said)?) };
    let spool = remote.spool.as_deref().map(|folder| Spool::open(folder, context.now())).transpose()?;
    let receipts = arguments.submission.receipts.as_deref();
    let mut pushing = Pushing {
        context,
        service,
        spool,
        anchor,
        told: Told::new(context, receipts),
        is_stopped: false,
        silent: 0,
        is_busy: false,
        is_explained: false,
        why: String::new(),
        kept: 0,
        stays: false,
        code: 0,
    };
    pushing.flush(remote.refused);
    let done = deliveries.map_or(Ok(()), |deliveries| pushing.push_all(deliveries));
    Ok(pushing.end(done))
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

/// A push under way.
struct Pushing<'a> {
    context: &'a Context,
    service: Service<'a>,
    spool: Option<Spool>,
    anchor: Option<Anchor>,
    told: Told<'a>,
    /// Whether nothing more is sent.
    is_stopped: bool,
    /// Deliveries in a row to which nothing was said.
    silent: u32,
    /// Whether the last delivery failed at the service: the next is tried once.
    is_busy: bool,
    /// Whether a failure of its own says why something was not delivered.
    is_explained: bool,
    /// Why the last was not delivered.
    why: String,
    /// What was pushed now and is in the spool still.
    kept: u64,
    /// Whether anything for this service stays in the spool.
    stays: bool,
    code: u8,
}

impl Pushing<'_> {
    /// Delivers what waits, in order. What fails here holds up nothing that is pushed now.
    fn flush(&mut self, with_refused: bool) {
        let Some(spool) = &self.spool else { return };
        let back = if with_refused { spool.bring_back() } else { Ok(()) };
        let waiting = spool.waiting();
        back.unwrap_or_else(|failure| self.trouble(&failure));
        let mut others = 0_u64;
        let waiting = waiting.unwrap_or_else(|failure| {
            self.trouble(&failure);
            Vec::new()
        });
        for path in waiting {
            let delivery = match spool::opened(&path) {
                Ok(Some(delivery)) => delivery,
                // Another push has just delivered it.
                Ok(None) => continue,
                Err(failure) if failure.code == INTEGRITY => {
                    self.put_aside(&path, &failure, &[]);
                    continue;
                }
                Err(failure) => {
                    self.explained(failure);
                    self.stays = true;
                    continue;
                }
            };
            if delivery.head.to != self.service.base() {
                others += 1;
            } else if self.is_stopped {
                self.stays = true;
            } else {
                self.flush_one(&path, &delivery);
            }
        }
        if others > 0 {
            self.context.say(format!("note: {others} in the spool wait for another service"));
        }
    }

    fn flush_one(&mut self, path: &Path, delivery: &Delivery) {
        let name = &delivery.head.name;
        self.context.say(format!("{name}: was kept, is delivered now"));
        match self.deliver(delivery, true) {
            Ok(taken) => self.taken(Some(path), name, &taken.faults),
            Err(Undone::Refused(failure, faults)) => {
                faults.iter().for_each(|fault| output::fault(fault, self.context.json));
                self.put_aside(path, &failure.within(name), &faults);
            }
            Err(undone) => {
                self.undone(undone);
                self.stays = true;
            }
        }
    }

    /// Takes away what was delivered; what was taken in part is put aside.
    fn taken(&mut self, place: Option<&Path>, name: &str, faults: &[String]) {
        match place {
            None if faults.is_empty() => {}
            None => self.code = worse(self.code, REFUSED),
            Some(path) if faults.is_empty() => self.take_away(path),
            Some(path) => {
                self.put_aside(path, &Failure::refused(format!("{name}: bad rows were left out")), faults);
            }
        }
    }

    /// Puts aside what nobody will take, for people to look at.
    fn put_aside(&mut self, path: &Path, failure: &Failure, faults: &[String]) {
        self.trouble(failure);
        let hint = failure.hint.iter().map(|hint| format!("hint: {hint}"));
        let why: Vec<String> =
            std::iter::once(failure.message.clone()).chain(faults.iter().cloned()).chain(hint).collect();
        match spool::put_aside(path, &why.join("\n")) {
            Ok(Some(aside)) => self.context.say(format!("put aside as {}", aside.display())),
            Ok(None) => {}
            Err(failure) => {
                self.explained(failure);
                self.stays = true;
            }
        }
    }

    /// Takes away what was delivered. Where that fails it is delivered again, and is recorded once.
    fn take_away(&mut self, path: &Path) {
        spool::done(path).unwrap_or_else(|failure| self.trouble(&failure));
    }

    fn push_all(&mut self, deliveries: Deliveries) -> Result<(), Failure> {
        let key = deliveries.key().to_owned();
        for delivery in deliveries {
            let delivery = delivery.map_err(|failure| self.refused(None, &key, failure))?;
            self.push(&delivery, &key)?;
        }
        Ok(())
    }

    /// Keeps something new, and delivers it.
    fn push(&mut self, delivery: &Delivery, key: &str) -> Result<(), Failure> {
        let place = self.keep(delivery);
        if !self.is_stopped {
            match self.deliver(delivery, false) {
                Ok(taken) => {
                    self.taken(place.as_deref(), &delivery.head.name, &taken.faults);
                    return Ok(());
                }
                // Whoever pushed it can mend it.
                Err(Undone::Refused(failure, faults)) => {
                    faults.iter().for_each(|fault| output::fault(fault, self.context.json));
                    place.iter().for_each(|path| self.take_away(path));
                    return Err(self.refused(Some(&delivery.head), key, failure));
                }
                Err(undone) if place.is_some() => self.undone(undone),
                Err(undone) => return Err(self.lost(&delivery.head, key, undone)),
            }
        }
        match place {
            Some(_) => {
                self.kept += 1;
                Ok(())
            }
            None => Err(self.lost(&delivery.head, key, Undone::Away(self.why.clone()))),
        }
    }

    /// Keeps a delivery in the spool; what cannot be kept is sent all the same.
    fn keep(&mut self, delivery: &Delivery) -> Option<PathBuf> {
        match self.spool.as_ref()?.keep(delivery) {
            Ok(path) => Some(path),
            Err(failure) => {
                self.trouble(&failure.within("not kept in the spool"));
                None
            }
        }
    }

    /// The failure of what was neither delivered nor kept; it may be recorded.
    fn lost(&self, head: &Head, key: &str, undone: Undone) -> Failure {
        let failure = match undone {
            Undone::Away(why) | Undone::Silent(why) | Undone::Busy(why) => {
                Failure::io(format!("not delivered: {why}")).hint("--spool DIR keeps what waits")
            }
            undone => undone.failure(),
        };
        again(key, self.partly(Some(head), failure))
    }

    /// The failure of what nobody takes; only what stands before it is recorded.
    fn refused(&self, head: Option<&Head>, key: &str, failure: Failure) -> Failure {
        if self.told.own() == 0 && self.kept == 0 {
            return failure;
        }
        again(key, self.partly(head, failure))
    }

    /// A failure with what was done of the same push before it.
    fn partly(&self, head: Option<&Head>, failure: Failure) -> Failure {
        let (recorded, kept) = (self.told.own(), self.kept);
        if recorded == 0 && kept == 0 {
            return failure;
        }
        let place = head.map_or(String::new(), |head| format!("{}, from line {} on: ", head.name, head.line));
        let done =
            format!("of what stands before it {recorded} results are recorded, and {kept} pieces kept");
        Failure { message: format!("{place}{}; {done}", failure.message), ..failure }
    }

    fn deliver(&mut self, delivery: &Delivery, is_flushed: bool) -> Result<Taken, Undone> {
        // Who failed at one after many tries is asked once for each of the others.
        let tries = if self.is_busy { 1 } else { self.service.tries() };
        let answer = self.service.push(delivery, tries)?;
        let taken = self.told.take(&self.service, delivery, answer, &mut self.anchor, is_flushed)?;
        (self.is_busy, self.silent) = (false, 0);
        taken.missing.iter().for_each(|failure| self.trouble(failure));
        Ok(taken)
    }

    /// Notes why something was not delivered, and whether anything more is sent.
    fn undone(&mut self, undone: Undone) {
        match undone {
            Undone::Away(why) => (self.why, self.is_stopped) = (why, true),
            Undone::Silent(why) => {
                self.why = why;
                (self.is_busy, self.silent) = (true, self.silent + 1);
                self.is_stopped = self.silent >= SILENT_MAX;
            }
            Undone::Busy(why) => {
                self.why = why;
                (self.is_busy, self.silent) = (true, 0);
            }
            Undone::Refused(failure, _) | Undone::Doubtful(failure) => self.explained(failure),
            Undone::Failed(failure) => {
                self.explained(failure);
                self.is_stopped = true;
            }
        }
    }

    fn explained(&mut self, failure: Failure) {
        self.trouble(&failure);
        (self.why, self.is_explained) = (failure.message, true);
    }

    /// Says what went wrong; the rest goes on.
    fn trouble(&mut self, failure: &Failure) {
        self.code = worse(self.code, output::fail(failure, self.context.json));
    }

    /// Says what was done and what waits; gives the exit code.
    fn end(mut self, done: Result<(), Failure>) -> u8 {
        let count = |paths: Result<Vec<PathBuf>, Failure>| paths.map_or(0, |paths| paths.len());
        let waiting = self.spool.as_ref().map_or(0, |spool| count(spool.waiting()));
        let aside = self.spool.as_ref().map_or(0, |spool| count(spool.refused()));
        if done.is_ok() || self.told.is_any() || self.kept > 0 {
            self.told.sum(self.anchor.as_ref(), self.kept, waiting);
        }
        let folder =
            self.spool.as_ref().map(|spool| spool.folder().display().to_string()).unwrap_or_default();
        if aside > 0 {
            self.context.say(format!(
                "note: {aside} put aside in {folder}, with the reason beside each; --flush --refused tries them again"
            ));
        }
        if self.kept > 0 || self.stays {
            let why = std::mem::take(&mut self.why);
            let text = format!("not delivered: {why}; kept in {folder}, sent by the next push or --flush");
            match self.is_explained {
                true => self.context.say(text),
                false => self.trouble(&Failure::io(text)),
            }
        }
        match done {
            Ok(()) => self.code,
            Err(failure) => {
                self.trouble(&failure);
                self.code
            }
        }
    }
}

/// A failure with how to push the same again.
fn again(key: &str, failure: Failure) -> Failure {
    let again = format!("push the same again with --key {key}: what was recorded is not recorded twice");
    let hint = failure.hint.as_ref().map_or(again.clone(), |hint| format!("{hint}; {again}"));
    failure.hint(hint)
}

/// The exit code that says more: of proofs that fail, then of what was not done, not judged, refused.
fn worse(one: u8, other: u8) -> u8 {
    let rank = |code: &u8| [0, REFUSED, UNDETERMINED, IO, INTEGRITY].iter().position(|known| known == code);
    std::cmp::max_by_key(one, other, rank)
}
