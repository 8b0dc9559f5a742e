//! What a control is judged on.

use super::{Register, implicit};
use crate::control::Control;
use crate::pair::is_unfavourable;
use crate::register::files::Recorded;
use crate::variant::{self, Variant};
use affiant_ledger::id::Id;
use std::collections::BTreeMap;

impl Register {
    /// The assets a control is judged on: those of its kinds that are not retired; for `ai-system` the system itself,
    /// for `organisation` the asset `org`; and any other asset in use that a collector has reported failed or in need
    /// of review, for a failure must not vanish because of the kind of thing it was found on. One that names no asset
    /// stays with the system where there is no asset of its kinds. By id.
    pub fn population(&self, control: &Control) -> Vec<Id> {
        let listed = self.assets().filter(|asset| !asset.retired && control.applies_to(&asset.kind));
        let mut population: Vec<Id> = listed.map(|asset| asset.id.clone()).collect();
        population.extend(implicit(self.stream.as_ref(), control));
        if population.is_empty() && self.has_homeless_failure(control) {
            population.extend(self.stream.clone());
        }
        population.extend(self.reported_unfavourably(control));
        population.sort();
        population.dedup();
        population
    }

    /// Whether an asset is one of those a control applies to, not only one on which something was found.
    pub fn is_listed(&self, control: &Control, asset: &Id) -> bool {
        let known = self.asset(asset.as_str());
        known.is_some_and(|asset| !asset.retired && control.applies_to(&asset.kind))
            || implicit(self.stream.as_ref(), control).contains(asset)
    }

    /// The assets named by an unfavourable result that stands, unless retired.
    fn reported_unfavourably(&self, control: &Control) -> impl Iterator<Item = Id> + '_ {
        let named = self.results.get(&control.id).into_iter().flat_map(|of_control| &of_control.named);
        let unfavourable = |id: &Id, results: &BTreeMap<(String, Variant), Recorded>| {
            let digest = self.asset(id.as_str()).and_then(|asset| asset.digest);
            variant::standing(results.values(), digest).0.iter().any(|it| is_unfavourable(&it.result))
        };
        named
            .filter(|(id, _)| self.asset(id.as_str()).is_none_or(|asset| !asset.retired))
            .filter(move |(id, results)| unfavourable(id, results))
            .map(|(id, _)| id.clone())
    }

    /// Whether an unfavourable result that names no asset stands.
    fn has_homeless_failure(&self, control: &Control) -> bool {
        let unnamed =
            self.results.get(&control.id).into_iter().flat_map(|of_control| of_control.unnamed.values());
        variant::standing(unnamed, None).0.iter().any(|it| is_unfavourable(&it.result))
    }
}
