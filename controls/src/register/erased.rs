//! What erasures leave of a stream: nothing older becomes the latest again because something newer was erased.
//!
//! An erased result is no result; the states it spoke for are open again until someone states them anew.

use super::{Files, Register};
use affiant_ledger::erasure::Erasure;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;

impl Register {
    /// Applies the erasures of the stream, wherever they stood among its records.
    pub(super) fn apply_erasures(&mut self) {
        for (time, erasure) in std::mem::take(&mut self.erasures) {
            // Recorded later, it matters all the same if what it erased would count: that cannot be read any more.
            if time <= self.horizon.known || self.unread.contains(&erasure.index) {
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
        self.approvals.erase(&parts, erasure.index);
        match parts[..] {
            ["system"] => self.system = self.system.take().filter(|(index, _)| !older(*index)),
            ["asset", id] => self.assets.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["catalog", id] => self.pins.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["pack", id] => self.packs.retain(|held, (index, _)| *held != *id || !older(*index)),
            ["result", control, asset, collector, _] => {
                let Ok(erased_at) = Timestamp::from_millis(filed.rank) else { return };
                let asset: Option<Id> = asset.parse().ok();
                let Some(of_control) = self.results.get_mut(control) else { return };
                // Nothing older of this collector counts, on whatever bytes: erasing a failure brings back no pass.
                of_control
                    .on(asset.as_ref())
                    .retain(|(name, _), held| name != collector || held.rank() > (erased_at, erasure.index));
            }
            ["exception", id] => forget(&mut self.exceptions, |key| *key == *id, older),
            ["assertion"] => forget(&mut self.assertions, |_| true, older),
            ["sign-off", id] => forget(&mut self.sign_offs, |key| *key == *id, older),
            ["plan", id] => forget(&mut self.plans, |key| *key == *id, older),
            ["request", id] => forget(&mut self.requests, |key| *key == *id, older),
            ["finding", .., id] => forget(&mut self.findings, |key| *key == *id, older),
            ["incident", id] => forget(&mut self.incidents, |key| *key == *id, older),
            ["applicability", framework, requirement, control] => {
                forget(&mut self.decisions, |key| *key == [framework, requirement, control], older);
            }
            ["attestation", framework, requirement] => {
                forget(&mut self.attestations, |key| key.0 == *framework && key.1 == requirement, older);
            }
            ["event", asset, kind, at] => {
                let is_meant = |key: &(Option<Id>, Id, Timestamp)| {
                    key.0.as_ref().map_or("", Id::as_str) == asset
                        && key.1 == *kind
                        && key.2.as_millis().to_string() == *at
                };
                forget(&mut self.events, is_meant, older);
            }
            _ => {}
        }
    }
}

/// Drops what stands under a key and is as old as what was erased, or older.
fn forget<K: Ord, V>(all: &mut Files<K, V>, is_meant: impl Fn(&K) -> bool, older: impl Fn(u64) -> bool) {
    all.retain(|key, held| !is_meant(key) || !older(held.citation.index));
}
