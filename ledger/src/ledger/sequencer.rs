//! Group commit: many threads append to one ledger, and those that wait at the same time share one fdatasync.
//!
//! There is no thread of its own: the caller that finds nobody at work leads, takes everything that waits, in order of
//! arrival, and makes it durable; meanwhile the next group gathers. An answer is given only when its entries are
//! durable and under the signed checkpoint.
//!
//! Callers that come back with the next entry as soon as they are answered would find the next group gone, and fall into
//! two groups that take turns, each with half of them. So a leader waits for those just answered, at most half as long as
//! a commit takes, and less each time they do not come.

use super::{Appended, BATCH_MAX, Ledger, LedgerError, Prepared, Surroundings};
use crate::receipt::Receipt;
use crate::record::Draft;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A ledger shared by the threads of a process.
#[derive(Debug, Clone)]
pub struct Sequencer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    surroundings: Surroundings,
    ledger: Mutex<Option<Ledger>>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Request, Arc<Slot>)>,
    /// Whether some caller leads.
    led: bool,
    /// Callers that were there when the last group was done: those it served, and those that waited.
    crowd: usize,
    /// How long to wait for as many again.
    patience: Duration,
}

/// What a caller wants appended.
#[derive(Debug)]
struct Request {
    drafts: Vec<Prepared>,
    receipts: bool,
}

/// Entries with their receipts, if asked for.
type Answer = Result<(Vec<Appended>, Vec<Receipt>), LedgerError>;

/// Where a caller waits.
#[derive(Debug, Default)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Waiting,
    /// The one before has finished: lead.
    Lead,
    Answered(Answer),
}

impl Sequencer {
    /// Shares a ledger.
    pub fn new(ledger: Ledger) -> Self {
        let surroundings = ledger.surroundings.clone();
        let (ledger, queue) = (Mutex::new(Some(ledger)), Mutex::default());
        Self(Arc::new(Shared { surroundings, ledger, queue }))
    }

    /// Appends drafts, at most [`BATCH_MAX`], all or none. When this returns, the entries are durable and under a signed
    /// checkpoint.
    pub fn append(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, LedgerError> {
        self.submit(drafts, false).map(|(appended, _)| appended)
    }

    /// As [`Sequencer::append`], with a receipt for each draft, at the checkpoint that made it durable or a later one.
    pub fn append_with_receipts(
        &self,
        drafts: Vec<Draft>,
    ) -> Result<(Vec<Appended>, Vec<Receipt>), LedgerError> {
        self.submit(drafts, true)
    }

    /// Does something with the ledger while nobody appends.
    pub fn with<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> Result<T, LedgerError> {
        let mut ledger = lock(&self.0.ledger);
        Ok(work(ledger.as_mut().ok_or(LedgerError::Stopped)?))
    }

    /// Finishes the appends under way and closes the ledger; whoever appends later is refused.
    pub fn close(self) -> Result<(), LedgerError> {
        let ledger = lock(&self.0.ledger).take();
        ledger.map_or(Ok(()), Ledger::close)
    }

    fn submit(&self, drafts: Vec<Draft>, receipts: bool) -> Answer {
        let drafts = Prepared::all(drafts, &self.0.surroundings)?;
        let slot = Arc::new(Slot::default());
        let mut queue = lock(&self.0.queue);
        queue.waiting.push_back((Request { drafts, receipts }, slot.clone()));
        if std::mem::replace(&mut queue.led, true) {
            drop(queue);
            match slot.wait() {
                State::Answered(answer) => return answer,
                State::Lead | State::Waiting => {}
            }
        } else {
            drop(queue);
        }
        self.lead();
        match std::mem::take(&mut *lock(&slot.state)) {
            State::Answered(answer) => answer,
            State::Lead | State::Waiting => panic!("a leader commits its own request"),
        }
    }

    /// Commits what waits, the leader's own request among it, and hands on.
    fn lead(&self) {
        let (group, all_came) = self.gather();
        let (requests, slots): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let start = Instant::now();
        let answers = self.commit(requests);
        // The next leader starts before those served are woken.
        let mut queue = lock(&self.0.queue);
        queue.patience = if all_came { start.elapsed() } else { queue.patience } / 2;
        queue.crowd = slots.len() + queue.waiting.len();
        match queue.waiting.front() {
            Some((_, next)) => next.tell(State::Lead),
            None => queue.led = false,
        }
        drop(queue);
        for (slot, answer) in slots.into_iter().zip(answers) {
            slot.tell(State::Answered(answer));
        }
    }

    /// Takes the requests that fit one commit, in order of arrival; whether as many waited as were there before.
    fn gather(&self) -> (Vec<(Request, Arc<Slot>)>, bool) {
        let start = Instant::now();
        let mut queue = lock(&self.0.queue);
        while queue.waiting.len() < queue.crowd && start.elapsed() < queue.patience {
            drop(queue);
            std::thread::yield_now();
            queue = lock(&self.0.queue);
        }
        let all_came = queue.waiting.len() >= queue.crowd;
        let (mut count, mut size) = (0, 0);
        let fits = queue.waiting.iter().take_while(|(request, _)| {
            let first = count == 0 && size == 0;
            count += request.drafts.len();
            size += request.drafts.iter().map(Prepared::size).sum::<usize>();
            first || count <= BATCH_MAX && size <= GROUP_SIZE_MAX
        });
        let fits = fits.count();
        (queue.waiting.drain(..fits).collect(), all_came)
    }

    fn commit(&self, requests: Vec<Request>) -> Vec<Answer> {
        let mut ledger = lock(&self.0.ledger);
        let Some(ledger) = ledger.as_mut() else {
            return requests.iter().map(|_| Err(LedgerError::Stopped)).collect();
        };
        let (drafts, wanted): (Vec<_>, Vec<_>) =
            requests.into_iter().map(|request| (request.drafts, request.receipts)).unzip();
        let appended = ledger.append_group(drafts);
        let answer = |(appended, wanted): (Result<Vec<Appended>, LedgerError>, bool)| {
            let appended = appended?;
            let wanted = appended.iter().filter(|_| wanted);
            let receipts = wanted.map(|one| ledger.receipt(one.index)).collect::<Result<_, _>>()?;
            Ok((appended, receipts))
        };
        appended.into_iter().zip(wanted).map(answer).collect()
    }
}

/// Bytes of payloads made durable with one sync.
const GROUP_SIZE_MAX: usize = 8 << 20;

impl Slot {
    fn wait(&self) -> State {
        let mut state = lock(&self.state);
        while matches!(*state, State::Waiting) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut *state)
    }

    fn tell(&self, news: State) {
        *lock(&self.state) = news;
        self.changed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
