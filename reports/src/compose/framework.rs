//! The chapter of one framework: a matrix of what applies, then each requirement on which there is something to say.

use super::parts::tone;
use super::{Material, fact, paragraph};
use crate::document::{Block, Cell, Column, Kind, Row, Section, Span, Table, Tone};
use affiant_frameworks::applicability::ApplicabilityState;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_frameworks::timing::TimingState;

pub(super) fn chapter(judged: &Assessment, material: Material<'_>) -> Section {
    let id = &judged.framework.id;
    let totals = &judged.totals;
    let mut chapter = super::section(
        &format!("f-{id}"),
        &judged.criteria,
        vec![
            Block::KeyValues(vec![
                fact("Requirements judged", totals.judged.to_string()),
                fact("Apply to the system", totals.applying.to_string()),
                fact("With a control mapped", totals.mapped.to_string()),
                fact("Satisfied", totals.satisfied.to_string()),
            ]),
            matrix(judged),
        ],
    );
    let worth = judged.determinations.iter().filter(|d| applies(d) && !d.controls.is_empty());
    let pages: Vec<Section> = worth.map(|determination| page(judged, determination, material)).collect();
    let mut detail = super::section(
        &format!("f-{id}-detail"),
        "Requirement by requirement",
        vec![paragraph("Requirements that apply or may apply, and to which at least one control is mapped.")],
    );
    detail.sections = pages;
    if !detail.sections.is_empty() {
        chapter.sections.push(detail);
    }
    chapter.sections.extend(super::sheets::of(judged, material));
    chapter
}

fn applies(determination: &Determination) -> bool {
    determination.applicability.state != ApplicabilityState::DoesNotApply
}

fn matrix(judged: &Assessment) -> Block {
    let rows = judged.determinations.iter().filter(|d| applies(d)).map(|determination| {
        let (held, of) = coverage(determination);
        let reference = Span::plain(determination.citation.clone());
        let linked = if determination.controls.is_empty() {
            reference
        } else {
            reference.to(anchor(judged, determination))
        };
        Row::from([
            Cell::from(linked),
            Cell::text(determination.title.clone()),
            timing(determination),
            Cell::status(determination.outcome.as_str(), tone(determination.outcome)),
            Cell::text(if determination.controls.is_empty() {
                "no control".into()
            } else {
                format!("{held} of {of}")
            }),
        ])
    });
    Block::Table(Table {
        caption: "What applies or may apply".into(),
        columns: vec![
            Column::points("Citation", 88, Kind::Text),
            Column::share("Requirement", 4, Kind::Text),
            Column::points("From", 100, Kind::Status),
            Column::points("Evidence", 82, Kind::Status),
            Column::points("Held", 56, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "Nothing applies.".into(),
    })
}

/// Pairs of control and asset held, of all.
fn coverage(determination: &Determination) -> (u64, u64) {
    determination
        .controls
        .iter()
        .fold((0, 0), |(held, of), control| (held + control.held, of + control.population))
}

fn timing(determination: &Determination) -> Cell {
    let timing = &determination.timing;
    let date = timing.date.map(|date| format!(" {date}")).unwrap_or_default();
    let tone = match timing.state {
        TimingState::InForce => Tone::Neutral,
        _ => Tone::Caution,
    };
    Cell::status(format!("{}{date}", timing.state.as_str()), tone)
}

fn anchor(judged: &Assessment, determination: &Determination) -> String {
    let slug: String = determination
        .requirement
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("r-{}-{slug}", judged.framework.id)
}

/// Where a requirement is treated, if it has a page.
pub(super) fn anchor_of(judged: &Assessment, requirement: &str) -> Option<String> {
    let has_page =
        |it: &&Determination| it.requirement == requirement && applies(it) && !it.controls.is_empty();
    judged.determinations.iter().find(has_page).map(|it| anchor(judged, it))
}

fn page(judged: &Assessment, determination: &Determination, material: Material<'_>) -> Section {
    let framework = material.catalogs.frameworks.iter().find(|framework| framework.pin() == judged.framework);
    let summary =
        framework.and_then(|f| f.requirement(&determination.requirement)).map(|r| r.summary.clone());
    let mut facts = vec![
        fact("Asks", summary.unwrap_or_default()),
        fact("Applies", determination.applicability.reason.clone()),
        fact("From", determination.timing.reason.clone()),
        fact("Conclusion", determination.conclusion.clone()),
    ];
    let citations = determination.citations.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    facts.push(fact("Entries cited", if citations.is_empty() { "none".into() } else { citations }));
    let mut blocks = vec![Block::KeyValues(facts), controls(judged, determination)];
    if !determination.gaps.is_empty() {
        blocks.push(gaps(determination));
    }
    let heading = format!("{} {}", determination.citation, determination.title);
    super::section(&anchor(judged, determination), &heading, blocks)
}

fn controls(judged: &Assessment, determination: &Determination) -> Block {
    let rows = determination.controls.iter().map(|mapped| {
        let title = judged
            .control(mapped.control.as_str())
            .map(|standing| standing.title.clone())
            .unwrap_or_default();
        let full = mapped.population > 0 && mapped.held == mapped.population;
        let excepted = match mapped.excepted {
            0 => String::new(),
            count => format!(", {count} excepted"),
        };
        let tone = if full { Tone::Good } else { Tone::Caution };
        Row::from([
            Cell::from(Span::mono(mapped.control.to_string())),
            Cell::text(title),
            Cell::status(format!("{} of {}{excepted}", mapped.held, mapped.population), tone),
        ])
    });
    Block::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::points("Control", 76, Kind::Mono),
            Column::share("Title", 1, Kind::Text),
            Column::points("Held on assets", 110, Kind::Status),
        ],
        rows: rows.collect(),
        empty: "No control is mapped, or every one was decided not to apply.".into(),
    })
}

fn gaps(determination: &Determination) -> Block {
    let rows = determination.gaps.iter().map(|gap| {
        let assets = gap.assets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let bad = determination.outcome == Outcome::NotSatisfied && gap.kind.as_str() == "failed";
        Row::from([
            Cell::status(gap.kind.as_str(), if bad { Tone::Bad } else { Tone::Missing }),
            Cell::from(Span::mono(gap.control.as_ref().map(ToString::to_string).unwrap_or_default())),
            Cell::from(Span::mono(assets)),
            Cell::text(gap.detail.clone()),
        ])
    });
    Block::Table(Table {
        caption: "Gaps".into(),
        columns: vec![
            Column::points("Gap", 110, Kind::Status),
            Column::points("Control", 76, Kind::Mono),
            Column::share("Assets", 2, Kind::Mono),
            Column::share("What", 4, Kind::Text),
        ],
        rows: rows.collect(),
        empty: String::new(),
    })
}
