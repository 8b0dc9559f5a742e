//! What surrounds the body: cover, contents, running heads and feet.

use super::canvas::Area;
use super::layout::{Flow, titled};
use super::look::{self, ACCENT, BODY, BOTTOM, COLUMN, LEFT, Length, MUTED, RIGHT, SMALL, TOP, points, tenths};
use super::text::{Inline, Line, wrap};
use crate::document::{Cover, Document, Link, Section};

/// Pages set aside for the contents, with the entries to be drawn on them.
pub(super) struct Contents<'d> {
    first_page: usize,
    element: Option<usize>,
    entries: Vec<Entry<'d>>,
}

struct Entry<'d> {
    id: &'d str,
    title: String,
    level: usize,
}

/// Deepest level listed in the contents.
const CONTENTS_LEVEL: usize = 2;

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

    fn cover_lines(&mut self, text: &str, style: look::Type, after: Length) {
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
            self.need(SMALL.leading + look::CODE.leading * value.len() as Length + points(4));
            self.lines("P", &label, LEFT, SMALL);
            self.lines("P", &value, LEFT, look::CODE);
            self.y += points(4);
        }
        self.y += points(8);
    }

    /// Sets aside the pages of the contents, whose page numbers are known only after the body.
    pub(super) fn reserve_contents<'d>(&mut self, document: &'d Document) -> Contents<'d> {
        let mut entries = Vec::new();
        collect(&document.sections, 1, &mut entries);
        let before = self.canvas.enter("TOC");
        let element = self.canvas.element();
        self.canvas.leave(before);
        let first_page = self.canvas.page_count();
        let mut height = look::heading(1).leading + points(18);
        self.new_page();
        for (i, entry) in entries.iter().enumerate() {
            height += entry.height(i);
            if TOP + height > BOTTOM {
                self.new_page();
                height = entry.height(0);
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
            let mut above = entry.height(i) - BODY.leading;
            if self.y + above + BODY.leading > BOTTOM {
                self.canvas.select(self.canvas.current() + 1);
                self.y = TOP;
                above = entry.height(0) - BODY.leading;
            }
            self.y += above;
            self.contents_entry(entry);
        }
        self.canvas.leave(None);
    }

    fn contents_entry(&mut self, entry: &Entry) {
        let page = self.canvas.page_of(entry.id).map_or(0, |page| page + 1);
        let style = match entry.level {
            1 => BODY.styled(crate::document::Style::Strong),
            _ => BODY,
        };
        let link = Link::Internal(entry.id.to_owned());
        let indent = points(18) * (entry.level as Length - 1);
        let number = page.to_string();
        let number = wrap(self.fonts, &[Inline::new(&number, style)], COLUMN);
        let title = wrap(self.fonts, &[Inline::new(&entry.title, style)], COLUMN - indent - points(40));
        let before = self.canvas.enter("TOCI");
        let (y, baseline) = (self.y, self.y + style.ascent());
        self.draw_lines(title.get(..1).unwrap_or_default(), LEFT + indent, style);
        let from = LEFT + indent + title.first().map_or(0, |line| line.width) + points(6);
        let to = RIGHT - number.first().map_or(0, |line| line.width);
        self.leader(from, to - points(6), baseline);
        self.y = y;
        self.draw_lines(&number, to, style);
        self.canvas.leave(before);
        self.canvas.link(Area { x: LEFT + indent, y, width: COLUMN - indent, height: style.leading }, &link);
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
        let half = COLUMN / 2 - points(8);
        let set = |text| wrap(self.fonts, &[Inline::new(text, SMALL)], half).into_iter().next().unwrap_or_default();
        let (left, right): (Line, Line) = (set(left), set(right));
        let x = RIGHT - right.width;
        self.canvas.artifact(|canvas| {
            left.pieces.iter().for_each(|piece| canvas.text(LEFT, baseline, piece));
            right.pieces.iter().for_each(|piece| canvas.text(x, baseline, piece));
        });
    }
}

impl Entry<'_> {
    /// Height of the `i`-th entry; a chapter stands apart from what is before it.
    fn height(&self, i: usize) -> Length {
        BODY.leading + if i > 0 && self.level == 1 { points(7) } else { points(2) }
    }
}

fn collect<'d>(sections: &'d [Section], level: usize, entries: &mut Vec<Entry<'d>>) {
    for section in sections {
        entries.push(Entry { id: &section.id, title: titled(section), level });
        if level < CONTENTS_LEVEL {
            collect(&section.sections, level + 1, entries);
        }
    }
}
