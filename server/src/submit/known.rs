//! What admission asks of a system.

use crate::failure::Failure;
use crate::follow::is_finding;
use crate::systems::known_system;
use affiant_controls::statement::{ORGANISATION, Statement};
use affiant_ledger::id::Id;
use affiant_ledger::ledger::Ledger;
use std::collections::{BTreeMap, BTreeSet};

/// Systems of which is known what admission asks.
pub type Systems = BTreeMap<Id, Known>;

/// What is known of a system.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its registered assets.
    pub assets: BTreeSet<Id>,
    /// Findings are on file, which any result may close.
    pub has_findings: bool,
}

/// What is known of a registered system.
pub fn of(ledger: &mut Ledger, system: &Id) -> Result<Known, Failure> {
    known_system(ledger, system)?;
    let mut assets = BTreeSet::from([system.clone()]);
    assets.extend(ORGANISATION.parse::<Id>());
    let mut has_findings = false;
    let wanted = |key: &[u8]| key.starts_with(b"asset\0") || is_finding(key);
    for (facet, index) in ledger.latest_where(system, &wanted)? {
        if is_finding(&facet.key) {
            has_findings = true;
            continue;
        }
        let record = ledger.reader()?.record(index)?;
        let statement = record.statement.unwrap_or_default();
        if let Ok(Some(Statement::Asset(asset))) = Statement::from_bytes("asset", &statement) {
            assets.insert(asset.id);
        }
    }
    Ok(Known { assets, has_findings })
}
