//! An entry, what it says, and its proof checked and told in words.

use super::super::house::House;
use super::super::problem::Problem;
use super::session::Visitor;
use super::{Wrong, page};
use crate::entries;
use affiant_ledger::checkpoint::Checkpoint;
use affiant_ledger::entry::Entry;
use affiant_ledger::id::visible;
use affiant_ledger::merkle;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;
use std::sync::Arc;

pub(super) async fn show(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Path(index): Path<String>,
) -> Result<Response, Wrong> {
    let within = visitor.clone();
    let body = house.work(move |house| {
        let missing = || Problem::missing(format!("there is no entry `{}`", visible(&index)));
        let index: u64 = index.parse().map_err(|_| missing())?;
        let reader = house.reader()?;
        if index >= reader.size() {
            return Err(missing());
        }
        let bytes = reader.entry_bytes(index)?;
        let entry = Entry::from_bytes(&bytes).map_err(|error| Problem::internal(error.to_string()))?;
        within.who.may_read(&entry.stream)?;
        let (shown, gone) = entries::whole(&reader, index)?;
        let receipt = reader.receipt(index)?;
        let leaf = reader.leaf(index)?;
        // What is said of the proof is checked here and now, from the receipt that anyone may take away.
        let checkpoint = Checkpoint::open_with(&receipt.checkpoint, &reader.settings().log_keys);
        let checkpoint = checkpoint.map_err(|error| Problem::internal(error.to_string()))?;
        let included = merkle::verify_inclusion(index, checkpoint.size, &leaf, &receipt.path, &checkpoint.root).is_ok();
        let text = serde_json::to_string_pretty(&shown["statement"]).unwrap_or_default();
        Ok(html! {
            p { a href=(format!("/systems/{}", entry.stream)) { (entry.stream) } }
            h1 { "Entry " (index) }
            dl {
                dt { "Kind" } dd { (entry.kind) }
                dt { "Recorded" } dd { (entry.time) }
                dt { "By" } dd { (entry.by) }
                dt { "Place in the stream" } dd { (entry.n) }
                dt { "Leaf hash" } dd.hash { (leaf) }
                dt { "Entry before" } dd.hash { (entry.prev) }
                dt { "Payload" } dd.hash { (entry.payload) }
            }
            h2 { "Proof" }
            @if included {
                p.done { "This entry is in the log: its hash leads with " (receipt.path.len()) " others to the root that "
                    code { (checkpoint.origin) } " signed over " (checkpoint.size) " entries." }
            } @else {
                p.alert role="alert" { "The proof does not hold: this entry does not lead to the signed root. Run `affiant log fsck`." }
            }
            p.quiet { "This page checked it on the operator's machine. To trust nobody, take the receipt and check it with "
                code { "affiant verify" } " and keys you got elsewhere." }
            details { summary { "Receipt" } pre { (String::from_utf8_lossy(&receipt.to_bytes())) } }
            h2 { "What it says" }
            @if gone { p.alert role="alert" { "The payload is gone, and no entry says that it was erased." } }
            @else if shown.get("erased").is_some() { p { "Erased with authority." } pre { (serde_json::to_string_pretty(&shown["erased"]).unwrap_or_default()) } }
            @else { pre { (text) } }
        })
    });
    Ok(page("Entry", Some(&visitor), &body.await?))
}
