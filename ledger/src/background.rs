//! Work behind the caller's back, or at once where the system gives no thread.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// Work that was begun, and what it gives.
#[derive(Debug)]
pub(crate) enum Background<T> {
    Running(JoinHandle<T>),
    Done(T),
}

impl<T: Send + 'static> Background<T> {
    pub(crate) fn begin(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let slot = Arc::new(Mutex::new(Some(work)));
        let take = |slot: &Mutex<Option<_>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let theirs = slot.clone();
        let run = Builder::new().spawn(move || {
            let work = take(&theirs).unwrap_or_else(|| panic!("nobody else takes it once a thread runs"));
            work()
        });
        match run {
            Ok(handle) => Self::Running(handle),
            Err(_) => {
                let work = take(&slot).unwrap_or_else(|| panic!("no thread has taken it"));
                Self::Done(work())
            }
        }
    }

    /// Waits for the end; `None` when the work panicked.
    pub(crate) fn wait(self) -> Option<T> {
        match self {
            Self::Running(handle) => handle.join().ok(),
            Self::Done(given) => Some(given),
        }
    }
}
