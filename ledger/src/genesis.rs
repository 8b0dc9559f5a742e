//! The genesis entry: entry 0, which names the log, its first key and its first issuer's.
//!
//! ```text
//! {"id": "log1", "origin": "affiant.example/log1", "log_key": "affiant.example/log1+71fc70ca+AYqI…",
//!  "issuer_key": "affiant.example/log1/issuer+530d903a+AekY…", "entry_version": 1}
//! ```
//!
//! Deterministic CBOR in stream `org`, of kind `genesis`. Later keys are stated by `key` entries (docs/spec/key.md).

use crate::codec::{self, CodecError};
use crate::id::Id;
use crate::keyring::{Keyring, KeyringError};
use crate::note::{NoteError, Verifier};
use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// The kind of the genesis entry.
pub const GENESIS_KIND: &str = "genesis";
/// Largest genesis statement, in bytes.
const GENESIS_SIZE_MAX: usize = 4096;

/// What the genesis entry states. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// Id of the ledger.
    pub id: Id,
    /// Origin line of its checkpoints.
    pub origin: String,
    /// The first log key, as a vkey.
    pub log_key: String,
    /// The first issuer key, as a vkey; ledgers without one enrol it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_key: Option<String>,
    /// Version of entries.
    pub entry_version: u8,
}

/// Why a statement is not that of a genesis entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Not the deterministic CBOR of one.
    #[error("genesis: {0}")]
    Codec(#[from] CodecError),
    /// A key is none.
    #[error("genesis: {0}")]
    Key(#[from] NoteError),
    /// The keys cannot be those of one ledger.
    #[error("genesis: {0}")]
    Keyring(#[from] KeyringError),
    /// The log key is not named by the origin.
    #[error("genesis: the log key is not named by the origin")]
    Name,
}

impl Genesis {
    /// The statement's canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads the statement, and no other form of it.
    pub fn from_bytes(statement: &[u8]) -> Result<Self, GenesisError> {
        Ok(codec::decode(statement, GENESIS_SIZE_MAX)?)
    }

    /// The keyring as of this entry.
    pub fn keyring(&self) -> Result<Keyring, GenesisError> {
        let log_key: Verifier = self.log_key.parse()?;
        if log_key.name().as_str() != self.origin || !log_key.is_plain() {
            return Err(GenesisError::Name);
        }
        let keyring = Keyring::new(self.id.clone(), log_key);
        match &self.issuer_key {
            Some(issuer) => Ok(keyring.with_issuer(issuer.parse()?)?),
            None => Ok(keyring),
        }
    }

    /// Whether these settings are those of the log this entry begins.
    pub fn is_of(&self, settings: &Settings) -> bool {
        let named = (&settings.id, &settings.origin, settings.log_keys.first().to_string());
        named == (&self.id, &self.origin, self.log_key.clone())
    }
}
