//! Drawing on pages. The only file that imports `printpdf`.
//!
//! Positions count from the top left corner of the page. What is drawn while an element of the structure tree is
//! [`Canvas::enter`]ed belongs to it; everything else is marked as an artifact (rules, running heads).

use super::RenderError;
use super::finish::{self, Extras};
use super::font::{Face, Fonts, Metrics};
use super::look::{Colour, Length, PAGE_HEIGHT, PAGE_WIDTH};
use super::text::Piece;
use crate::document::{Document, Link};
use printpdf::{
    Color, DictItem, FontId, Line, LinePoint, Op, PaintMode, ParsedFont, PdfDocument, PdfFont, PdfFontHandle,
    PdfPage, PdfSaveOptions, Point, Pt, Rect, Rgb, TextItem,
};

/// Files of the faces, in the order of [`Face::ALL`], with the six letters that mark their subsets.
const FILES: [(&str, &[u8]); 4] = [
    ("AFFTXT", include_bytes!("../../../fonts/SourceSans3-Regular.ttf")),
    ("AFFSTR", include_bytes!("../../../fonts/SourceSans3-Semibold.ttf")),
    ("AFFMON", include_bytes!("../../../fonts/SourceCodePro-Regular.ttf")),
    ("AFFSYM", include_bytes!("../../../fonts/DejaVuSans.ttf")),
];

/// Pages under construction, one of them current.
pub(super) struct Canvas {
    faces: Vec<ParsedFont>,
    pages: Vec<Page>,
    current: usize,
    extras: Extras,
    /// The element that drawing belongs to; `None` is an artifact.
    element: Option<usize>,
}

#[derive(Default)]
struct Page {
    ops: Vec<Op>,
    fill: Option<Colour>,
    stroke: Option<(Colour, Length)>,
    font: Option<(Face, Length)>,
    /// Where the last text of the open text object began; `None` outside of one.
    cursor: Option<(Length, Length)>,
    /// Marked content open in `ops`, inside the text object if there is one.
    open: Option<Mark>,
    /// Marked content sequences so far.
    marks: usize,
}

/// To whom a marked content sequence belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Artifact,
    Element(usize),
}

/// A rectangle: left, top, width, height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) x: Length,
    pub(super) y: Length,
    pub(super) width: Length,
    pub(super) height: Length,
}

impl Canvas {
    /// An empty canvas and the metrics of its faces.
    pub(super) fn new() -> Result<(Self, Fonts), RenderError> {
        let faces = FILES.map(|(name, bytes)| {
            ParsedFont::from_bytes(bytes, 0, &mut Vec::new()).ok_or(RenderError::Font(name))
        });
        let faces = faces.into_iter().collect::<Result<Vec<_>, _>>()?;
        let fonts = Fonts::new(Face::ALL.map(|face| metrics(&faces[face as usize])));
        let canvas = Self { faces, pages: Vec::new(), current: 0, extras: Extras::default(), element: None };
        Ok((canvas, fonts))
    }

    /// Adds a page and makes it current.
    pub(super) fn page(&mut self) -> usize {
        self.pages.push(Page::default());
        self.current = self.pages.len() - 1;
        self.current
    }

    /// Makes an earlier page current.
    pub(super) fn select(&mut self, page: usize) {
        self.current = page;
    }

    /// The current page, from 0.
    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// How many pages there are.
    pub(super) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Adds an element under the current one (the document itself if there is none) and enters it.
    /// Returns what [`Canvas::leave`] takes.
    pub(super) fn enter(&mut self, tag: &'static str) -> Option<usize> {
        let element = self.extras.structure.add_element(tag, self.element);
        self.element.replace(element)
    }

    /// Leaves the current element for the one before.
    pub(super) fn leave(&mut self, before: Option<usize>) {
        self.element = before;
    }

    /// Leaves the structure tree while `draw` draws.
    pub(super) fn artifact(&mut self, draw: impl FnOnce(&mut Self)) {
        let element = self.element.take();
        draw(self);
        self.element = element;
    }

    /// The current element, to enter it again later.
    pub(super) fn element(&self) -> Option<usize> {
        self.element
    }

    /// What is read out instead of the drawing in the current element.
    pub(super) fn describe(&mut self, alternative: String) {
        if let Some(element) = self.element {
            self.extras.structure.describe(element, alternative);
        }
    }

    /// Text with its baseline at `y`.
    pub(super) fn text(&mut self, x: Length, y: Length, piece: &Piece) {
        if piece.text.is_empty() {
            return;
        }
        self.pages[self.current].begin_text();
        self.mark();
        let page = &mut self.pages[self.current];
        page.fill(piece.colour);
        page.font(piece.face, piece.size);
        page.move_to(x + piece.x, PAGE_HEIGHT - y);
        page.ops.push(Op::ShowText { items: vec![TextItem::Text(piece.text.clone().into_owned())] });
        if let Some(link) = piece.link {
            let area = Area {
                x: x + piece.x,
                y: y - piece.size * 4 / 5,
                width: piece.width,
                height: piece.size * 11 / 10,
            };
            self.link(area, link);
        }
    }

    /// A filled rectangle.
    pub(super) fn fill(&mut self, area: Area, colour: Colour) {
        self.pages[self.current].end_text();
        self.mark();
        let page = &mut self.pages[self.current];
        page.fill(colour);
        page.ops.push(rectangle(area, PaintMode::Fill));
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, area: Area, weight: Length, colour: Colour) {
        self.pages[self.current].end_text();
        self.mark();
        let page = &mut self.pages[self.current];
        page.stroke(colour, weight);
        page.ops.push(rectangle(area, PaintMode::Stroke));
    }

    /// A straight line.
    pub(super) fn line(
        &mut self,
        from: (Length, Length),
        to: (Length, Length),
        weight: Length,
        colour: Colour,
    ) {
        self.pages[self.current].end_text();
        self.mark();
        let page = &mut self.pages[self.current];
        page.stroke(colour, weight);
        let end = |(x, y)| LinePoint { p: point(x, y), bezier: false };
        page.ops.push(Op::DrawLine { line: Line { points: vec![end(from), end(to)], is_closed: false } });
    }

    /// Makes an area lead somewhere.
    pub(super) fn link(&mut self, area: Area, link: &Link) {
        let rect = [area.x, PAGE_HEIGHT - area.y - area.height, area.x + area.width, PAGE_HEIGHT - area.y];
        self.extras.links.push(finish::LinkArea { page: self.current, rect, link: link.clone() });
    }

    /// Makes this place of the current page the target of links to `id`.
    pub(super) fn anchor(&mut self, id: &str, y: Length) {
        self.extras.anchors.insert(id.to_owned(), (self.current, PAGE_HEIGHT - y));
    }

    /// The page of an anchor.
    pub(super) fn page_of(&self, id: &str) -> Option<usize> {
        self.extras.anchors.get(id).map(|(page, _)| *page)
    }

    /// Adds a bookmark that leads to an anchor.
    pub(super) fn bookmark(&mut self, title: String, level: usize, id: &str) {
        self.extras.bookmarks.push(finish::Bookmark { title, level, id: id.to_owned() });
    }

    /// Glyph of a character in a face, to compare.
    #[cfg(test)]
    pub(super) fn glyph(&self, face: Face, c: char) -> Option<u16> {
        self.faces[face as usize].lookup_glyph_index(c as u32)
    }

    /// The finished PDF.
    pub(super) fn finish(mut self, document: &Document) -> Result<Vec<u8>, RenderError> {
        let mut pdf = PdfDocument::new("");
        for (face, (name, _)) in self.faces.into_iter().zip(FILES) {
            pdf.resources.fonts.map.insert(FontId(name.to_owned()), PdfFont::new(face));
        }
        for page in &mut self.pages {
            page.end_text();
            page.end_mark();
            let ops = std::mem::take(&mut page.ops);
            let (width, height) = (pt(PAGE_WIDTH).into(), pt(PAGE_HEIGHT).into());
            pdf.pages.push(PdfPage::new(width, height, ops));
        }
        let options = PdfSaveOptions { image_optimization: None, ..PdfSaveOptions::default() };
        let mut warnings = Vec::new();
        let raw = pdf.to_lopdf_document(&options, &mut warnings);
        drop(pdf);
        finish::finish(raw, document, &self.extras)
    }

    /// Opens marked content for the current element unless it is open.
    fn mark(&mut self) {
        let mark = self.element.map_or(Mark::Artifact, Mark::Element);
        let page = &mut self.pages[self.current];
        if page.open == Some(mark) {
            return;
        }
        page.end_mark();
        page.open = Some(mark);
        let begin = match mark {
            Mark::Artifact => Op::BeginMarkedContent { tag: "Artifact".to_owned() },
            Mark::Element(element) => {
                self.extras.structure.add_content(element, self.current, page.marks);
                // printpdf's own dictionary would take a kilobyte for each of these.
                let properties = DictItem::Name(finish::mark_name(page.marks));
                page.marks += 1;
                let tag = self.extras.structure.tag(element).to_owned();
                Op::BeginMarkedContentWithProperties { tag, properties }
            }
        };
        page.ops.push(begin);
    }
}

impl Page {
    fn end_mark(&mut self) {
        if self.open.take().is_some() {
            self.ops.push(Op::EndMarkedContent);
        }
    }

    /// Text objects and marked content must nest: the text object is the outer one.
    fn begin_text(&mut self) {
        if self.cursor.is_none() {
            self.end_mark();
            self.ops.push(Op::StartTextSection);
            self.cursor = Some((0, 0));
        }
    }

    fn end_text(&mut self) {
        if self.cursor.take().is_some() {
            self.end_mark();
            self.ops.push(Op::EndTextSection);
        }
    }

    /// Moves to a place counted from the bottom left; in a text object moves are relative to the one before.
    fn move_to(&mut self, x: Length, y: Length) {
        if let Some((before_x, before_y)) = self.cursor.replace((x, y)) {
            self.ops.push(Op::SetTextCursor { pos: Point { x: pt(x - before_x), y: pt(y - before_y) } });
        }
    }

    fn font(&mut self, face: Face, size: Length) {
        if self.font != Some((face, size)) {
            self.font = Some((face, size));
            let font = PdfFontHandle::External(FontId(FILES[face as usize].0.to_owned()));
            self.ops.push(Op::SetFont { font, size: pt(size) });
        }
    }

    fn fill(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            self.fill = Some(colour);
            self.ops.push(Op::SetFillColor { col: rgb(colour) });
        }
    }

    fn stroke(&mut self, colour: Colour, weight: Length) {
        if self.stroke != Some((colour, weight)) {
            self.stroke = Some((colour, weight));
            self.ops.push(Op::SetOutlineColor { col: rgb(colour) });
            self.ops.push(Op::SetOutlineThickness { pt: pt(weight) });
        }
    }
}

fn metrics(face: &ParsedFont) -> Metrics {
    let advance = |code| {
        let glyph = face.lookup_glyph_index(code).filter(|glyph| *glyph != 0)?;
        Some(face.get_horizontal_advance(glyph))
    };
    Metrics::new(face.font_metrics.units_per_em, advance)
}

/// Thousandths of a point to points: the only place where a measure becomes a floating-point number.
fn pt(length: Length) -> Pt {
    Pt(length as f32 / 1000.0)
}

fn point(x: Length, y: Length) -> Point {
    Point { x: pt(x), y: pt(PAGE_HEIGHT - y) }
}

fn rectangle(area: Area, mode: PaintMode) -> Op {
    let (x, y) = (pt(area.x), pt(PAGE_HEIGHT - area.y - area.height));
    let (width, height) = (pt(area.width), pt(area.height));
    Op::DrawRectangle { rectangle: Rect { x, y, width, height, mode: Some(mode), winding_order: None } }
}

fn rgb(colour: Colour) -> Color {
    // Three digits are enough for 8 bits and keep the content streams small.
    let channel = |value: u8| (u32::from(value) * 1000 / 255) as f32 / 1000.0;
    Color::Rgb(Rgb { r: channel(colour.0), g: channel(colour.1), b: channel(colour.2), icc_profile: None })
}
