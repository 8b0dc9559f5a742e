use super::*;
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_controls::{Asset, Collector, Status, System};
use affiant_frameworks::assessment::Outcome;
use affiant_ledger::entry::{ENTRY_VERSION, Entry};
use std::collections::BTreeSet;

fn entered(status: Status) -> Entered {
    let time: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let (control, system) = ("AFF-EXP-13".parse().unwrap(), "bot".parse().unwrap());
    let result =
        ControlResult::new(control, system, status, time, Collector::new("ci"), "a \"quoted\", sentence");
    Entered { index: 7, leaf: Digest::of(b"leaf"), recorded: time, result }
}

#[test]
fn only_a_pass_is_a_pass_in_ocsf() {
    let controls = ControlSet::embedded();
    for status in Status::ALL {
        let results = [entered(status)];
        let event = ocsf(&results, &controls, "log.example").next().unwrap();
        assert_eq!(event["compliance"]["status_id"] == 1, status == Status::Passed, "{status}");
        assert_eq!((&event["class_uid"], &event["type_uid"]), (&2003.into(), &200_301.into()));
        assert_eq!(event["finding_info"]["uid"], "log.example#7");
        assert_eq!(event["time"], 1_795_132_800_000u64);
    }
}

#[test]
fn every_row_names_its_entry() {
    let results = [entered(Status::Failed)];
    let row = row(&results[0]);
    assert_eq!(row.len(), COLUMNS.len());
    assert_eq!(row[14..], ["7".to_owned(), Digest::of(b"leaf").to_string()]);
}

/// Every id in a document of OSCAL, and every reference to one.
fn ids_and_references<'a>(value: &'a Value, found: &mut (Vec<&'a str>, Vec<&'a str>)) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field.as_str() {
                    Some(id) if key == "uuid" => found.0.push(id),
                    Some(id) if key.ends_with("-uuid") => found.1.push(id),
                    Some(href) if key == "href" => found.1.extend(href.strip_prefix('#')),
                    _ => ids_and_references(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| ids_and_references(item, found)),
        _ => {}
    }
}

/// A system judged against one framework, with a control that holds, one that failed, and the finding that this opened.
fn source_and_register(check: impl FnOnce(ExportSource<'_>, &Register, &ControlSet)) {
    let now: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
    let mut system = System::new("bot".parse().unwrap(), "A bot, \"quoted\"");
    system.roles = ["provider".to_owned()].into();
    system.risk_classes = ["high-risk".to_owned()].into();
    let model = Asset::new("bot".parse().unwrap(), "model".parse().unwrap(), "model", "A model");
    let result = |status, control: &str| {
        let control = control.parse().unwrap();
        let mut result =
            ControlResult::new(control, "bot".parse().unwrap(), status, now, Collector::new("ci"), " \n ");
        result.asset = Some("model".parse().unwrap());
        Statement::Result(Box::new(result))
    };
    let statements = [
        Statement::System(system),
        Statement::Asset(model),
        result(Status::Failed, "AFF-THR-13"),
        result(Status::Passed, "AFF-DAT-01"),
    ];
    let record = |(index, statement): (u64, &Statement)| {
        let bytes = statement.to_bytes();
        let entry = Entry {
            n: index,
            v: ENTRY_VERSION,
            by: "local".to_owned(),
            kind: statement.kind().parse().unwrap(),
            prev: Digest::ZERO,
            time: now,
            index,
            stream: "bot".parse().unwrap(),
            payload: Digest::of(&bytes),
            stream_prev: Digest::ZERO,
        };
        Record { leaf: Digest::leaf(&entry.to_bytes()), entry, statement: Some(bytes) }
    };
    let records: Vec<Record> = (0..).zip(&statements).map(record).collect();
    let controls = ControlSet::embedded();
    let mut records = records;
    let register = Register::replay(&records, now).unwrap();
    let findings = register.finding_changes(|_| affiant_controls::Severity::High);
    assert_eq!(findings.len(), 1);
    let findings: Vec<Statement> = findings.into_iter().map(|it| Statement::Finding(Box::new(it))).collect();
    records.extend((4..).zip(&findings).map(record));
    let register = Register::replay(&records, now).unwrap();
    let framework = affiant_frameworks::framework::Framework::embedded("eu-ai-act").unwrap();
    let mappings = affiant_frameworks::mappings::MappingSets::embedded();
    let assessments =
        affiant_frameworks::assess::assess_all([&framework], &mappings, &controls, &register).unwrap();
    let results = results(&records).unwrap();
    let source = ExportSource {
        assessments: &assessments,
        results: &results,
        origin: "log.example/1",
        as_of: now,
        pack: None,
        withholding: &[],
    };
    check(source, &register, &controls);
}

#[test]
fn every_reference_in_oscal_leads_to_something_and_every_id_is_used_once() {
    source_and_register(|source, register, controls| {
        let results = assessment_results(source);
        let plan = poam(source, register, controls).unwrap();
        let mappings = mapping_collection(
            &affiant_frameworks::crosswalk::Crosswalk::embedded(),
            affiant_frameworks::mappings::MappingSets::embedded().sets(),
        );
        let mut of_results = Vec::new();
        for document in [&results, &plan, &mappings.unwrap()] {
            let mut found = (Vec::new(), Vec::new());
            ids_and_references(document, &mut found);
            let ids: BTreeSet<&str> = found.0.iter().copied().collect();
            assert_eq!(ids.len(), found.0.len(), "an id stands twice");
            assert!(found.1.iter().all(|id| ids.contains(id)), "{:?}", found.1);
            if of_results.is_empty() {
                of_results = found.0.iter().map(ToString::to_string).collect();
                assert!(!found.1.is_empty());
            }
        }
        // The plan's findings are those of the results.
        let findings = plan["plan-of-action-and-milestones"]["findings"].as_array().unwrap();
        assert!(!findings.is_empty());
        assert!(findings.iter().all(|finding| of_results.iter().any(|id| *id == finding["uuid"])));
        let risks = plan["plan-of-action-and-milestones"]["risks"].as_array().unwrap();
        assert_eq!((risks.len(), &risks[0]["status"]), (1, &"open".into()));
        // A text of nothing but space is a hyphen, as OSCAL takes no empty one.
        assert_eq!(risks[0]["description"], "-");
    });
}

#[test]
fn declarations_claim_what_is_satisfied_and_counter_claim_the_rest() {
    source_and_register(|source, _, _| {
        let document = declarations(source, &[]);
        let (mut refs, mut used) = (BTreeSet::new(), Vec::new());
        fn walk<'a>(value: &'a Value, refs: &mut BTreeSet<&'a str>, used: &mut Vec<&'a str>) {
            match value {
                Value::Object(fields) => fields.iter().for_each(|(key, field)| match key.as_str() {
                    "bom-ref" => assert!(refs.insert(field.as_str().unwrap()), "{field} stands twice"),
                    "requirement" | "target" | "assessor" => used.extend(field.as_str()),
                    "claims" | "counterClaims" | "evidence" | "counterEvidence"
                        if field.as_array().is_some_and(|all| all.iter().all(Value::is_string)) =>
                    {
                        used.extend(field.as_array().unwrap().iter().filter_map(Value::as_str));
                    }
                    _ => walk(field, refs, used),
                }),
                Value::Array(items) => items.iter().for_each(|item| walk(item, refs, used)),
                _ => {}
            }
        }
        walk(&document, &mut refs, &mut used);
        assert!(used.len() > 4 && used.iter().all(|one| refs.contains(one)), "{used:?}");
        let map = document["declarations"]["attestations"][0]["map"].as_array().unwrap();
        let judged = source.assessments[0].determinations.iter();
        let satisfied = judged.clone().filter(|one| one.outcome == Outcome::Satisfied).count();
        assert_eq!(map.iter().filter(|row| row.get("claims").is_some()).count(), satisfied);
        assert!(map.iter().any(|row| row.get("counterClaims").is_some()));
    });
}
