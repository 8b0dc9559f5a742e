//! The compliance officer: registers systems, sees what is missing, failed or stale.

use crate::support::answer::Answer;
use crate::support::folder;
use crate::support::place::{DAY, NOON, Place};
use serde_json::Value;

/// The state of a control on an asset, in the answer of `status --json`.
fn state(status: &Answer, control: &str, asset: &str) -> String {
    let answers = status.json();
    let controls = answers[0]["assessments"][0]["controls"].as_array().unwrap().clone();
    let standing = controls.iter().find(|standing| standing["control"] == control).unwrap();
    let assets = standing["assets"].as_array().unwrap();
    let found = assets.iter().find(|found| found["asset"] == asset).unwrap();
    found["state"].as_str().unwrap().to_owned()
}

fn status(place: &Place, more: &[&str]) -> Answer {
    place.affiant(&[&["status", "scoring", "--json"], more].concat())
}

const YAML: &str = "\
system:
  id: lending
  name: Lending
  roles: [provider]
  risk_classes: [high-risk]
  routes: [annex-iii]
  facts: {annex_iii: [5.b]}
assets:
- {id: lending-model, kind: model, name: Lending model}
";

const JSON: &str = r#"{"system":{"id":"lending","name":"Lending","roles":["provider"],"risk_classes":["high-risk"],
"routes":["annex-iii"],"facts":{"annex_iii":["5.b"]}},"assets":[{"id":"lending-model","kind":"model","name":"Lending model"}]}"#;

#[test]
fn a_definition_says_the_same_in_yaml_in_json_and_in_flags() {
    let place = Place::new();
    place.affiant(&["init", "ledger"]).expect(0);
    place.write("system.yaml", YAML);
    place.write("system.json", JSON);
    let flags = [
        "register",
        "system",
        "lending",
        "--name",
        "Lending",
        "--role",
        "provider",
        "--risk-class",
        "high-risk",
        "--route",
        "annex-iii",
        "--fact",
        "annex_iii=5.b",
    ];
    let mut statements = Vec::new();
    for words in [&["register", "file", "system.yaml"][..], &["register", "file", "system.json"], &flags] {
        let answer = place.affiant(&[words, &["--json"]].concat()).expect(0);
        let index = answer.json_lines()[0]["index"].to_string();
        statements
            .push(place.affiant(&["log", "show", &index, "--json"]).expect(0).json()["statement"].clone());
    }
    assert_eq!(statements[0], statements[1]);
    assert_eq!(statements[0], statements[2]);
    place.affiant(&["status", "lending"]).says("lending: Lending, as of");
}

#[test]
fn a_mistyped_role_fact_kind_or_field_is_refused_with_the_words_that_are_known() {
    let place = Place::with_system();
    let system = ["register", "system", "x", "--name", "X"];
    let with = |more: &[&str]| place.affiant(&[&system[..], more].concat()).expect(2);
    with(&["--role", "provder"]).warns("error: `provder` is not a role").warns("hint: known: ");
    with(&["--fact", "annexiii=5.b"]).warns("error: `annexiii` is not a fact");
    with(&["--fact", "annex_iii"]).warns("error: `annex_iii` is not a fact").warns("name=value");
    let asset = ["register", "asset", "y", "--system", "scoring", "--name", "Y", "--kind", "modell"];
    place
        .affiant(&asset)
        .expect(2)
        .warns("error: `modell` is not a kind of asset")
        .warns("did you mean `model`?");
    place.write("odd.yaml", YAML.replace("routes:", "rutes:"));
    place.affiant(&["register", "file", "odd.yaml"]).expect(2).warns("rutes");
    assert_eq!(
        place.affiant(&["log", "show", "--stream", "x"]).expect(0).stdout.lines().count(),
        1,
        "a header only"
    );
}

#[test]
fn registering_again_replaces_what_was_said_and_keeps_both() {
    let place = Place::with_system();
    place
        .affiant(&["register", "system", "scoring", "--name", "Scoring two", "--role", "deployer"])
        .expect(0);
    place.push("auc", "passed");
    status(&place, &[]).expect(0);
    place.affiant(&["status", "scoring"]).expect(0).says("scoring: Scoring two, as of");
    let shown = place.affiant(&["log", "show", "--stream", "scoring"]).expect(0).stdout;
    assert_eq!(shown.matches(" system ").count(), 2, "{shown}");
}

#[test]
fn a_retired_asset_leaves_the_population() {
    let place = Place::with_system();
    assert_eq!(state(&status(&place, &[]), "AFF-EXP-11", "model"), "missing");
    let retire = [
        "register",
        "asset",
        "model",
        "--system",
        "scoring",
        "--kind",
        "model",
        "--name",
        "model",
        "--retired",
    ];
    place.affiant(&retire).expect(0);
    place.push("auc", "passed");
    let answers = status(&place, &[]).json();
    let text = answers[0]["assessments"][0]["controls"].to_string();
    assert!(!text.contains(r#""asset":"model""#), "a retired asset is judged");
}

#[test]
fn nothing_evaluated_is_undetermined_and_one_result_makes_an_answer() {
    let place = Place::with_system();
    let answer = place.affiant(&["status", "scoring"]).expect(4);
    assert!(answer.stdout.contains("scoring: Scoring"), "{}", answer.shown());
    place.push("auc", "passed");
    place.affiant(&["status", "scoring"]).expect(0);
    place.affiant(&["status"]).expect(0);
}

#[test]
fn a_ledger_without_systems_is_undetermined() {
    let place = Place::new();
    place.affiant(&["init", "ledger"]).expect(0);
    place.affiant(&["status"]).expect(4).warns("no system is registered");
    place.affiant(&["status", "scoring"]).expect(2).warns("error: system `scoring` is not registered");
}

#[test]
fn a_pass_of_one_tool_hides_no_failure_of_another() {
    let place = Place::with_system();
    let push = |collector: &str, status: &str| {
        let words = ["push", "--system", "scoring", "--asset", "model", "--control", "AFF-EXP-11"];
        place.affiant(&[&words[..], &["--status", status, "--collector", collector]].concat()).expect(0);
    };
    push("one", "failed");
    push("two", "passed");
    assert_eq!(state(&status(&place, &[]), "AFF-EXP-11", "model"), "failed");
    push("one", "passed");
    assert_eq!(state(&status(&place, &[]), "AFF-EXP-11", "model"), "held");
}

#[test]
fn gaps_name_the_requirement_the_control_and_the_asset() {
    let place = Place::with_system();
    place.push("auc", "failed");
    let answer = place.affiant(&["status", "scoring", "--gaps", "--framework", "iso-42001"]).expect(0);
    let answer = answer.says("gaps in iso-42001").says("failed").says("AFF-EXP-11").says("model");
    assert!(!answer.stdout.contains("eu-ai-act"), "only the framework asked for: {}", answer.shown());
}

#[test]
fn one_requirement_is_explained_by_id_and_by_citation() {
    let place = Place::with_system();
    place.push("auc", "passed");
    for name in ["art-15-3", "Art. 15(3)", "Art.15(3)"] {
        let answer = place.affiant(&["status", "scoring", "--why", name]).expect(0);
        let answer = answer
            .says("Art. 15(3)")
            .says("asks: ")
            .says("applies: ")
            .says("conclusion: ")
            .says("AFF-EXP-11");
        answer.says("2027-12-02").says("the 2024 text said 2026-08-02");
    }
    place
        .affiant(&["status", "scoring", "--why", "art-999"])
        .expect(2)
        .warns("error: `art-999` is no requirement");
}

#[test]
fn evidence_goes_stale_when_its_time_is_up() {
    let mut place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    assert_eq!(state(&status(&place, &[]), "AFF-EXP-11", "model"), "held");
    place.at(NOON + 400 * DAY);
    assert_eq!(state(&status(&place, &[]), "AFF-EXP-11", "model"), "stale");
}

#[test]
fn status_is_the_same_with_the_index_without_it_and_while_it_is_taken() {
    let mut place = Place::with_system_at(NOON);
    place.fixture("bandit/bandit.sarif", "bandit.sarif");
    place
        .affiant(&["push", "bandit.sarif", "--system", "scoring", "--asset", "code", "--examined", "14"])
        .expect(0);
    for n in 0..20 {
        place.at(NOON + n).push(&format!("auc-{n}"), if n % 3 == 0 { "failed" } else { "passed" });
    }
    let answers = |place: &Place| -> [Value; 3] {
        [vec![], vec!["--as-of", "2026-11-24T12:00:05Z"], vec!["--why", "art-15-3"]]
            .map(|more| status(place, &more).expect(0).json())
    };
    let fast = answers(&place);
    std::fs::rename(place.ledger().join("index"), place.path("index")).unwrap();
    assert_eq!(fast, answers(&place), "without the index");
    std::fs::rename(place.path("index"), place.ledger().join("index")).unwrap();
    let held = affiant_ledger::index::Index::open(&affiant_ledger::table::Sled, &place.ledger()).unwrap();
    assert_eq!(fast, answers(&place), "while another process holds the index");
    drop(held);
    assert_eq!(fast, answers(&place), "with the index again");
}

#[test]
fn a_damaged_index_is_set_aside_and_no_answer_changes() {
    let place = Place::with_system_at(NOON);
    place.push("auc", "passed");
    let whole = status(&place, &[]).expect(0).json();
    for file in folder::files(&place.ledger().join("index")) {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(&file, bytes).unwrap();
    }
    let answer = status(&place, &[]).expect(0);
    assert_eq!(whole, answer.json());
    place.push("auc-2", "passed");
    place.sound();
    assert_eq!(place.affiant(&["log", "show", "--ids"]).expect(0).stdout, "auc\nauc-2\n");
}
