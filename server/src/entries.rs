//! Entries as JSON.

use crate::failure::Failure;
use affiant_controls::statement::Statement;
use affiant_ledger::entry::Entry;
use affiant_ledger::erasure::{ERASURE, Erasure, HOLD, Hold};
use affiant_ledger::genesis::{GENESIS_KIND, Genesis};
use affiant_ledger::keyring::{KEY_KIND, KeyStatement};
use affiant_ledger::note::to_base64;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Record;
use serde_json::{Value, json};

/// An entry without its statement.
pub fn head(record: &Record) -> Value {
    let entry = &record.entry;
    json!({
        "index": entry.index, "time": entry.time.to_string(), "stream": entry.stream, "n": entry.n, "kind": entry.kind,
        "by": entry.by, "leaf": record.leaf, "prev": entry.prev, "stream_prev": entry.stream_prev,
        "payload": entry.payload,
    })
}

/// An entry with its statement, or with what says that it was erased; whether it is gone and nothing says so.
pub fn whole(reader: &Reader, index: u64) -> Result<(Value, bool), Failure> {
    let record = reader.record(index)?;
    let mut shown = head(&record);
    shown["statement"] = statement(&record);
    let gone = record.statement.is_none();
    let erasure = if gone { erasure_of(reader, &record)? } else { None };
    let missing = gone && erasure.is_none();
    if let Some((by, erasure)) = erasure {
        shown["erased"] = json!({
            "by_entry": by.index, "time": by.time.to_string(), "basis": erasure.basis, "approver": erasure.approver,
        });
    }
    Ok((shown, missing))
}

/// The entry that says that another's payload was erased.
fn erasure_of(reader: &Reader, erased: &Record) -> Result<Option<(Entry, Erasure)>, Failure> {
    let Entry { index, stream, payload, .. } = &erased.entry;
    for record in reader.records(index + 1..reader.size()) {
        let record = record?;
        if record.entry.kind != *ERASURE || record.entry.stream != *stream {
            continue;
        }
        let erasure = record.statement.and_then(|statement| Erasure::from_bytes(&statement).ok());
        let covers = |erasure: &Erasure| erasure.covers(record.entry.index, *index, payload);
        if let Some(erasure) = erasure.filter(covers) {
            return Ok(Some((record.entry, erasure)));
        }
    }
    Ok(None)
}

/// What an entry says; null where it was erased.
pub fn statement(record: &Record) -> Value {
    let Some(bytes) = &record.statement else { return Value::Null };
    let known = Statement::from_bytes(record.entry.kind.as_str(), bytes).ok().flatten();
    match known {
        Some(statement) => statement.to_json(),
        None if record.entry.kind == *ERASURE => shown(Erasure::from_bytes(bytes)),
        None if record.entry.kind == *HOLD => shown(Hold::from_bytes(bytes)),
        None if record.entry.kind == *KEY_KIND => shown(KeyStatement::from_bytes(bytes)),
        None if record.entry.kind == *GENESIS_KIND => shown(Genesis::from_bytes(bytes)),
        None => json!({"cbor_base64": to_base64(bytes)}),
    }
}

fn shown<T: serde::Serialize, E>(statement: Result<T, E>) -> Value {
    statement.ok().and_then(|statement| serde_json::to_value(statement).ok()).unwrap_or(Value::Null)
}
