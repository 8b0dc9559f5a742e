//! A pack that was verified, open for reading: its entries, and the proof that each is the ledger's.

use crate::archive::{self, Limits};
use crate::bag::Members;
use crate::pack::{
    ASSESSMENT, CHECKPOINT, ENTRIES, KEYS, PROOFS, PackAssessment, Proofs, key_payload_member,
    payload_member, states_keys,
};
use crate::trust::Trust;
use crate::verdict::Verdict;
use crate::verify::{split, verify};
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::genesis::Genesis;
use affiant_ledger::keyring::Keyring;
use affiant_ledger::multiproof;
use affiant_ledger::note::Note;
use affiant_ledger::payload::Payload;
use affiant_ledger::reader::record_of;
use affiant_ledger::record::Record;

/// A verified pack.
#[derive(Debug, Clone)]
pub struct OpenedPack {
    members: Members,
    assessment: PackAssessment,
    checkpoint: Checkpoint,
    records: Vec<Record>,
}

impl OpenedPack {
    /// Opens a pack that is verified with the auditor's keys; any other gives its verdict.
    pub fn open(bytes: &[u8], trust: &Trust, limits: &Limits) -> Result<Self, Box<Verdict>> {
        let verdict = verify(bytes, Some(trust), limits);
        if verdict.exit_code() != 0 {
            return Err(Box::new(verdict));
        }
        // What was verified a moment ago reads.
        Self::of_verified(bytes, limits).ok_or(Box::new(verdict))
    }

    fn of_verified(bytes: &[u8], limits: &Limits) -> Option<Self> {
        let members = archive::read(bytes, limits).ok()?;
        let assessment = serde_json::from_slice(members.get(ASSESSMENT)?).ok()?;
        let checkpoint = Checkpoint::from_text(&Note::parse(members.get(CHECKPOINT)?).ok()?.text).ok()?;
        let record = |bytes: &&[u8]| {
            let entry = Entry::from_bytes(bytes).ok()?;
            let payload = members.get(&payload_member(entry.index));
            record_of(entry.index, bytes, payload.map(Vec::as_slice)).ok()
        };
        let records = split(members.get(ENTRIES)?).ok()?.iter().map(record).collect::<Option<Vec<_>>>()?;
        Some(Self { assessment, checkpoint, records, members })
    }

    /// What it concludes.
    pub fn assessment(&self) -> &PackAssessment {
        &self.assessment
    }

    /// The head of the ledger that covers its entries.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The entries of the stream with their statements, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The keyring that its entries of stream `org` come to; `None` where it holds none.
    pub fn keyring(&self) -> Option<Keyring> {
        let mut statements = Vec::new();
        for bytes in split(self.member(KEYS)?).ok()? {
            let entry = Entry::from_bytes(bytes).ok()?;
            if states_keys(&entry) {
                let payload = Payload::from_bytes(self.member(&key_payload_member(entry.index))?).ok()?;
                statements.push((entry.index, payload.statement));
            }
        }
        let (genesis, later) = statements.split_first()?;
        Genesis::from_bytes(&genesis.1).ok()?.keyring().ok()?.replay(later.to_vec()).ok()
    }

    /// A member's bytes.
    pub fn member(&self, name: &str) -> Option<&[u8]> {
        self.members.get(name).map(Vec::as_slice)
    }

    /// The path of an entry of the stream to the root of the checkpoint, leaf sibling first.
    pub fn path(&self, index: u64) -> Option<Vec<Digest>> {
        let proofs: Proofs = serde_json::from_slice(self.member(PROOFS)?).ok()?;
        let keys = split(self.member(KEYS).unwrap_or_default()).ok()?;
        let keys =
            keys.into_iter().map(|bytes| Some((Entry::from_bytes(bytes).ok()?.index, Digest::leaf(bytes))));
        let mut leaves = keys.collect::<Option<Vec<_>>>()?;
        leaves.extend(self.records.iter().map(|record| (record.entry.index, record.leaf)));
        leaves.sort_unstable_by_key(|(index, _)| *index);
        multiproof::path_from(proofs.size, &leaves, &proofs.nodes, index).ok()
    }
}
