//! The ledger in simulation: on a storage that fails, tears and forgets as its seed says, and beside a plain model.
//!
//! `AFFIANT_SEEDS=1000000 cargo test -p affiant-ledger --test seeds` tells so many stories; `AFFIANT_SEED=7` tells one, aloud.

#![cfg(feature = "sled")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod seeds {
    mod acts;
    mod campaign;
    mod chance;
    mod content;
    mod drafts;
    mod fault;
    mod flaw;
    mod kept;
    mod machine;
    mod memory;
    mod model;
    mod promises;
    mod shelf;
    mod story;
    mod world;
}
