//! What became of the tests that were added because of an incident: whether each has run since, and held.

use super::{Incident, IncidentTest};
use crate::register::{Recorded, Register};
use crate::result::{ControlResult, Population};
use crate::set::ControlSet;
use crate::state::{self, StateOn};
use crate::status::Status;
use crate::variant;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use std::collections::BTreeMap;

impl Register {
    /// The state of each test of an incident, by the latest results observed after [`Incident::tested_from`]: `missing`
    /// means that it has not run since. A control that no catalog has is missing too.
    pub fn incident_tests<'a>(
        &self,
        incident: &'a Incident,
        controls: &ControlSet,
    ) -> Vec<(&'a IncidentTest, StateOn)> {
        let judged = |test: &'a IncidentTest| {
            let runs: Vec<Recorded> = self.runs(test, incident.tested_from());
            let runs: Vec<&Recorded> = runs.iter().collect();
            let mut state = match controls.control(test.control.as_str()) {
                Some(control) => state::judge(control, &runs, &[], self.as_of()),
                None => state::none("the control is in no catalog"),
            };
            if runs.is_empty() {
                state.reason = format!("has not run since {}", incident.tested_from());
            }
            (test, state)
        };
        incident.tests.iter().map(judged).collect()
    }

    /// The results that stand and are runs of a test after an instant.
    fn runs(&self, test: &IncidentTest, after: Timestamp) -> Vec<Recorded> {
        let mut on: BTreeMap<Option<&Id>, Vec<&Recorded>> = BTreeMap::new();
        for recorded in self.results().filter(|it| it.result.control == test.control) {
            on.entry(recorded.result.asset.as_ref()).or_default().push(recorded);
        }
        let meant = |asset: Option<&Id>| match (&test.asset, asset) {
            (Some(wanted), asset) => asset == Some(wanted),
            // What is no longer in use is no longer tested.
            (None, Some(asset)) => self.asset(asset.as_str()).is_none_or(|asset| !asset.retired),
            (None, None) => true,
        };
        let digest =
            |asset: Option<&Id>| asset.and_then(|id| self.asset(id.as_str())).and_then(|it| it.digest);
        let standing = on
            .into_iter()
            .filter(|(asset, _)| meant(*asset))
            .flat_map(|(asset, results)| variant::standing(results.into_iter(), digest(asset)).0);
        standing
            .filter(|it| it.result.observed_to > after)
            .filter(|it| test.collector.as_ref().is_none_or(|name| it.result.collector.name == *name))
            .filter_map(|it| {
                let result = narrowed(&it.result, test.rule.as_deref())?.into();
                Some(Recorded { result, ..it.clone() })
            })
            .collect()
    }
}

/// A result as far as it speaks of a rule: the worst of its checks. Nothing where none of them names it.
fn narrowed(result: &ControlResult, rule: Option<&str>) -> Option<ControlResult> {
    let Some(rule) = rule else { return Some(result.clone()) };
    let checks = result.checks.iter().filter(|check| check.rule == rule);
    let of_rule = Status::worst(checks.map(|check| check.status))?;
    // What was cut off, by the tool or here, may have been worse than what is left of the rule.
    let is_whole = !["checks-cut", "execution-failed"].iter().any(|flag| result.flags.contains(*flag));
    let status = if is_whole { of_rule } else { Status::worst([of_rule, result.status])? };
    let population: Option<Population> = None;
    Some(ControlResult { status, population, checks: Vec::new(), ..result.clone() })
}

#[cfg(test)]
mod tests;
