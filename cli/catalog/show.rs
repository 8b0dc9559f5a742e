//! One catalog, requirement or control, with what it is mapped to.

use super::{kind, same_citation};
use crate::context::Context;
use crate::licensed;
use crate::output::{self, line};
use affiant_controls::control::Control;
use affiant_frameworks::crosswalk::{Crosswalk, Neighbour};
use affiant_frameworks::framework::{Framework, Group};
use affiant_frameworks::law::{Basis, DateRule};
use affiant_frameworks::mapping::Mapping;
use affiant_frameworks::requirement::Requirement;
use affiant_ledger::id::visible;
use affiant_ledger::time::{Date, Period};
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Shows what `id` names.
pub(super) fn run(context: &Context, catalogs: &Catalogs, id: &str) -> Result<u8, Failure> {
    if let Some(framework) = catalogs.frameworks.iter().find(|framework| framework.id == *id) {
        show_framework(context, framework);
        return Ok(0);
    }
    if let Some(row) = super::rows(catalogs).into_iter().find(|row| row["id"] == *id) {
        if context.json {
            output::json(&row);
        } else {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            line(format!("{}: {}, version {}, {}", text("id"), text("kind"), text("version"), text("holds")));
            line(format!("digest {}", text("digest")));
            line("show one of its rows by id, or find them with `affiant catalog search`");
        }
        return Ok(0);
    }
    if let Some(control) = catalogs.controls.controls().find(|control| same_citation(control.id.as_str(), id))
    {
        show_control(context, catalogs, control);
        return Ok(0);
    }
    let is_meant = |row: &&Requirement| same_citation(&row.id, id) || same_citation(&row.citation, id);
    let found: Vec<_> = catalogs
        .frameworks
        .iter()
        .flat_map(|framework| framework.requirements.iter().filter(is_meant).map(move |row| (framework, row)))
        .collect();
    for (framework, row) in &found {
        show_requirement(context, catalogs, framework, row);
    }
    if !found.is_empty() {
        return Ok(0);
    }
    let moved = catalogs.frameworks.iter().flat_map(|framework| &framework.moved);
    let text = format!("`{}` is no catalog, requirement or control", visible(id));
    let failure = Failure::refused(text);
    Err(match moved.into_iter().find(|moved| same_citation(&moved.citation, id)) {
        Some(moved) => failure.hint(format!("it stands in {} now", moved.to.join(", "))),
        None => failure.hint("try `affiant catalog search` with a word of it, or `affiant catalog list`"),
    })
}

fn show_framework(context: &Context, framework: &Framework) {
    let groups: Vec<_> = framework
        .groups
        .iter()
        .map(|group| {
            let within = |of: &Group| of.id == group.id || of.parent.as_ref() == Some(&group.id);
            (group, framework.assessable().filter(|row| framework.group_of(row).is_some_and(within)).count())
        })
        .collect();
    if context.json {
        let groups: Vec<_> = groups
            .iter()
            .map(|(group, judged)| json!({"id": group.id, "citation": group.citation, "title": group.title, "judged": judged}))
            .collect();
        output::json(&json!({
            "id": framework.id, "name": framework.name, "kind": kind(framework.kind), "identifier": framework.identifier,
            "version": framework.version, "as_of": framework.as_of, "status": framework.status, "rights": framework.rights,
            "counts": framework.counts, "doubts": framework.doubts, "groups": groups, "digest": framework.digest(),
        }));
        return;
    }
    line(format!("{}: {}", framework.id, framework.name));
    line(format!(
        "{}, version {}, checked up to {}",
        framework.identifier, framework.version, framework.as_of
    ));
    line(&framework.status);
    line(&framework.rights);
    for doubt in &framework.doubts {
        line(format!("not settled: {doubt}"));
    }
    let rows = groups
        .iter()
        .map(|(group, judged)| vec![group.citation.clone(), group.title.clone(), judged.to_string()]);
    output::table(&["under", "title", "judged on evidence"], rows);
}

fn show_control(context: &Context, catalogs: &Catalogs, control: &Control) {
    let mapped: Vec<_> = catalogs
        .frameworks
        .iter()
        .flat_map(|framework| {
            let of =
                catalogs.mappings.of(framework.id.as_str()).filter(|mapping| mapping.control == control.id);
            of.filter_map(move |mapping| {
                Some((framework, framework.requirement(&mapping.requirement)?, mapping))
            })
        })
        .collect();
    if context.json {
        let mapped: Vec<_> =
            mapped.iter().map(|(framework, row, mapping)| mapping_json(framework, row, mapping)).collect();
        output::json(&json!({"control": control, "mapped_to": mapped}));
        return;
    }
    line(format!("{} {} ({})", control.id, control.title, control.severity));
    if let Some(pillar) = catalogs.controls.pillar(control) {
        line(format!("pillar {}: {}", pillar.number, pillar.title));
    }
    line(format!("objective: {}", control.objective));
    line(format!("passes when: {}", control.test.pass_when));
    line(format!(
        "tested: {}, by {}; a result stays fresh for {}",
        control.test.mode.as_str(),
        control.test.checks.join(", "),
        period(control.max_age)
    ));
    line(format!("for assets: {}", joined(&control.asset_kinds)));
    line(format!("evidence: {}", control.evidence.join(", ")));
    if let Some(note) = &control.note {
        line(format!("note: {note}"));
    }
    let rows = mapped.iter().map(|(framework, row, mapping)| {
        vec![
            framework.id.to_string(),
            row.citation.clone(),
            row.title.clone(),
            relation(mapping),
            mapping.rationale.clone(),
        ]
    });
    output::table(&["framework", "requirement", "title", "relation", "why"], rows.collect::<Vec<_>>());
}

fn show_requirement(context: &Context, catalogs: &Catalogs, framework: &Framework, row: &Requirement) {
    let mapped: Vec<&Mapping> = catalogs.mappings.controls_for(framework.id.as_str(), &row.id).collect();
    let crosswalk = Crosswalk::embedded();
    let beside = neighbours(catalogs, &crosswalk, framework, row);
    let rule = framework.date_rule(row);
    if context.json {
        let mapped: Vec<_> = mapped.iter().map(|mapping| mapping_json(framework, row, mapping)).collect();
        let beside: Vec<_> = beside.iter().map(Beside::json).collect();
        output::json(&json!({
            "framework": framework.id, "requirement": row, "dates": rule, "controls": mapped, "neighbours": beside,
        }));
        return;
    }
    line(format!("{} {}", row.citation, row.title));
    let under: Vec<String> = above(framework, row).map(|node| node.citation.clone()).collect();
    let under = if under.is_empty() { String::new() } else { format!(", under {}", under.join(" < ")) };
    line(format!("{} of {} {}{under}", row.id, framework.id, framework.version));
    line(format!("asks: {}", row.summary));
    licensed::show(context, framework, &row.id);
    if let Some(deleted) = &row.deleted {
        line(format!("deleted on {} by {}", deleted.on, deleted.by));
    }
    if let Some(change) = &row.change_2026 {
        line(format!("changed by {}", change.by));
    }
    if !row.roles.is_empty() {
        line(format!("of: {}", joined(&row.roles)));
    }
    if !row.risk_classes.is_empty() {
        line(format!("for systems: {}", joined(&row.risk_classes)));
    }
    if let Some(note) = &row.condition_note {
        line(format!("when: {note}"));
    }
    if let Some(rule) = rule {
        show_dates(framework, rule);
    }
    if !row.evidence.is_empty() {
        line(format!("usually shown by: {}", row.evidence.join(", ")));
    }
    if row.assessable {
        show_mapped(catalogs, &mapped);
    } else {
        let below: Vec<String> = framework.children(&row.id).map(|child| child.citation.clone()).collect();
        let below =
            if below.is_empty() { String::new() } else { format!("; below it: {}", below.join(", ")) };
        line(format!("no evidence is judged here{below}"));
    }
    if !beside.is_empty() {
        line("");
        line("beside it in other frameworks (where to look, never credit):");
        let rows = beside.iter().map(|beside| {
            let relation = beside.neighbour.relation.as_str().to_owned();
            let framework = beside.neighbour.framework.to_owned();
            vec![beside.of.citation.clone(), relation, framework, beside.citation(), beside.basis()]
        });
        output::table(&["of", "relation", "framework", "there", "basis"], rows);
    }
}

fn show_mapped(catalogs: &Catalogs, mapped: &[&Mapping]) {
    if mapped.is_empty() {
        line("no control is mapped to it: it needs a document or a decision of yours");
        return;
    }
    let rows = mapped.iter().map(|mapping| {
        let title = catalogs.controls.control(mapping.control.as_str()).map(|control| control.title.clone());
        let title = title.unwrap_or_default();
        vec![mapping.control.to_string(), title, relation(mapping), mapping.rationale.clone()]
    });
    output::table(&["control", "title", "relation", "why"], rows.collect::<Vec<_>>());
}

/// What the crosswalk has beside a provision, and beside those above it.
fn neighbours<'a>(
    catalogs: &'a Catalogs,
    crosswalk: &'a Crosswalk,
    framework: &'a Framework,
    row: &'a Requirement,
) -> Vec<Beside<'a>> {
    let here = std::iter::once(row).chain(above(framework, row));
    let found =
        here.flat_map(|node| crosswalk.neighbours(framework.id.as_str(), &node.id).map(move |n| (node, n)));
    found
        .map(|(node, neighbour)| {
            let there = catalogs.frameworks.iter().find(|other| other.id == *neighbour.framework);
            let there = there.zip(neighbour.requirement).and_then(|(other, id)| other.requirement(id));
            Beside { of: node, there, neighbour }
        })
        .collect()
}

/// A row of the crosswalk beside a provision.
struct Beside<'a> {
    /// The provision, or the one above it that the row is about.
    of: &'a Requirement,
    /// The other one; none where nothing was found.
    there: Option<&'a Requirement>,
    neighbour: Neighbour<'a>,
}

impl Beside<'_> {
    fn citation(&self) -> String {
        match (self.there, self.neighbour.requirement) {
            (Some(there), _) => format!("{} {}", there.citation, there.title),
            (None, Some(_)) => "as a whole".to_owned(),
            (None, None) => "nothing found".to_owned(),
        }
    }

    fn basis(&self) -> String {
        let row = self.neighbour.row;
        format!("{}, {}", row.basis.as_str(), row.source)
    }

    fn json(&self) -> serde_json::Value {
        let Neighbour { framework, requirement, relation, row } = self.neighbour;
        json!({
            "of": self.of.id, "framework": framework, "requirement": requirement,
            "citation": self.there.map(|there| &there.citation), "relation": relation, "stated": row.stated,
            "basis": row.basis, "source": row.source, "confidence": row.confidence, "note": row.note, "credit": false,
        })
    }
}

/// The nodes above one, the nearest first.
fn above<'a>(framework: &'a Framework, row: &'a Requirement) -> impl Iterator<Item = &'a Requirement> {
    // A linted framework has no cycle.
    std::iter::successors(Some(row), |row| framework.requirement(row.parent.as_deref()?)).skip(1)
}

fn mapping_json(framework: &Framework, row: &Requirement, mapping: &Mapping) -> serde_json::Value {
    json!({
        "framework": framework.id, "requirement": row.id, "citation": row.citation, "control": mapping.control,
        "relation": mapping.relation, "rationale": mapping.rationale,
    })
}

fn relation(mapping: &Mapping) -> String {
    let word = serde_json::to_value(mapping.relation).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

fn joined(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn show_dates(framework: &Framework, rule: &DateRule) {
    let reading = if rule.status == Basis::Inference { "; our reading, not settled" } else { "" };
    let (current, original) = (dates(&rule.current), dates(&rule.original));
    line(format!("from: {current} (original text: {original}), {}{reading}", rule.basis));
    if !rule.routes.is_empty() {
        line(format!("only by route: {}", joined(&rule.routes)));
    }
    if !rule.practical.is_empty() {
        line(format!("can first bite: {} (our inference)", dates(&rule.practical)));
    }
    if let Some(legacy) = &rule.legacy {
        let rules = framework.law.iter().flat_map(|law| &law.transitional_rules);
        let citation =
            rules.into_iter().find(|rule| rule.id == legacy.rule).map_or("", |rule| rule.citation.as_str());
        line(format!("systems on the market before {}: {} {citation}", dates(&legacy.before), legacy.rule));
    }
    if let Some(note) = &rule.note {
        line(format!("note: {note}"));
    }
}

/// Dates with the route each is for, unless it is for all.
fn dates(dates: &BTreeMap<String, Date>) -> String {
    if dates.is_empty() {
        return "no date".to_owned();
    }
    let one = |(what, date): (&String, &Date)| {
        if what == "all" { date.to_string() } else { format!("{date} ({what})") }
    };
    dates.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A period in words: `30 days`, `1 year`.
fn period(period: Period) -> String {
    let text = period.to_string();
    let parts = text.trim_start_matches('P').split_inclusive(|c: char| c.is_ascii_alphabetic());
    let words = parts.map(|part| {
        let (count, unit) = part.split_at(part.len() - 1);
        let unit = match unit {
            "Y" => "year",
            "M" => "month",
            _ => "day",
        };
        if count == "1" { format!("1 {unit}") } else { format!("{count} {unit}s") }
    });
    words.collect::<Vec<_>>().join(", ")
}
