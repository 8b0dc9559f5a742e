//! People in a browser: they show a token once, or come back from the issuer of identities, and get a session, which ends
//! with what was granted to them, after eight hours, or when they leave.
//!
//! The cookie is 256 random bits, kept here as a digest, for this site alone and out of reach of scripts. What changes anything
//! carries a word of the session that no other site knows.

use super::super::guard::{self, Who};
use super::super::house::{House, lock};
use super::super::problem::Problem;
use super::super::tokens::Grant;
use super::{page, redirect};
use affiant_ledger::digest::Digest;
use affiant_ledger::id::Id;
use affiant_ledger::random;
use axum::Form;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// How long a session lasts.
const LIFE: Duration = Duration::from_secs(8 * 3600);
/// Sessions at a time.
const SESSIONS_MAX: usize = 10_000;
/// Name of the cookie.
const COOKIE: &str = "affiant";

/// Those who are in.
#[derive(Debug, Default)]
pub(in super::super) struct Sessions(Mutex<HashMap<Digest, Session>>);

#[derive(Debug, Clone)]
struct Session {
    grant: Id,
    word: String,
    since: Instant,
}

/// 256 random bits.
pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    random::fill(&mut bytes);
    Digest(bytes).to_string()
}

impl Sessions {
    /// Lets somebody in; gives what goes into the cookie.
    fn open(&self, grant: &Id) -> Result<String, Problem> {
        let mut sessions = lock(&self.0);
        sessions.retain(|_, session| session.since.elapsed() < LIFE);
        if sessions.len() >= SESSIONS_MAX {
            return Err(Problem::later("too many are in", 60));
        }
        let cookie = secret();
        let session = Session { grant: grant.clone(), word: secret(), since: Instant::now() };
        sessions.insert(Digest::of(cookie.as_bytes()), session);
        Ok(cookie)
    }

    fn find(&self, cookie: &str) -> Option<Session> {
        let session = lock(&self.0).get(&Digest::of(cookie.as_bytes())).cloned();
        session.filter(|session| session.since.elapsed() < LIFE)
    }

    fn close(&self, cookie: &str) {
        lock(&self.0).remove(&Digest::of(cookie.as_bytes()));
    }
}

/// Somebody who is in.
#[derive(Debug, Clone)]
pub(in super::super) struct Visitor {
    pub(in super::super) who: Who,
    /// What a form carries to show that it is of this session.
    pub(in super::super) word: String,
}

impl Visitor {
    /// Refuses a form that another site sent.
    pub(in super::super) fn check(&self, word: &str) -> Result<(), Problem> {
        if is_same(word, &self.word) {
            Ok(())
        } else {
            Err(Problem::forbidden(
                "this form is not of your session: go back, load the page again, and send it again",
            ))
        }
    }
}

impl FromRequestParts<Arc<House>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        let session = cookie_of(&parts.headers, COOKIE).and_then(|cookie| house.sessions.find(cookie));
        let grants = house.guard.grants();
        let found = session.and_then(|session| Some((grants.get(&session.grant)?, session.word)));
        match found.filter(|(grant, _)| grant.is_valid(house.now())) {
            Some((grant, word)) => {
                let who = Who::new(grant);
                guard::note(parts, &who);
                Ok(Self { who, word })
            }
            None => Err(redirect("/login")),
        }
    }
}

/// Whether two secrets are the same, in a time that does not say where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What a cookie of a name holds.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The door.
pub(in super::super) async fn door(State(house): State<Arc<House>>) -> Response {
    shown(&house, None, StatusCode::OK)
}

/// The door, for somebody who is not let in.
pub(super) fn refused(house: &House, wrong: &str, status: StatusCode) -> Response {
    shown(house, Some(wrong), status)
}

fn shown(house: &House, wrong: Option<&str>, status: StatusCode) -> Response {
    let people = house.people.as_ref();
    let body = html! {
        h1 { "Sign in" }
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        @if let Some(people) = people {
            p { a.button href="/login/issuer" { "Sign in with " (people.host()) } }
            p.quiet { "or with a token:" }
        }
        form.card method="post" action="/login" {
            label for="token" { "Access token" }
            input #token type="password" name="token" autocomplete="off" required autofocus[people.is_none()];
            p.quiet { "Of an officer, auditor or admin; given out with " code { "affiant token new" } "." }
            button type="submit" { "Sign in" }
        }
    };
    (status, page("Sign in", None, &body)).into_response()
}

/// What is shown at the door.
#[derive(Deserialize)]
pub(in super::super) struct Shown {
    token: String,
}

/// Lets somebody in.
pub(in super::super) async fn enter(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    peer: Option<axum::Extension<guard::Peer>>,
    Form(given): Form<Shown>,
) -> Response {
    // A form of another site could put somebody into a session of its own choosing.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return refused(&house, "This form came from another site.", StatusCode::FORBIDDEN);
    }
    let grants = house.guard.grants();
    let grant = grants.of_token(given.token.trim()).filter(|grant| grant.is_valid(house.now()));
    let Some(grant) = grant else {
        let waits = house.guard.count_wrong(&house, &headers, peer.as_ref().map(|peer| &peer.0));
        return match waits {
            Some(seconds) => {
                Problem::too_many("too many wrong tokens from this address", seconds).into_response()
            }
            None => refused(&house, "This token is not known, or counts no more.", StatusCode::UNAUTHORIZED),
        };
    };
    if let Err(problem) = Who::new(grant).may_look() {
        return refused(&house, problem.detail(), StatusCode::FORBIDDEN);
    }
    begun(&house, grant, || redirect("/")).unwrap_or_else(IntoResponse::into_response)
}

/// Begins the session of somebody, with an answer that leads on.
pub(super) fn begun(
    house: &House,
    grant: &Grant,
    onward: impl FnOnce() -> Response,
) -> Result<Response, Problem> {
    let cookie = house.sessions.open(&grant.id)?;
    Ok(with_cookie(house, onward(), COOKIE, &cookie, LIFE.as_secs(), "Strict"))
}

/// An answer with a cookie for this site, out of reach of scripts; `same_site` says what other sites may send it along with.
pub(super) fn with_cookie(
    house: &House,
    mut response: Response,
    name: &str,
    value: &str,
    seconds: u64,
    same_site: &str,
) -> Response {
    let secure = if house.config.tls.is_some() || house.config.behind_proxy { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A form with nothing but the word of the session.
#[derive(Deserialize)]
pub(in super::super) struct Bare {
    pub(in super::super) word: String,
}

/// Lets somebody out.
pub(in super::super) async fn leave(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Bare>,
) -> Result<Response, Problem> {
    visitor.check(&form.word)?;
    if let Some(cookie) = cookie_of(&headers, COOKIE) {
        house.sessions.close(cookie);
    }
    Ok(with_cookie(&house, redirect("/login"), COOKIE, "", 0, "Strict"))
}
