//! Requirements and controls by their words.

use crate::context::Context;
use crate::output;
use affiant_ledger::id::visible;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::{Failure, NO};
use serde_json::json;

/// A row that was found: catalog, id, citation, title.
type Found<'a> = [&'a str; 4];

/// Lists what holds all the words, in the order of the catalogs.
pub(super) fn run(context: &Context, catalogs: &Catalogs, words: &[String]) -> Result<u8, Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let holds = |texts: &[&str]| {
        let text = texts.join("\n").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let requirements = catalogs.frameworks.iter().flat_map(|framework| {
        framework.requirements.iter().map(|row| {
            let found: Found<'_> = [framework.id.as_str(), &row.id, &row.citation, &row.title];
            (found, row.summary.as_str())
        })
    });
    let controls = catalogs.controls.catalogs().iter().flat_map(|catalog| {
        catalog.controls.values().map(|control| {
            let found: Found<'_> =
                [catalog.id.as_str(), control.id.as_str(), control.id.as_str(), &control.title];
            (found, control.objective.as_str())
        })
    });
    let all = requirements.chain(controls);
    let found: Vec<Found<'_>> = all
        .filter(|([_, id, citation, title], text)| holds(&[id, citation, title, text]))
        .map(|(found, _)| found)
        .collect();
    if context.json {
        let rows = found.iter().map(|[catalog, id, citation, title]| json!({"catalog": catalog, "id": id, "citation": citation, "title": title}));
        output::json(&rows.collect::<Vec<_>>());
    } else if found.is_empty() {
        context.say(format!("nothing holds `{}`", visible(&words.join(" "))));
    } else {
        let rows = found.iter().map(|[catalog, _, citation, title]| {
            vec![(*catalog).to_owned(), (*citation).to_owned(), (*title).to_owned()]
        });
        output::table(&["catalog", "requirement or control", "title"], rows);
    }
    Ok(if found.is_empty() { NO } else { 0 })
}
