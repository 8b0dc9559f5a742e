//! Findings after results were recorded: what these open and close is recorded behind them, in a batch of its own. When
//! a stop comes in between, `affiant finding sync` makes up for it.

use crate::failure::Failure;
use affiant_controls::admit::CLOCK_SKEW_MAX;
use affiant_controls::control::{ControlId, Severity};
use affiant_controls::finding::{Finding, FindingState, settles};
use affiant_controls::register::Register;
use affiant_controls::set::ControlSet;
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::Ledger;
use affiant_ledger::record::{Draft, Facet, Record};
use affiant_ledger::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Slots looked at together.
const SLOTS: usize = 512;
/// Entries appended with one fdatasync.
const BATCH: usize = 1024;

/// What results were recorded about: control, asset and collector, by stream.
#[derive(Debug, Clone, Default)]
pub struct Touched(BTreeMap<Id, BTreeSet<Vec<u8>>>);

impl Touched {
    /// What these statements are filed under, of which the results count.
    pub fn of(drafts: &[Draft]) -> Self {
        let mut touched = Self::default();
        for draft in drafts.iter().filter(|draft| draft.kind == *"result") {
            draft.facet.iter().for_each(|facet| touched.add(&draft.stream, facet));
        }
        touched
    }

    /// Adds what a result is filed under.
    pub fn add(&mut self, stream: &Id, facet: &Facet) {
        let Some(slot) = slot(&facet.key) else { return };
        let slots = self.0.entry(stream.clone()).or_default();
        if !slots.contains(slot) {
            slots.insert(slot.to_vec());
        }
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what others were about.
    pub fn extend(&mut self, other: Self) {
        for (stream, slots) in other.0 {
            self.0.entry(stream).or_default().extend(slots);
        }
    }
}

/// What was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// Opened the first time.
    pub opened: u64,
    /// Opened again.
    pub reopened: u64,
    /// Gone.
    pub resolved: u64,
}

impl Changed {
    fn count(&mut self, finding: &Finding) {
        match (finding.state, finding.reopened) {
            (FindingState::Resolved, _) => self.resolved += 1,
            (_, 0) => self.opened += 1,
            _ => self.reopened += 1,
        }
    }

    /// In words; nothing when nothing changed.
    pub fn words(self) -> Option<String> {
        let parts = [(self.opened, "opened"), (self.reopened, "opened again"), (self.resolved, "resolved")];
        let said: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        (!said.is_empty()).then(|| format!("findings: {}", said.join(", ")))
    }
}

/// Control, asset and collector of the key of a result or finding.
fn slot(key: &[u8]) -> Option<&[u8]> {
    let rest = key.strip_prefix(b"result\0").or_else(|| key.strip_prefix(b"finding\0"))?;
    rest.get(..rest.iter().rposition(|byte| *byte == 0)?)
}

/// Whether a key files a finding.
pub fn is_finding(key: &[u8]) -> bool {
    key.starts_with(b"finding\0")
}

/// Records what results that are recorded open and close.
pub fn after(
    ledger: &mut Ledger,
    touched: &Touched,
    controls: &ControlSet,
    now: Timestamp,
) -> Result<Changed, Failure> {
    follow(ledger, touched, controls, now)
        .map_err(|failure| failure.hint("the results are recorded; `affiant finding sync` makes up for it"))
}

/// Records what results about these slots open and close.
fn follow(
    ledger: &mut Ledger,
    touched: &Touched,
    controls: &ControlSet,
    now: Timestamp,
) -> Result<Changed, Failure> {
    let mut changed = Changed::default();
    for (stream, slots) in &touched.0 {
        let filed = Filed::read(ledger, stream, slots)?;
        for slots in filed.slots.values().collect::<Vec<_>>().chunks(SLOTS) {
            let records = filed.records(ledger, slots)?;
            let register = Register::replay(filed.assets.iter().chain(&records), ahead(now));
            let register = register.map_err(Failure::integrity)?;
            record(ledger, &register, controls, &mut changed)?;
        }
    }
    Ok(changed)
}

/// Records what everything on file of a system opens and closes.
pub fn follow_all(
    ledger: &mut Ledger,
    system: &Id,
    controls: &ControlSet,
    now: Timestamp,
) -> Result<Changed, Failure> {
    let indexes = ledger.latest(system, b"")?;
    let reader = ledger.reader()?;
    let records = indexes.iter().map(|index| reader.record(*index)).collect::<Result<Vec<_>, _>>()?;
    let register = Register::replay(&records, ahead(now)).map_err(Failure::integrity)?;
    drop(records);
    let mut changed = Changed::default();
    record(ledger, &register, controls, &mut changed)?;
    Ok(changed)
}

/// Clocks differ: what admission lets lie ahead is looked at.
fn ahead(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis().saturating_add(CLOCK_SKEW_MAX)).unwrap_or(Timestamp::MAX)
}

fn record(
    ledger: &mut Ledger,
    register: &Register,
    controls: &ControlSet,
    changed: &mut Changed,
) -> Result<(), Failure> {
    let severity =
        |id: &ControlId| controls.control(id.as_str()).map_or(Severity::Medium, |control| control.severity);
    let changes = register.finding_changes(severity);
    changes.iter().for_each(|finding| changed.count(finding));
    let mut drafts = changes.into_iter().map(|finding| Statement::Finding(Box::new(finding)).draft("local"));
    loop {
        let batch: Vec<Draft> = drafts.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        ledger.append(&batch)?;
    }
}

/// What the index files under some slots of a stream.
struct Filed {
    /// The assets named.
    assets: Vec<Record>,
    /// SHA-256 of their bytes.
    digests: BTreeMap<String, Digest>,
    slots: BTreeMap<Vec<u8>, OnSlot>,
}

/// What is filed under a slot.
#[derive(Default)]
struct OnSlot {
    asset: String,
    /// Rank and index of results.
    results: Vec<(u64, u64)>,
    findings: Vec<u64>,
}

impl Filed {
    fn read(ledger: &mut Ledger, stream: &Id, slots: &BTreeSet<Vec<u8>>) -> Result<Self, Failure> {
        let assets: BTreeSet<Vec<u8>> =
            slots.iter().map(|slot| [b"asset\0", asset_of(slot).as_bytes()].concat()).collect();
        let wanted = |key: &[u8]| match slot(key) {
            Some(slot) => slots.contains(slot),
            None => assets.contains(key),
        };
        let mut filed = Self { assets: Vec::new(), digests: BTreeMap::new(), slots: BTreeMap::new() };
        for (facet, index) in ledger.latest_where(stream, &wanted)? {
            match slot(&facet.key) {
                None => filed.assets.push(ledger.reader()?.record(index)?),
                Some(slot) => {
                    let new = || OnSlot { asset: asset_of(slot), ..OnSlot::default() };
                    let on = filed.slots.entry(slot.to_vec()).or_insert_with(new);
                    if is_finding(&facet.key) {
                        on.findings.push(index);
                    } else {
                        on.results.push((facet.rank, index));
                    }
                }
            }
        }
        for record in &filed.assets {
            let bytes = record.statement.as_deref().unwrap_or_default();
            if let Ok(Some(Statement::Asset(asset))) =
                Statement::from_bytes(record.entry.kind.as_str(), bytes)
            {
                filed.digests.extend(asset.digest.map(|digest| (asset.id.to_string(), digest)));
            }
        }
        Ok(filed)
    }

    /// The records under slots: of findings all, of results the latest, down to the one that leaves earlier ones no say.
    fn records(&self, ledger: &mut Ledger, slots: &[&OnSlot]) -> Result<Vec<Record>, Failure> {
        let reader = ledger.reader()?;
        let mut records = Vec::new();
        for on in slots {
            let digest = self.digests.get(&on.asset).copied();
            let mut latest = on.results.clone();
            latest.sort_unstable();
            for (_, index) in latest.into_iter().rev() {
                let record = reader.record(index)?;
                let last = is_last_word(&record, digest);
                records.push(record);
                if last {
                    break;
                }
            }
            for index in &on.findings {
                records.push(reader.record(*index)?);
            }
        }
        Ok(records)
    }
}

fn asset_of(slot: &[u8]) -> String {
    let asset = slot.split(|byte| *byte == 0).nth(1).unwrap_or_default();
    String::from_utf8_lossy(asset).into_owned()
}

/// Whether nothing recorded before has a say beside this: a result that settles, or one that was erased.
fn is_last_word(record: &Record, digest: Option<Digest>) -> bool {
    let bytes = record.statement.as_deref().unwrap_or_default();
    match Statement::from_bytes(record.entry.kind.as_str(), bytes) {
        Ok(Some(Statement::Result(result))) => settles(&result, digest),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_what_stands_between_kind_and_last_part() {
        assert_eq!(slot(b"result\0C\0a\0ci\0"), Some(&b"C\0a\0ci"[..]));
        assert_eq!(slot(b"result\0C\0\0ci\0ab!"), Some(&b"C\0\0ci"[..]));
        assert_eq!(slot(b"finding\0C\0a\0ci\0f-1"), Some(&b"C\0a\0ci"[..]));
        assert_eq!(slot(b"asset\0a"), None);
        assert_eq!(slot(b"result\0"), None);
        assert_eq!((asset_of(b"C\0a\0ci").as_str(), asset_of(b"C\0\0ci").as_str()), ("a", ""));
    }

    #[test]
    fn what_changed_is_said_in_words_and_nothing_is_not_said() {
        assert_eq!(Changed::default().words(), None);
        let changed = Changed { opened: 2, reopened: 0, resolved: 1 };
        assert_eq!(changed.words().unwrap(), "findings: 2 opened, 1 resolved");
    }
}
