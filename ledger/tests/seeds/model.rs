//! The ledger beside a plain model: a list of statements, a tree computed by RFC 6962's own words, ids in a map.

use super::chance::Chance;
use super::drafts::{KIND, STREAMS, Wanted};
use super::fault::own_this_thread;
use super::machine::{Machine, folder};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::ledger::{Appended, Ledger, LedgerError, Prepared};
use affiant_ledger::merkle::verify_consistency;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Draft;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is done to both.
#[derive(Debug, Clone)]
enum Act {
    Append(Vec<Wanted>),
    Group(Vec<Vec<Wanted>>),
    Stream(Vec<Vec<Wanted>>),
    Close,
    Leave,
    Reindex,
    Erase(u64),
}

fn wanted() -> impl Strategy<Value = Wanted> {
    // Few ids and few contents, so that ids come again with the same and with other content.
    (0..STREAMS.len(), 0..12u64, prop::option::of(0..8u64), 0..4u64, 0..40usize)
        .prop_map(|(stream, number, id, facet, fill)| Wanted { stream, number, id, facet, fill, blob: None })
}

fn fresh() -> impl Strategy<Value = Wanted> {
    wanted().prop_map(|wanted| Wanted { id: None, ..wanted })
}

fn act() -> impl Strategy<Value = Act> {
    let some = || prop::collection::vec(wanted(), 1..6);
    prop_oneof![
        6 => some().prop_map(Act::Append),
        1 => prop::collection::vec(fresh(), 200..300).prop_map(Act::Append),
        3 => prop::collection::vec(some(), 1..4).prop_map(Act::Group),
        2 => prop::collection::vec(prop::collection::vec(fresh(), 1..9), 1..4).prop_map(Act::Stream),
        2 => Just(Act::Close),
        2 => Just(Act::Leave),
        1 => Just(Act::Reindex),
        2 => any::<u64>().prop_map(Act::Erase),
    ]
}

/// What the ledger should hold.
#[derive(Default)]
struct Model {
    /// Leaf, and the statement unless erased.
    entries: Vec<(Digest, Option<Vec<u8>>)>,
    /// Stream and id, to what was said under it and where.
    ids: BTreeMap<(String, String), (Vec<u8>, u64)>,
    streams: BTreeMap<String, Vec<u64>>,
    roots: Vec<Digest>,
}

/// RFC 6962 section 2.1, word for word.
fn tree(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [only] => *only,
        _ => {
            let k = (1..).map(|i| 1usize << i).take_while(|k| *k < leaves.len()).last().unwrap_or(1);
            Digest::node(&tree(&leaves[..k]), &tree(&leaves[k..]))
        }
    }
}

impl Model {
    /// What should become of drafts; `None` when they are refused. Places are counted from the entries there are.
    fn expect(
        &self,
        drafts: &[Draft],
        pending: &mut BTreeMap<(String, String), (Vec<u8>, u64)>,
        next: &mut u64,
    ) -> Option<Vec<(u64, bool)>> {
        let (mut places, mut own, mut at) = (Vec::new(), BTreeMap::new(), *next);
        for draft in drafts {
            let key = draft.id.as_ref().map(|id| (draft.stream.to_string(), id.clone()));
            let before = key.as_ref().and_then(|key| {
                pending.get(key).or_else(|| own.get(key)).or_else(|| self.ids.get(key)).cloned()
            });
            match before {
                Some((said, _)) if said != draft.statement => return None,
                Some((_, index)) => places.push((index, true)),
                None => {
                    places.push((at, false));
                    key.map(|key| own.insert(key, (draft.statement.clone(), at)));
                    at += 1;
                }
            }
        }
        pending.extend(own);
        *next = at;
        Some(places)
    }

    /// Compares the ledger's answer with what it should be, and takes it over.
    fn take(
        &mut self,
        drafts: &[Draft],
        expected: Option<Vec<(u64, bool)>>,
        found: Result<Vec<Appended>, LedgerError>,
    ) {
        match (expected, found) {
            (None, Err(LedgerError::OtherContent { .. })) => {}
            (Some(expected), Ok(found)) => {
                let answer: Vec<(u64, bool)> = found.iter().map(|a| (a.index, a.again)).collect();
                assert_eq!(answer, expected);
                for (draft, appended) in drafts.iter().zip(found).filter(|(_, appended)| !appended.again) {
                    self.push(draft, appended);
                }
            }
            (expected, found) => panic!("expected {expected:?}, found {found:?}"),
        }
    }

    fn push(&mut self, draft: &Draft, appended: Appended) {
        assert_eq!(appended.index, self.entries.len() as u64);
        self.entries.push((appended.leaf, Some(draft.statement.clone())));
        let stream = draft.stream.to_string();
        if let Some(id) = &draft.id {
            self.ids.insert((stream.clone(), id.clone()), (draft.statement.clone(), appended.index));
        }
        self.streams.entry(stream).or_default().push(appended.index);
    }

    /// The ledger says the same, entry by entry and proof by proof.
    fn agrees(&mut self, reader: &Reader) {
        let leaves: Vec<Digest> = self.entries.iter().map(|(leaf, _)| *leaf).collect();
        let (size, root) = (leaves.len() as u64, tree(&leaves));
        assert_eq!((reader.size(), reader.checkpoint().root), (size, root));
        let mut prev = Digest::ZERO;
        let mut heads: BTreeMap<String, (u64, Digest)> = BTreeMap::new();
        for (index, (leaf, statement)) in (0..).zip(&self.entries) {
            let bytes = reader.entry_bytes(index).unwrap();
            assert_eq!(Digest::leaf(&bytes), *leaf);
            let entry = Entry::from_bytes(&bytes).unwrap();
            let head = heads.entry(entry.stream.to_string()).or_insert((0, Digest::ZERO));
            assert_eq!((entry.index, entry.prev, entry.n, entry.stream_prev), (index, prev, head.0, head.1));
            (prev, *head) = (*leaf, (head.0 + 1, *leaf));
            if index > 0 {
                assert_eq!(reader.record(index).unwrap().statement, *statement, "entry {index}");
            }
        }
        for index in [0, size / 3, size / 2, size - 1] {
            let receipt = reader.receipt(index).unwrap();
            let log = reader.settings().log_keys.first();
            receipt.verify(&leaves[index as usize], &reader.settings().origin, log).unwrap();
        }
        for old in [1, size / 2, size - 1, size].into_iter().filter(|old| *old > 0) {
            let path = reader.consistency(old).unwrap();
            let before = tree(&leaves[..old as usize]);
            assert_eq!(verify_consistency(old, size, &before, &root, &path), Ok(()));
            assert_eq!(reader.root_at(old).unwrap(), before);
        }
        self.roots.push(root);
    }
}

fn drafts(wanted: &[Wanted]) -> Vec<Draft> {
    wanted.iter().map(Wanted::draft).collect()
}

fn prepared(drafts: &[Draft], machine: &Machine) -> Vec<Prepared> {
    Prepared::all(drafts.to_vec(), &machine.surroundings()).unwrap()
}

struct Beside {
    machine: Machine,
    model: Model,
}

impl Beside {
    fn group(&mut self, ledger: &mut Ledger, requests: &[Vec<Wanted>]) {
        let requests: Vec<Vec<Draft>> = requests.iter().map(|wanted| drafts(wanted)).collect();
        let (mut pending, mut next) = (BTreeMap::new(), self.model.entries.len() as u64);
        let expected: Vec<_> =
            requests.iter().map(|drafts| self.model.expect(drafts, &mut pending, &mut next)).collect();
        let given = requests.iter().map(|drafts| prepared(drafts, &self.machine)).collect();
        let found = ledger.append_group(given);
        for ((drafts, expected), found) in requests.iter().zip(expected).zip(found) {
            self.model.take(drafts, expected, found);
        }
    }

    fn stream(&mut self, ledger: &mut Ledger, batches: &[Vec<Wanted>]) {
        let batches = batches.iter().map(|wanted| {
            let drafts = drafts(wanted);
            Ok::<_, LedgerError>((drafts.clone(), drafts))
        });
        let model = &mut self.model;
        let done = |_: &mut Ledger, drafts: Vec<Draft>, appended: Vec<Appended>| {
            drafts.iter().zip(appended).for_each(|(draft, appended)| model.push(draft, appended));
            Ok(())
        };
        ledger.append_stream(batches, done).unwrap();
    }

    fn erase(&mut self, ledger: &mut Ledger, index: u64) {
        let index = index % self.model.entries.len() as u64;
        let record = ledger.reader().unwrap().record(index).unwrap();
        let erasable = record.entry.kind == *KIND && record.statement.is_some();
        match ledger.erase(index, "basis", "approver") {
            Err(LedgerError::Erase(_)) => assert!(!erasable, "entry {index}"),
            Err(error) => panic!("{error}"),
            Ok((appended, _)) => {
                assert!(erasable);
                let said = ledger.reader().unwrap().record(appended.index).unwrap().statement;
                self.model.entries.push((appended.leaf, said));
                self.model.entries[index as usize].1 = None;
                self.model.ids.retain(|_, (_, at)| *at != index);
                let stream = record.entry.stream.to_string();
                self.model.streams.entry(stream).or_default().push(appended.index);
            }
        }
    }

    fn act(&mut self, mut ledger: Ledger, act: Act) -> Ledger {
        match act {
            Act::Append(wanted) => self.group(&mut ledger, &[wanted]),
            Act::Group(requests) => self.group(&mut ledger, &requests),
            Act::Stream(batches) => self.stream(&mut ledger, &batches),
            Act::Reindex => ledger.rebuild_index().unwrap(),
            Act::Erase(index) => self.erase(&mut ledger, index),
            Act::Close | Act::Leave => {
                if matches!(act, Act::Close) {
                    ledger.close().unwrap()
                } else {
                    drop(ledger)
                }
                self.machine.next_life(None, None);
                ledger = self.machine.open().unwrap();
            }
        }
        for (stream, positions) in &self.model.streams {
            assert_eq!(ledger.positions(&stream.parse().unwrap(), 0).unwrap(), *positions, "{stream}");
        }
        self.model.agrees(ledger.reader().unwrap());
        ledger
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_is_its_model_whatever_is_done_to_it(acts in prop::collection::vec(act(), 1..14)) {
        own_this_thread();
        let mut beside = Beside { machine: Machine::new(&mut Chance::new(1)), model: Model::default() };
        beside.machine.tail_size_max = 40_000;
        let mut ledger = beside.machine.found(Vec::new()).unwrap();
        let genesis = ledger.reader().unwrap().leaf(0).unwrap();
        beside.model.entries.push((genesis, None));
        beside.model.streams.insert("org".into(), vec![0]);
        let ledger = acts.into_iter().fold(ledger, |ledger, act| beside.act(ledger, act));
        ledger.close().unwrap();
        let report = beside.machine.fsck(true);
        prop_assert!(report.is_sound(), "{:#?}", report.faults);
        let erased = beside.model.entries[1..].iter().filter(|(_, statement)| statement.is_none()).count();
        prop_assert_eq!(report.payloads_erased, erased as u64);
        let reader = Reader::open_in(Arc::new(beside.machine.memory.clone()), &folder()).unwrap();
        beside.model.agrees(&reader);
    }
}
