//! Working papers: findings and how old they are, what was asked for, what each conclusion's population is, what was said of
//! what is on file, who and what stated the evidence.

use super::{Material, paragraph, section};
use crate::derive::statement;
use crate::document::{Bar, Bars, Block, Category, Cell, Column, Kind, Row, Section, Span, Table, Tone};
use affiant_controls::finding::{Found, Standing};
use affiant_controls::signoff::{Outcome, SignOff};
use affiant_controls::statement::Statement;
use affiant_controls::{RequestState, Severity};
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Most rows of a table of single items; the pack's entries hold all.
const LISTED: usize = 500;
/// Items of a sample named in its row; its entry names all.
const ITEMS_SHOWN: usize = 40;

/// The chapter.
pub(super) fn chapter(material: Material<'_>) -> Section {
    let text = "What an auditor asks for first, drawn from the same entries.";
    let mut all = section("s-papers", "Working papers", vec![paragraph(text)]);
    all.sections = vec![findings(material), requests(material), populations(material), samples(material)];
    all.sections.extend(sign_offs(material));
    all.sections.extend([sources(material), people(material)]);
    all
}

fn findings(material: Material<'_>) -> Section {
    const AGES: [(u64, &str); 5] = [
        (7, "up to 7 days"),
        (30, "8 to 30 days"),
        (90, "31 to 90 days"),
        (180, "91 to 180 days"),
        (u64::MAX, "older"),
    ];
    let now = material.register.as_of();
    let found = material.register.found(&material.catalogs.controls);
    let waiting = || found.iter().filter(|it| it.standing.waits());
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let age = |it: &Found<'_>| AGES.iter().position(|(most, _)| it.age(now) <= *most);
    let bars = AGES.iter().enumerate().map(|(at, (_, label))| Bar {
        label: (*label).to_owned(),
        link: None,
        counts: severities
            .iter()
            .map(|grade| {
                let counted = waiting().filter(|it| age(it) == Some(at) && it.filed.value.severity == *grade);
                counted.count() as u64
            })
            .collect(),
    });
    let tones = [Tone::Bad, Tone::Caution, Tone::Missing, Tone::Neutral, Tone::Muted];
    let ageing = Block::Bars(Bars {
        caption: "Findings that wait, by age and severity".into(),
        categories: severities
            .iter()
            .zip(tones)
            .map(|(grade, tone)| Category { label: grade.as_str().into(), tone })
            .collect(),
        bars: bars.collect(),
    });
    let rows = found.iter().take(LISTED).map(|it| finding(it, now));
    let table = Block::Table(Table {
        caption: counted("Findings, those that wait first", found.len()),
        columns: vec![
            Column::points("Finding", 78, Kind::Mono),
            Column::points("State", 70, Kind::Status),
            Column::share("Control, asset", 3, Kind::Mono),
            Column::share("Due, owner", 2, Kind::Text),
            Column::share("What", 5, Kind::Text),
            Column::points("Entry", 34, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No finding is recorded.".into(),
    });
    let overdue = waiting().filter(|it| it.overdue).count();
    let text = format!("{} findings wait, {overdue} of them past their day.", waiting().count());
    section("s-findings", "Findings and their age", vec![paragraph(text), ageing, table])
}

fn finding(it: &Found<'_>, now: Timestamp) -> Row {
    let value = &it.filed.value;
    let over = if it.overdue { format!(", {} days over", now.days_since(value.due)) } else { String::new() };
    let tone = match it.standing {
        _ if it.overdue => Tone::Bad,
        standing if standing.waits() => Tone::Caution,
        Standing::Resolved => Tone::Good,
        _ => Tone::Muted,
    };
    let asset = value.asset.as_ref().map_or("", |it| it.as_str());
    let owner = value.owner.as_ref().map(|who| format!(" {who}")).unwrap_or_default();
    Row::from([
        Cell::from(Span::mono(value.id.to_string())),
        Cell::status(format!("{}, {}{over}", value.severity.as_str(), it.standing.as_str()), tone),
        Cell::from(Span::mono(format!("{} {asset}", value.control))),
        Cell::text(format!("{}{owner}", value.due.date())),
        Cell::text(value.summary.clone()),
        Cell::text(it.filed.citation.index.to_string()),
    ])
}

fn requests(material: Material<'_>) -> Section {
    let rows = material.register.followed().into_iter().take(LISTED).map(|it| {
        let request = &it.filed.value;
        let state = match it.state {
            RequestState::Overdue => Cell::status("overdue", Tone::Bad),
            RequestState::Open => Cell::status("open", Tone::Caution),
            RequestState::Answered => Cell::status("answered", Tone::Good),
            RequestState::Withdrawn => Cell::status("withdrawn", Tone::Muted),
        };
        let about = match (&request.control, &request.requirement) {
            (Some(control), _) => control.to_string(),
            (None, Some(requirement)) => requirement.clone(),
            (None, None) => String::new(),
        };
        Row::from([
            Cell::from(Span::mono(request.id.to_string())),
            state,
            Cell::from(Span::mono(about)),
            Cell::text(request.text.clone()),
            Cell::text(format!("{} asks {}", request.asked_by, request.owner)),
            Cell::text(request.due.date().to_string()),
            Cell::text(it.answer.map(|at| at.to_string()).unwrap_or_default()),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("Request", 2, Kind::Mono),
            Column::points("State", 66, Kind::Status),
            Column::share("About", 2, Kind::Mono),
            Column::share("What", 4, Kind::Text),
            Column::share("Who", 3, Kind::Text),
            Column::points("Due", 58, Kind::Text),
            Column::points("Answer", 44, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No evidence was asked for.".into(),
    };
    section("s-requests", "Requests", vec![Block::Table(table)])
}

/// Of what each control is judged, and how many results are behind it: more results never count for more.
fn populations(material: Material<'_>) -> Section {
    let mut results: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    for recorded in material.register.results() {
        let of = results.entry(recorded.result.control.to_string()).or_default();
        of.0 += 1;
        if let Some(population) = &recorded.result.population {
            of.1 = of.1.saturating_add(population.tested);
            of.2 = of.2.saturating_add(population.size);
        }
    }
    let mut controls = BTreeMap::new();
    for standing in material.assessment.assessments.iter().flat_map(|judged| &judged.controls) {
        controls.insert(&standing.control, standing);
    }
    let rows = controls.values().map(|standing| {
        let (count, tested, size) = results.get(standing.control.as_str()).copied().unwrap_or_default();
        let sampled = if size == 0 { "not stated".to_owned() } else { format!("{tested} of {size}") };
        Row::from([
            Cell::from(Span::mono(standing.control.to_string())),
            Cell::text(standing.title.clone()),
            Cell::text(format!("{} of {}", standing.held, standing.population)),
            Cell::text(count.to_string()),
            Cell::text(sampled),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::points("Control", 76, Kind::Mono),
            Column::share("Title", 3, Kind::Text),
            Column::points("Assets held", 76, Kind::Number),
            Column::points("Results that stand", 90, Kind::Number),
            Column::points("Items tested", 86, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No control is mapped to these frameworks.".into(),
    };
    let text = "The population of a control are the assets it applies to. Results that stand are the latest of each collector on \
                each asset; items tested are those that the results themselves state.";
    section("s-populations", "Populations", vec![paragraph(text), Block::Table(table)])
}

/// Samples drawn from the stream, as recorded: whoever verifies the pack draws them again.
fn samples(material: Material<'_>) -> Section {
    let known = material.register.horizon().known;
    let is_known = |record: &&Record| record.entry.kind == *"sample" && record.entry.time <= known;
    let rows = material.records.iter().filter(is_known).filter_map(|record| {
        let Ok(Some(Statement::Sample(sample))) = statement(record) else { return None };
        let shown: Vec<String> = sample.items.iter().take(ITEMS_SHOWN).map(ToString::to_string).collect();
        let more = sample.items.len().saturating_sub(ITEMS_SHOWN);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        Some(Row::from([
            Cell::from(Span::mono(sample.id.to_string())),
            Cell::text(sample.by.clone()),
            Cell::text(format!("{} of {}", sample.items.len(), sample.population.size)),
            Cell::text(sample.filter.to_string()),
            Cell::text(sample.size.to_string()),
            Cell::text(format!("{}{more}", shown.join(", "))),
            Cell::text(record.entry.index.to_string()),
        ]))
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::points("Sample", 92, Kind::Mono),
            Column::share("Drawn by", 2, Kind::Text),
            Column::points("Items", 60, Kind::Number),
            Column::share("From results", 2, Kind::Text),
            Column::points("At size", 44, Kind::Number),
            Column::share("Entries drawn", 4, Kind::Text),
            Column::points("Entry", 34, Kind::Number),
        ],
        rows: rows.collect(),
        empty: "No sample is recorded.".into(),
    };
    let text = "The seed of a sample is made of the auditor's own words and of the root of the ledger at that size, so neither \
                side could choose its items.";
    section("s-samples", "Samples", vec![paragraph(text), Block::Table(table)])
}

/// What auditors and officers said of what is on file; nothing where nobody said anything.
fn sign_offs(material: Material<'_>) -> Option<Section> {
    let said = material.register.sign_offs();
    if said.is_empty() {
        return None;
    }
    let rows = said.iter().take(LISTED).map(|filed| {
        let SignOff { at, by, note, role, about, outcome, .. } = &filed.value;
        let tone = match outcome {
            Outcome::Noted => Tone::Neutral,
            Outcome::Accepted => Tone::Good,
            Outcome::Questioned => Tone::Caution,
        };
        let lines: Vec<&str> = note.lines().filter(|line| !line.trim().is_empty()).collect();
        Row::from([
            Cell::from(Span::mono(about.to_string())),
            Cell::status(outcome.as_str(), tone),
            Cell::text(lines.join("\n")),
            Cell::text(format!("{by}, {role}")),
            Cell::text(at.date().to_string()),
            Cell::text(filed.citation.index.to_string()),
        ])
    });
    let table = Table {
        caption: counted("What was said, in the order of the log", said.len()),
        columns: vec![
            Column::share("About", 3, Kind::Mono),
            Column::points("Outcome", 74, Kind::Status),
            Column::share("What", 5, Kind::Text),
            Column::share("Who", 3, Kind::Text),
            Column::points("When", 58, Kind::Text),
            Column::points("Entry", 34, Kind::Number),
        ],
        rows: rows.collect(),
        empty: String::new(),
    };
    let text = "The words of those named. Nothing in this report was derived from them.";
    Some(section("s-sign-offs", "Sign-offs", vec![paragraph(text), Block::Table(table)]))
}

/// Information produced by the organisation: which tool or person it came from, through which reader, and who recorded it.
fn sources(material: Material<'_>) -> Section {
    #[derive(Default)]
    struct Source {
        versions: BTreeSet<String>,
        readers: BTreeSet<String>,
        submitters: BTreeSet<String>,
        results: u64,
        span: Option<(Timestamp, Timestamp)>,
    }
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let known = material.register.horizon().known;
    let is_known = |record: &&Record| record.entry.kind == *"result" && record.entry.time <= known;
    for record in material.records.iter().filter(is_known) {
        let Ok(Some(Statement::Result(result))) = statement(record) else { continue };
        let source = sources.entry(result.collector.name.clone()).or_default();
        source.versions.extend(result.collector.version.clone());
        source.readers.extend(result.importer.clone());
        source.submitters.insert(record.entry.by.clone());
        source.results += 1;
        let at = result.observed_to;
        source.span = Some(source.span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
    }
    let join = |set: &BTreeSet<String>, none: &str| match set.len() {
        0 => none.to_owned(),
        _ => set.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let rows = sources.iter().map(|(name, source)| {
        let span = source.span.map(|(from, to)| format!("{} to {}", from.date(), to.date()));
        Row::from([
            Cell::text(name.clone()),
            Cell::text(join(&source.versions, "not stated")),
            Cell::text(join(&source.readers, "stated as results")),
            Cell::from(Span::mono(join(&source.submitters, ""))),
            Cell::text(source.results.to_string()),
            Cell::text(span.unwrap_or_default()),
        ])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::share("Collector", 3, Kind::Text),
            Column::share("Version", 2, Kind::Text),
            Column::share("Read by", 2, Kind::Text),
            Column::share("Recorded by", 3, Kind::Mono),
            Column::points("Results", 46, Kind::Number),
            Column::points("Observed", 112, Kind::Text),
        ],
        rows: rows.collect(),
        empty: "No result is on file.".into(),
    };
    let text = "Each result is information produced by the organisation: its completeness and accuracy rest on the collector named. \
                `local` is whoever could write to the ledger; a key's name is the pipeline or person that holds it.";
    section("s-sources", "Collectors and chain of custody", vec![paragraph(text), Block::Table(table)])
}

fn people(material: Material<'_>) -> Section {
    let register = material.register;
    let mut people: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut add = |who: &str, what: &'static str| {
        *people.entry(who.to_owned()).or_default().entry(what).or_default() += 1;
    };
    for filed in register.exceptions() {
        register
            .approval(filed, &material.catalogs.controls)
            .people
            .iter()
            .for_each(|who| add(who, "accepted an exception"));
        filed.value.requested_by.iter().for_each(|who| add(who, "asked for an exception"));
    }
    register.decisions().for_each(|filed| add(&filed.value.decided_by, "decided on applicability"));
    register.attestations().for_each(|filed| add(&filed.value.by, "attested"));
    register.requests().for_each(|filed| add(&filed.value.asked_by, "asked for evidence"));
    register.sign_offs().iter().for_each(|filed| add(&filed.value.by, "signed off"));
    register.plans().filter_map(|filed| filed.value.owner.as_deref()).for_each(|who| add(who, "owns a plan"));
    register
        .findings()
        .filter_map(|filed| filed.value.owner.as_deref())
        .for_each(|who| add(who, "owns a finding"));
    register.system().iter().filter_map(|it| it.owner.as_deref()).for_each(|who| add(who, "owns the system"));
    let rows = people.iter().map(|(who, acts)| {
        let acts: Vec<String> = acts.iter().map(|(what, count)| format!("{what} ({count})")).collect();
        Row::from([Cell::text(who.clone()), Cell::text(acts.join(", "))])
    });
    let table = Table {
        caption: String::new(),
        columns: vec![Column::share("Who", 2, Kind::Text), Column::share("What", 5, Kind::Text)],
        rows: rows.collect(),
        empty: "No person is named.".into(),
    };
    let text = "Names are as stated; only a statement signed with a key of its own shows more than that it was stated.";
    section("s-people", "People and approvals", vec![paragraph(text), Block::Table(table)])
}

fn counted(what: &str, count: usize) -> String {
    if count > LISTED { format!("{what}: the first {LISTED} of {count}") } else { what.to_owned() }
}
