//! `affiant verify PACK --receipts DIR`: the receipts that a collector kept, to hold a pack against.

use crate::context;
use crate::error::Failure;
use affiant_ledger::receipt::RECEIPT_SIZE_MAX;
use affiant_reports::verify::HeldReceipt;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Most receipts taken from a folder.
const RECEIPTS_MAX: usize = 100_000;
/// Ending of their files.
const ENDING: &str = "tlog-proof";

/// Every receipt in a folder, by name. One that is none is refused: nobody should take it for checked.
pub(super) fn read(folder: &Path) -> Result<Vec<HeldReceipt>, Failure> {
    let shown = folder.display();
    let unreadable = |error: std::io::Error| Failure::refused(format!("{shown}: {error}"));
    let mut paths: Vec<PathBuf> = Vec::new();
    for item in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = item.map_err(unreadable)?.path();
        if path.extension() == Some(OsStr::new(ENDING)) {
            paths.push(path);
        }
        if paths.len() > RECEIPTS_MAX {
            return Err(Failure::refused(format!("{shown}: more than {RECEIPTS_MAX} receipts")));
        }
    }
    if paths.is_empty() {
        let hint = "`affiant push --receipts DIR` and `affiant log prove INDEX` give receipts";
        return Err(Failure::refused(format!("{shown}: no *.{ENDING} files")).hint(hint));
    }
    paths.sort();
    paths.iter().map(|path| one(path)).collect()
}

fn one(path: &Path) -> Result<HeldReceipt, Failure> {
    let bytes = context::input(path, RECEIPT_SIZE_MAX as u64)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    HeldReceipt::read(&name, &bytes).map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
}
