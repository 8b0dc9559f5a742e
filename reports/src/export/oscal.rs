//! Assessments in the models of OSCAL 1.2.1 (NIST): assessment results, a plan of action and milestones, mapping collections.
//!
//! Assessment results have a result for each framework, an observation for each control result, a finding for each requirement
//! on which something is concluded. OSCAL knows `satisfied` and `not-satisfied` alone. So a requirement that nothing was assessed on, that does not apply or
//! of which that is unknown has no finding; one that is partly satisfied is `not-satisfied`, with the conclusion beside it.

mod crosswalk;
mod poam;

pub use crosswalk::mapping_collection;
pub use poam::poam;

use super::{Entered, ExportSource};
use crate::compose::withheld;
use crate::pack::Withholding;
use affiant_controls::Method;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The version of the model.
const VERSION: &str = "1.2.1";
/// The namespace of properties that are ours.
const NAMESPACE: &str = "urn:affiant:oscal";

impl ExportSource<'_> {
    fn system(&self) -> String {
        self.assessments.first().map(|one| one.system.name.clone()).unwrap_or_default()
    }

    fn metadata(&self, title: &str) -> Value {
        let remarks = match self.pack {
            Some(pack) => format!(
                "Part of the audit pack {pack}: its signature covers this file, and `affiant verify` makes it again."
            ),
            None => "An export for convenience. The audit pack is what can be verified whole.".to_owned(),
        };
        let remarks = [Some(remarks), withheld::words(self.withholding)];
        let remarks = remarks.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let mut metadata = metadata(title, self.as_of, &self.as_of.to_string(), &remarks);
        if !self.withholding.is_empty() {
            metadata["props"] = self.withholding.iter().map(kept_out).collect();
        }
        metadata
    }
}

/// A rule by which something is kept out of the pack, and how much.
fn kept_out(Withholding { rule, entries, files, bears }: &Withholding) -> Value {
    let mut property = property("withheld", rule.as_str());
    let bearing = if *bears { ", which bear on conclusions" } else { "" };
    property["remarks"] = json!(format!("{entries} payloads{bearing}; {files} evidence files"));
    property
}

fn metadata(title: &str, modified: Timestamp, version: &str, remarks: &str) -> Value {
    json!({
        "title": line(title),
        "last-modified": modified.to_string(),
        "version": line(version),
        "oscal-version": VERSION,
        "remarks": remarks,
    })
}

/// The assessment results.
pub fn assessment_results(source: ExportSource<'_>) -> Value {
    let ExportSource { assessments, results, origin, as_of, .. } = source;
    let system = source.system();
    let mut documents: Vec<Value> =
        assessments.iter().map(|assessment| result(assessment, results, origin)).collect();
    if let Some(words) = withheld::words(source.withholding) {
        // Tools take results apart from the document they came in.
        documents.iter_mut().for_each(|result| result["remarks"] = json!(words));
    }
    let plan = uuid(&[origin, "assessment-plan"]);
    json!({"assessment-results": {
        "uuid": uuid(&[origin, "assessment-results", &system, &as_of.to_string()]),
        "metadata": source.metadata(&format!("Assessment of {system} from the evidence ledger {origin}")),
        "import-ap": {"href": format!("#{plan}")},
        "results": documents,
        "back-matter": {"resources": [{
            "uuid": plan,
            "title": "There is no assessment plan in OSCAL",
            "description": "Controls, frameworks and mappings are the catalogs pinned in the ledger.",
            "rlinks": [{"href": format!("urn:affiant:log:{}", escaped(origin))}],
        }]},
    }})
}

fn result(assessment: &Assessment, results: &[Entered], origin: &str) -> Value {
    let framework = assessment.framework.id.as_str();
    let cited: BTreeSet<u64> =
        assessment.determinations.iter().flat_map(|one| one.citations.iter().copied()).collect();
    let cited: Vec<&Entered> = results.iter().filter(|entered| cited.contains(&entered.index)).collect();
    let known: BTreeSet<u64> = cited.iter().map(|entered| entered.index).collect();
    let begin = cited.iter().map(|entered| entered.result.observed_from).min().unwrap_or(assessment.as_of);
    let concluded = assessment
        .determinations
        .iter()
        .filter_map(|one| Some(finding(one, state(one.outcome)?, framework, origin, &known)));
    let mut document = json!({
        "uuid": uuid(&[origin, "result", framework, assessment.system.id.as_str(), &assessment.as_of.to_string()]),
        "title": line(&assessment.criteria),
        "description": format!("{} as of {}. {}", assessment.system.name, assessment.as_of, assessment.does_not_establish.join(" ")),
        "start": begin.to_string(),
        "end": assessment.as_of.to_string(),
        "props": [
            property("framework", framework),
            property("framework-sha256", &assessment.framework.digest.to_string()),
        ],
        "reviewed-controls": {"control-selections": [{"include-all": {}}]},
    });
    // A list that is there is not empty.
    let lists = [
        (
            "observations",
            cited.iter().map(|entered| observation(entered, framework, origin)).collect::<Vec<_>>(),
        ),
        ("findings", concluded.collect()),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        document[name] = Value::Array(list);
    }
    document
}

/// The state of an objective, for outcomes that OSCAL has one for.
pub(super) fn state(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Satisfied => Some("satisfied"),
        Outcome::Partial | Outcome::NotSatisfied => Some("not-satisfied"),
        Outcome::NotAssessed | Outcome::NotApplicable | Outcome::Unknown => None,
    }
}

fn observation(entered: &Entered, framework: &str, origin: &str) -> Value {
    let result = &entered.result;
    let asset = result.asset.as_ref().unwrap_or(&result.system);
    let mut document = json!({
        "uuid": observation_uuid(framework, origin, entered.index),
        "title": format!("{} {} on {asset}", result.control, result.status),
        "description": text(&result.summary),
        "methods": [method(result.method)],
        "types": ["control-objective"],
        "collected": result.observed_to.to_string(),
        "props": [
            property("control", result.control.as_str()),
            property("status", result.status.as_str()),
            property("asset", asset.as_str()),
            property("collector", &result.collector.name),
            property("ledger-entry", &entered.index.to_string()),
            property("leaf-hash", &entered.leaf.to_string()),
        ],
    });
    if let Some(until) = result.valid_until {
        document["expires"] = json!(until.to_string());
    }
    let evidence: Vec<Value> = result
        .evidence
        .iter()
        .map(|file| json!({"href": format!("urn:sha256:{}", file.sha256), "description": text(&file.name)}))
        .collect();
    if !evidence.is_empty() {
        document["relevant-evidence"] = Value::Array(evidence);
    }
    document
}

fn finding(one: &Determination, state: &str, framework: &str, origin: &str, known: &BTreeSet<u64>) -> Value {
    let related: Vec<Value> = one
        .citations
        .iter()
        .filter(|index| known.contains(index))
        .map(|index| json!({"observation-uuid": observation_uuid(framework, origin, *index)}))
        .collect();
    let reason = if state == "satisfied" { "pass" } else { "fail" };
    let mut document = json!({
        "uuid": finding_uuid(framework, origin, &one.requirement),
        "title": line(&format!("{} {}", one.citation, one.title)),
        "description": text(&one.conclusion),
        "props": [property("outcome", one.outcome.as_str())],
        "target": {
            "type": "objective-id",
            "target-id": token(&format!("{framework}_{}", one.requirement)),
            "status": {"state": state, "reason": reason},
        },
    });
    if !related.is_empty() {
        document["related-observations"] = Value::Array(related);
    }
    document
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "ns": NAMESPACE, "value": line(value)})
}

/// A text on one line, without space around it; a hyphen where there is none.
pub(super) fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() { "-".to_owned() } else { line }
}

/// A text that is not empty.
pub(super) fn text(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

/// The method in OSCAL's word.
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Examine => "EXAMINE",
        Method::Interview => "INTERVIEW",
        Method::Test => "TEST",
    }
}

/// A text as a token: letters, digits, dots, hyphens and low lines.
fn token(text: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    text.chars().map(fit).collect()
}

fn finding_uuid(framework: &str, origin: &str, requirement: &str) -> String {
    uuid(&[origin, "finding", framework, requirement])
}

fn observation_uuid(framework: &str, origin: &str, index: u64) -> String {
    uuid(&[origin, "observation", framework, &index.to_string()])
}

/// A UUID that the same names make again. OSCAL takes versions 4 and 5 only; it is marked as made of a hash of names.
pub(super) fn uuid(names: &[&str]) -> String {
    let digest = Digest::of(names.join("\0").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A text within a URN: what is not a letter, a digit or one of `-._/` is written as its bytes.
fn escaped(text: &str) -> String {
    let fit = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(fit).collect()
}
