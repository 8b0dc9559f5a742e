//! Spans into lines: words are kept whole where they fit, and broken anywhere, without hyphens, where they do not.

use super::font::{Face, Fonts};
use super::look::{ACCENT, Colour, Length, Type};
use crate::document::{Link, Span};
use std::borrow::Cow;
use std::ops::Range;

/// Text to be set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inline<'a> {
    pub(super) text: &'a str,
    pub(super) style: Type,
    pub(super) link: Option<&'a Link>,
}

impl<'a> Inline<'a> {
    pub(super) fn new(text: &'a str, style: Type) -> Self {
        Self { text, style, link: None }
    }
}

/// Spans set in `base` and their own styles; links in the accent colour.
pub(super) fn inlines(spans: &[Span], base: Type) -> Vec<Inline<'_>> {
    let style = |span: &Span| {
        let style = base.styled(span.style);
        if span.link.is_some() { style.coloured(ACCENT) } else { style }
    };
    spans
        .iter()
        .map(|span| Inline { text: &span.text, style: style(span), link: span.link.as_ref() })
        .collect()
}

/// Text of one face, size and colour on a line.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) face: Face,
    pub(super) size: Length,
    pub(super) colour: Colour,
    /// From the start of the line.
    pub(super) x: Length,
    pub(super) width: Length,
    pub(super) link: Option<&'a Link>,
    /// Which inline it comes from, and the byte after it there, to join what follows; no inline for part of a
    /// word that was altered.
    source: (usize, usize),
}

/// What stands on one line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) width: Length,
}

/// Breaks `inlines` into lines of at most `width`. Spaces collapse; a line feed is a line break.
pub(super) fn wrap<'a>(fonts: &Fonts, inlines: &[Inline<'a>], width: Length) -> Vec<Line<'a>> {
    let fragments = fragments(fonts, inlines);
    let mut lines = vec![Line::default()];
    let mut at = 0;
    while at < fragments.len() {
        let end = cluster_end(&fragments, at);
        let cluster = &fragments[at..end];
        let first = &cluster[0];
        for _ in 0..first.breaks {
            lines.push(Line::default());
        }
        let wide: i64 = cluster.iter().map(|fragment| i64::from(fragment.width)).sum();
        let used = lines.last().map_or(0, |line| line.width);
        let space = if used > 0 { first.space } else { 0 };
        if used > 0 && i64::from(used + space) + wide > i64::from(width) {
            lines.push(Line::default());
        }
        for fragment in cluster {
            place(fonts, &mut lines, fragment, inlines, width);
        }
        at = end;
    }
    lines.iter_mut().flat_map(|line| &mut line.pieces).for_each(|piece| keep_space(piece, inlines));
    lines
}

/// Lets a piece end in the space that follows it, unseen, so that copied and spoken text has its spaces.
fn keep_space<'a>(piece: &mut Piece<'a>, inlines: &[Inline<'a>]) {
    let (source, end) = piece.source;
    let Some(inline) = inlines.get(source) else { return };
    let next = || inlines.get(source + 1).is_some_and(|next| next.text.starts_with(is_space));
    match (inline.text.as_bytes().get(end), &piece.text) {
        (Some(b' '), Cow::Borrowed(text)) => {
            if let Some(longer) = inline.text.get(end - text.len()..=end) {
                piece.text = Cow::Borrowed(longer);
            }
        }
        (Some(c), text) if is_space(char::from(*c)) => piece.text = Cow::Owned(format!("{text} ")),
        (None, text) if next() => piece.text = Cow::Owned(format!("{text} ")),
        _ => {}
    }
}

/// At most `most` lines; what is cut is shown by an ellipsis. For labels, whose text stands in full elsewhere.
pub(super) fn clipped<'a>(fonts: &Fonts, inline: Inline<'a>, width: Length, most: usize) -> Vec<Line<'a>> {
    let mut lines = wrap(fonts, &[inline], width);
    if lines.len() > most {
        lines.truncate(most);
        let ellipsis = Inline::new("…", inline.style);
        if let (Some(line), Some(fragment)) = (lines.last_mut(), word(fonts, &ellipsis, 0, 0, "…").first())
        {
            push(fonts, line, fragment, 0..fragment.text.len(), &ellipsis, 0);
        }
    }
    lines
}

/// Breaks text into lines as it stands: spaces are kept, long lines continue on the next.
pub(super) fn wrap_verbatim<'a>(fonts: &Fonts, text: &'a str, style: Type, width: Length) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for row in text.lines() {
        lines.push(Line::default());
        for part in row.split_inclusive('\t') {
            let (part, tab) = part.strip_suffix('\t').map_or((part, false), |part| (part, true));
            let inlines = [Inline::new(part, style), Inline::new(if tab { "    " } else { "" }, style)];
            for (source, inline) in inlines.iter().enumerate().filter(|(_, inline)| !inline.text.is_empty()) {
                for fragment in word(fonts, inline, source, 0, inline.text) {
                    place(fonts, &mut lines, &fragment, &inlines, width);
                }
            }
        }
    }
    lines
}

/// A word, or the part of it that is in one face.
struct Fragment<'a> {
    text: Cow<'a, str>,
    face: Face,
    source: usize,
    start: usize,
    /// The byte after the word, for its last fragment.
    word_end: Option<usize>,
    width: Length,
    /// Width of the space before it; 0 where it continues the word before.
    space: Length,
    /// Line breaks before it.
    breaks: usize,
}

fn fragments<'a>(fonts: &Fonts, inlines: &[Inline<'a>]) -> Vec<Fragment<'a>> {
    let mut fragments = Vec::new();
    let (mut space, mut breaks) = (0, 0);
    for (source, inline) in inlines.iter().enumerate() {
        let mut at = 0;
        while let Some(c) = inline.text[at..].chars().next() {
            if is_space(c) {
                space = fonts.width(inline.style.face, inline.style.size, " ");
                breaks += usize::from(c == '\n');
                at += c.len_utf8();
                continue;
            }
            let end = inline.text[at..].find(is_space).map_or(inline.text.len(), |length| at + length);
            let first = fragments.len();
            fragments.extend(word(fonts, inline, source, at, &inline.text[at..end]));
            if let Some(fragment) = fragments.get_mut(first) {
                (fragment.space, fragment.breaks) = (space, breaks);
            }
            (space, breaks, at) = (0, 0, end);
        }
    }
    fragments
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn word<'a>(
    fonts: &Fonts,
    inline: &Inline<'a>,
    source: usize,
    start: usize,
    text: &'a str,
) -> Vec<Fragment<'a>> {
    let style = inline.style;
    let fragment = |(face, text): (Face, Cow<'a, str>)| {
        let width = fonts.width(face, style.size, &text);
        Fragment { text, face, source, start, word_end: None, width, space: 0, breaks: 0 }
    };
    let mut fragments: Vec<_> = fonts.runs(style.face, text).into_iter().map(fragment).collect();
    if let Some(last) = fragments.last_mut() {
        last.word_end = Some(start + text.len());
    }
    fragments
}

/// Where the fragments that must stay together with the one at `at` end.
fn cluster_end(fragments: &[Fragment], at: usize) -> usize {
    let joined = |fragment: &Fragment| fragment.space == 0 && fragment.breaks == 0;
    let rest = fragments.get(at + 1..).unwrap_or_default();
    at + 1 + rest.iter().take_while(|fragment| joined(fragment)).count()
}

/// Puts a fragment on the last line, and what does not fit on new ones.
fn place<'a>(
    fonts: &Fonts,
    lines: &mut Vec<Line<'a>>,
    fragment: &Fragment<'a>,
    inlines: &[Inline<'a>],
    width: Length,
) {
    let inline = &inlines[fragment.source];
    let (mut done, mut space) = (0, fragment.space);
    while let Some(line) = lines.last_mut() {
        let before = if line.width > 0 { space } else { 0 };
        let room = width - line.width - before;
        let rest = &fragment.text[done..];
        let fits = if done == 0 && fragment.width <= room {
            rest.len()
        } else {
            fitting(fonts, fragment.face, inline.style.size, rest, room, line.width == 0)
        };
        if fits > 0 {
            push(fonts, line, fragment, done..done + fits, inline, before);
            done += fits;
        }
        if done == fragment.text.len() {
            return;
        }
        space = 0;
        lines.push(Line::default());
    }
}

/// How many bytes of `text` fit into `room`: to a soft break if one lies in the second half, else as many as do.
/// At least one character where the line is empty, so that every text ends.
fn fitting(fonts: &Fonts, face: Face, size: Length, text: &str, room: Length, empty: bool) -> usize {
    let mut used = 0;
    let (mut end, mut soft) = (0, 0);
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        used += fonts.width(face, size, &text[at..next]);
        if used > room {
            let first = text.chars().next().map_or(0, char::len_utf8);
            let least = if empty { first } else { 0 };
            return if soft * 2 > end { soft } else { end }.max(least);
        }
        end = next;
        if matches!(c, '/' | '-' | '_' | '.' | ',' | ':' | ';' | '=' | '&' | '?' | '@' | '>' | ')') {
            soft = next;
        }
    }
    end
}

/// Adds a part of a fragment to a line, joining it to the piece before when it continues it.
fn push<'a>(
    fonts: &Fonts,
    line: &mut Line<'a>,
    fragment: &Fragment<'a>,
    part: Range<usize>,
    inline: &Inline<'a>,
    space: Length,
) {
    let style = inline.style;
    let (start, end) = (fragment.start + part.start, fragment.start + part.end);
    let whole = part.end == fragment.text.len();
    let text = match &fragment.text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[part]),
        Cow::Owned(text) => Cow::Owned(text[part].to_owned()),
    };
    let width = fonts.width(fragment.face, style.size, &text);
    let borrowed = matches!(text, Cow::Borrowed(_));
    if let Some(piece) = line.pieces.last_mut().filter(|piece| borrowed && piece.face == fragment.face)
        && let Some(whole) = joined(piece, fragment.source, start, end, space, inline.text)
    {
        piece.text = Cow::Borrowed(whole);
        piece.source.1 = end;
        piece.width += space + width;
        line.width += space + width;
        return;
    }
    let x = line.width + space;
    let (face, size, colour) = (fragment.face, style.size, style.colour);
    let source = match fragment.word_end {
        _ if borrowed => (fragment.source, end),
        Some(end) if whole => (fragment.source, end),
        _ => (usize::MAX, 0),
    };
    line.pieces.push(Piece { text, face, size, colour, x, width, link: inline.link, source });
    line.width = x + width;
}

/// The text of `piece` together with what lies at `start..end` of the same source, if only one space is between.
fn joined<'a>(
    piece: &Piece<'a>,
    source: usize,
    start: usize,
    end: usize,
    space: Length,
    text: &'a str,
) -> Option<&'a str> {
    let (piece_source, piece_end) = piece.source;
    let gap = text.get(piece_end..start)?;
    let borrowed = matches!(piece.text, Cow::Borrowed(_));
    let continues = borrowed && piece_source == source && gap == if space > 0 { " " } else { "" };
    continues.then(|| text.get(piece_end - piece.text.len()..end)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Canvas;
    use super::super::look::{BODY, CODE, points};
    use super::*;

    fn lines(spans: &[Span], width: Length) -> Vec<String> {
        let (_, fonts) = Canvas::new().unwrap();
        let lines = wrap(&fonts, &inlines(spans, BODY), width);
        assert!(lines.iter().all(|line| line.width <= width), "{lines:?}");
        let text = |line: &Line| {
            let text: String = line.pieces.iter().map(|piece| &*piece.text).collect();
            text.trim_end().to_owned()
        };
        lines.iter().map(text).collect()
    }

    #[test]
    fn words_are_kept_whole_and_spaces_collapse() {
        let spans = [Span::plain("The quick  brown"), Span::strong(" fox jumps")];
        assert_eq!(lines(&spans, points(400)), ["The quick brown fox jumps"]);
        assert_eq!(lines(&spans, points(60)), ["The quick", "brown fox", "jumps"]);
    }

    #[test]
    fn punctuation_stays_with_the_word_of_another_style() {
        let spans = [Span::plain("see ("), Span::strong("article"), Span::plain("), then")];
        assert_eq!(lines(&spans, points(44)), ["see", "(article),", "then"]);
    }

    #[test]
    fn a_digest_is_broken_anywhere_and_loses_nothing() {
        let digest = affiant_ledger::digest::Digest::ZERO.to_string();
        let lines = lines(&[Span::mono(&digest)], points(100));
        assert!(lines.len() > 2, "{lines:?}");
        assert_eq!(lines.concat(), digest);
    }

    #[test]
    fn an_address_is_broken_after_its_punctuation() {
        let lines = lines(&[Span::plain("https://example.org/evidence/report")], points(90));
        assert_eq!(lines, ["https://example.org/", "evidence/report"]);
    }

    #[test]
    fn a_line_feed_breaks_the_line() {
        assert_eq!(lines(&[Span::plain("a\nb\n\nc")], points(90)), ["a", "b", "", "c"]);
    }

    #[test]
    fn a_column_narrower_than_a_character_still_ends() {
        let (_, fonts) = Canvas::new().unwrap();
        assert_eq!(wrap(&fonts, &[Inline::new("abc", BODY)], 1).len(), 3);
    }

    #[test]
    fn code_keeps_its_spaces() {
        let (_, fonts) = Canvas::new().unwrap();
        let lines = wrap_verbatim(&fonts, "a  b\n\n  c\td", CODE, points(90));
        let text: Vec<String> = lines.iter().map(|l| l.pieces.iter().map(|p| &*p.text).collect()).collect();
        assert_eq!(text, ["a  b", "", "  c    d"]);
    }
}
