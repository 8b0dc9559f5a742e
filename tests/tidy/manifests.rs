//! The manifests: who depends on whom, and why.

use super::tree::read;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The storeys, from the ground. Each may use those before it.
const STOREYS: [&str; 4] = ["ledger", "controls", "frameworks", "reports"];
/// All packages: the storeys, the doors, the command.
const FOLDERS: [&str; 6] = ["ledger", "controls", "frameworks", "reports", "server", "."];

fn manifest(folder: &str) -> Table {
    read(format!("{folder}/Cargo.toml")).parse().unwrap()
}

/// Every dependency of a manifest: normal, dev, build, and by target.
fn dependencies(table: &Table) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let some = table.get(kind).and_then(Value::as_table);
        found.extend(some.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    for target in table.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.extend(dependencies(target.1.as_table().unwrap()));
    }
    found
}

#[test]
fn no_storey_imports_one_beside_or_above_it_in_tests_either() {
    for (height, storey) in STOREYS.iter().enumerate() {
        let allowed: Vec<String> = STOREYS[..height].iter().map(|below| format!("affiant-{below}")).collect();
        for name in dependencies(&manifest(storey)).keys().filter(|name| name.starts_with("affiant")) {
            assert!(allowed.contains(name), "{storey} imports {name}; it may import {allowed:?}");
        }
        let (own, upward) = (format!("affiant_{storey}"), &STOREYS[height + 1..]);
        for file in super::tree::tracked() {
            let inside = file.starts_with(storey) && file.extension().is_some_and(|ending| ending == "rs");
            let text = if inside { read(&file) } else { continue };
            for above in upward {
                let named = text.lines().any(|line| {
                    !line.trim_start().starts_with("//") && line.contains(&format!("affiant_{above}::"))
                });
                assert!(!named, "{} ({own}) names affiant_{above}", file.display());
            }
        }
    }
}

#[test]
fn no_storey_imports_a_door() {
    for storey in STOREYS {
        assert!(
            !dependencies(&manifest(storey)).contains_key("affiant-server"),
            "{storey} imports the doors"
        );
    }
}

#[test]
fn nobody_depends_on_the_command_and_it_depends_on_every_storey() {
    let root: Table = read("Cargo.toml").parse().unwrap();
    let own = dependencies(&root);
    for storey in STOREYS {
        assert!(own.contains_key(&format!("affiant-{storey}")), "{storey}");
        assert!(!dependencies(&manifest(storey)).contains_key("affiant"), "{storey} imports the command");
    }
}

#[test]
fn every_version_stands_once_in_the_workspace_with_its_reason() {
    let text = read("Cargo.toml");
    let root: Table = text.parse().unwrap();
    let shared = root["workspace"]["dependencies"].as_table().unwrap();
    for folder in FOLDERS {
        for (name, value) in dependencies(&manifest(folder)) {
            let by_workspace = value.get("workspace").and_then(Value::as_bool) == Some(true);
            assert!(by_workspace, "{folder}: {name} has a version of its own");
            assert!(shared.contains_key(&name), "{folder}: {name}");
        }
    }
    for name in shared.keys().filter(|name| !name.starts_with("affiant-")) {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ="))).unwrap();
        let reason = line.rsplit_once('#').map(|(_, reason)| reason.trim()).unwrap_or_default();
        assert!(reason.len() > 4, "no reason beside `{name}`");
    }
}

#[test]
fn every_shared_dependency_is_used_by_some_package() {
    let root: Table = read("Cargo.toml").parse().unwrap();
    let used: Vec<String> =
        FOLDERS.into_iter().flat_map(|folder| dependencies(&manifest(folder)).into_keys()).collect();
    for name in root["workspace"]["dependencies"].as_table().unwrap().keys() {
        assert!(used.contains(name), "`{name}` is used by no package");
    }
}

#[test]
fn every_package_takes_its_version_edition_licence_and_lints_from_the_workspace() {
    for folder in FOLDERS {
        let table = manifest(folder);
        for field in ["version", "edition", "rust-version", "license"] {
            assert_eq!(table["package"][field]["workspace"].as_bool(), Some(true), "{folder}: {field}");
        }
        assert_eq!(table["lints"]["workspace"].as_bool(), Some(true), "{folder}: lints");
        assert!(!table["package"]["description"].as_str().unwrap().is_empty(), "{folder}");
    }
}
