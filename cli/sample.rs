//! `affiant sample`: results drawn from a ledger or a pack so that neither side could choose them (docs/spec/sample.md).

use crate::args::SampleArguments;
use crate::context::{self, Context};
use crate::output;
use crate::statements::{Desk, admitted, time};
use crate::verify::{show, trust};
use crate::view::View;
use affiant_controls::admit::admit_sample;
use affiant_controls::sample::{Drawing, PopulationList, Sample, SampleFilter, StreamResults, list, seed};
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::record::Record;
use affiant_reports::archive::Limits;
use affiant_reports::examine::FILE_SIZE_MAX;
use affiant_reports::opened::OpenedPack;
use affiant_server::failure::{Failure, UNDETERMINED};
use serde_json::{Value, json};
use std::path::Path;

/// What is drawn from: a stream as the ledger held it at a size.
struct Source {
    system: Id,
    size: u64,
    root: Digest,
    records: Vec<Record>,
}

pub(crate) fn run(context: &Context, arguments: SampleArguments) -> Result<u8, Failure> {
    let filter = filter(&arguments)?;
    let source = match &arguments.pack {
        Some(pack) => of_pack(context, pack, &arguments)?,
        None => of_ledger(context, &arguments)?,
    };
    let results = StreamResults::of(&source.records).map_err(Failure::integrity)?;
    let population = results.population(&filter, source.size);
    if arguments.population {
        output::bytes(list(&population.entries).as_bytes());
        return Ok(if population.entries.is_empty() { UNDETERMINED } else { 0 });
    }
    let drawing = Drawing {
        by: arguments.by.as_deref().unwrap_or("nobody"),
        system: &source.system,
        filter: &filter,
        text: arguments.text.as_deref().unwrap_or_default(),
        count: arguments.count,
        size: source.size,
        root: source.root,
    };
    let sample = admit_sample(Sample::draw(drawing, &population.entries)).map_err(admitted)?;
    if sample.items.is_empty() {
        return Err(Failure { code: UNDETERMINED, ..Failure::refused("no result to draw from") });
    }
    let recorded = if arguments.record { Some(record(context, &sample)?) } else { None };
    match (context.json, arguments.csv) {
        (true, _) => output::json(&answer(&sample, &population, &results, recorded)),
        (_, true) => output::csv(&HEADER, rows(&sample, &results)),
        _ => tell(context, &sample, &population, &results, recorded),
    }
    Ok(0)
}

fn filter(arguments: &SampleArguments) -> Result<SampleFilter, Failure> {
    let SampleArguments { control, asset, collector, status, from, until, .. } = arguments;
    Ok(SampleFilter {
        from: time(from.as_ref())?,
        asset: asset.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?,
        until: time(until.as_ref())?,
        status: status.as_ref().map(|word| word.parse().map_err(Failure::refused)).transpose()?,
        control: control.as_ref().map(|id| id.parse().map_err(Failure::refused)).transpose()?,
        collector: collector.clone(),
    })
}

fn of_ledger(context: &Context, arguments: &SampleArguments) -> Result<Source, Failure> {
    let reader = context.read()?;
    let view = View::new(&reader)?;
    let system = view.known(arguments.system.as_deref().unwrap_or_default())?;
    let size = arguments.at_size.unwrap_or(reader.size());
    if size == 0 || size > reader.size() {
        return Err(Failure::refused(format!("the ledger has {} entries, not {size}", reader.size())));
    }
    let (root, records) = (reader.root_at(size)?, view.records(&system, true)?);
    Ok(Source { system, size, root, records })
}

fn of_pack(context: &Context, path: &Path, arguments: &SampleArguments) -> Result<Source, Failure> {
    let pack = verified(context, path, arguments.trust.as_deref())?;
    let system = pack.assessment().system.clone();
    if let Some(other) = arguments.system.as_ref().filter(|other| system != *other.as_str()) {
        return Err(Failure::refused(format!("the pack is of `{system}`, not of `{other}`")));
    }
    let (size, root) = (pack.checkpoint().size, pack.checkpoint().root);
    Ok(Source { system, size, root, records: pack.records().to_vec() })
}

/// Opens a pack that is verified with keys from outside; shows the verdict on any other.
pub(crate) fn verified(context: &Context, path: &Path, keys: Option<&Path>) -> Result<OpenedPack, Failure> {
    let keys = keys.ok_or_else(|| Failure {
        code: UNDETERMINED,
        ..Failure::refused("no trust anchor: a pack is verified before anything is read from it")
            .hint("give the keys with --trust FILE")
    })?;
    let (trust, bytes) = (trust(keys)?, context::input(path, FILE_SIZE_MAX)?);
    OpenedPack::open(&bytes, &trust, &Limits::default()).map_err(|verdict| {
        if !context.json {
            show(&verdict);
        }
        Failure { code: verdict.exit_code().max(1), ..Failure::integrity("the pack is not verified") }
    })
}

/// Records the sample; gives the index of its entry.
fn record(context: &Context, sample: &Sample) -> Result<u64, Failure> {
    let mut desk = Desk::open(context, sample.system.as_str())?;
    let appended = desk.ledger.append(&[Statement::Sample(Box::new(sample.clone())).draft("local")])?;
    desk.ledger.close()?;
    appended.first().map(|appended| appended.index).ok_or_else(|| Failure::io("nothing was recorded"))
}

const HEADER: [&str; 9] =
    ["draw", "entry", "leaf", "observed", "control", "asset", "status", "collector", "summary"];

fn rows(sample: &Sample, results: &StreamResults) -> Vec<Vec<String>> {
    let row = |(at, index): (usize, &u64)| {
        let (leaf, result) = results.get(*index)?;
        Some(vec![
            (at + 1).to_string(),
            index.to_string(),
            leaf.to_string(),
            result.observed_to.to_string(),
            result.control.to_string(),
            result.asset.as_ref().map(ToString::to_string).unwrap_or_default(),
            result.status.to_string(),
            result.collector.name.clone(),
            result.summary.clone(),
        ])
    };
    sample.items.iter().enumerate().filter_map(row).collect()
}

fn answer(
    sample: &Sample,
    population: &PopulationList,
    results: &StreamResults,
    recorded: Option<u64>,
) -> Value {
    let items = rows(sample, results).into_iter().map(|row| {
        let [_, _, leaf, observed, control, asset, status, collector, summary] = &row[..] else {
            return Value::Null;
        };
        json!({"leaf": leaf, "observed_to": observed, "control": control, "asset": asset, "status": status,
               "collector": collector, "summary": summary})
    });
    let items = sample.items.iter().zip(items).enumerate().map(|(at, (index, mut item))| {
        (item["draw"], item["index"]) = (json!(at + 1), json!(index));
        item
    });
    json!({
        "id": sample.id, "system": sample.system, "size": sample.size, "root": sample.root, "text": sample.text,
        "seed": seed(&sample.text, &sample.root), "filter": sample.filter, "population": sample.population,
        "unread": population.unread, "count": sample.count, "items": items.collect::<Vec<_>>(),
        "recorded": recorded,
    })
}

fn tell(
    context: &Context,
    sample: &Sample,
    population: &PopulationList,
    results: &StreamResults,
    recorded: Option<u64>,
) {
    let Sample { system, size, root, text, count, items, .. } = sample;
    let unread = match population.unread {
        0 => String::new(),
        unread => format!("; {unread} results whose payload is gone are not in it"),
    };
    let of = sample.population.size;
    output::line(format!("population  {of} results of {system} among the first {size} entries{unread}"));
    output::line(format!("            their list has SHA-256 {}", sample.population.digest));
    output::line(format!("seed        {} of `{text}` and root {root}", seed(text, root)));
    let drawn = items.len() as u64;
    let whole = if drawn < *count { ": the whole population" } else { "" };
    output::line(format!("sample      {} of {drawn} entries, in the order drawn{whole}", sample.id));
    output::line("");
    // Leaf hashes are for machines: JSON and CSV hold them.
    let shown: Vec<&str> = HEADER.into_iter().filter(|name| *name != "leaf").collect();
    output::table(
        &shown,
        rows(sample, results).into_iter().map(|mut row| {
            row.remove(2);
            row
        }),
    );
    match recorded {
        Some(index) => output::line(format!("{} recorded, entry {index}", sample.id)),
        None => context.say("nothing was recorded; --record --by WHO does, and packs issued later show it"),
    }
}
