//! The mappings in use: those of one or more sets, taken together.

use crate::framework::Framework;
use crate::lint::Fault;
use crate::mapping::{Mapping, MappingSet, NeedsDocument};
use affiant_controls::{CatalogPin, ControlSet};
use affiant_ledger::id::Id;
use std::collections::BTreeSet;

/// Mapping sets used together. A pair of control and requirement stands in at most one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSets(Vec<MappingSet>);

/// Why mapping sets cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mapping set `{0}` is given twice")]
pub struct MappingSetTwice(Id);

impl MappingSets {
    /// The mapping sets that ship with this program.
    pub fn embedded() -> Self {
        Self(sorted(MappingSet::all_embedded()))
    }

    /// Mapping sets used together, in any order.
    pub fn new(sets: Vec<MappingSet>) -> Result<Self, MappingSetTwice> {
        let sets = sorted(sets);
        match sets.windows(2).find(|pair| pair[0].id == pair[1].id) {
            Some(pair) => Err(MappingSetTwice(pair[0].id.clone())),
            None => Ok(Self(sets)),
        }
    }

    /// The sets, by id.
    pub fn sets(&self) -> &[MappingSet] {
        &self.0
    }

    /// The pins of the sets, by id.
    pub fn pins(&self) -> Vec<CatalogPin> {
        self.0.iter().map(MappingSet::pin).collect()
    }

    /// The mappings to one framework, set by set.
    pub fn of<'a>(&'a self, framework: &'a str) -> impl Iterator<Item = &'a Mapping> {
        self.0.iter().flat_map(move |set| set.of(framework))
    }

    /// The controls mapped to a requirement.
    pub fn controls_for<'a>(
        &'a self,
        framework: &'a str,
        requirement: &'a str,
    ) -> impl Iterator<Item = &'a Mapping> {
        self.of(framework).filter(move |mapping| mapping.requirement == requirement)
    }

    /// Requirements of a framework for which a document is needed, where no set maps a control to them.
    pub fn documents_for<'a>(&'a self, framework: &'a str) -> impl Iterator<Item = &'a NeedsDocument> {
        let mapped: BTreeSet<&str> = self.of(framework).map(|mapping| mapping.requirement.as_str()).collect();
        let listed = self.0.iter().flat_map(move |set| set.documents_for(framework));
        listed.filter(move |listed| !mapped.contains(listed.requirement.as_str()))
    }

    /// What is wrong with the mappings to `framework`, beside the controls they lead from: dead ends, sets of controls
    /// that are not in use, and pairs of control and requirement that two sets hold.
    pub fn check(&self, framework: &Framework, controls: &ControlSet) -> Vec<Fault> {
        let (mut faults, mut seen) = (Vec::new(), BTreeSet::new());
        for set in &self.0 {
            match controls.catalogs().iter().find(|catalog| catalog.id == set.controls) {
                Some(catalog) => faults.extend(set.check(framework, catalog)),
                None => faults.push(Fault {
                    place: set.id.to_string(),
                    what: format!("control catalog `{}` is not in use", set.controls),
                    hint: "add the control catalog it maps from".to_owned(),
                }),
            }
            for mapping in set.of(framework.id.as_str()) {
                if !seen.insert((&mapping.control, &mapping.requirement)) {
                    faults.push(Fault {
                        place: format!("{} -> {}", mapping.control, mapping.requirement),
                        what: format!("`{}` maps it, and a set before it does", set.id),
                        hint: "leave it out of one".to_owned(),
                    });
                }
            }
        }
        faults
    }
}

impl From<MappingSet> for MappingSets {
    fn from(set: MappingSet) -> Self {
        Self(vec![set])
    }
}

fn sorted(mut sets: Vec<MappingSet>) -> Vec<MappingSet> {
    sets.sort_by(|a, b| a.id.cmp(&b.id));
    sets
}
