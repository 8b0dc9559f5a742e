//! The rows that entries become: runs of positions, ids, facets, and what the index covers with them.

use super::{Covered, Filed, HEADS, Ids, IndexError, ids, mark, read_array, stream_key, write_covered};
use crate::id::Id;
use crate::table::{Rows, Table};
use std::collections::BTreeMap;

/// Writes entries in one batch; gives what the index then covers.
pub(super) fn write(
    table: &dyn Table,
    mut covered: Covered,
    entries: &[Filed],
    ids: &Ids,
) -> Result<Covered, IndexError> {
    let mut rows = Rows::new();
    let mut facets: BTreeMap<Vec<u8>, [u8; 16]> = BTreeMap::new();
    for entry in entries {
        file_facet(table, &mut covered, entry, &mut facets)?;
    }
    for run in runs(entries) {
        let row = run.row();
        if let Some(head) = covered.streams.get_mut(run.stream) {
            head.position_sum = head.position_sum.wrapping_add(mark(&row.0, &row.1));
        }
        rows.push(row);
    }
    ids::file(table, ids, &mut covered.streams, &mut rows)?;
    rows.extend(facets.into_iter().map(|(key, value)| (key, value.to_vec())));
    rows.push((HEADS.to_vec(), write_covered(&covered)));
    table.write(rows)?;
    Ok(covered)
}

fn file_facet(
    table: &dyn Table,
    covered: &mut Covered,
    entry: &Filed,
    facets: &mut BTreeMap<Vec<u8>, [u8; 16]>,
) -> Result<(), IndexError> {
    let (Some(facet), Some(head)) = (&entry.facet, covered.streams.get_mut(&entry.stream)) else {
        return Ok(());
    };
    let key = stream_key(b'f', &entry.stream, &facet.key);
    let old = match facets.get(&key) {
        Some(value) => Some(*value),
        None => read_array(table.value(&key)?.as_deref())?,
    };
    let mut value = [0; 16];
    value[..8].copy_from_slice(&facet.rank.to_be_bytes());
    value[8..].copy_from_slice(&entry.index.to_be_bytes());
    if old.is_none_or(|old| old < value) {
        head.facets += u64::from(old.is_none());
        let before = old.map_or(0, |old| mark(&key, &old));
        head.facet_sum = head.facet_sum.wrapping_sub(before).wrapping_add(mark(&key, &value));
        facets.insert(key, value);
    }
    Ok(())
}

/// Neighbouring positions of a stream that are neighbours in the log too.
struct Run<'a> {
    stream: &'a Id,
    n: u64,
    index: u64,
    count: u64,
}

impl Run<'_> {
    fn row(&self) -> (Vec<u8>, Vec<u8>) {
        let key = stream_key(b'p', self.stream, &self.n.to_be_bytes());
        (key, [self.index.to_be_bytes(), self.count.to_be_bytes()].concat())
    }
}

fn runs(entries: &[Filed]) -> impl Iterator<Item = Run<'_>> {
    let side_by_side = |a: &Filed, b: &Filed| a.stream == b.stream && a.index + 1 == b.index;
    entries.chunk_by(side_by_side).filter_map(|run| {
        let first = run.first()?;
        Some(Run { stream: &first.stream, n: first.n, index: first.index, count: run.len() as u64 })
    })
}
