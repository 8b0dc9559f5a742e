//! Which face has which character, how wide it is, and what is shown instead of a character that no face has.

use super::look::Length;
use affiant_ledger::id::is_hidden;
use std::borrow::Cow;
use std::cell::Cell;

/// The faces, in the order in which they stand in for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Face {
    /// Source Sans 3 Regular.
    Regular,
    /// Source Sans 3 Semibold.
    Strong,
    /// Source Code Pro Regular.
    Mono,
    /// DejaVu Sans: what the others lack.
    Symbol,
}

impl Face {
    pub(super) const ALL: [Self; 4] = [Self::Regular, Self::Strong, Self::Mono, Self::Symbol];
}

/// Advance widths of one face.
pub(super) struct Metrics {
    units_per_em: i32,
    /// By code point; [`ABSENT`] where the face has no glyph.
    advances: Vec<u16>,
}

/// Anything wider is as good as this wide: far more than a page.
const WIDTH_MAX: Length = 500_000_000;
const ABSENT: u16 = u16::MAX;
/// Code points above are shown as escapes.
const CODE_POINTS: u32 = 0x1_0000;

impl Metrics {
    /// Reads a face through `advance`, which tells the width of a character in font units.
    pub(super) fn new(units_per_em: u16, advance: impl Fn(u32) -> Option<u16>) -> Self {
        let wanted = |code: &u32| matches!(*code, 0x20..=0x2fff | 0xa640..=0xa7ff | 0xfb00..=0xfb06 | 0xfffd);
        let of = |code: u32| Some(code).filter(wanted).and_then(&advance).unwrap_or(ABSENT);
        Self { units_per_em: i32::from(units_per_em.max(1)), advances: (0..CODE_POINTS).map(of).collect() }
    }

    fn advance(&self, c: char) -> Option<i32> {
        let advance = *self.advances.get(c as usize)?;
        (advance != ABSENT).then_some(i32::from(advance))
    }
}

/// The faces with their metrics.
pub(super) struct Fonts {
    metrics: [Metrics; 4],
    /// Whether anything was shown as an escape so far.
    escaped: Cell<bool>,
}

/// Text in one face.
pub(super) type Run<'a> = (Face, Cow<'a, str>);

impl Fonts {
    /// Takes the metrics in the order of [`Face::ALL`].
    pub(super) fn new(metrics: [Metrics; 4]) -> Self {
        Self { metrics, escaped: Cell::new(false) }
    }

    /// Whether anything was shown as an escape so far.
    pub(super) fn escaped(&self) -> bool {
        self.escaped.get()
    }

    /// Width of `text` in a face that has all of its characters.
    pub(super) fn width(&self, face: Face, size: Length, text: &str) -> Length {
        let metrics = &self.metrics[face as usize];
        let units: i64 = text.chars().map(|c| i64::from(metrics.advance(c).unwrap_or(0))).sum();
        (units * i64::from(size) / i64::from(metrics.units_per_em)).min(i64::from(WIDTH_MAX)) as Length
    }

    /// Whether `text` is shown as it is, in `face` alone.
    pub(super) fn has(&self, face: Face, text: &str) -> bool {
        text.bytes().all(|c| (0x20..0x7f).contains(&c)) || text.chars().all(|c| self.shows(face, c))
    }

    /// `text` as runs of faces that have its characters; what none has becomes `<U+XXXX>`.
    pub(super) fn runs<'a>(&self, face: Face, text: &'a str) -> Vec<Run<'a>> {
        if self.has(face, text) {
            return vec![(face, Cow::Borrowed(text))];
        }
        let mut runs: Vec<(Face, String)> = Vec::new();
        for c in text.chars() {
            let c = if c == '\u{a0}' { ' ' } else { c };
            let face = self.face_for(face, c);
            if runs.last().is_none_or(|(last, _)| *last != face.unwrap_or(Face::Mono)) {
                runs.push((face.unwrap_or(Face::Mono), String::new()));
            }
            if let Some((_, run)) = runs.last_mut() {
                match face {
                    Some(_) => run.push(c),
                    None => {
                        run.push_str(&format!("<U+{:04X}>", c as u32));
                        self.escaped.set(true);
                    }
                }
            }
        }
        runs.into_iter().map(|(face, run)| (face, Cow::Owned(run))).collect()
    }

    /// `wanted` if it has the character, else the first face that has.
    fn face_for(&self, wanted: Face, c: char) -> Option<Face> {
        [wanted, Face::Regular, Face::Symbol].into_iter().find(|face| self.shows(*face, c))
    }

    fn shows(&self, face: Face, c: char) -> bool {
        let visible = !is_hidden(c) && !is_right_to_left(c) && c != '\u{ad}' && c != '\u{a0}';
        visible
            && self.metrics[face as usize].advance(c).is_some_and(|advance| advance > 0 || is_combining(c))
    }
}

/// Marks that are drawn over the character before them, so rightly have no width.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
        && c != '\u{34f}'
}

/// Scripts written from right to left: without reordering and shaping they would be shown wrongly.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::pdf::canvas::Canvas;

    fn runs(face: Face, text: &str) -> Vec<(Face, String)> {
        let (_, fonts) = Canvas::new().unwrap();
        fonts.runs(face, text).into_iter().map(|(face, text)| (face, text.into_owned())).collect()
    }

    #[test]
    fn latin_greek_and_cyrillic_stay_in_their_face() {
        for text in ["Größe Łódź naïve ế", "Ελληνικά ὰ", "Русский Ґ", "✓ ✗ ▲ ○ – • ≥ → €"]
        {
            assert_eq!(runs(Face::Regular, text), [(Face::Regular, text.to_owned())]);
            assert_eq!(runs(Face::Strong, text), [(Face::Strong, text.to_owned())]);
        }
    }

    #[test]
    fn what_the_face_lacks_comes_from_another() {
        let expected = [(Face::Regular, "a"), (Face::Symbol, "⊆"), (Face::Regular, "b")];
        assert_eq!(runs(Face::Regular, "a⊆b"), expected.map(|(face, text)| (face, text.to_owned())));
    }

    #[test]
    fn hidden_right_to_left_and_unknown_characters_are_escaped() {
        let escaped = |text: &str| runs(Face::Mono, text).into_iter().map(|(_, t)| t).collect::<String>();
        assert_eq!(escaped("a\u{202e}b"), "a<U+202E>b");
        assert_eq!(escaped("\0\u{200b}\u{ad}\u{34f}\u{fe0f}"), "<U+0000><U+200B><U+00AD><U+034F><U+FE0F>");
        assert_eq!(escaped("שׁ漢😀"), "<U+05E9><U+05C1><U+6F22><U+1F600>");
    }

    #[test]
    fn similar_letters_of_different_scripts_are_different_glyphs() {
        // Else text copied from the report would not be what was recorded.
        let (canvas, _) = Canvas::new().unwrap();
        for face in [Face::Regular, Face::Strong, Face::Mono] {
            let glyphs: std::collections::BTreeSet<_> =
                "AАΑ".chars().map(|c| canvas.glyph(face, c)).collect();
            assert_eq!(glyphs.len(), 3);
        }
    }
}
