//! OSCAL assessment results, version 1, in JSON: what an assessor found about each objective.
//!
//! - A finding's outcome is `target.status.state`: satisfied or not.
//! - A control that was to be reviewed and has no finding has not been run.
//! - A finding whose risk is an approved deviation counts, marked: only an exception in the ledger waives.
//! - Observations say when it was seen and from when on it says nothing (`expires`). Subjects lie in other documents.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::report::{Head, Row, Rows, Sink};
use crate::status::Status;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "oscal-ar/1";
/// The media type of evidence.
pub(super) const MEDIA_TYPE: &str = "application/oscal+json";

#[derive(Deserialize)]
struct File {
    #[serde(rename = "assessment-results")]
    results: Assessment,
}

#[derive(Deserialize)]
struct Assessment {
    metadata: Metadata,
    results: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    oscal_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    #[serde(default)]
    start: Option<String>,
    #[serde(default)]
    end: Option<String>,
    #[serde(default)]
    reviewed_controls: Option<Reviewed>,
    #[serde(default)]
    observations: Vec<Observation>,
    #[serde(default)]
    risks: Vec<Risk>,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Reviewed {
    #[serde(default)]
    control_selections: Vec<Selection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Selection {
    #[serde(default)]
    include_controls: Vec<Included>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Included {
    control_id: String,
}

#[derive(Deserialize)]
struct Observation {
    uuid: String,
    #[serde(default)]
    collected: Option<String>,
    #[serde(default)]
    expires: Option<String>,
}

#[derive(Deserialize)]
struct Risk {
    uuid: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Finding {
    uuid: String,
    #[serde(default)]
    title: String,
    target: Target,
    #[serde(default)]
    related_observations: Vec<RelatedObservation>,
    #[serde(default)]
    related_risks: Vec<RelatedRisk>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Target {
    target_id: String,
    status: State,
}

#[derive(Deserialize)]
struct State {
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RelatedObservation {
    observation_uuid: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RelatedRisk {
    risk_uuid: String,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    look.has(&["assessment-results"])
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let file: File = document.json("assessment results of OSCAL stand under `assessment-results`")?;
    document.is_version("metadata.oscal-version", &file.results.metadata.oscal_version, &["1"])?;
    if file.results.results.is_empty() {
        return Err(IntakeError::Empty);
    }
    for (number, outcome) in file.results.results.into_iter().enumerate() {
        sink.begin(Head {
            tool: "oscal".to_owned(),
            rows: Rows::Everything,
            times: outcome.start.iter().chain(&outcome.end).cloned().collect(),
            ..Head::default()
        });
        outcome.rows(&format!("/assessment-results/results/{number}"), sink);
    }
    Ok(())
}

impl Outcome {
    fn rows(self, pointer: &str, sink: &mut dyn Sink) {
        let observations: BTreeMap<&str, &Observation> =
            self.observations.iter().map(|seen| (seen.uuid.as_str(), seen)).collect();
        let approved = self.risks.iter().filter(|risk| risk.status == "deviation-approved");
        let approved: BTreeSet<&str> = approved.map(|risk| risk.uuid.as_str()).collect();
        for (index, finding) in self.findings.iter().enumerate() {
            let related = finding.related_observations.iter();
            let seen: Vec<_> =
                related.filter_map(|related| observations.get(related.observation_uuid.as_str())).collect();
            let state = finding.target.status.state.as_str();
            let status = match state {
                "satisfied" => Status::Passed,
                "not-satisfied" => Status::Failed,
                _ => Status::Unknown,
            };
            let waived = finding.related_risks.iter().any(|risk| approved.contains(risk.risk_uuid.as_str()));
            sink.row(Row {
                rule: finding.target.target_id.clone(),
                status: Some(status),
                word: state.to_owned(),
                message: finding.title.clone(),
                pointer: format!("{pointer}/findings/{index}"),
                place: finding.target.target_id.clone(),
                mark: finding.uuid.clone(),
                suppressed: waived && status == Status::Failed,
                times: seen.iter().filter_map(|seen| seen.collected.clone()).collect(),
                valid_until: seen.iter().filter_map(|seen| seen.expires.as_ref()?.parse().ok()).min(),
                ..Row::default()
            });
        }
        let selections = self.reviewed_controls.iter().flat_map(|reviewed| &reviewed.control_selections);
        let controls: BTreeSet<&str> =
            selections.flat_map(|one| &one.include_controls).map(|one| one.control_id.as_str()).collect();
        for control in controls {
            if !self.findings.iter().any(|finding| is_of(&finding.target.target_id, control)) {
                sink.row(Row {
                    rule: control.to_owned(),
                    status: Some(Status::NotRun),
                    word: "no finding".to_owned(),
                    message: "the control was to be reviewed, and there is no finding about it".to_owned(),
                    pointer: format!("{pointer}/reviewed-controls"),
                    place: control.to_owned(),
                    ..Row::default()
                });
            }
        }
    }
}

/// Whether an objective or statement (`ac-6.1_obj`) is of a control (`ac-6.1`).
fn is_of(target: &str, control: &str) -> bool {
    target.strip_prefix(control).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}
