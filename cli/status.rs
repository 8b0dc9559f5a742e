//! `affiant status`: where systems stand, and what is missing.

mod board;
mod gaps;
mod period;
mod risk;
mod screen;
mod sheet;
mod why;

use crate::args::StatusArguments;
use crate::catalogs;
use crate::context::Context;
use crate::output;
use crate::view::{self, Asked, Kept, View};
use affiant_ledger::time::Timestamp;
use affiant_server::failure::{Failure, UNDETERMINED};
use affiant_server::standing::Standing;
use std::time::Duration;

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
        let asked = Asked::of(context.now(), &reader, None, known, arguments.at_size)?;
        return period::run(context, &view, &catalogs, &view.known(system)?, over, asked, arguments.csv);
    }
    let asked = Asked::of(context.now(), &reader, as_of, known, arguments.at_size)?;
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
        let standing = Standing::of(&catalogs, system, register)?;
        let on_evidence = standing.rests_on_evidence();
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
            let entries = view.count(system)?;
            answers.push(standing.to_json(&catalogs.controls, entries, reader.size(), asked.horizon.known));
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
