//! What people state: attestations, exceptions, findings, incidents. Each in its JSON form (docs/spec), admitted as the
//! command admits it.

use super::super::body;
use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::json;
use crate::failure::Failure;
use crate::statements::{self, Work};
use crate::systems::known_system;
use affiant_controls::attestation::Attestation;
use affiant_controls::exception::Exception;
use affiant_controls::finding::FindingState;
use affiant_controls::incident::Incident;
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

/// A statement's making, with the ledger at hand.
type Make = Box<dyn FnOnce(&mut Ledger, &House) -> Result<Statement, Failure> + Send>;

/// Checks and records a statement; nothing comes in between.
async fn record(
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
