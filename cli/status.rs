//! `affiant status`: where systems stand, and what is missing.

mod board;
mod gaps;
mod next;
mod period;
mod risk;
mod screen;
mod sheet;
mod why;

use crate::args::StatusArguments;
use crate::catalogs;
use crate::context::Context;
use crate::error::{Failure, UNDETERMINED};
use crate::finding;
use crate::output;
use crate::request;
use crate::view::{self, Asked, Kept, View};
use affiant_controls::register::Register;
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::assessment::Assessment;
use affiant_frameworks::clock::{Clock, Expiry, clocks, expiring};
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use affiant_reports::derive::Catalogs;
use serde_json::json;
use std::time::Duration;

/// How far ahead is looked for what runs out, in days.
const AHEAD: u32 = 90;

/// Where one system stands.
struct Standing<'a> {
    system: &'a Id,
    register: &'a Register,
    assessments: Vec<Assessment>,
    clocks: Vec<Clock>,
    expiring: Vec<Expiry>,
}

pub(crate) fn run(context: &Context, arguments: &StatusArguments) -> Result<u8, Failure> {
    let mut kept = Kept::new();
    let Some(seconds) = arguments.watch else { return once(context, arguments, &mut kept) };
    loop {
        output::clear();
        // While a writer is at work a look may fail; the next one will not.
        if let Err(failure) = once(context, arguments, &mut kept) {
            output::fail(&failure, context.json);
        }
        if output::is_lost() {
            return Ok(0);
        }
        std::thread::sleep(Duration::from_secs(seconds));
    }
}

fn once(context: &Context, arguments: &StatusArguments, kept: &mut Kept) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &arguments.frameworks)?;
    let time = |text: &Option<String>| -> Result<Option<Timestamp>, Failure> {
        text.as_ref().map(|text| text.parse().map_err(Failure::refused)).transpose()
    };
    let (as_of, known) = (time(&arguments.as_of)?, time(&arguments.known_on)?);
    if let (Some(over), Some(system)) = (&arguments.over, &arguments.system) {
        let asked = Asked::of(context, &reader, None, known, arguments.at_size)?;
        return period::run(context, &view, &catalogs, &view.known(system)?, over, asked, arguments.csv);
    }
    let asked = Asked::of(context, &reader, as_of, known, arguments.at_size)?;
    let systems = match &arguments.system {
        Some(system) => vec![view.known(system)?],
        None => view.systems()?,
    };
    let mut evaluated = false;
    let mut answers = Vec::new();
    let (mut risks, mut boards) = (Vec::new(), Vec::new());
    for system in &systems {
        let register = view::register_kept(&view, system, asked, kept)?;
        if register.system().is_none() {
            context.say(format!("{system}: not registered by {}", register.as_of()));
            continue;
        }
        catalogs::changed(&catalogs, register).iter().for_each(|it| context.say(format!("{system}: {it}")));
        let standing = judge(&catalogs, system, register)?;
        let on_evidence = standing.assessments.iter().any(Assessment::rests_on_evidence);
        if arguments.risk {
            risks.extend(risk::of(&catalogs, register));
        } else if arguments.board {
            boards.push(board::of(&view, &catalogs, &standing, asked)?);
        } else if let Some(requirement) = &arguments.why {
            why::show(context, &catalogs, &standing, requirement)?;
        } else if let Some(name) = &arguments.sheet {
            evaluated |= sheet::show(context, &catalogs, &standing, name, arguments.csv)?;
            continue;
        } else if context.json {
            answers.push(json!({
                "system": system, "entries": view.count(system)?, "checkpoint": reader.size(),
                "known": asked.horizon.known, "clocks": standing.clocks, "expiring": standing.expiring,
                "requests": request::counted(register), "findings": finding::counted(register, &catalogs.controls),
                "next": next::steps(&standing), "assessments": standing.assessments,
            }));
        } else if arguments.csv {
            gaps::csv(&standing, arguments.gaps);
        } else if arguments.gaps {
            screen::head(&standing);
            standing.assessments.iter().for_each(gaps::show);
        } else {
            screen::show(context, &catalogs, &standing, arguments.system.is_some());
        }
        evaluated |= on_evidence;
    }
    if arguments.risk {
        risk::show(context, risks, arguments);
    } else if arguments.board {
        board::show(context, &boards, arguments);
    } else if context.json && arguments.why.is_none() && arguments.sheet.is_none() {
        output::json(&answers);
    }
    if systems.is_empty() {
        context.say("no system is registered");
    }
    Ok(if evaluated { 0 } else { UNDETERMINED })
}

fn judge<'a>(catalogs: &Catalogs, system: &'a Id, register: &'a Register) -> Result<Standing<'a>, Failure> {
    let Catalogs { frameworks, controls, mappings } = catalogs;
    let assessments = assess_all(frameworks, mappings, controls, register).map_err(Failure::refused)?;
    let clocks: Vec<Clock> = frameworks.iter().flat_map(|framework| clocks(framework, register)).collect();
    let until = register.as_of().plus(Period::days(AHEAD));
    let expiring = expiring(register, controls, &assessments, &clocks, until);
    Ok(Standing { system, register, assessments, clocks, expiring })
}
