//! Forgeries of a pack: each is refused, and the check that ought to name the fault names it.
//!
//! The forger is given more and more: the file; the means to redo every manifest; a key of his own; the issuer's key;
//! at last the log's key too, with which he can make any tree.

#![allow(clippy::unwrap_used, reason = "a test may stop here")]

#[path = "forgeries/catalogs.rs"]
mod catalogs;
#[path = "forgeries/conclusions.rs"]
mod conclusions;
#[path = "forgeries/container.rs"]
mod container;
#[path = "forgeries/doors.rs"]
mod doors;
#[path = "forgeries/history.rs"]
mod history;
#[path = "forgeries/members.rs"]
mod members;
#[path = "forgeries/payloads.rs"]
mod payloads;
#[path = "forgeries/periods.rs"]
mod periods;
#[path = "forgeries/proofs.rs"]
mod proofs;
#[path = "forgeries/receipts.rs"]
mod receipts;
#[path = "forgeries/samples.rs"]
mod samples;
#[path = "support/schema.rs"]
mod schema;
#[path = "forgeries/seals.rs"]
mod seals;
#[path = "forgeries/signatures.rs"]
mod signatures;
#[path = "forgeries/signers.rs"]
mod signers;
#[path = "forgeries/submitters.rs"]
mod submitters;
#[path = "forgeries/workshop.rs"]
mod workshop;
#[path = "forgeries/zips.rs"]
mod zips;

use affiant_controls::{PackIssued, Statement, Status};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::TrustedKey;
use affiant_ledger::note::Note;
use affiant_ledger::time::Timestamp;
use affiant_reports::archive;
use affiant_reports::issue::{PackSource, issue};
use affiant_reports::pack::{
    ASSESSMENT, ASSESSMENT_RESULTS, CHECKPOINT, ENTRIES, NOTE, POAM, PROOFS, PackNote, REPORT_HTML,
    REPORT_PDF, REQUESTS_CSV, VERIFY, catalog_member, evidence_member, is_rendition, table_member,
};
use affiant_reports::trust::Trust;
use affiant_reports::verdict::CheckName::{self, *};
use affiant_reports::verdict::{Conclusion, Outcome, Verdict};
use workshop::*;

/// Verifies as the auditor does, at both doors.
#[track_caller]
fn judge(pack: &[u8]) -> Verdict {
    judge_with(pack, Some(&trust()))
}

#[track_caller]
fn judge_with(pack: &[u8], trust: Option<&Trust>) -> Verdict {
    doors::at_both(pack, trust, workshop::judge_with(pack, trust))
}

/// The honest pack after `edit`, judged at both doors.
#[track_caller]
fn forged(edit: impl FnOnce(&mut Opened)) -> Verdict {
    let mut opened = Opened::of(&honest().pack);
    edit(&mut opened);
    judge(&opened.close())
}

/// The honest pack over another history, with everything redone and signed by the true issuer.
fn packed(edit: impl FnOnce(&mut PackSource)) -> Verdict {
    repacked(honest().all.clone(), edit)
}

fn repacked(all: Vec<Whole>, edit: impl FnOnce(&mut PackSource)) -> Verdict {
    forged(|pack| {
        let mut source = source(&all);
        edit(&mut source);
        pack.set_entries(&source);
        pack.sign();
    })
}

/// Position in the ledger of the stream's entry `n`.
fn at(n: u64) -> usize {
    honest().all.iter().position(|(entry, _)| entry.stream == *STREAM && entry.n == n).unwrap()
}

/// Position of the one result that fails.
fn failing_result() -> usize {
    at(6)
}

/// Position of the entry that issues the pack, the last of the ledger.
fn issuing() -> usize {
    honest().all.len() - 1
}

#[test]
fn the_honest_pack_is_verified() {
    let verdict = judge(&honest().pack);
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::Verified, 0), "{verdict:#?}");
    assert_eq!((verdict.counts.statements_signed, verdict.counts.statements_unsigned), (0, 9));
    assert_eq!((verdict.level.as_str(), verdict.counts.entries, verdict.counts.evidence_held), ("L1", 9, 1));
    let made = |name| verdict.outcome(name) == Outcome::Passed;
    assert!(
        [
            Container, Signature, Digests, Checkpoint, Inclusion, Chain, Payloads, Submitters, Assessment,
            Report, References, Seal
        ]
        .into_iter()
        .all(made)
    );
}

#[test]
fn taking_it_apart_and_signing_again_changes_nothing() {
    let mut opened = Opened::of(&honest().pack);
    opened.sign();
    opened.set_entries(&source(&honest().all));
    opened.sign();
    assert_eq!(opened.close(), honest().pack);
}

#[test]
fn issuing_again_gives_the_same_bytes() {
    let again = issue(&source(&honest().all), &honest().catalogs, &issuer(), &stub).unwrap();
    assert_eq!(again.bytes, honest().pack);
}

#[test]
fn without_keys_from_outside_the_best_word_is_self_asserted() {
    let verdict = judge_with(&honest().pack, None);
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::SelfAsserted, 4));
    assert_eq!((verdict.level.as_str(), verdict.outcome(Signature)), ("L0", Outcome::SelfAsserted));
    assert_eq!(
        (verdict.outcome(Checkpoint), verdict.outcome(Report)),
        (Outcome::SelfAsserted, Outcome::NotChecked)
    );
}
