//! Who signs beside the issuer, and who countersigns: taken off, put on, moved, in another order, by a key nobody vouches for.

use super::*;
use affiant_controls::{PackSigner, SignerRole};
use affiant_ledger::key::SigningKey;
use affiant_ledger::note::{Verifier, signature_line};
use affiant_reports::archive::Limits;
use affiant_reports::countersign::{CountersignError, countersign_with};
use affiant_reports::issue::{IssueError, Issuer, RenderPdf, Signer};
use affiant_reports::verdict::KeyPurpose;

fn signer(role: SignerRole, seed: u8) -> Signer {
    let name = format!("{ORIGIN}/{role}").parse().unwrap();
    Signer { role, name, key: SigningKey::from_seed(&[seed; 32]) }
}

fn both() -> Vec<Signer> {
    vec![signer(SignerRole::Reviewer, 22), signer(SignerRole::Management, 21)]
}

fn key_of(signer: &Signer) -> Verifier {
    Verifier::new(signer.name.clone(), signer.key.verifying_key())
}

/// The honest ledger, its issuing entry naming signers.
fn naming(signers: impl IntoIterator<Item = PackSigner>) -> Vec<Whole> {
    let mut all = honest().all.clone();
    restate_issued(&mut all, |issued| issued.signers = signers.into_iter().collect());
    all
}

/// A pack that names signers and is signed by them.
fn signed_by(signers: Vec<Signer>) -> Vec<u8> {
    let all = naming(signers.iter().map(Signer::named));
    let issuer = Issuer { signers, ..issuer() };
    issue(&source(&all), &honest().catalogs, &issuer, &stub).unwrap().bytes
}

/// The lines of a pack's note changed.
fn with_lines(pack: &[u8], edit: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let mut opened = Opened::of(pack);
    let text = opened.note().to_text();
    let whole = String::from_utf8(opened.bytes(NOTE).clone()).unwrap();
    let mut lines: Vec<String> = whole[text.len() + 1..].lines().map(str::to_owned).collect();
    edit(&mut lines);
    *opened.bytes(NOTE) = format!("{text}\n{}\n", lines.join("\n")).into_bytes();
    opened.close()
}

/// The auditor's keys with those of signers.
fn trusting(signers: &[Verifier]) -> Trust {
    Trust { signers: signers.iter().cloned().map(TrustedKey::always).collect(), ..trust() }
}

fn found(verdict: &Verdict) -> &str {
    &verdict.checks.iter().find(|check| check.name == Signature).unwrap().detail
}

/// Who signed, by name, and whether the auditor's own file vouches for the key.
fn used(verdict: &Verdict) -> Vec<(KeyPurpose, &str, bool)> {
    verdict.keys.iter().map(|key| (key.purpose, key.name.as_str(), key.outside)).collect()
}

fn countersigned(pack: &[u8], trust: &Trust, name: &str, seed: u8) -> Result<Vec<u8>, CountersignError> {
    let (name, key) = (name.parse().unwrap(), SigningKey::from_seed(&[seed; 32]));
    countersign_with(pack, trust, &Limits::default(), Some(&stub as RenderPdf<'_>), (&name, &key))
}

fn auditor(name: &str, seed: u8) -> Verifier {
    verifier(name, &SigningKey::from_seed(&[seed; 32]))
}

#[test]
fn who_signs_beside_the_issuer_is_said_with_the_role_and_who_vouches_for_the_key() {
    let pack = signed_by(both());
    let verdict = judge(&pack);
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    let said = found(&verdict);
    for words in
        ["by management affiant.example/log1/management+", "by reviewer affiant.example/log1/reviewer+"]
    {
        let (_, rest) = said.split_once(words).unwrap_or_else(|| panic!("{said}"));
        assert!(rest[8..].starts_with(", whose key only this pack names"), "{said}");
    }
    let (first, second) = ("affiant.example/log1/management", "affiant.example/log1/reviewer");
    assert_eq!(
        used(&verdict)[2..],
        [(KeyPurpose::Management, first, false), (KeyPurpose::Reviewer, second, false)]
    );
    let [reviewer, management] = &both()[..] else { panic!() };
    let verdict = judge_with(&pack, Some(&trusting(&[key_of(management)])));
    assert_eq!(
        used(&verdict)[2..],
        [(KeyPurpose::Management, first, true), (KeyPurpose::Reviewer, second, false)]
    );
    assert_eq!(verdict.keys[2].fingerprint, management.key.verifying_key().fingerprint());
    let (_, rest) = found(&verdict).split_once("by management").unwrap();
    let (first, second) = rest.split_once("; by reviewer").unwrap();
    assert!(first.ends_with(", whose key you trust") && second.ends_with("only this pack names"), "{rest}");
    let mut trust = trusting(&[key_of(reviewer)]);
    trust.signers[0].to = Some(13);
    refused_by(&judge_with(&pack, Some(&trust)), Signature, "a key of reviewer");
    assert_eq!(judge_with(&pack, None).conclusion, Conclusion::SelfAsserted);
    let keys = Opened::of(&pack).assessment().keys;
    assert_eq!(keys.signers, both().iter().map(Signer::named).collect());
}

#[test]
fn a_signature_beside_the_issuers_that_is_taken_off_doubled_moved_or_swapped_is_refused() {
    let pack = signed_by(both());
    let lines = |edit: fn(&mut Vec<String>)| judge(&with_lines(&pack, edit));
    refused_by(
        &lines(|lines| drop(lines.remove(1))),
        Signature,
        "management` is named as management and has not",
    );
    refused_by(
        &lines(|lines| drop(lines.pop())),
        Signature,
        "reviewer` is named as reviewer and has not signed",
    );
    refused_by(&lines(|lines| drop(lines.remove(0))), Signature, "not that of an issuer whom you trust");
    refused_by(&lines(|lines| lines.swap(1, 2)), Signature, "not in their order");
    refused_by(&lines(|lines| lines.swap(0, 1)), Signature, "not that of an issuer whom you trust");
    refused_by(&lines(|lines| lines.push(lines[2].clone())), Signature, "one stands twice");
    // A signature of the same signer on another pack.
    let other = signed_by(vec![signer(SignerRole::Management, 21)]);
    let borrowed = Note::parse(&Opened::of(&other).members[NOTE]).unwrap();
    let line = String::from_utf8(Opened::of(&other).members[NOTE].clone()).unwrap();
    let line = line[borrowed.text.len() + 1..].lines().nth(1).unwrap().to_owned();
    refused_by(&judge(&with_lines(&pack, |lines| lines[1] = line)), Signature, "the signature of");
}

#[test]
fn an_issuer_who_leaves_a_signer_out_or_puts_one_in_contradicts_the_entry_that_issued_the_pack() {
    let mut opened = Opened::of(&signed_by(both()));
    opened.set_assessment(|assessment| assessment.keys.signers.clear());
    opened.sign();
    refused_by(&judge(&opened.close()), Chain, "names other signers: management");
    let forged = forged(|pack| {
        let extra = signer(SignerRole::Management, 21);
        pack.set_assessment(|assessment| assessment.keys.signers = [extra.named()].into());
        pack.sign();
        let line = signature_line(&pack.note().to_text(), &extra.name, &extra.key);
        pack.bytes(NOTE).extend_from_slice(line.as_bytes());
    });
    refused_by(&forged, Chain, "names other signers: management");
    // The role is another than the entry says.
    let mut opened = Opened::of(&signed_by(vec![signer(SignerRole::Reviewer, 22)]));
    let line = String::from_utf8(opened.bytes(NOTE).clone()).unwrap();
    assert_eq!(line.lines().count(), 9);
    let key = signer(SignerRole::Reviewer, 22);
    opened.set_assessment(|assessment| {
        assessment.keys.signers = [PackSigner { role: SignerRole::Management, ..key.named() }].into();
    });
    opened.sign();
    let line = signature_line(&opened.note().to_text(), &key.name, &key.key);
    opened.bytes(NOTE).extend_from_slice(line.as_bytes());
    refused_by(&judge(&opened.close()), Chain, "names other signers: reviewer");
}

#[test]
fn one_key_does_not_sign_in_two_places() {
    let own = Signer { key: issuer_key(), ..signer(SignerRole::Management, 0) };
    let all = naming([own.named()]);
    let two = Issuer { signers: vec![own.clone()], ..issuer() };
    let refused = issue(&source(&all), &honest().catalogs, &two, &stub);
    assert!(matches!(refused, Err(IssueError::OneKey)));
    let mut opened = Opened::of(&honest().pack);
    opened.set_entries(&source(&all));
    opened.set_assessment(|assessment| assessment.keys.signers = [own.named()].into());
    opened.sign();
    let line = signature_line(&opened.note().to_text(), &own.name, &own.key);
    opened.bytes(NOTE).extend_from_slice(line.as_bytes());
    refused_by(&judge(&opened.close()), Signature, "one key has signed in two places");
    // The same key under two roles.
    opened.set_assessment(|assessment| {
        let reviewer = PackSigner { role: SignerRole::Reviewer, ..own.named() };
        assessment.keys.signers.insert(reviewer);
    });
    opened.sign();
    refused_by(&judge(&opened.close()), Signature, "names one key in two roles");
}

#[test]
fn signers_at_hand_other_than_those_named_issue_nothing() {
    let all = naming([signer(SignerRole::Management, 21).named()]);
    let with =
        |signers| issue(&source(&all), &honest().catalogs, &Issuer { signers, ..issuer() }, &stub).map(drop);
    assert!(with(vec![signer(SignerRole::Management, 21)]).is_ok());
    for signers in [vec![], vec![signer(SignerRole::Management, 23)], both()] {
        assert!(matches!(with(signers), Err(IssueError::Signers)));
    }
}

#[test]
fn a_countersignature_is_good_for_those_who_trust_its_key_and_changes_nothing_else() {
    for pack in [honest().pack.clone(), signed_by(both())] {
        let signed = countersigned(&pack, &trust(), "auditor.example", 31).unwrap();
        let key = auditor("auditor.example", 31);
        refused_by(
            &judge(&signed),
            Signature,
            "1 signature lines beside those of the trusted keys; the first is of `auditor.example`",
        );
        assert!(found(&judge(&signed)).contains("add `signer <vkey>` with their key to your trust file"));
        let verdict = judge_with(&signed, Some(&trusting(std::slice::from_ref(&key))));
        assert_eq!(verdict.conclusion, Conclusion::Verified);
        assert!(found(&verdict).contains("; countersigned by auditor.example+"), "{}", found(&verdict));
        let last = used(&verdict).pop().unwrap();
        assert_eq!(last, (KeyPurpose::Countersigner, "auditor.example", true));
        let (mut before, mut after) = (Opened::of(&pack).members, Opened::of(&signed).members);
        assert_ne!(before.remove(NOTE), after.remove(NOTE));
        assert_eq!(before, after);
        assert_eq!(with_lines(&signed, |lines| drop(lines.pop())), pack);
        // The key of an issuer is none of a countersigner.
        let mut issuers = trust();
        issuers.issuers.push(TrustedKey::always(key.clone()));
        refused_by(&judge_with(&signed, Some(&issuers)), Signature, "signed as a second issuer");
        let mut ended = trusting(&[key]);
        ended.signers[0].to = Some(13);
        refused_by(&judge_with(&signed, Some(&ended)), Signature, "not trusted for size 14");
    }
}

#[test]
fn several_countersign_in_any_order_and_the_file_is_the_same() {
    let keys = [("b.example", 32), ("a.example", 31), ("b.example", 33)];
    let trust = trusting(&keys.map(|(name, seed)| auditor(name, seed)));
    let all = |order: [usize; 3]| {
        order.into_iter().fold(signed_by(both()), |pack, at| {
            let (name, seed) = keys[at];
            countersigned(&pack, &trust, name, seed).unwrap()
        })
    };
    let pack = all([0, 1, 2]);
    for order in [[2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        assert_eq!(all(order), pack);
    }
    assert_eq!(judge_with(&pack, Some(&trust)).conclusion, Conclusion::Verified);
    let swapped = with_lines(&pack, |lines| lines.swap(3, 4));
    refused_by(
        &judge_with(&swapped, Some(&trust)),
        Signature,
        "the countersignatures are not in their order",
    );
    let before = with_lines(&pack, |lines| lines.swap(2, 3));
    refused_by(&judge_with(&before, Some(&trust)), Signature, "not in their order");
    let twice = with_lines(&pack, |lines| lines.push(lines[5].clone()));
    refused_by(&judge_with(&twice, Some(&trust)), Signature, "one stands twice");
    for (name, seed) in keys {
        let again = countersigned(&pack, &trust, name, seed);
        assert!(matches!(again, Err(CountersignError::Again(found)) if found == name));
    }
    // Under another name it is the same key.
    assert!(matches!(countersigned(&pack, &trust, "c.example", 31), Err(CountersignError::Again(_))));
}

#[test]
fn a_countersignature_of_another_pack_or_in_the_place_of_the_issuers_is_refused() {
    let trust = trusting(&[auditor("auditor.example", 31)]);
    let line_of = |pack: &[u8]| {
        let mut found = String::new();
        with_lines(pack, |lines| found = lines.last().unwrap().clone());
        found
    };
    let line = line_of(&countersigned(&signed_by(both()), &trust, "auditor.example", 31).unwrap());
    let moved = with_lines(&honest().pack, |lines| lines.push(line));
    refused_by(&judge_with(&moved, Some(&trust)), Signature, "the signature of `auditor.example` is wrong");
    let own = countersigned(&honest().pack, &trust, "auditor.example", 31).unwrap();
    let stripped = with_lines(&own, |lines| drop(lines.remove(0)));
    refused_by(&judge_with(&stripped, Some(&trust)), Signature, "not that of an issuer whom you trust");
}

#[test]
fn only_a_verified_pack_is_countersigned() {
    let refused = |pack: &[u8], trust: &Trust| match countersigned(pack, trust, "auditor.example", 31) {
        Err(CountersignError::Verdict(verdict)) => verdict.conclusion,
        other => panic!("{other:?}"),
    };
    let mut altered = honest().pack.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    assert_eq!(refused(&altered, &trust()), Conclusion::Rejected);
    let stranger = Trust { issuers: vec![trusted(ISSUER, &fresh_key())], ..trust() };
    assert_eq!(refused(&honest().pack, &stranger), Conclusion::Rejected);
    let mut opened = Opened::of(&honest().pack);
    opened.replace(VERIFY, "sha256sum", "sha256sun");
    opened.sign();
    assert_eq!(refused(&opened.close(), &trust()), Conclusion::ConclusionsRejected);
    let own = countersigned(&honest().pack, &trust(), ISSUER, 2);
    assert!(matches!(own, Err(CountersignError::Again(_))), "the issuer countersigns nothing");
}
