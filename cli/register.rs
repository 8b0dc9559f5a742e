//! `affiant register`: systems and assets, one by one, from files and from bills of materials; decisions on applicability,
//! and events.

mod assets;
mod bom;
mod decision;
mod reconcile;

use crate::args::{AssetArguments, RegisterArguments, RegisterVerb, SystemArguments};
use crate::catalogs;
use crate::context::{self, Context};
use crate::output;
use crate::policy;
use crate::statements::admitted;
use affiant_controls::admit::{admit_asset, admit_system};
use affiant_controls::asset::Asset;
use affiant_controls::definition::{self, DEFINITIONS_SIZE_MAX, Definitions};
use affiant_controls::relation::Relation;
use affiant_controls::statement::{ACCESS, ORGANISATION, Statement};
use affiant_controls::system::System;
use affiant_frameworks::vocabulary::Vocabulary;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_reports::derive::Catalogs;
use affiant_server::failure::Failure;
use affiant_server::systems::known_system;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) fn run(context: &Context, arguments: RegisterArguments) -> Result<u8, Failure> {
    let definitions = match arguments.verb {
        RegisterVerb::System(arguments) => {
            Definitions { system: Some(system(arguments)?), assets: Vec::new() }
        }
        RegisterVerb::Asset(arguments) => Definitions { system: None, assets: vec![asset(arguments)?] },
        RegisterVerb::File { file, system } => from_file(&file, parsed(system)?.as_ref())?,
        RegisterVerb::Decision(arguments) => return decision::decide(context, arguments),
        RegisterVerb::Event(arguments) => return decision::happened(context, arguments),
        RegisterVerb::Retire { asset, system, reason } => {
            return assets::retire(context, &asset, &system, reason);
        }
        RegisterVerb::List { system } => return assets::list(context, &system),
        RegisterVerb::Bom(arguments) => return bom::run(context, &arguments),
        RegisterVerb::Reconcile(arguments) => return reconcile::run(context, &arguments),
    };
    let mut ledger = context.open()?;
    let catalogs = catalogs::of_ledger(&mut ledger, &[])?;
    let system = definitions.system.map(admit_system).transpose().map_err(admitted)?;
    system.as_ref().map_or(Ok(()), |system| refuse_unknown_words(system, &catalogs))?;
    let admit = |asset| admit_asset(asset, &catalogs.controls).map_err(admitted);
    let assets = definitions.assets.into_iter().map(admit).collect::<Result<Vec<_>, _>>()?;
    let of_systems = assets::by_system(assets);
    for (system, assets) in &of_systems {
        let registered = assets::registered(&mut ledger, system)?;
        assets::refuse_dangling(assets, &registered)?;
    }
    if let Some(system) = system {
        record_system(context, &mut ledger, system, &catalogs)?;
    }
    of_systems.keys().try_for_each(|system| known_system(&ledger, system))?;
    for assets in of_systems.into_values() {
        assets::record(context, &mut ledger, assets)?;
    }
    ledger.close()?;
    Ok(0)
}

fn from_file(path: &Path, system: Option<&Id>) -> Result<Definitions, Failure> {
    let bytes = context::input(path, DEFINITIONS_SIZE_MAX as u64)?;
    let json = path.extension().is_some_and(|ending| ending == "json");
    let read =
        if json { definition::from_json(&bytes, system) } else { definition::from_yaml(&bytes, system) };
    read.map_err(|error| Failure::refused(format!("{}: {error}", path.display())))
}

fn record_system(
    context: &Context,
    ledger: &mut Ledger,
    system: System,
    catalogs: &Catalogs,
) -> Result<(), Failure> {
    let reserved = match system.id.as_str() {
        ORGANISATION => Some("`org` names the organisation itself, not an AI system"),
        ACCESS => Some("`access` names the stream of who did what at the service's doors, not an AI system"),
        _ => None,
    };
    if let Some(why) = reserved {
        return Err(Failure::refused(why).hint("give the system another id"));
    }
    let id = system.id.clone();
    let is_new = ledger.head(&id).is_none();
    let appended = ledger.append(&[Statement::System(system).draft("local")])?;
    if is_new {
        policy::begin(ledger, &id, context.now())?;
    }
    catalogs::pin(ledger, &id, catalogs)?;
    answer(context, "system", &id, appended[0].index);
    Ok(())
}

/// Refuses words that no framework knows: a mistyped role would leave every duty of that role undetermined.
fn refuse_unknown_words(system: &System, catalogs: &Catalogs) -> Result<(), Failure> {
    let frameworks = &catalogs.frameworks;
    let known = |words: fn(&Vocabulary) -> &BTreeSet<String>| -> BTreeSet<String> {
        frameworks.iter().flat_map(|framework| words(&framework.vocabularies)).cloned().collect()
    };
    refuse_unknown("role", &system.roles, &known(|v| &v.roles))?;
    refuse_unknown("risk class", &system.risk_classes, &known(|v| &v.risk_classes))?;
    refuse_unknown("route", &system.routes, &known(|v| &v.routes))?;
    let facts: BTreeSet<String> =
        frameworks.iter().flat_map(|f| f.vocabularies.facts.keys().cloned()).collect();
    refuse_unknown("fact", &system.facts.keys().cloned().collect(), &facts)
}

fn refuse_unknown(what: &str, words: &BTreeSet<String>, known: &BTreeSet<String>) -> Result<(), Failure> {
    match words.iter().find(|word| !known.contains(*word)) {
        None => Ok(()),
        Some(word) => {
            Err(Failure::refused(format!("`{}` is not a {what} that a framework knows", visible(word)))
                .hint(format!("known: {}", known.iter().cloned().collect::<Vec<_>>().join(", "))))
        }
    }
}

fn answer(context: &Context, what: &str, id: &Id, index: u64) {
    if context.json {
        output::json(&serde_json::json!({"registered": what, "id": id, "index": index}));
    } else {
        output::line(format!("{what} {id} registered, entry {index}"));
    }
}

fn system(arguments: SystemArguments) -> Result<System, Failure> {
    let words = |words: Vec<String>| words.into_iter().collect::<BTreeSet<_>>();
    let mut stated: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for fact in &arguments.facts {
        let (name, value) = fact.split_once('=').ok_or_else(|| {
            Failure::refused(format!("`{fact}` is not a fact"))
                .hint("write it as name=value, such as annex_iii=5.b")
        })?;
        stated.entry(name.to_owned()).or_default().insert(value.to_owned());
    }
    Ok(System {
        purpose: arguments.purpose,
        owner: arguments.owner,
        roles: words(arguments.roles),
        risk_classes: words(arguments.risk_classes),
        routes: words(arguments.routes),
        placed_on_market: parsed(arguments.placed_on_market)?,
        facts: stated,
        classified_by: arguments.classified_by,
        basis: arguments.basis,
        ..System::new(arguments.id.parse().map_err(Failure::refused)?, arguments.name)
    })
}

fn asset(arguments: AssetArguments) -> Result<Asset, Failure> {
    let id = |text: &str| text.parse::<Id>().map_err(Failure::refused);
    Ok(Asset {
        version: arguments.asset_version,
        digest: arguments.digest.map(|text| digest(&text)).transpose()?,
        owner: arguments.owner,
        purpose: arguments.purpose,
        location: arguments.location,
        retired: arguments.retired,
        relations: relations(&arguments.relations)?,
        ..Asset::new(id(&arguments.system)?, id(&arguments.id)?, arguments.kind, arguments.name)
    })
}

fn relations(texts: &[String]) -> Result<BTreeSet<Relation>, Failure> {
    texts.iter().map(|text| text.parse().map_err(Failure::refused)).collect()
}

fn digest(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|error| Failure::refused(format!("`{}`: {error}", visible(text))))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: Option<String>) -> Result<Option<T>, Failure> {
    text.map(|text| text.parse().map_err(Failure::refused)).transpose()
}
