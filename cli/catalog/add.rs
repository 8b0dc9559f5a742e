//! Catalogs of one's own, put to use in a ledger.

use super::file::{Loaded, read};
use super::lint;
use crate::catalogs;
use crate::context::Context;
use crate::output;
use affiant_controls::pin::CatalogPin;
use affiant_controls::statement::{ORGANISATION, Statement};
use affiant_ledger::blob;
use affiant_ledger::id::Id;
use affiant_ledger::record::Draft;
use affiant_server::failure::{Failure, NO};
use serde_json::json;

/// Judges the catalogs in `files`, stores them beside the log and pins them; all or nothing.
pub(super) fn run(context: &Context, files: &[String]) -> Result<u8, Failure> {
    let mut ledger = context.open()?;
    // Where bytes that are in use are gone, what is in use is known only with them.
    let parsed =
        files.iter().filter(|file| *file != "-").filter_map(|file| Loaded::parse(&read(file).ok()?).ok());
    catalogs::put_back(&mut ledger, &parsed.collect::<Vec<_>>())?;
    let in_use = catalogs::of_ledger(&mut ledger, &[])?;
    let Some(loaded) = lint::judge(context, &in_use, files, false)? else { return Ok(NO) };
    catalogs::go_together(&in_use, &loaded)?;
    let organisation: Id = ORGANISATION.parse().map_err(Failure::io)?;
    let mut drafts = Vec::new();
    let mut pins: Vec<CatalogPin> = Vec::new();
    for catalog in &loaded {
        let pin = catalog.pin();
        if pins.iter().any(|other| other.id == pin.id) {
            return Err(Failure::refused(format!("catalog `{}` is given twice", pin.id)));
        }
        drafts.push(Draft { stream: organisation.clone(), ..Statement::Catalog(pin.clone()).draft("local") });
        pins.push(pin);
    }
    {
        let reader = ledger.reader()?;
        for catalog in &loaded {
            blob::store(reader.storage(), reader.folder(), &catalog.to_bytes())?;
        }
    }
    let appended = ledger.append(&drafts)?;
    ledger.close()?;
    for (pin, appended) in pins.iter().zip(appended) {
        if context.json {
            output::json(&json!({"catalog": pin, "index": appended.index}));
        } else {
            output::line(format!(
                "{} {} {} in use, SHA-256 {}, entry {}",
                pin.kind, pin.id, pin.version, pin.digest, appended.index
            ));
        }
    }
    Ok(0)
}

impl Loaded {
    pub(crate) fn pin(&self) -> CatalogPin {
        match self {
            Self::Framework(framework) => framework.pin(),
            Self::Controls(controls) => controls.pin(),
            Self::Mappings(mappings) => mappings.pin(),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Framework(framework) => framework.to_bytes(),
            Self::Controls(controls) => controls.to_bytes(),
            Self::Mappings(mappings) => mappings.to_bytes(),
        }
    }
}
