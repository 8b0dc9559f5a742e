//! The seal in the report: stripped, swapped, of others, over less than everything, with something behind it. The forger
//! has the issuer's Ed25519 key, so manifests and note are right each time.

use super::*;
use affiant_reports::seal::{SealWords, Sealer, check, seal};

/// The honest pack with another report, everything else redone and signed by the true issuer.
fn with_report(edit: impl FnOnce(&mut Vec<u8>)) -> Verdict {
    forged(|pack| {
        edit(pack.bytes(REPORT_PDF));
        pack.sign();
    })
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}

fn words(pack: &affiant_ledger::id::Id) -> SealWords<'_> {
    SealWords { time: honest().all[issuing()].0.time, issuer: ISSUER, pack }
}

/// The honest report before it was sealed.
fn unsealed() -> Vec<u8> {
    let report = Opened::of(&honest().pack).members[REPORT_PDF].clone();
    check(&report, &sealer().certificate(), &words(&"pack-1".parse().unwrap())).unwrap().first.to_vec()
}

/// A sealer that nobody named.
fn stranger() -> Sealer {
    Sealer::of_issuer(&fresh_key(), ISSUER, honest().all[0].0.time)
}

#[test]
fn a_stripped_seal_is_refused() {
    refused_by(&with_report(|report| *report = unsealed()), Seal, "carries no seal");
}

#[test]
fn another_certificate_than_the_one_named_is_refused() {
    let other = forged(|pack| {
        pack.set_report(&unsealed(), &stranger());
        pack.sign();
    });
    refused_by(&other, Seal, &format!("sealed with the certificate {}", stranger().certificate()));
    // Named by the entry too, it is the issuer's word that the verifier goes by, and shows.
    let named = |certificate| {
        let mut all = honest().all.clone();
        let issued = issued_by(&all);
        restate(&mut all[issuing()], &Statement::Pack(PackIssued { certificate, ..issued }));
        relink(&mut all);
        all
    };
    let sealer = Some(stranger());
    let all = named(sealer.as_ref().map(Sealer::certificate));
    let issuer = affiant_reports::issue::Issuer { sealer, ..issuer() };
    let pack = issue(&source(&all), &honest().catalogs, &issuer, &stub).unwrap().bytes;
    let verdict = judge(&pack);
    assert_eq!((verdict.conclusion, verdict.outcome(Seal)), (Conclusion::Verified, Outcome::Passed));
    // And with none named, none is looked for: a seal that is there all the same is a report of another making.
    let unsealing = affiant_reports::issue::Issuer { sealer: None, ..issuer };
    let pack = issue(&source(&named(None)), &honest().catalogs, &unsealing, &stub).unwrap().bytes;
    let verdict = judge(&pack);
    assert_eq!((verdict.conclusion, verdict.outcome(Seal)), (Conclusion::Verified, Outcome::NotChecked));
    let mut opened = Opened::of(&pack);
    opened.set_report(&unsealed(), &stranger());
    opened.sign();
    refused_by(&judge(&opened.close()), Report, "data/report.pdf");
}

fn issued_by(all: &[Whole]) -> PackIssued {
    let payload = affiant_ledger::payload::Payload::from_bytes(&all[issuing()].1).unwrap();
    match Statement::from_bytes("pack", &payload.statement).unwrap() {
        Some(Statement::Pack(issued)) => issued,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pack_is_not_issued_with_a_certificate_that_its_entry_does_not_name() {
    for sealer in [None, Some(stranger())] {
        let issuer = affiant_reports::issue::Issuer { sealer, ..issuer() };
        let refused = issue(&source(&honest().all), &honest().catalogs, &issuer, &stub);
        assert!(matches!(refused, Err(affiant_reports::issue::IssueError::Certificate)), "{refused:?}");
    }
}

#[test]
fn whatever_stands_behind_the_seal_is_refused() {
    refused_by(&with_report(|report| report.push(b'\n')), Seal, "1 bytes behind its seal");
    // A whole revision, as a program that edits PDF would append it.
    let update = |report: &mut Vec<u8>| {
        let start = find(report, b"3 0 obj<</Type/Sig");
        report.extend_from_slice(
            format!("1 0 obj<</FT/Sig>>\nendobj\nxref\n1 1\n0000000000 00000 n \ntrailer<</Size 5/Prev {start}>>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
        );
    };
    refused_by(&with_report(update), Seal, "bytes behind its seal");
    // A second seal, of the same making, over the first.
    let again = |report: &mut Vec<u8>| {
        let tail = report[unsealed().len()..].to_vec();
        report.extend_from_slice(&tail);
    };
    refused_by(&with_report(again), Seal, "bytes behind its seal");
}

#[test]
fn a_byte_range_that_leaves_bytes_out_is_refused() {
    let ranged = |edit: fn(&mut [u64; 4])| {
        with_report(|report| {
            let at = find(report, b"/ByteRange[") + b"/ByteRange[".len();
            let end = at + find(&report[at..], b"]");
            let text = String::from_utf8(report[at..end].to_vec()).unwrap();
            let mut numbers: [u64; 4] =
                text.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<_>>().try_into().unwrap();
            edit(&mut numbers);
            let text = numbers.map(|n| n.to_string()).join(" ");
            let padded = format!("{text:<width$}", width = end - at);
            report.splice(at..end, padded.into_bytes());
        })
    };
    let edits: [fn(&mut [u64; 4]); 4] =
        [|range| range[0] = 9, |range| range[1] -= 1, |range| range[2] += 1, |range| range[3] -= 1];
    for edit in edits {
        refused_by(&ranged(edit), Seal, "a seal that leaves bytes out");
    }
}

#[test]
fn a_seal_made_over_other_bytes_or_another_pack_is_refused() {
    // As long, so that nothing but the content differs.
    let (mine, other) = (stub_of("all is well"), stub_of("all is hell"));
    let other_pack = "pack-2".parse().unwrap();
    let transplant = |report: &mut Vec<u8>| {
        let pack = "pack-1".parse().unwrap();
        let sealed = seal(&other, &sealer(), &words(&pack)).unwrap();
        let mut forged = sealed;
        forged[..mine.len()].copy_from_slice(&mine);
        *report = forged;
    };
    refused_by(&with_report(transplant), Seal, "has the seal of other bytes");
    let elsewhere =
        |report: &mut Vec<u8>| *report = seal(&unsealed(), &sealer(), &words(&other_pack)).unwrap();
    refused_by(&with_report(elsewhere), Seal, "of another form, or of another pack, at byte");
    let later = |report: &mut Vec<u8>| {
        let pack = "pack-1".parse().unwrap();
        let words = SealWords { time: Timestamp::MAX, ..words(&pack) };
        *report = seal(&unsealed(), &sealer(), &words).unwrap();
    };
    refused_by(&with_report(later), Seal, "of another form, or of another pack, at byte");
}

#[test]
fn every_digit_of_the_seal_counts() {
    let (start, end) = {
        let report = &Opened::of(&honest().pack).members[REPORT_PDF];
        let start = find(report, b"/Contents<") + b"/Contents<".len();
        (start, start + find(&report[start..], b">"))
    };
    for at in (start..start + 1600).step_by(7).chain([end - 1]) {
        let flipped = with_report(|report| report[at] = if report[at] == b'0' { b'1' } else { b'0' });
        refused_by(&flipped, Seal, "");
    }
    refused_by(&with_report(|report| report[start + 1] = b'x'), Seal, "not in hexadecimal digits");
    let upper = |report: &mut Vec<u8>| {
        let at = start + report[start..end].iter().position(|digit| digit.is_ascii_lowercase()).unwrap();
        report[at].make_ascii_uppercase();
    };
    refused_by(&with_report(upper), Seal, "not in hexadecimal digits");
    refused_by(&with_report(|report| report[end - 1] = b'1'), Seal, "something stands behind it");
}

#[test]
fn a_report_that_is_no_pdf_of_ours_is_refused() {
    for pdf in [&b""[..], b"%PDF-1.7\n", b"hello\n%%EOF\n", &[0xff; 100]] {
        let verdict = with_report(|report| *report = pdf.to_vec());
        let first = verdict.first_failure().unwrap();
        assert_eq!((first.name, verdict.exit_code()), (Seal, 3), "{}", first.detail);
    }
}

#[test]
fn without_keys_from_outside_a_seal_is_the_packs_own_word() {
    assert_eq!(judge_with(&honest().pack, None).outcome(Seal), Outcome::SelfAsserted);
}
