//! The officer hands results on to other tools.

use crate::support::place::{NOON, Place};
use serde_json::Value;

#[test]
fn results_go_out_as_csv_and_ocsf_each_with_its_entry() {
    let place = Place::with_system_at(NOON);
    let index = place.push("auc-1", "passed");
    let csv = place.affiant(&["export", "csv", "scoring"]).expect(0).warns("nobody signs an export").stdout;
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("system,control,status,asset,"));
    let row = lines.next().unwrap();
    assert!(
        row.starts_with("scoring,AFF-EXP-11,passed,model,") && row.contains(&format!(",{index},")),
        "{row}"
    );
    let events = place.affiant(&["export", "ocsf", "scoring"]).expect(0).json_lines();
    assert_eq!((&events[0]["class_uid"], &events[0]["compliance"]["status"]), (&2003.into(), &"Pass".into()));
    assert_eq!(events[0]["finding_info"]["uid"], format!("test.example/log#{index}"));
    // What goes out as OCSF comes in as OCSF.
    place.affiant(&["export", "ocsf", "scoring", "--output", "out.ndjson"]).expect(0);
    place.affiant(&["push", "out.ndjson", "--system", "scoring", "--dry-run"]).expect(0).says("AFF-EXP-11");
    place.push("auc-2", "failed");
    let all = place.affiant(&["export", "ocsf", "scoring", "--all"]).expect(0).json_lines();
    let latest = place.affiant(&["export", "ocsf", "scoring"]).expect(0).json_lines();
    assert_eq!((all.len(), latest.len()), (2, 1));
}

#[test]
fn conclusions_go_out_as_oscal_and_say_no_more_than_was_concluded() {
    let place = Place::with_system_at(NOON);
    place.affiant(&["export", "csv", "scoring"]).expect(4);
    place.push("auc-1", "failed");
    let export = ["export", "oscal", "scoring", "--framework", "eu-ai-act"];
    let document = place.affiant(&export).expect(0).json();
    assert_eq!(
        document,
        place.affiant(&export).expect(0).json(),
        "the same evidence makes the same document"
    );
    let result = &document["assessment-results"]["results"][0];
    let findings = result["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    let state = |finding: &Value| finding["target"]["status"]["state"].as_str().unwrap().to_owned();
    assert!(findings.iter().all(|finding| state(finding) == "not-satisfied"), "{findings:#?}");
    let observed: Vec<&Value> =
        result["observations"].as_array().unwrap().iter().map(|one| &one["uuid"]).collect();
    let related = findings.iter().flat_map(|finding| finding["related-observations"].as_array().unwrap());
    assert!(related.into_iter().all(|one| observed.contains(&&one["observation-uuid"])));
    place.affiant(&["export", "oscal", "nobody"]).expect(2);
}

#[test]
fn a_document_goes_out_with_the_issuers_statement_over_it() {
    let place = Place::with_system_at(NOON);
    place.push("auc-1", "failed");
    for format in ["oscal", "poam", "cyclonedx"] {
        let words = ["export", format, "scoring", "--output", "made.json", "--envelope", "made.dsse.json"];
        place.affiant(&words).expect(0);
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(place.path(name)).unwrap()).unwrap()
        };
        let (document, envelope) = (read("made.json"), read("made.dsse.json"));
        assert!(!document.as_object().unwrap().is_empty(), "{format}");
        assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
        assert_eq!(envelope["signatures"].as_array().unwrap().len(), 1);
    }
    let words = ["export", "csv", "scoring", "--output", "made.csv", "--envelope", "made.dsse.json"];
    place.affiant(&words).expect(2).warns("--envelope signs one JSON document");
    assert!(!place.path("made.csv").exists());
    place.affiant(&["export", "oscal", "scoring", "--envelope", "x.json"]).expect(2).warns("--output");
    let mappings = place.affiant(&["catalog", "export"]).expect(0).json();
    assert!(mappings["mapping-collection"]["mappings"].as_array().unwrap().len() > 3);
}

#[test]
fn the_tables_of_a_pack_go_out_as_one_workbook() {
    let place = Place::with_system_at(NOON);
    place.push("auc-1", "failed");
    place.affiant(&["pack", "build", "scoring", "--report", "tables.xlsx"]).expect(0);
    assert!(std::fs::read(place.path("tables.xlsx")).unwrap().starts_with(b"PK"));
    place.affiant(&["pack", "build", "scoring", "--report", "tables.ods"]).expect(2).warns(".xlsx");
}
