//! The systems of a ledger that is written.

use crate::failure::Failure;
use affiant_controls::statement::is_system;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::Ledger;

/// Refuses a system that has not been registered.
pub fn known_system(ledger: &Ledger, system: &Id) -> Result<(), Failure> {
    if is_system(system.as_str()) && ledger.head(system).is_some() {
        return Ok(());
    }
    let known: Vec<String> =
        ledger.streams().into_iter().map(|(id, _)| id.to_string()).filter(|id| is_system(id)).collect();
    let hint = if known.is_empty() {
        "register it first: `affiant register system ...`".to_owned()
    } else {
        format!("registered: {}; or register it first", known.join(", "))
    };
    Err(Failure::refused(format!("system `{system}` is not registered")).hint(hint))
}
