//! `affiant policy`: what is asked of those who accept gaps, and since when.

use crate::args::{PolicyArguments, PolicySetArguments, PolicyVerb};
use crate::context::Context;
use crate::output;
use crate::statements::admitted;
use crate::view;
use affiant_controls::admit::admit_policy;
use affiant_controls::control::Severity;
use affiant_controls::policy::{ExceptionPolicy, Policy};
use affiant_controls::register::Filed;
use affiant_controls::statement::{ACCESS, ORGANISATION, Statement};
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use affiant_server::systems::known_system;
use serde_json::json;

pub(crate) fn run(context: &Context, arguments: PolicyArguments) -> Result<u8, Failure> {
    match arguments.verb {
        PolicyVerb::Set(arguments) => set(context, &arguments),
        PolicyVerb::Show { system } => show(context, &system),
    }
}

fn set(context: &Context, arguments: &PolicySetArguments) -> Result<u8, Failure> {
    let exceptions = ExceptionPolicy {
        approvals: arguments.exception_approvals,
        from_severity: severity(&arguments.from_severity)?,
    };
    let mut ledger = context.open()?;
    let now = context.now();
    let mut statements = Vec::new();
    for system in meant(&ledger, arguments.system.as_deref())? {
        let policy = Policy { at: now, by: arguments.by.clone(), system, exceptions };
        statements.push(Statement::Policy(admit_policy(policy, now).map_err(admitted)?));
    }
    let drafts: Vec<_> = statements.iter().map(|statement| statement.draft("local")).collect();
    let appended = ledger.append(&drafts)?;
    ledger.close()?;
    for (statement, appended) in statements.iter().zip(&appended) {
        let (system, index) = (statement.stream(), appended.index);
        if context.json {
            output::json(
                &json!({"recorded": "policy", "system": system, "index": index, "statement": statement.to_json()}),
            );
        } else {
            output::line(format!("policy for {system} recorded, entry {index}"));
        }
    }
    context.say("exceptions that are on file already stand under the policy they were recorded under");
    Ok(0)
}

/// The system named; or every one that is registered, and the organisation, whose policy new systems begin with.
fn meant(ledger: &Ledger, system: Option<&str>) -> Result<Vec<Id>, Failure> {
    let Some(system) = system else {
        let streams = ledger.streams().into_iter().map(|(id, _)| id);
        let mut all: Vec<Id> = streams.filter(|id| *id != *ACCESS).collect();
        let organisation: Id = ORGANISATION.parse().map_err(Failure::io)?;
        if !all.contains(&organisation) {
            all.push(organisation);
        }
        return Ok(all);
    };
    let system: Id = system.parse().map_err(Failure::refused)?;
    known_system(ledger, &system)?;
    Ok(vec![system])
}

fn severity(text: &str) -> Result<Severity, Failure> {
    let found = Severity::ALL.into_iter().find(|it| it.as_str() == text);
    found.ok_or_else(|| {
        let known = Severity::ALL.map(Severity::as_str).join(", ");
        Failure::refused(format!("`{}` is not a severity", visible(text))).hint(format!("known: {known}"))
    })
}

/// The policy recorded last in a stream: under it the next exception will stand.
pub(crate) fn last(ledger: &mut Ledger, stream: &Id) -> Result<Option<Policy>, Failure> {
    let indexes = ledger.latest(stream, b"policy\0")?;
    let Some(index) = indexes.into_iter().max() else { return Ok(None) };
    let record = ledger.reader()?.record(index)?;
    let bytes = record.statement.unwrap_or_default();
    match Statement::from_bytes(record.entry.kind.as_str(), &bytes) {
        Ok(Some(Statement::Policy(policy))) => Ok(Some(policy)),
        _ => Ok(None),
    }
}

/// Records the policy of the organisation for a system that is new.
pub(crate) fn begin(ledger: &mut Ledger, system: &Id, now: Timestamp) -> Result<(), Failure> {
    let organisation: Id = ORGANISATION.parse().map_err(Failure::io)?;
    if let Some(policy) = last(ledger, &organisation)? {
        let policy = Policy { at: now, system: system.clone(), ..policy };
        ledger.append(&[Statement::Policy(policy).draft("local")])?;
    }
    Ok(())
}

fn show(context: &Context, system: &str) -> Result<u8, Failure> {
    let register = view::register_now(context, system)?;
    let policies = register.policies();
    let state = |number: usize| if number + 1 == policies.len() { "in force" } else { "replaced" };
    if context.json {
        let row = |(number, filed): (usize, &&Filed<Policy>)| json!({"policy": filed.value, "state": state(number), "recorded": filed.time, "index": filed.citation.index});
        output::json(&policies.iter().enumerate().map(row).collect::<Vec<_>>());
        return Ok(0);
    }
    if policies.is_empty() {
        output::line("no policy: an exception needs nobody but the approver it names");
        return Ok(0);
    }
    let rows = policies.iter().enumerate().map(|(number, filed)| {
        let Policy { by, exceptions, .. } = &filed.value;
        vec![
            state(number).to_owned(),
            filed.time.to_string(),
            format!("{} from {} on", exceptions.approvals, exceptions.from_severity.as_str()),
            by.clone(),
            filed.citation.index.to_string(),
        ]
    });
    output::table(&["state", "since", "people for an exception", "decided by", "entry"], rows);
    Ok(0)
}
