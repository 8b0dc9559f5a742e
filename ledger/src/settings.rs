//! `affiant.toml`: what a ledger's folder says about itself. No secrets.
//!
//! ```toml
//! version = 1
//! id = "ledger-3f9a0c12d4e5"
//! origin = "affiant.local/ledger-3f9a0c12d4e5"
//! log_key = "affiant.local/ledger-3f9a0c12d4e5+838b4edc+Ad8Bk3cNcb07..."
//! ```
//!
//! An optional `head` says where the last released checkpoint is remembered (default: the user's state folder).

use crate::id::Id;
use crate::note::Verifier;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The one version of ledgers on disk there is.
pub const LEDGER_VERSION: u8 = 1;
/// Name of the file.
pub const SETTINGS_FILE: &str = "affiant.toml";

/// The settings of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Id of the ledger.
    pub id: Id,
    /// Origin line of its checkpoints.
    pub origin: String,
    /// The key that signs its checkpoints.
    pub log_key: Verifier,
    /// Where the last released checkpoint is remembered.
    pub head: Option<PathBuf>,
}

/// Why settings were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML of this shape.
    #[error("{SETTINGS_FILE}: {0}")]
    Syntax(String),
    /// Written by another version of affiant.
    #[error("{SETTINGS_FILE}: ledger version `{0}` is unknown, this program reads version {LEDGER_VERSION}")]
    Version(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u8,
    id: Id,
    origin: String,
    log_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<PathBuf>,
}

impl Settings {
    /// The file's text.
    pub fn to_toml(&self) -> String {
        let file = File {
            version: LEDGER_VERSION,
            id: self.id.clone(),
            origin: self.origin.clone(),
            log_key: self.log_key.to_string(),
            head: self.head.clone(),
        };
        let text = toml::to_string(&file).unwrap_or_else(|error| panic!("settings are plain text: {error}"));
        format!("# Settings of an affiant ledger. No secrets here; keys are in keys/.\n{text}")
    }

    /// Reads the file's text.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let file: File = toml::from_str(text).map_err(|error| SettingsError::Syntax(error.to_string()))?;
        if file.version != LEDGER_VERSION {
            return Err(SettingsError::Version(file.version));
        }
        let log_key: Verifier =
            file.log_key.parse().map_err(|error| SettingsError::Syntax(format!("{error}")))?;
        Ok(Self { id: file.id, origin: file.origin, log_key, head: file.head })
    }
}
