//! The words of `affiant finding`.

use super::{Args, PossibleValuesParser, Subcommand};
use affiant_controls::finding::Standing;

#[derive(Debug, Args)]
pub(crate) struct FindingArguments {
    #[command(subcommand)]
    pub(crate) verb: FindingVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FindingVerb {
    /// List the findings of a system: those that wait first, the graver before the lighter
    List {
        /// The AI system
        system: String,
        /// Only those that stand so
        #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(Standing::ALL.map(Standing::as_str)))]
        state: Option<String>,
        /// Only those that wait and are past their day
        #[arg(long)]
        overdue: bool,
    },
    /// Show a finding
    Show {
        /// Its id
        id: String,
        /// The AI system [default: whichever has it]
        #[arg(long, value_name = "ID")]
        system: Option<String>,
    },
    /// Say that someone has looked at a finding, and what came of it
    #[command(after_help = "\
Example:
  affiant finding triage f-3b1c0e9a77d2 --owner 'Platform team' --note 'reachable from outside'

Nobody closes a finding: a later result of the same collector does, and an exception in force accepts it for its time.")]
    Triage(WorkArguments),
    /// Say who mends a finding
    #[command(after_help = "\
Example:
  affiant finding assign f-3b1c0e9a77d2 --owner 'Platform team' --due 2026-12-15 --ticket https://tracker.example.org/RISK-114")]
    Assign(WorkArguments),
    /// Open and close what results on file open and close, where a push was stopped before it did so
    Sync {
        /// The AI system
        system: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WorkArguments {
    /// Its id
    pub(crate) id: String,
    /// The AI system [default: whichever has it]
    #[arg(long, value_name = "ID")]
    pub(crate) system: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    pub(crate) owner: Option<String>,
    /// When it is to be gone
    #[arg(long, value_name = "TIME")]
    pub(crate) due: Option<String>,
    /// Where the work is tracked: a link or an id
    #[arg(long, value_name = "TEXT")]
    pub(crate) ticket: Option<String>,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}
