//! JUnit XML: every test that was there, with its outcome; pytest, JUnit, Surefire, GoogleTest and many tools write it.
//!
//! - The root is `testsuites` or `testsuite`; suites may lie in suites. A test without a child element passed.
//! - The rule is `classname::name` without the parameters in brackets: those may hold attack text or personal data, and
//!   go into the fingerprint only.
//! - `<property name="affiant.control" value="AFF-THR-01"/>` of a test, or of a suite before its tests, names controls.
//! - pytest writes an expected failure as skipped: it is a failure that is kept quiet about.
//! - Of a failure only the first line of its `message` is kept: bodies hold code and, of gitleaks, whole secrets.
//! - A suite's own totals are compared with its tests: where they disagree, the report is flagged.

use super::IntakeError;
use super::document::Document;
use super::named;
use super::report::{Head, Row, Rows, Sink};
use super::xml::{self, Attributes, Tag};
use crate::control::ControlId;
use crate::status::Status;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "junit/1";
/// Totals that a suite may declare of itself, in the order of [`Counts`].
const TOTALS: [&str; 4] = ["tests", "failures", "errors", "skipped"];

/// Tools with their own name at the begin of the suite's.
const TOOLS: [&str; 4] = ["pytest", "semgrep", "promptfoo", "gitleaks"];

/// Tests, and those of them with a failure, an error, or left out.
type Counts = [u64; 4];

/// Whether the first bytes look like JUnit XML.
pub(super) fn fits(text: &[u8]) -> bool {
    let begin = &text[..text.len().min(4096)];
    let words = b"<testsuite";
    begin.starts_with(b"<") && begin.windows(words.len()).any(|window| window == words)
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let mut reading = Reading::default();
    xml::walk(document, &mut |tag| {
        let step = match tag {
            Tag::Open(name, attributes) => reading.open(name, attributes, sink),
            Tag::Close(name) => {
                reading.close(name, sink);
                Ok(())
            }
        };
        step.map_err(|(field, what)| document.refuse(field, what))
    })?;
    // Marks come last: they are known only when every suite was counted.
    if !reading.begun {
        reading.head = Head { tool: "junit".to_owned(), rows: Rows::Everything, ..Head::default() };
    }
    reading.head.flags = reading.disagree.then_some("totals-disagree").into_iter().collect();
    sink.begin(reading.head);
    Ok(())
}

/// Field and what is wrong with it.
type Wrong = (&'static str, String);

/// What was met so far.
#[derive(Default)]
struct Reading {
    head: Head,
    begun: bool,
    disagree: bool,
    suites: Vec<Suite>,
    test: Option<Test>,
    /// Number of suites at each depth.
    numbers: Vec<u64>,
}

/// A suite that is open.
#[derive(Default)]
struct Suite {
    declared: [Option<u64>; 4],
    counted: Counts,
    tests: u64,
    controls: Vec<ControlId>,
    time: Option<String>,
    pointer: String,
}

/// A test that is open.
struct Test {
    row: Row,
    depth: usize,
}

impl Reading {
    fn open(&mut self, name: &str, attributes: &Attributes, sink: &mut dyn Sink) -> Result<(), Wrong> {
        if let Some(test) = &mut self.test {
            test.depth += 1;
            return test.said(name, attributes);
        }
        match name {
            "testsuites" | "testsuite" => self.suite(name, attributes, sink),
            "testcase" => self.case(attributes)?,
            "property" if attributes.text("name") == named::CONTROL => {
                let suite = self.suites.last_mut().ok_or(("", "a property outside a suite".to_owned()))?;
                if suite.tests > 0 {
                    return Err((named::CONTROL, "the property stands after the suite's tests".into()));
                }
                let controls = named::controls(attributes.text("value"));
                suite.controls = controls.map_err(|what| (named::CONTROL, what))?;
            }
            _ if self.suites.is_empty() => {
                return Err(("", "the root is neither `testsuites` nor `testsuite`".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn suite(&mut self, name: &str, attributes: &Attributes, sink: &mut dyn Sink) {
        let depth = self.suites.len();
        self.numbers.truncate(depth + 1);
        self.numbers.resize(depth + 1, 0);
        self.numbers[depth] += 1;
        let above = self.suites.last();
        let pointer = match above {
            None => format!("/{name}"),
            Some(above) => format!("{}/{name}[{}]", above.pointer, self.numbers[depth]),
        };
        let named = attributes.of("name").filter(|name| !name.trim().is_empty());
        if !self.begun && (named.is_some() || name == "testsuite") {
            self.begun = true;
            self.head = Head { rows: Rows::Everything, ..Head::default() };
            self.head.tool = tool(named.unwrap_or("junit")).to_owned();
            sink.begin(Head { rows: Rows::Everything, tool: self.head.tool.clone(), ..Head::default() });
        }
        let time = attributes.of("timestamp").map(str::to_owned);
        self.suites.push(Suite {
            declared: TOTALS.map(|total| attributes.text(total).trim().parse().ok()),
            controls: above.map(|above| above.controls.clone()).unwrap_or_default(),
            time: time.or_else(|| above?.time.clone()),
            pointer,
            ..Suite::default()
        });
    }

    fn case(&mut self, attributes: &Attributes) -> Result<(), Wrong> {
        let suite = self.suites.last_mut().ok_or(("", "a test outside a suite".to_owned()))?;
        suite.tests += 1;
        let (class, name) = (attributes.text("classname"), attributes.text("name"));
        let (name, parameters) = identity(name);
        let rule = if class.is_empty() { name.to_owned() } else { format!("{class}::{name}") };
        let location = match (attributes.of("file"), attributes.of("line")) {
            (Some(file), Some(line)) => format!("{}:{line}", named::relative(file)),
            (Some(file), None) => named::relative(file).to_owned(),
            _ => String::new(),
        };
        // GoogleTest writes a test that is switched off like one that passed, but for this word.
        let words = [attributes.text("status"), attributes.text("result")].map(str::to_ascii_lowercase);
        let idle =
            words.iter().find(|word| ["notrun", "disabled", "skipped", "suppressed"].contains(&&***word));
        let row = Row {
            controls: suite.controls.clone(),
            status: Some(if idle.is_some() { Status::NotRun } else { Status::Passed }),
            word: idle.cloned().unwrap_or_else(|| "passed".to_owned()),
            pointer: format!("{}/testcase[{}]", suite.pointer, suite.tests),
            location,
            place: rule.clone(),
            mark: parameters.to_owned(),
            rule,
            times: suite.time.iter().cloned().collect(),
            ..Row::default()
        };
        self.test = Some(Test { row, depth: 0 });
        Ok(())
    }

    fn close(&mut self, name: &str, sink: &mut dyn Sink) {
        match &mut self.test {
            Some(test) if test.depth > 0 => test.depth -= 1,
            Some(_) => {
                let Some(test) = self.test.take() else { return };
                let Some(suite) = self.suites.last_mut() else { return };
                suite.counted[0] += 1;
                match test.row.status {
                    Some(Status::Unknown) => suite.counted[2] += 1,
                    Some(Status::NotRun) => suite.counted[3] += 1,
                    Some(Status::Failed) if test.row.suppressed => suite.counted[3] += 1,
                    Some(Status::Failed) => suite.counted[1] += 1,
                    _ => {}
                }
                sink.row(test.row);
            }
            None if ["testsuite", "testsuites"].contains(&name) => self.close_suite(),
            None => {}
        }
    }

    /// Compares a suite's totals with its tests, and adds them to those of the suite above.
    fn close_suite(&mut self) {
        let Some(suite) = self.suites.pop() else { return };
        let counted = suite.counted;
        let differs =
            suite.declared.iter().zip(counted).any(|(said, counted)| said.is_some_and(|n| n != counted));
        self.disagree |= differs;
        if let Some(above) = self.suites.last_mut() {
            above.counted.iter_mut().zip(counted).for_each(|(sum, own)| *sum += own);
        }
    }
}

impl Test {
    /// What an element inside a test says of it.
    fn said(&mut self, name: &str, attributes: &Attributes) -> Result<(), Wrong> {
        let xfail = name == "skipped" && attributes.text("type") == "pytest.xfail";
        let status = match name {
            "failure" => Status::Failed,
            "error" => Status::Unknown,
            "skipped" if xfail => Status::Failed,
            "skipped" => Status::NotRun,
            // It failed first and passed when it was run again.
            "flakyFailure" | "flakyError" => Status::NeedsReview,
            "property" if attributes.text("name") == named::CONTROL => {
                let controls = named::controls(attributes.text("value"));
                self.row.controls = controls.map_err(|what| (named::CONTROL, what))?;
                return Ok(());
            }
            _ => return Ok(()),
        };
        let before = self.row.status;
        if Status::worst(before.into_iter().chain([status])) != Some(status) && before != Some(Status::Passed)
        {
            return Ok(());
        }
        self.row.status = Some(status);
        self.row.word = if xfail { "xfail".to_owned() } else { name.to_owned() };
        self.row.suppressed = xfail;
        self.row.message = attributes.text("message").lines().next().unwrap_or_default().to_owned();
        Ok(())
    }
}

/// The tool that a suite's name speaks of: `pytest tests` and `semgrep results` begin with it.
fn tool(name: &str) -> &str {
    let first = name.split_whitespace().next().unwrap_or_default();
    if TOOLS.contains(&first) { first } else { name }
}

/// A test's name without what moves, and its parameters. Checkov writes severity and rule in brackets before the title.
fn identity(name: &str) -> (&str, &str) {
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.split_once("]["));
    let rule = bracketed.and_then(|(_, rest)| rest.split_once(']')).map(|(rule, _)| rule);
    if let Some(rule) = rule.filter(|rule| rule.starts_with("CKV")) {
        return (rule, "");
    }
    match name.find('[').filter(|at| *at > 0) {
        Some(at) => (name[..at].trim_end(), &name[at..]),
        None => (name, ""),
    }
}
