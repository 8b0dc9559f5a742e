//! What others record while many rows are collected: each result once, and all of the many or none.

use crate::support::place::{NOON, Place};
use affiant_controls::intake::{Context, Format, ToolRules, ndjson};
use affiant_controls::set::ControlSet;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::record::Draft;
use affiant_ledger::time;
use affiant_server::filing::Statements;
use affiant_server::submit::collection::{Collection, Held};
use affiant_server::submit::known;
use affiant_server::submit::single::judged;
use affiant_server::submit::source::Source;
use affiant_server::submit::submitter::Submitter;
use serde_json::json;
use std::cell::Cell;
use std::fs::File;

/// Rows of a push of many.
const MANY: u64 = 10_000;

fn row(id: u64, summary: &str) -> String {
    json!({
        "id": format!("r-{id}"), "collector": "ci", "control": "AFF-EXP-11", "system": "scoring", "asset": "model",
        "status": "passed", "summary": summary, "observed_to": "2026-11-24T11:00:00Z",
    })
    .to_string()
}

/// What came of a push of many rows, in whose pauses another pushed single ones.
#[derive(Debug)]
struct Outcome {
    /// Results that are new, and recorded before.
    fresh: usize,
    again: usize,
    faults: Vec<String>,
    /// Entries the ledger has more than before.
    grown: u64,
    /// Singles that were recorded while rows were read, and while they were appended.
    let_in: [u64; 2],
}

/// Pushes many rows; in each pause another pushes the next of these rows that is not held.
fn met(rows: &[(u64, &str)]) -> Outcome {
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
    let singles = rows.iter().map(|(id, summary)| single(&mut ledger, &intake, &row(*id, summary)));
    let mut singles: Vec<Draft> = singles.collect();
    let stage = Cell::new(0);
    let mut count = [0; 2];
    let mut let_in = |ledger: &mut Ledger, held: &Held| {
        let is_free = |single: &Draft| !held.has(&single.stream, single.id.as_deref().unwrap());
        if let Some(at) = singles.iter().position(is_free) {
            ledger.append(&[singles.remove(at)]).unwrap();
            count[stage.get()] += 1;
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
    stage.set(1);
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
    place.affiant(&["log", "fsck"]).expect(0);
    Outcome { fresh, again, faults, grown, let_in: count }
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
fn others_are_let_in_while_rows_are_read_and_while_they_are_appended() {
    let others: Vec<(u64, &str)> = (MANY..MANY + 100).map(|id| (id, "another")).collect();
    let met = met(&others);
    assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY, 0, 0), "{met:?}");
    assert!(met.let_in[0] > 1 && met.let_in[1] > 1, "{met:?}");
    assert_eq!(met.grown, MANY + met.let_in[0] + met.let_in[1], "{met:?}");
}

#[test]
fn a_row_that_another_records_before_it_is_read_is_recorded_once() {
    let met = met(&[(MANY - 1, "as measured")]);
    assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY - 1, 1, 0), "{met:?}");
    assert_eq!((met.grown, met.let_in), (MANY, [1, 0]), "{met:?}");
}

#[test]
fn other_content_recorded_before_a_row_is_read_is_a_fault_of_the_row_before_any_is_recorded() {
    let met = met(&[(MANY - 1, "as others saw it")]);
    assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY - 1, 0, 1), "{met:?}");
    assert!(met.faults[0].starts_with(&format!("line {MANY}: id `r-{}`", MANY - 1)), "{met:?}");
    assert_eq!((met.grown, met.let_in), (MANY, [1, 0]), "{met:?}");
}

#[test]
fn whoever_would_record_a_row_that_was_read_waits_for_the_end() {
    for summary in ["as measured", "as others saw it"] {
        let met = met(&[(0, summary)]);
        assert_eq!((met.fresh as u64, met.again, met.faults.len()), (MANY, 0, 0), "{met:?}");
        assert_eq!((met.grown, met.let_in), (MANY, [0, 0]), "{met:?}");
    }
}
