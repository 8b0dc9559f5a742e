//! Evaluation logs of Gemara, version 1, in YAML: assessments of the requirements of controls.
//!
//! - Each entry of `assessment-logs` is a row; the results of controls and of the whole log are compared with them.
//! - An assessment that passed without a step executed has not been run.
//! - A digest of evidence has to have the length its algorithm gives; a log with another is refused.
//! - Never kept: `payload` of evidence.

use super::IntakeError;
use super::document::Document;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "gemara/1";

/// Whether the first bytes look like an evaluation log.
pub(super) fn fits(text: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(&text[..text.len().min(64 << 10)]);
    let is = |line: &str, key: &str| line.trim_start().starts_with(key);
    begin.lines().any(|line| line.starts_with("metadata:"))
        && begin.lines().any(|line| is(line, "type:") && line.contains("EvaluationLog"))
}

#[cfg(feature = "yaml")]
pub(super) use with_yaml::read;

/// This build reads no YAML.
#[cfg(not(feature = "yaml"))]
pub(super) fn read(document: &Document<'_>, _: &mut dyn super::report::Sink) -> Result<(), IntakeError> {
    Err(document.refuse("", "this build reads no YAML"))
}

#[cfg(feature = "yaml")]
mod with_yaml {
    use super::*;
    use crate::intake::report::{Head, Row, Rows, Sink};
    use crate::status::Status;
    use affiant_ledger::id::visible;
    use serde::Deserialize;

    /// Largest log, in bytes.
    const SIZE_MAX: usize = 8 << 20;

    #[derive(Deserialize)]
    struct Log {
        metadata: Metadata,
        #[serde(default)]
        target: Option<Target>,
        #[serde(default)]
        result: Option<String>,
        evaluations: Vec<Evaluation>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Metadata {
        #[serde(rename = "type")]
        kind: String,
        gemara_version: String,
        #[serde(default)]
        author: Option<Author>,
    }

    #[derive(Deserialize)]
    struct Author {
        name: String,
        #[serde(default)]
        version: Option<String>,
    }

    #[derive(Deserialize)]
    struct Target {
        #[serde(default)]
        name: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Evaluation {
        result: String,
        assessment_logs: Vec<Assessment>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Assessment {
        requirement: Entry,
        result: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        steps_executed: Option<u64>,
        #[serde(default)]
        start: Option<String>,
        #[serde(default)]
        end: Option<String>,
        #[serde(default)]
        evidence: Vec<Evidence>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Entry {
        #[serde(default)]
        reference_id: String,
        entry_id: String,
    }

    #[derive(Deserialize)]
    struct Evidence {
        id: String,
        #[serde(default)]
        source: Option<From>,
    }

    #[derive(Deserialize)]
    struct From {
        #[serde(default)]
        digest: Option<String>,
    }

    pub(in crate::intake) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
        if document.text.len() > SIZE_MAX {
            return Err(
                document.refuse("", format!("{} bytes, the limit is {SIZE_MAX}", document.text.len()))
            );
        }
        let text = String::from_utf8_lossy(document.text);
        let log: Log = crate::definition::yaml(&text).map_err(|what| document.refuse("", visible(&what)))?;
        if log.metadata.kind != "EvaluationLog" {
            return Err(document
                .refuse("metadata.type", format!("a document of type `{}`", visible(&log.metadata.kind))));
        }
        document.is_version("metadata.gemara-version", &log.metadata.gemara_version, &["1"])?;
        let evidence =
            log.evaluations.iter().flat_map(|one| &one.assessment_logs).flat_map(|one| &one.evidence);
        for item in evidence {
            let digest = item.source.as_ref().and_then(|source| source.digest.as_deref());
            if digest.is_some_and(|digest| !is_digest(digest)) {
                return Err(
                    document.refuse("evidence", format!("the digest of `{}` is none", visible(&item.id)))
                );
            }
        }
        let author = log.metadata.author;
        let (tool, version) =
            author.map_or(("gemara".to_owned(), None), |author| (author.name, author.version));
        let agrees = log.evaluations.iter().all(Evaluation::agrees)
            && log.result.as_ref().is_none_or(|whole| {
                whole != "Passed"
                    || log
                        .evaluations
                        .iter()
                        .all(|one| one.result == "Passed" || one.result == "Not Applicable")
            });
        sink.begin(Head {
            tool,
            version,
            rows: Rows::Everything,
            flags: (!agrees).then_some("totals-disagree").into_iter().collect(),
            ..Head::default()
        });
        let target = log.target.map(|target| target.name).unwrap_or_default();
        for (number, evaluation) in log.evaluations.into_iter().enumerate() {
            for (index, assessment) in evaluation.assessment_logs.into_iter().enumerate() {
                let row = assessment.row(&target);
                sink.row(Row { pointer: format!("/evaluations/{number}/assessment-logs/{index}"), ..row });
            }
        }
        Ok(())
    }

    impl Evaluation {
        /// A control that passed has no assessment that did not.
        fn agrees(&self) -> bool {
            let good = |one: &Assessment| one.result == "Passed" || one.result == "Not Applicable";
            self.result != "Passed" || self.assessment_logs.iter().all(good)
        }
    }

    impl Assessment {
        fn row(self, target: &str) -> Row {
            let status = match self.result.as_str() {
                "Passed" if self.steps_executed == Some(0) => Status::NotRun,
                "Passed" => Status::Passed,
                "Failed" => Status::Failed,
                "Needs Review" => Status::NeedsReview,
                "Not Applicable" => Status::NotApplicable,
                "Not Run" => Status::NotRun,
                _ => Status::Unknown,
            };
            Row {
                place: format!("{target}\n{}\n{}", self.requirement.reference_id, self.requirement.entry_id),
                rule: self.requirement.entry_id,
                status: Some(status),
                word: self.result,
                message: self.message,
                location: target.to_owned(),
                times: self.start.into_iter().chain(self.end).collect(),
                ..Row::default()
            }
        }
    }

    /// `algorithm:encoded`, with as many digits as the algorithm gives.
    fn is_digest(text: &str) -> bool {
        let Some((algorithm, digits)) = text.split_once(':') else { return false };
        let lower = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+._-".contains(&c);
        let hex = |length: usize| {
            digits.len() == length && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
        };
        match algorithm {
            "sha256" | "blake3" => hex(64),
            "sha512" => hex(128),
            other => !other.is_empty() && !digits.is_empty() && other.bytes().all(lower),
        }
    }
}
