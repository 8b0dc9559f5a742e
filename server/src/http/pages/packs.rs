//! Packs: ordered, watched, taken away.

use super::super::api::packs::{Ordered, Stage, all, download, take};
use super::super::house::House;
use super::session::Visitor;
use super::{Wrong, page, redirect};
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use serde::Deserialize;
use std::sync::Arc;

pub(super) async fn list(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let packs = all(house, &within.who)?;
        for told in &packs {
            within.who.may_read(&told.system)?;
        }
        let seen: Vec<_> = house.streams()?.into_iter().filter(|id| within.who.grant.covers(id)).collect();
        Ok(html! {
            h1 { "Packs" }
            @if within.who.may_decide().is_ok() {
                form.card method="post" action="/packs" {
                    input type="hidden" name="word" value=(within.word);
                    label for="system" { "System" }
                    select #system name="system" required { @for system in &seen { option value=(system) { (system) } } }
                    label for="over" { "Over a period " span.quiet { "(FROM..TO; now where it is empty)" } }
                    input #over name="over" placeholder="2026-01-01..2026-07-01" maxlength="60";
                    button type="submit" { "Build a pack" }
                }
            }
            @if packs.is_empty() { p { "No pack was built here that you may see." } }
            @else { div.wide { table {
                caption { "Verify a pack offline, with keys you got by another way: " code { "affiant verify PACK --trust trust.keys" } }
                thead { tr { th scope="col" { "Pack" } th scope="col" { "System" } th scope="col" { "As of" } th scope="col" { "State" } th.number scope="col" { "Bytes" } th scope="col" { "SHA-256" } } }
                tbody { @for told in &packs { tr {
                    td { @if told.state == Stage::Done { a href=(format!("/packs/{}/file", told.id)) { (told.id) } } @else { (told.id) } }
                    td { (told.system) } td.when { (told.as_of) }
                    td { @match told.state {
                        Stage::Done => { span.mark.good { "done" } },
                        Stage::Failed => { span.mark.bad { "failed" } " " (told.why.as_deref().unwrap_or_default()) },
                        Stage::Waiting => { span.mark.none { "waiting" } },
                        Stage::Building => { span.mark.part { "building, step " (told.steps) " of 3" } },
                    } }
                    td.number { (told.bytes.map(|bytes| bytes.to_string()).unwrap_or_default()) }
                    td.hash { (told.sha256.map(|digest| digest.to_string()).unwrap_or_default()) }
                } } }
            } } }
        })
    });
    let mut response = page("Packs", Some(&visitor), &body.await?);
    let waits = house.work(|house| Ok(house.packs.any_on_its_way())).await?;
    if waits {
        response.headers_mut().insert("refresh", axum::http::HeaderValue::from_static("2"));
    }
    Ok(response)
}

/// An order in a form.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    word: String,
    system: String,
    #[serde(default)]
    over: String,
}

pub(super) async fn order(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Wrong> {
    let Form(asked) = form?;
    visitor.check(&asked.word)?;
    let over = Some(asked.over.trim().to_owned()).filter(|over| !over.is_empty());
    take(&house, &visitor.who, Ordered { system: asked.system, over, ..Ordered::default() }).await?;
    Ok(redirect("/packs"))
}

pub(super) async fn file(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Wrong> {
    Ok(download(&house, &visitor.who, id).await?)
}
