//! SARIF reports, through admission, with and without a run manifest: what is admitted is recorded and reads the same.
#![no_main]

use affiant_controls::Statement;
use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::intake::{Context, Format, ToolRules, detect, parse_partial};
use affiant_controls::result::Run;
use affiant_controls::set::ControlSet;
use affiant_ledger::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);
static TOOLS: LazyLock<Vec<ToolRules>> = LazyLock::new(ToolRules::embedded);

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::from_millis(1_795_521_600_000).unwrap();
    let mut context = Context::new(&CATALOG, &TOOLS, now);
    context.system = "scoring".parse().ok();
    context.asset = "code".parse().ok();
    let _ = detect(bytes, "report.json");
    for run in [None, Some(manifest())] {
        context.run = run;
        let Ok(parsed) = parse_partial(bytes, Format::Sarif, &context) else { continue };
        for result in parsed.results {
            let Ok(admitted) = admit(result, &AdmitContext { controls: &CATALOG, now, assets: None }) else {
                continue;
            };
            let statement = Statement::Result(Box::new(admitted));
            assert_eq!(Statement::from_bytes("result", &statement.to_bytes()).unwrap(), Some(statement));
        }
    }
});

/// A wrapper that saw the tool examine 42 files.
fn manifest() -> Run {
    Run { errors: 0, skipped: 0, complete: true, examined: 42, exit_code: Some(0) }
}
