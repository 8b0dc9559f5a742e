use super::*;
use crate::admit::admit_asset;
use crate::set::ControlSet;

const CYCLONEDX: &[u8] = include_bytes!("../../../tests/fixtures/bom/support-bot.ml-bom-1.6.json");
const SPDX2: &[u8] = include_bytes!("../../../tests/fixtures/bom/support-bot.spdx-2.3.json");
const SPDX3: &[u8] = include_bytes!("../../../tests/fixtures/bom/support-bot.spdx-3.0.json");
const PLAIN: &[u8] = include_bytes!("../../../tests/fixtures/bom/requirements.cdx.json");

fn system() -> Id {
    "support".parse().unwrap()
}

fn assets(bytes: &[u8]) -> Vec<Asset> {
    let bom = read(bytes).unwrap();
    let controls = ControlSet::embedded();
    let asset = |component| admit_asset(bom.asset(component, &system(), None), &controls).unwrap();
    bom.components.iter().map(asset).collect()
}

fn shown(bytes: &[u8]) -> Vec<String> {
    let line = |asset: &Asset| {
        let relations: Vec<String> = asset.relations.iter().map(ToString::to_string).collect();
        let version = asset.version.as_deref().unwrap_or("-");
        let digest = asset.digest.map_or("-".to_owned(), |digest| digest.to_string()[..4].to_owned());
        format!("{} {} {version} {digest} [{}]", asset.id, asset.kind, relations.join(", "))
    };
    assets(bytes).iter().map(line).collect()
}

#[test]
fn models_and_data_of_a_cyclonedx_bill_are_assets() {
    let expected = [
        "model-support-bot-7b model 1.4.0 3e25 [uses data-tickets-2026q3]",
        "data-tickets-2026q3 dataset 2026-10-01 3333 []",
    ];
    assert_eq!(shown(CYCLONEDX), expected);
    let bom = read(CYCLONEDX).unwrap();
    assert_eq!(bom.format, "CycloneDX 1.6");
    assert_eq!(bom.skipped, BTreeMap::from([("application".into(), 1), ("service".into(), 1)]));
    // The application's two dependencies, and the base model that is no component.
    assert_eq!(bom.loose, 3);
    assert_eq!(assets(CYCLONEDX)[1].owner.as_deref(), Some("Support Ops"));
}

#[test]
fn a_bill_of_libraries_has_no_asset_and_counts_what_it_has() {
    let bom = read(PLAIN).unwrap();
    assert!(bom.components.is_empty());
    assert_eq!(bom.skipped["library"], 3);
}

#[test]
fn spdx_says_the_same_in_its_words() {
    let expected = [
        "model-support-bot-7b model 1.4.0 3e25 [derived-from model-base-7b]",
        "model-base-7b model abc123 - []",
        "serving-image container-image 2026.11.1 - [uses model-support-bot-7b]",
    ];
    assert_eq!(shown(SPDX2), expected);
    assert_eq!(read(SPDX2).unwrap().skipped, BTreeMap::from([("library".into(), 1)]));
    let expected = [
        "support-bot-7b model 1.4.0 3e25 [derived-from base-7b, trained-on tickets-2026q3, evaluated-on jailbreak-suite]",
        "base-7b model - - []",
        "tickets-2026q3 dataset 2026-10-01 3333 []",
        "jailbreak-suite dataset - - []",
    ];
    let mut found = shown(SPDX3);
    found[0] = {
        let asset = &assets(SPDX3)[0];
        let mut relations: Vec<_> = asset.relations.iter().collect();
        relations.sort_by_key(|relation| relation.kind == RelationKind::EvaluatedOn);
        let relations: Vec<String> = relations.into_iter().map(ToString::to_string).collect();
        format!("support-bot-7b model 1.4.0 3e25 [{}]", relations.join(", "))
    };
    assert_eq!(found, expected);
    assert_eq!(read(SPDX3).unwrap().format, "SPDX 3.0.1");
}

#[test]
fn versions_that_are_not_read_are_refused_by_name() {
    let refused = |text: &str| read(text.as_bytes()).expect_err(text).to_string();
    assert_eq!(
        refused(r#"{"bomFormat":"CycloneDX","specVersion":"1.4"}"#),
        "CycloneDX `1.4` is not read here; 1.6 and 1.7 are"
    );
    assert!(refused(r#"{"bomFormat":"CycloneDX"}"#).starts_with("CycloneDX `without a version`"));
    assert_eq!(
        refused(r#"{"spdxVersion":"SPDX-2.2"}"#),
        "SPDX `2.2` is not read here; 2.3, 3.0.0 and 3.0.1 are"
    );
    let context = r#"{"@context":"https://spdx.org/rdf/3.1.0/spdx-context.jsonld","@graph":[]}"#;
    assert!(refused(context).starts_with("SPDX `3.1.0` is not read here"));
    let inner = r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"CreationInfo","specVersion":"9"}]}"#;
    assert!(refused(inner).starts_with("SPDX `9` is not read here"));
    for other in [r#"{"bomFormat":"Other"}"#, r#"{"@context":"https://schema.org"}"#, "{}"] {
        assert_eq!(read(other.as_bytes()), Err(BomError::Format), "{other}");
    }
}

fn cyclonedx(components: &str) -> Result<Bom, BomError> {
    read(format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.7","components":[{components}]}}"#).as_bytes())
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refused = |components: &str| cyclonedx(components).expect_err(components).to_string();
    let model = |reference: &str| {
        format!(r#"{{"type":"machine-learning-model","bom-ref":"{reference}","name":"M"}}"#)
    };
    assert_eq!(refused(&format!("{},{}", model("a"), model("a"))), "two components have the reference `a`");
    assert_eq!(
        refused(&format!("{},{}", model("a:b"), model("A-b"))),
        "`a:b` and `A-b` both become asset `a-b`"
    );
    assert_eq!(refused(r#"{"type":"data","bom-ref":"d"}"#), "component at /components/0: `name` is missing");
    let hashes = |one: &str, two: &str| {
        format!(
            r#"{{"type":"data","name":"D","hashes":[{{"alg":"SHA-256","content":"{one}"}},{{"alg":"SHA-256","content":"{two}"}}]}}"#
        )
    };
    let (one, two) = ("11".repeat(32), "AB".repeat(32));
    assert!(refused(&hashes(&one, "xy")).contains("SHA-256 `xy`"));
    assert!(refused(&hashes(&one, &two)).contains("two SHA-256 hashes that differ"));
    assert!(cyclonedx(&hashes(&two, &two.to_lowercase())).is_ok());
    assert!(refused(r#"{"type":"data","name":"a","name":"b"}"#).contains("stands twice in one object"));
    assert!(refused(r#"{"type":"data","name":"a","x":NaN}"#).contains("not JSON"));
}

#[test]
fn what_stands_inside_an_asset_is_part_of_it_and_configuration_is_no_data_set() {
    let bom = cyclonedx(
        r#"{"type":"library","name":"L","components":[{"type":"machine-learning-model","bom-ref":"m","name":"M",
        "components":[{"type":"data","bom-ref":"d","name":"D"},{"type":"data","name":"C","data":[{"type":"configuration"}]}]}]}"#,
    )
    .unwrap();
    let relation: Vec<String> = bom.components[1].relations.iter().map(ToString::to_string).collect();
    assert_eq!(relation, ["part-of m"]);
    assert_eq!(bom.components[1].place, "/components/0/components/0/components/0");
    assert_eq!(bom.skipped, BTreeMap::from([("data".into(), 1), ("library".into(), 1)]));
}

#[test]
fn what_a_bill_does_not_say_stays_and_a_digest_goes_with_its_version() {
    let bom =
        cyclonedx(r#"{"type":"machine-learning-model","bom-ref":"m","name":"M","version":"2"}"#).unwrap();
    let mut before = Asset::new(system(), "m".parse().unwrap(), "model", "M");
    before.owner = Some("Data team".into());
    before.location = Some("registry".into());
    before.version = Some("2".into());
    before.digest = Some(Digest::of(b"x"));
    before.retired = true;
    before.relations = ["trained-on=d", "uses=d"].map(|it| it.parse().unwrap()).into();
    let after = bom.asset(&bom.components[0], &system(), Some(&before));
    assert_eq!(differences(&before, &after), ["relations"]);
    assert_eq!(after.relations.iter().map(ToString::to_string).collect::<Vec<_>>(), ["trained-on d"]);
    assert_eq!(
        (after.digest, after.owner.as_deref(), after.retired),
        (before.digest, Some("Data team"), true)
    );
    before.version = Some("1".into());
    let after = bom.asset(&bom.components[0], &system(), Some(&before));
    assert_eq!((after.digest, differences(&before, &after)), (None, vec!["version", "digest", "relations"]));
}
