//! A history says of every instant what the register of that instant says.

use super::*;
use crate::result::{Collector, ControlResult, DigestSource, Population, Subject};
use crate::statement::Statement;
use crate::{ControlSet, Horizon, Register, Status};
use affiant_ledger::digest::Digest;
use affiant_ledger::entry::Entry;
use affiant_ledger::record::Record;

const SYSTEM: &str = "credit-scoring";
const BEGIN: u64 = 1_793_500_000_000;
const HOUR: u64 = 3_600_000;

/// Numbers that look random and are the same every time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.next(of.len() as u64) as usize].clone()
    }
}

fn hours(count: u64) -> Timestamp {
    Timestamp::from_millis(BEGIN + count * HOUR).unwrap()
}

fn record(statement: &Statement, index: u64, time: Timestamp) -> Record {
    let draft = statement.draft("local");
    let entry = Entry {
        n: index,
        v: 1,
        by: draft.by,
        kind: draft.kind,
        prev: Digest::ZERO,
        time,
        index,
        stream: SYSTEM.parse().unwrap(),
        payload: Digest::ZERO,
        stream_prev: Digest::ZERO,
    };
    Record { entry, leaf: Digest::of(&index.to_be_bytes()), statement: Some(draft.statement) }
}

/// One week, an entry about every hour; a control that stays fresh for 30 days and heeds a release is given a pass that
/// ends sooner now and then.
fn random_stream(seed: u64, control: &Control) -> Vec<Record> {
    let mut n = Numbers(seed);
    let assets = ["scoring-model", "other-model"];
    let system = || SYSTEM.parse().unwrap();
    let mut records = Vec::new();
    for index in 0..12 + n.next(60) {
        let now = index * 3 + n.next(3);
        let asset: Id = n.pick(&assets).parse().unwrap();
        let digest = Digest::of(&[n.next(2) as u8]);
        let statement = match n.next(12) {
            0 => {
                let mut asset = Asset::new(system(), asset, n.pick(&["model", "dataset"]), "An asset");
                asset.digest = Some(digest).filter(|_| n.next(2) == 0);
                asset.retired = n.next(5) == 0;
                Statement::Asset(asset)
            }
            1 => Statement::Exception(Exception {
                id: n.pick(&["exc-1", "exc-2"]).parse().unwrap(),
                assets: if n.next(2) == 0 { [asset].into() } else { BTreeSet::new() },
                reason: "late".into(),
                system: system(),
                control: control.id.clone(),
                expires: hours(now + 1 + n.next(40)),
                revoked: n.next(4) == 0,
                approver: "Head of Risk".into(),
                compensating: None,
                requested_by: None,
            }),
            2 => Statement::Decision(Decision {
                owner: None,
                reason: "not in use".into(),
                system: system(),
                applies: n.next(2) == 0,
                control: Some(control.id.clone()),
                drivers: BTreeSet::new(),
                framework: None,
                decided_by: "Head of Risk".into(),
                requirement: None,
            }),
            3 => Statement::Event(Event {
                at: hours(now.saturating_sub(n.next(10))),
                kind: n.pick(&["release", "flood"]).parse().unwrap(),
                asset: Some(asset).filter(|_| n.next(2) == 0),
                system: system(),
                done_at: None,
                summary: "it happened".into(),
            }),
            _ => {
                let statuses = [
                    Status::Passed,
                    Status::Passed,
                    Status::Passed,
                    Status::Failed,
                    Status::NeedsReview,
                    Status::NotApplicable,
                    Status::NotRun,
                ];
                let observed = hours(now.saturating_sub(n.next(12)));
                let collector = Collector::new(n.pick(&["ci", "nightly"]));
                let status = n.pick(&statuses);
                let mut result =
                    ControlResult::new(control.id.clone(), system(), status, observed, collector, "looked");
                result.asset = Some(asset).filter(|_| n.next(5) > 0);
                result.valid_until =
                    Some(hours(now + n.next(30))).filter(|until| *until > observed && n.next(2) == 0);
                result.subject =
                    Some(Subject { digest, digest_source: DigestSource::InFile }).filter(|_| n.next(3) == 0);
                result.population = (n.next(4) == 0).then(|| Population {
                    size: 2,
                    failed: n.next(2) * n.next(2),
                    tested: 1 + n.next(2),
                    definition: "all".into(),
                });
                Statement::Result(Box::new(result))
            }
        };
        records.push(record(&statement, index, hours(now)));
    }
    records
}

#[test]
fn a_register_that_goes_on_is_the_one_replayed_from_the_beginning_or_says_that_it_cannot_tell() {
    let controls = ControlSet::embedded();
    let control = controls.controls().find(|control| control.applies_to("model")).unwrap();
    let mut told = 0;
    for seed in 0..300 {
        let records = random_stream(seed, control);
        let mut n = Numbers(seed ^ 0xaaaa);
        let cut = n.next(records.len() as u64) as usize;
        let first = records[..cut].last().map_or(hours(0), |record| record.entry.time);
        let (first, last) = (hours(400).min(first), hours(if n.next(2) == 0 { 400 } else { 60 }));
        let mut register = Register::replay(&records[..cut], first).unwrap();
        if !register.go_on(&records[cut..], Horizon::at(last.max(first))).unwrap() {
            continue;
        }
        told += 1;
        let whole = Register::replay(&records, last.max(first)).unwrap();
        for asset in ["scoring-model", "other-model", SYSTEM] {
            let asset: Id = asset.parse().unwrap();
            assert_eq!(register.state(control, &asset), whole.state(control, &asset), "seed {seed}");
        }
        assert_eq!(register.population(control), whole.population(control), "seed {seed}");
    }
    assert!(told > 100, "{told}");
}

#[test]
fn the_span_that_holds_an_instant_says_what_the_register_of_that_instant_says() {
    let controls = ControlSet::embedded();
    let heeds = |control: &&Control| {
        control.also_on.iter().any(|kind| kind == "release") && control.applies_to("model")
    };
    let on_assets =
        controls.controls().find(|control| heeds(control) && !control.applies_to("ai-system")).unwrap();
    let on_system = controls.controls().find(|control| heeds(control) && control.applies_to("ai-system"));
    let mut met = BTreeSet::new();
    for seed in 0..400 {
        let control = on_system.filter(|_| seed % 4 == 0).unwrap_or(on_assets);
        let records = random_stream(seed, control);
        let mut n = Numbers(seed ^ 0xffff);
        let (from, to) = (hours(n.next(40)), hours(120 + n.next(100)));
        let known = if n.next(2) == 0 { hours(300) } else { hours(60 + n.next(60)) };
        let size = Some(n.next(40) + 20).filter(|_| n.next(3) == 0);
        let horizon = |as_of| Horizon { as_of, known, size };
        let history = History::replay(&records, horizon(to)).unwrap();
        for asset in ["scoring-model", "other-model", SYSTEM] {
            let asset: Id = asset.parse().unwrap();
            let spans = history.timeline(control, &asset, from, to);
            assert_eq!(spans.first().map(|span| span.from), Some(from), "seed {seed}");
            assert_eq!(spans.last().map(|span| span.to), Some(to), "seed {seed}");
            assert!(spans.windows(2).all(|pair| pair[0].to == pair[1].from), "seed {seed}");
            assert!(spans.iter().all(|span| span.millis() > 0), "seed {seed}");
            let ends = spans.iter().map(|span| span.to.as_millis() - 1);
            let begins = spans.iter().map(|span| span.from.as_millis());
            let between = (0..20).map(|_| from.as_millis() + n.next(to.as_millis() - from.as_millis()));
            for at in ends.chain(begins).chain(between.collect::<Vec<_>>()) {
                let at = Timestamp::from_millis(at).unwrap();
                let span = spans.iter().find(|span| span.from <= at && at < span.to).unwrap();
                let found = Register::replay_at(&records, horizon(at)).unwrap().state(control, &asset);
                assert_eq!(
                    (span.state, span.underlying, span.decided, span.lapsed),
                    (found.state, found.underlying, found.decided, found.lapsed),
                    "seed {seed}, {asset} at {at}: {} / {}",
                    span.reason,
                    found.reason
                );
                met.insert(format!("{} {}", span.state, span.lapsed));
            }
        }
    }
    assert!(met.len() >= 10, "the streams are too tame: {met:?}");
}
