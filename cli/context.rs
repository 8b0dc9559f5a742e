//! What every verb needs: which ledger, what time, where heads are remembered.

use crate::args::Common;
use crate::key::passphrase::Passphrases;
use affiant_ledger::files;
use affiant_ledger::key::SigningKey;
use affiant_ledger::ledger::{Ledger, Surroundings};
use affiant_ledger::reader::Reader;
use affiant_ledger::settings::SETTINGS_FILE;
use affiant_ledger::time::{self, Clock, Timestamp};
use affiant_server::failure::Failure;
use affiant_server::filing::Statements;
use affiant_server::signer::Signer;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The surroundings of a run.
pub(crate) struct Context {
    ledger: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    wait: Duration,
    pub(crate) passphrases: Passphrases,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

impl Context {
    pub(crate) fn new(common: &Common) -> Result<Self, Failure> {
        if let Some(file) = common.passphrase_file.as_ref().filter(|file| !file.exists()) {
            return Err(Failure::refused(format!("{}: no such passphrase file", file.display())));
        }
        Ok(Self {
            ledger: common.ledger.clone(),
            clock: clock()?,
            wait: Duration::from_secs(common.wait),
            passphrases: Passphrases::new(common.passphrase_file.clone()),
            json: common.json,
            quiet: common.quiet,
        })
    }

    /// The same surroundings with another ledger.
    pub(crate) fn at(&self, ledger: &Path) -> Self {
        let (ledger, clock) = (Some(ledger.to_owned()), self.clock.clone());
        Self { ledger, clock, passphrases: self.passphrases.clone(), ..*self }
    }

    /// The ledger's folder that was named in words, and not by the environment alone.
    #[cfg(feature = "client")]
    pub(crate) fn named_ledger(&self) -> Option<&Path> {
        let named = self.ledger.as_deref();
        named.filter(|folder| std::env::var_os("AFFIANT_LEDGER").is_none_or(|set| set != folder.as_os_str()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How long to wait for another process.
    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    /// The ledger's folder: as given, or the nearest one upward from the working directory.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.ledger {
            return Ok(folder.clone());
        }
        let here = std::env::current_dir().map_err(Failure::io)?;
        let found = here.ancestors().find(|folder| folder.join(SETTINGS_FILE).is_file());
        found.map(Path::to_owned).ok_or_else(|| {
            Failure::refused(format!("no {SETTINGS_FILE} in this folder or above"))
                .hint("make a ledger with `affiant init DIR`, or name one with --ledger or AFFIANT_LEDGER")
        })
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings { clock: self.clock.clone(), wait: self.wait, ..Surroundings::new(&Statements, heads()) }
    }

    /// Opens the ledger for writing.
    pub(crate) fn open(&self) -> Result<Ledger, Failure> {
        let open_key = |path: &Path| self.passphrases.open(path);
        let ledger = Ledger::open_with(&self.folder()?, self.surroundings(), &open_key)?;
        if let Some(notice) = ledger.clock_notice() {
            self.say(format_args!("warning: {notice}"));
        }
        Ok(ledger)
    }

    /// Opens a private key file, asking for its passphrase if it has one.
    pub(crate) fn key(&self, path: &Path) -> Result<SigningKey, Failure> {
        Ok(self.passphrases.open(path)?)
    }

    /// The collector whose private key lies at `path`, for statements of a kind.
    pub(crate) fn signer(&self, ledger: &Ledger, path: &Path, kind: &str) -> Result<Signer, Failure> {
        Signer::of(self.key(path)?, path, ledger, kind, self.now())
    }

    /// Opens the ledger for reading.
    pub(crate) fn read(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.folder()?)?)
    }

    /// Says something, unless told to be quiet.
    pub(crate) fn say(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            crate::output::say(text);
        }
    }
}

/// The system's clock, or the instant that `SOURCE_DATE_EPOCH` names (reproducible-builds.org).
fn clock() -> Result<Arc<dyn Clock>, Failure> {
    let text = std::env::var_os("SOURCE_DATE_EPOCH");
    let wrong = || {
        let text = text.as_deref().unwrap_or_default();
        Failure::refused(format!("SOURCE_DATE_EPOCH `{}` is not a time in seconds", text.display()))
    };
    time::clock(text.as_deref()).ok_or_else(wrong)
}

/// Where released checkpoints are remembered.
fn heads() -> PathBuf {
    state().join("heads")
}

/// The user's state folder (XDG base directories).
pub(crate) fn state() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("AFFIANT_STATE").or_else(|| set("XDG_STATE_HOME").map(|state| state.join("affiant")));
    let home = || set("HOME").map(|home| home.join(".local/state/affiant"));
    state.or_else(home).unwrap_or_else(|| std::env::temp_dir().join("affiant"))
}

/// Reads an input file, or stdin for `-`.
pub(crate) fn input(path: &Path, max: u64) -> Result<Vec<u8>, Failure> {
    files::input(path, max).map_err(|error| match &error {
        files::FileError::Io { source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
            Failure::io(error)
        }
        _ => Failure::refused(error),
    })
}

/// Writes an output file whole, or stdout for `-`.
pub(crate) fn output(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        crate::output::bytes(bytes);
        return Ok(());
    }
    files::write_durably(path, bytes).map_err(Failure::io)
}
