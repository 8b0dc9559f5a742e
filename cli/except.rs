//! `affiant except`: gaps that someone accepted for a time.

use crate::args::{ExceptArguments, ExceptVerb, ExceptionArguments};
use crate::catalogs;
use crate::context::Context;
use crate::output;
use crate::policy;
use crate::statements::{Desk, admitted, id_or, ids};
use crate::view::{self, Asked, View};
use affiant_controls::admit::admit_approval;
use affiant_controls::approval::Approval;
use affiant_controls::exception::Exception;
use affiant_controls::register::Filed;
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;
use affiant_server::statements;
use serde_json::json;

pub(crate) fn run(context: &Context, arguments: ExceptArguments) -> Result<u8, Failure> {
    match arguments.verb {
        ExceptVerb::Grant(arguments) => grant(context, &arguments),
        ExceptVerb::Approve { id, system, by } => approve(context, &id, &system, by),
        ExceptVerb::Revoke { id, system, reason, by } => revoke(context, &id, &system, reason, by),
        ExceptVerb::List { system } => list(context, &system),
    }
}

fn grant(context: &Context, arguments: &ExceptionArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let parts = [&arguments.control, &arguments.until, &arguments.reason];
    let mut content: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
    content.extend(arguments.assets.iter().map(String::as_bytes));
    let exception = Exception {
        id: id_or(arguments.id.as_ref(), "exc", &content)?,
        assets: ids(&arguments.assets)?,
        reason: arguments.reason.clone(),
        system: desk.system.clone(),
        control: arguments.control.parse().map_err(Failure::refused)?,
        expires: arguments.until.parse().map_err(Failure::refused)?,
        revoked: false,
        approver: arguments.approver.clone(),
        compensating: arguments.compensating.clone(),
        requested_by: arguments.requested_by.clone(),
    };
    let exception = statements::exception(&mut desk.ledger, &desk.catalogs, exception, desk.now)?;
    let name = exception.id.to_string();
    let control = desk.catalogs.controls.control(exception.control.as_str());
    let severity = control.map(|control| control.severity);
    let policy = policy::last(&mut desk.ledger, &exception.system)?;
    let needed = policy.zip(severity).map_or(1, |(policy, severity)| policy.exceptions.needed(severity));
    if needed > 1 {
        context.say(format!(
            "note: by policy it needs {needed} people and waives nothing until then: `affiant except approve {name} ...`"
        ));
    }
    desk.record("exception", &name, &[Statement::Exception(exception)])
}

fn approve(context: &Context, id: &str, system: &str, by: String) -> Result<u8, Failure> {
    // An approval names the very exception it saw: if it is stated anew meanwhile, it does not count.
    let register = view::register_now(context, system)?;
    let desk = Desk::open(context, system)?;
    let Some(filed) = register.exceptions().find(|filed| *filed.value.id.as_str() == *id) else {
        return Err(Failure::refused(format!("`{}` is no exception of {}", visible(id), desk.system)));
    };
    let exception = &filed.value;
    if !exception.in_force(desk.now) {
        let text = format!("exception `{}` was revoked or has expired", exception.id);
        return Err(Failure::refused(text));
    }
    let standing = register.approval(filed, &desk.catalogs.controls);
    if !standing.is_pending() {
        return Err(Failure::refused(format!("exception `{}` needs no other approval", exception.id)));
    }
    let approval = Approval {
        at: desk.now,
        by,
        digest: exception.digest(),
        system: desk.system.clone(),
        exception: exception.id.clone(),
    };
    let approval = admit_approval(approval, exception, &standing.people, desk.now).map_err(admitted)?;
    desk.record("approval of exception", &exception.id.to_string(), &[Statement::Approval(approval)])
}

fn revoke(context: &Context, id: &str, system: &str, reason: String, by: String) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, system)?;
    let Some(Statement::Exception(before)) = desk.latest("exception", id)? else {
        return Err(Failure::refused(format!("`{}` is no exception of {}", visible(id), desk.system)));
    };
    let exception = Exception { revoked: true, reason, approver: by, requested_by: None, ..before };
    let exception = statements::exception(&mut desk.ledger, &desk.catalogs, exception, desk.now)?;
    let name = exception.id.to_string();
    desk.record("revocation of exception", &name, &[Statement::Exception(exception)])
}

fn list(context: &Context, system: &str) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let controls = catalogs::of_view(&view, &[])?.controls;
    let register = view::register(&view, &view.known(system)?, Asked::now(context.now()))?;
    let now = register.as_of();
    let word = |filed: &Filed<Exception>| {
        let approved = register.approval(filed, &controls);
        match (filed.value.revoked, filed.value.in_force(now)) {
            (true, _) => "revoked".to_owned(),
            (false, false) => "expired".to_owned(),
            (false, true) if approved.unreadable => "pending: its policy cannot be read".to_owned(),
            (false, true) if approved.is_pending() => {
                format!("pending {} of {}", approved.people.len(), approved.needed)
            }
            (false, true) => "in force".to_owned(),
        }
    };
    if context.json {
        let row = |filed: &Filed<Exception>| {
            let approved = register.approval(filed, &controls);
            json!({
                "exception": filed.value, "state": word(filed), "index": filed.citation.index,
                "approved_by": approved.people, "needed": approved.needed,
            })
        };
        output::json(&register.exceptions().map(row).collect::<Vec<_>>());
        return Ok(0);
    }
    let rows = register.exceptions().map(|filed| {
        let exception = &filed.value;
        let assets: Vec<&str> = exception.assets.iter().map(|asset| asset.as_str()).collect();
        vec![
            exception.id.to_string(),
            word(filed),
            exception.control.to_string(),
            if assets.is_empty() { "every asset".to_owned() } else { assets.join(", ") },
            exception.expires.to_string(),
            register.approval(filed, &controls).people.join(", "),
            exception.reason.clone(),
        ]
    });
    output::table(&["exception", "state", "control", "assets", "until", "approved by", "reason"], rows);
    Ok(0)
}
