//! Inventories against a register of three assets: every asset counts once, no pass without a row, and what is recorded of
//! the outcome is admitted.
#![no_main]

use affiant_controls::inventory::{compare, read};
use affiant_controls::set::ControlSet;
use affiant_controls::{AdmitContext, Asset, Status, admit};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);

fuzz_target!(|bytes: &[u8]| {
    let Ok(snapshot) = read(bytes) else { return };
    let asset = |id: &str| Asset::new("scoring".parse().unwrap(), id.parse().unwrap(), "model", id);
    let registered = [asset("a"), asset("b"), Asset { retired: true, ..asset("c") }];
    let found = compare(&snapshot, &registered);
    assert_eq!(found.agree + found.differences.len() as u64, found.size);
    assert!(found.size >= 2 && found.size >= found.present);
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let context = AdmitContext { controls: &CATALOG, now, assets: None };
    let result = found.result("AFF-VIS-01".parse().unwrap(), "scoring".parse().unwrap(), now);
    let result = admit(result, &context).unwrap();
    let agree = found.present > 0 && found.differences.is_empty();
    assert_eq!(result.status == Status::Passed, agree);
});
