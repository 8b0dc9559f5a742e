//! Receipts that someone kept, held against the pack: the one thing that a log which signs two histories cannot take back.

use super::submitters::{SIGNED, ledger, name_heads, pack_of, reissued};
use super::*;
use affiant_ledger::checkpoint::Checkpoint as Head;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::KEY_STREAM;
use affiant_ledger::merkle::root_of;
use affiant_ledger::multiproof;
use affiant_ledger::receipt::Receipt;
use affiant_reports::verify::{HeldReceipt, HeldReceiptError, verify_against};

/// The receipt that the log gave for an entry when the ledger had `size` entries.
fn receipt_of(all: &[Whole], index: usize, size: usize, origin: &str, key: &SigningKey) -> Receipt {
    let leaves = leaves(&all[..size]);
    let head = Head { origin: origin.into(), size: size as u64, root: root_of(&leaves) };
    Receipt {
        extra: Some(all[index].0.to_bytes()),
        index: index as u64,
        path: path(&leaves, index as u64),
        checkpoint: head.sign(&origin.parse().unwrap(), key),
    }
}

/// The path of one leaf: a proof for it alone.
fn path(leaves: &[Digest], index: u64) -> Vec<Digest> {
    multiproof::prove(leaves, &[index])
}

fn held(name: &str, receipt: &Receipt) -> HeldReceipt {
    HeldReceipt::read(name, &receipt.to_bytes()).unwrap()
}

fn given(all: &[Whole], index: usize, size: usize) -> HeldReceipt {
    held(&format!("receipt-{index}.tlog-proof"), &receipt_of(all, index, size, ORIGIN, &log_key()))
}

/// The receipt of the stream's first entry, as a file.
pub(super) fn first_receipt() -> Vec<u8> {
    receipt_of(&honest().all, at(0), honest().all.len(), ORIGIN, &log_key()).to_bytes()
}

/// As an auditor without a renderer: whether the report is drawn again bears on nothing here.
fn against(pack: &[u8], receipts: &[HeldReceipt]) -> Verdict {
    verify_against(pack, receipts, Some(&trust()), &archive::Limits::default())
}

fn detail(verdict: &Verdict) -> &str {
    &verdict.checks[11].detail
}

/// The pack's report is the workshop's, which this program does not draw: check 10 aside, what the verdict is.
#[track_caller]
fn receipts_are(verdict: &Verdict, outcome: Outcome, words: &str) {
    assert_eq!(verdict.outcome(Receipts), outcome, "{}", detail(verdict));
    assert!(detail(verdict).contains(words), "{}", detail(verdict));
}

#[test]
fn receipts_of_every_entry_are_in_the_pack() {
    let all = &honest().all;
    let receipts: Vec<HeldReceipt> =
        (0..all.len()).map(|index| given(all, index, (index + 1).max(all.len() / 2))).collect();
    let verdict = against(&honest().pack, &receipts);
    // Nine of the stream, the genesis entry among the keys, four of the other stream.
    receipts_are(&verdict, Outcome::Passed, "10 receipts are of entries in the pack");
    let counts = verdict.counts;
    let found =
        [counts.receipts_here, counts.receipts_later, counts.receipts_elsewhere, counts.receipts_unproven];
    assert_eq!(found, [10, 0, 4, 0]);
}

#[test]
fn a_receipt_whose_entry_the_pack_replaced_or_left_out_is_a_second_history() {
    let all = honest().all.clone();
    let kept = given(&all, failing_result(), failing_result() + 1);
    // Replaced by another, or dropped, and everything behind linked, signed and issued anew with the true keys.
    let mut replaced = all.clone();
    restate(&mut replaced[failing_result()], &result(STREAM, "LOG-2", Status::Passed, "all is well"));
    let pack = reissued(replaced);
    assert_eq!(judge(&pack).conclusion, Conclusion::Verified, "without a receipt it cannot be told");
    let verdict = against(&pack, std::slice::from_ref(&kept));
    receipts_are(&verdict, Outcome::Failed, "the log has signed two histories");
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::Rejected, 3));
    assert!(detail(&verdict).starts_with("receipt-"), "{}", detail(&verdict));
}

#[test]
fn a_receipt_of_an_entry_behind_the_last_position_but_before_the_pack_is_a_second_history() {
    // The last result before the pack is dropped, and an entry of the other stream stands in its place.
    let all = honest().all.clone();
    let last = at(7);
    let kept = given(&all, last, last + 1);
    let mut dropped = all.clone();
    let filler = result(OTHER_STREAM, "LOG-1", Status::Passed, "filler");
    dropped[last].0.stream = OTHER_STREAM.parse().unwrap();
    restate(&mut dropped[last], &filler);
    relink(&mut dropped);
    let issuing = dropped.len() - 1;
    let head = dropped[..issuing].iter().rev().find(|(entry, _)| entry.stream == *STREAM).unwrap();
    let (head, n) = (Digest::leaf(&head.0.to_bytes()), head.0.n);
    let statement = affiant_ledger::payload::Payload::from_bytes(&dropped[issuing].1).unwrap().statement;
    let Ok(Some(Statement::Pack(issued))) = Statement::from_bytes("pack", &statement) else { panic!() };
    restate(&mut dropped[issuing], &Statement::Pack(PackIssued { head, last: n, ..issued }));
    let pack = pack_of(&source(&dropped));
    assert_eq!(judge(&pack).conclusion, Conclusion::Verified);
    // Position 7 is the issuing entry now.
    receipts_are(&against(&pack, &[kept]), Outcome::Failed, "as number 7 of stream `credit-scoring`");
    // The entry that issued the true pack stood at position 8, where this one ends at 7, and has the index of this one's.
    let issuing_receipt = given(&all, issuing, all.len());
    receipts_are(&against(&pack, &[issuing_receipt]), Outcome::Failed, "the log has signed two histories");
}

#[test]
fn a_receipt_of_a_revocation_shows_that_the_issuing_entry_names_an_older_head_of_the_keys() {
    let mut all = ledger(None, None);
    let issuing = all.len() - 1;
    let revocation = 12;
    assert_eq!((all[revocation].0.kind.as_str(), all[revocation].0.stream.as_str()), ("key", KEY_STREAM));
    let kept = given(&all, revocation, SIGNED);
    let own = Digest::leaf(&all[issuing - 1].0.to_bytes());
    let older = Digest::leaf(&all[11].0.to_bytes());
    name_heads(&mut all, own, Some(older));
    let mut source = source(&all);
    source.keys.pop();
    let pack = pack_of(&source);
    assert_eq!(judge(&pack).conclusion, Conclusion::Verified);
    let verdict = against(&pack, &[kept]);
    receipts_are(&verdict, Outcome::Failed, "entry 12 of stream `org` was recorded before entry 15");
    assert_eq!(verdict.exit_code(), 3);
}

#[test]
fn receipts_that_bear_on_nothing_are_named_and_never_a_pass() {
    let all = &honest().all;
    let elsewhere = receipt_of(all, 2, all.len(), "other.example/log", &log_key());
    let stranger = receipt_of(all, at(3), all.len(), ORIGIN, &fresh_key());
    let mut wrong_path = receipt_of(all, at(3), all.len(), ORIGIN, &log_key());
    wrong_path.path.swap(0, 1);
    let receipts =
        [held("a", &elsewhere), held("b", &stranger), held("c", &wrong_path), given(all, 2, all.len())];
    let verdict = against(&honest().pack, &receipts);
    receipts_are(&verdict, Outcome::NotChecked, "no receipt bears on this pack");
    for words in ["1 of other streams", "1 of other logs, `other.example/log`", "2 signed by no key you hold"]
    {
        assert!(detail(&verdict).contains(words), "{}", detail(&verdict));
    }
    assert!(verdict.does_not_establish.join("\n").contains("what 2 receipts say"));
}

#[test]
fn a_later_receipt_is_counted_as_such_and_another_root_of_the_same_size_is_a_fork() {
    let mut later = honest().all.clone();
    let mut next = later[at(7)].clone();
    restate(&mut next, &result(STREAM, "LOG-1", Status::Passed, "after the pack"));
    later.push(next);
    relink(&mut later);
    let here = given(&later, at(3), later.len());
    let verdict = against(&honest().pack, &[given(&later, later.len() - 1, later.len()), here]);
    receipts_are(
        &verdict,
        Outcome::Passed,
        "1 receipts are of entries in the pack, at their place; 1 of entries recorded after",
    );
    // The same size with another last entry: of another stream, so that only the root tells.
    let mut fork = honest().all.clone();
    let size = fork.len();
    fork[size - 1].0.stream = OTHER_STREAM.parse().unwrap();
    relink(&mut fork);
    receipts_are(
        &against(&honest().pack, &[given(&fork, 2, size)]),
        Outcome::Failed,
        "another root to 14 entries",
    );
}

#[test]
fn receipts_are_not_held_against_a_pack_that_is_refused() {
    let mut opened = Opened::of(&honest().pack);
    opened.bytes(REPORT_PDF).push(b'\n');
    let verdict = against(&opened.close(), &[given(&honest().all, at(3), 14)]);
    receipts_are(&verdict, Outcome::NotChecked, "took away its ground");
}

#[test]
fn what_is_no_receipt_is_refused_before_anything_is_judged() {
    let all = &honest().all;
    let receipt = receipt_of(all, 3, all.len(), ORIGIN, &log_key());
    let read = |receipt: &Receipt| HeldReceipt::read("x", &receipt.to_bytes());
    assert_eq!(read(&Receipt { extra: None, ..receipt.clone() }), Err(HeldReceiptError::Bare));
    let other = Receipt { extra: Some(all[4].0.to_bytes()), ..receipt.clone() };
    assert_eq!(read(&other), Err(HeldReceiptError::Index { receipt: 3, entry: 4 }));
    let none = Receipt { extra: Some(b"\xa0".to_vec()), ..receipt.clone() };
    assert!(matches!(read(&none), Err(HeldReceiptError::Entry(_))));
    let headless = Receipt { checkpoint: b"hello\n".to_vec(), ..receipt };
    assert_eq!(read(&headless), Err(HeldReceiptError::Checkpoint));
    assert!(matches!(HeldReceipt::read("x", b"hello"), Err(HeldReceiptError::Receipt(_))));
}
