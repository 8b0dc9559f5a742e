//! Words of `affiant export`.

use super::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant export csv credit-scoring --output results.csv
  affiant export ocsf credit-scoring | your-data-lake
  affiant export oscal credit-scoring --framework nist-ai-rmf --output results.oscal.json
  affiant export oscal credit-scoring --output results.json --envelope results.dsse.json
  affiant export poam credit-scoring --output poam.json
  affiant export cyclonedx credit-scoring --output declarations.cdx.json

Every row names the ledger entry that proves it. Exit code 4 when there is nothing to export.")]
pub(crate) struct ExportArguments {
    /// The format: csv (a row a result), ocsf (compliance findings, one JSON a line), oscal (assessment results),
    /// poam (plan of action and milestones of OSCAL), cyclonedx (declarations)
    #[arg(value_enum)]
    pub(crate) format: ExportFormat,
    /// The system
    pub(crate) system: String,
    /// Only this framework (oscal, poam, cyclonedx); may be repeated
    #[arg(long = "framework", value_name = "ID")]
    pub(crate) frameworks: Vec<String>,
    /// Every result ever recorded, not only the latest of each control, asset and collector
    #[arg(long)]
    pub(crate) all: bool,
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Also write the issuer's signed statement over the JSON file that --output writes (in-toto in DSSE)
    #[arg(long, value_name = "FILE", requires = "output")]
    pub(crate) envelope: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Csv,
    Ocsf,
    Oscal,
    Poam,
    Cyclonedx,
}
