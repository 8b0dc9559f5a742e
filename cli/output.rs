//! The one door to the terminal: stdout is data, stderr is talk.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one output door")]

use affiant_ledger::id::{escape_hidden_json, escape_hidden_text};
use affiant_reports::export;
use affiant_server::failure::Failure;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

/// Why stdout takes no more, once it does not. What the command does goes on: an answer that nobody reads is no reason
/// to leave work undone, nor to change the exit code.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes a line of data for people.
pub(crate) fn line(text: impl std::fmt::Display) {
    bytes(format!("{}\n", shown(text)).as_bytes());
}

fn shown(text: impl std::fmt::Display) -> String {
    escape_hidden_text(&text.to_string()).into_owned()
}

/// Standard output, for what writes by itself.
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        bytes(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes data as it is.
pub(crate) fn bytes(bytes: &[u8]) {
    if LOST.get().is_some() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        let _ = LOST.set(error);
    }
}

/// The exit code, when everything else is done: answers that could not be written are a failure of their own; a reader
/// that has gone away is none.
pub(crate) fn finish(code: u8) -> u8 {
    match LOST.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "error: stdout: {error}");
            affiant_server::failure::IO
        }
        _ => code,
    }
}

/// Writes a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    json_text(serde_json::to_string(value));
}

/// Writes a value as JSON over several lines, for people.
pub(crate) fn pretty(value: &impl Serialize) {
    json_text(serde_json::to_string_pretty(value));
}

fn json_text(text: serde_json::Result<String>) {
    let text = text.unwrap_or_else(|error| panic!("answers serialise: {error}"));
    bytes(format!("{}\n", escape_hidden_json(&text)).as_bytes());
}

/// Says something to whoever watches.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", shown(text));
}

/// Says why the command failed, and gives its exit code.
pub(crate) fn fail(failure: &Failure, as_json: bool) -> u8 {
    if as_json {
        let hint = failure.hint.as_deref();
        json(&serde_json::json!({"error": failure.message, "hint": hint, "exit": failure.code}));
    }
    say(format_args!("error: {}", failure.message));
    if let Some(hint) = &failure.hint {
        say(format_args!("hint: {hint}"));
    }
    failure.code
}

/// Says what is wrong with one row of several, whoever watches; the command goes on.
pub(crate) fn fault(text: &str, as_json: bool) {
    if as_json {
        json(&serde_json::json!({"error": text}));
    }
    say(format_args!("error: {text}"));
}

/// Says broken promises of the program in one line; the index, whose faults are caught and mended, says nothing.
pub(crate) fn say_faults() {
    std::panic::set_hook(Box::new(|fault| {
        if affiant_ledger::table::is_guarded() {
            return;
        }
        let place = fault.location().map(ToString::to_string).unwrap_or_default();
        let (word, words) =
            (fault.payload().downcast_ref::<&str>(), fault.payload().downcast_ref::<String>());
        let text = word.copied().or(words.map(String::as_str)).unwrap_or("no reason given");
        say(format_args!("error: internal fault: {text} ({place})"));
        say("hint: what was acknowledged is durable; `affiant log fsck` tells whether the ledger is sound");
    }));
}

/// Whether nobody reads stdout any more.
pub(crate) fn is_lost() -> bool {
    LOST.get().is_some()
}

/// Whether someone watches stderr.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Characters of the bar.
const BAR: u64 = 30;

/// Shows work in progress as a bar on one line, when someone watches.
pub(crate) fn progress(what: &str, done: u64, total: u64) {
    if watched() {
        let full = (done.min(total) * BAR).checked_div(total).unwrap_or(BAR);
        let bar: String = (0..BAR).map(|at| if at < full { '#' } else { '.' }).collect();
        let percent = (done.min(total) * 100).checked_div(total).unwrap_or(100);
        let end = if done >= total { "\n" } else { "" };
        let _ = write!(io::stderr(), "\r{what} [{bar}] {percent:>3} %, {done} of {total}{end}");
    }
}

/// A table of plain text that fits the terminal.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !io::stdout().is_terminal() {
        table.set_width(110);
    }
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.into_iter().map(shown));
    }
    for row in table.lines() {
        line(row.trim_end());
    }
}

/// Rows as comma-separated values.
pub(crate) fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    bytes(&export::csv(header, rows));
}

/// Parts of a whole as a bar, for people; the numbers stand beside it. Each part is never shown as nothing when it is
/// something, and the bar is full only when the parts are the whole.
pub(crate) fn share_bar(parts: &[(u64, char)], of: u64, width: u64) -> String {
    let mut bar = String::new();
    for (count, sign) in parts.iter().filter(|(count, _)| *count > 0) {
        let length = (count.min(&of) * width).checked_div(of).unwrap_or(0).max(1);
        bar.extend((0..length).map(|_| *sign));
    }
    let whole = parts.iter().map(|(count, _)| count).sum::<u64>() >= of && of > 0;
    let most = if whole { width } else { width - 1 };
    let mut bar: String = bar.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
    while (bar.len() as u64) < width {
        let last = bar.chars().last().filter(|_| whole);
        bar.push(last.unwrap_or('.'));
    }
    bar
}

/// Clears the terminal, when someone watches stdout.
pub(crate) fn clear() {
    if io::stdout().is_terminal() {
        bytes(b"\x1b[2J\x1b[H");
    }
}
