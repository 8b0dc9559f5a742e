//! The one writer: a thread that owns the ledger. Those who append at the same time share one fdatasync; other work on the
//! ledger stands in the same queue.
//!
//! The queue is bounded: what does not fit is refused at once, and whoever asked tries again. When the disk fails, the
//! ledger stops; it is opened again when the next request comes, so that a full disk that was cleared needs no restart.

use crate::failure::Failure;
use crate::follow::{self, Touched};
use affiant_controls::set::ControlSet;
use affiant_ledger::ledger::{Appended, Ledger, LedgerError, Prepared};
use affiant_ledger::receipt::Receipt;
use affiant_ledger::time::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Requests that wait for the writer.
const QUEUE: usize = 1024;
/// Entries made durable with one sync.
const GROUP: usize = 1024;
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

/// An answer, on its way to whoever waits for it.
type Letter = (oneshot::Sender<Result<Done, String>>, Result<Done, String>);

enum Work {
    Append { drafts: Vec<Prepared>, touched: Touched, reply: oneshot::Sender<Result<Done, String>> },
    Do(Job),
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
            seen: seen.clone(),
            post,
            touched: Touched::default(),
            any_touched: false,
            follow_from: Instant::now(),
            retry_from: Instant::now(),
            crowd: 0,
            patience: Duration::ZERO,
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || state.run(&work))?;
        Ok((Self { queue, seen }, thread))
    }

    /// Appends prepared drafts, all or none. When this returns they are durable and under the signed checkpoint.
    pub(super) async fn append(&self, drafts: Vec<Prepared>, touched: Touched) -> Result<Done, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append { drafts, touched, reply })?;
        match answer.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(why)) => Err(Busy::Closed(why)),
            Err(_) => Err(Busy::Closed("the service ends".to_owned())),
        }
    }

    /// Does something with the ledger while nobody appends.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let answer = self.ask(work)?;
        match answer.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(why)) => Err(Busy::Closed(why)),
            Err(_) => Err(Busy::Closed("the service ends".to_owned())),
        }
    }

    /// The same for a thread that may wait.
    pub(super) fn with_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        match self.ask(work)?.blocking_recv() {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(why)) => Err(Busy::Closed(why)),
            Err(_) => Err(Busy::Closed("the service ends".to_owned())),
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> T + Send + 'static,
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
        self.send(Work::Do(Box::new(job)))?;
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
    seen: Arc<Seen>,
    post: UnboundedSender<Vec<Letter>>,
    /// What results were recorded about since findings were followed.
    touched: Touched,
    any_touched: bool,
    follow_from: Instant,
    retry_from: Instant,
    /// Requests of the last group, and how long to wait for as many again.
    crowd: usize,
    patience: Duration,
}

impl State {
    fn run(mut self, work: &Receiver<Work>) -> Result<(), Failure> {
        loop {
            let wait = if self.any_touched { IDLE } else { LONG };
            let first = match work.recv_timeout(wait) {
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
                    Work::Do(job) => {
                        self.seen.waiting.fetch_sub(1, Ordering::AcqRel);
                        job(self.ledger());
                    }
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
                    self.seen.open.store(1, Ordering::Release);
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
        let (mut requests, mut replies) = (Vec::with_capacity(self.crowd), Vec::with_capacity(self.crowd));
        let (mut next, mut count, begin) = (Some(first), 0, Instant::now());
        let behind = loop {
            match next.take() {
                Some(Work::Append { drafts, touched, reply }) => {
                    count += drafts.len();
                    requests.push(drafts);
                    replies.push((reply, touched));
                }
                Some(other) => break Some(other),
                None => {}
            }
            if count >= GROUP {
                break None;
            }
            next = match work.try_recv() {
                Ok(one) => Some(one),
                // Those just answered come back with their next entry: they share this group if it waits for them a little.
                Err(_) if requests.len() < self.crowd && begin.elapsed() < self.patience => {
                    std::thread::yield_now();
                    None
                }
                Err(_) => break None,
            };
        };
        let all_came = requests.len() >= self.crowd;
        self.crowd = requests.len();
        self.seen.waiting.fetch_sub(replies.len() as u64, Ordering::AcqRel);
        let start = Instant::now();
        let answers = self.append(requests);
        self.patience = if all_came { start.elapsed() } else { self.patience } / 2;
        self.note_size();
        let letters: Vec<Letter> = match answers {
            Ok(answers) => replies
                .into_iter()
                .zip(answers)
                .map(|((reply, touched), done)| {
                    if done.is_ok() && !touched.is_empty() {
                        self.touched.extend(touched);
                        self.any_touched = true;
                    }
                    (reply, Ok(done))
                })
                .collect(),
            Err(why) => replies.into_iter().map(|(reply, _)| (reply, Err(why.clone()))).collect(),
        };
        // The service has ended where nobody takes them.
        let _ = self.post.send(letters);
        behind
    }

    fn append(&mut self, requests: Vec<Vec<Prepared>>) -> Result<Vec<Done>, String> {
        let seen = self.seen.clone();
        let ledger = self.ledger()?;
        let appended = ledger.append_group(requests);
        let mut receipts = |appended: Vec<Appended>| {
            appended.into_iter().map(|one| Ok((one, ledger.receipt(one.index)?))).collect::<Done>()
        };
        let done: Vec<Done> = appended.into_iter().map(|appended| appended.and_then(&mut receipts)).collect();
        let count: usize = done.iter().flatten().map(Vec::len).sum();
        seen.groups.fetch_add(1, Ordering::Relaxed);
        seen.entries.fetch_add(count as u64, Ordering::Relaxed);
        if done.iter().any(|done| done.as_ref().is_err_and(is_stop)) {
            self.stop();
        }
        Ok(done)
    }

    /// Lets go of a ledger that the disk failed; the next request opens it again.
    fn stop(&mut self) {
        tracing::error!("the ledger is stopped by a failure of the disk");
        self.ledger = None;
        self.seen.open.store(0, Ordering::Release);
        self.retry_from = Instant::now();
    }

    /// Records what results opened and closed: at once when there is nothing else to do, else now and then.
    fn follow(&mut self, idle: bool) {
        if !self.any_touched || !idle && Instant::now() < self.follow_from {
            return;
        }
        let start = Instant::now();
        let Some(ledger) = &mut self.ledger else { return };
        match follow::after(ledger, &self.touched, &self.controls, self.clock.now()) {
            Ok(_) => (self.touched, self.any_touched) = (Touched::default(), false),
            Err(failure) => {
                tracing::error!(error = %failure.message, "findings were not followed");
                self.any_touched = false;
            }
        }
        self.follow_from = Instant::now() + start.elapsed() * SHARE;
        self.note_size();
    }

    fn note_size(&self) {
        if let Some(ledger) = &self.ledger {
            self.seen.size.store(ledger.size(), Ordering::Release);
        }
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
