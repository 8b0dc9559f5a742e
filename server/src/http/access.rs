//! The access log: what was denied, and what auditors looked at, as entries of the stream `access` (docs/spec/access.md).
//!
//! What was denied is gathered and recorded once a second, the same counted and not repeated, so that whoever knocks a
//! thousand times writes one line. An auditor's answer is given only when its line is durable.

use super::house::{House, lock};
use super::problem::Problem;
use affiant_controls::access::{Access, AccessEvent, EVENTS_MAX};
use affiant_controls::statement::Statement;
use affiant_ledger::ledger::Prepared;
use std::sync::Mutex;
use std::time::Duration;

/// How often what was denied is recorded.
const INTERVAL: Duration = Duration::from_secs(1);
/// Different events that wait; of more only the number is known.
const WAITING_MAX: usize = 4096;

/// Events that wait to be recorded.
#[derive(Debug, Default)]
pub(super) struct AccessLog {
    waiting: Mutex<Vec<AccessEvent>>,
}

impl AccessLog {
    /// Notes an event, to be recorded soon.
    pub(super) fn note(&self, event: AccessEvent) {
        let mut waiting = lock(&self.waiting);
        if let Some(same) = waiting.iter_mut().find(|other| is_same(other, &event)) {
            same.count = same.count.saturating_add(event.count);
        } else if waiting.len() < WAITING_MAX {
            waiting.push(event);
        } else if let Some(last) = waiting.last_mut() {
            last.what = "others".to_owned();
            last.who = "-".to_owned();
            (last.role, last.system, last.address) = (None, None, None);
            last.count = last.count.saturating_add(1);
        }
    }

    fn take(&self) -> Vec<AccessEvent> {
        std::mem::take(&mut lock(&self.waiting))
    }
}

fn is_same(one: &AccessEvent, other: &AccessEvent) -> bool {
    let of = |event: &AccessEvent| (event.status, event.allowed);
    of(one) == of(other)
        && one.who == other.who
        && one.what == other.what
        && one.address == other.address
        && one.system == other.system
}

/// Records an event at once, with what waits.
pub(super) async fn record(house: &House, event: AccessEvent) -> Result<(), Problem> {
    let mut events = vec![event];
    events.extend(house.access.take());
    append(house, events).await
}

/// Records what waits, until the service ends.
pub(super) async fn keep(house: &House) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        flush(house).await;
    }
}

/// Records what waits.
pub(super) async fn flush(house: &House) {
    let events = house.access.take();
    if events.is_empty() {
        return;
    }
    let count = events.len();
    if let Err(problem) = append(house, events).await {
        tracing::error!(events = count, error = problem.detail(), "events of the access log were lost");
    }
}

async fn append(house: &House, events: Vec<AccessEvent>) -> Result<(), Problem> {
    let statements =
        events.chunks(EVENTS_MAX).map(|events| Statement::Access(Access { events: events.to_vec() }));
    let drafts = statements.map(|statement| statement.draft("local")).collect();
    let prepared = Prepared::all(drafts, &house.opening.surroundings)?;
    house.writer.append(prepared, crate::follow::Touched::default()).await??;
    Ok(())
}
