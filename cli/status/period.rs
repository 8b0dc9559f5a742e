//! A period: for how much of it each requirement and control was covered, and the runs that were promised.

use crate::context::Context;
use crate::output::{self, share_bar};
use crate::statements::span;
use crate::view::{Asked, View};
use affiant_controls::history::Span;
use affiant_controls::state::ControlState;
use affiant_frameworks::assessment::{self, Share};
use affiant_frameworks::period::{Period, PeriodAssessment, PeriodError, assess_period};
use affiant_ledger::id::Id;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::{Failure, UNDETERMINED};

/// Shows a system over a period.
pub(super) fn run(
    context: &Context,
    view: &View<'_>,
    catalogs: &Catalogs,
    system: &Id,
    over: &str,
    asked: Asked,
    csv: bool,
) -> Result<u8, Failure> {
    let (from, to) = span(over)?;
    let period = Period { from, to, known: asked.horizon.known, size: asked.horizon.size };
    if period.to > context.now() {
        return Err(Failure::refused(format!("{} lies in the future", period.to)));
    }
    let records = view.records(system, true)?;
    let judged =
        assess_period(&catalogs.frameworks, &catalogs.mappings, &catalogs.controls, &records, period);
    let judged = judged.map_err(failure)?;
    let covered = judged.iter().flat_map(|it| &it.controls).flat_map(|it| &it.assets);
    let evaluated = covered.into_iter().any(|asset| asset.spans.iter().any(is_evaluated));
    if context.json {
        output::json(&judged);
    } else if csv {
        lines(system, &judged);
    } else {
        output::line(format!("{system} from {} to {}, as known on {}", period.from, period.to, period.known));
        judged.iter().for_each(show);
        if let Some(first) = judged.first().filter(|first| !first.plans.is_empty()) {
            output::line("");
            output::line("promised runs");
            crate::plan::table(&first.plans);
        }
    }
    Ok(if evaluated { 0 } else { UNDETERMINED })
}

fn is_evaluated(span: &Span) -> bool {
    assessment::is_evaluated(span.state) || span.underlying.is_some_and(assessment::is_evaluated)
}

fn failure(error: PeriodError) -> Failure {
    match error {
        PeriodError::Register(error) => Failure::integrity(error),
        PeriodError::NoSystem(_) => Failure { code: UNDETERMINED, ..Failure::refused(error) },
        PeriodError::Empty(..) | PeriodError::Mappings { .. } => Failure::refused(error),
    }
}

fn show(judged: &PeriodAssessment) {
    output::line("");
    let whole = judged.requirements.iter().filter(|row| row.covered.count == row.covered.of).count();
    let some = judged.requirements.iter().filter(|row| row.covered.count > 0).count();
    output::line(format!(
        "{}: {whole} of {} requirements covered throughout, {some} for a part",
        judged.framework.id,
        judged.requirements.len()
    ));
    let rows = judged.requirements.iter().filter(|row| row.covered.count > 0 || row.failed.count > 0);
    let rows: Vec<_> = rows
        .map(|row| {
            vec![
                format!("{} {}", row.citation, row.title),
                format!(
                    "[{}]",
                    share_bar(&[(row.covered.count, '#'), (row.failed.count, '!')], row.covered.of, 12)
                ),
                days(row.covered),
                days(row.failed),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::table(&["requirement", "covered", "days", "days failed"], rows);
    }
    let rows: Vec<_> = judged
        .controls
        .iter()
        .flat_map(|control| control.assets.iter().map(move |asset| (control, asset)))
        .filter(|(_, asset)| asset.spans.iter().any(|span| !span.citations.is_empty()))
        .map(|(control, asset)| {
            let bad = asset.spans.iter().filter(|span| span.state != ControlState::Held).map(span_text);
            vec![
                control.control.to_string(),
                asset.asset.to_string(),
                days(asset.held),
                bad.collect::<Vec<_>>().join("; "),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::line("");
        output::table(&["control", "asset", "days held", "gaps and failures"], rows);
    }
}

fn span_text(span: &Span) -> String {
    format!("{} {} to {}", span.state, span.from.date(), span.to.date())
}

/// Days of days, with a tenth where they are few.
fn days(share: Share) -> String {
    const TENTH: u64 = 8_640_000;
    let text = |millis: u64| format!("{}.{}", millis / TENTH / 10, millis / TENTH % 10);
    format!("{} of {}", text(share.count), text(share.of))
}

/// Every span as a row.
fn lines(system: &Id, judged: &[PeriodAssessment]) {
    let mut seen = std::collections::BTreeSet::new();
    let controls = judged.iter().flat_map(|it| &it.controls).filter(|it| seen.insert(it.control.clone()));
    let rows = controls.flat_map(|control| {
        control.assets.iter().flat_map(move |asset| {
            asset.spans.iter().map(move |span| {
                let entries: Vec<String> = span.citations.iter().map(|it| it.index.to_string()).collect();
                vec![
                    system.to_string(),
                    control.control.to_string(),
                    asset.asset.to_string(),
                    span.from.to_string(),
                    span.to.to_string(),
                    span.state.to_string(),
                    span.reason.clone(),
                    entries.join(" "),
                ]
            })
        })
    });
    let rows: Vec<_> = rows.collect();
    output::csv(&["system", "control", "asset", "from", "to", "state", "why", "entries"], rows);
}
