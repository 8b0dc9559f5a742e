//! Figures: stacked bars and heat maps. Tones are told by symbol, pattern and number as well as by colour.

use super::canvas::{Area, Canvas};
use super::layout::Flow;
use super::look::{
    self, COLUMN, Colour, INK, LEFT, Length, MUTED, PAPER, RIGHT, RULE, SMALL, TABLE, Type, points, tenths,
};
use super::text::{Inline, Line, clipped, wrap};
use crate::document::{Bar, Bars, Category, HeatCell, HeatMap, HeatRow, Link, Tone};

const LABEL: Length = points(150);
const COUNTS: Length = points(112);
const BAR: Length = COLUMN - LABEL - COUNTS - 2 * GUTTER;
/// Labels are cut after so many lines.
const LABEL_LINES: usize = 5;
const GUTTER: Length = points(10);
const BAR_HEIGHT: Length = points(11);
/// Text in small cells.
const TINY: Type = Type { size: tenths(72), leading: tenths(90), colour: INK, ..SMALL };

impl Flow<'_> {
    /// Stacked bars with a legend below.
    pub(super) fn bars(&mut self, bars: &Bars) {
        self.caption(&bars.caption, points(40));
        let before = self.canvas.enter("Figure");
        self.canvas.describe(describe_bars(bars));
        for bar in &bars.bars {
            self.bar(bar, &bars.categories);
        }
        self.legend(&bars.categories, &totals(bars));
        self.canvas.leave(before);
        self.y += points(12);
    }

    fn bar(&mut self, bar: &Bar, categories: &[Category]) {
        let style = linked(TABLE, bar.link.as_ref());
        let label = Inline { link: bar.link.as_ref(), ..Inline::new(&bar.label, style) };
        let label = clipped(self.fonts, label, LABEL, LABEL_LINES);
        let total = sum(bar.counts.iter());
        let counts = counts(&bar.counts, categories, total);
        let counts = wrap(self.fonts, &[Inline::new(&counts, TINY)], COUNTS);
        let height = TABLE.lines(label.len().max(counts.len())).max(BAR_HEIGHT) + points(5);
        self.need(height);
        let y = self.y;
        self.draw_lines(&label, LEFT, TABLE);
        self.y = y + (TABLE.leading - TINY.leading) / 2;
        self.draw_lines(&counts, RIGHT - COUNTS, TINY);
        let mut x = LEFT + LABEL + GUTTER;
        let mut so_far: u64 = 0;
        for (count, category) in bar.counts.iter().zip(categories) {
            so_far = so_far.saturating_add(*count);
            let end = LEFT + LABEL + GUTTER + share(so_far, total);
            self.segment(Area { x, y, width: end - x, height: BAR_HEIGHT }, category.tone, *count);
            x = end;
        }
        let whole = Area { x: LEFT + LABEL + GUTTER, y, width: BAR, height: BAR_HEIGHT };
        self.canvas.frame(whole, tenths(5), MUTED);
        self.y = y + height;
    }

    /// A segment in its pattern, with its count where that fits.
    fn segment(&mut self, area: Area, tone: Tone, count: u64) {
        if area.width <= 0 {
            return;
        }
        pattern(&mut self.canvas, area, tone);
        let text = count.to_string();
        let line =
            wrap(self.fonts, &[Inline::new(&text, TINY)], points(60)).into_iter().next().unwrap_or_default();
        let room = line.width + points(4);
        if room + points(3) > area.width {
            return;
        }
        let (x, height) = (area.x + (area.width - line.width) / 2, area.height);
        let plate = Area { x: x - points(2), y: area.y + points(1), width: room, height: height - points(2) };
        self.canvas.fill(plate, PAPER);
        self.y = area.y + (height - TINY.leading) / 2;
        self.draw_lines(&[line], x, TINY);
    }

    fn legend(&mut self, categories: &[Category], totals: &[u64]) {
        let words: Vec<String> = categories
            .iter()
            .zip(totals)
            .map(|(category, total)| format!("{} {} ({total})", category.tone.symbol(), category.label))
            .collect();
        self.need(points(16));
        self.y += points(3);
        let mut x = LEFT;
        for (category, text) in categories.iter().zip(&words) {
            let lines = wrap(self.fonts, &[Inline::new(text, TINY)], COLUMN - points(22));
            let width = lines.first().map_or(0, |line| line.width) + points(32);
            if x > LEFT && x + width > RIGHT {
                self.y += points(12);
                self.need(points(12));
                x = LEFT;
            }
            let swatch = Area { x, y: self.y + tenths(10), width: points(14), height: points(7) };
            pattern(&mut self.canvas, swatch, category.tone);
            self.canvas.frame(swatch, tenths(5), MUTED);
            let y = self.y;
            self.draw_lines(lines.get(..1).unwrap_or_default(), x + points(18), TINY);
            self.y = y;
            x += width;
        }
        self.y += points(12);
    }

    /// A grid of small cells; columns that do not fit side by side follow in bands below.
    pub(super) fn heat_map(&mut self, map: &HeatMap) {
        self.caption(&map.caption, points(60));
        let room = COLUMN - LABEL - points(4);
        let count = map.columns.len().max(1) as Length;
        let width = (room / count).clamp(points(30), points(64));
        let band = (room / width).max(1) as usize;
        let before = self.canvas.enter("Figure");
        self.canvas.describe(describe_map(map));
        for first in (0..map.columns.len()).step_by(band) {
            self.band(map, first..map.columns.len().min(first + band), width);
            self.y += points(8);
        }
        self.canvas.leave(before);
        self.y += points(4);
    }

    fn band(&mut self, map: &HeatMap, columns: std::ops::Range<usize>, width: Length) {
        let head = Type { colour: MUTED, ..TINY };
        let heads: Vec<Vec<Line>> = map.columns[columns.clone()]
            .iter()
            .map(|column| clipped(self.fonts, Inline::new(column, head), width - points(4), LABEL_LINES))
            .collect();
        let height = head.lines(heads.iter().map(Vec::len).max().unwrap_or(1));
        self.need(height + points(40));
        self.band_head(&heads, height, width);
        for row in &map.rows {
            if self.room() < points(17) {
                self.new_page();
                self.band_head(&heads, height, width);
            }
            self.heat_row(row, &row.cells[columns.clone()], width);
        }
    }

    fn band_head(&mut self, heads: &[Vec<Line>], height: Length, width: Length) {
        let y = self.y;
        for (i, lines) in heads.iter().enumerate() {
            self.y = y + height - TINY.lines(lines.len());
            let x = LEFT + LABEL + width * i as Length;
            for line in lines {
                self.draw_lines(std::slice::from_ref(line), x + (width - tenths(12) - line.width) / 2, TINY);
            }
        }
        self.y = y + height + points(3);
    }

    fn heat_row(&mut self, row: &HeatRow, cells: &[HeatCell], width: Length) {
        let style = linked(TABLE, row.link.as_ref());
        let label = Inline { link: row.link.as_ref(), ..Inline::new(&row.label, style) };
        let label = clipped(self.fonts, label, LABEL - points(8), LABEL_LINES);
        let height = (TABLE.lines(label.len()) + points(4)).max(points(16));
        self.need(height);
        let y = self.y;
        self.y = y + (height - TABLE.lines(label.len())) / 2;
        self.draw_lines(&label, LEFT, TABLE);
        for (i, cell) in cells.iter().enumerate() {
            let x = LEFT + LABEL + width * i as Length;
            let area = Area { x, y: y + tenths(6), width: width - tenths(12), height: height - tenths(12) };
            self.heat_cell(area, cell);
        }
        self.y = y + height;
    }

    fn heat_cell(&mut self, area: Area, cell: &HeatCell) {
        let Some(tone) = cell.tone else {
            self.canvas.frame(area, tenths(4), RULE);
            return;
        };
        let (colour, tint) = look::tone(tone);
        self.canvas.fill(area, tint);
        let style = Type { colour, ..TINY };
        let text = format!("{} {}", tone.symbol(), cell.label);
        let line = wrap(self.fonts, &[Inline::new(text.trim_end(), style)], area.width).into_iter().next();
        let line = line.unwrap_or_default();
        let x = area.x + (area.width - line.width) / 2;
        self.y = area.y + (area.height - TINY.leading) / 2;
        self.draw_lines(&[line], x, TINY);
    }
}

fn linked(style: Type, link: Option<&Link>) -> Type {
    if link.is_some() { style.coloured(look::ACCENT) } else { style }
}

/// Fills an area so that tones differ without colour: solid, hatched one way, cross-hatched, dotted, empty.
fn pattern(canvas: &mut Canvas, area: Area, tone: Tone) {
    let (colour, tint) = look::tone(tone);
    match tone {
        Tone::Good => canvas.fill(area, colour),
        Tone::Caution => {
            canvas.fill(area, tint);
            hatch(canvas, area, colour, true);
        }
        Tone::Bad => {
            canvas.fill(area, tint);
            hatch(canvas, area, colour, true);
            hatch(canvas, area, colour, false);
        }
        Tone::Missing => {
            canvas.fill(area, PAPER);
            dots(canvas, area, colour);
        }
        Tone::Neutral | Tone::Muted => canvas.fill(area, tint),
    }
}

/// Diagonal lines, rising or falling, cut at the edges of the area.
fn hatch(canvas: &mut Canvas, area: Area, colour: Colour, rising: bool) {
    let (step, height) = (tenths(32), area.height);
    let mut offset = step - height;
    while offset < area.width {
        // Along the line, `t` runs from the bottom (0) to the top (height) edge.
        let from = (-offset).max(0);
        let to = (area.width - offset).min(height);
        if to > from {
            let y = |t: Length| if rising { area.y + height - t } else { area.y + t };
            let end = |t: Length| (area.x + offset + t, y(t));
            canvas.line(end(from), end(to), tenths(6), colour);
        }
        offset += step;
    }
}

fn dots(canvas: &mut Canvas, area: Area, colour: Colour) {
    let (step, size) = (tenths(34), tenths(9));
    for row in 0..(area.height / step) {
        for column in 0..(area.width / step) {
            let shift = if row % 2 == 0 { tenths(6) } else { tenths(22) };
            let (x, y) = (area.x + column * step + shift, area.y + row * step + tenths(13));
            if x + size <= area.x + area.width {
                canvas.fill(Area { x, y, width: size, height: size }, colour);
            }
        }
    }
}

/// `count` of `total` as a length of the bar.
fn share(count: u64, total: u64) -> Length {
    if total == 0 {
        return 0;
    }
    (u128::from(count) * BAR as u128 / u128::from(total)) as Length
}

/// `✓ 18 ▲ 2 of 24`: every count that is not zero, and their sum.
fn counts(counts: &[u64], categories: &[Category], total: u64) -> String {
    let shown = counts.iter().zip(categories).filter(|(count, _)| **count > 0);
    let mut text: String = shown
        .map(|(count, category)| format!("{}\u{a0}{count}\u{a0}\u{a0} ", category.tone.symbol()))
        .collect();
    text.push_str(&format!("of\u{a0}{total}"));
    text
}

fn totals(bars: &Bars) -> Vec<u64> {
    let total = |i: usize| sum(bars.bars.iter().filter_map(|bar| bar.counts.get(i)));
    (0..bars.categories.len()).map(total).collect()
}

fn sum<'a>(counts: impl Iterator<Item = &'a u64>) -> u64 {
    counts.fold(0, |sum, count| sum.saturating_add(*count))
}

fn describe_bars(bars: &Bars) -> String {
    let mut text = format!("{}.", bars.caption);
    for bar in &bars.bars {
        let total = sum(bar.counts.iter());
        let parts: Vec<String> = bar
            .counts
            .iter()
            .zip(&bars.categories)
            .map(|(count, category)| format!("{count} {}", category.label))
            .collect();
        text.push_str(&format!(" {}: {} of {total}.", bar.label, parts.join(", ")));
    }
    text
}

fn describe_map(map: &HeatMap) -> String {
    let mut text = format!("{}.", map.caption);
    for row in &map.rows {
        let cells = row.cells.iter().zip(&map.columns).filter_map(|(cell, column)| {
            cell.tone.map(|tone| format!("{column} {} {}", tone.symbol(), cell.label))
        });
        text.push_str(&format!(" {}: {}.", row.label, cells.collect::<Vec<_>>().join(", ")));
    }
    text
}
