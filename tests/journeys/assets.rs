//! What a system is made of: relations, bills of materials, retirement, and the register held against an inventory.

use crate::support::place::{NOON, Place};

const BOM: &str = "bom/support-bot.ml-bom-1.6.json";
const MODEL: [&str; 8] = ["register", "asset", "model", "--system", "scoring", "--kind", "model", "--name"];

fn relations(place: &Place, asset: &str) -> Vec<String> {
    let listed = place.affiant(&["register", "list", "scoring", "--json"]).expect(0).json();
    let found = listed.as_array().unwrap().iter().find(|it| it["id"] == asset).cloned().unwrap();
    let relations = found["relations"].as_array().cloned().unwrap_or_default();
    let text =
        |it: &serde_json::Value| format!("{} {}", it["kind"].as_str().unwrap(), it["to"].as_str().unwrap());
    relations.iter().map(text).collect()
}

#[test]
fn relations_lead_to_registered_assets_and_are_replaced_with_the_definition() {
    let place = Place::with_system_at(NOON);
    let relate = |words: &[&str]| place.affiant(&[&MODEL[..], &["Model"], words].concat());
    relate(&["--relation", "derived-from=code", "--relation", "uses=code"]).expect(0);
    assert_eq!(relations(&place, "model"), ["derived-from code", "uses code"]);
    place.affiant(&["register", "list", "scoring"]).expect(0).says("derived-from code, uses code");
    let size = place.affiant(&["log", "fsck"]).stdout;
    relate(&["--relation", "uses=nothing"])
        .expect(2)
        .warns("asset `model` uses nothing, which is not registered");
    relate(&["--relation", "uses=model"]).expect(2).warns("asset `model` uses itself");
    relate(&["--relation", "likes=code"]).expect(2).warns("`likes` is not a kind of relation (calls, ");
    relate(&["--relation", "code"]).expect(2).warns("write it as KIND=ASSET");
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "nothing was recorded");
    relate(&[]).expect(0);
    assert!(relations(&place, "model").is_empty(), "a definition replaces the former one");
    // In a file they may lead to assets that stand further down.
    let file = "assets:\n- {id: tuned, kind: model, name: Tuned, relations: [{kind: derived-from, to: base}]}\n\
                - {id: base, kind: model, name: Base}\n";
    place.write("more.yaml", file);
    place.affiant(&["register", "file", "more.yaml", "--system", "scoring"]).expect(0);
    assert_eq!(relations(&place, "tuned"), ["derived-from base"]);
    place.write("loose.yaml", "assets:\n- {id: a, kind: model, name: A, relations: [{kind: uses, to: b}]}\n");
    place.affiant(&["register", "file", "loose.yaml", "--system", "scoring"]).expect(2).warns("hint:");
    // What is said of relations travels in a pack and verifies.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
}

#[test]
fn a_bill_of_materials_is_shown_registered_and_afterwards_unchanged() {
    let place = Place::with_system_at(NOON);
    place.fixture(BOM, "bom.json");
    let bom = |words: &[&str]| {
        place.affiant(&[&["register", "bom", "bom.json", "--system", "scoring"], words].concat())
    };
    let size = place.affiant(&["log", "fsck"]).stdout;
    let dry = bom(&["--dry-run"])
        .expect(0)
        .says("model-support-bot-7b")
        .says("new")
        .says("uses data-tickets-2026q3");
    dry.warns("1 application, 1 service").warns("3 relations lead to or from what is no asset here");
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "a dry run records nothing");
    bom(&[])
        .expect(0)
        .says("asset model-support-bot-7b registered")
        .warns("2 assets registered, 0 unchanged");
    let listed = place.affiant(&["register", "list", "scoring"]).expect(0);
    listed.says("3e252d0e1ffe…").says("Support Ops").says("1.4.0");
    let size = place.affiant(&["log", "fsck"]).stdout;
    bom(&[]).expect(0).warns("0 assets registered, 2 unchanged");
    assert_eq!(place.affiant(&["log", "fsck"]).stdout, size, "what is unchanged is not recorded again");
}

#[test]
fn a_new_version_in_a_bill_ends_what_was_shown_and_keeps_what_people_said() {
    let place = Place::with_system_at(NOON);
    place.fixture(BOM, "bom.json");
    let bom = ["register", "bom", "bom.json", "--system", "scoring"];
    place.affiant(&bom).expect(0);
    let words = ["register", "asset", "model-support-bot-7b", "--system", "scoring", "--kind", "model"];
    let digest = "3e252d0e1ffe6a6e2395ef69be7b75992ba5b772e71a453505534068e3fe46ef";
    let more = ["--name", "support-bot-7b", "--asset-version", "1.4.0", "--digest", digest];
    let own = ["--owner", "Data team", "--relation", "trained-on=data-tickets-2026q3"];
    place.affiant(&[&words[..], &more, &own].concat()).expect(0);
    let text = std::fs::read_to_string(place.path("bom.json")).unwrap();
    place.write("bom.json", text.replace("\"version\": \"1.4.0\"", "\"version\": \"1.5.0\""));
    let dry = place.affiant(&[&bom[..], &["--dry-run", "--json"]].concat()).expect(0).json();
    assert_eq!(
        (&dry[0]["state"], &dry[0]["changed"]),
        (&"changed".into(), &serde_json::json!(["version", "relations"]))
    );
    assert_eq!(dry[1]["state"], "unchanged");
    place
        .affiant(&bom)
        .expect(0)
        .warns("release of model-support-bot-7b")
        .warns("1 assets registered, 1 unchanged");
    let listed = place.affiant(&["register", "list", "scoring"]).expect(0);
    listed.says("Data team").says("1.5.0");
    let both = ["trained-on data-tickets-2026q3", "uses data-tickets-2026q3"];
    assert_eq!(relations(&place, "model-support-bot-7b"), both);
    place.sound();
}

#[test]
fn bills_that_are_not_read_are_refused_and_nothing_hidden_is_shown() {
    let place = Place::with_system_at(NOON);
    let bom = |text: &str| {
        place.write("bom.json", text);
        place.affiant(&["register", "bom", "bom.json", "--system", "scoring"])
    };
    bom(r#"{"bomFormat":"CycloneDX","specVersion":"1.2"}"#)
        .expect(2)
        .warns("CycloneDX `1.2` is not read here");
    bom("{}").expect(2).warns("neither CycloneDX nor SPDX");
    bom("id,kind\n").expect(2);
    place.fixture("bom/requirements.cdx.json", "bom.json");
    let none = place.affiant(&["register", "bom", "bom.json", "--system", "scoring"]).expect(2);
    none.warns("names no asset").warns("3 library");
    let hostile = "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{\"type\":\"x\\u001b[2J\",\
                   \"name\":\"a\"},{\"type\":\"data\",\"bom-ref\":\"d\",\"name\":\"red\\u202eact\\u001b[2J\"}]}";
    let shown = bom(hostile).expect(0);
    assert!(!shown.shown().contains(['\u{1b}', '\u{202e}']), "{}", shown.shown());
    let listed = place.affiant(&["register", "list", "scoring", "--json"]).expect(0);
    assert!(!listed.stdout.contains(['\u{1b}', '\u{202e}']));
    // SPDX says it in its own words.
    for name in ["bom/support-bot.spdx-2.3.json", "bom/support-bot.spdx-3.0.json"] {
        place.fixture(name, "bom.json");
        place.affiant(&["register", "bom", "bom.json", "--system", "scoring"]).expect(0);
    }
    assert!(relations(&place, "support-bot-7b").contains(&"trained-on tickets-2026q3".to_owned()));
}

#[test]
fn a_retired_asset_says_why_and_no_control_applies_to_it() {
    let place = Place::with_system_at(NOON);
    place.push("one", "failed");
    let judged_on_model = || {
        let status = place.affiant(&["status", "scoring", "--json"]).json();
        let controls = status[0]["assessments"][0]["controls"].as_array().unwrap().clone();
        controls.iter().any(|it| it["assets"].as_array().unwrap().iter().any(|on| on["asset"] == "model"))
    };
    assert!(judged_on_model());
    let retire =
        ["register", "retire", "model", "--system", "scoring", "--reason", "replaced by the next one"];
    place.affiant(&retire).expect(0).says("retirement of asset model recorded");
    place.affiant(&retire).expect(2).warns("was retired before");
    place.affiant(&["register", "list", "scoring"]).expect(0).says("retired");
    let why = ["register", "retire", "no-asset", "--system", "scoring", "--reason", "x"];
    place.affiant(&why).expect(2).warns("`no-asset` is no asset of scoring");
    assert!(!judged_on_model(), "no control is judged on it, not even one that failed");
    place.affiant(&["log", "show", "--stream", "scoring"]).says("event");
    place.sound();
}

#[test]
fn a_register_is_held_against_what_is_there() {
    let place = Place::with_system_at(NOON);
    let reconcile = |text: &str, words: &[&str]| {
        place.write("there.csv", text);
        place.affiant(&[&["register", "reconcile", "there.csv", "--system", "scoring"], words].concat())
    };
    reconcile("id,kind\nmodel,model\ncode,code-repo\n", &[]).expect(0).says("2 of 2 assets agree");
    let differs = reconcile("id,kind,version\nmodel,model,9\nshadow\u{e9},model,\n", &[]).expect(1);
    differs
        .says("0 of 3 assets agree: 1 missing, 1 unknown, 1 different")
        .says("version 9 there, none registered");
    reconcile("id,kind\n", &[]).expect(4).says("nothing was compared");
    reconcile("id,colour\n", &[]).expect(2).warns("`colour` is none of the columns");
    place.sound();
}

#[test]
fn a_comparison_is_recorded_as_a_result_with_its_inventory() {
    let place = Place::with_system_at(NOON);
    let reconcile = |text: &str, words: &[&str]| {
        place.write("there.json", text);
        let record = ["register", "reconcile", "there.json", "--system", "scoring", "--record"];
        place.affiant(&[&record[..], words].concat())
    };
    let standing_of = |asset: &str| {
        let status = place.affiant(&["status", "scoring", "--json"]).json();
        let controls = status[0]["assessments"][0]["controls"].as_array().unwrap().clone();
        let control = controls.into_iter().find(|it| it["control"] == "AFF-VIS-01").unwrap();
        let assets = control["assets"].as_array().unwrap().clone();
        assets.into_iter().find(|it| it["asset"] == asset).unwrap()["state"].as_str().unwrap().to_owned()
    };
    let standing = || standing_of("scoring");
    reconcile("[]", &[]).expect(4).says("recorded, entry");
    assert_eq!((standing().as_str(), standing_of("model").as_str()), ("missing", "missing"));
    reconcile(r#"[{"id":"model"}]"#, &[])
        .expect(1)
        .says("and behind it 1 on single assets")
        .warns("findings: 1 opened");
    assert_eq!((standing().as_str(), standing_of("model").as_str()), ("failed", "held"));
    reconcile(r#"[{"id":"code"}]"#, &[]).expect(1).warns("findings: 1 opened");
    assert_eq!(standing_of("model"), "failed");
    place.affiant(&["finding", "list", "scoring"]).expect(0).says("AFF-VIS-01 on model");
    let both = r#"[{"id":"model"},{"id":"code"}]"#;
    let recorded = reconcile(both, &["--observed", "2026-11-24T12:00:00Z", "--json"]).expect(0);
    assert!(recorded.stderr.contains("findings: 2 resolved"), "{}", recorded.shown());
    let recorded = recorded.json();
    assert_eq!((standing().as_str(), standing_of("model").as_str()), ("held", "held"));
    let index = recorded["index"].as_u64().unwrap().to_string();
    let shown = place.affiant(&["log", "show", &index, "--json"]).expect(0);
    shown.says("there.json").says("\"size\":2").says("EXAMINE").says("declared");
    reconcile(both, &["--control", "AFF-EXP-11"])
        .expect(2)
        .warns("does not compare two lists")
        .warns("AFF-DAT-01");
    reconcile(both, &["--control", "AFF-NO-99"]).expect(2);
    // The inventory is kept, and travels in a pack.
    place.issue();
    place.affiant(&["verify", "pack.zip", "--trust", "trust.keys"]).expect(0);
    place.sound();
}
