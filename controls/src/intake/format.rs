//! The formats that can be read, and how they are told apart.

use super::document::Document;
use super::report::Sink;
use super::{
    IntakeError, bandit, checkov, cyclonedx, garak, gemara, great_expectations, hdf, in_toto, inspect, junit,
    metrics, modelscan, ocsf, oscal_ar, pip_audit, promptfoo, sarif, semgrep,
};
use std::fmt;

/// The media type of JSON without one of its own.
const JSON: &str = "application/json";

/// A format that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One JSON document of our own results.
    Json,
    /// Our own results, one JSON object a line.
    Ndjson,
    /// SARIF 2.1.0.
    Sarif,
    /// CSV of our own results.
    Csv,
    /// What a mapping of the submitter's explains; named by the mapping, never found out.
    Mapped,
    /// The JSON of Bandit.
    Bandit,
    /// Tests in the XML of JUnit, which pytest and many others write.
    Junit,
    /// The JSON of Checkov.
    Checkov,
    /// The JSON of Semgrep.
    Semgrep,
    /// The JSON of pip-audit.
    PipAudit,
    /// The JSON of modelscan.
    Modelscan,
    /// The report of garak, one JSON object a line.
    Garak,
    /// The JSON of promptfoo.
    Promptfoo,
    /// A log of Inspect, as JSON.
    Inspect,
    /// A log of Inspect, as an archive.
    InspectEval,
    /// The JSON of Great Expectations.
    GreatExpectations,
    /// Metrics with their limits, in JSON; Fairlearn's group metrics.
    Metrics,
    /// Findings of OCSF (2003 and 2004), as Prowler writes them.
    Ocsf,
    /// Vulnerabilities in CycloneDX 1.4 to 1.7, with VEX.
    CycloneDx,
    /// Statements of in-toto, signed in DSSE envelopes.
    InToto,
    /// Assessment results of OSCAL, in JSON.
    OscalAr,
    /// The Heimdall Data Format, as InSpec writes it.
    Hdf,
    /// Evaluation logs of Gemara, in YAML.
    Gemara,
}

impl Format {
    /// All that can be named: not the one that a mapping explains.
    pub const ALL: [Self; 22] = [
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::Sarif,
        Self::Bandit,
        Self::Junit,
        Self::Checkov,
        Self::Semgrep,
        Self::PipAudit,
        Self::Modelscan,
        Self::Garak,
        Self::Promptfoo,
        Self::Inspect,
        Self::InspectEval,
        Self::GreatExpectations,
        Self::Metrics,
        Self::Ocsf,
        Self::CycloneDx,
        Self::InToto,
        Self::OscalAr,
        Self::Hdf,
        Self::Gemara,
    ];

    /// The word used on command lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
            Self::Csv => "csv",
            Self::Mapped => "mapped",
            Self::Bandit => "bandit",
            Self::Junit => "junit",
            Self::Checkov => "checkov",
            Self::Semgrep => "semgrep",
            Self::PipAudit => "pip-audit",
            Self::Modelscan => "modelscan",
            Self::Garak => "garak",
            Self::Promptfoo => "promptfoo",
            Self::Inspect => "inspect",
            Self::InspectEval => "inspect-eval",
            Self::GreatExpectations => "great-expectations",
            Self::Metrics => "metrics",
            Self::Ocsf => "ocsf",
            Self::CycloneDx => "cyclonedx",
            Self::InToto => "in-toto",
            Self::OscalAr => "oscal-ar",
            Self::Hdf => "hdf",
            Self::Gemara => "gemara",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Json => "control results in JSON",
            Self::Ndjson => "control results, one a line",
            Self::Sarif => "SARIF 2.1.0",
            Self::Csv => "control results in CSV",
            Self::Mapped => "what the mapping says",
            Self::Bandit => "Bandit JSON",
            Self::Junit => "JUnit XML",
            Self::Checkov => "Checkov JSON",
            Self::Semgrep => "Semgrep JSON",
            Self::PipAudit => "pip-audit JSON",
            Self::Modelscan => "modelscan JSON",
            Self::Garak => "garak report",
            Self::Promptfoo => "promptfoo JSON",
            Self::Inspect => "a log of Inspect in JSON",
            Self::InspectEval => "a log of Inspect",
            Self::GreatExpectations => "a result of Great Expectations",
            Self::Metrics => "metrics with their limits",
            Self::Ocsf => "OCSF findings",
            Self::CycloneDx => "vulnerabilities in CycloneDX",
            Self::InToto => "in-toto statements",
            Self::OscalAr => "assessment results of OSCAL",
            Self::Hdf => "HDF",
            Self::Gemara => "an evaluation log of Gemara",
        }
    }

    /// The format of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// The importer's name and version as written into results; `None` for our own formats, which need none.
    pub fn importer(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Ndjson | Self::Csv => None,
            #[cfg(feature = "formats")]
            Self::Mapped => Some(super::mapped::IMPORTER),
            #[cfg(not(feature = "formats"))]
            Self::Mapped => None,
            Self::Sarif => Some(sarif::IMPORTER),
            Self::Bandit => Some(bandit::IMPORTER),
            Self::Junit => Some(junit::IMPORTER),
            Self::Checkov => Some(checkov::IMPORTER),
            Self::Semgrep => Some(semgrep::IMPORTER),
            Self::PipAudit => Some(pip_audit::IMPORTER),
            Self::Modelscan => Some(modelscan::IMPORTER),
            Self::Garak => Some(garak::IMPORTER),
            Self::Promptfoo => Some(promptfoo::IMPORTER),
            Self::Inspect | Self::InspectEval => Some(inspect::IMPORTER),
            Self::GreatExpectations => Some(great_expectations::IMPORTER),
            Self::Metrics => Some(metrics::IMPORTER),
            Self::Ocsf => Some(ocsf::IMPORTER),
            Self::CycloneDx => Some(cyclonedx::IMPORTER),
            Self::InToto => Some(in_toto::IMPORTER),
            Self::OscalAr => Some(oscal_ar::IMPORTER),
            Self::Hdf => Some(hdf::IMPORTER),
            Self::Gemara => Some(gemara::IMPORTER),
        }
    }

    /// The media type of a report as evidence.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson | Self::Garak => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Sarif => sarif::MEDIA_TYPE,
            Self::CycloneDx => cyclonedx::MEDIA_TYPE,
            Self::InToto => in_toto::MEDIA_TYPE,
            Self::OscalAr => oscal_ar::MEDIA_TYPE,
            Self::Junit => "application/xml",
            Self::Gemara => "application/yaml",
            Self::InspectEval => "application/zip",
            // A mapping says what it is of.
            Self::Mapped => "application/octet-stream",
            Self::Json | Self::Bandit | Self::Checkov | Self::Semgrep | Self::PipAudit | Self::Modelscan => {
                JSON
            }
            Self::Promptfoo | Self::Inspect | Self::GreatExpectations | Self::Metrics => JSON,
            Self::Ocsf | Self::Hdf => JSON,
        }
    }
}

impl Format {
    /// Whether it comes in lines, each read by itself.
    pub(super) fn is_lines(self) -> bool {
        matches!(self, Self::Ndjson | Self::Garak)
    }

    /// The most bytes of a report.
    pub fn size_max(self) -> u64 {
        match self {
            _ if self.is_streamed() => super::STREAM_SIZE_MAX,
            _ if self.is_lines() => super::LINES_SIZE_MAX as u64,
            _ => super::DOCUMENT_SIZE_MAX as u64,
        }
    }

    /// Whether it is no text.
    pub(super) fn is_binary(self) -> bool {
        self == Self::InspectEval
    }

    /// Whether it is read as a stream, whatever its size.
    pub fn is_streamed(self) -> bool {
        matches!(self, Self::Sarif | Self::Mapped)
    }

    /// Reads a foreign report that is there as a whole.
    pub(super) fn read(self, document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        match self {
            Self::Json | Self::Ndjson | Self::Sarif | Self::Csv | Self::Mapped => {
                Err(document.refuse("", "it is read in another way, or not by this build"))
            }
            Self::Bandit => bandit::read(document, sink),
            Self::Junit => junit::read(document, sink),
            Self::Checkov => checkov::read(document, sink),
            Self::Semgrep => semgrep::read(document, sink),
            Self::PipAudit => pip_audit::read(document, sink),
            Self::Modelscan => modelscan::read(document, sink),
            Self::Garak => garak::read(document, sink),
            Self::Promptfoo => promptfoo::read(document, sink),
            Self::Inspect => inspect::read(document, sink),
            Self::InspectEval => inspect::read_archive(document, sink),
            Self::GreatExpectations => great_expectations::read(document, sink),
            Self::Metrics => metrics::read(document, sink),
            Self::Ocsf => ocsf::read(document, sink),
            Self::CycloneDx => cyclonedx::read(document, sink),
            Self::InToto => in_toto::read(document, sink),
            Self::OscalAr => oscal_ar::read(document, sink),
            Self::Hdf => hdf::read(document, sink),
            Self::Gemara => gemara::read(document, sink),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
