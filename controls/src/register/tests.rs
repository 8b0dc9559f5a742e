use super::*;
use crate::result::{Collector, ControlResult, Population};
use crate::signoff::Outcome;
use crate::state::ControlState;
use crate::statement::facet_of;
use crate::status::Status;
use crate::{CatalogKind, ControlCatalog};
use affiant_ledger::codec;
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use proptest::prelude::*;

const SYSTEM: &str = "credit-scoring";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A stream under construction.
#[derive(Default)]
struct Stream {
    records: Vec<Record>,
}

impl Stream {
    /// Records a statement at a time; the leaf hash is made from the index.
    fn say_at(&mut self, statement: &Statement, recorded: Timestamp) -> &mut Self {
        let index = self.records.len() as u64;
        let draft = statement.draft("local");
        let entry = Entry {
            n: index,
            v: 1,
            by: draft.by,
            kind: draft.kind,
            prev: Digest::ZERO,
            time: recorded,
            index,
            stream: SYSTEM.parse().unwrap(),
            payload: Digest::ZERO,
            stream_prev: Digest::ZERO,
        };
        let leaf = Digest::of(&index.to_be_bytes());
        self.records.push(Record { entry, leaf, statement: Some(draft.statement) });
        self
    }

    fn say(&mut self, statement: &Statement) -> &mut Self {
        self.say_at(statement, time("2026-11-22T12:00:00Z"))
    }

    fn asset(&mut self, id: &str, kind: &str) -> &mut Self {
        let asset = Asset::new(SYSTEM.parse().unwrap(), id.parse().unwrap(), kind, id);
        self.say(&Statement::Asset(asset))
    }

    fn result(&mut self, change: impl FnOnce(&mut ControlResult)) -> &mut Self {
        let mut result = passed("AFF-EXP-11");
        change(&mut result);
        self.say(&Statement::Result(Box::new(result)))
    }

    fn register(&self) -> Register {
        Register::replay(&self.records, time("2026-11-23T00:00:00Z")).unwrap()
    }

    fn state(&self, control: &str, asset: &str) -> StateOn {
        let catalog = ControlCatalog::embedded();
        self.register().state(catalog.control(control).unwrap(), &asset.parse().unwrap())
    }
}

/// Passed on the scoring model the day before.
fn passed(control: &str) -> ControlResult {
    let observed = time("2026-11-22T00:00:00Z");
    let (control, system) = (control.parse().unwrap(), SYSTEM.parse().unwrap());
    let mut result =
        ControlResult::new(control, system, Status::Passed, observed, Collector::new("ci"), "fine");
    result.asset = "scoring-model".parse().ok();
    result
}

fn stream() -> Stream {
    let mut stream = Stream::default();
    stream.say(&Statement::System(System::new(SYSTEM.parse().unwrap(), "Credit scoring")));
    stream.asset("scoring-model", "model").asset("other-model", "model").asset("applications", "dataset");
    stream
}

fn population(size: u64, tested: u64, failed: u64) -> Option<Population> {
    Some(Population { size, failed, tested, definition: "every model".into() })
}

#[test]
fn the_population_is_the_assets_of_the_kinds_and_the_system_and_organisation_themselves() {
    let catalog = ControlCatalog::embedded();
    let mut stream = stream();
    let ids = |stream: &Stream, control: &str| -> Vec<String> {
        let population = stream.register().population(catalog.control(control).unwrap());
        population.into_iter().map(|id| id.to_string()).collect()
    };
    assert_eq!(ids(&stream, "AFF-DAT-10"), ["applications"]);
    assert_eq!(ids(&stream, "AFF-EXP-11"), [SYSTEM, "other-model", "scoring-model"]);
    assert_eq!(ids(&stream, "AFF-GOV-01"), ["org"]);
    assert_eq!(ids(&stream, "AFF-GOV-02"), ["applications", SYSTEM, "org", "other-model", "scoring-model"]);
    let mut retired = Asset::new(SYSTEM.parse().unwrap(), "applications".parse().unwrap(), "dataset", "x");
    retired.retired = true;
    stream.say(&Statement::Asset(retired));
    assert!(ids(&stream, "AFF-DAT-10").is_empty());
}

#[test]
fn a_fresh_pass_holds_and_an_old_one_is_stale() {
    let mut stream = stream();
    stream.result(|_| ());
    let state = stream.state("AFF-EXP-11", "scoring-model");
    assert_eq!(state.state, ControlState::Held);
    assert_eq!(state.observed_to, Some(time("2026-11-22T00:00:00Z")));
    assert_eq!(state.citations.len(), 1);
    assert_eq!(state.citations[0].index, 4);
    let catalog = ControlCatalog::embedded();
    let control = catalog.control("AFF-EXP-11").unwrap();
    let until = time("2026-11-22T00:00:00Z").plus(control.max_age);
    assert_eq!(state.fresh_until, Some(until));
    let asset: Id = "scoring-model".parse().unwrap();
    let at = |as_of| Register::replay(&stream.records, as_of).unwrap().state(control, &asset).state;
    assert_eq!(at(until), ControlState::Held);
    assert_eq!(at(Timestamp::from_millis(until.as_millis() + 1).unwrap()), ControlState::Stale);
}

#[test]
fn valid_until_ends_a_pass_before_its_freshness_does() {
    let mut stream = stream();
    stream.result(|result| result.valid_until = Some(time("2026-11-22T18:00:00Z")));
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Stale);
}

#[test]
fn a_pass_of_one_tool_never_hides_the_failure_of_another() {
    let mut stream = stream();
    stream.result(|result| {
        result.collector = Collector::new("red-team");
        result.status = Status::Failed;
        (result.observed_from, result.observed_to) = (time("2021-01-01"), time("2021-01-01"));
    });
    stream.result(|_| ());
    let state = stream.state("AFF-EXP-11", "scoring-model");
    assert_eq!((state.state, state.reason.as_str()), (ControlState::Failed, "failed by red-team: fine"));
    assert_eq!(state.citations.iter().map(|c| c.index).collect::<Vec<_>>(), [4]);
    // The tool that failed is the one that must pass.
    stream.result(|result| result.collector = Collector::new("red-team"));
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Held);
}

#[test]
fn the_latest_observation_counts_whatever_the_order_of_recording() {
    let mut stream = stream();
    stream.result(|result| result.status = Status::Failed);
    stream.result(|result| {
        (result.observed_from, result.observed_to) = (time("2026-11-20"), time("2026-11-20"));
    });
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Failed);
    // At the same instant the later entry corrects the earlier one.
    stream.result(|_| ());
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Held);
}

#[test]
fn what_was_not_yet_observed_or_recorded_does_not_count() {
    let mut stream = stream();
    let late = time("2026-11-23T00:00:01Z");
    let mut ahead = passed("AFF-EXP-11");
    (ahead.observed_from, ahead.observed_to) = (late, late);
    stream.say(&Statement::Result(Box::new(ahead)));
    stream.say_at(&Statement::Result(Box::new(passed("AFF-EXP-11"))), late);
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Missing);
    assert_eq!(stream.register().results().count(), 0);
}

#[test]
fn each_status_alone_gives_its_state() {
    let cases = [
        (Status::Passed, ControlState::Held),
        (Status::Failed, ControlState::Failed),
        (Status::NeedsReview, ControlState::Review),
        (Status::Unknown, ControlState::Review),
        (Status::NotApplicable, ControlState::NotApplicable),
        (Status::NotRun, ControlState::Missing),
    ];
    for (status, wanted) in cases {
        let mut stream = stream();
        stream.result(|result| result.status = status);
        let state = stream.state("AFF-EXP-11", "scoring-model");
        assert_eq!((state.state, state.citations.len()), (wanted, 1), "{status}");
        assert_eq!(stream.state("AFF-EXP-11", "other-model").state, ControlState::Missing);
    }
    let nothing = stream().state("AFF-EXP-11", "scoring-model");
    assert_eq!((nothing.state, nothing.reason.as_str()), (ControlState::Missing, "no result on file"));
}

#[test]
fn a_pass_beats_not_run_and_not_applicable_and_review_beats_a_pass() {
    let beside = |status: Status| {
        let mut stream = stream();
        stream.result(|_| ());
        stream.result(|result| {
            result.collector = Collector::new("other");
            result.status = status;
        });
        stream.state("AFF-EXP-11", "scoring-model").state
    };
    assert_eq!(beside(Status::NotRun), ControlState::Held);
    assert_eq!(beside(Status::NotApplicable), ControlState::Held);
    assert_eq!(beside(Status::Unknown), ControlState::Review);
    assert_eq!(beside(Status::NeedsReview), ControlState::Review);
}

#[test]
fn a_population_with_failures_fails_and_one_tested_in_part_is_for_review() {
    let of = |population: Option<Population>| {
        let mut stream = stream();
        stream.result(|result| result.population = population);
        stream.state("AFF-EXP-11", "scoring-model")
    };
    assert_eq!(of(population(9, 9, 0)).state, ControlState::Held);
    assert_eq!(of(population(9, 9, 1)).state, ControlState::Failed);
    let partial = of(population(9, 8, 0));
    assert_eq!(
        (partial.state, partial.reason.as_str()),
        (ControlState::Review, "partial: ci tested 8 of 9 (every model)")
    );
}

#[test]
fn a_result_without_an_asset_speaks_for_the_system_if_the_control_does() {
    let mut stream = stream();
    stream.result(|result| result.asset = None);
    assert_eq!(stream.state("AFF-EXP-11", SYSTEM).state, ControlState::Held);
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Missing);
}

#[test]
fn a_result_without_an_asset_speaks_for_the_organisation_if_only_that_is_meant() {
    let mut stream = stream();
    stream.result(|result| {
        result.asset = None;
        result.control = "AFF-GOV-01".parse().unwrap();
    });
    assert_eq!(stream.state("AFF-GOV-01", "org").state, ControlState::Held);
}

#[test]
fn a_pass_without_an_asset_covers_all_only_with_its_whole_population() {
    let dataset = |status: Status, population: Option<Population>| {
        let mut stream = stream();
        stream.result(|result| {
            result.asset = None;
            result.control = "AFF-DAT-10".parse().unwrap();
            result.status = status;
            result.population = population;
        });
        stream.state("AFF-DAT-10", "applications")
    };
    assert_eq!(dataset(Status::Passed, population(3, 3, 0)).state, ControlState::Held);
    for partial in [None, population(3, 2, 0), population(0, 0, 0)] {
        let state = dataset(Status::Passed, partial);
        assert_eq!(state.state, ControlState::Missing);
        assert!(state.reason.contains("for lack of a population tested in full"), "{}", state.reason);
    }
    // What speaks against a control needs no such proof.
    assert_eq!(dataset(Status::Failed, None).state, ControlState::Failed);
    assert_eq!(dataset(Status::Passed, population(3, 2, 1)).state, ControlState::Failed);
    assert_eq!(dataset(Status::Unknown, None).state, ControlState::Review);
    assert_eq!(dataset(Status::NotApplicable, None).state, ControlState::Missing);
}

#[test]
fn withheld_statements_are_skipped_and_counted() {
    let mut stream = stream();
    stream.result(|_| ());
    stream.records[4].statement = None;
    assert_eq!(stream.register().withheld(), 1);
    assert_eq!(stream.state("AFF-EXP-11", "scoring-model").state, ControlState::Missing);
}

#[test]
fn records_of_two_streams_and_statements_about_another_system_are_refused() {
    let now = time("2026-11-23T00:00:00Z");
    let mut mixed = stream().records;
    mixed[3].entry.stream = "other".parse().unwrap();
    let refused = Register::replay(&mixed, now).expect_err("two streams");
    assert!(matches!(refused, RegisterError::Stream { index: 3, .. }));
    let mut stream = stream();
    stream.result(|result| result.system = "other".parse().unwrap());
    let refused = Register::replay(&stream.records, now).expect_err("another system");
    assert!(matches!(refused, RegisterError::System { index: 4, .. }));
    stream.records[4].statement = Some(vec![0xa0]);
    let refused = Register::replay(&stream.records, now).expect_err("no result");
    assert!(matches!(refused, RegisterError::Statement { index: 4, .. }));
}

#[test]
fn pins_and_packs_are_kept_by_id() {
    let mut stream = stream();
    let pin = |version: &str| {
        Statement::Catalog(CatalogPin {
            id: "eu-ai-act".parse().unwrap(),
            kind: CatalogKind::Framework,
            digest: Digest::ZERO,
            version: version.into(),
        })
    };
    stream.say(&pin("1")).say(&pin("2"));
    let register = stream.register();
    assert_eq!(register.pins().map(|pin| pin.version.as_str()).collect::<Vec<_>>(), ["2"]);
    assert_eq!(register.system().map(|system| system.name.as_str()), Some("Credit scoring"));
}

/// The latest entry of each facet key, as the ledger's index keeps them.
fn latest_per_facet(records: &[Record]) -> Vec<Record> {
    let mut latest: BTreeMap<Vec<u8>, (u64, u64, &Record)> = BTreeMap::new();
    for record in records {
        let facet = facet_of(record.entry.kind.as_str(), record.statement.as_deref().unwrap()).unwrap();
        let index = record.entry.index;
        let best = latest.entry(facet.key).or_insert((facet.rank, index, record));
        if (facet.rank, index) >= (best.0, best.1) {
            *best = (facet.rank, index, record);
        }
    }
    latest.into_values().map(|(_, _, record)| record.clone()).collect()
}

fn any_result() -> impl Strategy<Value = ControlResult> {
    let controls = prop::sample::select(vec!["AFF-EXP-11", "AFF-DAT-10", "AFF-GOV-01", "AFF-VIS-06"]);
    let assets = prop::sample::select(vec![
        None,
        Some("scoring-model"),
        Some("applications"),
        Some(SYSTEM),
        Some("org"),
    ]);
    let collectors = prop::sample::select(vec!["ci", "red-team", "audit"]);
    let statuses = prop::sample::select(Status::ALL.to_vec());
    let populations = prop::option::of((1u64..4, 0u64..4, 0u64..2));
    (controls, assets, collectors, statuses, 0u64..200, populations).prop_map(
        |(control, asset, collector, status, days, population_of)| {
            let mut result = passed(control);
            let observed =
                Timestamp::from_millis(time("2026-05-01").as_millis() + days * 86_400_000).unwrap();
            (result.observed_from, result.observed_to) = (observed, observed);
            result.asset = asset.and_then(|asset| asset.parse().ok());
            result.collector = Collector::new(collector);
            result.status = status;
            result.population =
                population_of.and_then(|(size, tested, failed)| population(size, tested, failed));
            result
        },
    )
}

#[test]
fn sign_offs_stand_in_the_order_of_the_log_and_a_later_one_takes_the_place_of_its_id() {
    let said = |id: &str, note: &str, at: &str| {
        Statement::SignOff(SignOff {
            at: time(at),
            by: "Example Audit LLP".into(),
            id: id.parse().unwrap(),
            note: note.into(),
            role: "auditor".into(),
            about: "entry:0".parse().unwrap(),
            system: SYSTEM.parse().unwrap(),
            outcome: Outcome::Noted,
        })
    };
    let mut stream = Stream::default();
    let noon = "2026-11-22T12:00:00Z";
    stream.say(&said("b", "first", noon)).say(&said("a", "second", noon)).say(&said("b", "third", noon));
    let notes = |register: Register| -> Vec<String> {
        register.sign_offs().iter().map(|filed| filed.value.note.clone()).collect()
    };
    assert_eq!(notes(stream.register()), ["second", "third"]);
    let before = Register::replay(&stream.records[..2], time("2026-11-23T00:00:00Z")).unwrap();
    assert_eq!(notes(before), ["first", "second"], "by index, not by id");
    stream.say(&said("c", "ahead", "2026-11-23T00:00:01Z"));
    assert_eq!(notes(stream.register()), ["second", "third"], "said after the time that is judged");
    assert!(stream.register().leaves_out());
    // The third is erased: the first of that id does not come back.
    let facet = said("b", "third", noon).facet();
    let erasure = Erasure {
        basis: "GDPR Art. 17(1)(b)".into(),
        blobs: Vec::new(),
        facet: Some(affiant_ledger::erasure::Filed { key: facet.key, rank: facet.rank }),
        index: 2,
        payload: Digest::ZERO,
        approver: "Data protection officer".into(),
    };
    stream.say(&said("d", "fourth", noon));
    let last = stream.records.last_mut().unwrap();
    last.entry.kind = ERASURE.parse().unwrap();
    last.statement = Some(codec::encode(&erasure));
    stream.records[2].statement = None;
    assert_eq!(notes(stream.register()), ["second"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn replaying_everything_equals_replaying_the_latest_per_facet_in_any_order(
        results in prop::collection::vec(any_result(), 0..60),
        seed in any::<u64>(),
    ) {
        let mut stream = stream();
        for result in results {
            stream.say(&Statement::Result(Box::new(result)));
        }
        let as_of = time("2026-11-23T00:00:00Z");
        let whole = Register::replay(&stream.records, as_of).unwrap();
        let mut few = latest_per_facet(&stream.records);
        few.sort_by_key(|record| Digest::of_parts(&[&seed.to_be_bytes(), record.leaf.as_bytes()]));
        let latest = Register::replay(&few, as_of).unwrap();
        prop_assert_eq!(
            whole.results().cloned().collect::<Vec<_>>(),
            latest.results().cloned().collect::<Vec<_>>()
        );
        let catalog = ControlCatalog::embedded();
        for control in catalog.controls.values() {
            prop_assert_eq!(whole.population(control), latest.population(control));
            for asset in whole.population(control) {
                prop_assert_eq!(whole.state(control, &asset), latest.state(control, &asset));
            }
        }
    }
}
