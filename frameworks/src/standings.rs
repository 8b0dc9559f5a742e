//! Standings: every control on every asset it applies to, judged once for all frameworks.

use crate::assessment::{ControlStanding, Standing};
use crate::mappings::MappingSets;
use affiant_controls::{Control, ControlId, ControlSet, ControlState, Register};
use affiant_ledger::id::Id;
use std::collections::{BTreeMap, BTreeSet};

/// The controls that are mapped to something, over what a register says.
#[derive(Debug, Clone)]
pub struct Standings {
    by_control: BTreeMap<ControlId, ControlStanding>,
}

impl Standings {
    /// Judges every control mapped to one of the frameworks.
    pub fn of<'a>(
        frameworks: impl IntoIterator<Item = &'a str>,
        mappings: &MappingSets,
        controls: &ControlSet,
        register: &Register,
    ) -> Self {
        let frameworks: Vec<&str> = frameworks.into_iter().collect();
        let mapped: BTreeSet<&ControlId> = frameworks
            .into_iter()
            .flat_map(|framework| mappings.of(framework))
            .map(|mapping| &mapping.control)
            .collect();
        let judged = mapped.into_iter().filter_map(|id| controls.control(id.as_str()));
        Self { by_control: judged.map(|control| (control.id.clone(), standing(control, register))).collect() }
    }

    /// The standing of a control.
    pub fn get(&self, control: &ControlId) -> Option<&ControlStanding> {
        self.by_control.get(control)
    }
}

/// The state of a control on every asset it applies to.
fn standing(control: &Control, register: &Register) -> ControlStanding {
    let on = |(asset, found): (Id, affiant_controls::StateOn)| {
        let stray = !register.is_listed(control, &asset);
        Standing {
            asset,
            state: found.state,
            reason: found.reason,
            observed_to: found.observed_to,
            fresh_until: found.fresh_until,
            decided: found.decided,
            underlying: found.underlying,
            lapsed: found.lapsed,
            stray,
            uncovered: found.uncovered,
            citations: found.citations,
        }
    };
    let assets: Vec<Standing> = register.states(control).into_iter().map(on).collect();
    let counted = |wanted: &dyn Fn(&&Standing) -> bool| assets.iter().filter(wanted).count() as u64;
    ControlStanding {
        control: control.id.clone(),
        title: control.title.clone(),
        held: counted(&|standing| standing.state == ControlState::Held),
        excepted: counted(&|standing| standing.state == ControlState::Excepted),
        population: counted(&|standing| !standing.decided),
        assets,
    }
}
