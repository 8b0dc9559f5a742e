//! Version 1 of the API.

#![allow(unused_qualifications, reason = "the macro that describes a route names types by their path")]

pub(super) mod entries;
pub(super) mod evidence;
pub(super) mod grants;
pub(super) mod packs;
pub(super) mod results;
pub(super) mod statements;
pub(super) mod status;

use super::problem::Problem;
use affiant_ledger::id::visible;
use affiant_ledger::time::Timestamp;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The query of a request, with our own words for what is wrong with it.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|error| Problem::bad(error.body_text()))
    }
}

/// A time as given.
pub(super) fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(|text| text.parse().map_err(|error| (text, error))).transpose();
    parsed.map_err(|(text, error)| Problem::bad(format!("{name} `{}`: {error}", visible(text))))
}

/// A body in JSON.
pub(super) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::refused(format!("the body: {error}")))
}
