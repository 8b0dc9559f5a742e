//! A report that was recorded before: the same bytes, or the same findings of the same times. Recorded again all the same,
//! and said: whoever counts results should not count one twice.

use crate::failure::Failure;
use affiant_controls::result::{Check, ControlResult, TimeSource};
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::Ledger;
use affiant_ledger::record::Draft;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that results repeat, by stream and by what they are filed under.
pub type Repeats = BTreeMap<(Id, Vec<u8>), u64>;

/// Which of some drafts say what the latest entry filed in their place says already.
pub fn of(ledger: &mut Ledger, drafts: &[Draft]) -> Result<Repeats, Failure> {
    let mut by_stream: BTreeMap<&Id, BTreeMap<&[u8], ControlResult>> = BTreeMap::new();
    for draft in drafts {
        let (Some(facet), Some(result)) = (&draft.facet, result(&draft.statement)) else { continue };
        by_stream.entry(&draft.stream).or_default().insert(&facet.key, result);
    }
    let mut repeats = Repeats::new();
    for (stream, results) in by_stream {
        for (facet, index) in ledger.latest_where(stream, &|key| results.contains_key(key))? {
            let before = ledger.reader()?.record(index)?.statement;
            let before = before.as_deref().and_then(result);
            let now = results.get(&facet.key[..]);
            if before.zip(now).is_some_and(|(before, now)| is_same(&before, now)) {
                repeats.insert((stream.clone(), facet.key), index);
            }
        }
    }
    Ok(repeats)
}

fn result(statement: &[u8]) -> Option<ControlResult> {
    match Statement::from_bytes("result", statement) {
        Ok(Some(Statement::Result(result))) => Some(*result),
        _ => None,
    }
}

/// Whether two results are of one report, or of one set of findings seen at the same time.
fn is_same(before: &ControlResult, now: &ControlResult) -> bool {
    let report = |result: &ControlResult| {
        result.importer.as_ref().and_then(|_| result.evidence.first()).map(|file| file.sha256)
    };
    let found = |result: &ControlResult| {
        let prints = |check: &Check| check.fingerprint.map(|print| (check.status, print));
        result.checks.iter().map(prints).collect::<Option<BTreeSet<(_, Digest)>>>()
    };
    let told = |result: &ControlResult| result.time_source != TimeSource::Ingest;
    let times = |result: &ControlResult| (result.observed_from, result.observed_to);
    let same_report = report(before).is_some_and(|digest| report(now) == Some(digest));
    let same_findings = told(before)
        && told(now)
        && times(before) == times(now)
        && found(now).is_some_and(|prints| !prints.is_empty() && found(before) == Some(prints));
    same_report || same_findings
}
