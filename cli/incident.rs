//! `affiant incident`: what went wrong, and the clocks that run from it.

use crate::args::{IncidentArguments, IncidentVerb};
use crate::catalogs;
use crate::context::Context;
use crate::error::Failure;
use crate::output;
use crate::statements::{Desk, admitted, ids, time};
use crate::view::{self, View};
use affiant_controls::admit::admit_incident;
use affiant_controls::incident::Incident;
use affiant_controls::statement::Statement;
use affiant_frameworks::clock::{Clock, clocks, recipients};
use affiant_ledger::id::{Id, visible};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn run(context: &Context, arguments: IncidentArguments) -> Result<u8, Failure> {
    match arguments.verb {
        IncidentVerb::Open { id, system, summary, aware_at, occurred_at, kinds, assets } => {
            let mut desk = Desk::open(context, &system)?;
            let id: Id = id.parse().map_err(Failure::refused)?;
            if desk.latest("incident", id.as_str())?.is_some() {
                let failure = Failure::refused(format!("incident `{id}` is on file"));
                return Err(failure.hint("add to it with `affiant incident update`"));
            }
            let incident = Incident {
                id,
                kinds: kinds.into_iter().collect(),
                assets: ids(&assets)?,
                system: desk.system.clone(),
                summary,
                aware_at: aware_at.parse().map_err(Failure::refused)?,
                closed_at: None,
                occurred_at: time(occurred_at.as_ref())?,
                reported_at: None,
                reported_to: BTreeMap::new(),
                completed_at: None,
            };
            record(desk, incident)
        }
        IncidentVerb::Update { id, system, reported_at, recipients: to, completed_at, closed_at, kinds } => {
            let mut desk = Desk::open(context, &system)?;
            let Some(Statement::Incident(mut incident)) = desk.latest("incident", &id)? else {
                return Err(Failure::refused(format!(
                    "`{}` is no incident of {}",
                    visible(&id),
                    desk.system
                )));
            };
            let before = incident.clone();
            let told = known_recipients(&desk, &to)?;
            match time(reported_at.as_ref())? {
                Some(at) if told.is_empty() => incident.reported_at = Some(at),
                Some(at) => incident.reported_to.extend(told.into_iter().map(|who| (who, at))),
                None => {}
            }
            incident.completed_at = time(completed_at.as_ref())?.or(incident.completed_at);
            incident.closed_at = time(closed_at.as_ref())?.or(incident.closed_at);
            incident.kinds.extend(kinds);
            if incident == before {
                return Err(Failure::refused("nothing new is said of the incident"));
            }
            record(desk, incident)
        }
        IncidentVerb::List { system } => list(context, &system),
    }
}

fn record(mut desk: Desk<'_>, incident: Incident) -> Result<u8, Failure> {
    let incident = admit_incident(incident, desk.now).map_err(admitted)?;
    desk.known_assets(&incident.assets)?;
    let name = incident.id.to_string();
    desk.record("incident", &name, &[Statement::Incident(incident)])
}

/// Refuses a recipient whom no clock waits for: the report would answer none, and nobody would notice.
fn known_recipients(desk: &Desk<'_>, given: &[String]) -> Result<Vec<Id>, Failure> {
    let laws = desk.catalogs.frameworks.iter().filter_map(|framework| framework.law.as_ref());
    let by_incident = laws
        .flat_map(|law| &law.deadlines)
        .filter(|deadline| deadline.starts.as_ref().is_some_and(|word| word.starts_with("incident")));
    let known: BTreeSet<&str> = by_incident.flat_map(recipients).collect();
    let one = |word: &String| match known.contains(word.as_str()) {
        true => word.parse().map_err(Failure::refused),
        false => {
            let known: Vec<&str> = known.iter().copied().collect();
            let failure = Failure::refused(format!("no clock waits for a report to `{}`", visible(word)));
            Err(failure.hint(format!("known: {}", known.join(", "))))
        }
    };
    given.iter().map(one).collect()
}

fn list(context: &Context, system: &str) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let register = view::register(&view, &view.known(system)?, view::Asked::now(context))?;
    let running: Vec<Clock> =
        catalogs.frameworks.iter().flat_map(|framework| clocks(framework, &register)).collect();
    let of = |incident: &Incident| {
        running.iter().filter(|clock| clock.subject == *incident.id.as_str()).collect::<Vec<_>>()
    };
    if context.json {
        let rows: Vec<_> = register
            .incidents()
            .map(|filed| json!({"incident": filed.value, "clocks": of(&filed.value), "index": filed.citation.index}))
            .collect();
        output::json(&rows);
        return Ok(0);
    }
    let rows = register.incidents().map(|filed| {
        let incident = &filed.value;
        let kinds: Vec<&str> = incident.kinds.iter().map(String::as_str).collect();
        let clocks: Vec<String> = of(incident).iter().map(|clock| clock_text(clock)).collect();
        let closed = incident.closed_at.map(|at| format!("closed {at}"));
        vec![
            incident.id.to_string(),
            if kinds.is_empty() { "not serious".to_owned() } else { kinds.join(", ") },
            incident.aware_at.to_string(),
            closed.unwrap_or_else(|| "open".to_owned()),
            if clocks.is_empty() { "none".to_owned() } else { clocks.join("; ") },
            incident.summary.clone(),
        ]
    });
    output::table(&["incident", "kinds", "aware at", "state", "clocks", "what"], rows);
    Ok(0)
}

/// A clock in a few words.
pub(crate) fn clock_text(clock: &Clock) -> String {
    let when = if clock.immediate { "without delay from" } else { "due" };
    let binds = clock.binds_from.map(|day| format!(" (binds from {day})")).unwrap_or_default();
    let open = clock.open.as_ref().map(|open| format!(", {open} open")).unwrap_or_default();
    format!("{} {} {when} {}{open}{binds}", clock.citation, clock.state.as_str(), clock.due)
}
