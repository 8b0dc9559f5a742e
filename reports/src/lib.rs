//! Audit packs: the strict archive they travel in, and the report inside them.
//!
//! [`archive`] and [`document`] belong to the verifier's closure and build for `wasm32-unknown-unknown`; the
//! PDF renderer behind feature `pdf` does not.

pub mod archive;
pub mod document;
pub mod render;
