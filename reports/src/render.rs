//! Renderings of a [`crate::document::Document`].

pub mod html;
pub mod markdown;
#[cfg(feature = "pdf")]
pub mod pdf;
#[cfg(feature = "xlsx")]
pub mod xlsx;
