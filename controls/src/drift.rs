//! Drift tests: the compiled catalogs are what their YAML sources say, byte for byte.
//!
//! With `AFFIANT_BLESS=1` the compiled files are written instead of compared.

use crate::catalog::ControlCatalog;
use crate::intake::ToolRules;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

fn source<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(data().join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn compare(name: &str, bytes: &[u8]) {
    let path = data().join(name);
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        std::fs::write(&path, bytes).unwrap();
    }
    let compiled = std::fs::read(&path).unwrap();
    assert!(compiled == bytes, "{name} is not what its YAML says: run the drift tests with AFFIANT_BLESS=1");
}

#[test]
fn drift_of_the_control_catalog() {
    let catalog: ControlCatalog = source("ai-spm-controls.yaml");
    compare("ai-spm-controls.cbor", &catalog.to_bytes());
    let management: ControlCatalog = source("ai-ms-controls.yaml");
    compare("ai-ms-controls.cbor", &management.to_bytes());
}

#[test]
fn drift_of_the_tool_rules() {
    let tools = [
        "bandit",
        "checkov",
        "cyclonedx",
        "fairlearn",
        "garak",
        "great-expectations",
        "grype",
        "in-toto",
        "inspect",
        "modelscan",
        "osv-scanner",
        "pip-audit",
        "promptfoo",
        "prowler",
        "semgrep",
        "trivy",
    ];
    for tool in tools {
        let rules: ToolRules = source(&format!("tools/{tool}.yaml"));
        compare(&format!("tools/{tool}.cbor"), &rules.to_bytes());
    }
}

#[test]
fn the_embedded_catalog_is_canonical_and_sound() {
    let catalog = ControlCatalog::embedded();
    assert_eq!(ControlCatalog::from_bytes(ControlCatalog::embedded_bytes()), Ok(catalog.clone()));
    assert_eq!(catalog.to_bytes(), ControlCatalog::embedded_bytes());
    for catalog in ControlCatalog::all_embedded() {
        assert_eq!(ControlCatalog::from_bytes(&catalog.to_bytes()), Ok(catalog));
    }
}

/// The YAML counted without the types that the catalog is made of.
#[test]
fn all_ninety_controls_are_there_in_the_pillars_the_source_puts_them() {
    let text = std::fs::read_to_string(data().join("ai-spm-controls.yaml")).unwrap();
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("- id: ")).collect();
    let pillars: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  pillar: ")).collect();
    assert_eq!((ids.len(), pillars.len()), (90, 90));
    let mut counted = BTreeMap::new();
    for pillar in pillars {
        *counted.entry(pillar.parse::<u8>().unwrap()).or_insert(0) += 1;
    }
    assert_eq!(counted, BTreeMap::from([(1, 13), (2, 11), (3, 13), (4, 19), (5, 14), (6, 12), (7, 8)]));

    let catalog = ControlCatalog::embedded();
    assert_eq!(
        catalog.controls.keys().map(|id| id.as_str()).collect::<BTreeSet<_>>(),
        ids.into_iter().collect()
    );
    let mut loaded = BTreeMap::new();
    for control in catalog.controls.values() {
        *loaded.entry(control.pillar).or_insert(0) += 1;
        let code = &catalog.pillar(control).unwrap().code;
        assert!(control.id.as_str().starts_with(&format!("AFF-{code}-")), "{}", control.id);
    }
    assert_eq!(loaded, counted);
}

#[test]
fn citations_of_the_unamended_act_are_gone() {
    let catalog = ControlCatalog::embedded();
    let cited = |id: &str| catalog.control(id).unwrap().maps["eu-ai-act"].clone();
    for control in catalog.controls.values() {
        for citation in control.maps.get("eu-ai-act").into_iter().flatten() {
            let gone = citation.starts_with("Art.10(5)") || citation == "Art.5(1)" || citation == "Art.25(1)";
            assert!(!gone, "{}: {citation}", control.id);
        }
    }
    assert_eq!(cited("AFF-DAT-06"), ["Art.4a(1)(b)", "Art.15(5)"]);
    assert!(cited("AFF-DAT-12").contains(&"Art.4a(1)(e)".to_owned()));
    assert_eq!(cited("AFF-VIS-03").iter().filter(|citation| citation.starts_with("Art.5(1)(")).count(), 10);
}

#[test]
fn tool_rules_name_controls_there_are_and_each_rule_once() {
    let catalog = ControlCatalog::embedded();
    for tool in ToolRules::embedded() {
        assert_eq!(ToolRules::from_bytes(&tool.to_bytes()), Ok(tool.clone()));
        assert!(tool.checks.iter().all(|kind| catalog.check_kinds.contains_key(kind)), "{}", tool.id);
        let mut seen = BTreeSet::new();
        for rule in &tool.rules {
            assert!(seen.insert(&rule.rule), "{}: {} twice", tool.id, rule.rule);
            assert!(!rule.controls.is_empty() && !rule.rationale.is_empty(), "{}", rule.rule);
            for control in &rule.controls {
                assert!(catalog.control(control.as_str()).is_some(), "{}: {control}", rule.rule);
            }
        }
    }
}
