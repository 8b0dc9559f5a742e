//! What a refusal is: an exit code, an `error:` line that names the place, a ledger as it was, soon and without panic.

use crate::support::answer::Answer;
use crate::support::folder;
use crate::support::place::Place;
use std::time::Duration;

/// No refusal takes longer.
const REFUSAL_MAX: Duration = Duration::from_secs(10);

/// Demands that a command is refused with `code`, that an `error:` line holds every text of `named`, and that nothing
/// in the ledger's folder changed.
#[track_caller]
pub(super) fn refused(place: &Place, arguments: &[&str], stdin: &[u8], code: i32, named: &[&str]) -> Answer {
    let before = folder::content(&place.ledger());
    let answer = place.affiant_with(arguments, stdin).expect(code);
    let errors = answer.errors().join("\n");
    assert!(!errors.is_empty(), "no `error:` line\n{}", answer.shown());
    for text in named {
        assert!(errors.contains(text), "no `{text}` in an `error:` line\n{}", answer.shown());
    }
    let doubled = |line: &&str| {
        line.split_once(": ").is_some_and(|(value, rest)| value.starts_with('`') && rest.starts_with(value))
    };
    assert!(!answer.errors().iter().any(doubled), "the value is said twice\n{}", answer.shown());
    assert!(answer.took < REFUSAL_MAX, "{:?}\n{}", answer.took, answer.shown());
    let hidden = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!answer.stderr.contains(hidden), "hidden characters reach the terminal: {:?}", answer.stderr);
    assert!(answer.stderr.len() < 8_000, "a message of {} bytes", answer.stderr.len());
    let changed = folder::changed(&before, &folder::content(&place.ledger()));
    assert!(changed.is_empty(), "written though refused: {changed:?}\n{}", answer.shown());
    answer
}

/// Demands that bytes pushed in `format` are refused with exit code 2.
#[track_caller]
pub(super) fn push_refused(place: &Place, format: &str, bytes: &[u8], named: &[&str]) -> Answer {
    let arguments = ["push", "-", "--format", format, "--system", "scoring", "--collector", "ci"];
    refused(place, &arguments, bytes, 2, named)
}
