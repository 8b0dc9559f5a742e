//! A system: its requirements with what they rest on, what is missing, and evidence added by hand.

use super::super::api::evidence::check_name;
use super::super::history::{self, History};
use super::super::house::House;
use super::super::problem::Problem;
use super::parts::{self, entries, outcome, state};
use super::session::Visitor;
use super::{Wrong, page, redirect};
use crate::failure::Failure;
use crate::standing::{clock_text, next};
use crate::statements;
use crate::view::Asked;
use affiant_controls::evidence::EvidenceRef;
use affiant_frameworks::assessment::{Assessment, Determination, Outcome};
use affiant_ledger::blob;
use affiant_ledger::id::{Id, visible};
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Largest file that a form may carry, in bytes.
pub(super) const FILE_MAX: usize = 16 << 20;
/// Longest field of a form, in bytes.
const FIELD_MAX: usize = 16 << 10;

/// What was done before this page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    /// The entry that was recorded.
    recorded: Option<u64>,
}

/// Says what was recorded.
fn done(done: &Done) -> Markup {
    html! { @if let Some(index) = done.recorded {
        p.done role="status" { "Recorded, durable and under the signed checkpoint: entry " a href=(format!("/entries/{index}")) { (index) } "." }
    } }
}

pub(super) async fn show(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(before): Query<Done>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let system = house.system(&id)?;
        within.who.may_read(&system)?;
        let may_add = within.who.may_decide().is_ok();
        let history = history::of(house, &system);
        house.look(&system, Asked::now(house.now()), |_, standing| {
            let register = standing.register;
            let about = register.system();
            html! {
                (done(&before))
                h1 { (about.map(|it| it.name.as_str()).unwrap_or_default()) " " code.quiet { (system) } }
                p { a href=(format!("/systems/{system}/gaps")) { "What is missing" } " · "
                    a href=(format!("/systems/{system}/room")) { "Auditor's room" }
                    @if may_add { " · " a href=(format!("/systems/{system}/evidence")) { "Add evidence" } } }
                @if let Some(about) = about { dl {
                    dt { "Purpose" } dd { (about.purpose.as_deref().unwrap_or("not stated")) }
                    dt { "Owner" } dd { (about.owner.as_deref().unwrap_or("not stated")) }
                    dt { "Roles" } dd { (words(about.roles.iter())) }
                    dt { "Risk classes" } dd { (words(about.risk_classes.iter())) }
                } }
                @let steps = next::steps(standing);
                @if !steps.is_empty() { section {
                    h2 { "What to do next" }
                    ol { @for step in steps.iter().take(5) { li { (step.act) " " span.quiet { "(" (parts::count(step.requirements, "requirement waits", "requirements wait")) ")" } } } }
                } }
                @if !standing.clocks.is_empty() { section {
                    h2 { "Clocks" }
                    ul { @for clock in &standing.clocks { li { (clock.subject) ": " (clock_text(clock)) } } }
                } }
                @if !standing.expiring.is_empty() { section {
                    h2 { "Runs out within 90 days" }
                    div.wide tabindex="0" role="region" aria-label="Runs out within 90 days" { table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "About" } } }
                        tbody { @for it in standing.expiring.iter().take(50) { tr { td.when { (it.at) } td { (it.what) } td { (it.about) } } } }
                    } }
                } }
                section { h2 { "Assets" }
                    div.wide tabindex="0" role="region" aria-label="Assets" { table {
                        thead { tr { th scope="col" { "Asset" } th scope="col" { "Name" } th scope="col" { "Kind" } } }
                        tbody { @for asset in register.assets() { tr { td { code { (asset.id) } } td { (asset.name) } td { (asset.kind) } } } }
                    } }
                }
                @for judged in &standing.assessments { (framework(house, &system, judged, history.as_deref())) }
            }
        })
    });
    Ok(page("System", Some(&visitor), &body.await?))
}

fn words<T: AsRef<str>>(words: impl Iterator<Item = T>) -> String {
    let all: Vec<String> = words.map(|word| word.as_ref().to_owned()).collect();
    if all.is_empty() { "none stated".to_owned() } else { all.join(", ") }
}

/// A framework: its requirements that apply, under their headings.
fn framework(house: &House, system: &Id, judged: &Assessment, history: Option<&History>) -> Markup {
    let framework = house.catalogs.frameworks.iter().find(|it| it.id == judged.framework.id);
    let title = |group: Option<&str>| {
        let known = framework.and_then(|it| it.groups.iter().find(|known| Some(known.id.as_str()) == group));
        known.map_or_else(
            || group.unwrap_or("Requirements").to_owned(),
            |known| format!("{} {}", known.citation, known.title),
        )
    };
    let mut groups: BTreeMap<usize, (Option<&str>, Vec<&Determination>)> = BTreeMap::new();
    for determination in judged.determinations.iter().filter(|it| it.outcome != Outcome::NotApplicable) {
        let heading = determination.group.as_deref();
        let last = groups.last_key_value().map(|(at, (group, _))| (*at, *group));
        let at = match last {
            Some((at, group)) if group == heading => at,
            Some((at, _)) => at + 1,
            None => 0,
        };
        groups.entry(at).or_insert((heading, Vec::new())).1.push(determination);
    }
    html! {
        section #(judged.framework.id) {
            h2 { (judged.criteria) }
            p { (judged.totals.satisfied) " requirements that apply are satisfied; " (judged.totals.controls_held)
                " controls are held over their whole population." }
            @for (heading, rows) in groups.values() {
                details open[rows.iter().any(|it| it.outcome == Outcome::NotSatisfied)] {
                    @let satisfied = rows.iter().filter(|it| it.outcome == Outcome::Satisfied).count();
                    summary { (title(*heading)) " " span.quiet { (satisfied) " of " (rows.len()) " satisfied" } }
                    div.wide { table {
                        thead { tr { th scope="col" { "Requirement" } th scope="col" { "Title" } th scope="col" { "Outcome" } th.number scope="col" { "Gaps" } @if history.is_some() { th scope="col" { "Months" } } } }
                        tbody { @for it in rows { tr {
                            td { a href=(format!("/systems/{system}/requirements/{}/{}", judged.framework.id, it.requirement)) { (it.citation) } }
                            td { (it.title) } td { (outcome(it.outcome)) } td.number { (it.gaps.len()) }
                            @if let Some(history) = history { td { (parts::months(history, judged.framework.id.as_str(), &it.requirement)) } }
                        } } }
                    } }
                }
            }
        }
    }
}

pub(super) async fn requirement(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path((id, framework, requirement)): Path<(String, String, String)>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let system = house.system(&id)?;
        within.who.may_read(&system)?;
        let may_add = within.who.may_decide().is_ok();
        house.look(&system, Asked::now(house.now()), |_, standing| {
            let judged = standing.assessments.iter().find(|it| *it.framework.id.as_str() == *framework);
            let found = judged.and_then(|judged| Some((judged, judged.determination(&requirement)?)));
            let missing = || Problem::missing(format!("`{}` is no requirement that is judged", visible(&requirement)));
            let (judged, it) = found.ok_or_else(missing)?;
            Ok(html! {
                p { a href=(format!("/systems/{system}#{}", judged.framework.id)) { (system) ", " (judged.framework.id) } }
                h1 { (it.citation) " " (it.title) }
                p { (outcome(it.outcome)) " " (it.conclusion) }
                @if !it.applicability.reason.is_empty() { p.quiet { (it.applicability.reason) } }
                h2 { "What it rests on" }
                @if it.controls.is_empty() { p { "No control is mapped to it." } }
                @for mapped in &it.controls {
                    @let control = judged.control(mapped.control.as_str());
                    h3 { code { (mapped.control) } " " (control.map(|it| it.title.as_str()).unwrap_or_default()) }
                    p { "Held on " (mapped.held) " of " (mapped.population) " assets."
                        @if may_add { " " a href=(format!("/systems/{system}/evidence?target={}", mapped.control)) { "Add evidence" } } }
                    @if let Some(control) = control { div.wide tabindex="0" role="region" aria-label=(mapped.control) { table {
                        thead { tr { th scope="col" { "Asset" } th scope="col" { "State" } th scope="col" { "Why" } th scope="col" { "Entries" } } }
                        tbody { @for on in &control.assets { tr {
                            td { code { (on.asset) } } td { (state(on.state)) } td { (on.reason) }
                            td { (entries(on.citations.iter().map(|it| &it.index))) }
                        } } }
                    } } }
                }
                h2 { "What is missing" }
                (parts::gaps(&it.gaps))
                @if may_add && it.controls.is_empty() { p {
                    a href=(format!("/systems/{system}/evidence?target={}&framework={}", it.requirement, judged.framework.id)) { "Add a document" }
                } }
            })
        })?
    });
    Ok(page("Requirement", Some(&visitor), &body.await?))
}

pub(super) async fn gaps(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let system = house.system(&id)?;
        within.who.may_read(&system)?;
        house.look(&system, Asked::now(house.now()), |_, standing| {
            let open = |it: &&Determination| !matches!(it.outcome, Outcome::NotApplicable | Outcome::Satisfied);
            html! {
                p { a href=(format!("/systems/{system}")) { (system) } }
                h1 { "What is missing" }
                @for judged in &standing.assessments {
                    @let rows: Vec<&Determination> = judged.determinations.iter().filter(open).collect();
                    section {
                        h2 { (judged.criteria) }
                        @let unknown = rows.iter().filter(|it| it.outcome == Outcome::Unknown).count();
                        p { (rows.len() - unknown) " of " (judged.totals.satisfied.of) " requirements that apply are not satisfied."
                            @if unknown > 0 { " Whether " (unknown) " more apply is not known: facts are missing." } }
                        div.wide { table {
                            thead { tr { th scope="col" { "Requirement" } th scope="col" { "Outcome" } th scope="col" { "Gaps" } } }
                            tbody { @for it in &rows { tr {
                                td { a href=(format!("/systems/{system}/requirements/{}/{}", judged.framework.id, it.requirement)) { (it.citation) } br; (it.title) }
                                td { (outcome(it.outcome)) } td { (parts::gaps(&it.gaps)) }
                            } } }
                        } }
                    }
                }
            }
        })
    });
    Ok(page("Gaps", Some(&visitor), &body.await?))
}

/// What a form is opened with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct About {
    target: Option<String>,
    framework: Option<String>,
}

pub(super) async fn form(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(about): Query<About>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let system = house.system(&id)?;
        within.who.may_read(&system)?;
        within.who.may_decide()?;
        house.look(&system, Asked::now(house.now()), |_, standing| html! {
            p { a href=(format!("/systems/{system}")) { (system) } }
            h1 { "Add evidence" }
            p.quiet { "What a person states with a document: that a control holds, or that a requirement is met which only a document can show." }
            form.card method="post" enctype="multipart/form-data" action=(format!("/systems/{system}/evidence")) {
                input type="hidden" name="word" value=(within.word);
                input type="hidden" name="framework" value=(about.framework.as_deref().unwrap_or_default());
                label for="target" { "Control or requirement" }
                input #target name="target" required value=(about.target.as_deref().unwrap_or_default());
                label for="asset" { "Asset" }
                select #asset name="asset" {
                    option value="" { "the system itself" }
                    @for asset in standing.register.assets() { option value=(asset.id) { (asset.name) " (" (asset.id) ")" } }
                }
                label for="summary" { "What was seen, in a sentence" }
                input #summary name="summary" required maxlength="500";
                label for="by" { "Who states it" }
                input #by name="by" required maxlength="100";
                label for="valid" { "Valid until " span.quiet { "(a day; optional)" } }
                input #valid type="date" name="valid_until";
                label for="file" { "Document" }
                input #file type="file" name="file" required;
                button type="submit" { "Record" }
            }
        })
    });
    Ok(page("Add evidence", Some(&visitor), &body.await?))
}

pub(super) async fn add(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    parts: Multipart,
) -> Result<Response, Wrong> {
    let (fields, file) = read(parts).await?;
    let field = |name: &str| fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    visitor.check(field("word").unwrap_or_default())?;
    visitor.who.may_decide()?;
    let named = id.clone();
    let system = house.work(move |house| house.system(&named)).await?;
    visitor.who.may_read(&system)?;
    let Some((name, kind, bytes)) = file else {
        return Err(Problem::refused("no document was given").into());
    };
    check_name(&name, &kind)?;
    let needed = |name: &str| {
        field(name).map(str::to_owned).ok_or_else(|| Problem::refused(format!("{name} is empty")))
    };
    let valid = field("valid_until").map(|day| day.parse().map_err(Failure::refused)).transpose();
    let stated = statements::Stated {
        target: needed("target")?,
        framework: field("framework").map(str::to_owned),
        asset: field("asset")
            .map(|id| id.parse::<Id>().map_err(Failure::refused))
            .transpose()
            .map_err(Problem::from)?,
        summary: needed("summary")?,
        by: needed("by")?,
        valid_until: valid.map_err(Problem::from)?,
        evidence: vec![EvidenceRef::of(&bytes, &name, &kind)],
        at: house.now(),
    };
    let (within, submitter, stream) =
        (house.clone(), format!("token:{}", visitor.who.grant.id), system.clone());
    let recorded = house.writer.with(move |ledger| -> Result<u64, Failure> {
        let statement = statements::stated(ledger, &within.catalogs, &stream, stated, within.now())?;
        let reader = ledger.reader()?;
        blob::store(reader.storage(), reader.folder(), &bytes)?;
        let draft = statement.draft(&submitter);
        let appended = ledger.append(std::slice::from_ref(&draft))?;
        let touched = crate::follow::Touched::of(std::slice::from_ref(&draft));
        crate::follow::after(ledger, &touched, &within.catalogs.controls, within.now())?;
        appended.first().map(|one| one.index).ok_or_else(|| Failure::io("nothing was recorded"))
    });
    let index = recorded.await.map_err(Problem::from)?.map_err(Problem::from)?;
    Ok(redirect(&format!("/systems/{system}?recorded={index}")))
}

/// A file of a form: its name, its media type, its bytes.
type Uploaded = (String, String, Vec<u8>);

async fn read(mut parts: Multipart) -> Result<(BTreeMap<String, String>, Option<Uploaded>), Problem> {
    let wrong = |error: MultipartError| Problem::new(error.status(), error.body_text());
    let (mut fields, mut file) = (BTreeMap::new(), None);
    while let Some(part) = parts.next_field().await.map_err(wrong)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let called = part.file_name().unwrap_or_default().to_owned();
            let kind = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = part.bytes().await.map_err(wrong)?;
            file = (!bytes.is_empty()).then(|| (called, kind, bytes.to_vec()));
            continue;
        }
        let text = part.text().await.map_err(wrong)?;
        if text.len() > FIELD_MAX || fields.len() >= 16 {
            return Err(Problem::refused(format!(
                "field `{}` is too long, or there are too many",
                visible(&name)
            )));
        }
        fields.insert(name, text);
    }
    Ok((fields, file))
}
