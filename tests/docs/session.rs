//! A page's ```console blocks as one session.
//!
//! ```text
//! $ affiant status            a command, run with `sh -c`; stdout and stderr as they come
//! ? 4                         its exit code, when not 0; before or after its output
//! entry …: AFF-EXP-13 …       `…` stands for any text within a line
//! …                           alone, for any lines
//! ```
//!
//! What `export` and `cd` say holds for the commands after them.

use crate::support::place::{Place, run};
use std::process::Command;

/// A command of a page, with what is expected of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) code: i32,
    pub(super) expected: Vec<String>,
}

/// The steps of all ```console blocks of a page.
pub(super) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside && line.trim_start() == "```console";
        } else if !inside {
            continue;
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { line: number + 1, command: command.to_owned(), code: 0, expected: Vec::new() });
        } else {
            let step =
                steps.last_mut().unwrap_or_else(|| panic!("line {}: output before a command", number + 1));
            match line.strip_prefix("? ") {
                Some(code) => step.code = code.trim().parse().unwrap(),
                None => step.expected.push(line.to_owned()),
            }
        }
    }
    steps
}

/// Plays the steps in a place; gives what is not as the page says.
pub(super) fn play(place: &Place, page: &str, steps: &[Step]) -> Vec<String> {
    let (mut carried, mut wrong) = (String::new(), Vec::new());
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_affiant")).parent().unwrap().to_owned();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    for step in steps {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec 2>&1\n{carried}{}", step.command)]);
        place.settle(&mut command);
        command.env_remove("AFFIANT_LEDGER").env("PATH", &path);
        let answer = run(&mut command, &[], step.command.clone());
        let found: Vec<&str> = answer.stdout.lines().collect();
        let expected: Vec<&str> = step.expected.iter().map(String::as_str).collect();
        if answer.code != step.code || !lines_match(&expected, &found) {
            let expected = step.expected.join("\n");
            wrong.push(format!(
                "{page}:{}: `{}` should give ? {}\n{expected}\nand gives\n{}",
                step.line,
                step.command,
                step.code,
                answer.shown()
            ));
        }
        if step.command.starts_with("export ") || step.command.starts_with("cd ") {
            carried += &format!("{}\n", step.command);
        }
    }
    wrong
}

/// Whether lines are as expected; `…` alone stands for any number of lines.
fn lines_match(expected: &[&str], found: &[&str]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((&"…", rest)) => (0..=found.len()).any(|skip| lines_match(rest, &found[skip..])),
        Some((first, rest)) => found
            .split_first()
            .is_some_and(|(line, more)| line_matches(first, line) && lines_match(rest, more)),
    }
}

/// Whether a line is as expected; `…` stands for any text.
fn line_matches(expected: &str, found: &str) -> bool {
    match expected.split_once('…') {
        None => expected.trim_end() == found.trim_end(),
        Some((before, after)) => found.strip_prefix(before).is_some_and(|rest| {
            let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            starts.any(|at| line_matches(after, &rest[at..]))
        }),
    }
}

#[test]
fn an_ellipsis_stands_for_text_in_a_line_and_alone_for_lines() {
    assert!(line_matches("entry …: held", "entry 7: held"));
    assert!(line_matches("a…b…", "a-b-c"));
    assert!(!line_matches("a…b", "a-c"));
    assert!(lines_match(&["a", "…", "z"], &["a", "b", "c", "z"]));
    assert!(lines_match(&["…"], &[]));
    assert!(!lines_match(&["a"], &["a", "b"]));
    assert!(!lines_match(&["a", "…", "z"], &["a", "z", "b"]));
}

#[test]
fn a_page_is_read_as_commands_codes_and_lines() {
    let page = "text\n```console\n$ one\nout\n$ two\n? 4\n…\n```\n```sh\n$ not run\n```\n";
    let step = |line, command: &str, code, expected: &[&str]| Step {
        line,
        command: command.into(),
        code,
        expected: expected.iter().map(|&line| line.to_owned()).collect(),
    };
    assert_eq!(steps(page), [step(3, "one", 0, &["out"]), step(5, "two", 4, &["…"])]);
}
