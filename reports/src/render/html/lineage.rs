//! The drawing of a lineage. What it shows stands below it in words too.

use super::shown;
use crate::document::{Lineage, Place};
use maud::{Markup, html};

/// Of a box, in units of the view box.
const WIDTH: usize = 170;
const HEIGHT: usize = 46;
/// Between layers and between boxes.
const GAP: usize = 90;
const SPACE: usize = 16;
/// Characters of a label that fit.
const LABEL_MAX: usize = 24;

pub(super) fn lineage(lineage: &Lineage) -> Markup {
    let places = lineage.places();
    let layers = places.iter().map(|place| place.layer + 1).max().unwrap_or(1);
    let rows = places.iter().map(|place| place.row + 1).max().unwrap_or(1);
    let (width, height) = (layers * (WIDTH + GAP) - GAP, rows * (HEIGHT + SPACE));
    let corner = |place: Place| (place.layer * (WIDTH + GAP), place.row * (HEIGHT + SPACE) + SPACE / 2);
    let edges = lineage.edges.iter().filter_map(|edge| {
        let (from, of) = (*places.get(edge.from)?, *places.get(edge.of)?);
        let ((from_x, from_y), (of_x, of_y)) = (corner(from), corner(of));
        let forward = of.layer > from.layer;
        let start = if forward { from_x + WIDTH } else { from_x + WIDTH / 2 };
        let end = if forward { of_x } else { of_x + WIDTH / 2 };
        Some((start, from_y + HEIGHT / 2, end, of_y + HEIGHT / 2, &edge.label))
    });
    html! {
        figure.lineage role="group" tabindex="0" {
            @if !lineage.caption.is_empty() { figcaption { (shown(&lineage.caption)) } }
            svg viewBox={ "-4 0 " (width + 8) " " (height) } width=(width + 8) height=(height) aria-hidden="true" focusable="false" {
                @for (x1, y1, x2, y2, label) in edges {
                    line x1=(x1) y1=(y1) x2=(x2) y2=(y2) { title { (shown(label)) } }
                    circle cx=(x2) cy=(y2) r="3.5" {}
                }
                @for (node, place) in lineage.nodes.iter().zip(&places) {
                    @let (x, y) = corner(*place);
                    rect.thing x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="4" {}
                    text x=(x + 8) y=(y + 19) { (cut(&node.label)) }
                    text.note x=(x + 8) y=(y + 36) { (cut(&node.note)) }
                }
            }
        }
    }
}

/// As much of a label as fits; the table below has it whole.
fn cut(label: &str) -> String {
    let label = shown(label);
    match label.char_indices().nth(LABEL_MAX) {
        Some((at, _)) => format!("{}…", &label[..at]),
        None => label,
    }
}
