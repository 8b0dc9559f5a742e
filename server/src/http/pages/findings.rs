//! Findings of all systems, by how far the work is.

use super::super::house::House;
use super::super::problem::Problem;
use super::parts::severity;
use super::session::Visitor;
use super::{Wrong, page, redirect};
use crate::failure::Failure;
use crate::statements::{self, Work};
use crate::view::Asked;
use affiant_controls::finding::{FindingState, Standing};
use affiant_controls::statement::Statement;
use affiant_ledger::id::visible;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Cards shown in a column.
const SHOWN: usize = 100;

pub(super) async fn board(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let seen = house.streams()?.into_iter().filter(|id| within.who.grant.covers(id));
        let may_work = within.who.may_decide().is_ok();
        let mut columns: BTreeMap<Standing, (usize, Vec<Markup>)> = BTreeMap::new();
        for system in seen {
            within.who.may_read(&system)?;
            house.look(&system, Asked::now(house.now()), |_, standing| {
                for it in standing.register.found(&house.catalogs.controls) {
                    let column = columns.entry(it.standing).or_default();
                    column.0 += 1;
                    if column.1.len() >= SHOWN {
                        continue;
                    }
                    let finding = &it.filed.value;
                    column.1.push(html! { article {
                        p { (severity(finding.severity)) @if it.overdue { " " span.mark.bad { "overdue" } } }
                        p { strong { (finding.summary) } }
                        p.quiet { code { (finding.control) } @if let Some(asset) = &finding.asset { " on " code { (asset) } } " · " a href=(format!("/systems/{system}")) { (system) } }
                        p.quiet { "due " (finding.due) @if let Some(owner) = &finding.owner { " · " (owner) }
                            " · entry " a href=(format!("/entries/{}", it.filed.citation.index)) { (it.filed.citation.index) } }
                        @if may_work && it.standing.waits() { details {
                            summary { "Assign" }
                            form method="post" action=(format!("/findings/{system}/{}", finding.id)) {
                                input type="hidden" name="word" value=(within.word);
                                label { "Who mends it" input name="owner" required maxlength="100" value=(finding.owner.as_deref().unwrap_or_default()); }
                                label { "Note" input name="note" maxlength="500"; }
                                button type="submit" { "Assign" }
                            }
                        } }
                    } });
                }
            })?;
        }
        Ok(html! {
            h1 { "Findings" }
            @if columns.is_empty() { p { "No finding is on file." } }
            div.board { @for (standing, (count, cards)) in &columns { section {
                h2 { (standing.as_str().replace('-', " ")) " " span.quiet { (count) } }
                @for card in cards { (card) }
                @if *count > cards.len() { p.quiet { "and " (count - cards.len()) " more" } }
            } } }
        })
    });
    Ok(page("Findings", Some(&visitor), &body.await?))
}

/// What is said of a finding.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    word: String,
    owner: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn work(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path((system, id)): Path<(String, String)>,
    form: Result<Form<Said>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(said) = form?;
    visitor.check(&said.word)?;
    let system = house.work(move |house| house.system(&system)).await?;
    visitor.who.may_push("finding", &system)?;
    let (within, by) = (house.clone(), format!("token:{}", visitor.who.grant.id));
    let done = house.writer.with(move |ledger| -> Result<(), Failure> {
        let unknown = || Failure::refused(format!("`{}` is no finding of {system}", visible(&id)));
        let before = statements::finding(ledger, &id, Some(&system))?.ok_or_else(unknown)?;
        let some = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let work = Work { owner: some(said.owner), note: some(said.note), ..Work::default() };
        let finding = statements::worked(before, work, FindingState::Remediating, within.now())?;
        ledger.append(&[Statement::Finding(Box::new(finding)).draft(&by)])?;
        Ok(())
    });
    done.await.map_err(Problem::from)?.map_err(Problem::from)?;
    Ok(redirect("/findings"))
}
