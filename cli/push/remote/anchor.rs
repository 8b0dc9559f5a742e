//! Whose signature counts: the log keys that were given, or those that the service named at the first push to it.
//!
//! The first are as good as the way they came by. The second prove that a log is the one of the first push, as a host is
//! known again by its key: they are remembered in the user's state folder, and another key later is refused.

use crate::context::{self, Context};
use crate::receipt::Stated;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::files;
use affiant_reports::trust::Trust;
use affiant_server::failure::{Failure, UNDETERMINED};
use std::path::{Path, PathBuf};

/// Keys of a log, and where they are from.
pub(super) struct Anchor {
    trust: Trust,
    origin: Origin,
    /// The checkpoint that was opened last: receipts of one batch share theirs.
    opened: Option<(Vec<u8>, Checkpoint)>,
}

/// Where keys are from.
enum Origin {
    /// A file that was given.
    Given,
    /// The first push to this service.
    Remembered(PathBuf),
    /// The service, just now; where they are to be remembered.
    Named(PathBuf),
}

impl Anchor {
    /// The keys that were given, else those that are remembered of a service.
    pub(super) fn known(given: Option<&Path>, service: &str) -> Result<Option<Self>, Failure> {
        if let Some(path) = given {
            return Ok(Some(Self::of(crate::verify::trust(path)?, Origin::Given)));
        }
        let path = path_of(service);
        let is_there = path.try_exists();
        if !is_there.map_err(|error| Failure::io(format!("{}: {error}", path.display())))? {
            return Ok(None);
        }
        let trust = crate::verify::trust(&path).map_err(|failure| {
            failure.hint("the log's keys are remembered in this file since the first push: remove it to ask for them again")
        })?;
        Ok(Some(Self::of(trust, Origin::Remembered(path))))
    }

    fn of(trust: Trust, origin: Origin) -> Self {
        Self { trust, origin, opened: None }
    }

    /// Those that a service names.
    pub(super) fn named(service: &str, text: &[u8]) -> Result<Self, Failure> {
        let trust = std::str::from_utf8(text).ok().and_then(|text| Trust::parse(text).ok());
        let trust = trust.ok_or_else(|| none("what it names as the log's keys is no trust file"))?;
        Ok(Self::of(trust, Origin::Named(path_of(service))))
    }

    /// Opens the checkpoint of a receipt. The failure of one that the keys did not sign, and whether it is a stranger's: of
    /// another log than the one of the first push.
    pub(super) fn open(&mut self, stated: &Stated) -> Result<&Checkpoint, (Failure, bool)> {
        let opened = match self.opened.take().filter(|(note, _)| note == stated.note()) {
            Some(opened) => opened,
            None => {
                let checkpoint = stated.open(&self.trust).map_err(|failure| self.unsigned(failure))?;
                (stated.note().to_vec(), checkpoint)
            }
        };
        Ok(&self.opened.insert(opened).1)
    }

    fn unsigned(&self, failure: Failure) -> (Failure, bool) {
        let Origin::Remembered(path) = &self.origin else { return (failure, false) };
        let failure = Failure::integrity("the log's key is another than at the first push to this service");
        let hint = format!(
            "it was changed, or another log answers: get the keys from whoever runs it (`affiant key trust`) and give them with --trust FILE, \
             or remove {} to take the new one at its word",
            path.display()
        );
        (failure.hint(hint), true)
    }

    /// Remembers keys that a receipt has held with, and says so.
    pub(super) fn remember(&mut self, context: &Context, service: &str) {
        let Origin::Named(path) = &self.origin else { return };
        let comment = format!("Keys of the log behind {service}, as it named them at the first push.");
        let keys: Vec<String> = self.trust.logs.iter().map(|log| log.key.to_string()).collect();
        let kept = match files::write_privately(path, self.trust.to_text(&comment).as_bytes()) {
            Ok(()) => format!("remembered in {}", path.display()),
            Err(error) => format!("not remembered: {error}"),
        };
        context.say(format!(
            "note: first push to {service}: its log signs with {}, {kept}; to know that it is the right one, give its keys with --trust FILE",
            keys.join(" and ")
        ));
        self.origin = Origin::Remembered(path.clone());
    }

    /// In a word, for scripts.
    pub(super) fn word(&self) -> &'static str {
        match self.origin {
            Origin::Given => "given",
            Origin::Remembered(_) | Origin::Named(_) => "remembered",
        }
    }
}

/// Nothing signed can be judged without a key.
pub(super) fn none(why: &str) -> Failure {
    Failure {
        code: UNDETERMINED,
        message: format!("no key of the log to verify receipts with: {why}"),
        hint: None,
    }
    .hint("what was pushed is recorded if the receipts hold: give the log's keys with --trust FILE")
}

fn path_of(service: &str) -> PathBuf {
    context::state().join("services").join(&Digest::of(service.as_bytes()).to_string()[..32])
}
