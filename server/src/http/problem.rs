//! What goes wrong, as RFC 9457 problem details.

use super::writer::{Busy, is_stop};
use crate::failure::{Failure, INTEGRITY, IO, REFUSED};
use affiant_controls::register::RegisterError;
use affiant_ledger::ledger::LedgerError;
use affiant_ledger::reader::ReadError;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

/// Seconds after which whoever was turned away may try again.
const RETRY_AFTER: u64 = 1;

/// An answer that says what went wrong (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Problem {
    /// HTTP status.
    status: u16,
    /// The kind of problem, in words that stay the same.
    title: &'static str,
    /// What was refused and why, with the value and where it stands.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Further faults: bad rows, the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem");
        let (status, detail) = (status.as_u16(), detail.into());
        Self { status, title, detail, hint: None, faults: Vec::new(), retry_after: None }
    }

    /// The request cannot be taken as it is.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing, or none that may be seen.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// What was said is refused.
    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Not for this asker.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// Nobody known asks.
    pub(super) fn unknown(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// Something of ours failed.
    pub(super) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// Not now.
    pub(super) fn later(detail: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Too often.
    pub(super) fn too_many(detail: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn faults(mut self, faults: Vec<String>) -> Self {
        self.faults = faults;
        self
    }

    /// What to do about it.
    pub(super) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What happened, in a sentence.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, hint } = failure;
        let problem = match code {
            REFUSED => Self::refused(message),
            INTEGRITY => Self::internal(message),
            IO => Self::later(message, RETRY_AFTER),
            _ => Self::new(StatusCode::CONFLICT, message),
        };
        Self { hint, ..problem }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        if let LedgerError::OtherContent { .. } = &error {
            let failure = Failure::from(error);
            return Self { hint: failure.hint, ..Self::new(StatusCode::CONFLICT, failure.message) };
        }
        if is_stop(&error) {
            return Self::later(error.to_string(), RETRY_AFTER);
        }
        Failure::from(error).into()
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        Failure::from(error).into()
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        match busy {
            Busy::Full => Self::later("too much waits to be recorded", RETRY_AFTER),
            Busy::Closed(why) => Self::later(why, RETRY_AFTER),
        }
    }
}
