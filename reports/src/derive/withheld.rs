//! The evidence files that are cited, and what rules keep out of a pack.

use super::{DeriveError, Subject, statement};
use crate::pack::{EvidenceHeld, Withholding};
use affiant_controls::withhold::{WithholdRule, bears_on_conclusions};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use std::collections::{BTreeMap, BTreeSet};

/// What is cited, and what is kept out.
pub(super) struct Evidence {
    /// Every evidence file cited, once, by digest.
    pub(super) files: Vec<EvidenceHeld>,
    /// Every rule with what it covers.
    pub(super) withholding: Vec<Withholding>,
}

/// Looks through the entries. A rule covers a file by any name under which it is cited.
pub(super) fn evidence(
    subject: Subject<'_>,
    rules: &BTreeSet<WithholdRule>,
) -> Result<Evidence, DeriveError> {
    let mut cited: BTreeMap<Digest, EvidenceHeld> = BTreeMap::new();
    let mut covered: BTreeMap<&WithholdRule, BTreeSet<Digest>> = BTreeMap::new();
    let cites = |kind: &Id| *kind == *"result" || *kind == *"attestation";
    for record in subject.records.iter().filter(|record| cites(&record.entry.kind)) {
        let Some(said) = statement(record)? else { continue };
        for file in said.evidence() {
            let (sha256, name) = (file.sha256, file.name.clone());
            let held = subject.held.contains(&sha256);
            let item = EvidenceHeld { sha256, name, size: file.size, held, withheld: None };
            cited.entry(sha256).or_insert(item);
            for rule in rules.iter().filter(|rule| rule.covers_file(&file.name, &sha256)) {
                covered.entry(rule).or_default().insert(sha256);
            }
        }
    }
    // The first rule last: it is the one named.
    for (rule, files) in covered.iter().rev() {
        for digest in files {
            // Of a file that is there in spite of a rule, the check of references says so.
            if let Some(file) = cited.get_mut(digest) {
                (file.held, file.withheld) = (false, Some((*rule).clone()));
            }
        }
    }
    let withholding = rules.iter().map(|rule| {
        let entries = || subject.records.iter().filter(|record| rule.covers_kind(&record.entry.kind));
        Withholding {
            rule: rule.clone(),
            entries: entries().count() as u64,
            files: covered.get(rule).map_or(0, |files| files.len() as u64),
            bears: entries().any(|record| bears_on_conclusions(&record.entry.kind)),
        }
    });
    let withholding = withholding.collect();
    Ok(Evidence { files: cited.into_values().collect(), withholding })
}
