//! Salts for what is committed to and kept out of the log: made of a secret of the ledger and of what is salted, so that
//! the same is salted the same when it comes again. The secret lies in `keys/salting`, 64 hexadecimal digits.
//!
//! Whoever has the secret and guesses a text can check the guess; nobody can compute the text. Without the secret no new
//! salt is the old one, and what was committed to stays provable with the salts that were given out.

use crate::digest::Digest;
#[cfg(feature = "sled")]
use crate::files::{FileError, read_if_any, write_privately};
#[cfg(feature = "sled")]
use std::path::Path;

/// Where the secret lies below the ledger's folder.
#[cfg(feature = "sled")]
const SECRET_FILE: &str = "keys/salting";

/// Makes salts.
#[derive(Clone)]
pub struct Salting {
    secret: [u8; 32],
    /// It lies nowhere yet.
    #[cfg_attr(not(feature = "sled"), allow(dead_code, reason = "only a writer keeps secrets"))]
    fresh: bool,
}

impl std::fmt::Debug for Salting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salting(..)")
    }
}

impl Salting {
    /// With a secret that is known.
    pub fn with(secret: [u8; 32]) -> Self {
        Self { secret, fresh: false }
    }

    /// With the secret of the ledger in `folder`; where there is none yet, with a new one, to be kept before anything
    /// salted with it is recorded.
    #[cfg(feature = "sled")]
    pub fn of(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(SECRET_FILE);
        if let Some(bytes) = read_if_any(&path, 65)? {
            let text =
                std::str::from_utf8(&bytes).ok().and_then(|text| text.trim_end().parse::<Digest>().ok());
            let wrong = || std::io::Error::other("not 64 hexadecimal digits");
            return text
                .map(|Digest(secret)| Self::with(secret))
                .ok_or_else(|| FileError::at(&path)(wrong()));
        }
        let mut secret = [0; 32];
        crate::random::fill(&mut secret);
        Ok(Self { secret, fresh: true })
    }

    /// Writes a new secret down, for its owner alone to read. The caller holds the ledger's lock.
    #[cfg(feature = "sled")]
    pub fn keep(&self, folder: &Path) -> Result<(), FileError> {
        let text = format!("{}\n", Digest(self.secret));
        if self.fresh { write_privately(&folder.join(SECRET_FILE), text.as_bytes()) } else { Ok(()) }
    }

    /// The salt of some parts, none of which holds NUL: half an HMAC-SHA-256 over them, joined by NUL.
    pub fn salt(&self, parts: &[&str]) -> [u8; 16] {
        let mac = Digest::keyed(&self.secret, parts.join("\0").as_bytes());
        mac.0.first_chunk().copied().unwrap_or_default()
    }
}
