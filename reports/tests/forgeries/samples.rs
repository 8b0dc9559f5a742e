//! Samples recorded in the stream: drawn from another population, by other words, from a head that never was.

use super::submitters::{pack_of, reissued, relinked};
use super::*;
use affiant_controls::Sample;
use affiant_controls::sample::{Drawing, SampleFilter, StreamResults};
use affiant_ledger::merkle::root_of;
use affiant_reports::issue::records;
use affiant_reports::pack::EarlierHead;

/// The honest ledger, in which a sample is recorded before the pack is issued. `edit` changes it once it is drawn.
fn with_sample(edit: impl FnOnce(&mut Sample)) -> Vec<Whole> {
    let mut all = honest().all.clone();
    let issuing = all.len() - 1;
    let mut sample = drawn(&all, issuing as u64);
    edit(&mut sample);
    let mut whole = all[at(6)].clone();
    whole.0.kind = "sample".parse().unwrap();
    whole.0.time = all[issuing].0.time;
    restate(&mut whole, &Statement::Sample(Box::new(sample)));
    all.insert(issuing, whole);
    relink(&mut all);
    // The issuing entry names a head one position further.
    restate_issued(&mut all, |issued| issued.last += 1);
    all
}

fn drawn(all: &[Whole], size: u64) -> Sample {
    let records = records(&source(all).entries).unwrap();
    let filter = SampleFilter { control: Some("LOG-1".parse().unwrap()), ..SampleFilter::default() };
    let list = StreamResults::of(&records).unwrap().population(&filter, size);
    assert_eq!(list.entries.len(), 2);
    let root = root_of(&leaves(&all[..size as usize]));
    let (by, text, system) = ("Example Audit LLP", "winter rain", STREAM.parse().unwrap());
    let drawing = Drawing { by, system: &system, filter: &filter, text, count: 1, size, root };
    Sample::draw(drawing, &list.entries)
}

fn judged(edit: impl FnOnce(&mut Sample)) -> Verdict {
    judge(&reissued(with_sample(edit)))
}

#[test]
fn a_recorded_sample_is_drawn_again() {
    let verdict = judged(|_| ());
    assert_eq!(verdict.conclusion, Conclusion::Verified, "{verdict:#?}");
    let assessment = &verdict.checks[8].detail;
    assert!(assessment.ends_with("; 1 recorded samples drawn again"), "{assessment}");
}

#[test]
fn a_sample_that_its_words_do_not_draw_is_refused() {
    let edits: [fn(&mut Sample); 9] = [
        |sample| sample.items = vec![if sample.items[0] == 7 { 11 } else { 7 }],
        |sample| sample.items.clear(),
        |sample| sample.text = "other words".into(),
        |sample| sample.count = 2,
        |sample| sample.count = u64::MAX,
        |sample| sample.id = "sample-0000000000000000".parse().unwrap(),
        |sample| sample.filter.status = Some(Status::Failed),
        |sample| sample.population.size += 1,
        |sample| sample.population.digest = Digest::ZERO,
    ];
    for edit in edits {
        refused_by(&judged(edit), Assessment, "is not what its words draw");
    }
}

#[test]
fn a_sample_from_a_root_or_size_that_the_ledger_never_had_is_refused() {
    // Another root draws others: who may choose the root chooses the sample.
    let verdict = judged(|sample| {
        let population = StreamResults::of(&records(&source(&honest().all).entries).unwrap()).unwrap();
        let list = population.population(&sample.filter, sample.size);
        let Sample { by, system, filter, text, count, size, .. } = sample.clone();
        let root = Digest::ZERO;
        let drawing = Drawing { by: &by, system: &system, filter: &filter, text: &text, count, size, root };
        *sample = Sample::draw(drawing, &list.entries);
    });
    refused_by(&verdict, References, "with a root that the ledger did not have");
    for size in [0, 14, 15, 1000, u64::MAX] {
        let verdict = judged(|sample| sample.size = size);
        assert_eq!(verdict.outcome(References), Outcome::Failed, "{size}");
        assert_eq!(verdict.exit_code(), 3);
    }
}

#[test]
fn earlier_heads_that_are_not_proved_or_not_named_are_refused() {
    let honest_pack = reissued(with_sample(|_| ()));
    let edited = |edit: &dyn Fn(&mut Vec<EarlierHead>)| {
        let mut opened = Opened::of(&honest_pack);
        opened.set_proofs(|proofs| edit(&mut proofs.earlier));
        opened.sign();
        judge(&opened.close())
    };
    assert_eq!(edited(&|_| ()).conclusion, Conclusion::Verified);
    refused_by(&edited(&|heads| heads[0].root = Digest::ZERO), Inclusion, "does not prove");
    refused_by(&edited(&|heads| heads[0].size = 0), Inclusion, "does not prove");
    refused_by(&edited(&|heads| heads[0].path.push(Digest::ZERO)), Inclusion, "does not prove");
    refused_by(&edited(&|heads| heads.push(heads[0].clone())), Inclusion, "not in order");
    refused_by(&edited(&|heads| heads.clear()), References, "did not have");
    let leaves = leaves(&relinked(with_sample(|_| ())));
    let surplus = |heads: &mut Vec<EarlierHead>| {
        let path = affiant_ledger::merkle::consistency_of(&leaves, 5);
        heads.insert(0, EarlierHead { size: 5, root: root_of(&leaves[..5]), path });
    };
    refused_by(&edited(&surplus), References, "a head of size 5 that no sample names");
}

#[test]
fn a_sample_over_results_that_are_withheld_is_said_not_to_be_drawn_again() {
    let mut all = relinked(with_sample(|_| ()));
    restate_issued(&mut all, |issued| issued.withheld = ["payload:result".parse().unwrap()].into());
    let verdict = judge(&pack_of(&source(&all)));
    assert_eq!(verdict.conclusion, Conclusion::Withheld, "{verdict:#?}");
    let limits = verdict.does_not_establish.join("\n");
    assert!(limits.contains("that 1 recorded samples are what their words draw"), "{limits}");
}
