//! Packs about a period: judged over another, with another end, with gaps that are not there.

use super::*;
use affiant_controls::PackPeriod;
use affiant_reports::pack::PackAssessment;

fn plus(time: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + millis).unwrap()
}

/// From a day before the stream begins until a second after the last result.
fn period() -> PackPeriod {
    let all = &honest().all;
    let begin = all[0].0.time;
    let from = Timestamp::from_millis(begin.as_millis() - 86_400_000).unwrap();
    PackPeriod { to: all[issuing()].0.time, from }
}

fn issued_over(edit: impl FnOnce(&mut PackIssued)) -> Vec<Whole> {
    let mut all = honest().all.clone();
    restate_issued(&mut all, |issued| {
        (issued.period, issued.as_of) = (Some(period()), period().last());
        edit(issued);
    });
    all
}

fn pack_over() -> Vec<u8> {
    issue(&source(&issued_over(|_| ())), &honest().catalogs, &issuer(), &stub).unwrap().bytes
}

#[test]
fn a_period_is_judged_again_and_said_in_the_verdict() {
    let verdict = judge(&pack_over());
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    let detail = |name: CheckName| verdict.checks.iter().find(|it| it.name == name).unwrap().detail.clone();
    let PackPeriod { from, to } = period();
    let said = detail(Assessment);
    assert!(said.contains(&format!("over the period from {from} until {to} 0 of 2 requirements")), "{said}");
    assert!(said.contains("no run was promised"), "{said}");
    assert!(detail(Chain).contains("which nothing precedes"), "{}", detail(Chain));
    let limits = verdict.does_not_establish.join("\n");
    assert!(limits.contains(&format!("how the system stood before {from}, or from {to} on")), "{limits}");
    assert!(limits.contains("its stream begins only then"), "{limits}");
    let PackAssessment { periods, as_of, period: said, .. } = Opened::of(&pack_over()).assessment();
    assert_eq!((as_of, said), (period().last(), Some(period())));
    // The first control passed at the begin of the stream, a day after the period's; the other failed then.
    let gaps: Vec<_> = periods[0].requirements.iter().map(|it| it.gaps.clone()).collect();
    assert_eq!((gaps.len(), gaps[0].len(), gaps[1].len()), (2, 1, 2), "{gaps:?}");
    assert!(!gaps[0][0].failed && gaps[0][0].from == from && gaps[1][1].failed && gaps[1][1].to == to);
}

#[test]
fn another_period_than_the_issuing_entry_names_or_other_gaps_are_refused() {
    let edits: [fn(&mut PackAssessment); 6] = [
        |it| it.periods[0].requirements[1].gaps.clear(),
        |it| it.periods[0].requirements[1].failed.count = 0,
        |it| it.periods[0].known = plus(period().to, 1),
        |it| it.periods.clear(),
        |it| it.period = None,
        |it| it.period = Some(PackPeriod { from: plus(period().from, 1), ..period() }),
    ];
    for edit in edits {
        let mut opened = Opened::of(&pack_over());
        opened.set_assessment(edit);
        opened.sign();
        refused_by(&judge(&opened.close()), Assessment, "");
    }
    // One put into a pack about an instant.
    let over = Opened::of(&pack_over()).assessment();
    let verdict = forged(|pack| {
        pack.set_assessment(|it| (it.period, it.periods) = (over.period, over.periods));
        pack.sign();
    });
    refused_by(&verdict, Assessment, "");
}

#[test]
fn a_period_that_is_none_or_ends_after_the_pack_was_issued_is_refused() {
    let edits: [fn(&mut PackIssued); 5] = [
        |it| it.as_of = period().to,
        |it| it.as_of = period().from,
        |it| it.period = Some(PackPeriod { from: period().to, to: period().from }),
        |it| {
            let to = plus(period().to, 1);
            (it.period, it.as_of) = (Some(PackPeriod { to, ..period() }), period().to);
        },
        |it| it.period = Some(PackPeriod { from: Timestamp::MIN, to: period().to }),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let all = issued_over(edit);
        assert!(issue(&source(&all), &honest().catalogs, &issuer(), &stub).is_err(), "{number}");
        let mut opened = Opened::of(&pack_over());
        opened.set_entries(&source(&all));
        opened.sign();
        refused_by(&judge(&opened.close()), Chain, "another time than the last instant of its period");
    }
}

#[test]
fn what_is_recorded_after_the_period_counts_only_for_what_it_says_of_it() {
    // It ends before the last result was recorded, and after it was observed: all results were observed at the begin.
    let end = honest().all[at(6)].0.time;
    let with = |known_later: bool| {
        let mut all = honest().all.clone();
        restate_issued(&mut all, |issued| {
            let period = PackPeriod { to: end, ..period() };
            (issued.period, issued.as_of) = (known_later.then_some(period), period.last());
        });
        issue(&source(&all), &honest().catalogs, &issuer(), &stub).unwrap()
    };
    let over = judge(&with(true).bytes);
    assert_eq!(over.conclusion, Conclusion::Verified, "{over:#?}");
    let said = &over.checks[8].detail;
    assert!(said.contains("2 entries were recorded after it, and count for what they say of it"), "{said}");
    // As of the same instant, as it was known then, the failure recorded later was not known.
    let outcome = |pack: &affiant_reports::issue::IssuedPack| {
        pack.assessment.assessments[0].determination("r-2").unwrap().outcome.as_str()
    };
    assert_eq!((outcome(&with(true)), outcome(&with(false))), ("not-satisfied", "not-assessed"));
}
