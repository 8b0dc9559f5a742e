//! What predicates of in-toto statements say, as rows.

use super::Said;
use crate::control::Severity;
use crate::intake::named::severity;
use crate::intake::report::Row;
use crate::status::Status;
use affiant_ledger::id::visible;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most rows a predicate may have.
const ROWS_MAX: usize = 100_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tests {
    result: String,
    #[serde(default)]
    passed_tests: Vec<String>,
    #[serde(default)]
    warned_tests: Vec<String>,
    #[serde(default)]
    failed_tests: Vec<String>,
}

#[derive(Deserialize)]
struct Scan {
    scanner: Scanner,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Scanner {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    result: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    #[serde(default)]
    severity: Vec<Rating>,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default)]
    score: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    verification_result: String,
    #[serde(default)]
    verified_levels: Vec<String>,
    #[serde(default)]
    time_verified: Option<String>,
    verifier: Identity,
}

#[derive(Deserialize)]
struct Identity {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provenance {
    build_definition: Build,
    run_details: Details,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Build {
    #[serde(default)]
    resolved_dependencies: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Details {
    builder: Identity,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

/// Reads a predicate of a type.
pub(super) fn read(kind: &str, text: &str) -> Result<Said, String> {
    let said = match kind {
        "https://in-toto.io/attestation/test-result/v0.1" => tests(typed(text)?),
        "https://in-toto.io/attestation/vulns/v0.1" | "https://in-toto.io/attestation/vulns/v0.2" => {
            scan(typed(text)?)
        }
        "https://slsa.dev/verification_summary/v1" => summary(typed(text)?),
        "https://slsa.dev/provenance/v1" => provenance(typed(text)?),
        other => {
            let row = Row {
                rule: format!("predicate/{}", visible(other)),
                word: "unknown predicate".to_owned(),
                message: "predicates of this type are not read".to_owned(),
                pointer: "/predicate".to_owned(),
                ..Row::default()
            };
            Said { rows: vec![row], times: Vec::new(), by: None }
        }
    };
    if said.rows.len() > ROWS_MAX {
        return Err(format!("{} rows, the limit is {ROWS_MAX}", said.rows.len()));
    }
    Ok(said)
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| crate::intake::strict::message(&error))
}

fn row(rule: String, status: Status, word: &str, message: String, pointer: &str) -> Row {
    Row {
        place: rule.clone(),
        mark: rule.clone(),
        rule,
        status: Some(status),
        word: word.to_owned(),
        message,
        pointer: pointer.to_owned(),
        ..Row::default()
    }
}

fn tests(tests: Tests) -> Said {
    let status = match tests.result.as_str() {
        "PASSED" => Status::Passed,
        "FAILED" | "WARNED" => Status::Failed,
        _ => Status::Unknown,
    };
    let message = format!("the result of the tests is {}", visible(&tests.result));
    let mut rows = vec![row("test-result".to_owned(), status, &tests.result, message, "/predicate/result")];
    for (list, status, names) in [
        ("passedTests", Status::Passed, &tests.passed_tests),
        ("warnedTests", Status::Failed, &tests.warned_tests),
        ("failedTests", Status::Failed, &tests.failed_tests),
    ] {
        for (index, name) in names.iter().enumerate() {
            // Parameters in brackets may hold attack text: they go into the fingerprint only.
            let plain = name.find('[').filter(|at| *at > 0).map_or(name.as_str(), |at| &name[..at]);
            let word = list.trim_end_matches("Tests");
            let row = row(format!("test/{plain}"), status, word, word.to_owned(), "");
            let severity = (word == "warned").then_some(Severity::Low);
            let pointer = format!("/predicate/{list}/{index}");
            rows.push(Row { mark: name.clone(), severity, pointer, ..row });
        }
    }
    Said { rows, times: Vec::new(), by: None }
}

fn scan(scan: Scan) -> Said {
    let times = times(&scan.metadata, &["scanStartedOn", "scanFinishedOn"]);
    let whole = |status, word: &str, message: &str| {
        vec![row("vulns/none".to_owned(), status, word, message.to_owned(), "/predicate/scanner/result")]
    };
    let rows = match scan.scanner.result {
        None => whole(Status::Unknown, "no result", "the scan has no result"),
        Some(found) if found.is_empty() && times.is_empty() => {
            whole(Status::NotRun, "no times", "nothing was found, and nothing shows that the scan ran")
        }
        Some(found) if found.is_empty() => whole(Status::Passed, "none", "no known vulnerability"),
        Some(found) => found
            .into_iter()
            .enumerate()
            .map(|(index, one)| {
                let words =
                    one.severity.iter().filter_map(|rating| severity(rating.score.as_ref()?.as_str()?));
                let pointer = format!("/predicate/scanner/result/{index}");
                let weight = words.max();
                let row = row(format!("vulns/{}", one.id), Status::Failed, "found", one.id, &pointer);
                Row { severity: weight, ..row }
            })
            .collect(),
    };
    Said { rows, times, by: scan.scanner.uri }
}

fn summary(summary: Summary) -> Said {
    let status = match summary.verification_result.as_str() {
        "PASSED" if summary.verified_levels.is_empty() => Status::NeedsReview,
        "PASSED" => Status::Passed,
        "FAILED" => Status::Failed,
        _ => Status::Unknown,
    };
    let levels = summary.verified_levels.iter().map(|level| visible(level)).collect::<Vec<_>>().join(", ");
    let message = format!("{}: {levels}", visible(&summary.verification_result));
    let word = &summary.verification_result;
    let pointer = "/predicate/verificationResult";
    Said {
        rows: vec![row("slsa/verification-summary".to_owned(), status, word, message, pointer)],
        times: summary.time_verified.into_iter().collect(),
        by: Some(summary.verifier.id),
    }
}

fn provenance(provenance: Provenance) -> Said {
    let parts = &provenance.build_definition.resolved_dependencies;
    let bound = parts.iter().filter(|part| !part.digest.is_empty()).count();
    let message = format!("built with {} parts, {bound} of them with a digest", parts.len());
    let pointer = "/predicate/buildDefinition";
    Said {
        rows: vec![row("slsa/provenance".to_owned(), Status::NeedsReview, "provenance", message, pointer)],
        times: times(&provenance.run_details.metadata, &["startedOn", "finishedOn"]),
        by: Some(provenance.run_details.builder.id),
    }
}

fn times(metadata: &BTreeMap<String, Value>, names: &[&str]) -> Vec<String> {
    names.iter().filter_map(|name| metadata.get(*name)?.as_str().map(str::to_owned)).collect()
}
