//! Bills of materials, through admission: whatever a stranger writes, what is admitted is recorded and reads the same, ids
//! stand once, relations lead to assets of the bill, and a second reading changes nothing.
#![no_main]

use affiant_controls::Statement;
use affiant_controls::admit::admit_asset;
use affiant_controls::bom::{differences, read};
use affiant_controls::relation::dangling;
use affiant_controls::set::ControlSet;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);

fuzz_target!(|bytes: &[u8]| {
    let Ok(bom) = read(bytes) else { return };
    let system = "scoring".parse().unwrap();
    let mut assets = Vec::new();
    for component in &bom.components {
        let asset = bom.asset(component, &system, None);
        assert_eq!(differences(&asset, &bom.asset(component, &system, Some(&asset))), [""; 0]);
        assets.push(asset.clone());
        if let Ok(asset) = admit_asset(asset, &CATALOG) {
            let statement = Statement::Asset(asset);
            assert_eq!(Statement::from_bytes("asset", &statement.to_bytes()).unwrap(), Some(statement));
        }
    }
    let ids: BTreeSet<_> = assets.iter().map(|asset| &asset.id).collect();
    assert_eq!(ids.len(), assets.len());
    assert_eq!(dangling(&assets, &BTreeSet::new()), None);
});
