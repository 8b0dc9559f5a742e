//! The period that a pack is issued over.

use super::{Catalogs, DeriveError, PAIRS_MAX, STEPS_MAX};
use affiant_controls::issued::{PackIssued, PackPeriod};
use affiant_controls::register::Horizon;
use affiant_frameworks::period::{Period, PeriodAssessment, assess_period};
use affiant_ledger::codec;
use affiant_ledger::record::Record;
use affiant_ledger::time::Timestamp;

/// Of what time the pack speaks, and from what knowledge: of an instant as it was known then; of the end of a period as it was
/// known when the pack was issued.
pub(super) fn horizon(issued: &PackIssued, records: &[Record]) -> Horizon {
    match (issued.period, records.last()) {
        (Some(_), Some(issuing)) => Horizon { known: issuing.entry.time, ..Horizon::at(issued.as_of) },
        _ => Horizon::at(issued.as_of),
    }
}

/// Each framework over the period, by id; none where the pack is issued over an instant.
pub(super) fn over(
    issued: &PackIssued,
    records: &[Record],
    catalogs: &Catalogs,
    (Horizon { known, size, .. }, assets): (Horizon, u64),
) -> Result<Vec<PeriodAssessment>, DeriveError> {
    let Some(PackPeriod { from, to }) = issued.period else { return Ok(Vec::new()) };
    let Catalogs { frameworks, controls, mappings } = catalogs;
    limited(records, assets, controls.controls().count() as u64, to)?;
    let mut periods =
        assess_period(frameworks, mappings, controls, records, Period { from, to, known, size })?;
    periods.sort_by(|a, b| a.framework.id.cmp(&b.framework.id));
    Ok(periods)
}

/// Refuses what would take time or memory out of proportion to the pack: all versions count here, not only the latest.
fn limited(records: &[Record], assets: u64, controls: u64, to: Timestamp) -> Result<(), DeriveError> {
    let of = |kinds: &[&str]| {
        let meant = |record: &&Record| kinds.iter().any(|kind| record.entry.kind == **kind);
        records.iter().filter(meant).count() as u64
    };
    let names_an_asset = |record: &&Record| {
        let statement = record.statement.as_deref().unwrap_or_default();
        codec::fields(statement, ["asset"]).is_ok_and(|[asset]| asset.is_some())
    };
    let results = of(&["result"]);
    let named = records.iter().filter(|it| it.entry.kind == *"result").filter(names_an_asset).count() as u64;
    // Each result of a control is looked at for each of its assets.
    let looks = results.saturating_mul(assets);
    if looks > PAIRS_MAX {
        return Err(DeriveError::TooMany { pairs: looks });
    }
    let movers = of(&["event", "exception", "approval", "policy", "applicability"]) + 1;
    let spans = controls.saturating_mul(assets).saturating_mul(movers);
    let spans = spans.saturating_add(named).saturating_add((results - named).saturating_mul(assets));
    // A plan has a window a day at most, and is walked from its begin.
    let windows = of(&["plan"]).saturating_mul(to.days_since(Timestamp::MIN) + 1);
    match spans.saturating_add(windows) {
        steps if steps > STEPS_MAX => Err(DeriveError::TooLong { steps }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use affiant_ledger::digest::Digest;
    use affiant_ledger::entry::{ENTRY_VERSION, Entry};

    fn records(kind: &str, count: u64) -> Vec<Record> {
        let record = |index| {
            let entry = Entry {
                n: index,
                v: ENTRY_VERSION,
                by: "local".to_owned(),
                kind: kind.parse().unwrap(),
                prev: Digest::ZERO,
                time: Timestamp::MIN,
                index,
                stream: "scoring".parse().unwrap(),
                payload: Digest::ZERO,
                stream_prev: Digest::ZERO,
            };
            Record { leaf: Digest::ZERO, entry, statement: None }
        };
        (0..count).map(record).collect()
    }

    #[test]
    fn what_may_become_a_span_or_a_window_counts_toward_what_a_verifier_judges() {
        let to: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let judged = |kind, count, assets| match limited(&records(kind, count), assets, 100, to) {
            Ok(()) => "taken",
            Err(DeriveError::TooMany { .. }) => "too many",
            Err(DeriveError::TooLong { .. }) => "too long",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(judged("result", 10_000, 100), "taken");
        assert_eq!(judged("result", 50_000, 100), "too long", "they name no asset");
        assert_eq!(judged("result", 200_000, 100), "too many");
        assert_eq!(judged("event", 400, 100), "taken");
        assert_eq!(judged("event", 500, 100), "too long");
        assert_eq!(judged("plan", 1_000, 1), "taken");
        assert_eq!(judged("plan", 2_000, 1), "too long");
    }
}
