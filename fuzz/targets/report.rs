//! Reports of every foreign format, the first byte saying which, through admission: what is admitted is recorded and reads
//! the same, and nothing passes of which nothing was examined.
#![no_main]

use affiant_controls::admit::{AdmitContext, admit};
use affiant_controls::intake::{Context, Format, ToolRules, detect, parse_partial};
use affiant_controls::set::ControlSet;
use affiant_controls::{Statement, Status};
use affiant_ledger::digest::Digest;
use affiant_ledger::key::VerifyingKey;
use affiant_ledger::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<ControlSet> = LazyLock::new(ControlSet::embedded);
static TOOLS: LazyLock<Vec<ToolRules>> = LazyLock::new(ToolRules::embedded);

/// The key that signed the seeds.
const SIGNER: &str = "e9e6da563480e1a037dae50c202b478d000cdbcd49b1dc613ec326de820a82a6";

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    // A letter for each format, from `a`.
    let format = Format::ALL[usize::from(first.wrapping_sub(b'a')) % Format::ALL.len()];
    let now = Timestamp::from_millis(1_795_521_600_000).unwrap();
    let mut context = Context::new(&CATALOG, &TOOLS, now);
    context.system = "scoring".parse().ok();
    context.asset = "code".parse().ok();
    context.explain = true;
    let signer: Digest = SIGNER.parse().unwrap();
    let _ = detect(bytes, "report.json");
    for about in [Vec::new(), vec!["AFF-THR-01".parse().unwrap()]] {
        context.trusted =
            VerifyingKey::from_bytes(signer.as_bytes()).into_iter().filter(|_| about.is_empty()).collect();
        context.about = about;
        let Ok(parsed) = parse_partial(bytes, format, &context) else { continue };
        for result in parsed.results {
            let Ok(admitted) = admit(result, &AdmitContext { controls: &CATALOG, now, assets: None }) else {
                continue;
            };
            let vacuous = admitted.run.as_ref().is_some_and(|run| run.examined == 0);
            assert!(admitted.status != Status::Passed || !vacuous);
            let statement = Statement::Result(Box::new(admitted));
            assert_eq!(Statement::from_bytes("result", &statement.to_bytes()).unwrap(), Some(statement));
        }
    }
});
