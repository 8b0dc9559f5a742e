//! Results of one control, asset and collector that do not simply replace each other: those on other bytes, and tests
//! that did not run.

use crate::pair::is_unfavourable;
use crate::register::Recorded;
use crate::result::ControlResult;
use crate::status::Status;
use affiant_ledger::digest::Digest;
use std::collections::BTreeMap;
use std::fmt;

/// On which bytes, and whether the test ran. Of one variant the latest result counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Variant {
    /// The bytes that were judged, where the result says so.
    pub(crate) digest: Option<Digest>,
    /// The test did not run.
    pub(crate) not_run: bool,
}

impl Variant {
    pub(crate) fn of(result: &ControlResult) -> Self {
        let digest = result.subject.as_ref().map(|subject| subject.digest);
        Self { digest, not_run: result.status == Status::NotRun }
    }
}

/// The digest in hexadecimal, and an exclamation mark where the test did not run.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(digest) = self.digest {
            write!(f, "{digest}")?;
        }
        f.write_str(if self.not_run { "!" } else { "" })
    }
}

/// The result of each collector that stands, of those on an asset with these bytes, and how many collectors spoke of
/// other bytes alone.
///
/// What is favourable and was found on other bytes says nothing of these, so it takes no place. A test that did not run
/// takes the place of a pass, for a pass must not outlive a test that looks at nothing; but not of a failure, for it has
/// found nothing mended.
pub(crate) fn standing<'r>(
    results: impl Iterator<Item = &'r Recorded>,
    digest: Option<Digest>,
) -> (Vec<&'r Recorded>, usize) {
    let mut by_collector: BTreeMap<&str, [Option<&Recorded>; 2]> = BTreeMap::new();
    for recorded in results {
        let slots = by_collector.entry(recorded.result.collector.name.as_str()).or_default();
        if is_favourable_on_other_bytes(&recorded.result, digest) {
            continue;
        }
        let did_not_run = recorded.result.status == Status::NotRun && !is_unfavourable(&recorded.result);
        let slot = &mut slots[usize::from(did_not_run)];
        if slot.is_none_or(|before| before.rank() <= recorded.rank()) {
            *slot = Some(recorded);
        }
    }
    let collectors = by_collector.len();
    let standing: Vec<&Recorded> = by_collector
        .into_values()
        .filter_map(|slots| match slots {
            [Some(ran), Some(did_not)] if !is_unfavourable(&ran.result) && did_not.rank() > ran.rank() => {
                Some(did_not)
            }
            [ran, did_not] => ran.or(did_not),
        })
        .collect();
    let other = collectors - standing.len();
    (standing, other)
}

pub(crate) fn is_favourable_on_other_bytes(result: &ControlResult, digest: Option<Digest>) -> bool {
    let (Some(digest), Some(subject)) = (digest, &result.subject) else { return false };
    subject.digest != digest && !is_unfavourable(result)
}
