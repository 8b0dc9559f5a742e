//! The catalogs in use, those of the program and those added to the ledger, and their pins.

use crate::failure::Failure;
use crate::view::View;
use affiant_controls::catalog::ControlCatalog;
use affiant_controls::pin::{CatalogKind, CatalogPin};
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::{ORGANISATION, Statement};
use affiant_frameworks::framework::{EARLIER, EMBEDDED, Framework};
use affiant_frameworks::mapping::MappingSet;
use affiant_frameworks::mappings::MappingSets;
use affiant_frameworks::shipped::ships;
use affiant_ledger::blob;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::{Id, visible};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::reader::Reader;
use affiant_ledger::record::Draft;
use affiant_ledger::time::Timestamp;
use affiant_reports::derive::Catalogs;

/// Catalogs of one's own, added to a ledger.
#[derive(Default)]
struct Added {
    frameworks: Vec<Framework>,
    controls: Vec<ControlCatalog>,
    mappings: Vec<MappingSet>,
}

/// The catalogs of the program; all frameworks in force, or the ones asked for.
pub fn embedded(frameworks: &[String]) -> Result<Catalogs, Failure> {
    together(Added::default(), frameworks)
}

/// The catalogs in use in a ledger that is read.
pub fn of_view(view: &View<'_>, frameworks: &[String]) -> Result<Catalogs, Failure> {
    let organisation: Id = ORGANISATION.parse().map_err(Failure::io)?;
    let records = view.records(&organisation, false)?;
    let register = Register::replay(&records, Timestamp::MAX).map_err(Failure::integrity)?;
    together(added(view.reader, register.pins())?, frameworks)
}

/// The catalogs in use in a ledger that is written.
pub fn of_ledger(ledger: &mut Ledger, frameworks: &[String]) -> Result<Catalogs, Failure> {
    let pins = pins(ledger, &ORGANISATION.parse().map_err(Failure::io)?)?;
    let reader = ledger.reader()?;
    together(added(reader, pins.iter())?, frameworks)
}

/// The controls in use in a ledger that is written.
pub fn controls_of(ledger: &mut Ledger) -> Result<ControlSet, Failure> {
    let pins = pins(ledger, &ORGANISATION.parse().map_err(Failure::io)?)?;
    let reader = ledger.reader()?;
    let own = added(reader, pins.iter().filter(|pin| pin.kind == CatalogKind::Controls))?;
    control_set(own.controls)
}

/// The catalogs named by pins that are not those of the program.
fn added<'a>(reader: &Reader, pins: impl Iterator<Item = &'a CatalogPin>) -> Result<Added, Failure> {
    let mut added = Added::default();
    for pin in pins {
        if of_the_program(pin) {
            continue;
        }
        let Some(bytes) = blob::read(reader.storage(), reader.folder(), &pin.digest)? else {
            if ships(pin) {
                continue;
            }
            let text =
                format!("catalog `{}` was added, and its bytes are gone (SHA-256 {})", pin.id, pin.digest);
            let hint =
                "put the file back under blob/, or add the same catalog again with `affiant catalog add`";
            return Err(Failure::integrity(text).hint(hint));
        };
        let wrong =
            |error: &dyn std::fmt::Display| Failure::integrity(format!("catalog `{}`: {error}", pin.id));
        match pin.kind {
            CatalogKind::Framework => {
                added.frameworks.push(Framework::from_bytes(&bytes).map_err(|error| wrong(&error))?);
            }
            CatalogKind::Controls => {
                added.controls.push(ControlCatalog::from_bytes(&bytes).map_err(|error| wrong(&error))?);
            }
            CatalogKind::Mappings => {
                added.mappings.push(MappingSet::from_bytes(&bytes).map_err(|error| wrong(&error))?);
            }
        }
    }
    Ok(added)
}

/// Whether a pin names a catalog exactly as this program has it.
fn of_the_program(pin: &CatalogPin) -> bool {
    let frameworks = || EMBEDDED.iter().chain(&EARLIER).filter_map(|id| Framework::embedded_bytes(id).ok());
    let bytes: Vec<&[u8]> = match pin.kind {
        CatalogKind::Framework => frameworks().collect(),
        CatalogKind::Controls => ControlCatalog::all_embedded_bytes().to_vec(),
        CatalogKind::Mappings => MappingSet::all_embedded_bytes().to_vec(),
    };
    bytes.into_iter().any(|bytes| Digest::of(bytes) == pin.digest)
}

/// Those of the program and one's own; one of the same id takes the place of the program's.
fn together(added: Added, wanted: &[String]) -> Result<Catalogs, Failure> {
    let mut sets = MappingSet::all_embedded();
    sets.retain(|set| !added.mappings.iter().any(|own| own.id == set.id));
    sets.extend(added.mappings);
    Ok(Catalogs {
        frameworks: frameworks(added.frameworks, wanted)?,
        controls: control_set(added.controls)?,
        mappings: MappingSets::new(sets).map_err(Failure::integrity)?,
    })
}

fn control_set(own: Vec<ControlCatalog>) -> Result<ControlSet, Failure> {
    let mut catalogs = ControlCatalog::all_embedded();
    catalogs.retain(|catalog| !own.iter().any(|own| own.id == catalog.id));
    catalogs.extend(own);
    ControlSet::new(catalogs).map_err(Failure::integrity)
}

/// The frameworks asked for, in the program's order, then by id; all but earlier versions when none is named.
fn frameworks(own: Vec<Framework>, wanted: &[String]) -> Result<Vec<Framework>, Failure> {
    let is_own = |id: &str| own.iter().any(|own| own.id == *id);
    let known: Vec<String> = EMBEDDED
        .iter()
        .chain(&EARLIER)
        .map(|id| (*id).to_owned())
        .chain(own.iter().map(|own| own.id.to_string()).filter(|id| !EMBEDDED.contains(&id.as_str())))
        .collect();
    if let Some(id) = wanted.iter().find(|id| !known.contains(id)) {
        let text = format!("framework `{}` is not known", visible(id));
        return Err(Failure::refused(text).hint(format!("known: {}", known.join(", "))));
    }
    let asked = |id: &&String| match wanted.is_empty() {
        true => !EARLIER.contains(&id.as_str()),
        false => wanted.contains(id),
    };
    let asked: Vec<&String> = known.iter().filter(asked).collect();
    let twice =
        asked.iter().find(|id| id.split_once('@').is_some_and(|(id, _)| asked.iter().any(|it| *it == id)));
    if let Some(id) = twice {
        return Err(Failure::refused(format!("two versions of one framework at a time: `{id}`")));
    }
    let load = |id: &String| match own.iter().find(|own| own.id == **id) {
        Some(own) if is_own(id) => Ok(own.clone()),
        _ => Framework::embedded(id).map_err(Failure::io),
    };
    asked.into_iter().map(load).collect()
}

/// The pins of the embedded catalogs in a stream.
pub fn drafts(stream: &Id) -> Result<Vec<Draft>, Failure> {
    Ok(pin_drafts(stream, embedded(&[])?.pins()))
}

fn pin_drafts(stream: &Id, pins: Vec<CatalogPin>) -> Vec<Draft> {
    let draft = |pin| Draft { stream: stream.clone(), ..Statement::Catalog(pin).draft("local") };
    pins.into_iter().map(draft).collect()
}

/// Pins catalogs in a stream, where they are not pinned already.
pub fn pin(ledger: &mut Ledger, stream: &Id, catalogs: &Catalogs) -> Result<(), Failure> {
    let pinned = pins(ledger, stream)?;
    let lacking = catalogs.pins().into_iter().filter(|pin| !pinned.contains(pin)).collect();
    let drafts = pin_drafts(stream, lacking);
    if !drafts.is_empty() {
        ledger.append(&drafts)?;
    }
    Ok(())
}

/// The latest pins of a stream.
pub fn pins(ledger: &mut Ledger, stream: &Id) -> Result<Vec<CatalogPin>, Failure> {
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

/// Which catalogs are in use in another version than the one pinned last in a stream.
pub fn changed(catalogs: &Catalogs, register: &Register) -> Vec<String> {
    let pinned: Vec<&CatalogPin> = register.pins().collect();
    let differs = |pin: &CatalogPin| {
        let before = pinned.iter().find(|before| before.id == pin.id && before.kind == pin.kind)?;
        let same = before.digest == pin.digest;
        (!same).then(|| {
            let short = |digest: String| digest.chars().take(12).collect::<String>();
            let (was, is) = (short(before.digest.to_string()), short(pin.digest.to_string()));
            format!(
                "catalog {} {} ({is}…) is in use, pinned is {} ({was}…)",
                pin.id, pin.version, before.version
            )
        })
    };
    catalogs.pins().iter().filter_map(differs).collect()
}
