use super::*;
use crate::control::Control;
use crate::history::History;
use crate::register::{Horizon, Register};
use crate::result::{Collector, ControlResult};
use crate::set::ControlSet;
use crate::state::ControlState;
use crate::status::Status;
use affiant_ledger::entry::Entry;

const SYSTEM: &str = "credit-scoring";
/// A control of the organisation, of high severity or above.
const CONTROL: &str = "AFF-GOV-01";

fn day(day: u64) -> Timestamp {
    Timestamp::from_millis(1_795_521_600_000 + day * 86_400_000).unwrap()
}

fn control() -> Control {
    ControlSet::embedded().control(CONTROL).unwrap().clone()
}

/// A stream in which the control has failed; every statement is recorded a day after the one before.
struct Stream(Vec<Record>);

impl Stream {
    fn new() -> Self {
        let mut stream = Self(Vec::new());
        let (control, system) = (CONTROL.parse().unwrap(), SYSTEM.parse().unwrap());
        let result = ControlResult::new(control, system, Status::Failed, day(0), Collector::new("ci"), "no");
        stream.say(Statement::Result(Box::new(result)));
        stream
    }

    fn say(&mut self, statement: Statement) -> u64 {
        self.say_by(statement, "local")
    }

    fn say_by(&mut self, statement: Statement, by: &str) -> u64 {
        let index = self.0.len() as u64;
        let draft = statement.draft(by);
        let entry = Entry {
            n: index,
            v: 1,
            by: draft.by,
            kind: draft.kind,
            prev: Digest::ZERO,
            time: day(index),
            index,
            stream: SYSTEM.parse().unwrap(),
            payload: Digest::ZERO,
            stream_prev: Digest::ZERO,
        };
        let leaf = Digest::of(&index.to_be_bytes());
        self.0.push(Record { entry, leaf, statement: Some(draft.statement) });
        index
    }

    fn policy(&mut self, approvals: u64, from_severity: Severity) -> u64 {
        let at = day(self.0.len() as u64);
        let exceptions = ExceptionPolicy { approvals, from_severity };
        self.say(Statement::Policy(Policy {
            at,
            by: "Board".into(),
            system: SYSTEM.parse().unwrap(),
            exceptions,
        }))
    }

    fn exception(&mut self, reason: &str) -> Exception {
        let exception = exception(reason);
        self.say(Statement::Exception(exception.clone()));
        exception
    }

    fn approve(&mut self, exception: &Exception, by: &str) -> &mut Self {
        self.say(approval(exception, by));
        self
    }

    fn register(&self) -> Register {
        Register::replay(&self.0, day(self.0.len() as u64)).unwrap()
    }

    /// The state of the control now, by the register; and by the history, which has to say the same of every day.
    fn state(&self) -> ControlState {
        let (control, asset) = (control(), "org".parse().unwrap());
        let end = self.0.len() as u64;
        let history = History::replay(&self.0, Horizon::at(day(end))).unwrap();
        let spans = history.timeline(&control, &asset, day(0), day(end + 1));
        for at in (0..=end).map(day) {
            let register = Register::replay(&self.0, at).unwrap().state(&control, &asset);
            let span = spans.iter().find(|span| span.from <= at && at < span.to).unwrap();
            assert_eq!((span.state, span.lapsed), (register.state, register.lapsed), "{at}");
        }
        let all = self.register().state(&control, &asset);
        // What an index files as latest says the same as everything.
        let mut latest: BTreeMap<Vec<u8>, Record> = BTreeMap::new();
        for record in &self.0 {
            let bytes = record.statement.as_deref().unwrap_or_default();
            let key = crate::facet_of(record.entry.kind.as_str(), bytes).map(|facet| facet.key);
            latest.insert(key.unwrap_or_else(|| record.entry.index.to_be_bytes().to_vec()), record.clone());
        }
        let latest: Vec<Record> = latest.into_values().collect();
        let of_latest = Register::replay(&latest, day(end)).unwrap().state(&control, &asset);
        assert_eq!(of_latest, all);
        all.state
    }
}

fn exception(reason: &str) -> Exception {
    Exception {
        id: "exc-1".parse().unwrap(),
        assets: BTreeSet::new(),
        reason: reason.into(),
        system: SYSTEM.parse().unwrap(),
        control: CONTROL.parse().unwrap(),
        expires: day(100),
        revoked: false,
        approver: "Head of Risk".into(),
        compensating: None,
        requested_by: Some("Data team".into()),
    }
}

fn approval(exception: &Exception, by: &str) -> Statement {
    Statement::Approval(Approval {
        at: day(0),
        by: by.into(),
        digest: exception.digest(),
        system: SYSTEM.parse().unwrap(),
        exception: exception.id.clone(),
    })
}

#[test]
fn an_exception_waives_nothing_until_a_second_person_has_approved_it() {
    let mut stream = Stream::new();
    assert!(control().severity >= Severity::High);
    stream.policy(2, Severity::High);
    let exception = stream.exception("a fix is due");
    assert_eq!(stream.state(), ControlState::Failed);
    // Who granted it and who asked for it are no second person, however they write their names.
    stream.approve(&exception, "head of  RISK").approve(&exception, "data team");
    assert_eq!(stream.state(), ControlState::Failed);
    stream.approve(&exception, "Chief Risk Officer");
    assert_eq!(stream.state(), ControlState::Excepted);
}

#[test]
fn an_approval_is_of_the_very_exception() {
    let mut stream = Stream::new();
    stream.policy(2, Severity::High);
    let first = stream.exception("a fix is due");
    stream.approve(&first, "Chief Risk Officer");
    assert_eq!(stream.state(), ControlState::Excepted);
    let second = stream.exception("a fix is due some day");
    assert_eq!(stream.state(), ControlState::Failed);
    stream.approve(&first, "Counsel");
    assert_eq!(stream.state(), ControlState::Failed);
    stream.approve(&second, "Counsel");
    assert_eq!(stream.state(), ControlState::Excepted);
}

#[test]
fn an_exception_stands_under_the_policy_in_front_of_it() {
    let mut stream = Stream::new();
    stream.exception("before there was one");
    stream.policy(2, Severity::High);
    assert_eq!(stream.state(), ControlState::Excepted, "a policy does not bind what was there");
    stream.exception("under it");
    assert_eq!(stream.state(), ControlState::Failed);
    stream.policy(1, Severity::High);
    assert_eq!(stream.state(), ControlState::Failed, "nor does a milder one free it");
    stream.exception("under the milder one");
    assert_eq!(stream.state(), ControlState::Excepted);
    let mut stream = Stream::new();
    stream.policy(5, Severity::Critical);
    stream.exception("of less weight");
    let lighter = control().severity < Severity::Critical;
    assert_eq!(stream.state() == ControlState::Excepted, lighter);
}

#[test]
fn two_approvals_under_one_collectors_key_are_one() {
    let mut stream = Stream::new();
    stream.policy(3, Severity::Low);
    let exception = exception("a fix is due");
    stream.say_by(Statement::Exception(exception.clone()), "key:one");
    stream.say_by(approval(&exception, "Chief Risk Officer"), "key:one");
    let people = |stream: &Stream| {
        let register = stream.register();
        let filed = register.exceptions().next().unwrap();
        register.approved(filed, Severity::High).people.len()
    };
    assert_eq!(people(&stream), 1, "under the key of the exception");
    stream.say_by(approval(&exception, "Counsel"), "key:two");
    stream.say_by(approval(&exception, "Board member"), "key:two");
    assert_eq!((people(&stream), stream.state()), (2, ControlState::Failed));
    stream.say_by(approval(&exception, "Board member"), "key:three");
    assert_eq!((people(&stream), stream.state()), (3, ControlState::Excepted));
}

#[test]
fn under_a_policy_that_cannot_be_read_nothing_is_waived() {
    let mut stream = Stream::new();
    let index = stream.policy(2, Severity::High);
    let exception = stream.exception("a fix is due");
    stream.approve(&exception, "Chief Risk Officer");
    assert_eq!(stream.state(), ControlState::Excepted);
    let mut withheld = Stream(stream.0.clone());
    withheld.0[index as usize].statement = None;
    let state = |records: &[Record]| {
        Register::replay(records, day(50)).unwrap().state(&control(), &"org".parse().unwrap()).state
    };
    assert_eq!(state(&withheld.0), ControlState::Failed);
    let spans = History::replay(&withheld.0, Horizon::at(day(50))).unwrap();
    let spans = spans.timeline(&control(), &"org".parse().unwrap(), day(0), day(50));
    assert!(spans.iter().all(|span| span.state == ControlState::Failed), "{spans:?}");
}
