//! promptfoo's JSON, version 3: tests of prompts, with the outcome of each.
//!
//! - A test that failed because an assertion threw is counted by promptfoo as a failure: here it is unknown, as is an error
//!   of the provider (`failureReason` 2).
//! - A test without assertions always succeeds: nothing was tested.
//! - The rule is the plug-in of a red-team test, else the test's description, else the kinds of its assertions.
//! - `metadata` of a test may name controls under `affiant.control`.
//! - Never kept: prompts, variables, answers and the reasons of graders, which quote them; `config` and `env`, which may hold
//!   keys.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::named::{Metadata, relative};
use super::report::{Head, Row, Rows, Sink};
use crate::status::Status;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "promptfoo/1";

/// How the reason of a grader begins that did not grade.
const GRADER_ERRORS: [&str; 10] = [
    "Custom function threw error",
    "Python code execution failed",
    "Ruby code execution failed",
    "Execution of python code failed",
    "Webhook error",
    "API error",
    "Could not extract JSON",
    "Remote grading failed",
    "No output",
    "Error:",
];

#[derive(Deserialize)]
struct Report {
    results: Results,
    #[serde(default)]
    metadata: Option<Exported>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    #[serde(default)]
    promptfoo_version: Option<String>,
}

#[derive(Deserialize)]
struct Results {
    version: u64,
    #[serde(default)]
    timestamp: Option<String>,
    results: Vec<Test>,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    successes: u64,
    failures: u64,
    errors: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    success: bool,
    #[serde(default)]
    failure_reason: u64,
    #[serde(default)]
    grading_result: Option<Grading>,
    test_case: TestCase,
    #[serde(default)]
    vars: Option<Box<RawValue>>,
    #[serde(default)]
    prompt_id: Option<String>,
    #[serde(default)]
    provider: Option<Provider>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grading {
    #[serde(default)]
    component_results: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Component {
    pass: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    assertion: Option<Assertion>,
}

#[derive(Deserialize)]
struct Assertion {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    metric: Option<String>,
}

#[derive(Deserialize)]
struct TestCase {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Provider {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    label: Option<String>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["evalId", "results", "config"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report = document
        .json("promptfoo's JSON has `evalId`, `results` and `config`: run it with -o results.json")?;
    let results = report.results;
    document.is_version("results.version", &results.version.to_string(), &["3"])?;
    sink.begin(Head {
        tool: "promptfoo".to_owned(),
        version: report.metadata.and_then(|metadata| metadata.promptfoo_version),
        rows: Rows::Everything,
        times: results.timestamp.into_iter().collect(),
        flags: (!results.stats.agree(&results.results)).then_some("totals-disagree").into_iter().collect(),
        ..Head::default()
    });
    for (index, test) in results.results.into_iter().enumerate() {
        sink.row(row(test, index));
    }
    Ok(())
}

impl Stats {
    /// Whether promptfoo's own totals are those of the tests, as promptfoo counts them.
    fn agree(&self, tests: &[Test]) -> bool {
        let count = |is: &dyn Fn(&Test) -> bool| tests.iter().filter(|test| is(test)).count() as u64;
        self.successes == count(&|test| test.success)
            && self.errors == count(&|test| !test.success && test.failure_reason == 2)
            && self.failures == count(&|test| !test.success && test.failure_reason != 2)
    }
}

fn row(test: Test, index: usize) -> Row {
    let metadata = test.test_case.metadata.unwrap_or_default();
    let components = test.grading_result.and_then(|grading| grading.component_results).unwrap_or_default();
    let (status, word) = judged(test.success, test.failure_reason, &components);
    let kinds = kinds(components.iter());
    let description = test.test_case.description.filter(|text| !text.trim().is_empty());
    let plugin = metadata.plugin.clone().filter(|plugin| !plugin.trim().is_empty());
    let rule = plugin
        .map(|plugin| format!("redteam:{plugin}"))
        .or(description)
        .unwrap_or_else(|| if kinds.is_empty() { "test without a name".to_owned() } else { kinds.clone() });
    let failed = self::kinds(components.iter().filter(|component| !component.pass));
    let provider = test.provider.and_then(|provider| provider.label.or(provider.id)).unwrap_or_default();
    let message = match status {
        Status::Failed => {
            format!("not met: {}", if failed.is_empty() { "the test as a whole" } else { &failed })
        }
        Status::Unknown => {
            format!("not judged: {}", if failed.is_empty() { "the provider" } else { &failed })
        }
        Status::NotRun => "the test has no assertion".to_owned(),
        _ => format!("met: {kinds}"),
    };
    let vars = test.vars.map(|vars| vars.get().to_owned()).unwrap_or_default();
    Row {
        severity: metadata.severity(),
        controls: metadata.controls.map(|named| named.0).unwrap_or_default(),
        status: Some(status),
        word: word.to_owned(),
        message,
        pointer: format!("/results/results/{index}"),
        location: relative(&provider).to_owned(),
        place: format!("{rule}\n{kinds}"),
        mark: format!("{}\n{vars}", test.prompt_id.unwrap_or_default()),
        rule,
        ..Row::default()
    }
}

/// What a test came to. An assertion that was judged and not met outweighs one that threw.
fn judged(success: bool, reason: u64, components: &[Component]) -> (Status, &'static str) {
    let mut failed = components.iter().filter(|component| !component.pass).peekable();
    match (success, reason) {
        (true, 0) if components.is_empty() => (Status::NotRun, "no assertion"),
        (true, 0) => (Status::Passed, "passed"),
        (false, 1) if failed.peek().is_some() && failed.all(Component::threw) => {
            (Status::Unknown, "grader error")
        }
        (false, 1) => (Status::Failed, "failed"),
        (_, 2) => (Status::Unknown, "error"),
        _ => (Status::Unknown, "contradiction"),
    }
}

impl Component {
    /// Whether the grader broke instead of judging.
    fn threw(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        GRADER_ERRORS.iter().any(|begin| reason.starts_with(begin))
    }
}

/// The kinds of some assertions, each with the metric it counts for.
fn kinds<'a>(components: impl Iterator<Item = &'a Component>) -> String {
    let assertions = components.filter_map(|component| component.assertion.as_ref());
    let named = assertions.map(|assertion| match assertion.metric.as_deref() {
        Some(metric) if !metric.is_empty() => format!("{} ({metric})", assertion.kind),
        _ => assertion.kind.clone(),
    });
    named.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}
