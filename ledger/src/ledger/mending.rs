//! What a stop half-way left behind: an index behind the log is brought up to it or built anew; a ledger that was never
//! finished is cleared away.

use super::LedgerError;
use crate::erasure::facet_of;
use crate::files::{self, FileError};
use crate::index::{Filed, Index};
use crate::journal;
use crate::reader::Reader;
use crate::record::Filing;
use crate::storage::Storage;
use crate::table::Tables;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Entries filed at a time.
const STEP: u64 = 1024;

/// How long a reader may hold the index, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// Opens the index and brings it up to the log. A reader holds it for moments: that is waited for, and is no damage.
pub(super) fn open_index(
    tables: &dyn Tables,
    reader: &Reader,
    filing: &dyn Filing,
) -> Result<Index, LedgerError> {
    let start = Instant::now();
    let opened = loop {
        match Index::open(tables, reader.folder()) {
            Err(error) if error.is_busy() && start.elapsed() < PATIENCE => sleep(PAUSE),
            Err(error) if error.is_busy() => return Err(error.into()),
            opened => break opened,
        }
    };
    if let Ok(mut index) = opened
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
                facet: statement.and_then(|statement| facet_of(filing, kind, statement)),
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

/// Clears what the making of a ledger left behind when it was stopped: without settings there is no ledger, and one
/// record at most was written. Anything more is a ledger that has lost its settings, and is refused.
pub(super) fn clear_unfinished<'a>(
    storage: &dyn Storage,
    folder: &Path,
    keys: impl IntoIterator<Item = &'a Path>,
) -> Result<(), LedgerError> {
    let lost = || LedgerError::SettingsLost(folder.to_owned());
    for grown in ["tile", "payload", "blob"] {
        if storage.kind(&folder.join(grown)).map_err(FileError::at(folder))?.is_some() {
            return Err(lost());
        }
    }
    let segments = match journal::segments(storage, folder) {
        Err(error) if error.is_missing() => Vec::new(),
        segments => segments?,
    };
    for segment in &segments {
        let records = journal::read_segment(storage, segment)?.records;
        if records.len() > 1 || records.iter().any(|record| record.first > 0) {
            return Err(lost());
        }
    }
    let keys = keys.into_iter().map(|key| folder.join(key));
    let files = segments.into_iter().chain([folder.join("checkpoint")]).chain(keys);
    for file in files {
        storage.remove_if_any(&file)?;
        storage.remove_if_any(&files::temporary(&file))?;
    }
    Ok(())
}
