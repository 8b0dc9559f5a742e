//! Blocks onto pages, from top to bottom: the flow of the text column, its headings and its plain blocks.

use super::canvas::{Area, Canvas};
use super::font::Fonts;
use super::look::{
    self, ACCENT, BODY, BOTTOM, CODE, COLUMN, LEFT, Length, RULE, TINT, TOP, Type, points, tenths,
};
use super::table::Grid;
use super::text::{Inline, Line, inlines, wrap, wrap_verbatim};
use crate::document::{Block, KeyValue, Level, Notice, Section, Span};

/// The text column while it is being filled.
pub(super) struct Flow<'f> {
    pub(super) canvas: Canvas,
    pub(super) fonts: &'f Fonts,
    /// Top of what comes next on the current page.
    pub(super) y: Length,
    /// Running head of every page: the section in force at its top, else the first that begins on it.
    pub(super) heads: Vec<String>,
    section: String,
}

impl<'f> Flow<'f> {
    pub(super) fn new(canvas: Canvas, fonts: &'f Fonts) -> Self {
        Self { canvas, fonts, y: BOTTOM, heads: Vec::new(), section: String::new() }
    }

    pub(super) fn into_canvas(self) -> Canvas {
        self.canvas
    }

    /// Begins a new page.
    pub(super) fn new_page(&mut self) {
        self.canvas.page();
        self.heads.push(self.section.clone());
        self.y = TOP;
    }

    /// What is left of the page.
    pub(super) fn room(&self) -> Length {
        BOTTOM - self.y
    }

    /// Begins a new page unless `height` fits on this one, or nothing is on it yet.
    pub(super) fn need(&mut self, height: Length) {
        if (self.room() < height && self.y > TOP) || self.heads.is_empty() {
            self.new_page();
        }
    }

    /// Leaves a gap, unless at the top of a page.
    pub(super) fn gap(&mut self, height: Length) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// All sections with what is under them.
    pub(super) fn body(&mut self, sections: &[Section]) {
        self.new_page();
        for section in sections {
            self.section(section, 1);
        }
    }

    fn section(&mut self, section: &Section, level: usize) {
        let with = match section.blocks.first() {
            Some(Block::KeyValues(pairs)) => self.kept_whole(&Grid::of_pairs(pairs)),
            _ => 0,
        };
        self.heading(section, level, with);
        section.blocks.iter().for_each(|block| self.block(block));
        for section in &section.sections {
            self.section(section, level + 1);
        }
    }

    /// A heading, kept with so much of what follows it.
    fn heading(&mut self, section: &Section, level: usize, with: Length) {
        let (above, below, keep) = match level {
            1 => (points(30), points(11), points(150)),
            2 => (points(18), points(5), points(84)),
            _ => (points(12), points(4), points(66)),
        };
        let style = look::heading(level);
        let number = format!("{}\u{2002}", section.number);
        let parts = [Inline::new(&number, style.coloured(ACCENT)), Inline::new(&section.heading, style)];
        let parts = if section.number.is_empty() { &parts[1..] } else { &parts };
        let lines = wrap(self.fonts, parts, COLUMN);
        self.need(above + keep.max(style.lines(lines.len()) + below + with));
        if level == 1 {
            self.section = titled(section);
            if self.y == TOP
                && let Some(head) = self.heads.last_mut()
            {
                head.clone_from(&self.section);
            }
        }
        self.gap(above);
        self.canvas.anchor(&section.id, self.y - points(6));
        self.canvas.bookmark(titled(section), level, &section.id);
        let tag = ["H1", "H2", "H3", "H4", "H5", "H6"][level.clamp(1, 6) - 1];
        self.lines(tag, &lines, LEFT, style);
        if level == 1 {
            self.y += points(3);
            self.rule(self.y, tenths(8), ACCENT);
        }
        self.y += below;
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(spans) => self.paragraph(spans),
            Block::List(items) => self.list(items),
            Block::KeyValues(pairs) => self.key_values(pairs),
            Block::Table(table) => self.table(table),
            Block::Notice(notice) => self.notice(notice),
            Block::Bars(bars) => self.bars(bars),
            Block::HeatMap(map) => self.heat_map(map),
            Block::Lineage(lineage) => self.lineage(lineage),
            Block::Code(text) => self.code(text),
            Block::PageBreak if self.y > TOP => self.new_page(),
            Block::PageBreak => {}
        }
    }

    pub(super) fn paragraph(&mut self, spans: &[Span]) {
        let lines = wrap(self.fonts, &inlines(spans, BODY), COLUMN);
        // Neither the first nor the last line alone on a page.
        self.need(BODY.lines(lines.len().min(3)));
        self.lines("P", &lines, LEFT, BODY);
        self.y += points(7);
    }

    fn list(&mut self, items: &[Vec<Span>]) {
        let indent = points(13);
        let list = self.canvas.enter("L");
        for item in items {
            let lines = wrap(self.fonts, &inlines(item, BODY), COLUMN - indent);
            self.need(BODY.lines(lines.len().min(2)));
            let before = self.canvas.enter("LI");
            let bullet = wrap(self.fonts, &[Inline::new("•", BODY.coloured(ACCENT))], indent);
            self.line("Lbl", &bullet, LEFT + points(3), BODY);
            self.lines("LBody", &lines, LEFT + indent, BODY);
            self.canvas.leave(before);
            self.y += points(2);
        }
        self.canvas.leave(list);
        self.y += points(5);
    }

    pub(super) fn key_values(&mut self, pairs: &[KeyValue]) {
        let grid = Grid::of_pairs(pairs);
        self.need(self.kept_whole(&grid));
        self.grid(&grid);
        self.y += points(10);
    }

    /// A line above a block, kept with what follows.
    pub(super) fn caption(&mut self, text: &str, keep: Length) {
        let lines = wrap(self.fonts, &[Inline::new(text, look::CAPTION)], COLUMN);
        let height = look::CAPTION.lines(lines.len());
        self.need(height + points(8) + keep);
        self.gap(points(4));
        if !text.is_empty() {
            self.lines("P", &lines, LEFT, look::CAPTION);
            self.y += points(4);
        }
    }

    pub(super) fn notice(&mut self, notice: &Notice) {
        let (colour, tint) = look::notice(notice.level);
        let strong = BODY.styled(crate::document::Style::Strong).coloured(colour);
        let word = match notice.level {
            Level::Info => "ℹ Note",
            Level::Warning => "▲ Warning",
            Level::Missing => "○ MISSING",
        };
        let mut parts = vec![Inline::new(word, strong)];
        if !notice.title.is_empty() {
            parts.extend([Inline::new(" — ", strong), Inline::new(&notice.title, strong)]);
        }
        parts.push(Inline::new("\n", BODY));
        parts.extend(inlines(&notice.body, BODY));
        let lines = wrap(self.fonts, &parts, COLUMN - points(26));
        self.gap(points(2));
        self.panel("P", &lines, BODY, tint, Some(colour));
    }

    fn code(&mut self, text: &str) {
        let lines = wrap_verbatim(self.fonts, text, CODE, COLUMN - points(26));
        self.gap(points(2));
        self.panel("Code", &lines, CODE, TINT, None);
    }

    /// Lines on a tinted ground, continued on the next page where they do not fit.
    fn panel(
        &mut self,
        tag: &'static str,
        lines: &[Line],
        style: Type,
        tint: look::Colour,
        bar: Option<look::Colour>,
    ) {
        let padding = points(7);
        let mut rest = lines;
        let element = self.canvas.enter(tag);
        while !rest.is_empty() {
            self.need(2 * padding + style.lines(rest.len().min(3)));
            let fit = ((self.room() - 2 * padding) / style.leading).max(1) as usize;
            let (now, later) = rest.split_at(fit.min(rest.len()));
            let height = 2 * padding + style.lines(now.len());
            let y = self.y;
            self.canvas.artifact(|canvas| {
                canvas.fill(Area { x: LEFT, y, width: COLUMN, height }, tint);
                if let Some(colour) = bar {
                    canvas.fill(Area { x: LEFT, y, width: points(3), height }, colour);
                }
            });
            self.y += padding;
            self.draw_lines(now, LEFT + points(13), style);
            self.y += padding;
            rest = later;
            if !rest.is_empty() {
                self.new_page();
            }
        }
        self.canvas.leave(element);
        self.y += points(9);
    }

    /// Lines as one element, continued on the next page where they do not fit.
    pub(super) fn lines(&mut self, tag: &'static str, lines: &[Line], x: Length, style: Type) {
        let before = self.canvas.enter(tag);
        for (i, line) in lines.iter().enumerate() {
            let last_two = i + 2 == lines.len() && i > 1;
            self.need(style.lines(if last_two { 2 } else { 1 }));
            self.draw_lines(std::slice::from_ref(line), x, style);
        }
        self.canvas.leave(before);
    }

    /// The first line as one element, without moving down.
    fn line(&mut self, tag: &'static str, lines: &[Line], x: Length, style: Type) {
        let before = self.canvas.enter(tag);
        let y = self.y;
        self.draw_lines(lines.get(..1).unwrap_or_default(), x, style);
        self.y = y;
        self.canvas.leave(before);
    }

    /// Lines on this page.
    pub(super) fn draw_lines(&mut self, lines: &[Line], x: Length, style: Type) {
        for line in lines {
            for piece in &line.pieces {
                self.canvas.text(x, self.y + style.ascent(), piece);
            }
            self.y += style.leading;
        }
    }

    /// A line across the text column.
    pub(super) fn rule(&mut self, y: Length, weight: Length, colour: look::Colour) {
        self.canvas.artifact(|canvas| canvas.line((LEFT, y), (look::RIGHT, y), weight, colour));
    }

    /// A light line across the text column.
    pub(super) fn hairline(&mut self, y: Length) {
        self.rule(y, tenths(4), RULE);
    }
}

/// Number and heading.
pub(super) fn titled(section: &Section) -> String {
    if section.number.is_empty() {
        section.heading.clone()
    } else {
        format!("{} {}", section.number, section.heading)
    }
}
