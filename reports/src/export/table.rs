//! Results as rows of a table.

use super::Entered;

/// The columns of [`row`].
pub const COLUMNS: [&str; 16] = [
    "system",
    "control",
    "status",
    "asset",
    "observed_from",
    "observed_to",
    "collector",
    "collector_version",
    "summary",
    "flags",
    "subject_sha256",
    "evidence_sha256",
    "valid_until",
    "recorded",
    "entry",
    "leaf",
];

/// The row of a result, under [`COLUMNS`].
pub fn row(entered: &Entered) -> Vec<String> {
    let result = &entered.result;
    let flags: Vec<&str> = result.flags.iter().map(String::as_str).collect();
    let evidence: Vec<String> = result.evidence.iter().map(|file| file.sha256.to_string()).collect();
    vec![
        result.system.to_string(),
        result.control.to_string(),
        result.status.to_string(),
        result.asset.as_ref().map(ToString::to_string).unwrap_or_default(),
        result.observed_from.to_string(),
        result.observed_to.to_string(),
        result.collector.name.clone(),
        result.collector.version.clone().unwrap_or_default(),
        result.summary.clone(),
        flags.join(" "),
        result.subject.as_ref().map(|subject| subject.digest.to_string()).unwrap_or_default(),
        evidence.join(" "),
        result.valid_until.map(|until| until.to_string()).unwrap_or_default(),
        entered.recorded.to_string(),
        entered.index.to_string(),
        entered.leaf.to_string(),
    ]
}
