//! `affiant register bom`: the assets that a bill of materials names.

use super::assets;
use crate::args::BomArguments;
use crate::context::{self, Context};
use crate::output;
use crate::statements::{Desk, admitted};
use affiant_controls::admit::admit_asset;
use affiant_controls::asset::Asset;
use affiant_controls::bom::{self, BOM_SIZE_MAX, Bom, Component, differences};
use affiant_server::failure::Failure;
use serde_json::json;

/// An asset of the bill, and how it stands to the register.
struct Line {
    asset: Asset,
    /// The fields that change; none for an asset that is new.
    changed: Option<Vec<&'static str>>,
}

impl Line {
    fn word(&self) -> &'static str {
        match &self.changed {
            None => "new",
            Some(fields) if fields.is_empty() => "unchanged",
            Some(_) => "changed",
        }
    }

    fn fields(&self) -> String {
        self.changed.as_ref().map(|fields| fields.join(", ")).unwrap_or_default()
    }
}

pub(super) fn run(context: &Context, arguments: &BomArguments) -> Result<u8, Failure> {
    let bytes = context::input(&arguments.file, BOM_SIZE_MAX as u64)?;
    let bom = bom::read(&bytes).map_err(|error| {
        let failure = Failure::refused(format!("{}: {error}", arguments.file.display()));
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    let mut desk = Desk::open(context, &arguments.system)?;
    let registered = assets::registered(&mut desk.ledger, &desk.system)?;
    let line = |component: &Component| {
        let before = registered.get(&component.id);
        let asset = bom.asset(component, &desk.system, before);
        let asset = admit_asset(asset, &desk.catalogs.controls).map_err(admitted)?;
        let changed = before.map(|before| differences(before, &asset));
        Ok::<_, Failure>(Line { asset, changed })
    };
    let lines = bom.components.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    say_left_out(context, &bom, &lines);
    if lines.is_empty() {
        let text = format!("{}: {} names no asset", arguments.file.display(), bom.format);
        return Err(Failure::refused(text)
            .hint("models, data sets and container images are assets; libraries and services are not"));
    }
    if arguments.dry_run {
        show(context, &lines);
        return Ok(0);
    }
    let unchanged = lines.iter().filter(|line| line.word() == "unchanged").count();
    let recorded: Vec<Asset> =
        lines.into_iter().filter(|line| line.word() != "unchanged").map(|line| line.asset).collect();
    assets::refuse_dangling(&recorded, &registered)?;
    let count = recorded.len();
    assets::record(context, &mut desk.ledger, recorded)?;
    desk.ledger.close()?;
    context.say(format!("{count} assets registered, {unchanged} unchanged"));
    Ok(0)
}

/// Says what the bill holds that becomes no asset or relation, and what is registered as out of use.
fn say_left_out(context: &Context, bom: &Bom, lines: &[Line]) {
    if !bom.skipped.is_empty() {
        let counts: Vec<String> = bom.skipped.iter().map(|(what, count)| format!("{count} {what}")).collect();
        context.say(format!("note: left out, for they are no assets here: {}", counts.join(", ")));
    }
    if bom.loose > 0 {
        context.say(format!("note: {} relations lead to or from what is no asset here", bom.loose));
    }
    for line in lines.iter().filter(|line| line.asset.retired) {
        let id = &line.asset.id;
        context.say(format!(
            "note: {id} is registered as retired, and stays so; `register asset` takes it back"
        ));
    }
}

fn show(context: &Context, lines: &[Line]) {
    if context.json {
        let row = |line: &Line| json!({"asset": line.asset, "state": line.word(), "changed": line.changed});
        output::json(&lines.iter().map(row).collect::<Vec<_>>());
        return;
    }
    let rows = lines.iter().map(|line| {
        let asset = &line.asset;
        let relations: Vec<String> = asset.relations.iter().map(ToString::to_string).collect();
        vec![
            asset.id.to_string(),
            line.word().to_owned(),
            line.fields(),
            asset.kind.clone(),
            asset.version.clone().unwrap_or_default(),
            asset.digest.map(|digest| assets::short(&digest)).unwrap_or_default(),
            relations.join(", "),
        ]
    });
    output::table(&["asset", "state", "changed", "kind", "version", "sha-256", "relations"], rows);
}
