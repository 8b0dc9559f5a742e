//! People who sign in with an issuer of identities: to it, and back.
//!
//! They come back from another site, so the cookie that binds them to their first step is sent along then (`SameSite=Lax`),
//! and the session's own cookie, which is not, goes with the step after: a page that leads on by itself.

use super::super::guard::{self, Who};
use super::super::house::House;
use super::super::people::{PeopleError, Secret};
use super::super::problem::Problem;
use super::session::{self, is_same, refused, secret, with_cookie};
use super::{page, redirect};
use affiant_ledger::id::visible;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Name of the cookie of somebody who is on the way.
const COOKIE: &str = "affiant-sign-in";
/// How long somebody may take at the issuer, in seconds.
const AWAY_MAX: u64 = 600;
/// Longest code, in bytes.
const CODE_MAX: usize = 8192;

/// Sends somebody to the issuer.
pub(in super::super) async fn begin(State(house): State<Arc<House>>) -> Response {
    let _seat = match seat(&house) {
        Ok(seat) => seat,
        Err(problem) => return problem.into_response(),
    };
    let own = secret();
    let kept = own.clone();
    let asked = house.work(move |house| match &house.people {
        Some(people) => Ok(people.place(&Secret(&kept))),
        None => Err(Problem::missing("there is no issuer of identities")),
    });
    match asked.await {
        Ok(Ok(place)) => with_cookie(&house, redirect(&place), COOKIE, &own, AWAY_MAX, "Lax"),
        Ok(Err(error)) => told(&house, &error),
        Err(problem) => refused(&house, problem.detail(), problem.status()),
    }
}

/// A seat for somebody whom the issuer is asked about.
fn seat(house: &House) -> Result<OwnedSemaphorePermit, Problem> {
    let taken = |_| Problem::later("too many sign in at the same time", 5);
    house.at_issuer.clone().try_acquire_owned().map_err(taken)
}

/// What the issuer sends along.
#[derive(Deserialize)]
pub(in super::super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// Lets in who came back.
pub(in super::super) async fn back(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    peer: Option<axum::Extension<guard::Peer>>,
    Query(said): Query<Back>,
) -> Response {
    let response = match returned(&house, &headers, said).await {
        Ok(response) => response,
        Err(Turned { response, counts }) => {
            let waits = || house.guard.count_wrong(&house, &headers, peer.as_ref().map(|peer| &peer.0));
            match counts.then(waits).flatten() {
                Some(seconds) => {
                    Problem::too_many("too many wrong sign-ins from this address", seconds).into_response()
                }
                None => response,
            }
        }
    };
    // Whatever came of it, this sign-in is over.
    with_cookie(&house, response, COOKIE, "", 0, "Lax")
}

/// Somebody who is turned away, and whether it counts as a wrong token does.
struct Turned {
    response: Response,
    counts: bool,
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self { response: problem.into_response(), counts: false }
    }
}

async fn returned(house: &Arc<House>, headers: &HeaderMap, said: Back) -> Result<Response, Turned> {
    let turned = |text: &str, status| Turned { response: refused(house, text, status), counts: true };
    let own = session::cookie_of(headers, COOKIE).unwrap_or_default().to_owned();
    if own.is_empty() || !is_same(&Secret(&own).state(), &said.state) {
        let text = "This sign-in was not begun in this browser, or too long ago. Begin again.";
        return Err(turned(text, StatusCode::FORBIDDEN));
    }
    if let Some(error) = &said.error {
        let text = format!("The issuer of identities says `{}`.", visible(error));
        return Err(turned(&text, StatusCode::FORBIDDEN));
    }
    let Some(code) = said.code.filter(|code| !code.is_empty() && code.len() <= CODE_MAX) else {
        return Err(turned("The issuer of identities sent no code.", StatusCode::BAD_REQUEST));
    };
    let _seat = seat(house)?;
    let (iss, now) = (said.iss, house.now());
    let asked = house.work(move |house| match &house.people {
        Some(people) => Ok(people.identify(&Secret(&own), &code, iss.as_deref(), now)),
        None => Err(Problem::missing("there is no issuer of identities")),
    });
    let identity = match asked.await {
        Ok(Ok(identity)) => identity,
        Ok(Err(error)) => {
            let counts = !matches!(error, PeopleError::Issuer(_));
            return Err(Turned { response: told(house, &error), counts });
        }
        Err(problem) => return Err(turned(problem.detail(), problem.status())),
    };
    let grants = house.guard.grants();
    let Some(grant) = grants.of_person(&identity, now) else {
        tracing::warn!(subject = %visible(identity.subject()), "signed in, and nothing is granted to them");
        let text = "The issuer of identities knows you; this service has granted you nothing, or no more.";
        return Err(turned(text, StatusCode::FORBIDDEN));
    };
    if let Err(problem) = Who::new(grant).may_look() {
        return Err(turned(problem.detail(), StatusCode::FORBIDDEN));
    }
    Ok(session::begun(house, grant, onward)?)
}

/// A page of this site that leads to the first: what is asked from it carries the session's cookie.
fn onward() -> Response {
    let body = html! {
        h1 { "You are in" }
        p { a href="/" { "Go to the overview" } }
    };
    let mut response = page("Signed in", None, &body);
    response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("0; url=/"));
    response
}

fn told(house: &House, error: &PeopleError) -> Response {
    tracing::warn!(%error, "somebody could not sign in");
    match error {
        PeopleError::Issuer(_) => {
            let text = "The issuer of identities cannot be asked now. The log of the service says why; tokens go on working.";
            refused(house, text, StatusCode::SERVICE_UNAVAILABLE)
        }
        PeopleError::Refused(_) => {
            refused(house, "The issuer's answer is not to be believed. Begin again.", StatusCode::FORBIDDEN)
        }
    }
}
