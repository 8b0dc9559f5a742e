//! Alerts: what changed between two looks at a system, for whoever has to act on it (docs/spec/notify.md).
//!
//! ```text
//! {"about": {"asset": "scoring-model", "control": "AFF-EXP-11"}, "entries": [41], "from": "held", "id": "5f0c..",
//!  "kind": "control", "severity": "high", "summary": "Performance ...: failed by ci: ...", "system": "credit-scoring",
//!  "to": "failed"}
//! ```
//!
//! Both looks are derived from the same entries by the same rules, so that whoever has the ledger derives the same
//! alerts, with the same ids. What changed and changed back in between is no change; a failure that came and went has
//! left a finding.

use crate::assessment::{Assessment, Determination, Outcome, Standing};
use crate::clock::{Clock, ClockState};
use affiant_controls::delivery::Standpoint;
use affiant_controls::finding::{Found, Standing as FindingStanding};
use affiant_controls::set::ControlSet;
use affiant_controls::text::{LINE_LENGTH_MAX, plain};
use affiant_controls::{ControlState, Exception, Filed, Incident, Register, Severity};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days before its expiry from which an exception is told.
pub const EXPIRY_NEAR_DAYS: u32 = 14;
/// Days before it runs out from which a clock is told.
pub const CLOCK_NEAR_DAYS: u32 = 3;
/// Most entries named by an alert: the latest.
pub const ENTRIES_MAX: usize = 100;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertKind {
    /// An incident was opened or closed.
    Incident,
    /// A clock is near its end, ran out or was answered.
    Clock,
    /// The state of a control on an asset.
    Control,
    /// A finding was opened, came back, is overdue or was resolved.
    Finding,
    /// An exception is about to expire, expired or was revoked.
    Exception,
    /// The outcome of a requirement got worse.
    Requirement,
}

impl AlertKind {
    /// The word in alerts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Clock => "clock",
            Self::Control => "control",
            Self::Finding => "finding",
            Self::Exception => "exception",
            Self::Requirement => "requirement",
        }
    }
}

/// A change. Fields stand in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// What it is about: `control` and `asset`, `framework` and `requirement`, `finding`, ...
    pub about: BTreeMap<String, String>,
    /// The entries that what is now rests on, in order; of more than [`ENTRIES_MAX`] the latest.
    pub entries: Vec<u64>,
    /// The word for what was; none where there was nothing.
    pub from: Option<String>,
    /// Made of all that the alert says but the words for people, and of where it starts from.
    pub id: Digest,
    /// What changed.
    pub kind: AlertKind,
    /// How much it weighs; `info` for what got better.
    pub severity: Severity,
    /// The same for people, in a line.
    pub summary: String,
    /// The AI system.
    pub system: Id,
    /// The word for what is; `gone` where there is nothing any more.
    pub to: String,
}

/// A look at a system.
#[derive(Debug, Clone, Copy)]
pub struct Posture<'a> {
    /// What its stream says.
    pub register: &'a Register,
    /// What that amounts to, by framework.
    pub assessments: &'a [Assessment],
    /// The clocks that run.
    pub clocks: &'a [Clock],
    /// The controls there are.
    pub controls: &'a ControlSet,
}

/// Where alerts start from: the log, and how much of it was judged when the last ones were delivered.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Origin of the log.
    pub origin: &'a str,
    /// Where the last delivery led to; none where there was none.
    pub from: Option<Standpoint>,
}

/// What changed in a system from one look to the next, by kind and what it is about. Without a look before, all that is
/// wrong is told.
pub fn alerts(start: Start<'_>, system: &Id, before: Option<Posture<'_>>, now: Posture<'_>) -> Vec<Alert> {
    let before = before.map(facts).unwrap_or_default();
    let now = facts(now);
    let gone = before.iter().filter(|(key, fact)| fact.told == Told::Always && !now.contains_key(*key));
    let gone = gone.map(|(key, fact)| (key, Some(fact), fact.gone()));
    let changed = now.iter().filter_map(|(key, fact)| {
        let was = before.get(key);
        is_told(was, fact).then(|| (key, was, fact.clone()))
    });
    let mut all: Vec<(&Key, Option<&Fact>, Fact)> = gone.chain(changed).collect();
    all.sort_by(|a, b| a.0.cmp(b.0));
    all.into_iter().map(|(key, was, fact)| alert(start, system, key, was, fact)).collect()
}

/// What something is about: the kind, and its names.
type Key = (AlertKind, BTreeMap<String, String>);

/// When a fact is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Whenever it is another than before, or there was none.
    Always,
    /// Where there was another before.
    AsChange,
    /// Where what was before was better.
    AsWorse,
    Never,
}

/// How something stands.
#[derive(Debug, Clone)]
struct Fact {
    word: &'static str,
    /// How often it came back: the same word again is another fact.
    round: u64,
    /// How bad it is, among facts of its kind.
    rank: u8,
    told: Told,
    severity: Severity,
    summary: String,
    entries: Vec<u64>,
}

impl Fact {
    fn new(word: &'static str, told: Told, severity: Severity, summary: String) -> Self {
        Self { word, round: 0, rank: 0, told, severity, summary, entries: Vec::new() }
    }

    fn on(mut self, entries: impl IntoIterator<Item = u64>) -> Self {
        self.entries = entries.into_iter().collect();
        self.entries.sort_unstable();
        self.entries.dedup();
        self
    }

    fn gone(&self) -> Self {
        Self { word: "gone", severity: Severity::Info, entries: Vec::new(), ..self.clone() }
    }
}

fn is_told(was: Option<&Fact>, is: &Fact) -> bool {
    let same = was.is_some_and(|was| (was.word, was.round) == (is.word, is.round));
    match is.told {
        _ if same => false,
        Told::Always => true,
        Told::AsChange => was.is_some_and(|was| was.told != Told::Never),
        Told::AsWorse => was.is_some_and(|was| was.rank < is.rank),
        Told::Never => false,
    }
}

fn alert(start: Start<'_>, system: &Id, key: &Key, was: Option<&Fact>, fact: Fact) -> Alert {
    let (kind, about) = key;
    let from = was.map(|was| was.word);
    let place = start.from.map(|from| format!("{} {}", from.size, from.as_of.as_millis()));
    let entries: Vec<String> = fact.entries.iter().map(ToString::to_string).collect();
    let entries = entries.join(" ");
    let mut parts = vec!["affiant alert v1", start.origin, place.as_deref().unwrap_or_default()];
    parts.extend([kind.as_str(), system.as_str(), from.unwrap_or_default(), fact.word, &entries]);
    parts.extend(about.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    let cut = fact.entries.len().saturating_sub(ENTRIES_MAX);
    Alert {
        id: Digest::of(parts.join("\0").as_bytes()),
        kind: *kind,
        about: about.clone(),
        from: from.map(str::to_owned),
        to: fact.word.to_owned(),
        severity: fact.severity,
        summary: plain(&fact.summary, LINE_LENGTH_MAX),
        system: system.clone(),
        entries: fact.entries[cut..].to_vec(),
    }
}

fn facts(of: Posture<'_>) -> BTreeMap<Key, Fact> {
    let as_of = of.register.as_of();
    let mut facts = BTreeMap::new();
    let mut add = |kind, names: &[(&str, &str)], fact| {
        let about = names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        facts.insert((kind, about), fact);
    };
    for judged in of.assessments {
        for standing in &judged.controls {
            let control = standing.control.as_str();
            let severity = of.controls.control(control).map_or(Severity::Medium, |control| control.severity);
            for on in &standing.assets {
                let names = [("control", control), ("asset", on.asset.as_str())];
                add(AlertKind::Control, &names, of_control(&standing.title, on, severity));
            }
        }
        let framework = judged.framework.id.as_str();
        for row in &judged.determinations {
            let names = [("framework", framework), ("requirement", row.requirement.as_str())];
            add(AlertKind::Requirement, &names, of_requirement(row));
        }
    }
    for found in of.register.found(of.controls) {
        let finding = &found.filed.value;
        let mut names = vec![("finding", finding.id.as_str()), ("control", finding.control.as_str())];
        names.extend(finding.asset.as_ref().map(|asset| ("asset", asset.as_str())));
        add(AlertKind::Finding, &names, of_finding(&found));
    }
    for filed in of.register.incidents() {
        add(AlertKind::Incident, &[("incident", filed.value.id.as_str())], of_incident(filed));
    }
    for clock in of.clocks.iter().filter(|clock| clock.binds_from.is_none()) {
        let names = [("deadline", clock.deadline.as_str()), ("subject", clock.subject.as_str())];
        add(AlertKind::Clock, &names, of_clock(clock, as_of));
    }
    for filed in of.register.exceptions() {
        let names = [("exception", filed.value.id.as_str()), ("control", filed.value.control.as_str())];
        add(
            AlertKind::Exception,
            &names,
            of_exception(filed, as_of, of.register.approval(filed, of.controls).is_pending()),
        );
    }
    facts
}

fn of_control(title: &str, on: &Standing, severity: Severity) -> Fact {
    let (told, severity) = match on.state {
        ControlState::Failed | ControlState::Review | ControlState::Stale => (Told::Always, severity),
        ControlState::Missing => (Told::AsChange, severity),
        ControlState::Held | ControlState::Excepted | ControlState::NotApplicable => {
            (Told::AsChange, Severity::Info)
        }
    };
    Fact::new(on.state.as_str(), told, severity, format!("{title}, on {}: {}", on.asset, on.reason))
        .on(on.citations.iter().map(|citation| citation.index))
}

fn of_requirement(row: &Determination) -> Fact {
    let (rank, told, severity) = match row.outcome {
        Outcome::NotApplicable => (0, Told::Never, Severity::Info),
        Outcome::Satisfied => (1, Told::AsWorse, Severity::Medium),
        Outcome::Partial => (2, Told::AsWorse, Severity::Medium),
        Outcome::Unknown | Outcome::NotAssessed => (3, Told::AsWorse, Severity::Medium),
        Outcome::NotSatisfied => (4, Told::Always, Severity::High),
    };
    let summary = format!("{} {}: {}", row.citation, row.title, row.conclusion);
    let fact = Fact::new(row.outcome.as_str(), told, severity, summary).on(row.citations.iter().copied());
    Fact { rank, ..fact }
}

fn of_finding(found: &Found<'_>) -> Fact {
    let finding = &found.filed.value;
    let (word, told, severity) = match found.standing {
        FindingStanding::Accepted => ("accepted", Told::Never, Severity::Info),
        FindingStanding::Retired => ("retired", Told::Never, Severity::Info),
        FindingStanding::Resolved => ("resolved", Told::AsChange, Severity::Info),
        _ if found.overdue => ("overdue", Told::Always, finding.severity),
        _ if finding.reopened > 0 => ("reopened", Told::Always, finding.severity),
        _ => ("open", Told::Always, finding.severity),
    };
    let rule = finding.rule.as_deref().unwrap_or(finding.control.as_str());
    let place = finding.location.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
    let summary = format!("{rule}{place}: {}; due {}", finding.summary, finding.due);
    let fact = Fact::new(word, told, severity, summary).on([found.filed.citation.index, finding.opened_by]);
    Fact { round: finding.reopened, ..fact }
}

fn of_incident(filed: &Filed<Incident>) -> Fact {
    let incident = &filed.value;
    let severity = if incident.kinds.is_empty() { Severity::High } else { Severity::Critical };
    let (word, told, severity) = match incident.closed_at {
        Some(_) => ("closed", Told::AsChange, Severity::Info),
        None => ("open", Told::Always, severity),
    };
    Fact::new(word, told, severity, incident.summary.clone()).on([filed.citation.index])
}

fn of_clock(clock: &Clock, as_of: Timestamp) -> Fact {
    let near = clock.due <= as_of.plus(Period::days(CLOCK_NEAR_DAYS));
    let (word, told, severity) = match clock.state {
        // What must be kept for a time asks for nothing when the time is over.
        _ if clock.kind.starts_with("retention") => (clock.state.as_str(), Told::Never, Severity::Info),
        ClockState::Overdue => ("overdue", Told::Always, Severity::Critical),
        ClockState::Over => ("over", Told::Always, Severity::High),
        ClockState::Running | ClockState::Keep if near => ("near", Told::Always, Severity::High),
        state => (state.as_str(), Told::AsChange, Severity::Info),
    };
    let summary = format!("{} for {}: {}, due {}", clock.citation, clock.subject, clock.kind, clock.due);
    Fact::new(word, told, severity, summary).on(clock.entry.iter().map(|citation| citation.index))
}

fn of_exception(filed: &Filed<Exception>, as_of: Timestamp, pending: bool) -> Fact {
    let exception = &filed.value;
    let near = exception.expires <= as_of.plus(Period::days(EXPIRY_NEAR_DAYS));
    let (word, told, severity) = match exception.in_force(as_of) {
        _ if exception.revoked => ("revoked", Told::AsChange, Severity::Medium),
        // One that is pending waives nothing until others have approved it.
        true if pending => ("pending", Told::Never, Severity::Info),
        false => ("expired", Told::AsChange, Severity::High),
        true if near => ("expiring", Told::Always, Severity::Medium),
        true => ("in-force", Told::AsChange, Severity::Info),
    };
    let Exception { control, expires, approver, reason, .. } = exception;
    let summary = format!("{control} until {expires}, accepted by {approver}: {reason}");
    Fact::new(word, told, severity, summary).on([filed.citation.index])
}
