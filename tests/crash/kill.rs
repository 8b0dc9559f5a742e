//! kill -9 in the middle of a push: what was acknowledged is there, nothing stands half-written, work goes on.

use crate::support::place::Place;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

/// Rows of a push.
const ROWS: usize = 20_000;

/// When the kill comes.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// This long after the start.
    After(Duration),
    /// When this many lines were acknowledged.
    Acknowledged(usize),
}

fn rows(round: usize) -> String {
    let row = |n| {
        format!(
            "{{\"id\":\"r{round}-{n}\",\"control\":\"AFF-EXP-11\",\"asset\":\"model\",\"status\":\"passed\",\"summary\":\"AUC 0.842 on the held-out set\",\"collector\":{{\"name\":\"ci\"}}}}\n"
        )
    };
    (0..ROWS).map(row).collect()
}

/// Pushes, kills at the moment, and gives the ids acknowledged before.
fn killed(place: &Place, round: usize, moment: Moment) -> Vec<String> {
    place.write("rows.ndjson", rows(round));
    let mut command = place.command(&["push", "rows.ndjson", "--system", "scoring", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut read = Vec::new();
    match moment {
        Moment::After(time) => sleep(time),
        Moment::Acknowledged(count) => read.extend(lines.by_ref().take(count).map_while(Result::ok)),
    }
    // SIGKILL: the process has no say.
    child.kill().unwrap();
    child.wait().unwrap();
    read.extend(lines.map_while(Result::ok));
    // A line cut by the kill acknowledges nothing.
    let id = |line: &String| Some(serde_json::from_str::<Value>(line).ok()?["id"].as_str()?.to_owned());
    read.iter().filter_map(id).collect()
}

#[test]
fn after_a_kill_at_any_moment_of_a_push_every_acknowledged_entry_is_there_and_work_goes_on() {
    let place = Place::with_system();
    let after = |millis| Moment::After(Duration::from_millis(millis));
    let moments = [
        after(0),
        after(5),
        after(20),
        after(60),
        after(150),
        Moment::Acknowledged(1),
        Moment::Acknowledged(1_024),
        Moment::Acknowledged(1_025),
        Moment::Acknowledged(5_000),
        Moment::Acknowledged(12_345),
        Moment::Acknowledged(ROWS - 1),
    ];
    let mut acknowledged = BTreeSet::new();
    let mut killed_midway = 0;
    for (round, moment) in moments.into_iter().enumerate() {
        let ids = killed(&place, round, moment);
        killed_midway += usize::from(!ids.is_empty() && ids.len() < ROWS);
        acknowledged.extend(ids);
        // Before anyone repairs anything: readers read, and fsck knows at most of a torn tail.
        let status = place.affiant(&["status", "scoring"]);
        assert!([0, 4].contains(&status.code), "{moment:?}\n{}", status.shown());
        let faults = place.affiant(&["log", "fsck", "--json"]).json()["faults"].clone();
        let only_torn = faults.as_array().unwrap().iter().all(|fault| fault["kind"] == "torn-tail");
        assert!(only_torn, "{moment:?}: {faults}");
        // After one more push the ledger is sound, and whatever was acknowledged is listed, once.
        acknowledged.insert(format!("after-{round}"));
        place.push(&format!("after-{round}"), "passed");
        place.sound();
        let shown = place.affiant(&["log", "show", "--ids"]).expect(0).stdout;
        let ids: Vec<&str> = shown.lines().collect();
        let listed: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), listed.len(), "{moment:?}: an id stands twice");
        let lost: Vec<_> = acknowledged.iter().filter(|id| !listed.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "{moment:?}: acknowledged and lost: {lost:?}");
    }
    assert!(killed_midway >= 3, "the kills came too late to tell anything: {killed_midway}");
}

#[test]
fn a_push_that_was_killed_is_finished_by_pushing_the_same_file_again() {
    let place = Place::with_system();
    killed(&place, 0, Moment::Acknowledged(3_000));
    place.affiant(&["push", "rows.ndjson", "--system", "scoring"]).expect(0).says("recorded before");
    assert_eq!(place.affiant(&["log", "show", "--ids"]).expect(0).stdout.lines().count(), ROWS);
    place.sound();
}
