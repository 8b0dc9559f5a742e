//! What a tool says, without the code and the secrets it quotes. The ledger cannot forget, so they stay out of it.

use crate::text;
use std::borrow::Cow;

/// Longest message kept, in bytes.
const MESSAGE_MAX: usize = 300;
/// Shortest line of code looked for in a message, in bytes.
const CODE_MIN: usize = 8;
/// How names of advisories begin, which only look made by a machine.
const ADVISORIES: [&str; 4] = ["CVE-", "GHSA-", "OSV-", "PYSEC-"];
/// Shortest token that may be a secret, in bytes.
const TOKEN_MIN: usize = 16;

/// A tool's message made fit for a statement, and whether something was taken out.
pub(super) fn message<'s>(message: &str, snippets: impl Iterator<Item = &'s str>) -> (String, bool) {
    let mut kept = message.to_owned();
    for line in snippets.flat_map(str::lines).map(str::trim).filter(|line| line.len() >= CODE_MIN) {
        kept = kept.replace(line, "[code]");
    }
    let kept = mask_tokens(&kept);
    let redacted = kept != message;
    (text::plain(&kept, MESSAGE_MAX), redacted)
}

/// The words of a command line without what looks like a secret: tokens made by a machine, and what stands behind the
/// name of one (`--api-key=...`, `--password ...`).
pub fn masked<'w>(words: impl Iterator<Item = Cow<'w, str>>) -> Vec<String> {
    let mut named = false;
    let mask = |word: Cow<'w, str>| {
        let is_flag = word.starts_with('-');
        let kept = match word.split_once('=') {
            Some((name, _)) if is_about_secrets(name) => format!("{name}=[redacted]"),
            _ if named && !is_flag => "[redacted]".to_owned(),
            _ => mask_tokens(&word),
        };
        named = is_flag && !word.contains('=') && is_about_secrets(&word);
        kept
    };
    words.map(mask).collect()
}

/// Replaces tokens that look made by a machine: long, with both cases and digits.
fn mask_tokens(message: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
    let mut kept = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(is_token) {
        let end = rest[start..].find(|c| !is_token(c)).map_or(rest.len(), |length| start + length);
        let token = &rest[start..end];
        kept.push_str(&rest[..start]);
        kept.push_str(if looks_secret(token) { "[redacted]" } else { token });
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

fn looks_secret(token: &str) -> bool {
    if ADVISORIES.iter().any(|prefix| token.starts_with(prefix)) {
        return false;
    }
    let has = |test: fn(&u8) -> bool| token.as_bytes().iter().any(test);
    token.len() >= TOKEN_MIN
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && (has(u8::is_ascii_lowercase) || token.starts_with("AKIA"))
}

/// Whether a rule is about secrets, by its name: then its messages are not kept at all.
pub(super) fn is_about_secrets(rule: &str) -> bool {
    let rule = rule.to_ascii_lowercase();
    ["secret", "password", "credential", "token", "api-key", "private-key"]
        .iter()
        .any(|word| rule.contains(word))
}

/// Code as it goes into a fingerprint: white space squeezed and, where it may hold a secret, texts emptied.
pub(super) fn normalised(code: &str, secret: bool) -> String {
    let squeezed = code.split_whitespace().collect::<Vec<_>>().join(" ");
    if !secret {
        return squeezed;
    }
    // Every second piece between quotes is the inside of a text. Code without quotes is left out as a whole.
    let pieces: Vec<&str> = squeezed.split(['"', '\'', '`']).collect();
    if pieces.len() < 3 {
        String::new()
    } else {
        pieces.into_iter().step_by(2).collect::<Vec<_>>().join("\"\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_code_and_tokens_are_taken_out() {
        let code = "    token = load('x')\n";
        assert_eq!(
            message("unsafe: token = load('x') here", [code].into_iter()),
            ("unsafe: [code] here".into(), true)
        );
        let (kept, redacted) = message("key AKIAIOSFODNN7EXAMPLE, wJalrXUtnFEMI/K7MDENG", std::iter::empty());
        assert_eq!((kept.as_str(), redacted), ("key [redacted], [redacted]", true));
        let advisory = "fixed by GHSA-9hjg-9r4m-mvj7 and CVE-2024-35195";
        assert_eq!(message(advisory, std::iter::empty()), (advisory.into(), false));
        let plain = "subprocess call with shell=True identified, security issue.";
        assert_eq!(message(plain, [""].into_iter()), (plain.into(), false));
    }

    #[test]
    fn a_command_line_loses_its_secrets() {
        let words = [
            "scan",
            "--api-key=abc",
            "--password",
            "hunter2",
            "-q",
            "TOKEN=x",
            "AKIAIOSFODNN7EXAMPLE",
            "app/",
        ];
        let masked = masked(words.into_iter().map(Into::into));
        let expected = [
            "scan",
            "--api-key=[redacted]",
            "--password",
            "[redacted]",
            "-q",
            "TOKEN=[redacted]",
            "[redacted]",
            "app/",
        ];
        assert_eq!(masked, expected);
    }

    #[test]
    fn a_fingerprint_never_depends_on_the_secret() {
        let one = normalised("  KEY =  \"first\"", true);
        assert_eq!(one, normalised("KEY = \"second\"", true));
        assert_eq!(one, "KEY = \"\"");
        assert_eq!(normalised("KEY=plain", true), "");
        assert_eq!(normalised("a\n  b", false), "a b");
    }
}
