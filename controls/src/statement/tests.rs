//! Statements read back, are filed as their bytes say, and are canonical as declared.

use super::*;
use crate::access::AccessEvent;
use crate::delivery::Standpoint;
use crate::finding::FindingState;
use crate::incident::IncidentTest;
use crate::pin::CatalogKind;
use crate::policy::ExceptionPolicy;
use crate::result::{Check, Collector, DigestSource, Method, Population, Run, Source, Subject};
use crate::sample::Drawing;
use crate::signoff::Outcome;
use crate::{
    Decimal, Direction, Measure, PackPeriod, PackSigner, SampleFilter, Severity, SignerRole, Status,
};
use affiant_ledger::digest::Digest;

/// A result with every field filled in.
fn full_result() -> ControlResult {
    let time: Timestamp = "2026-11-22T03:46:05Z".parse().unwrap();
    let control = "AFF-EXP-11".parse().unwrap();
    let system = "credit-scoring".parse().unwrap();
    let mut result =
        ControlResult::new(control, system, Status::Passed, time, Collector::new("ci"), "accuracy 0.91");
    result.id = Some("job-7/accuracy".into());
    result.run = Some(Run { errors: 0, skipped: 0, complete: true, examined: 3, exit_code: Some(-1) });
    result.asset = Some("scoring-model".parse().unwrap());
    result.flags = ["redacted".to_owned()].into();
    result.checks = vec![Check {
        rule: "bandit:B301".into(),
        status: Status::Failed,
        message: "pickle".into(),
        pointer: "/runs/0/results/7".into(),
        location: Some("app/agent.py:12".into()),
        severity: Some(Severity::Medium),
        withheld: Some(Digest::of(b"what was left out")),
        suppressed: true,
        fingerprint: Some(Digest::of(b"x")),
    }];
    result.method = Method::Examine;
    result.source =
        Some(Source { query: Some("q".into()), system: Some("s".into()), account: Some("a".into()) }.into());
    result.details = Some("two\nlines".into());
    result.subject = Some(Subject { digest: Digest::ZERO, digest_source: DigestSource::InFile });
    result.evidence = vec![EvidenceRef::of(b"{}", "report.sarif", "application/sarif+json")];
    result.importer = Some("sarif/1".into());
    result.measures = vec![Measure {
        n: Some(1200),
        name: "accuracy".into(),
        unit: Some("ratio".into()),
        value: "0.91".parse::<Decimal>().unwrap(),
        direction: Some(Direction::AtLeast),
        threshold: Some("0.9".parse().unwrap()),
    }];
    result.population = Some(Population { size: 3, failed: 0, tested: 3, definition: "nightly runs".into() });
    result.raw_status = Some("PASS".into());
    result.valid_until = Some("2027-01-01T00:00:00Z".parse().unwrap());
    result.collected_at = Some(time);
    result
}

/// A finding with every field filled in.
fn full_finding() -> Finding {
    let (system, control) = ("credit-scoring".parse().unwrap(), "AFF-THR-13".parse().unwrap());
    let asset = "scoring-code".parse().unwrap();
    let fingerprint = Digest::of(b"x");
    Finding {
        id: crate::finding::finding_id(&system, &control, Some(&asset), "bandit", Some(&fingerprint)),
        due: "2026-12-22T00:00:00Z".parse().unwrap(),
        note: Some("vendor asked".into()),
        rule: Some("bandit:B602".into()),
        asset: Some(asset),
        owner: Some("Platform team".into()),
        state: FindingState::Resolved,
        system,
        ticket: Some("https://tracker.example.org/RISK-114".into()),
        control,
        summary: "subprocess call with shell=True".into(),
        location: Some("app/agent.py:12".into()),
        reopened: 2,
        severity: Severity::High,
        collector: "bandit".into(),
        opened_at: "2026-11-22T00:00:00Z".parse().unwrap(),
        opened_by: 41,
        fingerprint: Some(fingerprint),
        resolved_at: Some("2026-11-24T00:00:00Z".parse().unwrap()),
        resolved_by: Some(57),
    }
}

fn all() -> Vec<Statement> {
    let system: Id = "credit-scoring".parse().unwrap();
    let mut definition = System::new(system.clone(), "Credit scoring");
    definition.facts = [("profiling".to_owned(), ["true".to_owned()].into())].into();
    definition.placed_on_market = Some("2025-03-01".parse().unwrap());
    let mut asset = Asset::new(system.clone(), "scoring-model".parse().unwrap(), "model", "Scoring model");
    asset.relations = ["uses=b", "trained-on=a", "evaluated-on=a"].map(|it| it.parse().unwrap()).into();
    let pin = CatalogPin {
        id: "affiant-ai-spm".parse().unwrap(),
        kind: CatalogKind::Controls,
        digest: Digest::ZERO,
        version: "0.1.0".into(),
    };
    let pack = PackIssued {
        id: "pack-1".parse().unwrap(),
        head: Digest::ZERO,
        keys: Some(Digest::of(b"org")),
        last: 7,
        as_of: "2026-11-22T00:00:00Z".parse().unwrap(),
        first: 0,
        issuer: "bank".into(),
        period: Some(PackPeriod {
            to: "2026-10-01T00:00:00Z".parse().unwrap(),
            from: "2026-07-01T00:00:00Z".parse().unwrap(),
        }),
        system,
        signers: [PackSigner { role: SignerRole::Reviewer, vkey: "a+b+c".into() }].into(),
        withheld: ["evidence:*.pdf".parse().unwrap(), "payload:sample".parse().unwrap()].into(),
        frameworks: ["eu-ai-act".to_owned()].into(),
        certificate: Some(Digest::ZERO),
    };
    vec![
        Statement::System(definition),
        Statement::Asset(asset),
        Statement::Result(Box::new(full_result())),
        Statement::Catalog(pin),
        Statement::Pack(pack),
        Statement::Exception(Exception {
            id: "exc-7".parse().unwrap(),
            assets: ["scoring-model".parse().unwrap()].into(),
            reason: "vendor fix due".into(),
            system: "credit-scoring".parse().unwrap(),
            control: "AFF-EXP-11".parse().unwrap(),
            expires: "2027-01-01T00:00:00Z".parse().unwrap(),
            revoked: true,
            approver: "Head of Risk".into(),
            compensating: Some("manual review".into()),
            requested_by: Some("Data team".into()),
        }),
        Statement::Decision(Decision {
            owner: Some("Operations".into()),
            reason: "no customers are served".into(),
            system: "credit-scoring".parse().unwrap(),
            applies: false,
            control: None,
            drivers: ["law".to_owned()].into(),
            framework: Some("iso-42001".parse().unwrap()),
            decided_by: "Head of Risk".into(),
            requirement: Some("A.10.4".into()),
        }),
        Statement::Plan(Plan {
            id: "drift-weekly".parse().unwrap(),
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            asset: Some("scoring-model".parse().unwrap()),
            owner: Some("Data team".into()),
            until: Some("2027-11-01T00:00:00Z".parse().unwrap()),
            system: "credit-scoring".parse().unwrap(),
            cadence: "P7D".parse().unwrap(),
            control: "AFF-EXP-11".parse().unwrap(),
            collector: Some("ci".into()),
        }),
        Statement::Attestation(Attestation {
            at: "2026-11-01T00:00:00Z".parse().unwrap(),
            by: "General Counsel".into(),
            system: "credit-scoring".parse().unwrap(),
            summary: "no derogation is relied on".into(),
            evidence: vec![EvidenceRef::of(b"{}", "memo.pdf", "application/pdf")],
            framework: "eu-ai-act".parse().unwrap(),
            withdrawn: true,
            requirement: "art-6-3".into(),
            valid_until: "2027-11-01T00:00:00Z".parse().unwrap(),
        }),
        Statement::Incident(Incident {
            id: "inc-3".parse().unwrap(),
            kinds: ["serious".to_owned()].into(),
            tests: [IncidentTest {
                rule: Some("garak:dan.Dan_11_0".into()),
                asset: Some("scoring-model".parse().unwrap()),
                control: "AFF-THR-01".parse().unwrap(),
                collector: Some("garak".into()),
            }]
            .into(),
            assets: ["scoring-model".parse().unwrap()].into(),
            system: "credit-scoring".parse().unwrap(),
            summary: "refusals by a wrong threshold".into(),
            aware_at: "2026-11-02T00:00:00Z".parse().unwrap(),
            closed_at: Some("2026-11-09T00:00:00Z".parse().unwrap()),
            occurred_at: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            reported_at: Some("2026-11-03T00:00:00Z".parse().unwrap()),
            reported_to: [
                ("provider".parse().unwrap(), "2026-11-04T00:00:00Z".parse().unwrap()),
                ("ai-office".parse().unwrap(), "2026-11-05T00:00:00Z".parse().unwrap()),
            ]
            .into(),
            completed_at: Some("2026-11-08T00:00:00Z".parse().unwrap()),
            contained_at: Some("2026-11-04T00:00:00Z".parse().unwrap()),
            acknowledged_at: Some("2026-11-03T00:00:00Z".parse().unwrap()),
        }),
        Statement::Event(Event {
            at: "2026-11-02T00:00:00Z".parse().unwrap(),
            kind: "release".parse().unwrap(),
            asset: Some("scoring-model".parse().unwrap()),
            system: "credit-scoring".parse().unwrap(),
            done_at: Some("2026-11-03T00:00:00Z".parse().unwrap()),
            summary: "version 4.2 in production".into(),
        }),
        Statement::Request(Request {
            id: "req-7".parse().unwrap(),
            due: "2026-12-15T00:00:00Z".parse().unwrap(),
            text: "the validation report".into(),
            asset: Some("scoring-model".parse().unwrap()),
            owner: "Data team".into(),
            system: "credit-scoring".parse().unwrap(),
            control: Some("AFF-EXP-11".parse().unwrap()),
            asked_by: "Internal audit".into(),
            framework: Some("eu-ai-act".parse().unwrap()),
            withdrawn: true,
            requirement: Some("art-6-3".into()),
        }),
        Statement::Policy(Policy {
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
            by: "Board".into(),
            system: "credit-scoring".parse().unwrap(),
            exceptions: ExceptionPolicy { approvals: 2, from_severity: Severity::High },
        }),
        Statement::Approval(Approval {
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
            by: "Chief Risk Officer".into(),
            digest: Digest::of(b"an exception"),
            system: "credit-scoring".parse().unwrap(),
            exception: "exc-7".parse().unwrap(),
        }),
        Statement::Finding(Box::new(full_finding())),
        Statement::Sample(Box::new(full_sample())),
        Statement::Delivery(Delivery {
            to: Standpoint { size: 42, as_of: "2026-11-24T12:00:00Z".parse().unwrap() },
            from: Some(Standpoint { size: 31, as_of: "2026-11-23T12:00:00Z".parse().unwrap() }),
            count: 2,
            answer: "204".into(),
            target: "on-call".parse().unwrap(),
            channel: "webhook".into(),
            evidence: vec![EvidenceRef::of(b"{}", "alerts.json", "application/json")],
            delivered_at: "2026-11-24T12:00:01Z".parse().unwrap(),
        }),
        Statement::Assertion(Assertion {
            at: "2026-11-24T00:00:00Z".parse().unwrap(),
            by: "A. Example".into(),
            from: Some("2026-01-01T00:00:00Z".parse().unwrap()),
            role: "Chief Risk Officer".into(),
            text: "Controls operated as described.\nNo incident was left out.".into(),
            system: "credit-scoring".parse().unwrap(),
            withdrawn: true,
        }),
        Statement::Access(Access { events: vec![full_access_event(), full_access_event()] }),
        Statement::SignOff(SignOff {
            at: "2026-11-24T12:00:00Z".parse().unwrap(),
            by: "Example Audit LLP".into(),
            id: "sign-7".parse().unwrap(),
            note: "Seen.\nThe run behind it as well.".into(),
            role: "auditor".into(),
            about: "requirement:eu-ai-act/art-9-1".parse().unwrap(),
            system: "credit-scoring".parse().unwrap(),
            outcome: Outcome::Questioned,
        }),
    ]
}

fn full_access_event() -> AccessEvent {
    AccessEvent {
        at: "2026-11-24T12:00:00Z".parse().unwrap(),
        who: "token:ci-main".into(),
        role: Some("collector".into()),
        what: "POST /v1/results".into(),
        count: 12,
        status: 403,
        system: "credit-scoring".parse().ok(),
        address: Some("192.0.2.7".into()),
        allowed: false,
    }
}

fn full_sample() -> Sample {
    let filter = SampleFilter {
        from: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        asset: Some("scoring-model".parse().unwrap()),
        until: Some("2026-11-01T00:00:00Z".parse().unwrap()),
        status: Some(Status::Passed),
        control: Some("AFF-EXP-11".parse().unwrap()),
        collector: Some("ci".into()),
    };
    let system = "credit-scoring".parse().unwrap();
    let (by, text) = ("Example Audit LLP", "words of my own");
    let drawing =
        Drawing { by, system: &system, filter: &filter, text, count: 2, size: 72, root: Digest::of(b"root") };
    Sample::draw(drawing, &[(12, Digest::of(b"12")), (31, Digest::of(b"31")), (40, Digest::of(b"40"))])
}

#[test]
fn an_incident_from_before_recipients_were_named_reads_and_means_the_same() {
    let old = include_bytes!("../../../fuzz/seeds/payload/incident");
    let payload = affiant_ledger::payload::Payload::from_bytes(old).unwrap();
    let Ok(Some(Statement::Incident(incident))) = Statement::from_bytes("incident", &payload.statement)
    else {
        panic!("an incident")
    };
    assert!(incident.reported_to.is_empty() && incident.tests.is_empty());
    assert_eq!((incident.acknowledged_at, incident.contained_at), (None, None));
    assert_eq!(incident.told(["market-surveillance-authority"]), incident.reported_at);
    assert_eq!(incident.told([]), incident.reported_at);
    assert_eq!(Statement::Incident(incident).to_bytes(), payload.statement);
}

#[test]
fn every_kind_reads_back_as_it_was_written_and_is_filed_as_its_bytes_say() {
    for statement in all() {
        let bytes = statement.to_bytes();
        assert_eq!(Statement::from_bytes(statement.kind(), &bytes), Ok(Some(statement.clone())));
        assert_eq!(facet_of(statement.kind(), &bytes), Some(statement.facet()), "{}", statement.kind());
        let draft = statement.draft("local");
        assert_eq!((draft.statement, draft.kind.as_str()), (bytes, statement.kind()));
    }
}

#[test]
fn what_is_filed_is_what_the_statement_says_whatever_byte_is_changed() {
    for statement in all() {
        let (kind, bytes) = (statement.kind(), statement.to_bytes());
        let mut read = 0;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let (facet, id) = (facet_of(kind, &changed), id_of(kind, &changed));
                let Ok(Some(statement)) = Statement::from_bytes(kind, &changed) else { continue };
                assert_eq!((facet, id), (Some(statement.facet()), statement.id()), "byte {at} bit {bit}");
                read += 1;
            }
        }
        assert!(read > 50, "{kind}: {read} of the neighbours are statements");
    }
}

#[test]
fn fields_are_declared_in_canonical_order_so_that_encoding_needs_no_sorting() {
    for statement in all() {
        // serde_json keeps the order of declaration; the codec's order is by length, then bytes.
        let json = match &statement {
            Statement::System(s) => serde_json::to_string(s),
            Statement::Asset(s) => serde_json::to_string(s),
            Statement::Result(s) => serde_json::to_string(s),
            Statement::Catalog(s) => serde_json::to_string(s),
            Statement::Pack(s) => serde_json::to_string(s),
            Statement::Exception(s) => serde_json::to_string(s),
            Statement::Decision(s) => serde_json::to_string(s),
            Statement::Plan(s) => serde_json::to_string(s),
            Statement::Attestation(s) => serde_json::to_string(s),
            Statement::Incident(s) => serde_json::to_string(s),
            Statement::Event(s) => serde_json::to_string(s),
            Statement::Request(s) => serde_json::to_string(s),
            Statement::Policy(s) => serde_json::to_string(s),
            Statement::Approval(s) => serde_json::to_string(s),
            Statement::Finding(s) => serde_json::to_string(s),
            Statement::Sample(s) => serde_json::to_string(s),
            Statement::Delivery(s) => serde_json::to_string(s),
            Statement::Assertion(s) => serde_json::to_string(s),
            Statement::Access(s) => serde_json::to_string(s),
            Statement::SignOff(s) => serde_json::to_string(s),
        };
        let json = json.unwrap();
        let bytes = statement.to_bytes();
        let canonical: Vec<&str> =
            codec::map_ranges(&bytes).unwrap().into_iter().map(|(key, _)| key).collect();
        let mut at = 0;
        for key in canonical {
            let found = json[at..].find(&format!("\"{key}\":"));
            at += found.unwrap_or_else(|| panic!("`{key}` of `{}` is out of order", statement.kind()));
        }
    }
}

#[test]
fn an_asset_without_relations_has_the_bytes_it_had_before_there_were_any() {
    let asset = Asset::new("s".parse().unwrap(), "a".parse().unwrap(), "model", "A");
    let bytes = b"\xa4\x62id\x61a\x64kind\x65model\x64name\x61A\x66system\x61s";
    assert_eq!(Statement::Asset(asset.clone()).to_bytes(), bytes);
    assert_eq!(Statement::from_bytes("asset", bytes), Ok(Some(Statement::Asset(asset))));
}

#[test]
fn relations_stand_sorted_by_asset_then_kind_and_each_once() {
    let relation = |kind: &str, to: &str| {
        let mut bytes = b"\xa2\x62to".to_vec();
        bytes.extend([0x60 + to.len() as u8]);
        bytes.extend(to.bytes());
        bytes.extend(b"\x64kind");
        bytes.extend([0x60 + kind.len() as u8]);
        bytes.extend(kind.bytes());
        bytes
    };
    let read = |relations: &[Vec<u8>]| {
        let mut bytes = b"\xa5\x62id\x61a\x64kind\x65model\x64name\x61A\x66system\x61s\x69relations".to_vec();
        bytes.extend([0x80 + relations.len() as u8]);
        bytes.extend(relations.concat());
        Statement::from_bytes("asset", &bytes).is_ok()
    };
    let (first, second, third) = (relation("trained-on", "b"), relation("uses", "b"), relation("calls", "c"));
    assert!(read(&[first.clone(), second.clone(), third.clone()]));
    assert!(!read(&[second.clone(), first.clone(), third.clone()]), "unsorted");
    assert!(!read(&[first.clone(), first.clone()]), "twice");
    assert!(!read(&[relation("likes", "b")]), "a kind nobody knows");
}

#[test]
fn the_json_form_is_the_same_struct() {
    let result = full_result();
    let json = serde_json::to_string(&result).unwrap();
    assert!(json.contains(r#""observed_to":"2026-11-22T03:46:05Z""#), "{json}");
    assert_eq!(serde_json::from_str::<ControlResult>(&json).unwrap(), result);
}

#[test]
fn an_access_event_has_its_fields_in_canonical_order() {
    let event = full_access_event();
    let json = serde_json::to_string(&event).unwrap();
    let bytes = codec::encode(&event);
    let canonical: Vec<_> = codec::map_ranges(&bytes).unwrap().into_iter().map(|(key, _)| key).collect();
    let places = canonical.iter().map(|key| json.find(&format!("\"{key}\":")).unwrap());
    assert!(canonical.len() == 9 && places.is_sorted(), "{json}");
}

#[test]
fn the_stream_of_the_organisation_and_that_of_the_doors_are_no_systems() {
    assert!(!is_system(ORGANISATION) && !is_system(ACCESS));
    assert!(is_system("credit-scoring") && is_system("access-control"));
    let access = Statement::Access(Access { events: vec![full_access_event()] });
    assert_eq!(access.draft("local").stream, *ACCESS, "whatever system the event is about");
}

#[test]
fn kinds_of_other_storeys_are_passed_over() {
    assert_eq!(Statement::from_bytes("genesis", &[0xa0]), Ok(None));
    assert_eq!(facet_of("key", &[0xa0]), None);
}

#[test]
fn a_statement_with_an_unknown_field_or_in_another_form_is_refused() {
    let bytes = all()[1].to_bytes();
    let mut more = bytes.clone();
    more[0] += 1;
    more.extend_from_slice(b"\x68zzzzzzzz\x01");
    for wrong in [&more[..], &bytes[..bytes.len() - 1], b"", b"\xa0"] {
        let refused = Statement::from_bytes("asset", wrong);
        assert!(matches!(&refused, Err(StatementError { kind, .. }) if kind == "asset"), "{refused:?}");
    }
}

#[test]
fn a_result_is_filed_under_control_asset_collector_and_bytes() {
    let statement = &all()[2];
    let facet = statement.facet();
    // It speaks of bytes: their digest is the last part.
    assert_eq!(facet.key, format!("result\0AFF-EXP-11\0scoring-model\0ci\0{}", Digest::ZERO).into_bytes());
    assert_eq!(facet.rank, 1_795_319_165_000);
}
