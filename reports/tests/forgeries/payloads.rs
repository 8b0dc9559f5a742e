//! Payloads altered, missing, swapped, added, withheld.

use super::*;
use affiant_ledger::payload::Payload;
use affiant_reports::issue::IssuedPack;
use affiant_reports::pack::{Withholding, payload_member};

#[test]
fn a_payload_altered_removed_swapped_or_added_is_refused() {
    let name = |n| payload_member(at(n) as u64);
    refused_by(
        &forged(|pack| {
            pack.bytes(&name(3))[8] ^= 1;
            pack.sign();
        }),
        Payloads,
        "is altered",
    );
    refused_by(
        &forged(|pack| {
            pack.members.remove(&name(3));
            pack.sign();
        }),
        Payloads,
        "is missing",
    );
    let swap = |pack: &mut Opened| {
        let (a, b) = (pack.bytes(&name(3)).clone(), pack.bytes(&name(4)).clone());
        (*pack.bytes(&name(3)), *pack.bytes(&name(4))) = (b, a);
        pack.sign();
    };
    refused_by(&forged(swap), Payloads, "(and 1 more)");
    let extra = |pack: &mut Opened| {
        let copy = pack.bytes(&name(3)).clone();
        pack.members.insert("data/payloads/2.cbor".into(), copy);
        pack.sign();
    };
    refused_by(&forged(extra), Payloads, "is the payload of no entry");
    for wrong in [
        "data/payloads/03.cbor",
        "data/payloads/x.cbor",
        "data/payloads/3",
        "data/evidence/ab",
        "data/catalogs/A.cbor",
    ] {
        refused_by(
            &forged(|pack| {
                pack.members.insert(wrong.into(), Vec::new());
                pack.sign();
            }),
            Container,
            "has no place",
        );
    }
}

/// The honest ledger, its issuing entry naming rules by which something is withheld.
fn withholding(rules: &[&str]) -> Vec<Whole> {
    let mut all = honest().all.clone();
    restate_issued(&mut all, |issued| {
        issued.withheld = rules.iter().map(|rule| rule.parse().unwrap()).collect()
    });
    all
}

fn issued_by(rules: &[&str]) -> IssuedPack {
    issue(&source(&withholding(rules)), &honest().catalogs, &issuer(), &stub).unwrap()
}

#[test]
fn withheld_payloads_that_bear_on_conclusions_leave_a_pack_undetermined() {
    let pack = issued_by(&["payload:result"]);
    let verdict = judge(&pack.bytes);
    assert_eq!((verdict.conclusion, verdict.exit_code()), (Conclusion::Withheld, 4), "{verdict:#?}");
    assert_eq!((verdict.counts.payloads_withheld, verdict.counts.payloads_bearing), (3, 3));
    assert!(verdict.first_failure().is_none() && verdict.level == "L1");
    assert!(
        verdict
            .does_not_establish
            .iter()
            .any(|limit| limit.starts_with("what 3 entries say whose payloads are withheld"))
    );
    assert_eq!(judge_with(&pack.bytes, None).conclusion, Conclusion::SelfAsserted);
    let said = &pack.assessment.withholding[0];
    assert_eq!((said.rule.as_str(), said.entries, said.files, said.bears), ("payload:result", 3, 0, true));
    // What covers nothing, and what bears on nothing.
    for rules in [&["payload:incident"][..], &["payload:hold", "evidence:*.none"]] {
        let verdict = judge(&issued_by(rules).bytes);
        assert_eq!((verdict.conclusion, verdict.counts.payloads_withheld), (Conclusion::Verified, 0));
    }
}

#[test]
fn tables_and_oscal_say_what_is_withheld_by_themselves() {
    let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
    let mut text = |name: &str| String::from_utf8(opened.bytes(name).clone()).unwrap();
    // Whoever counts rows counts the withheld among them.
    let results = text("data/tables/results.csv");
    let rows: Vec<Vec<&str>> = results.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 1 + 3);
    for (n, row) in (5..).zip(&rows[1..]) {
        assert_eq!((row.len(), row[0], row[1], row[2]), (rows[0].len(), STREAM, "", "withheld"));
        assert_eq!(row[14], at(n).to_string());
    }
    let entries = text("data/tables/entries.csv");
    assert_eq!(entries.lines().filter(|line| line.ends_with(",withheld")).count(), 3);
    assert_eq!(entries.lines().filter(|line| line.ends_with(",held")).count(), 6);
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let document = json(text("data/oscal/assessment-results.json"));
    let (metadata, result) =
        (&document["assessment-results"]["metadata"], &document["assessment-results"]["results"][0]);
    let words = "What 3 entries say that bear on conclusions is not in this pack";
    assert!(metadata["remarks"].as_str().unwrap().contains(words), "{metadata:#}");
    assert!(result["remarks"].as_str().unwrap().starts_with(words), "{result:#}");
    assert_eq!(metadata["props"][0]["value"], "payload:result");
    // Evidence that is kept out bears on nothing, and is named too.
    let mut opened = Opened::of(&issued_by(&["evidence"]).bytes);
    let poam = json(String::from_utf8(opened.bytes("data/oscal/poam.json").clone()).unwrap());
    let metadata = &poam["plan-of-action-and-milestones"]["metadata"];
    assert_eq!(metadata["props"][0]["remarks"], "0 payloads; 1 evidence files");
    assert!(!metadata["remarks"].as_str().unwrap().contains("not in this pack"));
    // Of the whole pack they say nothing of the kind.
    let mut whole = Opened::of(&honest().pack);
    for name in ["data/tables/results.csv", "data/oscal/assessment-results.json", "data/oscal/poam.json"] {
        let text = String::from_utf8(whole.bytes(name).clone()).unwrap();
        assert!(!text.contains("withheld") && !text.contains("not in this pack"), "{name}");
    }
}

#[test]
fn what_a_rule_covers_is_withheld_whole_and_what_none_covers_not_at_all() {
    let result = |n| payload_member(at(n) as u64);
    let payload_of = |n| honest().all[at(n)].1.clone();
    // The good shown, the bad withheld, by one rule.
    let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
    opened.members.insert(result(5), payload_of(5));
    opened.set_assessment(|assessment| assessment.withheld.retain(|index| *index != at(5) as u64));
    opened.sign();
    refused_by(&judge(&opened.close()), Payloads, "is there, and the rule `payload:result` keeps it out");
    // Withheld by no rule, whether the assessment says so or not.
    let failing = failing_result() as u64;
    let verdict = forged(|pack| {
        pack.members.remove(&payload_member(failing));
        pack.set_assessment(|assessment| assessment.withheld = vec![failing]);
        pack.sign();
    });
    refused_by(&verdict, Payloads, "the entry that issued the pack names no rule for it");
    let mut source = source(&honest().all);
    let absent = source.entries.iter_mut().filter(|packed| packed.index == failing);
    absent.for_each(|packed| packed.payload = None);
    let pack = issue(&source, &honest().catalogs, &issuer(), &stub).unwrap().bytes;
    refused_by(&judge(&pack), Payloads, "names no rule for it");
    let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
    opened.set_assessment(|assessment| assessment.withheld.clear());
    opened.sign();
    refused_by(&judge(&opened.close()), Payloads, "not said to be withheld");
    // The payload of the entry that issues the pack cannot be withheld.
    let verdict = forged(|pack| {
        pack.members.remove(&payload_member(issuing() as u64));
        pack.set_assessment(|assessment| assessment.withheld = vec![issuing() as u64]);
        pack.sign();
    });
    refused_by(&verdict, Chain, "its payload is withheld");
}

#[test]
fn the_conclusions_of_the_whole_are_not_those_of_what_is_left() {
    let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
    let whole = Opened::of(&honest().pack).assessment();
    opened.set_assessment(|assessment| assessment.assessments = whole.assessments);
    opened.sign();
    refused_by(&judge(&opened.close()), Assessment, "");
    // Nor does the assessment hide what was withheld, or how much.
    let edits: [fn(&mut Withholding); 2] = [|it| it.bears = false, |it| it.entries = 2];
    for edit in edits {
        let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
        opened.set_assessment(|assessment| edit(&mut assessment.withholding[0]));
        opened.sign();
        refused_by(&judge(&opened.close()), Assessment, "");
    }
    let mut opened = Opened::of(&issued_by(&["payload:result"]).bytes);
    opened.set_assessment(|assessment| assessment.withholding.clear());
    opened.sign();
    refused_by(&judge(&opened.close()), Assessment, "");
}

#[test]
fn withheld_evidence_stays_as_a_digest_and_takes_nothing_from_the_verdict() {
    let digest = Digest::of(EVIDENCE).to_string();
    let by_digest = format!("evidence:{digest}");
    for rule in ["evidence", "evidence:*.txt", by_digest.as_str()] {
        let pack = issued_by(&[rule]);
        let verdict = judge(&pack.bytes);
        assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
        let counts = verdict.counts;
        assert_eq!((counts.evidence_held, counts.evidence_by_digest, counts.evidence_withheld), (0, 1, 1));
        let file = &pack.assessment.evidence[0];
        assert_eq!((file.held, file.withheld.as_ref().unwrap().as_str()), (false, rule));
        assert_eq!(pack.assessment.withholding[0].files, 1);
        // The file put in all the same.
        let mut opened = Opened::of(&pack.bytes);
        opened.members.insert(evidence_member(&Digest::of(EVIDENCE)), EVIDENCE.to_vec());
        opened.sign();
        refused_by(&judge(&opened.close()), References, "keeps it out");
    }
    let other = judge(&issued_by(&["evidence:*.pdf"]).bytes);
    assert_eq!((other.counts.evidence_held, other.counts.evidence_withheld), (1, 0));
}

#[test]
fn a_rule_that_would_leave_nothing_to_verify_with_is_no_statement() {
    let all = withholding(&["payload:result"]);
    let statement = Payload::from_bytes(&all.last().unwrap().1).unwrap().statement;
    let at = statement.windows(14).position(|window| window == b"payload:result").unwrap();
    let with = |rule: &str| {
        let mut bytes = statement.clone();
        bytes.splice(at - 1..at + 14, [&[0x60 + rule.len() as u8], rule.as_bytes()].concat());
        Statement::from_bytes("pack", &bytes)
    };
    assert!(with("payload:request").is_ok());
    for rule in ["payload:catalog", "payload:erasure", "payload:pack", "everything"] {
        assert!(with(rule).is_err(), "{rule}");
    }
}
