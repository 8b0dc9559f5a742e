//! The controls in use: those of one or more catalogs, each control in exactly one of them.

use crate::catalog::{ControlCatalog, Pillar};
use crate::control::{Control, ControlId};
use crate::lint;
use crate::pin::CatalogPin;
use affiant_ledger::id::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Control catalogs used together. Their controls are found by id, whatever the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSet {
    /// By id.
    catalogs: Vec<ControlCatalog>,
    /// Which catalog has each control.
    held_by: BTreeMap<ControlId, usize>,
    /// Kinds of asset of all catalogs.
    asset_kinds: BTreeSet<String>,
}

/// Why catalogs cannot be used together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlSetError {
    /// Two catalogs of one id.
    #[error("control catalog `{0}` is given twice")]
    CatalogTwice(Id),
    /// A control of two catalogs.
    #[error("control `{control}` stands in `{first}` and in `{second}`")]
    ControlTwice {
        /// The control.
        control: ControlId,
        /// A catalog that has it.
        first: Id,
        /// Another.
        second: Id,
    },
}

impl ControlSet {
    /// The catalogs that ship with this program.
    ///
    /// # Panics
    /// Never: a test makes the same set.
    pub fn embedded() -> Self {
        Self::new(ControlCatalog::all_embedded())
            .unwrap_or_else(|error| panic!("the embedded catalogs go together: {error}"))
    }

    /// Catalogs used together, in any order.
    pub fn new(mut catalogs: Vec<ControlCatalog>) -> Result<Self, ControlSetError> {
        catalogs.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = catalogs.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(ControlSetError::CatalogTwice(pair[0].id.clone()));
        }
        let mut held_by = BTreeMap::new();
        for (place, catalog) in catalogs.iter().enumerate() {
            for control in catalog.controls.keys() {
                if let Some(before) = held_by.insert(control.clone(), place) {
                    let (control, second) = (control.clone(), catalog.id.clone());
                    let first = catalogs[before].id.clone();
                    return Err(ControlSetError::ControlTwice { control, first, second });
                }
            }
        }
        let asset_kinds = catalogs.iter().flat_map(|catalog| catalog.asset_kinds.keys().cloned()).collect();
        Ok(Self { catalogs, held_by, asset_kinds })
    }

    /// The catalogs, by id.
    pub fn catalogs(&self) -> &[ControlCatalog] {
        &self.catalogs
    }

    /// The pins of the catalogs, by id.
    pub fn pins(&self) -> Vec<CatalogPin> {
        self.catalogs.iter().map(ControlCatalog::pin).collect()
    }

    /// All controls, by id.
    pub fn controls(&self) -> impl Iterator<Item = &Control> + Clone {
        self.held_by.iter().filter_map(|(id, place)| self.catalogs[*place].controls.get(id))
    }

    /// The control with this id.
    pub fn control(&self, id: &str) -> Option<&Control> {
        self.catalog_of(id)?.control(id)
    }

    /// The catalog that has a control.
    pub fn catalog_of(&self, control: &str) -> Option<&ControlCatalog> {
        self.held_by.get(control).map(|place| &self.catalogs[*place])
    }

    /// The pillar of a control.
    pub fn pillar(&self, control: &Control) -> Option<&Pillar> {
        self.catalog_of(control.id.as_str())?.pillar(control)
    }

    /// Kinds of check of all catalogs.
    pub fn check_kinds(&self) -> Vec<String> {
        let kinds: BTreeSet<&String> = self.catalogs.iter().flat_map(|c| c.check_kinds.keys()).collect();
        kinds.into_iter().cloned().collect()
    }

    /// Kinds of asset that controls apply to.
    pub fn asset_kinds(&self) -> &BTreeSet<String> {
        &self.asset_kinds
    }

    /// The known control id nearest to a mistaken one, for hints.
    pub fn nearest(&self, mistaken: &str) -> Option<&ControlId> {
        let near = lint::nearest(mistaken, self.held_by.keys().map(ControlId::as_str))?;
        self.held_by.get_key_value(near).map(|(id, _)| id)
    }
}

impl From<ControlCatalog> for ControlSet {
    fn from(catalog: ControlCatalog) -> Self {
        let held_by = catalog.controls.keys().map(|id| (id.clone(), 0)).collect();
        let asset_kinds = catalog.asset_kinds.keys().cloned().collect();
        Self { catalogs: vec![catalog], held_by, asset_kinds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_of_two_catalogs_and_a_catalog_given_twice_are_refused() {
        let one = ControlCatalog::embedded();
        let other = ControlCatalog { id: "other".parse().unwrap(), ..one.clone() };
        assert_eq!(
            ControlSet::new(vec![one.clone(), one.clone()]),
            Err(ControlSetError::CatalogTwice(one.id.clone()))
        );
        assert!(matches!(ControlSet::new(vec![one, other]), Err(ControlSetError::ControlTwice { .. })));
    }

    #[test]
    fn the_embedded_catalogs_go_together_and_every_control_is_found() {
        let set = ControlSet::embedded();
        let of_each: usize = set.catalogs().iter().map(|catalog| catalog.controls.len()).sum();
        assert_eq!(set.controls().count(), of_each);
        assert!(set.controls().all(|control| set.control(control.id.as_str()) == Some(control)));
        assert_eq!(set.nearest("AFF-DAT-1").map(ControlId::as_str), Some("AFF-DAT-01"));
    }
}
