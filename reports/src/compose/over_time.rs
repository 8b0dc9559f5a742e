//! How it stood over time: month by month for each requirement, how old the evidence is, what was promised and what ran,
//! what changed since the last pack. Derived from the same entries by the same rules as the rest.

use super::framework::anchor_of;
use super::parts::state_tone;
use super::{Material, paragraph, section};
use crate::derive::{Catalogs, statement};
use crate::diff::{outcomes, states};
use crate::document::{
    Bar, Bars, Block, Category, Cell, Column, HeatCell, HeatMap, HeatRow, Kind, Link, Row, Section, Span,
    Table, Tone,
};
use affiant_controls::statement::Statement;
use affiant_controls::{ControlId, ControlState, Horizon, Register};
use affiant_frameworks::assess::assess_all;
use affiant_frameworks::assessment::{Assessment, Standing};
use affiant_frameworks::period::{Period, PeriodAssessment, PlanPeriod, RunState, assess_period};
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most months looked back on.
const MONTHS_MAX: usize = 12;
const DAY: u64 = 86_400_000;
/// Most rows of what changed; `pack diff` shows all.
const CHANGES_LISTED: usize = 200;

/// The chapter.
pub(super) fn chapter(material: Material<'_>) -> Section {
    let text = "The months before the time this report speaks of, by what was recorded until then. A requirement is covered \
                at an instant when every control mapped to it held on every asset, by the rules of the conclusions.";
    let mut all = section("s-time", "Over time", vec![paragraph(text)]);
    let months = months(material);
    if let (Some(first), Some(last)) = (months.first(), months.last()) {
        let period =
            Period { from: first.from, to: last.to, known: material.register.horizon().known, size: None };
        let Catalogs { frameworks, controls, mappings } = material.catalogs;
        // Where the stream tells of no such time there is nothing to show.
        if let Ok(judged) = assess_period(frameworks, mappings, controls, material.records, period) {
            all.sections.extend(judged.iter().map(|it| coverage(it, &months, material)));
            all.sections.push(runs(judged.first().map_or(&[][..], |it| &it.plans), &months));
        }
    }
    all.sections.push(freshness(&material.assessment.assessments, material.assessment.as_of));
    all.sections.push(changes(material));
    all
}

/// A calendar month, or the part of it that the report looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Month {
    name: String,
    from: Timestamp,
    to: Timestamp,
}

/// The months from the first entry, at most twelve, to the instant judged.
fn months(material: Material<'_>) -> Vec<Month> {
    let Some(first) = material.records.first() else { return Vec::new() };
    let end =
        material.assessment.as_of.as_millis().checked_add(1).and_then(|it| Timestamp::from_millis(it).ok());
    let mut to = end.unwrap_or(material.assessment.as_of);
    let mut months = Vec::new();
    while months.len() < MONTHS_MAX && to > first.entry.time {
        let Some(last) = Timestamp::from_millis(to.as_millis().saturating_sub(1)).ok() else { break };
        let name = last.date().to_string()[..7].to_owned();
        let Ok(begin) = format!("{name}-01T00:00:00Z").parse::<Timestamp>() else { break };
        let from = begin.max(first.entry.time);
        if from >= to {
            break;
        }
        months.push(Month { name, from, to });
        to = begin;
    }
    months.reverse();
    months
}

fn coverage(judged: &PeriodAssessment, months: &[Month], material: Material<'_>) -> Section {
    let id = &judged.framework.id;
    let whole = material.assessment.assessments.iter().find(|it| it.framework.id == *id);
    let mut mapped: BTreeMap<&str, BTreeSet<&ControlId>> = BTreeMap::new();
    for mapping in material.catalogs.mappings.of(id.as_str()) {
        mapped.entry(&mapping.requirement).or_default().insert(&mapping.control);
    }
    let none = BTreeSet::new();
    let shares: Vec<Vec<Share>> = judged
        .requirements
        .iter()
        .map(|requirement| {
            let controls = mapped.get(requirement.requirement.as_str()).unwrap_or(&none);
            months.iter().map(|month| Share::of(judged, controls, month)).collect()
        })
        .collect();
    let rows = judged.requirements.iter().zip(&shares).map(|(requirement, shares)| HeatRow {
        label: requirement.citation.clone(),
        link: whole.and_then(|it| anchor_of(it, &requirement.requirement)).map(Link::Internal),
        cells: shares.iter().map(Share::cell).collect(),
    });
    let map = Block::HeatMap(HeatMap {
        caption: "Days covered, of the days of each month that this report looks at".into(),
        columns: months.iter().map(|month| month.name.clone()).collect(),
        rows: rows.collect(),
    });
    let at_end = |at: usize, wanted: End| shares.iter().filter(|row| row[at].end == wanted).count() as u64;
    let bars = months.iter().enumerate().map(|(at, month)| Bar {
        label: format!("end of {}", month.name),
        link: None,
        counts: [End::Covered, End::Open, End::Failed].map(|end| at_end(at, end)).to_vec(),
    });
    let category = |label: &str, tone| Category { label: label.into(), tone };
    let trend = Block::Bars(Bars {
        caption: "Requirements with a control that apply today, as they stood at the end of each month"
            .into(),
        categories: vec![
            category("covered", Tone::Good),
            category("not covered", Tone::Missing),
            category("a control failed", Tone::Bad),
        ],
        bars: bars.collect(),
    });
    let blocks = match months.len() {
        // One column of one month says less than the chapter of the framework.
        1 => vec![
            trend,
            paragraph("The stream begins in this month: there is no earlier one to compare it with."),
        ],
        _ => vec![trend, map],
    };
    section(&format!("s-time-{id}"), whole.map_or(id.as_str(), |it| &it.criteria), blocks)
}

/// How a requirement stood in a month.
struct Share {
    covered: u64,
    failed: u64,
    length: u64,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Covered,
    Failed,
    Open,
}

impl Share {
    fn of(judged: &PeriodAssessment, controls: &BTreeSet<&ControlId>, month: &Month) -> Self {
        let (covered, failed) = judged.within(controls, month.from, month.to);
        let last = Timestamp::from_millis(month.to.as_millis() - 1).unwrap_or(month.from);
        let end = match judged.within(controls, last, month.to) {
            (1.., _) => End::Covered,
            (_, 1..) => End::Failed,
            _ => End::Open,
        };
        Self { covered, failed, length: month.to.as_millis() - month.from.as_millis(), end }
    }

    /// A day counts when all of it was covered; where the part of the month is no whole number of days, its last counts as one.
    fn cell(&self) -> HeatCell {
        let days = self.length.div_ceil(DAY);
        let whole = self.covered == self.length;
        let covered = if whole { days } else { (self.covered / DAY).min(days.saturating_sub(1)) };
        let tone = match (self.failed, self.covered) {
            (1.., _) => Tone::Bad,
            _ if whole => Tone::Good,
            (_, 0) => Tone::Missing,
            _ => Tone::Caution,
        };
        HeatCell { label: format!("{covered}/{days}"), tone: Some(tone) }
    }
}

/// What was promised against what ran.
fn runs(plans: &[PlanPeriod], months: &[Month]) -> Section {
    let text = "Each window of a plan is a promise, judged by what was recorded before it closed. A plan made later promises \
                nothing for the time before.";
    let rows = plans.iter().map(|plan| HeatRow {
        label: format!(
            "{} on {}",
            plan.plan.control,
            plan.plan.asset.as_ref().map_or("any asset", |it| it.as_str())
        ),
        link: None,
        cells: months.iter().map(|month| run_cell(plan, month)).collect(),
    });
    let rows: Vec<HeatRow> = rows.collect();
    let mut blocks = vec![paragraph(text)];
    if rows.is_empty() {
        blocks.push(paragraph("No run is planned, so nothing can be said about runs that are missing."));
    } else {
        blocks.push(Block::HeatMap(HeatMap {
            caption: "Run calendar: runs kept, of those promised for windows that end in the month".into(),
            columns: months.iter().map(|month| month.name.clone()).collect(),
            rows,
        }));
        blocks.push(Block::Table(run_table(plans)));
    }
    section("s-runs", "Run calendar and continuity", blocks)
}

fn run_cell(plan: &PlanPeriod, month: &Month) -> HeatCell {
    let within = plan.windows.iter().filter(|it| month.from < it.to && it.to <= month.to);
    let (mut kept, mut all, mut missed, mut failed) = (0_u64, 0_u64, 0_u64, 0_u64);
    for window in within {
        all += 1;
        match window.state {
            RunState::Kept => kept += 1,
            RunState::Missed => missed += 1,
            RunState::Failed => failed += 1,
            RunState::Late | RunState::Open => {}
        }
    }
    let tone = match (all, kept) {
        (0, _) => None,
        _ if missed > 0 => Some(Tone::Missing),
        _ if failed > 0 => Some(Tone::Bad),
        (all, kept) if all == kept => Some(Tone::Good),
        _ => Some(Tone::Caution),
    };
    HeatCell { label: if all == 0 { String::new() } else { format!("{kept}/{all}") }, tone }
}

fn run_table(plans: &[PlanPeriod]) -> Table {
    let states = [RunState::Kept, RunState::Failed, RunState::Late, RunState::Missed, RunState::Open];
    let rows = plans.iter().map(|plan| {
        let count = |state: &RunState| Cell::text(plan.counts.get(state).copied().unwrap_or(0).to_string());
        let cells =
            [Cell::from(Span::mono(plan.plan.id.to_string())), Cell::text(plan.plan.cadence.to_string())];
        Row { id: String::new(), cells: cells.into_iter().chain(states.iter().map(count)).collect() }
    });
    let mut columns = vec![Column::share("Plan", 3, Kind::Mono), Column::points("Every", 60, Kind::Text)];
    columns.extend(states.iter().map(|state| Column::points(state.as_str(), 56, Kind::Number)));
    Table {
        caption: "Windows by what became of them".into(),
        columns,
        rows: rows.collect(),
        empty: "No run is planned.".into(),
    }
}

/// How old the evidence is that the states rest on.
fn freshness(assessments: &[Assessment], as_of: Timestamp) -> Section {
    const AGES: [(u64, &str); 6] = [
        (7, "up to 7 days"),
        (30, "8 to 30 days"),
        (90, "31 to 90 days"),
        (180, "91 to 180 days"),
        (365, "181 to 365 days"),
        (u64::MAX, "older"),
    ];
    let mut pairs: BTreeMap<(&ControlId, &Id), &Standing> = BTreeMap::new();
    for standing in assessments.iter().flat_map(|judged| &judged.controls) {
        pairs.extend(standing.assets.iter().map(|on| ((&standing.control, &on.asset), on)));
    }
    let shown = [
        ControlState::Held,
        ControlState::Stale,
        ControlState::Review,
        ControlState::Failed,
        ControlState::Excepted,
    ];
    let mut counts = vec![vec![0_u64; shown.len()]; AGES.len()];
    let mut without = 0_u64;
    for on in pairs.values() {
        let age = on.observed_to.map(|at| as_of.days_since(at));
        let at = age.and_then(|age| AGES.iter().position(|(most, _)| age <= *most));
        match (at, shown.iter().position(|state| *state == on.state)) {
            (Some(at), Some(state)) => counts[at][state] += 1,
            _ => without += 1,
        }
    }
    let bars = AGES.iter().zip(counts).map(|((_, label), counts)| Bar {
        label: (*label).to_owned(),
        link: None,
        counts,
    });
    let bars = Block::Bars(Bars {
        caption: "Controls on assets by the age of the latest observation they rest on".into(),
        categories: shown
            .iter()
            .map(|state| Category { label: state.as_str().into(), tone: state_tone(*state) })
            .collect(),
        bars: bars.collect(),
    });
    let text = format!(
        "{without} of {} pairs of a control and an asset have no observation that decides.",
        pairs.len()
    );
    section("s-freshness", "Age of the evidence", vec![bars, paragraph(text)])
}

/// What is otherwise than when the pack before this one was issued.
fn changes(material: Material<'_>) -> Section {
    let heading = "Changes since the last pack";
    let Some((before, register)) = last_pack(material) else {
        return section("s-changes", heading, vec![paragraph("No earlier pack of this system is on file.")]);
    };
    let Catalogs { frameworks, controls, mappings } = material.catalogs;
    let then = match assess_all(frameworks, mappings, controls, &register) {
        Ok(then) => then,
        Err(error) => {
            return section(
                "s-changes",
                heading,
                vec![paragraph(format!("They cannot be derived: {error}"))],
            );
        }
    };
    let now = &material.assessment.assessments;
    let text = format!(
        "The earlier pack, {before}, judged {}. Both are judged here by the catalogs of this report, so what differs is the evidence.",
        register.as_of()
    );
    let outcomes = outcomes(&then, now);
    let states = states(&then, now);
    let word = |word: Option<&str>| Cell::text(word.unwrap_or("none"));
    let outcome_rows = outcomes.iter().take(CHANGES_LISTED).map(|it| {
        Row::from([
            Cell::text(it.citation.clone()),
            word(it.before.map(|it| it.as_str())),
            word(it.after.map(|it| it.as_str())),
            Cell::text(it.conclusion.clone()),
        ])
    });
    let state_rows = states.iter().take(CHANGES_LISTED).map(|it| {
        Row::from([
            Cell::from(Span::mono(it.control.to_string())),
            Cell::from(Span::mono(it.asset.to_string())),
            word(it.before.map(|it| it.as_str())),
            word(it.after.map(|it| it.as_str())),
            Cell::text(it.reason.clone()),
        ])
    });
    let outcome_table = Table {
        caption: listed("Conclusions that changed", outcomes.len()),
        columns: vec![
            Column::points("Citation", 100, Kind::Text),
            Column::points("Then", 76, Kind::Text),
            Column::points("Now", 76, Kind::Text),
            Column::share("What the evidence comes to", 1, Kind::Text),
        ],
        rows: outcome_rows.collect(),
        empty: "No conclusion changed.".into(),
    };
    let state_table = Table {
        caption: listed("States of controls that changed", states.len()),
        columns: vec![
            Column::points("Control", 76, Kind::Mono),
            Column::share("Asset", 2, Kind::Mono),
            Column::points("Then", 70, Kind::Text),
            Column::points("Now", 70, Kind::Text),
            Column::share("Why", 3, Kind::Text),
        ],
        rows: state_rows.collect(),
        empty: "No state changed.".into(),
    };
    section(
        "s-changes",
        heading,
        vec![paragraph(text), Block::Table(outcome_table), Block::Table(state_table)],
    )
}

fn listed(what: &str, count: usize) -> String {
    if count > CHANGES_LISTED {
        format!("{what}: the first {CHANGES_LISTED} of {count}")
    } else {
        format!("{what}: {count}")
    }
}

/// The pack issued last before this one, and the register as it judged.
fn last_pack(material: Material<'_>) -> Option<(Id, Register)> {
    let (_, earlier) = material.records.split_last()?;
    let issued = |record: &Record| match statement(record) {
        Ok(Some(Statement::Pack(issued))) => Some(issued),
        _ => None,
    };
    let (at, issued) = earlier.iter().enumerate().rev().find_map(|(at, record)| {
        let is_pack = record.entry.kind == *"pack";
        if is_pack && record.entry.time <= material.register.horizon().known {
            issued(record).filter(|it| it.as_of <= material.assessment.as_of).map(|it| (at, it))
        } else {
            None
        }
    })?;
    let known = earlier[at].entry.time;
    let horizon = Horizon { as_of: issued.as_of, known, size: Some(earlier[at].entry.index) };
    Some((issued.id, Register::replay_at(earlier, horizon).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_with_a_gap_is_no_covered_day() {
        let cell = |covered, failed, length| {
            let cell = Share { covered, failed, length, end: End::Open }.cell();
            (cell.label, cell.tone.unwrap())
        };
        let month = 30 * DAY;
        assert_eq!(cell(month, 0, month), ("30/30".to_owned(), Tone::Good));
        assert_eq!(cell(month - 1, 0, month), ("29/30".to_owned(), Tone::Caution));
        assert_eq!(cell(DAY - 1, 0, month), ("0/30".to_owned(), Tone::Caution));
        assert_eq!(cell(0, 0, month), ("0/30".to_owned(), Tone::Missing));
        assert_eq!(cell(20 * DAY, 1, month), ("20/30".to_owned(), Tone::Bad));
        // The part of a month in which the report looks back may be no whole number of days.
        assert_eq!(cell(DAY / 2, 0, DAY / 2), ("1/1".to_owned(), Tone::Good));
        assert_eq!(cell(DAY / 4, 0, DAY / 2), ("0/1".to_owned(), Tone::Caution));
    }
}
