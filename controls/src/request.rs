//! A request: someone asks an owner for evidence by a day (docs/spec/request.md).
//!
//! ```text
//! {"id": "req-7", "due": 1798761600000, "text": "the validation report of 4.2", "asset": "scoring-model",
//!  "owner": "Data team", "system": "credit-scoring", "control": "AFF-EXP-11", "asked_by": "Internal audit"}
//! ```
//!
//! Whether it is answered nobody says: it follows from what comes in afterwards.

use crate::control::ControlId;
use crate::register::{Filed, Register};
use crate::status::Status;
use affiant_ledger::id::Id;
use affiant_ledger::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

/// A request; the latest with its id in the stream counts. Fields stand in canonical CBOR order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its id, unique in the system.
    pub id: Id,
    /// When the evidence is due.
    pub due: Timestamp,
    /// What is asked for, in a sentence.
    pub text: String,
    /// The asset it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Id>,
    /// Who is asked.
    pub owner: String,
    /// The AI system, which is the stream.
    pub system: Id,
    /// The control that the evidence is for; or a requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlId>,
    /// Who asks.
    pub asked_by: String,
    /// The framework of the requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<Id>,
    /// No longer asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// The requirement that an attestation is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestState {
    /// Not answered, and past its day.
    Overdue,
    /// Not answered yet.
    Open,
    /// What was asked for has come in since.
    Answered,
    /// No longer asked for.
    Withdrawn,
}

impl RequestState {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A request with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed<'a> {
    /// The request.
    pub filed: &'a Filed<Request>,
    /// How it stands.
    pub state: RequestState,
    /// The entry that answers it, the latest of several.
    pub answer: Option<u64>,
    /// Whole days until it is due, or since, for one that is not answered.
    pub days_left: Option<i64>,
}

impl Register {
    /// The requests with what became of them: those that wait first, the sooner due before the later.
    pub fn followed(&self) -> Vec<Followed<'_>> {
        let mut all: Vec<Followed<'_>> = self.requests().map(|filed| self.follow(filed)).collect();
        all.sort_by(|a, b| {
            let key = |it: &Followed<'_>| (it.state, it.filed.value.due);
            (key(a), &a.filed.value.id).cmp(&(key(b), &b.filed.value.id))
        });
        all
    }

    fn follow<'a>(&'a self, filed: &'a Filed<Request>) -> Followed<'a> {
        let request = &filed.value;
        let answer = self.answer(filed);
        let state = match (request.withdrawn, answer, self.as_of() > request.due) {
            (true, ..) => RequestState::Withdrawn,
            (_, Some(_), _) => RequestState::Answered,
            (.., true) => RequestState::Overdue,
            (.., false) => RequestState::Open,
        };
        let waits = matches!(state, RequestState::Open | RequestState::Overdue);
        let days_left = waits.then(|| days(self.as_of(), request.due));
        Followed { filed, state, answer, days_left }
    }

    /// The latest entry since the request that is what it asks for: a result of the control, on the asset where it names
    /// one, or an attestation of the requirement. A test that did not run shows nothing, so it is no answer.
    fn answer(&self, filed: &Filed<Request>) -> Option<u64> {
        let (request, since) = (&filed.value, filed.citation.index);
        if let Some(control) = &request.control {
            let about = |asset: Option<&Id>| request.asset.is_none() || asset == request.asset.as_ref();
            let results = self.results().filter(|it| it.result.control == *control);
            let ran = results.filter(|it| it.result.status != Status::NotRun);
            return ran
                .filter(|it| it.index > since && about(it.result.asset.as_ref()))
                .map(|it| it.index)
                .max();
        }
        let attestation = self.attestation(request.framework.as_ref()?, request.requirement.as_deref()?)?;
        let answers = attestation.citation.index > since && !attestation.value.withdrawn;
        answers.then_some(attestation.citation.index)
    }
}

/// Whole days from one instant to another, below zero when it lies behind.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    let whole = |millis: u64| i64::try_from(millis / DAY).unwrap_or(i64::MAX);
    let (from, to) = (from.as_millis(), to.as_millis());
    if to >= from { whole(to - from) } else { -whole(from - to) }
}
