//! The look: page, sizes and colours, all in one place.

use super::font::Face;
use crate::document::{Level, Style, Tone};

/// Thousandths of a typographic point (1/72,000 inch).
pub(super) type Length = i32;

/// Whole points.
pub(super) const fn points(count: i32) -> Length {
    count * 1000
}

/// Tenths of a point.
pub(super) const fn tenths(count: i32) -> Length {
    count * 100
}

/// A4.
pub(super) const PAGE_WIDTH: Length = 595_276;
pub(super) const PAGE_HEIGHT: Length = 841_890;
/// The text column: 487 points wide.
pub(super) const LEFT: Length = 54_138;
pub(super) const RIGHT: Length = PAGE_WIDTH - LEFT;
pub(super) const COLUMN: Length = RIGHT - LEFT;
pub(super) const TOP: Length = points(74);
pub(super) const BOTTOM: Length = PAGE_HEIGHT - points(64);

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const INK: Colour = Colour(0x1b, 0x1f, 0x24);
pub(super) const MUTED: Colour = Colour(0x5b, 0x64, 0x6e);
pub(super) const ACCENT: Colour = Colour(0x12, 0x46, 0x6b);
pub(super) const RULE: Colour = Colour(0xd3, 0xd9, 0xe0);
pub(super) const TINT: Colour = Colour(0xf0, 0xf4, 0xf7);
pub(super) const PAPER: Colour = Colour(0xff, 0xff, 0xff);

/// Colours of a tone: for words and lines, and for areas behind dark text.
pub(super) fn tone(tone: Tone) -> (Colour, Colour) {
    match tone {
        Tone::Neutral => (INK, Colour(0xe8, 0xec, 0xf0)),
        Tone::Good => (Colour(0x1d, 0x66, 0x41), Colour(0xdc, 0xee, 0xe3)),
        Tone::Caution => (Colour(0x83, 0x56, 0x04), Colour(0xfb, 0xee, 0xcf)),
        Tone::Bad => (Colour(0x9d, 0x1f, 0x1f), Colour(0xf8, 0xdf, 0xdc)),
        Tone::Missing => (Colour(0x5a, 0x37, 0x7a), Colour(0xec, 0xe4, 0xf3)),
        Tone::Muted => (MUTED, Colour(0xf3, 0xf4, 0xf6)),
    }
}

/// The tone that a notice is shown in.
pub(super) fn notice(level: Level) -> (Colour, Colour) {
    match level {
        Level::Info => (ACCENT, TINT),
        Level::Warning => tone(Tone::Caution),
        Level::Missing => tone(Tone::Missing),
    }
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) face: Face,
    pub(super) size: Length,
    pub(super) leading: Length,
    pub(super) colour: Colour,
}

const fn set(face: Face, size: Length, leading: Length, colour: Colour) -> Type {
    Type { face, size, leading, colour }
}

pub(super) const BODY: Type = set(Face::Regular, tenths(95), tenths(133), INK);
pub(super) const TABLE: Type = set(Face::Regular, tenths(83), tenths(106), INK);
pub(super) const TABLE_HEAD: Type = set(Face::Strong, tenths(80), tenths(102), ACCENT);
pub(super) const CAPTION: Type = set(Face::Strong, tenths(88), tenths(120), INK);
pub(super) const SMALL: Type = set(Face::Regular, tenths(75), tenths(95), MUTED);
pub(super) const CODE: Type = set(Face::Mono, tenths(76), tenths(103), INK);
pub(super) const TITLE: Type = set(Face::Strong, points(26), points(31), INK);
pub(super) const SUBTITLE: Type = set(Face::Regular, points(13), points(18), MUTED);
pub(super) const KICKER: Type = set(Face::Strong, points(9), points(12), ACCENT);

/// A heading of a level, 1 being the highest.
pub(super) fn heading(level: usize) -> Type {
    match level {
        1 => set(Face::Strong, points(18), points(23), INK),
        2 => set(Face::Strong, tenths(130), tenths(172), INK),
        3 => set(Face::Strong, tenths(108), tenths(145), INK),
        _ => set(Face::Strong, tenths(95), tenths(133), INK),
    }
}

impl Type {
    /// This type in the style of a span.
    pub(super) fn styled(self, style: Style) -> Self {
        match style {
            Style::Plain => self,
            Style::Mono if self.face == Face::Mono => self,
            Style::Strong => Self { face: Face::Strong, ..self },
            Style::Mono => Self { face: Face::Mono, size: self.size * 88 / 100, ..self },
            Style::Muted => Self { colour: MUTED, ..self },
        }
    }

    /// This type in another colour.
    pub(super) fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    /// Height of so many lines, at most ten thousand: more than a page in any case.
    pub(super) fn lines(self, count: usize) -> Length {
        self.leading * count.min(10_000) as Length
    }

    /// From the top of a line to its baseline.
    pub(super) fn ascent(self) -> Length {
        (self.leading - self.size) / 2 + self.size * 4 / 5
    }
}
