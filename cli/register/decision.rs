//! Decisions on applicability, and events.

use crate::args::{DecisionArguments, EventArguments};
use crate::context::Context;
use crate::statements::{Desk, admitted, time, time_or};
use affiant_controls::admit::{admit_decision, admit_event};
use affiant_controls::decision::Decision;
use affiant_controls::event::Event;
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;

/// Records who decided that a requirement or control does or does not apply.
pub(super) fn decide(context: &Context, arguments: DecisionArguments) -> Result<u8, Failure> {
    let desk = Desk::open(context, &arguments.system)?;
    let control = desk.catalogs.controls.control(&arguments.target).map(|control| control.id.clone());
    let requirement = match control {
        Some(_) => None,
        None => {
            let (framework, row) = desk.requirement(&arguments.target)?;
            Some((framework.id.clone(), row.id.clone()))
        }
    };
    let (framework, requirement) = requirement.unzip();
    let decision = Decision {
        owner: arguments.owner,
        reason: arguments.reason,
        system: desk.system.clone(),
        applies: arguments.applies,
        control,
        drivers: arguments.drivers.into_iter().collect(),
        framework,
        decided_by: arguments.by,
        requirement,
    };
    let decision = admit_decision(decision, &desk.catalogs.controls).map_err(admitted)?;
    desk.record("decision on", &visible(&arguments.target), &[Statement::Decision(decision)])
}

/// Records that something happened.
pub(super) fn happened(context: &Context, arguments: EventArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let event = Event {
        at: time_or(arguments.at.as_ref(), desk.now)?,
        kind: arguments.kind.parse().map_err(Failure::refused)?,
        asset: arguments.asset.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?,
        system: desk.system.clone(),
        done_at: time(arguments.done_at.as_ref())?,
        summary: arguments.summary,
    };
    desk.known_assets(&event.asset)?;
    let heeded = desk
        .catalogs
        .controls
        .controls()
        .filter(|control| control.also_on.iter().any(|kind| event.kind == *kind.as_str()));
    let heeded = heeded.count();
    let starts = format!("event:{}", event.kind);
    let laws = desk.catalogs.frameworks.iter().filter_map(|framework| framework.law.as_ref());
    let clocks =
        laws.flat_map(|law| &law.deadlines).filter(|it| it.starts.as_deref() == Some(&starts)).count();
    if heeded + clocks == 0 {
        context.say(format!("note: no control heeds `{}` and no clock starts from it", event.kind));
    }
    let event = admit_event(event, desk.now).map_err(admitted)?;
    let name = event.kind.to_string();
    desk.record("event", &name, &[Statement::Event(event)])
}
