//! Who submitted what: signatures stripped, borrowed, made by keys that did not count or had no grant; key entries left
//! out. The forger holds the log's key and the issuer's, not those of the collectors.

use super::*;
use affiant_controls::Asset;
use affiant_controls::System;
use affiant_ledger::key::SigningKey;
use affiant_ledger::keyring::{Grant, Holder, KEY_STREAM, KeyReason, Names, Role};
use affiant_ledger::ledger::Ledger;
use affiant_ledger::note::Verifier;
use affiant_ledger::payload::{Payload, StatementSignature, signed_message};
use affiant_ledger::record::Draft;
use affiant_reports::issue::Issuer;
use affiant_reports::pack::{KEYS, key_payload_member};
use affiant_reports::verify::verify_with;

/// Name of issuers as a ledger knows them.
const OWN_ISSUER: &str = "affiant.example/log1/issuer";

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn collector(id: &str) -> Holder {
    Holder::Collector(id.parse().unwrap())
}

fn enrol(ledger: &mut Ledger, id: &str, key: &SigningKey, streams: &str) {
    let grant = Grant {
        kinds: Names::of(["result"]).unwrap(),
        expires: None,
        streams: Names::of([streams]).unwrap(),
    };
    let statement = ledger.keyring().enrolment(&collector(id), &key.verifying_key(), Some(grant));
    let proven = ledger.prove(statement).proven(Role::New, key);
    ledger.record_key(&proven).unwrap();
}

fn revoke(ledger: &mut Ledger, id: &str, key: &SigningKey, reason: KeyReason, since: Option<u64>) {
    let statement = ledger.keyring().revocation(&collector(id), &verifier(id, key), reason, since);
    ledger.record_key(&statement.proven(Role::Old, key)).unwrap();
}

fn said(control: &str, summary: &str) -> Statement {
    result(STREAM, control, Status::Passed, summary)
}

fn signature(id: &str, key: &SigningKey, statement: &[u8]) -> StatementSignature {
    StatementSignature { key: id.parse().unwrap(), sig: key.sign(&signed_message(statement)) }
}

fn signed(statement: &Statement, id: &str, key: &SigningKey) -> Draft {
    let draft = statement.draft(&format!("key:{id}"));
    Draft { signature: Some(signature(id, key, &draft.statement)), ..draft }
}

/// Collector `ci` (key 11, then 12), `gone` (13, revoked), `other` (14, granted another stream). `since`: from which entry on
/// what `ci` signed counts no longer.
pub(super) fn ledger(issuer: Option<Verifier>, since: Option<u64>) -> Vec<Whole> {
    let (catalogs, folder) = (tiny_catalogs(), tempfile::tempdir().unwrap());
    let name = if issuer.is_some() { OWN_ISSUER } else { ISSUER };
    let mut ledger = founded(&folder, issuer);
    let id = || STREAM.parse().unwrap();
    let say = |ledger: &mut Ledger, draft: Draft| drop(ledger.append(&[draft]).unwrap());
    say(&mut ledger, Statement::System(System::new(id(), "A system")).draft("local"));
    let model = Asset::new(id(), "model".parse().unwrap(), "model", "The model");
    say(&mut ledger, Statement::Asset(model).draft("local"));
    for pin in catalogs.pins() {
        say(&mut ledger, Draft { stream: id(), ..Statement::Catalog(pin).draft("local") });
    }
    enrol(&mut ledger, "ci", &key(11), STREAM);
    enrol(&mut ledger, "gone", &key(13), STREAM);
    enrol(&mut ledger, "other", &key(14), OTHER_STREAM);
    say(&mut ledger, signed(&said("LOG-1", "logs are there"), "ci", &key(11)));
    say(&mut ledger, signed(&said("LOG-2", "by one that went"), "gone", &key(13)));
    let next = ledger.keyring().rotation(&collector("ci"), &key(12).verifying_key()).unwrap();
    ledger.record_key(&next.proven(Role::Old, &key(11)).proven(Role::New, &key(12))).unwrap();
    revoke(&mut ledger, "gone", &key(13), KeyReason::Retired, None);
    say(&mut ledger, signed(&said("LOG-1", "logs are still there"), "ci", &key(12)));
    say(&mut ledger, said("LOG-2", "by a token").draft("token:dashboard"));
    if since.is_some() {
        revoke(&mut ledger, "ci", &key(12), KeyReason::Compromised, since);
    }
    issued(ledger, &catalogs, name)
}

/// Position of the result signed by `ci` with its second key, the last of a signer.
pub(super) const SIGNED: usize = 13;

/// Links everything anew, lets the issuing entry name the heads as they are then, and issues the pack: what an operator
/// can do who holds the log's key and the issuer's.
pub(super) fn reissued(all: Vec<Whole>) -> Vec<u8> {
    pack_of(&source(&relinked(all)))
}

pub(super) fn relinked(mut all: Vec<Whole>) -> Vec<Whole> {
    relink(&mut all);
    let head = |stream: &str| {
        let before = all[..all.len() - 1].iter().rev().find(|(entry, _)| entry.stream == *stream);
        Digest::leaf(&before.unwrap().0.to_bytes())
    };
    let (own, keys) = (head(STREAM), Some(head(KEY_STREAM)));
    name_heads(&mut all, own, keys);
    all
}

pub(super) fn name_heads(all: &mut [Whole], head: Digest, keys: Option<Digest>) {
    let last = all.last_mut().unwrap();
    let statement = Payload::from_bytes(&last.1).unwrap().statement;
    let Ok(Some(Statement::Pack(issued))) = Statement::from_bytes("pack", &statement) else { panic!() };
    restate(last, &Statement::Pack(PackIssued { head, keys, ..issued }));
}

pub(super) fn pack_of(source: &PackSource) -> Vec<u8> {
    issue(source, &tiny_catalogs(), &issuer(), &stub).unwrap().bytes
}

/// The ledger with another payload and submitter at a position.
fn restated(at: usize, by: &str, statement: &Statement, signature: Option<StatementSignature>) -> Vec<Whole> {
    let mut all = ledger(None, None);
    let payload = Payload { salt: [9; 16], statement: statement.to_bytes(), signature };
    all[at].1 = payload.to_bytes();
    let entry = &mut all[at].0;
    (entry.payload, entry.by) = (Digest::of(&payload.to_bytes()), by.to_owned());
    entry.kind = statement.kind().parse().unwrap();
    all
}

#[track_caller]
fn refused(all: Vec<Whole>, detail: &str) {
    refused_by(&judge(&reissued(all)), Submitters, detail);
}

#[test]
fn statements_signed_by_collectors_are_verified_and_the_unsigned_counted() {
    let all = ledger(None, None);
    assert_eq!(all[SIGNED].0.by, "key:ci");
    let verdict = judge(&pack_of(&source(&all)));
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    assert_eq!(verdict.outcome(Submitters), Outcome::Passed);
    let counts = verdict.counts;
    assert_eq!((counts.statements_signed, counts.statements_unsigned, counts.statements_disowned), (3, 7, 0));
    let detail = &verdict.checks[7].detail;
    assert!(detail.starts_with("3 statements signed by 2 collectors"), "{detail}");
    assert!(
        detail.contains("6 unsigned (`local`)") && detail.ends_with("; 1 admitted by a token, unsigned"),
        "{detail}"
    );
    let limits = verdict.does_not_establish.join("\n");
    assert!(limits.contains("who made the 7 statements that nobody signed"), "{limits}");
    assert!(limits.contains("that no key was revoked between entry 12 and the pack"), "{limits}");
    // Linking anew what was never changed gives the same.
    assert_eq!(judge(&reissued(all)).conclusion, Conclusion::Verified);
}

#[test]
fn without_keys_from_outside_submitters_are_self_asserted() {
    let verdict = judge_with(&pack_of(&source(&ledger(None, None))), None);
    assert_eq!((verdict.outcome(Submitters), verdict.exit_code()), (Outcome::SelfAsserted, 4));
}

#[test]
fn a_stripped_signature_is_refused() {
    refused(restated(SIGNED, "key:ci", &said("LOG-1", "logs are still there"), None), "entry 13");
}

#[test]
fn a_statement_swapped_under_a_signature_is_refused() {
    let true_one = said("LOG-1", "logs are still there").to_bytes();
    let borrowed = Some(signature("ci", &key(12), &true_one));
    refused(restated(SIGNED, "key:ci", &said("LOG-2", "all is well"), borrowed), "the signature");
}

#[test]
fn a_signature_by_another_than_the_submitter_is_refused() {
    let statement = said("LOG-2", "all is well");
    let by_other = Some(signature("other", &key(14), &statement.to_bytes()));
    refused(restated(SIGNED, "key:ci", &statement, by_other.clone()), "other");
    refused(restated(SIGNED, "local", &statement, by_other), "local");
    let unknown = Some(signature("nobody", &key(99), &statement.to_bytes()));
    refused(restated(SIGNED, "key:nobody", &statement, unknown), "nobody");
}

#[test]
fn a_statement_signed_by_a_revoked_key_is_refused() {
    let statement = said("LOG-2", "all is well");
    let late = Some(signature("gone", &key(13), &statement.to_bytes()));
    refused(restated(SIGNED, "key:gone", &statement, late), "revoked by entry 12 as retired");
}

#[test]
fn a_statement_signed_by_a_key_outside_its_range_is_refused() {
    let statement = said("LOG-2", "all is well");
    // With the former key behind the rotation; with the next one before it; by one not enrolled yet.
    let former = Some(signature("ci", &key(11), &statement.to_bytes()));
    refused(restated(SIGNED, "key:ci", &statement, former), "the signature");
    let early = Some(signature("ci", &key(12), &statement.to_bytes()));
    refused(restated(9, "key:ci", &statement, early), "the signature");
    let soon = Some(signature("ci", &key(11), &statement.to_bytes()));
    refused(restated(5, "key:ci", &statement, soon), "enrolled by entry 6");
}

#[test]
fn a_statement_without_the_grant_is_refused() {
    let statement = said("LOG-2", "all is well");
    let elsewhere = Some(signature("other", &key(14), &statement.to_bytes()));
    refused(restated(SIGNED, "key:other", &statement, elsewhere), STREAM);
    let asset = Asset::new(STREAM.parse().unwrap(), "model".parse().unwrap(), "model", "The model");
    let asset = Statement::Asset(asset);
    let kind = Some(signature("ci", &key(12), &asset.to_bytes()));
    refused(restated(SIGNED, "key:ci", &asset, kind), "asset");
}

#[test]
fn a_key_entry_left_out_of_the_pack_is_refused() {
    let all = ledger(None, None);
    let count = source(&all).keys.len();
    for left_out in 0..count {
        let verdict = forged_keys(&all, |source| drop(source.keys.remove(left_out)));
        let last = left_out == count - 1;
        refused_by(&verdict, Submitters, if last { "does not end with the entry" } else { "one is missing" });
    }
    refused_by(
        &forged_keys(&all, |source| source.keys.clear()),
        Submitters,
        "does not begin with the genesis",
    );
    refused_by(
        &forged_keys(&all, |source| source.keys.truncate(1)),
        Submitters,
        "does not end with the entry",
    );
}

/// The pack of a ledger with other entries put in, signed by the true issuer.
fn forged_keys(all: &[Whole], edit: impl FnOnce(&mut PackSource)) -> Verdict {
    let mut source = source(all);
    let mut opened = Opened::of(&pack_of(&source));
    edit(&mut source);
    opened.set_entries(&source);
    opened.sign();
    judge(&opened.close())
}

#[test]
fn a_revocation_left_out_behind_the_head_named_is_said_to_rest_on_the_issuing_entry() {
    // The one gap that the pack alone cannot close: the entry that issues it names an older head of the keys.
    let mut all = ledger(None, None);
    let issuing = all.len() - 1;
    let own = Digest::leaf(&all[issuing - 1].0.to_bytes());
    let older = Digest::leaf(&all[11].0.to_bytes());
    name_heads(&mut all, own, Some(older));
    let mut source = source(&all);
    source.keys.pop();
    let verdict = judge(&pack_of(&source));
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    let limits = verdict.does_not_establish.join("\n");
    assert!(limits.contains("that no key was revoked between entry 11 and the pack"), "{limits}");
}

#[test]
fn an_altered_or_widened_enrolment_is_refused() {
    let all = ledger(None, None);
    let changed = |edit: &dyn Fn(&mut Opened)| {
        let mut opened = Opened::of(&pack_of(&source(&all)));
        edit(&mut opened);
        opened.sign();
        judge(&opened.close())
    };
    let name = key_payload_member(8);
    let flip = |pack: &mut Opened| *pack.bytes(&name).last_mut().unwrap() ^= 1;
    refused_by(&changed(&flip), Submitters, "data/keys/8.cbor is altered");
    let drop_it = |pack: &mut Opened| drop(pack.members.remove(&name));
    refused_by(&changed(&drop_it), Submitters, "data/keys/8.cbor is missing");
    let extra = |pack: &mut Opened| drop(pack.members.insert(key_payload_member(1), b"\xa0".to_vec()));
    refused_by(&changed(&extra), Submitters, "data/keys/1.cbor is the payload of no entry");
    let none = |pack: &mut Opened| pack.bytes(KEYS).clear();
    refused_by(&changed(&none), Inclusion, "lists other entries");
    // Recorded so, by who holds the log's key: the holder of the collector's key has not proven it.
    let mut all = all.clone();
    let payload = Payload::from_bytes(&all[8].1).unwrap();
    let text = payload.statement.windows(OTHER_STREAM.len()).position(|it| it == OTHER_STREAM.as_bytes());
    let mut statement = payload.statement.clone();
    statement[text.unwrap()..][..OTHER_STREAM.len()].copy_from_slice(b"chat-cat");
    all[8].1 = Payload { statement, ..payload }.to_bytes();
    all[8].0.payload = Digest::of(&all[8].1);
    refused(all, "entry 8");
}

#[test]
fn keys_that_no_entry_names_have_no_place() {
    let mut all = ledger(None, None);
    let own = Digest::leaf(&all[all.len() - 2].0.to_bytes());
    name_heads(&mut all, own, None);
    let whole = source(&all);
    let mut without = whole.clone();
    without.keys.clear();
    let pack = pack_of(&without);
    let verdict = judge(&pack);
    assert_eq!(
        (verdict.conclusion, verdict.outcome(Submitters)),
        (Conclusion::Verified, Outcome::NotChecked)
    );
    assert!(verdict.does_not_establish.join("\n").contains("who signed the 3 statements"));
    let mut opened = Opened::of(&pack);
    opened.set_entries(&whole);
    opened.sign();
    refused_by(&judge(&opened.close()), Submitters, "names no keys");
}

#[test]
fn a_pack_of_before_keys_were_packed_is_verified_as_it_was() {
    let pack = include_bytes!("../../../fuzz/seeds/pack/honest-without-keys");
    // Its report rests on its signed digest: reports are drawn otherwise by now.
    let verdict = verify_with(pack, Some(&trust()), &archive::Limits::default(), None);
    assert_eq!(
        (verdict.conclusion, verdict.outcome(Submitters)),
        (Conclusion::Verified, Outcome::NotChecked)
    );
}

#[test]
fn what_a_compromised_key_signed_is_counted_apart() {
    let verdict = judge(&pack_of(&source(&ledger(None, Some(13)))));
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    assert_eq!((verdict.counts.statements_signed, verdict.counts.statements_disowned), (2, 1));
    assert!(verdict.does_not_establish.join("\n").contains("since revoked as compromised or lost"));
}

#[test]
fn keys_from_outside_are_those_that_the_ledger_names() {
    let issued_by = |genesis: &SigningKey| {
        let all = ledger(Some(verifier(OWN_ISSUER, genesis)), None);
        let signing = Issuer { name: OWN_ISSUER.parse().unwrap(), ..issuer() };
        let pack = issue(&source(&all), &tiny_catalogs(), &signing, &stub).unwrap().bytes;
        let trust = Trust { issuers: vec![trusted(OWN_ISSUER, &issuer_key())], ..trust() };
        judge_with(&pack, Some(&trust))
    };
    assert_eq!(issued_by(&issuer_key()).conclusion, Conclusion::Verified);
    refused_by(&issued_by(&fresh_key()), Submitters, "the issuer's key that signed is not the one");
    // A genesis entry that names another log key than the one which signs.
    let mut all = ledger(None, None);
    let payload = Payload::from_bytes(&all[0].1).unwrap();
    let mut genesis = affiant_ledger::genesis::Genesis::from_bytes(&payload.statement).unwrap();
    genesis.log_key = verifier(ORIGIN, &fresh_key()).to_string();
    all[0].1 = Payload { statement: genesis.to_bytes(), ..payload }.to_bytes();
    all[0].0.payload = Digest::of(&all[0].1);
    all.retain(|(entry, _)| entry.kind != *"key" && !entry.by.starts_with("key:"));
    let last = all.iter().filter(|(entry, _)| entry.stream == *STREAM).count() as u64 - 2;
    let mut again = all.clone();
    let issuing = again.last_mut().unwrap();
    let statement = Payload::from_bytes(&issuing.1).unwrap().statement;
    let Ok(Some(Statement::Pack(issued))) = Statement::from_bytes("pack", &statement) else { panic!() };
    restate(issuing, &Statement::Pack(PackIssued { last, ..issued }));
    refused(again, "the log key that signed is not the one");
}

/// A pack whose issuing entry names no keys.
fn keyless(mut all: Vec<Whole>) -> Verdict {
    relink(&mut all);
    let issuing = all.len() - 1;
    let before = all[..issuing].iter().rev().find(|(entry, _)| entry.stream == *STREAM);
    let own = Digest::leaf(&before.unwrap().0.to_bytes());
    name_heads(&mut all, own, None);
    relink(&mut all);
    let mut source = source(&all);
    source.keys.clear();
    judge(&pack_of(&source))
}

#[test]
fn a_pack_without_keys_hides_no_claim_to_a_key() {
    let verdict = keyless(ledger(None, None));
    assert_eq!(verdict.outcome(Submitters), Outcome::NotChecked, "{verdict:#?}");
    let limits = verdict.does_not_establish.join("\n");
    assert!(limits.contains("3 statements that carry a submitter's signature"), "{limits}");
    let statement = said("AFF-EXP-11", "nobody signed this");
    refused_by(&keyless(restated(SIGNED, "key:ci", &statement, None)), Submitters, "carries no signature");
}
