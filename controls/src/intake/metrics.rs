//! Metrics in JSON, each with the limit it is held against; and what a script writes of Fairlearn's group metrics.
//!
//! ```text
//! {"tool": "accuracy-check", "version": "1.2", "observed_from": "2026-11-22T03:00:00Z", "observed_to": "2026-11-22T03:46:05Z",
//!  "metrics": [{"name": "accuracy", "value": 0.912, "n": 600, "direction": "at-least", "threshold": "0.9",
//!               "control": "AFF-EXP-11"}]}
//! {"overall": {"recall": 0.78}, "by_group": {"A": {"recall": 0.84}, "B": {"recall": null}}, "difference": {"recall": 0.2},
//!  "n": 600, "n_by_group": {"A": 400, "B": 200}, "versions": {"fairlearn": "0.15.0"},
//!  "limits": {"difference/recall": {"direction": "at-most", "threshold": "0.1"}}}
//! ```
//!
//! - Numbers are kept as the text they stand in. `NaN` is not JSON and is refused: write `null`, which says unknown.
//! - A value outside its limit failed. Within it, it passed only with `n`, the number of items it was computed from; without
//!   one, or without a limit, a person has to review it.
//! - Of groups: where the metric of one group is undefined, what was computed across the groups is unknown, because Fairlearn
//!   leaves the group out; and it passes only with the number of items of each group.

use super::IntakeError;
use super::document::Document;
use super::figure::Figure;
use super::look::Look;
use super::named::{Named, holds};
use super::report::{Head, Row, Rows, Sink};
use crate::measure::{Decimal, Direction, Measure};
use crate::status::Status;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "metrics/1";
/// Metrics over all groups that Fairlearn has functions of their own for.
const GAPS: [&str; 6] = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    tool: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    observed_from: Option<String>,
    #[serde(default)]
    observed_to: Option<String>,
    metrics: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    value: Figure,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    direction: Option<Direction>,
    #[serde(default)]
    threshold: Option<Figure>,
    #[serde(default)]
    control: Option<Named>,
}

type Figures = BTreeMap<String, Figure>;

#[derive(Deserialize)]
struct Groups {
    versions: BTreeMap<String, String>,
    #[serde(default)]
    observed_to: Option<String>,
    #[serde(default)]
    overall: Figures,
    #[serde(default)]
    by_group: BTreeMap<String, Figures>,
    #[serde(default)]
    difference: Figures,
    #[serde(default)]
    ratio: Figures,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    n_by_group: BTreeMap<String, u64>,
    #[serde(default)]
    limits: BTreeMap<String, Limit>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Limit {
    direction: Direction,
    threshold: Figure,
    #[serde(default)]
    control: Option<Named>,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["tool", "metrics"]) || look.has(&["versions", "difference"]) && look.mentions("\"fairlearn\"")
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let keys: BTreeMap<String, serde::de::IgnoredAny> =
        document.json("metrics have `tool` and `metrics`, or Fairlearn's `versions` and `difference`")?;
    if keys.contains_key("metrics") { listed(document, sink) } else { grouped(document, sink) }
}

fn listed(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Report =
        document.json("a metric has `name`, `value`, `n`, `direction`, `threshold`, `unit` and `control`")?;
    sink.begin(Head {
        tool: report.tool,
        version: report.version,
        rows: Rows::Everything,
        times: report.observed_from.into_iter().chain(report.observed_to).collect(),
        ..Head::default()
    });
    for (index, metric) in report.metrics.into_iter().enumerate() {
        let limit = match (metric.direction, metric.threshold) {
            (Some(direction), Some(threshold)) => Some((direction, number(document, &threshold)?)),
            (None, None) => None,
            _ => {
                let field = format!("metrics[{index}]");
                return Err(
                    document.refuse(&field, "`direction` and `threshold` stand together or not at all")
                );
            }
        };
        let value =
            Valued { name: metric.name, value: metric.value.decimal(), n: metric.n, limit, certain: true };
        let row = value.row(metric.unit);
        let controls = metric.control.map(|named| named.0).unwrap_or_default();
        sink.row(Row { controls, pointer: format!("/metrics/{index}"), ..row });
    }
    Ok(())
}

fn grouped(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let advice =
        "Fairlearn's metrics have `versions`, `overall`, `by_group`, `difference`, `ratio`, `n` and `limits`";
    let report: Groups = document.json(advice)?;
    let version = report.versions.get("fairlearn");
    let version = version.ok_or_else(|| document.refuse("versions", "no version of fairlearn"))?;
    document.is_version("versions.fairlearn", version, &["0"])?;
    sink.begin(Head {
        tool: "fairlearn".to_owned(),
        version: Some(version.clone()),
        rows: Rows::Everything,
        times: report.observed_to.iter().cloned().collect(),
        ..Head::default()
    });
    let counted = !report.n_by_group.is_empty()
        && report.n_by_group.values().all(|n| *n > 0)
        && report.by_group.keys().all(|group| report.n_by_group.contains_key(group));
    let undefined = |metric: &str| {
        report.by_group.values().any(|of| of.get(metric).is_none_or(|value| value.decimal().is_none()))
    };
    let gaps: Figures = match document.json::<BTreeMap<String, Box<serde_json::value::RawValue>>>(advice) {
        Ok(all) => {
            GAPS.iter().filter_map(|name| Some(((*name).to_owned(), Figure::of(all.get(*name)?)))).collect()
        }
        Err(_) => Figures::new(),
    };
    let any = report.by_group.values().flatten().any(|(_, value)| value.decimal().is_none());
    let lists = [
        ("/overall", "overall/", &report.overall),
        ("/difference", "difference/", &report.difference),
        ("/ratio", "ratio/", &report.ratio),
        ("", "", &gaps),
    ];
    for (pointer, prefix, figures) in lists {
        for (metric, figure) in figures {
            let name = format!("{prefix}{metric}");
            let limit = report.limits.get(&name);
            let broken = match prefix {
                "overall/" => false,
                "" => any,
                _ => undefined(metric),
            };
            let value = Valued {
                value: figure.decimal().filter(|_| !broken),
                n: report.n,
                limit: match limit {
                    Some(limit) => Some((limit.direction, number(document, &limit.threshold)?)),
                    None => None,
                },
                certain: counted || prefix == "overall/",
                name,
            };
            // What nobody set a limit for is beside the point where limits are set.
            let row = value.row(None);
            let status = row.status.filter(|status| {
                *status != Status::NeedsReview || limit.is_some() || report.limits.is_empty()
            });
            let controls =
                limit.and_then(|limit| limit.control.clone()).map(|named| named.0).unwrap_or_default();
            sink.row(Row { controls, status, pointer: format!("{pointer}/{metric}"), ..row });
        }
    }
    Ok(())
}

fn number(document: &Document<'_>, figure: &Figure) -> Result<Decimal, IntakeError> {
    figure.decimal().ok_or_else(|| document.refuse("threshold", "a limit is a number, such as \"0.25\""))
}

/// A metric as it was read.
struct Valued {
    name: String,
    value: Option<Decimal>,
    n: Option<u64>,
    limit: Option<(Direction, Decimal)>,
    /// Whether the number of items behind it is told in full.
    certain: bool,
}

impl Valued {
    fn row(self, unit: Option<String>) -> Row {
        let (status, word) = match (&self.value, &self.limit, self.n) {
            (None, ..) => (Status::Unknown, "undefined"),
            (Some(_), None, _) => (Status::NeedsReview, "no limit"),
            (Some(value), Some((direction, limit)), _) if !holds(value, *direction, limit) => {
                (Status::Failed, "outside the limit")
            }
            (Some(_), Some(_), Some(0)) => (Status::NotRun, "computed from nothing"),
            (Some(_), Some(_), Some(_)) if self.certain => (Status::Passed, "within the limit"),
            (Some(_), Some(_), _) => (Status::NeedsReview, "computed from an unknown number of items"),
        };
        let shown = self.value.as_ref().map_or("undefined", Decimal::as_str);
        let held = match &self.limit {
            Some((Direction::AtLeast, limit)) => format!(", should be {limit} or more"),
            Some((Direction::AtMost, limit)) => format!(", should be {limit} or less"),
            None => String::new(),
        };
        let over = self.n.map(|n| format!(" over {n} items")).unwrap_or_default();
        let message = format!("{} is {shown}{over}{held}", self.name);
        let (direction, threshold) = self.limit.unzip();
        let (n, name) = (self.n, self.name.clone());
        let measure = self.value.map(|value| Measure { n, name, unit, value, direction, threshold });
        Row {
            status: Some(status),
            word: word.to_owned(),
            message,
            place: self.name.clone(),
            rule: self.name,
            measures: measure.into_iter().collect(),
            ..Row::default()
        }
    }
}
