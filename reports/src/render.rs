//! Renderings of a [`crate::document::Document`].

#[cfg(feature = "pdf")]
pub mod pdf;
