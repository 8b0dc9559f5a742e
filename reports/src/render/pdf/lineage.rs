//! The drawing of a lineage: boxes in layers from left to right, lines from what a thing came from.

use super::canvas::{Area, Canvas};
use super::layout::Flow;
use super::look::{
    ACCENT, BOTTOM, COLUMN, Colour, LEFT, Length, MUTED, PAPER, SMALL, TABLE, TINT, TOP, Type, points, tenths,
};
use super::text::{Inline, clipped};
use crate::document::{Lineage, LineageNode, Place};

/// Room between layers, for the lines.
const GAP: Length = points(58);
/// Widest box.
const WIDTH_MAX: Length = points(130);
/// Room between boxes of a layer.
const SPACE: Length = points(10);
/// Lines of a label.
const LABEL_LINES: usize = 2;
const LINE: Colour = MUTED;
const NOTE: Type = SMALL;

impl Flow<'_> {
    /// The drawing; a layer that is longer than a page is cut there, and the list of relations has all.
    pub(super) fn lineage(&mut self, lineage: &Lineage) {
        let places = lineage.places();
        let layers = places.iter().map(|place| place.layer + 1).max().unwrap_or(1) as Length;
        let width = ((COLUMN - GAP * (layers - 1)) / layers).min(WIDTH_MAX);
        let height = TABLE.lines(LABEL_LINES) + NOTE.lines(1) + points(8);
        let most = ((BOTTOM - TOP - points(40)) / (height + SPACE)) as usize;
        let rows = places.iter().map(|place| place.row + 1).max().unwrap_or(1).min(most) as Length;
        let whole = rows * (height + SPACE);
        self.caption(&lineage.caption, whole + points(6));
        let before = self.canvas.enter("Figure");
        self.canvas.describe(describe(lineage));
        let top = self.y;
        let area = |place: Place| Area {
            x: LEFT + place.layer as Length * (width + GAP),
            y: top + place.row as Length * (height + SPACE),
            width,
            height,
        };
        let drawn = |at: usize| places.get(at).copied().filter(|place| place.row < most).map(area);
        for edge in &lineage.edges {
            if let (Some(from), Some(of)) = (drawn(edge.from), drawn(edge.of)) {
                arrow(&mut self.canvas, from, of);
            }
        }
        for (at, node) in lineage.nodes.iter().enumerate() {
            if let Some(area) = drawn(at) {
                self.thing(area, node);
            }
        }
        self.canvas.leave(before);
        self.y = top + whole + points(6);
    }

    fn thing(&mut self, area: Area, node: &LineageNode) {
        self.canvas.fill(area, TINT);
        self.canvas.frame(area, tenths(7), ACCENT);
        let room = area.width - points(10);
        self.y = area.y + points(3);
        let label = clipped(self.fonts, Inline::new(&node.label, TABLE), room, LABEL_LINES);
        self.draw_lines(&label, area.x + points(5), TABLE);
        let note = clipped(self.fonts, Inline::new(&node.note, NOTE), room, 1);
        self.draw_lines(&note, area.x + points(5), NOTE);
    }
}

/// A line from the right edge of what a thing came from to its left edge, with a head; within a layer from edge to edge.
fn arrow(canvas: &mut Canvas, from: Area, of: Area) {
    let middle = |area: Area| area.y + area.height / 2;
    let (start, end) = if of.x > from.x {
        ((from.x + from.width, middle(from)), (of.x, middle(of)))
    } else {
        let x = from.x + from.width / 2;
        let down = of.y > from.y;
        let edge = |area: Area, lower: bool| area.y + if lower { area.height } else { 0 };
        ((x, edge(from, down)), (of.x + of.width / 2, edge(of, !down)))
    };
    canvas.line(start, end, tenths(8), LINE);
    let head = Area { x: end.0 - tenths(22), y: end.1 - tenths(22), width: tenths(44), height: tenths(44) };
    canvas.fill(head, PAPER);
    canvas.frame(head, tenths(8), LINE);
}

/// What is read out.
fn describe(lineage: &Lineage) -> String {
    let name = |at: usize| lineage.nodes.get(at).map_or("", |node| node.label.as_str());
    let said =
        lineage.edges.iter().map(|edge| format!(" {} {} {}.", name(edge.of), edge.label, name(edge.from)));
    std::iter::once(format!("{}.", lineage.caption)).chain(said).collect()
}
