//! The auditor's room of a system: what was asked for, what was drawn, what was said of it.

use super::super::api::statements::{ITEMS_MAX, Said, Wanted, drawn, record, signed_off};
use super::super::house::House;
use super::parts::entries;
use super::session::Visitor;
use super::{Wrong, page, redirect};
use crate::statements::samples;
use crate::view;
use affiant_controls::signoff::Outcome;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

pub(super) async fn show(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let system = house.system(&id)?;
        within.who.may_read(&system)?;
        let may_say = within.who.may_push("sign-off", &system).is_ok();
        let stream = system.clone();
        let samples = house.writer.look_blocking(move |ledger| samples(ledger, &stream))??;
        house.look(&system, view::Asked::now(house.now()), |_, standing| {
            let register = standing.register;
            html! {
                p { a href=(format!("/systems/{system}")) { (system) } }
                h1 { "Auditor's room" }
                h2 { "Requests" }
                @let followed = register.followed();
                @if followed.is_empty() { p { "Nothing was asked for." } } @else { div.wide tabindex="0" role="region" aria-label="Requests" { table {
                    thead { tr { th scope="col" { "Request" } th scope="col" { "Asks" } th scope="col" { "From" } th scope="col" { "Due" } th scope="col" { "State" } th scope="col" { "Answer" } } }
                    tbody { @for it in &followed { tr {
                        td { code { (it.filed.value.id) } } td { (it.filed.value.text) } td { (it.filed.value.owner) } td.when { (it.filed.value.due) }
                        td { (it.state.as_str()) } td { (entries(it.answer.iter())) }
                    } } }
                } } }
                h2 { "Samples" }
                @if samples.is_empty() { p { "None was drawn." } } @else { div.wide { table {
                    thead { tr { th scope="col" { "Sample" } th scope="col" { "Drawn by" } th scope="col" { "Population" } th scope="col" { "Entries" } } }
                    tbody { @for sample in &samples { tr {
                        td { code { (sample.id) } } td { (sample.by) } td { (sample.population.size) " results at size " (sample.size) }
                        td { (entries(sample.items.iter())) }
                    } } }
                } } }
                @if may_say {
                    h3 { "Draw a sample" }
                    form.card method="post" action=(format!("/systems/{system}/sample")) {
                        input type="hidden" name="word" value=(within.word);
                        label for="count" { "How many results" }
                        input #count type="number" name="count" min="1" max=(ITEMS_MAX) value="25" required;
                        label for="text" { "A text of your own " span.quiet { "(nobody could know it before; it decides what is drawn)" } }
                        input #text name="text" required maxlength="200";
                        label for="drawer" { "Who draws" }
                        input #drawer name="by" required maxlength="100";
                        button type="submit" { "Draw and record" }
                    }
                }
                h2 { "Sign-offs" }
                @let said = register.sign_offs();
                @if said.is_empty() { p { "Nothing was said." } } @else { div.wide tabindex="0" role="region" aria-label="Sign-offs" { table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "About" } th scope="col" { "Comes to" } th scope="col" { "What" } } }
                    tbody { @for filed in &said { tr {
                        td.when { (filed.value.at) } td { (filed.value.by) ", " (filed.value.role) } td { code { (filed.value.about) } }
                        td { (filed.value.outcome.as_str()) } td.said { (filed.value.note) }
                    } } }
                } } }
                @if may_say {
                    h3 { "Say something" }
                    form.card method="post" action=(format!("/systems/{system}/room")) {
                        input type="hidden" name="word" value=(within.word);
                        label for="about" { "About " span.quiet { "(entry:12, request:ID, sample:ID, finding:ID, pack:ID, requirement:FRAMEWORK/ID)" } }
                        input #about name="about" required maxlength="200";
                        label for="outcome" { "Comes to" }
                        select #outcome name="outcome" { @for outcome in Outcome::ALL { option value=(outcome.as_str()) { (outcome.as_str()) } } }
                        label for="note" { "What you say" }
                        textarea #note name="note" rows="4" required maxlength="4000" {}
                        label for="sayer" { "Who says it" }
                        input #sayer name="by" required maxlength="100";
                        button type="submit" { "Record" }
                    }
                }
            }
        })
    });
    Ok(page("Auditor's room", Some(&visitor), &body.await?))
}

/// What is said, in a form.
#[derive(Debug, Deserialize)]
pub(super) struct Spoken {
    word: String,
    about: String,
    outcome: String,
    note: String,
    by: String,
}

pub(super) async fn comment(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Spoken>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(Spoken { word, about, outcome, note, by }) = form?;
    visitor.check(&word)?;
    let system = house.work(move |house| house.system(&id)).await?;
    let said = Said { system, about, outcome, note, by };
    let (system, make) = signed_off(&house, &visitor.who, said)?;
    let _ = record(&house, &visitor.who, &system, make).await?;
    Ok(redirect(&format!("/systems/{system}/room")))
}

/// What is drawn, in a form.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    word: String,
    count: u64,
    text: String,
    by: String,
}

pub(super) async fn sample(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(Asked { word, count, text, by }) = form?;
    visitor.check(&word)?;
    let system = house.work(move |house| house.system(&id)).await?;
    let (system, make) = drawn(&house, &visitor.who, Wanted { system, count, text, by }).await?;
    let _ = record(&house, &visitor.who, &system, make).await?;
    Ok(redirect(&format!("/systems/{system}/room")))
}
