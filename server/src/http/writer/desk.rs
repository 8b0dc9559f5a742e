//! Where requests are taken and answered: groups of results, and those let in while something long is under way.

use super::{Done, Letter, QUEUE, Seen, Work, is_stop};
use crate::follow::Touched;
use crate::submit::collection::Held;
use affiant_ledger::ledger::{Appended, Ledger, Prepared};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

/// Entries made durable with one sync.
const GROUP: usize = 1024;
/// Requests let in at a time while something long is under way, one group of results among them.
const LET_IN: usize = 64;
/// How long it goes on before others are let in again.
const STRETCH: Duration = Duration::from_millis(10);

/// What is needed to record results beside the ledger.
pub(super) struct Desk {
    pub(super) seen: Arc<Seen>,
    post: UnboundedSender<Vec<Letter>>,
    /// What came while something long was under way, and has to wait for its end.
    pub(super) later: VecDeque<Work>,
    /// What results were recorded about since findings were followed.
    pub(super) touched: Touched,
    pub(super) any_touched: bool,
    /// Whether the disk failed the ledger.
    pub(super) is_stopped: bool,
    /// When something long lets others in again.
    stretch_ends: Instant,
    /// Requests of the last group, and how long to wait for as many again.
    crowd: usize,
    patience: Duration,
}

/// What is appended with one sync, and who waits for it.
#[derive(Default)]
pub(super) struct Group {
    requests: Vec<Vec<Prepared>>,
    replies: Vec<(oneshot::Sender<Result<Done, String>>, Touched)>,
}

impl Desk {
    /// An empty one, which gives its answers to `post`.
    pub(super) fn new(seen: Arc<Seen>, post: UnboundedSender<Vec<Letter>>) -> Self {
        Self {
            seen,
            post,
            later: VecDeque::new(),
            touched: Touched::default(),
            any_touched: false,
            is_stopped: false,
            stretch_ends: Instant::now(),
            crowd: 0,
            patience: Duration::ZERO,
        }
    }

    /// Counts requests that wait no more.
    pub(super) fn taken(&self, count: usize) {
        self.seen.waiting.fetch_sub(count as u64, Ordering::AcqRel);
    }

    /// Takes what waits together with the first, and the work that came behind and is something else.
    pub(super) fn gather(&mut self, first: Work, work: &Receiver<Work>) -> (Group, Option<Work>) {
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
            next = match self.later.pop_front().map_or_else(|| work.try_recv(), Ok) {
                Ok(one) => Some(one),
                // Those just answered come back with their next entry: they share this group if it waits for them a little.
                Err(_) if requests.len() < self.crowd && begin.elapsed() < self.patience => {
                    std::thread::yield_now();
                    None
                }
                Err(_) => break None,
            };
        };
        self.taken(replies.len());
        (Group { requests, replies }, behind)
    }

    /// Appends a group and answers it.
    pub(super) fn append(&mut self, ledger: &mut Ledger, group: Group) {
        let Group { requests, replies } = group;
        let all_came = requests.len() >= self.crowd;
        self.crowd = requests.len();
        let start = Instant::now();
        let appended = ledger.append_group(requests);
        let mut receipts = |appended: Vec<Appended>| {
            appended.into_iter().map(|one| Ok((one, ledger.receipt(one.index)?))).collect::<Done>()
        };
        let done: Vec<Done> = appended.into_iter().map(|appended| appended.and_then(&mut receipts)).collect();
        self.patience = if all_came { start.elapsed() } else { self.patience } / 2;
        let count: usize = done.iter().flatten().map(Vec::len).sum();
        self.seen.groups.fetch_add(1, Ordering::Relaxed);
        self.seen.entries.fetch_add(count as u64, Ordering::Relaxed);
        self.seen.size.store(ledger.size(), Ordering::Release);
        self.is_stopped |= done.iter().any(|done| done.as_ref().is_err_and(is_stop));
        let mut letters = Vec::with_capacity(replies.len());
        for ((reply, touched), done) in replies.into_iter().zip(done) {
            if done.is_ok() && !touched.is_empty() {
                self.touched.extend(touched);
                self.any_touched = true;
            }
            letters.push((reply, Ok(done)));
        }
        // The service has ended where nobody takes them.
        let _ = self.post.send(letters);
    }

    /// Says to a group why nothing of it was recorded.
    pub(super) fn refuse(&self, group: Group, why: &str) {
        let letters = group.replies.into_iter().map(|(reply, _)| (reply, Err(why.to_owned())));
        let _ = self.post.send(letters.collect());
    }

    /// Answers looks that came while something long is under way, and records a group of results, but none that it holds; what
    /// else came waits for its end.
    pub(super) fn let_in(&mut self, ledger: &mut Ledger, held: &Held, work: &Receiver<Work>) {
        if Instant::now() < self.stretch_ends {
            return;
        }
        let mut group = Group::default();
        for _ in 0..LET_IN {
            if self.later.len() >= QUEUE {
                break;
            }
            match work.try_recv() {
                Ok(Work::Look(job)) => {
                    self.taken(1);
                    job(Ok(ledger));
                }
                Ok(Work::Append { drafts, touched, reply }) if !is_held(&drafts, held) => {
                    group.requests.push(drafts);
                    group.replies.push((reply, touched));
                }
                Ok(other) => self.later.push_back(other),
                Err(_) => break,
            }
        }
        self.taken(group.replies.len());
        if !group.requests.is_empty() {
            self.append(ledger, group);
        }
        self.stretch_ends = Instant::now() + STRETCH;
    }
}

fn is_held(drafts: &[Prepared], held: &Held) -> bool {
    drafts.iter().filter_map(Prepared::id).any(|(stream, id)| held.has(stream, id))
}
