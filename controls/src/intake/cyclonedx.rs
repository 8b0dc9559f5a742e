//! Vulnerabilities in a CycloneDX document in JSON, versions 1.4 to 1.7, and what was made of them (VEX).
//!
//! - `resolved`, `resolved_with_pedigree` and `false_positive` speak for, `not_affected` only with its justification;
//!   `exploitable` and `in_triage` speak against. A vulnerability without an analysis is open: it speaks against as well.
//! - A document without vulnerabilities says nothing: a list of parts is not a look-up in advisories, and `pip-audit` writes
//!   an empty one where every look-up was skipped.
//! - The subject is what the document describes, by the SHA-256 of `metadata.component`.
//! - Never kept: proofs of concept, contacts.

use super::IntakeError;
use super::document::Document;
use super::look::Look;
use super::named::severity;
use super::report::{Head, Row, Rows, Sink};
use crate::control::Severity;
use crate::result::{DigestSource, Subject};
use crate::status::Status;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The importer's name and version, as written into results.
pub(super) const IMPORTER: &str = "cyclonedx/1";
/// The media type of evidence.
pub(super) const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    spec_version: String,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Vec<Component>,
    #[serde(default)]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    tools: Option<Tools>,
    #[serde(default)]
    component: Option<Component>,
}

/// Tools in the new form and in that of before 1.5.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a list of tools, or an object with `components`")]
enum Tools {
    Old(Vec<Tool>),
    New {
        #[serde(default)]
        components: Vec<Tool>,
    },
}

#[derive(Deserialize)]
struct Tool {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default, rename = "bom-ref")]
    bom_ref: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    hashes: Vec<Hash>,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ratings: Vec<Rating>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default)]
    affects: Vec<Affected>,
    #[serde(default)]
    recommendation: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default)]
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
}

pub(super) fn fits(look: &Look<'_>) -> bool {
    // Some tools write the name of the format at the end.
    look.has(&["bomFormat"]) || look.has(&["components"]) && look.mentions("\"bom-ref\"")
}

pub(super) fn read(document: &Document<'_>, sink: &mut dyn Sink) -> Result<(), IntakeError> {
    let report: Bom =
        document.json("a CycloneDX document has `bomFormat`, `specVersion` and `vulnerabilities`")?;
    if !["1.4", "1.5", "1.6", "1.7"].contains(&report.spec_version.as_str()) {
        let shown = affiant_ledger::id::visible(&report.spec_version);
        return Err(document.refuse("specVersion", format!("version `{shown}`, read are 1.4 to 1.7")));
    }
    let metadata = report.metadata.unwrap_or_default();
    let tool = metadata.tools.and_then(|tools| match tools {
        Tools::Old(list) | Tools::New { components: list } => {
            list.into_iter().find(|tool| tool.name.is_some())
        }
    });
    let (name, version) = tool.map_or((None, None), |tool| (tool.name, tool.version));
    sink.begin(Head {
        tool: name.unwrap_or_else(|| "cyclonedx".to_owned()),
        version,
        rows: Rows::Findings,
        times: metadata.timestamp.into_iter().collect(),
        subject: metadata.component.as_ref().and_then(subject),
        ..Head::default()
    });
    let mut names = BTreeMap::new();
    metadata.component.iter().chain(&report.components).for_each(|component| name_all(component, &mut names));
    for (index, vulnerability) in report.vulnerabilities.iter().enumerate() {
        let pointer = format!("/vulnerabilities/{index}");
        let unsaid = [Affected { reference: String::new() }];
        let affects = if vulnerability.affects.is_empty() { &unsaid[..] } else { &vulnerability.affects };
        for affected in affects {
            let place = names.get(affected.reference.as_str()).cloned();
            sink.row(row(
                vulnerability,
                place.unwrap_or_else(|| affected.reference.clone()),
                pointer.clone(),
            ));
        }
    }
    Ok(())
}

/// The name of a component and of those in it, by their references.
fn name_all<'a>(component: &'a Component, names: &mut BTreeMap<&'a str, String>) {
    if let Some(reference) = &component.bom_ref {
        let version = component.version.as_deref().map(|version| format!("@{version}")).unwrap_or_default();
        let name = component.purl.clone().unwrap_or_else(|| format!("{}{version}", component.name));
        names.insert(reference, name);
    }
    component.components.iter().for_each(|inner| name_all(inner, names));
}

fn subject(component: &Component) -> Option<Subject> {
    let hash = component.hashes.iter().find(|hash| hash.alg == "SHA-256")?;
    Some(Subject {
        digest: hash.content.to_ascii_lowercase().parse().ok()?,
        digest_source: DigestSource::InFile,
    })
}

fn row(vulnerability: &Vulnerability, place: String, pointer: String) -> Row {
    let analysis = vulnerability.analysis.as_ref();
    let state = analysis.and_then(|analysis| analysis.state.as_deref());
    let reason = analysis.and_then(|analysis| analysis.justification.as_deref());
    let status = match state {
        None | Some("exploitable" | "in_triage") => Status::Failed,
        Some("resolved" | "resolved_with_pedigree" | "false_positive") => Status::Passed,
        Some("not_affected") if reason.is_some() => Status::Passed,
        Some("not_affected") => Status::NeedsReview,
        Some(_) => Status::Unknown,
    };
    let weights = vulnerability.ratings.iter().filter_map(|rating| severity(rating.severity.as_deref()?));
    let said = match (state, reason) {
        (Some(state), Some(reason)) => format!("{state}: {reason}"),
        (Some(state), None) => state.to_owned(),
        (None, _) => vulnerability.recommendation.clone().unwrap_or_else(|| "no analysis of it".to_owned()),
    };
    Row {
        rule: vulnerability.id.clone().unwrap_or_default(),
        status: Some(status),
        word: state.unwrap_or("no analysis").to_owned(),
        severity: weights.max().filter(|weight| *weight > Severity::Info),
        message: said,
        pointer,
        location: place.clone(),
        place,
        mark: vulnerability.id.clone().unwrap_or_default(),
        ..Row::default()
    }
}
