//! Text from outside: what is refused in a statement, and how foreign text is made fit for one.

use affiant_ledger::id::is_hidden;

/// Longest name: of a system, asset, owner, collector, rule, file, in bytes.
pub const NAME_LENGTH_MAX: usize = 300;
/// Longest single-line text: summary, message, purpose, pointer, location, in bytes.
pub const LINE_LENGTH_MAX: usize = 4_000;
/// Longest text of several lines, in bytes.
pub const DETAILS_LENGTH_MAX: usize = 64 << 10;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Longer than allowed.
    #[error("has {length} bytes, the limit is {max}")]
    Length {
        /// Bytes there.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A control, direction, zero-width or other character that does not show.
    #[error("holds the hidden character U+{0:04X}")]
    Hidden(u32),
}

/// Whether a character does not show, reorders its neighbours or is no character.
fn is_unfit(c: char) -> bool {
    is_hidden(c) || matches!(c, '\u{e0000}'..='\u{e0fff}') || (c as u32) & 0xfffe == 0xfffe
}

/// Checks one line of text: not empty, at most `max` bytes, no character that does not show.
pub fn check_line(text: &str, max: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    check(text, max, false)
}

/// Checks text of several lines: at most `max` bytes, no character that does not show but line feed and tab.
pub fn check_lines(text: &str, max: usize) -> Result<(), TextError> {
    check(text, max, true)
}

fn check(text: &str, max: usize, lines: bool) -> Result<(), TextError> {
    if text.len() > max {
        return Err(TextError::Length { length: text.len(), max });
    }
    if is_printable_ascii(text.as_bytes()) {
        return Ok(());
    }
    let fault = text.chars().find(|&c| is_unfit(c) && !(lines && matches!(c, '\n' | '\t')));
    fault.map_or(Ok(()), |c| Err(TextError::Hidden(c as u32)))
}

/// Whether nothing but printable ASCII stands there, as is usual; looked at in pieces, many bytes in a step.
fn is_printable_ascii(text: &[u8]) -> bool {
    let printable = |piece: &[u8]| piece.iter().fold(true, |all, c| all & (0x20..0x7f).contains(c));
    text.chunks(64).all(printable)
}

/// Foreign text as one line fit for a statement: runs of white space become one space, characters that do not show
/// are escaped, and what is over `max` bytes is cut with `…`.
pub fn plain(text: &str, max: usize) -> String {
    let mut out = String::new();
    for c in text.split_whitespace().flat_map(|word| std::iter::once(' ').chain(word.chars())).skip(1) {
        if out.len() + 12 > max {
            out.push('…');
            break;
        }
        if is_unfit(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Whether two names are meant for one person: the same but for letter case and spacing.
pub fn same_person(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(one) == plain(other)
}

/// The last segment of a path, as [`plain`] text; `-` when there is none.
pub fn file_name(path: &str) -> String {
    let name = plain(path.rsplit(['/', '\\']).next().unwrap_or(""), NAME_LENGTH_MAX);
    if name.is_empty() { "-".to_owned() } else { name }
}

/// A length of time in its two greatest units, cut, not rounded: `3 d 4 h`, `20 min`, `0 s`.
pub fn duration(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let mut left = millis;
    let parts = units.map(|(unit, name)| {
        let count = left / unit;
        left %= unit;
        (count, name)
    });
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
    let two = parts[first..].iter().take(2).enumerate();
    let said: Vec<String> = two
        .filter(|(place, (count, _))| *place == 0 || *count > 0)
        .map(|(_, (count, name))| format!("{count} {name}"))
        .collect();
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_refused_and_foreign_scripts_are_not() {
        for right in ["a", "für Prüfer", "اختبار", "測試", "a < b"] {
            assert_eq!(check_line(right, 100), Ok(()), "{right}");
        }
        for hidden in
            ["a\0", "a\nb", "\u{202e}gpj", "pa\u{200b}ss", "\u{e0041}", "\u{ffff}", "\u{1b}[2J", "\u{7f}"]
        {
            assert!(matches!(check_line(hidden, 100), Err(TextError::Hidden(_))), "{hidden:?}");
        }
        assert_eq!(check_line("  ", 100), Err(TextError::Empty));
        assert_eq!(check_line("abc", 2), Err(TextError::Length { length: 3, max: 2 }));
        assert_eq!(check_lines("a\n\tb", 100), Ok(()));
    }

    #[test]
    fn a_hidden_character_is_found_wherever_it_stands() {
        for length in [1, 63, 64, 65, 200] {
            for at in 0..length {
                for hidden in ['\u{1f}', '\u{7f}', '\u{200b}'] {
                    let text: String = (0..length).map(|i| if i == at { hidden } else { '~' }).collect();
                    assert_eq!(
                        check_lines(&text, 1000),
                        Err(TextError::Hidden(hidden as u32)),
                        "{at} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn foreign_text_is_made_fit() {
        assert_eq!(plain("a\r\n  b\u{202e}c", 100), "a b\\u{202e}c");
        assert_eq!(check_line(&plain(&"é".repeat(5000), 400), 400), Ok(()));
        assert_eq!(file_name("/home/x/report.sarif"), "report.sarif");
        assert_eq!(file_name("a/"), "-");
    }

    #[test]
    fn a_duration_is_said_in_its_two_greatest_units() {
        let (second, minute, hour, day) = (1_000, 60_000, 3_600_000, 86_400_000);
        for (millis, text) in [
            (0, "0 s"),
            (999, "0 s"),
            (61 * second, "1 min 1 s"),
            (20 * minute, "20 min"),
            (day + 2 * minute, "1 d"),
            (3 * day + 4 * hour + 59 * minute, "3 d 4 h"),
            (u64::MAX, "213503982334 d 14 h"),
        ] {
            assert_eq!(duration(millis), text, "{millis}");
        }
    }
}
