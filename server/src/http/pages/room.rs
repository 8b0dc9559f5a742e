//! The auditor's room of a system: what was asked for, what was drawn, what was said of it.

use super::super::house::House;
use super::super::problem::Problem;
use super::parts::entries;
use super::session::Visitor;
use super::{Wrong, page, redirect};
use crate::failure::Failure;
use crate::statements::{admitted, is_on_file, samples};
use crate::view::Asked;
use affiant_controls::admit::{admit_sample, admit_sign_off};
use affiant_controls::sample::{Drawing, Sample, SampleFilter, StreamResults};
use affiant_controls::signoff::{About, Outcome, SignOff};
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

/// Most items of a sample drawn here.
const ITEMS_MAX: u64 = 500;

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
        let samples = house.writer.with_blocking(move |ledger| samples(ledger, &stream))??;
        house.look(&system, Asked::now(house.now()), |_, standing| {
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
pub(super) struct Said {
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
    form: Result<Form<Said>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(said) = form?;
    visitor.check(&said.word)?;
    let system = house.work(move |house| house.system(&id)).await?;
    visitor.who.may_push("sign-off", &system)?;
    let about: About =
        said.about.trim().parse().map_err(|error| Problem::refused(format!("about: {error}")))?;
    let outcome = Outcome::ALL.into_iter().find(|it| it.as_str() == said.outcome);
    let outcome = outcome.ok_or_else(|| Problem::refused("outcome: noted, accepted or questioned"))?;
    let role = if visitor.who.may_decide().is_ok() { "officer" } else { "auditor" };
    let (now, by) = (house.now(), format!("token:{}", visitor.who.grant.id));
    let content = [system.as_str(), &said.about, &said.note, &said.by, &now.to_string()].join("\n");
    let name = format!("sign-{}", &Digest::of(content.as_bytes()).to_string()[..16]);
    let sign_off = SignOff {
        at: now,
        by: said.by.trim().to_owned(),
        id: name.parse().map_err(|_| Problem::internal("hexadecimal digits are an identifier"))?,
        note: said.note.replace("\r\n", "\n"),
        role: role.to_owned(),
        about,
        system: system.clone(),
        outcome,
    };
    let within = house.clone();
    let done = house.writer.with(move |ledger| -> Result<(), Failure> {
        let sign_off = admit_sign_off(sign_off, within.now()).map_err(admitted)?;
        is_on_file(ledger, &within.catalogs, &sign_off.system, &sign_off.about)?;
        ledger.append(&[Statement::SignOff(sign_off).draft(&by)])?;
        Ok(())
    });
    done.await.map_err(Problem::from)?.map_err(Problem::from)?;
    Ok(redirect(&format!("/systems/{system}/room")))
}

/// What is drawn, in a form.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    word: String,
    count: u64,
    text: String,
    by: String,
}

pub(super) async fn sample(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Result<Form<Wanted>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(wanted) = form?;
    visitor.check(&wanted.word)?;
    if !(1..=ITEMS_MAX).contains(&wanted.count) {
        return Err(Problem::refused(format!("count {}: from 1 to {ITEMS_MAX}", wanted.count)).into());
    }
    let who = visitor.who.clone();
    let (system, sample) = house
        .work(move |house| {
            let system = house.system(&id)?;
            who.may_push("sample", &system)?;
            let (reader, positions) = house.positions(&system)?;
            let records =
                positions.iter().map(|index| reader.record(*index)).collect::<Result<Vec<_>, _>>()?;
            let results =
                StreamResults::of(&records).map_err(|error| Problem::internal(error.to_string()))?;
            let filter = SampleFilter::default();
            let population = results.population(&filter, reader.size());
            let drawing = Drawing {
                by: wanted.by.trim(),
                system: &system,
                filter: &filter,
                text: wanted.text.trim(),
                count: wanted.count,
                size: reader.size(),
                root: reader.root_at(reader.size())?,
            };
            let sample = admit_sample(Sample::draw(drawing, &population.entries)).map_err(admitted)?;
            if sample.items.is_empty() {
                return Err(Problem::refused("there is no result to draw from"));
            }
            Ok((system, sample))
        })
        .await?;
    let by = format!("token:{}", visitor.who.grant.id);
    let statement = Statement::Sample(Box::new(sample));
    let done = house.writer.with(move |ledger| ledger.append(&[statement.draft(&by)]).map(drop));
    done.await.map_err(Problem::from)?.map_err(Problem::from)?;
    Ok(redirect(&format!("/systems/{system}/room")))
}
