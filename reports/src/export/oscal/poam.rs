//! What is still to do, as a plan of action and milestones of OSCAL: an item for each finding that waits, and for each
//! requirement that is partly or not satisfied.

use super::{finding, finding_uuid, line, property, state, text, uuid};
use crate::export::ExportSource;
use affiant_controls::finding::{Found, Standing};
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The plan; `None` where nothing is left to do, as OSCAL has no empty one.
pub fn poam(source: ExportSource<'_>, register: &Register, controls: &ControlSet) -> Option<Value> {
    let ExportSource { assessments, origin, as_of, .. } = source;
    let found = register.found(controls);
    let waiting: Vec<&Found<'_>> =
        found.iter().filter(|it| it.standing.waits() || it.standing == Standing::Accepted).collect();
    let gaps: Vec<(&Assessment, &Determination)> = assessments
        .iter()
        .flat_map(|judged| {
            let open = judged.determinations.iter().filter(|one| state(one.outcome) == Some("not-satisfied"));
            open.map(move |one| (judged, one))
        })
        .collect();
    if waiting.is_empty() && gaps.is_empty() {
        return None;
    }
    let system = register.system().map_or_else(|| source.system(), |system| system.id.to_string());
    let items = waiting
        .iter()
        .map(|it| finding_item(it, origin))
        .chain(gaps.iter().map(|(judged, one)| gap(judged, one, origin)));
    let mut document = json!({
        "uuid": uuid(&[origin, "poam", &system, &as_of.to_string()]),
        "metadata": source.metadata(&format!("What is left to do on {}", source.system())),
        "system-id": {"id": line(&system)},
        "poam-items": items.collect::<Vec<_>>(),
    });
    // A list that is there is not empty.
    if !waiting.is_empty() {
        document["risks"] = waiting.iter().map(|it| risk(it, origin)).collect();
    }
    if !gaps.is_empty() {
        let none = BTreeSet::new();
        let finding = |(judged, one): &(&Assessment, &Determination)| {
            finding(one, "not-satisfied", judged.framework.id.as_str(), origin, &none)
        };
        document["findings"] = gaps.iter().map(finding).collect();
    }
    Some(json!({"plan-of-action-and-milestones": document}))
}

fn risk_uuid(it: &Found<'_>, origin: &str) -> String {
    let finding = &it.filed.value;
    uuid(&[origin, "risk", finding.system.as_str(), finding.id.as_str()])
}

fn risk(it: &Found<'_>, origin: &str) -> Value {
    let finding = &it.filed.value;
    let status = match it.standing {
        Standing::Open => "open",
        Standing::Triaged => "investigating",
        Standing::Remediating => "remediating",
        Standing::Accepted => "deviation-approved",
        Standing::Retired | Standing::Resolved => "closed",
    };
    let asset = finding.asset.as_ref().unwrap_or(&finding.system);
    json!({
        "uuid": risk_uuid(it, origin),
        "title": line(&format!("{} on {asset}: {}", finding.control, finding.summary)),
        "description": text(&finding.summary),
        "statement": format!("Control {} does not hold on {asset} as observed at {}.", finding.control, finding.opened_at),
        "props": [
            property("finding", finding.id.as_str()),
            property("severity", finding.severity.as_str()),
            property("control", finding.control.as_str()),
            property("asset", asset.as_str()),
            property("overdue", if it.overdue { "yes" } else { "no" }),
            property("ledger-entry", &it.filed.citation.index.to_string()),
        ],
        "status": status,
        "deadline": finding.due.to_string(),
    })
}

fn finding_item(it: &Found<'_>, origin: &str) -> Value {
    let finding = &it.filed.value;
    let owner =
        finding.owner.as_deref().map_or_else(String::new, |owner| format!(" {owner} answers for it."));
    json!({
        "uuid": uuid(&[origin, "poam-item", finding.system.as_str(), finding.id.as_str()]),
        "title": line(&format!("{} ({})", finding.summary, finding.severity.as_str())),
        "description": format!("To be gone by {}.{owner}", finding.due),
        "related-risks": [{"risk-uuid": risk_uuid(it, origin)}],
    })
}

fn gap(judged: &Assessment, one: &Determination, origin: &str) -> Value {
    let framework = judged.framework.id.as_str();
    let gaps: Vec<&str> = one.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    let word = if one.outcome == Outcome::Partial { "partly satisfied" } else { "not satisfied" };
    json!({
        "uuid": uuid(&[origin, "poam-item", framework, &one.requirement]),
        "title": line(&format!("{} {}: {word}", one.citation, one.title)),
        "description": text(&gaps.join("\n")),
        "related-findings": [{"finding-uuid": finding_uuid(framework, origin, &one.requirement)}],
    })
}
