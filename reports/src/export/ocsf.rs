//! Results as compliance findings of OCSF 1.5 (class 2003), one event each.

use super::Entered;
use affiant_controls::set::ControlSet;
use affiant_controls::{Severity, Status};
use serde_json::{Value, json};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// A compliance finding for each result.
pub fn ocsf<'a>(
    results: &'a [Entered],
    controls: &'a ControlSet,
    origin: &'a str,
) -> impl Iterator<Item = Value> + 'a {
    results.iter().map(move |entered| finding(entered, controls, origin))
}

fn finding(entered: &Entered, controls: &ControlSet, origin: &str) -> Value {
    let result = &entered.result;
    let control = controls.control(result.control.as_str());
    let title = control.map_or_else(|| result.control.to_string(), |control| control.title.clone());
    let (status_id, status) = status(result.status);
    let (severity_id, severity) = severity(control.map(|control| control.severity));
    let resource = result.asset.as_ref().unwrap_or(&result.system);
    json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200_301,
        "type_name": "Compliance Finding: Create",
        "time": result.observed_to.as_millis(),
        "start_time": result.observed_from.as_millis(),
        "end_time": result.observed_to.as_millis(),
        "severity_id": severity_id,
        "severity": severity,
        "message": result.summary,
        "compliance": {
            "control": result.control.as_str(),
            "requirements": [title],
            "standards": controls.catalogs().iter().map(|catalog| catalog.id.to_string()).collect::<Vec<_>>(),
            "status_id": status_id,
            "status": status,
            "status_code": result.status.as_str(),
        },
        "finding_info": {
            "uid": format!("{origin}#{}", entered.index),
            "title": title,
            "created_time": entered.recorded.as_millis(),
            "types": [super::oscal::method(result.method)],
        },
        "resources": [{"uid": resource.as_str(), "name": resource.as_str(), "group": {"name": result.system.as_str()}}],
        "metadata": {
            "version": VERSION,
            "product": {"name": result.collector.name, "vendor_name": "affiant",
                "version": result.collector.version.clone().unwrap_or_else(|| "unknown".to_owned())},
            "log_name": origin,
            "log_provider": "affiant",
            "logged_time": entered.recorded.as_millis(),
            "uid": entered.leaf.to_string(),
        },
        "unmapped": {
            "entry": entered.index,
            "flags": result.flags,
            "evidence_sha256": result.evidence.iter().map(|file| file.sha256).collect::<Vec<_>>(),
        },
    })
}

/// Compliance status: only a pass is a pass.
fn status(status: Status) -> (u8, &'static str) {
    match status {
        Status::Passed => (1, "Pass"),
        Status::NeedsReview => (2, "Warning"),
        Status::Failed => (3, "Fail"),
        Status::NotApplicable => (99, "not-applicable"),
        Status::NotRun | Status::Unknown => (0, "Unknown"),
    }
}

fn severity(severity: Option<Severity>) -> (u8, &'static str) {
    match severity {
        None => (0, "Unknown"),
        Some(Severity::Info) => (1, "Informational"),
        Some(Severity::Low) => (2, "Low"),
        Some(Severity::Medium) => (3, "Medium"),
        Some(Severity::High) => (4, "High"),
        Some(Severity::Critical) => (5, "Critical"),
    }
}
