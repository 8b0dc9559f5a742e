//! Idempotency ids in the table: neighbours share a row, a leaf, since a database pays by the row.
//!
//! A leaf holds the ids of a stream from the one in its key up to where the next leaf begins, which it names: a leaf that is
//! lost leaves a gap that is noticed by whoever looks an id up in it. The first leaf of a stream begins at the empty id.
//!
//! ```text
//! key    "i" stream 00 first id
//! value  u8 1, u32 length, first id of the next leaf; or u8 0: there is none
//!        ids in order: u32 length, id, u64 index
//!        first 8 bytes of SHA-256(key, all of the above)
//! ```

use super::{Head, Ids, mark};
use crate::id::Id;
use crate::table::{Row, Rows, Table, TableError};
use std::collections::BTreeMap;

/// Bytes of ids beyond which a leaf is split, and up to which its parts are filled.
const LEAF: usize = 1024;
const PART: usize = 768;
/// Bytes of an id's length and index.
const BESIDE: usize = 12;

/// The ids of one leaf, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    /// Where the next leaf begins; `None` for the last of a stream.
    next: Option<&'a [u8]>,
    ids: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// Reads a leaf, refusing one that was altered.
    pub(super) fn read(key: &[u8], value: &'a [u8]) -> Result<Self, TableError> {
        let altered = || TableError("a leaf of ids is damaged".into());
        let (content, sum) = value.split_last_chunk::<8>().ok_or_else(altered)?;
        if mark(key, content) != u64::from_be_bytes(*sum) {
            return Err(altered());
        }
        let (flag, mut rest) = content.split_first().ok_or_else(altered)?;
        let next = if *flag == 1 { Some(text(&mut rest).ok_or_else(altered)?) } else { None };
        Ok(Self { next, ids: rest })
    }

    /// Each id with its index.
    pub(super) fn iter(self) -> impl Iterator<Item = (&'a [u8], u64)> {
        let mut rest = self.ids;
        std::iter::from_fn(move || {
            let id = text(&mut rest)?;
            let (index, behind) = rest.split_first_chunk::<8>()?;
            rest = behind;
            Some((id, u64::from_be_bytes(*index)))
        })
    }

    fn has_room_for(self, id: &[u8]) -> bool {
        self.next.is_none_or(|next| id < next)
    }
}

/// Takes a length and as many bytes.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (text, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = behind;
    Some(text)
}

fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text);
}

/// The row of the leaf in which `key` stands or would stand, `prefix` and an id: its key and value.
fn leaf_of(table: &dyn Table, prefix: &[u8], key: &[u8]) -> Result<Option<Row>, TableError> {
    Ok(table.at_or_before(key)?.filter(|(at, _)| at.starts_with(prefix)))
}

/// The index under `key`, `prefix` and an id, of a stream that has ids.
pub(super) fn find(table: &dyn Table, prefix: &[u8], key: &[u8]) -> Result<Option<u64>, TableError> {
    let id = &key[prefix.len()..];
    let (at, value) = leaf_of(table, prefix, key)?.ok_or_else(lost)?;
    let leaf = Leaf::read(&at, &value)?;
    if !leaf.has_room_for(id) {
        return Err(lost());
    }
    Ok(leaf.iter().find(|(held, _)| *held == id).map(|(_, index)| index))
}

fn lost() -> TableError {
    TableError("a leaf of ids is missing".into())
}

/// Adds the rows that file `ids`, and counts those that were not there before.
pub(super) fn file(
    table: &dyn Table,
    ids: &Ids,
    streams: &mut BTreeMap<Id, Head>,
    rows: &mut Rows,
) -> Result<(), TableError> {
    let mut ids = ids.iter().peekable();
    while let Some((first, _)) = ids.peek() {
        // A stream's name holds no zero byte.
        let end = first.iter().position(|byte| *byte == 0).map_or(first.len(), |zero| zero + 1);
        let prefix = &first[..end];
        let name = std::str::from_utf8(&prefix[1..end - 1]).unwrap_or_default();
        let head = streams.get_mut(name).ok_or_else(|| TableError("an id of no stream".into()))?;
        let (key, value) = match leaf_of(table, prefix, first)? {
            None if head.ids == 0 => (prefix.to_vec(), seal(prefix, vec![0])),
            // A leaf that the heads know nothing of is of another time than they are.
            Some(_) if head.ids == 0 => return Err(TableError("a leaf of ids stands beside none".into())),
            row => row.ok_or_else(lost)?,
        };
        let leaf = Leaf::read(&key, &value)?;
        if !leaf.has_room_for(&first[end..]) {
            return Err(lost());
        }
        let mut held: BTreeMap<&[u8], u64> = leaf.iter().collect();
        let before = held.len();
        let belongs = |key: &[u8]| key.starts_with(prefix) && leaf.has_room_for(&key[end..]);
        while let Some((key, index)) = ids.next_if(|(key, _)| belongs(key)) {
            held.insert(&key[end..], *index);
        }
        head.ids += (held.len() - before) as u64;
        split(key, prefix, leaf.next, &held.into_iter().collect::<Vec<_>>(), rows);
    }
    Ok(())
}

/// The leaves that hold `ids`, of which the first stands under `key`.
fn split(mut key: Vec<u8>, prefix: &[u8], next: Option<&[u8]>, mut ids: &[(&[u8], u64)], rows: &mut Rows) {
    let size = |ids: &[(&[u8], u64)]| ids.iter().map(|(id, _)| id.len() + BESIDE).sum::<usize>();
    let most = if size(ids) > LEAF { PART } else { LEAF };
    loop {
        let mut filled = 0;
        let fits = ids.iter().take_while(|(id, _)| {
            filled += id.len() + BESIDE;
            filled <= most
        });
        let (part, rest) = ids.split_at(fits.count().max(1).min(ids.len()));
        let following = rest.first().map(|(id, _)| *id);
        let mut value = Vec::with_capacity(LEAF + 64);
        match following.or(next) {
            None => value.push(0),
            Some(next) => {
                value.push(1);
                put(&mut value, next);
            }
        }
        for (id, index) in part {
            put(&mut value, id);
            value.extend_from_slice(&index.to_be_bytes());
        }
        let value = seal(&key, value);
        rows.push((key, value));
        let Some(following) = following else { return };
        (key, ids) = ([prefix, following].concat(), rest);
    }
}

fn seal(key: &[u8], mut content: Vec<u8>) -> Vec<u8> {
    let sum = mark(key, &content);
    content.extend_from_slice(&sum.to_be_bytes());
    content
}

#[cfg(test)]
mod tests;
