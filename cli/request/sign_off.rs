//! `affiant request sign-off`: what an auditor or officer says about something on file.

use crate::args::SignOffArguments;
use crate::context::Context;
use crate::statements::{Desk, admitted, id_or};
use affiant_controls::admit::admit_sign_off;
use affiant_controls::signoff::{Outcome, SignOff};
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use affiant_server::failure::Failure;
use affiant_server::statements::is_on_file;

pub(super) fn run(context: &Context, arguments: &SignOffArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let SignOffArguments { by, role, about, outcome, note, .. } = arguments;
    let content = [by, role, about, outcome, note].map(|part| part.as_bytes());
    let sign_off = SignOff {
        at: desk.now,
        by: by.clone(),
        id: id_or(arguments.id.as_ref(), "sign", &content)?,
        note: note.clone(),
        role: role.clone(),
        about: about.parse().map_err(Failure::refused)?,
        system: desk.system.clone(),
        outcome: known_outcome(outcome)?,
    };
    let sign_off = admit_sign_off(sign_off, desk.now).map_err(admitted)?;
    is_on_file(&mut desk.ledger, &desk.catalogs, &desk.system, &sign_off.about)?;
    let name = sign_off.id.to_string();
    desk.record("sign-off", &name, &[Statement::SignOff(sign_off)])
}

fn known_outcome(text: &str) -> Result<Outcome, Failure> {
    Outcome::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| {
        let known = Outcome::ALL.map(Outcome::as_str).join(", ");
        Failure::refused(format!("`{}` is not an outcome", visible(text))).hint(format!("known: {known}"))
    })
}
