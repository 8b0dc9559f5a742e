//! `affiant request`: evidence asked for by a day, what became of it, and what is said about what is on file.

mod import;
mod sign_off;

use crate::args::{RequestAddArguments, RequestArguments, RequestVerb};
use crate::context::Context;
use crate::output;
use crate::statements::{Desk, admitted, id_or};
use crate::view;
use affiant_controls::admit::admit_request;
use affiant_controls::register::Register;
use affiant_controls::request::{Followed, Request, RequestState};
use affiant_controls::statement::Statement;
use affiant_ledger::id::{Id, visible};
use affiant_reports::export;
use affiant_server::failure::Failure;
use affiant_server::standing::{next_due, request, requests_waiting};

pub(crate) fn run(context: &Context, arguments: RequestArguments) -> Result<u8, Failure> {
    match arguments.verb {
        RequestVerb::Add(arguments) => add(context, &arguments),
        RequestVerb::Withdraw { id, system } => withdraw(context, &id, &system),
        RequestVerb::Import { file, system } => import::run(context, &file, &system),
        RequestVerb::SignOff(arguments) => sign_off::run(context, &arguments),
        RequestVerb::List { system, csv } => list(context, &system, csv),
    }
}

fn add(context: &Context, arguments: &RequestAddArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let request = asked(&mut desk, arguments)?;
    let name = request.id.to_string();
    desk.record("request", &name, &[Statement::Request(request)])
}

/// The request that is meant, admitted.
fn asked(desk: &mut Desk<'_>, arguments: &RequestAddArguments) -> Result<Request, Failure> {
    let control = desk.catalogs.controls.control(&arguments.target).map(|control| control.id.clone());
    let (framework, requirement) = match control {
        Some(_) => None,
        None => Some(without_control(desk, &arguments.target)?),
    }
    .unzip();
    let asset = arguments.asset.as_deref().unwrap_or_default();
    let parts = [&arguments.target, &arguments.owner, &arguments.due, &arguments.text];
    let mut content: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    content.push(asset.as_bytes());
    let request = Request {
        id: id_or(arguments.id.as_ref(), "req", &content)?,
        due: arguments.due.parse().map_err(Failure::refused)?,
        text: arguments.text.clone(),
        asset: arguments.asset.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?,
        owner: arguments.owner.clone(),
        system: desk.system.clone(),
        control,
        asked_by: arguments.by.clone(),
        framework,
        withdrawn: false,
        requirement,
    };
    let request = admit_request(request, &desk.catalogs.controls, desk.now).map_err(admitted)?;
    desk.known_assets(&request.asset)?;
    Ok(request)
}

/// The requirement meant, which an attestation can settle: one with a control is shown by its controls.
fn without_control(desk: &Desk<'_>, target: &str) -> Result<(Id, String), Failure> {
    let (framework, row) = desk.requirement(target)?;
    let mapped = desk.controls_for(framework, row);
    if mapped.is_empty() {
        return Ok((framework.id.clone(), row.id.clone()));
    }
    let text = format!("{} is shown by its controls", row.citation);
    Err(Failure::refused(text).hint(format!("ask for one of them: {}", mapped.join(", "))))
}

fn withdraw(context: &Context, id: &str, system: &str) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, system)?;
    let Some(Statement::Request(before)) = desk.latest("request", id)? else {
        return Err(Failure::refused(format!("`{}` is no request of {}", visible(id), desk.system)));
    };
    if before.withdrawn {
        return Err(Failure::refused(format!("request `{}` was withdrawn before", before.id)));
    }
    let request = Request { withdrawn: true, ..before };
    let request = admit_request(request, &desk.catalogs.controls, desk.now).map_err(admitted)?;
    let name = request.id.to_string();
    desk.record("withdrawal of request", &name, &[Statement::Request(request)])
}

fn list(context: &Context, system: &str, csv: bool) -> Result<u8, Failure> {
    let register = view::register_now(context, system)?;
    if csv {
        output::bytes(&export::requests(&register).to_csv());
        return Ok(0);
    }
    let followed = register.followed();
    if context.json {
        output::json(&followed.iter().map(request).collect::<Vec<_>>());
        return Ok(0);
    }
    let rows = followed.iter().map(|it| {
        let request = &it.filed.value;
        vec![
            request.id.to_string(),
            standing(it),
            about(request),
            request.owner.clone(),
            request.due.to_string(),
            request.asked_by.clone(),
            request.text.clone(),
        ]
    });
    output::table(&["request", "state", "for", "asked of", "due", "asked by", "what"], rows);
    Ok(0)
}

/// The control or requirement that it is for, and the asset.
fn about(request: &Request) -> String {
    let control = request.control.as_ref().map(ToString::to_string);
    let target = control.or_else(|| request.requirement.clone()).unwrap_or_default();
    request.asset.as_ref().map_or(target.clone(), |asset| format!("{target} on {asset}"))
}

/// How it stands, in words.
fn standing(it: &Followed<'_>) -> String {
    let days = |days: i64| match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    match (it.state, it.answer, it.days_left) {
        (RequestState::Answered, Some(index), _) => format!("answered by entry {index}"),
        (RequestState::Open, _, Some(left)) => format!("open, {} left", days(left)),
        (RequestState::Overdue, _, Some(left)) => format!("overdue since {}", days(-left)),
        (state, ..) => state.as_str().to_owned(),
    }
}

/// The requests that wait, in lines: the first says how many.
pub(crate) fn lines(register: &Register, shown: usize) -> Vec<String> {
    let followed = register.followed();
    let count = |state| followed.iter().filter(|it| it.state == state).count();
    let (open, overdue) = (count(RequestState::Open), count(RequestState::Overdue));
    if open + overdue == 0 {
        return Vec::new();
    }
    let next = next_due(&followed).map(|due| format!(", the next due on {due}")).unwrap_or_default();
    let mut lines = vec![format!("requests: {open} open, {overdue} overdue{next}")];
    lines.extend(requests_waiting(&followed).take(shown).map(|it| {
        let request = &it.filed.value;
        format!("  {}: {} from {}, {}", request.id, about(request), request.owner, standing(it))
    }));
    lines
}
