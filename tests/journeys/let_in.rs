//! What others record while many rows are collected: each result once, and all of the many or none.

use crate::support::place::{NOON, Place};
use affiant_controls::intake::{Context, Format, ToolRules, ndjson};
use affiant_controls::set::ControlSet;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::record::Draft;
use affiant_ledger::time;
use affiant_server::filing::Statements;
use affiant_server::submit::collection::{Collection, Guests};
use affiant_server::submit::known;
use affiant_server::submit::single::judged;
use affiant_server::submit::source::Source;
use affiant_server::submit::submitter::Submitter;
use serde_json::json;
use std::cell::Cell;
use std::fs::File;

/// Rows of a push of many.
const MANY: u64 = 5_000;

fn row(id: u64, summary: &str) -> String {
    json!({
        "id": format!("r-{id}"), "collector": "ci", "control": "AFF-EXP-11", "system": "scoring", "asset": "model",
        "status": "passed", "summary": summary, "observed_to": "2026-11-24T11:00:00Z",
    })
    .to_string()
}

/// What came of a push of many rows, during which another pushed one of them.
#[derive(Debug)]
struct Outcome {
    /// Results that are new, and recorded before.
    fresh: usize,
    again: usize,
    faults: Vec<String>,
    /// Entries the ledger has more than before.
    grown: u64,
    /// Whether those were let in who record when rows were being appended.
    is_late: bool,
}

/// Pushes many rows; at a moment between two pieces another pushes the one of an id, with this summary.
fn met(id: u64, summary: &str) -> Outcome {
    let place = Place::with_system_at(NOON);
    let text: String = (0..MANY).map(|at| row(at, "as measured") + "\n").collect();
    place.write("rows.ndjson", text);
    let clock = time::clock(Some(NOON.to_string().as_ref())).unwrap();
    let surroundings =
        Surroundings { clock: clock.clone(), ..Surroundings::new(&Statements, place.path("state/heads")) };
    let mut ledger = Ledger::open(&place.ledger(), surroundings).unwrap();
    let before = ledger.size();
    let (controls, tools) = (ControlSet::embedded(), ToolRules::embedded());
    let intake = Context::new(&controls, &tools, clock.now());
    let single = single(&mut ledger, &intake, &row(id, summary));
    let [is_met, is_appending, is_late] = [const { Cell::new(false) }; 3];
    let mut let_in = |ledger: &mut Ledger, guests: Guests| {
        if guests == Guests::All && !is_met.replace(true) {
            ledger.append(std::slice::from_ref(&single)).unwrap();
        }
        if guests == Guests::All && is_appending.get() {
            is_late.set(true);
        }
    };
    let mut collection = Collection::new(&mut ledger, &intake, 0, Submitter::local(None), true)
        .unwrap()
        .letting_in(&mut let_in);
    let file = File::open(place.path("rows.ndjson")).unwrap();
    let mut source = Source::file("rows".into(), file, Some(Format::Ndjson)).unwrap();
    collection.lines(&mut source).unwrap();
    collection.compare_within().unwrap();
    let faults: Vec<String> = collection.faults.told().0.map(str::to_owned).collect();
    let (mut fresh, mut again) = (0, 0);
    is_appending.set(true);
    collection
        .append(
            |_| (),
            |_, (), appended| {
                again += appended.iter().filter(|one| one.again).count();
                fresh += appended.iter().filter(|one| !one.again).count();
                Ok(())
            },
        )
        .unwrap();
    let grown = ledger.size() - before;
    ledger.close().unwrap();
    assert!(is_met.get(), "somebody was let in");
    place.affiant(&["log", "fsck"]).expect(0);
    Outcome { fresh, again, faults, grown, is_late: is_late.get() }
}

/// The draft of a single row.
fn single(ledger: &mut Ledger, intake: &Context<'_>, row: &str) -> Draft {
    let mut result = ndjson::line(row.as_bytes(), 1, intake).unwrap();
    let submitter = Submitter::local(None);
    submitter.name(&mut result, None);
    let known = known::of(ledger, &result.system).unwrap();
    let systems = [(result.system.clone(), known)].into();
    judged(result, intake, &systems, true).unwrap().statement.draft(submitter.by())
}

#[test]
fn a_row_that_another_records_meanwhile_is_recorded_once() {
    for id in [0, MANY / 2, MANY - 1] {
        let met = met(id, "as measured");
        assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY - 1, 1, 0), "{met:?}");
        assert_eq!((met.grown, met.is_late), (MANY, false), "{met:?}");
    }
}

#[test]
fn another_result_meanwhile_changes_nothing() {
    let met = met(MANY, "as measured");
    assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY, 0, 0), "{met:?}");
    assert_eq!((met.grown, met.is_late), (MANY + 1, false), "{met:?}");
}

#[test]
fn other_content_under_the_id_of_a_row_is_a_fault_of_the_row_before_anything_is_recorded() {
    for id in [0, MANY - 1] {
        let met = met(id, "as others saw it");
        assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY - 1, 0, 1), "{met:?}");
        assert!(met.faults[0].starts_with(&format!("line {}: id `r-{id}`", id + 1)), "{met:?}");
        assert_eq!((met.grown, met.is_late), (MANY, false), "{met:?}");
    }
}
