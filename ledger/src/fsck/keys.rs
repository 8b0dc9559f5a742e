//! Keys as fsck judges them: every `key` entry replayed, every statement's signature checked with the key that counted
//! at its entry, and the settings' log keys compared with what the entries say.

use super::{FaultKind, Fsck};
use crate::digest::Digest;
use crate::entry::{Entry, EntryRef};
use crate::keyring::{Holder, KEY_KIND, Keyring, KeyringError, Submission};
use crate::payload::{PayloadRef, StatementSignature};
use crate::settings::Settings;
use rayon::prelude::*;

/// An entry that a key speaks for, or that speaks of a key.
pub(super) struct Said {
    entry: Entry,
    /// SHA-256 of the statement.
    statement: Digest,
    signature: Option<StatementSignature>,
    /// The statement of a `key` entry.
    of_a_key: Option<Vec<u8>>,
    /// Where the payload stands.
    place: String,
}

impl Said {
    /// What there is to judge of an entry; nothing of one that is unsigned, said by `local` and not about a key.
    pub(super) fn of(entry: &EntryRef, payload: &PayloadRef, place: &str) -> Option<Self> {
        let about = entry.kind.as_str() == KEY_KIND;
        if !about && entry.by == "local" && payload.signature.is_none() {
            return None;
        }
        Some(Self {
            entry: Entry::from(*entry),
            statement: payload.signature.map_or(Digest::ZERO, |_| Digest::of(payload.statement)),
            signature: payload.signature.map(Into::into),
            of_a_key: about.then(|| payload.statement.to_vec()),
            place: place.to_owned(),
        })
    }

    fn admitted(&self, keyring: &Keyring) -> Result<(), KeyringError> {
        let Entry { by, kind, stream, time, index, .. } = &self.entry;
        let (statement, signature) = (self.statement, self.signature.as_ref());
        keyring.admit(*index, &Submission { by, kind, stream, time: *time, statement, signature })
    }
}

impl Fsck<'_> {
    /// Entries in their order. Keys are taken in first: what they say counts from their index on, so that all others can
    /// be judged at once.
    pub(super) fn said(&mut self, said: Vec<Said>) {
        let Some(mut keyring) = self.keyring.take() else { return };
        let mut faults = Vec::new();
        for one in &said {
            let Some(statement) = &one.of_a_key else { continue };
            let taken = one.admitted(&keyring).and_then(|()| keyring.apply(one.entry.index, statement));
            faults.extend(taken.err().map(|error| (FaultKind::Key, one, error)));
        }
        let others: Vec<&Said> = said.iter().filter(|one| one.of_a_key.is_none()).collect();
        let wrong = others.into_par_iter().filter_map(|one| Some((one, one.admitted(&keyring).err()?)));
        let wrong: Vec<(&Said, KeyringError)> = wrong.collect();
        faults.extend(wrong.into_iter().map(|(one, error)| (FaultKind::Signature, one, error)));
        for (kind, one, error) in faults {
            self.fault(kind, Some(one.entry.index), Some(&one.place), error.to_string());
        }
        self.keyring = Some(keyring);
    }

    /// A statement that names the last entry of stream `org` before it names the one that is: a pack that rests on it holds
    /// every key and every revocation up to then.
    pub(super) fn pinned_keys(&mut self) {
        let (org, pins) = (std::mem::take(&mut self.org), std::mem::take(&mut self.pins));
        for (index, named) in pins {
            let last = org[..org.partition_point(|(at, _)| *at < index)].last();
            if let Some((at, leaf)) = last
                && *leaf != named
            {
                let text =
                    format!("names another entry as the last of stream `org` before it than entry {at}");
                self.fault(FaultKind::Key, Some(index), None, text);
            }
        }
    }

    /// The settings name the log keys that the entries do; a rotation recorded last may still be on its way to them.
    pub(super) fn log_keys(&mut self, settings: &Settings) {
        let Some(keyring) = self.keyring.take() else { return };
        let mut followed = settings.log_keys.clone();
        let follows = followed.follow(self.chain.size(), keyring.log_keys().latest().clone());
        if settings.log_keys == *keyring.log_keys() {
        } else if follows.is_ok() && followed == *keyring.log_keys() {
            let text = "the rotation of the log key is recorded, to be completed by the next write";
            self.report.notices.push(text.into());
        } else {
            let text = "affiant.toml names other log keys than the entries do".to_owned();
            self.fault(FaultKind::Settings, None, Some("affiant.toml"), text);
        }
        for (id, _) in keyring.collectors() {
            for tenure in keyring.tenures(&Holder::Collector(id.clone())) {
                if let Some((revoked, since)) = tenure.revoked.and_then(|r| Some((r, r.since?))) {
                    self.report.notices.push(format!(
                        "what collector `{id}` signed from entry {since} on counts no more: its key was revoked by \
                         entry {} as {}",
                        revoked.index, revoked.reason
                    ));
                }
            }
        }
    }
}
