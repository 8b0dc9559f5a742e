//! The service: the same verbs over HTTP, for many at once. The ledger stays one writer.
//!
//! ```text
//! listen   connections: TLS, limits on time and size
//!   guard    who asks, and may they; what is denied goes into the access log
//!   people   who they are, by what an issuer of identities says
//!     api      /v1: results, statements, entries, status, packs
//!     log      /log: checkpoint, tiles and bundles (C2SP tlog-tiles)
//!     pages    what people look at
//!       house    what all of them share: the writer, a reader, the registers
//!         writer   the one thread that appends
//! ```

mod access;
mod api;
mod body;
mod guard;
mod history;
mod house;
mod listen;
mod log;
mod metrics;
mod openapi;
mod pages;
mod people;
mod problem;
pub mod tokens;
mod writer;

pub use house::{Config, Opening};
pub use listen::{serve, speak};
pub use openapi::document as openapi;
pub use people::{ANSWER_MAX, Fetch, Issuer};
