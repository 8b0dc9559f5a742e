//! The period that a pack is about: how each requirement stood throughout, and what the entries show to be complete.

use super::framework::anchor_of;
use super::{Material, paragraph, section};
use crate::document::{Block, Cell, Column, Kind, Row, Section, Span, Table, Tone};
use affiant_controls::issued::PackPeriod;
use affiant_frameworks::assessment::Share;
use affiant_frameworks::period::{PeriodAssessment, PlanPeriod, RequirementPeriod, RunState, Stretch};

/// Gaps listed of a requirement; assessment.json has all.
const GAPS_LISTED: usize = 12;

/// The chapter; none where the pack is about an instant.
pub(super) fn chapter(material: Material<'_>) -> Option<Section> {
    let period = material.assessment.period?;
    let text = format!(
        "From {} until {} (the first instant after it), by what was recorded until the pack was issued. A requirement is covered at an \
         instant when every control mapped to it held on every asset, or was under an exception there while another held. The tables \
         list those that apply at the end of the period and have a control, with the time in which they were not covered.",
        period.from, period.to
    );
    let mut all = section("s-period", "Over the period", vec![paragraph(text)]);
    all.sections.extend(material.assessment.periods.iter().map(|judged| over(judged, material)));
    Some(all)
}

fn over(judged: &PeriodAssessment, material: Material<'_>) -> Section {
    let id = &judged.framework.id;
    let whole = material.assessment.assessments.iter().find(|it| it.framework.id == *id);
    let row = |of: &RequirementPeriod| {
        let anchor = whole.and_then(|it| anchor_of(it, &of.requirement));
        let citation = Span::plain(of.citation.clone());
        Row::from([
            Cell::from(match anchor {
                Some(anchor) => citation.to(&anchor),
                None => citation,
            }),
            Cell::text(of.title.clone()),
            Cell::status(days(of.covered), tone(of)),
            Cell::text(days(of.failed)),
            Cell::text(gaps(&of.gaps)),
        ])
    };
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::points("Requirement", 74, Kind::Text),
            Column::share("Title", 3, Kind::Text),
            Column::points("Days covered", 84, Kind::Status),
            Column::points("Days failed", 70, Kind::Number),
            Column::share("Not covered", 4, Kind::Text),
        ],
        rows: judged.requirements.iter().map(row).collect(),
        empty: "No requirement applies and has a control.".into(),
    };
    section(
        &format!("s-period-{id}"),
        whole.map_or(id.as_str(), |it| &it.criteria),
        vec![Block::Table(table)],
    )
}

fn tone(of: &RequirementPeriod) -> Tone {
    match (of.failed.count, of.covered.count) {
        (1.., _) => Tone::Bad,
        (_, covered) if covered == of.covered.of => Tone::Good,
        (_, 0) => Tone::Missing,
        _ => Tone::Caution,
    }
}

/// Days of days, with a tenth.
fn days(Share { count, of }: Share) -> String {
    const TENTH: u64 = 8_640_000;
    let text = |millis: u64| format!("{}.{}", millis / TENTH / 10, millis / TENTH % 10);
    format!("{} of {}", text(count), text(of))
}

fn gaps(all: &[Stretch]) -> String {
    let shown = all.iter().take(GAPS_LISTED).map(|Stretch { from, to, failed }| {
        let word = if *failed { ", failed" } else { "" };
        format!("{from} to {to}{word}")
    });
    let more = all.len().saturating_sub(GAPS_LISTED);
    let more = (more > 0).then(|| format!("{more} more in assessment.json"));
    shown.chain(more).collect::<Vec<_>>().join("; ")
}

/// How many requirements were covered throughout, for a part and never, by framework; none where the pack is about an instant.
pub(super) fn summary(material: Material<'_>) -> Option<Block> {
    material.assessment.period?;
    let rows = material.assessment.periods.iter().map(|judged| {
        let Tally { all, throughout, part, failed } = Tally::of(judged);
        let whole = material.assessment.assessments.iter().find(|it| it.framework.id == judged.framework.id);
        let criteria = whole.map_or(judged.framework.id.as_str(), |it| &it.criteria);
        let numbers = [throughout, part, all - throughout - part, failed, all];
        let cells = numbers.map(|number| Cell::text(number.to_string()));
        Row { id: String::new(), cells: std::iter::once(Cell::text(criteria)).chain(cells).collect() }
    });
    Some(Block::Table(Table {
        caption: "Over the period: requirements that apply at its end and have a control".into(),
        columns: vec![
            Column::share("Framework", 3, Kind::Text),
            Column::share("Covered throughout", 2, Kind::Number),
            Column::share("For a part", 2, Kind::Number),
            Column::share("Never", 2, Kind::Number),
            Column::share("A control failed in it", 2, Kind::Number),
            Column::share("Of", 1, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No framework.".into(),
    }))
}

/// Requirements of a framework over a period, counted.
pub(crate) struct Tally {
    /// All of them.
    pub(crate) all: usize,
    /// Those covered throughout.
    pub(crate) throughout: usize,
    /// Those covered for a part.
    pub(crate) part: usize,
    /// Those of which a control failed at some time.
    pub(crate) failed: usize,
}

impl Tally {
    /// Counts.
    pub(crate) fn of(judged: &PeriodAssessment) -> Self {
        let count =
            |is: &dyn Fn(&RequirementPeriod) -> bool| judged.requirements.iter().filter(|it| is(it)).count();
        Self {
            all: judged.requirements.len(),
            throughout: count(&|it| it.covered.count == it.covered.of),
            part: count(&|it| it.covered.count > 0 && it.covered.count < it.covered.of),
            failed: count(&|it| it.failed.count > 0),
        }
    }
}

/// What was promised for the period and what ran, in words.
pub(crate) fn promised(plans: &[PlanPeriod]) -> String {
    let states = [RunState::Kept, RunState::Failed, RunState::Late, RunState::Missed, RunState::Open];
    let count = |state: &RunState| plans.iter().filter_map(|plan| plan.counts.get(state)).sum::<u64>();
    let counts = states.map(|state| (state, count(&state)));
    match counts.iter().map(|(_, count)| count).sum::<u64>() {
        0 => "no run was promised, so none can be missing".to_owned(),
        all => {
            let each = counts.map(|(state, count)| format!("{count} {}", state.as_str())).join(", ");
            format!("of {all} promised runs {each}")
        }
    }
}

/// What the pack shows to be complete, and where that ends.
pub(super) fn completeness(material: Material<'_>) -> Section {
    let (Some(first), Some(last)) = (material.records.first(), material.records.last()) else {
        return section("s-complete", "Completeness", Vec::new());
    };
    let stream = &material.assessment.system;
    let mut points = vec![
        format!(
            "What precedes: position 0 is the first entry of stream {stream}, recorded at {}. Nothing precedes it in this stream.",
            first.entry.time
        ),
        format!(
            "In between: positions 0 to {} follow one another; each entry names the one before it, and none is left out.",
            last.entry.n
        ),
        format!(
            "What follows: the last entry, at position {}, recorded at {}, is the one that issued this pack. What was recorded later is \
             not in it.",
            last.entry.n, last.entry.time
        ),
    ];
    match material.assessment.period {
        Some(period) => points.extend(of_period(period, material)),
        None => points.push(
            "Promised runs and those that happened are held against each other in Run calendar and continuity. A test that was neither \
             promised nor recorded leaves no trace."
                .to_owned(),
        ),
    }
    let points = points.into_iter().map(|point| vec![Span::plain(point)]).collect();
    section("s-complete", "Completeness", vec![Block::List(points)])
}

fn of_period(PackPeriod { from, to }: PackPeriod, material: Material<'_>) -> [String; 3] {
    let times = || material.records.iter().map(|record| record.entry.time);
    let (before, after) =
        (times().filter(|time| *time < from).count(), times().filter(|time| *time >= to).count());
    let within = times().count() - before - after;
    let begin = match times().next() {
        Some(first) if first > from => format!(
            "The stream begins at {first}, after the period does: of the time from {from} until then nothing is on file."
        ),
        _ => format!("The stream reaches back behind the begin of the period, {from}."),
    };
    let plans = material.assessment.periods.first().map_or(&[][..], |judged| &judged.plans);
    [
        begin,
        format!(
            "Of the entries {before} were recorded before the period, {within} within it and {after} after it, the one that issued the pack \
             among these. Those after it count only for what they say of the period; what was observed later is left out."
        ),
        format!(
            "Plan against actual runs: {}. A test that was neither promised nor recorded leaves no trace.",
            promised(plans)
        ),
    ]
}
