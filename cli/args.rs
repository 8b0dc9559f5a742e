//! The words of the command line.

mod catalog;
mod export;
mod finding;
mod key;
mod log;
#[cfg(feature = "notify")]
mod notify;
mod pack;
mod people;
mod posture;
mod push;
mod register;
#[cfg(feature = "client")]
mod remote;
mod sample;
#[cfg(feature = "serve")]
mod serve;
mod status;

pub(crate) use catalog::{CatalogArguments, CatalogVerb};
pub(crate) use export::{ExportArguments, ExportFormat};
pub(crate) use finding::{FindingArguments, FindingVerb, WorkArguments};
pub(crate) use key::{
    EnrolArguments, GrantArguments, KeyArguments, KeyVerb, NewKey, RevokeArguments, RotateArguments,
};
pub(crate) use log::{LogArguments, LogVerb, PublishArguments};
#[cfg(feature = "notify")]
pub(crate) use notify::NotifyArguments;
pub(crate) use pack::{
    AssertArguments, BuildArguments, CountersignArguments, PackArguments, PackVerb, SealArguments,
};
pub(crate) use people::{
    PolicyArguments, PolicySetArguments, PolicyVerb, RequestAddArguments, RequestArguments, RequestVerb,
    SignOffArguments,
};
pub(crate) use posture::{
    AttestArguments, DecisionArguments, EventArguments, ExceptArguments, ExceptVerb, ExceptionArguments,
    IncidentArguments, IncidentVerb, PlanAddArguments, PlanArguments, PlanVerb,
};
pub(crate) use push::{PushArguments, RunArguments, Submission};
pub(crate) use register::{
    AssetArguments, BomArguments, ReconcileArguments, RegisterArguments, RegisterVerb, SystemArguments,
};
#[cfg(feature = "client")]
pub(crate) use remote::Remote;
pub(crate) use sample::SampleArguments;
#[cfg(feature = "serve")]
pub(crate) use serve::{NewTokenArguments, ServeArguments, TokenArguments, TokenVerb};
pub(crate) use status::{GateArguments, StatusArguments};

#[cfg(feature = "notify")]
use clap::ArgGroup;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tamper-evident evidence ledger for AI systems.
///
/// Push control results into it, see where each AI system stands against the EU AI Act, ISO/IEC 42001 and the NIST AI
/// RMF, and issue signed audit packs that anyone can verify offline.
#[derive(Debug, Parser)]
#[command(name = "affiant", version, after_help = AFTER, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Arguments {
    /// The words this process was started with; ends it with usage when they are not understood.
    pub(crate) fn of_this_process() -> Self {
        Self::parse()
    }

    /// Words given one by one, without the program's name.
    pub(crate) fn of_words(words: &[String]) -> Result<Self, String> {
        let words = std::iter::once("affiant").chain(words.iter().map(String::as_str));
        Self::try_parse_from(words).map_err(|error| error.to_string())
    }
}

/// A number of seconds, at least one and at most a day.
fn seconds(text: &str) -> Result<u64, String> {
    let seconds = text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
    seconds.ok_or_else(|| "give seconds, from 1 to 86400".to_owned())
}

const AFTER: &str = "\
First steps:
  affiant demo                               play a whole story in ./demo and look at what it leaves
  affiant init evidence && cd evidence       make a ledger
  affiant register system credit-scoring --name 'Credit scoring' --role provider --risk-class high-risk
  affiant push bandit.sarif --system credit-scoring
  affiant status credit-scoring
  affiant pack build credit-scoring
  affiant verify credit-scoring.affiant.zip --trust trust.keys

Exit codes: 0 yes or done, 1 no, 2 usage or refused input, 3 integrity or signature failure, 4 undetermined, 5 I/O.";

/// Said by every verb.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The ledger's folder [default: the nearest one with an affiant.toml, upward from here]
    #[arg(long, global = true, env = "AFFIANT_LEDGER", value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but the answer
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Seconds to wait for another writer
    #[arg(long, global = true, default_value_t = 10, value_name = "SECONDS", env = "AFFIANT_WAIT")]
    pub(crate) wait: u64,
    /// File with the passphrase of encrypted private keys; or AFFIANT_PASSPHRASE, or asked for on a terminal
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a ledger with its keys
    Init(InitArguments),
    /// The keys of the log, the issuer and collectors; the trust file that auditors hold
    Key(KeyArguments),
    /// Register an AI system or one of its assets
    Register(RegisterArguments),
    /// What the frameworks ask, the controls that answer it, and catalogs of your own
    Catalog(CatalogArguments),
    /// Push control results: flags, JSON, NDJSON, or the report of a tool
    Push(Box<PushArguments>),
    /// Run a tool, and push its report with what was run: command, version, digests, times, exit code
    Run(Box<RunArguments>),
    /// State with a document that a requirement is met or a control holds
    Attest(AttestArguments),
    /// Exceptions: gaps accepted for a time
    Except(ExceptArguments),
    /// Policies: how many people an exception needs
    Policy(PolicyArguments),
    /// Plans: runs promised beforehand, and what became of them
    Plan(PlanArguments),
    /// Requests: evidence asked for by a day, and what became of it
    Request(RequestArguments),
    /// Findings: failures to be dealt with, opened and closed by results
    Finding(FindingArguments),
    /// Incidents: what was done about them and how fast, the clocks that run from them, the tests added
    Incident(IncidentArguments),
    /// Show where systems stand, and what is missing
    Status(Box<StatusArguments>),
    /// Open or shut a gate by a profile: exits 0 only when everything asked for holds
    Gate(GateArguments),
    /// Issue audit packs
    Pack(PackArguments),
    /// Draw results for examination so that neither side can choose them, from a ledger or a pack
    Sample(Box<SampleArguments>),
    /// Results and conclusions in the formats of others: CSV, OCSF, OSCAL
    Export(ExportArguments),
    /// Tell a webhook, a syslog server or a file what changed
    #[cfg(feature = "notify")]
    Notify(NotifyArguments),
    /// Serve the ledger over HTTP: pushes, status, packs, the public log
    #[cfg(feature = "serve")]
    Serve(ServeArguments),
    /// Tokens: who may ask the service
    #[cfg(feature = "serve")]
    Token(TokenArguments),
    /// Verify a pack or a receipt, offline
    Verify(VerifyArguments),
    /// Look at the ledger itself: entries, proofs, fsck
    Log(LogArguments),
    /// Play the whole story on real tool outputs
    Demo(DemoArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  affiant init evidence --origin evidence.example.org/ai

The origin names the log for ever: checkpoints, receipts and packs carry it. Use a name you control.")]
pub(crate) struct InitArguments {
    /// Folder of the new ledger
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Name of the log, such as evidence.example.org/ai [default: affiant.local/ID]
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// Id of the ledger [default: made up]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// File that remembers the last released checkpoint, best on another volume [default: in your state folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) head: Option<PathBuf>,
    /// Encrypt the private keys of log and issuer with a passphrase
    #[arg(long)]
    pub(crate) encrypt: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant verify credit-scoring.affiant.zip --trust trust.keys
  affiant verify credit-scoring.affiant.zip --trust trust.keys --receipts kept-by-ci
  affiant verify credit-scoring.affiant.zip --trust trust.keys --transcript working-paper.txt
  affiant verify receipt-12.tlog-proof --trust trust.keys
  affiant verify last-year.checkpoint --against this-year.checkpoint --trust trust.keys

Exit codes: 0 verified; 1 intact, but the conclusions do not follow from the evidence; 3 altered, incomplete or signed
by another key; 4 nothing wrong found, but no trust anchor was given, or payloads that bear on the conclusions are
withheld.")]
pub(crate) struct VerifyArguments {
    /// The pack, receipt or signed checkpoint
    pub(crate) file: PathBuf,
    /// Another signed checkpoint of the same log (or a receipt, or what `log checkpoint --since` printed): are they of one
    /// history?
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// Folder of receipts that pipelines kept (*.tlog-proof): is every one of this stream in the pack?
    #[arg(long, value_name = "DIR", conflicts_with = "against")]
    pub(crate) receipts: Option<PathBuf>,
    /// Keys from outside, as the organisation gave them to you
    #[arg(long, value_name = "FILE", env = "AFFIANT_TRUST")]
    pub(crate) trust: Option<PathBuf>,
    /// Write what was checked, with what and how it came out, as a text for working papers
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    pub(crate) transcript: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder to play in
    #[arg(default_value = "demo")]
    pub(crate) dir: PathBuf,
}
