//! The samples recorded in the stream: part of checks 9 and 11. Each is drawn again, from a head that the ledger had.

use crate::derive::{PAIRS_MAX, samples};
use crate::pack::{EarlierHead, PROOFS};
use affiant_controls::sample::{ITEMS_MAX, Sample, StreamResults};
use affiant_ledger::digest::Digest;
use affiant_ledger::record::Record;
use std::collections::BTreeSet;

/// Samples with the indexes of their entries.
pub(super) type Samples = Vec<(u64, Sample)>;

/// The samples that the stream holds.
pub(super) fn recorded(records: &[Record]) -> Result<Samples, String> {
    samples(records).map_err(|error| error.to_string())
}

/// Part of check 11: every head that a sample was drawn from is one that the ledger had before, and no other is proved.
pub(super) fn heads(samples: &[(u64, Sample)], earlier: &[EarlierHead]) -> Result<(), String> {
    let proved: BTreeSet<(u64, Digest)> = earlier.iter().map(|head| (head.size, head.root)).collect();
    for (index, sample) in samples {
        if sample.size > *index || !proved.contains(&(sample.size, sample.root)) {
            return Err(format!(
                "entry {index} records a sample of {} entries with a root that the ledger did not have before it",
                sample.size
            ));
        }
    }
    let named: BTreeSet<u64> = samples.iter().map(|(_, sample)| sample.size).collect();
    match earlier.iter().find(|head| !named.contains(&head.size)) {
        Some(head) => Err(format!("{PROOFS} proves a head of size {} that no sample names", head.size)),
        None => Ok(()),
    }
}

/// Part of check 9: every sample is what its words draw. Gives those that cannot be drawn again, because results it may have been
/// drawn from are not in the pack.
pub(super) fn drawn_again(samples: &[(u64, Sample)], records: &[Record]) -> Result<Vec<u64>, String> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let results = StreamResults::of(records).map_err(|error| error.to_string())?;
    let looks = (samples.len() as u64).saturating_mul(results.count());
    if looks > PAIRS_MAX {
        return Err(format!(
            "{} samples of {} results are more than are drawn again",
            samples.len(),
            results.count()
        ));
    }
    let mut unseen = Vec::new();
    for (index, sample) in samples {
        let list = results.population(&sample.filter, sample.size);
        if sample.count <= ITEMS_MAX && sample.is_drawn_from(&list.entries) {
            continue;
        }
        if list.unread == 0 {
            return Err(format!("entry {index} records `{}`, which is not what its words draw", sample.id));
        }
        unseen.push(*index);
    }
    Ok(unseen)
}
