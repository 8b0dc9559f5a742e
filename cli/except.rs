//! `affiant except`: gaps that someone accepted for a time.

use crate::args::{ExceptArguments, ExceptVerb, ExceptionArguments};
use crate::context::Context;
use crate::error::Failure;
use crate::output;
use crate::statements::{Desk, admitted, id_or, ids};
use crate::view;
use affiant_controls::admit::admit_exception;
use affiant_controls::exception::Exception;
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use serde_json::json;

pub(crate) fn run(context: &Context, arguments: ExceptArguments) -> Result<u8, Failure> {
    match arguments.verb {
        ExceptVerb::Grant(arguments) => grant(context, &arguments),
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
    let exception = admit_exception(exception, &desk.catalogs.controls, desk.now).map_err(admitted)?;
    desk.known_assets(&exception.assets)?;
    let name = exception.id.to_string();
    desk.record("exception", &name, &[Statement::Exception(exception)])
}

fn revoke(context: &Context, id: &str, system: &str, reason: String, by: String) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, system)?;
    let Some(Statement::Exception(before)) = desk.latest("exception", id)? else {
        return Err(Failure::refused(format!("`{}` is no exception of {}", visible(id), desk.system)));
    };
    if before.revoked {
        return Err(Failure::refused(format!("exception `{}` was revoked before", before.id)));
    }
    let exception = Exception { revoked: true, reason, approver: by, requested_by: None, ..before };
    let exception = admit_exception(exception, &desk.catalogs.controls, desk.now).map_err(admitted)?;
    let name = exception.id.to_string();
    desk.record("revocation of exception", &name, &[Statement::Exception(exception)])
}

fn list(context: &Context, system: &str) -> Result<u8, Failure> {
    let register = view::register_now(context, system)?;
    let now = register.as_of();
    let word = |exception: &Exception| match (exception.revoked, exception.in_force(now)) {
        (true, _) => "revoked",
        (false, true) => "in force",
        (false, false) => "expired",
    };
    if context.json {
        let rows: Vec<_> = register
            .exceptions()
            .map(|filed| json!({"exception": filed.value, "state": word(&filed.value), "index": filed.citation.index}))
            .collect();
        output::json(&rows);
        return Ok(0);
    }
    let rows = register.exceptions().map(|filed| {
        let exception = &filed.value;
        let assets: Vec<&str> = exception.assets.iter().map(|asset| asset.as_str()).collect();
        vec![
            exception.id.to_string(),
            word(exception).to_owned(),
            exception.control.to_string(),
            if assets.is_empty() { "every asset".to_owned() } else { assets.join(", ") },
            exception.expires.to_string(),
            exception.approver.clone(),
            exception.reason.clone(),
        ]
    });
    output::table(&["exception", "state", "control", "assets", "until", "approver", "reason"], rows);
    Ok(0)
}
