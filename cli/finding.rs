//! `affiant finding`: failures to be dealt with. Results open and close them; people say who mends them and by when.

use crate::args::{FindingArguments, FindingVerb, WorkArguments};
use crate::catalogs;
use crate::context::Context;
use crate::output;
use crate::statements::{Desk, time};
use crate::view::{self, Asked, View};
use affiant_controls::finding::{Finding, FindingState, Found, Standing};
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_server::failure::Failure;
use affiant_server::follow;
use affiant_server::standing::findings_waiting;
use affiant_server::statements::{self, worked};
use affiant_server::systems::known_system;
use serde_json::{Value, json};

pub(crate) fn run(context: &Context, arguments: FindingArguments) -> Result<u8, Failure> {
    match arguments.verb {
        FindingVerb::List { system, state, overdue } => list(context, &system, state.as_deref(), overdue),
        FindingVerb::Show { id, system } => show(context, &id, system.as_deref()),
        FindingVerb::Triage(work) => say(context, &work, FindingState::Triaged),
        FindingVerb::Assign(work) => say(context, &work, FindingState::Remediating),
        FindingVerb::Sync { system } => sync(context, &system),
    }
}

/// Records what a person says of a finding; never that it is gone.
fn say(context: &Context, work: &WorkArguments, state: FindingState) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    let before = find(&mut ledger, &work.id, work.system.as_deref())?;
    let (owner, ticket, note) = (work.owner.clone(), work.ticket.clone(), work.note.clone());
    let due = time(work.due.as_ref())?;
    let finding = worked(before, statements::Work { owner, ticket, note, due }, state, context.now())?;
    let catalogs = catalogs::of_ledger(&mut ledger, &[])?;
    let (system, name) = (finding.system.clone(), finding.id.to_string());
    let desk = Desk { context, ledger, catalogs, system, now: context.now() };
    let what = format!("finding, {}:", finding.state.as_str());
    desk.record(&what, &name, &[Statement::Finding(Box::new(finding))])
}

/// The latest statement of a finding, of whatever system unless one is named.
fn find(ledger: &mut Ledger, id: &str, system: Option<&str>) -> Result<Finding, Failure> {
    let system: Option<Id> = system.map(|id| id.parse().map_err(Failure::refused)).transpose()?;
    statements::finding(ledger, id, system.as_ref())?.ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    let failure = Failure::refused(format!("`{}` is no finding", visible(id)));
    failure.hint("`affiant finding list SYSTEM` lists them")
}

fn sync(context: &Context, system: &str) -> Result<u8, Failure> {
    let system: Id = system.parse().map_err(Failure::refused)?;
    let mut ledger = context.open()?;
    known_system(&ledger, &system)?;
    let controls = catalogs::controls_of(&mut ledger)?;
    let changed = follow::follow_all(&mut ledger, &system, &controls, context.now())?;
    ledger.close()?;
    if context.json {
        let follow::Changed { opened, reopened, resolved } = changed;
        output::json(
            &json!({"system": system, "opened": opened, "reopened": reopened, "resolved": resolved}),
        );
    } else {
        output::line(
            changed.words().unwrap_or_else(|| "findings: as the results say, nothing to record".to_owned()),
        );
    }
    Ok(0)
}

fn list(context: &Context, system: &str, state: Option<&str>, overdue: bool) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let controls = catalogs::of_view(&view, &[])?.controls;
    let register = view::register(&view, &view.known(system)?, Asked::now(context.now()))?;
    let mut found = register.found(&controls);
    found.retain(|it| state.is_none_or(|state| it.standing.as_str() == state) && (it.overdue || !overdue));
    if context.json {
        output::json(&found.iter().map(row).collect::<Vec<_>>());
        return Ok(0);
    }
    let rows = found.iter().map(|it| {
        let finding = &it.filed.value;
        vec![
            finding.id.to_string(),
            finding.severity.to_string(),
            standing(it),
            about(finding),
            finding.owner.clone().unwrap_or_else(|| "nobody".to_owned()),
            finding.due.date().to_string(),
            finding.summary.clone(),
        ]
    });
    output::table(&["finding", "severity", "state", "what failed", "owner", "due", "what"], rows);
    Ok(0)
}

fn show(context: &Context, id: &str, system: Option<&str>) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let controls = catalogs::of_view(&view, &[])?.controls;
    let systems = match system {
        Some(system) => vec![view.known(system)?],
        None => view.systems()?,
    };
    for system in &systems {
        let register = view::register(&view, system, Asked::now(context.now()))?;
        if let Some(it) = register.found(&controls).iter().find(|it| it.filed.value.id == *id) {
            if context.json {
                output::json(&row(it));
            } else {
                lines(it).iter().for_each(output::line);
            }
            return Ok(0);
        }
    }
    Err(unknown(id))
}

/// A finding with everything that is known of it.
fn lines(it: &Found<'_>) -> Vec<String> {
    let finding = &it.filed.value;
    let again = match finding.reopened {
        0 => String::new(),
        1 => ", for the second time".to_owned(),
        more => format!(", {more} times after it was gone"),
    };
    let mut lines = vec![
        format!("{}: {}", finding.id, finding.summary),
        format!("  state: {}", standing(it)),
        format!("  failed: {} of {}, by {}", about(finding), finding.system, finding.collector),
        format!("  severity: {}", finding.severity),
        format!("  found: {}, entry {}{again}", finding.opened_at, finding.opened_by),
        format!("  due: {}", finding.due),
        format!("  owner: {}", finding.owner.as_deref().unwrap_or("nobody")),
    ];
    let more = [
        ("rule", finding.rule.clone()),
        ("where", finding.location.clone()),
        ("ticket", finding.ticket.clone()),
        ("note", finding.note.clone()),
        ("exception", it.exception.map(ToString::to_string)),
        ("gone", finding.resolved_at.map(|at| at.to_string())),
    ];
    lines.extend(more.into_iter().filter_map(|(name, value)| Some(format!("  {name}: {}", value?))));
    lines
}

fn row(it: &Found<'_>) -> Value {
    json!({
        "finding": it.filed.value, "state": it.standing, "overdue": it.overdue, "exception": it.exception,
        "index": it.filed.citation.index,
    })
}

/// Control and asset, and the rule where there is one.
fn about(finding: &Finding) -> String {
    let asset = finding.asset.as_ref().map(|asset| format!(" on {asset}")).unwrap_or_default();
    format!("{}{asset}", finding.control)
}

/// How it stands, in words.
fn standing(it: &Found<'_>) -> String {
    let word = it.standing.as_str();
    match (it.standing, it.exception, it.filed.value.resolved_by) {
        (Standing::Accepted, Some(exception), _) => format!("{word} by exception {exception}"),
        (Standing::Resolved, _, Some(index)) => format!("{word} by entry {index}"),
        _ if it.overdue => format!("{word}, overdue"),
        _ => word.to_owned(),
    }
}

/// How many findings wait, in a line; nothing when none does.
pub(crate) fn line(register: &Register, controls: &ControlSet) -> Option<String> {
    let (waiting, overdue) = findings_waiting(register, controls);
    let parts: Vec<String> =
        waiting.iter().rev().map(|(severity, count)| format!("{count} {severity}")).collect();
    let open: u64 = waiting.values().sum();
    (open > 0).then(|| format!("findings: {open} open ({}), {overdue} overdue", parts.join(", ")))
}
