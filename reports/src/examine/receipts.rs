//! The receipts that a collector kept, to hold a pack against.

use super::ExamineError;
use crate::verify::HeldReceipt;
use affiant_ledger::files::{self, FileError};
use affiant_ledger::receipt::RECEIPT_SIZE_MAX;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Most receipts taken from a folder.
const RECEIPTS_MAX: usize = 100_000;
/// Ending of their files.
pub(super) const ENDING: &str = "tlog-proof";

/// Every receipt in a folder, by name. One that is none is refused: nobody should take it for checked.
pub(super) fn read(folder: &Path) -> Result<Vec<HeldReceipt>, ExamineError> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for item in std::fs::read_dir(folder).map_err(FileError::at(folder))? {
        let path = item.map_err(FileError::at(folder))?.path();
        if path.extension() == Some(OsStr::new(ENDING)) {
            paths.push(path);
        }
        if paths.len() > RECEIPTS_MAX {
            return Err(ExamineError::Receipts { path: folder.to_owned(), max: RECEIPTS_MAX });
        }
    }
    if paths.is_empty() {
        return Err(ExamineError::NoReceipts(folder.to_owned()));
    }
    paths.sort();
    paths.iter().map(|path| one(path)).collect()
}

fn one(path: &Path) -> Result<HeldReceipt, ExamineError> {
    let bytes = files::read(path, RECEIPT_SIZE_MAX as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    HeldReceipt::read(&name, &bytes).map_err(|source| ExamineError::Receipt { path: path.to_owned(), source })
}
