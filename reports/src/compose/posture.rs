//! What people stated beside results: exceptions, decisions, attestations, incidents with their clocks, planned runs.

use super::{Material, paragraph, section};
use crate::document::{Block, Cell, Column, Kind, Row, Section, Span, Table, Tone};
use affiant_controls::Plan;
use affiant_controls::incident::Stage;
use affiant_controls::text::duration;
use affiant_frameworks::clock::{Clock, ClockState, clocks};
use affiant_ledger::id::Id;

/// The chapter; where nothing is on file each part says so.
pub(super) fn chapter(material: Material<'_>) -> Section {
    let text = "Statements of people, as they stand at the time this report speaks of. An exception never makes a control \
                held, a decision on a control hides no failure of it, and what is not listed was not recorded.";
    let mut all =
        section("s-other", "Exceptions, decisions, attestations, incidents, plans", vec![paragraph(text)]);
    all.sections = vec![
        exceptions(material),
        decisions(material),
        attestations(material),
        incidents(material),
        plans(material),
    ];
    all
}

fn list(ids: impl IntoIterator<Item = impl ToString>, none: &str) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    if ids.is_empty() { none.to_owned() } else { ids.join(", ") }
}

fn exceptions(material: Material<'_>) -> Section {
    let now = material.register.as_of();
    let rows = material.register.exceptions().map(|filed| {
        let exception = &filed.value;
        let approved = material.register.approval(filed, &material.catalogs.controls);
        let state = match (exception.revoked, exception.in_force(now)) {
            (true, _) => Cell::status("revoked", Tone::Muted),
            (false, true) if approved.is_pending() => Cell::status("pending", Tone::Muted),
            (false, true) => Cell::status("in force", Tone::Caution),
            (false, false) => Cell::status("expired", Tone::Bad),
        };
        let instead =
            exception.compensating.as_ref().map(|it| format!(" Meanwhile: {it}.")).unwrap_or_default();
        let asked =
            exception.requested_by.as_ref().map(|who| format!(", asked for by {who}")).unwrap_or_default();
        Row::from([
            Cell::from(Span::mono(exception.id.to_string())),
            state,
            Cell::from(Span::mono(format!(
                "{} on {}",
                exception.control,
                list(&exception.assets, "every asset")
            ))),
            Cell::text(exception.expires.to_string()),
            Cell::text(format!("{}{asked}", approved.people.join(", "))),
            Cell::text(format!("{}{instead}", exception.reason)),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let columns = vec![
        Column::share("Exception", 2, Kind::Mono),
        Column::points("State", 56, Kind::Status),
        Column::share("From", 3, Kind::Mono),
        Column::points("Until", 100, Kind::Text),
        Column::share("Accepted by", 2, Kind::Text),
        Column::share("Why", 4, Kind::Text),
        Column::points("Entry", 40, Kind::Number),
    ];
    part("s-exceptions", "Exceptions", columns, rows.collect(), "No exception is recorded.")
}

fn decisions(material: Material<'_>) -> Section {
    let rows = material.register.decisions().map(|filed| {
        let decision = &filed.value;
        let target = match (&decision.control, &decision.framework, &decision.requirement) {
            (Some(control), ..) => control.to_string(),
            (None, Some(framework), Some(requirement)) => format!("{framework} {requirement}"),
            _ => String::new(),
        };
        let state = match decision.applies {
            true => Cell::status("applies", Tone::Neutral),
            false => Cell::status("does not apply", Tone::Muted),
        };
        Row::from([
            Cell::from(Span::mono(target)),
            state,
            Cell::text(decision.reason.clone()),
            Cell::text(list(&decision.drivers, "")),
            Cell::text(decision.decided_by.clone()),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let columns = vec![
        Column::share("On", 3, Kind::Mono),
        Column::points("Decided", 84, Kind::Status),
        Column::share("Why", 5, Kind::Text),
        Column::share("Drivers", 2, Kind::Text),
        Column::share("By", 2, Kind::Text),
        Column::points("Entry", 40, Kind::Number),
    ];
    part("s-decisions", "Decisions on applicability", columns, rows.collect(), "No decision is recorded.")
}

fn attestations(material: Material<'_>) -> Section {
    let now = material.register.as_of();
    let rows = material.register.attestations().map(|filed| {
        let attestation = &filed.value;
        let state = match (attestation.withdrawn, attestation.holds(now)) {
            (true, _) => Cell::status("withdrawn", Tone::Muted),
            (false, true) => Cell::status("valid", Tone::Good),
            (false, false) => Cell::status("expired", Tone::Missing),
        };
        Row::from([
            Cell::from(Span::mono(format!("{} {}", attestation.framework, attestation.requirement))),
            state,
            Cell::text(attestation.summary.clone()),
            Cell::text(attestation.by.clone()),
            Cell::text(attestation.valid_until.to_string()),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let columns = vec![
        Column::share("Requirement", 3, Kind::Mono),
        Column::points("State", 62, Kind::Status),
        Column::share("What", 4, Kind::Text),
        Column::share("By", 2, Kind::Text),
        Column::points("Until", 100, Kind::Text),
        Column::points("Entry", 40, Kind::Number),
    ];
    part(
        "s-attestations",
        "Attestations",
        columns,
        rows.collect(),
        "No attestation on a requirement is recorded.",
    )
}

fn incidents(material: Material<'_>) -> Section {
    let running: Vec<Clock> = material
        .catalogs
        .frameworks
        .iter()
        .flat_map(|framework| clocks(framework, material.register))
        .collect();
    let of = |id: &Id| {
        let own = running.iter().filter(|clock| clock.subject == *id.as_str());
        let text = |clock: &Clock| format!("{} {} ({})", clock.citation, clock.due, clock.state.as_str());
        list(own.map(text), "none")
    };
    let rows = material.register.incidents().map(|filed| {
        let incident = &filed.value;
        let overdue =
            running.iter().any(|it| it.subject == *incident.id.as_str() && it.state == ClockState::Overdue);
        let state = match (incident.closed_at, overdue) {
            (_, true) => Cell::status("overdue", Tone::Bad),
            (Some(_), _) => Cell::status("closed", Tone::Neutral),
            (None, _) => Cell::status("open", Tone::Caution),
        };
        Row::from([
            Cell::from(Span::mono(incident.id.to_string())),
            state,
            Cell::text(list(&incident.kinds, "not serious")),
            Cell::text(incident.aware_at.to_string()),
            Cell::text(of(&incident.id)),
            Cell::text(incident.summary.clone()),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let columns = vec![
        Column::share("Incident", 2, Kind::Mono),
        Column::points("State", 56, Kind::Status),
        Column::share("Kinds", 2, Kind::Text),
        Column::points("Aware at", 100, Kind::Text),
        Column::share("Clocks, due", 3, Kind::Text),
        Column::share("What", 4, Kind::Text),
        Column::points("Entry", 40, Kind::Number),
    ];
    let mut all = part(
        "s-incidents",
        "Incidents and their clocks",
        columns,
        rows.collect(),
        "No incident is recorded.",
    );
    if material.register.incidents().next().is_some() {
        all.blocks.push(stages(material));
    }
    all
}

/// How long each incident took, and what became of the tests added because of it.
fn stages(material: Material<'_>) -> Block {
    let rows = material.register.incidents().map(|filed| {
        let incident = &filed.value;
        let took = Stage::ALL.map(|stage| match (incident.took(stage), incident.reached(stage)) {
            (Some(millis), _) => Cell::text(duration(millis)),
            (None, Some(_)) => Cell::status("start unknown", Tone::Missing),
            (None, None) => Cell::status("not yet", Tone::Missing),
        });
        let tests = material.register.incident_tests(incident, &material.catalogs.controls);
        let tests = list(
            tests.iter().map(|(test, on)| format!("{}: {}", test.control, on.state.as_str())),
            "none added",
        );
        let cells = std::iter::once(Cell::from(Span::mono(incident.id.to_string())))
            .chain(took)
            .chain([Cell::text(tests)]);
        Row { id: String::new(), cells: cells.collect() }
    });
    Block::Table(Table {
        caption: "How long it took, and the tests added because of it".into(),
        columns: vec![
            Column::share("Incident", 2, Kind::Mono),
            Column::points("To detect", 66, Kind::Status),
            Column::points("To acknowledge", 76, Kind::Status),
            Column::points("To contain", 66, Kind::Status),
            Column::points("To close", 66, Kind::Status),
            Column::share("Tests since", 3, Kind::Text),
        ],
        rows: rows.collect(),
        empty: String::new(),
    })
}

fn plans(material: Material<'_>) -> Section {
    let until = |plan: &Plan| plan.until.map(|until| until.to_string()).unwrap_or_else(|| "open".to_owned());
    let rows = material.register.plans().map(|filed| {
        let plan = &filed.value;
        Row::from([
            Cell::from(Span::mono(plan.id.to_string())),
            Cell::from(Span::mono(format!("{} on {}", plan.control, list(&plan.asset, "any asset")))),
            Cell::text(plan.cadence.to_string()),
            Cell::text(plan.from.to_string()),
            Cell::text(until(plan)),
            Cell::text(plan.owner.clone().unwrap_or_default()),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let columns = vec![
        Column::share("Plan", 2, Kind::Mono),
        Column::share("Runs of", 3, Kind::Mono),
        Column::points("Every", 50, Kind::Text),
        Column::points("From", 100, Kind::Text),
        Column::points("Until", 100, Kind::Text),
        Column::share("Owner", 2, Kind::Text),
        Column::points("Entry", 40, Kind::Number),
    ];
    part("s-plans", "Planned runs", columns, rows.collect(), "No run is planned.")
}

fn part(id: &str, heading: &str, columns: Vec<Column>, rows: Vec<Row>, empty: &str) -> Section {
    let table = Table { caption: String::new(), columns, rows, empty: empty.into() };
    section(id, heading, vec![Block::Table(table)])
}
