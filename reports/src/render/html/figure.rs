//! Figures as tables that draw themselves: what is seen is what is read aloud. Tones are told by symbol and number as well as
//! by colour.

use super::{class, shown, some};
use crate::document::{Bars, HeatMap, Link};
use maud::{Markup, html};

/// Width of a bar, in units of its view box.
const WIDTH: u64 = 1000;
const HEIGHT: u64 = 20;

/// Stacked bars: a table of counts, each row with its bar.
pub(super) fn bars(bars: &Bars) -> Markup {
    html! {
        figure.bars {
            table {
                @if !bars.caption.is_empty() { caption { (shown(&bars.caption)) } }
                thead {
                    tr {
                        th scope="col" { span.unseen { "What" } }
                        th aria-hidden="true" {}
                        @for category in &bars.categories {
                            th.count.(class(category.tone)) scope="col" { (category.tone.symbol()) " " (shown(&category.label)) }
                        }
                        th.count scope="col" { "of" }
                    }
                }
                tbody {
                    @for bar in &bars.bars {
                        tr {
                            th scope="row" { (label(&bar.label, bar.link.as_ref())) }
                            td.bar aria-hidden="true" { (drawn(&bar.counts, bars)) }
                            @for count in &bar.counts { td.count { (count) } }
                            td.count { (total(&bar.counts)) }
                        }
                    }
                }
            }
        }
    }
}

fn drawn(counts: &[u64], bars: &Bars) -> Markup {
    let total = total(counts);
    let place = |count: u64| match total {
        0 => 0,
        total => (u128::from(count) * u128::from(WIDTH) / u128::from(total)) as u64,
    };
    let mut before = 0_u64;
    let segments = counts.iter().zip(&bars.categories).map(|(count, category)| {
        let start = place(before);
        before = before.saturating_add(*count);
        (start, place(before) - start, class(category.tone))
    });
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" focusable="false" {
            rect.whole width=(WIDTH) height=(HEIGHT) {}
            @for (x, width, tone) in segments.filter(|(_, width, _)| *width > 0) {
                rect.(tone) x=(x) width=(width) height=(HEIGHT) {}
            }
        }
    }
}

fn total(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
}

/// A grid of small cells.
pub(super) fn heat_map(map: &HeatMap) -> Markup {
    let caption = shown(&map.caption);
    html! {
        figure.heat tabindex="0" aria-label=[some(&caption)] {
            table {
                @if !caption.is_empty() { caption { (caption) } }
                thead {
                    tr {
                        td {}
                        @for column in &map.columns { th scope="col" { (shown(column)) } }
                    }
                }
                tbody {
                    @for row in &map.rows {
                        tr {
                            th scope="row" { (label(&row.label, row.link.as_ref())) }
                            @for cell in &row.cells {
                                @match cell.tone {
                                    Some(tone) => td.(class(tone)) { (tone.symbol()) " " (shown(&cell.label)) },
                                    None => td {},
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn label(text: &str, link: Option<&Link>) -> Markup {
    match link {
        Some(Link::Internal(id)) => html! { a href={ "#" (id) } { (shown(text)) } },
        _ => html! { (shown(text)) },
    }
}
