//! Members added, taken away, edited; reports that say something else.

use super::*;

#[test]
fn an_extra_file_is_refused() {
    refused_by(
        &forged(|pack| drop(pack.members.insert("data/notes.txt".into(), b"x".to_vec()))),
        Container,
        "data/notes.txt",
    );
    let named = Digest::of(b"x");
    let extra = |pack: &mut Opened| drop(pack.members.insert(evidence_member(&named), b"x".to_vec()));
    refused_by(&forged(extra), Digests, "is extra");
    refused_by(
        &forged(|pack| {
            extra(pack);
            pack.sign();
        }),
        References,
        "is cited by no entry",
    );
    let catalog = |pack: &mut Opened| {
        pack.members.insert("data/catalogs/more.cbor".into(), b"x".to_vec());
        pack.sign();
    };
    refused_by(&forged(catalog), References, "is used by nothing");
}

#[test]
fn a_missing_file_is_refused() {
    let names: Vec<String> = Opened::of(&honest().pack).members.into_keys().collect();
    for name in names {
        let missing = forged(|pack| drop(pack.members.remove(&name)));
        let fixed = ![
            "data/payloads/",
            "data/evidence/",
            "data/catalogs/",
            "data/keys",
            "data/tables/",
            "data/requests.csv",
            "data/report.html",
            "data/oscal/",
        ]
        .iter()
        .any(|folder| name.starts_with(folder));
        refused_by(&missing, if fixed { Container } else { Digests }, &name);
    }
}

#[test]
fn an_edited_file_is_refused() {
    let names: Vec<String> = Opened::of(&honest().pack).members.into_keys().collect();
    for name in names {
        let edited = forged(|pack| pack.bytes(&name).push(b'\n'));
        refused_by(&edited, if name == NOTE { Signature } else { Digests }, "");
    }
    refused_by(
        &forged(|pack| pack.replace(REPORT_PDF, "stub", "STUB")),
        Digests,
        "data/report.pdf is altered",
    );
}

#[test]
fn the_report_is_made_again_even_if_the_issuer_signs_another() {
    refused_by(
        &forged(|pack| {
            pack.set_report(&stub_of("all is well"), &sealer());
            pack.sign();
        }),
        Report,
        "data/report.pdf",
    );
    refused_by(
        &forged(|pack| {
            pack.replace(VERIFY, "affiant verify", "affiant trust-me");
            pack.sign();
        }),
        Report,
        "VERIFY.md",
    );
}

#[test]
fn every_file_made_of_the_conclusions_is_made_again_even_if_the_issuer_signs_another() {
    let names: Vec<String> = Opened::of(&honest().pack).members.into_keys().collect();
    let made: Vec<&String> = names.iter().filter(|name| is_rendition(name)).collect();
    for name in [VERIFY, REPORT_HTML, REQUESTS_CSV, ASSESSMENT_RESULTS, POAM, &table_member("results")] {
        assert!(made.iter().any(|made| *made == name), "{name} is in no pack");
    }
    for name in made {
        let edited = forged(|pack| {
            pack.bytes(name).push(b'\n');
            pack.sign();
        });
        refused_by(&edited, Report, name);
    }
    let dropped = |name: &str| {
        forged(|pack| {
            pack.members.remove(name).unwrap();
            pack.sign();
        })
    };
    refused_by(&dropped(&table_member("results")), Report, "data/tables/results.csv");
    refused_by(&dropped(POAM), Report, POAM);
    refused_by(&dropped(REPORT_HTML), Report, REPORT_HTML);
    let extra = forged(|pack| {
        pack.members.insert(table_member("good-news"), b"x".to_vec());
        pack.sign();
    });
    refused_by(&extra, Report, "data/tables/good-news.csv");
    let elsewhere = forged(|pack| drop(pack.members.insert("data/tables/A.csv".into(), b"x".to_vec())));
    refused_by(&elsewhere, Container, "data/tables/A.csv");
}

#[test]
fn a_report_said_to_be_of_another_version_is_said_not_to_be_checked() {
    let verdict = forged(|pack| {
        pack.set_assessment(|assessment| assessment.engine = "affiant-frameworks 99.0.0".into());
        pack.set_report(&stub_of("all is well"), &sealer());
        pack.sign();
    });
    assert_eq!((verdict.conclusion, verdict.outcome(Report)), (Conclusion::Verified, Outcome::NotChecked));
    let said = verdict.does_not_establish.iter().any(|limit| limit.contains("they were not made again"));
    assert!(said, "{:?}", verdict.does_not_establish);
}

#[test]
fn the_pdf_that_people_read_is_made_again() {
    let render =
        |document: &_| affiant_reports::render::pdf::render(document).map_err(|error| error.to_string());
    let pack = issue(&source(&honest().all), &honest().catalogs, &issuer(), &render).unwrap().bytes;
    let verify = |pack: &[u8]| affiant_reports::verify::verify(pack, Some(&trust()), &Default::default());
    assert_eq!(verify(&pack).exit_code(), 0);
    let mut opened = Opened::of(&pack);
    let report = opened.bytes(REPORT_PDF);
    let middle = report.len() / 2;
    report[middle] ^= 1;
    refused_by(&verify(&opened.close()), Digests, "data/report.pdf is altered");
    opened.sign();
    refused_by(&verify(&opened.close()), Seal, "data/report.pdf has the seal of other bytes");
}
