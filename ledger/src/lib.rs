//! The ledger: an append-only, hash-chained log with RFC 6962 proofs and C2SP checkpoints.
//!
//! It knows no word of compliance. Storeys above give it statements in bytes and read them back with proof.

pub mod codec;
pub mod digest;
pub mod entry;
pub mod id;
pub mod payload;
pub mod record;
pub mod time;
