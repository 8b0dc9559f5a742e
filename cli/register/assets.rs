//! Assets: recorded with the events that a change is, retired, listed.

use crate::context::Context;
use crate::output;
use crate::statements::{Desk, admitted};
use crate::view;
use affiant_controls::admit::{admit_asset, admit_event};
use affiant_controls::asset::Asset;
use affiant_controls::event::Event;
use affiant_controls::relation::dangling;
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::time::Timestamp;
use affiant_server::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};

/// Assets registered with one sync.
const BATCH: usize = 1024;
/// The event that a retirement is; its summary says why.
const RETIREMENT: &str = "retirement";

/// Records assets, and for each that is there in another version or with other bytes the events that this is.
pub(super) fn record(context: &Context, ledger: &mut Ledger, assets: Vec<Asset>) -> Result<(), Failure> {
    let Some(first) = assets.first() else { return Ok(()) };
    let before = registered(ledger, &first.system)?;
    for some in assets.chunks(BATCH) {
        let mut drafts: Vec<_> =
            some.iter().map(|asset| Statement::Asset(asset.clone()).draft("local")).collect();
        let now = context.now();
        let changed = some.iter().flat_map(|asset| changes(before.get(&asset.id), asset, now));
        let changed: Vec<Event> = changed.collect();
        drafts.extend(changed.iter().map(|event| Statement::Event(event.clone()).draft("local")));
        let appended = ledger.append(&drafts)?;
        for (asset, appended) in some.iter().zip(&appended) {
            super::answer(context, "asset", &asset.id, appended.index);
        }
        for event in changed {
            let asset = event.asset.as_ref().map(|asset| asset.as_str()).unwrap_or_default();
            context.say(format!(
                "{} of {asset}: earlier evidence of controls that heed it no longer counts",
                event.kind
            ));
        }
    }
    Ok(())
}

/// The assets of a system as they are registered.
pub(super) fn registered(ledger: &mut Ledger, system: &Id) -> Result<BTreeMap<Id, Asset>, Failure> {
    let mut assets = BTreeMap::new();
    for index in ledger.latest(system, b"asset\0")? {
        let record = ledger.reader()?.record(index)?;
        let bytes = record.statement.unwrap_or_default();
        let read = Statement::from_bytes(record.entry.kind.as_str(), &bytes).map_err(Failure::integrity)?;
        if let Some(Statement::Asset(asset)) = read {
            assets.insert(asset.id.clone(), asset);
        }
    }
    Ok(assets)
}

/// The events that a new version or other bytes of an asset are: its kind has changed, and a version is a release.
fn changes(before: Option<&Asset>, asset: &Asset, now: Timestamp) -> Vec<Event> {
    let Some(before) = before.filter(|_| !asset.retired) else { return Vec::new() };
    let other_version = asset.version.is_some() && asset.version != before.version;
    // A digest that is taken away is a change too: results on any bytes would count again.
    let other_bytes = asset.digest != before.digest;
    let kinds = [
        (other_version || other_bytes).then(|| format!("{}-change", asset.kind)),
        other_version.then(|| "release".to_owned()),
    ];
    let event = |kind: String| {
        Some(Event {
            at: now,
            kind: kind.parse().ok()?,
            asset: Some(asset.id.clone()),
            system: asset.system.clone(),
            done_at: None,
            summary: format!("registered with another {}", if other_version { "version" } else { "digest" }),
        })
    };
    kinds.into_iter().flatten().filter_map(event).collect()
}

/// Assets by the system they belong to.
pub(super) fn by_system(assets: Vec<Asset>) -> BTreeMap<Id, Vec<Asset>> {
    let mut all: BTreeMap<Id, Vec<Asset>> = BTreeMap::new();
    assets.into_iter().for_each(|asset| all.entry(asset.system.clone()).or_default().push(asset));
    all
}

/// Refuses a relation to an asset that is not there.
pub(super) fn refuse_dangling(assets: &[Asset], registered: &BTreeMap<Id, Asset>) -> Result<(), Failure> {
    // Most assets stand alone: then nothing is asked.
    if assets.iter().all(|asset| asset.relations.is_empty()) {
        return Ok(());
    }
    let known: BTreeSet<Id> = registered.keys().cloned().collect();
    let Some((asset, relation)) = dangling(assets, &known) else { return Ok(()) };
    let text = format!("asset `{}` {relation}, which is not registered for `{}`", asset.id, asset.system);
    Err(Failure::refused(text)
        .hint("register it first, or in the same file; a relation leads to an asset of the same system"))
}

/// Registers an asset again as retired, with the event that says why.
pub(super) fn retire(context: &Context, asset: &str, system: &str, reason: String) -> Result<u8, Failure> {
    let mut desk = Desk::open(context, system)?;
    let Some(Statement::Asset(before)) = desk.latest("asset", asset)? else {
        let text = format!("`{}` is no asset of {}", visible(asset), desk.system);
        return Err(
            Failure::refused(text).hint(format!("`affiant register list {}` shows them", desk.system))
        );
    };
    if before.retired {
        return Err(Failure::refused(format!("asset `{}` was retired before", before.id)));
    }
    let event = Event {
        at: desk.now,
        kind: RETIREMENT.parse().map_err(Failure::io)?,
        asset: Some(before.id.clone()),
        system: desk.system.clone(),
        done_at: None,
        summary: reason,
    };
    let event = admit_event(event, desk.now).map_err(admitted)?;
    let retired = Asset { retired: true, ..before };
    let retired = admit_asset(retired, &desk.catalogs.controls).map_err(admitted)?;
    let name = retired.id.to_string();
    desk.record("retirement of asset", &name, &[Statement::Asset(retired), Statement::Event(event)])
}

/// The assets of a system.
pub(super) fn list(context: &Context, system: &str) -> Result<u8, Failure> {
    let register = view::register_now(context, system)?;
    if context.json {
        output::json(&register.assets().collect::<Vec<_>>());
        return Ok(0);
    }
    let rows = register.assets().map(|asset| {
        let relations: Vec<String> = asset.relations.iter().map(ToString::to_string).collect();
        vec![
            asset.id.to_string(),
            asset.kind.clone(),
            asset.version.clone().unwrap_or_default(),
            asset.digest.map(|digest| short(&digest)).unwrap_or_default(),
            asset.owner.clone().unwrap_or_default(),
            relations.join(", "),
            if asset.retired { "retired" } else { "in use" }.to_owned(),
        ]
    });
    output::table(&["asset", "kind", "version", "sha-256", "owner", "relations", "state"], rows);
    Ok(0)
}

/// The beginning of a digest, enough to tell two apart by eye.
pub(super) fn short(digest: &Digest) -> String {
    format!("{}…", &digest.to_string()[..12])
}
