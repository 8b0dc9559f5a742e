//! Tables: cells wrapped by measured widths, headers repeated on every page, rows kept whole unless they are tall.

use super::canvas::Area;
use super::font::{Face, Fonts};
use super::layout::Flow;
use super::look::{
    self, ACCENT, BODY, COLUMN, LEFT, Length, MUTED, TABLE, TABLE_HEAD, TINT, Type, points, tenths,
};
use super::text::{Inline, Line, clipped, inlines, wrap};
use crate::document::{Cell, KeyValue, Kind, Row, Table, Width};

/// Left and right of the text of a cell.
const PADDING: Length = points(4);
/// Above and below the text of a cell.
const LEADING: Length = tenths(27);
/// Headers are cut after so many lines.
const HEADER_LINES: usize = 6;
/// Rows up to this height are never split.
const WHOLE: Length = points(220);

/// A table ready to be drawn.
pub(super) struct Grid<'a> {
    columns: Vec<GridColumn>,
    header: Vec<Vec<Line<'a>>>,
    caption: &'a str,
    style: Type,
    rows: Rows<'a>,
}

struct GridColumn {
    x: Length,
    width: Length,
    from_right: bool,
}

enum Rows<'a> {
    Table(&'a Table),
    Pairs(&'a [KeyValue]),
}

/// A row with its cells broken into lines.
struct GridRow<'a> {
    id: &'a str,
    cells: Vec<Vec<Line<'a>>>,
}

impl<'a> Grid<'a> {
    pub(super) fn of_table(fonts: &Fonts, table: &'a Table) -> Self {
        let widths = widths(&table.columns.iter().map(|column| column.width).collect::<Vec<_>>());
        let numbers = table.columns.iter().map(|column| column.kind == Kind::Number);
        let columns = place(&widths, numbers);
        let head = |(column, place): (&'a crate::document::Column, &GridColumn)| {
            clipped(fonts, Inline::new(&column.header, TABLE_HEAD), place.width, HEADER_LINES)
        };
        let header = table.columns.iter().zip(&columns).map(head).collect();
        Self { columns, header, caption: &table.caption, style: TABLE, rows: Rows::Table(table) }
    }

    pub(super) fn of_pairs(pairs: &'a [KeyValue]) -> Self {
        let columns = place(&widths(&[Width::Points(130), Width::Share(1)]), [false, false].into_iter());
        let style = Type { leading: tenths(125), size: tenths(92), ..BODY };
        Self { columns, header: Vec::new(), caption: "", style, rows: Rows::Pairs(pairs) }
    }

    fn len(&self) -> usize {
        match self.rows {
            Rows::Table(table) => table.rows.len(),
            Rows::Pairs(pairs) => pairs.len(),
        }
    }

    fn row(&self, fonts: &Fonts, index: usize) -> GridRow<'a> {
        match self.rows {
            Rows::Table(table) => {
                let Row { id, cells } = &table.rows[index];
                let kinds = table.columns.iter().map(|column| column.kind);
                let set = |((cell, kind), place): ((&'a Cell, Kind), &GridColumn)| {
                    cell_lines(fonts, cell, kind, self.style, place.width)
                };
                GridRow { id, cells: cells.iter().zip(kinds).zip(&self.columns).map(set).collect() }
            }
            Rows::Pairs(pairs) => {
                let KeyValue { key, value } = &pairs[index];
                let key = wrap(fonts, &[Inline::new(key, self.style.coloured(MUTED))], self.columns[0].width);
                let value = wrap(fonts, &inlines(value, self.style), self.columns[1].width);
                GridRow { id: "", cells: vec![key, value] }
            }
        }
    }

    fn header_height(&self) -> Length {
        let lines = self.header.iter().map(Vec::len).max().unwrap_or(0);
        if lines == 0 { 0 } else { TABLE_HEAD.lines(lines) + 2 * points(4) }
    }
}

impl Flow<'_> {
    pub(super) fn table(&mut self, table: &Table) {
        let grid = Grid::of_table(self.fonts, table);
        let first = grid.len().min(1);
        let keep: Length = (0..first).map(|i| height(&grid.row(self.fonts, i), grid.style).min(WHOLE)).sum();
        self.caption(&table.caption, grid.header_height() + keep.max(points(20)));
        self.grid(&grid);
        if table.rows.is_empty() {
            self.empty(&table.empty);
        }
        self.y += points(12);
    }

    /// The height of a grid without a header that is never split; 0 of one that is too tall for that.
    pub(super) fn kept_whole(&self, grid: &Grid) -> Length {
        let rows = (0..grid.len()).map(|index| height(&grid.row(self.fonts, index), grid.style));
        let all: Length = rows.sum();
        if all <= WHOLE { all } else { 0 }
    }

    fn empty(&mut self, text: &str) {
        let style = TABLE.coloured(MUTED);
        let lines = wrap(self.fonts, &[Inline::new(text, style)], COLUMN - 2 * PADDING);
        self.y += LEADING;
        self.lines("P", &lines, LEFT + PADDING, style);
        self.y += LEADING;
        self.hairline(self.y);
    }

    /// Draws header and rows, over as many pages as they take.
    pub(super) fn grid(&mut self, grid: &Grid) {
        let table = self.canvas.enter("Table");
        self.header(grid, true);
        for index in 0..grid.len() {
            self.row(grid, &grid.row(self.fonts, index));
        }
        self.canvas.leave(table);
    }

    fn header(&mut self, grid: &Grid, first: bool) {
        if grid.header.is_empty() {
            return;
        }
        let (y, height) = (self.y, grid.header_height());
        self.canvas.artifact(|canvas| canvas.fill(Area { x: LEFT, y, width: COLUMN, height }, TINT));
        self.y += points(4);
        let cells: Vec<&[Line]> = grid.header.iter().map(Vec::as_slice).collect();
        if first {
            let before = self.canvas.enter("TR");
            self.cells(Some("TH"), grid, &cells, TABLE_HEAD);
            self.canvas.leave(before);
        } else {
            let element = self.canvas.element();
            self.canvas.leave(None);
            self.cells(None, grid, &cells, TABLE_HEAD);
            self.canvas.leave(element);
        }
        self.y = y + height;
        self.rule(self.y, tenths(8), ACCENT);
    }

    fn row(&mut self, grid: &Grid, row: &GridRow) {
        let whole = height(row, grid.style);
        if whole > self.room() && (whole <= WHOLE || self.room() < points(60)) {
            self.continue_on_next_page(grid);
        }
        if !row.id.is_empty() {
            self.canvas.anchor(row.id, self.y);
        }
        let before = self.canvas.enter("TR");
        let elements: Vec<Option<usize>> = row.cells.iter().map(|_| self.cell_element()).collect();
        let lines = row.cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut done = 0;
        while done < lines {
            let fit = ((self.room() - 2 * LEADING) / grid.style.leading).max(1) as usize;
            let end = lines.min(done + fit);
            self.part_of_row(grid, row, &elements, done..end);
            done = end;
            if done < lines {
                self.continue_on_next_page(grid);
            } else {
                self.hairline(self.y);
            }
        }
        self.canvas.leave(before);
    }

    /// An element for a cell, to be entered when its lines are drawn.
    fn cell_element(&mut self) -> Option<usize> {
        let before = self.canvas.enter("TD");
        let element = self.canvas.element();
        self.canvas.leave(before);
        element
    }

    fn part_of_row(
        &mut self,
        grid: &Grid,
        row: &GridRow,
        elements: &[Option<usize>],
        lines: std::ops::Range<usize>,
    ) {
        let y = self.y + LEADING;
        let outside = self.canvas.element();
        for ((cell, column), element) in row.cells.iter().zip(&grid.columns).zip(elements) {
            self.y = y;
            self.canvas.leave(*element);
            let part = cell.get(lines.start..lines.end.min(cell.len())).unwrap_or_default();
            self.cell(part, column, grid.style);
        }
        self.canvas.leave(outside);
        self.y = y + grid.style.lines(lines.len()) + LEADING;
    }

    fn cells(&mut self, tag: Option<&'static str>, grid: &Grid, cells: &[&[Line]], style: Type) {
        let y = self.y;
        for (cell, column) in cells.iter().zip(&grid.columns) {
            self.y = y;
            let before = tag.map(|tag| self.canvas.enter(tag));
            self.cell(cell, column, style);
            if let Some(before) = before {
                self.canvas.leave(before);
            }
        }
    }

    fn cell(&mut self, lines: &[Line], column: &GridColumn, style: Type) {
        for line in lines {
            let x = if column.from_right { column.x + column.width - line.width } else { column.x };
            self.draw_lines(std::slice::from_ref(line), x, style);
        }
    }

    fn continue_on_next_page(&mut self, grid: &Grid) {
        self.new_page();
        if !grid.caption.is_empty() {
            let text = format!("{} (continued)", grid.caption);
            let line = wrap(self.fonts, &[Inline::new(&text, look::SMALL)], COLUMN);
            let element = self.canvas.element();
            self.canvas.leave(None);
            self.draw_lines(line.get(..1).unwrap_or_default(), LEFT, look::SMALL);
            self.canvas.leave(element);
            self.y += points(3);
        }
        self.header(grid, false);
    }
}

fn height(row: &GridRow, style: Type) -> Length {
    let lines = row.cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
    style.lines(lines) + 2 * LEADING
}

fn cell_lines<'a>(fonts: &Fonts, cell: &'a Cell, kind: Kind, style: Type, width: Length) -> Vec<Line<'a>> {
    let mut parts = match kind {
        Kind::Mono => inlines(&cell.spans, Type { face: Face::Mono, size: style.size * 86 / 100, ..style }),
        _ => inlines(&cell.spans, style),
    };
    if let Some(tone) = cell.tone {
        let colour = look::tone(tone).0;
        for part in parts.iter_mut().filter(|part| part.link.is_none()) {
            part.style = Type { face: Face::Strong, ..part.style }.coloured(colour);
        }
        let symbol = Inline::new(tone.symbol(), style.coloured(colour));
        parts.splice(0..0, [symbol, Inline::new(" ", style)]);
    }
    wrap(fonts, &parts, width)
}

/// Widths of columns side by side: fixed ones first, shares of what is left, all shrunk if they do not fit.
fn widths(columns: &[Width]) -> Vec<Length> {
    let fixed: i64 = columns.iter().map(|width| i64::from(fixed_width(*width))).sum();
    let shares: i64 = columns.iter().map(|width| share(*width)).sum();
    let free = (i64::from(COLUMN) - fixed).max(0);
    let wide = |width: &Width| {
        let shared = if shares > 0 { free * share(*width) / shares } else { 0 };
        (fixed_width(*width) + shared as Length).max(points(14))
    };
    let mut widths: Vec<Length> = columns.iter().map(wide).collect();
    let total: i64 = widths.iter().map(|width| i64::from(*width)).sum();
    if total > i64::from(COLUMN) {
        for width in &mut widths {
            *width = (i64::from(*width) * i64::from(COLUMN) / total) as Length;
        }
    }
    widths
}

fn fixed_width(width: Width) -> Length {
    match width {
        Width::Points(count) => points(i32::from(count)),
        Width::Share(_) => 0,
    }
}

fn share(width: Width) -> i64 {
    match width {
        Width::Points(_) => 0,
        Width::Share(share) => i64::from(share),
    }
}

fn place(widths: &[Length], from_right: impl Iterator<Item = bool>) -> Vec<GridColumn> {
    let mut x = LEFT;
    let column = |(width, from_right): (&Length, bool)| {
        let column = GridColumn { x: x + PADDING, width: (width - 2 * PADDING).max(1), from_right };
        x += width;
        column
    };
    widths.iter().zip(from_right).map(column).collect()
}
