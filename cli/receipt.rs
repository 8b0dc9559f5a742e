//! Receipts: read, and held against the checkpoint they carry.

use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::receipt::{Receipt, ReceiptError};
use affiant_reports::trust::Trust;
use affiant_server::failure::Failure;

/// What a receipt states; nothing of it is proven yet.
pub(crate) struct Stated {
    receipt: Receipt,
    pub(crate) entry: Entry,
    pub(crate) leaf: Digest,
}

impl Stated {
    /// Reads a receipt and the entry in it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let receipt = Receipt::parse(bytes).map_err(Failure::integrity)?;
        let entry_bytes = receipt.extra.as_deref().ok_or_else(|| {
            Failure::refused("the receipt carries no entry")
                .hint("its `extra` line holds the entry it is a receipt for")
        })?;
        let entry = Entry::from_bytes(entry_bytes).map_err(Failure::integrity)?;
        let leaf = Digest::leaf(entry_bytes);
        Ok(Self { receipt, entry, leaf })
    }

    /// Proves that the entry is in a log whose key is trusted.
    pub(crate) fn verify(&self, trust: &Trust) -> Result<Checkpoint, Failure> {
        let checkpoint = self.open(trust)?;
        self.included(&checkpoint)?;
        Ok(checkpoint)
    }

    /// The signed note of its checkpoint.
    #[cfg(feature = "client")]
    pub(crate) fn note(&self) -> &[u8] {
        &self.receipt.checkpoint
    }

    /// Its checkpoint, if a key signed it that is trusted for it.
    pub(crate) fn open(&self, trust: &Trust) -> Result<Checkpoint, Failure> {
        let opened = trust
            .open(&self.receipt.checkpoint)
            .ok_or_else(|| Failure::refused("no log key to verify with"))?;
        opened.map(|(checkpoint, _)| checkpoint).map_err(|error| rejected(&error.into()))
    }

    /// Proves that the entry is under its checkpoint, which the caller has opened.
    pub(crate) fn included(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let Self { receipt, entry, leaf } = self;
        if entry.index != receipt.index {
            return Err(Failure::integrity(format!(
                "a receipt for entry {} with the bytes of entry {}",
                receipt.index, entry.index
            )));
        }
        receipt.verify_inclusion(leaf, checkpoint).map_err(|error| rejected(&error))
    }
}

fn rejected(error: &ReceiptError) -> Failure {
    Failure::integrity(format!("receipt rejected: {error}"))
}
