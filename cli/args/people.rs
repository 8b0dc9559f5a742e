//! The words of `affiant request` and `affiant policy`.

use super::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    #[command(subcommand)]
    pub(crate) verb: RequestVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RequestVerb {
    /// Ask someone for evidence by a day
    #[command(after_help = "\
Examples:
  affiant request add AFF-EXP-11 --system credit-scoring --asset scoring-model --owner 'Data team' --due 2026-12-15 \\
      --by 'Internal audit' --text 'the validation report of version 4.2'
  affiant request add art-9-10 --system credit-scoring --owner Legal --due 2026-12-15 --by 'Internal audit' --text 'the memo'

A request is answered by what comes in after it: a result of the control, an attestation of the requirement.")]
    Add(RequestAddArguments),
    /// Ask for what a list asks for, all of it or nothing: CSV with a header
    #[command(after_help = "\
Example:
  affiant request import auditor.csv --system credit-scoring

Columns: owner, due, asked_by, text, and control or requirement; asset and request (its id) may be there. The columns that
`data/requests.csv` of a pack adds are passed over, so an auditor's list goes out and comes back in one form. A request that is
on file as it is stays as it is.")]
    Import {
        /// The list, `-` for stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
    },
    /// Take a request back
    Withdraw {
        /// Id of the request
        id: String,
        /// The AI system
        #[arg(long, value_name = "ID")]
        system: String,
    },
    /// Say something about what is on file: an auditor's or officer's remark, which changes no conclusion
    #[command(after_help = "\
Examples:
  affiant request sign-off --system credit-scoring --about entry:12 --by 'Example Audit LLP' --outcome accepted \\
      --note 'seen, with the run behind it'
  affiant request sign-off --system credit-scoring --about requirement:eu-ai-act/art-9-1 --by 'Example Audit LLP' \\
      --outcome questioned --note 'who approved the risk criteria?'

It is about one thing: entry:INDEX, request:ID, sample:ID, finding:ID, pack:ID or requirement:FRAMEWORK/ID. The report of a
pack lists it.")]
    SignOff(SignOffArguments),
    /// List the requests of a system: overdue, open, answered, withdrawn
    List {
        /// The AI system
        system: String,
        /// As CSV, as in a pack
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RequestAddArguments {
    /// Id of a control, or id or citation of a requirement without a control
    pub(crate) target: String,
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// Who is asked
    #[arg(long, value_name = "WHO")]
    pub(crate) owner: String,
    /// When the evidence is due
    #[arg(long, value_name = "TIME")]
    pub(crate) due: String,
    /// Who asks
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// What is asked for, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: String,
    /// For a control: the asset
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// Its id; one that is there is replaced [default: made of its content]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SignOffArguments {
    /// The AI system
    #[arg(long, value_name = "ID")]
    pub(crate) system: String,
    /// What it is about, such as entry:12
    #[arg(long, value_name = "WHAT")]
    pub(crate) about: String,
    /// Who says it
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// In which role: auditor, officer
    #[arg(long, value_name = "ROLE", default_value = "auditor")]
    pub(crate) role: String,
    /// What it comes to: noted, accepted, questioned
    #[arg(long, value_name = "OUTCOME", default_value = "noted")]
    pub(crate) outcome: String,
    /// What is said
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    /// Its id; one that is there is replaced [default: made of its content]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(subcommand)]
    pub(crate) verb: PolicyVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// Ask for more than one person where a gap is accepted
    #[command(after_help = "\
Example:
  affiant policy set --exception-approvals 2 --from-severity high --by Board

From then on an exception from a control of that severity or above waives nothing until so many different people have
approved it: who grants it, and others with `affiant except approve`. With 1 the policy is taken back.")]
    Set(PolicySetArguments),
    /// The policies of a system, and since when
    Show {
        /// The AI system
        system: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PolicySetArguments {
    /// How many people an exception needs, the one who grants it included
    #[arg(long, value_name = "NUMBER")]
    pub(crate) exception_approvals: u64,
    /// For controls of this severity and above: info, low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub(crate) from_severity: String,
    /// Who decided
    #[arg(long, value_name = "WHO")]
    pub(crate) by: String,
    /// The AI system [default: every one, and those that will be registered]
    #[arg(long, value_name = "ID")]
    pub(crate) system: Option<String>,
}
