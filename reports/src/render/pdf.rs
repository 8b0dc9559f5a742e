//! The PDF rendering: a [`Document`] on A4 pages.
//!
//! Deterministic: the same document gives the same bytes. No clock, no randomness, no system fonts, and no
//! floating-point arithmetic: every measure is a whole number of thousandths of a point.
//!
//! ```text
//! font    which face has which character, and how wide        text    spans -> lines
//! layout  blocks -> pages      table, figure  their blocks    look    sizes and colours
//! canvas  drawing, the only file that knows printpdf          structure  tags
//! finish  outline, links, metadata, the only file that knows lopdf            file    the bytes
//! ```
//!
//! What a font lacks, and what would be invisible or reorder its surroundings (control and direction characters,
//! right-to-left scripts, which would need shaping), is shown as `<U+202E>`. The file is tagged (headings,
//! paragraphs, lists, tables, figures with alternative text) but does not claim PDF/UA or PDF/A.

mod canvas;
mod figure;
mod file;
mod finish;
mod font;
mod layout;
mod lineage;
mod look;
mod running;
mod structure;
mod table;
mod text;

use crate::document::{Document, DocumentError};
use canvas::Canvas;
use layout::Flow;

/// Why a document could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The document breaks a rule of its model.
    #[error("the document cannot be rendered: {0}")]
    Document(#[from] DocumentError),
    /// An embedded font could not be read.
    #[error("font `{0}` cannot be read")]
    Font(&'static str),
    /// The PDF could not be put together.
    #[error("the PDF cannot be written: {0}")]
    Write(String),
}

/// Renders `document` as a PDF.
///
/// Fails only on a document that [`Document::check`] refuses; every text is shown in some form.
pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    document.check()?;
    let (canvas, fonts) = Canvas::new()?;
    let mut flow = Flow::new(canvas, &fonts);
    if let Some(cover) = &document.cover {
        flow.cover(document, cover);
    }
    let contents = flow.reserve_contents(document);
    flow.body(&document.sections);
    flow.fill_contents(contents);
    flow.running_heads(document);
    flow.into_canvas().finish(document)
}
