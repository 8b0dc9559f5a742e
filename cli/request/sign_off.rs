//! `affiant request sign-off`: what an auditor or officer says about something on file.

use crate::args::SignOffArguments;
use crate::context::Context;
use crate::finding;
use crate::statements::{Desk, admitted, id_or};
use affiant_controls::admit::admit_sign_off;
use affiant_controls::signoff::{About, Outcome, SignOff};
use affiant_controls::statement::Statement;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::{Id, visible};
use affiant_server::failure::Failure;

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
    on_file(&mut desk, &sign_off.about)?;
    let name = sign_off.id.to_string();
    desk.record("sign-off", &name, &[Statement::SignOff(sign_off)])
}

fn known_outcome(text: &str) -> Result<Outcome, Failure> {
    Outcome::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| {
        let known = Outcome::ALL.map(Outcome::as_str).join(", ");
        Failure::refused(format!("`{}` is not an outcome", visible(text))).hint(format!("known: {known}"))
    })
}

/// Refuses what is not on file of the system: nobody can have looked at it.
fn on_file(desk: &mut Desk<'_>, about: &About) -> Result<(), Failure> {
    match about {
        About::Entry(index) => entry(desk, *index),
        About::Request(id) => latest(desk, "request", id),
        About::Sample(id) => latest(desk, "sample", id),
        About::Pack(id) => latest(desk, "pack", id),
        About::Finding(id) => {
            let system = desk.system.to_string();
            finding::find(&mut desk.ledger, id.as_str(), Some(&system)).map(drop)
        }
        About::Requirement { framework, requirement } => {
            let mut frameworks = desk.catalogs.frameworks.iter().filter(|it| it.id == *framework);
            if frameworks.any(|framework| framework.requirement(requirement).is_some()) {
                return Ok(());
            }
            let text = format!("`{}` is no requirement of `{framework}`", visible(requirement));
            Err(Failure::refused(text).hint("`affiant catalog search` finds them by their words"))
        }
    }
}

fn entry(desk: &mut Desk<'_>, index: u64) -> Result<(), Failure> {
    let size = desk.ledger.size();
    if index >= size {
        let text = format!("entry {index} does not exist: the ledger has {size} entries");
        return Err(Failure::refused(text));
    }
    let bytes = desk.ledger.reader()?.entry_bytes(index)?;
    let stream = Entry::from_bytes(&bytes).map_err(Failure::integrity)?.stream;
    if stream == desk.system {
        return Ok(());
    }
    Err(Failure::refused(format!("entry {index} is of `{stream}`, not of `{}`", desk.system)))
}

fn latest(desk: &mut Desk<'_>, kind: &str, id: &Id) -> Result<(), Failure> {
    if desk.latest(kind, id.as_str())?.is_some() {
        return Ok(());
    }
    Err(Failure::refused(format!("`{id}` is no {kind} of {}", desk.system)))
}
