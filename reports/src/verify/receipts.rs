//! Check 12: what the log gave receipts for is in the pack, at its place.
//!
//! A receipt is the log's own signature on an entry. Where the pack should hold that entry, by its stream and position,
//! and holds another or none, the log has signed two histories, and receipt and pack together prove it to anyone.
//!
//! Receipts of other logs and streams say nothing of the pack, nor does one that no known key signed; they are counted
//! and named, so that nobody takes them for checked.

use super::Session;
use super::signature::{Head, Keys};
use crate::verdict::CheckName;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::{Entry, EntryError};
use affiant_ledger::id::visible;
use affiant_ledger::keyring::{KEY_STREAM, Keyring};
use affiant_ledger::note::Note;
use affiant_ledger::receipt::{Receipt, ReceiptError};
use affiant_ledger::record::Record;
use std::collections::BTreeSet;

/// A receipt that someone kept, with the entry it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldReceipt {
    /// What to call it by.
    name: String,
    receipt: Receipt,
    entry: Entry,
    leaf: Digest,
    /// Origin of its checkpoint, as it says.
    origin: String,
}

/// Why bytes are not a receipt that a pack can be held against.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeldReceiptError {
    /// Not a receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// What it carries is not an entry.
    #[error("the entry it carries: {0}")]
    Entry(#[from] EntryError),
    /// It carries no entry, so that nobody can tell of which stream it is.
    #[error("it carries no entry (an `extra` line)")]
    Bare,
    /// It carries the bytes of another entry.
    #[error("a receipt for entry {receipt} with the bytes of entry {entry}")]
    Index {
        /// As the receipt says.
        receipt: u64,
        /// As the entry says.
        entry: u64,
    },
    /// Its checkpoint is none.
    #[error("the checkpoint in it cannot be read")]
    Checkpoint,
}

impl HeldReceipt {
    /// Reads a receipt's bytes; `name` is what the verdict calls it.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, HeldReceiptError> {
        let receipt = Receipt::parse(bytes)?;
        let bytes = receipt.extra.as_deref().ok_or(HeldReceiptError::Bare)?;
        let (entry, leaf) = (Entry::from_bytes(bytes)?, Digest::leaf(bytes));
        if entry.index != receipt.index {
            return Err(HeldReceiptError::Index { receipt: receipt.index, entry: entry.index });
        }
        let text = Note::parse(&receipt.checkpoint).ok().map(|note| note.text);
        let checkpoint = text.and_then(|text| Checkpoint::from_text(&text).ok());
        let origin = checkpoint.ok_or(HeldReceiptError::Checkpoint)?.origin;
        Ok(Self { name: name.to_owned(), receipt, entry, leaf, origin })
    }
}

/// What receipts are held against: entries proved to be the ledger's, and the keys that its checkpoints are signed with.
pub(super) struct Packed<'a> {
    pub(super) records: &'a [Record],
    pub(super) keys: &'a [Record],
    pub(super) trusted: &'a Keys,
    pub(super) keyring: Option<&'a Keyring>,
    pub(super) head: &'a Head,
}

/// What one receipt says of the pack.
enum Says {
    /// Its entry is there.
    Here,
    /// Its entry was recorded after the pack was issued.
    Later,
    /// Another stream.
    OtherStream,
    /// Another log.
    OtherLog,
    /// Nobody who is known signed it, or it does not prove its entry.
    Unproven,
    /// The log signed something else too.
    Contradiction(String),
}

impl Session<'_> {
    /// Check 12, once 1 to 8 have passed.
    pub(super) fn receipts(&mut self, packed: &Packed<'_>) {
        if self.held.is_empty() {
            return;
        }
        let (mut wrong, mut logs) = (Vec::new(), BTreeSet::new());
        let [mut here, mut later, mut streams, mut others, mut unproven] = [0u64; 5];
        for receipt in self.held {
            match packed.says(receipt) {
                Says::Here => here += 1,
                Says::Later => later += 1,
                Says::OtherStream => streams += 1,
                Says::OtherLog => {
                    others += 1;
                    logs.insert(visible(&receipt.origin));
                }
                Says::Unproven => unproven += 1,
                Says::Contradiction(what) => wrong.push(format!("{}: {what}", visible(&receipt.name))),
            }
        }
        self.counts.receipts_here = here;
        self.counts.receipts_later = later;
        self.counts.receipts_elsewhere = streams + others;
        self.counts.receipts_unproven = unproven;
        if let Some(first) = wrong.first() {
            let text = format!(
                "{first}; the log has signed two histories: keep the receipt and the pack, together they prove it ({} \
                 receipts speak against this pack)",
                wrong.len()
            );
            return self.note(CheckName::Receipts, Err(text));
        }
        let mut text = format!("{here} receipts are of entries in the pack, at their place");
        let logs: Vec<String> = logs.into_iter().map(|origin| format!("`{origin}`")).collect();
        for (count, what) in [
            (later, "of entries recorded after the pack".to_owned()),
            (streams, "of other streams".to_owned()),
            (others, format!("of other logs, {}", logs.join(", "))),
            (unproven, "signed by no key you hold, or not of the entry they carry".to_owned()),
        ] {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        match here {
            0 => self.not_made(CheckName::Receipts, format!("no receipt bears on this pack: {text}")),
            _ => self.note(CheckName::Receipts, Ok(text)),
        }
        if unproven > 0 {
            let text = "what {} receipts say that no key you hold signed, or that do not prove their entry";
            self.limitations.push(text.replace("{}", &unproven.to_string()));
        }
    }
}

impl Packed<'_> {
    fn says(&self, held: &HeldReceipt) -> Says {
        let HeldReceipt { entry, leaf, .. } = held;
        let head = &self.head.checkpoint;
        if held.origin != head.origin {
            return Says::OtherLog;
        }
        let Some(signed) = self.proved(held) else { return Says::Unproven };
        if signed.size == head.size && signed.root != head.root {
            return Says::Contradiction(format!(
                "its checkpoint gives another root to {} entries",
                head.size
            ));
        }
        let issuing = self.records.last().map(|record| &record.entry);
        let Some(issuing) = issuing else { return Says::Unproven };
        let part = match entry.stream.as_str() {
            stream if stream == issuing.stream.as_str() => self.records,
            KEY_STREAM if !self.keys.is_empty() => self.keys,
            _ => &[],
        };
        let place = usize::try_from(entry.n).ok().and_then(|n| part.get(n));
        // Inclusion has shown that both are in order.
        let is_at = |part: &[Record]| part.binary_search_by_key(&entry.index, |it| it.entry.index).is_ok();
        match place {
            Some(record) if record.leaf == *leaf => Says::Here,
            Some(record) => Says::Contradiction(format!(
                "it is of entry {} as number {} of stream `{}`, and the pack holds entry {} there, which is another",
                entry.index, entry.n, entry.stream, record.entry.index
            )),
            None if !part.is_empty() && entry.stream == *KEY_STREAM && entry.index < issuing.index => {
                Says::Contradiction(format!(
                    "entry {} of stream `{}` was recorded before entry {}, which issued the pack and says that there was \
                     none behind the keys in it: a statement about keys may have been kept back",
                    entry.index, entry.stream, issuing.index
                ))
            }
            None if !part.is_empty() && entry.index < issuing.index => Says::Contradiction(format!(
                "entry {} of stream `{}` was recorded before entry {}, which issued the pack, and the pack does not \
                 hold it",
                entry.index, entry.stream, issuing.index
            )),
            None if is_at(self.records) || is_at(self.keys) => Says::Contradiction(format!(
                "it is of an entry {} of stream `{}`, and the pack holds another with that index",
                entry.index, entry.stream
            )),
            None if part.is_empty() => Says::OtherStream,
            None => Says::Later,
        }
    }

    /// The checkpoint of a receipt, signed by a log key that counts for its size, and proved to cover the entry.
    fn proved(&self, held: &HeldReceipt) -> Option<Checkpoint> {
        let note = &held.receipt.checkpoint;
        let trusted = self.trusted.open(note);
        // Former log keys lead to the one that is trusted, by rotations that each of them signed.
        let of_ring = || Checkpoint::open_with(note, self.keyring?.log_keys()).ok();
        let checkpoint = trusted.or_else(of_ring)?;
        held.receipt.verify_inclusion(&held.leaf, &checkpoint).ok()?;
        Some(checkpoint)
    }
}
