//! Every rule of the keyring, by a statement that keeps it and one that does not.

use super::*;
use crate::checkpoint::Checkpoint;
use crate::codec::{self, CodecError};
use crate::digest::Digest;
use crate::key::{KeyError, SigningKey};
use crate::note::NoteError;
use crate::payload::{StatementSignature, signed_message};
use crate::time::Timestamp;

const ORIGIN: &str = "affiant.example/log1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn ci() -> Holder {
    Holder::Collector(id("ci"))
}

fn vkey(name: &str, seed: u8) -> Verifier {
    Verifier::new(name.parse().unwrap(), key(seed).verifying_key())
}

/// A ledger whose log key is key 1 and whose issuer is key 2.
fn fresh() -> Keyring {
    let keyring = Keyring::new(id("log1"), vkey(ORIGIN, 1));
    keyring.with_issuer(vkey(&format!("{ORIGIN}/issuer"), 2)).unwrap()
}

fn grant(kinds: &[&str], streams: &[&str]) -> Grant {
    let names = |names: &[&str]| Names::of(names.iter().copied()).unwrap();
    Grant { kinds: names(kinds), expires: None, streams: names(streams) }
}

/// Enrols collector `ci` with key 5, at entry 7.
fn with_ci(grant: Grant) -> Keyring {
    let mut keyring = fresh();
    let statement = keyring.enrolment(&ci(), &key(5).verifying_key(), Some(grant));
    let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(5));
    keyring.apply(7, &statement.to_bytes()).unwrap();
    keyring
}

fn usual() -> Keyring {
    with_ci(grant(&["result", "attestation"], &["credit-scoring"]))
}

/// Rotates at `index` from the key of seed `old`.
fn rotate(keyring: &mut Keyring, index: u64, holder: &Holder, old: u8, new: u8) -> Result<(), KeyringError> {
    let statement = keyring.rotation(holder, &key(new).verifying_key())?;
    let statement = statement.proven(Role::Old, &key(old)).proven(Role::New, &key(new));
    keyring.apply(index, &statement.to_bytes())
}

fn revoke(
    keyring: &mut Keyring,
    index: u64,
    holder: &Holder,
    old: u8,
    (reason, since): (KeyReason, Option<u64>),
    signer: (Role, u8),
) -> Result<(), KeyringError> {
    let old = vkey(&keyring.name_of(holder), old);
    let statement = keyring.revocation(holder, &old, reason, since).proven(signer.0, &key(signer.1));
    keyring.apply(index, &statement.to_bytes())
}

const BY_LOG: (Role, u8) = (Role::Log, 1);

/// What a keyring says to a statement that was changed after `edit`, proven anew by log key 1 and collector key 5.
fn enrolled(edit: impl FnOnce(&mut KeyStatement)) -> Result<(), KeyringError> {
    let mut keyring = fresh();
    let mut statement =
        keyring.enrolment(&ci(), &key(5).verifying_key(), Some(grant(&["result"], &["credit-scoring"])));
    edit(&mut statement);
    let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(5));
    let before = keyring.clone();
    let said = keyring.apply(7, &statement.to_bytes());
    assert!(said.is_ok() || keyring == before, "a refused statement changed the keyring");
    said
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Asks whether `ci` may push at `index`, signed by the key of a seed.
fn push(keyring: &Keyring, index: u64, kind: &str, stream: &str, seed: u8) -> Result<(), KeyringError> {
    let statement = [0xa0];
    let signature = StatementSignature { key: id("ci"), sig: key(seed).sign(&signed_message(&statement)) };
    let (kind, stream) = (id(kind), id(stream));
    let submission = Submission {
        by: "key:ci",
        kind: &kind,
        stream: &stream,
        time: time("2026-11-22T00:00:00Z"),
        statement: Digest::of(&statement),
        signature: Some(&signature),
    };
    keyring.admit(index, &submission)
}

fn result(keyring: &Keyring, index: u64, seed: u8) -> Result<(), KeyringError> {
    push(keyring, index, "result", "credit-scoring", seed)
}

#[test]
fn a_collector_pushes_what_it_was_granted_from_its_enrolment_on() {
    let keyring = usual();
    assert_eq!(result(&keyring, 8, 5), Ok(()));
    assert_eq!(push(&keyring, 9, "attestation", "credit-scoring", 5), Ok(()));
    let refused = result(&keyring, 6, 5).unwrap_err();
    assert_eq!(refused.to_string(), "collector `ci` has no key that counts at entry 6: enrolled by entry 7");
    let refused = push(&keyring, 8, "system", "credit-scoring", 5).unwrap_err();
    assert_eq!(refused.to_string(), "collector `ci` may push attestation, result, not `system`");
    let refused = push(&keyring, 8, "result", "fraud", 5).unwrap_err();
    assert_eq!(refused.to_string(), "collector `ci` may push to credit-scoring, not to `fraud`");
    assert_eq!(result(&keyring, 8, 6), Err(KeyringError::Signature(id("ci"))));
}

#[test]
fn a_star_grants_every_kind_but_those_about_the_ledger() {
    let keyring = with_ci(grant(&["*"], &["*"]));
    assert_eq!(push(&keyring, 8, "incident", "fraud", 5), Ok(()));
    for kind in ["genesis", "key", "erasure", "hold"] {
        let refused = push(&keyring, 8, kind, "org", 5);
        assert!(matches!(refused, Err(KeyringError::Reserved { .. })), "{kind}: {refused:?}");
    }
    let reserved = enrolled(|statement| statement.grant = Some(grant(&["key"], &["*"])));
    assert!(matches!(reserved, Err(KeyringError::Grant(_))), "{reserved:?}");
}

#[test]
fn a_grant_ends_at_its_expiry() {
    let until = |text| with_ci(Grant { expires: Some(time(text)), ..grant(&["*"], &["*"]) });
    assert_eq!(result(&until("2026-11-22T00:00:00Z"), 8, 5), Ok(()));
    let expires = time("2026-11-21T23:59:59Z");
    let refused = result(&until("2026-11-21T23:59:59Z"), 8, 5);
    assert_eq!(refused, Err(KeyringError::Expired { id: id("ci"), expires }));
}

#[test]
fn who_submits_and_who_signed_are_one() {
    let keyring = usual();
    let signature = StatementSignature { key: id("ci"), sig: key(5).sign(&signed_message(&[0xa0])) };
    let admit = |by: &str, kind: &str, stream: &str, signature| {
        let (kind, stream, time) = (id(kind), id(stream), time("2026-11-22T00:00:00Z"));
        keyring.admit(
            8,
            &Submission { by, kind: &kind, stream: &stream, time, statement: Digest::of(&[0xa0]), signature },
        )
    };
    assert_eq!(admit("local", "result", "fraud", None), Ok(()));
    assert_eq!(admit("token:ci", "result", "fraud", None), Ok(()));
    assert_eq!(admit("local", "key", "org", None), Ok(()));
    for (by, stream) in [("token:ci", "org"), ("key:ci", "org"), ("local", "fraud")] {
        assert!(
            matches!(admit(by, "key", stream, None), Err(KeyringError::Reserved { .. })),
            "{by} {stream}"
        );
    }
    let unsigned = admit("key:ci", "result", "credit-scoring", None);
    assert_eq!(unsigned, Err(KeyringError::Unsigned("key:ci".into())));
    for by in ["local", "token:ci", "key:cd"] {
        let other = admit(by, "result", "credit-scoring", Some(&signature));
        assert_eq!(other, Err(KeyringError::OtherSigner { by: by.into(), key: id("ci") }));
    }
    let stranger = StatementSignature { key: id("cd"), ..signature };
    let unknown = admit("key:cd", "result", "credit-scoring", Some(&stranger));
    assert_eq!(unknown, Err(KeyringError::UnknownCollector(id("cd"))));
}

#[test]
fn after_a_rotation_each_key_counts_in_its_own_time() {
    let mut keyring = usual();
    rotate(&mut keyring, 20, &ci(), 5, 6).unwrap();
    assert_eq!(
        (result(&keyring, 19, 5), result(&keyring, 20, 6), result(&keyring, 21, 6)),
        (Ok(()), Ok(()), Ok(()))
    );
    assert_eq!(result(&keyring, 19, 6), Err(KeyringError::Signature(id("ci"))));
    assert_eq!(result(&keyring, 21, 5), Err(KeyringError::Signature(id("ci"))));
    assert_eq!(keyring.holder_of(&key(5).verifying_key()), Some(&ci()));
    assert_eq!(keyring.collector(&id("ci"), 19), Some(&vkey("ci", 5)));
}

#[test]
fn a_revoked_key_signs_no_more_and_what_it_signed_stays() {
    for signer in [BY_LOG, (Role::Old, 5)] {
        let mut keyring = usual();
        revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Retired, None), signer).unwrap();
        assert_eq!(result(&keyring, 30, 5), Ok(()));
        let refused = result(&keyring, 32, 5).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "collector `ci` has no key that counts at entry 32: revoked by entry 31 as retired"
        );
        assert_eq!(keyring.disowned("key:ci", 30), None);
    }
}

#[test]
fn a_compromise_found_later_disowns_what_stays_admitted() {
    let mut keyring = usual();
    revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Compromised, Some(20)), BY_LOG).unwrap();
    assert_eq!(result(&keyring, 30, 5), Ok(()), "what was admitted stays admitted");
    let revoked = |index| keyring.disowned("key:ci", index).map(|revoked| (revoked.index, revoked.since));
    assert_eq!((revoked(19), revoked(20), revoked(30)), (None, Some((31, Some(20))), Some((31, Some(20)))));
    assert_eq!((keyring.disowned("local", 25), keyring.disowned("key:cd", 25)), (None, None));
}

#[test]
fn a_second_revocation_goes_further_back_or_is_refused() {
    let mut keyring = usual();
    let mut again = |index, since| {
        let how =
            if since == Some(99) { (KeyReason::Retired, None) } else { (KeyReason::Compromised, since) };
        revoke(&mut keyring, index, &ci(), 5, how, BY_LOG)
    };
    assert_eq!(again(31, Some(99)), Ok(()));
    assert_eq!(again(32, None), Err(KeyringError::RevokedBefore(31)));
    assert_eq!(again(33, Some(20)), Ok(()));
    assert_eq!(again(34, Some(20)), Err(KeyringError::RevokedBefore(33)));
    assert_eq!(again(35, Some(10)), Ok(()));
}

#[test]
fn since_lies_within_the_time_of_the_key_and_needs_a_reason() {
    let mut keyring = usual();
    for since in [6, 32] {
        let refused = revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Lost, Some(since)), BY_LOG);
        assert_eq!(refused, Err(KeyringError::Since { since, from: 7, until: 31 }));
    }
    let retired = revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Retired, Some(20)), BY_LOG);
    assert_eq!(retired, Err(KeyringError::SinceReason(KeyReason::Retired)));
}

#[test]
fn the_log_key_in_force_is_rotated_before_it_is_revoked() {
    let mut keyring = usual();
    let compromised = (KeyReason::Compromised, Some(50));
    let refused = revoke(&mut keyring, 56, &Holder::Log, 1, compromised, BY_LOG);
    assert_eq!(refused, Err(KeyringError::LogInForce));
    rotate(&mut keyring, 57, &Holder::Log, 1, 3).unwrap();
    // The former key no longer speaks for the log: the key in force or the key itself does.
    let former = revoke(&mut keyring, 60, &Holder::Log, 1, compromised, BY_LOG);
    assert_eq!(former, Err(KeyringError::Proof(Role::Log)));
    revoke(&mut keyring, 60, &Holder::Log, 1, compromised, (Role::Log, 3)).unwrap();
    let trusted = keyring.trusted(&Holder::Log);
    assert_eq!(trusted[0], TrustedKey { key: vkey(ORIGIN, 1), from: 1, to: Some(50) });
    assert_eq!(trusted[1], TrustedKey { key: vkey(ORIGIN, 3), from: 58, to: None });
}

#[test]
fn a_log_rotation_opens_checkpoints_of_both_ranges() {
    let mut keyring = fresh();
    rotate(&mut keyring, 57, &Holder::Log, 1, 3).unwrap();
    let open = |size, seeds: &[u8]| {
        let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root: Digest::ZERO };
        let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
        let note = checkpoint.sign_by_all(&ORIGIN.parse().unwrap(), &keys.iter().collect::<Vec<_>>());
        Checkpoint::open_with(&note, keyring.log_keys()).is_ok()
    };
    assert!(open(57, &[1]) && open(58, &[1, 3]) && open(59, &[3]));
    assert!(!open(58, &[1]) && !open(58, &[3]) && !open(59, &[1]) && !open(57, &[3]));
    assert_eq!((keyring.log_key_for(57), keyring.log_key_for(58)), (&vkey(ORIGIN, 1), &vkey(ORIGIN, 3)));
    let sizes: Vec<_> = keyring.trusted(&Holder::Log).iter().map(|key| (key.from, key.to)).collect();
    assert_eq!(sizes, [(1, Some(58)), (58, None)]);
}

#[test]
fn an_issuer_is_rotated_or_revoked_and_enrolled_anew() {
    let mut keyring = fresh();
    let name = format!("{ORIGIN}/issuer");
    rotate(&mut keyring, 90, &Holder::Issuer, 2, 4).unwrap();
    assert_eq!(
        (keyring.issuer_at(89), keyring.issuer_at(90)),
        (Some(&vkey(&name, 2)), Some(&vkey(&name, 4)))
    );
    let enrol = |keyring: &mut Keyring, index| {
        let statement = keyring.enrolment(&Holder::Issuer, &key(6).verifying_key(), None);
        let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(6));
        keyring.apply(index, &statement.to_bytes())
    };
    assert_eq!(enrol(&mut keyring, 91), Err(KeyringError::IssuerInForce));
    revoke(&mut keyring, 92, &Holder::Issuer, 4, (KeyReason::Lost, None), BY_LOG).unwrap();
    assert_eq!(keyring.issuer(), None);
    enrol(&mut keyring, 93).unwrap();
    assert_eq!(keyring.issuer(), Some(&vkey(&name, 6)));
    let sizes: Vec<_> = keyring.trusted(&Holder::Issuer).iter().map(|key| (key.from, key.to)).collect();
    assert_eq!(sizes, [(1, Some(90)), (91, Some(92)), (94, None)]);
}

#[test]
fn a_first_issuer_enrolled_late_counts_from_the_beginning() {
    let mut keyring = Keyring::new(id("log1"), vkey(ORIGIN, 1));
    let statement = keyring.enrolment(&Holder::Issuer, &key(2).verifying_key(), None);
    let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(2));
    keyring.apply(40, &statement.to_bytes()).unwrap();
    assert_eq!(keyring.trusted(&Holder::Issuer)[0].from, 1);
}

#[test]
fn a_key_that_counts_for_no_size_is_trusted_for_none() {
    let mut keyring = fresh();
    rotate(&mut keyring, 57, &Holder::Log, 1, 3).unwrap();
    revoke(&mut keyring, 60, &Holder::Log, 1, (KeyReason::Compromised, Some(0)), (Role::Log, 3)).unwrap();
    assert_eq!(keyring.trusted(&Holder::Log), [TrustedKey { key: vkey(ORIGIN, 3), from: 58, to: None }]);
}

#[test]
fn every_proof_that_is_asked_for_is_there_and_no_other() {
    let mut keyring = usual();
    let bare = keyring.rotation(&ci(), &key(6).verifying_key()).unwrap();
    let mut apply = |statement: KeyStatement| keyring.apply(20, &statement.to_bytes());
    assert_eq!(apply(bare.clone()), Err(KeyringError::Unproven(Role::New)));
    assert_eq!(apply(bare.clone().proven(Role::New, &key(6))), Err(KeyringError::Unproven(Role::Old)));
    let both = bare.clone().proven(Role::New, &key(6)).proven(Role::Old, &key(5));
    let more = both.clone().proven(Role::Log, &key(1));
    assert_eq!(apply(more), Err(KeyringError::SurplusProof(Role::Log)));
    for role in [Role::New, Role::Old] {
        assert_eq!(apply(both.clone().proven(role, &key(9))), Err(KeyringError::Proof(role)));
    }
    // The old key cannot be followed without its holder, not even by the ledger's owner.
    assert_eq!(apply(both.clone().proven(Role::Old, &key(1))), Err(KeyringError::Proof(Role::Old)));
    assert_eq!(apply(both), Ok(()));
}

#[test]
fn a_proof_speaks_of_every_field() {
    let keyring = usual();
    let proven = keyring
        .enrolment(
            &Holder::Collector(id("nightly")),
            &key(6).verifying_key(),
            Some(grant(&["result"], &["*"])),
        )
        .proven(Role::Log, &key(1))
        .proven(Role::New, &key(6));
    assert_eq!(keyring.clone().apply(20, &proven.to_bytes()), Ok(()));
    let edits: [fn(&mut KeyStatement); 3] = [
        |statement| statement.grant = Some(grant(&["*"], &["*"])),
        |statement| {
            statement.id = Some(id("nightli"));
            statement.new = Some(vkey("nightli", 6).to_string());
        },
        |statement| statement.new = Some(vkey("nightly", 9).to_string()),
    ];
    for edit in edits {
        let mut changed = proven.clone();
        edit(&mut changed);
        assert_eq!(keyring.clone().apply(20, &changed.to_bytes()), Err(KeyringError::Proof(Role::Log)));
    }
}

#[test]
fn no_changed_bit_of_a_key_statement_is_taken_in() {
    let keyring = usual();
    let statement = keyring.rotation(&ci(), &key(6).verifying_key()).unwrap();
    let statement = statement.proven(Role::Old, &key(5)).proven(Role::New, &key(6));
    let bytes = statement.to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(keyring.clone().apply(20, &changed).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn another_ledgers_statement_is_refused() {
    let other = |edit: fn(&mut KeyStatement)| matches!(enrolled(edit), Err(KeyringError::OtherLedger { .. }));
    assert!(other(|statement| statement.ledger = id("log2")));
    assert!(other(|statement| statement.origin = "affiant.example/log2".into()));
    assert_eq!(enrolled(|_| ()), Ok(()));
}

#[test]
fn a_weak_key_a_cosigners_key_and_a_foreign_name_are_refused() {
    let new = |text: String| enrolled(move |statement| statement.new = Some(text));
    let weak = |algorithm: u8, key: [u8; 32]| {
        let bytes = [&[algorithm], &key[..]].concat();
        let id = Digest::of_parts(&[b"ci\n", &bytes]).to_string();
        format!("ci+{}+{}", &id[..8], crate::note::to_base64(&bytes))
    };
    let mut identity = [0; 32];
    identity[0] = 1;
    let source = NoteError::PublicKey(KeyError::Weak);
    for low in [identity, [0; 32]] {
        assert_eq!(new(weak(1, low)), Err(KeyringError::Key { role: Role::New, source: source.clone() }));
    }
    let cosigner = weak(4, *key(5).verifying_key().as_bytes());
    assert_eq!(new(cosigner), Err(KeyringError::Algorithm(Role::New)));
    let found = new(vkey("cd", 5).to_string());
    assert!(matches!(&found, Err(KeyringError::Name { found, .. }) if found == "cd"), "{found:?}");
    assert!(matches!(new("ci+0+0".into()), Err(KeyringError::Key { .. })));
}

#[test]
fn a_key_has_one_holder_one_purpose_and_one_time() {
    let mut keyring = usual();
    for used in [1, 2, 5] {
        let refused = rotate(&mut keyring, 20, &ci(), 5, used);
        assert!(matches!(refused, Err(KeyringError::KeyUsed(_))), "{used}: {refused:?}");
    }
    revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Compromised, None), BY_LOG).unwrap();
    let other = Holder::Collector(id("other"));
    let statement = keyring.enrolment(&other, &key(5).verifying_key(), Some(grant(&["*"], &["*"])));
    let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(5));
    assert!(matches!(keyring.apply(32, &statement.to_bytes()), Err(KeyringError::KeyUsed(_))));
    let log = rotate(&mut keyring, 33, &Holder::Log, 1, 5);
    assert!(matches!(log, Err(KeyringError::KeyUsed(_))), "{log:?}");
}

#[test]
fn an_id_is_given_once() {
    let mut keyring = usual();
    revoke(&mut keyring, 31, &ci(), 5, (KeyReason::Lost, None), BY_LOG).unwrap();
    let statement = keyring.enrolment(&ci(), &key(6).verifying_key(), Some(grant(&["*"], &["*"])));
    let statement = statement.proven(Role::Log, &key(1)).proven(Role::New, &key(6));
    assert_eq!(keyring.apply(32, &statement.to_bytes()), Err(KeyringError::IdTaken(id("ci"))));
    assert_eq!(keyring.rotation(&ci(), &key(6).verifying_key()), Err(KeyringError::Unknown(ci())));
}

#[test]
fn only_the_key_in_force_is_followed_and_only_a_holders_key_is_revoked() {
    let mut keyring = usual();
    rotate(&mut keyring, 20, &ci(), 5, 6).unwrap();
    let mut stale = keyring.rotation(&ci(), &key(7).verifying_key()).unwrap();
    stale.old = Some(vkey("ci", 5).to_string());
    let stale = stale.proven(Role::Old, &key(5)).proven(Role::New, &key(7));
    assert!(matches!(keyring.apply(21, &stale.to_bytes()), Err(KeyringError::NotInForce { .. })));
    let strange = revoke(&mut keyring, 21, &ci(), 9, (KeyReason::Lost, None), BY_LOG);
    assert!(matches!(strange, Err(KeyringError::NotTheirs { .. })), "{strange:?}");
    let nobody = Holder::Collector(id("nobody"));
    let unknown = revoke(&mut keyring, 21, &nobody, 5, (KeyReason::Lost, None), BY_LOG);
    assert_eq!(unknown, Err(KeyringError::Unknown(nobody)));
}

#[test]
fn a_log_key_is_never_enrolled() {
    let refused = enrolled(|statement| {
        (statement.id, statement.grant, statement.purpose) = (None, None, KeyPurpose::Log);
        statement.new = Some(vkey(ORIGIN, 5).to_string());
    });
    assert_eq!(refused, Err(KeyringError::LogEnrolled));
}

#[test]
fn statements_have_the_fields_of_their_action_and_no_others() {
    let lacks = |field, edit: fn(&mut KeyStatement)| {
        let what = "enrolment of a collector key".to_owned();
        assert_eq!(enrolled(edit), Err(KeyringError::Lacks { what, field }));
    };
    lacks("id", |statement| statement.id = None);
    lacks("new", |statement| statement.new = None);
    lacks("grant", |statement| statement.grant = None);
    let surplus = |field, edit: fn(&mut KeyStatement)| {
        let what = "enrolment of a collector key".to_owned();
        assert_eq!(enrolled(edit), Err(KeyringError::Surplus { what, field }));
    };
    surplus("old", |statement| statement.old = statement.new.clone());
    surplus("since", |statement| statement.since = Some(3));
    surplus("reason", |statement| statement.reason = Some(KeyReason::Lost));
    let issuer = enrolled(|statement| statement.purpose = KeyPurpose::Issuer);
    let what = "enrolment of an issuer key".to_owned();
    assert_eq!(issuer, Err(KeyringError::Surplus { what, field: "id" }));
}

#[test]
fn statements_stand_in_order_behind_genesis() {
    let mut keyring = usual();
    let refused = rotate(&mut keyring, 7, &ci(), 5, 6);
    assert_eq!(refused, Err(KeyringError::Order { found: 7, next: 8 }));
    let statement = fresh().rotation(&Holder::Log, &key(3).verifying_key()).unwrap();
    assert_eq!(fresh().apply(0, &statement.to_bytes()), Err(KeyringError::Order { found: 0, next: 1 }));
}

#[test]
fn a_replay_names_the_entry_that_is_wrong() {
    let keyring = fresh();
    let good = keyring.rotation(&Holder::Log, &key(3).verifying_key()).unwrap();
    let bad = good.clone().proven(Role::New, &key(3)).to_bytes();
    let good = good.proven(Role::New, &key(3)).proven(Role::Old, &key(1)).to_bytes();
    assert_eq!(
        keyring.clone().replay([(57, good.clone())]).map(|keyring| keyring.log_keys().ranges().count()),
        Ok(2)
    );
    let fault = KeyringFault { index: 58, source: KeyringError::Unproven(Role::Old) };
    assert_eq!(keyring.replay([(58, bad)]), Err(fault));
    let twice = fresh().replay([(57, good.clone()), (58, good)]).unwrap_err();
    assert!(matches!(twice, KeyringFault { index: 58, source: KeyringError::KeyUsed(_) }), "{twice:?}");
}

#[test]
fn names_are_sorted_single_and_never_mixed_with_the_star() {
    assert_eq!(Names::of(["b", "a", "b"]).map(|names| names.to_string()), Ok("a, b".into()));
    assert_eq!(Names::of(["*"]), Ok(Names::All));
    for wrong in [&["*", "a"][..], &[], &["A"]] {
        assert!(matches!(Names::of(wrong.iter().copied()), Err(KeyringError::Grant(_))), "{wrong:?}");
    }
    // In a statement they stand in their one form.
    let bytes = codec::encode(&["b", "a"]);
    assert_eq!(codec::decode::<Names>(&bytes, 64), Err(CodecError::NotCanonical));
}

#[test]
fn fields_are_declared_in_canonical_order_and_read_back() {
    let keyring = with_ci(Grant { expires: Some(time("2027-01-01T00:00:00Z")), ..grant(&["*"], &["*"]) });
    let old = vkey("ci", 5);
    let full = KeyStatement {
        new: Some(vkey("ci", 6).to_string()),
        grant: Some(grant(&["result"], &["*"])),
        ..keyring.revocation(&ci(), &old, KeyReason::Lost, Some(3))
    };
    let full =
        [Role::Log, Role::New, Role::Old].into_iter().fold(full, |full, role| full.proven(role, &key(1)));
    let bytes = full.to_bytes();
    assert_eq!(KeyStatement::from_bytes(&bytes), Ok(full.clone()));
    let json = serde_json::to_string(&full).unwrap();
    assert_eq!(serde_json::from_str::<KeyStatement>(&json).unwrap(), full);
    let mut at = 0;
    for (name, _) in codec::map_ranges(&bytes).unwrap() {
        at += json[at..].find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("`{name}` is out of order"));
    }
}
