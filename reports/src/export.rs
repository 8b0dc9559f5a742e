//! What a system's ledger says, in the formats of others: CSV for spreadsheets, OCSF for security data lakes, OSCAL and CycloneDX
//! for GRC tools. An export is a copy for convenience, signed by nobody; every row names the ledger entry that proves it.

mod cyclonedx;
mod envelope;
mod ocsf;
mod oscal;
mod sheet;
mod table;

pub use cyclonedx::declarations;
pub use envelope::envelope;
pub use ocsf::ocsf;
pub use oscal::{assessment_results, mapping_collection, poam};
pub use sheet::{REQUESTS, Rows, Sheet, SheetSource, csv, each_sheet, requests};
pub use table::{COLUMNS, row};

use crate::pack::Withholding;
use affiant_controls::statement::Statement;
use affiant_controls::{ControlResult, StatementError};
use affiant_frameworks::assessment::Assessment;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use serde_json::Value;

/// A result with the entry that holds it.
#[derive(Debug, Clone)]
pub struct Entered {
    /// The entry's position.
    pub index: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// What was said.
    pub result: ControlResult,
}

/// What documents about a system are made of, as of a time. The same inputs make the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct ExportSource<'a> {
    /// The conclusions, one for each framework.
    pub assessments: &'a [Assessment],
    /// The results they may rest on.
    pub results: &'a [Entered],
    /// Origin of the ledger.
    pub origin: &'a str,
    /// The instant judged.
    pub as_of: Timestamp,
    /// The pack that the document is in, if it is in one.
    pub pack: Option<&'a Id>,
    /// What is kept out of it.
    pub withholding: &'a [Withholding],
}

/// The result that a record holds, if it holds one that is not withheld or erased.
pub fn entered(record: &Record) -> Result<Option<Entered>, StatementError> {
    let statement = record.statement.as_ref().filter(|_| record.entry.kind == *"result");
    let Some(statement) = statement else { return Ok(None) };
    let Some(Statement::Result(result)) = Statement::from_bytes("result", statement)? else {
        return Ok(None);
    };
    let Record { entry, leaf, .. } = record;
    Ok(Some(Entered { index: entry.index, leaf: *leaf, recorded: entry.time, result: *result }))
}

/// The results among the records of a system, in their order; what is withheld or erased is left out.
pub fn results<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Vec<Entered>, StatementError> {
    records.into_iter().filter_map(|record| entered(record).transpose()).collect()
}

/// The bytes of a JSON file: laid out for people, a line feed at its end.
pub fn json_file(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_else(|error| panic!("JSON is JSON: {error}"));
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests;
