//! What surrounds the body: cover, contents, running heads and feet.

use super::canvas::Area;
use super::layout::Flow;
use super::look::{
    self, ACCENT, BODY, BOTTOM, COLUMN, LEFT, Length, MUTED, RIGHT, SMALL, TOP, Type, points, tenths,
};
use super::text::{Inline, Line, clipped, wrap};
use crate::document::{Cover, Document, Link, Section, Style};

/// Pages set aside for the contents, with the entries to be drawn on them.
pub(super) struct Contents<'d> {
    first_page: usize,
    element: Option<usize>,
    entries: Vec<Entry<'d>>,
}

struct Entry<'d> {
    id: &'d str,
    number: &'d str,
    heading: Vec<Line<'d>>,
    level: usize,
    style: Type,
}

/// Deepest level listed in the contents.
const CONTENTS_LEVEL: usize = 2;
/// Headings are cut after so many lines in the contents.
const HEADING_LINES: usize = 3;

impl Flow<'_> {
    /// The first page: what this is and how it can be checked.
    pub(super) fn cover(&mut self, document: &Document, cover: &Cover) {
        self.new_page();
        self.canvas.artifact(|canvas| {
            canvas.fill(Area { x: LEFT, y: points(64), width: points(36), height: points(4) }, ACCENT);
        });
        self.y = points(84);
        let kicker = cover.kicker.to_uppercase();
        self.cover_lines(&kicker, look::KICKER, points(6));
        self.cover_lines(&document.title, look::TITLE, points(3));
        self.cover_lines(&document.subtitle, look::SUBTITLE, points(10));
        if !cover.statement.is_empty() {
            self.y += points(4);
            self.paragraph(&cover.statement);
        }
        self.y += points(8);
        if !cover.facts.is_empty() {
            self.hairline(self.y);
            self.key_values(&cover.facts);
        }
        self.fingerprints(cover);
        cover.notices.iter().for_each(|notice| self.notice(notice));
    }

    fn cover_lines(&mut self, text: &str, style: Type, after: Length) {
        if !text.is_empty() {
            let lines = wrap(self.fonts, &[Inline::new(text, style)], COLUMN);
            self.lines("P", &lines, LEFT, style);
            self.y += after;
        }
    }

    /// Long values under their labels, in full.
    fn fingerprints(&mut self, cover: &Cover) {
        if cover.fingerprints.is_empty() {
            return;
        }
        self.y += points(4);
        self.cover_lines("Integrity", look::heading(3), points(4));
        for fingerprint in &cover.fingerprints {
            let value = wrap(self.fonts, &[Inline::new(&fingerprint.value, look::CODE)], COLUMN);
            let label = wrap(self.fonts, &[Inline::new(&fingerprint.label, SMALL)], COLUMN);
            self.need(SMALL.leading + look::CODE.lines(value.len()) + points(4));
            self.lines("P", &label, LEFT, SMALL);
            self.lines("P", &value, LEFT, look::CODE);
            self.y += points(4);
        }
        self.y += points(8);
    }

    /// Sets aside the pages of the contents, whose page numbers are known only after the body.
    pub(super) fn reserve_contents<'d>(&mut self, document: &'d Document) -> Contents<'d> {
        let mut entries = Vec::new();
        self.collect(&document.sections, 1, &mut entries);
        let before = self.canvas.enter("TOC");
        let element = self.canvas.element();
        self.canvas.leave(before);
        let first_page = self.canvas.page_count();
        let mut height = look::heading(1).leading + points(18);
        self.new_page();
        for (i, entry) in entries.iter().enumerate() {
            height += entry.above(i) + entry.height();
            if TOP + height > BOTTOM {
                self.new_page();
                height = entry.above(0) + entry.height();
            }
        }
        for head in &mut self.heads[first_page..] {
            "Contents".clone_into(head);
        }
        Contents { first_page, element, entries }
    }

    /// Draws the contents on the pages set aside.
    pub(super) fn fill_contents(&mut self, contents: Contents) {
        self.canvas.select(contents.first_page);
        self.canvas.leave(contents.element);
        self.y = TOP;
        let style = look::heading(1);
        let title = wrap(self.fonts, &[Inline::new("Contents", style)], COLUMN);
        self.draw_lines(&title, LEFT, style);
        self.y = TOP + style.leading + points(18);
        for (i, entry) in contents.entries.iter().enumerate() {
            let mut above = entry.above(i);
            if self.y + above + entry.height() > BOTTOM {
                self.canvas.select(self.canvas.current() + 1);
                self.y = TOP;
                above = entry.above(0);
            }
            self.y += above;
            self.contents_entry(entry);
        }
        self.canvas.leave(None);
        self.escape_note();
    }

    /// Says on the last page of the contents what `<U+202E>` means, if it occurs.
    fn escape_note(&mut self) {
        if self.fonts.escaped() {
            let note = "Characters that hide, reorder the text around them or have no glyph here are shown as <U+XXXX>.";
            let line = wrap(self.fonts, &[Inline::new(note, SMALL)], COLUMN);
            self.y = BOTTOM + points(6);
            self.draw_lines(&line, LEFT, SMALL);
        }
    }

    fn contents_entry(&mut self, entry: &Entry) {
        let page = self.canvas.page_of(entry.id).map_or(0, |page| page + 1).to_string();
        let page = wrap(self.fonts, &[Inline::new(&page, entry.style)], COLUMN);
        let number = wrap(self.fonts, &[Inline::new(entry.number, entry.style.coloured(ACCENT))], COLUMN);
        let (x, y) = (LEFT + entry.indent(), self.y);
        let last = entry.heading.last().map_or(0, |line| line.width);
        let to = RIGHT - page.first().map_or(0, |line| line.width);
        let before = self.canvas.enter("TOCI");
        self.draw_lines(&number, x, entry.style);
        self.y = y;
        self.draw_lines(&entry.heading, x + entry.hang(), entry.style);
        let end = self.y;
        self.y = end - entry.style.leading;
        self.leader(x + entry.hang() + last + points(5), to - points(5), self.y + entry.style.ascent());
        self.draw_lines(&page, to, entry.style);
        self.canvas.leave(before);
        let link = Link::Internal(entry.id.to_owned());
        self.canvas.link(Area { x, y, width: RIGHT - x, height: end - y }, &link);
        self.y = end;
    }

    fn collect<'d>(&self, sections: &'d [Section], level: usize, entries: &mut Vec<Entry<'d>>) {
        for section in sections {
            let style = if level == 1 { BODY.styled(Style::Strong) } else { BODY };
            let mut entry =
                Entry { id: &section.id, number: &section.number, heading: Vec::new(), level, style };
            let width = COLUMN - entry.indent() - entry.hang() - points(48);
            entry.heading = clipped(self.fonts, Inline::new(&section.heading, style), width, HEADING_LINES);
            entries.push(entry);
            if level < CONTENTS_LEVEL {
                self.collect(&section.sections, level + 1, entries);
            }
        }
    }

    /// Dots that lead the eye from a heading to its page.
    fn leader(&mut self, from: Length, to: Length, y: Length) {
        let step = points(4);
        let first = from / step + 1;
        self.canvas.artifact(|canvas| {
            for dot in first..=(to / step) {
                canvas.fill(
                    Area { x: dot * step, y: y - tenths(6), width: tenths(6), height: tenths(6) },
                    MUTED,
                );
            }
        });
    }

    /// Head and foot of every page but the cover.
    pub(super) fn running_heads(&mut self, document: &Document) {
        let count = self.canvas.page_count();
        let first = usize::from(document.cover.is_some());
        let heads = std::mem::take(&mut self.heads);
        for (page, head) in heads.iter().enumerate() {
            self.canvas.select(page);
            if page >= first {
                self.running(&document.title, head, points(46));
                self.canvas.artifact(|canvas| {
                    canvas.line((LEFT, points(53)), (RIGHT, points(53)), tenths(4), look::RULE);
                });
            }
            let number = format!("page {} of {count}", page + 1);
            self.running(&document.reference, &number, look::PAGE_HEIGHT - points(36));
        }
    }

    /// One text at the left and one at the right, on one baseline.
    fn running(&mut self, left: &str, right: &str, baseline: Length) {
        // Room for an ellipsis behind what fits; the right has what the left leaves.
        let apart = points(14);
        let set = |text, width| clipped(self.fonts, Inline::new(text, SMALL), width, 1).pop();
        let left: Line = set(left, COLUMN / 2 - apart).unwrap_or_default();
        let right: Line = set(right, COLUMN - left.width - 2 * apart).unwrap_or_default();
        let x = RIGHT - right.width;
        self.canvas.artifact(|canvas| {
            left.pieces.iter().for_each(|piece| canvas.text(LEFT, baseline, piece));
            right.pieces.iter().for_each(|piece| canvas.text(x, baseline, piece));
        });
    }
}

impl Entry<'_> {
    /// Gap before the `i`-th entry of a page; a chapter stands apart from what is before it.
    fn above(&self, i: usize) -> Length {
        if i > 0 && self.level == 1 { points(7) } else { points(2) }
    }

    fn height(&self) -> Length {
        self.style.lines(self.heading.len())
    }

    fn indent(&self) -> Length {
        points(18) * (self.level as Length - 1)
    }

    /// Room for the number, left of the heading.
    fn hang(&self) -> Length {
        match (self.number.is_empty(), self.level) {
            (true, _) => 0,
            (false, 1) => points(18),
            (false, _) => points(28),
        }
    }
}
