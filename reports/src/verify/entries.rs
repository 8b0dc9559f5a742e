//! Checks 5 to 7: the entries are leaves of the tree, contiguous in their stream, and their payloads are theirs.

use super::signature::Signed;
use super::{Found, Members, Session, cores, parsed_member};
use crate::derive::{issued, statement};
use crate::issue::proofs_json;
use crate::pack::{ASSESSMENT, ENTRIES, EarlierHead, KEYS, PAYLOADS, PROOFS, Proofs, payload_member};
use crate::verdict::CheckName;
use affiant_controls::statement::Statement;
use affiant_controls::withhold::bears_on_conclusions;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::erasure::{ERASURE, Erasure};
use affiant_ledger::id::visible;
use affiant_ledger::merkle;
use affiant_ledger::multiproof;
use affiant_ledger::payload::{Payload, StatementSignature};
use affiant_ledger::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// The entries of a member, their payloads not yet read.
pub(super) fn read(members: &Members<'_>, name: &str) -> Result<Vec<Record>, String> {
    let items = split(parsed_member(members, name)?);
    let items = items.map_err(|at| format!("{name}, item {at}: not an entry"))?;
    let record = |at: usize, bytes: &&[u8]| {
        let entry = Entry::from_bytes(bytes).map_err(|error| format!("{name}, item {at}: {error}"))?;
        Ok(Record { entry, leaf: Digest::leaf(bytes), statement: None })
    };
    cores::map(&items, record).into_iter().collect()
}

/// The entries that a sequence is made of, or the position of the first that is none.
pub(crate) fn split(mut rest: &[u8]) -> Result<Vec<&[u8]>, usize> {
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (item, after) = rest.split_at(entry_length(rest).ok_or(items.len())?);
        items.push(item);
        rest = after;
    }
    Ok(items)
}

/// Length of the entry that `bytes` begin with: a map of ten pairs of integers, texts and byte strings. It only
/// splits; `Entry::from_bytes` judges. (The codec's own splitter takes any item, so that a sequence of one-byte items
/// would fill sixteen times its size in memory before the first is seen to be no entry.)
fn entry_length(bytes: &[u8]) -> Option<usize> {
    const MAP_OF_TEN: u8 = 0xaa;
    let mut at = usize::from(*bytes.first()? == MAP_OF_TEN);
    for _ in 0..20 * at {
        let (major, argument, size) = head(bytes.get(at..)?)?;
        at += size;
        match major {
            0 => {}
            2 | 3 => at = at.checked_add(usize::try_from(argument).ok()?)?,
            _ => return None,
        }
    }
    (1..=bytes.len()).contains(&at).then_some(at)
}

/// The head of a CBOR item: major type, argument, size.
fn head(bytes: &[u8]) -> Option<(u8, u64, usize)> {
    let (first, rest) = bytes.split_first()?;
    let width = match first & 31 {
        short @ 0..=23 => return Some((first >> 5, u64::from(short), 1)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let argument = rest.get(..width)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Some((first >> 5, argument, 1 + width))
}

/// That the entries are the ledger's, and what its roots were before.
pub(super) struct Included {
    pub(super) earlier: Vec<EarlierHead>,
    /// What was found, in words.
    pub(super) detail: String,
}

/// Check 5: one proof for all entries, those of the keys among them, in its one form.
pub(super) fn inclusion(
    members: &Members<'_>,
    records: &[Record],
    keys: &[Record],
    checkpoint: &Checkpoint,
) -> Result<Included, String> {
    let bytes = parsed_member(members, PROOFS)?;
    let proofs: Proofs =
        serde_json::from_slice(bytes).map_err(|error| format!("{PROOFS} cannot be read: {error}"))?;
    if proofs.size != checkpoint.size || proofs.root != checkpoint.root {
        return Err(format!("{PROOFS} is for another checkpoint"));
    }
    if records.is_empty() {
        return Err(format!("{ENTRIES} holds no entry"));
    }
    let both = records.iter().chain(keys);
    let mut leaves: Vec<(u64, Digest)> = both.map(|record| (record.entry.index, record.leaf)).collect();
    // Both members are in order: this puts the one between the other, and hides no disorder from the proof.
    leaves.sort_by_key(|(index, _)| *index);
    let in_order = |records: &[Record]| records.is_sorted_by_key(|record| record.entry.index);
    let listed = proofs.indexes.iter().eq(leaves.iter().map(|(index, _)| index));
    if !listed || !in_order(records) || !in_order(keys) {
        return Err(format!("{PROOFS} lists other entries than {ENTRIES} and {KEYS} hold"));
    }
    if proofs_json(&proofs) != bytes {
        return Err(format!("{PROOFS} is not in its one form"));
    }
    // Not `multiproof::verify`: its second opinion takes the square of the number of entries.
    let root = multiproof::root_from(checkpoint.size, &leaves, &proofs.nodes);
    let root = root.map_err(|error| format!("the entries are not those of the ledger: {error}"))?;
    if root != checkpoint.root {
        return Err("the entries are not those of the ledger: they lead to another root".into());
    }
    earlier(&proofs, checkpoint)?;
    let detail = format!("{} entries are in the tree of {}", leaves.len(), checkpoint.size);
    Ok(Included { earlier: proofs.earlier, detail })
}

/// Earlier heads, each once, are parts of the checkpoint.
fn earlier(proofs: &Proofs, checkpoint: &Checkpoint) -> Result<(), String> {
    if !proofs.earlier.windows(2).all(|pair| pair[0].size < pair[1].size) {
        return Err(format!("{PROOFS} has earlier heads that are not in order"));
    }
    for EarlierHead { size, root, path } in &proofs.earlier {
        let proved = merkle::verify_consistency(*size, checkpoint.size, root, &checkpoint.root, path);
        if *size == 0 || proved.is_err() {
            return Err(format!("{PROOFS} does not prove that the ledger had that root at size {size}"));
        }
    }
    Ok(())
}

/// Check 6: the stream from its first entry to the one that issued the pack, none left out.
pub(super) fn chain(records: &[Record], signed: Option<&Signed>) -> Found {
    let last = &records.last().ok_or("no entries")?.entry;
    let mut before: Option<&Record> = None;
    for record in records {
        if record.entry.stream != last.stream {
            return Err(format!("entry {} is of stream `{}`", record.entry.index, record.entry.stream));
        }
        follows(before, record)?;
        before = Some(record);
    }
    let issued = issued(records).map_err(|error| error.to_string())?;
    if signed
        .is_some_and(|signed| signed.note.pack != issued.id || signed.issuer.name().as_str() != issued.issuer)
    {
        return Err(format!(
            "the entry that issues the pack names pack `{}`, and another issuer or pack signed",
            issued.id
        ));
    }
    if let Some(signed) = signed {
        let mut only_here = issued.signers.difference(&signed.signers);
        let mut only_there = signed.signers.difference(&issued.signers);
        if let Some(signer) = only_here.next().or(only_there.next()) {
            let (role, key) = (signer.role, visible(&signer.vkey));
            return Err(format!(
                "the entry that issues the pack names other signers: {role} `{key}` differs"
            ));
        }
    }
    Ok(format!(
        "contiguous from position 0 of stream `{}`, which nothing precedes, to {}, the entry that issued the pack; what was recorded later \
         is not in it",
        last.stream, last.n
    ))
}

/// Whether a record is the next of its stream after `before`, the first when there is none.
pub(super) fn follows(before: Option<&Record>, record: &Record) -> Result<(), String> {
    let Entry { index, n, stream_prev, .. } = record.entry;
    let (position, leaf) = before.map_or((0, Digest::ZERO), |before| (before.entry.n + 1, before.leaf));
    if n != position {
        return Err(format!(
            "entry {index} has position {n} in the stream, {position} was expected: one is missing"
        ));
    }
    if stream_prev != leaf {
        return Err(format!("entry {index} does not follow the one before it in the stream"));
    }
    let Some(before) = before else { return Ok(()) };
    if before.entry.index.checked_add(1) == Some(index) && record.entry.prev != before.leaf {
        return Err(format!("entry {index} does not follow the one before it in the ledger"));
    }
    if before.entry.time > record.entry.time {
        return Err(format!("entry {index} was recorded before the one before it"));
    }
    Ok(())
}

/// What is there of an entry's payload.
enum Content {
    Intact(Payload),
    Absent,
    Wrong(String),
}

fn payload(members: &Members<'_>, record: &Record) -> Content {
    let Entry { index, payload, .. } = record.entry;
    let name = payload_member(index);
    let Some(bytes) = members.get(name.as_str()) else { return Content::Absent };
    if Digest::of(bytes) != payload {
        return Content::Wrong(format!("{name} is altered: entry {index} names another digest"));
    }
    match Payload::from_bytes(bytes) {
        Ok(payload) => Content::Intact(payload),
        Err(error) => Content::Wrong(format!("{name}: {error}")),
    }
}

/// Entries of which an erasure entry behind them says that their payload was erased, and by what right.
fn erased(records: &[Record], found: &[Content]) -> BTreeSet<u64> {
    let payloads: BTreeMap<u64, Digest> =
        records.iter().map(|record| (record.entry.index, record.entry.payload)).collect();
    let erasure = |(record, found): (&Record, &Content)| match found {
        Content::Intact(payload) if record.entry.kind == *ERASURE => {
            let erasure = Erasure::from_bytes(&payload.statement).ok()?;
            let named = payloads.get(&erasure.index)?;
            erasure.covers(record.entry.index, erasure.index, named).then_some(erasure.index)
        }
        _ => None,
    };
    records.iter().zip(found).filter_map(erasure).collect()
}

/// What contradicts the rules that the issuing entry names: a payload kept out by none, or one that is there all the same.
fn against_rules(records: &[Record], withheld: &BTreeSet<u64>) -> Option<String> {
    let rules = match statement(records.last()?) {
        Ok(Some(Statement::Pack(issued))) => issued.withheld,
        _ => BTreeSet::new(),
    };
    records.iter().find_map(|Record { entry: Entry { index, kind, .. }, statement, .. }| {
        match (rules.iter().find(|rule| rule.covers_kind(kind)), statement) {
            (Some(rule), Some(_)) => {
                Some(format!("{} is there, and the rule `{rule}` keeps it out", payload_member(*index)))
            }
            (None, None) if withheld.contains(index) => Some(format!(
                "{} is withheld, and the entry that issued the pack names no rule for it",
                payload_member(*index)
            )),
            _ => None,
        }
    })
}

impl Session<'_> {
    /// Check 7: puts the statements into the records that the later checks stand on; gives the signature of each.
    pub(super) fn payloads(
        &mut self,
        members: &Members<'_>,
        records: &mut [Record],
    ) -> Vec<Option<StatementSignature>> {
        let said: BTreeSet<u64> =
            self.assessment.iter().flat_map(|claimed| claimed.withheld.iter().copied()).collect();
        let found: Vec<Content> = cores::map(records, |_, record| payload(members, record));
        let (mut wrong, mut withheld) = (Vec::new(), BTreeSet::new());
        let mut signatures = vec![None; records.len()];
        let erased = erased(records, &found);
        for ((record, signature), found) in records.iter_mut().zip(&mut signatures).zip(found) {
            let index = record.entry.index;
            match found {
                Content::Wrong(what) => wrong.push(what),
                Content::Absent if said.contains(&index) => drop(withheld.insert(index)),
                Content::Absent => {
                    wrong.push(format!("{} is missing, and not said to be withheld", payload_member(index)))
                }
                Content::Intact(payload) => {
                    self.counts.payloads_intact += 1;
                    *signature = payload.signature;
                    record.statement = Some(payload.statement);
                }
            }
        }
        let expected: BTreeSet<String> =
            records.iter().map(|record| payload_member(record.entry.index)).collect();
        let extra = members.keys().filter(|name| name.starts_with(PAYLOADS) && !expected.contains(**name));
        wrong.extend(extra.map(|name| format!("{name} is the payload of no entry")));
        wrong.extend(
            said.difference(&withheld)
                .map(|index| format!("{ASSESSMENT} withholds entry {index}, which is not so")),
        );
        let absent = withheld.len();
        withheld.retain(|index| !erased.contains(index));
        let (count, with_authority) = (withheld.len(), absent - withheld.len());
        let bearing = records
            .iter()
            .filter(|it| withheld.contains(&it.entry.index) && bears_on_conclusions(&it.entry.kind));
        self.counts.payloads_bearing = bearing.count() as u64;
        self.counts.payloads_erased = with_authority as u64;
        self.counts.payloads_withheld = count as u64;
        wrong.extend(against_rules(records, &withheld));
        let intact = self.counts.payloads_intact;
        let found = match wrong.first() {
            None => Ok(format!("{intact} intact, {count} withheld, {with_authority} erased with authority")),
            Some(only) if wrong.len() == 1 => Err(only.clone()),
            Some(first) => Err(format!("{first} (and {} more)", wrong.len() - 1)),
        };
        self.note(CheckName::Payloads, found);
        if absent > 0 {
            self.limitations.push(format!("what {absent} entries say whose payloads are withheld or erased: the conclusions were drawn without them"));
        }
        signatures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Vec<u8> {
        let entry = Entry {
            n: u64::MAX,
            v: 1,
            by: "local".into(),
            kind: "result".parse().unwrap(),
            prev: Digest::ZERO,
            time: "2026-11-22T00:00:00Z".parse().unwrap(),
            index: u64::MAX,
            stream: "credit-scoring".parse().unwrap(),
            payload: Digest::ZERO,
            stream_prev: Digest::ZERO,
        };
        entry.to_bytes()
    }

    #[test]
    fn a_sequence_is_split_where_its_entries_end() {
        let one = entry();
        assert_eq!(entry_length(&[&one[..], &one].concat()), Some(one.len()));
        for cut in 0..one.len() {
            assert_eq!(entry_length(&one[..cut]), None, "{cut}");
        }
        for other in
            [&[0u8; 100][..], &[0xaa; 100], &[0xff; 100], b"\xaa\x5b\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert_eq!(entry_length(other), None);
        }
    }

    #[test]
    fn entries_at_the_end_of_the_numbers_overflow_nothing() {
        let bytes = entry().repeat(2);
        let records = read(&Members::from([(ENTRIES, &bytes[..])]), ENTRIES).unwrap();
        assert_eq!(records.len(), 2);
        assert!(chain(&records, None).is_err());
        assert!(
            follows(
                Some(&Record { entry: Entry { n: 0, ..records[0].entry.clone() }, ..records[0].clone() }),
                &records[1]
            )
            .is_err()
        );
    }
}
