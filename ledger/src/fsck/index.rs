//! The index compared with the log, by sums over what it should hold: a lost, altered or surplus row changes them.
//!
//! Rows are not compared one by one, which would take the memory of the whole index; facets, of which there are few,
//! are. The sums find accidents; whoever wants to forge an index gains nothing by it, since nothing it says is signed
//! or believed by a verifier.

use super::{FaultKind, Fsck, IndexState};
use crate::entry::EntryRef;
use crate::erasure::facet_of;
use crate::id::Id;
use crate::index::Index;
use crate::record::Filing;
use crate::table::Tables;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

/// Where the index is, and how statements are filed in it.
#[derive(Clone, Copy)]
pub struct Indexed<'a> {
    /// Opens its table.
    pub tables: &'a dyn Tables,
    /// Tells ids and facets of statements.
    pub filing: &'a dyn Filing,
}

/// What an index holds of a stream, summed up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Number of entries.
    pub(crate) count: u64,
    /// Sum of their indexes, and of their indexes times their positions.
    pub(crate) indexes: u64,
    pub(crate) weighted: u64,
    /// Number of ids, and the sum of their marks.
    pub(crate) ids: u64,
    pub(crate) id_marks: u64,
    /// By facet key: rank and index.
    pub(crate) facets: BTreeMap<Vec<u8>, [u8; 16]>,
}

impl Sums {
    /// Adds the entries `n..n + count`, at `index..index + count`; at most 2^32 of them.
    pub(crate) fn add_run(&mut self, n: u64, index: u64, count: u64) {
        let (n, index, count) = (u128::from(n), u128::from(index), u128::from(count));
        let ones = count * count.saturating_sub(1) / 2;
        let squares = ones * (2 * count).saturating_sub(1) / 3;
        let weighted = (count * n).wrapping_mul(index).wrapping_add((n + index).wrapping_mul(ones));
        self.count += count as u64;
        self.indexes = self.indexes.wrapping_add((count * index).wrapping_add(ones) as u64);
        self.weighted = self.weighted.wrapping_add(weighted.wrapping_add(squares) as u64);
    }

    pub(crate) fn add_id(&mut self, id: &[u8], index: u64) {
        let mut hash = DefaultHasher::new();
        hash.write(id);
        hash.write_u64(index);
        self.ids += 1;
        self.id_marks = self.id_marks.wrapping_add(hash.finish());
    }

    /// The higher rank wins, then the higher index.
    pub(crate) fn add_facet(&mut self, key: Vec<u8>, value: [u8; 16]) {
        let held = self.facets.entry(key).or_insert(value);
        *held = (*held).max(value);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.indexes = self.indexes.wrapping_add(other.indexes);
        self.weighted = self.weighted.wrapping_add(other.weighted);
        self.ids += other.ids;
        self.id_marks = self.id_marks.wrapping_add(other.id_marks);
        other.facets.into_iter().for_each(|(key, value)| self.add_facet(key, value));
    }

    /// What differs, in words.
    fn differs(&self, index: &Self) -> Option<&'static str> {
        if (self.count, self.indexes, self.weighted) != (index.count, index.indexes, index.weighted) {
            Some("positions")
        } else if (self.ids, self.id_marks) != (index.ids, index.id_marks) {
            Some("ids")
        } else if self.facets != index.facets {
            Some("facets")
        } else {
            None
        }
    }
}

/// Adds what the index should hold of an entry.
pub(super) fn sum_up(
    filed: &mut Vec<(Id, Sums)>,
    entry: &EntryRef,
    statement: Option<&[u8]>,
    filing: &dyn Filing,
) {
    let at = filed.iter().rposition(|(stream, _)| *stream == *entry.stream.as_str()).unwrap_or_else(|| {
        filed.push((entry.stream.into(), Sums::default()));
        filed.len() - 1
    });
    let sums = &mut filed[at].1;
    sums.add_run(entry.n, entry.index, 1);
    let Some(statement) = statement else { return };
    let kind = entry.kind.as_str();
    if let Some(id) = filing.id(kind, statement) {
        sums.add_id(id.as_bytes(), entry.index);
    }
    if let Some(facet) = facet_of(filing, kind, statement) {
        let mut value = [0; 16];
        value[..8].copy_from_slice(&facet.rank.to_be_bytes());
        value[8..].copy_from_slice(&entry.index.to_be_bytes());
        sums.add_facet(facet.key, value);
    }
}

/// What the index should hold, as far as the log was read.
pub(super) struct Audit(BTreeMap<Id, Sums>);

impl Audit {
    pub(super) fn new(_: &Indexed) -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn take(&mut self, filed: Vec<(Id, Sums)>) {
        for (stream, sums) in filed {
            self.0.entry(stream).or_default().merge(sums);
        }
    }
}

impl Fsck<'_> {
    /// Compares the index, when nobody holds it, with what the log says.
    pub(super) fn index(&mut self, audit: Audit, indexed: &Indexed) {
        let state = self.index_state(audit, indexed);
        self.report.index = Some(state);
        let notice = match state {
            IndexState::Sound | IndexState::Wrong => return,
            IndexState::Behind => "the index is behind the log; the next write brings it up",
            IndexState::Absent => "there is no usable index; the next write builds it anew",
            IndexState::Busy => "the index is in use by another process and was not compared",
        };
        self.report.notices.push(notice.into());
    }

    fn index_state(&mut self, audit: Audit, indexed: &Indexed) -> IndexState {
        if !Index::exists(indexed.tables, self.folder) {
            return IndexState::Absent;
        }
        let index = match Index::open_copy(indexed.tables, self.folder) {
            Ok(index) => index,
            Err(error) if error.is_busy() => return IndexState::Busy,
            Err(_) => return IndexState::Absent,
        };
        let (size, leaf) = index.covered();
        if size < self.chain.size() {
            return IndexState::Behind;
        }
        if (size, leaf) != (self.chain.size(), self.chain.last()) {
            return IndexState::Absent;
        }
        let held = match index.sums() {
            Ok(held) => held,
            Err(error) => return self.wrong(error.to_string()),
        };
        let streams: Vec<&Id> = audit.0.keys().chain(held.keys()).collect();
        let (none, mut wrong) = (Sums::default(), None);
        for stream in streams {
            let (log, index) = (audit.0.get(stream).unwrap_or(&none), held.get(stream).unwrap_or(&none));
            if let Some(what) = log.differs(index) {
                wrong.get_or_insert_with(|| {
                    format!("its {what} of stream `{stream}` are not those of the log")
                });
            }
        }
        wrong.map_or(IndexState::Sound, |text| self.wrong(text))
    }

    fn wrong(&mut self, detail: String) -> IndexState {
        self.fault(FaultKind::Index, None, Some("index"), detail);
        IndexState::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_sums_up_to_its_entries_and_no_other_run_does() {
        let (mut run, mut one_by_one, mut other) = (Sums::default(), Sums::default(), Sums::default());
        run.add_run(7, 40, 300);
        (0..300).for_each(|i| one_by_one.add_run(7 + i, 40 + i, 1));
        assert_eq!(run, one_by_one);
        other.add_run(8, 40, 300);
        assert_eq!(run.differs(&other), Some("positions"));
    }
}
