//! The catalogs in use where a command stands: those of the ledger at hand, and those being added to it.

use crate::catalog::file::Loaded;
use crate::context::Context;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::ORGANISATION;
use affiant_frameworks::mappings::MappingSets;
use affiant_ledger::blob;
use affiant_ledger::ledger::Ledger;
use affiant_reports::derive::Catalogs;
pub(crate) use affiant_server::catalogs::{changed, controls_of, drafts, of_ledger, of_view, pin};
use affiant_server::catalogs::{embedded, pins};
use affiant_server::failure::Failure;
use affiant_server::view::View;

/// The catalogs in use in the ledger at hand, if there is one, else those of the program.
pub(crate) fn near(context: &Context) -> Result<Catalogs, Failure> {
    match context.read() {
        Ok(reader) => of_view(&View::new(&reader)?, &[]),
        Err(_) => embedded(&[]),
    }
}

/// Puts the bytes of catalogs that are pinned and gone back in their place.
pub(crate) fn put_back(ledger: &mut Ledger, loaded: &[Loaded]) -> Result<(), Failure> {
    let pins = pins(ledger, &ORGANISATION.parse().map_err(Failure::io)?)?;
    let reader = ledger.reader()?;
    for catalog in loaded.iter().filter(|catalog| pins.contains(&catalog.pin())) {
        blob::store(reader.storage(), reader.folder(), &catalog.to_bytes())?;
    }
    Ok(())
}

/// Refuses catalogs that do not go together with those in use: a control or a mapping twice, an id of two kinds, more bytes
/// than a pack takes, mappings that lead nowhere.
pub(crate) fn go_together(in_use: &Catalogs, loaded: &[Loaded]) -> Result<(), Failure> {
    let (mut own_frameworks, mut own_controls, mut own_mappings) = (Vec::new(), Vec::new(), Vec::new());
    for catalog in loaded {
        match catalog {
            Loaded::Framework(framework) => own_frameworks.push((**framework).clone()),
            Loaded::Controls(controls) => own_controls.push((**controls).clone()),
            Loaded::Mappings(mappings) => own_mappings.push((**mappings).clone()),
        }
    }
    let mut frameworks = in_use.frameworks.clone();
    frameworks.retain(|before| !own_frameworks.iter().any(|own| own.id == before.id));
    frameworks.extend(own_frameworks);
    let mut controls = in_use.controls.catalogs().to_vec();
    controls.retain(|before| !own_controls.iter().any(|own| own.id == before.id));
    controls.extend(own_controls);
    let controls = ControlSet::new(controls).map_err(Failure::refused)?;
    let mut mappings = in_use.mappings.sets().to_vec();
    mappings.retain(|before| !own_mappings.iter().any(|own| own.id == before.id));
    mappings.extend(own_mappings);
    let mappings = MappingSets::new(mappings).map_err(Failure::refused)?;
    if let Some(fault) = frameworks.iter().flat_map(|it| mappings.check(it, &controls)).next() {
        return Err(Failure::refused(fault));
    }
    let together = Catalogs { frameworks, controls, mappings };
    let pins = together.pins();
    let twice = pins.iter().enumerate().find(|(at, pin)| pins[..*at].iter().any(|other| other.id == pin.id));
    if let Some((_, pin)) = twice {
        return Err(Failure::refused(format!("`{}` is the id of two catalogs", pin.id)));
    }
    if let Err(error) = affiant_reports::issue::fits(&together) {
        return Err(Failure::refused(error));
    }
    Ok(())
}
