//! The words of `affiant sample`.

use super::Args;
use affiant_controls::sample::ITEMS_MAX;
use std::path::PathBuf;

/// A number of items, as many as a sample may have.
fn items(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| (1..=ITEMS_MAX).contains(count));
    count.ok_or_else(|| format!("give a number from 1 to {ITEMS_MAX}"))
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant sample credit-scoring --text 'Example Audit LLP, 2026-11-24, winter rain' --count 25 --status passed
  affiant sample --pack credit-scoring.affiant.zip --trust trust.keys --text 'the same words' --count 25 --status passed
  affiant sample credit-scoring --text 'the same words' --count 25 --record --by 'Example Audit LLP'

The text is the auditor's own, told when the ledger is as it is: with the root of the ledger it makes the seed, so that neither
side can choose what is drawn. The same words over the same ledger, or a pack of it, draw the same entries. Exit code 4
when there is nothing to draw from.")]
pub(crate) struct SampleArguments {
    /// The system
    #[arg(required_unless_present = "pack")]
    pub(crate) system: Option<String>,
    /// The auditor's own text, one line
    #[arg(long, value_name = "TEXT", required_unless_present = "population")]
    pub(crate) text: Option<String>,
    /// How many results to draw
    #[arg(long, value_name = "NUMBER", default_value_t = 25, value_parser = items)]
    pub(crate) count: u64,
    /// Only results of this control
    #[arg(long, value_name = "ID")]
    pub(crate) control: Option<String>,
    /// Only results on this asset
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// Only results by this collector
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// Only results with this status: passed, failed, needs-review, not-applicable, not-run, unknown
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    /// Only results observed at this time or later
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only results observed before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// From the first SIZE entries of the ledger: at the checkpoint of that size
    #[arg(long, value_name = "SIZE", conflicts_with = "pack")]
    pub(crate) at_size: Option<u64>,
    /// From a pack, verified first, and not from a ledger
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub(crate) pack: Option<PathBuf>,
    /// Keys from outside, to verify the pack with
    #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
    /// Print the list of the population, of which the digest is made
    #[arg(long, conflicts_with_all = ["record", "csv", "json"])]
    pub(crate) population: bool,
    /// Record the sample as a statement: who verifies a later pack draws it again
    #[arg(long, requires = "by")]
    pub(crate) record: bool,
    /// Who draws
    #[arg(long, value_name = "WHO")]
    pub(crate) by: Option<String>,
    /// As comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}
