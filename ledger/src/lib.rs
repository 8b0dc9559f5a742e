//! The ledger: an append-only, hash-chained log with RFC 6962 proofs and C2SP checkpoints.
//!
//! It knows no word of compliance. Storeys above give it statements in bytes and read them back with proof.

#[cfg(feature = "sled")]
mod background;
pub mod blob;
pub mod checkpoint;
pub mod codec;
pub mod digest;
pub mod disk;
pub mod entry;
pub mod erasure;
pub mod files;
#[cfg(feature = "sled")]
pub mod fsck;
pub mod genesis;
pub mod id;
#[cfg(feature = "sled")]
pub mod index;
pub mod journal;
pub mod key;
#[cfg(feature = "sled")]
pub mod keyfile;
pub mod keyring;
#[cfg(feature = "sled")]
pub mod ledger;
#[cfg(feature = "sled")]
pub mod lock;
pub mod merkle;
pub mod multiproof;
mod nodes;
pub mod note;
pub mod payload;
#[cfg(feature = "sled")]
pub mod publish;
#[cfg(feature = "sled")]
pub mod random;
pub mod reader;
pub mod receipt;
pub mod record;
#[cfg(feature = "sled")]
pub mod rotation;
pub mod salting;
pub mod settings;
#[cfg(feature = "sled")]
mod settle;
pub mod storage;
#[cfg(feature = "sled")]
pub mod table;
mod tail;
pub mod tile;
pub mod time;
