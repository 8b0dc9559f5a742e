//! The doors to a ledger: what every door does with it, once for the command and for the service, and the service itself.
//!
//! Doors translate and hold no rules: what is admitted, filed, judged and issued is decided in the storeys below.

pub mod catalogs;
pub mod entries;
pub mod failure;
pub mod filing;
pub mod follow;
#[cfg(feature = "http")]
pub mod http;
pub mod pack_file;
pub mod packs;
pub mod signer;
pub mod standing;
pub mod statements;
pub mod submit;
pub mod systems;
pub mod view;
