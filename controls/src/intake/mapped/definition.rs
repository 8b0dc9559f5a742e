//! The mapping file.
//!
//! ```yaml
//! map: 1
//! tool: acme-scan
//! format: json
//! rows: /findings
//! lists: findings
//! fields: {rule: /check/id, message: /title, severity: /level, location: /file}
//! severity: {blocker: critical}
//! document: {version: /meta/version, time: /meta/ended, examined: /stats/files}
//! rules:
//! - {rule: 'ACME-1*', controls: [AFF-EXP-13], rationale: finds unsafe loading of models}
//! ```

use super::Cells;
use crate::control::{ControlId, Severity};
use crate::intake::fault::{Problem, RowError};
use crate::intake::report::Rows;
use crate::intake::tools::{Lists, Matching, ToolRule, ToolRules};
use crate::lint::nearest;
use crate::set::ControlSet;
use crate::status::Status;
use affiant_ledger::id::{Id, visible};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Largest mapping file, in bytes.
pub const MAPPING_SIZE_MAX: usize = 1 << 20;
/// The version of the format.
const VERSION: u64 = 1;

/// What the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shape {
    Json,
    Ndjson,
    Csv,
}

/// Where a text comes from: a place in the row, the first of several places that has one, or the mapping itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    Place(String),
    Places(Vec<String>),
    Constant { value: String },
}

impl Words {
    pub(super) fn of(&self, cells: &dyn Cells) -> Option<String> {
        match self {
            Self::Place(place) => cells.at(place),
            Self::Places(places) => places.iter().find_map(|place| cells.at(place)),
            Self::Constant { value } => Some(value.clone()),
        }
    }

    fn places(&self) -> &[String] {
        match self {
            Self::Place(place) => std::slice::from_ref(place),
            Self::Places(places) => places,
            Self::Constant { .. } => &[],
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fields {
    pub(super) rule: Option<Words>,
    pub(super) status: Option<Words>,
    pub(super) severity: Option<Words>,
    pub(super) message: Option<Words>,
    pub(super) location: Option<Words>,
    pub(super) line: Option<Words>,
    pub(super) asset: Option<Words>,
    pub(super) digest: Option<Words>,
    pub(super) time: Option<Words>,
    pub(super) fingerprint: Option<Words>,
    pub(super) suppressed: Option<Words>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) version: Option<Words>,
    pub(super) time: Option<Words>,
    pub(super) examined: Option<Words>,
    pub(super) skipped: Option<Words>,
    pub(super) errors: Option<Words>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Listed {
    Findings,
    Everything,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    map: u64,
    tool: Id,
    format: Shape,
    #[serde(default)]
    rows: String,
    lists: Listed,
    #[serde(default)]
    delimiter: Option<char>,
    #[serde(default)]
    secret: bool,
    fields: Fields,
    #[serde(default)]
    status: BTreeMap<String, Status>,
    #[serde(default)]
    severity: BTreeMap<String, Severity>,
    #[serde(default)]
    document: Document,
    #[serde(default)]
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    rule: String,
    controls: Vec<ControlId>,
    rationale: String,
    #[serde(default)]
    secret: bool,
}

/// How a tool's report is read.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(super) tool: Id,
    pub(super) format: Shape,
    /// JSON Pointer to the list of rows.
    pub(super) rows: String,
    pub(super) lists: Rows,
    pub(super) delimiter: Option<u8>,
    /// Messages quote secrets: they are never kept.
    pub(super) secret: bool,
    pub(super) fields: Fields,
    status: BTreeMap<String, Status>,
    severity: BTreeMap<String, Severity>,
    pub(super) document: Document,
    rules: Option<ToolRules>,
}

impl Mapping {
    /// Reads a mapping; its controls must be in a catalog in use.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(text: &str, controls: &ControlSet) -> Result<Self, String> {
        if text.len() > MAPPING_SIZE_MAX {
            return Err(format!("more than {MAPPING_SIZE_MAX} bytes"));
        }
        Self::new(crate::definition::yaml(text)?, controls)
    }

    #[cfg_attr(not(feature = "yaml"), expect(dead_code, reason = "only read from YAML"))]
    fn new(file: File, controls: &ControlSet) -> Result<Self, String> {
        if file.map != VERSION {
            return Err(format!("version {} of the format is not known here, {VERSION} is", file.map));
        }
        let places = |words: &Option<Words>| {
            words.iter().flat_map(|words| words.places().to_vec()).collect::<Vec<_>>()
        };
        let is_pointer = |text: &str| text.is_empty() || text.starts_with('/');
        if file.format == Shape::Csv && !(file.rows.is_empty() && file.document == Document::default()) {
            return Err("`rows` and `document` are of JSON: a CSV has its rows and nothing else".to_owned());
        }
        if file.format == Shape::Ndjson && !(file.rows.is_empty() && file.document == Document::default()) {
            return Err("`rows` and `document` are of JSON: each line of NDJSON is a row".to_owned());
        }
        let fields = &file.fields;
        let all =
            [&fields.rule, &fields.status, &fields.severity, &fields.message, &fields.location, &fields.line]
                .into_iter()
                .chain([
                    &fields.asset,
                    &fields.digest,
                    &fields.time,
                    &fields.fingerprint,
                    &fields.suppressed,
                ]);
        let wrong = all.flat_map(places).chain([file.rows.clone()]).find(|place| !is_pointer(place));
        if let Some(wrong) = wrong.filter(|_| file.format != Shape::Csv) {
            return Err(format!("`{}` is no JSON Pointer: it begins with `/`", visible(&wrong)));
        }
        let lists = match file.lists {
            Listed::Findings => Rows::Findings,
            Listed::Everything if fields.status.is_none() => {
                return Err("rows of everything judged need a `status` among the `fields`".to_owned());
            }
            Listed::Everything => Rows::Everything,
        };
        let rules: Vec<ToolRule> = file.rules.into_iter().map(RuleText::complete).collect();
        let rules = (!rules.is_empty()).then(|| ToolRules {
            id: file.tool.clone(),
            lists: Lists::Every,
            rules,
            title: file.tool.to_string(),
            // Its author says that the tool tests these controls.
            checks: controls.check_kinds(),
            drivers: vec![file.tool.to_string()],
            version: VERSION.to_string(),
            matching: Matching::Glob,
        });
        rules.iter().try_for_each(|rules| rules.known(controls))?;
        Ok(Self {
            tool: file.tool,
            format: file.format,
            rows: file.rows,
            lists,
            delimiter: file
                .delimiter
                .map(|c| u8::try_from(c).map_err(|_| "`delimiter` is one ASCII character"))
                .transpose()?,
            secret: file.secret,
            fields: file.fields,
            status: file.status,
            severity: file.severity,
            document: file.document,
            rules,
        })
    }

    /// The rules it brings along: which of the tool's rules speak about which controls.
    pub fn rules(&self) -> Option<&ToolRules> {
        self.rules.as_ref()
    }

    /// The name of the tool.
    pub fn tool(&self) -> &Id {
        &self.tool
    }

    /// The media type of a report as evidence.
    pub(in crate::intake) fn media_type(&self) -> &'static str {
        match self.format {
            Shape::Json => "application/json",
            Shape::Ndjson => "application/x-ndjson",
            Shape::Csv => "text/csv",
        }
    }

    /// The steps that lead to a row.
    pub(super) fn steps(&self) -> Vec<String> {
        let keys = self.rows.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
        keys.chain(["*".to_owned()]).collect()
    }

    /// What a word means: as the mapping says, else as everybody would; unknown where nobody does.
    pub(super) fn status_of(&self, word: &str) -> Status {
        let said = self.status.get(word).copied();
        said.or_else(|| Status::from_word(word)).unwrap_or(Status::Unknown)
    }

    pub(super) fn severity_of(&self, word: &str) -> Option<Severity> {
        let said = self.severity.get(word).copied();
        said.or_else(|| Severity::ALL.into_iter().find(|own| own.as_str().eq_ignore_ascii_case(word)))
    }

    /// Refuses a CSV that lacks a column the mapping names.
    pub(super) fn columns_there(&self, columns: &[String]) -> Result<(), RowError> {
        let f = &self.fields;
        let all = [&f.rule, &f.status, &f.severity, &f.message, &f.location, &f.line, &f.asset, &f.digest];
        for words in all.into_iter().chain([&f.time, &f.fingerprint, &f.suppressed]).flatten() {
            let places = words.places();
            if !places.is_empty() && !places.iter().any(|place| columns.contains(place)) {
                let near = nearest(&places[0], columns.iter().map(String::as_str));
                let fault = RowError::at(1, 0, Problem::Missing(visible(&places[0])));
                return Err(match near {
                    Some(near) => fault.hint(format!("the header has `{}`", visible(near))),
                    None => fault.hint("the header of the CSV has no such column"),
                });
            }
        }
        Ok(())
    }
}

impl RuleText {
    fn complete(self) -> ToolRule {
        let Self { rule, controls, rationale, secret } = self;
        ToolRule { rule, secret, controls, rationale }
    }
}
