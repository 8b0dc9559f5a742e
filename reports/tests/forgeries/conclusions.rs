//! Conclusions that do not follow, whoever signs them; another spelling of the same ones.

use super::*;

/// The failed requirement said to be satisfied.
fn whitewash(pack: &mut Opened) {
    pack.replace(ASSESSMENT, r#""outcome": "not-satisfied""#, r#""outcome": "satisfied""#);
}

#[test]
fn an_edited_assessment_is_refused_whoever_signs() {
    refused_by(&forged(whitewash), Digests, "data/assessment.json is altered");
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.redo();
        }),
        Digests,
        "does not have the digest signed for",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign_as(ISSUER, &fresh_key());
        }),
        Signature,
        "",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign_as("evil.example/issuer", &fresh_key());
        }),
        Signature,
        "no signature",
    );
    refused_by(
        &forged(|pack| {
            whitewash(pack);
            pack.sign();
        }),
        Assessment,
        "`r-2` says `satisfied`, the evidence gives `not-satisfied`",
    );
}

#[test]
fn whoever_brings_his_own_keys_is_never_better_than_self_asserted() {
    let mut own = Opened::of(&honest().pack);
    own.set_assessment(|assessment| assessment.keys.issuer = verifier(ISSUER, &fresh_key()).to_string());
    own.sign_as(ISSUER, &fresh_key());
    refused_by(&judge(&own.close()), Signature, "");
    let verdict = judge_with(&own.close(), None);
    assert!(verdict.exit_code() != 0 && verdict.conclusion != Conclusion::Verified);
}

#[test]
fn every_word_of_the_assessment_is_derived_again() {
    type Edit = fn(&mut affiant_reports::pack::PackAssessment);
    let edits: [(&str, Edit, CheckName); 8] = [
        ("totals", |a| a.assessments[0].totals.applying.count += 1, Assessment),
        ("a limitation left out", |a| drop(a.does_not_establish.pop()), Assessment),
        ("evidence said to be held", |a| a.evidence.clear(), Assessment),
        ("the instant judged", |a| a.as_of = Timestamp::from_millis(1_795_312_001_000).unwrap(), Assessment),
        ("no frameworks", |a| a.assessments.clear(), Assessment),
        ("withheld", |a| a.withheld.push(3), Payloads),
        ("a citation of nothing", |a| a.assessments[0].determinations[0].citations.push(99), Assessment),
        ("another origin", |a| a.origin = "affiant.example/log2".into(), Checkpoint),
    ];
    for (what, edit, check) in edits {
        let verdict = forged(|pack| {
            pack.set_assessment(edit);
            pack.sign();
        });
        assert_eq!(verdict.first_failure().map(|first| first.name), Some(check), "{what}: {verdict:#?}");
    }
}

#[test]
fn another_spelling_of_the_same_json_is_refused() {
    let spell = |name: &'static str| {
        move |pack: &mut Opened| {
            let text = String::from_utf8(pack.bytes(name).clone()).unwrap();
            *pack.bytes(name) = text.replacen(": ", ":", 1).into_bytes();
            pack.sign();
        }
    };
    refused_by(&forged(spell(ASSESSMENT)), Assessment, "is not what the entries and catalogs give");
    refused_by(&forged(spell(PROOFS)), Inclusion, "not in its one form");
    let twice = |pack: &mut Opened| {
        pack.replace(PROOFS, "{\n", "{\n  \"size\": 3,\n");
        pack.sign();
    };
    refused_by(&forged(twice), Inclusion, "duplicate field");
    let unknown = |pack: &mut Opened| {
        pack.replace(PROOFS, "{\n", "{\n  \"\\u001b[2J\u{202e}\": 3,\n");
        pack.sign();
    };
    let verdict = forged(unknown);
    refused_by(&verdict, Inclusion, "unknown field");
    let detail = &verdict.first_failure().unwrap().detail;
    assert!(
        detail.contains(r"\u{1b}[2J\u{202e}") && !detail.chars().any(affiant_ledger::id::is_hidden),
        "{detail}"
    );
}
