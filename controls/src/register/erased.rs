//! What erasures leave of a stream: nothing older becomes the latest again because something newer was erased.
//!
//! An erased result is no result; the states it spoke for are open again until someone states them anew.

use super::Register;
use affiant_ledger::erasure::Erasure;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;

impl Register {
    /// Applies the erasures of the stream, wherever they stood among its records.
    pub(super) fn apply_erasures(&mut self) {
        for (time, erasure) in std::mem::take(&mut self.erasures) {
            // Recorded later, it matters all the same if what it erased would count: that cannot be read any more.
            if time <= self.as_of || self.unread.contains(&erasure.index) {
                self.erase(&erasure);
            }
        }
    }

    fn erase(&mut self, erasure: &Erasure) {
        self.unread.insert(erasure.index);
        let Some(filed) = &erasure.facet else { return };
        let Ok(key) = std::str::from_utf8(&filed.key) else { return };
        let parts: Vec<&str> = key.split('\0').collect();
        let older = |index: u64| index <= erasure.index;
        match parts[..] {
            ["system"] => self.system = self.system.take().filter(|(index, _)| !older(*index)),
            ["asset", id] => self.assets.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["catalog", id] => self.pins.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["pack", id] => self.packs.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["result", control, asset, collector] => {
                let Ok(erased_at) = Timestamp::from_millis(filed.rank) else { return };
                let asset: Option<Id> = asset.parse().ok();
                let held = self.results.iter_mut().find(|(id, _)| id.as_str() == control);
                let Some((_, results)) = held else { return };
                let key = (asset, collector.to_owned());
                if results.get(&key).is_some_and(|held| held.rank() <= (erased_at, erasure.index)) {
                    results.remove(&key);
                }
            }
            _ => {}
        }
    }
}
