//! The past: what was known then, never what is known now.

use crate::support::place::{DAY, NOON, Place};
use serde_json::Value;

const FIRST: &str = "2026-11-24T12:00:00Z";
const SECOND: &str = "2026-12-04T12:00:00Z";

fn assessments(place: &Place, as_of: Option<&str>) -> Value {
    let mut words = vec!["status", "scoring", "--json"];
    words.extend(as_of.into_iter().flat_map(|time| ["--as-of", time]));
    place.affiant(&words).json()[0]["assessments"].clone()
}

#[test]
fn a_past_instant_shows_what_was_known_then() {
    let mut place = Place::with_system_at(NOON);
    place.push("auc-1", "passed");
    let known_first = assessments(&place, None);
    place.at(NOON + 10 * DAY).push("auc-2", "failed");
    let known_second = assessments(&place, None);
    place.at(NOON + 20 * DAY).push("auc-3", "passed");
    let known_third = assessments(&place, None);

    assert_eq!(assessments(&place, Some(FIRST)), known_first);
    assert_eq!(assessments(&place, Some(SECOND)), known_second);
    assert_ne!(known_first, known_second);
    assert_ne!(known_second, known_third);
    // The same without the index.
    std::fs::remove_dir_all(place.ledger().join("index")).unwrap();
    assert_eq!(assessments(&place, Some(FIRST)), known_first);
    assert_eq!(assessments(&place, Some(SECOND)), known_second);
}

#[test]
fn evidence_pushed_later_about_an_earlier_time_was_not_known_then() {
    let mut place = Place::with_system_at(NOON);
    let known = assessments(&place, None);
    place.at(NOON + DAY);
    let words =
        ["push", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11", "--status", "passed"];
    place.affiant(&[&words[..], &["--observed", "2026-11-20T00:00:00Z"]].concat()).expect(0);
    assert_eq!(assessments(&place, Some(FIRST)), known, "back-dated evidence changes no past answer");
    assert_ne!(assessments(&place, None), known);
}

#[test]
fn before_there_was_anything_nothing_is_evaluated() {
    let mut place = Place::with_system_at(NOON);
    place.at(NOON + DAY).push("auc", "passed");
    place
        .affiant(&["status", "scoring", "--as-of", "2026-11-23T00:00:00Z"])
        .expect(4)
        .warns("scoring: not registered by 2026-11-23T00:00:00Z");
    place.affiant(&["status", "scoring", "--as-of", "2026-11-24"]).expect(4);
    place.affiant(&["status", "scoring", "--as-of", "2026-11-26"]).expect(0);
}

#[test]
fn the_ledgers_time_never_goes_back_when_the_clock_does() {
    let mut place = Place::with_system_at(NOON);
    let first = place.push("auc-1", "passed");
    place.at(NOON - 30 * DAY);
    let second = place.push("auc-2", "passed");
    let time = |index: u64| {
        place.affiant(&["log", "show", &index.to_string(), "--json"]).expect(0).json()["time"].clone()
    };
    assert!(time(first).as_str() <= time(second).as_str());
    place.sound();
}

#[test]
fn a_pack_of_a_past_instant_verifies_and_one_of_the_future_is_refused() {
    let mut place = Place::with_system_at(NOON);
    place.push("auc-1", "passed");
    place.at(NOON + 10 * DAY).push("auc-2", "failed");
    let words = ["pack", "build", "scoring", "--output", "past.zip", "--as-of", FIRST];
    place.affiant(&words).expect(0);
    place.affiant(&["key", "trust", "--output", "trust.keys"]).expect(0);
    place.affiant(&["verify", "past.zip", "--trust", "trust.keys"]).expect(0).says("VERIFIED");
    let words = ["pack", "build", "scoring", "--output", "future.zip", "--as-of", "2027-12-04"];
    place.affiant(&words).expect(2).warns("lies in the future");
    assert!(!place.path("future.zip").exists());
    let size = || place.affiant(&["log", "checkpoint", "--json"]).expect(0).json()["size"].clone();
    let before = size();
    let words = ["pack", "build", "scoring", "--output", "before.zip", "--as-of", "2026-11-01"];
    place
        .affiant(&words)
        .expect(2)
        .warns("error: `scoring` was registered at 2026-11-24T12:00:00Z, after 2026-11-01");
    assert_eq!(size(), before, "no entry says that a pack was issued which was not");
}
