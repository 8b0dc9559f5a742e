//! Control results in JSON and NDJSON, through admission: what is admitted is recorded and reads the same, and a file of
//! which every row is good says the same as its rows one by one.
#![no_main]

use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::intake::{Context, Format, ToolRules, detect, ndjson, parse, parse_partial};
use affiant_controls::set::ControlSet;
use affiant_controls::{ControlResult, Statement};
use affiant_ledger::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);
static TOOLS: LazyLock<Vec<ToolRules>> = LazyLock::new(ToolRules::embedded);

fuzz_target!(|bytes: &[u8]| {
    let now = Timestamp::from_millis(1_795_521_600_000).unwrap();
    let mut context = Context::new(&CATALOG, &TOOLS, now);
    context.system = "scoring".parse().ok();
    let _ = detect(bytes, "-");
    for format in [Format::Json, Format::Ndjson] {
        let partial = parse_partial(bytes, format, &context);
        if let Ok(whole) = parse(bytes, format, &context) {
            assert_eq!(Ok(&whole), partial.as_ref());
        }
        let Ok(parsed) = partial else { continue };
        assert_eq!(parsed.results.len(), parsed.lines.len());
        parsed.results.into_iter().for_each(|result| recorded(result, now));
    }
    let _ = ndjson::line(bytes, 1, &context).map(|result| recorded(result, now));
});

fn recorded(result: ControlResult, now: Timestamp) {
    let context = AdmitContext { controls: &CATALOG, now, assets: None };
    let Ok(admitted) = admit(result, &context) else { return };
    let statement = Statement::Result(Box::new(admitted));
    assert_eq!(Statement::from_bytes("result", &statement.to_bytes()).unwrap(), Some(statement));
}
