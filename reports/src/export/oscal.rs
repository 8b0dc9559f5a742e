//! Assessments as assessment results of OSCAL 1.1.3: a result for each framework, an observation for each control result, a
//! finding for each requirement on which something is concluded.
//!
//! OSCAL knows `satisfied` and `not-satisfied` alone. So a requirement that nothing was assessed on, that does not apply or
//! of which that is unknown has no finding; one that is partly satisfied is `not-satisfied`, with the conclusion beside it.

use super::Entered;
use affiant_controls::Method;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_ledger::digest::Digest;
use affiant_ledger::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The version of the model.
const VERSION: &str = "1.1.3";
/// The namespace of properties that are ours.
const NAMESPACE: &str = "urn:affiant:oscal";

/// The document about a system, as of a time. The same inputs make the same bytes.
pub fn oscal(assessments: &[Assessment], results: &[Entered], origin: &str, as_of: Timestamp) -> Value {
    let system = assessments.first().map(|one| one.system.name.clone()).unwrap_or_default();
    let documents: Vec<Value> =
        assessments.iter().map(|assessment| result(assessment, results, origin)).collect();
    let plan = uuid(&[origin, "assessment-plan"]);
    json!({"assessment-results": {
        "uuid": uuid(&[origin, "assessment-results", &system, &as_of.to_string()]),
        "metadata": {
            "title": format!("Assessment of {system} from the evidence ledger {origin}"),
            "last-modified": as_of.to_string(),
            "version": as_of.to_string(),
            "oscal-version": VERSION,
            "remarks": "An export for convenience, signed by nobody. The audit pack is what can be verified.",
        },
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
    let concluded = assessment.determinations.iter().filter_map(|one| {
        let state = match one.outcome {
            Outcome::Satisfied => "satisfied",
            Outcome::Partial | Outcome::NotSatisfied => "not-satisfied",
            _ => return None,
        };
        Some(finding(one, state, framework, origin, &known))
    });
    let mut document = json!({
        "uuid": uuid(&[origin, "result", framework, assessment.system.id.as_str(), &assessment.as_of.to_string()]),
        "title": assessment.criteria,
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

fn observation(entered: &Entered, framework: &str, origin: &str) -> Value {
    let result = &entered.result;
    let asset = result.asset.as_ref().unwrap_or(&result.system);
    let mut document = json!({
        "uuid": observation_uuid(framework, origin, entered.index),
        "title": format!("{} {} on {asset}", result.control, result.status),
        "description": result.summary,
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
        .map(|file| json!({"href": format!("urn:sha256:{}", file.sha256), "description": file.name}))
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
        "uuid": uuid(&[origin, "finding", framework, &one.requirement]),
        "title": format!("{} {}", one.citation, one.title),
        "description": one.conclusion,
        "props": [property("outcome", one.outcome.as_str())],
        "target": {
            "type": "objective-id",
            "target-id": token(framework, &one.requirement),
            "status": {"state": state, "reason": reason},
        },
    });
    if !related.is_empty() {
        document["related-observations"] = Value::Array(related);
    }
    document
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "ns": NAMESPACE, "value": if value.is_empty() { "-" } else { value }})
}

/// The method in OSCAL's word.
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Examine => "EXAMINE",
        Method::Interview => "INTERVIEW",
        Method::Test => "TEST",
    }
}

/// A requirement as a token: letters, digits, dots, hyphens and low lines.
fn token(framework: &str, requirement: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    format!("{}_{}", framework, requirement).chars().map(fit).collect()
}

fn observation_uuid(framework: &str, origin: &str, index: u64) -> String {
    uuid(&[origin, "observation", framework, &index.to_string()])
}

/// A UUID that the same names make again. OSCAL takes versions 4 and 5 only; it is marked as made of a hash of names.
fn uuid(names: &[&str]) -> String {
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
