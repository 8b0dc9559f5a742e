//! Definitions of systems and assets in JSON and YAML, through admission: what is admitted is recorded and reads the
//! same, and JSON that YAML reads too says the same there.
#![no_main]

use affiant_controls::Statement;
use affiant_controls::admit::{admit_asset, admit_system};
use affiant_controls::definition::{Definitions, from_json, from_yaml};
use affiant_controls::set::ControlSet;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);

fuzz_target!(|bytes: &[u8]| {
    let given = "scoring".parse().ok();
    let (json, yaml) = (from_json(bytes, given.as_ref()), from_yaml(bytes, given.as_ref()));
    if let (Ok(json), Ok(yaml)) = (&json, &yaml) {
        assert_eq!(json, yaml, "one text, two meanings");
    }
    json.into_iter().chain(yaml).for_each(recorded);
});

fn recorded(read: Definitions) {
    if let Some(Ok(system)) = read.system.map(admit_system) {
        same("system", Statement::System(system));
    }
    for asset in read.assets {
        if let Ok(asset) = admit_asset(asset, &CATALOG) {
            same("asset", Statement::Asset(asset));
        }
    }
}

fn same(kind: &str, statement: Statement) {
    assert_eq!(Statement::from_bytes(kind, &statement.to_bytes()).unwrap(), Some(statement));
}
