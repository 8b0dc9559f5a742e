//! Tokens: given out by an admin, shown once.

use super::super::access;
use super::super::body;
use super::super::guard::Who;
use super::super::house::House;
use super::super::problem::Problem;
use super::super::tokens::{By, Grant, Person, Role, new_token};
use super::json;
use affiant_controls::access::AccessEvent;
use affiant_ledger::id::Id;
use affiant_ledger::time::{Period, Timestamp};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// Largest request for a token, in bytes.
const REQUEST_MAX: usize = 64 << 10;
/// How long a token counts unless said otherwise, in days.
const DAYS: u32 = 90;
/// How long it may count, in days.
const DAYS_MAX: u32 = 2 * 366;

/// What a token is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Asked {
    /// Its id, which stands in entries.
    #[schema(value_type = String)]
    id: Id,
    /// `collector`, `auditor`, `officer` or `admin`.
    role: String,
    /// Kinds that a collector may push.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    kinds: BTreeSet<Id>,
    /// Systems that it covers; all when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    systems: BTreeSet<Id>,
    /// For how many days.
    #[serde(default)]
    days: Option<u32>,
    /// Grant it to a person, in the place of a token.
    #[serde(default)]
    person: Option<Named>,
}

/// A person, as an issuer of identities names them: by `subject` or by `email`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The issuer, as it writes itself.
    issuer: String,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The address, which the issuer has verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// What is told of a token.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Shown {
    /// Its id.
    #[schema(value_type = String)]
    id: Id,
    /// Its role.
    role: &'static str,
    /// By what whoever it was granted to is known: `token`, `certificate` or `person`.
    by: &'static str,
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Named>,
    /// Kinds that it may push.
    #[schema(value_type = Vec<String>)]
    kinds: BTreeSet<Id>,
    /// Systems that it covers.
    #[schema(value_type = Vec<String>)]
    systems: BTreeSet<Id>,
    /// When it was given out.
    #[schema(value_type = String)]
    created: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    expires: Timestamp,
    /// Since when it counts no more.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Timestamp>,
    /// The token, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl Shown {
    fn of(grant: &Grant, token: Option<String>) -> Self {
        let Grant { id, role, by, kinds, systems, created, expires, revoked } = grant.clone();
        let word = by.as_str();
        let person = match by {
            By::Person(Person { issuer, subject, email }) => Some(Named { issuer, subject, email }),
            By::Token(_) | By::Certificate(_) => None,
        };
        Self { id, role: role.as_str(), by: word, person, kinds, systems, created, expires, revoked, token }
    }
}

/// Gives out a token.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = Asked,
    responses(
        (status = 201, description = "Granted; a token is shown this once", body = Shown),
        (status = 400, description = "Not a request", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Refused", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn give(
    State(house): State<Arc<House>>,
    who: Who,
    body: Body,
) -> Result<Response, Problem> {
    who.may_administer()?;
    let asked: Asked = json(&body::collect(body, REQUEST_MAX).await?)?;
    let unknown = || Problem::refused(format!("`{}` is no role", affiant_ledger::id::visible(&asked.role)));
    let role = Role::from_word(&asked.role).ok_or_else(unknown)?;
    let days = asked.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::refused(format!("days {days}: from 1 to {DAYS_MAX}")));
    }
    let created = house.now();
    let (token, by) = match asked.person {
        Some(Named { issuer, subject, email }) => (None, By::Person(Person { issuer, subject, email })),
        None => {
            let (token, sha256) = new_token(&asked.id);
            (Some(token), By::Token(sha256))
        }
    };
    let expires = created.plus(Period::days(days));
    let (id, kinds, systems) = (asked.id, asked.kinds, asked.systems);
    let grant = Grant { id, role, by, kinds, systems, created, expires, revoked: None };
    told(&house, &who, format!("token `{}` given out, role {}", grant.id, role.as_str())).await?;
    let given = grant.clone();
    house.work(move |house| Ok(house.guard.change(|grants| grants.add(given))?)).await?;
    let shown = Json(Shown::of(&grant, token));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], shown).into_response())
}

/// Lists tokens.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens",
    responses(
        (status = 200, description = "All that were given out", body = Vec<Shown>),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn list(
    State(house): State<Arc<House>>,
    who: Who,
) -> Result<Json<Vec<Shown>>, Problem> {
    who.may_administer()?;
    Ok(Json(house.guard.grants().all().map(|grant| Shown::of(grant, None)).collect()))
}

/// Takes a token back.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "It counts no more", body = Shown),
        (status = 401, description = "Nobody known", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not granted", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "No such token", body = Problem, content_type = "application/problem+json")),
    security(("token" = [])))]
pub(in super::super) async fn revoke(
    State(house): State<Arc<House>>,
    who: Who,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    who.may_administer()?;
    let now = house.now();
    let named = id.clone();
    let shown = house.work(move |house| {
        Ok(house.guard.change(|grants| grants.revoke(&named, now).map(|grant| Shown::of(grant, None)))?)
    });
    let shown = shown.await?;
    told(&house, &who, format!("token `{}` revoked", shown.id)).await?;
    Ok(Json(shown))
}

/// Puts what an admin does into the access log.
async fn told(house: &House, who: &Who, what: String) -> Result<(), Problem> {
    let event = AccessEvent {
        at: house.now(),
        who: who.name(),
        role: Some(who.role().as_str().to_owned()),
        what,
        count: 1,
        status: 200,
        system: None,
        address: None,
        allowed: true,
    };
    access::record(house, event).await
}
