//! Broken storage, to show that the same checks see the loss: each leaves out one thing on which the ledger rests.

use std::path::Path;

/// What a storage does wrong, beyond faults that every storage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// A sync of a file does nothing and claims success.
    NoSync,
    /// Only changes in place are not synced: the open journal segment.
    NoSyncInPlace,
    /// Only files that are about to get their name are not synced.
    NoSyncBeforeName,
    /// A sync of names does nothing and claims success.
    NoSyncOfNames,
    /// Only that of one folder.
    NoSyncOfNamesIn(&'static str),
}

impl Flaw {
    pub(crate) fn skips_sync(self, path: &Path) -> bool {
        let staged = path.extension().is_some_and(|ending| ending == "tmp");
        match self {
            Self::NoSync => true,
            Self::NoSyncInPlace => !staged,
            Self::NoSyncBeforeName => staged,
            _ => false,
        }
    }

    pub(crate) fn skips_sync_of_folder(self, path: &Path) -> bool {
        match self {
            Self::NoSyncOfNames => true,
            Self::NoSyncOfNamesIn(folder) => path.ends_with(folder),
            _ => false,
        }
    }
}
