//! One screen: how each framework stands, group by group, which clocks run, what runs out, what to do next.

use crate::context::Context;
use crate::finding;
use crate::output::{self, share_bar};
use crate::request;
use affiant_frameworks::applicability::ApplicabilityState;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_frameworks::clock::ClockState;
use affiant_frameworks::framework::Framework;
use affiant_reports::derive::Catalogs;
use affiant_server::standing::{AHEAD, Standing, clock_text, next};
use std::collections::BTreeMap;

/// Width of a bar.
const BAR: u64 = 12;
/// Steps, clocks and expiries shown.
const SHOWN: usize = 6;

/// Name of the system and a row for each framework.
pub(super) fn head(standing: &Standing<'_>) {
    let register = standing.register;
    let name = register.system().map_or("", |system| system.name.as_str());
    let known = match register.horizon().known == register.as_of() {
        true => String::new(),
        false => format!(", as known on {}", register.horizon().known),
    };
    output::line(format!("{}: {name}, as of {}{known}", standing.system, register.as_of()));
    let rows = standing.assessments.iter().map(|judged| {
        let count = |outcome| judged.totals.by_outcome.get(&outcome).copied().unwrap_or(0).to_string();
        vec![
            judged.framework.id.to_string(),
            judged.totals.applying.to_string(),
            count(Outcome::Satisfied),
            count(Outcome::Partial),
            count(Outcome::NotSatisfied),
            count(Outcome::NotAssessed),
            count(Outcome::Unknown),
            judged.totals.pairs_held.to_string(),
        ]
    });
    let header = [
        "framework",
        "apply",
        "satisfied",
        "partial",
        "not satisfied",
        "no evidence",
        "unknown",
        "controls on assets held",
    ];
    output::table(&header, rows);
}

/// The whole screen; groups and steps where one system was asked for.
pub(super) fn show(context: &Context, catalogs: &Catalogs, standing: &Standing<'_>, one: bool) {
    head(standing);
    if one {
        steps(standing);
    }
    clocks(standing);
    requests(standing);
    findings(catalogs, standing);
    expiring(standing);
    if one {
        groups(catalogs, standing);
        context.say(
            "bars: # evidence on file, + partial, ! failed, . none; unknown stands apart: a fact is missing",
        );
    }
    context.say("satisfied: evidence on file for every mapped control over its whole population; list the rest with --gaps");
}

/// Headings of a framework with what stands under each.
fn groups(catalogs: &Catalogs, standing: &Standing<'_>) {
    for judged in &standing.assessments {
        let Some(framework) = catalogs.frameworks.iter().find(|it| it.pin() == judged.framework) else {
            continue;
        };
        let rows: Vec<Vec<String>> = framework
            .groups
            .iter()
            .filter_map(|group| {
                let under = |it: &&Determination| it.group.as_deref() == Some(group.id.as_str());
                let under: Vec<&Determination> = judged.determinations.iter().filter(under).collect();
                row(&group.citation, &group.title, &under)
            })
            .chain(annexes(framework, judged))
            .collect();
        output::line("");
        output::table(
            &[
                title(judged, framework).as_str(),
                "evidence on file",
                "",
                "failed",
                "partial",
                "none",
                "unknown",
            ],
            rows,
        );
    }
}

/// What stands under no heading stands in an annex.
fn annexes(framework: &Framework, judged: &Assessment) -> Vec<Vec<String>> {
    let mut under: BTreeMap<usize, Vec<&Determination>> = BTreeMap::new();
    for determination in judged.determinations.iter().filter(|it| it.group.is_none()) {
        let mut at = framework.requirement(&determination.requirement);
        while let Some(above) =
            at.and_then(|row| row.parent.as_deref()).and_then(|id| framework.requirement(id))
        {
            at = Some(above);
        }
        let place = framework.requirements.iter().position(|row| at.is_some_and(|top| top.id == row.id));
        under.entry(place.unwrap_or(usize::MAX)).or_default().push(determination);
    }
    let of = |(place, under): (usize, Vec<&Determination>)| {
        let top = framework.requirements.get(place)?;
        row(&top.citation, &top.title, &under)
    };
    under.into_iter().filter_map(of).collect()
}

fn title(judged: &Assessment, framework: &Framework) -> String {
    format!("{} {}", judged.framework.id, framework.version)
}

fn row(citation: &str, title: &str, under: &[&Determination]) -> Option<Vec<String>> {
    let count = |outcome| under.iter().filter(|it| it.outcome == outcome).count() as u64;
    let apply =
        under.iter().filter(|it| it.applicability.state == ApplicabilityState::Applies).count() as u64;
    let unknown = count(Outcome::Unknown);
    if apply + unknown == 0 {
        return None;
    }
    let (satisfied, partial, failed) =
        (count(Outcome::Satisfied), count(Outcome::Partial), count(Outcome::NotSatisfied));
    let number = |count: u64| if count == 0 { ".".to_owned() } else { count.to_string() };
    Some(vec![
        format!("{citation} {title}"),
        format!("[{}]", share_bar(&[(satisfied, '#'), (partial, '+'), (failed, '!')], apply, BAR)),
        format!("{satisfied} of {apply}"),
        number(failed),
        number(partial),
        number(count(Outcome::NotAssessed)),
        number(unknown),
    ])
}

fn clocks(standing: &Standing<'_>) {
    let waits = |state| matches!(state, ClockState::Overdue | ClockState::Running);
    let running: Vec<_> =
        standing.clocks.iter().filter(|clock| waits(clock.state) || clock.open.is_some()).collect();
    if running.is_empty() {
        return;
    }
    output::line("");
    output::line(format!("clocks: {} running or overdue", running.len()));
    for clock in running.iter().take(SHOWN) {
        let unsure = if clock.unsure { " (whether it binds is unknown)" } else { "" };
        output::line(format!("  {}: {}{unsure}", clock.subject, clock_text(clock)));
    }
    more(running.len());
}

fn requests(standing: &Standing<'_>) {
    let lines = request::lines(standing.register, SHOWN);
    if !lines.is_empty() {
        output::line("");
    }
    lines.iter().for_each(output::line);
}

fn findings(catalogs: &Catalogs, standing: &Standing<'_>) {
    if let Some(line) = finding::line(standing.register, &catalogs.controls) {
        output::line("");
        output::line(line);
    }
}

fn expiring(standing: &Standing<'_>) {
    let Some(first) = standing.expiring.first() else { return };
    output::line("");
    let count = standing.expiring.len();
    output::line(format!("runs out within {AHEAD} days: {count}, the first on {}", first.at));
    for expiry in standing.expiring.iter().take(SHOWN) {
        output::line(format!("  {} {} {}, {}", expiry.at, expiry.what, expiry.about, expiry.detail));
    }
    more(count);
}

fn steps(standing: &Standing<'_>) {
    let steps = next::steps(standing);
    if steps.is_empty() {
        return;
    }
    output::line("");
    output::line(format!("next, of {} steps:", steps.len()));
    for (number, step) in (1..).zip(steps.iter().take(SHOWN)) {
        let waiting = if step.requirements == 1 {
            "1 requirement"
        } else {
            &format!("{} requirements", step.requirements)
        };
        let because = if step.because == step.act { String::new() } else { format!(": {}", step.because) };
        output::line(format!("  {number}. {} ({waiting}){because}", step.act));
    }
}

fn more(count: usize) {
    if count > SHOWN {
        output::line(format!("  and {} more, see --json", count - SHOWN));
    }
}
