use super::*;
use affiant_controls::set::ControlSet;
use affiant_controls::{Collector, Status};

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
    let row = rows(&results).next().unwrap();
    assert_eq!(row.len(), COLUMNS.len());
    assert_eq!(row[14..], ["7".to_owned(), Digest::of(b"leaf").to_string()]);
}
