//! What people state: attestations, exceptions, findings, incidents, samples, sign-offs. Admitted as the command admits it.

use super::super::body;
use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::json;
use crate::failure::Failure;
use crate::statements::{self, Work, admitted, is_on_file};
use crate::systems::known_system;
use affiant_controls::admit::{admit_sample, admit_sign_off};
use affiant_controls::attestation::Attestation;
use affiant_controls::exception::Exception;
use affiant_controls::finding::FindingState;
use affiant_controls::incident::Incident;
use affiant_controls::sample::{Drawing, PopulationList, Sample, SampleFilter};
use affiant_controls::signoff::{About, Outcome, SignOff};
use affiant_controls::statement::Statement;
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::ledger::{Ledger, LedgerError, Prepared};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Largest statement, in bytes.
const STATEMENT_MAX: usize = 256 << 10;

/// Most items of a sample that is drawn over the network.
pub(in super::super) const ITEMS_MAX: u64 = 500;
/// Entries held at a time while a population is made.
const PIECE: usize = 1024;

/// A statement that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Stated {
    /// Index of its entry.
    index: u64,
    /// Its leaf hash, hexadecimal.
    #[schema(value_type = String)]
    leaf: Digest,
    /// As it was recorded.
    #[schema(value_type = Object)]
    statement: serde_json::Value,
    /// The receipt (C2SP tlog-proof), text.
    receipt: String,
}

/// Work on a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Worked {
    /// The finding.
    id: String,
    /// Its system.
    #[schema(value_type = String)]
    system: Id,
    /// `triaged` or `remediating`; that it is gone is for results to show.
    state: FindingWord,
    /// Who mends it.
    owner: Option<String>,
    /// Where that is followed.
    ticket: Option<String>,
    /// What is said.
    note: Option<String>,
    /// By when it is to be mended (RFC 3339).
    due: Option<String>,
}

/// How far the work on a finding is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FindingWord {
    Triaged,
    Remediating,
}

/// What somebody says of something that was looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Said {
    /// Its system.
    #[schema(value_type = String)]
    pub(in super::super) system: Id,
    /// `entry:12`, `request:ID`, `sample:ID`, `finding:ID`, `pack:ID` or `requirement:FRAMEWORK/ID`.
    pub(in super::super) about: String,
    /// `noted`, `accepted` or `questioned`.
    pub(in super::super) outcome: String,
    /// What is said.
    pub(in super::super) note: String,
    /// Who says it.
    pub(in super::super) by: String,
}

/// What a sample is drawn by: by whom, and by a text that nobody could know before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Wanted {
    /// Its system.
    #[schema(value_type = String)]
    pub(in super::super) system: Id,
    /// How many results, 1 to 500.
    pub(in super::super) count: u64,
    /// A text of one's own, which decides what is drawn.
    pub(in super::super) text: String,
    /// Who draws.
    pub(in super::super) by: String,
}

/// A statement's making, with the ledger at hand.
pub(in super::super) type Make = Box<dyn FnOnce(&mut Ledger, &House) -> Result<Statement, Failure> + Send>;

/// Checks and records a statement; nothing comes in between.
pub(in super::super) async fn record(
    house: &Arc<House>,
    who: &Who,
    system: &Id,
    make: Make,
) -> Result<(StatusCode, Json<Stated>), Problem> {
    let (within, by, stream) = (house.clone(), format!("token:{}", who.grant.id), system.clone());
    let stated = house.writer.with(move |ledger| -> Result<Stated, Problem> {
        known_system(ledger, &stream)?;
        let statement = make(ledger, &within)?;
        let prepared = Prepared::all(vec![statement.draft(&by)], &within.opening.surroundings)?;
        let mut done = ledger.append_group(vec![prepared]);
        let appended = done.pop().unwrap_or(Err(LedgerError::Stopped))?;
        let appended = appended.first().ok_or(LedgerError::Stopped)?;
        let receipt = ledger.receipt(appended.index)?;
        Ok(Stated {
            index: appended.index,
            leaf: appended.leaf,
            statement: statement.to_json(),
            receipt: String::from_utf8_lossy(&receipt.to_bytes()).into_owned(),
        })
    });
    Ok((StatusCode::CREATED, Json(stated.await??)))
}

macro_rules! responses {
    ($(#[$meta:meta])* $path:literal, $name:ident, $body:ty, $what:literal, |$house:ident, $who:ident, $said:ident| $work:expr) => {
        $(#[$meta])*
        #[utoipa::path(post, path = $path, tag = "statements",
            request_body(content = $body, description = $what),
            responses(
                (status = 201, description = "Recorded, durable", body = Stated),
                (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
                (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
                (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
                (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
                (status = 422, description = "Refused; nothing was recorded", body = Problem, content_type = "application/problem+json"),
                (status = 503, description = "Not now", body = Problem, content_type = "application/problem+json")),
            security(("token" = [])))]
        pub(in super::super) async fn $name(
            State($house): State<Arc<House>>,
            $who: Who,
            body: Body,
        ) -> Result<(StatusCode, Json<Stated>), Problem> {
            let $said = json(&body::collect(body, STATEMENT_MAX).await?)?;
            $work
        }
    };
}

responses!(
    /// Records what a person states with a document about a requirement.
    "/v1/attestations", attest, Object, "The statement, as docs/spec/attestation.md describes it",
    |house, who, said| {
        let said: Attestation = said;
        who.may_push("attestation", &said.system)?;
        let system = said.system.clone();
        record(&house, &who, &system, Box::new(move |ledger, house| {
            Ok(Statement::Attestation(statements::attestation(ledger, &house.catalogs, said, house.now())?))
        })).await
    }
);

responses!(
    /// Records a gap that someone accepts for a time, or takes that back.
    "/v1/exceptions", except, Object, "The statement, as docs/spec/exception.md describes it",
    |house, who, said| {
        let said: Exception = said;
        who.may_push("exception", &said.system)?;
        let system = said.system.clone();
        record(&house, &who, &system, Box::new(move |ledger, house| {
            Ok(Statement::Exception(statements::exception(ledger, &house.catalogs, said, house.now())?))
        })).await
    }
);

responses!(
    /// Records an incident, or what became of it.
    "/v1/incidents", incident, Object, "The statement, as docs/spec/incident.md describes it",
    |house, who, said| {
        let said: Incident = said;
        who.may_push("incident", &said.system)?;
        let system = said.system.clone();
        record(&house, &who, &system, Box::new(move |ledger, house| {
            Ok(Statement::Incident(statements::incident(ledger, &house.catalogs, said, house.now())?))
        })).await
    }
);

responses!(
    /// Records who mends a finding and by when.
    "/v1/findings", finding, Worked, "What is said of a finding",
    |house, who, said| {
        let said: Worked = said;
        who.may_push("finding", &said.system)?;
        let due = super::time("due", said.due.as_deref())?;
        let state = match said.state {
            FindingWord::Triaged => FindingState::Triaged,
            FindingWord::Remediating => FindingState::Remediating,
        };
        let system = said.system.clone();
        let work = Work { owner: said.owner, ticket: said.ticket, note: said.note, due };
        record(&house, &who, &system, Box::new(move |ledger, house| {
            let found = statements::finding(ledger, &said.id, Some(&said.system))?;
            let text = || format!("`{}` is no finding of {}", affiant_ledger::id::visible(&said.id), said.system);
            let before = found.ok_or_else(|| Failure::refused(text()))?;
            let finding = statements::worked(before, work, state, house.now())?;
            Ok(Statement::Finding(Box::new(finding)))
        })).await
    }
);

responses!(
    /// Records what somebody says of an entry, a sample, a request, a finding, a pack or a requirement.
    "/v1/sign-offs", sign_off, Said, "What is said, and of what",
    |house, who, said| {
        let said: Said = said;
        let (system, make) = signed_off(&house, &who, said)?;
        record(&house, &who, &system, make).await
    }
);

responses!(
    /// Draws a sample of the results of a system, and records it: whoever knows what was on record draws the same again.
    "/v1/samples", sample, Wanted, "How many, and by what",
    |house, who, wanted| {
        let wanted: Wanted = wanted;
        let (system, make) = drawn(&house, &who, wanted).await?;
        record(&house, &who, &system, make).await
    }
);

/// A sign-off by who asks.
pub(in super::super) fn signed_off(house: &House, who: &Who, said: Said) -> Result<(Id, Make), Problem> {
    who.may_push("sign-off", &said.system)?;
    let about: About =
        said.about.trim().parse().map_err(|error| Problem::refused(format!("about: {error}")))?;
    let outcome = Outcome::ALL.into_iter().find(|it| it.as_str() == said.outcome);
    let outcome = outcome.ok_or_else(|| Problem::refused("outcome: noted, accepted or questioned"))?;
    let role = if who.may_decide().is_ok() { "officer" } else { "auditor" };
    let now = house.now();
    let content = [said.system.as_str(), &said.about, &said.note, &said.by, &now.to_string()].join("\n");
    let name = format!("sign-{}", &Digest::of(content.as_bytes()).to_string()[..16]);
    let sign_off = SignOff {
        at: now,
        by: said.by.trim().to_owned(),
        id: name.parse().map_err(|_| Problem::internal("hexadecimal digits are an identifier"))?,
        note: said.note.replace("\r\n", "\n"),
        role: role.to_owned(),
        about,
        system: said.system.clone(),
        outcome,
    };
    let make = move |ledger: &mut Ledger, house: &House| {
        let sign_off = admit_sign_off(sign_off, house.now()).map_err(admitted)?;
        is_on_file(ledger, &house.catalogs, &sign_off.system, &sign_off.about)?;
        Ok(Statement::SignOff(sign_off))
    };
    Ok((said.system, Box::new(make)))
}

/// A sample drawn by who asks, from what was on record before.
pub(in super::super) async fn drawn(
    house: &Arc<House>,
    who: &Who,
    wanted: Wanted,
) -> Result<(Id, Make), Problem> {
    who.may_push("sample", &wanted.system)?;
    if !(1..=ITEMS_MAX).contains(&wanted.count) {
        return Err(Problem::refused(format!("count {}: from 1 to {ITEMS_MAX}", wanted.count)));
    }
    let system = wanted.system.clone();
    let sample = house.work(move |house| {
        let (reader, positions) = house.positions(&wanted.system)?;
        let filter = SampleFilter::default();
        let mut population = PopulationList::default();
        for piece in positions.chunks(PIECE) {
            let records = piece.iter().map(|index| reader.record(*index)).collect::<Result<Vec<_>, _>>()?;
            let taken = population.take_in(&records, &filter);
            taken.map_err(|error| Problem::internal(error.to_string()))?;
        }
        let drawing = Drawing {
            by: wanted.by.trim(),
            system: &wanted.system,
            filter: &filter,
            text: wanted.text.trim(),
            count: wanted.count,
            size: reader.size(),
            root: reader.root_at(reader.size())?,
        };
        let sample = admit_sample(Sample::draw(drawing, &population.entries)).map_err(admitted)?;
        if sample.items.is_empty() {
            return Err(Problem::refused("there is no result to draw from"));
        }
        Ok(sample)
    });
    let sample = sample.await?;
    Ok((system, Box::new(move |_, _| Ok(Statement::Sample(Box::new(sample))))))
}
