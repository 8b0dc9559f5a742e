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
pub use oscal::{OscalSource, assessment_results, mapping_collection, poam};
#[cfg(feature = "xlsx")]
pub(crate) use sheet::shown;
pub use sheet::{REQUESTS, Sheet, SheetSource, csv, requests, sheets};
pub use table::{COLUMNS, rows};

use affiant_controls::statement::Statement;
use affiant_controls::{ControlResult, StatementError};
use affiant_ledger::digest::Digest;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;

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

/// The results among the records of a system, in their order; what is withheld or erased is left out.
pub fn results(records: &[Record]) -> Result<Vec<Entered>, StatementError> {
    let mut found = Vec::new();
    for record in records.iter().filter(|record| record.entry.kind == *"result") {
        let Some(statement) = &record.statement else { continue };
        if let Some(Statement::Result(result)) = Statement::from_bytes("result", statement)? {
            found.push(Entered {
                index: record.entry.index,
                leaf: record.leaf,
                recorded: record.entry.time,
                result: *result,
            });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
