//! What is to be told: where every system stood at the last delivery, held against where it stands now.

use super::batch::Batch;
use crate::catalogs;
use crate::context::Context;
use crate::view::{self, Asked, View};
use affiant_controls::delivery::{Delivery, Standpoint};
use affiant_controls::register::{Horizon, Register};
use affiant_controls::statement::{ORGANISATION, Statement};
use affiant_frameworks::alert::{Posture, Start, alerts};
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::assessment::Assessment;
use affiant_frameworks::clock::{Clock, clocks};
use affiant_ledger::id::Id;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;

/// A look at a system.
struct Look {
    register: Register,
    assessments: Vec<Assessment>,
    clocks: Vec<Clock>,
}

impl Look {
    fn posture<'a>(&'a self, catalogs: &'a Catalogs) -> Posture<'a> {
        let Self { register, assessments, clocks } = self;
        Posture { register, assessments, clocks, controls: &catalogs.controls }
    }
}

/// What a target has not been told yet; a batch without alerts where that is nothing.
pub(super) fn batch(context: &Context, target: &Id) -> Result<Batch, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let from = last(&view, target)?;
    view.refuse_a_past_present(context.now())?;
    let to = Standpoint { size: reader.size(), as_of: context.now() };
    let origin = &reader.settings().origin;
    let mut all = Vec::new();
    for system in view.systems()? {
        let before = from.map(|from| look(&view, &catalogs, &system, from, true)).transpose()?.flatten();
        let before = before.as_ref().map(|look| look.posture(&catalogs));
        if let Some(now) = look(&view, &catalogs, &system, to, false)? {
            all.extend(alerts(Start { origin, from }, &system, before, now.posture(&catalogs)));
        }
    }
    Ok(Batch { alerts: all, from, origin: origin.clone(), target: target.clone(), to })
}

/// Where the last delivery to a target led to, as recorded.
pub(super) fn last(view: &View<'_>, target: &Id) -> Result<Option<Standpoint>, Failure> {
    let organisation: Id = ORGANISATION.parse().map_err(Failure::io)?;
    let mut last: Option<(u64, Delivery)> = None;
    for record in view.records(&organisation, false)? {
        let Some(bytes) = &record.statement else { continue };
        let read = Statement::from_bytes(record.entry.kind.as_str(), bytes).map_err(Failure::integrity)?;
        let Some(Statement::Delivery(delivery)) = read else { continue };
        let later = last.as_ref().is_none_or(|(index, _)| *index < record.entry.index);
        if delivery.target == *target && later {
            last = Some((record.entry.index, delivery));
        }
    }
    Ok(last.map(|(_, delivery)| delivery.to))
}

/// Where a system stood; nothing where it was not registered.
fn look(
    view: &View<'_>,
    catalogs: &Catalogs,
    system: &Id,
    at: Standpoint,
    past: bool,
) -> Result<Option<Look>, Failure> {
    let horizon = Horizon { as_of: at.as_of, known: at.as_of, size: Some(at.size) };
    let register = view::register(view, system, Asked { horizon, past })?;
    if register.system().is_none() {
        return Ok(None);
    }
    let Catalogs { frameworks, controls, mappings } = catalogs;
    let assessments = assess_all(frameworks, mappings, controls, &register).map_err(Failure::refused)?;
    let clocks = frameworks.iter().flat_map(|framework| clocks(framework, &register)).collect();
    Ok(Some(Look { register, assessments, clocks }))
}
