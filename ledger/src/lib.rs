//! The ledger: an append-only, hash-chained log with RFC 6962 proofs and C2SP checkpoints.
//!
//! It knows no word of compliance. Storeys above give it statements in bytes and read them back with proof.

pub mod checkpoint;
pub mod codec;
pub mod digest;
pub mod entry;
pub mod id;
pub mod key;
pub mod merkle;
pub mod multiproof;
pub mod note;
pub mod payload;
#[cfg(feature = "sled")]
pub mod random;
pub mod receipt;
pub mod record;
pub mod time;
