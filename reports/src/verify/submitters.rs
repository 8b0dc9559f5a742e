//! Check 8: whoever is said to have submitted a statement signed it, with a key that counted then and was granted it.
//!
//! The pack carries stream `org` up to the head that its issuing entry names (`keys` in docs/spec/pack.md). From the genesis
//! entry on, the keyring is replayed as the writer and fsck do; the keys from outside must be the ones it arrives at.
//! Then every statement is put to the same question that was asked before it was recorded, [`Keyring::admit`].
//!
//! The chain of the stream shows that no key entry is left out before that head. That none follows it before the pack
//! was issued rests on the issuing entry's word, which fsck holds against the ledger, and receipts against the pack.

use super::entries::{self, follows};
use super::signature::{Head, Signed};
use super::{Members, Session, cores, member};
use crate::derive::{issued, statement};
use crate::pack::{ENTRIES, KEY_PAYLOADS, KEYS, key_payload_member, states_keys};
use crate::verdict::CheckName;
use affiant_controls::issued::PackIssued;
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::genesis::{GENESIS_KIND, Genesis};
use affiant_ledger::id::{Id, visible};
use affiant_ledger::keyring::{Holder, KEY_STREAM, Keyring, KeyringError, Submission};
use affiant_ledger::note::Verifier;
use affiant_ledger::payload::{Payload, StatementSignature};
use affiant_ledger::record::Record;
use std::collections::BTreeSet;

/// The stream's records and the signature that each statement carries.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) records: &'a [Record],
    pub(super) signatures: &'a [Option<StatementSignature>],
}

/// What was found of the statements of a stream.
#[derive(Default)]
struct Tally {
    signed: u64,
    local: u64,
    by_token: u64,
    /// Signed, but a revocation goes back behind them.
    disowned: u64,
    /// By a key, but their payload is not there, and with it their signature.
    unseen: u64,
    signers: BTreeSet<Id>,
}

/// The entries of stream `org`, their payloads not yet read; none where the pack holds none.
pub(super) fn read(members: &Members<'_>) -> Result<Vec<Record>, String> {
    if members.contains_key(KEYS) { entries::read(members, KEYS) } else { Ok(Vec::new()) }
}

impl Session<'_> {
    /// Check 8, once 1 to 7 have passed; gives the keyring that the pack shows.
    pub(super) fn submitters(
        &mut self,
        members: &Members<'_>,
        keys: &mut [Record],
        said: Said<'_>,
        by: (&Head, &Signed),
    ) -> Option<Keyring> {
        let issued = issued(said.records).ok()?;
        let Some(head) = issued.keys else {
            self.without_keys(members, said);
            return None;
        };
        let found = keyring(members, keys, said.records, head).and_then(|keyring| {
            anchored(&keyring, by)?;
            let tally = tally(&keyring, said)?;
            Ok((keyring, tally))
        });
        match found {
            Err(error) => {
                self.note(CheckName::Submitters, Err(error));
                None
            }
            Ok((keyring, tally)) => {
                self.note(CheckName::Submitters, Ok(tally.found(keys.len())));
                self.tell(&tally, keys);
                Some(keyring)
            }
        }
    }

    /// A pack of before keys were packed: said, and nothing more.
    fn without_keys(&mut self, members: &Members<'_>, said: Said<'_>) {
        let has = |name: &&&str| **name == KEYS || name.starts_with(KEY_PAYLOADS);
        if let Some(name) = members.keys().find(has) {
            let text = format!("{name} is there, and the entry that issues the pack names no keys");
            return self.note(CheckName::Submitters, Err(text));
        }
        let names_keys = |record: &Record| {
            matches!(statement(record), Ok(Some(Statement::Pack(PackIssued { keys: Some(_), .. }))))
        };
        let earlier = said.records.iter().rev().skip(1).filter(|record| record.entry.kind == *"pack");
        if let Some(record) = earlier.into_iter().find(|record| names_keys(record)) {
            let index = record.entry.index;
            let text = format!(
                "the entry that issues the pack names no keys, and entry {index}, which issued one before, does"
            );
            return self.note(CheckName::Submitters, Err(text));
        }
        let by_key =
            || said.records.iter().zip(said.signatures).filter(|(it, _)| collector(&it.entry.by).is_some());
        let bare = |(record, signature): &(&Record, &Option<StatementSignature>)| {
            record.statement.is_some() && signature.is_none()
        };
        if let Some((record, _)) = by_key().find(bare) {
            let Entry { index, by, .. } = &record.entry;
            let text = format!("entry {index} is said to be by `{}`, and carries no signature", visible(by));
            return self.note(CheckName::Submitters, Err(text));
        }
        let signatures = by_key().count();
        let text = format!(
            "not made: the pack was issued without the keys; {signatures} statements carry a submitter's signature"
        );
        self.not_made(CheckName::Submitters, text);
        if signatures > 0 {
            self.limitations.push(format!(
                "who signed the {signatures} statements that carry a submitter's signature: it was not checked"
            ));
        }
    }

    /// What rests on less than a signature.
    fn tell(&mut self, tally: &Tally, keys: &[Record]) {
        self.counts.statements_signed = tally.signed;
        self.counts.statements_unsigned = tally.local + tally.by_token;
        self.counts.statements_disowned = tally.disowned;
        let unsigned = tally.local + tally.by_token;
        let mut limits = Vec::new();
        if unsigned > 0 {
            limits.push(format!(
                "who made the {unsigned} statements that nobody signed: whoever could write to the ledger"
            ));
        }
        if let (true, Some(last)) = (tally.signed > 0, keys.last()) {
            limits.push(format!(
                "that no key was revoked between entry {} and the pack, but for the word of the entry that issued it: \
                 a check of the whole ledger, or a receipt of such an entry, shows that",
                last.entry.index
            ));
        }
        if tally.disowned > 0 {
            let text = "who made {} statements that are signed by a key since revoked as compromised or lost";
            limits.push(text.replace("{}", &tally.disowned.to_string()));
        }
        if tally.unseen > 0 {
            let text = "that {} entries by a key were signed by it: their payloads are not in the pack";
            limits.push(text.replace("{}", &tally.unseen.to_string()));
        }
        self.limitations.extend(limits);
    }
}

/// The keyring as of the pack, from entries that are proved to be the ledger's.
fn keyring(
    members: &Members<'_>,
    keys: &mut [Record],
    records: &[Record],
    head: Digest,
) -> Result<Keyring, String> {
    let issuing = records.last().map_or(0, |record| record.entry.index);
    whole(keys, head, issuing)?;
    statements(members, keys)?;
    let wrong = |index: u64, what: &dyn std::fmt::Display| format!("{KEYS}, entry {index}: {what}");
    let (first, later) = keys.split_first().ok_or_else(|| format!("{KEYS} is empty"))?;
    let genesis = Genesis::from_bytes(first.statement.as_deref().unwrap_or_default());
    let keyring = genesis.and_then(|genesis| genesis.keyring());
    let mut keyring = keyring.map_err(|error| wrong(0, &error))?;
    for record in later {
        let Some(statement) = &record.statement else { continue };
        let index = record.entry.index;
        let admitted = admitted(&keyring, record, None);
        let taken = admitted.and_then(|()| keyring.apply(index, statement));
        taken.map_err(|error| wrong(index, &error))?;
    }
    Ok(keyring)
}

/// The stream from the genesis entry to the head named, none left out, and that before the pack was issued.
fn whole(keys: &[Record], head: Digest, issuing: u64) -> Result<(), String> {
    let mut before = None;
    for record in keys {
        let Entry { index, stream, .. } = &record.entry;
        if *stream != *KEY_STREAM {
            return Err(format!("{KEYS}: entry {index} is of stream `{stream}`"));
        }
        follows(before, record).map_err(|error| format!("{KEYS}: {error}"))?;
        before = Some(record);
    }
    let first = keys.first().map(|first| &first.entry);
    if !first.is_some_and(|first| first.index == 0 && first.kind == *GENESIS_KIND) {
        return Err(format!("{KEYS} does not begin with the genesis entry of the ledger"));
    }
    match keys.last() {
        Some(last) if last.leaf == head && last.entry.index < issuing => Ok(()),
        _ => Err(format!("{KEYS} does not end with the entry that the one which issued the pack names")),
    }
}

/// Puts the statements about keys into their records; nothing else has a payload here.
fn statements(members: &Members<'_>, keys: &mut [Record]) -> Result<(), String> {
    let mut expected = BTreeSet::new();
    for record in keys.iter_mut().filter(|record| states_keys(&record.entry)) {
        let Entry { index, payload, .. } = record.entry;
        let name = key_payload_member(index);
        let bytes = member(members, &name)?;
        if Digest::of(bytes) != payload {
            return Err(format!("{name} is altered: entry {index} names another digest"));
        }
        let payload = Payload::from_bytes(bytes).map_err(|error| format!("{name}: {error}"))?;
        record.statement = Some(payload.statement);
        expected.insert(name);
    }
    let extra = members.keys().find(|name| name.starts_with(KEY_PAYLOADS) && !expected.contains(**name));
    extra.map_or(Ok(()), |name| Err(format!("{name} is the payload of no entry that states keys")))
}

/// The keys from outside that signed are those that the ledger's own entries name for this size.
fn anchored(keyring: &Keyring, (head, signed): (&Head, &Signed)) -> Result<(), String> {
    let size = head.checkpoint.size;
    let other = |what: &str| {
        Err(format!("the {what} that signed is not the one that the ledger's entries name for size {size}"))
    };
    let counts = |holder: &Holder, key: &Verifier| {
        keyring.trusted(holder).iter().any(|trusted| trusted.key == *key && trusted.counts_for(size))
    };
    if !counts(&Holder::Log, &head.log) {
        return other("log key");
    }
    // Ledgers made before issuers were recorded name none.
    if !keyring.tenures(&Holder::Issuer).is_empty() && !counts(&Holder::Issuer, &signed.issuer) {
        return other("issuer's key");
    }
    Ok(())
}

/// Whether the entry may stand where it stands: what the writer asked before it recorded it.
fn admitted(
    keyring: &Keyring,
    record: &Record,
    signature: Option<&StatementSignature>,
) -> Result<(), KeyringError> {
    let Entry { by, kind, stream, time, index, .. } = &record.entry;
    let statement = record.statement.as_deref().map_or(Digest::ZERO, Digest::of);
    match (&record.statement, collector(by)) {
        // The signature is gone with the payload; that the key counted and was granted it is still to be seen.
        (None, Some(id)) => keyring.may_push(&id, *index, kind, stream, *time),
        _ => keyring.admit(*index, &Submission { by, kind, stream, time: *time, statement, signature }),
    }
}

/// The collector whose key submitted.
fn collector(by: &str) -> Option<Id> {
    by.strip_prefix("key:")?.parse().ok()
}

/// Every statement of the stream, or the first that should not stand there.
fn tally(keyring: &Keyring, Said { records, signatures }: Said<'_>) -> Result<Tally, String> {
    let judged = cores::map(records, |at, record| {
        let signature = signatures.get(at).and_then(Option::as_ref);
        let error = admitted(keyring, record, signature).err()?;
        Some((record.entry.index, error))
    });
    let refused: Vec<(u64, KeyringError)> = judged.into_iter().flatten().collect();
    if let Some((index, error)) = refused.first() {
        let more = refused.len() - 1;
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        return Err(format!("{ENTRIES}, entry {index}: {error}{more}"));
    }
    let mut tally = Tally::default();
    for record in records {
        let Entry { by, index, .. } = &record.entry;
        match collector(by) {
            None if by == "local" => tally.local += 1,
            None => tally.by_token += 1,
            Some(_) if record.statement.is_none() => tally.unseen += 1,
            Some(_) if keyring.disowned(by, *index).is_some() => tally.disowned += 1,
            Some(id) => {
                tally.signed += 1;
                tally.signers.insert(id);
            }
        }
    }
    Ok(tally)
}

impl Tally {
    /// In words.
    fn found(&self, keys: usize) -> String {
        let Self { signed, local, by_token, disowned, unseen, signers } = self;
        let signers = signers.len();
        let mut text = format!(
            "{signed} statements signed by {signers} collector{} whose keys counted and were granted them, {local} unsigned \
             (`local`); keys replayed from {keys} entries of stream `{KEY_STREAM}`",
            if signers == 1 { "" } else { "s" }
        );
        for (count, what) in [
            (by_token, "admitted by a token, unsigned"),
            (disowned, "signed by a key since revoked, which count no longer as signed"),
            (unseen, "by a key that counted, their payloads not there"),
        ] {
            if *count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        }
        text
    }
}
