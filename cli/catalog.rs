//! `affiant catalog`: what the frameworks ask, the controls that answer it, and catalogs of one's own.

mod add;
mod diff;
pub(crate) mod file;
mod lint;
mod search;
mod show;
mod text;

use crate::args::{CatalogArguments, CatalogVerb};
use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use affiant_controls::catalog::ControlCatalog;
use affiant_frameworks::crosswalk::Crosswalk;
use affiant_frameworks::framework::{EARLIER, Framework, FrameworkKind};
use affiant_frameworks::mapping::MappingSet;
use affiant_reports::derive::Catalogs;
use affiant_reports::export::{json_file, mapping_collection};
use affiant_server::failure::{Failure, UNDETERMINED};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: CatalogArguments) -> Result<u8, Failure> {
    // Adding puts back what is gone, and so must not ask for it first.
    let near = || catalogs::near(context);
    match arguments.verb {
        CatalogVerb::List => list(context, &near()?),
        CatalogVerb::Show { id } => return show::run(context, &near()?, &id),
        CatalogVerb::Search { words } => return search::run(context, &near()?, &words),
        CatalogVerb::Diff { before, after } => return diff::run(context, &before, &after),
        CatalogVerb::Lint { files } => return lint::run(context, &near()?, &files),
        CatalogVerb::Export { output } => return export(&near()?, output.as_deref()),
        CatalogVerb::Add { files } => return add::run(context, &files),
        CatalogVerb::Text { framework, file, remove } => {
            return text::run(context, &near()?, framework.as_deref(), file.as_deref(), remove);
        }
    }
    Ok(0)
}

/// Writes which provision bears on which, for others' tools.
fn export(catalogs: &Catalogs, path: Option<&Path>) -> Result<u8, Failure> {
    let collection = mapping_collection(&Crosswalk::embedded(), catalogs.mappings.sets());
    let Some(collection) = collection else { return Ok(UNDETERMINED) };
    context::output(path.unwrap_or(Path::new("-")), &json_file(&collection))?;
    Ok(0)
}

/// What is known of each catalog.
fn rows(catalogs: &Catalogs) -> Vec<Value> {
    let frameworks = catalogs.frameworks.iter().map(framework_row);
    let earlier = EARLIER.iter().filter_map(|name| Framework::embedded(name).ok().map(|it| (name, it)));
    let earlier = earlier.map(|(name, framework)| {
        let mut row = framework_row(&framework);
        row["id"] = json!(name);
        row
    });
    let controls = catalogs.controls.catalogs().iter().map(controls_row);
    let mappings = catalogs.mappings.sets().iter().map(mappings_row);
    frameworks.chain(earlier).chain(controls).chain(mappings).chain([crosswalk_row()]).collect()
}

fn list(context: &Context, catalogs: &Catalogs) {
    let rows = rows(catalogs);
    if context.json {
        output::json(&rows);
        return;
    }
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let cells = rows.iter().map(|row| {
        let digest = text(row, "digest").chars().take(16).collect();
        vec![
            text(row, "id"),
            text(row, "kind"),
            text(row, "version"),
            text(row, "as_of"),
            text(row, "holds"),
            digest,
        ]
    });
    output::table(&["id", "kind", "version", "checked up to", "holds", "digest"], cells);
    context.say("a ledger pins them by digest (`catalog` entries) and a pack carries them, but for the crosswalk, which decides nothing");
}

fn framework_row(framework: &Framework) -> Value {
    let (rows, judged) = (framework.requirements.len(), framework.assessable().count());
    json!({
        "id": framework.id, "kind": kind(framework.kind), "version": framework.version, "as_of": framework.as_of,
        "holds": format!("{rows} provisions, evidence is judged on {judged}"), "digest": framework.digest(),
    })
}

fn controls_row(controls: &ControlCatalog) -> Value {
    json!({
        "id": controls.id, "kind": "controls", "version": controls.version,
        "holds": format!("{} controls", controls.controls.len()), "digest": controls.digest(),
    })
}

fn mappings_row(mappings: &MappingSet) -> Value {
    let count: usize = mappings.frameworks.values().map(Vec::len).sum();
    json!({
        "id": mappings.id, "kind": "mappings", "version": mappings.version, "as_of": mappings.as_of,
        "holds": format!("{count} mappings"), "digest": mappings.digest(),
    })
}

fn crosswalk_row() -> Value {
    let crosswalk = Crosswalk::embedded();
    json!({
        "id": crosswalk.id, "kind": "crosswalk", "version": crosswalk.version, "as_of": crosswalk.as_of,
        "holds": format!("{} rows between frameworks, never credit", crosswalk.rows.len()), "digest": crosswalk.digest(),
    })
}

fn kind(kind: FrameworkKind) -> &'static str {
    match kind {
        FrameworkKind::Law => "law",
        FrameworkKind::CertifiableStandard => "standard",
        FrameworkKind::VoluntaryFramework => "framework",
    }
}

/// Whether two citations are the same but for spaces and case.
pub(crate) fn same_citation(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}
