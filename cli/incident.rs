//! `affiant incident`: what went wrong, what was done about it, and the clocks that run from it.

mod show;

use crate::args::{IncidentArguments, IncidentVerb};
use crate::context::Context;
use crate::statements::{Desk, ids, time};
use affiant_controls::incident::{Incident, IncidentTest};
use affiant_controls::statement::Statement;
use affiant_ledger::id::{Id, visible};
use affiant_server::failure::Failure;
use affiant_server::statements;

pub(crate) fn run(context: &Context, arguments: IncidentArguments) -> Result<u8, Failure> {
    match arguments.verb {
        IncidentVerb::Open { id, system, summary, aware_at, occurred_at, kinds, assets } => {
            let mut desk = Desk::open(context, &system)?;
            let id: Id = id.parse().map_err(Failure::refused)?;
            if desk.latest("incident", id.as_str())?.is_some() {
                let failure = Failure::refused(format!("incident `{id}` is on file"));
                return Err(failure.hint("add to it with `affiant incident update`"));
            }
            let aware_at = aware_at.parse().map_err(Failure::refused)?;
            let incident = Incident {
                kinds: kinds.into_iter().collect(),
                assets: ids(&assets)?,
                occurred_at: time(occurred_at.as_ref())?,
                ..Incident::new(id, desk.system.clone(), summary, aware_at)
            };
            record(desk, incident)
        }
        IncidentVerb::Update(said) => {
            let mut desk = Desk::open(context, &said.system)?;
            let mut incident = on_file(&mut desk, &said.id)?;
            let before = incident.clone();
            let told: Vec<Id> = ids(&said.recipients)?;
            match time(said.reported_at.as_ref())? {
                Some(at) if told.is_empty() => incident.reported_at = Some(at),
                Some(at) => incident.reported_to.extend(told.into_iter().map(|who| (who, at))),
                None => {}
            }
            incident.acknowledged_at = time(said.acknowledged_at.as_ref())?.or(incident.acknowledged_at);
            incident.contained_at = time(said.contained_at.as_ref())?.or(incident.contained_at);
            incident.completed_at = time(said.completed_at.as_ref())?.or(incident.completed_at);
            incident.closed_at = time(said.closed_at.as_ref())?.or(incident.closed_at);
            incident.kinds.extend(said.kinds);
            if incident == before {
                return Err(Failure::refused("nothing new is said of the incident"));
            }
            record(desk, incident)
        }
        IncidentVerb::Test(said) => {
            let mut desk = Desk::open(context, &said.system)?;
            let mut incident = on_file(&mut desk, &said.id)?;
            let test = IncidentTest {
                rule: said.rule,
                asset: said.asset.map(|id| id.parse().map_err(Failure::refused)).transpose()?,
                control: said.control.parse().map_err(Failure::refused)?,
                collector: said.collector,
            };
            if said.unlink && !incident.tests.remove(&test) {
                return Err(Failure::refused(format!(
                    "`{test}` is not linked to incident `{}`",
                    incident.id
                )));
            }
            if !said.unlink && !incident.tests.insert(test.clone()) {
                return Err(Failure::refused(format!("`{test}` is linked to incident `{}`", incident.id)));
            }
            record(desk, incident)
        }
        IncidentVerb::Show { id, system } => show::one(context, &id, system.as_deref()),
        IncidentVerb::List { system } => show::list(context, &system),
    }
}

/// The incident as it stands.
fn on_file(desk: &mut Desk<'_>, id: &str) -> Result<Incident, Failure> {
    match desk.latest("incident", id)? {
        Some(Statement::Incident(incident)) => Ok(incident),
        _ => Err(Failure::refused(format!("`{}` is no incident of {}", visible(id), desk.system))),
    }
}

fn record(mut desk: Desk<'_>, incident: Incident) -> Result<u8, Failure> {
    let incident = statements::incident(&mut desk.ledger, &desk.catalogs, incident, desk.now)?;
    let name = incident.id.to_string();
    desk.record("incident", &name, &[Statement::Incident(incident)])
}
