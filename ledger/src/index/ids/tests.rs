use super::super::stream_key;
use super::*;
use crate::digest::Digest;
use crate::table::Each;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::{Mutex, MutexGuard};

/// A table in memory.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Memory {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().unwrap()
    }
}

impl Table for Memory {
    fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TableError> {
        Ok(self.rows().get(key).cloned())
    }

    fn at_or_before(&self, key: &[u8]) -> Result<Option<Row>, TableError> {
        let rows = self.rows();
        let row = rows.range(..=key.to_vec()).next_back();
        Ok(row.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn scan(&self, _: &[u8], _: Each<'_>) -> Result<(), TableError> {
        Ok(())
    }

    fn write(&self, rows: Rows) -> Result<(), TableError> {
        self.rows().extend(rows);
        Ok(())
    }

    fn flush(&self) -> Result<(), TableError> {
        Ok(())
    }
}

const STREAMS: [&str; 3] = ["a", "ab", "b"];

/// Files ids of those streams, each under its place in the list, in batches of some length.
fn filed(ids: &[(usize, String)], batch: usize) -> (Memory, Ids, BTreeMap<Id, Head>) {
    let (table, mut all, mut next) = (Memory::default(), Ids::new(), 0);
    let head = Head { n: 0, leaf: Digest::ZERO, index: 0, position_sum: 0, facets: 0, facet_sum: 0, ids: 0 };
    let mut heads: BTreeMap<Id, Head> = STREAMS.iter().map(|name| (name.parse().unwrap(), head)).collect();
    for some in ids.chunks(batch) {
        let mut given = Ids::new();
        for (stream, id) in some {
            let key = stream_key(b'i', &STREAMS[*stream].parse().unwrap(), id.as_bytes());
            all.entry(key.clone()).or_insert(next);
            given.insert(key.clone(), all[&key]);
            next += 1;
        }
        let mut rows = Rows::new();
        file(&table, &given, &mut heads, &mut rows).unwrap();
        table.write(rows).unwrap();
    }
    (table, all, heads)
}

fn prefix_of(key: &[u8]) -> &[u8] {
    &key[..=key.iter().position(|byte| *byte == 0).unwrap()]
}

fn some_ids() -> impl Strategy<Value = Vec<(usize, String)>> {
    let id = prop_oneof!["run-[0-9]{1,4}", "[a-z0-9]{1,3}", "[a-z]{300,1500}", "\\PC{1,9}"];
    vec((0..STREAMS.len(), id), 1..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_filed_is_found_and_nothing_else(ids in some_ids(), batch in 1usize..200) {
        let (table, all, heads) = filed(&ids, batch);
        for (key, index) in &all {
            prop_assert_eq!(find(&table, prefix_of(key), key), Ok(Some(*index)));
            let other = [&key[..], b"\x01"].concat();
            let expected = all.get(&other).copied();
            prop_assert_eq!(find(&table, prefix_of(key), &other), Ok(expected));
        }
        for (name, head) in heads {
            let prefix = stream_key(b'i', &name, &[]);
            let held = all.keys().filter(|key| key.starts_with(&prefix)).count();
            prop_assert_eq!(head.ids, held as u64);
        }
        for (key, value) in &*table.rows() {
            let leaf = Leaf::read(key, value).unwrap();
            prop_assert!(leaf.iter().count() == 1 || leaf.ids.len() <= LEAF, "a leaf of {} bytes", leaf.ids.len());
        }
    }

    #[test]
    fn a_leaf_that_is_lost_or_altered_is_noticed_by_whoever_looks_in_it(
        ids in some_ids(), batch in 1usize..200, which in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
    ) {
        let (table, all, _) = filed(&ids, batch);
        let key = which.get(&table.rows().keys().cloned().collect::<Vec<_>>()).clone();
        let value = table.rows().remove(&key).unwrap();
        let held: Vec<Vec<u8>> = Leaf::read(&key, &value).unwrap().iter().map(|(id, _)| id.to_vec()).collect();
        for id in &held {
            let sought = [prefix_of(&key), id].concat();
            prop_assert!(all.contains_key(&sought));
            prop_assert!(find(&table, prefix_of(&key), &sought).is_err());
        }
        let mut altered = value;
        let bit = bit.index(altered.len() * 8);
        altered[bit / 8] ^= 1 << (bit % 8);
        table.rows().insert(key.clone(), altered);
        for id in &held {
            prop_assert!(find(&table, prefix_of(&key), &[prefix_of(&key), id].concat()).is_err());
        }
    }
}

#[test]
fn ids_that_follow_one_another_share_few_rows() {
    let ids: Vec<_> = (0..10_000).map(|n| (0, format!("sample-{n}"))).collect();
    let (table, ..) = filed(&ids, 1024);
    let rows = table.rows().len();
    assert!(rows < 500, "{rows} rows for 10,000 ids");
}
