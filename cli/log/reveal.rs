//! `affiant log reveal`: what was kept out of the checks of a result, proven by the commitments in them.

use crate::context::{self, Context};
use crate::output;
use affiant_controls::intake::Withheld;
use affiant_controls::intake::withheld::WITHHELD_SIZE_MAX;
use affiant_controls::result::Check;
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_server::failure::{Failure, NO};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) fn run(context: &Context, index: u64, file: &Path) -> Result<u8, Failure> {
    let known = read(file)?;
    let checks = committing(context, index)?;
    let shown: Vec<(&Check, &Withheld)> =
        checks.iter().filter_map(|check| Some((check, known.get(&check.withheld?)?))).collect();
    for (check, withheld) in &shown {
        let value: Value =
            serde_json::from_str(&withheld.value).unwrap_or_else(|_| Value::String(withheld.value.clone()));
        let Withheld { commitment, salt, .. } = withheld;
        let row = json!({"rule": check.rule, "pointer": check.pointer, "commitment": commitment, "salt": salt, "withheld": value});
        if context.json { output::json(&row) } else { output::pretty(&row) }
    }
    context.say(format!("{} of {} checks with something withheld are shown", shown.len(), checks.len()));
    Ok(if shown.len() == checks.len() { 0 } else { NO })
}

/// The lines of a file by what they prove; refuses one that proves nothing.
fn read(file: &Path) -> Result<BTreeMap<Digest, Withheld>, Failure> {
    let bytes = context::input(file, 2 * WITHHELD_SIZE_MAX as u64)?;
    let mut known = BTreeMap::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let wrong = |what: &dyn std::fmt::Display| format!("{}: line {number}: {what}", file.display());
        let withheld: Withheld =
            serde_json::from_slice(line).map_err(|error| Failure::refused(wrong(&error)))?;
        if !withheld.is_true() {
            return Err(Failure::integrity(wrong(&"salt and text are not what the commitment says")));
        }
        known.insert(withheld.commitment, withheld);
    }
    Ok(known)
}

/// The checks of an entry that commit to something.
fn committing(context: &Context, index: u64) -> Result<Vec<Check>, Failure> {
    let reader = context.read()?;
    if index >= reader.size() {
        return Err(Failure::refused(format!("the ledger has {} entries, no entry {index}", reader.size())));
    }
    let record = reader.record(index)?;
    let bytes = record.statement.unwrap_or_default();
    let read = Statement::from_bytes(record.entry.kind.as_str(), &bytes);
    let checks = match read {
        Ok(Some(Statement::Result(result))) => result.checks,
        _ => return Err(Failure::refused(format!("entry {index} is no result that can be read"))),
    };
    let committing: Vec<Check> = checks.into_iter().filter(|check| check.withheld.is_some()).collect();
    if committing.is_empty() {
        return Err(Failure::refused(format!("nothing was withheld from the checks of entry {index}")));
    }
    Ok(committing)
}
