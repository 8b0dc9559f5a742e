//! The words of `affiant status` and `affiant gate`.

use super::{Args, seconds};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant status                                      all systems
  affiant status credit-scoring --framework eu-ai-act --gaps
  affiant status credit-scoring --as-of 2026-10-01
  affiant status credit-scoring --over 2026-07-01/2026-10-01
  affiant status credit-scoring --sheet soa --csv > soa.csv
  affiant status --risk                               systems by what speaks against them
  affiant status --board --csv > board.csv

Words: satisfied means that evidence is on file for every mapped control over its whole population. It never means
that the organisation complies. Exit code 4 when nothing could be evaluated.")]
pub(crate) struct StatusArguments {
    /// The system [default: all]
    pub(crate) system: Option<String>,
    /// Only this framework, such as eu-ai-act, iso-42001, nist-ai-rmf or eu-ai-act@2024-07-12; may be repeated
    #[arg(long = "framework", value_name = "ID")]
    pub(crate) frameworks: Vec<String>,
    /// As of another instant, as known then; one ahead shows what will be stale
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// With what was recorded by this instant, whatever it speaks of
    #[arg(long, value_name = "TIME")]
    pub(crate) known_on: Option<String>,
    /// With the first SIZE entries of the ledger: at the checkpoint of that size
    #[arg(long, value_name = "SIZE")]
    pub(crate) at_size: Option<u64>,
    /// List what is missing, failed or stale
    #[arg(long)]
    pub(crate) gaps: bool,
    /// Explain one requirement, such as art-12-1 or A.6.2.8
    #[arg(long, value_name = "REQUIREMENT", requires = "system", conflicts_with_all = ["gaps", "over", "sheet"])]
    pub(crate) why: Option<String>,
    /// For how much of a period it was covered, with gaps and promised runs: FROM/TO or FROM..TO
    #[arg(long, value_name = "FROM/TO", requires = "system", conflicts_with_all = ["as_of", "gaps", "sheet"])]
    pub(crate) over: Option<String>,
    /// A working paper: soa, nist-profile, annex-iv, art-17, art-26 or annex-viii; says MISSING where nothing is on file
    #[arg(long, value_name = "SHEET", requires = "system", conflicts_with = "gaps")]
    pub(crate) sheet: Option<String>,
    /// What speaks against each system and asset, counted and weighed: a sum that ranks, no probability and no percentage
    #[arg(long, conflicts_with_all = ["gaps", "why", "over", "sheet", "board"])]
    pub(crate) risk: bool,
    /// Figures for a board: coverage, age of evidence, times to respond and to mend, what stopped holding; each with its number
    #[arg(long, conflicts_with_all = ["gaps", "why", "over", "sheet"])]
    pub(crate) board: bool,
    /// As comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Show again every so many seconds, until stopped
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", conflicts_with_all = ["as_of", "known_on", "at_size", "csv"], value_parser = seconds)]
    pub(crate) watch: Option<u64>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  affiant gate credit-scoring --profile release-gate.yaml

Example profile:
  gate: 1
  requirements:
    eu-ai-act: [art-10, art-15-3]
  at_least: partial
  controls: [AFF-EXP-11]
  failed_max: 0
  overdue_max: 0

Exit codes: 0 everything asked for holds; 1 the evidence speaks against it; 4 evidence is missing, stale or waits for a
person, or nothing was evaluated; 2 the profile, the system or an option is not known. It fails closed.")]
pub(crate) struct GateArguments {
    /// The system
    pub(crate) system: String,
    /// What must hold, in YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: PathBuf,
}
