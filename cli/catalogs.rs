//! The catalogs in the program, and their pins on the ledger.

use crate::error::Failure;
use affiant_controls::pin::CatalogPin;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_frameworks::framework::{EMBEDDED, Framework};
use affiant_frameworks::mappings::MappingSets;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::Ledger;
use affiant_ledger::record::Draft;
use affiant_reports::derive::Catalogs;

/// The embedded catalogs with the frameworks asked for; all when none is named.
pub(crate) fn embedded(frameworks: &[String]) -> Result<Catalogs, Failure> {
    let unknown = frameworks.iter().find(|id| !EMBEDDED.contains(&id.as_str()));
    if let Some(id) = unknown {
        let text = format!("framework `{}` is not known", affiant_ledger::id::visible(id));
        return Err(Failure::refused(text).hint(format!("known: {}", EMBEDDED.join(", "))));
    }
    let wanted = EMBEDDED.iter().filter(|id| frameworks.is_empty() || frameworks.iter().any(|f| f == *id));
    let frameworks =
        wanted.map(|id| Framework::embedded(id).map_err(Failure::io)).collect::<Result<_, _>>()?;
    Ok(Catalogs { frameworks, controls: ControlSet::embedded(), mappings: MappingSets::embedded() })
}

/// The pins of the embedded catalogs in a stream.
pub(crate) fn drafts(stream: &Id) -> Result<Vec<Draft>, Failure> {
    let draft = |pin| Draft { stream: stream.clone(), ..Statement::Catalog(pin).draft("local") };
    Ok(embedded(&[])?.pins().into_iter().map(draft).collect())
}

/// Pins the embedded catalogs in a stream, where they are not pinned already.
pub(crate) fn pin(ledger: &mut Ledger, stream: &Id) -> Result<(), Failure> {
    let pinned = pins(ledger, stream)?;
    let known = |draft: &Draft| {
        pinned.iter().any(|pin| Statement::Catalog(pin.clone()).to_bytes() == draft.statement)
    };
    let drafts: Vec<Draft> = drafts(stream)?.into_iter().filter(|draft| !known(draft)).collect();
    if !drafts.is_empty() {
        ledger.append(&drafts)?;
    }
    Ok(())
}

/// The latest pins of a stream.
fn pins(ledger: &mut Ledger, stream: &Id) -> Result<Vec<CatalogPin>, Failure> {
    let mut pins = Vec::new();
    for index in ledger.latest(stream, b"catalog\0")? {
        let record = ledger.reader()?.record(index)?;
        let statement = record.statement.unwrap_or_default();
        // An erasure may stand in the place of a pin: then there is none.
        let read =
            Statement::from_bytes(record.entry.kind.as_str(), &statement).map_err(Failure::integrity)?;
        if let Some(Statement::Catalog(pin)) = read {
            pins.push(pin);
        }
    }
    Ok(pins)
}
