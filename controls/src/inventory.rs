//! An inventory snapshot: what is really there, as some tool or person found it, held against the register
//! (docs/spec/inventory.md).
//!
//! ```text
//! id,kind,version,digest
//! scoring-model,model,4.2,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//! ```
//!
//! A snapshot is a CSV table, a JSON list of objects with the same fields, or a [bill of materials](crate::bom). What a
//! snapshot does not say of an asset is not compared; an empty one shows nothing.

mod csv;

use crate::asset::Asset;
use crate::bom::{self, BomError};
use crate::control::{Control, ControlId};
use crate::definition::ASSETS_MAX;
use crate::intake::fault::{Problem, RowError};
use crate::intake::strict;
use crate::result::{Check, Collector, ControlResult, Method, Population};
use crate::status::Status;
use crate::text::{NAME_LENGTH_MAX, TextError, check_line};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::time::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Largest snapshot, in bytes.
pub const SNAPSHOT_SIZE_MAX: usize = bom::BOM_SIZE_MAX;
/// Most differences that a result lists one by one; its population counts them all.
pub const LISTED_MAX: usize = 1_000;
/// The collector's name of a result, and the tool in the names of its rules.
pub const COLLECTOR: &str = "reconcile";

/// What was found to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How it is written: `CSV`, `JSON`, `CycloneDX 1.6`.
    pub format: String,
    /// Its rows, in the order of the file.
    pub rows: Vec<Row>,
}

/// One thing that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id; whatever the tool calls it, so not always one that could be registered.
    pub id: String,
    /// Its kind.
    pub kind: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// SHA-256 of its bytes.
    pub digest: Option<Digest>,
    /// Where it stands: `line 12`, or a JSON Pointer.
    pub place: String,
}

/// Why bytes are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// Too many bytes.
    #[error("{size} bytes, the limit is {SNAPSHOT_SIZE_MAX}")]
    Size {
        /// Bytes received.
        size: usize,
    },
    /// Not JSON, or not of the shape.
    #[error(transparent)]
    Json(#[from] RowError),
    /// An object that is no bill of materials.
    #[error(transparent)]
    Bom(#[from] BomError),
    /// Not CSV, or another table.
    #[error("line {line}: {problem}")]
    Csv {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A value that is none.
    #[error("{place}: `{field}` {problem}: `{value}`")]
    Value {
        /// Where.
        place: String,
        /// Which column.
        field: &'static str,
        /// What is wrong.
        problem: String,
        /// The value, made visible.
        value: String,
    },
    /// One id twice.
    #[error("{place}: `{id}` stands twice")]
    Twice {
        /// Where it stands again.
        place: String,
        /// The id.
        id: String,
    },
    /// More rows than allowed.
    #[error("more than {ASSETS_MAX} rows")]
    Rows,
}

/// A row as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Text {
    id: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    digest: Option<String>,
}

/// Reads a snapshot.
pub fn read(bytes: &[u8]) -> Result<Snapshot, InventoryError> {
    let size = bytes.len();
    if size > SNAPSHOT_SIZE_MAX {
        return Err(InventoryError::Size { size });
    }
    let (text, _) = strict::decoded(bytes)?;
    match text.trim_ascii_start().first() {
        Some(b'{') => from_bom(text),
        Some(b'[') => {
            strict::check(text)?;
            let rows: Vec<Text> = serde_json::from_slice(text).map_err(|error| {
                let problem = Problem::Value(strict::message(&error));
                RowError::at(error.line() as u64, error.column() as u64, problem)
            })?;
            let rows = rows.into_iter().enumerate();
            snapshot("JSON", rows.map(|(number, row)| (format!("/{number}"), row)))
        }
        _ => snapshot("CSV", csv::rows(text)?),
    }
}

fn from_bom(text: &[u8]) -> Result<Snapshot, InventoryError> {
    let bom = bom::read(text)?;
    let rows = bom.components.into_iter().map(|component| Row {
        id: component.id.to_string(),
        kind: Some(component.kind.to_owned()),
        version: component.version,
        digest: component.digest,
        place: component.place,
    });
    Ok(Snapshot { format: bom.format, rows: rows.collect() })
}

fn snapshot(
    format: &str,
    texts: impl IntoIterator<Item = (String, Text)>,
) -> Result<Snapshot, InventoryError> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for (place, text) in texts {
        let row = row(place, text)?;
        if !seen.insert(row.id.clone()) {
            return Err(InventoryError::Twice { place: row.place, id: visible(&row.id) });
        }
        if rows.len() == ASSETS_MAX {
            return Err(InventoryError::Rows);
        }
        rows.push(row);
    }
    Ok(Snapshot { format: format.to_owned(), rows })
}

fn row(place: String, text: Text) -> Result<Row, InventoryError> {
    let wrong = |field, problem: String, value: &str| InventoryError::Value {
        place: place.clone(),
        field,
        problem,
        value: visible(value),
    };
    let line = |field, value: String| {
        let checked = check_line(&value, NAME_LENGTH_MAX);
        checked.map_err(|problem: TextError| wrong(field, problem.to_string(), &value))?;
        Ok::<_, InventoryError>(value)
    };
    // An empty cell says nothing.
    let said = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
    let id = line("id", text.id)?;
    let kind = said(text.kind).map(|value| line("kind", value)).transpose()?;
    let version = said(text.version).map(|value| line("version", value)).transpose()?;
    let digest = said(text.digest).map(|value| {
        let hex = value.trim().to_ascii_lowercase();
        let hex = hex.strip_prefix("sha256:").unwrap_or(&hex);
        hex.parse::<Digest>().map_err(|error| wrong("digest", format!("is no SHA-256 ({error})"), &value))
    });
    Ok(Row { id, kind, version, digest: digest.transpose()?, place })
}

/// How an asset stands in register and snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Registered and in use, but not there.
    Missing,
    /// There, but not registered.
    Unknown,
    /// There, with another version, digest or kind than registered.
    Different,
    /// Registered as retired, and there.
    Retired,
}

impl Sort {
    /// The word in answers and in the rule of a check.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Different => "different",
            Self::Retired => "retired-but-present",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One way in which register and snapshot differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub sort: Sort,
    /// The asset.
    pub id: String,
    /// In a sentence.
    pub message: String,
    /// Where in the snapshot; `register` where it does not stand there.
    pub place: String,
}

/// The register held against a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Assets that stand in either, retired ones aside that are gone.
    pub size: u64,
    /// Rows of the snapshot.
    pub present: u64,
    /// Assets that agree.
    pub agree: u64,
    /// The differences, by sort and id.
    pub differences: Vec<Difference>,
}

/// Compares a snapshot with the assets registered.
pub fn compare<'a>(snapshot: &Snapshot, assets: impl IntoIterator<Item = &'a Asset>) -> Comparison {
    let registered: BTreeMap<&str, &Asset> =
        assets.into_iter().map(|asset| (asset.id.as_str(), asset)).collect();
    let present: BTreeSet<&str> = snapshot.rows.iter().map(|row| row.id.as_str()).collect();
    let mut differences: Vec<Difference> =
        snapshot.rows.iter().filter_map(|row| judge(row, registered.get(row.id.as_str()).copied())).collect();
    let gone = registered.values().filter(|asset| !asset.retired && !present.contains(asset.id.as_str()));
    let missing: Vec<Difference> = gone.map(|asset| missing(asset)).collect();
    let size = (snapshot.rows.len() + missing.len()) as u64;
    differences.extend(missing);
    differences.sort_by(|a, b| (a.sort, &a.id).cmp(&(b.sort, &b.id)));
    let agree = size - differences.len() as u64;
    Comparison { size, present: snapshot.rows.len() as u64, agree, differences }
}

fn judge(row: &Row, asset: Option<&Asset>) -> Option<Difference> {
    let difference =
        |sort, message| Some(Difference { sort, id: row.id.clone(), message, place: row.place.clone() });
    let name = visible(&row.id);
    let Some(asset) = asset else {
        let kind = row.kind.as_deref().map_or(String::new(), |kind| format!(" ({})", visible(kind)));
        return difference(Sort::Unknown, format!("{name}{kind} is there and not registered"));
    };
    if asset.retired {
        return difference(Sort::Retired, format!("{name} is registered as retired and there"));
    }
    let digest = |digest: &Option<Digest>| digest.map(|digest| digest.to_string());
    let fields = [
        ("kind", row.kind.clone(), Some(asset.kind.clone())),
        ("version", row.version.clone(), asset.version.clone()),
        ("digest", digest(&row.digest), digest(&asset.digest)),
    ];
    let differing: Vec<String> = fields
        .into_iter()
        .filter(|(_, there, registered)| there.is_some() && there != registered)
        .map(|(field, there, registered)| {
            let shown = |value: Option<String>| value.map_or("none".to_owned(), |value| visible(&value));
            format!("{field} {} there, {} registered", shown(there), shown(registered))
        })
        .collect();
    if differing.is_empty() {
        return None;
    }
    difference(Sort::Different, format!("{name}: {}", differing.join("; ")))
}

fn missing(asset: &Asset) -> Difference {
    Difference {
        sort: Sort::Missing,
        id: asset.id.to_string(),
        message: format!("{} ({}) is registered and not there", asset.id, visible(&asset.kind)),
        place: "register".to_owned(),
    }
}

impl Comparison {
    /// How many differences there are of a sort.
    pub fn count(&self, sort: Sort) -> usize {
        self.differences.iter().filter(|it| it.sort == sort).count()
    }

    /// In a sentence: what was compared, and how it came out.
    pub fn summary(&self) -> String {
        let counts = [Sort::Missing, Sort::Unknown, Sort::Different, Sort::Retired]
            .map(|sort| format!("{} {sort}", self.count(sort)));
        match self.present {
            0 => "the inventory is empty: nothing was compared".to_owned(),
            _ => format!("{} of {} assets agree: {}", self.agree, self.size, counts.join(", ")),
        }
    }

    /// The outcome as a result of a control, not yet admitted: an empty snapshot tested nothing, which is no pass.
    pub fn result(&self, control: ControlId, system: Id, at: Timestamp) -> ControlResult {
        let status =
            if self.differences.is_empty() || self.present == 0 { Status::Passed } else { Status::Failed };
        let compared = self.present > 0;
        let listed = if compared { &self.differences[..] } else { &[] };
        let more = listed.len().saturating_sub(LISTED_MAX);
        ControlResult {
            method: Method::Examine,
            checks: listed.iter().take(LISTED_MAX).map(Difference::check).collect(),
            details: (more > 0).then(|| format!("{more} more differences are not listed")),
            population: Some(Population {
                size: self.size,
                tested: if compared { self.size } else { 0 },
                failed: listed.len() as u64,
                definition: "assets in the register or the inventory".to_owned(),
            }),
            ..ControlResult::new(control, system, status, at, Collector::new(COLLECTOR), self.summary())
        }
    }

    /// What the comparison says of single assets, as results of a control that are not yet admitted. Where a result without
    /// an asset speaks for the system or the organisation, each asset in use to which the control applies is told of by
    /// itself: passed where it was found as registered. Of an empty snapshot, and of a control whose results without an asset
    /// speak for all assets, there are none.
    pub fn results_on<'a>(
        &self,
        assets: impl IntoIterator<Item = &'a Asset>,
        control: &Control,
        system: &Id,
        at: Timestamp,
    ) -> Vec<ControlResult> {
        let of_whole = control.applies_to("ai-system") || control.applies_to("organisation");
        if self.present == 0 || !of_whole {
            return Vec::new();
        }
        let differing: BTreeMap<&str, &Difference> =
            self.differences.iter().map(|it| (it.id.as_str(), it)).collect();
        let result = |asset: &Asset| {
            let difference = differing.get(asset.id.as_str());
            let (status, summary) = match difference {
                Some(it) => (Status::Failed, it.message.clone()),
                None => (Status::Passed, format!("{} is there as registered", asset.id)),
            };
            let (control, system) = (control.id.clone(), system.clone());
            ControlResult {
                asset: Some(asset.id.clone()),
                method: Method::Examine,
                checks: difference.into_iter().map(|it| it.check()).collect(),
                ..ControlResult::new(control, system, status, at, Collector::new(COLLECTOR), summary)
            }
        };
        let in_use = assets.into_iter().filter(|asset| !asset.retired && control.applies_to(&asset.kind));
        in_use.map(result).collect()
    }
}

impl Difference {
    fn check(&self) -> Check {
        Check {
            rule: format!("{COLLECTOR}:{}", self.sort),
            status: Status::Failed,
            message: self.message.clone(),
            pointer: self.place.clone(),
            location: None,
            severity: None,
            withheld: None,
            suppressed: false,
            fingerprint: None,
        }
    }
}

#[cfg(test)]
mod tests;
