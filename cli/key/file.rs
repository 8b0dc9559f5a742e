//! The file that a new private key goes to. What a run that was cut off left there is taken up: a whole key is used, a
//! piece of one replaced. Anything else is refused, and stays.

use crate::context::Context;
use affiant_ledger::disk::Disk;
use affiant_ledger::files;
use affiant_ledger::key::{Passphrase, SigningKey};
use affiant_ledger::keyfile;
use affiant_server::failure::Failure;
use std::path::Path;

pub(super) struct KeyFile<'a> {
    path: &'a Path,
    pub(super) key: SigningKey,
    /// Whether it was there.
    found: bool,
    /// Whether a piece of a key was: that alone is ever removed.
    unfinished: bool,
    encrypt: bool,
}

impl<'a> KeyFile<'a> {
    /// The key that stands at `path`, or a new one, not yet written.
    pub(super) fn at(context: &Context, path: &'a Path, encrypt: bool) -> Result<Self, Failure> {
        let unfinished = path.exists() && keyfile::is_unfinished(&Disk, path)?;
        if unfinished || !path.exists() {
            return Ok(Self { path, key: SigningKey::generate(), found: false, unfinished, encrypt });
        }
        let taken = |error: String| {
            Failure::refused(format!("{}: is there already, and {error}", path.display()))
                .hint("name another file with --output")
        };
        if keyfile::is_encrypted(&Disk, path)? != encrypt {
            let word = if encrypt { "not encrypted" } else { "encrypted" };
            return Err(taken(format!("a key in it would be {word}")));
        }
        let key = context.key(path).map_err(|failure| taken(failure.message))?;
        Ok(Self { path, key, found: true, unfinished, encrypt })
    }

    /// Writes the key down, once nothing speaks against it.
    pub(super) fn write(&self, context: &Context) -> Result<(), Failure> {
        if self.found {
            let path = self.path.display();
            context.say(format!("{path} was there, with a key that no ledger entry names yet: it is used"));
            return Ok(());
        }
        let passphrase: Option<Passphrase> =
            self.encrypt.then(|| context.passphrases.choose()).transpose()?;
        if self.unfinished {
            files::remove_if_any(self.path)?;
        }
        Ok(keyfile::write_with(&Disk, self.path, &self.key, passphrase.as_ref())?)
    }

    /// Takes back what was written: the ledger refused the key.
    pub(super) fn withdraw(&self) -> Result<(), Failure> {
        if self.found { Ok(()) } else { Ok(files::remove_if_any(self.path)?) }
    }
}
