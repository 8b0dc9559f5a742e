//! What is wrong with a catalog of one's own.

use super::file::{Fault, Loaded, read};
use crate::context::Context;
use crate::error::{Failure, NO};
use crate::output;
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use serde_json::json;

/// Judges the catalog in `file`.
pub(super) fn run(context: &Context, catalogs: &Catalogs, file: &str) -> Result<u8, Failure> {
    let text = read(file)?;
    let (kind, faults) = match Loaded::parse(&text) {
        Ok(Loaded::Mappings(mappings)) => {
            let known = catalogs.frameworks.iter().map(|framework| framework.id.as_str());
            let known: Vec<&str> = known.collect();
            let strange = mappings.frameworks.keys().filter(|id| !known.contains(&id.as_str())).map(|id| {
                let what = "no framework of this id is in this program, its requirements were not looked up";
                Fault::of_row(
                    &text,
                    id.clone(),
                    what.to_owned(),
                    Some(format!("known: {}", known.join(", "))),
                )
            });
            let wrong = catalogs
                .frameworks
                .iter()
                .flat_map(|framework| mappings.check(framework, &catalogs.controls));
            let wrong = wrong.map(|fault| Fault::of_row(&text, fault.place, fault.what, Some(fault.hint)));
            ("mapping set", strange.chain(wrong).collect())
        }
        Ok(loaded) => (loaded.kind(), Vec::new()),
        Err(faults) => ("", faults),
    };
    let shown = visible(file);
    if context.json {
        let rows: Vec<_> = faults
            .iter()
            .map(|fault| json!({"line": fault.line, "place": fault.place, "fault": fault.what, "hint": fault.hint}))
            .collect();
        output::json(&json!({"file": shown, "faults": rows}));
    } else if faults.is_empty() {
        output::line(format!("{shown}: a sound {kind}"));
    } else {
        for fault in &faults {
            let line = fault.line.map_or(String::new(), |line| format!(":{line}"));
            let place = if fault.place.is_empty() { String::new() } else { format!("{}: ", fault.place) };
            output::line(format!("{shown}{line}: {place}{}", fault.what));
            if let Some(hint) = &fault.hint {
                output::line(format!("  hint: {hint}"));
            }
        }
        context.say(format!("{} faults", faults.len()));
    }
    Ok(if faults.is_empty() { 0 } else { NO })
}
