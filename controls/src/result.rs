//! A control result: the outcome of one control on one asset or population at one time (docs/spec/result.md).
//!
//! ```text
//! {"asset": "scoring-model", "basis": "explicit", "method": "TEST", "status": "passed",
//!  "system": "credit-scoring", "control": "AFF-EXP-11", "summary": "accuracy 0.91 on the held-out set",
//!  "collector": {"name": "ci"}, "observed_to": 1795312000000, "time_source": "report",
//!  "observed_from": 1795311000000}
//! ```
//!
//! Four times are never mixed: `observed_from` and `observed_to` (what it speaks about), `collected_at` (when a tool
//! fetched it), the entry's `time` (recorded), and anchors outside.

use crate::control::{ControlId, Severity};
use crate::evidence::EvidenceRef;
use crate::measure::Measure;
use crate::status::Status;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How it was found out (NIST SP 800-53A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Something was read or looked at.
    Examine,
    /// Someone was asked.
    Interview,
    /// Something was exercised.
    Test,
}

/// Why the status is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The tool said so.
    Explicit,
    /// The tool reported no finding, and a run manifest says that it looked.
    Absence,
}

/// Where the observation times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// The tool's own report.
    Report,
    /// The wrapper that ran the tool.
    Wrapper,
    /// Nobody said: the time of intake, or of the push to a service.
    Ingest,
    /// The submitter said so beside the report.
    Declared,
}

/// Where a subject's digest comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestSource {
    /// The tool's own report.
    InFile,
    /// The wrapper that ran the tool.
    Wrapper,
    /// The submitter said so.
    Declared,
}

/// Who or what produced the result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// Its run: a CI job id or URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Its name: the tool. Results of different names stand side by side, of the same name replace each other.
    pub name: String,
    /// SHA-256 of its configuration or rule set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Digest>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Collector {
    /// A collector with a name, and nothing else known.
    pub fn new(name: impl Into<String>) -> Self {
        Self { run: None, name: name.into(), config: None, version: None }
    }
}

/// Where the collector looked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The question asked there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The system asked: a host, a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The account used or looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// The items a result speaks about, when it speaks about many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// How many there are.
    pub size: u64,
    /// How many of those tested failed.
    pub failed: u64,
    /// How many were tested.
    pub tested: u64,
    /// Which they are.
    pub definition: String,
}

impl Population {
    /// Whether every item was tested, and there is one.
    pub fn is_complete(&self) -> bool {
        self.size > 0 && self.tested == self.size
    }
}

/// The run manifest: what the tool really did.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Items that could not be judged.
    pub errors: u64,
    /// Items left out.
    pub skipped: u64,
    /// Whether the run came to its end.
    pub complete: bool,
    /// Items examined.
    pub examined: u64,
    /// The process's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}

/// The bytes that were judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// SHA-256 of them.
    pub digest: Digest,
    /// Who says so.
    pub digest_source: DigestSource,
}

/// One row of a tool's report, as far as it bears on the control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Native rule id with its tool: `bandit:B301`.
    pub rule: String,
    /// What the row says.
    pub status: Status,
    /// What the tool says, with code and secrets removed.
    pub message: String,
    /// Where in the report: a JSON Pointer such as `/runs/0/results/7`.
    pub pointer: String,
    /// Where in the subject: `app/agent.py:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How much it weighs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// SHA-256 that commits to the tool's words and the code it quotes, where some of it was kept out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Digest>,
    /// The tool was told to keep quiet about it. It still counts: only an exception in the ledger waives.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suppressed: bool,
    /// The same finding in another run of the tool has the same fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Digest>,
}

/// The outcome of one control on one asset or population at one time. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlResult {
    /// Idempotency id: the same id with the same content is accepted once, with other content refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The run manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// The asset; none where it speaks for the system, the organisation or a population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Why the status is what it is.
    pub basis: Basis,
    /// Marks set on the way in, such as `vacuous-result` or `no-run-manifest`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub flags: BTreeSet<String>,
    /// The rows of the report behind the status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// How it was found out.
    pub method: Method,
    /// Where the collector looked; apart, as few results say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Box<Source>>,
    /// The outcome.
    pub status: Status,
    /// The AI system, which is the stream.
    pub system: Id,
    /// The control.
    pub control: ControlId,
    /// More than the summary says; may have several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The bytes that were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The outcome in a sentence.
    pub summary: String,
    /// Bytes cited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRef>,
    /// The importer and its version, where the bytes came in a foreign format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importer: Option<String>,
    /// Numbers behind the status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// Who or what produced it.
    pub collector: Collector,
    /// The items it speaks about, when it speaks about many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<Population>,
    /// The status in the tool's own word, where it is not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_status: Option<String>,
    /// End of the time it speaks about; freshness counts from here.
    pub observed_to: Timestamp,
    /// Where the observation times come from.
    pub time_source: TimeSource,
    /// It says nothing about later times, whatever the control's freshness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When the collector fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<Timestamp>,
    /// Begin of the time it speaks about.
    pub observed_from: Timestamp,
}

impl ControlResult {
    /// A result with what every result has: observed at one instant as the report says, tested, said explicitly.
    pub fn new(
        control: ControlId,
        system: Id,
        status: Status,
        observed: Timestamp,
        collector: Collector,
        summary: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            run: None,
            asset: None,
            basis: Basis::Explicit,
            flags: BTreeSet::new(),
            checks: Vec::new(),
            method: Method::Test,
            source: None,
            status,
            system,
            control,
            details: None,
            subject: None,
            summary: summary.into(),
            evidence: Vec::new(),
            importer: None,
            measures: Vec::new(),
            collector,
            population: None,
            raw_status: None,
            observed_to: observed,
            time_source: TimeSource::Report,
            valid_until: None,
            collected_at: None,
            observed_from: observed,
        }
    }
}
