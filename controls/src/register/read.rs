//! One record read for a replay, whether the latest is kept or everything.

use super::{Horizon, RegisterError};
use crate::control::Control;
use crate::statement::{ORGANISATION, Statement, StatementError, is_system};
use affiant_ledger::erasure::{ERASURE, Erasure};
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;

/// What a record amounts to.
pub(crate) enum Read {
    /// A statement of a kind known here.
    Said(Statement),
    /// An erasure of an earlier entry, whatever the horizon.
    Erased(Erasure),
    /// It lies ahead of the horizon.
    Ahead,
    /// Its payload is withheld or erased.
    Unread,
    /// Nothing for a replay.
    Nothing,
}

/// Reads a record of a stream, which the first one names.
pub(crate) fn read(
    record: &Record,
    horizon: Horizon,
    stream: &mut Option<Id>,
) -> Result<Read, RegisterError> {
    let index = record.entry.index;
    let stream = stream.get_or_insert_with(|| record.entry.stream.clone());
    if *stream != record.entry.stream {
        let found = record.entry.stream.clone();
        return Err(RegisterError::Stream { index, found, stream: stream.clone() });
    }
    if let (true, Some(bytes)) = (record.entry.kind == *ERASURE, &record.statement) {
        let source = |source| StatementError { kind: ERASURE.into(), source };
        let erasure = Erasure::from_bytes(bytes).map_err(source);
        let erasure = erasure.map_err(|source| RegisterError::Statement { index, source })?;
        return Ok(if erasure.index < index { Read::Erased(erasure) } else { Read::Nothing });
    }
    if !horizon.knows(record) {
        return Ok(Read::Ahead);
    }
    let Some(bytes) = &record.statement else { return Ok(Read::Unread) };
    let read = Statement::from_bytes(record.entry.kind.as_str(), bytes);
    let read = read.map_err(|source| RegisterError::Statement { index, source })?;
    let Some(statement) = read else { return Ok(Read::Nothing) };
    let about = statement.stream();
    if !matches!(statement, Statement::Catalog(_)) && about != record.entry.stream {
        return Err(RegisterError::System { index, found: about, stream: record.entry.stream.clone() });
    }
    Ok(Read::Said(statement))
}

/// The system itself and the organisation, where the control applies to them.
pub(crate) fn implicit(stream: Option<&Id>, control: &Control) -> Vec<Id> {
    let organisation: Option<Id> = ORGANISATION.parse().ok();
    let system = stream.filter(|stream| is_system(stream.as_str())).cloned();
    let system = system.filter(|_| control.applies_to("ai-system"));
    let organisation = organisation.filter(|_| control.applies_to("organisation"));
    system.into_iter().chain(organisation).collect()
}
