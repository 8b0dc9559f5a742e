//! Great Expectations, version 1: a validation result, a checkpoint result, or a checkpoint's `describe()`.
//!
//! - An expectation that could not be judged stands under `success: false` with `exception_info`, in which the exception may
//!   lie one level down, by metric: it is unknown. `describe()` drops the exceptions: its failures stay failures.
//! - An expectation over no element at all succeeds: nothing was tested.
//! - `meta` of an expectation may name controls under `affiant.control`.
//! - Never kept: `partial_unexpected_list` and all other values, tracebacks, and the arguments of expectations, which are in
//!   the fingerprint only.

use super::IntakeError;
use super::document::Document;
use super::figure::Figure;
use super::look::Look;
use super::named::{self, Metadata};
use super::report::{Head, Row, Rows, Sink};
use crate::control::Severity;
use crate::measure::Measure;
use crate::status::Status;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "great-expectations/1";

const ADVICE: &str = "a validation result of Great Expectations has `success`, `results` and `statistics`, a checkpoint's `validation_results`";

#[derive(Deserialize)]
struct Checkpoint {
    #[serde(alias = "run_results")]
    validation_results: Validations,
}

/// Validations in a list, or by their names.
#[derive(Deserialize)]
#[serde(transparent)]
struct Validations(Box<RawValue>);

#[derive(Deserialize)]
struct Validation {
    #[serde(alias = "expectations")]
    results: Vec<Outcome>,
    statistics: Statistics,
    #[serde(default)]
    suite_name: Option<String>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Statistics {
    evaluated_expectations: u64,
    successful_expectations: u64,
}

#[derive(Deserialize, Default)]
struct Meta {
    #[serde(default)]
    great_expectations_version: Option<String>,
    #[serde(default)]
    run_id: Option<RunId>,
    #[serde(default)]
    active_batch_definition: Option<Batch>,
}

#[derive(Deserialize)]
struct RunId {
    #[serde(default)]
    run_time: Option<String>,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    data_asset_name: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    success: Option<bool>,
    #[serde(default)]
    expectation_config: Option<Expectation>,
    /// In a `describe()`, the expectation stands here itself.
    #[serde(default)]
    expectation_type: Option<String>,
    #[serde(default)]
    kwargs: Option<Box<RawValue>>,
    #[serde(default)]
    result: Counts,
    #[serde(default)]
    exception_info: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Expectation {
    #[serde(alias = "expectation_type", rename = "type")]
    kind: String,
    #[serde(default)]
    kwargs: Option<Box<RawValue>>,
    #[serde(default)]
    meta: Option<Metadata>,
    #[serde(default)]
    severity: Option<String>,
}

#[derive(Deserialize, Default)]
struct Counts {
    #[serde(default)]
    element_count: Option<u64>,
    #[serde(default)]
    unexpected_count: Option<u64>,
    #[serde(default)]
    unexpected_percent: Option<Figure>,
}

#[derive(Deserialize)]
struct Column {
    #[serde(default)]
    column: Option<Value>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["success", "results", "statistics"])
        || look.has(&["success", "validation_results"])
        || look.has(&["success", "run_results"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let keys: BTreeMap<String, serde::de::IgnoredAny> = document.json(ADVICE)?;
    if keys.contains_key("results") {
        return validation(document, document.json(ADVICE)?, "", sink);
    }
    let raw = document.json::<Checkpoint>(ADVICE)?.validation_results.0;
    let raw = raw.get();
    let wrong =
        |error: serde_json::Error| document.refuse("validation_results", super::strict::message(&error));
    let name = if keys.contains_key("run_results") { "run_results" } else { "validation_results" };
    let validations: Vec<(String, Validation)> = if raw.starts_with('{') {
        serde_json::from_str::<BTreeMap<String, Validation>>(raw).map_err(wrong)?.into_iter().collect()
    } else {
        let list: Vec<Validation> = serde_json::from_str(raw).map_err(wrong)?;
        list.into_iter().enumerate().map(|(index, one)| (index.to_string(), one)).collect()
    };
    if validations.is_empty() {
        return Err(IntakeError::Empty);
    }
    for (key, one) in validations {
        validation(document, one, &format!("/{name}/{}", key.replace('~', "~0").replace('/', "~1")), sink)?;
    }
    Ok(())
}

fn validation(
    document: &Document<'_>,
    validation: Validation,
    pointer: &str,
    sink: &mut dyn Sink,
) -> Result<(), IntakeError> {
    let meta = validation.meta.unwrap_or_default();
    if let Some(version) = &meta.great_expectations_version {
        document.is_version("meta.great_expectations_version", version, &["1"])?;
    }
    let succeeded = validation.results.iter().filter(|outcome| outcome.success == Some(true)).count() as u64;
    let agrees = validation.statistics.evaluated_expectations == validation.results.len() as u64
        && validation.statistics.successful_expectations == succeeded;
    let list = if meta.great_expectations_version.is_some() { "results" } else { "expectations" };
    sink.begin(Head {
        tool: "great-expectations".to_owned(),
        version: meta.great_expectations_version,
        part: validation.suite_name.clone(),
        rows: Rows::Everything,
        times: meta.run_id.and_then(|run| run.run_time).into_iter().collect(),
        flags: (!agrees).then_some("totals-disagree").into_iter().collect(),
        ..Head::default()
    });
    let data = meta.active_batch_definition.and_then(|batch| batch.data_asset_name).unwrap_or_default();
    let suite = validation.suite_name.unwrap_or_default();
    for (index, outcome) in validation.results.into_iter().enumerate() {
        let row = outcome.row(&data, &suite);
        sink.row(Row { pointer: format!("{pointer}/{list}/{index}"), ..row });
    }
    Ok(())
}

impl Outcome {
    fn row(self, data: &str, suite: &str) -> Row {
        let (status, word) = self.judged();
        let message = match (self.result.unexpected_count, self.result.element_count) {
            _ if status == Status::Unknown => "the expectation could not be judged".to_owned(),
            (Some(unexpected), Some(all)) => format!("{unexpected} of {all} values are not as expected"),
            _ if status == Status::Failed => "not met; the report does not say how it was judged".to_owned(),
            _ => String::new(),
        };
        let (config, own) = (self.expectation_config, self.expectation_type);
        let (kind, kwargs, meta, weight) = match config {
            Some(config) => (config.kind, config.kwargs, config.meta, config.severity),
            None => (own.unwrap_or_else(|| "unnamed".to_owned()), self.kwargs, None, None),
        };
        let arguments = kwargs.as_ref().map(|kwargs| kwargs.get()).unwrap_or_default();
        let column = serde_json::from_str::<Column>(arguments).ok().and_then(|of| of.column);
        let column = column.as_ref().and_then(Value::as_str).unwrap_or_default();
        let place = [data, column].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
        let share = self.result.unexpected_percent.and_then(|figure| figure.decimal());
        let measure = share.map(|value| Measure {
            n: self.result.element_count,
            name: format!("unexpected: {kind} {column}").trim_end().to_owned(),
            unit: Some("percent".to_owned()),
            value,
            direction: None,
            threshold: None,
        });
        Row {
            status: Some(status),
            word: word.to_owned(),
            severity: weight.as_deref().and_then(severity),
            controls: meta.and_then(|meta| meta.controls).map(|named| named.0).unwrap_or_default(),
            message,
            location: place.clone(),
            place: format!("{suite}\n{place}\n{kind}"),
            mark: arguments.to_owned(),
            rule: kind,
            measures: measure.into_iter().collect(),
            ..Row::default()
        }
    }

    fn judged(&self) -> (Status, &'static str) {
        let raised =
            |info: &BTreeMap<String, Value>| info.get("raised_exception") == Some(&Value::Bool(true));
        let below = |value: &Value| value.get("raised_exception") == Some(&Value::Bool(true));
        if raised(&self.exception_info) || self.exception_info.values().any(below) {
            return (Status::Unknown, "exception");
        }
        match (self.success, self.result.element_count) {
            (Some(true), Some(0)) => (Status::NotRun, "no element"),
            (Some(true), _) => (Status::Passed, "success"),
            (Some(false), _) => (Status::Failed, "failure"),
            (None, _) => (Status::Unknown, "no outcome"),
        }
    }
}

fn severity(word: &str) -> Option<Severity> {
    match word {
        "warning" => Some(Severity::Medium),
        word => named::severity(word),
    }
}
