//! Systems by frameworks, each number with what it is of.

use super::super::history;
use super::super::house::House;
use super::parts::{count, share, trend};
use super::session::Visitor;
use super::{Wrong, page};
use crate::standing::{clock_text, findings_waiting, requests_waiting};
use crate::view::Asked;
use affiant_frameworks::clock::ClockState;
use axum::extract::State;
use axum::response::Response;
use maud::html;
use std::sync::Arc;

pub(super) async fn show(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let seen = house.streams()?.into_iter().filter(|id| within.who.grant.covers(id));
        let systems: Vec<_> = seen.collect();
        let asked = Asked::now(house.now());
        let mut rows = Vec::new();
        for system in &systems {
            within.who.may_read(system)?;
            let history = history::of(house, system);
            rows.push(house.look(system, asked, |_, standing| {
                let name = standing.register.system().map(|system| system.name.clone()).unwrap_or_default();
                let (waiting, overdue) = findings_waiting(standing.register, &house.catalogs.controls);
                let open: u64 = waiting.values().sum();
                let followed = standing.register.followed();
                let requests = requests_waiting(&followed).count();
                let running = standing.clocks.iter().filter(|clock| matches!(clock.state, ClockState::Running | ClockState::Overdue));
                let running: Vec<String> = running.take(3).map(clock_text).collect();
                html! {
                    section {
                        h2 { a href=(format!("/systems/{system}")) { (name) } " " code.quiet { (system) } }
                        div.wide { table {
                            thead { tr {
                                th scope="col" { "Framework" } th.number scope="col" { "Satisfied" }
                                th.number scope="col" { "Apply" } th scope="col" { "Share" }
                                th.number scope="col" { "Controls held" } th.number scope="col" { "of" } th scope="col" { "Trend" }
                            } }
                            tbody { @for judged in &standing.assessments { tr {
                                th scope="row" { a href=(format!("/systems/{system}#{}", judged.framework.id)) { (judged.framework.id) } }
                                td.number { (judged.totals.satisfied.count) }
                                td.number { (judged.totals.satisfied.of) }
                                td { (share(judged)) }
                                td.number { (judged.totals.controls_held.count) }
                                td.number { (judged.totals.controls_held.of) }
                                td { @match &history { Some(history) => (trend(history, judged.framework.id.as_str())), None => span.quiet { "being judged" } } }
                            } } }
                        } }
                        p {
                            a href="/findings" { (count(open, "finding", "findings")) " open" } ", " (overdue) " overdue · "
                            a href=(format!("/systems/{system}/room")) { (count(requests as u64, "request waits", "requests wait")) } " · "
                            a href=(format!("/systems/{system}/gaps")) { "gaps" } " · "
                            (count(standing.expiring.len() as u64, "runs", "run")) " out within 90 days"
                        }
                        @if !running.is_empty() { ul { @for clock in &running { li { (clock) } } } }
                    }
                }
            })?);
        }
        Ok(html! {
            h1 { "Where systems stand" }
            p.quiet { "As of " (asked.horizon.as_of) ", at entry " (house.size()) ". Satisfied means: evidence is on file for every control "
                "mapped to a requirement, over its whole population, and fresh. It does not say that anyone complies with a law." }
            @if rows.is_empty() { p { "No system is registered that you may see." } }
            @for row in rows { (row) }
        })
    });
    Ok(page("Overview", Some(&visitor), &body.await?))
}
