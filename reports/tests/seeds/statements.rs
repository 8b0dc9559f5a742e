//! A statement of each kind that has no reader of files of its own, with every field filled, and what its page says.

use affiant_controls::Statement;
use affiant_ledger::codec;
use affiant_ledger::payload::Payload;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Seeds by name: the kind, which may be followed by `-` and a word.
pub(crate) fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let payload = |statement: Statement| {
        Payload { salt: [7; 16], statement: statement.to_bytes(), signature: None }.to_bytes()
    };
    filled().into_iter().map(|(name, json)| (name, payload(of(kind(name), json)))).collect()
}

/// Whether a seed made here holds a statement of the kind it is named after.
pub(crate) fn accepted(name: &str, payload: &Payload) -> Result<(), String> {
    if !filled().iter().any(|(seed, _)| *seed == name) {
        return Ok(());
    }
    let read = Statement::from_bytes(kind(name), &payload.statement).map_err(|error| error.to_string())?;
    read.map(drop).ok_or_else(|| format!("`{name}` is no kind of statement"))
}

fn kind(name: &str) -> &str {
    // The one kind of two words.
    if name == "sign-off" { name } else { name.split('-').next().unwrap_or(name) }
}

/// A decision is on a requirement or on a control, never on both. A report may name whom it went to.
fn filled() -> Vec<(&'static str, Value)> {
    let report = json!({"name": "memo.pdf", "size": 2, "pointer": "page 3", "media_type": "application/pdf",
        "sha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"});
    vec![
        (
            "exception",
            json!({"id": "exc-7", "assets": ["scoring-model"], "reason": "vendor fix due", "system": "credit-scoring",
                    "control": "AFF-EXP-11", "expires": "2027-01-01T00:00:00Z", "revoked": true,
                    "approver": "Head of Risk", "compensating": "manual review", "requested_by": "Data team"}),
        ),
        (
            "applicability",
            json!({"owner": "Operations", "reason": "no customers are served", "system": "credit-scoring",
                    "applies": false, "drivers": ["law", "policy"], "framework": "iso-42001",
                    "decided_by": "Head of Risk", "requirement": "A.10.4"}),
        ),
        (
            "applicability-control",
            json!({"owner": "Operations", "reason": "models are trained here", "system": "credit-scoring",
                    "applies": true, "control": "AFF-EXP-11", "drivers": ["risk-assessment"],
                    "decided_by": "Head of Risk"}),
        ),
        (
            "plan",
            json!({"id": "drift-weekly", "from": "2026-12-01T00:00:00Z", "asset": "scoring-model",
                    "owner": "Data team", "until": "2027-12-01T00:00:00Z", "system": "credit-scoring",
                    "cadence": "P7D", "control": "AFF-EXP-11", "collector": "ci"}),
        ),
        (
            "attestation",
            json!({"at": "2026-11-01T00:00:00Z", "by": "General Counsel", "system": "credit-scoring",
                    "summary": "no derogation is relied on", "evidence": [report], "framework": "eu-ai-act",
                    "withdrawn": true, "requirement": "art-6-3-a", "valid_until": "2027-11-01T00:00:00Z"}),
        ),
        (
            "incident",
            json!({"id": "inc-3", "kinds": ["critical-infrastructure", "serious"], "assets": ["scoring-model"],
                    "system": "credit-scoring", "summary": "refusals by a wrong threshold",
                    "aware_at": "2026-11-02T00:00:00Z", "closed_at": "2026-11-09T00:00:00Z",
                    "occurred_at": "2026-11-01T00:00:00Z", "reported_at": "2026-11-03T00:00:00Z",
                    "completed_at": "2026-11-08T00:00:00Z"}),
        ),
        (
            "incident-named",
            json!({"id": "inc-4", "kinds": ["death"], "system": "credit-scoring",
                    "summary": "refusals by a wrong threshold", "aware_at": "2026-11-02T00:00:00Z",
                    "reported_to": {"provider": "2026-11-03T00:00:00Z", "ai-office": "2026-11-04T00:00:00Z"}}),
        ),
        (
            "incident-staged",
            json!({"id": "inc-5", "system": "credit-scoring", "summary": "a jailbreak found by a user",
                    "tests": [{"rule": "garak:dan.Dan_11_0", "asset": "scoring-model", "control": "AFF-THR-01",
                        "collector": "garak"}, {"control": "AFF-THR-02"}],
                    "aware_at": "2026-11-02T00:00:00Z", "acknowledged_at": "2026-11-02T00:20:00Z",
                    "contained_at": "2026-11-02T04:00:00Z", "closed_at": "2026-11-09T00:00:00Z"}),
        ),
        (
            "event",
            json!({"at": "2026-11-02T00:00:00Z", "kind": "release", "asset": "scoring-model",
                    "system": "credit-scoring", "done_at": "2026-11-03T00:00:00Z", "summary": "version 4.2"}),
        ),
        (
            "finding",
            json!({"id": "f-43443f53bddf", "due": "2026-12-22T01:46:40Z", "note": "vendor asked", "rule": "bandit:B602",
                    "asset": "scoring-code", "owner": "Platform team", "state": "resolved", "system": "credit-scoring",
                    "ticket": "RISK-114", "control": "AFF-THR-13", "summary": "subprocess call with shell=True",
                    "location": "app/agent.py:12", "reopened": 1, "severity": "high", "collector": "bandit",
                    "opened_at": "2026-11-22T01:46:40Z", "opened_by": 41,
                    "fingerprint": "5aaf66712058cadae8e3dc8733f0dd22f0c3e54253c68a925b7e2ab7e13f952c",
                    "resolved_at": "2026-11-25T01:46:40Z", "resolved_by": 57}),
        ),
        (
            "sample",
            json!({"by": "Example Audit LLP", "id": "sample-3d5a1c0f9b2e7d64", "size": 72, "text": "winter rain",
                    "root": "0c9ecf308af7191eb2ff8b333d0bb9c83001af3c5132a509225181bb93757c5b", "count": 2,
                    "items": [31, 12], "system": "credit-scoring",
                    "filter": {"from": "2026-01-01T00:00:00Z", "asset": "scoring-model", "until": "2026-11-01T00:00:00Z",
                        "status": "passed", "control": "AFF-EXP-11", "collector": "ci"},
                    "population": {"size": 40,
                        "digest": "7c4a8d09ca3762af61e59520943dc26494f8941b4bd5ccfe0332e14846108d00"}}),
        ),
        (
            "delivery",
            json!({"to": {"size": 42, "as_of": "2026-11-24T12:00:00Z"}, "from": {"size": 31, "as_of": "2026-11-23T12:00:00Z"},
                    "count": 2, "answer": "204", "target": "on-call", "channel": "webhook", "evidence": [report],
                    "delivered_at": "2026-11-24T12:00:01Z"}),
        ),
        (
            "assertion",
            json!({"at": "2026-11-24T00:00:00Z", "by": "A. Example", "from": "2026-01-01T00:00:00Z",
                    "role": "Chief Risk Officer", "text": "Controls operated as described.", "system": "credit-scoring",
                    "withdrawn": true}),
        ),
        (
            "access",
            json!({"events": [
                {"at": "2026-11-24T12:00:00Z", "who": "token:ci-main", "role": "collector", "what": "POST /v1/results",
                    "count": 12, "status": 403, "system": "credit-scoring", "address": "192.0.2.7", "allowed": false},
                {"at": "2026-11-24T12:00:03Z", "who": "-", "what": "GET /v1/systems", "count": 1, "status": 401,
                    "allowed": false}]}),
        ),
        (
            "sign-off",
            json!({"at": "2026-11-24T12:00:00Z", "by": "Example Audit LLP", "id": "sign-0c1d2e3f",
                    "note": "Seen.\nThe run behind it as well.", "role": "auditor", "about": "entry:12",
                    "system": "credit-scoring", "outcome": "accepted"}),
        ),
    ]
}

/// Reads a statement of a kind in its JSON form.
fn of(kind: &str, json: Value) -> Statement {
    let read = match kind {
        "exception" => serde_json::from_value(json).map(Statement::Exception),
        "applicability" => serde_json::from_value(json).map(Statement::Decision),
        "plan" => serde_json::from_value(json).map(Statement::Plan),
        "attestation" => serde_json::from_value(json).map(Statement::Attestation),
        "incident" => serde_json::from_value(json).map(Statement::Incident),
        "sample" => serde_json::from_value(json).map(|sample| Statement::Sample(Box::new(sample))),
        "finding" => serde_json::from_value(json).map(|finding| Statement::Finding(Box::new(finding))),
        "delivery" => serde_json::from_value(json).map(Statement::Delivery),
        "assertion" => serde_json::from_value(json).map(Statement::Assertion),
        "access" => serde_json::from_value(json).map(Statement::Access),
        "sign-off" => serde_json::from_value(json).map(Statement::SignOff),
        _ => serde_json::from_value(json).map(Statement::Event),
    };
    read.unwrap_or_else(|error| panic!("{kind}: {error}"))
}

fn page(kind: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/spec/{kind}.md"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_examples_on_each_page_are_statements_of_its_kind() {
    for kind in filled().iter().map(|(name, _)| kind(name)).collect::<BTreeSet<_>>() {
        let page = page(kind);
        let (example, _) = page.split_once("```json\n").unwrap().1.split_once("```").unwrap();
        let examples = serde_json::Deserializer::from_str(example).into_iter::<Value>();
        let read: Vec<Statement> = examples.map(|json| of(kind, json.unwrap())).collect();
        assert!(!read.is_empty() && read.iter().all(|statement| statement.kind() == kind), "{kind}");
    }
}

#[test]
fn the_table_on_each_page_lists_every_field_in_canonical_order() {
    for kind in filled().iter().map(|(name, _)| kind(name)).collect::<BTreeSet<_>>() {
        let page = page(kind);
        let (_, table) = page.split_once("| field | type | meaning |\n|---|---|---|\n").unwrap();
        let rows = table.lines().map_while(|line| line.strip_prefix("| `"));
        let listed: Vec<&str> = rows.map(|row| row.split_once('`').unwrap().0).collect();
        let mut fields = BTreeSet::new();
        for (_, json) in filled().into_iter().filter(|(name, _)| self::kind(name) == kind) {
            let bytes = of(kind, json).to_bytes();
            fields.extend(
                codec::map_ranges(&bytes).unwrap().into_iter().map(|(key, _)| (key.len(), key.to_owned())),
            );
        }
        assert_eq!(listed, fields.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>(), "{kind}");
    }
}
