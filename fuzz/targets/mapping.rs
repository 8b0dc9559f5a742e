//! A mapping of a submitter's and a report read as it says, through admission: NUL stands between the two.
#![no_main]

use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::intake::mapped::Mapping;
use affiant_controls::intake::{Context, Format, ToolRules, parse_partial};
use affiant_controls::set::ControlSet;
use affiant_ledger::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (Some(map), Some(report)) = (parts.next(), parts.next()) else { return };
    let Ok(map) = std::str::from_utf8(map) else { return };
    let Ok(mapping) = Mapping::from_yaml(map, &CATALOG) else { return };
    let tools: Vec<ToolRules> = mapping.rules().cloned().into_iter().collect();
    let now = Timestamp::from_millis(1_795_521_600_000).unwrap();
    let mut context = Context::new(&CATALOG, &tools, now);
    context.system = "scoring".parse().ok();
    context.map = Some(&mapping);
    let Ok(parsed) = parse_partial(report, Format::Mapped, &context) else { return };
    for result in parsed.results {
        let _ = admit(result, &AdmitContext { controls: &CATALOG, now, assets: None });
    }
});
