//! Audit packs: issue, render, verify.
//!
//! A pack is one file that proves what an evidence ledger holds about one AI system: [`issue`] makes it, [`verify`]
//! judges it with keys from outside, and both share one pure function, [`mod@derive`]. The strict container is [`archive`];
//! the report inside is a [`document`] that [`compose`] lays out, `render` draws and [`mod@seal`] signs.
//!
//! Everything but the PDF renderer (feature `pdf`) belongs to the verifier's closure and builds for
//! `wasm32-unknown-unknown`.

pub mod archive;
pub mod bag;
pub mod compose;
pub mod countersign;
pub mod derive;
pub mod diff;
pub mod document;
pub mod examine;
pub mod export;
mod instructions;
pub mod issue;
pub mod opened;
pub mod pack;
pub mod render;
mod renditions;
pub mod seal;
pub mod trust;
pub mod verdict;
pub mod verify;
pub mod walk;
