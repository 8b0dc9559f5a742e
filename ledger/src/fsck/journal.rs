//! The journal as fsck reads it: every segment, every record's signed checkpoint and right edge.

use super::{FaultKind, Fsck};
use crate::journal::{self, Sealed};
use crate::reader::entries_path;
use crate::settings::Settings;
use crate::tile::TILE_WIDTH;

impl Fsck<'_> {
    /// The tail: where it begins, and its entries.
    pub(super) fn journal(&mut self, settings: &Settings) -> (u64, Vec<Sealed>) {
        let segments = match journal::segments(self.storage, self.folder) {
            Ok(segments) => segments,
            Err(error) => {
                self.fault(FaultKind::Missing, None, Some("journal"), error.to_string());
                return (0, Vec::new());
            }
        };
        let (mut start, mut tail): (Option<u64>, Vec<Sealed>) = (None, Vec::new());
        for path in &segments {
            let name = format!("journal/{}", path.file_name().unwrap_or_default().to_string_lossy());
            self.expected.insert(name.clone());
            let segment = match journal::read_segment(self.storage, path) {
                Ok(segment) if segment.records.is_empty() => {
                    self.fault(FaultKind::Journal, None, Some(&name), "holds no sound record".into());
                    continue;
                }
                Ok(segment) => segment,
                Err(error) => {
                    self.fault(FaultKind::Missing, None, Some(&name), error.to_string());
                    continue;
                }
            };
            if segment.torn {
                let text = format!("bytes that are no whole record behind byte {}", segment.end);
                self.fault(FaultKind::TornTail, None, Some(&name), text);
            }
            let first = segment.records.first().map(|record| format!("journal/{:016}.seg", record.first));
            if first.is_some_and(|first| first != name) {
                self.fault(
                    FaultKind::Journal,
                    None,
                    Some(&name),
                    "begins with another entry than its name says".into(),
                );
            }
            for record in segment.records {
                // Before its number is believed: the log key vouches for where the record stands.
                let checkpoint = self.signed(&name, &record.checkpoint, &settings.log_keys);
                let edge = (record.frontier.size(), record.frontier.root());
                if checkpoint.is_none_or(|checkpoint| (checkpoint.size, checkpoint.root) != edge) {
                    let text = "a record's right edge does not give its signed root".to_owned();
                    self.fault(FaultKind::Journal, Some(record.first), Some(&name), text);
                    continue;
                }
                let begin = *start.get_or_insert(record.first);
                let end = begin + tail.len() as u64;
                if record.first > end || record.first < begin {
                    let text = format!("a record begins at {}, {end} was expected", record.first);
                    self.fault(FaultKind::Journal, Some(record.first), Some(&name), text);
                    continue;
                }
                let known = &tail[(record.first - begin) as usize..];
                let differ = known.iter().zip(&record.sealed).position(|(a, b)| a != b);
                if let Some(at) = differ {
                    let text = "two segments hold different entries".to_owned();
                    self.fault(FaultKind::Journal, Some(record.first + at as u64), Some(&name), text);
                }
                let skip = (end - record.first) as usize;
                tail.extend(record.sealed.into_iter().skip(skip));
            }
        }
        let Some(start) = start else {
            self.fault(FaultKind::Journal, None, Some("journal"), "no sound record".into());
            // Go on with the bundles there are.
            let there = |number: &u64| self.storage.is_file(&self.folder.join(entries_path(*number)));
            return ((0..).take_while(there).count() as u64 * TILE_WIDTH, Vec::new());
        };
        if !start.is_multiple_of(TILE_WIDTH) {
            self.fault(
                FaultKind::Journal,
                Some(start),
                Some("journal"),
                "does not begin at a full bundle".into(),
            );
        }
        (start, tail)
    }
}
