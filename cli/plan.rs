//! `affiant plan`: runs promised beforehand, and what became of them.

use crate::args::{PlanAddArguments, PlanArguments, PlanVerb};
use crate::catalogs;
use crate::context::Context;
use crate::output;
use crate::statements::{Desk, admitted, id_or, time, time_or};
use crate::view::View;
use affiant_controls::admit::admit_plan;
use affiant_controls::plan::Plan;
use affiant_controls::statement::Statement;
use affiant_frameworks::period::{Period, PlanPeriod, RunState, assess_period};
use affiant_ledger::id::visible;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;

/// How far back the calendar reaches when nothing else is asked for, in milliseconds.
const LOOK_BACK: u64 = 90 * 86_400_000;

pub(crate) fn run(context: &Context, arguments: PlanArguments) -> Result<u8, Failure> {
    match arguments.verb {
        PlanVerb::Add(arguments) => add(context, &arguments),
        PlanVerb::End { id, system } => {
            let mut desk = Desk::open(context, &system)?;
            let Some(Statement::Plan(plan)) = desk.latest("plan", &id)? else {
                return Err(Failure::refused(format!("`{}` is no plan of {}", visible(&id), desk.system)));
            };
            if plan.until.is_some_and(|until| until <= desk.now) {
                return Err(Failure::refused(format!("plan `{}` has ended", plan.id)));
            }
            let name = plan.id.to_string();
            let ended = Plan { until: Some(desk.now.max(plan.from)), ..plan };
            desk.record("end of plan", &name, &[Statement::Plan(ended)])
        }
        PlanVerb::List { system, from } => list(context, &system, from.as_ref()),
    }
}

fn add(context: &Context, arguments: &PlanAddArguments) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, &arguments.system)?;
    let asset = arguments.asset.as_deref().unwrap_or_default();
    let content = [arguments.control.as_bytes(), arguments.every.as_bytes(), asset.as_bytes()];
    let plan = Plan {
        id: id_or(arguments.id.as_ref(), "plan", &content)?,
        // A little ahead: the entry is recorded before the promise begins.
        from: time_or(arguments.from.as_ref(), after(desk.now))?,
        asset: arguments.asset.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?,
        owner: arguments.owner.clone(),
        until: time(arguments.until.as_ref())?,
        system: desk.system.clone(),
        cadence: arguments.every.parse().map_err(Failure::refused)?,
        control: arguments.control.parse().map_err(Failure::refused)?,
        collector: arguments.collector.clone(),
    };
    let plan = admit_plan(plan, &desk.catalogs.controls, desk.now).map_err(admitted)?;
    desk.known_assets(&plan.asset)?;
    let name = plan.id.to_string();
    desk.record("plan", &name, &[Statement::Plan(plan)])
}

fn after(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + 60_000).unwrap_or(Timestamp::MAX)
}

fn list(context: &Context, system: &str, from: Option<&String>) -> Result<u8, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let catalogs = catalogs::of_view(&view, &[])?;
    let system = view.known(system)?;
    let now = context.now();
    let back = Timestamp::from_millis(now.as_millis().saturating_sub(LOOK_BACK)).unwrap_or(Timestamp::MIN);
    let period = Period { from: time_or(from, back)?, to: now, known: now, size: None };
    let records = view.records(&system, true)?;
    let one = catalogs.frameworks.get(..1).unwrap_or_default();
    let judged = assess_period(one, &catalogs.mappings, &catalogs.controls, &records, period);
    let plans =
        judged.map_err(Failure::refused)?.into_iter().next().map(|judged| judged.plans).unwrap_or_default();
    if context.json {
        output::json(&plans);
        return Ok(0);
    }
    table(&plans);
    Ok(0)
}

/// Plans with what became of their windows, and the windows that were not kept.
pub(crate) fn table(plans: &[PlanPeriod]) {
    let count = |plan: &PlanPeriod, state| plan.counts.get(&state).copied().unwrap_or(0).to_string();
    let rows = plans.iter().map(|plan| {
        let asset = plan.plan.asset.as_ref().map_or("any", |asset| asset.as_str());
        vec![
            plan.plan.id.to_string(),
            plan.plan.control.to_string(),
            asset.to_owned(),
            plan.plan.cadence.to_string(),
            count(plan, RunState::Kept),
            count(plan, RunState::Failed),
            count(plan, RunState::Late),
            count(plan, RunState::Missed),
            count(plan, RunState::Open),
            plan.plan.owner.clone().unwrap_or_default(),
        ]
    });
    output::table(
        &["plan", "control", "asset", "every", "kept", "failed", "late", "missed", "open", "owner"],
        rows,
    );
    let bad = |state| matches!(state, RunState::Failed | RunState::Late | RunState::Missed);
    let windows = plans.iter().flat_map(|plan| plan.windows.iter().map(move |window| (plan, window)));
    let rows: Vec<_> = windows
        .filter(|(_, window)| bad(window.state))
        .map(|(plan, window)| {
            let entries: Vec<String> = window.runs.iter().map(|run| run.index.to_string()).collect();
            vec![
                plan.plan.id.to_string(),
                window.state.as_str().to_owned(),
                window.from.to_string(),
                window.to.to_string(),
                entries.join(", "),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::line("");
        output::table(&["plan", "window", "from", "to", "entries"], rows);
    }
}
