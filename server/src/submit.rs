//! Submitting results: read, admitted and compared with the ledger before the first entry is written, so that a bad row
//! refuses the whole batch.

mod admission;
pub mod collection;
pub mod faults;
mod ids;
pub mod known;
pub mod repeat;
pub mod single;
pub mod source;
mod spool;
pub mod submitter;
