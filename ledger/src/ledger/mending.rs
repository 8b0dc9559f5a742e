//! Opening the index: brought up to the log, or built anew when it is missing, damaged or of another log.

use super::LedgerError;
use crate::index::{Filed, Index};
use crate::reader::Reader;
use crate::record::Filing;
use crate::table::Tables;

/// Entries filed at a time.
const STEP: u64 = 1024;

/// Opens the index and brings it up to the log.
pub(super) fn open_index(
    tables: &dyn Tables,
    reader: &Reader,
    filing: &dyn Filing,
) -> Result<Index, LedgerError> {
    if let Ok(mut index) = Index::open(tables, reader.folder())
        && covers(&index, reader)?
        && catch_up(&mut index, reader, filing).is_ok()
    {
        return Ok(index);
    }
    Index::remove_any(tables, reader.folder())?;
    let mut index = Index::open(tables, reader.folder())?;
    catch_up(&mut index, reader, filing)?;
    Ok(index)
}

/// Whether what an index covers is a part of the log: its last leaf hash stands where it says.
fn covers(index: &Index, reader: &Reader) -> Result<bool, LedgerError> {
    let (size, leaf) = index.covered();
    if size == 0 || size > reader.size() {
        return Ok(size == 0);
    }
    Ok(reader.leaf(size - 1)? == leaf)
}

fn catch_up(index: &mut Index, reader: &Reader, filing: &dyn Filing) -> Result<(), LedgerError> {
    let mut at = index.covered().0;
    while at < reader.size() {
        let end = (at + STEP).min(reader.size());
        let mut filed = Vec::with_capacity((end - at) as usize);
        for record in reader.records(at..end) {
            let record = record?;
            let (kind, statement) = (record.entry.kind.as_str(), record.statement.as_deref());
            filed.push(Filed {
                id: statement.and_then(|statement| filing.id(kind, statement)),
                facet: statement.and_then(|statement| filing.facet(kind, statement)),
                stream: record.entry.stream,
                n: record.entry.n,
                index: record.entry.index,
                leaf: record.leaf,
            });
        }
        index.file(filed)?;
        at = end;
    }
    Ok(index.write()?)
}
