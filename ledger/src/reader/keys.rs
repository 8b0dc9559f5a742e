//! The keyring, read from the log itself: for who has no index.

use super::{ReadError, Reader, record_of};
use crate::entry::Entry;
use crate::genesis::Genesis;
use crate::keyring::{KEY_KIND, Keyring, KeyringFault};

/// How `"kind": "key"` stands in an entry: deterministic CBOR knows no other way.
const NEEDLE: &[u8] = b"\x64kind\x63key";

impl Reader {
    /// The keyring as of this checkpoint, found by reading every entry.
    pub fn keyring(&self) -> Result<Keyring, ReadError> {
        let mut keyring = self.genesis()?.keyring().map_err(|error| ReadError::Genesis(error.to_string()))?;
        for index in 1..self.size() {
            let bytes = self.entry_bytes(index)?;
            if bytes.windows(NEEDLE.len()).any(|window| window == NEEDLE) {
                self.take_key(&mut keyring, index)?;
            }
        }
        Ok(keyring)
    }

    /// What the genesis entry states.
    pub fn genesis(&self) -> Result<Genesis, ReadError> {
        let first = self.record(0)?;
        let statement = first.statement.ok_or_else(|| ReadError::Genesis("its payload is gone".into()))?;
        Genesis::from_bytes(&statement).map_err(|error| ReadError::Genesis(error.to_string()))
    }

    /// Takes entry `index` into the keyring if it is of kind `key`; gives the entry.
    pub(crate) fn take_key(&self, keyring: &mut Keyring, index: u64) -> Result<Entry, ReadError> {
        let (entry, payload) = self.read(index)?;
        let record = record_of(index, &entry, payload.as_deref())?;
        if record.entry.kind == *KEY_KIND {
            let statement = record.statement.unwrap_or_default();
            let taken = keyring.apply(index, &statement);
            taken.map_err(|source| KeyringFault { index, source })?;
        }
        Ok(record.entry)
    }
}
