//! Assessments as declarations of CycloneDX 1.6: a standard for each framework, a claim for each requirement on which
//! something is concluded, evidence for each result that a claim rests on.
//!
//! A claim stands among `claims` where its requirement is satisfied and among `counterClaims` where it is partly or not. No
//! score is given: CycloneDX has one number for it, and a number hides what is missing.

use super::oscal::{line, state, text, uuid};
use super::{Entered, ExportSource};
use affiant_controls::Method;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_frameworks::framework::Framework;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The version of the model.
const VERSION: &str = "1.6";
/// The system, among the components.
const SYSTEM: &str = "system";
/// Who assesses.
const ASSESSOR: &str = "assessor";

/// The document about a system, as of a time. The same inputs make the same bytes.
pub fn declarations(source: ExportSource<'_>, frameworks: &[Framework]) -> Value {
    let ExportSource { assessments, results, origin, as_of, .. } = source;
    let system = assessments.first().map(|one| &one.system);
    let name = system.map_or("-", |system| text(&system.name));
    let id = system.map(|system| system.id.to_string()).unwrap_or_default();
    let concluded: Vec<(&Assessment, &Determination)> =
        assessments.iter().flat_map(|judged| concluded(judged).map(move |one| (judged, one))).collect();
    let cited: BTreeSet<u64> = concluded.iter().flat_map(|(_, one)| one.citations.iter().copied()).collect();
    let cited: Vec<&Entered> = results.iter().filter(|entered| cited.contains(&entered.index)).collect();
    let known: BTreeSet<u64> = cited.iter().map(|entered| entered.index).collect();
    let component = json!({"bom-ref": SYSTEM, "type": "application", "name": name});
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "serialNumber": format!("urn:uuid:{}", uuid(&[origin, "cyclonedx", &id, &as_of.to_string()])),
        "version": 1,
        "metadata": {
            "timestamp": as_of.to_string(),
            "tools": {"components": [{"type": "application", "name": "affiant", "version": env!("CARGO_PKG_VERSION")}]},
            "component": {"type": "application", "name": name},
            "properties": [{"name": "affiant:log", "value": origin}],
        },
        "declarations": {
            "assessors": [{"bom-ref": ASSESSOR, "thirdParty": false}],
            "attestations": assessments.iter().map(attestation).collect::<Vec<_>>(),
            "claims": concluded.iter().map(|(judged, one)| claim(judged, one, &known)).collect::<Vec<_>>(),
            "evidence": cited.iter().map(|entered| evidence(entered)).collect::<Vec<_>>(),
            "targets": {"components": [component]},
        },
        "definitions": {
            "standards": assessments.iter().map(|judged| standard(judged, frameworks)).collect::<Vec<_>>(),
        },
    })
}

/// The requirements on which something is concluded.
fn concluded(judged: &Assessment) -> impl Iterator<Item = &Determination> {
    judged.determinations.iter().filter(|one| state(one.outcome).is_some())
}

fn reference(what: &str, judged: &Assessment, requirement: &str) -> String {
    format!("{what}:{}:{requirement}", judged.framework.id)
}

fn standard(judged: &Assessment, frameworks: &[Framework]) -> Value {
    let framework = frameworks.iter().find(|framework| framework.pin() == judged.framework);
    let requirements: Vec<Value> = concluded(judged)
        .map(|one| {
            json!({
                "bom-ref": reference("requirement", judged, &one.requirement),
                "identifier": one.citation,
                "title": line(&one.title),
            })
        })
        .collect();
    let mut standard = json!({
        "bom-ref": format!("standard:{}", judged.framework.id),
        "name": line(&judged.criteria),
        "version": judged.framework.version,
        "description": format!("Catalog {} (SHA-256 {})", judged.framework.id, judged.framework.digest),
        "requirements": requirements,
    });
    if let Some(framework) = framework {
        standard["owner"] = json!(framework.identifier);
    }
    standard
}

fn attestation(judged: &Assessment) -> Value {
    let map: Vec<Value> = concluded(judged)
        .map(|one| {
            let list = if one.outcome == Outcome::Satisfied { "claims" } else { "counterClaims" };
            json!({
                "requirement": reference("requirement", judged, &one.requirement),
                list: [reference("claim", judged, &one.requirement)],
                "conformance": {"rationale": text(&one.conclusion)},
            })
        })
        .collect();
    json!({
        "summary": format!("{} as of {}. {}", line(&judged.criteria), judged.as_of, judged.does_not_establish.join(" ")),
        "assessor": ASSESSOR,
        "map": map,
    })
}

fn claim(judged: &Assessment, one: &Determination, known: &BTreeSet<u64>) -> Value {
    let evidence: Vec<String> = one
        .citations
        .iter()
        .filter(|index| known.contains(index))
        .map(|index| format!("entry:{index}"))
        .collect();
    let gaps: Vec<&str> = one.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    let mut claim = json!({
        "bom-ref": reference("claim", judged, &one.requirement),
        "target": SYSTEM,
        "predicate": format!("{}: {}", line(&one.citation), one.outcome.as_str()),
        "reasoning": text(&std::iter::once(one.conclusion.as_str()).chain(gaps).collect::<Vec<_>>().join("\n")),
    });
    if !evidence.is_empty() {
        let list = if one.outcome == Outcome::Satisfied { "evidence" } else { "counterEvidence" };
        claim[list] = json!(evidence);
    }
    claim
}

fn evidence(entered: &Entered) -> Value {
    let result = &entered.result;
    let asset = result.asset.as_ref().unwrap_or(&result.system);
    let files = result.evidence.iter().map(
        |file| json!({"name": text(&file.name), "contents": {"url": format!("urn:sha256:{}", file.sha256)}}),
    );
    let entry = json!({"name": "ledger entry", "contents": {"url": format!("urn:sha256:{}", entered.leaf)}});
    let method = match result.method {
        Method::Examine => "examined",
        Method::Interview => "interviewed",
        Method::Test => "tested",
    };
    let mut evidence = json!({
        "bom-ref": format!("entry:{}", entered.index),
        "propertyName": format!("{} {} on {asset}", result.control, result.status),
        "description": format!("{} ({method} by {})", result.summary, result.collector.name),
        "data": std::iter::once(entry).chain(files).collect::<Vec<_>>(),
        "created": result.observed_to.to_string(),
    });
    if let Some(until) = result.valid_until {
        evidence["expires"] = json!(until.to_string());
    }
    evidence
}
