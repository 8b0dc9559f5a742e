//! People in a browser: they show a token once and get a session, which ends with the token, after eight hours, or when
//! they leave.
//!
//! The cookie is 256 random bits, kept here as a digest, for this site alone and out of reach of scripts. What changes anything
//! carries a word of the session that no other site knows.

use super::super::guard::{self, Who};
use super::super::house::{House, lock};
use super::super::problem::Problem;
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

fn secret() -> String {
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
        if word.as_bytes().ct_eq(self.word.as_bytes()).into() {
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
        let session = cookie(&parts.headers).and_then(|cookie| house.sessions.find(cookie));
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

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// The door.
pub(in super::super) async fn door() -> Response {
    shown(None, StatusCode::OK)
}

fn shown(wrong: Option<&str>, status: StatusCode) -> Response {
    let body = html! {
        h1 { "Sign in" }
        @if let Some(wrong) = wrong { p.alert role="alert" { (wrong) } }
        form.card method="post" action="/login" {
            label for="token" { "Access token" }
            input #token type="password" name="token" autocomplete="off" required autofocus
                aria-describedby="token-help";
            p #token-help.quiet { "An officer or auditor gets one from " code { "affiant token new" } "." }
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
        return shown(Some("This form came from another site."), StatusCode::FORBIDDEN);
    }
    let grants = house.guard.grants();
    let grant = grants.of_token(given.token.trim()).filter(|grant| grant.is_valid(house.now()));
    let Some(grant) = grant else {
        let waits = house.guard.count_wrong(&house, &headers, peer.as_ref().map(|peer| &peer.0));
        return match waits {
            Some(seconds) => {
                Problem::too_many("too many wrong tokens from this address", seconds).into_response()
            }
            None => shown(Some("This token is not known, or counts no more."), StatusCode::UNAUTHORIZED),
        };
    };
    if let Err(problem) = Who::new(grant).may_look() {
        return shown(Some(problem.detail()), StatusCode::FORBIDDEN);
    }
    let cookie = match house.sessions.open(&grant.id) {
        Ok(cookie) => cookie,
        Err(problem) => return problem.into_response(),
    };
    let mut response = redirect("/");
    set_cookie(&house, &mut response, &cookie, LIFE.as_secs());
    response
}

fn set_cookie(house: &House, response: &mut Response, value: &str, seconds: u64) {
    let secure = if house.config.tls.is_some() || house.config.behind_proxy { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
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
    if let Some(cookie) = cookie(&headers) {
        house.sessions.close(cookie);
    }
    let mut response = redirect("/login");
    set_cookie(&house, &mut response, "", 0);
    Ok(response)
}
