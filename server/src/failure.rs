//! Failures of the command: a message, perhaps a hint, and an exit code.
//!
//! 0 yes or done. 1 no. 2 usage, configuration or refused input. 3 integrity or signature failure. 4 undetermined.
//! 5 I/O or internal.

use affiant_controls::register::RegisterError;
use affiant_ledger::files::FileError;
use affiant_ledger::key::KeyError;
use affiant_ledger::keyfile::KeyFileError;
use affiant_ledger::keyring::KeyringError;
use affiant_ledger::ledger::{EraseError, LedgerError};
use affiant_ledger::lock::LockError;
use affiant_ledger::publish::PublishError;
use affiant_ledger::reader::ReadError;
use affiant_reports::examine::ExamineError;
use std::fmt::Display;

/// No: what was asked is not so.
pub const NO: u8 = 1;
/// Usage, configuration or refused input.
pub const REFUSED: u8 = 2;
/// Integrity or signature failure.
pub const INTEGRITY: u8 = 3;
/// Undetermined: no trust anchor, nothing evaluated.
pub const UNDETERMINED: u8 = 4;
/// I/O or internal.
pub const IO: u8 = 5;

/// Where a passphrase may come from, when a key needs one.
pub const PASSPHRASE_HINT: &str = "give it in AFFIANT_PASSPHRASE, or in a file with --passphrase-file FILE";

/// Why the command ends without what was asked for.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What was refused and why.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// Refused input, usage or configuration.
    pub fn refused(message: impl Display) -> Self {
        Self { code: REFUSED, message: message.to_string(), hint: None }
    }

    /// What is recorded is not what was recorded.
    pub fn integrity(message: impl Display) -> Self {
        Self { code: INTEGRITY, message: message.to_string(), hint: None }
    }

    /// The disk, the machine, or a broken promise of our own.
    pub fn io(message: impl Display) -> Self {
        Self { code: IO, message: message.to_string(), hint: None }
    }

    /// The same, with the place that it is about.
    pub fn within(self, place: impl Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }

    fn hint_if(self, hint: Option<&str>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// The same, with advice.
    pub fn hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        Self::integrity(error)
    }
}

impl From<ExamineError> for Failure {
    fn from(error: ExamineError) -> Self {
        Self { code: error.exit_code(), ..Self::refused(&error) }.hint_if(error.hint())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::io(error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::io(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let message = error.to_string();
        match error {
            ReadError::NotALedger(_) => Self::refused(message)
                .hint("make one with `affiant init DIR`, or name one with --ledger or AFFIANT_LEDGER"),
            ReadError::Settings(_) | ReadError::Outside { .. } => Self::refused(message),
            // A link, a pipe or a giant where the ledger's own file should be is no trouble with the disk.
            ReadError::File(FileError::NotRegular(_) | FileError::Size { .. }) => Self::integrity(message),
            ReadError::File(file) if !file.is_missing() => Self::io(message),
            _ => Self::integrity(message).hint("`affiant log fsck` lists every fault"),
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        match error {
            KeyFileError::File(error) if error.is_missing() => Self::refused(error),
            KeyFileError::File(error) => error.into(),
            KeyFileError::Key { ref source, .. } => Self::refused(&error).hint_if(key_hint(source)),
        }
    }
}

/// What to do about a key that does not open.
fn key_hint(error: &KeyError) -> Option<&'static str> {
    match error {
        KeyError::Encrypted => Some(PASSPHRASE_HINT),
        KeyError::WrongPassphrase => {
            Some("check the passphrase: the right one opens the same file with openssl")
        }
        _ => None,
    }
}

/// What to do about a statement or key that is not admitted.
fn keyring_hint(error: &KeyringError) -> Option<&'static str> {
    match error {
        KeyringError::Kind { .. } | KeyringError::Stream { .. } | KeyringError::Expired { .. } => Some(
            "`affiant key list` shows what each collector may push; a wider grant is a new collector: `affiant key new collector`",
        ),
        KeyringError::UnknownCollector(_) | KeyringError::Outside { .. } | KeyringError::Unknown(_) => {
            Some("`affiant key list` shows the keys that count")
        }
        KeyringError::Unproven(_) | KeyringError::Proof(_) => {
            Some("a proof is a signature over the very message that `affiant key enrol --request` writes")
        }
        _ => None,
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let message = error.to_string();
        match error {
            LedgerError::Read(error) => error.into(),
            LedgerError::Clock(_) => Self::io(message).hint("set the clock of this machine, then try again"),
            LedgerError::File(_) | LedgerError::Stopped | LedgerError::Index(_) => Self::io(message),
            LedgerError::Lock(LockError::Held { .. }) => {
                Self::io(message).hint("try again when it is done, or wait longer with --wait SECONDS")
            }
            LedgerError::Lock(LockError::File(_)) => Self::io(message),
            LedgerError::Shortened { .. } | LedgerError::Forked { .. } => Self::integrity(message).hint(
                "do not write to it: keep both copies, and find out which one is the ledger that receipts were given for",
            ),
            LedgerError::OtherOrigin { .. } => Self::integrity(message).hint(
                "another ledger's copy stands here, or two ledgers share one `head`: see which of them this folder should hold",
            ),
            LedgerError::Head { .. } => Self::integrity(message).hint(
                "a bad disk or a power cut can leave this: compare the ledger with the last checkpoint, receipt or pack you hold; if it is the one, remove this file",
            ),
            LedgerError::SettingsLost(_) => {
                Self::integrity(message).hint("put the file back from a backup; no new ledger is made over an old one")
            }
            LedgerError::Erase(EraseError::Held { .. }) => {
                Self::refused(message).hint("release it with `affiant log hold ID --stream STREAM --release`")
            }
            LedgerError::Erase(_) => Self::refused(message),
            LedgerError::Group(error) => match &*error {
                LedgerError::Draft(_) | LedgerError::Keyring(_) => Self::refused(message),
                _ => Self::io(message),
            },
            LedgerError::Key { ref source, .. } => Self::refused(message).hint_if(key_hint(source)),
            LedgerError::OtherKey { .. } => Self::refused(message)
                .hint("put the key back that `affiant key list` shows as in force, from your backup"),
            LedgerError::OtherKeys | LedgerError::OtherGenesis => {
                Self::integrity(message).hint("`affiant log fsck` lists every fault")
            }
            LedgerError::NoIssuer => {
                Self::refused(message).hint("`affiant key rotate issuer` makes and enrols a new one")
            }
            LedgerError::Keyring(ref source) => Self::refused(message).hint_if(keyring_hint(source)),
            LedgerError::OtherContent { .. } => {
                Self::refused(message).hint("a corrected result is a new result: give it a new id")
            }
            LedgerError::OriginUsed { .. } => Self::refused(message).hint(
                "choose another --origin; or, when that ledger is gone for good and nobody holds a receipt or pack of it, remove that file",
            ),
            LedgerError::Exists(_)
            | LedgerError::Origin(_)
            | LedgerError::Draft(_) => Self::refused(message),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        match error {
            PublishError::Read(error) => error.into(),
            PublishError::File(FileError::NotRegular(_)) => Self::integrity(message),
            PublishError::File(_) => Self::io(message),
            PublishError::Busy { .. } => Self::io(message).hint("wait longer with --wait SECONDS"),
            PublishError::Overlap { .. } => Self::refused(message)
                .hint("a web server would give out payloads and keys: publish to a folder of its own"),
            PublishError::NotAFolder(_) | PublishError::Foreign(_) => {
                Self::integrity(message).hint("publish to a folder of this log's own, or take the file away")
            }
            PublishError::OtherLog { .. } => {
                Self::integrity(message).hint("each log is published to a folder of its own")
            }
            PublishError::Newer { .. } => {
                Self::integrity(message).hint("this is an older copy of the ledger, or it was cut")
            }
            PublishError::Forked { .. } => Self::integrity(message)
                .hint("keep the published checkpoint and this ledger's: together they are the evidence"),
            PublishError::Root(_) => Self::integrity(message).hint("`affiant log fsck` lists every fault"),
        }
    }
}
