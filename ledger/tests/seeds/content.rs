//! The bytes of a file: what is read now, and what a power cut may leave of changes that were not synced.
//!
//! A disk writes a sector whole or not at all. Beyond that nothing is promised: of unsynced changes none may be left, or
//! all, or the first few with the next one torn, or any sectors of any of them, under any size the file had on the way.

use super::chance::Chance;
use std::collections::BTreeSet;

/// What a disk writes whole.
pub(crate) const SECTOR: u64 = 512;
/// Zeros are looked for so many at a time.
const ZEROS: [u8; 4096] = [0; 4096];

/// Bytes, and zeros behind them up to the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    size: u64,
}

/// One change of a file.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Cut to nothing.
    Emptied,
    /// Written, with zeros behind the bytes up to the end.
    Written {
        /// Where.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
        /// Where the zeros end.
        end: u64,
    },
}

impl Change {
    pub(crate) fn written(offset: u64, bytes: &[u8]) -> Self {
        let end = offset + bytes.len() as u64;
        Self::Written { offset, bytes: bytes[..without_zeros(bytes)].to_vec(), end }
    }

    fn size_after(&self, before: u64) -> u64 {
        match self {
            Self::Emptied => 0,
            Self::Written { end, .. } => before.max(*end),
        }
    }

    /// The part of a write that lies within a range.
    fn within(&self, from: u64, to: u64) -> Option<Self> {
        let Self::Written { offset, bytes, end } = self else { return None };
        let (from, to) = (from.max(*offset), to.min(*end));
        if from >= to {
            return None;
        }
        let inner = |at: u64| (at - offset).min(bytes.len() as u64) as usize;
        Some(Self::Written { offset: from, bytes: bytes[inner(from)..inner(to)].to_vec(), end: to })
    }
}

/// Length without the zeros at the end.
fn without_zeros(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while end >= ZEROS.len() && bytes[end - ZEROS.len()..end] == ZEROS {
        end -= ZEROS.len();
    }
    bytes[..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

impl Content {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.size as usize);
        whole.extend_from_slice(&self.bytes);
        whole.resize(self.size as usize, 0);
        whole
    }

    /// Without the zeros at the end.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Emptied => *self = Self::default(),
            Change::Written { offset, bytes, end } => {
                let (from, length) = (*offset as usize, self.bytes.len());
                if from < length {
                    self.bytes[from..length.min(*end as usize)].fill(0);
                }
                if !bytes.is_empty() {
                    self.bytes.resize(length.max(from + bytes.len()), 0);
                    self.bytes[from..from + bytes.len()].copy_from_slice(bytes);
                }
                self.size = self.size.max(*end);
            }
        }
    }

    fn with(&self, changes: &[Change]) -> Self {
        let mut content = self.clone();
        changes.iter().for_each(|change| content.apply(change));
        content
    }

    fn resized(mut self, size: u64) -> Self {
        self.bytes.truncate(size as usize);
        self.size = size;
        self
    }

    /// What a power cut leaves of durable content under changes that were not synced.
    pub(crate) fn after_cut(&self, changes: &[Change], chance: &mut Chance) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        match chance.below(4) {
            0 => self.clone(),
            1 => self.with(changes),
            2 => self.torn(changes, chance),
            _ => self.mixed(changes, chance),
        }
    }

    /// The first changes, and a beginning of the next: up to a sector in place, up to anywhere where the file grows.
    fn torn(&self, changes: &[Change], chance: &mut Chance) -> Self {
        let whole = chance.below(changes.len() as u64) as usize;
        let content = self.with(&changes[..whole]);
        let Change::Written { offset, end, .. } = &changes[whole] else { return content };
        let point = chance.between(*offset, *end);
        let point = if point < content.size { point / SECTOR * SECTOR } else { point };
        match changes[whole].within(*offset, point) {
            Some(beginning) => content.with(&[beginning]),
            None => content,
        }
    }

    /// Any sectors of any changes, under a size the file had on the way.
    fn mixed(&self, changes: &[Change], chance: &mut Chance) -> Self {
        let is_cut = |change: &Change| matches!(change, Change::Emptied);
        let until = chance.below(changes.len() as u64 + 1) as usize;
        let begin = changes[..until].iter().rposition(is_cut).map_or(0, |at| at + 1);
        let end = changes[until..].iter().position(is_cut).map_or(changes.len(), |at| until + at);
        let base = if begin == 0 { self.clone() } else { Self::default() };
        let size = changes[begin..until].iter().fold(base.size, |size, change| change.size_after(size));
        let writes = &changes[begin..end];
        let mut content = base.clone();
        for sector in base.touched(writes) {
            let (from, to) = (sector * SECTOR, (sector + 1) * SECTOR);
            let parts: Vec<Change> = writes.iter().filter_map(|write| write.within(from, to)).collect();
            let kept = chance.below(parts.len() as u64 + 1) as usize;
            parts[..kept].iter().for_each(|part| content.apply(part));
        }
        content.resized(size)
    }

    /// The sectors that writes may change.
    fn touched(&self, writes: &[Change]) -> BTreeSet<u64> {
        let ends = writes.iter().map(|write| match write {
            Change::Emptied => 0,
            Change::Written { offset, bytes, .. } => offset + bytes.len() as u64,
        });
        let last = ends.max().unwrap_or_default().max(self.bytes.len() as u64);
        let mut touched = BTreeSet::new();
        for write in writes {
            if let Change::Written { offset, end, .. } = write {
                touched.extend(offset / SECTOR..end.min(&last).div_ceil(SECTOR));
            }
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Content {
        Content::default().with(&[Change::written(0, bytes)])
    }

    #[test]
    fn content_is_what_was_written() {
        let mut content = of(b"one two");
        content.apply(&Change::written(4, b"2\0\0"));
        assert_eq!(content.to_vec(), b"one 2\0\0");
        content.apply(&Change::written(9, &[0; 5000]));
        assert_eq!((content.size(), content.bytes().len()), (5009, 7));
        content.apply(&Change::written(5008, b"!!"));
        assert_eq!((content.size(), content.to_vec().ends_with(b"\0!!")), (5010, true));
        content.apply(&Change::Emptied);
        assert_eq!(content, Content::default());
    }

    #[test]
    fn a_cut_leaves_each_sector_old_or_new_and_every_size_on_the_way() {
        let (old, new) = (of(&[1; 2048]), Change::written(0, &[2; 3000]));
        let (mut chance, mut sizes, mut mixtures) = (Chance::new(1), BTreeSet::new(), BTreeSet::new());
        for _ in 0..2000 {
            let left = old.after_cut(std::slice::from_ref(&new), &mut chance).to_vec();
            for sector in left[..2048].chunks(SECTOR as usize) {
                assert!(sector == [1; 512] || sector == [2; 512], "a sector in place was torn");
            }
            assert!(left[2048..].iter().all(|byte| [0, 2].contains(byte)));
            sizes.insert(left.len());
            mixtures.insert(left.chunks(512).map(|sector| sector[0]).collect::<Vec<_>>());
        }
        assert!(sizes.len() > 50 && sizes.contains(&2048) && sizes.contains(&3000), "{sizes:?}");
        assert!(mixtures.len() > 20, "{mixtures:?}");
    }

    #[test]
    fn a_file_emptied_and_written_anew_keeps_no_old_byte_under_the_new() {
        let (old, mut chance) = (of(&[1; 600]), Chance::new(2));
        let anew = [Change::Emptied, Change::written(0, &[2; 600])];
        for _ in 0..2000 {
            let left = old.after_cut(&anew, &mut chance).to_vec();
            let both = left.contains(&1) && left.contains(&2);
            assert!(!both, "{left:?}");
        }
    }
}
