//! Words of `affiant push` and `affiant run`.

use super::{Args, PossibleValuesParser};
use affiant_controls::intake::Format;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant push results.ndjson --system credit-scoring
  bandit -r app -f sarif | affiant push - --format sarif --system credit-scoring --asset scoring-code
  affiant push --system credit-scoring --control AFF-GOV-04 --status passed \\
      --summary 'risk assessment 2026-11 approved' --observed 2026-11-20 --id ra-2026-11
  affiant push bandit.json --system credit-scoring --to https://evidence.example.org --token-file ci.token --spool spool

The format is found out; `push FILE --explain` shows what each row would come to.
Test reports whose names are your own are tied to controls with --control, or rule by rule with --rules.

Findings-only formats such as SARIF cannot show a pass. Say what was run, and controls without a finding pass:
  affiant push bandit.sarif --system credit-scoring --examined 42

A batch is all or nothing; with --partial good rows are taken and bad ones reported. The same id pushed again returns
the first receipt; the same id with other content is refused.

With --to the service records, and receipts are verified before this says done: that each entry is in a log whose key is in
--trust, or is the one of the first push. What an entry says stands behind a salt that the service keeps: that it is what was
sent is its word. The exit code is 5 when something was not recorded: with --spool it is kept there, and the next push delivers
it; without, push the same again with the --key that is named.")]
pub(crate) struct PushArguments {
    /// File with results or a tool's report; `-` is stdin; none with --status
    #[cfg_attr(feature = "client", arg(required_unless_present_any = ["status", "flush"]))]
    #[cfg_attr(not(feature = "client"), arg(required_unless_present = "status"))]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) submission: Submission,
    /// A single result: passed, failed, needs-review, not-applicable, not-run
    #[arg(long, value_name = "STATUS", conflicts_with_all = ["file", "rules", "expected", "explain"], requires_all = ["controls", "system"])]
    pub(crate) status: Option<String>,
    /// A single result: what was found, in a sentence
    #[arg(long, value_name = "TEXT", requires = "status")]
    pub(crate) summary: Option<String>,
    /// A single result: its idempotency id
    #[arg(long, value_name = "ID", requires = "status")]
    pub(crate) id: Option<String>,
    #[cfg(feature = "client")]
    #[command(flatten)]
    pub(crate) remote: super::Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  affiant run --system credit-scoring --asset scoring-code --target app -- bandit -r app -f json -q
  affiant run --system support-bot --asset bot-model --target model.safetensors --report scan.json -- \\
      modelscan -p model.safetensors -r json -o scan.json

Ends with the tool's own exit code when its report was recorded. The run manifest (command, version, digests of targets and
configuration, times, exit code) is kept as evidence beside the log. A tool that says by its exit code that something is
wrong, while its report shows nothing wrong, is not believed: what would pass is unknown.")]
pub(crate) struct RunArguments {
    /// The file the tool writes its report to [default: its standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// What the tool looks at: a file, or a folder of files; may be repeated. A single file is the subject of the results
    #[arg(long = "target", value_name = "PATH")]
    pub(crate) targets: Vec<PathBuf>,
    /// The tool's configuration or rule set; its digest goes into the results
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The tool's version [default: the first line of what it says to --version]
    #[arg(long, value_name = "VERSION")]
    pub(crate) tool_version: Option<String>,
    #[command(flatten)]
    pub(crate) submission: Submission,
    /// The tool and its words
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// What is said beside results, and how they are recorded.
#[derive(Debug, Args)]
pub(crate) struct Submission {
    /// Format [default: found out from the content]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.map(Format::as_str)))]
    pub(crate) format: Option<String>,
    /// The AI system the results are about
    #[arg(long, value_name = "ID")]
    pub(crate) system: Option<String>,
    /// The asset they are about
    #[arg(long, value_name = "ID")]
    pub(crate) asset: Option<String>,
    /// The control that a tool's report is about, whatever its rules are called; may be repeated. Without a file: the
    /// control of a single result
    #[arg(long = "control", value_name = "ID")]
    pub(crate) controls: Vec<String>,
    /// Rules of your own for a tool: which of its rules speak about which controls, in YAML; cited as evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// A mapping that explains a JSON, NDJSON or CSV of any tool (docs/spec/mapping.md), in YAML; cited as evidence
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "rules"])]
    pub(crate) map: Option<PathBuf>,
    /// Public key (Ed25519, PEM) of someone whose signature on an in-toto statement counts; may be repeated
    #[arg(long = "signed-by", value_name = "FILE")]
    pub(crate) signers: Vec<PathBuf>,
    /// A rule, probe or test that must appear in the report; may be repeated. One that does not is unknown
    #[arg(long = "expect", value_name = "RULE")]
    pub(crate) expected: Vec<String>,
    /// Show row by row what would be recorded and why; record nothing
    #[arg(long)]
    pub(crate) explain: bool,
    /// Take the good rows and report the bad
    #[arg(long)]
    pub(crate) partial: bool,
    /// Show what would be recorded; record nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Open and close no findings
    #[arg(long)]
    pub(crate) no_findings: bool,
    /// Keep the file itself as evidence, not only its digest
    #[arg(long)]
    pub(crate) keep_raw: bool,
    /// Write what was kept out of the checks, code and secrets, with its salts to this file: who has a line of it can
    /// prove what stood there
    #[arg(long, value_name = "FILE")]
    pub(crate) withheld: Option<PathBuf>,
    /// Sign every statement with this collector key; entries say by which collector
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Write a receipt file for every entry into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) receipts: Option<PathBuf>,
    /// Name of the collector [default: the tool in the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) collector: Option<String>,
    /// The part of the tool's work that this report is of: a task, a suite, a set of probes. Results of two parts stand side
    /// by side, those of one replace each other [default: what logs of Inspect and Great Expectations name]
    #[arg(long, value_name = "NAME")]
    pub(crate) part: Option<String>,
    /// When it was observed, where the file does not say [default: now, marked as such]
    #[arg(long, value_name = "TIME")]
    pub(crate) observed: Option<String>,
    /// How much the tool examined: makes the absence of findings count
    #[arg(long, value_name = "COUNT")]
    pub(crate) examined: Option<u64>,
    /// How much it skipped
    #[arg(long, value_name = "COUNT", requires = "examined", default_value_t = 0)]
    pub(crate) skipped: u64,
    /// How many errors it had
    #[arg(long, value_name = "COUNT", requires = "examined", default_value_t = 0)]
    pub(crate) errors: u64,
}

impl Submission {
    /// Whether nothing is to be recorded.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run || self.explain
    }
}
