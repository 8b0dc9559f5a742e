//! Assess: what evidence amounts to, what it never amounts to, and that it can be run again.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use affiant_controls::{Control, ControlSet, ControlState, Incident, Statement, Status, System};
use affiant_frameworks::clock::ClockState;
use affiant_frameworks::framework::EMBEDDED;
use affiant_frameworks::mapping::Mappings;
use affiant_frameworks::{
    ApplicabilityState, AssessError, Assessment, Determination, Framework, GapKind, Mapping, MappingSet,
    MappingSets, Outcome, Relation, Share, TimingState, assess,
};
use affiant_ledger::id::Id;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use support::{STREAM, Stream, at, credit_scoring};

const TODAY: &str = "2026-11-24";

fn act() -> &'static Framework {
    static ACT: OnceLock<Framework> = OnceLock::new();
    ACT.get_or_init(|| Framework::embedded("eu-ai-act").unwrap())
}

fn controls() -> &'static ControlSet {
    static CONTROLS: OnceLock<ControlSet> = OnceLock::new();
    CONTROLS.get_or_init(ControlSet::embedded)
}

/// Mappings of a few controls to requirements of the AI Act.
fn mapping(pairs: &[(&str, &str)]) -> MappingSets {
    let mapping = |(control, requirement): &(&str, &str)| Mapping {
        control: control.parse().unwrap(),
        requirement: (*requirement).to_owned(),
        relation: Relation::IntersectsWith,
        rationale: "a test".to_owned(),
    };
    let embedded = MappingSet::embedded();
    let list = pairs.iter().map(mapping).collect();
    MappingSet::new(Mappings {
        frameworks: [("eu-ai-act".to_owned(), list)].into(),
        documents: BTreeMap::new(),
        ..Mappings::clone(&embedded)
    })
    .unwrap()
    .into()
}

/// Two controls on data sets, both mapped to Art. 9(1) here.
const DATA: &str = "AFF-DAT-01";
const OTHER: &str = "AFF-DAT-03";

fn judged(stream: &Stream, pairs: &[(&str, &str)]) -> Assessment {
    assess(act(), &mapping(pairs), controls(), &stream.register(TODAY)).unwrap()
}

fn risk(stream: &Stream) -> Determination {
    judged(stream, &[(DATA, "art-9-1")]).determination("art-9-1").unwrap().clone()
}

fn kinds(determination: &Determination) -> Vec<GapKind> {
    determination.gaps.iter().map(|gap| gap.kind).collect()
}

fn two_data_sets() -> Stream {
    let mut stream = Stream::of(&credit_scoring());
    stream.asset("training", "dataset").asset("holdout", "dataset");
    stream
}

fn control(id: &str) -> &'static Control {
    controls().control(id).unwrap()
}

#[test]
fn the_controls_used_here_apply_to_data_sets() {
    assert!(control(DATA).applies_to("dataset") && control(OTHER).applies_to("dataset"));
    assert!(!control(DATA).applies_to("ai-system") && !control(OTHER).applies_to("ai-system"));
}

#[test]
fn evidence_over_every_mapped_control_and_asset_is_satisfied_and_cites_each_entry() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    stream.result(DATA, "holdout", Status::Passed, "2026-11-21");
    let found = risk(&stream);
    assert_eq!(found.outcome, Outcome::Satisfied);
    assert_eq!(found.gaps, []);
    assert_eq!(found.citations, [3, 4]);
    assert_eq!((found.controls[0].held, found.controls[0].population), (2, 2));
    assert_eq!(found.timing.state, TimingState::Upcoming);
    assert_eq!(
        found.conclusion,
        "evidence on file for Art. 9(1): 1 control mapped, 2 of 2 pairs of control and asset held; applies from 2027-12-02"
    );
    let assessment = judged(&stream, &[(DATA, "art-9-1")]);
    let on = &assessment.control(DATA).unwrap().assets;
    assert_eq!(on[0].citations[0].leaf, stream.records[4].leaf);
    assert!(on.iter().all(|standing| standing.state == ControlState::Held && standing.fresh_until.is_some()));
}

#[test]
fn one_asset_without_a_result_makes_it_partial_and_names_the_asset() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    let found = risk(&stream);
    assert_eq!(found.outcome, Outcome::Partial);
    assert_eq!(kinds(&found), [GapKind::NoResult]);
    assert_eq!(found.gaps[0].assets, ["holdout".parse::<Id>().unwrap()]);
    assert_eq!(found.gaps[0].control, Some(DATA.parse().unwrap()));
    assert!(found.conclusion.starts_with("evidence on file for part of Art. 9(1)"), "{}", found.conclusion);
}

#[test]
fn one_failure_outweighs_every_pass() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    stream.result(DATA, "holdout", Status::Failed, "2025-02-01");
    let found = risk(&stream);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotSatisfied, vec![GapKind::Failed]));
}

#[test]
fn nothing_evaluated_is_never_satisfied() {
    let nothing = two_data_sets();
    let found = risk(&nothing);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotAssessed, vec![GapKind::NoResult]));
    assert!(found.conclusion.starts_with("no evidence for Art. 9(1)"), "{}", found.conclusion);

    let no_asset = Stream::of(&credit_scoring());
    let found = risk(&no_asset);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotAssessed, vec![GapKind::NoAsset]));

    for status in [Status::NotRun, Status::NotApplicable] {
        let mut stream = two_data_sets();
        stream.result(DATA, "training", status, "2026-11-20").result(DATA, "holdout", status, "2026-11-20");
        assert_eq!(risk(&stream).outcome, Outcome::NotAssessed, "{status}");
    }
}

#[test]
fn a_collector_that_says_not_applicable_does_not_shrink_the_population() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    stream.result(DATA, "holdout", Status::NotApplicable, "2026-11-20");
    let found = risk(&stream);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::Partial, vec![GapKind::ClaimedNotApplicable]));
    assert_eq!((found.controls[0].held, found.controls[0].population), (1, 2));
}

#[test]
fn a_pass_grows_stale_and_review_is_no_pass() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-02-01");
    stream.result(DATA, "holdout", Status::NeedsReview, "2026-11-20");
    let found = risk(&stream);
    assert_eq!(found.outcome, Outcome::Partial);
    assert_eq!(kinds(&found), [GapKind::Stale, GapKind::NeedsReview]);
}

#[test]
fn a_result_without_asset_covers_all_only_when_all_were_tested() {
    let mut part = two_data_sets();
    part.result(DATA, "", Status::Passed, "2026-11-20");
    let found = risk(&part);
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotAssessed, vec![GapKind::PopulationNotCovered]));
    let mut whole = two_data_sets();
    whole.population(DATA, 2, 2, "2026-11-20");
    assert_eq!(risk(&whole).outcome, Outcome::Satisfied);
}

#[test]
fn every_mapped_control_must_hold_not_only_one() {
    let pairs = [(DATA, "art-9-1"), (OTHER, "art-9-1")];
    let mut stream = two_data_sets();
    for asset in ["training", "holdout"] {
        stream.result(DATA, asset, Status::Passed, "2026-11-20");
    }
    let found = judged(&stream, &pairs).determination("art-9-1").unwrap().clone();
    assert_eq!((found.outcome, kinds(&found)), (Outcome::Partial, vec![GapKind::NoResult]));
    for asset in ["training", "holdout"] {
        stream.result(OTHER, asset, Status::Passed, "2026-11-20");
    }
    assert_eq!(judged(&stream, &pairs).determination("art-9-1").unwrap().outcome, Outcome::Satisfied);
}

#[test]
fn a_thousand_passes_of_one_asset_cover_one_asset() {
    let mut stream = two_data_sets();
    for minute in 0..1000u32 {
        let time = format!("2026-11-20T{:02}:{:02}:00Z", minute / 60, minute % 60);
        stream.result(DATA, "training", Status::Passed, &time);
    }
    let assessment = judged(&stream, &[(DATA, "art-9-1")]);
    assert_eq!(assessment.totals.pairs_held, Share { count: 1, of: 2 });
    assert_eq!(assessment.determination("art-9-1").unwrap().outcome, Outcome::Partial);
}

#[test]
fn a_requirement_without_a_control_is_not_assessed_and_says_so() {
    let found = judged(&two_data_sets(), &[]).determination("art-9-1").unwrap().clone();
    assert_eq!((found.outcome, kinds(&found)), (Outcome::NotAssessed, vec![GapKind::NoControl]));
    assert_eq!(found.conclusion, "Art. 9(1) not assessed: no control is mapped; applies from 2027-12-02");
}

#[test]
fn a_requirement_for_others_is_not_applicable_and_carries_no_gap() {
    let found = judged(&two_data_sets(), &[(DATA, "art-23-1")]).determination("art-23-1").unwrap().clone();
    assert_eq!((found.outcome, found.gaps.len(), found.controls.len()), (Outcome::NotApplicable, 0, 0));
    assert_eq!(found.conclusion, "Art. 23(1) does not apply");
}

#[test]
fn unknown_applicability_is_never_concluded_but_shows_evidence_and_names_the_fact() {
    let mut system = credit_scoring();
    system.roles.clear();
    let mut stream = Stream::of(&system);
    stream.asset("training", "dataset").result(DATA, "training", Status::Passed, "2026-11-20");
    let found = risk(&stream);
    assert_eq!((found.outcome, found.applicability.state), (Outcome::Unknown, ApplicabilityState::Unknown));
    assert_eq!(kinds(&found), [GapKind::FactMissing]);
    assert!(found.gaps[0].detail.contains("`roles`"), "{}", found.gaps[0].detail);
    assert_eq!((found.controls[0].held, found.citations.len()), (1, 1));
}

#[test]
fn what_was_observed_or_recorded_later_does_not_count() {
    let mut stream = two_data_sets();
    stream.population(DATA, 2, 2, "2026-11-20");
    stream.result(DATA, "training", Status::Failed, "2026-11-25");
    let pairs = mapping(&[(DATA, "art-9-1")]);
    let on = |day: &str| {
        let assessment = assess(act(), &pairs, controls(), &stream.register(day)).unwrap();
        assessment.determination("art-9-1").unwrap().outcome
    };
    assert_eq!(on("2026-11-19"), Outcome::NotAssessed);
    assert_eq!(on("2026-11-24"), Outcome::Satisfied);
    assert_eq!(on("2026-11-26"), Outcome::NotSatisfied);
}

#[test]
fn a_stream_without_a_system_and_mappings_that_lead_nowhere_are_refused() {
    let empty = Stream::default();
    let refused = assess(act(), &mapping(&[]), controls(), &empty.register(TODAY));
    assert_eq!(refused, Err(AssessError::NoSystem(at(TODAY))));
    let stream = two_data_sets();
    for pair in [(DATA, "art-9-99"), ("AFF-XXX-99", "art-9-1"), (DATA, "art-9")] {
        let refused = assess(act(), &mapping(&[pair]), controls(), &stream.register(TODAY));
        assert!(matches!(refused, Err(AssessError::Mappings { .. })), "{pair:?}");
    }
}

#[test]
fn every_share_has_a_denominator_and_the_counts_add_up() {
    let mut stream = two_data_sets();
    stream.population(DATA, 2, 2, "2026-11-20");
    for id in EMBEDDED {
        let framework = Framework::embedded(id).unwrap();
        let register = stream.register(TODAY);
        let assessment = assess(&framework, &MappingSets::embedded(), controls(), &register).unwrap();
        let totals = &assessment.totals;
        let judged = framework.assessable().count() as u64;
        assert_eq!(totals.judged, Share { count: judged, of: framework.requirements.len() as u64 });
        assert_eq!(totals.by_outcome.values().sum::<u64>(), judged);
        assert_eq!(totals.by_outcome.len(), Outcome::ALL.len());
        assert_eq!(totals.by_applicability.values().sum::<u64>(), judged);
        let by_timing: u64 = totals.by_timing.values().flat_map(|outcomes| outcomes.values()).sum();
        assert_eq!(by_timing, totals.applying.count);
        assert_eq!(totals.satisfied.of, totals.applying.count);
        assert_eq!(totals.mapped.of, totals.applying.count);
        assert_eq!(totals.controls_held.of, assessment.controls.len() as u64);
        assert!(assessment.does_not_establish.len() >= 6);
        assert_eq!(assessment.system.id.as_str(), STREAM);
    }
}

#[test]
fn every_gap_and_control_of_an_assessment_exists() {
    let mut stream = two_data_sets();
    stream.asset("agent", "agent").result("AFF-THR-01", "agent", Status::Failed, "2026-11-20");
    for id in EMBEDDED {
        let framework = Framework::embedded(id).unwrap();
        let register = stream.register(TODAY);
        let assessment = assess(&framework, &MappingSets::embedded(), controls(), &register).unwrap();
        for determination in &assessment.determinations {
            assert!(framework.requirement(&determination.requirement).is_some_and(|r| r.assessable));
            let binds = determination.applicability.state == ApplicabilityState::Applies;
            let sound = determination.outcome == Outcome::Satisfied || !determination.gaps.is_empty();
            assert!(!binds || sound, "{}: neither satisfied nor a gap", determination.citation);
            for gap in &determination.gaps {
                let standing =
                    gap.control.as_ref().map(|control| assessment.control(control.as_str()).unwrap());
                let known =
                    |asset: &Id| standing.is_some_and(|s| s.assets.iter().any(|on| on.asset == *asset));
                assert!(gap.assets.iter().all(known), "{gap:?}");
            }
            for mapped in &determination.controls {
                let standing = assessment.control(mapped.control.as_str()).unwrap();
                assert_eq!((mapped.held, mapped.population), (standing.held, standing.population));
            }
        }
    }
}

#[test]
fn the_words_never_claim_that_the_law_is_fulfilled() {
    let mut stream = two_data_sets();
    stream.population(DATA, 2, 2, "2026-11-20");
    for id in EMBEDDED {
        let framework = Framework::embedded(id).unwrap();
        let register = stream.register(TODAY);
        let assessment = assess(&framework, &MappingSets::embedded(), controls(), &register).unwrap();
        for determination in &assessment.determinations {
            for word in ["complian", "certified", "conforms", "%"] {
                assert!(!determination.conclusion.contains(word), "{}", determination.conclusion);
            }
        }
    }
}

#[test]
fn an_assessment_reads_back_from_its_json_as_the_same_bytes_and_refuses_unknown_fields() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Failed, "2026-11-20");
    let register = stream.register(TODAY);
    let assessment = assess(act(), &MappingSets::embedded(), controls(), &register).unwrap();
    let json = assessment.to_json();
    let read: Assessment = serde_json::from_str(&json).unwrap();
    assert_eq!(read, assessment);
    assert_eq!(read.to_json(), json);
    assert!(!json.contains(": 0."), "integers only");
    let extra = json.replacen("{\n", "{\n  \"verdict\": \"fine\",\n", 1);
    assert!(serde_json::from_str::<Assessment>(&extra).is_err());
}

/// The example on the page is printed by this code: the page is compared with it.
#[test]
fn the_example_of_the_specification_is_what_is_printed() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Passed, "2026-11-20");
    let mut assessment = judged(&stream, &[(DATA, "art-9-1")]);
    assessment.determinations.retain(|determination| determination.requirement == "art-9-1");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/spec/assessment.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once("```json\n").unwrap();
    let (example, after) = rest.split_once("```\n").unwrap();
    let pins =
        [&assessment.framework].into_iter().chain(&assessment.mappings).chain(&assessment.control_catalogs);
    let digests: Vec<String> = pins.map(|pin| pin.digest.to_string()).collect();
    // Digests of catalogs change with every edit of their words; the page shows them as dots.
    let printed = digests.iter().fold(assessment.to_json(), |json, digest| json.replace(digest, "…"));
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        std::fs::write(path, format!("{before}```json\n{printed}```\n{after}")).unwrap();
    } else {
        assert_eq!(example, printed, "set AFFIANT_BLESS=1 to write it anew");
    }
}

#[test]
fn withheld_entries_are_counted_and_said() {
    let mut stream = two_data_sets();
    stream.result(DATA, "training", Status::Failed, "2026-11-20");
    stream.records[3].statement = None;
    let assessment = judged(&stream, &[(DATA, "art-9-1")]);
    assert_eq!(assessment.withheld, 1);
    assert!(assessment.does_not_establish.iter().any(|limit| limit.contains("1 entry, withheld or erased")));
}

fn any_results() -> impl Strategy<Value = Vec<(bool, bool, Status, u32)>> {
    let statuses = vec![
        Status::Passed,
        Status::Failed,
        Status::NeedsReview,
        Status::NotApplicable,
        Status::NotRun,
        Status::Unknown,
    ];
    let one = (any::<bool>(), any::<bool>(), proptest::sample::select(statuses), 1u32..24);
    proptest::collection::vec(one, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn satisfied_means_every_pair_held_and_the_order_of_records_does_not_matter(results in any_results()) {
        let mut stream = two_data_sets();
        for (first, training, status, day) in results {
            let control = if first { DATA } else { OTHER };
            let asset = if training { "training" } else { "holdout" };
            stream.result(control, asset, status, &format!("2026-11-{day:02}"));
        }
        let pairs = [(DATA, "art-9-1"), (OTHER, "art-9-1")];
        let assessment = judged(&stream, &pairs);
        let found = assessment.determination("art-9-1").unwrap();
        let states: Vec<ControlState> =
            assessment.controls.iter().flat_map(|c| &c.assets).map(|on| on.state).collect();
        prop_assert_eq!(found.outcome == Outcome::Satisfied, states.iter().all(|s| *s == ControlState::Held));
        prop_assert_eq!(found.outcome == Outcome::NotSatisfied, states.contains(&ControlState::Failed));
        prop_assert_eq!(found.gaps.is_empty(), found.outcome == Outcome::Satisfied);
        stream.records.reverse();
        prop_assert_eq!(judged(&stream, &pairs).to_json(), assessment.to_json());
    }
}

#[test]
fn a_report_answers_the_clocks_of_those_it_went_to() {
    let mut system = credit_scoring();
    system.roles.insert("deployer".into());
    let clocks = |system: &System, kinds: &[&str], any: Option<&str>, named: &[(&str, &str)]| {
        let mut stream = Stream::of(system);
        let (id, system) = ("inc-1".parse().unwrap(), STREAM.parse().unwrap());
        let incident = Incident {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            reported_at: any.map(at),
            reported_to: named.iter().map(|(who, when)| (who.parse().unwrap(), at(when))).collect(),
            ..Incident::new(id, system, "refusals by a wrong threshold", at("2026-11-20"))
        };
        stream.push(Statement::Incident(incident), TODAY);
        let found = affiant_frameworks::clocks(act(), &stream.register(TODAY)).into_iter();
        found.map(|clock| (clock.deadline.clone(), clock)).collect::<BTreeMap<_, _>>()
    };
    let (authority, provider) = ("market-surveillance-authority", "provider");
    let stand = |any: Option<&str>, named: &[(&str, &str)]| {
        let found = clocks(&system, &["serious"], any, named);
        let of = |id: &str| (found[id].state, found[id].done, found[id].open.clone());
        (of("dl-73-2"), of("dl-26-5-incident"))
    };
    let complete = || Some("complete report".to_owned());
    let answered = |day: &str| (ClockState::Answered, Some(at(day)), complete());
    let left = |who: &str| (ClockState::Overdue, None, Some(format!("report to {who}")));
    // Nobody was told.
    let (running, overdue) = ((ClockState::Running, None, None), (ClockState::Overdue, None, None));
    assert_eq!(stand(None, &[]), (running.clone(), overdue));
    // A report that names nobody went to all, as it did before there were names.
    assert_eq!(stand(Some("2026-11-22"), &[]), (answered("2026-11-22"), answered("2026-11-22")));
    // One that went to one stops no clock of another.
    assert_eq!(stand(None, &[(authority, "2026-11-22")]), (answered("2026-11-22"), left(provider)));
    assert_eq!(stand(None, &[(provider, "2026-11-21")]), (running, left(authority)));
    let both = [(provider, "2026-11-21"), (authority, "2026-11-22")];
    assert_eq!(stand(None, &both), (answered("2026-11-22"), answered("2026-11-22")));
    assert_eq!(stand(Some("2026-11-23"), &both[1..]), (answered("2026-11-22"), answered("2026-11-23")));
    // The shortest report to one recipient does not stand for a report to another.
    let mut supervised = system.clone();
    supervised.facts.insert("ai_office_competence".into(), ["true".to_owned()].into());
    let found = clocks(&supervised, &["death", "serious"], None, &[("ai-office", "2026-11-21")]);
    assert!(!found.contains_key("dl-73-2"), "{:?}", found.keys());
    assert_eq!(found["dl-73-4"].state, ClockState::Running);
    assert_eq!(found["dl-75-1a"].state, ClockState::Answered);
}
