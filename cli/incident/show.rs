//! Incidents as they stand: how long each stage took, which clocks run, and whether the tests that were added have held since.

use crate::catalogs;
use crate::context::Context;
use crate::output;
use crate::view::{self, Asked, View};
use affiant_controls::incident::{Incident, IncidentTest, Stage};
use affiant_controls::register::{Filed, Register};
use affiant_controls::set::ControlSet;
use affiant_controls::state::{ControlState, StateOn};
use affiant_frameworks::clock::{Clock, clocks};
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::standing::clock_text;
use serde_json::{Map, Value, json};

/// An incident with what follows from it.
struct Shown<'a> {
    filed: &'a Filed<Incident>,
    clocks: Vec<&'a Clock>,
    tests: Vec<(&'a IncidentTest, StateOn)>,
}

/// Shows one incident, of whatever system unless one is named.
pub(super) fn one(context: &Context, id: &str, system: Option<&str>) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let systems = match system {
        Some(system) => vec![view.known(system)?],
        None => view.systems()?,
    };
    for system in &systems {
        let register = view::register(&view, system, Asked::now(context.now()))?;
        let running = running(&catalogs, &register);
        let shown = all(&catalogs.controls, &register, &running);
        if let Some(shown) = shown.into_iter().find(|it| it.filed.value.id == *id) {
            if context.json {
                output::json(&shown.row());
            } else {
                shown.lines().iter().for_each(output::line);
            }
            return Ok(0);
        }
    }
    let failure = Failure::refused(format!("`{}` is no incident", visible(id)));
    Err(failure.hint("`affiant incident list SYSTEM` lists them"))
}

pub(super) fn list(context: &Context, system: &str) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let register = view::register(&view, &view.known(system)?, Asked::now(context.now()))?;
    let running = running(&catalogs, &register);
    let shown = all(&catalogs.controls, &register, &running);
    if context.json {
        output::json(&shown.iter().map(Shown::row).collect::<Vec<_>>());
    } else {
        let header = ["incident", "kinds", "aware at", "state", "clocks", "what"];
        output::table(&header, shown.iter().map(Shown::cells));
    }
    Ok(0)
}

fn running(catalogs: &Catalogs, register: &Register) -> Vec<Clock> {
    catalogs.frameworks.iter().flat_map(|framework| clocks(framework, register)).collect()
}

fn all<'a>(controls: &ControlSet, register: &'a Register, running: &'a [Clock]) -> Vec<Shown<'a>> {
    let shown = |filed: &'a Filed<Incident>| Shown {
        filed,
        clocks: running.iter().filter(|clock| clock.subject == *filed.value.id.as_str()).collect(),
        tests: register.incident_tests(&filed.value, controls),
    };
    register.incidents().map(shown).collect()
}

impl Shown<'_> {
    fn row(&self) -> Value {
        let incident = &self.filed.value;
        let stage = |stage: Stage| {
            let stands = json!({"at": incident.reached(stage), "took_ms": incident.took(stage)});
            (stage.as_str().to_owned(), stands)
        };
        let test = |(test, state): &(&IncidentTest, StateOn)| {
            let entries: Vec<u64> = state.citations.iter().map(|citation| citation.index).collect();
            json!({
                "test": test, "state": state.state, "reason": state.reason, "observed_to": state.observed_to,
                "entries": entries,
            })
        };
        json!({
            "incident": incident, "clocks": self.clocks, "index": self.filed.citation.index,
            "timeline": Stage::ALL.into_iter().map(stage).collect::<Map<_, _>>(),
            "tests": self.tests.iter().map(test).collect::<Vec<_>>(),
        })
    }

    fn cells(&self) -> Vec<String> {
        let incident = &self.filed.value;
        let clocks: Vec<String> = self.clocks.iter().map(|clock| clock_text(clock)).collect();
        let kinds: Vec<&str> = incident.kinds.iter().map(String::as_str).collect();
        vec![
            incident.id.to_string(),
            if kinds.is_empty() { "not serious".to_owned() } else { kinds.join(", ") },
            incident.aware_at.to_string(),
            self.state(),
            if clocks.is_empty() { "none".to_owned() } else { clocks.join("; ") },
            incident.summary.clone(),
        ]
    }

    /// The last stage reached, and how many of the tests have held since.
    fn state(&self) -> String {
        let incident = &self.filed.value;
        let last = [Stage::Close, Stage::Contain, Stage::Acknowledge].into_iter();
        let last = last.filter_map(|stage| Some((done(stage), incident.took(stage)?))).next();
        let last =
            last.map(|(word, took)| format!("{word} after {}", affiant_controls::text::duration(took)));
        let last = last.unwrap_or_else(|| "open".to_owned());
        let held = self.tests.iter().filter(|(_, state)| state.state == ControlState::Held).count();
        match self.tests.len() {
            0 => last,
            tests => format!("{last}; {held} of {tests} tests held"),
        }
    }

    /// Everything that is known of it.
    fn lines(&self) -> Vec<String> {
        let incident = &self.filed.value;
        let words = |words: Vec<String>, none: &str| {
            if words.is_empty() { none.to_owned() } else { words.join(", ") }
        };
        let kinds = incident.kinds.iter().cloned().collect();
        let assets = incident.assets.iter().map(ToString::to_string).collect();
        let mut lines = vec![
            format!("{}: {}", incident.id, incident.summary),
            format!("  system: {}, entry {}", incident.system, self.filed.citation.index),
            format!("  kinds: {}", words(kinds, "not serious")),
            format!("  assets: {}", words(assets, "none named")),
        ];
        if let Some(at) = incident.occurred_at {
            lines.push(format!("  occurred: {at}"));
        }
        lines.extend(Stage::ALL.into_iter().map(|stage| self.stage(stage)));
        let told = incident.reported_to.iter().map(|(who, at)| format!("  reported to {who}: {at}"));
        lines.extend(told.chain(incident.reported_at.map(|at| format!("  reported: {at}"))));
        lines.extend(incident.completed_at.map(|at| format!("  complete report: {at}")));
        lines.extend(self.clocks.iter().map(|clock| format!("  clock: {}", clock_text(clock))));
        if self.clocks.is_empty() {
            lines.push("  clocks: none".to_owned());
        }
        let test = |(test, state): &(&IncidentTest, StateOn)| {
            format!("  test: {test}: {}, {}", state.state, state.reason)
        };
        lines.extend(self.tests.iter().map(test));
        if self.tests.is_empty() {
            lines.push("  tests: none linked".to_owned());
        }
        lines
    }

    fn stage(&self, stage: Stage) -> String {
        let incident = &self.filed.value;
        let after = |took| {
            let from = if stage == Stage::Detect { "it occurred" } else { "aware" };
            format!(", {} after {from}", affiant_controls::text::duration(took))
        };
        let took = incident.took(stage).map(after).unwrap_or_default();
        let at = incident.reached(stage).map_or("not yet".to_owned(), |at| at.to_string());
        format!("  {}: {at}{took}", done(stage))
    }
}

/// The word for a stage that was reached.
fn done(stage: Stage) -> &'static str {
    match stage {
        Stage::Detect => "aware",
        Stage::Acknowledge => "acknowledged",
        Stage::Contain => "contained",
        Stage::Close => "closed",
    }
}
