//! `affiant.toml`: what a ledger's folder says about itself. No secrets.
//!
//! ```toml
//! version = 1
//! id = "ledger-3f9a0c12d4e5"
//! origin = "affiant.local/ledger-3f9a0c12d4e5"
//! log_key = "affiant.local/ledger-3f9a0c12d4e5+838b4edc+Ad8Bk3cNcb07..."
//!
//! [[rotated]]
//! from = 58
//! log_key = "affiant.local/ledger-3f9a0c12d4e5+5ae2f1c0+AUyq1Cc5VfEo..."
//! ```
//!
//! `log_key` signs from the first checkpoint on; each `rotated` one from the size at which it followed the one before. An
//! optional `head` says where the last released checkpoint is remembered (default: the user's state folder).

use crate::checkpoint::LogKeys;
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
    /// The keys that sign its checkpoints, each for its sizes.
    pub log_keys: LogKeys,
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rotated: Vec<Rotated>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotated {
    from: u64,
    log_key: String,
}

impl Settings {
    /// The file's text.
    pub fn to_toml(&self) -> String {
        let rotated = self.log_keys.ranges().skip(1);
        let file = File {
            version: LEDGER_VERSION,
            id: self.id.clone(),
            origin: self.origin.clone(),
            log_key: self.log_keys.first().to_string(),
            head: self.head.clone(),
            rotated: rotated.map(|(key, from, _)| Rotated { from, log_key: key.to_string() }).collect(),
        };
        let text = toml::to_string(&file).unwrap_or_else(|error| panic!("settings are plain text: {error}"));
        format!("# Settings of an affiant ledger. No secrets here; keys are in keys/.\n{text}")
    }

    /// Reads the file's text.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let syntax = |error: &dyn std::fmt::Display| SettingsError::Syntax(error.to_string());
        let file: File = toml::from_str(text).map_err(|error| syntax(&error))?;
        if file.version != LEDGER_VERSION {
            return Err(SettingsError::Version(file.version));
        }
        let key = |text: &str| text.parse::<Verifier>().map_err(|error| syntax(&error));
        let mut log_keys = LogKeys::new(key(&file.log_key)?);
        if log_keys.origin() != file.origin {
            return Err(syntax(&"the log key is not named by the origin"));
        }
        for Rotated { from, log_key } in &file.rotated {
            log_keys.follow(*from, key(log_key)?).map_err(|error| syntax(&error))?;
        }
        Ok(Self { id: file.id, origin: file.origin, log_keys, head: file.head })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    fn settings() -> Settings {
        let name: crate::note::KeyName = "affiant.example/log1".parse().unwrap();
        let key = |seed| Verifier::new(name.clone(), SigningKey::from_seed(&[seed; 32]).verifying_key());
        let mut log_keys = LogKeys::new(key(1));
        log_keys.follow(58, key(2)).unwrap();
        log_keys.follow(141, key(3)).unwrap();
        let (id, origin) = ("log1".parse().unwrap(), name.to_string());
        Settings { id, origin, log_keys, head: Some("../head".into()) }
    }

    #[test]
    fn settings_read_back_with_every_log_key() {
        let settings = settings();
        assert_eq!(Settings::from_toml(&settings.to_toml()), Ok(settings.clone()));
        let first = Settings { log_keys: LogKeys::new(settings.log_keys.first().clone()), ..settings };
        assert!(!first.to_toml().contains("rotated"));
        assert_eq!(Settings::from_toml(&first.to_toml()), Ok(first));
    }

    #[test]
    fn log_keys_that_cannot_follow_and_foreign_names_are_refused() {
        let text = settings().to_toml();
        for (from, to, what) in [
            ("from = 141", "from = 58", "larger size"),
            ("from = 141", "from = 0", "larger size"),
            ("origin = \"affiant.example/log1\"", "origin = \"affiant.example/log2\"", "named by the origin"),
            ("version = 1", "version = 2", "ledger version `2`"),
            ("version = 1", "version = 1\ncolour = 1", "colour"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let refused = Settings::from_toml(&changed).unwrap_err().to_string();
            assert!(refused.contains(what), "{refused}");
        }
    }
}
