//! The one writer: a thread that owns the ledger. Those who append at the same time share one fdatasync; other work on the
//! ledger stands in the same queue. What takes long lets those in between its parts who record single results or only look.
//!
//! The queue is bounded: what does not fit is refused at once, and whoever asked tries again. When the disk fails, the
//! ledger stops; it is opened again when the next request comes, so that a full disk that was cleared needs no restart.

mod desk;
#[cfg(test)]
mod tests;

use crate::failure::Failure;
use crate::follow::{self, Touched};
use crate::submit::collection::LetIn;
use affiant_controls::set::ControlSet;
use affiant_ledger::ledger::{Appended, Ledger, LedgerError, Prepared};
use affiant_ledger::receipt::Receipt;
use affiant_ledger::time::Clock;
use desk::Desk;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

/// Requests that wait for the writer.
const QUEUE: usize = 1024;
/// How long the writer waits for work before it looks after findings.
const IDLE: Duration = Duration::from_millis(20);
/// The same where there are none.
const LONG: Duration = Duration::from_secs(3600);
/// How many times as long as following findings took is left to appending before they are followed again.
const SHARE: u32 = 4;
/// How long a ledger that did not open is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// Opens the ledger.
pub(super) type Open = Box<dyn Fn() -> Result<Ledger, Failure> + Send>;

/// What a caller gets for its drafts: their places, and receipts.
pub(super) type Done = Result<Vec<(Appended, Receipt)>, LedgerError>;

/// Why a request did not get to the ledger.
#[derive(Debug)]
pub(super) enum Busy {
    /// Too many wait.
    Full,
    /// The service ends, or the ledger does not open.
    Closed(String),
}

/// Something to be done with the ledger, or with the reason why there is none.
type Job = Box<dyn FnOnce(Result<&mut Ledger, String>) + Send>;

/// The same for something long, which lets others in where it can.
type LongJob = Box<dyn FnOnce(Result<(&mut Ledger, LetIn<'_>), String>) + Send>;

/// An answer, on its way to whoever waits for it.
type Letter = (oneshot::Sender<Result<Done, String>>, Result<Done, String>);

enum Work {
    Append {
        drafts: Vec<Prepared>,
        touched: Touched,
        reply: oneshot::Sender<Result<Done, String>>,
    },
    /// Reads, and appends nothing.
    Look(Job),
    /// Does something that nobody else may come between.
    Do(Job),
    /// Does something long.
    Long(LongJob),
}

/// A handle to the writer.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Work>,
    seen: Arc<Seen>,
}

/// What can be told of the writer from outside.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Entries of the ledger.
    pub(super) size: AtomicU64,
    /// Requests that wait.
    pub(super) waiting: AtomicU64,
    /// Groups appended, and entries in them.
    pub(super) groups: AtomicU64,
    pub(super) entries: AtomicU64,
    /// Whether the ledger is open.
    pub(super) open: AtomicU64,
}

impl Writer {
    /// Starts the writer of an open ledger.
    pub(super) fn start(
        runtime: &Handle,
        ledger: Ledger,
        open: Open,
        clock: Arc<dyn Clock>,
        controls: ControlSet,
    ) -> std::io::Result<(Self, JoinHandle<Result<(), Failure>>)> {
        let (queue, work) = sync_channel(QUEUE);
        let seen = Arc::new(Seen::default());
        let (post, letters) = unbounded_channel();
        runtime.spawn(deliver(letters));
        seen.size.store(ledger.size(), Ordering::Release);
        seen.open.store(1, Ordering::Release);
        let state = State {
            ledger: Some(ledger),
            open,
            clock,
            controls,
            desk: Desk::new(seen.clone(), post),
            follow_from: Instant::now(),
            retry_from: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || state.run(&work))?;
        Ok((Self { queue, seen }, thread))
    }

    /// Appends prepared drafts, all or none. When this returns they are durable and under the signed checkpoint.
    pub(super) async fn append(&self, drafts: Vec<Prepared>, touched: Touched) -> Result<Done, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append { drafts, touched, reply })?;
        answered(answer.await)
    }

    /// Does something with the ledger while nobody appends.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        answered(self.ask(work, Work::Do)?.await)
    }

    /// Reads something that the ledger knows.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        answered(self.ask(work, Work::Look)?.await)
    }

    /// The same for a thread that may wait.
    pub(super) fn look_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        answered(self.ask(work, Work::Look)?.blocking_recv())
    }

    /// Does something long, which lets others in where it can.
    pub(super) async fn long<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger, LetIn<'_>) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        let seen = self.seen.clone();
        let job = move |ledger: Result<(&mut Ledger, LetIn<'_>), String>| {
            let done = ledger.map(|(ledger, let_in)| {
                let done = work(ledger, let_in);
                seen.size.store(ledger.size(), Ordering::Release);
                done
            });
            drop(reply.send(done));
        };
        self.send(Work::Long(Box::new(job)))?;
        answered(answer.await)
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
        how: impl FnOnce(Job) -> Work,
    ) -> Result<oneshot::Receiver<Result<T, String>>, Busy> {
        let (reply, answer) = oneshot::channel();
        let seen = self.seen.clone();
        let job = move |ledger: Result<&mut Ledger, String>| {
            let done = ledger.map(|ledger| {
                let done = work(ledger);
                // Whoever is answered finds what it was told of.
                seen.size.store(ledger.size(), Ordering::Release);
                done
            });
            // Whoever asked may have gone.
            drop(reply.send(done));
        };
        self.send(how(Box::new(job)))?;
        Ok(answer)
    }

    fn send(&self, work: Work) -> Result<(), Busy> {
        self.seen.waiting.fetch_add(1, Ordering::AcqRel);
        self.queue.try_send(work).map_err(|error| {
            self.seen.waiting.fetch_sub(1, Ordering::AcqRel);
            match error {
                TrySendError::Full(_) => Busy::Full,
                TrySendError::Disconnected(_) => Busy::Closed("the service ends".to_owned()),
            }
        })
    }

    /// What can be told of it.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// What the writer answered.
fn answered<T>(answer: Result<Result<T, String>, oneshot::error::RecvError>) -> Result<T, Busy> {
    match answer {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(why)) => Err(Busy::Closed(why)),
        Err(_) => Err(Busy::Closed("the service ends".to_owned())),
    }
}

/// Gives out answers of a group at once, where those who wait run: the writer wakes one and not all of them.
async fn deliver(mut letters: UnboundedReceiver<Vec<Letter>>) {
    while let Some(group) = letters.recv().await {
        for (reply, answer) in group {
            // Whoever asked may have gone; what it asked for is recorded all the same.
            let _ = reply.send(answer);
        }
    }
}

/// The writer's own.
struct State {
    ledger: Option<Ledger>,
    open: Open,
    clock: Arc<dyn Clock>,
    controls: ControlSet,
    desk: Desk,
    follow_from: Instant,
    retry_from: Instant,
}

impl State {
    fn run(mut self, work: &Receiver<Work>) -> Result<(), Failure> {
        loop {
            let wait = if self.desk.any_touched { IDLE } else { LONG };
            let first = match self.desk.later.pop_front().map_or_else(|| work.recv_timeout(wait), Ok) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.follow(true);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut next = Some(first);
            while let Some(one) = next.take() {
                match one {
                    Work::Append { .. } => next = self.group(one, work),
                    Work::Look(job) | Work::Do(job) => {
                        self.desk.taken(1);
                        job(self.ledger());
                    }
                    Work::Long(job) => {
                        self.desk.taken(1);
                        self.long(job, work);
                    }
                }
                if self.desk.is_stopped {
                    self.stop();
                }
            }
            self.follow(false);
        }
        self.follow(true);
        self.ledger.map_or(Ok(()), |ledger| ledger.close().map_err(Failure::from))
    }

    /// The ledger; opened again where a failure stopped it.
    fn ledger(&mut self) -> Result<&mut Ledger, String> {
        if self.ledger.is_none() {
            if Instant::now() < self.retry_from {
                return Err("the ledger is stopped after a failure of the disk".to_owned());
            }
            match (self.open)() {
                Ok(ledger) => {
                    self.desk.seen.open.store(1, Ordering::Release);
                    tracing::info!(size = ledger.size(), "the ledger is open again");
                    self.ledger = Some(ledger);
                }
                Err(failure) => {
                    self.retry_from = Instant::now() + RETRY;
                    tracing::error!(error = %failure.message, "the ledger does not open");
                    return Err(failure.message);
                }
            }
        }
        self.ledger.as_mut().ok_or_else(|| "the ledger is closed".to_owned())
    }

    /// Appends what waits together with the first; gives back the work that came behind and is something else.
    fn group(&mut self, first: Work, work: &Receiver<Work>) -> Option<Work> {
        let (group, behind) = self.desk.gather(first, work);
        match self.ledger() {
            Ok(_) => {
                let Self { ledger, desk, .. } = self;
                if let Some(ledger) = ledger {
                    desk.append(ledger, group);
                }
            }
            Err(why) => self.desk.refuse(group, &why),
        }
        behind
    }

    /// Does something long; those are let in whom it lets in.
    fn long(&mut self, job: LongJob, work: &Receiver<Work>) {
        if let Err(why) = self.ledger() {
            return job(Err(why));
        }
        let Self { ledger, desk, .. } = self;
        if let Some(ledger) = ledger {
            job(Ok((ledger, &mut |ledger, held| desk.let_in(ledger, held, work))));
        }
    }

    /// Lets go of a ledger that the disk failed; the next request opens it again.
    fn stop(&mut self) {
        tracing::error!("the ledger is stopped by a failure of the disk");
        self.ledger = None;
        self.desk.is_stopped = false;
        self.desk.seen.open.store(0, Ordering::Release);
        self.retry_from = Instant::now();
    }

    /// Records what results opened and closed: at once when there is nothing else to do, else now and then.
    fn follow(&mut self, idle: bool) {
        if !self.desk.any_touched || !idle && Instant::now() < self.follow_from {
            return;
        }
        let start = Instant::now();
        let Some(ledger) = &mut self.ledger else { return };
        match follow::after(ledger, &self.desk.touched, &self.controls, self.clock.now()) {
            Ok(_) => self.desk.touched = Touched::default(),
            Err(failure) => tracing::error!(error = %failure.message, "findings were not followed"),
        }
        self.desk.any_touched = false;
        self.follow_from = Instant::now() + start.elapsed() * SHARE;
        self.desk.seen.size.store(ledger.size(), Ordering::Release);
    }
}

/// Whether an error is one after which the ledger takes nothing more.
pub(super) fn is_stop(error: &LedgerError) -> bool {
    match error {
        LedgerError::File(_) | LedgerError::Stopped => true,
        LedgerError::Group(error) => is_stop(error),
        _ => false,
    }
}
